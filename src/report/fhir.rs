//! The report as a FHIR R4 Bundle: what was measured as Observations, what is said as a preliminary DiagnosticReport.
//!
//! Codes are LOINC's. What was withheld is an Observation without a value, with the reason; the recording itself is written by
//! the format of that name.

use super::{Read, Report, Words, conclusion, quality, rate, rhythm, small_print};
use crate::analysis::Analysis;
use crate::recording::{Measured, Phrase};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Intervals with a LOINC code: code, its own name, where it is.
const INTERVALS: [(&str, &str, Read); 4] = [
    ("8625-6", "P-R Interval", |all| &all.pr_ms),
    ("8633-0", "QRS duration", |all| &all.qrs_ms),
    ("8634-8", "Q-T interval", |all| &all.qt_ms),
    ("8636-3", "Q-T interval corrected", |all| {
        &all.qtc_fridericia_ms
    }),
];

/// The report as one Bundle (collection).
#[must_use]
pub fn fhir(report: &Report, words: &Words) -> Value {
    let author = Author { report, words };
    let mut observations = vec![author.rate()];
    if let Ok(analysis) = &report.analysis {
        observations.extend(author.intervals(analysis));
    }
    let own = own_bits(report);
    let urn = |number: usize| format!("urn:uuid:{own}-{number:012x}");
    let references: Vec<Value> = (1..=observations.len())
        .map(|number| json!({ "reference": urn(number) }))
        .collect();
    let mut entries = vec![json!({
        "fullUrl": urn(0),
        "resource": author.diagnostic_report(references),
    })];
    for (index, observation) in observations.into_iter().enumerate() {
        entries.push(json!({ "fullUrl": urn(index + 1), "resource": observation }));
    }
    json!({ "resourceType": "Bundle", "type": "collection", "entry": entries })
}

/// The upper bits of the entries' UUIDs (version 8, RFC 9562): of this report's file and lead, so that no two recordings share
/// them and the same report has the same.
fn own_bits(report: &Report) -> String {
    let lead = report.analysis.as_ref().map_or(0, |analysis| analysis.lead);
    let from_s = report.recording.duration_s;
    let name = format!("{:?} {} {lead} {from_s}", report.sha256, report.file);
    let hash = Sha256::digest(name.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{}-{}-8{}-8{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..15],
        &hex[15..18]
    )
}

fn loinc(code: &str, display: &str) -> Value {
    json!({ "coding": [{ "system": "http://loinc.org", "code": code, "display": display }] })
}

struct Author<'a> {
    report: &'a Report,
    words: &'a Words,
}

