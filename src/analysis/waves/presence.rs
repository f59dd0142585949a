//! Whether a kind of beats has P waves: they repeat, at a fixed distance before the QRS, on a line that is quiet before.

use super::Absent;
use super::kinds::{Kind, Trace};
use super::marks::{BEFORE, Bump, GRID_HZ, Marks, samples};
use crate::signal::{gaussian, median};
use std::ops::Range;

/// Least median correlation of the single beats' P segments with those of the others.
const REPEATS: f64 = 0.68;
/// The same where the rhythm is irregular, as in atrial fibrillation.
const REPEATS_IRREGULAR: f64 = 0.9;
/// Median change of successive RR intervals over their median from which on a rhythm is irregular.
const IRREGULAR: f64 = 0.15;
/// Shortest P wave.
const SHORTEST_S: f64 = 0.04;
/// P height over QRS height from which on the line before it must be quieter than the P itself; below, noise makes the
/// line restless too, and it must be twice as restless.
const TALL: f64 = 0.04;
/// Least P height over QRS height: the measuring filter leaves traces of this size that repeat as well.
const LOWEST: f64 = 0.006;
/// Smoothing of what is correlated.
const SMOOTH_S: f64 = 0.006;
/// Up to so many beats each is compared with the median of the others, beyond with that of all, which it hardly moves.
const LEAVE_OUT: usize = 12;

/// What the beats around a kind tell.
pub struct Rhythm<'a> {
    pub trace: &'a Trace,
    /// RR interval that ends at each member, where it is known.
    pub rr_s: Vec<Option<f64>>,
    /// Median change of successive RR intervals over their median.
    pub irregularity: f64,
}

/// Each member's correlation with the kind's P wave, or why there is none.
pub fn p_presence(
    kind: &Kind,
    marks: &Marks,
    p: Bump,
    rhythm: &Rhythm<'_>,
) -> Result<Vec<f64>, Absent> {
    let span = p.span;
    if span.end - span.onset < samples(SHORTEST_S) {
        return Err(Absent::NoRepeat);
    }
    if p.prominence < LOWEST * marks.height {
        return Err(Absent::Flat);
    }
    let window = p_window(marks, p);
    let single: Vec<Option<Vec<f64>>> = kind
        .members
        .iter()
        .map(|member| segment(&member.cut, &window))
        .collect();
    let whole = segment_of(&kind.shape, &window);
    let alike: Vec<Option<f64>> = single
        .iter()
        .enumerate()
        .map(|(index, own)| {
            let own = own.as_ref()?;
            if single.len() > LEAVE_OUT {
                return Some(detrended_correlation(own, &whole));
            }
            let others: Vec<&Vec<f64>> = single
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
                .filter_map(|(_, segment)| segment.as_ref())
                .collect();
            Some(detrended_correlation(own, &pointwise_median(&others)))
        })
        .collect();
    let known: Vec<f64> = alike.iter().copied().flatten().collect();
    let repeats = median(&known).unwrap_or(0.0);
    if repeats < REPEATS {
        return Err(Absent::NoRepeat);
    }
    if rhythm.irregularity > IRREGULAR && repeats < REPEATS_IRREGULAR {
        return Err(Absent::Irregular);
    }
    let quieter = if p.prominence > TALL * marks.height {
        1.0
    } else {
        2.0
    };
    if restlessness(kind, marks, p, rhythm).is_some_and(|ratio| ratio > quieter) {
        return Err(Absent::Restless);
    }
    Ok(alike.into_iter().map(|r| r.unwrap_or(0.0)).collect())
}

/// The part of a cut that P waves are compared in.
pub fn p_window(marks: &Marks, p: Bump) -> Range<usize> {
    let low = p.span.onset.saturating_sub(samples(0.04));
    let high = (p.span.end + samples(0.03)).min(marks.qrs.onset);
    low.min(high.saturating_sub(samples(0.06)))..high
}

/// How much the line between the T and the P moves, over what the P itself does: flutter and fibrillation waves go on
/// there. Median of the half of the beats that come latest, whose line is longest; `None` where none is long enough.
fn restlessness(kind: &Kind, marks: &Marks, p: Bump, rhythm: &Rhythm<'_>) -> Option<f64> {
    let offset_s = |index: usize| (index as f64 - BEFORE as f64) / GRID_HZ;
    let t_end_s = marks.t.map_or(0.3, |t| offset_s(t.span.end));
    let trace = rhythm.trace;
    let mut ratios: Vec<(f64, f64)> = kind
        .members
        .iter()
        .zip(&rhythm.rr_s)
        .filter_map(|(member, rr)| {
            let rr = (*rr)?;
            let to = member.time_s + offset_s(p.span.onset) - 0.01;
            let from = (member.time_s - rr + t_end_s + 0.03).max(to - 0.35);
            if to - from < 0.1 {
                return None;
            }
            let line = trace.smooth_range(from..to)?;
            let wave = trace.smooth_range(to..member.time_s + offset_s(p.span.end))?;
            (wave > 0.0).then_some((rr, line / wave))
        })
        .collect();
    if ratios.len() < 2 {
        return None;
    }
    ratios.sort_by(|a, b| b.0.total_cmp(&a.0));
    let longest = (ratios.len() / 2).max(2);
    let moves: Vec<f64> = ratios
        .iter()
        .take(longest)
        .map(|(_, ratio)| *ratio)
        .collect();
    median(&moves)
}

