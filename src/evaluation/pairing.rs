//! Pairing of test beats with reference beats, by the rule of the WFDB program `bxb` (ANSI/AAMI EC57).

use super::{ClassMap, beat_class};
use crate::recording::{Annotation, BeatCode};

/// A time that no mark reaches: what stands behind the last one.
const NEVER: i64 = i64::MAX / 4;

/// What a comparison reads from one annotation file, in samples of its rate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Beats outside ventricular flutter, in order of time.
    pub beats: Vec<(i64, BeatCode)>,
    /// Ventricular flutter or fibrillation, from `[` to `]` or without end.
    pub flutter: Vec<(i64, i64)>,
    /// Stretches declared unreadable.
    pub shutdown: Vec<(i64, i64)>,
}

impl Marks {
    /// Beats alone.
    #[must_use]
    pub fn of_beats(beats: &[(usize, BeatCode)]) -> Self {
        let mut beats: Vec<_> = beats
            .iter()
            .map(|&(sample, class)| (i64::try_from(sample).unwrap_or(NEVER - 1), class))
            .collect();
        beats.sort_by_key(|&(sample, _)| sample);
        Self {
            beats,
            ..Self::default()
        }
    }

    /// Reads annotations in order of time; `window` is the pairing window in samples.
    ///
    /// Beats between `[` and `]` are left out. A `~` whose subtype has bits 4 and 5 set begins a shutdown. When the
    /// next mark is a `~` without them, it ends there; otherwise (the AHA database's habit) the stretch reaches from a
    /// window after the beat before to a window before the next mark.
    #[must_use]
    pub fn of_annotations(annotations: &[Annotation], map: ClassMap, window: i64) -> Self {
        let mut marks = Self::default();
        let mut flutter_from = None;
        let mut last_beat = 0;
        for (index, annotation) in annotations.iter().enumerate() {
            let sample = i64::try_from(annotation.sample).unwrap_or(NEVER - 1);
            match annotation.code.as_str() {
                "[" => flutter_from = Some(sample),
                "]" => {
                    if let Some(from) = flutter_from.take() {
                        marks.flutter.push((from, sample));
                        last_beat = last_beat.max(sample);
                    }
                }
                "~" if is_shutdown(annotation) => {
                    let span = shutdown_span(sample, last_beat, annotations.get(index + 1), window);
                    marks.shutdown.push(span);
                }
                code if flutter_from.is_none() => {
                    if let Some(class) = beat_class(code, map) {
                        marks.beats.push((sample, class));
                        last_beat = sample;
                    }
                }
                _ => {}
            }
        }
        marks.flutter.extend(flutter_from.map(|from| (from, NEVER)));
        marks
    }

    fn beat(&self, index: usize) -> (i64, BeatCode) {
        self.beats
            .get(index)
            .copied()
            .unwrap_or((NEVER, BeatCode::Q))
    }

    pub(super) fn in_flutter(&self, sample: i64) -> bool {
        self.flutter
            .iter()
            .any(|&(from, to)| (from..=to).contains(&sample))
    }

    pub(super) fn in_shutdown(&self, sample: i64) -> bool {
        self.shutdown
            .iter()
            .any(|&(from, to)| (from..=to).contains(&sample))
    }
}

fn is_shutdown(annotation: &Annotation) -> bool {
    annotation.subtype & 0x30 == 0x30
}

fn shutdown_span(at: i64, last_beat: i64, next: Option<&Annotation>, window: i64) -> (i64, i64) {
    match next {
        None => (at, NEVER),
        Some(next) => {
            let next_at = i64::try_from(next.sample).unwrap_or(NEVER);
            if next.code == "~" && !is_shutdown(next) {
                (at, next_at)
            } else {
                (last_beat + window, next_at - window)
            }
        }
    }
}

/// One step of the comparison, with sample and class on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// Both sides agree that there is a beat.
    Matched((i64, BeatCode), (i64, BeatCode)),
    /// A reference beat without counterpart.
    Missed((i64, BeatCode)),
    /// A test beat without counterpart.
    Extra((i64, BeatCode)),
}

