//! What a reader overrules: beats put in, taken out or named otherwise, and stretches marked or unmarked.
//!
//! Edits are kept apart from what was found and applied to it anew each time, so that every one can be taken back. An
//! interval never leads across a beat that was taken out, nor across a stretch that was marked.

use super::beats::nearest_fiducial;
use super::quality::join;
use super::{Beat, Grade, QualityReason, QualitySpan};
use crate::recording::{BeatCode, Lead};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A beat is meant when an edit's time is at most this far from it, and a new beat is put on the main deflection within it.
pub const REACH_S: f64 = 0.12;

/// One edit, in seconds of the recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// There is a beat here, whatever the detector says.
    AddBeat {
        /// About where.
        time_s: f64,
    },
    /// The beat here is none.
    RemoveBeat {
        /// About where.
        time_s: f64,
    },
    /// The beat here is of this class.
    Class {
        /// About where.
        time_s: f64,
        /// Its class.
        class: BeatCode,
    },
    /// Nothing is to be said of this stretch.
    MarkUnusable {
        /// The stretch.
        range_s: Range<f64>,
    },
    /// This stretch is not to be left out: an earlier mark goes, and what was found unusable carries beats.
    MarkUsable {
        /// The stretch.
        range_s: Range<f64>,
    },
}

impl Edit {
    /// The stretch of time that it is about.
    #[must_use]
    pub fn range_s(&self) -> Range<f64> {
        match self {
            Self::AddBeat { time_s } | Self::RemoveBeat { time_s } | Self::Class { time_s, .. } => {
                *time_s..*time_s
            }
            Self::MarkUnusable { range_s } | Self::MarkUsable { range_s } => range_s.clone(),
        }
    }

    /// Whether another says the same of the same place.
    fn repeats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::AddBeat { time_s: a }, Self::AddBeat { time_s: b })
            | (Self::RemoveBeat { time_s: a }, Self::RemoveBeat { time_s: b }) => {
                (a - b).abs() <= REACH_S
            }
            _ => self == other,
        }
    }

    /// As one line: `+12.345` (a beat), `-12.345` (none), `V12.345` (its class), `x10 20` (unusable), `o10 20` (usable).
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::AddBeat { time_s } => format!("+{time_s}"),
            Self::RemoveBeat { time_s } => format!("-{time_s}"),
            Self::Class { time_s, class } => format!("{}{time_s}", class.letter()),
            Self::MarkUnusable { range_s } => format!("x{} {}", range_s.start, range_s.end),
            Self::MarkUsable { range_s } => format!("o{} {}", range_s.start, range_s.end),
        }
    }

    /// Reads such a line; `None` for anything else, times that are no numbers included.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        let mut rest = line.chars();
        let kind = rest.next()?;
        let mut numbers = rest
            .as_str()
            .split(' ')
            .map(|text| text.parse::<f64>().ok().filter(|number| number.is_finite()));
        let time_s = numbers.next()??;
        let end_s = numbers.next().flatten();
        let range_s = || end_s.filter(|end| *end > time_s).map(|end| time_s..end);
        match kind {
            '+' => Some(Self::AddBeat { time_s }),
            '-' => Some(Self::RemoveBeat { time_s }),
            'x' => Some(Self::MarkUnusable {
                range_s: range_s()?,
            }),
            'o' => Some(Self::MarkUsable {
                range_s: range_s()?,
            }),
            letter => {
                let mut classes = [BeatCode::N, BeatCode::S, BeatCode::V].into_iter();
                let class = classes.find(|class| class.letter().starts_with(letter))?;
                Some(Self::Class { time_s, class })
            }
        }
    }
}

/// The edits of a recording in the order in which they were made, and those that were taken back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edits {
    done: Vec<Edit>,
    undone: Vec<Edit>,
}

impl Edits {
    /// Edits that were made before.
    #[must_use]
    pub fn of(done: Vec<Edit>) -> Self {
        Self {
            done,
            undone: Vec::new(),
        }
    }

    /// Those that hold, in order.
    #[must_use]
    pub fn done(&self) -> &[Edit] {
        &self.done
    }

    /// Whether there is one to bring back.
    #[must_use]
    pub fn has_undone(&self) -> bool {
        !self.undone.is_empty()
    }

