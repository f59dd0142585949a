//! `manifest.json`: all that is needed to run a model. Models are data; this is what the data must say.

use super::InferenceError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The only schema that is read.
pub const SCHEMA: &str = "einthoven-model/1";

/// Largest model file, in bytes.
pub const MAX_MODEL_BYTES: u64 = 64 << 20;

/// Largest manifest, in bytes.
const MAX_MANIFEST_BYTES: usize = 1 << 20;

/// Most samples of one window.
pub(super) const MAX_WINDOW_SAMPLES: usize = 1 << 17;

/// Most labels.
const MAX_LABELS: usize = 64;

/// Steps of preprocessing that this version has.
const KNOWN_STEPS: [&str; 3] = ["resample", "sos_filtfilt", "scale"];

/// What the model is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputSpec {
    /// Name of the graph's input, of shape `[1, leads, samples]`, 32-bit floats.
    pub name: String,
    /// Number of leads; this version runs models of one lead.
    pub leads: usize,
    /// Names of the leads that the model knows best, the best first.
    #[serde(default)]
    pub preferred_leads: Vec<String>,
    /// Unit that the preprocessing starts from: `mV`.
    pub unit: String,
    /// Samples per second of the prepared window.
    pub rate_hz: f64,
    /// Length of a window in seconds.
    pub window_s: f64,
    /// Samples of a prepared window, `rate_hz * window_s`.
    pub samples: usize,
    /// Seconds from the start of a window to the start of the next.
    pub hop_s: f64,
    /// What is done with less than a window: `reflect` continues it by its mirror image.
    pub short: String,
    /// Further fields, kept as they are.
    #[serde(flatten)]
    pub further: BTreeMap<String, Value>,
}

/// One step from millivolts to the model's input, in the order of the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Windowed sinc to `input.samples` samples, see [`crate::signal::resample_window`]; always the first step.
    Resample {
        /// Samples per second that come out.
        rate_hz: f64,
        /// Zero crossings of the kernel on each side.
        half_zero_crossings: f64,
        /// Shape of the Kaiser window.
        beta: f64,
        /// Cutoff as a share of half the lower rate.
        rolloff: f64,
        /// The kernel ends this many input samples before its half width.
        #[serde(default = "default_edge_samples")]
        edge_samples: f64,
    },
    /// Zero-phase filter, see [`crate::signal::sos_filtfilt`].
    SosFiltfilt {
        /// `[b0, b1, b2, a0, a1, a2]` each.
        sections: Vec<[f64; 6]>,
        /// Samples of odd reflection at each end.
        pad: usize,
    },
    /// Subtract the median, divide by the distance between two percentiles, limit.
    Scale {
        /// Lower percentile, 0 to 100.
        low_pct: f64,
        /// Upper percentile, 0 to 100.
        high_pct: f64,
        /// Least divisor, in millivolts.
        floor: f64,
        /// Largest magnitude that comes out.
        clip: f64,
    },
}

fn default_edge_samples() -> f64 {
    1e-9
}

/// What the model gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputSpec {
    /// Name of the output `[1, labels]`.
    pub logits: String,
    /// Name of the output `[1, labels, steps]` whose mean over time is the logits (class activation map).
    pub cam: String,
    /// Seconds from one step of the map to the next, the first step at the window's first sample; without it the
    /// steps share the window evenly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cam_step_s: Option<f64>,
    /// Whether the maps passed the deletion test: removing what they mark lowers the score more than removing as much at
    /// random. Maps that failed it are not shown as what influenced a call.
    #[serde(default)]
    pub cam_marks_influence: bool,
    /// Labels in the model's order.
    pub labels: Vec<String>,
}

/// How the windows of a recording become one answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Aggregation {
    /// `log(mean over windows of exp(s z)) / s` for each label.
    LogMeanExp {
        /// `s` of each label, greater than 0.
        sharpness: Vec<f64>,
    },
}

/// Vector scaling (Guo et al., "On Calibration of Modern Neural Networks", 2017): `softmax(z / temperature + bias)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// Greater than 0.
    pub temperature: f64,
    /// One number a label.
    pub bias: Vec<f64>,
}

/// From logits to probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// For the pooled logits of a recording.
    pub record: Scaling,
    /// For the logits of one window, as they come live.
    pub window: Scaling,
}

/// When the model gives no answer. A rule that is not known here is refused, not passed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abstention {
    /// Least probability of the best label, for recordings.
    pub min_probability: f64,
    /// The same for a single window; that of recordings when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_probability_window: Option<f64>,
    /// Least length without a gap, in seconds.
    pub min_duration_s: f64,
}

