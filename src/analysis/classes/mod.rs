//! Classes of beats: usual (N), supraventricular (S), ventricular (V), or not decided (Q).
//!
//! A beat is told by features that depend on no unit (how early it comes, how its shape differs from the usual beat of
//! the same recording, what stands where a P wave should be), weighed by small networks that were trained on annotated
//! records (`models/training/beats/card.md`). Beats of one shape are then weighed together. In atrial fibrillation no beat is
//! called S: there is no sinus beat that it could come before; nor is a lone one that does not come early. A beat whose surroundings cannot be read is not decided,
//! unless it is clear all the same.
//!
//! Each half hour is looked at as a whole: classes are given once the recording is there, to a stream when it has ended.

mod cuts;
mod earliness;
mod features;
mod intervals;
mod network;
mod scatter;
mod shapes;
mod weights;

pub use features::{Described, FEATURES, Features, NAMES, describe};

use super::{Beat, Grade, QualitySpan};
use crate::recording::{BeatCode, Lead};
use network::{CLASSES, probabilities, softmax};

/// Fewest beats among which a usual one can be told.
const FEWEST_BEATS: usize = 6;
/// Least probability of a class; below, the beat is not decided.
const DECIDED_FROM: f32 = 0.5;
/// Least probability of a class where the signal does not carry waves.
const CLEAR_FROM: f32 = 0.9;
/// What is left of a clear beat's confidence there.
const CLEAR_CONFIDENCE: f32 = 0.8;
/// Fewest beats of a shape that are weighed together.
const FEWEST_KIN: usize = 4;
/// Keeps the logarithm of a probability finite.
const LEAST: f32 = 1e-4;

/// Gives each beat its class and the class its confidence.
pub fn classify(lead: &Lead, beats: &mut [Beat], quality: &[QualitySpan]) {
    if beats.len() < FEWEST_BEATS {
        for beat in beats {
            (beat.class, beat.class_confidence) = (BeatCode::Q, 0.0);
        }
        return;
    }
    let described = describe(lead, beats);
    for ((beat, described), probabilities) in
        beats.iter_mut().zip(&described).zip(weigh(&described))
    {
        let readable = described.is_whole && carries_waves(beat, quality);
        let (class, confidence) = decide(probabilities, readable);
        // Where the usual beat is wide and fast, to be like it is nothing to go by.
        let doubtful = class == BeatCode::N && described.is_wide_tachycardia;
        (beat.class, beat.class_confidence) = if doubtful {
            (BeatCode::Q, 0.0)
        } else {
            (class, confidence)
        };
    }
    scatter::leave_undecided(beats);
    earliness::leave_undecided(beats);
}

/// Whether waves can be seen where a beat stands; `quality` is in order of time.
#[must_use]
pub fn carries_waves(beat: &Beat, quality: &[QualitySpan]) -> bool {
    let at = quality.partition_point(|span| span.range_s.end <= beat.time_s);
    quality
        .get(at)
        .is_some_and(|span| span.grade == Grade::Waves)
}

/// Probabilities of N, S, V for each beat.
#[must_use]
pub fn weigh(described: &[Described]) -> Vec<[f32; CLASSES]> {
    let own: Vec<[f32; CLASSES]> = described
        .iter()
        .map(|beat| probabilities(&beat.features))
        .collect();
    let logarithms = |p: &[f32; CLASSES]| p.map(|p| (p + LEAST).ln());
    let shapes = described
        .iter()
        .map(|beat| beat.shape + 1)
        .max()
        .unwrap_or(0);
    let mut kin = vec![(0_usize, [0.0_f32; CLASSES]); shapes];
    for (beat, own) in described.iter().zip(&own) {
        let (n, sums) = &mut kin[beat.shape];
        *n += 1;
        for (sum, logarithm) in sums.iter_mut().zip(logarithms(own)) {
            *sum += logarithm;
        }
    }
    described
        .iter()
        .zip(&own)
        .map(|(beat, own)| {
            let mut logits = logarithms(own);
            let (n, sums) = kin[beat.shape];
            if !beat.is_usual && n >= FEWEST_KIN {
                for (logit, sum) in logits.iter_mut().zip(sums) {
                    *logit += sum / n as f32;
                }
            }
            let [n, s, v] = softmax(logits);
            if beat.in_fibrillation {
                [n + s, 0.0, v]
            } else {
                [n, s, v]
            }
        })
        .collect()
}

fn decide([n, s, v]: [f32; CLASSES], readable: bool) -> (BeatCode, f32) {
    let (class, probability) = [(BeatCode::N, n), (BeatCode::S, s), (BeatCode::V, v)]
        .into_iter()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or((BeatCode::Q, 0.0));
    match (readable, class) {
        (true, _) if probability >= DECIDED_FROM => (class, probability),
        // That a beat is early but narrow is not seen in noise.
        (false, BeatCode::N | BeatCode::V) if probability >= CLEAR_FROM => {
            (class, CLEAR_CONFIDENCE * probability)
        }
        _ => (BeatCode::Q, 0.0),
    }
}

#[cfg(test)]
mod tests;
