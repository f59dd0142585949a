//! MATLAB files of versions 4 and 5 to 7: the arrays in them, and the one that is the signal.
//!
//! After "MAT-File Format" (The MathWorks). Files of version 7.3 are HDF5. A file beside a WFDB header of its name is
//! WFDB's signal file and is read as that.

use super::bare::{Track, Tracks};
use super::wfdb;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Signature, Support,
};
use crate::recording::{SampleData, Source};
use flate2::read::ZlibDecoder;
use std::io::Read;

const ID: &str = "mat";
/// Length of the header of version 5.
const HEADER_BYTES: usize = 128;
/// Arrays that are looked at.
const ARRAYS: usize = 4096;
/// Leads in one array, at most: the shorter side of it.
const MOST_LEADS: usize = 32;
/// Samples below which an array is no recording.
const FEWEST_SAMPLES: usize = 16;
/// Names of a variable that is the sampling rate.
const RATE_NAMES: [&str; 12] = [
    "fs",
    "sf",
    "freq",
    "sfreq",
    "srate",
    "rate",
    "samplingrate",
    "samplingfrequency",
    "samplerate",
    "samplefrequency",
    "samplefreq",
    "fsecg",
];

/// The reader.
pub struct Mat;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "MATLAB arrays (MAT 4, 5, 7)",
    extensions: &["mat"],
    signatures: &[Signature {
        offset: 0,
        bytes: b"MATLAB 5.0 MAT-file",
    }],
    recognised_by: "the text MATLAB 5.0 MAT-file; version 4 by five numbers that describe an array, and its name",
    support: Support::Common,
    tested_on: "2 public files (version 4 with a WFDB header, version 5 compressed), compared with an independent reader",
    certainty: Certainty::Equal,
};

/// An array of numbers or letters.
#[derive(Debug)]
struct Array {
    name: String,
    rows: usize,
    columns: usize,
    data: Numbers,
}

#[derive(Debug)]
enum Numbers {
    I16(Vec<i16>),
    I32(Vec<i32>),
    F64(Vec<f64>),
    Text(String),
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Self::I16(data) => data.len(),
            Self::I32(data) => data.len(),
            Self::F64(data) => data.len(),
            Self::Text(_) => 0,
        }
    }

    fn first(&self) -> Option<f64> {
        match self {
            Self::I16(data) => data.first().map(|&value| f64::from(value)),
            Self::I32(data) => data.first().map(|&value| f64::from(value)),
            Self::F64(data) => data.first().copied(),
            Self::Text(_) => None,
        }
    }

    /// Every `step`-th number from `from` on, `count` of them.
    fn every(&self, from: usize, step: usize, count: usize) -> SampleData {
        fn pick<T: Copy>(
            data: &[T],
            from: usize,
            step: usize,
            count: usize,
        ) -> impl Iterator<Item = T> {
            let rest = data.get(from..).unwrap_or_default();
            rest.iter().step_by(step.max(1)).take(count).copied()
        }
        match self {
            Self::I16(data) => SampleData::I16(pick(data, from, step, count).collect()),
            Self::I32(data) => SampleData::I32(pick(data, from, step, count).collect()),
            Self::F64(data) => {
                SampleData::F32(pick(data, from, step, count).map(|v| v as f32).collect())
            }
            Self::Text(_) => SampleData::I16(Vec::new()),
        }
    }
}

