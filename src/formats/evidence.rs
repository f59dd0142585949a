//! What speaks for a rate or a unit that a file does not state. It is only ever proposed.
//!
//! Used by every format whose files are bare numbers.

use crate::recording::Phrase;

/// Numbers that are looked at.
pub const LOOK: usize = 16_384;
/// Rates that devices use, in hertz, and how often a file that does not say its rate has it: those of the public
/// databases and of laboratories most, those whose recordings come in formats that say so least. An estimate.
const RATES_HZ: [(f64, f64); 13] = [
    (125.0, 0.7),
    (128.0, 0.8),
    (130.0, 0.6),
    (150.0, 0.4),
    (200.0, 0.7),
    (250.0, 1.0),
    (256.0, 0.8),
    (300.0, 0.5),
    (360.0, 1.0),
    (500.0, 1.0),
    (512.0, 0.9),
    (1000.0, 0.9),
    (2000.0, 0.3),
];
/// A usual heart rate at rest, by which the rates are ranked.
const USUAL_PER_MIN: f64 = 70.0;
/// Beat intervals looked for, in samples: from 125 Hz at 180 a minute to 1000 Hz at 45 a minute.
const LAGS: std::ops::Range<usize> = 40..1400;

/// Width of an R wave at half its height in milliseconds, and how far single hearts and leads are from it towards narrower
/// and wider waves (as natural logarithms). Measured on the public samples whose rate is known: 17 to 24 ms in twelve
/// recordings of nine devices; a bundle branch block doubles it, and nothing halves it.
const R_WIDTH_MS: f64 = 21.5;
const R_NARROWER: f64 = 0.25;
const R_WIDER: f64 = 0.4;
/// How far heart rates are from the usual one, likewise: 35 to 140 a minute are within two of these.
const RATE_SPREAD: f64 = 0.35;
/// Rates that a trace cannot tell apart.
const NEIGHBOURS: f64 = 0.05;
/// The rate of watches whose exports are microvolts with decimals, one a line.
const WATCH_HZ: f64 = 512.0;

/// The usual rate that fits the beats best, with the words for it: by how often they would come, and by how wide their
/// R waves would be.
///
/// The beat interval is the lag at which the steepness of the trace repeats best (its autocorrelation's highest peak).
pub fn rate(values: &[f32]) -> Option<(f64, Phrase)> {
    let interval = beat_interval(values)?;
    let width = r_width(values, interval);
    let per_min = |rate_hz: f64| 60.0 * rate_hz / interval as f64;
    let width_ms = |rate_hz: f64| width.map(|width| 1000.0 * width / rate_hz);
    let weight = |(rate_hz, often): (f64, f64)| {
        let beats = (per_min(rate_hz) / USUAL_PER_MIN).ln() / RATE_SPREAD;
        let waves = width_ms(rate_hz).map_or(0.0, |ms| {
            let far = (ms / R_WIDTH_MS).ln();
            far / if far < 0.0 { R_NARROWER } else { R_WIDER }
        });
        often * (-0.5 * (beats * beats + waves * waves)).exp()
    };
    let (mut best, _) = RATES_HZ
        .into_iter()
        .max_by(|a, b| weight(*a).total_cmp(&weight(*b)))?;
    let near = |rate_hz: f64| (rate_hz / best - 1.0).abs() <= NEIGHBOURS;
    let all: f64 = RATES_HZ.into_iter().map(weight).sum();
    let share = RATES_HZ
        .into_iter()
        .filter(|(rate, _)| near(*rate))
        .map(weight)
        .sum::<f64>()
        / all;
    let decimals = values.iter().any(|value| value.fract() != 0.0);
    let microvolts = matches!(unit(values, !decimals), (Some("uV"), ..));
    if decimals && microvolts && near(WATCH_HZ) {
        best = WATCH_HZ;
    }
    let id = if width.is_some() {
        "evidence-beats"
    } else {
        "evidence-heart-rate"
    };
    let mut phrase = Phrase::new(id)
        .with("rate", best)
        .with("bpm", per_min(best).round());
    if let Some(width_ms) = width_ms(best) {
        phrase = phrase
            .with("width", width_ms.round())
            .with("share", (100.0 * share).round());
    }
    Some((best, phrase))
}

