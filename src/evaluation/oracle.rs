//! The scorer against the WFDB programs' own output (folder `ec57-expected`, unpacked), number for number.

use super::{
    BeatScore, BeatTable, ClassMap, Marks, Protocol, RecordScore, score_beats, score_marks,
};
use crate::analysis::beats::detect_beats;
use crate::recording::{Annotation, BeatCode, Lead, Samples, Scale};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Unpacked data: `$EINTHOVEN_DATA`, else `~/.cache/einthoven/data`.
pub(super) fn data_folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EINTHOVEN_DATA")
        .map(PathBuf::from)
        .or_else(|| {
            std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/einthoven/data"))
        })?;
    let folder = root.join(name);
    folder.is_dir().then_some(folder)
}

/// The least of the WFDB annotation format (annot(5)) that the oracle's files need.
fn read_annotations(path: &Path) -> Vec<Annotation> {
    const CODES: [&str; 50] = [
        "", "N", "L", "R", "a", "V", "F", "J", "A", "S", "E", "j", "/", "Q", "~", "", "|", "", "s",
        "T", "*", "D", "\"", "=", "p", "B", "^", "t", "+", "u", "?", "!", "[", "]", "e", "n", "@",
        "x", "f", "(", ")", "r", "", "", "", "", "", "", "", "",
    ];
    let bytes = std::fs::read(path).unwrap();
    let word = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let (mut at, mut sample) = (0, 0_i64);
    let mut found: Vec<Annotation> = Vec::new();
    while at + 1 < bytes.len() {
        let (code, low) = (word(at) >> 10, word(at) & 0x3ff);
        at += 2;
        match code {
            0 if low == 0 => break,
            59 => {
                sample += i64::from((u32::from(word(at)) << 16 | u32::from(word(at + 2))) as i32);
                at += 4;
            }
            60 | 62 => {}
            61 => {
                if let Some(last) = found.last_mut() {
                    last.subtype = low as i8;
                }
            }
            63 => at += usize::from(low).next_multiple_of(2),
            _ => {
                sample += i64::from(low);
                found.push(Annotation {
                    time_s: 0.0,
                    sample: sample as u64,
                    code: CODES
                        .get(usize::from(code))
                        .copied()
                        .unwrap_or("")
                        .to_owned(),
                    subtype: 0,
                    channel: 0,
                    number: 0,
                    text: String::new(),
                });
            }
        }
    }
    found
}

/// The 19 counts of a `bxb -L` line, in its order: F holds F and Q, n holds n, f and q, o holds o and x.
fn line_counts(score: &BeatScore) -> Vec<u64> {
    let (n, s, v, f, q) = (0, 1, 2, 3, 4);
    let cell = |rows: &[usize], columns: &[usize]| -> u64 {
        rows.iter()
            .map(|&r| columns.iter().map(|&c| score.matrix[r][c]).sum::<u64>())
            .sum()
    };
    let rows: [&[usize]; 5] = [&[n], &[s], &[v], &[f, q], &[5, 6]];
    let mut counts = Vec::new();
    for columns in [&[n, f, q][..], &[s], &[v]] {
        counts.extend(rows.iter().map(|rows| cell(rows, columns)));
    }
    counts.extend(rows[..4].iter().map(|rows| cell(rows, &[5, 6])));
    counts
}

fn expected_lines(path: &Path) -> BTreeMap<String, Vec<u64>> {
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| {
            let mut words = line.split_whitespace();
            let record = words.next().unwrap_or("").to_owned();
            (
                record,
                words.take(19).map(|word| word.parse().unwrap()).collect(),
            )
        })
        .collect()
}

#[test]
fn counts_agree_with_bxb() {
    let Some(folder) = data_folder("ec57-expected").filter(|folder| folder.join("ann").is_dir())
    else {
        println!("skipped: no data");
        return;
    };
    let default = Protocol::default();
    let mut differing = Vec::new();
    let mut compared = 0;
    for (tag, reference, test, protocol) in [
        ("gqrs", "atr", "gqrs", default),
        ("wqrs", "atr", "wqrs", default),
        ("tst", "atr", "tst", default),
        ("edg", "atr", "edg", default),
        ("swap", "edg", "atr", default),
        (
            "tst_f0",
            "atr",
            "tst",
            Protocol {
                from_s: 0.0,
                ..default
            },
        ),
        (
            "edg_w100",
            "atr",
            "edg",
            Protocol {
                window_s: 0.1,
                ..default
            },
        ),
        (
            "tst_10to20",
            "atr",
            "tst",
            Protocol {
                from_s: 600.0,
                to_s: 1200.0,
                ..default
            },
        ),
    ] {
        for (record, expected) in expected_lines(&folder.join(format!("out/bxb_{tag}.L"))) {
            let window = (protocol.window_s * 360.0 + 0.5) as i64;
            let marks = |annotator: &str| {
                let annotations =
                    read_annotations(&folder.join(format!("ann/{record}.{annotator}")));
                Marks::of_annotations(&annotations, ClassMap::Bxb, window)
            };
            let mut protocol = protocol;
            protocol.to_s = protocol.to_s.min(650_000.0 / 360.0);
            let score = score_marks(&marks(reference), &marks(test), 360.0, &protocol);
            compared += 1;
            if line_counts(&score) != expected {
                differing.push(format!(
                    "{tag} {record}\n  ours {:?}\n  bxb  {expected:?}",
                    line_counts(&score)
                ));
            }
        }
    }
    println!("{} of {compared} comparisons differ", differing.len());
    assert!(compared > 100);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// First signal of a two-signal record in format 212 (signal(5)): 12-bit pairs in 3 bytes.
fn read_first_signal(path: &Path) -> Vec<i32> {
    std::fs::read(path)
        .unwrap()
        .chunks_exact(3)
        .map(|bytes| {
            let count = i32::from(bytes[0]) | (i32::from(bytes[1] & 0x0f) << 8);
            if count > 2047 { count - 4096 } else { count }
        })
        .collect()
}

/// Floors of the beat detector on the first signal of MIT-BIH DS1, bxb pairing from 5:00. Best public tool on the same
/// data and scoring: gqrs, 99.66 and 99.66.
#[test]
fn beats_on_ds1_stay_above_their_floor() {
    let Some(folder) = data_folder("mitdb-ds1") else {
        println!("skipped: no data");
        return;
    };
    let scale = Scale {
        gain: 200.0,
        baseline: 1024.0,
    };
    let records = [
        "101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122", "124", "201",
        "203", "205", "207", "208", "209", "215", "220", "223", "230",
    ];
    let scores = records
        .iter()
        .map(|record| {
            let counts = read_first_signal(&folder.join(format!("{record}.dat")));
            let lead = Lead::ecg("first", 360.0, Samples::from_i32(counts, scale));
            let test: Vec<(usize, BeatCode)> = detect_beats(&lead)
                .iter()
                .map(|beat| (beat.sample, beat.class))
                .collect();
            let reference = read_annotations(&folder.join(format!("{record}.atr")));
            RecordScore {
                record: (*record).to_owned(),
                score: score_beats(&reference, &test, 360.0, 0.15, 300.0, f64::INFINITY),
            }
        })
        .collect();
    let table = BeatTable::new(Protocol::default(), scores);
    println!("{}", table.text());
    assert_eq!(
        table.gross.true_positives() + table.gross.false_negatives(),
        42_463
    );
    assert!(table.gross.sensitivity().unwrap() > 0.9970);
    assert!(table.gross.positive_predictivity().unwrap() > 0.9985);
}
