//! What stands against each beat of a comparison.

use super::{BeatScore, Marks, Outcome, Protocol, Step, pair_beats};
use crate::recording::BeatCode;

/// What one side says at a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// A beat.
    Beat(BeatCode),
    /// Nothing.
    Nothing,
    /// Nothing, within a shutdown.
    Shutdown,
    /// Nothing, within the reference's ventricular flutter: not scored.
    Flutter,
}

impl Label {
    /// The letter of bxb's reports.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::Beat(class) => class.letter(),
            Self::Nothing => "O",
            Self::Shutdown => "X",
            Self::Flutter => "*",
        }
    }
}

/// Two labels that a comparison sets beside each other, each with its sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels {
    /// What the reference says, and where.
    pub reference: (i64, Label),
    /// What the test says, and where.
    pub test: (i64, Label),
}

/// The labels of a pairing, in its order.
#[must_use]
pub fn label_steps(reference: &Marks, test: &Marks, steps: &[Step]) -> Vec<Labels> {
    let beat = |(at, class)| (at, Label::Beat(class));
    let of_step = |step: &Step| {
        let (truth, found) = (reference.beat(step.reference), test.beat(step.test));
        let (reference, test) = match step.outcome {
            Outcome::Matched => (beat(truth), beat(found)),
            Outcome::Missed => {
                let absent = absent(test.loses(truth.0));
                (beat(truth), (truth.0, absent))
            }
            Outcome::Extra if reference.in_flutter(found.0) => {
                ((found.0, Label::Flutter), beat(found))
            }
            Outcome::Extra => {
                let absent = absent(reference.in_shutdown(found.0));
                ((found.0, absent), beat(found))
            }
        };
        Labels { reference, test }
    };
    steps.iter().map(of_step).collect()
}

fn absent(in_shutdown: bool) -> Label {
    if in_shutdown {
        Label::Shutdown
    } else {
        Label::Nothing
    }
}

/// Scores the beats of two sets of marks of the same rate, read as bxb does. Test beats in the reference's ventricular
/// flutter are not scored.
#[must_use]
pub fn score_marks(
    reference: &Marks,
    test: &Marks,
    rate_hz: f64,
    protocol: &Protocol,
) -> BeatScore {
    let (from, to) = protocol.period(rate_hz);
    let steps = pair_beats(reference, test, protocol.window(rate_hz), from, to);
    BeatScore::of_labels(&label_steps(reference, test, &steps))
}