impl Trace {
    /// Range of the trace about the straight line between its ends, smoothed over 10 ms.
    fn smooth_range(&self, time_s: Range<f64>) -> Option<f64> {
        let index = |time_s: f64| ((time_s - self.start_s) * self.rate_hz) as i64;
        let (from, to) = (index(time_s.start), index(time_s.end));
        let margin = (0.04 * self.rate_hz) as i64;
        let (low, high) = (
            (from - margin).max(0),
            (to + margin).min(self.values.len() as i64),
        );
        if from < 0 || to > self.values.len() as i64 || to - from < 4 {
            return None;
        }
        let smooth = gaussian(
            &self.values[low as usize..high as usize],
            0.01 * self.rate_hz,
        );
        let part = &smooth[(from - low) as usize..(to - low) as usize];
        let last = (part.len() - 1) as f64;
        let (start, end) = (part[0], part[part.len() - 1]);
        let about = |(k, v): (usize, &f64)| v - start - (end - start) * k as f64 / last;
        let (low, high) = part
            .iter()
            .enumerate()
            .map(about)
            .fold((0.0_f64, 0.0_f64), |(low, high), v| {
                (low.min(v), high.max(v))
            });
        Some(high - low)
    }
}

/// A part of a cut smoothed over 6 ms; `None` where it is not all there.
pub fn segment(cut: &[f32], window: &Range<usize>) -> Option<Vec<f64>> {
    let around = with_margin(window, cut.len());
    let values: Vec<f64> = cut
        .get(around.clone())?
        .iter()
        .map(|v| f64::from(*v))
        .collect();
    if values.iter().any(|v| v.is_nan()) {
        return None;
    }
    let smooth = gaussian(&values, SMOOTH_S * GRID_HZ);
    Some(smooth[window.start - around.start..window.end - around.start].to_vec())
}

/// The same part of a shape.
pub fn segment_of(shape: &[f64], window: &Range<usize>) -> Vec<f64> {
    let around = with_margin(window, shape.len());
    let smooth = gaussian(&shape[around.clone()], SMOOTH_S * GRID_HZ);
    smooth[window.start - around.start..window.end - around.start].to_vec()
}

/// A window with what smoothing reaches beyond it.
fn with_margin(window: &Range<usize>, len: usize) -> Range<usize> {
    let margin = samples(4.0 * SMOOTH_S);
    window.start.saturating_sub(margin)..(window.end + margin).min(len)
}

fn pointwise_median(segments: &[&Vec<f64>]) -> Vec<f64> {
    let n = segments.iter().map(|s| s.len()).min().unwrap_or(0);
    (0..n)
        .map(|k| median(&segments.iter().map(|s| s[k]).collect::<Vec<_>>()).unwrap_or(0.0))
        .collect()
}

/// Correlation of two slices after a straight line is taken off each; 0 when one of them is a line.
pub fn detrended_correlation(a: &[f64], b: &[f64]) -> f64 {
    let (aa, bb, ab) = detrended_products(a, b);
    if aa > 0.0 && bb > 0.0 {
        ab / (aa * bb).sqrt()
    } else {
        0.0
    }
}

/// Sums of a², b² and ab over two slices after a straight line is taken off each; 0 for fewer than three values.
pub fn detrended_products(a: &[f64], b: &[f64]) -> (f64, f64, f64) {
    let n = a.len().min(b.len());
    if n < 3 {
        return (0.0, 0.0, 0.0);
    }
    let middle = (n - 1) as f64 / 2.0;
    let spread: f64 = (0..n).map(|k| (k as f64 - middle).powi(2)).sum();
    let line = |x: &[f64]| {
        let mean = x[..n].iter().sum::<f64>() / n as f64;
        let rise = (0..n).map(|k| (k as f64 - middle) * x[k]).sum::<f64>() / spread;
        (mean, rise)
    };
    let ((ma, ra), (mb, rb)) = (line(a), line(b));
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for k in 0..n {
        let at = k as f64 - middle;
        let (x, y) = (a[k] - ma - ra * at, b[k] - mb - rb * at);
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    (aa, bb, ab)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_does_not_count() {
        let bump: Vec<f64> = (0..60)
            .map(|k| (-0.5 * (f64::from(k - 30) / 8.0).powi(2)).exp())
            .collect();
        let tilted: Vec<f64> = bump
            .iter()
            .enumerate()
            .map(|(k, v)| 2.0 * v - 0.3 * k as f64)
            .collect();
        let line: Vec<f64> = (0..60).map(f64::from).collect();
        assert!((detrended_correlation(&bump, &tilted) - 1.0).abs() < 1e-9);
        assert!(detrended_correlation(&bump, &line).abs() < 1e-6);
    }
}