/// A model's description. Obtained by [`Manifest::parse`], which checks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// Name of the model's folder.
    pub id: String,
    /// Version of the model.
    pub version: String,
    /// Whether the weights are trained; a model that is not is refused.
    #[serde(default = "yes")]
    pub trained: bool,
    /// What it answers (`rhythm`).
    pub question: String,
    /// Name of the model's file, beside the manifest.
    pub file: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
    /// Length of the file.
    pub bytes: u64,
    /// What goes in.
    pub input: InputSpec,
    /// How the signal is prepared.
    pub preprocessing: Vec<Step>,
    /// What comes out.
    pub outputs: OutputSpec,
    /// How windows are pooled.
    pub aggregation: Aggregation,
    /// How logits become probabilities.
    pub calibration: Calibration,
    /// When there is no answer.
    pub abstain: Abstention,
    /// Licence of the weights.
    #[serde(default)]
    pub licence: String,
    /// Whose work and data they rest on.
    #[serde(default)]
    pub attribution: String,
    /// Further fields, kept as they are.
    #[serde(flatten)]
    pub further: BTreeMap<String, Value>,
}

/// Refuses a manifest that is longer than any needs to be.
pub(super) fn check_length(json: &[u8]) -> Result<(), InferenceError> {
    if json.len() > MAX_MANIFEST_BYTES {
        return Err(InferenceError::TooLarge {
            what: "bytes of manifest",
            found: json.len() as u64,
            limit: MAX_MANIFEST_BYTES as u64,
        });
    }
    Ok(())
}

