//! A PDF file: where its objects are, and what they say (ISO 32000-1, 7.5).

use super::crypt::{Key, Method, Settings};
use super::filter::{predictor, undo};
use super::object::{Dict, Lexer, Value};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Bytes that all streams of a file may unpack to.
const UNPACKED: usize = 192 << 20;
/// Most objects of a file.
const OBJECTS: usize = 1 << 20;
/// Most pages that are looked at.
const PAGES: usize = 300;
/// References that are followed one after the other.
const STEPS: usize = 16;

#[derive(Clone, Copy, Debug)]
enum Place {
    /// At a byte of the file.
    At(usize),
    /// In an object stream.
    Within { stream: u32, index: usize },
}

/// An open document.
pub struct Document {
    bytes: Vec<u8>,
    places: BTreeMap<u32, Place>,
    /// The trailer's dictionary.
    pub trailer: Dict,
    known: RefCell<BTreeMap<u32, Value>>,
    packed: RefCell<BTreeMap<u32, Rc<Packed>>>,
    left: Cell<usize>,
    /// Bytes that may still be walked while looking for objects: a small multiple of the file's size.
    work: Cell<usize>,
    /// Number and generation of the object whose stream begins at a byte.
    owners: RefCell<BTreeMap<usize, (u32, u16)>>,
    key: Option<Key>,
    locked: bool,
}

/// An object stream, unpacked.
struct Packed {
    bytes: Vec<u8>,
    /// Number of each object and where it begins.
    index: Vec<(u32, usize)>,
}

impl Document {
    /// Opens a file by its tables, or, where they lead nowhere, by looking for its objects.
    pub fn open(bytes: Vec<u8>) -> Self {
        let work = bytes.len().saturating_mul(32).saturating_add(1 << 20);
        let mut document = Self {
            work: Cell::new(work),
            bytes,
            places: BTreeMap::new(),
            trailer: Dict::new(),
            known: RefCell::default(),
            packed: RefCell::default(),
            left: Cell::new(UNPACKED),
            owners: RefCell::default(),
            key: None,
            locked: false,
        };
        let told = document.read_tables();
        document.unlock();
        if told.is_none() || (document.pages().is_empty() && !document.locked) {
            document.rebuild();
        }
        document
    }

    /// The object that begins at a byte, its walk paid for.
    fn indirect(&self, at: usize) -> Option<(u32, Value)> {
        if self.work.get() == 0 {
            return None;
        }
        let mut lexer = Lexer::new(&self.bytes, at);
        let found = lexer.indirect();
        self.pay(lexer.at.saturating_sub(at));
        if let Some((number, Value::Stream(_, from))) = &found {
            let mut head = Lexer::new(&self.bytes, at);
            head.value();
            let generation = head.value().and_then(|value| value.place()).unwrap_or(0);
            self.owners
                .borrow_mut()
                .insert(*from, (*number, generation as u16));
        }
        found
    }

    /// Finds the key where the file is encrypted.
    fn unlock(&mut self) {
        let settings = self.get(&self.trailer, "Encrypt");
        let Some(dict) = settings.dict() else {
            self.locked = self.trailer.contains_key("Encrypt");
            return;
        };
        let number = |key: &str| self.get(dict, key).number();
        let text = |value: Value| match value {
            Value::Text(text) => text.to_vec(),
            _ => Vec::new(),
        };
        let version = number("V").unwrap_or(0.0);
        let method = if version < 4.0 {
            Some(Method::Rc4)
        } else {
            self.crypt_filter(dict)
        };
        let id = match self.get(&self.trailer, "ID") {
            Value::Array(id) => id
                .first()
                .map(|id| text(self.follow(id)))
                .unwrap_or_default(),
            _ => Vec::new(),
        };
        let bits = if version < 2.0 {
            40.0
        } else {
            number("Length").unwrap_or(if version < 4.0 { 40.0 } else { 128.0 })
        };
        let length = if version >= 4.0 {
            16
        } else {
            (bits / 8.0) as usize
        };
        let standard =
            self.get(dict, "Filter").name() == Some("Standard") && (1.0..5.0).contains(&version);
        let key = method.filter(|_| standard).and_then(|method| {
            Key::of_empty_password(&Settings {
                revision: number("R")? as usize,
                length,
                owner: &text(self.get(dict, "O")),
                user: &text(self.get(dict, "U")),
                permissions: number("P")? as i64 as u32,
                id: &id,
                metadata: self.get(dict, "EncryptMetadata") != Value::Flag(false),
                method,
            })
        });
        self.locked = key.is_none();
        self.key = key;
    }

