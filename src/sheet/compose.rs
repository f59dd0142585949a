//! From a recording and its marks to a display list.

use super::{Anchor, BOLD_GRID_MM, FINE_GRID_MM, Fill, Item, Stroke, Trace, Weight};
use std::ops::Range;

/// Space left of the trace for lead name and calibration pulse.
pub const MARGIN_MM: f64 = 12.0;
/// Narrower margin when the row is narrow (a phone).
const NARROW_MARGIN_MM: f64 = 8.0;
/// Rows narrower than this have the narrow margin.
const NARROW_MM: f64 = 120.0;
/// Part of a row above the isoelectric line.
const BASELINE_AT: f64 = 0.56;
/// Mean width of a bold character, in heights of the text, with a little to spare, so that two labels never touch.
const BOLD_WIDTH: f64 = 0.62;
/// Most points of ink for one millimetre: beyond that, columns of extremes are drawn.
const POINTS_PER_MM: f64 = 8.0;
/// Space above the first of several leads, for the marks over it: their rows are too low to hold them.
pub const HEAD_MM: f64 = 10.0;
/// Letters of a lead's name that fit beside the marks.
const SHORT_NAME: usize = 6;
/// Smallest distance between two RR texts, in millimetres.
const RR_TEXT_MM: f64 = 9.0;

/// Geometry and scale of the sheet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// Width of the sheet.
    pub width_mm: f64,
    /// Height of the sheet.
    pub height_mm: f64,
    /// Paper speed.
    pub speed_mm_s: f64,
    /// Gain.
    pub gain_mm_mv: f64,
    /// Time at the left edge of the first row, seconds.
    pub from_s: f64,
    /// Height of one row.
    pub row_mm: f64,
    /// Size of the small texts: as large as the screen needs to stay readable.
    pub text_mm: f64,
    /// Width of the ink.
    pub ink_mm: f64,
}

impl Layout {
    /// Left margin of the rows.
    #[must_use]
    pub fn margin_mm(&self) -> f64 {
        if self.width_mm < NARROW_MM {
            NARROW_MARGIN_MM
        } else {
            MARGIN_MM
        }
    }

    /// Seconds that one row shows.
    #[must_use]
    pub fn row_s(&self) -> f64 {
        ((self.width_mm - self.margin_mm()).max(1.0)) / self.speed_mm_s
    }
}

/// One lead to draw.
#[derive(Clone, Debug)]
pub struct Tracing<'a> {
    /// Name above the row.
    pub name: &'a str,
    /// Its samples.
    pub trace: &'a Trace,
    /// Counts of unknown size: scaled to the row, and no pulse is drawn.
    pub calibrated: bool,
}

/// A beat's tick and letter.
#[derive(Clone, Debug, PartialEq)]
pub struct BeatMark {
    /// Seconds.
    pub time_s: f64,
    /// Letter of the class.
    pub letter: &'static str,
    /// RR to the beat before in milliseconds, where it is measured.
    pub rr_ms: Option<f64>,
    /// Colour.
    pub fill: Fill,
    /// Not yet confirmed (live).
    pub provisional: bool,
}

/// A thin bracket under a wave.
#[derive(Clone, Debug, PartialEq)]
pub struct WaveBracket {
    /// Seconds.
    pub range_s: Range<f64>,
    /// `P`, `QRS`, `T`.
    pub label: &'static str,
}

/// A stretch that is veiled or banded, with its words.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Seconds.
    pub range_s: Range<f64>,
    /// Words at its foot.
    pub label: String,
    /// Colour of band and words.
    pub fill: Fill,
    /// 0 to 1.
    pub opacity: f64,
    /// Chosen by the reader: outlined.
    pub chosen: bool,
}

