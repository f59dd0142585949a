use super::*;
use proptest::prelude::*;

fn lead_values(simulation: &Simulation, index: usize) -> Vec<f32> {
    simulation.recording.leads[index].samples.all_values()
}

#[test]
fn the_example_is_what_the_landing_page_says() {
    let simulation = example();
    let lead = &simulation.recording.leads[0];
    assert_eq!((lead.samples.len(), lead.rate_hz), (15_360, 512.0));
    let ventricular: Vec<f64> = simulation
        .truth
        .beats
        .iter()
        .filter(|beat| beat.class == BeatCode::V)
        .map(|beat| beat.time_s)
        .collect();
    assert_eq!(ventricular.len(), 2, "{ventricular:?}");
    let fibrillation = simulation.truth.rhythms[1];
    assert_eq!(fibrillation.rhythm, Rhythm::AtrialFibrillation);
    assert!((fibrillation.from_s - 19.0).abs() < 0.5);
    let intervals: Vec<f64> = simulation
        .truth
        .beats
        .windows(2)
        .filter(|pair| pair[0].time_s > 19.0)
        .map(|pair| pair[1].time_s - pair[0].time_s)
        .collect();
    let shortest = intervals.iter().copied().fold(f64::MAX, f64::min);
    let longest = intervals.iter().copied().fold(0.0, f64::max);
    assert!(longest / shortest > 1.6, "{intervals:?}");
    assert!(
        simulation
            .truth
            .beats
            .iter()
            .all(|beat| (beat.time_s < 19.0 && beat.class == BeatCode::N) == beat.p.is_some())
    );
}

#[test]
fn r_times_are_the_true_extremum_at_every_rate() {
    for rate_hz in [50.0, 100.0, 128.0, 250.0, 360.0, 500.0, 1000.0] {
        let options = SimulatorOptions {
            sample_rate_hz: rate_hz,
            duration_s: 20.0,
            ..SimulatorOptions::default()
        };
        let simulation = simulate(&options);
        let values = lead_values(&simulation, 0);
        for beat in &simulation.truth.beats {
            let from = beat.sample.saturating_sub(rate_hz as usize / 20);
            let to = (beat.sample + rate_hz as usize / 20).min(values.len());
            if beat.sample < from + 2 || beat.sample + 2 >= to {
                continue;
            }
            let tallest = (from..to)
                .max_by(|&a, &b| values[a].total_cmp(&values[b]))
                .unwrap();
            assert!(
                tallest.abs_diff(beat.sample) <= 1,
                "{rate_hz} Hz at {}",
                beat.time_s
            );
        }
    }
}

#[test]
fn intervals_are_those_of_an_adult_at_60_per_min() {
    let simulation = simulate(&SimulatorOptions {
        rate_per_min: Some(60.0),
        rr_variability: Some(0.0),
        ..SimulatorOptions::default()
    });
    for beat in &simulation.truth.beats {
        let (p, t) = (beat.p.unwrap(), beat.t.unwrap());
        let pr_s = beat.qrs.onset_s - p.onset_s;
        let qt_s = t.end_s - beat.qrs.onset_s;
        assert!((0.15..0.17).contains(&pr_s), "PR {pr_s}");
        assert!(
            (0.08..0.10).contains(&beat.qrs.duration_s()),
            "QRS {}",
            beat.qrs.duration_s()
        );
        assert!((0.39..0.41).contains(&qt_s), "QT {qt_s}");
    }
}

#[test]
fn marks_are_ordered_from_40_to_180_per_min() {
    for rate in [40.0, 60.0, 100.0, 140.0, 180.0] {
        let simulation = simulate(&SimulatorOptions {
            rate_per_min: Some(rate),
            ..SimulatorOptions::default()
        });
        for beat in &simulation.truth.beats {
            let (p, q, t) = (beat.p.unwrap(), beat.qrs, beat.t.unwrap());
            let marks = [
                p.onset_s, p.peak_s, p.end_s, q.onset_s, q.peak_s, q.end_s, t.onset_s, t.peak_s,
                t.end_s,
            ];
            assert!(
                marks.windows(2).all(|pair| pair[0] < pair[1]),
                "{rate}/min {marks:?}"
            );
        }
    }
}

