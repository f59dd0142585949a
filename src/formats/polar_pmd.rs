//! Frames of Polar's measurement service as they came over the air: hexadecimal logs of a Bluetooth tool, or the bare
//! frames one after the other.
//!
//! After recorded exchanges: type 0 (ECG), `u64` nanoseconds of the last sample, frame type 0, then signed 24-bit
//! microvolts, all little-endian.

use super::course::{Course, Packet, Stamped};
use super::input::{self, Asking};
use super::series::Series;
use super::text::{decode, lines};
use super::view::View;
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading,
    Score, Support, instant,
};
use crate::recording::{GapReason, Note, Phrase, Recording, Scale, StartTime};

const ID: &str = "polar-pmd";
/// Bytes before the samples of a frame.
const HEADER: usize = 10;
/// Samples of a full frame.
const FULL: usize = 73;
/// Seconds from 1970 to the beginning of Polar's time, 2000-01-01.
pub const EPOCH_S: f64 = 946_684_800.0;
/// Samples per second that every strap is meant to take.
pub const NOMINAL_HZ: f64 = 130.0;
/// Frames by which a log is recognised.
const FEWEST: usize = 2;

/// The reader.
pub struct PolarPmd;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Polar H10 frames (PMD dump)",
    extensions: &["txt", "log", "bin", "hex"],
    signatures: &[],
    recognised_by: "at least two ECG frames (type 0, rising nanoseconds, 24-bit samples), in hexadecimal or bare",
    support: Support::Complete,
    tested_on: "1 recorded exchange of six frames, compared with an independent decoder",
    certainty: Certainty::Equal,
};

/// Whether a clock was set since the strap lost its battery: it then begins in January 2019 (or 2000).
pub fn clock_is_set(start: &StartTime) -> bool {
    start
        .date
        .is_some_and(|(year, month, _)| (year, month) > (2019, 1))
}

/// The course of a strap's packets. A rate far from the nominal one (too many packets are lost) is asked for.
///
/// # Errors
/// What must be asked.
pub fn course(
    packets: &[Packet],
    stamped: Stamped,
    answers: &Answers,
) -> Result<Course, Box<Asking>> {
    let found = Course::of(packets, stamped, 1e-9, &[]);
    if let Some(course) = found.filter(|course| (course.rate_hz / NOMINAL_HZ - 1.0).abs() < 0.05) {
        return Ok(course);
    }
    let mut asking = Asking::default();
    let rate_hz = asking.rate(None, answers, Some(NOMINAL_HZ), || {
        Some(Phrase::new("evidence-stamps-uneven").with("rate", NOMINAL_HZ))
    });
    if rate_hz > 0.0 {
        return Ok(Course::at_rate(packets, stamped, rate_hz));
    }
    Err(Box::new(asking))
}

/// A frame's nanoseconds and samples.
struct Frame {
    stamp_ns: u64,
    microvolts: Vec<i32>,
}

impl Frame {
    fn of(bytes: &[u8]) -> Option<Self> {
        let stamp_ns = View::little(bytes).unsigned(1, 8)?;
        let samples = bytes.get(HEADER..)?;
        let ecg = bytes.first() == Some(&0) && bytes.get(9) == Some(&0);
        // From 2000 to 2100 in nanoseconds.
        let plausible = (1_000_000_000..3_200_000_000_000_000_000).contains(&stamp_ns);
        let whole = !samples.is_empty() && samples.len().is_multiple_of(3);
        (ecg && plausible && whole).then(|| Self {
            stamp_ns,
            microvolts: samples
                .as_chunks::<3>()
                .0
                .iter()
                .map(|&[low, middle, high]| i32::from_le_bytes([0, low, middle, high]) >> 8)
                .collect(),
        })
    }
}

