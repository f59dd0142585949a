//! An irregular heartbeat, by the beats alone.

use super::fibrillation::share_with_p;
use super::irregularity::{IRREGULAR_FROM, irregularity};
use super::{AtrialFibrillation, Finding, FindingRule, mean_confidence};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;
use std::ops::Range;

/// Seconds that are judged at once: the length of the strip that rhythm is read on (2020 ESC guideline on atrial
/// fibrillation, Hindricks et al., Eur Heart J 42:373, 2021).
const WINDOW_S: f64 = 30.0;
/// Seconds from one window to the next.
const STEP_S: f64 = 15.0;

/// A sinus rhythm that follows the breath scatters less than this (the index of [`irregularity`]), and
/// [`MOSTLY_WITH_P`] of its beats have a P wave. Both chosen on fold 1 of CinC 2017.
const BREATHING_BELOW: f64 = 0.2;
const MOSTLY_WITH_P: f64 = 0.8;

/// Stretches whose RR intervals scatter, unless they are already told as fitting atrial fibrillation, or are a sinus rhythm
/// that the breath speeds and slows, as it does in most young hearts.
pub struct IrregularRhythm;

impl FindingRule for IrregularRhythm {
    fn id(&self) -> &'static str {
        "irregular-rhythm"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let told = AtrialFibrillation.find(analysis, calls);
        irregular_stretches(analysis)
            .into_iter()
            .filter(|stretch| !is_breathing(analysis, stretch))
            .filter(|stretch| {
                !told.iter().any(|finding| {
                    finding.range_s.start < stretch.end && stretch.start < finding.range_s.end
                })
            })
            .filter_map(|stretch| self.finding(analysis, &stretch))
            .collect()
    }
}

impl IrregularRhythm {
    fn finding(&self, analysis: &Analysis, stretch: &Range<f64>) -> Option<Finding> {
        let found = irregularity(analysis, stretch)?;
        let beats: Vec<usize> = (0..analysis.beats.len())
            .filter(|&index| stretch.contains(&analysis.beats[index].time_s))
            .collect();
        let from_s = analysis.beats.get(*beats.first()?)?.time_s;
        let to_s = analysis.beats.get(*beats.last()?)?.time_s;
        Some(Finding {
            id: self.id().to_owned(),
            range_s: from_s..to_s,
            confidence: mean_confidence(analysis, &beats),
            beats,
            text: Phrase::new("finding-irregular-rhythm")
                .with("index", found.index)
                .with("limit", IRREGULAR_FROM)
                .with("n", found.n)
                .with("from", from_s)
                .with("to", to_s),
        })
    }
}

/// Whether beats with P waves scatter mildly: respiratory sinus arrhythmia.
fn is_breathing(analysis: &Analysis, stretch: &Range<f64>) -> bool {
    irregularity(analysis, stretch).is_some_and(|found| found.index < BREATHING_BELOW)
        && share_with_p(analysis, stretch).is_some_and(|share| share >= MOSTLY_WITH_P)
}

/// Windows of 30 s, every 15 s, that are irregular; overlapping ones merged. The last one ends with the last beat, so that
/// a few beats are not judged by themselves where there are more.
pub fn irregular_stretches(analysis: &Analysis) -> Vec<Range<f64>> {
    let end_s = analysis
        .beats
        .last()
        .map_or(0.0, |beat| beat.time_s + f64::EPSILON.max(1e-9));
    let mut stretches: Vec<Range<f64>> = Vec::new();
    let mut at_s = 0.0;
    while at_s == 0.0 || at_s + WINDOW_S - STEP_S < end_s {
        let from_s = f64::min(at_s, (end_s - WINDOW_S).max(0.0));
        let window = from_s..from_s + WINDOW_S;
        let irregular =
            irregularity(analysis, &window).is_some_and(|found| found.index >= IRREGULAR_FROM);
        if irregular {
            match stretches.last_mut() {
                Some(open) if open.end >= window.start => open.end = window.end,
                _ => stretches.push(window),
            }
        }
        at_s += STEP_S;
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SCATTERED, analysis, call, with_p_waves};
    use super::*;

    #[test]
    fn scattered_intervals_are_irregular_and_even_ones_not() {
        let found = IrregularRhythm.find(&analysis(&SCATTERED), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats.len(), 41);
        assert!(IrregularRhythm.find(&analysis(&[0.8; 40]), &[]).is_empty());
    }

    #[test]
    fn a_sinus_rhythm_that_breathes_is_not_told_and_the_same_without_p_waves_is() {
        // Respiratory sinus arrhythmia of a young heart: 4 s period, 0.9 s +- 0.14 s.
        let breathing: Vec<f64> = (0..40)
            .map(|beat| 0.9 + 0.14 * (std::f64::consts::TAU * f64::from(beat) * 0.9 / 4.0).sin())
            .collect();
        let with_p = with_p_waves(analysis(&breathing), |_| true);
        assert!(!irregular_stretches(&with_p).is_empty());
        assert!(IrregularRhythm.find(&with_p, &[]).is_empty());
        let half = with_p_waves(analysis(&breathing), |beat| beat % 2 == 0);
        assert_eq!(IrregularRhythm.find(&half, &[]).len(), 1);
        // P waves do not explain intervals that scatter at random.
        let scattered = with_p_waves(analysis(&SCATTERED), |_| true);
        assert_eq!(IrregularRhythm.find(&scattered, &[]).len(), 1);
    }

    #[test]
    fn few_beats_at_the_end_are_judged_with_those_before_them() {
        // 45 s, even but for the last 11 s.
        let mut rr = vec![0.8; 43];
        rr.extend(&SCATTERED[..14]);
        assert!(IrregularRhythm.find(&analysis(&rr), &[]).is_empty());
        assert_eq!(
            IrregularRhythm.find(&analysis(&SCATTERED[..14]), &[]).len(),
            1
        );
    }

    #[test]
    fn the_same_stretch_is_not_told_twice() {
        let calls = [call("af", 0.9, 0.0, 30.0)];
        assert!(
            IrregularRhythm
                .find(&analysis(&SCATTERED), &calls)
                .is_empty()
        );
    }

    #[test]
    fn an_irregular_part_of_a_long_recording_is_told_where_it_is() {
        let mut rr = vec![0.8; 150];
        rr.extend(SCATTERED);
        rr.extend([0.8; 150]);
        let found = IrregularRhythm.find(&analysis(&rr), &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].range_s.start >= 90.0 && found[0].range_s.end <= 180.0);
    }
}
