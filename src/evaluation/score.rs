//! Counts and rates of a beat-by-beat comparison (ANSI/AAMI EC57).

use super::{ClassMap, Marks, Pair, pair_beats};
use crate::recording::{Annotation, BeatCode};
use serde::{Deserialize, Serialize};

/// How a comparison is made. It belongs beside every figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// Largest distance of a pair in seconds; rounded to the nearest sample, inclusive.
    pub window_s: f64,
    /// Start of the test period in seconds.
    pub from_s: f64,
    /// End of the test period in seconds; infinity stands for the end of both lists.
    pub to_s: f64,
    /// Reading of the beat codes.
    pub map: ClassMap,
}

impl Default for Protocol {
    /// EC57: 150 ms, five minutes left out for learning, to the end.
    fn default() -> Self {
        Self {
            window_s: 0.15,
            from_s: 300.0,
            to_s: f64::INFINITY,
            map: ClassMap::Bxb,
        }
    }
}

/// Rows and columns of the matrix: the five classes, no counterpart, no counterpart because of a shutdown.
const O: usize = 5;
const X: usize = 6;

/// Counts of one comparison; rows are the reference, columns the test: N S V F Q O X, where O is "no counterpart" and X
/// "no counterpart, within a shutdown".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeatScore {
    /// `matrix[reference][test]`.
    pub matrix: [[u64; 7]; 7],
}

impl BeatScore {
    /// Pairs in which both sides have a beat, of whatever class.
    #[must_use]
    pub fn true_positives(&self) -> u64 {
        self.matrix[..O].iter().flat_map(|row| &row[..O]).sum()
    }

    /// Reference beats without counterpart.
    #[must_use]
    pub fn false_negatives(&self) -> u64 {
        self.matrix[..O].iter().flat_map(|row| &row[O..]).sum()
    }

    /// Test beats without counterpart.
    #[must_use]
    pub fn false_positives(&self) -> u64 {
        self.matrix[O..].iter().flat_map(|row| &row[..O]).sum()
    }

    /// QRS sensitivity, 0 to 1; `None` without reference beats.
    #[must_use]
    pub fn sensitivity(&self) -> Option<f64> {
        share(self.true_positives(), self.false_negatives())
    }

    /// QRS positive predictivity (+P), 0 to 1; `None` without test beats.
    #[must_use]
    pub fn positive_predictivity(&self) -> Option<f64> {
        share(self.true_positives(), self.false_positives())
    }

    /// Harmonic mean of sensitivity and positive predictivity.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        let both = self.false_negatives() + self.false_positives();
        share(2 * self.true_positives(), both)
    }

    /// Sensitivity for one class, as bxb counts it: of the reference beats of the class (for V, those that the test
    /// calls F or Q count as missed too).
    #[must_use]
    pub fn class_sensitivity(&self, class: BeatCode) -> Option<f64> {
        let row = &self.matrix[class as usize];
        let hit = row[class as usize];
        share(hit, row.iter().sum::<u64>() - hit)
    }

    /// Positive predictivity for one class by EC57: fusion and unclassifiable beats called V are no errors, nor are
    /// unclassifiable beats called S.
    #[must_use]
    pub fn class_positive_predictivity(&self, class: BeatCode) -> Option<f64> {
        use BeatCode::{F, N, Q, S, V};
        let wrong: &[usize] = match class {
            N => &[S as usize, V as usize, F as usize, O, X],
            S => &[N as usize, V as usize, F as usize, O, X],
            V => &[N as usize, S as usize, O, X],
            F => &[N as usize, S as usize, V as usize, O, X],
            Q => &[N as usize, S as usize, V as usize, F as usize, O, X],
        };
        let column = class as usize;
        let errors = wrong.iter().map(|&row| self.matrix[row][column]).sum();
        share(self.matrix[column][column], errors)
    }

    /// Adds the counts of another comparison (gross figures).
    pub fn add(&mut self, other: &Self) {
        for (row, other) in self.matrix.iter_mut().zip(&other.matrix) {
            for (count, other) in row.iter_mut().zip(other) {
                *count += other;
            }
        }
    }
}

fn share(hits: u64, errors: u64) -> Option<f64> {
    (hits + errors > 0).then(|| hits as f64 / (hits + errors) as f64)
}

/// Scores test beats (sample at `rate_hz`, class) against reference annotations of the same rate, read as `bxb` does.
///
/// `window_s` is 0.15 and `from_s` 300 in EC57; `to_s` may be infinite. Beats in the reference's ventricular flutter
/// are not scored.
#[must_use]
pub fn score_beats(
    reference: &[Annotation],
    test: &[(usize, BeatCode)],
    rate_hz: f64,
    window_s: f64,
    from_s: f64,
    to_s: f64,
) -> BeatScore {
    let protocol = Protocol {
        window_s,
        from_s,
        to_s,
        map: ClassMap::Bxb,
    };
    let reference = Marks::of_annotations(reference, protocol.map, samples(window_s, rate_hz));
    score_marks(&reference, &Marks::of_beats(test), rate_hz, &protocol)
}

/// Scores two sets of marks of the same rate.
#[must_use]
pub fn score_marks(
    reference: &Marks,
    test: &Marks,
    rate_hz: f64,
    protocol: &Protocol,
) -> BeatScore {
    let window = samples(protocol.window_s, rate_hz);
    let (from, to) = (
        samples(protocol.from_s, rate_hz),
        samples(protocol.to_s, rate_hz),
    );
    let mut score = BeatScore::default();
    for pair in pair_beats(reference, test, window, from, to) {
        match pair {
            Pair::Matched((_, truth), (_, found)) => {
                score.matrix[truth as usize][found as usize] += 1
            }
            Pair::Missed((at, truth)) => {
                let column = if test.in_shutdown(at) { X } else { O };
                score.matrix[truth as usize][column] += 1;
            }
            Pair::Extra((at, _)) if reference.in_flutter(at) => {}
            Pair::Extra((at, found)) => {
                let row = if reference.in_shutdown(at) { X } else { O };
                score.matrix[row][found as usize] += 1;
            }
        }
    }
    score
}

/// Seconds to samples, rounded half up as WFDB's `strtim` does; infinity becomes the largest number.
fn samples(seconds: f64, rate_hz: f64) -> i64 {
    (seconds * rate_hz + 0.5).floor() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_follow_the_standards_exceptions() {
        let mut score = BeatScore::default();
        score.matrix[BeatCode::V as usize][BeatCode::V as usize] = 90;
        score.matrix[BeatCode::V as usize][O] = 10;
        score.matrix[BeatCode::F as usize][BeatCode::V as usize] = 50;
        score.matrix[BeatCode::N as usize][BeatCode::V as usize] = 10;
        assert_eq!(score.class_sensitivity(BeatCode::V), Some(0.9));
        assert_eq!(score.class_positive_predictivity(BeatCode::V), Some(0.9));
        assert_eq!(score.true_positives(), 150);
        assert_eq!(score.sensitivity(), Some(150.0 / 160.0));
        assert_eq!(score.class_sensitivity(BeatCode::S), None);
    }

    #[test]
    fn an_endless_period_takes_all_beats() {
        let score = score_beats(
            &[],
            &[(0, BeatCode::N), (400_000, BeatCode::N)],
            360.0,
            0.15,
            300.0,
            f64::INFINITY,
        );
        assert_eq!(score.false_positives(), 1);
        assert_eq!(score.positive_predictivity(), Some(0.0));
        assert_eq!(score.sensitivity(), None);
    }
}
