//! What is known of a simulated recording.

use super::options::{NoiseKind, Rhythm};
use crate::recording::{BeatCode, SampleIndex};

/// A wave with its borders, seconds from the first sample (may lie outside the recording).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrueWave {
    /// Where it leaves the baseline; [`super::shape::borders`] and [`super::shape::QrsBorders`] say how that is defined.
    pub onset_s: f64,
    /// Its peak (for the QRS complex the largest deflection in the first lead).
    pub peak_s: f64,
    /// Where it returns.
    pub end_s: f64,
}

impl TrueWave {
    /// Length in seconds.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.end_s - self.onset_s
    }
}

/// One beat as it was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrueBeat {
    /// Time of the largest deflection of the QRS complex in the first lead, seconds.
    pub time_s: f64,
    /// The sample nearest to it.
    pub sample: SampleIndex,
    /// Its class by ANSI/AAMI EC57.
    pub class: BeatCode,
    /// WFDB's symbol: `N`, `A` or `V`.
    pub symbol: &'static str,
    /// The P wave, where it has one.
    pub p: Option<TrueWave>,
    /// The QRS complex.
    pub qrs: TrueWave,
    /// The T wave, where it has one.
    pub t: Option<TrueWave>,
}

/// A stretch of one rhythm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrueRhythm {
    /// First second.
    pub from_s: f64,
    /// Last second.
    pub to_s: f64,
    /// The rhythm.
    pub rhythm: Rhythm,
}

/// A disturbed stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrueNoise {
    /// First second.
    pub from_s: f64,
    /// Last second.
    pub to_s: f64,
    /// The disturbance.
    pub kind: NoiseKind,
    /// Its strength; see [`super::Noise::snr_db`].
    pub snr_db: f64,
}

/// All that is known of a simulated recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    /// Beats within the recording, ordered by time.
    pub beats: Vec<TrueBeat>,
    /// P waves without a QRS complex after them, ordered by time.
    pub lone_p: Vec<TrueWave>,
    /// Rhythms from the first to the last second, without holes.
    pub rhythms: Vec<TrueRhythm>,
    /// Disturbances in the order they were asked for.
    pub noise: Vec<TrueNoise>,
}
