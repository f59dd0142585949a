//! GE MUSE XML (`RestingECG`): base64 of 16-bit little-endian samples, eight leads of which the other four follow.
//!
//! The document type names an external file, which is never fetched.

use super::base64;
use super::input;
use super::instant;
use super::parts::{self, Part, mark};
use super::segments::{self, Joined, Segment};
use super::text::number;
use super::voltage::units_per_millivolt;
use super::xml::{self, Document, Element};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support, Unknown, gaps,
};
use crate::recording::{
    Annotation, Gap, GapReason, Lead, Note, Patient, Phrase, Samples, Scale, Source,
    SourceMeasurement, StartTime,
};

const ID: &str = "muse";
/// Resolution of every MUSE file seen, microvolts a count; only ever proposed.
const USUAL_MICROVOLTS: f64 = 4.88;
/// Sample that stands for none.
const NO_SAMPLE: i16 = i16::MIN;

/// The reader.
pub struct Muse;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "GE MUSE (XML)",
    extensions: &["xml"],
    signatures: &[],
    recognised_by: "the root element RestingECG",
    support: Support::Complete,
    tested_on: "1 public file with median beat and rhythm; its checksums agree",
    certainty: Certainty::Real,
};

impl Format for Muse {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        xml::score_of_root(head, "RestingECG")
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = xml::read(ID, entry, context)?;
        let document = Document::open(ID, &text, entry, context)?;
        let root = document.root();
        let start = start_of(root, context);
        let mut parts = Vec::new();
        let mut total = 0;
        for waveform in root.within().filter(|element| element.name() == "Waveform") {
            parts::check_room(parts.len())?;
            let kind = waveform.value("WaveformType").unwrap_or_default();
            let leads = match waveform_leads(waveform, context, &mut total)? {
                Ok(leads) => leads,
                Err(question) => return Ok(Reading::Question(question)),
            };
            let beat = kind.to_ascii_lowercase().contains("median");
            let joined = match leads {
                Joined::Whole(leads) => vec![leads],
                Joined::Apart(pieces) => pieces.into_iter().map(|piece| piece.leads).collect(),
            };
            for leads in joined {
                let name = if kind.is_empty() { "rhythm" } else { &kind }.to_lowercase();
                let twice = parts
                    .iter()
                    .filter(|part: &&Part| part.name == name)
                    .count();
                parts.push(Part {
                    id: if twice == 0 {
                        name.clone()
                    } else {
                        format!("{name}-{}", twice + 1)
                    },
                    name,
                    beat,
                    start,
                    annotations: if beat {
                        Vec::new()
                    } else {
                        beats(root, &leads)
                    },
                    leads,
                });
            }
        }
        let source = about(root, entry);
        parts::settle(parts, source, context)
    }
}

/// The leads of one waveform, each at its own time within it.
fn waveform_leads(
    waveform: Element<'_, '_>,
    context: &mut Context,
    total: &mut u64,
) -> Result<Result<Joined, Box<Question>>, ReadError> {
    let base = waveform
        .value("SampleBase")
        .and_then(|text| number(&text, true));
    let exponent = waveform
        .value("SampleExponent")
        .and_then(|text| text.parse::<i32>().ok())
        .unwrap_or(0);
    let rate_hz = base
        .map(|base| base * 10_f64.powi(exponent.clamp(-6, 6)))
        .or(context.answers.rate_hz)
        .filter(|rate| rate.is_finite() && *rate > 0.0);
    let mut pieces: Vec<Segment> = Vec::new();
    for (place, data) in waveform.all("LeadData").enumerate() {
        parts::check_leads(place, context)?;
        let name = data.value("LeadID").unwrap_or_else(|| "ECG".to_owned());
        let (counts, gaps) = counts(data, &name, context, total)?;
        let scale = match scale_of(data, context) {
            Some(scale) => scale,
            None => return Ok(Err(question(Unknown::Gain, &name, &counts))),
        };
        let Some(rate_hz) = rate_hz else {
            return Ok(Err(question(Unknown::Rate, &name, &counts)));
        };
        let offset_s = data
            .value("LeadTimeOffset")
            .and_then(|text| number(&text, true))
            .unwrap_or(0.0)
            / 1000.0;
        let mut lead = Lead::ecg(&name, rate_hz, Samples::from_i16(counts, scale));
        lead.gaps = gaps;
        match pieces.iter_mut().find(|piece| piece.offset_s == offset_s) {
            Some(piece) => piece.leads.push(lead),
            None => pieces.push(Segment {
                offset_s,
                leads: vec![lead],
            }),
        }
    }
    Ok(Ok(segments::join(pieces, context)?))
}

