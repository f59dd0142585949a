//! Sample entropy and detrended fluctuation, over runs: neither templates nor boxes reach across a break.

use crate::signal::standard_deviation;
use std::ops::RangeInclusive;

/// Length of the templates of sample entropy, and their tolerance in standard deviations (the usual choice: Richman and
/// Moorman, Am J Physiol 278:H2039, 2000).
const TEMPLATE: usize = 2;
const TOLERANCE: f64 = 0.2;
/// Beats in a box of the short-range exponent (Peng, Havlin, Stanley, Goldberger, Chaos 5:82, 1995).
pub(super) const BOXES: RangeInclusive<usize> = 4..=16;

/// Sample entropy with m = 2 and r = 0.2 standard deviations (divisor n - 1) of all values.
///
/// `None` where it is not defined: too few values, values that do not vary, or no two templates alike. Time grows with
/// the square of the values: for windows, not for days.
pub(super) fn sample_entropy(runs: &[Vec<f64>]) -> Option<f64> {
    let all: Vec<f64> = runs.concat();
    let tolerance = TOLERANCE * standard_deviation(&all).filter(|sd| *sd > 1e-9)?;
    // Templates of three values, the first two of which are those of length two: as many of either length.
    let templates: Vec<&[f64]> = runs
        .iter()
        .flat_map(|run| run.windows(TEMPLATE + 1))
        .collect();
    let (mut shorter, mut longer) = (0_u64, 0_u64);
    for (index, one) in templates.iter().enumerate() {
        for other in &templates[index + 1..] {
            let near = |k: usize| (one[k] - other[k]).abs() <= tolerance;
            if (0..TEMPLATE).all(near) {
                shorter += 1;
                longer += u64::from(near(TEMPLATE));
            }
        }
    }
    (longer > 0).then(|| (shorter as f64 / longer as f64).ln())
}

/// Short-range exponent of detrended fluctuation analysis, boxes of 4 to 16 beats, a line taken out of each.
///
/// On white noise it is 0.58, not 0.5: boxes so small are biased. `None` where no box fits or nothing varies.
pub(super) fn dfa_alpha1(runs: &[Vec<f64>]) -> Option<f64> {
    let count: usize = runs.iter().map(Vec::len).sum();
    let mean = runs.iter().flatten().sum::<f64>() / count.max(1) as f64;
    let profiles: Vec<Vec<f64>> = runs
        .iter()
        .map(|run| {
            let mut sum = 0.0;
            run.iter()
                .map(|value| {
                    sum += value - mean;
                    sum
                })
                .collect()
        })
        .collect();
    let points: Vec<(f64, f64)> = BOXES
        .filter_map(|size| {
            let boxes = || {
                profiles
                    .iter()
                    .flat_map(|profile| profile.chunks_exact(size))
            };
            let n = boxes().count() * size;
            let fluctuation = (boxes().map(residual).sum::<f64>() / n as f64).sqrt();
            (n > 0 && fluctuation > 1e-9).then(|| ((size as f64).ln(), fluctuation.ln()))
        })
        .collect();
    (points.len() == BOXES.count()).then(|| slope(&points))
}

/// Sum of squares around the best line through evenly spaced values.
fn residual(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / n;
    let (mut along, mut total) = (0.0, 0.0);
    for (k, value) in values.iter().enumerate() {
        along += (k as f64 - middle) * (value - mean);
        total += (value - mean).powi(2);
    }
    let spread = n * (n * n - 1.0) / 12.0;
    (total - along * along / spread).max(0.0)
}

fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |sum, p| (sum.0 + p.0 / n, sum.1 + p.1 / n));
    let (mut xx, mut xy) = (0.0, 0.0);
    for point in points {
        xx += (point.0 - x).powi(2);
        xy += (point.0 - x) * (point.1 - y);
    }
    xy / xx
}

#[cfg(test)]
mod tests {
    use super::super::testing::white_noise;
    use super::*;

    /// Worked value: x = 7919 i mod 101 for i = 0 … 199.
    #[test]
    fn sample_entropy_of_the_worked_series() {
        let x: Vec<f64> = (0..200).map(|i| f64::from(7919 * i % 101)).collect();
        let tolerance = TOLERANCE * standard_deviation(&x).unwrap();
        assert!((tolerance - 5.857).abs() < 5e-4);
        assert!((sample_entropy(&[x]).unwrap() - 0.02629).abs() < 5e-6);
    }

    /// White Gaussian noise: -ln(erf(0.1)) = 2.1851.
    #[test]
    fn sample_entropy_of_white_noise() {
        let entropy = sample_entropy(&[white_noise(3000)]).unwrap();
        assert!((entropy - 2.1851).abs() < 0.06, "{entropy}");
    }

    #[test]
    fn templates_stay_within_their_run() {
        // In one piece 1, 2, 3 comes twice; cut after the second value it does not.
        let whole = vec![vec![1.0, 2.0, 3.0, 9.0, 1.0, 2.0, 3.0]];
        let cut = vec![vec![1.0, 2.0, 3.0, 9.0], vec![1.0, 2.0], vec![3.0]];
        assert_eq!(sample_entropy(&whole), Some(0.0));
        assert_eq!(sample_entropy(&cut), None);
    }

    #[test]
    fn values_that_do_not_vary_have_no_entropy_and_no_exponent() {
        assert_eq!(sample_entropy(&[vec![800.0; 300]]), None);
        assert_eq!(dfa_alpha1(&[vec![800.0; 300]]), None);
        assert_eq!(sample_entropy(&[]), None);
        assert_eq!(dfa_alpha1(&[]), None);
    }

    /// White noise has F² = (n² - 4) / 15 n in boxes of n, whose slope over 4 to 16 is 0.583.
    #[test]
    fn the_exponent_of_white_and_of_brownian_noise() {
        let exact: Vec<(f64, f64)> = BOXES
            .map(|n| n as f64)
            .map(|n| (n.ln(), 0.5 * ((n * n - 4.0) / (15.0 * n)).ln()))
            .collect();
        assert!((slope(&exact) - 0.58298).abs() < 1e-5);
        let white = white_noise(20_000);
        let alpha = dfa_alpha1(std::slice::from_ref(&white)).unwrap();
        assert!((alpha - slope(&exact)).abs() < 0.02, "{alpha}");
        let mut sum = 0.0;
        let brownian: Vec<f64> = white
            .iter()
            .map(|step| {
                sum += step;
                sum
            })
            .collect();
        let alpha = dfa_alpha1(&[brownian]).unwrap();
        assert!((alpha - 1.5).abs() < 0.04, "{alpha}");
    }

    #[test]
    fn cutting_a_series_hardly_moves_its_exponent() {
        let pieces: Vec<Vec<f64>> = white_noise(20_000)
            .chunks(57)
            .map(<[f64]>::to_vec)
            .collect();
        let alpha = dfa_alpha1(&pieces).unwrap();
        assert!((alpha - 0.58).abs() < 0.02, "{alpha}");
    }
}
