//! DICOM waveforms (PS3.3 A.34, C.10.9): 12-lead, general, ambulatory, hemodynamic and whatever else holds a waveform
//! sequence. The data set is read by our own reader; its bytes stay where they are.

mod annotations;
mod dataset;
mod waveform;

use super::parts::{self, Part};
use super::segments::{self, Joined, Segment};
use super::view::whole;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Signature, Support, instant,
};
use crate::recording::{Lead, Note, Patient, Source, StartTime};
use dataset::{Dataset, File};
use waveform::Group;

const ID: &str = "dicom";
/// Most multiplex groups; the standard allows up to five.
const MOST_GROUPS: usize = 64;
/// SOP class of an encapsulated PDF.
const PDF: &str = "1.2.840.10008.5.1.4.1.1.104.1";

/// The reader.
pub struct Dicom;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "DICOM waveform",
    extensions: &["dcm", "dicom", "ecg"],
    signatures: &[Signature {
        offset: 128,
        bytes: b"DICM",
    }],
    recognised_by: "DICM at byte 128, or a chain of DICOM elements without it",
    support: Support::Complete,
    tested_on: "2 public 12-lead files with rhythm and median beat, compared with an independent reader",
    certainty: Certainty::Equal,
};

impl Format for Dicom {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        if dataset::begins_without_preamble(head.bytes) {
            Score(200)
        } else {
            Score::NONE
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let bytes = whole(entry, context)?;
        let mut file = File::open(bytes, entry.file_name(), context)?;
        let set = file.dataset(context)?;
        file.set_encoding(&set);
        let groups = waveform::groups(&file, &set);
        if groups.is_empty() {
            return Err(no_waveform(&file, &set));
        }
        if groups.len() > MOST_GROUPS {
            return Err(ReadError::TooLarge {
                what: "multiplex groups",
                found: groups.len() as u64,
                limit: MOST_GROUPS as u64,
            });
        }
        let start = start_of(&file, &set, context);
        let mut recordings: Vec<(usize, Segment)> = Vec::new();
        let mut parts: Vec<Part> = Vec::new();
        let mut total = 0;
        for (place, group) in groups.iter().enumerate() {
            let leads = match group.leads(&file, context, &mut total)? {
                Ok(leads) => leads,
                Err(question) => return Ok(Reading::Question(question)),
            };
            if group.is_beat() {
                let marks = annotations::marks(&file, &set, place + 1, &leads);
                parts.push(part(group, place, start, leads, marks));
            } else {
                recordings.push((
                    place,
                    Segment {
                        offset_s: group.offset_s(),
                        leads,
                    },
                ));
            }
        }
        let places: Vec<usize> = recordings.iter().map(|(place, _)| *place).collect();
        let pieces = recordings.into_iter().map(|(_, piece)| piece).collect();
        let mut found: Vec<Part> = Vec::new();
        let joined = match segments::join(pieces, context)? {
            Joined::Whole(leads) => vec![leads],
            Joined::Apart(pieces) => pieces.into_iter().map(|piece| piece.leads).collect(),
        };
        for (leads, &place) in joined.into_iter().zip(&places) {
            if let Some(group) = groups.get(place) {
                let marks = annotations::marks(&file, &set, place + 1, &leads);
                found.push(part(group, place, start, leads, marks));
            }
        }
        found.append(&mut parts);
        let source = about(&file, &set, &groups, entry);
        parts::settle(found, source, context)
    }
}

fn part(
    group: &Group<'_>,
    place: usize,
    start: Option<StartTime>,
    leads: Vec<Lead>,
    annotations: Vec<crate::recording::Annotation>,
) -> Part {
    let label = group.label();
    let name = if label.is_empty() {
        format!("group {}", place + 1)
    } else {
        label.to_lowercase()
    };
    Part {
        id: format!("group-{}", place + 1),
        name,
        beat: group.is_beat(),
        start,
        leads,
        annotations,
    }
}

/// What a file without a waveform holds instead.
fn no_waveform(file: &File, set: &Dataset) -> ReadError {
    if file.text(set, 0x0008_0016) == PDF {
        return ReadError::Unsupported {
            format: ID.to_owned(),
            feature: "a PDF inside a DICOM file".to_owned(),
        };
    }
    ReadError::NoSignal {
        format: ID.to_owned(),
        holds: "holds-no-waveform".to_owned(),
    }
}

/// The time of acquisition, else of the content, with the zone if there is one.
fn start_of(file: &File, set: &Dataset, context: &mut Context) -> Option<StartTime> {
    let text = |tag| file.text(set, tag);
    let mut written = text(0x0008_002a);
    if written.is_empty() {
        for (date, time) in [
            (0x0008_0022, 0x0008_0032),
            (0x0008_0023, 0x0008_0033),
            (0x0008_0020, 0x0008_0030),
        ] {
            let (date, time) = (text(date), text(time));
            if !date.is_empty() && !time.is_empty() {
                // Old writers put dots and colons into dates and times.
                written = format!("{}{}", date.replace('.', ""), time.replace(':', ""));
                break;
            }
        }
    }
    if written.is_empty() {
        return None;
    }
    let Some(mut start) = instant::compact(&written) else {
        context.note(Note::new("bad-date").with("text", written));
        return None;
    };
    if start.offset_minutes.is_none() {
        start.offset_minutes = instant::zone_minutes(&text(0x0008_0201)).flatten();
    }
    Some(start)
}

/// What the data set says of person, device, filters and findings.
fn about(file: &File, set: &Dataset, groups: &[Group<'_>], entry: &Entry) -> Source {
    let some = |tag| Some(file.text(set, tag)).filter(|text| !text.is_empty());
    let name = some(0x0010_0010).map(|name| {
        // The first of up to three writings; family name first.
        let name = name.split('=').next().unwrap_or_default();
        let mut words: Vec<&str> = name.split('^').map(str::trim).collect();
        words.retain(|word| !word.is_empty());
        let several = words.len() > 1;
        words.rotate_left(usize::from(several));
        words.join(" ")
    });
    let device: Vec<String> = [0x0008_0070, 0x0008_1090, 0x0018_1020]
        .into_iter()
        .filter_map(some)
        .collect();
    let (measurements, statements) = annotations::findings(file, set);
    Source {
        format: ID.to_owned(),
        recognised_by: "recognised-signature".to_owned(),
        name: entry.file_name().to_owned(),
        device: (!device.is_empty()).then(|| device.join(" ")),
        filters: groups.first().and_then(|group| group.filters(file)),
        classification: (!statements.is_empty()).then(|| statements.join("; ")),
        measurements,
        patient: Patient {
            name,
            id: some(0x0010_0020),
            birth_date: some(0x0010_0030),
            sex: some(0x0010_0040),
        },
        remarks: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
