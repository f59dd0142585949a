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
    &samsung_csv::SamsungCsv,
    &kardia_json::KardiaJson,
    &withings::WithingsCsv,
    &withings::WithingsJson,
    &fitbit::Fitbit,
    &google_health::GoogleHealth,
    &health_auto_export::HealthAutoExport,
    &fhir::Fhir,
    &garmin_fit::GarminFit,
    &movesense::MovesenseJson,
    &movesense_sbem::MovesenseSbem,
    &polar_text::PolarText,
    &polar_pmd::PolarPmd,
    &viatom_dat::ViatomDat,
    &viatom_bp2::ViatomBp2,
    &lepu_text::LepuText,
    &pc80b::Pc80b,
    &opensignals::OpenSignalsText,
    &biosppy::BioSppy,
    &healthypi::HealthyPi,
    &beat_list::BeatList,
    &apple_xml::AppleXml,
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
