//! ECG files of the Viatom BP2 and BP2A blood-pressure monitors: 48 bytes of header, then samples at 125 Hz.
//!
//! After two public readers, one of which takes the samples for unsigned; the scale traces to the vendor's material.

use super::input;
use super::viatom_dat::RATE_HZ;
use super::view::View;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, gaps, instant,
};
use crate::recording::{Lead, Note, Recording, Samples, Scale, SourceMeasurement};

const ID: &str = "viatom-bp2";
/// Bytes before the samples.
const START: usize = 48;
/// Counts per millivolt (3.098 µV a count).
const GAIN: f64 = 322.79;
/// What the bits of the result say, from the lowest.
const RESULTS: [&str; 11] = [
    "fast heart rate",
    "slow heart rate",
    "irregular rhythm",
    "possible premature ventricular beats",
    "possible pause",
    "possible atrial fibrillation",
    "wide QRS",
    "QTc long",
    "QTc short",
    "ST elevation",
    "ST depression",
];

/// The reader.
pub struct ViatomBp2;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Viatom BP2 / BP2A ECG file",
    extensions: &["dat", "bin", "ecg"],
    signatures: &[],
    recognised_by: "a type of 2 at byte 1, a date at byte 2, and a length that fits the seconds at byte 10",
    support: Support::Complete,
    tested_on: "files built from two public readers",
    certainty: Certainty::Built,
};

/// What the header says, if it is one.
struct Header {
    time: u32,
    seconds: u32,
}

impl Header {
    fn of(bytes: &[u8]) -> Option<Self> {
        let time = View::little(bytes).u32(2)?;
        let seconds = View::little(bytes).u32(10)?;
        // From 2015 to 2100, up to ten minutes.
        let plausible =
            (1_420_000_000..4_102_444_800).contains(&time) && (1..=600).contains(&seconds);
        let begins = bytes.first().is_some_and(|version| *version <= 8) && bytes.get(1) == Some(&2);
        (begins && plausible && bytes.len() >= START).then_some(Self { time, seconds })
    }

    /// Bytes of all samples, by the seconds.
    fn samples_bytes(&self) -> u64 {
        u64::from(self.seconds) * 2 * RATE_HZ as u64
    }
}

impl Format for ViatomBp2 {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(header) = Header::of(head.bytes) else {
            return Score::NONE;
        };
        let found = head.len.saturating_sub(START as u64);
        // The seconds are rounded.
        if found.abs_diff(header.samples_bytes()) <= 2 * 2 * RATE_HZ as u64 {
            return Score(220);
        }
        if found < header.samples_bytes() {
            Score(100)
        } else {
            Score::NONE
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let bytes = input::bytes(entry, context)?;
        let header = Header::of(&bytes).ok_or(ReadError::NotThisFormat)?;
        let (pairs, rest) = bytes.get(START..).unwrap_or_default().as_chunks::<2>();
        context.check_samples(pairs.len() as u64)?;
        let mut counts: Vec<i16> = pairs.iter().map(|&pair| i16::from_le_bytes(pair)).collect();
        if counts.is_empty() {
            return Err(input::no_signal(ID, "holds-no-samples"));
        }
        let told = header.samples_bytes() / 2;
        if (counts.len() as u64) + (RATE_HZ as u64) < told || !rest.is_empty() {
            context.note(
                Note::new("short-file")
                    .with("file", entry.file_name())
                    .with("expected", told)
                    .with("found", counts.len()),
            );
        }
        let off = gaps::take_invalid(&mut counts, i16::MAX, 0);
        let scale = Scale {
            gain: GAIN,
            baseline: 0.0,
        };
        let mut lead = Lead::ecg("I", RATE_HZ, Samples::from_i16(counts, scale));
        lead.gaps = off;
        for gap in &mut lead.gaps {
            gap.reason = crate::recording::GapReason::LeadOff;
        }
        let mut source = input::source(ID, "recognised-header", entry);
        source.device = Some("Viatom BP2".to_owned());
        source.classification = Some(result(View::little(&bytes).u32(16).unwrap_or(0)));
        for (name, at, unit) in [
            ("heart rate", 20, "bpm"),
            ("QRS", 22, "ms"),
            ("premature ventricular beats", 24, ""),
            ("QTc", 26, "ms"),
        ] {
            let value = View::little(&bytes).u16(at).unwrap_or(0);
            if value > 0 && value < u16::MAX {
                source.measurements.push(SourceMeasurement {
                    name: name.to_owned(),
                    value: format!("{value} {unit}").trim().to_owned(),
                });
            }
        }
        let recording = Recording {
            leads: vec![lead],
            // Seconds since 1970 of a local clock.
            start: instant::from_unix(f64::from(header.time), None),
            source,
            ..Recording::default()
        };
        Ok(input::recording(recording, context))
    }
}

/// The device's verdict in the vendor's words.
fn result(bits: u32) -> String {
    match bits {
        0 => "regular rhythm".to_owned(),
        u32::MAX => "not analysed".to_owned(),
        _ => {
            let words = RESULTS.iter().enumerate();
            let said: Vec<&str> = words
                .filter(|(bit, _)| bits & (1 << bit) != 0)
                .map(|(_, word)| *word)
                .collect();
            if said.is_empty() {
                format!("result {bits}")
            } else {
                said.join(", ")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Answers;
    use super::super::testing::open_bytes;
    use super::*;

    #[test]
    fn samples_are_signed_and_the_result_is_told_in_words() {
        let mut bytes = vec![1, 2];
        bytes.extend(1_700_000_000_u32.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(2_u32.to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend(0x22_u32.to_le_bytes());
        bytes.extend([44, 0, 90, 0, 0, 0, 0, 0]);
        bytes.resize(START, 0);
        for at in 0..250 {
            bytes.extend((if at == 7 { i16::MAX } else { at - 125 }).to_le_bytes());
        }
        let Ok(Reading::Recording(read)) = open_bytes("x", &bytes, Answers::default()) else {
            panic!()
        };
        let lead = &read.leads[0];
        assert!((lead.samples.value(0).unwrap() + 125.0 / 322.79).abs() < 1e-6);
        assert_eq!(lead.gaps[0].range, 7..8);
        assert_eq!(read.start.unwrap().iso(), "2023-11-14T22:13:20");
        assert_eq!(
            read.source.classification.as_deref(),
            Some("slow heart rate, possible atrial fibrillation")
        );
        assert_eq!(read.source.measurements.len(), 2);
        let Ok(Reading::Recording(cut)) = open_bytes("x", &bytes[..200], Answers::default()) else {
            panic!()
        };
        assert_eq!(cut.notes[0].code, "short-file");
    }
}
