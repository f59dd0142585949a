//! Quality first, then rate, then rhythm: what a reader sees at once.

use super::store::Store;
use super::words::{exact, name, say, t, ta};
use crate::analysis::Grade;
use crate::engine::Stage;
use crate::report::{self, Report};
use leptos::prelude::*;

/// The three verdicts, or what is being done.
#[component]
pub fn Verdict() -> impl IntoView {
    let store = Store::use_store();
    view! {
        <div class="verdict" data-testid="verdict" aria-live="polite">
            {move || match store.report.get() {
                Some(report) => verdicts(&report, store).into_any(),
                None => view! { <div><h2>{t("page-quality")}</h2><strong>{t("page-measuring")}</strong></div> }.into_any(),
            }}
        </div>
        {move || store.progress.get().map(|stage| view! {
            <div class="progress" role="progressbar" aria-label=t(stage_id(stage))><i></i></div>
        })}
    }
}

/// The catalogue id of a stage of work.
pub fn stage_id(stage: Stage) -> &'static str {
    match stage {
        Stage::Opening => "page-stage-opening",
        Stage::Measuring => "page-stage-measuring",
        Stage::Inferring => "page-stage-inferring",
    }
}

fn verdicts(report: &Report, store: Store) -> impl IntoView + use<> {
    let quality = report::quality(report);
    let rate = report::rate(report);
    let rhythm = report::rhythm(report);
    let waiting = !store.complete.get_untracked();
    let clinical = move || store.clinical.get();
    let (quality_plain, quality_exact) = (say(&quality), exact(&quality));
    let rate_exact = exact(&rate);
    let rhythm_words = rhythm
        .abstained
        .as_ref()
        .map_or_else(|| say(&rhythm.line), say);
    let rhythm_exact = exact(&rhythm.line);
    let headline = if waiting {
        t("page-rhythm-waiting")
    } else {
        name(&rhythm.line).unwrap_or_else(|| say(&rhythm.line))
    };
    let probability = rhythm
        .probability
        .filter(|_| !waiting)
        .map(super::panel::shown_probability);
    view! {
        <div class="quality">
            <h2>{t("page-quality")}</h2>
            <strong data-testid="quality">{name(&quality)}</strong>" "
            <span class="small">{move || if clinical() { quality_exact.clone().unwrap_or_else(|| quality_plain.clone()) } else { quality_plain.clone() }}</span>
            {quality_bar(report)}
        </div>
        <div class="rate">
            <h2>{t("page-rate")}</h2>
            <strong data-testid="rate">{name(&rate).unwrap_or_else(|| t("page-none"))}</strong>" "
            <span class="small">{rate_range(report).unwrap_or_else(|| say(&rate))}</span>
            {rate_exact.map(|words| view! { <p class="tiny" hidden=move || !clinical()>{words}</p> })}
        </div>
        <div class="rhythm">
            <h2>{t("page-rhythm")}</h2>
            <strong data-testid="rhythm">{headline}</strong>" "
            {probability.map(|probability| view! { <span class="tag" data-testid="probability">{t("page-probability")}" "{probability}</span> })}
            <p class="small" hidden=waiting>{rhythm_words}</p>
            {rhythm_exact.map(|words| view! { <p class="tiny" hidden=move || waiting || !clinical()>{words}</p> })}
        </div>
    }
}

/// Slowest and fastest beat, where there is a rate.
fn rate_range(report: &Report) -> Option<String> {
    let rate = report.analysis.as_ref().ok()?.rate.as_ref().ok()?;
    let whole = |value: f64| format!("{value:.0}").into();
    Some(ta(
        "page-rate-range",
        &[
            ("min", whole(rate.min)),
            ("max", whole(rate.max)),
            ("n", rate.n.into()),
        ],
    ))
}

/// Grades over time as a band.
fn quality_bar(report: &Report) -> Option<impl IntoView + use<>> {
    let analysis = report.analysis.as_ref().ok()?;
    let duration = report.recording.duration_s.max(f64::MIN_POSITIVE);
    let parts: Vec<_> = analysis
        .quality
        .iter()
        .map(|span| {
            let class = match span.grade {
                Grade::Waves => "fill-good",
                Grade::Beats => "fill-caution",
                Grade::Unusable => "fill-unknown",
            };
            let x = span.range_s.start / duration * 1000.0;
            let width = (span.range_s.end - span.range_s.start) / duration * 1000.0;
            view! { <rect class=class x=x.to_string() y="0" width=width.to_string() height="6"/> }
        })
        .collect();
    Some(
        view! { <div class="quality-bar" aria-hidden="true"><svg viewBox="0 0 1000 6" preserveAspectRatio="none">{parts}</svg></div> },
    )
}