/// Everything that stands on the sheet.
#[derive(Clone, Debug, Default)]
pub struct Composition<'a> {
    /// Leads, in order. One lead wraps over all rows; several stand one a row.
    pub tracings: Vec<Tracing<'a>>,
    /// Which of the tracings carries waves, stretches and evidence; the beats stand over the first.
    pub marked: usize,
    /// Beats of the analysed lead.
    pub beats: Vec<BeatMark>,
    /// Waves, where asked for.
    pub waves: Vec<WaveBracket>,
    /// Quality veils and finding bands.
    pub stretches: Vec<Stretch>,
    /// A model's evidence: seconds and weight 0 to 1.
    pub evidence: Vec<(Range<f64>, f64)>,
    /// Words for a gap, given its length in seconds.
    pub gap_label: Option<fn(f64) -> String>,
    /// Speed, gain and filter, written at the upper right.
    pub scale_text: String,
    /// End of what was recorded, seconds.
    pub duration_s: f64,
    /// What the clock says at time 0 of the tracings: they may be the end of something longer.
    pub clock_from_s: f64,
    /// A vertical line at a time: the caret of the reader.
    pub caret_s: Option<f64>,
}

/// Where one row lies, and which time it shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Which of the tracings.
    pub tracing: usize,
    /// Upper edge.
    pub top_mm: f64,
    /// Isoelectric line.
    pub baseline_mm: f64,
    /// Time at the left end of the ink.
    pub from_s: f64,
    /// Time at the right end of the ink.
    pub to_s: f64,
}

/// How many rows stand on a sheet of this layout.
#[must_use]
pub fn row_count(layout: &Layout, tracings: usize) -> usize {
    if tracings > 1 {
        tracings
    } else {
        ((layout.height_mm / layout.row_mm).floor() as usize).max(1)
    }
}

/// The rows of a sheet. One lead wraps: each row goes on where the row above ends. Several leads share the time.
#[must_use]
pub fn rows(layout: &Layout, tracings: usize) -> Vec<Row> {
    let count = row_count(layout, tracings);
    let (head, pitch) = if tracings > 1 {
        (HEAD_MM, layout.row_mm)
    } else {
        (0.0, layout.height_mm / count as f64)
    };
    (0..count)
        .map(|index| {
            let step = if tracings > 1 {
                0.0
            } else {
                index as f64 * layout.row_s()
            };
            let top_mm = head + index as f64 * pitch;
            // On the bold grid, so that the pulse starts and ends on its lines.
            let baseline_mm =
                ((top_mm + pitch * BASELINE_AT) / BOLD_GRID_MM).round() * BOLD_GRID_MM;
            Row {
                tracing: if tracings > 1 { index } else { 0 },
                top_mm,
                baseline_mm,
                from_s: layout.from_s + step,
                to_s: layout.from_s + step + layout.row_s(),
            }
        })
        .collect()
}

/// The time at a point of the sheet, in seconds.
#[must_use]
pub fn time_at(layout: &Layout, tracings: usize, x_mm: f64, y_mm: f64) -> f64 {
    let rows = rows(layout, tracings);
    let row = rows.iter().rfind(|row| row.top_mm <= y_mm);
    let from_s = row.or(rows.first()).map_or(layout.from_s, |row| row.from_s);
    from_s + (x_mm - layout.margin_mm()) / layout.speed_mm_s
}

/// Lays out the sheet.
#[must_use]
pub fn compose(layout: &Layout, composition: &Composition<'_>) -> Vec<Item> {
    let mut items = paper(layout);
    let rows = rows(layout, composition.tracings.len());
    for (index, row) in rows.iter().enumerate() {
        let Some(tracing) = composition.tracings.get(row.tracing) else {
            continue;
        };
        if row.from_s >= composition.duration_s && index > 0 && composition.tracings.len() == 1 {
            continue;
        }
        let pen = RowPen::new(layout, row, &rows, tracing);
        let marked = row.tracing == composition.marked;
        if marked {
            pen.stretches(&composition.stretches, &mut items);
        }
        pen.gaps(composition.gap_label, &mut items);
        pen.name_and_pulse(&mut items);
        if marked {
            pen.evidence(&composition.evidence, &mut items);
        }
        pen.ink(&mut items);
        if row.tracing == 0 {
            pen.beats(&composition.beats, &mut items);
        }
        if marked {
            pen.waves(&composition.waves, &mut items);
        }
        if composition.tracings.len() == 1 || index + 1 == rows.len() {
            pen.time_ticks(composition.duration_s, composition.clock_from_s, &mut items);
        }
        pen.caret(composition.caret_s, &mut items);
    }
    items.push(Item::Text {
        x: layout.width_mm - 2.0,
        y: layout.text_mm * 1.4,
        text: composition.scale_text.clone(),
        size_mm: layout.text_mm,
        anchor: Anchor::End,
        weight: Weight::Regular,
        fill: Fill::TextSecondary,
    });
    items
}

