//! What single findings ask of the trace, beyond beats and waves: heights beat by beat, spikes of a pacemaker, waves
//! between the QRS complexes.

use super::reversal::Reversal;
use super::waves::LoneP;
use super::{AtrialWave, Beat, Dissociation};
use crate::recording::{Lead, LeadName};
use crate::signal::{median, median_of_mut};
use std::ops::Range;

/// What only findings ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signs {
    /// The standard lead that was measured, where its name tells.
    pub lead: Option<LeadName>,
    /// P waves without a QRS complex after them, in order.
    pub lone_p: Vec<LoneP>,
    /// Height of each beat's fiducial over the line before it, millivolts with its sign; NaN where samples are missing.
    pub heights_mv: Vec<f32>,
    /// Spikes of a pacemaker, where there are any.
    pub spikes: Option<Spikes>,
    /// The most even wave between the QRS complexes, in windows of ten seconds.
    pub atrial_waves: Vec<AtrialWave>,
    /// Bumps of the width of P waves between slow, even beats, in windows of twenty seconds.
    pub dissociations: Vec<Dissociation>,
    /// Limb electrodes that look swapped, where enough leads are there to tell.
    pub reversal: Option<Reversal>,
}

/// Spikes before the QRS complexes.
#[derive(Clone, Debug, PartialEq)]
pub struct Spikes {
    /// The beats that have one, in order.
    pub beats: Vec<usize>,
    /// Median time from spike to fiducial, seconds.
    pub before_s: f64,
    /// Beats that were looked at.
    pub looked_at: usize,
}

/// The line before a beat is the median from here to here, seconds before the fiducial.
const LINE_S: Range<f64> = 0.06..0.1;

/// Height of each beat over the line before it.
pub fn heights_mv(lead: &Lead, beats: &[Beat]) -> Vec<f32> {
    beats
        .iter()
        .map(|beat| height_mv(lead, beat).unwrap_or(f32::NAN))
        .collect()
}

fn height_mv(lead: &Lead, beat: &Beat) -> Option<f32> {
    let before = |seconds: f64| ((beat.time_s - seconds) * lead.rate_hz).max(0.0) as usize;
    let (from, to) = (before(LINE_S.end), before(LINE_S.start));
    let line = values(lead, from..to.max(from + 1))?;
    let peak = values(lead, beat.sample..beat.sample + 1)?;
    Some((peak.first()? - median(&line)?) as f32)
}

/// The samples of a range that is all there.
pub(super) fn values(lead: &Lead, range: Range<usize>) -> Option<Vec<f64>> {
    let is_cut = lead.gaps_within(range.clone()).next().is_some();
    if is_cut || range.end > lead.samples.len() {
        return None;
    }
    let values: Vec<f64> = lead
        .samples
        .values(range)
        .into_iter()
        .map(f64::from)
        .collect();
    values
        .iter()
        .all(|value| value.is_finite())
        .then_some(values)
}

/// Lowest rate that shows a spike: two samples within the longest.
const LEAST_RATE_HZ: f64 = 250.0;
/// Longest spike of a pacemaker, seconds (0.5 to 2 ms; AAMI EC11), with what a recorder's filter makes of it.
const LONGEST_S: f64 = 0.004;
/// A spike lies before the fiducial by no more than this, and not in its own flank.
const SEARCHED_S: Range<f64> = 0.02..0.16;
/// A spike returns: it stands over what is around it by this share of the range there. The peak of a narrow R wave does so
/// by less than a half.
const ALONE: f64 = 0.7;
/// It stands out of the noise of the line by this many median absolute deviations, and is at least this high.
const OUT_OF_NOISE: f64 = 12.0;
const LEAST_MV: f64 = 0.1;
/// Least share of the beats, least number of beats, and how much the spikes' distance from the beats may scatter, seconds.
const LEAST_SHARE: f64 = 0.6;
const LEAST_BEATS: usize = 4;
const SCATTER_S: f64 = 0.008;
/// Beats that are looked at, at most.
const MOST_BEATS: usize = 200;

