//! From the traces of all pages to leads on one time line.

use super::trace::{Drawn, Trace};
use crate::formats::gaps::push_gap;
use crate::recording::{Gap, GapReason, Lead, LeadName, SampleData, Samples, Scale};

/// Rate at which unevenly drawn traces are read.
const UNEVEN_RATE_HZ: f64 = 500.0;
/// Resolutions in millivolts that recorders have: a trace whose points all lie on one of them is stored in its counts.
const RESOLUTIONS: [f64; 6] = [0.005, 0.004_88, 0.002_5, 0.001_25, 0.001, 0.000_5];
/// Rows of one height.
const SAME_ROW_MM: f64 = 3.0;

/// How a page is measured.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Millimetres of the page for a second.
    pub per_second: f64,
    /// Millimetres of the page for a millivolt, where a row has no pulse.
    pub per_millivolt: Option<f64>,
    /// Whether pulses are measured.
    pub pulses: bool,
}

/// What came of the sheets.
#[derive(Debug, Default)]
pub struct Sheet {
    /// Leads on one time line.
    pub leads: Vec<Lead>,
    /// A trace was drawn at uneven steps and read by interpolation.
    pub uneven: bool,
    /// The zero level of a trace is its middle.
    pub without_zero: bool,
    /// Columns that follow each other in time.
    pub columns: bool,
    /// Leads drawn twice that differ, with the largest difference in millivolts.
    pub differs: Vec<(LeadName, f64)>,
}

/// A trace as samples.
struct Strip {
    lead: Option<LeadName>,
    start: f64,
    height: f64,
    values: Vec<f32>,
}

/// The step at which the points of a trace stand, with the number of steps to each; `None` where they stand unevenly.
fn even_steps(trace: &Trace) -> Option<(f64, Vec<usize>)> {
    let points = &trace.points;
    let count = points.len().checked_sub(1).filter(|&count| count > 1)?;
    let start = trace.start();
    let span = trace.end() - start;
    // Each point is a sample, whatever rounding did to its place.
    let step = span / count as f64;
    let even = points
        .iter()
        .enumerate()
        .all(|(at, point)| (point[0] - start - at as f64 * step).abs() <= 0.75 * step);
    if even {
        return Some((step, (0..=count).collect()));
    }
    // Points may be left out where the trace is straight.
    let mut steps: Vec<f64> = points
        .windows(2)
        .map(|pair| pair[1][0] - pair[0][0])
        .filter(|step| *step > 1e-6)
        .collect();
    let middle = steps.len() / 2;
    if steps.is_empty() {
        return None;
    }
    let median = *steps.select_nth_unstable_by(middle, f64::total_cmp).1;
    let mut total = 0.0;
    for pair in points.windows(2) {
        total += ((pair[1][0] - pair[0][0]) / median).round();
    }
    if total < 1.0 || total > 4.0 * count as f64 {
        return None;
    }
    let step = span / total;
    let places: Vec<usize> = points
        .iter()
        .map(|point| ((point[0] - start) / step).round().max(0.0) as usize)
        .collect();
    let residual = points
        .iter()
        .zip(&places)
        .all(|(point, &place)| (point[0] - start - place as f64 * step).abs() <= 0.2 * step);
    residual.then_some((step, places))
}

/// The heights of a trace at every step.
fn heights(trace: &Trace, places: &[usize]) -> Vec<f64> {
    let mut heights: Vec<f64> = Vec::with_capacity(places.last().map_or(0, |last| last + 1));
    for (point, &place) in trace.points.iter().zip(places) {
        let Some(&last) = heights.last() else {
            heights.push(point[1]);
            continue;
        };
        let from = heights.len() - 1;
        if place <= from {
            continue;
        }
        for at in from + 1..=place {
            let part = (at - from) as f64 / (place - from) as f64;
            heights.push(last + part * (point[1] - last));
        }
    }
    heights
}

/// The heights of a trace at even steps, by straight lines between its points.
fn resampled(trace: &Trace, step: f64) -> Vec<f64> {
    let start = trace.start();
    let count = ((trace.end() - start) / step + 1e-6).floor().max(0.0) as usize + 1;
    let mut heights = Vec::with_capacity(count);
    let mut pairs = trace.points.windows(2).peekable();
    for at in 0..count {
        let x = start + at as f64 * step;
        while pairs.peek().is_some_and(|pair| pair[1][0] < x) {
            pairs.next();
        }
        let height = match pairs.peek() {
            Some(pair) if pair[1][0] > pair[0][0] => {
                let part = ((x - pair[0][0]) / (pair[1][0] - pair[0][0])).clamp(0.0, 1.0);
                pair[0][1] + part * (pair[1][1] - pair[0][1])
            }
            Some(pair) => f64::midpoint(pair[0][1], pair[1][1]),
            None => trace.points.last().map_or(0.0, |point| point[1]),
        };
        heights.push(height);
    }
    heights
}

