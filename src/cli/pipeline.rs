//! From an open recording to its report: the engine's job, its models answered inline.

use super::arguments::Common;
use super::models::Shelf;
use crate::engine::{self, Job, Options, Outcome};
use crate::recording::{Phrase, Recording};
use crate::report::Report;

/// Analyses one lead (chosen by quality when `None`), asks the models, finds, and reports.
///
/// # Errors
/// A phrase when there is no report, which the engine promises for every recording.
pub fn report(
    recording: &Recording,
    lead: Option<usize>,
    common: &Common,
    shelf: &mut Shelf,
) -> Result<Report, Phrase> {
    let options = Options {
        lead,
        models: common.asks_models(),
        ..Options::default()
    };
    let job = Job::of_recording(recording.clone(), options);
    match engine::run(job, &mut |request| shelf.answer(request, common)) {
        Outcome::Report(both) => Ok(both.0),
        Outcome::Failed(error) => Err(error.phrase()),
        Outcome::Choice(_) | Outcome::Question(_) | Outcome::Unknown => {
            Err(Phrase::new("withheld-not-analysed"))
        }
    }
}

/// The report of a recording that is not analysed.
#[must_use]
pub fn inspection(recording: &Recording) -> Report {
    let reason = Phrase::new("withheld-not-analysed");
    Report::new(recording, Err(reason), Vec::new(), Vec::new())
}
