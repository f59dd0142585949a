//! The panel beside the trace: findings, measurements, the model, and what the recording says of itself.

use super::charts::{Histogram, Tachogram};
use super::store::Store;
use super::words::{exact, name, say, t, ta};
use super::{links, own};
use crate::analysis::hrv::Hrv;
use crate::analysis::{Analysis, Chamber, Interval};
use crate::inference::Call;
use crate::protocol::ReportKind;
use crate::recording::{Arg, Measured, Phrase};
use crate::report::{self, MAIN_FIGURES, RecordingSummary, Report, clock_text};
use leptos::prelude::*;

/// The panel.
#[component]
pub fn Panel() -> impl IntoView {
    let store = Store::use_store();
    view! {
        <aside class="side" data-testid="panel">
            {move || match (store.report.get(), store.open.get()) {
                (Some(report), _) => sections(&report, store).into_any(),
                (None, Some(open)) => recording(&open.summary).into_any(),
                (None, None) => ().into_any(),
            }}
            <p class="small-print">{say(&report::small_print())}</p>
        </aside>
    }
}

fn sections(report: &Report, store: Store) -> impl IntoView + use<> {
    view! {
        {findings(report, store)}
        {match &report.analysis {
            Ok(analysis) => view! { {measurements(report, analysis)} {model(report, store)} {own::section(store)} {rr_charts(analysis)} {hrv(&report.hrv)} }.into_any(),
            Err(reason) => view! { <section><h2>{t("page-measurements")}</h2><p class="small">{say(reason)}</p></section> }.into_any(),
        }}
        {recording(&report.recording)}
        {notes(report)}
        {saving()}
    }
}

fn findings(report: &Report, store: Store) -> impl IntoView + use<> {
    let items: Vec<_> = report
        .findings
        .iter()
        .enumerate()
        .map(|(index, finding)| {
            let (plain, exactly) = (say(&finding.text), exact(&finding.text));
            let title = name(&finding.text).unwrap_or_else(|| finding.id.clone());
            let (from, to) = (finding.range_s.start, finding.range_s.end);
            let choose = move |_| {
                let again = store.chosen.get_untracked() == Some(index);
                store.chosen.set((!again).then_some(index));
                store.reveal(from, to);
            };
            let words = move || if store.clinical.get() { exactly.clone().unwrap_or_else(|| plain.clone()) } else { plain.clone() };
            view! {
                <button class="finding" class:on=move || store.chosen.get() == Some(index) on:click=choose data-testid="finding">
                    <span class="dot"></span>
                    <b>{title}</b>
                    <span class="small">{format!("{}–{}", clock_text(from), clock_text(to))}</span>
                    <p>{words}</p>
                </button>
            }
        })
        .collect();
    let conclusion: Vec<_> = report::conclusion(report)
        .iter()
        .map(|phrase| view! { <p class="small">{say(phrase)}</p> })
        .collect();
    view! { <section><h2>{t("page-findings")}</h2>{items}{conclusion}</section> }
}

/// Intervals that the panel leaves to the text and JSON.
const NOT_SHOWN: [&str; 2] = ["label-jt", "label-qtc-rautaharju"];

/// A value with what it rests on.
pub(super) fn value_row(
    label: String,
    basis: String,
    value: String,
    unit: &'static str,
) -> AnyView {
    view! { <dt>{label}</dt><dd class="basis">{basis}</dd><dd class="value">{value}<span class="unit">{unit}</span></dd> }
        .into_any()
}

/// A figure with what it rests on, or why it is withheld.
fn measured_row(
    label: &'static str,
    basis: &'static str,
    measured: &Measured<f64>,
    digits: usize,
    unit: &'static str,
) -> AnyView {
    match measured {
        Measured::Value { value, sd, n, .. } => {
            let spread = sd
                .map(|sd| format!("± {sd:.digits$}, "))
                .unwrap_or_default();
            let basis = ta(basis, &[("spread", spread.into()), ("n", (*n).into())]);
            value_row(t(label), basis, format!("{value:.digits$}"), unit)
        }
        Measured::Withheld(reason) => {
            view! { <dt>{t(label)}</dt><dd class="withheld">{say(reason)}</dd> }.into_any()
        }
    }
}

