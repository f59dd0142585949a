//! Three and more early beats from above the ventricles in a row.

use super::ectopy::{Ectopy, Origin};
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Fewest beats of a run.
const FEWEST: usize = 3;

/// Rows of three and more beats of class S outside irregular rhythms, each with its rate and length.
pub struct SupraventricularRun;

impl FindingRule for SupraventricularRun {
    fn id(&self) -> &'static str {
        "supraventricular-run"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let ectopy = Ectopy::new(analysis, calls, Origin::Supraventricular);
        ectopy
            .rows()
            .into_iter()
            .filter(|row| row.len() >= FEWEST)
            .filter_map(|row| {
                let rate = ectopy.rate_per_min(&row)?;
                let length_s = 60.0 * (row.len() - 1) as f64 / rate;
                let text = Phrase::new("finding-supraventricular-run")
                    .with("rate", rate)
                    .with("length", length_s);
                ectopy.finding(self.id(), row.collect(), text)
            })
            .collect()
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
