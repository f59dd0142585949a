//! The report as aligned text for people.

use super::{
    INTERVALS, LeadSummary, Report, Words, clock_text, conclusion, global_basis, hrv_basis,
    hrv_corrections, hrv_rows, quality, rate, rhythm, shows_axis, small_print,
};
use crate::analysis::hrv::Hrv;
use crate::analysis::{Analysis, Chamber, Interval};
use crate::recording::{Measured, Phrase, SignalKind, Unit};

/// Columns of a line.
const WIDTH: usize = 96;
/// Width of the column of names.
const NAMES: usize = 16;
/// Most findings written out; the JSON has all.
const MOST_FINDINGS: usize = 40;
/// Most corrected beats written out.
const MOST_CORRECTIONS: usize = 20;
/// Most gaps written out of one lead.
const MOST_GAPS: usize = 8;

/// How much of a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What the file is and says.
    Recording,
    /// That, and what is made of it.
    Everything,
}

/// A line of the report before it is set: in columns of letters here, in millimetres on paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The name of the file.
    File(String),
    /// Space between parts.
    Blank,
    /// The title of a part.
    Title(String),
    /// A name, perhaps empty, and its text, which may be long.
    Row { name: String, text: String },
}

/// The report as text, lines ending in `\n`.
#[must_use]
pub fn text(report: &Report, words: &Words, extent: Extent) -> String {
    lines(report, words, extent).iter().map(set).collect()
}

/// One line in columns of letters.
fn set(line: &Line) -> String {
    match line {
        Line::File(name) => format!("{name}\n"),
        Line::Blank => "\n".to_owned(),
        Line::Title(title) => format!("\n{title}\n"),
        Line::Row { name, text } => {
            let gap = NAMES.saturating_sub(name.chars().count()).max(1);
            let mut start = format!("{name}{}", " ".repeat(gap));
            let mut rows = String::new();
            for row in wrap(text, WIDTH - NAMES) {
                start.push_str(&row);
                rows.push_str(start.trim_end());
                rows.push('\n');
                start = " ".repeat(NAMES);
            }
            rows
        }
    }
}

/// The report line by line.
pub(super) fn lines(report: &Report, words: &Words, extent: Extent) -> Vec<Line> {
    let mut page = Page {
        words,
        lines: Vec::new(),
    };
    page.head(report);
    if extent == Extent::Everything {
        page.verdict(report);
        page.findings(report);
        if let Ok(analysis) = &report.analysis {
            page.measurements(report, analysis);
            page.hrv(&report.hrv);
        }
        page.calls(report);
    }
    page.source(report);
    page.notes(report);
    if extent == Extent::Everything {
        page.lines.push(Line::Blank);
        page.paragraph("", &words.say(&small_print()));
    }
    page.lines
}

struct Page<'a> {
    words: &'a Words,
    lines: Vec<Line>,
}

