//! `inspect`: what a file is and says, without analysing it.

use super::arguments::{Common, Open};
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording};
use super::{Exit, pipeline};
use crate::report::{Extent, document, text};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, zips, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    open: Open,
}

pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    let mut work = |opened: Opened, output: &mut Output| {
        let mut report = pipeline::inspection(&opened.recording);
        report.file = opened.file;
        report.sha256 = opened.sha256;
        if common.json {
            output.json(&document(&report, &output.words).recording_only())?;
        } else {
            let page = text(&report, &output.words, Extent::Recording);
            output.page(&page)?;
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
