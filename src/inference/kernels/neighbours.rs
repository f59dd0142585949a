//! What stands around a node, where one op takes the place of several.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::binary::TypedBinOp;

/// What alone takes all that a node gives.
pub(super) fn only_taker(model: &TypedModel, id: usize) -> TractResult<Option<&TypedNode>> {
    let given = model.outputs.iter().any(|outlet| outlet.node == id);
    if given {
        Ok(None)
    } else {
        model.single_succ(id)
    }
}

/// The constant that `node` adds to or multiplies (`named` "Add" or "Mul") its other input with, and that input.
pub(super) fn with_constant(
    model: &TypedModel,
    node: &TypedNode,
    named: &str,
) -> TractResult<Option<(Arc<Tensor>, OutletId)>> {
    let is_named = |op: &TypedBinOp| op.1.is_none() && op.0.name() == named;
    let (true, &[a, b]) = (
        node.op_as::<TypedBinOp>().is_some_and(is_named),
        node.inputs.as_slice(),
    ) else {
        return Ok(None);
    };
    for (outlet, other) in [(a, b), (b, a)] {
        let fact = model.outlet_fact(outlet)?;
        if let (Some(constant), true) = (&fact.konst, fact.datum_type == f32::datum_type()) {
            return Ok(Some((constant.clone(), other)));
        }
    }
    Ok(None)
}

/// Where numbers `[heads, rows, terms]` stand in a tensor: at `head * strides[0] + row * strides[1] + term * strides[2]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) sizes: [usize; 3],
    pub(super) strides: [usize; 3],
}

/// Most numbers of a tensor whose places are looked up one by one.
const MAX_PLACES: usize = 1 << 17;
/// Most times that its axes may have been moved.
const MAX_MOVES: usize = 8;

impl View {
    /// Of the place of every number in their order; none where three strides do not say it.
    fn of(places: &[i64], sizes: [usize; 3]) -> Option<Self> {
        let [_, rows, terms] = sizes;
        let first_of = |at: usize| usize::try_from(*places.get(at)?).ok();
        let stride = |axis: usize, at: usize| match sizes[axis] {
            1 => Some(0),
            _ => first_of(at),
        };
        let strides = [stride(0, rows * terms)?, stride(1, terms)?, stride(2, 1)?];
        let view = Self { sizes, strides };
        let all_there = places.len() == sizes.iter().product::<usize>();
        let mut each = places.iter().enumerate();
        let holds = each.all(|(at, place)| {
            let [head, row, term] = [at / (rows * terms), at / terms % rows, at % terms];
            i64::try_from(view.place(head, row, term)) == Ok(*place)
        });
        (all_there && holds).then_some(view)
    }

    /// Where a number stands.
    pub(super) fn place(&self, head: usize, row: usize, term: usize) -> usize {
        head * self.strides[0] + row * self.strides[1] + term * self.strides[2]
    }

    /// The same numbers with rows and terms in each other's place.
    pub(super) fn turned(self) -> Self {
        let [heads, rows, terms] = self.sizes;
        let [head, row, term] = self.strides;
        Self {
            sizes: [heads, terms, rows],
            strides: [head, term, row],
        }
    }

    /// From which tensor the numbers `[1, heads, rows, terms]` of `outlet` come when axes alone were moved, split and
    /// joined since, and where they stand in it.
    pub(super) fn behind(
        model: &TypedModel,
        outlet: OutletId,
    ) -> TractResult<Option<(OutletId, Self)>> {
        let Some(sizes) = heads_rows_terms(model, outlet)? else {
            return Ok(None);
        };
        let (mut from, mut moves) = (outlet, Vec::new());
        while let Some(op) = model.node(from.node).op_as::<AxisOp>() {
            moves.push(op);
            from = model.node(from.node).inputs[0];
        }
        let Some(places) = moved(model, from, moves.into_iter().rev())? else {
            return Ok(None);
        };
        Ok(Self::of(&places, sizes).map(|view| (from, view)))
    }

    /// Into which tensor the numbers `[1, heads, rows, terms]` of `outlet` go when axes alone are moved, split and
    /// joined, and where they stand in it.
    pub(super) fn ahead(
        model: &TypedModel,
        outlet: OutletId,
    ) -> TractResult<Option<(OutletId, Self)>> {
        let Some(sizes) = heads_rows_terms(model, outlet)? else {
            return Ok(None);
        };
        let (mut to, mut moves) = (outlet, Vec::new());
        while let Some(next) = only_taker(model, to.node)? {
            let Some(op) = next.op_as::<AxisOp>() else {
                break;
            };
            moves.push(op);
            to = next.id.into();
        }
        let Some(sources) = moved(model, outlet, moves.into_iter())? else {
            return Ok(None);
        };
        let mut places = vec![0; sources.len()];
        for (place, source) in (0..).zip(sources) {
            places[usize::try_from(source)?] = place;
        }
        Ok(Self::of(&places, sizes).map(|view| (to, view)))
    }
}

/// Sizes of `[1, heads, rows, terms]`, none of them nothing.
fn heads_rows_terms(model: &TypedModel, outlet: OutletId) -> TractResult<Option<[usize; 3]>> {
    let fact = model.outlet_fact(outlet)?;
    let sizes = match fact.shape.as_concrete() {
        Some(&[1, heads, rows, terms]) => [heads, rows, terms],
        _ => return Ok(None),
    };
    let fits = fact.datum_type == f32::datum_type() && !sizes.contains(&0);
    Ok(fits.then_some(sizes))
}

/// From where in `from` each number comes after `moves`.
fn moved<'a>(
    model: &TypedModel,
    from: OutletId,
    moves: impl ExactSizeIterator<Item = &'a AxisOp>,
) -> TractResult<Option<Vec<i64>>> {
    let shape = model.outlet_fact(from)?.shape.as_concrete();
    let few = |shape: &&[usize]| shape.iter().product::<usize>() <= MAX_PLACES;
    let Some(shape) = shape.filter(few).filter(|_| moves.len() <= MAX_MOVES) else {
        return Ok(None);
    };
    let places: Vec<i64> = (0..).take(shape.iter().product()).collect();
    let mut places = Tensor::from_shape(shape, &places)?;
    for op in moves {
        op.change_tensor(&mut places, false)?;
    }
    Ok(Some(places.try_as_plain_ram()?.as_slice::<i64>()?.to_vec()))
}
