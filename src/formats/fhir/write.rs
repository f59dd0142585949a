//! Writing one Observation of release 4: category procedure, code MDC 131328, a component of ten seconds at a time.

use super::super::{WriteError, Writer, WrittenFile};
use super::read::is_missing;
use super::{CODES, ECG_CODE, LOCAL_START, rate_of_period};
use crate::recording::{Lead, Recording, SampleData, Scale, Unit};
use std::fmt::Write as _;

/// Seconds of a component.
const PIECE_S: f64 = 10.0;

/// Writes FHIR R4 JSON.
pub struct FhirWriter;

impl Writer for FhirWriter {
    fn id(&self) -> &'static str {
        "fhir"
    }
    fn name(&self) -> &'static str {
        "FHIR R4 Observation"
    }
    fn write(&self, recording: &Recording, stem: &str) -> Result<Vec<WrittenFile>, WriteError> {
        if recording.leads.iter().all(|lead| lead.samples.is_empty()) {
            return Err(WriteError::CannotHold {
                format: "fhir",
                what: "a recording without samples".to_owned(),
            });
        }
        Ok(vec![WrittenFile {
            name: format!("{stem}.json"),
            bytes: observation(recording).into_bytes(),
        }])
    }
}

fn observation(recording: &Recording) -> String {
    let mut text =
        String::from("{\n \"resourceType\": \"Observation\",\n \"status\": \"final\",\n");
    text.push_str(
        " \"category\": [{\"coding\": [{\"system\": \
         \"http://terminology.hl7.org/CodeSystem/observation-category\", \"code\": \"procedure\", \
         \"display\": \"Procedure\"}]}],\n",
    );
    let code = coding(ECG_CODE, "MDC_ECG_ELEC_POTL");
    let _ = writeln!(text, " \"code\": {{{code}}},");
    if let Some(start) = &recording.start {
        match (start.date, start.offset_minutes) {
            (Some(_), Some(_)) => {
                let _ = writeln!(text, " \"effectiveDateTime\": \"{}\",", start.iso());
            }
            (Some((year, month, day)), None) => {
                let _ = write!(
                    text,
                    " \"effectiveDateTime\": \"{year:04}-{month:02}-{day:02}\",\n \
                     \"_effectiveDateTime\": {{\"extension\": [{{\"url\": \"{LOCAL_START}\", \
                     \"valueString\": \"{}\"}}]}},\n",
                    start.iso()
                );
            }
            (None, _) => {}
        }
    }
    let source = &recording.source;
    if let Some(device) = &source.device {
        let _ = writeln!(text, " \"device\": {{\"display\": {}}},", quoted(device));
    }
    let patient = [
        ("display", &source.patient.name),
        ("reference", &source.patient.id),
    ];
    let patient: Vec<String> = patient
        .iter()
        .filter_map(|(key, value)| Some(format!("\"{key}\": {}", quoted(value.as_ref()?))))
        .collect();
    if !patient.is_empty() {
        let _ = writeln!(text, " \"subject\": {{{}}},", patient.join(", "));
    }
    if let Some(verdict) = &source.classification {
        let _ = writeln!(
            text,
            " \"interpretation\": [{{\"text\": {}}}],",
            quoted(verdict)
        );
    }
    if !source.remarks.is_empty() {
        let notes: Vec<String> = source
            .remarks
            .iter()
            .map(|remark| format!("{{\"text\": {}}}", quoted(remark)))
            .collect();
        let _ = writeln!(text, " \"note\": [{}],", notes.join(", "));
    }
    text.push_str(" \"component\": [\n");
    let mut names: Vec<String> = Vec::new();
    let mut first = true;
    for lead in recording
        .leads
        .iter()
        .filter(|lead| !lead.samples.is_empty())
    {
        // Components of one code are pieces of one lead: names that stand twice are told apart.
        let mut name = lead.name.trim().to_owned();
        while name.is_empty() || names.contains(&name) {
            name = format!("{name} {}", names.len() + 1).trim().to_owned();
        }
        names.push(name.clone());
        components(lead, &name, &mut first, &mut text);
    }
    text.push_str("\n ]\n}\n");
    text
}

fn coding(code: u32, display: &str) -> String {
    format!(
        "\"coding\": [{{\"system\": \"urn:oid:2.16.840.1.113883.6.24\", \"code\": \"{code}\", \
         \"display\": \"{display}\"}}]"
    )
}

