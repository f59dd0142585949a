//! The keyboard, and what the page tells its service worker.

use super::store::Store;
use super::{editing, files, own};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// Listens for the shortcuts, and for news of the service worker.
pub fn listen(store: Store) {
    let pressed = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        let held = event.ctrl_key() || event.meta_key();
        if held && event.key().eq_ignore_ascii_case("z") && !typing(&event) {
            event.prevent_default();
            if event.shift_key() {
                editing::redo(store);
            } else {
                editing::undo(store);
            }
            return;
        }
        let plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
        if plain && !typing(&event) && act(store, &event.key()) {
            event.prevent_default();
        }
    });
    on_cleanup(move || pressed.remove());
    listen_to_service_worker(store);
}

/// A key pressed in a field belongs to the field.
fn typing(event: &KeyboardEvent) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok())
        .is_some_and(|element| {
            matches!(element.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA")
        })
}

/// Does what a key asks for; `false` when it asks for nothing.
fn act(store: Store, key: &str) -> bool {
    let from = store.from_s.get_untracked();
    let shown = store.shown_s.get_untracked();
    let flip = |signal: RwSignal<bool>| signal.update(|on| *on = !*on);
    match key {
        "ArrowLeft" => store.go_to(from - shown / 5.0),
        "ArrowRight" => store.go_to(from + shown / 5.0),
        "PageUp" => store.go_to(from - shown),
        "PageDown" => store.go_to(from + shown),
        "Home" => store.go_to(0.0),
        "End" => store.go_to(f64::MAX),
        "+" | "=" => store.zoom(1.25, from),
        "-" => store.zoom(0.8, from),
        "[" => step_finding(store, -1),
        "]" => step_finding(store, 1),
        "b" => flip(store.show_beats),
        "w" => flip(store.show_waves),
        "q" => flip(store.show_quality),
        "e" => flip(store.show_evidence),
        "o" => files::pick(),
        "?" => flip(store.shortcuts),
        "Escape" => back(store),
        _ => return false,
    }
    true
}

/// Chooses the finding before or after the chosen one, and shows it.
fn step_finding(store: Store, step: i64) {
    let Some(report) = store.report.get_untracked() else {
        return;
    };
    let count = report.findings.len() as i64;
    if count == 0 {
        return;
    }
    let next = store
        .chosen
        .get_untracked()
        .map_or(if step > 0 { 0 } else { count - 1 }, |now| {
            (now as i64 + step).rem_euclid(count)
        });
    let Some(finding) = report.findings.get(next as usize) else {
        return;
    };
    store.chosen.set(Some(next as usize));
    store.reveal(finding.range_s.start, finding.range_s.end);
}

/// Undoes the last layer.
fn back(store: Store) {
    if store.shortcuts.get_untracked() {
        store.shortcuts.set(false);
    } else if own::is_open() {
        own::go(store, None);
    } else if store.connecting.get_untracked() {
        store.connecting.set(false);
    } else if store.notice.with_untracked(Option::is_some) {
        store.notice.set(None);
    } else if store.question.with_untracked(Option::is_some) {
        store.question.set(None);
    } else if !store.offers.with_untracked(Vec::is_empty) {
        store.offers.set(Vec::new());
    } else if store.hand.get_untracked().is_some() {
        store.hand.set(None);
    } else {
        store.chosen.set(None);
    }
}

/// The boot script passes on what the service worker says.
fn listen_to_service_worker(store: Store) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let offline = gloo::events::EventListener::new(&window, "einthoven-offline", move |event| {
        let ready = event
            .dyn_ref::<web_sys::CustomEvent>()
            .and_then(|event| js_sys::Reflect::get(&event.detail(), &"ready".into()).ok())
            .and_then(|ready| ready.as_bool());
        store.offline_ready.set(ready == Some(true));
    });
    let update = gloo::events::EventListener::new(&window, "einthoven-update", move |_| {
        store.notice.set(Some(super::store::Notice {
            file: String::new(),
            text: crate::recording::Phrase::new("page-update"),
        }));
    });
    // For as long as the page lives.
    offline.forget();
    update.forget();
}

/// Says that the landing can be used: now the models may be brought in the background.
pub fn tell_service_worker() {
    if let (Some(window), Ok(event)) = (
        web_sys::window(),
        web_sys::Event::new("einthoven-landing-usable"),
    ) {
        let _ = window.dispatch_event(&event);
    }
}
