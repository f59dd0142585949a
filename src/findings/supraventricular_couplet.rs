//! Two early beats from above the ventricles in a row.

use super::ectopy::{Ectopy, Origin, couplets};
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Exactly two beats of class S in a row, the first of them early.
pub struct SupraventricularCouplet;

impl FindingRule for SupraventricularCouplet {
    fn id(&self) -> &'static str {
        "supraventricular-couplet"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let ectopy = Ectopy::new(analysis, calls, Origin::Supraventricular);
        couplets(
            &ectopy,
            self.id(),
            Phrase::new("finding-supraventricular-couplet"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::early;
    use super::*;

    #[test]
    fn pairs_are_told_and_single_beats_and_runs_not() {
        let found = SupraventricularCouplet.find(&early("NNNNSSNNNNNSSNNNSNNSSSNNN"), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats, [4, 5, 11, 12]);
    }
}
