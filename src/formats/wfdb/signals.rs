//! Signal files: the storage formats of signal(5), decoded chunk by chunk, so that a long record costs its samples.

use super::flac;
use super::header::SignalLine;
use crate::formats::gaps::{push_gap, take_invalid};
use crate::formats::{ByteSource, Context, ReadError};
use crate::recording::{Gap, GapReason, Note, SampleData};

/// Bytes decoded at a time: a multiple of every packing (1, 2, 3 and 4 bytes).
const CHUNK_BYTES: usize = 12 * 65_536;

/// Storage formats of signal(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// 8: first differences of 8 bit.
    Difference8,
    /// 16: two's complement, little endian.
    I16,
    /// 24: two's complement, little endian.
    I24,
    /// 32: two's complement, little endian.
    I32,
    /// 61: two's complement, big endian.
    I16Big,
    /// 80: 8 bit offset binary.
    Offset8,
    /// 160: 16 bit offset binary.
    Offset16,
    /// 212: two samples of 12 bit in three bytes.
    Packed12,
    /// 310: three samples of 10 bit in two words.
    Packed10Words,
    /// 311: three samples of 10 bit in a double word.
    Packed10Double,
    /// 508: FLAC of 8 bit.
    Flac8,
    /// 516: FLAC of 16 bit.
    Flac16,
    /// 524: FLAC of 24 bit.
    Flac24,
}

impl Storage {
    /// The storage of a format number; `None` when it is not read.
    #[must_use]
    pub fn of(format: u16) -> Option<Self> {
        Some(match format {
            8 => Self::Difference8,
            16 => Self::I16,
            24 => Self::I24,
            32 => Self::I32,
            61 => Self::I16Big,
            80 => Self::Offset8,
            160 => Self::Offset16,
            212 => Self::Packed12,
            310 => Self::Packed10Words,
            311 => Self::Packed10Double,
            508 => Self::Flac8,
            516 => Self::Flac16,
            524 => Self::Flac24,
            _ => return None,
        })
    }

    /// The value that stands for a lost sample (signal(5): the most negative one); differences have none.
    #[must_use]
    pub fn invalid(self) -> Option<i32> {
        match self {
            Self::Difference8 => None,
            Self::I16 | Self::I16Big | Self::Offset16 | Self::Flac16 => Some(-32_768),
            Self::I24 | Self::Flac24 => Some(-8_388_608),
            Self::I32 => Some(i32::MIN),
            Self::Offset8 | Self::Flac8 => Some(-128),
            Self::Packed12 => Some(-2048),
            Self::Packed10Words | Self::Packed10Double => Some(-512),
        }
    }

    /// Samples in `bytes` bytes, a last incomplete group included.
    #[must_use]
    pub fn samples_in(self, bytes: u64) -> u64 {
        match self {
            Self::Difference8 | Self::Offset8 => bytes,
            Self::I16 | Self::I16Big | Self::Offset16 => bytes / 2,
            Self::I24 => bytes / 3,
            Self::I32 => bytes / 4,
            Self::Packed12 => bytes / 3 * 2 + u64::from(bytes % 3 >= 2),
            Self::Packed10Words => bytes / 4 * 3 + u64::from(bytes % 4 >= 2),
            Self::Packed10Double => bytes / 4 * 3 + (bytes % 4).saturating_sub(1),
            // Only the stream itself tells.
            Self::Flac8 | Self::Flac16 | Self::Flac24 => 0,
        }
    }

    /// Whether every sample fits 16 bit.
    fn is_narrow(self) -> bool {
        !matches!(
            self,
            Self::Difference8 | Self::I24 | Self::I32 | Self::Flac24
        )
    }

    /// Whether the samples are a FLAC stream.
    fn is_flac(self) -> bool {
        matches!(self, Self::Flac8 | Self::Flac16 | Self::Flac24)
    }

