//! A long PR interval.

use super::long_interval::LongInterval;
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;

/// Milliseconds above which a PR interval is long in adults (2018 ACC/AHA/HRS bradycardia guideline: first-degree
/// atrioventricular block above 200 ms).
pub const ABOVE_MS: f64 = 200.0;

/// The PR interval of the usual beats is longer than 200 ms.
pub struct LongPr;

impl FindingRule for LongPr {
    fn id(&self) -> &'static str {
        "long-pr"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        LongInterval {
            id: self.id(),
            message: "finding-long-pr",
            measured: &analysis.intervals.pr_ms,
            above_ms: ABOVE_MS,
            of_beat_ms: &|waves| {
                Some(f64::from(waves.qrs.onset_s - waves.p.ok()?.onset_s) * 1000.0)
            },
        }
        .find(analysis)
    }
}

#[cfg(test)]
mod tests {
    use super::super::long_interval::testing::{measured, with_waves};
    use super::*;

    #[test]
    fn longer_than_the_limit_is_long_and_no_p_is_nothing() {
        let mut long = with_waves(Some(-280.0), (-40.0, 50.0), None);
        long.intervals.pr_ms = measured(240.0);
        assert_eq!(LongPr.find(&long, &[])[0].beats.len(), 10);
        long.intervals.pr_ms = measured(200.0);
        assert!(LongPr.find(&long, &[]).is_empty());
        let none = with_waves(None, (-40.0, 50.0), None);
        assert!(LongPr.find(&none, &[]).is_empty());
    }
}
