//! The ECG sheet as a display list in millimetres: one drawing code for screen, print and export.
//!
//! [`compose`] lays out paper, calibration pulse, ink and marks; a surface (canvas, SVG, PDF) only has to draw
//! [`Item`]s. Texts come in ready-made: there is no wording here, and there are no pixels.

mod compose;
mod item;
mod letters;
mod pdf;
mod pyramid;
mod svg;

pub use compose::{
    BeatMark, Composition, HEAD_MM, Layout, MARGIN_MM, Row, Stretch, Tracing, WaveBracket, compose,
    row_count, rows, time_at,
};
pub use item::{Anchor, Fill, Item, Panel, PaperPage, Stroke, Weight, hatching};
pub use letters::{width_mm, wrap};
pub use pdf::pdf;
pub use pyramid::{Pyramid, Trace};
pub use svg::svg;

/// Millimetres of paper per second; the standard speed.
pub const STANDARD_SPEED_MM_S: f64 = 25.0;
/// Millimetres of paper per millivolt; the standard gain.
pub const STANDARD_GAIN_MM_MV: f64 = 10.0;
/// Small box of the paper in millimetres.
pub const FINE_GRID_MM: f64 = 1.0;
/// Large box of the paper in millimetres.
pub const BOLD_GRID_MM: f64 = 5.0;
