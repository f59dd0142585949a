//! Real noise added to clean records, as the program `nst` of the WFDB package does (Moody, Muldrow, Mark, Computers in
//! Cardiology 11:381, 1984).
//!
//! Five minutes stay clean, then two minutes with noise and two without alternate. Each lead's noise is scaled by itself:
//! SNR = 10 log10(S / (N a²)) with S an eighth of the square of the usual QRS's height, peak to peak, and N the square of
//! the noise's usual root mean square within a second. That is no ratio of powers of the two traces; say "nst dB".

use super::{ClassMap, beat_class};
use crate::recording::{Annotation, BeatCode, Lead, Recording, Samples};
use std::ops::Range;

/// Seconds before the first noise, and of each stretch with it and without it.
const CLEAN_S: f64 = 300.0;
const STRETCH_S: f64 = 120.0;
/// Half the width around a beat in seconds in which its height is taken.
const QRS_S: f64 = 0.05;
/// Beats and seconds of noise that the scale rests on.
const COUNTED: usize = 300;
/// Part of them that is left out at either end.
const LEFT_OUT: f64 = 0.05;

/// The stretches with noise of a record of this length, in seconds.
#[must_use]
pub fn noisy_stretches(duration_s: f64) -> Vec<Range<f64>> {
    (0..)
        .map(|index| CLEAN_S + 2.0 * STRETCH_S * f64::from(index))
        .take_while(|start_s| *start_s < duration_s)
        .map(|start_s| start_s..(start_s + STRETCH_S).min(duration_s))
        .collect()
}

/// The record with noise at `snr_db`: lead by lead, the last lead of the noise also for those beyond it. `offset_s` moves
/// the noise against the record; `nst` has none. `None` where the record has no annotated normal beats or the noise does
/// not fit (no lead, another rate, no swing).
#[must_use]
pub fn with_noise(
    recording: &Recording,
    noise: &Recording,
    snr_db: f64,
    offset_s: f64,
) -> Option<Recording> {
    let mut noisy = recording.clone();
    for (index, lead) in noisy.leads.iter_mut().enumerate() {
        let added = noise.leads.get(index).or(noise.leads.last())?;
        if added.rate_hz != lead.rate_hz {
            return None;
        }
        let gain = gain(lead, &recording.annotations, added, snr_db)?;
        let values = mixed(lead, added, gain, offset_s);
        lead.samples = Samples::from_values(values);
    }
    Some(noisy)
}

/// What the noise is multiplied by: `a` of the formula above.
fn gain(lead: &Lead, annotations: &[Annotation], noise: &Lead, snr_db: f64) -> Option<f64> {
    let height = usual(heights(lead, annotations))?;
    let size = usual(sizes(noise))?;
    let gain = (height * height / 8.0 / 10.0_f64.powf(snr_db / 10.0)).sqrt() / size;
    gain.is_finite().then_some(gain)
}

/// Heights of the first normal QRS complexes (bundle branch blocks among them), peak to peak.
fn heights(lead: &Lead, annotations: &[Annotation]) -> Vec<f64> {
    annotations
        .iter()
        .filter(|mark| beat_class(&mark.code, ClassMap::Bxb) == Some(BeatCode::N))
        .take(COUNTED)
        .filter_map(|mark| {
            let at = |offset_s: f64| ((mark.time_s + offset_s) * lead.rate_hz).round().max(0.0);
            let range = at(-QRS_S) as usize..(at(QRS_S) as usize + 1).min(lead.samples.len());
            let values = lead.samples.values(range);
            let high = values.iter().copied().reduce(f32::max)?;
            let low = values.iter().copied().reduce(f32::min)?;
            Some(f64::from(high - low))
        })
        .collect()
}

/// Root mean squares of the first seconds, each about its own mean.
fn sizes(noise: &Lead) -> Vec<f64> {
    let second = noise.rate_hz.round().max(1.0) as usize;
    let values = noise
        .samples
        .values(0..(COUNTED * second).min(noise.samples.len()));
    values
        .chunks_exact(second)
        .map(|part| {
            let mean = part.iter().map(|v| f64::from(*v)).sum::<f64>() / second as f64;
            let sum: f64 = part.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum();
            (sum / second as f64).sqrt()
        })
        .collect()
}

