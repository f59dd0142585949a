//! XML of devices: read into a tree whose texts stay in the file, leniently, and bounded.
//!
//! Entities of a document's own are never expanded and nothing is fetched, so that there are no bombs. What is cut off or
//! closed wrongly gives the elements that are there. Names are local names: prefixes differ from writer to writer.

use super::base64;
use super::text;
use super::{Context, Entry, Head, ReadError, Score};
use crate::recording::Note;
use std::borrow::Cow;

/// Most elements, texts and attributes; a ten-second ECG with all its measurements has some ten thousand.
const MOST_NODES: usize = 4_000_000;
/// Deepest nesting; annotated ECGs reach about 25.
const DEPTH: usize = 200;
/// Bytes in which the root element must begin.
const PROLOG: usize = 32 * 1024;
/// No node.
const NONE: u32 = u32::MAX;

/// The root element of a document, as far as the first bytes show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Local name.
    pub name: String,
    /// Default or prefixed namespace of the root, empty if there is none.
    pub namespace: String,
    /// The text that was looked at, from the root's tag on.
    pub text: String,
}

/// An element, or a piece of text if `name` is empty.
#[derive(Clone, Copy)]
struct Node<'a> {
    /// Local name; for a text its raw content.
    text: &'a str,
    kind: Kind,
    next: u32,
    /// First child of an element.
    child: u32,
    /// First attribute and their number.
    attributes: (u32, u32),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Element,
    Text,
    Verbatim,
}

/// A document that was read.
pub struct Document<'a> {
    nodes: Vec<Node<'a>>,
    attributes: Vec<(&'a str, &'a str)>,
    /// The document ended before its root was closed.
    pub cut: bool,
}

/// An element of a document.
#[derive(Clone, Copy)]
pub struct Element<'d, 'a> {
    document: &'d Document<'a>,
    at: u32,
}

/// The text of an XML file: by byte order mark, by its zeros, as UTF-8, then as its declaration says. A file that holds
/// its XML as base64 is unpacked. `None` when it is no XML.
#[must_use]
pub fn text_of(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if !begins_like_xml(bytes) {
        let packed = base64::begins_with_xml(bytes).then(|| base64::decode_bytes(bytes).0)?;
        return begins_like_xml(&packed)
            .then(|| Some(Cow::Owned(decode(&packed)?.into_owned())))?;
    }
    decode(bytes)
}

/// Whether the first bytes, in any encoding, are those of an XML document.
fn begins_like_xml(bytes: &[u8]) -> bool {
    let mut meaningful = bytes.iter().copied().filter(|byte| {
        !matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xfe | 0xff) && !byte.is_ascii_whitespace()
    });
    meaningful.next() == Some(b'<')
        && meaningful
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'?' | b'!' | b'_'))
}

fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let wide = bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || bytes.get(..4).is_some_and(|four| four.contains(&0));
    if wide {
        return text::decode(bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(Cow::Borrowed(text.trim_start_matches('\u{feff}')));
    }
    let declared = bytes.get(..bytes.len().min(200)).unwrap_or_default();
    let declared = String::from_utf8_lossy(declared).to_ascii_lowercase();
    let encoding = [
        ("iso-8859-1", encoding_rs::WINDOWS_1252),
        ("windows-1252", encoding_rs::WINDOWS_1252),
        ("iso-8859-2", encoding_rs::ISO_8859_2),
        ("windows-1250", encoding_rs::WINDOWS_1250),
        ("windows-1251", encoding_rs::WINDOWS_1251),
        ("shift_jis", encoding_rs::SHIFT_JIS),
    ]
    .into_iter()
    .find(|(name, _)| {
        declared.contains(&format!("\"{name}\"")) || declared.contains(&format!("'{name}'"))
    });
    if let Some((_, encoding)) = encoding {
        return Some(encoding.decode_without_bom_handling(bytes).0);
    }
    text::decode(bytes).or_else(|| Some(String::from_utf8_lossy(bytes)))
}

/// How sure a format is whose documents have this root element, and no others do.
#[must_use]
pub fn score_of_root(head: &Head<'_>, name: &str) -> Score {
    match root_of(head.bytes) {
        Some(root) if root.name == name => Score::CERTAIN,
        _ => Score::NONE,
    }
}

