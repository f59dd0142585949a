//! A wide QRS complex.

use super::long_interval::LongInterval;
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;

/// Milliseconds above which a QRS is wide in adults (AHA/ACCF/HRS 2009, part III: complete block from 120 ms).
pub const ABOVE_MS: f64 = 120.0;

/// The beats of the usual kind are wider than 120 ms.
pub struct WideQrs;

impl FindingRule for WideQrs {
    fn id(&self) -> &'static str {
        "wide-qrs"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        LongInterval {
            id: self.id(),
            message: "finding-wide-qrs",
            measured: &analysis.intervals.qrs_ms,
            above_ms: ABOVE_MS,
            of_beat_ms: &|waves| Some(f64::from(waves.qrs.end_s - waves.qrs.onset_s) * 1000.0),
        }
        .find(analysis)
    }
}

#[cfg(test)]
mod tests {
    use super::super::long_interval::testing::{measured, with_waves};
    use super::*;

    #[test]
    fn wider_than_the_limit_is_wide() {
        let mut wide = with_waves(None, (-60.0, 80.0), None);
        wide.intervals.qrs_ms = measured(140.0);
        let found = WideQrs.find(&wide, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].beats.len(), found[0].confidence), (10, 1.0));
        wide.intervals.qrs_ms = measured(120.0);
        assert!(WideQrs.find(&wide, &[]).is_empty());
    }
}