/// Mean without the largest and the smallest.
fn usual(mut values: Vec<f64>) -> Option<f64> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let out = (values.len() as f64 * LEFT_OUT).round() as usize;
    let kept = values.get(out..values.len() - out)?;
    (!kept.is_empty()).then(|| kept.iter().sum::<f64>() / kept.len() as f64)
}

/// The lead's samples with noise in its stretches. The trace never jumps: where noise begins or ends, what follows is
/// shifted to where the trace was.
fn mixed(lead: &Lead, noise: &Lead, gain: f64, offset_s: f64) -> Vec<f32> {
    let mut values = lead.samples.all_values();
    let added = noise.samples.all_values();
    let duration_s = values.len() as f64 / lead.rate_hz;
    let sample = |time_s: f64| (time_s * lead.rate_hz).round() as usize;
    let mut shift = 0.0;
    let mut at = 0;
    for stretch in noisy_stretches(duration_s) {
        let (start, end) = (sample(stretch.start), sample(stretch.end).min(values.len()));
        for value in &mut values[at..start] {
            *value += shift as f32;
        }
        let from = start + sample(offset_s);
        let of = |index: usize| gain * f64::from(added.get(index).copied().unwrap_or(0.0));
        shift -= of(from);
        for (place, value) in values[start..end].iter_mut().enumerate() {
            *value = (f64::from(*value) + of(from + place) + shift) as f32;
        }
        shift += of(from + end.saturating_sub(start + 1));
        at = end;
    }
    for value in &mut values[at..] {
        *value += shift as f32;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::testing::{data_folder, record};

    #[test]
    fn noise_begins_at_five_minutes_and_stays_two() {
        assert!(noisy_stretches(300.0).is_empty());
        assert_eq!(noisy_stretches(430.0), [300.0..420.0]);
        assert_eq!(noisy_stretches(600.0), [300.0..420.0, 540.0..600.0]);
    }

    #[test]
    fn what_is_usual_leaves_out_a_twentieth_at_either_end() {
        let mut values: Vec<f64> = vec![2.0; 18];
        values.extend([-1e6, 1e9]);
        assert_eq!(usual(values), Some(2.0));
        assert_eq!(usual(Vec::new()), None);
    }

    /// Gains of the mixes that were published with the database, measured in them (seconds 300 to 420, least squares).
    #[test]
    fn gains_are_those_of_the_published_mixes() {
        let (Some(records), Some(noise)) = (data_folder("mitdb-ds1"), data_folder("nstdb")) else {
            println!("skipped: no data");
            return;
        };
        let noise = record(&noise, "em");
        for (name, snr_db, expected) in [
            ("118", 6.0, [1.483, 3.824]),
            ("118", 0.0, [2.960, 7.639]),
            ("119", 12.0, [0.644, 1.064]),
            ("119", -6.0, [5.115, 8.461]),
        ] {
            let clean = record(&records, name);
            for (lead, expected) in expected.into_iter().enumerate() {
                let found = gain(
                    &clean.leads[lead],
                    &clean.annotations,
                    &noise.leads[lead],
                    snr_db,
                );
                let found = found.unwrap();
                assert!(
                    (found / expected - 1.0).abs() < 0.025,
                    "{name} lead {lead} at {snr_db} dB: {found}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn outside_the_stretches_only_the_offset_changes() {
        let flat = |value: f32| Lead::ecg("I", 10.0, Samples::from_values(vec![value; 6000]));
        let ramp: Vec<f32> = (0..6000).map(|index| (index % 7) as f32).collect();
        let noise = Lead::ecg("I", 10.0, Samples::from_values(ramp.clone()));
        let values = mixed(&flat(1.0), &noise, 2.0, 0.0);
        assert!(values[..3000].iter().all(|value| *value == 1.0));
        for (index, value) in values.iter().enumerate().take(4200).skip(3000) {
            let expected = 1.0 + 2.0 * (ramp[index] - ramp[3000]);
            assert!((value - expected).abs() < 1e-4, "{index}: {value}");
        }
        assert!(
            values[4200..5400]
                .iter()
                .all(|value| *value == values[4199])
        );
    }
}
