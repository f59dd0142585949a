//! HL7 annotated ECG (aECG): XML with one time sequence and one sequence of digits a lead.
//!
//! After the HL7 v3 annotated ECG implementation guide (2005). Prefixed names, names without a namespace and variants
//! without a time wrapper are read alike, because only local names are looked at.

use super::digit_list;
use super::input;
use super::instant;
use super::parts::{self, Part, mark};
use super::segments::{self, Joined, Segment};
use super::voltage::units_per_millivolt;
use super::xml::{self, Document, Element};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support, Unknown,
};
use crate::recording::{
    Annotation, Lead, LeadName, Note, Patient, Phrase, SampleData, Samples, Scale, Source,
    SourceMeasurement, StartTime,
};

const ID: &str = "aecg";
/// Prefix of lead codes.
const LEAD: &str = "MDC_ECG_LEAD_";
/// Most annotations kept.
const MOST_ANNOTATIONS: usize = 200_000;

/// The reader.
pub struct Aecg;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "HL7 aECG (XML)",
    extensions: &["xml", "aecg"],
    signatures: &[],
    recognised_by: "the root element AnnotatedECG, or lead codes MDC_ECG_LEAD_ in a series of sequences",
    support: Support::Complete,
    tested_on: "the public example of the standard: rhythm, representative beat and 167 annotations",
    certainty: Certainty::Equal,
};

impl Format for Aecg {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        match xml::root_of(head.bytes) {
            Some(root) if root.name == "AnnotatedECG" => Score::CERTAIN,
            Some(root) if root.text.contains(LEAD) && root.text.contains("digits") => Score::LIKELY,
            _ => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = xml::read(ID, entry, context)?;
        let document = Document::open(ID, &text, entry, context)?;
        let root = document.root();
        let mut parts = Vec::new();
        for series in root
            .within()
            .filter(|element| matches!(element.name(), "series" | "derivedSeries"))
        {
            parts::check_room(parts.len())?;
            match read_series(series, parts.len(), context)? {
                Found::Parts(found) => parts.extend(found),
                Found::Open(question) => return Ok(Reading::Question(question)),
            }
        }
        let source = about(root, entry);
        parts::settle(parts, source, context)
    }
}

enum Found {
    Parts(Vec<Part>),
    Open(Box<Question>),
}

/// The code of an element, without its vocabulary.
fn code(element: Element<'_, '_>) -> String {
    element
        .child("code")
        .and_then(|code| code.word("code"))
        .unwrap_or_default()
}

/// The time sequence of a set.
#[derive(Clone, Copy, Default)]
struct Clock {
    rate_hz: Option<f64>,
    start: Option<StartTime>,
    /// Seconds, of an absolute or a relative time.
    offset_s: f64,
}

/// One series, as one part if its sets fit one line of time.
fn read_series(
    series: Element<'_, '_>,
    before: usize,
    context: &mut Context,
) -> Result<Found, ReadError> {
    let kind = code(series);
    let beat = series.name() == "derivedSeries" || kind.contains("BEAT");
    let sets: Vec<Element<'_, '_>> = series
        .all("component")
        .filter_map(|component| component.child("sequenceSet"))
        .collect();
    let mut pieces = Vec::new();
    let mut start: Option<StartTime> = None;
    let mut total = 0_u64;
    for set in sets {
        let (clock, segment) = match read_set(set, context, &mut total)? {
            Ok(found) => found,
            Err(question) => return Ok(Found::Open(question)),
        };
        if let Some(time) = clock.start {
            let earlier =
                start.is_none_or(|known| instant::seconds(&time) < instant::seconds(&known));
            start = if earlier { Some(time) } else { start };
        }
        pieces.push(segment);
    }
    let begins = |segment: &Segment| segment.offset_s;
    let first_s = pieces.iter().map(begins).fold(f64::INFINITY, f64::min);
    let low = series
        .path(&["effectiveTime", "low"])
        .and_then(|low| instant::compact(&low.word("value")?));
    let start = start.or(low);
    let name = if kind.is_empty() {
        format!("series {}", before + 1)
    } else {
        kind.to_lowercase().replace('_', " ")
    };
    let part = |place: usize, leads: Vec<Lead>, start, annotations| Part {
        id: if before + place == 0 {
            name.replace(' ', "-")
        } else {
            format!("{}-{}", name.replace(' ', "-"), before + place + 1)
        },
        name: name.clone(),
        beat,
        start,
        leads,
        annotations,
    };
    if pieces.is_empty() {
        return Ok(Found::Parts(Vec::new()));
    }
    Ok(Found::Parts(match segments::join(pieces, context)? {
        Joined::Whole(leads) => {
            let annotations = marks(series, first_s, &leads, context);
            vec![part(0, leads, start, annotations)]
        }
        Joined::Apart(pieces) => pieces
            .into_iter()
            .enumerate()
            .map(|(place, piece)| part(place, piece.leads, start, Vec::new()))
            .collect(),
    }))
}

