//! Which candidates are beats: the most plausible train of beats through the candidates of the last seconds.
//!
//! Every candidate has a score of its own (its height between the levels of beats and of noise, its likeness to recent
//! beats), every interval between two chosen ones has a score too (too early, too late, a T wave's distance). Dynamic
//! programming finds the best train; what is older than the look-ahead becomes final. The levels come from the final
//! beats and from the candidates in the window, so that nothing is learned once and for all: a spike, a gap or another
//! gain is forgotten within seconds.

use super::envelope::Candidate;
use crate::signal::percentile_of_sorted;
use std::collections::VecDeque;

/// What the scores weigh; heights are relative throughout. Tuned on MIT-BIH DS1 as it is and with noise (em, ma, bw of its
/// Noise Stress Test Database, from the stretches that the standard mixes leave out), on LUDB's leads I and II and on
/// simulated rhythms; of the results one was taken that also keeps SVDB, which was not tuned on.
#[derive(Clone, Debug)]
pub struct Weights {
    /// Slope of the height's score per e-fold.
    pub height: f64,
    /// The threshold's place between noise level (0) and beat level (1).
    pub between: f64,
    /// How much the threshold's place rises where noise is as high as beats.
    pub noisy_between: f64,
    /// How much the weight of the likeness rises there, as a part of it.
    pub noisy_likeness: f64,
    /// How much the weight of early intervals rises there.
    pub noisy_early: f64,
    /// How much the weight of late intervals rises there.
    pub noisy_late: f64,
    /// How much the weight of the height falls there.
    pub noisy_height: f64,
    /// Least threshold relative to the beat level.
    pub least: f64,
    /// Greatest threshold relative to the beat level.
    pub greatest: f64,
    /// Below this part of the beat level a candidate is hardly ever a beat.
    pub floor: f64,
    /// Weight of the likeness to recent beats.
    pub likeness: f64,
    /// Correlation that counts neither for nor against.
    pub likeness_zero: f64,
    /// Weight of an interval that is too short.
    pub early: f64,
    /// Relative height at which an early candidate is no longer doubted for being early.
    pub tall: f64,
    /// What is left of the doubt then.
    pub tall_least: f64,
    /// Weight of an interval that is too long.
    pub late: f64,
    /// Sharpness relative to the beat before below which a candidate at a T wave's distance is doubted.
    pub blunt: f64,
    /// Percentile of the recent intervals that is the expected one: above the middle, so that an extra wave that was
    /// taken for a beat now and then does not make extra waves expected.
    pub expected: f64,
    /// Greatest irregularity (interquartile range over interval) that excuses early beats.
    pub irregular: f64,
    /// Weight of two beats closer together than `close_s`.
    pub close: f64,
    /// Interval in seconds below which two beats are doubted whatever their height.
    pub close_s: f64,
    /// Weight of the T wave rule.
    pub t_wave: f64,
    /// Weight of being blunter than recent beats.
    pub blunter: f64,
    /// How much that weight rises where noise is as high as beats.
    pub noisy_blunter: f64,
    /// How much blunter, in e-folds of the sharpness, counts for nothing.
    pub blunter_free: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            height: 2.6,
            between: 0.155,
            noisy_between: 1.09,
            noisy_likeness: 2.36,
            noisy_early: 2.59,
            noisy_late: 0.39,
            noisy_height: 0.3,
            least: 0.17,
            greatest: 0.92,
            floor: 0.19,
            likeness: 1.86,
            likeness_zero: 0.58,
            early: 1.93,
            tall: 0.9,
            tall_least: 0.336,
            late: 1.41,
            blunt: 0.954,
            expected: 50.0,
            irregular: 0.325,
            close: 3.06,
            close_s: 0.32,
            t_wave: 1.47,
            blunter: 0.7,
            noisy_blunter: 1.13,
            blunter_free: 0.088,
        }
    }
}

/// Two beats closer than this are not both beats: 300/min and a little.
const LEAST_RR_S: f64 = 0.19;
/// Interval that is assumed before any is known.
const FIRST_RR_S: f64 = 0.8;
/// Finals that the levels look back on.
const MEMORY: usize = 8;
/// After so many seconds without a beat the heights of the beats before are forgotten: they may have been motion, or the
/// contact has changed. The shorter time holds until so many beats of one shape were seen; with the longer one a pause of
/// seven seconds is still one, and P waves of a longer one may be taken for beats.
const FORGET_S: (f64, f64) = (6.0, 10.0);
const WELL_KNOWN: u32 = 6;
/// Likeness from which on a candidate looks like a beat.
const ALIKE: f64 = 0.9;
/// Shifts that are compared side by side.
const TOGETHER: usize = 4;
/// Shapes remembered.
const SHAPES: usize = 5;

