//! Percentile bootstrap by record (Efron 1979): records are drawn with replacement, since beats of one record are not
//! independent.

use super::BeatScore;
use crate::signal::percentile;
use serde::{Deserialize, Serialize};

/// Draws of the intervals that are printed.
pub const DRAWS: usize = 2000;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// 2.5th percentile.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// 95 % interval of a gross figure over records; the same `seed` gives the same interval everywhere.
///
/// `None` for fewer than two records, or when the figure is undefined in every draw.
pub fn bootstrap_interval(
    records: &[BeatScore],
    figure: impl Fn(&BeatScore) -> Option<f64>,
    seed: u64,
) -> Option<Interval> {
    if records.len() < 2 {
        return None;
    }
    let mut state = seed;
    let mut figures = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let mut gross = BeatScore::default();
        for _ in 0..records.len() {
            if let Some(record) = records.get(draw(records.len(), &mut state)) {
                gross.add(record);
            }
        }
        figures.extend(figure(&gross));
    }
    Some(Interval {
        low: percentile(&figures, 2.5)?,
        high: percentile(&figures, 97.5)?,
    })
}

/// An index below `n`, at random.
pub(super) fn draw(n: usize, state: &mut u64) -> usize {
    // Multiply-shift keeps the index below the length.
    ((u128::from(split_mix(state)) * n as u128) >> 64) as usize
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(hits: u64, misses: u64) -> BeatScore {
        let mut score = BeatScore::default();
        score.matrix[0][0] = hits;
        score.matrix[0][5] = misses;
        score
    }

    #[test]
    fn the_interval_holds_the_gross_figure_and_repeats() {
        let records: Vec<BeatScore> = (0..20).map(|k| record(1000, k)).collect();
        let interval = bootstrap_interval(&records, BeatScore::sensitivity, 1).unwrap();
        let gross = 20_000.0 / 20_190.0;
        assert!(interval.low < gross && gross < interval.high);
        assert!(interval.high - interval.low < 0.01);
        assert_eq!(
            bootstrap_interval(&records, BeatScore::sensitivity, 1),
            Some(interval)
        );
    }

    #[test]
    fn one_record_has_no_interval() {
        assert_eq!(
            bootstrap_interval(&[record(5, 1)], BeatScore::sensitivity, 1),
            None
        );
        assert_eq!(
            bootstrap_interval(&[record(0, 0), record(0, 0)], BeatScore::sensitivity, 1),
            None
        );
    }
}
