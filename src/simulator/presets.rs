//! Ready-made recordings.

use super::{
    Ectopic, EctopicOrigin, Noise, NoiseKind, Rhythm, RhythmChange, Simulation, SimulatorOptions,
    simulate,
};
use crate::recording::LeadName;

/// Options of the built-in example; see [`example`].
#[must_use]
pub fn example_options() -> SimulatorOptions {
    SimulatorOptions {
        rhythm: Rhythm::Sinus,
        rate_per_min: Some(69.0),
        rr_variability: Some(0.04),
        changes: vec![RhythmChange {
            at_s: 19.0,
            rhythm: Rhythm::AtrialFibrillation,
            rate_per_min: Some(80.0),
        }],
        ectopics: vec![
            Ectopic {
                at_s: 3.2,
                origin: EctopicOrigin::Ventricular,
            },
            Ectopic {
                at_s: 13.6,
                origin: EctopicOrigin::Ventricular,
            },
        ],
        duration_s: 30.0,
        sample_rate_hz: 512.0,
        leads: vec![LeadName::I],
        noise: vec![
            Noise::throughout(NoiseKind::Wander, 26.0),
            Noise::throughout(NoiseKind::Muscle, 40.0),
            Noise::during(NoiseKind::Muscle, 13.0, 7.9, 10.5),
        ],
        seed: 383,
        ..SimulatorOptions::default()
    }
}

/// The built-in example: 30 s of lead I at 512 Hz; sinus rhythm with two premature ventricular beats and a stretch of
/// muscle noise, then atrial fibrillation from 0:19.
#[must_use]
pub fn example() -> Simulation {
    let mut simulation = simulate(&example_options());
    simulation.recording.source.name = "example".to_owned();
    simulation
}

/// Options of a named rhythm of the command line ([`Rhythm::NAMED`]), or `example`; `None` for another name.
#[must_use]
pub fn named(name: &str) -> Option<SimulatorOptions> {
    if name.trim().eq_ignore_ascii_case("example") {
        return Some(example_options());
    }
    Some(SimulatorOptions {
        rhythm: Rhythm::from_name(name)?,
        noise: vec![
            Noise::throughout(NoiseKind::Wander, 28.0),
            Noise::throughout(NoiseKind::Muscle, 38.0),
        ],
        ..SimulatorOptions::default()
    })
}

/// The same options with the twelve standard leads in the order of a printed sheet. Lead I stays the reference, at 0.6 of
/// its height: alone it is usually a wrist recording, with eleven others the taller leads should fit the sheet.
#[must_use]
pub fn twelve_leads(options: &SimulatorOptions) -> SimulatorOptions {
    SimulatorOptions {
        leads: LeadName::ALL.to_vec(),
        amplitude_mv: 0.6 * options.amplitude_mv,
        ..options.clone()
    }
}
