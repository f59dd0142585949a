//! Global intervals against an annotator who marked every lead by itself.

use super::intervals::draw_index;
use super::{ClassMap, DRAWS, Interval, beat_class};
use crate::recording::Annotation;
use crate::signal::{median, percentile, standard_deviation};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Seed of the printed intervals.
const SEED: u64 = 1;
/// Peaks of two leads this far apart, seconds, are of one beat.
const ONE_BEAT_S: f64 = 0.12;
/// A P wave's peak lies at most this long before the QRS's, and a T wave's at most this long after it.
const P_BEFORE_S: f64 = 0.4;
const T_AFTER_S: f64 = 0.66;
/// Leads that must have a mark: with fewer there is no third earliest.
const LEAST_LEADS: usize = 3;

/// What the annotator's global onset of a beat is; its end is the mirror of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GlobalReference {
    /// The median of the three earliest marks of the leads.
    MedianOfThree,
    /// The earliest one.
    Earliest,
}

impl GlobalReference {
    /// Both, the one that single wrong marks move less first.
    pub const ALL: [Self; 2] = [Self::MedianOfThree, Self::Earliest];

    /// What it is called in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MedianOfThree => "median of the 3 earliest onsets and latest ends",
            Self::Earliest => "earliest onset and latest end",
        }
    }

    /// The order statistic that counts, from the outermost on.
    fn rank(self) -> usize {
        match self {
            Self::MedianOfThree => 1,
            Self::Earliest => 0,
        }
    }

    fn onset(self, marks_s: &[f64]) -> Option<f64> {
        let mut sorted = marks_s.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
            .get(self.rank())
            .copied()
            .filter(|_| sorted.len() >= LEAST_LEADS)
    }

    fn end(self, marks_s: &[f64]) -> Option<f64> {
        let mirrored: Vec<f64> = marks_s.iter().map(|mark_s| -mark_s).collect();
        self.onset(&mirrored).map(|mark_s| -mark_s)
    }
}

/// An interval with the largest difference that counts as near, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum GlobalInterval {
    P,
    Pr,
    Qrs,
    Qt,
}

/// All intervals, their names in tables, and the difference that counts as near.
pub const GLOBAL_INTERVALS: [(GlobalInterval, &str, f64); 4] = [
    (GlobalInterval::P, "P", 20.0),
    (GlobalInterval::Pr, "PR", 20.0),
    (GlobalInterval::Qrs, "QRS", 20.0),
    (GlobalInterval::Qt, "QT", 40.0),
];

/// One lead's waves as annotated: onset, peak, end in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnnotatedLead {
    p: Vec<AnnotatedWave>,
    qrs: Vec<AnnotatedWave>,
    t: Vec<AnnotatedWave>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct AnnotatedWave {
    onset_s: Option<f64>,
    peak_s: f64,
    end_s: Option<f64>,
}

impl AnnotatedLead {
    /// From WFDB marks: peaks with the brackets beside them.
    #[must_use]
    pub fn of_annotations(annotations: &[Annotation]) -> Self {
        let mut lead = Self::default();
        for (index, mark) in annotations.iter().enumerate() {
            let waves = match mark.code.as_str() {
                "p" => &mut lead.p,
                "t" => &mut lead.t,
                code if beat_class(code, ClassMap::Bxb).is_some() => &mut lead.qrs,
                _ => continue,
            };
            let bracket = |at: Option<usize>, code: &str| {
                annotations
                    .get(at?)
                    .filter(|mark| mark.code == code)
                    .map(|mark| mark.time_s)
            };
            waves.push(AnnotatedWave {
                onset_s: bracket(index.checked_sub(1), "("),
                peak_s: mark.time_s,
                end_s: bracket(Some(index + 1), ")"),
            });
        }
        lead
    }
}