/// One set of sequences that begin together.
#[allow(clippy::type_complexity)]
fn read_set(
    set: Element<'_, '_>,
    context: &mut Context,
    total: &mut u64,
) -> Result<Result<(Clock, Segment), Box<Question>>, ReadError> {
    let mut clock = Clock::default();
    let mut leads = Vec::new();
    let sequences = set
        .all("component")
        .filter_map(|component| component.child("sequence"));
    for sequence in sequences.chain(set.all("sequence")) {
        let code = code(sequence);
        let Some(value) = sequence.child("value") else {
            continue;
        };
        if code.starts_with("TIME_") || value.child("increment").is_some() {
            clock = read_clock(value);
            continue;
        }
        let Some(text) = value.child("digits").map(Element::text) else {
            continue;
        };
        parts::check_leads(leads.len(), context)?;
        let digits = digit_list::parse(&text, context)?;
        *total = total.saturating_add(match &digits.data {
            SampleData::I16(data) => data.len() as u64,
            SampleData::I32(data) => data.len() as u64,
            SampleData::F32(data) => data.len() as u64,
        });
        context.check_samples(*total)?;
        let name = lead_name(&code);
        if digits.strange > 0 {
            context.note(
                Note::new("unreadable-numbers")
                    .with("count", digits.strange)
                    .with("signal", name.as_str()),
            );
        }
        let scale = match scale_of(value, context) {
            Ok(scale) => scale,
            Err(evidence) => {
                let samples = Samples {
                    data: digits.data,
                    scale: Scale::IDENTITY,
                };
                return Ok(Err(question(vec![Unknown::Unit], evidence, &samples)));
            }
        };
        if !(scale.gain.is_finite() && scale.gain != 0.0 && scale.baseline.is_finite()) {
            return Err(ReadError::Damaged {
                format: ID.to_owned(),
                place: format!("the sequence {code}"),
                expected: "a scale above 0".to_owned(),
                found: "another".to_owned(),
            });
        }
        let samples = Samples {
            data: digits.data,
            scale,
        };
        let mut lead = Lead::ecg(&name, 1.0, samples);
        lead.gaps = digits.gaps;
        leads.push(lead);
    }
    let rate_hz = clock.rate_hz.or(context.answers.rate_hz);
    let Some(rate_hz) = rate_hz.filter(|rate| rate.is_finite() && *rate > 0.0) else {
        let Some(lead) = leads.first() else {
            return Ok(Ok((
                clock,
                Segment {
                    offset_s: 0.0,
                    leads,
                },
            )));
        };
        let evidence = Phrase::new("evidence-no-rate");
        return Ok(Err(question(vec![Unknown::Rate], evidence, &lead.samples)));
    };
    for lead in &mut leads {
        lead.rate_hz = rate_hz;
    }
    let segment = Segment {
        offset_s: clock.offset_s,
        leads,
    };
    Ok(Ok((clock, segment)))
}

