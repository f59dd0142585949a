//! Bytes to [`Recording`] and back. One file a format; the list is [`FORMATS`].
//!
//! Input is hostile: nothing from outside may panic, hang or allocate beyond its budget. Lengths are checked
//! against what is left before anything is reserved; work is counted in [`Context`].

mod alivecor_atc;
mod apple_csv;
mod bare;
mod bundle;
mod context;
mod csv;
pub mod derived;
mod edf;
mod error;
mod evidence;
mod format;
mod gaps;
mod gdf;
mod hdf5;
mod markup;
mod mat;
mod open;
mod pdf;
mod table;
mod text;
mod unisens;
mod voltage;
pub mod wfdb;
mod xlsx;
mod zip;

pub use bundle::{Bundle, ByteSource, Entry, MemorySource, SourceError};
pub use context::{Answers, Context, Limits};
pub use error::ReadError;
pub use format::{
    Format, FormatInfo, Head, Offer, Question, Reading, Score, Signature, Support, Unknown,
};
pub use open::{open, sniff};

use crate::recording::Recording;

/// Every format that is read, in the order in which equal scores are preferred.
pub static FORMATS: &[&dyn Format] = &[
    &alivecor_atc::AliveCorAtc,
    &edf::Edf,
    &edf::Bdf,
    &gdf::Gdf,
    &hdf5::Hdf5,
    &mat::Mat,
    &unisens::Unisens,
    &xlsx::Xlsx,
    &wfdb::Wfdb,
    &pdf::Pdf,
    &apple_csv::AppleCsv,
    &table::Table,
];

/// A writer of recordings.
pub trait Writer: Sync {
    /// Id used by `convert --to` (`csv`, `edf`, `wfdb`).
    fn id(&self) -> &'static str;
    /// Name for people.
    fn name(&self) -> &'static str;
    /// The files of one recording, named from `stem`.
    ///
    /// # Errors
    /// [`WriteError`] when the format cannot hold the recording.
    fn write(&self, recording: &Recording, stem: &str) -> Result<Vec<WrittenFile>, WriteError>;
}

/// One file made by a [`Writer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// File name without a folder.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Why a recording cannot be written in a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The format has no place for something the recording has.
    #[error("{format} cannot hold {what}")]
    CannotHold {
        /// Format id.
        format: &'static str,
        /// What it cannot hold.
        what: String,
    },
}

/// Every format that is written.
pub static WRITERS: &[&dyn Writer] = &[&csv::CsvWriter, &edf::EdfWriter, &wfdb::WfdbWriter];

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
