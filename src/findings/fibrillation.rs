//! Atrial fibrillation by the beats alone: no two intervals alike, and no P waves.

use super::atrial_flutter::flutter_stretches;
use super::fill;
use super::irregularity::{IRREGULAR_FROM, irregularity_of};
use crate::analysis::waves::Absent;
use crate::analysis::{Analysis, Beat};
use crate::recording::BeatCode;
use crate::signal::concentration;
use std::ops::Range;

/// Beats to either side that a beat's rhythm is judged by; fewer at an edge or a gap.
const REACH: usize = 15;
/// Beats that are judged together.
const STATION: usize = 3;
/// A rhythm is no fibrillation when this share of its intervals, or more, lie within [`ALIKE`] of each other. In DS1 and
/// in the training folds of CinC 2017 the exact value hardly matters (0.45 to 0.6).
const CONCENTRATED_FROM: f64 = 0.5;
/// Intervals this near, relative to each other, are alike.
const ALIKE: f64 = 0.06;
/// Fewest beats before which a P wave would be seen: of fewer nothing is said.
const FEWEST_JUDGED: usize = 8;
/// At most this share of them has one.
const MOST_WITH_P: f64 = 0.4;
/// An episode lasts so long in seconds, or most of a shorter recording (2020 ESC guideline on atrial fibrillation,
/// Hindricks et al., Eur Heart J 42:373, 2021: a strip of 30 s, or the whole of a 12-lead recording).
pub const LEAST_S: f64 = 30.0;
const LEAST_SHARE: f64 = 0.6;
/// Episodes this near in seconds are one, unless the beats between them have P waves.
const APART_S: f64 = 30.0;

/// Share of the recordings in which this rule finds fibrillation that are labelled so, of CinC 2017's folds 2 to 4
/// (the folds: `models/training/README.md`). They were looked at while the numbers above were chosen.
pub const PREDICTIVITY: f32 = 0.75;

/// What stands before the beats of a stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Atria {
    with_p: usize,
    judged: usize,
}

impl Atria {
    fn of(p: &[Option<bool>]) -> Self {
        Self {
            with_p: p.iter().filter(|p| **p == Some(true)).count(),
            judged: p.iter().flatten().count(),
        }
    }

    fn are_without_p(self) -> bool {
        self.with_p as f64 <= MOST_WITH_P * self.judged as f64
    }
}

/// Stretches in seconds, from beat to beat, whose beats are those of atrial fibrillation; none that is flutter for most of
/// its time, whose beats are irregular too where the AV node conducts now more and now fewer of the waves.
#[must_use]
pub fn fibrillation_stretches(analysis: &Analysis) -> Vec<Range<f64>> {
    let beats = &analysis.beats;
    let p = p_waves(analysis);
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for station in (0..beats.len()).step_by(STATION) {
        let end = (station + STATION).min(beats.len());
        if !fibrillates(beats, &p, station.midpoint(end - 1)) {
            continue;
        }
        match stretches.last_mut() {
            Some(open) if is_one(beats, &p, open.end..station) => open.end = end,
            _ => stretches.push(station..end),
        }
    }
    let span = |beats: &[Beat]| Some(beats.first()?.time_s..beats.last()?.time_s);
    let length = |range: &Range<f64>| range.end - range.start;
    let flutter = flutter_stretches(analysis);
    let least_s = span(beats).map_or(0.0, |all| (LEAST_SHARE * length(&all)).min(LEAST_S));
    stretches
        .into_iter()
        .filter_map(|stretch| span(beats.get(stretch)?))
        .filter(|stretch| length(stretch) >= least_s && !fill(&flutter, stretch))
        .collect()
}

/// Whether the beats around one are those of atrial fibrillation.
fn fibrillates(beats: &[Beat], p: &[Option<bool>], index: usize) -> bool {
    let around = around(beats, index);
    let atria = Atria::of(&p[around.clone()]);
    if atria.judged < FEWEST_JUDGED || !atria.are_without_p() {
        return false;
    }
    let beats = &beats[around];
    let mut intervals: Vec<f64> = beats
        .windows(2)
        .map(|pair| pair[1].time_s - pair[0].time_s)
        .collect();
    irregularity_of(beats).is_some_and(|found| found.index >= IRREGULAR_FROM)
        && concentration(&mut intervals, ALIKE) < CONCENTRATED_FROM
}