#[test]
fn ventricular_beats_are_wide_and_tall_with_a_discordant_t_wave() {
    let simulation = simulate(&SimulatorOptions {
        rhythm: Rhythm::Bigeminy,
        ..SimulatorOptions::default()
    });
    let lead = &simulation.recording.leads[0];
    let ventricular: Vec<&TrueBeat> = simulation
        .truth
        .beats
        .iter()
        .filter(|beat| beat.class == BeatCode::V)
        .collect();
    assert!(ventricular.len() > 10);
    for beat in ventricular {
        assert!(beat.p.is_none() && beat.qrs.duration_s() > 0.13);
        let t_peak = beat.t.unwrap().peak_s;
        if t_peak < 29.9 {
            assert!(lead.samples.value(lead.index_at(t_peak)).unwrap() < -0.2);
        }
    }
}

#[test]
fn t_waves_can_be_tall_or_inverted() {
    for (t_scale, sign) in [(3.0, 1.0), (-1.0, -1.0)] {
        let simulation = simulate(&SimulatorOptions {
            t_scale,
            ..SimulatorOptions::default()
        });
        let lead = &simulation.recording.leads[0];
        let peak_s = simulation.truth.beats[3].t.unwrap().peak_s;
        let value = lead.samples.value(lead.index_at(peak_s)).unwrap();
        assert!(value * sign > 0.2, "{value}");
    }
}

#[test]
fn fibrillating_atria_swing_at_4_to_9_hz() {
    let options = SimulatorOptions {
        rhythm: Rhythm::AtrialFibrillation,
        amplitude_mv: 1.0,
        duration_s: 20.0,
        sample_rate_hz: 100.0,
        ..SimulatorOptions::default()
    };
    let with = lead_values(&simulate(&options), 0);
    let without = lead_values(
        &simulate(&SimulatorOptions {
            f_scale: 0.0,
            ..options
        }),
        0,
    );
    let waves: Vec<f64> = with
        .iter()
        .zip(&without)
        .map(|(a, b)| f64::from(a - b))
        .collect();
    let power_at = |hz: f64| {
        let (mut re, mut im) = (0.0, 0.0);
        for (index, value) in waves.iter().enumerate() {
            let angle = TAU * hz * index as f64 / 100.0;
            re += value * angle.cos();
            im += value * angle.sin();
        }
        re * re + im * im
    };
    let total: f64 = (1..1000).map(|k| power_at(f64::from(k) * 0.05)).sum();
    let in_band: f64 = (80..180).map(|k| power_at(f64::from(k) * 0.05)).sum();
    assert!(in_band / total > 0.6, "{}", in_band / total);
    let high = waves.iter().copied().fold(0.0, f64::max);
    let low = waves.iter().copied().fold(0.0, f64::min);
    assert!((0.05..0.3).contains(&(high - low)), "{}", high - low);
}

#[test]
fn noise_has_the_asked_strength_only_within_its_stretch() {
    let clean = SimulatorOptions::default();
    let noisy = SimulatorOptions {
        noise: vec![Noise::during(NoiseKind::Muscle, 12.0, 10.0, 20.0)],
        ..clean.clone()
    };
    let clean = lead_values(&simulate(&clean), 0);
    let noisy = lead_values(&simulate(&noisy), 0);
    let power = |range: Range<usize>| {
        let n = range.len() as f64;
        range
            .map(|k| f64::from(noisy[k] - clean[k]).powi(2))
            .sum::<f64>()
            / n
    };
    assert_eq!(power(0..5000), 0.0);
    assert_eq!(power(10_000..15_000), 0.0);
    let high = clean.iter().copied().fold(0.0, f32::max);
    let low = clean.iter().copied().fold(0.0, f32::min);
    let signal = f64::from(high - low).powi(2) / 8.0;
    let snr_db = 10.0 * (signal / power(5000..10_000)).log10();
    assert!((snr_db - 12.0).abs() < 0.6, "{snr_db}");
}

