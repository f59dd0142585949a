//! Percentile bootstrap by record (Efron 1979): records are drawn with replacement, since beats of one record are not
//! independent.

use super::{Comparison, Figure};
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

/// 95 % intervals of gross figures over records; the same `seed` gives the same intervals everywhere.
///
/// `None` for fewer than two records, and for a figure that is undefined in every draw.
#[must_use]
pub fn bootstrap_intervals(
    records: &[&Comparison],
    figures: &[Figure],
    seed: u64,
) -> Vec<Option<Interval>> {
    if records.len() < 2 {
        return vec![None; figures.len()];
    }
    let mut state = seed;
    let mut drawn = vec![Vec::with_capacity(DRAWS); figures.len()];
    for _ in 0..DRAWS {
        let gross = draw(records, &mut state);
        for (values, figure) in drawn.iter_mut().zip(figures) {
            values.extend((figure.of)(&gross));
        }
    }
    drawn.iter().map(|values| interval(values)).collect()
}

fn draw(records: &[&Comparison], state: &mut u64) -> Comparison {
    let mut gross = Comparison::default();
    for _ in 0..records.len() {
        // Multiply-shift keeps the index below the length.
        let index = (u128::from(split_mix(state)) * records.len() as u128) >> 64;
        if let Some(record) = records.get(index as usize) {
            gross.add(record);
        }
    }
    gross
}

fn interval(values: &[f64]) -> Option<Interval> {
    Some(Interval {
        low: percentile(values, 2.5)?,
        high: percentile(values, 97.5)?,
    })
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
    use crate::evaluation::FIGURES;

    fn record(hits: u64, misses: u64) -> Comparison {
        let mut comparison = Comparison::default();
        comparison.beats.matrix[0][0] = hits;
        comparison.beats.matrix[0][5] = misses;
        comparison
    }

    fn sensitivity(records: &[Comparison]) -> Option<Interval> {
        let records: Vec<&Comparison> = records.iter().collect();
        bootstrap_intervals(&records, &FIGURES[..1], 1)[0]
    }

    #[test]
    fn the_interval_holds_the_gross_figure_and_repeats() {
        let records: Vec<Comparison> = (0..20).map(|k| record(1000, k)).collect();
        let interval = sensitivity(&records).unwrap();
        let gross = 20_000.0 / 20_190.0;
        assert!(interval.low < gross && gross < interval.high);
        assert!(interval.high - interval.low < 0.01);
        assert_eq!(sensitivity(&records), Some(interval));
    }

    #[test]
    fn one_record_has_no_interval() {
        assert_eq!(sensitivity(&[record(5, 1)]), None);
        assert_eq!(sensitivity(&[record(0, 0), record(0, 0)]), None);
    }
}
