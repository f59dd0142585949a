//! Pages of paper as a PDF (ISO 32000-1): lines as lines, letters as text in the reader's own Helvetica.
//!
//! Nothing is embedded, so the file is small and needs no font; the price is that only letters of WinAnsi (western Latin) can be
//! written. Any other becomes `?`.

use super::svg::HAIRLINE_MM;
use super::{Anchor, Item, PaperPage, Stroke, Weight, hatching, width_mm};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;

/// Points of a millimetre.
const POINTS_PER_MM: f64 = 72.0 / 25.4;
/// Objects before the pages: catalogue, page tree, two fonts, information.
const BEFORE: usize = 5;

/// The pages as one document with a title.
#[must_use]
pub fn pdf(pages: &[PaperPage], title: &str) -> Vec<u8> {
    let mut file = File::default();
    file.bytes
        .extend_from_slice(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n");
    let kids: Vec<String> = (0..pages.len())
        .map(|index| format!("{} 0 R", BEFORE + 1 + 2 * index))
        .collect();
    file.object(b"<< /Type /Catalog /Pages 2 0 R >>");
    let tree = format!(
        "<< /Type /Pages /Count {} /Kids [{}] >>",
        pages.len(),
        kids.join(" ")
    );
    file.object(tree.as_bytes());
    for font in ["Helvetica", "Helvetica-Bold"] {
        let font = format!(
            "<< /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >>"
        );
        file.object(font.as_bytes());
    }
    let information = format!("<< /Title ({}) /Producer (einthoven) >>", string(title));
    file.object(information.as_bytes());
    for page in pages {
        let content = Content::of(page);
        let states: String = content
            .opacities
            .iter()
            .map(|percent| {
                let share = f64::from(*percent) / 100.0;
                format!("/O{percent} << /ca {share:.2} /CA {share:.2} >> ")
            })
            .collect();
        let own = file.offsets.len() + 1;
        let object = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {:.2} {:.2}] /Contents {} 0 R /Resources << /Font << /F1 3 0 R /F2 4 0 R >> /ExtGState << {states}>> >> >>",
            page.width_mm * POINTS_PER_MM,
            page.height_mm * POINTS_PER_MM,
            own + 1,
        );
        file.object(object.as_bytes());
        file.stream(content.text.as_bytes());
    }
    file.finish()
}

/// A document while it is written.
#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    /// Where each object begins.
    offsets: Vec<usize>,
}

impl File {
    fn object(&mut self, body: &[u8]) {
        self.offsets.push(self.bytes.len());
        let head = format!("{} 0 obj\n", self.offsets.len());
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(body);
        self.bytes.extend_from_slice(b"\nendobj\n");
    }

    fn stream(&mut self, content: &[u8]) {
        let mut packer =
            flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        let packed = packer.write_all(content).and_then(|()| packer.finish());
        // Memory takes all that is written to it; were it not so, the lines stand there as they are.
        let (filter, packed) = match packed {
            Ok(packed) => (" /Filter /FlateDecode", packed),
            Err(_) => ("", content.to_vec()),
        };
        let mut body = format!("<< /Length {}{filter} >>\nstream\n", packed.len()).into_bytes();
        body.extend_from_slice(&packed);
        body.extend_from_slice(b"\nendstream");
        self.object(&body);
    }

    fn finish(mut self) -> Vec<u8> {
        let start = self.bytes.len();
        let count = self.offsets.len() + 1;
        let mut table = format!("xref\n0 {count}\n0000000000 65535 f \n");
        for offset in &self.offsets {
            let _ = writeln!(table, "{offset:010} 00000 n ");
        }
        let _ = write!(
            table,
            "trailer\n<< /Size {count} /Root 1 0 R /Info 5 0 R >>\nstartxref\n{start}\n%%EOF\n"
        );
        self.bytes.extend_from_slice(table.as_bytes());
        self.bytes
    }
}

/// The drawing of one page, in millimetres from its upper left corner.
struct Content {
    text: String,
    /// Opacities that are used, in percent.
    opacities: BTreeSet<u8>,
}

impl Content {
    fn of(page: &PaperPage) -> Self {
        let mut content = Self {
            text: String::new(),
            opacities: BTreeSet::new(),
        };
        let scale = POINTS_PER_MM;
        content.put(&format!(
            "{scale:.6} 0 0 {:.6} 0 {:.4} cm 1 j",
            -scale,
            page.height_mm * scale
        ));
        for panel in &page.panels {
            content.put(&format!(
                "q 1 0 0 1 {:.2} {:.2} cm 0 0 {:.2} {:.2} re W n",
                panel.x, panel.y, panel.width, panel.height
            ));
            for item in &panel.items {
                content.item(item);
            }
            content.put("Q");
        }
        content
    }

