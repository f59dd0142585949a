//! Small networks that weigh the features of one beat.

use super::features::{FEATURES, Features};
use super::weights::NETWORKS;

/// Units of the hidden layer.
pub const HIDDEN: usize = 32;
/// Classes in the order of the networks' outputs: N, S, V.
pub const CLASSES: usize = 3;

/// What a weight of one stands for: whole numbers take half the room of fractions.
const STEP: f32 = 1.0 / 2048.0;

/// One network: features, one hidden layer of hyperbolic tangents, one logit a class. Weights are in [`NETWORKS`], made
/// by `models/training/beats`, in [`STEP`]s.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// `input[unit][feature]`; the features' mean and spread are in it.
    pub input: [[i16; FEATURES]; HIDDEN],
    /// One a unit.
    pub input_bias: [i16; HIDDEN],
    /// `output[class][unit]`.
    pub output: [[i16; HIDDEN]; CLASSES],
    /// One a class.
    pub output_bias: [i16; CLASSES],
}

impl Network {
    /// Probabilities of N, S, V; they sum to 1.
    fn probabilities(&self, features: &Features) -> [f32; CLASSES] {
        let mut hidden = self.input_bias.map(f32::from);
        for (unit, weights) in hidden.iter_mut().zip(&self.input) {
            *unit = (STEP * (*unit + dot(weights, features))).tanh();
        }
        let mut logits = self.output_bias.map(f32::from);
        for (logit, weights) in logits.iter_mut().zip(&self.output) {
            *logit = STEP * (*logit + dot(weights, &hidden));
        }
        softmax(logits)
    }
}

/// Mean of all networks' probabilities of N, S, V.
pub fn probabilities(features: &Features) -> [f32; CLASSES] {
    let mut mean = [0.0; CLASSES];
    for network in &NETWORKS {
        for (mean, own) in mean.iter_mut().zip(network.probabilities(features)) {
            *mean += own / NETWORKS.len() as f32;
        }
    }
    mean
}

/// Probabilities of logits.
pub fn softmax(logits: [f32; CLASSES]) -> [f32; CLASSES] {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials = logits.map(|logit| (logit - greatest).exp());
    let sum: f32 = exponentials.iter().sum();
    exponentials.map(|value| value / sum)
}

fn dot<const N: usize>(a: &[i16; N], b: &[f32; N]) -> f32 {
    // Eight sums at once: the compiler keeps them in one register.
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += f32::from(*a) * b;
        }
    }
    sums.iter().sum()
}
