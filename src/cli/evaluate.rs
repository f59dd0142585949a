//! `evaluate`: the analysis on annotated records, scored by EC57's rule.

use super::Exit;
use super::arguments::{Common, Open, seconds};
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording, leads};
use crate::analysis::{Analysis, analyse};
use crate::evaluation::{
    BeatScore, BeatTable, ClassMap, Interval, Marks, Protocol, RecordScore, beat_class, score_marks,
};
use crate::recording::{Annotation, BeatCode, Phrase, Recording};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

/// Start of the test period in EC57: five minutes are for learning.
const LEARNING_S: f64 = 300.0;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Folders of annotated records, or records
    #[arg(required = true, value_name = "DB")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    scoring: Scoring,
    #[command(flatten)]
    open: Open,
}

/// How annotations are compared; `--from` is 5:00 if not given.
#[derive(Clone, Copy, Debug, Args)]
pub struct Scoring {
    /// Largest distance of a pair in seconds
    #[arg(long, default_value = "0.15", value_parser = seconds, value_name = "SECONDS")]
    window: f64,
    /// Reading of the beat codes e, j and n: as bxb does, or as the papers do
    #[arg(long, value_enum, default_value_t = Classes::Bxb)]
    classes: Classes,
    /// Form of the table
    #[arg(long, value_enum, default_value_t = Table::Line)]
    table: Table,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Classes {
    Bxb,
    Aami,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Table {
    Line,
    Matrix,
}

impl Scoring {
    /// The protocol, over a test period that ends no later than the record.
    #[must_use]
    pub fn protocol(&self, common: &Common) -> Protocol {
        Protocol {
            window_s: self.window,
            from_s: common.from.unwrap_or(LEARNING_S),
            to_s: common.to_s().unwrap_or(f64::INFINITY),
            map: match self.classes {
                Classes::Bxb => ClassMap::Bxb,
                Classes::Aami => ClassMap::Papers,
            },
        }
    }

    /// Prints the scores of the records in the form asked for.
    ///
    /// # Errors
    /// [`Stop`] from writing.
    pub fn print(
        &self,
        records: Vec<RecordScore>,
        common: &Common,
        output: &mut Output,
    ) -> Result<(), Stop> {
        let table = BeatTable::new(self.protocol(common), records);
        if common.json {
            return output.json(&Evaluation::of(&table));
        }
        let mut text = table.text();
        if self.table == Table::Matrix {
            text = matrix(&table.gross);
        }
        output.put(&text)
    }
}

pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    let protocol = arguments.scoring.protocol(common);
    let mut records = Vec::new();
    let mut work = |opened: Opened, output: &mut Output| {
        let Opened {
            file, recording, ..
        } = opened;
        output.progress(&Phrase::new("cli-analysing").with("name", file.as_str()));
        match score(&recording, &common.lead, protocol) {
            Ok(score) => {
                records.push(RecordScore {
                    record: recording.source.name.clone(),
                    score,
                });
                Ok(true)
            }
            Err(phrase) => {
                output.complain(&file, &phrase);
                Ok(false)
            }
        }
    };
    let paths = &arguments.paths;
    let tally = each_recording(paths, &arguments.open, Cut::Nothing, output, &mut work)?;
    if !records.is_empty() {
        let classes = (!common.json && arguments.scoring.table == Table::Line)
            .then(|| class_lines(&BeatTable::new(protocol, records.clone()).gross));
        arguments.scoring.print(records, common, output)?;
        if let Some(lines) = classes {
            let seen = output.words.say(&Phrase::new("cli-classes-trained"));
            output.put(&format!("{lines}# {seen}\n"))?;
        }
    }
    Ok(tally.exit())
}

/// The score of the first signal (or of the first lead asked for) against the recording's own annotations.
fn score(recording: &Recording, asked: &[String], protocol: Protocol) -> Result<BeatScore, Phrase> {
    let has_beats = recording
        .annotations
        .iter()
        .any(|mark| beat_class(&mark.code, protocol.map).is_some());
    if !has_beats {
        return Err(Phrase::new("cli-no-annotations"));
    }
    let lead = match leads(recording, asked)?.first() {
        Some(Some(lead)) => *lead,
        _ => 0,
    };
    let analysis = analyse(recording, Some(lead))?;
    let rate_hz = annotation_rate_hz(recording, &analysis);
    let test = test_beats(&analysis, rate_hz);
    let window = (protocol.window_s * rate_hz + 0.5) as i64;
    let reference = Marks::of_annotations(&recording.annotations, protocol.map, window);
    let protocol = Protocol {
        to_s: protocol.to_s.min(recording.duration_s()),
        ..protocol
    };
    Ok(score_marks(
        &reference,
        &Marks::of_beats(&test),
        rate_hz,
        &protocol,
    ))
}

/// Samples per second of the annotations' own count: what their last index and time say.
fn annotation_rate_hz(recording: &Recording, analysis: &Analysis) -> f64 {
    let by_mark = |mark: &Annotation| {
        (mark.time_s > 0.0 && mark.sample > 0).then(|| mark.sample as f64 / mark.time_s)
    };
    recording
        .annotations
        .last()
        .and_then(by_mark)
        .or_else(|| recording.leads.get(analysis.lead).map(|lead| lead.rate_hz))
        .unwrap_or(1.0)
}

/// The figures of the classes V and S over all records, percent, `-` where undefined.
fn class_lines(gross: &BeatScore) -> String {
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "-".to_owned(), |share| format!("{:.2}", share * 100.0))
    };
    let mut lines = String::new();
    for class in [BeatCode::V, BeatCode::S] {
        let sensitivity = gross.class_sensitivity(class);
        let predictivity = gross.class_positive_predictivity(class);
        let f1 = sensitivity
            .zip(predictivity)
            .filter(|(sensitivity, predictivity)| sensitivity + predictivity > 0.0)
            .map(|(sensitivity, predictivity)| {
                2.0 * sensitivity * predictivity / (sensitivity + predictivity)
            });
        lines.push_str(&format!(
            "# {}: Se {}, +P {}, F1 {}\n",
            class.letter(),
            percent(sensitivity),
            percent(predictivity),
            percent(f1)
        ));
    }
    lines
}

