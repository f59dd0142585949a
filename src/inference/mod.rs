//! Models: windows of a recording to calibrated calls that may abstain. Models are data in `models/`.
//!
//! [`prepare`] and [`conclude`] are pure; only [`Session`] (feature `inference`) knows the runtime. [`record_calls`] and
//! [`live_call`] do all three.

mod aggregate;
mod error;
mod evidence;
#[cfg(feature = "inference")]
mod kernels;
mod manifest;
pub mod own;
mod plan;
mod preprocess;
#[cfg(feature = "inference")]
mod session;
#[cfg(test)]
mod testing;
mod voltage;

pub use aggregate::{WindowOutputs, conclude, conclude_live};
pub use error::InferenceError;
pub use evidence::MAX_SPANS;
pub use manifest::{
    Abstention, Aggregation, Calibration, InputSpec, MAX_MODEL_BYTES, Manifest, OutputSpec, SCHEMA,
    Scaling, Step,
};
pub use plan::{
    LeadView, Prepared, SEGMENT_S, SPARSE_FROM_S, Segment, WHOLE_UP_TO_S, Window, plan, prepare,
    prepare_live, prepare_segments,
};
pub use preprocess::{MAX_RATE_HZ, MIN_RATE_SHARE, Preprocessor};
#[cfg(feature = "inference")]
pub use session::{Session, live_call, record_calls};
pub use voltage::no_heart_has_such_voltage;

use crate::recording::Phrase;
use serde::{Deserialize, Serialize};

/// Evidence of a call over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceSpan {
    /// Seconds.
    pub from_s: f64,
    /// Seconds, exclusive.
    pub to_s: f64,
    /// Influence on the label's score, 0 to 1 within the call.
    pub weight: f32,
}

/// A model's answer to one question about a stretch of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Model id.
    pub model: String,
    /// Version and hash of the model's file.
    pub version: String,
    /// First 16 hexadecimal digits of the SHA-256 of the model's file.
    pub hash: String,
    /// What was asked (`rhythm`).
    pub question: String,
    /// Stretch that was looked at, seconds.
    pub from_s: f64,
    /// End of the stretch, seconds.
    pub to_s: f64,
    /// Label with the highest probability; empty when there is no distribution.
    pub label: String,
    /// Its calibrated probability; 0 when there is no distribution.
    pub probability: f32,
    /// All labels with their calibrated probabilities, in the model's order.
    pub distribution: Vec<(String, f32)>,
    /// Why no call is made although there is a distribution, or why there is none.
    pub abstained: Option<Phrase>,
    /// Segments that most influenced the label's score.
    pub evidence: Vec<EvidenceSpan>,
}
