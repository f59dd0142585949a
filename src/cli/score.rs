//! `score`: annotations against annotations, without analysis.

use super::Exit;
use super::arguments::{Common, positive};
use super::output::{Output, Stop};
use super::scoring::{Scored, Scoring};
use crate::evaluation::{Marks, compare};
use crate::formats::ReadError;
use crate::formats::wfdb::{AnnotationFile, Header};
use crate::recording::Phrase;
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Reference annotations (WFDB), as 100.atr
    #[arg(value_name = "REF")]
    reference: PathBuf,
    /// Annotations to score (WFDB), as 100.qrs
    #[arg(value_name = "TEST")]
    test: PathBuf,
    /// Samples per second of the annotations; from the file or the header beside REF if not given
    #[arg(long, value_parser = positive, value_name = "HZ")]
    rate: Option<f64>,
    #[command(flatten)]
    scoring: Scoring,
}

pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    let (Some(reference), Some(test)) = (
        annotations(&arguments.reference, output),
        annotations(&arguments.test, output),
    ) else {
        return Ok(Exit::NothingRead);
    };
    let header = header_beside(&arguments.reference);
    let known = header.as_ref().and_then(|header| header.record.rate_hz);
    let Some(rate_hz) = arguments.rate.or(reference.rate_hz).or(known) else {
        let file = arguments.reference.to_string_lossy().into_owned();
        output.complain(&file, &Phrase::new("cli-question-rate"));
        return Ok(Exit::QuestionOpen);
    };
    let duration_s = duration_s(header.as_ref(), &reference, rate_hz);
    let protocol = match arguments.scoring.protocol_within(common, duration_s) {
        Ok(protocol) => protocol,
        Err(phrase) => {
            output.complain(&arguments.reference.to_string_lossy(), &phrase);
            return Ok(Exit::NothingRead);
        }
    };
    let window = protocol.window(rate_hz);
    let marks =
        |file: &AnnotationFile| Marks::of_annotations(&file.annotations, protocol.map, window);
    let (reference, test) = (marks(&reference), marks(&test));
    let record = Scored {
        record: stem(&arguments.reference),
        rate_hz,
        compared: compare(&reference, &test, rate_hz, &protocol),
    };
    arguments.scoring.print(vec![record], common, output)?;
    Ok(Exit::Done)
}

/// The annotations of a file; why there are none is said.
fn annotations(path: &Path, output: &mut Output) -> Option<AnnotationFile> {
    let read = std::fs::read(path)
        .map_err(|error| ReadError::Medium {
            reason: error.to_string(),
        })
        .and_then(|bytes| AnnotationFile::parse(&bytes));
    match read {
        Ok(file) => Some(file),
        Err(error) => {
            output.read_error(&path.to_string_lossy(), &error);
            None
        }
    }
}

/// The header of the record that the annotations belong to, if it lies beside them.
fn header_beside(path: &Path) -> Option<Header> {
    let text = std::fs::read_to_string(path.with_extension("hea")).ok()?;
    Header::parse(&text, &mut Vec::new()).ok()
}

/// The record's length in seconds; without its header, the time of the reference's last mark, as bxb has it.
fn duration_s(header: Option<&Header>, reference: &AnnotationFile, rate_hz: f64) -> f64 {
    let frames = header.and_then(|header| header.record.frames);
    let last = || reference.annotations.last().map(|mark| mark.sample as f64);
    let samples = frames.map(|frames| frames as f64).or_else(last);
    samples.unwrap_or(0.0) / rate_hz
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}
