//! From the outputs of windows to calls: pooling, calibration, abstention.

use super::Call;
use super::evidence::evidence;
use super::manifest::{Aggregation, Manifest, Scaling};
use super::plan::{Prepared, Segment};
use crate::recording::Phrase;
use serde::{Deserialize, Serialize};

/// Share of a segment's windows that must be usable.
const MIN_USABLE_SHARE: f64 = 0.5;

/// What the model says of some windows, in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowOutputs {
    /// Number of labels.
    pub labels: usize,
    /// Steps of the class activation maps.
    pub steps: usize,
    /// `[windows, labels]`.
    pub logits: Vec<f32>,
    /// `[windows, labels, steps]`.
    pub cam: Vec<f32>,
}

impl WindowOutputs {
    /// Logits `[labels]` of one window, empty when there is none.
    #[must_use]
    pub fn window_logits(&self, window: usize) -> &[f32] {
        part(&self.logits, window, self.labels)
    }

    /// Class activation maps `[labels, steps]` of one window, empty when there is none.
    #[must_use]
    pub fn window_cam(&self, window: usize) -> &[f32] {
        part(&self.cam, window, self.labels * self.steps)
    }
}

fn part(values: &[f32], index: usize, length: usize) -> &[f32] {
    values
        .get(index * length..(index + 1) * length)
        .unwrap_or_default()
}

/// Which calibration and limit an answer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Record,
    Window,
}

impl Level {
    fn scaling(self, manifest: &Manifest) -> &Scaling {
        match self {
            Self::Record => &manifest.calibration.record,
            Self::Window => &manifest.calibration.window,
        }
    }

    fn limit(self, manifest: &Manifest) -> f64 {
        let rules = &manifest.abstain;
        match self {
            Self::Record => rules.min_probability,
            Self::Window => rules
                .min_probability_window
                .unwrap_or(rules.min_probability),
        }
    }
}

/// One call for each segment, from the outputs of all its windows.
#[must_use]
pub fn conclude(manifest: &Manifest, prepared: &Prepared, outputs: &WindowOutputs) -> Vec<Call> {
    calls(manifest, prepared, outputs, Level::Record)
}

/// The call for the last window of a stream ([`super::prepare_live`]), with the calibration of single windows.
#[must_use]
pub fn conclude_live(
    manifest: &Manifest,
    prepared: &Prepared,
    outputs: &WindowOutputs,
) -> Vec<Call> {
    calls(manifest, prepared, outputs, Level::Window)
}

fn calls(
    manifest: &Manifest,
    prepared: &Prepared,
    outputs: &WindowOutputs,
    level: Level,
) -> Vec<Call> {
    let mut window = 0;
    prepared
        .segments
        .iter()
        .map(|segment| {
            let first = window;
            window += segment.windows.len();
            call(manifest, segment, outputs, first, level)
        })
        .collect()
}

fn call(
    manifest: &Manifest,
    segment: &Segment,
    outputs: &WindowOutputs,
    first: usize,
    level: Level,
) -> Call {
    let Aggregation::LogMeanExp { sharpness } = &manifest.aggregation;
    let answered: Vec<usize> = (first..first + segment.windows.len())
        .filter(|&window| outputs.window_logits(window).len() == manifest.label_count())
        .collect();
    let mut call = Call {
        model: manifest.id.clone(),
        version: manifest.version.clone(),
        hash: manifest.short_hash(),
        question: manifest.question.clone(),
        from_s: segment.from_s,
        to_s: segment.to_s,
        label: String::new(),
        probability: 0.0,
        distribution: Vec::new(),
        abstained: signal_reason(manifest, segment),
        evidence: Vec::new(),
    };
    let logits: Vec<&[f32]> = answered
        .iter()
        .map(|&window| outputs.window_logits(window))
        .collect();
    let pooled = log_mean_exp(&logits, sharpness);
    let probabilities = scaled(&pooled, level.scaling(manifest));
    let Some((best, &probability)) = probabilities
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(b.1))
    else {
        // Without windows there is always a reason of the signal; this holds should a caller lose outputs on the way.
        call.abstained
            .get_or_insert_with(|| too_short(manifest, segment));
        return call;
    };
    let labels = &manifest.outputs.labels;
    call.label = labels.get(best).cloned().unwrap_or_default();
    call.probability = probability as f32;
    call.distribution = labels
        .iter()
        .cloned()
        .zip(probabilities.iter().map(|&p| p as f32))
        .collect();
    let limit = level.limit(manifest);
    if call.abstained.is_none() && probability < limit {
        let unsure = Phrase::new("model-abstains-unsure").with("probability", probability);
        call.abstained = Some(unsure.with("limit", limit));
    }
    if manifest.outputs.cam_marks_influence {
        call.evidence = evidence(manifest, segment, outputs, first, best);
    }
    call
}

