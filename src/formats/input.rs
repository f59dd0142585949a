//! What nearly every reader begins and ends with: the whole entry within the budget, a choice of several recordings,
//! a question for what the file leaves open.

use super::text::decode;
use super::{Answers, Context, Entry, Offer, Question, ReadError, Reading, Unknown};
use crate::recording::{Phrase, Recording, Source, Unit};

/// Samples shown with a question.
pub const PREVIEW: usize = 4000;

pub use super::view::whole as bytes;

/// The entry as text of any encoding.
///
/// # Errors
/// [`ReadError::NotThisFormat`] when it is no text; [`ReadError::TooLarge`], [`ReadError::Medium`].
pub fn text(entry: &Entry, context: &Context) -> Result<String, ReadError> {
    let bytes = bytes(entry, context)?;
    // The usual case keeps the bytes where they are.
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        Ok(text) => decode(text.as_bytes())
            .map(std::borrow::Cow::into_owned)
            .ok_or(ReadError::NotThisFormat),
        Err(error) => decode(error.as_bytes())
            .map(std::borrow::Cow::into_owned)
            .ok_or(ReadError::NotThisFormat),
    }
}

/// What is always said of the source.
#[must_use]
pub fn source(format: &str, recognised_by: &str, entry: &Entry) -> Source {
    Source {
        format: format.to_owned(),
        recognised_by: recognised_by.to_owned(),
        name: entry.file_name().to_owned(),
        ..Source::default()
    }
}

/// Ends a reading: the notes go with the recording.
#[must_use]
pub fn recording(mut recording: Recording, context: &mut Context) -> Reading {
    recording.notes = std::mem::take(&mut context.notes);
    Reading::Recording(Box::new(recording))
}

/// The format is clear and there is no ECG in it.
#[must_use]
pub fn no_signal(format: &str, holds: &str) -> ReadError {
    ReadError::NoSignal {
        format: format.to_owned(),
        holds: holds.to_owned(),
    }
}

/// Which of several recordings is meant: the only one, or the one answered; else all of them are offered.
///
/// # Errors
/// The choice, as a reading.
pub fn pick(offers: Vec<Offer>, answers: &Answers) -> Result<usize, Box<Reading>> {
    if offers.len() == 1 {
        return Ok(0);
    }
    let answer = answers.choice.as_deref();
    match offers
        .iter()
        .position(|offer| Some(offer.id.as_str()) == answer)
    {
        Some(place) => Ok(place),
        None => Err(Box::new(Reading::Choice(offers))),
    }
}

/// An offer of the recording at `place`, named by what is known of it.
#[must_use]
pub fn offer(place: usize, parts: &[Option<String>], start: Option<String>, bytes: usize) -> Offer {
    let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
    Offer {
        id: (place + 1).to_string(),
        name: if parts.is_empty() {
            (place + 1).to_string()
        } else {
            parts.join(", ")
        },
        start,
        bytes: bytes as u64,
    }
}

/// What must be asked, each with what speaks for it, and the numbers as they stand to look at.
#[must_use]
pub fn ask(
    format: &str,
    open: Vec<(Unknown, Phrase)>,
    proposal: Answers,
    preview: impl IntoIterator<Item = f32>,
) -> Box<Question> {
    let (unknowns, evidence) = open.into_iter().unzip();
    Box::new(Question {
        format: format.to_owned(),
        unknowns,
        evidence,
        proposal,
        preview: preview.into_iter().take(PREVIEW).collect(),
    })
}

/// The rate (where it is not told) and the gain (where `gain` is what speaks for a proposal), in the order of asking.
#[must_use]
pub fn rate_and_gain(rate: bool, gain: Option<Phrase>) -> Vec<(Unknown, Phrase)> {
    let rate = rate.then(|| (Unknown::Rate, Phrase::new("evidence-no-rate")));
    let gain = gain.map(|evidence| (Unknown::Gain, evidence));
    rate.into_iter().chain(gain).collect()
}

/// Collects what must be asked before a number could be wrong.
#[derive(Default)]
pub struct Asking {
    unknowns: Vec<Unknown>,
    evidence: Vec<Phrase>,
    proposal: Answers,
}

impl Asking {
    /// The rate stated, or answered; else it is asked for and 0 stands for it.
    pub fn rate(
        &mut self,
        stated: Option<f64>,
        answers: &Answers,
        proposal: Option<f64>,
        evidence: impl FnOnce() -> Option<Phrase>,
    ) -> f64 {
        let usable = |rate: &f64| rate.is_finite() && *rate > 0.0 && *rate <= 1e6;
        if let Some(rate) = stated.filter(usable).or(answers.rate_hz.filter(usable)) {
            return rate;
        }
        self.unknowns.push(Unknown::Rate);
        self.proposal.rate_hz = proposal;
        self.evidence.extend(evidence());
        0.0
    }

    /// Counts or units in a millivolt and the unit that they give: as stated, or as answered; else they are asked for.
    /// `proposal` is a gain (asked for as such) or the word for a unit.
    pub fn scale(
        &mut self,
        stated: Option<f64>,
        answers: &Answers,
        proposal: Proposal,
        evidence: impl FnOnce() -> Option<Phrase>,
    ) -> (f64, Unit) {
        let usable = |gain: &f64| gain.is_finite() && gain.abs() > 1e-12;
        if let Some(gain) = stated.filter(usable) {
            return (gain, Unit::Millivolt);
        }
        if let Some(gain) = answers.per_millivolt().filter(usable) {
            return (gain, Unit::Millivolt);
        }
        if answers.unit.as_deref() == Some("counts") {
            return (1.0, Unit::Counts);
        }
        match proposal {
            Proposal::Gain(gain) => {
                self.unknowns.push(Unknown::Gain);
                self.proposal.gain = gain;
            }
            Proposal::Unit(unit) => {
                self.unknowns.push(Unknown::Unit);
                self.proposal.unit = unit.map(str::to_owned);
            }
        }
        self.evidence.extend(evidence());
        (1.0, Unit::Counts)
    }

    /// The question, if there is one, with the numbers as they stand to look at.
    #[must_use]
    pub fn question(self, format: &str, preview: impl FnOnce() -> Vec<f32>) -> Option<Reading> {
        if self.unknowns.is_empty() {
            return None;
        }
        let mut preview = preview();
        preview.truncate(PREVIEW);
        Some(Reading::Question(Box::new(Question {
            format: format.to_owned(),
            unknowns: self.unknowns,
            evidence: self.evidence,
            proposal: self.proposal,
            preview,
        })))
    }
}

/// What is proposed for an unknown size of the numbers.
#[derive(Clone, Copy, Debug)]
pub enum Proposal {
    /// Counts in a millivolt.
    Gain(Option<f64>),
    /// A unit.
    Unit(Option<&'static str>),
}
