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
    /// The model's operator set is older or newer than what the runtime has.
    #[error("the model's operator set {found} is outside {least} to {most}")]
    OperatorSet {
        /// Version of the standard operators.
        found: i64,
        /// Oldest.
        least: i64,
        /// Newest.
        most: i64,
    },
    /// The recording lacks leads that the model is given.
    #[error("the recording lacks the leads {missing}; it has {there}")]
    MissingLeads {
        /// Names, separated by commas.
        missing: String,
        /// Names of the recording's ECG leads.
        there: String,
    },
    /// A lead is not in millivolts.
    #[error("the lead {lead} has no known unit")]
    NoUnit {
        /// Its name.
        lead: String,
    },
    /// Leads carry no signal.
    #[error("the leads {leads} carry no signal")]
    Flat {
        /// Names, separated by commas.
        leads: String,
    },
    /// The voltage is not that of a heart: the recording's unit was misread.
    #[error(
        "the lead {lead} has {found_mv} mV within 2 s, which is outside {least_mv} to {most_mv}"
    )]
    Voltage {
        /// The tallest lead.
        lead: String,
        /// Millivolts from lowest to highest value within 2 s, typical of it.
        found_mv: f64,
        /// Least.
        least_mv: f64,
        /// Most.
        most_mv: f64,
    },
    /// There is no whole window.
    #[error("{duration_s} s hold no unbroken window of {window_s} s")]
    TooShort {
        /// Length of the stretch.
        duration_s: f64,
        /// Length of the model's window.
        window_s: f64,
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
            } => Phrase::new(if field.starts_with("own-") {
                "own-error-field"
            } else {
                "model-error-manifest"
            })
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
            Self::OperatorSet { found, least, most } => Phrase::new("model-error-operator-set")
                .with("found", *found as f64)
                .with("least", *least as f64)
                .with("most", *most as f64),
            Self::MissingLeads { missing, there } => Phrase::new("model-error-missing-leads")
                .with("missing", missing.as_str())
                .with("there", there.as_str()),
            Self::NoUnit { lead } => Phrase::new("model-error-no-unit").with("lead", lead.as_str()),
            Self::Flat { leads } => Phrase::new("model-error-flat").with("leads", leads.as_str()),
            Self::Voltage {
                lead,
                found_mv,
                least_mv,
                most_mv,
            } => Phrase::new("model-error-voltage")
                .with("lead", lead.as_str())
                .with("found", *found_mv)
                .with("least", *least_mv)
                .with("most", *most_mv),
            Self::TooShort {
                duration_s,
                window_s,
            } => Phrase::new("model-error-too-short")
                .with("duration", *duration_s)
                .with("window", *window_s),
        }
    }
}
