//! All that is said of one recording, and one file an output of it.
//!
//! A [`Report`] is data that travels from worker to page; every sentence in it is a phrase, which [`Words`] says.

pub mod annotations;
pub mod csv;
mod fhir;
mod global;
mod hrv;
pub mod json;
pub mod marks;
mod paper;
mod summary;
mod text;
pub mod verdict;
mod words;

pub use fhir::fhir;
pub use global::{INTERVALS, Read, global_basis, shows_axis};
pub use hrv::{HrvRow, MAIN_FIGURES, hrv_basis, hrv_corrections, hrv_rows};
pub use json::{Document, SCHEMA, document};
pub use paper::paper;
pub use summary::{ANNOTATIONS_CARRIED, LeadSummary, RecordingSummary};
pub use text::{Extent, text};
pub use verdict::{
    Rhythm, RhythmSpan, conclusion, quality, rate, reason_id, rhythm, rhythm_spans, small_print,
};
pub use words::{LANGUAGES, Language, Words, clock_text, plain_number};

use crate::analysis::Analysis;
use crate::analysis::edits::Edit;
use crate::analysis::hrv::Hrv;
use crate::findings::Finding;
use crate::inference::Call;
use crate::recording::{Phrase, Recording};
use serde::{Deserialize, Serialize};

/// A file name of letters that every system takes, from the record's own name.
#[must_use]
pub fn file_stem(name: &str) -> String {
    let base = name.rsplit('/').next().unwrap_or(name);
    let base = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    let stem: String = base
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .take(40)
        .collect();
    if stem.is_empty() {
        "recording".to_owned()
    } else {
        stem
    }
}

/// Everything that is said of one recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the file that was opened.
    pub file: String,
    /// SHA-256 of that file in hexadecimal, `None` for what came from no file (live, simulated).
    pub sha256: Option<String>,
    /// The recording without its samples.
    pub recording: RecordingSummary,
    /// What was measured, or why nothing was.
    pub analysis: Result<Analysis, Phrase>,
    /// Heart rate variability, or why there is none.
    pub hrv: Hrv,
    /// The models' answers; empty while or where no model was asked.
    pub calls: Vec<Call>,
    /// Why the models that were asked gave no calls.
    pub no_calls: Option<Phrase>,
    /// What was found, in the order in which it is told.
    pub findings: Vec<Finding>,
    /// What the reader overruled, in order; everything above is with it.
    pub edits: Vec<Edit>,
    /// Program and version that made the report.
    pub build: String,
}

impl Report {
    /// The report of a recording, under the name that its source has; without a hash, which who opened it may set, and
    /// without heart rate variability, which who knows the rhythm may set.
    #[must_use]
    pub fn new(
        recording: &Recording,
        analysis: Result<Analysis, Phrase>,
        calls: Vec<Call>,
        findings: Vec<Finding>,
    ) -> Self {
        Self {
            file: recording.source.name.clone(),
            sha256: None,
            recording: RecordingSummary::of(recording),
            hrv: Hrv::withheld(match &analysis {
                Ok(_) => Phrase::new("withheld-not-measured"),
                Err(reason) => reason.clone(),
            }),
            analysis,
            calls,
            no_calls: None,
            findings,
            edits: Vec::new(),
            build: build(),
        }
    }

    /// Name of the lead that was analysed.
    #[must_use]
    pub fn analysed_lead(&self) -> Option<&LeadSummary> {
        let analysis = self.analysis.as_ref().ok()?;
        self.recording.leads.get(analysis.lead)
    }
}

/// Program and version, with the commit where the build knows it.
#[must_use]
pub fn build() -> String {
    match option_env!("EINTHOVEN_BUILD") {
        Some(id) => format!("einthoven {} ({id})", env!("CARGO_PKG_VERSION")),
        None => format!("einthoven {}", env!("CARGO_PKG_VERSION")),
    }
}

#[cfg(test)]
mod testing;
