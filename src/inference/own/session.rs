//! Checks and runs a user's model. Like ours it is hostile until shown otherwise; unlike ours it may be anything.
//!
//! What cannot be told beforehand is whether a run ends: whoever calls this sets a time limit from outside.

use super::super::InferenceError;
use super::super::manifest::MAX_MODEL_BYTES;
use super::super::session::{
    check_graph, check_operators, check_work, guarded, misfit, optimised, sha256_hex, told,
    too_large, unreadable,
};
use super::gather::OwnRequest;
use super::manifest::{Activation, OwnManifest};
use super::prepare::Preparer;
use super::{Answers, Inspection, OwnResult};
use crate::recording::Phrase;
use std::sync::Arc;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::dimension::Value as DimValue;
use tract_onnx::pb::{GraphProto, ModelProto, ValueInfoProto, type_proto};
use tract_onnx::prelude::*;

/// Oldest and newest set of standard operators that is run.
const OPERATOR_SETS: [i64; 2] = [7, 22];

/// Longest producer's name that is shown, in characters.
const LONGEST_PRODUCER: usize = 60;

/// A user's model that passed its checks.
#[derive(Clone, Debug)]
pub struct OwnSession {
    runnable: Arc<TypedRunnableModel>,
    manifest: OwnManifest,
    card: Vec<Phrase>,
}

impl OwnSession {
    /// Checks the model in `bytes` (ONNX) against its manifest and tries it on two windows: zeros and a wave.
    ///
    /// # Errors
    /// [`InferenceError::TooLarge`], [`InferenceError::WrongFile`] when the manifest states another hash,
    /// [`InferenceError::Unreadable`], [`InferenceError::OperatorSet`], [`InferenceError::Operators`],
    /// [`InferenceError::Shape`], [`InferenceError::NotFinite`] and [`InferenceError::Run`].
    pub fn load(mut manifest: OwnManifest, bytes: &[u8]) -> Result<Self, InferenceError> {
        check_size(bytes)?;
        let sha256 = sha256_hex(bytes);
        if let Some(stated) = manifest.sha256.as_ref().filter(|stated| **stated != sha256) {
            return Err(InferenceError::WrongFile {
                what: "SHA-256",
                expected: stated.clone(),
                found: sha256,
            });
        }
        manifest.sha256 = Some(sha256);
        guarded(|| Self::build(manifest, bytes))
    }

    fn build(manifest: OwnManifest, bytes: &[u8]) -> Result<Self, InferenceError> {
        // Shapes that the file states within the graph may hold names for sizes; ours follow from the fixed input.
        let reader = tract_onnx::onnx()
            .with_ignore_output_shapes(true)
            .with_ignore_value_info(true);
        let proto = read(bytes)?;
        let graph = proto
            .graph
            .as_ref()
            .ok_or_else(|| unreadable("there is no graph in it"))?;
        let input = check_input(graph, &manifest)?;
        let card = card(&manifest, &proto, bytes.len());
        let model = reader.model_for_proto_model(&proto).map_err(unreadable)?;
        drop(proto);
        check_operators(&model)?;
        let typed = with_shapes(model, &manifest, &input)?
            .into_typed()
            .map_err(misfit)?;
        check_work(&typed)?;
        check_output(&typed, &manifest)?;
        let session = Self {
            runnable: optimised(typed)?,
            manifest,
            card,
        };
        session.try_out()?;
        Ok(session)
    }

    /// The manifest with the hash of the file.
    #[must_use]
    pub fn manifest(&self) -> &OwnManifest {
        &self.manifest
    }

    /// What is shown of the model: its name and hash, what it takes, whose it is.
    #[must_use]
    pub fn card(&self) -> &[Phrase] {
        &self.card
    }

