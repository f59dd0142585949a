//! Sums of products, as many at a time as registers hold.
//!
//! A tile is four rows by eight columns: with what they are multiplied with, twelve registers, so that the sixteen of a
//! PC hold them without spilling.

use super::lanes::{Lanes, WIDTH, columns_of};

/// Rows of one tile.
pub(super) const ROWS: usize = 4;
/// Columns of one tile.
pub(super) const COLUMNS: usize = 2 * WIDTH;
/// Columns at a time where there is one row.
pub(super) const RUN: usize = 8 * WIDTH;

/// [`COLUMNS`] sums of each of [`ROWS`] rows.
pub(super) type Tile = [[[f32; WIDTH]; 2]; ROWS];

/// Rows `[rows][terms]` as `[rows / ROWS][terms][ROWS]`, with zeros where there is no row.
pub(super) fn interleaved(rows: &[f32], terms: usize) -> Vec<[f32; ROWS]> {
    let blocks = rows.len().div_ceil(ROWS * terms);
    let mut all = vec![[0.0; ROWS]; blocks * terms];
    let blocks = all.chunks_exact_mut(terms);
    for (block, rows) in blocks.zip(rows.chunks(ROWS * terms)) {
        interleave(rows, terms, block);
    }
    all
}

/// Up to [`ROWS`] rows `[rows][terms]` as `[terms][ROWS]`; what belongs to no row and no term stays as it is.
#[inline(never)]
pub(super) fn interleave(rows: &[f32], terms: usize, block: &mut [[f32; ROWS]]) {
    let mut done = 0;
    let mut each = rows
        .chunks_exact(terms)
        .map(|row| row.as_chunks::<WIDTH>().0);
    if let (Some(a), Some(b), Some(c), Some(d)) =
        (each.next(), each.next(), each.next(), each.next())
    {
        let places = block.as_chunks_mut::<WIDTH>().0.iter_mut();
        for (to, (((a, b), c), d)) in places.zip(a.iter().zip(b).zip(c).zip(d)) {
            let [p, q, r, s] = columns_of([
                Lanes::load(a),
                Lanes::load(b),
                Lanes::load(c),
                Lanes::load(d),
            ]);
            *to = [p.values(), q.values(), r.values(), s.values()];
        }
        done = terms - terms % WIDTH;
    }
    for (index, row) in rows.chunks_exact(terms).enumerate() {
        let places = block.iter_mut().zip(row).skip(done);
        places.for_each(|(to, value)| to[index] = *value);
    }
}

/// [`COLUMNS`] sums of [`ROWS`] rows, from `bias` on: of each term, a row's number times the numbers from the term's
/// offset on.
///
/// Written out, as a loop over the registers would keep them in memory where the program is built for size.
#[inline(never)]
pub(super) fn tile(
    filters: &[[f32; ROWS]],
    offsets: &[usize],
    laid_out: &[f32],
    bias: &[f32; ROWS],
) -> Tile {
    let [a, b, c, d] = bias;
    let (mut a, mut b) = (Lanes::splat(*a), Lanes::splat(*b));
    let (mut c, mut d) = (Lanes::splat(*c), Lanes::splat(*d));
    let (mut e, mut f, mut g, mut h) = (a, b, c, d);
    for ([p, q, r, s], offset) in filters.iter().zip(offsets) {
        let found = laid_out
            .get(*offset..)
            .and_then(<[f32]>::first_chunk::<COLUMNS>);
        let Some([low, high]) = found
            .map(|found| found.as_chunks::<WIDTH>().0)
            .and_then(<[_]>::first_chunk::<2>)
        else {
            break;
        };
        let (low, high) = (Lanes::load(low), Lanes::load(high));
        let weight = Lanes::splat(*p);
        a = a.plus_product(weight, low);
        e = e.plus_product(weight, high);
        let weight = Lanes::splat(*q);
        b = b.plus_product(weight, low);
        f = f.plus_product(weight, high);
        let weight = Lanes::splat(*r);
        c = c.plus_product(weight, low);
        g = g.plus_product(weight, high);
        let weight = Lanes::splat(*s);
        d = d.plus_product(weight, low);
        h = h.plus_product(weight, high);
    }
    let pair = |low: Lanes, high: Lanes| [low.values(), high.values()];
    [pair(a, e), pair(b, f), pair(c, g), pair(d, h)]
}

/// [`RUN`] sums of one row, from `begin` on.
#[inline(always)]
pub(super) fn run(
    filter: &[f32],
    offsets: &[usize],
    laid_out: &[f32],
    begin: &[f32; RUN],
) -> [f32; RUN] {
    let mut all = *begin;
    let Some([a, b, c, d, e, f, g, h]) = begin.as_chunks::<WIDTH>().0.first_chunk::<8>() else {
        return all;
    };
    let (mut a, mut b) = (Lanes::load(a), Lanes::load(b));
    let (mut c, mut d) = (Lanes::load(c), Lanes::load(d));
    let (mut e, mut f) = (Lanes::load(e), Lanes::load(f));
    let (mut g, mut h) = (Lanes::load(g), Lanes::load(h));
    for (weight, offset) in filter.iter().zip(offsets) {
        let found = laid_out
            .get(*offset..)
            .and_then(<[f32]>::first_chunk::<RUN>);
        let parts = found.map(|found| found.as_chunks::<WIDTH>().0);
        let Some([p, q, r, s, t, u, v, w]) = parts.and_then(<[_]>::first_chunk::<8>) else {
            break;
        };
        let weight = Lanes::splat(*weight);
        a = a.plus_product(weight, Lanes::load(p));
        b = b.plus_product(weight, Lanes::load(q));
        c = c.plus_product(weight, Lanes::load(r));
        d = d.plus_product(weight, Lanes::load(s));
        e = e.plus_product(weight, Lanes::load(t));
        f = f.plus_product(weight, Lanes::load(u));
        g = g.plus_product(weight, Lanes::load(v));
        h = h.plus_product(weight, Lanes::load(w));
    }
    let parts = all.as_chunks_mut::<WIDTH>().0.iter_mut();
    for (part, lanes) in parts.zip([a, b, c, d, e, f, g, h]) {
        *part = lanes.values();
    }
    all
}

/// Writes a tile to rows of `pitch` numbers each, from column `first` on; what is beyond the rows and their ends is
/// dropped.
#[inline(always)]
pub(super) fn write(tile: &Tile, rows: &mut [f32], pitch: usize, first: usize) {
    let columns = COLUMNS.min(pitch - first);
    for (index, row) in tile.iter().enumerate() {
        let at = index * pitch + first;
        let Some(places) = rows.get_mut(at..at + columns) else {
            return;
        };
        match places.as_chunks_mut::<WIDTH>().0 {
            [low, high, ..] => (*low, *high) = (row[0], row[1]),
            _ => {
                let rest = places.iter_mut().zip(row.as_flattened());
                rest.for_each(|(to, value)| *to = *value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_interleaved_whatever_their_number_and_length() {
        for (count, terms) in [(1, 1), (4, 4), (4, 11), (7, 9), (9, 4)] {
            let rows: Vec<f32> = (0..count * terms).map(|at| at as f32 + 1.0).collect();
            let blocks = interleaved(&rows, terms);
            assert_eq!(blocks.len(), count.div_ceil(ROWS) * terms);
            for (at, values) in blocks.iter().enumerate() {
                for (index, value) in values.iter().enumerate() {
                    let row = at / terms * ROWS + index;
                    let expected = if row < count {
                        rows[row * terms + at % terms]
                    } else {
                        0.0
                    };
                    assert_eq!(*value, expected);
                }
            }
        }
    }
}