#[test]
fn twelve_leads_obey_einthoven_and_look_like_a_chest() {
    let simulation = simulate(&twelve_leads(&named("sinus").unwrap()));
    let counts: Vec<&Vec<i16>> = simulation
        .recording
        .leads
        .iter()
        .map(|lead| match &lead.samples.data {
            crate::recording::SampleData::I16(counts) => counts,
            _ => panic!("16-bit counts"),
        })
        .collect();
    let samples = counts[0].len();
    (0..samples).for_each(|sample| {
        let at = |lead: usize| f64::from(counts[lead][sample]);
        assert_eq!(at(2), at(1) - at(0));
        assert!((at(3) + 0.5 * (at(0) + at(1))).abs() <= 0.5);
        assert!((at(3) + at(4) + at(5)).abs() <= 1.5);
    });
    // R progression: V1 mainly negative, V5 mainly positive.
    let extremes = |lead: usize| {
        let high = counts[lead].iter().copied().max().unwrap();
        let low = counts[lead].iter().copied().min().unwrap();
        (i32::from(high), i32::from(low))
    };
    let (v1, v5) = (extremes(6), extremes(10));
    assert!(-v1.1 > 2 * v1.0, "{v1:?}");
    assert!(v5.0 > -2 * v5.1, "{v5:?}");
    assert!(
        simulation
            .recording
            .leads
            .iter()
            .all(|lead| lead.standard.is_some())
    );
}

#[test]
fn swapped_electrodes_turn_everything_upside_down() {
    let upright = simulate(&SimulatorOptions::default());
    let inverted = simulate(&SimulatorOptions {
        inverted: true,
        ..SimulatorOptions::default()
    });
    assert_eq!(upright.truth.beats, inverted.truth.beats);
    assert!(
        lead_values(&upright, 0)
            .iter()
            .zip(lead_values(&inverted, 0))
            .all(|(a, b)| *a == -b)
    );
}

#[test]
fn the_same_seed_gives_the_same_recording_and_noise_moves_no_beat() {
    let options = named("pvc").unwrap();
    assert_eq!(simulate(&options), simulate(&options));
    let other = SimulatorOptions {
        noise: Vec::new(),
        ..options.clone()
    };
    assert_eq!(simulate(&options).truth.beats, simulate(&other).truth.beats);
    let reseeded = SimulatorOptions { seed: 2, ..options };
    assert_ne!(
        simulate(&reseeded).truth.beats,
        simulate(&other).truth.beats
    );
}

#[test]
fn every_named_rhythm_can_be_simulated() {
    for (name, rhythm) in Rhythm::NAMED {
        let options = named(name).unwrap();
        assert_eq!(options.rhythm, rhythm);
        let simulation = simulate(&options);
        let expected = rhythm.usual_rate_per_min() * 0.5;
        let truth = &simulation.truth;
        // The rate is that of the sinus node, but where nothing of it is conducted.
        let unanswered = match rhythm {
            Rhythm::CompleteBlock => 0,
            _ => truth.lone_p.len(),
        };
        let found = (truth.beats.len() + unanswered) as f64;
        assert!(
            found > 0.6 * expected && found < 1.7 * expected,
            "{name}: {found} beats"
        );
        assert!(
            simulation
                .recording
                .annotations
                .iter()
                .any(|mark| mark.code == "+")
        );
    }
    assert!(named("nonsense").is_none());
}

proptest! {
    #[test]
    fn no_option_can_panic_or_hang(
        rate in proptest::num::f64::ANY,
        duration in prop_oneof![Just(f64::NAN), -10.0..40.0_f64],
        sample_rate in proptest::num::f64::ANY,
        amplitude in proptest::num::f64::ANY,
        variability in proptest::num::f64::ANY,
        snr in proptest::num::f64::ANY,
        from in proptest::num::f64::ANY,
        to in proptest::num::f64::ANY,
        which in 0_usize..12,
        seed in any::<u64>(),
    ) {
        let options = SimulatorOptions {
            rhythm: Rhythm::NAMED[which].1,
            rate_per_min: Some(rate),
            rr_variability: Some(variability),
            duration_s: duration,
            sample_rate_hz: sample_rate,
            amplitude_mv: amplitude,
            noise: vec![Noise::during(NoiseKind::Motion, snr, from, to)],
            changes: vec![RhythmChange { at_s: from, rhythm: Rhythm::Sinus, rate_per_min: Some(to) }],
            ectopics: vec![Ectopic { at_s: to, origin: EctopicOrigin::Atrial }],
            seed,
            ..SimulatorOptions::default()
        };
        let simulation = simulate(&options);
        let samples = simulation.recording.leads[0].samples.len();
        prop_assert!(simulation.truth.beats.iter().all(|beat| beat.sample < samples));
    }
}