    /// A new edit; what was taken back before it is gone. The last one made again, by a hand that did not wait for its
    /// effect, counts once.
    pub fn make(&mut self, edit: Edit) {
        if self.done.last().is_some_and(|last| last.repeats(&edit)) {
            return;
        }
        self.undone.clear();
        self.done.push(edit);
    }

    /// Takes back the last edit, whatever kind it was, and returns it, so that the view can move there.
    pub fn undo(&mut self) -> Option<Edit> {
        let edit = self.done.pop()?;
        self.undone.push(edit.clone());
        Some(edit)
    }

    /// Makes again what was taken back last, and returns it.
    pub fn redo(&mut self) -> Option<Edit> {
        let edit = self.undone.pop()?;
        self.done.push(edit.clone());
        Some(edit)
    }
}

/// Quality as the marks have it. A mark that was taken off leaves what was found; a stretch called usable carries beats
/// where nothing better was found.
#[must_use]
pub(super) fn with_marks(quality: Vec<QualitySpan>, edits: &[Edit]) -> Vec<QualitySpan> {
    let mut quality = quality;
    for (range_s, usable) in marks(edits) {
        quality = quality
            .into_iter()
            .flat_map(|span| marked(span, &range_s, usable))
            .collect();
    }
    join(quality)
}

/// Which stretches are marked in the end, and whether as usable; none overlaps another.
fn marks(edits: &[Edit]) -> Vec<(Range<f64>, bool)> {
    let mut marks: Vec<(Range<f64>, bool)> = Vec::new();
    for edit in edits {
        let (range_s, usable) = match edit {
            Edit::MarkUnusable { range_s } => (range_s, false),
            Edit::MarkUsable { range_s } => (range_s, true),
            Edit::AddBeat { .. } | Edit::RemoveBeat { .. } | Edit::Class { .. } => continue,
        };
        marks = marks
            .into_iter()
            .flat_map(|(known, kind)| {
                let before = known.start..known.end.min(range_s.start);
                let after = known.start.max(range_s.end)..known.end;
                [before, after].map(|left| (left, kind))
            })
            .filter(|(left, _)| left.end > left.start)
            .collect();
        marks.push((range_s.clone(), usable));
    }
    marks
}

/// The parts of a span outside and inside of a mark.
fn marked(span: QualitySpan, range_s: &Range<f64>, usable: bool) -> Vec<QualitySpan> {
    let (from, to) = (span.range_s.start, span.range_s.end);
    let inside = from.max(range_s.start)..to.min(range_s.end);
    let changes = !usable || span.grade == Grade::Unusable;
    if inside.start >= inside.end || !changes {
        return vec![span];
    }
    let part = |range_s: Range<f64>| QualitySpan {
        range_s,
        ..span.clone()
    };
    let (before, after) = (part(from..inside.start), part(inside.end..to));
    let between = if usable {
        QualitySpan {
            grade: Grade::Beats,
            ..part(inside)
        }
    } else {
        QualitySpan {
            grade: Grade::Unusable,
            reasons: vec![QualityReason::Marked],
            ..part(inside)
        }
    };
    [before, between, after]
        .into_iter()
        .filter(|part| part.range_s.end > part.range_s.start)
        .collect()
}

/// Puts in and takes out beats. `quality` has the marks in it; beats of unusable stretches are gone already.
#[must_use]
pub(super) fn with_beats(
    lead: &Lead,
    beats: Vec<Beat>,
    quality: &[QualitySpan],
    edits: &[Edit],
) -> Vec<Beat> {
    let mut desk = BeatDesk {
        beats: beats.into_iter().map(|beat| (beat, false)).collect(),
        removed_s: Vec::new(),
    };
    for edit in edits {
        match edit {
            Edit::AddBeat { time_s } => desk.add(lead, *time_s),
            Edit::RemoveBeat { time_s } => desk.remove(*time_s),
            Edit::Class { .. } | Edit::MarkUnusable { .. } | Edit::MarkUsable { .. } => {}
        }
    }
    desk.finish(lead, quality)
}

