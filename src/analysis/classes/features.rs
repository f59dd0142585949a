//! What the classes of beats are told by: numbers without unit, the same whatever the lead's rate, gain, offset and
//! polarity.

use super::cuts::{BEFORE, Cut, GRID_HZ, LENGTH, cut};
use super::intervals::{Timing, timings};
use super::shapes::{QRS, Shapes, Usual, align, likeness, sort, usual, window};
use crate::analysis::Beat;
use crate::recording::Lead;
use crate::signal::percentile;
use std::ops::Range;

/// Beats of which the shapes are sorted together, about: half an hour.
const SEGMENT: usize = 2400;
/// Beats for which the usual beat is looked for at once, and as many to either side that it is looked for among.
const BLOCK: usize = 100;

/// Where a P wave lies: 256 to 64 ms before the fiducial.
const P: Range<usize> = BEFORE - 32..BEFORE - 8;
/// Where it lies at a usual PR interval.
const LATE_P: Range<usize> = BEFORE - 22..BEFORE - 8;
/// ST and T: 136 to 400 ms after.
const T: Range<usize> = BEFORE + 17..BEFORE + 50;
/// QRS with what follows: 64 ms before to 320 ms after.
const WHOLE: Range<usize> = BEFORE - 8..BEFORE + 40;
/// Where a wide complex lies: 128 ms before to 184 ms after.
const WIDE: Range<usize> = BEFORE - 16..BEFORE + 23;

macro_rules! features {
    ($($name:literal),* $(,)?) => {
        /// Names of the features, in their order.
        pub const NAMES: [&str; FEATURES] = [$($name),*];
        /// How many features a beat has.
        pub const FEATURES: usize = [$($name),*].len();
    };
}

features![
    // Intervals: logarithms of ratios.
    "before",
    "after",
    "second-before",
    "second-after",
    "both",
    "before-usual",
    "after-usual",
    "local",
    "local-irregularity",
    "irregularity",
    "concentration",
    "curvature",
    "earliness",
    "before-unknown",
    "after-unknown",
    "swing",
    "before-long",
    "local-long",
    "context",
    // Shape against the usual beat's.
    "unlike",
    "size",
    "spread",
    "area",
    "t-unlike",
    "slope",
    "opposite",
    "same-side",
    "whole-unlike",
    "duration",
    // Shape by itself.
    "own-spread",
    "own-duration",
    "own-area",
    "own-t",
    "t-change",
    // Against the neighbours.
    "unlike-before",
    "unlike-after",
    "before-is-unlike",
    "after-is-unlike",
    // What comes before the QRS complex.
    "p-unlike",
    "p-change",
    "p-size",
    "usual-p-size",
    "usual-p-likeness",
    "late-p-unlike",
    "p-shifted-unlike",
    // All beats of the same shape.
    "kin-share",
    "kin-before",
    "kin-before-spread",
    "kin-both",
    "kin-usual",
    "kin-unlike",
    "incomplete",
];

/// The features of one beat.
pub type Features = [f32; FEATURES];

/// What is known of one beat.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// What its class is told by.
    pub features: Features,
    /// Number of its shape: beats of the same half hour and shape have the same.
    pub shape: usize,
    /// Whether its shape is the usual one where it stands.
    pub is_usual: bool,
    /// Whether the trace around it is all there.
    pub is_whole: bool,
    /// Whether the rhythm around it is that of atrial fibrillation: no two intervals alike, no P waves.
    pub in_fibrillation: bool,
    /// Whether the usual beat around it is wide and comes fast: what is usual here may itself come from the ventricles.
    pub is_wide_tachycardia: bool,
}

/// A usual beat is wide from here on, seconds (a wide complex: 120 ms and more; ACC/AHA/HRS 2006, Buxton et al.,
/// Circulation 114:2534), with its slopes as spread out as in no usual beat of DS1.
const WIDE_FROM_S: f64 = 0.12;
const WIDE_SPREAD_S: f64 = 0.05;
/// And fast below this interval, seconds: more than 100 beats a minute.
const FAST_BELOW_S: f64 = 0.6;
/// Intervals scatter from this median |difference| on, relative to the interval.
const IRREGULAR_FROM: f64 = 0.08;
/// And no more than this share of them is alike.
const CONCENTRATED_FROM: f64 = 0.45;
/// What comes before the QRS complexes is alike from here on: there are P waves.
const P_FROM: f32 = 0.6;

