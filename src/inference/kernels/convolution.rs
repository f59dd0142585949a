//! Convolutions over time, without the copy of every window that a product of matrices needs first.
//!
//! Each channel is laid out once with its zeros around it, a stride's phases apart, so that what one tap of the filter
//! is multiplied with stands side by side for the next outputs too.

use super::tiles::{COLUMNS, ROWS, RUN, interleaved, run, tile, write};
use super::winograd::{Size, Winograd};
use std::ops::Range;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat};
use tract_onnx::tract_core::ops::nn::DataFormat;

/// Most numbers of the channels laid out; beyond it the runtime's own convolution is taken.
const MAX_LAID_OUT: usize = 1 << 22;
/// Greatest stride that is worth laying out phase by phase.
const MAX_STRIDE: usize = 16;

/// A convolution of `[1, channels, samples]` with constant filters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Convolution {
    filters: Filters,
    channels_out: usize,
    samples_out: usize,
    layout: Layout,
    bias: Vec<f32>,
}

impl Eq for Convolution {}

#[derive(Clone, Debug, PartialEq)]
enum Filters {
    /// Every output channel hears every input channel: `[channels_out / ROWS][channels_in * taps][ROWS]`, and where in
    /// the layout each of the `channels_in * taps` begins.
    Dense {
        weights: Vec<[f32; ROWS]>,
        offsets: Vec<usize>,
    },
    /// The same, where several outputs at once take fewer products.
    Winograd(Winograd),
    /// Every channel hears itself alone: `[channels][taps]`, and where in its part of the layout each tap begins.
    Single {
        weights: Vec<f32>,
        offsets: Vec<usize>,
    },
}

impl Filters {
    /// Of a kernel `[channels_out, channels_in, taps]`, or `[channels, 1, taps]` where every channel is by itself.
    fn direct(kernel: &[f32], single: bool, size: &Size, layout: &Layout) -> Self {
        let taps = (0..size.taps).map(|tap| layout.offset(tap * size.dilation));
        if single {
            return Self::Single {
                weights: kernel.to_vec(),
                offsets: taps.collect(),
            };
        }
        let channel = |channel| taps.clone().map(move |at| channel * layout.size() + at);
        Self::Dense {
            weights: interleaved(kernel, size.channels_in * size.taps),
            offsets: (0..size.channels_in).flat_map(channel).collect(),
        }
    }
}

/// How a channel is laid out: `stride` phases of `length` numbers each.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Layout {
    pad_before: usize,
    stride: usize,
    length: usize,
}

impl Layout {
    /// Numbers of one channel.
    fn size(&self) -> usize {
        self.stride * self.length
    }

    /// Where the first output finds the sample `ahead` samples after the first of the padded channel.
    fn offset(&self, ahead: usize) -> usize {
        (ahead % self.stride) * self.length + ahead / self.stride
    }

    /// Writes the samples of one channel to their places; what is zero stays untouched.
    fn fill(&self, samples: &[f32], into: &mut [f32]) {
        match self.stride {
            1 => into[self.pad_before..][..samples.len()].copy_from_slice(samples),
            2 => self.deal::<2>(samples, into),
            4 => self.deal::<4>(samples, into),
            _ => self.place(samples, 0..samples.len(), into),
        }
    }

    /// Writes some of the samples to their places, one by one.
    fn place(&self, samples: &[f32], range: Range<usize>, into: &mut [f32]) {
        for at in range {
            into[self.offset(self.pad_before + at)] = samples[at];
        }
    }

    /// Writes the samples to their places in `STRIDE` phases.
    fn deal<const STRIDE: usize>(&self, samples: &[f32], into: &mut [f32]) {
        let ahead = (STRIDE - self.pad_before % STRIDE) % STRIDE;
        let ahead = ahead.min(samples.len());
        let (groups, rest) = samples[ahead..].as_chunks::<STRIDE>();
        let first = (self.pad_before + ahead) / STRIDE;
        for phase in 0..STRIDE {
            let places = into.iter_mut().skip(phase * self.length + first);
            places
                .zip(groups)
                .for_each(|(to, group)| *to = group[phase]);
        }
        self.place(samples, 0..ahead, into);
        self.place(samples, samples.len() - rest.len()..samples.len(), into);
    }
}

