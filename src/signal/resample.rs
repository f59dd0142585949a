//! Change of sampling rate by a windowed sinc.

use std::f64::consts::PI;

/// Resamples `x` (at `rate_in` hertz) to `n_out` samples at `rate_out` hertz, the first one at the time of `x[0]`.
///
/// Output `m` sits at `m / rate_out` seconds, which is position `p = m * rate_in / rate_out` of the input. With
/// `r = min(1, rate_out / rate_in)`, cutoff `c = rolloff * r` and half width `L = half_zero_crossings / r`, each input
/// sample `k` with `|p - k| < L` has the weight `sinc(c (p - k)) * I0(beta sqrt(1 - ((p - k)/L)²)) / I0(beta)`
/// (Kaiser window; Smith, "Digital Audio Resampling", 1984), and the output is the weighted mean. Weights are
/// normalised by their sum, so that a constant stays a constant up to the edges; no delay. Where no input sample is
/// near (beyond the end), the output is 0. All 0 when a rate is not positive.
#[must_use]
pub fn resample_window(
    x: &[f64],
    rate_in: f64,
    rate_out: f64,
    n_out: usize,
    half_zero_crossings: f64,
    beta: f64,
    rolloff: f64,
) -> Vec<f64> {
    if !(rate_in > 0.0 && rate_out > 0.0 && half_zero_crossings > 0.0) || x.is_empty() {
        return vec![0.0; n_out];
    }
    let kernel = Kernel::new(rate_in, rate_out, half_zero_crossings, beta, rolloff);
    let half_width = kernel.half_width;
    (0..n_out)
        .map(|m| {
            let position = m as f64 * rate_in / rate_out;
            let from = (position - half_width).floor().max(0.0) as usize;
            let to = ((position + half_width).ceil().max(0.0) as usize + 1).min(x.len());
            let mut sum = 0.0;
            let mut weights = 0.0;
            for (k, &value) in x.iter().enumerate().take(to).skip(from) {
                let offset = position - k as f64;
                if offset.abs() < half_width {
                    let w = kernel.weight(offset);
                    sum += w * value;
                    weights += w;
                }
            }
            if weights == 0.0 { 0.0 } else { sum / weights }
        })
        .collect()
}

/// A windowed sinc as a function of the distance from its centre in input samples.
struct Kernel {
    cutoff: f64,
    half_width: f64,
    beta: f64,
    at_zero: f64,
}

impl Kernel {
    fn new(rate_in: f64, rate_out: f64, half_zero_crossings: f64, beta: f64, rolloff: f64) -> Self {
        let ratio = (rate_out / rate_in).min(1.0);
        Self {
            cutoff: rolloff * ratio,
            half_width: half_zero_crossings / ratio,
            beta,
            at_zero: bessel_i0(beta),
        }
    }

    fn weight(&self, offset: f64) -> f64 {
        let u = offset / self.half_width;
        let taper = bessel_i0(self.beta * (1.0 - u * u).max(0.0).sqrt()) / self.at_zero;
        sinc(self.cutoff * offset) * taper
    }
}

/// Rates and kernel of a [`ResamplingTable`]; the letters are those of [`resample_window`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SincShape {
    /// Zero crossings of the kernel on each side, at the lower of the two rates.
    pub half_zero_crossings: f64,
    /// Shape of the Kaiser window.
    pub beta: f64,
    /// Cutoff as a share of half the lower rate.
    pub rolloff: f64,
    /// The kernel ends this many input samples before its half width, so that rounding never decides whether a sample
    /// at its very edge counts.
    pub edge_samples: f64,
}

/// The weights of [`resample_window`] for windows of one length and rate, calculated once: for long recordings.
#[derive(Clone, Debug, PartialEq)]
pub struct ResamplingTable {
    n_in: usize,
    /// For each output sample: the first input sample, and where its weights begin.
    rows: Vec<(usize, usize)>,
    weights: Vec<f64>,
}

impl ResamplingTable {
    /// Weights from `n_in` samples at `rate_in` hertz to `n_out` samples at `rate_out` hertz.
    ///
    /// `None` when a rate or the kernel's width is not positive and finite, or nothing goes in.
    #[must_use]
    pub fn new(
        n_in: usize,
        rate_in: f64,
        rate_out: f64,
        n_out: usize,
        shape: SincShape,
    ) -> Option<Self> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        if n_in == 0
            || ![rate_in, rate_out, shape.half_zero_crossings]
                .into_iter()
                .all(positive)
        {
            return None;
        }
        let kernel = Kernel::new(
            rate_in,
            rate_out,
            shape.half_zero_crossings,
            shape.beta,
            shape.rolloff,
        );
        let reach = kernel.half_width - shape.edge_samples;
        let mut table = Self {
            n_in,
            rows: Vec::with_capacity(n_out),
            weights: Vec::new(),
        };
        let step = rate_in / rate_out;
        let period = period(step);
        for m in 0..n_out {
            let position = m as f64 * step;
            let before = period.and_then(|period| m.checked_sub(period));
            match before.filter(|_| table.is_inside(position, reach)) {
                Some(before) if table.is_inside(before as f64 * step, reach) => {
                    table.push_again(before, (position - before as f64 * step).round() as usize);
                }
                _ => table.push_row(position, reach, &kernel),
            }
        }
        Some(table)
    }

    /// Whether the kernel does not reach beyond the input.
    fn is_inside(&self, position: f64, reach: f64) -> bool {
        position - reach > 1.0 && position + reach + 2.0 < self.n_in as f64
    }

    /// The row `before` once more, `later` input samples on.
    fn push_again(&mut self, before: usize, later: usize) {
        let (first, begin) = self.rows[before];
        let end = self
            .rows
            .get(before + 1)
            .map_or(self.weights.len(), |row| row.1);
        self.rows.push((first + later, self.weights.len()));
        self.weights.extend_from_within(begin..end);
    }

    fn push_row(&mut self, position: f64, reach: f64, kernel: &Kernel) {
        let from = (position - reach).floor().max(0.0) as usize;
        let to = ((position + reach).ceil().max(0.0) as usize + 1).min(self.n_in);
        let begin = self.weights.len();
        let mut first = None;
        for k in from..to {
            let offset = position - k as f64;
            if offset.abs() < reach {
                first.get_or_insert(k);
                self.weights.push(kernel.weight(offset));
            }
        }
        let row = &mut self.weights[begin..];
        let sum: f64 = row.iter().sum();
        if sum != 0.0 {
            row.iter_mut().for_each(|weight| *weight /= sum);
        }
        self.rows.push((first.unwrap_or(0), begin));
    }

    /// Resamples one window. Samples beyond the table's `n_in` are not looked at, missing ones count as 0; where no
    /// input sample is near, the output is 0.
    #[must_use]
    pub fn apply(&self, x: &[f32]) -> Vec<f64> {
        let ends = self.rows.iter().skip(1).map(|&(_, begin)| begin);
        self.rows
            .iter()
            .zip(ends.chain([self.weights.len()]))
            .map(|(&(first, begin), end)| {
                let weights = &self.weights[begin..end];
                let values = x.get(first..).unwrap_or_default();
                weights
                    .iter()
                    .zip(values)
                    .map(|(w, &x)| w * f64::from(x))
                    .sum()
            })
            .collect()
    }
}

