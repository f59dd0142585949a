//! The public JSON document of one recording, `einthoven/1`: names and units are fixed, more may be added.
//!
//! A quantity that could not be measured is `{"withheld": reason, "code": id}`, never null and never NaN. Times are
//! seconds from the first sample, rounded to 0.1 ms.

mod hrv;

pub use hrv::{CorrectionPart, HrvPart, HrvWindowPart};

use super::global::lead_names;
use super::{LeadSummary, Report, Words, rhythm_spans};
use crate::analysis::edits::Edit;
use crate::analysis::waves::{Absent, MarkedBy, Wave};
use crate::analysis::{Analysis, Global, Grade, Intervals, MedianBeat, QualityReason};
use crate::recording::{Measured, Patient, Phrase, SignalKind, Unit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name and version of the schema.
pub const SCHEMA: &str = "einthoven/1";

/// A quantity, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Or<T> {
    /// Measured.
    Value(T),
    /// Not measured.
    Withheld(Withheld),
}

/// Why a quantity was not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// The reason in words.
    pub withheld: String,
    /// The reason's message id, which is the same in every language.
    pub code: String,
}

/// One recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Document {
    pub schema: String,
    pub file: String,
    pub format: String,
    pub sha256: Option<String>,
    pub recording: RecordingPart,
    /// What the analysis adds; `None` for `inspect`.
    #[serde(flatten)]
    pub analysis: Option<AnalysisPart>,
    pub build: String,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RecordingPart {
    pub duration_s: f64,
    pub start: Option<String>,
    pub patient: PatientPart,
    pub device: Option<String>,
    pub leads: Vec<LeadPart>,
    pub gaps: Vec<GapPart>,
    pub source: SourcePart,
    pub annotation_count: usize,
    pub annotations: Vec<AnnotationPart>,
    pub notes: Vec<NotePart>,
}

/// The person, as the source writes it; what it does not tell is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PatientPart {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
}

