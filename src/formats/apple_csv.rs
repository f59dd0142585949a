//! The ECG file of Apple Health, and any file of the same shape: pairs of words, then one number a line.
//!
//! Keys and values are translated to the user's language, so it is read by shape: the date with its zone, the rate
//! with its word, the voltage unit, the lead on the line before. No rate is assumed: watches write their own.

use super::gaps::push_gap;
use super::input::{self, PREVIEW};
use super::text::{bare, decode, is_missing, lines, number, rate_with_unit};
use super::voltage::units_per_millivolt;
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support, Unknown, instant,
};
use crate::recording::{
    Gap, GapReason, Lead, LeadName, Note, Patient, Phrase, Recording, SampleData, Samples, Scale,
    Source, SourceMeasurement, StartTime,
};

const ID: &str = "apple-csv";
/// Lines in which the header must be over; real ones have 13.
const HEADER_LINES: usize = 60;
/// Rate near which every watch records; only ever proposed.
const USUAL_RATE_HZ: f64 = 512.0;

/// The reader.
pub struct AppleCsv;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Apple Health ECG (CSV)",
    extensions: &["csv", "txt"],
    signatures: &[],
    recognised_by: "pairs of words in any language with a date and zone, a rate in hertz and a \
                    unit of voltage, then one number a line",
    support: Support::Complete,
    tested_on: "1 public export and 2 built in other languages, compared with an independent reader",
    certainty: Certainty::Equal,
};

/// What the header's lines say, found by their shape.
#[derive(Debug, Default)]
pub struct Header {
    /// Key and value of each line, empty lines left out.
    pairs: Vec<(String, String)>,
    /// Place of the date among the pairs.
    date: Option<usize>,
    /// The date itself.
    pub start: Option<StartTime>,
    rate_hz: Option<f64>,
    /// Place of the unit among the pairs.
    unit: Option<usize>,
    /// Units in a millivolt.
    per_millivolt: Option<f64>,
    device: Option<String>,
    /// Line (from 0) of the first sample.
    first_sample: usize,
}

impl Header {
    /// Reads lines until the first bare number; `None` when there is none.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let mut header = Self::default();
        for (at, line) in lines(text).enumerate().take(HEADER_LINES) {
            if sample(line).is_some() {
                header.first_sample = at;
                return Some(header);
            }
            header.line(line);
        }
        None
    }

    /// How sure the shape is: date, rate and unit.
    #[must_use]
    pub fn score(&self) -> Score {
        let facts = [
            self.date.is_some(),
            self.rate_hz.is_some(),
            self.unit.is_some(),
        ];
        match facts.iter().filter(|&&fact| fact).count() {
            3 => Score(230),
            2 if self.date.is_some() => Score::LIKELY,
            // The same shape without a date, from any maker.
            2 => Score(90),
            _ => Score::NONE,
        }
    }

    fn line(&mut self, line: &str) {
        let line = line.trim_matches(['\t', ' ']);
        let (key, value) = line
            .split_once(['\t', ','])
            .map_or((line, ""), |(key, value)| (key, value));
        let (key, value) = (bare(key), bare(value.trim_end_matches([',', '\t'])));
        if key.is_empty() && value.is_empty() {
            return;
        }
        let place = self.pairs.len();
        self.pairs.push((key.to_owned(), value.to_owned()));
        if let Some(start) = instant::parse(value) {
            self.date.get_or_insert(place);
            self.start.get_or_insert(start);
        } else if value.contains("Watch") {
            self.device = Some(value.to_owned());
        } else if let Some(per_millivolt) = units_per_millivolt(value) {
            self.unit = Some(place);
            self.per_millivolt = Some(per_millivolt);
        } else if let Some(rate) = rate_with_unit(value).filter(|rate| *rate >= 100.0) {
            self.rate_hz.get_or_insert(rate);
        }
    }

    /// The value of the pair at `place`, where it says something.
    fn value(&self, place: Option<usize>) -> Option<String> {
        let (_, value) = self.pairs.get(place?)?;
        (!value.is_empty()).then(|| value.clone())
    }
}

