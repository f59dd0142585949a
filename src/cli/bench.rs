//! `bench`: how long each stage takes natively, on one thread.
//!
//! Figures to lay beside a peer's of the same run and machine; no test depends on them.

use super::Exit;
use super::arguments::{Common, Open};
use super::output::{Output, Stop};
use super::reading::{Cut, Opened, each_recording};
use crate::analysis::{analyse, beats::BeatDetector};
use crate::findings;
use crate::formats::{Bundle, Context, Entry, Reading, WRITERS, open};
use crate::recording::Recording;
use crate::report::{Report, document};
use crate::simulator::{SimulatorOptions, simulate};
use clap::Args;
use serde::Serialize;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Samples per second and lengths of the simulated recordings: a watch's strip, half an hour, a day.
const RATE_HZ: f64 = 250.0;
const LENGTHS_S: [f64; 4] = [10.0, 30.0, 1800.0, 86_400.0];
/// A stage is not repeated beyond this time.
const LONGEST: Duration = Duration::from_secs(20);
/// Samples that are handed to the detector at once.
const CHUNK: usize = 1 << 14;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Recordings to time; simulated ones of 10 s, 30 s, 30 min and 24 h if none is given
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Times that each stage is run; the median is told
    #[arg(long, default_value_t = 5, value_name = "N")]
    repeat: usize,
    /// Only these stages
    #[arg(long, value_name = "STAGE", value_parser = ["read", "beats", "analyse", "report"])]
    stage: Vec<String>,
    #[command(flatten)]
    open: Open,
}

impl Arguments {
    fn wants(&self, stage: &str) -> bool {
        self.stage.is_empty() || self.stage.iter().any(|wanted| wanted == stage)
    }
}

/// One stage of one recording.
#[derive(Serialize)]
struct Timing {
    recording: String,
    duration_s: f64,
    stage: String,
    /// Median of the runs.
    ms: f64,
    runs: usize,
    /// Bytes of the file, where the stage reads one.
    bytes: Option<usize>,
}

pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    if arguments.paths.is_empty() {
        for duration_s in LENGTHS_S {
            let options = SimulatorOptions {
                duration_s,
                sample_rate_hz: RATE_HZ,
                ..SimulatorOptions::default()
            };
            let name = format!("simulated {duration_s} s");
            tell(
                &stages(&name, &simulate(&options).recording, arguments),
                common,
                output,
            )?;
        }
        return Ok(Exit::Done);
    }
    let mut work = |opened: Opened, output: &mut Output| {
        tell(
            &stages(&opened.file, &opened.recording, arguments),
            common,
            output,
        )?;
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

/// Times reading (of the recording as each binary format holds it), beats alone, the analysis, and the report.
fn stages(name: &str, recording: &Recording, arguments: &Arguments) -> Vec<Timing> {
    let repeat = arguments.repeat.max(1);
    let duration_s = recording.duration_s();
    let timing = |stage: &str, bytes, (ms, runs)| Timing {
        recording: name.to_owned(),
        duration_s,
        stage: stage.to_owned(),
        ms,
        runs,
        bytes,
    };
    let mut timings = Vec::new();
    if arguments.wants("read") {
        for id in ["edf", "wfdb"] {
            if let Some((bytes, time)) = reading(recording, id, repeat) {
                timings.push(timing(&format!("read {id}"), Some(bytes), time));
            }
        }
    }
    let lead = recording.ecg_leads().next();
    if let Some(lead) = lead
        .and_then(|index| recording.leads.get(index))
        .filter(|_| arguments.wants("beats"))
    {
        let values = lead.samples.all_values();
        let time = median_ms(repeat, || {
            let mut detector = BeatDetector::finals_only(lead.rate_hz);
            let found: usize = values
                .chunks(CHUNK)
                .map(|part| detector.push(part).len())
                .sum();
            found + detector.finish().len()
        });
        timings.push(timing("beats", None, time));
    }
    if arguments.wants("analyse") {
        let time = median_ms(repeat, || analyse(recording, None));
        timings.push(timing("analyse", None, time));
    }
    if arguments.wants("report") {
        timings.push(timing("report", None, reporting(recording, repeat)));
    }
    timings
}

/// Reading the recording as the format holds it: size of the file and time.
fn reading(recording: &Recording, id: &str, repeat: usize) -> Option<(usize, (f64, usize))> {
    let writer = WRITERS.iter().find(|writer| writer.id() == id)?;
    let files = writer.write(recording, "bench").ok()?;
    let bytes = files.iter().map(|file| file.bytes.len()).sum();
    let entries = files
        .into_iter()
        .map(|file| Entry::from_bytes(&file.name, file.bytes))
        .collect();
    let bundle = Bundle { entries };
    let time = median_ms(repeat, || {
        matches!(
            open(&bundle, &mut Context::default()),
            Ok(Reading::Recording(_))
        )
    });
    Some((bytes, time))
}

/// Findings, report and its JSON.
fn reporting(recording: &Recording, repeat: usize) -> (f64, usize) {
    let analysis = analyse(recording, None);
    let words = crate::report::Words::english();
    median_ms(repeat, || {
        let found = match &analysis {
            Ok(analysis) => findings::find(analysis, &[]),
            Err(_) => Vec::new(),
        };
        let report = Report::new(recording, analysis.clone(), Vec::new(), found);
        serde_json::to_string(&document(&report, &words)).map_or(0, |text| text.len())
    })
}

/// Median of the times of up to `repeat` runs in milliseconds, and how many there were.
fn median_ms<T>(repeat: usize, mut work: impl FnMut() -> T) -> (f64, usize) {
    let begun = Instant::now();
    let mut times = Vec::new();
    while times.len() < repeat && (times.is_empty() || begun.elapsed() < LONGEST) {
        let started = Instant::now();
        black_box(work());
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times.len())
}

fn tell(timings: &[Timing], common: &Common, output: &mut Output) -> Result<(), Stop> {
    for timing in timings {
        if common.json {
            output.json(timing)?;
            continue;
        }
        let speed = match timing.bytes {
            Some(bytes) => format!("{:9.0} MB/s", bytes as f64 / 1000.0 / timing.ms),
            None => format!(
                "{:8.0} times as fast as it was recorded",
                timing.duration_s * 1000.0 / timing.ms
            ),
        };
        output.put(&format!(
            "{:24} {:10} {:10.2} ms {speed} (median of {})\n",
            timing.recording, timing.stage, timing.ms, timing.runs
        ))?;
    }
    Ok(())
}