/// Whether the beats between two episodes do not part them: none, or few seconds without P waves.
fn is_one(beats: &[Beat], p: &[Option<bool>], between: Range<usize>) -> bool {
    let (Some(last), Some(next)) = (
        beats.get(between.start.wrapping_sub(1)),
        beats.get(between.end),
    ) else {
        return false;
    };
    between.is_empty()
        || (next.time_s - last.time_s <= APART_S
            && p.get(between).is_some_and(|p| Atria::of(p).are_without_p()))
}

/// Share of the beats of a stretch (seconds) that have a P wave, of those before which one would be seen; `None` where
/// these are fewer than eight.
pub fn share_with_p(analysis: &Analysis, range_s: &Range<f64>) -> Option<f64> {
    let seen: Vec<Option<bool>> = p_waves(analysis)
        .into_iter()
        .zip(&analysis.beats)
        .filter(|(_, beat)| range_s.contains(&beat.time_s))
        .map(|(p, _)| p)
        .collect();
    let atria = Atria::of(&seen);
    (atria.judged >= FEWEST_JUDGED).then(|| atria.with_p as f64 / atria.judged as f64)
}

/// Whether each beat has a P wave; `None` where it would not be seen, and for beats from the ventricles.
fn p_waves(analysis: &Analysis) -> Vec<Option<bool>> {
    let mut known = vec![None; analysis.beats.len()];
    for waves in &analysis.waves {
        let (Some(beat), Some(known)) = (analysis.beats.get(waves.beat), known.get_mut(waves.beat))
        else {
            continue;
        };
        *known = match (beat.class, waves.p) {
            (BeatCode::V | BeatCode::F, _) | (_, Err(Absent::CutOff | Absent::Quality)) => None,
            (BeatCode::N | BeatCode::S | BeatCode::Q, p) => Some(p.is_ok()),
        };
    }
    known
}

/// Beats near one that follow each other in usable signal.
fn around(beats: &[Beat], index: usize) -> Range<usize> {
    let mut from = index;
    while from > 0 && index - from < REACH && beats[from].follows {
        from -= 1;
    }
    let mut to = index + 1;
    while to < beats.len() && to - index <= REACH && beats[to].follows {
        to += 1;
    }
    from..to
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SCATTERED, analysis, with_p_waves};
    use super::*;

    #[test]
    fn scattered_beats_without_p_waves_fibrillate_and_no_others() {
        let scattered = analysis(&SCATTERED);
        let found = fibrillation_stretches(&with_p_waves(scattered.clone(), |_| false));
        assert_eq!(found.len(), 1);
        assert!(found[0].start < 2.0 && found[0].end > 28.0, "{found:?}");
        assert!(fibrillation_stretches(&with_p_waves(scattered.clone(), |_| true)).is_empty());
        assert!(fibrillation_stretches(&with_p_waves(analysis(&[0.8; 40]), |_| false)).is_empty());
        // Where nobody could have seen a P wave, nothing is said.
        assert!(fibrillation_stretches(&scattered).is_empty());
    }

    #[test]
    fn an_episode_begins_and_ends_where_it_does() {
        let steady = [0.8; 60];
        let rr = [steady.as_slice(), &SCATTERED, &SCATTERED, &steady].concat();
        let whole = with_p_waves(analysis(&rr), |beat| !(61..=140).contains(&beat));
        let found = fibrillation_stretches(&whole);
        assert_eq!(found.len(), 1, "{found:?}");
        let (from_s, to_s) = (whole.beats[61].time_s, whole.beats[140].time_s);
        assert!((found[0].start - from_s).abs() < 6.0, "{found:?} {from_s}");
        assert!((found[0].end - to_s).abs() < 6.0, "{found:?} {to_s}");
    }

    #[test]
    fn few_seconds_in_a_long_recording_are_no_episode() {
        let steady = [0.8; 100];
        let rr = [steady.as_slice(), &SCATTERED[..20], &steady].concat();
        let few = with_p_waves(analysis(&rr), |beat| !(101..=120).contains(&beat));
        assert!(fibrillation_stretches(&few).is_empty());
    }
}
