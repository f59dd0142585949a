//! The matrices of one comparison, with the fractions behind each percentage.

use super::{clock, number, percent};
use crate::evaluation::{
    BeatScore, Comparison, EpisodeScore, RUN_LENGTHS, RunLength, RunScore, share,
};
use crate::recording::BeatCode::{S, V};
use std::fmt::Write;

/// All matrices of a record; S counted as N where `merge_s` says so.
pub fn text(record: &str, comparison: &Comparison, merge_s: bool) -> String {
    let of =
        |what: &str| format!("\n# {what} of {record}: rows are the reference, columns the test\n");
    let mut text = of("beats") + &beats(comparison, merge_s);
    text += &(of("beats, condensed,") + &condensed(comparison, merge_s));
    text += &(of("ventricular runs") + &runs(&comparison.ventricular_runs));
    if !merge_s {
        text += &(of("supraventricular runs") + &runs(&comparison.supraventricular_runs));
    }
    let _ = writeln!(text, "\n# atrial fibrillation of {record}");
    text += &episodes(&comparison.atrial_fibrillation);
    let _ = writeln!(text, "\n# ventricular flutter of {record}");
    text + &episodes(&comparison.ventricular_flutter)
}

/// Each pair of classes (`bxb -S`, `-s`), and the fractions.
pub fn beats(comparison: &Comparison, merge_s: bool) -> String {
    let score = score(comparison, merge_s);
    let mut text = classes(&score, merge_s);
    text.push('\n');
    let hits = score.true_positives();
    fraction(&mut text, "Q Se", hits, score.false_negatives(), 2);
    fraction(&mut text, "Q +P", hits, score.false_positives(), 2);
    for class in [V, S].into_iter().filter(|&class| class == V || !merge_s) {
        let hits = score.class_true_positives(class);
        let (missed, wrong) = (
            score.beats(class) - hits,
            score.class_false_positives(class),
        );
        fraction(
            &mut text,
            &format!("{} Se", class.letter()),
            hits,
            missed,
            2,
        );
        fraction(&mut text, &format!("{} +P", class.letter()), hits, wrong, 2);
    }
    if merge_s {
        let (wrong, right) = (score.class_false_positives(V), score.v_true_negatives());
        fraction(&mut text, "V FPR", wrong, right, 3);
    } else {
        let _ = writeln!(text, "RR err {} ms", number(comparison.rr_rms_ms, 2));
    }
    text
}

fn score(comparison: &Comparison, merge_s: bool) -> BeatScore {
    if merge_s {
        comparison.beats.without_s()
    } else {
        comparison.beats.clone()
    }
}

fn classes(score: &BeatScore, merge_s: bool) -> String {
    const NAMES: [&str; 7] = ["n", "s", "v", "f", "q", "o", "x"];
    let kept = |index: &usize| !merge_s || *index != S as usize;
    let mut text = String::from("    ");
    for column in (0..7).filter(kept) {
        let _ = write!(text, "{:>5}", NAMES[column]);
    }
    text.push('\n');
    for row in (0..7).filter(kept) {
        let _ = write!(text, " {} |", NAMES[row].to_uppercase());
        // Beats that only the test has stand in no column of missed ones.
        let columns = if row < 5 { 0..7 } else { 0..5 };
        for column in columns.filter(kept) {
            let _ = write!(text, "{:>5}", score.matrix[row][column]);
        }
        text.push('\n');
    }
    text
}

/// The condensed matrix (`bxb -C`, `-c`).
pub fn condensed(comparison: &Comparison, merge_s: bool) -> String {
    const NAMES: [&str; 5] = ["N", "S", "V", "F+Q", "O+X"];
    let kept = |index: &usize| !merge_s || *index != S as usize;
    let condensed = score(comparison, merge_s).condensed();
    let mut text = String::from("      n+f+q    s    v  o+x\n");
    if merge_s {
        text = String::from("      n+f+q    v  o+x\n");
    }
    for row in (0..5).filter(kept) {
        let _ = write!(text, " {:<3} |", NAMES[row]);
        for column in (0..if row < 4 { 4 } else { 3 }).filter(kept) {
            let _ = write!(text, "{:>5}", condensed[row][column]);
        }
        text.push('\n');
    }
    text
}

/// Each pair of lengths, first of the reference's runs, then of the test's, and the fractions.
pub fn runs(score: &RunScore) -> String {
    let mut text = lengths(&score.sensitivity);
    text.push('\n');
    text += &lengths(&score.predictivity);
    text.push('\n');
    for length in RUN_LENGTHS {
        let name = match length {
            RunLength::Couplet => "C",
            RunLength::Short => "S",
            RunLength::Long => "L",
        };
        let (found, missed) = score.found_and_missed(length);
        let (right, wrong) = score.right_and_wrong(length);
        fraction(&mut text, &format!("{name} Se"), found, missed, 0);
        fraction(&mut text, &format!("{name} +P"), right, wrong, 0);
    }
    text
}

fn lengths(matrix: &[[u64; 7]; 7]) -> String {
    let mut text = String::from("          0    1    2    3    4    5   >5\n");
    for (length, row) in matrix.iter().enumerate() {
        let name = if length == 6 {
            ">5".to_owned()
        } else {
            length.to_string()
        };
        let _ = write!(text, "{name:>4} |");
        for (column, count) in row.iter().enumerate() {
            let _ = match (length, column) {
                (0, 0) => write!(text, "     "),
                _ => write!(text, "{count:>5}"),
            };
        }
        text.push('\n');
    }
    text
}

/// Episodes and their durations (`epicmp`).
pub fn episodes(score: &EpisodeScore) -> String {
    let mut text = String::new();
    fraction(&mut text, "episode Se", score.found, score.missed, 0);
    fraction(&mut text, "episode +P", score.right, score.wrong, 0);
    for (name, share, part, whole) in [
        (
            "duration Se",
            score.duration_sensitivity(),
            score.found_ms,
            score.reference_ms,
        ),
        (
            "duration +P",
            score.duration_predictivity(),
            score.right_ms,
            score.test_ms,
        ),
    ] {
        let percent = number(percent(share), 0);
        let _ = writeln!(
            text,
            "{name} {percent} % ({}/{})",
            clock(part),
            clock(whole)
        );
    }
    let _ = writeln!(text, "reference {}", clock(score.reference_ms));
    let _ = writeln!(text, "test {}", clock(score.test_ms));
    text
}

fn fraction(text: &mut String, name: &str, hits: u64, errors: u64, decimals: usize) {
    let percent = number(percent(share(hits, errors)), decimals);
    let _ = writeln!(text, "{name} {percent} % ({hits}/{})", hits + errors);
}
