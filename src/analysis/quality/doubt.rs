//! How likely a second holds a wrong beat.

use super::weights::{DOUBT_MOST, NETWORK};
use super::{Second, Shape, difference, differences, middle, stands_out};
use crate::signal::median;
use std::collections::VecDeque;

/// Beats that are a second's own: from so long before it to so long after its start.
const OWN_S: (f64, f64) = (0.7, 1.7);

/// What the doubt rests on.
pub const FEATURES: usize = 16;

/// Names of the features.
pub const NAMES: [&str; FEATURES] = [
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

/// Features, one hidden layer of hyperbolic tangents, the log odds of a wrong beat. Weights are in [`NETWORK`], made by
/// `models/training/quality`; its card says what it reaches.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// `input[unit][feature]`; the features' mean and spread are in it.
    pub input: [[f64; FEATURES]; HIDDEN],
    /// One a unit.
    pub input_bias: [f64; HIDDEN],
    /// One a unit.
    pub output: [f64; HIDDEN],
    /// Of the odds.
    pub output_bias: f64,
}

impl Network {
    fn odds(&self, features: &[f64; FEATURES]) -> f64 {
        let dot = |weights: &[f64], values: &[f64]| -> f64 {
            weights.iter().zip(values).map(|(a, b)| a * b).sum()
        };
        let mut hidden = self.input_bias;
        for (unit, weights) in hidden.iter_mut().zip(&self.input) {
            *unit = (*unit + dot(weights, features)).tanh();
        }
        dot(&hidden, &self.output) + self.output_bias
    }
}

/// Whether nothing is said of a second, by its features.
pub fn is_too_much(features: &[f64; FEATURES]) -> bool {
    NETWORK.odds(features) > DOUBT_MOST
}

#[cfg(test)]
mod tests {
    use super::super::weights::REFERENCE;
    use super::*;

    #[test]
    fn the_network_says_what_it_said_in_training() {
        for (features, expected) in &REFERENCE {
            let found = NETWORK.odds(features);
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }
}