/// Pairs the beats from sample `from` to sample `to`, both inclusive, with `window` samples (inclusive) between two.
///
/// The earlier of the two next beats is paired with the other when it lies within the window and either it is nearer
/// than its own successor, or that successor has a nearer partner (bxb.c, WFDB 10.7).
#[must_use]
pub fn pair_beats(reference: &Marks, test: &Marks, window: i64, from: i64, to: i64) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(reference.beats.len());
    let mut r = reference
        .beats
        .partition_point(|&(sample, _)| sample < from);
    let mut t = test.beats.partition_point(|&(sample, _)| sample < from);
    (r, t) = first_pair(reference, test, window, from, (r, t), &mut pairs);
    loop {
        let (this_r, this_t) = (reference.beat(r), test.beat(t));
        if (this_r.0 > to && this_t.0 > to) || (this_r.0 == NEVER && this_t.0 == NEVER) {
            return pairs;
        }
        let near = if this_t.0 < this_r.0 {
            fits(
                this_t.0,
                test.beat(t + 1).0,
                this_r.0,
                reference.beat(r + 1).0,
                window,
            )
        } else {
            fits(
                this_r.0,
                reference.beat(r + 1).0,
                this_t.0,
                test.beat(t + 1).0,
                window,
            )
        };
        if near {
            pairs.push(Pair::Matched(this_r, this_t));
            r += 1;
            t += 1;
        } else if this_t.0 < this_r.0 {
            pairs.push(Pair::Extra(this_t));
            t += 1;
        } else {
            pairs.push(Pair::Missed(this_r));
            r += 1;
        }
    }
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
    pairs: &mut Vec<Pair>,
) -> (usize, usize) {
    let first = reference.beat(r);
    if let Some(before) = t.checked_sub(1).map(|index| test.beat(index))
        && fits(
            before.0,
            test.beat(t).0,
            first.0,
            reference.beat(r + 1).0,
            window,
        )
    {
        pairs.push(Pair::Matched(first, before));
        return (r + 1, t);
    }
    let (this, next) = (test.beat(t).0, test.beat(t + 1).0);
    let passed_over = this - from <= window && (first.0 - next).abs() < (first.0 - this).abs();
    (r, t + usize::from(passed_over))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(samples: &[usize]) -> Marks {
        Marks::of_beats(
            &samples
                .iter()
                .map(|&s| (s, BeatCode::N))
                .collect::<Vec<_>>(),
        )
    }

    fn counts(pairs: &[Pair]) -> [usize; 3] {
        let of = |f: fn(&Pair) -> bool| pairs.iter().filter(|p| f(p)).count();
        [
            of(|p| matches!(p, Pair::Matched(..))),
            of(|p| matches!(p, Pair::Missed(_))),
            of(|p| matches!(p, Pair::Extra(_))),
        ]
    }

    #[test]
    fn the_worked_example_of_bxb_pairs_both() {
        let pairs = pair_beats(&marks(&[96, 160]), &marks(&[128, 185]), 37, 0, 1000);
        assert_eq!(counts(&pairs), [2, 0, 0]);
    }

    #[test]
    fn the_window_is_inclusive() {
        let count = |at| counts(&pair_beats(&marks(&[1000]), &marks(&[at]), 54, 0, 2000));
        assert_eq!(count(1054), [1, 0, 0]);
        assert_eq!(count(1055), [0, 1, 1]);
        assert_eq!(count(946), [1, 0, 0]);
        assert_eq!(count(945), [0, 1, 1]);
    }

    #[test]
    fn an_empty_side_leaves_the_other_unpaired() {
        assert_eq!(
            counts(&pair_beats(&marks(&[]), &marks(&[5, 9]), 3, 0, 100)),
            [0, 0, 2]
        );
        assert_eq!(
            counts(&pair_beats(&marks(&[5, 9]), &marks(&[]), 3, 0, 100)),
            [0, 2, 0]
        );
        assert!(pair_beats(&marks(&[]), &marks(&[]), 3, 0, NEVER * 2).is_empty());
    }

    #[test]
    fn beats_inside_flutter_are_no_beats() {
        let annotations: Vec<Annotation> = [
            (10, "N"),
            (20, "["),
            (25, "!"),
            (30, "V"),
            (40, "]"),
            (50, "V"),
        ]
        .into_iter()
        .map(|(sample, code)| Annotation {
            time_s: 0.0,
            sample,
            code: code.to_owned(),
            subtype: 0,
            channel: 0,
            number: 0,
            text: String::new(),
        })
        .collect();
        let marks = Marks::of_annotations(&annotations, ClassMap::Bxb, 5);
        assert_eq!(marks.beats, vec![(10, BeatCode::N), (50, BeatCode::V)]);
        assert_eq!(marks.flutter, vec![(20, 40)]);
    }
}