/// A line that is one bare number; a comma is always a decimal mark here.
fn sample(line: &str) -> Option<f64> {
    number(line.trim_end_matches([',', '\t', ';', ' ']), true)
}

impl Format for AppleCsv {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(header) = decode(head.bytes).and_then(|text| Header::find(&text)) else {
            return Score::NONE;
        };
        // A date without a zone is another maker's.
        if header
            .start
            .is_some_and(|start| start.offset_minutes.is_none())
        {
            return Score::NONE;
        }
        header.score()
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        read_as(ID, "recognised-apple-csv", entry, context)
    }
}

/// Reads a file of this shape under the name of its maker.
///
/// # Errors
/// [`ReadError::Damaged`] where no samples follow, [`ReadError::TooLarge`], [`ReadError::Medium`].
pub fn read_as(
    id: &str,
    recognised_by: &str,
    entry: &Entry,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    let text = input::text(entry, context)?;
    let Some(header) = Header::find(&text) else {
        return Err(ReadError::damaged_line(
            id,
            HEADER_LINES,
            "one number a line after the header",
            "no such line",
        ));
    };
    let (data, gaps) = samples(&text, header.first_sample, context)?;
    let rate_hz = header.rate_hz.or(context.answers.rate_hz);
    let unit_unlikely = thousandfold(&header, &data);
    let answered = context.answers.per_millivolt();
    let per_millivolt = if unit_unlikely {
        answered
    } else {
        header.per_millivolt.or(answered)
    };
    let (Some(rate_hz), Some(per_millivolt)) = (rate_hz, per_millivolt) else {
        let unit = per_millivolt.is_none().then_some(if unit_unlikely {
            ("evidence-lost-decimal-mark", "nV")
        } else {
            ("evidence-watch-unit", "uV")
        });
        return Ok(question(id, rate_hz.is_none(), unit, &data));
    };
    let scale = Scale {
        gain: per_millivolt,
        baseline: 0.0,
    };
    let samples = Samples {
        data: SampleData::F32(data),
        scale,
    };
    let mut lead = lead(&header, context, rate_hz, samples);
    lead.gaps = gaps;
    let mut source = source(&header, entry);
    source.format = id.to_owned();
    source.recognised_by = recognised_by.to_owned();
    let recording = Recording {
        leads: vec![lead],
        start: header.start,
        source,
        ..Recording::default()
    };
    Ok(input::recording(recording, context))
}

/// Whether a spreadsheet has taken the decimal comma of microvolts for a mark of thousands: whole numbers throughout,
/// and a trace a thousand times too large.
fn thousandfold(header: &Header, data: &[f32]) -> bool {
    let whole = data.iter().all(|value| value.fract() == 0.0);
    let low = data.iter().copied().fold(f32::MAX, f32::min);
    let high = data.iter().copied().fold(f32::MIN, f32::max);
    header
        .per_millivolt
        .is_some_and(|gain| whole && f64::from(high - low) / gain > 50.0)
}

/// The numbers from line `first` on. A line that is no number is a missing sample, and noted.
fn samples(
    text: &str,
    first: usize,
    context: &mut Context,
) -> Result<(Vec<f32>, Vec<Gap>), ReadError> {
    let mut data: Vec<f32> = Vec::new();
    let mut gaps = Vec::new();
    let mut bad = 0_usize;
    let mut first_bad = 0;
    for (at, line) in lines(text).enumerate().skip(first) {
        if bare(line.trim_end_matches([',', '\t', ';'])).is_empty() {
            continue;
        }
        let value = match sample(line) {
            Some(value) => value as f32,
            None => {
                if !is_missing(line) {
                    bad += 1;
                    first_bad = if bad == 1 { at + 1 } else { first_bad };
                }
                push_gap(&mut gaps, data.len()..data.len() + 1, GapReason::Missing);
                data.last().copied().unwrap_or(0.0)
            }
        };
        data.push(value);
    }
    context.check_samples(data.len() as u64)?;
    if bad > 0 {
        context.note(
            Note::new("unreadable-lines")
                .with("count", bad)
                .with("line", first_bad),
        );
    }
    Ok((data, gaps))
}

