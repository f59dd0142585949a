//! How a comparison is made.

use super::ClassMap;
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
    /// Whether atrial fibrillation called during the reference's atrial flutter is no false positive (ANSI/AAMI
    /// EC38:1998).
    pub exclude_flutter: bool,
    /// Shortest episode that is counted, seconds.
    pub min_episode_s: f64,
}

impl Default for Protocol {
    /// EC57: 150 ms, five minutes left out for learning, to the end, episodes of any length.
    fn default() -> Self {
        Self {
            window_s: 0.15,
            from_s: 300.0,
            to_s: f64::INFINITY,
            map: ClassMap::Bxb,
            exclude_flutter: false,
            min_episode_s: 0.0,
        }
    }
}

impl Protocol {
    /// The pairing window in samples, inclusive.
    #[must_use]
    pub fn window(&self, rate_hz: f64) -> i64 {
        samples(self.window_s, rate_hz)
    }

    /// First and last sample of the test period.
    pub(super) fn period(&self, rate_hz: f64) -> (i64, i64) {
        (samples(self.from_s, rate_hz), samples(self.to_s, rate_hz))
    }

    /// The same, to no later than the record's end.
    #[must_use]
    pub fn within(self, duration_s: f64) -> Self {
        Self {
            to_s: self.to_s.min(duration_s),
            ..self
        }
    }
}

/// Seconds to samples, rounded half up as WFDB's `strtim` does; infinity becomes the largest number.
pub(super) fn samples(seconds: f64, rate_hz: f64) -> i64 {
    (seconds * rate_hz + 0.5).floor() as i64
}
