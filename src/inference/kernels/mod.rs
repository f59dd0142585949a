//! Ops of our own where the runtime's are slower in a browser.

mod activation;
mod attention;
mod convolution;
mod lanes;
mod linear;
mod lstm;
mod matrix;
mod neighbours;
mod tiles;
mod winograd;

use attention::Attention;
use convolution::Convolution;
use linear::Linear;
use lstm::Lstm;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::TypedOp;

/// The same graph with the ops of this module where they fit.
///
/// # Errors
/// When the graph does not hold together.
pub(super) fn with_own_ops(mut model: TypedModel) -> TractResult<TypedModel> {
    // Weights that are stored small are whole numbers times steps until here.
    model.prop_consts()?;
    for id in 0..model.nodes().len() {
        let Some(own) = own_op(&model, id)? else {
            continue;
        };
        let mut patch = TypedModelPatch::new("own op");
        let inputs = patch.taps(&model, &own.inputs)?;
        let name = &model.node(own.gives.node).name;
        let output = patch.wire_node(name, own.op, &inputs)?;
        patch.shunt_outside(&model, own.gives, output[0])?;
        patch.apply(&mut model)?;
    }
    Ok(model)
}

/// An op that gives what `gives` gives in the graph.
struct OwnOp {
    op: Box<dyn TypedOp>,
    inputs: TVec<OutletId>,
    gives: OutletId,
}

