//! Signal quality by the second, as a stream.
//!
//! The grade rests on what the beats look like: how well the trace around each one agrees with the traces around its
//! neighbours (template correlation after Orphanidou et al., IEEE JBHI 19:832, 2015), and on noise between them,
//! always relative to the height of the QRS. Millivolts only lower a grade ([`QualityReason::Weak`]), they never decide
//! on beats.

mod doubt;
mod second_lead;
mod weights;

use super::beats::detect_beats;
use super::{Beat, Grade, LOOK_AHEAD_S, QualityReason, QualitySpan};
use crate::recording::{Lead, Unit};
use crate::signal::{correlation, median, percentile};
use doubt::{BEFORE, Doubt, FEATURES};
pub use doubt::{INPUTS, input_names};
pub use second_lead::{Heard, confirmed, unseen};
use std::collections::VecDeque;
use std::f64::consts::PI;

/// Half the width in seconds of the smoothing whose remainder counts as high-frequency noise (above about 40 Hz).
const SMOOTH_S: f64 = 0.012;
/// The trace around a beat that is compared, in seconds from its fiducial, and its points.
const BEFORE_S: f64 = 0.25;
const AFTER_S: f64 = 0.35;
const POINTS: usize = 60;
/// From R to S, in points: 60 ms.
const R_TO_S_POINTS: isize = 6;
/// Correlation of the traces around two beats of one kind, by whichever peak they are taken.
const SAME_BEAT: f64 = 0.9;
/// Beats that belong to second k: from `k - PAST_S` to `k + NEXT_S`, and at the start at least `FIRST_S` seconds.
const PAST_S: f64 = 5.0;
const NEXT_S: f64 = 1.5;
const FIRST_S: f64 = 6.5;
/// Agreement between beats below which nothing is said, and from which on waves are measured. What nothing is said
/// beyond is told by the network of [`doubt`]; the fixed limits are where it has learnt little.
const AGREES_LEAST: f64 = 0.15;
const AGREES_WELL: f64 = 0.8;
/// Root mean square of what differs between the traces around beats, over QRS height.
const DIFFERS_MOST: f64 = 0.5;
const DIFFERS_WAVES: f64 = 0.12;
/// Steepest point of the QRS over the upper quartile of the slopes around it, below which it does not stand out.
const STANDS_OUT: f64 = 2.5;
/// High-frequency noise (root mean square over QRS height).
const NOISE_MOST: f64 = 0.3;
const NOISE_WAVES: f64 = 0.05;
/// Amplitude of mains hum over QRS height.
const MAINS_MOST: f64 = 0.3;
const MAINS_WAVES: f64 = 0.08;
/// Change of the second's mean to its neighbour over QRS height.
const WANDER_WAVES: f64 = 0.8;
/// Seconds that are kept before the one that is graded.
const SECONDS_KEPT: usize = PAST_S as usize + 1;
/// A second before this many times as noisy as the one that is graded is past: the beats in it tell nothing of this one.
const NOISY_BEFORE: f64 = 4.0;
/// Seconds whose beats are remembered: a beat of a second kind comes rarely.
const REMEMBERED_S: f64 = 30.0;
/// QRS height over the window's range, below which the "beats" are ripples on something else.
const RIPPLE: f64 = 0.05;
/// QRS height in millivolts below which waves are not measured (EC57 detectors need not see less than 0.15 mV).
const WEAK_MV: f64 = 0.15;

/// What is kept of one second of signal.
#[derive(Clone, Debug, Default)]
struct Second {
    present: usize,
    low: f64,
    high: f64,
    mean: f64,
    /// Median over 50 ms blocks of the high-frequency root mean square.
    noise: f64,
    /// Larger of the amplitudes at 50 and 60 Hz.
    mains: f64,
    /// Share of samples that rest at the second's greatest or least value in runs of 40 ms and more.
    at_rail: f64,
}

#[derive(Clone, Debug)]
struct Shape {
    time_s: f64,
    height: f64,
    /// Log odds of the beat, by the detector.
    odds: f64,
    values: Vec<f64>,
}

