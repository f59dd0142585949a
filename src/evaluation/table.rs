//! The table of a beat-by-beat comparison: one line a record, then the gross line with its intervals.

use super::{BeatScore, Interval, Protocol, bootstrap_interval};
use crate::recording::BeatCode;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Seed of the printed intervals.
const SEED: u64 = 1;

/// One record's score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordScore {
    /// The record's name.
    pub record: String,
    /// Its counts.
    pub score: BeatScore,
}

/// Scores of several records under one protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeatTable {
    /// How the comparison was made.
    pub protocol: Protocol,
    /// The records in the order they were scored.
    pub records: Vec<RecordScore>,
    /// Counts over all records.
    pub gross: BeatScore,
    /// 95 % interval of QRS sensitivity by record.
    pub sensitivity_interval: Option<Interval>,
    /// 95 % interval of QRS positive predictivity by record.
    pub positive_predictivity_interval: Option<Interval>,
    /// 95 % interval of QRS F1 by record.
    pub f1_interval: Option<Interval>,
}

impl BeatTable {
    /// Sums up the records and draws the intervals.
    #[must_use]
    pub fn new(protocol: Protocol, records: Vec<RecordScore>) -> Self {
        let scores: Vec<BeatScore> = records.iter().map(|record| record.score.clone()).collect();
        let mut gross = BeatScore::default();
        for score in &scores {
            gross.add(score);
        }
        Self {
            protocol,
            gross,
            sensitivity_interval: bootstrap_interval(&scores, BeatScore::sensitivity, SEED),
            positive_predictivity_interval: bootstrap_interval(
                &scores,
                BeatScore::positive_predictivity,
                SEED,
            ),
            f1_interval: bootstrap_interval(&scores, BeatScore::f1, SEED),
            records,
        }
    }

    /// Plain text in fixed columns, percentages with two decimals, undefined figures as `-`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let Protocol {
            window_s,
            from_s,
            to_s,
            map,
        } = self.protocol;
        let end = if to_s.is_finite() {
            format!("{to_s} s")
        } else {
            "the end".to_owned()
        };
        let _ = writeln!(
            text,
            "# pairing as bxb, window {window_s} s, from {from_s} s to {end}, classes {map:?}"
        );
        let _ = writeln!(
            text,
            "{:<10} {:>7} {:>6} {:>6} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}",
            "Record", "TP", "FN", "FP", "Q Se", "Q +P", "Q F1", "V Se", "V +P", "S Se", "S +P"
        );
        for record in &self.records {
            write_line(&mut text, &record.record, &record.score);
        }
        write_line(&mut text, "Gross", &self.gross);
        for (name, interval) in [
            ("Q Se", self.sensitivity_interval),
            ("Q +P", self.positive_predictivity_interval),
            ("Q F1", self.f1_interval),
        ] {
            if let Some(Interval { low, high }) = interval {
                let _ = writeln!(
                    text,
                    "# {name} 95 % by record: {:.2} to {:.2}",
                    low * 100.0,
                    high * 100.0
                );
            }
        }
        text
    }
}

fn write_line(text: &mut String, name: &str, score: &BeatScore) {
    let _ = write!(
        text,
        "{name:<10} {:>7} {:>6} {:>6}",
        score.true_positives(),
        score.false_negatives(),
        score.false_positives()
    );
    for figure in [
        score.sensitivity(),
        score.positive_predictivity(),
        score.f1(),
        score.class_sensitivity(BeatCode::V),
        score.class_positive_predictivity(BeatCode::V),
        score.class_sensitivity(BeatCode::S),
        score.class_positive_predictivity(BeatCode::S),
    ] {
        let _ = match figure {
            Some(figure) => write!(text, " {:>7.2}", figure * 100.0),
            None => write!(text, " {:>7}", "-"),
        };
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_a_line_a_record_and_a_gross_line() {
        let mut score = BeatScore::default();
        score.matrix[0][0] = 99;
        score.matrix[0][5] = 1;
        let record = |name: &str| RecordScore {
            record: name.to_owned(),
            score: score.clone(),
        };
        let table = BeatTable::new(Protocol::default(), vec![record("100"), record("101")]);
        let text = table.text();
        assert!(
            text.contains("100             99      1      0   99.00  100.00   99.50       -"),
            "{text}"
        );
        assert!(
            text.contains("\nGross          198      2      0   99.00"),
            "{text}"
        );
        assert!(text.contains("from 300 s to the end"), "{text}");
        assert!(serde_json::to_string(&table.gross).is_ok());
    }
}