    /// Runs the model on a request, at most on the first `most_windows` windows.
    ///
    /// # Errors
    /// [`InferenceError::TooShort`], [`InferenceError::Rate`], and [`InferenceError::Run`] or
    /// [`InferenceError::NotFinite`] when the model fails on a window.
    pub fn run(
        &self,
        request: &OwnRequest,
        most_windows: usize,
    ) -> Result<OwnResult, InferenceError> {
        let preparer = Preparer::new(&self.manifest, request)?;
        let starts = preparer.starts_s();
        let run = &starts[..starts.len().min(most_windows.max(1))];
        let mut sums = vec![0.0_f64; self.manifest.output.labels.len()];
        for &start_s in run {
            let outputs = self.outputs(&preparer.window(start_s))?;
            let values = activated(self.manifest.output.activation, &outputs);
            sums.iter_mut()
                .zip(values)
                .for_each(|(sum, value)| *sum += value);
        }
        let output = &self.manifest.output;
        let mean = |sum: f64| (sum / run.len() as f64) as f32;
        let ends_s = run
            .last()
            .map_or(0.0, |start_s| start_s + self.manifest.input.window_s);
        let names: Vec<&str> = request
            .leads
            .iter()
            .map(|lead| lead.name.as_str())
            .collect();
        let mut lines = vec![
            Phrase::new("own-basis")
                .with("n", run.len())
                .with("from", request.from_s)
                .with("to", (request.from_s + ends_s).min(request.to_s))
                .with("leads", names.join(", ")),
        ];
        let left_out = preparer.left_out() + starts.len() - run.len();
        if left_out > 0 {
            lines.push(Phrase::new("own-left-out").with("n", left_out));
        }
        Ok(OwnResult {
            values: (output.labels.iter().cloned())
                .zip(sums.into_iter().map(mean))
                .collect(),
            thresholds: output
                .thresholds
                .iter()
                .map(|&limit| limit as f32)
                .collect(),
            is_share: output.activation != Activation::None,
            lines,
        })
    }

    /// The outputs `[labels]` of one prepared window, before the activation.
    ///
    /// # Errors
    /// [`InferenceError::Run`] and [`InferenceError::NotFinite`].
    pub fn outputs(&self, window: &[f32]) -> Result<Vec<f32>, InferenceError> {
        let failed = |error: TractError| InferenceError::Run {
            reason: told(&error),
        };
        let shape = self.manifest.input_shape();
        let input = Tensor::from_shape(&shape, window).map_err(failed)?;
        let found = self.runnable.run(tvec!(input.into())).map_err(failed)?;
        let values: Vec<f32> = match found.first() {
            Some(tensor) => {
                let view = tensor.to_plain_array_view::<f32>().map_err(failed)?;
                view.iter().copied().collect()
            }
            None => Vec::new(),
        };
        if values.iter().any(|value| !value.is_finite()) {
            return Err(InferenceError::NotFinite {
                place: format!("output {}", self.manifest.output.tensor),
            });
        }
        Ok(values)
    }

    fn try_out(&self) -> Result<(), InferenceError> {
        let count = self.manifest.input_shape().iter().product();
        let height = self.manifest.input.unit.per_millivolt();
        self.outputs(&vec![0.0; count])?;
        let wave: Vec<f32> = (0..count)
            .map(|at| height * (at as f32 * 0.1).sin())
            .collect();
        self.outputs(&wave).map(|_| ())
    }
}

/// What a file says of itself, before there is a manifest: facts to read, and answers that follow.
///
/// # Errors
/// [`InferenceError::TooLarge`], [`InferenceError::Unreadable`], [`InferenceError::OperatorSet`] and what is wrong with
/// the graph.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, InferenceError> {
    check_size(bytes)?;
    guarded(|| {
        let proto = read(bytes)?;
        let graph = proto.graph.as_ref();
        let input = graph.and_then(|graph| inputs(graph).into_iter().next());
        let output = graph.and_then(|graph| graph.output.first());
        let mut facts = vec![file_fact(&proto, bytes.len())];
        let mut answers = Answers::new();
        if let Some(input) = input {
            let fact = Phrase::new("own-fact-input").with("name", input.name.as_str());
            facts.push(fact.with("shape", shape_text(&dims(input))));
            let layout = layout_of(&dims(input));
            answers.extend(layout.map(|layout| ("own-layout".to_owned(), layout.to_owned())));
        }
        if let Some(output) = output {
            let fact = Phrase::new("own-fact-output").with("name", output.name.as_str());
            facts.push(fact.with("shape", shape_text(&dims(output))));
            answers.push(("own-tensor".to_owned(), output.name.clone()));
        }
        Ok(Inspection { facts, answers })
    })
}