impl Convolution {
    /// The same convolution as `node`, if it is one that this op can do.
    pub(super) fn of(model: &TypedModel, node: &TypedNode) -> TractResult<Option<Self>> {
        let Some(conv) = node.op_as::<Conv>() else {
            return Ok(None);
        };
        let facts = model.node_input_facts(node.id)?;
        let &[input, kernel, bias] = facts.as_slice() else {
            return Ok(None);
        };
        let (Some(&[1, channels, samples]), Some(kernel), Some(bias)) =
            (input.shape.as_concrete(), &kernel.konst, &bias.konst)
        else {
            return Ok(None);
        };
        let float = |fact: DatumType| fact == f32::datum_type();
        let plain = conv.q_params.is_none()
            && conv.kernel_fmt == KernelFormat::OIHW
            && conv.pool_spec.data_format == DataFormat::NCHW
            && conv.pool_spec.rank() == 1
            && float(input.datum_type)
            && float(kernel.datum_type())
            && float(bias.datum_type());
        if !plain {
            return Ok(None);
        }
        Self::new(conv, channels, samples, kernel, bias)
    }

    fn new(
        conv: &Conv,
        channels_in: usize,
        samples: usize,
        kernel: &Tensor,
        bias: &Tensor,
    ) -> TractResult<Option<Self>> {
        let spec = &conv.pool_spec;
        let channels_out = spec.output_channels;
        let single = conv.group > 1 && conv.group == channels_in && conv.group == channels_out;
        let (taps, stride, dilation) = (spec.kernel_shape[0], spec.stride(0), spec.dilation(0));
        let padding = spec.computed_padding(&[samples]).remove(0);
        let samples_out = padding.convoluted;
        let reach = taps.saturating_sub(1).saturating_mul(dilation);
        let empty = [samples, samples_out, taps, channels_in, channels_out].contains(&0);
        if (conv.group != 1 && !single) || empty || stride > MAX_STRIDE {
            return Ok(None);
        }
        let size = Size {
            channels_in,
            channels_out,
            samples_out,
            taps,
            stride,
            dilation,
        };
        let in_blocks = !single && size.pays();
        let step = if single { RUN } else { COLUMNS };
        let read = if in_blocks {
            size.read()
        } else {
            samples_out.next_multiple_of(step) + reach / stride
        };
        let written = (padding.pad_before + samples).div_ceil(stride);
        // Where nothing is around a channel, the next one's samples may be read into outputs that are then dropped.
        let bare = !single && !in_blocks && stride == 1 && samples_out + reach == samples;
        let layout = Layout {
            pad_before: padding.pad_before,
            stride,
            length: if bare { samples } else { read.max(written) },
        };
        if channels_in.saturating_mul(layout.size()) > MAX_LAID_OUT {
            return Ok(None);
        }
        let kernel = kernel.try_as_plain_ram()?.as_slice::<f32>()?;
        let filters = if in_blocks {
            let offset = |ahead| layout.offset(ahead);
            Filters::Winograd(Winograd::new(&size, kernel, offset))
        } else {
            Filters::direct(kernel, single, &size, &layout)
        };
        let bias = bias.try_as_plain_ram()?.as_slice::<f32>()?;
        Ok(Some(Self {
            filters,
            channels_out,
            samples_out,
            layout,
            bias: (0..channels_out)
                .map(|channel| bias[channel % bias.len()])
                .collect(),
        }))
    }

