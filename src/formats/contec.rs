//! Recordings of the electrocardiograph Contec ECG90A (`.ECG`).
//!
//! After three public files and their siblings in other formats: a header of 43 bytes (case number, time, name, sex, age,
//! weight), eight words of 16 bits a sample, a trailer of 37 bytes. Leads II, III and V1 to V6 are stored; I is II − III.

use super::input;
use super::series::Series;
use super::view::{self, View};
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, derived, instant,
};
use crate::recording::{GapReason, Lead, Note, Recording, Scale};

const ID: &str = "contec";
const HEADER: usize = 43;
const TRAILER: usize = 37;
/// Bytes of one sample of all leads.
const FRAME: usize = 16;
/// Samples per second.
const RATE_HZ: f64 = 800.0;
/// 5 microvolts a count, about a middle of 2048.
const SCALE: Scale = Scale {
    gain: 200.0,
    baseline: 2048.0,
};
/// A lead that is not connected.
const NO_VALUE: u16 = 0x6800;
/// Leads in the order of their words.
const STORED: [&str; 8] = ["II", "III", "V1", "V2", "V3", "V4", "V5", "V6"];
/// Where the time stands.
const TIME: std::ops::Range<usize> = 10..29;

/// The reader.
pub struct Contec;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Contec ECG90A (.ECG)",
    extensions: &["ecg"],
    signatures: &[],
    recognised_by: "a case number of digits, and a time at byte 10",
    support: Support::Common,
    tested_on: "3 public files; one against its siblings as SCP-ECG and EDF",
    certainty: Certainty::Real,
};

/// Whether bytes begin as the header does.
fn is_header(bytes: &[u8]) -> bool {
    let (Some(case), Some(time)) = (bytes.get(..8), bytes.get(TIME)) else {
        return false;
    };
    let digits = case.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let shape = b"0000-00-00 00:00:00";
    let fits = time.iter().zip(shape).all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        sign => byte == sign,
    });
    digits >= 4 && case[digits..].iter().all(|byte| *byte == 0) && fits
}

impl Format for Contec {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let payload = head.len.saturating_sub((HEADER + TRAILER) as u64);
        if !is_header(head.bytes) || payload == 0 {
            return Score::NONE;
        }
        if payload.is_multiple_of(FRAME as u64) {
            Score::CERTAIN
        } else {
            Score(150)
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let bytes = input::bytes(entry, context)?;
        if !is_header(&bytes) {
            return Err(ReadError::NotThisFormat);
        }
        let payload = bytes.len().saturating_sub(HEADER + TRAILER);
        if !payload.is_multiple_of(FRAME) {
            context.note(
                Note::new("short-file")
                    .with("file", entry.file_name())
                    .with(
                        "expected",
                        HEADER + TRAILER + payload.div_ceil(FRAME) * FRAME,
                    )
                    .with("found", bytes.len()),
            );
        }
        context.check_samples((payload / 2) as u64)?;
        let words = bytes.get(HEADER..HEADER + payload).unwrap_or_default();
        let mut leads = leads(words, context);
        if leads.is_empty() {
            return Err(input::no_signal(ID, "holds-no-samples"));
        }
        derived::complete(&mut leads);
        let mut source = input::source(ID, "recognised-header", entry);
        source.device = Some("Contec ECG90A".to_owned());
        let header = View::little(&bytes);
        let text = |at, length| Some(header.text(at, length)).filter(|text| !text.is_empty());
        source.patient.name = text(32, 8);
        source.patient.id = text(0, 8);
        source.patient.sex = match header.u8(40) {
            Some(0) => Some("F".to_owned()),
            Some(1) => Some("M".to_owned()),
            _ => None,
        };
        let recording = Recording {
            leads,
            start: instant::parse(&view::text(bytes.get(TIME).unwrap_or_default())),
            source,
            ..Recording::default()
        };
        Ok(input::recording(recording, context))
    }
}

