//! A rhythm that fits atrial fibrillation: the model says so, and the beats do not contradict it.

use super::irregularity::{Irregularity, contradicts_fibrillation, irregularity};
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;
use std::ops::Range;

/// Calls of the label `af` that are not abstained, over stretches whose RR intervals are irregular.
///
/// Where the beats cannot be measured, or are regular, nothing is said here: the rhythm line then tells why.
pub struct AtrialFibrillation;

impl FindingRule for AtrialFibrillation {
    fn id(&self) -> &'static str {
        "atrial-fibrillation"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let mut stretches: Vec<(Range<f64>, Vec<&Call>)> = Vec::new();
        for call in calls.iter().filter(|call| says_fibrillation(call)) {
            let range = call.from_s..call.to_s;
            if irregularity(analysis, &range).is_none()
                || contradicts_fibrillation(analysis, &range)
            {
                continue;
            }
            match stretches.last_mut() {
                Some((open, calls)) if open.end >= range.start => {
                    open.end = open.end.max(range.end);
                    calls.push(call);
                }
                _ => stretches.push((range, vec![call])),
            }
        }
        stretches
            .into_iter()
            .filter_map(|(range, calls)| {
                let found = irregularity(analysis, &range)?;
                self.finding(analysis, range, &calls, found)
            })
            .collect()
    }
}

impl AtrialFibrillation {
    fn finding(
        &self,
        analysis: &Analysis,
        range_s: Range<f64>,
        calls: &[&Call],
        found: Irregularity,
    ) -> Option<Finding> {
        let first = calls.first()?;
        let probability =
            calls.iter().map(|call| call.probability).sum::<f32>() / calls.len() as f32;
        let beats: Vec<usize> = (0..analysis.beats.len())
            .filter(|&index| range_s.contains(&analysis.beats[index].time_s))
            .collect();
        Some(Finding {
            id: self.id().to_owned(),
            confidence: probability,
            beats,
            text: Phrase::new("finding-atrial-fibrillation")
                .with("probability", f64::from(probability))
                .with("index", found.index)
                .with("n", found.n + 1)
                .with("model", first.model.as_str())
                .with("from", range_s.start)
                .with("to", range_s.end),
            range_s,
        })
    }
}

fn says_fibrillation(call: &Call) -> bool {
    call.question == "rhythm" && call.label == "af" && call.abstained.is_none()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SCATTERED, analysis, call};
    use super::*;

    #[test]
    fn a_call_with_irregular_beats_is_told() {
        let found = AtrialFibrillation.find(&analysis(&SCATTERED), &[call("af", 0.93, 0.0, 30.0)]);
        assert_eq!(found.len(), 1);
        assert!((found[0].confidence - 0.93).abs() < 1e-6);
        assert_eq!(found[0].range_s, 0.0..30.0);
        assert!(!found[0].beats.is_empty());
    }

    #[test]
    fn regular_beats_abstention_and_other_labels_say_nothing() {
        let regular =
            AtrialFibrillation.find(&analysis(&[0.8; 40]), &[call("af", 0.99, 0.0, 30.0)]);
        assert!(regular.is_empty());
        let mut abstained = call("af", 0.93, 0.0, 30.0);
        abstained.abstained = Some(Phrase::new("withheld-not-measured"));
        assert!(
            AtrialFibrillation
                .find(&analysis(&SCATTERED), &[abstained])
                .is_empty()
        );
        let other = [call("other", 0.93, 0.0, 30.0)];
        assert!(
            AtrialFibrillation
                .find(&analysis(&SCATTERED), &other)
                .is_empty()
        );
        let no_beats = AtrialFibrillation.find(&analysis(&[0.8; 2]), &[call("af", 0.9, 0.0, 30.0)]);
        assert!(no_beats.is_empty());
    }

    #[test]
    fn neighbouring_windows_are_one_finding() {
        let calls = [call("af", 0.9, 0.0, 15.0), call("af", 0.7, 15.0, 30.0)];
        let found = AtrialFibrillation.find(&analysis(&SCATTERED), &calls);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].range_s, 0.0..30.0);
        assert!((found[0].confidence - 0.8).abs() < 1e-6);
    }
}