/// The features of every beat of a lead, in about half hours, so that a day needs no more memory.
pub fn describe(lead: &Lead, beats: &[Beat]) -> Vec<Described> {
    let timings = timings(beats);
    let segments = beats.len().div_ceil(SEGMENT);
    let mut all = Vec::with_capacity(beats.len());
    let mut shapes = 0;
    for segment in 0..segments {
        let range = segment * beats.len() / segments..(segment + 1) * beats.len() / segments;
        let segment = Segment::new(lead, &beats[range.clone()], &timings[range]);
        all.extend((0..segment.cuts.len()).map(|index| segment.describe(index, shapes)));
        shapes += segment.shapes.n;
    }
    all
}

/// What is said of one beat's shape.
#[derive(Clone, Copy, Debug)]
struct Likeness {
    shift: i32,
    unlike: f64,
}

struct Segment<'a> {
    timings: &'a [Timing],
    cuts: Vec<Cut>,
    shapes: Shapes,
    /// The usual beat of every block, and its measures.
    usual: Vec<Usual>,
    complexes: Vec<Complex>,
    likeness: Vec<Likeness>,
    kin: Vec<Kin>,
}

/// What is known of all beats of one shape.
#[derive(Clone, Copy, Debug, Default)]
struct Kin {
    share: f64,
    before: f64,
    before_spread: f64,
    both: f64,
    unlike: f64,
}

impl<'a> Segment<'a> {
    fn new(lead: &Lead, beats: &[Beat], timings: &'a [Timing]) -> Self {
        let cuts: Vec<Cut> = beats.iter().map(|beat| cut(lead, beat.time_s)).collect();
        let shapes = sort(&cuts);
        let timely: Vec<f64> = timings
            .iter()
            .map(|t| ((t.before_s / t.local_mean_s - 0.6) / 0.3).clamp(0.2, 1.0))
            .collect();
        let usual: Vec<Usual> = (0..beats.len().div_ceil(BLOCK))
            .filter_map(|block| {
                let within =
                    (block * BLOCK).saturating_sub(BLOCK)..((block + 2) * BLOCK).min(beats.len());
                usual(&cuts, &shapes, &timely, &within, &P)
            })
            .collect();
        let likeness = cuts
            .iter()
            .enumerate()
            .map(|(index, cut)| {
                let (shift, like) = align(&cut.values, &usual[index / BLOCK].values, &QRS);
                Likeness {
                    shift,
                    unlike: f64::from(1.0 - like),
                }
            })
            .collect();
        let complexes = usual
            .iter()
            .map(|usual| Complex::new(&usual.values, 0))
            .collect();
        let mut segment = Self {
            timings,
            complexes,
            cuts,
            shapes,
            usual,
            likeness,
            kin: Vec::new(),
        };
        segment.kin = (0..segment.shapes.n).map(|s| segment.kin(s)).collect();
        segment
    }

    fn kin(&self, shape: usize) -> Kin {
        let members: Vec<usize> = (0..self.cuts.len())
            .filter(|&index| self.shapes.of[index] == shape)
            .collect();
        let of = |value: &dyn Fn(usize) -> f64| -> Vec<f64> {
            members.iter().map(|&index| value(index)).collect()
        };
        let at = |values: &[f64], q: f64| percentile(values, q).unwrap_or(0.0);
        let before = of(&|index| before(&self.timings[index]));
        Kin {
            share: members.len() as f64 / self.cuts.len().max(1) as f64,
            before: at(&before, 50.0),
            before_spread: at(&before, 75.0) - at(&before, 25.0),
            both: at(&of(&|index| both(&self.timings[index])), 50.0),
            unlike: at(&of(&|index| self.likeness[index].unlike), 50.0),
        }
    }

    /// One beat; `before` shapes have been numbered already.
    fn describe(&self, index: usize, before: usize) -> Described {
        let usual = &self.usual[index / BLOCK];
        let complex = &self.complexes[index / BLOCK];
        let rhythm = &self.timings[index].rhythm;
        let shape = self.shapes.of[index];
        Described {
            features: self.features(index),
            shape: before + shape,
            is_usual: shape == usual.shape,
            is_whole: self.cuts[index].whole,
            in_fibrillation: rhythm.irregularity > IRREGULAR_FROM
                && rhythm.concentration < CONCENTRATED_FROM
                && usual.p_likeness < P_FROM,
            is_wide_tachycardia: self.timings[index].local_s < FAST_BELOW_S
                && complex.duration >= WIDE_FROM_S
                && complex.spread >= WIDE_SPREAD_S,
        }
    }

    fn features(&self, index: usize) -> Features {
        let mut list = List::default();
        self.intervals(index, &mut list);
        self.shape(index, &mut list);
        self.neighbours(index, &mut list);
        self.p_wave(index, &mut list);
        self.relatives(index, &mut list);
        list.values
    }

