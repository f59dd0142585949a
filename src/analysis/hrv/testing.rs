//! Series with known figures, and analyses made of them.

use super::Interval;
use crate::analysis::{Analysis, Beat, Grade, HeartRate, Intervals, QualitySpan};
use crate::recording::{BeatCode, Phrase};
use std::f64::consts::TAU;

/// The short worked series: mean 826.9, SDNN 35.5636, RMSSD 34.0408, SD1 23.4521 ms.
pub const WORKED_MS: [f64; 10] = [
    812.0, 798.0, 845.0, 870.0, 832.0, 790.0, 775.0, 810.0, 856.0, 881.0,
];

/// Intervals one after the other, in milliseconds.
pub fn series(lengths_ms: &[f64]) -> Vec<Interval> {
    let mut from_s = 0.0;
    lengths_ms
        .iter()
        .enumerate()
        .map(|(k, length)| {
            let interval = Interval {
                from_s,
                rr_s: length / 1000.0,
                joined: k > 0,
            };
            from_s = interval.end_s();
            interval
        })
        .collect()
}

/// The worked series of 300 s: 0.8 s with a wave of 40 ms at 0.1 Hz and one of 20 ms at 0.25 Hz, so that LF is 800 and
/// HF 200 ms².
pub fn two_waves() -> Vec<Interval> {
    series(&two_waves_ms(300.0))
}

/// The lengths of [`two_waves`] over so many seconds.
pub fn two_waves_ms(seconds: f64) -> Vec<f64> {
    let (mut t, mut lengths) = (0.0, Vec::new());
    while t < seconds {
        let rr = 0.8 + 0.04 * (TAU * 0.1 * t).sin() + 0.02 * (TAU * 0.25 * t).sin();
        lengths.push(rr * 1000.0);
        t += rr;
    }
    lengths
}

/// Normally distributed values from a fixed generator.
pub fn white_noise(count: usize) -> Vec<f64> {
    let mut state = 20_240_501_u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    (0..count)
        .map(|_| (-2.0 * uniform().ln()).sqrt() * (TAU * uniform()).cos())
        .collect()
}

/// One lead of good quality whose beats have these intervals in milliseconds, the first beat at 0.4 s.
pub fn analysis(lengths_ms: &[f64]) -> Analysis {
    let mut times = vec![0.4];
    let mut time_s = 0.4;
    for length in lengths_ms {
        time_s += length / 1000.0;
        times.push(time_s);
    }
    at_times(&times)
}

/// One lead of good quality with beats at these times.
pub fn at_times(times_s: &[f64]) -> Analysis {
    let end = times_s.last().map_or(0.0, |last| last + 0.4);
    Analysis {
        lead: 0,
        quality: vec![QualitySpan {
            range_s: 0.0..end,
            grade: Grade::Waves,
            reasons: Vec::new(),
        }],
        beats: times_s
            .iter()
            .enumerate()
            .map(|(k, &time_s)| Beat {
                sample: (time_s * 500.0).round() as usize,
                time_s,
                class: BeatCode::N,
                class_confidence: 0.9,
                confidence: 0.9,
                follows: k > 0,
            })
            .collect(),
        inverted: false,
        rate: Ok(HeartRate {
            mean: 60.0,
            min: 60.0,
            max: 60.0,
            n: times_s.len(),
        }),
        median_beat: None,
        waves: Vec::new(),
        waves_by: crate::analysis::waves::MarkedBy::Rules,
        signs: crate::analysis::signs::Signs::default(),
        intervals: Intervals::withheld(&Phrase::new("withheld-not-measured")),
        global: Err(Phrase::new("analysis-global-few-leads")),
        axis_deg: crate::recording::Measured::withheld("withheld-one-lead"),
        chambers: Vec::new(),
    }
}
