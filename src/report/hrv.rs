//! Heart rate variability in rows, as the page and the text show it.

use crate::analysis::hrv::{Correction, Figure, Hrv};
use crate::recording::{Measured, Phrase};

use super::plain_number;

/// The figures that the page shows; the text, the table and the JSON have all.
pub const MAIN_FIGURES: [&str; 10] = [
    "sdnn_ms",
    "rmssd_ms",
    "pnn50_pct",
    "lf_ms2",
    "hf_ms2",
    "lf_hf",
    "sd1_ms",
    "sd2_ms",
    "sample_entropy",
    "dfa_alpha1",
];

/// Figures with what is said of them: one with its value, or neighbours that are withheld for one reason.
#[derive(Clone, Debug, PartialEq)]
pub struct HrvRow {
    /// Catalogue ids of the figures' names.
    pub labels: Vec<String>,
    /// The value with what it was before correction, or the reason.
    pub line: Phrase,
    /// Whether there is no value.
    pub withheld: bool,
}

/// Rows of the figures whose names `wanted` takes, in order.
#[must_use]
pub fn hrv_rows(hrv: &Hrv, wanted: impl Fn(&str) -> bool) -> Vec<HrvRow> {
    let mut rows: Vec<HrvRow> = Vec::new();
    for figure in hrv.figures.iter().filter(|figure| wanted(&figure.name)) {
        let label = label(&figure.name);
        let row = row(figure);
        match rows.last_mut() {
            Some(last) if last.withheld && last.line == row.0 => last.labels.push(label),
            _ => rows.push(HrvRow {
                labels: vec![label],
                line: row.0,
                withheld: row.1,
            }),
        }
    }
    rows
}

fn label(name: &str) -> String {
    format!("hrv-{}", name.replace('_', "-"))
}

fn row(figure: &Figure) -> (Phrase, bool) {
    let value = match &figure.corrected {
        Measured::Value { value, .. } => plain_number(*value),
        Measured::Withheld(reason) => return (reason.clone(), true),
    };
    let raw = figure.raw.value().map(plain_number);
    let line = match raw.filter(|raw| *raw != value) {
        Some(raw) => Phrase::new("hrv-line-raw").with("raw", raw),
        None => Phrase::new("hrv-line"),
    };
    (line.with("value", value).with("unit", figure.unit()), false)
}

/// What the figures rest on, and what must be known to read them; the reason alone where there are none.
#[must_use]
pub fn hrv_basis(hrv: &Hrv) -> Vec<Phrase> {
    let basis = Phrase::new("hrv-basis")
        .with("kept", hrv.kept)
        .with("n", hrv.intervals)
        .with("corrected", hrv.corrections.len());
    match &hrv.withheld {
        Some(reason) => vec![reason.clone()],
        None => std::iter::once(basis)
            .chain(hrv.remarks.iter().cloned())
            .collect(),
    }
}

/// The first `most` beats that were put right, each with its time and what was wrong, and how many more there are.
#[must_use]
pub fn hrv_corrections(hrv: &Hrv, most: usize) -> Vec<Phrase> {
    let said = |correction: &Correction| {
        Phrase::new("hrv-correction")
            .with("at", correction.time_s)
            .with("kind", correction.kind.id())
    };
    let more = hrv.corrections.len().saturating_sub(most);
    hrv.corrections
        .iter()
        .take(most)
        .map(said)
        .chain((more > 0).then(|| Phrase::new("and-more").with("n", more)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Words;
    use super::super::testing::varied;
    use super::*;
    use crate::analysis::hrv::CorrectionKind;

    #[test]
    fn every_figure_kind_method_and_reason_has_its_words() {
        let words = Words::english();
        let hrv = varied().hrv;
        assert!(hrv.figures.len() > 20);
        let windows = hrv.windows.iter().flat_map(|window| &window.figures);
        for figure in hrv.figures.iter().chain(windows) {
            assert!(words.has(&label(&figure.name)), "{}", figure.name);
            for measured in [&figure.raw, &figure.corrected] {
                let id = match measured {
                    Measured::Value { method, .. } => method,
                    Measured::Withheld(reason) => &reason.id,
                };
                assert!(words.has(id), "{id}");
            }
        }
        for kind in [
            CorrectionKind::Ectopic,
            CorrectionKind::Missed,
            CorrectionKind::Extra,
            CorrectionKind::Long,
            CorrectionKind::Short,
        ] {
            assert!(words.has(kind.id()), "{kind:?}");
        }
        for name in MAIN_FIGURES {
            assert!(hrv.figure(name).is_some(), "{name}");
        }
    }

    #[test]
    fn rows_show_both_and_a_reason_once() {
        let hrv = varied().hrv;
        let rows = hrv_rows(&hrv, |name| name == "rmssd_ms" || name.starts_with("sd"));
        let rmssd = rows.iter().find(|row| row.labels == ["hrv-rmssd-ms"]);
        assert_eq!(rmssd.unwrap().line.id, "hrv-line-raw");
        let day = rows.iter().find(|row| row.withheld).unwrap();
        assert_eq!(day.labels, ["hrv-sdann-ms", "hrv-sdnn-index-ms"]);
        let words = Words::english();
        let said: Vec<String> = hrv_corrections(&hrv, 1)
            .iter()
            .map(|p| words.say(p))
            .collect();
        assert_eq!(said, ["2:00 beat missed"]);
        assert_eq!(
            hrv_basis(&Hrv::withheld(Phrase::new("some-reason"))).len(),
            1
        );
    }
}
