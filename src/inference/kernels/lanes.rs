//! Four numbers at a time: one register of WebAssembly's SIMD, an array elsewhere.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use std::arch::wasm32::{
    f32x4_add, f32x4_div, f32x4_mul, f32x4_nearest, f32x4_pmax, f32x4_pmin, f32x4_splat, f32x4_sub,
    i32x4_add, i32x4_shl, i32x4_shuffle, i32x4_splat, i32x4_trunc_sat_f32x4, v128,
};

/// How a number of 32 bits holds its exponent (IEEE 754).
const EXPONENT_BIAS: i32 = 127;
const FRACTION_BITS: u32 = 23;

/// Numbers in [`Lanes`].
pub(super) const WIDTH: usize = 4;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
type Register = v128;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
type Register = [f32; WIDTH];

/// [`WIDTH`] numbers, each calculated with by itself.
#[derive(Clone, Copy)]
pub(super) struct Lanes(Register);

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Lanes {
    #[inline(always)]
    pub(super) fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    #[inline(always)]
    pub(super) fn load(values: &[f32; WIDTH]) -> Self {
        Self(zerocopy::transmute!(*values))
    }

    #[inline(always)]
    pub(super) fn values(self) -> [f32; WIDTH] {
        zerocopy::transmute!(self.0)
    }

    /// `self + a * b`, rounded twice.
    #[inline(always)]
    pub(super) fn plus_product(self, a: Self, b: Self) -> Self {
        Self(f32x4_add(self.0, f32x4_mul(a.0, b.0)))
    }

    #[inline(always)]
    pub(super) fn plus(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }

    #[inline(always)]
    pub(super) fn minus(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }

    #[inline(always)]
    pub(super) fn over(self, other: Self) -> Self {
        Self(f32x4_div(self.0, other.0))
    }

    /// The greater of each two.
    #[inline(always)]
    pub(super) fn greater(self, other: Self) -> Self {
        Self(f32x4_pmax(self.0, other.0))
    }

    /// Within limits; what is not a number stays so.
    #[inline(always)]
    pub(super) fn clamp(self, least: f32, most: f32) -> Self {
        let above = f32x4_pmax(self.0, f32x4_splat(least));
        Self(f32x4_pmin(above, f32x4_splat(most)))
    }

    #[inline(always)]
    pub(super) fn nearest(self) -> Self {
        Self(f32x4_nearest(self.0))
    }

    /// Two to the power of whole numbers within -126 to 127.
    #[inline(always)]
    pub(super) fn power_of_two(self) -> Self {
        let exponent = i32x4_add(i32x4_trunc_sat_f32x4(self.0), i32x4_splat(EXPONENT_BIAS));
        Self(i32x4_shl(exponent, FRACTION_BITS))
    }
}

/// Four rows of four as four columns.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(always)]
pub(super) fn columns_of([a, b, c, d]: [Lanes; WIDTH]) -> [Lanes; WIDTH] {
    let (low, high) = (
        i32x4_shuffle::<0, 4, 1, 5>(a.0, b.0),
        i32x4_shuffle::<2, 6, 3, 7>(a.0, b.0),
    );
    let (left, rest) = (
        i32x4_shuffle::<0, 4, 1, 5>(c.0, d.0),
        i32x4_shuffle::<2, 6, 3, 7>(c.0, d.0),
    );
    [
        Lanes(i32x4_shuffle::<0, 1, 4, 5>(low, left)),
        Lanes(i32x4_shuffle::<2, 3, 6, 7>(low, left)),
        Lanes(i32x4_shuffle::<0, 1, 4, 5>(high, rest)),
        Lanes(i32x4_shuffle::<2, 3, 6, 7>(high, rest)),
    ]
}

/// Four rows of four as four columns.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline(always)]
pub(super) fn columns_of(rows: [Lanes; WIDTH]) -> [Lanes; WIDTH] {
    std::array::from_fn(|column| Lanes(rows.map(|row| row.0[column])))
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
impl Lanes {
    #[inline(always)]
    pub(super) fn splat(value: f32) -> Self {
        Self([value; WIDTH])
    }

    #[inline(always)]
    pub(super) fn load(values: &[f32; WIDTH]) -> Self {
        Self(*values)
    }

    #[inline(always)]
    pub(super) fn values(self) -> [f32; WIDTH] {
        self.0
    }

    /// `self + a * b`, rounded twice.
    #[inline(always)]
    pub(super) fn plus_product(self, a: Self, b: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] + a.0[at] * b.0[at]))
    }

    #[inline(always)]
    pub(super) fn plus(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] + other.0[at]))
    }

    #[inline(always)]
    pub(super) fn minus(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] - other.0[at]))
    }

    #[inline(always)]
    pub(super) fn over(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] / other.0[at]))
    }

    /// The greater of each two.
    #[inline(always)]
    pub(super) fn greater(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at].max(other.0[at])))
    }

    /// Within limits; what is not a number stays so.
    #[inline(always)]
    pub(super) fn clamp(self, least: f32, most: f32) -> Self {
        Self(self.0.map(|value| value.clamp(least, most)))
    }

    #[inline(always)]
    pub(super) fn nearest(self) -> Self {
        Self(self.0.map(f32::round_ties_even))
    }

    /// Two to the power of whole numbers within -126 to 127.
    #[inline(always)]
    pub(super) fn power_of_two(self) -> Self {
        let power = |whole: f32| (whole as i32 + EXPONENT_BIAS) << FRACTION_BITS;
        Self(
            self.0
                .map(|whole| f32::from_bits(power(whole).cast_unsigned())),
        )
    }
}
