//! ECGs that iPhone apps write from HealthKit as JSON: Health Auto Export's (`data.ecg[]`), and the plain shapes of
//! others (`voltageMeasurements` as pairs, or as objects with microvolts).
//!
//! The help page of Health Auto Export names volts and textual dates; files hold `mcV` and seconds of an unknown epoch,
//! so the unit is taken from its word and times only from their differences.

use super::input::{self, Asking, Proposal};
use super::json::{Json, looks_like};
use super::series::Series;
use super::text::decode;
use super::voltage::units_per_millivolt;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, instant,
};
use crate::recording::{Note, Phrase, Recording, Scale, SourceMeasurement};

const ID: &str = "health-auto-export";
/// Rate near which every watch records; only ever proposed.
const USUAL_RATE_HZ: f64 = 512.0;

/// The reader.
pub struct HealthAutoExport;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "HealthKit ECG from apps (Health Auto Export, JSON)",
    extensions: &["json"],
    signatures: &[],
    recognised_by: "JSON with data.ecg beside metrics or workouts, or with voltageMeasurements",
    support: Support::Complete,
    tested_on: "1 file built from public reports of what the app writes",
    certainty: Certainty::Built,
};

/// Names of the array of voltages.
const VOLTAGES: [&str; 2] = ["voltageMeasurements", "VoltageMeasurements"];

/// Every electrocardiogram of the document.
fn electrocardiograms(root: Json<'_>) -> Vec<Json<'_>> {
    let data = root.get("data").unwrap_or(root);
    if let Some(list) = data.any(&["ecg", "electrocardiograms", "ECG"]) {
        return list.elements().collect();
    }
    let list = if data.is_array() { data } else { root };
    if list.is_array() {
        return list
            .elements()
            .filter(|element| element.any(&VOLTAGES).is_some())
            .collect();
    }
    if root.any(&VOLTAGES).is_some() {
        return vec![root];
    }
    Vec::new()
}

impl Format for HealthAutoExport {
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
        let measured = |ecg: &Json<'_>| ecg.any(&VOLTAGES).is_some();
        if electrocardiograms(root).iter().take(3).any(measured) {
            return Score(230);
        }
        // The ECGs may stand behind megabytes of steps.
        let own = root.get("data").is_some_and(|data| {
            data.any(&["metrics", "workouts", "ecg"])
                .is_some_and(Json::is_array)
        });
        if own { Score::LIKELY } else { Score::NONE }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let root = Json::root(&text).ok_or(ReadError::NotThisFormat)?;
        let all = electrocardiograms(root);
        if all.is_empty() {
            return Err(input::no_signal(ID, "holds-no-electrocardiograms"));
        }
        let offers = all.iter().enumerate().map(|(at, ecg)| {
            let start = ecg.any(&["start", "startDate"]).and_then(Json::word);
            let verdict = ecg.get("classification").and_then(Json::word);
            input::offer(at, &[start.clone(), verdict], start, ecg.source().len())
        });
        let place = match input::pick(offers.collect(), &context.answers) {
            Ok(place) => place,
            Err(choice) => return Ok(*choice),
        };
        electrocardiogram(all.get(place).copied().unwrap_or(root), entry, context)
    }
}

/// The voltages with the word for their unit and the times of the first and the last.
struct Voltages {
    series: Series,
    unit: Option<String>,
    span_s: Option<f64>,
}

fn voltages(ecg: Json<'_>, context: &Context) -> Result<Voltages, ReadError> {
    let mut series = Series::default();
    let mut unit = ecg.any(&["units", "unit"]).and_then(Json::word);
    let (mut first, mut last) = (None, None);
    let list = ecg.any(&VOLTAGES).map(Json::elements);
    for element in list.into_iter().flatten() {
        let (value, time) = if element.is_array() {
            // [seconds, volts]
            unit.get_or_insert_with(|| "V".to_owned());
            let mut pair = element.elements();
            let time = pair.next().and_then(Json::number);
            (pair.next().and_then(Json::number), time)
        } else {
            let micro = element.any(&["microVolts", "microvolts"]);
            if unit.is_none() {
                unit = match micro {
                    Some(_) => Some("uV".to_owned()),
                    None => element.any(&["units", "unit"]).and_then(Json::word),
                };
            }
            let value = micro.or(element.any(&["voltage", "value", "voltageQuantity"]));
            let time = element.any(&["date", "timeSinceSampleStart", "time"]);
            (value.and_then(Json::number), time.and_then(Json::number))
        };
        first = first.or(time);
        last = time.or(last);
        series.push(value);
        if series.len() & 0xffff == 0 {
            context.check_samples(series.len() as u64)?;
        }
    }
    context.check_samples(series.len() as u64)?;
    let span_s = first.zip(last).map(|(first, last)| last - first);
    Ok(Voltages {
        series,
        unit,
        span_s,
    })
}

