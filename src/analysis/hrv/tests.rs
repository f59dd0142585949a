use super::testing::{WORKED_MS, analysis, at_times, two_waves_ms};
use super::*;
use crate::analysis::{Analysis, Grade, QualitySpan, analyse};
use crate::recording::BeatCode;
use crate::simulator::{Rhythm, SimulatorOptions, simulate};
use proptest::prelude::*;

const RATE_HZ: f64 = 500.0;

fn of(analysis: &Analysis) -> Hrv {
    measure(analysis, RATE_HZ, &Overruling::default(), &[])
}

fn value(hrv: &Hrv, name: &str) -> f64 {
    let figure = hrv
        .figure(name)
        .unwrap_or_else(|| panic!("{name}: {:?}", hrv.withheld));
    match &figure.corrected {
        Measured::Value { value, .. } => *value,
        Measured::Withheld(reason) => panic!("{name} withheld: {reason:?}"),
    }
}

fn reason<'a>(hrv: &'a Hrv, name: &str) -> &'a str {
    match &hrv.figure(name).unwrap().corrected {
        Measured::Withheld(reason) => &reason.id,
        Measured::Value { value, .. } => panic!("{name} is {value}"),
    }
}

fn kinds(hrv: &Hrv) -> Vec<(usize, CorrectionKind)> {
    hrv.corrections.iter().map(|c| (c.beat, c.kind)).collect()
}

/// Beat times of five minutes of two waves with a little scatter, so that thresholds are not those of pure sines.
fn times() -> Vec<f64> {
    let mut t = 0.4;
    let lengths = two_waves_ms(300.0);
    let scatter = testing::white_noise(lengths.len());
    let steps = lengths
        .iter()
        .zip(scatter)
        .map(|(length, noise)| (length + 6.0 * noise) / 1000.0);
    std::iter::once(0.4)
        .chain(steps.map(|step| {
            t += step;
            t
        }))
        .collect()
}

#[test]
fn the_worked_series_is_measured_as_far_as_its_length_carries() {
    let mut whole = analysis(&WORKED_MS);
    whole.quality[0].range_s.end = 10.0;
    let hrv = of(&whole);
    // 10 intervals are 8.3 s; with an interval at either end they fill 10 s of usable signal, not more.
    assert!(hrv.withheld.is_some() || (value(&hrv, "rmssd_ms") - 34.0408).abs() < 1e-3);
    let three: Vec<f64> = WORKED_MS.iter().copied().cycle().take(30).collect();
    let hrv = of(&analysis(&three));
    assert_eq!(reason(&hrv, "sdnn_ms"), "hrv-withheld-length");
    assert_eq!(reason(&hrv, "hf_ms2"), "hrv-withheld-length");
    assert!(value(&hrv, "rmssd_ms") > 30.0);
}

#[test]
fn five_clean_minutes_have_every_figure_but_those_of_a_day() {
    let hrv = of(&analysis(&two_waves_ms(300.0)));
    assert!(hrv.corrections.is_empty());
    assert!(hrv.windows.is_empty());
    for (name, expected, tolerance) in [
        ("mean_nn_ms", 798.79, 0.01),
        ("sdnn_ms", 31.648, 0.001),
        ("rmssd_ms", 21.719, 0.001),
        ("pnn50_pct", 0.0, 1e-9),
        ("lf_ms2", 800.0, 24.0),
        ("hf_ms2", 200.0, 6.0),
        ("lf_hf", 4.0, 0.2),
        ("total_ms2", 1000.0, 30.0),
        ("hf_peak_hz", 0.25, 0.002),
    ] {
        let value = value(&hrv, name);
        assert!((value - expected).abs() < tolerance, "{name}: {value}");
    }
    for name in ["triangular_index", "sdann_ms", "sdnn_index_ms"] {
        assert_eq!(reason(&hrv, name), "hrv-withheld-length");
    }
    value(&hrv, "sample_entropy");
    value(&hrv, "dfa_alpha1");
}

#[test]
fn a_missing_beat_is_noticed_and_its_interval_left_out() {
    let clean = of(&at_times(&times()));
    assert_eq!(kinds(&clean), []);
    let mut times = times();
    times.remove(150);
    let hrv = of(&at_times(&times));
    assert_eq!(kinds(&hrv), [(150, CorrectionKind::Missed)]);
    assert_eq!(hrv.kept, hrv.intervals - 1);
    for name in ["sdnn_ms", "rmssd_ms", "lf_ms2", "hf_ms2"] {
        let (with, without) = (value(&hrv, name), value(&clean, name));
        assert!(
            (with / without - 1.0).abs() < 0.02,
            "{name}: {with} {without}"
        );
    }
    let raw = hrv.figure("rmssd_ms").unwrap().raw.value().unwrap();
    assert!(raw > 2.0 * value(&hrv, "rmssd_ms"));
}

