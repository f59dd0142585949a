//! Unisens 2.0: a folder with `unisens.xml`, and one file a signal or list of events.
//!
//! After the Unisens documentation (FZI and KIT, 2008). Its own examples declare converter zeros that their data
//! contradict, so a zero is used only where the data allow it.

use super::bare::{Track, Tracks};
use super::markup::{Piece, Pieces, attribute};
use super::text::{decode, lines, number};
use super::voltage::{signal_kind, units_per_millivolt};
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score, Support,
};
use crate::recording::{Annotation, Note, SampleData, Scale, SignalKind, Source, StartTime, Unit};

const ID: &str = "unisens";
/// A signal farther from zero than so many times its own span contradicts its zero.
const FAR: f64 = 5.0;
/// Size up to which the description is read.
const HEADER_BYTES: u64 = 4 << 20;
/// Most events kept.
const MOST_EVENTS: usize = 1_000_000;

/// The reader.
pub struct Unisens;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Unisens",
    extensions: &["xml"],
    signatures: &[],
    recognised_by: "XML whose root is unisens; the signals in the files that it names",
    support: Support::Common,
    tested_on: "1 public recording of 2 channels",
    certainty: Certainty::Real,
};

/// A signal, or a list of events, as described.
#[derive(Debug, Default)]
struct Described {
    id: String,
    class: String,
    rate_hz: Option<f64>,
    zero: Option<f64>,
    baseline: Option<f64>,
    step: Option<f64>,
    unit: String,
    data_type: String,
    big: bool,
    /// Separator and decimal separator of a text file.
    text: Option<(String, String)>,
    channels: Vec<String>,
    events: bool,
}

/// The description.
#[derive(Debug, Default)]
struct Header {
    start: Option<StartTime>,
    remarks: Vec<String>,
    entries: Vec<Described>,
}

impl Header {
    fn read(text: &str) -> Self {
        let mut header = Self::default();
        for piece in Pieces::new(text) {
            let Piece::Open {
                name, attributes, ..
            } = piece
            else {
                continue;
            };
            let word = |key: &str| attribute(attributes, key).map(std::borrow::Cow::into_owned);
            let value = |key: &str| word(key).and_then(|text| number(&text, false));
            match name {
                "unisens" => {
                    header.start = word("timestampStart").and_then(|text| start(&text));
                    header
                        .remarks
                        .extend(word("comment").filter(|text| !text.is_empty()));
                }
                "signalEntry" | "eventEntry" => header.entries.push(Described {
                    id: word("id").unwrap_or_default(),
                    class: word("contentClass").unwrap_or_default(),
                    rate_hz: value("sampleRate"),
                    zero: value("adcZero"),
                    baseline: value("baseline"),
                    step: value("lsbValue"),
                    unit: word("unit").unwrap_or_default(),
                    data_type: word("dataType").unwrap_or_default().to_lowercase(),
                    events: name == "eventEntry",
                    ..Described::default()
                }),
                "binFileFormat" | "csvFileFormat" | "channel" => {
                    let Some(last) = header.entries.last_mut() else {
                        continue;
                    };
                    match name {
                        // So spelled in the format.
                        "binFileFormat" => {
                            last.big = word("endianess").is_some_and(|order| order == "BIG")
                        }
                        "csvFileFormat" => {
                            let separator = word("separator").unwrap_or_else(|| ";".to_owned());
                            let decimal =
                                word("decimalSeparator").unwrap_or_else(|| ".".to_owned());
                            last.text = Some((separator, decimal));
                        }
                        _ => last.channels.push(word("name").unwrap_or_default()),
                    }
                }
                _ => {}
            }
        }
        header
    }
}

/// `2006-10-12T12:23:11`, local time.
fn start(text: &str) -> Option<StartTime> {
    let (date, time) = text.trim().split_once('T')?;
    let mut date = date.split('-');
    let date = (
        date.next()?.parse().ok()?,
        date.next()?.parse().ok()?,
        date.next()?.parse().ok()?,
    );
    let mut time = time.split(':');
    StartTime::new(
        Some(date),
        time.next()?.parse().ok()?,
        time.next()?.parse().ok()?,
        time.next()?.parse().ok()?,
        None,
    )
}

