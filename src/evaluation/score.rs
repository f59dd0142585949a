//! Counts and rates of a beat-by-beat comparison (ANSI/AAMI EC57).

use super::{Label, Labels};
use crate::recording::BeatCode;
use serde::{Deserialize, Serialize};

/// Rows and columns of the matrix: the five classes, no counterpart, no counterpart because of a shutdown.
const O: usize = 5;
const X: usize = 6;
const N: usize = BeatCode::N as usize;
const S: usize = BeatCode::S as usize;
const V: usize = BeatCode::V as usize;
const F: usize = BeatCode::F as usize;
const Q: usize = BeatCode::Q as usize;

/// Counts of one comparison; rows are the reference, columns the test: N S V F Q O X, where O is "no counterpart" and X
/// "no counterpart, within a shutdown".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeatScore {
    /// `matrix[reference][test]`.
    pub matrix: [[u64; 7]; 7],
}

impl BeatScore {
    /// Counts labels.
    #[must_use]
    pub fn of_labels(labels: &[Labels]) -> Self {
        let mut score = Self::default();
        for labels in labels {
            if let (Some(row), Some(column)) = (index(labels.reference.1), index(labels.test.1)) {
                score.matrix[row][column] += 1;
            }
        }
        score
    }

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

    /// Reference beats of a class.
    #[must_use]
    pub fn beats(&self, class: BeatCode) -> u64 {
        self.matrix[class as usize].iter().sum()
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

    /// Beats of a class on both sides.
    #[must_use]
    pub fn class_true_positives(&self, class: BeatCode) -> u64 {
        self.matrix[class as usize][class as usize]
    }

    /// Sensitivity for one class: of its reference beats those that the test calls the same (for V, those that it calls
    /// F or Q count as missed too).
    #[must_use]
    pub fn class_sensitivity(&self, class: BeatCode) -> Option<f64> {
        let hits = self.class_true_positives(class);
        share(hits, self.beats(class) - hits)
    }

    /// Test beats of a class that are wrong by EC57: fusion and unclassifiable beats called V are no errors, nor are
    /// unclassifiable beats called S.
    #[must_use]
    pub fn class_false_positives(&self, class: BeatCode) -> u64 {
        let wrong: &[usize] = match class {
            BeatCode::N => &[S, V, F, O, X],
            BeatCode::S => &[N, V, F, O, X],
            BeatCode::V => &[N, S, O, X],
            BeatCode::F => &[N, S, V, O, X],
            BeatCode::Q => &[N, S, V, F, O, X],
        };
        let column = class as usize;
        wrong.iter().map(|&row| self.matrix[row][column]).sum()
    }

    /// Positive predictivity for one class.
    #[must_use]
    pub fn class_positive_predictivity(&self, class: BeatCode) -> Option<f64> {
        let hits = self.class_true_positives(class);
        share(hits, self.class_false_positives(class))
    }

    /// Test beats, paired or extra, that neither side calls V.
    #[must_use]
    pub fn v_true_negatives(&self) -> u64 {
        let others = [N, S, F, Q, O, X];
        others
            .iter()
            .flat_map(|&row| [N, S, F, Q].map(|column| self.matrix[row][column]))
            .sum()
    }

    /// Share called V among the test beats that are not V in the reference (fusion and unclassifiable ones called V
    /// left out).
    #[must_use]
    pub fn v_false_positive_rate(&self) -> Option<f64> {
        let positives = self.class_false_positives(BeatCode::V);
        share(positives, self.v_true_negatives())
    }

    /// Reference beats of a class (of all without one) lost to a shutdown of the test, 0 to 1.
    #[must_use]
    pub fn lost_to_shutdown(&self, class: Option<BeatCode>) -> Option<f64> {
        let rows = class.map_or(0..O, |class| class as usize..class as usize + 1);
        let lost: u64 = self.matrix[rows.clone()].iter().map(|row| row[X]).sum();
        let all: u64 = self.matrix[rows].iter().flatten().sum();
        share(lost, all - lost)
    }

    /// Reference beats of a class lost to a shutdown of the test.
    #[must_use]
    pub fn lost(&self, class: BeatCode) -> u64 {
        self.matrix[class as usize][X]
    }

    /// S counted as N on both sides, as in bxb's tables without S.
    #[must_use]
    pub fn without_s(&self) -> Self {
        let merged = |index: usize| if index == S { N } else { index };
        let mut score = Self::default();
        for (row, counts) in self.matrix.iter().enumerate() {
            for (column, count) in counts.iter().enumerate() {
                score.matrix[merged(row)][merged(column)] += count;
            }
        }
        score
    }

    /// bxb's condensed matrix: rows N S V F+Q O+X, columns n+f+q s v o+x.
    #[must_use]
    pub fn condensed(&self) -> [[u64; 4]; 5] {
        const ROWS: [usize; 7] = [0, 1, 2, 3, 3, 4, 4];
        const COLUMNS: [usize; 7] = [0, 1, 2, 0, 0, 3, 3];
        let mut condensed = [[0; 4]; 5];
        for (counts, row) in self.matrix.iter().zip(ROWS) {
            for (count, column) in counts.iter().zip(COLUMNS) {
                condensed[row][column] += count;
            }
        }
        condensed
    }

    /// Adds the counts of another comparison (gross figures).
    pub fn add(&mut self, other: &Self) {
        let counts = other.matrix.iter().flatten();
        for (sum, count) in self.matrix.iter_mut().flatten().zip(counts) {
            *sum += count;
        }
    }
}

fn index(label: Label) -> Option<usize> {
    match label {
        Label::Beat(class) => Some(class as usize),
        Label::Nothing => Some(O),
        Label::Shutdown => Some(X),
        Label::Flutter => None,
    }
}

/// Hits among hits and errors; undefined without either.
pub(super) fn share(hits: u64, errors: u64) -> Option<f64> {
    (hits + errors > 0).then(|| hits as f64 / (hits + errors) as f64)
}

#[cfg(test)]
mod tests {
    use super::super::testing::annotations;
    use super::*;
    use crate::evaluation::{ClassMap, Marks, Protocol, score_marks};

