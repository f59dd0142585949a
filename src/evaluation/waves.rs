//! Scoring of delineations: fiducials against an annotator's, one to one, the nearest first.

use super::intervals::draw_index;
use super::{DRAWS, Interval, beat_class};
use crate::analysis::Analysis;
use crate::analysis::waves::Wave;
use crate::evaluation::ClassMap;
use crate::recording::Annotation;
use crate::signal::{median, percentile};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Seed of the printed intervals.
const SEED: u64 = 1;

/// A point of a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Fiducial {
    POnset,
    P,
    PEnd,
    QrsOnset,
    Qrs,
    QrsEnd,
    TOnset,
    T,
    TEnd,
}

/// All fiducials in the order of a beat, with their names in tables.
pub const FIDUCIALS: [(Fiducial, &str); 9] = [
    (Fiducial::POnset, "P onset"),
    (Fiducial::P, "P"),
    (Fiducial::PEnd, "P end"),
    (Fiducial::QrsOnset, "QRS onset"),
    (Fiducial::Qrs, "QRS"),
    (Fiducial::QrsEnd, "QRS end"),
    (Fiducial::TOnset, "T onset"),
    (Fiducial::T, "T"),
    (Fiducial::TEnd, "T end"),
];

/// Times of each fiducial in seconds, ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WaveTimes {
    times_s: [Vec<f64>; FIDUCIALS.len()],
    /// First and last mark of any kind.
    scope_s: Option<(f64, f64)>,
}

impl WaveTimes {
    /// Times of one fiducial.
    #[must_use]
    pub fn of(&self, fiducial: Fiducial) -> &[f64] {
        &self.times_s[fiducial as usize]
    }

    /// From WFDB marks: `p`, `t` and beat codes are peaks, `(` before and `)` after a peak its onset and end. A bracket
    /// without a peak beside it, and those of a `u`, are left out (QTDB marks few T onsets, LUDB lacks some brackets).
    #[must_use]
    pub fn of_annotations(annotations: &[Annotation]) -> Self {
        let mut found = Self::default();
        for (index, mark) in annotations.iter().enumerate() {
            let Some(first) = first_fiducial(mark) else {
                continue;
            };
            let mut note = |fiducial: usize, mark: &Annotation| {
                if let Some(times) = found.times_s.get_mut(fiducial) {
                    times.push(mark.time_s);
                }
            };
            let before = index.checked_sub(1).and_then(|at| annotations.get(at));
            if let Some(bracket) = before.filter(|mark| mark.code == "(") {
                note(first, bracket);
            }
            note(first + 1, mark);
            if let Some(bracket) = annotations.get(index + 1).filter(|mark| mark.code == ")") {
                note(first + 2, bracket);
            }
        }
        found.scope_s = match (annotations.first(), annotations.last()) {
            (Some(first), Some(last)) => Some((first.time_s, last.time_s)),
            _ => None,
        };
        found
    }

    /// What the analysis says.
    #[must_use]
    pub fn of_analysis(analysis: &Analysis) -> Self {
        let mut found = Self::default();
        for waves in &analysis.waves {
            let Some(beat) = analysis.beats.get(waves.beat) else {
                continue;
            };
            let mut note = |first: Fiducial, wave: &Wave| {
                for (k, offset_s) in [wave.onset_s, wave.peak_s, wave.end_s].iter().enumerate() {
                    found.times_s[first as usize + k].push(beat.time_s + f64::from(*offset_s));
                }
            };
            if let Ok(p) = &waves.p {
                note(Fiducial::POnset, p);
            }
            note(Fiducial::QrsOnset, &waves.qrs);
            if let Ok(t) = &waves.t {
                note(Fiducial::TOnset, t);
            }
        }
        for times in &mut found.times_s {
            times.sort_by(f64::total_cmp);
        }
        found
    }
}

/// Index of the onset of the wave whose peak a mark is.
fn first_fiducial(mark: &Annotation) -> Option<usize> {
    match mark.code.as_str() {
        "p" => Some(Fiducial::POnset as usize),
        "t" => Some(Fiducial::TOnset as usize),
        code => beat_class(code, ClassMap::Bxb).map(|_| Fiducial::QrsOnset as usize),
    }
}

/// One fiducial of one record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// Test minus reference of each pair, in milliseconds.
    pub errors_ms: Vec<f64>,
    /// Reference marks without a pair.
    pub missed: u64,
    /// Test marks without a pair, between the first and the last reference mark of any kind.
    pub extra: u64,
}

/// One record's comparison.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordWaves {
    /// The record's name.
    pub record: String,
    /// By fiducial, in the order of [`FIDUCIALS`].
    pub fiducials: [Errors; FIDUCIALS.len()],
}

