//! Garmin's FIT files with ECG messages: 336 (summary), 337 (raw samples), 338 (smoothed samples).
//!
//! The container is the public FIT protocol; the ECG messages are not in the public profile and follow readers of the
//! Gadgetbridge family (facts only). The unit of the samples is not documented: their size decides, and is noted.

use super::input::{self, Asking, Proposal};
use super::series::Series;
use super::view::View;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Signature, Support, instant,
};
use crate::recording::{Note, Phrase, Recording, Scale, SourceMeasurement};

const ID: &str = "garmin-fit";
/// Seconds from 1970 to the beginning of FIT's time, 1989-12-31T00:00:00Z.
const EPOCH_S: f64 = 631_065_600.0;
/// Message numbers.
const SUMMARY: u16 = 336;
const RAW: u16 = 337;
const SMOOTH: u16 = 338;
/// Invalid value of a 32-bit float.
const INVALID: u32 = u32::MAX;

/// The reader.
pub struct GarminFit;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Garmin FIT with ECG messages",
    extensions: &["fit"],
    signatures: &[Signature {
        offset: 8,
        bytes: b".FIT",
    }],
    recognised_by: "the letters .FIT at byte 8",
    support: Support::Common,
    tested_on: "1 file built from readers of the Gadgetbridge family",
    certainty: Certainty::Built,
};

/// A field of a message as its definition gives it.
#[derive(Clone, Copy, Debug)]
struct Field {
    number: u8,
    at: usize,
    size: usize,
    float: bool,
}

/// How the messages of a local type are laid out.
#[derive(Clone, Debug)]
struct Definition {
    message: u16,
    big_endian: bool,
    size: usize,
    fields: Vec<Field>,
}

impl Definition {
    /// The definition at `at` (behind its header byte) and where the next record begins.
    fn read(bytes: &[u8], at: usize, developer: bool) -> Option<(Self, usize)> {
        let big_endian = *bytes.get(at + 1)? == 1;
        let message = View::little(bytes).u16(at + 2)?;
        let message = if big_endian {
            message.swap_bytes()
        } else {
            message
        };
        let count = usize::from(*bytes.get(at + 4)?);
        let mut fields = Vec::with_capacity(count);
        let mut size = 0;
        let listed = bytes.get(at + 5..at + 5 + 3 * count)?;
        for field in listed.chunks_exact(3) {
            let &[number, length, kind] = field else {
                return None;
            };
            fields.push(Field {
                number,
                at: size,
                size: usize::from(length),
                float: kind & 0x1f == 8,
            });
            size += usize::from(length);
        }
        let mut next = at + 5 + 3 * count;
        if developer {
            let count = usize::from(*bytes.get(next)?);
            let listed = bytes.get(next + 1..next + 1 + 3 * count)?;
            size += listed
                .chunks_exact(3)
                .filter_map(|field| field.get(1))
                .map(|length| usize::from(*length))
                .sum::<usize>();
            next += 1 + 3 * count;
        }
        let definition = Self {
            message,
            big_endian,
            size,
            fields,
        };
        Some((definition, next))
    }

    /// The number of a field; `None` where it is absent or invalid.
    fn value(&self, content: &[u8], number: u8) -> Option<f64> {
        let field = self.fields.iter().find(|field| field.number == number)?;
        match field.size {
            1 => {
                let value = *content.get(field.at)?;
                (value != u8::MAX).then_some(f64::from(value))
            }
            2 => {
                let value = View::little(content).u16(field.at)?;
                let value = if self.big_endian {
                    value.swap_bytes()
                } else {
                    value
                };
                (value != u16::MAX).then_some(f64::from(value))
            }
            4 => {
                let value = View::little(content).u32(field.at)?;
                let value = if self.big_endian {
                    value.swap_bytes()
                } else {
                    value
                };
                if value == INVALID {
                    return None;
                }
                if field.float {
                    let value = f64::from(f32::from_bits(value));
                    return value.is_finite().then_some(value);
                }
                Some(f64::from(value))
            }
            _ => None,
        }
    }
}

/// What the ECG messages say.
#[derive(Default)]
struct Strip {
    raw: Series,
    smooth: Series,
    raw_hz: Option<f64>,
    smooth_hz: Option<f64>,
    utc: Option<f64>,
    local: Option<f64>,
    bpm: Option<f64>,
    seconds: Option<f64>,
    /// Whether there was any message at all.
    messages: bool,
}

