//! A pause between two beats.

use super::ectopy::is_ectopic;
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;
use std::ops::Range;

/// Seconds from which an RR interval is a pause worth telling.
pub const PAUSE_FROM_S: f64 = 2.0;
/// Seconds from which it is told as a long one (2018 ACC/AHA/HRS bradycardia guideline: sinus pause of more than 3 s).
pub const LONG_FROM_S: f64 = 3.0;

/// RR intervals of two seconds and more, within usable signal; pauses that share a beat are one finding.
pub struct Pause;

impl FindingRule for Pause {
    fn id(&self) -> &'static str {
        "pause"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        let mut runs: Vec<(Range<usize>, f64)> = Vec::new();
        // To a millisecond: the last bits of a difference of times decide nothing.
        let intervals = analysis
            .rr_s()
            .map(|(index, rr)| (index, (rr * 1000.0).round() / 1000.0));
        for (index, rr) in intervals.filter(|&(_, rr)| rr >= PAUSE_FROM_S) {
            match runs.last_mut() {
                Some((beats, longest)) if beats.end == index => {
                    beats.end = index + 1;
                    *longest = longest.max(rr);
                }
                _ => runs.push((index - 1..index + 1, rr)),
            }
        }
        runs.into_iter()
            .filter_map(|(beats, longest)| self.finding(analysis, beats, longest))
            .collect()
    }
}

impl Pause {
    fn finding(&self, analysis: &Analysis, beats: Range<usize>, longest: f64) -> Option<Finding> {
        let run = analysis.beats.get(beats.clone())?;
        let (first, last) = (run.first()?, run.last()?);
        let text = if longest >= LONG_FROM_S {
            Phrase::new("finding-pause-long")
        } else if run.len() == 2 && is_ectopic(first.class) {
            Phrase::new("finding-pause-after-extra")
        } else {
            Phrase::new("finding-pause")
        };
        Some(Finding {
            id: self.id().to_owned(),
            range_s: first.time_s..last.time_s,
            // It is a pause only if every beat around it is one, and none was missed.
            confidence: run.iter().map(|beat| beat.confidence).fold(1.0, f32::min),
            text: text
                .with("longest", longest)
                .with("n", run.len() - 1)
                .with("from", first.time_s)
                .with("to", last.time_s),
            beats: beats.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{analysis, classed};
    use super::*;

    #[test]
    fn a_pause_has_the_beats_on_both_sides() {
        let found = Pause.find(&analysis(&[0.8, 0.8, 2.0, 0.8, 3.2, 0.8]), &[]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].beats, [2, 3]);
        assert_eq!(found[0].text.id, "finding-pause");
        assert_eq!(found[1].beats, [4, 5]);
        assert_eq!(found[1].text.id, "finding-pause-long");
    }

    #[test]
    fn a_pause_after_an_extra_beat_is_told_as_one() {
        let found = Pause.find(&classed("NNVNN", &[0.8, 0.5, 2.2, 0.8]), &[]);
        assert_eq!(found[0].text.id, "finding-pause-after-extra");
        // A long one is a long one, and what comes before an extra beat does not matter.
        let found = Pause.find(&classed("NNVNN", &[0.8, 0.5, 3.2, 0.8]), &[]);
        assert_eq!(found[0].text.id, "finding-pause-long");
        let found = Pause.find(&classed("NNVNN", &[0.8, 2.2, 0.8, 0.8]), &[]);
        assert_eq!(found[0].text.id, "finding-pause");
    }

    #[test]
    fn neighbouring_pauses_are_told_once_and_gaps_are_no_pauses() {
        let found = Pause.find(&analysis(&[0.8, 2.1, 2.2, 2.3, 0.8]), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats, [1, 2, 3, 4]);
        let mut gap = analysis(&[0.8, 4.0, 0.8]);
        gap.beats[2].follows = false;
        assert!(Pause.find(&gap, &[]).is_empty());
        assert!(Pause.find(&analysis(&[1.99; 3]), &[]).is_empty());
    }
}
