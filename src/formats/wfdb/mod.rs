//! WFDB, the format of PhysioNet: header (`.hea`), signal files (`.dat`), annotations (`.atr`).
//!
//! After the WFDB Applications Guide (G. B. Moody): header(5), signal(5), annot(5).

mod annotations;
mod flac;
mod header;
mod join;
mod signals;
mod writer;

pub use annotations::{
    AnnotationFile, code_of, read_annotations, read_annotations_at, symbol, write_annotations,
};
pub use header::{Header, RecordLine, SegmentLine, SignalLine, month_number};
pub use signals::{Column, Storage, read_group};
pub use writer::{WfdbWriter, write_record};

use super::input;
use super::voltage::{signal_kind, units_per_millivolt};
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError, Reading,
    Score, Support, Unknown,
};
use crate::recording::{
    Annotation, Lead, LeadName, Note, Phrase, Recording, Samples, Scale, Source, Unit,
};
use join::read_segments;

/// Largest header that is read; the longest public ones have some thousand segments of 30 bytes.
const HEADER_BYTES: u64 = 16 << 20;
/// Extensions of signal files that say nothing by themselves.
const SIGNAL_EXTENSIONS: [&str; 2] = ["dat", "mat"];

/// The WFDB reader.
pub struct Wfdb;

static INFO: FormatInfo = FormatInfo {
    id: "wfdb",
    name: "WFDB (PhysioNet)",
    extensions: &["hea", "dat", "atr"],
    signatures: &[],
    recognised_by: "a header text: record line (name, signals, rate), then one line a signal; \
                    annotation files by walking their words",
    support: Support::Complete,
    tested_on: "20 public records of all signal formats, FLAC, several segments and 4 annotation files, compared with the reference library; what we write, read again",
    certainty: Certainty::Equal,
};

impl Format for Wfdb {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        if let Some(text) = header_text(head.bytes) {
            // A header longer than the head is judged by its whole lines.
            let text = if head.len > head.bytes.len() as u64 {
                text.rsplit_once('\n').map_or("", |(whole, _)| whole)
            } else {
                &text
            };
            if header::looks_like_header(text) {
                return Score::CERTAIN;
            }
            return if head.has_extension("hea") {
                Score::LIKELY
            } else {
                Score::NONE
            };
        }
        let whole = head.len == head.bytes.len() as u64;
        if head.len.is_multiple_of(2)
            && head.tail.ends_with(&[0, 0])
            && annotations::looks_like_annotations(head.bytes, whole)
        {
            // Pairs of bytes with a zero at the end are found in other binary files too.
            return Score(39);
        }
        if head.has_extension("dat") {
            // Nothing in a signal file says what it is; only its header does.
            return Score(10);
        }
        Score::NONE
    }

    fn companions(&self, bundle: &Bundle, entry: &Entry) -> Vec<String> {
        let Ok(Some(header_entry)) = header_entry(bundle, entry) else {
            return Vec::new();
        };
        if header_entry.name != entry.name {
            return Vec::new();
        }
        let Ok(header) = read_header(entry, &mut Context::default()) else {
            return Vec::new();
        };
        let signals = header.signals.iter().map(|signal| signal.file.clone());
        let segments = header
            .segments
            .iter()
            .map(|segment| format!("{}.hea", segment.name));
        let named = signals
            .chain(segments)
            .filter_map(|file| bundle.companion(entry, &file))
            .map(|entry| entry.name.clone());
        let same_stem = bundle
            .entries
            .iter()
            .filter(|other| stem(&other.name).eq_ignore_ascii_case(stem(&entry.name)))
            .filter(|other| {
                let extension = other.name.rsplit('.').next().unwrap_or_default();
                SIGNAL_EXTENSIONS.contains(&extension) || is_annotator(other)
            })
            .map(|other| other.name.clone());
        named.chain(same_stem).collect()
    }

    fn read(
        &self,
        bundle: &Bundle,
        entry: &Entry,
        context: &mut Context,
    ) -> Result<Reading, ReadError> {
        if entry.source.is_empty() {
            return Err(ReadError::Empty);
        }
        let Some(header_entry) = header_entry(bundle, entry)? else {
            return Err(needs_file(&format!("{}.hea", stem(entry.file_name()))));
        };
        let header = read_header(header_entry, context)?;
        let rate_hz = header.record.rate_hz.or(context.answers.rate_hz);
        let mut leads = if header.record.segments.is_some() {
            read_segments(&header, bundle, header_entry, context)?
        } else {
            let frames = header.record.frames;
            read_signals(&header, bundle, header_entry, frames, context)?
        };
        if leads.is_empty() {
            return Err(ReadError::NoSignal {
                format: "wfdb".to_owned(),
                holds: "holds-no-samples".to_owned(),
            });
        }
        let Some(rate_hz) = rate_hz else {
            return Ok(rate_question(&leads));
        };
        for signal in &mut leads {
            signal.lead.rate_hz = rate_hz * signal.samples_per_frame as f64;
        }
        let leads: Vec<Lead> = leads.into_iter().map(|signal| signal.lead).collect();
        let mut recording = Recording {
            leads,
            start: header.record.start,
            source: Source {
                format: "wfdb".to_owned(),
                recognised_by: "recognised-wfdb-header".to_owned(),
                name: header.record.name.clone(),
                remarks: header.comments.clone(),
                ..Source::default()
            },
            ..Recording::default()
        };
        recording.annotations =
            attach_annotations(&header, bundle, header_entry, rate_hz, &recording, context)?;
        recording.notes = std::mem::take(&mut context.notes);
        Ok(Reading::Recording(Box::new(recording)))
    }
}

