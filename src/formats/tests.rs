//! All formats together: public samples where they are present, damage of every kind, and the message catalogue.

use super::testing::{
    after, before, entry, extremes, folder_bundle, near, read_first, recording, samples,
};
use super::*;
use crate::recording::{Lead, LeadName, Samples, Scale, StartTime, Unit};
use std::path::{Path, PathBuf};

/// The index as file and right reading.
fn index(root: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root.join("INDEX.tsv")).unwrap();
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split('\t');
            Some((cells.next()?.to_owned(), cells.nth(3)?.to_owned()))
        })
        .collect()
}

#[test]
fn wfdb_samples_read_as_an_independent_reader_says() {
    let Some(root) = samples() else { return };
    let mut compared = 0;
    for (file, told) in index(&root) {
        let unread = ["null", "multi.hea"];
        if !file.ends_with(".hea") || unread.iter().any(|name| file.contains(name)) {
            continue;
        }
        let read = recording(
            read_first(&folder_bundle(&root.join(&file)), Answers::default()),
            &file,
        );
        let (facts, leads) = told.split_once(" leads: ").unwrap();
        let frame_rate = after(facts, "fs ").unwrap();
        let frames = after(facts, "n ").unwrap();
        let leads: Vec<&str> = leads.split("; units").next().unwrap().split("; ").collect();
        assert_eq!(read.leads.len(), leads.len(), "{file}");
        for (lead, told) in read.leads.iter().zip(leads) {
            let (name, range) = told.rsplit_once(' ').unwrap();
            let (low, high) = range.split_once('…').unwrap();
            let (found_low, found_high) = extremes(lead);
            assert_eq!(lead.name, name, "{file}");
            // Skewed frames and samples of fast leads within a frame are averaged away by the other reader.
            if lead.rate_hz == frame_rate {
                assert!(
                    near(found_low, low.parse().unwrap()),
                    "{file} {name} {found_low} {low}"
                );
                assert!(
                    near(found_high, high.parse().unwrap()),
                    "{file} {name} {found_high} {high}"
                );
            }
            let frames_found = lead.samples.len() as f64 / (lead.rate_hz / frame_rate);
            assert_eq!(frames_found, frames, "{file} {name}");
            compared += 1;
        }
        assert!(
            read.notes
                .iter()
                .all(|note| note.code == "annotator-not-used"),
            "{file} {:?}",
            read.notes
        );
    }
    assert!(compared > 30, "{compared}");
    let multi = recording(
        read_first(
            &folder_bundle(&root.join("wfdb/multi.hea")),
            Answers::default(),
        ),
        "multi",
    );
    assert_eq!(multi.leads[0].samples.len(), 45_000);
    assert_eq!(multi.leads[0].gaps[0].range, 21_600..23_400);
    let annotated = recording(
        read_first(
            &folder_bundle(&root.join("wfdb/100s.hea")),
            Answers::default(),
        ),
        "100s",
    );
    assert_eq!(annotated.annotations.len(), 75);
    assert_eq!(
        (
            annotated.annotations[0].sample,
            annotated.annotations[0].text.as_str()
        ),
        (18, "(N")
    );
    let read =
        |file: &str| wfdb::read_annotations(&std::fs::read(root.join(file)).unwrap()).unwrap();
    let tilt = read("wfdb/12726.anI");
    assert_eq!(
        (tilt.len(), tilt[0].sample, tilt[21].sample),
        (22, 87_240, 769_963)
    );
    assert_eq!(read("wfdb/huge.qrs")[0].sample, 10_000_000_000);
    let matlab = recording(
        read_first(
            &folder_bundle(&root.join("mat/E07500.hea")),
            Answers::default(),
        ),
        "E07500",
    );
    assert_eq!(
        (matlab.leads.len(), matlab.leads[0].samples.len()),
        (12, 5000)
    );
    assert!(near(extremes(&matlab.leads[8]).1, 1.254));
}

