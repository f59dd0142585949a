//! Mortara / Welch Allyn / Baxter ELI XML (`ECG` with `CHANNEL`s): base64 of 16-bit samples in attributes.

use super::base64;
use super::input;
use super::instant;
use super::parts::{self, Part};
use super::text::number;
use super::xml::{self, Document, Element};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support,
};
use crate::recording::{
    Lead, LeadName, Note, Patient, Phrase, Samples, Scale, Source, SourceMeasurement, StartTime,
};

const ID: &str = "mortara";
/// Measurements that stand as attributes of the root.
const MEASUREMENTS: [&str; 12] = [
    "NUM_QRS",
    "VENT_RATE",
    "AVERAGE_RR",
    "PR",
    "QRS",
    "QT",
    "QTC",
    "QTCB",
    "QTCF",
    "P_AXIS",
    "QRS_AXIS",
    "T_AXIS",
];

/// The reader.
pub struct Mortara;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Mortara / Welch Allyn ELI (XML)",
    extensions: &["xml"],
    signatures: &[],
    recognised_by: "the root element ECG with an acquisition time or channels",
    support: Support::Common,
    tested_on: "files built from public readers' descriptions",
    certainty: Certainty::Built,
};

impl Format for Mortara {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(root) = xml::root_of(head.bytes).filter(|root| root.name == "ECG") else {
            return Score::NONE;
        };
        let known = ["UNITS_PER_MV", "<CHANNEL", "ACQUISITION_TIME"];
        match known
            .iter()
            .filter(|word| root.text.contains(**word))
            .count()
        {
            0 => Score::NONE,
            1 => Score::LIKELY,
            _ => Score::CERTAIN,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = xml::read(ID, entry, context)?;
        let document = Document::open(ID, &text, entry, context)?;
        let root = document.root();
        let start = start_of(root, context);
        let mut parts = Vec::new();
        let mut total = 0;
        let cycle = root.child("TYPICAL_CYCLE");
        for (name, channels, beat) in [
            ("rhythm", channels(root, "CHANNEL"), false),
            (
                "typical cycle",
                cycle.map_or_else(Vec::new, |cycle| channels(cycle, "TYPICAL_CYCLE_CHANNEL")),
                true,
            ),
        ] {
            let mut leads = Vec::new();
            for channel in channels {
                parts::check_leads(leads.len(), context)?;
                match lead(channel, cycle.filter(|_| beat), context, &mut total)? {
                    Ok(lead) => leads.push(lead),
                    Err(question) => return Ok(Reading::Question(question)),
                }
            }
            parts.push(Part {
                id: name.replace(' ', "-"),
                name: name.to_owned(),
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

fn channels<'d, 'a>(parent: Element<'d, 'a>, name: &str) -> Vec<Element<'d, 'a>> {
    parent.all(name).collect()
}

/// One channel. What it does not say itself, the cycle that it belongs to may.
fn lead(
    channel: Element<'_, '_>,
    cycle: Option<Element<'_, '_>>,
    context: &mut Context,
    total: &mut u64,
) -> Result<Result<Lead, Box<Question>>, ReadError> {
    let word = |name: &str| {
        channel
            .word(name)
            .or_else(|| cycle.and_then(|cycle| cycle.word(name)))
    };
    let name = word("NAME").unwrap_or_else(|| "ECG".to_owned());
    let refuse = |feature: String| {
        Err(ReadError::Unsupported {
            format: ID.to_owned(),
            feature,
        })
    };
    if let Some(encoding) = word("ENCODING").filter(|text| !text.eq_ignore_ascii_case("BASE64")) {
        return refuse(format!("the encoding {encoding}"));
    }
    if let Some(bits) = word("BITS").filter(|bits| bits != "16") {
        return refuse(format!("samples of {bits} bits"));
    }
    if let Some(format) = word("FORMAT").filter(|text| !text.eq_ignore_ascii_case("SIGNED")) {
        return refuse(format!("samples that are {format}"));
    }
    let data = channel.raw_attribute("DATA").unwrap_or_default();
    *total = total.saturating_add(data.len() as u64 / 3);
    context.check_samples(*total)?;
    // Line ends within an attribute may have become references.
    let (bytes, strange) = if data.contains('&') {
        base64::decode(
            &data
                .replace("&#10;", "")
                .replace("&#13;", "")
                .replace("&#xA;", "")
                .replace("&#xD;", ""),
        )
    } else {
        base64::decode(data)
    };
    if strange > 0 {
        context.note(Note::new("checksum").with("signal", name.as_str()));
    }
    let (pairs, _) = bytes.as_chunks::<2>();
    let counts: Vec<i16> = pairs.iter().map(|&pair| i16::from_le_bytes(pair)).collect();
    let told = word("DURATION").and_then(|text| text.parse::<usize>().ok());
    if let Some(told) = told.filter(|&told| told > counts.len()) {
        context.note(
            Note::new("short-file")
                .with("file", name.as_str())
                .with("expected", told)
                .with("found", counts.len()),
        );
    }
    if word("OFFSET")
        .and_then(|text| number(&text, true))
        .is_some_and(|offset| offset != 0.0)
    {
        context.note(Note::new("offset-ignored").with("signal", name.as_str()));
    }
    let value = |name: &str| {
        word(name)
            .and_then(|text| number(&text, true))
            .filter(|value| *value > 0.0)
    };
    let rate = value("SAMPLE_FREQ").or(context.answers.rate_hz);
    let gain = value("UNITS_PER_MV").or(context.answers.per_millivolt());
    let (Some(rate_hz), Some(gain)) = (rate, gain) else {
        return Ok(Err(question(rate.is_none(), gain.is_none(), &counts)));
    };
    let scale = Scale {
        gain,
        baseline: 0.0,
    };
    let name = LeadName::recognise(&name).map_or(name, |lead| lead.label().to_owned());
    Ok(Ok(Lead::ecg(
        &name,
        rate_hz,
        Samples::from_i16(counts, scale),
    )))
}

fn question(rate: bool, gain: bool, counts: &[i16]) -> Box<Question> {
    let gain = gain.then(|| Phrase::new("evidence-no-scale"));
    let preview = counts.iter().map(|&count| f32::from(count));
    input::ask(
        ID,
        input::rate_and_gain(rate, gain),
        Answers::default(),
        preview,
    )
}

fn start_of(root: Element<'_, '_>, context: &mut Context) -> Option<StartTime> {
    let text = root.word("ACQUISITION_TIME")?;
    let parsed = instant::compact(&text);
    if parsed.is_none() {
        context.note(Note::new("bad-date").with("text", text));
    }
    parsed
}

fn about(root: Element<'_, '_>, entry: &Entry) -> Source {
    let subject = root.child("SUBJECT");
    let fields = root.child("DEMOGRAPHIC_FIELDS");
    let field = |attribute: &str, number: &str| {
        subject
            .and_then(|subject| subject.word(attribute))
            .or_else(|| {
                fields?
                    .all("DEMOGRAPHIC_FIELD")
                    .find(|field| field.word("ID").as_deref() == Some(number))?
                    .word("VALUE")
            })
    };
    let names: Vec<String> = [field("FIRST_NAME", "7"), field("LAST_NAME", "1")]
        .into_iter()
        .flatten()
        .collect();
    let maker = root.child("SOURCE");
    let device: Vec<String> = ["MANUFACTURER", "MODEL"]
        .iter()
        .filter_map(|name| maker?.word(name))
        .collect();
    let filters: Vec<String> = ["HIGH_PASS_FILTER", "LOW_PASS_FILTER", "AC_FILTER"]
        .iter()
        .filter_map(|name| Some(format!("{name} {}", maker?.word(name)?)))
        .collect();
    let verdict: Vec<String> = root
        .child("AUTOMATIC_INTERPRETATION")
        .into_iter()
        .flat_map(Element::within)
        .filter(|element| element.name() == "STATEMENT")
        .filter_map(|statement| {
            let reason = statement
                .word("REASON")
                .map(|reason| format!(" ({reason})"));
            Some(statement.word("TEXT")? + &reason.unwrap_or_default())
        })
        .collect();
    let measurements = MEASUREMENTS
        .iter()
        .filter_map(|name| {
            Some(SourceMeasurement {
                name: (*name).to_owned(),
                value: root.word(name)?,
            })
        })
        .collect();
    Source {
        format: ID.to_owned(),
        recognised_by: "recognised-xml-root".to_owned(),
        name: entry.file_name().to_owned(),
        device: (!device.is_empty()).then(|| device.join(" ")),
        filters: (!filters.is_empty()).then(|| filters.join(", ")),
        classification: (!verdict.is_empty()).then(|| verdict.join("; ")),
        measurements,
        patient: Patient {
            name: (!names.is_empty()).then(|| names.join(" ")),
            id: field("ID", "2"),
            birth_date: field("DOB", "16"),
            sex: field("GENDER", "4"),
        },
        remarks: Vec::new(),
    }
}
