//! The few lines above everything else: can it be trusted, what is the rhythm, how fast is it, what is to be done.
//!
//! Pure functions from a [`Report`] to phrases; the page, the text and the printed sheet say the same.

use super::Report;
use crate::analysis::edits::Edit;
use crate::analysis::{Analysis, Grade, QualityReason};
use crate::findings::{Finding, contradicts_fibrillation, fill};
use crate::inference::Call;
use crate::recording::{BeatCode, Phrase, SignalKind};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Share of the recording in which waves must be measurable for its quality to be called good.
const GOOD_SHARE: f64 = 0.9;
/// Share that must be usable for beats for its quality to be called fair.
const FAIR_SHARE: f64 = 0.5;

/// The rhythm of one stretch, in the public schema's labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RhythmSpan {
    /// Seconds.
    pub from_s: f64,
    /// Seconds, exclusive.
    pub to_s: f64,
    /// `sinus`, `af`, `flutter`, `paced`, `other` or `unsure`.
    pub label: String,
    /// Calibrated probability of the label, where a model gave one.
    pub probability: Option<f32>,
    /// Why the label is `unsure`.
    pub reason: Option<Phrase>,
}

/// The rhythm line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    /// What is said; the attribute `exact` has the numbers.
    pub line: Phrase,
    /// Probability of the label, where there is one label.
    pub probability: Option<f32>,
    /// Why nothing is said, with a remedy, when nothing is.
    pub abstained: Option<Phrase>,
}

/// How far the recording can be trusted, with the seconds of each grade and the chief reason.
#[must_use]
pub fn quality(report: &Report) -> Phrase {
    let analysis = match &report.analysis {
        Ok(analysis) => analysis,
        Err(reason) => return reason.clone(),
    };
    let [unusable, beats, waves] = analysis.seconds_by_grade();
    let total = unusable + beats + waves;
    if total <= 0.0 {
        return Phrase::new("quality-unknown");
    }
    let line = if waves / total >= GOOD_SHARE {
        Phrase::new("quality-good")
    } else if (beats + waves) / total >= FAIR_SHARE {
        Phrase::new("quality-fair")
    } else if beats + waves > 0.0 {
        Phrase::new("quality-poor")
    } else {
        Phrase::new("quality-unusable")
    };
    let reason = chief_reason(analysis).map_or("quality-reason-none", reason_id);
    line.with("waves", waves)
        .with("beats", beats)
        .with("unusable", unusable)
        .with("total", total)
        .with("reason", reason)
}

/// The reason that spoils the most seconds.
fn chief_reason(analysis: &Analysis) -> Option<QualityReason> {
    let mut seconds: Vec<(QualityReason, f64)> = Vec::new();
    for span in analysis
        .quality
        .iter()
        .filter(|span| span.grade != Grade::Waves)
    {
        let length = span.range_s.end - span.range_s.start;
        for &reason in &span.reasons {
            match seconds.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, sum)) => *sum += length,
                None => seconds.push((reason, length)),
            }
        }
    }
    seconds
        .into_iter()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(reason, _)| reason)
}

/// The catalogue id of a reason, which also tells the remedy.
#[must_use]
pub fn reason_id(reason: QualityReason) -> &'static str {
    match reason {
        QualityReason::Flat => "quality-reason-flat",
        QualityReason::Saturated => "quality-reason-saturated",
        QualityReason::Missing => "quality-reason-missing",
        QualityReason::Mains => "quality-reason-mains",
        QualityReason::Muscle => "quality-reason-muscle",
        QualityReason::Wander => "quality-reason-wander",
        QualityReason::Motion => "quality-reason-motion",
        QualityReason::Weak => "quality-reason-weak",
        QualityReason::Short => "quality-reason-short",
        QualityReason::Marked => "quality-reason-marked",
    }
}

