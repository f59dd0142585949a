//! The slot for a user's own model: the form that describes it, and what it says, apart from all that is ours.
//!
//! What is checked and run happens in the workers; here stand the form's answers and the time limit.

use super::panel::value_row;
use super::store::Store;
use super::words::{exact, say, t, ta};
use super::{files, links};
use crate::inference::own::{Answers, Field, FieldKind, OwnResult, STEPS, step_of};
use crate::protocol::{OwnAsk, OwnSaid, Ticket};
use crate::recording::Phrase;
use gloo::storage::{LocalStorage, Storage};
use js_sys::Uint8Array;
use leptos::prelude::*;
use std::cell::RefCell;
use std::time::Duration;
use web_sys::File;

/// Manifest of the model that this device keeps; its file is kept by the browser beside it.
const KEPT_KEY: &str = "einthoven-own-model";

/// How long checking or running may take before the models' worker is ended.
const LIMIT_S: u64 = 20;

/// The slot. It holds browser objects, which no signal takes: [`Store::own_turn`] counts its changes.
#[derive(Default)]
struct Slot {
    /// Number of what was wanted last.
    ticket: Ticket,
    /// It was not answered yet.
    waiting: bool,
    /// The models' worker has begun with it.
    begun: bool,
    /// Step of the form that is open, an index into [`STEPS`].
    step: Option<usize>,
    /// What was chosen.
    files: Vec<File>,
    /// What the chosen file says of itself.
    facts: Vec<Phrase>,
    /// Answers of the form so far.
    answers: Answers,
    /// Why it was refused last.
    refused: Option<Phrase>,
    /// Manifest of the model in the slot as JSON; empty without one.
    manifest: String,
    /// Its card, once it was checked or run since the page was loaded.
    card: Vec<Phrase>,
    /// What it says of the open recording.
    result: Option<OwnResult>,
}

thread_local! {
    static SLOT: RefCell<Slot> = RefCell::new(Slot {
        manifest: LocalStorage::get(KEPT_KEY).unwrap_or_default(),
        ..Slot::default()
    });
}

fn read<T>(look: impl FnOnce(&Slot) -> T) -> T {
    SLOT.with_borrow(look)
}

/// Changes the slot and shows it.
fn change(store: Store, work: impl FnOnce(&mut Slot)) {
    SLOT.with_borrow_mut(work);
    store.own_turn.update(|turn| *turn += 1);
}

/// Whether this is what was wanted last.
pub fn is_wanted(ticket: Ticket) -> bool {
    read(|slot| slot.ticket == ticket)
}

fn want(store: Store, ask: OwnAsk) {
    give_up(store);
    change(store, |slot| {
        slot.ticket += 1;
        slot.waiting = true;
        slot.begun = false;
        slot.refused = None;
    });
    let (ticket, files) = read(|slot| (slot.ticket, slot.files.clone()));
    links::ask_slot(ticket, ask, &files);
}

/// Gives up what is being done: a run cannot be interrupted, so its worker is ended.
fn give_up(store: Store) {
    if lost(store) {
        links::restart_infer();
    }
}

/// No answer will come any more to what was wanted; whether something was.
pub fn lost(store: Store) -> bool {
    let was_waiting = read(|slot| slot.waiting);
    if was_waiting {
        change(store, |slot| {
            slot.ticket += 1;
            slot.waiting = false;
        });
    }
    was_waiting
}

/// Another recording takes the place of the last: what was said of that, or is still being asked, is not said of this.
pub fn another_recording(store: Store) {
    if read(|slot| slot.step.is_none()) {
        give_up(store);
    }
    change(store, |slot| {
        slot.result = None;
        slot.refused = None;
    });
}

/// Asks the user's model about the open recording, once.
pub fn run(store: Store) {
    let due = read(|slot| !slot.waiting && slot.result.is_none() && slot.refused.is_none());
    let manifest = read(|slot| slot.manifest.clone());
    if due && !manifest.is_empty() {
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
        SLOT.with_borrow_mut(|slot| slot.begun = true);
        let limit = Duration::from_secs(LIMIT_S);
        set_timeout(move || too_long(store, ticket), limit);
        return;
    }
    let is_ready = matches!(said, OwnSaid::Ready { .. });
    change(store, |slot| take_up(slot, said));
    if is_ready && store.complete.get_untracked() {
        run(store);
    }
}