impl Shape {
    /// Whether the trace goes up at the fiducial.
    fn is_up(&self) -> bool {
        let middle = (POINTS as f64 * BEFORE_S / (BEFORE_S + AFTER_S)).round() as usize;
        self.values[middle - 1] + self.values[middle] > 0.0
    }
}

/// What the doubt of a second's beats says, and what its grade would be without it.
#[derive(Clone, Debug, PartialEq)]
pub struct SecondDoubt {
    /// Log odds of a wrong beat; `None` where there is nothing to judge by (flat, saturated, too few beats), or where the
    /// grade rests on fewer beats than the odds.
    pub odds: Option<f64>,
    /// Grade and reasons if the odds did not count.
    pub undoubted: (Grade, Vec<QualityReason>),
}

/// Grades a lead second by second while its samples and final beats arrive.
#[derive(Clone, Debug)]
pub struct QualityMeter {
    rate_hz: f64,
    millivolts: bool,
    recent: VecDeque<f32>,
    /// Index of the first of `recent`.
    first: usize,
    received: usize,
    current: Vec<f32>,
    current_second: usize,
    seconds: VecDeque<Second>,
    first_second: usize,
    shapes: VecDeque<Shape>,
    /// Seconds that have been described; one more than are graded, once there are any.
    described: usize,
    /// The second that waits for its next, behind the [`BEFORE`] ones.
    waiting: VecDeque<Described>,
}

