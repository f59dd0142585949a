//! AliveCor's ATC files (`ALIVE`, versions 2 to 4): blocks with a checksum, one lead a block.

use super::instant;
use super::view::View;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Signature, Support,
};
use crate::recording::{Annotation, Lead, Note, Recording, Samples, Scale, Source, StartTime};

const ID: &str = "alivecor-atc";
/// Bytes before the first block: signature and version.
const START: usize = 12;
/// Blocks in a file; real ones have about ten.
const MOST_BLOCKS: usize = 1000;

/// The reader.
pub struct AliveCorAtc;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "AliveCor / Kardia (ATC)",
    extensions: &["atc"],
    signatures: &[Signature {
        offset: 0,
        bytes: b"ALIVE\0\0\0",
    }],
    recognised_by: "the word ALIVE and three zeros at the beginning",
    support: Support::Complete,
    tested_on: "3 public files of versions 2, 3 and 4 (1 and 6 leads, both kinds of checksum), compared with an independent reader",
    certainty: Certainty::Equal,
};

/// How the samples are to be taken.
#[derive(Clone, Copy)]
struct Layout {
    rate_hz: u16,
    nanovolts: u16,
    flags: u8,
}

/// A block of the file.
struct Block<'a> {
    id: [u8; 4],
    at: usize,
    payload: &'a [u8],
}

impl Format for AliveCorAtc {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, _: &Head<'_>) -> Score {
        Score::NONE
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let length = entry.source.len();
        context.check_bytes(length)?;
        let bytes = entry.source.read(0, length as usize)?;
        let blocks = blocks(&bytes, context)?;
        let layout = layout(&blocks, bytes.len())?;
        let scale = Scale {
            gain: 1_000_000.0 / f64::from(layout.nanovolts),
            baseline: 0.0,
        };
        let rate_hz = f64::from(layout.rate_hz);
        let mut leads = Vec::new();
        for block in &blocks {
            if let Some(name) = lead_name(block.id) {
                context.check_samples(block.payload.len() as u64 / 2)?;
                let (pairs, _) = block.payload.as_chunks::<2>();
                let counts = pairs.iter().map(|&pair| i16::from_le_bytes(pair)).collect();
                leads.push(Lead::ecg(name, rate_hz, Samples::from_i16(counts, scale)));
            }
        }
        if leads.is_empty() {
            return Err(ReadError::NoSignal {
                format: ID.to_owned(),
                holds: "holds-no-samples".to_owned(),
            });
        }
        super::derived::complete(&mut leads);
        let mut recording = Recording {
            leads,
            ..Recording::default()
        };
        let info = blocks.iter().find(|block| block.id == *b"info");
        (recording.source, recording.start) = about(info, layout, entry, context);
        if let Some(block) = blocks.iter().find(|block| block.id == *b"ann ") {
            recording.annotations = beats(block.payload);
        }
        recording.notes = std::mem::take(&mut context.notes);
        Ok(Reading::Recording(Box::new(recording)))
    }
}

/// The lead that a block holds.
fn lead_name(id: [u8; 4]) -> Option<&'static str> {
    Some(match &id {
        b"ecg " => "I",
        b"ecg2" => "II",
        b"ecg3" => "III",
        b"ecg4" => "aVR",
        b"ecg5" => "aVL",
        b"ecg6" => "aVF",
        _ => return None,
    })
}

