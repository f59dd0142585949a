//! GDF, the General Data Format for biosignals, versions 1 and 2: like EDF with a type for each signal, and an event table.
//!
//! After A. Schlögl, "GDF – A general dataformat for biosignals" (arXiv cs/0608052, version 2.x).

use super::gaps::push_gap;
use super::input;
use super::voltage::{names_ecg, signal_kind, units_per_millivolt};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Signature, Support, Unknown,
};
use crate::recording::{
    Annotation, Gap, GapReason, Lead, LeadName, Note, Patient, Phrase, Recording, SampleData,
    Samples, Scale, Source, StartTime, Unit,
};

const ID: &str = "gdf";
/// Bytes of the fixed part, and of each signal's part.
const BLOCK: usize = 256;
/// Bytes of records that are read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// Most events; their number is written in 24 bits.
const MOST_EVENTS: u64 = 1 << 24;
/// Days from year 0 to 1970, in the calendar that GDF counts in (that of MATLAB's `datenum`).
const DAYS_TO_1970: f64 = 719_529.0;

/// The reader.
pub struct Gdf;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "GDF (General Data Format)",
    extensions: &["gdf"],
    signatures: &[Signature {
        offset: 0,
        bytes: b"GDF ",
    }],
    recognised_by: "its version text, GDF 1.x or 2.x",
    support: Support::Complete,
    tested_on: "1 public file of GDF 2.10, compared with an independent reader",
    certainty: Certainty::Equal,
};

/// How the samples of a signal are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    I8,
    U8,
    I16,
    U16,
    I24,
    U24,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Storage {
    fn of(code: u32) -> Option<Self> {
        Some(match code {
            1 => Self::I8,
            0 | 2 => Self::U8,
            3 => Self::I16,
            4 => Self::U16,
            5 => Self::I32,
            6 => Self::U32,
            7 => Self::I64,
            8 => Self::U64,
            16 => Self::F32,
            17 => Self::F64,
            // 255 and 511 with the number of bits stand for odd widths.
            279 => Self::I24,
            535 => Self::U24,
            _ => return None,
        })
    }

    fn width(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I24 | Self::U24 => 3,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    fn empty(self) -> SampleData {
        match self {
            Self::I8 | Self::U8 | Self::I16 => SampleData::I16(Vec::new()),
            Self::U16 | Self::I24 | Self::U24 | Self::I32 => SampleData::I32(Vec::new()),
            _ => SampleData::F32(Vec::new()),
        }
    }

    /// Appends the samples of `bytes`.
    fn decode(self, bytes: &[u8], out: &mut SampleData) {
        let values = |out: &mut Vec<f32>, f: &dyn Fn(&[u8]) -> f64| {
            out.extend(bytes.chunks_exact(self.width()).map(|b| f(b) as f32));
        };
        match (out, self) {
            (SampleData::I16(out), Self::I8) => {
                out.extend(bytes.iter().map(|&b| i16::from(b as i8)))
            }
            (SampleData::I16(out), Self::U8) => out.extend(bytes.iter().map(|&b| i16::from(b))),
            (SampleData::I16(out), _) => {
                out.extend(
                    bytes
                        .as_chunks::<2>()
                        .0
                        .iter()
                        .map(|&b| i16::from_le_bytes(b)),
                );
            }
            (SampleData::I32(out), Self::U16) => {
                let chunks = bytes.as_chunks::<2>().0.iter();
                out.extend(chunks.map(|&b| i32::from(u16::from_le_bytes(b))));
            }
            (SampleData::I32(out), Self::I24) => {
                let chunks = bytes.as_chunks::<3>().0.iter();
                out.extend(chunks.map(|&[a, b, c]| i32::from_le_bytes([0, a, b, c]) >> 8));
            }
            (SampleData::I32(out), Self::U24) => {
                let chunks = bytes.as_chunks::<3>().0.iter();
                out.extend(chunks.map(|&[a, b, c]| i32::from_le_bytes([a, b, c, 0])));
            }
            (SampleData::I32(out), _) => {
                out.extend(
                    bytes
                        .as_chunks::<4>()
                        .0
                        .iter()
                        .map(|&b| i32::from_le_bytes(b)),
                );
            }
            (SampleData::F32(out), Self::F32) => {
                out.extend(
                    bytes
                        .as_chunks::<4>()
                        .0
                        .iter()
                        .map(|&b| f32::from_le_bytes(b)),
                );
            }
            (SampleData::F32(out), Self::F64) => values(out, &|b| f64_at(b, 0).unwrap_or(f64::NAN)),
            (SampleData::F32(out), Self::U32) => {
                values(out, &|b| u32_at(b, 0).map_or(f64::NAN, f64::from));
            }
            (SampleData::F32(out), Self::I64) => {
                values(out, &|b| u64_at(b, 0).map_or(f64::NAN, |v| v as i64 as f64));
            }
            (SampleData::F32(out), _) => {
                values(out, &|b| u64_at(b, 0).map_or(f64::NAN, |v| v as f64));
            }
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(
        bytes.get(at..at.checked_add(2)?)?.try_into().ok()?,
    ))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        bytes.get(at..at.checked_add(4)?)?.try_into().ok()?,
    ))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(
        bytes.get(at..at.checked_add(8)?)?.try_into().ok()?,
    ))
}

fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    u64_at(bytes, at).map(f64::from_bits)
}

/// Text up to the first zero, trimmed.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let bytes = bytes.get(..end).unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(bytes).0.trim().to_owned(),
    }
}

/// A signal as the header describes it.
#[derive(Debug)]
struct Signal {
    label: String,
    unit: String,
    physical: [f64; 2],
    digital: [f64; 2],
    filters: [f32; 3],
    samples: usize,
    storage: Storage,
}

impl Signal {
    fn scale(&self) -> Option<Scale> {
        let gain = (self.digital[1] - self.digital[0]) / (self.physical[1] - self.physical[0]);
        let baseline = self.digital[0] - self.physical[0] * gain;
        (gain.is_finite() && gain != 0.0 && baseline.is_finite())
            .then_some(Scale { gain, baseline })
    }

    fn bytes(&self) -> usize {
        self.samples.saturating_mul(self.storage.width())
    }

    fn asks_unit(&self) -> bool {
        names_ecg(&self.label)
            && self.scale().is_some()
            && units_per_millivolt(&self.unit).is_none()
    }
}

#[derive(Debug)]
struct Header {
    version: f64,
    length: u64,
    records: i64,
    record_s: f64,
    signals: Vec<Signal>,
    start: Option<StartTime>,
    patient: Patient,
    recording: String,
}

impl Header {
    fn read(entry: &Entry, context: &Context) -> Result<Self, ReadError> {
        let fixed = entry.source.read(0, BLOCK)?;
        let cut = || {
            ReadError::damaged_at(
                ID,
                fixed.len() as u64,
                "a header of 256 bytes",
                "the end of the file",
            )
        };
        let version_text = text(fixed.get(4..8).unwrap_or_default());
        let version = version_text
            .parse::<f64>()
            .ok()
            .filter(|version| (1.0..4.0).contains(version))
            .ok_or_else(|| ReadError::damaged_at(ID, 4, "a version like 2.10", version_text))?;
        let old = version < 1.9;
        let count = if old {
            u32_at(&fixed, 252).ok_or_else(cut)? as usize
        } else {
            usize::from(u16_at(&fixed, 252).ok_or_else(cut)?)
        };
        if count > context.limits.signals {
            return Err(ReadError::TooLarge {
                what: "signals",
                found: count as u64,
                limit: context.limits.signals as u64,
            });
        }
        let told = if old {
            u64_at(&fixed, 184).unwrap_or(0)
        } else {
            u64::from(u16_at(&fixed, 184).unwrap_or(0)) * BLOCK as u64
        };
        let least = (BLOCK * (count + 1)) as u64;
        let bytes = entry.source.read(BLOCK as u64, BLOCK * count)?;
        if bytes.len() < BLOCK * count {
            return Err(cut());
        }
        let signals = (0..count)
            .map(|at| signal(&bytes, count, at, old))
            .collect::<Result<Vec<Signal>, ReadError>>()?;
        Ok(Self {
            version,
            length: told.max(least),
            records: u64_at(&fixed, 236).ok_or_else(cut)? as i64,
            record_s: record_seconds(&fixed),
            signals,
            start: if old {
                old_start(&fixed)
            } else {
                day_fraction(u64_at(&fixed, 168))
            },
            patient: patient(&fixed, old),
            recording: text(fixed.get(88..152).unwrap_or_default()),
        })
    }
}

