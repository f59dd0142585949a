//! The whole page: the landing, or the open recording, with the cards over it.

use super::bar::{Bar, ThumbBar};
use super::cards::Cards;
use super::landing::Landing;
use super::live_bar::LiveBar;
use super::overview::Overview;
use super::panel::Panel;
use super::sheet_view::SheetView;
use super::store::Store;
use super::tools::Tools;
use super::verdict::Verdict;
use super::{files, keyboard, links};
use gloo::storage::{LocalStorage, Storage};
use leptos::prelude::*;

/// Keys of the settings that this device keeps. No recording is ever kept.
const THEME_KEY: &str = "einthoven-dark";
const WORDING_KEY: &str = "einthoven-clinical";

/// The page.
#[component]
pub fn App() -> impl IntoView {
    let store = Store::new(
        prefers_dark(),
        LocalStorage::get(WORDING_KEY).unwrap_or(false),
    );
    provide_context(store);
    links::start(store);
    files::listen(store);
    keyboard::listen(store);
    keep_settings(store);
    // A memo: only a change between landing and workspace builds anew what stands on the screen.
    let landing_shown =
        Memo::new(move |_| store.open.with(Option::is_none) && store.live.with(Option::is_none));
    view! {
        {move || {
            if landing_shown.get() {
                view! { <Landing/> }.into_any()
            } else {
                view! { <Workspace/> }.into_any()
            }
        }}
        <Cards/>
    }
}

/// What stands on the screen with a recording open, or a live trace running.
#[component]
fn Workspace() -> impl IntoView {
    let store = Store::use_store();
    let live = Memo::new(move |_| store.live.with(Option::is_some));
    view! {
        <div class="app">
            <Bar/>
            <main class="main">
                <div class="left">
                    {move || if live.get() { view! { <LiveBar/> }.into_any() } else { view! { <Verdict/> }.into_any() }}
                    <Tools/>
                    <SheetView/>
                    {move || (!live.get()).then(|| view! { <Overview/> })}
                </div>
                <Panel/>
            </main>
            <ThumbBar/>
        </div>
    }
}

/// The theme kept from last time, else the system's.
fn prefers_dark() -> bool {
    LocalStorage::get(THEME_KEY).unwrap_or_else(|_| {
        web_sys::window()
            .and_then(|window| {
                window
                    .match_media("(prefers-color-scheme: dark)")
                    .ok()
                    .flatten()
            })
            .is_some_and(|query| query.matches())
    })
}

/// Puts theme and wording into effect, and keeps what was changed by hand.
fn keep_settings(store: Store) {
    Effect::new(move |before: Option<bool>| {
        let dark = store.dark.get();
        let root = web_sys::window()
            .and_then(|window| window.document())
            .and_then(|document| document.document_element());
        if let Some(root) = root {
            let _ = root.set_attribute("data-build", crate::protocol::BUILD);
            let _ = root.set_attribute("data-theme", if dark { "dark" } else { "light" });
        }
        if before.is_some_and(|before| before != dark) {
            let _ = LocalStorage::set(THEME_KEY, dark);
        }
        dark
    });
    Effect::new(move |before: Option<bool>| {
        let clinical = store.clinical.get();
        if before.is_some_and(|before| before != clinical) {
            let _ = LocalStorage::set(WORDING_KEY, clinical);
        }
        clinical
    });
    Effect::new(move |before: Option<Option<String>>| {
        let name = store
            .open
            .with(|open| open.as_ref().map(|open| open.summary.source.name.clone()));
        if before.is_some_and(|before| before != name) {
            links::set_title(name.as_deref());
        }
        name
    });
}
