//! Run-by-run comparison of ventricular and supraventricular ectopy (ANSI/AAMI EC57; WFDB's `rxr`).
//!
//! V and F beats make ventricular runs. S beats make supraventricular ones, and so do normal beats while the rhythm is
//! atrial fibrillation or flutter. Where an episode of ventricular flutter (of atrial fibrillation or flutter) begins
//! outside a run, it counts as the longest run. Where the standard leaves room, the rule is `rxr`'s (WFDB 10.7).

mod roles;

use super::marks::NEVER;
use super::{Marks, Protocol};
use roles::{Role, roles};
use serde::{Deserialize, Serialize};

/// Runs of this length and longer are counted together.
const LONGEST: u64 = 6;

/// Which ectopy makes the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// Ventricular (VE).
    Ventricular,
    /// Supraventricular (SVE).
    Supraventricular,
}

/// Lengths that are reported together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunLength {
    /// Two beats.
    Couplet,
    /// Three to five beats.
    Short,
    /// Six beats and more.
    Long,
}

/// The lengths in the order of the tables.
pub const RUN_LENGTHS: [RunLength; 3] = [RunLength::Couplet, RunLength::Short, RunLength::Long];

impl RunLength {
    fn lengths(self) -> std::ops::RangeInclusive<usize> {
        match self {
            Self::Couplet => 2..=2,
            Self::Short => 3..=5,
            Self::Long => 6..=6,
        }
    }
}

/// Counts of runs by length from 0 to 6 and more; rows are the reference, columns the test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunScore {
    /// Each run of the reference, with the longest run of the test at the same time.
    pub sensitivity: [[u64; 7]; 7],
    /// Each run of the test, with the longest run of the reference at the same time.
    pub predictivity: [[u64; 7]; 7],
}

impl RunScore {
    /// Reference runs of a length whose counterpart falls into the same bin or a longer one, and the others.
    #[must_use]
    pub fn found_and_missed(&self, length: RunLength) -> (u64, u64) {
        tally(length, |own, other| self.sensitivity[own][other])
    }

    /// Test runs of a length whose counterpart falls into the same bin or a longer one, and the others.
    #[must_use]
    pub fn right_and_wrong(&self, length: RunLength) -> (u64, u64) {
        tally(length, |own, other| self.predictivity[other][own])
    }

    /// Adds the counts of another comparison.
    pub fn add(&mut self, other: &Self) {
        let sums = self
            .sensitivity
            .iter_mut()
            .chain(&mut self.predictivity)
            .flatten();
        let others = other.sensitivity.iter().chain(&other.predictivity);
        for (sum, count) in sums.zip(others.flatten()) {
            *sum += count;
        }
    }
}

fn tally(length: RunLength, cell: impl Fn(usize, usize) -> u64) -> (u64, u64) {
    let lengths = length.lengths();
    let sum = |others: std::ops::RangeInclusive<usize>| -> u64 {
        let owns = lengths.clone();
        owns.flat_map(|own| others.clone().map(move |other| (own, other)))
            .map(|(own, other)| cell(own, other))
            .sum()
    };
    let least = *lengths.start();
    (sum(least..=6), sum(0..=least - 1))
}

/// Compares the runs of two sets of marks of the same rate.
#[must_use]
pub fn score_runs(
    reference: &Marks,
    test: &Marks,
    kind: RunKind,
    rate_hz: f64,
    protocol: &Protocol,
) -> RunScore {
    let mut score = RunScore::default();
    for_each_run(reference, test, kind, rate_hz, protocol, |own, other| {
        score.sensitivity[own][other] += 1;
    });
    for_each_run(test, reference, kind, rate_hz, protocol, |own, other| {
        score.predictivity[other][own] += 1;
    });
    score
}

/// Calls `count` with the length of each run of `own` and of the longest run of `other` from a window before its first
/// beat to a window after its last one.
fn for_each_run(
    own: &Marks,
    other: &Marks,
    kind: RunKind,
    rate_hz: f64,
    protocol: &Protocol,
    mut count: impl FnMut(usize, usize),
) {
    let window = protocol.window(rate_hz);
    let roles_of_other = roles(other, kind);
    let mut counterpart = Counterpart::new(&roles_of_other);
    for run in runs(&roles(own, kind), protocol.period(rate_hz)) {
        let from = run.first - window;
        // An episode without any beat has no end of its own: only what lasts at its beginning stands against it.
        let to = run.last.map_or(from - 1, |last| last + window);
        count(bin(run.length), bin(counterpart.longest(from, to)));
    }
}

fn bin(length: u64) -> usize {
    length.min(LONGEST) as usize
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: i64,
    /// The last beat, or the end of the episode; none while there is neither.
    last: Option<i64>,
    length: u64,
}

impl Run {
    /// An episode that begins outside a run.
    fn of_episode(first: i64, last: Option<i64>) -> Self {
        Self {
            first,
            last,
            length: LONGEST,
        }
    }
}

