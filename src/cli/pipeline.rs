//! From an open recording to its report, in the order of the rooms.

use super::arguments::Common;
use crate::analysis;
use crate::findings;
use crate::recording::{Phrase, Recording};
use crate::report::Report;

/// Analyses one lead (chosen by quality when `None`), asks the models, finds, and reports.
#[must_use]
pub fn report(recording: &Recording, lead: Option<usize>, common: &Common) -> Report {
    let analysis = analysis::analyse(recording, lead);
    let (mut calls, mut no_calls) = (Vec::new(), None);
    if let Ok(analysis) = &analysis {
        match super::models::calls(recording, analysis, common) {
            Ok(found) => calls = found,
            Err(reason) => no_calls = reason,
        }
    }
    let found = match &analysis {
        Ok(analysis) => findings::find(analysis, &calls),
        Err(_) => Vec::new(),
    };
    let mut report = Report::new(recording, analysis, calls, found);
    report.no_calls = no_calls;
    report
}

/// The report of a recording that is not analysed.
#[must_use]
pub fn inspection(recording: &Recording) -> Report {
    let reason = Phrase::new("withheld-not-analysed");
    Report::new(recording, Err(reason), Vec::new(), Vec::new())
}
