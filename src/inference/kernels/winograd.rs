//! Winograd's minimal filtering F(4, 3): four outputs of a filter of three taps with six products instead of twelve.
//!
//! After Winograd, Arithmetic Complexity of Computations (SIAM, 1980), and as products of matrices over the channels after
//! Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (CVPR 2016), whose transforms these are (points 0, 1,
//! -1, 2, -2 and infinity). Longer filters are cut into parts of three taps, whose products add up before the last
//! transform; each part of each channel is a term of the sums.

use super::lanes::{Lanes, WIDTH};
use super::tiles::{COLUMNS, ROWS, Tile, interleaved, tile};
use std::ops::Range;

/// Taps of one part of a filter.
const TAPS: usize = 3;
/// Outputs of one block.
const OUTPUTS: usize = 4;
/// Products of one block, and samples that it is made of.
const POINTS: usize = TAPS + OUTPUTS - 1;
/// The point whose products enter every output once.
const POINT_OF_BIAS: usize = 1;
/// With fewer channels in or out the transforms cost more than they save.
const FEWEST_CHANNELS: usize = 16;

/// Four rows, of every fourth sample each or of every fourth group of samples.
type Phases = [Vec<f32>; OUTPUTS];

/// Size of a convolution of which every output channel hears every input channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) channels_in: usize,
    pub(super) channels_out: usize,
    pub(super) samples_out: usize,
    pub(super) taps: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
}

impl Size {
    /// Samples from one tap to the next within a phase of the stride.
    fn spacing(&self) -> usize {
        if self.stride == 1 { self.dilation } else { 1 }
    }

    /// The first tap of every part.
    fn parts(&self) -> impl Iterator<Item = usize> + use<> {
        let (taps, stride) = (self.taps, self.stride);
        (0..stride).flat_map(move |phase| (phase..taps).step_by(stride * TAPS))
    }

    /// Blocks that follow one another; there are as many such rows as samples from tap to tap.
    fn blocks(&self) -> usize {
        self.samples_out.div_ceil(OUTPUTS * self.spacing())
    }

    fn pitch(&self) -> usize {
        (self.blocks() * self.spacing()).next_multiple_of(COLUMNS)
    }

    /// Whether the blocks take less work than the sum over all taps.
    pub(super) fn pays(&self) -> bool {
        let dealt = matches!(self.spacing(), 1 | 2 | 4 | 8);
        let direct = self.taps * self.samples_out.next_multiple_of(COLUMNS);
        let products = POINTS * self.parts().count() * self.pitch();
        dealt
            && (self.stride == 1 || self.dilation == 1)
            && self.channels_in.min(self.channels_out) >= FEWEST_CHANNELS
            && products * 5 < direct * 4
    }

    /// Samples that the blocks read from a phase of a channel.
    pub(super) fn read(&self) -> usize {
        let last = self.taps.saturating_sub(1) * self.dilation / self.stride;
        last + self.spacing() * OUTPUTS * (self.blocks() + 1)
    }
}

/// A convolution's filters, transformed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Winograd {
    /// Where each part begins in a channel's layout.
    starts: Vec<usize>,
    spacing: usize,
    blocks: usize,
    /// Columns of the matrices: one for each block.
    pitch: usize,
    /// Of each point `[channels_out / ROWS][channels_in * parts][ROWS]`.
    weights: [Vec<[f32; ROWS]>; POINTS],
    offsets: Vec<usize>,
}

impl Winograd {
    /// Of a kernel `[channels_out, channels_in, taps]`; `offset` tells where the layout of a channel holds the sample so
    /// many ahead.
    pub(super) fn new(size: &Size, kernel: &[f32], offset: impl Fn(usize) -> usize) -> Self {
        let terms = size.channels_in * size.parts().count();
        let mut points: [Vec<f32>; POINTS] = Default::default();
        for filter in kernel.chunks_exact(size.taps) {
            for first in size.parts() {
                let tap = |at: usize| filter.get(first + at * size.stride).copied();
                let part = std::array::from_fn(|at| tap(at).unwrap_or(0.0));
                let values = points.iter_mut().zip(filter_at_points(part));
                values.for_each(|(point, value)| point.push(value));
            }
        }
        let pitch = size.pitch();
        Self {
            starts: size
                .parts()
                .map(|first| offset(first * size.dilation))
                .collect(),
            spacing: size.spacing(),
            blocks: size.blocks(),
            pitch,
            weights: points.map(|rows| interleaved(&rows, terms)),
            offsets: (0..terms).map(|term| term * pitch).collect(),
        }
    }