    fn put(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn opacity(&mut self, opacity: f64) {
        let percent = (opacity.clamp(0.0, 1.0) * 100.0).round() as u8;
        self.opacities.insert(percent);
        self.put(&format!("/O{percent} gs"));
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Rect {
                x,
                y,
                width,
                height,
                fill,
                opacity,
            } => {
                self.opacity(*opacity);
                self.put(&format!(
                    "{} rg {x:.2} {y:.2} {width:.2} {height:.2} re f",
                    colour(fill.on_paper())
                ));
            }
            Item::Hatch {
                x,
                y,
                width,
                height,
                stroke,
            } => self.lines(&hatching(*x, *y, *width, *height), stroke),
            Item::Lines { lines, stroke } => self.lines(lines, stroke),
            // A stroke without a path is no operator of a page.
            Item::Polyline { points, .. } if points.is_empty() => {}
            Item::Polyline { points, stroke } => {
                self.pen(stroke);
                for (index, (x, y)) in points.iter().enumerate() {
                    let step = if index == 0 { 'm' } else { 'l' };
                    let _ = writeln!(self.text, "{x:.2} {y:.2} {step}");
                }
                self.put("S");
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
                let back = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => width_mm(text, *size_mm, *weight) / 2.0,
                    Anchor::End => width_mm(text, *size_mm, *weight),
                };
                let font = match weight {
                    Weight::Regular => "F1",
                    Weight::Bold => "F2",
                };
                self.opacity(1.0);
                // The page is upside down so that y runs downwards; the letters are turned back.
                self.put(&format!(
                    "BT {} rg /{font} {size_mm:.2} Tf 1 0 0 -1 {:.2} {y:.2} Tm ({}) Tj ET",
                    colour(fill.on_paper()),
                    x - back,
                    string(text)
                ));
            }
        }
    }

    fn pen(&mut self, stroke: &Stroke) {
        self.opacity(stroke.opacity);
        self.put(&format!(
            "{} RG {:.2} w",
            colour(stroke.colour.on_paper()),
            stroke.width_mm.max(HAIRLINE_MM)
        ));
    }

    fn lines(&mut self, lines: &[(f64, f64, f64, f64)], stroke: &Stroke) {
        if lines.is_empty() {
            return;
        }
        self.pen(stroke);
        for (x0, y0, x1, y1) in lines {
            let _ = writeln!(self.text, "{x0:.2} {y0:.2} m {x1:.2} {y1:.2} l");
        }
        self.put("S");
    }
}

fn colour(rgb: [u8; 3]) -> String {
    let [red, green, blue] = rgb.map(|part| f64::from(part) / 255.0);
    format!("{red:.3} {green:.3} {blue:.3}")
}

/// A text as a PDF string in WinAnsi.
fn string(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '(' | ')' | '\\' => {
                written.push('\\');
                written.push(letter);
            }
            ' '..='~' => written.push(letter),
            letter => match win_ansi(letter) {
                Ok(byte) => {
                    let _ = write!(written, "\\{byte:03o}");
                }
                Err(instead) => written.push_str(instead),
            },
        }
    }
    written
}

/// The byte of a letter beyond ASCII, or what stands for it.
fn win_ansi(letter: char) -> Result<u8, &'static str> {
    match letter {
        '\u{a0}'..='\u{ff}' => Ok(letter as u8),
        '€' => Ok(0x80),
        '…' => Ok(0x85),
        '‘' => Ok(0x91),
        '’' => Ok(0x92),
        '“' => Ok(0x93),
        '”' => Ok(0x94),
        '•' => Ok(0x95),
        '–' => Ok(0x96),
        '—' => Ok(0x97),
        'Š' => Ok(0x8a),
        'š' => Ok(0x9a),
        'Ž' => Ok(0x8e),
        'ž' => Ok(0x9e),
        'Œ' => Ok(0x8c),
        'œ' => Ok(0x9c),
        'Ÿ' => Ok(0x9f),
        'μ' => Ok(0xb5),
        '−' => Err("-"),
        '≤' => Err("<="),
        '≥' => Err(">="),
        '→' => Err("->"),
        '√' => Err("sqrt "),
        letter if letter.is_whitespace() => Err(" "),
        letter if letter.is_control() => Err(""),
        _ => Err("?"),
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::super::{Fill, Panel};
    use super::*;

    /// A page of A4, lying, with one line and one text.
    pub fn page_of(text: &str, points: Vec<(f64, f64)>) -> PaperPage {
        let stroke = Stroke {
            colour: Fill::Ink,
            width_mm: 0.3,
            opacity: 1.0,
        };
        PaperPage {
            width_mm: 297.0,
            height_mm: 210.0,
            panels: vec![Panel {
                x: 10.0,
                y: 20.0,
                width: 277.0,
                height: 150.0,
                items: vec![
                    Item::Polyline { points, stroke },
                    Item::Text {
                        x: 1.0,
                        y: 5.0,
                        text: text.to_owned(),
                        size_mm: 3.0,
                        anchor: Anchor::Start,
                        weight: Weight::Regular,
                        fill: Fill::Text,
                    },
                ],
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::page_of;
    use super::*;

    #[test]
    fn every_object_lies_where_the_table_says() {
        let pages = [page_of("a", vec![(0.0, 0.0)]), page_of("b", Vec::new())];
        let bytes = pdf(&pages, "two");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let start: usize = text.lines().rev().nth(1).unwrap().parse().unwrap();
        assert!(bytes[start..].starts_with(b"xref\n0 10\n"));
        let table = std::str::from_utf8(&bytes[start..]).unwrap();
        for (index, line) in table.lines().skip(3).take(9).enumerate() {
            let offset: usize = line[..10].parse().unwrap();
            let head = format!("{} 0 obj\n", index + 1);
            assert!(bytes[offset..].starts_with(head.as_bytes()), "{line}");
        }
    }

    #[test]
    fn letters_are_written_in_the_readers_own_code() {
        assert_eq!(string("PR (ms) \\ 60°"), "PR \\(ms\\) \\\\ 60\\260");
        assert_eq!(string("José – 心 ≥ 3"), "Jos\\351 \\226 ? >= 3");
        assert_eq!(string("a\nb\u{7}"), "a b");
    }
}
