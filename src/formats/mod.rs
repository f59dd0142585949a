//! Bytes to [`Recording`] and back. One file a format; the list is [`FORMATS`].
//!
//! Input is hostile: nothing from outside may panic, hang or allocate beyond its budget. Lengths are checked
//! against what is left before anything is reserved; work is counted in [`Context`].

mod aecg;
mod alivecor_atc;
mod apple_csv;
mod bare;
mod base64;
mod bundle;
mod cardiosoft;
mod context;
mod csv;
pub mod derived;
mod dicom;
mod digit_list;
mod edf;
mod error;
mod evidence;
mod format;
mod gaps;
mod gdf;
mod hdf5;
mod ishne;
mod lead_codes;
mod markup;
mod mat;
mod mfer;
mod mortara;
mod muse;
mod nihon_kohden;
mod open;
mod parts;
mod pdf;
mod philips;
mod schiller;
mod scp;
mod segments;
mod stamp;
mod table;
mod text;
mod unisens;
mod view;
mod voltage;
pub mod wfdb;
mod xlsx;
mod xml;
mod zip;
mod zoncare;

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
    &dicom::Dicom,
    &scp::Scp,
    &ishne::Ishne,
    &mfer::Mfer,
    &nihon_kohden::NihonKohden,
    &aecg::Aecg,
    &muse::Muse,
    &philips::Philips,
    &cardiosoft::CardioSoft,
    &schiller::Schiller,
    &mortara::Mortara,
    &zoncare::Zoncare,
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
