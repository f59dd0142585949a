//! The form in which a user states what a model wants: its fields as data, and the way from answers to a manifest.

use super::super::InferenceError;
use super::manifest::{OWN_SCHEMA, OwnFilter, OwnInput, OwnManifest, OwnOutput};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Answers by field id.
pub type Answers = Vec<(String, String)>;

/// How a field is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A line of text.
    Text,
    /// A number.
    Number,
    /// One of these values; the catalogue has `<field>-<value>` for each. The first stands for no answer where it is
    /// [`UNANSWERED`].
    Choice(&'static [&'static str]),
}

/// One field. Its id is its label's id in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Id.
    pub id: &'static str,
    /// How it is answered.
    pub kind: FieldKind,
}

/// One step of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormStep {
    /// Id of its heading in the catalogue.
    pub id: &'static str,
    /// Fields in order.
    pub fields: &'static [Field],
}

/// The choice that is none: what it stands for must be answered.
const UNANSWERED: &str = "open";

const fn field(id: &'static str, kind: FieldKind) -> Field {
    Field { id, kind }
}

/// The steps after choosing the file.
pub static STEPS: [FormStep; 4] = [
    FormStep {
        id: "own-step-input",
        fields: &[
            field("own-leads", FieldKind::Text),
            field(
                "own-layout",
                FieldKind::Choice(&[
                    UNANSWERED,
                    "leads-samples",
                    "samples-leads",
                    "one-leads-samples",
                ]),
            ),
            field("own-unit", FieldKind::Choice(&[UNANSWERED, "mV", "uV"])),
            field("own-rate", FieldKind::Number),
            field("own-window", FieldKind::Number),
            field("own-hop", FieldKind::Number),
        ],
    },
    FormStep {
        id: "own-step-signal",
        fields: &[
            field("own-high-pass", FieldKind::Number),
            field("own-low-pass", FieldKind::Number),
            field(
                "own-normalisation",
                FieldKind::Choice(&[
                    UNANSWERED,
                    "none",
                    "z-score-lead",
                    "z-score-all",
                    "max-abs-lead",
                ]),
            ),
        ],
    },
    FormStep {
        id: "own-step-output",
        fields: &[
            field("own-labels", FieldKind::Text),
            field(
                "own-activation",
                FieldKind::Choice(&[UNANSWERED, "softmax", "sigmoid", "none"]),
            ),
            field("own-thresholds", FieldKind::Text),
            field("own-tensor", FieldKind::Text),
        ],
    },
    FormStep {
        id: "own-step-card",
        fields: &[
            field("own-name", FieldKind::Text),
            field("own-version", FieldKind::Text),
            field("own-citation", FieldKind::Text),
            field("own-licence", FieldKind::Text),
            field("own-keep", FieldKind::Choice(&["session", "device"])),
        ],
    },
];

/// Which step holds a field.
#[must_use]
pub fn step_of(id: &str) -> Option<usize> {
    STEPS
        .iter()
        .position(|step| step.fields.iter().any(|field| field.id == id))
}

/// Whether the file shall be kept on this device beyond the session.
#[must_use]
pub fn is_to_be_kept(answers: &Answers) -> bool {
    answer(answers, "own-keep") == "device"
}

/// The manifest that answers describe, checked. Without a hop, windows follow each other without overlap.
///
/// # Errors
/// [`InferenceError::Manifest`] with the field's id.
pub fn manifest_of(answers: &Answers) -> Result<OwnManifest, InferenceError> {
    let window_s = needed_number(answers, "own-window")?;
    let labels = list(answer(answers, "own-labels"), &['\n', ';']);
    let thresholds = numbers(answers, "own-thresholds", labels.len())?;
    let manifest = OwnManifest {
        schema: OWN_SCHEMA.to_owned(),
        name: answer(answers, "own-name").to_owned(),
        version: answer(answers, "own-version").to_owned(),
        citation: answer(answers, "own-citation").to_owned(),
        licence: answer(answers, "own-licence").to_owned(),
        sha256: None,
        input: OwnInput {
            leads: list(answer(answers, "own-leads"), &['\n', ',', ';', ' ']),
            layout: choice(answers, "own-layout")?,
            unit: choice(answers, "own-unit")?,
            rate_hz: needed_number(answers, "own-rate")?,
            window_s,
            hop_s: number(answers, "own-hop")?.unwrap_or(window_s),
        },
        filter: OwnFilter {
            high_pass_hz: number(answers, "own-high-pass")?,
            low_pass_hz: number(answers, "own-low-pass")?,
        },
        normalisation: choice(answers, "own-normalisation")?,
        output: OwnOutput {
            tensor: answer(answers, "own-tensor").to_owned(),
            labels,
            activation: choice(answers, "own-activation")?,
            thresholds,
        },
    };
    manifest.checked()
}

