//! Power spectra: Lomb-Scargle for samples at uneven times, Burg's autoregression for even ones in segments.
//!
//! Densities are one-sided: their integral from 0 to half the mean sampling rate is the variance of the values.

use std::ops::Range;

/// Density on an even grid of frequencies.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    /// Hertz between neighbours; the first value stands at this frequency, not at 0.
    pub step_hz: f64,
    /// Power per hertz, in the square of the values' unit.
    pub values: Vec<f64>,
}

impl Density {
    /// Power within `band_hz`, its end exclusive.
    #[must_use]
    pub fn power(&self, band_hz: Range<f64>) -> f64 {
        let inside = self.bins(&band_hz);
        self.values[inside].iter().sum::<f64>() * self.step_hz
    }

    /// Frequency of the highest value within `band_hz`, `None` where the density only rises or falls to its edge.
    #[must_use]
    pub fn peak_hz(&self, band_hz: Range<f64>) -> Option<f64> {
        let inside = self.bins(&band_hz);
        let highest = inside
            .clone()
            .max_by(|a, b| self.values[*a].total_cmp(&self.values[*b]))?;
        let stands_out = highest > inside.start
            && highest + 1 < inside.end
            && self.values[highest] > self.values[highest - 1]
            && self.values[highest] > self.values[highest + 1];
        stands_out.then(|| (highest + 1) as f64 * self.step_hz)
    }

    fn bins(&self, band_hz: &Range<f64>) -> Range<usize> {
        let index = |hz: f64| ((hz / self.step_hz - 1e-9).ceil() as usize).max(1) - 1;
        let end = index(band_hz.end).min(self.values.len());
        index(band_hz.start).min(end)..end
    }
}

/// The values less the straight line that fits them best over `times`; all 0 for fewer than two.
#[must_use]
pub fn without_line(times: &[f64], values: &[f64]) -> Vec<f64> {
    let n = times.len().min(values.len());
    let (times, values) = (&times[..n], &values[..n]);
    let count = n.max(1) as f64;
    let middle = times.iter().sum::<f64>() / count;
    let mean = values.iter().sum::<f64>() / count;
    let spread: f64 = times.iter().map(|t| (t - middle).powi(2)).sum();
    let together: f64 = times
        .iter()
        .zip(values)
        .map(|(t, v)| (t - middle) * (v - mean))
        .sum();
    let slope = if spread > 0.0 { together / spread } else { 0.0 };
    times
        .iter()
        .zip(values)
        .map(|(t, v)| v - mean - slope * (t - middle))
        .collect()
}

/// Lomb-Scargle periodogram (Scargle, Astrophys J 263:835, 1982) as a density up to `highest_hz`.
///
/// `values` must have mean 0. `interval_s` is the usual time between samples where there are samples: with it the
/// density of a sine of amplitude a integrates to a²/2 whether or not samples are missing. Time grows with samples
/// times frequencies: not for whole days at once.
#[must_use]
pub fn lomb_scargle(
    times_s: &[f64],
    values: &[f64],
    interval_s: f64,
    step_hz: f64,
    highest_hz: f64,
) -> Density {
    let n = times_s.len().min(values.len());
    let bins = (highest_hz / step_hz + 1e-9).floor() as usize;
    // Times near 0 keep the sines exact.
    let middle = times_s.get(n / 2).copied().unwrap_or(0.0);
    let mut groups: Vec<Group> = times_s[..n]
        .chunks(LANES)
        .zip(values[..n].chunks(LANES))
        .map(|(times, values)| Group::new(times, values, middle, step_hz))
        .collect();
    let density = (0..bins)
        .map(|_| {
            let mut sums = [[0.0; LANES]; 4];
            for group in &mut groups {
                group.add(&mut sums);
                group.turn();
            }
            let [sv, cv, sc, cc] = sums.map(|lanes| lanes.iter().sum());
            2.0 * interval_s * at_frequency(n as f64, sv, cv, sc, cc)
        })
        .collect();
    Density {
        step_hz,
        values: density,
    }
}

/// Samples that go through the loop side by side, as the processor's registers like it.
const LANES: usize = 4;

/// Sine and cosine at some samples, turned on by one step of frequency at a time.
struct Group {
    sin: [f64; LANES],
    cos: [f64; LANES],
    turn_sin: [f64; LANES],
    turn_cos: [f64; LANES],
    value: [f64; LANES],
}

impl Group {
    /// What is missing to a full group has sine, cosine and value 0 and adds nothing.
    fn new(times: &[f64], values: &[f64], middle: f64, step_hz: f64) -> Self {
        let zero = [0.0; LANES];
        let mut group = Self {
            sin: zero,
            cos: zero,
            turn_sin: zero,
            turn_cos: zero,
            value: zero,
        };
        for (lane, (time, value)) in times.iter().zip(values).enumerate() {
            let (sin, cos) = (std::f64::consts::TAU * step_hz * (time - middle)).sin_cos();
            (group.sin[lane], group.cos[lane]) = (sin, cos);
            (group.turn_sin[lane], group.turn_cos[lane]) = (sin, cos);
            group.value[lane] = *value;
        }
        group
    }

