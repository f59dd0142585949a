//! Every second beat comes early from above the ventricles.

use super::ectopy::{Ectopy, Origin, patterns};
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Beats of class S and usual ones by turns, three times and more.
pub struct SupraventricularBigeminy;

impl FindingRule for SupraventricularBigeminy {
    fn id(&self) -> &'static str {
        "supraventricular-bigeminy"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let ectopy = Ectopy::new(analysis, calls, Origin::Supraventricular);
        let text = Phrase::new("finding-supraventricular-bigeminy");
        patterns(&ectopy, self.id(), 2, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::early;
    use super::*;

    #[test]
    fn three_cycles_make_it() {
        let found = SupraventricularBigeminy.find(&early("NNNSNSNSNNN"), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats, (3..=7).collect::<Vec<_>>());
        for classes in ["NNNSNSNNN", "NNSNNSNNSNN", "NNNVNVNVNNN"] {
            assert!(
                SupraventricularBigeminy
                    .find(&early(classes), &[])
                    .is_empty(),
                "{classes}"
            );
        }
    }

    #[test]
    fn a_gap_ends_it() {
        let mut analysis = early("NNNSNSNSNNN");
        analysis.beats[5].follows = false;
        assert!(SupraventricularBigeminy.find(&analysis, &[]).is_empty());
    }
}