    fn scored(reference: &str, test: &str) -> BeatScore {
        let read = |text| Marks::of_annotations(&annotations(text), ClassMap::Bxb, 15);
        let protocol = Protocol {
            from_s: 0.0,
            ..Protocol::default()
        };
        score_marks(&read(reference), &read(test), 100.0, &protocol)
    }

    #[test]
    fn rates_follow_the_standards_exceptions() {
        let mut score = BeatScore::default();
        score.matrix[V][V] = 90;
        score.matrix[V][O] = 10;
        score.matrix[F][V] = 50;
        score.matrix[N][V] = 10;
        score.matrix[N][N] = 200;
        score.matrix[X][N] = 40;
        assert_eq!(score.class_sensitivity(BeatCode::V), Some(0.9));
        assert_eq!(score.class_positive_predictivity(BeatCode::V), Some(0.9));
        assert_eq!(score.v_false_positive_rate(), Some(10.0 / 250.0));
        assert_eq!(score.true_positives(), 350);
        assert_eq!(score.sensitivity(), Some(350.0 / 360.0));
        assert_eq!(score.class_sensitivity(BeatCode::S), None);
    }

    #[test]
    fn beats_of_a_shutdown_stand_apart() {
        let score = scored("100N 300N 500V 700N", "100N 250~-1 600~0 700N");
        assert_eq!((score.matrix[N][X], score.matrix[V][X]), (1, 1));
        assert_eq!(score.lost_to_shutdown(None), Some(0.5));
        assert_eq!(score.lost_to_shutdown(Some(BeatCode::V)), Some(1.0));
        let score = scored("100N 250~-1 600~0 700N", "100N 300N 500V 700N");
        assert_eq!((score.matrix[X][N], score.matrix[X][V]), (1, 1));
    }

    #[test]
    fn beats_called_in_the_references_flutter_are_not_scored() {
        let score = scored("100N 200[ 600] 700N", "100N 300V 400V 700N");
        assert_eq!((score.true_positives(), score.false_positives()), (2, 0));
        let score = scored("100N 300V 700N", "100N 200[ 600] 700N");
        assert_eq!(score.matrix[V][O], 1);
    }

    #[test]
    fn folding_keeps_every_beat() {
        let score = scored("100N 200A 300V 400F 500Q", "100A 200A 300A 400V 500N 600V");
        assert_eq!(score.without_s().matrix[N][N], 2);
        assert_eq!(score.without_s().matrix[S], [0; 7]);
        let condensed = score.condensed();
        assert_eq!(condensed[0], [0, 1, 0, 0]);
        assert_eq!(condensed[3], [1, 0, 1, 0]);
        assert_eq!(condensed[4], [0, 0, 1, 0]);
    }

    #[test]
    fn an_endless_period_takes_all_beats() {
        let test = Marks::of_beats(&[(0, BeatCode::N), (400_000, BeatCode::N)]);
        let score = score_marks(&Marks::default(), &test, 360.0, &Protocol::default());
        assert_eq!(score.false_positives(), 1);
        assert_eq!(score.positive_predictivity(), Some(0.0));
        assert_eq!(score.sensitivity(), None);
    }
}