/// The heart rate with its range, or why there is none.
#[must_use]
pub fn rate(report: &Report) -> Phrase {
    match &report.analysis {
        Err(reason) => reason.clone(),
        Ok(analysis) => match &analysis.rate {
            Err(reason) => reason.clone(),
            Ok(rate) => Phrase::new("rate-line")
                .with("mean", rate.mean)
                .with("min", rate.min)
                .with("max", rate.max)
                .with("n", rate.n),
        },
    }
}

/// The rhythm over time: the models' calls, unless they abstain or the beats contradict them; equal neighbours merged. Where
/// a rule found flutter or a pacemaker's spikes for most of a call's stretch, that is its label, without a probability: the
/// models know neither. Where a model abstains and the finding of fibrillation fills the stretch, it is called that, without
/// a probability either: the finding stands on the same page.
///
/// Without a call there is one `unsure` stretch over the whole recording: rules alone name no rhythm.
#[must_use]
pub fn rhythm_spans(report: &Report) -> Vec<RhythmSpan> {
    let mut spans: Vec<RhythmSpan> = Vec::new();
    for call in report.calls.iter().filter(|call| call.question == "rhythm") {
        let span = span_of(call, report);
        match spans.last_mut() {
            Some(last)
                if last.label == span.label
                    && last.reason == span.reason
                    // A model's probability is not said of what rules named.
                    && last.probability.is_some() == span.probability.is_some()
                    && last.to_s >= span.from_s =>
            {
                last.to_s = last.to_s.max(span.to_s);
                last.probability = lower(last.probability, span.probability);
            }
            _ => spans.push(span),
        }
    }
    if spans.is_empty() {
        let reason = match &report.analysis {
            Ok(_) => report
                .no_calls
                .clone()
                .unwrap_or_else(|| Phrase::new("rhythm-no-model")),
            Err(reason) => reason.clone(),
        };
        spans.push(unsure(0.0, report.recording.duration_s, reason));
    }
    spans
}

/// Findings that name a rhythm by themselves, and its label.
const NAMED_BY_RULE: [(&str, &str); 2] = [("atrial-flutter", "flutter"), ("paced-rhythm", "paced")];

/// The label that a rule gives to most of a stretch.
fn named_by_rule(report: &Report, range_s: &Range<f64>) -> Option<&'static str> {
    NAMED_BY_RULE
        .into_iter()
        .find_map(|(id, label)| is_filled(report, id, range_s).then_some(label))
}

/// Whether findings of an id fill most of a stretch.
fn is_filled(report: &Report, id: &str, range_s: &Range<f64>) -> bool {
    let own = report.findings.iter().filter(|finding| finding.id == id);
    let stretches: Vec<Range<f64>> = own.map(|finding| finding.range_s.clone()).collect();
    fill(&stretches, range_s)
}

/// A stretch that rules name.
fn by_rule(range_s: Range<f64>, label: &str) -> RhythmSpan {
    RhythmSpan {
        from_s: range_s.start,
        to_s: range_s.end,
        label: label.to_owned(),
        probability: None,
        reason: None,
    }
}

fn span_of(call: &Call, report: &Report) -> RhythmSpan {
    let analysis = report.analysis.as_ref().ok();
    let range = call.from_s..call.to_s;
    if let Some(label) = named_by_rule(report, &range) {
        return by_rule(range, label);
    }
    if let Some(reason) = &call.abstained {
        if is_filled(report, "atrial-fibrillation", &range) {
            return by_rule(range, "af");
        }
        return unsure(call.from_s, call.to_s, reason.clone());
    }
    let label = match call.label.as_str() {
        "normal" => "sinus",
        "af" => "af",
        "other" => "other",
        "noisy" => return unsure(call.from_s, call.to_s, Phrase::new("rhythm-noisy")),
        _ => return unsure(call.from_s, call.to_s, Phrase::new("rhythm-unknown-label")),
    };
    let contradicted =
        label == "af" && analysis.is_some_and(|found| contradicts_fibrillation(found, &range));
    if contradicted {
        return unsure(call.from_s, call.to_s, Phrase::new("rhythm-contradicted"));
    }
    RhythmSpan {
        from_s: call.from_s,
        to_s: call.to_s,
        label: label.to_owned(),
        probability: Some(call.probability),
        reason: None,
    }
}

