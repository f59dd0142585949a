//! Schiller XML (exports of SEMA and the AT series): comma-separated digits, one block of channels a kind of wave.

use super::digit_list;
use super::input;
use super::parts::{self, Part};
use super::text::number;
use super::voltage::units_per_millivolt;
use super::xml::{self, Document, Element};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support, instant,
};
use crate::recording::{
    Lead, LeadName, Note, Patient, Phrase, SampleData, Samples, Scale, Source, StartTime,
};

const ID: &str = "schiller";

/// The reader.
pub struct Schiller;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Schiller (XML)",
    extensions: &["xml"],
    signatures: &[],
    recognised_by: "eventdata with wavedata of channels inside the root element",
    support: Support::Common,
    tested_on: "files built from public readers' descriptions",
    certainty: Certainty::Built,
};

impl Format for Schiller {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(root) = xml::root_of(head.bytes) else {
            return Score::NONE;
        };
        let has = |word: &str| root.text.contains(word);
        if has("<eventdata") && has("<wavedata") {
            Score::CERTAIN
        } else if root.name.contains("Schiller") {
            Score::LIKELY
        } else {
            Score::NONE
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = xml::read(ID, entry, context)?;
        let document = Document::open(ID, &text, entry, context)?;
        let root = document.root();
        let start = start_of(root, context);
        let mut parts: Vec<Part> = Vec::new();
        let mut total = 0;
        for wave in root.within().filter(|element| element.name() == "wavedata") {
            parts::check_room(parts.len())?;
            let kind = wave
                .value("type")
                .or_else(|| wave.word("type"))
                .unwrap_or_default();
            let leads = match channels(wave, context, &mut total)? {
                Ok(leads) => leads,
                Err(question) => return Ok(Reading::Question(question)),
            };
            let beat = !kind.is_empty() && !kind.to_uppercase().contains("RHYTHM");
            parts.push(Part {
                id: format!(
                    "{}-{}",
                    kind.to_lowercase().replace('_', "-"),
                    parts.len() + 1
                ),
                name: kind.to_lowercase().replace('_', " "),
                beat,
                start,
                leads,
                annotations: Vec::new(),
            });
        }
        let source = about(root, entry);
        parts::settle(parts, source, context)
    }
}

/// The channels of one block.
fn channels(
    wave: Element<'_, '_>,
    context: &mut Context,
    total: &mut u64,
) -> Result<Result<Vec<Lead>, Box<Question>>, ReadError> {
    let resolution = wave.find("resolution");
    let rate = resolution.and_then(|resolution| resolution.child("samplerate"));
    let exponent = rate.and_then(|rate| rate.value("exponent"));
    // What another exponent does to the value is not documented.
    if let Some(exponent) = exponent.filter(|text| !matches!(number(text, true), Some(1.0))) {
        return Err(ReadError::Unsupported {
            format: ID.to_owned(),
            feature: format!("a sampling rate with the exponent {exponent}"),
        });
    }
    let rate_hz = rate
        .and_then(|rate| {
            let text = rate
                .value("value")
                .unwrap_or_else(|| rate.text().trim().to_owned());
            number(&text, true)
        })
        .filter(|rate| *rate > 0.0)
        .or(context.answers.rate_hz);
    let volts = resolution.and_then(|resolution| resolution.child("yres"));
    let step = volts
        .and_then(|volts| number(&volts.value("unitperbit")?, true))
        .filter(|step| *step > 0.0);
    let per_millivolt = volts.and_then(|volts| units_per_millivolt(&volts.value("units")?));
    let gain = match (step, per_millivolt) {
        (Some(step), Some(per_millivolt)) => Some(per_millivolt / step),
        _ => context.answers.per_millivolt(),
    };
    let mut leads = Vec::new();
    for channel in wave.within().filter(|element| element.name() == "channel") {
        let Some(data) = channel.child("data") else {
            continue;
        };
        let written = channel
            .value("datastype")
            .or_else(|| channel.value("datatype"));
        if let Some(written) = written.filter(|word| !word.starts_with("COMMASEPARATE")) {
            return Err(ReadError::Unsupported {
                format: ID.to_owned(),
                feature: format!("samples written as {written}"),
            });
        }
        let name = channel.value("name").unwrap_or_else(|| "ECG".to_owned());
        parts::check_leads(leads.len(), context)?;
        let digits = digit_list::parse(&data.text(), context)?;
        if digits.strange > 0 {
            context.note(
                Note::new("unreadable-numbers")
                    .with("count", digits.strange)
                    .with("signal", name.as_str()),
            );
        }
        *total = total.saturating_add(match &digits.data {
            SampleData::I16(data) => data.len() as u64,
            SampleData::I32(data) => data.len() as u64,
            SampleData::F32(data) => data.len() as u64,
        });
        context.check_samples(*total)?;
        let (Some(rate_hz), Some(gain)) = (rate_hz, gain) else {
            let samples = Samples {
                data: digits.data,
                scale: Scale::IDENTITY,
            };
            return Ok(Err(question(rate_hz.is_none(), gain.is_none(), &samples)));
        };
        let scale = Scale {
            gain,
            baseline: 0.0,
        };
        let samples = Samples {
            data: digits.data,
            scale,
        };
        let name = LeadName::recognise(&name).map_or(name, |lead| lead.label().to_owned());
        let mut lead = Lead::ecg(&name, rate_hz, samples);
        lead.gaps = digits.gaps;
        leads.push(lead);
    }
    Ok(Ok(leads))
}

fn question(rate: bool, gain: bool, samples: &Samples) -> Box<Question> {
    let gain = gain.then(|| Phrase::new("evidence-no-scale"));
    let preview = samples.values(0..input::PREVIEW);
    input::ask(
        ID,
        input::rate_and_gain(rate, gain),
        Answers::default(),
        preview,
    )
}

fn start_of(root: Element<'_, '_>, context: &mut Context) -> Option<StartTime> {
    let event = root.find("event")?;
    let date = event
        .value("date")
        .or_else(|| root.find("startdatetime")?.value("date"))?;
    let time = event
        .value("time")
        .or_else(|| root.find("startdatetime")?.value("time"))?;
    let parsed = instant::compact(&format!("{}{}", digits_of(&date), digits_of(&time)));
    if parsed.is_none() {
        context.note(Note::new("bad-date").with("text", format!("{date} {time}")));
    }
    parsed
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn about(root: Element<'_, '_>, entry: &Entry) -> Source {
    let person = root.find("patdata");
    let field = |names: [&str; 2]| {
        names
            .iter()
            .find_map(|name| person.and_then(|person| person.value(name)))
    };
    let names: Vec<String> = [field(["firstname", "prename"]), field(["lastname", "name"])]
        .into_iter()
        .flatten()
        .collect();
    Source {
        format: ID.to_owned(),
        recognised_by: "recognised-xml-root".to_owned(),
        name: entry.file_name().to_owned(),
        patient: Patient {
            name: (!names.is_empty()).then(|| names.join(" ")),
            id: field(["id", "patid"]),
            birth_date: field(["birthdate", "dateofbirth"]),
            sex: field(["gender", "sex"]),
        },
        ..Source::default()
    }
}
