//! The scorer against the WFDB programs' own output on MIT-BIH DS1 (folder `ec57-expected` beside the checkout): every
//! number of every report. Where a program's arithmetic is wrong, [`corrections`] shows why and holds the true figure.

mod corrections;
mod reports;

use super::tables::matrices;
use super::testing::{data_folder, read_annotations};
use super::*;
use corrections::Corrections;
use reports::{lines, our_numbers, parts, read, report_numbers, words};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const RATE_HZ: f64 = 360.0;
const DURATION_S: f64 = 650_000.0 / RATE_HZ;

/// Annotations and reports: unpacked already, or unpacked now from the archives in `shared`.
fn expected_folder() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| folder.join("ann").is_dir() && folder.join("out").is_dir();
    if let Some(folder) = data_folder("ec57-expected").filter(complete) {
        return Some(folder);
    }
    let archives = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ec57-expected");
    let folder = std::env::temp_dir().join("einthoven-ec57-expected");
    std::fs::create_dir_all(&folder).ok()?;
    for name in ["annotations-ds1.tar.xz", "reports-ds1.tar.xz"] {
        let archive = archives.join(name);
        if !archive.is_file() {
            return None;
        }
        let mut tar = Command::new("tar");
        tar.arg("xJf").arg(&archive).arg("-C").arg(&folder);
        assert!(tar.status().unwrap().success(), "{}", archive.display());
    }
    Some(folder).filter(complete)
}

/// Numbers compared, and what differs.
#[derive(Default)]
struct Tally {
    equal: BTreeMap<&'static str, usize>,
    corrected: usize,
    differing: Vec<String>,
}

impl Tally {
    fn compare(&mut self, kind: &'static str, place: &str, ours: &[String], theirs: &[String]) {
        self.compare_corrected(kind, place, ours, theirs, &Corrections::new());
    }

    fn compare_corrected(
        &mut self,
        kind: &'static str,
        place: &str,
        ours: &[String],
        theirs: &[String],
        corrections: &Corrections,
    ) {
        let agrees =
            |(index, (ours, theirs)): (usize, (&String, &String))| match corrections.get(&index) {
                Some(correction) => correction.explains(ours, theirs),
                None => ours == theirs,
            };
        let mut pairs = ours.iter().zip(theirs).enumerate();
        if ours.len() != theirs.len() || !pairs.all(agrees) {
            self.differing.push(format!(
                "{kind} {place}\n  ours   {}\n  theirs {}",
                ours.join(" "),
                theirs.join(" ")
            ));
            return;
        }
        self.corrected += corrections.len();
        *self.equal.entry(kind).or_default() += ours.len() - corrections.len();
    }
}

/// One set of comparisons.
struct Set {
    tag: &'static str,
    reference: &'static str,
    test: &'static str,
    protocol: Protocol,
}

fn sets() -> Vec<Set> {
    let default = Protocol::default().within(DURATION_S);
    let set = |tag, reference, test, protocol| Set {
        tag,
        reference,
        test,
        protocol,
    };
    let from_start = Protocol {
        from_s: 0.0,
        ..default
    };
    let narrow = Protocol {
        window_s: 0.1,
        ..default
    };
    let part = Protocol {
        from_s: 600.0,
        to_s: 1200.0,
        ..default
    };
    vec![
        set("gqrs", "atr", "gqrs", default),
        set("wqrs", "atr", "wqrs", default),
        set("tst", "atr", "tst", default),
        set("edg", "atr", "edg", default),
        set("swap", "edg", "atr", default),
        set("tst_f0", "atr", "tst", from_start),
        set("edg_w100", "atr", "edg", narrow),
        set("tst_10to20", "atr", "tst", part),
    ]
}

fn compared(folder: &Path, record: &str, set: &Set, protocol: &Protocol) -> Compared {
    let marks = |annotator: &str| {
        let annotations = read_annotations(&folder.join(format!("ann/{record}.{annotator}")));
        Marks::of_annotations(&annotations, protocol.map, protocol.window(RATE_HZ))
    };
    compare(&marks(set.reference), &marks(set.test), RATE_HZ, protocol)
}

fn records(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("ann")).unwrap();
    let mut records: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let is_header = path.extension().is_some_and(|extension| extension == "hea");
            is_header.then(|| path.file_stem().unwrap().to_string_lossy().into_owned())
        })
        .collect();
    records.sort();
    records
}

