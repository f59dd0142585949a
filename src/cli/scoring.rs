//! What `evaluate` and `score` share: how annotations are compared, and how that is printed.

use super::arguments::{Common, seconds};
use super::output::{Output, Stop};
use crate::evaluation::{
    BeatScore, ClassMap, Compared, Comparison, EpisodeScore, Evaluation, Independent, Interval,
    Labels, Protocol, RecordComparison, RunScore,
};
use crate::recording::{BeatCode, Phrase};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::collections::BTreeMap;

/// Start of the test period in EC57: five minutes are for learning.
const LEARNING_S: f64 = 300.0;

/// How annotations are compared; `--from` is 5:00 if not given.
#[derive(Clone, Copy, Debug, Args)]
pub struct Scoring {
    /// Largest distance of a pair in seconds
    #[arg(long, default_value = "0.15", value_parser = seconds, value_name = "SECONDS")]
    window: f64,
    /// Reading of the beat codes e, j and n: as bxb does, or as the papers do
    #[arg(long, value_enum, default_value_t = Classes::Bxb)]
    classes: Classes,
    /// Count S beats as N, as bxb -l and -s do
    #[arg(long)]
    merge_s: bool,
    /// Hold no atrial fibrillation called during the reference's atrial flutter against +P
    #[arg(long)]
    exclude_flutter: bool,
    /// Shortest episode that is counted: seconds, M:SS or H:MM:SS
    #[arg(long, default_value = "0", value_parser = seconds, value_name = "TIME")]
    min_episode: f64,
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

/// One record that has been compared.
pub struct Scored {
    /// The record's name.
    pub record: String,
    /// Samples per second of its annotations.
    pub rate_hz: f64,
    /// The comparison.
    pub compared: Compared,
}

impl Scoring {
    /// The protocol as asked for.
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
            exclude_flutter: self.exclude_flutter,
            min_episode_s: self.min_episode,
        }
    }

    /// The protocol, ending with a record of this many seconds.
    ///
    /// # Errors
    /// A phrase where nothing of the record lies in the test period.
    pub fn protocol_within(&self, common: &Common, duration_s: f64) -> Result<Protocol, Phrase> {
        let protocol = self.protocol(common).within(duration_s);
        if protocol.from_s < protocol.to_s {
            return Ok(protocol);
        }
        Err(Phrase::new("cli-empty-range")
            .with("from", protocol.from_s)
            .with("to", protocol.to_s)
            .with("duration", duration_s))
    }

    /// Prints the comparisons of the records in the form asked for.
    ///
    /// # Errors
    /// [`Stop`] from writing.
    pub fn print(
        &self,
        records: Vec<Scored>,
        common: &Common,
        output: &mut Output,
    ) -> Result<(), Stop> {
        let of_record = |scored: &Scored| RecordComparison {
            record: scored.record.clone(),
            comparison: scored.compared.comparison.clone(),
        };
        let comparisons = records.iter().map(of_record).collect();
        let evaluation = Evaluation::new(self.protocol(common), comparisons);
        if common.json {
            return output.json(&Document::of(&evaluation, &records));
        }
        output.put(&match self.table {
            Table::Line => evaluation.lines(self.merge_s),
            Table::Matrix => evaluation.matrices(self.merge_s),
        })
    }
}

/// The JSON of a comparison. Figures are shares from 0 to 1; what is undefined is left out.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    window_s: f64,
    from_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_s: Option<f64>,
    classes: ClassMap,
    exclude_flutter: bool,
    min_episode_s: f64,
    records: Vec<Figures<'a>>,
    gross: Figures<'a>,
    /// What the intervals take as independent: records, or the beats and episodes of the only one.
    intervals_of: Independent,
    intervals_95: BTreeMap<&'static str, Interval>,
}

impl<'a> Document<'a> {
    fn of(evaluation: &'a Evaluation, records: &'a [Scored]) -> Self {
        let protocol = evaluation.protocol;
        let intervals = evaluation.intervals();
        Self {
            schema: "einthoven-evaluation/1",
            window_s: protocol.window_s,
            from_s: protocol.from_s,
            to_s: protocol.to_s.is_finite().then_some(protocol.to_s),
            classes: protocol.map,
            exclude_flutter: protocol.exclude_flutter,
            min_episode_s: protocol.min_episode_s,
            records: records.iter().map(Figures::of_record).collect(),
            gross: Figures::of("gross", &evaluation.gross),
            intervals_of: evaluation.independent,
            intervals_95: intervals.map(|(figure, i)| (figure.id, i)).collect(),
        }
    }
}

#[derive(Serialize)]
struct Figures<'a> {
    record: &'a str,
    #[serde(flatten)]
    beats: Shares,
    #[serde(skip_serializing_if = "Option::is_none")]
    f1: Option<f64>,
    v: Shares,
    s: Shares,
    #[serde(skip_serializing_if = "Option::is_none")]
    rr_rms_ms: Option<f64>,
    shutdown_s: u64,
    matrix: [[u64; 7]; 7],
    runs: Runs<'a>,
    episodes: Episodes<'a>,
    /// The beats about which the two sides differ, with the record's samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    differing: Option<Vec<Difference>>,
}

