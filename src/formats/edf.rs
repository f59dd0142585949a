//! EDF and EDF+ (European Data Format): read and written; BDF, the same with 24 bit (BioSemi), is read.
//!
//! After B. Kemp et al., "A simple format for exchange of digitized polygraphic recordings" (1992), and B. Kemp and
//! J. Olivan, "European data format 'plus' (EDF+)" (2003).

mod read;
mod write;

pub use read::{Bdf, Edf};
pub use write::EdfWriter;

/// Format id.
const ID: &str = "edf";
/// Bytes of the fixed part of the header, and of each signal's part.
const BLOCK: usize = 256;
/// Label of a signal that holds annotations.
const ANNOTATIONS: &str = "EDF Annotations";
/// Widths of the fields of a signal, in order: label, transducer, unit, physical minimum and maximum, digital minimum
/// and maximum, prefilter, samples in a record, reserved.
const WIDTHS: [usize; 10] = [16, 80, 8, 8, 8, 8, 8, 80, 8, 32];
/// Standard text of EDF+ for the end: what follows in the last record is padding.
const END_TEXT: &str = "Recording ends";
/// Text of a stretch without samples; its duration is the mark's.
const GAP_TEXT: &str = "Recording gap";

#[cfg(test)]
mod tests;
