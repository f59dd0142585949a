//! Samples as the source had them, read as physical values through one accessor.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How stored counts become physical values: `value = (count - baseline) / gain`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Counts per unit of the lead (counts per millivolt for ECG). Never 0.
    pub gain: f64,
    /// Count that stands for a value of 0.
    pub baseline: f64,
}

impl Scale {
    /// Values stored as they are: gain 1, baseline 0.
    pub const IDENTITY: Self = Self {
        gain: 1.0,
        baseline: 0.0,
    };

    /// The physical value of one count.
    #[must_use]
    pub fn value(self, count: f64) -> f64 {
        (count - self.baseline) / self.gain
    }

    /// The count (unrounded) of one physical value.
    #[must_use]
    pub fn count(self, value: f64) -> f64 {
        value * self.gain + self.baseline
    }
}

/// The numbers of one lead in the narrowest type that holds the source's integers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SampleData {
    /// Integers of 16 bit and less.
    I16(Vec<i16>),
    /// Integers of 17 to 32 bit.
    I32(Vec<i32>),
    /// Sources that are text or floating point; already in the lead's unit when the scale is the identity.
    F32(Vec<f32>),
}

/// One lead's samples with the scale that makes them physical values.
///
/// Missing samples hold any filler value and are listed as gaps of the lead; there are no magic numbers and no NaN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// Stored counts or values.
    pub data: SampleData,
    /// Scale of the stored counts.
    pub scale: Scale,
}

impl Samples {
    /// Integers that fit 16 bit.
    #[must_use]
    pub fn from_i16(data: Vec<i16>, scale: Scale) -> Self {
        Self {
            data: SampleData::I16(data),
            scale,
        }
    }

    /// Integers of up to 32 bit; narrowed to 16 bit when all of them fit.
    #[must_use]
    pub fn from_i32(data: Vec<i32>, scale: Scale) -> Self {
        if data.iter().all(|&count| i16::try_from(count).is_ok()) {
            return Self::from_i16(data.into_iter().map(|count| count as i16).collect(), scale);
        }
        Self {
            data: SampleData::I32(data),
            scale,
        }
    }

    /// Values that are already in the lead's unit.
    #[must_use]
    pub fn from_values(data: Vec<f32>) -> Self {
        Self {
            data: SampleData::F32(data),
            scale: Scale::IDENTITY,
        }
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.data {
            SampleData::I16(data) => data.len(),
            SampleData::I32(data) => data.len(),
            SampleData::F32(data) => data.len(),
        }
    }

    /// Whether there is no sample at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stored count (or value) at `index`, `None` beyond the end.
    #[must_use]
    pub fn stored(&self, index: usize) -> Option<f64> {
        match &self.data {
            SampleData::I16(data) => data.get(index).map(|&count| f64::from(count)),
            SampleData::I32(data) => data.get(index).map(|&count| f64::from(count)),
            SampleData::F32(data) => data.get(index).map(|&value| f64::from(value)),
        }
    }

    /// Physical value in the lead's unit (millivolts for ECG), `None` beyond the end.
    #[must_use]
    pub fn value(&self, index: usize) -> Option<f32> {
        self.stored(index)
            .map(|stored| self.scale.value(stored) as f32)
    }

    /// Physical values of `range`, which is cut to what there is.
    #[must_use]
    pub fn values(&self, range: Range<usize>) -> Vec<f32> {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        let Scale { gain, baseline } = self.scale;
        let factor = 1.0 / gain;
        match &self.data {
            SampleData::I16(data) => data[start..end]
                .iter()
                .map(|&count| ((f64::from(count) - baseline) * factor) as f32)
                .collect(),
            SampleData::I32(data) => data[start..end]
                .iter()
                .map(|&count| ((f64::from(count) - baseline) * factor) as f32)
                .collect(),
            SampleData::F32(data) => data[start..end]
                .iter()
                .map(|&value| ((f64::from(value) - baseline) * factor) as f32)
                .collect(),
        }
    }

    /// Physical values of the whole lead.
    #[must_use]
    pub fn all_values(&self) -> Vec<f32> {
        self.values(0..self.len())
    }

    /// The samples of `range`, which is cut to what there is, as they are stored.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len());
        let range = range.start.min(end)..end;
        let data = match &self.data {
            SampleData::I16(data) => SampleData::I16(data[range].to_vec()),
            SampleData::I32(data) => SampleData::I32(data[range].to_vec()),
            SampleData::F32(data) => SampleData::F32(data[range].to_vec()),
        };
        Self {
            data,
            scale: self.scale,
        }
    }

    /// Size of one count in the lead's unit; `None` for floating point sources.
    #[must_use]
    pub fn resolution(&self) -> Option<f64> {
        match self.data {
            SampleData::I16(_) | SampleData::I32(_) => Some(1.0 / self.scale.gain.abs()),
            SampleData::F32(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_values_by_gain_and_baseline() {
        let samples = Samples::from_i32(
            vec![1024, 1224, 824],
            Scale {
                gain: 200.0,
                baseline: 1024.0,
            },
        );
        assert!(matches!(samples.data, SampleData::I16(_)));
        assert_eq!(samples.all_values(), vec![0.0, 1.0, -1.0]);
        assert_eq!(samples.value(3), None);
        assert_eq!(samples.values(2..99), vec![-1.0]);
    }

    #[test]
    fn wide_integers_stay_wide() {
        let samples = Samples::from_i32(vec![70_000, -70_000], Scale::IDENTITY);
        assert!(matches!(samples.data, SampleData::I32(_)));
    }
}
