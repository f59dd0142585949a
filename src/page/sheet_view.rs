//! The sheet on the screen: what to draw, and how it is moved by mouse and touch.

use super::canvas::Surface;
use super::editing;
use super::store::{LiveTrace, Store};
use super::tools::trimmed;
use super::words::{name, say, ta};
use crate::recording::{Samples, Scale, Unit};
use crate::report::Report;
use crate::report::marks::{
    beat_marks, drawn_leads, finding_bands, quality_veils, scale_line, wave_brackets,
};
use crate::sheet::{BeatMark, Fill, Item, Trace};
use crate::sheet::{Composition, HEAD_MM, Layout, Tracing, compose, row_count};
use gloo::events::{EventListener, EventListenerOptions};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlCanvasElement, PointerEvent, WheelEvent};

/// Height of a row for one lead, in millimetres: 2 mV up and 1 mV down fit.
const ROW_MM: f64 = 42.0;
/// Height of a row where several leads stand under each other.
const DENSE_ROW_MM: f64 = 25.0;
/// Readable size of the small texts, CSS pixels.
const TEXT_PX: f64 = 12.0;
/// Less movement than this is a tap, CSS pixels.
const TAP_PX: f64 = 6.0;
/// Width of the ink, CSS pixels.
const INK_PX: f64 = 1.2;

/// The sheet.
#[component]
pub fn SheetView() -> impl IntoView {
    let store = Store::use_store();
    let canvas = NodeRef::<Canvas>::new();
    let place = NodeRef::<Div>::new();
    let size = RwSignal::new(0u32);
    let pending = StoredValue::new(false);
    let draw = move || {
        // Closed within the frame: there is nothing left to draw on.
        if pending.try_set_value(false).is_some() {
            return;
        }
        if let Some(canvas) = canvas.get_untracked() {
            draw(&canvas, store);
        }
    };
    // Many changes within one frame are one drawing.
    Effect::new(move |_| {
        track(store);
        size.track();
        canvas.track();
        if !pending.get_value() {
            pending.set_value(true);
            request_animation_frame(draw);
        }
    });
    let resized = StoredValue::new_local(web_sys::window().map(|window| {
        EventListener::new(&window, "resize", move |_| size.update(|size| *size += 1))
    }));
    on_cleanup(move || resized.dispose());
    move_by_hand(canvas, store);
    let scrolls = move || lead_count(store) > 1;
    let label = move || {
        store.open.with(|open| {
            open.as_ref().map(|open| {
                ta(
                    "page-sheet",
                    &[("name", open.summary.source.name.as_str().into())],
                )
            })
        })
    };
    view! {
        <div class="sheet" class:scrolls=scrolls class:correcting=move || store.hand.get().is_some() node_ref=place data-testid="sheet">
            <canvas node_ref=canvas role="img" aria-label=label tabindex="0"></canvas>
        </div>
    }
}

/// Everything whose change asks for a new drawing.
fn track(store: Store) {
    store.open.track();
    store.report.track();
    store.live.track();
    store.from_s.track();
    store.speed_mm_s.track();
    store.gain_mm_mv.track();
    store.px_per_mm.track();
    store.show_beats.track();
    store.show_waves.track();
    store.show_quality.track();
    store.show_evidence.track();
    store.chosen.track();
    store.all_leads.track();
    store.dark.track();
}

/// Leads that stand on the sheet.
fn lead_count(store: Store) -> usize {
    let all = store.all_leads.get();
    store.open.with(|open| {
        open.as_ref().map_or(1, |open| {
            if all {
                drawn_leads(&open.summary.leads).len().max(1)
            } else {
                1
            }
        })
    })
}

