//! Two beats from the ventricles in a row.

use super::ectopy::{Ectopy, Origin, couplets};
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Exactly two beats of class V in a row, the first of them early.
pub struct VentricularCouplet;

impl FindingRule for VentricularCouplet {
    fn id(&self) -> &'static str {
        "ventricular-couplet"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let ectopy = Ectopy::new(analysis, calls, Origin::Ventricular);
        couplets(
            &ectopy,
            self.id(),
            Phrase::new("finding-ventricular-couplet"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::early;
    use super::*;

    #[test]
    fn pairs_are_told_and_single_beats_and_runs_not() {
        let found = VentricularCouplet.find(&early("NNNNVVNNNNNVVNNNVNNVVVNNN"), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats, [4, 5, 11, 12]);
    }
}
