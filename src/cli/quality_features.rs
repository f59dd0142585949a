//! `quality-features`: what the doubt of a second's beats is told by, as a table. For fitting it; not in the help.

use super::Exit;
use super::arguments::{Common, Open};
use super::noise::Noise;
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording, leads};
use crate::analysis::Grade;
use crate::analysis::beats::detect_beats;
use crate::analysis::quality::{NAMES, described};
use crate::evaluation::{ClassMap, Marks, Outcome, noisy_stretches, pair_beats};
use crate::recording::{BeatCode, Lead, Phrase, Recording};
use clap::Args;
use std::fmt::Write;
use std::path::PathBuf;

/// Largest distance of a pair in seconds.
const WINDOW_S: f64 = 0.15;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Recordings
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    noise: Noise,
    #[command(flatten)]
    open: Open,
}

/// Prints a line a second that was asked: `record,second,grade,beats,extra,missed` and the features by their names. Beats
/// are those found in that second; those too many and too few are known where there are annotations.
pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    let Ok(noise) = arguments.noise.read(&arguments.open, output)? else {
        return Ok(Exit::NothingRead);
    };
    output.put(&format!(
        "record,second,grade,beats,extra,missed,{}\n",
        NAMES.join(",")
    ))?;
    let mut work = |opened: Opened, output: &mut Output| {
        let table = || -> Result<String, Phrase> {
            let lead = leads(&opened.recording, &common.lead)?;
            let lead = lead.first().copied().flatten().unwrap_or(0);
            let noisy = noise.as_ref().map(|noise| noise.to(&opened.recording));
            let noisy = noisy.transpose()?;
            let is_scored = |time_s: f64| {
                let stretches = noisy_stretches(opened.recording.duration_s());
                noisy.is_none() || super::noise::is_within(&stretches, time_s)
            };
            Ok(lines(
                noisy.as_ref().unwrap_or(&opened.recording),
                lead,
                is_scored,
            ))
        };
        match table() {
            Ok(table) => {
                output.put(&table)?;
                Ok(true)
            }
            Err(phrase) => {
                output.complain(&opened.file, &phrase);
                Ok(false)
            }
        }
    };
    each_recording(
        &arguments.paths,
        &arguments.open,
        Cut::Asked(common),
        output,
        &mut work,
    )
}

fn lines(recording: &Recording, lead: usize, is_scored: impl Fn(f64) -> bool) -> String {
    let Some(lead) = recording.leads.get(lead) else {
        return String::new();
    };
    let (found, wrong) = wrong(recording, lead);
    let mut table = String::new();
    for (span, features) in described(lead) {
        let Some(features) = features.filter(|_| is_scored(span.range_s.start)) else {
            continue;
        };
        let within = |times: &[f64]| times.iter().filter(|t| span.range_s.contains(t)).count();
        let grade = match span.grade {
            Grade::Unusable => 0,
            Grade::Beats => 1,
            Grade::Waves => 2,
        };
        // Writing to a text does not fail.
        let _ = write!(
            table,
            "{},{},{grade},{},{},{}",
            recording.source.name,
            span.range_s.start,
            within(&found),
            within(&wrong.0),
            within(&wrong.1)
        );
        for feature in features {
            let _ = write!(table, ",{feature:.4}");
        }
        table.push('\n');
    }
    table
}

/// Times of the beats found, and of those too many and too few.
fn wrong(recording: &Recording, lead: &Lead) -> (Vec<f64>, (Vec<f64>, Vec<f64>)) {
    let rate_hz = lead.rate_hz;
    let window = (WINDOW_S * rate_hz).round() as i64;
    let beats = detect_beats(lead);
    let found: Vec<f64> = beats.iter().map(|beat| beat.time_s).collect();
    let test: Vec<(usize, BeatCode)> = beats.iter().map(|beat| (beat.sample, beat.class)).collect();
    let (reference, test) = (
        Marks::of_annotations(&recording.annotations, ClassMap::Bxb, window),
        Marks::of_beats(&test),
    );
    let time = |marks: &Marks, index: usize| {
        let beat = marks.beats.get(index);
        beat.map(|(sample, _)| *sample as f64 / rate_hz)
    };
    let (mut extra, mut missed) = (Vec::new(), Vec::new());
    for step in pair_beats(&reference, &test, window, 0, i64::MAX) {
        match step.outcome {
            Outcome::Matched => {}
            Outcome::Extra => extra.extend(time(&test, step.test)),
            Outcome::Missed => missed.extend(time(&reference, step.reference)),
        }
    }
    (found, (extra, missed))
}
