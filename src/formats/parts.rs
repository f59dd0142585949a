//! What a file holds beside its recording: median beats, further strips. The recording is opened; the rest is offered.

use super::{Answers, Context, Offer, ReadError, Reading, derived};
use crate::recording::{Annotation, Lead, Note, Recording, Source, StartTime};

/// Most parts of a file; an exercise test has some dozen strips.
const MOST_PARTS: usize = 1000;

/// Checks that one more part than `count` may be added.
///
/// # Errors
/// [`ReadError::TooLarge`].
pub fn check_room(count: usize) -> Result<(), ReadError> {
    too_many("strips", count, MOST_PARTS)
}

/// Checks that one more lead than `count` may be added to a part.
///
/// # Errors
/// [`ReadError::TooLarge`].
pub fn check_leads(count: usize, context: &Context) -> Result<(), ReadError> {
    too_many("signals", count, context.limits.signals)
}

fn too_many(what: &'static str, count: usize, limit: usize) -> Result<(), ReadError> {
    if count < limit {
        return Ok(());
    }
    Err(ReadError::TooLarge {
        what,
        found: count as u64 + 1,
        limit: limit as u64,
    })
}

/// One of the things that a file holds.
#[derive(Clone, Debug)]
pub struct Part {
    /// What to answer to get it.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// A representative beat, not a recording over time.
    pub beat: bool,
    /// Its start.
    pub start: Option<StartTime>,
    /// Its leads.
    pub leads: Vec<Lead>,
    /// Its marks.
    pub annotations: Vec<Annotation>,
}

/// Settles which part is the reading: the one answered, else the only recording, else the choice of them; a beat only
/// where there is nothing else.
///
/// # Errors
/// [`ReadError::NoSignal`] when no part has a sample.
pub fn settle(
    mut parts: Vec<Part>,
    source: Source,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    parts.retain(|part| part.leads.iter().any(|lead| !lead.samples.is_empty()));
    let answered = context
        .answers
        .choice
        .as_ref()
        .and_then(|choice| parts.iter().position(|part| part.id == *choice));
    let all_wanted = context.answers.choice.as_deref() == Some(Answers::ALL_PARTS);
    let recordings = parts.iter().filter(|part| !part.beat).count();
    let place = answered
        .or_else(|| match recordings {
            1 if !all_wanted => parts.iter().position(|part| !part.beat),
            _ => None,
        })
        .or((parts.len() == 1).then_some(0));
    let Some(place) = place else {
        if parts.is_empty() {
            return Err(ReadError::NoSignal {
                format: source.format,
                holds: "holds-no-samples".to_owned(),
            });
        }
        return Ok(Reading::Choice(parts.iter().map(offer).collect()));
    };
    let part = parts.swap_remove(place);
    if answered.is_none() && !parts.is_empty() {
        let names: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
        context.note(Note::new("other-parts").with("names", names.join(", ")));
    }
    if part.beat {
        context.note(Note::new("median-beat"));
    }
    Ok(Reading::Recording(Box::new(finish(part, source, context))))
}

fn offer(part: &Part) -> Offer {
    let samples: usize = part.leads.iter().map(|lead| lead.samples.len()).sum();
    Offer {
        id: part.id.clone(),
        name: part.name.clone(),
        start: part.start.map(|start| start.iso()),
        bytes: samples as u64 * 2,
    }
}

/// The recording of a part: empty leads left out, limb leads completed, Einthoven's sums checked.
fn finish(part: Part, source: Source, context: &mut Context) -> Recording {
    let mut leads = part.leads;
    leads.retain(|lead| {
        if lead.samples.is_empty() {
            context.note(Note::new("empty-signal").with("signal", lead.name.as_str()));
        }
        !lead.samples.is_empty()
    });
    derived::check_sums(&leads, context);
    derived::complete(&mut leads);
    let end_s = leads.iter().map(Lead::duration_s).fold(0.0, f64::max);
    let mut annotations = part.annotations;
    let all = annotations.len();
    annotations.retain(|mark| (0.0..=end_s).contains(&mark.time_s));
    if annotations.len() < all {
        let count = all - annotations.len();
        context.note(Note::new("annotations-beyond-end").with("count", count));
    }
    annotations.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    Recording {
        leads,
        start: part.start,
        source,
        annotations,
        notes: std::mem::take(&mut context.notes),
    }
}

/// A mark at a time, without the fields that only WFDB has.
#[must_use]
pub fn mark(time_s: f64, rate_hz: f64, code: &str, text: &str) -> Annotation {
    Annotation {
        time_s,
        sample: (time_s * rate_hz).round().max(0.0) as u64,
        code: code.to_owned(),
        subtype: 0,
        channel: 0,
        number: 0,
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Samples;

    fn part(id: &str, beat: bool) -> Part {
        Part {
            id: id.to_owned(),
            name: id.to_owned(),
            beat,
            start: None,
            leads: vec![Lead::ecg("I", 10.0, Samples::from_values(vec![0.0; 10]))],
            annotations: vec![mark(0.5, 10.0, "\"", "in"), mark(2.0, 10.0, "\"", "beyond")],
        }
    }

    #[test]
    fn the_recording_is_opened_and_the_beat_is_named() {
        let mut context = Context::default();
        let parts = vec![part("median", true), part("rhythm", false)];
        let Ok(Reading::Recording(read)) = settle(parts, Source::default(), &mut context) else {
            panic!()
        };
        let codes: Vec<&str> = read.notes.iter().map(|note| note.code.as_str()).collect();
        assert_eq!(codes, ["other-parts", "annotations-beyond-end"]);
        assert_eq!(read.annotations.len(), 1);
        // Asked for, the other parts are offered, and one of them is opened.
        context.answers.choice = Some(context.answers.all_parts());
        let parts = || vec![part("median", true), part("rhythm", false)];
        let all = settle(parts(), Source::default(), &mut context);
        assert!(matches!(all, Ok(Reading::Choice(offers)) if offers.len() == 2));
        context.answers.choice = Some("median".to_owned());
        let beat = settle(parts(), Source::default(), &mut context);
        assert!(matches!(beat, Ok(Reading::Recording(_))));
    }

    #[test]
    fn two_recordings_are_a_choice_and_an_answer_settles_it() {
        let parts = || vec![part("a", false), part("b", false), part("median", true)];
        let mut context = Context::default();
        let choice = settle(parts(), Source::default(), &mut context);
        assert!(matches!(choice, Ok(Reading::Choice(offers)) if offers.len() == 3));
        context.answers = Answers {
            choice: Some("median".to_owned()),
            ..Answers::default()
        };
        let Ok(Reading::Recording(read)) = settle(parts(), Source::default(), &mut context) else {
            panic!()
        };
        assert_eq!(read.notes[0].code, "median-beat");
        assert!(settle(Vec::new(), Source::default(), &mut context).is_err());
    }
}
