//! The order of the analysis: one pass over a lead, for files and for streams.

use super::axis::axis_deg;
use super::beats::{BeatDetector, BeatEvent};
use super::chambers::chambers;
use super::classes::classify;
use super::edits::{Edit, with_beats, with_classes, with_marks};
use super::global::global;
use super::measurements::{Sex, measure};
use super::other_leads::hear_the_sheet;
use super::quality::{Heard, QualityMeter, SecondDoubt, confirmed, join, unseen};
use super::reversal::reversal;
use super::{Analysis, Beat, Grade, QualitySpan};
use crate::recording::{Lead, LeadName, Phrase, Recording, Unit};

/// Samples that are handled at once.
const CHUNK: usize = 1 << 14;
/// Seconds at the start on which leads are compared.
const COMPARED_S: f64 = 60.0;
/// A later lead is taken only when it is better by this share of its seconds.
const CLEARLY: f64 = 0.1;

/// Leads between the electrodes of the limbs.
const LIMB: [LeadName; 6] = [
    LeadName::I,
    LeadName::II,
    LeadName::III,
    LeadName::AVR,
    LeadName::AVL,
    LeadName::AVF,
];

/// What a stream has to say after some samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveUpdate {
    /// Beats as they look now.
    pub provisional: Vec<Beat>,
    /// Beats that will not change any more, in order.
    pub beats: Vec<Beat>,
    /// Seconds that have been graded, in order.
    pub quality: Vec<QualitySpan>,
    /// The doubt in each of them.
    pub doubt: Vec<SecondDoubt>,
}

/// Beats and quality of one lead while its samples arrive.
#[derive(Clone, Debug)]
pub struct LiveAnalysis {
    detector: BeatDetector,
    meter: QualityMeter,
}

impl LiveAnalysis {
    /// For samples at `rate_hz`; `millivolts` says whether their size has a meaning.
    #[must_use]
    pub fn new(rate_hz: f64, millivolts: bool) -> Self {
        Self {
            detector: BeatDetector::new(rate_hz),
            meter: QualityMeter::new(rate_hz, millivolts),
        }
    }

    /// Takes the next samples.
    pub fn push(&mut self, samples: &[f32]) -> LiveUpdate {
        let mut update = LiveUpdate::default();
        // A beat must meet the samples around it in the meter's memory, whatever the size of the chunk.
        for part in samples.chunks(32) {
            self.meter.push(part);
            let events = self.detector.push(part);
            self.sort(events, &mut update);
            self.grade(false, &mut update);
        }
        let early = self.detector.early();
        self.sort(early, &mut update);
        update
    }

    /// `missing` samples are missing here.
    pub fn skip(&mut self, missing: usize) -> LiveUpdate {
        let mut update = LiveUpdate::default();
        let events = self.detector.interrupt(missing);
        self.sort(events, &mut update);
        self.meter.skip(missing);
        self.grade(false, &mut update);
        update
    }

    /// The end of the samples.
    pub fn finish(&mut self) -> LiveUpdate {
        let mut update = LiveUpdate::default();
        let events = self.detector.finish();
        self.sort(events, &mut update);
        self.grade(true, &mut update);
        update
    }

    fn grade(&mut self, ended: bool, update: &mut LiveUpdate) {
        while let Some((span, doubt)) = self.meter.next(ended) {
            update.quality.push(span);
            update.doubt.push(doubt);
        }
    }

    fn sort(&mut self, events: Vec<BeatEvent>, update: &mut LiveUpdate) {
        for event in events {
            match event {
                BeatEvent::Provisional(beat) => update.provisional.push(beat),
                BeatEvent::Final(beat) => {
                    self.meter.beat(&beat);
                    update.beats.push(beat);
                }
            }
        }
    }
}

/// Analyses one lead of a recording: the given one, or the one of best quality (the first of near equals).
///
/// # Errors
/// A phrase that says why there is nothing to analyse: no ECG lead, or no such lead.
pub fn analyse(recording: &Recording, lead: Option<usize>) -> Result<Analysis, Phrase> {
    analyse_edited(recording, lead, &[])
}

/// The same with what a reader has overruled.
///
/// # Errors
/// Those of [`analyse`].
pub fn analyse_edited(
    recording: &Recording,
    lead: Option<usize>,
    edits: &[Edit],
) -> Result<Analysis, Phrase> {
    let index = match lead {
        Some(index) => index,
        None => choose_lead(recording).ok_or_else(|| Phrase::new("analysis-no-ecg-lead"))?,
    };
    let chosen = recording
        .leads
        .get(index)
        .ok_or_else(|| Phrase::new("analysis-no-such-lead"))?;
    if chosen.samples.is_empty() || !(chosen.rate_hz.is_finite() && chosen.rate_hz > 0.0) {
        return Err(Phrase::new("analysis-lead-empty"));
    }
    let heard = hear(chosen, chosen.samples.len());
    let quality = join(match second_lead(recording, index) {
        Some((other, may_raise)) => confirmed(&heard, &hear(other, other.samples.len()), may_raise),
        None => heard.quality,
    });
    let quality = with_marks(quality, edits);
    let beats = within_usable(heard.beats, &quality);
    let mut beats = with_beats(chosen, beats, &quality, edits);
    classify(chosen, &mut beats, &quality);
    hear_the_sheet(recording, index, &mut beats);
    with_classes(&mut beats, edits);
    let sex = recording.source.patient.sex.as_deref();
    let sex = sex.and_then(Sex::recognise);
    let mut analysis = measure(chosen, index, beats, quality, sex);
    analysis.global = global(recording, &analysis, sex);
    analysis.signs.reversal = reversal(recording, &analysis);
    analysis.axis_deg = axis_deg(recording, &analysis);
    analysis.chambers = chambers(recording, &analysis);
    Ok(analysis)
}