/// A candidate that has been decided.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The candidate.
    pub candidate: Candidate,
    /// Its score: 0 is even odds.
    pub score: f64,
}

/// What beats look like: a mean of shapes relative to their heights, and the same with mean 0 and norm 1.
#[derive(Clone, Debug)]
struct Shape {
    values: Vec<f64>,
    level: Vec<f64>,
    count: u32,
    used: u64,
}

impl Shape {
    fn new(values: Vec<f64>, used: u64) -> Self {
        let mut shape = Self {
            level: values.clone(),
            values,
            count: 1,
            used,
        };
        shape.set_level();
        shape
    }

    fn set_level(&mut self) {
        let mean = self.values.iter().sum::<f64>() / self.values.len().max(1) as f64;
        let energy: f64 = self.values.iter().map(|value| (value - mean).powi(2)).sum();
        let scale = inverse(energy.sqrt());
        for (level, value) in self.level.iter_mut().zip(&self.values) {
            *level = (value - mean) * scale;
        }
    }
}

/// A candidate that is not decided yet.
#[derive(Clone, Debug)]
struct Pending {
    candidate: Candidate,
    /// The candidate's shape, continued with zeros so that the last shifts can be compared together.
    shape: Vec<f64>,
    /// For every shift, 1 over the norm of that part of the candidate's shape about its mean.
    scales: Vec<f64>,
    /// Likeness to the established shapes as they were at this time of the selector's clock.
    likeness: Option<(u64, Option<f64>)>,
}

impl Pending {
    fn new(candidate: Candidate, shift: usize) -> Self {
        let width = candidate.shape.len().saturating_sub(2 * shift).max(1);
        let (mut sum, mut squares) = (0.0, 0.0);
        let mut scales = Vec::with_capacity(2 * shift + 1);
        for (index, value) in candidate.shape.iter().enumerate() {
            sum += value;
            squares += value * value;
            if index + 1 >= width {
                // The mean of a band-passed shape is small, so that nothing cancels.
                scales.push(inverse((squares - sum * sum / width as f64).sqrt()));
                let leaving = candidate.shape[index + 1 - width];
                sum -= leaving;
                squares -= leaving * leaving;
            }
        }
        let mut shape = candidate.shape.clone();
        shape.resize(shape.len() + TOGETHER, 0.0);
        Self {
            candidate,
            shape,
            scales,
            likeness: None,
        }
    }

    /// Whether it is so like the beats that it says nothing of the noise: at a sudden double rate every second beat is
    /// passed over at first, and must not become what beats are measured against.
    fn looks_like_a_beat(&self) -> bool {
        matches!(self.likeness, Some((_, Some(likeness))) if likeness > ALIKE)
    }

    /// Greatest correlation with a shape over the allowed shifts, and the shift; of equal ones the last.
    fn align(&self, shape: &Shape) -> (f64, usize) {
        let mut best = (f64::NEG_INFINITY, 0);
        for first in (0..self.scales.len()).step_by(TOGETHER) {
            let mut products = [0.0; TOGETHER];
            for (part, level) in self.shape[first..].windows(TOGETHER).zip(&shape.level) {
                for (product, value) in products.iter_mut().zip(part) {
                    *product += level * value;
                }
            }
            for (index, scale) in self.scales[first..].iter().take(TOGETHER).enumerate() {
                if products[index] * scale >= best.0 {
                    best = (products[index] * scale, first + index);
                }
            }
        }
        (best.0.clamp(-1.0, 1.0), best.1)
    }
}

/// 1 over a norm, or 0 where it is none to divide by.
fn inverse(norm: f64) -> f64 {
    if norm > 0.0 && norm.is_finite() {
        1.0 / norm
    } else {
        0.0
    }
}

/// The selection's memory.
#[derive(Clone, Debug)]
pub struct Selector {
    weights: Weights,
    rate_hz: f64,
    shift: usize,
    pending: VecDeque<Pending>,
    heights: VecDeque<f64>,
    sharpnesses: VecDeque<f64>,
    rejected: VecDeque<f64>,
    intervals_s: VecDeque<f64>,
    learned: Learned,
    last: Option<Candidate>,
    shapes: Vec<Shape>,
    clock: u64,
}

