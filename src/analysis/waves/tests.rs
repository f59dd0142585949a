use super::*;
use crate::analysis::{Analysis, analyse};
use crate::recording::{Gap, GapReason, Recording};
use crate::simulator::{
    Noise, NoiseKind, Rhythm as Simulated, SimulatorOptions, TrueWave, simulate,
};
use proptest::prelude::*;

fn options(rhythm: Simulated, rate_per_min: Option<f64>) -> SimulatorOptions {
    SimulatorOptions {
        rhythm,
        rate_per_min,
        duration_s: 60.0,
        noise: vec![Noise::throughout(NoiseKind::Muscle, 30.0)],
        ..SimulatorOptions::default()
    }
}

fn analysed(recording: &Recording) -> Analysis {
    analyse(recording, Some(0)).unwrap()
}

/// Found minus true onset, peak and end of a wave in milliseconds, over the beats that have it both ways.
fn errors_ms(
    options: &SimulatorOptions,
    found: impl Fn(&BeatWaves) -> Option<Wave>,
    truth: impl Fn(&crate::simulator::TrueBeat) -> Option<TrueWave>,
) -> Vec<[f64; 3]> {
    let simulation = simulate(options);
    let analysis = analysed(&simulation.recording);
    analysis
        .waves
        .iter()
        .filter_map(|waves| {
            let time_s = analysis.beats[waves.beat].time_s;
            let beat = simulation
                .truth
                .beats
                .iter()
                .find(|beat| (beat.time_s - time_s).abs() < 0.1)?;
            let (wave, truth) = (found(waves)?, truth(beat)?);
            let off = |offset_s: f32, true_s: f64| (time_s + f64::from(offset_s) - true_s) * 1000.0;
            Some([
                off(wave.onset_s, truth.onset_s),
                off(wave.peak_s, truth.peak_s),
                off(wave.end_s, truth.end_s),
            ])
        })
        .collect()
}

fn near_truth(errors: &[[f64; 3]], least: usize, bias_ms: [f64; 3], spread_ms: f64) {
    assert!(errors.len() >= least, "{} of {least}", errors.len());
    for (k, bias_ms) in bias_ms.into_iter().enumerate() {
        let column: Vec<f64> = errors.iter().map(|e| e[k]).collect();
        let middle = median(&column).unwrap();
        let spread = crate::signal::standard_deviation(&column).unwrap();
        assert!(middle.abs() <= bias_ms, "point {k}: off by {middle}");
        assert!(spread <= spread_ms, "point {k}: spread {spread}");
    }
}

#[test]
fn sinus_rhythm_is_marked_where_it_was_drawn() {
    for rate in [50.0, 70.0, 95.0] {
        let options = options(Simulated::Sinus, Some(rate));
        let least = (rate * 0.9) as usize;
        near_truth(
            &errors_ms(&options, |w| w.p.ok(), |b| b.p),
            least,
            [20.0, 6.0, 20.0],
            8.0,
        );
        near_truth(
            &errors_ms(&options, |w| Some(w.qrs), |b| Some(b.qrs)),
            least,
            [15.0, 4.0, 15.0],
            6.0,
        );
        near_truth(
            &errors_ms(&options, |w| w.t.ok(), |b| b.t),
            least,
            [60.0, 12.0, 25.0],
            12.0,
        );
    }
}

#[test]
fn an_inverted_t_is_a_t() {
    let options = SimulatorOptions {
        t_scale: -0.8,
        ..options(Simulated::Sinus, Some(70.0))
    };
    near_truth(
        &errors_ms(&options, |w| w.t.ok(), |b| b.t),
        60,
        [60.0, 12.0, 25.0],
        12.0,
    );
}

#[test]
fn a_p_on_the_t_of_a_tachycardia_is_found() {
    let options = options(Simulated::Tachycardia, Some(140.0));
    near_truth(
        &errors_ms(&options, |w| w.p.ok(), |b| b.p),
        120,
        [30.0, 10.0, 25.0],
        10.0,
    );
}

/// Share of the beats with a P wave.
fn with_p(options: &SimulatorOptions) -> f64 {
    let analysis = analysed(&simulate(options).recording);
    assert!(analysis.waves.len() > 30, "{} beats", analysis.waves.len());
    let with = analysis
        .waves
        .iter()
        .filter(|waves| waves.p.is_ok())
        .count();
    with as f64 / analysis.waves.len() as f64
}

#[test]
fn no_p_is_invented_where_there_is_none() {
    for seed in 1..6 {
        for rhythm in [
            Simulated::AtrialFibrillation,
            Simulated::VentricularTachycardia,
        ] {
            let options = SimulatorOptions {
                seed,
                ..options(rhythm, None)
            };
            let share = with_p(&options);
            assert!(share < 0.05, "{rhythm:?} {seed}: {share}");
        }
        let without = SimulatorOptions {
            p_scale: 0.0,
            seed,
            ..options(Simulated::Sinus, Some(55.0))
        };
        assert!(with_p(&without) < 0.05, "junctional {seed}");
    }
}

