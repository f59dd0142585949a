//! `evaluate --waves`: onsets, peaks and ends of waves against an annotator's, with the intervals they make.

use super::Exit;
use super::arguments::{Common, Open};
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording, leads};
use crate::analysis::{Analysis, Intervals, analyse};
use crate::evaluation::{Fiducial, RecordWaves, WaveTable, WaveTimes, score_waves};
use crate::formats::wfdb::read_annotations_at;
use crate::recording::{Measured, Phrase, Recording};
use crate::signal::median;
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The annotator's name that stands for the lead's own: one file a lead, as LUDB has.
const BY_LEAD: &str = "lead";

/// What is compared, and how.
pub struct Waves<'a> {
    pub paths: &'a [PathBuf],
    pub open: &'a Open,
    pub annotator: &'a str,
    pub window_s: f64,
}

/// One record: its marks, and intervals beside those that the annotator's marks make.
struct Compared {
    waves: RecordWaves,
    intervals: Vec<ComparedInterval>,
}

/// An interval measured and as the annotator's marks have it, in milliseconds.
#[derive(Clone, Debug, Serialize)]
struct ComparedInterval {
    name: &'static str,
    record: String,
    reference_ms: f64,
    /// `None` where it was withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    measured_ms: Option<f64>,
}

/// Largest differences that count as near, by interval.
const NEAR_MS: [(&str, f64); 3] = [("PR", 20.0), ("QRS", 20.0), ("QT", 40.0)];

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    window_s: f64,
    annotator: String,
    waves: WaveTable,
    records: Vec<RecordWaves>,
    intervals: Vec<ComparedInterval>,
}

pub fn run(waves: &Waves<'_>, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    let mut compared: Vec<Compared> = Vec::new();
    let mut work = |opened: Opened, output: &mut Output| {
        output.progress(&Phrase::new("cli-analysing").with("name", opened.file.as_str()));
        match compare(&opened.file, &opened.recording, &common.lead, waves) {
            Ok(record) => {
                compared.push(record);
                Ok(true)
            }
            Err(phrase) => {
                output.complain(&opened.file, &phrase);
                Ok(false)
            }
        }
    };
    let exit = each_recording(waves.paths, waves.open, Cut::Nothing, output, &mut work)?;
    if !compared.is_empty() {
        let (records, intervals): (Vec<_>, Vec<_>) = compared
            .into_iter()
            .map(|record| (record.waves, record.intervals))
            .unzip();
        let table = WaveTable::new(&records);
        let intervals: Vec<ComparedInterval> = intervals.into_iter().flatten().collect();
        if common.json {
            output.json(&Document {
                schema: "einthoven-waves/1",
                window_s: waves.window_s,
                annotator: waves.annotator.to_owned(),
                waves: table,
                records,
                intervals,
            })?;
        } else {
            output.put(&format!("{}\n{}", table.text(), intervals_text(&intervals)))?;
        }
    }
    Ok(exit)
}

fn compare(
    file: &str,
    recording: &Recording,
    asked: &[String],
    waves: &Waves<'_>,
) -> Result<Compared, Phrase> {
    let lead = match leads(recording, asked)?.first() {
        Some(Some(lead)) => *lead,
        _ => 0,
    };
    let missing = || Phrase::new("cli-no-annotations");
    let chosen = recording.leads.get(lead).ok_or_else(missing)?;
    let annotator = match waves.annotator {
        BY_LEAD => chosen.name.to_lowercase(),
        named => named.to_owned(),
    };
    let bytes = annotation_bytes(file, recording, &annotator).ok_or_else(missing)?;
    let annotations = read_annotations_at(&bytes, chosen.rate_hz).map_err(|_| missing())?;
    let reference = WaveTimes::of_annotations(&annotations);
    let analysis = analyse(recording, Some(lead))?;
    let test = WaveTimes::of_analysis(&analysis);
    let name = &recording.source.name;
    Ok(Compared {
        waves: score_waves(name, &reference, &test, waves.window_s),
        intervals: intervals(name, &reference, &analysis),
    })
}

/// An annotator's file beside a record's.
pub fn annotation_bytes(file: &str, recording: &Recording, annotator: &str) -> Option<Vec<u8>> {
    // A folder of one record is named as the folder.
    let path = Path::new(file);
    let record = match path.is_dir() {
        true => path.join(&recording.source.name),
        false => path.to_owned(),
    };
    std::fs::read(record.with_extension(annotator)).ok()
}

/// Medians of the annotator's intervals beside the measured ones.
fn intervals(record: &str, reference: &WaveTimes, analysis: &Analysis) -> Vec<ComparedInterval> {
    let measured: [fn(&Intervals) -> &Measured<f64>; 3] =
        [|all| &all.pr_ms, |all| &all.qrs_ms, |all| &all.qt_ms];
    let ends = [
        (Fiducial::POnset, Fiducial::QrsOnset, 0.5),
        (Fiducial::QrsOnset, Fiducial::QrsEnd, 0.3),
        (Fiducial::QrsOnset, Fiducial::TEnd, 0.8),
    ];
    NEAR_MS
        .iter()
        .zip(ends.iter().zip(measured))
        .filter_map(|((name, _), ((from, to, most_s), pick))| {
            Some(ComparedInterval {
                name,
                record: record.to_owned(),
                reference_ms: annotated_ms(reference, *from, *to, *most_s)?,
                measured_ms: pick(&analysis.intervals).value(),
            })
        })
        .collect()
}

/// Median over the beats of the time from one fiducial to the next other one, of those below `most_s`.
fn annotated_ms(times: &WaveTimes, from: Fiducial, to: Fiducial, most_s: f64) -> Option<f64> {
    let ends = times.of(to);
    let lengths: Vec<f64> = times
        .of(from)
        .iter()
        .filter_map(|start| {
            let end = ends.get(ends.partition_point(|end| end <= start))?;
            (end - start < most_s).then(|| (end - start) * 1000.0)
        })
        .collect();
    median(&lengths)
}

fn intervals_text(intervals: &[ComparedInterval]) -> String {
    let mut text = String::from("# intervals by record: median of the annotator's, and measured\n");
    for (name, near_ms) in NEAR_MS {
        let all: Vec<&ComparedInterval> = intervals.iter().filter(|i| i.name == name).collect();
        let off: Vec<f64> = all
            .iter()
            .filter_map(|i| Some((i.measured_ms? - i.reference_ms).abs()))
            .collect();
        let near = off.iter().filter(|off| **off <= near_ms).count();
        let share = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
        let withheld = all.len() - off.len();
        let _ = writeln!(
            text,
            "{name:<4} {} records, withheld {withheld} ({:.1} %), within {near_ms:.0} ms {near} of {} ({:.1} %)",
            all.len(),
            share(withheld, all.len()),
            off.len(),
            share(near, off.len()),
        );
    }
    text
}
