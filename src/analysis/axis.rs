//! The frontal axis of the QRS complex, from leads I and aVF.
//!
//! The axis is the direction of the net area of the QRS complex in the frontal plane (Surawicz et al., AHA/ACCF/HRS 2009
//! part III; by area rather than by height, so that the vector's whole course counts). aVF is an augmented lead, smaller
//! than a limb lead of the same direction by √3/2, and is brought to its size (Novosel et al., Croat Med J 40:77, 1999).

use super::waves::BeatWaves;
use super::{Beat, Measured};
use crate::recording::{Lead, LeadName, Recording};
use crate::signal::{median, standard_deviation};
use std::ops::Range;

/// aVF to the size of a limb lead.
const AUGMENTED: f64 = 1.154_700_538;
/// The line under a QRS complex runs between the means of this long before and after it, seconds.
const LINE_S: f64 = 0.012;
/// A net area below this share of the area under the complex's absolute value has no direction.
const LEAST_NET: f64 = 0.15;
/// Fewest beats.
const FEWEST: usize = 3;
/// Beats that are measured, at most.
const MOST: usize = 100;

/// QRS axis in degrees, -180 to 180 (0 to the left arm, 90 to the feet), over the usual beats of the analysed lead.
pub fn axis_deg(recording: &Recording, beats: &[Beat], waves: &[BeatWaves]) -> Measured<f64> {
    let Some(limbs) = Limbs::of(recording) else {
        return Measured::withheld("withheld-one-lead");
    };
    let usual: Vec<&BeatWaves> = waves.iter().filter(|waves| waves.usual).collect();
    let stride = usual.len().div_ceil(MOST).max(1);
    let nets: Vec<Net> = usual
        .iter()
        .step_by(stride)
        .filter_map(|waves| {
            let time_s = beats.get(waves.beat)?.time_s;
            let at = |offset_s: f32| time_s + f64::from(offset_s);
            limbs.net(&(at(waves.qrs.onset_s)..at(waves.qrs.end_s)))
        })
        .collect();
    let middle = |of: fn(&Net) -> f64| median(&nets.iter().map(of).collect::<Vec<_>>());
    let (Some(i), Some(avf), Some(whole)) = (
        middle(|net| net.i),
        middle(|net| net.avf),
        middle(|net| net.whole),
    ) else {
        return Measured::withheld("analysis-no-clear-qrs");
    };
    if nets.len() < FEWEST {
        return Measured::withheld("analysis-no-clear-qrs");
    }
    if i.hypot(avf) < LEAST_NET * whole {
        return Measured::withheld("analysis-axis-indeterminate");
    }
    let value = avf.atan2(i).to_degrees();
    // Differences to the median, so that a scatter about ±180 is not one of 360.
    let apart: Vec<f64> = nets
        .iter()
        .map(|net| (net.avf.atan2(net.i).to_degrees() - value + 540.0).rem_euclid(360.0) - 180.0)
        .collect();
    Measured::Value {
        value,
        sd: standard_deviation(&apart),
        n: nets.len(),
        method: "method-axis-area".to_owned(),
    }
}

/// Net areas of one QRS complex and the area of its absolute values, in millivolt samples.
struct Net {
    i: f64,
    avf: f64,
    whole: f64,
}

/// Leads I and aVF; aVF by Goldberger's rule from I and II where it is not there.
struct Limbs<'a> {
    i: &'a Lead,
    second: &'a Lead,
    second_is_avf: bool,
}

impl<'a> Limbs<'a> {
    fn of(recording: &'a Recording) -> Option<Self> {
        let named = |name: LeadName| {
            recording
                .leads
                .iter()
                .find(|lead| lead.standard == Some(name))
        };
        let i = named(LeadName::I)?;
        let avf = named(LeadName::AVF);
        let second = avf.or_else(|| named(LeadName::II))?;
        (i.rate_hz == second.rate_hz && i.unit == second.unit).then_some(Self {
            i,
            second,
            second_is_avf: avf.is_some(),
        })
    }

