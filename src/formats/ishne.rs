//! ISHNE Holter files: the signal (`.ecg`) and the beats beside it (`.ann`).
//!
//! After F. Badilini, "The ISHNE Holter Standard Output File Format" (1998).

use super::gaps::{push_gap, take_invalid};
use super::input;
use super::parts::{self, Part, mark};
use super::view::{View, crc_ccitt};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Signature, Support, Unknown,
};
use crate::recording::{
    Annotation, Gap, GapReason, Lead, Note, Patient, Phrase, SampleData, Samples, Scale, Source,
    StartTime,
};

const ID: &str = "ishne";
/// Bytes before the variable block.
const HEADER: usize = 522;
/// What the checksum does not cover: the signature and itself.
const UNCHECKED: usize = 10;
/// Bytes read at a time.
const CHUNK: usize = 1 << 20;
/// Sample that an electrode fault leaves.
const FAULT: i16 = i16::MIN;
/// Largest variable block that is read for its text.
const MOST_VARIABLE: usize = 1 << 20;
/// Resolution of many recorders, nanovolts a count; only ever proposed.
const USUAL_NANOVOLTS: f64 = 5000.0;
const SIGNAL: &[u8] = b"ISHNE1.0";
const BEATS: &[u8] = b"ANN  1.0";

/// The reader.
pub struct Ishne;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "ISHNE Holter",
    extensions: &["ecg", "ann"],
    signatures: &[
        Signature {
            offset: 0,
            bytes: SIGNAL,
        },
        Signature {
            offset: 0,
            bytes: BEATS,
        },
    ],
    recognised_by: "ISHNE1.0 at the beginning of the signal, ANN  1.0 at that of the beats",
    support: Support::Complete,
    tested_on: "1 public 12-lead Holter and its beat file, compared with an independent reader",
    certainty: Certainty::Equal,
};

/// The header's fields that matter.
struct Header {
    fixed: Vec<u8>,
    ecg_offset: u64,
    leads: usize,
    rate_hz: u16,
}

impl Format for Ishne {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, _: &Head<'_>) -> Score {
        Score::NONE
    }

    fn companions(&self, bundle: &Bundle, entry: &Entry) -> Vec<String> {
        match (signature(entry), beats_of(bundle, entry)) {
            (Some(kind), Some(beats)) if kind == SIGNAL => vec![beats.name.clone()],
            _ => Vec::new(),
        }
    }

    fn read(
        &self,
        bundle: &Bundle,
        entry: &Entry,
        context: &mut Context,
    ) -> Result<Reading, ReadError> {
        if signature(entry).as_deref() == Some(BEATS) {
            return Err(ReadError::NoSignal {
                format: ID.to_owned(),
                holds: "holds-events-only".to_owned(),
            });
        }
        let header = Header::read(entry, context)?;
        let frames = header.frames(entry, context)?;
        let mut counts = read_counts(&header, frames, entry)?;
        let rate_hz = Some(f64::from(header.rate_hz))
            .filter(|rate| *rate > 0.0)
            .or(context.answers.rate_hz);
        let Some(rate_hz) = rate_hz else {
            let evidence = Phrase::new("evidence-no-rate");
            return Ok(question(Unknown::Rate, evidence, &counts));
        };
        let mut leads = Vec::new();
        for place in 0..header.leads {
            let name = header.lead_name(place);
            let nanovolts = header.resolution(place);
            let gain = nanovolts
                .map(|nanovolts| 1e6 / f64::from(nanovolts))
                .or(context.answers.per_millivolt());
            let Some(gain) = gain else {
                let evidence = Phrase::new("evidence-ishne-gain").with("lead", name.as_str());
                return Ok(question(Unknown::Gain, evidence, &counts));
            };
            let mut data = counts
                .get_mut(place)
                .map(std::mem::take)
                .unwrap_or_default();
            let gaps: Vec<Gap> = take_invalid(&mut data, FAULT, 0)
                .into_iter()
                .map(|gap| Gap {
                    reason: GapReason::LeadOff,
                    ..gap
                })
                .collect();
            let scale = Scale {
                gain,
                baseline: 0.0,
            };
            let mut lead = Lead::ecg(&name, rate_hz, Samples::from_i16(data, scale));
            lead.gaps = gaps;
            leads.push(lead);
        }
        let annotations = match beats_of(bundle, entry) {
            Some(beats) => read_beats(beats, rate_hz, &mut leads, context)?,
            None => Vec::new(),
        };
        let source = header.about(entry)?;
        let part = Part {
            id: "holter".to_owned(),
            name: "holter".to_owned(),
            beat: false,
            start: header.start(context),
            leads,
            annotations,
        };
        parts::settle(vec![part], source, context)
    }
}