fn draw(canvas: &HtmlCanvasElement, store: Store) {
    if store.live.with_untracked(Option::is_some) {
        store.live.with_untracked(|live| {
            if let Some(live) = live {
                draw_live(canvas, store, live);
            }
        });
        return;
    }
    let Some(open) = store.open.get_untracked() else {
        return;
    };
    let report = store.report.get_untracked();
    let analysed = report
        .as_ref()
        .and_then(|report| report.analysis.as_ref().ok());
    let leads = drawn_leads(&open.summary.leads);
    let main = analysed.map_or_else(
        || leads.first().copied().unwrap_or(0),
        |analysis| analysis.lead,
    );
    let shown: Vec<usize> = if store.all_leads.get_untracked() && leads.len() > 1 {
        // The analysed lead stands first, since it carries the marks.
        std::iter::once(main)
            .chain(leads.iter().copied().filter(|&lead| lead != main))
            .collect()
    } else {
        vec![main]
    };
    let px = store.px_per_mm.get_untracked();
    let height = (shown.len() > 1).then(|| {
        let place = canvas
            .parent_element()
            .map_or(0.0, |place| f64::from(place.client_height()));
        ((HEAD_MM + shown.len() as f64 * DENSE_ROW_MM) * px).max(place)
    });
    let Some(surface) = Surface::fit(canvas, height) else {
        return;
    };
    let layout = layout(
        surface.width,
        surface.height,
        store,
        shown.len(),
        store.from_s.get_untracked(),
    );
    set_shown(store, &layout, shown.len());
    let tracings = shown
        .iter()
        .filter_map(|&lead| {
            let summary = open.summary.leads.get(lead)?;
            let trace = open.traces.get(lead)?;
            Some(Tracing {
                name: &summary.name,
                trace,
                calibrated: summary.unit == Unit::Millivolt,
            })
        })
        .collect();
    let mut composition = Composition {
        tracings,
        scale_text: open
            .summary
            .leads
            .get(main)
            .map_or_else(String::new, |lead| {
                say(&scale_line(
                    &layout,
                    open.summary.source.filters.as_deref(),
                    lead,
                ))
            }),
        duration_s: open.duration_s(),
        gap_label: Some(|seconds| ta("page-gap", &[("seconds", seconds.into())])),
        ..Composition::default()
    };
    if let Some(report) = &report {
        mark(&mut composition, report, store);
    }
    surface.draw(&compose(&layout, &composition), px);
}

/// Of a sheet of this size in CSS pixels.
fn layout(width: f64, height: f64, store: Store, leads: usize, from_s: f64) -> Layout {
    let px = store.px_per_mm.get_untracked();
    let height_mm = height / px;
    let row_mm = if leads > 1 {
        (height_mm - HEAD_MM).max(1.0) / leads as f64
    } else {
        ROW_MM.min(height_mm)
    };
    Layout {
        width_mm: width / px,
        height_mm,
        speed_mm_s: store.speed_mm_s.get_untracked(),
        gain_mm_mv: store.gain_mm_mv.get_untracked(),
        from_s,
        row_mm,
        text_mm: TEXT_PX / px,
        ink_mm: INK_PX / px,
    }
}

/// Tells the store how much time the sheet shows.
fn set_shown(store: Store, layout: &Layout, leads: usize) {
    let rows = if leads > 1 { 1 } else { row_count(layout, 1) };
    let shown = layout.row_s() * rows as f64;
    if (store.shown_s.get_untracked() - shown).abs() > 1e-6 {
        store.shown_s.set(shown);
        // The left edge may lie beyond the last second now.
        let last = (store.duration_s() - shown).max(0.0);
        if store.from_s.get_untracked() > last {
            store.from_s.set(last);
        }
    }
}

/// Beats, waves, quality, findings and evidence of a report.
fn mark(composition: &mut Composition<'_>, report: &Report, store: Store) {
    let Ok(analysis) = &report.analysis else {
        return;
    };
    if store.show_beats.get_untracked() {
        composition.beats = beat_marks(analysis);
    }
    if store.show_waves.get_untracked() {
        composition.waves = wave_brackets(analysis);
    }
    if store.show_quality.get_untracked() {
        composition.stretches.extend(quality_veils(analysis, &say));
    }
    let bands = finding_bands(report, store.chosen.get_untracked(), &name);
    composition.stretches.extend(bands);
    if store.show_evidence.get_untracked() {
        let spans = report.calls.iter().flat_map(|call| &call.evidence);
        composition.evidence = spans
            .map(|span| (span.from_s..span.to_s, f64::from(span.weight)))
            .collect();
    }
}