impl QualityMeter {
    /// A meter for samples at `rate_hz`; `millivolts` says whether their size has a meaning.
    #[must_use]
    pub fn new(rate_hz: f64, millivolts: bool) -> Self {
        Self {
            rate_hz: if rate_hz.is_finite() {
                rate_hz.clamp(1.0, 100_000.0)
            } else {
                1.0
            },
            millivolts,
            recent: VecDeque::new(),
            first: 0,
            received: 0,
            current: Vec::new(),
            current_second: 0,
            seconds: VecDeque::new(),
            first_second: 0,
            shapes: VecDeque::new(),
            described: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Takes the next samples.
    pub fn push(&mut self, samples: &[f32]) {
        let keep = ((LOOK_AHEAD_S + 2.0) * self.rate_hz) as usize + 2;
        for &sample in samples {
            let sample = if sample.is_finite() { sample } else { 0.0 };
            self.step_to(self.received);
            self.current.push(sample);
            self.recent.push_back(sample);
            if self.recent.len() > keep {
                self.recent.pop_front();
                self.first += 1;
            }
            self.received += 1;
        }
    }

    /// `missing` samples are missing here.
    pub fn skip(&mut self, missing: usize) {
        self.received = self.received.saturating_add(missing);
        self.recent.clear();
        self.first = self.received;
        self.step_to(self.received);
    }

    /// A final beat, not later than the look-ahead.
    pub fn beat(&mut self, beat: &Beat) {
        let centre = beat.time_s * self.rate_hz - self.first as f64;
        let mut values: Vec<f64> = (0..POINTS)
            .map(|k| {
                let offset = -BEFORE_S + (BEFORE_S + AFTER_S) * (k as f64 + 0.5) / POINTS as f64;
                let half = (BEFORE_S + AFTER_S) / POINTS as f64 / 2.0;
                self.mean_of(
                    centre + (offset - half) * self.rate_hz,
                    centre + (offset + half) * self.rate_hz,
                )
            })
            .collect();
        level(&mut values);
        let (low, high) = self.extremes(centre - 0.06 * self.rate_hz, centre + 0.06 * self.rate_hz);
        self.shapes.push_back(Shape {
            time_s: beat.time_s,
            height: high - low,
            odds: odds(f64::from(beat.confidence)),
            values,
        });
    }

    fn index(&self, position: f64) -> usize {
        (position.round().max(0.0) as usize).min(self.recent.len().saturating_sub(1))
    }

    fn mean_of(&self, from: f64, to: f64) -> f64 {
        let (from, to) = (self.index(from), self.index(to));
        let values = self.recent.range(from..(to + 1).min(self.recent.len()));
        let n = values.len().max(1);
        values.map(|v| f64::from(*v)).sum::<f64>() / n as f64
    }

    fn extremes(&self, from: f64, to: f64) -> (f64, f64) {
        let (from, to) = (self.index(from), self.index(to));
        let values = self.recent.range(from..(to + 1).min(self.recent.len()));
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(f64::from(*v)), high.max(f64::from(*v)))
        });
        if low <= high { (low, high) } else { (0.0, 0.0) }
    }

    /// Closes all seconds before the one that sample `index` lies in.
    fn step_to(&mut self, index: usize) {
        let second = (index as f64 / self.rate_hz) as usize;
        while self.current_second < second {
            let closed = self.close();
            self.seconds.push_back(closed);
            self.current_second += 1;
        }
    }

    fn close(&mut self) -> Second {
        let values = std::mem::take(&mut self.current);
        second_of(&values, self.rate_hz)
    }

    /// The next second's grade with its reasons, once all that it rests on is there, and the doubt in it; `ended` says that
    /// no more comes.
    pub fn next(&mut self, ended: bool) -> Option<(QualitySpan, SecondDoubt)> {
        let (span, graded) = self.next_graded(ended)?;
        let SecondGrade { doubt, .. } = graded;
        Some((span, doubt))
    }

    fn next_graded(&mut self, ended: bool) -> Option<(QualitySpan, SecondGrade)> {
        let next = match self.describe(ended) {
            Some(first) if self.waiting.is_empty() => {
                self.waiting.push_back(first);
                self.describe(ended)
            }
            other => other,
        };
        if next.is_none() && !ended {
            return None;
        }
        let (own, before) = self.waiting.make_contiguous().split_last()?;
        if own.is_given {
            return None;
        }
        let after = next.as_ref().and_then(|second| second.features.as_ref());
        let before = before.iter().rev().map(|second| second.features.as_ref());
        let graded = own.graded(before, after);
        let span = QualitySpan {
            range_s: own.range_s.clone(),
            grade: graded.grade,
            reasons: graded.reasons.clone(),
        };
        match next {
            Some(next) => self.waiting.push_back(next),
            None => self.waiting.back_mut()?.is_given = true,
        }
        if self.waiting.len() > BEFORE + 1 {
            self.waiting.pop_front();
        }
        Some((span, graded))
    }

    /// Describes the next second, once all that it rests on is there.
    fn describe(&mut self, ended: bool) -> Option<Described> {
        let now = self.received as f64 / self.rate_hz;
        let k = self.described;
        let until = (k as f64 + NEXT_S).max(FIRST_S);
        if ended {
            if k as f64 >= now {
                return None;
            }
            if !self.current.is_empty() {
                let closed = self.close();
                self.seconds.push_back(closed);
                self.current_second += 1;
            }
        } else if now < until + LOOK_AHEAD_S {
            return None;
        }
        let described = Described {
            range_s: k as f64..(k as f64 + 1.0).min(now),
            ..self.description(k, until)
        };
        self.described += 1;
        while self
            .shapes
            .front()
            .is_some_and(|shape| shape.time_s < k as f64 - REMEMBERED_S)
        {
            self.shapes.pop_front();
        }
        while self.first_second + SECONDS_KEPT < self.described {
            self.seconds.pop_front();
            self.first_second += 1;
        }
        Some(described)
    }

    fn second(&self, k: usize) -> Option<&Second> {
        self.seconds.get(k.checked_sub(self.first_second)?)
    }

    fn description(&self, k: usize, until: f64) -> Described {
        let unusable = Described::unusable;
        let Some(second) = self.second(k) else {
            return unusable(QualityReason::Missing);
        };
        let whole = (self.rate_hz as usize).max(1);
        if second.present * 2 < whole.min(self.received.saturating_sub(k * whole)) {
            return unusable(QualityReason::Missing);
        }
        let around: Vec<&Second> = (k.saturating_sub(1)..k + 2)
            .filter_map(|k| self.second(k))
            .filter(|s| s.present > 0)
            .collect();
        let low = around.iter().map(|s| s.low).fold(f64::INFINITY, f64::min);
        let high = around
            .iter()
            .map(|s| s.high)
            .fold(f64::NEG_INFINITY, f64::max);
        if high <= low {
            return unusable(QualityReason::Flat);
        }
        let by = |from_s: f64| {
            let within = |shape: &&Shape| (from_s..until).contains(&shape.time_s);
            let shapes: Vec<&Shape> = self.shapes.iter().filter(within).collect();
            self.describe_by(second, &around, &shapes, high - low)
        };
        Described {
            since: self.noisy_before(k).map(|from_s| Box::new(by(from_s))),
            ..by(k as f64 - PAST_S)
        }
    }

    /// Where the last second ended that was far noisier than this one.
    fn noisy_before(&self, k: usize) -> Option<f64> {
        let own = self.second(k)?.noise;
        (k.saturating_sub(PAST_S as usize)..k)
            .rev()
            .find(|&before| {
                self.second(before)
                    .is_some_and(|second| second.noise > NOISY_BEFORE * own)
            })
            .map(|before| before as f64 + 1.0)
    }

    /// The description by these beats.
    fn describe_by(
        &self,
        second: &Second,
        around: &[&Second],
        shapes: &[&Shape],
        range: f64,
    ) -> Described {
        let unusable = Described::unusable;
        let heights: Vec<f64> = shapes.iter().map(|s| s.height).collect();
        let Some(height) = median(&heights).filter(|height| *height > 0.0) else {
            // No beat for many seconds: a standstill if the line is quiet, but that cannot be told from a lost contact.
            return unusable(QualityReason::Weak);
        };
        if shapes.len() < 2 {
            return unusable(QualityReason::Short);
        }
        if second.at_rail > 0.2 && (second.high - second.low) > 0.8 * height {
            return unusable(QualityReason::Saturated);
        }
        self.describe_noise(second, around, shapes, height, range)
    }

    fn describe_noise(
        &self,
        second: &Second,
        around: &[&Second],
        shapes: &[&Shape],
        height: f64,
        range: f64,
    ) -> Described {
        let agreement = agreement(shapes);
        let differs = differences(shapes.iter().copied(), shapes) / height;
        let noise = second.noise / height;
        let mains = second.mains / height;
        let wander = around
            .iter()
            .map(|s| (s.mean - second.mean).abs())
            .fold(0.0, f64::max)
            / height;
        let hum = mains > 0.7 * noise;
        let mut reasons = Vec::new();
        let mut note = |holds: bool, reason| {
            if holds {
                reasons.push(reason);
            }
        };
        note(mains > MAINS_WAVES && hum, QualityReason::Mains);
        note(noise > NOISE_WAVES && !hum, QualityReason::Muscle);
        note(wander > WANDER_WAVES, QualityReason::Wander);
        note(self.millivolts && height < WEAK_MV, QualityReason::Weak);
        let stands_out = middle(shapes, |shape| stands_out(&shape.values));
        let doubt = Doubt {
            from_s: self.described as f64,
            second,
            shapes,
            remembered: &self.shapes,
            height,
            range,
            agreement,
            differs,
            wander,
            stands_out,
        };
        Described {
            range_s: 0.0..0.0,
            is_lost: stands_out < STANDS_OUT
                || agreement < AGREES_LEAST
                || differs > DIFFERS_MOST
                || noise > NOISE_MOST
                || mains > MAINS_MOST
                || height < RIPPLE * range,
            is_restless: (agreement < AGREES_WELL || differs > DIFFERS_WAVES)
                && !is_restful_by_one_peak(shapes, height),
            reasons,
            features: Some(doubt.features()),
            since: None,
            is_given: false,
        }
    }
}

