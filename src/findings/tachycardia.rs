//! A fast heartbeat.

use super::rate_episodes::episodes;
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Beats per minute above which an adult's rate is flagged (2015 ACC/AHA/HRS guideline on supraventricular
/// tachycardia, Page et al., Circulation 133:e506, 2016: rates above 100).
pub const ABOVE_PER_MIN: f64 = 100.0;

/// Stretches above 100 beats per minute.
pub struct Tachycardia;

impl FindingRule for Tachycardia {
    fn id(&self) -> &'static str {
        "tachycardia"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        let text = Phrase::new("finding-tachycardia").with("limit", ABOVE_PER_MIN);
        episodes(analysis, self.id(), &text, |rate| rate > ABOVE_PER_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::analysis;
    use super::*;

    #[test]
    fn fast_stretches_are_found() {
        let mut rr = vec![0.8; 10];
        rr.extend([0.5; 30]);
        let found = Tachycardia.find(&analysis(&rr), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats.last(), Some(&40));
        assert!(found[0].range_s.start > 4.0);
    }

    #[test]
    fn a_hundred_is_not_more_than_a_hundred() {
        assert!(Tachycardia.find(&analysis(&[0.6; 30]), &[]).is_empty());
        assert!(Tachycardia.find(&analysis(&[0.601; 30]), &[]).is_empty());
    }
}
