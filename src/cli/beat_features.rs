//! `beat-features`: what the classes of beats are told by, as a table. For training the classes; not in the help.

use super::Exit;
use super::arguments::{Common, Open, seconds};
use super::crop::crop;
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording, leads};
use crate::analysis::{Analysis, analyse, classes};
use crate::recording::{Phrase, Recording};
use clap::Args;
use std::fmt::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Recordings
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Analyse strips of this length, each by itself, instead of the whole
    #[arg(long, value_parser = seconds, value_name = "SECONDS")]
    strip: Option<f64>,
    #[command(flatten)]
    open: Open,
}

/// Prints a line a beat: `record,strip,time_s,readable,shape,usual,fibrillation`, the probabilities of N, S and V, and
/// the features by their names.
pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    output.put(&format!(
        "record,strip,time_s,readable,shape,usual,fibrillation,n,s,v,{}\n",
        classes::NAMES.join(",")
    ))?;
    let mut work = |opened: Opened, output: &mut Output| {
        let name = opened.recording.source.name.clone();
        let lead = match leads(&opened.recording, &common.lead) {
            Ok(leads) => leads.first().copied().flatten().unwrap_or(0),
            Err(phrase) => {
                output.complain(&opened.file, &phrase);
                return Ok(false);
            }
        };
        let length_s = arguments.strip.filter(|length| *length > 0.0);
        let whole_s = opened.recording.duration_s();
        let strips = length_s.map_or(1, |length| (whole_s / length).floor() as usize);
        for strip in 0..strips {
            let from_s = length_s.map_or(0.0, |length| strip as f64 * length);
            match table(&opened.recording, lead, from_s, length_s) {
                Ok(lines) => {
                    for line in lines {
                        output.put(&format!("{name},{strip},{line}\n"))?;
                    }
                }
                Err(phrase) => {
                    output.complain(&opened.file, &phrase);
                    return Ok(false);
                }
            }
        }
        Ok(true)
    };
    each_recording(
        &arguments.paths,
        &arguments.open,
        Cut::Asked(common),
        output,
        &mut work,
    )
}

fn table(
    recording: &Recording,
    lead: usize,
    from_s: f64,
    length_s: Option<f64>,
) -> Result<Vec<String>, Phrase> {
    let strip = crop(
        recording.clone(),
        Some(from_s),
        length_s.map(|length| from_s + length),
    )?;
    let analysis = analyse(&strip, Some(lead))?;
    let Some(lead) = strip.leads.get(analysis.lead) else {
        return Ok(Vec::new());
    };
    let described = classes::describe(lead, &analysis.beats);
    let probabilities = classes::weigh(&described);
    Ok(lines(&analysis, &described, &probabilities, from_s))
}

fn lines(
    analysis: &Analysis,
    described: &[classes::Described],
    probabilities: &[[f32; 3]],
    from_s: f64,
) -> Vec<String> {
    analysis
        .beats
        .iter()
        .zip(described)
        .zip(probabilities)
        .map(|((beat, described), [n, s, v])| {
            let mut line = format!(
                "{:.4},{},{},{},{},{n:.5},{s:.5},{v:.5}",
                beat.time_s + from_s,
                u8::from(described.is_whole && classes::carries_waves(beat, &analysis.quality)),
                described.shape,
                u8::from(described.is_usual),
                u8::from(described.in_fibrillation),
            );
            for feature in described.features {
                // Writing to a text does not fail.
                let _ = write!(line, ",{feature:.4}");
            }
            line
        })
        .collect()
}