#[derive(Serialize)]
struct Shares {
    tp: u64,
    #[serde(rename = "fn")]
    missed: u64,
    fp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    se: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ppv: Option<f64>,
}

#[derive(Serialize)]
struct Runs<'a> {
    ventricular: &'a RunScore,
    supraventricular: &'a RunScore,
}

#[derive(Serialize)]
struct Episodes<'a> {
    atrial_fibrillation: &'a EpisodeScore,
    ventricular_flutter: &'a EpisodeScore,
}

/// Classes are N, S, V, F and Q; O is no beat, X no beat in a shutdown, and * not scored.
#[derive(Serialize)]
struct Difference {
    reference: Side,
    test: Side,
}

#[derive(Serialize)]
struct Side {
    sample: i64,
    time_s: f64,
    class: &'static str,
}

impl<'a> Figures<'a> {
    fn of_record(scored: &'a Scored) -> Self {
        let difference = |labels: &Labels| {
            let side = |(sample, label): (i64, crate::evaluation::Label)| Side {
                sample,
                time_s: sample as f64 / scored.rate_hz,
                class: label.letter(),
            };
            Difference {
                reference: side(labels.reference),
                test: side(labels.test),
            }
        };
        Self {
            differing: Some(scored.compared.differing().map(difference).collect()),
            ..Self::of(&scored.record, &scored.compared.comparison)
        }
    }

    fn of(record: &'a str, comparison: &'a Comparison) -> Self {
        let beats = &comparison.beats;
        Self {
            record,
            beats: Shares {
                tp: beats.true_positives(),
                missed: beats.false_negatives(),
                fp: beats.false_positives(),
                se: beats.sensitivity(),
                ppv: beats.positive_predictivity(),
            },
            f1: beats.f1(),
            v: Shares::of_class(beats, BeatCode::V),
            s: Shares::of_class(beats, BeatCode::S),
            rr_rms_ms: comparison.rr_rms_ms,
            shutdown_s: comparison.shutdown_s,
            matrix: beats.matrix,
            runs: Runs {
                ventricular: &comparison.ventricular_runs,
                supraventricular: &comparison.supraventricular_runs,
            },
            episodes: Episodes {
                atrial_fibrillation: &comparison.atrial_fibrillation,
                ventricular_flutter: &comparison.ventricular_flutter,
            },
            differing: None,
        }
    }
}

impl Shares {
    fn of_class(beats: &BeatScore, class: BeatCode) -> Self {
        let tp = beats.class_true_positives(class);
        Self {
            tp,
            missed: beats.beats(class) - tp,
            fp: beats.class_false_positives(class),
            se: beats.class_sensitivity(class),
            ppv: beats.class_positive_predictivity(class),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{Marks, compare};
    use serde_json::Value;

    fn document(test: &[(usize, BeatCode)]) -> Value {
        let reference = Marks::of_beats(&[(360, BeatCode::N), (720, BeatCode::V)]);
        let protocol = Protocol {
            from_s: 0.0,
            ..Protocol::default()
        };
        let compared = compare(&reference, &Marks::of_beats(test), 360.0, &protocol);
        let comparison = compared.comparison.clone();
        let records = vec![Scored {
            record: "100".to_owned(),
            rate_hz: 360.0,
            compared,
        }];
        let evaluation = Evaluation::new(
            protocol,
            vec![RecordComparison {
                record: "100".to_owned(),
                comparison,
            }],
        );
        let json = serde_json::to_string(&Document::of(&evaluation, &records)).unwrap();
        assert!(!json.contains("null"), "{json}");
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn undefined_figures_are_left_out_and_infinity_never_becomes_null() {
        let json = document(&[]);
        assert!(json.get("to_s").is_none());
        let record = &json["records"][0];
        assert_eq!(record["se"], 0.0);
        assert!(record.get("ppv").is_none());
        assert!(record["s"].get("se").is_none());
        assert!(json["gross"].get("differing").is_none());
    }

    #[test]
    fn one_record_has_intervals_of_its_beats() {
        let json = document(&[(360, BeatCode::N), (720, BeatCode::V)]);
        assert_eq!(json["intervals_of"], "events");
        // Wilson: two of two.
        let low = json["intervals_95"]["se"]["low"].as_f64().unwrap();
        assert!((low - 0.3424).abs() < 5e-5, "{low}");
        assert_eq!(json["intervals_95"]["se"]["high"], 1.0);
        assert!(json["intervals_95"].get("s_se").is_none());
    }

    #[test]
    fn differing_beats_are_listed_with_their_times() {
        let json = document(&[(360, BeatCode::N), (738, BeatCode::N)]);
        let differing = json["records"][0]["differing"].as_array().unwrap();
        assert_eq!(differing.len(), 1);
        assert_eq!(differing[0]["reference"]["class"], "V");
        assert_eq!(differing[0]["reference"]["time_s"], 2.0);
        assert_eq!(differing[0]["test"]["sample"], 738);
    }
}
