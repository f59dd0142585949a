//! Reading EDF, EDF+ and BDF: one layout, samples of 16 or of 24 bit.

use super::super::evidence;
use super::super::gaps::push_gap;
use super::super::input;
use super::super::text::number;
use super::super::voltage::{names_ecg, signal_kind, units_per_millivolt};
use super::super::wfdb::month_number;
use super::super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support, Unknown,
};
use super::{BLOCK, END_TEXT, GAP_TEXT, ID, WIDTHS};
use crate::recording::{
    Annotation, Gap, GapReason, Lead, LeadName, Note, Patient, Phrase, Recording, SampleData,
    Samples, Scale, SignalKind, Source, StartTime, Unit,
};

/// Bytes of records read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// Most annotations kept.
const MOST_ANNOTATIONS: usize = 1_000_000;

/// The two formats of this layout.
#[derive(Debug)]
pub struct Kind {
    id: &'static str,
    /// Bytes of a sample.
    width: usize,
    /// Label of a signal that holds annotations.
    annotations: &'static str,
}

static EDF: Kind = Kind {
    id: ID,
    width: 2,
    annotations: super::ANNOTATIONS,
};
static BDF: Kind = Kind {
    id: "bdf",
    width: 3,
    annotations: "BDF Annotations",
};

/// The EDF reader.
pub struct Edf;

/// The reader of BDF, the 24-bit sister of EDF (BioSemi).
pub struct Bdf;

static BDF_INFO: FormatInfo = FormatInfo {
    id: "bdf",
    name: "BDF / BDF+ (24 bit)",
    extensions: &["bdf"],
    signatures: &[super::super::Signature {
        offset: 0,
        bytes: b"\xffBIOSEMI",
    }],
    recognised_by: "its version field, a byte 255 and BIOSEMI",
    support: Support::Complete,
    tested_on: "1 public file of five signals of different rates, compared with an independent reader",
    certainty: Certainty::Equal,
};

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "EDF / EDF+",
    extensions: &["edf"],
    signatures: &[],
    recognised_by: "the header's own length (256 bytes and 256 a signal), which fits its number of signals",
    support: Support::Complete,
    tested_on: "3 public files (two rates, EDF+D with a gap, an event list), compared with an independent reader; what we write, read again",
    certainty: Certainty::Equal,
};

/// A signal as the header describes it.
#[derive(Clone, Debug)]
struct Signal {
    label: String,
    annotations: bool,
    unit: String,
    physical: (Option<f64>, Option<f64>),
    digital: (Option<f64>, Option<f64>),
    prefilter: String,
    samples: usize,
    /// Bytes before this signal in a record.
    offset: usize,
}

impl Signal {
    fn is_annotations(&self) -> bool {
        self.annotations
    }

    /// Counts per unit and the count of 0; `None` when the header's ranges give none.
    fn scale(&self) -> Option<Scale> {
        let (low, high) = (self.physical.0?, self.physical.1?);
        let (digital_low, digital_high) = (self.digital.0?, self.digital.1?);
        if low == high || digital_low >= digital_high {
            return None;
        }
        let gain = (digital_high - digital_low) / (high - low);
        let scale = Scale {
            gain,
            baseline: digital_low - low * gain,
        };
        (scale.gain.is_finite() && scale.baseline.is_finite()).then_some(scale)
    }
}

/// The header.
#[derive(Debug)]
struct Header {
    kind: &'static Kind,
    patient: String,
    recording: String,
    date: String,
    time: String,
    reserved: String,
    records: Option<u64>,
    record_s: f64,
    signals: Vec<Signal>,
    /// Bytes before the first record.
    length: usize,
    /// Bytes of a record.
    record_bytes: usize,
}

impl Format for Edf {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let field = |at: usize, length: usize| {
            let bytes = head.bytes.get(at..at + length)?;
            std::str::from_utf8(bytes).ok()?.trim().parse::<u64>().ok()
        };
        // The version is a hint only; the BDF version (0xFF) is another format.
        let version_fits = head.bytes.first() == Some(&b'0');
        match (field(184, 8), field(252, 4)) {
            (Some(length), Some(signals))
                if version_fits && length == BLOCK as u64 * (signals.saturating_add(1)) =>
            {
                Score::CERTAIN
            }
            _ if head.bytes.starts_with(b"0       ") && head.has_extension("edf") => Score::LIKELY,
            _ => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        read(&EDF, entry, context)
    }
}

