//! Beats that are not what they seem: ectopic, missed, extra ones, and intervals that are too long or too short.
//!
//! After Lipponen and Tarvainen, J Med Eng Technol 43:173 (2019). Their tests and constants are kept. Other than there,
//! what is put right does not come back as an interpolated number: the intervals at such a beat are left out of every
//! figure (Task Force of ESC and NASPE, Circulation 93:1043, 1996: intervals between adjacent normal beats), and only
//! an extra beat is taken away so that the interval between its neighbours counts. Interpolated values stand in for
//! the time of the search alone, so that one artefact does not hide the next.

use super::Interval;
use super::search::{Search, Verdict};
use crate::analysis::Beat;
use crate::recording::BeatCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Range;

/// Most times that the search is repeated.
const MOST_PASSES: usize = 20;

/// What was wrong at a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CorrectionKind {
    /// The beat is not a normal one: by its class, or too early or too late between its neighbours.
    Ectopic,
    /// A beat is missing in the interval that ends at this one.
    Missed,
    /// The beat is one too many.
    Extra,
    /// The interval that ends at this beat is too long.
    Long,
    /// The interval that ends at this beat is too short.
    Short,
}

impl CorrectionKind {
    /// Its name in tables and in the public schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ectopic => "ectopic",
            Self::Missed => "missed",
            Self::Extra => "extra",
            Self::Long => "long",
            Self::Short => "short",
        }
    }

    /// The catalogue's id of the kind.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Ectopic => "hrv-kind-ectopic",
            Self::Missed => "hrv-kind-missed",
            Self::Extra => "hrv-kind-extra",
            Self::Long => "hrv-kind-long",
            Self::Short => "hrv-kind-short",
        }
    }
}

/// A beat that was put right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// Its index among the beats of the analysis.
    pub beat: usize,
    /// Its time in seconds.
    pub time_s: f64,
    /// What was wrong.
    pub kind: CorrectionKind,
}

/// What people say of beats, over what is found: the engine's side of editing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overruling {
    /// Beats taken out, by index. No interval begins or ends at one, and none leads across it.
    pub excluded_beats: BTreeSet<usize>,
    /// Beats that are right whatever the search or their class says, by index.
    pub right_beats: BTreeSet<usize>,
    /// Stretches taken out, in seconds. No interval reaches into one.
    pub excluded_s: Vec<Range<f64>>,
}

/// One interval during the search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Working {
    /// Its length; of one that was put right a stand-in.
    pub rr_s: f64,
    /// The beats that bound it, by index.
    pub from: usize,
    pub to: usize,
    /// Whether it is the first after a break.
    pub first: bool,
    /// Whether it was put right and counts no more.
    pub replaced: bool,
}

/// Intervals as they are: between beats that follow each other, none of which is taken out.
pub(super) fn raw_intervals(
    beats: &[Beat],
    out: &Overruling,
    closed: &[Range<f64>],
) -> Vec<Working> {
    let mut intervals: Vec<Working> = Vec::with_capacity(beats.len());
    for (to, pair) in (1..).zip(beats.windows(2)) {
        let [before, beat] = pair else { continue };
        let (from, rr_s) = (to - 1, beat.time_s - before.time_s);
        let taken_out = out.excluded_beats.contains(&from)
            || out.excluded_beats.contains(&to)
            || closed
                .iter()
                .chain(&out.excluded_s)
                .any(|range| range.start < beat.time_s && before.time_s < range.end);
        if !beat.follows || taken_out || !(rr_s.is_finite() && rr_s > 0.0) {
            continue;
        }
        intervals.push(Working {
            rr_s,
            from,
            to,
            first: intervals.last().is_none_or(|last| last.to != from),
            replaced: false,
        });
    }
    intervals
}

/// Intervals between normal beats, and what was put right to get them, in order of time.
///
/// `finest_s` is the time between two samples: on constant or coarsely sampled intervals the paper's thresholds are 0.
pub(super) fn correct(
    beats: &[Beat],
    raw: &[Working],
    out: &Overruling,
    finest_s: f64,
) -> (Vec<Working>, Vec<Correction>) {
    let mut found: Vec<(usize, CorrectionKind)> = Vec::new();
    let mut intervals = raw.to_vec();
    leave_out_ectopic_classes(beats, &mut intervals, out, &mut found);
    let mut before = usize::MAX;
    for _ in 0..MOST_PASSES {
        let verdicts: Vec<(usize, Verdict)> = Search::new(&intervals, finest_s)
            .verdicts()
            .into_iter()
            .filter(|(at, verdict)| {
                let beat = blamed(&intervals[*at], *verdict);
                !intervals[*at].replaced && !out.right_beats.contains(&beat)
            })
            .collect();
        // As in the paper: on as long as there is less to put right each time.
        if verdicts.is_empty() || verdicts.len() >= before {
            break;
        }
        before = verdicts.len();
        apply(&mut intervals, &verdicts, &mut found);
    }
    found.sort_unstable();
    found.dedup_by_key(|(beat, _)| *beat);
    let corrections = found
        .into_iter()
        .filter_map(|(beat, kind)| {
            let time_s = beats.get(beat)?.time_s;
            Some(Correction { beat, time_s, kind })
        })
        .collect();
    (intervals, corrections)
}