/// The lead: named by the line before the unit, whose last word names it in any language.
fn lead(header: &Header, context: &Context, rate_hz: f64, samples: Samples) -> Lead {
    let before_unit = header.unit.and_then(|unit| unit.checked_sub(1));
    let name = header
        .value(before_unit)
        .or_else(|| context.answers.lead.clone())
        .unwrap_or_else(|| "ECG".to_owned());
    let mut lead = Lead::ecg(&name, rate_hz, samples);
    lead.standard = lead.standard.or_else(|| {
        let word = name.split_whitespace().next_back()?;
        LeadName::recognise(word)
    });
    lead
}

/// What the file says of itself: the verdict follows the date, the person stands before it.
fn source(header: &Header, entry: &Entry) -> Source {
    let person = |at: usize| {
        header
            .date
            .filter(|&date| at < date)
            .and(header.value(Some(at)))
    };
    let mut remarks = Vec::new();
    let mut measurements = Vec::new();
    let verdict = header.date.map(|date| date + 1);
    for (at, (key, value)) in header.pairs.iter().enumerate() {
        let told = header.date.is_some_and(|date| at <= date + 1)
            || header.unit.is_some_and(|unit| at + 1 >= unit)
            || header.device.as_ref() == Some(value)
            || rate_with_unit(value).is_some_and(|rate| Some(rate) == header.rate_hz);
        if value.is_empty() || told {
            continue;
        }
        if value.to_lowercase().ends_with("bpm") {
            measurements.push(SourceMeasurement {
                name: key.clone(),
                value: value.clone(),
            });
        } else {
            remarks.push(format!("{key}: {value}"));
        }
    }
    Source {
        format: ID.to_owned(),
        recognised_by: "recognised-apple-csv".to_owned(),
        name: entry.file_name().to_owned(),
        device: header.device.clone(),
        classification: header.value(verdict),
        measurements,
        patient: Patient {
            name: person(0),
            birth_date: person(1),
            ..Patient::default()
        },
        remarks,
        ..Source::default()
    }
}

