//! Attention as one op: what the queries of every head draw from its values.
//!
//! Vaswani et al., Attention Is All You Need (2017), equation 1, without a mask. The runtime moves the axes of its three
//! inputs, packs each for its product, and writes both products out in full.

use super::activation::exponentials;
use super::matrix::Matrix;
use super::neighbours::{View, only_taker, with_constant};
use super::tiles::COLUMNS;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::nn::{Softmax, SoftmaxKind};

/// `softmax(queries · keys · scale) · values` of each head, over keys.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Attention {
    /// `[heads, queries, terms]`.
    queries: View,
    /// `[heads, terms, keys]`.
    keys: View,
    /// `[heads, keys, columns]`.
    values: View,
    scale: f32,
    /// `[heads, queries, columns]` of what it gives, and that tensor's shape.
    mixed: View,
    shape: TVec<usize>,
}

impl Eq for Attention {}

/// An [`Attention`] with its queries, keys and values, and what it gives in the graph.
pub(super) struct Found {
    pub(super) attention: Attention,
    pub(super) inputs: TVec<OutletId>,
    pub(super) gives: OutletId,
}

impl Attention {
    /// The attention whose weights `node` makes into shares, if it is one.
    pub(super) fn of(model: &TypedModel, node: &TypedNode) -> TractResult<Option<Found>> {
        let Some(softmax) = node.op_as::<Softmax>() else {
            return Ok(None);
        };
        let plain = softmax.kind == SoftmaxKind::Softmax
            && softmax.quant_output_dt.is_none()
            && softmax.axes.as_slice() == [3];
        let Some(second) = only_taker(model, node.id)?.filter(|_| plain) else {
            return Ok(None);
        };
        let Some((scores, scale)) = scores(model, node.inputs[0])? else {
            return Ok(None);
        };
        let (Some(keys_upright), Some(values_upright)) = (upright(scores), upright(second)) else {
            return Ok(None);
        };
        if second.inputs[0] != node.id.into() {
            return Ok(None);
        }
        let (Some(queries), Some(keys), Some(values), Some(mixed)) = (
            View::behind(model, scores.inputs[0])?,
            View::behind(model, scores.inputs[1])?,
            View::behind(model, second.inputs[1])?,
            View::ahead(model, second.id.into())?,
        ) else {
            return Ok(None);
        };
        let turn = |view: View, upright: bool| if upright { view } else { view.turned() };
        let shape = model.outlet_fact(mixed.0)?.shape.as_concrete();
        let attention = Self {
            queries: queries.1,
            keys: turn(keys.1, keys_upright),
            values: turn(values.1, values_upright),
            scale,
            mixed: mixed.1,
            shape: shape.unwrap_or_default().into(),
        };
        Ok(attention.fits().then(|| Found {
            attention,
            inputs: tvec!(queries.0, keys.0, values.0),
            gives: mixed.0,
        }))
    }

    /// Whether heads, terms and keys agree.
    fn fits(&self) -> bool {
        let [heads, rows, terms] = self.queries.sizes;
        let [_, _, keys] = self.keys.sizes;
        let [_, _, columns] = self.values.sizes;
        self.keys.sizes == [heads, terms, keys]
            && self.values.sizes == [heads, keys, columns]
            && self.mixed.sizes == [heads, rows, columns]
    }

    fn apply(&self, queries: &[f32], keys: &[f32], values: &[f32]) -> Vec<f32> {
        let mut mixed = vec![0.0; self.mixed.sizes.iter().product()];
        for head in 0..self.mixed.sizes[0] {
            self.apply_to(head, [queries, keys, values], &mut mixed);
        }
        mixed
    }

    fn apply_to(&self, head: usize, [queries, keys, values]: [&[f32]; 3], mixed: &mut [f32]) {
        let [_, rows, terms] = self.queries.sizes;
        let [_, count, columns] = self.values.sizes;
        // Rows of shares are as long as the tiles that they come from; beyond the last key nothing is drawn.
        let keys = Matrix::new([terms, count], COLUMNS, |term, key| {
            keys[self.keys.place(head, term, key)]
        });
        let pitch = keys.pitch();
        let values = Matrix::new([pitch, columns], COLUMNS, |key, column| {
            if key < count {
                values[self.values.place(head, key, column)]
            } else {
                0.0
            }
        });
        let mut scaled = vec![0.0; rows * terms];
        for (row, scaled) in scaled.chunks_exact_mut(terms).enumerate() {
            for (term, to) in scaled.iter_mut().enumerate() {
                *to = queries[self.queries.place(head, row, term)] * self.scale;
            }
        }
        let mut shares = keys.of_rows(&scaled);
        let sums: Vec<f32> = shares
            .chunks_exact_mut(pitch)
            .map(|row| exponentials(&mut row[..count]))
            .collect();
        let drawn = values.of_rows(&shares);
        for (row, (drawn, sum)) in drawn.chunks_exact(values.pitch()).zip(sums).enumerate() {
            for (column, value) in drawn[..columns].iter().enumerate() {
                mixed[self.mixed.place(head, row, column)] = value / sum;
            }
        }
    }
}

/// The product that `outlet` comes from, and what it is multiplied with on the way.
fn scores(model: &TypedModel, outlet: OutletId) -> TractResult<Option<(&TypedNode, f32)>> {
    let node = model.node(outlet.node);
    let Some((scale, scores)) = with_constant(model, node, "Mul")? else {
        return Ok(Some((node, 1.0)));
    };
    // Where others take the product too, it would be calculated twice.
    if only_taker(model, scores.node)?.is_none() || scale.len() != 1 {
        return Ok(None);
    }
    let scale = scale.try_as_plain_ram()?.as_slice::<f32>()?[0];
    Ok(Some((model.node(scores.node), scale)))
}

/// Of a product `[1, heads, rows, columns]` of rows `[1, heads, rows, terms]` and columns within each head, whether the
/// columns are `[1, heads, terms, columns]`, not `[1, heads, columns, terms]`; none if it is another.
fn upright(node: &TypedNode) -> Option<bool> {
    let product = node.op_as::<EinSum>()?;
    let plain = product.q_params.is_none() && product.operating_dt == f32::datum_type();
    let (inputs, outputs) = product.axes.to_strs();
    let ([a, b], [c]) = (inputs.as_slice(), outputs.as_slice()) else {
        return None;
    };
    let axes = |axes: &str| -> Option<[char; 4]> {
        let found: Vec<char> = axes.chars().collect();
        found.try_into().ok()
    };
    let ([batch, head, row, term], given) = (axes(a)?, axes(c)?);
    let column = given[3];
    // What one input has twice, or what the other has as another axis, is another product.
    let apart = !given.contains(&term) && ![batch, head, row].contains(&column);
    if !plain || !apart || given != [batch, head, row, column] {
        return None;
    }
    match axes(b)? {
        found if found == [batch, head, term, column] => Some(true),
        found if found == [batch, head, column, term] => Some(false),
        _ => None,
    }
}

impl Op for Attention {
    fn name(&self) -> StaticName {
        "Attention".into()
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for Attention {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let (queries, keys, values) = args_3!(inputs);
        let mixed = self.apply(
            queries.try_as_plain_ram()?.as_slice::<f32>()?,
            keys.try_as_plain_ram()?.as_slice::<f32>()?,
            values.try_as_plain_ram()?.as_slice::<f32>()?,
        );
        Ok(tvec!(
            Tensor::from_shape(&self.shape, &mixed)?.into_tvalue()
        ))
    }
}

impl TypedOp for Attention {
    as_op!();

    fn output_facts(&self, _inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec!(f32::fact(&self.shape)))
    }
}