/// What is left for the figures: each interval with whether it shares a beat with the one before it.
pub(super) fn kept(beats: &[Beat], intervals: &[Working]) -> Vec<Interval> {
    let mut kept: Vec<Interval> = Vec::with_capacity(intervals.len());
    let mut end = None;
    for interval in intervals.iter().filter(|interval| !interval.replaced) {
        let Some(beat) = beats.get(interval.from) else {
            continue;
        };
        kept.push(Interval {
            from_s: beat.time_s,
            rr_s: interval.rr_s,
            joined: end == Some(interval.from),
        });
        end = Some(interval.to);
    }
    kept
}

fn leave_out_ectopic_classes(
    beats: &[Beat],
    intervals: &mut [Working],
    out: &Overruling,
    found: &mut Vec<(usize, CorrectionKind)>,
) {
    let ectopic = |beat: usize| {
        let class = beats.get(beat).map_or(BeatCode::N, |beat| beat.class);
        class != BeatCode::N && !out.right_beats.contains(&beat)
    };
    for interval in intervals.iter_mut() {
        for beat in [interval.from, interval.to] {
            if ectopic(beat) {
                interval.replaced = true;
                found.push((beat, CorrectionKind::Ectopic));
            }
        }
    }
    stand_in(intervals);
}

/// The beat that a verdict on an interval speaks of.
fn blamed(interval: &Working, verdict: Verdict) -> usize {
    match verdict {
        Verdict::EctopicBefore => interval.from,
        Verdict::Missed | Verdict::Extra | Verdict::Long | Verdict::Short => interval.to,
    }
}

fn apply(
    intervals: &mut Vec<Working>,
    verdicts: &[(usize, Verdict)],
    found: &mut Vec<(usize, CorrectionKind)>,
) {
    // From the end, so that what is merged does not move what comes later.
    for &(at, verdict) in verdicts.iter().rev() {
        let beat = blamed(&intervals[at], verdict);
        let next = (at + 1 < intervals.len() && !intervals[at + 1].first).then_some(at + 1);
        let kind = match verdict {
            Verdict::EctopicBefore => {
                intervals[at].replaced = true;
                if !intervals[at].first && at > 0 {
                    intervals[at - 1].replaced = true;
                }
                CorrectionKind::Ectopic
            }
            Verdict::Extra => {
                if let Some(next) = next
                    && !intervals[next].replaced
                {
                    let after = intervals.remove(next);
                    intervals[at].rr_s += after.rr_s;
                    intervals[at].to = after.to;
                } else {
                    intervals[at].replaced = true;
                }
                CorrectionKind::Extra
            }
            Verdict::Short => {
                // The beat came early: the interval after it is not one between normal beats either.
                intervals[at].replaced = true;
                if let Some(next) = next {
                    intervals[next].replaced = true;
                }
                CorrectionKind::Short
            }
            Verdict::Missed => {
                intervals[at].replaced = true;
                CorrectionKind::Missed
            }
            Verdict::Long => {
                intervals[at].replaced = true;
                CorrectionKind::Long
            }
        };
        found.push((beat, kind));
    }
    stand_in(intervals);
}

/// Gives intervals that count no more the lengths of the nearest that do, evenly going from one to the other.
fn stand_in(intervals: &mut [Working]) {
    let mut at = 0;
    while at < intervals.len() {
        if !intervals[at].replaced {
            at += 1;
            continue;
        }
        let end = (at..intervals.len())
            .find(|k| !intervals[*k].replaced)
            .unwrap_or(intervals.len());
        let before = at.checked_sub(1).map(|k| intervals[k].rr_s);
        let after = intervals.get(end).map(|interval| interval.rr_s);
        let (Some(from), Some(to)) = (before.or(after), after.or(before)) else {
            return;
        };
        let count = (end - at + 1) as f64;
        for (step, interval) in (1..).zip(&mut intervals[at..end]) {
            interval.rr_s = from + (to - from) * f64::from(step) / count;
        }
        at = end;
    }
}