    /// Appends the samples of `bytes`, which start at a group's beginning. A last incomplete group is read as far as
    /// it goes. For differences these are the differences.
    pub fn decode(self, bytes: &[u8], out: &mut Vec<i32>) {
        match self {
            Self::Difference8 => out.extend(bytes.iter().map(|&b| i32::from(b as i8))),
            Self::Offset8 => out.extend(bytes.iter().map(|&b| i32::from(b) - 128)),
            Self::I16 => out
                .extend(pairs(bytes).map(|[low, high]| i32::from(i16::from_le_bytes([low, high])))),
            Self::I16Big => out
                .extend(pairs(bytes).map(|[high, low]| i32::from(i16::from_be_bytes([high, low])))),
            Self::Offset16 => out.extend(
                pairs(bytes).map(|[low, high]| i32::from(u16::from_le_bytes([low, high])) - 32_768),
            ),
            Self::I24 => out.extend(
                bytes
                    .as_chunks::<3>()
                    .0
                    .iter()
                    .map(|&[a, b, c]| i32::from_le_bytes([0, a, b, c]) >> 8),
            ),
            Self::I32 => out.extend(
                bytes
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|&group| i32::from_le_bytes(group)),
            ),
            Self::Packed12 => packed12(bytes, out),
            Self::Packed10Words => packed10_words(bytes, out),
            Self::Packed10Double => packed10_double(bytes, out),
            Self::Flac8 | Self::Flac16 | Self::Flac24 => {}
        }
    }
}

/// Whole pairs of bytes.
fn pairs(bytes: &[u8]) -> impl Iterator<Item = [u8; 2]> + '_ {
    bytes.as_chunks::<2>().0.iter().copied()
}

/// The low `bits` of `value` as a signed number.
fn signed(value: u32, bits: u32) -> i32 {
    ((value << (32 - bits)) as i32) >> (32 - bits)
}

/// Format 212: bytes a b c hold `a | low nibble of b << 8` and `c | high nibble of b << 4`.
fn packed12(bytes: &[u8], out: &mut Vec<i32>) {
    let (groups, rest) = bytes.as_chunks::<3>();
    for &[a, b, c] in groups {
        let (a, b, c) = (u32::from(a), u32::from(b), u32::from(c));
        out.push(signed(a | (b & 0x0f) << 8, 12));
        out.push(signed(c | (b & 0xf0) << 4, 12));
    }
    if let [a, b] = rest {
        out.push(signed(u32::from(*a) | (u32::from(*b) & 0x0f) << 8, 12));
    }
}

/// Format 310: bits 1-10 of two words, and the third sample in the upper five bits of both.
fn packed10_words(bytes: &[u8], out: &mut Vec<i32>) {
    let (groups, rest) = bytes.as_chunks::<4>();
    for &[a, b, c, d] in groups {
        let first = u32::from(u16::from_le_bytes([a, b]));
        let second = u32::from(u16::from_le_bytes([c, d]));
        out.push(signed(first >> 1, 10));
        out.push(signed(second >> 1, 10));
        out.push(signed(first >> 11 | (second >> 11) << 5, 10));
    }
    if let [a, b, ..] = rest {
        out.push(signed(u32::from(u16::from_le_bytes([*a, *b])) >> 1, 10));
    }
}

/// Format 311: bits 0-9, 10-19 and 20-29 of a double word.
fn packed10_double(bytes: &[u8], out: &mut Vec<i32>) {
    let (groups, rest) = bytes.as_chunks::<4>();
    for &group in groups {
        let word = u32::from_le_bytes(group);
        out.push(signed(word, 10));
        out.push(signed(word >> 10, 10));
        out.push(signed(word >> 20, 10));
    }
    match rest {
        [a, b] => out.push(signed(u32::from(u16::from_le_bytes([*a, *b])), 10)),
        [a, b, c] => {
            let word = u32::from_le_bytes([*a, *b, *c, 0]);
            out.push(signed(word, 10));
            out.push(signed(word >> 10, 10));
        }
        _ => {}
    }
}

/// One decoded signal, in counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The counts; lost ones hold the last valid count.
    pub data: SampleData,
    /// Lost samples.
    pub gaps: Vec<Gap>,
}

/// Counts in the width that the storage needs.
enum Counts {
    Narrow(Vec<i16>),
    Wide(Vec<i32>),
}

impl Counts {
    /// Appends decoded samples; differences are added to `sum`, the sample before.
    fn take(&mut self, samples: impl Iterator<Item = i32>, storage: Storage, sum: &mut i32) {
        match self {
            Self::Narrow(data) => data.extend(samples.map(|sample| sample as i16)),
            Self::Wide(data) if storage == Storage::Difference8 => {
                data.extend(samples.map(|difference| {
                    *sum = sum.wrapping_add(difference);
                    *sum
                }));
            }
            Self::Wide(data) => data.extend(samples),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Narrow(data) => data.len(),
            Self::Wide(data) => data.len(),
        }
    }