/// The components of a lead, ten seconds each.
fn components(lead: &Lead, name: &str, first: &mut bool, text: &mut String) {
    let code = lead
        .standard
        .and_then(|standard| CODES.iter().find(|(known, _)| *known == standard));
    let code = match (code, &lead.unit) {
        (Some((standard, code)), _) => {
            let label = standard.label().to_uppercase();
            format!(
                "{}, \"text\": {}",
                coding(*code, &format!("MDC_ECG_ELEC_POTL_{label}")),
                quoted(name)
            )
        }
        (None, Unit::Other(_)) => format!("\"text\": {}", quoted(name)),
        (None, _) => format!(
            "{}, \"text\": {}",
            coding(ECG_CODE, "MDC_ECG_ELEC_POTL"),
            quoted(name)
        ),
    };
    let stored = Stored::of(lead);
    let piece = ((PIECE_S * lead.rate_hz).round() as usize).max(1);
    let mut from = 0;
    while from < lead.samples.len() {
        let to = (from + piece).min(lead.samples.len());
        let _ = write!(
            text,
            "{}  {{\"code\": {{{code}}}, \"valueSampledData\": {{\"origin\": {{\"value\": {}{}}}, \
             \"period\": {}, \"factor\": {}, \"dimensions\": 1, \"data\": \"",
            if *first { "" } else { ",\n" },
            stored.origin,
            stored.unit,
            stored.period_ms,
            stored.factor,
        );
        *first = false;
        for index in from..to {
            if index > from {
                text.push(' ');
            }
            stored.token(lead, index, text);
        }
        text.push_str("\"}}");
        from = to;
    }
}

/// How a lead's samples are stored so that the same values come back.
struct Stored {
    unit: String,
    period_ms: f64,
    factor: f64,
    origin: f64,
    /// Numbers as they are stored in the lead, else its values.
    counts: bool,
}

impl Stored {
    fn of(lead: &Lead) -> Self {
        let unit = match &lead.unit {
            Unit::Millivolt => {
                ", \"unit\": \"uV\", \"system\": \"http://unitsofmeasure.org\", \"code\": \"uV\""
                    .to_owned()
            }
            Unit::Counts => ", \"unit\": \"{counts}\"".to_owned(),
            Unit::Other(unit) => format!(", \"unit\": {}", quoted(unit)),
        };
        let per_unit = match lead.unit {
            Unit::Millivolt => 1000.0,
            _ => 1.0,
        };
        let Scale { gain, baseline } = lead.samples.scale;
        let factor = per_unit / gain;
        let origin = if baseline == 0.0 {
            0.0
        } else {
            -baseline * factor
        };
        let mut stored = Self {
            unit,
            period_ms: period(lead.rate_hz),
            factor,
            origin,
            counts: true,
        };
        // The scale that the reader makes of it must give the same values; where rounding would change one, the values
        // themselves are stored.
        let again = Scale {
            gain: per_unit / factor,
            baseline: if origin == 0.0 { 0.0 } else { -origin / factor },
        };
        let same = again == lead.samples.scale
            || (0..lead.samples.len()).all(|index| {
                let stored = lead.samples.stored(index).unwrap_or(0.0);
                let (before, after) = (lead.samples.scale.value(stored), again.value(stored));
                let by_factor =
                    |scale: Scale| ((stored - scale.baseline) * (1.0 / scale.gain)) as f32;
                before as f32 == after as f32 && by_factor(lead.samples.scale) == by_factor(again)
            });
        if !same || !factor.is_finite() {
            stored.counts = false;
            stored.factor = 1.0;
            stored.origin = 0.0;
            if lead.unit == Unit::Millivolt {
                stored.unit = stored.unit.replace("\"uV\"", "\"mV\"");
            }
        }
        stored
    }

    fn token(&self, lead: &Lead, index: usize, text: &mut String) {
        if is_missing(lead, index) {
            text.push('E');
            return;
        }
        let _ = match (&lead.samples.data, self.counts) {
            (SampleData::I16(data), true) => {
                write!(text, "{}", data.get(index).copied().unwrap_or(0))
            }
            (SampleData::I32(data), true) => {
                write!(text, "{}", data.get(index).copied().unwrap_or(0))
            }
            (SampleData::F32(data), true) => {
                write!(text, "{}", data.get(index).copied().unwrap_or(0.0))
            }
            (_, false) => write!(text, "{}", lead.samples.value(index).unwrap_or(0.0)),
        };
    }
}

/// Milliseconds a sample that read back as the same rate: a neighbour of the quotient where it does not itself.
fn period(rate_hz: f64) -> f64 {
    let period_ms = 1000.0 / rate_hz;
    let near = [period_ms, period_ms.next_up(), period_ms.next_down()];
    near.into_iter()
        .find(|period| rate_of_period(*period) == Some(rate_hz))
        .unwrap_or(period_ms)
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