/// Duration of a record: two integers, or, as some writers of 2.21 have it, one float.
fn record_seconds(fixed: &[u8]) -> f64 {
    let plausible = |seconds: &f64| seconds.is_finite() && (1e-7..=1e6).contains(seconds);
    let parts = u32_at(fixed, 244).zip(u32_at(fixed, 248));
    parts
        .map(|(above, below)| f64::from(above) / f64::from(below))
        .filter(plausible)
        .or_else(|| f64_at(fixed, 244).filter(plausible))
        .unwrap_or(0.0)
}

/// Days since year 0 times 2³².
fn day_fraction(value: Option<u64>) -> Option<StartTime> {
    let days = value.filter(|&value| value > 0)? as f64 / 4_294_967_296.0;
    let whole = days.floor();
    let date = civil((whole - DAYS_TO_1970) as i64)?;
    let second = ((days - whole) * 86_400.0 * 1000.0).round() / 1000.0;
    let second = second.min(86_399.999);
    let minutes = (second / 60.0).floor();
    StartTime::new(
        Some(date),
        (minutes / 60.0) as u8,
        (minutes % 60.0) as u8,
        ((second - minutes * 60.0) * 1000.0).round() / 1000.0,
        None,
    )
}

/// Date of a day since 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms", 2014).
pub(super) fn civil(days: i64) -> Option<(i32, u8, u8)> {
    let days = days
        .checked_add(719_468)
        .filter(|days| (0..4_000_000).contains(days))?;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some((i32::try_from(year).ok()?, month as u8, day as u8))
}

/// `YYYYMMDDhhmmsscc` of version 1.
fn old_start(fixed: &[u8]) -> Option<StartTime> {
    let digits = text(fixed.get(168..184)?);
    let number = |from: usize, to: usize| digits.get(from..to)?.trim().parse::<u16>().ok();
    StartTime::new(
        Some((
            i32::from(number(0, 4)?),
            number(4, 6)? as u8,
            number(6, 8)? as u8,
        )),
        number(8, 10)? as u8,
        number(10, 12)? as u8,
        f64::from(number(12, 14)?) + f64::from(number(14, 16).unwrap_or(0)) / 100.0,
        None,
    )
}

fn patient(fixed: &[u8], old: bool) -> Patient {
    let id = text(fixed.get(8..74).unwrap_or_default());
    let mut words = id.split_whitespace().map(|word| word.replace('_', " "));
    let known = |word: Option<String>| word.filter(|word| word != "X");
    let mut patient = Patient {
        id: known(words.next()),
        name: known(words.next_back()),
        ..Patient::default()
    };
    if !old {
        patient.sex = match fixed.get(87).map(|bits| bits & 3) {
            Some(1) => Some("M".to_owned()),
            Some(2) => Some("F".to_owned()),
            _ => None,
        };
        let born = day_fraction(u64_at(fixed, 176)).and_then(|born| born.date);
        patient.birth_date = born.map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"));
    }
    patient
}