/// The samples of a lead, with what is missing or off.
fn counts(
    data: Element<'_, '_>,
    name: &str,
    context: &mut Context,
    total: &mut u64,
) -> Result<(Vec<i16>, Vec<Gap>), ReadError> {
    if let Some(size) = data.value("LeadSampleSize").filter(|size| size != "2") {
        return Err(ReadError::Unsupported {
            format: ID.to_owned(),
            feature: format!("samples of {size} bytes"),
        });
    }
    let text = data
        .children()
        .find(|child| child.name().eq_ignore_ascii_case("WaveFormData"))
        .map(Element::text)
        .unwrap_or_default();
    *total = total.saturating_add(text.len() as u64 / 3);
    context.check_samples(*total)?;
    let (bytes, strange) = base64::decode(&text);
    let told = data
        .value("LeadDataCRC32")
        .and_then(|text| text.parse::<u32>().ok());
    let mut crc = flate2::Crc::new();
    crc.update(&bytes);
    if strange > 0 || told.is_some_and(|told| told != crc.sum()) {
        context.note(Note::new("checksum").with("signal", name));
    }
    let (pairs, _) = bytes.as_chunks::<2>();
    let mut counts: Vec<i16> = pairs.iter().map(|&pair| i16::from_le_bytes(pair)).collect();
    let expected = data
        .value("LeadSampleCountTotal")
        .and_then(|text| text.parse::<usize>().ok());
    if let Some(expected) = expected.filter(|&expected| expected > counts.len()) {
        context.note(
            Note::new("short-file")
                .with("file", name)
                .with("expected", expected)
                .with("found", counts.len()),
        );
    }
    let off = data
        .value("LeadOff")
        .is_some_and(|off| off.eq_ignore_ascii_case("true"));
    let gaps = if off {
        counts.fill(0);
        vec![Gap {
            range: 0..counts.len(),
            reason: GapReason::LeadOff,
        }]
    } else {
        gaps::take_invalid(&mut counts, NO_SAMPLE, 0)
    };
    Ok((
        counts,
        gaps.into_iter()
            .filter(|gap| !gap.range.is_empty())
            .collect(),
    ))
}

/// Counts a millivolt.
fn scale_of(data: Element<'_, '_>, context: &Context) -> Option<Scale> {
    let units = data
        .value("LeadAmplitudeUnitsPerBit")
        .and_then(|text| number(&text, true))
        .filter(|units| *units > 0.0);
    let per_millivolt = data
        .value("LeadAmplitudeUnits")
        .and_then(|unit| units_per_millivolt(&unit));
    let gain = match (units, per_millivolt) {
        (Some(units), Some(per_millivolt)) => per_millivolt / units,
        _ => context.answers.per_millivolt()?,
    };
    (gain.is_finite() && gain != 0.0).then_some(Scale {
        gain,
        baseline: 0.0,
    })
}

fn question(unknown: Unknown, name: &str, counts: &[i16]) -> Box<Question> {
    let gain = unknown == Unknown::Gain;
    let evidence = if gain {
        Phrase::new("evidence-muse-gain")
            .with("lead", name)
            .with("microvolts", USUAL_MICROVOLTS)
    } else {
        Phrase::new("evidence-no-rate")
    };
    let proposal = Answers {
        gain: gain.then_some(1000.0 / USUAL_MICROVOLTS),
        ..Answers::default()
    };
    let preview = counts.iter().map(|&count| f32::from(count));
    input::ask(ID, vec![(unknown, evidence)], proposal, preview)
}

/// The device's beats (milliseconds) with the number of their template.
fn beats(root: Element<'_, '_>, leads: &[Lead]) -> Vec<Annotation> {
    let rate_hz = leads.first().map_or(1.0, |lead| lead.rate_hz);
    let Some(list) = root.child("QRSTimesTypes") else {
        return Vec::new();
    };
    list.all("QRS")
        .filter_map(|beat| {
            let time_ms = number(&beat.value("Time")?, true)?;
            let kind = beat.value("Type").unwrap_or_default();
            // The type is the number of a template, not a class.
            Some(mark(
                time_ms / 1000.0,
                rate_hz,
                "Q",
                &format!("type {kind}"),
            ))
        })
        .collect()
}

