//! `quality-features`: what the doubt of a second's beats is told by, as a table. For fitting it; not in the help.

use super::Exit;
use super::arguments::{Common, Open};
use super::noise::{Noise, is_within};
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording, leads};
use crate::analysis::beats::detect_beats;
use crate::analysis::quality::{described, input_names};
use crate::analysis::{Grade, unseen_by_second_lead};
use crate::evaluation::{ClassMap, Marks, Outcome, noisy_stretches, pair_beats};
use crate::recording::{BeatCode, Lead, Phrase, Recording};
use clap::Args;
use std::fmt::Write;
use std::ops::Range;
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

/// Prints a line a second: `record,second,noisy,grade,beats,extra,missed,ectopic,unseen` and the network's inputs by their
/// names. The grade is that by the lead alone. Beats are those found in that second; those too many and too few, and
/// annotated ones of class S or V, are known where there are annotations. Noisy is 1 within the stretches to which noise was
/// added; unseen is 1 where a second lead does not see one of the beats, 0 where it sees all, -1 where there is none.
pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    let Ok(noise) = arguments.noise.read(&arguments.open, output)? else {
        return Ok(Exit::NothingRead);
    };
    output.put(&format!(
        "record,second,noisy,grade,beats,extra,missed,ectopic,unseen,{}\n",
        input_names().join(",")
    ))?;
    let mut work = |opened: Opened, output: &mut Output| {
        let table = || -> Result<String, Phrase> {
            let lead = leads(&opened.recording, &common.lead)?;
            let lead = lead.first().copied().flatten().unwrap_or(0);
            let noisy = noise.as_ref().map(|noise| noise.to(&opened.recording));
            let noisy = noisy.transpose()?;
            let stretches = match noisy {
                Some(_) => noisy_stretches(opened.recording.duration_s()),
                None => Vec::new(),
            };
            Ok(lines(
                noisy.as_ref().unwrap_or(&opened.recording),
                lead,
                &stretches,
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

fn lines(recording: &Recording, lead: usize, stretches: &[Range<f64>]) -> String {
    let unseen = unseen_by_second_lead(recording, lead);
    let Some(lead) = recording.leads.get(lead) else {
        return String::new();
    };
    let counted = counted(recording, lead);
    let mut table = String::new();
    for (second, (span, inputs)) in described(lead).into_iter().enumerate() {
        let Some(inputs) = inputs else {
            continue;
        };
        let within = |times: &[f64]| times.iter().filter(|t| span.range_s.contains(t)).count();
        let grade = match span.grade {
            Grade::Unusable => 0,
            Grade::Beats => 1,
            Grade::Waves => 2,
        };
        let unseen = match unseen.get(second).copied().flatten() {
            Some(unseen) => i8::from(unseen),
            None => -1,
        };
        // Writing to a text does not fail.
        let _ = write!(
            table,
            "{},{},{},{grade},{},{},{},{},{unseen}",
            recording.source.name,
            span.range_s.start,
            u8::from(is_within(stretches, span.range_s.start)),
            within(&counted.found),
            within(&counted.extra),
            within(&counted.missed),
            within(&counted.ectopic),
        );
        for input in inputs {
            let _ = write!(table, ",{input:.4}");
        }
        table.push('\n');
    }
    table
}

/// Times in seconds of beats.
struct Counted {
    found: Vec<f64>,
    extra: Vec<f64>,
    missed: Vec<f64>,
    /// Annotated as S or V.
    ectopic: Vec<f64>,
}

fn counted(recording: &Recording, lead: &Lead) -> Counted {
    let rate_hz = lead.rate_hz;
    let window = (WINDOW_S * rate_hz).round() as i64;
    let beats = detect_beats(lead);
    let test: Vec<(usize, BeatCode)> = beats.iter().map(|beat| (beat.sample, beat.class)).collect();
    let (reference, test) = (
        Marks::of_annotations(&recording.annotations, ClassMap::Bxb, window),
        Marks::of_beats(&test),
    );
    let time = |(sample, _): &(i64, BeatCode)| *sample as f64 / rate_hz;
    let (mut extra, mut missed) = (Vec::new(), Vec::new());
    for step in pair_beats(&reference, &test, window, 0, i64::MAX) {
        match step.outcome {
            Outcome::Matched => {}
            Outcome::Extra => extra.extend(test.beats.get(step.test).map(time)),
            Outcome::Missed => missed.extend(reference.beats.get(step.reference).map(time)),
        }
    }
    let is_ectopic = |(_, code): &&(i64, BeatCode)| matches!(code, BeatCode::S | BeatCode::V);
    Counted {
        found: beats.iter().map(|beat| beat.time_s).collect(),
        extra,
        missed,
        ectopic: reference
            .beats
            .iter()
            .filter(is_ectopic)
            .map(time)
            .collect(),
    }
}
