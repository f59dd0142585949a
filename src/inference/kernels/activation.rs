//! The logistic function, the hyperbolic tangent and the exponential function, four numbers at a time; the runtime has
//! them one by one here.
//!
//! The first two are the same quotients of polynomials as the runtime's, so that not a bit differs.

use super::lanes::{Lanes, WIDTH};

/// An odd polynomial over an even one, within limits, and what is added.
struct Quotient {
    limit: f32,
    /// Of the powers 13, 11, 9, 7, 5, 3 and 1.
    odd: [f32; 7],
    /// Of the powers 6, 4, 2 and 0.
    even: [f32; 4],
    plus: f32,
}

#[allow(clippy::excessive_precision)]
const SIGMOID: Quotient = Quotient {
    limit: 14.5,
    odd: [
        -4.433_153_405e-18,
        1.169_974_371e-14,
        -1.875_289_645e-11,
        4.257_889_523e-8,
        0.000_048_118_175_76,
        0.008_163_842_03,
        0.249_999_997_1,
    ],
    even: [3.922_935_744e-6, 0.001_524_872_358, 0.115_988_674_9, 1.0],
    plus: 0.5,
};

#[allow(clippy::excessive_precision)]
const TANH: Quotient = Quotient {
    limit: 7.5,
    odd: [
        -8.488_492_677e-14,
        5.277_853e-11,
        -2.022_500_419e-8,
        0.000_011_154_248_33,
        0.003_103_950_131,
        0.130_840_045_3,
        0.999_999_993_4,
    ],
    even: [0.000_254_613_658, 0.024_495_153_79, 0.464_173_316_2, 1.0],
    plus: 0.0,
};

/// Every number's logistic function.
#[inline(never)]
pub(super) fn sigmoid(values: &mut [f32]) {
    each(values, |x| SIGMOID.of(x));
}

/// Every number's hyperbolic tangent.
#[inline(never)]
pub(super) fn tanh(values: &mut [f32]) {
    each(values, |x| TANH.of(x));
}

/// Makes every number the exponential function of what it is above the greatest, and gives their sum: numbers over
/// their sum are the shares of a softmax. At least one number.
#[inline(never)]
pub(super) fn exponentials(values: &mut [f32]) -> f32 {
    let (fours, rest) = values.as_chunks::<WIDTH>();
    let least = Lanes::splat(f32::NEG_INFINITY);
    let greatest = fours
        .iter()
        .fold(least, |all, four| all.greater(Lanes::load(four)));
    let greatest = greatest.values().into_iter().chain(rest.iter().copied());
    let greatest = Lanes::splat(greatest.fold(f32::NEG_INFINITY, f32::max));
    each(values, |x| exponential(x.minus(greatest)));
    let (fours, rest) = values.as_chunks::<WIDTH>();
    let zero = Lanes::splat(0.0);
    let sum = fours
        .iter()
        .fold(zero, |all, four| all.plus(Lanes::load(four)));
    sum.values().iter().chain(rest).sum()
}

#[inline(always)]
fn each(values: &mut [f32], function: impl Fn(Lanes) -> Lanes) {
    let (whole, rest) = values.as_chunks_mut::<WIDTH>();
    for four in whole {
        *four = function(Lanes::load(four)).values();
    }
    let mut four = [0.0; WIDTH];
    four.iter_mut()
        .zip(&*rest)
        .for_each(|(to, value)| *to = *value);
    let four = function(Lanes::load(&four)).values();
    rest.iter_mut()
        .zip(four)
        .for_each(|(to, value)| *to = value);
}

/// Of numbers up to nothing: a power of two times the exponential function of at most half of its logarithm, which is
/// taken from the first seven terms of the series; within 4e-7 of the value. What is below -87 counts as -87.
#[inline(always)]
fn exponential(x: Lanes) -> Lanes {
    /// The logarithm of two in two parts, the first with few digits, so that its multiples are exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = x.clamp(-87.0, 0.0);
    let zero = Lanes::splat(0.0);
    let powers = zero.plus_product(x, Lanes::splat(std::f32::consts::LOG2_E));
    let powers = powers.nearest();
    let x = x.plus_product(powers, Lanes::splat(-LN_2[0]));
    let x = x.plus_product(powers, Lanes::splat(-LN_2[1]));
    let next = |sum: Lanes, term: f32| Lanes::splat(term).plus_product(x, sum);
    let sum = next(next(Lanes::splat(1.0 / 720.0), 1.0 / 120.0), 1.0 / 24.0);
    let sum = next(next(next(next(sum, 1.0 / 6.0), 0.5), 1.0), 1.0);
    zero.plus_product(sum, powers.power_of_two())
}

impl Quotient {
    /// Written out: where the program is built for size, a loop over the powers would stay one.
    #[inline(always)]
    fn of(&self, x: Lanes) -> Lanes {
        let x = x.clamp(-self.limit, self.limit);
        let square = Lanes::splat(0.0).plus_product(x, x);
        let next = |sum: Lanes, term: f32| Lanes::splat(term).plus_product(square, sum);
        let [a, b, c, d, e, f, g] = self.odd;
        let odd = next(next(next(Lanes::splat(a), b), c), d);
        let odd = next(next(next(odd, e), f), g);
        let [a, b, c, d] = self.even;
        let even = next(next(next(Lanes::splat(a), b), c), d);
        let odd = Lanes::splat(0.0).plus_product(odd, x);
        odd.over(even).plus(Lanes::splat(self.plus))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tract_onnx::prelude::tract_linalg::generic::{sigmoid::ssigmoid, tanh::stanh};

    #[test]
    fn exponentials_are_the_exact_ones() {
        for count in [1, 4, 999] {
            let values: Vec<f32> = (0..count).map(|at| at as f32 * 0.08 - 75.0).collect();
            let greatest = values[count - 1];
            let exact: Vec<f64> = values
                .iter()
                .map(|value| f64::from(value - greatest).exp())
                .collect();
            let mut found = values.clone();
            let sum = f64::from(exponentials(&mut found));
            let apart = |(found, exact): (&f32, &f64)| (f64::from(*found) / exact - 1.0).abs();
            let worst = found.iter().zip(&exact).map(apart).fold(0.0, f64::max);
            assert!(worst < 4e-7, "{worst:e}");
            assert!((sum / exact.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        }
        for rest in [f32::INFINITY, f32::NEG_INFINITY] {
            let mut row = [rest; 5];
            assert!(exponentials(&mut row).is_nan() && row.iter().all(|value| value.is_nan()));
        }
        let mut far = [0.0, -1e30, f32::NAN];
        assert!(exponentials(&mut far).is_nan());
        assert!((far[0], far[1] < 1e-37) == (1.0, true) && far[2].is_nan());
    }

    #[test]
    fn as_the_runtimes_to_the_last_bit() {
        for count in [1, 4, 4003] {
            let values: Vec<f32> = (0..count).map(|at| at as f32 * 0.009 - 18.0).collect();
            let (mut mine, mut theirs) = (values.clone(), values.clone());
            sigmoid(&mut mine);
            theirs
                .iter_mut()
                .for_each(|value| *value = ssigmoid(*value));
            assert!(mine == theirs);
            let (mut mine, mut theirs) = (values.clone(), values);
            tanh(&mut mine);
            theirs.iter_mut().for_each(|value| *value = stanh(*value));
            assert!(mine == theirs);
        }
    }
}
