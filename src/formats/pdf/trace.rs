//! From what a page draws to its traces: geometry first, words only to name and to scale it.

use super::paint::{Label, Page, Stroke};
use crate::recording::LeadName;

/// Points that are the same place, in millimetres: finer than any printer.
const SAME: f64 = 0.02;
/// Backward step that rounding may cause.
const BACK: f64 = 0.01;
/// A trace has at least so many points, is so long, and has so many points a millimetre: a diagram has fewer.
const FEWEST_POINTS: usize = 100;
const SHORTEST_MM: f64 = 15.0;
const DENSITY: f64 = 1.5;
/// Chains to which a new piece may belong.
const OPEN_CHAINS: usize = 16;
/// Traces, pulses and lines of a page that are looked at.
const TRACES: usize = 512;
const PULSES: usize = 256;
const LINES: usize = 8192;
/// The zero level of a trace is looked for so far from its middle.
const ZERO_REACH_MM: f64 = 12.0;
/// Names of one row stand so high or low beside each other at most.
const SAME_LINE_MM: f64 = 3.0;
/// A name stands so far from the start of its trace, along.
const BESIDE_MM: std::ops::RangeInclusive<f64> = -25.0..=15.0;
/// Names of leads that are looked at.
const NAMES: usize = 512;

/// A drawn trace, from left to right and upwards.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Its points in millimetres; never backwards.
    pub points: Vec<[f64; 2]>,
    /// The lead that its label names.
    pub lead: Option<LeadName>,
    /// The height of 0 mV, where pulse or line tell.
    pub zero: Option<f64>,
    /// Height of the calibration pulse of its row.
    pub pulse: Option<f64>,
}

impl Trace {
    /// Where it begins.
    pub fn start(&self) -> f64 {
        self.points.first().map_or(0.0, |point| point[0])
    }

    /// Where it ends.
    pub fn end(&self) -> f64 {
        self.points.last().map_or(0.0, |point| point[0])
    }

    /// The middle of its heights.
    pub fn median(&self) -> f64 {
        let mut heights: Vec<f64> = self.points.iter().map(|point| point[1]).collect();
        let middle = heights.len() / 2;
        if heights.is_empty() {
            return 0.0;
        }
        *heights.select_nth_unstable_by(middle, f64::total_cmp).1
    }
}

/// A page, read as an ECG.
#[derive(Debug, Default)]
pub struct Drawn {
    /// Traces in the order of drawing.
    pub traces: Vec<Trace>,
    /// Rows that hold several leads and cannot be told apart.
    pub left_out: usize,
    /// Millimetres on the page for one of the grid, along time and along voltage.
    pub scale: [Option<f64>; 2],
    /// Paper speeds that texts name, in mm/s.
    pub speeds: Vec<f64>,
    /// Gains that texts name, in mm/mV.
    pub gains: Vec<f64>,
    /// Texts, turned with the traces.
    pub labels: Vec<Label>,
}

/// A calibration pulse.
#[derive(Clone, Copy, Debug)]
struct Pulse {
    end: f64,
    base: f64,
    height: f64,
}

