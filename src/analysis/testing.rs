//! What the tests of several rooms of the analysis are made of.

use crate::recording::{Lead, Recording, Samples, Scale};
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
