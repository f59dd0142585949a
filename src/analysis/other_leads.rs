//! What other leads of a sheet show of the beats' classes: a beat from the ventricles may look usual in one lead.
//!
//! The networks of the classes hear one lead. Where a sheet of limb and chest leads is there, those across the heart from
//! each other are asked in turn, each of its own beats: a clear V of one of them holds, and so do two that are less clear.
//! Fewer leads are left to the analysed one: a second lead may be another chance to be misled by noise, and with two leads
//! nobody has measured it.

use super::Beat;
use super::analyse::{beats_and_quality, within_usable};
use super::axis::recorded_beside;
use super::classes::classify;
use crate::recording::{BeatCode, Lead, LeadName, Recording};

/// Leads that are asked; a recording without one of them is no sheet.
const ASKED: [LeadName; 3] = [LeadName::I, LeadName::II, LeadName::V1];
/// Longest recording, seconds: each lead asked takes as long as the analysed one.
const LONGEST_S: f64 = 600.0;
/// Beats of two leads this near, seconds, are the same: between the fiducials of a wide beat lie up to its duration.
const SAME_BEAT_S: f64 = 0.12;
/// Least confidence of a V in one lead alone that stands against N or S in the analysed one.
const ALONE_FROM: f32 = 0.7;

/// Beats of lead `index` that another lead of the sheet shows to come from the ventricles become V.
pub(super) fn hear_the_sheet(recording: &Recording, index: usize, beats: &mut [Beat]) {
    let Some(chosen) = recording.leads.get(index) else {
        return;
    };
    if chosen.samples.len() as f64 > LONGEST_S * chosen.rate_hz {
        return;
    }
    let beside = ASKED.map(|name| recorded_beside(recording, index, name));
    let Some(sheet) = beside.into_iter().collect::<Option<Vec<&Lead>>>() else {
        return;
    };
    let mut heard = vec![Heard::default(); beats.len()];
    for lead in sheet.iter().filter(|lead| lead.standard != chosen.standard) {
        let (own, quality) = beats_and_quality(lead, lead.samples.len());
        let mut own = within_usable(own, &quality);
        classify(lead, &mut own, &quality);
        hear(&own, beats, &mut heard);
    }
    overrule(beats, &heard);
}

/// What other leads say of a beat.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    /// Leads that call it V.
    leads: usize,
    /// The greatest confidence of them.
    confidence: f32,
}

/// Adds the ventricular beats of another lead, each to the nearest beat; both in order of time.
fn hear(own: &[Beat], beats: &[Beat], heard: &mut [Heard]) {
    for seen in own.iter().filter(|beat| beat.class == BeatCode::V) {
        let away = |index: &usize| (beats[*index].time_s - seen.time_s).abs();
        let next = beats.partition_point(|beat| beat.time_s < seen.time_s);
        let near = next.saturating_sub(1)..(next + 1).min(beats.len());
        let nearest = near.min_by(|a, b| away(a).total_cmp(&away(b)));
        if let Some(index) = nearest.filter(|index| away(index) <= SAME_BEAT_S) {
            let heard = &mut heard[index];
            heard.leads += 1;
            heard.confidence = heard.confidence.max(seen.class_confidence);
        }
    }
}

