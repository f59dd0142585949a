//! Draws a display list on a canvas, crisp at any device-pixel ratio. Colours come from the style's tokens.

use crate::sheet::{Anchor, Fill, Item, Stroke, Weight};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// Letters of the sheet: the page's own.
const FONT: &str =
    "system-ui, -apple-system, \"Segoe UI\", Roboto, \"Noto Sans\", \"DejaVu Sans\", sans-serif";

/// The values of the colour tokens.
#[derive(Clone, Debug)]
pub struct Palette(Vec<(Fill, String)>);

impl Palette {
    /// Reads the tokens of the theme that is on.
    pub fn read() -> Self {
        let style = web_sys::window().and_then(|window| {
            let root = window.document()?.document_element()?;
            window.get_computed_style(&root).ok().flatten()
        });
        let read = |name: &str| {
            style
                .as_ref()
                .and_then(|style| style.get_property_value(name).ok())
                .unwrap_or_default()
        };
        Self(
            Fill::ALL
                .into_iter()
                .map(|fill| (fill, read(fill.token())))
                .collect(),
        )
    }

    /// The value of one token.
    pub fn colour(&self, fill: Fill) -> &str {
        self.0
            .iter()
            .find(|(have, _)| *have == fill)
            .map_or("", |(_, colour)| colour)
    }
}

/// A canvas made ready for one drawing: its size in CSS pixels, and the scale of the device.
pub struct Surface {
    context: CanvasRenderingContext2d,
    /// CSS pixels.
    pub width: f64,
    /// CSS pixels.
    pub height: f64,
    ratio: f64,
    palette: Palette,
}

impl Surface {
    /// Fits the canvas to its place on the page, with `height` CSS pixels where it does not fill its place.
    pub fn fit(canvas: &HtmlCanvasElement, height: Option<f64>) -> Option<Self> {
        let window = web_sys::window()?;
        let ratio = window.device_pixel_ratio().clamp(1.0, 4.0);
        let place = canvas.parent_element()?;
        let (width, tall) = (
            f64::from(place.client_width()),
            f64::from(place.client_height()),
        );
        let height = height.unwrap_or(tall);
        if width < 1.0 || height < 1.0 {
            return None;
        }
        let (pixels_x, pixels_y) = (
            (width * ratio).round() as u32,
            (height * ratio).round() as u32,
        );
        if canvas.width() != pixels_x || canvas.height() != pixels_y {
            canvas.set_width(pixels_x);
            canvas.set_height(pixels_y);
            let style = canvas.dyn_ref::<web_sys::HtmlElement>()?.style();
            style.set_property("height", &format!("{height}px")).ok()?;
        }
        let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        context
            .set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0)
            .ok()?;
        Some(Self {
            context,
            width,
            height,
            ratio,
            palette: Palette::read(),
        })
    }

    /// The context, for what is not a display list.
    pub fn context(&self) -> &CanvasRenderingContext2d {
        &self.context
    }

    /// The value of a colour token.
    pub fn colour(&self, fill: Fill) -> &str {
        self.palette.colour(fill)
    }

    /// Draws a display list at a scale.
    pub fn draw(&self, items: &[Item], px_per_mm: f64) {
        for item in items {
            self.item(item, px_per_mm);
        }
        self.context.set_global_alpha(1.0);
    }

    fn item(&self, item: &Item, mm: f64) {
        match item {
            Item::Rect {
                x,
                y,
                width,
                height,
                fill,
                opacity,
            } => {
                self.context.set_global_alpha(*opacity);
                self.context.set_fill_style_str(self.colour(*fill));
                self.context
                    .fill_rect(x * mm, y * mm, width * mm, height * mm);
            }
            Item::Hatch {
                x,
                y,
                width,
                height,
                stroke,
            } => self.hatch((x * mm, y * mm, width * mm, height * mm), stroke, mm),
            Item::Lines { lines, stroke } => self.lines(lines, stroke, mm),
            Item::Polyline { points, stroke } => self.polyline(points, stroke, mm),
            Item::Text {
                x,
                y,
                text,
                size_mm,
                anchor,
                weight,
                fill,
            } => {
                let weight = match weight {
                    Weight::Regular => "400",
                    Weight::Bold => "600",
                };
                self.context.set_global_alpha(1.0);
                self.context.set_font(&format!(
                    "{weight} {:.1}px {FONT}",
                    (size_mm * mm).max(12.0)
                ));
                self.context.set_text_align(match anchor {
                    Anchor::Start => "left",
                    Anchor::Middle => "center",
                    Anchor::End => "right",
                });
                self.context.set_fill_style_str(self.colour(*fill));
                let _ = self.context.fill_text(text, x * mm, y * mm);
            }
        }
    }

    fn pen(&self, stroke: &Stroke, mm: f64) {
        self.context.set_global_alpha(stroke.opacity);
        self.context
            .set_stroke_style_str(self.colour(stroke.colour));
        self.context
            .set_line_width((stroke.width_mm * mm).max(1.0 / self.ratio));
    }

    /// Middle of the device pixel that a coordinate falls in: a hairline there is one pixel wide and not blurred.
    fn crisp(&self, at: f64) -> f64 {
        ((at * self.ratio).floor() + 0.5) / self.ratio
    }

    fn lines(&self, lines: &[(f64, f64, f64, f64)], stroke: &Stroke, mm: f64) {
        self.pen(stroke, mm);
        self.context.begin_path();
        for &(x0, y0, x1, y1) in lines {
            let (mut x0, mut y0, mut x1, mut y1) = (x0 * mm, y0 * mm, x1 * mm, y1 * mm);
            if x0 == x1 {
                (x0, x1) = (self.crisp(x0), self.crisp(x1));
            }
            if y0 == y1 {
                (y0, y1) = (self.crisp(y0), self.crisp(y1));
            }
            self.context.move_to(x0, y0);
            self.context.line_to(x1, y1);
        }
        self.context.stroke();
    }

    fn polyline(&self, points: &[(f64, f64)], stroke: &Stroke, mm: f64) {
        let Some((first, rest)) = points.split_first() else {
            return;
        };
        self.pen(stroke, mm);
        self.context.set_line_join("round");
        self.context.begin_path();
        self.context.move_to(first.0 * mm, first.1 * mm);
        for &(x, y) in rest {
            self.context.line_to(x * mm, y * mm);
        }
        self.context.stroke();
    }

    fn hatch(&self, (x, y, width, height): (f64, f64, f64, f64), stroke: &Stroke, mm: f64) {
        /// Distance of the hatching's lines in millimetres.
        const PITCH_MM: f64 = 1.6;
        self.context.save();
        self.context.begin_path();
        self.context.rect(x, y, width, height);
        self.context.clip();
        self.pen(stroke, mm);
        self.context.begin_path();
        let mut at = x - height;
        while at < x + width {
            self.context.move_to(at, y + height);
            self.context.line_to(at + height, y);
            at += PITCH_MM * mm;
        }
        self.context.stroke();
        self.context.restore();
    }
}

/// The value of a token by its name, for colours that no display list has.
pub fn token(name: &str) -> String {
    web_sys::window()
        .and_then(|window| {
            let root = window.document()?.document_element()?;
            window
                .get_computed_style(&root)
                .ok()??
                .get_property_value(name)
                .ok()
        })
        .unwrap_or_default()
}
