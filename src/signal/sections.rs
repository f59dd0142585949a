//! Infinite-impulse-response filters as second-order sections.
//!
//! A section is `[b0, b1, b2, a0, a1, a2]`: `H(z) = (b0 + b1/z + b2/z²) / (a0 + a1/z + a2/z²)`, the layout of
//! scipy.signal's `sos` arrays, so that coefficients travel between the two unchanged. Everything runs in f64.

use rustfft::num_complex::Complex64;
use std::f64::consts::PI;

/// What a filter lets through; edges in hertz are the half-power (-3 dB) points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Band {
    /// Everything below the edge.
    LowPass(f64),
    /// Everything above the edge.
    HighPass(f64),
    /// Everything between the two edges.
    BandPass(f64, f64),
}

/// Designs a digital Butterworth filter (Butterworth 1930; bilinear transform with prewarped edges).
///
/// `order` is that of the low-pass prototype (1 to 8 are useful), so that a band-pass has twice as many poles, as in
/// `scipy.signal.butter(order, edges, btype, fs=rate_hz, output="sos")`. Each section has gain 1 at the reference
/// frequency (0 Hz, half the rate, or the band's geometric centre), where the whole filter also has gain 1.
///
/// `None` when an edge is not above 0 and below half the rate, the edges are not in order, or the order is 0.
#[must_use]
pub fn butterworth(order: usize, band: Band, rate_hz: f64) -> Option<Vec<[f64; 6]>> {
    if order == 0 || !edges_fit(band, rate_hz) {
        return None;
    }
    // Prewarped analogue angular frequency for a sampling rate of 2, where the bilinear map is z = (4 + s)/(4 - s).
    let warp = |edge_hz: f64| 4.0 * (PI * edge_hz / rate_hz).tan();
    let prototype = (0..order).map(|k| {
        let angle = PI * (2 * k + order + 1) as f64 / (2 * order) as f64;
        Complex64::from_polar(1.0, angle)
    });
    let (poles, zeros_at_one, reference): (Vec<Complex64>, Option<bool>, Complex64) = match band {
        Band::LowPass(edge) => {
            let edge = warp(edge);
            (
                prototype.map(|p| p * edge).collect(),
                Some(false),
                Complex64::new(1.0, 0.0),
            )
        }
        Band::HighPass(edge) => {
            let edge = warp(edge);
            (
                prototype.map(|p| edge / p).collect(),
                Some(true),
                Complex64::new(-1.0, 0.0),
            )
        }
        Band::BandPass(low, high) => {
            let (low, high) = (warp(low), warp(high));
            let centre = (low * high).sqrt();
            let poles = prototype
                .flat_map(|p| {
                    let half = p * ((high - low) / 2.0);
                    let root = (half * half - centre * centre).sqrt();
                    [half + root, half - root]
                })
                .collect();
            let reference = Complex64::from_polar(1.0, 2.0 * (centre / 4.0).atan());
            (poles, None, reference)
        }
    };
    let poles: Vec<Complex64> = poles.into_iter().map(|s| (4.0 + s) / (4.0 - s)).collect();
    Some(
        pole_pairs(&poles)
            .into_iter()
            .map(|pair| section(pair, zeros_at_one, reference))
            .collect(),
    )
}

fn edges_fit(band: Band, rate_hz: f64) -> bool {
    let fits = |edge: f64| edge > 0.0 && edge < rate_hz / 2.0;
    match band {
        Band::LowPass(edge) | Band::HighPass(edge) => fits(edge),
        Band::BandPass(low, high) => fits(low) && fits(high) && low < high,
    }
}

/// A conjugate or real pair of poles, or one real pole alone, as the coefficients `a1, a2`.
enum PolePair {
    Two(f64, f64),
    One(f64),
}

fn pole_pairs(poles: &[Complex64]) -> Vec<PolePair> {
    const REAL: f64 = 1e-12;
    let mut pairs: Vec<PolePair> = poles
        .iter()
        .filter(|p| p.im > REAL)
        .map(|p| PolePair::Two(-2.0 * p.re, p.norm_sqr()))
        .collect();
    let real: Vec<f64> = poles
        .iter()
        .filter(|p| p.im.abs() <= REAL)
        .map(|p| p.re)
        .collect();
    for two in real.chunks(2) {
        pairs.push(match *two {
            [one, other] => PolePair::Two(-(one + other), one * other),
            _ => PolePair::One(-two.iter().sum::<f64>()),
        });
    }
    pairs
}

