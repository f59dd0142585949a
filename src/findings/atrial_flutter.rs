//! An even, fast wave of the atria between the QRS complexes: atrial flutter, perhaps.

use super::{Finding, FindingRule, mean_confidence};
use crate::analysis::{Analysis, AtrialWave};
use crate::inference::Call;
use crate::recording::{BeatCode, Phrase};
use crate::signal::{mean, median, standard_deviation};
use std::ops::Range;

/// Waves per minute: the 240 to 340 of typical flutter and the slower ones under drugs (ACC/AHA/HRS guideline on
/// supraventricular tachycardia, Page et al., Circulation 133:e506, 2016); up to there the coarse waves of fibrillation
/// hold no single rate.
const RATE_PER_MIN: Range<f64> = 220.0..340.0;
/// Fewest waves a beat: with two, P and T waves of a fast sinus rhythm look the same in one lead.
const LEAST_RATIO: f64 = 2.6;
/// Most beats with a P wave but where the wave is [`CERTAIN`], and most from the ventricles.
const MOST_WITH_P: f64 = 0.4;
const MOST_VENTRICULAR: f64 = 0.2;
/// Smallest wave, millivolts: below, noise is as even.
const LEAST_MV: f64 = 0.04;
/// Least evenness, so chosen that LUDB (I and II of 200 people), QTDB and DS1 show hardly another rhythm that is so even.
const VARYING: Evenness = Evenness {
    explained: 0.42,
    in_step: 0.7,
    weakest_tenth: 0.25,
    weakest_quarter: 0.65,
};
/// The same where the beats are even too: P, T and U waves then lie in step without being flutter.
const LOCKED: Evenness = Evenness {
    explained: 0.6,
    in_step: 0.8,
    weakest_tenth: 0.5,
    weakest_quarter: 0.65,
};
/// The same where beats have P waves: what was taken for them may be the wave itself, if nothing else moves the line.
const CERTAIN: Evenness = Evenness {
    explained: 0.85,
    in_step: 0.95,
    weakest_tenth: 0.75,
    weakest_quarter: 0.8,
};
/// RR intervals that scatter by less than this share are even.
const EVEN_RR: f64 = 0.03;
/// An episode lasts so long in seconds, or this share of a shorter recording.
const LEAST_S: f64 = 12.0;
const LEAST_SHARE: f64 = 0.6;

/// Windows are of one episode where no more than a beat lies between them, seconds.
const APART_S: f64 = 2.0;

/// How even a wave must be ([`AtrialWave`]).
struct Evenness {
    explained: f64,
    in_step: f64,
    weakest_tenth: f64,
    weakest_quarter: f64,
}

impl Evenness {
    fn is_met_by(&self, wave: &AtrialWave) -> bool {
        wave.explained >= self.explained
            && wave.in_step >= self.in_step
            && wave.weakest_tenth >= self.weakest_tenth
            && wave.weakest_quarter >= self.weakest_quarter
    }
}

/// Stretches with an even wave at 220 to 340/min and at least three waves a beat, without P waves, but where those can be
/// the wave.
///
/// 2:1 conduction is not told: one lead cannot part it from sinus tachycardia.
pub struct AtrialFlutter;

/// Windows of flutter that touch.
struct Episode<'a> {
    range_s: Range<f64>,
    waves: Vec<&'a AtrialWave>,
}

impl FindingRule for AtrialFlutter {
    fn id(&self) -> &'static str {
        "atrial-flutter"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        episodes(analysis)
            .into_iter()
            .filter_map(|episode| self.finding(analysis, &episode))
            .collect()
    }
}

/// Stretches of flutter in seconds, from beat to beat.
#[must_use]
pub fn flutter_stretches(analysis: &Analysis) -> Vec<Range<f64>> {
    let range_s = |episode: Episode<'_>| episode.range_s;
    episodes(analysis).into_iter().map(range_s).collect()
}

