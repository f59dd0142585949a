//! Everything that is compared between two annotation files, and its sums.

use super::marks::NEVER;
use super::{
    BeatScore, EpisodeKind, EpisodeScore, Label, Labels, Marks, Outcome, Protocol, RunKind,
    RunScore, Step, label_steps, pair_beats, score_episodes, score_runs,
};
use serde::{Deserialize, Serialize};

/// The comparison of one record, or the sum over several.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Beat by beat.
    pub beats: BeatScore,
    /// Root mean square of the differences between RR intervals, milliseconds; of one record only.
    pub rr_rms_ms: Option<f64>,
    /// Seconds that the test declares unreadable, those of the learning period too.
    pub shutdown_s: u64,
    /// Runs of ventricular beats.
    pub ventricular_runs: RunScore,
    /// Runs of supraventricular beats.
    pub supraventricular_runs: RunScore,
    /// Episodes of atrial fibrillation.
    pub atrial_fibrillation: EpisodeScore,
    /// Episodes of ventricular flutter or fibrillation.
    pub ventricular_flutter: EpisodeScore,
}

impl Comparison {
    /// Adds the counts of another comparison (gross figures).
    pub fn add(&mut self, other: &Self) {
        self.beats.add(&other.beats);
        self.rr_rms_ms = None;
        self.shutdown_s += other.shutdown_s;
        self.ventricular_runs.add(&other.ventricular_runs);
        self.supraventricular_runs.add(&other.supraventricular_runs);
        self.atrial_fibrillation.add(&other.atrial_fibrillation);
        self.ventricular_flutter.add(&other.ventricular_flutter);
    }
}

/// A comparison with what was found at each beat.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The counts.
    pub comparison: Comparison,
    /// The labels of all beats, in the order of pairing.
    pub labels: Vec<Labels>,
}

impl Compared {
    /// The beats whose labels differ.
    pub fn differing(&self) -> impl Iterator<Item = &Labels> {
        let differ = |labels: &&Labels| labels.reference.1 != labels.test.1;
        self.labels.iter().filter(differ)
    }
}

/// Compares two sets of marks of the same rate.
#[must_use]
pub fn compare(reference: &Marks, test: &Marks, rate_hz: f64, protocol: &Protocol) -> Compared {
    let (from, to) = protocol.period(rate_hz);
    let steps = pair_beats(reference, test, protocol.window(rate_hz), from, to);
    let labels = label_steps(reference, test, &steps);
    let runs = |kind| score_runs(reference, test, kind, rate_hz, protocol);
    let episodes = |kind| score_episodes(reference, test, kind, rate_hz, protocol);
    let comparison = Comparison {
        beats: BeatScore::of_labels(&labels),
        rr_rms_ms: rr_rms_ms(reference, test, &steps, &labels, rate_hz),
        shutdown_s: shutdown_s(test, &steps, to, rate_hz),
        ventricular_runs: runs(RunKind::Ventricular),
        supraventricular_runs: runs(RunKind::Supraventricular),
        atrial_fibrillation: episodes(EpisodeKind::AtrialFibrillation),
        ventricular_flutter: episodes(EpisodeKind::VentricularFlutter),
    };
    Compared { comparison, labels }
}

/// At each scored step, paired or not, the intervals that end with the two beats it stands at are compared where both
/// exist (bxb).
fn rr_rms_ms(
    reference: &Marks,
    test: &Marks,
    steps: &[Step],
    labels: &[Labels],
    rate_hz: f64,
) -> Option<f64> {
    let scored = steps
        .iter()
        .zip(labels)
        .filter(|(_, labels)| labels.reference.1 != Label::Flutter);
    let squares: Vec<f64> = scored
        .filter_map(|(step, _)| {
            let difference = reference.rr(step.reference)? - test.rr(step.test)?;
            Some((difference as f64).powi(2))
        })
        .collect();
    let mean = squares.iter().sum::<f64>() / squares.len() as f64;
    (!squares.is_empty()).then(|| mean.sqrt() * 1000.0 / rate_hz)
}

/// Whole seconds of the test's shutdowns that begin before the second beat behind the last one used: bxb reads one beat
/// ahead. One that is never closed lasts to the end of the test period.
fn shutdown_s(test: &Marks, steps: &[Step], to: i64, rate_hz: f64) -> u64 {
    let next = steps.last().map_or(0, |step| {
        step.test + usize::from(step.outcome != Outcome::Missed)
    });
    let (read_to, _) = test.beat(next + 1);
    let end = if to < NEVER { to } else { test.last() };
    let spans = test.shutdown.iter().filter(|(from, _)| *from < read_to);
    let samples: i64 = spans
        .map(|&(from, to)| if to < NEVER { to } else { end } - from)
        .sum();
    (samples as f64 / rate_hz + 0.5).max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::super::testing::annotations;
    use super::*;
    use crate::evaluation::ClassMap;
    use crate::recording::BeatCode;

    fn compared(reference: &str, test: &str) -> Compared {
        let protocol = Protocol {
            from_s: 0.0,
            to_s: 100.0,
            ..Protocol::default()
        };
        let read = |text| Marks::of_annotations(&annotations(text), ClassMap::Bxb, 15);
        compare(&read(reference), &read(test), 100.0, &protocol)
    }

    #[test]
    fn rr_differences_are_taken_at_every_step() {
        let same = compared("100N 200N 300N", "100N 200N 300N");
        assert_eq!(same.comparison.rr_rms_ms, Some(0.0));
        // 100 against 110 and 100 against 90 samples of 10 ms.
        let moved = compared("100N 200N 300N", "100N 210N 300N");
        assert_eq!(moved.comparison.rr_rms_ms, Some(100.0));
        assert_eq!(compared("100N", "100N").comparison.rr_rms_ms, None);
    }

    #[test]
    fn shutdown_is_summed_in_whole_seconds_and_ends_with_the_test_period() {
        let seconds = |test| compared("", test).comparison.shutdown_s;
        assert_eq!(seconds("100N 1000~-1 1249~0 9000N"), 2);
        assert_eq!(seconds("100N 1000~-1 1250~0 9000N"), 3);
        assert_eq!(seconds("100N 9000~-1"), 10);
    }

    #[test]
    fn differing_beats_are_listed_with_what_each_side_says() {
        let compared = compared("100N 200N 300V", "100N 203V 400A");
        let letters: Vec<_> = compared
            .differing()
            .map(|l| {
                (
                    l.reference.0,
                    l.reference.1.letter(),
                    l.test.0,
                    l.test.1.letter(),
                )
            })
            .collect();
        assert_eq!(
            letters,
            [
                (200, "N", 203, "V"),
                (300, "V", 300, "O"),
                (400, "O", 400, "S")
            ]
        );
        let v = compared.comparison.beats.class_sensitivity(BeatCode::V);
        assert_eq!(v, Some(0.0));
    }
}
