//! Which stretches most influenced the score of the chosen label, from the class activation maps.
//!
//! A logit is the mean of its map over time, so a map's value at a step is that step's exact part of the window's logit
//! (Zhou et al., "Learning Deep Features for Discriminative Localization", 2016). What is common to all labels does not
//! change a probability and is subtracted. Windows count by their weight in the pooled logit.

use super::EvidenceSpan;
use super::aggregate::WindowOutputs;
use super::manifest::{Aggregation, Manifest};
use super::plan::{Segment, Window};

/// Most spans of one call; beyond, those closest to each other are joined.
pub const MAX_SPANS: usize = 40;

/// Least influence that is shown, as a share of the largest.
const SHOWN_FROM: f64 = 0.3;

/// Cells of the time axis for each step of a map.
const CELLS_PER_STEP: f64 = 4.0;

/// Spans of positive influence on `label` within a segment whose windows begin at `first` of the outputs.
pub(super) fn evidence(
    manifest: &Manifest,
    segment: &Segment,
    outputs: &WindowOutputs,
    first: usize,
    label: usize,
) -> Vec<EvidenceSpan> {
    let steps = outputs.steps.max(1);
    let (step_s, centre) = match manifest.outputs.cam_step_s {
        Some(step_s) => (step_s, 0.0),
        None => (manifest.input.window_s / steps as f64, 0.5),
    };
    let weights = window_weights(manifest, segment, outputs, first, label);
    let mut axis = TimeAxis::new(segment, step_s / CELLS_PER_STEP);
    for (index, (window, weight)) in segment.windows.iter().zip(weights).enumerate() {
        let maps = outputs.window_cam(first + index);
        for (step, influence) in influences(maps, steps, label).enumerate() {
            let middle_s = window.from_s + (step as f64 + centre) * step_s;
            axis.add(window, middle_s, step_s, weight * influence);
        }
    }
    joined(axis.spans())
}

/// How much each window's logit moves the pooled one, times the number of windows: 1 each when they count the same.
fn window_weights(
    manifest: &Manifest,
    segment: &Segment,
    outputs: &WindowOutputs,
    first: usize,
    label: usize,
) -> Vec<f64> {
    let Aggregation::LogMeanExp { sharpness } = &manifest.aggregation;
    let s = sharpness.get(label).copied().unwrap_or(1.0);
    let count = segment.windows.len();
    let scaled: Vec<f64> = (first..first + count)
        .map(|window| {
            let logit = outputs.window_logits(window).get(label).copied();
            s * f64::from(logit.unwrap_or(0.0))
        })
        .collect();
    let most = scaled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scaled.iter().map(|z| (z - most).exp()).sum();
    scaled
        .iter()
        .map(|z| (z - most).exp() / sum * count as f64)
        .collect()
}

/// The label's map less the mean of all labels' maps, by step; nothing when the maps are not whole.
fn influences(maps: &[f32], steps: usize, label: usize) -> impl Iterator<Item = f64> + '_ {
    let labels = maps.len() / steps;
    let own = maps
        .get(label * steps..(label + 1) * steps)
        .unwrap_or_default();
    own.iter().enumerate().map(move |(step, &value)| {
        let sum: f64 = maps
            .iter()
            .skip(step)
            .step_by(steps)
            .map(|&v| f64::from(v))
            .sum();
        f64::from(value) - sum / labels.max(1) as f64
    })
}

/// Influence over a segment, averaged where windows overlap.
struct TimeAxis {
    from_s: f64,
    to_s: f64,
    cell_s: f64,
    cells: Vec<(f64, usize)>,
}

impl TimeAxis {
    fn new(segment: &Segment, cell_s: f64) -> Self {
        let count = ((segment.to_s - segment.from_s) / cell_s).ceil().max(0.0) as usize;
        Self {
            from_s: segment.from_s,
            to_s: segment.to_s,
            cell_s,
            cells: vec![(0.0, 0); count],
        }
    }

    fn add(&mut self, window: &Window, middle_s: f64, length_s: f64, influence: f64) {
        let from_s = (middle_s - length_s / 2.0).max(window.from_s);
        let to_s = (middle_s + length_s / 2.0).min(window.to_s);
        // Cells whose middle lies in the stretch.
        let cell =
            |time_s: f64| ((time_s - self.from_s) / self.cell_s - 0.5).ceil().max(0.0) as usize;
        let (begin, end) = (cell(from_s), cell(to_s).min(self.cells.len()));
        for (sum, count) in self.cells.get_mut(begin..end).unwrap_or_default() {
            *sum += influence;
            *count += 1;
        }
    }