    /// The method of the filter for streams; `None` where it is not known.
    fn crypt_filter(&self, dict: &Dict) -> Option<Method> {
        let name = self.get(dict, "StmF");
        let name = name.name().unwrap_or("Identity");
        if name == "Identity" {
            return Some(Method::Plain);
        }
        let filters = self.get(dict, "CF");
        let filter = self.get(filters.dict()?, name);
        match self.get(filter.dict()?, "CFM").name()? {
            "V2" => Some(Method::Rc4),
            "AESV2" => Some(Method::Aes),
            "None" => Some(Method::Plain),
            _ => None,
        }
    }

    fn pay(&self, bytes: usize) {
        self.work.set(self.work.get().saturating_sub(bytes + 1));
    }

    /// Whether the file needs a password, or is encrypted in a way that is not read.
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Follows `startxref` and the tables before it.
    fn read_tables(&mut self) -> Option<()> {
        let tail_at = self.bytes.len().saturating_sub(2048);
        let tail = self.bytes.get(tail_at..)?;
        let word = b"startxref";
        let at = tail.windows(word.len()).rposition(|w| w == word)?;
        let mut next = Lexer::new(self.bytes.as_slice(), tail_at + at + word.len())
            .value()?
            .place();
        let mut seen = BTreeSet::new();
        let mut first = true;
        while let Some(at) = next {
            if !seen.insert(at) || seen.len() > 1000 {
                break;
            }
            let Some(trailer) = self.table(at) else {
                if first {
                    return None;
                }
                break;
            };
            // A hybrid file: the stream's entries stand beside the table's.
            if let Some(at) = trailer.get("XRefStm").and_then(Value::place)
                && seen.insert(at)
            {
                self.table(at);
            }
            next = trailer.get("Prev").and_then(Value::place);
            for (key, value) in trailer {
                self.trailer.entry(key).or_insert(value);
            }
            first = false;
        }
        self.trailer.contains_key("Root").then_some(())
    }

    /// Reads the table or stream at a byte; entries that are already known are newer.
    fn table(&mut self, at: usize) -> Option<Dict> {
        let mut lexer = Lexer::new(&self.bytes, at);
        lexer.skip_space();
        if !self.bytes.get(lexer.at..)?.starts_with(b"xref") {
            return self.table_stream(at);
        }
        lexer.at += 4;
        let mut found = Vec::new();
        loop {
            let from = match lexer.value()? {
                Value::Word(word) if &*word == "trailer" => break,
                value => value.place()?,
            };
            let count = lexer.value()?.place()?;
            for number in from..from.checked_add(count)? {
                if found.len() > OBJECTS {
                    return None;
                }
                let offset = lexer.value()?.place()?;
                lexer.value()?.place()?;
                if let Value::Word(word) = lexer.value()?
                    && &*word == "n"
                {
                    found.push((u32::try_from(number).ok()?, Place::At(offset)));
                }
            }
        }
        let trailer = lexer.value()?;
        for (number, place) in found {
            self.places.entry(number).or_insert(place);
        }
        trailer.dict().map(|dict| (**dict).clone())
    }

