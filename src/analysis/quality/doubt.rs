//! How likely a second holds a wrong beat.

use super::weights::{DOUBT_MOST, NETWORK};
use super::{Second, Shape, difference, differences, middle, stands_out};
use crate::signal::median;
use std::collections::VecDeque;

/// Beats that are a second's own: from so long before it to so long after its start.
const OWN_S: (f64, f64) = (0.7, 1.7);

/// Features of one second.
pub const FEATURES: usize = 16;
/// Seconds before one whose mean features are looked at beside its own.
pub const BEFORE: usize = 5;
/// What the doubt rests on: a second's own features, the mean ones of the seconds before it, those of the next.
pub const INPUTS: usize = 3 * FEATURES;

/// Names of the features.
const NAMES: [&str; FEATURES] = [
    "restless",
    "stands_out",
    "swing",
    "agreement",
    "differs",
    "noise",
    "wander",
    "range",
    "unfamiliar",
    "least_odds",
    "odds",
    "own_stands_out",
    "height_off",
    "early",
    "late",
    "scatter",
];

/// Names of the inputs.
#[must_use]
pub fn input_names() -> Vec<String> {
    ["", "before_", "next_"]
        .iter()
        .flat_map(|of| NAMES.iter().map(move |name| format!("{of}{name}")))
        .collect()
}

/// A second's features with those around it: disturbance comes in stretches, a beat from the ventricles alone. A second
/// without features (nothing was there to describe) counts as like the one that is asked about.
#[must_use]
pub fn inputs<'a>(
    own: &'a [f64; FEATURES],
    before: impl Iterator<Item = Option<&'a [f64; FEATURES]>>,
    next: Option<&'a [f64; FEATURES]>,
) -> [f64; INPUTS] {
    let mut inputs = [0.0; INPUTS];
    let (first, others) = inputs.split_at_mut(FEATURES);
    let (mean, last) = others.split_at_mut(FEATURES);
    first.copy_from_slice(own);
    last.copy_from_slice(next.unwrap_or(own));
    let before: Vec<&[f64; FEATURES]> = before
        .map(|features| features.unwrap_or(own))
        .chain(std::iter::repeat(own))
        .take(BEFORE)
        .collect();
    for (index, value) in mean.iter_mut().enumerate() {
        let sum: f64 = before.iter().map(|features| features[index]).sum();
        *value = sum / BEFORE as f64;
    }
    inputs
}

/// A second with its beats and those around it.
pub struct Doubt<'a> {
    pub from_s: f64,
    pub second: &'a Second,
    /// Beats around the second.
    pub shapes: &'a [&'a Shape],
    /// All beats that are remembered.
    pub remembered: &'a VecDeque<Shape>,
    /// Usual height of the QRS.
    pub height: f64,
    /// Range of the seconds around.
    pub range: f64,
    pub agreement: f64,
    pub differs: f64,
    pub wander: f64,
    pub stands_out: f64,
}

