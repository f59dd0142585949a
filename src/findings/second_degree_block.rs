//! P waves that are not conducted at the rate of the sinus node: second-degree AV block, perhaps.

use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::analysis::waves::{BeatWaves, LoneP};
use crate::inference::Call;
use crate::recording::Phrase;
use crate::signal::median;

/// Fewest P waves without an answer: one may be a wave that looks so.
const FEWEST: usize = 2;
/// The lone P divides the interval between the P waves around it evenly, to this share: an early one is an extra beat of
/// the atria, which may rightly find the AV node refractory.
const EVEN: f64 = 0.08;
/// A beat is missing where the interval is this many times those of the beats around, of which so many to either side are
/// looked at.
const PAUSE: f64 = 1.5;
const NEAR: usize = 8;
/// Shortest interval of the ventricles in 2:1 conduction, seconds: the sinus node at 120/min. In faster hearts a U wave lies
/// where the other P wave would.
const SLOW_S: f64 = 1.0;
/// PR before the pause is longer than after it by this, seconds: type I; by less than half of this to either side: type II
/// (Mobitz, Z Ges Exp Med 41:180, 1924; ACC/AHA/HRS bradycardia guideline 2018).
const LONGER_S: f64 = 0.04;
/// Fewest beats in a row, each followed by a lone P: every second P is conducted.
const FEWEST_TWO_TO_ONE: usize = 3;

/// Beats missing where the atria were on time. At least two; a lead that shows no P waves shows none of this. A PR interval
/// that grows by much hides the P waves from the delineator, and the block with them.
pub struct SecondDegreeBlock;

/// What the P waves around a missing beat say.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Missing {
    /// The beat before it.
    after: usize,
    /// Interval between the beats around it, seconds.
    rr_s: f64,
    /// PR before less PR after, seconds.
    longer_s: f64,
    likeness: f64,
}

impl FindingRule for SecondDegreeBlock {
    fn id(&self) -> &'static str {
        "second-degree-block"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        let missing: Vec<Missing> = analysis
            .signs
            .lone_p
            .iter()
            .filter_map(|lone| missing(analysis, lone))
            .collect();
        let two_to_one = in_a_row(&missing);
        let missing: Vec<Missing> = missing
            .into_iter()
            .filter(|missing| match two_to_one {
                true => missing.rr_s >= SLOW_S,
                false => is_pause(analysis, missing),
            })
            .collect();
        self.finding(analysis, &missing).into_iter().collect()
    }
}

/// Whether every second P wave is conducted somewhere: beats in a row, each followed by a lone P.
fn in_a_row(missing: &[Missing]) -> bool {
    let next = |pair: &[Missing]| pair[1].after == pair[0].after + 1 && pair[1].rr_s >= SLOW_S;
    missing
        .windows(FEWEST_TWO_TO_ONE)
        .any(|row| row.windows(2).all(next))
}

/// Whether the interval is long beside those of the beats around.
fn is_pause(analysis: &Analysis, missing: &Missing) -> bool {
    let around = missing.after.saturating_sub(NEAR)..missing.after + NEAR;
    let beats = &analysis.beats;
    let intervals: Vec<f64> = around
        .filter(|&beat| beat != missing.after)
        .filter_map(|beat| {
            let (own, next) = (beats.get(beat)?, beats.get(beat + 1)?);
            next.follows.then_some(next.time_s - own.time_s)
        })
        .collect();
    median(&intervals).is_some_and(|usual_s| missing.rr_s >= PAUSE * usual_s)
}

/// A lone P on time between two beats with P waves.
fn missing(analysis: &Analysis, lone: &LoneP) -> Option<Missing> {
    let waves = |beat: usize| -> Option<&BeatWaves> {
        let at = analysis
            .waves
            .binary_search_by_key(&beat, |waves| waves.beat)
            .ok()?;
        analysis.waves.get(at)
    };
    let p_s = |beat: usize| -> Option<(f64, f64)> {
        let (own, p) = (waves(beat)?, waves(beat)?.p.ok()?);
        let time_s = analysis.beats.get(beat)?.time_s;
        let pr_s = f64::from(own.qrs.onset_s - p.onset_s);
        Some((time_s + f64::from(p.peak_s), pr_s))
    };
    let (before_s, pr_before_s) = p_s(lone.after)?;
    let (after_s, pr_after_s) = p_s(lone.after + 1)?;
    let (first_s, second_s) = (lone.peak_s - before_s, after_s - lone.peak_s);
    let is_even = (first_s - second_s).abs() <= EVEN * (first_s + second_s);
    let beat_s = |beat: usize| Some(analysis.beats.get(beat)?.time_s);
    let rr_s = beat_s(lone.after + 1)? - beat_s(lone.after)?;
    is_even.then_some(Missing {
        after: lone.after,
        rr_s,
        longer_s: pr_before_s - pr_after_s,
        likeness: lone.likeness,
    })
}

