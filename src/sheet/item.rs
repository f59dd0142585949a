//! What a surface draws.

/// Colours by meaning; the surface reads their values from the style's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Fill {
    Paper,
    GridFine,
    GridBold,
    Ink,
    Mark,
    Text,
    TextSecondary,
    TextFaint,
    Accent,
    Caution,
    Urgent,
    Unknown,
}

/// A pen: colour, width in millimetres, opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub colour: Fill,
    /// Width of the line in millimetres.
    pub width_mm: f64,
    /// 0 to 1.
    pub opacity: f64,
}

/// Where a text stands relative to its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// Weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Weight {
    Regular,
    Bold,
}

/// One thing to draw; coordinates in millimetres from the sheet's upper left corner, y downwards.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A filled rectangle.
    Rect {
        /// Left edge.
        x: f64,
        /// Upper edge.
        y: f64,
        /// Width.
        width: f64,
        /// Height.
        height: f64,
        /// Colour.
        fill: Fill,
        /// 0 to 1.
        opacity: f64,
    },
    /// A rectangle hatched at 45 degrees: no samples here.
    Hatch {
        /// Left edge.
        x: f64,
        /// Upper edge.
        y: f64,
        /// Width.
        width: f64,
        /// Height.
        height: f64,
        /// Pen of the hatching.
        stroke: Stroke,
    },
    /// Separate straight lines with one pen: `(x0, y0, x1, y1)`.
    Lines {
        /// The lines.
        lines: Vec<(f64, f64, f64, f64)>,
        /// Pen.
        stroke: Stroke,
    },
    /// A connected line.
    Polyline {
        /// Its points.
        points: Vec<(f64, f64)>,
        /// Pen.
        stroke: Stroke,
    },
    /// A text.
    Text {
        /// Position along the reading direction.
        x: f64,
        /// Baseline of the text.
        y: f64,
        /// The words.
        text: String,
        /// Height of the letters in millimetres.
        size_mm: f64,
        /// Side on which `x` lies.
        anchor: Anchor,
        /// Weight.
        weight: Weight,
        /// Colour.
        fill: Fill,
    },
}
