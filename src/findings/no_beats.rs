//! No heartbeat could be recognised.

use super::{Finding, FindingRule};
use crate::analysis::{Analysis, Grade};
use crate::inference::Call;
use crate::recording::Phrase;

/// No beat in the whole recording; whether the signal could have shown one is said with it.
pub struct NoBeats;

impl FindingRule for NoBeats {
    fn id(&self) -> &'static str {
        "no-beats"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        let (Some(first), Some(last)) = (analysis.quality.first(), analysis.quality.last()) else {
            return Vec::new();
        };
        if !analysis.beats.is_empty() {
            return Vec::new();
        }
        let [unusable_s, beats_s, waves_s] = analysis.seconds_by_grade();
        let usable_s = beats_s + waves_s;
        let usable = analysis
            .quality
            .iter()
            .any(|span| span.grade > Grade::Unusable);
        let text = if usable {
            Phrase::new("finding-no-beats").with("usable", usable_s)
        } else {
            Phrase::new("finding-no-beats-unusable")
        };
        vec![Finding {
            id: self.id().to_owned(),
            range_s: first.range_s.start..last.range_s.end,
            beats: Vec::new(),
            // That none is there is as sure as the part of the recording that could have shown one.
            confidence: (usable_s / (usable_s + unusable_s).max(f64::MIN_POSITIVE)) as f32,
            text,
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::analysis;
    use super::*;

    #[test]
    fn it_is_told_with_what_the_signal_could_show() {
        let mut silent = analysis(&[0.8; 10]);
        assert!(NoBeats.find(&silent, &[]).is_empty());
        silent.beats.clear();
        assert_eq!(NoBeats.find(&silent, &[])[0].text.id, "finding-no-beats");
        silent.quality[0].grade = Grade::Unusable;
        let found = NoBeats.find(&silent, &[]);
        assert_eq!(found[0].text.id, "finding-no-beats-unusable");
        assert_eq!(found[0].range_s, silent.quality[0].range_s);
        silent.quality.clear();
        assert!(NoBeats.find(&silent, &[]).is_empty());
    }
}
