//! The answer of the API's heart service (version 2, `get`): `body.signal` in microvolts.

use super::super::json::{Json, looks_like};
use super::super::text::decode;
use super::super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, input, instant,
};
use super::Strip;
use crate::recording::SourceMeasurement;

const ID: &str = "withings-json";

/// The reader.
pub struct WithingsJson;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Withings ECG (API, JSON)",
    extensions: &["json"],
    signatures: &[],
    recognised_by: "JSON with a signal beside sampling_frequency or wearposition, or a list with signalid",
    support: Support::Complete,
    tested_on: "1 file built from the vendor's reference",
    certainty: Certainty::Built,
};

/// The object that holds the signal.
fn body(root: Json<'_>) -> Option<Json<'_>> {
    let body = root.get("body").unwrap_or(root);
    let described = body.any(&["sampling_frequency", "wearposition"]).is_some();
    (body.get("signal").is_some() && described).then_some(body)
}

/// Whether it is the list, which names recordings and holds none.
fn is_list(root: Json<'_>) -> bool {
    root.at(&["body", "series"]).is_some_and(|series| {
        series
            .elements()
            .take(20)
            .any(|element| element.at(&["ecg", "signalid"]).is_some())
    })
}

impl Format for WithingsJson {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(text) = decode(head.bytes).filter(|text| looks_like(text)) else {
            return Score::NONE;
        };
        match Json::root(&text) {
            Some(root) if body(root).is_some() || is_list(root) => Score(230),
            _ => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let root = Json::root(&text).ok_or(ReadError::NotThisFormat)?;
        let Some(body) = body(root) else {
            return Err(input::no_signal(ID, "holds-list-of-recordings"));
        };
        let series = match body.get("signal") {
            Some(signal) => signal.series(context)?,
            None => return Err(input::no_signal(ID, "holds-no-samples")),
        };
        if !series.has_values() {
            return Err(input::no_signal(ID, "holds-no-samples"));
        }
        let word = |key: &str| body.get(key).and_then(Json::word);
        let mut source = input::source(ID, "recognised-json", entry);
        source.device = word("model").map(|model| match model.as_str() {
            "44" => "BPM Core".to_owned(),
            "91" => "Move ECG".to_owned(),
            "93" => "ScanWatch".to_owned(),
            _ => format!("model {model}"),
        });
        source
            .measurements
            .extend(word("heart_rate").map(|value| SourceMeasurement {
                name: "heart_rate".to_owned(),
                value: format!("{value} bpm"),
            }));
        let verdict = body.get("afib").or(body.at(&["ecg", "afib"]));
        source.classification = verdict.and_then(Json::word).map(|code| verdict_of(&code));
        let start = body.any(&["timestamp", "date"]);
        let start = start
            .and_then(Json::number)
            .and_then(|seconds| instant::from_unix(seconds, Some(0)));
        let strip = Strip {
            series,
            rate_hz: body.get("sampling_frequency").and_then(Json::number),
            wear_position: word("wearposition"),
            start,
            source,
        };
        Ok(super::reading(ID, strip, entry, context))
    }
}

/// The words that the vendor's API text has for the code of a verdict.
fn verdict_of(code: &str) -> String {
    const VERDICTS: [&str; 14] = [
        "negative",
        "positive for atrial fibrillation",
        "inconclusive",
        "no signal",
        "other",
        "noise",
        "low heart rate",
        "high heart rate",
        "inconclusive",
        "negative, normal heart rate",
        "negative, high heart rate",
        "positive for atrial fibrillation, normal heart rate",
        "positive for atrial fibrillation, high heart rate",
        "no diagnosis",
    ];
    let words = code.parse::<usize>().ok().and_then(|at| VERDICTS.get(at));
    words.map_or_else(|| code.to_owned(), |words| format!("{code}: {words}"))
}

#[cfg(test)]
mod tests {
    use super::super::super::Answers;
    use super::super::super::testing::{extremes, near, open_text, sample_file};
    use super::*;

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(read) = sample_file("withings/constructed_heart_get.json") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (300.0, 3000));
        let (low, high) = extremes(lead);
        assert!(near(low, -0.372) && near(high, 0.61), "{low} {high}");
        assert_eq!(read.source.device.as_deref(), Some("ScanWatch"));
    }

    #[test]
    fn the_list_of_recordings_is_called_what_it_is() {
        let text = r#"{"status": 0, "body": {"series": [{"deviceid": "d", "ecg": {"signalid": 7, "afib": 0}}]}}"#;
        let read = open_text("x.json", text, Answers::default());
        assert!(
            matches!(&read, Err(ReadError::NoSignal { holds, .. }) if holds == "holds-list-of-recordings"),
            "{read:?}"
        );
    }
}