/// Width of the R waves at half their height, in samples: the middle of all beats.
fn r_width(values: &[f32], interval: usize) -> Option<f64> {
    let steps: Vec<f32> = values
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .collect();
    let mut sorted = steps.clone();
    let high = sorted.len() * 995 / 1000;
    if high >= sorted.len() {
        return None;
    }
    let threshold = 0.6 * *sorted.select_nth_unstable_by(high, f32::total_cmp).1;
    let mut widths = Vec::new();
    let mut at = 0;
    while at < steps.len() {
        if steps[at] <= threshold || threshold <= 0.0 {
            at += 1;
            continue;
        }
        widths.extend(half_width(values, at, interval));
        at += (interval / 2).max(1);
    }
    let middle = widths.len() / 2;
    (widths.len() >= 3).then(|| *widths.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// The width at half height of the largest wave near `at`, measured from the level of its beat.
fn half_width(values: &[f32], at: usize, interval: usize) -> Option<f64> {
    let around = values.get(at.checked_sub(interval / 3)?..at + interval / 3)?;
    let mut sorted = around.to_vec();
    let middle = sorted.len() / 2;
    let level = *sorted.select_nth_unstable_by(middle, f32::total_cmp).1;
    let reach = interval / 10 + 1;
    let near = at.saturating_sub(reach / 2)..(at + reach).min(values.len());
    let height = |place: usize| values.get(place).map(|value| value - level);
    let peak = near.max_by(|a, b| {
        let size = |place: &usize| height(*place).unwrap_or(0.0).abs();
        size(a).total_cmp(&size(b))
    })?;
    let top = height(peak)?;
    let half = 0.5 * top;
    // The place at which the flank crosses half the height, between two samples.
    let cross = |step: isize| {
        let mut inside = peak;
        loop {
            let outside = inside.checked_add_signed(step)?;
            let (above, below) = (height(inside)?, height(outside)?);
            if (below / top) < 0.5 {
                let part = f64::from((above - half) / (above - below));
                return Some(inside.abs_diff(peak) as f64 + part);
            }
            if outside.abs_diff(peak) > reach {
                return None;
            }
            inside = outside;
        }
    };
    let width = cross(-1)? + cross(1)?;
    width.is_finite().then_some(width)
}

/// Samples from beat to beat, `None` where nothing repeats.
fn beat_interval(values: &[f32]) -> Option<usize> {
    let steep: Vec<f32> = values.windows(3).map(|w| (w[2] - w[0]).abs()).collect();
    let mean = steep.iter().sum::<f32>() / steep.len().max(1) as f32;
    // Clipped, so that one artefact does not outweigh all beats.
    let steep: Vec<f32> = steep.iter().map(|s| s.min(8.0 * mean) - mean).collect();
    let power: f32 = steep.iter().map(|s| s * s).sum();
    let last = LAGS.end.min(steep.len() / 3);
    if power <= 0.0 || last <= LAGS.start {
        return None;
    }
    let repeats: Vec<f32> = (LAGS.start..last)
        .map(|lag| {
            let shared = steep.len() - lag;
            let sum: f32 = steep[lag..].iter().zip(&steep).map(|(a, b)| a * b).sum();
            sum / shared as f32 * steep.len() as f32 / power
        })
        .collect();
    let highest = repeats.iter().copied().fold(0.0_f32, f32::max);
    if highest < 0.1 {
        return None;
    }
    // Multiples of the interval repeat nearly as well: the first high peak is the interval.
    let first = repeats.iter().position(|&r| r >= 0.75 * highest)?;
    let peak = repeats
        .iter()
        .enumerate()
        .skip(first)
        .take(12)
        .max_by(|a, b| a.1.total_cmp(b.1))?;
    Some(peak.0 + LAGS.start)
}

/// The unit that the size of the trace suggests, whether the numbers look like bare counts, and the words for it.
///
/// Sizes: an ECG spans 0.2 to 10 mV within a second or two.
pub fn unit(values: &[f32], integer: bool) -> (Option<&'static str>, bool, Option<Phrase>) {
    let Some(span) = span(values) else {
        return (None, false, None);
    };
    let phrase = |id: &str| Some(Phrase::new(id).with("span", f64::from(span)));
    let positive = values.iter().all(|&value| value >= 0.0);
    if integer && (positive || span > 20_000.0) {
        return (None, true, phrase("evidence-counts"));
    }
    let unit = if (0.2..=10.0).contains(&span) {
        "mV"
    } else if (200.0..=10_000.0).contains(&span) {
        "uV"
    } else if (0.0002..=0.01).contains(&span) {
        "V"
    } else {
        return (None, false, phrase("evidence-span-unusual"));
    };
    let phrase = phrase("evidence-span").map(|phrase| phrase.with("unit", unit));
    (Some(unit), false, phrase)
}

/// The usual difference between highest and lowest number within 500 samples.
fn span(values: &[f32]) -> Option<f32> {
    let mut spans: Vec<f32> = values
        .chunks(500)
        .map(|chunk| {
            let low = chunk.iter().copied().fold(f32::MAX, f32::min);
            let high = chunk.iter().copied().fold(f32::MIN, f32::max);
            high - low
        })
        .filter(|span| *span > 0.0)
        .collect();
    let middle = spans.len() / 2;
    (!spans.is_empty()).then(|| *spans.select_nth_unstable_by(middle, f32::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::super::testing::samples;
    use super::*;

    /// Beats a second and a bit, each with an R wave of the usual width and a T wave.
    fn trace(rate_hz: f64, per_min: f64, seconds: f64) -> Vec<f32> {
        let every = 60.0 / per_min;
        (0..(rate_hz * seconds) as usize)
            .map(|at| {
                let phase = (at as f64 / rate_hz).rem_euclid(every) - 0.3 * every;
                let wave = |at: f64, width_ms: f64, height: f64| {
                    let sigma = width_ms / 2354.8;
                    height * (-0.5 * ((phase - at) / sigma).powi(2)).exp()
                };
                (900.0 * (wave(0.0, 21.5, 1.0) + wave(0.25, 120.0, 0.25))) as f32
            })
            .collect()
    }

    #[test]
    fn slow_and_fast_hearts_keep_the_proposal_within_one_usual_rate() {
        for rate_hz in [128.0, 250.0, 360.0, 512.0, 1000.0] {
            for per_min in [45.0, 70.0, 110.0] {
                let (found, phrase) = rate(&trace(rate_hz, per_min, 16.0)).unwrap();
                // A slow or fast heart may tip the scale to the next usual rate, never farther.
                let near = (0.69..=1.45).contains(&(found / rate_hz));
                assert!(near, "{rate_hz} {per_min}: {found} {phrase:?}");
            }
        }
    }

    #[test]
    fn the_bare_samples_get_the_right_proposal() {
        let Some(root) = samples() else { return };
        for (file, rate_hz) in [
            ("generic/numbers_only_uV.csv", 512.0),
            ("generic/ECG_hz.txt", 360.0),
        ] {
            let text = std::fs::read_to_string(root.join(file)).unwrap();
            let values: Vec<f32> = text
                .lines()
                .filter_map(|line| line.trim().parse().ok())
                .collect();
            let (found, phrase) = rate(&values).unwrap();
            assert_eq!(found, rate_hz, "{file} {phrase:?}");
        }
    }
}
