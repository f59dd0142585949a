//! Tracks of numbers out of a container that says little of them (MATLAB, HDF5): named, scaled and timed by what is
//! known, and asked about where something is not.

use super::evidence;
use super::gaps::push_gap;
use super::input;
use super::voltage::{signal_kind, units_per_millivolt};
use super::{Answers, Context, Question, ReadError, Reading, Unknown};
use crate::recording::{
    Gap, GapReason, Lead, LeadName, Note, Recording, SampleData, Samples, Scale, Source, StartTime,
    Unit,
};

/// One track.
#[derive(Clone, Debug)]
pub struct Track {
    /// Name; empty where there is none.
    pub name: String,
    /// The numbers as stored.
    pub data: SampleData,
    /// Unit and scale where the container tells.
    pub unit: Option<(Unit, Scale)>,
    /// Samples per second of this track, where it differs from the others'.
    pub rate_hz: Option<f64>,
}

/// All tracks.
#[derive(Debug)]
pub struct Tracks {
    /// Format id.
    pub format: &'static str,
    /// The tracks.
    pub tracks: Vec<Track>,
    /// Samples per second, where told.
    pub rate_hz: Option<f64>,
    /// Unit of all numbers in the container's own words, where told.
    pub unit: Option<String>,
    /// When it began.
    pub start: Option<StartTime>,
    /// What the container says of itself.
    pub source: Source,
}

impl Tracks {
    /// A recording, or what must be asked.
    ///
    /// # Errors
    /// [`ReadError::NoSignal`] where there is no track, [`ReadError::TooLarge`].
    pub fn reading(mut self, context: &mut Context) -> Result<Reading, ReadError> {
        self.tracks.retain(|track| len(&track.data) > 0);
        if self.tracks.is_empty() {
            return Err(ReadError::NoSignal {
                format: self.format.to_owned(),
                holds: "holds-no-samples".to_owned(),
            });
        }
        let samples: u64 = self
            .tracks
            .iter()
            .map(|track| len(&track.data) as u64)
            .sum();
        context.check_samples(samples)?;
        self.name(context);
        let stated = self.unit.as_deref().and_then(units_per_millivolt);
        let answered = context.answers.per_millivolt();
        let counts = context.answers.unit.as_deref() == Some("counts");
        let unit_of = |track: &Track| {
            track.unit.clone().or_else(|| {
                let millivolts = |gain| {
                    (
                        Unit::Millivolt,
                        Scale {
                            gain,
                            baseline: 0.0,
                        },
                    )
                };
                stated
                    .or(answered)
                    .map(millivolts)
                    .or(counts.then_some((Unit::Counts, Scale::IDENTITY)))
            })
        };
        let common = self.rate_hz.or(context.answers.rate_hz);
        let rate_of = |track: &Track| track.rate_hz.or(common).filter(|rate| *rate > 0.0);
        let timeless = self.tracks.iter().any(|track| rate_of(track).is_none());
        let unclear = self.tracks.iter().find(|track| unit_of(track).is_none());
        if timeless || unclear.is_some() {
            let track = unclear.or(self.tracks.first());
            return Ok(question(self.format, track, timeless, unclear.is_some()));
        }
        let leads = std::mem::take(&mut self.tracks)
            .into_iter()
            .map(|track| {
                let (unit, scale) = unit_of(&track).unwrap_or((Unit::Counts, Scale::IDENTITY));
                let rate_hz = rate_of(&track).unwrap_or(1.0);
                lead(track, unit, scale, rate_hz)
            })
            .collect();
        Ok(Reading::Recording(Box::new(Recording {
            leads,
            start: self.start,
            source: self.source,
            annotations: Vec::new(),
            notes: std::mem::take(&mut context.notes),
        })))
    }

    /// Names tracks that have none: twelve in the order of a printed sheet.
    fn name(&mut self, context: &mut Context) {
        let nameless = self.tracks.iter().all(|track| track.name.is_empty());
        let twelve = nameless && self.tracks.len() == LeadName::ALL.len();
        let only = self.tracks.len() == 1;
        if twelve {
            context.note(Note::new("lead-order-assumed"));
        }
        for (at, track) in self.tracks.iter_mut().enumerate() {
            if !track.name.is_empty() {
                continue;
            }
            track.name = match LeadName::ALL.get(at) {
                Some(lead) if twelve => lead.label().to_owned(),
                _ if only => context
                    .answers
                    .lead
                    .clone()
                    .unwrap_or_else(|| "ECG".to_owned()),
                _ => format!("column {}", at + 1),
            };
        }
    }
}

/// Number of samples.
pub fn len(data: &SampleData) -> usize {
    match data {
        SampleData::I16(data) => data.len(),
        SampleData::I32(data) => data.len(),
        SampleData::F32(data) => data.len(),
    }
}

fn lead(track: Track, unit: Unit, scale: Scale, rate_hz: f64) -> Lead {
    let mut data = track.data;
    let gaps = match &mut data {
        SampleData::F32(data) => take_nan(data),
        _ => Vec::new(),
    };
    let samples = match data {
        SampleData::I32(data) => Samples::from_i32(data, scale),
        data => Samples { data, scale },
    };
    Lead {
        standard: LeadName::recognise(&track.name),
        kind: signal_kind(&track.name, &unit),
        name: track.name,
        unit,
        rate_hz,
        samples,
        gaps,
        derived: false,
    }
}

/// What is no number becomes a gap that holds the last one.
fn take_nan(data: &mut [f32]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut last = 0.0;
    for (at, value) in data.iter_mut().enumerate() {
        if value.is_finite() {
            last = *value;
        } else {
            push_gap(&mut gaps, at..at + 1, GapReason::Missing);
            *value = last;
        }
    }
    gaps
}

fn question(format: &str, track: Option<&Track>, rate: bool, unit: bool) -> Reading {
    let values = track.map_or_else(Vec::new, |track| {
        let scale = track
            .unit
            .as_ref()
            .map_or(Scale::IDENTITY, |(_, scale)| *scale);
        let data = track.data.clone();
        Samples { data, scale }.values(0..evidence::LOOK)
    });
    let integer = track.is_some_and(|track| !matches!(track.data, SampleData::F32(_)));
    let mut unknowns = Vec::new();
    let mut told = Vec::new();
    let mut proposal = Answers::default();
    if rate {
        unknowns.push(Unknown::Rate);
        if let Some((rate, phrase)) = evidence::rate(&values) {
            proposal.rate_hz = Some(rate);
            told.push(phrase);
        }
    }
    if unit {
        let (unit, counts, phrase) = evidence::unit(&values, integer);
        unknowns.push(if counts { Unknown::Gain } else { Unknown::Unit });
        proposal.unit = unit.map(str::to_owned);
        told.extend(phrase);
    }
    Reading::Question(Box::new(Question {
        format: format.to_owned(),
        unknowns,
        evidence: told,
        proposal,
        preview: values.into_iter().take(input::PREVIEW).collect(),
    }))
}
