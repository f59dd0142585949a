//! The detector's floors on MIT-BIH DS1, where the data is present.

use super::testing::{data_folder, read_annotations};
use super::{Evaluation, Marks, Protocol, RecordComparison, compare};
use crate::analysis::beats::detect_beats;
use crate::recording::{BeatCode, Lead, Samples, Scale};
use std::path::Path;

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
            let protocol = Protocol::default();
            let window = protocol.window(360.0);
            let reference = Marks::of_annotations(&reference, protocol.map, window);
            let compared = compare(&reference, &Marks::of_beats(&test), 360.0, &protocol);
            RecordComparison {
                record: (*record).to_owned(),
                comparison: compared.comparison,
            }
        })
        .collect();
    let evaluation = Evaluation::new(Protocol::default(), scores);
    println!("{}", evaluation.lines(false));
    let gross = &evaluation.gross.beats;
    assert_eq!(gross.true_positives() + gross.false_negatives(), 42_463);
    assert!(gross.sensitivity().unwrap() > 0.9970);
    assert!(gross.positive_predictivity().unwrap() > 0.9985);
}
