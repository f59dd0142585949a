//! The trace around a beat on a grid of its own, whatever the rate of the lead.

use crate::recording::{Gap, Lead};

/// Samples per second of the grid. The QRS complex's energy lies below 40 Hz (Thakor, Webster, Tompkins, Med Biol Eng
/// Comput 21:512, 1983).
pub const GRID_HZ: f64 = 125.0;
/// Grid points before the fiducial: 0.36 s.
pub const BEFORE: usize = 45;
/// Grid points of a cut, the last one 0.48 s after the fiducial.
pub const LENGTH: usize = BEFORE + 61;
/// Grid points by which a beat may be moved against another.
pub const MOST_SHIFT: i32 = 5;

/// The trace around one beat in the lead's unit, its median at 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Values on the grid.
    pub values: [f32; LENGTH],
    /// Whether every sample is there: no gap, no edge of the recording.
    pub whole: bool,
}

/// Cuts the trace around a time; beyond the edges the last value stays, in gaps the last one before.
///
/// Each grid point is the mean of the samples near it with weights that fall linearly to 0 at one grid step (or at one
/// sample, where the lead is slower): interpolation and smoothing in one, so that a high rate brings no noise along.
pub fn cut(lead: &Lead, time_s: f64) -> Cut {
    let half = (lead.rate_hz / GRID_HZ).max(1.0);
    let at = |point: usize| (time_s + (point as f64 - BEFORE as f64) / GRID_HZ) * lead.rate_hz;
    let end = lead.samples.len();
    let wanted = (at(0) - half, at(LENGTH - 1) + half);
    let first = (wanted.0.floor().max(0.0) as usize).min(end.saturating_sub(1));
    let last = (wanted.1.ceil().max(0.0) as usize + 1).min(end);
    let samples = lead.samples.values(first..last.max(first));
    let missing: Vec<&Gap> = lead.gaps_within(first..last).collect();
    let whole = missing.is_empty() && at(0) >= 0.0 && at(LENGTH - 1) <= end as f64 - 1.0;
    let mut values = [0.0; LENGTH];
    let mut held = samples.first().copied().unwrap_or(0.0);
    for (point, value) in values.iter_mut().enumerate() {
        let middle = at(point) - first as f64;
        let from = (middle - half).ceil().max(0.0) as usize;
        let to = ((middle + half).floor() + 1.0).clamp(0.0, samples.len() as f64) as usize;
        let (mut sum, mut total) = (0.0, 0.0);
        for (index, sample) in samples.iter().enumerate().take(to).skip(from) {
            let weight = 1.0 - (index as f64 - middle).abs() / half;
            let lost = missing
                .iter()
                .any(|gap| gap.range.contains(&(first + index)));
            if weight > 0.0 && !lost && sample.is_finite() {
                sum += weight * f64::from(*sample);
                total += weight;
            }
        }
        if total > 0.0 {
            held = (sum / total) as f32;
        } else if middle >= samples.len() as f64 {
            held = samples.last().copied().unwrap_or(held);
        }
        *value = held;
    }
    // Between the two in the middle, so that it is the same upside down.
    let mut sorted = values;
    let (below, upper, _) = sorted.select_nth_unstable_by(LENGTH / 2, f32::total_cmp);
    let lower = below.iter().copied().fold(f32::MIN, f32::max);
    let middle = (lower + *upper) / 2.0;
    values.iter_mut().for_each(|value| *value -= middle);
    Cut { values, whole }
}