fn start_of(root: Element<'_, '_>, context: &mut Context) -> Option<StartTime> {
    let test = root.child("TestDemographics")?;
    let date = test.value("AcquisitionDate")?;
    let time = test.value("AcquisitionTime").unwrap_or_default();
    let parsed = instant::three(&date)
        .and_then(|[month, day, year]| instant::date_and_time(Some((year, month, day)), &time));
    if parsed.is_none() {
        context.note(Note::new("bad-date").with("text", format!("{date} {time}")));
    }
    parsed
}

/// What the file says of person, device, filters, measurements and verdict.
fn about(root: Element<'_, '_>, entry: &Entry) -> Source {
    let person = root.child("PatientDemographics");
    let field = |name: &str| person.and_then(|person| person.value(name));
    let names = [field("PatientFirstName"), field("PatientLastName")];
    let names: Vec<String> = names.into_iter().flatten().collect();
    let measured = root
        .child("RestingECGMeasurements")
        .or_else(|| root.child("OriginalRestingECGMeasurements"));
    let measurements = measured
        .into_iter()
        .flat_map(Element::children)
        .filter(|element| !element.name().starts_with("ECGSample"))
        .filter_map(|element| {
            let value = element.text().trim().to_owned();
            let name = element.name().to_owned();
            (!value.is_empty()).then_some(SourceMeasurement { name, value })
        })
        .collect();
    let verdict = root
        .child("Diagnosis")
        .and_then(statements)
        .or_else(|| root.child("OriginalDiagnosis").and_then(statements));
    let filters = root
        .within()
        .filter(|element| element.name() == "Waveform")
        .last()
        .and_then(filters);
    let device = root
        .child("TestDemographics")
        .and_then(|test| test.value("AcquisitionDevice"));
    Source {
        format: ID.to_owned(),
        recognised_by: "recognised-xml-root".to_owned(),
        name: entry.file_name().to_owned(),
        device,
        filters,
        classification: verdict,
        measurements,
        patient: Patient {
            name: (!names.is_empty()).then(|| names.join(" ")),
            id: field("PatientID"),
            birth_date: field("DateofBirth"),
            sex: field("Gender"),
        },
        remarks: Vec::new(),
    }
}

/// The statements, whose lines end where a flag says so.
fn statements(diagnosis: Element<'_, '_>) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = String::new();
    for statement in diagnosis.all("DiagnosisStatement") {
        if let Some(text) = statement.value("StmtText") {
            if !open.is_empty() {
                open.push(' ');
            }
            open.push_str(&text);
        }
        if statement
            .all("StmtFlag")
            .any(|flag| flag.text().trim() == "ENDSLINE")
        {
            lines.push(std::mem::take(&mut open));
        }
    }
    lines.push(open);
    lines.retain(|line| !line.is_empty());
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// The filters in the file's own numbers: the unit of the high-pass is not documented.
fn filters(waveform: Element<'_, '_>) -> Option<String> {
    let words: Vec<String> = ["HighPassFilter", "LowPassFilter", "ACFilter"]
        .iter()
        .filter_map(|name| Some(format!("{name} {}", waveform.value(name)?)))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{leads_agree, read_sample};

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(rhythm) = read_sample("muse/braveheart_example1.xml", None) else {
            return;
        };
        let told = "I -0.22448…1.2151; II -0.35136…1.2688; V1 -1.2005…0.22936; V2 -1.6885…0.9028; \
            V3 -0.7076…1.259; V4 -0.45384…1.5616; V5 -0.2684…1.4884; V6 -0.20008…1.3078";
        leads_agree(&rhythm, told, 500.0, 5000);
        assert_eq!(rhythm.leads.len(), 12);
        assert_eq!(rhythm.leads.iter().filter(|lead| lead.derived).count(), 4);
        assert_eq!(rhythm.annotations.len(), 8);
        assert!(
            rhythm.notes.iter().all(|note| note.code == "other-parts"),
            "{:?}",
            rhythm.notes
        );
        let median = read_sample("muse/braveheart_example1.xml", Some("median")).unwrap();
        let told = "I -0.07808…1.2639; V1 -1.0541…0.1952; V6 -0.07808…1.3274";
        leads_agree(&median, told, 500.0, 600);
    }
}
