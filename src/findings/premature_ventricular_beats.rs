//! Single early beats from the ventricles.

use super::ectopy::{Ectopy, Origin, early_beats};
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Beats of class V that come early; how many, and their share of all beats.
pub struct PrematureVentricularBeats;

impl FindingRule for PrematureVentricularBeats {
    fn id(&self) -> &'static str {
        "premature-ventricular-beats"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let ectopy = Ectopy::new(analysis, calls, Origin::Ventricular);
        early_beats(
            &ectopy,
            self.id(),
            Phrase::new("finding-premature-ventricular-beats"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{classed, early};
    use super::*;
    use crate::recording::{Arg, BeatCode};

    #[test]
    fn they_are_counted_with_their_share() {
        let found = PrematureVentricularBeats.find(&early("NNNNVNNNNNNVNNNNNNNN"), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats, [4, 11]);
        let args = &found[0].text.args;
        let arg = |name: &str| {
            args.iter()
                .find(|(key, _)| key == name)
                .map(|(_, v)| v.clone())
        };
        assert_eq!(arg("n"), Some(Arg::Number(2.0)));
        assert_eq!(arg("of"), Some(Arg::Number(20.0)));
        assert_eq!(arg("burden"), Some(Arg::Number(10.0)));
        assert!(
            PrematureVentricularBeats
                .find(&early("NNNNNSNNNN"), &[])
                .is_empty()
        );
    }

    #[test]
    fn late_and_doubtful_ones_are_not_told() {
        let late = classed("NNNNVNNN", &[0.8, 0.8, 0.8, 1.4, 0.8, 0.8, 0.8]);
        assert!(PrematureVentricularBeats.find(&late, &[]).is_empty());
        let mut doubtful = early("NNNNVNNN");
        doubtful.beats[4].class_confidence = 0.5;
        assert!(PrematureVentricularBeats.find(&doubtful, &[]).is_empty());
        doubtful.beats[4].class_confidence = 0.75;
        assert!(
            PrematureVentricularBeats.find(&doubtful, &[]).is_empty(),
            "nothing bears a lone one out"
        );
        let mut two = early("NNNNVNNNNNVNNN");
        two.beats[4].class_confidence = 0.75;
        two.beats[10].class_confidence = 0.7;
        assert_eq!(PrematureVentricularBeats.find(&two, &[]).len(), 1);
        let mut undecided = early("NNNNVNNN");
        undecided.beats[4].class = BeatCode::Q;
        assert!(PrematureVentricularBeats.find(&undecided, &[]).is_empty());
    }
}