/// Of each second of a lead whether the one that bears witness for it does not see one of its beats; `None` where it shows
/// nothing to judge by. Empty where there is no such lead.
#[must_use]
pub fn unseen_by_second_lead(recording: &Recording, index: usize) -> Vec<Option<bool>> {
    let hear_all = |lead: &Lead| hear(lead, lead.samples.len());
    let own = recording.leads.get(index);
    match (own, second_lead(recording, index)) {
        (Some(own), Some((other, _))) => unseen(&hear_all(own), &hear_all(other)),
        _ => Vec::new(),
    }
}

fn choose_lead(recording: &Recording) -> Option<usize> {
    best_of(recording, recording.ecg_leads().collect())
}

/// The lead that bears witness for another, and whether it may speak for seconds that the other's own doubt gives up: not
/// where they may share electrodes, for motion of one of these is in both. The best of those that share none is preferred.
fn second_lead(recording: &Recording, index: usize) -> Option<(&Lead, bool)> {
    let own = recording.leads.get(index)?;
    let is_fit = |lead: &Lead| !lead.samples.is_empty() && lead.rate_hz > 0.0;
    let others = recording.ecg_leads().filter(|other| *other != index);
    let (apart, near): (Vec<usize>, Vec<usize>) = others
        .filter(|other| recording.leads.get(*other).is_some_and(is_fit))
        .partition(|other| are_apart(own.standard, recording.leads[*other].standard));
    let may_raise = !apart.is_empty();
    let chosen = best_of(recording, if may_raise { apart } else { near })?;
    Some((recording.leads.get(chosen)?, may_raise))
}

/// Whether two leads are known to share no electrode of the limbs and not to be the same.
fn are_apart(one: Option<LeadName>, other: Option<LeadName>) -> bool {
    let is_limb = |lead: LeadName| LIMB.contains(&lead);
    match (one, other) {
        (Some(one), Some(other)) => one != other && !(is_limb(one) && is_limb(other)),
        _ => false,
    }
}

/// The lead of best quality over the first minute. Of near equals the first on a printed sheet, then the first of those of
/// unknown name: not the first of the file, so that the same leads in another order are read alike.
fn best_of(recording: &Recording, mut leads: Vec<usize>) -> Option<usize> {
    let place = |index: &usize| {
        let name = recording.leads.get(*index).and_then(|lead| lead.standard);
        name.map_or(usize::MAX, |name| name as usize)
    };
    leads.sort_by_key(place);
    if leads.len() < 2 {
        return leads.first().copied();
    }
    let mut best: Option<(usize, f64)> = None;
    for index in leads {
        let Some(lead) = recording.leads.get(index).filter(|lead| lead.rate_hz > 0.0) else {
            continue;
        };
        let until = ((COMPARED_S * lead.rate_hz) as usize).min(lead.samples.len());
        let (_, quality) = beats_and_quality(lead, until);
        let points: f64 = quality
            .iter()
            .map(|span| (span.range_s.end - span.range_s.start) * f64::from(span.grade as u8) / 2.0)
            .sum();
        let share = points * lead.rate_hz / until.max(1) as f64;
        if best.is_none_or(|(_, other)| share > other + CLEARLY) {
            best = Some((index, share));
        }
    }
    best.map(|(index, _)| index)
}

/// Final beats and quality of the first `until` samples.
pub(super) fn beats_and_quality(lead: &Lead, until: usize) -> (Vec<Beat>, Vec<QualitySpan>) {
    let heard = hear(lead, until);
    (heard.beats, join(heard.quality))
}

/// Final beats and the seconds of the first `until` samples.
fn hear(lead: &Lead, until: usize) -> Heard {
    let mut live = LiveAnalysis {
        detector: BeatDetector::finals_only(lead.rate_hz),
        meter: QualityMeter::new(lead.rate_hz, lead.unit == Unit::Millivolt),
    };
    let mut heard = Heard::default();
    let mut take = |update: LiveUpdate| {
        heard.beats.extend(update.beats);
        heard.quality.extend(update.quality);
        heard.doubt.extend(update.doubt);
    };
    let mut at = 0;
    for stretch in lead.stretches() {
        let (start, end) = (stretch.start.min(until), stretch.end.min(until));
        if start > at {
            take(live.skip(start - at));
        }
        let mut from = start;
        while from < end {
            let to = (from + CHUNK).min(end);
            take(live.push(&lead.samples.values(from..to)));
            from = to;
        }
        at = end.max(at);
    }
    if until > at {
        take(live.skip(until - at));
    }
    take(live.finish());
    heard
}

/// Beats of unusable stretches are not said, and no interval leads across one.
pub(super) fn within_usable(beats: Vec<Beat>, quality: &[QualitySpan]) -> Vec<Beat> {
    let unusable: Vec<&QualitySpan> = quality
        .iter()
        .filter(|span| span.grade == Grade::Unusable)
        .collect();
    let mut kept: Vec<Beat> = Vec::with_capacity(beats.len());
    let mut next = 0;
    let mut broken = true;
    for mut beat in beats {
        while unusable
            .get(next)
            .is_some_and(|span| span.range_s.end <= beat.time_s)
        {
            broken = true;
            next += 1;
        }
        if unusable
            .get(next)
            .is_some_and(|span| span.range_s.contains(&beat.time_s))
        {
            broken = true;
            continue;
        }
        beat.follows &= !broken;
        broken = false;
        kept.push(beat);
    }
    kept
}
