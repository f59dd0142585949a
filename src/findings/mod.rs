//! What is said of a stretch or of beats, with its evidence. One file a finding.

use crate::recording::Phrase;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// One statement with its address on the trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable id (`bradycardia`); an id never changes its meaning.
    pub id: String,
    /// Where it applies, seconds.
    pub range_s: Range<f64>,
    /// Indices of the beats it rests on.
    pub beats: Vec<usize>,
    /// 0 to 1.
    pub confidence: f32,
    /// What is said, in the catalogue's words.
    pub text: Phrase,
}
