//! GE CardioSoft / CASE XML (`CardiologyXML`): comma-separated digits, resting strips and the full disclosure of
//! exercise tests.

use super::digit_list::{self, Digits};
use super::input;
use super::instant;
use super::parts::{self, Part};
use super::text::number;
use super::xml::{self, Document, Element};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support, Unknown,
};
use crate::recording::{
    Lead, LeadName, Note, Patient, Phrase, SampleData, Samples, Scale, Source, SourceMeasurement,
    StartTime,
};

const ID: &str = "cardiosoft";
/// Resolution of most files, microvolts a count; only ever proposed.
const USUAL_MICROVOLTS: f64 = 5.0;

/// The reader.
pub struct CardioSoft;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "GE CardioSoft / CASE (XML)",
    extensions: &["xml"],
    signatures: &[],
    recognised_by: "the root element CardiologyXML",
    support: Support::Common,
    tested_on: "files built from public readers' descriptions",
    certainty: Certainty::Built,
};

impl Format for CardioSoft {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        xml::score_of_root(head, "CardiologyXML")
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = xml::read(ID, entry, context)?;
        let document = Document::open(ID, &text, entry, context)?;
        let root = document.root();
        let start = start_of(root, context);
        let mut parts = Vec::new();
        for (element, name, beat) in [
            ("StripData", "strip", false),
            ("FullDisclosure", "full disclosure", false),
            ("MedianSamples", "median", true),
        ] {
            for block in root.within().filter(|found| found.name() == element) {
                parts::check_room(parts.len())?;
                let leads = if element == "FullDisclosure" {
                    disclosure(block, context)?
                } else {
                    strip(block, context)?
                };
                match leads {
                    Ok(leads) if leads.is_empty() => {}
                    Ok(leads) => {
                        let twice = parts
                            .iter()
                            .filter(|part: &&Part| part.beat == beat)
                            .count();
                        parts.push(Part {
                            id: format!("{}-{}", name.replace(' ', "-"), twice + 1),
                            name: name.to_owned(),
                            beat,
                            start,
                            leads,
                            annotations: Vec::new(),
                        });
                    }
                    Err(question) => return Ok(Reading::Question(question)),
                }
            }
        }
        let source = about(root, entry);
        parts::settle(parts, source, context)
    }
}

/// Rate and counts a millivolt of a block; a question where it gives none.
fn layout(
    block: Element<'_, '_>,
    context: &Context,
    preview: impl FnOnce() -> Vec<f32>,
) -> Result<(f64, f64), Box<Question>> {
    let value = |name: &str| {
        let element = block.child(name)?;
        let value = number(element.text().trim(), true).filter(|value| *value > 0.0)?;
        Some((value, element.word("units").unwrap_or_default()))
    };
    let rate = value("SampleRate")
        .filter(|(_, unit)| unit.is_empty() || unit.eq_ignore_ascii_case("hz"))
        .map(|(rate, _)| rate);
    let gain =
        value("Resolution").and_then(|(step, unit)| match unit.to_ascii_lowercase().as_str() {
            "uvperlsb" => Some(1000.0 / step),
            "mvperlsb" => Some(1.0 / step),
            "nvperlsb" => Some(1_000_000.0 / step),
            _ => None,
        });
    let (rate, gain) = (
        rate.or(context.answers.rate_hz),
        gain.or(context.answers.per_millivolt()),
    );
    match (rate, gain) {
        (Some(rate), Some(gain)) => Ok((rate, gain)),
        _ => {
            let mut unknowns = Vec::new();
            let mut evidence = Vec::new();
            if rate.is_none() {
                unknowns.push(Unknown::Rate);
                evidence.push(Phrase::new("evidence-no-rate"));
            }
            if gain.is_none() {
                unknowns.push(Unknown::Gain);
                evidence
                    .push(Phrase::new("evidence-usual-step").with("microvolts", USUAL_MICROVOLTS));
            }
            Err(Box::new(Question {
                format: ID.to_owned(),
                proposal: Answers {
                    gain: gain.is_none().then_some(1000.0 / USUAL_MICROVOLTS),
                    ..Answers::default()
                },
                unknowns,
                evidence,
                preview: preview(),
            }))
        }
    }
}

/// A strip or the medians: one element a lead.
fn strip(
    block: Element<'_, '_>,
    context: &mut Context,
) -> Result<Result<Vec<Lead>, Box<Question>>, ReadError> {
    let mut read: Vec<(String, Digits)> = Vec::new();
    let mut total = 0;
    for wave in block.all("WaveformData") {
        parts::check_leads(read.len(), context)?;
        let digits = digit_list::parse(&wave.text(), context)?;
        total += length(&digits.data) as u64;
        context.check_samples(total)?;
        let name = wave.word("lead").unwrap_or_else(|| "ECG".to_owned());
        let name = LeadName::recognise(&name).map_or(name, |lead| lead.label().to_owned());
        if digits.strange > 0 {
            context.note(
                Note::new("unreadable-numbers")
                    .with("count", digits.strange)
                    .with("signal", name.as_str()),
            );
        }
        read.push((name, digits));
    }
    if read.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let preview = || {
        let data = read.first().map(|(_, digits)| digits.data.clone());
        let data = data.unwrap_or(SampleData::I16(Vec::new()));
        let scale = Scale::IDENTITY;
        Samples { data, scale }.values(0..input::PREVIEW)
    };
    let (rate_hz, gain) = match layout(block, context, preview) {
        Ok(layout) => layout,
        Err(question) => return Ok(Err(question)),
    };
    let told = block
        .value("ChannelSampleCountTotal")
        .and_then(|text| text.parse::<usize>().ok());
    let leads = read.into_iter().map(|(name, digits)| {
        let found = length(&digits.data);
        if let Some(told) = told.filter(|&told| told != found) {
            context.note(
                Note::new("short-file")
                    .with("file", name.as_str())
                    .with("expected", told)
                    .with("found", found),
            );
        }
        let scale = Scale {
            gain,
            baseline: 0.0,
        };
        let samples = Samples {
            data: digits.data,
            scale,
        };
        let mut lead = Lead::ecg(&name, rate_hz, samples);
        lead.gaps = digits.gaps;
        lead
    });
    Ok(Ok(leads.collect()))
}