/// Reads a page.
pub fn read(page: &Page) -> Drawn {
    let (turn, reverse) = orientation(page);
    let chains = chains(&page.strokes, turn, reverse);
    let labels: Vec<Label> = page
        .labels
        .iter()
        .map(|label| Label {
            at: turn.apply(label.at),
            direction: turn.apply(label.direction),
            ..label.clone()
        })
        .collect();
    let pulses: Vec<Pulse> = chains
        .iter()
        .filter_map(|chain| pulse(chain))
        .take(PULSES)
        .collect();
    let lines = Lines::of(&page.strokes, turn);
    let reach = page.size[0].max(page.size[1]) * 2.0;
    let traces: Vec<Trace> = chains
        .into_iter()
        .filter(|chain| is_trace(chain, reach))
        .take(TRACES)
        .map(|points| Trace {
            points,
            lead: None,
            zero: None,
            pulse: None,
        })
        .collect();
    let (mut traces, left_out) = rows_of_several(traces, &labels);
    name(&mut traces, &labels);
    for trace in &mut traces {
        let median = trace.median();
        let near = |height: &f64| (height - median).abs() <= ZERO_REACH_MM;
        let closest = |a: f64, b: f64| (a - median).abs().total_cmp(&(b - median).abs());
        let own = pulses
            .iter()
            .filter(|pulse| near(&pulse.base) && pulse.end <= trace.end())
            .min_by(|a, b| closest(a.base, b.base));
        trace.pulse = own.map(|pulse| pulse.height);
        trace.zero = own.map(|pulse| pulse.base).or_else(|| lines.zero(trace));
    }
    // A row without a pulse of its own has the height of the others'.
    let mut heights: Vec<f64> = pulses.iter().map(|pulse| pulse.height).collect();
    heights.sort_by(f64::total_cmp);
    if let (Some(low), Some(high)) = (heights.first(), heights.last())
        && high - low <= 0.02 * high
    {
        let height = heights[heights.len() / 2];
        for trace in &mut traces {
            trace.pulse.get_or_insert(height);
        }
    }
    let tiling = |axis: usize| {
        let steps = page.tilings.iter().map(|steps| turn.lengths(*steps)[axis]);
        steps.filter_map(squares).next()
    };
    let scale_of = |places: &[f64], axis| pitch(places).and_then(squares).or_else(|| tiling(axis));
    let scale = [scale_of(&lines.vertical, 0), scale_of(&lines.heights(), 1)];
    let texts: Vec<String> = lines_of(&labels)
        .into_iter()
        .map(|line| {
            let words: Vec<&str> = line.iter().map(|label| label.text.as_str()).collect();
            words.join(" ")
        })
        .chain(labels.iter().map(|label| label.text.clone()))
        .collect();
    Drawn {
        traces,
        left_out,
        scale,
        speeds: distinct(texts.iter().flat_map(|text| numbers_before(text, "mm/s"))),
        gains: distinct(texts.iter().flat_map(|text| numbers_before(text, "mm/mv"))),
        labels,
    }
}

/// A turn by quarters.
#[derive(Clone, Copy, Debug)]
struct Turn(usize);

impl Turn {
    fn apply(self, [x, y]: [f64; 2]) -> [f64; 2] {
        match self.0 {
            1 => [y, -x],
            2 => [-x, -y],
            3 => [-y, x],
            _ => [x, y],
        }
    }

    fn lengths(self, [x, y]: [f64; 2]) -> [f64; 2] {
        if self.0 % 2 == 1 { [y, x] } else { [x, y] }
    }
}

/// The turn after which time runs to the right, and whether the traces are drawn backwards: by the direction in which
/// long paths never go back, and by the direction of reading.
fn orientation(page: &Page) -> (Turn, bool) {
    let mut votes = [0_usize; 4];
    for stroke in page
        .strokes
        .iter()
        .filter(|s| !s.closed && s.points.len() >= 8)
    {
        for (vote, turn) in votes.iter_mut().zip(0..) {
            let along = |point: &[f64; 2]| Turn(turn).apply(*point)[0];
            let forwards = stroke
                .points
                .windows(2)
                .all(|pair| along(&pair[1]) >= along(&pair[0]) - BACK);
            if forwards {
                *vote += stroke.points.len();
            }
        }
    }
    let turn = (0..4)
        .max_by_key(|&turn| (votes[turn], 4 - turn))
        .unwrap_or(0);
    let mut reading = [0_usize; 4];
    for label in &page.labels {
        for (count, turn) in reading.iter_mut().zip(0..) {
            if Turn(turn).apply(label.direction)[0] > 0.9 {
                *count += label.text.len();
            }
        }
    }
    let opposite = (turn + 2) % 4;
    if reading[opposite] > 0 && reading[opposite] > 4 * reading[turn] {
        return (Turn(opposite), true);
    }
    (Turn(turn), false)
}

