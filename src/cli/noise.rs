//! `--noise` and `--snr`: real noise added to the records before they are analysed.

use super::arguments::Open;
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording};
use crate::evaluation::{ClassMap, beat_class, noisy_stretches, with_noise};
use crate::recording::{Annotation, Phrase, Recording};
use clap::Args;
use std::ops::Range;
use std::path::PathBuf;

/// What is asked for.
#[derive(Clone, Debug, Args)]
pub struct Noise {
    /// Add this noise record as WFDB's nst does (two minutes of every four, from 5:00), and score those stretches alone
    #[arg(long, value_name = "RECORD", requires = "snr")]
    noise: Option<PathBuf>,
    /// Signal to noise in decibels, by nst's definition
    #[arg(
        long,
        value_name = "DB",
        requires = "noise",
        allow_negative_numbers = true
    )]
    snr: Option<f64>,
    /// Take the noise from so many seconds later: 120 is noise that nst never adds, for training
    #[arg(long, default_value_t = 0.0, value_name = "SECONDS", hide = true)]
    noise_offset: f64,
}

/// A noise record that has been read.
pub struct Added {
    record: Recording,
    snr_db: f64,
    offset_s: f64,
}

impl Noise {
    /// Reads the noise record, if one is asked for.
    ///
    /// # Errors
    /// [`Stop`] from writing; a record that cannot be read is complained of, and the inner `Err` says so.
    pub fn read(
        &self,
        open: &Open,
        output: &mut Output,
    ) -> Result<Result<Option<Added>, ()>, Stop> {
        let (Some(path), Some(snr_db)) = (&self.noise, self.snr) else {
            return Ok(Ok(None));
        };
        let mut found = None;
        let mut keep = |opened: Opened, _: &mut Output| {
            found = Some(opened.recording);
            Ok(true)
        };
        let paths = std::slice::from_ref(path);
        each_recording(paths, open, Cut::Nothing, output, &mut keep)?;
        let added = found.map(|record| Added {
            record,
            snr_db,
            offset_s: self.noise_offset.max(0.0),
        });
        Ok(added.map(Some).ok_or(()))
    }
}

impl Added {
    /// The record with the noise; beats outside the noisy stretches lose their annotation.
    ///
    /// # Errors
    /// A phrase where the noise does not fit the record.
    pub fn to(&self, recording: &Recording) -> Result<Recording, Phrase> {
        let mut noisy = with_noise(recording, &self.record, self.snr_db, self.offset_s)
            .ok_or_else(|| Phrase::new("cli-noise-does-not-fit"))?;
        let stretches = noisy_stretches(recording.duration_s());
        let is_beat = |mark: &Annotation| beat_class(&mark.code, ClassMap::Bxb).is_some();
        noisy
            .annotations
            .retain(|mark| !is_beat(mark) || is_within(&stretches, mark.time_s));
        Ok(noisy)
    }
}

/// Whether a time lies in one of the stretches.
pub fn is_within(stretches: &[Range<f64>], time_s: f64) -> bool {
    stretches.iter().any(|stretch| stretch.contains(&time_s))
}
