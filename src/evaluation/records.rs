//! Comparisons of several records: sums, intervals, and their text.

use super::tables::{FORMS, Form, lines, matrices};
use super::{Comparison, FIGURES, Figure, Independent, Interval, Protocol, intervals};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Seed of the printed intervals.
const SEED: u64 = 1;

/// One record's comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordComparison {
    /// The record's name.
    pub record: String,
    /// Its counts.
    pub comparison: Comparison,
}

/// Comparisons of several records under one protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// How the comparisons were made.
    pub protocol: Protocol,
    /// The records in the order they were compared.
    pub records: Vec<RecordComparison>,
    /// Counts over all records.
    pub gross: Comparison,
    /// What the intervals take as independent.
    pub independent: Independent,
    /// 95 % intervals, in the order of [`FIGURES`].
    intervals: Vec<Option<Interval>>,
}

impl Evaluation {
    /// Sums up the records and draws the intervals.
    #[must_use]
    pub fn new(protocol: Protocol, records: Vec<RecordComparison>) -> Self {
        let all: Vec<&Comparison> = records.iter().map(|record| &record.comparison).collect();
        let mut gross = Comparison::default();
        for comparison in &all {
            gross.add(comparison);
        }
        let (independent, intervals) = intervals(&all, &FIGURES, SEED);
        Self {
            protocol,
            gross,
            independent,
            intervals,
            records,
        }
    }

    /// The figures that have an interval.
    pub fn intervals(&self) -> impl Iterator<Item = (&'static Figure, Interval)> {
        let figures = FIGURES.iter().zip(&self.intervals);
        figures.filter_map(|(figure, interval)| Some((figure, (*interval)?)))
    }

    /// Every table with a line a record, and the intervals; S counted as N where `merge_s` says so.
    #[must_use]
    pub fn lines(&self, merge_s: bool) -> String {
        let mut text = self.head();
        for form in FORMS.iter().filter(|form| form.fits(merge_s)) {
            let _ = write!(text, "\n# {}\n{}", form.name, self.table(form));
        }
        text.push('\n');
        let how = match self.independent {
            Independent::Records => "95 % by record",
            Independent::Events => "95 % if its beats and episodes were independent",
        };
        let shown = |figure: &Figure| !(merge_s && figure.id.starts_with("s_"));
        for (figure, Interval { low, high }) in self.intervals().filter(|(f, _)| shown(f)) {
            let (name, low, high) = (figure.name, low * 100.0, high * 100.0);
            let _ = writeln!(text, "# {name} {how}: {low:.2} to {high:.2}");
        }
        text
    }

    /// One table with a line a record, sums, gross figures and averages.
    #[must_use]
    pub fn table(&self, form: &Form) -> String {
        let records = self.records.iter();
        let records = records.map(|record| (record.record.as_str(), &record.comparison));
        lines::table(form, &records.collect::<Vec<_>>(), &self.gross)
    }

    /// The matrices of each record, and of all together where there are several.
    #[must_use]
    pub fn matrices(&self, merge_s: bool) -> String {
        let mut text = self.head();
        for record in &self.records {
            text.push_str(&matrices::text(&record.record, &record.comparison, merge_s));
        }
        if self.records.len() > 1 {
            text.push_str(&matrices::text("gross", &self.gross, merge_s));
        }
        text
    }

    /// How the comparison was made.
    fn head(&self) -> String {
        let protocol = &self.protocol;
        let mut text = format!(
            "# pairing as bxb, window {} s, from {} s to ",
            protocol.window_s, protocol.from_s
        );
        let _ = match protocol.to_s.is_finite() {
            true => write!(text, "{} s", protocol.to_s),
            false => write!(text, "the end"),
        };
        let _ = write!(text, ", classes {:?}", protocol.map);
        if protocol.exclude_flutter {
            text.push_str(", atrial flutter excluded");
        }
        if protocol.min_episode_s > 0.0 {
            let _ = write!(text, ", episodes from {} s", protocol.min_episode_s);
        }
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::BEATS;

    fn evaluation() -> Evaluation {
        let mut comparison = Comparison::default();
        comparison.beats.matrix[0][0] = 99;
        comparison.beats.matrix[0][5] = 1;
        let records = ["100", "101"].map(|name| RecordComparison {
            record: name.to_owned(),
            comparison: comparison.clone(),
        });
        Evaluation::new(Protocol::default(), records.to_vec())
    }

    #[test]
    fn a_table_has_a_line_a_record_and_sums() {
        let table = evaluation().table(&BEATS);
        let words: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(words[0][..2], ["Record", "Nn'"]);
        assert_eq!(words[1][..3], ["100", "99", "0"]);
        assert_eq!(words[4][..2], ["Sum", "198"]);
        assert_eq!(words[5][..3], ["Gross", "99.00", "100.00"]);
        assert_eq!(words[6][..3], ["Average", "99.00", "100.00"]);
    }

    #[test]
    fn the_text_says_how_it_was_made_and_how_sure_it_is() {
        let text = evaluation().lines(false);
        assert!(
            text.contains("from 300 s to the end, classes Bxb\n"),
            "{text}"
        );
        assert!(
            text.contains("# Q Se 95 % by record: 99.00 to 99.00\n"),
            "{text}"
        );
        assert!(!text.contains("V Se 95 %"), "{text}");
    }

    #[test]
    fn the_interval_of_one_record_says_what_it_takes_for_granted() {
        let mut evaluation = evaluation();
        evaluation.records.truncate(1);
        let text = Evaluation::new(evaluation.protocol, evaluation.records).lines(false);
        let line = "# Q Se 95 % if its beats and episodes were independent: 94.55 to 99.82\n";
        assert!(text.contains(line), "{text}");
    }

    #[test]
    fn matrices_are_given_by_record_and_in_sum() {
        let text = evaluation().matrices(false);
        assert!(text.contains("\n# beats of 101: "), "{text}");
        assert!(text.contains("\n# beats of gross: "), "{text}");
        assert!(
            text.contains(" N |  198    0    0    0    0    2    0\n"),
            "{text}"
        );
        assert!(text.contains("Q Se 99.00 % (198/200)"), "{text}");
    }
}
