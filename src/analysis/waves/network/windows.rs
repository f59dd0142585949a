//! From a lead to the network's input and back to one row of time: 250 Hz, windows of 10 s, without wander, scaled.
//!
//! As `models/training/waves/preparation.py` does it: each window is prepared from its own samples alone, windows hop by
//! 5 s, the last one ends with the stretch, a shorter stretch is continued by its mirror image, and where windows overlap
//! each counts by its distance from its nearer end. Beyond training, each window is turned upright.

use super::layers::{CLASSES, Channels, WINDOW, logits};
use crate::signal::{
    Band, ResamplingTable, SincShape, butterworth, percentile_of_sorted, sos_filtfilt,
};

/// Samples per second of what the network sees.
pub const RATE_HZ: f64 = 250.0;
/// Length and hop of the windows, seconds.
const WINDOW_S: f64 = 10.0;
const HOP_S: f64 = 5.0;
/// The kernel of `scipy.signal.resample_poly`, which training used: ten zero crossings, Kaiser window of 5.
const SHAPE: SincShape = SincShape {
    half_zero_crossings: 10.0,
    beta: 5.0,
    rolloff: 1.0,
    edge_samples: 1e-9,
};
/// The filter against wander and by how many samples each end is continued for it.
const HIGHPASS: (usize, Band) = (2, Band::HighPass(0.5));
const PAD: usize = 500;
/// The span of the central 95 % becomes 1; smaller spans than this, in millivolts, are not blown up; farther out is cut.
const CENTRAL_PERCENT: (f64, f64) = (2.5, 97.5);
const SPAN_FLOOR_MV: f64 = 0.02;
const CLIP: f64 = 8.0;

/// Prepares windows of one rate.
pub struct Windows {
    rate_hz: f64,
    /// Samples of a window at that rate.
    length: usize,
    table: ResamplingTable,
    sections: Vec<[f64; 6]>,
}

/// A stretch at [`RATE_HZ`].
pub struct Row {
    /// The trace as it was recorded.
    pub trace: Vec<f64>,
    /// Probability of each class.
    pub classes: [Vec<f32>; CLASSES],
}

impl Windows {
    /// `None` for rates at which ten seconds are nothing or too much.
    pub fn new(rate_hz: f64) -> Option<Self> {
        let length = (WINDOW_S * rate_hz).round() as usize;
        Some(Self {
            rate_hz,
            length,
            table: ResamplingTable::new(length, rate_hz, RATE_HZ, WINDOW, SHAPE)?,
            sections: butterworth(HIGHPASS.0, HIGHPASS.1, RATE_HZ)?,
        })
    }

    /// What the network sees in a stretch without gaps, in millivolts.
    pub fn see(&self, values_mv: &[f32]) -> Row {
        let starts = self.starts(values_mv.len());
        let seen = (values_mv.len() as f64 / self.rate_hz * RATE_HZ).ceil() as usize;
        let mut sum = Sum::zero(self.at_250_hz(starts.last().copied().unwrap_or(0)) + WINDOW);
        for start in starts {
            let trace = self.resampled(values_mv, start);
            let classes = logits(&upright(prepared(&self.sections, &trace)));
            sum.add(self.at_250_hz(start), &trace, &classes);
        }
        sum.mean(seen)
    }

    /// First samples of the windows of a stretch.
    fn starts(&self, n: usize) -> Vec<usize> {
        let last = n.saturating_sub(self.length);
        let mut starts: Vec<usize> = (0..)
            .map(|k| (f64::from(k) * HOP_S * self.rate_hz).round() as usize)
            .take_while(|start| *start <= last)
            .collect();
        if starts.last() != Some(&last) {
            starts.push(last);
        }
        starts
    }

    /// The nearest sample of the row; where five seconds are no whole number of samples it lies up to 2 ms beside.
    fn at_250_hz(&self, sample: usize) -> usize {
        (sample as f64 / self.rate_hz * RATE_HZ).round() as usize
    }

