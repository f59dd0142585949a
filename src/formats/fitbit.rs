//! Fitbit's list of ECG readings as its Web API gives it (`ecg/list.json`).
//!
//! After the vendor's reference: counts with a factor, the rate as a string, local times without a zone.

use super::input::{self, Asking, Proposal};
use super::json::{Json, looks_like};
use super::text::decode;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, instant,
};
use crate::recording::{Note, Phrase, Recording, Scale, SourceMeasurement};

const ID: &str = "fitbit-json";
/// Counts per millivolt in the vendor's reference; only ever proposed.
const USUAL_GAIN: f64 = 10_922.0;
/// Rate in the vendor's reference; only ever proposed.
const USUAL_RATE_HZ: f64 = 250.0;

/// The reader.
pub struct Fitbit;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Fitbit ECG list (JSON)",
    extensions: &["json"],
    signatures: &[],
    recognised_by: "JSON with ecgReadings, or one reading with waveformSamples and a scaling factor",
    support: Support::Complete,
    tested_on: "1 file built from the vendor's reference",
    certainty: Certainty::Built,
};

impl Format for Fitbit {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(text) = decode(head.bytes).filter(|text| looks_like(text)) else {
            return Score::NONE;
        };
        let known = Json::root(&text).is_some_and(|root| {
            root.get("ecgReadings").is_some()
                || (root.get("waveformSamples").is_some()
                    && root
                        .any(&["scalingFactor", "samplingFrequencyHz"])
                        .is_some())
        });
        if known { Score(230) } else { Score::NONE }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let root = Json::root(&text).ok_or(ReadError::NotThisFormat)?;
        let readings: Vec<Json<'_>> = match root.get("ecgReadings") {
            Some(list) => list.elements().collect(),
            None => vec![root],
        };
        let word = |reading: &Json<'_>, key: &str| reading.get(key).and_then(Json::word);
        let offers = readings.iter().enumerate().map(|(at, reading)| {
            let start = word(reading, "startTime");
            let name = [start.clone(), word(reading, "resultClassification")];
            input::offer(at, &name, start, reading.source().len())
        });
        if readings.is_empty() {
            return Err(input::no_signal(ID, "holds-no-electrocardiograms"));
        }
        let place = match input::pick(offers.collect(), &context.answers) {
            Ok(place) => place,
            Err(choice) => return Ok(*choice),
        };
        let reading = readings.get(place).copied().unwrap_or(root);
        waveform(&FITBIT, reading, entry, context)
    }
}

/// How one maker names the fields of a reading.
pub struct Fields {
    /// Format id.
    pub id: &'static str,
    /// Samples per second.
    pub rate: &'static str,
    /// Counts per millivolt.
    pub factor: &'static str,
    /// Average heart rate.
    pub heart_rate: &'static str,
    /// Device, firmware and the like, in the order in which they are told.
    pub device: &'static [&'static str],
}

static FITBIT: Fields = Fields {
    id: ID,
    rate: "samplingFrequencyHz",
    factor: "scalingFactor",
    heart_rate: "averageHeartRate",
    device: &["deviceName", "firmwareVersion"],
};

/// One reading. Rate and factor that are not there are asked for; the count of samples is the array's own.
///
/// # Errors
/// [`ReadError::NoSignal`], [`ReadError::TooLarge`].
pub fn waveform(
    fields: &Fields,
    reading: Json<'_>,
    entry: &Entry,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    let Some(samples) = reading.get("waveformSamples") else {
        return Err(input::no_signal(fields.id, "holds-no-samples"));
    };
    let series = samples.series(context)?;
    if !series.has_values() {
        return Err(input::no_signal(fields.id, "holds-no-samples"));
    }
    let number = |key: &str| reading.get(key).and_then(Json::number);
    let mut asking = Asking::default();
    let rate_hz = asking.rate(
        number(fields.rate),
        &context.answers,
        Some(USUAL_RATE_HZ),
        || Some(Phrase::new("evidence-device-rate").with("rate", USUAL_RATE_HZ)),
    );
    let (gain, unit) = asking.scale(
        number(fields.factor),
        &context.answers,
        Proposal::Gain(Some(USUAL_GAIN)),
        || Some(Phrase::new("evidence-device-gain").with("gain", USUAL_GAIN)),
    );
    if let Some(question) = asking.question(fields.id, || series.head(input::PREVIEW)) {
        return Ok(question);
    }
    let told = number("numberOfWaveformSamples");
    if told.is_some_and(|told| told != series.len() as f64) {
        context.note(
            Note::new("sample-count")
                .with("expected", told.unwrap_or(0.0))
                .with("found", series.len()),
        );
    }
    let scale = Scale {
        gain,
        baseline: 0.0,
    };
    let mut lead = series.lead("I", rate_hz, scale);
    lead.unit = unit;
    let word = |key: &str| reading.get(key).and_then(Json::word);
    let mut source = input::source(fields.id, "recognised-json", entry);
    source.classification = word("resultClassification");
    let device: Vec<String> = fields.device.iter().filter_map(|key| word(key)).collect();
    source.device = (!device.is_empty()).then(|| device.join(", "));
    source
        .measurements
        .extend(word(fields.heart_rate).map(|value| SourceMeasurement {
            name: fields.heart_rate.to_owned(),
            value: format!("{value} bpm"),
        }));
    let recording = Recording {
        leads: vec![lead],
        start: word("startTime").as_deref().and_then(instant::parse),
        source,
        ..Recording::default()
    };
    Ok(input::recording(recording, context))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{extremes, near, open_text, sample_file};
    use super::super::{Answers, Unknown};
    use super::*;

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(read) = sample_file("fitbit-json/constructed_list.json") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (250.0, 7475));
        let (low, high) = extremes(lead);
        assert!(near(low, -0.356) && near(high, 0.603), "{low} {high}");
        assert_eq!(
            read.source.classification.as_deref(),
            Some("Normal Sinus Rhythm")
        );
    }

    #[test]
    fn several_readings_are_offered_and_a_missing_factor_is_asked_for() {
        let reading = r#"{"startTime": "2022-09-28T17:12:30.222", "waveformSamples": [1, 2], "samplingFrequencyHz": "250"}"#;
        let text = format!(r#"{{"ecgReadings": [{reading}, {reading}]}}"#);
        let Ok(Reading::Choice(offers)) = open_text("x.json", &text, Answers::default()) else {
            panic!()
        };
        assert_eq!(offers.len(), 2);
        let answers = Answers {
            choice: Some(offers[1].id.clone()),
            ..Answers::default()
        };
        let Ok(Reading::Question(question)) = open_text("x.json", &text, answers.clone()) else {
            panic!()
        };
        assert_eq!(question.unknowns, [Unknown::Gain]);
        let answers = Answers {
            gain: question.proposal.gain,
            ..answers
        };
        let Ok(Reading::Recording(read)) = open_text("x.json", &text, answers) else {
            panic!()
        };
        assert_eq!(read.start.unwrap().offset_minutes, None);
        let empty = open_text("x.json", r#"{"ecgReadings": []}"#, Answers::default());
        assert!(matches!(empty, Err(ReadError::NoSignal { .. })));
    }
}