impl Strip {
    fn take(&mut self, definition: &Definition, content: &[u8]) {
        self.messages = true;
        match definition.message {
            RAW => self.raw.push(definition.value(content, 0)),
            SMOOTH => self.smooth.push(definition.value(content, 0)),
            SUMMARY => {
                let value = |number| definition.value(content, number);
                self.raw_hz = self.raw_hz.or(value(2));
                self.smooth_hz = self.smooth_hz.or(value(3));
                self.utc = self.utc.or(value(4));
                self.local = self.local.or(value(5));
                self.bpm = self.bpm.or(value(7));
                self.seconds = self.seconds.or(value(11));
            }
            _ => {}
        }
    }
}

impl Format for GarminFit {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, _: &Head<'_>) -> Score {
        Score::NONE
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let bytes = input::bytes(entry, context)?;
        let mut strip = Strip::default();
        let mut at = 0;
        // Files may be chained; each has its own header.
        while let Some(header) = bytes.get(at..).filter(|rest| rest.len() >= 12) {
            let length = usize::from(header.first().copied().unwrap_or(0));
            if length < 12 || header.get(8..12) != Some(b".FIT") {
                break;
            }
            let told = View::little(header).u32(4).unwrap_or(0) as usize;
            let from = at + length;
            let to = from.saturating_add(told);
            if to > bytes.len() {
                context.note(
                    Note::new("short-file")
                        .with("file", entry.file_name())
                        .with("expected", to)
                        .with("found", bytes.len()),
                );
            }
            let records = bytes.get(from..to.min(bytes.len())).unwrap_or_default();
            let (ended, sum) = self::records(records, &mut strip, context)?;
            if !ended {
                context.note(Note::new("unreadable-end").with("place", from + sum));
            }
            if let Some(stored) = View::little(&bytes).u16(to)
                && stored != crc(bytes.get(at..to).unwrap_or_default())
            {
                context.note(Note::new("checksum").with("signal", "FIT"));
            }
            at = to.saturating_add(2);
        }
        reading(strip, entry, context)
    }
}

/// Walks the records; whether they ended where they should, and where they did.
fn records(bytes: &[u8], strip: &mut Strip, context: &Context) -> Result<(bool, usize), ReadError> {
    let mut definitions: [Option<Definition>; 16] = Default::default();
    let mut at = 0;
    while let Some(&header) = bytes.get(at) {
        let data = at + 1;
        let (local, is_definition) = if header & 0x80 != 0 {
            // A compressed time stamp stands in the header.
            (usize::from(header >> 5 & 3), false)
        } else {
            (usize::from(header & 15), header & 0x40 != 0)
        };
        if is_definition {
            let Some((definition, next)) = Definition::read(bytes, data, header & 0x20 != 0) else {
                return Ok((false, at));
            };
            if let Some(slot) = definitions.get_mut(local) {
                *slot = Some(definition);
            }
            at = next;
            continue;
        }
        let Some(Some(definition)) = definitions.get(local) else {
            return Ok((false, at));
        };
        let Some(content) = bytes.get(data..data + definition.size) else {
            return Ok((false, at));
        };
        strip.take(definition, content);
        at = data + definition.size;
        let samples = (strip.raw.len() + strip.smooth.len()) as u64;
        if samples & 0xfff == 0 {
            context.check_samples(samples)?;
        }
    }
    Ok((true, at))
}

/// The checksum of FIT: CRC-16 of polynomial 0x8005, reflected (FIT protocol, "CRC").
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0_u16, |crc, &byte| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| {
            (crc >> 1) ^ (0xa001 * (crc & 1))
        })
    })
}

