//! Cards over the page: what went wrong, what to choose, what to answer, how to connect. None blocks the page.

use super::store::Store;
use super::transport::{self, Choice};
use super::words::{say, t, ta};
use super::{files, links, own, remembered};
use crate::formats::{Answers, Question, Unknown};
use leptos::prelude::*;

/// Units that a file's numbers may have.
const UNITS: [&str; 4] = ["mV", "uV", "V", "nV"];

/// All cards.
#[component]
pub fn Cards() -> impl IntoView {
    let store = Store::use_store();
    view! {
        {move || store.notice.get().map(|notice| view! {
            <div class="card" role="alert" data-testid="notice">
                <h2>{if notice.file.is_empty() { t("page-notice") } else { notice.file.clone() }}</h2>
                <p>{say(&notice.text)}</p>
                <div class="actions">
                    <button class="btn line" on:click=|_| files::pick()>{t("page-open-another")}</button>
                    <button class="btn primary" on:click=move |_| store.notice.set(None)>{t("page-close")}</button>
                </div>
            </div>
        })}
        {move || (!store.offers.with(Vec::is_empty)).then(|| offers(store))}
        {move || store.question.get().map(|question| question_card(store, &question))}
        {move || store.connecting.get().then(|| connect(store))}
        {own::form(store)}
        {move || store.shortcuts.get().then(|| shortcuts(store))}
        {move || store.dragging.get().then(|| view! { <div class="drop-veil">{t("page-drop")}</div> })}
        {move || busy(store).then(|| view! {
            <div class="card" data-testid="busy">
                <div class="progress" role="progressbar" aria-label=t("page-stage-opening")><i></i></div>
                <div class="actions">
                    <span class="small">{t("page-stage-opening")}</span>
                    <span class="spacer"></span>
                    <button class="btn line" on:click=|_| links::cancel()>{t("page-cancel")}</button>
                </div>
            </div>
        })}
    }
}

/// Something is being opened and nothing of it is on the screen yet.
fn busy(store: Store) -> bool {
    store.progress.get() == Some(crate::engine::Stage::Opening)
}

fn offers(store: Store) -> impl IntoView {
    let offers: Vec<_> = store
        .offers
        .get()
        .into_iter()
        .map(|offer| {
            let id = offer.id.clone();
            view! {
                <button class="finding" on:click=move |_| links::choose(id.clone()) data-testid="offer">
                    <span class="dot calm"></span>
                    <b>{offer.name}</b>
                    <span class="small">{offer.start.unwrap_or_default()}</span>
                </button>
            }
        })
        .collect();
    view! {
        <div class="card" role="dialog" aria-label=t("page-choose")>
            <h2>{t("page-choose")}</h2>
            <div class="offers">{offers}</div>
            <div class="actions"><button class="btn line" on:click=move |_| store.offers.set(Vec::new())>{t("page-close")}</button></div>
        </div>
    }
}

fn question_card(store: Store, question: &Question) -> impl IntoView + use<> {
    let file = links::first_file();
    let before = remembered::recall(question, &file);
    let answered_before = before.is_some();
    let proposal = before.as_ref().unwrap_or(&question.proposal);
    let asked = question.clone();
    let rate = RwSignal::new(
        proposal
            .rate_hz
            .map(super::tools::trimmed)
            .unwrap_or_default(),
    );
    let unit = RwSignal::new(proposal.unit.clone().unwrap_or_default());
    let gain = RwSignal::new(proposal.gain.map(super::tools::trimmed).unwrap_or_default());
    let lead = RwSignal::new(proposal.lead.clone().unwrap_or_default());
    let asks = |unknown| question.unknowns.contains(&unknown);
    let evidence: Vec<_> = question
        .evidence
        .iter()
        .map(|phrase| view! { <li>{say(phrase)}</li> })
        .collect();
    let held = store.answers.get_untracked();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let text =
            |value: RwSignal<String>| Some(value.get_untracked()).filter(|text| !text.is_empty());
        let number = |value: RwSignal<String>| {
            text(value).and_then(|text| text.replace(',', ".").parse().ok())
        };
        let answers = Answers {
            rate_hz: number(rate).or(held.rate_hz),
            unit: text(unit).or_else(|| held.unit.clone()),
            gain: number(gain).or(held.gain),
            lead: text(lead).or_else(|| held.lead.clone()),
            choice: held.choice.clone(),
        };
        remembered::keep(&asked, &file, &answers);
        links::answer(answers);
    };
    let field = |id: &'static str, value: RwSignal<String>| {
        view! {
            <label>{t(id)}
                <input inputmode="decimal" prop:value=move || value.get() on:input=move |event| value.set(event_target_value(&event)) data-testid=id/>
            </label>
        }
    };
    let units: Vec<_> = UNITS.iter().map(|name| view! { <option value=*name selected=unit.get_untracked() == *name>{*name}</option> }).collect();
    let format = ta(
        "page-question",
        &[("format", question.format.as_str().into())],
    );
    view! {
        <form class="card" aria-label=format.clone() on:submit=submit data-testid="question">
            <h2>{format.clone()}</h2>
            <ul class="notes">{evidence}</ul>
            {preview(&question.preview)}
            {answered_before.then(|| view! { <p class="small" data-testid="answered-before">{t("page-answered-before")}</p> })}
            <div class="fields">
                {asks(Unknown::Rate).then(|| field("page-ask-rate", rate))}
                {asks(Unknown::Unit).then(|| view! {
                    <label>{t("page-ask-unit")}
                        <select on:change=move |event| unit.set(event_target_value(&event)) data-testid="page-ask-unit">
                            <option value="">{t("page-ask-unit-none")}</option>{units}
                        </select>
                    </label>
                })}
                {asks(Unknown::Gain).then(|| field("page-ask-gain", gain))}
                {asks(Unknown::Lead).then(|| field("page-ask-lead", lead))}
            </div>
            <div class="actions">
                <button type="button" class="btn line" on:click=move |_| store.question.set(None)>{t("page-cancel")}</button>
                <button type="submit" class="btn primary">{t("page-answer")}</button>
            </div>
        </form>
    }
}

