//! Smoothing and matching with short symmetric kernels: no delay; beyond the edges the edge value goes on.

/// Gaussian kernels end at this many standard deviations.
const REACH: f64 = 4.0;

/// Gaussian smoothing with standard deviation `sigma` in samples. As long as `x`; unchanged for `sigma` not above 0.
#[must_use]
pub fn gaussian(x: &[f64], sigma: f64) -> Vec<f64> {
    if sigma.is_nan() || sigma <= 0.0 {
        return x.to_vec();
    }
    let mut half: Vec<f64> = (0..=(REACH * sigma).ceil() as usize)
        .map(|k| (-0.5 * (k as f64 / sigma).powi(2)).exp())
        .collect();
    let sum = half[0] + 2.0 * half[1..].iter().sum::<f64>();
    half.iter_mut().for_each(|weight| *weight /= sum);
    symmetric(x, &half)
}

/// A "Mexican hat", the negative second derivative of a Gaussian: its response says by its size how much a bump of about
/// its width stands out, by its sign which way. Constants and straight lines give 0; the weights sum to 0 and their
/// magnitudes to 2.
#[derive(Clone, Debug, PartialEq)]
pub struct MexicanHat {
    /// The middle weight and those to one side.
    half: Vec<f64>,
}

impl MexicanHat {
    /// For a Gaussian of standard deviation `sigma` in samples, which is brought above 0.5.
    #[must_use]
    pub fn new(sigma: f64) -> Self {
        let sigma = sigma.max(0.5);
        let mut half: Vec<f64> = (0..=(REACH * sigma).ceil() as usize)
            .map(|k| {
                let t2 = (k as f64 / sigma).powi(2);
                (1.0 - t2) * (-0.5 * t2).exp()
            })
            .collect();
        let mean = (half[0] + 2.0 * half[1..].iter().sum::<f64>()) / (2 * half.len() - 1) as f64;
        half.iter_mut().for_each(|weight| *weight -= mean);
        let size = half[0].abs() + 2.0 * half[1..].iter().map(|w| w.abs()).sum::<f64>();
        half.iter_mut().for_each(|weight| *weight *= 2.0 / size);
        Self { half }
    }

    /// The response at index `at`; 0 beyond the end of `x`.
    #[must_use]
    pub fn response(&self, x: &[f64], at: usize) -> f64 {
        let Some(middle) = x.get(at) else {
            return 0.0;
        };
        let last = x.len() - 1;
        let sides: f64 = self
            .half
            .iter()
            .enumerate()
            .skip(1)
            .map(|(k, weight)| weight * (x[at.saturating_sub(k)] + x[(at + k).min(last)]))
            .sum();
        self.half[0] * middle + sides
    }
}

/// Half the difference of the neighbours: the slope in units per sample. As long as `x`.
#[must_use]
pub fn slope(x: &[f64]) -> Vec<f64> {
    let last = x.len().saturating_sub(1);
    (0..x.len())
        .map(|k| (x[(k + 1).min(last)] - x[k.saturating_sub(1)]) / 2.0)
        .collect()
}

/// Convolution with a symmetric kernel given by its middle and one side.
fn symmetric(x: &[f64], half: &[f64]) -> Vec<f64> {
    let (Some(&first), Some(&last)) = (x.first(), x.last()) else {
        return Vec::new();
    };
    let reach = half.len() - 1;
    let mut padded = vec![first; reach];
    padded.extend_from_slice(x);
    padded.extend(std::iter::repeat_n(last, reach));
    (0..x.len())
        .map(|k| {
            let around = &padded[k..=k + 2 * reach];
            let (left, right) = (&around[..reach], &around[reach + 1..]);
            let sides: f64 = half[1..]
                .iter()
                .zip(left.iter().rev().zip(right))
                .map(|(weight, (a, b))| weight * (a + b))
                .sum();
            half[0] * around[reach] + sides
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_and_do_not_respond() {
        let line: Vec<f64> = (0..200).map(|k| 3.0 - 0.1 * f64::from(k)).collect();
        let smooth = gaussian(&line, 5.0);
        let hat = MexicanHat::new(5.0);
        for k in 30..170 {
            assert!((smooth[k] - line[k]).abs() < 1e-9);
            assert!(hat.response(&line, k).abs() < 1e-9);
            assert!((slope(&line)[k] + 0.1).abs() < 1e-9);
        }
        assert!(gaussian(&[], 3.0).is_empty());
        assert_eq!(hat.response(&[], 0), 0.0);
    }

    /// A Gaussian of standard deviation 3 smoothed by one of 4 is one of 5, lower by 3/5.
    #[test]
    fn gaussians_add_in_squares() {
        let bump = |sigma: f64| -> Vec<f64> {
            (-60..=60)
                .map(|k| (-0.5 * (f64::from(k) / sigma).powi(2)).exp())
                .collect()
        };
        for (a, b) in gaussian(&bump(3.0), 4.0).iter().zip(bump(5.0)) {
            assert!((a - 0.6 * b).abs() < 2e-4, "{a} {b}");
        }
    }

    #[test]
    fn the_hat_responds_most_at_the_bump_and_with_its_sign() {
        let bump: Vec<f64> = (0..121)
            .map(|k| -(-0.5 * (f64::from(k - 70) / 6.0).powi(2)).exp())
            .collect();
        let hat = MexicanHat::new(6.0);
        let response = |k: usize| hat.response(&bump, k);
        let most = (0..121).max_by(|a, b| response(*a).abs().total_cmp(&response(*b).abs()));
        assert_eq!(most, Some(70));
        assert!(response(70) < -0.3);
    }
}
