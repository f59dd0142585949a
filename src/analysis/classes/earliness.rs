//! A supraventricular beat that stands alone comes early, or nothing tells it from a usual one.
//!
//! Where the rate changes much, what is short beside the recording's usual interval may be as long as its neighbours.

use crate::analysis::Beat;
use crate::recording::BeatCode;

/// An early beat's interval is below this share of one of the two beside it. Set by what is premature, not by data; in
/// DS1 without 201 it takes 3 of 816 supraventricular beats and 1 false one, in SVDB 2 and 12 (the records the networks
/// were trained on).
const EARLY_BELOW: f64 = 0.95;

/// Takes the class from lone supraventricular beats that come no earlier than their neighbours.
pub fn leave_undecided(beats: &mut [Beat]) {
    let doubtful: Vec<usize> = (0..beats.len())
        .filter(|&index| stands_alone(beats, index) && is_early(beats, index) == Some(false))
        .collect();
    for index in doubtful {
        (beats[index].class, beats[index].class_confidence) = (BeatCode::Q, 0.0);
    }
}

fn stands_alone(beats: &[Beat], index: usize) -> bool {
    let is_s = |index: usize| {
        beats
            .get(index)
            .is_some_and(|beat| beat.class == BeatCode::S)
    };
    is_s(index) && !is_s(index + 1) && !index.checked_sub(1).is_some_and(is_s)
}

/// Whether the interval before a beat is short beside the one before it or after it; `None` where that is not known.
fn is_early(beats: &[Beat], index: usize) -> Option<bool> {
    let own = interval(beats, index)?;
    let beside = [
        index
            .checked_sub(1)
            .and_then(|before| interval(beats, before)),
        interval(beats, index + 1),
    ];
    let longest = beside.into_iter().flatten().reduce(f64::max)?;
    Some(own < EARLY_BELOW * longest)
}

/// Seconds from the beat before to this one, where nothing is missing between them.
fn interval(beats: &[Beat], index: usize) -> Option<f64> {
    let (before, beat) = (beats.get(index.checked_sub(1)?)?, beats.get(index)?);
    beat.follows.then_some(beat.time_s - before.time_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::classed_beats;

    fn classes(classes: &str, rr_ms: &[f64]) -> String {
        let mut beats = classed_beats(classes, rr_ms);
        leave_undecided(&mut beats);
        beats
            .iter()
            .map(|beat| format!("{:?}", beat.class))
            .collect()
    }

    #[test]
    fn a_lone_beat_as_late_as_its_neighbours_is_left_undecided() {
        assert_eq!(
            classes("NNSNNN", &[604.0, 603.0, 607.0, 636.0, 672.0]),
            "NNQNNN"
        );
    }

    #[test]
    fn what_comes_early_stays_and_so_do_runs_and_what_nobody_knows() {
        assert_eq!(
            classes("NNSNNN", &[800.0, 610.0, 990.0, 800.0, 800.0]),
            "NNSNNN"
        );
        // Early without a pause after it.
        assert_eq!(
            classes("NNSNNN", &[800.0, 610.0, 610.0, 800.0, 800.0]),
            "NNSNNN"
        );
        assert_eq!(classes("NSSSN", &[400.0, 400.0, 400.0, 400.0]), "NSSSN");
        assert_eq!(classes("SNNNN", &[800.0, 800.0, 800.0, 800.0]), "SNNNN");
    }
}