fn measurements(report: &Report, analysis: &Analysis) -> impl IntoView + use<> {
    let rows: Vec<(&'static str, Interval<'_>)> = report::INTERVALS
        .iter()
        .filter(|(label, _)| !NOT_SHOWN.contains(label))
        .map(|(label, pick)| (*label, analysis.interval(*pick)))
        .collect();
    let mut rows: Vec<_> = grouped(&rows)
        .into_iter()
        .map(|(label, interval)| {
            let basis = if interval.is_global {
                "page-basis-leads"
            } else {
                "page-basis"
            };
            measured_row(label, basis, interval.measured, 0, "ms")
        })
        .collect();
    if report::shows_axis(analysis) {
        let axis = measured_row("label-axis", "page-basis", &analysis.axis_deg, 0, "°");
        rows.push(axis);
    }
    let mut limits = Vec::new();
    for Chamber { measure, measured } in &analysis.chambers {
        let (label, unit) = (measure.label(), measure.unit());
        rows.push(measured_row(label, "page-basis", measured, 2, unit));
        if measured.value().is_some() {
            limits.push(t(measure.limit()));
        }
    }
    let lead = report
        .analysed_lead()
        .map(|lead| lead.short_name().to_owned())
        .unwrap_or_default();
    let n = analysis.median_beat.as_ref().map_or(0, |median| median.n);
    let leads = analysis
        .global
        .as_ref()
        .ok()
        .map(|global| say(&report::global_basis(report, global)));
    let basis = match &analysis.global {
        Ok(global) => ta("page-measured-leads", &[("n", global.leads.len().into())]),
        Err(_) => ta(
            "page-measured-on",
            &[("lead", lead.into()), ("n", n.into())],
        ),
    };
    view! {
        <section>
            <h2>{t("page-measurements")}<span class="tiny">{basis}</span></h2>
            <dl class="measures" data-testid="measurements">{rows}</dl>
            {leads.map(|words| view! { <p class="tiny">{words}</p> })}
            {(!limits.is_empty()).then(|| view! { <p class="tiny">{limits.join(" ")}</p> })}
            {networks()}
        </section>
    }
}

/// A probability with two digits; no model is certain, so neither 0 nor 1 is shown.
pub fn shown_probability(probability: f32) -> String {
    format!("{:.2}", probability.clamp(0.01, 0.99))
}

/// One row for all corrected QT when all are withheld for one reason: the reason is read once.
fn grouped<'a>(rows: &[(&'static str, Interval<'a>)]) -> Vec<(&'static str, Interval<'a>)> {
    let (corrected, plain): (Vec<_>, Vec<_>) = rows
        .iter()
        .copied()
        .partition(|(label, _)| label.starts_with("label-qtc"));
    let one_reason = corrected.windows(2).all(|pair| {
        matches!(pair[0].1.measured, Measured::Withheld(_))
            && pair[0].1.measured == pair[1].1.measured
    });
    let rest = match corrected.first() {
        Some((_, reason)) if one_reason && corrected.len() > 1 => vec![("page-qtc", *reason)],
        _ => corrected,
    };
    plain.into_iter().chain(rest).collect()
}

/// The call over the whole recording, or the first of several.
fn model(report: &Report, store: Store) -> impl IntoView + use<> {
    let reason = report.no_calls.as_ref().map(say);
    let call = report.calls.first().cloned();
    let body = match call {
        Some(call) => {
            view! { {calls(&call, report.calls.len())} {model_choice(store, &call.model)} }
                .into_any()
        }
        None => {
            let waiting = move || {
                if store.complete.get() {
                    reason.clone().unwrap_or_else(|| t("page-no-model"))
                } else {
                    t("page-rhythm-waiting")
                }
            };
            view! { <p class="small">{waiting}</p> }.into_any()
        }
    };
    view! { <section data-testid="model"><h2>{t("page-model")}</h2>{body}</section> }
}

