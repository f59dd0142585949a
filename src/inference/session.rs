//! Runs a model: ONNX bytes and their manifest to outputs. The only place that knows the runtime (tract).
//!
//! A model's file is hostile until shown otherwise: hash and length, what the graph asks for, shapes, work, and every
//! weight are checked before it is run, and each output after.

use super::aggregate::{WindowOutputs, conclude, conclude_live};
use super::kernels::with_own_ops;
use super::manifest::{MAX_MODEL_BYTES, Manifest};
use super::plan::{LeadView, plan, prepare_live, prepare_segments};
use super::preprocess::Preprocessor;
use super::{Call, InferenceError, Prepared};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, TensorProto};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::Cost;
use tract_onnx::tract_hir::infer::Factoid;
use tract_onnx::tract_hir::internal::DimLike;

/// Most nodes of a graph.
const MAX_NODES: usize = 20_000;

/// Most multiply-adds for one window, as far as the runtime can count them: about a second in a browser.
const MAX_MULTIPLY_ADDS: u64 = 2_000_000_000;

/// Most numbers of one tensor within the graph.
const MAX_TENSOR_VALUES: u64 = 1 << 24;

/// Segments of a long recording that are prepared and run at a time: 30 s segments of 5 windows, 2 MB.
const SEGMENTS_AT_A_TIME: usize = 100;

/// A model that is ready to run.
#[derive(Clone, Debug)]
pub struct Session {
    runnable: Arc<TypedRunnableModel>,
    samples: usize,
    labels: usize,
    steps: usize,
}

impl Session {
    /// Checks and optimises the model in `bytes` (ONNX) that `manifest` describes.
    ///
    /// # Errors
    /// [`InferenceError::WrongFile`] when length or hash differ, [`InferenceError::TooLarge`],
    /// [`InferenceError::Unreadable`], [`InferenceError::Operators`], [`InferenceError::Shape`] when names, types or
    /// shapes are not those of the manifest, [`InferenceError::NotFinite`] for weights, [`InferenceError::Run`] when a
    /// window of zeros does not run.
    pub fn load(manifest: &Manifest, bytes: &[u8]) -> Result<Self, InferenceError> {
        check_file(manifest, bytes)?;
        guarded(|| Self::build(manifest, bytes))
    }

    fn build(manifest: &Manifest, bytes: &[u8]) -> Result<Self, InferenceError> {
        let reader = tract_onnx::onnx();
        let proto = reader
            .proto_model_for_read(&mut &bytes[..])
            .map_err(unreadable)?;
        check_graph(&proto)?;
        let graph = reader.model_for_proto_model(&proto).map_err(unreadable)?;
        drop(proto);
        check_operators(&graph)?;
        let graph = with_shapes(graph, manifest)?;
        let typed = graph.into_typed().map_err(misfit)?;
        check_work(&typed)?;
        let steps = check_outputs(&typed, manifest)?;
        let session = Self {
            runnable: optimised(typed)?,
            samples: manifest.input.samples,
            labels: manifest.label_count(),
            steps,
        };
        session.run(&vec![0.0; session.samples])?;
        Ok(session)
    }

    /// Runs `values` `[windows, samples]`, one window after the other.
    ///
    /// # Errors
    /// [`InferenceError::Shape`] when `values` are not whole windows, [`InferenceError::Run`] and
    /// [`InferenceError::NotFinite`] when the model fails on them.
    pub fn run(&self, values: &[f32]) -> Result<WindowOutputs, InferenceError> {
        let windows = values.chunks_exact(self.samples);
        if !windows.remainder().is_empty() {
            return Err(InferenceError::Shape {
                place: "windows".to_owned(),
                expected: format!("a multiple of {} values", self.samples),
                found: values.len().to_string(),
            });
        }
        let mut outputs = WindowOutputs {
            labels: self.labels,
            steps: self.steps,
            ..WindowOutputs::default()
        };
        for window in windows {
            self.run_window(window, &mut outputs)?;
        }
        Ok(outputs)
    }

