//! Episode-by-episode comparison of atrial fibrillation and ventricular flutter (ANSI/AAMI EC57; WFDB's `epicmp`).
//!
//! An episode counts as found when it overlaps one of the other file for however short a time.

use super::protocol::samples;
use super::score::share;
use super::{Mark, Marks, Protocol, Rhythm};
use serde::{Deserialize, Serialize};

/// What lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpisodeKind {
    /// From `(AFIB` to the next rhythm.
    AtrialFibrillation,
    /// From `[` to `]`.
    VentricularFlutter,
}

/// Counts and milliseconds of one comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeScore {
    /// Reference episodes that the test has.
    pub found: u64,
    /// Reference episodes that it has not.
    pub missed: u64,
    /// Test episodes that the reference has.
    pub right: u64,
    /// Test episodes that it has not.
    pub wrong: u64,
    /// Time in reference episodes.
    pub reference_ms: u64,
    /// Of that, time in test episodes too.
    pub found_ms: u64,
    /// Time in test episodes.
    pub test_ms: u64,
    /// Of that, time in reference episodes too.
    pub right_ms: u64,
    /// Time outside of reference episodes and of what is left out of the comparison.
    pub other_ms: u64,
}

impl EpisodeScore {
    /// Share of the reference episodes that the test has.
    #[must_use]
    pub fn episode_sensitivity(&self) -> Option<f64> {
        share(self.found, self.missed)
    }

    /// Share of the test episodes that the reference has.
    #[must_use]
    pub fn episode_predictivity(&self) -> Option<f64> {
        share(self.right, self.wrong)
    }

    /// Share of the time in reference episodes that the test calls too.
    #[must_use]
    pub fn duration_sensitivity(&self) -> Option<f64> {
        quotient(self.found_ms, self.reference_ms)
    }

    /// Share of the time in test episodes that the reference calls too.
    #[must_use]
    pub fn duration_predictivity(&self) -> Option<f64> {
        quotient(self.right_ms, self.test_ms)
    }

    /// Share of the time outside of reference episodes that the test does not call either; not of EC57, which has no
    /// specificity.
    #[must_use]
    pub fn duration_specificity(&self) -> Option<f64> {
        let wrong = self.test_ms.saturating_sub(self.right_ms);
        quotient(self.other_ms.saturating_sub(wrong), self.other_ms)
    }

    /// Adds the counts of another comparison.
    pub fn add(&mut self, other: &Self) {
        self.found += other.found;
        self.missed += other.missed;
        self.right += other.right;
        self.wrong += other.wrong;
        self.reference_ms += other.reference_ms;
        self.found_ms += other.found_ms;
        self.test_ms += other.test_ms;
        self.right_ms += other.right_ms;
        self.other_ms += other.other_ms;
    }
}