/// What the last beats, their intervals and what was no beat have taught.
#[derive(Clone, Debug, Default)]
struct Learned {
    beat: Option<f64>,
    noise: Option<f64>,
    sharpness: Option<f64>,
    interval_s: Option<f64>,
    /// Interquartile range of the intervals.
    spread_s: Option<f64>,
}

/// Levels for one run of the dynamic programme.
struct Levels {
    /// Noise level relative to the beat level.
    noisy: f64,
    beat: f64,
    threshold: f64,
    interval_s: f64,
    irregular: f64,
    /// 0 to 1: how far the expected interval is known.
    known: f64,
}

impl Selector {
    pub fn new(rate_hz: f64, shift: usize, weights: Weights) -> Self {
        Self {
            weights,
            rate_hz,
            shift,
            pending: VecDeque::new(),
            heights: VecDeque::new(),
            sharpnesses: VecDeque::new(),
            rejected: VecDeque::new(),
            intervals_s: VecDeque::new(),
            learned: Learned::default(),
            last: None,
            shapes: Vec::new(),
            clock: 0,
        }
    }

    /// The next candidate has no predecessor: samples are missing before it.
    pub fn forget_last(&mut self) {
        self.last = None;
    }

    /// Adds a candidate; they come in order of time.
    pub fn push(&mut self, candidate: Candidate) {
        self.pending.push_back(Pending::new(candidate, self.shift));
    }

    /// The best train through the pending candidates, given that all up to sample `now` are known.
    pub fn best(&mut self, now: i64) -> Vec<Chosen> {
        let (path, scores) = self.search(now);
        path.into_iter()
            .filter_map(|index| {
                let candidate = self.pending.get(index)?.candidate.clone();
                Some(Chosen {
                    candidate,
                    score: scores[index],
                })
            })
            .collect()
    }

    /// Decides all candidates before sample `horizon`, and gives the beats among them.
    pub fn settle(&mut self, now: i64, horizon: i64) -> Vec<Chosen> {
        if self
            .pending
            .front()
            .is_none_or(|first| first.candidate.sample >= horizon)
        {
            return Vec::new();
        }
        self.forget(now);
        let (path, scores) = self.search(now);
        let mut path = path.into_iter().peekable();
        let mut beats = Vec::new();
        let mut index = 0;
        while self
            .pending
            .front()
            .is_some_and(|first| first.candidate.sample < horizon)
        {
            let Some(pending) = self.pending.pop_front() else {
                break;
            };
            if path.next_if_eq(&index).is_some() {
                self.learn(&pending);
                beats.push(Chosen {
                    candidate: pending.candidate,
                    score: scores[index],
                });
            } else if !pending.looks_like_a_beat() {
                remember(&mut self.rejected, pending.candidate.height, MEMORY);
            }
            index += 1;
        }
        self.learn_levels(!beats.is_empty());
        beats
    }

    /// Forgets heights that have not been met for long: nothing lower would ever be a beat again.
    fn forget(&mut self, now: i64) {
        let well_known = self.shapes.iter().any(|shape| shape.count >= WELL_KNOWN);
        let after_s = if well_known { FORGET_S.1 } else { FORGET_S.0 };
        let silent_s = self
            .last
            .as_ref()
            .map_or(0.0, |last| (now - last.sample) as f64 / self.rate_hz);
        if silent_s >= after_s {
            self.heights.clear();
            self.rejected.clear();
            self.learned.beat = None;
            self.learned.noise = None;
        }
    }

    fn learn(&mut self, pending: &Pending) {
        let candidate = &pending.candidate;
        if let Some(last) = &self.last {
            let interval = self.seconds(last, candidate);
            remember(&mut self.intervals_s, interval, MEMORY + 1);
        }
        remember(&mut self.heights, candidate.height, MEMORY);
        remember(&mut self.sharpnesses, candidate.sharpness, MEMORY);
        self.clock += 1;
        self.learn_shape(pending);
        self.last = Some(candidate.clone());
    }

