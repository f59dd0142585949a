//! Movesense flash logs (`SBEM`): chunks of an id and a length; descriptors name the fields of the data chunks.
//!
//! After a public file and its decoded form: id 0 is a descriptor (`u16` id, then lines `<PTH>`, `<FRM>`, `<MOD>`,
//! `<GRP>`); a chunk of another id holds the fields of that descriptor, or of all in its group, one after the other.

use super::input;
use super::movesense::{MILLIVOLTS_A_COUNT, Stream, reading};
use super::view::View;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Signature, Support,
};
use crate::recording::Note;
use std::collections::BTreeMap;

const ID: &str = "movesense-sbem";
/// Bytes of the signature with its version.
const START: usize = 8;
/// Descriptors in a log; real ones have about ten.
const MOST_DESCRIPTORS: usize = 10_000;
/// Fields in a group; a packet of 16 samples has 19.
const MOST_FIELDS: usize = 256;

/// The reader.
pub struct MovesenseSbem;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Movesense flash log (SBEM)",
    extensions: &["sbem"],
    signatures: &[Signature {
        offset: 0,
        bytes: b"SBEM",
    }],
    recognised_by: "the letters SBEM at the beginning",
    support: Support::Common,
    tested_on: "1 public flash log, equal to its decoded form in every sample",
    certainty: Certainty::Equal,
};

/// How a field is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unsigned(usize),
    Signed(usize),
    Float,
    Double,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "uint8" | "boolean" | "bool" => Self::Unsigned(1),
            "uint16" => Self::Unsigned(2),
            "uint32" => Self::Unsigned(4),
            "uint64" => Self::Unsigned(8),
            "int8" => Self::Signed(1),
            "int16" => Self::Signed(2),
            "int32" => Self::Signed(4),
            "int64" => Self::Signed(8),
            "float" | "float32" => Self::Float,
            "double" | "float64" => Self::Double,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::Unsigned(bytes) | Self::Signed(bytes) => bytes,
            Self::Float => 4,
            Self::Double => 8,
        }
    }

    fn value(self, bytes: &[u8], at: usize) -> Option<f64> {
        Some(match self {
            Self::Unsigned(1) => f64::from(*bytes.get(at)?),
            Self::Unsigned(2) => f64::from(View::little(bytes).u16(at)?),
            Self::Unsigned(4) => f64::from(View::little(bytes).u32(at)?),
            Self::Unsigned(_) => View::little(bytes).unsigned(at, 8)? as f64,
            Self::Signed(1) => f64::from(*bytes.get(at)? as i8),
            Self::Signed(2) => f64::from(View::little(bytes).u16(at)? as i16),
            Self::Signed(4) => f64::from(View::little(bytes).u32(at)? as i32),
            Self::Signed(_) => View::little(bytes).unsigned(at, 8)? as i64 as f64,
            Self::Float => f64::from(f32::from_bits(View::little(bytes).u32(at)?)),
            Self::Double => f64::from_bits(View::little(bytes).unsigned(at, 8)?),
        })
    }
}

/// What a field is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Stamp,
    Sample { millivolts: bool },
    Relative,
    Utc,
    Other,
}

#[derive(Clone, Debug)]
enum Descriptor {
    Field {
        role: Role,
        kind: Kind,
        /// What the stored number is multiplied by.
        factor: f64,
    },
    Group(Vec<u16>),
    /// A bracket, or a field that is not understood.
    Nothing,
}

fn descriptor(text: &str) -> Descriptor {
    let line = |tag: &str| {
        let rest = text.lines().find_map(|line| line.strip_prefix(tag))?;
        Some(rest.trim_matches(['\0', ' ']))
    };
    if let Some(group) = line("<GRP>") {
        let ids = group.split(',').take(MOST_FIELDS);
        return Descriptor::Group(ids.filter_map(|id| id.trim().parse().ok()).collect());
    }
    let path = line("<PTH>").unwrap_or_default().to_ascii_lowercase();
    let Some(kind) = line("<FRM>").and_then(Kind::of) else {
        return Descriptor::Nothing;
    };
    let role = match path.rsplit(['.', '+']).next().unwrap_or_default() {
        "timestamp" if path.contains("measecg") => Role::Stamp,
        "samples" if path.contains("measecg") => Role::Sample {
            millivolts: path.contains("measecgmv"),
        },
        "relativetime" => Role::Relative,
        "utctime" => Role::Utc,
        _ => Role::Other,
    };
    // `x*0.001,…`: from the stored number to the value, then the way back.
    let factor = line("<MOD>")
        .and_then(|text| {
            text.split(',')
                .next()?
                .trim()
                .strip_prefix("x*")?
                .parse()
                .ok()
        })
        .filter(|factor: &f64| factor.is_finite() && *factor != 0.0);
    Descriptor::Field {
        role,
        kind,
        factor: factor.unwrap_or(1.0),
    }
}