    /// Low 16 bits of the sum of the first `count` samples.
    fn checksum(&self, count: usize) -> u16 {
        match self {
            Self::Narrow(data) => data
                .iter()
                .take(count)
                .fold(0_u16, |sum, &count| sum.wrapping_add(count as u16)),
            Self::Wide(data) => data
                .iter()
                .take(count)
                .fold(0_u16, |sum, &count| sum.wrapping_add(count as u16)),
        }
    }

    /// Drops `skew` samples in front, then fits the length to `length`: gaps at the end where the file ends earlier.
    fn finish(self, skew: usize, length: usize, storage: Storage, rest: i32) -> Column {
        fn fit<T: Copy + PartialEq>(
            mut data: Vec<T>,
            skew: usize,
            length: usize,
            invalid: Option<T>,
            rest: T,
        ) -> (Vec<T>, Vec<Gap>) {
            data.drain(..skew.min(data.len()));
            data.truncate(length);
            let mut gaps =
                invalid.map_or_else(Vec::new, |invalid| take_invalid(&mut data, invalid, rest));
            let found = data.len();
            let filler = data.last().copied().unwrap_or(rest);
            data.resize(length, filler);
            push_gap(&mut gaps, found..length, GapReason::Missing);
            data.shrink_to_fit();
            (data, gaps)
        }
        let invalid = storage.invalid();
        match self {
            Self::Narrow(data) => {
                let rest = i16::try_from(rest).unwrap_or(0);
                let invalid = invalid.map(|invalid| invalid as i16);
                let (data, gaps) = fit(data, skew, length, invalid, rest);
                Column {
                    data: SampleData::I16(data),
                    gaps,
                }
            }
            Self::Wide(data) => {
                let (data, gaps) = fit(data, skew, length, invalid, rest);
                let data = if data.iter().all(|&count| i16::try_from(count).is_ok()) {
                    SampleData::I16(data.into_iter().map(|count| count as i16).collect())
                } else {
                    SampleData::I32(data)
                };
                Column { data, gaps }
            }
        }
    }
}

/// Reads the signals of one signal file.
///
/// `wanted` is the number of frames that the header tells, `None` when the file's size decides. The columns are in the
/// order of `group`, each `frames found × samples per frame` long.
///
/// # Errors
/// [`ReadError::Unsupported`] for a storage format that is not read, [`ReadError::TooLarge`], [`ReadError::Medium`].
pub fn read_group(
    group: &[SignalLine],
    source: &dyn ByteSource,
    wanted: Option<u64>,
    context: &mut Context,
) -> Result<Vec<Column>, ReadError> {
    let Some(first) = group.first() else {
        return Ok(Vec::new());
    };
    let storage = Storage::of(first.format).ok_or_else(|| ReadError::Unsupported {
        format: "wfdb".to_owned(),
        feature: format!("signal format {}", first.format),
    })?;
    let frame: usize = group
        .iter()
        .try_fold(0_usize, |sum, signal| {
            sum.checked_add(signal.samples_per_frame)
        })
        .filter(|&frame| frame > 0)
        .ok_or(ReadError::TooLarge {
            what: "samples",
            found: u64::MAX,
            limit: context.limits.samples,
        })?;
    if storage.is_flac() {
        return read_flac(group, storage, source, wanted, context);
    }
    let bytes = source.len().saturating_sub(first.offset);
    let available = storage.samples_in(bytes) / frame as u64;
    let frames = wanted.map_or(available, |wanted| wanted.min(available));
    note_short(first, wanted, available, context);
    let skew = group.iter().map(|signal| signal.skew).max().unwrap_or(0);
    let stored = available.min(frames.saturating_add(skew));
    context.check_samples(stored.saturating_mul(frame as u64))?;

    let columns = decode_group(group, storage, source, first.offset, stored as usize)?;
    Ok(finish_group(
        group, columns, storage, wanted, available, context,
    ))
}

/// Notes that a file holds fewer frames than the header tells.
fn note_short(first: &SignalLine, wanted: Option<u64>, available: u64, context: &mut Context) {
    if let Some(wanted) = wanted
        && wanted > available
    {
        context.note(
            Note::new("short-file")
                .with("file", first.file.as_str())
                .with("expected", wanted)
                .with("found", available),
        );
    }
}

