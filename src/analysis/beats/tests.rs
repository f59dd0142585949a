use super::*;
use crate::recording::{Gap, GapReason, Samples};
use proptest::prelude::*;

/// A trace of P, QRS and T waves (sums of Gaussians) with its R peaks in seconds, and white noise of `noise_mv`.
pub fn trace(rate_hz: f64, bpm: f64, seconds: f64, noise_mv: f64) -> (Vec<f32>, Vec<f64>) {
    let rr = 60.0 / bpm;
    // QT shortens with the interval, as it does in life.
    let qt = rr.sqrt().min(1.1);
    let beats: Vec<f64> = (0..)
        .map(|k| 0.3 + rr * f64::from(k))
        .take_while(|t| *t < seconds - 0.1)
        .collect();
    let mut seed = 7_u64;
    let mut noise = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as f64 / (1_u64 << 53) as f64 * 2.0 - 1.0
    };
    let wave = |t: f64, at: f64, width: f64, height: f64| {
        height * (-((t - at) / width).powi(2) / 2.0).exp()
    };
    let values = (0..(seconds * rate_hz) as usize)
        .map(|index| {
            let t = index as f64 / rate_hz;
            let near = ((t - 0.3) / rr).round();
            let mut value = noise_mv * 1.7 * noise();
            for k in [near - 1.0, near, near + 1.0] {
                let r = 0.3 + rr * k;
                if k < 0.0 || k >= beats.len() as f64 {
                    continue;
                }
                value += wave(t, r - 0.16 * qt, 0.02 * qt, 0.12)
                    + wave(t, r - 0.025, 0.008, -0.1)
                    + wave(t, r, 0.011, 1.0)
                    + wave(t, r + 0.03, 0.010, -0.25)
                    + wave(t, r + 0.27 * qt, 0.045 * qt, 0.3);
            }
            value as f32
        })
        .collect();
    (values, beats)
}

fn finals(values: &[f32], rate_hz: f64) -> Vec<Beat> {
    let mut detector = BeatDetector::finals_only(rate_hz);
    let mut events = detector.push(values);
    events.extend(detector.finish());
    final_beats(events)
}

fn final_beats(events: Vec<BeatEvent>) -> Vec<Beat> {
    events
        .into_iter()
        .filter_map(|event| match event {
            BeatEvent::Final(beat) => Some(beat),
            BeatEvent::Provisional(_) => None,
        })
        .collect()
}

/// Missed and extra beats at a tolerance in seconds.
fn errors(beats: &[Beat], truth: &[f64], tolerance_s: f64) -> (usize, usize) {
    let near = |a: f64, b: f64| (a - b).abs() <= tolerance_s;
    let missed = truth
        .iter()
        .filter(|t| !beats.iter().any(|b| near(b.time_s, **t)))
        .count();
    let extra = beats
        .iter()
        .filter(|b| !truth.iter().any(|t| near(b.time_s, *t)))
        .count();
    (missed, extra)
}

#[test]
fn every_beat_at_every_rate_and_heart_rate_in_either_polarity() {
    for rate_hz in [50.0, 100.0, 125.0, 128.0, 250.0, 360.0, 512.41, 1000.0] {
        for bpm in [22.0, 30.0, 45.0, 72.0, 110.0, 150.0, 190.0, 220.0] {
            for sign in [1.0, -1.0] {
                let (mut values, truth) = trace(rate_hz, bpm, 40.0, 0.01);
                values.iter_mut().for_each(|v| *v *= sign);
                let beats = finals(&values, rate_hz);
                let tolerance_s = 0.012_f64.max(1.0 / rate_hz);
                let (missed, extra) = errors(&beats, &truth, tolerance_s);
                // Below 25/min the first beat is alone in the look-ahead: one wave too many is forgiven there.
                let forgiven = usize::from(bpm < 25.0);
                assert!(
                    missed == 0 && extra <= forgiven,
                    "{rate_hz} Hz {bpm}/min sign {sign}: {missed} {extra}"
                );
            }
        }
    }
}

