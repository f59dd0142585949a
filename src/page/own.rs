//! The slot for a user's own model: the form that describes it, and what it says, apart from all that is ours.
//!
//! What is checked and run happens in the workers; here stand the form's answers and the time limit.

use super::store::{OwnSlot, Store};
use super::words::{exact, say, t, ta};
use super::{files, links};
use crate::inference::own::{FieldKind, OwnResult, OwnValue, STEPS, step_of};
use crate::protocol::{OwnAsk, OwnSaid, Ticket};
use crate::recording::Phrase;
use gloo::storage::{LocalStorage, Storage};
use js_sys::Uint8Array;
use leptos::prelude::*;
use std::cell::RefCell;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{File, HtmlInputElement};

/// Manifest of the model that this device keeps; its file is kept by the browser beside it.
const KEPT_KEY: &str = "einthoven-own-model";

/// How long checking or running may take before the models' worker is ended.
const LIMIT_S: u64 = 20;

thread_local! {
    /// Number of what was wanted last, and the chosen files; the store holds no browser objects.
    static WANTED: RefCell<(Ticket, Vec<File>)> = const { RefCell::new((0, Vec::new())) };
}

/// The slot as this device keeps it.
pub fn kept() -> OwnSlot {
    OwnSlot {
        manifest: LocalStorage::get(KEPT_KEY).unwrap_or_default(),
        ..OwnSlot::default()
    }
}

/// Whether this is what was wanted last.
pub fn is_wanted(ticket: Ticket) -> bool {
    WANTED.with_borrow(|(wanted, _)| *wanted == ticket)
}

fn want(store: Store, ask: OwnAsk) {
    give_up(store);
    let (ticket, files) = WANTED.with_borrow_mut(|(ticket, files)| {
        *ticket += 1;
        (*ticket, files.clone())
    });
    store.own.update(|own| {
        own.waiting = true;
        own.refused = None;
    });
    links::ask_slot(ticket, ask, &files);
}

/// Gives up what is being done: a run cannot be interrupted, so its worker is ended.
fn give_up(store: Store) {
    if store.own.with_untracked(|own| own.waiting) {
        WANTED.with_borrow_mut(|(ticket, _)| *ticket += 1);
        store.own.update(|own| own.waiting = false);
        links::restart_infer();
    }
}

/// Another recording takes the place of the last: what was said of that, or is still being asked, is not said of this.
pub fn another_recording(store: Store) {
    if store.own.with_untracked(|own| own.step.is_none()) {
        give_up(store);
    }
    store.own.update(|own| {
        own.result = None;
        own.refused = None;
    });
}

/// Asks the user's model about the open recording, once.
pub fn run(store: Store) {
    let manifest = store.own.with_untracked(|own| {
        let due = !own.waiting && own.result.is_none() && own.refused.is_none();
        Some(own.manifest.clone()).filter(|manifest| due && !manifest.is_empty())
    });
    if let Some(manifest) = manifest {
        let from_s = store.from_s.get_untracked();
        want(store, OwnAsk::Run { manifest, from_s });
    }
}

/// Takes up what the workers say.
pub fn said(store: Store, ticket: Ticket, said: OwnSaid) {
    if !is_wanted(ticket) {
        return;
    }
    if matches!(said, OwnSaid::Began) {
        let limit = Duration::from_secs(LIMIT_S);
        set_timeout(move || too_long(store, ticket), limit);
        return;
    }
    let is_ready = matches!(said, OwnSaid::Ready { .. });
    store.own.update(|own| {
        own.waiting = false;
        match said {
            OwnSaid::Began | OwnSaid::Forgotten => {}
            // Given up in the meantime.
            OwnSaid::Inspected(_) if own.step.is_none() => {}
            OwnSaid::Inspected(found) => {
                // With a manifest beside it all is answered: what is left is to look at it.
                let is_whole = found.answers.iter().any(|(id, _)| id == "own-name");
                own.step = Some(if is_whole { STEPS.len() } else { 1 });
                own.facts = found.facts;
                own.answers = found.answers;
            }
            OwnSaid::Ready {
                card,
                manifest,
                is_kept,
            } => {
                if is_kept {
                    let _ = LocalStorage::set(KEPT_KEY, &manifest);
                } else {
                    LocalStorage::delete(KEPT_KEY);
                }
                *own = OwnSlot {
                    card: Some(card),
                    manifest,
                    ..OwnSlot::default()
                };
            }
            OwnSaid::Answer { card, result } => {
                own.card = Some(card);
                own.result = Some(result);
            }
            OwnSaid::Refused { field, reason } => refuse(own, field.as_deref(), reason),
        }
    });
    if is_ready && store.complete.get_untracked() {
        run(store);
    }
}