/// A rate that is whole within what drawing and rounding leave.
fn plain_rate(rate_hz: f64) -> f64 {
    let whole = rate_hz.round();
    if whole > 0.0 && (rate_hz / whole - 1.0).abs() < 5e-4 {
        whole
    } else {
        rate_hz
    }
}

/// Rate of the traces, by the longest that is evenly drawn.
pub fn rate_of(pages: &[Drawn], measures: &[Measure]) -> Option<f64> {
    let traces = pages
        .iter()
        .zip(measures)
        .flat_map(|(page, measure)| page.traces.iter().map(move |trace| (trace, measure)));
    let (step, measure) = traces
        .filter_map(|(trace, measure)| Some((even_steps(trace)?, trace, measure)))
        .max_by_key(|(_, trace, _)| trace.points.len())
        .map(|((step, _), _, measure)| (step, measure))?;
    let rate_hz = measure.per_second / step;
    (20.0..=20_000.0)
        .contains(&rate_hz)
        .then(|| plain_rate(rate_hz))
}

/// Lays the traces of all pages on one time line. `one_lead`: rows without names follow each other as this lead.
pub fn lay(pages: &[Drawn], measures: &[Measure], one_lead: Option<&str>) -> Option<(Sheet, f64)> {
    let mut sheet = Sheet::default();
    let rate_hz = match rate_of(pages, measures) {
        Some(rate_hz) => rate_hz,
        None => UNEVEN_RATE_HZ,
    };
    let mut rows: Vec<Vec<Strip>> = Vec::new();
    for (page, measure) in pages.iter().zip(measures) {
        let step = measure.per_second / rate_hz;
        let strips: Vec<Strip> = page
            .traces
            .iter()
            .map(|trace| strip(trace, measure, step, &mut sheet))
            .collect();
        rows.push(strips);
    }
    let named = rows.iter().flatten().any(|strip| strip.lead.is_some());
    let tracks = match one_lead {
        Some(name) if !named => one_after_the_other(rows, pages, measures, rate_hz, name),
        _ => side_by_side(rows, measures, rate_hz, &mut sheet)?,
    };
    sheet.leads = tracks
        .into_iter()
        .map(|(name, values)| lead(&name, rate_hz, &values))
        .collect();
    Some((sheet, rate_hz))
}

/// The samples of a trace in millivolts.
fn strip(trace: &Trace, measure: &Measure, step: f64, sheet: &mut Sheet) -> Strip {
    let even = even_steps(trace).filter(|(own, _)| (own / step - 1.0).abs() < 0.01);
    let heights = match even {
        Some((_, places)) => heights(trace, &places),
        None => {
            sheet.uneven = true;
            resampled(trace, step)
        }
    };
    let zero = trace.zero.unwrap_or_else(|| {
        sheet.without_zero = true;
        trace.median()
    });
    let pulse = trace.pulse.filter(|_| measure.pulses);
    let per_millivolt = pulse.or(measure.per_millivolt).unwrap_or(10.0);
    let values = heights
        .iter()
        .map(|height| ((height - zero) / per_millivolt) as f32)
        .collect();
    Strip {
        lead: trace.lead,
        start: trace.start(),
        height: zero,
        values,
    }
}

type Track = (String, Vec<f32>);

/// Rows of one lead, from top to bottom and page to page; pieces of one row stand where they are drawn.
fn one_after_the_other(
    rows: Vec<Vec<Strip>>,
    pages: &[Drawn],
    measures: &[Measure],
    rate_hz: f64,
    name: &str,
) -> Vec<Track> {
    let mut values: Vec<f32> = Vec::new();
    let total: usize = pages
        .iter()
        .flat_map(|page| &page.traces)
        .map(|t| t.points.len())
        .sum();
    for (mut strips, measure) in rows.into_iter().zip(measures) {
        strips.sort_by(|a, b| b.height.total_cmp(&a.height));
        let mut ordered: Vec<Strip> = Vec::with_capacity(strips.len());
        for row in strips.chunk_by_mut(|a, b| (a.height - b.height).abs() < SAME_ROW_MM) {
            row.sort_by(|a, b| a.start.total_cmp(&b.start));
            ordered.extend(row.iter_mut().map(|strip| Strip {
                lead: strip.lead,
                start: strip.start,
                height: strip.height,
                values: std::mem::take(&mut strip.values),
            }));
        }
        let step = measure.per_second / rate_hz;
        let mut before: Option<(f64, f64)> = None;
        for strip in ordered {
            if let Some((height, end)) = before
                && (height - strip.height).abs() < SAME_ROW_MM
                && strip.start > end
            {
                // The pen was lifted within a row.
                let missing = ((strip.start - end) / step).round() as usize;
                let missing = missing.saturating_sub(1).min(total);
                values.resize(values.len() + missing, f32::NAN);
            }
            let length = strip.values.len().saturating_sub(1) as f64 * step;
            before = Some((strip.height, strip.start + length));
            values.extend(strip.values);
        }
    }
    vec![(name.to_owned(), values)]
}

