//! Reading Observations.

use super::super::input::{self, Asking, Proposal};
use super::super::json::{Json, looks_like};
use super::super::series::Series;
use super::super::text::decode;
use super::super::voltage::units_per_millivolt;
use super::super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, derived, gaps, instant,
};
use super::{CODES, ECG_CODE, LOCAL_START, rate_of_period};
use crate::recording::{
    Lead, LeadName, Note, Phrase, Recording, Scale, SignalKind, SourceMeasurement, StartTime, Unit,
};

const ID: &str = "fhir";
/// Observations of one document that are looked at.
const MOST_OBSERVATIONS: usize = 10_000;
/// Depth to which Bundles and contained resources are followed.
const DEPTH: usize = 4;

/// The reader.
pub struct Fhir;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "FHIR Observation with SampledData (R4, R5)",
    extensions: &["json"],
    signatures: &[],
    recognised_by: "JSON with the resourceType of an Observation, a Bundle or a DiagnosticReport",
    support: Support::Complete,
    tested_on: "the standard's own R4 example and 1 built R5 observation; what we write, read again to the last bit",
    certainty: Certainty::Real,
};

impl Format for Fhir {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(text) = decode(head.bytes).filter(|text| looks_like(text)) else {
            return Score::NONE;
        };
        let kind = Json::root(&text).and_then(|root| root.get("resourceType")?.text());
        match kind.as_deref() {
            Some("Observation" | "Bundle" | "DiagnosticReport") => Score::CERTAIN,
            _ => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let root = Json::root(&text).ok_or(ReadError::NotThisFormat)?;
        let mut observations = Vec::new();
        gather(root, DEPTH, &mut observations);
        if observations.is_empty() {
            return Err(input::no_signal(ID, "holds-no-sampled-data"));
        }
        let groups = grouped(&observations);
        let offers = groups.iter().enumerate().map(|(at, group)| {
            let first = group.first().copied().unwrap_or(root);
            let start = when(first).map(|text| text.into_owned());
            let bytes = group.iter().map(|o| o.source().len()).sum();
            let name = first.at(&["code", "text"]).and_then(Json::word);
            input::offer(at, &[start.clone(), name], start, bytes)
        });
        let place = match input::pick(offers.collect(), &context.answers) {
            Ok(place) => place,
            Err(choice) => return Ok(*choice),
        };
        let group = groups.get(place).cloned().unwrap_or_default();
        recording(&group, entry, context)
    }
}

/// Every Observation with sampled data in a resource.
fn gather<'a>(resource: Json<'a>, depth: usize, found: &mut Vec<Json<'a>>) {
    if depth == 0 || found.len() >= MOST_OBSERVATIONS {
        return;
    }
    if resource.get("valueSampledData").is_some()
        || resource.get("component").is_some_and(|components| {
            components
                .elements()
                .any(|component| component.get("valueSampledData").is_some())
        })
    {
        found.push(resource);
    }
    for element in resource.get("entry").into_iter().flat_map(Json::elements) {
        if let Some(inner) = element.get("resource") {
            gather(inner, depth - 1, found);
        }
    }
    for element in resource
        .get("contained")
        .into_iter()
        .flat_map(Json::elements)
    {
        gather(element, depth - 1, found);
    }
}

/// When an Observation was made, as it is written.
fn when(observation: Json<'_>) -> Option<std::borrow::Cow<'_, str>> {
    observation
        .any(&["effectiveDateTime", "effectiveInstant"])
        .or(observation.at(&["effectivePeriod", "start"]))?
        .text()
}

/// Observations of one moment that name different leads are one recording.
fn grouped<'a>(observations: &[Json<'a>]) -> Vec<Vec<Json<'a>>> {
    let code = |observation: &Json<'a>| code_of(*observation);
    let mut groups: Vec<Vec<Json<'a>>> = Vec::new();
    for observation in observations {
        let single = observation.get("valueSampledData").is_some();
        let moment = when(*observation);
        let fits = |group: &&mut Vec<Json<'a>>| {
            single
                && moment.is_some()
                && group.len() < 16
                && group.iter().all(|other| {
                    other.get("valueSampledData").is_some()
                        && when(*other) == moment
                        && code(other) != code(observation)
                })
        };
        match groups.last_mut().filter(fits) {
            Some(group) => group.push(*observation),
            None => groups.push(vec![*observation]),
        }
    }
    groups
}

/// What tells one lead from another: its code and its words.
#[derive(Clone, Debug, PartialEq)]
struct Code {
    code: Option<u32>,
    words: Option<String>,
}

