//! `evaluate --global`: global intervals against those that an annotator's marks in every lead make.

use super::Exit;
use super::arguments::{Common, Open};
use super::delineation::annotation_bytes;
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording, leads};
use crate::analysis::reversal::Swapped;
use crate::analysis::{Global, Intervals, analyse};
use crate::evaluation::{
    AnnotatedLead, AxisWord, GLOBAL_INTERVALS, GlobalComparison, GlobalInterval, GlobalLine,
    GlobalReference, annotated_intervals, global_table, global_text, in_one_scale, wilson,
    with_arms_swapped,
};
use crate::formats::wfdb::read_annotations_at;
use crate::recording::{Measured, Phrase, Recording};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    axis: Option<ComparedAxis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arms: Option<ComparedArms>,
}

/// Whether the arms' electrodes are told to be swapped, as they were recorded and when we swap them.
#[derive(Clone, Copy, Serialize)]
struct ComparedArms {
    as_recorded: bool,
    swapped: bool,
}

/// The QRS axis beside the annotator's word for it.
#[derive(Clone, Serialize)]
struct ComparedAxis {
    word: AxisWord,
    /// Degrees; withheld where it was.
    measured: Measured<f64>,
    /// Degrees to the word's borders, 0 within them.
    #[serde(skip_serializing_if = "Option::is_none")]
    off_deg: Option<f64>,
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
    let exit = each_recording(paths, open, Cut::Nothing, output, &mut work)?;
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
            output.put(&axis_text(&records))?;
            output.put(&arms_text(&records))?;
        }
    }
    Ok(exit)
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
        axis: axis(recording),
        arms: arms(recording),
    })
}

/// The axis with the limb leads brought to one scale, where the annotator has a word for it.
fn axis(recording: &Recording) -> Option<ComparedAxis> {
    let word = recording
        .source
        .remarks
        .iter()
        .find_map(|remark| AxisWord::of_remark(remark))?;
    let measured = match in_one_scale(recording) {
        Some(scaled) => analyse(&scaled, None).ok()?.axis_deg,
        None => analyse(recording, None).ok()?.axis_deg,
    };
    Some(ComparedAxis {
        word,
        off_deg: measured.value().map(|axis_deg| word.degrees_off(axis_deg)),
        measured,
    })
}

/// With the limb leads brought to one scale; `None` where that is not possible.
fn arms(recording: &Recording) -> Option<ComparedArms> {
    let scaled = in_one_scale(recording)?;
    let told = |recording: &Recording| {
        let found = analyse(recording, None).ok()?.signs.reversal;
        Some(found.is_some_and(|found| found.swapped == Swapped::Arms))
    };
    Some(ComparedArms {
        as_recorded: told(&scaled)?,
        swapped: told(&with_arms_swapped(&scaled))?,
    })
}

fn arms_text(records: &[Compared]) -> String {
    let all: Vec<ComparedArms> = records.iter().filter_map(|record| record.arms).collect();
    let line = |name: &str, told: &dyn Fn(&ComparedArms) -> bool| {
        let yes = all.iter().filter(|one| told(one)).count();
        let interval = wilson((yes as u64, (all.len() - yes) as u64));
        let (low, high) = interval.map_or((0.0, 1.0), |interval| (interval.low, interval.high));
        let percent = 100.0 * yes as f64 / all.len().max(1) as f64;
        let (low, high) = (100.0 * low, 100.0 * high);
        format!(
            "{name:<12}told of {yes} of {} records: {percent:.1} % ({low:.1}-{high:.1})\n",
            all.len()
        )
    };
    match all.is_empty() {
        true => String::new(),
        false => format!(
            "\n# Electrodes of the arms\n{}{}",
            line("as recorded", &|one| one.as_recorded),
            line("swapped", &|one| one.swapped)
        ),
    }
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

/// Which records belong to a part.
type Part<'a> = &'a dyn Fn(&Compared) -> bool;

/// Over all records, and over those of even and odd number where they are numbered: the even ones are for development.
fn tables(records: &[Compared]) -> Vec<Table> {
    let number = |record: &Compared| record.record.parse::<u32>().ok();
    let parts: [(&str, Part<'_>); 3] = [
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

/// Largest distances to a word's borders that are counted, degrees.
const AXIS_NEAR_DEG: [f64; 3] = [0.0, 10.0, 15.0];

fn axis_text(records: &[Compared]) -> String {
    let all: Vec<&ComparedAxis> = records.iter().filter_map(|r| r.axis.as_ref()).collect();
    let mut text = String::from("\n# QRS axis and the annotator's word for it\n");
    let mut line = |name: &str, some: &[&ComparedAxis]| {
        let withheld = some.iter().filter(|one| one.off_deg.is_none()).count();
        let _ = write!(
            text,
            "{name:<11}{:>4} records, withheld {withheld}",
            some.len()
        );
        for near_deg in AXIS_NEAR_DEG {
            let near = some
                .iter()
                .filter(|one| one.off_deg.is_some_and(|off| off <= near_deg))
                .count();
            let measured = some.len() - withheld;
            let share = 100.0 * near as f64 / measured.max(1) as f64;
            let _ = write!(text, ", within {near_deg:.0} degrees {near} ({share:.1} %)");
        }
        text.push('\n');
    };
    line("all", &all);
    for word in AxisWord::ALL {
        let some: Vec<&ComparedAxis> = all.iter().copied().filter(|one| one.word == word).collect();
        line(&format!("{word:?}").to_lowercase(), &some);
    }
    match all.is_empty() {
        true => String::new(),
        false => text,
    }
}