/// The paper. The grid stands still under the ink's baseline; it fades before the ink when boxes become too small.
fn paper(layout: &Layout) -> Vec<Item> {
    let sheet = Item::Rect {
        x: 0.0,
        y: 0.0,
        width: layout.width_mm,
        height: layout.height_mm,
        fill: Fill::Paper,
        opacity: 1.0,
    };
    let mut items = vec![sheet];
    for (pitch, colour) in [
        (FINE_GRID_MM, Fill::GridFine),
        (BOLD_GRID_MM, Fill::GridBold),
    ] {
        let mut lines = Vec::new();
        let mut at = 0.0;
        while at <= layout.width_mm {
            lines.push((at, 0.0, at, layout.height_mm));
            at += pitch;
        }
        at = 0.0;
        while at <= layout.height_mm {
            lines.push((0.0, at, layout.width_mm, at));
            at += pitch;
        }
        items.push(Item::Lines {
            lines,
            stroke: Stroke {
                colour,
                width_mm: 0.0,
                opacity: 1.0,
            },
        });
    }
    items
}

/// Draws one row.
struct RowPen<'a> {
    layout: &'a Layout,
    row: &'a Row,
    tracing: &'a Tracing<'a>,
    /// Space above the first row.
    head_mm: f64,
    pitch_mm: f64,
    offset: f64,
    unit_mm: f64,
}

impl<'a> RowPen<'a> {
    fn new(layout: &'a Layout, row: &'a Row, rows: &[Row], tracing: &'a Tracing<'a>) -> Self {
        let pitch_mm = rows
            .get(1)
            .map_or(layout.height_mm, |second| second.top_mm - rows[0].top_mm);
        let (offset, unit_mm) = if tracing.calibrated {
            (row_offset(tracing.trace, row), layout.gain_mm_mv)
        } else {
            fit_to_row(tracing.trace, pitch_mm)
        };
        Self {
            layout,
            row,
            tracing,
            head_mm: rows.first().map_or(0.0, |first| first.top_mm),
            pitch_mm,
            offset,
            unit_mm,
        }
    }

    fn x(&self, time_s: f64) -> f64 {
        self.layout.margin_mm() + (time_s - self.row.from_s) * self.layout.speed_mm_s
    }

    fn y(&self, value: f64) -> f64 {
        let lowest = self.row.top_mm;
        let highest = self.row.top_mm + self.pitch_mm;
        (self.row.baseline_mm - (value - self.offset) * self.unit_mm)
            .clamp(lowest - self.pitch_mm, highest + self.pitch_mm)
    }

