//! The slot of a user's own model: the example of this repository, and models that must be refused in words. The models
//! in `tests/own` are made by `models/training/own_example`.
#![cfg(feature = "inference")]
// Helpers of tests may fail the test as the tests themselves do.
#![allow(clippy::unwrap_used)]

use einthoven::inference::InferenceError;
use einthoven::inference::own::{Layout, OwnManifest, OwnResult, OwnSession, gather, inspect};
use einthoven::recording::{LeadName, Recording, Samples, Unit};
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
fn a_lead_that_is_missing_is_refused_not_made_up() {
    let mut recording = recording(10.0);
    recording.leads.retain(|lead| lead.name != "aVF");
    match gather(&recording, &manifest().input.leads, 0.0) {
        Err(InferenceError::MissingLeads { missing, .. }) => assert_eq!(missing, "aVF"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lead_without_a_unit_is_refused_and_another_length_too() {
    let mut counts = recording(10.0);
    counts.leads[3].unit = Unit::Counts;
    let error = gather(&counts, &manifest().input.leads, 0.0).unwrap_err();
    assert!(matches!(error, InferenceError::NoUnit { .. }), "{error}");
    let short = gather(&recording(8.0), &manifest().input.leads, 0.0).unwrap();
    let error = arms().run(&short, usize::MAX).unwrap_err();
    assert!(matches!(error, InferenceError::TooShort { .. }), "{error}");
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

/// `einthoven models check`: says what a model is and that it passed, or in one line why not.
#[cfg(feature = "terminal")]
mod check {
    use super::file;
    use std::path::PathBuf;
    use std::process::{Command, Stdio};

    /// Its exit code, standard output and standard error.
    fn check(arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_einthoven"))
            .args(["models", "check"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn path(name: &str) -> String {
        format!("{}/tests/own/{name}", env!("CARGO_MANIFEST_DIR"))
    }

    /// A manifest of its own that goes away with the value.
    struct Changed(PathBuf);

    impl Changed {
        /// The example's manifest with one word for another.
        fn new(name: &str, word: &str, other: &str) -> Self {
            let text = String::from_utf8(file("arms.json")).unwrap();
            assert!(text.contains(word));
            let path =
                std::env::temp_dir().join(format!("einthoven-{}-{name}.json", std::process::id()));
            std::fs::write(&path, text.replacen(word, other, 1)).unwrap();
            Self(path)
        }
    }

    impl Drop for Changed {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn a_good_model_is_told_with_its_card() {
        let (code, out, err) = check(&[&path("arms.onnx"), "--manifest", &path("arms.json")]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[0], "It passed the checks.");
        assert!(lines[1].starts_with("Arm electrodes (example) 1, SHA-256 "));
        for part in ["aVF, V1", "in mV, 100 samples per second", "0.5 to 40 Hz"] {
            assert!(out.contains(part), "{part}: {out}");
        }
        assert!(lines[lines.len() - 1].contains("MIT OR Apache-2.0"));
    }

    #[test]
    fn without_a_manifest_only_the_file_is_told() {
        let (code, out, err) = check(&[&path("arms.onnx")]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(!out.contains("passed"), "{out}");
        assert!(out.contains("Input ecg: [1, 12, 1000]."), "{out}");
        assert!(out.contains("Output scores: [1, 2]."), "{out}");
    }

    /// Refused: exit code 3, nothing on standard output, one line that names the file and holds `reason`.
    fn refused(name: &str, manifest: Option<&str>, reason: &str) {
        let file = path(name);
        let mut arguments = vec![file.as_str()];
        arguments.extend(manifest.iter().flat_map(|path| ["--manifest", path]));
        let (code, out, err) = check(&arguments);
        assert_eq!((code, out.as_str()), (Some(3), ""), "{name}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.starts_with(&format!("{file}: ")), "{err}");
        assert!(err.contains(reason), "{name}: {err}");
    }

    #[test]
    fn broken_models_are_refused_in_one_line() {
        let manifest = path("arms.json");
        for (name, reason) in [
            ("not-a-number.onnx", "a value that is not a number"),
            ("one-rank-less.onnx", "found [12, 1000]"),
            ("open-within.onnx", "expected a fixed shape"),
            ("operator-set.onnx", "operator set 99"),
            ("operator.onnx", "cannot be run here: Det"),
            ("arms.json", "cannot be read"),
            ("there-is-none.onnx", "cannot be used"),
        ] {
            refused(name, Some(&manifest), reason);
        }
        for (name, reason) in [
            ("not-a-number.onnx", "a value that is not a number"),
            ("operator-set.onnx", "operator set 99"),
            ("arms.json", "cannot be read"),
        ] {
            refused(name, None, reason);
        }
    }

    #[test]
    fn a_manifest_that_does_not_fit_is_refused_at_its_place() {
        for (name, word, other, reason) in [
            (
                "layout",
                "leads-samples",
                "samples-leads",
                "at input ecg: expected [1, 1000, 12]",
            ),
            ("output", "\"scores\"", "\"answers\"", "at outputs"),
            ("rate", "\"rate_hz\": 100", "\"rate_hz\": 250", "input ecg"),
            (
                "schema",
                "own-model/1",
                "own-model/9",
                "expected einthoven-own-model/1",
            ),
        ] {
            let changed = Changed::new(name, word, other);
            refused("arms.onnx", Some(&changed.0.to_string_lossy()), reason);
        }
    }
}
