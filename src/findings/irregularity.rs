//! How irregular the heartbeat is, from the differences of successive RR intervals.

use super::ectopy::is_ectopic;
use crate::analysis::{Analysis, Beat};
use crate::signal::median_of_mut;
use std::ops::Range;

/// Index from which a rhythm counts as irregular: RMSSD / mean RR > 0.1 (Dash, Chon, Lu, Raeder, Ann Biomed Eng
/// 37:1701, 2009).
pub const IRREGULAR_FROM: f64 = 0.1;

/// Fewest differences that say anything.
const FEWEST_DIFFERENCES: usize = 8;

/// Makes the median absolute deviation of normally distributed values their standard deviation (Rousseeuw and Croux,
/// J Am Stat Assoc 88:1273, 1993).
const MAD_TO_SD: f64 = 1.4826;

/// Irregularity of a stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Irregularity {
    /// 1.4826 times the median of |RR difference|, divided by the mean RR interval. For intervals that scatter at
    /// random this is RMSSD / mean RR, but single premature beats, which make a few large differences, do not move it.
    pub index: f64,
    /// Differences of successive RR intervals it rests on.
    pub n: usize,
}

/// Irregularity of the beats within `range_s`, `None` where fewer than eight differences can be formed.
///
/// A difference needs three beats, each following the one before in usable signal, none of them ectopic: extra beats
/// and the pauses after them tell nothing of the rhythm beneath.
#[must_use]
pub fn irregularity(analysis: &Analysis, range_s: &Range<f64>) -> Option<Irregularity> {
    irregularity_of(within(analysis, range_s))
}

/// The same of some beats in order of time.
#[must_use]
pub fn irregularity_of(beats: &[Beat]) -> Option<Irregularity> {
    let mut differences = Vec::new();
    let mut sum = 0.0;
    for three in beats.windows(3) {
        let [first, second, third] = three else {
            continue;
        };
        let ectopic = three.iter().any(|beat| is_ectopic(beat.class));
        if ectopic || !second.follows || !third.follows {
            continue;
        }
        let (before, after) = (second.time_s - first.time_s, third.time_s - second.time_s);
        differences.push((after - before).abs());
        sum += (before + after) / 2.0;
    }
    let n = differences.len();
    if n < FEWEST_DIFFERENCES || sum <= 0.0 {
        return None;
    }
    let mean = sum / n as f64;
    Some(Irregularity {
        index: MAD_TO_SD * median_of_mut(&mut differences)? / mean,
        n,
    })
}

/// The beats of a stretch; beats are in order of time.
fn within<'a>(analysis: &'a Analysis, range_s: &Range<f64>) -> &'a [Beat] {
    let beats = &analysis.beats;
    let from = beats.partition_point(|beat| beat.time_s < range_s.start);
    let to = beats.partition_point(|beat| beat.time_s < range_s.end);
    beats.get(from..to).unwrap_or_default()
}

/// Whether the beats of a stretch speak against atrial fibrillation: they can be measured, and they are regular.
#[must_use]
pub fn contradicts_fibrillation(analysis: &Analysis, range_s: &Range<f64>) -> bool {
    irregularity(analysis, range_s).is_some_and(|found| found.index < IRREGULAR_FROM)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SCATTERED, analysis, classed, early};
    use super::*;

    const ALL: Range<f64> = 0.0..1e6;

    #[test]
    fn an_even_rhythm_and_a_scattered_one_lie_on_both_sides() {
        let even = irregularity(&analysis(&[0.8; 30]), &ALL).unwrap();
        assert!(even.index < 1e-9);
        assert_eq!(even.n, 29);
        let scattered = irregularity(&analysis(&SCATTERED), &ALL).unwrap();
        assert!(scattered.index > 0.3, "{scattered:?}");
    }

    #[test]
    fn breathing_and_single_premature_beats_are_not_irregular() {
        // Respiratory sinus arrhythmia: 4 s period, 0.9 s +- 0.06 s.
        let breathing: Vec<f64> = (0..40)
            .map(|beat| 0.9 + 0.06 * (std::f64::consts::TAU * f64::from(beat) * 0.9 / 4.0).sin())
            .collect();
        assert!(irregularity(&analysis(&breathing), &ALL).unwrap().index < IRREGULAR_FROM);
        let mut premature = vec![0.8; 30];
        for at in [6, 14, 22] {
            premature[at] = 0.5;
            premature[at + 1] = 1.1;
        }
        assert!(irregularity(&analysis(&premature), &ALL).unwrap().index < IRREGULAR_FROM);
    }

    #[test]
    fn extra_beats_are_left_out_however_many_they_are() {
        // Every third beat early: most differences are those of the extra beats.
        let trigeminy = early(&"NNV".repeat(20));
        assert_eq!(irregularity(&trigeminy, &ALL), None);
        let frequent = irregularity(&early(&"NNNNV".repeat(12)), &ALL).unwrap();
        assert!(frequent.index < 1e-9, "{frequent:?}");
        assert_eq!(frequent.n, 24);
        // The same intervals without classes are irregular.
        let mut blind = trigeminy;
        for beat in &mut blind.beats {
            beat.class = crate::recording::BeatCode::N;
        }
        assert!(irregularity(&blind, &ALL).unwrap().index > IRREGULAR_FROM);
        // Extra beats do not hide an irregular rhythm.
        let mut classes = "N".repeat(SCATTERED.len() + 1);
        classes.replace_range(10..11, "V");
        let scattered = irregularity(&classed(&classes, &SCATTERED), &ALL).unwrap();
        assert!(scattered.index > 0.3, "{scattered:?}");
    }

    #[test]
    fn gaps_and_few_beats_give_nothing() {
        assert_eq!(irregularity(&analysis(&[0.8; 8]), &ALL), None);
        let mut broken = analysis(&SCATTERED[..12]);
        for beat in broken.beats.iter_mut().step_by(2) {
            beat.follows = false;
        }
        assert_eq!(irregularity(&broken, &ALL), None);
        assert!(!contradicts_fibrillation(&broken, &ALL));
    }
}
