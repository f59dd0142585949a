//! What a comparison reads from one annotation file.

use super::{ClassMap, beat_class};
use crate::recording::{Annotation, BeatCode};

/// A time that no mark reaches: what stands behind the last one.
pub(super) const NEVER: i64 = i64::MAX / 4;

/// A rhythm as the comparisons tell them apart, by the beginning of its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// `(AFIB`.
    AtrialFibrillation,
    /// Any other label that begins with `(AF`, as `(AFL`.
    AtrialFlutter,
    /// `(VF`, `(VFL`, `(VFIB`.
    VentricularFlutter,
    /// Everything else.
    Other,
}

impl Rhythm {
    fn of_label(label: &str) -> Self {
        if label.starts_with("(AFIB") {
            Self::AtrialFibrillation
        } else if label.starts_with("(AF") {
            Self::AtrialFlutter
        } else if label.starts_with("(VF") {
            Self::VentricularFlutter
        } else {
            Self::Other
        }
    }

    /// Whether the atria fibrillate or flutter.
    pub(super) fn is_atrial(self) -> bool {
        matches!(self, Self::AtrialFibrillation | Self::AtrialFlutter)
    }
}

/// One mark that bears on runs and episodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A beat, inside ventricular flutter too.
    Beat(BeatCode),
    /// `[`: ventricular flutter or fibrillation begins.
    FlutterOn,
    /// `]`: it ends.
    FlutterOff,
    /// `~` that begins a shutdown (subtype bits 4 and 5) where none is in progress.
    Unreadable,
    /// A change of rhythm.
    Rhythm(Rhythm),
}

/// What a comparison reads from one annotation file, in samples of its rate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Beats outside ventricular flutter, in order of time.
    pub beats: Vec<(i64, BeatCode)>,
    /// Ventricular flutter or fibrillation, from `[` to `]` or without end.
    pub flutter: Vec<(i64, i64)>,
    /// Stretches declared unreadable.
    pub shutdown: Vec<(i64, i64)>,
    /// Everything in order of time.
    pub all: Vec<(i64, Mark)>,
}

impl Marks {
    /// Beats alone.
    #[must_use]
    pub fn of_beats(beats: &[(usize, BeatCode)]) -> Self {
        let mut beats: Vec<_> = beats
            .iter()
            .map(|&(at, class)| (i64::try_from(at).unwrap_or(NEVER - 1), class))
            .collect();
        beats.sort_by_key(|&(at, _)| at);
        let all = beats.iter().map(|&(at, class)| (at, Mark::Beat(class)));
        Self {
            all: all.collect(),
            beats,
            ..Self::default()
        }
    }

    /// Adds episodes of atrial fibrillation that do not overlap; any other rhythm stands between them.
    #[must_use]
    pub fn with_fibrillation(mut self, episodes: &[(i64, i64)]) -> Self {
        for &(from, to) in episodes {
            let begins = Mark::Rhythm(Rhythm::AtrialFibrillation);
            self.all.push((from, begins));
            self.all.push((to, Mark::Rhythm(Rhythm::Other)));
        }
        self.all.sort_by_key(|&(at, _)| at);
        self
    }

    /// Adds stretches that are declared unreadable, in order of time.
    #[must_use]
    pub fn with_shutdown(mut self, stretches: impl IntoIterator<Item = (i64, i64)>) -> Self {
        for stretch in stretches {
            self.shutdown.push(stretch);
            self.all.push((stretch.0, Mark::Unreadable));
        }
        self.all.sort_by_key(|&(at, _)| at);
        self
    }

    /// Reads annotations in order of time; `window` is the pairing window in samples.
    ///
    /// Beats between `[` and `]` are left out of `beats`. A `~` whose subtype has bits 4 and 5 set begins a shutdown.
    /// When the next mark is a `~` without them, it ends there; otherwise (the AHA database's habit) the stretch
    /// reaches from a window after the beat before to a window before the next mark.
    #[must_use]
    pub fn of_annotations(annotations: &[Annotation], map: ClassMap, window: i64) -> Self {
        let mut reading = Reading::default();
        for (index, annotation) in annotations.iter().enumerate() {
            let at = sample(annotation);
            if annotation.code == "~" {
                reading.noise(annotation, annotations.get(index + 1), window);
            } else if let Some(mark) = mark(annotation, map) {
                reading.mark(at, mark);
            }
        }
        reading.end()
    }