#[test]
fn an_extra_beat_is_taken_away() {
    let clean = of(&at_times(&times()));
    let mut times = times();
    times.insert(150, times[149] + 0.35);
    let hrv = of(&at_times(&times));
    assert_eq!(kinds(&hrv), [(150, CorrectionKind::Extra)]);
    assert_eq!(hrv.kept, clean.kept);
    for name in [
        "sdnn_ms",
        "rmssd_ms",
        "lf_ms2",
        "hf_ms2",
        "sample_entropy",
        "dfa_alpha1",
    ] {
        assert!(
            (value(&hrv, name) - value(&clean, name)).abs() < 1e-6,
            "{name}"
        );
    }
}

#[test]
fn a_premature_beat_with_its_pause_is_one_ectopic_beat() {
    let mut times = times();
    times[150] -= 0.3;
    let hrv = of(&at_times(&times));
    assert_eq!(kinds(&hrv), [(150, CorrectionKind::Ectopic)]);
    assert_eq!(hrv.kept, hrv.intervals - 2);
}

#[test]
fn a_beat_of_another_class_is_left_out_with_both_its_intervals() {
    let mut whole = at_times(&times());
    whole.beats[150].class = BeatCode::V;
    let hrv = of(&whole);
    assert_eq!(kinds(&hrv), [(150, CorrectionKind::Ectopic)]);
    assert_eq!(hrv.kept, hrv.intervals - 2);
    let right = Overruling {
        right_beats: [150].into(),
        ..Overruling::default()
    };
    let hrv = measure(&whole, RATE_HZ, &right, &[]);
    assert_eq!(hrv.kept, hrv.intervals);
}

#[test]
fn who_declares_a_beat_right_is_believed() {
    let mut times = times();
    times[150] -= 0.3;
    let right = Overruling {
        right_beats: [150].into(),
        ..Overruling::default()
    };
    let hrv = measure(&at_times(&times), RATE_HZ, &right, &[]);
    assert_eq!(kinds(&hrv), []);
    assert_eq!(hrv.kept, hrv.intervals);
}

#[test]
fn taking_out_a_beat_or_a_stretch_never_bridges_it() {
    let whole = at_times(&times());
    let all = of(&whole).intervals;
    let beat = Overruling {
        excluded_beats: [100].into(),
        ..Overruling::default()
    };
    let hrv = measure(&whole, RATE_HZ, &beat, &[]);
    assert_eq!((hrv.intervals, hrv.corrections.len()), (all - 2, 0));
    let (from, to) = (whole.beats[200].time_s + 0.1, whole.beats[203].time_s + 0.1);
    let stretch = Overruling {
        excluded_s: std::iter::once(from..to).collect(),
        ..Overruling::default()
    };
    let hrv = measure(&whole, RATE_HZ, &stretch, &[]);
    // The intervals 200 to 201 and 203 to 204 reach into it.
    assert_eq!((hrv.intervals, hrv.corrections.len()), (all - 4, 0));
}

#[test]
fn a_gap_is_not_bridged() {
    let mut times = times();
    times.drain(150..155);
    let mut whole = at_times(&times);
    whole.beats[150].follows = false;
    let hrv = of(&whole);
    assert_eq!(kinds(&hrv), []);
    assert_eq!(hrv.intervals, times.len() - 2);
    let longest = hrv.figure("sdnn_ms").unwrap().raw.value().unwrap();
    assert!(longest < 40.0, "{longest}");
}

#[test]
fn constant_intervals_divide_by_nothing() {
    let hrv = of(&analysis(&[800.0; 375]));
    assert_eq!(kinds(&hrv), []);
    assert!(value(&hrv, "sdnn_ms").abs() < 1e-6 && value(&hrv, "rmssd_ms").abs() < 1e-6);
    for name in ["lf_ms2", "hf_ms2", "lf_hf", "sample_entropy", "dfa_alpha1"] {
        assert_eq!(reason(&hrv, name), "hrv-withheld-undefined", "{name}");
    }
    // Quantised ones have a quartile deviation of 0 and one sample of difference.
    let steps: Vec<f64> = (0..375)
        .map(|k| if k % 9 == 0 { 802.0 } else { 800.0 })
        .collect();
    assert_eq!(kinds(&of(&analysis(&steps))), []);
}