#[test]
fn consumer_samples_read_as_the_index_says() {
    let Some(root) = samples() else { return };
    let mut compared = 0;
    for (file, told) in index(&root) {
        let ours = [
            "apple-csv/",
            "alivecor-atc/",
            "generic/semicolon",
            "samsung-csv/",
            "polar/",
        ];
        if !ours.iter().any(|folder| file.starts_with(folder)) {
            continue;
        }
        let bundle = Bundle {
            entries: vec![entry(&root.join(&file))],
        };
        let read = recording(read_first(&bundle, Answers::default()), &file);
        let lead = &read.leads[0];
        let (rate, count) = (
            before(&told, " Hz").unwrap(),
            before(&told, " samples").unwrap(),
        );
        assert!(
            (lead.rate_hz / rate - 1.0).abs() < 1e-5,
            "{file} {} {rate}",
            lead.rate_hz
        );
        assert_eq!(lead.samples.len() as f64, count, "{file}");
        let range = read.leads.iter().map(extremes);
        let (low, high) = range.fold((f64::MAX, f64::MIN), |a, b| (a.0.min(b.0), a.1.max(b.1)));
        assert!(near(low, after(&told, "min ").unwrap()), "{file} {low}");
        assert!(near(high, after(&told, "max ").unwrap()), "{file} {high}");
        let notes: Vec<_> = read.notes.iter().filter(|n| n.code == "checksum").collect();
        assert!(notes.is_empty(), "{file} {notes:?}");
        compared += 1;
    }
    assert_eq!(compared, 9);
}

#[test]
fn edf_samples_read_as_the_index_says() {
    let Some(root) = samples() else { return };
    let read = |file: &str| {
        let bundle = Bundle {
            entries: vec![entry(&root.join(file))],
        };
        read_first(&bundle, Answers::default())
    };
    let uneven = recording(read("edf/test_uneven_samp.edf"), "uneven");
    let [volts, microvolts] = &uneven.leads[..] else {
        panic!()
    };
    assert_eq!((volts.rate_hz, volts.samples.len()), (100.0, 11_000));
    assert_eq!((microvolts.rate_hz, microvolts.samples.len()), (12.8, 1408));
    let (low, high) = extremes(volts);
    assert!(near(low, -4995.12) && near(high, 5000.0), "{low} {high}");
    assert_eq!(uneven.start.unwrap().iso(), "2000-07-13T12:05:48");
    let gap = recording(read("edf/subsecond_gap_edfplusd.edf"), "gap");
    let lead = &gap.leads[0];
    assert_eq!((lead.samples.len(), lead.gaps.len()), (2560 + 1280, 1));
    assert_eq!(lead.gaps[0].range, 1280..2560);
    let (low, high) = extremes(lead);
    assert!(near(low, -0.043_47) && near(high, 0.040_54), "{low} {high}");
    let marks: Vec<_> = gap
        .annotations
        .iter()
        .map(|a| (a.time_s, a.text.as_str()))
        .collect();
    assert!(
        (marks[0].0 - 1.951).abs() < 1e-3 && marks[0].1 == "XLSpike",
        "{marks:?}"
    );
    assert!(matches!(
        read("edf/SC4001EC-Hypnogram.edf"),
        Err(ReadError::NoSignal { .. })
    ));
}

#[test]
fn bare_numbers_and_the_apple_export_ask_and_offer() {
    let Some(root) = samples() else { return };
    for (file, count, rate, range) in [
        ("generic/numbers_only_uV.csv", 7789, 512.0, (-0.198, 0.611)),
        ("generic/ECG_hz.txt", 4096, 360.0, (-0.47, 0.8)),
    ] {
        let bundle = Bundle {
            entries: vec![entry(&root.join(file))],
        };
        let Ok(Reading::Question(question)) = open(&bundle, &mut Context::default()) else {
            panic!("{file}")
        };
        assert_eq!(question.unknowns, [Unknown::Rate, Unknown::Unit], "{file}");
        assert_eq!(question.proposal.rate_hz, Some(rate), "{file}");
        let answers = Answers {
            rate_hz: Some(rate),
            ..question.proposal
        };
        let read = recording(open(&bundle, &mut Context::with_answers(answers)), file);
        assert_eq!(read.leads[0].samples.len(), count);
        let (low, high) = extremes(&read.leads[0]);
        assert!(
            near(low, range.0) && near(high, range.1),
            "{file} {low} {high}"
        );
    }
    // Its header tells the rate; twelve bits without a gain are asked about.
    let bundle = Bundle {
        entries: vec![entry(&root.join("biosppy/biosppy_ecg.txt"))],
    };
    let Ok(Reading::Question(question)) = open(&bundle, &mut Context::default()) else {
        panic!("biosppy")
    };
    assert_eq!(question.unknowns, [Unknown::Gain]);
    let answers = Answers {
        unit: Some("counts".to_owned()),
        ..Answers::default()
    };
    let read = recording(
        open(&bundle, &mut Context::with_answers(answers)),
        "biosppy",
    );
    let lead = &read.leads[0];
    assert_eq!((lead.rate_hz, lead.samples.len()), (1000.0, 15_000));
    assert_eq!(extremes(lead), (1987.0, 2506.0));
    let bundle = Bundle {
        entries: vec![entry(&root.join("apple-zip/export.zip"))],
    };
    let Ok(Reading::Choice(offers)) = open(&bundle, &mut Context::default()) else {
        panic!()
    };
    assert_eq!(offers.len(), 2);
    for (offer, count) in offers.iter().zip([15_409, 15_375]) {
        let answers = Answers {
            choice: Some(offer.id.clone()),
            ..Answers::default()
        };
        let read = recording(
            open(&bundle, &mut Context::with_answers(answers)),
            &offer.id,
        );
        assert_eq!(read.leads[0].samples.len(), count);
    }
}

