//! Findings on simulated recordings, from the samples on.

use super::{Finding, find};
use crate::analysis::analyse;
use crate::recording::{Arg, BeatCode};
use crate::simulator::{Noise, NoiseKind, Rhythm, RhythmChange, SimulatorOptions, simulate};

fn options(rhythm: Rhythm, seed: u64) -> SimulatorOptions {
    SimulatorOptions {
        rhythm,
        duration_s: 60.0,
        sample_rate_hz: 250.0,
        noise: vec![
            Noise::throughout(NoiseKind::Wander, 28.0),
            Noise::throughout(NoiseKind::Muscle, 34.0),
        ],
        seed,
        ..SimulatorOptions::default()
    }
}

fn found(options: &SimulatorOptions) -> (Vec<Finding>, usize) {
    let simulation = simulate(options);
    let analysis = analyse(&simulation.recording, None).unwrap();
    let ectopic = simulation.truth.beats.iter();
    let ectopic = ectopic.filter(|beat| beat.class != BeatCode::N).count();
    (find(&analysis, &[]), ectopic)
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.id.as_str()).collect()
}

fn number(finding: &Finding, name: &str) -> f64 {
    match finding.text.args.iter().find(|(key, _)| key == name) {
        Some((_, Arg::Number(number))) => *number,
        _ => f64::NAN,
    }
}

#[test]
fn single_early_beats_are_counted_and_nothing_else_is_found() {
    for seed in 1..4 {
        for (rhythm, id) in [
            (Rhythm::PrematureVentricular, "premature-ventricular-beats"),
            (Rhythm::PrematureAtrial, "premature-supraventricular-beats"),
        ] {
            let (findings, truth) = found(&options(rhythm, seed));
            assert_eq!(ids(&findings), [id], "{seed}");
            // Beats at the edges may be cut.
            assert!(
                (number(&findings[0], "n") - truth as f64).abs() <= 1.0,
                "{rhythm:?} {seed}"
            );
            assert!(findings[0].confidence > 0.6);
        }
    }
}

#[test]
fn patterns_are_named() {
    for seed in 1..4 {
        for (rhythm, id) in [
            (Rhythm::Bigeminy, "ventricular-bigeminy"),
            (Rhythm::Trigeminy, "ventricular-trigeminy"),
        ] {
            let (findings, _) = found(&options(rhythm, seed));
            assert!(ids(&findings).contains(&id), "{seed} {:?}", ids(&findings));
            assert!(!ids(&findings).contains(&"irregular-rhythm"), "{seed}");
        }
    }
}

#[test]
fn a_run_is_told_with_its_rate() {
    let change = |at_s: f64, rhythm: Rhythm| RhythmChange {
        at_s,
        rhythm,
        rate_per_min: None,
    };
    let (findings, truth) = found(&SimulatorOptions {
        changes: vec![
            change(30.0, Rhythm::VentricularTachycardia),
            change(34.0, Rhythm::Sinus),
        ],
        ..options(Rhythm::Sinus, 1)
    });
    let run = findings
        .iter()
        .find(|finding| finding.id == "ventricular-run")
        .unwrap();
    assert!((number(run, "n") - truth as f64).abs() <= 1.0, "{run:?}");
    assert!((number(run, "rate") - 165.0).abs() < 6.0, "{run:?}");
}

#[test]
fn breathing_gives_none_and_fibrillation_no_supraventricular_beat() {
    for seed in 1..6 {
        let breathing = SimulatorOptions {
            rr_variability: Some(0.05),
            ..options(Rhythm::Sinus, seed)
        };
        let (findings, _) = found(&breathing);
        assert!(findings.is_empty(), "{seed} {:?}", ids(&findings));
        let (findings, _) = found(&options(Rhythm::AtrialFibrillation, seed));
        assert_eq!(ids(&findings), ["atrial-fibrillation"], "{seed}");
    }
}
