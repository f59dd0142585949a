//! How early a beat comes: its RR intervals against those around it.

use crate::analysis::Beat;
use crate::signal::{concentration, median};
use std::ops::Range;

/// Intervals to either side that a beat is compared with.
const NEAR: usize = 8;
/// Intervals to either side that tell how the rhythm is.
const FAR: usize = 30;
/// Intervals to either side that the usual rate is taken from.
const WIDE: usize = 60;
/// Intervals to either side within which a long run of fast beats is still an exception.
const WIDEST: usize = 240;
/// The rhythm is looked at every so many beats.
const STATION: usize = 8;
/// Interval that is assumed where none is known, seconds.
const ASSUMED_S: f64 = 0.8;
/// Intervals this near, relative to each other, are alike.
const ALIKE: f64 = 0.06;

/// The intervals around one beat. Where one is not known (a gap, an edge), the local one stands for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// To the beat before, seconds.
    pub before_s: f64,
    /// To the next beat.
    pub after_s: f64,
    /// The one before the beat before.
    pub second_before_s: f64,
    /// The one after the next beat.
    pub second_after_s: f64,
    /// Whether the interval before is known.
    pub before_known: bool,
    /// Whether the interval after is known.
    pub after_known: bool,
    /// Median of the intervals near by.
    pub local_s: f64,
    /// Mean of the intervals near by.
    pub local_mean_s: f64,
    /// Median absolute deviation of the intervals near by from their median, seconds.
    pub local_spread_s: f64,
    /// Median of |difference of successive intervals| near by, relative to the local interval.
    pub local_irregularity: f64,
    /// What the rhythm around is like.
    pub rhythm: Rhythm,
}

/// The rhythm over a longer stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rhythm {
    /// Median interval, seconds.
    pub usual_s: f64,
    /// Median interval over some minutes, seconds.
    pub long_s: f64,
    /// How many intervals that is the median of.
    pub known: usize,
    /// Median of |difference of successive intervals| over the usual interval.
    pub irregularity: f64,
    /// Greatest share of intervals that lie within 6 % of each other: near 1 in a steady rhythm, a half in bigeminy, low
    /// in atrial fibrillation.
    pub concentration: f64,
}

/// The timing of every beat.
pub fn timings(beats: &[Beat]) -> Vec<Timing> {
    let known: Vec<Option<f64>> = beats
        .iter()
        .enumerate()
        .map(|(index, beat)| {
            let earlier = beats.get(index.checked_sub(1)?)?;
            let interval = beat.time_s - earlier.time_s;
            (beat.follows && interval > 0.0).then_some(interval)
        })
        .collect();
    let stations: Vec<Rhythm> = (0..beats.len().div_ceil(STATION))
        .map(|station| rhythm(&known, station * STATION + STATION / 2))
        .collect();
    (0..beats.len())
        .map(|index| timing(&known, index, stations[index / STATION]))
        .collect()
}

fn around(n: usize, middle: usize, reach: usize) -> Range<usize> {
    middle.saturating_sub(reach)..(middle + reach + 1).min(n)
}

fn rhythm(known: &[Option<f64>], middle: usize) -> Rhythm {
    let collect = |reach: usize| -> Vec<f64> {
        known[around(known.len(), middle.min(known.len()), reach)]
            .iter()
            .flatten()
            .copied()
            .collect()
    };
    let usual_s = median(&collect(WIDE)).unwrap_or(ASSUMED_S);
    let widest = collect(WIDEST);
    let mut far = collect(FAR);
    let irregularity = median(&differences(&far)).unwrap_or(0.0) / usual_s;
    Rhythm {
        usual_s,
        long_s: median(&widest).unwrap_or(ASSUMED_S),
        known: widest.len(),
        irregularity,
        concentration: concentration(&mut far, ALIKE),
    }
}

fn differences(intervals: &[f64]) -> Vec<f64> {
    intervals
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .collect()
}

fn timing(known: &[Option<f64>], index: usize, rhythm: Rhythm) -> Timing {
    let near: Vec<f64> = known[around(known.len(), index, NEAR)]
        .iter()
        .flatten()
        .copied()
        .collect();
    let local_s = median(&near).unwrap_or(ASSUMED_S);
    let deviations: Vec<f64> = near.iter().map(|rr| (rr - local_s).abs()).collect();
    let at = |index: Option<usize>| index.and_then(|index| known.get(index).copied().flatten());
    let (before, after) = (at(Some(index)), at(Some(index + 1)));
    Timing {
        before_s: before.unwrap_or(local_s),
        after_s: after.unwrap_or(local_s),
        second_before_s: at(index.checked_sub(1)).unwrap_or(local_s),
        second_after_s: at(Some(index + 2)).unwrap_or(local_s),
        before_known: before.is_some(),
        after_known: after.is_some(),
        local_s,
        local_mean_s: if near.is_empty() {
            ASSUMED_S
        } else {
            near.iter().sum::<f64>() / near.len() as f64
        },
        local_spread_s: median(&deviations).unwrap_or(0.0),
        local_irregularity: median(&differences(&near)).unwrap_or(0.0) / local_s,
        rhythm,
    }
}