/// Types in which numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stored {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Stored {
    fn width(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// The numbers of `bytes`, in the narrowest width that holds the type.
    fn numbers(self, bytes: &[u8], big: bool) -> Numbers {
        fn all<const N: usize, T>(bytes: &[u8], big: bool, make: impl Fn([u8; N]) -> T) -> Vec<T> {
            let chunks = bytes.as_chunks::<N>().0.iter();
            chunks
                .map(|&chunk| {
                    let mut chunk = chunk;
                    if big {
                        chunk.reverse();
                    }
                    make(chunk)
                })
                .collect()
        }
        match self {
            Self::I8 => Numbers::I16(bytes.iter().map(|&b| i16::from(b as i8)).collect()),
            Self::U8 => Numbers::I16(bytes.iter().map(|&b| i16::from(b)).collect()),
            Self::I16 => Numbers::I16(all(bytes, big, i16::from_le_bytes)),
            Self::U16 => Numbers::I32(all(bytes, big, |b| i32::from(u16::from_le_bytes(b)))),
            Self::I32 => Numbers::I32(all(bytes, big, i32::from_le_bytes)),
            Self::U32 => Numbers::F64(all(bytes, big, |b| f64::from(u32::from_le_bytes(b)))),
            Self::I64 => Numbers::F64(all(bytes, big, |b| i64::from_le_bytes(b) as f64)),
            Self::U64 => Numbers::F64(all(bytes, big, |b| u64::from_le_bytes(b) as f64)),
            Self::F32 => Numbers::F64(all(bytes, big, |b| f64::from(f32::from_le_bytes(b)))),
            Self::F64 => Numbers::F64(all(bytes, big, f64::from_le_bytes)),
        }
    }
}

impl Format for Mat {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        match old_array(head.bytes, 0, head.len) {
            Some(_) => Score(220),
            None => Score::NONE,
        }
    }

    fn read(
        &self,
        bundle: &Bundle,
        entry: &Entry,
        context: &mut Context,
    ) -> Result<Reading, ReadError> {
        let header = format!("{}.hea", wfdb::stem(entry.file_name()));
        if let Some(header) = bundle.companion(entry, &header) {
            return wfdb::Wfdb.read(bundle, header, context);
        }
        let length = entry.source.len();
        context.check_bytes(length)?;
        let bytes = entry.source.read(0, length as usize)?;
        let mut arrays = if bytes.starts_with(b"MATLAB 5.0") {
            Newer::arrays(&bytes, context)?
        } else {
            old_arrays(&bytes, context)?
        };
        let rate_hz = arrays.iter().find_map(|array| {
            let name: String = array
                .name
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_lowercase();
            let name = name.replace(['_', ' '], "");
            let value = array.data.first().filter(|_| array.data.len() == 1)?;
            (RATE_NAMES.contains(&name.as_str()) && (1.0..=1e6).contains(&value)).then_some(value)
        });
        let text = |wanted: &[&str]| {
            arrays.iter().find_map(|array| match &array.data {
                Numbers::Text(text) => {
                    let name = array
                        .name
                        .rsplit('.')
                        .next()
                        .unwrap_or_default()
                        .to_lowercase();
                    wanted
                        .contains(&name.as_str())
                        .then(|| text.trim().to_owned())
                }
                _ => None,
            })
        };
        let unit = text(&["unit", "units"]);
        let sex = text(&["sex", "gender"]);
        let tracks = tracks(&mut arrays);
        let mut source = Source {
            format: ID.to_owned(),
            recognised_by: "recognised-mat".to_owned(),
            name: entry.file_name().to_owned(),
            ..Source::default()
        };
        source.patient.sex = sex;
        Tracks {
            format: ID,
            tracks,
            rate_hz,
            unit,
            start: None,
            source,
        }
        .reading(context)
    }
}

/// The tracks: the largest array by its shorter side, or all vectors as long as the longest.
fn tracks(arrays: &mut Vec<Array>) -> Vec<Track> {
    arrays.retain(|array| {
        let (short, long) = (array.rows.min(array.columns), array.rows.max(array.columns));
        (1..=MOST_LEADS).contains(&short)
            && long >= FEWEST_SAMPLES
            && array.data.len() == short * long
    });
    let Some(largest) = arrays.iter().map(|array| array.data.len()).max() else {
        return Vec::new();
    };
    let vectors: Vec<&Array> = arrays
        .iter()
        .filter(|array| array.data.len() == largest && array.rows.min(array.columns) == 1)
        .collect();
    let named = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    if vectors.len() > 1 {
        let tracks = vectors.into_iter().take(MOST_LEADS).map(|array| Track {
            name: named(&array.name),
            data: array.data.every(0, 1, largest),
            unit: None,
            rate_hz: None,
        });
        return tracks.collect();
    }
    let Some(array) = arrays.iter().find(|array| array.data.len() == largest) else {
        return Vec::new();
    };
    // Stored column by column.
    let (leads, count) = (array.rows.min(array.columns), array.rows.max(array.columns));
    let along_rows = array.rows == leads;
    (0..leads)
        .map(|lead| Track {
            name: if leads == 1 && super::voltage::names_ecg(&array.name) {
                named(&array.name)
            } else {
                String::new()
            },
            data: if along_rows {
                array.data.every(lead, leads, count)
            } else {
                array.data.every(lead * count, 1, count)
            },
            unit: None,
            rate_hz: None,
        })
        .collect()
}

