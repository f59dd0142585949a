//! From millivolts at any rate to a model's input, window by window, by the numbers of the manifest.
//!
//! Each window is prepared from its own samples alone, so that a live stream and a file give the same input.

use super::InferenceError;
use super::manifest::{Manifest, Step};
use crate::signal::{ResamplingTable, SincShape, percentile_of_sorted, sos_filtfilt};

/// Highest rate of a signal, in samples per second; bounds the resampling table (12 zero crossings: 20 MB).
pub const MAX_RATE_HZ: f64 = 10_000.0;

/// Lowest rate of a signal as a share of the model's: below half of it, half of the band that the model was trained on
/// is missing.
pub const MIN_RATE_SHARE: f64 = 0.5;

/// What windows are prepared for.
pub(super) struct Target<'a> {
    /// Samples per second that come out.
    pub rate_hz: f64,
    /// Seconds of a window.
    pub window_s: f64,
    /// Samples of a window that come out.
    pub samples: usize,
    /// Steps; the first is [`Step::Resample`].
    pub steps: &'a [Step],
}

/// Prepares windows of one lead's rate; the resampling weights are calculated once.
#[derive(Clone, Debug)]
pub struct Preprocessor {
    rate_hz: f64,
    length: usize,
    samples: usize,
    table: ResamplingTable,
    steps: Vec<Step>,
}

impl Preprocessor {
    /// A preprocessor for signals of `rate_hz` samples per second.
    ///
    /// # Errors
    /// [`InferenceError::Rate`] when the rate is not within half the model's rate and [`MAX_RATE_HZ`].
    pub fn new(manifest: &Manifest, rate_hz: f64) -> Result<Self, InferenceError> {
        let input = &manifest.input;
        let target = Target {
            rate_hz: input.rate_hz,
            window_s: input.window_s,
            samples: input.samples,
            steps: &manifest.preprocessing,
        };
        Self::of(&target, rate_hz)
    }

    /// The same for what no [`Manifest`] describes.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn of(target: &Target<'_>, rate_hz: f64) -> Result<Self, InferenceError> {
        let least = target.rate_hz * MIN_RATE_SHARE;
        let outside = InferenceError::Rate {
            rate_hz,
            least,
            most: MAX_RATE_HZ,
        };
        if !(least..=MAX_RATE_HZ).contains(&rate_hz) {
            return Err(outside);
        }
        let Some((
            Step::Resample {
                half_zero_crossings,
                beta,
                rolloff,
                edge_samples,
                ..
            },
            steps,
        )) = target.steps.split_first()
        else {
            let expected = "one step `resample`, the first";
            return Err(InferenceError::field(
                "preprocessing",
                expected,
                "another order",
            ));
        };
        let shape = SincShape {
            half_zero_crossings: *half_zero_crossings,
            beta: *beta,
            rolloff: *rolloff,
            edge_samples: *edge_samples,
        };
        let length = samples_of(target.window_s, rate_hz);
        let table = ResamplingTable::new(length, rate_hz, target.rate_hz, target.samples, shape);
        Ok(Self {
            rate_hz,
            length,
            samples: target.samples,
            table: table.ok_or(outside)?,
            steps: steps.to_vec(),
        })
    }

    /// Samples per second of the windows that go in.
    #[must_use]
    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// Samples of a window that goes in.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Samples of a window that comes out.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The model's input `[samples]` of one window of millivolts.
    ///
    /// What is beyond [`Self::length`] is not looked at. A shorter window is continued by its mirror image, the last
    /// sample not repeated, reflected again as often as needed (`numpy.pad`, mode `reflect`); nothing gives all 0.
    #[must_use]
    pub fn window(&self, values_mv: &[f32]) -> Vec<f32> {
        let resampled = if values_mv.len() < self.length {
            self.table.apply(&reflected(values_mv, self.length))
        } else {
            self.table.apply(values_mv)
        };
        let prepared = self.steps.iter().fold(resampled, |x, step| apply(step, x));
        prepared.into_iter().map(|x| x as f32).collect()
    }
}

/// `seconds` in samples, halves up.
pub(super) fn samples_of(seconds: f64, rate_hz: f64) -> usize {
    (seconds * rate_hz + 0.5).floor().max(0.0) as usize
}

fn reflected(x: &[f32], length: usize) -> Vec<f32> {
    let Some(last) = x.len().checked_sub(1) else {
        return vec![0.0; length];
    };
    let period = (2 * last).max(1);
    (0..length)
        .map(|i| {
            let at = i % period;
            x[if at > last { period - at } else { at.min(last) }]
        })
        .collect()
}

