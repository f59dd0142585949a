//! Writing a table: a time column in seconds, one column a lead in its unit, empty cells where samples are missing.

use super::gaps::in_gap;
use super::{WriteError, Writer, WrittenFile};
use crate::recording::{Lead, Recording, Unit};
use std::fmt::Write as _;

/// Writes comma-separated values. Leads of different rates go to different files.
pub struct CsvWriter;

impl Writer for CsvWriter {
    fn id(&self) -> &'static str {
        "csv"
    }
    fn name(&self) -> &'static str {
        "CSV"
    }
    fn write(&self, recording: &Recording, stem: &str) -> Result<Vec<WrittenFile>, WriteError> {
        let mut groups: Vec<Vec<&Lead>> = Vec::new();
        for lead in &recording.leads {
            let same = |group: &&mut Vec<&Lead>| {
                group
                    .first()
                    .is_some_and(|first| first.rate_hz == lead.rate_hz)
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(lead),
                None => groups.push(vec![lead]),
            }
        }
        if groups.is_empty() {
            return Err(WriteError::CannotHold {
                format: "csv",
                what: "a recording without leads".to_owned(),
            });
        }
        Ok(groups
            .iter()
            .enumerate()
            .map(|(at, group)| WrittenFile {
                name: match group.first() {
                    Some(first) if at > 0 => format!("{stem}_{}Hz.csv", first.rate_hz),
                    _ => format!("{stem}.csv"),
                },
                bytes: table(group).into_bytes(),
            })
            .collect())
    }
}

/// The table of leads of one rate.
fn table(leads: &[&Lead]) -> String {
    let mut text = "time [s]".to_owned();
    for lead in leads {
        let unit = match &lead.unit {
            Unit::Millivolt => "mV",
            Unit::Counts => "counts",
            Unit::Other(unit) => unit,
        };
        let _ = write!(text, ",{}", cell(&format!("{} [{unit}]", lead.name)));
    }
    text.push('\n');
    let values: Vec<Vec<f32>> = leads.iter().map(|lead| lead.samples.all_values()).collect();
    let rows = values.iter().map(Vec::len).max().unwrap_or(0);
    let rate_hz = leads.first().map_or(1.0, |lead| lead.rate_hz);
    for row in 0..rows {
        // A nanosecond is far below what any rate needs.
        let time = format!("{:.9}", row as f64 / rate_hz);
        text.push_str(time.trim_end_matches('0').trim_end_matches('.'));
        for (lead, values) in leads.iter().zip(&values) {
            text.push(',');
            if let Some(value) = values.get(row)
                && !in_gap(&lead.gaps, row)
            {
                let _ = write!(text, "{value}");
            }
        }
        text.push('\n');
    }
    text
}

/// A cell, in quotes where it needs them.
fn cell(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    if text.contains([',', '"', ';']) {
        format!("\"{}\"", text.replace('"', "'"))
    } else {
        text
    }
}
