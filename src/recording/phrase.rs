//! Things to say, as catalogue ids with arguments: the words come from the message catalogue.

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

/// An argument of a phrase.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Arg {
    /// A number; the catalogue formats it.
    Number(f64),
    /// A word or name that is not translated.
    Text(String),
}

/// As serde would derive it for an untagged enum, without its buffer of generic content: the page is smaller for it.
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
        deserializer.deserialize_any(Either)
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
