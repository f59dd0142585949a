//! The landing: a sheet of ECG paper with three actions on it.

use super::bar::Logo;
use super::canvas::Surface;
use super::store::Store;
use super::words::{say, t, ta};
use super::{files, links};
use crate::report;
use crate::sheet::{Composition, Fill, Item, Layout, Stroke, compose};
use gloo::events::EventListener;
use leptos::html::Canvas;
use leptos::prelude::*;

/// The landing.
#[component]
pub fn Landing() -> impl IntoView {
    let store = Store::use_store();
    let paper = NodeRef::<Canvas>::new();
    draw_paper(paper, store);
    request_animation_frame(|| {
        links::mark_loaded();
        super::keyboard::tell_service_worker();
    });
    let names = move || {
        let names = store.formats.with(|formats| formats.join(", "));
        (!names.is_empty()).then(|| ta("page-formats", &[("names", names.into())]))
    };
    let requests = move || match store.requests.get() {
        Some(count) => ta("page-requests", &[("n", (count as usize).into())]),
        None => t("page-private"),
    };
    view! {
        <div class="landing" data-testid="landing">
            <canvas node_ref=paper aria-hidden="true"></canvas>
            <div class="hero">
                <h1><span>{t("page-headline-open")}</span><span>{t("page-headline-stays")}</span></h1>
                <p>{t("page-intro")}</p>
                <div class="acts">
                    <button class="btn primary" on:click=|_| files::pick()>{t("page-open-file")}</button>
                    <button class="btn line" on:click=move |_| store.connecting.set(true)>{t("page-connect-device")}</button>
                    <button class="btn line" on:click=|_| links::open_example() data-testid="example">{t("page-example")}</button>
                </div>
                <p class="small formats">{names}</p>
            </div>
            <footer>
                <span class="private" data-testid="requests">
                    {requests}" "{move || store.offline_ready.get().then(|| t("page-offline"))}
                </span>
                <span class="tiny">{say(&report::small_print())}</span>
            </footer>
            <span class="visually-hidden"><Logo/></span>
        </div>
    }
}

/// Paper with one quiet line of beats, drawn anew when the window or the theme changes.
fn draw_paper(canvas: NodeRef<Canvas>, store: Store) {
    let draw = move || {
        let Some(canvas) = canvas.try_get_untracked().flatten() else {
            return;
        };
        let Some(surface) = Surface::fit(&canvas, None) else {
            return;
        };
        let px = store.px_per_mm.get_untracked();
        let (width_mm, height_mm) = (surface.width / px, surface.height / px);
        let layout = Layout {
            width_mm,
            height_mm,
            speed_mm_s: 25.0,
            gain_mm_mv: 10.0,
            from_s: 0.0,
            row_mm: height_mm,
            text_mm: 3.0,
            ink_mm: 0.3,
        };
        let mut items = compose(&layout, &Composition::default());
        items.push(Item::Polyline {
            points: decoration(width_mm, (height_mm * 0.86 / 5.0).round() * 5.0),
            stroke: Stroke {
                colour: Fill::Ink,
                width_mm: 0.32,
                opacity: 1.0,
            },
        });
        surface.draw(&items, px);
    };
    Effect::new(move |_| {
        store.dark.track();
        canvas.track();
        request_animation_frame(draw);
    });
    let resized = StoredValue::new_local(
        web_sys::window().map(|window| EventListener::new(&window, "resize", move |_| draw())),
    );
    on_cleanup(move || resized.dispose());
}

/// One beat after another, as a sum of bumps: a decoration, no recording.
fn decoration(width_mm: f64, baseline_mm: f64) -> Vec<(f64, f64)> {
    /// Height in mV, centre and width in seconds from the R peak.
    const BUMPS: [(f64, f64, f64); 5] = [
        (0.13, -0.165, 0.022),
        (-0.09, -0.026, 0.009),
        (1.02, 0.0, 0.0105),
        (-0.24, 0.027, 0.011),
        (0.28, 0.265, 0.046),
    ];
    const RR_S: f64 = 0.86;
    let count = (width_mm / 0.15) as usize;
    (0..=count)
        .map(|index| {
            let x = index as f64 * 0.15;
            let time = x / 25.0;
            let phase = (time + RR_S / 2.0).rem_euclid(RR_S) - RR_S / 2.0;
            let value: f64 = BUMPS
                .iter()
                .map(|(height, centre, width)| {
                    height * (-((phase - centre) / width).powi(2) / 2.0).exp()
                })
                .sum();
            (x, baseline_mm - value * 10.0)
        })
        .collect()
}
