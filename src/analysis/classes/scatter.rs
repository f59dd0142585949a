//! Early beats where the rhythm beneath them scatters: nothing there tells early from on time.
//!
//! The rule for atrial fibrillation looks at many beats; a few seconds of it beside a regular rhythm escape it. There the
//! beats that are usual for themselves already come at random, and those between them are left undecided.

use crate::analysis::Beat;
use crate::recording::BeatCode;

/// Beats on either side that are looked at.
const REACH: usize = 8;
/// Fewest differences of a side that are judged by themselves.
const FEWEST: usize = 2;
/// A side scatters from this median |difference| of successive intervals on, relative to the interval: the limit of
/// RMSSD / mean RR above which a rhythm is irregular (Dash, Chon, Lu, Raeder, Ann Biomed Eng 37:1701, 2009).
const SCATTERED_FROM: f64 = 0.1;

/// Takes the class from supraventricular beats beside which the usual beats come at random.
pub fn leave_undecided(beats: &mut [Beat]) {
    let doubtful: Vec<usize> = (0..beats.len())
        .filter(|&index| beats[index].class == BeatCode::S && scatters(beats, index))
        .collect();
    for index in doubtful {
        (beats[index].class, beats[index].class_confidence) = (BeatCode::Q, 0.0);
    }
}

fn scatters(beats: &[Beat], index: usize) -> bool {
    let before = differences(&beats[index.saturating_sub(REACH)..index]);
    let after = differences(&beats[index + 1..beats.len().min(index + 1 + REACH)]);
    let sides: Vec<&Vec<f64>> = [&before, &after]
        .into_iter()
        .filter(|side| side.len() >= FEWEST)
        .collect();
    if sides.is_empty() {
        return above([before, after].concat());
    }
    sides.into_iter().any(|side| above(side.clone()))
}

fn above(differences: Vec<f64>) -> bool {
    crate::signal::median(&differences).is_some_and(|median| median > SCATTERED_FROM)
}

/// Differences of successive intervals between beats that are not out of turn, relative to their mean.
fn differences(beats: &[Beat]) -> Vec<f64> {
    beats
        .windows(3)
        .filter(|three| {
            let in_turn = |beat: &Beat| matches!(beat.class, BeatCode::N | BeatCode::Q);
            three.iter().all(in_turn) && three[1].follows && three[2].follows
        })
        .map(|three| {
            let (first, second) = (
                three[1].time_s - three[0].time_s,
                three[2].time_s - three[1].time_s,
            );
            2.0 * (second - first).abs() / (first + second)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::classed_beats as beats;

    fn early(beats: &mut [Beat]) -> usize {
        leave_undecided(beats);
        beats
            .iter()
            .filter(|beat| beat.class == BeatCode::S)
            .count()
    }

    #[test]
    fn an_early_beat_of_a_steady_rhythm_stays() {
        let rr = [800.0, 830.0, 790.0, 500.0, 1050.0, 810.0, 840.0, 800.0];
        assert_eq!(early(&mut beats("NNNNSNNNN", &rr)), 1);
        // Every second beat early: there is no usual interval to judge by.
        let rr = [500.0, 1000.0, 500.0, 1000.0, 500.0, 1000.0];
        assert_eq!(early(&mut beats("NSNSNSN", &rr)), 3);
    }

    #[test]
    fn among_beats_at_random_none_is_early() {
        let rr = [
            592.0, 1012.0, 1090.0, 717.0, 670.0, 510.0, 576.0, 1003.0, 565.0, 695.0, 1145.0, 547.0,
        ];
        assert_eq!(early(&mut beats("SSNNNNSSNSNNN", &rr)), 0);
        // A steady rhythm before it does not hide that.
        let steady = [[820.0; 8].as_slice(), &rr].concat();
        assert_eq!(early(&mut beats("NNNNNNNNSSNNNNSSNSNNN", &steady)), 0);
    }
}