/// The runtime's own faults must not take the program with it. (In the browser a panic ends the worker, which starts
/// anew.)
fn check_size(bytes: &[u8]) -> Result<(), InferenceError> {
    let length = bytes.len() as u64;
    if length > MAX_MODEL_BYTES {
        return Err(too_large("bytes of model", length, MAX_MODEL_BYTES));
    }
    Ok(())
}

/// The file as a graph whose size, operator set and weights are in order.
fn read(bytes: &[u8]) -> Result<ModelProto, InferenceError> {
    let proto = tract_onnx::onnx()
        .proto_model_for_read(&mut &bytes[..])
        .map_err(unreadable)?;
    check_graph(&proto)?;
    let found = operator_set(&proto);
    let [least, most] = OPERATOR_SETS;
    if !(least..=most).contains(&found) {
        return Err(InferenceError::OperatorSet { found, least, most });
    }
    Ok(proto)
}

/// Version of the standard operators; 0 where the file names none.
fn operator_set(proto: &ModelProto) -> i64 {
    let sets = proto.opset_import.iter();
    let standard = sets.filter(|set| set.domain.is_empty() || set.domain == "ai.onnx");
    standard.map(|set| set.version).max().unwrap_or(0)
}

/// Inputs that are no weights: older files list both.
fn inputs(graph: &GraphProto) -> Vec<&ValueInfoProto> {
    let is_weight = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
    let values = graph.input.iter();
    values.filter(|value| !is_weight(&value.name)).collect()
}

/// Sizes of a value, `None` where the file leaves one open.
fn dims(value: &ValueInfoProto) -> Vec<Option<usize>> {
    let Some(shape) = tensor_of(value).and_then(|tensor| tensor.shape.as_ref()) else {
        return Vec::new();
    };
    let sizes = shape.dim.iter().map(|dim| match dim.value {
        Some(DimValue::DimValue(size)) => usize::try_from(size).ok().filter(|size| *size > 0),
        Some(DimValue::DimParam(_)) | None => None,
    });
    sizes.collect()
}

fn tensor_of(value: &ValueInfoProto) -> Option<&type_proto::Tensor> {
    let type_proto::Value::TensorType(tensor) = value.r#type.as_ref()?.value.as_ref()?;
    Some(tensor)
}

fn shape_text(dims: &[Option<usize>]) -> String {
    let sizes: Vec<String> = dims
        .iter()
        .map(|size| size.map_or_else(|| "?".to_owned(), |size| size.to_string()))
        .collect();
    format!("[{}]", sizes.join(", "))
}

/// The layout that sizes suggest: there are more samples than leads.
fn layout_of(dims: &[Option<usize>]) -> Option<&'static str> {
    match dims {
        [_, Some(a), Some(b)] if a < b => Some("leads-samples"),
        [_, Some(_), Some(_)] => Some("samples-leads"),
        [_, Some(_), None] => Some("leads-samples"),
        [_, None, Some(_)] => Some("samples-leads"),
        [_, _, _, _] => Some("one-leads-samples"),
        _ => None,
    }
}

/// Name of the only input, when its type and sizes are those of the manifest. Sizes that the file leaves open are fixed
/// by the manifest.
fn check_input(graph: &GraphProto, manifest: &OwnManifest) -> Result<String, InferenceError> {
    let found = inputs(graph);
    let [input] = found.as_slice() else {
        let names: Vec<&str> = found.iter().map(|input| input.name.as_str()).collect();
        return Err(InferenceError::Shape {
            place: "inputs".to_owned(),
            expected: "1".to_owned(),
            found: told(names.join(", ")),
        });
    };
    let wanted = manifest.input_shape();
    let declared = dims(input);
    let agrees = declared.len() == wanted.len()
        && (declared.iter().zip(&wanted)).all(|(found, wanted)| found.is_none_or(|n| n == *wanted));
    let is_float =
        tensor_of(input).is_some_and(|tensor| tensor.elem_type == DataType::Float as i32);
    if agrees && is_float {
        return Ok(input.name.clone());
    }
    let mut found = shape_text(&declared);
    if !is_float {
        found.push_str(" of another type");
    }
    Err(InferenceError::Shape {
        place: format!("input {}", input.name),
        expected: format!("{wanted:?}, 32-bit floats"),
        found,
    })
}

