//! From samples to candidates: a band-pass envelope of fixed delay, and its local maxima.
//!
//! Two kernels, the second and third derivative of a Gaussian, look at the same band around 12 Hz with a quarter
//! period between them (a steerable quadrature pair; Freeman and Adelson 1991). Their energy does not depend on
//! polarity or offset and scales with the signal. Both have compact support, so that the delay is fixed and the start,
//! a gap or a spike is forgotten after 0.1 s.

use std::collections::VecDeque;

/// Centre of the band in hertz: QRS energy peaks at 8 to 20 Hz at all rates and ages, T waves lie below 7 Hz (Thakor,
/// Webster, Tompkins, IEEE TBME 31:702, 1984; Elgendi 2013).
const CENTRE_HZ: f64 = 12.0;
/// Half the length of a kernel in standard deviations of its Gaussian.
const SUPPORT: f64 = 4.0;
/// Half the length of the energy's smoothing window in seconds: joins the deflections of one QRS.
const SMOOTH_S: f64 = 0.06;
/// A candidate is the largest value within this many seconds on either side.
const ALONE_S: f64 = 0.09;
/// Half the length of the stored shape in seconds, without the room for alignment.
const SHAPE_S: f64 = 0.09;
/// Largest shift in aligning two shapes, in seconds.
pub const SHIFT_S: f64 = 0.03;
/// The envelope is computed at no less than this rate.
const GRID_HZ: f64 = 120.0;

/// A local maximum of the envelope, which may be a QRS.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Sample at the native rate, counted from where the envelope began.
    pub sample: i64,
    /// Envelope there, in the signal's unit.
    pub height: f64,
    /// Ratio of the faster kernel's energy to the slower one's: about 1 for a QRS, less for a T wave.
    pub sharpness: f64,
    /// Slower kernel's output around the maximum, with room for alignment on either side.
    pub shape: Vec<f64>,
}

/// The streaming envelope.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Native samples per grid step.
    step: i64,
    even: Vec<f64>,
    odd: Vec<f64>,
    smooth: Vec<f64>,
    alone: i64,
    shape: i64,
    shift: i64,
    /// Newest native samples; the first has index `first`.
    samples: VecDeque<f32>,
    first: i64,
    received: i64,
    /// Band-passed grid values and envelope from grid index `grid_first` on.
    bands: VecDeque<(f64, f64)>,
    heights: VecDeque<f64>,
    grid_first: i64,
    bands_done: i64,
    heights_done: i64,
    looked: i64,
}

impl Envelope {
    /// An envelope for samples at `rate_hz`.
    pub fn new(rate_hz: f64) -> Self {
        let step = ((rate_hz / GRID_HZ).floor() as i64).max(1);
        let grid_hz = rate_hz / step as f64;
        let (even, odd) = kernels(rate_hz);
        let grid = |seconds: f64| ((seconds * grid_hz).round() as i64).max(1);
        Self {
            step,
            even,
            odd,
            smooth: hann(grid(SMOOTH_S) as usize),
            alone: grid(ALONE_S),
            shape: grid(SHAPE_S),
            shift: grid(SHIFT_S),
            samples: VecDeque::new(),
            first: 0,
            received: 0,
            bands: VecDeque::new(),
            heights: VecDeque::new(),
            grid_first: 0,
            bands_done: 0,
            heights_done: 0,
            looked: 0,
        }
    }

    /// Largest shift of two shapes in grid steps.
    pub fn shift(&self) -> usize {
        self.shift as usize
    }

    /// Takes one sample; gives a candidate once it is certain to be a local maximum.
    pub fn push(&mut self, value: f32) -> Option<Candidate> {
        if self.received == 0 {
            // Before the first sample the signal is taken to have been constant.
            let before = self.even.len() as i64;
            self.samples
                .extend(std::iter::repeat_n(value, before as usize));
            self.first = -before;
        }
        self.samples.push_back(value);
        self.received += 1;
        let ready = self.bands_done * self.step + self.even.len() as i64 <= self.received;
        if ready { self.advance() } else { None }
    }

    /// Up to which native sample candidates are complete.
    pub fn complete_to(&self) -> i64 {
        (self.looked - 1) * self.step
    }

    /// Computes one grid value of the bands, and what follows from it.
    fn advance(&mut self) -> Option<Candidate> {
        let band = self.band_at(self.bands_done * self.step);
        self.bands.push_back(band);
        self.bands_done += 1;
        let keep_from = self.bands_done * self.step - self.even.len() as i64;
        while self.first < keep_from {
            self.samples.pop_front();
            self.first += 1;
        }
        let reach = self.smooth.len() as i64 - 1;
        if self.heights_done + reach < self.bands_done {
            self.heights.push_back(self.height_at(self.heights_done));
            self.heights_done += 1;
        }
        let margin = self.alone.max(self.shape + self.shift);
        if self.looked + margin >= self.heights_done {
            return None;
        }
        let found = self.candidate_at(self.looked);
        self.looked += 1;
        while self.grid_first < self.looked - margin - reach {
            self.bands.pop_front();
            self.heights.pop_front();
            self.grid_first += 1;
        }
        found
    }

    fn sample(&self, index: i64) -> f64 {
        f64::from(
            self.samples
                .get((index - self.first).max(0) as usize)
                .copied()
                .unwrap_or(0.0),
        )
    }

