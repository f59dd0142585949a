//! `analyze`: a report on each recording.

use super::arguments::{Common, Open};
use super::models::Shelf;
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording, leads};
use super::{Exit, pipeline};
use crate::recording::Phrase;
use crate::report::{Extent, annotations, csv, document, text};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, zips, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print the beats as a table instead of the report
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print heart rate variability as a table instead of the report
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    hrv: bool,
    /// Write the beats as an annotation file of WFDB (.atr) to standard output instead of the report
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    atr: bool,
    #[command(flatten)]
    open: Open,
}

pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    let mut shelf = Shelf::default();
    let mut work = |opened: Opened, output: &mut Output| {
        let leads = match leads(&opened.recording, &common.lead) {
            Ok(leads) => leads,
            Err(phrase) => {
                output.complain(&opened.file, &phrase);
                return Ok(false);
            }
        };
        for lead in leads {
            output.progress(&Phrase::new("cli-analysing").with("name", opened.file.as_str()));
            let mut report = match pipeline::report(&opened.recording, lead, common, &mut shelf) {
                Ok(report) => report,
                Err(phrase) => {
                    output.complain(&opened.file, &phrase);
                    return Ok(false);
                }
            };
            report.file.clone_from(&opened.file);
            report.sha256.clone_from(&opened.sha256);
            if common.json {
                output.json(&document(&report, &output.words))?;
            } else if arguments.atr {
                output.put_bytes(&annotations::beats(&report))?;
            } else if arguments.csv {
                output.put(&csv::beats(&report))?;
            } else if arguments.hrv {
                output.put(&csv::hrv(&report, &output.words))?;
            } else {
                let page = text(&report, &output.words, Extent::Everything);
                output.page(&page)?;
            }
        }
        Ok(true)
    };
    each_recording(
        &arguments.paths,
        &arguments.open,
        Cut::Asked(common),
        output,
        &mut work,
    )
}
