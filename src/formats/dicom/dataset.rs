//! Elements, sequences and items: explicit and implicit value representations, both byte orders, deflated or not.

use super::super::text;
use super::super::view::{self, View};
use super::super::{Context, ReadError};
use super::ID;
use crate::recording::Note;
use std::io::Read;
use std::ops::Range;

/// Bytes before the signature, and with it.
const PREAMBLE: usize = 128;
const START: usize = PREAMBLE + 4;
/// Most elements; an ECG with annotations has some thousand.
const MOST_ELEMENTS: usize = 500_000;
/// Length that is not told.
const UNDEFINED: u32 = u32::MAX;
const ITEM: u32 = 0xfffe_e000;
const ITEM_END: u32 = 0xfffe_e00d;
const SEQUENCE_END: u32 = 0xfffe_e0dd;
const TRANSFER_SYNTAX: u32 = 0x0002_0010;
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const IMPLICIT: &str = "1.2.840.10008.1.2";
const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
/// Representations whose length has 32 bits.
const LONG: [&[u8; 2]; 13] = [
    b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV",
];
const SHORT: [&[u8; 2]; 21] = [
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN",
    b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
];
/// Sequences that matter, for files that do not say what an element is.
const SEQUENCES: [u32; 8] = [
    0x5400_0100,
    0x003a_0200,
    0x003a_0208,
    0x003a_0209,
    0x003a_0211,
    0x0040_b020,
    0x0040_a043,
    0x0040_08ea,
];

/// A value: where its bytes are, or its items.
pub enum Value {
    Bytes(Range<usize>),
    Items(Vec<Dataset>),
}

/// An element of a data set.
pub struct Element {
    pub tag: u32,
    /// Its bytes are words, which the byte order turns.
    pub words: bool,
    pub value: Value,
}

/// Elements in the order of the file.
#[derive(Default)]
pub struct Dataset(pub Vec<Element>);

impl Dataset {
    fn find(&self, tag: u32) -> Option<&Element> {
        self.0.iter().find(|element| element.tag == tag)
    }

    /// The items of a sequence.
    pub fn items(&self, tag: u32) -> &[Dataset] {
        match self.find(tag).map(|element| &element.value) {
            Some(Value::Items(items)) => items,
            _ => &[],
        }
    }

    /// The bytes of an element and whether they are words.
    pub fn range(&self, tag: u32) -> Option<(Range<usize>, bool)> {
        let element = self.find(tag)?;
        match &element.value {
            Value::Bytes(range) => Some((range.clone(), element.words)),
            Value::Items(_) => None,
        }
    }
}

/// A file with what its head says of the rest.
pub struct File {
    pub bytes: Vec<u8>,
    /// Where the data set begins.
    start: usize,
    explicit: bool,
    pub big: bool,
    japanese: Option<&'static encoding_rs::Encoding>,
}

fn damaged(at: usize, expected: &str, found: impl Into<String>) -> ReadError {
    ReadError::damaged_at(ID, at as u64, expected, found)
}

fn is_representation(vr: &[u8]) -> bool {
    LONG.iter().chain(&SHORT).any(|known| vr == *known)
}

/// Whether a file without a preamble begins with DICOM elements: three in ascending order that fit each other.
pub fn begins_without_preamble(bytes: &[u8]) -> bool {
    let view = View::little(bytes);
    let (mut at, mut before) = (0_usize, 0_u32);
    for _ in 0..3 {
        let (Some(group), Some(element)) = (view.u16(at), view.u16(at + 2)) else {
            return false;
        };
        let tag = u32::from(group) << 16 | u32::from(element);
        let vr = view.slice(at + 4, 2).unwrap_or_default();
        let (length, head) = if is_representation(vr) {
            if LONG.iter().any(|known| vr == *known) {
                (view.u32(at + 8), 12)
            } else {
                (view.u16(at + 6).map(u32::from), 8)
            }
        } else {
            (view.u32(at + 4), 8)
        };
        let Some(length) = length else {
            return false;
        };
        if !matches!(group, 2 | 8) || tag <= before || length > 1024 || !length.is_multiple_of(2) {
            return false;
        }
        before = tag;
        at += head + length as usize;
    }
    true
}

