//! Beats of alike QRS in a stretch, each with their median shape.

use super::marks::{AFTER, BEFORE, GRID_HZ, samples};
use crate::signal::median_of_mut;

/// Correlation of QRS complexes from which on two beats are of one kind.
const ALIKE: f64 = 0.92;
/// Reach of the compared part to either side of the fiducial, and by how much fiducials may differ, in seconds.
const COMPARED_S: f64 = 0.09;
const SHIFT_S: f64 = 0.024;
/// Grid steps of the first search for the shift.
const COARSE: usize = 4;

/// The filtered trace of a stretch.
pub struct Trace {
    pub rate_hz: f64,
    /// Time of the first value.
    pub start_s: f64,
    pub values: Vec<f64>,
}

impl Trace {
    /// The trace around a time on the grid, NaN where it does not reach.
    pub fn cut(&self, time_s: f64) -> Vec<f32> {
        let step = self.rate_hz / GRID_HZ;
        let start = (time_s - self.start_s) * self.rate_hz - BEFORE as f64 * step;
        (0..=BEFORE + AFTER)
            .map(|k| {
                let at = start + k as f64 * step;
                if at < 0.0 {
                    return f32::NAN;
                }
                let below = at as usize;
                match (self.values.get(below), self.values.get(below + 1)) {
                    (Some(a), Some(b)) => (a + (b - a) * (at - below as f64)) as f32,
                    _ => f32::NAN,
                }
            })
            .collect()
    }
}

/// A beat of a kind.
pub struct Member {
    /// Its place among the beats given.
    pub index: usize,
    /// Its fiducial moved to where its QRS agrees with the kind's, in seconds.
    pub time_s: f64,
    /// The trace around that, on the grid.
    pub cut: Vec<f32>,
    /// Correlation of its QRS with the kind's.
    pub agreement: f32,
}

/// Beats of one QRS shape.
pub struct Kind {
    pub members: Vec<Member>,
    /// Point by point median of the members' cuts; 0 where none reaches.
    pub shape: Vec<f64>,
}

/// Sorts beats (their times) into kinds, the largest first.
pub fn kinds(trace: &Trace, times_s: &[f64]) -> Vec<Kind> {
    let mut sorted: Vec<(Vec<f32>, Vec<Member>)> = Vec::new();
    for (index, &time_s) in times_s.iter().enumerate() {
        let cut = trace.cut(time_s);
        let best = sorted
            .iter()
            .enumerate()
            .map(|(kind, (centre, _))| (kind, best_shift(centre, &cut)))
            .max_by(|a, b| a.1.0.total_cmp(&b.1.0))
            .filter(|(_, (agreement, _))| *agreement >= ALIKE);
        let Some((kind, (agreement, shift))) = best else {
            let member = Member {
                index,
                time_s,
                cut: cut.clone(),
                agreement: 1.0,
            };
            sorted.push((cut, vec![member]));
            continue;
        };
        let time_s = time_s + shift as f64 / GRID_HZ;
        let cut = if shift == 0 { cut } else { trace.cut(time_s) };
        let (centre, members) = &mut sorted[kind];
        // The centre follows its beats, more slowly the more there are.
        let share = 1.0 / (members.len() + 1).min(8) as f32;
        for (c, v) in centre.iter_mut().zip(&cut) {
            *c += if v.is_nan() { 0.0 } else { (v - *c) * share };
        }
        members.push(Member {
            index,
            time_s,
            cut,
            agreement: agreement as f32,
        });
    }
    let mut kinds: Vec<Kind> = sorted
        .into_iter()
        .map(|(_, members)| Kind {
            shape: median_shape(&members),
            members,
        })
        .collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.members.len()));
    kinds
}

/// Correlation with `centre` at the best shift in grid steps, and that shift.
fn best_shift(centre: &[f32], cut: &[f32]) -> (f64, i64) {
    let most = samples(SHIFT_S) as i64;
    let coarse = (-most..=most).step_by(COARSE);
    let (_, around) = best_of(coarse, centre, cut, COARSE);
    let fine = (around - COARSE as i64 + 1).max(-most)..=(around + COARSE as i64 - 1).min(most);
    best_of(fine, centre, cut, 1)
}

fn best_of(
    shifts: impl Iterator<Item = i64>,
    centre: &[f32],
    cut: &[f32],
    step: usize,
) -> (f64, i64) {
    let half = samples(COMPARED_S);
    let reference = &centre[BEFORE - half..=BEFORE + half];
    shifts
        .map(|shift| {
            let from = (BEFORE - half) as i64 + shift;
            let part = &cut[from as usize..from as usize + reference.len()];
            (agreement(reference, part, step), shift)
        })
        // Of equals the smaller shift.
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.abs().cmp(&a.1.abs())))
        .unwrap_or((0.0, 0))
}

/// Pearson's correlation of every `step`th value; 0 where one does not vary or is not there.
fn agreement(a: &[f32], b: &[f32], step: usize) -> f64 {
    let (mut n, mut sa, mut sb, mut saa, mut sbb, mut sab) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b).step_by(step) {
        let (x, y) = (f64::from(*x), f64::from(*y));
        n += 1.0;
        sa += x;
        sb += y;
        saa += x * x;
        sbb += y * y;
        sab += x * y;
    }
    let spread = ((n * saa - sa * sa) * (n * sbb - sb * sb)).sqrt();
    if spread > 0.0 {
        (n * sab - sa * sb) / spread
    } else {
        0.0
    }
}

fn median_shape(members: &[Member]) -> Vec<f64> {
    let mut column = Vec::with_capacity(members.len());
    (0..=BEFORE + AFTER)
        .map(|k| {
            column.clear();
            let values = members.iter().map(|member| f64::from(member.cut[k]));
            column.extend(values.filter(|v| !v.is_nan()));
            median_of_mut(&mut column).unwrap_or(0.0)
        })
        .collect()
}
