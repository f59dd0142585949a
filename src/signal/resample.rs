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
    let ratio = (rate_out / rate_in).min(1.0);
    let cutoff = rolloff * ratio;
    let half_width = half_zero_crossings / ratio;
    let at_zero = bessel_i0(beta);
    let weight = |offset: f64| {
        let u = offset / half_width;
        sinc(cutoff * offset) * bessel_i0(beta * (1.0 - u * u).max(0.0).sqrt()) / at_zero
    };
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
                    let w = weight(offset);
                    sum += w * value;
                    weights += w;
                }
            }
            if weights == 0.0 { 0.0 } else { sum / weights }
        })
        .collect()
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