/// One record's line: its numbers, and where none is corrected every byte.
fn compare_record(tally: &mut Tally, name: Name<'_>, place: &str, ours: &str, theirs: &str) {
    let kind = name.kind;
    let corrections = corrections::of_record(kind, name.tag, theirs);
    let (our_words, their_words) = (words(ours), words(theirs));
    if corrections.is_empty() && our_words == their_words && ours != theirs {
        let spaced = |line: &str| vec![line.replace(' ', "_")];
        tally.compare(kind, place, &spaced(ours), &spaced(theirs));
        return;
    }
    tally.compare_corrected(kind, place, &our_words, &their_words, &corrections);
}

/// What a report is called: the kind of comparison, its file and the set.
#[derive(Clone, Copy)]
struct Name<'a> {
    kind: &'static str,
    file: &'a str,
    tag: &'a str,
}

impl Name<'_> {
    fn file(&self) -> String {
        self.file.replace("TAG", self.tag)
    }
}

/// Our table against a line-format file and its sums.
fn compare_table(
    tally: &mut Tally,
    folder: &Path,
    name: Name<'_>,
    form: &Form,
    evaluation: &Evaluation,
) {
    let (kind, file) = (name.kind, name.file());
    let table = evaluation.table(form);
    let report = read(folder, &format!("out/{file}"));
    assert!(
        report.starts_with(&(form.header.join("\n") + "\n")),
        "{file}: {}",
        form.header.join("\n")
    );
    let (ours, theirs) = (lines(&table), lines(&report));
    let mut read_lines = Vec::new();
    for record in evaluation.records.iter().map(|record| &record.record) {
        let place = format!("{file} {record}");
        compare_record(tally, name, &place, &ours[record], &theirs[record]);
        read_lines.push(words(&theirs[record]));
    }
    let sums = lines(&read(folder, &format!("out/sum_{file}")));
    for row in ["Sum", "Gross", "Average", "Total"] {
        if let Some(theirs) = sums.get(row) {
            let (mut ours, theirs) = (words(&ours[row]), words(theirs));
            // The sums of the reference's beats behind the shutdowns are ours alone, and no row has a gross RR error.
            ours.truncate(theirs.len());
            let place = format!("sum_{file} {row}");
            let corrections = corrections::of_sums(kind, &theirs, &read_lines, folder, name.tag);
            tally.compare_corrected("sums", &place, &ours, &theirs, &corrections);
        }
    }
}

/// A matrix file of all records against our text.
fn compare_matrices(
    tally: &mut Tally,
    folder: &Path,
    name: Name<'_>,
    evaluation: &Evaluation,
    text: impl Fn(&Comparison) -> String,
) {
    let (kind, file) = (name.kind, name.file());
    let report = read(folder, &format!("out/{file}"));
    let parts = parts(&report);
    for record in &evaluation.records {
        let (ours, theirs) = (text(&record.comparison), parts[record.record.as_str()]);
        let place = format!("{file} {}", record.record);
        tally.compare(kind, &place, &our_numbers(&ours), &report_numbers(theirs));
    }
}

/// How a comparison is written as matrices.
type Text<'a> = &'a dyn Fn(&Comparison) -> String;

/// The list of beats whose labels differ. `bxb` gives a test beat in the reference's flutter the time of the next
/// reference beat; ours stays where the test beat is.
fn compare_labels(tally: &mut Tally, folder: &Path, tag: &str, record: &str, compared: &Compared) {
    let report = read(folder, &format!("out/verbose/{tag}.{record}.txt"));
    let in_place = |line: &str| match line.strip_prefix("*(").and_then(|_| line.split_once('/')) {
        Some((_, test)) => format!("*{}/{test}", &test[1..]),
        None => line.to_owned(),
    };
    let pairs = report.lines().filter(|line| line.contains(")/"));
    let theirs: Vec<String> = pairs.map(in_place).collect();
    let ours: Vec<String> = compared
        .differing()
        .map(|labels| {
            let (reference, test) = (labels.reference, labels.test);
            let letters = (reference.1.letter(), test.1.letter());
            format!("{}({})/{}({})", letters.0, reference.0, letters.1, test.0)
        })
        .collect();
    tally.compare("bxb -v", &format!("{tag} {record}"), &ours, &theirs);
}

fn evaluate(
    folder: &Path,
    set: &Set,
    protocol: Protocol,
    mut seen: impl FnMut(&str, &Compared),
) -> Evaluation {
    let of_record = |record: String| {
        let compared = compared(folder, &record, set, &protocol);
        seen(&record, &compared);
        RecordComparison {
            record,
            comparison: compared.comparison,
        }
    };
    let records = records(folder).into_iter().map(of_record).collect();
    Evaluation::new(protocol, records)
}