/// All that a second's grade rests on, but for the seconds around it.
#[derive(Clone, Debug)]
struct Described {
    range_s: std::ops::Range<f64>,
    /// Nothing is said of it, whatever the network says.
    is_lost: bool,
    /// Its beats differ so much that no waves are measured.
    is_restless: bool,
    reasons: Vec<QualityReason>,
    /// What the doubt of its beats rests on, where it has some.
    features: Option<[f64; FEATURES]>,
    /// The same by the beats since it was far noisier, where it was: what came before tells nothing of these.
    since: Option<Box<Described>>,
    /// Whether its grade has been given.
    is_given: bool,
}

impl Described {
    fn unusable(reason: QualityReason) -> Self {
        Self {
            range_s: 0.0..0.0,
            is_lost: true,
            is_restless: false,
            reasons: vec![reason],
            features: None,
            since: None,
            is_given: false,
        }
    }

    /// The grade among the seconds around, with the doubt where there is something to judge by.
    fn graded<'a>(
        &'a self,
        before: impl Iterator<Item = Option<&'a [f64; FEATURES]>>,
        next: Option<&'a [f64; FEATURES]>,
    ) -> SecondGrade {
        let own = self.features.as_ref();
        let inputs = own.map(|features| doubt::inputs(features, before, next));
        let odds = inputs.as_ref().map(doubt::odds);
        let lost = self.is_lost || odds.is_some_and(doubt::is_too_much);
        let since = self.since.as_ref().filter(|_| lost);
        let since = since.map(|since| since.graded(std::iter::empty(), next));
        if let Some(since) = since.filter(|since| since.grade > Grade::Unusable) {
            let undoubted = (since.grade, since.reasons.clone());
            let doubt = SecondDoubt {
                odds: None,
                undoubted,
            };
            return SecondGrade {
                inputs,
                doubt,
                ..since
            };
        }
        let (grade, reasons) = self.grade_if(lost);
        SecondGrade {
            grade,
            reasons,
            inputs,
            doubt: SecondDoubt {
                odds,
                undoubted: self.grade_if(self.is_lost),
            },
        }
    }

    /// The grade and why it is not the best, if nothing is said of the second or something is.
    fn grade_if(&self, lost: bool) -> (Grade, Vec<QualityReason>) {
        let mut reasons = self.reasons.clone();
        if reasons.is_empty() && (self.is_restless || lost) {
            reasons.push(QualityReason::Motion);
        }
        let grade = match (lost, reasons.is_empty()) {
            (true, _) => Grade::Unusable,
            (false, false) => Grade::Beats,
            (false, true) => Grade::Waves,
        };
        (grade, reasons)
    }
}