fn test_beats(analysis: &Analysis, rate_hz: f64) -> Vec<(usize, BeatCode)> {
    analysis
        .beats
        .iter()
        .map(|beat| {
            (
                (beat.time_s * rate_hz).round().max(0.0) as usize,
                beat.class,
            )
        })
        .collect()
}

/// The gross matrix as bxb prints it: rows are the reference, columns the test.
fn matrix(score: &BeatScore) -> String {
    const NAMES: [&str; 7] = ["n", "s", "v", "f", "q", "o", "x"];
    let mut text = String::from("  ");
    for name in NAMES {
        text.push_str(&format!("{name:>8}"));
    }
    text.push('\n');
    for (name, row) in NAMES.iter().zip(&score.matrix) {
        text.push_str(&format!("{:<2}", name.to_uppercase()));
        for count in row {
            text.push_str(&format!("{count:>8}"));
        }
        text.push('\n');
    }
    text
}

/// The JSON of a comparison. Figures are shares from 0 to 1; what is undefined is left out.
#[derive(Serialize)]
struct Evaluation {
    schema: &'static str,
    window_s: f64,
    from_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_s: Option<f64>,
    classes: ClassMap,
    records: Vec<Scored>,
    gross: Scored,
    intervals_95: Intervals,
}

#[derive(Serialize)]
struct Scored {
    record: String,
    tp: u64,
    #[serde(rename = "fn")]
    missed: u64,
    fp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    se: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ppv: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    f1: Option<f64>,
    matrix: [[u64; 7]; 7],
}

#[derive(Serialize)]
struct Intervals {
    #[serde(skip_serializing_if = "Option::is_none")]
    se: Option<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ppv: Option<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    f1: Option<Interval>,
}

impl Evaluation {
    fn of(table: &BeatTable) -> Self {
        let protocol = table.protocol;
        Self {
            schema: "einthoven-evaluation/1",
            window_s: protocol.window_s,
            from_s: protocol.from_s,
            to_s: protocol.to_s.is_finite().then_some(protocol.to_s),
            classes: protocol.map,
            records: table
                .records
                .iter()
                .map(|record| Scored::of(&record.record, &record.score))
                .collect(),
            gross: Scored::of("gross", &table.gross),
            intervals_95: Intervals {
                se: table.sensitivity_interval,
                ppv: table.positive_predictivity_interval,
                f1: table.f1_interval,
            },
        }
    }
}

impl Scored {
    fn of(record: &str, score: &BeatScore) -> Self {
        Self {
            record: record.to_owned(),
            tp: score.true_positives(),
            missed: score.false_negatives(),
            fp: score.false_positives(),
            se: score.sensitivity(),
            ppv: score.positive_predictivity(),
            f1: score.f1(),
            matrix: score.matrix,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_figures_are_left_out_and_infinity_never_becomes_null() {
        let records = vec![RecordScore {
            record: "100".to_owned(),
            score: BeatScore::default(),
        }];
        let table = BeatTable::new(Protocol::default(), records);
        let json = serde_json::to_string(&Evaluation::of(&table)).unwrap();
        assert!(!json.contains("null"), "{json}");
        assert!(!json.contains("\"se\":"), "{json}");
    }

    #[test]
    fn classes_have_their_figures_and_undefined_ones_a_dash() {
        let mut score = BeatScore::default();
        (score.matrix[2][2], score.matrix[2][0], score.matrix[0][2]) = (6, 2, 6);
        assert_eq!(
            class_lines(&score),
            "# V: Se 75.00, +P 50.00, F1 60.00\n# S: Se -, +P -, F1 -\n"
        );
    }

    #[test]
    fn the_matrix_has_a_row_a_reference_class() {
        let mut score = BeatScore::default();
        score.matrix[2][0] = 7;
        let text = matrix(&score);
        assert_eq!(text.lines().count(), 8);
        assert!(text.contains("\nV        7       0"), "{text}");
    }
}