    pub(super) fn beat(&self, index: usize) -> (i64, BeatCode) {
        let none = (NEVER, BeatCode::Q);
        self.beats.get(index).copied().unwrap_or(none)
    }

    /// The interval that ends with a beat; none at the beginning, behind the end, and across flutter or a shutdown.
    pub(super) fn rr(&self, index: usize) -> Option<i64> {
        let &(at, _) = self.beats.get(index)?;
        let &(before, _) = self.beats.get(index.checked_sub(1)?)?;
        let mut voids = self.flutter.iter().chain(&self.shutdown);
        let void = voids.any(|&(from, to)| from < at && to > before);
        (!void).then_some(at - before).filter(|&rr| rr > 0)
    }

    pub(super) fn in_flutter(&self, at: i64) -> bool {
        holds(&self.flutter, at)
    }

    pub(super) fn in_shutdown(&self, at: i64) -> bool {
        holds(&self.shutdown, at)
    }

    /// Whether a beat that the test misses counts as lost to one of its shutdowns.
    ///
    /// `bxb` takes the end of an earlier stretch for the end of one that is never closed, so that an open stretch counts
    /// only if it is the first. Its time is part of the total all the same (WFDB 10.7; the reference's own open
    /// stretches last to the end).
    pub(super) fn loses(&self, at: i64) -> bool {
        match self.shutdown.split_last() {
            Some((&(_, NEVER), closed)) if !closed.is_empty() => holds(closed, at),
            _ => holds(&self.shutdown, at),
        }
    }

    /// Time of the last mark.
    pub(super) fn last(&self) -> i64 {
        self.all.last().map_or(0, |&(at, _)| at)
    }
}

/// Marks read so far.
#[derive(Default)]
struct Reading {
    marks: Marks,
    flutter_from: Option<i64>,
    is_unreadable: bool,
    /// Time of the last beat, or of the end of flutter if that is later.
    last_beat: i64,
}

impl Reading {
    fn mark(&mut self, at: i64, mark: Mark) {
        self.marks.all.push((at, mark));
        match mark {
            Mark::FlutterOn => {
                self.flutter_from.get_or_insert(at);
            }
            Mark::FlutterOff => {
                if let Some(from) = self.flutter_from.take() {
                    self.marks.flutter.push((from, at));
                    self.last_beat = at;
                }
            }
            Mark::Beat(class) if self.flutter_from.is_none() => {
                self.marks.beats.push((at, class));
                self.last_beat = at;
            }
            Mark::Beat(_) | Mark::Unreadable | Mark::Rhythm(_) => {}
        }
    }

    /// A noise mark, followed by `next`. Within flutter it begins no stretch.
    fn noise(&mut self, annotation: &Annotation, next: Option<&Annotation>, window: i64) {
        let at = sample(annotation);
        let begins = is_shutdown(annotation);
        let was = std::mem::replace(&mut self.is_unreadable, begins);
        if begins && !was {
            self.mark(at, Mark::Unreadable);
        }
        if begins && self.flutter_from.is_none() {
            let (from, to) = shutdown_span(at, self.last_beat, next, window);
            // Nothing is left of a stretch whose next mark lies within a window of the beat before.
            if to >= self.last_beat {
                self.marks.shutdown.push((from, to));
            }
        }
    }

    fn end(mut self) -> Marks {
        let open = self.flutter_from.map(|from| (from, NEVER));
        self.marks.flutter.extend(open);
        self.marks
    }
}

fn holds(spans: &[(i64, i64)], at: i64) -> bool {
    spans.iter().any(|&(from, to)| (from..=to).contains(&at))
}

fn sample(annotation: &Annotation) -> i64 {
    i64::try_from(annotation.sample).unwrap_or(NEVER - 1)
}

fn mark(annotation: &Annotation, map: ClassMap) -> Option<Mark> {
    match annotation.code.as_str() {
        "[" => Some(Mark::FlutterOn),
        "]" => Some(Mark::FlutterOff),
        "+" if annotation.text.is_empty() => None,
        "+" => Some(Mark::Rhythm(Rhythm::of_label(&annotation.text))),
        code => beat_class(code, map).map(Mark::Beat),
    }
}