/// A second's grade and what it rests on.
struct SecondGrade {
    grade: Grade,
    reasons: Vec<QualityReason>,
    /// The network's inputs, where there are some.
    inputs: Option<[f64; INPUTS]>,
    doubt: SecondDoubt,
}

/// Log odds of a probability, at most 20 either way.
fn odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln().clamp(-20.0, 20.0)
}

/// Median of something over shapes, 0 for none.
fn middle(shapes: &[&Shape], of: impl Fn(&Shape) -> f64) -> f64 {
    median(&shapes.iter().map(|shape| of(shape)).collect::<Vec<_>>()).unwrap_or(0.0)
}

/// Root mean square by which each of some traces differs from those of all that are most like it (lower quartile); the
/// median over them, 0 for none.
fn differences<'a>(some: impl Iterator<Item = &'a Shape>, all: &[&Shape]) -> f64 {
    let single: Vec<f64> = some
        .filter_map(|shape| {
            let others: Vec<f64> = all
                .iter()
                .filter(|other| !std::ptr::eq(**other, shape))
                .map(|other| difference(shape, other))
                .collect();
            percentile(&others, 25.0)
        })
        .collect();
    median(&single).unwrap_or(0.0)
}

/// Noise of one of two traces, as far as they differ by it: root mean square over the square root of two.
fn difference(one: &Shape, other: &Shape) -> f64 {
    let pairs = one.values.iter().zip(&other.values);
    let sum: f64 = pairs.map(|(a, b)| (a - b).powi(2)).sum();
    (sum / POINTS as f64 / 2.0).sqrt()
}

/// How alike the traces around the beats are: for each its upper quartile of correlations with the others (so that two
/// kinds of beats may alternate), and the median of these.
fn agreement(shapes: &[&Shape]) -> f64 {
    let single: Vec<f64> = shapes
        .iter()
        .enumerate()
        .filter_map(|(i, shape)| {
            let others: Vec<f64> = shapes
                .iter()
                .enumerate()
                .filter(|(j, _)| *j != i)
                .map(|(_, other)| correlation(&shape.values, &other.values))
                .collect();
            percentile(&others, 75.0)
        })
        .collect();
    median(&single).unwrap_or(0.0)
}