/// The leads that were connected, and I where II and III were.
fn leads(words: &[u8], context: &mut Context) -> Vec<Lead> {
    let mut stored: [Series; STORED.len()] = Default::default();
    let mut first = Series::default();
    for frame in words.chunks_exact(FRAME) {
        let frame = View::little(frame);
        let count = |place: usize| {
            let word = frame.u16(2 * place).filter(|word| *word != NO_VALUE);
            word.map(f64::from)
        };
        for (place, series) in stored.iter_mut().enumerate() {
            put(series, count(place));
        }
        put(
            &mut first,
            count(0).zip(count(1)).map(|(two, three)| two - three),
        );
    }
    let mut leads = Vec::new();
    if first.has_values() {
        let scale = Scale {
            baseline: 0.0,
            ..SCALE
        };
        let mut one = first.lead("I", RATE_HZ, scale);
        one.derived = true;
        leads.push(one);
    }
    for (name, series) in STORED.into_iter().zip(stored) {
        if series.has_values() {
            leads.push(series.lead(name, RATE_HZ, SCALE));
        } else {
            context.note(Note::new("empty-signal").with("signal", name));
        }
    }
    leads
}

fn put(series: &mut Series, value: Option<f64>) {
    match value {
        Some(value) => series.push(Some(value)),
        None => series.skip(1, GapReason::LeadOff),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Answers;
    use super::super::testing::open_bytes;
    use super::*;

    /// A second of steps in II and III; V1 is connected for its second half, the other chest leads are not.
    fn file() -> Vec<u8> {
        let mut bytes = b"0000042\0\0\0".to_vec();
        bytes.extend(b"2024-05-01 08:15:30\0\0\0");
        bytes.extend(b"A. Name\0");
        bytes.extend([0, 61, 70]);
        for k in 0..800_u16 {
            let v1 = if k < 400 { NO_VALUE } else { 2048 };
            for word in [
                2048 + k % 200,
                2048 - k % 100,
                v1,
                NO_VALUE,
                NO_VALUE,
                NO_VALUE,
                NO_VALUE,
                NO_VALUE,
            ] {
                bytes.extend(word.to_le_bytes());
            }
        }
        bytes.extend([0; TRAILER]);
        bytes
    }

    fn read(bytes: Vec<u8>) -> Recording {
        match open_bytes("a", &bytes, Answers::default()) {
            Ok(Reading::Recording(read)) => *read,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn limb_leads_follow_from_two_and_what_is_not_connected_is_not_there() {
        let found = read(file());
        let names: Vec<&str> = found.leads.iter().map(|lead| lead.name.as_str()).collect();
        assert_eq!(names, ["I", "II", "III", "aVR", "aVL", "aVF", "V1"]);
        let at = |name: &str, sample: usize| {
            let lead = found.leads.iter().find(|lead| lead.name == name).unwrap();
            f64::from(lead.samples.value(sample).unwrap())
        };
        // Sample 150: II is 150 counts up, III 50 down, at 5 microvolts each.
        assert!((at("II", 150) - 0.75).abs() < 1e-6);
        assert!((at("III", 150) + 0.25).abs() < 1e-6);
        assert!((at("I", 150) - 1.0).abs() < 1e-6);
        let v1 = &found.leads[6];
        assert_eq!((v1.rate_hz, v1.samples.len()), (800.0, 800));
        assert_eq!(v1.gaps[0].range, 0..400);
        assert_eq!(found.start.unwrap().iso(), "2024-05-01T08:15:30");
        assert_eq!(found.source.patient.name.as_deref(), Some("A. Name"));
        assert_eq!(found.source.patient.sex.as_deref(), Some("F"));
        assert_eq!(
            found
                .notes
                .iter()
                .filter(|note| note.code == "empty-signal")
                .count(),
            5
        );
    }

    #[test]
    fn a_cut_file_keeps_its_whole_samples_and_says_so() {
        let mut bytes = file();
        bytes.truncate(bytes.len() - 21);
        let found = read(bytes);
        assert_eq!(found.leads[1].samples.len(), 798);
        assert_eq!(found.notes[0].code, "short-file");
    }
}
