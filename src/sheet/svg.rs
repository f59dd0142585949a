//! A page of paper as SVG: one file a page, in millimetres, letters as text.

use super::{Anchor, Fill, Item, PaperPage, Stroke, Weight, hatching};
use std::fmt::Write;

/// Thinnest line on paper, millimetres: a hairline of no width would be as thin as the printer's dot.
pub(super) const HAIRLINE_MM: f64 = 0.08;

/// One page as an SVG document, true to size: a millimetre of the page is a millimetre of the paper.
#[must_use]
pub fn svg(page: &PaperPage) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_page(&mut text, page);
    text
}

fn write_page(out: &mut String, page: &PaperPage) -> std::fmt::Result {
    let (width, height) = (page.width_mm, page.height_mm);
    writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}" font-family="Helvetica, Arial, 'Noto Sans', sans-serif">"#
    )?;
    writeln!(
        out,
        r##"<rect width="{width}" height="{height}" fill="#ffffff"/>"##
    )?;
    for (index, panel) in page.panels.iter().enumerate() {
        writeln!(
            out,
            r#"<clipPath id="panel{index}"><rect width="{:.2}" height="{:.2}"/></clipPath>"#,
            panel.width, panel.height
        )?;
        writeln!(
            out,
            r#"<g transform="translate({:.2} {:.2})" clip-path="url(#panel{index})">"#,
            panel.x, panel.y
        )?;
        for item in &panel.items {
            write_item(out, item)?;
        }
        writeln!(out, "</g>")?;
    }
    writeln!(out, "</svg>")
}

fn colour(fill: Fill) -> String {
    let [red, green, blue] = fill.on_paper();
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn pen(stroke: &Stroke) -> String {
    let opacity = if stroke.opacity < 1.0 {
        format!(r#" stroke-opacity="{:.2}""#, stroke.opacity)
    } else {
        String::new()
    };
    format!(
        r#"fill="none" stroke="{}" stroke-width="{:.2}" stroke-linejoin="round"{opacity}"#,
        colour(stroke.colour),
        stroke.width_mm.max(HAIRLINE_MM)
    )
}

fn write_item(out: &mut String, item: &Item) -> std::fmt::Result {
    match item {
        Item::Rect {
            x,
            y,
            width,
            height,
            fill,
            opacity,
        } => writeln!(
            out,
            r#"<rect x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" fill="{}" fill-opacity="{opacity:.2}"/>"#,
            colour(*fill)
        ),
        Item::Hatch {
            x,
            y,
            width,
            height,
            stroke,
        } => write_lines(out, &hatching(*x, *y, *width, *height), stroke),
        Item::Lines { lines, stroke } => write_lines(out, lines, stroke),
        Item::Polyline { points, stroke } => {
            if points.is_empty() {
                return Ok(());
            }
            write!(out, r#"<polyline {} points=""#, pen(stroke))?;
            for (x, y) in points {
                write!(out, "{x:.2},{y:.2} ")?;
            }
            writeln!(out, r#""/>"#)
        }
        Item::Text {
            x,
            y,
            text,
            size_mm,
            anchor,
            weight,
            fill,
        } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let weight = match weight {
                Weight::Regular => "normal",
                Weight::Bold => "bold",
            };
            writeln!(
                out,
                r#"<text x="{x:.2}" y="{y:.2}" font-size="{size_mm:.2}" font-weight="{weight}" text-anchor="{anchor}" fill="{}">{}</text>"#,
                colour(*fill),
                escaped(text)
            )
        }
    }
}

fn write_lines(
    out: &mut String,
    lines: &[(f64, f64, f64, f64)],
    stroke: &Stroke,
) -> std::fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    write!(out, r#"<path {} d=""#, pen(stroke))?;
    for (x0, y0, x1, y1) in lines {
        write!(out, "M{x0:.2} {y0:.2}L{x1:.2} {y1:.2}")?;
    }
    writeln!(out, r#""/>"#)
}

/// Text that XML takes as text: its own signs written out, control characters left out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::pdf::testing::page_of;
    use super::*;

    #[test]
    fn a_millimetre_is_a_millimetre_and_a_name_is_no_markup() {
        let text = svg(&page_of("<script>&\u{1}", vec![(0.0, 0.0), (25.0, 10.0)]));
        assert!(text.contains(r#"width="297mm" height="210mm" viewBox="0 0 297 210""#));
        assert!(text.contains("&lt;script&gt;&amp; "), "{text}");
        assert!(text.contains("0.00,0.00 25.00,10.00"), "{text}");
        assert_eq!(text.matches("<g ").count(), text.matches("</g>").count());
    }
}