    /// `[channels_out, samples_out]`, of channels that `lay_out` writes one after the other to where zeros were before.
    pub(super) fn apply(
        &self,
        laid_out: Vec<f32>,
        lay_out: impl FnMut(usize, &mut [f32]),
        bias: &[f32],
        output: &mut [f32],
        samples_out: usize,
    ) {
        let points = self.points(laid_out, lay_out);
        let mut phases = std::array::from_fn(|_| self.phases());
        let mut whole = vec![0.0; self.blocks * OUTPUTS * self.spacing];
        let rows = output.chunks_mut(ROWS * samples_out);
        for (index, (rows, bias)) in rows.zip(bias.chunks(ROWS)).enumerate() {
            self.sums(index, bias, &points, &mut phases);
            for (row, phases) in rows.chunks_exact_mut(samples_out).zip(&phases) {
                self.collect(phases, &mut whole);
                row.copy_from_slice(&whole[..samples_out]);
            }
        }
    }

    /// Of each point `[channels_in * parts, pitch]`.
    fn points(
        &self,
        mut laid_out: Vec<f32>,
        mut lay_out: impl FnMut(usize, &mut [f32]),
    ) -> [Vec<f32>; POINTS] {
        let mut points = std::array::from_fn(|_| vec![0.0; self.offsets.len() * self.pitch]);
        let mut phases = self.phases();
        for (channel, offsets) in self.offsets.chunks_exact(self.starts.len()).enumerate() {
            lay_out(channel, &mut laid_out);
            for (start, offset) in self.starts.iter().zip(offsets) {
                self.deal(&laid_out[*start..], &mut phases);
                let columns = *offset..*offset + self.pitch;
                samples_at_points(&phases, self.spacing, &mut points, columns);
            }
        }
        points
    }

    /// Room for what is dealt; the last lanes read as many numbers more as the next block is away.
    fn phases(&self) -> Phases {
        std::array::from_fn(|_| vec![0.0; self.pitch + self.spacing])
    }

    /// Outputs of up to [`ROWS`] channels, those of block `index` of the weights.
    fn sums(
        &self,
        index: usize,
        bias: &[f32],
        points: &[Vec<f32>; POINTS],
        phases: &mut [Phases; ROWS],
    ) {
        let terms = self.offsets.len();
        let mut begin = [[0.0; ROWS]; POINTS];
        let biased = begin[POINT_OF_BIAS].iter_mut().zip(bias);
        biased.for_each(|(begin, bias)| *begin = *bias);
        for first in (0..self.pitch).step_by(COLUMNS) {
            let sums = |at: usize| {
                let filters = &self.weights[at][index * terms..][..terms];
                tile(filters, &self.offsets, &points[at][first..], &begin[at])
            };
            let tiles = [sums(0), sums(1), sums(2), sums(3), sums(4), sums(5)];
            outputs_of_points(&tiles, first, phases);
        }
    }

    fn deal(&self, samples: &[f32], phases: &mut Phases) {
        match self.spacing {
            1 => deal::<1>(samples, phases),
            2 => deal::<2>(samples, phases),
            4 => deal::<4>(samples, phases),
            _ => deal::<8>(samples, phases),
        }
    }

    fn collect(&self, phases: &Phases, whole: &mut [f32]) {
        match self.spacing {
            1 => collect::<1>(phases, whole),
            2 => collect::<2>(phases, whole),
            4 => collect::<4>(phases, whole),
            _ => collect::<8>(phases, whole),
        }
    }
}

/// A part of a filter at the points, divided as the samples are not.
fn filter_at_points([a, b, c]: [f32; TAPS]) -> [f32; POINTS] {
    [
        a / 4.0,
        -(a + b + c) / 6.0,
        -(a - b + c) / 6.0,
        (a + 2.0 * b + 4.0 * c) / 24.0,
        (a - 2.0 * b + 4.0 * c) / 24.0,
        c,
    ]
}

/// Deals groups of `GROUP` samples to the four rows in turn.
#[inline(never)]
fn deal<const GROUP: usize>(samples: &[f32], [p, q, r, s]: &mut Phases) {
    let groups = samples.as_chunks::<GROUP>().0;
    let (p, q) = (p.as_chunks_mut::<GROUP>().0, q.as_chunks_mut::<GROUP>().0);
    let (r, s) = (r.as_chunks_mut::<GROUP>().0, s.as_chunks_mut::<GROUP>().0);
    let places = p.iter_mut().zip(q).zip(r).zip(s);
    for ([a, b, c, d], (((p, q), r), s)) in groups.as_chunks::<OUTPUTS>().0.iter().zip(places) {
        (*p, *q, *r, *s) = (*a, *b, *c, *d);
    }
}

