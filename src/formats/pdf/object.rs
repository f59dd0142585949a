//! PDF objects and the words of content streams (ISO 32000-1, 7.2 and 7.3).

use std::collections::BTreeMap;
use std::rc::Rc;

/// Deepest nesting of arrays and dictionaries that is followed.
const DEPTH: usize = 32;

/// A dictionary.
pub type Dict = BTreeMap<String, Value>;

/// An object. Copies are cheap: what may be large is shared.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Nothing,
    /// `true` or `false`
    Flag(bool),
    /// Integer or real.
    Number(f64),
    /// `/Name` without the slash.
    Name(Rc<str>),
    /// `(text)` or `<hex>`.
    Text(Rc<[u8]>),
    /// `[...]`
    Array(Rc<[Value]>),
    /// `<<...>>`
    Dict(Rc<Dict>),
    /// `5 0 R`
    Reference(u32),
    /// A stream: its dictionary and where its bytes begin in the file.
    Stream(Rc<Dict>, usize),
    /// Any other word: an operator of a content stream, `obj`, `endobj`.
    Word(Rc<str>),
}

impl Value {
    /// The number.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The number as a count or place: whole, not negative.
    pub fn place(&self) -> Option<usize> {
        let number = self.number()?;
        ((0.0..4.5e15).contains(&number) && number.fract() == 0.0).then_some(number as usize)
    }

    /// The name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The elements.
    pub fn array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The dictionary, also that of a stream.
    pub fn dict(&self) -> Option<&Rc<Dict>> {
        match self {
            Self::Dict(dict) | Self::Stream(dict, _) => Some(dict),
            _ => None,
        }
    }

    fn is_word(&self, wanted: &str) -> bool {
        matches!(self, Self::Word(word) if &**word == wanted)
    }
}

/// Whether a byte is white space.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

/// Reads objects one after the other.
pub struct Lexer<'a> {
    /// All bytes.
    pub bytes: &'a [u8],
    /// Where the next object is looked for.
    pub at: usize,
}

impl<'a> Lexer<'a> {
    /// Reads from `at`.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes white space and comments.
    pub fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| byte != 10 && byte != 13) {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// The next object; `None` at the end. What has no meaning comes as a word.
    pub fn value(&mut self) -> Option<Value> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Option<Value> {
        self.skip_space();
        let byte = self.peek()?;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if depth > DEPTH {
            return None;
        }
        match byte {
            b'/' => {
                self.at += 1;
                Some(Value::Name(self.name().into()))
            }
            b'(' => Some(Value::Text(self.literal().into())),
            b'<' if rest.starts_with(b"<<") => {
                self.at += 2;
                self.dict(depth)
            }
            b'<' => Some(Value::Text(self.hexadecimal().into())),
            b'[' => {
                self.at += 1;
                let mut array = Vec::new();
                loop {
                    self.skip_space();
                    if self.peek()? == b']' {
                        self.at += 1;
                        return Some(Value::Array(array.into()));
                    }
                    let value = self.nested(depth + 1)?;
                    if value.is_word("endobj") || value.is_word("obj") {
                        return None;
                    }
                    push_or_refer(&mut array, value);
                }
            }
            _ if is_delimiter(byte) => {
                self.at += 1;
                Some(Value::Word(char::from(byte).to_string().into()))
            }
            _ => Some(self.regular()),
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Value> {
        let mut flat: Vec<Value> = Vec::new();
        loop {
            self.skip_space();
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if rest.starts_with(b">>") {
                self.at += 2;
                break;
            }
            // A dictionary that is not closed ends where its object ends.
            if rest.is_empty() || rest.starts_with(b"endobj") || rest.starts_with(b"stream") {
                break;
            }
            let value = self.nested(depth + 1)?;
            push_or_refer(&mut flat, value);
        }
        let mut dict = Dict::new();
        let mut values = flat.into_iter().peekable();
        while let Some(key) = values.next() {
            if let Value::Name(key) = key {
                let value = values.next().unwrap_or(Value::Nothing);
                dict.insert(key.to_string(), value);
            }
        }
        Some(Value::Dict(Rc::new(dict)))
    }

    fn name(&mut self) -> String {
        let mut name = Vec::new();
        while let Some(byte) = self.peek() {
            if is_space(byte) || is_delimiter(byte) {
                break;
            }
            self.at += 1;
            let code = self.bytes.get(self.at..self.at + 2);
            match code.and_then(|code| Some((hex(code[0])?, hex(code[1])?))) {
                Some((high, low)) if byte == b'#' => {
                    name.push(high << 4 | low);
                    self.at += 2;
                }
                _ => name.push(byte),
            }
        }
        String::from_utf8_lossy(&name).into_owned()
    }

    fn literal(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut text = Vec::new();
        let mut open = 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        break;
                    }
                }
                b'\\' => {
                    self.escape(&mut text);
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\n' => {}
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
            }
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    match self.peek() {
                        Some(digit @ b'0'..=b'7') => {
                            code = code * 8 + u32::from(digit - b'0');
                            self.at += 1;
                        }
                        _ => break,
                    }
                }
                text.push(code as u8);
            }
            other => text.push(other),
        }
    }

    fn hexadecimal(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut text = Vec::new();
        let mut high = None;
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'>' {
                break;
            }
            let Some(digit) = hex(byte) else { continue };
            match high.take() {
                Some(high) => text.push(high << 4 | digit),
                None => high = Some(digit),
            }
        }
        text.extend(high.map(|high| high << 4));
        text
    }

    /// A number or a word.
    fn regular(&mut self) -> Value {
        let from = self.at;
        while self
            .peek()
            .is_some_and(|byte| !is_space(byte) && !is_delimiter(byte))
        {
            self.at += 1;
        }
        let word = self.bytes.get(from..self.at).unwrap_or_default();
        if let Some(number) = number(word) {
            return Value::Number(number);
        }
        match word {
            b"null" => Value::Nothing,
            b"true" => Value::Flag(true),
            b"false" => Value::Flag(false),
            _ => Value::Word(String::from_utf8_lossy(word).into()),
        }
    }

    /// The object `number generation obj ... endobj` at the current place: its number and the object.
    pub fn indirect(&mut self) -> Option<(u32, Value)> {
        let number = self.value()?.place()?;
        self.value()?.place()?;
        if !self.value()?.is_word("obj") {
            return None;
        }
        let number = u32::try_from(number).ok()?;
        let mut value = self.value()?;
        // `5 0 obj 7 0 R endobj`: the object is a reference.
        if let Some(target) = value.place() {
            let mut ahead = Lexer::new(self.bytes, self.at);
            if ahead.value().is_some_and(|v| v.place().is_some())
                && ahead.value().is_some_and(|v| v.is_word("R"))
            {
                return Some((number, Value::Reference(u32::try_from(target).ok()?)));
            }
        }
        let after = self.at;
        self.skip_space();
        if let Value::Dict(dict) = &value
            && self
                .bytes
                .get(self.at..)
                .is_some_and(|rest| rest.starts_with(b"stream"))
        {
            self.at += 6;
            if self.peek() == Some(b'\r') {
                self.at += 1;
            }
            if self.peek() == Some(b'\n') {
                self.at += 1;
            }
            value = Value::Stream(Rc::clone(dict), self.at);
        } else {
            self.at = after;
        }
        Some((number, value))
    }
}

