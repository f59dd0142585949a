//! Plain and robust statistics of slices. Empty input has no statistic: `None`.

/// Arithmetic mean.
#[must_use]
pub fn mean(x: &[f64]) -> Option<f64> {
    (!x.is_empty()).then(|| x.iter().sum::<f64>() / x.len() as f64)
}

/// Standard deviation with divisor n - 1; `None` for fewer than two values.
#[must_use]
pub fn standard_deviation(x: &[f64]) -> Option<f64> {
    let mean = mean(x)?;
    (x.len() > 1).then(|| {
        let sum: f64 = x.iter().map(|x| (x - mean).powi(2)).sum();
        (sum / (x.len() - 1) as f64).sqrt()
    })
}

/// Percentile `q` (0 to 100) with linear interpolation between order statistics, as `numpy.percentile`'s default
/// (Hyndman and Fan 1996, type 7).
#[must_use]
pub fn percentile(x: &[f64], q: f64) -> Option<f64> {
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    percentile_of_sorted(&sorted, q)
}

/// [`percentile`] of values already in ascending order.
#[must_use]
pub fn percentile_of_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = (q / 100.0).clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    let part = position - below as f64;
    Some(sorted[below] + (sorted[above] - sorted[below]) * part)
}

/// Median; the mean of the middle two for an even count.
#[must_use]
pub fn median(x: &[f64]) -> Option<f64> {
    percentile(x, 50.0)
}

/// [`median`] of many small sets without a copy: reorders `x`. NaN sorts to the ends, as in [`f64::total_cmp`].
#[must_use]
pub fn median_of_mut(x: &mut [f64]) -> Option<f64> {
    let middle = x.len() / 2;
    let is_odd = x.len() % 2 == 1;
    if x.is_empty() {
        return None;
    }
    let (below, upper, _) = x.select_nth_unstable_by(middle, f64::total_cmp);
    if is_odd {
        return Some(*upper);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp)?;
    Some(lower + (*upper - lower) / 2.0)
}

/// Greatest share of the values, all above 0, that lie within `alike` of each other, relative to the least of them; 1
/// for none. Reorders `x`.
#[must_use]
pub fn concentration(x: &mut [f64], alike: f64) -> f64 {
    x.sort_by(f64::total_cmp);
    let mut most = 0;
    let mut from = 0;
    for (to, value) in x.iter().enumerate() {
        while x[from] * (1.0 + alike) < *value {
            from += 1;
        }
        most = most.max(to + 1 - from);
    }
    if x.is_empty() {
        1.0
    } else {
        most as f64 / x.len() as f64
    }
}

/// Pearson's correlation of two slices, over the shorter length; 0 when one of them does not vary.
#[must_use]
pub fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len().min(y.len());
    if n < 2 {
        return 0.0;
    }
    let (x, y) = (&x[..n], &y[..n]);
    let mean_x = x.iter().sum::<f64>() / n as f64;
    let mean_y = y.iter().sum::<f64>() / n as f64;
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    let scale = (xx * yy).sqrt();
    if scale > 0.0 && scale.is_finite() {
        (xy / scale).clamp(-1.0, 1.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_in_place_is_the_median() {
        for n in 0..12 {
            let x: Vec<f64> = (0..n).map(|k| f64::from(k * 7 % 11)).collect();
            assert_eq!(median_of_mut(&mut x.clone()), median(&x), "{n}");
        }
    }

    #[test]
    fn percentiles_are_numpys() {
        let x = [7.0, 1.0, 3.0, 10.0];
        assert_eq!(percentile(&x, 0.0), Some(1.0));
        assert_eq!(percentile(&x, 25.0), Some(2.5));
        assert_eq!(median(&x), Some(5.0));
        assert!((percentile(&x, 95.0).unwrap() - 9.55).abs() < 1e-12);
        assert_eq!(percentile(&x, 100.0), Some(10.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn concentration_is_the_largest_bunch() {
        assert_eq!(concentration(&mut [], 0.1), 1.0);
        assert_eq!(concentration(&mut [1.0, 2.0, 1.05, 4.0], 0.1), 0.5);
        assert_eq!(concentration(&mut [3.0, 1.0, 2.0], 0.1), 1.0 / 3.0);
        assert_eq!(concentration(&mut [0.8; 7], 0.0), 1.0);
    }

    #[test]
    fn spread_and_correlation() {
        assert_eq!(standard_deviation(&[1.0]), None);
        assert_eq!(standard_deviation(&[1.0, 3.0]), Some(2.0_f64.sqrt()));
        assert!((correlation(&[1.0, 2.0, 3.0], &[-2.0, -4.0, -6.0]) + 1.0).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), 0.0);
    }
}
