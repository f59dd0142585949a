//! The bar at the top, and the bar at the thumb.

use super::store::Store;
use super::words::t;
use super::{files, links};
use leptos::prelude::*;

/// The line of a beat that stands for the name.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg viewBox="0 0 20 18" aria-hidden="true">
            <path
                d="M1 12h4l1.6-3 1.4 3h1l1.4 3L12.4 2l2 13 1-3H19"
                fill="none"
                stroke="currentColor"
                stroke-width="1.8"
                stroke-linejoin="round"
                stroke-linecap="round"
            />
        </svg>
    }
}

/// Name, file, and the actions.
#[component]
pub fn Bar() -> impl IntoView {
    let store = Store::use_store();
    let file = move || {
        store
            .open
            .with(|open| open.as_ref().map(|open| open.summary.source.name.clone()))
            .or_else(|| {
                store
                    .live
                    .with(|live| live.as_ref().map(|live| live.device.clone()))
            })
    };
    let close = move |_| {
        if store.live.with_untracked(Option::is_some) {
            links::live_stop();
        } else {
            store.close();
        }
    };
    view! {
        <header class="bar">
            <button class="brand" on:click=close title=t("page-back")><Logo/>"einthoven"</button>
            <span class="file-name" data-testid="file-name">{file}</span>
            <span class="spacer"></span>
            <span class="private">{t("page-private")}</span>
            <button class="btn quiet wide" on:click=|_| files::pick()>{t("page-open")}</button>
            <button class="btn quiet wide" on:click=move |_| store.connecting.set(true)>{t("page-connect")}</button>
            <button
                class="btn quiet wide"
                aria-pressed=move || store.clinical.get().to_string()
                on:click=move |_| store.clinical.update(|on| *on = !*on)
            >
                {t("page-clinical")}
            </button>
            <button class="btn quiet" on:click=move |_| store.dark.update(|on| *on = !*on) aria-label=t("page-theme") title=t("page-theme")>
                {move || if store.dark.get() { "☀" } else { "☾" }}
            </button>
            <button class="btn quiet wide" on:click=move |_| store.shortcuts.set(true) aria-label=t("page-shortcuts") title=t("page-shortcuts")>"?"</button>
        </header>
    }
}

/// The main actions where the thumb is, on a phone.
#[component]
pub fn ThumbBar() -> impl IntoView {
    let store = Store::use_store();
    view! {
        <nav class="thumb" aria-label=t("page-actions")>
            <button class="btn" on:click=|_| files::pick()>{t("page-open")}</button>
            <button class="btn" on:click=move |_| store.connecting.set(true)>{t("page-connect")}</button>
            <button
                class="btn"
                aria-pressed=move || store.clinical.get().to_string()
                on:click=move |_| store.clinical.update(|on| *on = !*on)
            >
                {t("page-clinical")}
            </button>
        </nav>
    }
}
