//! Three and more early beats from above the ventricles in a row.

use super::ectopy::{Ectopy, Origin, runs};
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Rows of three and more beats of class S outside irregular rhythms, each with its rate and length.
pub struct SupraventricularRun;

impl FindingRule for SupraventricularRun {
    fn id(&self) -> &'static str {
        "supraventricular-run"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let ectopy = Ectopy::new(analysis, calls, Origin::Supraventricular);
        runs(&ectopy, self.id(), |_, _| {
            Phrase::new("finding-supraventricular-run")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::early;
    use super::*;

    #[test]
    fn three_in_a_row_are_a_run() {
        let found = SupraventricularRun.find(&early("NNNNNNNNSSSNNNNNNNNSSNNN"), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats, [8, 9, 10]);
        assert!(
            SupraventricularRun
                .find(&early("NNNNVVVNNN"), &[])
                .is_empty()
        );
    }
}
