//! Figures that the programs compute wrongly. For each, the wrong arithmetic is done here again on the programs' own
//! printed counts and must give what they print; ours must be what the same counts truly give.
//!
//! - `bxb -L`'s shutdown report leaves the S beats out of "% beats missed".
//! - `sumstats` counts the beats of `bxb -l`'s shutdown report twice, so that its gross shares are half of the true ones.
//! - `sumstats` reads only lines. Those of `bxb -L` hold F and Q beats called S together, and its gross and average S +P
//!   leave both out of the false positives, where each record's own S +P has F among them.
//! - `sumstats` averages what is already rounded: RR errors to 0.01 ms, shares of duration to 1 %. Gross shares of
//!   duration are made from rounded ones; a record without reference time keeps the share of the one before it.
//! - `epicmp -x` adds what is excluded of an episode's beginning to its duration instead of taking it away.

use super::reports::{parts, read, report_numbers, words};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

/// A figure that the programs print wrongly.
pub struct Correction {
    /// What their arithmetic gives.
    pub theirs: String,
    /// Where ours must lie, by the true arithmetic on their counts; `None` where the figure is undefined.
    pub ours: Option<RangeInclusive<f64>>,
}

impl Correction {
    /// Whether both are as they must be.
    pub fn explains(&self, ours: &str, theirs: &str) -> bool {
        let is_true = match &self.ours {
            Some(range) => ours != "-" && range.contains(&value(ours)),
            None => ours == "-",
        };
        is_true && self.theirs == theirs
    }
}

/// A number, or a clock time in milliseconds.
fn value(word: &str) -> f64 {
    if word.contains(':') {
        milliseconds(word)
    } else {
        word.parse().unwrap()
    }
}

/// Corrections of one line, by the index of the word.
pub type Corrections = BTreeMap<usize, Correction>;

/// Half a unit of the last of two decimals, and what binary fractions add.
const HALF: f64 = 0.005_001;

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| 100.0 * part / whole)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn around(value: Option<f64>, tolerance: f64) -> Option<RangeInclusive<f64>> {
    value.map(|value| value - tolerance..=value + tolerance)
}

fn two_decimals(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.2}"))
}

fn whole(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.0}"))
}

fn column(lines: &[Vec<String>], index: usize) -> Vec<f64> {
    let value = |line: &Vec<String>| line[index].parse().ok();
    lines.iter().filter_map(value).collect()
}

/// Corrections of a record's line in the comparison of a set.
pub fn of_record(kind: &str, tag: &str, line: &str) -> Corrections {
    let words = words(line);
    match (kind, tag, words[0].as_str()) {
        ("bxb .SD", _, _) => beats_missed(&words),
        ("epicmp -x", "tst", "203") => test_duration(&words, 10, "17:55.242"),
        _ => Corrections::new(),
    }
}

fn beats_missed(words: &[String]) -> Corrections {
    let count = |index: usize| words[index].parse::<f64>().unwrap();
    // N, S, V, F and Q lost, and all beats.
    let lost: f64 = (1..6).map(count).sum();
    let all: f64 = (13..18).map(count).sum();
    let correction = Correction {
        theirs: two_decimals(share(lost - count(2), all)),
        ours: around(share(lost, all), HALF),
    };
    Corrections::from([(6, correction)])
}

/// The test's fibrillation in record 203 begins at sample 386 891, in the reference's flutter, which ends at 386 962.
fn test_duration(words: &[String], index: usize, theirs: &str) -> Corrections {
    let added_ms = 2.0 * f64::from(386_962 - 386_891) * 1000.0 / 360.0;
    let correction = Correction {
        theirs: theirs.to_owned(),
        ours: around(Some(milliseconds(&words[index]) - added_ms), 1.0),
    };
    Corrections::from([(index, correction)])
}

/// Corrections of a row of `sumstats`, which has read these lines of the records.
pub fn of_sums(
    kind: &str,
    row: &[String],
    lines: &[Vec<String>],
    folder: &Path,
    tag: &str,
) -> Corrections {
    let name = row[0].as_str();
    match (kind, name) {
        ("epicmp -x", "Sum") if tag == "tst" => test_duration(row, 6, "28:10.659"),
        ("bxb .sd", "Gross") => gross_shutdown(lines),
        ("bxb .L", "Gross" | "Average") => supraventricular(name, lines, folder, tag),
        ("epicmp -A" | "epicmp -V" | "epicmp -x" | "epicmp -i 30", "Average") => {
            average_durations(lines)
        }
        ("epicmp -A" | "epicmp -V" | "epicmp -x" | "epicmp -i 30", "Gross") => {
            gross_durations(lines)
        }
        _ => Corrections::new(),
    }
}