/// Beats while they are edited: each with whether the interval before it must be judged anew.
struct BeatDesk {
    beats: Vec<(Beat, bool)>,
    removed_s: Vec<f64>,
}

impl BeatDesk {
    fn nearest(&self, time_s: f64) -> Option<usize> {
        nearest(self.beats.iter().map(|(beat, _)| beat), time_s)
    }

    fn add(&mut self, lead: &Lead, time_s: f64) {
        if self.nearest(time_s).is_some() {
            return;
        }
        let Some((sample, time_s)) = nearest_fiducial(lead, time_s, REACH_S) else {
            return;
        };
        if self
            .nearest(time_s)
            .is_some_and(|near| (self.beats[near].0.time_s - time_s).abs() < REACH_S / 2.0)
        {
            return;
        }
        self.removed_s
            .retain(|removed| (removed - time_s).abs() > REACH_S);
        let beat = Beat {
            sample,
            time_s,
            class: BeatCode::Q,
            class_confidence: 0.0,
            confidence: 1.0,
            follows: false,
        };
        let at = self
            .beats
            .partition_point(|(other, _)| other.time_s < time_s);
        self.beats.insert(at, (beat, true));
        self.judge_anew(at + 1);
    }

    fn remove(&mut self, time_s: f64) {
        if let Some(at) = self.nearest(time_s) {
            let (beat, _) = self.beats.remove(at);
            self.removed_s.push(beat.time_s);
            self.judge_anew(at);
        }
    }

    fn judge_anew(&mut self, at: usize) {
        if let Some((_, anew)) = self.beats.get_mut(at) {
            *anew = true;
        }
    }

    fn finish(self, lead: &Lead, quality: &[QualitySpan]) -> Vec<Beat> {
        let mut before: Option<f64> = None;
        let mut beats = Vec::with_capacity(self.beats.len());
        for (mut beat, anew) in self.beats {
            if anew {
                beat.follows = before
                    .is_some_and(|before| unbroken(lead, quality, &self.removed_s, before, &beat));
            }
            before = Some(beat.time_s);
            beats.push(beat);
        }
        beats
    }
}

/// Whether an interval may lead from `before_s` to a beat.
fn unbroken(
    lead: &Lead,
    quality: &[QualitySpan],
    removed_s: &[f64],
    before_s: f64,
    beat: &Beat,
) -> bool {
    let within = |time_s: f64| time_s > before_s && time_s < beat.time_s;
    let from = (before_s * lead.rate_hz).max(0.0) as usize;
    let to = (beat.time_s * lead.rate_hz).max(0.0) as usize;
    let unusable = quality.iter().any(|span| {
        span.grade == Grade::Unusable
            && span.range_s.start < beat.time_s
            && before_s < span.range_s.end
    });
    !unusable
        && lead.gaps_within(from..to).next().is_none()
        && !removed_s.iter().any(|&removed| within(removed))
}

/// Gives the beats the classes that the reader gave them, over what was decided.
pub(super) fn with_classes(beats: &mut [Beat], edits: &[Edit]) {
    for edit in edits {
        if let Edit::Class { time_s, class } = edit
            && let Some(at) = nearest(beats.iter(), *time_s)
        {
            beats[at].class = *class;
            beats[at].class_confidence = 1.0;
        }
    }
}