/// Signal `at` of `count`: the fields stand for all signals in turn.
fn signal(bytes: &[u8], count: usize, at: usize, old: bool) -> Result<Signal, ReadError> {
    // Offset of a field in a signal's 256 bytes, and its width.
    let field = |offset: usize, width: usize| {
        let from = offset * count + at * width;
        bytes.get(from..from + width).unwrap_or_default()
    };
    let limit = |offset: usize, whole: bool| {
        let bytes = field(offset, 8);
        if whole {
            u64_at(bytes, 0).map_or(0.0, |value| value as i64 as f64)
        } else {
            f64_at(bytes, 0).unwrap_or(0.0)
        }
    };
    let code = u32_at(field(220, 4), 0).unwrap_or(0);
    let storage = Storage::of(code).ok_or_else(|| ReadError::Unsupported {
        format: ID.to_owned(),
        feature: format!("samples of type {code}"),
    })?;
    let written = text(field(96, if old { 8 } else { 6 }));
    let unit = if old {
        written
    } else {
        unit_of(u16_at(field(102, 2), 0).unwrap_or(0)).map_or(written, str::to_owned)
    };
    let filter = |offset| u32_at(field(offset, 4), 0).map_or(0.0, f32::from_bits);
    Ok(Signal {
        label: text(field(0, 16)),
        unit,
        physical: [limit(104, false), limit(112, false)],
        digital: [limit(120, old), limit(128, old)],
        filters: if old {
            [0.0; 3]
        } else {
            [filter(204), filter(208), filter(212)]
        },
        samples: u32_at(field(216, 4), 0).unwrap_or(0) as usize,
        storage,
    })
}

/// Units by their code: a base in steps of 32 with a prefix (ISO/IEEE 11073-10101).
fn unit_of(code: u16) -> Option<&'static str> {
    Some(match code {
        4256 => "V",
        4274 => "mV",
        4275 => "uV",
        4276 => "nV",
        3872 => "mmHg",
        544 => "%",
        2496 => "Hz",
        _ => return None,
    })
}

