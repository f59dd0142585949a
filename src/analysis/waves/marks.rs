//! Marks on one shape of a beat: the median of a kind of beats, or a single beat.
//!
//! One idea places every border: the *corner*. From the steepest point of a wave's flank a chord is drawn outward; the
//! border is where the trace lies furthest from the chord. It needs no threshold on slope or height, so that slow and
//! steep waves, and baselines that are not flat, are treated alike (the "triangle" construction of Zack, Rogers and
//! Latt, J Histochem Cytochem 25:741, 1977, used there on histograms).

use crate::signal::{MexicanHat, gaussian, slope};

/// Samples per second of every shape.
pub const GRID_HZ: f64 = 500.0;
/// Samples from a shape's start to its fiducial.
pub const BEFORE: usize = 250;
/// And from there to its end.
pub const AFTER: usize = 400;

/// Widths of a typical P and T wave as standard deviations of a Gaussian, in seconds: waves of 100 and 180 ms.
const P_SIGMA_S: f64 = 0.025;
const T_SIGMA_S: f64 = 0.045;
/// Where the T peak is expected after the QRS, over the square root of the RR interval, both in seconds, and how sharply:
/// a median of adults; it only decides between several candidates.
const T_EXPECTED: (f64, f64) = (0.22, 0.11);
/// A P wave begins at most this much before the QRS (a PR interval of 330 ms).
const P_EARLIEST_S: f64 = 0.33;
/// The annotators of LUDB and QTDB set the QRS onset at the first departure from the line, 12 ms before the corner.
const FIRST_DEPARTURE_S: f64 = 0.012;
/// What smoothing moves a P wave's corners outward, at onset and end, against the same annotators.
const P_OUTWARD_S: (f64, f64) = (0.004, 0.008);
/// The same for the T end.
const T_OUTWARD_S: f64 = 0.004;
/// When a T's end is not clear: its height is below this share of the QRS's; it falls for longer than this; or the
/// tangent, which usually lies this much before the corner, differs from that by more than this.
const T_FLAT: f64 = 0.03;
const T_FALLS_S: f64 = 0.14;
const TANGENT_EARLIER_S: f64 = 0.008;
const T_ENDS_AGREE_S: f64 = 0.03;

/// Indices of onset, peak and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub onset: usize,
    pub peak: usize,
    pub end: usize,
}

/// A wave with how far it stands out on both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bump {
    pub span: Span,
    /// Height over the higher of the two valleys beside it.
    pub prominence: f64,
}

/// What was found on a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Marks {
    pub qrs: Span,
    /// Peak to peak of the QRS.
    pub height: f64,
    /// The best candidate for a P wave; whether it is one, a single shape cannot tell.
    pub p: Option<Bump>,
    pub t: Option<Bump>,
    /// Whether intervals may rest on the T's end.
    pub t_end_is_clear: bool,
}

/// Seconds in samples of the grid.
pub fn samples(seconds: f64) -> usize {
    (seconds * GRID_HZ).round() as usize
}

/// Marks on `shape` (BEFORE + 1 + AFTER samples on the grid), for beats that follow the one before after `rr_s`.
///
/// `None` where there is no QRS complex around the fiducial.
pub fn marks(shape: &[f64], rr_s: f64) -> Option<Marks> {
    if shape.len() != BEFORE + 1 + AFTER || shape.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let (qrs, height) = qrs(shape)?;
    let t = t_wave(shape, qrs, rr_s);
    let p = p_wave(shape, qrs, t.map(|t| t.span.peak), rr_s);
    // The T ends before the next beat's P begins.
    let ended = t.map(|t| t_end(shape, (qrs, height), t, p.map(|p| p.span.peak), rr_s));
    Some(Marks {
        qrs,
        height,
        p,
        t: ended.map(|(t, _)| t),
        t_end_is_clear: ended.is_some_and(|(_, clear)| clear),
    })
}

