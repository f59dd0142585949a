//! `formats`: what can be read and written.

use super::Exit;
use super::arguments::Common;
use super::output::{Output, Stop};
use crate::formats::{Certainty, FORMATS, FormatInfo, Support, WRITERS};
use clap::Args;
use serde::Serialize;

#[derive(Serialize)]
struct List {
    read: Vec<Readable>,
    written: Vec<Written>,
}

#[derive(Serialize)]
struct Readable {
    id: &'static str,
    name: &'static str,
    extensions: &'static [&'static str],
    recognised_by: &'static str,
    support: Support,
    tested_on: &'static str,
    certainty: Certainty,
}

#[derive(Serialize)]
struct Written {
    id: &'static str,
    name: &'static str,
}

#[derive(Debug, Args)]
pub struct Arguments {
    /// Print the table of `docs/formats.md`
    #[arg(long)]
    markdown: bool,
}

pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    let list = List {
        read: FORMATS
            .iter()
            .map(|format| {
                let info = format.info();
                Readable {
                    id: info.id,
                    name: info.name,
                    extensions: info.extensions,
                    recognised_by: info.recognised_by,
                    support: info.support,
                    tested_on: info.tested_on,
                    certainty: info.certainty,
                }
            })
            .collect(),
        written: WRITERS
            .iter()
            .map(|writer| Written {
                id: writer.id(),
                name: writer.name(),
            })
            .collect(),
    };
    if common.json {
        output.json(&list)?;
    } else if arguments.markdown {
        output.put(&markdown())?;
    } else {
        let page = text(&list, output);
        output.put(&page)?;
    }
    Ok(Exit::Done)
}

fn text(list: &List, output: &Output) -> String {
    let words = &output.words;
    let width = list
        .read
        .iter()
        .map(|format| format.id.len())
        .chain(list.written.iter().map(|format| format.id.len()))
        .max()
        .unwrap_or(0);
    let mut page = format!("{}\n", words.message("cli-formats-read", &[]));
    for format in &list.read {
        let extensions: Vec<String> = format.extensions.iter().map(|e| format!(".{e}")).collect();
        page.push_str(&format!(
            "  {:width$}  {} ({})\n  {:width$}  {}\n  {:width$}  {}: {}\n",
            format.id,
            format.name,
            extensions.join(" "),
            "",
            format.recognised_by,
            "",
            format.certainty.words(),
            format.tested_on,
        ));
    }
    page.push_str(&format!(
        "\n{}\n",
        words.message("cli-formats-written", &[])
    ));
    for format in &list.written {
        page.push_str(&format!("  {:width$}  {}\n", format.id, format.name));
    }
    page
}

/// The page `docs/formats.md`: the same list as a table.
fn markdown() -> String {
    let mut page = "# Formats\n\n\
        Printed by `einthoven formats --markdown`; a test holds this page to it.\n\n\
        Every format is recognised by its content, whatever its name, and has at least one case of our own in \
        `tests/cases`. Certainty: *real files, compared* have the leads, rates, lengths and amplitudes that an independent reader finds in them; *real files* \
        were read and agree with what is known of them; *description only* means that no real file was at hand.\n\n"
        .to_owned();
    page.push_str(&format!(
        "{} formats are read:\n\n| id | format | usual names | recognised by | tested on | certainty |\n\
         |---|---|---|---|---|---|\n",
        FORMATS.len()
    ));
    let cell = |text: &str| text.replace('|', "\\|");
    for format in FORMATS {
        let info: &FormatInfo = format.info();
        let extensions: Vec<String> = info.extensions.iter().map(|e| format!(".{e}")).collect();
        page.push_str(&format!(
            "| `{}` | {} | {} | {} | {} | {} |\n",
            info.id,
            cell(info.name),
            extensions.join(" "),
            cell(info.recognised_by),
            cell(info.tested_on),
            info.certainty.words(),
        ));
    }
    let written: Vec<String> = WRITERS
        .iter()
        .map(|writer| format!("{} (`{}`)", writer.name(), writer.id()))
        .collect();
    page.push_str(&format!(
        "\nZip archives and gzip files of these are opened; of Apple's, Samsung's, Withings' and Google's exports only \
         the members that can be ECGs are looked at.\n\nWritten: {}.\n",
        written.join(", ")
    ));
    page
}
