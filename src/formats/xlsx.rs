//! Spreadsheets (XLSX): the largest sheet as a table, read like any other.
//!
//! After ECMA-376 (Office Open XML), parts 1 and 2: only cells, shared strings and the formats that make a number a date.

use super::markup::{Piece, Pieces, attribute, plain};
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, table, zip,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const ID: &str = "xlsx";
/// Columns of a sheet that are read; the format has 16384.
const COLUMNS: usize = 1024;
/// Empty rows that are kept between others: more are a jump, not a part of the table.
const EMPTY_ROWS: usize = 100;
/// Days from the spreadsheet's day 0 to 1970, and from that of files that count from 1904.
const TO_1970: f64 = 25_569.0;
const TO_1970_FROM_1904: f64 = 24_107.0;

/// The reader.
pub struct Xlsx;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Spreadsheet (XLSX)",
    extensions: &["xlsx", "xlsm"],
    signatures: &[],
    recognised_by: "a zip archive whose first members are those of a workbook",
    support: Support::Common,
    tested_on: "1 workbook with lines before its header, made by another program",
    certainty: Certainty::Built,
};

impl Format for Xlsx {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        if !zip::is_zip(head.bytes) {
            return Score::NONE;
        }
        let name = head.bytes.get(30..).unwrap_or_default();
        let first = [
            &b"[Content_Types].xml"[..],
            b"xl/",
            b"docProps/",
            b"_rels/",
            b"customXml/",
        ];
        let within = |wanted: &[u8]| {
            head.bytes
                .windows(wanted.len())
                .any(|window| window == wanted)
        };
        let workbook = within(b"xl/workbook.xml") || within(b"xl/worksheets/");
        if first.iter().any(|first| name.starts_with(first)) && workbook {
            Score::CERTAIN
        } else {
            Score::NONE
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let members = zip::members(entry, context)?;
        let text = |name: &str, context: &Context| -> Result<Option<String>, ReadError> {
            let path = format!("{}/{name}", entry.name);
            let Some(member) = members.iter().find(|m| m.name.eq_ignore_ascii_case(&path)) else {
                return Ok(None);
            };
            context.check_bytes(member.source.len())?;
            let bytes = member.source.read(0, member.source.len() as usize)?;
            Ok(super::text::decode(&bytes).map(std::borrow::Cow::into_owned))
        };
        let workbook = text("xl/workbook.xml", context)?.unwrap_or_default();
        let relations = text("xl/_rels/workbook.xml.rels", context)?.unwrap_or_default();
        let styles = text("xl/styles.xml", context)?.unwrap_or_default();
        let strings = shared_strings(&text("xl/sharedStrings.xml", context)?.unwrap_or_default());
        let book = Book {
            strings,
            dates: date_styles(&styles),
            to_1970: if counts_from_1904(&workbook) {
                TO_1970_FROM_1904
            } else {
                TO_1970
            },
        };
        let mut sheets = sheet_files(&workbook, &relations);
        // The largest first: most rows of numbers.
        let size = |file: &str| {
            let path = format!("{}/{file}", entry.name);
            members
                .iter()
                .find(|m| m.name.eq_ignore_ascii_case(&path))
                .map_or(0, |m| m.source.len())
        };
        sheets.sort_by_key(|file| std::cmp::Reverse(size(file)));
        for file in sheets {
            let Some(sheet) = text(&file, context)? else {
                continue;
            };
            let rows = book.rows(&sheet);
            match table::read_text(&rows, ID, entry, context) {
                Err(ReadError::NotThisFormat) => {}
                other => return other,
            }
        }
        Err(ReadError::NoSignal {
            format: ID.to_owned(),
            holds: "holds-no-samples".to_owned(),
        })
    }
}

/// Files of the sheets in the order of the workbook.
fn sheet_files(workbook: &str, relations: &str) -> Vec<String> {
    let mut targets: BTreeMap<String, String> = BTreeMap::new();
    for piece in Pieces::new(relations) {
        if let Piece::Open {
            name: "Relationship",
            attributes,
            ..
        } = piece
            && let (Some(id), Some(target)) =
                (attribute(attributes, "Id"), attribute(attributes, "Target"))
        {
            let target = match target.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => format!("xl/{target}"),
            };
            targets.insert(id.into_owned(), target);
        }
    }
    let mut files = Vec::new();
    for piece in Pieces::new(workbook) {
        if let Piece::Open {
            name: "sheet",
            attributes,
            ..
        } = piece
            && let Some(target) =
                attribute(attributes, "id").and_then(|id| targets.get(id.as_ref()))
        {
            files.push(target.clone());
        }
    }
    if files.is_empty() {
        files.push("xl/worksheets/sheet1.xml".to_owned());
    }
    files
}

fn counts_from_1904(workbook: &str) -> bool {
    Pieces::new(workbook).any(|piece| match piece {
        Piece::Open {
            name: "workbookPr",
            attributes,
            ..
        } => attribute(attributes, "date1904").is_some_and(|value| value == "1" || value == "true"),
        _ => false,
    })
}

