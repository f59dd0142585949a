//! Ordinary charts, drawn by plotters: the RR tachogram and the RR histogram.

use super::canvas::token;
use super::store::Store;
use leptos::html::Canvas;
use leptos::prelude::*;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;
use web_sys::HtmlCanvasElement;

/// Width of a histogram's bin: 1/128 s, as for the HRV triangular index (Task Force of ESC and NASPE, 1996).
const BIN_MS: f64 = 1000.0 / 128.0;

/// RR intervals over time.
#[component]
pub fn Tachogram(
    /// Time in seconds and RR in milliseconds.
    rr: Vec<(f64, f64)>,
    /// What a screen reader hears.
    label: String,
) -> impl IntoView {
    chart(rr, label, tachogram)
}

/// How often each RR interval occurs.
#[component]
pub fn Histogram(
    /// Time in seconds and RR in milliseconds.
    rr: Vec<(f64, f64)>,
    /// What a screen reader hears.
    label: String,
) -> impl IntoView {
    chart(rr, label, histogram)
}

type Drawing = fn(&HtmlCanvasElement, &[(f64, f64)]) -> Option<()>;

fn chart(rr: Vec<(f64, f64)>, label: String, draw: Drawing) -> impl IntoView {
    let store = Store::use_store();
    let canvas = NodeRef::<Canvas>::new();
    Effect::new(move |_| {
        store.dark.track();
        let Some(canvas) = canvas.get() else { return };
        let rr = rr.clone();
        request_animation_frame(move || {
            let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
            canvas.set_width((f64::from(canvas.client_width()) * ratio) as u32);
            canvas.set_height((f64::from(canvas.client_height()) * ratio) as u32);
            // A chart that cannot be drawn leaves its place empty; its label still says what it shows.
            let _ = draw(&canvas, &rr);
        });
    });
    view! { <canvas class="chart" node_ref=canvas role="img" aria-label=label></canvas> }
}

/// A token's colour for plotters.
fn colour(name: &str) -> RGBColor {
    let text = token(name);
    let value = u32::from_str_radix(text.trim().trim_start_matches('#'), 16).unwrap_or(0x0080_8080);
    RGBColor((value >> 16) as u8, (value >> 8) as u8, value as u8)
}

fn font(canvas: &HtmlCanvasElement) -> f64 {
    12.0 * f64::from(canvas.width()) / f64::from(canvas.client_width().max(1))
}

fn tachogram(canvas: &HtmlCanvasElement, rr: &[(f64, f64)]) -> Option<()> {
    let size = font(canvas);
    let (low, high) = extent(rr.iter().map(|(_, rr)| *rr))?;
    let (from, to) = extent(rr.iter().map(|(time, _)| *time))?;
    let text = ("sans-serif", size).into_font().color(&colour("--text-2"));
    let root = CanvasBackend::with_canvas_object(canvas.clone())?.into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .x_label_area_size(size * 2.0)
        .y_label_area_size(size * 3.2)
        .margin(4)
        .build_cartesian_2d(from..to.max(from + 1.0), (low - 40.0).max(0.0)..high + 40.0)
        .ok()?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(colour("--line"))
        .axis_style(colour("--line"))
        .label_style(text)
        .x_labels(5)
        .y_labels(4)
        .x_label_formatter(&|time| crate::report::clock_text(*time))
        .y_label_formatter(&|rr| format!("{rr:.0}"))
        .draw()
        .ok()?;
    let line = colour("--accent");
    chart
        .draw_series(LineSeries::new(
            rr.iter().copied(),
            line.stroke_width(size as u32 / 10),
        ))
        .ok()?;
    let dots = rr
        .iter()
        .map(|point| Circle::new(*point, (size / 6.0) as i32, line.filled()));
    if rr.len() < 400 {
        chart.draw_series(dots).ok()?;
    }
    root.present().ok()
}

fn histogram(canvas: &HtmlCanvasElement, rr: &[(f64, f64)]) -> Option<()> {
    let size = font(canvas);
    let (low, high) = extent(rr.iter().map(|(_, rr)| *rr))?;
    let (first, last) = (
        (low / BIN_MS).floor() as i32 - 2,
        (high / BIN_MS).floor() as i32 + 3,
    );
    let mut counts = vec![0u32; usize::try_from(last - first).ok()?.min(4096)];
    for (_, rr) in rr {
        let bin = usize::try_from((rr / BIN_MS).floor() as i32 - first).ok()?;
        if let Some(count) = counts.get_mut(bin) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max()?;
    let text = ("sans-serif", size).into_font().color(&colour("--text-2"));
    let root = CanvasBackend::with_canvas_object(canvas.clone())?.into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .x_label_area_size(size * 2.0)
        .y_label_area_size(size * 3.2)
        .margin(4)
        .build_cartesian_2d(
            f64::from(first) * BIN_MS..f64::from(last) * BIN_MS,
            0f64..f64::from(most) * 1.1,
        )
        .ok()?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(colour("--line"))
        .axis_style(colour("--line"))
        .label_style(text)
        .x_labels(5)
        .y_labels(3)
        .x_label_formatter(&|rr| format!("{rr:.0} ms"))
        .y_label_formatter(&|count| format!("{count:.0}"))
        .draw()
        .ok()?;
    let fill = colour("--accent").mix(0.8);
    let bars = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(bin, count)| {
            let left = f64::from(first + bin as i32) * BIN_MS;
            Rectangle::new(
                [(left, 0.0), (left + BIN_MS, f64::from(*count))],
                fill.filled(),
            )
        });
    chart.draw_series(bars).ok()?;
    root.present().ok()
}

/// Smallest and largest of some finite values.
fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |found, value| match found {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}
