//! Heart rate variability in the public document.

use super::{NotePart, Or, said, seconds, ten_thousandth};
use crate::analysis::hrv::{CorrectionKind, Figure, Hrv};
use crate::recording::{Measured, Phrase};
use crate::report::Words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Heart rate variability: the figures by name, each a number or withheld; none of them where `withheld` says why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HrvPart {
    /// Why there are no figures at all, as in [`Withheld`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Beats that were put right, and which.
    pub corrected_beats: usize,
    pub corrections: Vec<CorrectionPart>,
    /// Intervals between beats that follow each other, and those of them between normal beats.
    pub intervals: usize,
    pub normal_intervals: usize,
    pub remarks: Vec<NotePart>,
    /// The figures before correction.
    pub raw: BTreeMap<String, Or<f64>>,
    /// Five minutes each; empty for a shorter recording.
    pub windows: Vec<HrvWindowPart>,
    /// The figures after correction.
    #[serde(flatten)]
    pub figures: BTreeMap<String, Or<f64>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CorrectionPart {
    pub beat: usize,
    pub time_s: f64,
    pub kind: CorrectionKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HrvWindowPart {
    pub from_s: f64,
    pub to_s: f64,
    pub raw: BTreeMap<String, Or<f64>>,
    #[serde(flatten)]
    pub figures: BTreeMap<String, Or<f64>>,
}

pub(super) fn part(hrv: &Hrv, words: &Words) -> HrvPart {
    let number = |measured: &Measured<f64>| match measured {
        Measured::Value { value, .. } if value.is_finite() => Or::Value(ten_thousandth(*value)),
        Measured::Value { .. } => Or::Withheld(said(&Phrase::new("withheld-not-finite"), words)),
        Measured::Withheld(reason) => Or::Withheld(said(reason, words)),
    };
    let raw = |figures: &[Figure]| -> BTreeMap<String, Or<f64>> {
        figures
            .iter()
            .map(|figure| (figure.name.clone(), number(&figure.raw)))
            .collect()
    };
    let corrected = |figures: &[Figure]| -> BTreeMap<String, Or<f64>> {
        figures
            .iter()
            .map(|figure| (figure.name.clone(), number(&figure.corrected)))
            .collect()
    };
    HrvPart {
        withheld: hrv.withheld.as_ref().map(|reason| words.say(reason)),
        code: hrv.withheld.as_ref().map(|reason| reason.id.clone()),
        corrected_beats: hrv.corrections.len(),
        corrections: hrv
            .corrections
            .iter()
            .map(|correction| CorrectionPart {
                beat: correction.beat,
                time_s: seconds(correction.time_s),
                kind: correction.kind,
            })
            .collect(),
        intervals: hrv.intervals,
        normal_intervals: hrv.kept,
        remarks: hrv
            .remarks
            .iter()
            .map(|remark| NotePart {
                code: remark.id.clone(),
                text: words.say(remark),
            })
            .collect(),
        raw: raw(&hrv.figures),
        windows: hrv
            .windows
            .iter()
            .map(|window| HrvWindowPart {
                from_s: seconds(window.range_s.start),
                to_s: seconds(window.range_s.end),
                raw: raw(&window.figures),
                figures: corrected(&window.figures),
            })
            .collect(),
        figures: corrected(&hrv.figures),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Document, document};
    use super::*;
    use crate::report::testing::{report, varied};
    use serde_json::Value;

    #[test]
    fn heart_rate_variability_stands_raw_and_corrected() {
        let full = document(&varied(), &Words::english());
        let json: Value = serde_json::from_str(&full.line().unwrap()).unwrap();
        let hrv = &json["hrv"];
        assert!(hrv.get("withheld").is_none());
        assert_eq!(hrv["corrected_beats"], 1);
        assert_eq!(hrv["corrections"][0]["kind"], "missed");
        let (raw, corrected) = (&hrv["raw"]["rmssd_ms"], &hrv["rmssd_ms"]);
        assert!(raw.as_f64().unwrap() > 1.5 * corrected.as_f64().unwrap());
        assert_eq!(hrv["sdann_ms"]["code"], "hrv-withheld-length");
        assert_eq!(hrv["windows"].as_array().unwrap().len(), 2);
        assert!(hrv["windows"][0]["hf_ms2"].is_number());
        assert!(!hrv.to_string().contains("null"));
        let read: Document = serde_json::from_str(&full.pretty().unwrap()).unwrap();
        assert_eq!(read, full);
    }

    #[test]
    fn without_figures_the_reason_stands_alone() {
        let part = part(&report().hrv, &Words::english());
        assert_eq!(part.code.as_deref(), Some("withheld-not-measured"));
        assert!(part.figures.is_empty() && part.raw.is_empty());
    }
}
