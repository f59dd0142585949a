//! Whether one and the same wave runs on between the QRS complexes, at which rate and how evenly: what atrial flutter does.
//!
//! The QRS complexes are left out and nothing is put in their place: of what remains of ten seconds, a wave of one rate and
//! its first overtone explain a share (least squares over all parts at once, as the spectrum of samples at uneven times
//! does: Lomb, Astrophys Space Sci 39:447, 1976). Then each cycle is asked on its own how much of that wave it holds: T and P waves of
//! even beats can lie in step too, but the line between them lies still.

use super::Beat;
use super::signs::values;
use super::waves::{Absent, BeatWaves};
use crate::recording::{Lead, Unit};
use crate::signal::{gaussian, percentile};
use std::f64::consts::TAU;
use std::ops::Range;

/// Rates that are tried, hertz (210 to 360/min: the edges of 220 to 340 must have neighbours), and their distance: half of
/// what ten seconds tell apart.
const RATES_HZ: Range<f64> = 3.5..6.0;
const RATE_STEP_HZ: f64 = 0.05;
/// Length and distance of the windows, and by how much the last may be shorter, seconds.
const WINDOW_S: f64 = 10.0;
const HOP_S: f64 = 5.0;
const SHORTER_S: f64 = 2.0;
/// Samples per second of what is compared: the overtone lies below 12 Hz.
const GRID_HZ: f64 = 50.0;
/// Smoothing before that, which takes out the mains, and what is taken off as wander, seconds.
const SMOOTH_S: f64 = 0.012;
const WANDER_S: f64 = 0.25;
/// Left out before and after a fiducial, seconds.
const QRS_S: (f64, f64) = (0.07, 0.11);
/// Samples of the shortest part between two QRS complexes that is looked at.
const LEAST_PART: usize = 6;
/// Fewest beats, and fewest cycles that are asked.
const LEAST_BEATS: usize = 4;
const LEAST_CYCLES: usize = 8;
/// A window more of whose beats than this share have a P wave is looked at only where the trace agrees with itself a wave
/// later, by this correlation at least: the waves of even flutter may be taken for P waves.
const MOST_WITH_P: f64 = 0.5;
const LIKE_ITSELF: f64 = 0.6;
/// Beats whose waves were looked for, of all.
const MEASURED: f64 = 0.8;

/// The most even wave of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct AtrialWave {
    /// From the first to the last beat it was looked at between, seconds.
    pub range_s: Range<f64>,
    /// Waves per minute.
    pub rate_per_min: f64,
    /// From its middle to its peak, millivolts, of the wave without its overtone.
    pub amplitude_mv: f64,
    /// Share of the trace between the QRS complexes that it and its overtone explain, 0 to 1.
    pub explained: f64,
    /// Length of the mean over the root mean square of the single cycles as phasors: 1 where all are alike.
    pub in_step: f64,
    /// How much of the mean wave the weakest tenth of the cycles hold at most, 1 being all of it.
    pub weakest_tenth: f64,
    /// The same of the weakest quarter.
    pub weakest_quarter: f64,
    /// Share of the beats with a P wave.
    pub with_p: f64,
}

/// The waves of a lead in windows of ten seconds; windows with gaps or too few measured beats are left out, and
/// those with P waves between which nothing goes on.
pub fn atrial_waves(lead: &Lead, beats: &[Beat], waves: &[BeatWaves]) -> Vec<AtrialWave> {
    let mut found = Vec::new();
    if lead.unit != Unit::Millivolt || lead.rate_hz < 2.0 * GRID_HZ {
        return found;
    }
    let length_s = lead.samples.len() as f64 / lead.rate_hz;
    let mut from_s = 0.0;
    // Beats with P waves are most of a day: every second window shows them all.
    let mut apart = true;
    while from_s + WINDOW_S <= length_s + SHORTER_S {
        let first = beats.partition_point(|beat| beat.time_s < from_s);
        let last = beats.partition_point(|beat| beat.time_s < from_s + WINDOW_S);
        found.extend(atrial_wave(lead, beats, waves, first..last, apart));
        from_s += HOP_S;
        apart = !apart;
    }
    found
}

