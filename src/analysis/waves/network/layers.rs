//! The layers of the network: a U-Net of separable convolutions (after Ronneberger et al., 2015, arXiv:1505.04597), as
//! `models/training/waves/network.py` has it, with BatchNorm merged into the convolutions.

use std::array::from_fn;
use std::sync::LazyLock;

/// Samples of a window.
pub const WINDOW: usize = 2500;
/// Classes of a sample: none, P, QRS, T.
pub const CLASSES: usize = 4;
/// Channels from the window's own rate down to a sixteenth of it.
const WIDTHS: [usize; 5] = [8, 12, 20, 28, 40];
const KERNEL: usize = 7;
/// Dilations of the convolutions at the lowest rate.
const DILATIONS: [usize; 3] = [1, 2, 4];

/// Weights and biases in the order in which they are used, 16-bit floats, little end first; written by
/// `python -m training.waves.export`.
static STORED: &[u8; 28_560] = include_bytes!("weights.f16");
static WEIGHTS: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let halves = STORED.as_chunks::<2>().0.iter();
    halves
        .map(|bytes| single(u16::from_le_bytes(*bytes)))
        .collect()
});

/// The value of a 16-bit float (IEEE 754-2008, binary16) that is finite.
fn single(half: u16) -> f32 {
    let sign = if half >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(half >> 10 & 31), f32::from(half & 1023) / 1024.0);
    let size = if exponent == 0 {
        fraction * 2.0_f32.powi(-14)
    } else {
        (1.0 + fraction) * 2.0_f32.powi(exponent - 15)
    };
    sign * size
}

/// Channels over time, one after the other.
#[derive(Clone, Debug)]
pub struct Channels {
    len: usize,
    values: Vec<f32>,
}

impl Channels {
    fn zero(channels: usize, len: usize) -> Self {
        Self {
            len,
            values: vec![0.0; channels * len],
        }
    }

    /// One channel.
    pub fn channel(&self, index: usize) -> &[f32] {
        &self.values[index * self.len..(index + 1) * self.len]
    }

    fn count(&self) -> usize {
        self.values.len() / self.len
    }

    fn rectify(&mut self) {
        for value in &mut self.values {
            *value = value.max(0.0);
        }
    }

    /// Adds channels of half the rate, each of their steps twice.
    fn add_doubled(&mut self, half: &Self) {
        let channels = self.values.chunks_mut(self.len);
        for (own, half) in channels.zip(half.values.chunks(half.len)) {
            for (pair, add) in own.chunks_mut(2).zip(half) {
                pair.iter_mut().for_each(|value| *value += add);
            }
        }
    }
}

/// Logits of the classes for each sample of a prepared window.
pub fn logits(window: &[f32; WINDOW]) -> Channels {
    let mut layers = Layers { rest: &WEIGHTS };
    let mut x = layers.stem(window);
    let mut kept = Vec::with_capacity(WIDTHS.len());
    for (level, &width) in WIDTHS.iter().enumerate().skip(1) {
        let mut below = layers.separable(&x, width, Step::Half);
        below.rectify();
        kept.push(x);
        let is_lowest = level + 1 == WIDTHS.len();
        let dilations: &[usize] = if is_lowest { &DILATIONS } else { &[1] };
        x = dilations
            .iter()
            .fold(below, |x, &dilation| layers.residual(x, dilation));
    }
    while let Some(mut past) = kept.pop() {
        past.add_doubled(&layers.pointwise(&x, past.count()));
        x = layers.residual(past, 1);
    }
    layers.pointwise(&x, CLASSES)
}

/// How a depthwise convolution goes through time.
#[derive(Clone, Copy)]
enum Step {
    /// Every second sample.
    Half,
    /// Every sample, the taps so many samples apart.
    Dilated(usize),
}

/// What is left of the weights, taken layer by layer.
struct Layers<'a> {
    rest: &'a [f32],
}