/// Every public sample gives a recording, a choice, a question or an error with a reason; nothing panics.
#[test]
fn every_public_sample_ends_in_an_answer() {
    let Some(root) = samples() else { return };
    let mut folders = vec![root.clone()];
    let mut answers = 0;
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap() {
            let path = path.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bundle = Bundle {
                entries: vec![entry(&path)],
            };
            let outcome = match open(&bundle, &mut Context::default()) {
                Ok(Reading::Recording(read)) => {
                    format!("{} leads as {}", read.leads.len(), read.source.format)
                }
                Ok(Reading::Choice(offers)) => format!("choice of {}", offers.len()),
                Ok(Reading::Question(question)) => format!("question {:?}", question.unknowns),
                Err(error) => format!("refused: {error}"),
            };
            println!("{}: {outcome}", path.strip_prefix(&root).unwrap().display());
            answers += 1;
        }
    }
    assert!(answers > 60, "{answers}");
}

/// One small file of each format, made by our own writers and generators.
fn examples() -> Vec<(&'static str, Vec<WrittenFile>)> {
    let lead = |name: &str, rate_hz: f64| {
        let counts = (0..400).map(|i| ((i * 37) % 211 - 100) as i16).collect();
        let scale = Scale {
            gain: 200.0,
            baseline: 0.0,
        };
        Lead::ecg(name, rate_hz, Samples::from_i16(counts, scale))
    };
    let recording = Recording {
        leads: vec![lead("I", 250.0), lead("V1", 250.0)],
        start: StartTime::new(Some((2024, 5, 1)), 8, 15, 0.0, None),
        ..Recording::default()
    };
    let mut examples: Vec<(&str, Vec<WrittenFile>)> = WRITERS
        .iter()
        .map(|writer| (writer.id(), writer.write(&recording, "x").unwrap()))
        .collect();
    let one = |name: &str, bytes: Vec<u8>| {
        vec![WrittenFile {
            name: name.to_owned(),
            bytes,
        }]
    };
    examples.push(("alivecor-atc", one("x.atc", alivecor_atc::example())));
    let header = "Name,A\nDate of Birth,1980\nRecorded Date,2021-12-17 12:58:58 +0800\nClassification,Sinus Rhythm\n\
        Sample Rate,512.4 hertz\n\nLead,Lead I\nUnit,µV\n\n";
    let numbers: String = (0..400)
        .map(|i| format!("{}.125\n", (i * 37) % 211))
        .collect();
    examples.push((
        "apple-csv",
        one("x.csv", format!("{header}{numbers}").into_bytes()),
    ));
    examples.push(("table", one("x.txt", numbers.into_bytes())));
    let member = format!("{header}1\n2\n").into_bytes();
    let archive = zip::zip_of(&[("apple_health_export/electrocardiograms/e.csv", &member)]);
    examples.push(("zip", one("x.zip", archive)));
    examples
}

fn bundle_of(files: &[WrittenFile]) -> Bundle {
    Bundle {
        entries: files
            .iter()
            .map(|file| Entry::from_bytes(&file.name, file.bytes.clone()))
            .collect(),
    }
}

#[test]
fn every_example_is_claimed_by_its_own_format_alone() {
    for (id, files) in examples() {
        let reading = open(&bundle_of(&files), &mut Context::default());
        assert!(reading.is_ok(), "{id} {reading:?}");
        if id == "zip" {
            continue;
        }
        let bundle = bundle_of(&files);
        let (format, _) = sniff(&bundle.entries[0]).unwrap().unwrap();
        let expected = if id == "csv" { "table" } else { id };
        assert_eq!(format.info().id, expected);
    }
    let mut ids: Vec<_> = FORMATS.iter().map(|format| format.info().id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), FORMATS.len());
}

