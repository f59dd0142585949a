//! Single early beats from above the ventricles.

use super::ectopy::{Ectopy, Origin, early_beats};
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Beats of class S that come early, outside irregular rhythms; how many, and their share of all beats.
pub struct PrematureSupraventricularBeats;

impl FindingRule for PrematureSupraventricularBeats {
    fn id(&self) -> &'static str {
        "premature-supraventricular-beats"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let ectopy = Ectopy::new(analysis, calls, Origin::Supraventricular);
        early_beats(
            &ectopy,
            self.id(),
            Phrase::new("finding-premature-supraventricular-beats"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SCATTERED, call, classed, early};
    use super::*;

    #[test]
    fn they_are_counted() {
        let found = PrematureSupraventricularBeats.find(&early("NNNNSNNNNSNNNN"), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats, [4, 9]);
    }

    #[test]
    fn nothing_is_early_in_an_irregular_rhythm() {
        let mut classes = "N".repeat(SCATTERED.len() + 1);
        // The eleventh beat comes after 0.54 s, the mean is 0.75 s.
        classes.replace_range(9..10, "S");
        let fibrillating = classed(&classes, &SCATTERED);
        assert!(
            PrematureSupraventricularBeats
                .find(&fibrillating, &[])
                .is_empty()
        );
        let calls = [call("af", 0.9, 0.0, 30.0)];
        assert!(
            PrematureSupraventricularBeats
                .find(&fibrillating, &calls)
                .is_empty()
        );
    }
}