/// Named leads beside and below each other: what stands at one place along is simultaneous, columns follow each other,
/// and a lead that is named again is the next stretch, or the same once more.
fn side_by_side(
    rows: Vec<Vec<Strip>>,
    measures: &[Measure],
    rate_hz: f64,
    sheet: &mut Sheet,
) -> Option<Vec<Track>> {
    let mut tracks: Vec<(LeadName, Vec<f32>)> = Vec::new();
    let points: usize = rows.iter().flatten().map(|strip| strip.values.len()).sum();
    let mut done = 0_usize;
    for (strips, measure) in rows.into_iter().zip(measures) {
        let step = measure.per_second / rate_hz;
        for system in systems(strips) {
            let left = system
                .iter()
                .map(|strip| strip.start)
                .fold(f64::INFINITY, f64::min);
            let mut length = 0;
            for strip in &system {
                let Some(name) = strip.lead else { continue };
                let offset = ((strip.start - left) / step).round().max(0.0) as usize;
                let end = offset.checked_add(strip.values.len())?;
                if end > points.saturating_mul(4).saturating_add(100_000) {
                    return None;
                }
                sheet.columns |= offset > strip.values.len() / 2;
                let place = tracks.iter().position(|(known, _)| *known == name);
                let place = place.unwrap_or_else(|| {
                    tracks.push((name, Vec::new()));
                    tracks.len() - 1
                });
                let track = &mut tracks[place].1;
                if track.len() < done + end {
                    track.resize(done + end, f32::NAN);
                }
                let mut difference = 0.0_f32;
                for (slot, &value) in track[done + offset..].iter_mut().zip(&strip.values) {
                    if slot.is_nan() {
                        *slot = value;
                    } else {
                        difference = difference.max((*slot - value).abs());
                    }
                }
                if difference > 0.02 {
                    sheet.differs.push((name, f64::from(difference)));
                }
                length = length.max(end);
            }
            done += length;
        }
    }
    tracks.retain(|(_, values)| values.iter().any(|value| !value.is_nan()));
    for (_, values) in &mut tracks {
        values.resize(done, f32::NAN);
    }
    tracks.sort_by_key(|(name, _)| *name);
    let named = tracks
        .into_iter()
        .map(|(name, values)| (name.label().to_owned(), values));
    Some(named.collect())
}

/// The strips of a page, as groups that follow each other: a lead that begins again at the same place with the same
/// length begins a new one. Longer strips come first, so that short copies of them are the copies.
fn systems(mut strips: Vec<Strip>) -> Vec<Vec<Strip>> {
    strips.sort_by(|a, b| b.height.total_cmp(&a.height));
    let mut systems: Vec<Vec<Strip>> = vec![Vec::new()];
    for strip in strips {
        let again = systems.last().is_some_and(|system| {
            system.iter().any(|other| {
                let ratio = strip.values.len() as f64 / other.values.len().max(1) as f64;
                other.lead == strip.lead
                    && other.lead.is_some()
                    && (other.start - strip.start).abs() < SAME_ROW_MM
                    && (0.67..=1.5).contains(&ratio)
            })
        });
        if again {
            systems.push(Vec::new());
        }
        if let Some(system) = systems.last_mut() {
            system.push(strip);
        }
    }
    for system in &mut systems {
        system.sort_by_key(|strip| std::cmp::Reverse(strip.values.len()));
    }
    systems
}

/// A lead of values, what is no number being a gap; counts where all values stand on the steps of a converter.
fn lead(name: &str, rate_hz: f64, values: &[f32]) -> Lead {
    let mut gaps: Vec<Gap> = Vec::new();
    let mut data = Vec::with_capacity(values.len());
    let mut last = values
        .iter()
        .copied()
        .find(|value| !value.is_nan())
        .unwrap_or(0.0);
    for (at, &value) in values.iter().enumerate() {
        if value.is_nan() {
            push_gap(&mut gaps, at..at + 1, GapReason::Missing);
        } else {
            last = value;
        }
        data.push(last);
    }
    let mut lead = Lead::ecg(name, rate_hz, samples(data));
    lead.gaps = gaps;
    lead
}

fn samples(values: Vec<f32>) -> Samples {
    let fits = |resolution: f64| {
        values.iter().all(|&value| {
            let count = f64::from(value) / resolution;
            (count - count.round()).abs() < 0.11 && count.abs() < 32_000.0
        })
    };
    let varied = values.windows(2).filter(|pair| pair[0] != pair[1]).count() > 50;
    match RESOLUTIONS
        .into_iter()
        .find(|&resolution| varied && fits(resolution))
    {
        Some(resolution) => {
            let counts = values
                .iter()
                .map(|&value| (f64::from(value) / resolution).round() as i16);
            let scale = Scale {
                gain: (1.0 / resolution * 1e6).round() / 1e6,
                baseline: 0.0,
            };
            Samples::from_i16(counts.collect(), scale)
        }
        None => Samples {
            data: SampleData::F32(values),
            scale: Scale::IDENTITY,
        },
    }
}
