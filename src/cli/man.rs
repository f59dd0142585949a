//! `man`: the manual page, from the same definition as the parser.

use super::output::{Output, Stop};
use super::{CommandLine, Exit};
use crate::recording::Phrase;
use clap::CommandFactory;

pub fn run(output: &mut Output) -> Result<Exit, Stop> {
    let mut page = Vec::new();
    let mut commands = vec![CommandLine::command()];
    let subcommands: Vec<_> = CommandLine::command().get_subcommands().cloned().collect();
    commands.extend(subcommands.into_iter().map(|command| {
        let name = format!("einthoven-{}", command.get_name());
        command.name(name)
    }));
    for command in commands {
        if let Err(error) = clap_mangen::Man::new(command).render(&mut page) {
            let phrase = Phrase::new("cli-not-written").with("reason", error.to_string());
            output.complain("man", &phrase);
            return Err(Stop::Failed);
        }
    }
    output.put_bytes(&page)?;
    Ok(Exit::Done)
}