    /// The window at `start`.
    fn resampled(&self, values_mv: &[f32], start: usize) -> Vec<f64> {
        if let Some(window) = values_mv.get(start..start + self.length) {
            return self.table.apply(window);
        }
        let mirrored: Vec<f32> = (0..self.length)
            .map(|k| values_mv[mirrored(start + k, values_mv.len())])
            .collect();
        self.table.apply(&mirrored)
    }
}

/// The index within `n` samples of one beyond them, mirrored at the ends as often as needed.
fn mirrored(index: usize, n: usize) -> usize {
    let period = (2 * n.saturating_sub(1)).max(1);
    let at = index % period;
    if at < n { at } else { period - at }
}

/// The network's input from a window at [`RATE_HZ`] in millivolts.
pub fn prepared(sections: &[[f64; 6]], window_mv: &[f64]) -> [f32; WINDOW] {
    let x = sos_filtfilt(sections, PAD, window_mv);
    let mut sorted = x.clone();
    sorted.sort_by(f64::total_cmp);
    let at = |percent: f64| percentile_of_sorted(&sorted, percent).unwrap_or(0.0);
    let middle = at(50.0);
    let span = (at(CENTRAL_PERCENT.1) - at(CENTRAL_PERCENT.0)).max(SPAN_FLOOR_MV);
    let mut prepared = [0.0; WINDOW];
    for (out, x) in prepared.iter_mut().zip(x) {
        *out = ((x - middle) / span).clamp(-CLIP, CLIP) as f32;
    }
    prepared
}

/// The input so turned that its high deflections point up (its third moment is not negative): a trace and its negative
/// get the same marks. Training turned half of its windows, and heard both.
fn upright(mut input: [f32; WINDOW]) -> [f32; WINDOW] {
    let skew: f64 = input.iter().map(|v| f64::from(*v).powi(3)).sum();
    if skew < 0.0 {
        input.iter_mut().for_each(|value| *value = -*value);
    }
    input
}

/// Overlapping windows, weighed.
struct Sum {
    row: Row,
    weights: Vec<f32>,
}

impl Sum {
    fn zero(len: usize) -> Self {
        Self {
            row: Row {
                trace: vec![0.0; len],
                classes: std::array::from_fn(|_| vec![0.0; len]),
            },
            weights: vec![0.0; len],
        }
    }

    fn add(&mut self, start: usize, trace: &[f64], logits: &Channels) {
        for (k, &value) in trace.iter().enumerate() {
            let weight = (k + 1).min(WINDOW - k) as f32;
            let at = start + k;
            self.weights[at] += weight;
            self.row.trace[at] += f64::from(weight) * value;
            let own = softmax(std::array::from_fn(|class| logits.channel(class)[k]));
            for (sum, own) in self.row.classes.iter_mut().zip(own) {
                sum[at] += weight * own;
            }
        }
    }

    /// The first `len` samples of the row.
    fn mean(mut self, len: usize) -> Row {
        for (value, weight) in self.row.trace.iter_mut().zip(&self.weights) {
            *value /= f64::from(*weight);
        }
        for class in &mut self.row.classes {
            for (value, weight) in class.iter_mut().zip(&self.weights) {
                *value /= weight;
            }
            class.truncate(len);
        }
        self.row.trace.truncate(len);
        self.row
    }
}

fn softmax(logits: [f32; CLASSES]) -> [f32; CLASSES] {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials = logits.map(|logit| (logit - greatest).exp());
    let sum: f32 = exponentials.iter().sum();
    exponentials.map(|value| value / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_hop_and_end_with_the_stretch() {
        let windows = Windows::new(300.0).unwrap();
        assert_eq!(windows.starts(3000), [0]);
        assert_eq!(windows.starts(6000), [0, 1500, 3000]);
        assert_eq!(windows.starts(5200), [0, 1500, 2200]);
        assert_eq!(windows.starts(700), [0]);
    }

    #[test]
    fn a_short_stretch_is_mirrored_at_its_ends() {
        let indices: Vec<usize> = (0..9).map(|k| mirrored(k, 4)).collect();
        assert_eq!(indices, [0, 1, 2, 3, 2, 1, 0, 1, 2]);
        assert_eq!(mirrored(5, 1), 0);
    }
}
