//! `convert`: a recording in another format.

use super::Exit;
use super::arguments::{Common, Open};
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording};
use crate::formats::{WRITERS, Writer, WrittenFile};
use crate::recording::{Phrase, Recording};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Arguments {
    /// A file, a folder or zip with one recording, or - for standard input
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// File to write; - for standard output. Formats of several files name the others after it
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Format to write, as `formats` lists it (also --to FORMAT); by OUT's extension if not given
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    open: Open,
}

pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    let format = arguments.format.as_deref().or(common.to_format());
    let writer = writer(&arguments.output, format).map_err(|phrase| output.usage(&phrase))?;
    let mut written = false;
    let mut work = |opened: Opened, output: &mut Output| {
        if std::mem::replace(&mut written, true) {
            output.complain(&opened.file, &Phrase::new("cli-one-only"));
            return Ok(false);
        }
        let recording = match only_leads(opened.recording, &common.lead) {
            Ok(recording) => recording,
            Err(phrase) => {
                output.complain(&opened.file, &phrase);
                return Ok(false);
            }
        };
        write(
            writer,
            &recording,
            &arguments.output,
            arguments.force,
            output,
        )
    };
    let paths = [arguments.path.clone()];
    each_recording(
        &paths,
        &arguments.open,
        Cut::Asked(common),
        output,
        &mut work,
    )
}

/// The recording with the leads asked for, all of them if none was.
fn only_leads(mut recording: Recording, asked: &[String]) -> Result<Recording, Phrase> {
    if asked.is_empty() {
        return Ok(recording);
    }
    let kept: Vec<usize> = super::reading::leads(&recording, asked)?
        .into_iter()
        .flatten()
        .collect();
    recording.leads = kept
        .iter()
        .filter_map(|&index| recording.leads.get(index).cloned())
        .collect();
    Ok(recording)
}

/// The writer of a format id, or of a file name's extension.
///
/// # Errors
/// A phrase that names the formats there are.
pub fn writer(out: &Path, format: Option<&str>) -> Result<&'static dyn Writer, Phrase> {
    let extension = out
        .extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let wanted = match (format, extension.as_deref()) {
        (Some(format), _) => format,
        // A record of WFDB is known by its header or its signal file.
        (None, Some("hea" | "dat")) => "wfdb",
        (None, Some("json")) => "fhir",
        (None, Some(extension)) => extension,
        (None, None) => "",
    };
    WRITERS
        .iter()
        .copied()
        .find(|writer| writer.id().eq_ignore_ascii_case(wanted))
        .ok_or_else(|| {
            let ids: Vec<&str> = WRITERS.iter().map(|writer| writer.id()).collect();
            Phrase::new("cli-no-writer")
                .with("format", wanted)
                .with("ids", ids.join(", "))
        })
}

/// Writes a recording's files beside `out`; `-` is standard output, for formats of one file.
///
/// # Errors
/// [`Stop`] from standard output; what else goes wrong is said and gives `Ok(false)`.
pub fn write(
    writer: &dyn Writer,
    recording: &Recording,
    out: &Path,
    force: bool,
    output: &mut Output,
) -> Result<bool, Stop> {
    let name = out.to_string_lossy().into_owned();
    let stem = match out.file_stem() {
        Some(stem) if name != "-" => stem.to_string_lossy().into_owned(),
        _ => "recording".to_owned(),
    };
    let files = match writer.write(recording, &stem) {
        Ok(files) => files,
        Err(error) => {
            let phrase = Phrase::new("cli-cannot-hold").with("reason", error.to_string());
            output.complain(&name, &phrase);
            return Ok(false);
        }
    };
    if name == "-" {
        let [only] = files.as_slice() else {
            output.complain(&name, &Phrase::new("cli-several-files"));
            return Ok(false);
        };
        output.put_bytes(&only.bytes)?;
        return Ok(true);
    }
    Ok(write_files(&files, out, force, output))
}

fn write_files(files: &[WrittenFile], out: &Path, force: bool, output: &mut Output) -> bool {
    let paths: Vec<PathBuf> = match files {
        // One file has the very name that was asked for.
        [_] => vec![out.to_owned()],
        _ => files
            .iter()
            .map(|file| out.with_file_name(&file.name))
            .collect(),
    };
    if let Some(taken) = paths.iter().find(|path| !force && path.exists()) {
        output.complain(&taken.to_string_lossy(), &Phrase::new("cli-exists"));
        return false;
    }
    for (path, file) in paths.iter().zip(files) {
        if let Err(error) = std::fs::write(path, &file.bytes) {
            let phrase = Phrase::new("cli-not-written").with("reason", error.to_string());
            output.complain(&path.to_string_lossy(), &phrase);
            return false;
        }
    }
    true
}
