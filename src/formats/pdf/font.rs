//! Codes of a font to letters: by the font's own table (`ToUnicode`), else by its encoding (ISO 32000-1, 9.10).

use super::document::Document;
use super::object::{Dict, Lexer, Value};
use std::collections::BTreeMap;

/// Most codes that a table names.
const CODES: usize = 1 << 16;
/// In fonts without a table whose codes are glyph numbers, the glyphs of ASCII usually stand in its order from
/// glyph 3 (space) on: the order of Apple's standard glyph set.
const GLYPH_SHIFT: u32 = 29;

/// How the codes of a font read.
#[derive(Debug, Default)]
pub struct Font {
    wide: bool,
    mac: bool,
    table: BTreeMap<u32, String>,
}

impl Font {
    /// The font of a font dictionary.
    pub fn new(document: &Document, dict: &Dict) -> Self {
        let mut font = Self {
            wide: document.get(dict, "Subtype").name() == Some("Type0"),
            ..Self::default()
        };
        match document.get(dict, "Encoding") {
            Value::Name(name) => font.mac = &*name == "MacRomanEncoding",
            Value::Dict(encoding) => {
                font.mac =
                    document.get(&encoding, "BaseEncoding").name() == Some("MacRomanEncoding");
                font.differences(&document.get(&encoding, "Differences"));
            }
            _ => {}
        }
        if let Some(bytes) = document.stream(&document.get(dict, "ToUnicode")) {
            font.read_table(&bytes);
        }
        font
    }

    fn differences(&mut self, list: &Value) {
        let mut code = 0_u32;
        for value in list.array().unwrap_or_default().iter().take(CODES) {
            if let Some(place) = value.place() {
                code = place as u32;
            } else if let Some(name) = value.name() {
                if let Some(letter) = letter(name) {
                    self.table.insert(code, letter.to_string());
                }
                code = code.saturating_add(1);
            }
        }
    }

    fn read_table(&mut self, bytes: &[u8]) {
        let mut lexer = Lexer::new(bytes, 0);
        let mut values: Vec<Value> = Vec::new();
        while let Some(value) = lexer.value() {
            let Value::Word(word) = &value else {
                if values.len() < CODES {
                    values.push(value);
                }
                continue;
            };
            match &**word {
                "endbfchar" => {
                    for pair in values.chunks_exact(2) {
                        if let (Value::Text(code), Value::Text(text)) = (&pair[0], &pair[1]) {
                            self.insert(number(code), utf16(text));
                        }
                    }
                }
                "endbfrange" => values.chunks_exact(3).for_each(|range| self.range(range)),
                _ => {}
            }
            values.clear();
        }
    }

    fn range(&mut self, range: &[Value]) {
        let [Value::Text(low), Value::Text(high), target] = range else {
            return;
        };
        let (low, high) = (number(low), number(high));
        for code in (low..=high).take(CODES) {
            match target {
                Value::Text(text) => {
                    let mut units: Vec<u16> = units(text);
                    if let Some(last) = units.last_mut() {
                        *last = last.wrapping_add((code - low) as u16);
                    }
                    self.insert(code, String::from_utf16_lossy(&units));
                }
                Value::Array(texts) => {
                    if let Some(Value::Text(text)) = texts.get((code - low) as usize) {
                        self.insert(code, utf16(text));
                    }
                }
                _ => {}
            }
        }
    }

    fn insert(&mut self, code: u32, text: String) {
        if self.table.len() < CODES {
            self.table.insert(code, text);
        }
    }

    /// The letters of a shown string.
    pub fn text(&self, bytes: &[u8]) -> String {
        let mut text = String::new();
        let width = if self.wide { 2 } else { 1 };
        for code in bytes.chunks(width) {
            let code = number(code);
            if let Some(letters) = self.table.get(&code) {
                text.push_str(letters);
            } else if self.wide {
                // Controls are no letters.
                let letter = char::from_u32(code.saturating_add(GLYPH_SHIFT));
                text.extend(letter.filter(|c| code <= 97 && !c.is_control()));
            } else {
                let byte = [code as u8];
                let encoding = if self.mac {
                    encoding_rs::MACINTOSH
                } else {
                    encoding_rs::WINDOWS_1252
                };
                text.push_str(&encoding.decode_without_bom_handling(&byte).0);
            }
        }
        text
    }
}

/// Big-endian number of up to four bytes.
fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .take(4)
        .fold(0, |sum, &byte| sum << 8 | u32::from(byte))
}

fn units(bytes: &[u8]) -> Vec<u16> {
    let pairs = bytes.as_chunks::<2>().0.iter();
    pairs.map(|&pair| u16::from_be_bytes(pair)).collect()
}

fn utf16(bytes: &[u8]) -> String {
    match bytes {
        [one] => char::from(*one).to_string(),
        _ => String::from_utf16_lossy(&units(bytes)),
    }
}

/// The letter of a glyph's name: itself, `uni0041`, or one of those that headers need.
fn letter(name: &str) -> Option<char> {
    let mut letters = name.chars();
    if let (Some(only), None) = (letters.next(), letters.next()) {
        return Some(only);
    }
    if let Some(code) = name.strip_prefix("uni") {
        return char::from_u32(u32::from_str_radix(code.get(..4)?, 16).ok()?);
    }
    const NAMES: [(&str, char); 30] = [
        ("space", ' '),
        ("zero", '0'),
        ("one", '1'),
        ("two", '2'),
        ("three", '3'),
        ("four", '4'),
        ("five", '5'),
        ("six", '6'),
        ("seven", '7'),
        ("eight", '8'),
        ("nine", '9'),
        ("period", '.'),
        ("comma", ','),
        ("colon", ':'),
        ("semicolon", ';'),
        ("slash", '/'),
        ("hyphen", '-'),
        ("minus", '-'),
        ("plus", '+'),
        ("equal", '='),
        ("percent", '%'),
        ("underscore", '_'),
        ("parenleft", '('),
        ("parenright", ')'),
        ("bracketleft", '['),
        ("bracketright", ']'),
        ("mu", 'µ'),
        ("degree", '°'),
        ("quotesingle", '\''),
        ("asterisk", '*'),
    ];
    NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, letter)| *letter)
}