/// Spikes at a steady distance before most beats; `None` where the rate cannot show them or there are none.
pub fn spikes(lead: &Lead, beats: &[Beat]) -> Option<Spikes> {
    if lead.rate_hz < LEAST_RATE_HZ {
        return None;
    }
    let stride = beats.len().div_ceil(MOST_BEATS).max(1);
    let looked_at: Vec<usize> = (0..beats.len()).step_by(stride).collect();
    let found: Vec<(usize, f64)> = looked_at
        .iter()
        .filter_map(|&index| Some((index, spike_before_s(lead, beats.get(index)?)?)))
        .collect();
    let distances: Vec<f64> = found.iter().map(|(_, before_s)| *before_s).collect();
    let before_s = median(&distances)?;
    let steady: Vec<usize> = found
        .iter()
        .filter(|(_, distance)| (distance - before_s).abs() <= SCATTER_S)
        .map(|(index, _)| *index)
        .collect();
    let enough = (LEAST_SHARE * looked_at.len() as f64).max(LEAST_BEATS as f64);
    (steady.len() as f64 >= enough).then_some(Spikes {
        beats: steady,
        before_s,
        looked_at: looked_at.len(),
    })
}

/// Seconds from the highest spike before a beat to its fiducial.
fn spike_before_s(lead: &Lead, beat: &Beat) -> Option<f64> {
    let reach = ((LONGEST_S * lead.rate_hz).round() as usize).max(1);
    let at = |seconds: f64| ((beat.time_s - seconds) * lead.rate_hz).max(0.0) as usize;
    let (from, to) = (at(SEARCHED_S.end), at(SEARCHED_S.start));
    let first = from.checked_sub(2 * reach)?;
    let x = values(lead, first..to + 2 * reach + 1)?;
    let rise = |k: usize| x[k] - f64::midpoint(x[k - reach], x[k + reach]);
    let inner = 2 * reach..x.len().checked_sub(2 * reach)?;
    let mut rises: Vec<f64> = inner.clone().map(|k| rise(k).abs()).collect();
    let noise = median_of_mut(&mut rises)?;
    let best = inner.max_by(|a, b| rise(*a).abs().total_cmp(&rise(*b).abs()))?;
    let around = &x[best - 2 * reach..=best + 2 * reach];
    let low = around.iter().copied().fold(f64::INFINITY, f64::min);
    let high = around.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let height = rise(best).abs();
    let is_spike =
        height >= LEAST_MV && height >= OUT_OF_NOISE * noise && height >= ALONE * (high - low);
    is_spike.then(|| beat.time_s - (first + best) as f64 / lead.rate_hz)
}

#[cfg(test)]
mod tests {
    use crate::analysis::analyse;
    use crate::simulator::{Noise, NoiseKind, Rhythm, SimulatorOptions, simulate};

    fn of(rhythm: Rhythm, options: &SimulatorOptions) -> super::Signs {
        let options = SimulatorOptions {
            rhythm,
            ..options.clone()
        };
        analyse(&simulate(&options).recording, None).unwrap().signs
    }

    #[test]
    fn spikes_are_seen_before_paced_beats_and_no_others() {
        for sample_rate_hz in [250.0, 360.0, 500.0, 1000.0] {
            let options = SimulatorOptions {
                sample_rate_hz,
                noise: vec![Noise::throughout(NoiseKind::Muscle, 30.0)],
                ..SimulatorOptions::default()
            };
            let spikes = of(Rhythm::Paced, &options).spikes.unwrap();
            assert!(spikes.beats.len() >= 30, "{sample_rate_hz} {spikes:?}");
            assert!((0.04..0.12).contains(&spikes.before_s), "{spikes:?}");
            for rhythm in [
                Rhythm::Sinus,
                Rhythm::PrematureVentricular,
                Rhythm::VentricularTachycardia,
            ] {
                assert_eq!(
                    of(rhythm, &options).spikes,
                    None,
                    "{rhythm:?} {sample_rate_hz}"
                );
            }
        }
    }

    #[test]
    fn heights_are_those_of_the_beats() {
        let options = SimulatorOptions {
            amplitude_mv: 1.5,
            ..SimulatorOptions::default()
        };
        let signs = of(Rhythm::Sinus, &options);
        let heights: Vec<f64> = signs.heights_mv.iter().map(|h| f64::from(*h)).collect();
        let median = crate::signal::median(&heights).unwrap();
        assert!((median - 1.5).abs() < 0.1, "{median}");
    }
}