fn apply(step: &Step, x: Vec<f64>) -> Vec<f64> {
    match step {
        // The first step, done by the table.
        Step::Resample { .. } => x,
        Step::SosFiltfilt { sections, pad } => sos_filtfilt(sections, *pad, &x),
        Step::Scale {
            low_pct,
            high_pct,
            floor,
            clip,
        } => scaled(x, [*low_pct, *high_pct], *floor, *clip),
    }
}

fn scaled(mut x: Vec<f64>, percentiles: [f64; 2], floor: f64, clip: f64) -> Vec<f64> {
    let mut sorted = x.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |q| percentile_of_sorted(&sorted, q).unwrap_or(0.0);
    let [low, high] = percentiles;
    let (median, divisor) = (at(50.0), (at(high) - at(low)).max(floor));
    for value in &mut x {
        *value = ((*value - median) / divisor).clamp(-clip, clip);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::super::testing::manifest;
    use super::*;
    use proptest::prelude::*;

    fn trace(rate_hz: f64, seconds: f64) -> Vec<f32> {
        (0..samples_of(seconds, rate_hz))
            .map(|k| {
                let t = k as f64 / rate_hz;
                let beat = (t / 0.8).fract() - 0.4;
                ((-(beat / 0.03).powi(2)).exp() + 0.1 * (2.5 * t).sin()) as f32
            })
            .collect()
    }

    #[test]
    fn the_same_trace_at_any_rate_gives_nearly_the_same_input() {
        let reference = Preprocessor::new(&manifest(), 100.0)
            .unwrap()
            .window(&trace(100.0, 10.0));
        for rate_hz in [125.0, 130.0, 256.0, 300.0, 512.41, 1000.0] {
            let found = Preprocessor::new(&manifest(), rate_hz)
                .unwrap()
                .window(&trace(rate_hz, 10.0));
            assert_eq!(found.len(), 1000);
            let worst = (50..950)
                .map(|m| (found[m] - reference[m]).abs())
                .fold(0.0, f32::max);
            assert!(worst < 0.01, "{rate_hz}: {worst}");
        }
    }

    #[test]
    fn rates_that_cannot_be_prepared_are_refused() {
        for rate_hz in [f64::NAN, 0.0, -100.0, 49.0, 1e6, f64::INFINITY] {
            let error = Preprocessor::new(&manifest(), rate_hz).unwrap_err();
            assert!(matches!(error, InferenceError::Rate { .. }), "{rate_hz}");
        }
    }

    #[test]
    fn a_short_window_goes_on_as_its_mirror_image() {
        assert_eq!(
            reflected(&[1.0, 2.0, 3.0], 8),
            [1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0, 2.0]
        );
        assert_eq!(reflected(&[4.0], 3), [4.0; 3]);
        assert_eq!(reflected(&[4.0, 5.0], 4), [4.0, 5.0, 4.0, 5.0]);
        assert_eq!(reflected(&[], 2), [0.0; 2]);
    }

    #[test]
    fn a_flat_window_gives_zeros() {
        let prepared = Preprocessor::new(&manifest(), 250.0)
            .unwrap()
            .window(&[1.7; 2500]);
        assert!(prepared.iter().all(|x| x.abs() < 1e-6));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Gain, polarity and offset of the source do not change what the model sees, but for the sign.
        #[test]
        fn gain_and_offset_do_not_matter(gain in 0.2_f32..20.0, negative: bool, offset in -2.0_f32..2.0) {
            let signed = if negative { -gain } else { gain };
            let preprocessor = Preprocessor::new(&manifest(), 130.0).unwrap();
            let plain = trace(130.0, 10.0);
            let changed: Vec<f32> = plain.iter().map(|x| x * signed + offset).collect();
            for (a, b) in preprocessor.window(&plain).iter().zip(preprocessor.window(&changed)) {
                prop_assert!((a * signed.signum() - b).abs() < 2e-4, "{a} {b}");
            }
        }

        #[test]
        fn no_input_breaks_it(values in prop::collection::vec(-1e6_f32..1e6, 0..3000)) {
            let prepared = Preprocessor::new(&manifest(), 200.0).unwrap().window(&values);
            prop_assert_eq!(prepared.len(), 1000);
            prop_assert!(prepared.iter().all(|x| x.abs() <= 8.0));
        }
    }
}