/// Why the signal carries no answer, whatever the model says.
fn signal_reason(manifest: &Manifest, segment: &Segment) -> Option<Phrase> {
    let planned = segment.windows.len() + segment.unusable;
    let share = segment.windows.len() as f64 / planned.max(1) as f64;
    if segment.unusable > 0 && share < MIN_USABLE_SHARE {
        return Some(Phrase::new("model-abstains-quality").with("usable", 100.0 * share));
    }
    if segment.windows.is_empty() || segment.unbroken_s < manifest.abstain.min_duration_s {
        return Some(too_short(manifest, segment));
    }
    (segment.beats == Some(0)).then(|| Phrase::new("model-abstains-no-beats"))
}

/// Too short as it is, or cut too short by gaps.
fn too_short(manifest: &Manifest, segment: &Segment) -> Phrase {
    let least = manifest.abstain.min_duration_s;
    let id_phrase = if segment.to_s - segment.from_s < least {
        Phrase::new("model-abstains-short")
    } else {
        Phrase::new("model-abstains-gaps")
    };
    id_phrase
        .with("duration", segment.unbroken_s)
        .with("least", least)
}

/// Pools `[windows][labels]` to `[labels]`: `log(mean over windows of exp(s z)) / s` with one `s` a label, near the
/// mean for small and near the maximum for large `s`. Empty when there are no windows.
fn log_mean_exp(logits: &[&[f32]], sharpness: &[f64]) -> Vec<f64> {
    if logits.is_empty() {
        return Vec::new();
    }
    let pool = |(label, &s): (usize, &f64)| {
        let scaled: Vec<f64> = logits
            .iter()
            .filter_map(|window| window.get(label))
            .map(|&z| s * f64::from(z))
            .collect();
        let most = scaled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = scaled.iter().map(|z| (z - most).exp()).sum();
        (most + (sum / scaled.len() as f64).ln()) / s
    };
    sharpness.iter().enumerate().map(pool).collect()
}