#[test]
fn noise_before_a_spike_within_and_a_flat_stretch_blind_nothing() {
    let (clean, truth) = trace(250.0, 70.0, 60.0, 0.01);
    let mut spiked = clean.clone();
    for (k, value) in spiked[5010..5016].iter_mut().enumerate() {
        *value += if k < 3 { 20.0 } else { -20.0 };
    }
    let (missed, extra) = errors(&finals(&spiked, 250.0), &truth, 0.05);
    assert!(missed <= 1 && extra <= 1, "{missed} {extra}");

    let (noise, _) = trace(250.0, 20.0, 5.0, 2.0);
    let noisy: Vec<f32> = noise.iter().copied().chain(clean.iter().copied()).collect();
    let beats = finals(&noisy, 250.0);
    let shifted: Vec<f64> = truth.iter().map(|t| t + 5.0).collect();
    let late: Vec<f64> = shifted.iter().copied().filter(|t| *t > 9.0).collect();
    let found: Vec<Beat> = beats.into_iter().filter(|b| b.time_s > 8.6).collect();
    assert_eq!(errors(&found, &late, 0.02).0, 0);

    // A burst of motion ten times as high as the beats deafens for seconds, not for good.
    let burst = (0..1000).map(|k| {
        let t = f64::from(k) / 250.0;
        (8.0 * (7.0 * t + 3.0 * (5.0 * t).sin()).sin() * (2.3 * t).cos()) as f32
    });
    let after_burst: Vec<f32> = burst.chain(clean.iter().copied()).collect();
    let late: Vec<f64> = truth
        .iter()
        .map(|t| t + 4.0)
        .filter(|t| *t > 11.0)
        .collect();
    let found: Vec<Beat> = finals(&after_burst, 250.0)
        .into_iter()
        .filter(|b| b.time_s > 10.6)
        .collect();
    assert_eq!(errors(&found, &late, 0.02), (0, 0));

    let mut held = clean[..7500].to_vec();
    held.extend(std::iter::repeat_n(clean[7499], 2500));
    held.extend_from_slice(&clean[7500..]);
    let beats = finals(&held, 250.0);
    assert!(
        !beats.iter().any(|b| b.time_s > 30.3 && b.time_s < 39.7),
        "beats in a flat stretch"
    );
    let after: Vec<f64> = truth
        .iter()
        .filter(|t| **t > 30.5)
        .map(|t| t + 10.0)
        .collect();
    assert_eq!(errors(&beats, &after, 0.02).0, 0);
}

#[test]
fn a_tall_t_wave_is_no_beat() {
    for (height, bpm) in [(0.9, 60.0), (1.2, 60.0), (0.9, 90.0)] {
        let (mut values, truth) = trace(250.0, bpm, 40.0, 0.01);
        for (index, value) in values.iter_mut().enumerate() {
            let t = index as f64 / 250.0;
            for r in &truth {
                let width = 0.045_f64;
                *value += (height * (-((t - r - 0.27) / width).powi(2) / 2.0).exp()) as f32;
            }
        }
        assert_eq!(
            errors(&finals(&values, 250.0), &truth, 0.03),
            (0, 0),
            "{height} {bpm}"
        );
    }
}

#[test]
fn nothing_spans_a_gap() {
    let (values, truth) = trace(250.0, 75.0, 30.0, 0.01);
    let mut lead = Lead::ecg("I", 250.0, Samples::from_values(values));
    lead.gaps = vec![Gap {
        range: 2500..4000,
        reason: GapReason::LostLink,
    }];
    let beats = detect_beats(&lead);
    assert!(beats.iter().all(|b| !(2500..4000).contains(&b.sample)));
    let outside: Vec<f64> = truth
        .into_iter()
        .filter(|t| !(9.9..16.1).contains(t))
        .collect();
    assert_eq!(errors(&beats, &outside, 0.02).0, 0);
    assert!(!beats[0].follows);
    let first_after = beats.iter().position(|b| b.sample >= 4000).unwrap();
    assert!(!beats[first_after].follows);
    assert_eq!(beats.iter().filter(|b| !b.follows).count(), 2);
}

