//! The program itself: exit codes, what it prints, and what it writes.
#![cfg(feature = "terminal")]
// A test that cannot go on fails at that line.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A folder of its own that goes away with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("einthoven-cli-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.0.join(name), bytes).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn einthoven(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_einthoven"))
        .args(arguments)
        .env_remove("EINTHOVEN_MODELS")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A simulated record of 30 s; the path of its header.
fn simulated(folder: &Folder, name: &str, more: &[&str]) -> String {
    let path = folder.path(&format!("{name}.hea"));
    let mut arguments = vec!["simulate", "-o", &path];
    arguments.extend(more);
    let output = einthoven(&arguments);
    assert_eq!(code(&output), 0, "{}", err(&output));
    path
}

fn document(arguments: &[&str]) -> Value {
    let output = einthoven(arguments);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Every path at which a null stands, apart from the fields that may be unknown.
fn nulls(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Null => found.push(path.to_owned()),
        Value::Array(items) => items.iter().for_each(|item| nulls(item, path, found)),
        Value::Object(fields) => {
            for (name, item) in fields {
                if !["start", "device", "sha256", "abstained"].contains(&name.as_str()) {
                    nulls(item, &format!("{path}.{name}"), found);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn a_simulated_recording_is_analysed_to_the_schema() {
    let folder = Folder::new("analyze");
    let record = simulated(&folder, "sinus", &["--rate", "72"]);
    let json = document(&["analyze", "--json", "--models", "none", &record]);
    assert_eq!(json["schema"], "einthoven/1");
    assert_eq!(json["format"], "wfdb");
    assert_eq!(json["file"], record.as_str());
    assert_eq!(json["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(json["recording"]["duration_s"], 30.0);
    assert_eq!(json["recording"]["leads"][0]["name"], "I");
    assert_eq!(json["recording"]["leads"][0]["rate_hz"], 500.0);
    let beats = json["beats"].as_array().unwrap();
    assert!((34..=38).contains(&beats.len()), "{} beats", beats.len());
    let rate = json["rate_per_min"]["mean"].as_f64().unwrap();
    assert!((rate - 72.0).abs() < 3.0, "{rate}");
    assert_eq!(json["rhythm"][0]["label"], "unsure");
    for name in ["pr_ms", "qrs_ms", "qt_ms", "qtc_bazett_ms", "axis_deg"] {
        let entry = &json["measurements"][name];
        assert!(
            entry["value"].is_number() || entry["withheld"].is_string(),
            "{name}: {entry}"
        );
    }
    let mut found = Vec::new();
    nulls(&json, "", &mut found);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn slow_and_fast_hearts_are_found() {
    let folder = Folder::new("findings");
    for (name, rate, id) in [
        ("slow", "42", "bradycardia"),
        ("fast", "130", "tachycardia"),
        ("usual", "70", ""),
    ] {
        let record = simulated(&folder, name, &["--rate", rate]);
        let json = document(&["analyze", "--json", "--models", "none", &record]);
        let ids: Vec<&str> = json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|finding| finding["id"].as_str())
            .collect();
        let expected: &[&str] = if id.is_empty() { &[] } else { &[id] };
        assert_eq!(ids, expected, "{name}");
    }
}

#[test]
fn the_text_report_has_verdict_and_small_print() {
    let folder = Folder::new("text");
    let record = simulated(&folder, "sinus", &[]);
    let output = einthoven(&["analyze", "--models", "none", &record]);
    let page = out(&output);
    assert_eq!(code(&output), 0);
    assert!(page.contains("Quality") && page.contains("Rhythm") && page.contains("Rate"));
    assert!(page.contains("not a cleared medical device"), "{page}");
    assert!(
        !page.contains('\x1b'),
        "no colour where there is no terminal"
    );
}

#[test]
fn reports_are_printed_as_pdf_and_svg_and_told_as_fhir() {
    let folder = Folder::new("paper");
    let header = simulated(&folder, "paper", &[]);
    let (pdf, svg) = (folder.path("pdf"), folder.path("svg"));
    let arguments = ["analyze", "--models", "none", "--pdf", &pdf, "--svg", &svg];
    // The same file twice: neither report is lost.
    let output = einthoven(&[&arguments[..], &[&header, &header]].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));
    for name in ["paper.pdf", "paper-no2.pdf"] {
        let bytes = std::fs::read(PathBuf::from(&pdf).join(name)).unwrap();
        assert!(bytes.starts_with(b"%PDF-1.4") && bytes.ends_with(b"%%EOF\n"));
    }
    let page = std::fs::read_to_string(PathBuf::from(&svg).join("paper-1.svg")).unwrap();
    assert!(page.contains("25 mm/s") && page.contains("polyline"));
    assert!(out(&output).contains("paper-no2-1.svg"));

    let output = einthoven(&["analyze", "--models", "none", "--fhir", &header]);
    let bundle: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(
        bundle["entry"][0]["resource"]["resourceType"],
        "DiagnosticReport"
    );
    let rate = &bundle["entry"][1]["resource"]["valueQuantity"];
    assert_eq!(rate["code"], "/min");
    assert!(
        (rate["value"].as_f64().unwrap() - 70.0).abs() < 15.0,
        "{rate}"
    );

    // A folder that cannot be made is said, and is no success.
    let output = einthoven(&["analyze", "--models", "none", "--pdf", &header, &header]);
    assert_eq!(code(&output), 3, "{}", err(&output));
}

#[test]
fn inspecting_leaves_the_analysis_out() {
    let folder = Folder::new("inspect");
    let record = simulated(&folder, "sinus", &[]);
    let json = document(&["inspect", "--json", &record]);
    assert!(json.get("beats").is_none() && json.get("quality").is_none());
    assert!(json["recording"]["annotation_count"].as_u64() > Some(20));
}

#[test]
fn what_is_converted_and_converted_back_is_the_same() {
    let folder = Folder::new("convert");
    let record = simulated(&folder, "sinus", &["--noise-db", "10"]);
    let edf = folder.path("there.edf");
    let back = folder.path("back.hea");
    assert_eq!(code(&einthoven(&["convert", &record, "-o", &edf])), 0);
    assert_eq!(
        code(&einthoven(&["convert", &edf, "-o", &back, "--to", "wfdb"])),
        0
    );
    let (first, second) = (
        document(&["inspect", "--json", &record]),
        document(&["inspect", "--json", &back]),
    );
    let fhir = folder.path("there.json");
    assert_eq!(code(&einthoven(&["convert", &record, "-o", &fhir])), 0);
    let third = document(&["inspect", "--json", &fhir]);
    for name in ["rate_hz", "samples", "min_mv", "max_mv"] {
        let of = |json: &Value| json["recording"]["leads"][0][name].as_f64().unwrap();
        assert!((of(&first) - of(&second)).abs() < 2e-3, "{name}");
        assert_eq!(of(&first), of(&third), "{name}");
    }
}

#[test]
fn nothing_is_written_over_without_force() {
    let folder = Folder::new("force");
    let record = simulated(&folder, "sinus", &[]);
    let csv = folder.write("there.csv", b"mine");
    let refused = einthoven(&["convert", &record, "-o", &csv]);
    assert_eq!(code(&refused), 3);
    assert_eq!(std::fs::read(&csv).unwrap(), b"mine");
    assert_eq!(
        code(&einthoven(&["convert", &record, "-o", &csv, "--force"])),
        0
    );
    assert!(std::fs::read(&csv).unwrap().len() > 1000);
}

#[test]
fn a_part_is_analysed_by_its_own_times() {
    let folder = Folder::new("part");
    let record = simulated(&folder, "sinus", &["--duration", "1:00"]);
    let json = document(&[
        "inspect", "--json", "--from", "0:10", "--to", "0:40", &record,
    ]);
    assert_eq!(json["recording"]["duration_s"], 30.0);
    let beyond = einthoven(&["inspect", "--from", "2:00", &record]);
    assert_eq!(code(&beyond), 3);
    assert!(err(&beyond).contains("60.0 s long"), "{}", err(&beyond));
}

#[test]
fn what_cannot_be_read_is_one_line_and_exit_3() {
    let folder = Folder::new("errors");
    let empty = folder.write("empty.edf", b"");
    let foreign = folder.write(
        "foreign.bin",
        &[0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    for path in [empty.as_str(), foreign.as_str(), "/no/such/file.edf"] {
        let output = einthoven(&["analyze", path]);
        assert_eq!(code(&output), 3, "{path}");
        assert!(out(&output).is_empty(), "{path}");
        let said = err(&output);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with(&format!("{path}: ")), "{said}");
    }
}

#[test]
fn a_truncated_file_is_an_error_with_its_place_or_a_note() {
    let folder = Folder::new("truncated");
    let record = simulated(&folder, "sinus", &[]);
    let edf = folder.path("whole.edf");
    assert_eq!(code(&einthoven(&["convert", &record, "-o", &edf])), 0);
    let bytes = std::fs::read(&edf).unwrap();
    let header = folder.write("header.edf", &bytes[..300]);
    let output = einthoven(&["inspect", &header]);
    assert_eq!(code(&output), 3, "{}", out(&output));
    assert!(err(&output).contains("expected"), "{}", err(&output));
    let half = folder.write("half.edf", &bytes[..bytes.len() / 2]);
    let json = document(&["inspect", "--json", &half]);
    assert!(!json["recording"]["notes"].as_array().unwrap().is_empty());
    let duration = json["recording"]["duration_s"].as_f64().unwrap();
    assert!((10.0..20.0).contains(&duration), "{duration}");
}

#[test]
fn some_failures_do_not_stop_the_rest() {
    let folder = Folder::new("some");
    let record = simulated(&folder, "sinus", &[]);
    let empty = folder.write("empty.edf", b"");
    let output = einthoven(&["inspect", "--json", &empty, &record]);
    assert_eq!(code(&output), 1);
    assert_eq!(out(&output).lines().count(), 1);
    assert_eq!(err(&output).lines().count(), 1);
}

#[test]
fn a_bare_column_of_numbers_asks_and_the_answers_settle_it() {
    let folder = Folder::new("question");
    let mut rows = String::new();
    for k in 0..3000 {
        let phase = k % 250;
        let value = if (100..110).contains(&phase) {
            800
        } else {
            phase % 7
        };
        rows.push_str(&format!("{value}\n"));
    }
    let path = folder.write("numbers.txt", rows.as_bytes());
    let asked = einthoven(&["analyze", &path]);
    assert_eq!(code(&asked), 4, "{}", err(&asked));
    assert!(err(&asked).contains("--rate"), "{}", err(&asked));
    let answered = document(&[
        "inspect", "--json", "--rate", "250", "--gain", "1000", &path,
    ]);
    assert_eq!(answered["recording"]["leads"][0]["rate_hz"], 250.0);
    assert_eq!(answered["recording"]["duration_s"], 12.0);
}

#[test]
fn a_folder_gives_a_line_a_recording() {
    let folder = Folder::new("folder");
    simulated(&folder, "a", &[]);
    simulated(&folder, "b", &["--seed", "2"]);
    let output = einthoven(&["inspect", "--json", &folder.0.to_string_lossy()]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(out(&output).lines().count(), 2, "{}", out(&output));
}

#[test]
fn standard_input_is_read() {
    let folder = Folder::new("stdin");
    let record = simulated(&folder, "sinus", &[]);
    let edf = folder.path("x.edf");
    assert_eq!(code(&einthoven(&["convert", &record, "-o", &edf])), 0);
    let mut child = Command::new(env!("CARGO_BIN_EXE_einthoven"))
        .args(["inspect", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&std::fs::read(&edf).unwrap()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (json["file"].as_str(), json["format"].as_str()),
        (Some("-"), Some("edf"))
    );
}

#[test]
fn the_simulators_truth_is_scored_against_the_analysis() {
    let folder = Folder::new("evaluate");
    for (name, seed) in [("a", "1"), ("b", "2")] {
        simulated(&folder, name, &["--seed", seed, "--duration", "60"]);
    }
    let database = folder.0.to_string_lossy().into_owned();
    let json = document(&["evaluate", "--json", "--from", "0", &database]);
    assert_eq!(json["records"].as_array().map(Vec::len), Some(2));
    assert!(
        json["gross"]["tp"].as_u64() > Some(100),
        "{}",
        json["gross"]
    );
    assert!(
        json["gross"]["se"].as_f64() > Some(0.98),
        "{}",
        json["gross"]
    );
    let table = out(&einthoven(&["evaluate", "--from", "0", &database]));
    assert!(table.contains("Gross"), "{table}");
    let reference = folder.path("a.atr");
    let same = document(&["score", "--json", "--from", "0", &reference, &reference]);
    assert_eq!(
        (same["gross"]["se"].as_f64(), same["gross"]["ppv"].as_f64()),
        (Some(1.0), Some(1.0))
    );
    assert_eq!(same["gross"]["fp"], 0);
}

/// A WFDB annotation file of `sample code`, where a code is N, V, A, [ or ], (AFIB or (N, or ~ and its subtype.
fn annotation_file(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut last = 0;
    for mark in text.split(',').map(str::trim) {
        let (sample, code) = mark.split_once(' ').unwrap();
        let sample: u32 = sample.parse().unwrap();
        let number: u16 = match code.chars().next().unwrap() {
            'N' => 1,
            'V' => 5,
            'A' => 8,
            '~' => 14,
            '(' => 28,
            '[' => 32,
            _ => 33,
        };
        // SKIP with the time in its high and low words, then the mark itself.
        let step = sample - last;
        for word in [59 << 10, (step >> 16) as u16, step as u16, number << 10] {
            bytes.extend(word.to_le_bytes());
        }
        if let Some(subtype) = code.strip_prefix('~') {
            let subtype: u16 = subtype.parse().unwrap();
            bytes.extend(((61 << 10) | subtype).to_le_bytes());
        }
        if code.starts_with('(') {
            bytes.extend(((63 << 10) | code.len() as u16).to_le_bytes());
            bytes.extend(code.as_bytes());
            bytes.extend(vec![0; code.len() % 2]);
        }
        last = sample;
    }
    bytes.extend([0, 0]);
    bytes
}

/// A record of 60 s at 100 samples a second with a reference and a test that differ in known places.
fn annotated(folder: &Folder) -> (String, String) {
    folder.write("r.hea", b"r 1 100 6000\nr.dat 16 200 16 0 0 0 0 I\n");
    let reference = annotation_file(
        "100 N, 200 N, 300 V, 400 V, 500 A, 600 N, 1000 (AFIB, 1100 N, 1200 N, 2000 (N, 2100 N, 2200 N, 3000 N",
    );
    // One V called N, the A 14 samples late, one extra N, one beat lost to a shutdown, half of the fibrillation.
    let test = annotation_file(
        "100 N, 200 N, 300 V, 400 N, 514 A, 600 N, 800 N, 1100 N, 1200 N, 1500 (AFIB, 2000 (N, 2100 N, 2150 ~51, 2250 ~0, 3000 N",
    );
    (
        folder.write("r.atr", &reference),
        folder.write("r.tst", &test),
    )
}

#[test]
fn annotations_are_scored_as_the_wfdb_programs_do() {
    let folder = Folder::new("score");
    let (reference, test) = annotated(&folder);
    let json = document(&["score", "--json", "--from", "0", &reference, &test]);
    let gross = &json["gross"];
    assert_eq!(
        (&gross["tp"], &gross["fn"], &gross["fp"]),
        (&10.into(), &1.into(), &1.into())
    );
    assert_eq!(gross["v"]["se"], 0.5);
    assert_eq!(gross["s"]["se"], 1.0);
    assert_eq!(gross["shutdown_s"], 1);
    assert_eq!(gross["episodes"]["atrial_fibrillation"]["found_ms"], 5000);
    assert_eq!(gross["runs"]["ventricular"]["sensitivity"][2][1], 1);
    assert_eq!(json["intervals_of"], "events");
    let differing = json["records"][0]["differing"].as_array().unwrap();
    assert_eq!(differing.len(), 3);
    // What bxb, rxr and epicmp (WFDB 10.7) print of the same files.
    let lines = out(&einthoven(&["score", "--from", "0", &reference, &test]));
    for line in [
        "   r     7   0   1   0   1   0   1   0   0   0   0   0    1   0   0   1   0   0   0  90.91  90.91  50.00 100.00 100.00 100.00 1203.66",
        "   r    1    0    0    0    0     9.09  12.50   0.00   0.00      -    1 seconds 8 1 2 0 0",
        "   r   0   1   0   0   0   0   0   0   0   0   0   0    0   -   -   -   -   -",
        "   r   0   0   0   0   0   0   0   0   1   0   1   0    -   -   -   - 100 100",
        "     r    1    0    1    0  100 100  50 100      0:10.000       0:05.000",
    ] {
        assert!(lines.contains(line), "{line}\n{lines}");
    }
}

#[test]
fn the_options_of_scoring_change_what_is_counted() {
    let folder = Folder::new("score-options");
    let (reference, test) = annotated(&folder);
    let gross = |more: &[&str]| {
        let mut arguments = vec!["score", "--json", "--from", "0"];
        arguments.extend(more);
        arguments.extend([reference.as_str(), test.as_str()]);
        document(&arguments)["gross"].clone()
    };
    assert_eq!(gross(&["--window", "0.1"])["fn"], 2);
    assert_eq!(gross(&["--to", "0:07"])["tp"], 6);
    let episodes = &gross(&["--min-episode", "6"])["episodes"]["atrial_fibrillation"];
    assert_eq!(
        (&episodes["found"], &episodes["right"]),
        (&1.into(), &0.into())
    );
    let matrix = out(&einthoven(&[
        "score", "--from", "0", "--table", "matrix", &reference, &test,
    ]));
    assert!(
        matrix.contains("\n V |    1    0    1    0    0    0    0\n"),
        "{matrix}"
    );
    let merged = out(&einthoven(&[
        "score",
        "--from",
        "0",
        "--merge-s",
        &reference,
        &test,
    ]));
    assert!(
        merged.contains("# beats (bxb -l)") && !merged.contains("S Se"),
        "{merged}"
    );
    let nothing = einthoven(&["score", &reference, &test]);
    assert_eq!(code(&nothing), 3);
    assert!(
        err(&nothing).contains("change --from or --to"),
        "{}",
        err(&nothing)
    );
}

#[test]
fn waves_are_scored_against_an_annotator() {
    let folder = Folder::new("evaluate-waves");
    simulated(&folder, "a", &["--seed", "3", "--duration", "40"]);
    let database = folder.0.to_string_lossy().into_owned();
    let json = document(&["evaluate", "--json", "--waves", "atr", &database]);
    let lines = json["waves"]["lines"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let of = |fiducial: &str| {
        let line = lines.iter().find(|line| line["fiducial"] == fiducial);
        line.cloned().unwrap_or_default()
    };
    // The simulator's marks are R peaks: nothing else is there to be found or missed.
    assert!(of("qrs")["f1"].as_f64() > Some(0.97), "{}", of("qrs"));
    assert_eq!(of("p")["n"], 0);
    let text = out(&einthoven(&["evaluate", "--waves", "atr", &database]));
    assert!(text.contains("QRS onset") && text.contains("PR "), "{text}");
    let none = einthoven(&["evaluate", "--waves", "q1c", &database]);
    assert_eq!(none.status.code(), Some(3));
}

#[test]
fn wrong_usage_is_exit_2() {
    let folder = Folder::new("usage");
    let record = simulated(&folder, "sinus", &[]);
    for arguments in [
        &["analyze"] as &[&str],
        &["nonsense"],
        &["analyze", "--from", "5:99", &record],
        &["analyze", "--to", "edf", &record],
        &["analyze", "--lang", "xx", &record],
        &["convert", &record, "-o", "x.nothing"],
    ] {
        assert_eq!(code(&einthoven(arguments)), 2, "{arguments:?}");
    }
}

#[test]
fn lists_completions_and_manual_are_printed() {
    let formats: Value = serde_json::from_str(&out(&einthoven(&["formats", "--json"]))).unwrap();
    let ids: Vec<&str> = formats["read"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|format| format["id"].as_str())
        .collect();
    assert!(ids.contains(&"wfdb") && ids.contains(&"edf"), "{ids:?}");
    assert!(out(&einthoven(&["formats"])).contains("wfdb"));
    assert!(out(&einthoven(&["completions", "bash"])).contains("analyze"));
    assert!(out(&einthoven(&["man"])).contains(".TH"));
    let none = einthoven(&["models", "--models-dir", "/no/such/folder"]);
    assert_eq!(code(&none), 0);
    assert!(out(&none).contains("/no/such/folder"));
}

/// `EINTHOVEN_BLESS=1` writes the page anew.
#[test]
fn the_page_of_formats_is_what_the_program_prints() {
    let printed = out(&einthoven(&["formats", "--markdown"]));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/formats.md");
    if std::env::var_os("EINTHOVEN_BLESS").is_some() {
        std::fs::write(file, &printed).unwrap();
    }
    let page = std::fs::read_to_string(file).unwrap();
    assert!(
        page == printed,
        "docs/formats.md differs: run this test with EINTHOVEN_BLESS=1"
    );
    let formats = printed
        .lines()
        .filter(|line| line.starts_with("| `"))
        .count();
    assert!(formats >= 35, "{formats}");
}

#[test]
fn models_are_listed_with_their_hashes() {
    let folder = Folder::new("models");
    let model = folder.0.join("toy");
    std::fs::create_dir_all(&model).unwrap();
    std::fs::write(model.join("model.onnx"), b"abc").unwrap();
    // SHA-256 of "abc" (FIPS 180-4, example of the standard).
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let manifest = format!(
        "{{\"id\":\"toy\",\"version\":\"3\",\"file\":\"model.onnx\",\"sha256\":\"{hash}\"}}"
    );
    std::fs::write(model.join("manifest.json"), manifest).unwrap();
    let root = folder.0.to_string_lossy().into_owned();
    let listed: Value = serde_json::from_str(&out(&einthoven(&[
        "models",
        "--json",
        "--models-dir",
        &root,
    ])))
    .unwrap();
    assert_eq!(listed[0]["sha256"], hash);
    assert_eq!(listed[0]["matches_manifest"], true);
    std::fs::write(model.join("model.onnx"), b"abd").unwrap();
    assert!(out(&einthoven(&["models", "--models-dir", &root])).contains("differs"));
}

/// With the runtime: tests/own_model.rs.
#[cfg(not(feature = "inference"))]
#[test]
fn a_build_without_the_models_runtime_says_so_when_asked_to_check_one() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/own/arms.onnx");
    let output = einthoven(&["models", "check", file]);
    assert_eq!(code(&output), 3);
    assert!(out(&output).is_empty());
    assert!(err(&output).starts_with(file), "{}", err(&output));
    assert_eq!(err(&output).lines().count(), 1);
}

#[test]
fn several_threads_say_what_one_says_in_the_same_order() {
    let folder = Folder::new("threads");
    // The first takes longest, one is no ECG and one is not there.
    let long = simulated(&folder, "long", &["--duration", "900"]);
    let short = simulated(&folder, "short", &["--seed", "2"]);
    let other = simulated(&folder, "other", &["--rhythm", "af"]);
    let picture = folder.write("picture.edf", b"\x89PNG\r\n\x1a\n and more");
    let missing = folder.path("missing.csv");
    for form in [&["--json"][..], &["--csv"], &[]] {
        let said = |threads: &str| {
            let files = [&long, &picture, &short, &missing, &other].map(String::as_str);
            let options = ["analyze", "--models", "none", "--threads", threads];
            einthoven(&[&options, form, &files].concat())
        };
        let (one, several) = (said("1"), said("3"));
        assert_eq!(code(&one), 1);
        assert_eq!(code(&several), 1);
        assert_eq!(out(&one), out(&several), "{form:?}");
        assert_eq!(err(&one), err(&several), "{form:?}");
        assert!(out(&one).len() > 1000 && err(&one).contains("missing.csv"));
    }
    assert_eq!(code(&einthoven(&["analyze", "--threads", "0", &short])), 2);
}

#[cfg(unix)]
#[test]
fn a_broken_pipe_is_quiet() {
    let folder = Folder::new("pipe");
    let record = simulated(&folder, "sinus", &["--duration", "600"]);
    let program = env!("CARGO_BIN_EXE_einthoven");
    // `true` reads nothing, so that the pipe is broken before the first byte.
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!(
            "{{ sleep 0.2; '{program}' inspect --json '{record}'; echo $? >&2; }} | true"
        ))
        .output()
        .unwrap();
    assert_eq!(err(&output).trim(), "0");
}

#[test]
fn beats_have_classes_in_every_output() {
    let folder = Folder::new("classes");
    let record = simulated(&folder, "pvc", &["--rhythm", "pvc", "--duration", "60"]);
    let json = document(&["analyze", "--json", "--models", "none", &record]);
    let beats = json["beats"].as_array().unwrap();
    let of = |class: &str| beats.iter().filter(|beat| beat["class"] == class).count();
    assert!(of("V") >= 5 && of("N") > 5 * of("V") / 2, "{beats:?}");
    for beat in beats {
        let confidence = beat["class_confidence"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&confidence));
        assert_eq!(beat["class"] == "Q", confidence == 0.0);
    }
    let findings = json["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|finding| finding["id"] == "premature-ventricular-beats")
        .unwrap();
    assert_eq!(found["beats"].as_array().unwrap().len(), of("V"));
    let csv = out(&einthoven(&[
        "analyze", "--csv", "--models", "none", &record,
    ]));
    assert_eq!(csv.matches(",V,").count(), of("V"));
    // The annotation file is scored against the truth that the simulator wrote beside the record.
    let atr = einthoven(&["analyze", "--atr", "--models", "none", &record]);
    let test = folder.write("pvc.ein", &atr.stdout);
    let truth = folder.path("pvc.atr");
    let score = document(&["score", "--json", "--from", "0", &truth, &test]);
    assert_eq!(score["gross"]["matrix"][2][2], of("V"), "{score}");
    let table = out(&einthoven(&["beat-features", &record]));
    assert_eq!(table.lines().count(), beats.len() + 1);
}

/// Figures of the shipped classes on DS1, which trained them: a floor against mishap, not a measure of quality. The
/// held-apart figures stand in the card, with their own floor.
#[test]
fn classes_on_ds1_stay_above_their_floor() {
    let card = std::fs::read_to_string("models/training/beats/card.json").unwrap();
    let card: Value = serde_json::from_str(&card).unwrap();
    let f1 = |class: &str| {
        card["whole"][format!("{class} f1")]["value"]
            .as_f64()
            .unwrap()
    };
    assert!(f1("V") >= 0.90, "{}", f1("V"));
    assert!(f1("S") >= 0.70, "{}", f1("S"));
    let data = std::env::var_os("EINTHOVEN_DATA");
    let folder = data.map(|data| PathBuf::from(data).join("mitdb-ds1"));
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        println!("skipped: no data");
        return;
    };
    let folder = folder.to_string_lossy();
    let score = document(&[
        "evaluate",
        "--json",
        "--from",
        "0",
        "--classes",
        "aami",
        &folder,
    ]);
    let matrix = &score["gross"]["matrix"];
    let count = |row: usize, column: usize| matrix[row][column].as_f64().unwrap();
    for (class, wrong) in [(2, vec![0, 1, 5, 6]), (1, vec![0, 2, 3, 5, 6])] {
        let right = count(class, class);
        let all: f64 = (0..7).map(|column| count(class, column)).sum();
        let errors: f64 = wrong.into_iter().map(|row| count(row, class)).sum();
        let f1 = 2.0 * right / (all + right + errors);
        println!("class {class}: F1 {f1:.4} on the records that trained it");
        assert!(f1 > 0.83, "{class}: {f1}");
    }
}