impl File {
    pub fn open(bytes: Vec<u8>, name: &str, context: &mut Context) -> Result<Self, ReadError> {
        let start = if bytes.get(PREAMBLE..START) == Some(b"DICM") {
            START
        } else {
            context.note(Note::new("no-preamble"));
            0
        };
        let mut file = Self {
            bytes,
            start,
            explicit: true,
            big: false,
            japanese: None,
        };
        let syntax = file.meta(context)?;
        if syntax == DEFLATED {
            let limit = context.limits.bytes;
            let packed = file.bytes.get(file.start..).unwrap_or_default();
            let mut unpacked = Vec::new();
            let mut reader = flate2::read::DeflateDecoder::new(packed).take(limit + 1);
            if reader.read_to_end(&mut unpacked).is_err() {
                context.note(Note::new("cut-document").with("file", name));
            }
            context.check_bytes(unpacked.len() as u64)?;
            if unpacked.is_empty() {
                return Err(damaged(file.start, "deflated data", "something else"));
            }
            file.bytes = unpacked;
            file.start = 0;
        }
        file.big = syntax == BIG_ENDIAN;
        // Writers contradict their own head; the first element shows what is there.
        let vr = file
            .bytes
            .get(file.start + 4..file.start + 6)
            .unwrap_or_default();
        file.explicit = is_representation(vr);
        if !syntax.is_empty() && (syntax == IMPLICIT) == file.explicit {
            context.note(Note::new("odd-header"));
        }
        Ok(file)
    }

    /// The transfer syntax of the file meta group, which is always explicit and little-endian.
    fn meta(&mut self, context: &Context) -> Result<String, ReadError> {
        let mut syntax = String::new();
        let mut at = self.start;
        let view = View::little(&self.bytes);
        while view.u16(at) == Some(2) {
            let mut parser = Parser::new(&self.bytes, true, false, context);
            let element = parser.element(&mut at, self.bytes.len(), 0)?;
            if let Some(element) = element
                && element.tag == TRANSFER_SYNTAX
                && let Value::Bytes(range) = element.value
            {
                syntax = view::text(self.bytes.get(range).unwrap_or_default());
            }
        }
        self.start = at;
        Ok(syntax)
    }

    /// The data set.
    pub fn dataset(&self, context: &mut Context) -> Result<Dataset, ReadError> {
        let mut parser = Parser::new(&self.bytes, self.explicit, self.big, context);
        let mut at = self.start;
        let set = parser.dataset(&mut at, self.bytes.len(), 0)?;
        let cut = parser.cut;
        if cut {
            context.note(Note::new("cut-document").with("file", "DICOM"));
        }
        Ok(set)
    }

    pub fn slice(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// A text, without the padding at its end.
    pub fn text(&self, set: &Dataset, tag: u32) -> String {
        let bytes = set.range(tag).map(|(range, _)| self.slice(range));
        let bytes = bytes.unwrap_or_default();
        let zero = bytes
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(bytes.len());
        let bytes = bytes.get(..zero).unwrap_or_default();
        if bytes.contains(&0x1b) {
            let (text, _) = encoding_rs::ISO_2022_JP.decode_without_bom_handling(bytes);
            return text.trim().to_owned();
        }
        if let Some(encoding) = self.japanese {
            return encoding
                .decode_without_bom_handling(bytes)
                .0
                .trim()
                .to_owned();
        }
        view::text(bytes)
    }

    /// A decimal text (the first of several values).
    pub fn decimal(&self, set: &Dataset, tag: u32) -> Option<f64> {
        let text = self.text(set, tag);
        text::number(text.split('\\').next()?, true)
    }

    fn view(&self) -> View<'_> {
        View {
            bytes: &self.bytes,
            big: self.big,
        }
    }

    /// An integer of 16 or 32 bits.
    pub fn integer(&self, set: &Dataset, tag: u32) -> Option<u64> {
        let (range, _) = set.range(tag)?;
        self.view().unsigned(range.start, range.len())
    }

    /// Integers of `width` bytes.
    pub fn integers(&self, set: &Dataset, tag: u32, width: usize) -> Vec<u64> {
        let Some((range, _)) = set.range(tag) else {
            return Vec::new();
        };
        let view = self.view();
        range
            .clone()
            .step_by(width)
            .filter(|at| at + width <= range.end)
            .filter_map(|at| view.unsigned(at, width))
            .collect()
    }
}

/// Walks bytes.
struct Parser<'a> {
    view: View<'a>,
    explicit: bool,
    depth: usize,
    elements: usize,
    /// Something reached beyond the end.
    cut: bool,
}

impl<'a> Parser<'a> {
    fn new(bytes: &'a [u8], explicit: bool, big: bool, context: &Context) -> Self {
        Self {
            view: View { bytes, big },
            explicit,
            depth: context.limits.depth,
            elements: 0,
            cut: false,
        }
    }

    fn tag(&self, at: usize) -> Option<u32> {
        let (group, element) = (self.view.u16(at)?, self.view.u16(at.checked_add(2)?)?);
        Some(u32::from(group) << 16 | u32::from(element))
    }

