//! The strip of controls over the sheet: speed, gain, marks, leads.

use super::editing::{Editing, correctable};
use super::links;
use super::store::{Hand, Store};
use super::words::{t, ta};
use leptos::prelude::*;

/// Paper speeds offered by name.
const SPEEDS_MM_S: [f64; 5] = [6.25, 12.5, 25.0, 50.0, 100.0];
/// Gains offered by name.
const GAINS_MM_MV: [f64; 4] = [2.5, 5.0, 10.0, 20.0];

/// The controls.
#[component]
pub fn Tools() -> impl IntoView {
    let store = Store::use_store();
    view! {
        <div class="strips">
        <div class="tools" role="toolbar" aria-label=t("page-tools")>
            {scale("page-speed", "mm/s", &SPEEDS_MM_S, store.speed_mm_s)}
            {scale("page-gain", "mm/mV", &GAINS_MM_MV, store.gain_mm_mv)}
            <span class="rule"></span>
            <button class="btn quiet" on:click=move |_| store.zoom(0.5, store.from_s.get_untracked()) aria-label=t("page-zoom-out")>"−"</button>
            <button class="btn quiet" on:click=move |_| store.zoom(2.0, store.from_s.get_untracked()) aria-label=t("page-zoom-in")>"+"</button>
            <span class="rule"></span>
            {toggle("page-beats", store.show_beats)}
            {toggle("page-waves", store.show_waves)}
            {toggle("page-quality", store.show_quality)}
            {move || {
                let marked = store.report.with(|report| report.as_ref().is_some_and(|report| report.calls.iter().any(|call| !call.evidence.is_empty())));
                marked.then(|| toggle("page-evidence", store.show_evidence))
            }}
            {move || lead_choice(store)}
            <span class="rule"></span>
            {correct(store)}
        </div>
        <Editing/>
        </div>
    }
}

fn scale(
    label: &'static str,
    unit: &'static str,
    steps: &'static [f64],
    value: RwSignal<f64>,
) -> impl IntoView {
    let change = move |event| {
        if let Ok(chosen) = event_target_value(&event).parse() {
            value.set(chosen);
        }
    };
    let options = move || {
        let now = value.get();
        let odd = (!steps.contains(&now)).then_some(now);
        odd.into_iter()
            .chain(steps.iter().copied())
            .map(|step| {
                let text = if step == step.round() || step >= 1.0 {
                    format!("{} {unit}", trimmed(step))
                } else {
                    format!("{step:.2} {unit}")
                };
                view! { <option value=step.to_string() selected=step == now>{text}</option> }
            })
            .collect::<Vec<_>>()
    };
    view! { <label><span class="visually-hidden">{t(label)}</span><select on:change=change data-testid=label>{options}</select></label> }
}

/// A number with at most three decimals, none of them a trailing zero.
pub fn trimmed(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn toggle(label: &'static str, on: RwSignal<bool>) -> impl IntoView {
    view! {
        <button class="btn quiet" aria-pressed=move || on.get().to_string() on:click=move |_| on.update(|on| *on = !*on)>
            {t(label)}
        </button>
    }
}

/// Opens and closes the strip for correcting by hand.
fn correct(store: Store) -> impl IntoView {
    let idle = move || !correctable(store);
    let on = move || store.hand.get().is_some();
    let flip = move |_| {
        store
            .hand
            .update(|hand| *hand = hand.is_none().then_some(Hand::Beats));
    };
    view! {
        <button class="btn quiet" data-testid="correct" aria-pressed=move || on().to_string() disabled=idle
            title=move || idle().then(|| t("page-edit-not-yet")) on:click=flip>{t("page-edit")}</button>
    }
}

/// Which lead is analysed, and whether all are shown; nothing for a single lead.
fn lead_choice(store: Store) -> Option<impl IntoView> {
    let open = store
        .open
        .get()
        .filter(|open| open.summary.leads.len() > 1)?;
    let analysed = store
        .report
        .get()
        .and_then(|report| report.analysis.as_ref().ok().map(|analysis| analysis.lead));
    let change = move |event| {
        if let Ok(lead) = event_target_value(&event).parse() {
            links::analyse(Some(lead));
        }
    };
    let options: Vec<_> = open
        .summary
        .leads
        .iter()
        .enumerate()
        .filter(|(_, lead)| lead.kind == crate::recording::SignalKind::Ecg)
        .map(|(index, lead)| {
            view! { <option value=index.to_string() selected=analysed == Some(index)>{ta("page-lead", &[("name", lead.short_name().into())])}</option> }
        })
        .collect();
    Some(view! {
        <span class="rule"></span>
        <label><span class="visually-hidden">{t("page-analysed-lead")}</span><select on:change=change>{options}</select></label>
        {toggle("page-all-leads", store.all_leads)}
    })
}