/// The wave of the beats of a window; one of those `apart` touches the next of them and no more.
fn atrial_wave(
    lead: &Lead,
    beats: &[Beat],
    waves: &[BeatWaves],
    window: Range<usize>,
    apart: bool,
) -> Option<AtrialWave> {
    let with_p = share_with_p(waves, &window)?;
    if with_p > MOST_WITH_P && !apart {
        return None;
    }
    let beats = beats
        .get(window)
        .filter(|beats| beats.len() >= LEAST_BEATS)?;
    let range_s = beats.first()?.time_s..beats.last()?.time_s;
    let parts = parts(lead, beats, &range_s)?;
    if with_p > MOST_WITH_P && likeness_of_itself(&parts) < LIKE_ITSELF {
        return None;
    }
    let (rate_hz, explained) = best_rate(&parts)?;
    let cycles = cycles(&parts, rate_hz);
    if cycles.len() < LEAST_CYCLES {
        return None;
    }
    let mean =
        |of: &dyn Fn(&[f64; 2]) -> f64| cycles.iter().map(of).sum::<f64>() / cycles.len() as f64;
    let (re, im) = (mean(&|z| z[0]), mean(&|z| z[1]));
    let square = re * re + im * im;
    let mean_square = mean(&|z| z[0] * z[0] + z[1] * z[1]);
    if square <= 0.0 || mean_square <= 0.0 {
        return None;
    }
    let held: Vec<f64> = cycles
        .iter()
        .map(|z| (z[0] * re + z[1] * im) / square)
        .collect();
    Some(AtrialWave {
        range_s,
        rate_per_min: 60.0 * rate_hz,
        amplitude_mv: square.sqrt(),
        explained,
        in_step: (square / mean_square).sqrt(),
        weakest_tenth: percentile(&held, 10.0)?,
        weakest_quarter: percentile(&held, 25.0)?,
        with_p,
    })
}

/// Share of a window's beats that have a P wave; `None` where too few were looked at.
fn share_with_p(waves: &[BeatWaves], window: &Range<usize>) -> Option<f64> {
    let from = waves.partition_point(|waves| waves.beat < window.start);
    let to = waves.partition_point(|waves| waves.beat < window.end);
    let judged: Vec<bool> = waves
        .get(from..to)?
        .iter()
        .filter(|waves| !matches!(waves.p, Err(Absent::Quality | Absent::CutOff)))
        .map(|waves| waves.p.is_ok())
        .collect();
    let enough = (MEASURED * window.len() as f64).max(1.0);
    (judged.len() as f64 >= enough)
        .then(|| judged.iter().filter(|has| **has).count() as f64 / judged.len() as f64)
}

/// What lies between two QRS complexes.
struct Part {
    /// Time of the first value, seconds from the window's first beat.
    from_s: f64,
    /// Samples at [`GRID_HZ`].
    values: Vec<f64>,
}

/// The trace between beats that follow each other; `None` where it has a gap.
fn parts(lead: &Lead, beats: &[Beat], range_s: &Range<f64>) -> Option<Vec<Part>> {
    let first = (range_s.start * lead.rate_hz).max(0.0) as usize;
    let end = ((range_s.end * lead.rate_hz).ceil() as usize).min(lead.samples.len());
    let raw = values(lead, first..end.max(first))?;
    let grid = on_grid(&gaussian(&raw, SMOOTH_S * lead.rate_hz), lead.rate_hz);
    let wander = gaussian(&grid, WANDER_S * GRID_HZ);
    let still: Vec<f64> = grid.iter().zip(&wander).map(|(v, w)| v - w).collect();
    let start_s = first as f64 / lead.rate_hz;
    let part = |pair: &[Beat]| {
        let from = ((pair[0].time_s + QRS_S.1 - start_s) * GRID_HZ)
            .ceil()
            .max(0.0) as usize;
        let to = ((pair[1].time_s - QRS_S.0 - start_s) * GRID_HZ).max(0.0) as usize;
        let values = still
            .get(from..to)
            .filter(|values| values.len() >= LEAST_PART)?;
        Some(Part {
            from_s: from as f64 / GRID_HZ,
            values: values.to_vec(),
        })
    };
    Some(
        beats
            .windows(2)
            .filter(|pair| pair[1].follows)
            .filter_map(part)
            .collect(),
    )
}

fn on_grid(values: &[f64], rate_hz: f64) -> Vec<f64> {
    let n = (values.len() as f64 / rate_hz * GRID_HZ) as usize;
    (0..n)
        .map_while(|k| {
            let at = k as f64 * rate_hz / GRID_HZ;
            let (below, share) = (at as usize, at.fract());
            let next = values.get(below + 1).or(values.get(below))?;
            Some(values.get(below)? * (1.0 - share) + next * share)
        })
        .collect()
}

