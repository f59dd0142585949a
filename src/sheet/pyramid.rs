//! Smallest and largest value by block, at every power of two: 24 hours are drawn as fast as ten seconds.

use crate::recording::{SampleData, Samples};
use std::ops::Range;

/// Samples in a block of the finest level above the samples themselves.
const FIRST_BLOCK: usize = 16;
/// Each level joins this many blocks of the level below.
const FAN: usize = 4;

/// Extremes of stored counts by block.
#[derive(Clone, Debug, Default)]
pub struct Pyramid {
    levels: Vec<Vec<(f32, f32)>>,
}

impl Pyramid {
    /// Builds all levels; costs one pass over the samples and about a sixth of their memory.
    #[must_use]
    pub fn build(samples: &Samples) -> Self {
        let mut levels = Vec::new();
        let first: Vec<(f32, f32)> = match &samples.data {
            SampleData::I16(data) => blocks(data, |&count| f32::from(count)),
            SampleData::I32(data) => blocks(data, |&count| count as f32),
            SampleData::F32(data) => blocks(data, |&value| value),
        };
        levels.push(first);
        while let Some(last) = levels.last()
            && last.len() > FAN
        {
            let next = last
                .chunks(FAN)
                .map(|chunk| chunk.iter().copied().fold(EMPTY, join))
                .collect();
            levels.push(next);
        }
        Self { levels }
    }

    /// Extremes of the stored counts of `range`; `None` when it is empty.
    fn extremes(&self, samples: &Samples, range: Range<usize>) -> Option<(f32, f32)> {
        let end = range.end.min(samples.len());
        if range.start >= end {
            return None;
        }
        let mut found = EMPTY;
        let mut at = range.start;
        while at < end {
            let (level, block) = self.largest_block(at, end);
            match level {
                Some(level) => {
                    found = join(found, self.levels[level][at / block]);
                    at += block;
                }
                None => {
                    let count = samples.stored(at).unwrap_or(0.0) as f32;
                    found = join(found, (count, count));
                    at += 1;
                }
            }
        }
        Some(found)
    }

    /// The highest level whose block starts at `at` and ends by `end`, with the block's length in samples.
    fn largest_block(&self, at: usize, end: usize) -> (Option<usize>, usize) {
        let mut best = (None, 1);
        let mut block = FIRST_BLOCK;
        for (level, extremes) in self.levels.iter().enumerate() {
            if !at.is_multiple_of(block) || at + block > end || at / block >= extremes.len() {
                break;
            }
            best = (Some(level), block);
            block *= FAN;
        }
        best
    }
}

/// What `join` starts from.
const EMPTY: (f32, f32) = (f32::INFINITY, f32::NEG_INFINITY);

fn join(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    (a.0.min(b.0), a.1.max(b.1))
}

fn blocks<T>(data: &[T], value: impl Fn(&T) -> f32) -> Vec<(f32, f32)> {
    data.chunks(FIRST_BLOCK)
        .map(|chunk| {
            chunk
                .iter()
                .map(&value)
                .fold(EMPTY, |found, count| join(found, (count, count)))
        })
        .collect()
}

/// A lead as it is drawn: samples with their pyramid.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The samples.
    pub samples: Samples,
    /// Samples per second.
    pub rate_hz: f64,
    /// Stretches without samples, in sample indices.
    pub gaps: Vec<Range<usize>>,
    pyramid: Pyramid,
}

impl Trace {
    /// A lead ready to be drawn.
    #[must_use]
    pub fn new(samples: Samples, rate_hz: f64, gaps: Vec<Range<usize>>) -> Self {
        let pyramid = Pyramid::build(&samples);
        Self {
            samples,
            rate_hz,
            gaps,
            pyramid,
        }
    }

    /// Appends values of a live lead (in the lead's unit). The pyramid's affected blocks are built again.
    pub fn push(&mut self, counts: &[i16]) {
        if let SampleData::I16(data) = &mut self.samples.data {
            let from = data.len();
            data.extend_from_slice(counts);
            self.pyramid.refresh(&self.samples, from);
        }
    }

    /// Smallest and largest value (in the lead's unit) within a range of samples.
    #[must_use]
    pub fn extremes(&self, range: Range<usize>) -> Option<(f64, f64)> {
        let (low, high) = self.pyramid.extremes(&self.samples, range)?;
        let scale = self.samples.scale;
        let (a, b) = (scale.value(f64::from(low)), scale.value(f64::from(high)));
        Some((a.min(b), a.max(b)))
    }

    /// Length in seconds.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.samples.len() as f64 / self.rate_hz
    }
}

impl Pyramid {
    /// Builds again what covers samples from `from` on.
    fn refresh(&mut self, samples: &Samples, from: usize) {
        if self.levels.is_empty() {
            self.levels.push(Vec::new());
        }
        let first_block = from / FIRST_BLOCK;
        let count_blocks = samples.len().div_ceil(FIRST_BLOCK);
        self.levels[0].truncate(first_block);
        for block in first_block..count_blocks {
            let range = block * FIRST_BLOCK..((block + 1) * FIRST_BLOCK).min(samples.len());
            let extremes = range
                .map(|index| samples.stored(index).unwrap_or(0.0) as f32)
                .fold(EMPTY, |found, count| join(found, (count, count)));
            self.levels[0].push(extremes);
        }
        let mut changed = first_block;
        let mut level = 0;
        while self.levels[level].len() > FAN {
            changed /= FAN;
            if self.levels.len() == level + 1 {
                self.levels.push(Vec::new());
                changed = 0;
            }
            let (below, above) = self.levels.split_at_mut(level + 1);
            above[0].truncate(changed);
            let joined = below[level]
                .chunks(FAN)
                .skip(changed)
                .map(|chunk| chunk.iter().copied().fold(EMPTY, join));
            above[0].extend(joined);
            level += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Scale;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn extremes_equal_a_plain_search(
            data in proptest::collection::vec(any::<i16>(), 1..3000),
            start in 0usize..3000,
            length in 1usize..3000,
        ) {
            let trace = Trace::new(Samples::from_i16(data.clone(), Scale { gain: -2.0, baseline: 3.0 }), 100.0, vec![]);
            let end = (start + length).min(data.len());
            let found = trace.extremes(start..start + length);
            if start >= end {
                prop_assert_eq!(found, None);
            } else {
                let values: Vec<f64> = data[start..end].iter().map(|&c| trace.samples.scale.value(f64::from(c))).collect();
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                prop_assert_eq!(found, Some((low, high)));
            }
        }

        #[test]
        fn pushing_equals_building(chunks in proptest::collection::vec(proptest::collection::vec(any::<i16>(), 1..200), 1..20)) {
            let mut live = Trace::new(Samples::from_i16(Vec::new(), Scale::IDENTITY), 130.0, vec![]);
            let mut all = Vec::new();
            for chunk in &chunks {
                live.push(chunk);
                all.extend_from_slice(chunk);
            }
            let whole = Trace::new(Samples::from_i16(all.clone(), Scale::IDENTITY), 130.0, vec![]);
            for (start, end) in [(0, all.len()), (all.len() / 3, all.len()), (1, all.len() / 2 + 1)] {
                prop_assert_eq!(live.extremes(start..end), whole.extremes(start..end));
            }
        }
    }
}
