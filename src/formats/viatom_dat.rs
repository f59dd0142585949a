//! Recordings of Viatom, Wellue and Lepu recorders (ER1, ER2, DuoEK, VBeat) as their apps store them (`.dat`).
//!
//! After a public file of 47 minutes and two public readers: ten bytes with the date, compressed samples at 125 Hz, a
//! tail of twenty bytes. A step of a sample is one signed byte; −128 begins an absolute value, ±127 a step that goes on
//! in the next byte.

use super::gaps::push_gap;
use super::input;
use super::view::{View, crc_ccitt};
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, instant,
};
use crate::recording::{GapReason, Lead, Note, Recording, Samples, Scale, StartTime};

const ID: &str = "viatom-dat";
/// Bytes before the samples.
const START: usize = 10;
/// Bytes after the samples.
const TAIL: usize = 20;
/// Last four bytes of every file.
const END: u32 = 0xa55a_0438;
/// Samples per second.
pub const RATE_HZ: f64 = 125.0;
/// Counts per millivolt: a count is 1.0035 · 1800 mV / (4096 · 178.74), the figures of the vendor's own decoder.
const GAIN: f64 = 4096.0 * 178.74 / (1.0035 * 1800.0);
/// Count that stands for no contact.
const LEAD_OFF: i16 = i16::MAX;

/// The reader.
pub struct ViatomDat;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Viatom / Wellue / Lepu ER1, ER2, DuoEK, VBeat (.dat)",
    extensions: &["dat"],
    signatures: &[],
    recognised_by: "a first byte of 1 and the last four bytes 38 04 5A A5",
    support: Support::Complete,
    tested_on: "1 minute of a public file, compared with an independent decoder",
    certainty: Certainty::Equal,
};

impl Format for ViatomDat {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let ends = head.tail.ends_with(&END.to_le_bytes());
        let begins = head.bytes.first() == Some(&1) && head.len > (START + TAIL) as u64;
        if ends && begins {
            return Score::CERTAIN;
        }
        // A file that lost its end still begins with a date.
        if begins && date(head.bytes).is_some() && head.bytes.get(8..10) == Some(&[0, 0]) {
            return Score(120);
        }
        Score::NONE
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let bytes = input::bytes(entry, context)?;
        let end = bytes
            .len()
            .checked_sub(4)
            .and_then(|at| View::little(&bytes).u32(at));
        let whole = end == Some(END);
        let stop = if whole {
            bytes.len().saturating_sub(TAIL)
        } else {
            bytes.len()
        };
        let body = bytes.get(START..stop).unwrap_or_default();
        // No step is shorter than a byte.
        context.check_samples(body.len() as u64)?;
        let (counts, gaps) = samples(body);
        if counts.len() == gaps.iter().map(|gap| gap.range.len()).sum::<usize>() {
            return Err(input::no_signal(ID, "holds-no-samples"));
        }
        let found = counts.len() as f64 / RATE_HZ;
        if whole {
            let seconds = View::little(&bytes).u32(stop).unwrap_or(0);
            // The tail counts whole seconds.
            if (f64::from(seconds) - found).abs() > 1.0 {
                context.note(
                    Note::new("duration-differs")
                        .with("expected", f64::from(seconds))
                        .with("found", found),
                );
            }
            let stored = View::little(&bytes).u16(stop + 4).unwrap_or(0);
            // One of the recorders leaves it 0.
            if stored != 0 && stored != crc_ccitt(bytes.get(..stop).unwrap_or_default()) {
                context.note(Note::new("checksum").with("signal", entry.file_name()));
            }
        } else {
            context.note(
                Note::new("short-file")
                    .with("file", entry.file_name())
                    .with("expected", "the end mark 38 04 5A A5")
                    .with("found", bytes.len()),
            );
        }
        let scale = Scale {
            gain: GAIN,
            baseline: 0.0,
        };
        let mut lead = Lead::ecg("ECG", RATE_HZ, Samples::from_i16(counts, scale));
        lead.gaps = gaps;
        let mut source = input::source(ID, "recognised-signature", entry);
        source.device = Some("Viatom / Lepu".to_owned());
        let recording = Recording {
            leads: vec![lead],
            start: date(&bytes).or_else(|| date_in_name(entry.file_name())),
            source,
            ..Recording::default()
        };
        Ok(input::recording(recording, context))
    }
}