/// The intervals of [`GLOBAL_INTERVALS`] as the leads' own marks make them, in milliseconds: medians over the beats that
/// at least half of the leads have.
#[must_use]
pub fn annotated_intervals(
    leads: &[AnnotatedLead],
    reference: GlobalReference,
) -> [Option<f64>; GLOBAL_INTERVALS.len()] {
    let mut lengths_ms: [Vec<f64>; GLOBAL_INTERVALS.len()] = Default::default();
    for beat_s in beats_s(leads) {
        let marks = |wave: &dyn Fn(&AnnotatedLead) -> Option<&AnnotatedWave>| {
            let waves: Vec<&AnnotatedWave> = leads.iter().filter_map(wave).collect();
            let onsets: Vec<f64> = waves.iter().filter_map(|wave| wave.onset_s).collect();
            let ends: Vec<f64> = waves.iter().filter_map(|wave| wave.end_s).collect();
            (reference.onset(&onsets), reference.end(&ends))
        };
        let p = marks(&|lead| {
            let near = |wave: &&AnnotatedWave| (0.0..P_BEFORE_S).contains(&(beat_s - wave.peak_s));
            lead.p.iter().rev().find(near)
        });
        let qrs = marks(&|lead| {
            let near = |wave: &&AnnotatedWave| (wave.peak_s - beat_s).abs() <= ONE_BEAT_S;
            lead.qrs.iter().find(near)
        });
        let t = marks(&|lead| {
            let near = |wave: &&AnnotatedWave| (0.0..T_AFTER_S).contains(&(wave.peak_s - beat_s));
            lead.t.iter().find(near)
        });
        let ends = [(p.0, p.1), (p.0, qrs.0), (qrs.0, qrs.1), (qrs.0, t.1)];
        for (lengths, (from, to)) in lengths_ms.iter_mut().zip(ends) {
            lengths.extend(from.zip(to).map(|(from, to)| (to - from) * 1000.0));
        }
    }
    lengths_ms.map(|lengths| median(&lengths))
}

/// Beats that at least half of the leads have: medians of their QRS peaks.
fn beats_s(leads: &[AnnotatedLead]) -> Vec<f64> {
    let mut peaks: Vec<f64> = leads
        .iter()
        .flat_map(|lead| lead.qrs.iter().map(|wave| wave.peak_s))
        .collect();
    peaks.sort_by(f64::total_cmp);
    peaks
        .chunk_by(|a, b| b - a <= ONE_BEAT_S)
        .filter(|group| group.len() * 2 >= leads.len())
        .filter_map(median)
        .collect()
}

/// One interval of one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GlobalComparison {
    /// The record's name.
    pub record: String,
    /// Which interval.
    pub interval: GlobalInterval,
    /// As the annotator's marks make it; `None` where too few leads have the wave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_ms: Option<f64>,
    /// `None` where it was withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_ms: Option<f64>,
}

/// One line of the table: one interval over several records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct GlobalLine {
    pub interval: GlobalInterval,
    /// Records whose annotator marks it.
    pub n: usize,
    /// Share of those in which it is withheld, 0 to 1.
    pub withheld: Option<f64>,
    pub withheld_95: Option<Interval>,
    /// Share of the measured ones that are near.
    pub near: Option<f64>,
    pub near_95: Option<Interval>,
    /// Mean of measured minus annotated.
    pub bias_ms: Option<f64>,
    pub bias_95: Option<Interval>,
    pub sd_ms: Option<f64>,
    pub sd_95: Option<Interval>,
    /// Records in which it is measured though the annotator marks none.
    pub unmarked: usize,
}

/// Sums up the records, with 95 % intervals by record.
#[must_use]
pub fn global_table(compared: &[GlobalComparison]) -> Vec<GlobalLine> {
    GLOBAL_INTERVALS
        .iter()
        .map(|(interval, _, near_ms)| line(compared, *interval, *near_ms))
        .collect()
}