/// The runs that begin in the test period and end before it does, or with the file, in order of time. An episode that
/// lasts at the start of the test period begins there.
fn runs(roles: &[(i64, Role)], (from, to): (i64, i64)) -> Vec<Run> {
    let start = roles.partition_point(|&(at, _)| at < from);
    let end = roles.partition_point(|&(at, _)| at <= to).max(start);
    let learning = roles[..start].iter().rev();
    let last_change = learning
        .map(|&(_, role)| role)
        .find(|role| matches!(role, Role::Begins | Role::Ends | Role::OtherEnds));
    let lasts = last_change == Some(Role::Begins);
    let mut open = lasts.then(|| Run::of_episode(from, Some(from)));
    let mut runs = Vec::new();
    for &(at, role) in &roles[start..end] {
        match (role, &mut open) {
            (Role::Ectopic, Some(run)) => {
                run.last = Some(at);
                run.length += 1;
            }
            (Role::Ectopic, None) => {
                open = Some(Run {
                    first: at,
                    last: Some(at),
                    length: 1,
                });
            }
            (Role::Begins, None) => open = Some(Run::of_episode(at, None)),
            (Role::Ends, Some(run)) => run.last = Some(at),
            (Role::Break | Role::Unreadable, _) => runs.extend(open.take()),
            (Role::Begins, Some(_))
            | (Role::Ends, None)
            | (Role::OtherBegins | Role::OtherEnds, _) => {}
        }
    }
    if end == roles.len() {
        runs.extend(open);
    }
    runs
}

/// Reads the other file forward, window by window: a mark that one window has used is not seen by the next.
struct Counterpart<'a> {
    roles: &'a [(i64, Role)],
    /// End of the last episode that counted.
    episode_to: i64,
}

impl<'a> Counterpart<'a> {
    fn new(roles: &'a [(i64, Role)]) -> Self {
        // A window that begins before the record counts as an episode: `rxr` takes its own zero for the end of one.
        Self {
            roles,
            episode_to: 0,
        }
    }

    /// The longest run from sample `from` to sample `to`, of the beats within.
    fn longest(&mut self, from: i64, to: i64) -> u64 {
        while self.episode_to <= from
            && let Some((_, role)) = self.next_to(from - 1)
        {
            if role == Role::Begins {
                self.pass_episode();
            }
        }
        if self.episode_to > from {
            return LONGEST;
        }
        let (mut longest, mut length) = (0, 0);
        while let Some((_, role)) = self.next_to(to) {
            length = match role {
                Role::Ectopic => length + 1,
                Role::Ends | Role::OtherEnds => length,
                Role::Break | Role::Unreadable | Role::OtherBegins => 0,
                Role::Begins => {
                    self.pass_episode();
                    return LONGEST;
                }
            };
            longest = longest.max(length);
        }
        longest
    }

    /// The next mark up to a sample.
    fn next_to(&mut self, sample: i64) -> Option<(i64, Role)> {
        let (&next, rest) = self.roles.split_first()?;
        (next.0 <= sample).then(|| {
            self.roles = rest;
            next
        })
    }

    /// Passes over an episode that has begun, to its end, an unreadable stretch, or one of the other kind.
    fn pass_episode(&mut self) {
        let ends = |&(_, role): &(i64, Role)| {
            matches!(role, Role::Ends | Role::Unreadable | Role::OtherBegins)
        };
        let Some(index) = self.roles.iter().position(ends) else {
            (self.roles, self.episode_to) = (&[], NEVER);
            return;
        };
        self.episode_to = self.roles[index].0;
        self.roles = &self.roles[index + 1..];
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::annotations;
    use super::*;
    use crate::evaluation::ClassMap;
    use RunKind::{Supraventricular, Ventricular};

    fn protocol() -> Protocol {
        Protocol {
            from_s: 10.0,
            to_s: 100.0,
            ..Protocol::default()
        }
    }

    fn read(text: &str) -> Marks {
        Marks::of_annotations(&annotations(text), ClassMap::Bxb, 15)
    }

    /// Length and test's length of each reference run, at 100 samples a second.
    fn pairs(reference: &str, test: &str, kind: RunKind) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        let (reference, test) = (read(reference), read(test));
        for_each_run(&reference, &test, kind, 100.0, &protocol(), |own, other| {
            pairs.push((own, other));
        });
        pairs
    }

    #[test]
    fn v_and_f_make_a_run_that_any_other_beat_ends() {
        let beats = "2000N 2100V 2200F 2300V 2400N 2500V 2600A 2700V 2800V";
        assert_eq!(pairs(beats, beats, Ventricular), [(3, 3), (1, 1), (2, 2)]);
        assert_eq!(pairs(beats, beats, Supraventricular), [(1, 1)]);
    }

    #[test]
    fn a_counterpart_is_sought_within_the_window_around_the_run() {
        let run = "2000V 2100V 2200N";
        assert_eq!(pairs(run, "1985V 2115V", Ventricular), [(2, 2)]);
        assert_eq!(pairs(run, "1984V 2115V", Ventricular), [(2, 1)]);
        assert_eq!(pairs(run, "1985V 2116V", Ventricular), [(2, 1)]);
        assert_eq!(pairs(run, "2000V 2050N 2100V", Ventricular), [(2, 1)]);
        assert_eq!(pairs(run, "2000N", Ventricular), [(2, 0)]);
    }