    /// Runs of cells with at least [`SHOWN_FROM`] of the largest influence, each with its largest.
    fn spans(&self) -> Vec<EvidenceSpan> {
        let value =
            |&(sum, count): &(f64, usize)| if count == 0 { 0.0 } else { sum / count as f64 };
        let values: Vec<f64> = self.cells.iter().map(value).collect();
        let most = values.iter().copied().fold(0.0, f64::max);
        let mut spans: Vec<EvidenceSpan> = Vec::new();
        let mut open = false;
        for (index, value) in values.iter().enumerate() {
            let shown = most > 0.0 && *value >= SHOWN_FROM * most;
            let weight = (value / most) as f32;
            let from_s = self.from_s + index as f64 * self.cell_s;
            let to_s = (from_s + self.cell_s).min(self.to_s);
            match spans.last_mut() {
                Some(last) if shown && open => {
                    last.to_s = to_s;
                    last.weight = last.weight.max(weight);
                }
                _ if shown => spans.push(EvidenceSpan {
                    from_s,
                    to_s,
                    weight,
                }),
                _ => {}
            }
            open = shown;
        }
        spans
    }
}

/// Joins the neighbours with the shortest distance until there are at most [`MAX_SPANS`]. A joined span's weight is the
/// mean of the two by their lengths; what lies between counts as nothing.
fn joined(mut spans: Vec<EvidenceSpan>) -> Vec<EvidenceSpan> {
    while spans.len() > MAX_SPANS {
        let distance = |pair: &[EvidenceSpan]| pair[1].from_s - pair[0].to_s;
        let closest = spans
            .windows(2)
            .enumerate()
            .min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))
            .map_or(0, |(index, _)| index);
        let second = spans.remove(closest + 1);
        let first = &mut spans[closest];
        let amount = |span: &EvidenceSpan| (span.to_s - span.from_s) * f64::from(span.weight);
        let weight = (amount(first) + amount(&second)) / (second.to_s - first.from_s);
        first.to_s = second.to_s;
        first.weight = weight as f32;
    }
    let most = spans.iter().map(|span| span.weight).fold(0.0, f32::max);
    for span in spans.iter_mut().filter(|_| most > 0.0) {
        span.weight /= most;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::super::plan::{LeadView, plan};
    use super::super::testing::manifest;
    use super::*;

    const STEPS: usize = 63;

    fn segment(n: usize) -> Segment {
        let values = vec![0.0; n];
        let lead = LeadView {
            rate_hz: 100.0,
            values_mv: &values,
            gaps: &[],
            quality: &[],
            beats: None,
        };
        plan(&manifest(), &lead).remove(0)
    }

    /// Maps of every window from the influence on label 1 as a function of time.
    fn outputs(segment: &Segment, map: impl Fn(f64) -> f32) -> WindowOutputs {
        let cam: Vec<f32> = segment
            .windows
            .iter()
            .flat_map(|window| {
                let from_s = window.from_s;
                let map = &map;
                (0..4 * STEPS).map(move |i| {
                    let time_s = from_s + (i % STEPS) as f64 * 0.16;
                    if i / STEPS == 1 { map(time_s) } else { 0.0 }
                })
            })
            .collect();
        let logits = cam
            .chunks(STEPS)
            .map(|row| row.iter().sum::<f32>() / STEPS as f32)
            .collect();
        WindowOutputs {
            labels: 4,
            steps: STEPS,
            logits,
            cam,
        }
    }

    #[test]
    fn a_peak_is_found_where_it_is() {
        let segment = segment(3000);
        let peak = |t: f64| (-((t - 12.0) / 0.4).powi(2)).exp() as f32;
        let spans = evidence(&manifest(), &segment, &outputs(&segment, peak), 0, 1);
        assert_eq!(spans.len(), 1, "{spans:?}");
        assert!(
            (spans[0].from_s - 11.56).abs() < 0.2 && (spans[0].to_s - 12.44).abs() < 0.2,
            "{spans:?}"
        );
        assert_eq!(spans[0].weight, 1.0);
    }

    #[test]
    fn what_speaks_for_all_labels_or_against_is_no_evidence() {
        let segment = segment(1000);
        let mut flat = outputs(&segment, |_| 0.0);
        flat.cam.fill(2.0);
        assert!(evidence(&manifest(), &segment, &flat, 0, 1).is_empty());
        let against = outputs(&segment, |_| -1.0);
        assert!(evidence(&manifest(), &segment, &against, 0, 1).is_empty());
    }

    #[test]
    fn many_peaks_become_at_most_forty_spans_within_the_segment() {
        let segment = segment(6000);
        let comb = |t: f64| {
            ((t * 1.7 * std::f64::consts::TAU).sin() * (1.0 + 0.3 * (t * 0.9).sin())) as f32
        };
        let spans = evidence(&manifest(), &segment, &outputs(&segment, comb), 0, 1);
        assert!(
            spans.len() <= MAX_SPANS && spans.len() > 20,
            "{}",
            spans.len()
        );
        assert!(spans.windows(2).all(|pair| pair[0].to_s <= pair[1].from_s));
        assert!(
            spans
                .iter()
                .all(|s| s.from_s >= 0.0 && s.to_s <= 60.0 && s.from_s < s.to_s)
        );
        assert!(spans.iter().all(|s| (0.0..=1.0).contains(&s.weight)));
    }

    #[test]
    fn maps_that_are_not_whole_are_no_evidence() {
        let segment = segment(1000);
        assert!(evidence(&manifest(), &segment, &WindowOutputs::default(), 0, 1).is_empty());
    }
}
