//! The case folders: `tests/cases/<area>/<case>/` holds the input as people would drop it, `case.toml` (what it shows,
//! which rows of public bug reports it covers) and `expected.txt` (what must come of it).
//!
//! `EINTHOVEN_BLESS=1 cargo test --no-default-features --features terminal --test cases` writes the expectation of a
//! case that has none; whoever blesses reads it against the specification before committing it. An existing one is
//! never overwritten: delete it first.
//!
//! An input whose name ends in `.hex` holds bytes as hexadecimal pairs with `#` comments and stands for the file without
//! that ending, so that a binary case can be read and reviewed.

// A test that cannot go on fails at that line.
#![allow(clippy::unwrap_used)]

use einthoven::formats::{
    Answers, Bundle, COMMON, Context, Entry, FORMATS, ReadError, Reading, open, open_among, sniff,
};
use einthoven::recording::{Lead, Recording, SignalKind, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");

/// Rows of the list that are not about reading a file, and the test that stands for each; those of the analysis:
/// `tests/analysis_cases.rs`.
const ELSEWHERE: [(&str, &str, &str); 6] = [
    (
        "14.1",
        "inference.rs",
        "a_thousand_times_the_voltage_is_refused",
    ),
    (
        "14.1",
        "own_model.rs",
        "the_same_ecg_in_another_unit_is_refused_not_run",
    ),
    (
        "14.1",
        "inference.rs",
        "a_thousandth_of_the_voltage_has_no_rhythm",
    ),
    (
        "14.3",
        "own_model.rs",
        "permuted_leads_have_the_same_output",
    ),
    (
        "14.3",
        "inference.rs",
        "a_lead_has_the_same_call_wherever_it_stands",
    ),
    (
        "17.5",
        "browser/editing.test.mjs",
        "what cannot act says why",
    ),
];

/// What `case.toml` holds.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    /// One sentence: what this case shows.
    says: String,
    /// Id of the format that must read it; empty where it must be refused before a format is known.
    #[serde(default)]
    format: String,
    /// Rows of the list of public bug reports that it covers (`1.1`).
    #[serde(default)]
    rows: Vec<String>,
    /// Where the input comes from: how it was made.
    made_by: String,
    /// What the user answers.
    #[serde(default)]
    answers: Answers,
    /// The entry that is recognised by content alone; the first in alphabetical order if absent.
    entry: Option<String>,
}

/// One case: its folder, description and input.
struct Case {
    name: String,
    folder: PathBuf,
    description: Description,
    files: Vec<(String, Vec<u8>)>,
}

impl Case {
    fn read(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("case.toml"))
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let description: Description =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files = Vec::new();
        gather(folder, folder, &mut files);
        files.sort();
        Self {
            name: folder
                .strip_prefix(CASES)
                .unwrap()
                .to_string_lossy()
                .into_owned(),
            folder: folder.to_owned(),
            description,
            files,
        }
    }

    fn bundle(&self) -> Bundle {
        bundle_of(&self.files)
    }

    fn context(&self) -> Context {
        Context::with_answers(self.description.answers.clone())
    }

    /// The place of the entry that a format must recognise.
    fn entry(&self) -> usize {
        self.description.entry.as_ref().map_or(0, |wanted| {
            let place = self.files.iter().position(|(name, _)| name == wanted);
            place.unwrap_or_else(|| panic!("{}: no file {wanted}", self.name))
        })
    }
}

fn bundle_of(files: &[(String, Vec<u8>)]) -> Bundle {
    Bundle {
        entries: files
            .iter()
            .map(|(name, bytes)| Entry::from_bytes(name, bytes.clone()))
            .collect(),
    }
}

fn gather(root: &Path, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for path in std::fs::read_dir(folder).unwrap() {
        let path = path.unwrap().path();
        if path.is_dir() {
            gather(root, &path, files);
            continue;
        }
        let name = path.strip_prefix(root).unwrap().to_string_lossy();
        let name = name.replace('\\', "/");
        if name == "case.toml" || name == "expected.txt" {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        match name.strip_suffix(".hex") {
            Some(name) => files.push((name.to_owned(), from_hex(&path, &bytes))),
            None => files.push((name, bytes)),
        }
    }
}

fn from_hex(path: &Path, text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let digits: Vec<u8> = text
        .lines()
        .flat_map(|line| line.split('#').next().unwrap_or_default().bytes())
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    assert_eq!(digits.len() % 2, 0, "{}: odd digits", path.display());
    let pairs = digits.chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).unwrap();
        u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("{}: {pair}", path.display()))
    });
    pairs.collect()
}