fn word(bytes: &[u8], at: usize, big: bool) -> Option<u32> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(if big {
        u32::from_be_bytes(four)
    } else {
        u32::from_le_bytes(four)
    })
}

/// The array of version 4 that begins at `at` of a file of `length` bytes: itself without data, where the data begin,
/// their type, whether they are big-endian, and where the next array begins.
fn old_array(bytes: &[u8], at: usize, length: u64) -> Option<(Array, usize, Stored, bool, u64)> {
    let kind = word(bytes, at, false)?;
    let (kind, big) = if kind < 5000 {
        (kind, false)
    } else {
        (word(bytes, at, true)?, true)
    };
    let (machine, order, precision, text) =
        (kind / 1000, kind / 100 % 10, kind / 10 % 10, kind % 10);
    if kind >= 5000 || (machine == 1) != big || machine > 1 || order != 0 || text > 1 {
        return None;
    }
    let stored = [
        Stored::F64,
        Stored::F32,
        Stored::I32,
        Stored::I16,
        Stored::U16,
        Stored::U8,
    ];
    let stored = *stored.get(precision as usize)?;
    let field = |index: usize| word(bytes, at + 4 * index, big);
    let (rows, columns, complex, name_length) = (field(1)?, field(2)?, field(3)?, field(4)?);
    if rows == 0 || columns == 0 || complex > 1 || !(2..=64).contains(&name_length) {
        return None;
    }
    let name_at = at + 20;
    let name = bytes.get(name_at..name_at + name_length as usize)?;
    let (zero, name) = name.split_last()?;
    let letters = name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    if *zero != 0 || !letters || !name.first().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let size = u64::from(rows) * u64::from(columns) * stored.width() as u64;
    let data_at = name_at + name_length as usize;
    let next = data_at as u64 + size.checked_mul(u64::from(complex) + 1)?;
    if next > length {
        return None;
    }
    let array = Array {
        name: String::from_utf8_lossy(name).into_owned(),
        rows: rows as usize,
        columns: columns as usize,
        data: Numbers::Text(String::new()),
    };
    Some((array, data_at, stored, big, next))
}

fn old_arrays(bytes: &[u8], context: &Context) -> Result<Vec<Array>, ReadError> {
    let mut arrays = Vec::new();
    let mut at = 0;
    while arrays.len() < ARRAYS {
        let Some((mut array, data_at, stored, big, next)) =
            old_array(bytes, at, bytes.len() as u64)
        else {
            break;
        };
        let count = array.rows * array.columns;
        context.check_samples(count as u64)?;
        let data = bytes
            .get(data_at..data_at + count * stored.width())
            .unwrap_or_default();
        array.data = stored.numbers(data, big);
        arrays.push(array);
        at = next as usize;
    }
    if arrays.is_empty() {
        return Err(ReadError::damaged_at(
            ID,
            0,
            "an array of numbers",
            "something else",
        ));
    }
    Ok(arrays)
}

/// Walks the elements of version 5.
struct Newer<'a> {
    big: bool,
    context: &'a Context,
    arrays: Vec<Array>,
    /// Bytes that may still be unpacked.
    left: u64,
}

/// Types of elements.
const COMPRESSED: u32 = 15;
const MATRIX: u32 = 14;