fn electrocardiogram(
    ecg: Json<'_>,
    entry: &Entry,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    let Voltages {
        series,
        unit: word_of_unit,
        span_s,
    } = voltages(ecg, context)?;
    if !series.has_values() {
        return Err(input::no_signal(ID, "holds-no-samples"));
    }
    let word = |keys: &[&str]| ecg.any(keys).and_then(Json::word);
    let stated = word(&["samplingFrequency", "samplingRate"]).and_then(|text| {
        super::text::rate_with_unit(&text).or_else(|| super::text::number(&text, true))
    });
    // The rate as count and span give it, where none is stated.
    let by_times = span_s
        .filter(|span| *span > 0.0 && series.len() > 1)
        .map(|span| (series.len() - 1) as f64 / span)
        .filter(|rate| (50.0..=2000.0).contains(rate))
        .map(|rate| (rate * 100.0).round() / 100.0);
    let mut asking = Asking::default();
    let rate_hz = asking.rate(
        stated.or(by_times),
        &context.answers,
        Some(USUAL_RATE_HZ),
        || Some(Phrase::new("evidence-watch-rate").with("rate", USUAL_RATE_HZ)),
    );
    // The word for the unit may be wrong: it is believed only where the trace then has a size that a trace can have.
    let span = series.span();
    let stated = word_of_unit
        .as_deref()
        .and_then(units_per_millivolt)
        .filter(|gain| (0.02..=100.0).contains(&(span / gain)) || span == 0.0);
    let proposal = ["uV", "mV", "V"]
        .into_iter()
        .find(|unit| units_per_millivolt(unit).is_some_and(|g| (0.1..=20.0).contains(&(span / g))));
    let (gain, unit) = asking.scale(stated, &context.answers, Proposal::Unit(proposal), || {
        Some(
            Phrase::new("evidence-unit-unknown")
                .with("lead", "I")
                .with("unit", word_of_unit.clone().unwrap_or_default()),
        )
    });
    if let Some(question) = asking.question(ID, || series.head(input::PREVIEW)) {
        return Ok(question);
    }
    let told = ecg
        .get("numberOfVoltageMeasurements")
        .and_then(Json::number);
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
    let mut source = input::source(ID, "recognised-json", entry);
    source.classification = word(&["classification"]);
    source.device = word(&["source", "sourceName", "device"]);
    source
        .measurements
        .extend(word(&["averageHeartRate"]).map(|value| SourceMeasurement {
            name: "averageHeartRate".to_owned(),
            value: format!("{value} bpm"),
        }));
    source
        .remarks
        .extend(word(&["severity"]).map(|value| format!("severity: {value}")));
    let date = word(&["start", "startDate"]);
    let start = date.as_deref().and_then(instant::parse);
    if let (Some(text), None) = (date, start) {
        context.note(Note::new("bad-date").with("text", text));
    }
    let recording = Recording {
        leads: vec![lead],
        start,
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
        let Some(read) = sample_file("health-auto-export/constructed_mcV.json") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (512.0, 2560));
        let (low, high) = extremes(lead);
        assert!(near(low, -0.137) && near(high, 0.6), "{low} {high}");
        assert_eq!(read.start.unwrap().iso(), "2024-02-06T14:30:00-08:00");
    }

    #[test]
    fn the_rate_comes_from_the_times_where_none_is_stated() {
        let list: Vec<String> = (0..5)
            .map(|i| {
                let time = 1_188_745_353.0 + f64::from(i) / 512.0;
                format!(
                    r#"{{"date": {time:.7}, "voltage": {}, "units": "mcV"}}"#,
                    i * 100
                )
            })
            .collect();
        let text = format!(
            r#"{{"data": {{"ecg": [{{"voltageMeasurements": [{}]}}]}}}}"#,
            list.join(",")
        );
        let Ok(Reading::Recording(read)) = open_text("x.json", &text, Answers::default()) else {
            panic!()
        };
        assert_eq!(read.leads[0].rate_hz, 512.0);
        assert_eq!(read.leads[0].samples.value(4), Some(0.4));
    }

    #[test]
    fn other_shapes_are_read_and_a_unit_that_cannot_be_is_asked_for() {
        let pairs = r#"[{"classification": "SinusRhythm", "samplingFrequency": 512.617,
            "voltageMeasurements": [[0, 0.0005], [0.002, -0.0001]]}]"#;
        let Ok(Reading::Recording(read)) = open_text("x.json", pairs, Answers::default()) else {
            panic!()
        };
        assert_eq!(read.leads[0].rate_hz, 512.617);
        assert!(near(extremes(&read.leads[0]).1, 0.5));
        let volts = r#"{"samplingFrequency": 512, "voltageMeasurements": [{"voltage": 500, "units": "V"}, {"voltage": -100}]}"#;
        let Ok(Reading::Question(question)) = open_text("x.json", volts, Answers::default()) else {
            panic!()
        };
        assert_eq!(question.unknowns, [Unknown::Unit]);
        assert_eq!(question.proposal.unit.as_deref(), Some("uV"));
        let steps = r#"{"data": {"metrics": [{"name": "steps"}], "workouts": []}}"#;
        let read = open_text("x.json", steps, Answers::default());
        assert!(matches!(read, Err(ReadError::NoSignal { .. })), "{read:?}");
    }
}
