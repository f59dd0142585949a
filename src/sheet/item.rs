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

impl Fill {
    /// The colour on printed paper: red, green, blue. The light theme's token of the same meaning.
    #[must_use]
    pub fn on_paper(self) -> [u8; 3] {
        let rgb: u32 = match self {
            Self::Paper => 0xff_fd_f9,
            Self::GridFine => 0xf6_df_db,
            Self::GridBold => 0xec_bf_b8,
            Self::Ink => 0x16_18_1d,
            Self::Mark => 0x27_46_90,
            Self::Text => 0x1b_1d_22,
            Self::TextSecondary | Self::Unknown => 0x55_59_62,
            Self::TextFaint => 0x6b_6f_78,
            Self::Accent => 0x1f_55_a5,
            Self::Caution => 0x8a_56_06,
            Self::Urgent => 0xb3_26_1e,
        };
        let [_, red, green, blue] = rgb.to_be_bytes();
        [red, green, blue]
    }

    /// Name of the style's token.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::Paper => "--paper",
            Self::GridFine => "--grid-fine",
            Self::GridBold => "--grid-bold",
            Self::Ink => "--ink",
            Self::Mark => "--mark",
            Self::Text => "--text",
            Self::TextSecondary => "--text-2",
            Self::TextFaint => "--text-3",
            Self::Accent => "--accent",
            Self::Caution => "--caution",
            Self::Urgent => "--urgent",
            Self::Unknown => "--unknown",
        }
    }

    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Paper,
        Self::GridFine,
        Self::GridBold,
        Self::Ink,
        Self::Mark,
        Self::Text,
        Self::TextSecondary,
        Self::TextFaint,
        Self::Accent,
        Self::Caution,
        Self::Urgent,
        Self::Unknown,
    ];
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

/// A display list at its place on a page; what reaches beyond its edges is cut off.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Left edge on the page, millimetres.
    pub x: f64,
    /// Upper edge on the page.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// What is drawn, from the panel's own upper left corner.
    pub items: Vec<Item>,
}

/// One page of paper, in millimetres.
#[derive(Clone, Debug, PartialEq)]
pub struct PaperPage {
    /// Width.
    pub width_mm: f64,
    /// Height.
    pub height_mm: f64,
    /// What stands on it, in the order in which it is drawn.
    pub panels: Vec<Panel>,
}

/// Distance between the lines of a hatching, millimetres.
const HATCH_MM: f64 = 1.5;

/// The lines of a rectangle's hatching at 45 degrees, cut off at its edges.
#[must_use]
pub fn hatching(x: f64, y: f64, width: f64, height: f64) -> Vec<(f64, f64, f64, f64)> {
    let mut lines = Vec::new();
    let mut along = HATCH_MM / 2.0;
    // Line `along` joins (along, 0) and (0, along) of the rectangle's own corner.
    while along < width + height {
        let (from_x, to_x) = (along.min(width), (along - height).max(0.0));
        lines.push((x + from_x, y + along - from_x, x + to_x, y + along - to_x));
        along += HATCH_MM;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_has_the_colours_of_the_light_theme() {
        let style = include_str!("../../style/tokens.css");
        for fill in Fill::ALL {
            let [red, green, blue] = fill.on_paper();
            let line = format!("{}: #{red:02x}{green:02x}{blue:02x};", fill.token());
            let first = style.find(&format!("{}:", fill.token()));
            assert_eq!(first, style.find(&line), "{line}");
            assert!(first.is_some(), "{line}");
        }
    }

    #[test]
    fn hatching_stays_within_its_rectangle_and_reaches_its_corners() {
        let lines = hatching(10.0, 20.0, 30.0, 8.0);
        assert_eq!(lines.len(), 25);
        for (x0, y0, x1, y1) in lines {
            assert!((10.0..=40.0).contains(&x0) && (10.0..=40.0).contains(&x1));
            assert!((20.0..=28.0).contains(&y0) && (20.0..=28.0).contains(&y1));
            assert!(((x0 - x1) - (y1 - y0)).abs() < 1e-9);
        }
    }
}
