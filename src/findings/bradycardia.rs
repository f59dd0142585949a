//! A slow heartbeat.

use super::rate_episodes::episodes;
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Beats per minute under which a rate is flagged in adults (2018 ACC/AHA/HRS bradycardia guideline, Kusumoto et al.,
/// Circulation 140:e382, 2019). The number is always said with it.
pub const BELOW_PER_MIN: f64 = 50.0;

/// Stretches under 50 beats per minute.
pub struct Bradycardia;

impl FindingRule for Bradycardia {
    fn id(&self) -> &'static str {
        "bradycardia"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        let text = Phrase::new("finding-bradycardia").with("limit", BELOW_PER_MIN);
        episodes(analysis, self.id(), &text, |rate| rate < BELOW_PER_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::analysis;
    use super::*;
    use crate::recording::Arg;

    #[test]
    fn slow_stretches_are_found_with_their_number() {
        let found = Bradycardia.find(&analysis(&[1.5; 8]), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats, (0..=8).collect::<Vec<_>>());
        assert_eq!(found[0].range_s, 0.5..12.5);
        assert!(
            found[0]
                .text
                .args
                .contains(&("rate".to_owned(), Arg::Number(40.0)))
        );
        assert!((found[0].confidence - 0.9).abs() < 1e-6);
    }

    #[test]
    fn fifty_and_a_single_long_interval_are_not() {
        assert!(Bradycardia.find(&analysis(&[1.2; 20]), &[]).is_empty());
        let mut one = vec![0.8; 20];
        one[9] = 2.4;
        assert!(Bradycardia.find(&analysis(&one), &[]).is_empty());
        assert!(Bradycardia.find(&analysis(&[1.5; 4]), &[]).is_empty());
    }

    #[test]
    fn only_the_slow_part_is_marked() {
        let mut rr = vec![0.8; 20];
        rr.extend([1.5; 12]);
        rr.extend([0.8; 20]);
        let found = Bradycardia.find(&analysis(&rr), &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].range_s.start > 12.0 && found[0].range_s.end < 40.0);
    }

    #[test]
    fn intervals_across_unusable_signal_do_not_count() {
        let mut broken = analysis(&[1.5; 12]);
        for beat in broken.beats.iter_mut().step_by(4) {
            beat.follows = false;
        }
        assert!(Bradycardia.find(&broken, &[]).is_empty());
    }
}