/// Appends a value; `5 0 R` becomes a reference.
fn push_or_refer(values: &mut Vec<Value>, value: Value) {
    if value.is_word("R")
        && let [.., number, generation] = values.as_slice()
        && let (Some(number), Some(_)) = (number.place(), generation.place())
        && let Ok(number) = u32::try_from(number)
    {
        values.truncate(values.len() - 2);
        values.push(Value::Reference(number));
        return;
    }
    values.push(value);
}

/// A number as PDF writes it: no exponent; `--5` and `5-3` of careless writers are read as far as they go.
fn number(word: &[u8]) -> Option<f64> {
    let (negative, digits) = match word.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, word),
    };
    let digits = digits.strip_prefix(b"-").unwrap_or(digits);
    let (mut value, mut scale, mut any) = (0.0_f64, 0.0_f64, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                any = true;
                value = value * 10.0 + f64::from(byte - b'0');
                scale *= 10.0;
            }
            b'.' if scale == 0.0 => scale = 1.0,
            b'-' if any => break,
            _ => return None,
        }
    }
    if !any {
        return None;
    }
    let value = if scale > 1.0 { value / scale } else { value };
    Some(if negative { -value } else { value })
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_object_is_read() {
        let text = b"<< /A#20b [1 -2.50 .5 (a\\(b\\051\\n(c)) <4142 4>] /B 5 0 R % comment\n /C << /D null >> >> BT";
        let mut lexer = Lexer::new(text, 0);
        let value = lexer.value().unwrap();
        let dict = value.dict().unwrap();
        let array = dict["A b"].array().unwrap();
        assert_eq!(array[1], Value::Number(-2.5));
        assert_eq!(array[2], Value::Number(0.5));
        assert_eq!(array[3], Value::Text(b"a(b)\n(c)".as_slice().into()));
        assert_eq!(array[4], Value::Text([0x41, 0x42, 0x40].as_slice().into()));
        assert_eq!(dict["B"], Value::Reference(5));
        assert!(lexer.value().unwrap().is_word("BT"));
        assert_eq!(lexer.value(), None);
    }

    #[test]
    fn an_indirect_object_with_its_stream_is_found() {
        let mut lexer = Lexer::new(
            b"7 0 obj\n<</Length 3>>\nstream\r\nabc\nendstream endobj",
            0,
        );
        let (number, value) = lexer.indirect().unwrap();
        assert_eq!(number, 7);
        assert!(matches!(value, Value::Stream(_, 30)), "{value:?}");
    }

    #[test]
    fn deep_nesting_ends() {
        let deep = vec![b'['; 100_000];
        assert_eq!(Lexer::new(&deep, 0).value(), None);
    }
}