/// Which of several models is asked, and how long it took here.
fn model_choice(store: Store, asked: &str) -> impl IntoView + use<> {
    let took = ta(
        "page-model-took",
        &[("ms", store.took_ms.get_untracked().into())],
    );
    let models = store.models.get_untracked();
    let choice = (models.len() > 1).then(|| {
        let options: Vec<_> = models
            .iter()
            .map(|id| view! { <option value=id.clone() selected=id == asked>{id.clone()}</option> })
            .collect();
        let change = move |event| links::ask(event_target_value(&event));
        view! { <label>{t("page-model-choice")}" "<select on:change=change data-testid="models">{options}</select></label>" " }
    });
    view! { <p class="tiny">{choice}{took}</p> }
}

fn calls(call: &Call, count: usize) -> impl IntoView + use<> {
    let bars: Vec<_> = call
        .distribution
        .iter()
        .map(|(label, probability)| {
            let width = (f64::from(*probability) * 100.0).max(1.0).to_string();
            view! {
                <span>{t(&format!("page-label-{label}"))}</span>
                <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="fill-soft" width="100" height="6"/><rect class="fill-accent" width=width height="6"/>
                </svg>
                <span class="small">{shown_probability(*probability)}</span>
            }
        })
        .collect();
    let abstained = call
        .abstained
        .as_ref()
        .map(|reason| view! { <p class="small">{say(reason)}</p> });
    let stretch = (count > 1).then(|| {
        ta(
            "page-one-of-calls",
            &[
                ("n", count.into()),
                ("from", clock_text(call.from_s).into()),
                ("to", clock_text(call.to_s).into()),
            ],
        )
    });
    view! {
        <p class="small">{call.model.clone()}" "{call.version.clone()}" · "{call.hash.clone()}</p>
        <div class="distribution" data-testid="distribution">{bars}</div>
        {abstained}
        {stretch.map(|words| view! { <p class="tiny">{words}</p> })}
        <p class="tiny">{t(if call.evidence.is_empty() { "page-no-evidence" } else { "page-evidence-words" })}" "<a href=card(&call.model) target="_blank" rel="noopener">{t("page-card")}</a></p>
    }
}

/// Where a model's card stands as a page; that leads to the card as JSON.
fn card(id: &str) -> String {
    format!("models/{id}/card.html")
}

/// Networks that are part of the program, by the names of their cards.
const NETWORKS: [(&str, &str); 3] = [
    ("quality", "page-network-quality"),
    ("beats", "page-network-beats"),
    ("waves", "page-network-waves"),
];

/// The cards of the networks that all figures rest on.
fn networks() -> impl IntoView {
    let links = NETWORKS.map(
        |(id, name)| view! { " · "<a href=card(id) target="_blank" rel="noopener">{t(name)}</a> },
    );
    view! { <p class="tiny" data-testid="networks">{t("page-networks")}{links.into_iter().collect_view()}</p> }
}

fn rr_charts(analysis: &Analysis) -> Option<impl IntoView + use<>> {
    let rr: Vec<(f64, f64)> = analysis
        .rr_s()
        .map(|(beat, rr)| (analysis.beats[beat].time_s, rr * 1000.0))
        .collect();
    (rr.len() >= 3).then(|| {
        let median = rr.get(rr.len() / 2).map_or(0.0, |(_, rr)| *rr);
        let label = ta("page-tachogram", &[("n", rr.len().into()), ("median", format!("{median:.0}").into())]);
        view! { <section><h2>{t("page-rr")}</h2><Tachogram rr=rr.clone() label=label.clone()/><Histogram rr=rr label=label/></section> }
    })
}

/// Corrected beats that are written out.
const MOST_CORRECTIONS: usize = 12;