fn overrule(beats: &mut [Beat], heard: &[Heard]) {
    for (beat, heard) in beats.iter_mut().zip(heard) {
        let holds = heard.leads > 0
            && match beat.class {
                BeatCode::Q => true,
                BeatCode::V => heard.confidence > beat.class_confidence,
                // An early beat of the usual shape is S in the lead that does not show how wide it is.
                _ => heard.leads > 1 || heard.confidence >= ALONE_FROM,
            };
        if holds {
            (beat.class, beat.class_confidence) = (BeatCode::V, heard.confidence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::analyse::analyse;
    use super::super::testing::classed_beats;
    use super::*;
    use crate::recording::{Samples, Scale};
    use crate::simulator::{Ectopic, EctopicOrigin, SimulatorOptions, simulate};

    /// Which beats of a sheet are V, and which are in truth, where lead I shows the shape of the beat before in their
    /// place; without lead V1 it is no sheet.
    fn of_a_sheet(with_v1: bool) -> (Vec<bool>, Vec<bool>) {
        let ectopic = |at_s| Ectopic {
            at_s,
            origin: EctopicOrigin::Ventricular,
        };
        let simulation = simulate(&SimulatorOptions {
            ectopics: vec![ectopic(8.0), ectopic(19.0)],
            duration_s: 30.0,
            leads: ASKED[..if with_v1 { 3 } else { 2 }].to_vec(),
            ..SimulatorOptions::default()
        });
        let mut recording = simulation.recording;
        let beats = &simulation.truth.beats;
        let first = &mut recording.leads[0];
        let at = |time_s: f64| (time_s * first.rate_hz) as usize;
        let mut values = first.samples.all_values();
        for pair in beats.windows(2).filter(|pair| pair[1].class == BeatCode::V) {
            let from = at(pair[0].time_s - 0.15)..at(pair[0].time_s + 0.3);
            values.copy_within(from, at(pair[1].time_s - 0.15));
        }
        let scale = Scale {
            gain: 10_000.0,
            baseline: 0.0,
        };
        let counts = values
            .iter()
            .map(|mv| (f64::from(*mv) * scale.gain).round() as i32);
        let counts = Samples::from_i32(counts.collect(), scale);
        *first = Lead::ecg("I", first.rate_hz, counts);
        let found = analyse(&recording, Some(0)).unwrap().beats;
        let is_v = |beat: &Beat| beat.class == BeatCode::V;
        assert_eq!(found.len(), beats.len());
        let truth = beats.iter().map(|beat| beat.class == BeatCode::V);
        (found.iter().map(is_v).collect(), truth.collect())
    }

    #[test]
    fn a_beat_that_looks_usual_in_lead_one_is_ventricular_by_the_sheet() {
        let (found, truth) = of_a_sheet(true);
        assert_eq!(truth.iter().filter(|is_v| **is_v).count(), 2);
        assert_eq!(found, truth);
        let (found, _) = of_a_sheet(false);
        assert!(found.iter().all(|is_v| !is_v));
    }

    /// Classes after other leads have shown theirs at `confidence`, `late_s` after the beats.
    fn after(own: &str, others: &[&str], confidence: f32, late_s: f64) -> String {
        let rr_ms = vec![800.0; own.len().max(2)];
        let mut beats = classed_beats(own, &rr_ms);
        let mut heard = vec![Heard::default(); beats.len()];
        for other in others {
            let mut other = classed_beats(other, &rr_ms);
            for beat in &mut other {
                beat.time_s += late_s;
                beat.class_confidence = confidence;
            }
            hear(&other, &beats, &mut heard);
        }
        overrule(&mut beats, &heard);
        let letter = |beat: &Beat| match beat.class {
            BeatCode::S => 'S',
            BeatCode::V => 'V',
            _ => 'N',
        };
        beats.iter().map(letter).collect()
    }

    #[test]
    fn a_clear_beat_from_the_ventricles_in_another_lead_holds() {
        assert_eq!(after("NNNN", &["NVNN"], 0.8, 0.0), "NVNN");
        assert_eq!(after("NNNN", &["NVNN"], 0.6, 0.0), "NNNN");
        assert_eq!(after("NNNN", &["NVNN", "NVVN"], 0.6, 0.0), "NVNN");
        assert_eq!(after("NSNN", &["NVNN"], 0.8, 0.05), "NVNN");
        assert_eq!(after("NSNN", &["NVNN"], 0.6, -0.05), "NSNN");
        assert_eq!(after("NNNV", &["VNNN"], 0.8, 0.1), "VNNV");
    }

    #[test]
    fn beats_apart_are_others_and_no_other_class_is_taken_over() {
        assert_eq!(after("NNNN", &["NVNN"], 0.95, 0.2), "NNNN");
        assert_eq!(after("NVNN", &["NNSS", "NNSS"], 0.95, 0.0), "NVNN");
        assert_eq!(after("", &["NV"], 0.95, 0.0), "");
    }

    #[test]
    fn an_undecided_beat_takes_what_another_lead_decides() {
        let mut beats = classed_beats("NNN", &[800.0; 3]);
        (beats[1].class, beats[1].class_confidence) = (BeatCode::Q, 0.0);
        let one = Heard {
            leads: 1,
            confidence: 0.55,
        };
        overrule(&mut beats, &[Heard::default(), one, Heard::default()]);
        assert_eq!(
            (beats[1].class, beats[1].class_confidence),
            (BeatCode::V, 0.55)
        );
        assert_eq!(beats[0].class, BeatCode::N);
    }
}