    fn net(&self, qrs_s: &Range<f64>) -> Option<Net> {
        let i = over_line(self.i, qrs_s)?;
        let second = over_line(self.second, qrs_s)?;
        let avf: Vec<f64> = second
            .iter()
            .zip(&i)
            .map(|(second, i)| match self.second_is_avf {
                true => AUGMENTED * second,
                false => AUGMENTED * (second - i / 2.0),
            })
            .collect();
        Some(Net {
            whole: i.iter().zip(&avf).map(|(i, avf)| i.hypot(*avf)).sum(),
            i: i.iter().sum(),
            avf: avf.iter().sum(),
        })
    }
}

/// The samples of a stretch over the line between what lies before and after it; `None` where they are not all there.
fn over_line(lead: &Lead, range_s: &Range<f64>) -> Option<Vec<f64>> {
    let at = |time_s: f64| (time_s * lead.rate_hz).round().max(0.0) as usize;
    let beside = at(LINE_S).max(1);
    let (from, to) = (at(range_s.start), at(range_s.end));
    let whole = from.checked_sub(beside)?..to + beside;
    let missing = |gap: &Range<usize>| gap.start < whole.end && whole.start < gap.end;
    if from >= to
        || whole.end > lead.samples.len()
        || lead.gaps.iter().any(|gap| missing(&gap.range))
    {
        return None;
    }
    let values: Vec<f64> = lead
        .samples
        .values(whole)
        .into_iter()
        .map(f64::from)
        .collect();
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (before, after) = (
        mean(&values[..beside]),
        mean(&values[values.len() - beside..]),
    );
    let inner = &values[beside..values.len() - beside];
    let last = (inner.len() - 1).max(1) as f64;
    let over = inner
        .iter()
        .enumerate()
        .map(|(k, value)| value - before - (after - before) * k as f64 / last);
    Some(over.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::recording::{Samples, Scale};
    use crate::simulator::{SimulatorOptions, simulate};

    /// A recording whose leads I, II (or aVF) are the simulated lead I times these factors.
    fn turned(second: LeadName, factors: (f64, f64)) -> Measured<f64> {
        let mut recording = simulate(&SimulatorOptions::default()).recording;
        let values = recording.leads[0].samples.all_values();
        let scaled = |name: LeadName, factor: f64| {
            let counts = values
                .iter()
                .map(|mv| (f64::from(*mv) * factor * 10_000.0).round() as i32)
                .collect();
            let scale = Scale {
                gain: 10_000.0,
                baseline: 0.0,
            };
            Lead::ecg(name.label(), 500.0, Samples::from_i32(counts, scale))
        };
        recording.leads = vec![scaled(LeadName::I, factors.0), scaled(second, factors.1)];
        analyse(&recording, None).unwrap().axis_deg
    }

    #[test]
    fn known_directions_are_found() {
        // The projection of a vector of the angle a on I is cos a, on II cos(a - 60°), on aVF sin a · √3/2.
        for degrees in [-75.0_f64, -30.0, 0.0, 45.0, 100.0, 150.0, -160.0] {
            let a = degrees.to_radians();
            let ii = (a - 60.0_f64.to_radians()).cos();
            let avf = a.sin() * 3.0_f64.sqrt() / 2.0;
            for (second, factor) in [(LeadName::II, ii), (LeadName::AVF, avf)] {
                let found = turned(second, (a.cos(), factor)).value().unwrap();
                assert!(
                    (found - degrees).abs() < 1.0,
                    "{degrees} {second:?}: {found}"
                );
            }
        }
    }

    #[test]
    fn one_lead_has_no_axis() {
        let recording = simulate(&SimulatorOptions::default()).recording;
        let axis = analyse(&recording, None).unwrap().axis_deg;
        assert_eq!(axis, Measured::withheld("withheld-one-lead"));
    }
}