fn quotient(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

type Span = (i64, i64);

/// Compares the episodes of two sets of marks of the same rate. Episodes are cut to the test period; shorter ones than
/// the protocol's least are not counted, but count as counterparts.
#[must_use]
pub fn score_episodes(
    reference: &Marks,
    test: &Marks,
    kind: EpisodeKind,
    rate_hz: f64,
    protocol: &Protocol,
) -> EpisodeScore {
    let period = period(reference, test, rate_hz, protocol);
    let least = samples(protocol.min_episode_s, rate_hz);
    let spans = |marks: &Marks| cut(&episodes(marks, kind), period);
    let (truth, found) = (spans(reference), spans(test));
    let excluded = if protocol.exclude_flutter && kind == EpisodeKind::AtrialFibrillation {
        cut(&rhythms(reference, Rhythm::AtrialFlutter), period)
    } else {
        Vec::new()
    };
    let se = Tally::of(&counted(&truth, &[], least), &found);
    let ppv = Tally::of(&counted(&found, &excluded, least), &truth);
    let length = |spans: &[Span]| -> i64 { spans.iter().map(|(from, to)| to - from).sum() };
    let other = period.1 - period.0 - length(&truth) - length(&excluded);
    let milliseconds = |count: i64| (count as f64 * 1000.0 / rate_hz + 0.5).floor().max(0.0) as u64;
    EpisodeScore {
        found: se.with,
        missed: se.without,
        right: ppv.with,
        wrong: ppv.without,
        reference_ms: milliseconds(se.length),
        found_ms: milliseconds(se.overlap),
        test_ms: milliseconds(ppv.length),
        right_ms: milliseconds(ppv.overlap),
        other_ms: milliseconds(other),
    }
}

/// An episode that is counted, and its length less what is excluded of it.
struct Episode {
    span: Span,
    length: i64,
}

fn counted(spans: &[Span], excluded: &[Span], least: i64) -> Vec<Episode> {
    let episodes = spans.iter().filter_map(|&span| outside(span, excluded));
    episodes.filter(|episode| episode.length >= least).collect()
}

/// What is left of an episode outside the excluded spans, which are in order of time; none if one of them holds it.
fn outside((mut from, mut to): Span, excluded: &[Span]) -> Option<Episode> {
    let mut within = 0;
    for &(first, last) in excluded {
        if to <= first {
            break;
        }
        match (first <= from, last >= to) {
            (true, true) => return None,
            (true, false) => from = from.max(last),
            (false, true) => to = first,
            (false, false) => within += last - first,
        }
    }
    Some(Episode {
        span: (from, to),
        length: to - from - within,
    })
}

/// Episodes of one file against the other's.
#[derive(Default)]
struct Tally {
    with: u64,
    without: u64,
    length: i64,
    overlap: i64,
}

impl Tally {
    fn of(own: &[Episode], other: &[Span]) -> Self {
        let mut tally = Self::default();
        for Episode { span, length } in own {
            let overlap = overlap(*span, other);
            tally.with += u64::from(overlap > 0);
            tally.without += u64::from(overlap == 0);
            tally.length += length;
            tally.overlap += overlap;
        }
        tally
    }
}

fn overlap(own: Span, other: &[Span]) -> i64 {
    let of_span = |&(from, to): &Span| (own.1.min(to) - own.0.max(from)).max(0);
    other.iter().map(of_span).sum()
}

/// The test period; without an end, it ends with the last mark of either file.
fn period(reference: &Marks, test: &Marks, rate_hz: f64, protocol: &Protocol) -> Span {
    let (from, to) = protocol.period(rate_hz);
    let last = reference.last().max(test.last());
    (from, if protocol.to_s.is_finite() { to } else { last })
}

fn episodes(marks: &Marks, kind: EpisodeKind) -> Vec<Span> {
    match kind {
        EpisodeKind::AtrialFibrillation => rhythms(marks, Rhythm::AtrialFibrillation),
        EpisodeKind::VentricularFlutter => marks.flutter.clone(),
    }
}

/// Stretches of one rhythm, from its label to the next other one.
fn rhythms(marks: &Marks, wanted: Rhythm) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut since = None;
    for &(at, mark) in &marks.all {
        match mark {
            Mark::Rhythm(rhythm) if rhythm == wanted => {
                since.get_or_insert(at);
            }
            Mark::Rhythm(_) => spans.extend(since.take().map(|from| (from, at))),
            _ => {}
        }
    }
    spans.extend(since.map(|from| (from, super::marks::NEVER)));
    spans
}

