//! P, QRS and T of every beat: onset, peak, end, and the right to be absent.
//!
//! Beats of alike QRS within a stretch of at most [`BLOCK`] beats share a median shape. The shape is delineated
//! (`marks`), whether it has a P is judged by how the single beats repeat it (`presence`), and each beat's P and T
//! are then moved to where they correlate best with the shape's. In recordings of up to ten minutes a small
//! network (`network`) is asked as well, and borders lie halfway between the two (`together`). Nothing is said outside of
//! [`Grade::Waves`] nor across gaps.

mod kinds;
mod lone_p;
mod marks;
mod network;
mod presence;
#[cfg(test)]
mod tests;
mod together;

pub use lone_p::LoneP;

use super::measurements::WIDEST_QRS_S;
use super::{Beat, Grade, QualitySpan};
use crate::recording::Lead;
use crate::signal::{Band, butterworth, median, median_of_mut, sos_filtfilt};
use kinds::{Kind, Member, Trace, kinds};
use marks::{BEFORE, Bump, GRID_HZ, Marks, samples};
use presence::{Rhythm, detrended_correlation, p_presence, p_window, segment, segment_of};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Longest recording in which the network is asked, seconds: it takes 3 ms for 5 s, so nearly a minute for a day.
const NETWORK_UP_TO_S: f64 = 600.0;
/// Beats that may share a median shape: about half a minute, over which waves do not change.
const BLOCK: usize = 40;
/// Beats of a kind from which on its median tells waves from noise.
const ENOUGH: usize = 3;
/// Longest time between two beats of a block.
const APART_S: f64 = 10.0;
/// The measuring band: wander out, muscle noise out (AHA/ACC/HRS 2007 allow a cut at 0.67 Hz to a filter without
/// phase shift), and what the filter is given beyond the beats to settle.
const LOW_HZ: f64 = 0.5;
const HIGH_HZ: f64 = 45.0;
const MARGIN_S: f64 = 3.0;
/// RR interval that is assumed where none is known.
const USUAL_RR_S: f64 = 0.8;
/// A beat whose P segment correlates less with its kind's has no such P; another P is looked for as in rare kinds.
const SHOWS: f64 = 0.3;
/// Correlation at which a rare kind's or odd beat's P is the usual one, and how far it may be displaced.
const SAME_P: f64 = 0.85;
const P_DISPLACED_S: f64 = 0.04;
/// Correlation from which on a single beat's wave may be moved, and by how much.
const FOLLOWS: f64 = 0.8;
const P_MOVES_S: f64 = 0.02;
const T_MOVES_S: f64 = 0.04;
/// A QRS reaches at least this far to either side of its fiducial.
const LEAST_FLANK_S: f32 = 0.004;
/// Grid samples between those compared.
const P_STEP: usize = 2;
const T_STEP: usize = 4;
/// A T wave stands out of its median shape by this many standard errors of it.
const T_CLEAR: f64 = 1.4;

/// A wave in seconds from its beat's fiducial; onset < peak < end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wave {
    /// Where it leaves the line.
    pub onset_s: f32,
    /// Its peak; for the QRS the fiducial.
    pub peak_s: f32,
    /// Where it returns.
    pub end_s: f32,
    /// 0 to 1: correlation with the median wave of its kind of beats; 0.5 where there is no other beat to compare,
    /// and at most 0.5 for a T whose end is not clear, or that only the network sees.
    pub confidence: f32,
}

/// Why there is no wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Absent {
    /// Nothing repeats from beat to beat before the QRS.
    NoRepeat,
    /// The rhythm is irregular and what precedes the QRS does not repeat well: as in atrial fibrillation.
    Irregular,
    /// The line before moves as much as the wave would: as in atrial flutter.
    Restless,
    /// Other beats have it, this one does not.
    NotHere,
    /// Not to be told from the noise.
    Flat,
    /// It lies beyond the stretch of samples.
    CutOff,
    /// It reaches into a stretch whose quality does not allow to measure waves.
    Quality,
    /// It runs into a neighbouring wave.
    Merged,
    /// The rules see one, the network does not, judged by the recording's other beats.
    Unseen,
}