/// Open paths, joined where one begins at the end of another of the same pen.
fn chains(strokes: &[Stroke], turn: Turn, reverse: bool) -> Vec<Vec<[f64; 2]>> {
    let mut chains: Vec<(Vec<[f64; 2]>, &Stroke)> = Vec::new();
    for stroke in strokes.iter().filter(|stroke| !stroke.closed) {
        let points = stroke.points.iter().map(|&point| turn.apply(point));
        let mut points: Vec<[f64; 2]> = points.collect();
        if reverse {
            points.reverse();
        }
        let Some(&first) = points.first() else {
            continue;
        };
        let recent = chains.len().saturating_sub(OPEN_CHAINS);
        let same_pen =
            |other: &Stroke| other.ink == stroke.ink && (other.width - stroke.width).abs() < 1e-6;
        let found = chains[recent..].iter().rposition(|(chain, pen)| {
            same_pen(pen)
                && chain.last().is_some_and(|last| {
                    (last[0] - first[0]).abs() < SAME && (last[1] - first[1]).abs() < SAME
                })
        });
        match found {
            Some(place) => chains[recent + place].0.extend(points.into_iter().skip(1)),
            None => chains.push((points, stroke)),
        }
    }
    let mut chains: Vec<Vec<[f64; 2]>> = chains.into_iter().map(|(chain, _)| chain).collect();
    chains.iter_mut().for_each(Vec::dedup);
    chains
}

fn forwards(chain: &[[f64; 2]]) -> bool {
    chain.windows(2).all(|pair| pair[1][0] >= pair[0][0] - BACK)
}

fn is_trace(chain: &[[f64; 2]], reach: f64) -> bool {
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
        return false;
    };
    let length = last[0] - first[0];
    let inside = |point: &[f64; 2]| point[0].abs() <= reach && point[1].abs() <= reach;
    chain.len() >= FEWEST_POINTS
        && length >= SHORTEST_MM
        && chain.len() as f64 >= DENSITY * length
        && chain.iter().all(inside)
        && forwards(chain)
}

/// A path of two levels that returns to the first: a calibration pulse.
fn pulse(chain: &[[f64; 2]]) -> Option<Pulse> {
    let (first, last) = (chain.first()?, chain.last()?);
    let width = last[0] - first[0];
    if !(4..=200).contains(&chain.len()) || !(1.0..=20.0).contains(&width) || !forwards(chain) {
        return None;
    }
    let low = chain
        .iter()
        .map(|point| point[1])
        .fold(f64::INFINITY, f64::min);
    let high = chain
        .iter()
        .map(|point| point[1])
        .fold(f64::NEG_INFINITY, f64::max);
    let height = high - low;
    let at = |level: f64| move |point: &[f64; 2]| (point[1] - level).abs() <= 0.02 * height;
    let levels = chain.iter().all(|point| at(low)(point) || at(high)(point));
    let turns = chain
        .windows(2)
        .filter(|pair| (pair[1][1] - pair[0][1]).abs() > 0.5 * height)
        .count();
    ((1.5..=45.0).contains(&height) && levels && turns == 2 && at(first[1])(last)).then_some(
        Pulse {
            end: last[0],
            base: first[1],
            height,
        },
    )
}

/// Straight lines along and across.
struct Lines {
    vertical: Vec<f64>,
    /// Height, left and right end.
    horizontal: Vec<[f64; 3]>,
}