impl Author<'_> {
    /// When the recording began, where its source tells with a date and the offset from UTC, which FHIR wants.
    fn effective(&self) -> Option<String> {
        let start = self.report.recording.start?;
        let iso = start.iso();
        let (date, time) = iso.split_once('T')?;
        let has_offset = time.ends_with('Z') || time.contains(['+', '-']);
        (date.len() == 10 && has_offset).then(|| iso.clone())
    }

    fn observation(&self, code: Value, value: Result<(f64, &str, &str), String>) -> Value {
        let mut observation = json!({
            "resourceType": "Observation",
            "status": "preliminary",
            "category": [{ "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                "code": "procedure",
            }] }],
            "code": code,
            "subject": self.subject(),
        });
        if let Some(start) = self.effective() {
            observation["effectiveDateTime"] = json!(start);
        }
        match value {
            Ok((value, unit, code)) => {
                observation["valueQuantity"] = json!({
                    "value": value,
                    "unit": unit,
                    "system": "http://unitsofmeasure.org",
                    "code": code,
                });
            }
            Err(reason) => observation["dataAbsentReason"] = json!({ "text": reason }),
        }
        observation
    }

    fn subject(&self) -> Value {
        let patient = &self.report.recording.source.patient;
        let shown = patient.name.as_ref().or(patient.id.as_ref());
        let mut subject = json!({ "display": shown.map_or("unknown", String::as_str) });
        if let Some(id) = &patient.id {
            subject["identifier"] = json!({ "value": id });
        }
        subject
    }

    fn rate(&self) -> Value {
        let code = loinc("8867-4", "Heart rate");
        let rate = match &self.report.analysis {
            Ok(analysis) => analysis.rate.as_ref().map(|rate| rate.mean),
            Err(reason) => Err(reason),
        };
        let value = match rate {
            Ok(mean) => Ok((rounded(mean), "beats/minute", "/min")),
            Err(reason) => Err(self.words.say(reason)),
        };
        self.observation(code, value)
    }

    fn intervals(&self, analysis: &Analysis) -> Vec<Value> {
        let mut all: Vec<Value> = INTERVALS
            .into_iter()
            .map(|(code, display, pick)| {
                let interval = analysis.interval(pick);
                let value = self.value(interval.measured, ("ms", "ms"));
                let mut observation = self.observation(loinc(code, display), value);
                if let Measured::Value { method, .. } = interval.measured {
                    observation["method"] = json!({ "text": self.words.message(method, &[]) });
                }
                observation
            })
            .collect();
        if super::shows_axis(analysis) {
            let value = self.value(&analysis.axis_deg, ("degrees", "deg"));
            all.push(self.observation(loinc("8632-6", "QRS axis"), value));
        }
        all
    }

    fn value<'u>(
        &self,
        measured: &Measured<f64>,
        (unit, code): (&'u str, &'u str),
    ) -> Result<(f64, &'u str, &'u str), String> {
        match measured {
            Measured::Value { value, .. } if value.is_finite() => Ok((rounded(*value), unit, code)),
            Measured::Value { .. } => Err(self.words.message("withheld-not-finite", &[])),
            Measured::Withheld(reason) => Err(self.words.say(reason)),
        }
    }

    fn diagnostic_report(&self, results: Vec<Value>) -> Value {
        let report = self.report;
        let rhythm = rhythm(report);
        let mut said: Vec<Phrase> = vec![quality(report), rhythm.line];
        said.extend(rhythm.abstained);
        said.push(rate(report));
        said.extend(report.findings.iter().map(|finding| finding.text.clone()));
        said.extend(conclusion(report));
        said.push(small_print());
        let said: Vec<String> = said.iter().map(|phrase| self.words.say(phrase)).collect();
        let mut resource = json!({
            "resourceType": "DiagnosticReport",
            "status": "preliminary",
            "category": [{ "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/v2-0074",
                "code": "EC",
                "display": "Electrocardiac (e.g., EKG, EEC, Holter)",
            }] }],
            "code": loinc("11524-6", "EKG study"),
            "subject": self.subject(),
            "result": results,
            "conclusion": said.join("\n"),
        });
        if let Some(start) = self.effective() {
            resource["effectiveDateTime"] = json!(start);
        }
        resource
    }
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::super::testing::report;
    use super::*;

    #[test]
    fn what_was_measured_has_its_value_and_what_was_not_its_reason() {
        let mut report = report();
        if let Ok(analysis) = &mut report.analysis {
            analysis.intervals.qt_ms = Measured::withheld("withheld-no-median-beat");
            analysis.global = Err(Phrase::new("withheld-one-lead"));
        }
        let bundle = fhir(&report, &Words::english());
        let of = |code: &str| {
            bundle["entry"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| &entry["resource"])
                .find(|resource| resource["code"]["coding"][0]["code"] == code)
                .unwrap_or_else(|| panic!("{code}"))
        };
        assert_eq!(of("8625-6")["valueQuantity"]["value"], 140.0);
        assert_eq!(of("8634-8").get("valueQuantity"), None);
        let reason = of("8634-8")["dataAbsentReason"]["text"].as_str().unwrap();
        assert!(reason.contains("too few beats"), "{reason}");
        let study = of("11524-6");
        assert_eq!(study["effectiveDateTime"], "2024-05-01T08:15:00+02:00");
        assert_eq!(study["result"].as_array().unwrap().len(), 5);
        assert!(
            study["conclusion"]
                .as_str()
                .unwrap()
                .contains("not a cleared medical device")
        );
        // Without the offset from UTC a time is no dateTime of FHIR's.
        let local = crate::recording::StartTime::new(Some((2024, 5, 1)), 8, 15, 0.25, None);
        report.recording.start = local;
        let bundle = fhir(&report, &Words::english());
        let study = &bundle["entry"][0]["resource"];
        assert_eq!(study.get("effectiveDateTime"), None);
    }
}
