//! A pacemaker drives the heart.

use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Spikes at a steady distance before most beats. Where none are seen nothing is said: filters of 40 Hz and low sampling
/// rates hide them.
pub struct PacedRhythm;

impl FindingRule for PacedRhythm {
    fn id(&self) -> &'static str {
        "paced-rhythm"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        let Some(spikes) = &analysis.signs.spikes else {
            return Vec::new();
        };
        let time_s = |at: Option<&usize>| Some(analysis.beats.get(*at?)?.time_s);
        let (Some(from_s), Some(to_s)) =
            (time_s(spikes.beats.first()), time_s(spikes.beats.last()))
        else {
            return Vec::new();
        };
        let n = spikes.beats.len();
        vec![Finding {
            id: self.id().to_owned(),
            range_s: from_s..to_s,
            confidence: n as f32 / spikes.looked_at.max(1) as f32,
            beats: spikes.beats.clone(),
            text: Phrase::new("finding-paced-rhythm")
                .with("n", n)
                .with("of", spikes.looked_at)
                .with("before", spikes.before_s * 1000.0),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::analysis;
    use super::*;
    use crate::analysis::signs::Spikes;

    #[test]
    fn spikes_make_a_paced_rhythm() {
        let mut paced = analysis(&[0.85; 9]);
        assert!(PacedRhythm.find(&paced, &[]).is_empty());
        paced.signs.spikes = Some(Spikes {
            beats: (0..8).collect(),
            before_s: 0.05,
            looked_at: 10,
        });
        let found = PacedRhythm.find(&paced, &[]);
        assert_eq!(found.len(), 1);
        assert!((found[0].confidence - 0.8).abs() < 1e-6);
        assert_eq!(found[0].beats.len(), 8);
    }
}