impl Lines {
    fn of(strokes: &[Stroke], turn: Turn) -> Self {
        let mut lines = Self {
            vertical: Vec::new(),
            horizontal: Vec::new(),
        };
        for stroke in strokes {
            let [one, two] = stroke.points.as_slice() else {
                continue;
            };
            let (one, two) = (turn.apply(*one), turn.apply(*two));
            let (dx, dy) = ((one[0] - two[0]).abs(), (one[1] - two[1]).abs());
            if dx < SAME && dy > 10.0 && lines.vertical.len() < LINES {
                lines.vertical.push(one[0]);
            } else if dy < SAME && dx > 10.0 && lines.horizontal.len() < LINES {
                lines
                    .horizontal
                    .push([one[1], one[0].min(two[0]), one[0].max(two[0])]);
            }
        }
        lines
    }

    fn heights(&self) -> Vec<f64> {
        self.horizontal.iter().map(|line| line[0]).collect()
    }

    /// The line through a row, where rows have one: the lines of a grid stand closer together.
    fn zero(&self, trace: &Trace) -> Option<f64> {
        let (start, end, median) = (trace.start(), trace.end(), trace.median());
        let mut heights: Vec<f64> = self
            .horizontal
            .iter()
            .filter(|line| line[2].min(end) - line[1].max(start) >= 0.8 * (end - start))
            .map(|line| line[0])
            .collect();
        heights.sort_by(|a, b| (a - median).abs().total_cmp(&(b - median).abs()));
        heights.dedup_by(|a, b| (*a - *b).abs() < SAME);
        let nearest = *heights.first()?;
        let next = heights
            .get(1)
            .map_or(f64::INFINITY, |other| (other - nearest).abs());
        ((nearest - median).abs() <= ZERO_REACH_MM && next >= 15.0).then_some(nearest)
    }
}

/// The even distance of most lines.
fn pitch(places: &[f64]) -> Option<f64> {
    let mut places = places.to_vec();
    places.sort_by(f64::total_cmp);
    places.dedup_by(|a, b| (*a - *b).abs() < 0.05);
    if places.len() < 4 {
        return None;
    }
    let mut steps: Vec<f64> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let count = steps.len();
    let median = *steps.select_nth_unstable_by(count / 2, f64::total_cmp).1;
    let even: Vec<f64> = steps
        .into_iter()
        .filter(|step| (step / median - 1.0).abs() < 0.03)
        .collect();
    (even.len() * 10 >= count * 6).then(|| even.iter().sum::<f64>() / even.len() as f64)
}

/// Millimetres on the page for one of the grid, from the distance of its lines: 1 mm, 5 mm, or one second at 25 mm/s.
fn squares(pitch: f64) -> Option<f64> {
    let true_size = [1.0, 5.0, 10.0, 25.0, 50.0]
        .into_iter()
        .map(|unit| pitch / unit)
        .find(|scale| (scale - 1.0).abs() < 0.01);
    // Reduced or enlarged: the ranges of small and large squares do not meet.
    let scaled = [1.0, 5.0]
        .into_iter()
        .map(|unit| pitch / unit)
        .find(|scale| (0.4..=1.6).contains(scale));
    true_size.or(scaled)
}

/// The lead that a label names.
fn lead_of(label: &Label) -> Option<LeadName> {
    let text = label.text.trim();
    LeadName::recognise(text).filter(|_| text.len() <= 8)
}

/// Distances of a label from the start of a trace, along and across, where it may name it.
fn beside(label: &Label, start: f64, median: f64) -> Option<(f64, f64)> {
    let along = label.at[0] - start;
    let across = (label.at[1] - median).abs();
    (BESIDE_MM.contains(&along) && across <= 25.0).then_some((along, across))
}

