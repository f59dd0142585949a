//! JSON as a view into its text: nothing is copied, what is not asked for is skipped over, and a text that is cut is
//! read as far as it goes (RFC 8259; lenient where nothing depends on it).

use super::series::Series;
use super::text::number;
use super::{Context, ReadError};
use std::borrow::Cow;

/// A value in a JSON text. Reaches from the value's first character to its last, or to where the text is cut.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a>(&'a str);

/// Whether a text begins as a JSON object or array.
#[must_use]
pub fn looks_like(text: &str) -> bool {
    start(text).starts_with(['{', '['])
}

fn start(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

impl<'a> Json<'a> {
    /// The object or array that a text is; `None` when it is neither.
    #[must_use]
    pub fn root(text: &'a str) -> Option<Self> {
        let text = start(text);
        text.starts_with(['{', '[']).then_some(Self(text))
    }

    /// The value as it stands.
    #[must_use]
    pub fn source(self) -> &'a str {
        self.0
    }

    /// Members of an object; none of anything else.
    #[must_use]
    pub fn members(self) -> Members<'a> {
        Members(self.0.strip_prefix('{').unwrap_or_default())
    }

    /// Elements of an array; none of anything else.
    #[must_use]
    pub fn elements(self) -> Elements<'a> {
        Elements(self.0.strip_prefix('[').unwrap_or_default())
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.0.starts_with('[')
    }

    /// The member of that name.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        self.members()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The first member that has one of the names.
    #[must_use]
    pub fn any(self, keys: &[&str]) -> Option<Self> {
        self.members()
            .find(|(name, _)| keys.contains(&name.as_ref()))
            .map(|(_, value)| value)
    }

    /// The member of a member of ….
    #[must_use]
    pub fn at(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// A string's characters.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?;
        Some(unescaped(inner.strip_suffix('"').unwrap_or(inner)))
    }

    /// A string that says something, or a number as it stands.
    #[must_use]
    pub fn word(self) -> Option<String> {
        let word = match self.text() {
            Some(text) => text.trim().to_owned(),
            None if self.number().is_some() => self.0.to_owned(),
            None => return None,
        };
        (!word.is_empty()).then_some(word)
    }

    /// A finite number, also one in quotes (with a decimal comma if need be).
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self.0.as_bytes().first()? {
            b'-' | b'0'..=b'9' => self.0.parse().ok().filter(|value: &f64| value.is_finite()),
            b'"' => number(&self.text()?, true),
            _ => None,
        }
    }

    /// The numbers of an array; what is no number is a missing sample.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`].
    pub fn series(self, context: &Context) -> Result<Series, ReadError> {
        let mut series = Series::default();
        for element in self.elements() {
            series.push(element.number());
            if series.len() & 0xffff == 0 {
                context.check_samples(series.len() as u64)?;
            }
        }
        context.check_samples(series.len() as u64)?;
        Ok(series)
    }
}

/// Members of an object in their order.
pub struct Members<'a>(&'a str);

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_start_matches(is_between);
        if !rest.starts_with('"') {
            self.0 = "";
            return None;
        }
        let (name, rest) = rest.split_at_checked(string_end(rest.as_bytes(), 0))?;
        let value = rest.trim_start().strip_prefix(':')?.trim_start();
        let (value, rest) = value.split_at_checked(value_end(value))?;
        self.0 = rest;
        (!value.is_empty()).then_some((Json(name).text()?, Json(value)))
    }
}

/// Elements of an array in their order.
pub struct Elements<'a>(&'a str);

impl<'a> Iterator for Elements<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_start_matches(is_between);
        let (value, rest) = rest.split_at_checked(value_end(rest))?;
        if value.is_empty() {
            self.0 = "";
            return None;
        }
        self.0 = rest;
        Some(Json(value))
    }
}

fn is_between(c: char) -> bool {
    c == ',' || c.is_whitespace()
}

/// Length of the value that a text begins with; 0 where there is none.
fn value_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'"') => string_end(bytes, 0),
        Some(b'{' | b'[') => {
            let (mut at, mut depth) = (0, 0_usize);
            while let Some(byte) = bytes.get(at) {
                match byte {
                    b'"' => {
                        at = string_end(bytes, at);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return at;
                }
            }
            bytes.len()
        }
        _ => bytes
            .iter()
            .position(|byte| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace())
            .unwrap_or(bytes.len()),
    }
}

/// Where the string that begins at `at` ends.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A string's content with its escapes resolved; half of a pair stands for nothing that can be shown.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    let mut units: Vec<u16> = Vec::new();
    while let Some(c) = rest.next() {
        let escape = if c == '\\' { rest.next() } else { None };
        if escape == Some('u') {
            let digits = rest.as_str().get(..4).unwrap_or_default();
            units.push(u16::from_str_radix(digits, 16).unwrap_or(0xfffd));
            rest = rest.as_str().get(4..).unwrap_or_default().chars();
            continue;
        }
        plain.push_str(&String::from_utf16_lossy(&units));
        units.clear();
        plain.push(match escape {
            None => c,
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b' | 'f') => ' ',
            Some(other) => other,
        });
    }
    plain.push_str(&String::from_utf16_lossy(&units));
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_elements_are_found_past_everything_else() {
        let text = "\u{feff} {\"a\": [1, -2.5e1, \"3,5\", null, true], \"b]\\\"}\": {\"c\": {\"d\": \"\\u00b5\\ud83d\\ude00V\\n\"}}, \"e\":1}";
        let root = Json::root(text).unwrap();
        let numbers: Vec<_> = root
            .get("a")
            .unwrap()
            .elements()
            .map(Json::number)
            .collect();
        assert_eq!(numbers, [Some(1.0), Some(-25.0), Some(3.5), None, None]);
        let deep = root.at(&["b]\"}", "c", "d"]).unwrap();
        assert_eq!(deep.text().unwrap(), "µ😀V\n");
        assert_eq!(root.any(&["x", "e"]).unwrap().word().unwrap(), "1");
        assert!(root.get("c").is_none());
        assert!(Json::root("1,2").is_none() && !looks_like("<a/>"));
    }

    #[test]
    fn a_text_cut_anywhere_is_read_as_far_as_it_goes() {
        let text = "{\"data\": {\"x\\u00e9\": \"q\\\\\", \"ecg\": [[1,2],{\"v\": [3, 4.5]}]}}";
        for end in 0..text.len() {
            let Some(root) = text.get(..end).and_then(Json::root) else {
                continue;
            };
            fn walk(value: Json<'_>) -> usize {
                let members = value.members().map(|(_, value)| walk(value)).sum::<usize>();
                1 + members + value.elements().map(walk).sum::<usize>()
            }
            assert!(walk(root) < 20);
        }
        let cut = Json::root("{\"a\": [1, 2, 3").unwrap();
        assert_eq!(cut.get("a").unwrap().elements().count(), 3);
    }

    #[test]
    fn a_million_brackets_cost_no_stack() {
        let text = "[".repeat(1_000_000);
        let root = Json::root(&text).unwrap();
        assert_eq!(root.elements().count(), 1);
    }
}