    fn table_stream(&mut self, at: usize) -> Option<Dict> {
        let (_, value) = self.indirect(at)?;
        let dict = Rc::clone(value.dict()?);
        if dict.get("Type")?.name()? != "XRef" {
            return None;
        }
        let widths: Vec<usize> = dict
            .get("W")?
            .array()?
            .iter()
            .filter_map(|width| width.place().filter(|width| *width <= 8))
            .collect();
        let [kind, second, third] = widths.as_slice().try_into().ok()?;
        let row: usize = widths.iter().sum();
        if row == 0 {
            return None;
        }
        let bytes = self.stream(&value)?;
        let size = dict.get("Size").and_then(Value::place).unwrap_or(0);
        let ranges: Vec<usize> = match dict.get("Index").and_then(Value::array) {
            Some(index) => index.iter().filter_map(Value::place).collect(),
            None => vec![0, size],
        };
        let mut rows = bytes.chunks_exact(row);
        for range in ranges.chunks_exact(2) {
            for number in (range[0]..).take(range[1]) {
                let Some(row) = rows.next() else { break };
                let field = |from: usize, width: usize| {
                    let bytes = row.get(from..from + width).unwrap_or_default();
                    bytes
                        .iter()
                        .fold(0_usize, |sum, &b| sum << 8 | usize::from(b))
                };
                let place = match if kind == 0 { 1 } else { field(0, kind) } {
                    1 => Place::At(field(kind, second)),
                    2 => Place::Within {
                        stream: field(kind, second) as u32,
                        index: field(kind + second, third),
                    },
                    _ => continue,
                };
                if self.places.len() < OBJECTS {
                    self.places.entry(number as u32).or_insert(place);
                }
            }
        }
        Some((*dict).clone())
    }