/// Checks and fits the decoded counts of a group.
fn finish_group(
    group: &[SignalLine],
    columns: Vec<Counts>,
    storage: Storage,
    wanted: Option<u64>,
    available: u64,
    context: &mut Context,
) -> Vec<Column> {
    let mut frames = wanted.map_or(available, |wanted| wanted.min(available));
    if wanted.is_none()
        && let Some(end) = logical_end(group, &columns, storage)
    {
        frames = frames.min(end);
    }
    let mut finished = Vec::with_capacity(group.len());
    for (signal, counts) in group.iter().zip(columns) {
        let length = frames as usize * signal.samples_per_frame;
        let complete = wanted.is_some_and(|wanted| wanted <= available);
        // A checksum of 0 is what writers put who do not compute it (the CinC 2017 set).
        if let Some(expected) = signal.checksum.filter(|&sum| complete && sum != 0)
            && counts.checksum(length) != expected
        {
            context.note(Note::new("checksum").with("signal", signal.description.as_str()));
        }
        let skew = usize::try_from(signal.skew)
            .unwrap_or(usize::MAX)
            .saturating_mul(signal.samples_per_frame);
        finished.push(counts.finish(skew, length, storage, signal.baseline as i32));
    }
    finished
}

/// The frame at which old tapes end: the most negative value, then nothing but zeros to the end of the block
/// (signal(5), format 16). Asked only where the header gives no length.
fn logical_end(group: &[SignalLine], columns: &[Counts], storage: Storage) -> Option<u64> {
    if !matches!(storage, Storage::I16 | Storage::I16Big) {
        return None;
    }
    let mut end = None;
    for (signal, counts) in group.iter().zip(columns) {
        let Counts::Narrow(data) = counts else {
            return None;
        };
        let last = data.iter().rposition(|&count| count != 0)?;
        let frame = last / signal.samples_per_frame;
        if data[last] == i16::MIN && last + 1 < data.len() {
            end = Some(end.unwrap_or(frame).min(frame));
        } else if end.is_some_and(|end| frame > end) {
            return None;
        }
    }
    end.map(|end| end as u64)
}

/// Reads the signals of a FLAC stream: one channel a signal, the samples of a frame one after the other.
fn read_flac(
    group: &[SignalLine],
    storage: Storage,
    source: &dyn ByteSource,
    wanted: Option<u64>,
    context: &mut Context,
) -> Result<Vec<Column>, ReadError> {
    let Some(first) = group.first() else {
        return Ok(Vec::new());
    };
    let damaged = |expected: &str, found: String| {
        ReadError::damaged_at(
            "wfdb",
            first.offset,
            expected,
            format!("{found} in {}", first.file),
        )
    };
    let length = source.len().saturating_sub(first.offset);
    context.check_bytes(length)?;
    let bytes = source.read(first.offset, length as usize)?;
    let info = flac::stream_info(&bytes)
        .ok_or_else(|| damaged("a FLAC stream", "something else".to_owned()))?;
    if info.channels != group.len() {
        return Err(damaged(
            "one FLAC channel a signal",
            format!("{} channels for {} signals", info.channels, group.len()),
        ));
    }
    let skew = group.iter().map(|signal| signal.skew).max().unwrap_or(0);
    let most = wanted.map_or(u64::MAX, |wanted| wanted.saturating_add(skew));
    let per_frame = first.samples_per_frame as u64;
    let most = most.saturating_mul(per_frame);
    context.check_samples(info.samples.min(most).saturating_mul(info.channels as u64))?;
    let limit = context.limits.samples / info.channels as u64;
    let mut columns: Vec<Counts> = group
        .iter()
        .map(|_| {
            if storage.is_narrow() {
                Counts::Narrow(Vec::new())
            } else {
                Counts::Wide(Vec::new())
            }
        })
        .collect();
    let mut found = 0_u64;
    let whole = flac::decode(&bytes, info, |block| {
        found += block.first().map_or(0, Vec::len) as u64;
        for (column, samples) in columns.iter_mut().zip(block) {
            column.take(samples.iter().copied(), storage, &mut 0);
        }
        found < most && found <= limit
    });
    if found > limit {
        context.check_samples(found.saturating_mul(info.channels as u64))?;
    }
    let available = found / per_frame;
    note_short(first, wanted, available, context);
    if !whole && wanted.is_none_or(|wanted| wanted <= available) {
        context.note(Note::new("damaged-end").with("file", first.file.as_str()));
    }
    Ok(finish_group(
        group, columns, storage, wanted, available, context,
    ))
}

