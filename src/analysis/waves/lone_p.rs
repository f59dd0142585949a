//! P waves that no QRS complex answers: where the trace between a T wave and the next P is like the P waves around.

use super::kinds::Trace;
use super::presence::detrended_products;
use super::{BeatWaves, ENOUGH, Wave};
use crate::analysis::Beat;
use crate::signal::median;

/// Seconds between the values that are compared.
const STEP_S: f64 = 0.004;
/// What is compared reaches beyond the P wave by this much on either side, so that it stands on a line.
const MARGIN_S: f64 = 0.02;
/// Least correlation with the P waves around, and how far its height may lie from theirs: so chosen that no lead of LUDB
/// (I and II of 200 people) has two such waves in pauses.
const LIKE: f64 = 0.9;
const HEIGHT: (f64, f64) = (0.55, 1.6);
/// Distance from the T before and the P after.
const APART_S: f64 = 0.01;
/// Where no T end is known, the line begins this share of the usual RR interval after the beat.
const AFTER_T: f64 = 0.6;

/// Nothing between the two beats is as steep as this share of the usual QRS complex: a beat that was not found would be
/// (records 114 and 201 of MIT-BIH, where two small complexes and five aberrant ones were missed).
const STEEP: f64 = 0.2;
/// What belongs to a QRS complex reaches beyond its marks by this much, seconds.
const AFTER_QRS_S: f64 = 0.08;
const BEFORE_QRS_S: f64 = 0.03;

/// A P wave without a QRS complex after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoneP {
    /// Index of the beat before it.
    pub after: usize,
    /// Its peak in seconds from the recording's start.
    pub peak_s: f64,
    /// Correlation with the P waves around.
    pub likeness: f64,
}

/// The lone P waves between beats of one stretch; at most one between two beats, the one most alike.
pub(super) fn lone_p(trace: &Trace, beats: &[Beat], waves: &[BeatWaves]) -> Vec<LoneP> {
    let Some(usual) = UsualP::of(trace, beats, waves) else {
        return Vec::new();
    };
    waves
        .windows(2)
        .filter_map(|pair| match pair {
            [before, after] if after.beat == before.beat + 1 && beats[after.beat].follows => {
                usual.between(trace, beats, before, after)
            }
            _ => None,
        })
        .collect()
}

/// The median P wave of a stretch.
struct UsualP {
    /// Samples every [`STEP_S`] about its middle.
    shape: Vec<f64>,
    /// From its middle to its borders.
    half_s: f64,
    /// From its middle to its peak.
    peak_s: f64,
    rr_s: f64,
    /// Steepest change within a QRS complex, millivolts per sample.
    qrs_steepness: f64,
}

impl UsualP {
    fn of(trace: &Trace, beats: &[Beat], waves: &[BeatWaves]) -> Option<Self> {
        let with_p: Vec<(f64, Wave)> = waves
            .iter()
            .filter(|waves| waves.usual)
            .filter_map(|waves| Some((beats[waves.beat].time_s, waves.p.ok()?)))
            .collect();
        if with_p.len() < ENOUGH {
            return None;
        }
        let middle = |of: fn(&Wave) -> f32| {
            median(
                &with_p
                    .iter()
                    .map(|(_, p)| f64::from(of(p)))
                    .collect::<Vec<_>>(),
            )
        };
        let half_s = middle(|p| (p.end_s - p.onset_s) / 2.0)?;
        let intervals: Vec<f64> = waves
            .iter()
            .filter(|waves| waves.beat > 0 && beats[waves.beat].follows)
            .map(|waves| beats[waves.beat].time_s - beats[waves.beat - 1].time_s)
            .collect();
        let cuts: Vec<Vec<f64>> = with_p
            .iter()
            .filter_map(|(beat_s, p)| {
                cut(trace, beat_s + f64::from(p.onset_s + p.end_s) / 2.0, half_s)
            })
            .collect();
        let length = cuts.first()?.len();
        let shape = (0..length)
            .map(|k| median(&cuts.iter().map(|cut| cut[k]).collect::<Vec<_>>()).unwrap_or(0.0))
            .collect();
        Some(Self {
            shape,
            half_s,
            peak_s: middle(|p| p.peak_s - (p.onset_s + p.end_s) / 2.0)?,
            rr_s: median(&intervals)?,
            qrs_steepness: qrs_steepness(trace, beats, waves)?,
        })
    }

