//! Why a file could not be read, in few kinds, each of which tells the reader's next step.

use super::SourceError;
use crate::recording::Phrase;
use serde::{Deserialize, Serialize};

/// Why there is no recording. "Not mine" is never mixed with "mine but broken".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ReadError {
    /// No format recognises the content.
    #[error("no known ECG format is recognised")]
    NotThisFormat,
    /// The format is clear and something in it is not what it must be.
    #[error("{format} at {place}: expected {expected}, found {found}")]
    Damaged {
        /// Format id.
        format: String,
        /// Byte offset or line, as text (`byte 512`, `line 3`).
        place: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// The format is clear and uses something that is not read.
    #[error("{format}: {feature} is not supported")]
    Unsupported {
        /// Format id.
        format: String,
        /// The feature.
        feature: String,
    },
    /// It would take more than the budget.
    #[error("{found} {what} are more than the limit of {limit}")]
    TooLarge {
        /// What was counted.
        #[serde(skip_deserializing, default)]
        what: &'static str,
        /// How many there are.
        found: u64,
        /// How many may be.
        limit: u64,
    },
    /// The record has another part that was not given.
    #[error("{format}: add the file {name}")]
    NeedsFile {
        /// Format id.
        format: String,
        /// Name of the missing file.
        name: String,
    },
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// The format is clear and holds no ECG signal (an event list, a heart-rate list, another signal).
    #[error("{format}: no ECG signal in it")]
    NoSignal {
        /// Format id.
        format: String,
        /// What it holds instead, a catalogue id.
        holds: String,
    },
    /// The medium failed.
    #[error("the file could not be read: {reason}")]
    Medium {
        /// What the system says.
        reason: String,
    },
}

impl From<SourceError> for ReadError {
    fn from(error: SourceError) -> Self {
        Self::Medium {
            reason: error.to_string(),
        }
    }
}

impl ReadError {
    /// Damaged at a byte offset.
    #[must_use]
    pub fn damaged_at(
        format: &str,
        offset: u64,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Damaged {
            format: format.to_owned(),
            place: format!("byte {offset}"),
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// Damaged at a line, counted from 1.
    #[must_use]
    pub fn damaged_line(
        format: &str,
        line: usize,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Damaged {
            format: format.to_owned(),
            place: format!("line {line}"),
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// The catalogue's words for it: what, where, and what to do.
    #[must_use]
    pub fn phrase(&self) -> Phrase {
        match self {
            Self::NotThisFormat => Phrase::new("error-not-recognised"),
            Self::Damaged {
                format,
                place,
                expected,
                found,
            } => Phrase::new("error-damaged")
                .with("format", format.as_str())
                .with("place", place.as_str())
                .with("expected", expected.as_str())
                .with("found", found.as_str()),
            Self::Unsupported { format, feature } => Phrase::new("error-unsupported")
                .with("format", format.as_str())
                .with("feature", feature.as_str()),
            Self::TooLarge { what, found, limit } => Phrase::new("error-too-large")
                .with("what", *what)
                .with("found", *found)
                .with("limit", *limit),
            Self::NeedsFile { format, name } => Phrase::new("error-needs-file")
                .with("format", format.as_str())
                .with("name", name.as_str()),
            Self::Empty => Phrase::new("error-empty"),
            Self::NoSignal { format, holds } => Phrase::new("error-no-signal")
                .with("format", format.as_str())
                .with("holds", holds.as_str()),
            Self::Medium { reason } => Phrase::new("error-medium").with("reason", reason.as_str()),
        }
    }
}