impl<'a> Layers<'a> {
    fn take(&mut self, n: usize) -> &'a [f32] {
        let (taken, rest) = self.rest.split_at(n);
        self.rest = rest;
        taken
    }

    fn stem(&mut self, window: &[f32; WINDOW]) -> Channels {
        let weights = self.take(WIDTHS[0] * KERNEL);
        let bias = self.take(WIDTHS[0]);
        let mut out = Channels::zero(WIDTHS[0], WINDOW);
        let window = padded(window, KERNEL / 2);
        let rows = out.values.chunks_mut(WINDOW).zip(taps(weights));
        for ((row, taps), bias) in rows.zip(bias) {
            convolve(row, from_fn(|k| &window[k..]), taps);
            row.iter_mut()
                .for_each(|value| *value = (*value + bias).max(0.0));
        }
        out
    }

    /// A separable convolution beside its input, rectified.
    fn residual(&mut self, x: Channels, dilation: usize) -> Channels {
        let mut out = self.separable(&x, x.count(), Step::Dilated(dilation));
        for (out, x) in out.values.iter_mut().zip(&x.values) {
            *out = (*out + x).max(0.0);
        }
        out
    }

    fn separable(&mut self, x: &Channels, width: usize, step: Step) -> Channels {
        let depthwise = self.depthwise(x, step);
        self.pointwise(&depthwise, width)
    }

    fn depthwise(&mut self, x: &Channels, step: Step) -> Channels {
        let weights = self.take(x.count() * KERNEL);
        let len = match step {
            Step::Half => x.len.div_ceil(2),
            Step::Dilated(_) => x.len,
        };
        let mut out = Channels::zero(x.count(), len);
        let rows = out.values.chunks_mut(len).zip(x.values.chunks(x.len));
        for ((out, x), taps) in rows.zip(taps(weights)) {
            match step {
                Step::Half => {
                    // Even and odd samples apart, so that the inner loop still goes through neighbours.
                    let x = padded(x, KERNEL / 2);
                    let every_second = |from: usize| -> Vec<f32> {
                        x.iter().skip(from).step_by(2).copied().collect()
                    };
                    let halves = [every_second(0), every_second(1)];
                    convolve(out, from_fn(|k| &halves[k % 2][k / 2..]), taps);
                }
                Step::Dilated(dilation) => {
                    let x = padded(x, dilation * (KERNEL / 2));
                    convolve(out, from_fn(|k| &x[k * dilation..]), taps);
                }
            }
        }
        out
    }

    /// Mixes the channels of each sample; four inputs at once, so that the sums go through memory less often.
    fn pointwise(&mut self, x: &Channels, width: usize) -> Channels {
        let weights = self.take(width * x.count());
        let bias = self.take(width);
        let mut out = Channels::zero(width, x.len);
        let rows = out.values.chunks_mut(x.len);
        for ((row, weights), &bias) in rows.zip(weights.chunks(x.count())).zip(bias) {
            row.fill(bias);
            let fours = weights.as_chunks::<4>().0.iter();
            for (weights, inputs) in fours.zip(x.values.chunks_exact(4 * x.len)) {
                add_mixed(row, inputs, *weights);
            }
        }
        out
    }
}

fn taps(weights: &[f32]) -> impl Iterator<Item = [f32; KERNEL]> + '_ {
    weights.as_chunks::<KERNEL>().0.iter().copied()
}

/// With `pad` zeros on either side, and one more for the last step of an odd length.
fn padded(x: &[f32], pad: usize) -> Vec<f32> {
    let mut padded = vec![0.0; x.len() + 2 * pad + 1];
    padded[pad..pad + x.len()].copy_from_slice(x);
    padded
}

/// `out[t]` becomes the sum over the taps k of `taps[k] * x[k][t]`.
fn convolve(out: &mut [f32], x: [&[f32]; KERNEL], taps: [f32; KERNEL]) {
    let len = out.len();
    let [a, b, c, d, e, f, g] = x.map(|x| &x[..len]);
    for (t, out) in out.iter_mut().enumerate() {
        *out = taps[0] * a[t]
            + taps[1] * b[t]
            + taps[2] * c[t]
            + taps[3] * d[t]
            + taps[4] * e[t]
            + taps[5] * f[t]
            + taps[6] * g[t];
    }
}

/// Adds four weighed channels, which lie one after the other, to a row as long as each.
fn add_mixed(row: &mut [f32], inputs: &[f32], weights: [f32; 4]) {
    let len = row.len();
    let [a, b, c, d]: [&[f32]; 4] = from_fn(|k| &inputs[k * len..(k + 1) * len]);
    for (t, row) in row.iter_mut().enumerate() {
        *row += weights[0] * a[t] + weights[1] * b[t] + weights[2] * c[t] + weights[3] * d[t];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read_as_ieee_754_says() {
        for (half, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x8000, -0.0),
        ] {
            assert_eq!(single(half), value, "{half:x}");
        }
    }

    #[test]
    fn the_layers_use_all_weights() {
        let sizes = |wide: usize, below: usize| {
            // Down, one or three residuals, up, residual after it.
            let residual = |n: usize| n * KERNEL + n * n + n;
            let inner = if below == 40 { 3 } else { 1 };
            let down = wide * KERNEL + wide * below + below;
            down + inner * residual(below) + below * wide + wide + residual(wide)
        };
        let levels: usize = WIDTHS.windows(2).map(|w| sizes(w[0], w[1])).sum();
        let ends = WIDTHS[0] * KERNEL + WIDTHS[0] + CLASSES * WIDTHS[0] + CLASSES;
        assert_eq!(levels + ends, WEIGHTS.len());
    }
}
