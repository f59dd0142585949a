//! Marks that came with a recording.

use serde::{Deserialize, Serialize};

/// A mark at a time, with the code of the source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// Seconds from the first sample.
    pub time_s: f64,
    /// Sample index at the annotation's own rate (for WFDB the record's frame rate).
    pub sample: u64,
    /// Code in WFDB's symbols (`N`, `V`, `+`, `~`); free-text events of other formats carry `"`.
    pub code: String,
    /// WFDB's subtype, channel and number fields.
    pub subtype: i8,
    /// The lead it belongs to, where the source tells.
    pub channel: u8,
    /// Free number (WFDB `NUM`).
    pub number: i8,
    /// Auxiliary text (`(AFIB`), without padding.
    pub text: String,
}

/// Beat classes of ANSI/AAMI EC57: normal, supraventricular, ventricular, fusion, unclassifiable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum BeatCode {
    N,
    S,
    V,
    F,
    Q,
}

impl BeatCode {
    /// The one-letter code.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::N => "N",
            Self::S => "S",
            Self::V => "V",
            Self::F => "F",
            Self::Q => "Q",
        }
    }
}
