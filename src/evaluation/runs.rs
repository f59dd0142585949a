//! Run-by-run comparison of ventricular and supraventricular ectopy (ANSI/AAMI EC57; WFDB's `rxr`).
//!
//! V and F beats make ventricular runs. S beats make supraventricular ones, and so do normal beats while the rhythm is
//! atrial fibrillation or flutter. Ventricular flutter counts as the longest ventricular run, the beginning of atrial
//! fibrillation or flutter as the longest supraventricular one. Where the standard leaves room, the rule is what makes
//! the counts equal to `rxr`'s.

use super::{Mark, Marks, Protocol, Rhythm};
use crate::recording::BeatCode;
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
/// beat to a window after its last one. A run whose window reaches over the end of the test period is not counted.
fn for_each_run(
    own: &Marks,
    other: &Marks,
    kind: RunKind,
    rate_hz: f64,
    protocol: &Protocol,
    mut count: impl FnMut(usize, usize),
) {
    let window = protocol.window(rate_hz);
    let (from, to) = protocol.period(rate_hz);
    let mut reader = Reader::new(other, kind);
    for run in runs(own, kind, from, to) {
        if run.last + window <= to {
            let longest = reader.longest(run.first - window, run.last + window);
            count(bin(run.length), bin(longest));
        }
    }
}

fn bin(length: u64) -> usize {
    length.min(LONGEST) as usize
}

/// The rhythm that a reader of marks is in.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// The label says atrial fibrillation or flutter: normal beats belong to supraventricular runs.
    atrial: bool,
    /// The same, since its beginning not broken by an unreadable stretch: it counts as the longest run.
    atrial_episode: bool,
    ventricular_flutter: bool,
}

impl State {
    fn read(&mut self, mark: Mark) {
        match mark {
            Mark::Beat(_) => {}
            Mark::FlutterOn => self.ventricular_flutter = true,
            Mark::FlutterOff => self.ventricular_flutter = false,
            Mark::Unreadable => self.atrial_episode = false,
            Mark::Rhythm(rhythm) => {
                let begins = rhythm.is_atrial() && !self.atrial;
                self.atrial = rhythm.is_atrial();
                self.atrial_episode = self.atrial && (self.atrial_episode || begins);
                self.ventricular_flutter = rhythm == Rhythm::VentricularFlutter;
            }
        }
    }

    fn is_longest(self, kind: RunKind) -> bool {
        match kind {
            RunKind::Ventricular => self.ventricular_flutter,
            RunKind::Supraventricular => self.atrial_episode,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: i64,
    last: i64,
    length: u64,
}

/// The runs of a file that begin in the test period, in order of time.
fn runs(marks: &Marks, kind: RunKind, from: i64, to: i64) -> Vec<Run> {
    let mut finder = Finder {
        kind,
        state: State::default(),
        open: None,
        runs: Vec::new(),
    };
    let mut begun = false;
    for &(at, mark) in marks.all.iter().take_while(|&&(at, _)| at <= to) {
        if at >= from {
            finder.begin(from, !begun);
            begun = true;
            finder.take(at, mark);
        }
        finder.state.read(mark);
    }
    finder.close();
    finder.runs
}

struct Finder {
    kind: RunKind,
    /// The rhythm before the mark that is taken.
    state: State,
    open: Option<Run>,
    runs: Vec<Run>,
}

impl Finder {
    /// Atrial fibrillation that lasts at the start of the test period begins there.
    fn begin(&mut self, from: i64, first: bool) {
        if first && self.kind == RunKind::Supraventricular && self.state.atrial_episode {
            self.lengthen(from, LONGEST);
        }
    }

    fn take(&mut self, at: i64, mark: Mark) {
        match (mark, self.kind) {
            (Mark::Beat(class), _) if self.is_ectopic(class) => self.lengthen(at, 1),
            (Mark::Beat(_) | Mark::Unreadable, _) => self.close(),
            (Mark::FlutterOn | Mark::Rhythm(Rhythm::VentricularFlutter), RunKind::Ventricular) => {
                self.flutter(at);
            }
            (Mark::FlutterOff, RunKind::Ventricular) if self.state.ventricular_flutter => {
                self.stretch(at);
            }
            (Mark::Rhythm(rhythm), RunKind::Supraventricular) => self.atrial(at, rhythm),
            _ => {}
        }
    }

    fn is_ectopic(&self, class: BeatCode) -> bool {
        match self.kind {
            RunKind::Ventricular => matches!(class, BeatCode::V | BeatCode::F),
            RunKind::Supraventricular => {
                class == BeatCode::S || (class == BeatCode::N && self.state.atrial)
            }
        }
    }

    /// Ventricular flutter is a run of its own, or lengthens the time of the run that it follows.
    fn flutter(&mut self, at: i64) {
        if self.open.is_some() {
            self.stretch(at);
        } else {
            self.lengthen(at, LONGEST);
        }
    }

    /// The beginning of atrial fibrillation counts as beats; its end lengthens the time of the run.
    fn atrial(&mut self, at: i64, rhythm: Rhythm) {
        match (self.state.atrial, rhythm.is_atrial()) {
            (false, true) => self.lengthen(at, LONGEST),
            (true, false) => self.stretch(at),
            _ => {}
        }
    }

    fn lengthen(&mut self, at: i64, beats: u64) {
        let run = self.open.get_or_insert(Run {
            first: at,
            last: at,
            length: 0,
        });
        run.last = at;
        run.length += beats;
    }

    fn stretch(&mut self, at: i64) {
        if let Some(run) = &mut self.open {
            run.last = at;
        }
    }

    fn close(&mut self) {
        self.runs.extend(self.open.take());
    }
}

/// Reads the other file forward, window by window: a mark that one window has used is not seen by the next.
struct Reader<'a> {
    marks: &'a [(i64, Mark)],
    kind: RunKind,
    state: State,
}

impl<'a> Reader<'a> {
    fn new(marks: &'a Marks, kind: RunKind) -> Self {
        Self {
            marks: &marks.all,
            kind,
            state: State::default(),
        }
    }

