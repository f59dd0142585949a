//! Recordings of the Kardia API as JSON, and the JSON that AliveCor's own converter makes of an ATC file.
//!
//! After the public API description (alivecor/slate) and the converter's output; lead keys come in four spellings.

use super::input::{self, Asking, Proposal};
use super::json::{Json, looks_like};
use super::series::Series;
use super::text::decode;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, derived, instant,
};
use crate::recording::{
    Lead, LeadName, Note, Patient, Phrase, Recording, Scale, SourceMeasurement,
};

const ID: &str = "kardia-json";
/// Rate of every Kardia device so far; only ever proposed.
const USUAL_RATE_HZ: f64 = 300.0;
/// Counts per millivolt of every recording seen (500 nV a count); only ever proposed.
const USUAL_GAIN: f64 = 2000.0;

/// The reader.
pub struct KardiaJson;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Kardia API recording (JSON)",
    extensions: &["json"],
    signatures: &[],
    recognised_by: "JSON with samples by lead beside a frequency and a resolution, or with a determination",
    support: Support::Complete,
    tested_on: "1 file built from the public API description with the samples of an ATC file",
    certainty: Certainty::Built,
};

/// The object with `frequency` and `samples`, and whether the other version (raw, enhanced) is there too.
fn block(root: Json<'_>) -> Option<(Json<'_>, bool)> {
    let has_samples = |block: &Json<'_>| block.get("samples").is_some();
    if let Some(data) = root.get("data") {
        let raw = data.get("raw").filter(has_samples);
        let enhanced = data.get("enhanced").filter(has_samples);
        if let Some(block) = raw.or(enhanced) {
            return Some((block, raw.is_some() && enhanced.is_some()));
        }
    }
    let described = [
        "amplitudeResolution",
        "mainsFrequency",
        "mains_freq",
        "gain",
    ];
    let own =
        has_samples(&root) && root.get("frequency").is_some() && root.any(&described).is_some();
    own.then_some((root, false))
}

impl Format for KardiaJson {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(text) = decode(head.bytes).filter(|text| looks_like(text)) else {
            return Score::NONE;
        };
        let Some(root) = Json::root(&text) else {
            return Score::NONE;
        };
        if block(root).is_some() || root.get("algorithmDetermination").is_some() {
            return Score(230);
        }
        Score::NONE
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let root = Json::root(&text).ok_or(ReadError::NotThisFormat)?;
        let Some((block, both)) = block(root) else {
            return Err(input::no_signal(ID, "holds-no-samples"));
        };
        if both {
            context.note(Note::new("raw-of-two-versions"));
        }
        let series = series_by_lead(block, context)?;
        if series.is_empty() {
            return Err(input::no_signal(ID, "holds-no-samples"));
        }
        let mut asking = Asking::default();
        let stated = block.get("frequency").and_then(Json::number);
        let usual = || Some(Phrase::new("evidence-device-rate").with("rate", USUAL_RATE_HZ));
        let rate_hz = asking.rate(stated, &context.answers, Some(USUAL_RATE_HZ), usual);
        let nanovolts = block.get("amplitudeResolution").and_then(Json::number);
        let stated = nanovolts
            .map(|nanovolts| 1e6 / nanovolts)
            .or(block.get("gain").and_then(Json::number));
        let proposal = Proposal::Gain(Some(USUAL_GAIN));
        let (gain, unit) = asking.scale(stated, &context.answers, proposal, || {
            Some(Phrase::new("evidence-device-gain").with("gain", USUAL_GAIN))
        });
        let preview = || {
            series
                .first()
                .map_or(Vec::new(), |(_, s)| s.head(input::PREVIEW))
        };
        if let Some(question) = asking.question(ID, preview) {
            return Ok(question);
        }
        let scale = Scale {
            gain,
            baseline: 0.0,
        };
        let mut leads: Vec<Lead> = series
            .into_iter()
            .map(|(name, series)| {
                let mut lead = series.lead(&name, rate_hz, scale);
                lead.unit = unit.clone();
                lead
            })
            .collect();
        derived::complete(&mut leads);
        let mut recording = Recording {
            leads,
            ..Recording::default()
        };
        describe(root, block, entry, &mut recording, context);
        Ok(input::recording(recording, context))
    }
}

/// The leads in the order of a printed sheet, whatever the spelling of their keys (`leadI`, `lead_II`, `AVR`).
fn series_by_lead(block: Json<'_>, context: &Context) -> Result<Vec<(String, Series)>, ReadError> {
    let Some(samples) = block.get("samples") else {
        return Ok(Vec::new());
    };
    if samples.is_array() {
        let series = samples.series(context)?;
        return Ok(if series.has_values() {
            vec![("I".to_owned(), series)]
        } else {
            Vec::new()
        });
    }
    let mut found: Vec<(Option<LeadName>, String, Series)> = Vec::new();
    let mut total = 0;
    for (key, value) in samples.members().filter(|(_, value)| value.is_array()) {
        if found.len() == context.limits.signals {
            break;
        }
        let name = key.trim().to_owned();
        let standard = LeadName::recognise(&name);
        if standard.is_some() && found.iter().any(|(other, _, _)| *other == standard) {
            continue;
        }
        let series = value.series(context)?;
        total += series.len();
        context.check_samples(total as u64)?;
        if series.has_values() {
            let name = standard.map_or(name, |standard| standard.label().to_owned());
            found.push((standard, name, series));
        }
    }
    found.sort_by_key(|(standard, _, _)| standard.map_or(99, |standard| standard as usize));
    let leads = found.into_iter().map(|(_, name, series)| (name, series));
    Ok(leads.collect())
}