    fn run_window(
        &self,
        values: &[f32],
        outputs: &mut WindowOutputs,
    ) -> Result<(), InferenceError> {
        let failed = |error: TractError| InferenceError::Run {
            reason: told(&error),
        };
        let input = Tensor::from_shape(&[1, 1, self.samples], values).map_err(failed)?;
        let found = self.runnable.run(tvec!(input.into())).map_err(failed)?;
        let places = [
            ("logits", &mut outputs.logits, self.labels),
            ("cam", &mut outputs.cam, self.labels * self.steps),
        ];
        if found.len() != places.len() {
            return Err(shape("outputs", places.len(), found.len()));
        }
        for (tensor, (place, into, count)) in found.iter().zip(places) {
            let view = tensor.to_plain_array_view::<f32>().map_err(failed)?;
            if view.len() != count {
                return Err(shape(place, count, view.len()));
            }
            if view.iter().any(|value| !value.is_finite()) {
                return Err(InferenceError::NotFinite {
                    place: format!("output {place}"),
                });
            }
            into.extend(view.iter());
        }
        Ok(())
    }

    /// Runs all windows of what was prepared.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_prepared(&self, prepared: &Prepared) -> Result<WindowOutputs, InferenceError> {
        self.run(&prepared.values)
    }
}

/// The model's calls for one lead: one for a recording of up to a minute, else one for each 30 s.
///
/// Works in chunks, so that a day takes little memory beyond the samples.
///
/// # Errors
/// [`InferenceError::Rate`] for a rate the model cannot be given, [`InferenceError::Run`] and
/// [`InferenceError::NotFinite`] when the model fails.
pub fn record_calls(
    manifest: &Manifest,
    session: &Session,
    lead: &LeadView,
) -> Result<Vec<Call>, InferenceError> {
    let preprocessor = Preprocessor::new(manifest, lead.rate_hz)?;
    let mut calls = Vec::new();
    for segments in plan(manifest, lead).chunks(SEGMENTS_AT_A_TIME) {
        let prepared = prepare_segments(&preprocessor, lead.values_mv, segments);
        let outputs = session.run_prepared(&prepared)?;
        calls.extend(conclude(manifest, &prepared, &outputs));
    }
    Ok(calls)
}

/// The model's call for the last window of a stream, with the calibration of single windows. The call's times count
/// from the first of `values_mv`.
///
/// # Errors
/// As [`record_calls`].
pub fn live_call(
    manifest: &Manifest,
    session: &Session,
    rate_hz: f64,
    values_mv: &[f32],
) -> Result<Call, InferenceError> {
    let prepared = prepare_live(manifest, rate_hz, values_mv)?;
    let outputs = session.run_prepared(&prepared)?;
    let call = conclude_live(manifest, &prepared, &outputs).pop();
    call.ok_or_else(|| shape("live windows", 1, 0))
}

fn shape(place: &str, expected: usize, found: usize) -> InferenceError {
    InferenceError::Shape {
        place: place.to_owned(),
        expected: expected.to_string(),
        found: found.to_string(),
    }
}

/// A runtime's message, cut to a readable length.
pub(super) fn told(error: impl std::fmt::Display) -> String {
    const MOST: usize = 240;
    let text = format!("{error:#}");
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

pub(super) fn unreadable(error: impl std::fmt::Display) -> InferenceError {
    InferenceError::Unreadable {
        reason: told(error),
    }
}

/// The graph does not hold together with the manifest's input shape.
pub(super) fn misfit(error: TractError) -> InferenceError {
    InferenceError::Shape {
        place: "graph".to_owned(),
        expected: "shapes that follow from the manifest's input".to_owned(),
        found: told(error),
    }
}

fn check_file(manifest: &Manifest, bytes: &[u8]) -> Result<(), InferenceError> {
    let length = bytes.len() as u64;
    if length > MAX_MODEL_BYTES {
        return Err(too_large("bytes of model", length, MAX_MODEL_BYTES));
    }
    if length != manifest.bytes {
        return Err(InferenceError::WrongFile {
            what: "length",
            expected: manifest.bytes.to_string(),
            found: length.to_string(),
        });
    }
    let found = sha256_hex(bytes);
    if found != manifest.sha256 {
        return Err(InferenceError::WrongFile {
            what: "SHA-256",
            expected: manifest.sha256.clone(),
            found,
        });
    }
    Ok(())
}

/// SHA-256 as 64 hexadecimal digits in lower case.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn too_large(what: &'static str, found: u64, limit: u64) -> InferenceError {
    InferenceError::TooLarge { what, found, limit }
}

