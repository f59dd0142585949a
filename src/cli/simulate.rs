//! `simulate`: a recording with known truth.

use super::Exit;
use super::arguments::{Common, positive, seconds};
use super::convert::{write, writer};
use super::output::{Output, Stop};
use crate::recording::{LeadName, Phrase};
use crate::report::document;
use crate::simulator::{Noise, NoiseKind, Rhythm, SimulatorOptions, simulate};
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Arguments {
    /// File to write; its extension is the format. - for standard output
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Format to write, as `formats` lists it; by OUT's extension if not given
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
    /// The rhythm
    #[arg(long, default_value = "sinus", value_parser = rhythms())]
    rhythm: String,
    /// Ventricular rate; the rhythm's usual one if not given
    #[arg(long, value_parser = positive, value_name = "PER_MIN")]
    rate: Option<f64>,
    /// Length: seconds, M:SS or H:MM:SS
    #[arg(long, default_value = "30", value_parser = seconds, value_name = "TIME")]
    duration: f64,
    /// Samples per second
    #[arg(long, default_value = "500", value_parser = positive, value_name = "HZ")]
    sampling: f64,
    /// Signal-to-noise ratio of the noise in decibels; no noise if not given
    #[arg(long, allow_negative_numbers = true, value_name = "DB")]
    noise_db: Option<f64>,
    /// Kind of the noise
    #[arg(long, default_value = "muscle", value_parser = ["wander", "mains", "muscle", "motion"])]
    noise: String,
    /// Electrodes swapped: everything upside down
    #[arg(long)]
    inverted: bool,
    /// Same seed, same recording
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn rhythms() -> PossibleValuesParser {
    PossibleValuesParser::new(Rhythm::NAMED.map(|(name, _)| name))
}

pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    let writer = writer(&arguments.output, arguments.format.as_deref())
        .map_err(|phrase| output.usage(&phrase))?;
    let options = options(arguments, common).map_err(|phrase| output.usage(&phrase))?;
    let mut recording = simulate(&options).recording;
    if let Some(stem) = arguments.output.file_stem().filter(|stem| *stem != "-") {
        recording.source.name = stem.to_string_lossy().into_owned();
    }
    if !write(
        writer,
        &recording,
        &arguments.output,
        arguments.force,
        output,
    )? {
        return Ok(Exit::SomeFailed);
    }
    if common.json && arguments.output.as_os_str() != "-" {
        let report = super::pipeline::inspection(&recording);
        output.json(&document(&report, &output.words).recording_only())?;
    }
    Ok(Exit::Done)
}

fn options(arguments: &Arguments, common: &Common) -> Result<SimulatorOptions, Phrase> {
    let unknown = |name: &str| Phrase::new("cli-no-such-name").with("name", name);
    let leads: Vec<LeadName> = common
        .lead
        .iter()
        .map(|name| LeadName::recognise(name).ok_or_else(|| unknown(name)))
        .collect::<Result<_, _>>()?;
    let rhythm = Rhythm::from_name(&arguments.rhythm).ok_or_else(|| unknown(&arguments.rhythm))?;
    let kind = match arguments.noise.as_str() {
        "wander" => NoiseKind::Wander,
        "mains" => NoiseKind::Mains { hz: 50.0 },
        "muscle" => NoiseKind::Muscle,
        "motion" => NoiseKind::Motion,
        other => return Err(unknown(other)),
    };
    let defaults = SimulatorOptions::default();
    Ok(SimulatorOptions {
        rhythm,
        rate_per_min: arguments.rate,
        duration_s: arguments.duration,
        sample_rate_hz: arguments.sampling,
        leads: if leads.is_empty() {
            defaults.leads.clone()
        } else {
            leads
        },
        inverted: arguments.inverted,
        noise: arguments
            .noise_db
            .map(|snr_db| Noise::throughout(kind, snr_db))
            .into_iter()
            .collect(),
        seed: arguments.seed,
        ..defaults
    })
}