/// The shared strings; those of several runs are joined.
fn shared_strings(text: &str) -> Vec<String> {
    let mut strings: Vec<String> = Vec::new();
    let mut within = false;
    let mut phonetic = false;
    for piece in Pieces::new(text) {
        match piece {
            Piece::Open {
                name: "si", empty, ..
            } => {
                strings.push(String::new());
                within = !empty;
            }
            Piece::Close("si") => within = false,
            // Readings of Japanese words stand beside them.
            Piece::Open {
                name: "rPh",
                empty: false,
                ..
            } => phonetic = true,
            Piece::Close("rPh") => phonetic = false,
            Piece::Text(text) if within && !phonetic => {
                if let Some(last) = strings.last_mut() {
                    last.push_str(&plain(text));
                }
            }
            _ => {}
        }
    }
    strings
}

/// Whether each cell style shows a number as a date or a time.
fn date_styles(styles: &str) -> Vec<bool> {
    let mut custom: BTreeMap<u32, bool> = BTreeMap::new();
    let mut dates = Vec::new();
    let mut within = false;
    for piece in Pieces::new(styles) {
        match piece {
            Piece::Open {
                name: "numFmt",
                attributes,
                ..
            } => {
                let id = attribute(attributes, "numFmtId").and_then(|id| id.parse().ok());
                if let (Some(id), Some(code)) = (id, attribute(attributes, "formatCode")) {
                    custom.insert(id, shows_date(&code));
                }
            }
            Piece::Open {
                name: "cellXfs", ..
            } => within = true,
            Piece::Close("cellXfs") => within = false,
            Piece::Open {
                name: "xf",
                attributes,
                ..
            } if within => {
                let id: u32 = attribute(attributes, "numFmtId")
                    .and_then(|id| id.parse().ok())
                    .unwrap_or(0);
                // Built-in formats of dates and times (ECMA-376, 18.8.30).
                let built_in = matches!(id, 14..=22 | 45..=47);
                dates.push(custom.get(&id).copied().unwrap_or(built_in));
            }
            _ => {}
        }
    }
    dates
}

/// Whether a format has letters of dates outside quotes and brackets.
fn shows_date(code: &str) -> bool {
    let mut quoted = false;
    let mut bracket = false;
    for letter in code.chars() {
        match letter {
            '"' => quoted = !quoted,
            '[' => bracket = true,
            ']' => bracket = false,
            'y' | 'Y' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' if !quoted && !bracket => return true,
            _ => {}
        }
    }
    false
}

struct Book {
    strings: Vec<String>,
    dates: Vec<bool>,
    to_1970: f64,
}

impl Book {
    /// A sheet as lines of cells with tabs between them.
    fn rows(&self, sheet: &str) -> String {
        let mut out = String::new();
        let mut row = 0_usize;
        let mut column = 0_usize;
        let mut cells: Vec<(usize, String)> = Vec::new();
        let mut cell: Option<(usize, String, usize, String)> = None;
        let mut shown = false;
        for piece in Pieces::new(sheet) {
            match piece {
                Piece::Open {
                    name: "row",
                    attributes,
                    ..
                } => {
                    let number = attribute(attributes, "r").and_then(|r| r.parse::<usize>().ok());
                    let next = number.unwrap_or(row + 1);
                    for _ in row + 1..next.min(row + 1 + EMPTY_ROWS) {
                        out.push('\n');
                    }
                    row = next;
                    column = 0;
                    cells.clear();
                }
                Piece::Close("row") => {
                    let mut at = 0;
                    for (place, text) in &cells {
                        while at < *place {
                            out.push('\t');
                            at += 1;
                        }
                        // Tabs and line ends within a cell would be others'.
                        out.extend(text.chars().map(|c| {
                            if matches!(c, '\t' | '\n' | '\r') {
                                ' '
                            } else {
                                c
                            }
                        }));
                    }
                    out.push('\n');
                    cells.clear();
                }
                Piece::Open {
                    name: "c",
                    attributes,
                    empty,
                } => {
                    let reference = attribute(attributes, "r");
                    let place = reference.and_then(|r| column_of(&r)).unwrap_or(column);
                    column = place + 1;
                    let kind = attribute(attributes, "t").unwrap_or_default().into_owned();
                    let style = attribute(attributes, "s")
                        .and_then(|s| s.parse().ok())
                        .unwrap_or(0);
                    cell = (!empty && place < COLUMNS).then(|| (place, kind, style, String::new()));
                }
                Piece::Open {
                    name: "v" | "t",
                    empty,
                    ..
                } => shown = !empty,
                Piece::Close("v" | "t") => shown = false,
                Piece::Text(text) if shown => {
                    if let Some((.., value)) = &mut cell {
                        value.push_str(&plain(text));
                    }
                }
                Piece::Close("c") => {
                    if let Some((place, kind, style, value)) = cell.take() {
                        cells.push((place, self.value(&kind, style, value)));
                    }
                }
                _ => {}
            }
        }
        out
    }

