//! The command line: the same engine without the page. One file a command.
//!
//! Exit codes: 0 done; 1 some recordings failed; 2 wrong usage; 3 nothing could be read; 4 a question is open.

mod analyze;
mod arguments;
mod beat_features;
mod bench;
mod completions;
mod convert;
mod crop;
mod delineation;
mod evaluate;
mod formats;
mod global_intervals;
mod inspect;
mod man;
mod models;
mod native;
mod noise;
mod output;
mod pipeline;
mod quality_features;
mod reading;
mod score;
mod scoring;
mod simulate;

use crate::recording::Phrase;
use crate::report::Words;
use arguments::Common;
use clap::{Parser, Subcommand};
use output::{Output, Stop};
use std::process::ExitCode;

/// Reads, analyses, converts and scores ECG recordings, on this machine only.
///
/// Research and education software, not a cleared medical device.
#[derive(Debug, Parser)]
#[command(name = "einthoven", version, propagate_version = true)]
struct CommandLine {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Report on each recording
    Analyze(analyze::Arguments),
    /// Tell what a file is and says, without analysing it
    Inspect(inspect::Arguments),
    /// Write a recording in another format
    Convert(convert::Arguments),
    /// List what can be read and written
    Formats(formats::Arguments),
    /// List the models with their hashes; check one of your own
    Models(models::Arguments),
    /// Make a recording with known truth
    Simulate(simulate::Arguments),
    /// Run the analysis on annotated records and score it (EC57)
    Evaluate(evaluate::Arguments),
    /// Score annotations against annotations (EC57), without analysis
    Score(score::Arguments),
    /// Time each stage on this machine
    Bench(bench::Arguments),
    /// Print what the classes of beats are told by, for training
    #[command(hide = true)]
    BeatFeatures(beat_features::Arguments),
    /// Print what the doubt of a second's beats is told by, for fitting it
    #[command(hide = true)]
    QualityFeatures(quality_features::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
    /// Print the manual page (roff)
    Man,
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let line = CommandLine::parse();
    let Some(words) = Words::in_language(&line.common.lang) else {
        eprintln!(
            "{}",
            Words::english().message(
                "cli-no-language",
                &[("code", line.common.lang.as_str().into())]
            )
        );
        return Exit::Usage.into();
    };
    let mut output = Output::new(words, line.common.quiet);
    let exit = run(&line, &mut output).unwrap_or_else(Exit::from);
    output.finish();
    exit.into()
}

fn run(line: &CommandLine, output: &mut Output) -> Result<Exit, Stop> {
    let common = &line.common;
    if let Some(format) = common.to_format()
        && !matches!(line.command, Command::Convert(_))
    {
        let phrase = Phrase::new("cli-to-is-no-time").with("text", format);
        return Err(output.usage(&phrase));
    }
    match &line.command {
        Command::Analyze(arguments) => analyze::run(arguments, common, output),
        Command::Inspect(arguments) => inspect::run(arguments, common, output),
        Command::Convert(arguments) => convert::run(arguments, common, output),
        Command::Formats(arguments) => formats::run(arguments, common, output),
        Command::Models(arguments) => models::run(arguments, common, output),
        Command::Simulate(arguments) => simulate::run(arguments, common, output),
        Command::Evaluate(arguments) => evaluate::run(arguments, common, output),
        Command::Score(arguments) => score::run(arguments, common, output),
        Command::Bench(arguments) => bench::run(arguments, common, output),
        Command::BeatFeatures(arguments) => beat_features::run(arguments, common, output),
        Command::QualityFeatures(arguments) => quality_features::run(arguments, common, output),
        Command::Completions(arguments) => completions::run(arguments, output),
        Command::Man => man::run(output),
    }
}

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done = 0,
    SomeFailed = 1,
    Usage = 2,
    NothingRead = 3,
    QuestionOpen = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Stop> for Exit {
    fn from(stop: Stop) -> Self {
        match stop {
            // Who reads us has seen enough.
            Stop::BrokenPipe => Self::Done,
            Stop::Failed => Self::NothingRead,
            Stop::Usage => Self::Usage,
        }
    }
}

/// What became of the recordings of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    done: usize,
    failed: usize,
    questions: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.failed += other.failed;
        self.questions += other.questions;
    }

    fn exit(self) -> Exit {
        match self {
            Self {
                failed: 0,
                questions: 0,
                done: 1..,
            } => Exit::Done,
            Self {
                failed: 0,
                questions: 1..,
                ..
            } => Exit::QuestionOpen,
            Self {
                done: 0,
                questions: 0,
                ..
            } => Exit::NothingRead,
            Self { .. } => Exit::SomeFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn exits_tell_what_became_of_the_recordings() {
        for (done, failed, questions, exit) in [
            (1, 0, 0, Exit::Done),
            (2, 1, 0, Exit::SomeFailed),
            (0, 1, 0, Exit::NothingRead),
            (0, 0, 0, Exit::NothingRead),
            (0, 0, 1, Exit::QuestionOpen),
            (3, 0, 1, Exit::QuestionOpen),
            (0, 2, 1, Exit::SomeFailed),
        ] {
            let tally = Tally {
                done,
                failed,
                questions,
            };
            assert_eq!(tally.exit(), exit, "{tally:?}");
        }
    }
}