/// Walks the blocks: id, length, payload, checksum. A block that is cut is read as far as it goes.
fn blocks<'a>(bytes: &'a [u8], context: &mut Context) -> Result<Vec<Block<'a>>, ReadError> {
    let mut blocks = Vec::new();
    let mut at = START;
    while let (Some(id), Some(length)) = (bytes.get(at..at + 4), View::little(bytes).u32(at + 4)) {
        if blocks.len() == MOST_BLOCKS {
            return Err(ReadError::TooLarge {
                what: "blocks",
                found: MOST_BLOCKS as u64 + 1,
                limit: MOST_BLOCKS as u64,
            });
        }
        let id: [u8; 4] = id.try_into().unwrap_or_default();
        let name = String::from_utf8_lossy(&id).trim().to_owned();
        let start = at + 8;
        let end = start.saturating_add(length as usize);
        if end > bytes.len() {
            context.note(
                Note::new("short-file")
                    .with("file", name.as_str())
                    .with("expected", u64::from(length))
                    .with("found", bytes.len() - start),
            );
        } else if !checksum_fits(&bytes[at..end], View::little(bytes).u32(end)) {
            context.note(Note::new("checksum").with("signal", name.as_str()));
        }
        let payload = &bytes[start..end.min(bytes.len())];
        blocks.push(Block { id, at, payload });
        at = end.saturating_add(4);
        if at >= bytes.len() {
            break;
        }
    }
    Ok(blocks)
}

/// Sum of all bytes of a block. One of the two writers adds them as signed bytes.
fn checksum_fits(block: &[u8], stored: Option<u32>) -> bool {
    let sum = |add: fn(u8) -> u32| {
        block
            .iter()
            .fold(0_u32, |sum, &byte| sum.wrapping_add(add(byte)))
    };
    stored == Some(sum(u32::from)) || stored == Some(sum(|byte| byte as i8 as u32))
}

