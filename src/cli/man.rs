//! `man`: the manual page, from the same definition as the parser.

use super::output::{Output, Stop};
use super::{CommandLine, Exit};
use crate::recording::Phrase;
use clap::CommandFactory;

pub fn run(output: &mut Output) -> Result<Exit, Stop> {
    let mut page = Vec::new();
    let mut whole = CommandLine::command();
    // Building gives each command its full name.
    whole.build();
    let subcommands: Vec<_> = whole.get_subcommands().cloned().collect();
    let commands = std::iter::once(whole).chain(subcommands);
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