impl Format for Unisens {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        if !head.bytes.iter().take(64).any(|&byte| byte == b'<') {
            return Score::NONE;
        }
        let root = decode(head.bytes).is_some_and(|text| {
            let first = Pieces::new(text.trim_start_matches('\u{feff}')).next();
            matches!(
                first,
                Some(Piece::Open {
                    name: "unisens",
                    ..
                })
            )
        });
        if root { Score::CERTAIN } else { Score::NONE }
    }

    fn companions(&self, bundle: &Bundle, entry: &Entry) -> Vec<String> {
        let Ok(text) = description(entry) else {
            return Vec::new();
        };
        let named = Header::read(&text)
            .entries
            .into_iter()
            .map(|entry| entry.id);
        named
            .chain(["context.xml".to_owned()])
            .filter_map(|id| bundle.companion(entry, &id))
            .map(|entry| entry.name.clone())
            .collect()
    }

    fn read(
        &self,
        bundle: &Bundle,
        entry: &Entry,
        context: &mut Context,
    ) -> Result<Reading, ReadError> {
        let header = Header::read(&description(entry)?);
        let signals: Vec<&Described> = header
            .entries
            .iter()
            .filter(|e| !e.events && !e.id.is_empty())
            .collect();
        if signals.is_empty() {
            return Err(ReadError::NoSignal {
                format: ID.to_owned(),
                holds: "holds-no-samples".to_owned(),
            });
        }
        let mut tracks = Vec::new();
        let mut total = 0_u64;
        for described in signals {
            let Some(file) = bundle.companion(entry, &described.id) else {
                // Where some signals are there, the others are left out.
                if described.class.eq_ignore_ascii_case("ECG") {
                    return Err(ReadError::NeedsFile {
                        format: ID.to_owned(),
                        name: described.id.clone(),
                    });
                }
                context.note(Note::new("empty-signal").with("signal", described.id.as_str()));
                continue;
            };
            let data = described.data(file, context)?;
            for (at, data) in data.into_iter().enumerate() {
                total = total.saturating_add(super::bare::len(&data) as u64);
                context.check_samples(total)?;
                tracks.push(described.track(at, data, context));
            }
        }
        let rates: Vec<f64> = tracks.iter().filter_map(|track| track.rate_hz).collect();
        let read = Tracks {
            format: ID,
            tracks,
            rate_hz: rates.first().copied(),
            unit: None,
            start: header.start,
            source: Source {
                format: ID.to_owned(),
                recognised_by: "recognised-unisens".to_owned(),
                name: entry.file_name().to_owned(),
                remarks: header.remarks.clone(),
                ..Source::default()
            },
        }
        .reading(context)?;
        let Reading::Recording(mut recording) = read else {
            return Ok(read);
        };
        let end_s = recording.duration_s();
        for described in header.entries.iter().filter(|entry| entry.events) {
            if let Some(file) = bundle.companion(entry, &described.id) {
                recording
                    .annotations
                    .extend(described.marks(file, end_s, context)?);
            }
        }
        recording
            .annotations
            .sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
        recording.notes.append(&mut context.notes);
        Ok(Reading::Recording(recording))
    }
}

fn description(entry: &Entry) -> Result<String, ReadError> {
    let length = entry.source.len().min(HEADER_BYTES);
    let bytes = entry.source.read(0, length as usize)?;
    let text = decode(&bytes).ok_or(ReadError::NotThisFormat)?;
    Ok(text.into_owned())
}

