//! Gaps while reading: invalid samples become gaps with a filler, neighbours become one.

use crate::recording::{Gap, GapReason};
use std::ops::Range;

/// Appends a gap that starts at or after the last one; touching gaps of one reason become one.
pub fn push_gap(gaps: &mut Vec<Gap>, range: Range<usize>, reason: GapReason) {
    if range.is_empty() {
        return;
    }
    if let Some(last) = gaps.last_mut()
        && last.range.end >= range.start
        && last.reason == reason
    {
        last.range.end = last.range.end.max(range.end);
        return;
    }
    gaps.push(Gap { range, reason });
}

/// Finds the samples that equal `invalid`, lists them as gaps and holds the last valid sample there (`rest` where
/// there is none yet), so that no filter sees a magic number.
pub fn take_invalid<T: Copy + PartialEq>(data: &mut [T], invalid: T, rest: T) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut last = rest;
    for (index, sample) in data.iter_mut().enumerate() {
        if *sample == invalid {
            push_gap(&mut gaps, index..index + 1, GapReason::Missing);
            *sample = last;
        } else {
            last = *sample;
        }
    }
    gaps
}

/// Whether `index` lies in a gap. `gaps` are ordered.
#[must_use]
pub fn in_gap(gaps: &[Gap], index: usize) -> bool {
    let next = gaps.partition_point(|gap| gap.range.end <= index);
    gaps.get(next).is_some_and(|gap| gap.range.contains(&index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_invalid_samples_are_one_gap_each() {
        let mut data = [-5_i16, 1, -5, -5, 2];
        let gaps = take_invalid(&mut data, -5, 0);
        let ranges: Vec<_> = gaps.iter().map(|gap| gap.range.clone()).collect();
        assert_eq!(ranges, vec![0..1, 2..4]);
        assert_eq!(data, [0, 1, 1, 1, 2]);
        assert!(in_gap(&gaps, 3) && !in_gap(&gaps, 4) && in_gap(&gaps, 0));
    }
}