    /// The part of a time range that this row shows, in millimetres, if any.
    fn visible(&self, range_s: &Range<f64>) -> Option<(f64, f64)> {
        let from = range_s.start.max(self.row.from_s);
        let to = range_s.end.min(self.row.to_s);
        (to > from).then(|| (self.x(from), self.x(to)))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "each is one property of the text"
    )]
    fn text(
        &self,
        x: f64,
        y: f64,
        text: &str,
        anchor: Anchor,
        weight: Weight,
        fill: Fill,
        scale: f64,
    ) -> Item {
        Item::Text {
            x,
            y,
            text: text.to_owned(),
            size_mm: self.layout.text_mm * scale,
            anchor,
            weight,
            fill,
        }
    }

    fn stretches(&self, stretches: &[Stretch], items: &mut Vec<Item>) {
        let foot = self.row.top_mm + self.pitch_mm;
        let mut taken_to = f64::NEG_INFINITY;
        for stretch in stretches {
            let Some((from, to)) = self.visible(&stretch.range_s) else {
                continue;
            };
            let (y, height) = (self.row.top_mm + 1.0, self.pitch_mm - 2.0);
            items.push(Item::Rect {
                x: from,
                y,
                width: to - from,
                height,
                fill: stretch.fill,
                opacity: stretch.opacity,
            });
            if stretch.chosen {
                let stroke = Stroke {
                    colour: stretch.fill,
                    width_mm: 0.4,
                    opacity: 0.9,
                };
                let points = vec![
                    (from, y),
                    (to, y),
                    (to, y + height),
                    (from, y + height),
                    (from, y),
                ];
                items.push(Item::Polyline { points, stroke });
            }
            let room = stretch.label.chars().count() as f64 * self.layout.text_mm * BOLD_WIDTH;
            let start = from + 1.5;
            if !stretch.label.is_empty()
                && start > taken_to
                && start + room < self.layout.width_mm
                && to - from > 6.0
            {
                let y = foot - self.layout.text_mm * 2.4;
                items.push(self.text(
                    start,
                    y,
                    &stretch.label,
                    Anchor::Start,
                    Weight::Bold,
                    stretch.fill,
                    1.0,
                ));
                taken_to = start + room + 2.0;
            }
        }
    }

    fn gaps(&self, label: Option<fn(f64) -> String>, items: &mut Vec<Item>) {
        let rate = self.tracing.trace.rate_hz;
        for gap in &self.tracing.trace.gaps {
            let range_s = gap.start as f64 / rate..gap.end as f64 / rate;
            let Some((from, to)) = self.visible(&range_s) else {
                continue;
            };
            let stroke = Stroke {
                colour: Fill::Unknown,
                width_mm: 0.2,
                opacity: 0.6,
            };
            let (y, height) = (self.row.top_mm + self.pitch_mm * 0.2, self.pitch_mm * 0.6);
            items.push(Item::Hatch {
                x: from,
                y,
                width: to - from,
                height,
                stroke,
            });
            if let Some(label) = label
                && to - from > 4.0
            {
                let words = label(range_s.end - range_s.start);
                items.push(self.text(
                    from + 1.0,
                    y - 0.8,
                    &words,
                    Anchor::Start,
                    Weight::Bold,
                    Fill::TextSecondary,
                    0.95,
                ));
            }
        }
    }

    fn name_and_pulse(&self, items: &mut Vec<Item>) {
        let left = if self.layout.margin_mm() < MARGIN_MM {
            1.0
        } else {
            2.0
        };
        let base = self.row.baseline_mm;
        let is_long = self.tracing.name.chars().count() > SHORT_NAME && self.head_mm == 0.0;
        let is_low = self.layout.gain_mm_mv + 1.0 > self.pitch_mm * 0.45;
        let name_y = if is_long || (is_low && self.tracing.calibrated) {
            // Above the pulse a long one would lie across the marks of the first beats, and in a low row across the pulse.
            base + self.layout.text_mm * if is_long { 2.6 } else { 1.5 }
        } else {
            base - (self.layout.gain_mm_mv + 2.0).min(self.pitch_mm * 0.45)
        };
        items.push(self.text(
            left,
            name_y,
            self.tracing.name,
            Anchor::Start,
            Weight::Bold,
            Fill::Text,
            1.2,
        ));
        if !self.tracing.calibrated {
            return;
        }
        // 1 mV high, 5 mm (200 ms at 25 mm/s) wide.
        let height = self.layout.gain_mm_mv;
        let width = (0.2 * self.layout.speed_mm_s).clamp(1.0, self.layout.margin_mm() - left - 2.0);
        let points = vec![
            (left, base),
            (left + 0.6, base),
            (left + 0.6, base - height),
            (left + 0.6 + width, base - height),
            (left + 0.6 + width, base),
            (left + 1.2 + width, base),
        ];
        items.push(Item::Polyline {
            points,
            stroke: self.ink_pen(),
        });
    }

    fn ink_pen(&self) -> Stroke {
        Stroke {
            colour: Fill::Ink,
            width_mm: self.layout.ink_mm,
            opacity: 1.0,
        }
    }

    /// The trace between the gaps: sample by sample at reading zoom, columns of extremes beyond.
    fn ink(&self, items: &mut Vec<Item>) {
        let trace = self.tracing.trace;
        let rate = trace.rate_hz;
        let first = (self.row.from_s * rate).floor().max(0.0) as usize;
        let last = ((self.row.to_s * rate).ceil().max(0.0) as usize + 1).min(trace.samples.len());
        if first >= last {
            return;
        }
        let samples_per_mm = rate / self.layout.speed_mm_s;
        let mut from = first;
        for range in holes(&trace.gaps, first, last) {
            if range.start > from {
                self.ink_run(from..range.start, samples_per_mm, items);
            }
            from = range.end;
        }
        if from < last {
            self.ink_run(from..last, samples_per_mm, items);
        }
    }

    fn ink_run(&self, run: Range<usize>, samples_per_mm: f64, items: &mut Vec<Item>) {
        let trace = self.tracing.trace;
        let rate = trace.rate_hz;
        let mut points = Vec::new();
        if samples_per_mm <= POINTS_PER_MM {
            let values = trace.samples.values(run.clone());
            points.reserve(values.len());
            for (offset, value) in values.into_iter().enumerate() {
                points.push((
                    self.x((run.start + offset) as f64 / rate),
                    self.y(f64::from(value)),
                ));
            }
        } else {
            let step = samples_per_mm / (POINTS_PER_MM / 2.0);
            let mut column = (run.start as f64 / step).floor();
            while column * step < run.end as f64 {
                let from = ((column * step) as usize).max(run.start);
                let to = (((column + 1.0) * step) as usize).min(run.end);
                if let Some((low, high)) = trace.extremes(from..to.max(from + 1)) {
                    let x = self.x(column * step / rate);
                    points.push((x, self.y(low)));
                    points.push((x, self.y(high)));
                }
                column += 1.0;
            }
        }
        let edge = self.layout.margin_mm();
        let right = self.layout.width_mm + 1.0;
        points.retain(|&(x, y)| x >= edge - 0.01 && x <= right && y.is_finite());
        items.push(Item::Polyline {
            points,
            stroke: self.ink_pen(),
        });
    }

    fn beats(&self, beats: &[BeatMark], items: &mut Vec<Item>) {
        let first = beats.partition_point(|beat| beat.time_s < self.row.from_s);
        let last = beats.partition_point(|beat| beat.time_s <= self.row.to_s);
        let marks_mm = self.row.top_mm - self.head_mm;
        let top = marks_mm + self.layout.text_mm * if marks_mm < 1.0 { 3.0 } else { 1.6 };
        // The name of the first of several leads reaches up to the intervals.
        let clear = if self.head_mm > 0.0 {
            self.layout.text_mm * 0.7 * self.tracing.name.chars().count() as f64
        } else {
            0.0
        };
        let clear = clear.max(self.layout.margin_mm());
        let crowded = (last - first) as f64 * self.layout.text_mm * 1.2 > self.layout.width_mm;
        let mut confirmed = Vec::new();
        let mut provisional = Vec::new();
        // Their ticks show even where there is no room for letters.
        let mut out_of_turn = Vec::new();
        for beat in &beats[first..last] {
            let x = self.x(beat.time_s);
            let tick = (x, top + 0.8, x, top + 2.4);
            if beat.provisional {
                provisional.push(tick)
            } else if beat.fill == Fill::Caution {
                out_of_turn.push((x, top + 0.8, x, top + 3.2));
            } else {
                confirmed.push(tick)
            }
            if crowded {
                continue;
            }
            let weight = if beat.fill == Fill::TextSecondary {
                Weight::Regular
            } else {
                Weight::Bold
            };
            items.push(self.text(x, top, beat.letter, Anchor::Middle, weight, beat.fill, 1.0));
            let Some(rr_ms) = beat.rr_ms else { continue };
            let half = rr_ms / 2000.0 * self.layout.speed_mm_s;
            if half * 2.0 > RR_TEXT_MM.max(self.layout.text_mm * 3.4) && x - half > clear {
                let words = format!("{rr_ms:.0}");
                items.push(self.text(
                    x - half,
                    top + 2.2,
                    &words,
                    Anchor::Middle,
                    Weight::Regular,
                    Fill::TextFaint,
                    0.95,
                ));
            }
        }
        for (lines, colour, opacity) in [
            (confirmed, Fill::TextSecondary, 1.0),
            (out_of_turn, Fill::Caution, 1.0),
            (provisional, Fill::TextSecondary, 0.45),
        ] {
            let stroke = Stroke {
                colour,
                width_mm: 0.3,
                opacity,
            };
            items.push(Item::Lines { lines, stroke });
        }
    }

    fn waves(&self, waves: &[WaveBracket], items: &mut Vec<Item>) {
        let y = self.row.baseline_mm + 5.0;
        for wave in waves {
            let Some((from, to)) = self.visible(&wave.range_s) else {
                continue;
            };
            let stroke = Stroke {
                colour: Fill::Mark,
                width_mm: 0.25,
                opacity: 0.9,
            };
            let points = vec![(from, y - 1.0), (from, y), (to, y), (to, y - 1.0)];
            items.push(Item::Polyline { points, stroke });
            if self.layout.speed_mm_s >= 20.0 {
                let y = y + self.layout.text_mm;
                items.push(self.text(
                    f64::midpoint(from, to),
                    y,
                    wave.label,
                    Anchor::Middle,
                    Weight::Regular,
                    Fill::Mark,
                    0.85,
                ));
            }
        }
    }

    fn evidence(&self, evidence: &[(Range<f64>, f64)], items: &mut Vec<Item>) {
        let y = self.row.top_mm + self.pitch_mm - self.layout.text_mm * 1.9;
        for (range_s, weight) in evidence {
            let Some((from, to)) = self.visible(range_s) else {
                continue;
            };
            items.push(Item::Rect {
                x: from,
                y,
                width: to - from,
                height: 1.0,
                fill: Fill::Accent,
                opacity: 0.15 + 0.75 * weight,
            });
        }
    }

    fn time_ticks(&self, duration_s: f64, clock_from_s: f64, items: &mut Vec<Item>) {
        let step = tick_step_s(self.layout.speed_mm_s, self.layout.text_mm);
        let y = self.row.top_mm + self.pitch_mm - self.layout.text_mm * 0.35;
        let mut tick = ((self.row.from_s + clock_from_s) / step).ceil() * step;
        while tick <= self.row.to_s.min(duration_s) + clock_from_s + 1e-9 {
            let x = self.x(tick - clock_from_s);
            if x < self.layout.width_mm - self.layout.text_mm * 2.0 {
                items.push(self.text(
                    x,
                    y,
                    &clock(tick, step),
                    Anchor::Start,
                    Weight::Regular,
                    Fill::TextFaint,
                    0.95,
                ));
            }
            tick += step;
        }
    }

    fn caret(&self, caret_s: Option<f64>, items: &mut Vec<Item>) {
        let Some(time_s) = caret_s else { return };
        if time_s < self.row.from_s || time_s > self.row.to_s {
            return;
        }
        let x = self.x(time_s);
        let stroke = Stroke {
            colour: Fill::Accent,
            width_mm: 0.3,
            opacity: 0.8,
        };
        items.push(Item::Lines {
            lines: vec![(x, self.row.top_mm, x, self.row.top_mm + self.pitch_mm)],
            stroke,
        });
    }
}

