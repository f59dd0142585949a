//! Beats that start elsewhere than in the sinus node: rows and patterns of them.

use super::irregular_rhythm::irregular_stretches;
use super::{AtrialFibrillation, Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::{BeatCode, Phrase};
use crate::signal::median;
use std::ops::Range;

/// Least mean probability of the classes that a finding rests on. A class that is little better than a guess is shown
/// on the trace, but nothing is told of it.
const SURE_FROM: f32 = 0.6;
/// The same for a beat from the ventricles that is the only one of a recording, with nothing to bear it out: a jerk of the
/// electrode looks like one. In folds 1 and 2 of CinC 2017 it halves how often one is told in normal recordings (32 of 997
/// to 14, 45 of 1 041 to 17) for a sixth of the others in which one was told (252 to 207, not all of which have one).
const SURE_ALONE: f32 = 0.8;
/// Intervals to either side that an early beat is compared with.
const NEAR: usize = 8;
/// Fewest repetitions of a pattern: three cycles.
const FEWEST_CYCLES: usize = 3;
/// Fewest beats of a run (2017 AHA/ACC/HRS guideline on ventricular arrhythmias, Al-Khatib et al., Circulation
/// 138:e272, 2018).
const FEWEST_OF_RUN: usize = 3;

/// Where extra beats start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the ventricles.
    Ventricular,
    /// Above them.
    Supraventricular,
}

impl Origin {
    fn code(self) -> BeatCode {
        match self {
            Self::Ventricular => BeatCode::V,
            Self::Supraventricular => BeatCode::S,
        }
    }

    /// Least probability of a beat's class that a finding on so many beats may rest on.
    fn sure_from(self, beats: usize) -> f32 {
        match (self, beats) {
            (Self::Ventricular, 1) => SURE_ALONE,
            _ => SURE_FROM,
        }
    }
}

/// Whether a class is that of a beat out of turn.
#[must_use]
pub fn is_ectopic(class: BeatCode) -> bool {
    match class {
        BeatCode::S | BeatCode::V | BeatCode::F => true,
        BeatCode::N | BeatCode::Q => false,
    }
}

/// The beats of one origin in an analysis, but for stretches where the class means nothing: in an irregular rhythm no
/// beat is early, so none is called supraventricular.
pub struct Ectopy<'a> {
    analysis: &'a Analysis,
    origin: Origin,
    is: Vec<bool>,
}

impl<'a> Ectopy<'a> {
    /// Looks the beats through.
    pub fn new(analysis: &'a Analysis, calls: &[Call], origin: Origin) -> Self {
        let irregular = match origin {
            Origin::Ventricular => Vec::new(),
            Origin::Supraventricular => irregular(analysis, calls),
        };
        let is = analysis
            .beats
            .iter()
            .map(|beat| {
                beat.class == origin.code()
                    && !irregular.iter().any(|range| range.contains(&beat.time_s))
            })
            .collect();
        Self {
            analysis,
            origin,
            is,
        }
    }

    fn is(&self, index: usize) -> bool {
        self.is.get(index).copied().unwrap_or(false)
    }

    fn follows(&self, index: usize) -> bool {
        self.analysis
            .beats
            .get(index)
            .is_some_and(|beat| beat.follows)
    }

    fn is_usual(&self, index: usize) -> bool {
        self.analysis
            .beats
            .get(index)
            .is_some_and(|beat| beat.class == BeatCode::N)
    }

    /// Beats that follow each other, all of this origin, as many as there are in a row.
    pub fn rows(&self) -> Vec<Range<usize>> {
        let mut rows: Vec<Range<usize>> = Vec::new();
        for index in (0..self.is.len()).filter(|&index| self.is(index)) {
            match rows.last_mut() {
                Some(row) if row.end == index && self.follows(index) => row.end = index + 1,
                _ => rows.push(index..index + 1),
            }
        }
        rows
    }

    /// Stretches in which every `period`-th beat is of this origin and the others are usual ones, three times and
    /// more; from the first such beat to the last.
    fn patterns(&self, period: usize) -> Vec<Range<usize>> {
        let mut patterns = Vec::new();
        let mut from = 0;
        while from < self.is.len() {
            let mut last = from;
            while self.is(from) && self.goes_on(last, period) {
                last += period;
            }
            if (last - from) / period + 1 >= FEWEST_CYCLES {
                patterns.push(from..last + 1);
                from = last;
            }
            from += 1;
        }
        patterns
    }

    /// Whether the pattern that has come to the beat `at` has one more cycle.
    fn goes_on(&self, at: usize, period: usize) -> bool {
        self.is(at + period)
            && (at + 1..at + period).all(|index| self.is_usual(index))
            && (at + 1..=at + period).all(|index| self.follows(index))
    }

    /// Beats of this origin that come earlier than the intervals around, alone or in a row that began so. Late ones
    /// stand in for a beat that failed to come; they are not premature.
    pub fn early(&self) -> Vec<usize> {
        self.rows()
            .into_iter()
            .filter(|row| is_early(self.analysis, row.start))
            .flatten()
            .collect()
    }