impl Doubt<'_> {
    /// The features by [`NAMES`]. Sizes are relative to the QRS height and logarithmic.
    pub fn features(&self) -> [f64; FEATURES] {
        let own_s = (self.from_s - OWN_S.0)..(self.from_s + OWN_S.1);
        let own: Vec<&Shape> = self
            .shapes
            .iter()
            .copied()
            .filter(|shape| own_s.contains(&shape.time_s))
            .collect();
        let restless = differences(own.iter().copied(), self.shapes) / self.height;
        let swing = (self.second.high - self.second.low) / self.height;
        let (early, late, scatter) = self.intervals(&own_s);
        [
            (restless + 0.01).ln(),
            (self.stands_out + 1.0).ln().min(6.0),
            (swing + 0.1).ln(),
            self.agreement,
            (self.differs + 0.01).ln(),
            (self.second.noise / self.height + 0.003).ln(),
            (self.wander + 0.03).ln(),
            (self.range / self.height + 0.1).ln(),
            (self.unfamiliar(&own) / self.height + 0.01).ln(),
            own.iter().map(|shape| shape.odds).fold(8.0, f64::min),
            middle(self.shapes, |shape| shape.odds),
            own.iter()
                .map(|shape| stands_out(&shape.values))
                .fold(400.0, f64::min)
                .ln_1p(),
            own.iter()
                .map(|shape| (shape.height / self.height).max(0.01).ln().abs())
                .fold(0.0, f64::max),
            early,
            late,
            scatter,
        ]
    }

    /// Greatest difference of an own beat to the remembered one that is most like it.
    fn unfamiliar(&self, own: &[&Shape]) -> f64 {
        let nearest = |shape: &&Shape| {
            let others = self.remembered.iter();
            others
                .filter(|other| !std::ptr::eq(*other, *shape))
                .map(|other| difference(shape, other))
                .fold(f64::INFINITY, f64::min)
        };
        let most = own.iter().map(nearest).fold(0.0, f64::max);
        if most.is_finite() { most } else { self.height }
    }

    /// Logarithms of the shortest and the longest interval that touches the second over the usual one, and the spread of
    /// the intervals around (median absolute difference from neighbour to neighbour over the usual one).
    fn intervals(&self, own_s: &std::ops::Range<f64>) -> (f64, f64, f64) {
        let intervals: Vec<(f64, f64)> = self
            .shapes
            .windows(2)
            .map(|pair| (pair[1].time_s, pair[1].time_s - pair[0].time_s))
            .collect();
        let lengths: Vec<f64> = intervals.iter().map(|(_, length)| *length).collect();
        let Some(usual) = median(&lengths).filter(|usual| *usual > 0.0) else {
            return (0.0, 0.0, 0.0);
        };
        let near: Vec<f64> = intervals
            .iter()
            .filter(|(end_s, length)| *end_s >= own_s.start && end_s - length <= own_s.end)
            .map(|(_, length)| (length / usual).max(0.05).ln())
            .collect();
        let changes: Vec<f64> = lengths
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs() / usual)
            .collect();
        (
            near.iter().copied().fold(0.0, f64::min),
            near.iter().copied().fold(0.0, f64::max),
            median(&changes).unwrap_or(0.0).min(2.0),
        )
    }
}

/// Units of the hidden layer.
const HIDDEN: usize = 12;

/// The inputs, one hidden layer of hyperbolic tangents, the log odds of a wrong beat. Weights are in [`NETWORK`], made by
/// `models/training/quality`; its card says what it reaches.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// `input[unit][index]`; the inputs' mean and spread are in it.
    pub input: [[f32; INPUTS]; HIDDEN],
    /// One a unit.
    pub input_bias: [f64; HIDDEN],
    /// One a unit.
    pub output: [f64; HIDDEN],
    /// Of the odds.
    pub output_bias: f64,
}

impl Network {
    fn odds(&self, inputs: &[f64; INPUTS]) -> f64 {
        let mut odds = self.output_bias;
        for (unit, weights) in self.input.iter().enumerate() {
            let products = weights.iter().zip(inputs).map(|(w, x)| f64::from(*w) * x);
            let sum = self.input_bias[unit] + products.sum::<f64>();
            odds += self.output[unit] * sum.tanh();
        }
        odds
    }
}

/// Log odds of a wrong beat in a second.
pub fn odds(inputs: &[f64; INPUTS]) -> f64 {
    NETWORK.odds(inputs)
}

/// Whether nothing is said of a second with these log odds, by one lead alone.
pub fn is_too_much(odds: f64) -> bool {
    odds > DOUBT_MOST
}

#[cfg(test)]
mod tests {
    use super::super::weights::REFERENCE;
    use super::*;

    #[test]
    fn the_network_says_what_it_said_in_training() {
        for (inputs, expected) in &REFERENCE {
            let found = NETWORK.odds(inputs);
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }

    #[test]
    fn a_second_without_features_counts_as_like_the_one_asked_about() {
        let of = |value: f64| [value; FEATURES];
        let (own, other, next) = (of(1.0), of(6.0), of(3.0));
        let alone = inputs(&own, std::iter::empty(), None);
        assert_eq!(alone, [1.0; INPUTS]);
        let around = inputs(&own, [Some(&other), None].into_iter(), Some(&next));
        assert_eq!(around[..FEATURES], own);
        assert_eq!(around[FEATURES..2 * FEATURES], of(2.0));
        assert_eq!(around[2 * FEATURES..], next);
    }
}