/// Decompresses; samples without contact become gaps that hold the last value.
fn samples(body: &[u8]) -> (Vec<i16>, Vec<crate::recording::Gap>) {
    let mut counts: Vec<i16> = Vec::with_capacity(body.len());
    let mut gaps = Vec::new();
    let (mut running, mut held) = (0_i16, 0_i16);
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        at += 1;
        match byte as i8 {
            -128 => {
                let Some(value) = View::little(body).u16(at) else {
                    break;
                };
                running = value as i16;
                at += 2;
            }
            step @ (127 | -127) => {
                let Some(&more) = body.get(at) else { break };
                let more = if step > 0 {
                    i16::from(more)
                } else {
                    -i16::from(more)
                };
                running = running.wrapping_add(i16::from(step)).wrapping_add(more);
                at += 1;
            }
            step => running = running.wrapping_add(i16::from(step)),
        }
        let place = counts.len();
        if running == LEAD_OFF || running == -LEAD_OFF {
            push_gap(&mut gaps, place..place + 1, GapReason::LeadOff);
        } else {
            held = running;
        }
        counts.push(held);
    }
    (counts, gaps)
}

/// Local date and time in bytes 1 to 7; zero in some recorders.
fn date(bytes: &[u8]) -> Option<StartTime> {
    let &[month, day, hour, minute, second] = bytes.get(3..8)? else {
        return None;
    };
    let year = i32::from(View::little(bytes).u16(1)?);
    let recent = (2010..2100).contains(&year);
    let date = Some((year, month, day)).filter(|_| recent)?;
    StartTime::new(Some(date), hour, minute, f64::from(second), None)
}

/// `R20210930114059`, the app's own name for a file.
pub fn date_in_name(name: &str) -> Option<StartTime> {
    let start = name.find(|c: char| c.is_ascii_digit())?;
    let digits = name.get(start..start + 14)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to);
    instant::parse(&format!(
        "{}-{}-{} {}:{}:{}",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    ))
}

#[cfg(test)]
mod tests {
    use super::super::Answers;
    use super::super::testing::{extremes, near, open_bytes, sample_file};
    use super::*;

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(read) = sample_file("viatom-dat/er_first60s.dat") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (125.0, 7500));
        let (low, high) = extremes(lead);
        assert!(near(low, -1.394) && near(high, 1.392), "{low} {high}");
        assert!(
            lead.gaps.is_empty() && read.notes.is_empty(),
            "{:?}",
            read.notes
        );
        assert_eq!(read.start.unwrap().iso(), "2021-09-30T11:40:59");
    }

    #[test]
    fn every_step_and_lead_off_are_decoded() {
        let body = [5, 0xfb, 127, 3, 0x81, 10, 0x80, 0xff, 0x7f, 0x80, 0x10, 0];
        let (counts, gaps) = samples(&body);
        assert_eq!(counts, [5, 0, 130, -7, -7, 16]);
        assert_eq!(gaps[0].range, 4..5);
        let mut bytes = vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend(body);
        let sum = crc_ccitt(&bytes);
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(sum.to_le_bytes());
        bytes.extend([0; 10]);
        bytes.extend(END.to_le_bytes());
        let Ok(Reading::Recording(read)) =
            open_bytes("R20240501081500.dat", &bytes, Answers::default())
        else {
            panic!()
        };
        assert!(read.notes.is_empty(), "{:?}", read.notes);
        assert_eq!(read.start.unwrap().iso(), "2024-05-01T08:15:00");
    }
}