impl Format for Bdf {
    fn info(&self) -> &'static FormatInfo {
        &BDF_INFO
    }

    fn score(&self, _: &Head<'_>) -> Score {
        Score::NONE
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        read(&BDF, entry, context)
    }
}

fn read(kind: &'static Kind, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
    let header = Header::read(kind, entry, context)?;
    let start = start_time(&header, context);
    let records = header.records_in(entry, context)?;
    let mut decoded = Decoded::new(&header);
    decoded.read(&header, entry, records, context)?;
    let annotations = decoded.annotations(&header, context);
    if header.signals.iter().all(Signal::is_annotations) {
        return Err(ReadError::NoSignal {
            format: kind.id.to_owned(),
            holds: "holds-events-only".to_owned(),
        });
    }
    if header.record_s <= 0.0 && context.answers.rate_hz.is_none() {
        return Ok(decoded.question(&header, vec![Unknown::Rate]));
    }
    let unknown_unit = header
        .signals
        .iter()
        .any(|signal| asks_unit(signal) && context.answers.unit.is_none());
    if unknown_unit && context.answers.gain.is_none() {
        return Ok(decoded.question(&header, vec![Unknown::Unit]));
    }
    let first_s = decoded.starts_s.first().copied().flatten().unwrap_or(0.0);
    let mut leads = decoded.leads(&header, context)?;
    if leads.iter().all(|lead| lead.samples.is_empty()) {
        return Err(ReadError::NoSignal {
            format: kind.id.to_owned(),
            holds: "holds-no-samples".to_owned(),
        });
    }
    let annotations = apply_marks(annotations, &mut leads);
    let recording = Recording {
        leads,
        start: start.map(|start| later(start, first_s)),
        source: source(&header, entry),
        annotations,
        notes: std::mem::take(&mut context.notes),
    };
    Ok(Reading::Recording(Box::new(recording)))
}

/// Whether a signal calls itself an ECG and gives a scale, but a unit that is none.
fn asks_unit(signal: &Signal) -> bool {
    names_ecg(&signal.label)
        && signal.scale().is_some()
        && units_per_millivolt(&signal.unit).is_none()
        && !is_counts(&signal.unit)
}

fn is_counts(unit: &str) -> bool {
    ["counts", "adu", "lsb", "bits"].contains(&unit.to_ascii_lowercase().as_str())
}

/// Text of a field: UTF-8 where it is that, else Latin-1; zeros and spaces at the ends cut.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let bytes = &bytes[..end];
    let text = std::str::from_utf8(bytes).map_or_else(
        |_| encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
        str::to_owned,
    );
    text.trim().to_owned()
}

impl Header {
    fn read(kind: &'static Kind, entry: &Entry, context: &Context) -> Result<Self, ReadError> {
        let fixed = entry.source.read(0, BLOCK)?;
        let cut = |found: usize| {
            ReadError::damaged_at(
                kind.id,
                found as u64,
                "a header of 256 bytes and 256 a signal",
                "the end of the file",
            )
        };
        if fixed.len() < BLOCK {
            return Err(cut(fixed.len()));
        }
        let field = |at: usize, length: usize| text(&fixed[at..at + length]);
        let count = field(252, 4);
        let signals = count.parse::<usize>().map_err(|_| {
            ReadError::damaged_at(kind.id, 252, "the number of signals", count.clone())
        })?;
        if signals > context.limits.signals {
            return Err(ReadError::TooLarge {
                what: "signals",
                found: signals as u64,
                limit: context.limits.signals as u64,
            });
        }
        let length = BLOCK * (signals + 1);
        let bytes = entry.source.read(BLOCK as u64, BLOCK * signals)?;
        if bytes.len() < BLOCK * signals {
            return Err(cut(BLOCK + bytes.len()));
        }
        let signals = signal_headers(kind, &bytes, signals)?;
        let record_bytes = signals.iter().fold(0_usize, |sum, signal| {
            sum.saturating_add(signal.samples.saturating_mul(kind.width))
        });
        let duration = field(244, 8);
        let record_s = number(&duration, true).ok_or_else(|| {
            ReadError::damaged_at(
                kind.id,
                244,
                "the duration of a record in seconds",
                duration,
            )
        })?;
        Ok(Self {
            kind,
            patient: field(8, 80),
            recording: field(88, 80),
            date: field(168, 8),
            time: field(176, 8),
            reserved: field(192, 44),
            records: field(236, 8).parse::<u64>().ok(),
            record_s,
            signals,
            length,
            record_bytes,
        })
    }

