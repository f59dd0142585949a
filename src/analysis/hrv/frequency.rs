//! Figures of the frequency domain over one window: Lomb-Scargle and autoregression, a straight line taken out first.

use super::Interval;
use super::time::lengths_ms;
use crate::signal::{Density, burg, lomb_scargle, without_line};
use std::ops::Range;

/// Bands in hertz (Task Force of ESC and NASPE, Circulation 93:1043, 1996).
const LOW_HZ: Range<f64> = 0.04..0.15;
/// The upper end belongs to the band.
const HIGH_HZ: Range<f64> = 0.15..HIGHEST_HZ + 1e-6;
const HIGHEST_HZ: f64 = 0.4;
/// The grid is so many times finer than one over the window's length.
const OVERSAMPLING: f64 = 4.0;
/// Order of the autoregression: at least 16 for short tachograms (Boardman, Schlindwein, Rocha, Leite, Physiol Meas
/// 23:325, 2002).
const ORDER: usize = 16;
/// Step on which an autoregression's density is summed: its peaks are narrow.
const MODEL_STEP_HZ: f64 = 0.0002;
/// A model whose density misses the variance by more than this share has peaks narrower than the steps.
const MOST_MISSED: f64 = 0.05;

/// Powers in ms² of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Powers {
    pub low: f64,
    pub high: f64,
    /// Up to 0.4 Hz.
    pub total: f64,
    /// Where the high band has its peak, if it has one.
    pub high_peak_hz: Option<f64>,
}

impl Powers {
    fn of(density: &Density) -> Self {
        Self {
            low: density.power(LOW_HZ),
            high: density.power(HIGH_HZ),
            total: density.power(0.0..HIGH_HZ.end),
            high_peak_hz: density.peak_hz(HIGH_HZ),
        }
    }
}

/// Mean interval above which the beats come too seldom to show 0.4 Hz: half their rate is below it.
pub(super) const LONGEST_MEAN_S: f64 = 0.5 / HIGHEST_HZ;

/// By Lomb-Scargle over `window_s` seconds: at the times of the intervals that are there, none put in for others.
pub(super) fn by_lomb_scargle(intervals: &[Interval], window_s: f64) -> Option<Powers> {
    let (times, values) = detrended(intervals)?;
    let mean_s = mean_s(intervals);
    let step_hz = 1.0 / (OVERSAMPLING * window_s);
    Some(Powers::of(&lomb_scargle(
        &times, &values, mean_s, step_hz, HIGHEST_HZ,
    )))
}

/// By Burg's autoregression over the runs of the tachogram, whose step is the mean interval. `None` where less than
/// `share` of the intervals lies in runs that it can use, nothing varies, or pure tones make peaks too narrow to sum.
pub(super) fn by_autoregression(intervals: &[Interval], share: f64) -> Option<Powers> {
    let (_, values) = detrended(intervals)?;
    let mut rest = values.as_slice();
    let mut runs: Vec<&[f64]> = Vec::new();
    for run in intervals.chunk_by(|_, next| next.joined) {
        let (own, after) = rest.split_at_checked(run.len())?;
        rest = after;
        runs.push(own);
    }
    runs.retain(|run| run.len() > ORDER);
    let usable: usize = runs.iter().map(|run| run.len()).sum();
    if (usable as f64) < share * intervals.len() as f64 {
        return None;
    }
    let model = burg(&runs, ORDER)?;
    let mean_s = mean_s(intervals);
    let whole = model.density(mean_s, MODEL_STEP_HZ, 0.5 / mean_s);
    let variance = runs.concat().iter().map(|v| v * v).sum::<f64>() / usable as f64;
    let summed = whole.power(0.0..f64::INFINITY);
    ((summed / variance - 1.0).abs() < MOST_MISSED).then(|| Powers::of(&whole))
}