/// Whether the beats agree well once all are taken by the same peak: where R and S are nearly equal, the fiducial goes from
/// one to the other with every breath, and the traces around it differ by nothing else. Not so where it stays with one, or
/// where beats of another kind go the other way.
fn is_restful_by_one_peak(shapes: &[&Shape], height: f64) -> bool {
    let (up, down): (Vec<&Shape>, Vec<&Shape>) = shapes.iter().partition(|shape| shape.is_up());
    let (most, fewer) = match up.len() >= down.len() {
        true => (up, down),
        false => (down, up),
    };
    if fewer.is_empty() {
        return false;
    }
    let moved: Option<Vec<Shape>> = fewer.iter().map(|shape| moved_onto(shape, &most)).collect();
    let Some(moved) = moved else {
        return false;
    };
    let all: Vec<&Shape> = most.into_iter().chain(&moved).collect();
    agreement(&all) >= AGREES_WELL
        && differences(all.iter().copied(), &all) / height <= DIFFERS_WAVES
}

/// The shape, moved by at most [`R_TO_S_POINTS`] to where it is most like one of the others; `None` where it stays unlike.
fn moved_onto(shape: &Shape, others: &[&Shape]) -> Option<Shape> {
    let last = POINTS as isize - 1;
    let moved = |by: isize| -> Vec<f64> {
        (0..=last)
            .map(|k| shape.values[(k + by).clamp(0, last) as usize])
            .collect()
    };
    let likeness = |values: &[f64]| {
        let all = others
            .iter()
            .map(|other| correlation(values, &other.values));
        all.fold(f64::NEG_INFINITY, f64::max)
    };
    let (best, values) = (-R_TO_S_POINTS..=R_TO_S_POINTS)
        .map(moved)
        .map(|values| (likeness(&values), values))
        .max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best >= SAME_BEAT).then(|| Shape {
        values,
        ..shape.clone()
    })
}

/// Steepest point within 70 ms of the fiducial over the upper quartile of the slopes further than 100 ms from it.
fn stands_out(values: &[f64]) -> f64 {
    let point_s = (BEFORE_S + AFTER_S) / POINTS as f64;
    let (mut steepest, mut around) = (0.0_f64, Vec::with_capacity(POINTS));
    for (k, pair) in values.windows(2).enumerate() {
        let slope = (pair[1] - pair[0]).abs();
        let distance_s = ((k + 1) as f64 * point_s - BEFORE_S).abs();
        if distance_s <= 0.07 {
            steepest = steepest.max(slope);
        } else if distance_s > 0.1 {
            around.push(slope);
        }
    }
    match percentile(&around, 75.0) {
        Some(usual) if usual > 0.0 => steepest / usual,
        _ => f64::INFINITY,
    }
}

/// Takes off the straight line through the means of the first and the last sixth.
fn level(values: &mut [f64]) {
    let sixth = values.len() / 6;
    if sixth == 0 {
        return;
    }
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (start, end) = (
        mean(&values[..sixth]),
        mean(&values[values.len() - sixth..]),
    );
    let slope = (end - start) / (values.len() - sixth) as f64;
    let middle = (sixth as f64 - 1.0) / 2.0;
    for (k, value) in values.iter_mut().enumerate() {
        *value -= start + slope * (k as f64 - middle);
    }
}

fn second_of(values: &[f32], rate_hz: f64) -> Second {
    let n = values.len();
    if n == 0 {
        return Second::default();
    }
    let (mut low, mut high, mut sum) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
    for value in values {
        let value = f64::from(*value);
        low = low.min(value);
        high = high.max(value);
        sum += value;
    }
    let fast = high_frequencies(values, rate_hz);
    let block = ((0.05 * rate_hz) as usize).max(1);
    let blocks: Vec<f64> = fast
        .chunks(block)
        .map(|chunk| (chunk.iter().map(|v| v * v).sum::<f64>() / chunk.len() as f64).sqrt())
        .collect();
    Second {
        present: n,
        low,
        high,
        mean: sum / n as f64,
        noise: median(&blocks).unwrap_or(0.0),
        mains: amplitude(&fast, 50.0, rate_hz).max(amplitude(&fast, 60.0, rate_hz)),
        at_rail: at_rail(values, low, high, ((0.04 * rate_hz) as usize).max(3)),
    }
}

