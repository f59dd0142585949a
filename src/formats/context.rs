//! Limits, answers, progress and notes of one reading.

use super::ReadError;
use crate::recording::{Note, Unit};
use serde::{Deserialize, Serialize};

/// Budgets that every reader keeps. One default, here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest number of bytes of one entry that may be held at once.
    pub bytes: u64,
    /// Largest number of samples over all leads.
    pub samples: u64,
    /// Most signals in one recording.
    pub signals: usize,
    /// Deepest nesting (zip in zip, JSON, XML).
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // 7 days of 12 leads at 1000 Hz would be 7e9 samples: more than wasm32 holds. 400 million i16 are 800 MB.
        Self {
            bytes: 1 << 30,
            samples: 400_000_000,
            signals: 1024,
            depth: 32,
        }
    }
}

/// What the user answered to a [`super::Question`], or gave on the command line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// Samples per second.
    pub rate_hz: Option<f64>,
    /// Unit of the file's numbers: `mV`, `uV` or `V`.
    pub unit: Option<String>,
    /// Counts per millivolt, for bare integers.
    pub gain: Option<f64>,
    /// Name of the lead.
    pub lead: Option<String>,
    /// The entry (or the record) chosen of several; [`Answers::ALL_PARTS`] offers again what was settled unasked.
    pub choice: Option<String>,
}

impl Answers {
    /// The choice that asks a file with one recording and other parts (median beats) to offer them all.
    pub const ALL_PARTS: &str = "*";

    /// The choice that leads from this one to all parts of the same entry.
    #[must_use]
    pub fn all_parts(&self) -> String {
        match &self.choice {
            Some(choice) => {
                let entry = choice.split('#').next().unwrap_or_default();
                format!("{entry}#{}", Self::ALL_PARTS)
            }
            None => Self::ALL_PARTS.to_owned(),
        }
    }
}

impl Answers {
    /// Counts or units per millivolt that the answered unit stands for.
    #[must_use]
    pub fn per_millivolt(&self) -> Option<f64> {
        if let Some(gain) = self.gain {
            return (gain.is_finite() && gain != 0.0).then_some(gain);
        }
        match self.unit.as_deref() {
            Some("mV") => Some(1.0),
            Some("uV" | "µV" | "μV") => Some(1000.0),
            Some("V") => Some(0.001),
            Some("nV") => Some(1_000_000.0),
            _ => None,
        }
    }

    /// Unit that the values have once scaled by the answers: millivolts if known, counts if not.
    #[must_use]
    pub fn unit(&self) -> Unit {
        if self.per_millivolt().is_some() {
            Unit::Millivolt
        } else {
            Unit::Counts
        }
    }
}

/// Carried through one reading: budgets in, notes out.
#[derive(Debug, Default)]
pub struct Context {
    /// Budgets.
    pub limits: Limits,
    /// What is already answered.
    pub answers: Answers,
    /// What readers noticed; moved into the recording at the end.
    pub notes: Vec<Note>,
}

impl Context {
    /// Default budgets, with answers.
    #[must_use]
    pub fn with_answers(answers: Answers) -> Self {
        Self {
            answers,
            ..Self::default()
        }
    }

    /// Adds a note, once: the same note twice says no more.
    pub fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Checks a number of samples (over all leads) against the budget before anything is reserved.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`].
    pub fn check_samples(&self, samples: u64) -> Result<(), ReadError> {
        if samples > self.limits.samples {
            return Err(ReadError::TooLarge {
                what: "samples",
                found: samples,
                limit: self.limits.samples,
            });
        }
        Ok(())
    }

    /// Checks a number of bytes that are about to be held.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`].
    pub fn check_bytes(&self, bytes: u64) -> Result<(), ReadError> {
        if bytes > self.limits.bytes {
            return Err(ReadError::TooLarge {
                what: "bytes",
                found: bytes,
                limit: self.limits.bytes,
            });
        }
        Ok(())
    }
}