impl Format for Gdf {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, _: &Head<'_>) -> Score {
        Score::NONE
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let header = Header::read(entry, context)?;
        let record_bytes = header
            .signals
            .iter()
            .map(Signal::bytes)
            .fold(0, usize::saturating_add);
        let no_samples = || ReadError::NoSignal {
            format: ID.to_owned(),
            holds: "holds-no-samples".to_owned(),
        };
        if record_bytes == 0 {
            return Err(no_samples());
        }
        let there = entry.source.len().saturating_sub(header.length) / record_bytes as u64;
        let records = match u64::try_from(header.records) {
            Ok(records) if records <= there => records,
            Ok(records) => {
                context.note(
                    Note::new("short-file")
                        .with("file", entry.file_name())
                        .with("expected", records)
                        .with("found", there),
                );
                there
            }
            Err(_) => {
                context.note(Note::new("unfinished-file").with("found", there));
                there
            }
        };
        let per_record: u64 = header
            .signals
            .iter()
            .map(|signal| signal.samples as u64)
            .sum();
        context.check_samples(records.saturating_mul(per_record))?;
        context.check_bytes(record_bytes as u64)?;
        let data = records_of(&header, entry, records, record_bytes)?;
        if records == 0 {
            return Err(no_samples());
        }
        let mut unknowns = Vec::new();
        let mut evidence = Vec::new();
        if header.record_s <= 0.0 && context.answers.rate_hz.is_none() {
            unknowns.push(Unknown::Rate);
            evidence.push(Phrase::new("evidence-record-duration").with("seconds", header.record_s));
        }
        let asked = header.signals.iter().position(Signal::asks_unit);
        if let Some(signal) = asked.and_then(|at| header.signals.get(at))
            && context.answers.per_millivolt().is_none()
        {
            unknowns.push(Unknown::Unit);
            evidence.push(
                Phrase::new("evidence-unit-unknown")
                    .with("lead", signal.label.as_str())
                    .with("unit", signal.unit.as_str()),
            );
        }
        if !unknowns.is_empty() {
            let place = asked.unwrap_or(0);
            let preview = header
                .signals
                .get(place)
                .zip(data.get(place))
                .map(|(signal, data)| {
                    let scale = signal.scale().unwrap_or(Scale::IDENTITY);
                    Samples {
                        data: data.clone(),
                        scale,
                    }
                    .values(0..input::PREVIEW)
                });
            let preview: Vec<f32> = preview.unwrap_or_default();
            let mut proposal = Answers::default();
            if unknowns.contains(&Unknown::Unit) {
                let (unit, _, phrase) = super::evidence::unit(&preview, false);
                proposal.unit = unit.map(str::to_owned);
                evidence.extend(phrase);
            }
            return Ok(Reading::Question(Box::new(Question {
                format: ID.to_owned(),
                unknowns,
                evidence,
                proposal,
                preview,
            })));
        }
        let annotations = events(&header, entry, records, record_bytes, context)?;
        let mut leads = Vec::new();
        for (signal, data) in header.signals.iter().zip(data) {
            if signal.samples == 0 {
                context.note(Note::new("empty-signal").with("signal", signal.label.as_str()));
                continue;
            }
            let rate_hz = if header.record_s > 0.0 {
                signal.samples as f64 / header.record_s
            } else {
                context.answers.rate_hz.unwrap_or(1.0)
            };
            leads.push(lead(signal, data, rate_hz, context));
        }
        let recording = Recording {
            leads,
            start: header.start,
            source: Source {
                format: ID.to_owned(),
                recognised_by: "recognised-signature".to_owned(),
                name: entry.file_name().to_owned(),
                filters: filters(&header.signals),
                patient: header.patient,
                remarks: Some(header.recording)
                    .filter(|text| !text.is_empty())
                    .into_iter()
                    .collect(),
                ..Source::default()
            },
            annotations,
            notes: std::mem::take(&mut context.notes),
        };
        Ok(Reading::Recording(Box::new(recording)))
    }
}

/// The records, some at a time.
fn records_of(
    header: &Header,
    entry: &Entry,
    records: u64,
    record_bytes: usize,
) -> Result<Vec<SampleData>, ReadError> {
    let mut data: Vec<SampleData> = header
        .signals
        .iter()
        .map(|signal| signal.storage.empty())
        .collect();
    let at_once = (CHUNK_BYTES / record_bytes).max(1) as u64;
    let mut done = 0;
    while done < records {
        let wanted = at_once.min(records - done) as usize;
        let offset = header.length + done * record_bytes as u64;
        let bytes = entry.source.read(offset, wanted * record_bytes)?;
        for record in bytes.chunks_exact(record_bytes) {
            let mut rest = record;
            for (signal, data) in header.signals.iter().zip(&mut data) {
                let (own, next) = rest.split_at(signal.bytes().min(rest.len()));
                signal.storage.decode(own, data);
                rest = next;
            }
        }
        if bytes.len() < wanted * record_bytes {
            break;
        }
        done += wanted as u64;
    }
    Ok(data)
}