fn unsure(from_s: f64, to_s: f64, reason: Phrase) -> RhythmSpan {
    RhythmSpan {
        from_s,
        to_s,
        label: "unsure".to_owned(),
        probability: None,
        reason: Some(reason),
    }
}

fn lower(a: Option<f32>, b: Option<f32>) -> Option<f32> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (found, None) | (None, found) => found,
    }
}

/// The rhythm in one line: the only label there is, how several share the recording, or why there is none.
#[must_use]
pub fn rhythm(report: &Report) -> Rhythm {
    let spans = rhythm_spans(report);
    let seconds = |label: &str| -> f64 {
        spans
            .iter()
            .filter(|span| span.label == label)
            .map(|span| span.to_s - span.from_s)
            .sum()
    };
    let mut labels: Vec<&str> = spans.iter().map(|span| span.label.as_str()).collect();
    labels.sort_unstable();
    labels.dedup();
    labels.retain(|label| *label != "unsure");
    let [label] = labels.as_slice() else {
        if labels.is_empty() {
            let reason = spans.into_iter().find_map(|span| span.reason);
            return Rhythm {
                line: Phrase::new("rhythm-unsure"),
                probability: None,
                abstained: reason,
            };
        }
        return Rhythm {
            line: Phrase::new("rhythm-mixed")
                .with("sinus", seconds("sinus"))
                .with("af", seconds("af"))
                .with(
                    "other",
                    seconds("other") + seconds("flutter") + seconds("paced"),
                )
                .with("unsure", seconds("unsure")),
            probability: None,
            abstained: None,
        };
    };
    let probability = spans
        .iter()
        .filter(|span| span.label == *label)
        .fold(None, |found, span| lower(found, span.probability));
    let is_told = |span: &&RhythmSpan| {
        span.label == *label && span.probability.is_some() == probability.is_some()
    };
    let told_s: f64 = (spans.iter().filter(is_told))
        .map(|span| span.to_s - span.from_s)
        .sum();
    let line = match *label {
        "sinus" => Phrase::new("rhythm-sinus"),
        "af" if probability.is_none() => Phrase::new("rhythm-af-by-beats"),
        "af" => Phrase::new("rhythm-af"),
        "flutter" => Phrase::new("rhythm-flutter"),
        "paced" => Phrase::new("rhythm-paced"),
        _ => match because(&report.findings) {
            Some(because) => Phrase::new("rhythm-other-because").with("because", because),
            None => Phrase::new("rhythm-other"),
        },
    };
    Rhythm {
        line: line
            .with("probability", f64::from(probability.unwrap_or(0.0)))
            .with("seconds", told_s)
            .with("total", report.recording.duration_s),
        probability,
        abstained: None,
    }
}

/// What the rules found that may make a rhythm another one than sinus rhythm in a model's eyes: the readers of CinC 2017,
/// whose labels the models learnt, put slow and fast hearts, early beats and blocks there too.
fn because(findings: &[Finding]) -> Option<&'static str> {
    const REASONS: [(&str, &[&str]); 6] = [
        (
            "because-block",
            &["third-degree-block", "second-degree-block", "pause"],
        ),
        (
            "because-early",
            &[
                "ventricular-run",
                "ventricular-couplet",
                "ventricular-bigeminy",
                "ventricular-trigeminy",
                "premature-ventricular-beats",
                "supraventricular-run",
                "supraventricular-couplet",
                "supraventricular-bigeminy",
                "premature-supraventricular-beats",
            ],
        ),
        ("because-fast", &["tachycardia"]),
        ("because-slow", &["bradycardia"]),
        ("because-wide", &["wide-qrs"]),
        ("because-long-pr", &["long-pr"]),
    ];
    REASONS.into_iter().find_map(|(because, ids)| {
        let told = |finding: &Finding| ids.contains(&finding.id.as_str());
        findings.iter().any(told).then_some(because)
    })
}