    /// The number of whole records, by the header and by the file's size; differences are noted.
    fn records_in(&self, entry: &Entry, context: &mut Context) -> Result<u64, ReadError> {
        let bytes = entry.source.len().saturating_sub(self.length as u64);
        let whole = bytes.checked_div(self.record_bytes as u64).unwrap_or(0);
        let tail = bytes - whole * self.record_bytes as u64;
        let records = match self.records {
            Some(records) if records > whole => {
                context.note(
                    Note::new("short-file")
                        .with("file", entry.file_name())
                        .with("expected", records)
                        .with("found", whole),
                );
                whole
            }
            Some(records) => {
                let extra = (whole - records) * self.record_bytes as u64 + tail;
                if extra > 0 {
                    context.note(Note::new("bytes-after-end").with("count", extra));
                }
                records
            }
            None => {
                context.note(Note::new("unfinished-file").with("found", whole));
                whole
            }
        };
        let samples = records.saturating_mul(self.record_bytes as u64 / self.kind.width as u64);
        context.check_samples(samples)?;
        Ok(records)
    }
}

/// The signals' part of the header: each field for all signals in turn.
fn signal_headers(kind: &Kind, bytes: &[u8], count: usize) -> Result<Vec<Signal>, ReadError> {
    let field = |index: usize, signal: usize| {
        let before: usize = WIDTHS[..index].iter().sum();
        let at = before * count + signal * WIDTHS[index];
        (at, text(&bytes[at..at + WIDTHS[index]]))
    };
    let mut signals = Vec::with_capacity(count);
    let mut offset = 0_usize;
    for at in 0..count {
        let value = |index| number(&field(index, at).1, true);
        let (place, samples) = field(8, at);
        let samples = samples.parse::<usize>().map_err(|_| {
            let place = (BLOCK + place) as u64;
            ReadError::damaged_at(kind.id, place, "the samples in a record", samples.clone())
        })?;
        let label = field(0, at).1;
        signals.push(Signal {
            annotations: label == kind.annotations,
            label,
            unit: field(2, at).1,
            physical: (value(3), value(4)),
            digital: (value(5), value(6)),
            prefilter: field(7, at).1,
            samples,
            offset,
        });
        offset = offset.saturating_add(samples.saturating_mul(kind.width));
    }
    Ok(signals)
}

/// The signals' counts, and the texts of the annotation signals.
struct Decoded {
    counts: Vec<SampleData>,
    /// Annotations as onset, duration and text, in seconds from the header's start time.
    events: Vec<(f64, Option<f64>, String)>,
    /// Start of each record where the file tells.
    starts_s: Vec<Option<f64>>,
    unreadable: usize,
}

impl Decoded {
    fn new(header: &Header) -> Self {
        Self {
            counts: header
                .signals
                .iter()
                .map(|_| match header.kind.width {
                    2 => SampleData::I16(Vec::new()),
                    _ => SampleData::I32(Vec::new()),
                })
                .collect(),
            events: Vec::new(),
            starts_s: Vec::new(),
            unreadable: 0,
        }
    }

    /// Reads the records, some at a time, in simple loops.
    fn read(
        &mut self,
        header: &Header,
        entry: &Entry,
        records: u64,
        context: &Context,
    ) -> Result<(), ReadError> {
        if header.record_bytes == 0 {
            return Ok(());
        }
        context.check_bytes(header.record_bytes as u64)?;
        for (signal, counts) in header.signals.iter().zip(&mut self.counts) {
            if !signal.is_annotations() {
                let samples = signal.samples.saturating_mul(records as usize);
                match counts {
                    SampleData::I16(data) => data.reserve_exact(samples),
                    SampleData::I32(data) => data.reserve_exact(samples),
                    SampleData::F32(_) => {}
                }
            }
        }
        let at_once = (CHUNK_BYTES / header.record_bytes).max(1) as u64;
        let mut record = 0;
        while record < records {
            let wanted = at_once.min(records - record) as usize;
            let offset = header.length as u64 + record * header.record_bytes as u64;
            let bytes = entry.source.read(offset, wanted * header.record_bytes)?;
            for record in bytes.chunks_exact(header.record_bytes) {
                self.record(header, record);
            }
            if bytes.len() < wanted * header.record_bytes {
                break;
            }
            record += wanted as u64;
        }
        Ok(())
    }