/// The root element of what begins with `bytes`; `None` when that is no XML.
#[must_use]
pub fn root_of(bytes: &[u8]) -> Option<Root> {
    let text = text_of(bytes)?;
    let start = root_start(&text)?;
    let rest = text.get(start..)?;
    let end = tag_end(rest).unwrap_or(rest.len());
    let tag = rest.get(1..end)?;
    let written = tag
        .split(|c: char| c.is_whitespace() || c == '/')
        .next()
        .unwrap_or_default();
    let prefix = written.split_once(':').map(|(prefix, _)| prefix);
    let wanted = prefix.map_or_else(|| "xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
    let mut namespace = String::new();
    walk_attributes(
        tag.get(written.len()..).unwrap_or_default(),
        |name, value| {
            if name == wanted {
                namespace = value.to_owned();
            }
        },
    );
    Some(Root {
        name: local(written).to_owned(),
        namespace,
        text: rest.to_owned(),
    })
}

/// Where the root's tag begins: behind the declaration, comments and the document type with all it holds.
fn root_start(text: &str) -> Option<usize> {
    let mut at = 0;
    while at < PROLOG {
        at += text.get(at..)?.find('<')?;
        let rest = text.get(at..)?;
        at += if rest.starts_with("<!--") {
            rest.find("-->")? + 3
        } else if rest.starts_with("<?") {
            rest.find("?>")? + 2
        } else if rest.starts_with("<!") {
            markup_end(rest)?
        } else if rest
            .get(1..)?
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
        {
            return Some(at);
        } else {
            return None;
        };
    }
    None
}

/// Length of a `<!…>` that is no comment; the internal part of a document type is skipped whole, broken or not.
fn markup_end(rest: &str) -> Option<usize> {
    let close = rest.find('>')?;
    match rest.find('[') {
        Some(open) if open < close => {
            let inner = rest.get(open..)?;
            let end = inner.find("]>").map(|end| end + 2);
            let end = end.or_else(|| inner.find(']').map(|end| end + 1))?;
            Some(open + end)
        }
        _ => Some(close + 1),
    }
}

/// Where a tag's `>` is: not within quotes.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Calls `each` with the written name and the raw value of every attribute.
fn walk_attributes<'a>(mut rest: &'a str, mut each: impl FnMut(&'a str, &'a str)) {
    while let Some(equals) = rest.find('=') {
        let name = rest.get(..equals).unwrap_or_default().trim();
        let name = name.rsplit(char::is_whitespace).next().unwrap_or(name);
        let after = rest.get(equals + 1..).unwrap_or_default().trim_start();
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            rest = after;
            continue;
        };
        let value = after.get(1..).unwrap_or_default();
        let end = value.find(quote).unwrap_or(value.len());
        each(name, value.get(..end).unwrap_or_default());
        rest = value.get(end + 1..).unwrap_or_default();
    }
}

/// Replaces the references that XML itself defines; all others stay as they are written.
fn plain(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        let name = end.and_then(|end| rest.get(1..end)).unwrap_or_default();
        let character = match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => name.strip_prefix('#').and_then(|number| {
                let code = number.strip_prefix(['x', 'X']).map_or_else(
                    || number.parse().ok(),
                    |hex| u32::from_str_radix(hex, 16).ok(),
                );
                char::from_u32(code?)
            }),
        };
        let taken = match (character, end) {
            (Some(character), Some(end)) => {
                out.push(character);
                end + 1
            }
            _ => {
                out.push('&');
                1
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

impl<'a> Document<'a> {
    /// Reads the text of an entry; a document that ends too early is noted.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn open(
        format: &str,
        text: &'a str,
        entry: &Entry,
        context: &mut Context,
    ) -> Result<Self, ReadError> {
        let document = Self::parse(format, text)?;
        if document.cut {
            context.note(Note::new("cut-document").with("file", entry.file_name()));
        }
        Ok(document)
    }

    /// Reads a document of the format `format`.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] without a root element, [`ReadError::TooLarge`].
    pub fn parse(format: &str, text: &'a str) -> Result<Self, ReadError> {
        let start = root_start(text).ok_or_else(|| {
            ReadError::damaged_at(format, 0, "an XML element", "no element at the beginning")
        })?;
        let mut builder = Builder {
            document: Self {
                nodes: Vec::new(),
                attributes: Vec::new(),
                cut: false,
            },
            open: Vec::new(),
        };
        builder.walk(text, start)?;
        Ok(builder.document)
    }

    /// The root element.
    #[must_use]
    pub fn root(&self) -> Element<'_, 'a> {
        Element {
            document: self,
            at: 0,
        }
    }
}

/// An element that is not closed yet, with its last child.
struct Open {
    at: u32,
    last: u32,
}

struct Builder<'a> {
    document: Document<'a>,
    open: Vec<Open>,
}

