//! Scoring by the field's own rules (ANSI/AAMI EC57), with intervals. Nothing in the analysis depends on it.

mod bootstrap;
mod classes;
#[cfg(test)]
mod oracle;
mod pairing;
mod score;
#[cfg(test)]
mod simulated;
mod table;
mod waves;
#[cfg(test)]
mod waves_floors;

pub use bootstrap::{DRAWS, Interval, bootstrap_interval};
pub use classes::{ClassMap, beat_class};
pub use pairing::{Marks, Pair, pair_beats};
pub use score::{BeatScore, Protocol, score_beats, score_marks};
pub use table::{BeatTable, RecordScore};
pub use waves::{FIDUCIALS, Fiducial, RecordWaves, WaveTable, WaveTimes, score_waves};