/// Rows that are drawn in one stroke and change their lead on the way are cut where the labels of the others say so. A row
/// whose labels do not share it evenly cannot be told apart and is left out, which the second value counts: its first name would
/// be wrong for the rest.
fn rows_of_several(traces: Vec<Trace>, labels: &[Label]) -> (Vec<Trace>, usize) {
    let named = labels
        .iter()
        .filter_map(|label| Some((label, lead_of(label)?)));
    let named: Vec<(&Label, LeadName)> = named.take(NAMES).collect();
    let medians: Vec<f64> = traces.iter().map(Trace::median).collect();
    let mut own: Vec<Vec<(f64, LeadName)>> = vec![Vec::new(); traces.len()];
    let mut inner: Vec<(&Label, LeadName)> = Vec::new();
    for &(label, lead) in &named {
        let mut is_own = false;
        for (place, trace) in traces.iter().enumerate() {
            if beside(label, trace.start(), medians[place]).is_some() {
                own[place].push((label.at[1], lead));
                is_own = true;
            }
        }
        if !is_own {
            inner.push((label, lead));
        }
    }
    let mut within: Vec<Vec<f64>> = vec![Vec::new(); traces.len()];
    for (label, lead) in inner {
        let across = |place: usize| (label.at[1] - medians[place]).abs();
        let is_in = |&place: &usize| {
            let trace = &traces[place];
            // On one line with the row's own name, and another than that: a lead that a heading names is none of the row's.
            let in_line = own[place]
                .iter()
                .any(|(height, _)| (height - label.at[1]).abs() <= SAME_LINE_MM);
            trace.start() < label.at[0]
                && label.at[0] < trace.end()
                && across(place) <= 25.0
                && in_line
                && own[place].iter().all(|(_, own)| *own != lead)
        };
        let nearest = (0..traces.len())
            .filter(is_in)
            .min_by(|&a, &b| across(a).total_cmp(&across(b)));
        if let Some(place) = nearest {
            within[place].push(label.at[0]);
        }
    }
    let mut cut = Vec::with_capacity(traces.len());
    let mut left_out = 0;
    for (trace, mut within) in traces.into_iter().zip(within) {
        if within.is_empty() {
            cut.push(trace);
            continue;
        }
        within.sort_by(f64::total_cmp);
        match even_parts(&trace, &within) {
            Some(parts) => cut.extend(parts),
            None => left_out += 1,
        }
    }
    (cut, left_out)
}

/// A row in equal parts, one more than it has labels within; `None` where the labels do not stand at the parts' starts.
fn even_parts(trace: &Trace, inner: &[f64]) -> Option<Vec<Trace>> {
    let parts = inner.len() + 1;
    let length = (trace.end() - trace.start()) / parts as f64;
    let offset = inner.first()? - trace.start() - length;
    let stand_even = inner.iter().enumerate().all(|(index, at)| {
        let start = trace.start() + length * (index + 1) as f64;
        (at - start - offset).abs() <= 0.05 * length
    });
    if !stand_even || !(-0.1..=0.3).contains(&(offset / length)) || !BESIDE_MM.contains(&offset) {
        return None;
    }
    let mut rows = vec![Vec::new(); parts];
    for point in &trace.points {
        let part = ((point[0] - trace.start()) / length).floor().max(0.0) as usize;
        rows[part.min(parts - 1)].push(*point);
    }
    if rows.iter().any(|points| points.len() < 2) {
        return None;
    }
    let whole = |points: Vec<[f64; 2]>| Trace {
        points,
        ..trace.clone()
    };
    Some(rows.into_iter().map(whole).collect())
}