/// One lead. Leads in millivolts have `min_mv`, `max_mv`, `lsb_uv`; all others `min`, `max`, `lsb` with `unit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct LeadPart {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    pub kind: String,
    pub rate_hz: f64,
    pub samples: usize,
    pub unit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_mv: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_mv: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lsb_uv: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lsb: Option<f64>,
    pub derived: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct GapPart {
    pub lead: String,
    pub from_s: f64,
    pub to_s: f64,
    pub reason: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SourcePart {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    pub measurements: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AnnotationPart {
    pub sample: u64,
    pub time_s: f64,
    pub code: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NotePart {
    pub code: String,
    pub text: String,
}

/// What the analysis, the models and the rules add.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AnalysisPart {
    /// What the reader overruled, a line each ([`crate::analysis::edits::Edit::line`]); left out when nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<String>,
    pub quality: Vec<QualityPart>,
    pub beats: Vec<BeatPart>,
    pub waves: Or<Vec<BeatWavesPart>>,
    /// What marked the waves; left out where there is no analysis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waves_by: Option<MarkedBy>,
    pub median_beat: Or<MedianBeatPart>,
    pub rhythm: Vec<RhythmPart>,
    pub rate_per_min: Or<RatePart>,
    pub measurements: BTreeMap<String, Or<ValuePart>>,
    pub global: Or<GlobalPart>,
    pub calls: Vec<CallPart>,
    pub findings: Vec<FindingPart>,
    pub hrv: HrvPart,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QualityPart {
    pub from_s: f64,
    pub to_s: f64,
    pub grade: Grade,
    pub reasons: Vec<QualityReason>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BeatPart {
    pub sample: usize,
    pub time_s: f64,
    pub lead: String,
    pub class: String,
    /// How sure it is that there is a beat.
    pub confidence: f32,
    /// How probable the class is; 0 for Q.
    pub class_confidence: f32,
}

/// The waves of one beat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BeatWavesPart {
    /// Index in `beats`.
    pub beat: usize,
    pub lead: String,
    pub p: Presence,
    pub qrs: WavePart,
    pub t: Presence,
}

/// A wave, or why it is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Presence {
    Wave(WavePart),
    Absent { absent: String, code: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WavePart {
    pub onset_s: f64,
    pub peak_s: f64,
    pub end_s: f64,
    pub confidence: f64,
}

/// Onsets, peaks and ends on the median beat, in milliseconds from its fiducial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MedianBeatPart {
    pub lead: String,
    pub n: usize,
    pub marks_ms: BTreeMap<String, f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RhythmPart {
    pub from_s: f64,
    pub to_s: f64,
    pub label: String,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RatePart {
    pub mean: f64,
    pub min: f64,
    pub max: f64,
    pub n: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ValuePart {
    pub value: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd: Option<f64>,
    pub n: usize,
    pub lead: String,
    pub method: String,
}

/// Intervals over several leads recorded at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct GlobalPart {
    /// Leads that vote; those that follow from others do not.
    pub leads: Vec<String>,
    pub from_s: f64,
    pub to_s: f64,
    pub measurements: BTreeMap<String, Or<GlobalValuePart>>,
}

/// One interval over several leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct GlobalValuePart {
    pub value: f64,
    /// Standard deviation of the leads' own intervals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd: Option<f64>,
    /// How many leads it rests on.
    pub leads: usize,
    pub method: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CallPart {
    pub model: String,
    pub version: String,
    pub hash: String,
    pub question: String,
    pub from_s: f64,
    pub to_s: f64,
    pub label: String,
    pub probability: f32,
    pub distribution: BTreeMap<String, f32>,
    pub abstained: Option<String>,
    pub evidence: Vec<EvidencePart>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct EvidencePart {
    pub from_s: f64,
    pub to_s: f64,
    pub weight: f32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FindingPart {
    pub id: String,
    pub from_s: f64,
    pub to_s: f64,
    pub beats: Vec<usize>,
    pub confidence: f32,
    pub text: String,
}

impl Document {
    /// The document on one line, as JSON lines want it.
    ///
    /// # Errors
    /// None that its types allow; serde's signature is passed on.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The document over several lines, for people and files.
    ///
    /// # Errors
    /// None that its types allow; serde's signature is passed on.
    pub fn pretty(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// The same document without what analysis adds, as `inspect` prints it.
    #[must_use]
    pub fn recording_only(mut self) -> Self {
        self.analysis = None;
        self
    }
}

/// The public document of a report, its texts in the language of `words`.
#[must_use]
pub fn document(report: &Report, words: &Words) -> Document {
    Document {
        schema: SCHEMA.to_owned(),
        file: report.file.clone(),
        format: report.recording.source.format.clone(),
        sha256: report.sha256.clone(),
        recording: recording_part(report, words),
        analysis: Some(analysis_part(report, words)),
        build: report.build.clone(),
    }
}

fn recording_part(report: &Report, words: &Words) -> RecordingPart {
    let recording = &report.recording;
    let Patient {
        name,
        id,
        birth_date,
        sex,
    } = recording.source.patient.clone();
    RecordingPart {
        duration_s: seconds(recording.duration_s),
        start: recording.start.map(|start| start.iso()),
        patient: PatientPart {
            name,
            id,
            birth_date,
            sex,
        },
        device: recording.source.device.clone(),
        leads: recording.leads.iter().map(lead_part).collect(),
        gaps: recording.leads.iter().flat_map(gap_parts).collect(),
        source: SourcePart {
            classification: recording.source.classification.clone(),
            measurements: recording
                .source
                .measurements
                .iter()
                .map(|stated| (stated.name.clone(), stated.value.clone()))
                .collect(),
            filters: recording.source.filters.clone(),
            remarks: recording.source.remarks.clone(),
        },
        annotation_count: recording.annotation_count,
        annotations: recording
            .annotations
            .iter()
            .map(|mark| AnnotationPart {
                sample: mark.sample,
                time_s: seconds(mark.time_s),
                code: mark.code.clone(),
                text: mark.text.clone(),
            })
            .collect(),
        notes: recording
            .notes
            .iter()
            .map(|note| NotePart {
                code: note.code.clone(),
                text: words.note(note),
            })
            .collect(),
    }
}

fn lead_part(lead: &LeadSummary) -> LeadPart {
    let in_mv = lead.unit == Unit::Millivolt;
    let here = |value: Option<f64>, wanted: bool| value.filter(|_| wanted).map(micro);
    LeadPart {
        name: lead.name.clone(),
        standard: lead.standard.map(|name| name.label().to_owned()),
        kind: match &lead.kind {
            SignalKind::Ecg => "ecg".to_owned(),
            SignalKind::Other(kind) => kind.clone(),
        },
        rate_hz: micro(lead.rate_hz),
        samples: lead.samples,
        unit: match &lead.unit {
            Unit::Millivolt => "mV".to_owned(),
            Unit::Counts => "counts".to_owned(),
            Unit::Other(unit) => unit.clone(),
        },
        min_mv: here(lead.min, in_mv),
        max_mv: here(lead.max, in_mv),
        lsb_uv: here(lead.lsb.map(|lsb| lsb * 1000.0), in_mv),
        min: here(lead.min, !in_mv),
        max: here(lead.max, !in_mv),
        lsb: here(lead.lsb, !in_mv),
        derived: lead.derived,
    }
}

fn gap_parts(lead: &LeadSummary) -> impl Iterator<Item = GapPart> + '_ {
    lead.gaps.iter().map(|gap| GapPart {
        lead: lead.name.clone(),
        from_s: seconds(gap.range.start as f64 / lead.rate_hz),
        to_s: seconds(gap.range.end as f64 / lead.rate_hz),
        reason: kebab(&gap.reason),
    })
}

/// A unit variant as serde names it, so that JSON and Rust cannot drift apart.
fn kebab(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn analysis_part(report: &Report, words: &Words) -> AnalysisPart {
    let withhold = |phrase: &Phrase| said(phrase, words);
    let (calls, findings, rhythm) = (
        calls(report, words),
        findings(report, words),
        rhythm(report, words),
    );
    let edits: Vec<String> = report.edits.iter().map(Edit::line).collect();
    let analysis = match &report.analysis {
        Ok(analysis) => analysis,
        Err(reason) => {
            let all = withhold(reason);
            return AnalysisPart {
                edits,
                quality: Vec::new(),
                beats: Vec::new(),
                waves: Or::Withheld(all.clone()),
                waves_by: None,
                median_beat: Or::Withheld(all.clone()),
                rhythm,
                rate_per_min: Or::Withheld(all.clone()),
                measurements: NAMES
                    .iter()
                    .map(|name| ((*name).to_owned(), Or::Withheld(all.clone())))
                    .collect(),
                global: Or::Withheld(all),
                calls,
                findings,
                hrv: hrv::part(&report.hrv, words),
            };
        }
    };
    let lead = report.analysed_lead().map_or("", |lead| lead.name.as_str());
    AnalysisPart {
        edits,
        quality: analysis
            .quality
            .iter()
            .map(|span| QualityPart {
                from_s: seconds(span.range_s.start),
                to_s: seconds(span.range_s.end),
                grade: span.grade,
                reasons: span.reasons.clone(),
            })
            .collect(),
        beats: analysis
            .beats
            .iter()
            .map(|beat| BeatPart {
                sample: beat.sample,
                time_s: seconds(beat.time_s),
                lead: lead.to_owned(),
                class: beat.class.letter().to_owned(),
                confidence: beat.confidence,
                class_confidence: beat.class_confidence,
            })
            .collect(),
        waves: Or::Value(waves(analysis, lead, words)),
        waves_by: Some(analysis.waves_by),
        median_beat: match &analysis.median_beat {
            Some(beat) => Or::Value(median_beat_part(beat, lead)),
            None => Or::Withheld(withhold(&Phrase::new("withheld-no-median-beat"))),
        },
        rhythm,
        rate_per_min: match &analysis.rate {
            Ok(rate) => Or::Value(RatePart {
                mean: hundredth(rate.mean),
                min: hundredth(rate.min),
                max: hundredth(rate.max),
                n: rate.n,
            }),
            Err(reason) => Or::Withheld(withhold(reason)),
        },
        measurements: measurements(analysis, lead, words),
        global: match &analysis.global {
            Ok(global) => Or::Value(global_part(report, global, words)),
            Err(reason) => Or::Withheld(withhold(reason)),
        },
        calls,
        findings,
        hrv: hrv::part(&report.hrv, words),
    }
}

fn said(reason: &Phrase, words: &Words) -> Withheld {
    Withheld {
        withheld: words.say(reason),
        code: reason.id.clone(),
    }
}

fn waves(analysis: &Analysis, lead: &str, words: &Words) -> Vec<BeatWavesPart> {
    analysis
        .waves
        .iter()
        .filter_map(|waves| {
            let time_s = analysis.beats.get(waves.beat)?.time_s;
            let part = |wave: &Wave| WavePart {
                onset_s: seconds(time_s + f64::from(wave.onset_s)),
                peak_s: seconds(time_s + f64::from(wave.peak_s)),
                end_s: seconds(time_s + f64::from(wave.end_s)),
                confidence: hundredth(f64::from(wave.confidence)),
            };
            let presence = |wave: &Result<Wave, Absent>| match wave {
                Ok(wave) => Presence::Wave(part(wave)),
                Err(reason) => Presence::Absent {
                    absent: words.message(reason.phrase_id(), &[]),
                    code: reason.phrase_id().to_owned(),
                },
            };
            Some(BeatWavesPart {
                beat: waves.beat,
                lead: lead.to_owned(),
                p: presence(&waves.p),
                qrs: part(&waves.qrs),
                t: presence(&waves.t),
            })
        })
        .collect()
}

fn median_beat_part(beat: &MedianBeat, lead: &str) -> MedianBeatPart {
    let waves = &beat.waves;
    let ms = |mark: f64| hundredth((mark - beat.fiducial as f64) / beat.rate_hz * 1000.0);
    let marks = [
        ("p_onset", waves.p_onset),
        ("p_peak", waves.p_peak),
        ("p_end", waves.p_end),
        ("qrs_onset", waves.qrs_onset),
        ("qrs_end", waves.qrs_end),
        ("t_onset", waves.t_onset),
        ("t_peak", waves.t_peak),
        ("t_end", waves.t_end),
    ];
    MedianBeatPart {
        lead: lead.to_owned(),
        n: beat.n,
        marks_ms: marks
            .into_iter()
            .filter_map(|(name, mark)| Some((name.to_owned(), ms(mark?))))
            .filter(|(_, ms)| ms.is_finite())
            .collect(),
    }
}

/// Names of the measurements that are in every document; those of twelve leads are there where their leads are.
const NAMES: [&str; 11] = [
    "p_ms",
    "pr_ms",
    "qrs_ms",
    "qt_ms",
    "jt_ms",
    "qtc_bazett_ms",
    "qtc_fridericia_ms",
    "qtc_framingham_ms",
    "qtc_hodges_ms",
    "qtc_rautaharju_ms",
    "axis_deg",
];

fn measurements(analysis: &Analysis, lead: &str, words: &Words) -> BTreeMap<String, Or<ValuePart>> {
    NAMES
        .iter()
        .map(|&name| {
            let part = match name {
                "axis_deg" => value_part(
                    analysis.axis_deg.clone(),
                    &words.message("label-limb-leads", &[]),
                    words,
                ),
                _ => value_part(interval_named(&analysis.intervals, name), lead, words),
            };
            (name.to_owned(), part)
        })
        .chain(analysis.chambers.iter().map(|chamber| {
            let part = value_part(chamber.measured.clone(), "", words);
            (chamber.measure.name().to_owned(), part)
        }))
        .collect()
}

fn interval_named(intervals: &Intervals, name: &str) -> Measured<f64> {
    match name {
        "p_ms" => intervals.p_ms.clone(),
        "pr_ms" => intervals.pr_ms.clone(),
        "qrs_ms" => intervals.qrs_ms.clone(),
        "qt_ms" => intervals.qt_ms.clone(),
        "jt_ms" => intervals.jt_ms.clone(),
        "qtc_bazett_ms" => intervals.qtc_bazett_ms.clone(),
        "qtc_fridericia_ms" => intervals.qtc_fridericia_ms.clone(),
        "qtc_framingham_ms" => intervals.qtc_framingham_ms.clone(),
        "qtc_hodges_ms" => intervals.qtc_hodges_ms.clone(),
        "qtc_rautaharju_ms" => intervals.qtc_rautaharju_ms.clone(),
        _ => Measured::withheld("withheld-not-measured"),
    }
}

fn global_part(report: &Report, global: &Global, words: &Words) -> GlobalPart {
    let value = |measured| match value_part(measured, "", words) {
        Or::Value(ValuePart {
            value,
            sd,
            n,
            method,
            ..
        }) => Or::Value(GlobalValuePart {
            value,
            sd,
            leads: n,
            method,
        }),
        Or::Withheld(reason) => Or::Withheld(reason),
    };
    GlobalPart {
        leads: lead_names(report, global)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        from_s: seconds(global.range_s.start),
        to_s: seconds(global.range_s.end),
        measurements: NAMES
            .iter()
            .filter(|name| name.ends_with("_ms"))
            .map(|&name| {
                let measured = interval_named(&global.intervals, name);
                (name.to_owned(), value(measured))
            })
            .collect(),
    }
}

fn value_part(measured: Measured<f64>, lead: &str, words: &Words) -> Or<ValuePart> {
    let reason = match measured {
        Measured::Value {
            value,
            sd,
            n,
            method,
        } if value.is_finite() => {
            return Or::Value(ValuePart {
                value: hundredth(value),
                sd: sd.filter(|sd| sd.is_finite()).map(hundredth),
                n,
                lead: lead.to_owned(),
                method: words.message(&method, &[]),
            });
        }
        Measured::Value { .. } => Phrase::new("withheld-not-finite"),
        Measured::Withheld(reason) => reason,
    };
    Or::Withheld(Withheld {
        withheld: words.say(&reason),
        code: reason.id,
    })
}

fn rhythm(report: &Report, words: &Words) -> Vec<RhythmPart> {
    rhythm_spans(report)
        .into_iter()
        .map(|span| RhythmPart {
            from_s: seconds(span.from_s),
            to_s: seconds(span.to_s),
            label: span.label,
            reason: match (&span.reason, span.probability) {
                (Some(reason), _) => words.say(reason),
                (None, Some(probability)) => words.say(
                    &Phrase::new("rhythm-reason-model").with("probability", f64::from(probability)),
                ),
                (None, None) => String::new(),
            },
        })
        .collect()
}

fn calls(report: &Report, words: &Words) -> Vec<CallPart> {
    report
        .calls
        .iter()
        .map(|call| CallPart {
            model: call.model.clone(),
            version: call.version.clone(),
            hash: call.hash.clone(),
            question: call.question.clone(),
            from_s: seconds(call.from_s),
            to_s: seconds(call.to_s),
            label: call.label.clone(),
            probability: call.probability,
            distribution: call.distribution.iter().cloned().collect(),
            abstained: call.abstained.as_ref().map(|reason| words.say(reason)),
            evidence: call
                .evidence
                .iter()
                .map(|span| EvidencePart {
                    from_s: seconds(span.from_s),
                    to_s: seconds(span.to_s),
                    weight: span.weight,
                })
                .collect(),
        })
        .collect()
}

fn findings(report: &Report, words: &Words) -> Vec<FindingPart> {
    report
        .findings
        .iter()
        .map(|finding| FindingPart {
            id: finding.id.clone(),
            from_s: seconds(finding.range_s.start),
            to_s: seconds(finding.range_s.end),
            beats: finding.beats.clone(),
            confidence: finding.confidence,
            text: words.say(&finding.text),
        })
        .collect()
}

/// To 0.1 ms: finer than any sample, and the same on every machine.
fn seconds(value: f64) -> f64 {
    ten_thousandth(value)
}

fn ten_thousandth(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn hundredth(value: f64) -> f64 {
    (value * 1e2).round() / 1e2
}

fn micro(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, report, with_global};
    use super::*;
    use serde_json::Value;

    fn value(document: &Document) -> Value {
        serde_json::from_str(&document.line().unwrap()).unwrap()
    }

    /// Whether any value in the tree is null, apart from the fields that the schema lets be unknown.
    fn has_null(value: &Value, path: &str) -> Option<String> {
        let allowed = ["start", "device", "sha256", "abstained"];
        match value {
            Value::Null => Some(path.to_owned()),
            Value::Array(items) => items.iter().find_map(|item| has_null(item, path)),
            Value::Object(fields) => fields
                .iter()
                .filter(|(name, _)| !allowed.contains(&name.as_str()))
                .find_map(|(name, item)| has_null(item, &format!("{path}.{name}"))),
            _ => None,
        }
    }

    #[test]
    fn names_and_values_are_the_schemas() {
        let mut report = report();
        report.calls = vec![call("normal", 0.93, 0.0, 30.0)];
        let json = value(&document(&report, &Words::english()));
        assert_eq!(json["schema"], "einthoven/1");
        assert_eq!(json["file"], "a.hea");
        assert_eq!(json["format"], "wfdb");
        assert_eq!(json["recording"]["start"], "2024-05-01T08:15:00+02:00");
        assert_eq!(json["recording"]["leads"][0]["rate_hz"], 250.0);
        assert_eq!(json["recording"]["leads"][0]["min_mv"], -0.25);
        assert_eq!(json["recording"]["leads"][0]["lsb_uv"], 5.0);
        assert_eq!(json["recording"]["gaps"][0]["from_s"], 28.0);
        assert_eq!(json["recording"]["gaps"][0]["reason"], "lead-off");
        assert_eq!(
            json["recording"]["source"]["classification"],
            "Sinus Rhythm"
        );
        assert_eq!(json["recording"]["annotations"][0]["time_s"], 0.308);
        assert_eq!(json["quality"][0]["grade"], "waves");
        assert_eq!(json["beats"][1]["time_s"], 1.3);
        assert_eq!(json["beats"][1]["class"], "N");
        assert_eq!(json["rhythm"][0]["label"], "sinus");
        assert_eq!(json["rate_per_min"]["mean"], 75.0);
        assert_eq!(json["measurements"]["pr_ms"]["value"], 140.0);
        assert_eq!(json["measurements"]["pr_ms"]["lead"], "MLI");
        assert_eq!(json["median_beat"]["marks_ms"]["qrs_onset"], -40.0);
        assert_eq!(json["waves"][0]["beat"], 1);
        assert_eq!(json["waves"][0]["qrs"]["onset_s"], 1.26);
        assert_eq!(json["waves"][0]["t"]["end_s"], 1.66);
        assert_eq!(json["waves"][0]["t"]["confidence"], 0.75);
        assert_eq!(json["waves"][0]["p"]["code"], "absent-no-repeat");
        assert!(
            json["waves"][0]["p"]["absent"]
                .as_str()
                .unwrap()
                .contains(' ')
        );
        assert_eq!(json["calls"][0]["distribution"]["normal"], 0.93);
        assert_eq!(json["calls"][0]["abstained"], Value::Null);
        assert_eq!(has_null(&json, ""), None);
    }

    #[test]
    fn what_is_not_measured_is_withheld_with_words() {
        let json = value(&document(&report(), &Words::english()));
        for name in ["p_ms", "qtc_rautaharju_ms", "qtc_hodges_ms", "axis_deg"] {
            let withheld = json["measurements"][name]["withheld"].as_str().unwrap();
            assert!(withheld.contains(' '), "{name}: {withheld}");
        }
        assert_eq!(
            json["measurements"]["qtc_hodges_ms"]["code"],
            "withheld-not-finite"
        );
        assert!(json["hrv"]["withheld"].is_string());
    }

    #[test]
    fn without_analysis_everything_measured_is_withheld_for_its_reason() {
        let mut report = report();
        report.analysis = Err(Phrase::new("withheld-not-analysed"));
        let json = value(&document(&report, &Words::english()));
        assert_eq!(json["rate_per_min"]["code"], "withheld-not-analysed");
        assert_eq!(
            json["measurements"]["qt_ms"]["code"],
            "withheld-not-analysed"
        );
        assert_eq!(json["rhythm"][0]["label"], "unsure");
        assert_eq!(has_null(&json, ""), None);
    }

    #[test]
    fn global_intervals_name_their_leads_and_one_lead_has_none() {
        let one = value(&document(&report(), &Words::english()));
        assert_eq!(one["global"]["code"], "analysis-global-few-leads");
        let json = value(&document(&with_global(), &Words::english()));
        let global = &json["global"];
        assert_eq!(global["leads"][2], "V5");
        assert_eq!(global["measurements"]["qt_ms"]["value"], 430.0);
        assert_eq!(global["measurements"]["qt_ms"]["leads"], 3);
        assert!(global["measurements"]["pr_ms"]["withheld"].is_string());
        assert_eq!(json["measurements"]["qt_ms"]["value"], 400.0);
        assert_eq!(has_null(&json, ""), None);
    }

    #[test]
    fn inspecting_leaves_out_what_analysis_adds_and_a_document_reads_back() {
        let full = document(&report(), &Words::english());
        let read: Document = serde_json::from_str(&full.pretty().unwrap()).unwrap();
        assert_eq!(read, full);
        let json = value(&full.recording_only());
        assert!(json.get("quality").is_none() && json.get("measurements").is_none());
        assert!(json["recording"]["leads"].is_array());
    }

    #[test]
    fn a_report_travels_both_ways() {
        let mut report = report();
        if let Ok(analysis) = &mut report.analysis {
            // JSON has no NaN; between worker and page only finite numbers travel.
            analysis.intervals.qtc_hodges_ms = Measured::withheld("withheld-not-measured");
        }
        let text = serde_json::to_string(&report).unwrap();
        let read: Report = serde_json::from_str(&text).unwrap();
        // serde_json may read the last bit of a number differently, which the document's rounding does not see.
        let words = Words::english();
        let mut expected = document(&report, &words);
        // The waves of single beats stay with the worker.
        if let Some(part) = &mut expected.analysis {
            part.waves = Or::Value(Vec::new());
        }
        assert_eq!(document(&read, &words), expected);
        assert_eq!(read.recording, report.recording);
    }
}
