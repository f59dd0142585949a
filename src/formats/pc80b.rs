//! Continuous recordings of the PC-80B (`.dat`): records of 10 024 bytes, each 30 s at 150 Hz.
//!
//! After one public file: a header of 512 bytes with the local time, 9000 bytes of samples, a trailer of 512 bytes. The
//! low twelve bits of a word are the sample. The gain is not in the file.

use super::input::{self, Asking, Proposal};
use super::series::Series;
use super::view::View;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score, Support,
};
use crate::recording::{
    Annotation, GapReason, Note, Phrase, Recording, Scale, SourceMeasurement, StartTime,
};

const ID: &str = "pc80b-dat";
/// Bytes of a record, of its header, and of its samples.
const RECORD: usize = 10_024;
const HEADER: usize = 512;
const DATA: usize = 9000;
/// Samples per second.
const RATE_HZ: f64 = 150.0;
/// Counts per millivolt of the live stream of the same device (public readers of its radio protocol); only ever
/// proposed.
const LIVE_GAIN: f64 = 330.0;
/// Counts that stand for 0 in the recordings of this and of other firmware.
const ZEROS: [f64; 2] = [512.0, 2048.0];

/// The reader.
pub struct Pc80b;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "PC-80B continuous recording (.dat)",
    extensions: &["dat"],
    signatures: &[],
    recognised_by: "records of 10 024 bytes with a time at byte 8 and the number 9000 at byte 50",
    support: Support::Common,
    tested_on: "1 public file of two records; its gain is not in the file and asked for",
    certainty: Certainty::Real,
};

/// The time in a record's header, if it is one.
fn time(record: &[u8]) -> Option<StartTime> {
    let field = |at: usize| View::little(record).u32(at);
    let small = |at: usize| field(at).and_then(|value| u8::try_from(value).ok());
    if View::little(record).u16(50) != Some(DATA as u16) {
        return None;
    }
    let year = i32::try_from(field(28)?).ok()?;
    if !(2000..2100).contains(&year) {
        return None;
    }
    let date = (year, small(24)?, small(20)?);
    StartTime::new(
        Some(date),
        small(16)?,
        small(12)?,
        f64::from(small(8)?),
        None,
    )
}

/// Seconds of a time within its month, for the pause between two records.
fn seconds(time: &StartTime) -> f64 {
    let day = time.date.map_or(0.0, |(_, _, day)| f64::from(day));
    ((day * 24.0 + f64::from(time.hour)) * 60.0 + f64::from(time.minute)) * 60.0 + time.second
}

impl Format for Pc80b {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        if time(head.bytes).is_none() || head.len <= HEADER as u64 {
            return Score::NONE;
        }
        if head.len.is_multiple_of(RECORD as u64) {
            Score::CERTAIN
        } else {
            Score(150)
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let bytes = input::bytes(entry, context)?;
        if !bytes.len().is_multiple_of(RECORD) {
            context.note(
                Note::new("short-file")
                    .with("file", entry.file_name())
                    .with("expected", bytes.len().div_ceil(RECORD) * RECORD)
                    .with("found", bytes.len()),
            );
        }
        let start = time(&bytes).ok_or(ReadError::NotThisFormat)?;
        let mut series = Series::default();
        let mut annotations = Vec::new();
        let mut rates = Vec::new();
        let mut next = seconds(&start);
        for record in bytes.chunks(RECORD) {
            let Some(begun) = time(record) else {
                context.note(Note::new("unreadable-blocks").with("count", 1_usize));
                continue;
            };
            // Headers tell whole seconds.
            let pause = seconds(&begun) - next;
            if pause > 1.0 && pause < 86_400.0 {
                let missing = (pause * RATE_HZ) as usize;
                context.check_samples((series.len() + missing) as u64)?;
                series.skip(missing, GapReason::Paused);
            }
            let end = (HEADER + DATA).min(record.len());
            let (words, _) = record.get(HEADER..end).unwrap_or_default().as_chunks::<2>();
            for word in words {
                let word = u16::from_le_bytes(*word);
                if word & 0x8000 != 0 {
                    annotations.push(beat(series.len()));
                }
                series.push(Some(f64::from(word & 0x0fff)));
            }
            context.check_samples(series.len() as u64)?;
            next = seconds(&begun) + words.len() as f64 / RATE_HZ;
            rates.extend(record.get(40).filter(|rate| **rate > 0).map(u8::to_string));
        }
        if !series.has_values() {
            return Err(input::no_signal(ID, "holds-no-samples"));
        }
        let mut asking = Asking::default();
        let (gain, unit) = asking.scale(
            None,
            &context.answers,
            Proposal::Gain(Some(LIVE_GAIN)),
            || Some(Phrase::new("evidence-gain-of-live-stream").with("gain", LIVE_GAIN)),
        );
        let zero = zero(&series);
        if let Some(question) = asking.question(ID, || series.head(input::PREVIEW)) {
            return Ok(question);
        }
        let scale = Scale {
            gain,
            baseline: zero,
        };
        let mut lead = series.lead("ECG", RATE_HZ, scale);
        lead.unit = unit;
        let mut source = input::source(ID, "recognised-header", entry);
        source.device = Some("PC-80B".to_owned());
        rates.truncate(20);
        if !rates.is_empty() {
            source.measurements.push(SourceMeasurement {
                name: "heart rate of each record".to_owned(),
                value: format!("{} bpm", rates.join(", ")),
            });
        }
        let recording = Recording {
            leads: vec![lead],
            start: Some(start),
            source,
            annotations,
            ..Recording::default()
        };
        Ok(input::recording(recording, context))
    }
}