/// Every case, in alphabetical order.
fn cases() -> Vec<Case> {
    let mut folders = vec![PathBuf::from(CASES)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        if folder.join("case.toml").exists() {
            found.push(Case::read(&folder));
            continue;
        }
        for path in std::fs::read_dir(folder).unwrap() {
            let path = path.unwrap().path();
            // Those have recipes instead of files: tests/analysis_cases.rs.
            if path.is_dir() && !path.ends_with("analysis") {
                folders.push(path);
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// What came of a case, as text: everything that a wrong reader would get wrong.
fn told(outcome: &Result<Reading, ReadError>) -> String {
    match outcome {
        Ok(Reading::Recording(recording)) => recording_told(recording),
        Ok(Reading::Choice(offers)) => offers.iter().fold(String::new(), |mut text, offer| {
            let start = offer.start.as_deref().unwrap_or("no start");
            let _ = writeln!(text, "choice: {} | {} | {start}", offer.id, offer.name);
            text
        }),
        Ok(Reading::Question(question)) => {
            let mut text = format!("question: {} {:?}\n", question.format, question.unknowns);
            let proposal = &question.proposal;
            let _ = writeln!(
                text,
                "proposal: rate {:?} unit {:?} gain {:?} lead {:?}",
                proposal.rate_hz, proposal.unit, proposal.gain, proposal.lead
            );
            for phrase in &question.evidence {
                let _ = writeln!(text, "evidence: {}", phrase.id);
            }
            text
        }
        Err(error) => format!("error: {error}\n"),
    }
}

fn recording_told(recording: &Recording) -> String {
    let mut text = String::new();
    let source = &recording.source;
    let _ = writeln!(text, "format: {}", source.format);
    if let Some(start) = recording.start {
        let _ = writeln!(text, "start: {}", start.iso());
    }
    let optional = [
        ("device", &source.device),
        ("filters", &source.filters),
        ("classification", &source.classification),
        ("patient name", &source.patient.name),
        ("patient id", &source.patient.id),
        ("birth date", &source.patient.birth_date),
        ("sex", &source.patient.sex),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            let _ = writeln!(text, "{name}: {value}");
        }
    }
    for measurement in &source.measurements {
        let _ = writeln!(
            text,
            "measurement: {} = {}",
            measurement.name, measurement.value
        );
    }
    for remark in &source.remarks {
        let _ = writeln!(text, "remark: {remark}");
    }
    for lead in &recording.leads {
        text.push_str(&lead_told(lead));
    }
    let _ = writeln!(text, "annotations: {}", recording.annotations.len());
    for mark in recording.annotations.iter().take(12) {
        let _ = writeln!(
            text,
            "annotation: {:.4} s {} {}",
            mark.time_s, mark.code, mark.text
        );
    }
    for note in &recording.notes {
        let _ = writeln!(text, "note: {note:?}");
    }
    text
}

fn lead_told(lead: &Lead) -> String {
    let unit = match &lead.unit {
        Unit::Millivolt => "mV",
        Unit::Counts => "counts",
        Unit::Other(unit) => unit,
    };
    let kind = match &lead.kind {
        SignalKind::Ecg => "ecg".to_owned(),
        SignalKind::Other(other) => format!("other ({other})"),
    };
    let standard = lead.standard.map_or("none", |standard| standard.label());
    let values = lead.samples.all_values();
    let mut text = format!(
        "lead {:?}: {kind}, standard {standard}, {:.4} Hz, {} samples, {unit}\n",
        lead.name,
        lead.rate_hz,
        values.len()
    );
    let inside = |index: &usize| !lead.gaps.iter().any(|gap| gap.range.contains(index));
    let shown: Vec<f32> = (0..values.len())
        .filter(inside)
        .map(|i| values[i])
        .collect();
    let line = |values: &[f32]| {
        let words: Vec<String> = values.iter().map(|value| format!("{value:.4}")).collect();
        words.join(" ")
    };
    if !shown.is_empty() {
        let low = shown.iter().copied().fold(f32::INFINITY, f32::min);
        let high = shown.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mean = shown.iter().map(|value| f64::from(*value)).sum::<f64>() / shown.len() as f64;
        let _ = writeln!(text, "  from {low:.4} to {high:.4}, mean {mean:.4}");
        let _ = writeln!(text, "  first {}", line(&shown[..shown.len().min(8)]));
        let _ = writeln!(
            text,
            "  last {}",
            line(&shown[shown.len().saturating_sub(4)..])
        );
    }
    for gap in &lead.gaps {
        let _ = writeln!(text, "  gap {:?} {:?}", gap.range, gap.reason);
    }
    text
}

#[test]
fn every_case_gives_what_it_must() {
    let bless = std::env::var_os("EINTHOVEN_BLESS").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        assert!(!case.description.says.is_empty(), "{}", case.name);
        assert!(!case.description.made_by.is_empty(), "{}", case.name);
        assert!(!case.files.is_empty(), "{}: no input", case.name);
        let found = told(&open(&case.bundle(), &mut case.context()));
        let file = case.folder.join("expected.txt");
        match std::fs::read_to_string(&file) {
            Ok(expected) if expected == found => {}
            Ok(expected) => wrong.push(format!(
                "{}\n--- expected\n{expected}--- found\n{found}",
                case.name
            )),
            Err(_) if bless => std::fs::write(&file, found).unwrap(),
            Err(_) => wrong.push(format!(
                "{}: no expected.txt\n--- found\n{found}",
                case.name
            )),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_is_claimed_by_its_format_with_and_without_its_name() {
    for case in cases() {
        let (name, bytes) = &case.files[case.entry()];
        let wanted = &case.description.format;
        if wanted.is_empty() || bytes.is_empty() {
            continue;
        }
        for name in [name.as_str(), "x"] {
            let claimed = sniff(&Entry::from_bytes(name, bytes.clone())).unwrap();
            let id = claimed.map_or("nothing", |(format, _)| format.info().id);
            assert_eq!(id, wanted, "{} as {name:?}", case.name);
        }
    }
}

#[test]
fn the_common_readers_say_the_same_or_leave_it_to_all() {
    let (mut left, mut wrong) = (0, Vec::new());
    for case in cases() {
        let bundle = case.bundle();
        let all = told(&open(&bundle, &mut case.context()));
        let said = match open_among(COMMON, &bundle, &mut case.context()) {
            Ok(None) => {
                left += 1;
                continue;
            }
            Ok(Some(reading)) => told(&Ok(reading)),
            Err(error) => told(&Err(error)),
        };
        if said != all {
            wrong.push(format!("{}\n--- all\n{all}--- common\n{said}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(left > 0);
}

#[test]
fn no_case_is_claimed_by_two_formats_alike() {
    for case in cases() {
        let (name, bytes) = &case.files[case.entry()];
        let Some((_, best)) = sniff(&Entry::from_bytes(name, bytes.clone())).unwrap_or(None) else {
            continue;
        };
        let head = einthoven::formats::Head {
            name: "x",
            bytes: &bytes[..bytes.len().min(64 * 1024)],
            tail: &bytes[bytes.len().saturating_sub(64)..],
            len: bytes.len() as u64,
        };
        let equal: Vec<&str> = FORMATS
            .iter()
            .filter(|format| format.score(&head) >= best)
            .map(|format| format.info().id)
            .collect();
        assert!(equal.len() <= 1, "{}: {equal:?}", case.name);
    }
}

#[test]
fn every_format_has_a_case() {
    let with: BTreeSet<String> = cases()
        .into_iter()
        .map(|case| case.description.format)
        .collect();
    let without: Vec<&str> = FORMATS
        .iter()
        .map(|format| format.info().id)
        .filter(|id| !with.contains(*id))
        .collect();
    assert!(without.is_empty(), "formats without a case: {without:?}");
}

#[test]
fn the_rows_of_public_reports_are_counted() {
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases() {
        for row in case.description.rows {
            *rows.entry(row).or_default() += 1;
        }
    }
    for (row, file, test) in ELSEWHERE {
        let path = format!("{}/tests/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(test), "{row}: {file} has no test {test}");
        *rows.entry(row.to_owned()).or_default() += 1;
    }
    let covered: Vec<&str> = rows.keys().map(String::as_str).collect();
    println!(
        "{} kinds of public reports are covered: {}",
        covered.len(),
        covered.join(" ")
    );
    let Ok(list) = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/facts/field-reports.md"
    )) else {
        println!("skipped: no data");
        return;
    };
    let known: BTreeSet<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next())
        .collect();
    for row in covered {
        assert!(known.contains(row), "there is no row {row}");
    }
}

/// Numbers of a fixed sequence (Marsaglia's xorshift, 2003).
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Opens a damaged bundle: whatever comes of it is within the budget and whole.
fn opens_within_its_budget(case: &Case, files: &[(String, Vec<u8>)]) {
    let mut context = case.context();
    context.limits.samples = 2_000_000;
    context.limits.bytes = 1 << 24;
    let Ok(Reading::Recording(recording)) = open(&bundle_of(files), &mut context) else {
        return;
    };
    let samples: usize = recording.leads.iter().map(|lead| lead.samples.len()).sum();
    assert!(samples <= 2_000_000, "{}", case.name);
    for lead in &recording.leads {
        assert!(
            lead.rate_hz > 0.0 && lead.rate_hz.is_finite(),
            "{}",
            case.name
        );
        assert!(lead.samples.scale.gain != 0.0, "{}", case.name);
        let ordered = lead
            .gaps
            .windows(2)
            .all(|g| g[0].range.end <= g[1].range.start);
        let inside = lead.gaps.iter().all(|g| g.range.end <= lead.samples.len());
        assert!(ordered && inside, "{} {:?}", case.name, lead.gaps);
    }
}

#[test]
fn cut_and_changed_cases_never_panic_nor_exceed_the_budget() {
    let mut sequence = Sequence(0x2545_f491_4f6c_dd1d);
    for case in cases() {
        let place = case.entry();
        let whole = case.files[place].1.clone();
        let mut damaged = case.files.clone();
        for _ in 0..50 {
            damaged[place].1 = whole[..sequence.below(whole.len() + 1).min(whole.len())].to_vec();
            opens_within_its_budget(&case, &damaged);
        }
        for _ in 0..200 {
            let mut bytes = whole.clone();
            if bytes.is_empty() {
                break;
            }
            // The header is where most can go wrong.
            let limit = if sequence.below(2) == 0 {
                bytes.len().min(1024)
            } else {
                bytes.len()
            };
            let at = sequence.below(limit);
            bytes[at] = sequence.below(256) as u8;
            damaged[place].1 = bytes;
            opens_within_its_budget(&case, &damaged);
        }
    }
}