    fn band_at(&self, centre: i64) -> (f64, f64) {
        let middle = self.sample(centre);
        let (mut even, mut odd) = (0.0, 0.0);
        for (k, (&e, &o)) in self.even.iter().zip(&self.odd).enumerate().skip(1) {
            let after = self.sample(centre + k as i64) - middle;
            let before = self.sample(centre - k as i64) - middle;
            even += e * (after + before);
            odd += o * (after - before);
        }
        (even, odd)
    }

    fn band(&self, grid: i64) -> (f64, f64) {
        let index = grid - self.grid_first;
        usize::try_from(index)
            .ok()
            .and_then(|index| self.bands.get(index))
            .copied()
            .unwrap_or_default()
    }

    fn height(&self, grid: i64) -> f64 {
        let index = grid - self.grid_first;
        usize::try_from(index)
            .ok()
            .and_then(|index| self.heights.get(index))
            .copied()
            .unwrap_or_default()
    }

    fn height_at(&self, grid: i64) -> f64 {
        let mut sum = 0.0;
        for (k, &weight) in self.smooth.iter().enumerate() {
            let energy = |(even, odd): (f64, f64)| even * even + odd * odd;
            let k = k as i64;
            sum += weight * energy(self.band(grid + k));
            if k > 0 {
                sum += weight * energy(self.band(grid - k));
            }
        }
        sum.sqrt()
    }

    /// The candidate at a grid index, where the envelope is the largest around; of equals the first counts.
    fn candidate_at(&self, grid: i64) -> Option<Candidate> {
        let height = self.height(grid);
        let alone = (1..=self.alone)
            .all(|k| self.height(grid - k) < height && self.height(grid + k) <= height);
        if !alone || height <= 0.0 || !height.is_finite() {
            return None;
        }
        let reach = self.shape + self.shift;
        let shape: Vec<f64> = (-reach..=reach).map(|k| self.band(grid + k).0).collect();
        let (mut slow, mut fast) = (0.0, 0.0);
        for k in -self.shape..=self.shape {
            let (even, odd) = self.band(grid + k);
            slow += even * even;
            fast += odd * odd;
        }
        Some(Candidate {
            sample: grid * self.step,
            height,
            sharpness: if slow > 0.0 {
                (fast / slow).sqrt()
            } else {
                1.0
            },
            shape,
        })
    }

    /// Samples that must still be pushed (repeating the last one) until every true sample has been looked at.
    pub fn tail(&self) -> usize {
        let margin = self.alone.max(self.shape + self.shift) + self.smooth.len() as i64 + 2;
        (margin * self.step) as usize + self.even.len()
    }
}

/// The right halves (from 0 on) of the even and the odd kernel at `rate_hz`, with gain 1 at their own peak frequency,
/// blind to a constant and to a straight line.
fn kernels(rate_hz: f64) -> (Vec<f64>, Vec<f64>) {
    // The nth derivative of a Gaussian peaks at sqrt(n) / (2 pi sigma); the two peaks lie around the centre.
    let sigma = 2.5_f64.sqrt() / (2.0 * std::f64::consts::PI * CENTRE_HZ) * rate_hz;
    let half = ((SUPPORT * sigma).ceil() as usize).max(4);
    let gauss = |t: f64| (-t * t / 2.0).exp();
    let mut even: Vec<f64> = (0..=half)
        .map(|k| {
            let t = k as f64 / sigma;
            (1.0 - t * t) * gauss(t)
        })
        .collect();
    let mut odd: Vec<f64> = (0..=half)
        .map(|k| {
            let t = k as f64 / sigma;
            (3.0 * t - t * t * t) * gauss(t)
        })
        .collect();
    let sum: f64 = even[0] + 2.0 * even[1..].iter().sum::<f64>();
    even.iter_mut()
        .for_each(|value| *value -= sum / (2 * half + 1) as f64);
    let (mut slope, mut ramp) = (0.0, 0.0);
    for (k, value) in odd.iter().enumerate() {
        slope += k as f64 * value;
        ramp += (k * k) as f64;
    }
    odd.iter_mut()
        .enumerate()
        .for_each(|(k, value)| *value -= k as f64 * slope / ramp);
    let gain = |kernel: &[f64], even: bool| {
        (1..=400)
            .map(|step| {
                let phase = std::f64::consts::PI * f64::from(step) / 400.0;
                let sum: f64 = kernel
                    .iter()
                    .enumerate()
                    .skip(1)
                    .map(|(k, v)| {
                        2.0 * v
                            * if even {
                                (phase * k as f64).cos()
                            } else {
                                (phase * k as f64).sin()
                            }
                    })
                    .sum();
                (sum + if even { kernel[0] } else { 0.0 }).abs()
            })
            .fold(f64::MIN_POSITIVE, f64::max)
    };
    let (gain_even, gain_odd) = (gain(&even, true), gain(&odd, false));
    even.iter_mut().for_each(|value| *value /= gain_even);
    odd.iter_mut().for_each(|value| *value /= gain_odd);
    (even, odd)
}

/// The right half of a Hann window of `half` steps to either side, normalised to a sum of 1 over both halves.
fn hann(half: usize) -> Vec<f64> {
    let weights: Vec<f64> = (0..=half)
        .map(|k| 0.5 + 0.5 * (std::f64::consts::PI * k as f64 / (half + 1) as f64).cos())
        .collect();
    let sum = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
    weights.into_iter().map(|weight| weight / sum).collect()
}
