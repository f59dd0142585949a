//! A rhythm that fits atrial fibrillation: by a model whose call the beats do not contradict, or by the beats alone.

use super::atrial_flutter::flutter_stretches;
use super::fibrillation::{LEAST_S, PREDICTIVITY, fibrillation_stretches};
use super::irregularity::{contradicts_fibrillation, irregularity};
use super::{Finding, FindingRule, fill};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;
use std::ops::Range;

/// Calls of the label `af` that are not abstained, over stretches whose RR intervals are irregular; and stretches that
/// the beats alone tell ([`fibrillation_stretches`]), unless a model calls them otherwise.
///
/// Where the beats cannot be measured, or are regular, nothing is said here: the rhythm line then tells why.
pub struct AtrialFibrillation;

/// A stretch on its way to a finding.
struct Stretch<'a> {
    range_s: Range<f64>,
    /// The calls that say so; none where the beats alone do.
    calls: Vec<&'a Call>,
}

impl FindingRule for AtrialFibrillation {
    fn id(&self) -> &'static str {
        "atrial-fibrillation"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let mut stretches = by_beats(analysis, calls);
        stretches.extend(by_model(analysis, calls));
        stretches.sort_by(|a, b| a.range_s.start.total_cmp(&b.range_s.start));
        joined(stretches)
            .into_iter()
            .filter_map(|stretch| self.finding(analysis, stretch))
            .collect()
    }
}

fn by_model<'a>(
    analysis: &'a Analysis,
    calls: &'a [Call],
) -> impl Iterator<Item = Stretch<'a>> + 'a {
    let flutter = flutter_stretches(analysis);
    let irregular = |range_s: &Range<f64>| {
        irregularity(analysis, range_s).is_some() && !contradicts_fibrillation(analysis, range_s)
    };
    calls
        .iter()
        .filter(|call| says_fibrillation(call))
        .map(|call| Stretch {
            range_s: call.from_s..call.to_s,
            calls: vec![call],
        })
        .filter(move |stretch| irregular(&stretch.range_s) && !fill(&flutter, &stretch.range_s))
}

/// What the beats say, but for where a model says something else; what that leaves of a stretch is told if it still lasts
/// as long as an episode.
fn by_beats<'a>(analysis: &Analysis, calls: &[Call]) -> Vec<Stretch<'a>> {
    let mut left = fibrillation_stretches(analysis);
    for call in calls.iter().filter(|call| says_otherwise(call)) {
        left = left
            .into_iter()
            .flat_map(|range| {
                if call.to_s <= range.start || range.end <= call.from_s {
                    return vec![range];
                }
                let parts = vec![
                    range.start..range.end.min(call.from_s),
                    range.start.max(call.to_s)..range.end,
                ];
                let lasts = |part: &Range<f64>| part.end - part.start >= LEAST_S;
                parts.into_iter().filter(lasts).collect()
            })
            .collect();
    }
    left.into_iter()
        .map(|range_s| Stretch {
            range_s,
            calls: Vec::new(),
        })
        .collect()
}