/// Decodes `frames` frames from `offset`, one column a signal.
fn decode_group(
    group: &[SignalLine],
    storage: Storage,
    source: &dyn ByteSource,
    mut offset: u64,
    frames: usize,
) -> Result<Vec<Counts>, ReadError> {
    let frame: usize = group.iter().map(|signal| signal.samples_per_frame).sum();
    let mut columns: Vec<Counts> = group
        .iter()
        .map(|signal| {
            let capacity = frames * signal.samples_per_frame;
            if storage.is_narrow() {
                Counts::Narrow(Vec::with_capacity(capacity))
            } else {
                Counts::Wide(Vec::with_capacity(capacity))
            }
        })
        .collect();
    let mut sums: Vec<i32> = group.iter().map(|signal| signal.initial).collect();
    let mut scratch: Vec<i32> = Vec::with_capacity(CHUNK_BYTES);
    let mut left = frames;
    while left > 0 {
        let bytes = source.read(offset, CHUNK_BYTES)?;
        if bytes.is_empty() {
            break;
        }
        offset += bytes.len() as u64;
        storage.decode(&bytes, &mut scratch);
        let whole = (scratch.len() / frame).min(left);
        let used = whole * frame;
        let mut from = 0;
        for ((column, sum), signal) in columns.iter_mut().zip(&mut sums).zip(group) {
            let to = from + signal.samples_per_frame;
            // One sample a frame is the common case, and a plain strided loop.
            let frames = scratch[..used].chunks_exact(frame);
            if signal.samples_per_frame == 1 {
                column.take(frames.map(|frame| frame[from]), storage, sum);
            } else {
                let samples = frames.flat_map(|frame| frame[from..to].iter().copied());
                column.take(samples, storage, sum);
            }
            from = to;
        }
        scratch.drain(..used);
        left -= whole;
        if whole == 0 && bytes.len() < CHUNK_BYTES {
            break;
        }
    }
    debug_assert!(columns.iter().all(|column| column.len() <= frames * frame));
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(storage: Storage, bytes: &[u8]) -> Vec<i32> {
        let mut out = Vec::new();
        storage.decode(bytes, &mut out);
        out
    }

    #[test]
    fn each_storage_gives_the_counts_worked_out_by_hand() {
        assert_eq!(
            decode(Storage::I16, &[0x01, 0x80, 0xff, 0x7f]),
            [-32_767, 32_767]
        );
        assert_eq!(decode(Storage::I16Big, &[0x80, 0x01]), [-32_767]);
        assert_eq!(
            decode(Storage::Offset16, &[0x00, 0x80, 0x00, 0x00]),
            [0, -32_768]
        );
        assert_eq!(decode(Storage::Offset8, &[0, 128, 255]), [-128, 0, 127]);
        assert_eq!(
            decode(Storage::I24, &[0xff, 0xff, 0xff, 0x00, 0x00, 0x80]),
            [-1, -8_388_608]
        );
        assert_eq!(decode(Storage::I32, &[0xfe, 0xff, 0xff, 0xff]), [-2]);
        // 995 = 0x3e3, 1011 = 0x3f3: the first frame of MIT-BIH record 100.
        assert_eq!(decode(Storage::Packed12, &[0xe3, 0x33, 0xf3]), [995, 1011]);
        assert_eq!(decode(Storage::Packed12, &[0xff, 0x0f]), [-1]);
        // 1, -1 and 3 in ten bits each.
        let word = 1_u32 | 0x3ff << 10 | 3 << 20;
        assert_eq!(
            decode(Storage::Packed10Double, &word.to_le_bytes()),
            [1, -1, 3]
        );
        assert_eq!(
            decode(Storage::Packed10Double, &word.to_le_bytes()[..3]),
            [1, -1]
        );
        let (first, second) = (1_u16 << 1 | 3 << 11, 0x3ff_u16 << 1);
        let mut bytes = first.to_le_bytes().to_vec();
        bytes.extend(second.to_le_bytes());
        assert_eq!(decode(Storage::Packed10Words, &bytes), [1, -1, 3]);
    }

    #[test]
    fn the_number_of_samples_is_what_decoding_gives() {
        for format in [8, 16, 24, 32, 61, 80, 160, 212, 310, 311] {
            let storage = Storage::of(format).unwrap();
            for length in 0..30_usize {
                let found = decode(storage, &vec![0x5a; length]).len() as u64;
                assert_eq!(
                    storage.samples_in(length as u64),
                    found,
                    "{format} {length}"
                );
            }
        }
        assert_eq!(Storage::of(212), Some(Storage::Packed12));
        assert_eq!(Storage::of(17), None);
    }
}