    /// Looks for `number generation obj` all over the file; later ones replace earlier ones.
    fn rebuild(&mut self) {
        self.places.clear();
        self.known.borrow_mut().clear();
        self.packed.borrow_mut().clear();
        let mut streams = Vec::new();
        let mut roots = Vec::new();
        let mut at = 0;
        while let Some(found) = find(&self.bytes, at, b"obj") {
            at = found + 3;
            let Some(start) = object_start(&self.bytes, found) else {
                continue;
            };
            let Some((number, value)) = self.indirect(start) else {
                continue;
            };
            if self.places.len() >= OBJECTS {
                break;
            }
            self.places.insert(number, Place::At(start));
            if let Some(dict) = value.dict() {
                match dict.get("Type").and_then(Value::name) {
                    Some("ObjStm") => streams.push(number),
                    Some("Catalog") => roots.push(number),
                    Some("XRef") => {
                        for key in ["Root", "Info", "Encrypt"] {
                            if let Some(value) = dict.get(key) {
                                self.trailer.insert(key.to_owned(), value.clone());
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        let mut at = 0;
        while let Some(found) = find(&self.bytes, at, b"trailer") {
            at = found + 7;
            if let Some(value) = Lexer::new(&self.bytes, at).value()
                && let Some(dict) = value.dict()
            {
                for (key, value) in dict.iter() {
                    self.trailer.insert(key.clone(), value.clone());
                }
            }
        }
        self.unlock();
        for stream in streams {
            if let Some(packed) = self.packed(stream) {
                for (index, (number, _)) in packed.index.iter().enumerate() {
                    let place = Place::Within { stream, index };
                    self.places.entry(*number).or_insert(place);
                }
            }
        }
        let root = self.trailer.get("Root").map(|root| self.follow(root));
        if !root.is_some_and(|root| root.dict().is_some_and(|root| root.contains_key("Pages"))) {
            let packed = self.places.keys().copied().find(|&number| {
                let value = self.object(number);
                let kind = value
                    .dict()
                    .and_then(|dict| dict.get("Type")?.name().map(str::to_owned));
                kind.as_deref() == Some("Catalog")
            });
            if let Some(number) = roots.last().copied().or(packed) {
                self.trailer
                    .insert("Root".to_owned(), Value::Reference(number));
            }
        }
    }

    /// An object by its number; nothing where there is none.
    fn object(&self, number: u32) -> Value {
        if let Some(value) = self.known.borrow().get(&number) {
            return value.clone();
        }
        let value = self.load(number).unwrap_or(Value::Nothing);
        self.known.borrow_mut().insert(number, value.clone());
        value
    }

    fn load(&self, number: u32) -> Option<Value> {
        match *self.places.get(&number)? {
            Place::At(at) => {
                let (found, value) = self.indirect(at)?;
                (found == number).then_some(value)
            }
            Place::Within { stream, index } => {
                let packed = self.packed(stream)?;
                let at = match packed.index.get(index) {
                    Some((found, at)) if *found == number => *at,
                    _ => packed.index.iter().find(|(found, _)| *found == number)?.1,
                };
                Lexer::new(&packed.bytes, at).value()
            }
        }
    }

    fn packed(&self, stream: u32) -> Option<Rc<Packed>> {
        if let Some(packed) = self.packed.borrow().get(&stream) {
            return Some(Rc::clone(packed));
        }
        // An object stream must stand in the file itself.
        let Some(Place::At(at)) = self.places.get(&stream).copied() else {
            return None;
        };
        let (_, value) = self.indirect(at)?;
        let dict = Rc::clone(value.dict()?);
        let count = self.get(&dict, "N").place()?;
        let first = self.get(&dict, "First").place()?;
        let bytes = self.stream(&value)?;
        let mut lexer = Lexer::new(&bytes, 0);
        let mut index = Vec::new();
        while index.len() < count.min(OBJECTS) && lexer.at < first {
            let (Some(number), Some(at)) = (
                lexer.value().and_then(|value| value.place()),
                lexer.value().and_then(|value| value.place()),
            ) else {
                break;
            };
            index.push((number as u32, first.saturating_add(at)));
        }
        let packed = Rc::new(Packed { bytes, index });
        self.packed.borrow_mut().insert(stream, Rc::clone(&packed));
        Some(packed)
    }

    /// The value itself, references followed.
    pub fn follow(&self, value: &Value) -> Value {
        let mut value = value.clone();
        for _ in 0..STEPS {
            match value {
                Value::Reference(number) => value = self.object(number),
                other => return other,
            }
        }
        Value::Nothing
    }

    /// The value of a key, references followed; nothing where it is absent.
    pub fn get(&self, dict: &Dict, key: &str) -> Value {
        dict.get(key)
            .map_or(Value::Nothing, |value| self.follow(value))
    }

    /// The unpacked bytes of a stream; `None` where a filter is not known or the budget is used up.
    pub fn stream(&self, value: &Value) -> Option<Vec<u8>> {
        let Value::Stream(dict, at) = value else {
            return None;
        };
        let raw = self.raw(dict, *at)?;
        let list = |value: Value| match value {
            Value::Array(array) => array.iter().map(|v| self.follow(v)).collect(),
            Value::Nothing => Vec::new(),
            other => vec![other],
        };
        let key = |long: &str, short: &str| match self.get(dict, long) {
            Value::Nothing => self.get(dict, short),
            found => found,
        };
        let filters: Vec<Value> = list(key("Filter", "F"));
        let parameters: Vec<Value> = list(key("DecodeParms", "DP"));
        if filters.len() > 8 {
            return None;
        }
        let owner = self.owners.borrow().get(at).copied();
        let mut bytes = match (&self.key, owner) {
            (Some(key), Some((number, generation))) if !is_table(dict) => {
                key.decrypt(raw, number, generation)
            }
            _ => raw.to_vec(),
        };
        for (at, filter) in filters.iter().enumerate() {
            let parameter = parameters.get(at).and_then(Value::dict);
            let predictor = parameter.and_then(|p| predictor(|key| Some(self.get(p, key))));
            let limit = self.left.get();
            bytes = undo(filter.name()?, &bytes, predictor, limit)?;
            self.left.set(limit.saturating_sub(bytes.len()));
        }
        if self.left.get() == 0 {
            return None;
        }
        Some(bytes)
    }

    /// The bytes of a stream as they stand in the file: by its length, or to `endstream` where that is wrong.
    fn raw(&self, dict: &Dict, at: usize) -> Option<&[u8]> {
        let length = dict.get("Length").and_then(|length| match length {
            // Asking for the length must not lead into this stream again.
            Value::Reference(number) => match self.places.get(number)? {
                Place::At(at) => self.indirect(*at)?.1.place(),
                Place::Within { .. } => None,
            },
            other => other.place(),
        });
        if let Some(end) = length.and_then(|length| at.checked_add(length))
            && let Some(raw) = self.bytes.get(at..end)
        {
            let mut lexer = Lexer::new(&self.bytes, end);
            lexer.skip_space();
            let rest = self.bytes.get(lexer.at..)?;
            if rest.starts_with(b"endstream") || rest.starts_with(b"endobj") {
                return Some(raw);
            }
        }
        if self.work.get() == 0 {
            return None;
        }
        let end = find(&self.bytes, at, b"endstream").unwrap_or(self.bytes.len());
        self.pay(end.saturating_sub(at));
        self.bytes.get(at..end)
    }

    /// The pages in order, with what they inherit.
    pub fn pages(&self) -> Vec<Dict> {
        let mut pages = Vec::new();
        let Some(root) = self.trailer.get("Root").map(|root| self.follow(root)) else {
            return pages;
        };
        let Some(tree) = root.dict().map(|root| self.get(root, "Pages")) else {
            return pages;
        };
        let mut seen = 0;
        self.branch(&tree, &Dict::new(), 0, &mut seen, &mut pages);
        pages
    }

    fn branch(
        &self,
        node: &Value,
        above: &Dict,
        depth: usize,
        seen: &mut usize,
        pages: &mut Vec<Dict>,
    ) {
        *seen += 1;
        let Some(node) = node.dict() else { return };
        if depth > STEPS || *seen > 10 * PAGES || pages.len() >= PAGES {
            return;
        }
        let mut merged = Dict::new();
        for key in [
            "Resources",
            "MediaBox",
            "CropBox",
            "Rotate",
            "UserUnit",
            "Contents",
        ] {
            if let Some(value) = node.get(key).or_else(|| above.get(key)) {
                merged.insert(key.to_owned(), value.clone());
            }
        }
        match self.get(node, "Kids") {
            Value::Array(kids) => {
                merged.remove("Contents");
                for kid in kids.iter() {
                    self.branch(&self.follow(kid), &merged, depth + 1, seen, pages);
                }
            }
            _ => pages.push(merged),
        }
    }

    /// The content of a page: its streams one after the other.
    pub fn content(&self, page: &Dict) -> Vec<u8> {
        let streams = match self.get(page, "Contents") {
            Value::Array(streams) => streams.iter().map(|s| self.follow(s)).collect(),
            other => vec![other],
        };
        let mut content = Vec::new();
        for stream in streams.iter().take(4096) {
            if let Some(bytes) = self.stream(stream) {
                content.extend(bytes);
                content.push(b'\n');
            }
        }
        content
    }

    /// A text of the document information dictionary (`Producer`).
    pub fn information(&self, key: &str) -> Option<String> {
        let information = self.get(&self.trailer, "Info");
        match self.get(information.dict()?, key) {
            Value::Text(text) => match (&self.key, self.trailer.get("Info")) {
                (None, _) => Some(text_string(&text)),
                (Some(key), Some(Value::Reference(number))) => {
                    Some(text_string(&key.decrypt(&text, *number, 0)))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// A text string: UTF-16 with its mark, else bytes of Latin letters.
pub fn text_string(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => encoding_rs::UTF_16BE
            .decode_without_bom_handling(rest)
            .0
            .into_owned(),
        [0xff, 0xfe, rest @ ..] => encoding_rs::UTF_16LE
            .decode_without_bom_handling(rest)
            .0
            .into_owned(),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => encoding_rs::WINDOWS_1252
                .decode_without_bom_handling(bytes)
                .0
                .into_owned(),
        },
    }
}

/// Whether a stream is a table of the file, which is never encrypted.
fn is_table(dict: &Dict) -> bool {
    dict.get("Type").and_then(Value::name) == Some("XRef")
}

/// Where `wanted` stands at or after `from`.
fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let at = rest
        .windows(wanted.len())
        .position(|window| window == wanted)?;
    Some(from + at)
}

/// Where the object begins whose word `obj` stands at `at`: two numbers before it.
fn object_start(bytes: &[u8], at: usize) -> Option<usize> {
    let mut place = at;
    for _ in 0..2 {
        let before = place;
        while place > 0 && super::object::is_space(*bytes.get(place - 1)?) {
            place -= 1;
        }
        if place == before {
            return None;
        }
        let digits = place;
        while place > 0 && bytes.get(place - 1)?.is_ascii_digit() {
            place -= 1;
        }
        if place == digits || digits - place > 10 {
            return None;
        }
    }
    Some(place)
}