/// `MDC_ECG_LEAD_AVR` is aVR; other codes keep their own name.
fn lead_name(code: &str) -> String {
    let name = code.strip_prefix(LEAD).unwrap_or(code);
    LeadName::recognise(name).map_or_else(|| name.to_owned(), |lead| lead.label().to_owned())
}

/// Rate and start of a time sequence (`GLIST_TS`, `GLIST_PQ`).
fn read_clock(value: Element<'_, '_>) -> Clock {
    let mut clock = Clock::default();
    if let Some(increment) = value.child("increment") {
        let step = quantity_s(increment, "s");
        clock.rate_hz = step.filter(|step| *step > 0.0).map(|step| {
            // 0.002 s is 500 Hz, not 499.999…
            let rate = 1.0 / step;
            if (rate - rate.round()).abs() < 1e-6 * rate {
                rate.round()
            } else {
                rate
            }
        });
    }
    if let Some(head) = value.child("head") {
        clock.start = head.word("value").and_then(|text| instant::compact(&text));
        clock.offset_s = match clock.start {
            Some(start) => instant::seconds(&start),
            None => quantity_s(head, "s").unwrap_or(0.0),
        };
    }
    clock
}

/// A time with its unit, in seconds.
fn quantity_s(element: Element<'_, '_>, default_unit: &str) -> Option<f64> {
    let value = super::text::number(&element.word("value")?, true)?;
    let unit = element
        .word("unit")
        .unwrap_or_else(|| default_unit.to_owned());
    let factor = match unit.as_str() {
        "s" | "sec" => 1.0,
        "ms" => 1e-3,
        "us" | "µs" => 1e-6,
        "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Some(value * factor)
}

/// Scale of a lead in millivolts; the evidence for a question where its unit is none.
fn scale_of(value: Element<'_, '_>, context: &Context) -> Result<Scale, Phrase> {
    let quantity = |name: &str| {
        let element = value.child(name)?;
        let number = super::text::number(&element.word("value")?, true)?;
        Some((number, element.word("unit").unwrap_or_default()))
    };
    let step = quantity("scale");
    let answered = context.answers.per_millivolt();
    let (step, per_millivolt) = match &step {
        Some((step, unit)) => match units_per_millivolt(unit).or(answered) {
            Some(per_millivolt) => (*step, per_millivolt),
            None => {
                return Err(Phrase::new("evidence-scale-unit")
                    .with("scale", *step)
                    .with("unit", unit.as_str()));
            }
        },
        None => match answered {
            Some(per_millivolt) => (1.0, per_millivolt),
            None => return Err(Phrase::new("evidence-no-scale")),
        },
    };
    let origin_mv = quantity("origin").map_or(0.0, |(origin, unit)| {
        origin / units_per_millivolt(&unit).unwrap_or(per_millivolt)
    });
    let gain = per_millivolt / step;
    Ok(Scale {
        gain,
        baseline: -origin_mv * gain,
    })
}

fn question(unknowns: Vec<Unknown>, evidence: Phrase, samples: &Samples) -> Box<Question> {
    let proposal = Answers {
        // The guide's own examples and all files seen are written in microvolts.
        unit: unknowns.contains(&Unknown::Unit).then(|| "uV".to_owned()),
        ..Answers::default()
    };
    Box::new(Question {
        format: ID.to_owned(),
        unknowns,
        evidence: vec![evidence],
        proposal,
        preview: samples.values(0..input::PREVIEW),
    })
}

/// The marks of a series: waves as onset and end, everything else that has a time as a text.
fn marks(
    series: Element<'_, '_>,
    first_s: f64,
    leads: &[Lead],
    context: &mut Context,
) -> Vec<Annotation> {
    let rate_hz = leads.first().map_or(1.0, |lead| lead.rate_hz);
    let mut found = Vec::new();
    let sets = series
        .all("subjectOf")
        .filter_map(|subject| subject.child("annotationSet"));
    let annotations = sets.flat_map(Element::within);
    for annotation in annotations.filter(|element| element.name() == "annotation") {
        let value = annotation.child("value");
        let kind = value
            .and_then(|value| value.word("code"))
            .unwrap_or_else(|| code(annotation));
        let Some(region) = annotation.path(&["support", "supportingROI"]) else {
            continue;
        };
        let mut times = (None, None);
        let mut channel = 0;
        for boundary in region
            .all("component")
            .filter_map(|component| component.child("boundary"))
        {
            let code = code(boundary);
            if code.starts_with(LEAD) {
                let name = lead_name(&code);
                let place = leads.iter().position(|lead| lead.name == name);
                channel = place.map_or(0, |place| u8::try_from(place).unwrap_or(0));
            } else if let Some(value) = boundary.child("value") {
                let time = |name: &str| time_s(value.child(name)?, first_s);
                times = (
                    time("low")
                        .or_else(|| time("center"))
                        .or_else(|| time_s(value, first_s)),
                    time("high"),
                );
            }
        }
        let wave = ["PWAVE", "QRSWAVE", "TWAVE"]
            .iter()
            .position(|wave| kind.ends_with(wave));
        let shown = value
            .and_then(|value| value.word("displayName").or_else(|| text_of(value)))
            .unwrap_or_else(|| kind.trim_start_matches("MDC_ECG_").to_owned());
        let mut push = |time_s: Option<f64>, code: &str, text: &str, number: usize| {
            if let Some(time_s) = time_s {
                let mut mark = mark(time_s, rate_hz, code, text);
                (mark.number, mark.channel) = (number as i8, channel);
                found.push(mark);
            }
        };
        match wave {
            Some(wave) => {
                push(times.0, "(", "", wave);
                push(times.1, ")", "", wave);
            }
            None => push(times.0, "\"", &shown, 0),
        }
        if found.len() >= MOST_ANNOTATIONS {
            context.note(Note::new("annotations-limit").with("count", MOST_ANNOTATIONS));
            break;
        }
    }
    found
}

fn text_of(element: Element<'_, '_>) -> Option<String> {
    let text = element.text();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A boundary's time in seconds from the series' first sample.
fn time_s(element: Element<'_, '_>, first_s: f64) -> Option<f64> {
    let text = element.word("value")?;
    match instant::compact(&text) {
        Some(time) if element.word("unit").is_none() => {
            // Hundredths of milliseconds are beyond what the written times and a day's seconds hold.
            let seconds = instant::seconds(&time) - first_s;
            Some((seconds * 1e5).round() / 1e5)
        }
        _ => quantity_s(element, "s"),
    }
}

/// What the document says of device, person, filters and findings.
fn about(root: Element<'_, '_>, entry: &Entry) -> Source {
    let mut source = Source {
        format: ID.to_owned(),
        recognised_by: "recognised-xml-root".to_owned(),
        name: entry.file_name().to_owned(),
        ..Source::default()
    };
    if let Some(subject) = root.find("trialSubject") {
        let person = subject.child("subjectDemographicPerson");
        let gender = person.and_then(|person| person.child("administrativeGenderCode"));
        source.patient = Patient {
            name: person.and_then(|person| spoken_name(person.child("name")?)),
            id: subject.child("id").and_then(|id| id.word("extension")),
            birth_date: person
                .and_then(|person| person.child("birthTime"))
                .and_then(|time| time.word("value")),
            sex: gender.and_then(|gender| gender.word("code")),
        };
    }
    if let Some(author) = root.find("seriesAuthor") {
        let device = author.child("manufacturedSeriesDevice");
        let words = [
            author
                .child("manufacturerOrganization")
                .and_then(|maker| maker.value("name")),
            device.and_then(|device| device.value("manufacturerModelName")),
            device.and_then(|device| device.value("softwareName")),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        source.device = (!words.is_empty()).then(|| words.join(" "));
    }
    source.filters = filters(root);
    let mut statements = Vec::new();
    for annotation in root
        .within()
        .filter(|element| element.name() == "annotation")
    {
        let (kind, Some(value)) = (code(annotation), annotation.child("value")) else {
            continue;
        };
        if let (Some(number), Some(unit)) = (value.word("value"), value.word("unit")) {
            if source.measurements.len() < 1000 {
                source.measurements.push(SourceMeasurement {
                    name: kind.trim_start_matches("MDC_ECG_").to_owned(),
                    value: format!("{number} {unit}"),
                });
            }
        } else if kind.contains("INTERPRETATION") {
            statements.extend(text_of(value).or_else(|| value.word("displayName")));
        }
    }
    source.classification = (!statements.is_empty()).then(|| statements.join("; "));
    source.remarks = root
        .within()
        .filter(|element| element.name() == "subjectFindingComment")
        .filter_map(|comment| comment.value("text"))
        .collect();
    source
}

/// A name as one text or in its parts.
fn spoken_name(name: Element<'_, '_>) -> Option<String> {
    let parts: Vec<String> = name.children().filter_map(text_of).collect();
    text_of(name).or_else(|| (!parts.is_empty()).then(|| parts.join(" ")))
}

/// `low pass 150 Hz, notch 60 Hz`.
fn filters(root: Element<'_, '_>) -> Option<String> {
    let series = root.find("series")?;
    let mut words: Vec<String> = Vec::new();
    for variable in series
        .all("controlVariable")
        .filter_map(|outer| outer.child("controlVariable").or(Some(outer)))
    {
        let kind = code(variable);
        let Some(kind) = kind.strip_prefix("MDC_ECG_CTL_VBL_ATTR_FILTER_") else {
            continue;
        };
        let value = variable
            .within()
            .filter(|element| element.name() == "value")
            .find_map(|value| Some((value.word("value")?, value.word("unit")?)));
        // 0 Hz is written where there is no such filter.
        if value
            .as_ref()
            .is_some_and(|(number, _)| number.parse() == Ok(0.0_f64))
        {
            continue;
        }
        let value = value.map(|(number, unit)| format!("{number} {unit}"));
        let name = kind.to_lowercase().replace('_', " ");
        words.push(value.map_or(name.clone(), |value| format!("{name} {value}")));
    }
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{leads_agree, read_sample};

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(rhythm) = read_sample("aecg/hl7_example_short.xml", None) else {
            return;
        };
        let told = "I -0.305…0.415; II -0.6675…0.2825; V1 -1.452…0.17; V2 -1.873…0.405; \
            V3 -1.625…0.4025; V4 -0.8875…0.28; V5 -0.4675…0.5875; V6 -0.31…0.9525; III -0.9075…0.4525; \
            AVR -0.255…0.34; AVL -0.315…0.6325; AVF -0.775…0.3625";
        leads_agree(&rhythm, told, 500.0, 2500);
        assert_eq!(rhythm.start.unwrap().iso(), "2002-11-22T09:10:00");
        assert_eq!(
            rhythm.source.device.as_deref(),
            Some("Mortara Instrument, Inc. ELI250 5.3")
        );
        let onsets = rhythm.annotations.iter().filter(|mark| mark.code == "(");
        assert!(onsets.count() > 5);
        let p = rhythm
            .annotations
            .iter()
            .find(|mark| mark.code == "(")
            .unwrap();
        assert_eq!((p.sample, p.number), (61, 0));
        let beat =
            read_sample("aecg/hl7_example_short.xml", Some("representative-beat-2")).unwrap();
        leads_agree(
            &beat,
            "I -0.15…0.36; V2 -1.738…0.3775; AVF -0.6475…0.315",
            500.0,
            599,
        );
    }
}