fn episodes(analysis: &Analysis) -> Vec<Episode<'_>> {
    let mut episodes: Vec<Episode<'_>> = Vec::new();
    for wave in &analysis.signs.atrial_waves {
        if !is_even(analysis, wave) {
            continue;
        }
        match episodes.last_mut() {
            Some(open) if open.range_s.end + APART_S >= wave.range_s.start => {
                open.range_s.end = wave.range_s.end;
                open.waves.push(wave);
            }
            _ => episodes.push(Episode {
                range_s: wave.range_s.clone(),
                waves: vec![wave],
            }),
        }
    }
    let all_s = match (analysis.beats.first(), analysis.beats.last()) {
        (Some(first), Some(last)) => last.time_s - first.time_s,
        _ => 0.0,
    };
    let least_s = LEAST_S.min(LEAST_SHARE * all_s);
    episodes.retain(|episode| episode.range_s.end - episode.range_s.start >= least_s);
    episodes
}

fn is_even(analysis: &Analysis, wave: &AtrialWave) -> bool {
    let rr_s = rr_s(analysis, &wave.range_s);
    let (Some(usual_s), Some(mean_s), Some(spread_s)) =
        (median(&rr_s), mean(&rr_s), standard_deviation(&rr_s))
    else {
        return false;
    };
    let beats = beats_within(analysis, &wave.range_s);
    let is_ventricular = |beat: &&usize| {
        let class = analysis.beats.get(**beat).map(|beat| beat.class);
        matches!(class, Some(BeatCode::V | BeatCode::F))
    };
    let ventricular = beats.iter().filter(is_ventricular).count() as f64;
    let needed = if wave.with_p > MOST_WITH_P {
        &CERTAIN
    } else if spread_s < EVEN_RR * mean_s {
        &LOCKED
    } else {
        &VARYING
    };
    RATE_PER_MIN.contains(&wave.rate_per_min)
        && wave.rate_per_min / 60.0 * usual_s >= LEAST_RATIO
        && wave.amplitude_mv >= LEAST_MV
        && ventricular <= MOST_VENTRICULAR * beats.len() as f64
        && analysis.signs.spikes.is_none()
        && needed.is_met_by(wave)
}

fn beats_within(analysis: &Analysis, range_s: &Range<f64>) -> Vec<usize> {
    let beats = &analysis.beats;
    let from = beats.partition_point(|beat| beat.time_s < range_s.start);
    let to = beats.partition_point(|beat| beat.time_s <= range_s.end);
    (from..to).collect()
}

fn rr_s(analysis: &Analysis, range_s: &Range<f64>) -> Vec<f64> {
    let beats = beats_within(analysis, range_s);
    beats
        .iter()
        .skip(1)
        .filter_map(|&index| {
            let beat = analysis.beats.get(index).filter(|beat| beat.follows)?;
            Some(beat.time_s - analysis.beats.get(index - 1)?.time_s)
        })
        .collect()
}