fn hrv(hrv: &Hrv) -> impl IntoView + use<> {
    let all = |ids: &[String]| ids.iter().map(|id| t(id)).collect::<Vec<_>>().join(", ");
    let said = |phrases: Vec<Phrase>, between: &str| {
        phrases.iter().map(say).collect::<Vec<_>>().join(between)
    };
    let rows: Vec<_> = report::hrv_rows(hrv, |name| MAIN_FIGURES.contains(&name))
        .into_iter()
        .map(|row| view! { <dt>{all(&row.labels)}</dt><dd>{say(&row.line)}</dd> })
        .collect();
    view! {
        <section data-testid="hrv">
            <h2>{t("label-hrv")}</h2>
            <p class="small">{said(report::hrv_basis(hrv), " ")}</p>
            <dl class="facts">{rows}</dl>
            <p class="tiny">{said(report::hrv_corrections(hrv, MOST_CORRECTIONS), ", ")}</p>
        </section>
    }
}

fn recording(summary: &RecordingSummary) -> impl IntoView + use<> {
    let source = &summary.source;
    let lengths = summary.leads.iter().map(|lead| {
        ta(
            "page-lead-facts",
            &[
                ("name", lead.name.as_str().into()),
                ("rate", super::tools::trimmed(lead.rate_hz).into()),
                ("samples", lead.samples.into()),
                ("derived", Arg::from(usize::from(lead.derived))),
            ],
        )
    });
    let mut facts: Vec<(&'static str, String)> = vec![("label-format", source.format.clone())];
    let mut add = |label: &'static str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            facts.push((label, value));
        }
    };
    add("label-device", source.device.clone());
    add(
        "label-start",
        summary.start.as_ref().map(crate::recording::StartTime::iso),
    );
    add(
        "label-duration",
        Some(ta(
            "duration-line",
            &[("seconds", summary.duration_s.into())],
        )),
    );
    add("page-leads", Some(lengths.collect::<Vec<_>>().join("; ")));
    add("label-verdict", source.classification.clone());
    add("label-filters", source.filters.clone());
    let measured = source
        .measurements
        .iter()
        .map(|fact| format!("{}: {}", fact.name, fact.value))
        .collect::<Vec<_>>();
    add("page-its-numbers", Some(measured.join("; ")));
    let person = [
        &source.patient.name,
        &source.patient.birth_date,
        &source.patient.sex,
        &source.patient.id,
    ];
    add(
        "page-person",
        Some(
            person
                .into_iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
        ),
    );
    add("label-remark", Some(source.remarks.join("; ")));
    let marks = summary.annotation_count;
    add(
        "label-annotations",
        (marks > 0).then(|| ta("annotations-line", &[("n", marks.into())])),
    );
    let rows: Vec<_> = facts
        .into_iter()
        .map(|(label, value)| view! { <dt>{t(label)}</dt><dd>{value}</dd> })
        .collect();
    view! { <section><h2>{t("page-recording")}</h2><dl class="facts" data-testid="recording">{rows}</dl></section> }
}

fn notes(report: &Report) -> Option<impl IntoView + use<>> {
    let notes = &report.recording.notes;
    (!notes.is_empty()).then(|| {
        let items: Vec<_> = notes.iter().map(|note| view! { <li>{say(&note.phrase())}</li> }).collect();
        let parts = notes.iter().any(|note| note.code == "other-parts").then(|| {
            view! { <button class="btn line" on:click=|_| links::offer_parts() data-testid="other-parts">{t("page-other-parts")}</button> }
        });
        view! { <section><h2>{t("label-notes")}</h2><ul class="notes" data-testid="notes">{items}</ul>{parts}</section> }
    })
}

fn saving() -> impl IntoView + use<> {
    let store = Store::use_store();
    let writers = move || {
        let button = |(id, name): (String, String)| view! { <button class="btn line" on:click=move |_| links::export(&id)>{name}</button> };
        store
            .writers
            .get()
            .into_iter()
            .map(button)
            .collect::<Vec<_>>()
    };
    view! {
        <section>
            <h2>{t("page-save")}</h2>
            <div class="row"><button class="btn line" data-testid="save-pdf" on:click=move |_| links::save_report(ReportKind::Pdf)>{t("page-report-pdf")}</button>{writers}<button class="btn line" on:click=move |_| links::save_report(ReportKind::Json)>{t("page-report-json")}</button></div>
        </section>
    }
}
