use super::beats::tests::trace;
use super::*;
use crate::recording::{Gap, GapReason, Lead, Recording, Samples};
use proptest::prelude::*;

fn recording(values: Vec<f32>, rate_hz: f64) -> Recording {
    Recording {
        leads: vec![Lead::ecg("I", rate_hz, Samples::from_values(values))],
        ..Recording::default()
    }
}

fn seconds_unusable(values: Vec<f32>) -> (f64, usize) {
    let analysis = analyse(&recording(values, 250.0), None).unwrap();
    (analysis.seconds_by_grade()[0], analysis.beats.len())
}

fn sine(hz: f64, seconds: usize) -> Vec<f32> {
    (0..250 * seconds)
        .map(|k| (2.0 * std::f64::consts::PI * hz * k as f64 / 250.0).sin() as f32)
        .collect()
}

#[test]
fn a_clean_trace_is_measured_as_it_was_made() {
    let (values, truth) = trace(500.0, 60.0, 30.0, 0.005);
    let analysis = analyse(&recording(values, 500.0), None).unwrap();
    assert_eq!(analysis.beats.len(), truth.len());
    assert!(!analysis.inverted);
    let rate = analysis.rate.unwrap();
    assert!((rate.mean - 60.0).abs() < 0.1 && rate.n == truth.len() - 1);
    assert!(
        analysis
            .quality
            .iter()
            .all(|span| span.grade == Grade::Waves),
        "{:?}",
        analysis.quality
    );
    // The trace's P begins about 2.2 standard deviations before its peak, 0.204 s before R; Q and S as much around R.
    let near = |measured: &Measured<f64>, expected: f64, within: f64| {
        let value = measured.value().unwrap();
        assert!((value - expected).abs() < within, "{value} for {expected}");
    };
    near(&analysis.intervals.pr_ms, 155.0, 20.0);
    near(&analysis.intervals.qrs_ms, 100.0, 20.0);
    near(&analysis.intervals.qt_ms, 407.0, 20.0);
    let qt = analysis.intervals.qt_ms.value().unwrap();
    for corrected in [
        &analysis.intervals.qtc_bazett_ms,
        &analysis.intervals.qtc_fridericia_ms,
        &analysis.intervals.qtc_framingham_ms,
        &analysis.intervals.qtc_hodges_ms,
    ] {
        near(corrected, qt, 1.0);
    }
}

#[test]
fn an_inverted_trace_is_called_so_and_measures_alike() {
    let (values, _) = trace(500.0, 70.0, 30.0, 0.005);
    let upright = analyse(&recording(values.clone(), 500.0), None).unwrap();
    let inverted = analyse(&recording(values.iter().map(|v| -v).collect(), 500.0), None).unwrap();
    assert!(inverted.inverted && !upright.inverted);
    let (a, b) = (
        upright.intervals.qt_ms.value().unwrap(),
        inverted.intervals.qt_ms.value().unwrap(),
    );
    assert!((a - b).abs() < 4.0, "{a} {b}");
}

#[test]
fn motion_is_unusable_and_extra_beats_are_not() {
    use crate::simulator::{Noise, NoiseKind, Rhythm, SimulatorOptions, simulate};
    let unusable_s = |options: &SimulatorOptions| {
        let analysis = analyse(&simulate(options).recording, None).unwrap();
        analysis.seconds_by_grade()[0]
    };
    for seed in 1..4 {
        let usual = SimulatorOptions {
            duration_s: 60.0,
            seed,
            noise: vec![Noise::throughout(NoiseKind::Muscle, 25.0)],
            ..SimulatorOptions::default()
        };
        for rhythm in [
            Rhythm::Bigeminy,
            Rhythm::Trigeminy,
            Rhythm::PrematureVentricular,
            Rhythm::Tachycardia,
            Rhythm::AtrialFibrillation,
            Rhythm::Pause,
            Rhythm::VentricularTachycardia,
        ] {
            let of = SimulatorOptions {
                rhythm,
                ..usual.clone()
            };
            assert!(
                unusable_s(&of) <= 1.0,
                "{rhythm:?} {seed}: {}",
                unusable_s(&of)
            );
        }
        let moved = SimulatorOptions {
            noise: vec![Noise {
                span_s: Some(20.0..40.0),
                ..Noise::throughout(NoiseKind::Motion, -12.0)
            }],
            ..usual.clone()
        };
        let lost_s = unusable_s(&moved);
        assert!((1.0..26.0).contains(&lost_s), "{seed}: {lost_s}");
    }
}