    fn record(&mut self, header: &Header, record: &[u8]) {
        let mut start_s = None;
        let mut first = true;
        for (signal, counts) in header.signals.iter().zip(&mut self.counts) {
            let bytes = &record[signal.offset..signal.offset + signal.samples * header.kind.width];
            if signal.is_annotations() {
                let told = parse_tals(bytes, first, &mut self.events, &mut self.unreadable);
                start_s = start_s.or(told);
                first = false;
            } else {
                match counts {
                    SampleData::I16(data) => {
                        let (pairs, _) = bytes.as_chunks::<2>();
                        data.extend(pairs.iter().map(|&pair| i16::from_le_bytes(pair)));
                    }
                    SampleData::I32(data) => {
                        let (triples, _) = bytes.as_chunks::<3>();
                        let wide = |&[a, b, c]: &[u8; 3]| i32::from_le_bytes([0, a, b, c]) >> 8;
                        data.extend(triples.iter().map(wide));
                    }
                    SampleData::F32(_) => {}
                }
            }
        }
        self.starts_s.push(start_s);
    }

    /// Asks for what the header leaves open.
    fn question(&self, header: &Header, unknowns: Vec<Unknown>) -> Reading {
        let asked = header
            .signals
            .iter()
            .position(asks_unit)
            .or_else(|| header.signals.iter().position(|s| !s.is_annotations()))
            .unwrap_or(0);
        let mut told = Vec::new();
        if unknowns.contains(&Unknown::Rate) {
            told.push(Phrase::new("evidence-record-duration").with("seconds", header.record_s));
        }
        let mut preview = Vec::new();
        let mut proposal = Answers::default();
        if let (Some(signal), Some(counts)) = (header.signals.get(asked), self.counts.get(asked)) {
            let scale = signal.scale().unwrap_or(Scale::IDENTITY);
            preview = Samples {
                data: counts.clone(),
                scale,
            }
            .values(0..input::PREVIEW);
            if unknowns.contains(&Unknown::Unit) {
                told.push(
                    Phrase::new("evidence-unit-unknown")
                        .with("lead", signal.label.as_str())
                        .with("unit", signal.unit.as_str()),
                );
                let (unit, _, phrase) = evidence::unit(&preview, false);
                proposal.unit = unit.map(str::to_owned);
                told.extend(phrase);
            }
        }
        Reading::Question(Box::new(Question {
            format: header.kind.id.to_owned(),
            unknowns,
            evidence: told,
            proposal,
            preview,
        }))
    }

    /// The leads, with gaps where records do not follow each other.
    fn leads(self, header: &Header, context: &mut Context) -> Result<Vec<Lead>, ReadError> {
        let breaks = self.breaks(header, context);
        let mut total = 0_u64;
        let mut leads = Vec::new();
        let records = self.starts_s.len() as u64;
        for (signal, counts) in header.signals.iter().zip(self.counts) {
            if signal.is_annotations() {
                continue;
            }
            let rate_hz = if header.record_s > 0.0 {
                signal.samples as f64 / header.record_s
            } else {
                context.answers.rate_hz.unwrap_or_default()
            };
            if !(rate_hz.is_finite() && rate_hz > 0.0) {
                context.note(Note::new("empty-signal").with("signal", signal.label.as_str()));
                continue;
            }
            let lost: u64 = breaks
                .iter()
                .map(|(_, seconds)| (seconds * rate_hz).round().max(0.0) as u64)
                .fold(0, u64::saturating_add);
            total = total
                .saturating_add(lost)
                .saturating_add(records.saturating_mul(signal.samples as u64));
            context.check_samples(total)?;
            let (counts, gaps) = match counts {
                SampleData::I16(counts) => {
                    let (counts, gaps) = with_breaks(counts, signal.samples, rate_hz, &breaks);
                    (SampleData::I16(counts), gaps)
                }
                SampleData::I32(counts) => {
                    let (counts, gaps) = with_breaks(counts, signal.samples, rate_hz, &breaks);
                    (SampleData::I32(counts), gaps)
                }
                counts @ SampleData::F32(_) => (counts, Vec::new()),
            };
            leads.push(lead(signal, rate_hz, counts, gaps, context));
        }
        Ok(leads)
    }

