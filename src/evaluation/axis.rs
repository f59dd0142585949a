//! The QRS axis against an annotator's word for it.
//!
//! LUDB's headers name the electrical axis in five words, whose borders are those of the textbook in use where the records
//! were read (Orlov, Guide to electrocardiography: horizontal 0 to 29 degrees, normal 30 to 69, vertical 70 to 90). Its
//! physical scale is not one: each lead spans exactly one "millivolt" peak to peak, so that lead II is not the sum of leads
//! I and III. The true proportions follow from that sum.

use crate::recording::{LeadName, Recording, SampleData, Samples};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Samples that the proportions are fitted on, at most.
const FITTED: usize = 20_000;

/// A word for the axis with its borders in degrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum AxisWord {
    Left,
    Horizontal,
    Normal,
    Vertical,
    Right,
}

impl AxisWord {
    /// All words from left to right.
    pub const ALL: [Self; 5] = [
        Self::Left,
        Self::Horizontal,
        Self::Normal,
        Self::Vertical,
        Self::Right,
    ];

    /// The word in a header's remark (`Electric axis of the heart: left axis deviation.`).
    #[must_use]
    pub fn of_remark(remark: &str) -> Option<Self> {
        let word = remark.split_once("Electric axis of the heart:")?.1;
        match word.trim().trim_end_matches('.').trim() {
            "left axis deviation" => Some(Self::Left),
            "horizontal" => Some(Self::Horizontal),
            "normal" => Some(Self::Normal),
            "vertical" => Some(Self::Vertical),
            "right axis deviation" => Some(Self::Right),
            _ => None,
        }
    }

    fn borders_deg(self) -> RangeInclusive<f64> {
        match self {
            Self::Left => -90.0..=0.0,
            Self::Horizontal => 0.0..=30.0,
            Self::Normal => 30.0..=70.0,
            Self::Vertical => 70.0..=90.0,
            Self::Right => 90.0..=180.0,
        }
    }

    /// Degrees from an axis to the word's borders; 0 within them.
    #[must_use]
    pub fn degrees_off(self, axis_deg: f64) -> f64 {
        let (low, high) = (*self.borders_deg().start(), *self.borders_deg().end());
        let apart = |border: f64| {
            let round = (axis_deg - border).rem_euclid(360.0);
            round.min(360.0 - round)
        };
        match (low..=high).contains(&axis_deg) {
            true => 0.0,
            false => apart(low).min(apart(high)),
        }
    }
}

/// The recording with leads I, II and III in the proportions that make II the sum of the others; other limb leads, which
/// say nothing more, are left out. `None` where the three are not there or no proportion fits.
#[must_use]
pub fn in_one_scale(recording: &Recording) -> Option<Recording> {
    let place = |name: LeadName| {
        recording
            .leads
            .iter()
            .position(|lead| lead.standard == Some(name))
    };
    let (one, two, three) = (
        place(LeadName::I)?,
        place(LeadName::II)?,
        place(LeadName::III)?,
    );
    let values = |place: usize| -> Option<Vec<f64>> {
        let lead = recording.leads.get(place)?;
        let values = lead.samples.values(0..FITTED);
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
        Some(values.iter().map(|v| f64::from(*v) - mean).collect())
    };
    let (a, b, sum) = (values(one)?, values(three)?, values(two)?);
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let determinant = dot(&a, &a) * dot(&b, &b) - dot(&a, &b).powi(2);
    let of_one = (dot(&sum, &a) * dot(&b, &b) - dot(&sum, &b) * dot(&a, &b)) / determinant;
    let of_three = (dot(&sum, &b) * dot(&a, &a) - dot(&sum, &a) * dot(&a, &b)) / determinant;
    if !(of_one > 0.0 && of_three > 0.0 && of_one.is_finite() && of_three.is_finite()) {
        return None;
    }
    let mut scaled = recording.clone();
    for (place, factor) in [(one, of_one), (three, of_three)] {
        let lead = scaled.leads.get_mut(place)?;
        lead.samples = times(&lead.samples, factor);
    }
    let augmented = [LeadName::AVR, LeadName::AVL, LeadName::AVF];
    scaled
        .leads
        .retain(|lead| lead.standard.is_none_or(|name| !augmented.contains(&name)));
    Some(scaled)
}

/// The recording as it would be with the electrodes of the two arms swapped: lead I turns over, II and III change places.
/// Augmented leads are left as they are.
#[must_use]
pub fn with_arms_swapped(recording: &Recording) -> Recording {
    let mut swapped = recording.clone();
    for lead in &mut swapped.leads {
        match lead.standard {
            Some(LeadName::I) => lead.samples = times(&lead.samples, -1.0),
            Some(LeadName::II) => lead.standard = Some(LeadName::III),
            Some(LeadName::III) => lead.standard = Some(LeadName::II),
            _ => {}
        }
    }
    swapped
}

fn times(samples: &Samples, factor: f64) -> Samples {
    let values = samples.all_values();
    Samples {
        data: SampleData::F32(
            values
                .iter()
                .map(|v| (f64::from(*v) * factor) as f32)
                .collect(),
        ),
        scale: crate::recording::Scale::IDENTITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Lead;

    #[test]
    fn words_have_borders() {
        let word = |text: &str| AxisWord::of_remark(text).unwrap();
        let left = word("Electric axis of the heart: left axis deviation. ");
        assert_eq!(left, AxisWord::Left);
        assert_eq!(left.degrees_off(-45.0), 0.0);
        assert_eq!(left.degrees_off(12.0), 12.0);
        assert_eq!(AxisWord::Right.degrees_off(-170.0), 10.0);
        assert_eq!(AxisWord::of_remark("Rhythm: Sinus rhythm."), None);
    }

    #[test]
    fn proportions_follow_from_the_sum() {
        let wave = |k: usize, hz: f64| (k as f64 * hz * 0.01).sin() as f32;
        let (a, b): (Vec<f32>, Vec<f32>) = (0..500).map(|k| (wave(k, 1.0), wave(k, 2.7))).unzip();
        let two: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        let halved: Vec<f32> = a.iter().map(|v| v / 2.0).collect();
        let tripled: Vec<f32> = b.iter().map(|v| v * 3.0).collect();
        let lead = |name: &str, v: Vec<f32>| Lead::ecg(name, 100.0, Samples::from_values(v));
        let recording = Recording {
            leads: vec![
                lead("I", halved),
                lead("II", two),
                lead("III", tripled),
                lead("aVF", b),
            ],
            ..Recording::default()
        };
        let scaled = in_one_scale(&recording).unwrap();
        assert_eq!(scaled.leads.len(), 3);
        let at = |place: usize| f64::from(scaled.leads[place].samples.value(33).unwrap());
        assert!((at(0) + at(2) - at(1)).abs() < 1e-4);
        assert!((at(0) - f64::from(a[33])).abs() < 1e-3);
    }
}