#[test]
fn noise_hum_and_nothing_are_unusable_and_have_no_beats() {
    let mut seed = 3_u64;
    let noise: Vec<f32> = (0..250 * 60)
        .map(|_| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 40) as f32 / (1 << 24) as f32 - 0.5
        })
        .collect();
    for values in [noise, sine(50.0, 60), sine(0.3, 60), vec![0.0; 15_000]] {
        assert_eq!(seconds_unusable(values), (60.0, 0));
    }
}

#[test]
fn reasons_name_the_disturbance() {
    let (clean, _) = trace(250.0, 70.0, 30.0, 0.005);
    let with = |extra: Vec<f32>| {
        let values = clean.iter().zip(extra).map(|(a, b)| a + b).collect();
        let analysis = analyse(&recording(values, 250.0), None).unwrap();
        assert_eq!(analysis.beats.len(), 35, "{:?}", analysis.quality);
        let mut reasons: Vec<QualityReason> = analysis
            .quality
            .iter()
            .flat_map(|s| s.reasons.clone())
            .collect();
        reasons.dedup();
        reasons
    };
    assert_eq!(
        with(sine(50.0, 30).iter().map(|v| v * 0.2).collect()),
        vec![QualityReason::Mains]
    );
    let weak: Vec<f32> = clean.iter().map(|v| v * -0.9).collect();
    assert_eq!(with(weak), vec![QualityReason::Weak]);
    assert!(with(sine(0.4, 30).iter().map(|v| v * 1.5).collect()).contains(&QualityReason::Wander));
}

#[test]
fn what_cannot_be_measured_is_withheld_with_its_reason() {
    let reason = |values: Vec<f32>| {
        let analysis = analyse(&recording(values, 250.0), None).unwrap();
        assert!(analysis.rate.is_err() || analysis.rate.as_ref().is_ok_and(|r| r.mean.is_finite()));
        match analysis.intervals.qt_ms {
            Measured::Withheld(phrase) => phrase.id,
            Measured::Value { .. } => String::new(),
        }
    };
    assert_eq!(reason(vec![0.0; 5000]), "analysis-too-few-beats");
    assert_eq!(reason(vec![1.0]), "analysis-too-few-beats");
    assert_eq!(
        reason(trace(250.0, 60.0, 2.0, 0.0).0),
        "analysis-too-few-beats"
    );
    assert!(analyse(&Recording::default(), None).is_err());
    assert!(analyse(&recording(vec![], 250.0), None).is_err());
    assert!(analyse(&recording(vec![1.0], 250.0), Some(3)).is_err());
}

#[test]
fn marks_are_in_order_at_every_rate() {
    for bpm in [40.0, 60.0, 90.0, 120.0, 140.0, 180.0, 220.0] {
        let (values, _) = trace(500.0, bpm, 30.0, 0.01);
        let analysis = analyse(&recording(values, 500.0), None).unwrap();
        let waves = analysis.median_beat.unwrap().waves;
        let marks: Vec<f64> = [
            waves.p_onset,
            waves.p_peak,
            waves.p_end,
            waves.qrs_onset,
            waves.qrs_end,
            waves.t_onset,
            waves.t_peak,
            waves.t_end,
        ]
        .into_iter()
        .flatten()
        .collect();
        assert!(
            marks.len() >= 2 && marks.windows(2).all(|pair| pair[0] <= pair[1]),
            "{bpm}: {waves:?}"
        );
    }
}

#[test]
fn without_p_waves_no_pr() {
    let (mut values, truth) = trace(250.0, 75.0, 30.0, 0.01);
    let qt = (60.0_f64 / 75.0).sqrt();
    for (index, value) in values.iter_mut().enumerate() {
        for r in &truth {
            let t = index as f64 / 250.0 - (r - 0.16 * qt);
            *value -= (0.12 * (-(t / (0.02 * qt)).powi(2) / 2.0).exp()) as f32;
        }
    }
    let analysis = analyse(&recording(values, 250.0), None).unwrap();
    assert_eq!(
        analysis.intervals.pr_ms,
        Measured::withheld("analysis-no-clear-p")
    );
    assert!(analysis.intervals.qt_ms.value().is_some());
}

