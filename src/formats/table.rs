//! Any table of numbers: comma, semicolon, tab, bar or space separated, with decimal point or comma, with or without
//! header, one column a lead.
//!
//! What the file does not say (rate, unit) is asked for with evidence and a proposal, never guessed in silence.

mod columns;
mod shape;
mod timeline;

use super::evidence;
use super::input;
use super::text::decode;
use super::voltage::{signal_kind, units_per_millivolt};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support, Unknown,
};
use crate::recording::{
    Lead, LeadName, Note, Recording, SampleData, Samples, Scale, SignalKind, Source, Unit,
};
use columns::{Column, Grid};
use shape::Shape;
use timeline::Timeline;

const ID: &str = "table";
/// Rows below which it is no recording.
const FEWEST_ROWS: usize = 16;

/// The reader of general tables.
pub struct Table;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Table of numbers (CSV, TSV, text)",
    extensions: &["csv", "tsv", "txt"],
    signatures: &[],
    recognised_by: "text in which at least 16 rows hold the same number of columns of numbers",
    support: Support::Common,
    tested_on: "4 public files of numbers, and everything that the CSV writer writes",
    certainty: Certainty::Real,
};

impl Format for Table {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(text) = decode(head.bytes) else {
            return Score::NONE;
        };
        let cut = head.len > head.bytes.len() as u64;
        let whole = match text.rsplit_once(['\n', '\r']) {
            Some((whole, _)) if cut => whole,
            _ => &text,
        };
        if Shape::find(whole).is_some() || Grid::is_transposed(whole) {
            return Score::POSSIBLE;
        }
        Score::NONE
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let length = entry.source.len();
        context.check_bytes(length)?;
        let bytes = entry.source.read(0, length as usize)?;
        let text = decode(&bytes).ok_or(ReadError::NotThisFormat)?;
        let grid = match Shape::find(&text) {
            Some(shape) => Grid::read(&text, &shape, context)?,
            None => Grid::transposed(&text, context)?,
        };
        reading(grid, entry, context)
    }
}

/// Reads a text as a table for a format whose tables are packed in something else.
///
/// # Errors
/// [`ReadError::NotThisFormat`] where it is no table, and as a table's reader.
pub(super) fn read_text(
    text: &str,
    format: &str,
    entry: &Entry,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    let shape = Shape::find(text).ok_or(ReadError::NotThisFormat)?;
    let grid = Grid::read(text, &shape, context)?;
    let mut read = reading(grid, entry, context)?;
    match &mut read {
        Reading::Recording(recording) => recording.source.format = format.to_owned(),
        Reading::Question(question) => question.format = format.to_owned(),
        Reading::Choice(_) => {}
    }
    Ok(read)
}

/// From columns to leads, or to what must be asked.
fn reading(mut grid: Grid, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
    let timeline = Timeline::take(&mut grid);
    if let Some(unit) = timeline.as_ref().and_then(|timeline| timeline.assumed_unit) {
        context.note(Note::new("time-unit-assumed").with("unit", unit));
    }
    let left_out: Vec<&str> = grid
        .columns
        .iter()
        .filter(|column| column.is_auxiliary())
        .map(|column| column.name.as_str())
        .collect();
    if !left_out.is_empty() {
        context.note(Note::new("columns-left-out").with("names", left_out.join(", ")));
    }
    grid.columns.retain(|column| !column.is_auxiliary());
    if grid.columns.is_empty() {
        return Err(ReadError::NoSignal {
            format: ID.to_owned(),
            holds: "holds-no-signal-column".to_owned(),
        });
    }
    name_columns(&mut grid, context);
    for column in &mut grid.columns {
        column.take_sentinels();
    }
    let rate_hz = grid
        .rate_hz
        .or(timeline.as_ref().and_then(|timeline| timeline.rate_hz))
        .or(context.answers.rate_hz);
    let units: Vec<Option<(Unit, f64)>> = grid
        .columns
        .iter()
        .map(|column| unit_of(column, &grid, &context.answers))
        .collect();
    let unknown_unit = units.iter().position(Option::is_none);
    let Some(rate_hz) = rate_hz.filter(|_| unknown_unit.is_none()) else {
        return Ok(question(&grid, rate_hz, unknown_unit));
    };
    let breaks = timeline.as_ref().map_or(&[][..], |t| t.breaks.as_slice());
    let lost = breaks
        .iter()
        .fold(0_u64, |sum, (_, rows)| sum.saturating_add(*rows));
    let rows = (grid.rows as u64).saturating_add(lost);
    context.check_samples(rows.saturating_mul(grid.columns.len() as u64))?;
    let leads: Vec<Lead> = grid
        .columns
        .into_iter()
        .zip(units.into_iter().flatten())
        .map(|(column, (unit, gain))| lead(column, unit, gain, rate_hz, breaks))
        .collect();
    let recording = Recording {
        leads,
        start: timeline.and_then(|timeline| timeline.start),
        source: Source {
            format: ID.to_owned(),
            recognised_by: "recognised-table".to_owned(),
            name: entry.file_name().to_owned(),
            remarks: grid.preamble,
            ..Source::default()
        },
        annotations: Vec::new(),
        notes: std::mem::take(&mut context.notes),
    };
    Ok(Reading::Recording(Box::new(recording)))
}

