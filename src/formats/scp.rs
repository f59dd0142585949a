//! SCP-ECG (EN 1064, ISO 11073-91064), protocols 1.x and 2.x: sections with their own checksums, Huffman-coded
//! differences, and residuals after the subtraction of a reference beat.

mod about;
mod huffman;
mod rhythm;

use super::input;
use super::lead_codes::lead_name;
use super::parts::{self, Part, mark};
use super::segments::{self, Joined, Segment};
use super::view::{View, crc_ccitt, whole};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support,
};
use crate::recording::{Annotation, Lead, Note, Phrase, Samples, Scale};
use huffman::Coding;
use rhythm::{Beat, Block, Decimated, Zone};

const ID: &str = "scp";
/// Bytes of a section's header.
const HEADER: usize = 16;
/// Where section 0 begins: behind the record's checksum and length.
const FIRST: usize = 6;
/// Bytes of a pointer in section 0.
const POINTER: usize = 10;
/// Most sections; the standard has 13, makers add their own.
const MOST_SECTIONS: usize = 1024;

/// The reader.
pub struct Scp;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "SCP-ECG",
    extensions: &["scp", "ecg"],
    signatures: &[],
    recognised_by: "section 0, which points at itself: its number, its length and its own place",
    support: Support::Complete,
    tested_on: "2 public files (Huffman with second differences; reference-beat subtraction), compared with an independent reader",
    certainty: Certainty::Equal,
};

/// A section without its header.
#[derive(Clone, Copy)]
struct Section<'a> {
    id: u16,
    body: &'a [u8],
}

impl Format for Scp {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let view = View::little(head.bytes);
        let length = view.u32(FIRST + 4).unwrap_or(0) as usize;
        let points_at_itself = view.u16(FIRST + 2) == Some(0)
            && length > HEADER
            && (length - HEADER).is_multiple_of(POINTER)
            && view.u16(FIRST + HEADER) == Some(0)
            && view.u32(FIRST + HEADER + 6) == Some(FIRST as u32 + 1);
        let named = view.slice(16, 6) == Some(b"SCPECG");
        let told = view.u32(2).map(u64::from);
        match (points_at_itself, named) {
            (true, true) => Score::CERTAIN,
            (true, false) if told == Some(head.len) => Score(230),
            (true, false) | (false, true) => Score::LIKELY,
            _ => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let bytes = whole(entry, context)?;
        check_record(&bytes, entry, context);
        let sections = sections(&bytes, context);
        let body = |id: u16| {
            sections
                .iter()
                .find(|section| section.id == id && !section.body.is_empty())
                .map(|section| section.body)
        };
        let coding = match body(2) {
            Some(body) => Coding::read(body)?,
            None => Coding::Plain,
        };
        let Some(leads) = body(3).map(LeadList::read) else {
            return Err(damaged(0, "the list of leads (section 3)", "none"));
        };
        let beats = body(4).map(Zone::read);
        let beat_ms = body(4).and_then(|body| View::little(body).u16(0));
        let reference = match body(5) {
            Some(body) => {
                let block = Block::read(body, leads.leads.len());
                block
                    .map(|block| block.decode_whole(beat_ms, &coding, context))
                    .transpose()?
            }
            None => None,
        };
        let rhythm = match body(6) {
            Some(body) => Block::read(body, leads.leads.len()),
            None => None,
        };
        let (start, source) = about::about(&sections, entry, context);
        let mut parts = Vec::new();
        if let Some(block) = &rhythm {
            match read_rhythm(
                block,
                &coding,
                &leads,
                beats.as_ref(),
                reference.as_ref(),
                context,
            )? {
                Ok(Joined::Whole(leads)) => parts.push(("rhythm", leads)),
                Ok(Joined::Apart(pieces)) => {
                    parts.extend(pieces.into_iter().map(|piece| ("rhythm", piece.leads)));
                }
                Err(question) => return Ok(Reading::Question(question)),
            }
        }
        if let Some(beat) = &reference {
            parts.push(("reference beat", beat.leads(&leads)));
        }
        let first = leads.leads.iter().map(|span| span.first).min().unwrap_or(1);
        let marks = body(4).map_or_else(Vec::new, rhythm::fiducials);
        let parts: Vec<Part> = parts
            .into_iter()
            .enumerate()
            .map(|(place, (name, leads))| Part {
                annotations: if place == 0 && name == "rhythm" {
                    beat_marks(&marks, first, &leads)
                } else {
                    Vec::new()
                },
                id: if name == "rhythm" && place > 0 {
                    format!("rhythm-{}", place + 1)
                } else {
                    name.replace(' ', "-")
                },
                name: name.to_owned(),
                beat: name != "rhythm",
                start,
                leads,
            })
            .collect();
        parts::settle(parts, source, context)
    }
}

