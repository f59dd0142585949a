//! `einthoven-own-model/1`: all that is needed to run a user's model, as its user states it.

use super::super::InferenceError;
use super::super::manifest::{MAX_WINDOW_SAMPLES, Step, check_length, within};
use crate::recording::LeadName;
use crate::signal::{Band, butterworth};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The only schema that is read.
pub const OWN_SCHEMA: &str = "einthoven-own-model/1";

/// Most leads and most labels.
const MOST_NAMES: usize = 64;

/// Most numbers of one input.
const MAX_INPUT_VALUES: usize = 1 << 20;

/// Longest name, and longest citation or licence, in characters.
const LONGEST_NAME: usize = 80;
const LONGEST_TEXT: usize = 2000;

/// Order of the Butterworth prototypes of [`OwnFilter`].
const FILTER_ORDER: usize = 2;

/// How the input tensor is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// `[1, leads, samples]`.
    LeadsSamples,
    /// `[1, samples, leads]`.
    SamplesLeads,
    /// `[1, 1, leads, samples]`, as networks for images take it.
    OneLeadsSamples,
}

impl Layout {
    /// Shape of the input tensor.
    #[must_use]
    pub fn shape(self, leads: usize, samples: usize) -> Vec<usize> {
        match self {
            Self::LeadsSamples => vec![1, leads, samples],
            Self::SamplesLeads => vec![1, samples, leads],
            Self::OneLeadsSamples => vec![1, 1, leads, samples],
        }
    }
}

/// Unit of the numbers that the model is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignalUnit {
    /// Millivolts.
    #[serde(rename = "mV")]
    Millivolt,
    /// Microvolts.
    #[serde(rename = "uV")]
    Microvolt,
}

impl SignalUnit {
    /// How many of the unit are a millivolt. The one place where a user's model has its voltage converted.
    #[must_use]
    pub fn per_millivolt(self) -> f32 {
        match self {
            Self::Millivolt => 1.0,
            Self::Microvolt => 1000.0,
        }
    }

    /// The unit as it is written.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Millivolt => "mV",
            Self::Microvolt => "µV",
        }
    }
}

/// What a window goes through after its unit, before the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalisation {
    /// Nothing.
    None,
    /// Each lead less its mean, divided by its standard deviation (divisor n).
    ZScoreLead,
    /// All leads together less their mean, divided by their standard deviation (divisor n).
    ZScoreAll,
    /// Each lead divided by its largest magnitude.
    MaxAbsLead,
}

/// What makes the model's output numbers that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// The output as it is.
    None,
    /// One of the labels: `exp(z) / sum of exp(z)`.
    Softmax,
    /// Each label for itself: `1 / (1 + exp(-z))`.
    Sigmoid,
}

/// What goes in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnInput {
    /// Leads in the model's order, by name.
    pub leads: Vec<String>,
    /// Layout of the tensor.
    pub layout: Layout,
    /// Unit of the numbers.
    pub unit: SignalUnit,
    /// Samples per second.
    pub rate_hz: f64,
    /// Seconds of a window.
    pub window_s: f64,
    /// Seconds from the start of a window to the start of the next.
    pub hop_s: f64,
}

/// Butterworth filter of order 2, forward and backward (no delay), at the model's rate, before unit and normalisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnFilter {
    /// Lower edge in hertz.
    #[serde(default)]
    pub high_pass_hz: Option<f64>,
    /// Upper edge in hertz.
    #[serde(default)]
    pub low_pass_hz: Option<f64>,
}

impl OwnFilter {
    fn band(self) -> Option<Band> {
        match (self.high_pass_hz, self.low_pass_hz) {
            (None, None) => None,
            (Some(low), None) => Some(Band::HighPass(low)),
            (None, Some(high)) => Some(Band::LowPass(high)),
            (Some(low), Some(high)) => Some(Band::BandPass(low, high)),
        }
    }
}

/// What comes out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnOutput {
    /// Name of the graph's output, of shape `[1, labels]` or `[labels]`.
    pub tensor: String,
    /// Labels in the model's order.
    pub labels: Vec<String>,
    /// What the output goes through.
    pub activation: Activation,
    /// One number a label, or none at all.
    #[serde(default)]
    pub thresholds: Vec<f64>,
}