/// `softmax(logits / temperature + bias)`; empty stays empty.
fn scaled(logits: &[f64], scaling: &Scaling) -> Vec<f64> {
    let shifted: Vec<f64> = logits
        .iter()
        .zip(&scaling.bias)
        .map(|(z, bias)| z / scaling.temperature + bias)
        .collect();
    let most = shifted.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponents: Vec<f64> = shifted.iter().map(|z| (z - most).exp()).collect();
    let sum: f64 = exponents.iter().sum();
    exponents.into_iter().map(|e| e / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::super::plan::{LeadView, plan};
    use super::super::testing::manifest;
    use super::*;
    use crate::analysis::{Grade, QualitySpan};
    use std::ops::Range;

    fn segments(
        n: usize,
        gaps: &[Range<usize>],
        quality: &[QualitySpan],
        beats: usize,
    ) -> Prepared {
        let values = vec![0.0; n];
        let lead = LeadView {
            rate_hz: 100.0,
            values_mv: &values,
            gaps,
            quality,
            beats: Some(beats),
        };
        Prepared {
            segments: plan(&manifest(), &lead),
            ..Prepared::default()
        }
    }

    fn outputs(windows: &[[f32; 4]]) -> WindowOutputs {
        WindowOutputs {
            labels: 4,
            steps: 2,
            logits: windows.concat(),
            cam: windows
                .iter()
                .flatten()
                .flat_map(|&z| [z - 1.0, z + 1.0])
                .collect(),
        }
    }

    fn reason(call: &Call) -> &str {
        call.abstained
            .as_ref()
            .map_or("", |phrase| phrase.id.as_str())
    }

    /// By hand, for the numbers of the test manifest: sharpness 1 and 2, temperature 0.5, bias 0.1 and -0.1.
    #[test]
    fn pooling_and_calibration_follow_the_formula() {
        let two = outputs(&[[1.0, 0.0, 0.0, 0.0], [3.0, 2.0, 0.0, 0.0]]);
        let call = &conclude(&manifest(), &segments(1300, &[], &[], 20), &two)[0];
        let pooled = [
            ((1_f64.exp() + 3_f64.exp()) / 2.0).ln(),
            ((1.0 + 4_f64.exp()) / 2.0).ln() / 2.0,
            0.0,
            0.0,
        ];
        let exponents: Vec<f64> = [0.1, 0.0, -0.1, 0.0]
            .iter()
            .zip(pooled)
            .map(|(b, z)| (z / 0.5 + b).exp())
            .collect();
        let sum: f64 = exponents.iter().sum();
        for (found, expected) in call.distribution.iter().zip(exponents) {
            assert!(
                (f64::from(found.1) - expected / sum).abs() < 1e-6,
                "{found:?}"
            );
        }
        assert_eq!((call.label.as_str(), reason(call)), ("normal", ""));
        assert_eq!(call.hash, "0123456789abcdef");
    }

    #[test]
    fn live_takes_the_calibration_of_windows() {
        let prepared = segments(1000, &[], &[], 12);
        let one = outputs(&[[0.0, 1.0, 0.0, 0.0]]);
        let live = &conclude_live(&manifest(), &prepared, &one)[0];
        let record = &conclude(&manifest(), &prepared, &one)[0];
        let expected = 0.5_f64.exp() / (0.5_f64.exp() + 3.0);
        assert!((f64::from(live.probability) - expected).abs() < 1e-6);
        assert_eq!(
            (reason(live), reason(record)),
            ("model-abstains-unsure", "")
        );
    }

    #[test]
    fn each_segment_has_its_own_windows() {
        let normal = [3.0, 0.0, 0.0, 0.0];
        let af = [0.0, 3.0, 0.0, 0.0];
        let windows = [[normal; 5], [af; 5], [normal; 5]].concat();
        let calls = conclude(
            &manifest(),
            &segments(9000, &[], &[], 90),
            &outputs(&windows),
        );
        let labels: Vec<&str> = calls.iter().map(|call| call.label.as_str()).collect();
        assert_eq!(labels, ["normal", "af", "normal"]);
        assert_eq!((calls[1].from_s, calls[1].to_s), (30.0, 60.0));
    }

    #[test]
    fn each_reason_to_abstain_is_told() {
        let sure = [9.0, 0.0, 0.0, 0.0];
        let said = |prepared: &Prepared, windows: usize| {
            let call = &conclude(&manifest(), prepared, &outputs(&vec![sure; windows]))[0];
            (reason(call).to_owned(), call.distribution.len())
        };
        assert_eq!(
            said(&segments(800, &[], &[], 9), 1),
            ("model-abstains-short".into(), 4)
        );
        assert_eq!(
            said(&segments(300, &[], &[], 9), 0),
            ("model-abstains-short".into(), 0)
        );
        assert_eq!(
            said(&segments(0, &[], &[], 0), 0),
            ("model-abstains-short".into(), 0)
        );
        let holes = [300..310, 600..610, 900..910, 1200..1210];
        assert_eq!(
            said(&segments(1500, &holes, &[], 9), 0),
            ("model-abstains-gaps".into(), 0)
        );
        assert_eq!(
            said(&segments(3000, &[], &[], 0), 5),
            ("model-abstains-no-beats".into(), 4)
        );
        let noise = [QualitySpan {
            range_s: 0.0..21.0,
            grade: Grade::Unusable,
            reasons: Vec::new(),
        }];
        assert_eq!(
            said(&segments(3000, &[], &noise, 9), 2),
            ("model-abstains-quality".into(), 4)
        );
        assert_eq!(said(&segments(3000, &[], &[], 9), 5), (String::new(), 4));
    }

    #[test]
    fn lost_outputs_are_no_answer() {
        let call = &conclude(
            &manifest(),
            &segments(3000, &[], &[], 30),
            &WindowOutputs::default(),
        )[0];
        assert!(call.abstained.is_some() && call.distribution.is_empty());
    }

    #[test]
    fn large_logits_stay_finite() {
        let two = outputs(&[[1e4, -1e4, 0.0, 0.0], [1e4, 1e4, 0.0, 0.0]]);
        let call = &conclude(&manifest(), &segments(1300, &[], &[], 20), &two)[0];
        assert!(call.distribution.iter().all(|(_, p)| p.is_finite()));
    }
}
