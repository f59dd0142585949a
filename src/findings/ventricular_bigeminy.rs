//! Every second beat comes from the ventricles.

use super::ectopy::{Ectopy, Origin, patterns};
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Beats of class V and usual ones by turns, three times and more.
pub struct VentricularBigeminy;

impl FindingRule for VentricularBigeminy {
    fn id(&self) -> &'static str {
        "ventricular-bigeminy"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let ectopy = Ectopy::new(analysis, calls, Origin::Ventricular);
        let text = Phrase::new("finding-ventricular-bigeminy");
        patterns(&ectopy, self.id(), 2, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::early;
    use super::*;

    #[test]
    fn three_cycles_make_it() {
        let found = VentricularBigeminy.find(&early("NNNVNVNVNNN"), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats, (3..=7).collect::<Vec<_>>());
        for classes in ["NNNVNVNNN", "NNVVNVVNVVN", "NNVNNVNNVNN"] {
            assert!(
                VentricularBigeminy.find(&early(classes), &[]).is_empty(),
                "{classes}"
            );
        }
    }

    #[test]
    fn a_gap_ends_it() {
        let mut analysis = early("NNNVNVNVNNN");
        analysis.beats[5].follows = false;
        assert!(VentricularBigeminy.find(&analysis, &[]).is_empty());
    }
}