impl Absent {
    /// The message id of the reason.
    #[must_use]
    pub fn phrase_id(self) -> &'static str {
        match self {
            Self::NoRepeat => "absent-no-repeat",
            Self::Irregular => "absent-irregular",
            Self::Restless => "absent-restless",
            Self::NotHere => "absent-not-here",
            Self::Flat => "absent-flat",
            Self::CutOff => "absent-cut-off",
            Self::Quality => "absent-quality",
            Self::Merged => "absent-merged",
            Self::Unseen => "absent-unseen",
        }
    }
}

/// The waves of one beat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BeatWaves {
    /// Index of the beat in the analysis.
    pub beat: usize,
    /// Whether the beat is of the most frequent kind around it.
    pub usual: bool,
    /// P wave.
    pub p: Result<Wave, Absent>,
    /// QRS complex.
    pub qrs: Wave,
    /// Whether intervals may rest on the QRS: the rules find it no wider than a QRS is, else there is something with it.
    pub qrs_is_clear: bool,
    /// T wave.
    pub t: Result<Wave, Absent>,
    /// Whether intervals may rest on the T's end: the T is not flat, does not run into a U wave, and two ways of finding
    /// its end agree; where the network was asked, it sees the same T.
    pub t_end_is_clear: bool,
}

/// What marked the waves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkedBy {
    /// The rules alone.
    #[default]
    Rules,
    /// The rules, and a small network that moves their marks.
    RulesAndNetwork,
}

/// What is found in a lead.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delineation {
    /// Waves of all beats that lie in stretches of [`Grade::Waves`], in order; beats without a clear QRS are left out.
    pub beats: Vec<BeatWaves>,
    /// P waves without a QRS complex after them, in order.
    pub lone_p: Vec<LoneP>,
    /// What marked the waves; lone P waves are always the rules'.
    pub marked_by: MarkedBy,
}

/// Delineates the beats of a lead that lie in stretches of [`Grade::Waves`]: by rules, and with the network's help in
/// recordings of up to ten minutes.
#[must_use]
pub fn delineate(lead: &Lead, beats: &[Beat], quality: &[QualitySpan]) -> Delineation {
    let mut found = delineate_by_rules(lead, beats, quality);
    if lead.duration_s() <= NETWORK_UP_TO_S {
        let stretches: Vec<Range<usize>> = lead
            .stretches()
            .into_iter()
            .filter(|stretch| holds_any(lead, stretch, beats, &found.beats))
            .collect();
        let seen = network::see(lead, &stretches);
        together::judge_p(&mut found.beats, beats, &seen);
        together::move_halfway(&mut found.beats, beats, &seen);
        keep_to_quality(&mut found.beats, beats, quality);
        keep_order(&mut found.beats, beats);
        found.marked_by = MarkedBy::RulesAndNetwork;
    }
    found
}

/// Whether a stretch holds a beat with waves.
fn holds_any(lead: &Lead, stretch: &Range<usize>, beats: &[Beat], waves: &[BeatWaves]) -> bool {
    let (from_s, to_s) = (lead.time_s(stretch.start), lead.time_s(stretch.end));
    let first = waves.partition_point(|own| beats[own.beat].time_s < from_s);
    waves
        .get(first)
        .is_some_and(|own| beats[own.beat].time_s < to_s)
}

/// The same by the rules alone.
pub(super) fn delineate_by_rules(
    lead: &Lead,
    beats: &[Beat],
    quality: &[QualitySpan],
) -> Delineation {
    let mut all = Delineation::default();
    for stretch in lead.stretches() {
        for block in blocks(lead, &stretch, beats, quality) {
            let block = Block::new(lead, &stretch, beats, block);
            let mut waves = block.waves();
            waves.sort_by_key(|wave| wave.beat);
            keep_to_quality(&mut waves, beats, quality);
            keep_order(&mut waves, beats);
            let lone = lone_p::lone_p(&block.trace, beats, &waves);
            let measurable = lone.into_iter().filter(|p| on_waves(quality, p.peak_s));
            all.lone_p.extend(measurable);
            all.beats.extend(waves);
        }
    }
    // Neighbours of two blocks.
    keep_order(&mut all.beats, beats);
    all
}