/// The bytes that stand in hexadecimal at the end of a line, with or without blanks between them.
fn hexadecimal(line: &str) -> Option<Vec<u8>> {
    let line = line.rsplit_once("value:").map_or(line, |(_, rest)| rest);
    let line = line.rsplit_once("0x").map_or(line, |(_, rest)| rest);
    let digits: Vec<u8> = line
        .bytes()
        .filter(|byte| !matches!(byte, b' ' | b'\t' | b'-' | b':' | b'\r' | b',' | b'"'))
        .map(|byte| char::from(byte).to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let pairs = digits.as_chunks::<2>();
    let long = pairs.0.len() > HEADER && pairs.1.is_empty();
    long.then(|| pairs.0.iter().map(|&[high, low]| high << 4 | low).collect())
}

/// Frames of a log: how many lines looked like one and were cut or something else is of no account.
fn frames_of_text(text: &str) -> impl Iterator<Item = Frame> + '_ {
    lines(text).filter_map(|line| Frame::of(&hexadecimal(line)?))
}

/// Frames one after the other, all of one length but the last.
fn frames_of_bytes(bytes: &[u8]) -> Vec<Frame> {
    let lengths = std::iter::once(FULL)
        .chain(1..=100)
        .map(|count| HEADER + 3 * count);
    for length in lengths {
        if bytes.len() < 2 * length {
            continue;
        }
        let mut frames: Vec<Frame> = Vec::new();
        for part in bytes.chunks(length) {
            let rest = part.len().saturating_sub(HEADER) / 3 * 3;
            let frame = part.get(..HEADER + rest).and_then(Frame::of);
            let follows = |frame: &Frame| {
                frames.last().is_none_or(|last: &Frame| {
                    let step = frame.stamp_ns.saturating_sub(last.stamp_ns);
                    // Hours between two frames are two recordings, or no frames at all.
                    (1..36_000_000_000_000).contains(&step)
                })
            };
            match frame.filter(follows) {
                Some(frame) => frames.push(frame),
                None => break,
            }
        }
        if frames.len() >= FEWEST && frames.len() * length + length > bytes.len() {
            return frames;
        }
    }
    Vec::new()
}