/// Takes groups of `GROUP` numbers from the four rows in turn, as many as `whole` holds.
#[inline(never)]
fn collect<const GROUP: usize>([p, q, r, s]: &Phases, whole: &mut [f32]) {
    let groups = whole.as_chunks_mut::<GROUP>().0;
    let (p, q) = (p.as_chunks::<GROUP>().0, q.as_chunks::<GROUP>().0);
    let (r, s) = (r.as_chunks::<GROUP>().0, s.as_chunks::<GROUP>().0);
    let values = p.iter().zip(q).zip(r).zip(s);
    for (four, (((p, q), r), s)) in groups.as_chunks_mut::<OUTPUTS>().0.iter_mut().zip(values) {
        *four = [*p, *q, *r, *s];
    }
}

/// Samples of a channel, dealt to four rows, at every point: into `columns` of each.
///
/// Written out, as is [`outputs_of_points`]: where the program is built for size, an array's `map` stays a call.
#[inline(never)]
fn samples_at_points(
    [p, q, r, s]: &Phases,
    spacing: usize,
    [a, b, c, d, e, f]: &mut [Vec<f32>; POINTS],
    columns: Range<usize>,
) {
    let (t, u) = (in_lanes(&p[spacing..]), in_lanes(&q[spacing..]));
    let (p, q, r, s) = (in_lanes(p), in_lanes(q), in_lanes(r), in_lanes(s));
    let a = a[columns.clone()].as_chunks_mut::<WIDTH>().0.iter_mut();
    let b = b[columns.clone()].as_chunks_mut::<WIDTH>().0.iter_mut();
    let c = c[columns.clone()].as_chunks_mut::<WIDTH>().0.iter_mut();
    let d = d[columns.clone()].as_chunks_mut::<WIDTH>().0.iter_mut();
    let e = e[columns.clone()].as_chunks_mut::<WIDTH>().0.iter_mut();
    let f = f[columns].as_chunks_mut::<WIDTH>().0.iter_mut();
    let places = a.zip(b).zip(c).zip(d).zip(e).zip(f);
    let samples = p.iter().zip(q).zip(r).zip(s).zip(t).zip(u);
    let (two, less_two) = (Lanes::splat(2.0), Lanes::splat(-2.0));
    let (four, less_four) = (Lanes::splat(4.0), Lanes::splat(-4.0));
    let less_five = Lanes::splat(-5.0);
    for ((((((a, b), c), d), e), f), (((((p, q), r), s), t), u)) in places.zip(samples) {
        let (p, q, r) = (Lanes::load(p), Lanes::load(q), Lanes::load(r));
        let (s, t, u) = (Lanes::load(s), Lanes::load(t), Lanes::load(u));
        let (even, odd) = (t.plus_product(less_four, r), s.plus_product(less_four, q));
        let (near, far) = (t.minus(r), s.minus(q));
        *a = t.plus_product(less_five, r).plus_product(four, p).values();
        *b = even.plus(odd).values();
        *c = even.minus(odd).values();
        *d = near.plus_product(two, far).values();
        *e = near.plus_product(less_two, far).values();
        *f = u.plus_product(less_five, s).plus_product(four, q).values();
    }
}

fn in_lanes(row: &[f32]) -> &[[f32; WIDTH]] {
    row.as_chunks::<WIDTH>().0
}

/// Outputs of [`COLUMNS`] blocks of each row from their products at the points, dealt to four rows from column `first` on.
#[inline(never)]
fn outputs_of_points(tiles: &[Tile; POINTS], first: usize, phases: &mut [Phases; ROWS]) {
    let [a, b, c, d, e, f] = tiles;
    let (two, four, eight) = (Lanes::splat(2.0), Lanes::splat(4.0), Lanes::splat(8.0));
    for (row, [p, q, r, s]) in phases.iter_mut().enumerate() {
        for half in 0..COLUMNS / WIDTH {
            let (a, b) = (Lanes::load(&a[row][half]), Lanes::load(&b[row][half]));
            let (c, d) = (Lanes::load(&c[row][half]), Lanes::load(&d[row][half]));
            let (e, f) = (Lanes::load(&e[row][half]), Lanes::load(&f[row][half]));
            let (even, odd) = (b.plus(c), b.minus(c));
            let (far_even, far_odd) = (d.plus(e), d.minus(e));
            let at = first + half * WIDTH;
            put(p, at, a.plus(even).plus(far_even));
            put(q, at, odd.plus_product(two, far_odd));
            put(r, at, even.plus_product(four, far_even));
            put(s, at, odd.plus_product(eight, far_odd).plus(f));
        }
    }
}

#[inline(always)]
fn put(row: &mut [f32], at: usize, lanes: Lanes) {
    let place = row
        .get_mut(at..)
        .and_then(<[f32]>::first_chunk_mut::<WIDTH>);
    if let Some(place) = place {
        *place = lanes.values();
    }
}
