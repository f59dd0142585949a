//! Which windows of a lead a model is given, and which stretch each answer speaks of.
//!
//! A recording of up to [`WHOLE_UP_TO_S`] has one answer. A longer one has an answer for each segment of [`SEGMENT_S`],
//! so that the rhythm can be shown over time; a rest too short for a window belongs to the segment before. Windows lie
//! within one segment and never over a gap. From [`SPARSE_FROM_S`] on they do not overlap, which halves the work.

use super::InferenceError;
use super::manifest::Manifest;
use super::preprocess::{Preprocessor, samples_of};
use crate::analysis::{Grade, QualitySpan};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Longest recording that has a single answer, in seconds. The recordings that rhythm models are trained on (CinC 2017)
/// have 9 to 61 s.
pub const WHOLE_UP_TO_S: f64 = 60.0;

/// Length of a segment of a longer recording, in seconds: the usual length of those recordings.
pub const SEGMENT_S: f64 = 30.0;

/// Length from which the windows do not overlap, in seconds.
pub const SPARSE_FROM_S: f64 = 7200.0;

/// Share of a window that may be unusable signal.
const MAX_UNUSABLE_SHARE: f64 = 0.5;

/// One lead with what the analysis says of it.
#[derive(Clone, Copy, Debug)]
pub struct LeadView<'a> {
    /// Samples per second.
    pub rate_hz: f64,
    /// Millivolts.
    pub values_mv: &'a [f32],
    /// Stretches without samples, in sample indices.
    pub gaps: &'a [Range<usize>],
    /// Quality over time; what it does not cover counts as usable.
    pub quality: &'a [QualitySpan],
    /// Beats found in the whole lead, `None` where nobody looked for them.
    pub beats: Option<usize>,
}

/// One window of the lead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// First sample.
    pub first: usize,
    /// Samples; fewer than the model's window where the stretch is shorter.
    pub length: usize,
    /// Seconds from the lead's start.
    pub from_s: f64,
    /// Seconds, exclusive.
    pub to_s: f64,
}

/// The stretch of one answer with its windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Seconds from the lead's start.
    pub from_s: f64,
    /// Seconds, exclusive.
    pub to_s: f64,
    /// Windows that the model is given.
    pub windows: Vec<Window>,
    /// Windows left out because most of them is unusable signal.
    pub unusable: usize,
    /// Longest stretch without a gap, in seconds.
    pub unbroken_s: f64,
    /// Beats found in the whole lead, where somebody looked for them.
    pub beats: Option<usize>,
}

/// Windows made ready for the model, with the segments that they belong to. Windows follow each other in the order of
/// the segments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    /// Segments in order of time.
    pub segments: Vec<Segment>,
    /// Samples of one window.
    pub samples: usize,
    /// `[windows, samples]`: all windows one after the other. May be taken out and sent as a buffer: concluding does
    /// not need it.
    pub values: Vec<f32>,
}

impl Prepared {
    /// Number of windows.
    #[must_use]
    pub fn window_count(&self) -> usize {
        self.segments
            .iter()
            .map(|segment| segment.windows.len())
            .sum()
    }
}

/// Divides a lead into segments and windows.
#[must_use]
pub fn plan(manifest: &Manifest, lead: &LeadView) -> Vec<Segment> {
    let n = lead.values_mv.len();
    let rate_hz = lead.rate_hz;
    let duration_s = n as f64 / rate_hz;
    let window_s = manifest.input.window_s;
    let layout = Layout {
        rate_hz,
        length: samples_of(window_s, rate_hz).max(1),
        hop_s: if duration_s >= SPARSE_FROM_S {
            window_s
        } else {
            manifest.input.hop_s
        },
    };
    let missing = missing(lead);
    boundaries(n, rate_hz, window_s)
        .into_iter()
        .map(|range| segment(range, &missing, lead, &layout))
        .collect()
}