/// Indices of the beats on waves quality within a stretch, in blocks of nearly equal size.
fn blocks(
    lead: &Lead,
    stretch: &Range<usize>,
    beats: &[Beat],
    quality: &[QualitySpan],
) -> Vec<Vec<usize>> {
    let (from_s, to_s) = (lead.time_s(stretch.start), lead.time_s(stretch.end));
    let first = beats.partition_point(|beat| beat.time_s < from_s);
    let last = beats.partition_point(|beat| beat.time_s < to_s);
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for index in first..last {
        let time_s = beats[index].time_s;
        if !on_waves(quality, time_s) {
            continue;
        }
        match runs.last_mut() {
            Some(run)
                if run
                    .last()
                    .is_some_and(|last| time_s - beats[*last].time_s <= APART_S) =>
            {
                run.push(index);
            }
            _ => runs.push(vec![index]),
        }
    }
    runs.iter()
        .flat_map(|run| {
            let parts = run.len().div_ceil(BLOCK).max(1);
            run.chunks(run.len().div_ceil(parts).max(1))
                .map(<[usize]>::to_vec)
        })
        .collect()
}

/// Whether a time lies in a stretch of [`Grade::Waves`].
pub(super) fn on_waves(quality: &[QualitySpan], time_s: f64) -> bool {
    let after = quality.partition_point(|span| span.range_s.end <= time_s);
    quality
        .get(after)
        .is_some_and(|span| span.grade == Grade::Waves && span.range_s.start <= time_s)
}

/// Beats that are measured together.
struct Block<'a> {
    beats: &'a [Beat],
    indices: Vec<usize>,
    trace: Trace,
}

/// What a kind's P wave is to rarer kinds.
struct UsualP {
    shape: Vec<f64>,
    window: Range<usize>,
    p: Bump,
    qrs_onset: usize,
}

impl<'a> Block<'a> {
    fn new(lead: &Lead, stretch: &Range<usize>, beats: &'a [Beat], indices: Vec<usize>) -> Self {
        let time = |at: Option<&usize>| at.map_or(0.0, |index| beats[*index].time_s);
        let sample = |time_s: f64| (time_s * lead.rate_hz).max(0.0) as usize;
        let from = sample(time(indices.first()) - MARGIN_S).max(stretch.start);
        let to = (sample(time(indices.last()) + MARGIN_S) + 1).min(stretch.end);
        let values: Vec<f64> = lead
            .samples
            .values(from..to.max(from))
            .into_iter()
            .map(f64::from)
            .collect();
        Self {
            beats,
            indices,
            trace: Trace {
                rate_hz: lead.rate_hz,
                start_s: lead.time_s(from),
                values: measuring_band(&values, lead.rate_hz),
            },
        }
    }

    fn waves(&self) -> Vec<BeatWaves> {
        let times: Vec<f64> = self.indices.iter().map(|i| self.beats[*i].time_s).collect();
        let kinds = kinds(&self.trace, &times);
        let irregularity = self.irregularity();
        let mut usual_p: Option<UsualP> = None;
        let mut no_p = Absent::NoRepeat;
        let mut waves = Vec::with_capacity(self.indices.len());
        for (rank, kind) in kinds.iter().enumerate() {
            let rr_s: Vec<Option<f64>> = kind
                .members
                .iter()
                .map(|member| self.rr_before(self.indices[member.index]))
                .collect();
            let known: Vec<f64> = rr_s.iter().copied().flatten().collect();
            let rr = median(&known)
                .or_else(|| self.usual_rr())
                .unwrap_or(USUAL_RR_S);
            let Some(marks) = marks::marks(&kind.shape, rr) else {
                continue;
            };
            let rhythm = Rhythm {
                trace: &self.trace,
                rr_s,
                irregularity,
            };
            let presence = match marks.p {
                Some(p) if kind.members.len() >= ENOUGH => {
                    p_presence(kind, &marks, p, &rhythm).map(|alike| (p, alike))
                }
                _ => Err(Absent::NoRepeat),
            };
            match &presence {
                Ok((p, _)) if usual_p.is_none() => {
                    usual_p = Some(UsualP {
                        shape: kind.shape.clone(),
                        window: p_window(&marks, *p),
                        p: *p,
                        qrs_onset: marks.qrs.onset,
                    });
                }
                Err(reason) if rank == 0 => no_p = *reason,
                _ => {}
            }
            let measured = KindWaves {
                kind,
                marks: &marks,
                presence,
                usual_p: usual_p.as_ref(),
                no_p,
                t_is_clear: t_is_clear(kind, &marks),
            };
            waves.extend(kind.members.iter().enumerate().map(|(place, member)| {
                let beat = self.indices[member.index];
                measured.of(place, member, beat, self.beats[beat].time_s, rank == 0)
            }));
        }
        waves
    }

