//! Bytes to [`Recording`] and back. One file a format; the list is [`FORMATS`].
//!
//! Input is hostile: nothing from outside may panic, hang or allocate beyond its budget. Lengths are checked
//! against what is left before anything is reserved; work is counted in [`Context`].

mod aecg;
mod alivecor_atc;
mod apple_csv;
mod apple_xml;
mod bare;
mod base64;
mod beat_list;
mod biosppy;
mod bundle;
mod cardiosoft;
mod contec;
mod context;
mod course;
mod csv;
pub mod derived;
mod dicom;
mod digit_list;
mod edf;
mod error;
mod evidence;
mod export;
mod fhir;
mod fitbit;
mod format;
mod gaps;
mod garmin_fit;
mod gdf;
mod google_health;
mod hdf5;
mod health_auto_export;
mod healthypi;
mod input;
mod instant;
mod ishne;
mod json;
mod kardia_json;
mod lead_codes;
mod lepu_text;
mod markup;
mod mat;
mod mfer;
mod mortara;
mod movesense;
mod movesense_sbem;
mod muse;
mod nihon_kohden;
mod open;
mod opensignals;
mod parts;
mod pc80b;
mod pdf;
mod philips;
mod plausible;
mod polar_pmd;
mod polar_text;
mod samsung_csv;
mod schiller;
mod scp;
mod segments;
mod series;
mod table;
mod text;
mod unisens;
mod viatom_bp2;
mod viatom_dat;
mod view;
mod voltage;
pub mod wfdb;
mod withings;
mod xlsx;
mod xml;
mod zip;
mod zoncare;

pub use bundle::{Bundle, ByteSource, Entry, MemorySource, SourceError};
pub use context::{Answers, Context, Limits};
pub use error::ReadError;
pub use format::{
    Certainty, Format, FormatInfo, Head, Offer, Question, Reading, Score, Signature, Support,
    Unknown,
};
pub use open::{open, open_among, sniff, sniff_among};

use crate::recording::Recording;

/// Fills the three lists from one, so that none of them can be forgotten.
macro_rules! formats {
    (@ [$($all:expr,)*] [$($common:expr,)*]) => {
        /// Every format that is read, in the order in which equal scores are preferred.
        pub static FORMATS: Readers = &[$(&$all),*];
        /// Those that most people's files need. A program that links these alone is half the size; what they do not
        /// know is opened by one that links all ([`open_among`]). What is written as a table must be among them, or
        /// the general reader of tables would take it.
        pub static COMMON: Readers = &[$(&$common),*];
        /// What is known of every format, without linking a reader.
        #[must_use]
        pub fn infos() -> Vec<&'static FormatInfo> {
            vec![$(Format::info(&$all)),*]
        }
    };
    (@ [$($all:expr,)*] [$($common:expr,)*] common $format:expr, $($rest:tt)*) => {
        formats!(@ [$($all,)* $format,] [$($common,)* $format,] $($rest)*);
    };
    (@ [$($all:expr,)*] [$($common:expr,)*] other $format:expr, $($rest:tt)*) => {
        formats!(@ [$($all,)* $format,] [$($common,)*] $($rest)*);
    };
    ($first:ident $($rest:tt)*) => { formats!(@ [] [] $first $($rest)*); };
}

/// A list of formats to read with.
pub type Readers = &'static [&'static dyn Format];

formats! {
    common alivecor_atc::AliveCorAtc,
    common edf::Edf,
    other dicom::Dicom,
    other scp::Scp,
    other ishne::Ishne,
    other mfer::Mfer,
    other nihon_kohden::NihonKohden,
    other aecg::Aecg,
    other muse::Muse,
    other philips::Philips,
    other cardiosoft::CardioSoft,
    other schiller::Schiller,
    other mortara::Mortara,
    other zoncare::Zoncare,
    common edf::Bdf,
    other gdf::Gdf,
    other hdf5::Hdf5,
    other mat::Mat,
    other unisens::Unisens,
    other xlsx::Xlsx,
    common wfdb::Wfdb,
    other pdf::Pdf,
    common apple_csv::AppleCsv,
    common samsung_csv::SamsungCsv,
    common kardia_json::KardiaJson,
    common withings::WithingsCsv,
    common withings::WithingsJson,
    common fitbit::Fitbit,
    common google_health::GoogleHealth,
    common health_auto_export::HealthAutoExport,
    common fhir::Fhir,
    other garmin_fit::GarminFit,
    common movesense::MovesenseJson,
    other movesense_sbem::MovesenseSbem,
    common polar_text::PolarText,
    other polar_pmd::PolarPmd,
    other viatom_dat::ViatomDat,
    other viatom_bp2::ViatomBp2,
    common lepu_text::LepuText,
    other contec::Contec,
    other pc80b::Pc80b,
    common opensignals::OpenSignalsText,
    common biosppy::BioSppy,
    common healthypi::HealthyPi,
    common beat_list::BeatList,
    common apple_xml::AppleXml,
    common table::Table,
}

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
pub static WRITERS: &[&dyn Writer] = &[
    &csv::CsvWriter,
    &edf::EdfWriter,
    &wfdb::WfdbWriter,
    &fhir::FhirWriter,
];

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
