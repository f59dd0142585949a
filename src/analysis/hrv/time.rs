//! Figures of the time domain and of the Poincaré plot, in milliseconds.

use super::Interval;
use crate::signal::{mean, standard_deviation};
use std::collections::HashMap;
use std::ops::Range;

/// A difference counts for pNN50 when it is larger than this.
const LARGE_DIFFERENCE_MS: f64 = 50.0;
/// Bin of the triangular index: 1/128 s (Task Force of ESC and NASPE, Circulation 93:1043, 1996).
const BIN_MS: f64 = 1000.0 / 128.0;

/// Lengths in milliseconds.
pub(super) fn lengths_ms(intervals: &[Interval]) -> Vec<f64> {
    intervals
        .iter()
        .map(|interval| interval.rr_s * 1000.0)
        .collect()
}

/// Pairs of intervals that share a beat, in milliseconds: the points of the Poincaré plot.
pub(super) fn pairs_ms(intervals: &[Interval]) -> Vec<(f64, f64)> {
    intervals
        .windows(2)
        .filter(|pair| pair[1].joined)
        .map(|pair| (pair[0].rr_s * 1000.0, pair[1].rr_s * 1000.0))
        .collect()
}

/// Root of the mean squared difference of neighbours.
pub(super) fn rmssd(pairs: &[(f64, f64)]) -> Option<f64> {
    let squares: Vec<f64> = pairs.iter().map(|(a, b)| (b - a).powi(2)).collect();
    mean(&squares).map(f64::sqrt)
}

/// Percentage of the differences of neighbours that are larger than 50 ms (strictly; of differences, not intervals).
pub(super) fn pnn50(pairs: &[(f64, f64)]) -> Option<f64> {
    // A hair, since times of whole milliseconds give differences of 50.000000001.
    let large = |pair: &&(f64, f64)| (pair.1 - pair.0).abs() > LARGE_DIFFERENCE_MS + 1e-6;
    let count = pairs.iter().filter(large).count();
    (!pairs.is_empty()).then(|| 100.0 * count as f64 / pairs.len() as f64)
}

/// Standard deviations across and along the line of identity of the Poincaré plot, both with divisor n (Brennan,
/// Palaniswami, Kamen, IEEE Trans Biomed Eng 48:1342, 2001). The first is the standard deviation of the differences
/// over the root of 2, which is not RMSSD over the root of 2 unless their mean is 0.
pub(super) fn poincare(pairs: &[(f64, f64)]) -> Option<(f64, f64)> {
    let spread = |values: Vec<f64>| {
        let middle = mean(&values)?;
        let squares: Vec<f64> = values.iter().map(|v| (v - middle).powi(2)).collect();
        Some((mean(&squares)? / 2.0).sqrt())
    };
    let across = spread(pairs.iter().map(|(a, b)| b - a).collect())?;
    let along = spread(pairs.iter().map(|(a, b)| b + a).collect())?;
    Some((across, along))
}

/// Number of intervals over the number in the fullest bin.
pub(super) fn triangular_index(lengths: &[f64]) -> Option<f64> {
    let mut bins: HashMap<i64, usize> = HashMap::new();
    for length in lengths {
        *bins.entry((length / BIN_MS).floor() as i64).or_default() += 1;
    }
    let fullest = bins.values().max()?;
    Some(lengths.len() as f64 / *fullest as f64)
}

/// Standard deviation of the windows' means (SDANN) and mean of their standard deviations (SDNN index).
pub(super) fn over_windows<'a>(
    windows: impl Iterator<Item = &'a [Interval]>,
) -> Option<(f64, f64)> {
    let (means, deviations): (Vec<f64>, Vec<f64>) = windows
        .filter_map(|window| {
            let lengths = lengths_ms(window);
            Some((mean(&lengths)?, standard_deviation(&lengths)?))
        })
        .unzip();
    Some((standard_deviation(&means)?, mean(&deviations)?))
}

/// The intervals that begin and end within a stretch; the series is in order of time.
pub(super) fn within<'a>(intervals: &'a [Interval], range_s: &Range<f64>) -> &'a [Interval] {
    let from = intervals.partition_point(|interval| interval.from_s < range_s.start);
    let to = intervals.partition_point(|interval| interval.end_s() <= range_s.end);
    intervals.get(from..to).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{WORKED_MS, series};
    use super::*;

    #[test]
    fn the_worked_series() {
        let intervals = series(&WORKED_MS);
        let lengths = lengths_ms(&intervals);
        let pairs = pairs_ms(&intervals);
        let close = |value: Option<f64>, expected: f64| (value.unwrap() - expected).abs() < 5e-5;
        assert!(close(mean(&lengths), 826.9));
        assert!(close(standard_deviation(&lengths), 35.5636));
        assert!(close(rmssd(&pairs), 34.0408));
        assert_eq!(pnn50(&pairs), Some(0.0));
        let (sd1, _) = poincare(&pairs).unwrap();
        assert!(close(Some(sd1), 23.4521));
    }

    #[test]
    fn a_difference_of_exactly_50_ms_is_not_larger() {
        assert_eq!(
            pnn50(&pairs_ms(&series(&[800.0, 850.0, 799.0, 799.0]))),
            Some(100.0 / 3.0)
        );
        assert_eq!(pnn50(&[]), None);
    }

    /// SD1² + SD2² is twice the variance of the intervals, apart from the ends (Brennan et al. 2001).
    #[test]
    fn the_poincare_axes_share_the_variance() {
        let lengths: Vec<f64> = (0..500)
            .map(|k| 800.0 + 50.0 * (f64::from(k) * 0.7).sin())
            .collect();
        let (sd1, sd2) = poincare(&pairs_ms(&series(&lengths))).unwrap();
        let variance = standard_deviation(&lengths).unwrap().powi(2);
        assert!(((sd1 * sd1 + sd2 * sd2) / (2.0 * variance) - 1.0).abs() < 0.01);
        assert!(sd1 < sd2);
    }

    #[test]
    fn the_triangular_index_counts_bins_of_a_128th_of_a_second() {
        let mut lengths = vec![801.0; 60];
        lengths.extend([803.0; 20]);
        lengths.extend([900.0; 40]);
        // 801 and 803 ms share the bin from 796.9 to 804.7 ms.
        assert_eq!(triangular_index(&lengths), Some(1.5));
        assert_eq!(triangular_index(&[]), None);
    }

    #[test]
    fn differences_do_not_lead_across_a_break() {
        let mut intervals = series(&[800.0, 810.0, 1000.0, 990.0]);
        intervals[2].joined = false;
        let pairs = pairs_ms(&intervals);
        assert_eq!(pairs.len(), 2);
        assert!((rmssd(&pairs).unwrap() - 10.0).abs() < 1e-9);
    }

    #[test]
    fn means_and_deviations_of_windows() {
        let intervals = series(&[800.0, 900.0, 1000.0, 1100.0]);
        let (sdann, index) = over_windows([&intervals[..2], &intervals[2..]].into_iter()).unwrap();
        assert!((sdann - 200.0 / 2.0_f64.sqrt()).abs() < 1e-9);
        assert!((index - 100.0 / 2.0_f64.sqrt()).abs() < 1e-9);
    }
}