    /// RR interval that ends at a beat, where it is measured.
    fn rr_before(&self, beat: usize) -> Option<f64> {
        let before = beat.checked_sub(1)?;
        self.beats[beat]
            .follows
            .then(|| self.beats[beat].time_s - self.beats[before].time_s)
    }

    fn intervals(&self) -> Vec<f64> {
        self.indices
            .iter()
            .filter_map(|beat| self.rr_before(*beat))
            .collect()
    }

    fn usual_rr(&self) -> Option<f64> {
        median(&self.intervals())
    }

    /// Median change of successive RR intervals over their median; 0 for too few.
    fn irregularity(&self) -> f64 {
        let rr = self.intervals();
        let changes: Vec<f64> = rr
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .collect();
        match (median(&changes), median(&rr)) {
            (Some(change), Some(usual)) if changes.len() >= ENOUGH && usual > 0.0 => change / usual,
            _ => 0.0,
        }
    }
}

/// The trace without wander and muscle noise; no delay.
fn measuring_band(values: &[f64], rate_hz: f64) -> Vec<f64> {
    let pad = (2.0 * rate_hz) as usize;
    let filtered = |band: Band, x: &[f64]| {
        butterworth(2, band, rate_hz).map(|sections| sos_filtfilt(&sections, pad, x))
    };
    let level = median(values).unwrap_or(0.0);
    let centred: Vec<f64> = values.iter().map(|v| v - level).collect();
    let without_wander = filtered(Band::HighPass(LOW_HZ), &centred).unwrap_or(centred);
    filtered(Band::LowPass(HIGH_HZ), &without_wander).unwrap_or(without_wander)
}

/// Whether the T stands out of what is left of the noise in the median shape; a kind of few beats cannot tell.
fn t_is_clear(kind: &Kind, marks: &Marks) -> bool {
    let Some(t) = marks.t else {
        return false;
    };
    let n = kind.members.len();
    if n < ENOUGH {
        return true;
    }
    let around = marks.qrs.end..(marks.qrs.end + samples(0.3)).min(kind.shape.len());
    let errors: Vec<f64> = around
        .step_by(3)
        .map(|k| {
            let mut off: Vec<f64> = kind
                .members
                .iter()
                .map(|member| (f64::from(member.cut[k]) - kind.shape[k]).abs())
                .filter(|v| !v.is_nan())
                .collect();
            median_of_mut(&mut off).unwrap_or(0.0)
        })
        .collect();
    // 1.4826 times the median absolute deviation estimates the standard deviation, and a median's error is
    // sqrt(pi/2) times that of a mean.
    let noise =
        1.4826 * (std::f64::consts::FRAC_PI_2 / n as f64).sqrt() * median(&errors).unwrap_or(0.0);
    t.prominence > T_CLEAR * noise
}

/// What was found on a kind, to be told of its beats.
struct KindWaves<'a> {
    kind: &'a Kind,
    marks: &'a Marks,
    presence: Result<(Bump, Vec<f64>), Absent>,
    usual_p: Option<&'a UsualP>,
    no_p: Absent,
    t_is_clear: bool,
}

