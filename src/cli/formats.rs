//! `formats`: what can be read and written.

use super::Exit;
use super::arguments::Common;
use super::output::{Output, Stop};
use crate::formats::{FORMATS, Support, WRITERS};
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
}

#[derive(Serialize)]
struct Written {
    id: &'static str,
    name: &'static str,
}

pub fn run(common: &Common, output: &mut Output) -> Result<Exit, Stop> {
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
            "  {:width$}  {} ({})\n  {:width$}  {}\n",
            format.id,
            format.name,
            extensions.join(" "),
            "",
            format.recognised_by,
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