fn signature(entry: &Entry) -> Option<Vec<u8>> {
    entry.source.read(0, 8).ok()
}

/// The beats' file of the same name.
fn beats_of<'a>(bundle: &'a Bundle, entry: &Entry) -> Option<&'a Entry> {
    let stem = entry.file_name().rsplit_once('.').map(|(stem, _)| stem)?;
    bundle
        .companion(entry, &format!("{stem}.ann"))
        .filter(|beats| signature(beats).as_deref() == Some(BEATS))
}

fn damaged(at: u64, expected: &str, found: impl Into<String>) -> ReadError {
    ReadError::damaged_at(ID, at, expected, found)
}

impl Header {
    fn read(entry: &Entry, context: &mut Context) -> Result<Self, ReadError> {
        let fixed = entry.source.read(0, HEADER)?;
        if fixed.len() < HEADER {
            return Err(damaged(
                fixed.len() as u64,
                "a header of 522 bytes",
                "the end of the file",
            ));
        }
        let view = View::little(&fixed);
        let leads = view.i16(156).unwrap_or(0);
        let found = usize::try_from(leads).unwrap_or(0);
        if found == 0 || found > context.limits.signals {
            return Err(damaged(156, "1 to 12 leads", leads.to_string()));
        }
        let variable = view.i32(10).unwrap_or(0);
        let told = view.i32(22).unwrap_or(0);
        let length = entry.source.len();
        let plausible = |offset: i64| offset >= HEADER as i64 && offset as u64 <= length;
        let by_size = HEADER as i64 + i64::from(variable.max(0));
        let ecg_offset = if plausible(i64::from(told)) {
            told as u64
        } else if plausible(by_size) {
            context.note(Note::new("odd-header"));
            by_size as u64
        } else {
            return Err(damaged(22, "where the samples begin", told.to_string()));
        };
        let header = Self {
            rate_hz: u16::try_from(view.i16(272).unwrap_or(0)).unwrap_or(0),
            leads: found,
            ecg_offset,
            fixed,
        };
        header.check(entry, context)?;
        Ok(header)
    }

    /// The checksum of the header; 0 where a writer has none. Some writers swap its bytes.
    fn check(&self, entry: &Entry, context: &mut Context) -> Result<(), ReadError> {
        let told = View::little(&self.fixed).u16(8).unwrap_or(0);
        let length = (self.ecg_offset as usize).saturating_sub(UNCHECKED);
        if told == 0 || length > MOST_VARIABLE {
            return Ok(());
        }
        let bytes = entry.source.read(UNCHECKED as u64, length)?;
        let found = crc_ccitt(&bytes);
        if found != told && found.swap_bytes() != told {
            context.note(Note::new("checksum-header").with("file", entry.file_name()));
        }
        Ok(())
    }

    /// Samples of each lead: what the header says, but not more than there are. The header counts samples of one lead,
    /// some writers those of all, others nothing sound.
    fn frames(&self, entry: &Entry, context: &mut Context) -> Result<u64, ReadError> {
        let bytes = entry.source.len() - self.ecg_offset;
        let whole = bytes / (2 * self.leads as u64);
        let told = u64::try_from(View::little(&self.fixed).i32(14).unwrap_or(0)).unwrap_or(0);
        let of_all_leads = told == whole.saturating_mul(self.leads as u64);
        if told > whole && !of_all_leads {
            context.note(
                Note::new("short-file")
                    .with("file", entry.file_name())
                    .with("expected", told)
                    .with("found", whole),
            );
        }
        let frames = if told == 0 { whole } else { told.min(whole) };
        let rest = bytes - frames * 2 * self.leads as u64;
        if rest > 0 {
            context.note(Note::new("bytes-after-end").with("count", rest));
        }
        context.check_samples(frames.saturating_mul(self.leads as u64))?;
        Ok(frames)
    }

    fn lead_name(&self, place: usize) -> String {
        let code = View::little(&self.fixed).i16(158 + 2 * place.min(11));
        let name = match code.filter(|_| place < 12) {
            Some(2) => "X",
            Some(3) => "Y",
            Some(4) => "Z",
            Some(5) => "I",
            Some(6) => "II",
            Some(7) => "III",
            Some(8) => "aVR",
            Some(9) => "aVL",
            Some(10) => "aVF",
            Some(11) => "V1",
            Some(12) => "V2",
            Some(13) => "V3",
            Some(14) => "V4",
            Some(15) => "V5",
            Some(16) => "V6",
            Some(17) => "ES",
            Some(18) => "AS",
            Some(19) => "AI",
            _ => return format!("ECG {}", place + 1),
        };
        name.to_owned()
    }

