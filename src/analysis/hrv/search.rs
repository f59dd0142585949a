//! The search for artefacts in a series of intervals, as Lipponen and Tarvainen define it.

use super::correction::Working;
use crate::signal::percentile_of_sorted;

/// Thresholds are this many quartile deviations (their alpha: 3.32 standard deviations of normal values, and one more
/// factor of 1.57 for safety) ...
const ALPHA: f64 = 5.2;
/// ... of so many intervals around.
const AROUND: usize = 91;
/// Intervals whose median is the usual interval at a place.
const USUAL: usize = 11;
/// Slope and offset of the lines that bound ectopic beats in the plane of neighbouring differences.
const SLOPE: f64 = 0.13;
const OFFSET: f64 = 0.17;
/// Deviation from the usual interval, in thresholds, from which an interval is long or short by itself.
const FAR: f64 = 3.0;
/// No threshold is larger than this share of the usual interval. Where many beats are ectopic, they widen the quartiles
/// until none of them stands out; a step of a fifth is the older mark of an ectopic beat (Malik, Cripps, Farrell, Camm,
/// Med Biol Eng Comput 27:603, 1989), and beats must still show the pattern.
const LARGEST: f64 = 0.2;
/// Nor smaller than so many samples: three rounded beat times move a difference of intervals by up to two.
const SMALLEST_SAMPLES: f64 = 2.0;

/// What is said of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The beat between the interval before and this one is ectopic.
    EctopicBefore,
    /// A beat is missing within.
    Missed,
    /// The beat at its end is one too many.
    Extra,
    /// Too long.
    Long,
    /// Too short.
    Short,
}

/// The measures that the verdicts rest on, one a interval.
pub(super) struct Search<'a> {
    intervals: &'a [Working],
    /// Difference to the interval before over its threshold; `None` for the first after a break.
    difference: Vec<Option<f64>>,
    /// Usual interval around.
    usual: Vec<f64>,
    /// Deviation from the usual interval over its threshold, doubled for short ones.
    deviation: Vec<f64>,
    /// Threshold of the deviation in seconds.
    threshold_s: Vec<f64>,
}

impl<'a> Search<'a> {
    pub(super) fn new(intervals: &'a [Working], finest_s: f64) -> Self {
        let differences: Vec<Option<f64>> = (0..intervals.len())
            .map(|k| {
                (!intervals[k].first && k > 0).then(|| intervals[k].rr_s - intervals[k - 1].rr_s)
            })
            .collect();
        let usual = usual(intervals);
        let limits = thresholds(&differences, &usual, finest_s);
        let deviations: Vec<Option<f64>> = intervals
            .iter()
            .zip(&usual)
            .map(|(interval, usual)| interval.rr_s - usual)
            .map(|deviation| {
                Some(if deviation < 0.0 {
                    2.0 * deviation
                } else {
                    deviation
                })
            })
            .collect();
        let threshold_s = thresholds(&deviations, &usual, finest_s);
        let over = |value: &Option<f64>, limit: &f64| value.map(|value| value / limit);
        Self {
            intervals,
            difference: differences
                .iter()
                .zip(&limits)
                .map(|(d, l)| over(d, l))
                .collect(),
            usual,
            deviation: deviations
                .iter()
                .zip(&threshold_s)
                .map(|(d, l)| over(d, l).unwrap_or(0.0))
                .collect(),
            threshold_s,
        }
    }

    /// All that is wrong, in order of time, at most one verdict an interval.
    pub(super) fn verdicts(&self) -> Vec<(usize, Verdict)> {
        let mut verdicts = Vec::new();
        let mut at = 0;
        while at < self.intervals.len() {
            let verdict = self.verdict(at);
            verdicts.extend(verdict.map(|verdict| (at, verdict)));
            // The interval after an extra beat is the rest of the same one.
            at += if verdict == Some(Verdict::Extra) {
                2
            } else {
                1
            };
        }
        verdicts
    }

    fn verdict(&self, at: usize) -> Option<Verdict> {
        match self.difference[at] {
            // After a break there is no difference: the deviation alone speaks.
            None => {}
            Some(difference) if difference.abs() <= 1.0 && !self.follows_a_step(at) => return None,
            Some(difference) => {
                let around = [self.step(at, -1), self.step(at, 1)];
                if is_ectopic(difference, around) {
                    return Some(Verdict::EctopicBefore);
                }
            }
        }
        self.long_or_short(at)
    }

    /// Whether the interval before stepped and this one, though calm, comes before a larger step: then it is tested too.
    fn follows_a_step(&self, at: usize) -> bool {
        let stepped = at > 0 && self.step(at, -1).is_some_and(|before| before.abs() > 1.0);
        let (own, next) = (self.difference[at], self.step(at, 1));
        stepped
            && own
                .zip(next)
                .is_some_and(|(own, next)| own.abs() < next.abs())
    }

