//! Weights that rows of numbers are multiplied with.

use super::tiles::{COLUMNS, ROWS, RUN, interleave, run, tile, write};

/// Weights `[terms][pitch]`: what one term adds to every column stands side by side.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pitch: usize,
    weights: Vec<f32>,
    offsets: Vec<usize>,
    has_bias: bool,
}

impl Matrix {
    /// Of `[terms, columns]` weights, each that of a term and a column. One row of what it gives has its columns, then
    /// zeros up to a multiple of `step`: [`COLUMNS`], or [`RUN`] for [`Self::add`].
    pub(super) fn new(
        [terms, columns]: [usize; 2],
        step: usize,
        weight: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let pitch = columns.next_multiple_of(step);
        let mut weights = vec![0.0; terms * pitch];
        for (term, row) in weights.chunks_exact_mut(pitch).enumerate() {
            for (column, to) in row[..columns].iter_mut().enumerate() {
                *to = weight(term, column);
            }
        }
        Self {
            pitch,
            weights,
            offsets: (0..terms).map(|term| term * pitch).collect(),
            has_bias: false,
        }
    }

    /// The same, adding a column's number to each of its sums in [`Self::of_rows`]: one term more, which is always 1.
    pub(super) fn with_bias(mut self, bias: &[f32]) -> Self {
        let at = self.weights.len();
        self.weights.resize(at + self.pitch, 0.0);
        self.weights[at..]
            .iter_mut()
            .zip(bias)
            .for_each(|(to, bias)| *to = *bias);
        self.offsets.push(at);
        self.has_bias = true;
        self
    }

    /// Numbers of one row of what it gives.
    pub(super) fn pitch(&self) -> usize {
        self.pitch
    }

    /// `[rows, pitch]` of rows `[rows, terms]`.
    pub(super) fn of_rows(&self, rows: &[f32]) -> Vec<f32> {
        let terms = self.offsets.len() - usize::from(self.has_bias);
        let mut all = vec![0.0; rows.len() / terms * self.pitch];
        // A last block of fewer rows keeps some of the one before; nobody takes what comes of them.
        let mut block = vec![[1.0; ROWS]; self.offsets.len()];
        let outputs = all.chunks_mut(ROWS * self.pitch);
        for (rows, outputs) in rows.chunks(ROWS * terms).zip(outputs) {
            interleave(rows, terms, &mut block);
            for first in (0..self.pitch).step_by(COLUMNS) {
                let tile = tile(&block, &self.offsets, &self.weights[first..], &[0.0; ROWS]);
                write(&tile, outputs, self.pitch, first);
            }
        }
        all
    }

    /// Adds what `row` `[terms]` gives to `sums` `[pitch]`.
    pub(super) fn add(&self, row: &[f32], sums: &mut [f32]) {
        debug_assert!(!self.has_bias && self.pitch.is_multiple_of(RUN));
        for (index, part) in sums.as_chunks_mut::<RUN>().0.iter_mut().enumerate() {
            *part = run(row, &self.offsets, &self.weights[index * RUN..], part);
        }
    }
}