/// Number of nodes, and every weight a finite number within the file.
pub(super) fn check_graph(proto: &ModelProto) -> Result<(), InferenceError> {
    let graph = proto
        .graph
        .as_ref()
        .ok_or_else(|| unreadable("there is no graph in it"))?;
    if graph.node.len() > MAX_NODES {
        return Err(too_large(
            "nodes",
            graph.node.len() as u64,
            MAX_NODES as u64,
        ));
    }
    check_output_names(graph)?;
    check_weights(graph)
}

/// Every declared output is made by something: the runtime's reader panics at one that is not.
fn check_output_names(graph: &GraphProto) -> Result<(), InferenceError> {
    let made: BTreeSet<&str> = (graph.node.iter().flat_map(|node| &node.output))
        .chain(graph.input.iter().map(|value| &value.name))
        .chain(graph.initializer.iter().map(|tensor| &tensor.name))
        .map(String::as_str)
        .collect();
    let missing = graph
        .output
        .iter()
        .find(|value| !made.contains(value.name.as_str()));
    missing.map_or(Ok(()), |value| {
        Err(unreadable(format!(
            "nothing makes the output {}",
            value.name
        )))
    })
}

fn check_weights(graph: &GraphProto) -> Result<(), InferenceError> {
    graph.initializer.iter().try_for_each(check_weight)?;
    let attributes = graph.node.iter().flat_map(|node| &node.attribute);
    attributes.into_iter().try_for_each(check_attribute)
}

fn check_attribute(attribute: &AttributeProto) -> Result<(), InferenceError> {
    if !attribute.f.is_finite() || attribute.floats.iter().any(|value| !value.is_finite()) {
        let place = format!("attribute {}", attribute.name);
        return Err(InferenceError::NotFinite { place });
    }
    attribute
        .t
        .iter()
        .chain(&attribute.tensors)
        .try_for_each(check_weight)?;
    attribute
        .g
        .iter()
        .chain(&attribute.graphs)
        .try_for_each(check_weights)
}

fn check_weight(tensor: &TensorProto) -> Result<(), InferenceError> {
    if !tensor.external_data.is_empty() {
        return Err(unreadable("its weights are in another file"));
    }
    let values = tensor.dims.iter().try_fold(1_u64, |product, &dim| {
        u64::try_from(dim)
            .ok()
            .and_then(|dim| product.checked_mul(dim))
    });
    match values {
        Some(values) if values <= MAX_TENSOR_VALUES => {}
        Some(values) => return Err(too_large("values in one tensor", values, MAX_TENSOR_VALUES)),
        None => {
            return Err(unreadable(format!(
                "the tensor {} has no size",
                tensor.name
            )));
        }
    }
    let raw = tensor.raw_data.as_slice();
    let finite = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Float) => raw
            .chunks_exact(4)
            .all(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]).is_finite()),
        Ok(DataType::Double) => raw.chunks_exact(8).all(|b| {
            f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]).is_finite()
        }),
        // An exponent of all ones is infinite or not a number.
        Ok(DataType::Float16) => raw.chunks_exact(2).all(|b| b[1] & 0x7c != 0x7c),
        _ => true,
    };
    let finite = finite
        && tensor.float_data.iter().all(|value| value.is_finite())
        && tensor.double_data.iter().all(|value| value.is_finite());
    if !finite {
        return Err(InferenceError::NotFinite {
            place: format!("weight {}", tensor.name),
        });
    }
    Ok(())
}

/// Does `work` so that the runtime's own faults do not take the program with it. (In the browser a panic ends the
/// worker, which starts anew.)
pub(super) fn guarded<T>(
    work: impl FnOnce() -> Result<T, InferenceError>,
) -> Result<T, InferenceError> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(unreadable("the runtime stopped at it")))
}

/// A checked graph made ready to run.
pub(super) fn optimised(typed: TypedModel) -> Result<Arc<TypedRunnableModel>, InferenceError> {
    let typed = if cfg!(target_arch = "wasm32") {
        with_own_ops(typed).map_err(unreadable)?
    } else {
        typed
    };
    typed
        .into_optimized()
        .and_then(IntoRunnable::into_runnable)
        .map_err(unreadable)
}

pub(super) fn check_operators(graph: &InferenceModel) -> Result<(), InferenceError> {
    let mut unknown: Vec<String> = graph
        .nodes()
        .iter()
        .map(|node| node.op.name().into_owned())
        .filter_map(|name| {
            name.strip_prefix("Unimplemented(")
                .map(|name| name.trim_end_matches(')').to_owned())
        })
        .collect();
    unknown.sort();
    unknown.dedup();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(InferenceError::Operators {
        operators: told(unknown.join(", ")),
    })
}