/// `zeros_at_one`: both zeros at z = 1 (true), both at z = -1 (false), or one at each (`None`).
fn section(pair: PolePair, zeros_at_one: Option<bool>, reference: Complex64) -> [f64; 6] {
    let side = match zeros_at_one {
        Some(true) => -1.0,
        _ => 1.0,
    };
    let (b, a) = match pair {
        PolePair::Two(a1, a2) => match zeros_at_one {
            Some(_) => ([1.0, 2.0 * side, 1.0], [1.0, a1, a2]),
            None => ([1.0, 0.0, -1.0], [1.0, a1, a2]),
        },
        PolePair::One(a1) => ([1.0, side, 0.0], [1.0, a1, 0.0]),
    };
    let inverse = reference.inv();
    let at = |c: [f64; 3]| c[0] + inverse * (c[1] + inverse * c[2]);
    let gain = at(a).norm() / at(b).norm();
    [b[0] * gain, b[1] * gain, b[2] * gain, a[0], a[1], a[2]]
}

/// One section's direct form II transposed, with `a0` divided out.
#[derive(Clone, Copy, Debug)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Section {
    fn new(c: &[f64; 6]) -> Self {
        let a0 = c[3];
        Self {
            b: [c[0] / a0, c[1] / a0, c[2] / a0],
            a: [c[4] / a0, c[5] / a0],
            state: [0.0; 2],
        }
    }

    /// State in which a constant input of 1 gives its constant output at once (scipy's `lfilter_zi`).
    fn settled_state(&self) -> [f64; 2] {
        let first = self.b[1] - self.a[0] * self.b[0];
        let second = self.b[2] - self.a[1] * self.b[0];
        let sum = (first + second) / (1.0 + self.a[0] + self.a[1]);
        [sum, second - self.a[1] * sum]
    }

    fn gain_at_zero_hz(&self) -> f64 {
        self.b.iter().sum::<f64>() / (1.0 + self.a[0] + self.a[1])
    }

    #[inline]
    fn step(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.state[0];
        self.state[0] = self.b[1] * x - self.a[0] * y + self.state[1];
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// A causal filter that keeps its state between calls; the same samples in any chunks give the same output bit for bit.
///
/// The delay is the group delay of the sections; at the start it behaves as if the input had been `settle_at`'s value
/// for ever (or 0 when that was not called).
#[derive(Clone, Debug)]
pub struct SectionFilter {
    sections: Vec<Section>,
}

impl SectionFilter {
    /// A filter at rest (all past input 0).
    #[must_use]
    pub fn new(sections: &[[f64; 6]]) -> Self {
        Self {
            sections: sections.iter().map(Section::new).collect(),
        }
    }

    /// Sets the state as if the input had been the constant `value` for ever.
    pub fn settle_at(&mut self, value: f64) {
        let mut level = value;
        for section in &mut self.sections {
            let state = section.settled_state();
            section.state = [state[0] * level, state[1] * level];
            level *= section.gain_at_zero_hz();
        }
    }

    /// The next output.
    #[inline]
    pub fn step(&mut self, x: f64) -> f64 {
        self.sections
            .iter_mut()
            .fold(x, |x, section| section.step(x))
    }
}

/// Filters once, forward, from rest: `scipy.signal.sosfilt(sections, x)`. As long as `x`.
#[must_use]
pub fn sos_filter(sections: &[[f64; 6]], x: &[f64]) -> Vec<f64> {
    let mut filter = SectionFilter::new(sections);
    x.iter().map(|&x| filter.step(x)).collect()
}

/// Filters forward and backward, without delay: `scipy.signal.sosfiltfilt(sections, x, padtype="odd", padlen=pad)`.
///
/// Both edges are extended by `pad` samples mirrored through the edge sample, and each pass starts settled at its
/// first sample. Where scipy refuses (`pad` not smaller than the length), `pad` is cut to the length less 1.
/// As long as `x`; empty for an empty `x`.
#[must_use]
pub fn sos_filtfilt(sections: &[[f64; 6]], pad: usize, x: &[f64]) -> Vec<f64> {
    let (Some(&first), Some(&last)) = (x.first(), x.last()) else {
        return Vec::new();
    };
    let pad = pad.min(x.len() - 1);
    let mut y = Vec::with_capacity(x.len() + 2 * pad);
    y.extend(x[1..=pad].iter().rev().map(|&x| 2.0 * first - x));
    y.extend_from_slice(x);
    y.extend(
        x[x.len() - 1 - pad..x.len() - 1]
            .iter()
            .rev()
            .map(|&x| 2.0 * last - x),
    );
    for _ in 0..2 {
        let mut filter = SectionFilter::new(sections);
        filter.settle_at(y.first().copied().unwrap_or(0.0));
        for value in &mut y {
            *value = filter.step(*value);
        }
        y.reverse();
    }
    y.drain(..pad);
    y.truncate(x.len());
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(sections: &[[f64; 6]], hz: f64, rate_hz: f64) -> f64 {
        let inverse = Complex64::from_polar(1.0, -2.0 * PI * hz / rate_hz);
        sections
            .iter()
            .map(|c| {
                let b = c[0] + inverse * (c[1] + inverse * c[2]);
                let a = c[3] + inverse * (c[4] + inverse * c[5]);
                (b / a).norm()
            })
            .product()
    }

    #[test]
    fn butterworth_has_its_edges_at_half_power() {
        for order in 1..=6 {
            for (band, edges, pass) in [
                (Band::LowPass(40.0), vec![40.0], 0.01),
                (Band::HighPass(0.5), vec![0.5], 100.0),
                (Band::BandPass(5.0, 30.0), vec![5.0, 30.0], 12.5),
            ] {
                let sections = butterworth(order, band, 250.0).unwrap();
                for edge in edges {
                    let power = response(&sections, edge, 250.0).powi(2);
                    assert!((power - 0.5).abs() < 1e-6, "{band:?} {order} {power}");
                }
                let at_pass = response(&sections, pass, 250.0);
                assert!(
                    order < 3 || (at_pass - 1.0).abs() < 0.01,
                    "{band:?} {order} {at_pass}"
                );
            }
        }
    }

    #[test]
    fn impossible_designs_are_none() {
        assert!(butterworth(2, Band::LowPass(125.0), 250.0).is_none());
        assert!(butterworth(2, Band::BandPass(20.0, 8.0), 250.0).is_none());
        assert!(butterworth(0, Band::LowPass(10.0), 250.0).is_none());
        assert!(butterworth(2, Band::HighPass(f64::NAN), 250.0).is_none());
    }

    #[test]
    fn a_constant_passes_both_ways_unchanged_or_not_at_all() {
        let low = butterworth(3, Band::LowPass(40.0), 300.0).unwrap();
        let high = butterworth(3, Band::HighPass(0.5), 300.0).unwrap();
        let x = vec![2.5; 500];
        for y in sos_filtfilt(&low, 100, &x) {
            assert!((y - 2.5).abs() < 1e-9);
        }
        for y in sos_filtfilt(&high, 100, &x) {
            assert!(y.abs() < 1e-9);
        }
    }

    /// Expected values by scipy 1.17: butter(3, [0.5, 40], "band", fs=250, output="sos"), sosfiltfilt with odd
    /// padding of 27, sosfilt.
    #[test]
    fn agrees_with_scipy() {
        let sections = [
            [
                0.05616238477425669,
                0.11232476954851338,
                0.05616238477425669,
                1.0,
                -0.7636672072533567,
                0.41479668326587965,
            ],
            [
                1.0,
                0.0,
                -1.0,
                1.0,
                -1.2884210053998302,
                0.29735293003841085,
            ],
            [1.0, -2.0, 1.0, 1.0, -1.9875003645929594, 0.9876590534942287],
        ];
        let x: Vec<f64> = (0..60)
            .map(|i| f64::from(7919 * i % 101) / 50.0 - 1.0 + f64::from(i) * 0.01)
            .collect();
        let both_ways = sos_filtfilt(&sections, 27, &x);
        for (index, expected) in [
            (0, 0.08285683369775498),
            (1, 0.71415303993617),
            (17, 0.7440333379102809),
            (30, 0.39380911795603346),
            (58, -0.38591446142130875),
            (59, 0.22941229056002177),
        ] {
            assert!((both_ways[index] - expected).abs() < 1e-10, "{index}");
        }
        let own_design = butterworth(3, Band::BandPass(0.5, 40.0), 250.0).unwrap();
        for sections in [sections.to_vec(), own_design] {
            let forward = sos_filter(&sections, &x);
            for (index, expected) in [
                (0, -0.05616238477425669),
                (1, -0.23642053341661384),
                (17, -0.008654636988941297),
                (59, 0.17897604544505713),
            ] {
                assert!((forward[index] - expected).abs() < 1e-10, "{index}");
            }
        }
    }

    #[test]
    fn short_inputs_do_not_break_the_padding() {
        let low = butterworth(2, Band::LowPass(40.0), 300.0).unwrap();
        assert!(sos_filtfilt(&low, 27, &[]).is_empty());
        assert_eq!(sos_filtfilt(&low, 27, &[1.0]).len(), 1);
        assert_eq!(sos_filtfilt(&low, 27, &[1.0, 2.0, 4.0]).len(), 3);
    }
}
