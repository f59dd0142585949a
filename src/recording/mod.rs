//! What was recorded: leads with their samples, the time they cover, and what the source says of itself.
//!
//! Nothing here reads files, filters signals or holds opinions. A [`Recording`] is immutable once built.

mod annotation;
mod lead;
mod measured;
mod phrase;
mod samples;
mod source;
mod time;

pub use annotation::{Annotation, BeatCode};
pub use lead::{Gap, GapReason, Lead, LeadName, SignalKind, Unit};
pub use measured::Measured;
pub use phrase::{Arg, Note, Phrase};
pub use samples::{SampleData, Samples, Scale};
pub use source::{Patient, Source, SourceMeasurement};
pub use time::StartTime;

use serde::{Deserialize, Serialize};

/// Position of a sample in its own lead, counted from the lead's first sample.
pub type SampleIndex = usize;

/// One recording: simultaneous leads that share one clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The leads in the source's order. Each has its own rate; all start at the same instant.
    pub leads: Vec<Lead>,
    /// Wall-clock time of the first sample, where the source tells it.
    pub start: Option<StartTime>,
    /// What the file or device says of itself.
    pub source: Source,
    /// Marks that came with the recording, ordered by time.
    pub annotations: Vec<Annotation>,
    /// What a reader noticed or repaired while reading.
    pub notes: Vec<Note>,
}

impl Recording {
    /// Length of the longest lead in seconds; 0 when there is none.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.leads.iter().map(Lead::duration_s).fold(0.0, f64::max)
    }

    /// Indices of the leads that hold ECG, in the source's order.
    pub fn ecg_leads(&self) -> impl Iterator<Item = usize> + '_ {
        self.leads
            .iter()
            .enumerate()
            .filter(|(_, lead)| lead.kind == SignalKind::Ecg && !lead.samples.is_empty())
            .map(|(index, _)| index)
    }
}