impl Described {
    /// The numbers of each channel.
    fn data(&self, file: &Entry, context: &Context) -> Result<Vec<SampleData>, ReadError> {
        let length = file.source.len();
        context.check_bytes(length)?;
        let bytes = file.source.read(0, length as usize)?;
        let channels = self.channels.len().max(1);
        if let Some((separator, decimal)) = &self.text {
            let text = decode(&bytes).unwrap_or_default();
            let mut columns: Vec<Vec<f32>> = vec![Vec::new(); channels];
            for line in lines(&text).filter(|line| !line.trim().is_empty()) {
                let mut cells = line.split(separator.as_str());
                for column in &mut columns {
                    let value = cells.next().and_then(|cell| number(cell, decimal == ","));
                    column.push(value.map_or(f32::NAN, |value| value as f32));
                }
            }
            return Ok(columns.into_iter().map(SampleData::F32).collect());
        }
        let unsupported = || ReadError::Unsupported {
            format: ID.to_owned(),
            feature: format!("samples of type {}", self.data_type),
        };
        let width = match self.data_type.as_str() {
            "int8" | "uint8" => 1,
            "int16" | "uint16" => 2,
            "int32" | "uint32" | "float" => 4,
            "double" => 8,
            _ => return Err(unsupported()),
        };
        context.check_samples(length / width as u64)?;
        let word = |chunk: &[u8]| {
            let mut word = [0_u8; 8];
            word[..width].copy_from_slice(chunk);
            if self.big {
                word[..width].reverse();
            }
            u64::from_le_bytes(word)
        };
        let of_channel = |channel: usize| {
            bytes
                .chunks_exact(width * channels)
                .map(move |frame| word(&frame[channel * width..(channel + 1) * width]))
        };
        let tracks = (0..channels).map(|channel| {
            let words = of_channel(channel);
            match self.data_type.as_str() {
                "int8" => SampleData::I16(words.map(|word| i16::from(word as i8)).collect()),
                "uint8" => SampleData::I16(words.map(|word| word as i16).collect()),
                "int16" => SampleData::I16(words.map(|word| word as i16).collect()),
                "uint16" => SampleData::I32(words.map(|word| i32::from(word as u16)).collect()),
                "int32" => SampleData::I32(words.map(|word| word as i32).collect()),
                "uint32" => SampleData::F32(words.map(|word| word as u32 as f32).collect()),
                "float" => SampleData::F32(words.map(|word| f32::from_bits(word as u32)).collect()),
                _ => SampleData::F32(words.map(|word| f64::from_bits(word) as f32).collect()),
            }
        });
        Ok(tracks.collect())
    }

    /// A channel with its name, and its scale where the data do not contradict it.
    fn track(&self, channel: usize, data: SampleData, context: &mut Context) -> Track {
        let own = self.channels.get(channel).cloned().unwrap_or_default();
        let name = match (own.is_empty(), self.channels.len()) {
            (true, _) => self.class.clone(),
            (false, _) if self.class.is_empty() => own,
            _ => format!("{} {own}", self.class),
        };
        let is_ecg = self.class.eq_ignore_ascii_case("ECG")
            || (self.class.is_empty() && signal_kind(&name, &Unit::Millivolt) == SignalKind::Ecg);
        let step = self.step.unwrap_or(1.0);
        let zero = self.baseline.or(self.zero).unwrap_or(0.0);
        let per_unit = units_per_millivolt(&self.unit);
        let usable = step.is_finite() && step != 0.0;
        let unit = if is_ecg {
            match per_unit.filter(|_| usable) {
                // What one number says is wrong, no other number of it is believed.
                Some(_) if contradicts(&data, zero) => {
                    context.note(
                        Note::new("zero-contradicted")
                            .with("signal", name.as_str())
                            .with("zero", zero),
                    );
                    None
                }
                Some(factor) => Some((
                    Unit::Millivolt,
                    Scale {
                        gain: factor / step,
                        baseline: zero,
                    },
                )),
                None => None,
            }
        } else {
            let gain = if usable { 1.0 / step } else { 1.0 };
            Some((
                Unit::Other(self.unit.clone()),
                Scale {
                    gain,
                    baseline: zero,
                },
            ))
        };
        Track {
            name,
            data,
            unit,
            rate_hz: self.rate_hz.filter(|rate| rate.is_finite() && *rate > 0.0),
        }
    }

