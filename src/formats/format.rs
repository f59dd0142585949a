//! What a format is: how it is recognised, and how it is read.

use super::{Bundle, Context, Entry, ReadError};
use crate::recording::{Phrase, Recording};
use serde::{Deserialize, Serialize};

/// Bytes that stand at a fixed place in every file of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Where, from the first byte.
    pub offset: usize,
    /// The bytes.
    pub bytes: &'static [u8],
}

/// How far a format is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// Everything that the format can hold of an ECG.
    Complete,
    /// The parts that are common.
    Common,
}

/// How certain it is that a format's real files are read right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Real files have the leads, rates, lengths and amplitudes that an independent reader finds in them.
    Equal,
    /// Real files are read, and nothing independent was there to compare every sample.
    Real,
    /// No real file was at hand: files were built from descriptions.
    Built,
}

impl Certainty {
    /// In words, for the list of formats.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Equal => "real files, compared",
            Self::Real => "real files",
            Self::Built => "description only",
        }
    }
}

/// A format's entry in the list of formats.
#[derive(Clone, Copy, Debug)]
pub struct FormatInfo {
    /// Short stable id (`wfdb`).
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Usual extensions without the dot. Only a tie-break.
    pub extensions: &'static [&'static str],
    /// Signatures, any of which recognises the format.
    pub signatures: &'static [Signature],
    /// How it is recognised beyond signatures, one line for the list of formats.
    pub recognised_by: &'static str,
    /// How far it goes.
    pub support: Support,
    /// What it was tested on beyond our own cases (`tests/cases`), one line.
    pub tested_on: &'static str,
    /// How certain it is that real files are read right.
    pub certainty: Certainty,
}

/// How sure a format is that an entry is its own, 0 (not mine) to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(pub u8);

impl Score {
    /// Not this format.
    pub const NONE: Self = Self(0);
    /// It may be; anything surer wins. For formats that take whatever is left (any table of numbers).
    pub const POSSIBLE: Self = Self(40);
    /// Structure fits.
    pub const LIKELY: Self = Self(160);
    /// A signature or a full header fits.
    pub const CERTAIN: Self = Self(240);
}

/// The beginning of an entry, for recognition.
pub struct Head<'a> {
    /// File name (without folder).
    pub name: &'a str,
    /// Up to the first 64 KiB.
    pub bytes: &'a [u8],
    /// Up to the last 64 bytes.
    pub tail: &'a [u8],
    /// Length of the whole entry.
    pub len: u64,
}

impl Head<'_> {
    /// Whether the name ends in `.extension`, whatever the case.
    #[must_use]
    pub fn has_extension(&self, extension: &str) -> bool {
        self.name
            .rsplit_once('.')
            .is_some_and(|(_, found)| found.eq_ignore_ascii_case(extension))
    }
}

/// One of several recordings to choose from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// What to answer as [`super::Answers::choice`].
    pub id: String,
    /// Name for people.
    pub name: String,
    /// When it was recorded, as text, if known without opening it.
    pub start: Option<String>,
    /// Size in bytes.
    pub bytes: u64,
}

/// What a file leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// Samples per second.
    Rate,
    /// Unit of the numbers.
    Unit,
    /// Counts per millivolt.
    Gain,
    /// Which lead it is.
    Lead,
}

/// What must be asked before a number could be wrong: never guessed in silence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Format id.
    pub format: String,
    /// What is not known.
    pub unknowns: Vec<Unknown>,
    /// What speaks for the proposal, in words of the catalogue.
    pub evidence: Vec<Phrase>,
    /// What is proposed (all fields of `unknowns` filled where there is evidence).
    pub proposal: super::Answers,
    /// The first numbers as they stand in the file, at most 4000, to look at.
    pub preview: Vec<f32>,
}

/// What came of reading.
#[derive(Clone, Debug)]
pub enum Reading {
    /// A recording.
    Recording(Box<Recording>),
    /// Several, to choose from: answer with [`super::Answers::choice`].
    Choice(Vec<Offer>),
    /// Something must be answered first.
    Question(Box<Question>),
}

/// A format that is read.
pub trait Format: Sync {
    /// Its entry in the list.
    fn info(&self) -> &'static FormatInfo;
    /// How sure it is that an entry is its own. Signatures alone are settled by the caller; this settles the rest.
    fn score(&self, head: &Head<'_>) -> Score;
    /// Whether its files hold a trace at all. Lists that are only recognised never stand beside a recording to choose.
    fn holds_signal(&self) -> bool {
        true
    }
    /// Names of the bundle's entries that belong to `entry` and are no recordings of their own.
    fn companions(&self, bundle: &Bundle, entry: &Entry) -> Vec<String> {
        let _ = (bundle, entry);
        Vec::new()
    }
    /// Reads `entry`, finding companions in `bundle`.
    ///
    /// # Errors
    /// [`ReadError`], never a panic, whatever the bytes.
    fn read(
        &self,
        bundle: &Bundle,
        entry: &Entry,
        context: &mut Context,
    ) -> Result<Reading, ReadError>;
}