impl Page<'_> {
    fn say(&self, id: &str) -> String {
        self.words.message(id, &[])
    }

    /// A name and its text, which wraps in its own column.
    fn paragraph(&mut self, name: &str, text: &str) {
        self.lines.push(Line::Row {
            name: name.to_owned(),
            text: text.to_owned(),
        });
    }

    fn title(&mut self, id: &str) {
        let title = self.say(id);
        self.lines.push(Line::Title(title));
    }

    fn head(&mut self, report: &Report) {
        let recording = &report.recording;
        self.lines.push(Line::File(report.file.clone()));
        let (format, device) = (&recording.source.format, &recording.source.device);
        self.paragraph(&self.say("label-format"), format);
        if let Some(device) = device {
            self.paragraph(&self.say("label-device"), device);
        }
        if let Some(start) = recording.start {
            self.paragraph(&self.say("label-start"), &start.iso());
        }
        let duration = self
            .words
            .say(&Phrase::new("duration-line").with("seconds", recording.duration_s));
        self.paragraph(&self.say("label-duration"), &duration);
        for lead in &recording.leads {
            let line = self.words.say(&lead_line(lead));
            self.paragraph(&self.say("label-lead"), &line);
            for gap in lead.gaps.iter().take(MOST_GAPS) {
                let line = Phrase::new("gap-line")
                    .with("from", gap.range.start as f64 / lead.rate_hz)
                    .with("seconds", gap.range.len() as f64 / lead.rate_hz);
                let line = self.words.say(&line);
                self.paragraph("", &line);
            }
            if lead.gaps.len() > MOST_GAPS {
                let more = Phrase::new("and-more").with("n", lead.gaps.len() - MOST_GAPS);
                let more = self.words.say(&more);
                self.paragraph("", &more);
            }
        }
    }

    fn verdict(&mut self, report: &Report) {
        self.lines.push(Line::Blank);
        self.statement("label-quality", &quality(report));
        let rhythm = rhythm(report);
        self.statement("label-rhythm", &rhythm.line);
        if let Some(reason) = &rhythm.abstained {
            let reason = self.words.say(reason);
            self.paragraph("", &reason);
        }
        self.statement("label-rate", &rate(report));
    }

    /// A phrase, and under it its exact wording.
    fn statement(&mut self, label: &str, phrase: &Phrase) {
        self.paragraph(&self.say(label), &self.words.say(phrase));
        if let Some(exact) = self.words.exact(phrase) {
            self.paragraph("", &exact);
        }
    }

    fn findings(&mut self, report: &Report) {
        self.title("label-findings");
        for (index, finding) in report.findings.iter().take(MOST_FINDINGS).enumerate() {
            let place = format!("{} {}", index + 1, clock_text(finding.range_s.start));
            self.paragraph(&place, &self.words.say(&finding.text));
            if let Some(exact) = self.words.exact(&finding.text) {
                self.paragraph("", &exact);
            }
        }
        if report.findings.len() > MOST_FINDINGS {
            let more = Phrase::new("and-more").with("n", report.findings.len() - MOST_FINDINGS);
            let more = self.words.say(&more);
            self.paragraph("", &more);
        }
        for phrase in conclusion(report) {
            let said = self.words.say(&phrase);
            self.paragraph("", &said);
        }
    }

    fn measurements(&mut self, report: &Report, analysis: &Analysis) {
        self.title("label-measurements");
        for (label, pick) in INTERVALS {
            let line = self.words.say(&interval_line(analysis.interval(pick)));
            self.paragraph(&self.say(label), &line);
        }
        if shows_axis(analysis) {
            let axis = self.words.say(&axis_line(&analysis.axis_deg));
            self.paragraph(&self.say("label-axis"), &axis);
        }
        for chamber in &analysis.chambers {
            let line = self.words.say(&chamber_line(chamber));
            self.paragraph(&self.say(chamber.measure.label()), &line);
            if chamber.measured.value().is_some() {
                self.paragraph("", &self.say(chamber.measure.limit()));
            }
        }
        if let Ok(global) = &analysis.global {
            let basis = self.words.say(&global_basis(report, global));
            self.paragraph("", &basis);
        }
    }

    fn hrv(&mut self, hrv: &Hrv) {
        self.title("label-hrv");
        for phrase in hrv_basis(hrv) {
            let said = self.words.say(&phrase);
            self.paragraph("", &said);
        }
        for row in hrv_rows(hrv, |_| true) {
            let names: Vec<String> = row.labels.iter().map(|label| self.say(label)).collect();
            let line = self.words.say(&row.line);
            // Many names for one reason stand on lines of their own.
            if let Some((last, before)) = names.split_last() {
                for name in before {
                    self.paragraph(name, "");
                }
                self.paragraph(last, &line);
            }
        }
        let corrections: Vec<String> = hrv_corrections(hrv, MOST_CORRECTIONS)
            .iter()
            .map(|phrase| self.words.say(phrase))
            .collect();
        if !corrections.is_empty() {
            self.paragraph(&self.say("label-hrv-corrections"), &corrections.join(", "));
        }
    }

    fn calls(&mut self, report: &Report) {
        if report.calls.is_empty() {
            return;
        }
        self.title("label-models");
        for call in &report.calls {
            let line = Phrase::new("call-line")
                .with("label", call.label.as_str())
                .with("probability", f64::from(call.probability))
                .with("from", call.from_s)
                .with("to", call.to_s)
                .with("version", call.version.as_str())
                .with("hash", call.hash.as_str());
            let line = self.words.say(&line);
            self.paragraph(&call.model, &line);
            if let Some(reason) = &call.abstained {
                let reason = self.words.say(reason);
                self.paragraph("", &reason);
            }
        }
    }

    fn source(&mut self, report: &Report) {
        let source = &report.recording.source;
        let empty = source.classification.is_none()
            && source.measurements.is_empty()
            && source.filters.is_none()
            && source.remarks.is_empty()
            && report.recording.annotation_count == 0;
        if empty {
            return;
        }
        self.title("label-source");
        if let Some(verdict) = &source.classification {
            self.paragraph(&self.say("label-verdict"), verdict);
        }
        for stated in &source.measurements {
            self.paragraph(&stated.name, &stated.value);
        }
        if let Some(filters) = &source.filters {
            self.paragraph(&self.say("label-filters"), filters);
        }
        for remark in &source.remarks {
            self.paragraph(&self.say("label-remark"), remark);
        }
        if report.recording.annotation_count > 0 {
            let line = Phrase::new("annotations-line").with("n", report.recording.annotation_count);
            let line = self.words.say(&line);
            self.paragraph(&self.say("label-annotations"), &line);
        }
    }

    fn notes(&mut self, report: &Report) {
        if report.recording.notes.is_empty() {
            return;
        }
        self.title("label-notes");
        for note in &report.recording.notes {
            let line = self.words.note(note);
            self.paragraph("", &line);
        }
    }
}

