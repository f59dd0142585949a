//! Stretches whose rhythm carries no heart rate variability.

use super::{AtrialFibrillation, Finding, FindingRule, IrregularRhythm};
use crate::analysis::hrv::Barred;
use crate::inference::Call;
use crate::recording::Phrase;
use std::ops::Range;

/// Where atrial fibrillation was found, and where the rhythm is irregular without a model that calls it normal: by the
/// beats alone the two cannot be told apart, and what varies then is not what these figures speak of.
#[must_use]
pub fn hrv_limits(findings: &[Finding], calls: &[Call]) -> Vec<Barred> {
    let mut barred = Vec::new();
    for finding in findings {
        let range = finding.range_s.clone();
        if finding.id == AtrialFibrillation.id() {
            barred.push(Barred {
                range_s: range,
                reason: Phrase::new("hrv-withheld-fibrillation"),
            });
        } else if finding.id == IrregularRhythm.id() {
            let parts = outside_normal(range, calls).into_iter();
            barred.extend(parts.map(|range_s| Barred {
                range_s,
                reason: Phrase::new("hrv-withheld-irregular"),
            }));
        }
    }
    barred
}

/// What is left of a stretch without the parts that a model calls normal.
fn outside_normal(stretch: Range<f64>, calls: &[Call]) -> Vec<Range<f64>> {
    let mut parts = vec![stretch];
    let normal = calls.iter().filter(|call| {
        call.question == "rhythm" && call.label == "normal" && call.abstained.is_none()
    });
    for call in normal {
        parts = parts
            .into_iter()
            .flat_map(|part| {
                let before = part.start..part.end.min(call.from_s);
                let after = part.start.max(call.to_s)..part.end;
                [before, after]
            })
            .filter(|part| part.start < part.end)
            .collect();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::super::testing::{SCATTERED, analysis, call};
    use super::*;

    fn limits(rr: &[f64], calls: &[Call]) -> Vec<(String, Range<f64>)> {
        let found = find(&analysis(rr), calls);
        hrv_limits(&found, calls)
            .into_iter()
            .map(|barred| (barred.reason.id, barred.range_s))
            .collect()
    }

    #[test]
    fn fibrillation_and_what_may_be_it_are_barred() {
        let with = limits(&SCATTERED, &[call("af", 0.93, 0.0, 30.0)]);
        assert_eq!(with, [("hrv-withheld-fibrillation".to_owned(), 0.0..30.0)]);
        let without = limits(&SCATTERED, &[]);
        assert_eq!(without.len(), 1);
        assert_eq!(without[0].0, "hrv-withheld-irregular");
        assert!(limits(&[0.8; 40], &[]).is_empty());
    }

    #[test]
    fn an_irregular_rhythm_that_a_model_calls_normal_is_not() {
        assert!(limits(&SCATTERED, &[call("normal", 0.9, 0.0, 40.0)]).is_empty());
        let part = limits(&SCATTERED, &[call("normal", 0.9, 10.0, 20.0)]);
        assert_eq!(part.len(), 2);
        assert_eq!((part[0].1.end, part[1].1.start), (10.0, 20.0));
        let mut abstained = call("normal", 0.9, 0.0, 40.0);
        abstained.abstained = Some(Phrase::new("withheld-not-measured"));
        assert_eq!(limits(&SCATTERED, &[abstained]).len(), 1);
    }
}