/// Index of the beat nearest to a time, within [`REACH_S`].
fn nearest<'a>(beats: impl Iterator<Item = &'a Beat>, time_s: f64) -> Option<usize> {
    beats
        .enumerate()
        .map(|(index, beat)| (index, (beat.time_s - time_s).abs()))
        .filter(|(_, away)| *away <= REACH_S)
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::super::{Analysis, analyse, analyse_edited};
    use super::*;
    use crate::recording::Recording;
    use crate::simulator::{SimulatorOptions, simulate};

    fn recording() -> Recording {
        simulate(&SimulatorOptions {
            duration_s: 30.0,
            ..SimulatorOptions::default()
        })
        .recording
    }

    fn edited(edits: &[Edit]) -> Analysis {
        analyse_edited(&recording(), None, edits).unwrap()
    }

    #[test]
    fn a_beat_taken_out_breaks_the_intervals_and_one_put_back_restores_them() {
        let plain = analyse(&recording(), None).unwrap();
        let time_s = plain.beats[10].time_s;
        let without = edited(&[Edit::RemoveBeat {
            time_s: time_s + 0.05,
        }]);
        assert_eq!(without.beats.len(), plain.beats.len() - 1);
        assert!(!without.beats[10].follows);
        assert_eq!(without.rr_s().count(), plain.rr_s().count() - 2);
        let again = edited(&[
            Edit::RemoveBeat { time_s },
            Edit::AddBeat {
                time_s: time_s - 0.04,
            },
        ]);
        assert!(
            (again.beats[10].time_s - time_s).abs() < 0.004,
            "{}",
            again.beats[10].time_s
        );
        assert_eq!(again.rr_s().count(), plain.rr_s().count());
    }

    #[test]
    fn marking_and_unmarking_gives_the_first_values() {
        let plain = edited(&[]);
        let range_s = 10.0..20.0;
        let mark = Edit::MarkUnusable {
            range_s: range_s.clone(),
        };
        let marked = edited(std::slice::from_ref(&mark));
        assert!(
            marked
                .beats
                .iter()
                .all(|beat| !range_s.contains(&beat.time_s))
        );
        assert!(marked.seconds_by_grade()[0] >= 10.0);
        let across = marked
            .beats
            .iter()
            .find(|beat| beat.time_s > 20.0)
            .map(|beat| beat.follows);
        assert_eq!(across, Some(false));
        assert_eq!(edited(&[mark, Edit::MarkUsable { range_s }]), plain);
    }

    #[test]
    fn what_was_found_unusable_can_be_called_usable() {
        let span = |range_s: Range<f64>, grade| QualitySpan {
            range_s,
            grade,
            reasons: Vec::new(),
        };
        let found = vec![
            span(0.0..5.0, Grade::Waves),
            span(5.0..9.0, Grade::Unusable),
        ];
        let usable = Edit::MarkUsable { range_s: 4.0..7.0 };
        let grades: Vec<_> = with_marks(found, &[usable])
            .into_iter()
            .map(|span| (span.range_s.end, span.grade))
            .collect();
        let right = [
            (5.0, Grade::Waves),
            (7.0, Grade::Beats),
            (9.0, Grade::Unusable),
        ];
        assert_eq!(grades, right);
    }

    #[test]
    fn a_class_given_by_the_reader_stands() {
        let plain = edited(&[]);
        let class = Edit::Class {
            time_s: plain.beats[4].time_s,
            class: BeatCode::V,
        };
        let named = edited(&[class]);
        assert_eq!(named.beats[4].class, BeatCode::V);
        assert_eq!(named.beats[4].class_confidence, 1.0);
    }

    #[test]
    fn undo_takes_back_the_last_whatever_its_kind() {
        let mut edits = Edits::of(vec![Edit::RemoveBeat { time_s: 3.0 }]);
        edits.make(Edit::AddBeat { time_s: 10.0 });
        assert_eq!(edits.undo(), Some(Edit::AddBeat { time_s: 10.0 }));
        assert_eq!(edits.done(), [Edit::RemoveBeat { time_s: 3.0 }]);
        assert_eq!(edits.redo(), Some(Edit::AddBeat { time_s: 10.0 }));
        edits.make(Edit::AddBeat { time_s: 10.05 });
        assert_eq!(edits.done().len(), 2);
        edits.undo();
        edits.make(Edit::MarkUnusable { range_s: 1.0..2.0 });
        assert_eq!(edits.redo(), None);
    }

    #[test]
    fn lines_come_back_the_same() {
        for edit in [
            Edit::AddBeat { time_s: 1.25 },
            Edit::RemoveBeat { time_s: 0.1 },
            Edit::Class {
                time_s: 7.0,
                class: BeatCode::S,
            },
            Edit::MarkUnusable { range_s: 1.0..2.5 },
            Edit::MarkUsable { range_s: 0.0..3.0 },
        ] {
            assert_eq!(Edit::from_line(&edit.line()), Some(edit));
        }
        for bad in ["", "+", "+x", "x3 1", "x3", "z3", "+inf", "é1"] {
            assert_eq!(Edit::from_line(bad), None, "{bad}");
        }
    }
}
