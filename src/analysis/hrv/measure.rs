//! Which figure may be said of what: lengths, shares, and the order of the work.

use super::correction::{correct, kept, raw_intervals};
use super::frequency::{LONGEST_MEAN_S, Powers, by_autoregression, by_lomb_scargle};
use super::nonlinear::{BOXES, dfa_alpha1, sample_entropy};
use super::time::{
    lengths_ms, over_windows, pairs_ms, pnn50, poincare, rmssd, triangular_index, within,
};
use super::{Barred, Figure, Hrv, HrvWindow, Interval, Overruling};
use crate::analysis::{Analysis, Grade};
use crate::recording::{Measured, Phrase};
use crate::signal::{mean, standard_deviation};
use std::ops::Range;

/// Seconds of a window of spectra, of entropy, and of what is told over time (Task Force of ESC and NASPE, Circulation
/// 93:1043, 1996: five minutes).
const WINDOW_S: f64 = 300.0;

/// Least seconds for RMSSD, and with it for anything (Muñoz et al., PLoS One 10:e0138921, 2015).
const LEAST_S: f64 = 10.0;
/// Least seconds for SDNN, and those below which it is too low (the same: effect size 0.14 at 120 s).
const LEAST_SDNN_S: f64 = 30.0;
const UNBIASED_SDNN_S: f64 = 120.0;
/// Least seconds for pNN50 (Baek, Cho, Cho, Woo, Telemed J E Health 21:404, 2015).
const LEAST_PNN50_S: f64 = 60.0;
/// Least seconds for HF (Task Force 1996: about one minute).
const LEAST_HIGH_S: f64 = 60.0;
/// Least seconds for LF: ten cycles of its lower bound, the Task Force's principle. Its "about two minutes" would be
/// fewer than five cycles.
const LEAST_LOW_S: f64 = 250.0;
/// Least seconds for the triangular index (Task Force 1996: 20 minutes).
const LEAST_TRIANGULAR_S: f64 = 1200.0;
/// Least seconds for SDANN and SDNN index (Task Force 1996: 18 hours of a day that can be analysed).
const LEAST_DAY_S: f64 = 18.0 * 3600.0;
/// Least intervals for sample entropy with m = 2: 10^m to 20^m values (Pincus and Goldberger, Am J Physiol 266:H1643,
/// 1994).
const LEAST_ENTROPY: usize = 200;
/// Least intervals for the exponent of detrended fluctuation.
const LEAST_DFA: usize = 300;

/// Least samples per second (Task Force 1996: in any case 100 Hz, and the fiducial interpolated).
const LEAST_RATE_HZ: f64 = 100.0;
/// Recordings shorter than this are short: most of their beats must be normal.
const SHORT_S: f64 = 3600.0;
/// Most beats to put right in a short one, and most of its time in a rhythm that carries nothing.
const MOST_CORRECTED: f64 = 0.1;
/// Least share of intervals between normal beats (PhysioNet's HRV toolkit: NN/RR), and of a window in intervals.
const LEAST_KEPT: f64 = 0.8;