    /// What is most alike between two beats, if it is alike enough.
    fn between(
        &self,
        trace: &Trace,
        beats: &[Beat],
        before: &BeatWaves,
        after: &BeatWaves,
    ) -> Option<LoneP> {
        let (first_s, second_s) = (beats[before.beat].time_s, beats[after.beat].time_s);
        let line_from_s = match before.t {
            Ok(t) => first_s + f64::from(t.end_s),
            Err(_) => first_s + AFTER_T * self.rr_s,
        };
        let quiet_from_s = first_s + f64::from(before.qrs.end_s) + AFTER_QRS_S;
        let quiet_to_s = second_s + f64::from(after.qrs.onset_s) - BEFORE_QRS_S;
        if steepest(trace, quiet_from_s, quiet_to_s)? > STEEP * self.qrs_steepness {
            return None;
        }
        let line_to_s = second_s + f64::from(after.p.map_or(after.qrs.onset_s, |p| p.onset_s));
        let mut best: Option<LoneP> = None;
        let mut middle_s = line_from_s + APART_S + self.half_s;
        while middle_s + self.half_s + APART_S <= line_to_s {
            if let Some(likeness) = self.likeness(trace, middle_s)
                && best.is_none_or(|best| likeness > best.likeness)
            {
                best = Some(LoneP {
                    after: before.beat,
                    peak_s: middle_s + self.peak_s,
                    likeness,
                });
            }
            middle_s += STEP_S;
        }
        best
    }

    fn likeness(&self, trace: &Trace, middle_s: f64) -> Option<f64> {
        let own = cut(trace, middle_s, self.half_s)?;
        let (usual, other, both) = detrended_products(&self.shape, &own);
        if usual <= 0.0 || other <= 0.0 {
            return None;
        }
        let likeness = both / (usual * other).sqrt();
        let height = both / usual;
        (likeness >= LIKE && (HEIGHT.0..=HEIGHT.1).contains(&height)).then_some(likeness)
    }
}

/// Median over the usual beats.
fn qrs_steepness(trace: &Trace, beats: &[Beat], waves: &[BeatWaves]) -> Option<f64> {
    let of_beats: Vec<f64> = waves
        .iter()
        .filter(|waves| waves.usual)
        .filter_map(|waves| {
            let at_s = beats[waves.beat].time_s;
            let (onset_s, end_s) = (f64::from(waves.qrs.onset_s), f64::from(waves.qrs.end_s));
            steepest(trace, at_s + onset_s, at_s + end_s)
        })
        .collect();
    median(&of_beats)
}

/// Largest change from one sample to the next, `None` where the trace does not reach.
fn steepest(trace: &Trace, from_s: f64, to_s: f64) -> Option<f64> {
    let at = |time_s: f64| ((time_s - trace.start_s) * trace.rate_hz).max(0.0) as usize;
    let values = trace.values.get(at(from_s)..at(to_s).max(at(from_s)))?;
    values
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .reduce(f64::max)
}

/// The trace about a time, `None` where it does not reach.
fn cut(trace: &Trace, middle_s: f64, half_s: f64) -> Option<Vec<f64>> {
    let reach = ((half_s + MARGIN_S) / STEP_S).round() as i64;
    (-reach..=reach)
        .map(|k| {
            let at = (middle_s + k as f64 * STEP_S - trace.start_s) * trace.rate_hz;
            if at < 0.0 {
                return None;
            }
            let below = at as usize;
            let (a, b) = (trace.values.get(below)?, trace.values.get(below + 1)?);
            Some(a + (b - a) * (at - below as f64))
        })
        .collect()
}
