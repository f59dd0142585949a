//! What the tests of several rooms of the analysis are made of.

use super::Beat;
use crate::recording::{BeatCode, Lead, Recording, Samples, Scale};
use crate::simulator::{SimulatorOptions, simulate};

/// Leads of these names, each the simulated lead I times a factor.
pub fn scaled_leads(names: &[(&str, f64)]) -> Recording {
    let mut recording = simulate(&SimulatorOptions::default()).recording;
    let lead = recording.leads[0].clone();
    let values = lead.samples.all_values();
    let scale = Scale {
        gain: 10_000.0,
        baseline: 0.0,
    };
    recording.leads = names
        .iter()
        .map(|(name, factor)| {
            let counts = values
                .iter()
                .map(|mv| (f64::from(*mv) * factor * scale.gain).round() as i32)
                .collect();
            Lead::ecg(name, lead.rate_hz, Samples::from_i32(counts, scale))
        })
        .collect();
    recording
}

/// Beats with these classes, `rr_ms` apart.
pub fn classed_beats(classes: &str, rr_ms: &[f64]) -> Vec<Beat> {
    let mut time_s = 1.0;
    classes
        .chars()
        .enumerate()
        .map(|(index, letter)| {
            if index > 0 {
                time_s += rr_ms[index - 1] / 1000.0;
            }
            Beat {
                sample: (time_s * 250.0) as usize,
                time_s,
                class: match letter {
                    'S' => BeatCode::S,
                    'V' => BeatCode::V,
                    _ => BeatCode::N,
                },
                class_confidence: 0.9,
                confidence: 0.9,
                follows: index > 0,
            }
        })
        .collect()
}
