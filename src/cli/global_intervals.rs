//! `evaluate --global`: global intervals against those that an annotator's marks in every lead make.

use super::Exit;
use super::arguments::{Common, Open};
use super::delineation::annotation_bytes;
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording, leads};
use crate::analysis::{Global, Intervals, analyse};
use crate::evaluation::{
    AnnotatedLead, GLOBAL_INTERVALS, GlobalComparison, GlobalInterval, GlobalLine, GlobalReference,
    annotated_intervals, global_table, global_text,
};
use crate::formats::wfdb::read_annotations_at;
use crate::recording::{Phrase, Recording};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;

/// One record.
#[derive(Serialize)]
struct Compared {
    record: String,
    /// The global intervals, or why there are none.
    global: Result<Global, Phrase>,
    by_reference: Vec<Vec<GlobalComparison>>,
}

/// The lines over some of the records.
#[derive(Serialize)]
struct Table {
    reference: GlobalReference,
    /// All records, or those of even or odd number.
    part: &'static str,
    lines: Vec<GlobalLine>,
}

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    tables: Vec<Table>,
    records: Vec<Compared>,
}

pub fn run(
    paths: &[PathBuf],
    open: &Open,
    common: &Common,
    output: &mut Output,
) -> Result<Exit, Stop> {
    let mut records: Vec<Compared> = Vec::new();
    let mut work = |opened: Opened, output: &mut Output| {
        output.progress(&Phrase::new("cli-analysing").with("name", opened.file.as_str()));
        match compare(&opened.file, &opened.recording, &common.lead) {
            Ok(record) => {
                records.push(record);
                Ok(true)
            }
            Err(phrase) => {
                output.complain(&opened.file, &phrase);
                Ok(false)
            }
        }
    };
    let tally = each_recording(paths, open, Cut::Nothing, output, &mut work)?;
    if !records.is_empty() {
        let tables = tables(&records);
        if common.json {
            output.json(&Document {
                schema: "einthoven-global/1",
                tables,
                records,
            })?;
        } else {
            output.put(&text(&tables, records.len()))?;
        }
    }
    Ok(tally.exit())
}

/// The annotator's intervals over all leads, beside the measured ones over the leads asked for.
fn compare(file: &str, recording: &Recording, asked: &[String]) -> Result<Compared, Phrase> {
    let annotated: Vec<AnnotatedLead> = recording
        .leads
        .iter()
        .filter_map(|lead| {
            let bytes = annotation_bytes(file, recording, &lead.name.to_lowercase())?;
            let annotations = read_annotations_at(&bytes, lead.rate_hz).ok()?;
            Some(AnnotatedLead::of_annotations(&annotations))
        })
        .collect();
    if annotated.is_empty() {
        return Err(Phrase::new("cli-no-annotations"));
    }
    let chosen: Vec<usize> = leads(recording, asked)?.into_iter().flatten().collect();
    let global = match chosen.is_empty() {
        true => analyse(recording, None)?.global,
        false => {
            let mut narrowed = recording.clone();
            narrowed.leads = chosen
                .iter()
                .filter_map(|index| recording.leads.get(*index).cloned())
                .collect();
            analyse(&narrowed, None)?.global
        }
    };
    let record = &recording.source.name;
    Ok(Compared {
        record: record.clone(),
        by_reference: GlobalReference::ALL
            .iter()
            .map(|reference| comparisons(record, &annotated, *reference, global.as_ref().ok()))
            .collect(),
        global,
    })
}

fn comparisons(
    record: &str,
    annotated: &[AnnotatedLead],
    reference: GlobalReference,
    global: Option<&Global>,
) -> Vec<GlobalComparison> {
    let measured_ms = |interval: GlobalInterval| {
        let all: &Intervals = &global?.intervals;
        let measured = match interval {
            GlobalInterval::P => &all.p_ms,
            GlobalInterval::Pr => &all.pr_ms,
            GlobalInterval::Qrs => &all.qrs_ms,
            GlobalInterval::Qt => &all.qt_ms,
        };
        measured.value()
    };
    GLOBAL_INTERVALS
        .iter()
        .zip(annotated_intervals(annotated, reference))
        .map(|((interval, _, _), reference_ms)| GlobalComparison {
            record: record.to_owned(),
            interval: *interval,
            reference_ms,
            measured_ms: measured_ms(*interval),
        })
        .collect()
}

/// Over all records, and over those of even and odd number where they are numbered: the even ones are for development.
fn tables(records: &[Compared]) -> Vec<Table> {
    let number = |record: &Compared| record.record.parse::<u32>().ok();
    let parts: [(&str, &dyn Fn(&Compared) -> bool); 3] = [
        ("all", &|_| true),
        ("even", &|record| number(record).is_some_and(|n| n % 2 == 0)),
        ("odd", &|record| number(record).is_some_and(|n| n % 2 == 1)),
    ];
    let mut tables = Vec::new();
    for (place, reference) in GlobalReference::ALL.into_iter().enumerate() {
        for (part, belongs) in parts {
            let compared: Vec<GlobalComparison> = records
                .iter()
                .filter(|record| belongs(record))
                .filter_map(|record| record.by_reference.get(place))
                .flatten()
                .cloned()
                .collect();
            if !compared.is_empty() {
                tables.push(Table {
                    reference,
                    part,
                    lines: global_table(&compared),
                });
            }
        }
    }
    tables
}

fn text(tables: &[Table], records: usize) -> String {
    let mut text = format!("# {records} records\n");
    for table in tables {
        let _ = write!(
            text,
            "\n# records: {}; reference: {}\n{}",
            table.part,
            table.reference.name(),
            global_text(&table.lines)
        );
    }
    text
}
