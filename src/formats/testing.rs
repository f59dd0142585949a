//! What tests of several formats share: the public samples where they are present, and readings taken apart.

use super::*;
use crate::recording::Lead;
use std::path::{Path, PathBuf};

const SHARED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/samples");

/// The sample folder, `None` (and a word) when it is absent.
pub fn samples() -> Option<PathBuf> {
    let path = PathBuf::from(SHARED);
    if !path.join("INDEX.tsv").exists() {
        println!("skipped: no data");
        return None;
    }
    Some(path)
}

/// All files of a folder as a bundle, the wanted one first.
pub fn folder_bundle(file: &Path) -> Bundle {
    let folder = file.parent().unwrap();
    let mut entries = vec![entry(file)];
    for other in std::fs::read_dir(folder).unwrap() {
        let other = other.unwrap().path();
        if other.is_file() && other != file {
            entries.push(entry(&other));
        }
    }
    Bundle { entries }
}

pub fn entry(file: &Path) -> Entry {
    let name = file.file_name().unwrap().to_string_lossy();
    Entry::from_bytes(&name, std::fs::read(file).unwrap())
}

/// Reads the first entry of a bundle with the format that claims it.
pub fn read_first(bundle: &Bundle, answers: Answers) -> Result<Reading, ReadError> {
    let entry = &bundle.entries[0];
    let (format, _) = sniff(entry)?.ok_or(ReadError::NotThisFormat)?;
    format.read(bundle, entry, &mut Context::with_answers(answers))
}

pub fn recording(reading: Result<Reading, ReadError>, what: &str) -> Recording {
    match reading {
        Ok(Reading::Recording(recording)) => *recording,
        other => panic!("{what}: {other:?}"),
    }
}

pub fn extremes(lead: &Lead) -> (f64, f64) {
    let mut range = (f64::MAX, f64::MIN);
    for (index, value) in lead.samples.all_values().into_iter().enumerate() {
        if !gaps::in_gap(&lead.gaps, index) {
            range = (range.0.min(f64::from(value)), range.1.max(f64::from(value)));
        }
    }
    range
}

pub fn near(found: f64, told: f64) -> bool {
    // The index is rounded to four digits.
    (found - told).abs() <= told.abs() * 6e-4 + 6e-4
}

/// The number after `word` in a text.
pub fn after(text: &str, word: &str) -> Option<f64> {
    let rest = text.split_once(word)?.1.trim_start();
    let end = rest
        .find(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c)))
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The number before ` word`.
pub fn before(text: &str, word: &str) -> Option<f64> {
    text.split_once(word)?
        .0
        .rsplit([' ', ',', ';'])
        .find(|s| !s.is_empty())?
        .parse()
        .ok()
}

/// The recording of a file of the sample folder, through recognition and reader; `None` when the folder is absent.
pub fn sample_file(file: &str) -> Option<Recording> {
    Some(recording(sample_reading(file, Answers::default())?, file))
}

/// What comes of a file of the sample folder.
pub fn sample_reading(file: &str, answers: Answers) -> Option<Result<Reading, ReadError>> {
    let path = samples()?.join(file);
    let bundle = Bundle {
        entries: vec![entry(&path)],
    };
    Some(open(&bundle, &mut Context::with_answers(answers)))
}

/// What comes of bytes, through recognition and reader.
pub fn open_bytes(name: &str, bytes: &[u8], answers: Answers) -> Result<Reading, ReadError> {
    open(
        &Bundle::from_bytes(name, bytes),
        &mut Context::with_answers(answers),
    )
}

/// What comes of a text.
pub fn open_text(name: &str, text: &str, answers: Answers) -> Result<Reading, ReadError> {
    open_bytes(name, text.as_bytes(), answers)
}

/// A public sample read alone, with a choice of one of its parts; `None` (and a word) where the samples are absent.
pub fn read_sample(file: &str, choice: Option<&str>) -> Option<Recording> {
    let root = samples()?;
    let bundle = Bundle {
        entries: vec![entry(&root.join(file))],
    };
    let answers = Answers {
        choice: choice.map(str::to_owned),
        ..Answers::default()
    };
    Some(recording(read_first(&bundle, answers), file))
}

/// Holds the leads against `I -0.3…0.4; II …` of the index.
pub fn leads_agree(read: &Recording, told: &str, rate_hz: f64, length: usize) {
    for told in told.split("; ") {
        let (name, range) = told.split_once(' ').unwrap();
        let (low, high) = range.split_once('…').unwrap();
        let lead = read
            .leads
            .iter()
            .find(|lead| lead.name.eq_ignore_ascii_case(name))
            .unwrap();
        assert_eq!(
            (lead.rate_hz, lead.samples.len()),
            (rate_hz, length),
            "{name}"
        );
        let found = extremes(lead);
        let told = (low.parse().unwrap(), high.parse().unwrap());
        assert!(
            near(found.0, told.0) && near(found.1, told.1),
            "{name} {found:?} {told:?}"
        );
    }
}