fn lead_line(lead: &LeadSummary) -> Phrase {
    let unit = match &lead.unit {
        Unit::Millivolt => "mV",
        Unit::Counts => "unit-counts",
        Unit::Other(unit) => unit.as_str(),
    };
    let kind = match &lead.kind {
        SignalKind::Ecg => "ECG",
        SignalKind::Other(kind) => kind.as_str(),
    };
    let line = match (lead.min, lead.max, lead.derived) {
        (Some(_), Some(_), false) => Phrase::new("lead-line"),
        (Some(_), Some(_), true) => Phrase::new("lead-line-derived"),
        _ => Phrase::new("lead-line-empty"),
    };
    line.with("name", lead.name.as_str())
        .with("kind", kind)
        .with("rate", lead.rate_hz)
        .with("samples", lead.samples)
        .with("min", lead.min.unwrap_or(0.0))
        .with("max", lead.max.unwrap_or(0.0))
        .with("unit", unit)
}

fn interval_line(interval: Interval<'_>) -> Phrase {
    match interval.measured {
        Measured::Value { value, .. } if !value.is_finite() => {
            Phrase::new("measured-withheld").with("reason", "withheld-not-finite")
        }
        Measured::Value { value, sd, n, .. } if interval.is_global => match sd {
            Some(sd) => Phrase::new("measured-global-spread").with("sd", *sd),
            None => Phrase::new("measured-global"),
        }
        .with("value", *value)
        .with("n", *n),
        Measured::Value {
            value,
            sd: Some(sd),
            n,
            ..
        } => Phrase::new("measured-spread")
            .with("value", *value)
            .with("sd", *sd)
            .with("n", *n),
        Measured::Value { value, n, .. } => Phrase::new("measured-plain")
            .with("value", *value)
            .with("n", *n),
        Measured::Withheld(reason) => reason.clone(),
    }
}

fn axis_line(measured: &Measured<f64>) -> Phrase {
    match measured {
        Measured::Value { value, sd, n, .. } => match sd {
            Some(sd) => Phrase::new("measured-axis-spread").with("sd", *sd),
            None => Phrase::new("measured-axis"),
        }
        .with("value", *value)
        .with("n", *n),
        Measured::Withheld(reason) => reason.clone(),
    }
}

