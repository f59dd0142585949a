//! The slot of a user's own model: the example of this repository, and models that must be refused in words. The models
//! in `tests/own` are made by `models/training/own_example`.
#![cfg(feature = "inference")]
// Helpers of tests may fail the test as the tests themselves do.
#![allow(clippy::unwrap_used)]

use einthoven::inference::InferenceError;
use einthoven::inference::own::{Layout, OwnManifest, OwnResult, OwnSession, gather, inspect};
use einthoven::recording::{LeadName, Recording, Samples};
use einthoven::simulator::{SimulatorOptions, simulate, twelve_leads};

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/own/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn manifest() -> OwnManifest {
    OwnManifest::parse(&file("arms.json")).unwrap()
}

fn arms() -> OwnSession {
    OwnSession::load(manifest(), &file("arms.onnx")).unwrap()
}

fn recording(duration_s: f64) -> Recording {
    let options = SimulatorOptions {
        duration_s,
        seed: 77,
        ..SimulatorOptions::default()
    };
    simulate(&twelve_leads(&options)).recording
}

/// The recording with the arm electrodes exchanged: I turned over, II with III, aVR with aVL.
fn exchanged(mut recording: Recording) -> Recording {
    let of = |recording: &Recording, name: LeadName| {
        let leads = &recording.leads;
        leads
            .iter()
            .position(|lead| lead.standard == Some(name))
            .unwrap()
    };
    let one = of(&recording, LeadName::I);
    let values = recording.leads[one].samples.all_values();
    recording.leads[one].samples = Samples::from_values(values.iter().map(|v| -v).collect());
    for (a, b) in [
        (LeadName::II, LeadName::III),
        (LeadName::AVR, LeadName::AVL),
    ] {
        let (a, b) = (of(&recording, a), of(&recording, b));
        let kept = recording.leads[a].samples.clone();
        recording.leads[a].samples = recording.leads[b].samples.clone();
        recording.leads[b].samples = kept;
    }
    recording
}

fn result(session: &OwnSession, recording: &Recording) -> OwnResult {
    let request = gather(recording, &session.manifest().input.leads, 0.0).unwrap();
    session.run(&request, usize::MAX).unwrap()
}

fn refusal(manifest: OwnManifest, name: &str) -> InferenceError {
    match OwnSession::load(manifest, &file(name)) {
        Ok(_) => panic!("{name} was taken"),
        Err(error) => {
            println!("{name}: {error}");
            assert!(error.phrase().id.starts_with("model-error-"));
            error
        }
    }
}

#[test]
fn the_example_has_the_outputs_of_onnxruntime() {
    let reference: serde_json::Value =
        serde_json::from_slice(&file("arms.reference.json")).unwrap();
    let window: Vec<f32> = (0..12)
        .flat_map(|lead| {
            (0..1000).map(move |k| (0.5 * (0.07 * f64::from(k) + f64::from(lead)).sin()) as f32)
        })
        .collect();
    let outputs = arms().outputs(&window).unwrap();
    for (found, expected) in outputs.iter().zip(reference["scores"].as_array().unwrap()) {
        let difference = (f64::from(*found) - expected.as_f64().unwrap()).abs();
        println!("difference {difference:.1e}");
        assert!(difference < 1e-4, "{outputs:?}");
    }
}

#[test]
fn the_example_tells_exchanged_arms() {
    let session = arms();
    let plain = result(&session, &recording(20.0));
    let other = result(&session, &exchanged(recording(20.0)));
    assert_eq!(plain.values[0].0, "arms as they should be");
    assert!(plain.is_share && plain.values[0].1 > 0.9, "{plain:?}");
    assert!(other.values[1].1 > 0.9, "{other:?}");
    assert_eq!(plain.lines[0].args[0].1, 3_usize.into());
}

#[test]
fn permuted_leads_have_the_same_output() {
    let session = arms();
    let mut permuted = recording(10.0);
    permuted.leads.reverse();
    permuted.leads.swap(2, 9);
    assert_eq!(
        result(&session, &permuted),
        result(&session, &recording(10.0))
    );
}