/// Prepares some segments of a plan: `segments[chosen]`, cut to what there is.
#[must_use]
pub fn prepare_segments(
    preprocessor: &Preprocessor,
    values_mv: &[f32],
    segments: &[Segment],
) -> Prepared {
    let windows = segments.iter().flat_map(|segment| &segment.windows);
    let mut values = Vec::with_capacity(windows.clone().count() * preprocessor.samples());
    for window in windows {
        let end = (window.first + window.length).min(values_mv.len());
        let stretch = values_mv.get(window.first..end).unwrap_or_default();
        values.extend(preprocessor.window(stretch));
    }
    Prepared {
        segments: segments.to_vec(),
        samples: preprocessor.samples(),
        values,
    }
}

/// Plans and prepares a whole lead at once. For long recordings, [`plan`] once and [`prepare_segments`] in chunks.
///
/// # Errors
/// [`InferenceError::Rate`] when the model cannot be given a lead of that rate.
pub fn prepare(manifest: &Manifest, lead: &LeadView) -> Result<Prepared, InferenceError> {
    let preprocessor = Preprocessor::new(manifest, lead.rate_hz)?;
    Ok(prepare_segments(
        &preprocessor,
        lead.values_mv,
        &plan(manifest, lead),
    ))
}

/// Prepares the last window of a stream; the times count from the first of the given values.
///
/// # Errors
/// [`InferenceError::Rate`] when the model cannot be given a signal of that rate.
pub fn prepare_live(
    manifest: &Manifest,
    rate_hz: f64,
    values_mv: &[f32],
) -> Result<Prepared, InferenceError> {
    let preprocessor = Preprocessor::new(manifest, rate_hz)?;
    let first = values_mv.len().saturating_sub(preprocessor.length());
    let lead = LeadView {
        rate_hz,
        values_mv,
        gaps: &[],
        quality: &[],
        beats: None,
    };
    let layout = Layout {
        rate_hz,
        length: preprocessor.length(),
        hop_s: manifest.input.hop_s,
    };
    let last = segment(first..values_mv.len(), &missing(&lead), &lead, &layout);
    Ok(prepare_segments(&preprocessor, values_mv, &[last]))
}

struct Layout {
    rate_hz: f64,
    length: usize,
    hop_s: f64,
}

/// Gaps and stretches of values that are no numbers, in order.
fn missing(lead: &LeadView) -> Vec<Range<usize>> {
    let mut missing: Vec<Range<usize>> = lead.gaps.to_vec();
    let mut values = lead.values_mv.iter().enumerate().peekable();
    while let Some((from, value)) = values.next() {
        if value.is_finite() {
            continue;
        }
        let mut to = from + 1;
        while let Some((at, _)) = values.next_if(|(_, value)| !value.is_finite()) {
            to = at + 1;
        }
        missing.push(from..to);
    }
    missing.sort_by_key(|range| range.start);
    missing
}

