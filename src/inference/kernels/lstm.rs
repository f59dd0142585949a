//! One direction of an LSTM as one op: the runtime's goes through its whole graph at every step.

use super::activation::{sigmoid, tanh};
use super::matrix::Matrix;
use super::tiles::RUN;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::lstm_cell::LstmEpilogue;
use tract_onnx::tract_core::ops::scan::{InputMapping, Scan};

/// Gates of a cell, in ONNX's order: input, output, forget, cell.
const GATES: usize = 4;

/// An LSTM of `[1, steps, inputs]` with constant weights that begins with zeros; gives `[1, steps, hidden]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lstm {
    hidden: usize,
    backward: bool,
    from_input: Matrix,
    from_hidden: Matrix,
}

impl Eq for Lstm {}

impl Lstm {
    /// The same LSTM as `node`, if it is one that the reader of ONNX has made of an LSTM without extras.
    pub(super) fn of(model: &TypedModel, node: &TypedNode) -> TractResult<Option<Self>> {
        let Some(scan) = node.op_as::<Scan>() else {
            return Ok(None);
        };
        let mut nodes = scan.body.nodes().iter();
        let cell = nodes.find_map(|node| node.op_as::<LstmEpilogue>());
        let (Some(cell), Some(backward)) = (cell, direction(scan)) else {
            return Ok(None);
        };
        let facts = model.node_input_facts(node.id)?;
        let Some((input, constants)) = facts.split_first() else {
            return Ok(None);
        };
        let constants: Option<Vec<&Arc<Tensor>>> =
            constants.iter().map(|fact| fact.konst.as_ref()).collect();
        let (Some(&[1, _, inputs]), Some(constants)) = (input.shape.as_concrete(), constants)
        else {
            return Ok(None);
        };
        Self::new(cell.hidden, backward, inputs, &constants)
    }

    /// Of W, R, perhaps B, and the first hidden and cell states.
    fn new(
        hidden: usize,
        backward: bool,
        inputs: usize,
        constants: &[&Arc<Tensor>],
    ) -> TractResult<Option<Self>> {
        let float = |tensor: &&Arc<Tensor>| tensor.datum_type() == f32::datum_type();
        if !constants.iter().all(float) || hidden == 0 || inputs == 0 {
            return Ok(None);
        }
        let (weights, bias, states) = match constants {
            [w, r, h, c] => ([w, r], None, [h, c]),
            [w, r, b, h, c] => ([w, r], Some(b), [h, c]),
            _ => return Ok(None),
        };
        let rows = GATES * hidden;
        let [w, r] = weights;
        let fits = w.shape() == [rows, inputs]
            && r.shape() == [rows, hidden]
            && bias.is_none_or(|bias| bias.shape() == [1, 2 * rows])
            && states.iter().all(|state| state.shape() == [1, 1, hidden]);
        for state in states {
            if !fits || !state.is_all_zero()? {
                return Ok(None);
            }
        }
        let bias = match bias {
            Some(bias) => {
                let bias = bias.try_as_plain_ram()?.as_slice::<f32>()?.to_vec();
                (0..rows).map(|row| bias[row] + bias[rows + row]).collect()
            }
            None => vec![0.0; rows],
        };
        let matrix = |weights: &Arc<Tensor>, terms: usize| -> TractResult<Matrix> {
            let weights = weights.try_as_plain_ram()?;
            let weights = weights.as_slice::<f32>()?;
            let weight = |term, row| weights[row * terms + term];
            Ok(Matrix::new([terms, rows], RUN, weight))
        };
        Ok(Some(Self {
            hidden,
            backward,
            from_input: matrix(w, inputs)?.with_bias(&bias),
            from_hidden: matrix(r, hidden)?,
        }))
    }

    /// Hidden states `[steps, hidden]` of `[steps, inputs]`.
    fn apply(&self, input: &[f32]) -> Vec<f32> {
        let mut gates = self.from_input.of_rows(input);
        let pitch = self.from_input.pitch();
        let steps = gates.len() / pitch;
        let mut states = vec![0.0; steps * self.hidden];
        let mut hidden = vec![0.0; self.hidden];
        let mut cell = vec![0.0; self.hidden];
        for step in 0..steps {
            let step = if self.backward {
                steps - 1 - step
            } else {
                step
            };
            let gates = &mut gates[step * pitch..][..pitch];
            self.from_hidden.add(&hidden, gates);
            let (open, candidate) = gates.split_at_mut((GATES - 1) * self.hidden);
            let candidate = &mut candidate[..self.hidden];
            sigmoid(open);
            tanh(candidate);
            let (enter, rest) = open.split_at(self.hidden);
            let (leave, keep) = rest.split_at(self.hidden);
            for (at, cell) in cell.iter_mut().enumerate() {
                *cell = keep[at] * *cell + enter[at] * candidate[at];
            }
            hidden.copy_from_slice(&cell);
            tanh(&mut hidden);
            let left = hidden.iter_mut().zip(leave);
            left.for_each(|(hidden, leave)| *hidden *= leave);
            states[step * self.hidden..][..self.hidden].copy_from_slice(&hidden);
        }
        states
    }
}

/// Whether the scan goes backwards; none when it takes or gives anything but what [`Lstm`] does.
fn direction(scan: &Scan) -> Option<bool> {
    let (InputMapping::Scan(over), rest) = scan.input_mapping.split_first()? else {
        return None;
    };
    let [hidden, cell] = scan.output_mapping.as_slice() else {
        return None;
    };
    let states = rest.iter().filter(|mapping| mapping.is_state()).count();
    let plain = scan.skip == 0
        && over.axis == 1
        && over.chunk.abs() == 1
        && states == 2
        && rest.iter().rev().take(2).all(InputMapping::is_state)
        && hidden
            .scan
            .is_some_and(|(slot, found)| slot == 0 && found == *over)
        && hidden.last_value_slot.is_none()
        && cell.invisible();
    plain.then_some(over.chunk < 0)
}

impl Op for Lstm {
    fn name(&self) -> StaticName {
        "Lstm".into()
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for Lstm {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let states = self.apply(input.try_as_plain_ram()?.as_slice::<f32>()?);
        let shape = [1, states.len() / self.hidden, self.hidden];
        Ok(tvec!(Tensor::from_shape(&shape, &states)?.into_tvalue()))
    }
}

impl TypedOp for Lstm {
    as_op!();

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let steps = inputs[0].shape[1].clone();
        Ok(tvec!(f32::fact([1.to_dim(), steps, self.hidden.to_dim()])))
    }
}
