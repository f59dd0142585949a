//! Electrodes of the limbs that look swapped, where enough leads are there to tell.
//!
//! With the arms swapped lead I turns over as a whole, while V5 and V6, which look at the heart from the same side, do not;
//! a heart on the right side turns those over too. With the right leg's electrode on an arm, one limb lead lies between the
//! legs and is nearly flat (Batchvarov, Malik and Camm, Europace 9:1081, 2007).

use super::Analysis;
use super::axis::{UNSEEN_S, over_line, recorded_beside};
use super::waves::{BeatWaves, Wave};
use crate::recording::{Lead, LeadName, Recording};
use crate::signal::correlation;

/// Fewest beats, and most.
const FEWEST: usize = 3;
const MOST: usize = 60;
/// The QRS complexes of lead I and of the left chest lead run against each other: correlation at most this.
const AGAINST: f64 = -0.5;
/// The complex points so far to one side: the larger part over the smaller.
const ONE_SIDED: f64 = 1.5;
/// The P wave of lead I points down by at least this share of the complex's height, peak to peak.
const P_DOWN: f64 = 0.02;
/// A limb lead is flat whose complex, peak to peak, is this share of the other two's, or less.
const FLAT: f64 = 0.06;

/// Electrodes that look swapped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reversal {
    /// Which ones.
    pub swapped: Swapped,
    /// Beats it rests on.
    pub n: usize,
    /// Share of the beats that say so by themselves, 0 to 1.
    pub share: f64,
}

/// Pairs of electrodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Swapped {
    Arms,
    RightArmAndLeg,
    LeftArmAndRightLeg,
}

/// What the beats of a recording say of its electrodes; `None` where nothing looks swapped, or leads are not there.
pub fn reversal(recording: &Recording, analysis: &Analysis) -> Option<Reversal> {
    let lead = |name| recorded_beside(recording, analysis.lead, name);
    let beats = analysis.usual_beats(MOST);
    let one = lead(LeadName::I)?;
    if let (Some(two), Some(three)) = (lead(LeadName::II), lead(LeadName::III))
        && let Some(flat) = flat([one, two, three], &beats)
    {
        return Some(flat);
    }
    let left = lead(LeadName::V6).or_else(|| lead(LeadName::V5))?;
    arms(one, left, &beats)
}

fn complex(lead: &Lead, (time_s, waves): &(f64, &BeatWaves)) -> Option<Vec<f64>> {
    let from_s = time_s + f64::from(waves.qrs.onset_s) - UNSEEN_S;
    let to_s = time_s + f64::from(waves.qrs.end_s) + UNSEEN_S;
    over_line(lead, from_s, to_s)
}

/// Highest and lowest over the line, both at least 0.
fn reach(complex: &[f64]) -> (f64, f64) {
    let high = complex.iter().copied().fold(0.0, f64::max);
    (high, -complex.iter().copied().fold(0.0, f64::min))
}

fn arms(one: &Lead, left: &Lead, beats: &[(f64, &BeatWaves)]) -> Option<Reversal> {
    let said: Vec<bool> = beats
        .iter()
        .filter_map(|beat| turned_over(one, left, beat))
        .collect();
    most(&said, Swapped::Arms)
}

/// Whether one beat's P and QRS point down in lead I and its QRS up in the left chest lead; `None` without a P wave.
fn turned_over(one: &Lead, left: &Lead, beat: &(f64, &BeatWaves)) -> Option<bool> {
    let p = p_mv(one, beat.0, beat.1.p.ok()?)?;
    let (own, beside) = (complex(one, beat)?, complex(left, beat)?);
    let ((up, down), (left_up, left_down)) = (reach(&own), reach(&beside));
    let against = correlation(&own, &beside) <= AGAINST;
    Some(
        against
            && down >= ONE_SIDED * up
            && left_up >= ONE_SIDED * left_down
            && p <= -P_DOWN * (up + down),
    )
}

/// Mean of the middle of the P wave over the line before it.
fn p_mv(lead: &Lead, time_s: f64, p: Wave) -> Option<f64> {
    let part = over_line(
        lead,
        time_s + f64::from(p.onset_s),
        time_s + f64::from(p.end_s),
    )?;
    let middle = part.get(part.len() / 4..part.len() - part.len() / 4)?;
    (!middle.is_empty()).then(|| middle.iter().sum::<f64>() / middle.len() as f64)
}