    /// Nanovolts a count of one lead; each lead has its own.
    fn resolution(&self, place: usize) -> Option<i16> {
        let nanovolts = View::little(&self.fixed).i16(206 + 2 * place)?;
        (place < 12 && nanovolts > 0).then_some(nanovolts)
    }

    fn date(&self, at: usize) -> Option<(u16, u16, u16)> {
        let view = View::little(&self.fixed);
        let part = |at| u16::try_from(view.i16(at)?).ok();
        Some((part(at + 4)?, part(at + 2)?, part(at)?))
    }

    fn start(&self, context: &mut Context) -> Option<StartTime> {
        let view = View::little(&self.fixed);
        let part = |at: usize| u8::try_from(view.i16(at)?).ok();
        let date = self.date(138).and_then(|(year, month, day)| {
            Some((
                i32::from(year),
                month.try_into().ok()?,
                day.try_into().ok()?,
            ))
        });
        // -9 and 0 stand for no date.
        let absent = view.i16(138).is_none_or(|day| day <= 0);
        let time = (part(150), part(152), part(154));
        let (Some(hour), Some(minute), Some(second)) = time else {
            return None;
        };
        let start =
            date.and_then(|date| StartTime::new(Some(date), hour, minute, f64::from(second), None));
        if start.is_none() && !absent {
            let text = format!(
                "{:?} {hour}:{minute}:{second}",
                [view.i16(142), view.i16(140), view.i16(138)].map(|part| part.unwrap_or(0))
            );
            context.note(Note::new("bad-date").with("text", text));
        }
        start.or_else(|| StartTime::new(None, hour, minute, f64::from(second), None))
    }

    fn about(&self, entry: &Entry) -> Result<Source, ReadError> {
        let view = View::little(&self.fixed);
        let some = |text: String| (!text.is_empty()).then_some(text);
        let names: Vec<String> = [view.text(28, 40), view.text(68, 40)]
            .into_iter()
            .filter_map(some)
            .collect();
        let birth = self
            .date(132)
            .filter(|&(year, _, _)| year > 0)
            .map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
        let sex = match view.i16(128) {
            Some(1) => Some("M"),
            Some(2) => Some("F"),
            _ => None,
        };
        let length = (self.ecg_offset as usize - HEADER).min(MOST_VARIABLE);
        let variable = entry.source.read(HEADER as u64, length)?;
        let mut remarks: Vec<String> = [view.text(354, 80), super::view::text(&variable)]
            .into_iter()
            .filter_map(some)
            .collect();
        let pacemaker = match view.i16(230) {
            Some(2) => Some("single chamber unipolar"),
            Some(3) => Some("dual chamber unipolar"),
            Some(4) => Some("single chamber bipolar"),
            Some(5) => Some("dual chamber bipolar"),
            _ => None,
        };
        remarks.extend(pacemaker.map(|kind| format!("Pacemaker: {kind}")));
        Ok(Source {
            format: ID.to_owned(),
            recognised_by: "recognised-signature".to_owned(),
            name: entry.file_name().to_owned(),
            device: some(view.text(232, 40)),
            patient: Patient {
                name: (!names.is_empty()).then(|| names.join(" ")),
                id: some(view.text(108, 20)),
                birth_date: birth,
                sex: sex.map(str::to_owned),
            },
            remarks,
            ..Source::default()
        })
    }
}

/// The samples of each lead, read some at a time.
fn read_counts(header: &Header, frames: u64, entry: &Entry) -> Result<Vec<Vec<i16>>, ReadError> {
    let width = 2 * header.leads;
    let mut counts: Vec<Vec<i16>> = (0..header.leads)
        .map(|_| Vec::with_capacity(frames as usize))
        .collect();
    let at_once = (CHUNK / width).max(1) as u64;
    let mut frame = 0;
    while frame < frames {
        let wanted = at_once.min(frames - frame);
        let offset = header.ecg_offset + frame * width as u64;
        let bytes = entry.source.read(offset, wanted as usize * width)?;
        for (place, lead) in counts.iter_mut().enumerate() {
            let own = bytes.chunks_exact(width).filter_map(|frame| {
                let pair = frame.get(2 * place..2 * place + 2)?;
                Some(i16::from_le_bytes(pair.try_into().ok()?))
            });
            lead.extend(own);
        }
        if (bytes.len() as u64) < wanted * width as u64 {
            break;
        }
        frame += wanted;
    }
    Ok(counts)
}

