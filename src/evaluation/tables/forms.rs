//! The tables: what stands in which column.

use super::lines::Line;
use super::{clock, percent};
use crate::evaluation::{BeatScore, Comparison, EpisodeScore, RUN_LENGTHS, RunScore, share};
use crate::recording::BeatCode::{F, N, Q, S, V};

/// A table with a line a record.
pub struct Form {
    /// What it is about, and whose it resembles.
    pub name: &'static str,
    /// Whether S stands apart (`Some(true)`) or is counted as N; `None` where there is no difference.
    apart: Option<bool>,
    /// Column names.
    pub(in crate::evaluation) header: &'static [&'static str],
    /// Width of the record's name.
    pub(super) name_width: usize,
    /// Widths of the counts.
    pub(super) counts: &'static [usize],
    /// Widths and decimals of the numbers.
    pub(super) numbers: &'static [(usize, usize)],
    /// The line of a comparison.
    pub(super) line: fn(&Comparison) -> Line,
    /// The last line, of all records together; empty where there is none.
    pub(super) totals: fn(&Comparison) -> String,
}

impl Form {
    /// Whether the table belongs to a report with S apart, or with S counted as N.
    #[must_use]
    pub fn fits(&self, merge_s: bool) -> bool {
        self.apart.is_none_or(|apart| apart != merge_s)
    }
}

/// Every table, in the order of reports.
pub const FORMS: [&Form; 8] = [
    &BEATS,
    &BEATS_WITHOUT_S,
    &SHUTDOWN,
    &SHUTDOWN_WITHOUT_S,
    &VENTRICULAR_RUNS,
    &SUPRAVENTRICULAR_RUNS,
    &ATRIAL_FIBRILLATION,
    &VENTRICULAR_FLUTTER,
];

/// Beat by beat, S apart: `bxb -L`.
pub const BEATS: Form = Form {
    name: "beats (bxb -L)",
    apart: Some(true),
    header: &[
        "Record Nn' Sn' Vn' Fn' On'  Ns  Ss  Vs  Fs' Os' Nv  Sv   Vv  Fv' Ov' No' So' Vo' Fo'  \
         Q Se   Q +P   V Se   V +P   S Se   S +P RR err",
    ],
    name_width: 4,
    counts: &[6, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 4, 4, 4, 4, 4, 4],
    numbers: &[(7, 2), (7, 2), (7, 2), (7, 2), (7, 2), (7, 2), (7, 2)],
    line: |c| Line {
        counts: by_column(&c.beats, &[0, 1, 2, 3, 4]),
        numbers: vec![
            percent(c.beats.sensitivity()),
            percent(c.beats.positive_predictivity()),
            percent(c.beats.class_sensitivity(V)),
            percent(c.beats.class_positive_predictivity(V)),
            percent(c.beats.class_sensitivity(S)),
            percent(c.beats.class_positive_predictivity(S)),
            c.rr_rms_ms,
        ],
        tail: String::new(),
    },
    totals: |c| {
        format!(
            "{}  Total SVEBs: {}\n",
            beat_totals(&c.beats),
            c.beats.beats(S)
        )
    },
};

fn beat_totals(beats: &BeatScore) -> String {
    let all: u64 = [N, S, V, F, Q].map(|class| beats.beats(class)).iter().sum();
    format!("Total QRS complexes: {all}  Total VEBs: {}", beats.beats(V))
}

/// Beat by beat, S counted as N: `bxb -l`.
pub const BEATS_WITHOUT_S: Form = Form {
    name: "beats (bxb -l)",
    apart: Some(false),
    header: &[
        "Record Nn' Vn' Fn' On'  Nv   Vv  Fv' Ov' No' Vo' Fo'  Q Se   Q +P   V Se   V +P  V FPR",
    ],
    name_width: 4,
    counts: &[6, 4, 4, 4, 4, 5, 4, 4, 4, 4, 4],
    numbers: &[(7, 2), (7, 2), (7, 2), (7, 2), (7, 3)],
    line: |c| {
        let beats = c.beats.without_s();
        let counts = by_column(&beats, &[0, 2, 3, 4]);
        Line {
            // The columns n, v and o; there is nothing in s.
            counts: [&counts[..4], &counts[8..]].concat(),
            numbers: vec![
                percent(beats.sensitivity()),
                percent(beats.positive_predictivity()),
                percent(beats.class_sensitivity(V)),
                percent(beats.class_positive_predictivity(V)),
                percent(beats.v_false_positive_rate()),
            ],
            tail: String::new(),
        }
    },
    totals: |c| beat_totals(&c.beats) + "\n",
};

/// Column by column of the condensed matrix, the rows asked for; extra beats have no row in the column of missed ones.
fn by_column(beats: &BeatScore, rows: &[usize]) -> Vec<u64> {
    let condensed = beats.condensed();
    let cells = (0..4).flat_map(|column| rows.iter().map(move |&row| (row, column)));
    cells
        .filter(|&cell| cell != (4, 3))
        .map(|(row, column)| condensed[row][column])
        .collect()
}

/// Beats lost to shutdowns, S apart: `bxb -L`'s second file.
pub const SHUTDOWN: Form = Form {
    name: "shutdown (bxb -L)",
    apart: Some(true),
    header: &[
        "Record Nx   Sx   Vx   Fx   Qx  % beats  % N    % S    % V    % F   Total Shutdown",
        "                                missed missed missed missed missed      Time",
    ],
    name_width: 4,
    counts: &[5, 5, 5, 5, 5],
    numbers: &[(9, 2), (7, 2), (7, 2), (7, 2), (7, 2)],
    line: |c| Line {
        counts: [N, S, V, F, Q].map(|class| c.beats.lost(class)).to_vec(),
        numbers: [None, Some(N), Some(S), Some(V), Some(F)]
            .map(|class| percent(c.beats.lost_to_shutdown(class)))
            .to_vec(),
        tail: shutdown_tail(c, &c.beats),
    },
    totals: |_| String::new(),
};

