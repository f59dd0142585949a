//! Things to say, as catalogue ids with arguments: the words come from the message catalogue.

use serde::{Deserialize, Serialize};

/// An argument of a phrase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    /// A number; the catalogue formats it.
    Number(f64),
    /// A word or name that is not translated.
    Text(String),
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