    /// `[channels_out, samples_out]` of `[channels, samples]`.
    fn apply(&self, input: &[f32], samples: usize, output: &mut [f32]) {
        match &self.filters {
            Filters::Dense { weights, offsets } => {
                let laid_out = self.laid_out(input, samples);
                let filters = weights.chunks_exact(offsets.len());
                let rows = output.chunks_mut(ROWS * self.samples_out);
                for ((filters, rows), bias) in filters.zip(rows).zip(self.bias.chunks(ROWS)) {
                    self.dense(filters, offsets, &laid_out, bias, rows);
                }
            }
            Filters::Winograd(winograd) => {
                let lay_out = |channel: usize, into: &mut [f32]| {
                    self.layout
                        .fill(&input[channel * samples..][..samples], into);
                };
                let laid_out = vec![0.0; self.layout.size()];
                winograd.apply(laid_out, lay_out, &self.bias, output, self.samples_out);
            }
            Filters::Single { weights, offsets } => {
                let mut laid_out = vec![0.0; self.layout.size()];
                let filters = weights.chunks_exact(offsets.len()).zip(&self.bias);
                let channels = input.chunks_exact(samples);
                let rows = output.chunks_exact_mut(self.samples_out);
                for (((filter, bias), channel), row) in filters.zip(channels).zip(rows) {
                    self.layout.fill(channel, &mut laid_out);
                    single(filter, offsets, &laid_out, *bias, row);
                }
            }
        }
    }

    /// All channels of `input`, and as many numbers more as the last tile reads beyond them.
    fn laid_out(&self, input: &[f32], samples: usize) -> Vec<f32> {
        let size = self.layout.size();
        let mut laid_out = vec![0.0; input.len() / samples * size + COLUMNS];
        if size == samples {
            laid_out[..input.len()].copy_from_slice(input);
            return laid_out;
        }
        let channels = input.chunks_exact(samples);
        for (channel, into) in channels.zip(laid_out.chunks_exact_mut(size)) {
            self.layout.fill(channel, into);
        }
        laid_out
    }

    /// Up to [`ROWS`] channels `rows` of the output.
    fn dense(
        &self,
        filters: &[[f32; ROWS]],
        offsets: &[usize],
        laid_out: &[f32],
        bias: &[f32],
        rows: &mut [f32],
    ) {
        let begin = std::array::from_fn(|row| bias.get(row).copied().unwrap_or(0.0));
        for first in (0..self.samples_out).step_by(COLUMNS) {
            let tile = tile(filters, offsets, &laid_out[first..], &begin);
            write(&tile, rows, self.samples_out, first);
        }
    }
}

/// One channel `row` of the output, of its own filter.
#[inline(never)]
fn single(filter: &[f32], offsets: &[usize], laid_out: &[f32], bias: f32, row: &mut [f32]) {
    for (index, part) in row.chunks_mut(RUN).enumerate() {
        let run = run(filter, offsets, &laid_out[index * RUN..], &[bias; RUN]);
        match part.first_chunk_mut::<RUN>() {
            Some(whole) => *whole = run,
            None => part.iter_mut().zip(run).for_each(|(to, value)| *to = value),
        }
    }
}

impl Op for Convolution {
    fn name(&self) -> StaticName {
        "Convolution".into()
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for Convolution {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let samples = input.shape().last().copied().unwrap_or(1);
        let mut output = vec![0.0; self.channels_out * self.samples_out];
        let values = input.try_as_plain_ram()?;
        self.apply(values.as_slice::<f32>()?, samples, &mut output);
        let shape = [1, self.channels_out, self.samples_out];
        Ok(tvec!(Tensor::from_shape(&shape, &output)?.into_tvalue()))
    }
}

impl TypedOp for Convolution {
    as_op!();

    fn output_facts(&self, _inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec!(f32::fact([1, self.channels_out, self.samples_out])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_stand_in_their_phases_however_few_they_are() {
        for (stride, pad_before, count) in (1_usize..6).flat_map(|stride| {
            (0_usize..9).flat_map(move |pad| (1_usize..20).map(move |n| (stride, pad, n)))
        }) {
            let length = (pad_before + count).div_ceil(stride);
            let layout = Layout {
                pad_before,
                stride,
                length,
            };
            let samples: Vec<f32> = (0..count).map(|at| at as f32 + 1.0).collect();
            let mut into = vec![0.0; layout.size()];
            layout.fill(&samples, &mut into);
            let found = (0..count).map(|at| into[layout.offset(pad_before + at)]);
            assert!(found.eq(samples.iter().copied()), "{layout:?} {count}");
            let written = into.iter().filter(|value| **value != 0.0).count();
            assert_eq!(written, count);
        }
    }
}