/// Gives each trace the nearest label that names a lead.
fn name(traces: &mut [Trace], labels: &[Label]) {
    let mut pairs = Vec::new();
    let medians: Vec<f64> = traces.iter().map(Trace::median).collect();
    for (at, label) in labels.iter().enumerate() {
        let Some(lead) = lead_of(label) else {
            continue;
        };
        for (place, trace) in traces.iter().enumerate() {
            if let Some((along, across)) = beside(label, trace.start(), medians[place]) {
                pairs.push((along.abs() * 0.5 + across, place, at, lead));
            }
        }
        if pairs.len() > 1 << 20 {
            break;
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut used = vec![false; labels.len()];
    for (_, place, at, lead) in pairs {
        let trace = &mut traces[place];
        if trace.lead.is_none() && !used[at] {
            trace.lead = Some(lead);
            used[at] = true;
        }
    }
}

/// Labels that stand on one line, from top to bottom and from left to right.
pub fn lines_of(labels: &[Label]) -> Vec<Vec<&Label>> {
    let mut upright: Vec<&Label> = labels
        .iter()
        .filter(|label| label.direction[0] > 0.9 && !label.text.trim().is_empty())
        .collect();
    upright.sort_by(|a, b| b.at[1].total_cmp(&a.at[1]));
    let mut lines: Vec<Vec<&Label>> = Vec::new();
    for label in upright {
        match lines.last_mut() {
            Some(line)
                if line
                    .first()
                    .is_some_and(|first| (first.at[1] - label.at[1]).abs() < 0.8) =>
            {
                line.push(label);
            }
            _ => lines.push(vec![label]),
        }
    }
    for line in &mut lines {
        line.sort_by(|a, b| a.at[0].total_cmp(&b.at[0]));
    }
    lines
}

/// The numbers that stand before a unit; `5,10 mm/mV` are two.
fn numbers_before(text: &str, unit: &str) -> Vec<f64> {
    let text = text.to_lowercase().replace(" /", "/").replace("/ ", "/");
    let mut numbers = Vec::new();
    for (at, _) in text.match_indices(unit) {
        let before = text.get(..at).unwrap_or_default().trim_end();
        let from = before
            .rfind(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
        let digits = before
            .get(from..)
            .unwrap_or_default()
            .trim_matches([',', '.']);
        let usual = |text: &str| {
            let value = text.parse::<f64>().ok()?;
            [2.5, 5.0, 10.0, 20.0, 40.0]
                .contains(&value)
                .then_some(value)
        };
        match digits.split_once(',') {
            Some((one, two)) => match (usual(one), usual(two)) {
                (Some(one), Some(two)) => numbers.extend([one, two]),
                _ => numbers.extend(digits.replace(',', ".").parse::<f64>().ok()),
            },
            None => numbers.extend(digits.parse::<f64>().ok()),
        }
    }
    numbers.retain(|value| (0.5..=500.0).contains(value));
    numbers
}

fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_read_from_any_wording() {
        assert_eq!(numbers_before("Scale: 25mm/s, 10mm/mV", "mm/s"), [25.0]);
        assert_eq!(numbers_before("Scale: 25mm/s, 10mm/mV", "mm/mv"), [10.0]);
        assert_eq!(
            numbers_before("40 Hz 25,0 mm / s 12,5 mm/mV", "mm/s"),
            [25.0]
        );
        assert_eq!(numbers_before("12,5 mm/mV", "mm/mv"), [12.5]);
        assert_eq!(numbers_before("5,10 mm/mV", "mm/mv"), [5.0, 10.0]);
        assert_eq!(numbers_before("no mm/s", "mm/s"), [0.0; 0]);
    }

    #[test]
    fn squares_tell_the_scale_of_the_page() {
        let grid = |step: f64| (0..40).map(|i| f64::from(i) * step).collect::<Vec<_>>();
        assert_eq!(
            pitch(&grid(1.0)).and_then(squares).map(f64::round),
            Some(1.0)
        );
        let reduced = pitch(&grid(4.0)).and_then(squares).unwrap();
        assert!((reduced - 0.8).abs() < 1e-9);
        assert_eq!(pitch(&[1.0, 2.0, 9.0]), None);
    }

    #[test]
    fn a_pulse_is_two_levels_and_back() {
        let path = [
            [0.0, 5.0],
            [2.5, 5.0],
            [2.5, 15.0],
            [7.5, 15.0],
            [7.5, 5.0],
            [10.0, 5.0],
        ];
        let found = pulse(&path).unwrap();
        assert_eq!((found.base, found.height), (5.0, 10.0));
        assert!(pulse(&[[0.0, 0.0], [2.0, 3.0], [4.0, 7.0], [6.0, 0.0]]).is_none());
    }
}