/// The largest correlation of the parts with themselves one wave later.
fn likeness_of_itself(parts: &[Part]) -> f64 {
    let lags =
        (GRID_HZ / RATES_HZ.end).floor() as usize..=(GRID_HZ / RATES_HZ.start).ceil() as usize;
    let of = |lag: usize| {
        let (mut both, mut own, mut later) = (0.0, 0.0, 0.0);
        for part in parts {
            for (a, b) in part.values.iter().zip(part.values.iter().skip(lag)) {
                both += a * b;
                own += a * a;
                later += b * b;
            }
        }
        let size = (own * later).sqrt();
        if size > 0.0 { both / size } else { 0.0 }
    };
    lags.map(of).fold(0.0, f64::max)
}

/// The rate in hertz whose wave explains most, and the share it explains.
fn best_rate(parts: &[Part]) -> Option<(f64, f64)> {
    let level: Vec<Vec<f64>> = parts
        .iter()
        .map(|part| without_line(&part.values))
        .collect();
    let total: f64 = level.iter().flatten().map(|v| v * v).sum();
    if total <= 0.0 {
        return None;
    }
    let steps = ((RATES_HZ.end - RATES_HZ.start) / RATE_STEP_HZ).round() as usize;
    (0..=steps)
        .map(|step| {
            let rate_hz = RATES_HZ.start + step as f64 * RATE_STEP_HZ;
            (rate_hz, explained(parts, &level, rate_hz) / total)
        })
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

fn without_line(values: &[f64]) -> Vec<f64> {
    let times: Vec<f64> = (0..values.len()).map(|k| k as f64).collect();
    crate::signal::without_line(&times, values)
}

/// Sum of squares of the parts that the wave explains, a straight line being free in each part. `level` are the parts without
/// their lines.
fn explained(parts: &[Part], level: &[Vec<f64>], rate_hz: f64) -> f64 {
    let (mut products, mut with_trace) = ([[0.0; 4]; 4], [0.0; 4]);
    for (part, level) in parts.iter().zip(level) {
        let n = level.len() as f64;
        let (mut sums, mut rises) = ([0.0; 4], [0.0; 4]);
        for (k, value) in level.iter().enumerate() {
            let angle = TAU * rate_hz * (part.from_s + k as f64 / GRID_HZ);
            let (sin, cos) = angle.sin_cos();
            let wave = [cos, sin, cos * cos - sin * sin, 2.0 * sin * cos];
            let offset = k as f64 - (n - 1.0) / 2.0;
            for i in 0..4 {
                sums[i] += wave[i];
                rises[i] += offset * wave[i];
                with_trace[i] += wave[i] * value;
                for j in 0..=i {
                    products[i][j] += wave[i] * wave[j];
                }
            }
        }
        let spread = n * (n * n - 1.0) / 12.0;
        for i in 0..4 {
            for j in 0..=i {
                products[i][j] -= sums[i] * sums[j] / n + rises[i] * rises[j] / spread;
            }
        }
    }
    length_in(products, with_trace)
}

/// v' A⁻¹ v by Cholesky's factors; `a` holds the lower half of A. What A does not span adds nothing.
fn length_in(mut a: [[f64; 4]; 4], v: [f64; 4]) -> f64 {
    let (mut solved, mut length) = ([0.0; 4], 0.0);
    for i in 0..4 {
        for j in 0..i {
            let inner: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            a[i][j] = if a[j][j] > 0.0 {
                (a[i][j] - inner) / a[j][j]
            } else {
                0.0
            };
        }
        let rest = a[i][i] - (0..i).map(|k| a[i][k] * a[i][k]).sum::<f64>();
        a[i][i] = if rest > 1e-9 { rest.sqrt() } else { 0.0 };
        if a[i][i] > 0.0 {
            let inner: f64 = (0..i).map(|k| a[i][k] * solved[k]).sum();
            solved[i] = (v[i] - inner) / a[i][i];
            length += solved[i] * solved[i];
        }
    }
    length
}

/// Every cycle within a part as a phasor of this rate, a quarter of a cycle between neighbours.
fn cycles(parts: &[Part], rate_hz: f64) -> Vec<[f64; 2]> {
    let length = (GRID_HZ / rate_hz).round().max(1.0) as usize;
    let step = (length / 4).max(1);
    let mut phasors = Vec::new();
    for part in parts {
        for (place, cycle) in part.values.windows(length).enumerate().step_by(step) {
            let level = cycle.iter().sum::<f64>() / length as f64;
            let mut z = [0.0; 2];
            for (k, value) in cycle.iter().enumerate() {
                let time_s = part.from_s + (place + k) as f64 / GRID_HZ;
                let (sin, cos) = (TAU * rate_hz * time_s).sin_cos();
                z[0] += (value - level) * cos * 2.0 / length as f64;
                z[1] += (value - level) * sin * 2.0 / length as f64;
            }
            phasors.push(z);
        }
    }
    phasors
}