fn question(id: &str, rate: bool, unit: Option<(&str, &str)>, data: &[f32]) -> Reading {
    let mut unknowns = Vec::new();
    let mut evidence = Vec::new();
    let mut proposal = Answers::default();
    if rate {
        unknowns.push(Unknown::Rate);
        evidence.push(Phrase::new("evidence-watch-rate").with("rate", USUAL_RATE_HZ));
        proposal.rate_hz = Some(USUAL_RATE_HZ);
    }
    if let Some((why, unit)) = unit {
        unknowns.push(Unknown::Unit);
        evidence.push(Phrase::new(why));
        proposal.unit = Some(unit.to_owned());
    }
    Reading::Question(Box::new(Question {
        format: id.to_owned(),
        unknowns,
        evidence,
        proposal,
        preview: data.iter().take(PREVIEW).copied().collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Recording {
        let bundle = Bundle::from_bytes("ecg.csv", bytes);
        let entry = &bundle.entries[0];
        let head = Head {
            name: "ecg.csv",
            bytes,
            tail: &[],
            len: bytes.len() as u64,
        };
        assert!(AppleCsv.score(&head) >= Score::LIKELY);
        match AppleCsv
            .read(&bundle, entry, &mut Context::default())
            .unwrap()
        {
            Reading::Recording(recording) => *recording,
            other => panic!("{other:?}"),
        }
    }

    const ENGLISH: &str = "Name,A B\nDate of Birth,\"Jan 1, 1980\"\nRecorded Date,2021-12-17 12:58:58 +0800\n\
        Classification,Sinus Rhythm\nSymptoms,\"dizzy, tired\"\nSoftware Version,1.90\nDevice,\"Watch5,1\"\n\
        Average Heart Rate,64 bpm\nSample Rate,513.625 hertz\n\n\nLead,Lead I\nUnit,µV\n\n27.648\n-26\n\n";

    #[test]
    fn the_english_file_is_read_with_all_it_says() {
        let recording = read(ENGLISH.as_bytes());
        let lead = &recording.leads[0];
        assert_eq!(lead.samples.all_values(), [0.027_648, -0.026]);
        assert_eq!((lead.rate_hz, lead.standard), (513.625, Some(LeadName::I)));
        assert_eq!(recording.start.unwrap().iso(), "2021-12-17T12:58:58+08:00");
        let source = &recording.source;
        assert_eq!(source.classification.as_deref(), Some("Sinus Rhythm"));
        assert_eq!(source.device.as_deref(), Some("Watch5,1"));
        assert_eq!(source.patient.name.as_deref(), Some("A B"));
        assert_eq!(source.patient.birth_date.as_deref(), Some("Jan 1, 1980"));
        assert_eq!(source.measurements[0].value, "64 bpm");
        assert_eq!(
            source.remarks,
            ["Symptoms: dizzy, tired", "Software Version: 1.90"]
        );
        assert!(recording.notes.is_empty());
    }

    #[test]
    fn any_language_mark_and_encoding_is_read_by_shape() {
        let german = "Name\r\nGeburtstag,\"27.03.1987\"\r\nAufzeichnungsdatum,2021-12-17 12:58:58 -0330\r\n\
            Klassifizierung,Uneindeutig\r\nMessrate,511,562\u{a0}Hertz\r\n\r\nAbleitung,Ableitung I\r\n\
            Einheit,μV\r\n,\r\n27,648\r\n-26\r\n";
        let invented = german
            .replace("Ableitung,", "Xyz,")
            .replace("Einheit", "Qrs");
        let tabs = "姓名\t甲\n出生日期\t1980\n记录日期\t2021-12-17 12:58:58 -0330\n分类\t房颤\n\
            采样率\t511.562赫兹\n\n导联\t导联I\n单位\tµV\n\n27.648\t\n-26\t\n";
        let japanese = tabs
            .replace('\t', ",")
            .replace("µV", "uV")
            .replace("µ", "u");
        let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode(
            "名前,甲\n生年月日,1\n記録日,2021-12-17 12:58:58 -0330\n分類,洞調律\n\
             サンプルレート,511.562ヘルツ\n\nリード,リードI\n単位,uV\n\n27.648\n-26\n",
        );
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(german.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for bytes in [
            german.as_bytes(),
            invented.as_bytes(),
            tabs.as_bytes(),
            japanese.as_bytes(),
            &shift_jis,
            &utf16,
        ] {
            let recording = read(bytes);
            let lead = &recording.leads[0];
            assert_eq!(lead.samples.all_values(), [0.027_648, -0.026]);
            assert_eq!((lead.rate_hz, lead.standard), (511.562, Some(LeadName::I)));
            assert_eq!(recording.start.unwrap().offset_minutes, Some(-210));
            assert!(recording.source.classification.is_some());
        }
    }

    #[test]
    fn a_line_that_is_no_number_is_a_gap_and_noted() {
        let recording = read(ENGLISH.replace("-26\n", "4x\nnan\n-26\n").as_bytes());
        let lead = &recording.leads[0];
        assert_eq!(lead.gaps[0].range, 1..3);
        assert_eq!(lead.samples.len(), 4);
        assert_eq!(recording.notes[0].code, "unreadable-lines");
    }

    #[test]
    fn a_missing_rate_is_asked_for() {
        let text = ENGLISH.replace("Sample Rate,513.625 hertz\n", "");
        let bundle = Bundle::from_bytes("e.csv", text.as_bytes());
        let read = |answers: Answers| {
            let mut context = Context::with_answers(answers);
            AppleCsv.read(&bundle, &bundle.entries[0], &mut context)
        };
        let Ok(Reading::Question(question)) = read(Answers::default()) else {
            panic!()
        };
        assert_eq!(question.unknowns, [Unknown::Rate]);
        assert!(matches!(read(question.proposal), Ok(Reading::Recording(_))));
    }
}
