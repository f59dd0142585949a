//! The figures that are given with an interval.

use super::Comparison;
use super::score::share;
use crate::recording::BeatCode::{self, S, V};

/// A share from 0 to 1 that a comparison gives.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name in JSON.
    pub id: &'static str,
    /// Its name in tables.
    pub name: &'static str,
    value: Value,
}

#[derive(Clone, Copy, Debug)]
enum Value {
    /// Hits and errors.
    Counts(fn(&Comparison) -> (u64, u64)),
    /// A quotient of other things, `None` where it is undefined.
    Quotient(fn(&Comparison) -> Option<f64>),
}

impl Figure {
    /// Its value, `None` where it is undefined.
    #[must_use]
    pub fn of(&self, comparison: &Comparison) -> Option<f64> {
        match self.value {
            Value::Counts(counts) => {
                let (hits, errors) = counts(comparison);
                share(hits, errors)
            }
            Value::Quotient(quotient) => quotient(comparison),
        }
    }

    /// The hits and errors it is made of, `None` where it counts nothing.
    #[must_use]
    pub fn counts(&self, comparison: &Comparison) -> Option<(u64, u64)> {
        match self.value {
            Value::Counts(counts) => Some(counts(comparison)),
            Value::Quotient(_) => None,
        }
    }
}

const fn counted(
    id: &'static str,
    name: &'static str,
    counts: fn(&Comparison) -> (u64, u64),
) -> Figure {
    let value = Value::Counts(counts);
    Figure { id, name, value }
}

const fn quotient(
    id: &'static str,
    name: &'static str,
    of: fn(&Comparison) -> Option<f64>,
) -> Figure {
    let value = Value::Quotient(of);
    Figure { id, name, value }
}

/// All of them: beats, V, S, then atrial fibrillation and ventricular flutter by episode and by duration.
pub const FIGURES: [Figure; 16] = [
    counted("se", "Q Se", |c| {
        (c.beats.true_positives(), c.beats.false_negatives())
    }),
    counted("ppv", "Q +P", |c| {
        (c.beats.true_positives(), c.beats.false_positives())
    }),
    quotient("f1", "Q F1", |c| c.beats.f1()),
    counted("v_se", "V Se", |c| found(c, V)),
    counted("v_ppv", "V +P", |c| right(c, V)),
    counted("s_se", "S Se", |c| found(c, S)),
    counted("s_ppv", "S +P", |c| right(c, S)),
    counted("af_episode_se", "AF ESe", |c| {
        let episodes = &c.atrial_fibrillation;
        (episodes.found, episodes.missed)
    }),
    counted("af_episode_ppv", "AF E+P", |c| {
        let episodes = &c.atrial_fibrillation;
        (episodes.right, episodes.wrong)
    }),
    quotient("af_duration_se", "AF DSe", |c| {
        c.atrial_fibrillation.duration_sensitivity()
    }),
    quotient("af_duration_ppv", "AF D+P", |c| {
        c.atrial_fibrillation.duration_predictivity()
    }),
    quotient("af_duration_sp", "AF DSp", |c| {
        c.atrial_fibrillation.duration_specificity()
    }),
    counted("vf_episode_se", "VF ESe", |c| {
        let episodes = &c.ventricular_flutter;
        (episodes.found, episodes.missed)
    }),
    counted("vf_episode_ppv", "VF E+P", |c| {
        let episodes = &c.ventricular_flutter;
        (episodes.right, episodes.wrong)
    }),
    quotient("vf_duration_se", "VF DSe", |c| {
        c.ventricular_flutter.duration_sensitivity()
    }),
    quotient("vf_duration_ppv", "VF D+P", |c| {
        c.ventricular_flutter.duration_predictivity()
    }),
];

fn found(comparison: &Comparison, class: BeatCode) -> (u64, u64) {
    let hits = comparison.beats.class_true_positives(class);
    (hits, comparison.beats.beats(class) - hits)
}

fn right(comparison: &Comparison, class: BeatCode) -> (u64, u64) {
    let hits = comparison.beats.class_true_positives(class);
    (hits, comparison.beats.class_false_positives(class))
}