    fn intervals(&self, index: usize, list: &mut List) {
        let t = &self.timings[index];
        let local = t.local_s;
        list.push(3.0 * before(t));
        list.push(3.0 * (t.after_s / local).ln());
        list.push(3.0 * (t.second_before_s / local).ln());
        list.push(3.0 * (t.second_after_s / local).ln());
        list.push(5.0 * both(t));
        list.push(3.0 * (t.before_s / t.rhythm.usual_s).ln());
        list.push(3.0 * (t.after_s / t.rhythm.usual_s).ln());
        list.push(2.0 * (local / 0.8).ln());
        list.push(5.0 * t.local_irregularity);
        list.push(10.0 * t.rhythm.irregularity);
        list.push(2.0 * t.rhythm.concentration);
        list.push(3.0 * (t.before_s / (t.second_before_s * t.after_s).sqrt()).ln());
        list.push(0.3 * (t.before_s - local) / (1.5 * t.local_spread_s + 0.02 * local));
        list.push(f64::from(u8::from(!t.before_known)));
        list.push(f64::from(u8::from(!t.after_known)));
        list.push(3.0 * (t.after_s / t.before_s).ln());
        list.push(3.0 * (t.before_s / t.rhythm.long_s).ln());
        list.push(3.0 * (local / t.rhythm.long_s).ln());
        list.push(((t.rhythm.known + 1) as f64 / 60.0).ln());
    }

    fn shape(&self, index: usize, list: &mut List) {
        let usual = &self.usual[index / BLOCK].values;
        let Likeness { shift, unlike } = self.likeness[index];
        let values = &self.cuts[index].values;
        let own = Complex::new(values, shift);
        let other = &self.complexes[index / BLOCK];
        list.push(3.0 * unlike);
        list.push(ratio(own.height, other.height));
        list.push(2.0 * ratio(own.spread, other.spread));
        list.push(2.0 * ratio(own.area, other.area));
        list.push(unlikeness(values, usual, &T, shift));
        list.push(ratio(own.slope, other.slope));
        let sign = other.sign;
        let part = |sign: f64| own.extreme(sign) / other.height.max(f64::MIN_POSITIVE);
        list.push(part(-sign));
        list.push(part(sign));
        list.push(2.0 * unlikeness(values, usual, &WHOLE, shift));
        list.push(2.0 * ratio(own.duration, other.duration));
        list.push(40.0 * own.spread - 1.5);
        list.push(10.0 * own.duration - 1.0);
        list.push(5.0 * own.area - 1.0);
        list.push(3.0 * own.t);
        // On the side of the usual complex, so that a T wave that has turned over shows.
        list.push(3.0 * (own.t * own.sign - other.t * other.sign) * sign);
    }

    fn neighbours(&self, index: usize, list: &mut List) {
        let unlike = |other: usize| {
            let moved = self.likeness[index].shift - self.likeness[other].shift;
            let own = window(&self.cuts[index].values, &QRS, moved.clamp(-5, 5));
            f64::from(1.0 - likeness(own, window(&self.cuts[other].values, &QRS, 0)))
        };
        let neighbours = [
            index.checked_sub(1),
            Some(index + 1).filter(|&i| i < self.cuts.len()),
        ];
        for other in neighbours {
            list.push(other.map_or(0.0, unlike));
        }
        for other in neighbours {
            list.push(other.map_or(0.0, |other| 3.0 * self.likeness[other].unlike));
        }
    }