fn yes() -> bool {
    true
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// [`InferenceError::UnknownStep`] for preprocessing that this version does not have,
    /// [`InferenceError::NotTrained`], [`InferenceError::TooLarge`], and [`InferenceError::Manifest`] with the field
    /// for everything else.
    pub fn parse(json: &[u8]) -> Result<Self, InferenceError> {
        check_length(json)?;
        let value: Value = serde_json::from_slice(json)
            .map_err(|error| InferenceError::field("the whole", "JSON", error))?;
        check_schema(&value)?;
        check_steps_known(&value)?;
        let manifest: Self = serde_json::from_value(value).map_err(|error| {
            InferenceError::field("the whole", "all fields of the schema", error)
        })?;
        manifest.check()?;
        Ok(manifest)
    }

    /// First 16 hexadecimal digits of the model's hash, as calls carry it.
    #[must_use]
    pub fn short_hash(&self) -> String {
        self.sha256.chars().take(16).collect()
    }

    /// Number of labels.
    #[must_use]
    pub fn label_count(&self) -> usize {
        self.outputs.labels.len()
    }

    fn check(&self) -> Result<(), InferenceError> {
        if !self.trained {
            return Err(InferenceError::NotTrained);
        }
        self.check_file()?;
        self.check_input()?;
        self.check_outputs()?;
        self.check_preprocessing()?;
        self.check_aggregation()?;
        self.check_scaling("calibration.record", &self.calibration.record)?;
        self.check_scaling("calibration.window", &self.calibration.window)?;
        self.check_abstention()
    }

    fn check_file(&self) -> Result<(), InferenceError> {
        if self.id.is_empty() || self.question.is_empty() {
            return Err(InferenceError::field("id, question", "names", "nothing"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if self.file.is_empty() || self.file.starts_with('.') || !self.file.chars().all(plain) {
            return Err(InferenceError::field(
                "file",
                "a plain file name",
                &self.file,
            ));
        }
        let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if self.sha256.len() != 64 || !self.sha256.chars().all(hexadecimal) {
            let expected = "64 hexadecimal digits in lower case";
            return Err(InferenceError::field("sha256", expected, &self.sha256));
        }
        if self.bytes > MAX_MODEL_BYTES {
            return Err(InferenceError::TooLarge {
                what: "bytes of model",
                found: self.bytes,
                limit: MAX_MODEL_BYTES,
            });
        }
        Ok(())
    }

    fn check_input(&self) -> Result<(), InferenceError> {
        let input = &self.input;
        if input.leads != 1 {
            return Err(InferenceError::field("input.leads", "1", input.leads));
        }
        if input.unit != "mV" {
            return Err(InferenceError::field("input.unit", "mV", &input.unit));
        }
        if input.short != "reflect" {
            return Err(InferenceError::field(
                "input.short",
                "reflect",
                &input.short,
            ));
        }
        within("input.rate_hz", input.rate_hz, 10.0, 5000.0)?;
        within("input.window_s", input.window_s, 1.0, 600.0)?;
        within("input.hop_s", input.hop_s, 0.1, input.window_s)?;
        let samples = (input.rate_hz * input.window_s).round() as usize;
        if input.samples != samples || samples > MAX_WINDOW_SAMPLES {
            let expected = format!("rate_hz * window_s, {samples}, at most {MAX_WINDOW_SAMPLES}");
            return Err(InferenceError::field(
                "input.samples",
                expected,
                input.samples,
            ));
        }
        Ok(())
    }

    fn check_outputs(&self) -> Result<(), InferenceError> {
        let labels = &self.outputs.labels;
        let different: BTreeSet<&String> = labels.iter().collect();
        if !(2..=MAX_LABELS).contains(&labels.len()) || different.len() != labels.len() {
            let expected = format!("2 to {MAX_LABELS} different labels");
            return Err(InferenceError::field(
                "outputs.labels",
                expected,
                labels.join(", "),
            ));
        }
        match self.outputs.cam_step_s {
            Some(step) => within("outputs.cam_step_s", step, 1e-3, self.input.window_s),
            None => Ok(()),
        }
    }

    fn check_preprocessing(&self) -> Result<(), InferenceError> {
        let resamples = |step: &Step| matches!(step, Step::Resample { .. });
        let first = self.preprocessing.first().is_some_and(resamples);
        if !first
            || self
                .preprocessing
                .iter()
                .filter(|step| resamples(step))
                .count()
                != 1
        {
            let expected = "one step `resample`, the first";
            return Err(InferenceError::field(
                "preprocessing",
                expected,
                "another order",
            ));
        }
        if self.preprocessing.len() > 16 {
            let found = self.preprocessing.len();
            return Err(InferenceError::field(
                "preprocessing",
                "at most 16 steps",
                found,
            ));
        }
        self.preprocessing
            .iter()
            .try_for_each(|step| self.check_step(step))
    }

    fn check_step(&self, step: &Step) -> Result<(), InferenceError> {
        match step {
            Step::Resample {
                rate_hz,
                half_zero_crossings,
                beta,
                rolloff,
                edge_samples,
            } => {
                let rate = self.input.rate_hz;
                within("resample.rate_hz", *rate_hz, rate, rate)?;
                within(
                    "resample.half_zero_crossings",
                    *half_zero_crossings,
                    1.0,
                    64.0,
                )?;
                within("resample.beta", *beta, 0.0, 30.0)?;
                within("resample.rolloff", *rolloff, 0.1, 1.0)?;
                within("resample.edge_samples", *edge_samples, 0.0, 0.5)
            }
            Step::SosFiltfilt { sections, pad } => {
                if *pad >= self.input.samples {
                    return Err(InferenceError::field(
                        "sos_filtfilt.pad",
                        "less than the window",
                        pad,
                    ));
                }
                if sections.is_empty() || sections.len() > 16 {
                    let expected = "1 to 16 sections";
                    return Err(InferenceError::field(
                        "sos_filtfilt.sections",
                        expected,
                        sections.len(),
                    ));
                }
                sections.iter().try_for_each(check_section)
            }
            Step::Scale {
                low_pct,
                high_pct,
                floor,
                clip,
            } => {
                within("scale.high_pct", *high_pct, 0.0, 100.0)?;
                within("scale.low_pct", *low_pct, 0.0, *high_pct)?;
                within("scale.floor", *floor, 1e-6, 1e3)?;
                within("scale.clip", *clip, 1e-3, 1e6)
            }
        }
    }

    fn check_aggregation(&self) -> Result<(), InferenceError> {
        let Aggregation::LogMeanExp { sharpness } = &self.aggregation;
        self.check_count("aggregation.sharpness", sharpness)?;
        sharpness
            .iter()
            .try_for_each(|&s| within("aggregation.sharpness", s, 1e-3, 1e3))
    }

    fn check_scaling(&self, place: &str, scaling: &Scaling) -> Result<(), InferenceError> {
        within(
            &format!("{place}.temperature"),
            scaling.temperature,
            1e-3,
            1e3,
        )?;
        let bias = format!("{place}.bias");
        self.check_count(&bias, &scaling.bias)?;
        scaling
            .bias
            .iter()
            .try_for_each(|&b| within(&bias, b, -1e3, 1e3))
    }

    fn check_count(&self, place: &str, numbers: &[f64]) -> Result<(), InferenceError> {
        if numbers.len() != self.label_count() {
            let expected = format!("{} numbers, one a label", self.label_count());
            return Err(InferenceError::field(place, expected, numbers.len()));
        }
        Ok(())
    }

    fn check_abstention(&self) -> Result<(), InferenceError> {
        let rules = &self.abstain;
        within("abstain.min_probability", rules.min_probability, 0.0, 1.0)?;
        if let Some(limit) = rules.min_probability_window {
            within("abstain.min_probability_window", limit, 0.0, 1.0)?;
        }
        within(
            "abstain.min_duration_s",
            rules.min_duration_s,
            0.0,
            self.input.window_s,
        )
    }
}

fn check_schema(value: &Value) -> Result<(), InferenceError> {
    match value.get("schema").and_then(Value::as_str) {
        Some(SCHEMA) => Ok(()),
        other => Err(InferenceError::field(
            "schema",
            SCHEMA,
            other.unwrap_or("nothing"),
        )),
    }
}

fn check_steps_known(value: &Value) -> Result<(), InferenceError> {
    let steps = value.get("preprocessing").and_then(Value::as_array);
    for step in steps.into_iter().flatten() {
        let name = step.get("step").and_then(Value::as_str).unwrap_or("");
        if !KNOWN_STEPS.contains(&name) {
            let step = name.chars().take(80).collect();
            return Err(InferenceError::UnknownStep { step });
        }
    }
    Ok(())
}

/// Finite coefficients with both poles inside the unit circle (Jury's criterion for order 2).
fn check_section(section: &[f64; 6]) -> Result<(), InferenceError> {
    let [.., a0, a1, a2] = *section;
    let (a1, a2) = (a1 / a0, a2 / a0);
    let finite = section.iter().all(|c| c.is_finite()) && a0 != 0.0;
    if !(finite && a2.abs() < 1.0 && a1.abs() < 1.0 + a2) {
        let found = format!("{section:?}");
        return Err(InferenceError::field(
            "sos_filtfilt.sections",
            "stable sections",
            found,
        ));
    }
    Ok(())
}

pub(super) fn within(field: &str, value: f64, least: f64, most: f64) -> Result<(), InferenceError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let expected = if least < most {
        format!("{least} to {most}")
    } else {
        least.to_string()
    };
    Err(InferenceError::field(field, expected, value))
}

#[cfg(test)]
mod tests {
    use super::super::testing::manifest_json;
    use super::*;

    fn parse(value: &Value) -> Result<Manifest, InferenceError> {
        Manifest::parse(value.to_string().as_bytes())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut json = manifest_json();
        json["card"] = "card.json".into();
        let manifest = parse(&json).unwrap();
        assert_eq!(manifest.further["card"], "card.json");
        let written = serde_json::to_vec(&manifest).unwrap();
        assert_eq!(Manifest::parse(&written).unwrap(), manifest);
    }

    #[test]
    fn an_unknown_step_is_refused_by_name() {
        let mut json = manifest_json();
        json["preprocessing"][1]["step"] = "wavelet_denoise".into();
        let step = "wavelet_denoise".to_owned();
        assert_eq!(parse(&json), Err(InferenceError::UnknownStep { step }));
    }

    #[test]
    fn an_unknown_number_of_a_step_or_rule_is_refused() {
        for (pointer, key) in [
            ("/preprocessing/2", "ceiling"),
            ("/abstain", "max_heart_rate"),
        ] {
            let mut json = manifest_json();
            json.pointer_mut(pointer).unwrap()[key] = 1.5.into();
            let error = parse(&json).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
        }
    }

    #[test]
    fn an_untrained_model_is_refused() {
        let mut json = manifest_json();
        json["trained"] = false.into();
        assert_eq!(parse(&json), Err(InferenceError::NotTrained));
    }

    #[test]
    fn every_wrong_value_names_its_field() {
        for (pointer, wrong) in [
            ("/schema", Value::from("einthoven-model/2")),
            ("/file", "../../etc/passwd".into()),
            ("/sha256", "abc".into()),
            ("/input/leads", 12.into()),
            ("/input/unit", "uV".into()),
            ("/input/short", "zeros".into()),
            ("/input/samples", 999.into()),
            ("/input/hop_s", 0.into()),
            ("/input/rate_hz", (-100).into()),
            ("/outputs/labels/1", "normal".into()),
            ("/calibration/record/temperature", 0.into()),
            ("/calibration/window/bias", vec![0.0; 3].into()),
            ("/aggregation/sharpness", vec![1.0; 5].into()),
            ("/abstain/min_probability", 1.5.into()),
            ("/preprocessing/0/rate_hz", 125.into()),
            ("/preprocessing/1/sections/0/5", 1.2.into()),
            ("/preprocessing/2/floor", 0.into()),
        ] {
            let mut json = manifest_json();
            *json.pointer_mut(pointer).unwrap() = wrong;
            let name = pointer
                .split('/')
                .rfind(|part| part.parse::<usize>().is_err())
                .unwrap();
            match parse(&json) {
                Err(InferenceError::Manifest { field, .. }) => {
                    assert!(field.contains(name), "{pointer}: {field}");
                }
                other => panic!("{pointer}: {other:?}"),
            }
        }
    }

    #[test]
    fn garbage_is_refused() {
        for garbage in [
            &b""[..],
            b"{",
            b"[1]",
            b"\xff\xfe",
            b"{\"schema\":\"einthoven-model/1\"}",
        ] {
            assert!(matches!(
                Manifest::parse(garbage),
                Err(InferenceError::Manifest { .. })
            ));
        }
    }
}
