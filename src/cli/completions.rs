//! `completions`: a script that completes the command line in a shell.

use super::output::{Output, Stop};
use super::{CommandLine, Exit};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

pub fn run(arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut CommandLine::command(),
        "einthoven",
        &mut script,
    );
    output.put_bytes(&script)?;
    Ok(Exit::Done)
}