#[test]
fn a_rhythm_that_carries_none_withholds_all_or_is_left_out() {
    let whole = at_times(&times());
    let barred = |from: f64, to: f64| Barred {
        range_s: from..to,
        reason: Phrase::new("hrv-withheld-fibrillation"),
    };
    let hrv = measure(
        &whole,
        RATE_HZ,
        &Overruling::default(),
        &[barred(0.0, 300.0)],
    );
    assert_eq!(hrv.withheld.unwrap().id, "hrv-withheld-fibrillation");
    assert!(hrv.figures.is_empty());
    let hrv = measure(
        &whole,
        RATE_HZ,
        &Overruling::default(),
        &[barred(100.0, 140.0)],
    );
    assert_eq!(hrv.withheld.unwrap().id, "hrv-withheld-fibrillation");
    let hrv = measure(
        &whole,
        RATE_HZ,
        &Overruling::default(),
        &[barred(100.0, 115.0)],
    );
    assert_eq!(hrv.withheld, None);
    assert!(hrv.intervals < whole.beats.len() - 18);
    assert_eq!(hrv.remarks[0].id, "hrv-remark-rhythm");
}

#[test]
fn too_many_corrected_beats_withhold_all_but_are_told() {
    let mut whole = at_times(&times());
    for beat in whole.beats.iter_mut().skip(5).step_by(8) {
        beat.class = BeatCode::V;
    }
    let hrv = of(&whole);
    assert_eq!(hrv.withheld.as_ref().unwrap().id, "hrv-withheld-corrected");
    assert!(hrv.corrections.len() > 40);
}

#[test]
fn lengths_rates_and_slow_hearts_withhold() {
    assert_eq!(
        of(&analysis(&[800.0; 9])).withheld.unwrap().id,
        "hrv-withheld-length"
    );
    assert_eq!(
        of(&at_times(&[])).withheld.unwrap().id,
        "hrv-withheld-length"
    );
    let slow_sampling = measure(&at_times(&times()), 64.0, &Overruling::default(), &[]);
    assert_eq!(slow_sampling.withheld.unwrap().id, "hrv-withheld-rate");
    let slow: Vec<f64> = two_waves_ms(300.0).iter().map(|rr| rr * 1.7).collect();
    let hrv = of(&analysis(&slow));
    assert_eq!(reason(&hrv, "hf_ms2"), "hrv-withheld-slow");
    value(&hrv, "rmssd_ms");
    // A minute and a half carries HF, not LF, and not what needs many beats.
    let hrv = of(&analysis(&two_waves_ms(90.0)));
    value(&hrv, "hf_ms2");
    for name in ["lf_ms2", "lf_hf", "total_ms2"] {
        assert_eq!(reason(&hrv, name), "hrv-withheld-length");
    }
    for name in ["sample_entropy", "dfa_alpha1"] {
        assert_eq!(reason(&hrv, name), "hrv-withheld-few");
    }
    assert_eq!(hrv.remarks[0].id, "hrv-remark-short-sdnn");
}

#[test]
fn unreadable_minutes_leave_a_window_without_figures() {
    let mut whole = analysis(&two_waves_ms(1500.0));
    let end = whole.quality[0].range_s.end;
    let span = |range_s, grade| QualitySpan {
        range_s,
        grade,
        reasons: Vec::new(),
    };
    whole.quality = vec![
        span(0.0..320.0, Grade::Waves),
        span(320.0..560.0, Grade::Unusable),
        span(560.0..end, Grade::Waves),
    ];
    whole
        .beats
        .retain(|beat| !(320.0..560.0).contains(&beat.time_s));
    let after = whole
        .beats
        .iter()
        .position(|beat| beat.time_s > 560.0)
        .unwrap();
    whole.beats[after].follows = false;
    let hrv = of(&whole);
    assert_eq!(hrv.windows.len(), 5);
    let low = |window: usize| {
        hrv.windows[window]
            .figures
            .iter()
            .find(|figure| figure.name == "lf_ms2")
            .and_then(|figure| figure.corrected.value())
    };
    assert_eq!(low(1), None);
    assert!(low(0).is_some() && low(2).is_some());
    assert!((value(&hrv, "lf_ms2") / 800.0 - 1.0).abs() < 0.03);
}