    /// Elements up to `end`, or to the end of an item.
    fn dataset(&mut self, at: &mut usize, end: usize, depth: usize) -> Result<Dataset, ReadError> {
        let mut set = Dataset::default();
        while *at < end {
            match self.element(at, end, depth)? {
                Some(element) => set.0.push(element),
                None => break,
            }
        }
        Ok(set)
    }

    /// One element; `None` at the end of an item, or where the file ends within it.
    fn element(
        &mut self,
        at: &mut usize,
        end: usize,
        depth: usize,
    ) -> Result<Option<Element>, ReadError> {
        let place = *at;
        let Some(tag) = self.tag(place) else {
            self.cut = true;
            *at = end;
            return Ok(None);
        };
        if tag == ITEM_END || tag == SEQUENCE_END {
            *at = place.saturating_add(8);
            return Ok(None);
        }
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return Err(ReadError::TooLarge {
                what: "elements",
                found: self.elements as u64,
                limit: MOST_ELEMENTS as u64,
            });
        }
        let vr = self.view.slice(place + 4, 2).unwrap_or_default();
        let explicit = self.explicit && is_representation(vr);
        let long = !explicit || LONG.iter().any(|known| vr == *known);
        let (length, from) = match (explicit, long) {
            (false, _) => (self.view.u32(place + 4), place + 8),
            (true, true) => (self.view.u32(place + 8), place + 12),
            (true, false) => (self.view.u16(place + 6).map(u32::from), place + 8),
        };
        let Some(length) = length else {
            self.cut = true;
            *at = end;
            return Ok(None);
        };
        let (of_words, unknown) = (vr == b"OW" || !explicit, explicit && vr == b"UN");
        let sequence = (explicit && vr == b"SQ")
            || length == UNDEFINED
            || ((!explicit || unknown) && SEQUENCES.contains(&tag));
        if sequence {
            // What is unknown is written without representations.
            let before = self.explicit;
            self.explicit = before && !unknown;
            let items = self.sequence(at, from, length, end, depth + 1);
            self.explicit = before;
            return Ok(Some(Element {
                tag,
                words: false,
                value: Value::Items(items?),
            }));
        }
        let to = from.saturating_add(length as usize);
        if to > end {
            self.cut = true;
        }
        *at = to.min(end);
        Ok(Some(Element {
            tag,
            words: of_words,
            value: Value::Bytes(from.min(end)..to.min(end)),
        }))
    }

    /// The items of a sequence that begins at `from`.
    fn sequence(
        &mut self,
        at: &mut usize,
        from: usize,
        length: u32,
        end: usize,
        depth: usize,
    ) -> Result<Vec<Dataset>, ReadError> {
        if depth > self.depth {
            return Err(damaged(
                from,
                "sequences within each other to a sound depth",
                format!("more than {}", self.depth),
            ));
        }
        let told = from.saturating_add(length as usize);
        let until = if length == UNDEFINED {
            end
        } else {
            told.min(end)
        };
        if length != UNDEFINED && told > end {
            self.cut = true;
        }
        let mut items = Vec::new();
        let mut place = from;
        while place < until {
            let (Some(tag), Some(size)) = (self.tag(place), self.view.u32(place + 4)) else {
                self.cut = true;
                break;
            };
            place += 8;
            if tag == SEQUENCE_END {
                *at = place;
                return Ok(items);
            }
            if tag != ITEM {
                return Err(damaged(
                    place - 8,
                    "an item of a sequence",
                    format!("the tag ({:04x},{:04x})", tag >> 16, tag & 0xffff),
                ));
            }
            let size_end = place.saturating_add(size as usize);
            let item_end = if size == UNDEFINED {
                until
            } else {
                size_end.min(until)
            };
            let mut within = place;
            let set = self.dataset(&mut within, item_end, depth)?;
            items.push(set);
            place = if size == UNDEFINED { within } else { item_end };
            if size != UNDEFINED && size_end > until {
                self.cut = true;
            }
            self.elements += 1;
            if self.elements > MOST_ELEMENTS {
                return Err(ReadError::TooLarge {
                    what: "elements",
                    found: self.elements as u64,
                    limit: MOST_ELEMENTS as u64,
                });
            }
        }
        *at = until.max(place.min(end));
        if length == UNDEFINED && place >= until {
            self.cut = true;
        }
        Ok(items)
    }
}

impl File {
    /// Sets the encoding of names where the data set declares a Japanese one without escapes.
    pub fn set_encoding(&mut self, set: &Dataset) {
        if self.text(set, 0x0008_0005).starts_with("ISO_IR 13") {
            self.japanese = Some(encoding_rs::SHIFT_JIS);
        }
    }
}
