//! Rows times constant weights, as in attention's linear layers.

use super::matrix::Matrix;
use super::neighbours::{only_taker, with_constant};
use super::tiles::{COLUMNS, ROWS};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::einsum::EinSum;

/// `[..., columns]` of `[..., terms]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Linear {
    columns: usize,
    matrix: Matrix,
}

impl Eq for Linear {}

impl Linear {
    /// The same product as `node`, if it is one of rows and constant weights, and what it gives in the graph: with the
    /// bias, if one is added.
    pub(super) fn of(
        model: &TypedModel,
        node: &TypedNode,
    ) -> TractResult<Option<(Self, OutletId)>> {
        let Some(linear) = Self::product(model, node)? else {
            return Ok(None);
        };
        let Some(next) = only_taker(model, node.id)? else {
            return Ok(Some((linear, node.id.into())));
        };
        match with_constant(model, next, "Add")? {
            Some((bias, to)) if to == node.id.into() && is_row(&bias, linear.columns) => {
                let bias = bias.try_as_plain_ram()?;
                let matrix = linear.matrix.with_bias(bias.as_slice::<f32>()?);
                Ok(Some((Self { matrix, ..linear }, next.id.into())))
            }
            _ => Ok(Some((linear, node.id.into()))),
        }
    }

    fn product(model: &TypedModel, node: &TypedNode) -> TractResult<Option<Self>> {
        let Some(product) = node.op_as::<EinSum>() else {
            return Ok(None);
        };
        let facts = model.node_input_facts(node.id)?;
        let &[input, weights] = facts.as_slice() else {
            return Ok(None);
        };
        let (Some(shape), Some(weights)) = (input.shape.as_concrete(), &weights.konst) else {
            return Ok(None);
        };
        let float = |kind: DatumType| kind == f32::datum_type();
        let plain = product.q_params.is_none()
            && float(product.operating_dt)
            && float(input.datum_type)
            && float(weights.datum_type());
        let (Some(axes), true) = (axes(&product.axes), plain) else {
            return Ok(None);
        };
        let (terms, columns) = (weights.shape()[axes.terms], weights.shape()[axes.columns]);
        let rows: usize = shape.iter().rev().skip(1).product();
        let fits = terms > 0 && weights.len() == terms * columns && shape.last() == Some(&terms);
        if !fits || columns == 0 || rows < ROWS {
            return Ok(None);
        }
        let values = weights.try_as_plain_ram()?.as_slice::<f32>()?;
        let (by_column, by_term) = if axes.terms < axes.columns {
            (1, columns)
        } else {
            (terms, 1)
        };
        let weight = |term, column| values[column * by_column + term * by_term];
        Ok(Some(Self {
            columns,
            matrix: Matrix::new([terms, columns], COLUMNS, weight),
        }))
    }
}

/// Whether a tensor is one number for each column and nothing else.
fn is_row(tensor: &Tensor, columns: usize) -> bool {
    tensor.len() == columns && tensor.shape().last() == Some(&columns)
}

/// Where the weights have the terms and the columns.
struct Axes {
    terms: usize,
    columns: usize,
}

/// None unless the last axis of the first input is summed over and one of the weights' stands in its place.
fn axes(mapping: &AxesMapping) -> Option<Axes> {
    let (inputs, outputs) = mapping.to_strs();
    let ([input, weights], [output]) = (inputs.as_slice(), outputs.as_slice()) else {
        return None;
    };
    let (mut before, mut after) = (input.chars(), output.chars());
    let (term, column) = (before.next_back()?, after.next_back()?);
    let stay = before.as_str() == after.as_str();
    let apart =
        !output.contains(term) && !input.contains(column) && !before.as_str().contains(term);
    (stay && apart).then_some(Axes {
        terms: weights.chars().position(|axis| axis == term)?,
        columns: weights.chars().position(|axis| axis == column)?,
    })
}

impl Op for Linear {
    fn name(&self) -> StaticName {
        "Linear".into()
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for Linear {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let mut shape: TVec<usize> = input.shape().into();
        if let Some(last) = shape.last_mut() {
            *last = self.columns;
        }
        let rows = input.try_as_plain_ram()?;
        let mut all = self.matrix.of_rows(rows.as_slice::<f32>()?);
        let pitch = self.matrix.pitch();
        if pitch != self.columns {
            let rows = all.chunks_exact(pitch).map(|row| &row[..self.columns]);
            all = rows.flatten().copied().collect();
        }
        Ok(tvec!(Tensor::from_shape(&shape, &all)?.into_tvalue()))
    }
}

impl TypedOp for Linear {
    as_op!();

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let mut shape: TVec<TDim> = inputs[0].shape.to_tvec();
        if let Some(last) = shape.last_mut() {
            *last = self.columns.to_dim();
        }
        Ok(tvec!(f32::fact(shape)))
    }
}
