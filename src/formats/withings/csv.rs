//! `signal.csv`: one recording a row, its samples as an array in one cell.

use super::super::series::Series;
use super::super::text::{bare, decode, number};
use super::super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, input, instant,
};
use super::Strip;
use crate::recording::Note;

const ID: &str = "withings-csv";
/// Columns by which the table is recognised.
const COLUMNS: [&str; 4] = ["frequency", "duration", "wearposition", "signal"];

/// The reader.
pub struct WithingsCsv;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Withings ECG (signal.csv)",
    extensions: &["csv"],
    signatures: &[],
    recognised_by: "a first line with the columns frequency, duration, wearposition and signal",
    support: Support::Complete,
    tested_on: "1 file built on the header line of a real export",
    certainty: Certainty::Built,
};

/// The columns' names, if the first line is this table's.
fn columns(text: &str) -> Option<Vec<&str>> {
    let line = text.lines().next()?;
    let names: Vec<&str> = line.split(',').map(bare).collect();
    COLUMNS
        .iter()
        .all(|name| names.contains(name))
        .then_some(names)
}

impl Format for WithingsCsv {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        match decode(head.bytes) {
            Some(text) if columns(&text).is_some() => Score::CERTAIN,
            _ => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let text = text.trim_start_matches('\u{feff}');
        let names = columns(text).ok_or(ReadError::NotThisFormat)?;
        let body = text.split_once('\n').map_or("", |(_, body)| body);
        let rows = rows(body);
        let cell = |row: &[&'_ str], name: &str| {
            let place = names.iter().position(|column| *column == name)?;
            row.get(place).map(|cell| bare(cell).to_owned())
        };
        let strips: Vec<&Vec<&str>> = rows
            .iter()
            .filter(|row| cell(row, "signal").is_some_and(|signal| signal.len() > 2))
            .collect();
        if strips.is_empty() {
            return Err(input::no_signal(ID, "holds-no-electrocardiograms"));
        }
        let offers = strips.iter().enumerate().map(|(at, row)| {
            let start = cell(row, "date");
            let bytes = cell(row, "signal").map_or(0, |signal| signal.len());
            input::offer(at, &[start.clone(), cell(row, "type")], start, bytes)
        });
        let place = match input::pick(offers.collect(), &context.answers) {
            Ok(place) => place,
            Err(choice) => return Ok(*choice),
        };
        let row = strips.get(place).copied().ok_or(ReadError::NotThisFormat)?;
        let signal = cell(row, "signal").unwrap_or_default();
        let series = series(&signal, context)?;
        let rate_hz = cell(row, "frequency").and_then(|text| number(&text, true));
        let seconds = cell(row, "duration").and_then(|text| number(&text, true));
        // Spreadsheets cut a cell at 32767 characters.
        if !signal.trim_end().ends_with(']') && signal.starts_with('[') {
            context.note(
                Note::new("short-file")
                    .with("file", "signal")
                    .with("expected", rate_hz.unwrap_or(0.0) * seconds.unwrap_or(0.0))
                    .with("found", series.len()),
            );
        }
        let mut source = input::source(ID, "recognised-columns", entry);
        for name in ["doctor_assessment", "doctor_name", "checkup_date"] {
            if let Some(value) = cell(row, name).filter(|value| !value.is_empty()) {
                source.remarks.push(format!("{name}: {value}"));
            }
        }
        let strip = Strip {
            series,
            rate_hz,
            wear_position: cell(row, "wearposition"),
            start: cell(row, "date").as_deref().and_then(instant::parse),
            source,
        };
        Ok(super::reading(ID, strip, entry, context))
    }
}

/// Rows of a text; a comma or a line's end in quotes or brackets is none.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let mut rows = Vec::new();
    let mut row: Vec<&str> = Vec::new();
    let (mut quoted, mut bracketed, mut from) = (false, false, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'[' => bracketed = true,
            b']' => bracketed = false,
            b',' if !quoted && !bracketed => {
                row.push(text.get(from..at).unwrap_or_default());
                from = at + 1;
            }
            // A cell that lost its end reaches to the end of its line.
            b'\n' if !quoted || bracketed => {
                row.push(text.get(from..at).unwrap_or_default());
                rows.push(std::mem::take(&mut row));
                (quoted, bracketed, from) = (false, false, at + 1);
            }
            _ => {}
        }
    }
    row.push(text.get(from..).unwrap_or_default());
    rows.push(row);
    rows.retain(|row| row.iter().any(|cell| !bare(cell).is_empty()));
    rows
}

/// The numbers of `[1,2,3]`, with any separator; a last one that is cut is left out.
fn series(cell: &str, context: &Context) -> Result<Series, ReadError> {
    let whole = cell.trim_end().ends_with(']') || !cell.starts_with('[');
    let mut parts: Vec<&str> = cell
        .trim_matches(['[', ']', '"'])
        .split([',', ';', ' '])
        .filter(|part| !part.is_empty())
        .collect();
    if !whole {
        parts.pop();
    }
    context.check_samples(parts.len() as u64)?;
    Ok(parts.iter().map(|part| number(part, false)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::super::Answers;
    use super::super::super::testing::{extremes, near, open_text, sample_file};
    use super::*;

    const HEADER: &str = "date,type,frequency,duration,wearposition,signal,doctor_assessment,doctor_name,checkup_date\n";

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(read) = sample_file("withings/constructed_signal_watch.csv") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (300.0, 8970));
        let (low, high) = extremes(lead);
        assert!(near(low, -0.372) && near(high, 0.61), "{low} {high}");
        assert_eq!(read.start.unwrap().iso(), "2024-02-01T10:00:00");
    }

    #[test]
    fn a_cut_cell_is_noted_and_millivolts_are_told_by_their_size() {
        let text = format!("{HEADER}\"2024-02-01 10:00:00\",ecg,500,20,2,\"[0.5,-0.25,1.2,0.4");
        let Ok(Reading::Recording(read)) = open_text("x", &text, Answers::default()) else {
            panic!()
        };
        assert_eq!(read.leads[0].samples.all_values(), [0.5, -0.25, 1.2]);
        let codes: Vec<_> = read.notes.iter().map(|note| note.code.as_str()).collect();
        assert_eq!(codes, ["short-file", "unit-by-size"]);
    }

    #[test]
    fn several_rows_are_a_choice_and_a_size_between_is_a_question() {
        let row = "2024-02-01 10:00:00,ecg,300,30,1,[30,-10,5],,,\n";
        let text = format!("{HEADER}{row}{row}");
        let choice = open_text("x", &text, Answers::default());
        assert!(matches!(choice, Ok(Reading::Choice(offers)) if offers.len() == 2));
        let text = format!("{HEADER}{row}");
        let question = open_text("x", &text, Answers::default());
        assert!(matches!(question, Ok(Reading::Question(_))), "{question:?}");
        let none = open_text("x", HEADER, Answers::default());
        assert!(matches!(none, Err(ReadError::NoSignal { .. })));
    }
}