fn line(compared: &[GlobalComparison], interval: GlobalInterval, near_ms: f64) -> GlobalLine {
    let own: Vec<&GlobalComparison> = compared
        .iter()
        .filter(|one| one.interval == interval)
        .collect();
    let errors: Vec<Option<f64>> = own
        .iter()
        .filter_map(|one| {
            let reference_ms = one.reference_ms?;
            Some(
                one.measured_ms
                    .map(|measured_ms| measured_ms - reference_ms),
            )
        })
        .collect();
    let known = |errors: &[Option<f64>]| errors.iter().copied().flatten().collect::<Vec<f64>>();
    let share = |part: usize, of: usize| (of > 0).then(|| part as f64 / of as f64);
    let withheld = |errors: &[Option<f64>]| {
        share(
            errors.iter().filter(|error| error.is_none()).count(),
            errors.len(),
        )
    };
    let near = |errors: &[Option<f64>]| {
        let known = known(errors);
        let near = known.iter().filter(|error| error.abs() <= near_ms).count();
        share(near, known.len())
    };
    let bias = |errors: &[Option<f64>]| {
        let known = known(errors);
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let sd = |errors: &[Option<f64>]| standard_deviation(&known(errors));
    GlobalLine {
        interval,
        n: errors.len(),
        withheld: withheld(&errors),
        withheld_95: spread(&errors, withheld),
        near: near(&errors),
        near_95: spread(&errors, near),
        bias_ms: bias(&errors),
        bias_95: spread(&errors, bias),
        sd_ms: sd(&errors),
        sd_95: spread(&errors, sd),
        unmarked: own
            .iter()
            .filter(|one| one.reference_ms.is_none() && one.measured_ms.is_some())
            .count(),
    }
}

/// 95 % interval of a figure over records drawn with replacement.
fn spread(
    errors: &[Option<f64>],
    figure: impl Fn(&[Option<f64>]) -> Option<f64>,
) -> Option<Interval> {
    if errors.len() < 2 {
        return None;
    }
    let mut state = SEED;
    let figures: Vec<f64> = (0..DRAWS)
        .filter_map(|_| {
            let drawn: Vec<Option<f64>> = (0..errors.len())
                .filter_map(|_| errors.get(draw_index(errors.len(), &mut state)).copied())
                .collect();
            figure(&drawn)
        })
        .collect();
    Some(Interval {
        low: percentile(&figures, 2.5)?,
        high: percentile(&figures, 97.5)?,
    })
}

/// The table as aligned text.
#[must_use]
pub fn global_text(lines: &[GlobalLine]) -> String {
    let mut text = format!(
        "{:<5}{:>5}{:>11}{:>13}{:>9}{:>13}{:>9}{:>15}{:>8}{:>13}{:>10}\n",
        "",
        "n",
        "withheld %",
        "95 %",
        "near %",
        "95 %",
        "bias ms",
        "95 %",
        "SD ms",
        "95 %",
        "unmarked"
    );
    for (line, (_, name, near_ms)) in lines.iter().zip(GLOBAL_INTERVALS) {
        let number = |value: Option<f64>, scale: f64| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{:.1}", value * scale))
        };
        let range = |range: Option<Interval>, scale: f64| {
            range.map_or_else(String::new, |Interval { low, high }| {
                format!("{:.1} {:.1}", low * scale, high * scale)
            })
        };
        let _ = writeln!(
            text,
            "{name:<5}{:>5}{:>11}{:>13}{:>9}{:>13}{:>9}{:>15}{:>8}{:>13}{:>10}  near: {near_ms:.0} ms",
            line.n,
            number(line.withheld, 100.0),
            range(line.withheld_95, 100.0),
            number(line.near, 100.0),
            range(line.near_95, 100.0),
            number(line.bias_ms, 1.0),
            range(line.bias_95, 1.0),
            number(line.sd_ms, 1.0),
            range(line.sd_95, 1.0),
            line.unmarked,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(text: &str) -> AnnotatedLead {
        let marks: Vec<Annotation> = text
            .split_whitespace()
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
            .collect();
        AnnotatedLead::of_annotations(&marks)
    }

    #[test]
    fn the_global_marks_are_the_leads_outermost_ones() {
        let leads = [
            lead("(100 p140 )180 (220 N260 )300 (400 t500 )580"),
            lead("(110 p140 )190 (230 N262 )310 (400 t500 )590"),
            lead("(120 p140 )200 (240 N264 )320 (400 t500 )600"),
            lead("(220 N260 )300"),
        ];
        let rounded = |reference| {
            annotated_intervals(&leads, reference).map(|ms: Option<f64>| ms.map(f64::round))
        };
        // P 100-200, QRS 220-320, T end 600; then P 110-190, QRS 220-310, T end 590.
        assert_eq!(
            rounded(GlobalReference::Earliest),
            [Some(100.0), Some(120.0), Some(100.0), Some(380.0)]
        );
        assert_eq!(
            rounded(GlobalReference::MedianOfThree),
            [Some(80.0), Some(110.0), Some(90.0), Some(370.0)]
        );
        let few = annotated_intervals(&leads[2..], GlobalReference::Earliest);
        assert_eq!(few, [None; 4]);
    }

    #[test]
    fn lines_count_what_is_near_withheld_and_unmarked() {
        let one = |reference_ms, measured_ms| GlobalComparison {
            record: "a".to_owned(),
            interval: GlobalInterval::Qt,
            reference_ms,
            measured_ms,
        };
        let table = global_table(&[
            one(Some(400.0), Some(410.0)),
            one(Some(400.0), Some(450.0)),
            one(Some(400.0), None),
            one(None, Some(400.0)),
        ]);
        let qt = &table[3];
        assert_eq!((qt.n, qt.unmarked), (3, 1));
        assert_eq!((qt.near, qt.bias_ms), (Some(0.5), Some(30.0)));
        assert!((qt.withheld.unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert!(global_text(&table).contains("near: 40 ms"));
    }
}