    /// Where time is lost between records: the record after it, and the seconds.
    fn breaks(&self, header: &Header, context: &mut Context) -> Vec<(usize, f64)> {
        let mut breaks = Vec::new();
        // Half a sample of the fastest signal is within rounding.
        let fastest = header.signals.iter().map(|s| s.samples).max().unwrap_or(1);
        let tolerance_s = 0.5 * header.record_s / fastest.max(1) as f64;
        let mut backwards = 0_usize;
        let Some(mut expected_s) = self.starts_s.first().copied().flatten() else {
            return breaks;
        };
        if header.record_s <= 0.0 {
            return breaks;
        }
        for (record, start_s) in self.starts_s.iter().enumerate() {
            if let Some(start_s) = *start_s {
                let lost_s = start_s - expected_s;
                if lost_s > tolerance_s {
                    breaks.push((record, lost_s));
                    expected_s = start_s;
                } else if lost_s < -tolerance_s {
                    backwards += 1;
                }
            }
            expected_s += header.record_s;
        }
        if backwards > 0 {
            context.note(Note::new("records-overlap").with("count", backwards));
        }
        breaks
    }

    /// The events as annotations, in seconds from the first sample.
    fn annotations(&mut self, header: &Header, context: &mut Context) -> Vec<Annotation> {
        if self.unreadable > 0 {
            context.note(Note::new("unreadable-annotations").with("count", self.unreadable));
        }
        let first_s = self.starts_s.first().copied().flatten().unwrap_or(0.0);
        let fastest = header
            .signals
            .iter()
            .filter(|signal| !signal.is_annotations())
            .map(|signal| signal.samples)
            .max()
            .unwrap_or(0);
        let rate_hz = if header.record_s > 0.0 {
            fastest as f64 / header.record_s
        } else {
            0.0
        };
        let end_s = self.starts_s.last().copied().flatten().map_or_else(
            || self.starts_s.len() as f64 * header.record_s,
            |last_s| last_s - first_s + header.record_s,
        );
        let mut annotations = Vec::new();
        let mut outside = 0_usize;
        for (onset_s, duration_s, text) in std::mem::take(&mut self.events) {
            let time_s = onset_s - first_s;
            if time_s < 0.0 || time_s > end_s {
                outside += 1;
                continue;
            }
            let text = match duration_s {
                Some(duration_s) if duration_s > 0.0 => format!("{text} ({duration_s} s)"),
                _ => text,
            };
            annotations.push(Annotation {
                time_s,
                sample: (time_s * rate_hz).round() as u64,
                code: "\"".to_owned(),
                subtype: 0,
                channel: 0,
                number: 0,
                text,
            });
        }
        if outside > 0 {
            context.note(Note::new("annotations-beyond-end").with("count", outside));
        }
        annotations.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
        annotations
    }
}

/// Inserts the lost time between records as gaps that hold the last sample.
fn with_breaks<T: Copy + Default>(
    counts: Vec<T>,
    samples: usize,
    rate_hz: f64,
    breaks: &[(usize, f64)],
) -> (Vec<T>, Vec<Gap>) {
    if breaks.is_empty() {
        return (counts, Vec::new());
    }
    let mut data: Vec<T> = Vec::with_capacity(counts.len());
    let mut gaps = Vec::new();
    let mut from = 0;
    for &(record, seconds) in breaks {
        let to = (record * samples).clamp(from, counts.len());
        data.extend(&counts[from..to]);
        let lost = (seconds * rate_hz).round().max(0.0) as usize;
        let start = data.len();
        data.resize(start + lost, data.last().copied().unwrap_or_default());
        push_gap(&mut gaps, start..start + lost, GapReason::Paused);
        from = to;
    }
    data.extend(&counts[from..]);
    (data, gaps)
}