fn qrs(shape: &[f64]) -> Option<(Span, f64)> {
    let near = |ms: f64| samples(ms / 1000.0);
    let fine = gaussian(shape, 0.003 * GRID_HZ);
    let steep: Vec<f64> = slope(&gaussian(shape, 0.004 * GRID_HZ))
        .iter()
        .map(|s| s.abs())
        .collect();
    let calm: Vec<f64> = slope(&gaussian(shape, 0.006 * GRID_HZ))
        .iter()
        .map(|s| s.abs())
        .collect();
    let most = |values: &[f64]| {
        values[BEFORE - near(80.0)..BEFORE + near(80.0)]
            .iter()
            .copied()
            .fold(0.0, f64::max)
    };
    let (most_steep, most_calm) = (most(&steep), most(&calm));
    if most_steep <= 0.0 || most_calm <= 0.0 {
        return None;
    }
    let first =
        (BEFORE - near(90.0)..BEFORE + near(110.0)).find(|k| steep[*k] > 0.3 * most_steep)?;
    // A wide complex goes on long after its fiducial, and less steeply than a pacing spike in it.
    let last = (BEFORE - near(90.0)..BEFORE + near(140.0))
        .rev()
        .find(|k| calm[*k] > 0.2 * most_calm)?;
    let height = range(&fine[BEFORE - near(70.0)..BEFORE + near(90.0)]);
    // The level before the QRS is that of the quietest 16 ms.
    let quiet = |k: usize| {
        let half = near(8.0);
        steep[k - half..k + half].iter().sum::<f64>()
    };
    let level_at = (first - near(80.0)..first).min_by(|a, b| quiet(*a).total_cmp(&quiet(*b)))?;
    let level = fine[level_at];
    let departed = (level_at..first)
        .find(|k| (fine[*k] - level).abs() >= 0.2 * height)
        .unwrap_or(first);
    let corner = corner(&fine, departed, departed - near(40.0), f64::abs);
    let onset = corner.saturating_sub(samples(FIRST_DEPARTURE_S));
    let hold = near(16.0);
    let end = (last..BEFORE + near(220.0))
        .find(|k| calm[*k..=*k + hold].iter().all(|s| *s < 0.09 * most_calm))
        .unwrap_or(BEFORE + near(220.0))
        + near(4.0);
    (onset < BEFORE && end > BEFORE).then_some((
        Span {
            onset,
            peak: BEFORE,
            end,
        },
        height,
    ))
}

/// The T wave with its onset; its end is found once the next P is known.
fn t_wave(shape: &[f64], qrs: Span, rr_s: f64) -> Option<Bump> {
    let held = hold_before(shape, qrs.end);
    let hat = MexicanHat::new(T_SIGMA_S * GRID_HZ);
    let response = |k: usize| hat.response(&held, k);
    let from = qrs.end + samples(0.04);
    let to = (qrs.onset + samples((0.62 * rr_s + 0.08).min(0.68)))
        .min(shape.len() - samples(0.06))
        .max(from + 3);
    let (expected_s, sharp_s) = (T_EXPECTED.0 * rr_s.min(1.2).sqrt(), T_EXPECTED.1);
    let weight = |k: usize| {
        let late_s = (k - qrs.end) as f64 / GRID_HZ - expected_s;
        (-0.5 * (late_s / sharp_s).powi(2)).exp()
    };
    let calm = gaussian(&held, 0.015 * GRID_HZ);
    let (peak, prominence) = stands_out(&calm, response, from..to, samples(0.18), weight)?;
    let onset = border(
        &held,
        peak,
        qrs.end.max(peak.saturating_sub(samples(0.2))),
        (0.012, 0.11),
    )
    .corner;
    Some(Bump {
        span: Span {
            onset: onset.max(qrs.end),
            peak,
            end: peak + 1,
        },
        prominence,
    })
}