impl Format for PolarPmd {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let found = match decode(head.bytes) {
            Some(text) => frames_of_text(&text).take(FEWEST).count(),
            None if head.bytes.first() == Some(&0) && head.bytes.get(9) == Some(&0) => {
                // The head may end within a frame.
                frames_of_bytes(
                    head.bytes
                        .get(..head.bytes.len().min(4096))
                        .unwrap_or_default(),
                )
                .len()
            }
            None => 0,
        };
        if found >= FEWEST {
            Score(210)
        } else {
            Score::NONE
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let bytes = input::bytes(entry, context)?;
        context.check_samples(bytes.len() as u64 / 3)?;
        let mut frames: Vec<Frame> = match decode(&bytes) {
            Some(text) => frames_of_text(&text).collect(),
            None => frames_of_bytes(&bytes),
        };
        let before = frames.len();
        frames.sort_by_key(|frame| frame.stamp_ns);
        frames.dedup_by_key(|frame| frame.stamp_ns);
        if frames.len() < before {
            context.note(Note::new("packets-repeated").with("count", before - frames.len()));
        }
        let Some(first) = frames.first() else {
            return Err(ReadError::NotThisFormat);
        };
        let (first_ns, first_count) = (first.stamp_ns, first.microvolts.len());
        let packets: Vec<Packet> = frames
            .iter()
            .map(|frame| Packet {
                at_s: (frame.stamp_ns - first_ns) as f64 * 1e-9,
                count: frame.microvolts.len(),
            })
            .collect();
        let course = match course(&packets, Stamped::Last, &context.answers) {
            Ok(course) => course,
            Err(asking) => {
                let values = frames.iter().flat_map(|frame| &frame.microvolts);
                let preview = || values.take(input::PREVIEW).map(|v| *v as f32).collect();
                return asking.question(ID, preview).ok_or(ReadError::NotThisFormat);
            }
        };
        let stored: u64 = packets.iter().map(|packet| packet.count as u64).sum();
        context.check_samples(stored.saturating_add(course.missing()))?;
        let mut series = Series::default();
        for (at, frame) in frames.iter().enumerate() {
            let missing = course.missing_before(at);
            if missing > 0 {
                series.skip(missing, GapReason::LostPackets);
            }
            for value in &frame.microvolts {
                series.push(Some(f64::from(*value)));
            }
        }
        let scale = Scale {
            gain: 1000.0,
            baseline: 0.0,
        };
        let lead = series.lead("ECG", course.rate_hz, scale);
        let mut source = input::source(ID, "recognised-frames", entry);
        source.device = Some("Polar".to_owned());
        let begun = first_ns as f64 * 1e-9 + EPOCH_S - (first_count as f64 - 1.0) / course.rate_hz;
        let start = instant::from_unix(begun, None);
        if start.is_some_and(|start| !clock_is_set(&start)) {
            context.note(Note::new("clock-not-set"));
        }
        let recording = Recording {
            leads: vec![lead],
            start: start.filter(clock_is_set),
            source,
            ..Recording::default()
        };
        Ok(input::recording(recording, context))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Unknown;
    use super::super::testing::{open_bytes, open_text, sample_file};
    use super::*;

    #[test]
    fn the_recorded_exchange_reads_as_the_index_says() {
        let Some(read) = sample_file("polar-pmd/session.txt") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!(lead.samples.len(), 6 * 73);
        let first: Vec<_> = (0..3).filter_map(|at| lead.samples.stored(at)).collect();
        assert_eq!(first, [122.0, 103.0, 131.0]);
        assert!((lead.rate_hz - 130.168).abs() < 1e-2, "{}", lead.rate_hz);
        assert!(lead.gaps.is_empty());
        assert_eq!(read.notes[0].code, "clock-not-set");
        for at in [17, 140, 264, 389] {
            let value = |at: usize| lead.samples.stored(at).unwrap();
            assert!(value(at) > 1500.0 && value(at) >= value(at - 1) && value(at) >= value(at + 1));
        }
    }

    fn frame(stamp: u64, values: &[i32]) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend(stamp.to_le_bytes());
        bytes.push(0);
        for value in values {
            bytes.extend(&value.to_le_bytes()[..3]);
        }
        bytes
    }

    #[test]
    fn bare_frames_lost_frames_and_repeated_lines_are_read() {
        let second = 700_000_000_000_000_000_u64;
        let frames: Vec<Vec<u8>> = [0, 1, 2, 4, 5]
            .iter()
            .map(|i| {
                frame(
                    second + i * 76_923_077,
                    &[-3, 2, 8_388_607, -8_388_608, 1, 0, 0, 0, 0, 7],
                )
            })
            .collect();
        let Ok(Reading::Recording(read)) = open_bytes("x", &frames.concat(), Answers::default())
        else {
            panic!()
        };
        let lead = &read.leads[0];
        assert!((lead.rate_hz - 130.0).abs() < 1e-3);
        assert_eq!(lead.samples.len(), 60);
        assert_eq!(lead.gaps[0].range, 30..40);
        assert_eq!(lead.samples.stored(3), Some(-8_388_608.0));
        let text: Vec<String> = frames
            .iter()
            .chain(&frames[4..])
            .map(|frame| frame.iter().map(|byte| format!("{byte:02X}")).collect())
            .collect();
        let Ok(Reading::Recording(again)) = open_text("x", &text.join("\n"), Answers::default())
        else {
            panic!()
        };
        assert_eq!(again.leads, read.leads);
        assert_eq!(again.notes[0].code, "packets-repeated");
        // Every second frame lost: the stamps alone would give half the rate.
        let half = [frames[0].clone(), frames[2].clone(), frames[3].clone()].concat();
        let Ok(Reading::Question(question)) = open_bytes("x", &half, Answers::default()) else {
            panic!()
        };
        assert_eq!(question.unknowns, [Unknown::Rate]);
        let Ok(Reading::Recording(read)) = open_bytes("x", &half, question.proposal) else {
            panic!()
        };
        assert_eq!(read.leads[0].samples.len(), 50);
    }
}