    /// Adds value × sine, value × cosine, sine × cosine and cosine².
    fn add(&self, [sv, cv, sc, cc]: &mut [[f64; LANES]; 4]) {
        for lane in 0..LANES {
            sv[lane] += self.value[lane] * self.sin[lane];
            cv[lane] += self.value[lane] * self.cos[lane];
            sc[lane] += self.sin[lane] * self.cos[lane];
            cc[lane] += self.cos[lane] * self.cos[lane];
        }
    }

    fn turn(&mut self) {
        for lane in 0..LANES {
            let (sin, cos) = (self.sin[lane], self.cos[lane]);
            self.sin[lane] = sin * self.turn_cos[lane] + cos * self.turn_sin[lane];
            self.cos[lane] = cos * self.turn_cos[lane] - sin * self.turn_sin[lane];
        }
    }
}

/// Scargle's power at one frequency from the sums of value × sine, value × cosine, sine × cosine and cosine².
fn at_frequency(n: f64, sv: f64, cv: f64, sc: f64, cc: f64) -> f64 {
    // tan(2 w tau) = sum sin(2wt) / sum cos(2wt) makes both parts independent.
    let (double_sin, double_cos) = (2.0 * sc, 2.0 * cc - n);
    let (sin, cos) = (0.5 * double_sin.atan2(double_cos)).sin_cos();
    let cos_part = cv * cos + sv * sin;
    let sin_part = sv * cos - cv * sin;
    let cos_weight = 0.5 * (n + double_sin.hypot(double_cos));
    let sin_weight = n - cos_weight;
    let share = |part: f64, weight: f64| {
        if weight > 1e-9 * n {
            part * part / weight
        } else {
            0.0
        }
    };
    0.5 * (share(cos_part, cos_weight) + share(sin_part, sin_weight))
}

/// An autoregressive model: each value is `-sum(coefficients[k] · value[k + 1 before])` and white noise.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoregression {
    /// Coefficients of the values before, the newest first.
    pub coefficients: Vec<f64>,
    /// Variance of the noise.
    pub noise: f64,
}

/// Burg's method over segments: errors are summed over all of them and never predicted across their ends
/// (de Waele and Broersen, IEEE Trans Signal Process 48:2876, 2000). Segments must have mean 0 together.
///
/// Segments of `order` values or fewer are left out; `None` when nothing is left or nothing varies.
#[must_use]
pub fn burg(segments: &[&[f64]], order: usize) -> Option<Autoregression> {
    let mut forward: Vec<Vec<f64>> = segments
        .iter()
        .filter(|segment| segment.len() > order)
        .map(|segment| segment.to_vec())
        .collect();
    let mut backward = forward.clone();
    let count: usize = forward.iter().map(Vec::len).sum();
    let energy: f64 = forward.iter().flatten().map(|v| v * v).sum();
    let mut noise = energy / count.max(1) as f64;
    if noise <= 0.0 || !noise.is_finite() {
        return None;
    }
    let floor = 1e-12 * noise;
    let mut coefficients: Vec<f64> = Vec::with_capacity(order);
    for _ in 0..order {
        let (mut product, mut energy) = (0.0, 0.0);
        for (forward, backward) in forward.iter().zip(&backward) {
            for (f, b) in forward.iter().skip(1).zip(backward) {
                product += f * b;
                energy += f * f + b * b;
            }
        }
        // What is predicted without error needs no further coefficient.
        if energy <= 0.0 || noise <= floor {
            break;
        }
        let reflection = -2.0 * product / energy;
        for (forward, backward) in forward.iter_mut().zip(&mut backward) {
            let before = forward.split_off(1);
            let behind: Vec<f64> = backward.drain(..before.len()).collect();
            *forward = before
                .iter()
                .zip(&behind)
                .map(|(f, b)| f + reflection * b)
                .collect();
            *backward = behind
                .iter()
                .zip(&before)
                .map(|(b, f)| b + reflection * f)
                .collect();
        }
        let mirrored: Vec<f64> = coefficients.iter().rev().copied().collect();
        for (own, mirror) in coefficients.iter_mut().zip(mirrored) {
            *own += reflection * mirror;
        }
        coefficients.push(reflection);
        noise *= 1.0 - reflection * reflection;
    }
    Some(Autoregression {
        coefficients,
        noise,
    })
}