fn take_up(slot: &mut Slot, said: OwnSaid) {
    slot.waiting = false;
    match said {
        OwnSaid::Began | OwnSaid::Forgotten => {}
        OwnSaid::Inspected(found) => {
            // With a manifest beside it all is answered: what is left is to look at it.
            let is_whole = found.answers.iter().any(|(id, _)| id == "own-name");
            slot.step = Some(if is_whole { STEPS.len() - 1 } else { 0 });
            slot.facts = found.facts;
            slot.answers = found.answers;
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
            slot.step = None;
            slot.card = card;
            slot.manifest = manifest;
            slot.result = None;
        }
        OwnSaid::Answer { card, result } => {
            slot.card = card;
            slot.result = Some(result);
        }
        OwnSaid::Refused { field, reason } => {
            let step = field.and_then(|field| step_of(&field));
            refuse(slot, reason);
            slot.step = slot.step.map(|shown| step.unwrap_or(shown));
        }
    }
}

fn refuse(slot: &mut Slot, reason: Phrase) {
    slot.waiting = false;
    slot.refused = Some(reason);
}

/// The models' worker went.
pub fn worker_gone(store: Store) {
    let reason = if read(|slot| slot.begun) {
        Phrase::new("page-own-died")
    } else {
        Phrase::new("page-model-died")
    };
    end(store, reason);
}

/// What was wanted ended with its worker. A model that it had begun with is taken out, or every load would end so again.
fn end(store: Store, reason: Phrase) {
    if !read(|slot| slot.waiting) {
        return;
    }
    change(store, |slot| {
        if slot.begun {
            LocalStorage::delete(KEPT_KEY);
            slot.manifest.clear();
        }
        slot.ticket += 1;
        refuse(slot, reason);
    });
}

fn too_long(store: Store, ticket: Ticket) {
    if is_wanted(ticket) && read(|slot| slot.waiting) {
        let reason = Phrase::new("page-own-never-ended").with("limit", LIMIT_S);
        end(store, reason);
        links::restart_infer();
    }
}

fn take_out(store: Store) {
    LocalStorage::delete(KEPT_KEY);
    change(store, |slot| {
        slot.manifest.clear();
        slot.files.clear();
    });
    want(store, OwnAsk::Forget);
}

/// Opens a step of the form, or closes it.
pub fn go(store: Store, step: Option<usize>) {
    give_up(store);
    change(store, |slot| {
        slot.step = step;
        slot.refused = None;
    });
}

/// Whether the form is open.
pub fn is_open() -> bool {
    read(|slot| slot.step.is_some())
}

/// Asks for the model's file, and begins with what it says of itself.
fn choose(store: Store) {
    files::pick_for(move |chosen| {
        SLOT.with_borrow_mut(|slot| {
            slot.files = chosen.into_iter().map(|(_, file)| file).collect();
        });
        want(store, OwnAsk::Inspect);
    });
}

// One view for all paragraphs and one for all buttons: each view of its own is code that every visit waits for.

fn line(class: &'static str, text: String) -> AnyView {
    // A refusal is read out at once, whatever has the focus.
    let role = if class == "refused" {
        "alert"
    } else {
        "paragraph"
    };
    view! { <p class=class role=role>{text}</p> }.into_any()
}

fn button(id: &'static str, class: &'static str, press: impl Fn() + 'static) -> AnyView {
    let press: Box<dyn Fn()> = Box::new(press);
    view! { <button class=class on:click=move |_| press() data-testid=id>{t(id)}</button> }
        .into_any()
}

fn sentences(phrases: &[Phrase]) -> Vec<AnyView> {
    phrases
        .iter()
        .map(|phrase| line("tiny", say(phrase)))
        .collect()
}

/// The form, while it is open.
pub fn form(store: Store) -> impl IntoView {
    move || {
        store.own_turn.get();
        let card = read(|slot| slot.step.and_then(|step| card(store, slot, step)));
        card.unwrap_or_else(|| ().into_any())
    }
}

fn card(store: Store, slot: &Slot, step: usize) -> Option<AnyView> {
    let shown = STEPS.get(step)?;
    let (n, of) = ((step + 1).into(), STEPS.len().into());
    let heading = ta(
        "page-own-step",
        &[("n", n), ("of", of), ("what", shown.id.into())],
    );
    let fields: Vec<_> = (shown.fields.iter())
        .map(|field| labelled(slot, field))
        .collect();
    let mut said = Vec::new();
    if slot.waiting {
        said.push(line("small", t("page-own-waiting")));
    }
    said.extend((slot.refused.iter()).map(|reason| line("refused", say(reason))));
    let mut actions = vec![button("page-cancel", "btn line", move || go(store, None))];
    if let Some(before) = step.checked_sub(1) {
        let back = move || go(store, Some(before));
        actions.push(button("page-own-back", "btn line", back));
    }
    actions.push(if step + 1 == STEPS.len() {
        button("page-own-check", "btn primary", move || check(store))
    } else {
        button("page-own-next", "btn primary", move || {
            go(store, Some(step + 1))
        })
    });
    Some(
        view! {
            <div class="card" role="dialog" aria-label=t("page-own-open") aria-live="polite" data-testid="own">
                <h2>{heading}</h2>
                <div>{sentences(&slot.facts)}</div>
                <div class="fields">{fields}</div>
                {said}
                <div class="actions">{actions}</div>
            </div>
        }
        .into_any(),
    )
}

