//! 95 % intervals of shares.
//!
//! Of several records: the percentile bootstrap by record (Efron 1979), which draws records with replacement, since beats
//! of one record are not independent. Of a single record there is nothing to draw from: Wilson's score interval (Wilson
//! 1927) takes its beats or episodes as independent, and is therefore too narrow rather than too wide.

use super::{Comparison, Figure};
use crate::signal::percentile;
use serde::{Deserialize, Serialize};

/// Draws of the intervals that are printed.
pub const DRAWS: usize = 2000;

/// The normal distribution's 97.5th percentile.
const Z: f64 = 1.959_963_985;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What an interval takes as independent of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Independent {
    /// Records (bootstrap).
    Records,
    /// The beats or episodes of one record (Wilson).
    Events,
}

/// 95 % intervals of gross figures over records, and what they take as independent; the same `seed` gives the same
/// intervals everywhere.
///
/// `None` for a figure that is undefined in every draw, and of a single record for one that counts nothing (F1, shares of
/// duration).
#[must_use]
pub fn intervals(
    records: &[&Comparison],
    figures: &[Figure],
    seed: u64,
) -> (Independent, Vec<Option<Interval>>) {
    match records {
        [] => (Independent::Records, vec![None; figures.len()]),
        [record] => {
            let of = |figure: &Figure| wilson(figure.counts(record)?);
            (Independent::Events, figures.iter().map(of).collect())
        }
        _ => (Independent::Records, bootstrap(records, figures, seed)),
    }
}

fn bootstrap(records: &[&Comparison], figures: &[Figure], seed: u64) -> Vec<Option<Interval>> {
    let mut state = seed;
    let mut drawn = vec![Vec::with_capacity(DRAWS); figures.len()];
    for _ in 0..DRAWS {
        let gross = draw(records, &mut state);
        for (values, figure) in drawn.iter_mut().zip(figures) {
            values.extend(figure.of(&gross));
        }
    }
    drawn.iter().map(|values| percentiles(values)).collect()
}

/// An index below `n`, at random.
pub(super) fn draw_index(n: usize, state: &mut u64) -> usize {
    // Multiply-shift keeps the index below the length.
    ((u128::from(split_mix(state)) * n as u128) >> 64) as usize
}

fn draw(records: &[&Comparison], state: &mut u64) -> Comparison {
    let mut gross = Comparison::default();
    for _ in 0..records.len() {
        if let Some(record) = records.get(draw_index(records.len(), state)) {
            gross.add(record);
        }
    }
    gross
}

fn percentiles(values: &[f64]) -> Option<Interval> {
    Some(Interval {
        low: percentile(values, 2.5)?,
        high: percentile(values, 97.5)?,
    })
}

/// Wilson's score interval of a share (J Am Stat Assoc 22:209, 1927), from counts that are hits and errors; `None` of none.
#[must_use]
pub fn wilson((hits, errors): (u64, u64)) -> Option<Interval> {
    let n = (hits + errors) as f64;
    if n == 0.0 {
        return None;
    }
    let share = hits as f64 / n;
    let scale = 1.0 + Z * Z / n;
    let centre = (share + Z * Z / (2.0 * n)) / scale;
    let half = Z / scale * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    Some(Interval {
        low: (centre - half).max(0.0),
        high: (centre + half).min(1.0),
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

    /// Of the sensitivity.
    fn interval(records: &[Comparison]) -> (Independent, Option<Interval>) {
        let records: Vec<&Comparison> = records.iter().collect();
        let (independent, intervals) = intervals(&records, &FIGURES[..1], 1);
        (independent, intervals[0])
    }

    #[test]
    fn the_interval_of_several_records_holds_the_gross_figure_and_repeats() {
        let records: Vec<Comparison> = (0..20).map(|k| record(1000, k)).collect();
        let (independent, found) = interval(&records);
        assert_eq!(independent, Independent::Records);
        let Interval { low, high } = found.unwrap();
        let gross = 20_000.0 / 20_190.0;
        assert!(low < gross && gross < high);
        assert!(high - low < 0.01);
        assert_eq!(interval(&records), (independent, found));
    }

    #[test]
    fn records_that_agree_leave_no_width() {
        let (_, found) = interval(&[record(9, 1), record(9, 1)]);
        let exact = Interval {
            low: 0.9,
            high: 0.9,
        };
        assert_eq!(found, Some(exact));
    }

    #[test]
    fn one_record_has_wilsons_interval_of_its_beats() {
        // Newcombe 1998, table I: 81 of 263 and 1 of 29 by Wilson's method without continuity correction.
        for (hits, errors, low, high) in [
            (81, 182, 0.2553, 0.3662),
            (1, 28, 0.0061, 0.1718),
            (0, 20, 0.0, 0.1611),
        ] {
            let (independent, found) = interval(&[record(hits, errors)]);
            assert_eq!(independent, Independent::Events);
            let found = found.unwrap();
            assert!((found.low - low).abs() < 5e-5, "{found:?}");
            assert!((found.high - high).abs() < 5e-5, "{found:?}");
        }
    }

    #[test]
    fn what_counts_nothing_has_no_interval() {
        assert_eq!(interval(&[record(0, 0)]).1, None);
        assert_eq!(interval(&[record(0, 0), record(0, 0)]).1, None);
        assert_eq!(interval(&[]).1, None);
        let one = record(9, 1);
        let (_, intervals) = intervals(&[&one], &FIGURES, 1);
        let f1 = FIGURES.iter().position(|figure| figure.id == "f1").unwrap();
        assert_eq!(intervals[f1], None);
    }
}