/// Middle times in seconds and lengths in milliseconds without their line; `None` for too few that vary.
fn detrended(intervals: &[Interval]) -> Option<(Vec<f64>, Vec<f64>)> {
    let times: Vec<f64> = intervals
        .iter()
        .map(|interval| interval.from_s + interval.rr_s / 2.0)
        .collect();
    let values = without_line(&times, &lengths_ms(intervals));
    let varies = values.iter().any(|value| value.abs() > 1e-6);
    (intervals.len() > 2 && varies).then_some((times, values))
}

fn mean_s(intervals: &[Interval]) -> f64 {
    intervals.iter().map(|interval| interval.rr_s).sum::<f64>() / intervals.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::testing::two_waves;
    use super::*;

    fn close(value: f64, expected: f64, share: f64) -> bool {
        (value / expected - 1.0).abs() < share
    }

    /// Worked example: analytic 800 and 200 ms², Lomb-Scargle 793.2 and 200.8, total 997.1.
    #[test]
    fn the_synthetic_series_has_its_analytic_powers() {
        let intervals = two_waves();
        assert_eq!(intervals.len(), 376);
        let powers = by_lomb_scargle(&intervals, 300.0).unwrap();
        assert!(close(powers.low, 800.0, 0.03), "{powers:?}");
        assert!(close(powers.high, 200.0, 0.03), "{powers:?}");
        assert!(close(powers.total, 1000.0, 0.03), "{powers:?}");
        assert!((powers.high_peak_hz.unwrap() - 0.25).abs() < 0.001);
    }

    /// The same with noise of 6 ms, whose 36 ms² spread evenly to 0.626 Hz: 6.3 ms² in LF and 14.4 ms² in HF.
    #[test]
    fn autoregression_agrees() {
        let powers = by_autoregression(&with_noise(two_waves()), 0.8).unwrap();
        assert!(close(powers.low, 806.0, 0.1), "{powers:?}");
        assert!(close(powers.high, 214.0, 0.1), "{powers:?}");
        assert!((powers.high_peak_hz.unwrap() - 0.25).abs() < 0.005);
    }

    #[test]
    fn peaks_too_narrow_to_sum_give_no_number() {
        assert_eq!(by_autoregression(&two_waves(), 0.8), None);
    }

    fn with_noise(mut intervals: Vec<Interval>) -> Vec<Interval> {
        let noise = super::super::testing::white_noise(intervals.len());
        for (interval, noise) in intervals.iter_mut().zip(noise) {
            interval.rr_s += 0.006 * noise;
        }
        intervals
    }

    #[test]
    fn intervals_left_out_are_not_bridged_and_hardly_move_the_powers() {
        let mut intervals = Vec::new();
        for (k, interval) in with_noise(two_waves()).into_iter().enumerate() {
            match k % 60 {
                30 | 31 => {}
                32 => intervals.push(Interval {
                    joined: false,
                    ..interval
                }),
                _ => intervals.push(interval),
            }
        }
        let powers = by_lomb_scargle(&intervals, 300.0).unwrap();
        assert!(close(powers.low, 806.0, 0.05), "{powers:?}");
        assert!(close(powers.high, 214.0, 0.05), "{powers:?}");
        let powers = by_autoregression(&intervals, 0.8).unwrap();
        assert!(close(powers.low, 806.0, 0.15), "{powers:?}");
        assert!(close(powers.high, 214.0, 0.15), "{powers:?}");
    }

    #[test]
    fn pieces_too_small_for_the_model_give_none() {
        let mut intervals = two_waves();
        for interval in intervals.iter_mut().step_by(15) {
            interval.joined = false;
        }
        assert_eq!(by_autoregression(&intervals, 0.8), None);
    }

    #[test]
    fn a_trend_is_no_power_and_constant_intervals_have_none() {
        let mut rising = two_waves();
        for interval in &mut rising {
            interval.rr_s += interval.from_s * 1e-4;
        }
        let powers = by_lomb_scargle(&rising, 300.0).unwrap();
        assert!(close(powers.total, 1000.0, 0.04), "{powers:?}");
        let constant = super::super::testing::series(&[800.0; 375]);
        assert_eq!(by_lomb_scargle(&constant, 300.0), None);
        assert_eq!(by_autoregression(&constant, 0.8), None);
    }
}