impl SecondDegreeBlock {
    fn finding(&self, analysis: &Analysis, missing: &[Missing]) -> Option<Finding> {
        if missing.len() < FEWEST {
            return None;
        }
        let longer: Vec<f64> = missing.iter().map(|missing| missing.longer_s).collect();
        let longer_s = median(&longer)?;
        let text = if in_a_row(missing) {
            "finding-second-degree-block-two-to-one"
        } else if longer_s >= LONGER_S {
            "finding-second-degree-block-one"
        } else if longer_s.abs() < LONGER_S / 2.0 {
            "finding-second-degree-block-two"
        } else {
            "finding-second-degree-block"
        };
        let beats: Vec<usize> = missing
            .iter()
            .flat_map(|missing| [missing.after, missing.after + 1])
            .collect();
        let (first, last) = (
            analysis.beats.get(*beats.first()?)?,
            analysis.beats.get(*beats.last()?)?,
        );
        let likeness = missing.iter().map(|missing| missing.likeness).sum::<f64>();
        Some(Finding {
            id: self.id().to_owned(),
            range_s: first.time_s..last.time_s,
            confidence: (likeness / missing.len() as f64) as f32,
            text: Phrase::new(text)
                .with("n", missing.len())
                .with("longer", longer_s * 1000.0)
                .with("from", first.time_s)
                .with("to", last.time_s),
            beats,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::with_p_waves;
    use super::*;
    use crate::analysis::analyse;
    use crate::simulator::{Noise, NoiseKind, Rhythm, SimulatorOptions, simulate};

    fn found(rhythm: Rhythm, seed: u64) -> Vec<Finding> {
        let options = SimulatorOptions {
            rhythm,
            duration_s: 60.0,
            noise: vec![Noise::throughout(NoiseKind::Muscle, 32.0)],
            seed,
            ..SimulatorOptions::default()
        };
        let analysis = analyse(&simulate(&options).recording, None).unwrap();
        SecondDegreeBlock.find(&analysis, &[])
    }

    #[test]
    fn each_type_is_told_by_its_name() {
        for seed in 1..4 {
            for (rhythm, id) in [
                (Rhythm::MobitzTwo, "finding-second-degree-block-two"),
                (Rhythm::TwoToOne, "finding-second-degree-block-two-to-one"),
            ] {
                let found = found(rhythm, seed);
                assert_eq!(found.len(), 1, "{rhythm:?} {seed}");
                assert_eq!(found[0].text.id, id, "{rhythm:?} {seed}");
            }
        }
    }

    #[test]
    fn a_pr_that_has_grown_before_the_pause_is_type_one() {
        // 0.8 s a beat; after beats 4 and 9 one is missing.
        let rr: Vec<f64> = (1..15)
            .map(|beat| if beat % 5 == 0 { 1.6 } else { 0.8 })
            .collect();
        let mut grown = with_p_waves(super::super::testing::analysis(&rr), |_| true);
        let lone = |after: usize, at_s: f64| LoneP {
            after,
            peak_s: at_s,
            likeness: 0.95,
        };
        let peak_s = |analysis: &Analysis, beat: usize| analysis.beats[beat].time_s - 0.13;
        for before in [4, 9] {
            let at_s = peak_s(&grown, before) + 0.78;
            grown.signs.lone_p.push(lone(before, at_s));
            let p = grown.waves[before].p.as_mut().unwrap();
            p.onset_s -= 0.06;
            p.peak_s -= 0.06;
            p.end_s -= 0.06;
        }
        let found = SecondDegreeBlock.find(&grown, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].text.id, "finding-second-degree-block-one");
        assert_eq!(found[0].beats, [4, 5, 9, 10]);
        // Early ones are extra beats of the atria.
        for lone in &mut grown.signs.lone_p {
            lone.peak_s -= 0.25;
        }
        assert!(SecondDegreeBlock.find(&grown, &[]).is_empty());
    }

    #[test]
    fn other_rhythms_have_none() {
        for seed in 1..4 {
            for rhythm in [
                Rhythm::Sinus,
                Rhythm::Bradycardia,
                Rhythm::Pause,
                Rhythm::PrematureAtrial,
                Rhythm::PrematureVentricular,
                Rhythm::AtrialFibrillation,
                Rhythm::AtrialFlutter,
            ] {
                assert!(found(rhythm, seed).is_empty(), "{rhythm:?} {seed}");
            }
        }
    }
}