/// The zero that the trace lies nearest to.
fn zero(series: &Series) -> f64 {
    let (low, high) = series.range().unwrap_or((0.0, 0.0));
    let middle = (low + high) / 2.0;
    let far = |zero: &f64| (zero - middle).abs();
    let [small, large] = ZEROS;
    if far(&large) < far(&small) {
        large
    } else {
        small
    }
}

/// A beat as the device marks it.
fn beat(sample: usize) -> Annotation {
    Annotation {
        time_s: sample as f64 / RATE_HZ,
        sample: sample as u64,
        code: "\"".to_owned(),
        subtype: 0,
        channel: 0,
        number: 0,
        text: "beat mark of the device".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{open_bytes, sample_reading};
    use super::super::{Answers, Unknown};
    use super::*;

    #[test]
    fn the_sample_asks_for_its_gain_and_reads_as_the_index_says() {
        let file = "pc80b-dat/20250105-10.dat";
        let Some(Ok(Reading::Question(question))) = sample_reading(file, Answers::default()) else {
            return;
        };
        assert_eq!(question.unknowns, [Unknown::Gain]);
        let Some(Ok(Reading::Recording(read))) = sample_reading(file, question.proposal) else {
            panic!()
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (150.0, 9000));
        assert!(lead.gaps.is_empty());
        let stored = (0..9000).filter_map(|at| lead.samples.stored(at));
        let (low, high) = stored.fold((9e9_f64, 0.0_f64), |a, b| (a.0.min(b), a.1.max(b)));
        assert_eq!((low, high), (428.0, 703.0));
        assert_eq!(read.start.unwrap().iso(), "2025-01-05T19:53:02");
    }

    /// A record at a second of the minute, all samples alike.
    fn record(second: u32) -> Vec<u8> {
        let mut bytes = vec![0; RECORD];
        for (at, value) in [(8, second), (12, 5), (16, 10), (20, 2), (24, 3), (28, 2024)] {
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        bytes[50..52].copy_from_slice(&(DATA as u16).to_le_bytes());
        for at in (HEADER..HEADER + DATA).step_by(2) {
            bytes[at..at + 2].copy_from_slice(&(512_u16 + (at % 7) as u16).to_le_bytes());
        }
        bytes[HEADER + 21] |= 0x80;
        bytes
    }

    #[test]
    fn the_pause_between_two_records_is_a_gap() {
        let mut bytes = record(0);
        bytes.extend(record(40));
        let answers = Answers {
            gain: Some(330.0),
            ..Answers::default()
        };
        let Ok(Reading::Recording(read)) = open_bytes("x", &bytes, answers) else {
            panic!()
        };
        let lead = &read.leads[0];
        assert_eq!(lead.samples.len(), 4500 + 1500 + 4500);
        assert_eq!(lead.gaps[0].range, 4500..6000);
        assert_eq!(read.annotations.len(), 2);
        assert_eq!(read.annotations[0].sample, 10);
    }
}