fn question(unknown: Unknown, evidence: Phrase, counts: &[Vec<i16>]) -> Reading {
    let gain = unknown == Unknown::Gain;
    Reading::Question(Box::new(Question {
        format: ID.to_owned(),
        unknowns: vec![unknown],
        evidence: vec![evidence],
        proposal: Answers {
            gain: gain.then_some(1e6 / USUAL_NANOVOLTS),
            ..Answers::default()
        },
        preview: counts
            .iter()
            .find(|lead| !lead.is_empty())
            .map(|lead| {
                lead.iter()
                    .take(input::PREVIEW)
                    .map(|&c| f32::from(c))
                    .collect()
            })
            .unwrap_or_default(),
    }))
}

/// The beats: each counts its samples from the beat before. A time-out is a stretch without beats.
fn read_beats(
    beats: &Entry,
    rate_hz: f64,
    leads: &mut [Lead],
    context: &mut Context,
) -> Result<Vec<Annotation>, ReadError> {
    let fixed = beats.source.read(0, HEADER + 4)?;
    let view = View::little(&fixed);
    // Behind the variable block stands the first beat's place, then the beats.
    let at = match view.i32(22).map(u64::try_from) {
        Some(Ok(at)) if at >= HEADER as u64 && at < beats.source.len() => at,
        _ => HEADER as u64,
    };
    let length = beats.source.len().saturating_sub(at);
    context.check_bytes(length)?;
    let bytes = beats.source.read(at, length as usize)?;
    let Some(first) = View::little(&bytes).i32(0) else {
        context.note(Note::new("annotations-cut").with("file", beats.file_name()));
        return Ok(Vec::new());
    };
    let records = bytes.get(4..).unwrap_or_default();
    let (records, rest) = records.as_chunks::<4>();
    if !rest.is_empty() {
        context.note(Note::new("annotations-cut").with("file", beats.file_name()));
    }
    let mut sample = u64::try_from(first).unwrap_or(0);
    let mut found = Vec::with_capacity(records.len());
    for &[kind, _, low, high] in records {
        let before = sample;
        sample += u64::from(u16::from_le_bytes([low, high]));
        let code = match kind {
            b'N' => "N",
            b'V' => "V",
            b'S' => "S",
            b'B' => "B",
            b'P' => "/",
            b'C' | b'X' => "|",
            b'!' => {
                mark_timeout(leads, before, sample);
                continue;
            }
            _ => "Q",
        };
        let mut beat = mark(sample as f64 / rate_hz, rate_hz, code, "");
        beat.sample = sample;
        if kind == b'C' {
            beat.text = "calibration".to_owned();
        }
        found.push(beat);
    }
    Ok(found)
}

/// The stretch of a time-out, if the samples there are all the same: only then is nothing recorded there.
fn mark_timeout(leads: &mut [Lead], from: u64, to: u64) {
    for lead in leads {
        let length = lead.samples.len();
        let range = (from as usize).min(length)..(to as usize).min(length);
        let SampleData::I16(data) = &lead.samples.data else {
            continue;
        };
        let stretch = data.get(range.clone()).unwrap_or_default();
        let flat = stretch.len() > 1 && stretch.windows(2).all(|pair| pair.first() == pair.last());
        let free = lead
            .gaps
            .last()
            .is_none_or(|last| last.range.end <= range.start);
        if flat && free {
            push_gap(&mut lead.gaps, range, GapReason::Missing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{extremes, folder_bundle, near, read_first, recording, samples};
    use super::*;

    #[test]
    fn the_holter_sample_reads_as_the_index_says() {
        let Some(root) = samples() else { return };
        let bundle = folder_bundle(&root.join("ishne/P28_8s.ecg"));
        let read = recording(read_first(&bundle, Answers::default()), "P28");
        assert_eq!(read.leads.len(), 12);
        assert_eq!(read.start.unwrap().iso(), "2000-01-01T07:00:00");
        let told = [
            (-0.245, 0.415),
            (-0.615, 0.735),
            (-0.61, 0.425),
            (-0.565, 0.34),
            (-0.205, 0.315),
            (-0.6, 0.58),
            (-0.615, 0.2),
            (-0.56, 0.285),
            (-1.38, 0.49),
            (-1.91, 0.735),
            (-1.005, 0.895),
            (-0.235, 0.785),
        ];
        for (lead, (low, high)) in read.leads.iter().zip(told) {
            assert_eq!((lead.rate_hz, lead.samples.len()), (1000.0, 8000));
            let found = extremes(lead);
            assert!(
                near(found.0, low) && near(found.1, high),
                "{} {found:?}",
                lead.name
            );
        }
        // 97 beats in 95 s, of which the cut recording holds the first eight seconds.
        assert!(
            read.notes
                .iter()
                .any(|note| note.code == "annotations-beyond-end")
        );
        assert_eq!(read.annotations[0].sample, 804);
        assert_eq!(read.annotations[1].sample, 804 + 995);
    }
}
