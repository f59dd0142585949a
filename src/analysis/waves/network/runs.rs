//! From the classes' probabilities to waves: runs of one class, an onset, a peak and an end each.
//!
//! As `models/training/waves/decode.py` does it: an edge lies where the class ceases to be the likeliest.

use super::windows::{RATE_HZ, Row};
use std::ops::Range;

/// A wave in seconds from the start of what was looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    pub onset_s: f64,
    pub peak_s: f64,
    pub end_s: f64,
    /// Sum of the class's probability over the samples.
    weight: f64,
    /// Mean probability of the class.
    pub confidence: f64,
}

impl Found {
    /// A wave that is certain.
    #[cfg(test)]
    pub fn at(onset_s: f64, peak_s: f64, end_s: f64) -> Self {
        Self {
            onset_s,
            peak_s,
            end_s,
            weight: 1.0,
            confidence: 1.0,
        }
    }

    /// The same, `by_s` later.
    pub fn moved(self, by_s: f64) -> Self {
        Self {
            onset_s: self.onset_s + by_s,
            peak_s: self.peak_s + by_s,
            end_s: self.end_s + by_s,
            ..self
        }
    }
}

/// The waves of a stretch, each kind in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    pub p: Vec<Found>,
    pub qrs: Vec<Found>,
    /// At most one between two QRS complexes.
    pub t: Vec<Found>,
}

/// Classes in the order of the network's outputs; none is the first. Shorter runs are no waves.
const P: (usize, f64) = (1, 0.04);
const QRS: (usize, f64) = (2, 0.04);
const T: (usize, f64) = (3, 0.08);
/// Shorter breaks are none.
const BREAK_S: f64 = 0.03;
/// Two QRS complexes do not follow each other faster.
const REFRACTORY_S: f64 = 0.2;

/// All waves of a row.
pub fn waves(row: &Row) -> Seen {
    let qrs = apart(of_class(row, QRS));
    let between = |t: &Found| qrs.partition_point(|qrs| qrs.peak_s < t.peak_s);
    let mut t: Vec<(usize, Found)> = Vec::new();
    for wave in of_class(row, T) {
        match t.last_mut() {
            Some((place, before)) if *place == between(&wave) => {
                *before = heavier(*before, wave);
            }
            _ => t.push((between(&wave), wave)),
        }
    }
    Seen {
        p: of_class(row, P),
        t: t.into_iter().map(|(_, wave)| wave).collect(),
        qrs,
    }
}

/// Of equals the earlier one.
fn heavier(earlier: Found, later: Found) -> Found {
    if later.weight > earlier.weight {
        later
    } else {
        earlier
    }
}

/// QRS complexes too near to each other are one.
fn apart(found: Vec<Found>) -> Vec<Found> {
    let mut kept: Vec<Found> = Vec::with_capacity(found.len());
    for wave in found {
        match kept.last_mut() {
            Some(before) if wave.peak_s - before.peak_s < REFRACTORY_S => {
                *before = heavier(*before, wave);
            }
            _ => kept.push(wave),
        }
    }
    kept
}

fn of_class(row: &Row, (class, shortest_s): (usize, f64)) -> Vec<Found> {
    let ahead = ahead(row, class);
    runs(&ahead)
        .into_iter()
        .filter(|run| run.len() as f64 >= shortest_s * RATE_HZ)
        .map(|run| {
            let own = &row.classes[class][run.clone()];
            let weight: f64 = own.iter().map(|p| f64::from(*p)).sum();
            let last = run.end - 1;
            Found {
                onset_s: edge(&ahead, run.start, run.start.checked_sub(1)) / RATE_HZ,
                peak_s: peak(&row.trace, &run) as f64 / RATE_HZ,
                end_s: edge(&ahead, last, Some(run.end)) / RATE_HZ,
                weight,
                confidence: weight / own.len() as f64,
            }
        })
        .collect()
}

/// How far a class is ahead of the likeliest other one.
fn ahead(row: &Row, class: usize) -> Vec<f64> {
    (0..row.trace.len())
        .map(|k| {
            let others = row.classes.iter().enumerate();
            let greatest = others
                .filter(|(other, _)| *other != class)
                .map(|(_, p)| p[k])
                .fold(0.0, f32::max);
            f64::from(row.classes[class][k] - greatest)
        })
        .collect()
}

/// Runs in which the class is the likeliest, short breaks closed.
fn runs(ahead: &[f64]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (k, _) in ahead.iter().enumerate().filter(|(_, ahead)| **ahead > 0.0) {
        match runs.last_mut() {
            Some(run) if ((k - run.end) as f64) < BREAK_S * RATE_HZ => run.end = k + 1,
            _ => runs.push(k..k + 1),
        }
    }
    runs
}

/// Where the lead over the others is 0 on the straight line from one sample to its neighbour, in samples.
fn edge(ahead: &[f64], inside: usize, outside: Option<usize>) -> f64 {
    let at = inside as f64;
    let Some((outside, &b)) = outside.and_then(|k| Some((k, ahead.get(k)?))) else {
        return at;
    };
    let a = ahead[inside];
    if a > 0.0 && b <= 0.0 {
        at + (outside as f64 - at) * (a / (a - b)).clamp(0.0, 1.0)
    } else {
        at
    }
}

/// The sample farthest from the straight line between the wave's ends; of equals the first.
fn peak(trace: &[f64], run: &Range<usize>) -> usize {
    let (first, last) = (trace[run.start], trace[run.end - 1]);
    let steps = (run.len() - 1).max(1) as f64;
    let off = |k: usize| {
        let along = (k - run.start) as f64 / steps;
        (trace[k] - first - (last - first) * along).abs()
    };
    run.clone()
        .rev()
        .max_by(|a, b| off(*a).total_cmp(&off(*b)))
        .unwrap_or(run.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(class: usize, p: &[f32]) -> Row {
        let mut classes: [Vec<f32>; 4] = std::array::from_fn(|_| vec![0.0; p.len()]);
        classes[0] = p.iter().map(|p| 1.0 - p).collect();
        classes[class] = p.to_vec();
        Row {
            trace: (0..p.len()).map(|k| f64::from(u8::from(k == 20))).collect(),
            classes,
        }
    }

    #[test]
    fn an_edge_lies_where_the_classes_are_even() {
        let mut p = vec![0.0; 60];
        p[10..35].fill(1.0);
        p[9] = 0.25;
        p[22] = 0.1;
        let found = of_class(&row(1, &p), P);
        assert_eq!(found.len(), 1, "{found:?}");
        // Ahead by 1 at 10, behind by 0.5 at 9: two thirds of the way.
        assert!((found[0].onset_s * RATE_HZ - (10.0 - 2.0 / 3.0)).abs() < 1e-6);
        assert!((found[0].peak_s * RATE_HZ - 20.0).abs() < 1e-9);
        assert!((found[0].end_s * RATE_HZ - 34.5).abs() < 1e-6);
        p[10..27].fill(0.0);
        assert!(of_class(&row(1, &p), P).is_empty());
    }
}