/// The manifest. Obtained by [`OwnManifest::parse`] or [`super::manifest_of`], which check it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnManifest {
    /// [`OWN_SCHEMA`].
    pub schema: String,
    /// Name for people.
    pub name: String,
    /// Version.
    #[serde(default)]
    pub version: String,
    /// Who made it and where it is described.
    pub citation: String,
    /// Licence of the weights.
    #[serde(default)]
    pub licence: String,
    /// SHA-256 of the model's file, once it was seen; a file with another hash is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What goes in.
    pub input: OwnInput,
    /// Filter.
    #[serde(default)]
    pub filter: OwnFilter,
    /// Normalisation.
    pub normalisation: Normalisation,
    /// What comes out.
    pub output: OwnOutput,
}

impl OwnManifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// [`InferenceError::TooLarge`], and [`InferenceError::Manifest`] with the field, an id of the form, for the rest.
    pub fn parse(json: &[u8]) -> Result<Self, InferenceError> {
        check_length(json)?;
        let manifest: Self = serde_json::from_slice(json)
            .map_err(|error| InferenceError::field("own-manifest", OWN_SCHEMA, error))?;
        manifest.checked()
    }

    /// The same manifest if it holds together.
    ///
    /// # Errors
    /// [`InferenceError::Manifest`] with the field, an id of the form.
    pub fn checked(self) -> Result<Self, InferenceError> {
        if self.schema != OWN_SCHEMA {
            return Err(InferenceError::field(
                "own-manifest",
                OWN_SCHEMA,
                &self.schema,
            ));
        }
        text("own-name", &self.name, 1, LONGEST_NAME)?;
        text("own-version", &self.version, 0, LONGEST_NAME)?;
        text("own-citation", &self.citation, 1, LONGEST_TEXT)?;
        text("own-licence", &self.licence, 0, LONGEST_TEXT)?;
        self.check_input()?;
        self.check_filter()?;
        self.check_output()?;
        Ok(self)
    }

    /// Samples of a window at the model's rate.
    #[must_use]
    pub fn samples(&self) -> usize {
        (self.input.rate_hz * self.input.window_s).round() as usize
    }

    /// Shape of the input tensor.
    #[must_use]
    pub fn input_shape(&self) -> Vec<usize> {
        (self.input.layout).shape(self.input.leads.len(), self.samples())
    }

    /// Steps from millivolts at any rate to filtered millivolts at the model's.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let rate_hz = self.input.rate_hz;
        let resample = Step::Resample {
            rate_hz,
            half_zero_crossings: 12.0,
            beta: 8.0,
            rolloff: 0.95,
            edge_samples: 1e-9,
        };
        let filter = (self.filter.band())
            .and_then(|band| butterworth(FILTER_ORDER, band, rate_hz))
            .map(|sections| Step::SosFiltfilt {
                sections,
                // A second settles what a filter from half a hertz on starts with.
                pad: (rate_hz as usize).min(self.samples().saturating_sub(1)),
            });
        std::iter::once(resample).chain(filter).collect()
    }

    fn check_input(&self) -> Result<(), InferenceError> {
        let input = &self.input;
        names("own-leads", &input.leads, canonical)?;
        within("own-rate", input.rate_hz, 10.0, 5000.0)?;
        within("own-window", input.window_s, 0.5, 600.0)?;
        within(
            "own-hop",
            input.hop_s,
            input.window_s / 10.0,
            input.window_s,
        )?;
        let samples = self.samples();
        let most = MAX_WINDOW_SAMPLES.min(MAX_INPUT_VALUES / input.leads.len().max(1));
        if samples > most {
            let expected = format!("at most {most} samples a lead");
            return Err(InferenceError::field("own-window", expected, samples));
        }
        Ok(())
    }

    fn check_filter(&self) -> Result<(), InferenceError> {
        let half = self.input.rate_hz / 2.0;
        let low = self.filter.high_pass_hz.unwrap_or(0.0);
        if let Some(edge) = self.filter.high_pass_hz {
            within("own-high-pass", edge, 0.01, half * 0.98)?;
        }
        if let Some(edge) = self.filter.low_pass_hz {
            within("own-low-pass", edge, low + 0.01, half * 0.98)?;
        }
        Ok(())
    }

    fn check_output(&self) -> Result<(), InferenceError> {
        let output = &self.output;
        text("own-tensor", &output.tensor, 1, LONGEST_TEXT)?;
        names("own-labels", &output.labels, str::to_owned)?;
        if output.activation == Activation::Softmax && output.labels.len() < 2 {
            let expected = "2 labels or more, or another activation";
            return Err(InferenceError::field("own-labels", expected, 1));
        }
        let (count, labels) = (output.thresholds.len(), output.labels.len());
        if count != 0 && count != labels {
            let expected = format!("none, or {labels}: one a label");
            return Err(InferenceError::field("own-thresholds", expected, count));
        }
        let (least, most) = match output.activation {
            Activation::None => (f64::MIN, f64::MAX),
            Activation::Softmax | Activation::Sigmoid => (0.0, 1.0),
        };
        (output.thresholds.iter())
            .try_for_each(|&limit| within("own-thresholds", limit, least, most))
    }
}