/// Middle of what a row shows, so that an offset of the source does not push the ink off the paper: the median of
/// coarse column mid-points, which the QRS complexes do not move.
fn row_offset(trace: &Trace, row: &Row) -> f64 {
    let rate = trace.rate_hz;
    let from = (row.from_s * rate).max(0.0) as usize;
    let to = ((row.to_s * rate).max(0.0) as usize).min(trace.samples.len());
    const COLUMNS: usize = 64;
    if to <= from {
        return 0.0;
    }
    let step = ((to - from) / COLUMNS).max(1);
    let mut middles: Vec<f64> = (from..to)
        .step_by(step)
        .filter(|&start| !trace.gaps.iter().any(|gap| gap.contains(&start)))
        .filter_map(|start| trace.samples.value(start).map(f64::from))
        .collect();
    middles.sort_by(f64::total_cmp);
    let median = middles.get(middles.len() / 2).copied().unwrap_or(0.0);
    // A true baseline near zero is left at zero, so that rows do not jump against each other.
    if median.abs() < 0.25 { 0.0 } else { median }
}

/// Offset and millimetres per unit that fit a trace of unknown calibration into its row.
fn fit_to_row(trace: &Trace, pitch_mm: f64) -> (f64, f64) {
    let Some((low, high)) = trace.extremes(0..trace.samples.len()) else {
        return (0.0, 1.0);
    };
    let span = high - low;
    // A flat line lies in the middle at any size.
    if !(span.is_finite() && span > 0.0) {
        return (low, 1.0);
    }
    (f64::midpoint(low, high), pitch_mm * 0.6 / span)
}

