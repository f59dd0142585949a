//! Samples as they come one by one: integers stay integers, what is missing becomes a gap.

use super::gaps::push_gap;
use crate::recording::{Gap, GapReason, Lead, SampleData, Samples, Scale};
use std::ops::Range;

/// The samples of one lead while it is read.
#[derive(Clone, Debug)]
pub struct Series {
    data: SampleData,
    gaps: Vec<Gap>,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            data: SampleData::I32(Vec::new()),
            gaps: Vec::new(),
        }
    }
}

impl Series {
    /// Number of samples, missing ones included.
    #[must_use]
    #[allow(
        clippy::len_without_is_empty,
        reason = "what matters is whether there are values"
    )]
    pub fn len(&self) -> usize {
        match &self.data {
            SampleData::I16(data) => data.len(),
            SampleData::I32(data) => data.len(),
            SampleData::F32(data) => data.len(),
        }
    }

    /// Whether there is a sample that is not missing.
    #[must_use]
    pub fn has_values(&self) -> bool {
        let missing: usize = self.gaps.iter().map(|gap| gap.range.len()).sum();
        self.len() > missing
    }

    /// Appends a sample; `None` is a missing one.
    pub fn push(&mut self, value: Option<f64>) {
        let Some(value) = value else {
            self.skip(1, GapReason::Missing);
            return;
        };
        match &mut self.data {
            SampleData::I32(data) => {
                let whole = value as i32;
                if f64::from(whole) == value {
                    data.push(whole);
                    return;
                }
                let mut values: Vec<f32> = data.iter().map(|&count| count as f32).collect();
                values.push(value as f32);
                self.data = SampleData::F32(values);
            }
            SampleData::F32(data) => data.push(value as f32),
            SampleData::I16(_) => {}
        }
    }

    /// Appends `count` missing samples, which hold the last value.
    pub fn skip(&mut self, count: usize, reason: GapReason) {
        let from = self.len();
        push_gap(&mut self.gaps, from..from + count, reason);
        match &mut self.data {
            SampleData::I32(data) => data.resize(from + count, data.last().copied().unwrap_or(0)),
            SampleData::F32(data) => data.resize(from + count, data.last().copied().unwrap_or(0.0)),
            SampleData::I16(_) => {}
        }
    }

    /// Whether every sample is an integer.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        matches!(self.data, SampleData::I32(_))
    }

    /// The first samples as they stand, for a look.
    #[must_use]
    pub fn head(&self, most: usize) -> Vec<f32> {
        match &self.data {
            SampleData::I32(data) => data.iter().take(most).map(|&c| c as f32).collect(),
            SampleData::F32(data) => data.iter().take(most).copied().collect(),
            SampleData::I16(data) => data.iter().take(most).map(|&c| f32::from(c)).collect(),
        }
    }

    /// Lowest and highest of the samples that are not missing.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        let mut from = 0;
        let mut range: Option<(f64, f64)> = None;
        let mut take = |part: Range<usize>| {
            for at in part {
                let Some(value) = self.value(at) else { break };
                let (low, high) = range.unwrap_or((value, value));
                range = Some((low.min(value), high.max(value)));
            }
        };
        for gap in &self.gaps {
            take(from..gap.range.start);
            from = gap.range.end;
        }
        take(from..self.len());
        range
    }

    fn value(&self, at: usize) -> Option<f64> {
        match &self.data {
            SampleData::I32(data) => data.get(at).map(|&count| f64::from(count)),
            SampleData::F32(data) => data.get(at).map(|&value| f64::from(value)),
            SampleData::I16(data) => data.get(at).map(|&count| f64::from(count)),
        }
    }

    /// Difference between highest and lowest sample.
    #[must_use]
    pub fn span(&self) -> f64 {
        self.range().map_or(0.0, |(low, high)| high - low)
    }

    /// An ECG lead of these samples, in millivolts by `scale`.
    #[must_use]
    pub fn lead(self, name: &str, rate_hz: f64, scale: Scale) -> Lead {
        let samples = match self.data {
            SampleData::I32(data) => Samples::from_i32(data, scale),
            data => Samples { data, scale },
        };
        let mut lead = Lead::ecg(name, rate_hz, samples);
        lead.gaps = self.gaps;
        lead
    }
}

impl FromIterator<Option<f64>> for Series {
    fn from_iter<T: IntoIterator<Item = Option<f64>>>(values: T) -> Self {
        let mut series = Self::default();
        for value in values {
            series.push(value);
        }
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_stay_integers_and_what_is_missing_is_a_gap() {
        let mut series: Series = [Some(5.0), None, Some(-7.0)].into_iter().collect();
        assert!(series.is_integer());
        assert_eq!(series.range(), Some((-7.0, 5.0)));
        series.skip(2, GapReason::Paused);
        series.push(Some(0.5));
        assert!(!series.is_integer() && series.has_values());
        assert_eq!((series.len(), series.span()), (6, 12.0));
        let lead = series.lead("Lead I", 100.0, Scale::IDENTITY);
        let ranges: Vec<_> = lead.gaps.iter().map(|gap| gap.range.clone()).collect();
        assert_eq!(ranges, [1..2, 3..5]);
        assert_eq!(lead.samples.all_values(), [5.0, 5.0, -7.0, -7.0, -7.0, 0.5]);
        assert!(!Series::from_iter([None]).has_values());
    }
}
