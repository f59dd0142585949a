//! Where on the QRS its mark sits.

/// Samples around a QRS, oldest first; `first` is the index of `values[0]`.
pub struct Surroundings<'a> {
    /// Values in any unit.
    pub values: &'a [f32],
    /// Index of the first value.
    pub first: i64,
}

/// Half the width in seconds in which the largest deflection is looked for.
pub const SEARCH_S: f64 = 0.09;
/// Half the width in seconds whose median is the baseline.
pub const BASELINE_S: f64 = 0.25;
/// Half the width in seconds of the smoothing that keeps single noisy samples from being peaks.
const SMOOTH_S: f64 = 0.008;
/// A positive deflection is preferred unless the negative one is larger by more than this part.
const PREFER_POSITIVE: f64 = 0.1;

/// A fiducial point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fiducial {
    /// Position in samples, interpolated by a parabola through the peak and its neighbours.
    pub position: f64,
    /// Deflection from the baseline, with its sign.
    pub deflection: f64,
}

/// The largest deflection from the baseline around `centre`, from sample `from` on; positive preferred when within a
/// tenth. `None` when nothing of the search range is there.
pub fn fiducial(
    around: &Surroundings<'_>,
    centre: i64,
    from: i64,
    rate_hz: f64,
) -> Option<Fiducial> {
    let reach = |seconds: f64| ((seconds * rate_hz).round() as i64).max(1);
    let last = around.first + around.values.len() as i64 - 1;
    let baseline = {
        let wide = reach(BASELINE_S);
        let low = (centre - wide).max(around.first) - around.first;
        let high = (centre + wide).min(last) - around.first;
        let range = usize::try_from(low).ok()?..=usize::try_from(high).ok()?;
        // As integers of the same order: they are compared faster.
        let mut values: Vec<i32> = around.values.get(range)?.iter().map(ordered).collect();
        let middle = values.len() / 2;
        let median = *values.select_nth_unstable(middle).1;
        f64::from(f32::from_bits(flipped(median) as u32))
    };
    let near = reach(SEARCH_S);
    let start = (centre - near).max(from).max(around.first);
    let end = (centre + near).min(last);
    let half = (SMOOTH_S * rate_hz).round() as i64;
    let weights: Vec<f64> = (-half..=half)
        .map(|k| 1.0 + (std::f64::consts::PI * k as f64 / (half + 1) as f64).cos())
        .collect();
    let all: f64 = weights.iter().sum();
    // From one before the first to one after the last, with the ends held.
    let deflections: Vec<f64> = (start - 1 - half..=end + 1 + half)
        .map(|index| {
            let index = index.clamp(around.first, last) - around.first;
            f64::from(around.values.get(index as usize).copied().unwrap_or(0.0)) - baseline
        })
        .collect();
    let smooth = |index: i64| {
        let part = deflections
            .get((index - start + 1).max(0) as usize..)
            .unwrap_or(&[]);
        let weighted = |(value, weight): (&f64, &f64)| weight * value;
        part.iter().zip(&weights).map(weighted).sum::<f64>() / all
    };
    let mut highest: Option<(i64, f64)> = None;
    let mut lowest: Option<(i64, f64)> = None;
    for index in start..=end {
        let value = smooth(index);
        if highest.is_none_or(|(_, most)| value > most) {
            highest = Some((index, value));
        }
        if lowest.is_none_or(|(_, least)| value < least) {
            lowest = Some((index, value));
        }
    }
    let ((up_at, up), (down_at, down)) = (highest?, lowest?);
    let (index, deflection) = if up >= -down * (1.0 - PREFER_POSITIVE) {
        (up_at, up)
    } else {
        (down_at, down)
    };
    let (before, after) = (smooth(index - 1), smooth(index + 1));
    let curvature = before - 2.0 * deflection + after;
    let offset = if curvature == 0.0 {
        0.0
    } else {
        ((before - after) / (2.0 * curvature)).clamp(-0.5, 0.5)
    };
    Some(Fiducial {
        position: index as f64 + offset,
        deflection,
    })
}

/// An integer for every number, in the same order ([`f32::total_cmp`]'s).
fn ordered(value: &f32) -> i32 {
    flipped(value.to_bits() as i32)
}

/// The bits below the sign inverted where it is set; undoes itself.
fn flipped(bits: i32) -> i32 {
    bits ^ (((bits >> 31) as u32) >> 1) as i32
}