fn reading(strip: Strip, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
    let (series, stated, smoothed) = if strip.raw.has_values() {
        (strip.raw, strip.raw_hz, false)
    } else {
        (strip.smooth, strip.smooth_hz, true)
    };
    if !series.has_values() {
        return Err(if strip.messages {
            input::no_signal(ID, "holds-activity")
        } else {
            ReadError::damaged_at(ID, 14, "messages", "none")
        });
    }
    context.check_samples(series.len() as u64)?;
    let usual = if smoothed { 128.0 } else { 512.0 };
    let mut asking = Asking::default();
    let rate_hz = asking.rate(stated, &context.answers, Some(usual), || {
        Some(Phrase::new("evidence-device-rate").with("rate", usual))
    });
    let span = series.span();
    let by_size = match span {
        0.1..=20.0 => Some((1.0, "mV")),
        100.0..=20_000.0 => Some((1000.0, "µV")),
        _ => None,
    };
    let answered = context.answers.per_millivolt();
    let stated = answered.or(by_size.map(|(gain, _)| gain));
    let (gain, unit) = asking.scale(stated, &context.answers, Proposal::Unit(Some("mV")), || {
        Some(Phrase::new("evidence-span-unusual").with("span", span))
    });
    if let Some(question) = asking.question(ID, || series.head(input::PREVIEW)) {
        return Ok(question);
    }
    if let (None, Some((_, name))) = (answered, by_size) {
        context.note(Note::new("unit-by-size").with("unit", name));
    }
    let scale = Scale {
        gain,
        baseline: 0.0,
    };
    let mut lead = series.lead("I", rate_hz, scale);
    lead.unit = unit;
    let mut source = input::source(ID, "recognised-signature", entry);
    source.device = Some("Garmin".to_owned());
    source.filters = smoothed.then(|| "smoothed by the device".to_owned());
    source
        .measurements
        .extend(strip.bpm.map(|bpm| SourceMeasurement {
            name: "average heart rate".to_owned(),
            value: format!("{bpm} bpm"),
        }));
    let offset = strip
        .utc
        .zip(strip.local)
        .map(|(utc, local)| ((local - utc) / 60.0).round())
        .filter(|minutes| minutes.abs() <= 14.0 * 60.0);
    let start = strip
        .utc
        .and_then(|utc| instant::from_unix(utc + EPOCH_S, Some(offset.unwrap_or(0.0) as i16)));
    let recording = Recording {
        leads: vec![lead],
        start,
        source,
        ..Recording::default()
    };
    Ok(input::recording(recording, context))
}

#[cfg(test)]
mod tests {
    use super::super::Answers;
    use super::super::testing::{extremes, near, open_bytes, sample_file};
    use super::*;

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(read) = sample_file("garmin-fit/constructed_ecg.fit") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (512.0, 14_848));
        let (low, high) = extremes(lead);
        assert!(near(low, -0.372) && near(high, 0.6), "{low} {high}");
        assert_eq!(read.source.measurements[0].value, "70 bpm");
        let codes: Vec<_> = read.notes.iter().map(|note| note.code.as_str()).collect();
        assert_eq!(codes, ["unit-by-size"]);
    }

    /// A file of one definition and its messages, in either order of bytes.
    fn fit(message: u16, values: &[f32], big_endian: bool) -> Vec<u8> {
        let mut records = vec![0x40, 0, u8::from(big_endian)];
        records.extend(if big_endian {
            message.to_be_bytes()
        } else {
            message.to_le_bytes()
        });
        records.extend([1, 0, 4, 0x88]);
        for value in values {
            // A compressed time stamp of local type 0.
            records.push(0x85);
            records.extend(if big_endian {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            });
        }
        let mut bytes = vec![12, 0x20, 0, 0];
        bytes.extend((records.len() as u32).to_le_bytes());
        bytes.extend(b".FIT");
        bytes.extend(records);
        let sum = crc(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    #[test]
    fn either_order_of_bytes_invalid_samples_and_chains_are_read() {
        let invalid = f32::from_bits(INVALID);
        let mut bytes = fit(SMOOTH, &[0.5, invalid, -0.5], true);
        bytes.extend(fit(SMOOTH, &[0.25], false));
        let answers = Answers {
            rate_hz: Some(128.0),
            ..Answers::default()
        };
        let Ok(Reading::Question(question)) = open_bytes("x", &bytes, Answers::default()) else {
            panic!()
        };
        assert_eq!(question.proposal.rate_hz, Some(128.0));
        let Ok(Reading::Recording(read)) = open_bytes("x", &bytes, answers) else {
            panic!()
        };
        assert_eq!(read.leads[0].samples.all_values(), [0.5, 0.5, -0.5, 0.25]);
        assert_eq!(read.leads[0].gaps[0].range, 1..2);
        assert_eq!(read.notes.len(), 1, "{:?}", read.notes);
    }

    #[test]
    fn a_run_without_ecg_is_called_an_activity() {
        let bytes = fit(20, &[1.0], false);
        let read = open_bytes("x", &bytes, Answers::default());
        assert!(matches!(read, Err(ReadError::NoSignal { .. })), "{read:?}");
    }
}