    fn long_or_short(&self, at: usize) -> Option<Verdict> {
        let difference = self.difference[at].unwrap_or(0.0);
        let later = [self.step(at, 1), self.step(at, 2)];
        let later = || later.iter().flatten().copied();
        let lowest = later().fold(f64::INFINITY, f64::min);
        let highest = later().fold(f64::NEG_INFINITY, f64::max);
        let far = self.deviation[at].abs() > FAR;
        let long = (difference > 1.0 && lowest.is_finite() && lowest < -1.0)
            || (far && self.deviation[at] > 0.0);
        let short = (difference < -1.0 && highest.is_finite() && highest > 1.0)
            || (far && self.deviation[at] < 0.0);
        let (rr_s, usual, limit) = (
            self.intervals[at].rr_s,
            self.usual[at],
            self.threshold_s[at],
        );
        if long {
            let halves = (rr_s / 2.0 - usual).abs() < limit;
            return Some(if halves {
                Verdict::Missed
            } else {
                Verdict::Long
            });
        }
        if !short {
            return None;
        }
        let next = self.intervals.get(at + 1).filter(|next| !next.first);
        let makes_one = next.is_some_and(|next| (rr_s + next.rr_s - usual).abs() < limit);
        Some(if makes_one {
            Verdict::Extra
        } else {
            Verdict::Short
        })
    }

    /// The difference `steps` intervals on, where no break lies between.
    fn step(&self, at: usize, steps: isize) -> Option<f64> {
        let other = at.checked_add_signed(steps)?;
        let first = at.min(other) + 1;
        let unbroken = self
            .intervals
            .get(first..=at.max(other))?
            .iter()
            .all(|interval| !interval.first);
        unbroken.then(|| self.difference[other]).flatten()
    }
}

/// Whether neighbouring differences show the pattern of a beat moved between its neighbours (down-up-down or
/// up-down-up), in thresholds.
fn is_ectopic(difference: f64, around: [Option<f64>; 2]) -> bool {
    let around = || around.iter().flatten().copied();
    if around().next().is_none() {
        return false;
    }
    if difference > 1.0 {
        around().fold(f64::NEG_INFINITY, f64::max) < -SLOPE * difference - OFFSET
    } else {
        difference < -1.0 && around().fold(f64::INFINITY, f64::min) > -SLOPE * difference + OFFSET
    }
}

/// Median of the intervals around each, never across a break.
fn usual(intervals: &[Working]) -> Vec<f64> {
    let half = USUAL / 2;
    let mut usual = Vec::with_capacity(intervals.len());
    for run in intervals.chunk_by(|_, next| !next.first) {
        for k in 0..run.len() {
            let around = k.saturating_sub(half)..(k + half + 1).min(run.len());
            let mut lengths: Vec<f64> = run[around].iter().map(|interval| interval.rr_s).collect();
            lengths.sort_by(f64::total_cmp);
            usual.push(percentile_of_sorted(&lengths, 50.0).unwrap_or(run[k].rr_s));
        }
    }
    usual
}

/// [`ALPHA`] quartile deviations of the magnitudes of [`AROUND`] values around each, fewer at the ends; between
/// [`SMALLEST_SAMPLES`] and [`LARGEST`].
fn thresholds(values: &[Option<f64>], usual: &[f64], finest_s: f64) -> Vec<f64> {
    let half = AROUND / 2;
    let magnitude = |k: usize| values.get(k).copied().flatten().map(f64::abs);
    // Kept sorted while it slides, so that a day costs no more than its beats.
    let mut sorted: Vec<f64> = Vec::with_capacity(AROUND + 1);
    let place = |sorted: &[f64], value: f64| sorted.partition_point(|other| *other < value);
    for value in (0..half).filter_map(magnitude) {
        sorted.insert(place(&sorted, value), value);
    }
    usual
        .iter()
        .enumerate()
        .map(|(k, usual)| {
            if let Some(value) = magnitude(k + half) {
                sorted.insert(place(&sorted, value), value);
            }
            if let Some(value) = k.checked_sub(half + 1).and_then(magnitude) {
                sorted.remove(place(&sorted, value));
            }
            let quartile = |q| percentile_of_sorted(&sorted, q).unwrap_or(0.0);
            (ALPHA * (quartile(75.0) - quartile(25.0)) / 2.0)
                .min(LARGEST * usual)
                .max(SMALLEST_SAMPLES * finest_s)
        })
        .collect()
}