/// The T wave with its end, and whether that is clear: the T is high enough, falls within a usual time (else it runs
/// into a U wave), and the tangent agrees.
fn t_end(
    shape: &[f64],
    (qrs, height): (Span, f64),
    t: Bump,
    p_peak: Option<usize>,
    rr_s: f64,
) -> (Bump, bool) {
    let held = hold_before(shape, qrs.end);
    let peak = t.span.peak;
    let mut limit = (peak + samples(0.17)).min(shape.len() - 10);
    if let Some(p) = p_peak {
        let next_p = (p as f64 + rr_s * GRID_HZ) as usize;
        limit = limit
            .min(next_p.saturating_sub(samples(0.06)))
            .max(peak + samples(0.04));
    }
    let border = border(&held, peak, limit.min(shape.len() - 1), (0.012, 0.13));
    let end = border
        .corner
        .saturating_sub(samples(T_OUTWARD_S))
        .max(peak + 1);
    let earlier_s = (end as f64 - border.tangent) / GRID_HZ;
    let is_clear = t.prominence >= T_FLAT * height
        && end - peak <= samples(T_FALLS_S)
        && (earlier_s - TANGENT_EARLIER_S).abs() <= T_ENDS_AGREE_S;
    let end = Bump {
        span: Span { end, ..t.span },
        ..t
    };
    (end, is_clear)
}

fn p_wave(shape: &[f64], qrs: Span, t_peak: Option<usize>, rr_s: f64) -> Option<Bump> {
    let held = hold_after(shape, qrs.onset);
    let hat = MexicanHat::new(P_SIGMA_S * GRID_HZ);
    let response = |k: usize| hat.response(&held, k);
    let after_t = |seconds: f64| {
        let at = t_peak? as f64 - rr_s * GRID_HZ + seconds * GRID_HZ;
        Some(at.max(0.0) as usize)
    };
    let from = qrs
        .onset
        .saturating_sub(samples(P_EARLIEST_S))
        .max(samples(0.04))
        .max(after_t(0.07).unwrap_or(0));
    let to = qrs.onset.saturating_sub(samples(0.012));
    let calm = gaussian(&held, 0.008 * GRID_HZ);
    let (peak, prominence) = stands_out(&calm, response, from..to, samples(0.1), |_| 1.0)?;
    let earliest = peak.saturating_sub(samples(0.13)).max(10);
    let earliest = earliest.max(
        after_t(0.06)
            .unwrap_or(0)
            .min(peak.saturating_sub(samples(0.03))),
    );
    let latest = qrs.onset.min(peak + samples(0.13));
    let onset = border(&held, peak, earliest, (0.013, 0.09)).corner + samples(P_OUTWARD_S.0);
    let end = border(&held, peak, latest, (0.013, 0.1))
        .corner
        .saturating_sub(samples(P_OUTWARD_S.1));
    (onset < peak && peak < end).then_some(Bump {
        span: Span { onset, peak, end },
        prominence,
    })
}

/// The turning point within `within` that stands out most: the geometric mean of its response and its prominence,
/// times `weight`.
fn stands_out(
    calm: &[f64],
    response: impl Fn(usize) -> f64,
    within: std::ops::Range<usize>,
    reach: usize,
    weight: impl Fn(usize) -> f64,
) -> Option<(usize, f64)> {
    let (low, high) = (within.start.max(2), within.end.min(calm.len() - 2));
    (low..high)
        .filter(|k| (calm[*k] - calm[k - 1]) * (calm[k + 1] - calm[*k]) <= 0.0)
        .map(|k| (k, prominence(calm, k, low..high, reach)))
        .map(|(k, rises)| {
            (
                k,
                rises,
                (rises.max(0.0) * response(k).abs()).sqrt() * weight(k),
            )
        })
        .max_by(|a, b| a.2.total_cmp(&b.2))
        .filter(|(_, rises, _)| *rises > 0.0)
        .map(|(k, rises, _)| (k, rises))
}