fn flat(limbs: [&Lead; 3], beats: &[(f64, &BeatWaves)]) -> Option<Reversal> {
    let heights: Vec<[f64; 3]> = beats
        .iter()
        .filter_map(|beat| {
            let mut heights = [0.0; 3];
            for (height, lead) in heights.iter_mut().zip(limbs) {
                let (up, down) = reach(&complex(lead, beat)?);
                *height = up + down;
            }
            Some(heights)
        })
        .collect();
    let is_flat = |heights: &[f64; 3], place: usize| {
        let others = heights.iter().sum::<f64>() - heights[place];
        heights[place] <= FLAT * others / 2.0
    };
    [
        (1, Swapped::RightArmAndLeg),
        (2, Swapped::LeftArmAndRightLeg),
    ]
    .into_iter()
    .find_map(|(place, swapped)| {
        let said: Vec<bool> = heights.iter().map(|all| is_flat(all, place)).collect();
        most(&said, swapped)
    })
}

fn most(said: &[bool], swapped: Swapped) -> Option<Reversal> {
    let yes = said.iter().filter(|yes| **yes).count();
    (said.len() >= FEWEST && 2 * yes > said.len()).then(|| Reversal {
        swapped,
        n: said.len(),
        share: yes as f64 / said.len() as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::recording::Measured;
    use crate::simulator::{SimulatorOptions, simulate, twelve_leads};

    /// Twelve simulated leads, each limb lead replaced by the sum of others that a swap makes of it.
    fn swapped(weights: impl Fn(LeadName) -> Option<(f64, f64)>) -> Analysis {
        use crate::recording::Samples;
        let mut recording = simulate(&twelve_leads(&SimulatorOptions::default())).recording;
        let values = |recording: &Recording, name: LeadName| {
            let lead = recording
                .leads
                .iter()
                .find(|lead| lead.standard == Some(name));
            lead.unwrap().samples.all_values()
        };
        let (one, two) = (
            values(&recording, LeadName::I),
            values(&recording, LeadName::II),
        );
        for lead in &mut recording.leads {
            if let Some((a, b)) = lead.standard.and_then(&weights) {
                let mixed = one
                    .iter()
                    .zip(&two)
                    .map(|(one, two)| a as f32 * one + b as f32 * two);
                lead.samples = Samples::from_values(mixed.collect());
            }
        }
        analyse(&recording, None).unwrap()
    }

    #[test]
    fn what_is_right_is_not_told() {
        let found = swapped(|_| None);
        assert_eq!(found.signs.reversal, None);
        assert!(found.axis_deg.value().is_some());
    }

    #[test]
    fn swapped_arms_are_told() {
        // I turns over, II and III change places, so do aVR and aVL.
        let found = swapped(|name| match name {
            LeadName::I => Some((-1.0, 0.0)),
            LeadName::II => Some((-1.0, 1.0)),
            LeadName::III => Some((0.0, 1.0)),
            LeadName::AVR => Some((1.0, -0.5)),
            LeadName::AVL => Some((-0.5, -0.5)),
            _ => None,
        });
        let told = found.signs.reversal.map(|found| found.swapped);
        assert_eq!(told, Some(Swapped::Arms));
        // An axis of swapped electrodes would be a wrong number.
        assert_eq!(
            found.axis_deg,
            Measured::withheld("analysis-electrodes-swapped")
        );
    }

    #[test]
    fn a_leg_on_an_arm_makes_one_lead_flat() {
        // The right arm's wire on the right leg, where the potential is nearly that of the left leg: II is flat.
        let found = swapped(|name| match name {
            LeadName::I => Some((1.0, -1.0)),
            LeadName::II => Some((0.0, 0.01)),
            LeadName::III => Some((-1.0, 1.0)),
            _ => None,
        });
        assert_eq!(
            found.signs.reversal.map(|found| found.swapped),
            Some(Swapped::RightArmAndLeg)
        );
    }
}