fn refuse(own: &mut OwnSlot, field: Option<&str>, reason: Phrase) {
    own.waiting = false;
    own.refused = Some(reason);
    let step = field.and_then(step_of).map(|step| step + 1);
    own.step = own.step.map(|shown| step.unwrap_or(shown));
}

/// The models' worker went, and what was wanted with it: the model is taken out, or every load would end so again.
pub fn worker_gone(store: Store, reason: Phrase) {
    if store.own.with_untracked(|own| own.waiting) {
        LocalStorage::delete(KEPT_KEY);
        store.own.update(|own| {
            own.manifest.clear();
            own.card = None;
            refuse(own, None, reason);
        });
    }
}

fn too_long(store: Store, ticket: Ticket) {
    if is_wanted(ticket) && store.own.with_untracked(|own| own.waiting) {
        let reason = Phrase::new("page-own-never-ended").with("limit", LIMIT_S);
        worker_gone(store, reason);
        links::restart_infer();
    }
}

fn take_out(store: Store) {
    LocalStorage::delete(KEPT_KEY);
    WANTED.with_borrow_mut(|(_, files)| files.clear());
    store.own.set(OwnSlot::default());
    want(store, OwnAsk::Forget);
}

fn choose_files(store: Store, event: &web_sys::Event) {
    let input = event.target();
    let input = input.and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    let chosen = files::listed(input.and_then(|input| input.files()));
    if !chosen.is_empty() {
        let chosen = chosen.into_iter().map(|(_, file)| file).collect();
        WANTED.with_borrow_mut(|(_, files)| *files = chosen);
        want(store, OwnAsk::Inspect);
    }
}

/// The form, while it is open.
pub fn form(store: Store) -> impl IntoView {
    let shown = Memo::new(move |_| {
        store
            .own
            .with(|own| (own.step, own.waiting, own.refused.clone()))
    });
    move || {
        let (step, waiting, refused) = shown.get();
        step.map(|step| card(store, step, waiting, refused))
    }
}

fn card(store: Store, step: usize, waiting: bool, refused: Option<Phrase>) -> impl IntoView {
    let is_last = step == STEPS.len();
    let go = move |to: Option<usize>| {
        give_up(store);
        store.own.update(|own| {
            own.step = to;
            own.refused = None;
        });
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if step == 0 || waiting {
            return;
        }
        if !is_last {
            go(Some(step + 1));
            return;
        }
        let (answers, keep) = store
            .own
            .with_untracked(|own| (own.answers.clone(), own.keep));
        want(store, OwnAsk::Check { answers, keep });
    };
    let body = match step.checked_sub(1).and_then(|index| STEPS.get(index)) {
        None => file_step(store).into_any(),
        Some(shown) => {
            let heading = ta(
                "page-own-step",
                &[
                    ("n", step.into()),
                    ("of", STEPS.len().into()),
                    ("what", shown.id.into()),
                ],
            );
            let fields: Vec<_> = shown
                .fields
                .iter()
                .map(|field| labelled(store, field.id, field.kind))
                .collect();
            view! { <p class="small">{heading}</p><div class="fields">{fields}</div> }.into_any()
        }
    };
    let refused = refused.map(
        |reason| view! { <p class="refused" role="alert" data-testid="own-refused">{say(&reason)}</p> },
    );
    let next = if is_last {
        "page-own-check"
    } else {
        "page-own-next"
    };
    view! {
        <form class="card" aria-label=t("page-own-open") on:submit=submit data-testid="own">
            <h2>{t("page-own-open")}</h2>
            {body}
            {is_last.then(|| keep(store))}
            {waiting.then(|| view! { <p class="small" role="status">{t("page-own-waiting")}</p> })}
            {refused}
            <div class="actions">
                <button type="button" class="btn line" on:click=move |_| go(None)>{t("page-cancel")}</button>
                <span class="spacer"></span>
                {(step > 0).then(|| view! { <button type="button" class="btn line" on:click=move |_| go(Some(step - 1))>{t("page-own-back")}</button> })}
                {(step > 0).then(|| view! { <button type="submit" class="btn primary" disabled=waiting data-testid="own-next">{t(next)}</button> })}
            </div>
        </form>
    }
}

fn file_step(store: Store) -> impl IntoView {
    view! {
        <p class="small">{t("page-own-what")}</p>
        <input type="file" multiple accept=".onnx,.json" aria-label=t("page-own-file") data-testid="own-file" on:change=move |event| choose_files(store, &event)/>
    }
}