fn compare_beats_and_runs(tally: &mut Tally, folder: &Path, set: &Set) {
    let tag = set.tag;
    let evaluation = evaluate(folder, set, set.protocol, |record, compared| {
        compare_labels(tally, folder, tag, record, compared);
    });
    let tables: [(&'static str, &str, &Form); 7] = [
        ("bxb .L", "bxb_TAG.L", &BEATS),
        ("bxb .l", "bxb_TAG.l", &BEATS_WITHOUT_S),
        ("bxb .SD", "bxb_TAG.SD", &SHUTDOWN),
        ("bxb .sd", "bxb_TAG.sd", &SHUTDOWN_WITHOUT_S),
        ("rxr .l", "rxr_TAG.l", &VENTRICULAR_RUNS),
        ("rxr .Lv", "rxr_TAG.Lv", &VENTRICULAR_RUNS),
        ("rxr .Ls", "rxr_TAG.Ls", &SUPRAVENTRICULAR_RUNS),
    ];
    for (kind, file, form) in tables {
        let name = Name { kind, file, tag };
        compare_table(tally, folder, name, form, &evaluation);
    }
    let with_fractions = |c: &Comparison, merge_s: bool| {
        let beats = matrices::beats(c, merge_s);
        let fractions = beats.split_once("\n\n").unwrap().1;
        matrices::condensed(c, merge_s) + fractions
    };
    let both_runs = |c: &Comparison| {
        matrices::runs(&c.ventricular_runs) + &matrices::runs(&c.supraventricular_runs)
    };
    let texts: [(&'static str, &str, Text); 6] = [
        ("bxb -S", "bxb_TAG.S.txt", &|c| matrices::beats(c, false)),
        ("bxb -s", "bxb_TAG.s.txt", &|c| matrices::beats(c, true)),
        ("bxb -C", "bxb_TAG.C.txt", &|c| with_fractions(c, false)),
        ("bxb -c", "bxb_TAG.c.txt", &|c| with_fractions(c, true)),
        ("rxr -s", "rxr_TAG.s.txt", &|c| {
            matrices::runs(&c.ventricular_runs)
        }),
        ("rxr -S", "rxr_TAG.S.txt", &both_runs),
    ];
    for (kind, file, text) in texts {
        let name = Name { kind, file, tag };
        compare_matrices(tally, folder, name, &evaluation, text);
    }
}

fn compare_episodes(tally: &mut Tally, folder: &Path, set: &Set) {
    let tag = set.tag;
    let with = |exclude_flutter, min_episode_s| {
        let protocol = Protocol {
            exclude_flutter,
            min_episode_s,
            ..set.protocol
        };
        evaluate(folder, set, protocol, |_, _| {})
    };
    let plain = with(false, 0.0);
    let tables: [(&'static str, &str, &Form, &Evaluation); 4] = [
        ("epicmp -A", "epi_af_TAG.l", &ATRIAL_FIBRILLATION, &plain),
        ("epicmp -V", "epi_vf_TAG.l", &VENTRICULAR_FLUTTER, &plain),
        (
            "epicmp -x",
            "epi_af_x_TAG.l",
            &ATRIAL_FIBRILLATION,
            &with(true, 0.0),
        ),
        (
            "epicmp -i 30",
            "epi_af_i30_TAG.l",
            &ATRIAL_FIBRILLATION,
            &with(false, 30.0),
        ),
    ];
    for (kind, file, form, evaluation) in tables {
        let name = Name { kind, file, tag };
        compare_table(tally, folder, name, form, evaluation);
    }
    let name = |file| Name {
        kind: "epicmp matrix",
        file,
        tag,
    };
    compare_matrices(tally, folder, name("epi_af_TAG.m.txt"), &plain, |c| {
        matrices::episodes(&c.atrial_fibrillation)
    });
    compare_matrices(tally, folder, name("epi_vf_TAG.m.txt"), &plain, |c| {
        matrices::episodes(&c.ventricular_flutter)
    });
}

#[test]
fn every_number_of_the_wfdb_programs_is_ours() {
    let Some(folder) = expected_folder() else {
        println!("skipped: no data");
        return;
    };
    let mut tally = Tally::default();
    for set in &sets() {
        compare_beats_and_runs(&mut tally, &folder, set);
        if ["tst", "edg", "swap"].contains(&set.tag) {
            compare_episodes(&mut tally, &folder, set);
        }
    }
    for (kind, equal) in &tally.equal {
        println!("{kind:<14} {equal:>7} equal");
    }
    let all: usize = tally.equal.values().sum();
    println!(
        "{all} equal in all, {} wrong in the programs and right here, {} places differ",
        tally.corrected,
        tally.differing.len()
    );
    assert!(tally.differing.is_empty(), "{}", tally.differing.join("\n"));
    assert!(all > 100_000, "{all}");
}