fn is_shutdown(annotation: &Annotation) -> bool {
    annotation.code == "~" && annotation.subtype & 0x30 == 0x30
}

fn shutdown_span(at: i64, last_beat: i64, next: Option<&Annotation>, window: i64) -> (i64, i64) {
    match next {
        None => (at, NEVER),
        Some(next) if next.code == "~" && !is_shutdown(next) => (at, sample(next)),
        Some(next) => {
            let to = sample(next) - window;
            (to.min(last_beat + window), to)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::annotations;
    use super::*;

    #[test]
    fn beats_inside_flutter_are_no_beats() {
        let read = annotations("10N 20[ 25! 30V 40] 50V");
        let marks = Marks::of_annotations(&read, ClassMap::Bxb, 5);
        assert_eq!(marks.beats, vec![(10, BeatCode::N), (50, BeatCode::V)]);
        assert_eq!(marks.flutter, vec![(20, 40)]);
        assert!(marks.all.contains(&(30, Mark::Beat(BeatCode::V))));
    }

    #[test]
    fn flutter_goes_on_until_it_is_closed() {
        let read = annotations("10N 20[ 25~-1 30[ 40] 45] 50V 60[");
        let marks = Marks::of_annotations(&read, ClassMap::Bxb, 5);
        assert_eq!(marks.flutter, vec![(20, 40), (60, NEVER)]);
        assert_eq!(marks.shutdown, vec![]);
    }

    #[test]
    fn only_the_first_mark_of_a_shutdown_begins_it() {
        let read = annotations("10~48 20~51 30~0 40~3 50~-1");
        let marks = Marks::of_annotations(&read, ClassMap::Bxb, 5);
        let begins = vec![(10, Mark::Unreadable), (50, Mark::Unreadable)];
        assert_eq!(marks.all, begins);
    }

    #[test]
    fn a_shutdown_lasts_to_its_closing_mark_or_between_the_marks_around_it() {
        let spans = |text| Marks::of_annotations(&annotations(text), ClassMap::Bxb, 5).shutdown;
        assert_eq!(spans("100N 120~-1 200~0 220N"), vec![(120, 200)]);
        assert_eq!(spans("100N 120~48 200N"), vec![(105, 195)]);
        assert_eq!(spans("100[ 110] 120~48 200N"), vec![(115, 195)]);
        assert_eq!(spans("100N 103~48 106N"), vec![(101, 101)]);
        assert_eq!(spans("100N 102~48 104N"), vec![]);
        assert_eq!(spans("100N 120~-1"), vec![(120, NEVER)]);
        assert_eq!(spans("100N 120~3 200N"), vec![]);
    }

    #[test]
    fn a_stretch_that_is_added_breaks_runs_where_it_begins() {
        let beats = [(10, BeatCode::V), (30, BeatCode::V)];
        let marks = Marks::of_beats(&beats).with_shutdown([(20, 25)]);
        assert_eq!(marks.all[1], (20, Mark::Unreadable));
        assert!(marks.in_shutdown(25) && !marks.in_shutdown(26));
    }

    #[test]
    fn an_open_shutdown_loses_beats_only_if_it_is_the_first() {
        let loses =
            |text, at| Marks::of_annotations(&annotations(text), ClassMap::Bxb, 5).loses(at);
        assert!(loses("100N 120~-1", 150));
        assert!(!loses("100N 120~-1", 119));
        assert!(loses("100N 120~-1 200~0 300~-1", 150));
        assert!(!loses("100N 120~-1 200~0 300~-1", 350));
    }

    #[test]
    fn an_interval_reaches_over_no_flutter_and_no_shutdown() {
        let read = annotations("100N 200N 210[ 290] 300N 400N 410~-1 490~0 500N 600N");
        let marks = Marks::of_annotations(&read, ClassMap::Bxb, 5);
        let intervals: Vec<_> = (0..7).map(|index| marks.rr(index)).collect();
        let some = Some(100);
        assert_eq!(intervals, vec![None, some, None, some, None, some, None]);
    }
}
