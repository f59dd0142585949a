//! Lists of numbers as text, as XML carries samples: separated by spaces, commas or line ends.

use super::gaps::push_gap;
use super::{Context, ReadError};
use crate::recording::{Gap, GapReason, SampleData};

/// A list that was read.
#[derive(Debug, PartialEq)]
pub struct Digits {
    /// The numbers; integers where all of them are.
    pub data: SampleData,
    /// Where a word stands for no number (`NaN`), or two commas follow each other.
    pub gaps: Vec<Gap>,
    /// Words that are neither a number nor a sign of a missing one.
    pub strange: usize,
}

/// Reads a list.
///
/// # Errors
/// [`ReadError::TooLarge`].
pub fn parse(text: &str, context: &Context) -> Result<Digits, ReadError> {
    let mut integers: Vec<i32> = Vec::new();
    let mut reals: Option<Vec<f32>> = None;
    let (mut gaps, mut strange) = (Vec::new(), 0);
    let mut count = 0_usize;
    // An empty cell between commas is a missing sample, an empty one at the end is a writer's habit.
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    let cells = text.split([',', ';']).flat_map(|cell| {
        let cell = cell.trim();
        let empty = cell.is_empty().then_some("");
        empty.into_iter().chain(cell.split_whitespace())
    });
    for word in cells {
        if word.is_empty() && text.is_empty() {
            break;
        }
        if count.is_multiple_of(4096) {
            context.check_samples(count as u64)?;
        }
        let real = match (integer(word), &mut reals) {
            (Some(value), None) => {
                integers.push(value);
                count += 1;
                continue;
            }
            (Some(value), Some(_)) => Some(value as f32),
            (None, _) => super::text::number(word, false).map(|value| value as f32),
        };
        if real.is_some() && reals.is_none() {
            reals = Some(integers.iter().map(|&value| value as f32).collect());
            integers = Vec::new();
        }
        if real.is_none() {
            strange += usize::from(!super::text::is_missing(word));
            push_gap(&mut gaps, count..count + 1, GapReason::Missing);
        }
        match &mut reals {
            Some(reals) => reals.push(real.unwrap_or(reals.last().copied().unwrap_or(0.0))),
            None => integers.push(integers.last().copied().unwrap_or(0)),
        }
        count += 1;
    }
    context.check_samples(count as u64)?;
    let data = match reals {
        Some(reals) => SampleData::F32(reals),
        None if integers.iter().all(|&value| i16::try_from(value).is_ok()) => {
            SampleData::I16(integers.into_iter().map(|value| value as i16).collect())
        }
        None => SampleData::I32(integers),
    };
    Ok(Digits {
        data,
        gaps,
        strange,
    })
}

fn integer(word: &str) -> Option<i32> {
    word.strip_prefix('+').unwrap_or(word).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_in_every_writing_seen() {
        let read = |text: &str| parse(text, &Context::default()).unwrap();
        assert_eq!(read("1 -2\n\t3").data, SampleData::I16(vec![1, -2, 3]));
        assert_eq!(
            read("\t1,\t-2,\n3,\n").data,
            SampleData::I16(vec![1, -2, 3])
        );
        assert_eq!(read("40000 1").data, SampleData::I32(vec![40_000, 1]));
        assert_eq!(read("1 2.5").data, SampleData::F32(vec![1.0, 2.5]));
        let missing = read("1 NaN x 4");
        assert_eq!(missing.data, SampleData::I16(vec![1, 1, 1, 4]));
        assert_eq!((missing.gaps[0].range.clone(), missing.strange), (1..3, 1));
        assert_eq!(read("1,,3").gaps.len(), 1);
        assert_eq!(read(" \n").data, SampleData::I16(Vec::new()));
    }
}