    fn learn_shape(&mut self, pending: &Pending) {
        const SAME: f64 = 0.85;
        let candidate = &pending.candidate;
        let best = (0..self.shapes.len())
            .map(|index| (index, pending.align(&self.shapes[index])))
            .max_by(|a, b| a.1.0.total_cmp(&b.1.0));
        let clock = self.clock;
        match best {
            Some((index, (likeness, shift))) if likeness >= SAME => {
                let part = &candidate.shape[shift..];
                let shape = &mut self.shapes[index];
                let weight = 1.0 / f64::from(shape.count.min(7) + 1);
                for (value, new) in shape.values.iter_mut().zip(part) {
                    *value += weight * (new / candidate.height - *value);
                }
                shape.set_level();
                shape.count += 1;
                shape.used = clock;
            }
            _ => {
                if self.shapes.len() == SHAPES {
                    // The least established and longest unused shape makes room.
                    let oldest = (0..SHAPES).min_by_key(|&index| {
                        let shape = &self.shapes[index];
                        shape.used + u64::from(shape.count.min(30))
                    });
                    self.shapes.remove(oldest.unwrap_or(0));
                }
                let middle = &candidate.shape[self.shift..candidate.shape.len() - self.shift];
                let values = middle.iter().map(|value| value / candidate.height);
                self.shapes.push(Shape::new(values.collect(), clock));
            }
        }
    }

    /// Brings every pending candidate's likeness to the established shapes up to date.
    fn compare(&mut self) {
        for pending in &mut self.pending {
            if pending.likeness.is_none_or(|(at, _)| at != self.clock) {
                let likeness = self
                    .shapes
                    .iter()
                    .filter(|shape| shape.count >= 2)
                    .map(|shape| pending.align(shape).0)
                    .max_by(f64::total_cmp);
                pending.likeness = Some((self.clock, likeness));
            }
        }
    }

    fn learn_levels(&mut self, is_new_beat: bool) {
        let median = |memory: &VecDeque<f64>| percentile_of_sorted(&sorted(memory), 50.0);
        self.learned.noise = median(&self.rejected);
        if !is_new_beat {
            return;
        }
        self.learned.beat = median(&self.heights);
        self.learned.sharpness = median(&self.sharpnesses).filter(|_| self.sharpnesses.len() > 2);
        let intervals = sorted(&self.intervals_s);
        let at = |q: f64| percentile_of_sorted(&intervals, q);
        self.learned.interval_s = at(self.weights.expected);
        self.learned.spread_s = match (at(75.0), at(25.0)) {
            (Some(high), Some(low)) if intervals.len() >= 5 => Some(high - low),
            _ => None,
        };
    }