#[test]
fn the_same_ecg_in_another_unit_is_refused_not_run() {
    let mut other = recording(10.0);
    for lead in &mut other.leads {
        let values = lead.samples.all_values();
        lead.samples = Samples::from_values(values.iter().map(|v| v * 1000.0).collect());
    }
    let error = gather(&other, &manifest().input.leads, 0.0).unwrap_err();
    assert!(matches!(error, InferenceError::Voltage { .. }), "{error}");
}

#[test]
fn a_run_stops_after_so_many_windows_and_says_so() {
    let session = arms();
    let request = gather(&recording(60.0), &session.manifest().input.leads, 0.0).unwrap();
    let few = session.run(&request, 2).unwrap();
    assert_eq!(few.lines[0].args[0].1, 2_usize.into());
    assert_eq!(few.lines[1].args[0].1, 9_usize.into());
}

#[test]
fn what_cannot_be_run_is_refused_by_what_it_is() {
    use InferenceError::{NotFinite, OperatorSet, Operators, Shape, Unreadable, WrongFile};
    let wrong = |name: &str| refusal(manifest(), name);
    assert!(matches!(wrong("not-a-number.onnx"), NotFinite { .. }));
    assert!(matches!(
        wrong("operator-set.onnx"),
        OperatorSet { found: 99, .. }
    ));
    match wrong("operator.onnx") {
        Operators { operators } => assert_eq!(operators, "Det"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(wrong("arms.json"), Unreadable { .. }));
    for name in ["one-rank-less.onnx", "open-within.onnx"] {
        assert!(matches!(wrong(name), Shape { .. }), "{name}");
    }
    let mut stated = manifest();
    stated.sha256 = Some("0".repeat(64));
    assert!(matches!(refusal(stated, "arms.onnx"), WrongFile { .. }));
}

#[test]
fn a_manifest_that_does_not_fit_is_refused_at_the_place() {
    type Change = fn(&mut OwnManifest);
    let changes: [(&str, Change); 5] = [
        ("input ecg", |m| m.input.layout = Layout::SamplesLeads),
        ("input ecg", |m| {
            m.input.leads.pop();
        }),
        ("input ecg", |m| m.input.rate_hz = 250.0),
        ("outputs", |m| m.output.tensor = "nothing".into()),
        ("output scores", |m| {
            m.output.labels.push("third".into());
            m.output.thresholds.clear();
        }),
    ];
    for (place, change) in changes {
        let mut changed = manifest();
        change(&mut changed);
        match refusal(changed, "arms.onnx") {
            InferenceError::Shape { place: found, .. } => assert_eq!(found, place),
            other => panic!("{other:?}"),
        }
    }
}

/// A batch of any size is one of 1 here: what follows from it is fixed.
#[test]
fn an_open_batch_is_borne() {
    let session = OwnSession::load(manifest(), &file("open-batch.onnx")).unwrap();
    let found = result(&session, &recording(10.0));
    assert!((found.values[0].1 - 0.5).abs() < 1e-6);
}

#[test]
fn a_file_says_what_it_is() {
    let found = inspect(&file("arms.onnx")).unwrap();
    let said: Vec<&str> = found.facts.iter().map(|fact| fact.id.as_str()).collect();
    assert_eq!(said, ["own-fact-file", "own-fact-input", "own-fact-output"]);
    let expected = [("own-layout", "leads-samples"), ("own-tensor", "scores")];
    let answers: Vec<(&str, &str)> = found
        .answers
        .iter()
        .map(|(id, value)| (id.as_str(), value.as_str()))
        .collect();
    assert_eq!(answers, expected);
}

/// Bytes turned over at many places: refused, or run to finite numbers; never a panic.
#[test]
fn damaged_models_are_refused_or_run() {
    let whole = file("arms.onnx");
    let step = whole.len() / 120;
    for turn in 0..120 {
        let mut bytes = whole.clone();
        bytes[turn * step] ^= 1 << (turn % 8);
        let _ = inspect(&bytes);
        if let Ok(session) = OwnSession::load(manifest(), &bytes) {
            let _ = session.outputs(&vec![0.5; 12_000]);
        }
    }
}