fn chamber_line(chamber: &Chamber) -> Phrase {
    match &chamber.measured {
        Measured::Value { value, sd, n, .. } => Phrase::new("measured-height")
            .with("value", *value)
            .with("unit", chamber.measure.unit())
            .with("sd", sd.unwrap_or(0.0))
            .with("n", *n),
        Measured::Withheld(reason) => reason.clone(),
    }
}

/// Text broken at spaces into rows of at most `width` characters; longer words stand alone.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let fits = used == 0 || used + 1 + length <= width;
        if !fits {
            rows.push(String::new());
            used = 0;
        }
        if let Some(row) = rows.last_mut() {
            if used > 0 {
                row.push(' ');
                used += 1;
            }
            row.push_str(word);
            used += length;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, report, varied, with_global};
    use super::*;
    use crate::findings::Finding;

    #[test]
    fn quality_comes_first_then_rhythm_then_numbers_and_the_small_print_last() {
        let mut report = report();
        report.calls = vec![call("normal", 0.93, 0.0, 30.0)];
        report.findings = vec![Finding {
            id: "bradycardia".to_owned(),
            range_s: 4.0..29.0,
            beats: vec![1],
            confidence: 0.9,
            text: Phrase::new("finding-bradycardia")
                .with("rate", 44.0)
                .with("limit", 50.0)
                .with("n", 20_usize)
                .with("from", 4.0)
                .with("to", 29.0),
        }];
        let page = text(&report, &Words::english(), Extent::Everything);
        let at = |needle: &str| {
            page.find(needle)
                .unwrap_or_else(|| panic!("{needle}\n{page}"))
        };
        assert!(at("Quality") < at("Rhythm"));
        assert!(at("Rhythm") < at("Rate"));
        assert!(at("44 beats per minute (0:04 to 0:29)") < at("PR "));
        assert!(at("140 ms") < at("Sinus Rhythm"));
        let said = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.ends_with("do not wait for software."));
        assert!(
            page.lines().all(|line| line.chars().count() <= WIDTH),
            "{page}"
        );
        assert!(!page.contains("NaN"));
    }

    #[test]
    fn heart_rate_variability_is_told_with_what_was_corrected() {
        let page = text(&varied(), &Words::english(), Extent::Everything);
        let said = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            said.contains("RMSSD ") && said.contains("ms (uncorrected "),
            "{page}"
        );
        assert!(said.contains("2:00 beat missed"), "{page}");
        assert!(said.contains("LF/HF"), "{page}");
        assert!(!said.to_lowercase().contains("balance"));
    }

    #[test]
    fn global_intervals_say_how_many_leads_they_rest_on() {
        let page = text(&with_global(), &Words::english(), Extent::Everything);
        assert!(
            page.contains("QT              430 ms over 3 leads"),
            "{page}"
        );
        assert!(
            page.contains("PR              140 ms (spread 6 ms, 31 beats)"),
            "{page}"
        );
        assert!(page.contains("V1, V5"), "{page}");
        let one = text(&report(), &Words::english(), Extent::Everything);
        assert!(!one.contains("over several leads"), "{one}");
    }

    #[test]
    fn inspecting_tells_only_what_was_recorded() {
        let page = text(&report(), &Words::english(), Extent::Recording);
        assert!(page.contains("250 Hz") && page.contains("0:28"));
        assert!(!page.contains("Rhythm  ") && !page.contains("Findings"));
    }

    #[test]
    fn a_clean_result_says_what_it_does_not_mean_and_nothing_is_called_normal() {
        let page = text(&report(), &Words::english(), Extent::Everything);
        assert!(page.contains("No finding in this recording"));
        let lower = page.to_lowercase();
        assert!(!lower.contains("you have") && !lower.contains("normal heart"));
    }

    #[test]
    fn words_wrap_at_spaces() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("aaaaaaaa b", 5), ["aaaaaaaa", "b"]);
    }
}