/// What stands under the findings: what was corrected by hand; when there are none, that this is all it means; which beats
/// look out of turn without carrying a finding; always, what one lead cannot show.
#[must_use]
pub fn conclusion(report: &Report) -> Vec<Phrase> {
    let mut phrases: Vec<Phrase> = by_hand(&report.edits).into_iter().collect();
    if let Ok(analysis) = &report.analysis
        && report.findings.is_empty()
    {
        phrases.push(no_finding(analysis));
    }
    if let Ok(analysis) = &report.analysis {
        phrases.extend(doubtful_beats(analysis, &report.findings));
    }
    let leads = report
        .recording
        .leads
        .iter()
        .filter(|lead| lead.kind == SignalKind::Ecg);
    phrases.push(Phrase::new("conclusion-limits").with("leads", leads.count().max(1)));
    phrases
}

/// That nothing was found, and in how much of the recording; where less than half of it shows its beats, only that this is
/// too little to look in: silence about the rest must not comfort anyone.
fn no_finding(analysis: &Analysis) -> Phrase {
    let [unusable, beats, waves] = analysis.seconds_by_grade();
    let (read, total) = (beats + waves, unusable + beats + waves);
    let id = if read < FAIR_SHARE * total {
        "conclusion-little-read"
    } else if read < GOOD_SHARE * total {
        "conclusion-no-finding-in-part"
    } else {
        "conclusion-no-finding"
    };
    Phrase::new(id).with("read", read).with("total", total)
}

/// Beats that the trace marks as from the ventricles while no finding rests on any: silence about them would look as if
/// they had been missed, a finding would say too much.
fn doubtful_beats(analysis: &Analysis, findings: &[Finding]) -> Option<Phrase> {
    let marked: Vec<usize> = (0..analysis.beats.len())
        .filter(|&index| analysis.beats[index].class == BeatCode::V)
        .collect();
    let is_told = |index: &usize| findings.iter().any(|told| told.beats.contains(index));
    if marked.iter().any(is_told) {
        return None;
    }
    let first = analysis.beats.get(*marked.first()?)?;
    let phrase = Phrase::new("conclusion-doubtful-beats")
        .with("n", marked.len())
        .with("from", first.time_s);
    Some(phrase)
}

/// How much a reader has overruled; `None` when nothing.
fn by_hand(edits: &[Edit]) -> Option<Phrase> {
    if edits.is_empty() {
        return None;
    }
    let count = |kind: fn(&Edit) -> bool| edits.iter().filter(|edit| kind(edit)).count();
    let phrase = Phrase::new("conclusion-by-hand")
        .with("added", count(|edit| matches!(edit, Edit::AddBeat { .. })))
        .with(
            "removed",
            count(|edit| matches!(edit, Edit::RemoveBeat { .. })),
        )
        .with("named", count(|edit| matches!(edit, Edit::Class { .. })))
        .with(
            "marked",
            count(|edit| matches!(edit, Edit::MarkUnusable { .. } | Edit::MarkUsable { .. })),
        );
    Some(phrase)
}