    /// The longest run from sample `lo` to sample `hi`, of the beats within.
    fn longest(&mut self, lo: i64, hi: i64) -> u64 {
        while self.next_before(lo).is_some() {}
        // A window that begins before the record counts as flutter: `rxr` takes its own zero for one.
        let at_first = lo < 0 || self.state.is_longest(self.kind);
        let (mut longest, mut length) = (if at_first { LONGEST } else { 0 }, 0);
        let mut begun = false;
        while let Some((before, mark)) = self.next_before(hi.saturating_add(1)) {
            let now = self.state.is_longest(self.kind);
            begun |= now && !before.is_longest(self.kind);
            length = self.length_after(length, before, mark);
            longest = longest.max(length);
        }
        if begun && !self.ends_next() {
            longest = LONGEST;
        }
        longest
    }

    /// The next mark before a sample, with the state before it.
    fn next_before(&mut self, sample: i64) -> Option<(State, Mark)> {
        let (&(at, mark), rest) = self.marks.split_first()?;
        if at >= sample {
            return None;
        }
        let before = self.state;
        self.state.read(mark);
        self.marks = rest;
        Some((before, mark))
    }

    /// Length of the run in progress after a mark. Normal beats of an atrial episode are not counted one by one.
    fn length_after(&self, length: u64, before: State, mark: Mark) -> u64 {
        match (mark, self.kind) {
            (Mark::Unreadable, _) => 0,
            (Mark::Beat(BeatCode::V | BeatCode::F), RunKind::Ventricular)
            | (Mark::Beat(BeatCode::S), RunKind::Supraventricular) => length + 1,
            (Mark::Beat(BeatCode::N), RunKind::Supraventricular)
                if before.atrial && !before.atrial_episode =>
            {
                length + 1
            }
            (Mark::Beat(_), _) => 0,
            _ => length,
        }
    }

    /// Whether an atrial episode that goes on is ended by the very next mark: it is then not counted.
    fn ends_next(&self) -> bool {
        self.kind == RunKind::Supraventricular
            && self.state.atrial_episode
            && self.marks.first().is_some_and(|&(_, mark)| match mark {
                Mark::Unreadable => true,
                Mark::Rhythm(rhythm) => !rhythm.is_atrial(),
                _ => false,
            })
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
    fn the_test_period_bounds_the_runs() {
        assert_eq!(pairs("900V 1000V 1100V 1200N", "", Ventricular), [(2, 0)]);
        assert_eq!(pairs("9900V 9985V", "", Ventricular), [(2, 0)]);
        assert_eq!(pairs("9900V 9986V", "", Ventricular), []);
        let fibrillation = "500+(AFIB 1100N 1200V";
        assert_eq!(pairs(fibrillation, "", Supraventricular), [(6, 0)]);
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
