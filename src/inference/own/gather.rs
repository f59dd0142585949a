//! From a recording to the leads that a user's model asks for: by name, in its order, in millivolts. What is missing, has
//! no unit, or cannot be the voltage of a heart is refused here, before any model sees it.

use super::super::InferenceError;
use super::manifest::canonical;
use crate::recording::{Lead, LeadName, Recording, SignalKind, Unit};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Longest stretch that is given to a user's model, in seconds.
pub const MAX_STRETCH_S: f64 = 600.0;

/// Least voltage from lowest to highest within two seconds, typical of the tallest lead, in millivolts: below it the
/// numbers are of another unit, or no heart is seen.
pub const LEAST_MV: f64 = 0.05;

/// Most voltage from lowest to highest within two seconds, typical of any lead, in millivolts. QRS complexes reach 5 to 7;
/// the same numbers in another unit are a thousand times as large.
pub const MOST_MV: f64 = 30.0;

/// A lead that varies less than this carries nothing, in millivolts.
const FLAT_MV: f64 = 1e-4;

/// Length of the pieces whose voltage is looked at, in seconds: at least a beat in each.
const PIECE_S: f64 = 2.0;

/// One lead of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnLead {
    /// The recording's own name of it.
    pub name: String,
    /// Samples per second.
    pub rate_hz: f64,
    /// Millivolts; travel between workers as a buffer of their own.
    #[serde(skip)]
    pub values_mv: Vec<f32>,
    /// Stretches without samples, in indices of `values_mv`.
    pub gaps: Vec<Range<usize>>,
}

/// What a user's model is asked: its leads over a stretch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnRequest {
    /// Leads in the model's order.
    pub leads: Vec<OwnLead>,
    /// Seconds from the recording's start.
    pub from_s: f64,
    /// Seconds, exclusive.
    pub to_s: f64,
}

/// Takes the leads `wanted` (in that order) from a recording: all of it, or of a longer one [`MAX_STRETCH_S`] from
/// `from_s` on.
///
/// Names are compared as lead names (`Lead II`, `MLII` and `ii` are one lead), others letter by letter but for case. Of
/// two leads of one name a stored one goes before a computed one.
///
/// # Errors
/// [`InferenceError::MissingLeads`] with their names; [`InferenceError::NoUnit`] for a lead that is not in millivolts;
/// [`InferenceError::Flat`] and [`InferenceError::Voltage`] for what cannot be an ECG in millivolts.
pub fn gather(
    recording: &Recording,
    wanted: &[String],
    from_s: f64,
) -> Result<OwnRequest, InferenceError> {
    let leads = chosen(recording, wanted)?;
    if let Some(lead) = leads.iter().find(|lead| lead.unit != Unit::Millivolt) {
        return Err(InferenceError::NoUnit {
            lead: lead.name.clone(),
        });
    }
    let shortest_s = leads
        .iter()
        .map(|lead| lead.duration_s())
        .fold(f64::INFINITY, f64::min);
    let from_s = if shortest_s <= MAX_STRETCH_S {
        0.0
    } else {
        from_s.clamp(0.0, shortest_s - MAX_STRETCH_S)
    };
    let to_s = shortest_s.min(from_s + MAX_STRETCH_S);
    let request = OwnRequest {
        leads: leads.iter().map(|lead| cut(lead, from_s, to_s)).collect(),
        from_s,
        to_s,
    };
    check_voltage(&request.leads)?;
    Ok(request)
}

fn chosen<'a>(
    recording: &'a Recording,
    wanted: &[String],
) -> Result<Vec<&'a Lead>, InferenceError> {
    let ecg = || {
        let leads = recording.leads.iter();
        leads.filter(|lead| lead.kind == SignalKind::Ecg)
    };
    let key = |lead: &Lead| {
        let named = lead.standard.map(LeadName::label).map(str::to_owned);
        named.unwrap_or_else(|| canonical(&lead.name))
    };
    let found: Vec<Option<&Lead>> = wanted
        .iter()
        .map(|name| {
            let name = canonical(name);
            ecg()
                .filter(|lead| key(lead) == name)
                .min_by_key(|lead| lead.derived)
        })
        .collect();
    let missing: Vec<&str> = wanted
        .iter()
        .zip(&found)
        .filter(|(_, lead)| lead.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(found.into_iter().flatten().collect());
    }
    let there: Vec<&str> = ecg().map(|lead| lead.name.as_str()).collect();
    Err(InferenceError::MissingLeads {
        missing: missing.join(", "),
        there: there.join(", "),
    })
}

fn cut(lead: &Lead, from_s: f64, to_s: f64) -> OwnLead {
    let at = |time_s: f64| ((time_s * lead.rate_hz).round() as usize).min(lead.samples.len());
    let range = at(from_s)..at(to_s);
    let within = |at: usize| at.clamp(range.start, range.end) - range.start;
    OwnLead {
        name: lead.name.clone(),
        rate_hz: lead.rate_hz,
        values_mv: lead.samples.values(range.clone()),
        gaps: lead
            .gaps_within(range.clone())
            .map(|gap| within(gap.range.start)..within(gap.range.end))
            .collect(),
    }
}