/// Compares two sets of marks; pairs are at most `window_s` apart.
#[must_use]
pub fn score_waves(
    record: &str,
    reference: &WaveTimes,
    test: &WaveTimes,
    window_s: f64,
) -> RecordWaves {
    let (from_s, to_s) = reference.scope_s.unwrap_or((0.0, 0.0));
    RecordWaves {
        record: record.to_owned(),
        fiducials: FIDUCIALS.map(|(fiducial, _)| {
            let (reference, test) = (reference.of(fiducial), test.of(fiducial));
            let pairs = nearest_pairs(reference, test, window_s);
            let mut paired = vec![false; test.len()];
            pairs.iter().for_each(|(_, t)| paired[*t] = true);
            let extra =
                |(t, time_s): &(usize, &f64)| !paired[*t] && (from_s..=to_s).contains(*time_s);
            Errors {
                errors_ms: pairs
                    .iter()
                    .map(|(r, t)| (test[*t] - reference[*r]) * 1000.0)
                    .collect(),
                missed: (reference.len() - pairs.len()) as u64,
                extra: test.iter().enumerate().filter(extra).count() as u64,
            }
        }),
    }
}

/// Index pairs at most `window_s` apart, the nearest first, each index once.
fn nearest_pairs(reference: &[f64], test: &[f64], window_s: f64) -> Vec<(usize, usize)> {
    let mut near: Vec<(f64, usize, usize)> = Vec::new();
    for (r, time_s) in reference.iter().enumerate() {
        let first = test.partition_point(|t| *t < time_s - window_s);
        for (t, other_s) in test.iter().enumerate().skip(first) {
            if *other_s > time_s + window_s {
                break;
            }
            near.push(((other_s - time_s).abs(), r, t));
        }
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut used_r, mut used_t) = (vec![false; reference.len()], vec![false; test.len()]);
    near.retain(|(_, r, t)| {
        let free = !used_r[*r] && !used_t[*t];
        if free {
            used_r[*r] = true;
            used_t[*t] = true;
        }
        free
    });
    near.into_iter().map(|(_, r, t)| (r, t)).collect()
}

