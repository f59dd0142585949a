//! Every third beat comes from the ventricles.

use super::ectopy::{Ectopy, Origin, patterns};
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Two usual beats and one of class V by turns, three times and more.
pub struct VentricularTrigeminy;

impl FindingRule for VentricularTrigeminy {
    fn id(&self) -> &'static str {
        "ventricular-trigeminy"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let ectopy = Ectopy::new(analysis, calls, Origin::Ventricular);
        let text = Phrase::new("finding-ventricular-trigeminy");
        patterns(&ectopy, self.id(), 3, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::early;
    use super::*;

    #[test]
    fn three_cycles_make_it() {
        let found = VentricularTrigeminy.find(&early("NNVNNVNNVNNN"), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats, (2..=8).collect::<Vec<_>>());
        for classes in ["NNVNNVNNN", "NNVNVNVNVNN", "NNVNSVNNVNN"] {
            assert!(
                VentricularTrigeminy.find(&early(classes), &[]).is_empty(),
                "{classes}"
            );
        }
    }

    #[test]
    fn a_gap_ends_it() {
        let mut analysis = early("NNVNNVNNVNNN");
        analysis.beats[5].follows = false;
        assert!(VentricularTrigeminy.find(&analysis, &[]).is_empty());
    }
}