impl<'a> Builder<'a> {
    fn walk(&mut self, text: &'a str, start: usize) -> Result<(), ReadError> {
        let mut at = start;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            let Some(next) = rest.find('<') else {
                self.document.cut = true;
                self.text(rest, Kind::Text)?;
                break;
            };
            self.text(rest.get(..next).unwrap_or_default(), Kind::Text)?;
            let rest = rest.get(next..).unwrap_or_default();
            let length = if rest.starts_with("<!--") {
                rest.find("-->").map(|end| end + 3)
            } else if let Some(body) = rest.strip_prefix("<![CDATA[") {
                let end = body.find("]]>");
                let content = body.get(..end.unwrap_or(body.len())).unwrap_or_default();
                self.text(content, Kind::Verbatim)?;
                end.map(|end| end + 12)
            } else if rest.starts_with("<?") {
                rest.find("?>").map(|end| end + 2)
            } else if rest.starts_with("<!") {
                markup_end(rest)
            } else if let Some(close) = rest.strip_prefix("</") {
                let end = close.find('>');
                self.close(close.get(..end.unwrap_or(close.len())).unwrap_or_default());
                end.map(|end| end + 3)
            } else {
                let end = tag_end(rest);
                // A tag that is cut has no content, but its attributes may hold all that is wanted.
                self.tag(rest.get(1..end.unwrap_or(rest.len())).unwrap_or_default())?;
                end.map(|end| end + 1)
            };
            if self.open.is_empty() {
                break;
            }
            let Some(length) = length else {
                self.document.cut = true;
                break;
            };
            at = at.saturating_add(next).saturating_add(length);
        }
        Ok(())
    }

    fn tag(&mut self, tag: &'a str) -> Result<(), ReadError> {
        let (tag, closed) = tag
            .strip_suffix('/')
            .map_or((tag, false), |tag| (tag, true));
        let name = tag.split(char::is_whitespace).next().unwrap_or_default();
        if name.is_empty() {
            return Ok(());
        }
        let first = self.document.attributes.len();
        let attributes = &mut self.document.attributes;
        walk_attributes(tag.get(name.len()..).unwrap_or_default(), |name, value| {
            attributes.push((local(name), value));
        });
        let count = self.document.attributes.len() - first;
        let at = self.add(Node {
            text: local(name),
            kind: Kind::Element,
            next: NONE,
            child: NONE,
            attributes: (first as u32, count as u32),
        })?;
        if !closed {
            if self.open.len() >= DEPTH {
                return Err(ReadError::TooLarge {
                    what: "nested elements",
                    found: DEPTH as u64 + 1,
                    limit: DEPTH as u64,
                });
            }
            self.open.push(Open { at, last: NONE });
        }
        Ok(())
    }

    fn close(&mut self, name: &str) {
        let name = local(name.trim());
        let same = |open: &Open| {
            let node = self.document.nodes.get(open.at as usize);
            node.is_some_and(|node| node.text == name)
        };
        if let Some(place) = self.open.iter().rposition(same) {
            self.open.truncate(place);
        }
    }

    fn text(&mut self, raw: &'a str, kind: Kind) -> Result<(), ReadError> {
        if self.open.is_empty() || raw.trim().is_empty() {
            return Ok(());
        }
        self.add(Node {
            text: raw,
            kind,
            next: NONE,
            child: NONE,
            attributes: (0, 0),
        })?;
        Ok(())
    }

    /// Appends a node as the last child of the innermost open element.
    fn add(&mut self, node: Node<'a>) -> Result<u32, ReadError> {
        let found = self.document.nodes.len() + self.document.attributes.len();
        if found >= MOST_NODES {
            return Err(ReadError::TooLarge {
                what: "elements",
                found: found as u64 + 1,
                limit: MOST_NODES as u64,
            });
        }
        let at = self.document.nodes.len() as u32;
        self.document.nodes.push(node);
        if let Some(parent) = self.open.last_mut() {
            let (before, first) = if parent.last == NONE {
                (parent.at, true)
            } else {
                (parent.last, false)
            };
            parent.last = at;
            if let Some(before) = self.document.nodes.get_mut(before as usize) {
                if first {
                    before.child = at;
                } else {
                    before.next = at;
                }
            }
        }
        Ok(at)
    }
}