    fn value(&self, kind: &str, style: usize, value: String) -> String {
        match kind {
            "s" => {
                let index = value.trim().parse::<usize>().ok();
                index
                    .and_then(|index| self.strings.get(index))
                    .cloned()
                    .unwrap_or_default()
            }
            "inlineStr" | "str" | "b" | "d" => value,
            "e" => String::new(),
            _ if self.dates.get(style) == Some(&true) => match value.trim().parse::<f64>() {
                Ok(days) => clock(days, self.to_1970).unwrap_or(value),
                Err(_) => value,
            },
            _ => value,
        }
    }
}

/// Column of a reference, from 0: `B7` is 1.
fn column_of(reference: &str) -> Option<usize> {
    let mut column = 0_usize;
    for letter in reference.bytes().take_while(u8::is_ascii_alphabetic) {
        column = column
            .checked_mul(26)?
            .checked_add(usize::from(letter.to_ascii_uppercase() - b'A') + 1)?;
    }
    column.checked_sub(1)
}

/// Days as a clock shows them, to the microsecond; less than a day is a time without a date.
fn clock(days: f64, to_1970: f64) -> Option<String> {
    if !(0.0..3_000_000.0).contains(&days) {
        return None;
    }
    let mut whole = days.floor();
    let mut micros = ((days - whole) * 86_400e6).round() as u64;
    if micros >= 86_400_000_000 {
        whole += 1.0;
        micros = 0;
    }
    let mut text = String::new();
    if whole > 0.0 {
        let (year, month, day) = super::gdf::civil((whole - to_1970) as i64)?;
        let _ = write!(text, "{year:04}-{month:02}-{day:02} ");
    }
    let seconds = micros / 1_000_000;
    let _ = write!(
        text,
        "{:02}:{:02}:{:02}.{:06}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        micros % 1_000_000
    );
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::Answers;
    use super::super::testing::{entry, read_first, recording, samples};
    use super::super::zip::zip_of;
    use super::*;

    #[test]
    fn shared_strings_missing_cells_and_dates_are_read() {
        let workbook = "<workbook><sheets><sheet name='a' r:id='r1'/><sheet name='b' r:id='r2'/></sheets></workbook>";
        let relations = "<Relationships><Relationship Id='r1' Target='worksheets/s1.xml'/>\
            <Relationship Id='r2' Target='/xl/worksheets/s2.xml'/></Relationships>";
        let styles = "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='hh:mm:ss.000'/></numFmts>\
            <cellXfs><xf numFmtId='0'/><xf numFmtId='164'/></cellXfs></styleSheet>";
        let strings = "<sst><si><t>time</t></si><si><r><t>II </t></r><r><t>[uV]</t></r></si></sst>";
        let mut sheet = "<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='C1' t='s'><v>1</v></c></row>".to_owned();
        for row in 0..50 {
            let days = 45_413.5 + f64::from(row) * 0.004 / 86_400.0;
            let number = row + 2;
            let _ = write!(
                sheet,
                "<row r='{number}'><c r='A{number}' s='1'><v>{days:.12}</v></c><c r='C{number}'><v>{}</v></c></row>",
                row * 10
            );
        }
        sheet.push_str("</sheetData></worksheet>");
        let bytes = zip_of(&[
            ("[Content_Types].xml", b"<Types/>"),
            ("xl/workbook.xml", workbook.as_bytes()),
            ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
            ("xl/styles.xml", styles.as_bytes()),
            ("xl/sharedStrings.xml", strings.as_bytes()),
            (
                "xl/worksheets/s1.xml",
                b"<worksheet><sheetData/></worksheet>",
            ),
            ("xl/worksheets/s2.xml", sheet.as_bytes()),
        ]);
        let read = recording(
            read_first(&Bundle::from_bytes("x", bytes), Answers::default()),
            "xlsx",
        );
        let lead = &read.leads[0];
        assert_eq!((lead.name.as_str(), lead.samples.len()), ("II", 50));
        assert!((lead.rate_hz - 250.0).abs() < 1e-6, "{}", lead.rate_hz);
        assert_eq!(lead.samples.value(2), Some(0.02));
        assert_eq!(read.start.unwrap().iso(), "2024-05-01T12:00:00");
        assert_eq!(read.source.format, "xlsx");
    }

    #[test]
    fn references_are_columns() {
        assert_eq!(column_of("A1"), Some(0));
        assert_eq!(column_of("AB12"), Some(27));
        assert_eq!(column_of("12"), None);
        assert!(!shows_date("0.00\"days\"") && shows_date("yyyy-mm-dd") && !shows_date("[Red]0"));
    }

    #[test]
    fn the_sample_has_a_header_and_no_rows() {
        let Some(root) = samples() else { return };
        let bundle = Bundle {
            entries: vec![entry(&root.join("generic/two_columns_preamble.xlsx"))],
        };
        let refused = read_first(&bundle, Answers::default()).unwrap_err();
        assert!(
            matches!(&refused, ReadError::NoSignal { format, .. } if format == "xlsx"),
            "{refused}"
        );
    }
}