fn length(data: &SampleData) -> usize {
    match data {
        SampleData::I16(data) => data.len(),
        SampleData::I32(data) => data.len(),
        SampleData::F32(data) => data.len(),
    }
}

/// An exercise test's whole trace: for each second, a second of each lead in turn.
fn disclosure(
    block: Element<'_, '_>,
    context: &mut Context,
) -> Result<Result<Vec<Lead>, Box<Question>>, ReadError> {
    let names: Vec<String> = block
        .value("LeadOrder")
        .unwrap_or_default()
        .split([',', ' '])
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    parts::check_leads(names.len().saturating_sub(1), context)?;
    let Some(data) = block.child("FullDisclosureData") else {
        return Ok(Ok(Vec::new()));
    };
    let digits = digit_list::parse(&data.text(), context)?;
    let stream: Vec<i32> = match digits.data {
        SampleData::I16(data) => data.into_iter().map(i32::from).collect(),
        SampleData::I32(data) => data,
        SampleData::F32(_) => {
            return Err(ReadError::Unsupported {
                format: ID.to_owned(),
                feature: "a full disclosure of fractional numbers".to_owned(),
            });
        }
    };
    if stream.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let channels = block
        .value("NumberOfChannels")
        .and_then(|text| text.parse::<usize>().ok());
    if names.is_empty() || channels.is_some_and(|channels| channels != names.len()) {
        return Err(ReadError::Damaged {
            format: ID.to_owned(),
            place: "LeadOrder".to_owned(),
            expected: "a name for each channel".to_owned(),
            found: format!("{} names", names.len()),
        });
    }
    let preview = || {
        stream
            .iter()
            .take(input::PREVIEW)
            .map(|&count| count as f32)
            .collect()
    };
    let (rate_hz, gain) = match layout(block, context, preview) {
        Ok(layout) => layout,
        Err(question) => return Ok(Err(question)),
    };
    let second = (rate_hz.round() as usize).max(1);
    let mut counts = vec![Vec::new(); names.len()];
    for (place, block) in stream.chunks(second).enumerate() {
        // A last second that is cut would end the leads at different times.
        if block.len() == second
            && let Some(lead) = counts.get_mut(place % names.len())
        {
            lead.extend_from_slice(block);
        }
    }
    let whole = counts.iter().map(Vec::len).min().unwrap_or(0);
    let used = whole * names.len();
    if used < stream.len() {
        context.note(Note::new("samples-after-end").with("count", stream.len() - used));
    }
    let leads = names.iter().zip(counts).map(|(name, mut counts)| {
        counts.truncate(whole);
        let scale = Scale {
            gain,
            baseline: 0.0,
        };
        Lead::ecg(name, rate_hz, Samples::from_i32(counts, scale))
    });
    Ok(Ok(leads.collect()))
}

fn start_of(root: Element<'_, '_>, context: &mut Context) -> Option<StartTime> {
    let date = root.find("ObservationDateTime")?;
    let field = |name: &str| date.value(name)?.parse::<u16>().ok();
    let time = format!(
        "{}:{}:{}",
        field("Hour")?,
        field("Minute")?,
        field("Second").unwrap_or(0)
    );
    let day = Some((field("Year")?, field("Month")?, field("Day")?));
    let parsed = instant::date_and_time(day, &time);
    if parsed.is_none() {
        context.note(Note::new("bad-date").with("text", time));
    }
    parsed
}

/// What the file says of person, measurements and verdict.
fn about(root: Element<'_, '_>, entry: &Entry) -> Source {
    let person = root.find("PatientInfo");
    let name = person.and_then(|person| person.child("Name").or(Some(person)));
    let part = |part: &str| name.and_then(|name| name.value(part));
    let names: Vec<String> = [part("GivenName"), part("FamilyName")]
        .into_iter()
        .flatten()
        .collect();
    let measurements = root
        .find("RestingECGMeasurements")
        .into_iter()
        .flat_map(Element::children)
        .filter(|element| element.name() != "MedianSamples")
        .filter_map(|element| {
            let value = element.text().trim().to_owned();
            let unit = element.word("units").unwrap_or_default();
            (!value.is_empty()).then(|| SourceMeasurement {
                name: element.name().to_owned(),
                value: format!("{value} {unit}").trim().to_owned(),
            })
        })
        .take(100)
        .collect();
    let verdict: Vec<String> = root
        .find("Interpretation")
        .into_iter()
        .flat_map(Element::within)
        .filter(|element| element.name() == "DiagnosisText" || element.name() == "Statement")
        .map(|element| element.text().trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect();
    Source {
        format: ID.to_owned(),
        recognised_by: "recognised-xml-root".to_owned(),
        name: entry.file_name().to_owned(),
        device: root
            .find("DeviceInfo")
            .and_then(|device| device.value("Desc").or_else(|| device.value("Model"))),
        filters: None,
        classification: (!verdict.is_empty()).then(|| verdict.join("; ")),
        measurements,
        patient: Patient {
            name: (!names.is_empty()).then(|| names.join(" ")),
            id: person.and_then(|person| person.value("PID")),
            birth_date: None,
            sex: person.and_then(|person| person.value("Gender")),
        },
        remarks: Vec::new(),
    }
}
