//! Why a model cannot be used, or not on this signal: what was expected, what was found, and through
//! [`InferenceError::phrase`] what to do.

use crate::recording::Phrase;

/// Why there is no answer of a model at all. (An answer that is not given with confidence is a call that abstains.)
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InferenceError {
    /// The manifest is not what a manifest must be.
    #[error("manifest, {field}: expected {expected}, found {found}")]
    Manifest {
        /// Path of the field (`input.rate_hz`).
        field: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// The manifest asks for a preprocessing step that this version does not have.
    #[error("manifest: unknown preprocessing step {step}")]
    UnknownStep {
        /// Name of the step.
        step: String,
    },
    /// The manifest says that the weights are not trained.
    #[error("the model is not trained")]
    NotTrained,
    /// The model's file is not the one that the manifest speaks of.
    #[error("the model's file has {what} {found}, its manifest says {expected}")]
    WrongFile {
        /// `SHA-256` or `length`.
        what: &'static str,
        /// By the manifest.
        expected: String,
        /// Of the file.
        found: String,
    },
    /// It would take more than the budget.
    #[error("{found} {what} are more than the limit of {limit}")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// How many may be.
        limit: u64,
    },
    /// The file is not a model that can be read.
    #[error("the model cannot be read: {reason}")]
    Unreadable {
        /// What the runtime says.
        reason: String,
    },
    /// The model uses operators that the runtime does not have.
    #[error("the model uses operators that are not supported: {operators}")]
    Operators {
        /// Their names, separated by commas.
        operators: String,
    },
    /// An input or output has another name, type or shape than the manifest says.
    #[error("{place}: expected {expected}, found {found}")]
    Shape {
        /// `input ecg`, `output cam`.
        place: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A weight or an output is not a number.
    #[error("{place} is not a finite number")]
    NotFinite {
        /// Name of the weight or output.
        place: String,
    },
    /// The runtime stopped while running the model.
    #[error("the model's run failed: {reason}")]
    Run {
        /// What the runtime says.
        reason: String,
    },
    /// The signal's rate is outside what the model can be given.
    #[error("{rate_hz} samples per second are outside {least} to {most}")]
    Rate {
        /// Samples per second of the signal.
        rate_hz: f64,
        /// Lowest rate.
        least: f64,
        /// Highest rate.
        most: f64,
    },
}

impl InferenceError {
    /// A field of the manifest that is not what it must be.
    pub(super) fn field(field: &str, expected: impl Into<String>, found: impl ToString) -> Self {
        Self::Manifest {
            field: field.to_owned(),
            expected: expected.into(),
            found: found.to_string(),
        }
    }

    /// The catalogue's words for it: what, where, and what to do.
    #[must_use]
    pub fn phrase(&self) -> Phrase {
        match self {
            Self::Manifest {
                field,
                expected,
                found,
            } => Phrase::new("model-error-manifest")
                .with("field", field.as_str())
                .with("expected", expected.as_str())
                .with("found", found.as_str()),
            Self::UnknownStep { step } => {
                Phrase::new("model-error-unknown-step").with("step", step.as_str())
            }
            Self::NotTrained => Phrase::new("model-error-not-trained"),
            Self::WrongFile {
                what,
                expected,
                found,
            } => Phrase::new("model-error-wrong-file")
                .with("what", *what)
                .with("expected", expected.as_str())
                .with("found", found.as_str()),
            Self::TooLarge { what, found, limit } => Phrase::new("model-error-too-large")
                .with("what", *what)
                .with("found", *found)
                .with("limit", *limit),
            Self::Unreadable { reason } => {
                Phrase::new("model-error-unreadable").with("reason", reason.as_str())
            }
            Self::Operators { operators } => {
                Phrase::new("model-error-operators").with("operators", operators.as_str())
            }
            Self::Shape {
                place,
                expected,
                found,
            } => Phrase::new("model-error-shape")
                .with("place", place.as_str())
                .with("expected", expected.as_str())
                .with("found", found.as_str()),
            Self::NotFinite { place } => {
                Phrase::new("model-error-not-finite").with("place", place.as_str())
            }
            Self::Run { reason } => Phrase::new("model-error-run").with("reason", reason.as_str()),
            Self::Rate {
                rate_hz,
                least,
                most,
            } => Phrase::new("model-error-rate")
                .with("rate", *rate_hz)
                .with("least", *least)
                .with("most", *most),
        }
    }
}