fn damaged(at: usize, expected: &str, found: impl Into<String>) -> ReadError {
    ReadError::damaged_at(ID, at as u64, expected, found)
}

/// The record's own length and checksum.
fn check_record(bytes: &[u8], entry: &Entry, context: &mut Context) {
    let view = View::little(bytes);
    let told = view.u32(2).unwrap_or(0) as usize;
    if told > bytes.len() {
        context.note(
            Note::new("short-file")
                .with("file", entry.file_name())
                .with("expected", told)
                .with("found", bytes.len()),
        );
    } else if let Some(covered) = bytes.get(2..told)
        && view.u16(0).is_some_and(|told| told != crc_ccitt(covered))
    {
        context.note(Note::new("checksum-record").with("file", entry.file_name()));
    }
}

/// The sections that section 0 points at; where a pointer is wrong, those that follow each other.
fn sections<'a>(bytes: &'a [u8], context: &mut Context) -> Vec<Section<'a>> {
    let view = View::little(bytes);
    let mut found: Vec<Section<'a>> = Vec::new();
    // Pointers that all cover the whole file would make work without end.
    let mut checked = bytes.len().saturating_mul(4);
    let length = view.u32(FIRST + 4).unwrap_or(0) as usize;
    let pointers = (length.saturating_sub(HEADER) / POINTER).min(MOST_SECTIONS);
    for place in 0..pointers {
        let at = FIRST + HEADER + place * POINTER;
        let (Some(id), Some(length), Some(index)) =
            (view.u16(at), view.u32(at + 2), view.u32(at + 6))
        else {
            break;
        };
        if length == 0 || index == 0 || id == 0 {
            continue;
        }
        let start = index as usize - 1;
        match section_at(bytes, start, &mut checked, context) {
            Some(section) if section.id == id => found.push(section),
            _ => context.note(Note::new("section-missing").with("section", u64::from(id))),
        }
    }
    let (mut at, mut steps) = (FIRST, 0);
    while let Some(length) = view.u32(at + 4).map(|length| length as usize) {
        if length < HEADER {
            break;
        }
        let known = view
            .u16(at + 2)
            .is_some_and(|id| id == 0 || found.iter().any(|section| section.id == id));
        if !known && let Some(section) = section_at(bytes, at, &mut checked, context) {
            found.push(section);
        }
        steps += 1;
        at = at.saturating_add(length);
        if steps > MOST_SECTIONS || at >= bytes.len() {
            break;
        }
    }
    found
}

/// The section that begins at `at`, with its checksum looked at.
fn section_at<'a>(
    bytes: &'a [u8],
    at: usize,
    checked: &mut usize,
    context: &mut Context,
) -> Option<Section<'a>> {
    let view = View::little(bytes);
    let (told, id) = (view.u16(at)?, view.u16(at.checked_add(2)?)?);
    let length = view.u32(at.checked_add(4)?)? as usize;
    let end = at.saturating_add(length).min(bytes.len());
    let body = bytes.get(at.checked_add(HEADER)?..end)?;
    let whole = at.saturating_add(length) <= bytes.len() && length <= *checked;
    *checked = checked.saturating_sub(length);
    if whole
        && bytes
            .get(at + 2..end)
            .is_some_and(|covered| crc_ccitt(covered) != told)
    {
        context.note(Note::new("checksum-section").with("section", u64::from(id)));
    }
    Some(Section { id, body })
}

/// Section 3: the leads, and whether a reference beat was subtracted.
struct LeadList {
    subtracted: bool,
    leads: Vec<LeadSpan>,
}

/// A lead with its first and last sample, counted from 1.
struct LeadSpan {
    name: String,
    first: u32,
    last: u32,
}

impl LeadList {
    fn read(body: &[u8]) -> Self {
        let view = View::little(body);
        let count = usize::from(view.u8(0).unwrap_or(0));
        let leads = (0..count).map_while(|place| {
            let at = 2 + place * 9;
            let code = view.u8(at + 8)?;
            Some(LeadSpan {
                name: lead_name(u64::from(code))
                    .map_or_else(|| format!("lead {code}"), str::to_owned),
                first: view.u32(at)?,
                last: view.u32(at + 4)?,
            })
        });
        Self {
            subtracted: view.u8(1).unwrap_or(0) & 1 == 1,
            leads: leads.collect(),
        }
    }
}