/// Rate and resolution from the `fmt ` block, wherever it stands.
fn layout(blocks: &[Block<'_>], length: usize) -> Result<Layout, ReadError> {
    let Some(block) = blocks.iter().find(|block| block.id == *b"fmt ") else {
        return Err(ReadError::damaged_at(
            ID,
            length as u64,
            "a block fmt",
            "none",
        ));
    };
    let at = block.at as u64 + 8;
    let &[_, rate_low, rate_high, volts_low, volts_high, flags, ..] = block.payload else {
        return Err(ReadError::damaged_at(
            ID,
            at,
            "a block fmt of 8 bytes",
            "a shorter one",
        ));
    };
    let layout = Layout {
        rate_hz: u16::from_le_bytes([rate_low, rate_high]),
        nanovolts: u16::from_le_bytes([volts_low, volts_high]),
        flags,
    };
    if layout.rate_hz == 0 || layout.nanovolts == 0 {
        return Err(ReadError::damaged_at(
            ID,
            at,
            "a rate and a resolution above 0",
            "0",
        ));
    }
    Ok(layout)
}

/// What the `info` block says, and the start time in it.
fn about(
    info: Option<&Block<'_>>,
    layout: Layout,
    entry: &Entry,
    context: &mut Context,
) -> (Source, Option<StartTime>) {
    let field = |at: usize, length: usize| {
        let bytes = info?.payload.get(at..at + length)?;
        let end = bytes.iter().position(|&b| b == 0).unwrap_or(length);
        let text = String::from_utf8_lossy(&bytes[..end]).trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    let date = field(0, 32);
    let start = date.as_deref().and_then(instant::parse);
    if let (Some(text), None) = (date, start) {
        context.note(Note::new("bad-date").with("text", text));
    }
    let device: Vec<String> = [field(116, 32), field(148, 32), field(180, 32)]
        .into_iter()
        .flatten()
        .collect();
    let mut filters = vec![if layout.flags & 2 == 0 {
        "mains 50 Hz"
    } else {
        "mains 60 Hz"
    }];
    for (bit, name) in [
        (4, "mains filter"),
        (16, "baseline filter"),
        (32, "notch filter"),
        (64, "enhanced filter"),
    ] {
        if layout.flags & bit != 0 {
            filters.push(name);
        }
    }
    let source = Source {
        format: ID.to_owned(),
        recognised_by: "recognised-signature".to_owned(),
        name: entry.file_name().to_owned(),
        device: (!device.is_empty()).then(|| device.join(", ")),
        filters: Some(filters.join(", ")),
        ..Source::default()
    };
    (source, start)
}

/// Beats of the `ann ` block: tick rate, then offset and type of each. The device's types have no public meaning, so
/// each is a comment with its number.
fn beats(payload: &[u8]) -> Vec<Annotation> {
    let Some(ticks) = View::little(payload).u32(0).filter(|&ticks| ticks > 0) else {
        return Vec::new();
    };
    let (beats, _) = payload.get(4..).unwrap_or_default().as_chunks::<6>();
    let mut annotations: Vec<Annotation> = beats
        .iter()
        .map(|&[a, b, c, d, low, high]| {
            let sample = u32::from_le_bytes([a, b, c, d]);
            Annotation {
                time_s: f64::from(sample) / f64::from(ticks),
                sample: u64::from(sample),
                code: "\"".to_owned(),
                subtype: 0,
                channel: 0,
                number: 0,
                text: format!("beat type {}", u16::from_le_bytes([low, high])),
            }
        })
        .collect();
    annotations.sort_by_key(|annotation| annotation.sample);
    annotations
}

/// A file of two leads for tests, its blocks in the order that most writers use.
#[cfg(test)]
pub fn example() -> Vec<u8> {
    let mut bytes = b"ALIVE\0\0\0\x04\0\0\0".to_vec();
    let mut block = |id: &[u8; 4], payload: &[u8], signed: bool| {
        let from = bytes.len();
        bytes.extend(id);
        bytes.extend((payload.len() as u32).to_le_bytes());
        bytes.extend(payload);
        let sum = bytes[from..].iter().fold(0_u32, |sum, &byte| {
            sum.wrapping_add(if signed {
                byte as i8 as u32
            } else {
                u32::from(byte)
            })
        });
        bytes.extend(sum.to_le_bytes());
    };
    let mut info = vec![0; 264];
    info[..24].copy_from_slice(b"2012-04-03T14:17:43-7:00");
    info[180..198].copy_from_slice(b"19kHz 200Hz/mV    ");
    block(b"info", &info, false);
    block(b"what", b"unknown", false);
    block(b"fmt ", &[1, 0x2c, 1, 0xf4, 1, 0x26, 0, 0], true);
    let samples = |sign: i16| -> Vec<u8> {
        (0..300)
            .flat_map(|i| (sign * i * 10).to_le_bytes())
            .collect()
    };
    block(b"ecg ", &samples(1), true);
    block(b"ecg2", &samples(-1), false);
    block(b"ann ", &[0x2c, 1, 0, 0, 150, 0, 0, 0, 1, 0], false);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Recording, ReadError> {
        let bundle = Bundle::from_bytes("a.atc", bytes);
        match AliveCorAtc.read(&bundle, &bundle.entries[0], &mut Context::default())? {
            Reading::Recording(recording) => Ok(*recording),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn leads_times_and_both_checksums_are_read() {
        let recording = read(&example()).unwrap();
        assert!(recording.notes.is_empty(), "{:?}", recording.notes);
        // III, aVR, aVL and aVF are derived.
        let [first, second, _, _, _, _] = &recording.leads[..] else {
            panic!()
        };
        assert_eq!((first.rate_hz, first.samples.len()), (300.0, 300));
        assert_eq!(first.samples.value(200), Some(1.0));
        assert_eq!(second.samples.value(200), Some(-1.0));
        assert_eq!(recording.start.unwrap().iso(), "2012-04-03T14:17:43-07:00");
        assert_eq!(recording.annotations[0].time_s, 0.5);
        let filters = recording.source.filters.unwrap();
        assert_eq!(filters, "mains 60 Hz, mains filter, notch filter");
    }

    #[test]
    fn a_changed_byte_is_noted_and_a_cut_file_read_as_far_as_it_goes() {
        let mut bytes = example();
        let at = bytes.windows(4).position(|w| w == b"ecg2").unwrap();
        bytes[at + 20] ^= 1;
        assert_eq!(read(&bytes).unwrap().notes[0].code, "checksum");
        let recording = read(&bytes[..at + 8 + 100]).unwrap();
        assert_eq!(recording.leads[1].samples.len(), 50);
        assert_eq!(recording.notes[0].code, "short-file");
        assert!(matches!(read(&bytes[..40]), Err(ReadError::Damaged { .. })));
    }
}
