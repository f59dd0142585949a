//! Electrodes of the limbs that look swapped.

use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::analysis::reversal::Swapped;
use crate::inference::Call;
use crate::recording::Phrase;

/// Lead I upside down beside an upright left chest lead, or a limb lead that is nearly flat: more than one lead is needed.
pub struct LeadReversal;

impl FindingRule for LeadReversal {
    fn id(&self) -> &'static str {
        "lead-reversal"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        let (Some(found), Some(first), Some(last)) = (
            analysis.signs.reversal,
            analysis.beats.first(),
            analysis.beats.last(),
        ) else {
            return Vec::new();
        };
        let text = match found.swapped {
            Swapped::Arms => "finding-lead-reversal-arms",
            Swapped::RightArmAndLeg => "finding-lead-reversal-right",
            Swapped::LeftArmAndRightLeg => "finding-lead-reversal-left",
        };
        vec![Finding {
            id: self.id().to_owned(),
            range_s: first.time_s..last.time_s,
            beats: (0..analysis.beats.len()).collect(),
            confidence: found.share as f32,
            text: Phrase::new(text).with("n", found.n),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::analysis;
    use super::*;
    use crate::analysis::reversal::Reversal;

    #[test]
    fn each_pair_has_its_words() {
        let mut analysis = analysis(&[0.8; 9]);
        assert!(LeadReversal.find(&analysis, &[]).is_empty());
        for (swapped, id) in [
            (Swapped::Arms, "finding-lead-reversal-arms"),
            (Swapped::RightArmAndLeg, "finding-lead-reversal-right"),
            (Swapped::LeftArmAndRightLeg, "finding-lead-reversal-left"),
        ] {
            analysis.signs.reversal = Some(Reversal {
                swapped,
                n: 10,
                share: 0.9,
            });
            let found = LeadReversal.find(&analysis, &[]);
            assert_eq!((found.len(), found[0].text.id.as_str()), (1, id));
        }
    }
}
