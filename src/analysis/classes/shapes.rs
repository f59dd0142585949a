//! Shapes of QRS complexes: which beats look alike, and which shape is the usual one.

use super::cuts::{BEFORE, Cut, LENGTH, MOST_SHIFT};
use std::ops::Range;

/// Window of the QRS complex around the fiducial on the grid: 64 ms before to 96 ms after.
pub const QRS: Range<usize> = BEFORE - 8..BEFORE + 13;
/// Wider window in which shapes are compared: 80 ms before to 120 ms after.
const SHAPE: Range<usize> = BEFORE - 10..BEFORE + 16;
/// Points of a shape.
const POINTS: usize = SHAPE.end - SHAPE.start;
/// Grid points by which a complex is moved in the comparison, the smallest first.
const SHIFTS: [i32; 9] = [0, -1, 1, -2, 2, -3, 3, -4, 4];
/// Correlation from which on two complexes have the same shape.
const SAME: f32 = 0.9;
/// Shapes kept apart; what is like none of them then goes to the nearest.
const MOST_SHAPES: usize = 16;
/// Beats that a usual shape is the median of at most.
const MOST_MEMBERS: usize = 48;

/// Correlation of two windows; 0 when one of them is constant.
pub fn likeness(x: &[f32], y: &[f32]) -> f32 {
    let n = x.len().min(y.len()).max(1) as f32;
    let (mut sx, mut sy) = (0.0_f32, 0.0_f32);
    for (x, y) in x.iter().zip(y) {
        sx += x;
        sy += y;
    }
    let (mx, my) = (sx / n, sy / n);
    let (mut xx, mut yy, mut xy) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x - mx, y - my);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    let scale = (xx * yy).sqrt();
    if scale > 0.0 && scale.is_finite() {
        (xy / scale).clamp(-1.0, 1.0)
    } else {
        0.0
    }
}

/// A window of a cut, moved.
pub fn window<'a>(values: &'a [f32; LENGTH], window: &Range<usize>, shift: i32) -> &'a [f32] {
    let move_by = |index: usize| (index as i32 + shift).clamp(0, LENGTH as i32) as usize;
    &values[move_by(window.start)..move_by(window.end)]
}

/// The shift at which a window is most like another cut's, and the likeness; of equals the smallest shift.
pub fn align(values: &[f32; LENGTH], to: &[f32; LENGTH], over: &Range<usize>) -> (i32, f32) {
    let fixed = window(to, over, 0);
    let mut best = (0, likeness(window(values, over, 0), fixed));
    for distance in 1..=MOST_SHIFT {
        for shift in [-distance, distance] {
            let found = likeness(window(values, over, shift), fixed);
            if found > best.1 {
                best = (shift, found);
            }
        }
    }
    best
}

/// A complex without its mean, of length 1; all 0 when it is constant.
fn unit(values: &[f32]) -> [f32; POINTS] {
    let mut unit = [0.0; POINTS];
    let mean = values.iter().sum::<f32>() / POINTS as f32;
    for (unit, value) in unit.iter_mut().zip(values) {
        *unit = value - mean;
    }
    let size = size(&unit);
    if size > 0.0 && size.is_finite() {
        unit.iter_mut().for_each(|value| *value /= size);
    }
    unit
}

fn size(values: &[f32; POINTS]) -> f32 {
    values.iter().map(|value| value * value).sum::<f32>().sqrt()
}

/// One shape with the mean of its members, of length 1.
#[derive(Clone, Debug)]
struct Shape {
    centre: [f32; POINTS],
    count: u32,
}

/// Which shape each beat has.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    /// For each beat its shape.
    pub of: Vec<usize>,
    /// For each beat its shift against the shape's centre.
    pub shift: Vec<i32>,
    /// How many shapes there are.
    pub n: usize,
}

/// Sorts cuts by shape: each joins the shape that it is most like, or founds one; then all are sorted once more by the
/// shapes that have come of it.
pub fn sort(cuts: &[Cut]) -> Shapes {
    let moved: Vec<Moved> = cuts.iter().map(|cut| Moved::new(&cut.values)).collect();
    let mut shapes: Vec<Shape> = Vec::new();
    for moved in &moved {
        match moved.nearest(&shapes) {
            Some((index, place, found)) if found >= SAME || shapes.len() == MOST_SHAPES => {
                let shape = &mut shapes[index];
                shape.count += 1;
                if found >= SAME {
                    shape.learn(&moved.units[place]);
                }
            }
            _ => shapes.push(Shape {
                centre: moved.units[0],
                count: 1,
            }),
        }
    }
    let mut sorted = Shapes {
        n: shapes.len(),
        ..Shapes::default()
    };
    for moved in &moved {
        let (index, place, _) = moved.nearest(&shapes).unwrap_or((0, 0, 0.0));
        sorted.of.push(index);
        sorted.shift.push(SHIFTS[place]);
    }
    sorted
}

