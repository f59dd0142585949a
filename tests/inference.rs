//! The models of this repository, run by this program, against what their training wrote down; and models that are
//! broken, which must be refused in words.
#![cfg(feature = "inference")]
// Helpers of tests may fail the test as the tests themselves do.
#![allow(clippy::unwrap_used)]

use einthoven::engine::{Job, Options, Outcome, run};
use einthoven::inference::{
    InferenceError, LeadView, Manifest, Preprocessor, Session, live_call, prepare, prepare_live,
    record_calls,
};
use einthoven::recording::{Lead, LeadName, Recording, Samples};
use einthoven::report::Report;
use einthoven::simulator::{SimulatorOptions, simulate, twelve_leads};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// A model's folder, read.
struct Model {
    manifest: Manifest,
    bytes: Vec<u8>,
    reference: Value,
}

/// Every model of the repository with reference values; says so when there is none.
fn models() -> Vec<Model> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/models"));
    let folders = std::fs::read_dir(&root).into_iter().flatten().flatten();
    let models: Vec<Model> = folders
        .map(|entry| entry.path())
        .filter(|folder| folder.join("reference.json").is_file())
        .map(|folder| {
            let json = std::fs::read(folder.join("manifest.json")).unwrap();
            let manifest = Manifest::parse(&json).unwrap();
            let reference = std::fs::read(folder.join("reference.json")).unwrap();
            Model {
                bytes: std::fs::read(folder.join(&manifest.file)).unwrap(),
                manifest,
                reference: serde_json::from_slice(&reference).unwrap(),
            }
        })
        .collect();
    if models.is_empty() {
        eprintln!("skipped: no data (no model in models/ has reference values)");
    }
    models
}

impl Model {
    fn session(&self) -> Session {
        Session::load(&self.manifest, &self.bytes).unwrap()
    }