impl AtrialFlutter {
    fn finding(&self, analysis: &Analysis, episode: &Episode<'_>) -> Option<Finding> {
        let Episode { range_s, waves } = episode;
        let of = |of: fn(&AtrialWave) -> f64| {
            median(&waves.iter().map(|wave| of(wave)).collect::<Vec<_>>())
        };
        let rate_per_min = of(|wave| wave.rate_per_min)?;
        let explained = of(|wave| wave.explained)?;
        let ratio = rate_per_min / 60.0 * median(&rr_s(analysis, range_s))?;
        let beats = beats_within(analysis, range_s);
        Some(Finding {
            id: self.id().to_owned(),
            confidence: mean_confidence(analysis, &beats) * explained as f32,
            text: Phrase::new("finding-atrial-flutter")
                .with("rate", rate_per_min)
                .with("ratio", ratio)
                .with("explained", explained)
                .with("n", beats.len())
                .with("from", range_s.start)
                .with("to", range_s.end),
            range_s: range_s.clone(),
            beats,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::recording::LeadName;
    use crate::simulator::{Noise, NoiseKind, Rhythm, RhythmChange, SimulatorOptions, simulate};

    fn options(rhythm: Rhythm, rate_per_min: Option<f64>, seed: u64) -> SimulatorOptions {
        SimulatorOptions {
            rhythm,
            rate_per_min,
            duration_s: 40.0,
            leads: vec![LeadName::II],
            // Waves of 0.4 mV from peak to peak, and T waves no higher.
            f_scale: 1.3,
            t_scale: 0.5,
            noise: vec![Noise::throughout(NoiseKind::Muscle, 30.0)],
            seed,
            ..SimulatorOptions::default()
        }
    }

    fn found(options: &SimulatorOptions) -> Vec<Finding> {
        AtrialFlutter.find(&analyse(&simulate(options).recording, None).unwrap(), &[])
    }

    #[test]
    fn flutter_that_conducts_now_more_and_now_less_is_told_with_its_rate() {
        for seed in 1..4 {
            let varying = SimulatorOptions {
                rr_variability: Some(0.25),
                ..options(Rhythm::AtrialFlutter, Some(80.0), seed)
            };
            let found = found(&varying);
            assert_eq!(found.len(), 1, "{seed}");
            assert!(
                found[0].range_s.end - found[0].range_s.start > 25.0,
                "{:?}",
                found[0]
            );
        }
    }

    #[test]
    fn other_rhythms_and_noise_are_none() {
        for seed in 1..4 {
            for (rhythm, rate) in [
                (Rhythm::Sinus, None),
                (Rhythm::Sinus, Some(90.0)),
                (Rhythm::Tachycardia, Some(125.0)),
                (Rhythm::Tachycardia, Some(150.0)),
                (Rhythm::AtrialFibrillation, None),
                (Rhythm::AtrialFibrillation, Some(110.0)),
                (Rhythm::Paced, None),
                (Rhythm::Bigeminy, None),
                (Rhythm::SupraventricularTachycardia, None),
            ] {
                let mut options = options(rhythm, rate, seed);
                assert!(found(&options).is_empty(), "{rhythm:?} {rate:?} {seed}");
                options.noise = vec![
                    Noise::throughout(NoiseKind::Mains { hz: 50.0 }, 15.0),
                    Noise::throughout(NoiseKind::Muscle, 18.0),
                ];
                assert!(
                    found(&options).is_empty(),
                    "{rhythm:?} {rate:?} {seed} noise"
                );
            }
        }
    }

    #[test]
    fn waves_that_were_taken_for_p_waves_are_one_episode_over_windows_that_touch() {
        let mut regular = super::super::testing::analysis(&[0.8; 60]);
        let window = |from_s: f64| AtrialWave {
            range_s: from_s + 0.3..from_s + 9.8,
            rate_per_min: 300.0,
            amplitude_mv: 0.12,
            explained: 0.95,
            in_step: 0.98,
            weakest_tenth: 0.9,
            weakest_quarter: 0.95,
            with_p: 1.0,
        };
        regular.signs.atrial_waves = [0.0, 10.0, 20.0, 30.0].map(window).to_vec();
        let found = AtrialFlutter.find(&regular, &[]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].range_s, 0.3..39.8);
        // P and T waves of a sinus rhythm leave the line still.
        for wave in &mut regular.signs.atrial_waves {
            wave.weakest_tenth = 0.3;
        }
        assert!(AtrialFlutter.find(&regular, &[]).is_empty());
    }

    #[test]
    fn an_episode_begins_about_where_it_does() {
        let options = SimulatorOptions {
            duration_s: 90.0,
            changes: vec![RhythmChange {
                at_s: 40.0,
                rhythm: Rhythm::AtrialFlutter,
                rate_per_min: Some(75.0),
            }],
            ..options(Rhythm::Sinus, Some(70.0), 2)
        };
        let found = found(&options);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            (found[0].range_s.start - 40.0).abs() < 8.0,
            "{:?}",
            found[0].range_s
        );
        assert!(found[0].range_s.end > 80.0, "{:?}", found[0].range_s);
    }
}
