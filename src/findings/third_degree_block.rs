//! Atria and ventricles that beat without each other: third-degree AV block, perhaps.

use super::{Finding, FindingRule, mean_confidence};
use crate::analysis::{Analysis, Dissociation};
use crate::inference::Call;
use crate::recording::Phrase;
use crate::signal::mean;

/// Fewest P waves seen in a window, and in what share of the pauses between beats.
const LEAST_P: usize = 6;
const LEAST_HELD: f64 = 0.6;
/// Share of the steps from P to P that fit one interval.
const EVEN: f64 = 0.8;
/// The time from the last P wave to the QRS complex scatters by this, seconds. With a conducted P it does so by a tenth of it.
const SCATTER_S: f64 = 0.09;
/// The atria are faster than the ventricles: interval of the P waves over that of the beats at most this.
const FASTER: f64 = 0.85;
/// Lowest P wave, millivolts, and over the unrest of the line.
const LEAST_MV: f64 = 0.03;
const OVER_LINE: f64 = 2.5;

/// Even P waves beside slow, even QRS complexes, with no fixed distance between the two (2018 ACC/AHA/HRS bradycardia
/// guideline: no evidence of atrioventricular conduction). Not told of paced beats, which would be even anyway. The limits
/// were set on the simulator and on LUDB, where in leads I, II and V1 of 200 people only paced ones with complete block
/// meet them; no unpaced block was at hand to try them on.
pub struct ThirdDegreeBlock;

impl FindingRule for ThirdDegreeBlock {
    fn id(&self) -> &'static str {
        "third-degree-block"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        if analysis.signs.spikes.is_some() {
            return Vec::new();
        }
        let mut episodes: Vec<Vec<&Dissociation>> = Vec::new();
        for window in analysis
            .signs
            .dissociations
            .iter()
            .filter(|found| is_block(found))
        {
            match episodes.last_mut() {
                Some(open)
                    if open
                        .last()
                        .is_some_and(|last| last.beats.end >= window.beats.start) =>
                {
                    open.push(window);
                }
                _ => episodes.push(vec![window]),
            }
        }
        episodes
            .iter()
            .filter_map(|windows| self.finding(analysis, windows))
            .collect()
    }
}

fn is_block(found: &Dissociation) -> bool {
    found.n >= LEAST_P
        && found.held >= LEAST_HELD
        && found.even >= EVEN
        && found.to_beat_sd_s >= SCATTER_S
        && found.pp_s <= FASTER * found.rr_s
        && found.height_mv >= LEAST_MV
        && found.over_line >= OVER_LINE
}

impl ThirdDegreeBlock {
    fn finding(&self, analysis: &Analysis, windows: &[&Dissociation]) -> Option<Finding> {
        let (first, last) = (windows.first()?, windows.last()?);
        let of = |of: fn(&Dissociation) -> f64| {
            mean(&windows.iter().map(|window| of(window)).collect::<Vec<_>>())
        };
        let beats: Vec<usize> = (first.beats.start..last.beats.end).collect();
        let range_s = first.range_s.start..last.range_s.end;
        let even = of(|window| window.even)?;
        Some(Finding {
            id: self.id().to_owned(),
            confidence: mean_confidence(analysis, &beats) * even as f32,
            text: Phrase::new("finding-third-degree-block")
                .with("atrial", 60.0 / of(|window| window.pp_s)?)
                .with("rate", 60.0 / of(|window| window.rr_s)?)
                .with("scatter", 1000.0 * of(|window| window.to_beat_sd_s)?)
                .with("even", even)
                .with("n", beats.len())
                .with("from", range_s.start)
                .with("to", range_s.end),
            range_s,
            beats,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::recording::{Arg, LeadName};
    use crate::simulator::{Noise, NoiseKind, Rhythm, SimulatorOptions, simulate};

    fn found(rhythm: Rhythm, rate_per_min: Option<f64>, seed: u64) -> Vec<Finding> {
        let options = SimulatorOptions {
            rhythm,
            rate_per_min,
            duration_s: 30.0,
            leads: vec![LeadName::II],
            noise: vec![Noise::throughout(NoiseKind::Muscle, 30.0)],
            seed,
            ..SimulatorOptions::default()
        };
        let analysis = analyse(&simulate(&options).recording, None).unwrap();
        ThirdDegreeBlock.find(&analysis, &[])
    }

    #[test]
    fn beats_that_no_p_wave_leads_to_are_told_with_both_rates() {
        for seed in 1..6 {
            for rate in [34.0, 40.0, 46.0] {
                let found = found(Rhythm::CompleteBlock, Some(rate), seed);
                assert_eq!(found.len(), 1, "{seed} {rate}");
                let number = |name: &str| {
                    let argument = found[0].text.args.iter().find(|(own, _)| own == name);
                    match argument {
                        Some((_, Arg::Number(value))) => *value,
                        other => panic!("{name}: {other:?}"),
                    }
                };
                assert!((number("rate") - rate).abs() < 1.5, "{:?}", found[0]);
                assert!((number("atrial") - 86.0).abs() < 5.0, "{:?}", found[0]);
            }
        }
    }

    #[test]
    fn other_rhythms_have_none() {
        for seed in 1..5 {
            for (rhythm, rate) in [
                (Rhythm::Sinus, Some(50.0)),
                (Rhythm::Sinus, Some(62.0)),
                (Rhythm::Bradycardia, None),
                (Rhythm::Wenckebach, None),
                (Rhythm::MobitzTwo, None),
                (Rhythm::TwoToOne, None),
                (Rhythm::AtrialFibrillation, Some(50.0)),
                (Rhythm::AtrialFlutter, Some(50.0)),
                (Rhythm::Paced, Some(50.0)),
                (Rhythm::PrematureAtrial, Some(55.0)),
            ] {
                assert!(found(rhythm, rate, seed).is_empty(), "{rhythm:?} {seed}");
            }
        }
    }
}