impl KindWaves<'_> {
    fn of(
        &self,
        place: usize,
        member: &Member,
        beat: usize,
        beat_s: f64,
        usual: bool,
    ) -> BeatWaves {
        let moved_s = member.time_s - beat_s;
        let at = |index: f64| ((index - BEFORE as f64) / GRID_HZ + moved_s) as f32;
        let alone = self.kind.members.len() < 2;
        let wave = |bump: &marks::Span, shift: f64, confidence: f64| Wave {
            onset_s: at(bump.onset as f64 + shift),
            peak_s: at(bump.peak as f64 + shift),
            end_s: at(bump.end as f64 + shift),
            confidence: if alone {
                0.5
            } else {
                confidence.clamp(0.0, 1.0) as f32
            },
        };
        let mut qrs = wave(&self.marks.qrs, 0.0, f64::from(member.agreement));
        // The beat's own fiducial, wherever the kind's lies.
        qrs.peak_s = 0.0;
        qrs.onset_s = qrs.onset_s.min(-LEAST_FLANK_S);
        qrs.end_s = qrs.end_s.max(LEAST_FLANK_S);
        let most_t = if self.marks.t_end_is_clear { 1.0 } else { 0.5 };
        let p = self
            .p(place, member)
            .map(|(span, shift, alike)| wave(&span, shift, alike));
        let t = self
            .t(member)
            .map(|(span, shift, alike)| wave(&span, shift, alike.min(most_t)));
        BeatWaves {
            beat,
            usual,
            p,
            qrs,
            qrs_is_clear: f64::from(qrs.end_s - qrs.onset_s) <= WIDEST_QRS_S,
            t,
            t_end_is_clear: self.marks.t_end_is_clear,
        }
    }

    /// Span, shift in grid steps and correlation of a member's P.
    fn p(&self, place: usize, member: &Member) -> Result<(marks::Span, f64, f64), Absent> {
        let own = match &self.presence {
            Ok((p, alike)) => Ok((p, alike.get(place).copied().unwrap_or(0.0))),
            Err(reason) => Err(*reason),
        };
        if let Ok((p, alike)) = own
            && alike >= SHOWS
        {
            let window = p_window(self.marks, *p);
            let (best, shift) = best_move(member, &self.kind.shape, &window, (P_MOVES_S, P_STEP))
                .ok_or(Absent::CutOff)?;
            let shift = if best >= FOLLOWS { shift } else { 0.0 };
            // It still ends before the QRS begins.
            let most = self.marks.qrs.onset as f64 - p.span.end as f64;
            return Ok((p.span, shift.min(most), alike.max(best.min(1.0))));
        }
        if let Err(reason) = own
            && self.kind.members.len() >= ENOUGH
        {
            return Err(reason);
        }
        let Some(usual) = self.usual_p else {
            return Err(self.no_p);
        };
        let aligned = self.marks.qrs.onset as i64 - usual.qrs_onset as i64;
        let (best, shift) = best_displaced(member, usual, aligned).ok_or(Absent::CutOff)?;
        if best < SAME_P {
            return Err(Absent::NotHere);
        }
        let most = self.marks.qrs.onset as f64 - usual.p.span.end as f64;
        Ok((usual.p.span, shift.min(most), best))
    }

    fn t(&self, member: &Member) -> Result<(marks::Span, f64, f64), Absent> {
        let Some(t) = self.marks.t.filter(|_| self.t_is_clear) else {
            return Err(Absent::Flat);
        };
        let from =
            (self.marks.qrs.end + samples(0.02)).max(t.span.peak.saturating_sub(samples(0.12)));
        let window = from..(t.span.end + samples(0.04)).min(self.kind.shape.len());
        let (best, shift) = best_move(member, &self.kind.shape, &window, (T_MOVES_S, T_STEP))
            .ok_or(Absent::CutOff)?;
        let shift = if best >= FOLLOWS { shift } else { 0.0 };
        let least = self.marks.qrs.end as f64 - t.span.onset as f64;
        Ok((t.span, shift.max(least), best))
    }
}

/// The shift in grid steps, of at most `most_s` to either side, at which a member agrees best with the shape within
/// `window`, and the correlation there. Only every `step`th sample is compared.
fn best_move(
    member: &Member,
    shape: &[f64],
    window: &Range<usize>,
    (most_s, step): (f64, usize),
) -> Option<(f64, f64)> {
    let most = samples(most_s) / step * step;
    let reference = segment_of(shape, window);
    let wide = window.start.checked_sub(most)?..(window.end + most).min(shape.len());
    match segment(&member.cut, &wide) {
        Some(own) => best_shift(&reference, &own, most, step),
        None => best_shift(&reference, &segment(&member.cut, window)?, 0, step),
    }
}

/// The same for a P of another kind, around where it would be before this QRS.
fn best_displaced(member: &Member, usual: &UsualP, aligned: i64) -> Option<(f64, f64)> {
    let most = samples(P_DISPLACED_S);
    let reference = segment_of(&usual.shape, &usual.window);
    let from = usual.window.start as i64 + aligned - most as i64;
    let to = usual.window.end as i64 + aligned + most as i64;
    if from < 0 || to > member.cut.len() as i64 {
        return None;
    }
    let own = segment(&member.cut, &(from as usize..to as usize))?;
    let (best, shift) = best_shift(&reference, &own, most, P_STEP)?;
    Some((best, shift + aligned as f64))
}

