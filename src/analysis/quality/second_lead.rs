//! A second lead as witness: a beat that it sees too is hardly one of motion.

use super::super::{Beat, Grade, QualityReason, QualitySpan};
use super::SecondDoubt;
use super::weights::{SECOND_LEAD_MOST, UNSEEN};
use crate::signal::median_of_mut;
use std::ops::Range;

/// Beats of two leads this near in seconds are the same, after the usual distance between them. At 0.08 s rather than the
/// 0.15 s of a beat that counts as found: between beats by chance of 90 a minute one lies within 0.15 s nearly half the time.
const SAME_BEAT_S: f64 = 0.08;
/// Beats farther apart say nothing of the usual distance, seconds.
const DISTANCE_MOST_S: f64 = 0.15;

/// Beats and seconds of one lead; `quality` and `doubt` go together.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// All beats, those of unusable seconds too, in order.
    pub beats: Vec<Beat>,
    /// One span a second.
    pub quality: Vec<QualitySpan>,
    /// Of each second.
    pub doubt: Vec<SecondDoubt>,
}

/// The lead's seconds, where a second lead is judged too: doubtful beats that it sees as well are read after all, and beats
/// that it does not see are not. `may_raise` is false for leads that share electrodes: motion of one of them is in both.
#[must_use]
pub fn confirmed(own: &Heard, other: &Heard, may_raise: bool) -> Vec<QualitySpan> {
    own.quality
        .iter()
        .zip(&own.doubt)
        .zip(unseen(own, other))
        .map(|((span, doubt), unseen)| {
            let (Some(odds), Some(unseen)) = (doubt.odds, unseen) else {
                return span.clone();
            };
            let odds = if unseen { odds + UNSEEN } else { odds };
            let (grade, reasons) = match odds > SECOND_LEAD_MOST {
                true => unusable(span),
                false => doubt.undoubted.clone(),
            };
            if grade > span.grade && !may_raise {
                return span.clone();
            }
            QualitySpan {
                range_s: span.range_s.clone(),
                grade,
                reasons,
            }
        })
        .collect()
}

/// Of each second whether the other lead does not see one of its beats; `None` where that lead shows nothing to judge by.
#[must_use]
pub fn unseen(own: &Heard, other: &Heard) -> Vec<Option<bool>> {
    let distance_s = usual_distance_s(own, other);
    let sees = |beat: &Beat| is_near(&other.beats, beat.time_s + distance_s);
    own.quality
        .iter()
        .map(|span| {
            let beats = within(&own.beats, &span.range_s);
            can_judge(other, span).then(|| !beats.iter().all(sees))
        })
        .collect()
}

/// Whether the other lead shows anything in these seconds by which beats could be seen.
fn can_judge(other: &Heard, span: &QualitySpan) -> bool {
    let middle_s = f64::midpoint(span.range_s.start, span.range_s.end);
    let after = other
        .quality
        .partition_point(|other| other.range_s.end <= middle_s);
    other
        .doubt
        .get(after)
        .is_some_and(|doubt| doubt.odds.is_some())
}

fn unusable(span: &QualitySpan) -> (Grade, Vec<QualityReason>) {
    let reasons = match span.reasons.is_empty() {
        true => vec![QualityReason::Motion],
        false => span.reasons.clone(),
    };
    (Grade::Unusable, reasons)
}

/// By how much the other lead's fiducials usually come later, seconds; 0 where nothing tells.
fn usual_distance_s(own: &Heard, other: &Heard) -> f64 {
    let mut distances: Vec<f64> = own
        .quality
        .iter()
        .filter(|span| span.grade == Grade::Waves)
        .flat_map(|span| within(&own.beats, &span.range_s))
        .filter_map(|beat| Some(nearest_s(&other.beats, beat.time_s)? - beat.time_s))
        .filter(|distance| distance.abs() < DISTANCE_MOST_S)
        .collect();
    median_of_mut(&mut distances).unwrap_or(0.0)
}