    fn levels(&self) -> Levels {
        let w = &self.weights;
        let (mut first, mut second) = (0.0_f64, 0.0_f64);
        for Pending { candidate, .. } in &self.pending {
            second = second.max(first.min(candidate.height));
            first = first.max(candidate.height);
        }
        // One spike does not make the level, nor does the T wave of a slow heart's only beat: the second largest, or
        // half way to the largest (in logarithms) where it stands far out.
        let in_window = if self.pending.len() < 2 {
            first
        } else {
            second.max((first * second).sqrt() * 0.7)
        };
        let beat = match self.learned.beat {
            Some(level) if self.heights.len() >= 4 => level,
            Some(level) => level.min(in_window * 1.5).max(in_window * 0.5),
            None => in_window,
        };
        let noise = self.learned.noise.unwrap_or(0.1 * beat);
        let noisy = if beat > 0.0 {
            (noise / beat).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let between = w.between + w.noisy_between * noisy;
        let threshold = (noise + between * (beat - noise)).clamp(w.least * beat, w.greatest * beat);
        let interval_s = self
            .learned
            .interval_s
            .unwrap_or(FIRST_RR_S)
            .clamp(0.2, 2.5);
        let irregular = self
            .learned
            .spread_s
            .map_or(0.5, |spread_s| (spread_s / interval_s).min(1.0));
        Levels {
            noisy,
            beat,
            threshold,
            interval_s,
            irregular,
            known: (self.intervals_s.len() as f64 / 4.0).clamp(0.5, 1.0),
        }
    }

    /// A candidate's own score.
    fn own(&self, pending: &Pending, levels: &Levels) -> f64 {
        let w = &self.weights;
        let candidate = &pending.candidate;
        let height = w.height / (1.0 + w.noisy_height * levels.noisy);
        let mut score = height * (candidate.height / levels.threshold).ln().min(1.5);
        let relative = candidate.height / levels.beat;
        if relative < w.floor {
            score -= 4.0 * (w.floor / relative).ln() + 1.0;
        }
        if let Some(usual) = self.learned.sharpness {
            let blunter = (usual / candidate.sharpness.max(0.05)).ln() - w.blunter_free;
            let weight = w.blunter * (1.0 + w.noisy_blunter * levels.noisy);
            score -= weight * blunter.clamp(0.0, 1.5);
        }
        if let Some((_, Some(likeness))) = pending.likeness {
            let weight = w.likeness * (1.0 + w.noisy_likeness * levels.noisy);
            score += weight * (likeness - w.likeness_zero).max(-0.6);
        }
        score
    }

    fn seconds(&self, from: &Candidate, to: &Candidate) -> f64 {
        (to.sample - from.sample) as f64 / self.rate_hz
    }

    /// Score of two beats following each other, `None` where they cannot.
    fn between(&self, from: &Candidate, to: &Candidate, levels: &Levels) -> Option<f64> {
        let w = &self.weights;
        let interval = self.seconds(from, to);
        if interval < LEAST_RR_S {
            return None;
        }
        let ratio = interval / levels.interval_s;
        let mut score = 0.0;
        if ratio < 0.8 {
            // Two full beats close together are an ectopic one and its neighbour; of a full and a small one, the small
            // one is more likely a P wave, a T wave or noise.
            let small =
                (w.tall - to.height.min(from.height) / levels.beat).clamp(w.tall_least, 1.0);
            score -= levels.known * w.early * (0.8 - ratio) / 0.4
                * (1.0 - 0.5 * levels.irregular.min(w.irregular))
                * small
                * (1.0 + w.noisy_early * levels.noisy);
        }
        // The ventricles hardly ever answer twice within 0.3 s, unless that is their rhythm: the nearer of such a pair
        // is a P wave.
        let slow = ((levels.interval_s - 0.3) / 0.15).clamp(0.0, 1.0);
        score -= levels.known * w.close * slow * ((w.close_s - interval) / 0.1).max(0.0);
        score -= self.late(interval, levels);
        let t_window = 0.5_f64.min(0.36 + 0.2 * (levels.interval_s - 0.6).max(0.0));
        if interval < t_window && to.height < 0.7 * from.height {
            let blunt = (w.blunt - to.sharpness / from.sharpness) / 0.25;
            score -= w.t_wave * blunt.clamp(0.0, 1.0);
        }
        Some(score)
    }

    /// Penalty for an interval longer than expected; grows until about five beats are missing.
    fn late(&self, interval_s: f64, levels: &Levels) -> f64 {
        let ratio = interval_s / levels.interval_s;
        let expected = 1.4 + levels.irregular;
        let weight = self.weights.late * (1.0 + self.weights.noisy_late * levels.noisy);
        levels.known * weight * (ratio - expected).clamp(0.0, 4.0)
    }

    /// Indices of the best train and every candidate's own score.
    fn search(&mut self, now: i64) -> (Vec<usize>, Vec<f64>) {
        self.compare();
        let levels = self.levels();
        let own: Vec<f64> = self.pending.iter().map(|p| self.own(p, &levels)).collect();
        let mut best = Vec::with_capacity(own.len());
        let mut from: Vec<Option<usize>> = Vec::with_capacity(own.len());
        for (j, Pending { candidate, .. }) in self.pending.iter().enumerate() {
            let start = match &self.last {
                Some(last) => self.between(last, candidate, &levels),
                None => Some(0.0),
            };
            let mut choice = (start.unwrap_or(f64::NEG_INFINITY), None);
            for (i, earlier) in self.pending.iter().take(j).enumerate() {
                if let Some(step) = self.between(&earlier.candidate, candidate, &levels)
                    && best[i] + step > choice.0
                {
                    choice = (best[i] + step, Some(i));
                }
            }
            best.push(choice.0 + own[j]);
            from.push(choice.1);
        }
        let open = |sample: i64| self.late((now - sample) as f64 / self.rate_hz, &levels);
        let mut end = (
            self.last.as_ref().map_or(-1.0, |last| -open(last.sample)),
            None,
        );
        for (index, Pending { candidate, .. }) in self.pending.iter().enumerate() {
            let total = best[index] - open(candidate.sample);
            if total > end.0 {
                end = (total, Some(index));
            }
        }
        let mut path = Vec::new();
        let mut at = end.1;
        while let Some(index) = at {
            path.push(index);
            at = from[index];
        }
        path.reverse();
        (path, own)
    }
}

fn sorted(memory: &VecDeque<f64>) -> Vec<f64> {
    let mut values: Vec<f64> = memory.iter().copied().collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

fn remember(memory: &mut VecDeque<f64>, value: f64, limit: usize) {
    if memory.len() == limit {
        memory.pop_front();
    }
    memory.push_back(value);
}