fn with_shapes(
    mut graph: InferenceModel,
    manifest: &OwnManifest,
    input: &str,
) -> Result<InferenceModel, InferenceError> {
    let fact = InferenceFact::dt_shape(f32::datum_type(), manifest.input_shape());
    let node = graph.node_by_name(input).map_err(unreadable)?.id;
    graph
        .set_input_outlets(&[OutletId::new(node, 0)])
        .map_err(unreadable)?;
    graph.set_input_fact(0, fact).map_err(unreadable)?;
    let tensor = &manifest.output.tensor;
    graph
        .select_outputs_by_name([tensor])
        .map_err(|error| InferenceError::Shape {
            place: "outputs".to_owned(),
            expected: tensor.clone(),
            found: told(error),
        })?;
    Ok(graph)
}

fn check_output(model: &TypedModel, manifest: &OwnManifest) -> Result<(), InferenceError> {
    let fact = model.output_fact(0).map_err(unreadable)?;
    let labels = manifest.output.labels.len();
    let dims = fact.shape.as_concrete().unwrap_or_default();
    if fact.datum_type == f32::datum_type() && (dims == [1, labels] || dims == [labels]) {
        return Ok(());
    }
    Err(InferenceError::Shape {
        place: format!("output {}", manifest.output.tensor),
        expected: format!("[1, {labels}], 32-bit floats"),
        found: format!("{dims:?}, {:?}", fact.datum_type),
    })
}

fn activated(activation: Activation, outputs: &[f32]) -> Vec<f64> {
    let z = || outputs.iter().map(|&value| f64::from(value));
    match activation {
        Activation::None => z().collect(),
        Activation::Sigmoid => z().map(|z| 1.0 / (1.0 + (-z).exp())).collect(),
        Activation::Softmax => {
            let most = z().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = z().map(|z| (z - most).exp()).sum();
            z().map(|z| (z - most).exp() / sum).collect()
        }
    }
}

fn file_fact(proto: &ModelProto, bytes: usize) -> Phrase {
    let producer: String = proto.producer_name.chars().take(LONGEST_PRODUCER).collect();
    Phrase::new("own-fact-file")
        .with("bytes", bytes)
        .with("opset", operator_set(proto) as f64)
        .with("known", usize::from(!producer.is_empty()))
        .with("producer", producer)
}

fn card(manifest: &OwnManifest, proto: &ModelProto, bytes: usize) -> Vec<Phrase> {
    let input = &manifest.input;
    let filter = match (manifest.filter.high_pass_hz, manifest.filter.low_pass_hz) {
        (None, None) => Phrase::new("own-card-filter-none"),
        (Some(low), None) => Phrase::new("own-card-filter-high").with("low", low),
        (None, Some(high)) => Phrase::new("own-card-filter-low").with("high", high),
        (Some(low), Some(high)) => {
            let band = Phrase::new("own-card-filter-band").with("low", low);
            band.with("high", high)
        }
    };
    let given = Phrase::new("own-card-input")
        .with("leads", input.leads.join(", "))
        .with("unit", input.unit.symbol())
        .with("rate", input.rate_hz)
        .with("window", input.window_s)
        .with("hop", input.hop_s);
    let text = |id: &str, text: &str| {
        let said = Phrase::new(id).with("text", text.trim());
        (!text.trim().is_empty()).then_some(said)
    };
    let named = Phrase::new("own-card-name")
        .with("name", manifest.name.trim())
        .with("version", manifest.version.trim())
        .with("sha256", manifest.sha256.clone().unwrap_or_default());
    let always = [named, file_fact(proto, bytes), given, filter];
    let stated = [
        text("own-card-citation", &manifest.citation),
        text("own-card-licence", &manifest.licence),
    ];
    always
        .into_iter()
        .chain(stated.into_iter().flatten())
        .collect()
}