/// The graph with the manifest's input shape fixed and only the manifest's outputs.
fn with_shapes(
    mut graph: InferenceModel,
    manifest: &Manifest,
) -> Result<InferenceModel, InferenceError> {
    let input = &manifest.input;
    let names: Vec<&str> = graph
        .input_outlets()
        .map_err(unreadable)?
        .iter()
        .filter_map(|outlet| graph.nodes().get(outlet.node))
        .map(|node| node.name.as_str())
        .collect();
    if names != [input.name.as_str()] {
        return Err(InferenceError::Shape {
            place: "inputs".to_owned(),
            expected: input.name.clone(),
            found: told(names.join(", ")),
        });
    }
    let expected = [1, input.leads, input.samples];
    let declared = graph.input_fact(0).map_err(unreadable)?.clone();
    let fact = InferenceFact::dt_shape(f32::datum_type(), expected);
    if declared.unify(&fact).is_err() {
        return Err(InferenceError::Shape {
            place: format!("input {}", input.name),
            expected: format!("{expected:?}, 32-bit floats"),
            found: told(format!("{declared:?}")),
        });
    }
    graph.set_input_fact(0, fact).map_err(unreadable)?;
    let outputs = [&manifest.outputs.logits, &manifest.outputs.cam];
    graph
        .select_outputs_by_name(outputs)
        .map_err(|error| InferenceError::Shape {
            place: "outputs".to_owned(),
            expected: format!("{} and {}", outputs[0], outputs[1]),
            found: told(error),
        })?;
    Ok(graph)
}

/// Work and memory for one window, as far as the runtime can tell beforehand.
pub(super) fn check_work(model: &TypedModel) -> Result<(), InferenceError> {
    let mut multiply_adds = 0_u64;
    for node in model.nodes() {
        for output in &node.outputs {
            let Some(shape) = output.fact.shape.as_concrete() else {
                return Err(InferenceError::Shape {
                    place: node.name.clone(),
                    expected: "a fixed shape".to_owned(),
                    found: format!("{:?}", output.fact.shape),
                });
            };
            let values = shape
                .iter()
                .fold(1_u64, |product, &dim| product.saturating_mul(dim as u64));
            if values > MAX_TENSOR_VALUES {
                return Err(too_large("values in one tensor", values, MAX_TENSOR_VALUES));
            }
        }
        let facts = model.node_input_facts(node.id).map_err(unreadable)?;
        let costs = node.op.cost(&facts).map_err(unreadable)?;
        for (_, count) in costs
            .iter()
            .filter(|(cost, _)| matches!(cost, Cost::FMA(_)))
        {
            let count = count.to_usize().unwrap_or(usize::MAX) as u64;
            multiply_adds = multiply_adds.saturating_add(count);
        }
    }
    if multiply_adds > MAX_MULTIPLY_ADDS {
        return Err(too_large(
            "multiply-adds a window",
            multiply_adds,
            MAX_MULTIPLY_ADDS,
        ));
    }
    Ok(())
}

/// Steps of the class activation maps, when both outputs have the shapes that the labels ask for.
fn check_outputs(model: &TypedModel, manifest: &Manifest) -> Result<usize, InferenceError> {
    let labels = manifest.label_count();
    let dims = |index: usize| -> Result<Vec<usize>, InferenceError> {
        let fact = model.output_fact(index).map_err(unreadable)?;
        let float = fact.datum_type == f32::datum_type();
        let dims = fact.shape.as_concrete().unwrap_or_default();
        Ok(if float { dims.to_vec() } else { Vec::new() })
    };
    let wrong = |name: &str, expected: String, found: &[usize]| InferenceError::Shape {
        place: format!("output {name}"),
        expected,
        found: format!("{found:?}"),
    };
    let logits = dims(0)?;
    if logits != [1, labels] {
        let expected = format!("[1, {labels}], 32-bit floats");
        return Err(wrong(&manifest.outputs.logits, expected, &logits));
    }
    match dims(1)?.as_slice() {
        &[1, found, steps] if found == labels && steps > 0 => Ok(steps),
        other => {
            let expected = format!("[1, {labels}, steps], 32-bit floats");
            Err(wrong(&manifest.outputs.cam, expected, other))
        }
    }
}