fn keep(store: Store) -> impl IntoView {
    let flip = move |_| store.own.update_untracked(|own| own.keep = !own.keep);
    let facts = store.own.with_untracked(|own| own.facts.clone());
    view! {
        {sentences(&facts)}
        <label class="tick"><input type="checkbox" checked=store.own.with_untracked(|own| own.keep) on:change=flip data-testid="own-keep"/>{t("page-own-keep")}</label>
    }
}

fn labelled(store: Store, id: &'static str, kind: FieldKind) -> impl IntoView {
    let value = store.own.with_untracked(|own| {
        let found = own.answers.iter().find(|(known, _)| known == id);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    });
    let take = move |event| {
        let value: String = event_target_value(&event);
        store.own.update_untracked(|own| {
            own.answers.retain(|(known, _)| known != id);
            own.answers.push((id.to_owned(), value));
        });
    };
    let control = match kind {
        FieldKind::Text | FieldKind::Number => {
            let mode = if kind == FieldKind::Number {
                "decimal"
            } else {
                "text"
            };
            view! { <input inputmode=mode prop:value=value on:input=take data-testid=id/> }
                .into_any()
        }
        FieldKind::Lines => {
            view! { <textarea rows="3" prop:value=value on:input=take data-testid=id></textarea> }
                .into_any()
        }
        FieldKind::Choice(choices) => {
            let options: Vec<_> = choices
                .iter()
                .map(|choice| view! { <option value=*choice selected=value == *choice>{t(&format!("{id}-{choice}"))}</option> })
                .collect();
            view! { <select on:change=take data-testid=id><option value="">{t("page-own-choose")}</option>{options}</select> }
                .into_any()
        }
    };
    let hint = exact(&Phrase::new(id)).map(|hint| view! { <span class="tiny">{hint}</span> });
    view! { <label class:wide=kind == FieldKind::Lines>{t(id)}{control}{hint}</label> }
}

fn sentences(phrases: &[Phrase]) -> Vec<AnyView> {
    phrases
        .iter()
        .map(|phrase| view! { <p class="tiny">{say(phrase)}</p> }.into_any())
        .collect()
}

/// What stands in the panel: the way in, or the model with what it says.
pub fn section(store: Store) -> impl IntoView {
    move || {
        let own = store.own.get();
        if own.manifest.is_empty() {
            let open = move |_| store.own.update(|own| own.step = Some(0));
            let refused = own.refused.filter(|_| own.step.is_none());
            let refused = refused.map(|reason| view! { <p class="refused">{say(&reason)}</p> });
            return view! {
                <section>{refused}<button class="btn line" on:click=open data-testid="own-open">{t("page-own-open")}</button></section>
            }
            .into_any();
        }
        filled(store, own).into_any()
    }
}

fn filled(store: Store, own: OwnSlot) -> impl IntoView {
    let card = own.card.map(|card| {
        view! {
            <p><b>{card.title}</b></p>
            <details><summary class="small">{t("page-own-card")}</summary>
                {sentences(&card.lines)}
                <p class="tiny hash" data-testid="own-hash">"SHA-256 "{card.sha256}</p>
            </details>
        }
    });
    let said = match (own.waiting, own.refused, own.result) {
        (true, _, _) => view! { <p class="small">{t("page-own-waiting")}</p> }.into_any(),
        (_, Some(reason), _) => {
            view! { <p class="refused" data-testid="own-refused">{say(&reason)}</p> }.into_any()
        }
        (_, _, Some(result)) => values(&result).into_any(),
        _ => ().into_any(),
    };
    let manifest = own.manifest;
    let save = move |_| {
        let bytes = Uint8Array::from(manifest.as_bytes());
        files::save("own-model.json", &bytes.buffer());
    };
    view! {
        <section data-testid="own-model">
            <h2>{t("page-own-model")}</h2>
            <p class="tiny">{t("page-own-no-claim")}</p>
            {card}
            {said}
            <div class="row">
                <button class="btn line" on:click=save>{t("page-own-save")}</button>
                <button class="btn line" on:click=move |_| take_out(store) data-testid="own-take-out">{t("page-own-take-out")}</button>
            </div>
        </section>
    }
}

fn values(result: &OwnResult) -> impl IntoView + use<> {
    let digits = if result.is_share { 3 } else { 4 };
    let row = |value: &OwnValue| {
        let reached = value.threshold.map(|limit| {
            let id = if value.value >= limit {
                "page-own-reached"
            } else {
                "page-own-below"
            };
            ta(id, &[("limit", super::tools::trimmed(limit.into()).into())])
        });
        view! { <dt>{value.label.clone()}</dt><dd class="basis">{reached}</dd><dd class="value">{format!("{:.digits$}", value.value)}</dd> }
    };
    let rows: Vec<_> = result.values.iter().map(row).collect();
    view! { <dl class="measures" data-testid="own-values">{rows}</dl>{sentences(&result.lines)} }
}