/// The numbers that the question is about, as a line from edge to edge.
fn preview(numbers: &[f32]) -> Option<impl IntoView + use<>> {
    const COLUMNS: usize = 300;
    const HEIGHT: f32 = 60.0;
    let finite = || numbers.iter().copied().filter(|value| value.is_finite());
    let (low, high) = (finite().reduce(f32::min)?, finite().reduce(f32::max)?);
    let y = |value: f32| HEIGHT - (value - low) / (high - low).max(f32::MIN_POSITIVE) * HEIGHT;
    let per_column = numbers.len().div_ceil(COLUMNS).max(1);
    let mut points = String::new();
    for (column, values) in numbers.chunks(per_column).enumerate() {
        let values = || values.iter().copied().filter(|value| value.is_finite());
        for end in [values().reduce(f32::min), values().reduce(f32::max)]
            .into_iter()
            .flatten()
        {
            points.push_str(&format!("{column},{:.1} ", y(end)));
        }
    }
    let width = numbers.len().div_ceil(per_column);
    Some(view! {
        <svg class="preview" viewBox=format!("0 -2 {width} {}", HEIGHT + 4.0) preserveAspectRatio="none" role="img" aria-label=t("page-preview")>
            <polyline points=points fill="none" stroke="currentColor" vector-effect="non-scaling-stroke"/>
        </svg>
    })
}

fn connect(store: Store) -> impl IntoView {
    let begin = move |choice| {
        store.connecting.set(false);
        transport::begin(choice);
    };
    let bluetooth = transport::bluetooth_available();
    view! {
        <div class="card" role="dialog" aria-label=t("page-connect-device") data-testid="connect">
            <h2>{t("page-connect-device")}</h2>
            <p class="small">{t("page-connect-how")}</p>
            <button class="btn primary" disabled=!bluetooth on:click=move |_| begin(Choice::Bluetooth) data-testid="connect-h10">{t("page-connect-h10")}</button>
            {(!bluetooth).then(|| view! { <p class="small">{t("page-no-bluetooth")}</p> })}
            <button class="btn line" on:click=move |_| begin(Choice::Simulated) data-testid="connect-simulated">{t("page-connect-simulated")}</button>
            <div class="actions"><button class="btn line" on:click=move |_| store.connecting.set(false)>{t("page-cancel")}</button></div>
        </div>
    }
}

fn shortcuts(store: Store) -> impl IntoView {
    const KEYS: [(&str, &str); 11] = [
        ("← →", "page-key-pan"),
        ("+ −", "page-key-zoom"),
        ("Home End", "page-key-ends"),
        ("[ ]", "page-key-findings"),
        ("b", "page-key-beats"),
        ("w", "page-key-waves"),
        ("q", "page-key-quality"),
        ("e", "page-key-evidence"),
        ("Ctrl Z", "page-key-undo"),
        ("o", "page-key-open"),
        ("?", "page-key-help"),
    ];
    let rows: Vec<_> = KEYS
        .iter()
        .map(|(key, id)| view! { <dt>{*key}</dt><dd>{t(id)}</dd> })
        .collect();
    view! {
        <div class="card" role="dialog" aria-label=t("page-shortcuts")>
            <h2>{t("page-shortcuts")}</h2>
            <dl class="keys">{rows}</dl>
            <div class="actions"><button class="btn primary" on:click=move |_| store.shortcuts.set(false)>{t("page-close")}</button></div>
        </div>
    }
}