/// A lead of a signal: millivolts where the unit is a voltage, counts where there is no scale.
fn lead(
    signal: &Signal,
    rate_hz: f64,
    counts: SampleData,
    gaps: Vec<Gap>,
    context: &mut Context,
) -> Lead {
    let (unit, scale) = match (signal.scale(), units_per_millivolt(&signal.unit)) {
        (None, _) => {
            context.note(Note::new("uncalibrated-counts").with("signal", signal.label.as_str()));
            (Unit::Counts, Scale::IDENTITY)
        }
        (Some(scale), Some(factor)) => (Unit::Millivolt, by(scale, factor)),
        (Some(scale), None) if asks_unit(signal) => match context.answers.per_millivolt() {
            Some(factor) => (Unit::Millivolt, by(scale, factor)),
            None => (Unit::Counts, scale),
        },
        (Some(scale), None) if is_counts(&signal.unit) => (Unit::Counts, scale),
        (Some(scale), None) => (Unit::Other(signal.unit.clone()), scale),
    };
    let kind = match &unit {
        Unit::Counts if !names_ecg(&signal.label) => SignalKind::Other(signal.label.clone()),
        unit => signal_kind(&signal.label, unit),
    };
    Lead {
        name: signal.label.clone(),
        standard: LeadName::recognise(&signal.label),
        kind,
        unit,
        rate_hz,
        samples: match counts {
            SampleData::I32(counts) => Samples::from_i32(counts, scale),
            data => Samples { data, scale },
        },
        gaps,
        derived: false,
    }
}

/// The scale in millivolts of a scale in a unit of which `factor` make one millivolt.
fn by(scale: Scale, factor: f64) -> Scale {
    Scale {
        gain: scale.gain * factor,
        baseline: scale.baseline,
    }
}

/// Takes the marks of missing samples and of the recording's end out of the annotations and applies them.
///
/// `Recording ends` is a standard text of EDF+; a gap is marked as `Recording gap`, for one lead with `@@` and its label.
fn apply_marks(mut annotations: Vec<Annotation>, leads: &mut [Lead]) -> Vec<Annotation> {
    annotations.retain(|mark| {
        if let Some(seconds) = mark.text.strip_prefix(GAP_TEXT) {
            let (label, seconds) = seconds
                .split_once(" (")
                .map_or((seconds, ""), |(label, rest)| (label, rest));
            let length_s = seconds.strip_suffix(" s)").and_then(|s| number(s, false));
            let label = label.strip_prefix("@@");
            let Some(length_s) = length_s else {
                return true;
            };
            for lead in leads.iter_mut() {
                if label.is_none_or(|label| label == lead.name) {
                    mark_gap(lead, mark.time_s, length_s);
                }
            }
            return false;
        }
        if mark.text == END_TEXT {
            for lead in leads.iter_mut() {
                let length = (mark.time_s * lead.rate_hz).round() as usize;
                truncate(lead, length);
            }
            return false;
        }
        true
    });
    annotations
}

/// Adds a gap to a lead, in the order of its other gaps.
fn mark_gap(lead: &mut Lead, from_s: f64, length_s: f64) {
    let index = |time_s: f64| ((time_s * lead.rate_hz).round() as usize).min(lead.samples.len());
    let range = index(from_s)..index(from_s + length_s);
    let mut ranges = std::mem::take(&mut lead.gaps);
    ranges.push(Gap {
        range,
        reason: GapReason::Missing,
    });
    ranges.sort_by_key(|gap| gap.range.start);
    for gap in ranges {
        push_gap(&mut lead.gaps, gap.range, gap.reason);
    }
}

/// Cuts a lead to `length` samples.
fn truncate(lead: &mut Lead, length: usize) {
    match &mut lead.samples.data {
        SampleData::I16(data) => data.truncate(length),
        SampleData::I32(data) => data.truncate(length),
        SampleData::F32(data) => data.truncate(length),
    }
    let length = lead.samples.len();
    lead.gaps.retain(|gap| gap.range.start < length);
    if let Some(last) = lead.gaps.last_mut() {
        last.range.end = last.range.end.min(length);
    }
}