    fn entries(&self, list: &str) -> &[Value] {
        let entries = self.reference[list].as_array().unwrap();
        assert!(!entries.is_empty());
        entries
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

/// Rate and millivolts of a reference entry.
fn trace(entry: &Value) -> (f64, Vec<f32>) {
    let gain = entry["gain_per_mv"].as_f64().unwrap();
    let values = numbers(&entry["samples"])
        .into_iter()
        .map(|count| (count / gain) as f32);
    (entry["rate_hz"].as_f64().unwrap(), values.collect())
}

fn view(rate_hz: f64, values_mv: &[f32]) -> LeadView<'_> {
    LeadView {
        rate_hz,
        values_mv,
        gaps: &[],
        quality: &[],
        beats: Some(10),
    }
}

fn worst(found: impl IntoIterator<Item = f32>, expected: &[f64]) -> f64 {
    let found: Vec<f32> = found.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    let differences = found
        .iter()
        .zip(expected)
        .map(|(a, b)| (f64::from(*a) - b).abs());
    differences.fold(0.0, f64::max)
}

fn assert_near(
    what: &str,
    entry: &Value,
    found: impl IntoIterator<Item = f32>,
    expected: &Value,
    limit: f64,
) {
    let difference = worst(found, &numbers(expected));
    println!("{} {what}: {difference:.1e}", entry["name"]);
    assert!(
        difference <= limit,
        "{} {what}: {difference:e} > {limit:e}",
        entry["name"]
    );
}

#[test]
fn preprocessing_is_that_of_training() {
    for model in models() {
        for entry in model.entries("windows") {
            let (rate_hz, values) = trace(entry);
            let prepared = Preprocessor::new(&model.manifest, rate_hz)
                .unwrap()
                .window(&values);
            assert_near("prepared", entry, prepared, &entry["prepared"], 1e-5);
        }
    }
}

#[test]
fn windows_have_the_outputs_of_training() {
    for model in models() {
        let session = model.session();
        for entry in model.entries("windows") {
            let (rate_hz, values) = trace(entry);
            let prepared = prepare_live(&model.manifest, rate_hz, &values).unwrap();
            let outputs = session.run_prepared(&prepared).unwrap();
            let logits = outputs.window_logits(0).to_vec();
            assert_near("logits", entry, logits, &entry["logits"], 1e-4);
            let cam = outputs.window_cam(0)[..outputs.steps].to_vec();
            assert_near("cam", entry, cam, &entry["cam_first_row"], 1e-3);
            let call = live_call(&model.manifest, &session, rate_hz, &values).unwrap();
            let probabilities = call.distribution.iter().map(|(_, p)| *p);
            assert_near(
                "probabilities",
                entry,
                probabilities,
                &entry["probabilities"],
                1e-4,
            );
        }
    }
}

#[test]
fn recordings_have_the_probabilities_of_training() {
    for model in models() {
        let session = model.session();
        for entry in model.entries("recordings") {
            let (rate_hz, values) = trace(entry);
            let prepared = prepare(&model.manifest, &view(rate_hz, &values)).unwrap();
            let logits = session.run_prepared(&prepared).unwrap().logits;
            let expected: Vec<Value> = entry["window_logits"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(numbers)
                .map(Value::from)
                .collect();
            assert_near("window logits", entry, logits, &expected.into(), 1e-4);

            let calls = record_calls(&model.manifest, &session, &view(rate_hz, &values)).unwrap();
            assert_eq!(calls.len(), 1);
            let probabilities = calls[0].distribution.iter().map(|(_, p)| *p);
            assert_near(
                "probabilities",
                entry,
                probabilities,
                &entry["probabilities"],
                1e-4,
            );
            let too_short = (values.len() as f64) < model.manifest.abstain.min_duration_s * rate_hz;
            let reason = calls[0].abstained.as_ref().map(|phrase| phrase.id.as_str());
            assert_eq!(reason == Some("model-abstains-short"), too_short);
        }
    }
}

/// Reference traces, their negatives, and them at a fifth, ten and a thousand times the gain: the probabilities move a
/// little with the polarity (an answer that is given stays the same), with the gain not at all.
#[test]
fn gain_and_polarity_of_a_real_recording() {
    for model in models() {
        let session = model.session();
        for entry in model
            .entries("recordings")
            .iter()
            .chain(model.entries("windows"))
        {
            let (rate_hz, values) = trace(entry);
            let call = |factor: f32| {
                let changed: Vec<f32> = values.iter().map(|value| value * factor).collect();
                record_calls(&model.manifest, &session, &view(rate_hz, &changed))
                    .unwrap()
                    .remove(0)
            };
            let plain = call(1.0);
            let negative = call(-1.0);
            println!(
                "{} {} {:.3}, negative {} {:.3}",
                entry["name"], plain.label, plain.probability, negative.label, negative.probability
            );
            if plain.abstained.is_none() && negative.abstained.is_none() {
                assert_eq!(negative.label, plain.label, "{}", entry["name"]);
            }
            for factor in [0.2, 10.0, 1000.0] {
                let other = call(factor);
                assert_eq!(other.label, plain.label);
                assert!(
                    (other.probability - plain.probability).abs() < 1e-3,
                    "{} {factor}",
                    entry["name"]
                );
            }
        }
    }
}

/// Millivolts taken for microvolts: no heart is so small, and none of the models names a rhythm.
#[test]
fn a_thousandth_of_the_voltage_has_no_rhythm() {
    for model in models() {
        let session = model.session();
        for entry in model.entries("recordings") {
            let (rate_hz, values) = trace(entry);
            let small: Vec<f32> = values.iter().map(|value| value * 0.001).collect();
            let calls = record_calls(&model.manifest, &session, &view(rate_hz, &small)).unwrap();
            for call in calls {
                println!("{} {} {:.3}", entry["name"], call.label, call.probability);
                assert!(call.abstained.is_some() || call.label == "noisy");
            }
        }
    }
}

/// The report of one lead of a recording, or of the one that the program chooses, with one model asked.
fn report(model: &Model, recording: Recording, name: Option<LeadName>) -> Report {
    let session = model.session();
    let is_asked = |lead: &Lead| lead.standard == name;
    let options = Options {
        models: true,
        lead: name.and_then(|_| recording.leads.iter().position(is_asked)),
        ..Options::default()
    };
    let outcome = run(Job::of_recording(recording, options), &mut |request| {
        let view = LeadView {
            gaps: &request.gaps,
            quality: &request.quality,
            beats: Some(request.beats),
            ..view(request.rate_hz, &request.values_mv)
        };
        record_calls(&model.manifest, &session, &view).map_err(|error| error.phrase())
    });
    match outcome {
        Outcome::Report(both) => both.0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lead_has_the_same_call_wherever_it_stands() {
    let options = SimulatorOptions {
        duration_s: 20.0,
        ..SimulatorOptions::default()
    };
    let plain = simulate(&twelve_leads(&options)).recording;
    let mut permuted = plain.clone();
    permuted.leads.reverse();
    permuted.leads.swap(2, 9);
    for model in models() {
        for name in [Some(LeadName::II), None] {
            let called = report(&model, plain.clone(), name).calls;
            assert_eq!(called.len(), 1);
            assert_eq!(report(&model, permuted.clone(), name).calls, called);
        }
    }
}

/// Microvolts taken for millivolts: a model scales each window and would answer all the same, so it is not asked.
#[test]
fn a_thousand_times_the_voltage_is_refused() {
    let options = SimulatorOptions {
        duration_s: 20.0,
        ..SimulatorOptions::default()
    };
    let plain = simulate(&options).recording;
    let mut large = plain.clone();
    for lead in &mut large.leads {
        let mut values = lead.samples.all_values();
        values.iter_mut().for_each(|value| *value *= 1000.0);
        lead.samples = Samples::from_values(values);
    }
    for model in models() {
        assert_eq!(report(&model, plain.clone(), None).calls.len(), 1);
        let refused = report(&model, large.clone(), None);
        assert!(refused.calls.is_empty());
        assert_eq!(refused.no_calls.unwrap().id, "model-refuses-voltage");
    }
}

#[test]
fn a_long_recording_has_a_call_for_each_segment() {
    for model in models() {
        let session = model.session();
        let (rate_hz, values) = trace(&model.entries("recordings")[0]);
        let long: Vec<f32> = values
            .iter()
            .chain(&values)
            .chain(&values)
            .copied()
            .collect();
        let alone = record_calls(&model.manifest, &session, &view(rate_hz, &values)).unwrap();
        let calls = record_calls(&model.manifest, &session, &view(rate_hz, &long)).unwrap();
        assert_eq!(calls.len(), 3);
        for call in calls {
            assert!((call.probability - alone[0].probability).abs() < 1e-6);
        }
    }
}

/// The manifest with length and hash of other bytes, so that the file's content is what is refused.
fn resealed(manifest: &Manifest, bytes: &[u8]) -> Manifest {
    Manifest {
        sha256: Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        bytes: bytes.len() as u64,
        ..manifest.clone()
    }
}

fn refusal(manifest: &Manifest, bytes: &[u8]) -> InferenceError {
    match Session::load(manifest, bytes) {
        Ok(_) => panic!("a broken model was loaded"),
        Err(error) => {
            println!("{error}");
            assert!(error.phrase().id.starts_with("model-error-"));
            error
        }
    }
}

/// Where the bytes of `part` stand.
fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .position(|window| window == part)
        .unwrap()
}

#[test]
fn another_file_than_the_manifest_says_is_refused() {
    for model in models() {
        let mut other = model.bytes.clone();
        let middle = other.len() / 2;
        other[middle] ^= 1;
        let wrong = |error| matches!(error, InferenceError::WrongFile { .. });
        assert!(wrong(refusal(&model.manifest, &other)));
        assert!(wrong(refusal(&model.manifest, &other[..1000])));
    }
}

#[test]
fn what_is_no_model_is_refused() {
    for model in models() {
        let half = &model.bytes[..model.bytes.len() / 2];
        for bytes in [&b""[..], b"not a model", &[0xff; 4096], half] {
            let error = refusal(&resealed(&model.manifest, bytes), bytes);
            assert!(
                matches!(error, InferenceError::Unreadable { .. }),
                "{error:?}"
            );
        }
    }
}

#[test]
fn shapes_that_do_not_fit_the_manifest_are_refused() {
    for model in models() {
        let changes: [fn(&mut Manifest); 5] = [
            |manifest| manifest.input.samples = 500,
            |manifest| manifest.input.name = "trace".into(),
            |manifest| manifest.outputs.labels.push("fifth".into()),
            |manifest| manifest.outputs.cam = "map".into(),
            |manifest| std::mem::swap(&mut manifest.outputs.cam, &mut manifest.outputs.logits),
        ];
        for change in changes {
            let mut manifest = model.manifest.clone();
            change(&mut manifest);
            let error = refusal(&manifest, &model.bytes);
            assert!(matches!(error, InferenceError::Shape { .. }), "{error:?}");
        }
    }
}

#[test]
fn an_operator_the_runtime_lacks_is_named() {
    for model in models() {
        let mut bytes = model.bytes.clone();
        // What limits a layer: one or the other stands in every one of the models.
        let is_there = |part: &&&[u8]| bytes.windows(6).any(|window| window == **part);
        let limits: [&[u8]; 2] = [b"\x22\x04Relu", b"\x22\x04Clip"];
        let at = position(&bytes, limits.iter().find(is_there).unwrap());
        bytes[at + 2..at + 6].copy_from_slice(b"Rxlu");
        match refusal(&resealed(&model.manifest, &bytes), &bytes) {
            InferenceError::Operators { operators } => assert_eq!(operators, "Rxlu"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_weight_that_is_no_number_is_refused() {
    use tract_onnx::pb::tensor_proto::DataType;
    use tract_onnx::prelude::Framework;
    for model in models() {
        let proto = tract_onnx::onnx()
            .proto_model_for_read(&mut &model.bytes[..])
            .unwrap();
        let graph = proto.graph.unwrap();
        // Weights in whole steps are always numbers; what can be none are the steps.
        let largest = graph
            .initializer
            .iter()
            .filter(|tensor| tensor.data_type == DataType::Float as i32)
            .max_by_key(|tensor| tensor.raw_data.len())
            .unwrap();
        for wrong in [f32::NAN, f32::INFINITY] {
            let mut bytes = model.bytes.clone();
            let at = position(&bytes, &largest.raw_data);
            bytes[at + 40..at + 44].copy_from_slice(&wrong.to_le_bytes());
            let error = refusal(&resealed(&model.manifest, &bytes), &bytes);
            assert!(
                matches!(error, InferenceError::NotFinite { .. }),
                "{error:?}"
            );
        }
    }
}

/// Bytes turned over at many places of the graph: refused, or run to finite numbers; never a panic.
#[test]
fn damaged_models_are_refused_or_run() {
    for model in models() {
        let step = model.bytes.len() / 40;
        let ends = (0..20)
            .map(|k| k * 7)
            .chain((0..20).map(|k| model.bytes.len() - 1 - k * 13));
        for (turn, at) in (0..40).map(|k| k * step + 3).chain(ends).enumerate() {
            let mut bytes = model.bytes.clone();
            bytes[at] ^= 1 << (turn % 8);
            let manifest = resealed(&model.manifest, &bytes);
            if let Ok(session) = Session::load(&manifest, &bytes) {
                let window = vec![0.5; manifest.input.samples];
                if let Ok(outputs) = session.run(&window) {
                    assert!(outputs.logits.iter().all(|value| value.is_finite()));
                }
            }
        }
    }
}

#[test]
fn half_windows_are_not_run() {
    for model in models() {
        let error = model.session().run(&[0.0; 1500]).unwrap_err();
        assert!(matches!(error, InferenceError::Shape { .. }));
    }
}
