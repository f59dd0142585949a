//! The whole recording at a glance: its trace, quality as a band, findings as ticks, and what the sheet shows.

use super::canvas::Surface;
use super::store::Store;
use super::words::t;
use crate::analysis::Grade;
use crate::sheet::{Fill, Item, Stroke};
use gloo::events::EventListener;
use leptos::html::Canvas;
use leptos::prelude::*;
use web_sys::{HtmlCanvasElement, PointerEvent};

/// The overview.
#[component]
pub fn Overview() -> impl IntoView {
    let store = Store::use_store();
    let canvas = NodeRef::<Canvas>::new();
    let size = RwSignal::new(0u32);
    let pending = StoredValue::new(false);
    Effect::new(move |_| {
        store.open.track();
        store.report.track();
        store.from_s.track();
        store.shown_s.track();
        store.dark.track();
        size.track();
        canvas.track();
        if !pending.get_value() {
            pending.set_value(true);
            request_animation_frame(move || {
                // Closed within the frame: there is nothing left to draw on.
                if pending.try_set_value(false).is_some() {
                    return;
                }
                if let Some(canvas) = canvas.get_untracked() {
                    draw(&canvas, store);
                }
            });
        }
    });
    let resized = StoredValue::new_local(web_sys::window().map(|window| {
        EventListener::new(&window, "resize", move |_| size.update(|size| *size += 1))
    }));
    on_cleanup(move || resized.dispose());
    let go = move |event: PointerEvent| {
        let Some(canvas) = canvas.get_untracked() else {
            return;
        };
        if event.buttons() == 0 {
            return;
        }
        let _ = canvas.set_pointer_capture(event.pointer_id());
        let share = f64::from(event.offset_x()) / f64::from(canvas.client_width()).max(1.0);
        store.go_to(share * store.duration_s() - store.shown_s.get_untracked() / 2.0);
    };
    view! {
        <div class="overview" data-testid="overview">
            <canvas node_ref=canvas role="img" aria-label=t("page-overview") on:pointerdown=go on:pointermove=go></canvas>
        </div>
    }
}

fn draw(canvas: &HtmlCanvasElement, store: Store) {
    let Some(open) = store.open.get_untracked() else {
        return;
    };
    let Some(surface) = Surface::fit(canvas, None) else {
        return;
    };
    let report = store.report.get_untracked();
    let analysis = report
        .as_ref()
        .and_then(|report| report.analysis.as_ref().ok());
    let lead = analysis.map_or(0, |analysis| analysis.lead);
    let Some(trace) = open.traces.get(lead) else {
        return;
    };
    let (width, height) = (surface.width, surface.height);
    let context = surface.context();
    context.clear_rect(0.0, 0.0, width, height);
    let duration = open.duration_s().max(f64::MIN_POSITIVE);
    let x = |time_s: f64| time_s / duration * width;
    let mut items = Vec::new();
    let (top, foot) = (12.0, height - 12.0);
    if let Some((low, high)) = trace.extremes(0..trace.samples.len()) {
        let span = (high - low).max(f64::MIN_POSITIVE);
        let y = |value: f64| foot - (value - low) / span * (foot - top);
        let per_column = trace.samples.len() as f64 / width;
        let columns = (0..width as usize).filter_map(|column| {
            let from = (column as f64 * per_column) as usize;
            let to = (((column + 1) as f64 * per_column) as usize).max(from + 1);
            let hole = trace
                .gaps
                .iter()
                .any(|gap| gap.start <= from && to <= gap.end);
            let (low, high) = trace.extremes(from..to).filter(|_| !hole)?;
            let x = column as f64 + 0.5;
            Some((x, y(high), x + 0.001, y(low).max(y(high) + 1.0)))
        });
        items.push(Item::Lines {
            lines: columns.collect(),
            stroke: Stroke {
                colour: Fill::TextSecondary,
                width_mm: 1.0,
                opacity: 0.9,
            },
        });
    }
    surface.draw(&items, 1.0);
    for span in analysis
        .map(|analysis| analysis.quality.as_slice())
        .unwrap_or_default()
    {
        let token = match span.grade {
            Grade::Waves => "--good",
            Grade::Beats => "--caution",
            Grade::Unusable => "--unknown",
        };
        context.set_fill_style_str(&super::canvas::token(token));
        context.fill_rect(
            x(span.range_s.start),
            height - 6.0,
            (x(span.range_s.end) - x(span.range_s.start)).max(1.0),
            4.0,
        );
    }
    context.set_fill_style_str(surface.colour(Fill::Caution));
    for finding in report
        .as_ref()
        .map(|report| report.findings.as_slice())
        .unwrap_or_default()
    {
        context.fill_rect(
            x(finding.range_s.start),
            2.0,
            (x(finding.range_s.end) - x(finding.range_s.start)).max(3.0),
            4.0,
        );
    }
    if store.shown_s.get_untracked() >= duration {
        return;
    }
    let from = x(store.from_s.get_untracked());
    let shown = x(store.shown_s.get_untracked()).max(4.0).min(width - from);
    context.set_global_alpha(0.12);
    context.set_fill_style_str(surface.colour(Fill::Accent));
    context.fill_rect(from, 1.0, shown, height - 9.0);
    context.set_global_alpha(1.0);
    context.set_stroke_style_str(surface.colour(Fill::Accent));
    context.set_line_width(1.0);
    context.stroke_rect(from + 0.5, 1.5, (shown - 1.0).max(1.0), height - 10.0);
}
