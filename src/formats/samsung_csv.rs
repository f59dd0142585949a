//! ECGs of Samsung Health Monitor (CSV), of Apple's shape with other words: a local date without a zone, millivolts.
//! And the list of ECGs in Samsung's export of personal data, which names recordings and holds none.
//!
//! After a public importer that was written against real strips.

use super::apple_csv::{Header, read_as};
use super::text::{bare, decode, lines};
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, input,
};

const ID: &str = "samsung-csv";

/// The reader.
pub struct SamsungCsv;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Samsung Health Monitor ECG (CSV)",
    extensions: &["csv"],
    signatures: &[],
    recognised_by: "pairs of words in any language with a date without zone, a rate in hertz and a unit of \
                    voltage, then one number a line",
    support: Support::Complete,
    tested_on: "1 file built from a public importer",
    certainty: Certainty::Built,
};

/// Whether it is the list in the export of personal data.
fn is_list(text: &str) -> bool {
    lines(text)
        .next()
        .is_some_and(|line| bare(line).starts_with("com.samsung.health.ecg"))
}

impl Format for SamsungCsv {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(text) = decode(head.bytes) else {
            return Score::NONE;
        };
        if is_list(&text) {
            // Anything beside it that holds a trace is meant.
            return Score(39);
        }
        match Header::find(&text) {
            Some(header)
                if header
                    .start
                    .is_some_and(|start| start.offset_minutes.is_none()) =>
            {
                header.score()
            }
            _ => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let head = entry.source.read(0, 4096)?;
        if decode(&head).is_some_and(|text| is_list(&text)) {
            return Err(input::no_signal(ID, "holds-list-of-recordings"));
        }
        read_as(ID, "recognised-samsung-csv", entry, context)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Answers;
    use super::super::testing::{extremes, near, open_text, sample_file};
    use super::*;

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(read) = sample_file("samsung-csv/constructed_ECG.csv") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (500.0, 15_000));
        let (low, high) = extremes(lead);
        assert!(near(low, -0.361) && near(high, 0.603), "{low} {high}");
        let source = &read.source;
        assert_eq!(source.format, ID);
        assert_eq!(source.classification.as_deref(), Some("Sinus rhythm"));
        assert_eq!(source.device.as_deref(), Some("Galaxy Watch6"));
        assert_eq!(source.patient.birth_date.as_deref(), Some("1980-01-01"));
        assert_eq!(read.start.unwrap().iso(), "2024-05-01T08:30:15");
        assert!(
            lead.gaps.is_empty() && read.notes.is_empty(),
            "{:?}",
            read.notes
        );
    }

    #[test]
    fn the_list_of_the_personal_data_is_called_what_it_is() {
        let text =
            "com.samsung.health.ecg,6312,7\nstart_time,end_time,sample_frequency,\n1,2,500,\n";
        let read = open_text("x", text, Answers::default());
        assert!(
            matches!(&read, Err(ReadError::NoSignal { holds, .. }) if holds == "holds-list-of-recordings"),
            "{read:?}"
        );
    }
}