/// Whether an entry holds annotations.
fn is_annotator(entry: &Entry) -> bool {
    const HEAD: usize = 1 << 16;
    let whole = entry.source.len() <= HEAD as u64;
    entry
        .source
        .read(0, HEAD)
        .is_ok_and(|head| annotations::looks_like_annotations(&head, whole))
}

/// Name without its last extension.
#[must_use]
pub fn stem(file_name: &str) -> &str {
    file_name
        .rsplit_once('.')
        .map_or(file_name, |(stem, _)| stem)
}

fn needs_file(name: &str) -> ReadError {
    ReadError::NeedsFile {
        format: "wfdb".to_owned(),
        name: name.to_owned(),
    }
}

/// The bytes as text, `None` when control characters say that they are none.
fn header_text(bytes: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    let binary = |&b: &u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c);
    if bytes.iter().any(binary) {
        return None;
    }
    Some(String::from_utf8_lossy(bytes))
}

/// The header that `entry` is or belongs to.
fn header_entry<'a>(bundle: &'a Bundle, entry: &'a Entry) -> Result<Option<&'a Entry>, ReadError> {
    let head = entry.source.read(0, 4096)?;
    let is_text = header_text(&head).is_some();
    if is_text {
        return Ok(Some(entry));
    }
    Ok(bundle.companion(entry, &format!("{}.hea", stem(entry.file_name()))))
}

fn read_header(entry: &Entry, context: &mut Context) -> Result<Header, ReadError> {
    let length = entry.source.len();
    if length > HEADER_BYTES {
        return Err(ReadError::TooLarge {
            what: "bytes",
            found: length,
            limit: HEADER_BYTES,
        });
    }
    let bytes = entry.source.read(0, length as usize)?;
    let text = header_text(&bytes)
        .ok_or_else(|| ReadError::damaged_at("wfdb", 0, "a header in plain text", "binary data"))?;
    let mut notes = Vec::new();
    let header = Header::parse(&text, &mut notes)?;
    notes.into_iter().for_each(|note| context.note(note));
    let signals = header.record.signals;
    if signals > context.limits.signals {
        return Err(ReadError::TooLarge {
            what: "signals",
            found: signals as u64,
            limit: context.limits.signals as u64,
        });
    }
    Ok(header)
}

/// A lead with the number of its samples in a frame; its rate is set once the record's is known.
pub(super) struct Signal {
    pub(super) lead: Lead,
    pub(super) samples_per_frame: usize,
}

/// Unit and scale of a signal: voltages become millivolts, a missing gain the standard's default.
pub(super) fn unit_and_scale(signal: &SignalLine) -> (Unit, Scale) {
    let gain = signal.gain.unwrap_or(header::DEFAULT_GAIN);
    let baseline = signal.baseline;
    if let Some(factor) = units_per_millivolt(&signal.unit) {
        let gain = gain * factor;
        return (Unit::Millivolt, Scale { gain, baseline });
    }
    let unit = if ["counts", "adu"].contains(&signal.unit.to_ascii_lowercase().as_str()) {
        Unit::Counts
    } else {
        Unit::Other(signal.unit.clone())
    };
    (unit, Scale { gain, baseline })
}

/// A lead of a signal line, at 1 Hz until the rate is set.
pub(super) fn lead_of(signal: &SignalLine, unit: Unit, samples: Samples) -> Lead {
    let name = signal.description.trim().to_owned();
    Lead {
        standard: LeadName::recognise(&name),
        kind: signal_kind(&name, &unit),
        name,
        unit,
        rate_hz: 1.0,
        samples,
        gaps: Vec::new(),
        derived: false,
    }
}