/// What the recording says of itself.
fn describe(
    root: Json<'_>,
    block: Json<'_>,
    entry: &Entry,
    recording: &mut Recording,
    context: &mut Context,
) {
    let word = |key: &str| root.get(key).and_then(Json::word);
    let mut source = input::source(ID, "recognised-json", entry);
    source.classification = word("algorithmDetermination");
    source.device = word("device").or_else(|| word("deviceType"));
    let mains = block
        .any(&["mains_freq", "mainsFrequency"])
        .and_then(Json::word);
    source.filters = mains.map(|mains| format!("mains {mains} Hz"));
    if let Some(value) = word("heartRate") {
        source.measurements.push(SourceMeasurement {
            name: "heartRate".to_owned(),
            value: format!("{value} bpm"),
        });
    }
    source.patient = Patient {
        id: word("patientID"),
        ..Patient::default()
    };
    source.remarks.extend(word("note"));
    if let Some(tags) = root.get("tags") {
        source
            .remarks
            .extend(tags.elements().take(50).filter_map(Json::word));
    }
    recording.start = match word("recordedAt") {
        Some(text) => {
            let start = instant::parse(&text);
            if start.is_none() {
                context.note(Note::new("bad-date").with("text", text));
            }
            start
        }
        // The converter gives the fields of the info block as the values of their bytes.
        None => root.get("Info").and_then(|info| {
            let fields = info.members().take(20);
            fields
                .filter_map(|(_, value)| instant::parse(&bytes_as_text(value)))
                .next()
        }),
    };
    recording.source = source;
}

fn bytes_as_text(value: Json<'_>) -> String {
    value
        .elements()
        .take(100)
        .filter_map(Json::number)
        .map(|byte| char::from(byte as u8))
        .take_while(|c| *c != '\0')
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{extremes, near, open_text, sample_file};
    use super::super::{Answers, Unknown};
    use super::*;

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(read) = sample_file("kardia-json/constructed_recording_6l.json") else {
            return;
        };
        let names: Vec<_> = read.leads.iter().map(|lead| lead.name.as_str()).collect();
        assert_eq!(names, ["I", "II", "III", "aVR", "aVL", "aVF"]);
        assert!(read.leads.iter().all(|lead| lead.samples.len() == 3000));
        let all = read.leads.iter().map(extremes);
        let (low, high) = all.fold((9.0, -9.0), |a: (f64, f64), b| (a.0.min(b.0), a.1.max(b.1)));
        assert!(near(low, -1.1405) && near(high, 1.58), "{low} {high}");
        assert_eq!(read.source.classification.as_deref(), Some("normal"));
    }

    #[test]
    fn every_spelling_of_a_lead_is_known_and_limb_leads_are_derived() {
        let text = r#"{"frequency": 300, "amplitudeResolution": 500, "samples":
            {"lead_II": [4000, 2000], "leadI": [2000, null]}, "Info": {"d": [50,48,49,50,45,48,52,45,48,51,84,49,52,58,49,55,58,52,51,45,55,58,48,48,0]}}"#;
        let Ok(Reading::Recording(read)) = open_text("x.json", text, Answers::default()) else {
            panic!()
        };
        assert_eq!(read.leads.len(), 6);
        assert_eq!(read.leads[0].samples.value(0), Some(1.0));
        assert_eq!(read.leads[2].samples.value(0), Some(1.0));
        assert!(read.leads[2].derived && read.leads[2].gaps[0].range == (1..2));
        assert_eq!(read.start.unwrap().iso(), "2012-04-03T14:17:43-07:00");
    }

    #[test]
    fn an_unknown_resolution_is_asked_for() {
        let text = r#"{"algorithmDetermination": "normal", "data": {"enhanced": {"frequency": 300,
            "samples": {"leadI": [1, 2, 3]}}}}"#;
        let Ok(Reading::Question(question)) = open_text("x.json", text, Answers::default()) else {
            panic!()
        };
        assert_eq!(question.unknowns, [Unknown::Gain]);
        let read = open_text("x.json", text, question.proposal);
        assert!(matches!(read, Ok(Reading::Recording(_))));
        let none = open_text(
            "x.json",
            r#"{"algorithmDetermination": "normal"}"#,
            Answers::default(),
        );
        assert!(matches!(none, Err(ReadError::NoSignal { .. })));
    }
}
