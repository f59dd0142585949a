//! `analyze`: a report on each recording.

use super::arguments::{Common, Open};
use super::models::Shelf;
use super::output::{Output, Stop};
use super::reading::{Cut, Work, each_recording, each_recording_at_once, leads};
use super::{Exit, pipeline};
use crate::recording::{Phrase, Recording};
use crate::report::{Extent, Report, annotations, csv, document, fhir, file_stem, paper, text};
use crate::sheet::{pdf, svg};
use clap::Args;
use std::collections::HashSet;
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
    /// Print the report as a FHIR R4 Bundle, one line a recording
    #[arg(long, conflicts_with_all = ["json", "csv", "hrv", "atr"])]
    fhir: bool,
    /// Write each report as a PDF into a folder: the trace on true paper, and everything in words
    #[arg(long, value_name = "DIR", conflicts_with_all = ["json", "csv", "hrv", "atr", "fhir"])]
    pdf: Option<PathBuf>,
    /// Write the pages of each report as SVG into a folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["json", "csv", "hrv", "atr", "fhir"])]
    svg: Option<PathBuf>,
    #[command(flatten)]
    open: Open,
}

/// Folders of printed reports, and the names that are taken in this run.
struct Printer<'a> {
    arguments: &'a Arguments,
    taken: HashSet<String>,
}

impl<'a> Printer<'a> {
    fn of(arguments: &'a Arguments) -> Option<Self> {
        let wanted = arguments.pdf.is_some() || arguments.svg.is_some();
        wanted.then(|| Self {
            arguments,
            taken: HashSet::new(),
        })
    }

    /// Writes the pages of one report and says where.
    fn print(
        &mut self,
        report: &Report,
        recording: &Recording,
        output: &mut Output,
    ) -> Result<bool, Stop> {
        let pages = paper(report, recording, &output.words);
        let stem = self.free_stem(&report.file);
        let mut files = Vec::new();
        if let Some(folder) = &self.arguments.pdf {
            files.push((folder, format!("{stem}.pdf"), pdf(&pages, &stem)));
        }
        if let Some(folder) = &self.arguments.svg {
            for (index, page) in pages.iter().enumerate() {
                let name = format!("{stem}-{}.svg", index + 1);
                files.push((folder, name, svg(page).into_bytes()));
            }
        }
        for (folder, name, bytes) in files {
            let path = folder.join(name);
            let written =
                std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, bytes));
            let shown = path.to_string_lossy();
            if let Err(error) = written {
                let reason = Phrase::new("cli-not-written").with("reason", error.to_string());
                output.complain(&shown, &reason);
                return Ok(false);
            }
            output.put(&format!("{shown}\n"))?;
        }
        Ok(true)
    }

    /// The file's own name without its ending, with a number where it was taken before in this run.
    fn free_stem(&mut self, file: &str) -> String {
        let stem = file_stem(file);
        let mut free = stem.clone();
        let mut number = 1;
        while !self.taken.insert(free.clone()) {
            number += 1;
            free = format!("{stem}-no{number}");
        }
        free
    }
}

/// Reports on each recording; printed pages one after the other, because names that are taken decide the next one's.
///
/// # Errors
/// [`Stop`] from writing.
pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    let (paths, open) = (&arguments.paths, &arguments.open);
    let printer = Printer::of(arguments);
    if printer.is_none() && common.threads.get() > 1 {
        let make_work = || work(arguments, common, None);
        return each_recording_at_once(paths, open, common, output, &make_work);
    }
    let mut work = work(arguments, common, printer);
    each_recording(paths, open, Cut::Asked(common), output, &mut *work)
}

/// What is done with each recording.
fn work<'a>(
    arguments: &'a Arguments,
    common: &'a Common,
    mut printer: Option<Printer<'a>>,
) -> Box<Work<'a>> {
    let mut shelf = Shelf::default();
    Box::new(move |opened, output| {
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
            let is_written = match &mut printer {
                Some(printer) => printer.print(&report, &opened.recording, output)?,
                None => write(&report, arguments, common, output)?,
            };
            if !is_written {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// Writes one report as it was asked for.
fn write(
    report: &Report,
    arguments: &Arguments,
    common: &Common,
    output: &mut Output,
) -> Result<bool, Stop> {
    if arguments.fhir {
        output.json(&fhir(report, &output.words))?;
    } else if common.json {
        output.json(&document(report, &output.words))?;
    } else if arguments.atr {
        output.put_bytes(&annotations::beats(report))?;
    } else if arguments.csv {
        output.put(&csv::beats(report))?;
    } else if arguments.hrv {
        output.put(&csv::hrv(report, &output.words))?;
    } else {
        let page = text(report, &output.words, Extent::Everything);
        output.page(&page)?;
    }
    Ok(true)
}