/// A lead of a signal; samples outside the converter's range are missing (GDF, "overflow detection").
fn lead(signal: &Signal, mut data: SampleData, rate_hz: f64, context: &mut Context) -> Lead {
    let gaps = match &mut data {
        SampleData::I16(data) => out_of_range(data, signal.digital, |&c| f64::from(c)),
        SampleData::I32(data) => out_of_range(data, signal.digital, |&c| f64::from(c)),
        SampleData::F32(data) => out_of_range(data, signal.digital, |&c| f64::from(c)),
    };
    let (unit, scale) = match (signal.scale(), units_per_millivolt(&signal.unit)) {
        (None, _) => {
            context.note(Note::new("uncalibrated-counts").with("signal", signal.label.as_str()));
            (Unit::Counts, Scale::IDENTITY)
        }
        (Some(scale), factor) => match factor.or(context
            .answers
            .per_millivolt()
            .filter(|_| signal.asks_unit()))
        {
            Some(factor) => (
                Unit::Millivolt,
                Scale {
                    gain: scale.gain * factor,
                    ..scale
                },
            ),
            None => (Unit::Other(signal.unit.clone()), scale),
        },
    };
    let samples = match data {
        SampleData::I32(data) => Samples::from_i32(data, scale),
        data => Samples { data, scale },
    };
    Lead {
        standard: LeadName::recognise(&signal.label),
        kind: signal_kind(&signal.label, &unit),
        name: signal.label.clone(),
        unit,
        rate_hz,
        samples,
        gaps,
        derived: false,
    }
}

fn out_of_range<T: Copy + Default>(
    data: &mut [T],
    range: [f64; 2],
    value: impl Fn(&T) -> f64,
) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut last = T::default();
    let [low, high] = range;
    for (at, sample) in data.iter_mut().enumerate() {
        let number = value(sample);
        // Some writers leave the range empty; not a number is missing in any case.
        if number.is_nan() || (low < high && !(low..=high).contains(&number)) {
            push_gap(&mut gaps, at..at + 1, GapReason::Missing);
            *sample = last;
        } else {
            last = *sample;
        }
    }
    gaps
}