impl<'d, 'a> Element<'d, 'a> {
    fn node(self) -> Option<&'d Node<'a>> {
        self.document.nodes.get(self.at as usize)
    }

    /// Local name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.node().map_or("", |node| node.text)
    }

    /// Value of the attribute of this local name; the case of the name counts only where two differ in it alone.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<Cow<'a, str>> {
        self.raw_attribute(name).map(plain)
    }

    /// The same as it is written, for long values without references.
    #[must_use]
    pub fn raw_attribute(self, name: &str) -> Option<&'a str> {
        let (first, count) = self.node()?.attributes;
        let first = first as usize;
        let own = self
            .document
            .attributes
            .get(first..first + count as usize)?;
        own.iter()
            .find(|(found, _)| *found == name)
            .or_else(|| {
                own.iter()
                    .find(|(found, _)| found.eq_ignore_ascii_case(name))
            })
            .map(|&(_, value)| value)
    }

    /// The value of an attribute, trimmed, where it says something.
    #[must_use]
    pub fn word(self, name: &str) -> Option<String> {
        let value = self.attribute(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Child elements.
    pub fn children(self) -> impl Iterator<Item = Element<'d, 'a>> + use<'d, 'a> {
        self.nodes().filter(|element| {
            element
                .node()
                .is_some_and(|node| node.kind == Kind::Element)
        })
    }

    fn nodes(self) -> impl Iterator<Item = Element<'d, 'a>> + use<'d, 'a> {
        let document = self.document;
        let mut next = self.node().map_or(NONE, |node| node.child);
        std::iter::from_fn(move || {
            let node = document.nodes.get(next as usize)?;
            let found = Element { document, at: next };
            next = node.next;
            Some(found)
        })
    }

    /// Child elements of a name.
    pub fn all<'n>(self, name: &'n str) -> impl Iterator<Item = Element<'d, 'a>> + use<'d, 'a, 'n> {
        self.children().filter(move |child| child.name() == name)
    }

    /// The first child element of a name.
    #[must_use]
    pub fn child(self, name: &str) -> Option<Self> {
        self.children().find(|child| child.name() == name)
    }

    /// The element at the end of a path of names.
    #[must_use]
    pub fn path(self, names: &[&str]) -> Option<Self> {
        names
            .iter()
            .try_fold(self, |element, name| element.child(name))
    }

    /// All elements within, in the document's order.
    pub fn within(self) -> impl Iterator<Item = Element<'d, 'a>> + use<'d, 'a> {
        let document = self.document;
        let mut stack: Vec<u32> = self.node().map(|node| node.child).into_iter().collect();
        std::iter::from_fn(move || {
            loop {
                let at = stack.pop()?;
                let Some(node) = document.nodes.get(at as usize) else {
                    continue;
                };
                stack.push(node.next);
                if node.kind == Kind::Element {
                    stack.push(node.child);
                    return Some(Element { document, at });
                }
            }
        })
    }

    /// The first element of a name within, however deep.
    #[must_use]
    pub fn find(self, name: &str) -> Option<Self> {
        self.within().find(|element| element.name() == name)
    }

    /// The element's own text, without that of its children.
    #[must_use]
    pub fn text(self) -> Cow<'a, str> {
        let mut pieces = self.nodes().filter_map(|piece| {
            let node = piece.node()?;
            match node.kind {
                Kind::Element => None,
                Kind::Text => Some(plain(node.text)),
                Kind::Verbatim => Some(Cow::Borrowed(node.text)),
            }
        });
        let Some(first) = pieces.next() else {
            return Cow::Borrowed("");
        };
        let Some(second) = pieces.next() else {
            return first;
        };
        let mut whole = first.into_owned();
        whole.push_str(&second);
        for piece in pieces {
            whole.push_str(&piece);
        }
        Cow::Owned(whole)
    }

    /// The trimmed text of a child, where it says something.
    #[must_use]
    pub fn value(self, name: &str) -> Option<String> {
        let text = self.child(name)?.text();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// The whole text of an entry that is XML.
///
/// # Errors
/// [`ReadError::TooLarge`], [`ReadError::Medium`], [`ReadError::Damaged`] when it is no XML after all.
pub fn read(format: &str, entry: &Entry, context: &Context) -> Result<String, ReadError> {
    let length = entry.source.len();
    context.check_bytes(length)?;
    let bytes = entry.source.read(0, length as usize)?;
    match text_of(&bytes) {
        // What is UTF-8 already is not copied.
        Some(Cow::Borrowed(text)) if text.len() == bytes.len() => {
            String::from_utf8(bytes).map_err(|_| ReadError::NotThisFormat)
        }
        Some(text) => Ok(text.into_owned()),
        None => Err(ReadError::damaged_at(format, 0, "XML", "something else")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Document<'_> {
        Document::parse("xml", text).unwrap()
    }

    #[test]
    fn elements_attributes_and_texts_are_found() {
        let text = "<?xml version='1.0'?><!-- a --><!DOCTYPE r [ <!ENTITY x 'y'> ]>\n\
            <p:r a=\"1 &lt; 2\" p:b='&#x41;&#66;'><c>one<!-- - -->two</c>\n<d/><e><c>&amp;&x;</c></e>\
            <f><![CDATA[<raw&>]]></f></p:r>";
        let document = parse(text);
        let root = document.root();
        assert_eq!(root.name(), "r");
        assert_eq!(root.attribute("a").unwrap(), "1 < 2");
        assert_eq!(root.attribute("B").unwrap(), "AB");
        assert_eq!(root.value("c").unwrap(), "onetwo");
        assert_eq!(root.path(&["e", "c"]).unwrap().text(), "&&x;");
        assert_eq!(root.value("f").unwrap(), "<raw&>");
        let names: Vec<&str> = root.within().map(Element::name).collect();
        assert_eq!(names, ["c", "d", "e", "c", "f"]);
        assert!(!document.cut);
    }

    #[test]
    fn broken_documents_give_what_is_there() {
        for (text, names, cut) in [
            ("<a><b>1</c></b><d>2", "b d", true),
            ("<a><b><c></b><d/></a>", "b c d", false),
            ("<a><b x=\"1", "b", true),
            ("<a", "", true),
            ("<a/>rest", "", false),
        ] {
            let document = parse(text);
            let found: Vec<&str> = document.root().within().map(Element::name).collect();
            assert_eq!(found.join(" "), names, "{text}");
            assert_eq!(document.cut, cut, "{text}");
        }
        assert!(Document::parse("xml", "<!-- nothing").is_err());
        let deep = "<a>".repeat(100_000);
        assert!(matches!(
            Document::parse("xml", &deep),
            Err(ReadError::TooLarge { .. })
        ));
    }

    #[test]
    fn encodings_are_told_apart_and_the_root_is_found() {
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><R><n>M\xfcller</n></R>";
        assert!(text_of(latin).unwrap().contains("Müller"));
        let wide: Vec<u8> = "\u{feff}<r xmlns=\"urn:x\">é</r>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let root = root_of(&wide).unwrap();
        assert_eq!(
            (root.name.as_str(), root.namespace.as_str()),
            ("r", "urn:x")
        );
        let packed = b"PD94bWwgdmVyc2lvbj0iMS4wIj8+\nPHI+PC9yPg==";
        assert_eq!(root_of(packed).unwrap().name, "r");
        assert_eq!(root_of(b"a,b\n1,2"), None);
        assert_eq!(root_of(b"<1"), None);
    }

    #[test]
    fn no_entity_is_expanded() {
        let text = "<!DOCTYPE r [<!ENTITY a 'xxxxxxxxxx'><!ENTITY b '&a;&a;'>]><r>&b;&b;</r>";
        assert_eq!(parse(text).root().text(), "&b;&b;");
    }
}
