//! A measured quantity, or the reason why there is none.

use super::Phrase;
use serde::{Deserialize, Serialize};

/// A quantity with its basis, or withheld with a reason. There is no third state, and no NaN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Measured<T> {
    /// What was measured.
    Value {
        /// The value, in the unit that the field's name says.
        value: T,
        /// Standard deviation over the `n` single values, where there are at least two.
        sd: Option<T>,
        /// How many single values (beats, intervals) it rests on.
        n: usize,
        /// How it was measured, a catalogue id.
        method: String,
    },
    /// Not measured, and why.
    Withheld(Phrase),
}

impl<T: Copy> Measured<T> {
    /// The value where there is one.
    pub fn value(&self) -> Option<T> {
        match self {
            Self::Value { value, .. } => Some(*value),
            Self::Withheld(_) => None,
        }
    }

    /// Withheld for the reason with the catalogue id `reason` (without arguments).
    pub fn withheld(reason: &str) -> Self {
        Self::Withheld(Phrase::new(reason))
    }
}