/// A live trace: the last seconds, sweeping.
fn draw_live(canvas: &HtmlCanvasElement, store: Store, live: &LiveTrace) {
    let Some(surface) = Surface::fit(canvas, None) else {
        return;
    };
    let rate = if live.rate_hz > 0.0 {
        live.rate_hz
    } else {
        1.0
    };
    let duration = live.counts.len() as f64 / rate;
    let probe = layout(surface.width, surface.height, store, 1, 0.0);
    let shown = probe.row_s() * row_count(&probe, 1) as f64;
    let from_s = (duration - shown).max(0.0);
    let first = ((from_s * rate) as usize).min(live.counts.len());
    let counts = live.counts[first..].to_vec();
    let shift = first as u64;
    let gaps = live
        .gaps
        .iter()
        .filter(|(_, end)| *end > shift)
        .map(|(start, end)| start.saturating_sub(shift) as usize..(end - shift) as usize)
        .collect();
    let trace = Trace::new(
        Samples::from_i16(
            counts,
            Scale {
                gain: live.gain.max(1.0),
                baseline: 0.0,
            },
        ),
        rate,
        gaps,
    );
    let mut before: Option<u64> = None;
    let beats = live
        .beats
        .iter()
        .filter(|beat| beat.sample >= shift)
        .map(|beat| {
            let rr_ms = before
                .filter(|_| beat.follows)
                .map(|before| (beat.sample - before) as f64 / rate * 1000.0);
            before = Some(beat.sample);
            let time_s = (beat.sample - shift) as f64 / rate;
            BeatMark {
                time_s,
                letter: "·",
                rr_ms,
                fill: Fill::TextSecondary,
                provisional: !beat.confirmed,
            }
        })
        .collect();
    let composition = Composition {
        tracings: vec![Tracing {
            name: &live.device,
            trace: &trace,
            calibrated: true,
        }],
        beats,
        duration_s: trace.duration_s(),
        clock_from_s: shift as f64 / rate,
        gap_label: Some(|seconds| ta("page-gap", &[("seconds", seconds.into())])),
        scale_text: format!(
            "{} mm/s  {} mm/mV  {} Hz",
            trimmed(probe.speed_mm_s),
            trimmed(probe.gain_mm_mv),
            trimmed(rate)
        ),
        ..Composition::default()
    };
    let items: Vec<Item> = compose(&probe, &composition);
    surface.draw(&items, store.px_per_mm.get_untracked());
}

/// Fingers and buttons that are down, with where they are.
#[derive(Default)]
struct Hands {
    down: Vec<(i32, f64, f64)>,
    spread: f64,
    /// How far they have moved since the first went down, CSS pixels: what moved hardly is a tap.
    travelled: f64,
}

/// Drag pans, pinch and Ctrl-wheel zoom, the wheel moves through time.
fn move_by_hand(canvas: NodeRef<Canvas>, store: Store) {
    let hands = StoredValue::new_local(Hands::default());
    let listeners = StoredValue::new_local(Vec::<EventListener>::new());
    Effect::new(move |_| {
        let Some(canvas) = canvas.get() else { return };
        let target: &HtmlCanvasElement = &canvas;
        let active = EventListenerOptions::enable_prevent_default();
        let on = |name: &'static str, work: Box<dyn Fn(&web_sys::Event)>| {
            let listener =
                EventListener::new_with_options(target, name, active, move |event| work(event));
            listeners.update_value(|all| all.push(listener));
        };
        let held = target.clone();
        on(
            "pointerdown",
            Box::new(move |event| {
                let Some(event) = event.dyn_ref::<PointerEvent>() else {
                    return;
                };
                let _ = held.set_pointer_capture(event.pointer_id());
                hands.update_value(|hands| {
                    hands.down.retain(|(id, _, _)| *id != event.pointer_id());
                    if hands.down.is_empty() {
                        hands.travelled = 0.0;
                    }
                    hands.down.push((
                        event.pointer_id(),
                        f64::from(event.offset_x()),
                        f64::from(event.offset_y()),
                    ));
                    hands.spread = spread(&hands.down);
                });
            }),
        );
        on(
            "pointermove",
            Box::new(move |event| {
                if let Some(event) = event.dyn_ref::<PointerEvent>() {
                    moved(hands, store, event);
                }
            }),
        );
        for name in ["pointerup", "pointercancel"] {
            on(
                name,
                Box::new(move |event| {
                    let Some(event) = event.dyn_ref::<PointerEvent>() else {
                        return;
                    };
                    let tap =
                        hands.with_value(|hands| hands.down.len() == 1 && hands.travelled < TAP_PX);
                    if tap && name == "pointerup" {
                        editing::tapped(store, time_at(store, event), seconds_per_px(store));
                    }
                    hands.update_value(|hands| {
                        hands.down.retain(|(id, _, _)| *id != event.pointer_id())
                    });
                }),
            );
        }
        on(
            "wheel",
            Box::new(move |event| {
                if let Some(event) = event.dyn_ref::<WheelEvent>() {
                    wheeled(store, event);
                }
            }),
        );
    });
    on_cleanup(move || {
        listeners.dispose();
        hands.dispose();
    });
}

