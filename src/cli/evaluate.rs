//! `evaluate`: the analysis on annotated records, scored by EC57's rule.

use super::Exit;
use super::arguments::{Common, Open};
use super::delineation::{self, Waves};
use super::global_intervals;
use super::noise::{Added, Noise, is_within};
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording, leads};
use super::scoring::{Scored, Scoring};
use crate::analysis::beats::detect_beats;
use crate::analysis::{Analysis, Beat, Grade, analyse};
use crate::evaluation::{Marks, Protocol, beat_class, compare, noisy_stretches};
use crate::findings::find;
use crate::recording::{Annotation, BeatCode, Phrase, Recording};
use clap::Args;
use std::ops::Range;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Folders of annotated records, or records
    #[arg(required = true, value_name = "DB")]
    paths: Vec<PathBuf>,
    /// Score waves instead of beats, against the annotation files of this extension; `lead` is each lead's own name
    #[arg(long, value_name = "ANNOTATOR", conflicts_with = "noise")]
    waves: Option<String>,
    /// Score global intervals over several leads instead of beats, against one annotation file a lead, as LUDB has
    #[arg(long, conflicts_with_all = ["waves", "noise"])]
    global: bool,
    /// Leave out the beats of stretches that are called unusable, and count those as shut down; without this every beat that
    /// the detector finds is scored
    #[arg(long, conflicts_with_all = ["waves", "global"])]
    gated: bool,
    #[command(flatten)]
    noise: Noise,
    #[command(flatten)]
    scoring: Scoring,
    #[command(flatten)]
    open: Open,
}

pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    if let Some(annotator) = &arguments.waves {
        let waves = Waves {
            paths: &arguments.paths,
            open: &arguments.open,
            annotator,
            window_s: arguments.scoring.window,
        };
        return delineation::run(&waves, common, output);
    }
    if arguments.global {
        return global_intervals::run(&arguments.paths, &arguments.open, common, output);
    }
    let Ok(noise) = arguments.noise.read(&arguments.open, output)? else {
        return Ok(Exit::NothingRead);
    };
    let how = How {
        gated: arguments.gated,
        noise: noise.as_ref(),
    };
    let mut records = Vec::new();
    let mut work = |opened: Opened, output: &mut Output| {
        let Opened {
            file, recording, ..
        } = opened;
        output.progress(&Phrase::new("cli-analysing").with("name", file.as_str()));
        let protocol = arguments
            .scoring
            .protocol_within(common, recording.duration_s());
        let scored = protocol.and_then(|protocol| score(&recording, &common.lead, &protocol, how));
        match scored {
            Ok(scored) => {
                records.push(scored);
                Ok(true)
            }
            Err(phrase) => {
                output.complain(&file, &phrase);
                Ok(false)
            }
        }
    };
    let paths = &arguments.paths;
    let exit = each_recording(paths, &arguments.open, Cut::Nothing, output, &mut work)?;
    if !records.is_empty() {
        arguments.scoring.print(records, common, output)?;
        if !common.json {
            let seen = output.words.say(&Phrase::new("cli-classes-trained"));
            output.put(&format!("# {seen}\n"))?;
        }
    }
    Ok(exit)
}

/// How the beats are found.
#[derive(Clone, Copy)]
struct How<'a> {
    /// Only where the quality carries it.
    gated: bool,
    /// Noise that is added before.
    noise: Option<&'a Added>,
}

/// The score of the first signal (or of the first lead asked for) against the recording's own annotations.
fn score(
    recording: &Recording,
    asked: &[String],
    protocol: &Protocol,
    how: How<'_>,
) -> Result<Scored, Phrase> {
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
    let noisy = how.noise.map(|noise| noise.to(recording)).transpose()?;
    let scored = match &noisy {
        Some(_) => noisy_stretches(recording.duration_s()),
        None => vec![0.0..f64::INFINITY],
    };
    let recording = noisy.as_ref().unwrap_or(recording);
    let analysis = analyse(recording, Some(lead))?;
    let rate_hz = annotation_rate_hz(recording, &analysis);
    let window = protocol.window(rate_hz);
    let reference = Marks::of_annotations(&recording.annotations, protocol.map, window);
    let found = match how.gated {
        true => analysis.beats.clone(),
        false => every_beat(recording, &analysis),
    };
    let found: Vec<Beat> = found
        .into_iter()
        .filter(|beat| is_within(&scored, beat.time_s))
        .collect();
    let mut test = marks(&analysis, &found, rate_hz);
    if how.gated {
        test = test.with_shutdown(shutdown(&analysis, &scored, rate_hz));
    }
    Ok(Scored {
        record: recording.source.name.clone(),
        rate_hz,
        compared: compare(&reference, &test, rate_hz, protocol),
    })
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

/// Every beat that the detector finds, whatever the quality of the signal, with the classes that the analysis gave.
fn every_beat(recording: &Recording, analysis: &Analysis) -> Vec<Beat> {
    let Some(lead) = recording.leads.get(analysis.lead) else {
        return Vec::new();
    };
    let classed = |beat: Beat| {
        let place = analysis
            .beats
            .binary_search_by_key(&beat.sample, |known| known.sample);
        let known = place.ok().and_then(|place| analysis.beats.get(place));
        known.cloned().unwrap_or(beat)
    };
    detect_beats(lead).into_iter().map(classed).collect()
}

fn sample(time_s: f64, rate_hz: f64) -> i64 {
    (time_s * rate_hz).round().max(0.0) as i64
}

fn span(range_s: &Range<f64>, rate_hz: f64) -> (i64, i64) {
    (sample(range_s.start, rate_hz), sample(range_s.end, rate_hz))
}

/// Stretches of which the analysis says nothing, as far as they are scored.
fn shutdown(analysis: &Analysis, scored: &[Range<f64>], rate_hz: f64) -> Vec<(i64, i64)> {
    let unusable = analysis
        .quality
        .iter()
        .filter(|quality| quality.grade == Grade::Unusable);
    unusable
        .flat_map(|quality| {
            scored.iter().filter_map(|stretch| {
                let from_s = quality.range_s.start.max(stretch.start);
                let to_s = quality.range_s.end.min(stretch.end);
                (from_s < to_s).then(|| span(&(from_s..to_s), rate_hz))
            })
        })
        .collect()
}

/// Beats, and atrial fibrillation by the rules (no model is asked).
fn marks(analysis: &Analysis, beats: &[Beat], rate_hz: f64) -> Marks {
    let beats: Vec<(usize, BeatCode)> = beats
        .iter()
        .map(|beat| (sample(beat.time_s, rate_hz) as usize, beat.class))
        .collect();
    let findings = find(analysis, &[]);
    let fibrillation: Vec<(i64, i64)> = findings
        .iter()
        .filter(|finding| finding.id == "atrial-fibrillation")
        .map(|finding| span(&finding.range_s, rate_hz))
        .collect();
    Marks::of_beats(&beats).with_fibrillation(&fibrillation)
}
