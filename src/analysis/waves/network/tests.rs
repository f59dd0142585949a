use super::layers::{CLASSES, WINDOW, logits};
use super::windows::{RATE_HZ, Windows, prepared};
use super::{Found, see};
use crate::recording::{Lead, Samples, Scale};
use crate::signal::{Band, butterworth};
use serde::Deserialize;

/// What scipy and onnxruntime make of a synthetic trace (`python -m training.waves.export`); of each row of time every
/// `kept`th value.
#[derive(Deserialize)]
struct Reference {
    rate_hz: f64,
    microvolts: Vec<i16>,
    kept: usize,
    at_250_hz_mv: Vec<f64>,
    prepared: Vec<Vec<f64>>,
    logits: Vec<Vec<Vec<f64>>>,
    probabilities: Vec<Vec<f64>>,
    waves: Vec<(String, f64, f64, f64)>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference.json")).unwrap()
}

fn lead(reference: &Reference) -> Lead {
    let scale = Scale {
        gain: 1000.0,
        baseline: 0.0,
    };
    let samples = Samples::from_i16(reference.microvolts.clone(), scale);
    Lead::ecg("I", reference.rate_hz, samples)
}

/// Greatest difference of every `kept`th value from the reference's.
fn difference(found: impl Iterator<Item = f64>, kept: usize, expected: &[f64]) -> f64 {
    let found: Vec<f64> = found.step_by(kept).collect();
    assert_eq!(found.len(), expected.len());
    let pairs = found.iter().zip(expected);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn the_layers_give_what_onnxruntime_gives() {
    let reference = reference();
    let values_mv = lead(&reference).samples.all_values();
    // The reference's own resampling is not stored whole: the windows are resampled here, which
    // `preparation_and_training_agree` holds against it.
    let windows = Windows::new(reference.rate_hz).unwrap();
    let row = windows.see(&values_mv);
    let sections = butterworth(2, Band::HighPass(0.5), RATE_HZ).unwrap();
    let input = prepared(&sections, &row.trace[..WINDOW]);
    let own = logits(&input);
    for class in 0..CLASSES {
        let found = own.channel(class).iter().map(|v| f64::from(*v));
        let worst = difference(found, reference.kept, &reference.logits[0][class]);
        println!("class {class}: logits differ by {worst:.5}");
        assert!(worst < 0.02, "class {class}: {worst}");
    }
}

#[test]
fn preparation_and_training_agree() {
    let reference = reference();
    let windows = Windows::new(reference.rate_hz).unwrap();
    let row = windows.see(&lead(&reference).samples.all_values());
    let worst = difference(
        row.trace.iter().copied(),
        reference.kept,
        &reference.at_250_hz_mv,
    );
    println!("at 250 Hz: {worst:.6} mV");
    assert!(worst < 5e-4, "{worst}");
    let sections = butterworth(2, Band::HighPass(0.5), RATE_HZ).unwrap();
    let starts = [0, reference.at_250_hz_mv.len() * reference.kept - WINDOW];
    for (start, expected) in starts.into_iter().zip(&reference.prepared) {
        let start = start.min(row.trace.len() - WINDOW);
        let input = prepared(&sections, &row.trace[start..start + WINDOW]);
        let found = input.iter().map(|v| f64::from(*v));
        let worst = difference(found, reference.kept, expected);
        println!("prepared: {worst:.6}");
        assert!(worst < 1e-3, "{worst}");
    }
}

#[test]
fn probabilities_and_waves_are_those_of_the_reference() {
    let reference = reference();
    let lead = lead(&reference);
    let row = Windows::new(reference.rate_hz)
        .unwrap()
        .see(&lead.samples.all_values());
    for class in 0..CLASSES {
        let found = row.classes[class].iter().map(|v| f64::from(*v));
        let worst = difference(found, reference.kept, &reference.probabilities[class]);
        println!("class {class}: probabilities differ by {worst:.6}");
        assert!(worst < 1e-3, "class {class}: {worst}");
    }
    let whole = 0..lead.samples.len();
    let seen = see(&lead, &[whole]);
    for (kind, found) in [("P", &seen.p), ("QRS", &seen.qrs), ("T", &seen.t)] {
        let expected: Vec<_> = reference.waves.iter().filter(|w| w.0 == kind).collect();
        assert_eq!(found.len(), expected.len(), "{kind}");
        for (found, (_, onset_s, peak_s, end_s)) in found.iter().zip(expected) {
            let near = |a: f64, b: f64| (a - b).abs() < 1e-3;
            let Found {
                onset_s: a,
                peak_s: b,
                end_s: c,
                ..
            } = found;
            assert!(
                near(*a, *onset_s) && near(*b, *peak_s) && near(*c, *end_s),
                "{kind} {found:?} {onset_s} {peak_s} {end_s}"
            );
        }
    }
}
