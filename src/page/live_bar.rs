//! What stands over a live trace: the link, the rate, the quality, the last call, and the way to stop.

use super::links;
use super::store::Store;
use super::words::{say, t};
use crate::analysis::Grade;
use leptos::prelude::*;

/// The bar.
#[component]
pub fn LiveBar() -> impl IntoView {
    let store = Store::use_store();
    let rate = move || {
        store.live.with(|live| {
            live.as_ref()
                .and_then(|live| live.rate_per_min)
                .map(|rate| format!("{rate:.0}"))
        })
    };
    let words = move || {
        store.live.with(|live| {
            live.as_ref()
                .and_then(|live| live.words.as_ref().or(live.status.as_ref()).map(say))
        })
    };
    let grade = move || {
        store.live.with(|live| {
            live.as_ref().and_then(|live| live.grade).map(|grade| {
                let (class, id) = match grade {
                    Grade::Waves => ("tag good", "page-grade-waves"),
                    Grade::Beats => ("tag caution", "page-grade-beats"),
                    Grade::Unusable => ("tag", "page-grade-unusable"),
                };
                view! { <span class=class>{t(id)}</span> }
            })
        })
    };
    let call = move || {
        store.live.with(|live| {
            live.as_ref()
                .and_then(|live| live.call.as_ref())
                .map(|call| match &call.abstained {
                    Some(reason) => say(reason),
                    None => format!(
                        "{} {:.2}",
                        t(&format!("page-label-{}", call.label)),
                        call.probability
                    ),
                })
        })
    };
    let clock = move || {
        store.live.with(|live| {
            live.as_ref()
                .filter(|live| live.rate_hz > 0.0)
                .map(|live| crate::report::clock_text(live.counts.len() as f64 / live.rate_hz))
        })
    };
    view! {
        <div class="live-bar" data-testid="live" aria-live="polite">
            <strong data-testid="live-rate">{move || rate().unwrap_or_else(|| t("page-none"))}<span class="unit">"/min"</span></strong>
            {grade}
            <span class="small" data-testid="live-call">{call}</span>
            <span class="spacer"></span>
            <span class="small" data-testid="live-words">{words}</span>
            <span class="small">{clock}</span>
            <button class="btn primary" on:click=|_| links::live_stop() data-testid="live-stop">{t("page-stop")}</button>
        </div>
    }
}