/// Names columns that have none: the only one by what is known of it, twelve in the order of a printed sheet.
fn name_columns(grid: &mut Grid, context: &mut Context) {
    let unnamed = grid.columns.iter().filter(|c| c.name.is_empty()).count();
    let only = grid.columns.len() == 1;
    let twelve = unnamed == LeadName::ALL.len() && grid.columns.len() == unnamed;
    if twelve {
        context.note(Note::new("lead-order-assumed"));
    }
    for (at, column) in grid.columns.iter_mut().enumerate() {
        if !column.name.is_empty() {
            continue;
        }
        column.name = match LeadName::ALL.get(at) {
            Some(lead) if twelve => lead.label().to_owned(),
            _ if only => grid
                .lead
                .clone()
                .or_else(|| context.answers.lead.clone())
                .unwrap_or_else(|| "ECG".to_owned()),
            _ => format!("column {}", column.place + 1),
        };
    }
}

/// Unit of a column and its numbers in one of that unit (a millivolt for voltages); `None` when it must be asked.
fn unit_of(column: &Column, grid: &Grid, answers: &Answers) -> Option<(Unit, f64)> {
    let stated = column.unit.as_deref().or(grid.unit.as_deref());
    if let Some(unit) = stated {
        if let Some(factor) = units_per_millivolt(unit) {
            return Some((Unit::Millivolt, factor));
        }
        if column.unit.is_some() {
            let unit = if is_counts(unit) {
                Unit::Counts
            } else {
                Unit::Other(unit.to_owned())
            };
            return Some((unit, 1.0));
        }
    }
    if matches!(
        signal_kind(&column.name, &Unit::Counts),
        SignalKind::Other(_)
    ) {
        return Some((Unit::Other(String::new()), 1.0));
    }
    if let Some(factor) = answers.per_millivolt() {
        return Some((Unit::Millivolt, factor));
    }
    answers
        .unit
        .as_deref()
        .is_some_and(is_counts)
        .then_some((Unit::Counts, 1.0))
}

fn is_counts(unit: &str) -> bool {
    ["counts", "count", "adu", "adc", "raw", "lsb"].contains(&unit.to_ascii_lowercase().as_str())
}

fn question(grid: &Grid, rate_hz: Option<f64>, unknown_unit: Option<usize>) -> Reading {
    let column = &grid.columns[unknown_unit.unwrap_or(0).min(grid.columns.len() - 1)];
    let values = column.head(evidence::LOOK);
    let mut unknowns = Vec::new();
    let mut told = Vec::new();
    let mut proposal = Answers::default();
    if rate_hz.is_none() {
        unknowns.push(Unknown::Rate);
        if let Some((rate, phrase)) = evidence::rate(&values) {
            proposal.rate_hz = Some(rate);
            told.push(phrase);
        }
    }
    if unknown_unit.is_some() {
        let (unit, counts, phrase) = evidence::unit(&values, column.is_integer());
        unknowns.push(if counts { Unknown::Gain } else { Unknown::Unit });
        proposal.unit = unit.map(str::to_owned);
        told.extend(phrase);
    }
    Reading::Question(Box::new(Question {
        format: ID.to_owned(),
        unknowns,
        evidence: told,
        proposal,
        preview: values.into_iter().take(input::PREVIEW).collect(),
    }))
}

fn lead(column: Column, unit: Unit, gain: f64, rate_hz: f64, breaks: &[(usize, u64)]) -> Lead {
    let name = column.name.clone();
    let (data, gaps) = column.finish(breaks);
    let samples = Samples {
        data,
        scale: Scale {
            gain,
            baseline: 0.0,
        },
    };
    let samples = match samples.data {
        SampleData::I32(data) => Samples::from_i32(data, samples.scale),
        data => Samples { data, ..samples },
    };
    Lead {
        standard: LeadName::recognise(&name),
        kind: signal_kind(&name, &unit),
        name,
        unit,
        rate_hz,
        samples,
        gaps,
        derived: false,
    }
}

#[cfg(test)]
mod tests;
