//! What speaks for a rate or a unit that a file does not state. It is only ever proposed.

use crate::recording::Phrase;

/// Numbers that are looked at.
pub const LOOK: usize = 16_384;
/// Rates that devices use, in hertz.
const RATES_HZ: [f64; 13] = [
    125.0, 128.0, 130.0, 150.0, 200.0, 250.0, 256.0, 300.0, 360.0, 500.0, 512.0, 1000.0, 2000.0,
];
/// A usual heart rate at rest, by which the rates are ranked.
const USUAL_PER_MIN: f64 = 70.0;
/// Beat intervals looked for, in samples: from 125 Hz at 180 a minute to 1000 Hz at 45 a minute.
const LAGS: std::ops::Range<usize> = 40..1400;

/// The usual rate at which the beats would come at the most usual heart rate, with the words for it.
///
/// The beat interval is the lag at which the steepness of the trace repeats best (its autocorrelation's highest peak).
pub fn rate(values: &[f32]) -> Option<(f64, Phrase)> {
    let interval = beat_interval(values)? as f64;
    let per_min = |rate_hz: f64| 60.0 * rate_hz / interval;
    let best = RATES_HZ.into_iter().min_by(|a, b| {
        let far = |rate: &f64| (per_min(*rate) / USUAL_PER_MIN).ln().abs();
        far(a).total_cmp(&far(b))
    })?;
    let phrase = Phrase::new("evidence-heart-rate")
        .with("rate", best)
        .with("bpm", per_min(best).round());
    Some((best, phrase))
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
