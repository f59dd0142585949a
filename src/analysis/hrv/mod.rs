//! Heart rate variability: how the intervals between normal beats vary, as they are and after correction side by side.
//!
//! Three rules hold throughout. An interval counts only between beats that follow each other in usable signal; nothing
//! is put in for one that does not. A figure is withheld, with its reason, where the length, the share of corrected
//! beats or the rhythm does not carry it. LF/HF is a ratio of powers and is not called a balance of anything.

mod correction;
mod frequency;
mod measure;
mod nonlinear;
mod search;
mod time;

pub use correction::{Correction, CorrectionKind, Overruling};
pub use measure::measure;

use crate::recording::{Measured, Phrase};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// An interval between two beats.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Interval {
    /// Time of the beat that begins it, seconds.
    from_s: f64,
    /// Length in seconds.
    rr_s: f64,
    /// Whether the beat that begins it ends the interval before.
    joined: bool,
}

impl Interval {
    fn end_s(self) -> f64 {
        self.from_s + self.rr_s
    }
}

/// A stretch whose rhythm carries no heart rate variability.
#[derive(Clone, Debug, PartialEq)]
pub struct Barred {
    /// Seconds.
    pub range_s: Range<f64>,
    /// What is said where nothing is measured because of it.
    pub reason: Phrase,
}

/// One figure, as the intervals are and after correction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its name in the public schema, which ends in its unit: `sdnn_ms`, `lf_hf`.
    pub name: String,
    /// Over all intervals.
    pub raw: Measured<f64>,
    /// Over the intervals between normal beats.
    pub corrected: Measured<f64>,
}

impl Figure {
    /// Its unit as people write it, empty for a number without one.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self.name.rsplit('_').next() {
            Some("ms") => "ms",
            Some("ms2") => "ms²",
            Some("pct") => "%",
            Some("hz") => "Hz",
            _ => "",
        }
    }
}

/// Figures of one stretch of a long recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HrvWindow {
    /// Seconds, end exclusive.
    pub range_s: Range<f64>,
    /// What was measured in it.
    pub figures: Vec<Figure>,
}

/// Heart rate variability of one lead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hrv {
    /// Why there is none at all; the figures are empty then.
    pub withheld: Option<Phrase>,
    /// Intervals between beats that follow each other.
    pub intervals: usize,
    /// Those between normal beats.
    pub kept: usize,
    /// Beats that were put right, in order of time.
    pub corrections: Vec<Correction>,
    /// Over the whole recording. Spectra and entropy are means over its windows of five minutes.
    pub figures: Vec<Figure>,
    /// Window by window, where there are at least two.
    pub windows: Vec<HrvWindow>,
    /// What must be known to read the figures.
    pub remarks: Vec<Phrase>,
}

impl Hrv {
    /// None, for a reason.
    #[must_use]
    pub fn withheld(reason: Phrase) -> Self {
        Self {
            withheld: Some(reason),
            ..Self::default()
        }
    }

    /// The figure of a name over the whole recording.
    #[must_use]
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == name)
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