/// How far the turning point `k` rises above (or dips below) what lies within `reach` on both sides.
fn prominence(calm: &[f64], k: usize, within: std::ops::Range<usize>, reach: usize) -> f64 {
    let up = calm[k] >= calm[k - 1] && calm[k] >= calm[k + 1];
    let sign = if up { 1.0 } else { -1.0 };
    let lowest = |part: &[f64]| part.iter().map(|v| sign * v).fold(f64::INFINITY, f64::min);
    let low = within.start.max(k.saturating_sub(reach));
    let high = (within.end - 1).min(k + reach);
    let before = sign * calm[k] - lowest(&calm[low..=k]);
    let after = sign * calm[k] - lowest(&calm[k..=high.max(k)]);
    before.min(after)
}

/// Where a wave ends, by two constructions.
struct Border {
    /// The corner beyond the steepest point, within a chord's length.
    corner: usize,
    /// Where the tangent at the steepest point meets the level beyond (Lepeschkin and Surawicz, Circulation 6:378, 1952).
    tangent: f64,
}

/// The border of the wave at `peak` towards `limit`; `scale_s` is smoothing and the chord's length.
fn border(shape: &[f64], peak: usize, limit: usize, scale_s: (f64, f64)) -> Border {
    if peak.abs_diff(limit) < 3 {
        return Border {
            corner: limit,
            tangent: limit as f64,
        };
    }
    let calm = gaussian(shape, scale_s.0 * GRID_HZ);
    let slopes = slope(&calm);
    let outward = if limit > peak { 1.0 } else { -1.0 };
    let sign = if calm[peak] >= calm[limit] { 1.0 } else { -1.0 };
    let flank = peak.min(limit)..=peak.max(limit);
    let falls = |k: usize| -sign * outward * slopes[k];
    let mut steepest = peak;
    for k in flank.filter(|k| *k != peak) {
        // Of equals the one nearer the peak.
        let nearer = k.abs_diff(peak) < steepest.abs_diff(peak);
        if steepest == peak || falls(k) > falls(steepest) || (falls(k) == falls(steepest) && nearer)
        {
            steepest = k;
        }
    }
    let length = samples(scale_s.1);
    let far = if limit > peak {
        (steepest + length).min(limit)
    } else {
        steepest.saturating_sub(length).max(limit)
    };
    let beyond = &calm[steepest.min(far)..=steepest.max(far)];
    let level = sign
        * beyond
            .iter()
            .map(|v| sign * v)
            .fold(f64::INFINITY, f64::min);
    let foot = (level - calm[steepest]) / slopes[steepest];
    Border {
        corner: corner(&calm, steepest, far, |depth| sign * depth),
        tangent: steepest as f64 + if foot.is_finite() { foot } else { 0.0 },
    }
}

/// Where the trace lies furthest from the chord between `from` and `to`; `depth` weighs how far it lies below.
fn corner(values: &[f64], from: usize, to: usize, depth: impl Fn(f64) -> f64) -> usize {
    if from == to {
        return from;
    }
    let rise = (values[to] - values[from]) / (to as f64 - from as f64);
    let below = |k: usize| values[from] + rise * (k as f64 - from as f64) - values[k];
    (from.min(to)..=from.max(to))
        .max_by(|a, b| depth(below(*a)).total_cmp(&depth(below(*b))))
        .unwrap_or(from)
}

/// The shape with everything before `at` at the level there, so that the QRS does not disturb what follows.
fn hold_before(shape: &[f64], at: usize) -> Vec<f64> {
    let mut held = shape.to_vec();
    let level = crate::signal::median(&shape[at..(at + samples(0.008)).min(shape.len())]);
    held[..at].fill(level.unwrap_or(0.0));
    held
}

/// The shape with everything from `at` on at the level there.
fn hold_after(shape: &[f64], at: usize) -> Vec<f64> {
    let mut held = shape.to_vec();
    let level = crate::signal::median(&shape[at.saturating_sub(samples(0.008))..=at]);
    held[at..].fill(level.unwrap_or(0.0));
    held
}

fn range(values: &[f64]) -> f64 {
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    high - low
}