/// What stands on each report: what this software is not, and when to call for help.
#[must_use]
pub fn small_print() -> Phrase {
    Phrase::new("small-print")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, report};
    use super::*;
    use crate::recording::Arg;

    #[test]
    fn quality_is_good_when_nine_tenths_can_be_measured() {
        let mut report = report();
        assert_eq!(quality(&report).id, "quality-good");
        let analysis = report.analysis.as_mut().unwrap();
        analysis.quality[0].range_s.end = 25.0;
        analysis.quality.push(crate::analysis::QualitySpan {
            range_s: 25.0..30.0,
            grade: Grade::Beats,
            reasons: vec![QualityReason::Muscle],
        });
        let line = quality(&report);
        assert_eq!(line.id, "quality-fair");
        assert!(
            line.args
                .contains(&("reason".to_owned(), Arg::from("quality-reason-muscle")))
        );
        report.analysis = Err(Phrase::new("withheld-not-analysed"));
        assert_eq!(quality(&report).id, "withheld-not-analysed");
    }

    fn told(id: &str, range_s: Range<f64>) -> Finding {
        Finding {
            id: id.to_owned(),
            range_s,
            beats: vec![0, 1],
            confidence: 0.9,
            text: Phrase::new("finding-bradycardia"),
        }
    }

    #[test]
    fn a_rule_names_the_rhythms_that_no_model_knows() {
        let mut report = report();
        report.calls = vec![call("other", 0.8, 0.0, 30.0)];
        report.findings = vec![told("atrial-flutter", 2.0..28.0)];
        assert_eq!(rhythm_spans(&report)[0].label, "flutter");
        assert_eq!(rhythm(&report).line.id, "rhythm-flutter");
        report.findings = vec![told("paced-rhythm", 0.0..29.0)];
        assert_eq!(rhythm(&report).line.id, "rhythm-paced");
        // A few seconds of thirty name nothing.
        report.findings = vec![told("atrial-flutter", 2.0..14.0)];
        assert_eq!(rhythm_spans(&report)[0].label, "other");
    }

    #[test]
    fn where_the_model_abstains_the_line_says_what_the_finding_of_fibrillation_says() {
        let mut report = report();
        let mut abstained = call("af", 0.5, 0.0, 30.0);
        abstained.abstained = Some(Phrase::new("withheld-not-measured"));
        report.calls = vec![abstained];
        report.findings = vec![told("atrial-fibrillation", 1.0..12.0)];
        assert_eq!(rhythm(&report).line.id, "rhythm-unsure");
        report.findings = vec![told("atrial-fibrillation", 1.0..29.0)];
        assert_eq!(rhythm_spans(&report)[0].label, "af");
        assert_eq!(rhythm(&report).line.id, "rhythm-af-by-beats");
        assert_eq!(rhythm(&report).probability, None);
        report.calls.push(call("af", 0.9, 30.0, 40.0));
        let spans = rhythm_spans(&report);
        assert_eq!(
            spans.len(),
            2,
            "the model's probability is of its own stretch"
        );
        let line = rhythm(&report).line;
        assert_eq!(line.id, "rhythm-af");
        let seconds = ("seconds".to_owned(), Arg::from(10.0));
        assert!(line.args.contains(&seconds), "{line:?}");
    }

    #[test]
    fn what_may_explain_another_rhythm_is_said_with_it() {
        let mut report = report();
        report.calls = vec![call("other", 0.8, 0.0, 30.0)];
        report.findings = Vec::new();
        assert_eq!(rhythm(&report).line.id, "rhythm-other");
        report.findings = vec![told("wide-qrs", 0.0..30.0), told("bradycardia", 0.0..30.0)];
        let line = rhythm(&report).line;
        assert_eq!(line.id, "rhythm-other-because");
        let because = ("because".to_owned(), Arg::from("because-slow"));
        assert!(line.args.contains(&because), "{line:?}");
    }

    #[test]
    fn the_rhythm_line_says_one_label_several_or_why_none() {
        let mut report = report();
        assert_eq!(rhythm(&report).line.id, "rhythm-unsure");
        assert_eq!(rhythm(&report).abstained.unwrap().id, "rhythm-no-model");
        report.calls = vec![call("normal", 0.93, 0.0, 30.0)];
        assert_eq!(rhythm(&report).line.id, "rhythm-sinus");
        assert_eq!(rhythm(&report).probability, Some(0.93));
        report.calls = vec![
            call("normal", 0.93, 0.0, 15.0),
            call("other", 0.8, 15.0, 30.0),
        ];
        assert_eq!(rhythm(&report).line.id, "rhythm-mixed");
        report.calls = vec![call("noisy", 0.93, 0.0, 30.0)];
        assert_eq!(rhythm(&report).abstained.unwrap().id, "rhythm-noisy");
    }

    #[test]
    fn fibrillation_over_even_beats_is_not_repeated() {
        let mut report = report();
        report.calls = vec![call("af", 0.99, 0.0, 30.0)];
        let spans = rhythm_spans(&report);
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0].label, "unsure");
        assert_eq!(spans[0].reason.as_ref().unwrap().id, "rhythm-contradicted");
    }

    #[test]
    fn equal_neighbours_are_one_stretch_with_the_lower_probability() {
        let mut report = report();
        report.calls = vec![
            call("normal", 0.9, 0.0, 15.0),
            call("normal", 0.7, 15.0, 30.0),
        ];
        let spans = rhythm_spans(&report);
        assert_eq!(spans.len(), 1);
        assert_eq!((spans[0].to_s, spans[0].probability), (30.0, Some(0.7)));
    }

    #[test]
    fn no_finding_says_in_how_much_of_the_recording() {
        let mut report = report();
        let mut of_30_s_unread = |seconds: f64| {
            let analysis = report.analysis.as_mut().unwrap();
            analysis.quality.truncate(1);
            analysis.quality[0].range_s = 0.0..30.0 - seconds;
            analysis.quality.push(crate::analysis::QualitySpan {
                range_s: 30.0 - seconds..30.0,
                grade: Grade::Unusable,
                reasons: vec![QualityReason::Motion],
            });
            conclusion(&report)[0].clone()
        };
        assert_eq!(of_30_s_unread(3.0).id, "conclusion-no-finding");
        let in_part = of_30_s_unread(12.0);
        assert_eq!(in_part.id, "conclusion-no-finding-in-part");
        assert_eq!(
            in_part.args,
            [
                ("read".to_owned(), Arg::from(18.0)),
                ("total".to_owned(), Arg::from(30.0))
            ]
        );
        assert_eq!(of_30_s_unread(28.0).id, "conclusion-little-read");
        assert_eq!(of_30_s_unread(30.0).id, "conclusion-little-read");
    }

    #[test]
    fn a_marked_beat_that_no_finding_rests_on_is_spoken_of() {
        let mut report = report();
        let analysis = report.analysis.as_mut().unwrap();
        analysis.beats[2].class = BeatCode::V;
        let time_s = analysis.beats[2].time_s;
        let said = conclusion(&report);
        assert_eq!(said[1].id, "conclusion-doubtful-beats");
        assert_eq!(
            said[1].args,
            [
                ("n".to_owned(), Arg::from(1_usize)),
                ("from".to_owned(), Arg::from(time_s))
            ]
        );
        report.findings.push(Finding {
            id: "premature-ventricular-beats".to_owned(),
            range_s: time_s..time_s,
            beats: vec![2],
            confidence: 0.9,
            text: Phrase::new("finding-premature-ventricular-beats"),
        });
        assert_eq!(conclusion(&report).len(), 1);
    }

    #[test]
    fn the_best_news_is_no_finding_with_its_limits() {
        let mut report = report();
        let ids = |report: &Report| -> Vec<String> {
            conclusion(report)
                .into_iter()
                .map(|phrase| phrase.id)
                .collect()
        };
        assert_eq!(ids(&report), ["conclusion-no-finding", "conclusion-limits"]);
        report.analysis = Err(Phrase::new("withheld-not-analysed"));
        assert_eq!(ids(&report), ["conclusion-limits"]);
        report.edits.push(Edit::AddBeat { time_s: 1.0 });
        assert_eq!(ids(&report), ["conclusion-by-hand", "conclusion-limits"]);
    }
}
