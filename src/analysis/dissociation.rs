//! P waves that keep a time of their own between even QRS complexes: what complete AV block does.
//!
//! The P waves lie elsewhere before every beat, so that no median beat shows them. Bumps of their width are looked for
//! between the end of a T wave and the next QRS complex; where they are as far apart as one interval, or two or three of
//! it, the atria beat evenly, and where their distance to the next QRS complex scatters, that has another time.

use super::Beat;
use super::signs::values;
use super::waves::BeatWaves;
use crate::recording::{Lead, Unit};
use crate::signal::{MexicanHat, gaussian, mean, median, median_of_mut, standard_deviation};
use std::ops::Range;

/// Length and distance of the windows, seconds; the last may be shorter by as much as leaves [`LEAST_S`].
const WINDOW_S: f64 = 20.0;
const HOP_S: f64 = 10.0;
const LEAST_S: f64 = 8.0;
/// Fewest beats; they are slow and even, as an escape rhythm is (RR interval in seconds, its deviation over its mean).
const LEAST_BEATS: usize = 5;
const LEAST_RR_S: f64 = 0.85;
const EVEN_RR: f64 = 0.08;
/// Smoothing, and the width of a P wave's middle, standard deviations in seconds.
const SMOOTH_S: f64 = 0.012;
const P_S: f64 = 0.025;
/// Distance of the places that are looked at, seconds.
const STEP_S: f64 = 0.01;
/// Distance from the T before and the QRS after, and the shortest stretch between them, seconds.
const APART_S: f64 = 0.02;
const SHORTEST_S: f64 = 0.12;
/// QRS onset and T end where they are not known: seconds before the fiducial, and after it at 60/min.
const QRS_ONSET_S: f64 = 0.05;
const T_END_S: f64 = 0.45;
/// A bump counts from this share of the usual of the highest.
const HIGH: f64 = 0.5;
/// Intervals between P waves that are tried, their distance in seconds, and how far a step may be off, as a share.
const PP_S: Range<f64> = 0.4..1.2;
const PP_STEP_S: f64 = 0.02;
const PP_OFF: f64 = 0.1;
/// Most intervals in a step: more lie hidden in QRS and T than that.
const MOST_HIDDEN: f64 = 3.0;

/// Bumps of the width of P waves between the beats of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Dissociation {
    /// From the first to the last beat, seconds.
    pub range_s: Range<f64>,
    /// The beats it lies between.
    pub beats: Range<usize>,
    /// Mean RR interval, seconds.
    pub rr_s: f64,
    /// Interval of the bumps, seconds.
    pub pp_s: f64,
    /// How many there are.
    pub n: usize,
    /// Share of the steps between neighbours that are one, two or three intervals.
    pub even: f64,
    /// Standard deviation of the time from the last bump to the next beat, seconds.
    pub to_beat_sd_s: f64,
    /// Share of the stretches between T and QRS that hold one.
    pub held: f64,
    /// Their usual height, millivolts.
    pub height_mv: f64,
    /// Height over the usual unrest of the line.
    pub over_line: f64,
}

/// The bumps of each window whose beats are slow and even.
pub fn dissociations(lead: &Lead, beats: &[Beat], waves: &[BeatWaves]) -> Vec<Dissociation> {
    let mut found = Vec::new();
    if lead.unit != Unit::Millivolt || lead.rate_hz * STEP_S < 1.0 {
        return found;
    }
    let length_s = lead.samples.len() as f64 / lead.rate_hz;
    let mut from_s = 0.0;
    while from_s == 0.0 || from_s + LEAST_S <= length_s {
        let first = beats.partition_point(|beat| beat.time_s < from_s);
        let last = beats.partition_point(|beat| beat.time_s < from_s + WINDOW_S);
        found.extend(dissociation(lead, beats, waves, first..last));
        from_s += HOP_S;
    }
    found
}

fn dissociation(
    lead: &Lead,
    beats: &[Beat],
    waves: &[BeatWaves],
    window: Range<usize>,
) -> Option<Dissociation> {
    let own = beats
        .get(window.clone())
        .filter(|own| own.len() >= LEAST_BEATS)?;
    let range_s = own.first()?.time_s..own.last()?.time_s;
    if range_s.end - range_s.start < LEAST_S || own.iter().skip(1).any(|beat| !beat.follows) {
        return None;
    }
    let rr_s: Vec<f64> = own
        .windows(2)
        .map(|pair| pair[1].time_s - pair[0].time_s)
        .collect();
    let usual_s = mean(&rr_s)?;
    if median(&rr_s)? < LEAST_RR_S || standard_deviation(&rr_s)? > EVEN_RR * usual_s {
        return None;
    }
    let stretches: Vec<Range<f64>> = (window.start..window.end - 1)
        .filter_map(|beat| stretch(beats, waves, beat))
        .collect();
    let trace = Trace::of(lead, &range_s)?;
    [1.0, -1.0]
        .into_iter()
        .filter_map(|sign| {
            let bumps = Bumps::of(&trace, &stretches, sign)?;
            let (pp_s, even) = bumps.interval()?;
            let to_beat: Vec<f64> = stretches
                .iter()
                .filter_map(|stretch| {
                    let last = bumps.times_s.iter().rev().find(|at| stretch.contains(at))?;
                    Some(stretch.end - last)
                })
                .collect();
            Some(Dissociation {
                range_s: range_s.clone(),
                beats: window.clone(),
                rr_s: usual_s,
                pp_s,
                n: bumps.times_s.len(),
                even,
                to_beat_sd_s: standard_deviation(&to_beat)?,
                held: to_beat.len() as f64 / (own.len() - 1) as f64,
                height_mv: bumps.height_mv,
                over_line: bumps.height_mv / bumps.line_mv.max(f64::MIN_POSITIVE),
            })
        })
        .max_by(|a, b| a.height_mv.total_cmp(&b.height_mv))
}