    fn p_wave(&self, index: usize, list: &mut List) {
        let block = &self.usual[index / BLOCK];
        let values = &self.cuts[index].values;
        let shift = self.likeness[index].shift;
        let height = self.complexes[index / BLOCK].height.max(f64::MIN_POSITIVE);
        let own = without_mean(window(values, &P, shift));
        let usual = without_mean(window(&block.values, &P, 0));
        let size = |values: &[f64]| {
            (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt() / height
        };
        let change: Vec<f64> = own.iter().zip(&usual).map(|(a, b)| a - b).collect();
        list.push(unlikeness(values, &block.values, &P, shift));
        list.push(10.0 * size(&change));
        list.push(((size(&own) + 0.01) / (size(&usual) + 0.01)).ln());
        list.push(10.0 * size(&usual));
        list.push(f64::from(block.p_likeness));
        list.push(unlikeness(values, &block.values, &LATE_P, shift));
        let late = window(&block.values, &LATE_P, 0);
        let best = (-6..=6)
            .map(|moved| likeness(window(values, &LATE_P, shift + moved), late))
            .fold(-1.0, f32::max);
        list.push(f64::from(1.0 - best));
    }

    fn relatives(&self, index: usize, list: &mut List) {
        let shape = self.shapes.of[index];
        let kin = &self.kin[shape];
        list.push(0.5 * (kin.share + 0.001).ln() + 2.0);
        list.push(3.0 * kin.before);
        list.push(3.0 * kin.before_spread);
        list.push(5.0 * kin.both);
        list.push(f64::from(u8::from(
            shape == self.usual[index / BLOCK].shape,
        )));
        list.push(3.0 * kin.unlike);
        list.push(f64::from(u8::from(!self.cuts[index].whole)));
    }
}

fn before(t: &Timing) -> f64 {
    (t.before_s / t.local_s).ln()
}

fn both(t: &Timing) -> f64 {
    ((t.before_s + t.after_s) / (2.0 * t.local_s)).ln()
}

fn unlikeness(
    values: &[f32; LENGTH],
    other: &[f32; LENGTH],
    over: &Range<usize>,
    shift: i32,
) -> f64 {
    f64::from(1.0 - likeness(window(values, over, shift), window(other, over, 0)))
}

fn ratio(own: f64, other: f64) -> f64 {
    ((own + 1e-9) / (other + 1e-9)).ln()
}

fn without_mean(values: &[f32]) -> Vec<f64> {
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|v| f64::from(*v) - mean).collect()
}

/// Measures of one QRS complex; none depends on the gain but `height` and `slope`.
struct Complex {
    /// The QRS window without its mean.
    qrs: Vec<f64>,
    /// Highest to lowest point.
    height: f64,
    /// 1 when the largest deflection points up, else -1.
    sign: f64,
    /// Standard deviation of time weighted by |slope|, seconds.
    spread: f64,
    /// From the first to the last slope of a quarter of the steepest, seconds.
    duration: f64,
    /// Mean |deflection| over the height.
    area: f64,
    /// Steepest slope, height's unit per grid step.
    slope: f64,
    /// Mean of ST and T over the height, positive on the side of the QRS complex's largest deflection.
    t: f64,
}

impl Complex {
    fn new(values: &[f32; LENGTH], shift: i32) -> Self {
        let qrs = without_mean(window(values, &QRS, shift));
        let (low, high) = (fold(&qrs, f64::min), fold(&qrs, f64::max));
        let sign = if high >= -low { 1.0 } else { -1.0 };
        let height = high - low;
        let scale = height.max(f64::MIN_POSITIVE);
        let wide = window(values, &WIDE, shift);
        let slopes: Vec<f64> = wide
            .windows(2)
            .map(|pair| f64::from((pair[1] - pair[0]).abs()))
            .collect();
        let slope = fold(&slopes, f64::max).max(0.0);
        let (mut total, mut first, mut second) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (index, slope) in slopes.iter().enumerate() {
            let time_s = index as f64 / GRID_HZ;
            total += slope;
            first += slope * time_s;
            second += slope * time_s * time_s;
        }
        let total = total.max(f64::MIN_POSITIVE);
        let mean = first / total;
        let steep = |value: &f64| *value >= 0.25 * slope;
        let begin = slopes.iter().position(steep).unwrap_or(0);
        let end = slopes.iter().rposition(steep).unwrap_or(0);
        let mean_abs = wide.iter().map(|v| f64::from(v.abs())).sum::<f64>() / wide.len() as f64;
        let t = window(values, &T, shift);
        let t_mean = t.iter().map(|v| f64::from(*v)).sum::<f64>() / t.len() as f64;
        Self {
            height,
            sign,
            spread: (second / total - mean * mean).max(0.0).sqrt(),
            duration: (end + 1 - begin) as f64 / GRID_HZ,
            area: mean_abs / scale,
            slope,
            t: sign * t_mean / scale,
            qrs,
        }
    }

    /// Largest deflection to one side (`sign` 1 or -1), at least 0.
    fn extreme(&self, sign: f64) -> f64 {
        self.qrs.iter().map(|v| v * sign).fold(0.0, f64::max)
    }
}

fn fold(values: &[f64], with: fn(f64, f64) -> f64) -> f64 {
    values.iter().copied().reduce(with).unwrap_or(0.0)
}

/// A list that fills up; what is out of measure is limited to ±3.
struct List {
    values: Features,
    filled: usize,
}

impl Default for List {
    fn default() -> Self {
        Self {
            values: [0.0; FEATURES],
            filled: 0,
        }
    }
}

impl List {
    fn push(&mut self, value: f64) {
        if let Some(place) = self.values.get_mut(self.filled) {
            *place = if value.is_finite() {
                value.clamp(-3.0, 3.0) as f32
            } else {
                0.0
            };
            self.filled += 1;
        }
    }
}