fn code_of(holder: Json<'_>) -> Code {
    let coding = holder.at(&["code", "coding"]);
    let codings = || coding.into_iter().flat_map(Json::elements);
    let codes = || codings().filter_map(|coding| coding.get("code")?.word()?.parse::<u32>().ok());
    let lead = |code: &u32| CODES.iter().any(|(_, known)| known == code);
    let display = || codings().find_map(|coding| coding.get("display")?.word());
    Code {
        code: codes().find(lead).or_else(|| codes().next()),
        words: holder
            .at(&["code", "text"])
            .and_then(Json::word)
            .or_else(display),
    }
}

/// One SampledData with the lead that it belongs to.
struct Piece<'a> {
    code: Code,
    data: Json<'a>,
}

/// How the numbers of a piece are to be taken.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Layout {
    period_ms: Option<f64>,
    factor: f64,
    origin: f64,
    lower: Option<f64>,
    upper: Option<f64>,
    dimensions: usize,
}

impl Layout {
    fn of(data: Json<'_>) -> Self {
        let number = |key: &str| data.get(key).and_then(Json::number);
        let unit = data.get("intervalUnit").and_then(Json::word);
        let interval = number("interval").and_then(|interval| {
            Some(match unit.as_deref().unwrap_or("ms") {
                "ms" => interval,
                "s" => interval * 1000.0,
                "us" | "µs" | "μs" => interval / 1000.0,
                "ns" => interval / 1e6,
                "min" => interval * 60_000.0,
                "Hz" | "/s" | "1/s" => 1000.0 / interval,
                "kHz" | "/ms" => 1.0 / interval,
                _ => return None,
            })
        });
        Self {
            period_ms: number("period").or(interval),
            factor: number("factor")
                .filter(|factor| *factor != 0.0)
                .unwrap_or(1.0),
            origin: data
                .at(&["origin", "value"])
                .and_then(Json::number)
                .unwrap_or(0.0),
            lower: number("lowerLimit"),
            upper: number("upperLimit"),
            dimensions: number("dimensions").map_or(1, |n| n.clamp(1.0, 64.0) as usize),
        }
    }
}

/// The word for the unit, by symbol or by code.
fn unit_word(data: Json<'_>) -> Option<String> {
    let origin = data.get("origin")?;
    let words = ["code", "unit"].map(|key| origin.get(key).and_then(Json::word));
    let known = words
        .iter()
        .flatten()
        .find(|word| per_millivolt(word).is_some());
    known.or(words.iter().flatten().next()).cloned()
}

/// Units in a millivolt; codes of IEEE 11073-10101 among them.
fn per_millivolt(word: &str) -> Option<f64> {
    match word {
        "266418" => Some(1.0),
        "266419" | "10*-6.V" | "10^-6.V" => Some(1000.0),
        "10*-3.V" => Some(1.0),
        _ => units_per_millivolt(word),
    }
}

fn recording(
    group: &[Json<'_>],
    entry: &Entry,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    let Some(first) = group.first().copied() else {
        return Err(input::no_signal(ID, "holds-no-sampled-data"));
    };
    let mut leads = Vec::new();
    for pieces in pieces(group, context)? {
        match leads_of(&pieces, context)? {
            Ok(found) => leads.extend(found),
            Err(question) => return Ok(*question),
        }
    }
    if leads.is_empty() {
        return Err(input::no_signal(ID, "holds-no-samples"));
    }
    derived::complete(&mut leads);
    let mut recording = Recording {
        leads,
        ..Recording::default()
    };
    describe(first, entry, &mut recording, context);
    Ok(input::recording(recording, context))
}

/// The pieces of each lead, in order.
fn pieces<'a>(group: &[Json<'a>], context: &Context) -> Result<Vec<Vec<Piece<'a>>>, ReadError> {
    let mut leads: Vec<Vec<Piece<'a>>> = Vec::new();
    let mut take = |holder: Json<'a>| {
        let Some(data) = holder.get("valueSampledData") else {
            return Ok(());
        };
        let code = code_of(holder);
        let fits = |lead: &&mut Vec<Piece<'a>>| {
            let first = lead.first();
            // What has no code at all is not known to go on.
            first.is_some_and(|first| first.code == code)
                && (code.code.is_some() || code.words.is_some())
        };
        let piece = Piece {
            code: code.clone(),
            data,
        };
        let known = leads.len();
        match leads.iter_mut().find(fits) {
            Some(lead) => lead.push(piece),
            None if known >= context.limits.signals => {
                return Err(ReadError::TooLarge {
                    what: "signals",
                    found: known as u64 + 1,
                    limit: context.limits.signals as u64,
                });
            }
            None => leads.push(vec![piece]),
        }
        Ok(())
    };
    for observation in group {
        take(*observation)?;
        for component in observation
            .get("component")
            .into_iter()
            .flat_map(Json::elements)
        {
            take(component)?;
        }
    }
    Ok(leads)
}