#[test]
fn premature_ventricular_beats_have_no_p_and_do_not_take_it_from_others() {
    let simulation = simulate(&options(Simulated::PrematureVentricular, Some(70.0)));
    let analysis = analysed(&simulation.recording);
    let (mut right, mut all) = (0, 0);
    for waves in &analysis.waves {
        let time_s = analysis.beats[waves.beat].time_s;
        let Some(beat) = simulation
            .truth
            .beats
            .iter()
            .find(|b| (b.time_s - time_s).abs() < 0.1)
        else {
            continue;
        };
        all += 1;
        right += usize::from(beat.p.is_some() == waves.p.is_ok());
    }
    assert!(all > 55 && right * 100 >= all * 95, "{right} of {all}");
}

#[test]
fn nothing_is_said_across_gaps_or_on_disturbed_stretches() {
    let mut simulation = simulate(&options(Simulated::Sinus, Some(70.0)));
    let gap = 10_000..12_000;
    simulation.recording.leads[0].gaps = vec![Gap {
        range: gap.clone(),
        reason: GapReason::LostPackets,
    }];
    let analysis = analysed(&simulation.recording);
    let (gap_from, gap_to) = (gap.start as f64 / 500.0, gap.end as f64 / 500.0);
    assert!(analysis.waves.len() > 40);
    for waves in &analysis.waves {
        let time_s = analysis.beats[waves.beat].time_s;
        let all = [Ok(waves.qrs), waves.p, waves.t];
        for wave in all.into_iter().flatten() {
            let (from, to) = (
                time_s + f64::from(wave.onset_s),
                time_s + f64::from(wave.end_s),
            );
            assert!(to <= gap_from || from >= gap_to, "{from} {to}");
            assert!(on_waves(&analysis.quality, to) || wave == waves.qrs);
        }
    }
}

#[test]
fn the_network_is_asked_up_to_ten_minutes_and_the_result_says_so() {
    for (duration_s, marked_by) in [
        (20.0, MarkedBy::RulesAndNetwork),
        (600.0, MarkedBy::RulesAndNetwork),
        (601.0, MarkedBy::Rules),
    ] {
        let options = SimulatorOptions {
            duration_s,
            sample_rate_hz: 125.0,
            ..options(Simulated::Sinus, Some(70.0))
        };
        let analysis = analysed(&simulate(&options).recording);
        assert_eq!(analysis.waves_by, marked_by, "{duration_s} s");
        assert!(analysis.waves.len() as f64 > duration_s);
    }
}

fn ordered(analysis: &Analysis) -> Result<(), TestCaseError> {
    let mut last = f64::NEG_INFINITY;
    for waves in &analysis.waves {
        let time_s = analysis.beats[waves.beat].time_s;
        for wave in [waves.p, Ok(waves.qrs), waves.t].into_iter().flatten() {
            let at = [wave.onset_s, wave.peak_s, wave.end_s].map(|s| time_s + f64::from(s));
            // Offsets are single precision: a microsecond is lost on the way to the next beat.
            prop_assert!(at[0] >= last - 1e-5, "{at:?} after {last}");
            prop_assert!(at[0] < at[1] && at[1] < at[2], "{at:?}");
            prop_assert!((0.0..=1.0).contains(&wave.confidence));
            last = at[2];
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn fiducials_are_always_in_order(
        rhythm in 0..Simulated::NAMED.len(),
        seed in 0_u64..1000,
        rate in prop::option::of(40.0..180.0_f64),
        snr_db in 5.0..30.0_f64,
    ) {
        let mut options = options(Simulated::NAMED[rhythm].1, rate);
        options.seed = seed;
        options.duration_s = 25.0;
        options.sample_rate_hz = 250.0;
        options.noise = vec![Noise::throughout(NoiseKind::Muscle, snr_db)];
        ordered(&analysed(&simulate(&options).recording))?;
    }

    #[test]
    fn neither_gain_nor_offset_nor_polarity_matter(seed in 0_u64..1000, gain in 0.3..4.0_f32, offset in -5.0..5.0_f32, turned: bool) {
        let mut options = options(Simulated::Sinus, Some(72.0));
        options.seed = seed;
        options.duration_s = 20.0;
        let simulation = simulate(&options);
        let lead = &simulation.recording.leads[0];
        let analysis = analysed(&simulation.recording);
        let gain = if turned { -gain } else { gain };
        let mut other = lead.clone();
        other.samples = crate::recording::Samples::from_values(
            lead.samples.all_values().iter().map(|v| gain * v + offset).collect(),
        );
        let moved = delineate(&other, &analysis.beats, &analysis.quality).beats;
        prop_assert_eq!(moved.len(), analysis.waves.len());
        let near = |a: Wave, b: Wave| {
            [(a.onset_s, b.onset_s), (a.peak_s, b.peak_s), (a.end_s, b.end_s)]
                .iter()
                .all(|(a, b)| (a - b).abs() < 0.0045)
        };
        for (a, b) in analysis.waves.iter().zip(&moved) {
            prop_assert!(near(a.qrs, b.qrs));
            prop_assert_eq!(a.p.is_ok(), b.p.is_ok());
            prop_assert_eq!(a.t.is_ok(), b.t.is_ok());
            if let (Ok(a), Ok(b)) = (a.p, b.p) {
                prop_assert!(near(a, b), "{a:?} {b:?}");
            }
            if let (Ok(a), Ok(b)) = (a.t, b.t) {
                prop_assert!(near(a, b), "{a:?} {b:?}");
            }
        }
    }
}