/// After how many output samples, of at most 250, the kernel lies on the input in the same way again.
fn period(step: f64) -> Option<usize> {
    (1..=250).find(|n| {
        let inputs = *n as f64 * step;
        (inputs - inputs.round()).abs() < 1e-9
    })
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

/// Modified Bessel function of the first kind, order 0, by its power series (Abramowitz and Stegun 9.6.12).
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 && k < 500.0 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: (f64, f64, f64) = (16.0, 8.6, 0.92);

    #[test]
    fn bessel_agrees_with_published_values() {
        // Abramowitz and Stegun, table 9.8: e^-x I0(x).
        for (x, scaled) in [
            (1.0_f64, 0.465_759_607_6),
            (5.0, 0.183_540_812_6),
            (10.0, 0.127_833_337_2),
        ] {
            assert!((bessel_i0(x) * (-x).exp() - scaled).abs() < 1e-9);
        }
    }

    #[test]
    fn a_sine_keeps_its_phase_and_height() {
        let (half, beta, rolloff) = SHAPE;
        for (rate_in, rate_out) in [(360.0, 250.0), (128.0, 500.0), (512.41, 300.0)] {
            let x: Vec<f64> = (0..(10.0 * rate_in) as usize)
                .map(|k| (2.0 * PI * 11.0 * k as f64 / rate_in).sin())
                .collect();
            let n_out = (10.0 * rate_out) as usize;
            let y = resample_window(&x, rate_in, rate_out, n_out, half, beta, rolloff);
            for (m, y) in y
                .iter()
                .enumerate()
                .take(n_out - n_out / 10)
                .skip(n_out / 10)
            {
                let truth = (2.0 * PI * 11.0 * m as f64 / rate_out).sin();
                assert!(
                    (y - truth).abs() < 2e-3,
                    "{rate_in} {rate_out} {m} {y} {truth}"
                );
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_is_removed() {
        let (half, beta, rolloff) = SHAPE;
        let x: Vec<f64> = (0..5000)
            .map(|k| (2.0 * PI * 90.0 * f64::from(k) / 500.0).sin())
            .collect();
        let y = resample_window(&x, 500.0, 125.0, 1250, half, beta, rolloff);
        assert!(y[100..1150].iter().all(|y| y.abs() < 1e-3));
    }

    #[test]
    fn the_table_gives_what_the_formula_gives() {
        // A width that puts no sample exactly at the kernel's edge, where rounding decides.
        let (half, beta, rolloff) = (15.3, 8.6, 0.92);
        let shape = SincShape {
            half_zero_crossings: half,
            beta,
            rolloff,
            edge_samples: 1e-9,
        };
        for rate_in in [50.0, 128.0, 131.7, 257.3, 360.0, 512.41] {
            let x: Vec<f32> = (0..400)
                .map(|k| (k * 7919 % 101) as f32 / 50.0 - 1.0)
                .collect();
            let wide: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
            let expected = resample_window(&wide, rate_in, 100.0, 90, half, beta, rolloff);
            let table = ResamplingTable::new(x.len(), rate_in, 100.0, 90, shape).unwrap();
            for (m, (found, expected)) in table.apply(&x).iter().zip(&expected).enumerate() {
                assert!(
                    (found - expected).abs() < 1e-9,
                    "{rate_in} {m} {found} {expected}"
                );
            }
        }
        assert!(ResamplingTable::new(0, 100.0, 100.0, 10, shape).is_none());
        assert!(ResamplingTable::new(10, f64::NAN, 100.0, 10, shape).is_none());
    }

    #[test]
    fn constants_hold_to_the_edge_and_nothing_lies_beyond() {
        let (half, beta, rolloff) = SHAPE;
        let y = resample_window(&[3.0; 100], 100.0, 200.0, 200, half, beta, rolloff);
        assert!(y.iter().all(|y| (y - 3.0).abs() < 1e-9));
        assert_eq!(
            resample_window(&[], 100.0, 200.0, 3, half, beta, rolloff),
            vec![0.0; 3]
        );
        let beyond = resample_window(&[3.0; 10], 100.0, 100.0, 100, half, beta, rolloff);
        assert_eq!(beyond[60], 0.0);
    }
}