/// Best correlation of `reference` along `own`, whose start lies `lead` samples before the place of no shift, and that
/// shift, refined by the parabola through the best correlation and its neighbours.
fn best_shift(reference: &[f64], own: &[f64], lead: usize, step: usize) -> Option<(f64, f64)> {
    let every = |x: &[f64]| x.iter().step_by(step).copied().collect::<Vec<f64>>();
    let reference = every(reference);
    let alike: Vec<f64> = every(own)
        .windows(reference.len().max(1))
        .map(|part| detrended_correlation(&reference, part))
        .collect();
    let middle = lead / step;
    // Of near equals the smaller shift.
    let score = |k: usize| alike[k] - 1e-4 * (k.abs_diff(middle) * step) as f64;
    let best = (0..alike.len()).max_by(|a, b| score(*a).total_cmp(&score(*b)))?;
    let beside = |k: Option<usize>| k.and_then(|k| alike.get(k)).copied();
    let part = match (beside(best.checked_sub(1)), beside(Some(best + 1))) {
        (Some(before), Some(after)) => {
            let bend = before - 2.0 * alike[best] + after;
            if bend < 0.0 {
                ((before - after) / (2.0 * bend)).clamp(-0.5, 0.5)
            } else {
                0.0
            }
        }
        _ => 0.0,
    };
    let shift = (best as f64 - middle as f64 + part) * step as f64;
    Some((alike[best], shift))
}

/// A wave that reaches beyond waves quality is not said.
fn keep_to_quality(waves: &mut [BeatWaves], beats: &[Beat], quality: &[QualitySpan]) {
    for waves in waves {
        let time_s = beats[waves.beat].time_s;
        let within = |wave: Wave| {
            let measurable = |offset_s: f32| on_waves(quality, time_s + f64::from(offset_s));
            if measurable(wave.onset_s) && measurable(wave.end_s) {
                Ok(wave)
            } else {
                Err(Absent::Quality)
            }
        };
        waves.p = waves.p.and_then(within);
        waves.t = waves.t.and_then(within);
    }
}

/// Fiducials stay in order, within a beat and from beat to beat.
fn keep_order(waves: &mut [BeatWaves], beats: &[Beat]) {
    for k in 0..waves.len() {
        let (done, rest) = waves.split_at_mut(k);
        let Some(own) = rest.first_mut() else {
            return;
        };
        let in_order = |wave: Wave| {
            if wave.onset_s < wave.peak_s && wave.peak_s < wave.end_s {
                Ok(wave)
            } else {
                Err(Absent::Merged)
            }
        };
        own.p = own.p.and_then(|mut p| {
            p.end_s = p.end_s.min(own.qrs.onset_s);
            in_order(p)
        });
        own.t = own.t.and_then(|mut t| {
            t.onset_s = t.onset_s.max(own.qrs.end_s);
            in_order(t)
        });
        if let Some(before) = done.last_mut() {
            part(
                before,
                own,
                (beats[own.beat].time_s - beats[before.beat].time_s) as f32,
            );
        }
    }
}

/// The T before ends where this beat begins; a P within the QRS or the T before is hidden in it.
fn part(before: &mut BeatWaves, own: &mut BeatWaves, apart_s: f32) {
    if own.qrs.onset_s + apart_s < before.qrs.end_s {
        // Two beats a few tenths of a second apart, each with a wide complex: they meet between their peaks.
        let middle_s = (before.qrs.peak_s + own.qrs.peak_s + apart_s) / 2.0;
        before.qrs.end_s = before.qrs.end_s.min(middle_s);
        own.qrs.onset_s = own.qrs.onset_s.max(middle_s - apart_s);
    }
    let taken_until_s = before.t.map_or(before.qrs.end_s, |t| t.peak_s);
    if own.p.is_ok_and(|p| p.onset_s + apart_s <= taken_until_s) {
        own.p = Err(Absent::Merged);
    }
    let begins_s = own.p.map_or(own.qrs.onset_s, |p| p.onset_s) + apart_s;
    before.t = before.t.and_then(|mut t| {
        t.end_s = t.end_s.min(begins_s);
        if t.end_s > t.peak_s {
            Ok(t)
        } else {
            Err(Absent::Merged)
        }
    });
}