/// Parts of the gaps that lie between two samples.
fn holes(
    gaps: &[Range<usize>],
    first: usize,
    last: usize,
) -> impl Iterator<Item = Range<usize>> + '_ {
    gaps.iter()
        .filter(move |gap| gap.end > first && gap.start < last)
        .map(move |gap| gap.start.max(first)..gap.end.min(last))
}

/// Seconds between time ticks: the smallest round step whose texts do not touch.
fn tick_step_s(speed_mm_s: f64, text_mm: f64) -> f64 {
    const STEPS_S: [f64; 15] = [
        0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
        7200.0,
    ];
    STEPS_S
        .into_iter()
        .find(|step| step * speed_mm_s > text_mm * 5.5)
        .unwrap_or(14_400.0)
}

/// `0:07`, `1:02:03`, with a tenth when the ticks are closer than a second.
fn clock(time_s: f64, step_s: f64) -> String {
    let tenths = (time_s * 10.0).round() as u64;
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    let fraction = if step_s < 1.0 {
        format!(".{tenth}")
    } else {
        String::new()
    };
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}{fraction}")
    } else {
        format!("{minutes}:{seconds:02}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Samples, Scale};

    fn layout() -> Layout {
        Layout {
            width_mm: 262.0,
            height_mm: 120.0,
            speed_mm_s: 25.0,
            gain_mm_mv: 10.0,
            from_s: 0.0,
            row_mm: 40.0,
            text_mm: 3.0,
            ink_mm: 0.3,
        }
    }

    fn composition(trace: &Trace) -> Composition<'_> {
        Composition {
            tracings: vec![Tracing {
                name: "I",
                trace,
                calibrated: true,
            }],
            duration_s: trace.duration_s(),
            ..Composition::default()
        }
    }

    #[test]
    fn one_lead_wraps_and_no_second_is_left_out() {
        let rows = rows(&layout(), 1);
        assert_eq!(rows.len(), 3);
        for pair in rows.windows(2) {
            assert!((pair[0].to_s - pair[1].from_s).abs() < 1e-12);
        }
        assert!((rows[0].to_s - 10.0).abs() < 1e-12);
    }

    #[test]
    fn several_leads_share_their_time() {
        let rows = rows(&layout(), 12);
        assert_eq!(rows.len(), 12);
        assert!(
            rows.iter()
                .all(|row| row.from_s == 0.0 && row.to_s == rows[0].to_s)
        );
    }

    #[test]
    fn one_millivolt_is_ten_millimetres_and_one_second_twenty_five() {
        let mut counts = vec![0i16; 2000];
        counts[500] = 200;
        let trace = Trace::new(
            Samples::from_i16(
                counts,
                Scale {
                    gain: 200.0,
                    baseline: 0.0,
                },
            ),
            250.0,
            vec![],
        );
        let items = compose(&layout(), &composition(&trace));
        let ink = items
            .iter()
            .filter_map(|item| match item {
                Item::Polyline { points, .. } => Some(points),
                _ => None,
            })
            .max_by_key(|points| points.len())
            .expect("ink is drawn");
        let baseline = ink[0].1;
        let peak = ink
            .iter()
            .copied()
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .expect("points");
        assert!((baseline - peak.1 - 10.0).abs() < 1e-4, "1 mV is 10 mm");
        assert!((peak.0 - ink[0].0 - 50.0).abs() < 1e-9, "2 s are 50 mm");
    }

    #[test]
    fn ink_never_crosses_a_gap() {
        let trace = Trace::new(
            Samples::from_values(vec![0.0; 1000]),
            100.0,
            std::iter::once(200..400).collect(),
        );
        let items = compose(&layout(), &composition(&trace));
        let margin = layout().margin_mm();
        let (gap_from, gap_to) = (margin + 2.0 * 25.0, margin + 4.0 * 25.0);
        for item in &items {
            let Item::Polyline { points, stroke } = item else {
                continue;
            };
            if stroke.colour != Fill::Ink {
                continue;
            }
            assert!(
                points
                    .iter()
                    .all(|&(x, _)| x <= gap_from + 1e-9 || x >= gap_to - 1e-9)
            );
            assert!(
                points
                    .windows(2)
                    .all(|pair| pair[1].0 - pair[0].0 < gap_to - gap_from)
            );
        }
        assert!(items.iter().any(|item| matches!(item, Item::Hatch { .. })));
    }

    #[test]
    fn a_day_is_drawn_with_few_points() {
        let trace = Trace::new(
            Samples::from_i16(vec![0; 24 * 3600 * 100], Scale::IDENTITY),
            100.0,
            vec![],
        );
        let wide = Layout {
            speed_mm_s: 250.0 / 86_400.0,
            ..layout()
        };
        let points: usize = compose(&wide, &composition(&trace))
            .iter()
            .map(|item| match item {
                Item::Polyline { points, .. } => points.len(),
                _ => 0,
            })
            .sum();
        assert!(points < 10_000, "{points}");
    }

    #[test]
    fn the_end_of_something_longer_says_its_own_time() {
        let trace = Trace::new(
            Samples::from_i16(
                vec![0; 4000],
                Scale {
                    gain: 1000.0,
                    baseline: 0.0,
                },
            ),
            200.0,
            Vec::new(),
        );
        let ticks = |clock_from_s| -> Vec<String> {
            let composition = Composition {
                clock_from_s,
                ..composition(&trace)
            };
            let items = compose(&layout(), &composition);
            let texts = items.into_iter().filter_map(|item| match item {
                Item::Text { text, .. } if text.contains(':') => Some(text),
                _ => None,
            });
            texts.collect()
        };
        assert_eq!(ticks(0.0)[..2], ["0:00", "0:01"]);
        assert_eq!(ticks(61.5)[..2], ["1:02", "1:03"]);
    }

    #[test]
    fn a_point_of_the_sheet_has_its_time_in_rows_and_in_leads() {
        let layout = layout();
        for tracings in [1, 3] {
            for row in rows(&layout, tracings) {
                let x_mm = layout.margin_mm() + 2.0 * layout.speed_mm_s;
                let time_s = time_at(&layout, tracings, x_mm, row.top_mm + 1.0);
                assert!((time_s - row.from_s - 2.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn clocks_read_like_clocks() {
        assert_eq!(clock(7.0, 1.0), "0:07");
        assert_eq!(clock(3723.0, 60.0), "1:02:03");
        assert_eq!(clock(1.2, 0.2), "0:01.2");
    }
}