/// The rhythm of section 6, made whole again.
fn read_rhythm(
    block: &Block<'_>,
    coding: &Coding,
    list: &LeadList,
    zones: Option<&Zone>,
    reference: Option<&Beat>,
    context: &mut Context,
) -> Result<Result<Joined, Box<Question>>, ReadError> {
    let mut step_nv = block.nanovolts;
    let mut interval_us = block.interval_us;
    let mut ratio = 1;
    if block.bimodal {
        // Without its zones, nothing tells which samples are decimated.
        let fine = reference
            .filter(|_| zones.is_some())
            .map_or(0, |beat| beat.interval_us);
        ratio = match interval_us.checked_div(fine) {
            Some(ratio @ 2..=4) if ratio * fine == interval_us => ratio as usize,
            _ => {
                return Err(ReadError::Unsupported {
                    format: ID.to_owned(),
                    feature: "bimodal compression without the rate of its protected zones"
                        .to_owned(),
                });
            }
        };
        interval_us = fine;
        context.note(Note::new("bimodal"));
    }
    let subtracted = reference.filter(|_| list.subtracted);
    if list.subtracted && (subtracted.is_none() || zones.is_none()) {
        // Residuals alone look like an ECG of small amplitude.
        return Err(damaged(
            0,
            "the reference beat (sections 4 and 5) that was subtracted",
            "none",
        ));
    }
    if let Some(beat) = subtracted {
        step_nv = gcd(beat.nanovolts, block.nanovolts);
    }
    let mut pieces: Vec<Segment> = Vec::new();
    let mut total = 0_u64;
    for (place, span) in list.leads.iter().enumerate() {
        let length = span.last.saturating_sub(span.first).saturating_add(1) as usize;
        let decimated = zones.filter(|_| block.bimodal).map(|zones| Decimated {
            ratio,
            first: span.first,
            zones,
        });
        let mut counts = block.lead(place, length, decimated, coding, context)?;
        if counts.len() < length {
            context.note(
                Note::new("short-file")
                    .with("file", span.name.as_str())
                    .with("expected", length)
                    .with("found", counts.len()),
            );
        }
        total = total.saturating_add(counts.len() as u64);
        context.check_samples(total)?;
        if let (Some(beat), Some(zones)) = (subtracted, zones) {
            let factor = i64::from(block.nanovolts / step_nv.max(1));
            for count in &mut counts {
                *count = clamp(i64::from(*count) * factor);
            }
            zones.add(
                beat,
                place,
                span.first,
                i64::from(beat.nanovolts / step_nv.max(1)),
                &mut counts,
            );
        }
        let rate = (interval_us > 0).then(|| 1e6 / f64::from(interval_us));
        let gain = (step_nv > 0).then(|| 1e6 / f64::from(step_nv));
        let rate = rate.or(context.answers.rate_hz);
        let gain = gain.or(context.answers.per_millivolt());
        let (Some(rate_hz), Some(gain)) = (rate, gain) else {
            return Ok(Err(question(rate.is_none(), gain.is_none(), &counts)));
        };
        let scale = Scale {
            gain,
            baseline: 0.0,
        };
        let lead = Lead::ecg(&span.name, rate_hz, Samples::from_i32(counts, scale));
        let offset_s = f64::from(span.first.saturating_sub(1)) / rate_hz;
        match pieces.iter_mut().find(|piece| piece.offset_s == offset_s) {
            Some(piece) => piece.leads.push(lead),
            None => pieces.push(Segment {
                offset_s,
                leads: vec![lead],
            }),
        }
    }
    Ok(Ok(segments::join(pieces, context)?))
}

/// The device's beats with the number of their type, which is no class.
fn beat_marks(fiducials: &[(u16, u32)], first: u32, leads: &[Lead]) -> Vec<Annotation> {
    let rate_hz = leads.first().map_or(1.0, |lead| lead.rate_hz);
    let beats = fiducials.iter().filter(|(_, at)| *at >= first);
    beats
        .map(|(kind, at)| {
            let time_s = f64::from(at - first) / rate_hz;
            mark(time_s, rate_hz, "Q", &format!("type {kind}"))
        })
        .collect()
}

fn clamp(value: i64) -> i32 {
    value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn question(rate: bool, gain: bool, counts: &[i32]) -> Box<Question> {
    let gain = gain.then(|| Phrase::new("evidence-no-scale"));
    let preview = counts.iter().map(|&count| count as f32);
    input::ask(
        ID,
        input::rate_and_gain(rate, gain),
        Answers::default(),
        preview,
    )
}

#[cfg(test)]
mod tests;