    #[test]
    fn a_beat_serves_one_window_only() {
        let reference = "2000V 2005N 2010V 2015N";
        assert_eq!(pairs(reference, "2003V", Ventricular), [(1, 1), (1, 0)]);
    }

    #[test]
    fn flutter_is_the_longest_run_and_joins_the_run_before_it() {
        assert_eq!(
            pairs("2000N 2100[ 2500] 2600N", "2300V", Ventricular),
            [(6, 1)]
        );
        assert_eq!(pairs("2300V 2400N", "2100[ 2500]", Ventricular), [(1, 6)]);
        assert_eq!(
            pairs("2000V 2100[ 2500] 2600N", "2505V", Ventricular),
            [(1, 1)]
        );
        assert_eq!(pairs("50V 80N", "500V", Ventricular), []);
    }

    #[test]
    fn normal_beats_of_atrial_fibrillation_are_supraventricular_runs() {
        let reference = "2000N 2100+(AFIB 2200N 2300V 2400N 2500N 2600V 2700+(N 2800N";
        assert_eq!(
            pairs(reference, "2000N", Supraventricular),
            [(6, 0), (2, 0)]
        );
        let test = "2000+(AFIB 2900+(N 2950N";
        assert_eq!(pairs(reference, test, Supraventricular), [(6, 6), (2, 6)]);
        // An unreadable stretch ends the episode; what follows is counted by its beats.
        let test = "2000+(AFIB 2310~-1 2320~0 2400N 2500N 2600V 2900+(N";
        assert_eq!(pairs(reference, test, Supraventricular), [(6, 6), (2, 2)]);
    }

    #[test]
    fn an_episode_inside_a_run_adds_no_beats_and_one_without_beats_has_no_end() {
        let reference = "2000A 2100+(AFIB 2200N 2300V";
        assert_eq!(pairs(reference, "2000A", Supraventricular), [(2, 1)]);
        // What lasts when the episode begins stands against it; what begins within its window does not.
        let reference = "2000+(AFIB 2300V";
        let lasting = "1900+(AFIB 3000+(N";
        assert_eq!(pairs(reference, lasting, Supraventricular), [(6, 6)]);
        assert_eq!(pairs(reference, "2005A", Supraventricular), [(6, 0)]);
    }

    #[test]
    fn an_episode_of_the_other_kind_breaks_a_counterpart() {
        let run = "2000V 2100V 2200N";
        let test = "2000V 2050+(AFIB 2100V 2900+(N";
        assert_eq!(pairs(run, test, Ventricular), [(2, 1)]);
        let run = "2000A 2100A 2200N";
        assert_eq!(
            pairs(run, "2000A 2020[ 2080] 2100A", Supraventricular),
            [(2, 1)]
        );
    }

    #[test]
    fn the_test_period_bounds_the_runs() {
        assert_eq!(pairs("900V 1000V 1100V 1200N", "", Ventricular), [(2, 0)]);
        // A run counts when it ends before the test period does, or with the file.
        assert_eq!(pairs("9900V 9990V", "", Ventricular), [(2, 0)]);
        assert_eq!(pairs("9900V 9990V 10000N", "", Ventricular), [(2, 0)]);
        assert_eq!(pairs("9900V 9990V 10001N", "", Ventricular), []);
        let fibrillation = "500+(AFIB 1100N 1200V";
        assert_eq!(pairs(fibrillation, "", Supraventricular), [(6, 0)]);
        let flutter = "500[ 1500] 1600N";
        assert_eq!(pairs(flutter, "1005V", Ventricular), [(6, 1)]);
        assert_eq!(pairs("500[ 900] 1600N", "", Ventricular), []);
        // One of the other kind ends it with its own end only.
        assert_eq!(pairs("500[ 900+(AFIB 1600N", "", Ventricular), [(6, 0)]);
        assert_eq!(pairs("500[ 900+(AFIB 950+(N 1600N", "", Ventricular), []);
    }

    #[test]
    fn longer_counterparts_are_hits_and_shorter_ones_misses() {
        let (reference, test) = (
            "2000V 2100V 2200N 3000V 3100V 3200V 3300N",
            "2000V 2100V 2200V 2300N 3000V 3100V 3200N",
        );
        let score = score_runs(
            &read(reference),
            &read(test),
            Ventricular,
            100.0,
            &protocol(),
        );
        assert_eq!(score.found_and_missed(RunLength::Couplet), (1, 0));
        assert_eq!(score.found_and_missed(RunLength::Short), (0, 1));
        assert_eq!(score.right_and_wrong(RunLength::Couplet), (1, 0));
        assert_eq!(score.right_and_wrong(RunLength::Short), (0, 1));
        assert_eq!(score.found_and_missed(RunLength::Long), (0, 0));
    }
}