/// From the end of a beat's T wave to the next QRS complex, seconds.
fn stretch(beats: &[Beat], waves: &[BeatWaves], beat: usize) -> Option<Range<f64>> {
    let (own, next) = (beats.get(beat)?, beats.get(beat + 1)?);
    let of = |beat: usize| {
        let at = waves.binary_search_by_key(&beat, |waves| waves.beat).ok()?;
        waves.get(at)
    };
    let t_end = of(beat).and_then(|waves| Some(f64::from(waves.t.ok()?.end_s)));
    let rr_s = next.time_s - own.time_s;
    let from_s = own.time_s + t_end.unwrap_or(T_END_S * rr_s.min(1.2).sqrt()) + APART_S;
    let onset = of(beat + 1).map_or(-QRS_ONSET_S, |waves| f64::from(waves.qrs.onset_s));
    let to_s = next.time_s + onset - APART_S;
    (to_s - from_s >= SHORTEST_S).then_some(from_s..to_s)
}

/// The smoothed samples of a window.
struct Trace {
    rate_hz: f64,
    from_s: f64,
    values: Vec<f64>,
    hat: MexicanHat,
    /// What the hat answers to a P wave of one millivolt.
    of_one_mv: f64,
}

impl Trace {
    /// `None` where samples are missing.
    fn of(lead: &Lead, range_s: &Range<f64>) -> Option<Self> {
        let first = (range_s.start * lead.rate_hz).max(0.0) as usize;
        let end = ((range_s.end * lead.rate_hz).ceil() as usize).min(lead.samples.len());
        let raw = values(lead, first..end.max(first))?;
        let sigma = P_S * lead.rate_hz;
        let hat = MexicanHat::new(sigma);
        let reach = (5.0 * sigma).ceil() as usize;
        let bump: Vec<f64> = (0..=2 * reach)
            .map(|k| (-0.5 * ((k as f64 - reach as f64) / sigma).powi(2)).exp())
            .collect();
        Some(Self {
            rate_hz: lead.rate_hz,
            from_s: first as f64 / lead.rate_hz,
            values: gaussian(&raw, SMOOTH_S * lead.rate_hz),
            of_one_mv: hat.response(&bump, reach),
            hat,
        })
    }

    /// How high a bump stands at a time, millivolts with its sign.
    fn bump_mv(&self, time_s: f64) -> f64 {
        let at = ((time_s - self.from_s) * self.rate_hz).round().max(0.0) as usize;
        self.hat.response(&self.values, at) / self.of_one_mv
    }
}

/// Bumps of one direction.
struct Bumps {
    times_s: Vec<f64>,
    height_mv: f64,
    line_mv: f64,
}

impl Bumps {
    fn of(trace: &Trace, stretches: &[Range<f64>], sign: f64) -> Option<Self> {
        let mut peaks: Vec<(f64, f64)> = Vec::new();
        let mut lines = Vec::new();
        for stretch in stretches {
            let steps = ((stretch.end - stretch.start) / STEP_S) as usize;
            let at_s = |step: usize| stretch.start + step as f64 * STEP_S;
            let heights: Vec<f64> = (0..=steps)
                .map(|step| sign * trace.bump_mv(at_s(step)))
                .collect();
            peaks.extend(heights.windows(3).enumerate().filter_map(|(step, three)| {
                let is_peak = three[1] >= three[0] && three[1] > three[2];
                is_peak.then(|| (at_s(step + 1), three[1]))
            }));
            let mut sizes: Vec<f64> = heights.iter().map(|height| height.abs()).collect();
            lines.extend(median_of_mut(&mut sizes));
        }
        let mut heights: Vec<f64> = peaks.iter().map(|(_, height)| *height).collect();
        heights.sort_by(|a, b| b.total_cmp(a));
        heights.truncate(stretches.len());
        let height_mv = median(&heights)?;
        peaks.retain(|(_, height)| *height >= HIGH * height_mv);
        Some(Self {
            times_s: peaks.into_iter().map(|(at_s, _)| at_s).collect(),
            height_mv,
            line_mv: median(&lines)?,
        })
    }

    /// The interval that most steps between neighbours are one, two or three of, in seconds, and the share that are; of
    /// equals the longest, since half of an interval fits every step too.
    fn interval(&self) -> Option<(f64, f64)> {
        let steps_s: Vec<f64> = self
            .times_s
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .collect();
        if steps_s.is_empty() {
            return None;
        }
        let share = |pp_s: f64| {
            let fits = |step_s: &&f64| {
                let times = (**step_s / pp_s).round();
                (1.0..=MOST_HIDDEN).contains(&times)
                    && (**step_s - times * pp_s).abs() <= PP_OFF * pp_s
            };
            steps_s.iter().filter(fits).count() as f64 / steps_s.len() as f64
        };
        let tried = ((PP_S.end - PP_S.start) / PP_STEP_S).round() as usize;
        (0..=tried)
            .map(|step| PP_S.start + step as f64 * PP_STEP_S)
            .map(|pp_s| (pp_s, share(pp_s)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)))
    }
}