/// Where R and S are nearly equal, and each breath makes the other one the larger, the trace is as good as any.
#[test]
fn a_fiducial_that_goes_from_r_to_s_is_no_motion() {
    let (mut values, truth) = trace(250.0, 40.0, 40.0, 0.005);
    for (index, value) in values.iter_mut().enumerate() {
        let t = index as f64 / 250.0;
        let wave = |at: f64, width: f64| (-((t - at) / width).powi(2) / 2.0).exp();
        for (beat, r) in truth.iter().enumerate() {
            let s_mv = if beat % 2 == 0 { 1.7 } else { 0.7 };
            *value -= (s_mv * wave(r + 0.045, 0.012)) as f32;
        }
    }
    let analysis = analyse(&recording(values, 250.0), None).unwrap();
    let late = |beat: &Beat| truth.iter().any(|r| (beat.time_s - r - 0.045).abs() < 0.01);
    let by_s = analysis.beats.iter().filter(|beat| late(beat)).count();
    assert!(by_s > 8 && by_s + 8 < analysis.beats.len(), "{by_s}");
    let waves_s = analysis.seconds_by_grade()[2];
    assert!(waves_s > 39.0, "{:?}", analysis.quality);
}

#[test]
fn the_better_lead_is_chosen_and_the_first_of_equals() {
    let (clean, _) = trace(250.0, 70.0, 30.0, 0.005);
    let mut two = recording(vec![0.0; 7500], 250.0);
    two.leads
        .push(Lead::ecg("II", 250.0, Samples::from_values(clean.clone())));
    assert_eq!(analyse(&two, None).unwrap().lead, 1);
    assert_eq!(analyse(&two, Some(0)).unwrap().lead, 0);
    two.leads[0] = Lead::ecg("I", 250.0, Samples::from_values(clean));
    assert_eq!(analyse(&two, None).unwrap().lead, 0);
    // The first on a printed sheet, wherever it stands in the file.
    two.leads.reverse();
    assert_eq!(analyse(&two, None).unwrap().lead, 1);
}

#[test]
fn a_gap_is_missing_and_no_interval_spans_it() {
    let (values, _) = trace(250.0, 70.0, 40.0, 0.005);
    let mut recording = recording(values, 250.0);
    recording.leads[0].gaps = vec![Gap {
        range: 4000..6000,
        reason: GapReason::LostPackets,
    }];
    let analysis = analyse(&recording, None).unwrap();
    assert!(analysis.rr_s().all(|(_, rr)| rr < 1.0));
    let inside = analysis
        .quality
        .iter()
        .find(|span| span.range_s.contains(&20.0))
        .unwrap();
    assert_eq!(
        (inside.grade, inside.reasons.as_slice()),
        (Grade::Unusable, &[QualityReason::Missing][..])
    );
    let covered: f64 = analysis
        .quality
        .iter()
        .map(|s| s.range_s.end - s.range_s.start)
        .sum();
    assert!((covered - 40.0).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_stream_in_any_chunks_says_what_the_file_says(cuts in prop::collection::vec(0_usize..5000, 0..8)) {
        let (values, _) = trace(250.0, 77.0, 20.0, 0.03);
        let mut whole = LiveAnalysis::new(250.0, true);
        let mut expected = whole.push(&values);
        let end = whole.finish();
        expected.beats.extend(end.beats);
        expected.quality.extend(end.quality);

        let mut cuts = cuts;
        cuts.extend([0, values.len()]);
        cuts.sort_unstable();
        let mut live = LiveAnalysis::new(250.0, true);
        let mut said = LiveUpdate::default();
        for pair in cuts.windows(2) {
            let update = live.push(&values[pair[0]..pair[1]]);
            said.beats.extend(update.beats);
            said.quality.extend(update.quality);
        }
        let end = live.finish();
        said.beats.extend(end.beats);
        said.quality.extend(end.quality);
        prop_assert_eq!(&said.beats, &expected.beats);
        prop_assert_eq!(&said.quality, &expected.quality);
        let file = analyse(&recording(values, 250.0), None).unwrap();
        prop_assert_eq!(file.beats.len(), expected.beats.len());
    }
}