/// The chunk at `at`: its id, its content, and where the next begins. A content that is cut reaches to the end.
fn chunk(bytes: &[u8], at: usize) -> Option<(u16, &[u8], usize, bool)> {
    let (id, at) = match *bytes.get(at)? {
        0xff => (View::little(bytes).u16(at + 1)?, at + 3),
        id => (u16::from(id), at + 1),
    };
    let (length, at) = match *bytes.get(at)? {
        0xff => (View::little(bytes).u32(at + 1)? as usize, at + 5),
        length => (usize::from(length), at + 1),
    };
    let end = at.saturating_add(length);
    let whole = end <= bytes.len();
    let end = end.min(bytes.len());
    Some((id, bytes.get(at..end)?, end, whole))
}

impl Format for MovesenseSbem {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, _: &Head<'_>) -> Score {
        Score::NONE
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let bytes = input::bytes(entry, context)?;
        let mut descriptors: BTreeMap<u16, Descriptor> = BTreeMap::new();
        let mut stream = Stream::default();
        let mut gain: Option<f64> = None;
        let mut at = START;
        let mut cut = false;
        while let Some((id, content, next, whole)) = chunk(&bytes, at) {
            at = next;
            cut |= !whole;
            if id == 0 {
                let text = content.get(2..).unwrap_or_default();
                let text = String::from_utf8_lossy(text);
                if let Some(own) = View::little(content).u16(0)
                    && descriptors.len() < MOST_DESCRIPTORS
                {
                    descriptors.insert(own, descriptor(&text));
                }
                continue;
            }
            let fields = match descriptors.get(&id) {
                Some(Descriptor::Group(ids)) => ids.as_slice(),
                Some(_) => std::slice::from_ref(&id),
                None => continue,
            };
            data(content, fields, &descriptors, &mut stream, &mut gain);
        }
        if cut {
            context.note(
                Note::new("short-file")
                    .with("file", entry.file_name())
                    .with("expected", "a whole last block")
                    .with("found", bytes.len()),
            );
        }
        let total: u64 = stream.packets.iter().map(|(_, s)| s.len() as u64).sum();
        context.check_samples(total)?;
        stream.gain = gain;
        drop(bytes);
        reading(ID, "recognised-signature", stream, entry, context)
    }
}

/// Takes the fields of a data chunk.
fn data(
    content: &[u8],
    fields: &[u16],
    descriptors: &BTreeMap<u16, Descriptor>,
    stream: &mut Stream,
    gain: &mut Option<f64>,
) {
    let mut at = 0;
    let mut stamp = None;
    let mut samples = Vec::new();
    let (mut relative, mut utc) = (None, None);
    for id in fields {
        let Some(Descriptor::Field { role, kind, factor }) = descriptors.get(id) else {
            continue;
        };
        let Some(value) = kind.value(content, at) else {
            break;
        };
        at += kind.bytes();
        match role {
            Role::Stamp => stamp = Some(value),
            Role::Relative => relative = Some(value),
            Role::Utc => utc = Some(value),
            Role::Sample { millivolts } => {
                let per_millivolt = if *millivolts {
                    1.0 / factor
                } else {
                    1.0 / (factor * MILLIVOLTS_A_COUNT)
                };
                // Both streams of one sensor hold the same signal: the first is taken.
                if *gain.get_or_insert(per_millivolt) == per_millivolt {
                    samples.push(value as f32);
                }
            }
            Role::Other => {}
        }
    }
    if let (Some(stamp), false) = (stamp, samples.is_empty()) {
        stream.packets.push((stamp, samples));
    }
    stream.clocks = stream.clocks.or(relative.zip(utc));
}

#[cfg(test)]
mod tests {
    use super::super::testing::{extremes, sample_file, samples};

    #[test]
    fn the_sample_is_equal_to_its_decoded_form() {
        let Some(read) = sample_file("movesense/movesense_ecg_flash_log.sbem") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (200.0, 127 * 16));
        assert!(lead.gaps.is_empty());
        let root = samples().unwrap();
        let text =
            std::fs::read_to_string(root.join("movesense/movesense_ecg_flash_log.expected.json"))
                .unwrap();
        let told: Vec<f64> = text
            .split("\"Samples\": [")
            .skip(2)
            .flat_map(|part| {
                let (list, _) = part.split_once(']').unwrap();
                let numbers: Vec<f64> =
                    list.split(',').map(|n| n.trim().parse().unwrap()).collect();
                numbers
            })
            .collect();
        assert_eq!(told.len(), lead.samples.len());
        for (at, count) in told.iter().enumerate() {
            assert_eq!(lead.samples.stored(at), Some(*count), "{at}");
        }
        // Microvolts.
        assert!((extremes(lead).1 - 32.767).abs() < 1e-3);
        let start = read.start.unwrap();
        assert_eq!(start.date, Some((2026, 8, 19)));
    }
}