impl Autoregression {
    /// The model's density for values that stand `interval_s` apart, up to `highest_hz`.
    #[must_use]
    pub fn density(&self, interval_s: f64, step_hz: f64, highest_hz: f64) -> Density {
        let bins = (highest_hz / step_hz + 1e-9).floor() as usize;
        let at = |bin: usize| {
            let angle = std::f64::consts::TAU * (bin + 1) as f64 * step_hz * interval_s;
            let (turn_sin, turn_cos) = angle.sin_cos();
            let (mut sin, mut cos) = (0.0_f64, 1.0_f64);
            let (mut real, mut imaginary) = (1.0, 0.0);
            for coefficient in &self.coefficients {
                (sin, cos) = (
                    sin * turn_cos + cos * turn_sin,
                    cos * turn_cos - sin * turn_sin,
                );
                real += coefficient * cos;
                imaginary -= coefficient * sin;
            }
            let gain = (real * real + imaginary * imaginary).max(f64::MIN_POSITIVE);
            2.0 * interval_s * self.noise / gain
        };
        Density {
            step_hz,
            values: (0..bins).map(at).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// Uneven times with a sine of 0.1 Hz and amplitude 40, one of 0.25 Hz and amplitude 20.
    fn two_sines(count: usize) -> (Vec<f64>, Vec<f64>) {
        let mut t = 0.0;
        (0..count)
            .map(|k| {
                t += 0.8 + 0.05 * (k as f64 * 1.7).sin();
                let value = 40.0 * (TAU * 0.1 * t).sin() + 20.0 * (TAU * 0.25 * t).sin();
                (t, value)
            })
            .unzip()
    }

    fn close(value: f64, expected: f64, share: f64) -> bool {
        (value / expected - 1.0).abs() < share
    }

    #[test]
    fn a_sine_has_half_its_squared_amplitude_as_power() {
        let (times, values) = two_sines(375);
        let density = lomb_scargle(&times, &values, 0.8, 1.0 / 1200.0, 0.6);
        assert!(close(density.power(0.04..0.15), 800.0, 0.02));
        assert!(close(density.power(0.15..0.40), 200.0, 0.02));
        let peak = density.peak_hz(0.15..0.40).unwrap();
        assert!((peak - 0.25).abs() < 0.001, "{peak}");
    }

    #[test]
    fn missing_samples_do_not_change_the_scale() {
        let (times, values) = two_sines(375);
        let kept: Vec<usize> = (0..375)
            .filter(|k| !(100..140).contains(k) && k % 17 != 0)
            .collect();
        let pick = |x: &[f64]| kept.iter().map(|k| x[*k]).collect::<Vec<_>>();
        let density = lomb_scargle(&pick(&times), &pick(&values), 0.8, 1.0 / 1200.0, 0.4);
        assert!(close(density.power(0.04..0.15), 800.0, 0.12));
        assert!(close(density.power(0.15..0.40), 200.0, 0.12));
    }

    #[test]
    fn a_later_start_changes_nothing() {
        let (times, values) = two_sines(300);
        let later: Vec<f64> = times.iter().map(|t| t + 80_000.0).collect();
        let [a, b] = [times, later].map(|t| lomb_scargle(&t, &values, 0.8, 1e-3, 0.4));
        for (a, b) in a.values.iter().zip(&b.values) {
            assert!((a - b).abs() < 1e-6 * a.abs().max(1.0));
        }
    }

    #[test]
    fn a_line_is_taken_out_and_only_that() {
        let times: Vec<f64> = (0..50).map(f64::from).collect();
        let line: Vec<f64> = times.iter().map(|t| 3.0 + 0.2 * t).collect();
        assert!(without_line(&times, &line).iter().all(|v| v.abs() < 1e-12));
        assert!(without_line(&[], &[]).is_empty());
        assert_eq!(without_line(&[1.0], &[5.0]), [0.0]);
    }

    /// White noise from a fixed linear congruential generator, uniform with variance 1/12.
    fn noise(count: usize) -> Vec<f64> {
        let mut state = 12_345_u64;
        (0..count)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
            })
            .collect()
    }

    /// x[k] = 1.2 x[k-1] - 0.8 x[k-2] + noise: a resonance.
    fn resonance(count: usize) -> Vec<f64> {
        let mut x = vec![0.0, 0.0];
        for e in noise(count) {
            let n = x.len();
            x.push(1.2 * x[n - 1] - 0.8 * x[n - 2] + e);
        }
        x
    }

    #[test]
    fn burg_finds_a_known_model_in_one_piece_and_in_many() {
        let x = resonance(4000);
        let pieces: Vec<&[f64]> = x.chunks(100).collect();
        for segments in [vec![x.as_slice()], pieces] {
            let model = burg(&segments, 2).unwrap();
            assert!((model.coefficients[0] + 1.2).abs() < 0.03, "{model:?}");
            assert!((model.coefficients[1] - 0.8).abs() < 0.03, "{model:?}");
            assert!(close(model.noise, 1.0 / 12.0, 0.05), "{model:?}");
        }
    }

    #[test]
    fn the_models_density_integrates_to_the_variance() {
        let x = resonance(4000);
        let variance = x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64;
        let density = burg(&[&x], 16).unwrap().density(0.5, 0.0005, 1.0);
        assert!(close(density.power(0.0..1.1), variance, 0.02));
    }

    #[test]
    fn nothing_that_varies_gives_no_model() {
        assert_eq!(burg(&[&[0.0; 40]], 4), None);
        assert_eq!(burg(&[&[1.0, -1.0]], 4), None);
        assert_eq!(burg(&[], 4), None);
    }
}
