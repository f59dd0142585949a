//! What tests read: annotations in one line of text, and the data beside the checkout.

use crate::formats::wfdb::AnnotationFile;
use crate::formats::{Bundle, Context, Entry, Reading, open};
use crate::recording::{Annotation, Recording};
use std::path::{Path, PathBuf};

/// Reads `10N 20+(AFIB 30~-1`: sample, code, and the rhythm's label or the noise mark's subtype.
pub fn annotations(text: &str) -> Vec<Annotation> {
    text.split_whitespace().map(annotation).collect()
}

fn annotation(word: &str) -> Annotation {
    let split = word.find(|c: char| !c.is_ascii_digit()).unwrap();
    let (sample, rest) = word.split_at(split);
    let (code, rest) = rest.split_at(1);
    let is_rhythm = code == "+";
    Annotation {
        time_s: 0.0,
        sample: sample.parse().unwrap(),
        code: code.to_owned(),
        subtype: if is_rhythm {
            0
        } else {
            rest.parse().unwrap_or(0)
        },
        channel: 0,
        number: 0,
        text: if is_rhythm { rest } else { "" }.to_owned(),
    }
}

/// Unpacked data: `$EINTHOVEN_DATA`, else `~/.cache/einthoven/data`.
pub fn data_folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EINTHOVEN_DATA")
        .map(PathBuf::from)
        .or_else(|| {
            std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/einthoven/data"))
        })?;
    let folder = root.join(name);
    folder.is_dir().then_some(folder)
}

/// Reads a WFDB annotation file.
pub fn read_annotations(path: &Path) -> Vec<Annotation> {
    let bytes = std::fs::read(path).unwrap();
    AnnotationFile::parse(&bytes).unwrap().annotations
}

/// Reads a WFDB record, with its reference annotations where they are there.
pub fn record(folder: &Path, name: &str) -> Recording {
    let entry = |extension: &str| {
        let file = format!("{name}.{extension}");
        let bytes = std::fs::read(folder.join(&file)).ok()?;
        Some(Entry::from_bytes(&file, bytes))
    };
    let bundle = Bundle {
        entries: ["hea", "dat", "atr"]
            .into_iter()
            .filter_map(entry)
            .collect(),
    };
    match open(&bundle, &mut Context::default()) {
        Ok(Reading::Recording(recording)) => *recording,
        other => panic!("{name}: {other:?}"),
    }
}
