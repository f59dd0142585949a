//! Pairing of test beats with reference beats, by the rule of the WFDB program `bxb` (ANSI/AAMI EC57).

use super::Marks;
use super::marks::NEVER;

/// What became of the two beats a comparison stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Both sides agree that there is a beat.
    Matched,
    /// The reference beat has no counterpart.
    Missed,
    /// The test beat has no counterpart.
    Extra,
}

/// One step of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What became of the beats.
    pub outcome: Outcome,
    /// The reference beat it stands at; one behind the last where none is left.
    pub reference: usize,
    /// The test beat it stands at; one behind the last where none is left.
    pub test: usize,
}

/// Pairs the beats from sample `from` to sample `to`, both inclusive, with `window` samples (inclusive) between two.
///
/// The earlier of the two next beats is paired with the other when it lies within the window and either it is nearer
/// than its own successor, or that successor has a nearer partner (bxb, WFDB 10.7).
#[must_use]
pub fn pair_beats(reference: &Marks, test: &Marks, window: i64, from: i64, to: i64) -> Vec<Step> {
    let mut steps = Vec::with_capacity(reference.beats.len());
    let first = |marks: &Marks| marks.beats.partition_point(|&(at, _)| at < from);
    let start = (first(reference), first(test));
    let (mut r, mut t) = first_pair(reference, test, window, from, start, &mut steps);
    loop {
        let (this_r, this_t) = (reference.beat(r).0, test.beat(t).0);
        if (this_r > to && this_t > to) || (this_r == NEVER && this_t == NEVER) {
            return steps;
        }
        let outcome = outcome(reference, test, window, (r, t));
        steps.push(Step {
            outcome,
            reference: r,
            test: t,
        });
        r += usize::from(outcome != Outcome::Extra);
        t += usize::from(outcome != Outcome::Missed);
    }
}

fn outcome(reference: &Marks, test: &Marks, window: i64, (r, t): (usize, usize)) -> Outcome {
    let (this_r, next_r) = (reference.beat(r).0, reference.beat(r + 1).0);
    let (this_t, next_t) = (test.beat(t).0, test.beat(t + 1).0);
    if this_t < this_r {
        if fits(this_t, next_t, this_r, next_r, window) {
            return Outcome::Matched;
        }
        return Outcome::Extra;
    }
    if fits(this_r, next_r, this_t, next_t, window) {
        return Outcome::Matched;
    }
    Outcome::Missed
}

/// Whether `early` (followed by `after_early`) pairs with the later `other` (followed by `after_other`).
fn fits(early: i64, after_early: i64, other: i64, after_other: i64, window: i64) -> bool {
    let distance = other - early;
    let rival = (other - after_early).abs();
    distance <= window && (distance < rival || (after_other - after_early).abs() < rival)
}

/// The start of the test period: the test beat just before it may pair with the first reference beat; else the first
/// test beat is passed over when it lies within a window after the start and the next one is nearer.
fn first_pair(
    reference: &Marks,
    test: &Marks,
    window: i64,
    from: i64,
    (r, t): (usize, usize),
    steps: &mut Vec<Step>,
) -> (usize, usize) {
    let (first, second) = (reference.beat(r).0, reference.beat(r + 1).0);
    let (this, next) = (test.beat(t).0, test.beat(t + 1).0);
    if let Some(before) = t.checked_sub(1)
        && fits(test.beat(before).0, this, first, second, window)
    {
        steps.push(Step {
            outcome: Outcome::Matched,
            reference: r,
            test: before,
        });
        return (r + 1, t);
    }
    let passed_over = this - from <= window && (first - next).abs() < (first - this).abs();
    (r, t + usize::from(passed_over))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::BeatCode;

    fn marks(samples: &[usize]) -> Marks {
        let beats: Vec<_> = samples.iter().map(|&s| (s, BeatCode::N)).collect();
        Marks::of_beats(&beats)
    }

    /// Matched, missed and extra beats.
    fn counts(r: &[usize], t: &[usize], window: i64, from: i64, to: i64) -> [usize; 3] {
        let steps = pair_beats(&marks(r), &marks(t), window, from, to);
        [Outcome::Matched, Outcome::Missed, Outcome::Extra]
            .map(|outcome| steps.iter().filter(|s| s.outcome == outcome).count())
    }

    #[test]
    fn the_worked_example_of_bxb_pairs_both() {
        assert_eq!(counts(&[96, 160], &[128, 185], 37, 0, 1000), [2, 0, 0]);
    }

    #[test]
    fn the_window_is_inclusive() {
        for (at, expected) in [
            (1054, [1, 0, 0]),
            (1055, [0, 1, 1]),
            (946, [1, 0, 0]),
            (945, [0, 1, 1]),
        ] {
            assert_eq!(counts(&[1000], &[at], 54, 0, 2000), expected, "{at}");
        }
    }

    #[test]
    fn an_empty_side_leaves_the_other_unpaired() {
        assert_eq!(counts(&[], &[5, 9], 3, 0, 100), [0, 0, 2]);
        assert_eq!(counts(&[5, 9], &[], 3, 0, 100), [0, 2, 0]);
        assert_eq!(counts(&[], &[], 3, 0, NEVER * 2), [0, 0, 0]);
    }

    #[test]
    fn the_test_period_begins_with_the_nearer_beat() {
        // The beat just before the start pairs with the first one after it.
        assert_eq!(counts(&[1010], &[990], 54, 1000, 3000), [1, 0, 0]);
        // A first beat near the start is passed over when the next one is nearer to the reference.
        assert_eq!(counts(&[1300], &[1020, 1310], 54, 1000, 3000), [1, 0, 0]);
        assert_eq!(counts(&[1300], &[1055, 1310], 54, 1000, 3000), [1, 0, 1]);
    }

    #[test]
    fn the_test_period_ends_when_both_sides_have_passed_it() {
        assert_eq!(counts(&[1000], &[1001], 54, 0, 1000), [1, 0, 0]);
        assert_eq!(counts(&[1001], &[1000], 54, 0, 1000), [1, 0, 0]);
        assert_eq!(counts(&[1001], &[1001], 54, 0, 1000), [0, 0, 0]);
    }
}
