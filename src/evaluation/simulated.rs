//! The detector on the simulator, whose beats are known: every heart rate, sampling rate, polarity and size.

use super::{BeatScore, ClassMap, Marks, Protocol, score_marks};
use crate::analysis::analyse;
use crate::recording::BeatCode;
use crate::simulator::{Noise, NoiseKind, SimulatorOptions, simulate};

/// The whole recording counts: the simulator has no learning period.
const PROTOCOL: Protocol = Protocol {
    window_s: 0.15,
    from_s: 0.0,
    to_s: f64::INFINITY,
    map: ClassMap::Bxb,
    exclude_flutter: false,
    min_episode_s: 0.0,
};

fn scored(options: &SimulatorOptions) -> BeatScore {
    let simulation = simulate(options);
    let rate_hz = options.sample_rate_hz;
    let at = |time_s: f64| (time_s * rate_hz).round() as usize;
    // A beat whose complex the recording's edge cuts is nobody's fault.
    let whole = 0.1..options.duration_s - 0.1;
    let truth: Vec<(usize, BeatCode)> = simulation
        .truth
        .beats
        .iter()
        .filter(|beat| whole.contains(&beat.time_s))
        .map(|beat| (at(beat.time_s), BeatCode::N))
        .collect();
    let analysis = analyse(&simulation.recording, None).unwrap();
    let found: Vec<(usize, BeatCode)> = analysis
        .beats
        .iter()
        .filter(|beat| whole.contains(&beat.time_s))
        .map(|beat| (at(beat.time_s), BeatCode::N))
        .collect();
    score_marks(
        &Marks::of_beats(&truth),
        &Marks::of_beats(&found),
        rate_hz,
        &PROTOCOL,
    )
}

#[test]
fn beats_of_the_clean_simulator_are_found_at_every_rate_polarity_and_size() {
    let mut total = [0_u64; 3];
    let mut worst = (1.0, String::new());
    for rate_per_min in [30.0, 45.0, 60.0, 90.0, 120.0, 150.0, 180.0, 200.0, 220.0] {
        for sample_rate_hz in [125.0, 250.0, 360.0, 512.0, 1000.0] {
            for (size, inverted) in [
                (0.1, false),
                (0.1, true),
                (1.0, false),
                (1.0, true),
                (10.0, false),
                (10.0, true),
            ] {
                let score = scored(&SimulatorOptions {
                    rate_per_min: Some(rate_per_min),
                    sample_rate_hz,
                    amplitude_mv: size,
                    inverted,
                    duration_s: 30.0,
                    noise: vec![Noise::throughout(NoiseKind::Muscle, 30.0)],
                    gain_per_mv: 2000.0 / size.max(1.0),
                    ..SimulatorOptions::default()
                });
                let f1 = score.f1().unwrap_or(0.0);
                if f1 < worst.0 {
                    worst = (
                        f1,
                        format!(
                            "{rate_per_min}/min, {sample_rate_hz} Hz, {size} mV, inverted {inverted}: {score:?}"
                        ),
                    );
                }
                total[0] += score.true_positives();
                total[1] += score.false_negatives();
                total[2] += score.false_positives();
            }
        }
    }
    let [hit, missed, extra] = total;
    let f1 = 2.0 * hit as f64 / (2 * hit + missed + extra) as f64;
    println!(
        "{hit} beats found, {missed} missed, {extra} extra: F1 {:.3} %; worst {worst:?}",
        f1 * 100.0
    );
    assert!(f1 >= 0.999, "{f1} {worst:?}");
    assert!(worst.0 >= 0.97, "{worst:?}");
}