fn is_near(beats: &[Beat], time_s: f64) -> bool {
    nearest_s(beats, time_s).is_some_and(|nearest| (nearest - time_s).abs() < SAME_BEAT_S)
}

/// Time of the beat nearest to a time, in seconds.
fn nearest_s(beats: &[Beat], time_s: f64) -> Option<f64> {
    let after = beats.partition_point(|beat| beat.time_s < time_s);
    let around = &beats[after.saturating_sub(1)..(after + 1).min(beats.len())];
    let times = around.iter().map(|beat| beat.time_s);
    times.min_by(|a, b| (a - time_s).abs().total_cmp(&(b - time_s).abs()))
}

/// The beats of some seconds.
fn within<'a>(beats: &'a [Beat], range_s: &Range<f64>) -> &'a [Beat] {
    let from = beats.partition_point(|beat| beat.time_s < range_s.start);
    let to = beats.partition_point(|beat| beat.time_s < range_s.end);
    &beats[from..to]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::BeatCode;

    /// Ten seconds with a beat in the middle of each, moved by so much; all have these log odds.
    fn heard(moved_s: f64, odds: Option<f64>, grade: Grade) -> Heard {
        let beat = |k: usize| Beat {
            sample: 0,
            time_s: k as f64 + 0.5 + moved_s,
            class: BeatCode::N,
            class_confidence: 0.0,
            confidence: 0.9,
            follows: true,
        };
        let span = |k: usize| QualitySpan {
            range_s: k as f64..k as f64 + 1.0,
            grade,
            reasons: Vec::new(),
        };
        let doubt = SecondDoubt {
            odds,
            undoubted: (Grade::Waves, Vec::new()),
        };
        Heard {
            beats: (0..10).map(beat).collect(),
            quality: (0..10).map(span).collect(),
            doubt: vec![doubt; 10],
        }
    }

    fn grades(own: &Heard, other: &Heard, may_raise: bool) -> Vec<Grade> {
        let spans = confirmed(own, other, may_raise);
        spans.iter().map(|span| span.grade).collect()
    }

    #[test]
    fn beats_that_both_see_are_read_whatever_their_distance() {
        let own = heard(0.0, Some(-5.0), Grade::Waves);
        let other = heard(0.1, Some(-5.0), Grade::Waves);
        assert_eq!(grades(&own, &other, true), [Grade::Waves; 10]);
        let mut doubted = heard(0.0, Some(-5.0), Grade::Waves);
        doubted.doubt[4].odds = Some(SECOND_LEAD_MOST - 0.1);
        doubted.quality[4].grade = Grade::Unusable;
        assert_eq!(grades(&doubted, &other, true), [Grade::Waves; 10]);
        assert_eq!(grades(&doubted, &other, false)[4], Grade::Unusable);
        // Far too doubtful: the other lead does not help.
        doubted.doubt[4].odds = Some(SECOND_LEAD_MOST + 0.1);
        assert_eq!(grades(&doubted, &other, true)[4], Grade::Unusable);
    }

    #[test]
    fn a_doubtful_beat_that_the_other_does_not_see_is_not_read() {
        let mut own = heard(0.0, Some(-9.0), Grade::Waves);
        let mut other = heard(0.0, Some(-9.0), Grade::Waves);
        own.beats[4].time_s = 4.2;
        own.doubt[4].odds = Some(SECOND_LEAD_MOST - UNSEEN + 0.1);
        assert_eq!(grades(&own, &other, true)[4], Grade::Unusable);
        // What the lead itself is sure of stays.
        own.doubt[4].odds = Some(SECOND_LEAD_MOST - UNSEEN - 0.1);
        assert_eq!(grades(&own, &other, true)[4], Grade::Waves);
        // A lead in which nothing can be judged is no witness.
        own.doubt[4].odds = Some(SECOND_LEAD_MOST - UNSEEN + 0.1);
        other.doubt[4].odds = None;
        assert_eq!(grades(&own, &other, true)[4], Grade::Waves);
        assert_eq!(grades(&own, &Heard::default(), true), [Grade::Waves; 10]);
    }
}
