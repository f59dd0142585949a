//! Things to say, as catalogue ids with arguments: the words come from the message catalogue.

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An argument of a phrase.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// A number; the catalogue formats it.
    Number(f64),
    /// A word or name that is not translated.
    Text(String),
}

/// An argument where the format does not say which kind of value comes next.
#[derive(Serialize, Deserialize)]
enum Tagged {
    Number(f64),
    Text(String),
}

/// In JSON a bare number or text, in binary messages with its kind.
impl Serialize for Arg {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self, serializer.is_human_readable()) {
            (Self::Number(number), true) => serializer.serialize_f64(*number),
            (Self::Text(text), true) => serializer.serialize_str(text),
            (Self::Number(number), false) => Tagged::Number(*number).serialize(serializer),
            (Self::Text(text), false) => Tagged::Text(text.clone()).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Arg {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Arg;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number or a text")
            }
            fn visit_f64<E>(self, value: f64) -> Result<Arg, E> {
                Ok(Arg::Number(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Arg, E> {
                Ok(Arg::Number(value as f64))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Arg, E> {
                Ok(Arg::Number(value as f64))
            }
            // JSON writes what is no number as null.
            fn visit_unit<E>(self) -> Result<Arg, E> {
                Ok(Arg::Number(f64::NAN))
            }
            fn visit_str<E>(self, value: &str) -> Result<Arg, E> {
                Ok(Arg::Text(value.to_owned()))
            }
        }
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(Either);
        }
        Ok(match Tagged::deserialize(deserializer)? {
            Tagged::Number(number) => Self::Number(number),
            Tagged::Text(text) => Self::Text(text),
        })
    }
}

impl From<f64> for Arg {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}
impl From<usize> for Arg {
    fn from(value: usize) -> Self {
        Self::Number(value as f64)
    }
}
impl From<u64> for Arg {
    fn from(value: u64) -> Self {
        Self::Number(value as f64)
    }
}
impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// A message id of the catalogue (`locales/en/*.ftl`) with its arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phrase {
    /// Message id, kebab-case.
    pub id: String,
    /// Arguments by name.
    #[serde(default)]
    pub args: Vec<(String, Arg)>,
}

impl Phrase {
    /// A phrase without arguments.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            args: Vec::new(),
        }
    }

    /// The same phrase with one more argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Arg>) -> Self {
        self.args.push((name.to_owned(), value.into()));
        self
    }
}

/// What a reader noticed or repaired: partial success is a recording with notes, never silence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// Stable code, which is also the catalogue id with the prefix `note-`: `short-file`, `bad-date`.
    pub code: String,
    /// Arguments of the catalogue text.
    #[serde(default)]
    pub args: Vec<(String, Arg)>,
}

impl Note {
    /// A note without arguments.
    #[must_use]
    pub fn new(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            args: Vec::new(),
        }
    }

    /// The same note with one more argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Arg>) -> Self {
        self.args.push((name.to_owned(), value.into()));
        self
    }

    /// The catalogue's phrase for this note.
    #[must_use]
    pub fn phrase(&self) -> Phrase {
        Phrase {
            id: format!("note-{}", self.code),
            args: self.args.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_travel_in_both_kinds_of_message() {
        let phrase = Phrase::new("some-id").with("n", 2.5).with("name", "x");
        let text = serde_json::to_string(&phrase).unwrap();
        assert_eq!(text, r#"{"id":"some-id","args":[["n",2.5],["name","x"]]}"#);
        assert_eq!(serde_json::from_str::<Phrase>(&text).unwrap(), phrase);
        let bytes = postcard::to_allocvec(&phrase).unwrap();
        assert_eq!(postcard::from_bytes::<Phrase>(&bytes).unwrap(), phrase);
        let whole: Arg = serde_json::from_str("3").unwrap();
        assert_eq!(whole, Arg::Number(3.0));
    }
}
