//! The tags of XML one after the other, for files that are too large for a tree (spreadsheets) or too small to need one.
//!
//! Nothing is fetched and no entity of a document's own is expanded, so there is nothing to blow up.

use std::borrow::Cow;

/// A piece of a document. Names are local names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// An opening tag, with its attributes as they stand; closed at once (`<a/>`) or not.
    Open {
        /// Name without prefix.
        name: &'a str,
        /// Attributes, for [`attribute`].
        attributes: &'a str,
        /// `<a/>`
        empty: bool,
    },
    /// A closing tag.
    Close(&'a str),
    /// Letters between tags, for [`plain`].
    Text(&'a str),
}

/// Walks a text.
pub struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Pieces<'a> {
    /// From the beginning of a text.
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Passes everything up to and with `end`, and gives what came before it.
    fn until(&mut self, end: &str) -> &'a str {
        match self.rest.split_once(end) {
            Some((before, after)) => {
                self.rest = after;
                before
            }
            None => std::mem::take(&mut self.rest),
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(tag) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                if text.trim().is_empty() {
                    continue;
                }
                return Some(Piece::Text(text));
            };
            self.rest = tag;
            if let Some(rest) = tag.strip_prefix("![CDATA[") {
                self.rest = rest;
                return Some(Piece::Text(self.until("]]>")));
            }
            if tag.starts_with("!--") {
                self.until("-->");
                continue;
            }
            let inner = self.until(">");
            if inner.starts_with(['?', '!']) {
                continue;
            }
            let local = |name: &'a str| name.rsplit(':').next().unwrap_or(name);
            if let Some(name) = inner.strip_prefix('/') {
                return Some(Piece::Close(local(name.trim())));
            }
            let (inner, empty) = match inner.strip_suffix('/') {
                Some(inner) => (inner, true),
                None => (inner, false),
            };
            let end = inner.find(char::is_whitespace).unwrap_or(inner.len());
            let (name, attributes) = inner.split_at(end);
            return Some(Piece::Open {
                name: local(name),
                attributes,
                empty,
            });
        }
    }
}

/// The value of an attribute.
pub fn attribute<'a>(attributes: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let mut rest = attributes;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, next) = after.get(1..)?.split_once(quote)?;
        if key.trim().rsplit(':').next() == Some(name) {
            return Some(plain(value));
        }
        rest = next;
    }
}

/// Letters with the five named entities and the numbered ones read.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((name, next)) = after.split_once(';').filter(|(name, _)| name.len() < 10) else {
            out.push('&');
            rest = after;
            continue;
        };
        let letter = match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => name.strip_prefix('#').and_then(|number| {
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)
            }),
        };
        match letter {
            Some(letter) => {
                out.push(letter);
                rest = next;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_texts_and_attributes_are_told_apart() {
        let text = "<?xml version='1.0'?><!-- <x> --><n:a k=\"1 &lt; 2\" n:m='&#x41;'>t&amp;u<b/><![CDATA[<c>]]></n:a>";
        let pieces: Vec<Piece<'_>> = Pieces::new(text).collect();
        let Piece::Open {
            name,
            attributes,
            empty,
        } = pieces[0]
        else {
            panic!()
        };
        assert_eq!((name, empty), ("a", false));
        assert_eq!(attribute(attributes, "k").as_deref(), Some("1 < 2"));
        assert_eq!(attribute(attributes, "m").as_deref(), Some("A"));
        assert_eq!(attribute(attributes, "z"), None);
        assert_eq!(pieces[1], Piece::Text("t&amp;u"));
        assert!(matches!(
            pieces[2],
            Piece::Open {
                name: "b",
                empty: true,
                ..
            }
        ));
        assert_eq!(pieces[3..], [Piece::Text("<c>"), Piece::Close("a")]);
        assert_eq!(plain("a&b &nbsp; &#66;"), "a&b &nbsp; B");
    }
}