type LeadsOrQuestion = Result<Vec<Lead>, Box<Reading>>;

/// The lead of consecutive pieces (several where a piece has several dimensions), or what must be asked.
fn leads_of(pieces: &[Piece<'_>], context: &mut Context) -> Result<LeadsOrQuestion, ReadError> {
    let Some(first) = pieces.first() else {
        return Ok(Ok(Vec::new()));
    };
    let layout = Layout::of(first.data);
    let mut dimensions = vec![Series::default(); layout.dimensions];
    let mut clipped = 0_usize;
    let mut left_out = 0_usize;
    let mut total = 0;
    for piece in pieces {
        if Layout::of(piece.data) != layout {
            left_out += 1;
            continue;
        }
        let text = piece
            .data
            .get("data")
            .and_then(Json::text)
            .unwrap_or_default();
        for (at, token) in text.split_ascii_whitespace().enumerate() {
            // A token takes at least two bytes of the text: the work is bounded by it.
            let value = match (token, layout.lower, layout.upper) {
                ("L", Some(limit), _) | ("U", _, Some(limit)) => {
                    clipped += 1;
                    Some(limit)
                }
                _ => token.parse::<f64>().ok().filter(|value| value.is_finite()),
            };
            if let Some(series) = dimensions.get_mut(at % layout.dimensions) {
                series.push(value);
            }
            total += 1;
        }
        context.check_samples(total)?;
    }
    if left_out > 0 {
        context.note(Note::new("pieces-left-out").with("count", left_out));
    }
    if clipped > 0 {
        context.note(Note::new("clipped-samples").with("count", clipped));
    }
    let standard = first
        .code
        .code
        .and_then(|code| CODES.iter().find(|(_, known)| *known == code))
        .map(|(lead, _)| *lead)
        .or(first.code.words.as_deref().and_then(LeadName::recognise));
    let name = match (standard, &first.code.words) {
        (Some(lead), _) => lead.label().to_owned(),
        (None, Some(words)) => words.clone(),
        (None, None) => "ECG".to_owned(),
    };
    dimensions.retain(Series::has_values);
    let Some(shown) = dimensions.first() else {
        return Ok(Ok(Vec::new()));
    };
    let word = unit_word(first.data);
    let known = word.as_deref().and_then(per_millivolt);
    let is_ecg = known.is_some()
        || standard.is_some()
        || first.code.code == Some(ECG_CODE)
        || word.is_none();
    let baseline = baseline(shown, layout, context);
    let mut asking = Asking::default();
    let stated = layout.period_ms.and_then(rate_of_period);
    let rate_hz = asking.rate(stated, &context.answers, None, || {
        Some(Phrase::new("evidence-header-without-rate"))
    });
    let (gain, unit) = match word.clone().filter(|_| !is_ecg) {
        Some(other) => (1.0, Unit::Other(other)),
        None if word.as_deref() == Some("{counts}") => (1.0, Unit::Counts),
        None => {
            let span = shown.span() * layout.factor.abs();
            let proposal = ["uV", "mV", "V"].into_iter().find(|unit| {
                units_per_millivolt(unit).is_some_and(|gain| (0.1..=20.0).contains(&(span / gain)))
            });
            asking.scale(known, &context.answers, Proposal::Unit(proposal), || {
                Some(match (&word, proposal) {
                    (Some(word), _) => Phrase::new("evidence-unit-unknown")
                        .with("lead", name.as_str())
                        .with("unit", word.as_str()),
                    (None, Some(unit)) => Phrase::new("evidence-span")
                        .with("span", span)
                        .with("unit", unit),
                    (None, None) => Phrase::new("evidence-span-unusual").with("span", span),
                })
            })
        }
    };
    let preview = || {
        let values = shown.head(input::PREVIEW).into_iter();
        let value = |count: f32| ((f64::from(count) - baseline) * layout.factor) as f32;
        values.map(value).collect()
    };
    if let Some(question) = asking.question(ID, preview) {
        return Ok(Err(Box::new(question)));
    }
    let scale = Scale {
        gain: gain / layout.factor,
        baseline,
    };
    if !(scale.gain.is_finite() && scale.gain != 0.0 && baseline.is_finite()) {
        return Err(ReadError::Damaged {
            format: ID.to_owned(),
            place: format!("lead {name}"),
            expected: "a factor and an origin that are numbers of usual size".to_owned(),
            found: format!("{} and {}", layout.factor, layout.origin),
        });
    }
    let several = dimensions.len() > 1;
    let leads = dimensions.into_iter().enumerate().map(|(at, series)| {
        let name = if several {
            format!("{name} {}", at + 1)
        } else {
            name.clone()
        };
        let mut lead = series.lead(&name, rate_hz, scale);
        lead.standard = standard.filter(|_| !several);
        lead.unit = unit.clone();
        if !is_ecg {
            lead.kind = SignalKind::Other(name);
        }
        lead
    });
    Ok(Ok(leads.collect()))
}

/// The count that stands for 0. By the standard, value = data × factor + origin; some writers (the standard's own
/// example among them) give the count of 0 as the origin, which shows when the data lie around it and the values of the
/// standard's reading lie far from 0.
fn baseline(series: &Series, layout: Layout, context: &mut Context) -> f64 {
    let by_standard = -layout.origin / layout.factor;
    let Some((low, high)) = series.range().filter(|_| layout.origin != 0.0) else {
        return if layout.origin == 0.0 {
            0.0
        } else {
            by_standard
        };
    };
    let around = layout.origin > 0.0 && (low..=high).contains(&layout.origin);
    let far = (low - by_standard).min(high - by_standard).abs() > 5.0 * (high - low);
    if around && far {
        context.note(Note::new("origin-is-a-count").with("origin", layout.origin));
        return layout.origin;
    }
    by_standard
}

/// What the Observation says of itself.
fn describe(first: Json<'_>, entry: &Entry, recording: &mut Recording, context: &mut Context) {
    let mut source = input::source(ID, "recognised-json", entry);
    let device = first.get("device");
    source.device = device
        .and_then(|device| device.any(&["display", "reference"]))
        .and_then(Json::word);
    let subject = first.get("subject");
    source.patient.name = subject.and_then(|subject| subject.get("display")?.word());
    source.patient.id = subject.and_then(|subject| {
        subject
            .at(&["identifier", "value"])
            .or(subject.get("reference"))?
            .word()
    });
    let words = |concept: Json<'_>| {
        let coding = concept
            .get("coding")
            .and_then(|list| list.elements().next());
        concept
            .get("text")
            .or(coding.and_then(|coding| coding.any(&["display", "code"])))
            .and_then(Json::word)
    };
    let interpretations = first
        .get("interpretation")
        .into_iter()
        .flat_map(Json::elements);
    let mut verdicts: Vec<String> = interpretations.take(10).filter_map(words).collect();
    for component in first
        .get("component")
        .into_iter()
        .flat_map(Json::elements)
        .take(200)
    {
        let name = component.get("code").and_then(words);
        if let Some(verdict) = component.get("valueCodeableConcept").and_then(words) {
            verdicts.push(verdict);
        } else if let (Some(name), Some(text)) = (&name, component.get("valueString")) {
            source
                .remarks
                .extend(text.word().map(|text| format!("{name}: {text}")));
        } else if let (Some(name), Some(quantity)) = (name, component.get("valueQuantity")) {
            let value = quantity.get("value").and_then(Json::word);
            let unit = quantity.any(&["unit", "code"]).and_then(Json::word);
            source.measurements.extend(value.map(|value| {
                SourceMeasurement {
                    name,
                    value: format!("{value} {}", unit.unwrap_or_default())
                        .trim()
                        .to_owned(),
                }
            }));
        }
    }
    source.classification = (!verdicts.is_empty()).then(|| verdicts.join("; "));
    for note in first
        .get("note")
        .into_iter()
        .flat_map(Json::elements)
        .take(50)
    {
        source.remarks.extend(note.get("text").and_then(Json::word));
    }
    recording.source = source;
    recording.start = local_start(first).or_else(|| {
        let text = when(first)?;
        let start = instant::parse(&text);
        // A mere date has no time of day to show.
        if start.is_none() {
            context.note(Note::new("bad-date").with("text", text.as_ref()));
        }
        start
    });
}

/// A start of unknown zone, as our own writer keeps it.
fn local_start(observation: Json<'_>) -> Option<StartTime> {
    let extensions = observation.at(&["_effectiveDateTime", "extension"])?;
    let mut found = extensions.elements().filter(|extension| {
        extension
            .get("url")
            .and_then(Json::text)
            .is_some_and(|url| url == LOCAL_START)
    });
    instant::parse(&found.next()?.get("valueString")?.text()?)
}

/// Whether a sample of a lead is missing.
pub fn is_missing(lead: &Lead, index: usize) -> bool {
    gaps::in_gap(&lead.gaps, index)
}