fn filters(signals: &[Signal]) -> Option<String> {
    let signal = signals
        .iter()
        .find(|signal| names_ecg(&signal.label))
        .or(signals.first())?;
    let [low, high, notch] = signal.filters;
    let mut parts = Vec::new();
    for (name, value) in [("high-pass", high), ("low-pass", low), ("notch", notch)] {
        if value.is_finite() && value > 0.0 {
            parts.push(format!("{name} {value} Hz"));
        }
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Texts of the event codes that an ECG may have (BioSig's table of event codes).
fn event_text(code: u16) -> (&'static str, &'static str) {
    match code {
        0x0501 => ("N", "QRS"),
        0x0502 => ("(", "P"),
        0x8502 => (")", "P"),
        0x0503 => ("(", "QRS"),
        0x8503 | 0x8505 => (")", "QRS"),
        0x0504 => ("\"", "R"),
        0x0506 => ("(", "T"),
        0x8506 => (")", "T"),
        0x0507 => ("u", "U"),
        0x0102 => ("\"", "ECG artefact"),
        0x7ffe => ("\"", "new segment"),
        _ => ("\"", ""),
    }
}

/// The event table behind the records.
fn events(
    header: &Header,
    entry: &Entry,
    records: u64,
    record_bytes: usize,
    context: &mut Context,
) -> Result<Vec<Annotation>, ReadError> {
    let at = header
        .length
        .saturating_add(records.saturating_mul(record_bytes as u64));
    let head = entry.source.read(at, 8)?;
    let (Some(&mode), Some(last)) = (head.first(), u32_at(&head, 4)) else {
        return Ok(Vec::new());
    };
    if head.len() < 8 || mode == 0 || mode > 7 {
        return Ok(Vec::new());
    }
    let three = u64::from(u32_at(&head, 0).unwrap_or(0) >> 8);
    let (count, rate_hz) = if header.version >= 1.94 {
        (three, f64::from(f32::from_bits(last)))
    } else {
        (u64::from(last), three as f64)
    };
    // Positions and types stand in arrays of their own; with durations, two more.
    let each: u64 = 6 + if mode & 2 != 0 { 6 } else { 0 } + if mode & 4 != 0 { 8 } else { 0 };
    let left = entry.source.len().saturating_sub(at + 8);
    let whole = count.min(left / each).min(MOST_EVENTS);
    if whole < count {
        context.note(Note::new("annotations-cut").with("file", entry.file_name()));
        return Ok(Vec::new());
    }
    let count = whole as usize;
    let bytes = entry.source.read(at + 8, count * each as usize)?;
    let end_s = records as f64 * header.record_s;
    let fastest = header
        .signals
        .iter()
        .map(|signal| signal.samples)
        .max()
        .unwrap_or(0);
    let rate_hz = if rate_hz.is_finite() && rate_hz > 0.0 {
        rate_hz
    } else {
        fastest as f64 / header.record_s.max(1e-9)
    };
    let mut annotations = Vec::new();
    let mut beyond = 0_usize;
    for event in 0..count {
        let (Some(position), Some(code)) = (
            u32_at(&bytes, 4 * event),
            u16_at(&bytes, 4 * count + 2 * event),
        ) else {
            break;
        };
        // Counted from 1.
        let sample = u64::from(position.saturating_sub(1));
        let time_s = sample as f64 / rate_hz;
        if time_s > end_s {
            beyond += 1;
            continue;
        }
        let channel = if mode & 2 != 0 {
            u16_at(&bytes, 6 * count + 2 * event)
        } else {
            None
        };
        let length = if mode & 2 != 0 {
            u32_at(&bytes, 8 * count + 4 * event)
        } else {
            None
        };
        let (symbol, name) = event_text(code);
        let mut text = if name.is_empty() {
            format!("0x{code:04x}")
        } else {
            name.to_owned()
        };
        if let Some(length) = length.filter(|&length| length > 0) {
            text = format!("{text} ({} s)", f64::from(length) / rate_hz);
        }
        annotations.push(Annotation {
            time_s,
            sample,
            code: symbol.to_owned(),
            subtype: 0,
            channel: channel.map_or(0, |channel| channel.saturating_sub(1).min(255) as u8),
            number: 0,
            text,
        });
    }
    if beyond > 0 {
        context.note(Note::new("annotations-beyond-end").with("count", beyond));
    }
    annotations.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    Ok(annotations)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{entry, extremes, near, read_first, recording, samples};
    use super::*;

    /// A file of version 2.10 or 1.25 of one signal, made by hand.
    fn file(
        version: &str,
        code: u32,
        digital: [f64; 2],
        data: &[u8],
        samples: u32,
        events: &[u8],
    ) -> Vec<u8> {
        let old = version.starts_with('1');
        let mut fixed = vec![0_u8; 256];
        let mut set = |at: usize, bytes: &[u8]| fixed[at..at + bytes.len()].copy_from_slice(bytes);
        set(0, format!("GDF {version}").as_bytes());
        set(8, b"P01 X X Jan_Roe");
        if old {
            set(168, b"2024050108153050");
            set(184, &512_u64.to_le_bytes());
            set(252, &1_u32.to_le_bytes());
        } else {
            set(87, &[2]);
            // 2024-05-01 12:00: day 739373 and a half.
            set(168, &((739_373_u64 << 32) + (1 << 31)).to_le_bytes());
            set(184, &2_u16.to_le_bytes());
            set(252, &1_u16.to_le_bytes());
        }
        set(236, &1_i64.to_le_bytes());
        set(244, &1_u32.to_le_bytes());
        set(248, &2_u32.to_le_bytes());
        let mut signal = vec![0_u8; 256];
        let mut set = |at: usize, bytes: &[u8]| signal[at..at + bytes.len()].copy_from_slice(bytes);
        set(0, b"ECG II");
        if old {
            set(96, b"uV");
            set(120, &(digital[0] as i64).to_le_bytes());
            set(128, &(digital[1] as i64).to_le_bytes());
        } else {
            set(102, &4275_u16.to_le_bytes());
            set(120, &digital[0].to_le_bytes());
            set(128, &digital[1].to_le_bytes());
            set(208, &0.5_f32.to_le_bytes());
        }
        set(104, &(-500.0_f64).to_le_bytes());
        set(112, &500.0_f64.to_le_bytes());
        set(216, &samples.to_le_bytes());
        set(220, &code.to_le_bytes());
        [fixed, signal, data.to_vec(), events.to_vec()].concat()
    }

    fn read(bytes: Vec<u8>) -> Recording {
        recording(
            read_first(&Bundle::from_bytes("x", bytes), Answers::default()),
            "gdf",
        )
    }

    #[test]
    fn both_versions_give_the_same_millivolts() {
        let data: Vec<u8> = [100_i16, -200, 2000, 0]
            .iter()
            .flat_map(|c| c.to_le_bytes())
            .collect();
        for version in ["2.10", "1.25"] {
            let recording = read(file(version, 3, [-1000.0, 1000.0], &data, 4, &[]));
            let lead = &recording.leads[0];
            assert_eq!((lead.rate_hz, lead.standard), (8.0, Some(LeadName::II)));
            let values = lead.samples.all_values();
            assert_eq!(&values[..2], [0.05, -0.1]);
            // Above the converter's range: missing.
            assert_eq!(lead.gaps[0].range, 2..3);
            assert_eq!(recording.source.patient.name.as_deref(), Some("Jan Roe"));
            let start = recording.start.unwrap().iso();
            let told = if version == "2.10" {
                "2024-05-01T12:00:00"
            } else {
                "2024-05-01T08:15:30.500"
            };
            assert_eq!(start, told);
        }
    }

    #[test]
    fn every_type_of_sample_is_read() {
        for (code, bytes) in [
            (1_u32, vec![246_u8]),
            (2, vec![246]),
            (3, (-10_i16).to_le_bytes().to_vec()),
            (4, 10_u16.to_le_bytes().to_vec()),
            (5, (-10_i32).to_le_bytes().to_vec()),
            (6, 10_u32.to_le_bytes().to_vec()),
            (7, (-10_i64).to_le_bytes().to_vec()),
            (8, 10_u64.to_le_bytes().to_vec()),
            (16, (-10_f32).to_le_bytes().to_vec()),
            (17, (-10_f64).to_le_bytes().to_vec()),
            (279, (-10_i32).to_le_bytes()[..3].to_vec()),
            (535, 10_i32.to_le_bytes()[..3].to_vec()),
        ] {
            let recording = read(file("2.20", code, [-1000.0, 1000.0], &bytes, 1, &[]));
            let told = match code {
                2 => 0.123,
                4 | 6 | 8 | 535 => 0.005,
                _ => -0.005,
            };
            assert_eq!(recording.leads[0].samples.all_values(), [told], "{code}");
        }
    }

    #[test]
    fn events_keep_time_channel_and_unknown_codes() {
        let mut events = vec![3_u8, 2, 0, 0];
        events.extend(8_f32.to_le_bytes());
        events.extend([2_u32, 4].iter().flat_map(|p| p.to_le_bytes()));
        events.extend([0x0501_u16, 0x0abc].iter().flat_map(|c| c.to_le_bytes()));
        events.extend([1_u16, 0].iter().flat_map(|c| c.to_le_bytes()));
        events.extend([0_u32, 4].iter().flat_map(|d| d.to_le_bytes()));
        let recording = read(file("2.10", 3, [-1000.0, 1000.0], &[0; 8], 4, &events));
        let told: Vec<_> = recording
            .annotations
            .iter()
            .map(|a| (a.sample, a.code.as_str(), a.text.as_str()))
            .collect();
        assert_eq!(told, [(1, "N", "QRS"), (3, "\"", "0x0abc (0.5 s)")]);
    }

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(root) = samples() else { return };
        let bundle = Bundle {
            entries: vec![entry(&root.join("gdf/test_1ch.gdf"))],
        };
        let read = recording(read_first(&bundle, Answers::default()), "gdf");
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (150.0, 4500));
        let (low, high) = extremes(lead);
        assert!(near(low, -0.0677) && near(high, 0.4473), "{low} {high}");
        assert!(read.annotations.is_empty());
    }
}