/// What can stand in place of a node, or of it and its neighbours.
fn own_op(model: &TypedModel, id: usize) -> TractResult<Option<OwnOp>> {
    let node = model.node(id);
    // Weights are within the op, so that what the node hears first is all that is left.
    let of_first = |op: Box<dyn TypedOp>, gives: OutletId| OwnOp {
        op,
        inputs: tvec!(node.inputs[0]),
        gives,
    };
    if let Some(convolution) = Convolution::of(model, node)? {
        return Ok(Some(of_first(Box::new(convolution), id.into())));
    }
    if let Some((linear, gives)) = Linear::of(model, node)? {
        return Ok(Some(of_first(Box::new(linear), gives)));
    }
    if let Some(lstm) = Lstm::of(model, node)? {
        return Ok(Some(of_first(Box::new(lstm), id.into())));
    }
    let found = Attention::of(model, node)?;
    Ok(found.map(|found| OwnOp {
        op: Box::new(found.attention),
        inputs: found.inputs,
        gives: found.gives,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tract_onnx::tract_core::ops::change_axes::AxisOp;
    use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat, PaddingSpec, PoolSpec};
    use tract_onnx::tract_core::ops::einsum::EinSum;
    use tract_onnx::tract_core::ops::konst::Const;
    use tract_onnx::tract_core::ops::math::{add, mul};
    use tract_onnx::tract_core::ops::nn::{DataFormat, Softmax, SoftmaxKind};
    use tract_onnx::tract_core::ops::source::TypedSource;

    /// Outputs of the graph for one input.
    fn run(model: TypedModel, input: &Tensor) -> Vec<Vec<f32>> {
        run_on(model, std::slice::from_ref(input))
    }

    fn run_on(model: TypedModel, inputs: &[Tensor]) -> Vec<Vec<f32>> {
        let runnable = model.into_optimized().unwrap().into_runnable().unwrap();
        let inputs = inputs.iter().cloned().map(Tensor::into_tvalue);
        let found = runnable.run(inputs.collect()).unwrap();
        let values = |value: &TValue| {
            value
                .to_plain_array_view::<f32>()
                .unwrap()
                .iter()
                .copied()
                .collect()
        };
        found.iter().map(values).collect()
    }

    fn wave(count: usize, step: f32) -> Vec<f32> {
        (0..count).map(|at| (at as f32 * step).sin()).collect()
    }

    fn worst(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
        let pairs = a.iter().flatten().zip(b.iter().flatten());
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    /// How many nodes are ops of this module.
    fn own(model: &TypedModel) -> usize {
        let names = model.nodes().iter().map(|node| node.op.name());
        names
            .filter(|name| ["Convolution", "Linear", "Lstm", "Attention"].contains(&name.as_ref()))
            .count()
    }

    #[test]
    fn models_answer_as_with_the_runtimes_ops() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
        for (id, least) in [
            ("tcn", 17),
            ("canet", 17),
            ("vgg16", 14),
            ("mobilenetv2", 50),
        ] {
            let path = folder.join(id).join("model.onnx");
            let model = tract_onnx::onnx()
                .model_for_path(path)
                .unwrap()
                .into_typed()
                .unwrap();
            let mine = with_own_ops(model.clone()).unwrap();
            assert!(own(&mine) >= least, "{id} {}", own(&mine));
            let input = Tensor::from_shape(&[1, 1, 1000], &wave(1000, 0.37)).unwrap();
            let (mine, theirs) = (run(mine, &input), run(model, &input));
            assert_eq!(mine.len(), theirs.len());
            let worst = worst(&mine, &theirs);
            assert!(worst < 2e-5, "{id} {worst:e}");
        }
    }

    /// One convolution of `[1, channels, samples]`.
    fn convolution(spec: PoolSpec, group: usize, samples: usize) -> TypedModel {
        let mut model = TypedModel::default();
        let fact = f32::fact([1, spec.input_channels, samples]);
        let input = model.add_source("input", fact).unwrap();
        let shape = [
            spec.output_channels,
            spec.input_channels / group,
            spec.kernel_shape[0],
        ];
        let kernel = Tensor::from_shape(&shape, &wave(shape.iter().product(), 0.7)).unwrap();
        let bias = Tensor::from_shape(&shape[..1], &wave(shape[0], 1.3)).unwrap();
        let kernel = model.add_const("kernel", kernel).unwrap();
        let bias = model.add_const("bias", bias).unwrap();
        let conv = Conv {
            pool_spec: spec,
            kernel_fmt: KernelFormat::OIHW,
            group,
            q_params: None,
        };
        let output = model
            .wire_node("conv", conv, &[input, kernel, bias])
            .unwrap();
        model.select_output_outlets(&output).unwrap();
        model
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_convolution_is_the_runtimes(
            channels in (1_usize..7, 1_usize..11),
            single: bool,
            samples in 24_usize..90,
            (taps, stride, dilation) in (1_usize..6, 1_usize..5, 1_usize..5),
            pads in (0_usize..9, 0_usize..9),
        ) {
            let (input, output) = if single { (channels.0, channels.0) } else { channels };
            let spec = PoolSpec {
                data_format: DataFormat::NCHW,
                kernel_shape: tvec!(taps),
                padding: PaddingSpec::Explicit(tvec!(pads.0), tvec!(pads.1)),
                dilations: Some(tvec!(dilation)),
                strides: Some(tvec!(stride)),
                input_channels: input,
                output_channels: output,
            };
            let model = convolution(spec, if single { input } else { 1 }, samples);
            let mine = with_own_ops(model.clone()).unwrap();
            prop_assert_eq!(own(&mine), 1);
            let input = Tensor::from_shape(&[1, input, samples], &wave(input * samples, 0.37)).unwrap();
            let worst = worst(&run(mine, &input), &run(model, &input));
            prop_assert!(worst < 1e-5, "{worst:e}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn convolutions_in_blocks_are_the_runtimes(
            channels in (16_usize..21, 16_usize..21),
            samples in 24_usize..140,
            (taps, dilation) in (3_usize..10, 0_u32..4),
            strided: bool,
        ) {
            let (stride, dilation) = if strided { (2, 1) } else { (1, 1 << dilation) };
            let reach = (taps - 1) * dilation;
            let spec = PoolSpec {
                data_format: DataFormat::NCHW,
                kernel_shape: tvec!(taps),
                padding: PaddingSpec::Explicit(tvec!(reach / 2), tvec!(reach / 2)),
                dilations: Some(tvec!(dilation)),
                strides: Some(tvec!(stride)),
                input_channels: channels.0,
                output_channels: channels.1,
            };
            let model = convolution(spec, 1, samples);
            let mine = with_own_ops(model.clone()).unwrap();
            prop_assert_eq!(own(&mine), 1);
            let shape = [1, channels.0, samples];
            let input = Tensor::from_shape(&shape, &wave(channels.0 * samples, 0.37)).unwrap();
            let worst = worst(&run(mine, &input), &run(model, &input));
            prop_assert!(worst < 1e-4, "{worst:e}");
        }
    }

    /// Sizes of an attention, as many heads in all.
    #[derive(Clone, Copy, Debug)]
    struct Sizes {
        heads: usize,
        queries: usize,
        keys: usize,
        terms: usize,
        columns: usize,
    }

    impl Sizes {
        /// Shapes of its queries, keys and values: `[1, steps, heads * size]`.
        fn shapes(&self) -> [[usize; 3]; 3] {
            [
                [1, self.queries, self.heads * self.terms],
                [1, self.keys, self.heads * self.terms],
                [1, self.keys, self.heads * self.columns],
            ]
        }

        fn inputs(&self) -> Vec<Tensor> {
            let input = |(shape, step): ([usize; 3], f32)| {
                Tensor::from_shape(&shape, &wave(shape.iter().product(), step)).unwrap()
            };
            self.shapes()
                .into_iter()
                .zip([0.37, 0.53, 0.71])
                .map(input)
                .collect()
        }
    }

    /// How an attention is written down.
    #[derive(Clone, Debug)]
    struct Written {
        /// Whether keys are `[1, heads, terms, keys]`, and values `[1, heads, keys, columns]`.
        upright: [bool; 2],
        /// Axes of the product of shares and values, where they are others.
        drawn: Option<&'static str>,
        /// The scale, and whether it stands before what it scales.
        scale: Option<(Tensor, bool)>,
        softmax: Softmax,
        joined: bool,
        /// What is given beside the rest.
        told: Option<&'static str>,
    }

    impl Default for Written {
        fn default() -> Self {
            Self {
                upright: [true; 2],
                drawn: None,
                scale: Some((Tensor::from_shape(&[1; 4], &[0.7_f32]).unwrap(), false)),
                softmax: Softmax::new(tvec!(3), None, SoftmaxKind::Softmax),
                joined: true,
                told: None,
            }
        }
    }

    fn attention(sizes: Sizes, written: &Written) -> TypedModel {
        let mut model = TypedModel::default();
        let heads = sizes.heads;
        let mut wire = |name: &str, op: Box<dyn TypedOp>, inputs: &[OutletId]| {
            model.wire_node(name, op, inputs).unwrap()[0]
        };
        let mut split = |name: &str, shape: [usize; 3], turn: bool| {
            let input = wire(name, Box::new(TypedSource::new(f32::fact(shape))), &[]);
            let parts = tvec!(heads.to_dim(), (shape[2] / heads).to_dim());
            let parts = AxisOp::Reshape(2, tvec!(shape[2].to_dim()), parts);
            let parts = wire(&format!("{name}.split"), Box::new(parts), &[input]);
            let rows = wire(
                &format!("{name}.rows"),
                Box::new(AxisOp::Move(1, 2)),
                &[parts],
            );
            if turn {
                wire(
                    &format!("{name}.columns"),
                    Box::new(AxisOp::Move(2, 3)),
                    &[rows],
                )
            } else {
                rows
            }
        };
        let [queries, keys, values] = sizes.shapes();
        let [keys_upright, values_upright] = written.upright;
        let queries = split("queries", queries, false);
        let keys = split("keys", keys, keys_upright);
        let values = split("values", values, !values_upright);
        let product = |axes: &str| Box::new(EinSum::new(axes.parse().unwrap(), f32::datum_type()));
        let axes = |upright: bool| {
            if upright {
                "abmk,abkn->abmn"
            } else {
                "abmk,abnk->abmn"
            }
        };
        let scores = wire("scores", product(axes(keys_upright)), &[queries, keys]);
        let mut scaled = scores;
        if let Some((scale, is_first)) = &written.scale {
            let scale = Const::new(scale.clone().into_arc_tensor()).unwrap();
            let scale = wire("scale", Box::new(scale), &[]);
            let both = if *is_first {
                [scale, scores]
            } else {
                [scores, scale]
            };
            scaled = wire("scaled", Box::new(mul()), &both);
        }
        let shares = wire("shares", Box::new(written.softmax.clone()), &[scaled]);
        let drawn = written.drawn.unwrap_or(axes(values_upright));
        let mut mixed = wire("mixed", product(drawn), &[shares, values]);
        if written.joined {
            mixed = wire("back", Box::new(AxisOp::Move(1, 2)), &[mixed]);
            let parts = tvec!(heads.to_dim(), sizes.columns.to_dim());
            let join = AxisOp::Reshape(2, parts, tvec!((heads * sizes.columns).to_dim()));
            mixed = wire("joined", Box::new(join), &[mixed]);
        }
        let told = written
            .told
            .map(|told| if told == "scores" { scores } else { shares });
        let outputs: Vec<OutletId> = std::iter::once(mixed).chain(told).collect();
        let inputs =
            ["queries", "keys", "values"].map(|name| model.node_id_by_name(name).unwrap().into());
        model.set_input_outlets(&inputs).unwrap();
        model.select_output_outlets(&outputs).unwrap();
        model
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_attention_is_the_runtimes(
            (heads, queries, keys) in (1_usize..5, 1_usize..20, 1_usize..20),
            (terms, columns) in (1_usize..12, 1_usize..12),
            upright: [bool; 2],
            joined: bool,
            scale in prop::option::of((0.1_f32..3.0, any::<bool>())),
        ) {
            let sizes = Sizes { heads, queries, keys, terms, columns };
            let scale = scale.map(|(scale, first)| (Tensor::from_shape(&[1; 4], &[scale]).unwrap(), first));
            let written = Written { upright, joined, scale, ..Written::default() };
            let model = attention(sizes, &written);
            let mine = with_own_ops(model.clone()).unwrap();
            prop_assert_eq!(own(&mine), 1);
            let inputs = sizes.inputs();
            let worst = worst(&run_on(mine, &inputs), &run_on(model, &inputs));
            prop_assert!(worst < 1e-5, "{worst:e}");
        }
    }

    #[test]
    fn what_looks_like_attention_and_is_not_stays_the_runtimes() {
        // Heads, queries and keys are as many, so that no shape tells these apart.
        let sizes = Sizes {
            heads: 3,
            queries: 3,
            keys: 3,
            terms: 5,
            columns: 4,
        };
        let own = |written: &Written| own(&with_own_ops(attention(sizes, written)).unwrap());
        assert_eq!(own(&Written::default()), 1);
        let each_key = Tensor::from_shape(&[1, 1, 1, 3], &[0.1_f32, 0.2, 0.3]).unwrap();
        let softmax = |axis, kind| Softmax::new(tvec!(axis), None, kind);
        let others = [
            Written {
                drawn: Some("abmm,abmn->abmn"),
                ..Written::default()
            },
            Written {
                drawn: Some("abmb,abbn->abmn"),
                ..Written::default()
            },
            Written {
                scale: Some((each_key, false)),
                ..Written::default()
            },
            Written {
                softmax: softmax(2, SoftmaxKind::Softmax),
                ..Written::default()
            },
            Written {
                softmax: softmax(3, SoftmaxKind::LogSoftmax),
                ..Written::default()
            },
            Written {
                told: Some("scores"),
                ..Written::default()
            },
            Written {
                told: Some("shares"),
                ..Written::default()
            },
        ];
        for written in others {
            assert_eq!(own(&written), 0, "{written:?}");
        }
    }

    #[test]
    fn a_bias_is_added_with_the_product_it_belongs_to_alone() {
        const ROWS: usize = 7;
        // As many columns as rows, so that the length alone does not tell which of them a bias belongs to.
        for (shape, told, is_added) in [
            ([1, ROWS], false, true),
            ([1, ROWS], true, false),
            ([ROWS, 1], false, false),
            ([1, 1], false, false),
        ] {
            let mut model = TypedModel::default();
            let input = model.add_source("input", f32::fact([ROWS, 9])).unwrap();
            let weights = Tensor::from_shape(&[9, ROWS], &wave(9 * ROWS, 0.7)).unwrap();
            let weights = model.add_const("weights", weights).unwrap();
            let product = EinSum::new("mk,kn->mn".parse().unwrap(), f32::datum_type());
            let product = model
                .wire_node("product", product, &[input, weights])
                .unwrap()[0];
            let bias = Tensor::from_shape(&shape, &wave(shape.iter().product(), 1.3)).unwrap();
            let bias = model.add_const("bias", bias).unwrap();
            let sum = model.wire_node("sum", add(), &[bias, product]).unwrap()[0];
            let outputs = if told { vec![sum, product] } else { vec![sum] };
            model.select_output_outlets(&outputs).unwrap();
            let mine = with_own_ops(model.clone()).unwrap();
            assert_eq!(own(&mine), 1);
            let order = mine.eval_order().unwrap();
            let adds = order.iter().filter(|id| mine.node(**id).op.name() == "Add");
            assert_eq!(adds.count(), usize::from(!is_added), "{shape:?}");
            let input = Tensor::from_shape(&[ROWS, 9], &wave(9 * ROWS, 0.37)).unwrap();
            let worst = worst(&run(mine, &input), &run(model, &input));
            assert!(worst < 1e-5, "{shape:?} {worst:e}");
        }
    }

    #[test]
    fn rows_times_weights_either_way_are_the_runtimes() {
        for (axes, weights) in [("amk,kn->amn", [9, 37]), ("amk,nk->amn", [37, 9])] {
            let mut model = TypedModel::default();
            let input = model.add_source("input", f32::fact([1, 7, 9])).unwrap();
            let values = Tensor::from_shape(&weights, &wave(9 * 37, 0.7)).unwrap();
            let weights = model.add_const("weights", values).unwrap();
            let product = EinSum::new(axes.parse().unwrap(), f32::datum_type());
            let output = model
                .wire_node("product", product, &[input, weights])
                .unwrap();
            model.select_output_outlets(&output).unwrap();
            let mine = with_own_ops(model.clone()).unwrap();
            assert_eq!(own(&mine), 1);
            let input = Tensor::from_shape(&[1, 7, 9], &wave(63, 0.37)).unwrap();
            assert!(worst(&run(mine, &input), &run(model, &input)) < 1e-5);
        }
    }
}
