//! A short PR interval.

use super::short_interval::ShortInterval;
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;

/// Milliseconds below which a PR interval is short in adults (AHA/ACCF/HRS 2009, part III, J Am Coll Cardiol 53:976:
/// below 120 ms in sinus rhythm, as in pre-excitation).
pub const BELOW_MS: f64 = 120.0;

/// The global PR interval is shorter than 120 ms.
pub struct ShortPr;

impl FindingRule for ShortPr {
    fn id(&self) -> &'static str {
        "short-pr"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        ShortInterval {
            id: self.id(),
            message: "finding-short-pr",
            pick: |all| &all.pr_ms,
            below_ms: BELOW_MS,
            error_ms: 20.0,
        }
        .find(analysis)
    }
}

#[cfg(test)]
mod tests {
    use super::super::long_interval::testing::{measured, with_waves};
    use super::super::short_interval::testing::{over_leads, with_global};
    use super::*;

    #[test]
    fn shorter_than_the_limit_is_short_over_several_leads_only() {
        let short = with_global(|all| all.pr_ms = over_leads(100.0));
        let found = ShortPr.find(&short, &[]);
        assert_eq!((found.len(), found[0].confidence), (1, 1.0));
        let limit = with_global(|all| all.pr_ms = over_leads(120.0));
        assert!(ShortPr.find(&limit, &[]).is_empty());
        let mut one_lead = with_waves(Some(-140.0), (-40.0, 50.0), None);
        one_lead.intervals.pr_ms = measured(100.0);
        assert!(ShortPr.find(&one_lead, &[]).is_empty());
    }
}