/// The same ECG a thousand times as large or as small is one whose unit was misread; a model would answer all the same.
fn check_voltage(leads: &[OwnLead]) -> Result<(), InferenceError> {
    let typical: Vec<f64> = leads.iter().map(typical_mv).collect();
    let flat: Vec<&str> = leads
        .iter()
        .zip(&typical)
        .filter(|(_, mv)| **mv < FLAT_MV)
        .map(|(lead, _)| lead.name.as_str())
        .collect();
    let tallest = typical.iter().copied().fold(0.0, f64::max);
    if (LEAST_MV..=MOST_MV).contains(&tallest) {
        return if flat.is_empty() {
            Ok(())
        } else {
            Err(InferenceError::Flat {
                leads: flat.join(", "),
            })
        };
    }
    let lead = leads
        .iter()
        .zip(&typical)
        .find(|(_, mv)| **mv == tallest)
        .map(|(lead, _)| lead.name.clone());
    Err(InferenceError::Voltage {
        lead: lead.unwrap_or_default(),
        found_mv: tallest,
        least_mv: LEAST_MV,
        most_mv: MOST_MV,
    })
}

/// Median over pieces of the distance from lowest to highest value, in millivolts; 0 without values.
fn typical_mv(lead: &OwnLead) -> f64 {
    let piece = ((lead.rate_hz * PIECE_S) as usize).max(1);
    let mut spans: Vec<f64> = lead
        .values_mv
        .chunks(piece)
        .filter_map(|values| {
            let finite = || values.iter().copied().filter(|value| value.is_finite());
            let (low, high) = (finite().reduce(f32::min)?, finite().reduce(f32::max)?);
            Some(f64::from(high - low))
        })
        .collect();
    crate::signal::median_of_mut(&mut spans).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Gap, GapReason, Samples};
    use crate::simulator::{SimulatorOptions, simulate, twelve_leads};

    fn twelve() -> Recording {
        let options = SimulatorOptions {
            duration_s: 10.0,
            ..SimulatorOptions::default()
        };
        simulate(&twelve_leads(&options)).recording
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    /// The recording with each value multiplied.
    fn times(mut recording: Recording, factor: f32) -> Recording {
        for lead in &mut recording.leads {
            let values = lead.samples.all_values();
            lead.samples = Samples::from_values(values.iter().map(|v| v * factor).collect());
        }
        recording
    }

    #[test]
    fn leads_come_in_the_models_order_whatever_the_files() {
        let plain = twelve();
        let mut permuted = plain.clone();
        permuted.leads.reverse();
        permuted.leads.rotate_left(5);
        let wanted = names(&["V6", "Lead ii", "avR"]);
        let request = gather(&plain, &wanted, 0.0).unwrap();
        let order: Vec<&str> = request
            .leads
            .iter()
            .map(|lead| lead.name.as_str())
            .collect();
        assert_eq!(order, ["V6", "II", "aVR"]);
        assert_eq!(gather(&permuted, &wanted, 0.0).unwrap(), request);
    }

    #[test]
    fn missing_leads_are_named_with_those_that_are_there() {
        let mut recording = twelve();
        recording
            .leads
            .retain(|lead| !["V2", "aVF"].contains(&lead.name.as_str()));
        match gather(&recording, &names(&["I", "V2", "aVF", "VX"]), 0.0) {
            Err(InferenceError::MissingLeads { missing, there }) => {
                assert_eq!(missing, "V2, aVF, VX");
                assert!(there.starts_with("I, II, III"), "{there}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_same_ecg_a_thousand_times_as_large_or_small_is_refused() {
        for factor in [1000.0, 0.001] {
            let other = times(twelve(), factor);
            match gather(&other, &names(&["I", "II"]), 0.0) {
                Err(InferenceError::Voltage { lead, .. }) => assert_eq!(lead, "II"),
                other => panic!("{factor}: {other:?}"),
            }
        }
        for factor in [0.3, 5.0] {
            assert!(gather(&times(twelve(), factor), &names(&["I", "II"]), 0.0).is_ok());
        }
    }

    #[test]
    fn counts_of_unknown_size_and_flat_leads_are_refused_by_name() {
        let mut recording = twelve();
        recording.leads[1].unit = Unit::Counts;
        match gather(&recording, &names(&["I", "II"]), 0.0) {
            Err(InferenceError::NoUnit { lead }) => assert_eq!(lead, "II"),
            other => panic!("{other:?}"),
        }
        let mut recording = twelve();
        recording.leads[7].samples = Samples::from_values(vec![0.25; 5000]);
        match gather(&recording, &names(&["I", "V2"]), 0.0) {
            Err(InferenceError::Flat { leads }) => assert_eq!(leads, "V2"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn of_a_long_recording_ten_minutes_from_where_the_reader_looks() {
        let mut lead = Lead::ecg(
            "I",
            10.0,
            Samples::from_values((0..12_000).map(|k| (k % 10) as f32 * 0.1).collect()),
        );
        lead.gaps.push(Gap {
            range: 1990..2010,
            reason: GapReason::Missing,
        });
        let recording = Recording {
            leads: vec![lead],
            ..twelve()
        };
        let request = gather(&recording, &names(&["I"]), 200.0).unwrap();
        assert_eq!((request.from_s, request.to_s), (200.0, 800.0));
        assert_eq!(request.leads[0].values_mv.len(), 6000);
        assert_eq!(request.leads[0].gaps, vec![Range { start: 0, end: 10 }]);
        let last = gather(&recording, &names(&["I"]), 1e9).unwrap();
        assert_eq!((last.from_s, last.to_s), (600.0, 1200.0));
    }
}