#[test]
fn provisional_beats_come_at_once_and_final_ones_within_the_look_ahead() {
    let rate_hz = 250.0;
    let (values, truth) = trace(rate_hz, 72.0, 30.0, 0.01);
    let mut detector = BeatDetector::new(rate_hz);
    let (mut said, mut settled) = (Vec::new(), Vec::new());
    for (index, value) in values.iter().enumerate() {
        let now = (index + 1) as f64 / rate_hz;
        for event in detector.push(&[*value]) {
            match event {
                BeatEvent::Provisional(beat) => said.push((now, beat.time_s)),
                BeatEvent::Final(beat) => settled.push((now, beat.time_s)),
            }
        }
    }
    for r in truth.iter().filter(|r| (2.0..26.0).contains(*r)) {
        let first = said.iter().find(|(_, at)| (at - r).abs() < 0.02).unwrap();
        // The QRS of this trace ends 0.05 s after its R peak.
        assert!(first.0 - r - 0.05 <= 0.3, "said after {} s", first.0 - r);
        let last = settled
            .iter()
            .find(|(_, at)| (at - r).abs() < 0.02)
            .unwrap();
        assert!(last.0 - r <= LOOK_AHEAD_S, "final after {} s", last.0 - r);
    }
}

#[test]
fn hostile_inputs_give_no_beats_and_no_panic() {
    assert!(finals(&[], 250.0).is_empty());
    assert!(finals(&[1.0], 250.0).is_empty());
    assert!(finals(&[0.5; 100_000], 250.0).is_empty());
    let huge: Vec<f32> = (0..5000)
        .map(|k| if k % 2 == 0 { f32::MAX } else { f32::MIN })
        .collect();
    let _ = finals(&huge, 250.0);
    let _ = finals(&[f32::NAN, f32::INFINITY, 1.0, f32::NEG_INFINITY], 360.0);
    for rate_hz in [0.0, -5.0, f64::NAN, f64::INFINITY, 1e-9] {
        let _ = finals(&[1.0, 2.0, 3.0], rate_hz);
    }
    let mut detector = BeatDetector::new(250.0);
    assert!(detector.finish().is_empty());
    assert!(detector.interrupt(usize::MAX).is_empty());
}

fn rough_trace() -> (Vec<f32>, Vec<f64>) {
    trace(180.0, 83.0, 14.0, 0.06)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_chunks_give_the_same_final_beats(cuts in prop::collection::vec(0_usize..2520, 0..12)) {
        let (values, _) = rough_trace();
        let whole = finals(&values, 180.0);
        let mut cuts = cuts;
        cuts.extend([0, values.len()]);
        cuts.sort_unstable();
        let mut detector = BeatDetector::new(180.0);
        let mut events = Vec::new();
        for pair in cuts.windows(2) {
            events.extend(detector.push(&values[pair[0]..pair[1]]));
        }
        events.extend(detector.finish());
        prop_assert_eq!(final_beats(events), whole);
    }

    #[test]
    fn gain_polarity_and_offset_change_nothing(gain in 0.001_f32..1000.0, offset in -50.0_f32..50.0, flip: bool) {
        let (values, truth) = rough_trace();
        let sign = if flip { -1.0 } else { 1.0 };
        let changed: Vec<f32> = values.iter().map(|v| sign * gain * (v + offset)).collect();
        let beats = finals(&changed, 180.0);
        prop_assert_eq!(errors(&beats, &truth, 0.03), (0, 0));
        let samples: Vec<usize> = beats.iter().map(|b| b.sample).collect();
        for (a, b) in samples.iter().zip(finals(&values, 180.0)) {
            prop_assert!(a.abs_diff(b.sample) <= 2);
        }
    }

    #[test]
    fn a_shift_in_time_shifts_the_beats(shift in 1_usize..2000) {
        let (values, truth) = rough_trace();
        let mut later = vec![values[0]; shift];
        later.extend_from_slice(&values);
        let moved: Vec<f64> = truth.iter().map(|t| t + shift as f64 / 180.0).collect();
        prop_assert_eq!(errors(&finals(&later, 180.0), &moved, 0.03), (0, 0));
    }
}