fn cut(spans: &[Span], (first, last): Span) -> Vec<Span> {
    spans
        .iter()
        .map(|&(from, to)| (from.max(first), to.min(last)))
        .filter(|(from, to)| from < to)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::annotations;
    use super::*;
    use crate::evaluation::ClassMap;
    use EpisodeKind::{AtrialFibrillation, VentricularFlutter};

    fn scored(reference: &str, test: &str, kind: EpisodeKind, protocol: Protocol) -> EpisodeScore {
        let read = |text| Marks::of_annotations(&annotations(text), ClassMap::Bxb, 15);
        let protocol = Protocol {
            from_s: 10.0,
            to_s: 100.0,
            ..protocol
        };
        score_episodes(&read(reference), &read(test), kind, 100.0, &protocol)
    }

    fn counts(score: &EpisodeScore) -> [u64; 4] {
        [score.found, score.missed, score.right, score.wrong]
    }

    #[test]
    fn any_overlap_makes_a_match() {
        let reference = "2000+(AFIB 3000+(N";
        let score = |test| scored(reference, test, AtrialFibrillation, Protocol::default());
        let some = score("2990+(AFIB 4000+(N");
        assert_eq!(counts(&some), [1, 0, 1, 0]);
        assert_eq!((some.reference_ms, some.found_ms), (10_000, 100));
        assert_eq!(some.duration_sensitivity(), Some(0.01));
        assert_eq!(some.duration_predictivity(), Some(100.0 / 10_100.0));
        // 10 to 100 s less 20 to 30 s; of that, 30 to 40 s are called.
        assert_eq!(some.other_ms, 80_000);
        assert_eq!(some.duration_specificity(), Some(7.0 / 8.0));
        assert_eq!(counts(&score("3000+(AFIB 4000+(N")), [0, 1, 0, 1]);
    }

    #[test]
    fn two_test_episodes_in_one_are_two_right_and_one_found() {
        let test = "2100+(AFIB 2200+(N 2500+(AFIB 2600+(AFIB 2700+(N";
        let score = scored(
            "2000+(AFIB 3000+(N",
            test,
            AtrialFibrillation,
            Protocol::default(),
        );
        assert_eq!(counts(&score), [1, 0, 2, 0]);
        assert_eq!(score.found_ms, 3000);
    }

    #[test]
    fn episodes_are_cut_to_the_test_period() {
        let score = |text| scored(text, "", AtrialFibrillation, Protocol::default());
        assert_eq!(score("500+(AFIB 1500+(N").reference_ms, 5000);
        assert_eq!(counts(&score("500+(AFIB 1000+(N")), [0; 4]);
        assert_eq!(score("9000+(AFIB").reference_ms, 10_000);
    }

    #[test]
    fn short_episodes_are_not_counted_but_are_counterparts() {
        let protocol = Protocol {
            min_episode_s: 5.0,
            ..Protocol::default()
        };
        let test = "2000+(AFIB 2300+(N 6000+(AFIB 6300+(N";
        let score = scored("2000+(AFIB 3000+(N", test, AtrialFibrillation, protocol);
        assert_eq!(counts(&score), [1, 0, 0, 0]);
        assert_eq!((score.found_ms, score.test_ms), (3000, 0));
    }

    #[test]
    fn fibrillation_called_in_flutter_is_wrong_unless_excluded() {
        let reference = "2000+(AFL 4000+(N";
        let test = "2500+(AFIB 3000+(N";
        let score = |exclude_flutter| {
            let protocol = Protocol {
                exclude_flutter,
                ..Protocol::default()
            };
            scored(reference, test, AtrialFibrillation, protocol)
        };
        assert_eq!(counts(&score(false)), [0, 0, 0, 1]);
        assert_eq!(counts(&score(true)), [0, 0, 0, 0]);
        assert_eq!(score(false).duration_specificity(), Some(85.0 / 90.0));
        assert_eq!(score(true).other_ms, 70_000);
        assert_eq!(score(true).duration_specificity(), Some(1.0));
    }

    #[test]
    fn only_the_part_outside_flutter_counts() {
        let reference = "2000+(AFL 4000+(AFIB 5000+(N 6000+(AFL 6500+(N";
        let scored = |test| {
            let protocol = Protocol {
                exclude_flutter: true,
                ..Protocol::default()
            };
            let score = scored(reference, test, AtrialFibrillation, protocol);
            (score.right, score.wrong, score.right_ms, score.test_ms)
        };
        assert_eq!(scored("3000+(AFIB 4500+(N"), (1, 0, 5000, 5000));
        assert_eq!(scored("1500+(AFIB 3000+(N"), (0, 1, 0, 5000));
        assert_eq!(scored("4500+(AFIB 7000+(N"), (1, 0, 5000, 20_000));
        assert_eq!(scored("6000+(AFIB 6500+(N"), (0, 0, 0, 0));
        assert_eq!(scored("6000+(AFIB 6501+(N"), (0, 1, 0, 10));
    }

    #[test]
    fn flutter_episodes_lie_between_brackets() {
        let score = scored(
            "2000[ 3000]",
            "2500[",
            VentricularFlutter,
            Protocol::default(),
        );
        assert_eq!(counts(&score), [1, 0, 1, 0]);
        assert_eq!((score.found_ms, score.test_ms), (5000, 75_000));
    }
}