#[test]
fn a_day_has_figures_of_its_windows_in_little_time() {
    let hrv = of(&analysis(&two_waves_ms(86_400.0)));
    assert_eq!(hrv.windows.len(), 288);
    // The same waves in every window: their means do not differ, their deviations are those of the whole.
    assert!(value(&hrv, "sdann_ms") < 1.0);
    assert!((value(&hrv, "sdnn_index_ms") / value(&hrv, "sdnn_ms") - 1.0).abs() < 0.01);
    assert!(value(&hrv, "triangular_index") > 5.0);
}

fn of_simulated(options: &SimulatorOptions) -> Hrv {
    let recording = simulate(options).recording;
    let whole = analyse(&recording, None).unwrap();
    measure(
        &whole,
        recording.leads[0].rate_hz,
        &Overruling::default(),
        &[],
    )
}

#[test]
fn simulated_breathing_is_where_hf_has_its_peak() {
    let options = SimulatorOptions {
        duration_s: 310.0,
        ..SimulatorOptions::default()
    };
    let hrv = of_simulated(&options);
    let peak = value(&hrv, "hf_peak_hz");
    assert!((peak - 0.25).abs() < 0.01, "{peak}");
}

#[test]
fn simulated_ectopic_beats_are_found_by_their_times_alone() {
    let options = SimulatorOptions {
        rhythm: Rhythm::PrematureVentricular,
        rate_per_min: Some(60.0),
        duration_s: 300.0,
        ..SimulatorOptions::default()
    };
    let hrv = of_simulated(&options);
    assert!(hrv.corrections.len() > 20, "{:?}", hrv.corrections.len());
    let unexplained = hrv
        .corrections
        .iter()
        .filter(|found| found.kind != CorrectionKind::Ectopic)
        .count();
    assert!(
        unexplained * 10 < hrv.corrections.len(),
        "{:?}",
        kinds(&hrv)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_later_start_moves_no_figure(shift in 0.0..80_000.0_f64, removed in 20_usize..300, moved in 20_usize..300) {
        let mut times = times();
        times[moved] -= 0.25;
        times.remove(removed);
        let mut later = at_times(&times.iter().map(|t| t + shift).collect::<Vec<_>>());
        let here = at_times(&times);
        // Windows are those of the clock: both lie in their first one.
        later.quality = here.quality.clone();
        let (here, later) = (of(&here), of(&later));
        prop_assert_eq!(kinds(&here), kinds(&later));
        prop_assert_eq!((here.kept, here.intervals), (later.kept, later.intervals));
        for name in ["mean_nn_ms", "sdnn_ms", "rmssd_ms", "sd1_ms", "sd2_ms", "dfa_alpha1"] {
            prop_assert!((value(&here, name) - value(&later, name)).abs() < 1e-4);
        }
    }

    #[test]
    fn one_missing_or_extra_beat_is_put_right_anywhere(at in 8_usize..360, part in 0.3..0.7_f64) {
        let mut missing = times();
        missing.remove(at);
        let hrv = of(&at_times(&missing));
        prop_assert_eq!(kinds(&hrv), [(at, CorrectionKind::Missed)]);
        let mut extra = times();
        extra.insert(at, times()[at - 1] + part * (times()[at] - times()[at - 1]));
        let hrv = of(&at_times(&extra));
        prop_assert_eq!(kinds(&hrv), [(at, CorrectionKind::Extra)]);
    }

    #[test]
    fn nothing_that_beats_do_breaks_it(steps in prop::collection::vec(0.0..3.0_f64, 0..400), breaks in prop::collection::vec(0_usize..400, 0..20)) {
        let mut t = 0.0;
        let times: Vec<f64> = steps.iter().map(|step| { t += step; t }).collect();
        let mut whole = at_times(&times);
        for at in breaks {
            if let Some(beat) = whole.beats.get_mut(at) {
                beat.follows = false;
            }
        }
        let hrv = of(&whole);
        prop_assert!(hrv.kept <= hrv.intervals);
        for figure in hrv.figures.iter().chain(hrv.windows.iter().flat_map(|window| &window.figures)) {
            for value in [figure.raw.value(), figure.corrected.value()].into_iter().flatten() {
                prop_assert!(value.is_finite() && value >= 0.0 || figure.name == "dfa_alpha1");
            }
        }
    }
}