/// What a Hann window of a few milliseconds smooths away.
fn high_frequencies(values: &[f32], rate_hz: f64) -> Vec<f64> {
    let half = ((SMOOTH_S * rate_hz).round() as usize).max(1);
    let weights: Vec<f64> = (0..=half)
        .map(|k| 1.0 + (PI * k as f64 / (half + 1) as f64).cos())
        .collect();
    let total = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
    let last = values.len() - 1;
    (0..values.len())
        .map(|index| {
            let centre = f64::from(values[index]);
            let mut sum = 0.0;
            for (k, weight) in weights.iter().enumerate().skip(1) {
                let before = f64::from(values[index.saturating_sub(k)]);
                let after = f64::from(values[(index + k).min(last)]);
                sum += weight * (before + after - 2.0 * centre);
            }
            -sum / total
        })
        .collect()
}

/// Amplitude of the sine at `hz`; 0 at rates that cannot carry it.
fn amplitude(values: &[f64], hz: f64, rate_hz: f64) -> f64 {
    if hz >= rate_hz / 2.0 || values.is_empty() {
        return 0.0;
    }
    let (step_sin, step_cos) = (2.0 * PI * hz / rate_hz).sin_cos();
    let (mut cos, mut sin) = (1.0, 0.0);
    let (mut re, mut im) = (0.0, 0.0);
    for value in values {
        re += value * cos;
        im += value * sin;
        (cos, sin) = (
            cos * step_cos - sin * step_sin,
            sin * step_cos + cos * step_sin,
        );
    }
    2.0 * re.hypot(im) / values.len() as f64
}

fn at_rail(values: &[f32], low: f64, high: f64, least_run: usize) -> f64 {
    let (mut count, mut run) = (0, 0);
    let mut before = f32::NAN;
    for &value in values {
        let rail = f64::from(value) == low || f64::from(value) == high;
        run = match (rail, value == before) {
            (true, true) => run + 1,
            (true, false) => 1,
            (false, _) => 0,
        };
        if run == least_run {
            count += least_run;
        } else if run > least_run {
            count += 1;
        }
        before = value;
    }
    count as f64 / values.len().max(1) as f64
}

/// The seconds of a lead, with what the doubt of their beats rests on where that was asked.
#[must_use]
pub fn described(lead: &Lead) -> Vec<(QualitySpan, Option<[f64; INPUTS]>)> {
    // As many samples together as when they are analysed; a beat is final so much later.
    const TOGETHER: usize = 32;
    const FINAL_S: f64 = 2.9;
    let mut meter = QualityMeter::new(lead.rate_hz, lead.unit == Unit::Millivolt);
    let mut beats = detect_beats(lead).into_iter().peekable();
    let mut seconds = Vec::new();
    let mut take = |meter: &mut QualityMeter, ended: bool| {
        let graded = std::iter::from_fn(|| meter.next_graded(ended));
        seconds.extend(graded.map(|(span, graded)| (span, graded.inputs)));
    };
    let mut at = 0;
    for stretch in lead.stretches() {
        meter.skip(stretch.start - at);
        for from in stretch.clone().step_by(TOGETHER) {
            let to = (from + TOGETHER).min(stretch.end);
            meter.push(&lead.samples.values(from..to));
            let final_s = match to == stretch.end {
                true => f64::INFINITY,
                false => to as f64 / lead.rate_hz - FINAL_S,
            };
            let until_s = final_s.min(stretch.end as f64 / lead.rate_hz);
            while let Some(beat) = beats.next_if(|beat| beat.time_s < until_s) {
                meter.beat(&beat);
            }
            take(&mut meter, false);
        }
        at = stretch.end;
    }
    take(&mut meter, true);
    seconds
}

/// Joins neighbouring seconds of the same grade and reasons.
#[must_use]
pub fn join(seconds: Vec<QualitySpan>) -> Vec<QualitySpan> {
    let mut spans: Vec<QualitySpan> = Vec::new();
    for second in seconds {
        match spans.last_mut() {
            Some(last) if last.grade == second.grade && last.reasons == second.reasons => {
                last.range_s.end = second.range_s.end;
            }
            _ => spans.push(second),
        }
    }
    spans
}