    /// `sample;type;comment`, at the list's own rate.
    fn marks(
        &self,
        file: &Entry,
        end_s: f64,
        context: &mut Context,
    ) -> Result<Vec<Annotation>, ReadError> {
        let length = file.source.len();
        context.check_bytes(length)?;
        let bytes = file.source.read(0, length as usize)?;
        let text = decode(&bytes).unwrap_or_default();
        let separator = self
            .text
            .as_ref()
            .map_or(";", |(separator, _)| separator.as_str());
        let rate_hz = self.rate_hz.filter(|rate| *rate > 0.0).unwrap_or(1.0);
        let mut marks = Vec::new();
        let mut beyond = 0_usize;
        for line in lines(&text)
            .filter(|line| !line.trim().is_empty())
            .take(MOST_EVENTS)
        {
            let mut cells = line.split(separator);
            let Some(sample) = cells
                .next()
                .and_then(|cell| cell.trim().parse::<u64>().ok())
            else {
                continue;
            };
            let time_s = sample as f64 / rate_hz;
            if time_s > end_s {
                beyond += 1;
                continue;
            }
            let kind = cells.next().unwrap_or_default().trim().to_owned();
            let comment = cells.next().unwrap_or_default().trim().to_owned();
            // Rhythms are written as WFDB writes them: `(AFIB`.
            let (code, text) = if super::wfdb::code_of(&kind).is_some() {
                (kind, comment)
            } else if kind.starts_with('(') {
                ("+".to_owned(), kind)
            } else {
                (
                    "\"".to_owned(),
                    format!("{kind} {comment}").trim().to_owned(),
                )
            };
            marks.push(Annotation {
                time_s,
                sample,
                code,
                subtype: 0,
                channel: 0,
                number: 0,
                text,
            });
        }
        if beyond > 0 {
            context.note(Note::new("annotations-beyond-end").with("count", beyond));
        }
        Ok(marks)
    }
}

/// Whether a signal lies farther from `zero` than several times its own span.
fn contradicts(data: &SampleData, zero: f64) -> bool {
    fn range_of(values: impl Iterator<Item = f64>) -> (f64, f64) {
        values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |range, value| {
                (range.0.min(value), range.1.max(value))
            })
    }
    let range = match data {
        SampleData::I16(data) => range_of(data.iter().map(|&count| f64::from(count))),
        SampleData::I32(data) => range_of(data.iter().map(|&count| f64::from(count))),
        SampleData::F32(data) => range_of(data.iter().map(|&count| f64::from(count))),
    };
    let span = range.1 - range.0;
    let distance = (range.0 - zero).abs().min((range.1 - zero).abs());
    span > 0.0 && (zero < range.0 || zero > range.1) && distance > FAR * span
}

#[cfg(test)]
mod tests {
    use super::super::testing::{extremes, folder_bundle, near, read_first, recording, samples};
    use super::super::{Answers, Unknown};
    use super::*;

    #[test]
    fn the_sample_whose_zero_is_contradicted_is_asked_about() {
        let Some(root) = samples() else { return };
        let bundle = folder_bundle(&root.join("unisens/ExampleE/unisens.xml"));
        let Ok(Reading::Question(question)) = read_first(&bundle, Answers::default()) else {
            panic!()
        };
        assert_eq!(question.unknowns, [Unknown::Unit]);
        assert_eq!(question.proposal.unit.as_deref(), Some("uV"));
        let read = recording(read_first(&bundle, question.proposal), "unisens");
        assert_eq!(
            (
                read.leads.len(),
                read.leads[0].samples.len(),
                read.leads[0].rate_hz
            ),
            (2, 13_500, 400.0)
        );
        let (low, high) = extremes(&read.leads[0]);
        assert!(near(low, -0.56) && near(high, 1.59), "{low} {high}");
        assert_eq!(read.start.unwrap().iso(), "2006-10-12T12:23:11");
    }

    #[test]
    fn a_missing_signal_file_is_asked_for_by_name() {
        let text =
            "<unisens><signalEntry id='e.bin' contentClass='ECG' dataType='int16'/></unisens>";
        let bundle = Bundle::from_bytes("unisens.xml", text.as_bytes());
        let refused = read_first(&bundle, Answers::default()).unwrap_err();
        assert!(matches!(refused, ReadError::NeedsFile { name, .. } if name == "e.bin"));
    }
}