impl Shape {
    /// Moves the centre towards a new member: the mean of the last forty, for a shape may drift.
    fn learn(&mut self, new: &[f32; POINTS]) {
        let weight = 1.0 / self.count.min(40) as f32;
        for (centre, new) in self.centre.iter_mut().zip(new) {
            *centre += weight * (new - *centre);
        }
        let size = size(&self.centre);
        if size > 0.0 {
            self.centre.iter_mut().for_each(|value| *value /= size);
        }
    }
}

/// A complex at every shift at which it is compared.
struct Moved {
    units: [[f32; POINTS]; SHIFTS.len()],
}

impl Moved {
    fn new(values: &[f32; LENGTH]) -> Self {
        Self {
            units: SHIFTS.map(|shift| unit(window(values, &SHAPE, shift))),
        }
    }

    /// The shape that the complex is most like, at which place in [`SHIFTS`], and how much.
    fn nearest(&self, shapes: &[Shape]) -> Option<(usize, usize, f32)> {
        let mut best: Option<(usize, usize, f32)> = None;
        for (index, shape) in shapes.iter().enumerate() {
            for (place, unit) in self.units.iter().enumerate() {
                let found: f32 = shape.centre.iter().zip(unit).map(|(a, b)| a * b).sum();
                if best.is_none_or(|(_, _, other)| found > other) {
                    best = Some((index, place, found));
                }
            }
        }
        best
    }
}

/// The usual beat of a stretch.
#[derive(Clone, Debug)]
pub struct Usual {
    /// Its shape's number.
    pub shape: usize,
    /// Median of its nearest members.
    pub values: [f32; LENGTH],
    /// How alike its members are before the QRS complex, -1 to 1: near 1 where a P wave stands out of the noise.
    pub p_likeness: f32,
}

/// The usual beat among `within`, seen from its middle: the shape whose beats, weighted by how little early they come
/// (`timely`, 0 to 1), are most.
pub fn usual(
    cuts: &[Cut],
    shapes: &Shapes,
    timely: &[f64],
    within: &Range<usize>,
    p_window: &Range<usize>,
) -> Option<Usual> {
    let mut weights = vec![0.0; shapes.n];
    for index in within.clone() {
        if let Some(weight) = weights.get_mut(*shapes.of.get(index)?) {
            *weight += timely.get(index)?;
        }
    }
    let shape = (0..shapes.n).max_by(|a, b| weights[*a].total_cmp(&weights[*b]).then(b.cmp(a)))?;
    let mut members: Vec<usize> = within
        .clone()
        .filter(|&index| shapes.of[index] == shape && timely[index] > 0.5)
        .collect();
    if members.is_empty() {
        members = within
            .clone()
            .filter(|&index| shapes.of[index] == shape)
            .collect();
    }
    let stride = members.len().div_ceil(MOST_MEMBERS).max(1);
    let members: Vec<usize> = members.into_iter().step_by(stride).collect();
    let mut values = [0.0; LENGTH];
    let mut column = Vec::with_capacity(members.len());
    for (point, value) in values.iter_mut().enumerate() {
        column.clear();
        column.extend(members.iter().map(|&index| {
            let moved = (point as i32 + shapes.shift[index]).clamp(0, LENGTH as i32 - 1);
            cuts[index].values[moved as usize]
        }));
        column.sort_by(f32::total_cmp);
        let n = column.len();
        *value = f32::midpoint(column[n / 2], column[(n - 1) / 2]);
    }
    let p = window(&values, p_window, 0);
    let mut alike: Vec<f32> = members
        .iter()
        .map(|&index| {
            likeness(
                window(&cuts[index].values, p_window, shapes.shift[index]),
                p,
            )
        })
        .collect();
    alike.sort_by(f32::total_cmp);
    Some(Usual {
        shape,
        p_likeness: alike[alike.len() / 2],
        values,
    })
}
