//! The slot: a model that a user brings, with a manifest made in a form. It is not ours, and nothing of ours rests on it.
//!
//! [`manifest_of`] makes the manifest from a form's answers, [`gather`] takes the leads from a recording by name and in
//! millivolts, and [`OwnSession`] (feature `inference`) checks and runs. Its result stands beside the report, never in it.

mod form;
mod gather;
mod manifest;
mod prepare;
#[cfg(feature = "inference")]
mod session;
#[cfg(test)]
mod testing;

pub use form::{
    Answers, Field, FieldKind, FormStep, STEPS, answers_of, is_to_be_kept, manifest_of, step_of,
};
pub use gather::{LEAST_MV, MAX_STRETCH_S, MOST_MV, OwnLead, OwnRequest, gather};
pub use manifest::{
    Activation, Layout, Normalisation, OWN_SCHEMA, OwnFilter, OwnInput, OwnManifest, OwnOutput,
    SignalUnit,
};
pub use prepare::Preparer;
#[cfg(feature = "inference")]
pub use session::{OwnSession, inspect};

use crate::recording::Phrase;
use serde::{Deserialize, Serialize};

/// What a user's model says of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnResult {
    /// Each label with the model's value after the manifest's activation, mean over the windows; in the manifest's order.
    pub values: Vec<(String, f32)>,
    /// Thresholds of the manifest, one a label or none.
    pub thresholds: Vec<f32>,
    /// Values lie between 0 and 1 (softmax, sigmoid).
    pub is_share: bool,
    /// What the values rest on: sentences of the catalogue.
    pub lines: Vec<Phrase>,
}

/// What a model's file says of itself, before there is a manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// Sentences of the catalogue.
    pub facts: Vec<Phrase>,
    /// Answers of the form that follow from the file.
    pub answers: Answers,
}
