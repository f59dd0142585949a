//! Scoring by the field's own rules (ANSI/AAMI EC57), with intervals. Nothing in the analysis depends on it.

mod axis;
mod classes;
mod comparison;
mod episodes;
mod figures;
#[cfg(test)]
mod floors;
mod global;
mod intervals;
mod labels;
mod marks;
mod noise;
#[cfg(test)]
mod oracle;
mod pairing;
mod protocol;
mod records;
mod runs;
mod score;
#[cfg(test)]
mod simulated;
mod tables;
#[cfg(test)]
mod testing;
mod waves;
#[cfg(test)]
mod waves_floors;

pub use axis::{AxisWord, in_one_scale, with_arms_swapped};
pub use classes::{ClassMap, beat_class};
pub use comparison::{Compared, Comparison, compare};
pub use episodes::{EpisodeKind, EpisodeScore, score_episodes};
pub use figures::{FIGURES, Figure};
pub use global::{
    AnnotatedLead, GLOBAL_INTERVALS, GlobalComparison, GlobalInterval, GlobalLine, GlobalReference,
    annotated_intervals, global_table, global_text,
};
pub use intervals::{DRAWS, Independent, Interval, intervals, wilson};
pub use labels::{Label, Labels, label_steps, score_marks};
pub use marks::{Mark, Marks, Rhythm};
pub use noise::{noisy_stretches, with_noise};
pub use pairing::{Outcome, Step, pair_beats};
pub use protocol::Protocol;
pub use records::{Evaluation, RecordComparison};
pub use runs::{RUN_LENGTHS, RunKind, RunLength, RunScore, score_runs};
pub use score::BeatScore;
use score::share;
pub use tables::{
    ATRIAL_FIBRILLATION, BEATS, BEATS_WITHOUT_S, FORMS, Form, SHUTDOWN, SHUTDOWN_WITHOUT_S,
    SUPRAVENTRICULAR_RUNS, VENTRICULAR_FLUTTER, VENTRICULAR_RUNS,
};
pub use waves::{FIDUCIALS, Fiducial, RecordWaves, WaveTable, WaveTimes, score_waves};
