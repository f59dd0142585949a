//! The logistic function and the hyperbolic tangent, four numbers at a time; the runtime has them one by one here.
//!
//! The same quotients of polynomials as the runtime's, so that not a bit differs.

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
    each(values, &SIGMOID);
}

/// Every number's hyperbolic tangent.
#[inline(never)]
pub(super) fn tanh(values: &mut [f32]) {
    each(values, &TANH);
}

#[inline(always)]
fn each(values: &mut [f32], quotient: &Quotient) {
    let (whole, rest) = values.as_chunks_mut::<WIDTH>();
    for four in whole {
        *four = quotient.of(Lanes::load(four)).values();
    }
    let mut four = [0.0; WIDTH];
    four.iter_mut()
        .zip(&*rest)
        .for_each(|(to, value)| *to = *value);
    let four = quotient.of(Lanes::load(&four)).values();
    rest.iter_mut()
        .zip(four)
        .for_each(|(to, value)| *to = value);
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