/// One spelling for all spellings of a lead.
pub(super) fn canonical(name: &str) -> String {
    LeadName::recognise(name).map_or_else(
        || name.trim().to_lowercase(),
        |lead| lead.label().to_owned(),
    )
}

fn text(field: &str, value: &str, least: usize, most: usize) -> Result<(), InferenceError> {
    let length = value.trim().chars().count();
    if (least..=most).contains(&length) {
        return Ok(());
    }
    let expected = format!("{least} to {most} characters");
    Err(InferenceError::field(field, expected, length))
}

/// Names that are there, not too many, and all different.
fn names(
    field: &str,
    names: &[String],
    key: impl Fn(&str) -> String,
) -> Result<(), InferenceError> {
    let different: BTreeSet<String> = names.iter().map(|name| key(name)).collect();
    if !(1..=MOST_NAMES).contains(&names.len()) || different.len() != names.len() {
        let expected = format!("1 to {MOST_NAMES} different names");
        return Err(InferenceError::field(field, expected, names.join(", ")));
    }
    names
        .iter()
        .try_for_each(|name| text(field, name, 1, LONGEST_NAME))
}

#[cfg(test)]
mod tests {
    use super::super::testing::own_manifest;
    use super::*;

    fn field_of(change: impl FnOnce(&mut OwnManifest)) -> String {
        let mut manifest = own_manifest();
        change(&mut manifest);
        match manifest.checked() {
            Err(InferenceError::Manifest { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_does_not_hold_together_is_named_by_its_field() {
        type Change = fn(&mut OwnManifest);
        let changes: [(&str, Change); 13] = [
            ("own-manifest", |m| m.schema = "einthoven-model/1".into()),
            ("own-name", |m| m.name = " ".into()),
            ("own-citation", |m| m.citation.clear()),
            ("own-leads", |m| m.input.leads.clear()),
            ("own-leads", |m| {
                m.input.leads = vec!["II".into(), "MLII".into()]
            }),
            ("own-rate", |m| m.input.rate_hz = f64::NAN),
            ("own-window", |m| m.input.window_s = 1e9),
            ("own-hop", |m| m.input.hop_s = 0.0),
            ("own-high-pass", |m| m.filter.high_pass_hz = Some(80.0)),
            ("own-low-pass", |m| m.filter.low_pass_hz = Some(0.2)),
            ("own-labels", |m| {
                m.output.labels = vec!["a".into(), "a".into()]
            }),
            ("own-labels", |m| m.output.labels.truncate(1)),
            ("own-thresholds", |m| m.output.thresholds = vec![0.5, 2.0]),
        ];
        for (field, change) in changes {
            assert_eq!(field_of(change), field);
        }
    }

    #[test]
    fn a_manifest_is_the_same_after_writing_and_reading() {
        let text = serde_json::to_string(&own_manifest()).unwrap();
        assert_eq!(OwnManifest::parse(text.as_bytes()).unwrap(), own_manifest());
        let odd = text.replace("\"uV\"", "\"V\"").replace("\"mV\"", "\"V\"");
        assert!(OwnManifest::parse(odd.as_bytes()).is_err());
        assert!(OwnManifest::parse(&vec![b' '; 2 << 20]).is_err());
    }
}