/// Numbers of a fixed sequence (Marsaglia's xorshift, 2003).
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn cut_and_changed_files_never_panic_nor_exceed_the_budget() {
    let mut sequence = Sequence(0x2545_f491_4f6c_dd1d);
    for (id, files) in examples() {
        for place in 0..files.len() {
            let mut damaged = files.clone();
            let whole = files[place].bytes.clone();
            let mut check = |bytes: Vec<u8>| {
                damaged[place].bytes = bytes;
                let mut context = Context::default();
                context.limits.samples = 100_000;
                context.limits.bytes = 1 << 20;
                if let Ok(Reading::Recording(recording)) = open(&bundle_of(&damaged), &mut context)
                {
                    let samples: usize = recording.leads.iter().map(|l| l.samples.len()).sum();
                    assert!(samples <= 100_000, "{id}");
                    for lead in &recording.leads {
                        assert!(lead.rate_hz > 0.0 && lead.samples.scale.gain != 0.0, "{id}");
                        let ordered = lead
                            .gaps
                            .windows(2)
                            .all(|g| g[0].range.end <= g[1].range.start);
                        let inside = lead.gaps.iter().all(|g| g.range.end <= lead.samples.len());
                        assert!(ordered && inside, "{id} {:?}", lead.gaps);
                    }
                }
            };
            for _ in 0..50 {
                check(whole[..sequence.below(whole.len())].to_vec());
            }
            for _ in 0..200 {
                let mut bytes = whole.clone();
                // The header is where most can go wrong.
                let limit = if sequence.below(2) == 0 {
                    whole.len().min(600)
                } else {
                    whole.len()
                };
                let at = sequence.below(limit);
                bytes[at] = sequence.below(256) as u8;
                check(bytes);
            }
        }
    }
}

#[test]
fn a_changed_file_never_changes_the_unit_in_silence() {
    let (_, files) = examples()
        .into_iter()
        .find(|(id, _)| *id == "wfdb")
        .unwrap();
    let read = recording(open(&bundle_of(&files), &mut Context::default()), "wfdb");
    assert!(read.leads.iter().all(|lead| lead.unit == Unit::Millivolt));
    assert_eq!(read.leads[1].standard, Some(LeadName::V1));
}

/// Every file of this room, as text.
fn sources() -> Vec<String> {
    let mut texts = Vec::new();
    let mut folders = vec![PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/formats"
    ))];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap() {
            let path = path.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("tests.rs") {
                texts.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    texts
}

/// Strings that follow `opening` in the sources.
fn strings_after(opening: &str) -> Vec<String> {
    sources()
        .iter()
        .flat_map(|text| {
            let pieces: Vec<String> = text
                .split(opening)
                .skip(1)
                .filter_map(|rest| rest.trim_start().strip_prefix('"'))
                .filter_map(|rest| rest.split_once('"'))
                .map(|(string, _)| string.to_owned())
                .collect();
            pieces
        })
        .collect()
}

#[test]
fn everything_said_has_its_words_in_the_catalogue() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/locales/en/formats.ftl");
    let catalogue = std::fs::read_to_string(file).unwrap();
    let has = |id: &str| {
        let message = format!("{id} =");
        catalogue.lines().any(|line| line.starts_with(&message))
    };
    let mut wanted: Vec<String> = strings_after("Note::new(")
        .into_iter()
        .map(|code| format!("note-{code}"))
        .collect();
    wanted.extend([
        "note-segments-missing".to_owned(),
        "note-signal-lines-missing".to_owned(),
    ]);
    wanted.extend(strings_after("Phrase::new("));
    wanted.extend(strings_after("phrase("));
    wanted.extend(strings_after("holds: "));
    wanted.extend(
        strings_after("recognised_by: ")
            .into_iter()
            .filter(|id| !id.contains(' ')),
    );
    assert!(wanted.len() > 40, "{}", wanted.len());
    for id in wanted {
        assert!(has(&id), "{id} is not in the catalogue");
    }
    let bundle = fluent_bundle::FluentResource::try_new(catalogue.clone());
    assert!(
        bundle.is_ok(),
        "{:?}",
        bundle.err().map(|(_, errors)| errors)
    );
}