fn check(store: Store) {
    let answers = read(|slot| slot.answers.clone());
    want(store, OwnAsk::Check { answers });
}

fn labelled(slot: &Slot, field: &Field) -> AnyView {
    let id = field.id;
    let found = slot.answers.iter().find(|(known, _)| known == id);
    let value = found.map(|(_, value)| value.clone()).unwrap_or_default();
    let take = move |event| {
        let value: String = event_target_value(&event);
        SLOT.with_borrow_mut(|slot| {
            slot.answers.retain(|(known, _)| known != id);
            slot.answers.push((id.to_owned(), value));
        });
    };
    let control = match field.kind {
        FieldKind::Text | FieldKind::Number => {
            view! { <input prop:value=value on:input=take data-testid=id/> }.into_any()
        }
        FieldKind::Choice(choices) => {
            let option = |choice: &&'static str| {
                let words = t(&format!("{id}-{choice}"));
                view! { <option value=*choice selected=value == *choice>{words}</option> }
                    .into_any()
            };
            let options: Vec<_> = choices.iter().map(option).collect();
            view! { <select on:input=take data-testid=id>{options}</select> }.into_any()
        }
    };
    let class = if field.kind == FieldKind::Number {
        ""
    } else {
        "wide"
    };
    let hint = exact(&Phrase::new(id)).unwrap_or_default();
    view! { <label class=class>{t(id)}{control}<span class="tiny">{hint}</span></label> }.into_any()
}

/// What stands in the panel: the way in, or the model with what it says.
pub fn section(store: Store) -> impl IntoView {
    move || {
        store.own_turn.get();
        read(|slot| {
            let (heading, body) = if slot.manifest.is_empty() {
                ("page-own-slot", empty(store, slot))
            } else {
                ("page-own-model", filled(store, slot))
            };
            view! { <section data-testid="own-model"><h2>{t(heading)}</h2>{body}</section> }
                .into_any()
        })
    }
}

fn empty(store: Store, slot: &Slot) -> Vec<AnyView> {
    let mut body = vec![line("tiny", t("page-own-what")), state(slot)];
    body.push(button("page-own-open", "btn line", move || choose(store)));
    body
}

/// What is being done with the model, why it was refused, or what it says; in the form while that is open.
fn state(slot: &Slot) -> AnyView {
    if slot.step.is_some() {
        return ().into_any();
    }
    match (slot.waiting, &slot.refused, &slot.result) {
        (true, _, _) => line("small", t("page-own-waiting")),
        (_, Some(reason), _) => line("refused", say(reason)),
        (_, _, Some(result)) => values(result).into_any(),
        _ => ().into_any(),
    }
}

fn filled(store: Store, slot: &Slot) -> Vec<AnyView> {
    let mut body = vec![line("tiny", t("page-own-no-claim")), state(slot)];
    body.extend(sentences(&slot.card));
    let buttons = vec![
        button("page-own-save", "btn line", save_manifest),
        button("page-own-take-out", "btn line", move || take_out(store)),
    ];
    body.push(view! { <div class="row">{buttons}</div> }.into_any());
    body
}

fn save_manifest() {
    let bytes = read(|slot| Uint8Array::from(slot.manifest.as_bytes()));
    files::save("own-model.json", &bytes.buffer());
}

fn values(result: &OwnResult) -> Vec<AnyView> {
    let digits = if result.is_share { 3 } else { 4 };
    let row = |(index, (label, value)): (usize, &(String, f32))| {
        let reached = result.thresholds.get(index).map(|limit| {
            let is_reached = usize::from(value >= limit);
            let limit = super::tools::trimmed((*limit).into());
            let args = [("limit", limit.into()), ("reached", is_reached.into())];
            ta("page-own-threshold", &args)
        });
        let number = format!("{value:.digits$}");
        value_row(label.clone(), reached.unwrap_or_default(), number, "")
    };
    let rows: Vec<_> = result.values.iter().enumerate().map(row).collect();
    let mut said = sentences(&result.lines);
    said.insert(
        0,
        view! { <dl class="measures" data-testid="own-values">{rows}</dl> }.into_any(),
    );
    said
}
