//! An irregular heartbeat, by the beats alone.

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

/// Stretches whose RR intervals scatter, unless they are already told as fitting atrial fibrillation.
pub struct IrregularRhythm;

impl FindingRule for IrregularRhythm {
    fn id(&self) -> &'static str {
        "irregular-rhythm"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let told = AtrialFibrillation.find(analysis, calls);
        irregular_stretches(analysis)
            .into_iter()
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

/// Windows of 30 s, every 15 s, that are irregular; overlapping ones merged.
pub fn irregular_stretches(analysis: &Analysis) -> Vec<Range<f64>> {
    let end_s = analysis
        .beats
        .last()
        .map_or(0.0, |beat| beat.time_s + f64::EPSILON.max(1e-9));
    let mut stretches: Vec<Range<f64>> = Vec::new();
    let mut from_s = 0.0;
    while from_s < end_s {
        let window = from_s..from_s + WINDOW_S;
        let irregular =
            irregularity(analysis, &window).is_some_and(|found| found.index >= IRREGULAR_FROM);
        if irregular {
            match stretches.last_mut() {
                Some(open) if open.end >= window.start => open.end = window.end,
                _ => stretches.push(window),
            }
        }
        from_s += STEP_S;
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SCATTERED, analysis, call};
    use super::*;

    #[test]
    fn scattered_intervals_are_irregular_and_even_ones_not() {
        let found = IrregularRhythm.find(&analysis(&SCATTERED), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats.len(), 41);
        assert!(IrregularRhythm.find(&analysis(&[0.8; 40]), &[]).is_empty());
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