/// Reads the signals of a single-segment header, signal file by signal file. Null signals are left out and noted.
pub(super) fn read_signals(
    header: &Header,
    bundle: &Bundle,
    beside: &Entry,
    frames: Option<u64>,
    context: &mut Context,
) -> Result<Vec<Signal>, ReadError> {
    let mut read = Vec::with_capacity(header.signals.len());
    let mut total = 0_u64;
    for group in header
        .signals
        .chunk_by(|a, b| a.file == b.file && a.format == b.format)
    {
        let Some(first) = group.first() else {
            continue;
        };
        if first.format == 0 || first.file == "~" {
            context.note(Note::new("null-signals").with("count", group.len()));
            continue;
        }
        let entry = bundle
            .companion(beside, &first.file)
            .ok_or_else(|| needs_file(&first.file))?;
        let columns = read_group(group, &*entry.source, frames, context)?;
        for (signal, column) in group.iter().zip(columns) {
            if signal.gain.is_none() {
                context.note(Note::new("uncalibrated").with("signal", signal.description.as_str()));
            }
            let (unit, scale) = unit_and_scale(signal);
            let samples = Samples {
                data: column.data,
                scale,
            };
            total = total.saturating_add(samples.len() as u64);
            context.check_samples(total)?;
            let mut lead = lead_of(signal, unit, samples);
            lead.gaps = column.gaps;
            read.push(Signal {
                lead,
                samples_per_frame: signal.samples_per_frame,
            });
        }
    }
    Ok(read)
}

/// Asks for the rate, with what the file holds and what its beats suggest.
fn rate_question(signals: &[Signal]) -> Reading {
    let values = signals.first().map_or_else(Vec::new, |signal| {
        signal.lead.samples.values(0..super::evidence::LOOK)
    });
    let mut evidence = vec![Phrase::new("evidence-header-without-rate")];
    let mut proposal = super::Answers::default();
    if let Some((rate_hz, phrase)) = super::evidence::rate(&values) {
        proposal.rate_hz = Some(rate_hz);
        evidence.push(phrase);
    }
    Reading::Question(Box::new(Question {
        format: "wfdb".to_owned(),
        unknowns: vec![Unknown::Rate],
        evidence,
        proposal,
        preview: values.into_iter().take(input::PREVIEW).collect(),
    }))
}

/// The annotations of the record: `NAME.atr`, else any other annotator's file of that name that was passed along.
fn attach_annotations(
    header: &Header,
    bundle: &Bundle,
    header_entry: &Entry,
    rate_hz: f64,
    recording: &Recording,
    context: &mut Context,
) -> Result<Vec<Annotation>, ReadError> {
    let record = stem(&header_entry.name);
    let mut annotators: Vec<&Entry> = bundle
        .entries
        .iter()
        .filter(|entry| {
            let named = header.signals.iter().any(|s| s.file == entry.file_name());
            let extension = entry.name.rsplit('.').next().unwrap_or_default();
            stem(&entry.name).eq_ignore_ascii_case(record)
                && entry.name != header_entry.name
                && !named
                && !SIGNAL_EXTENSIONS.contains(&extension)
        })
        .collect();
    // `atr` is the reference annotator by convention.
    annotators.sort_by_key(|entry| !entry.name.ends_with(".atr"));
    let mut taken: Option<Vec<Annotation>> = None;
    for entry in annotators {
        context.check_bytes(entry.source.len())?;
        let bytes = entry.source.read(0, entry.source.len() as usize)?;
        let name = entry.file_name();
        match AnnotationFile::parse(&bytes) {
            Ok(_) if taken.is_some() => {
                context.note(Note::new("annotator-not-used").with("file", name));
            }
            Ok(file) => {
                if file.cut {
                    context.note(Note::new("annotations-cut").with("file", name));
                }
                taken = Some(within(file.at_rate(rate_hz), recording, context));
            }
            Err(error) if name.ends_with(".atr") => {
                let reason = error.to_string();
                context.note(
                    Note::new("annotations-unreadable")
                        .with("file", name)
                        .with("reason", reason),
                );
            }
            Err(_) => {}
        }
    }
    Ok(taken.unwrap_or_default())
}

/// The marks inside the recording; those beyond its end are counted and noted.
fn within(
    mut annotations: Vec<Annotation>,
    recording: &Recording,
    context: &mut Context,
) -> Vec<Annotation> {
    let duration_s = recording.duration_s();
    let before = annotations.len();
    annotations.retain(|annotation| annotation.time_s < duration_s);
    let beyond = before - annotations.len();
    if beyond > 0 {
        context.note(Note::new("annotations-beyond-end").with("count", beyond));
    }
    annotations
}

#[cfg(test)]
mod tests;