/// Stretches that touch, as one; they are in order of their starts.
fn joined(stretches: Vec<Stretch<'_>>) -> Vec<Stretch<'_>> {
    let mut joined: Vec<Stretch<'_>> = Vec::new();
    for stretch in stretches {
        match joined.last_mut() {
            Some(open) if open.range_s.end >= stretch.range_s.start => {
                open.range_s.end = open.range_s.end.max(stretch.range_s.end);
                open.calls.extend(stretch.calls);
            }
            _ => joined.push(stretch),
        }
    }
    joined
}

impl AtrialFibrillation {
    fn finding(&self, analysis: &Analysis, stretch: Stretch<'_>) -> Option<Finding> {
        let Stretch { range_s, calls } = stretch;
        let found = irregularity(analysis, &range_s)?;
        let beats: Vec<usize> = (0..analysis.beats.len())
            .filter(|&index| range_s.contains(&analysis.beats[index].time_s))
            .collect();
        let probability =
            calls.iter().map(|call| call.probability).sum::<f32>() / calls.len().max(1) as f32;
        let (text, confidence) = match calls.first() {
            Some(first) => (
                Phrase::new("finding-atrial-fibrillation")
                    .with("probability", f64::from(probability))
                    .with("model", first.model.as_str()),
                probability,
            ),
            None => (
                Phrase::new("finding-atrial-fibrillation-by-beats")
                    .with("predictivity", f64::from(PREDICTIVITY)),
                PREDICTIVITY,
            ),
        };
        Some(Finding {
            id: self.id().to_owned(),
            confidence,
            beats,
            text: text
                .with("index", found.index)
                .with("n", found.n + 1)
                .with("from", range_s.start)
                .with("to", range_s.end),
            range_s,
        })
    }
}

fn is_about_rhythm(call: &Call) -> bool {
    call.question == "rhythm" && call.abstained.is_none()
}

fn says_otherwise(call: &Call) -> bool {
    let contradicted = call
        .abstained
        .as_ref()
        .is_some_and(|reason| reason.id == CONTRADICTED);
    call.question == "rhythm" && call.label != "af" && (call.abstained.is_none() || contradicted)
}

/// Why a call that the beats contradict is none.
const CONTRADICTED: &str = "rhythm-contradicted-by-beats";

/// Takes back the calls of another rhythm over stretches more than half of which are fibrillation by the beats: where the
/// rule and the model disagree, neither is told. "Too noisy" is no other rhythm and stays what it is; the beats alone are
/// not believed there either ([`by_beats`]).
pub fn hold_against_beats(analysis: &Analysis, calls: &mut [Call]) {
    let stretches = fibrillation_stretches(analysis);
    let covered_s = |call: &Call| -> f64 {
        stretches
            .iter()
            .map(|stretch| (stretch.end.min(call.to_s) - stretch.start.max(call.from_s)).max(0.0))
            .sum()
    };
    let names_another = |call: &Call| says_otherwise(call) && call.label != "noisy";
    for call in calls.iter_mut().filter(|call| names_another(call)) {
        if 2.0 * covered_s(call) > call.to_s - call.from_s {
            call.abstained =
                Some(Phrase::new(CONTRADICTED).with("probability", f64::from(call.probability)));
        }
    }
}

fn says_fibrillation(call: &Call) -> bool {
    is_about_rhythm(call) && call.label == "af"
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SCATTERED, analysis, call, with_p_waves};
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

    #[test]
    fn beats_alone_are_enough_unless_a_model_says_otherwise() {
        let without_p = with_p_waves(analysis(&SCATTERED), |_| false);
        let found = AtrialFibrillation.find(&without_p, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].text.id, "finding-atrial-fibrillation-by-beats");
        assert!((found[0].confidence - PREDICTIVITY).abs() < 1e-6);
        let disagrees = [call("normal", 0.9, 0.0, 30.0)];
        assert!(AtrialFibrillation.find(&without_p, &disagrees).is_empty());
        // What a call leaves of it must last as long as an episode.
        let of_the_middle = [call("normal", 0.9, 8.0, 20.0)];
        assert!(
            AtrialFibrillation
                .find(&without_p, &of_the_middle)
                .is_empty()
        );
        // Where they disagree over most of a call, the call is taken back, and the beats' answer is not told either.
        let mut calls = disagrees;
        hold_against_beats(&without_p, &mut calls);
        let reason = calls[0].abstained.as_ref().unwrap();
        assert_eq!(reason.id, "rhythm-contradicted-by-beats");
        assert!(AtrialFibrillation.find(&without_p, &calls).is_empty());
        // What is too noisy for the model is not said to contradict the beats; they are not told either.
        let mut noisy = [call("noisy", 0.9, 0.0, 30.0)];
        hold_against_beats(&without_p, &mut noisy);
        assert_eq!(noisy[0].abstained, None);
        assert!(AtrialFibrillation.find(&without_p, &noisy).is_empty());
        let mut of_few = [call("normal", 0.9, 0.0, 300.0)];
        hold_against_beats(&without_p, &mut of_few);
        assert_eq!(of_few[0].abstained, None);
        // Said by both, it is said once, with the model's probability.
        let agrees = [call("af", 0.93, 0.0, 30.0)];
        let both = AtrialFibrillation.find(&without_p, &agrees);
        assert_eq!(both.len(), 1);
        assert!((both[0].confidence - 0.93).abs() < 1e-6);
        assert_eq!(both[0].text.id, "finding-atrial-fibrillation");
    }
}