fn gross_shutdown(lines: &[Vec<String>]) -> Corrections {
    let sum = |index| column(lines, index).iter().sum::<f64>();
    // Lost N, V, F, Q stand at 1 to 4, all N, S (none), V, F, Q at 11 to 15.
    let pairs = [
        (
            sum(1) + sum(2) + sum(3) + sum(4),
            sum(11) + sum(13) + sum(14) + sum(15),
        ),
        (sum(1), sum(11)),
        (sum(2), sum(13)),
        (sum(3), sum(14)),
    ];
    let correction = |(lost, all)| Correction {
        theirs: two_decimals(share(lost, 2.0 * all)),
        ours: around(share(lost, all), HALF),
    };
    (1..).zip(pairs.map(correction)).collect()
}

/// S +P (word 6), and the average RR error (word 7).
fn supraventricular(row: &str, lines: &[Vec<String>], folder: &Path, tag: &str) -> Corrections {
    let report = read(folder, &format!("out/bxb_{tag}.S.txt"));
    let of_record = |text: &&str| {
        let counts = report_numbers(text);
        let count = |index: usize| counts[index].parse::<f64>().unwrap();
        // Column s of the rows N, S, V, F (7 numbers each) and O, X (5 each).
        let [n, s, v, f, o, x] = [1, 8, 15, 22, 36, 41].map(count);
        (s, n + v + o + x, f)
    };
    let counts: Vec<(f64, f64, f64)> = parts(&report).values().map(of_record).collect();
    let of_all = |with_fusion: f64| {
        let share_of = |&(hits, wrong, fusion): &(f64, f64, f64)| {
            share(hits, hits + wrong + with_fusion * fusion)
        };
        if row == "Average" {
            return mean(&counts.iter().filter_map(share_of).collect::<Vec<_>>());
        }
        let add = |a: (f64, f64, f64), b: &(f64, f64, f64)| (a.0 + b.0, a.1 + b.1, a.2 + b.2);
        share_of(&counts.iter().fold((0.0, 0.0, 0.0), add))
    };
    let s_ppv = Correction {
        theirs: two_decimals(of_all(0.0)),
        ours: around(of_all(1.0), HALF),
    };
    let mut corrections = Corrections::from([(6, s_ppv)]);
    if row == "Average" {
        let mean = mean(&column(lines, 26));
        let rr = Correction {
            theirs: two_decimals(mean),
            ours: around(mean, 2.0 * HALF),
        };
        corrections.insert(7, rr);
    }
    corrections
}

/// Duration Se and +P (words 3 and 4) of the averages.
fn average_durations(lines: &[Vec<String>]) -> Corrections {
    let correction = |index| {
        let mean = mean(&column(lines, index));
        Correction {
            theirs: whole(mean),
            ours: around(mean, 1.0),
        }
    };
    Corrections::from([(3, correction(7)), (4, correction(8))])
}

/// The same of the gross figures.
fn gross_durations(lines: &[Vec<String>]) -> Corrections {
    let share_of = |word: &str| word.parse::<f64>().ok().map(|percent| percent / 100.0);
    let (mut kept, mut overlap) = ((0.0, 0.0), 0.0);
    let (mut found, mut right) = (0.0, 0.0);
    let (mut all_reference, mut all_test) = (0.0, 0.0);
    for line in lines {
        let (se, ppv) = (share_of(&line[7]), share_of(&line[8]));
        let (reference, test) = (milliseconds(&line[9]), milliseconds(&line[10]));
        kept = (se.unwrap_or(kept.0), ppv.unwrap_or(kept.1));
        overlap += if reference > test {
            (reference * kept.0).floor()
        } else {
            (test * kept.1).floor()
        };
        found += reference * se.unwrap_or(0.0);
        right += test * ppv.unwrap_or(0.0);
        all_reference += reference;
        all_test += test;
    }
    let correction = |part, all| Correction {
        theirs: whole(share(overlap, all)),
        // Each record's share is known to half a percent, and ours is printed to half a percent.
        ours: around(share(part, all), 1.0),
    };
    Corrections::from([
        (3, correction(found, all_reference)),
        (4, correction(right, all_test)),
    ])
}

/// `[h:]m:s.mmm` as milliseconds.
fn milliseconds(clock: &str) -> f64 {
    let parts = clock.split(':').map(|part| part.parse::<f64>().unwrap());
    1000.0 * parts.fold(0.0, |total, part| total * 60.0 + part)
}
