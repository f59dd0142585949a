//! Constant weights that rows of numbers are multiplied with.

use super::tiles::{COLUMNS, ROWS, RUN, interleaved, run, tile, write};

/// Weights `[terms][pitch]`: what one term adds to every column stands side by side.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pitch: usize,
    weights: Vec<f32>,
    offsets: Vec<usize>,
}

impl Matrix {
    /// Of weights `[columns, terms]`.
    pub(super) fn new(weights: &[f32], terms: usize) -> Self {
        let pitch = (weights.len() / terms).next_multiple_of(RUN);
        let mut turned = vec![0.0; terms * pitch];
        for (column, row) in weights.chunks_exact(terms).enumerate() {
            for (term, weight) in row.iter().enumerate() {
                turned[term * pitch + column] = *weight;
            }
        }
        Self {
            pitch,
            weights: turned,
            offsets: (0..terms).map(|term| term * pitch).collect(),
        }
    }

    /// Numbers of one row of what it gives: its columns, and zeros up to a multiple of [`RUN`].
    pub(super) fn pitch(&self) -> usize {
        self.pitch
    }

    /// `[rows, pitch]` of rows `[rows, terms]`.
    pub(super) fn of_rows(&self, rows: &[f32]) -> Vec<f32> {
        let terms = self.offsets.len();
        let mut all = vec![0.0; rows.len() / terms * self.pitch];
        let blocks = interleaved(rows, terms);
        let outputs = all.chunks_mut(ROWS * self.pitch);
        for (block, outputs) in blocks.chunks_exact(terms).zip(outputs) {
            for first in (0..self.pitch).step_by(COLUMNS) {
                let tile = tile(block, &self.offsets, &self.weights[first..], &[0.0; ROWS]);
                for (output, tile) in outputs.chunks_exact_mut(self.pitch).zip(&tile) {
                    write(tile, &mut output[first..]);
                }
            }
        }
        all
    }

    /// Adds what `row` `[terms]` gives to `sums` `[pitch]`.
    pub(super) fn add(&self, row: &[f32], sums: &mut [f32]) {
        for (index, part) in sums.as_chunks_mut::<RUN>().0.iter_mut().enumerate() {
            *part = run(row, &self.offsets, &self.weights[index * RUN..], part);
        }
    }
}