/// Walks the time-stamped annotation lists of one record.
///
/// Returns the record's own start, which the first annotation signal's first list gives.
fn parse_tals(
    bytes: &[u8],
    first: bool,
    events: &mut Vec<(f64, Option<f64>, String)>,
    unreadable: &mut usize,
) -> Option<f64> {
    let mut start_s = None;
    for (place, list) in bytes
        .split(|&b| b == 0)
        .filter(|l| !l.is_empty())
        .enumerate()
    {
        let mut parts = list.split(|&b| b == 0x14);
        let stamp = parts.next().unwrap_or_default();
        let mut stamp = stamp.split(|&b| b == 0x15);
        let seconds = |bytes: Option<&[u8]>| number(std::str::from_utf8(bytes?).ok()?, false);
        let Some(onset_s) = seconds(stamp.next()) else {
            *unreadable += 1;
            continue;
        };
        let duration_s = seconds(stamp.next());
        if first && place == 0 {
            start_s = Some(onset_s);
        }
        for part in parts.filter(|part| !part.is_empty()) {
            if events.len() == MOST_ANNOTATIONS {
                *unreadable += 1;
            } else {
                events.push((onset_s, duration_s, text(part)));
            }
        }
    }
    start_s
}

/// Date and time of the header. EDF+ writes the full year into the recording field.
fn start_time(header: &Header, context: &mut Context) -> Option<StartTime> {
    let parts = |text: &str| -> Option<[u8; 3]> {
        let mut parts = text
            .split(['.', ':', '-', '/'])
            .map(|part| part.trim().parse().ok());
        let fields = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(fields)
    };
    let full_date = header
        .recording
        .strip_prefix("Startdate ")
        .and_then(|rest| full_date(rest.split_whitespace().next()?));
    let anonymous = header.recording.starts_with("Startdate X") && header.date == "01.01.85";
    let date = full_date.or_else(|| {
        let [day, month, year] = parts(&header.date)?;
        // EDF+ clips the century at 1985.
        let year = i32::from(year) + if year >= 85 { 1900 } else { 2000 };
        StartTime::new(Some((year, month, day)), 0, 0, 0.0, None)?.date
    });
    let time = parts(&header.time).and_then(|[hour, minute, second]| {
        StartTime::new(None, hour, minute, f64::from(second), None)
    });
    if anonymous {
        return None;
    }
    if date.is_none() || time.is_none() {
        let written = format!("{} {}", header.date, header.time);
        context.note(Note::new("bad-date").with("text", written));
    }
    // A date alone would read as midnight.
    let time = time?;
    StartTime::new(date, time.hour, time.minute, time.second, None)
}

/// `02-MAR-2002`.
fn full_date(text: &str) -> Option<(i32, u8, u8)> {
    let mut parts = text.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let date = (year.parse().ok()?, month_number(month)?, day.parse().ok()?);
    StartTime::new(Some(date), 0, 0, 0.0, None)?.date
}

/// The start, later by the fraction of a second that EDF+ writes into the first record (0 up to 1 by the standard).
fn later(start: StartTime, seconds: f64) -> StartTime {
    if !(0.0..1.0).contains(&seconds) {
        return start;
    }
    StartTime {
        second: (start.second + seconds).min(59.999_999),
        ..start
    }
}

/// What the header says of person, device and filters.
fn source(header: &Header, entry: &Entry) -> Source {
    let plus = header.reserved.starts_with("EDF+") || header.reserved.starts_with("BDF+");
    let known = |word: Option<&str>| {
        word.filter(|word| *word != "X")
            .map(|word| word.replace('_', " "))
    };
    let mut patient = Patient::default();
    let mut device = None;
    if plus {
        let mut words = header.patient.split_whitespace();
        patient.id = known(words.next());
        patient.sex = known(words.next());
        patient.birth_date = known(words.next());
        patient.name = known(words.next());
        device = known(header.recording.split_whitespace().nth(4));
    } else if !header.patient.is_empty() {
        patient.id = Some(header.patient.clone());
    }
    let mut filters: Vec<&str> = header
        .signals
        .iter()
        .map(|signal| signal.prefilter.as_str())
        .filter(|filter| !filter.is_empty())
        .collect();
    filters.sort_unstable();
    filters.dedup();
    let remarks = if header.recording.is_empty() || plus {
        Vec::new()
    } else {
        vec![header.recording.clone()]
    };
    Source {
        format: header.kind.id.to_owned(),
        recognised_by: "recognised-edf-header".to_owned(),
        name: entry.file_name().to_owned(),
        device,
        filters: (!filters.is_empty()).then(|| filters.join("; ")),
        patient,
        remarks,
        ..Source::default()
    }
}