type Values = Vec<(&'static str, Measured<f64>)>;

/// Heart rate variability of a lead sampled at `rate_hz`.
///
/// `out` is what people say of its beats; `barred` the stretches whose rhythm carries none. Time grows with the beats:
/// what grows faster (spectra, entropy) is measured in windows.
#[must_use]
pub fn measure(analysis: &Analysis, rate_hz: f64, out: &Overruling, barred: &[Barred]) -> Hrv {
    let beats = &analysis.beats;
    let closed: Vec<Range<f64>> = barred.iter().map(|barred| barred.range_s.clone()).collect();
    let raw = raw_intervals(beats, out, &closed);
    let (worked, corrections) = correct(beats, &raw, out, 1.0 / rate_hz.max(1.0));
    let series = [kept(beats, &raw), kept(beats, &worked)];
    let length_s = usable_s(analysis, &series[0], &closed, &out.excluded_s);
    let chains = raw.iter().filter(|interval| interval.first).count();
    let mut hrv = Hrv {
        intervals: series[0].len(),
        kept: series[1].len(),
        ..Hrv::default()
    };
    let corrected = corrections.len() as f64 / (raw.len() + chains).max(1) as f64;
    hrv.corrections = corrections;
    hrv.withheld = withheld_for_rate(rate_hz)
        .or_else(|| withheld_for_rhythm(analysis, barred, length_s))
        .or_else(|| too_short(LEAST_S, length_s))
        .or_else(|| withheld_for_corrections(&hrv, corrected, length_s));
    if hrv.withheld.is_some() {
        return hrv;
    }
    let windows: Vec<(Range<f64>, [Values; 2])> = windows(analysis)
        .into_iter()
        .map(|range| (range.clone(), window_values(&series, &range)))
        .collect();
    let whole = [0, 1].map(|which| {
        let windows: Vec<&Values> = windows.iter().map(|(_, values)| &values[which]).collect();
        whole_values(&series[which], length_s, &windows, analysis)
    });
    hrv.figures = side_by_side(whole);
    if windows.len() > 1 {
        hrv.windows = windows
            .into_iter()
            .map(|(range_s, values)| HrvWindow {
                range_s,
                figures: side_by_side(values),
            })
            .collect();
    }
    hrv.remarks = remarks(&hrv, analysis, barred, length_s);
    hrv
}

fn withheld_for_rate(rate_hz: f64) -> Option<Phrase> {
    (rate_hz < LEAST_RATE_HZ).then(|| {
        Phrase::new("hrv-withheld-rate")
            .with("rate", rate_hz)
            .with("needed", LEAST_RATE_HZ)
    })
}

fn withheld_for_rhythm(analysis: &Analysis, barred: &[Barred], length_s: f64) -> Option<Phrase> {
    let readable = readable(analysis);
    let seconds = |barred: &Barred| overlap_s(&readable, std::slice::from_ref(&barred.range_s));
    let all: Vec<Range<f64>> = barred.iter().map(|barred| barred.range_s.clone()).collect();
    let lost_s = overlap_s(&readable, &all);
    let most = if length_s + lost_s < SHORT_S {
        MOST_CORRECTED
    } else {
        1.0 - LEAST_KEPT
    };
    if lost_s <= most * total_s(&readable) {
        return None;
    }
    barred
        .iter()
        .max_by(|a, b| seconds(a).total_cmp(&seconds(b)))
        .map(|longest| longest.reason.clone())
}

fn withheld_for_corrections(hrv: &Hrv, corrected: f64, length_s: f64) -> Option<Phrase> {
    if length_s < SHORT_S && corrected > MOST_CORRECTED {
        let phrase = Phrase::new("hrv-withheld-corrected");
        return Some(
            phrase
                .with("share", 100.0 * corrected)
                .with("limit", 100.0 * MOST_CORRECTED),
        );
    }
    let kept = hrv.kept as f64 / hrv.intervals.max(1) as f64;
    (kept < LEAST_KEPT).then(|| {
        Phrase::new("hrv-withheld-kept")
            .with("share", 100.0 * kept)
            .with("limit", 100.0 * LEAST_KEPT)
    })
}

fn too_short(needed_s: f64, length_s: f64) -> Option<Phrase> {
    (length_s < needed_s).then(|| {
        Phrase::new("hrv-withheld-length")
            .with("needed", needed_s)
            .with("length", length_s)
    })
}

fn too_few(needed: usize, n: usize) -> Option<Phrase> {
    (n < needed).then(|| {
        Phrase::new("hrv-withheld-few")
            .with("needed", needed)
            .with("n", n)
    })
}

fn remarks(hrv: &Hrv, analysis: &Analysis, barred: &[Barred], length_s: f64) -> Vec<Phrase> {
    let mut remarks = Vec::new();
    let sdnn = hrv.figure("sdnn_ms");
    if sdnn.is_some_and(|sdnn| sdnn.corrected.value().is_some()) && length_s < UNBIASED_SDNN_S {
        remarks.push(Phrase::new("hrv-remark-short-sdnn"));
    }
    let all: Vec<Range<f64>> = barred.iter().map(|barred| barred.range_s.clone()).collect();
    let lost_s = overlap_s(&readable(analysis), &all);
    if lost_s > 0.0 {
        remarks.push(Phrase::new("hrv-remark-rhythm").with("seconds", lost_s));
    }
    remarks
}

/// Seconds that carry intervals: of usable quality, not barred and not taken out. Where beats are missing in usable
/// signal, no more than the intervals reach; at either end of a run up to one interval has no partner.
fn usable_s(
    analysis: &Analysis,
    raw: &[Interval],
    closed: &[Range<f64>],
    excluded: &[Range<f64>],
) -> f64 {
    let taken_out: Vec<Range<f64>> = closed.iter().chain(excluded).cloned().collect();
    let readable = readable(analysis);
    let open_s = total_s(&readable) - overlap_s(&readable, &taken_out);
    let runs = raw.iter().filter(|interval| !interval.joined).count();
    let reach_s: f64 = raw.iter().map(|interval| interval.rr_s).sum();
    open_s.min(reach_s + 2.0 * runs as f64 * reach_s / raw.len().max(1) as f64)
}

fn readable(analysis: &Analysis) -> Vec<Range<f64>> {
    analysis
        .quality
        .iter()
        .filter(|span| span.grade != Grade::Unusable)
        .map(|span| span.range_s.clone())
        .collect()
}

fn total_s(ranges: &[Range<f64>]) -> f64 {
    ranges.iter().map(|range| range.end - range.start).sum()
}

/// Seconds of `ranges`, which do not overlap, that lie within any of `others`, which may.
fn overlap_s(ranges: &[Range<f64>], others: &[Range<f64>]) -> f64 {
    let mut others = others.to_vec();
    others.sort_by(|a, b| a.start.total_cmp(&b.start));
    let mut merged: Vec<Range<f64>> = Vec::with_capacity(others.len());
    for other in others {
        match merged.last_mut() {
            Some(last) if last.end >= other.start => last.end = last.end.max(other.end),
            _ => merged.push(other),
        }
    }
    let shared =
        |a: &Range<f64>, b: &Range<f64>| (a.end.min(b.end) - a.start.max(b.start)).max(0.0);
    ranges
        .iter()
        .flat_map(|range| merged.iter().map(move |other| shared(range, other)))
        .sum()
}

/// Windows of five minutes from the first sample on; a shorter one only at the end, where it carries LF, or alone.
fn windows(analysis: &Analysis) -> Vec<Range<f64>> {
    let end = analysis.quality.last().map_or(0.0, |span| span.range_s.end);
    let count = (end / WINDOW_S).ceil().max(0.0) as usize;
    (0..count)
        .map(|k| k as f64 * WINDOW_S..((k + 1) as f64 * WINDOW_S).min(end))
        .filter(|range| count == 1 || range.end - range.start >= LEAST_LOW_S)
        .collect()
}

fn side_by_side([raw, corrected]: [Values; 2]) -> Vec<Figure> {
    raw.into_iter()
        .zip(corrected)
        .map(|((name, raw), (_, corrected))| Figure {
            name: name.to_owned(),
            raw,
            corrected,
        })
        .collect()
}

fn measured(value: Option<f64>, n: usize, method: &str, missing: &str) -> Measured<f64> {
    match value.filter(|value| value.is_finite()) {
        Some(value) => Measured::Value {
            value,
            sd: None,
            n,
            method: method.to_owned(),
        },
        None => Measured::withheld(missing),
    }
}

/// Nothing varies, or what varies shows no such figure.
const UNDEFINED: &str = "hrv-withheld-undefined";

/// Figures of the time domain, each withheld where the length does not carry it.
fn time_values(intervals: &[Interval], length_s: f64) -> Values {
    let (lengths, pairs) = (lengths_ms(intervals), pairs_ms(intervals));
    let axes = poincare(&pairs);
    [
        ("mean_nn_ms", LEAST_S, mean(&lengths), lengths.len()),
        (
            "sdnn_ms",
            LEAST_SDNN_S,
            standard_deviation(&lengths),
            lengths.len(),
        ),
        ("rmssd_ms", LEAST_S, rmssd(&pairs), pairs.len()),
        ("pnn50_pct", LEAST_PNN50_S, pnn50(&pairs), pairs.len()),
        ("sd1_ms", LEAST_S, axes.map(|axes| axes.0), pairs.len()),
        ("sd2_ms", LEAST_SDNN_S, axes.map(|axes| axes.1), pairs.len()),
    ]
    .into_iter()
    .map(|(name, needed_s, value, n)| {
        let short = too_short(needed_s, length_s);
        let figure = measured(value, n, "method-hrv-nn", "hrv-withheld-no-pairs");
        (name, short.map_or(figure, Measured::Withheld))
    })
    .collect()
}

/// Both series in one window.
fn window_values(series: &[Vec<Interval>; 2], range: &Range<f64>) -> [Values; 2] {
    let [raw, corrected] = [0, 1].map(|which| within(&series[which], range));
    let of_raw = values_in(raw, range);
    let of_corrected = if raw == corrected {
        of_raw.clone()
    } else {
        values_in(corrected, range)
    };
    [of_raw, of_corrected]
}

fn values_in(intervals: &[Interval], range: &Range<f64>) -> Values {
    let window_s = range.end - range.start;
    let reach_s: f64 = intervals.iter().map(|interval| interval.rr_s).sum();
    let mean_s = reach_s / intervals.len().max(1) as f64;
    let sparse = (reach_s + 2.0 * mean_s < LEAST_KEPT * window_s)
        .then(|| Phrase::new("hrv-withheld-sparse").with("limit", 100.0 * LEAST_KEPT));
    let mut values = time_values(intervals, window_s);
    values.retain(|(name, _)| !name.starts_with("sd1") && !name.starts_with("sd2"));
    let slow = (mean_s > LONGEST_MEAN_S)
        .then(|| Phrase::new("hrv-withheld-slow").with("rate", 60.0 / LONGEST_MEAN_S));
    let spectra = [
        (
            by_lomb_scargle(intervals, window_s),
            "method-hrv-lomb",
            LOMB,
        ),
        (
            by_autoregression(intervals, LEAST_KEPT),
            "method-hrv-burg",
            BURG,
        ),
    ];
    for (powers, method, names) in spectra {
        values.extend(spectral_values(
            powers,
            intervals.len(),
            method,
            names,
            |needed_s| too_short(needed_s, window_s).or_else(|| slow.clone()),
        ));
    }
    let runs: Vec<Vec<f64>> = intervals
        .chunk_by(|_, next| next.joined)
        .map(lengths_ms)
        .collect();
    let entropy = match too_few(LEAST_ENTROPY, intervals.len()) {
        Some(reason) => Measured::Withheld(reason),
        None => measured(
            sample_entropy(&runs),
            intervals.len(),
            "method-hrv-sampen",
            UNDEFINED,
        ),
    };
    values.push(("sample_entropy", entropy));
    if let Some(reason) = sparse {
        for (_, value) in &mut values {
            *value = Measured::Withheld(reason.clone());
        }
    }
    values
}

/// Names of LF, HF, their ratio, total power and peak; autoregression's peak is not told.
type SpectralNames = [&'static str; 5];
const LOMB: SpectralNames = ["lf_ms2", "hf_ms2", "lf_hf", "total_ms2", "hf_peak_hz"];
const BURG: SpectralNames = [
    "lf_ar_ms2",
    "hf_ar_ms2",
    "lf_hf_ar",
    "total_ar_ms2",
    "hf_peak_ar_hz",
];

fn spectral_values(
    powers: Option<Powers>,
    n: usize,
    method: &str,
    [low, high, ratio, total, peak]: SpectralNames,
    withheld: impl Fn(f64) -> Option<Phrase>,
) -> Values {
    let ratio_of = |powers: Powers| (powers.high > 0.0).then(|| powers.low / powers.high);
    [
        (low, LEAST_LOW_S, powers.map(|powers| powers.low), UNDEFINED),
        (
            high,
            LEAST_HIGH_S,
            powers.map(|powers| powers.high),
            UNDEFINED,
        ),
        (ratio, LEAST_LOW_S, powers.and_then(ratio_of), UNDEFINED),
        (
            total,
            LEAST_LOW_S,
            powers.map(|powers| powers.total),
            UNDEFINED,
        ),
        (
            peak,
            LEAST_HIGH_S,
            powers.and_then(|powers| powers.high_peak_hz),
            "hrv-withheld-no-peak",
        ),
    ]
    .into_iter()
    .map(|(name, needed_s, value, missing)| {
        let figure = measured(value, n, method, missing);
        (name, withheld(needed_s).map_or(figure, Measured::Withheld))
    })
    .collect()
}

/// One series over the whole recording.
fn whole_values(
    intervals: &[Interval],
    length_s: f64,
    windows: &[&Values],
    analysis: &Analysis,
) -> Values {
    let mut values = time_values(intervals, length_s);
    let (lengths, n) = (lengths_ms(intervals), intervals.len());
    let ranges = self::windows(analysis);
    let over = (length_s >= LEAST_DAY_S)
        .then(|| over_windows(ranges.iter().map(|range| within(intervals, range))))
        .flatten();
    for (name, needed_s, value) in [
        (
            "triangular_index",
            LEAST_TRIANGULAR_S,
            triangular_index(&lengths),
        ),
        ("sdann_ms", LEAST_DAY_S, over.map(|over| over.0)),
        ("sdnn_index_ms", LEAST_DAY_S, over.map(|over| over.1)),
    ] {
        let figure = measured(value, n, "method-hrv-nn", UNDEFINED);
        let short = too_short(needed_s, length_s);
        values.push((name, short.map_or(figure, Measured::Withheld)));
    }
    for [low, high, ratio, total, peak] in [LOMB, BURG] {
        let (low_mean, high_mean) = (over_all(low, windows), over_all(high, windows));
        let ratio_mean = ratio_of_means(&low_mean, &high_mean, over_all(ratio, windows));
        values.extend([
            (low, low_mean),
            (high, high_mean),
            (ratio, ratio_mean),
            (total, over_all(total, windows)),
            (peak, over_all(peak, windows)),
        ]);
    }
    values.push(("sample_entropy", over_all("sample_entropy", windows)));
    let runs: Vec<Vec<f64>> = intervals
        .chunk_by(|_, next| next.joined)
        .map(lengths_ms)
        .filter(|run| run.len() >= *BOXES.end())
        .collect();
    let fitting = runs.iter().map(Vec::len).sum();
    let exponent = match too_few(LEAST_DFA, fitting) {
        Some(reason) => Measured::Withheld(reason),
        None => measured(dfa_alpha1(&runs), fitting, "method-hrv-dfa", UNDEFINED),
    };
    values.push(("dfa_alpha1", exponent));
    values
}

/// Mean of a figure over the windows that have it, with its spread over them; the first one's reason where none has.
fn over_all(name: &str, windows: &[&Values]) -> Measured<f64> {
    let all = || {
        windows
            .iter()
            .filter_map(|values| values.iter().find(|(own, _)| *own == name))
            .map(|(_, value)| value)
    };
    let single: Vec<f64> = all().filter_map(Measured::value).collect();
    let intervals = all()
        .map(|value| match value {
            Measured::Value { n, .. } => *n,
            Measured::Withheld(_) => 0,
        })
        .sum();
    let said = all()
        .find(|value| value.value().is_some())
        .or_else(|| all().next());
    match (said, mean(&single)) {
        (Some(Measured::Value { method, .. }), Some(value)) => Measured::Value {
            value,
            sd: standard_deviation(&single),
            n: intervals,
            method: method.clone(),
        },
        (Some(Measured::Withheld(reason)), _) => Measured::Withheld(reason.clone()),
        _ => Measured::withheld(UNDEFINED),
    }
}

/// LF over HF of their means: a window of little HF would rule a mean of ratios.
fn ratio_of_means(
    low: &Measured<f64>,
    high: &Measured<f64>,
    of_windows: Measured<f64>,
) -> Measured<f64> {
    match (low.value(), high.value(), of_windows) {
        (Some(low), Some(high), Measured::Value { n, method, .. }) if high > 0.0 => {
            Measured::Value {
                value: low / high,
                sd: None,
                n,
                method,
            }
        }
        (_, _, Measured::Withheld(reason)) => Measured::Withheld(reason),
        _ => Measured::withheld(UNDEFINED),
    }
}