/// Sums over records that figures are made of.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    pairs: f64,
    missed: f64,
    extra: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn of(errors: &Errors) -> Self {
        Self {
            pairs: errors.errors_ms.len() as f64,
            missed: errors.missed as f64,
            extra: errors.extra as f64,
            sum: errors.errors_ms.iter().sum(),
            squares: errors.errors_ms.iter().map(|e| e * e).sum(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.pairs += other.pairs;
        self.missed += other.missed;
        self.extra += other.extra;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    fn f1(&self) -> Option<f64> {
        let all = 2.0 * self.pairs + self.missed + self.extra;
        (all > 0.0).then(|| 2.0 * self.pairs / all)
    }

    /// Standard deviation of the errors about their own mean: an offset of the method is not counted.
    fn sd(&self) -> Option<f64> {
        (self.pairs > 1.0).then(|| {
            let about = self.squares - self.sum * self.sum / self.pairs;
            (about.max(0.0) / (self.pairs - 1.0)).sqrt()
        })
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FiducialLine {
    pub fiducial: Fiducial,
    /// Reference marks.
    pub n: u64,
    pub missed: u64,
    pub extra: u64,
    /// Share from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1_95: Option<Interval>,
    /// Median of test minus reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_ms: Option<f64>,
    /// Standard deviation over all pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd_ms: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd_95: Option<Interval>,
}

/// All fiducials over several records, pooled over beats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaveTable {
    /// Records compared.
    pub records: usize,
    /// By fiducial, in the order of [`FIDUCIALS`].
    pub lines: Vec<FiducialLine>,
}

impl WaveTable {
    /// Sums up the records and draws the 95 % intervals by record.
    #[must_use]
    pub fn new(records: &[RecordWaves]) -> Self {
        Self {
            records: records.len(),
            lines: FIDUCIALS
                .iter()
                .map(|(fiducial, _)| line(records, *fiducial))
                .collect(),
        }
    }

    /// Aligned text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "# {} records; pairs nearest first; extra marks count between first and last reference mark\n\
             {:<10}{:>7}{:>8}{:>7}{:>9}{:>17}{:>11}{:>9}{:>14}\n",
            self.records, "", "n", "missed", "extra", "F1 %", "95 %", "offset ms", "SD ms", "95 %"
        );
        for (line, (_, name)) in self.lines.iter().zip(FIDUCIALS) {
            let percent = |value: Option<f64>| number(value.map(|v| 100.0 * v), 2);
            let _ = writeln!(
                text,
                "{name:<10}{:>7}{:>8}{:>7}{:>9}{:>17}{:>11}{:>9}{:>14}",
                line.n,
                line.missed,
                line.extra,
                percent(line.f1),
                interval(line.f1_95, 100.0, 2),
                number(line.offset_ms, 1),
                number(line.sd_ms, 1),
                interval(line.sd_95, 1.0, 1),
            );
        }
        text
    }
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

fn interval(interval: Option<Interval>, scale: f64, digits: usize) -> String {
    interval.map_or_else(String::new, |Interval { low, high }| {
        format!("{:.digits$}-{:.digits$}", low * scale, high * scale)
    })
}

fn line(records: &[RecordWaves], fiducial: Fiducial) -> FiducialLine {
    let errors = |record: &RecordWaves| record.fiducials[fiducial as usize].clone();
    let sums: Vec<Sums> = records
        .iter()
        .map(|record| Sums::of(&errors(record)))
        .collect();
    let mut gross = Sums::default();
    sums.iter().for_each(|sum| gross.add(sum));
    let pooled: Vec<f64> = records.iter().flat_map(|r| errors(r).errors_ms).collect();
    FiducialLine {
        fiducial,
        n: (gross.pairs + gross.missed) as u64,
        missed: gross.missed as u64,
        extra: gross.extra as u64,
        f1: gross.f1(),
        f1_95: spread(&sums, Sums::f1),
        offset_ms: median(&pooled),
        sd_ms: gross.sd(),
        sd_95: spread(&sums, Sums::sd),
    }
}

/// 95 % interval of a figure over records drawn with replacement.
fn spread(records: &[Sums], figure: impl Fn(&Sums) -> Option<f64>) -> Option<Interval> {
    if records.len() < 2 {
        return None;
    }
    let mut state = SEED;
    let figures: Vec<f64> = (0..DRAWS)
        .filter_map(|_| {
            let mut gross = Sums::default();
            for _ in 0..records.len() {
                gross.add(&records[draw_index(records.len(), &mut state)]);
            }
            figure(&gross)
        })
        .collect();
    Some(Interval {
        low: percentile(&figures, 2.5)?,
        high: percentile(&figures, 97.5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str) -> Vec<Annotation> {
        text.split_whitespace()
            .map(|word| {
                let (code, time) = word.split_at(1);
                Annotation {
                    time_s: time.parse::<f64>().unwrap() / 1000.0,
                    sample: 0,
                    code: code.to_owned(),
                    subtype: 0,
                    channel: 0,
                    number: 0,
                    text: String::new(),
                }
            })
            .collect()
    }

    #[test]
    fn brackets_belong_to_the_peak_beside_them() {
        let times = WaveTimes::of_annotations(&marks(
            "(100 p140 )180 (220 N260 )300 t500 )580 (600 u650 )700",
        ));
        assert_eq!(times.of(Fiducial::POnset), [0.1]);
        assert_eq!(times.of(Fiducial::PEnd), [0.18]);
        assert_eq!(times.of(Fiducial::QrsOnset), [0.22]);
        assert_eq!(times.of(Fiducial::QrsEnd), [0.3]);
        assert!(times.of(Fiducial::TOnset).is_empty());
        assert_eq!(times.of(Fiducial::T), [0.5]);
        assert_eq!(times.of(Fiducial::TEnd), [0.58]);
        assert_eq!(times.scope_s, Some((0.1, 0.7)));
    }

    #[test]
    fn pairs_are_the_nearest_and_marks_outside_do_not_count() {
        let reference = WaveTimes::of_annotations(&marks("N1000 N2000 N3000"));
        let test = WaveTimes::of_annotations(&marks("N500 N1010 N1100 N2160 N2990 N4000"));
        let score = score_waves("a", &reference, &test, 0.15);
        let qrs = &score.fiducials[Fiducial::Qrs as usize];
        let rounded: Vec<i64> = qrs.errors_ms.iter().map(|e| e.round() as i64).collect();
        assert!(rounded.contains(&10) && rounded.contains(&-10));
        assert_eq!((rounded.len(), qrs.missed, qrs.extra), (2, 1, 2));
    }

    #[test]
    fn figures_are_those_of_the_pooled_beats() {
        let record = |errors_ms: Vec<f64>| {
            let mut record = RecordWaves::default();
            record.fiducials[Fiducial::TEnd as usize] = Errors {
                errors_ms,
                missed: 1,
                extra: 0,
            };
            record
        };
        let table = WaveTable::new(&[record(vec![10.0, 14.0]), record(vec![12.0, 20.0])]);
        let line = &table.lines[Fiducial::TEnd as usize];
        assert_eq!((line.n, line.missed), (6, 2));
        assert_eq!(line.offset_ms, Some(13.0));
        // Mean 14, squares 16 + 0 + 4 + 36 over 3.
        assert!((line.sd_ms.unwrap() - (56.0_f64 / 3.0).sqrt()).abs() < 1e-9);
        assert!((line.f1.unwrap() - 0.8).abs() < 1e-9);
        assert!(
            table.text().contains("T end           6       2"),
            "{}",
            table.text()
        );
        assert_eq!(table.lines[0].sd_ms, None);
    }
}