/// Sample ranges of the segments.
fn boundaries(n: usize, rate_hz: f64, window_s: f64) -> Vec<Range<usize>> {
    let segment_s = SEGMENT_S.max(window_s);
    if n as f64 / rate_hz <= WHOLE_UP_TO_S.max(2.0 * window_s) {
        return std::iter::once(0..n).collect();
    }
    let window = samples_of(window_s, rate_hz);
    let mut starts: Vec<usize> = (0..)
        .map(|k: usize| samples_of(k as f64 * segment_s, rate_hz))
        .take_while(|&start| start == 0 || start + window <= n)
        .collect();
    starts.push(n);
    starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

fn segment(
    range: Range<usize>,
    missing: &[Range<usize>],
    lead: &LeadView,
    layout: &Layout,
) -> Segment {
    let stretches = stretches(&range, missing);
    let longest = stretches
        .iter()
        .max_by_key(|stretch| stretch.len())
        .cloned()
        .unwrap_or(0..0);
    let time_s = |sample: usize| sample as f64 / layout.rate_hz;
    let mut planned: Vec<(usize, usize)> = stretches
        .iter()
        .flat_map(|stretch| {
            starts(stretch, layout)
                .into_iter()
                .map(|start| (start, layout.length))
        })
        .collect();
    // Less than a window everywhere: one window over the longest stretch, if it is at least half of one. The least
    // duration of the manifest decides whether it may speak.
    if planned.is_empty() && longest.len() * 2 >= layout.length && longest.len() > 1 {
        planned.push((longest.start, longest.len()));
    }
    let windows: Vec<Window> = planned
        .iter()
        .map(|&(first, length)| Window {
            first,
            length,
            from_s: time_s(first),
            to_s: time_s(first + length),
        })
        .filter(|window| usable(window, lead.quality))
        .collect();
    Segment {
        from_s: time_s(range.start),
        to_s: time_s(range.end),
        unusable: planned.len() - windows.len(),
        windows,
        unbroken_s: time_s(longest.len()),
        beats: lead.beats,
    }
}

/// The parts of a range without missing samples.
fn stretches(range: &Range<usize>, missing: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut stretches = Vec::new();
    let mut from = range.start;
    for gap in missing {
        if gap.end <= from {
            continue;
        }
        if gap.start >= range.end {
            break;
        }
        if gap.start > from {
            stretches.push(from..gap.start);
        }
        from = gap.end;
    }
    if from < range.end {
        stretches.push(from..range.end);
    }
    stretches
}

/// First samples of a stretch's windows: one every hop, and a last one that ends with the stretch.
fn starts(stretch: &Range<usize>, layout: &Layout) -> Vec<usize> {
    let Some(last) = stretch.len().checked_sub(layout.length) else {
        return Vec::new();
    };
    let mut starts: Vec<usize> = (0..)
        .map(|k: usize| samples_of(k as f64 * layout.hop_s, layout.rate_hz))
        .take_while(|&start| start <= last)
        .collect();
    if starts.last().is_none_or(|&start| start < last) {
        starts.push(last);
    }
    starts.iter().map(|start| stretch.start + start).collect()
}

fn usable(window: &Window, quality: &[QualitySpan]) -> bool {
    let begin = quality.partition_point(|span| span.range_s.end <= window.from_s);
    let unusable_s: f64 = quality
        .iter()
        .skip(begin)
        .take_while(|span| span.range_s.start < window.to_s)
        .filter(|span| span.grade == Grade::Unusable)
        .map(|span| span.range_s.end.min(window.to_s) - span.range_s.start.max(window.from_s))
        .sum();
    unusable_s <= MAX_UNUSABLE_SHARE * (window.to_s - window.from_s)
}

#[cfg(test)]
mod tests {
    use super::super::testing::manifest;
    use super::*;
    use proptest::prelude::*;

    fn lead<'a>(
        values_mv: &'a [f32],
        gaps: &'a [Range<usize>],
        quality: &'a [QualitySpan],
    ) -> LeadView<'a> {
        LeadView {
            rate_hz: 100.0,
            values_mv,
            gaps,
            quality,
            beats: Some(30),
        }
    }

    fn firsts(segment: &Segment) -> Vec<usize> {
        segment.windows.iter().map(|window| window.first).collect()
    }

    #[test]
    fn windows_step_by_the_hop_and_the_last_ends_with_the_recording() {
        let values = [0.0; 2730];
        let segments = plan(&manifest(), &lead(&values, &[], &[]));
        assert_eq!(segments.len(), 1);
        assert_eq!(firsts(&segments[0]), [0, 500, 1000, 1500, 1730]);
        assert_eq!(segments[0].windows[4].to_s, 27.3);
        let values = [0.0; 3000];
        assert_eq!(
            firsts(&plan(&manifest(), &lead(&values, &[], &[]))[0]),
            [0, 500, 1000, 1500, 2000]
        );
    }

    #[test]
    fn half_samples_round_up_as_in_training() {
        let values = [0.0; 2700];
        let odd = LeadView {
            rate_hz: 90.9,
            ..lead(&values, &[], &[])
        };
        let windows = &plan(&manifest(), &odd)[0].windows;
        assert_eq!(
            (windows[0].length, windows[1].first, windows[3].first),
            (909, 455, 1364)
        );
    }

    #[test]
    fn long_recordings_have_segments_and_the_rest_joins_the_last() {
        let values = vec![0.0; 9500];
        let segments = plan(&manifest(), &lead(&values, &[], &[]));
        let spans: Vec<(f64, f64)> = segments.iter().map(|s| (s.from_s, s.to_s)).collect();
        assert_eq!(spans, [(0.0, 30.0), (30.0, 60.0), (60.0, 95.0)]);
        assert_eq!(firsts(&segments[1]), [3000, 3500, 4000, 4500, 5000]);
        let values = vec![0.0; 10_000];
        assert_eq!(plan(&manifest(), &lead(&values, &[], &[])).len(), 4);
    }

    #[test]
    fn a_day_has_windows_that_do_not_overlap() {
        let values = vec![0.0; 24 * 3600 * 100];
        let segments = plan(&manifest(), &lead(&values, &[], &[]));
        assert_eq!(segments.len(), 2880);
        assert!(segments.iter().all(|segment| segment.windows.len() == 3));
    }

    #[test]
    fn no_window_touches_a_gap_or_what_is_no_number() {
        let mut values = vec![0.0; 3000];
        values[2900] = f32::NAN;
        let gap = 1200..1300;
        let segments = plan(&manifest(), &lead(&values, std::slice::from_ref(&gap), &[]));
        assert_eq!(firsts(&segments[0]), [0, 200, 1300, 1800, 1900]);
        assert!((segments[0].unbroken_s - 16.0).abs() < 1e-9);
    }

    #[test]
    fn unusable_windows_are_left_out() {
        let span = |range_s, grade| QualitySpan {
            range_s,
            grade,
            reasons: Vec::new(),
        };
        let quality = [
            span(0.0..8.0, Grade::Unusable),
            span(8.0..30.0, Grade::Beats),
        ];
        let values = [0.0; 3000];
        let segments = plan(&manifest(), &lead(&values, &[], &quality));
        assert_eq!(firsts(&segments[0]), [500, 1000, 1500, 2000]);
        assert_eq!(segments[0].unusable, 1);
    }

    #[test]
    fn less_than_half_a_window_is_not_tried() {
        let windows = |n: usize| {
            plan(&manifest(), &lead(&vec![0.0; n], &[], &[]))[0]
                .windows
                .len()
        };
        assert_eq!(
            (windows(0), windows(499), windows(500), windows(999)),
            (0, 0, 1, 1)
        );
    }

    #[test]
    fn live_is_the_last_window_of_a_file() {
        let values: Vec<f32> = (0..1700).map(|k| (k as f32 * 0.05).sin()).collect();
        let live = prepare_live(&manifest(), 100.0, &values).unwrap();
        let file = prepare(&manifest(), &lead(&values, &[], &[])).unwrap();
        assert_eq!(live.values, file.values[file.values.len() - 1000..]);
        assert_eq!(live.segments[0].windows.len(), 1);
        assert_eq!(live.segments[0].from_s, 7.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_gaps_keep_windows_within_their_segment(
            n in 0_usize..12_000,
            gaps in prop::collection::vec((0_usize..13_000, 0_usize..2000), 0..6),
        ) {
            let mut gaps: Vec<Range<usize>> = gaps.into_iter().map(|(from, length)| from..from + length).collect();
            gaps.sort_by_key(|gap| gap.start);
            let values = vec![0.0; n];
            let segments = plan(&manifest(), &lead(&values, &gaps, &[]));
            prop_assert_eq!(segments[0].from_s, 0.0);
            prop_assert_eq!(segments[segments.len() - 1].to_s, n as f64 / 100.0);
            for segment in &segments {
                for window in &segment.windows {
                    let end = window.first + window.length;
                    prop_assert!(window.from_s >= segment.from_s && window.to_s <= segment.to_s && end <= n);
                    prop_assert!(gaps.iter().all(|gap| gap.is_empty() || gap.end <= window.first || gap.start >= end));
                }
            }
        }
    }
}