/// Beats lost to shutdowns, S counted as N: `bxb -l`'s second file.
pub const SHUTDOWN_WITHOUT_S: Form = Form {
    name: "shutdown (bxb -l)",
    apart: Some(false),
    header: &[
        "Record Nx   Vx   Fx   Qx  % beats  % N    % V    % F   Total Shutdown",
        "                           missed missed missed missed      Time",
    ],
    name_width: 4,
    counts: &[5, 5, 5, 5],
    numbers: &[(9, 2), (7, 2), (7, 2), (7, 2)],
    line: |c| {
        let beats = c.beats.without_s();
        Line {
            counts: [N, V, F, Q].map(|class| beats.lost(class)).to_vec(),
            numbers: [None, Some(N), Some(V), Some(F)]
                .map(|class| percent(beats.lost_to_shutdown(class)))
                .to_vec(),
            tail: shutdown_tail(c, &beats),
        }
    },
    totals: |_| String::new(),
};

/// Seconds of shutdown, and the reference's beats of each class.
fn shutdown_tail(c: &Comparison, beats: &BeatScore) -> String {
    let [n, s, v, f, q] = [N, S, V, F, Q].map(|class| beats.beats(class));
    format!(" {:>4} seconds {n} {s} {v} {f} {q}", c.shutdown_s)
}

const RUN_HEADER: &str =
    "Record CTs CFN CTp CFP STs SFN STp SFP LTs LFN LTp LFP  CSe C+P SSe S+P LSe L+P";

const fn runs(
    name: &'static str,
    header: &'static [&'static str],
    line: fn(&Comparison) -> Line,
    totals: fn(&Comparison) -> String,
) -> Form {
    Form {
        name,
        apart: None,
        header,
        name_width: 4,
        counts: &[4; 12],
        numbers: &[(5, 0), (4, 0), (4, 0), (4, 0), (4, 0), (4, 0)],
        line,
        totals,
    }
}

/// Ventricular runs: `rxr -l`, and `rxr -L`'s first file.
pub const VENTRICULAR_RUNS: Form = runs(
    "ventricular runs (rxr -L)",
    &[RUN_HEADER],
    |c| run_line(&c.ventricular_runs),
    |c| run_totals(&c.ventricular_runs),
);

/// Supraventricular runs: `rxr -L`'s second file.
pub const SUPRAVENTRICULAR_RUNS: Form = runs(
    "supraventricular runs (rxr -L)",
    &["(SVE run detection)", RUN_HEADER],
    |c| run_line(&c.supraventricular_runs),
    |c| run_totals(&c.supraventricular_runs),
);

fn run_line(runs: &RunScore) -> Line {
    let tallies = RUN_LENGTHS.map(|length| {
        let (found, missed) = runs.found_and_missed(length);
        let (right, wrong) = runs.right_and_wrong(length);
        [found, missed, right, wrong]
    });
    let shares = tallies.map(|[found, missed, right, wrong]| {
        [percent(share(found, missed)), percent(share(right, wrong))]
    });
    Line {
        counts: tallies.concat(),
        numbers: shares.concat(),
        tail: String::new(),
    }
}

fn run_totals(runs: &RunScore) -> String {
    let [couplets, short, long] = RUN_LENGTHS.map(|length| {
        let (found, missed) = runs.found_and_missed(length);
        found + missed
    });
    format!("Total couplets: {couplets}  Total short runs: {short}  Total long runs: {long}\n")
}

const EPISODE_HEADER: &str =
    "Record  TPs   FN  TPp   FP  ESe E+P DSe D+P  Ref duration  Test duration ";

const fn episodes(
    name: &'static str,
    header: &'static [&'static str],
    line: fn(&Comparison) -> Line,
) -> Form {
    Form {
        name,
        apart: None,
        header,
        name_width: 6,
        counts: &[5; 4],
        numbers: &[(5, 0), (4, 0), (4, 0), (4, 0)],
        line,
        totals: |_| String::new(),
    }
}

/// Episodes of atrial fibrillation: `epicmp -L -A`.
pub const ATRIAL_FIBRILLATION: Form = episodes(
    "atrial fibrillation (epicmp -A)",
    &["(AF detection)", EPISODE_HEADER],
    |c| episode_line(&c.atrial_fibrillation),
);

/// Episodes of ventricular flutter: `epicmp -L -V`.
pub const VENTRICULAR_FLUTTER: Form = episodes(
    "ventricular flutter (epicmp -V)",
    &["(VF detection)", EPISODE_HEADER],
    |c| episode_line(&c.ventricular_flutter),
);

fn episode_line(episodes: &EpisodeScore) -> Line {
    Line {
        counts: vec![
            episodes.found,
            episodes.missed,
            episodes.right,
            episodes.wrong,
        ],
        numbers: vec![
            percent(episodes.episode_sensitivity()),
            percent(episodes.episode_predictivity()),
            percent(episodes.duration_sensitivity()),
            percent(episodes.duration_predictivity()),
        ],
        tail: format!(
            "  {:>12}   {:>12}",
            clock(episodes.reference_ms),
            clock(episodes.test_ms)
        ),
    }
}
