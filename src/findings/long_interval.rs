//! What the findings of long intervals share.
//!
//! One lead shows less of an interval than twelve: what is long in one is long, what is not may be in another. So only
//! "long" and "wide" are said, never "short" or "normal".

use super::Finding;
use crate::analysis::waves::BeatWaves;
use crate::analysis::{Analysis, Beat};
use crate::recording::{BeatCode, Measured, Phrase};

/// It is told from most of the recording's beats (those from the ventricles aside), or from as many as a minute holds: on a trace whose other beats could not
/// be measured, the few that could may be the noise's own (looked at in CinC 2017, fold 2: A00057, 11 of 26 beats widened by
/// mains hum; A02017, 5 beats of a weak trace).
const MOST: f64 = 0.5;
const A_MINUTE_OF_BEATS: usize = 60;

/// An interval and the length from which on it is long.
pub struct LongInterval<'a> {
    pub id: &'static str,
    pub message: &'static str,
    pub measured: &'a Measured<f64>,
    /// Milliseconds; the limit itself is not long.
    pub above_ms: f64,
    /// The interval of one beat in milliseconds, on the same scale.
    pub of_beat_ms: &'a dyn Fn(&BeatWaves) -> Option<f64>,
}

impl LongInterval<'_> {
    /// The finding, where the median is above the limit and so are enough of the beats; its confidence is the share of the
    /// measured beats that are.
    pub fn find(&self, analysis: &Analysis) -> Vec<Finding> {
        let Measured::Value { value, sd, n, .. } = self.measured else {
            return Vec::new();
        };
        let single: Vec<(usize, f64)> = analysis
            .waves
            .iter()
            .filter(|waves| waves.usual)
            .filter_map(|waves| Some((waves.beat, (self.of_beat_ms)(waves)?)))
            .collect();
        let time_s = |at: Option<&(usize, f64)>| Some(analysis.beats.get(at?.0)?.time_s);
        let (Some(from_s), Some(to_s)) = (time_s(single.first()), time_s(single.last())) else {
            return Vec::new();
        };
        if *value <= self.above_ms {
            return Vec::new();
        }
        let long = single.iter().filter(|(_, ms)| *ms > self.above_ms).count();
        let own = |beat: &&Beat| !matches!(beat.class, BeatCode::V | BeatCode::F);
        if !are_enough(long, analysis.beats.iter().filter(own).count()) {
            return Vec::new();
        }
        vec![Finding {
            id: self.id.to_owned(),
            range_s: from_s..to_s,
            confidence: long as f32 / single.len() as f32,
            text: Phrase::new(self.message)
                .with("value", *value)
                .with("sd", sd.unwrap_or(0.0))
                .with("n", *n)
                .with("limit", self.above_ms),
            beats: single.into_iter().map(|(beat, _)| beat).collect(),
        }]
    }
}

/// Whether so many long beats speak for a recording of `all` beats that are not from the ventricles.
fn are_enough(long: usize, all: usize) -> bool {
    long >= A_MINUTE_OF_BEATS || long as f64 > MOST * all as f64
}

#[cfg(test)]
mod tests {
    use super::are_enough;

    #[test]
    fn most_beats_or_a_minute_of_them_speak() {
        assert!(are_enough(14, 26));
        assert!(!are_enough(13, 26));
        assert!(!are_enough(11, 26));
        assert!(are_enough(60, 100_000));
        assert!(!are_enough(0, 0));
    }
}

#[cfg(test)]
pub mod testing {
    use super::super::testing::analysis;
    use crate::analysis::Analysis;
    use crate::analysis::waves::{Absent, BeatWaves, Wave};
    use crate::recording::Measured;

    /// Ten beats a second apart whose waves lie at the given offsets from the fiducial, in milliseconds.
    pub fn with_waves(p_onset: Option<f32>, qrs: (f32, f32), t_end: Option<f32>) -> Analysis {
        let wave = |onset: f32, peak: f32, end: f32| Wave {
            onset_s: onset / 1000.0,
            peak_s: peak / 1000.0,
            end_s: end / 1000.0,
            confidence: 0.9,
        };
        let mut analysis = analysis(&[1.0; 9]);
        analysis.waves = (0..10)
            .map(|beat| BeatWaves {
                beat,
                usual: true,
                p: p_onset
                    .map(|at| wave(at, at + 40.0, at + 90.0))
                    .ok_or(Absent::NoRepeat),
                qrs: wave(qrs.0, 0.0, qrs.1),
                t: t_end
                    .map(|at| wave(at - 160.0, at - 70.0, at))
                    .ok_or(Absent::Flat),
                qrs_is_clear: true,
                t_end_is_clear: true,
            })
            .collect();
        analysis
    }

    /// A measured interval.
    pub fn measured(value: f64) -> Measured<f64> {
        Measured::Value {
            value,
            sd: Some(4.0),
            n: 10,
            method: "method-every-beat".to_owned(),
        }
    }
}