/// The answers that give this manifest.
#[must_use]
pub fn answers_of(manifest: &OwnManifest) -> Answers {
    let (input, output) = (&manifest.input, &manifest.output);
    let edge = |hz: Option<f64>| hz.map(|hz| hz.to_string()).unwrap_or_default();
    let thresholds: Vec<String> = output.thresholds.iter().map(f64::to_string).collect();
    let pairs = [
        ("own-leads", input.leads.join(", ")),
        ("own-layout", value_name(&input.layout)),
        ("own-unit", value_name(&input.unit)),
        ("own-rate", input.rate_hz.to_string()),
        ("own-window", input.window_s.to_string()),
        ("own-hop", input.hop_s.to_string()),
        ("own-high-pass", edge(manifest.filter.high_pass_hz)),
        ("own-low-pass", edge(manifest.filter.low_pass_hz)),
        ("own-normalisation", value_name(&manifest.normalisation)),
        ("own-labels", output.labels.join("\n")),
        ("own-activation", value_name(&output.activation)),
        ("own-thresholds", thresholds.join(" ")),
        ("own-tensor", output.tensor.clone()),
        ("own-name", manifest.name.clone()),
        ("own-version", manifest.version.clone()),
        ("own-citation", manifest.citation.clone()),
        ("own-licence", manifest.licence.clone()),
    ];
    pairs
        .into_iter()
        .map(|(id, value)| (id.to_owned(), value))
        .collect()
}

fn value_name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}

fn answer<'a>(answers: &'a Answers, id: &str) -> &'a str {
    let found = answers.iter().find(|(known, _)| known == id);
    found.map_or("", |(_, value)| value.trim())
}

fn list(text: &str, separators: &[char]) -> Vec<String> {
    text.split(separators)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn choice<T: DeserializeOwned>(answers: &Answers, id: &str) -> Result<T, InferenceError> {
    let text = answer(answers, id);
    serde_json::from_value(Value::String(text.to_owned()))
        .map_err(|_| InferenceError::field(id, "one of the choices", shown(text)))
}

fn parse(id: &str, text: &str) -> Result<f64, InferenceError> {
    let number: Option<f64> = text.replace(',', ".").parse().ok();
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| InferenceError::field(id, "a number", shown(text)))
}

fn number(answers: &Answers, id: &str) -> Result<Option<f64>, InferenceError> {
    match answer(answers, id) {
        "" => Ok(None),
        text => parse(id, text).map(Some),
    }
}

fn needed_number(answers: &Answers, id: &str) -> Result<f64, InferenceError> {
    number(answers, id)?.ok_or_else(|| InferenceError::field(id, "a number", shown("")))
}

/// Numbers between spaces; a single one stands for all.
fn numbers(answers: &Answers, id: &str, count: usize) -> Result<Vec<f64>, InferenceError> {
    let numbers: Vec<f64> = list(answer(answers, id), &['\n', ';', ' '])
        .iter()
        .map(|text| parse(id, text.trim_end_matches(',')))
        .collect::<Result<_, _>>()?;
    Ok(match numbers.as_slice() {
        [one] => vec![*one; count],
        _ => numbers,
    })
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::testing::own_manifest;
    use super::*;

    #[test]
    fn answers_and_manifest_are_the_same_thing() {
        let manifest = own_manifest();
        assert_eq!(manifest_of(&answers_of(&manifest)).unwrap(), manifest);
    }

    #[test]
    fn every_answer_has_a_field_and_every_field_an_answer() {
        let answers = answers_of(&own_manifest());
        let fields: Vec<&str> = STEPS
            .iter()
            .flat_map(|step| step.fields)
            .map(|field| field.id)
            .collect();
        let answered = answers.iter().map(|(id, _)| id.as_str());
        // Whether it is kept is no matter of the manifest.
        let answered: Vec<&str> = answered.chain(["own-keep"]).collect();
        assert_eq!(fields, answered);
    }

    #[test]
    fn what_is_left_open_is_named() {
        let without = |id: &str| -> Answers {
            let answers = answers_of(&own_manifest());
            answers
                .into_iter()
                .filter(|(known, _)| known != id)
                .collect()
        };
        for id in [
            "own-unit",
            "own-rate",
            "own-window",
            "own-leads",
            "own-labels",
            "own-activation",
            "own-normalisation",
            "own-name",
            "own-citation",
            "own-tensor",
        ] {
            match manifest_of(&without(id)) {
                Err(InferenceError::Manifest { field, .. }) => assert_eq!(field, id),
                other => panic!("{id}: {other:?}"),
            }
            assert!(step_of(id).is_some());
        }
        let hop = manifest_of(&without("own-hop")).unwrap().input.hop_s;
        assert_eq!(hop, 2.0);
        assert!(manifest_of(&without("own-thresholds")).is_ok());
    }

    #[test]
    fn one_threshold_stands_for_all_and_a_comma_is_a_point() {
        let mut answers = answers_of(&own_manifest());
        for (id, value) in &mut answers {
            if id == "own-thresholds" {
                *value = "0,7".to_owned();
            }
        }
        let manifest = manifest_of(&answers).unwrap();
        assert_eq!(manifest.output.thresholds, [0.7, 0.7]);
    }
}