fn spread(down: &[(i32, f64, f64)]) -> f64 {
    match down {
        [(_, ax, ay), (_, bx, by), ..] => (ax - bx).hypot(ay - by),
        _ => 0.0,
    }
}

/// The time under a pointer.
fn time_at(store: Store, event: &PointerEvent) -> f64 {
    let canvas = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlCanvasElement>().ok());
    let (width, height) = canvas.map_or((0.0, 0.0), |canvas| {
        (
            f64::from(canvas.client_width()),
            f64::from(canvas.client_height()),
        )
    });
    let leads = untrack(|| lead_count(store));
    let layout = layout(width, height, store, leads, store.from_s.get_untracked());
    let px = store.px_per_mm.get_untracked();
    crate::sheet::time_at(
        &layout,
        leads,
        f64::from(event.offset_x()) / px,
        f64::from(event.offset_y()) / px,
    )
}

/// Seconds of one CSS pixel.
fn seconds_per_px(store: Store) -> f64 {
    1.0 / (store.speed_mm_s.get_untracked() * store.px_per_mm.get_untracked())
}

fn moved(hands: StoredValue<Hands, LocalStorage>, store: Store, event: &PointerEvent) {
    hands.update_value(|hands| {
        let count = hands.down.len();
        let Some(hand) = hands
            .down
            .iter_mut()
            .find(|(id, _, _)| *id == event.pointer_id())
        else {
            return;
        };
        let dx = f64::from(event.offset_x()) - hand.1;
        hands.travelled += dx.abs() + (f64::from(event.offset_y()) - hand.2).abs();
        (hand.1, hand.2) = (f64::from(event.offset_x()), f64::from(event.offset_y()));
        if count == 1 {
            store.go_to(store.from_s.get_untracked() - dx * seconds_per_px(store));
            return;
        }
        let spread = spread(&hands.down);
        if hands.spread > 0.0 && spread > 0.0 {
            let middle = (hands.down[0].1 + hands.down[1].1) / 2.0;
            let anchor = store.from_s.get_untracked() + middle * seconds_per_px(store);
            store.zoom(spread / hands.spread, anchor);
        }
        hands.spread = spread;
    });
}

fn wheeled(store: Store, event: &WheelEvent) {
    if event.ctrl_key() || event.meta_key() {
        event.prevent_default();
        let anchor =
            store.from_s.get_untracked() + f64::from(event.offset_x()) * seconds_per_px(store);
        store.zoom((-event.delta_y() / 300.0).exp(), anchor);
        return;
    }
    let sideways = event.delta_x().abs() > event.delta_y().abs() || event.shift_key();
    // Several leads scroll up and down; one lead has nothing to scroll, so the wheel moves through time.
    if lead_count(store) > 1 && !sideways {
        return;
    }
    event.prevent_default();
    let delta = if event.delta_x().abs() > event.delta_y().abs() {
        event.delta_x()
    } else {
        event.delta_y()
    };
    store.go_to(store.from_s.get_untracked() + delta * seconds_per_px(store) * 2.0);
}
