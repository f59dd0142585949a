//! Electrocardiograms of Google's Health API (version 4, `dataPoints[].electrocardiogram`).
//!
//! After its generated client libraries: every field may be absent, wide integers are strings.

use super::fitbit::{Fields, waveform};
use super::input;
use super::json::{Json, looks_like};
use super::text::decode;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, instant,
};

const ID: &str = "google-health";

/// The reader.
pub struct GoogleHealth;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Google Health ECG (JSON)",
    extensions: &["json"],
    signatures: &[],
    recognised_by: "JSON with dataPoints that hold an electrocardiogram, or one such point",
    support: Support::Complete,
    tested_on: "files built from generated client libraries",
    certainty: Certainty::Built,
};

static FIELDS: Fields = Fields {
    id: ID,
    rate: "samplingFrequencyHertz",
    factor: "millivoltsScalingFactor",
    heart_rate: "beatsPerMinuteAvg",
    device: &[],
};

impl Format for GoogleHealth {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(text) = decode(head.bytes).filter(|text| looks_like(text)) else {
            return Score::NONE;
        };
        let known = Json::root(&text).is_some_and(|root| {
            root.get("electrocardiogram").is_some()
                || root.get("millivoltsScalingFactor").is_some()
                || root.get("dataPoints").is_some_and(|points| {
                    points
                        .elements()
                        .take(100)
                        .any(|point| point.get("electrocardiogram").is_some())
                })
        });
        if known { Score(230) } else { Score::NONE }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let root = Json::root(&text).ok_or(ReadError::NotThisFormat)?;
        let points: Vec<(Json<'_>, Json<'_>)> = match root.get("dataPoints") {
            Some(list) => list
                .elements()
                .filter_map(|point| Some((point, point.get("electrocardiogram")?)))
                .collect(),
            None => vec![(root, root.get("electrocardiogram").unwrap_or(root))],
        };
        if points.is_empty() {
            return Err(input::no_signal(ID, "holds-no-electrocardiograms"));
        }
        let offers = points.iter().enumerate().map(|(at, (_, ecg))| {
            let start = ecg.at(&["interval", "startTime"]).and_then(Json::word);
            let verdict = ecg.get("resultClassification").and_then(Json::word);
            input::offer(at, &[start.clone(), verdict], start, ecg.source().len())
        });
        let place = match input::pick(offers.collect(), &context.answers) {
            Ok(place) => place,
            Err(choice) => return Ok(*choice),
        };
        let (point, ecg) = points.get(place).copied().unwrap_or((root, root));
        let mut reading = waveform(&FIELDS, ecg, entry, context)?;
        if let Reading::Recording(recording) = &mut reading {
            recording.start = start(ecg);
            let device = ecg.get("medicalDeviceInfo").or(point.get("dataSource"));
            recording.source.device = device.map(words).filter(|text| !text.is_empty());
        }
        Ok(reading)
    }
}

/// The time of the reading at the zone that stands beside it (`7200s`), else in UTC as it is written.
fn start(ecg: Json<'_>) -> Option<crate::recording::StartTime> {
    let interval = ecg.get("interval")?;
    let start = instant::parse(&interval.get("startTime")?.text()?)?;
    let offset = interval.get("startUtcOffset").and_then(Json::word);
    let seconds = offset.and_then(|text| text.strip_suffix('s')?.parse::<f64>().ok());
    let Some(minutes) = seconds.map(|seconds| (seconds / 60.0) as i16) else {
        return Some(start);
    };
    instant::at_offset(&start, minutes).or(Some(start))
}

/// The strings of an object and of those in it, one after the other.
fn words(value: Json<'_>) -> String {
    let inner = value.members().flat_map(|(_, member)| {
        let own = member.word();
        let deeper = member.members().filter_map(|(_, value)| value.word());
        own.into_iter().chain(deeper)
    });
    inner.take(8).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::Answers;
    use super::super::testing::open_text;
    use super::*;

    #[test]
    fn a_point_is_read_at_its_own_zone_and_others_are_passed_over() {
        let text = r#"{"dataPoints": [{"steps": {"count": "7"}}, {"name": "users/me", "electrocardiogram": {
            "interval": {"startTime": "2024-03-31T21:59:30Z", "endTime": "2024-03-31T21:59:30Z", "startUtcOffset": "7200s"},
            "beatsPerMinuteAvg": "64", "waveformSamples": [5461, -5461, 0], "samplingFrequencyHertz": 250,
            "millivoltsScalingFactor": 10922, "leadNumber": 1, "medicalDeviceInfo": {"deviceModel": "Watch", "firmwareVersion": "1.2"},
            "resultClassification": "NORMAL_SINUS_RHYTHM"}}]}"#;
        let Ok(Reading::Recording(read)) = open_text("x.json", text, Answers::default()) else {
            panic!()
        };
        assert_eq!(read.leads[0].samples.all_values(), [0.5, -0.5, 0.0]);
        assert_eq!(read.start.unwrap().iso(), "2024-03-31T23:59:30+02:00");
        assert_eq!(read.source.device.as_deref(), Some("Watch, 1.2"));
        assert_eq!(read.source.measurements[0].value, "64 bpm");
    }
}