    /// Mean probability of the class over these beats.
    pub fn probability(&self, beats: &[usize]) -> f32 {
        let sum: f32 = beats
            .iter()
            .filter_map(|&index| self.analysis.beats.get(index))
            .map(|beat| beat.class_confidence)
            .sum();
        sum / beats.len().max(1) as f32
    }

    /// A finding on these beats, `None` when their classes are too unsure to tell it. Its text has the arguments `n`
    /// (beats of this origin), `from`, `to` (seconds) and `probability`.
    pub fn finding(&self, id: &str, beats: Vec<usize>, text: Phrase) -> Option<Finding> {
        let ectopic: Vec<usize> = beats.iter().copied().filter(|&i| self.is(i)).collect();
        let probability = self.probability(&ectopic);
        if ectopic.is_empty() || probability < self.origin.sure_from(ectopic.len()) {
            return None;
        }
        let from_s = self.analysis.beats.get(*beats.first()?)?.time_s;
        let to_s = self.analysis.beats.get(*beats.last()?)?.time_s;
        Some(Finding {
            id: id.to_owned(),
            range_s: from_s..to_s,
            confidence: probability,
            text: text
                .with("n", ectopic.len())
                .with("from", from_s)
                .with("to", to_s)
                .with("probability", f64::from(probability)),
            beats,
        })
    }

    /// Beats per minute within a row of two beats and more.
    fn rate_per_min(&self, row: &Range<usize>) -> Option<f64> {
        let beats = self.analysis.beats.get(row.clone())?;
        let span_s = beats.last()?.time_s - beats.first()?.time_s;
        (span_s > 0.0).then(|| 60.0 * (beats.len() - 1) as f64 / span_s)
    }
}

/// Single early beats of one origin, as one finding on the whole recording, with `of` (beats that have a class) and
/// `burden` (percent of them).
pub fn early_beats(ectopy: &Ectopy<'_>, id: &str, text: Phrase) -> Vec<Finding> {
    let beats: Vec<usize> = ectopy
        .early()
        .into_iter()
        .filter(|&index| ectopy.probability(&[index]) >= SURE_FROM)
        .collect();
    let classed = ectopy
        .analysis
        .beats
        .iter()
        .filter(|beat| beat.class != BeatCode::Q)
        .count();
    let burden = 100.0 * beats.len() as f64 / classed.max(1) as f64;
    let text = text.with("of", classed).with("burden", burden);
    ectopy.finding(id, beats, text).into_iter().collect()
}

/// Pairs of one origin, as one finding on the whole recording, with `pairs`.
pub fn couplets(ectopy: &Ectopy<'_>, id: &str, text: Phrase) -> Vec<Finding> {
    let pairs: Vec<Range<usize>> = ectopy
        .rows()
        .into_iter()
        .filter(|row| row.len() == 2)
        .filter(|row| ectopy.probability(&[row.start, row.start + 1]) >= SURE_FROM)
        .filter(|row| is_early(ectopy.analysis, row.start))
        .collect();
    let text = text.with("pairs", pairs.len());
    let beats = pairs.into_iter().flatten().collect();
    ectopy.finding(id, beats, text).into_iter().collect()
}

/// Each pattern of one origin with this period (2: bigeminy, 3: trigeminy) as a finding.
pub fn patterns(ectopy: &Ectopy<'_>, id: &str, period: usize, text: &Phrase) -> Vec<Finding> {
    ectopy
        .patterns(period)
        .into_iter()
        .filter_map(|beats| ectopy.finding(id, beats.collect(), text.clone()))
        .collect()
}

/// Each row of three and more beats of one origin as a finding, with `rate` (per minute) and `length` (seconds), from
/// which `text` chooses the words.
pub fn runs(ectopy: &Ectopy<'_>, id: &str, text: impl Fn(f64, f64) -> Phrase) -> Vec<Finding> {
    ectopy
        .rows()
        .into_iter()
        .filter(|row| row.len() >= FEWEST_OF_RUN)
        .filter_map(|row| {
            let rate_per_min = ectopy.rate_per_min(&row)?;
            let length_s = 60.0 * (row.len() - 1) as f64 / rate_per_min;
            let text = text(rate_per_min, length_s)
                .with("rate", rate_per_min)
                .with("length", length_s);
            ectopy.finding(id, row.collect(), text)
        })
        .collect()
}

/// Whether a beat comes earlier than the intervals around it, a tenth and more; also where that cannot be measured.
fn is_early(analysis: &Analysis, index: usize) -> bool {
    let interval = |index: usize| {
        let (before, beat) = (
            analysis.beats.get(index.checked_sub(1)?)?,
            analysis.beats.get(index)?,
        );
        beat.follows.then_some(beat.time_s - before.time_s)
    };
    let around: Vec<f64> = (index.saturating_sub(NEAR)..=index + NEAR)
        .filter(|&other| other != index)
        .filter_map(interval)
        .collect();
    match (interval(index), median(&around)) {
        (Some(own), Some(usual)) => own < 0.9 * usual,
        _ => true,
    }
}

/// Stretches of an irregular rhythm, atrial fibrillation among them.
fn irregular(analysis: &Analysis, calls: &[Call]) -> Vec<Range<f64>> {
    AtrialFibrillation
        .find(analysis, calls)
        .into_iter()
        .map(|finding| finding.range_s)
        .chain(irregular_stretches(analysis))
        .collect()
}