impl Newer<'_> {
    fn arrays(bytes: &[u8], context: &Context) -> Result<Vec<Array>, ReadError> {
        let mut walker = Newer {
            big: bytes.get(126..128) == Some(b"MI"),
            context,
            arrays: Vec::new(),
            left: context.limits.bytes,
        };
        walker.elements(bytes.get(HEADER_BYTES..).unwrap_or_default(), "", 0)?;
        Ok(walker.arrays)
    }

    /// The element at `at`: its type, its bytes, and where the next begins.
    fn element<'b>(&self, bytes: &'b [u8], at: usize) -> Option<(u32, &'b [u8], usize)> {
        let kind = word(bytes, at, self.big)?;
        // A small element holds its length in the upper half of the type and four bytes of data.
        if kind >> 16 != 0 {
            let length = (kind >> 16) as usize;
            let data = bytes.get(at + 4..at + 4 + length.min(4))?;
            return Some((kind & 0xffff, data, at + 8));
        }
        let length = word(bytes, at + 4, self.big)? as usize;
        let from = at + 8;
        let end = from.checked_add(length)?.min(bytes.len());
        let next = if kind == COMPRESSED {
            end
        } else {
            from.checked_add(length.next_multiple_of(8))?
        };
        Some((kind, bytes.get(from..end)?, next))
    }

    fn elements(&mut self, bytes: &[u8], path: &str, depth: usize) -> Result<(), ReadError> {
        let mut at = 0;
        while let Some((kind, data, next)) = self.element(bytes, at) {
            if self.arrays.len() >= ARRAYS || depth > self.context.limits.depth {
                break;
            }
            match kind {
                COMPRESSED => {
                    let mut inner = Vec::new();
                    // What is damaged at its end is read up to there.
                    let _ = ZlibDecoder::new(data)
                        .take(self.left)
                        .read_to_end(&mut inner);
                    self.left = self.left.saturating_sub(inner.len() as u64);
                    if self.left == 0 {
                        self.context
                            .check_bytes(self.context.limits.bytes.saturating_add(1))?;
                    }
                    self.elements(&inner, path, depth + 1)?;
                }
                MATRIX => self.matrix(data, path, depth)?,
                _ => {}
            }
            at = next.max(at + 8);
        }
        Ok(())
    }

    fn matrix(&mut self, bytes: &[u8], path: &str, depth: usize) -> Result<(), ReadError> {
        // Flags, dimensions, name; then what the class asks for.
        let Some((_, flags, next)) = self.element(bytes, 0) else {
            return Ok(());
        };
        let flags = word(flags, 0, self.big).unwrap_or(0);
        let Some((_, sizes, next)) = self.element(bytes, next) else {
            return Ok(());
        };
        let sizes: Vec<usize> = (0..sizes.len() / 4)
            .filter_map(|at| word(sizes, 4 * at, self.big))
            .map(|size| size as usize)
            .collect();
        let Some((_, name, next)) = self.element(bytes, next) else {
            return Ok(());
        };
        let name = String::from_utf8_lossy(name).into_owned();
        let path = match (path.is_empty(), name.is_empty()) {
            (true, _) => name,
            (_, true) => path.to_owned(),
            _ => format!("{path}.{name}"),
        };
        let rest = bytes.get(next..).unwrap_or_default();
        match flags & 0xff {
            // Cells: one array after the other.
            1 => self.elements(rest, &path, depth + 1),
            2 => self.fields(rest, &path, depth),
            4 => {
                if let Some((kind, data, _)) = self.element(rest, 0) {
                    let text = self.letters(kind, data);
                    self.push(path, vec![1, 1], Numbers::Text(text));
                }
                Ok(())
            }
            // Numbers, the real part.
            6..=15 => {
                let Some((kind, data, _)) = self.element(rest, 0) else {
                    return Ok(());
                };
                if let Some(stored) = stored(kind) {
                    self.context
                        .check_samples((data.len() / stored.width()) as u64)?;
                    let data = stored.numbers(data, self.big);
                    self.push(path, sizes, data);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A structure: the length of its fields' names, the names, then one array a field.
    fn fields(&mut self, bytes: &[u8], path: &str, depth: usize) -> Result<(), ReadError> {
        let Some((_, length, next)) = self.element(bytes, 0) else {
            return Ok(());
        };
        let length = word(length, 0, self.big).unwrap_or(0).clamp(1, 256) as usize;
        let Some((_, names, mut at)) = self.element(bytes, next) else {
            return Ok(());
        };
        for name in names.chunks(length) {
            let end = name.iter().position(|&b| b == 0).unwrap_or(name.len());
            let name = String::from_utf8_lossy(&name[..end]);
            let Some((kind, data, next)) = self.element(bytes, at) else {
                break;
            };
            if kind == MATRIX && depth < self.context.limits.depth {
                self.matrix(data, &format!("{path}.{name}"), depth + 1)?;
            }
            at = next;
        }
        Ok(())
    }

    fn letters(&self, kind: u32, data: &[u8]) -> String {
        match stored(kind) {
            Some(Stored::U16 | Stored::I16) => {
                let units: Vec<u16> = data
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|&pair| {
                        if self.big {
                            u16::from_be_bytes(pair)
                        } else {
                            u16::from_le_bytes(pair)
                        }
                    })
                    .take(4096)
                    .collect();
                String::from_utf16_lossy(&units)
            }
            _ => String::from_utf8_lossy(data.get(..data.len().min(4096)).unwrap_or_default())
                .into_owned(),
        }
    }

    fn push(&mut self, name: String, sizes: Vec<usize>, data: Numbers) {
        // A stack of matrices is no recording of one table.
        let (rows, columns) = match sizes.as_slice() {
            [rows, columns] => (*rows, *columns),
            _ => (0, 0),
        };
        self.arrays.push(Array {
            name,
            rows,
            columns,
            data,
        });
    }
}

/// Storage of an element's type; `None` for those that hold no numbers.
fn stored(kind: u32) -> Option<Stored> {
    Some(match kind {
        1 => Stored::I8,
        2 | 16 => Stored::U8,
        3 => Stored::I16,
        4 | 17 => Stored::U16,
        5 => Stored::I32,
        6 => Stored::U32,
        7 => Stored::F32,
        9 => Stored::F64,
        12 => Stored::I64,
        13 => Stored::U64,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        entry, extremes, folder_bundle, near, read_first, recording, samples,
    };
    use super::super::{Answers, Unknown};
    use super::*;

    fn element(kind: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    fn matrix(class: u32, sizes: [u32; 2], name: &str, rest: &[u8]) -> Vec<u8> {
        let mut body = element(6, &[class.to_le_bytes(), [0; 4]].concat());
        body.extend(element(
            5,
            &[sizes[0].to_le_bytes(), sizes[1].to_le_bytes()].concat(),
        ));
        body.extend(element(1, name.as_bytes()));
        body.extend(rest);
        element(MATRIX, &body)
    }

    fn file(elements: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = b"MATLAB 5.0 MAT-file, by hand".to_vec();
        bytes.resize(124, b' ');
        bytes.extend([0, 1, b'I', b'M']);
        elements.iter().for_each(|element| bytes.extend(element));
        bytes
    }

    fn read(bytes: Vec<u8>, answers: Answers) -> Result<Reading, ReadError> {
        read_first(&Bundle::from_bytes("x", bytes), answers)
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut packer =
            flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(bytes).unwrap();
        let data = packer.finish().unwrap();
        let mut element = COMPRESSED.to_le_bytes().to_vec();
        element.extend((data.len() as u32).to_le_bytes());
        element.extend(data);
        element
    }

    #[test]
    fn structures_with_rate_and_packed_numbers_are_read() {
        // data: 2 x 20 doubles stored as bytes, column by column; fs: a small element.
        let numbers: Vec<u8> = (0..40).collect();
        let data = matrix(6, [2, 20], "", &element(2, &numbers));
        let mut small = (2_u32 | 2 << 16).to_le_bytes().to_vec();
        small.extend([0xfa, 0, 0, 0]);
        let rate = matrix(6, [1, 1], "", &{
            let mut bytes = (4_u32 | 2 << 16).to_le_bytes().to_vec();
            bytes.extend([0xfa, 0, 0, 0]);
            bytes
        });
        let unit = matrix(4, [1, 2], "", &element(16, b"mV"));
        let mut fields = (5_u32 | 4 << 16).to_le_bytes().to_vec();
        fields.extend(5_u32.to_le_bytes());
        fields.extend(element(1, b"data\0fs\0\0\0unit\0"));
        let body = [fields, data, rate, unit].concat();
        let bytes = file(&[packed(&matrix(2, [1, 1], "ECG", &body))]);
        let found = recording(read(bytes, Answers::default()), "struct");
        assert_eq!(found.leads.len(), 2);
        assert_eq!(
            (found.leads[1].rate_hz, found.leads[1].samples.len()),
            (250.0, 20)
        );
        assert_eq!(found.leads[1].samples.value(3), Some(7.0));
        assert!(!small.is_empty());
    }

    #[test]
    fn vectors_of_one_length_are_leads_by_name() {
        let vector = |name: &str| {
            matrix(
                7,
                [20, 1],
                name,
                &element(7, &1.5_f32.to_le_bytes().repeat(20)),
            )
        };
        let answers = Answers {
            rate_hz: Some(100.0),
            unit: Some("mV".into()),
            ..Answers::default()
        };
        let found = recording(read(file(&[vector("I"), vector("V2")]), answers), "vectors");
        let names: Vec<&str> = found.leads.iter().map(|lead| lead.name.as_str()).collect();
        assert_eq!(names, ["I", "V2"]);
    }

    #[test]
    fn version_4_is_read_in_both_orders() {
        for big in [false, true] {
            let word = |value: u32| {
                if big {
                    value.to_be_bytes()
                } else {
                    value.to_le_bytes()
                }
            };
            let mut bytes = Vec::new();
            for value in [30 + if big { 1000 } else { 0 }, 2, 20, 0, 4] {
                bytes.extend(word(value));
            }
            bytes.extend(b"val\0");
            for count in 0..40_i16 {
                bytes.extend(if big {
                    (-count).to_be_bytes()
                } else {
                    (-count).to_le_bytes()
                });
            }
            let asked = read(bytes, Answers::default());
            let Ok(Reading::Question(question)) = asked else {
                panic!("{asked:?}")
            };
            assert_eq!(question.unknowns[0], Unknown::Rate);
            assert_eq!(&question.preview[..3], [0.0, -2.0, -4.0]);
        }
    }

    #[test]
    fn the_samples_read_as_the_index_says() {
        let Some(root) = samples() else { return };
        let file = root.join("mat/E07500.mat");
        let read = recording(
            read_first(&folder_bundle(&file), Answers::default()),
            "E07500",
        );
        assert_eq!(
            (
                read.leads.len(),
                read.leads[0].samples.len(),
                read.leads[0].rate_hz
            ),
            (12, 5000, 500.0)
        );
        assert!(near(extremes(&read.leads[8]).1, 1.254));
        // Without its header: twelve leads, rate and gain asked.
        let alone = Bundle {
            entries: vec![entry(&file)],
        };
        let Ok(Reading::Question(question)) = read_first(&alone, Answers::default()) else {
            panic!()
        };
        assert_eq!(
            question.proposal.rate_hz,
            Some(500.0),
            "{:?}",
            question.evidence
        );
        let bundle = Bundle {
            entries: vec![entry(&root.join("mat/cpsc2019_data_00014.mat"))],
        };
        let Ok(Reading::Question(question)) = read_first(&bundle, Answers::default()) else {
            panic!()
        };
        assert_eq!(question.proposal.unit.as_deref(), Some("mV"));
        assert_eq!(
            question.proposal.rate_hz,
            Some(500.0),
            "{:?}",
            question.evidence
        );
        let read = recording(read_first(&bundle, question.proposal), "cpsc");
        let (low, high) = extremes(&read.leads[0]);
        assert!(near(low, -0.4428) && near(high, 1.0952), "{low} {high}");
        assert_eq!(read.leads[0].samples.len(), 5000);
    }
}
