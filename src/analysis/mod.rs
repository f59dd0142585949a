//! What is measured in a recording: quality by the second, beats, waves, intervals. Rules, with small networks in code
//! beside them (`classes`, `waves::network`); models that are files come after.
//!
//! The same code runs over a file and over a stream: filters are causal or of fixed delay, with a stated look-ahead of
//! at most [`LOOK_AHEAD_S`]; what the look-ahead has confirmed is final, and the final stream equals the file's result.

mod analyse;
mod atrial_wave;
mod axis;
pub mod beats;
mod chambers;
pub mod classes;
mod dissociation;
pub mod edits;
mod global;
pub mod hrv;
mod measurements;
mod other_leads;
pub mod quality;
pub mod reversal;
pub mod signs;
pub mod waves;

pub use analyse::{LiveAnalysis, LiveUpdate, analyse, analyse_edited, unseen_by_second_lead};
pub use atrial_wave::AtrialWave;
pub use chambers::{Chamber, ChamberMeasure};
pub use dissociation::Dissociation;
pub use global::{Global, LeadMarks};

use crate::recording::{BeatCode, Measured, SampleIndex};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use waves::{BeatWaves, MarkedBy};

/// Seconds after which what was said of a sample is final.
pub const LOOK_AHEAD_S: f64 = 3.0;

/// What a stretch of signal can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Nothing is said about it.
    Unusable,
    /// Beats can be counted, waves not measured.
    Beats,
    /// Waves can be measured.
    Waves,
}

/// Why a grade is not the best one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QualityReason {
    /// No signal: constant within the resolution.
    Flat,
    /// At the rails of its range.
    Saturated,
    /// Samples are missing or the contact was lost.
    Missing,
    /// Mains hum.
    Mains,
    /// Muscle noise.
    Muscle,
    /// Slow wander of the baseline.
    Wander,
    /// Sudden jumps and bursts of motion.
    Motion,
    /// Too small against its own noise.
    Weak,
    /// Too little data to judge.
    Short,
    /// The reader said so.
    Marked,
}

/// A stretch of one grade; the stretches cover the lead without holes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualitySpan {
    /// Seconds from the recording's start, end exclusive.
    pub range_s: Range<f64>,
    /// What it carries.
    pub grade: Grade,
    /// Why it is not better; empty for [`Grade::Waves`].
    pub reasons: Vec<QualityReason>,
}

/// One heartbeat.
///
/// The fiducial is the largest deflection of the QRS from its baseline; when the largest positive and negative ones
/// are within a tenth of each other, the positive one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beat {
    /// Sample nearest to the fiducial, at the lead's own rate.
    pub sample: SampleIndex,
    /// Fiducial in seconds, interpolated between samples.
    pub time_s: f64,
    /// Class: N, S or V, or Q where it is not decided.
    pub class: BeatCode,
    /// 0 to 1: how probable the class is; 0 where it is not decided.
    pub class_confidence: f32,
    /// 0 to 1: how sure it is that there is a beat here.
    pub confidence: f32,
    /// Whether the interval to the beat before is measured within usable signal (no gap, no unusable stretch between).
    pub follows: bool,
}

/// The beat that the intervals are measured on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MedianBeat {
    /// Samples per second of `values_mv`.
    pub rate_hz: f64,
    /// Sample-wise median of the aligned beats, baseline at 0.
    pub values_mv: Vec<f32>,
    /// Index of the fiducial.
    pub fiducial: usize,
    /// How many beats it is the median of.
    pub n: usize,
    /// Fiducial points in samples of `values_mv`: where waves begin and end.
    pub waves: WaveMarks,
}

/// Onsets, peaks and ends in samples; `None` where a wave is absent or not clear.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WaveMarks {
    pub p_onset: Option<f64>,
    pub p_peak: Option<f64>,
    pub p_end: Option<f64>,
    pub qrs_onset: Option<f64>,
    pub qrs_end: Option<f64>,
    pub t_onset: Option<f64>,
    pub t_peak: Option<f64>,
    pub t_end: Option<f64>,
}

/// Heart rate over the recording, in beats per minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeartRate {
    /// 60 divided by the mean RR interval.
    pub mean: f64,
    /// From the longest RR interval.
    pub min: f64,
    /// From the shortest RR interval.
    pub max: f64,
    /// RR intervals it rests on.
    pub n: usize,
}

/// Intervals in milliseconds, each measured or withheld with its reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Intervals {
    pub p_ms: Measured<f64>,
    pub pr_ms: Measured<f64>,
    pub qrs_ms: Measured<f64>,
    pub qt_ms: Measured<f64>,
    pub jt_ms: Measured<f64>,
    pub qtc_bazett_ms: Measured<f64>,
    pub qtc_fridericia_ms: Measured<f64>,
    pub qtc_framingham_ms: Measured<f64>,
    pub qtc_hodges_ms: Measured<f64>,
    pub qtc_rautaharju_ms: Measured<f64>,
}

impl Intervals {
    /// None of them, for one reason.
    #[must_use]
    pub fn withheld(reason: &crate::recording::Phrase) -> Self {
        let withheld = || Measured::Withheld(reason.clone());
        Self {
            p_ms: withheld(),
            pr_ms: withheld(),
            qrs_ms: withheld(),
            qt_ms: withheld(),
            jt_ms: withheld(),
            qtc_bazett_ms: withheld(),
            qtc_fridericia_ms: withheld(),
            qtc_framingham_ms: withheld(),
            qtc_hodges_ms: withheld(),
            qtc_rautaharju_ms: withheld(),
        }
    }
}

/// An interval with what it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval<'a> {
    /// The value, or why there is none.
    pub measured: &'a Measured<f64>,
    /// Whether it is measured over several leads, which its `n` then counts; otherwise `n` counts beats of one lead.
    pub is_global: bool,
}

/// Everything measured on one lead of a recording, and what is measured over several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Index of the lead in the recording.
    pub lead: usize,
    /// Quality over time.
    pub quality: Vec<QualitySpan>,
    /// Beats in order of time.
    pub beats: Vec<Beat>,
    /// Whether the main deflection of the beats points down.
    pub inverted: bool,
    /// Waves of the beats on waves quality. They stay where they were measured: the page draws the median beat's marks
    /// only, and a day of waves would be megabytes on the way to it.
    #[serde(skip)]
    pub waves: Vec<BeatWaves>,
    /// What marked the waves.
    pub waves_by: MarkedBy,
    /// What only findings ask for; it stays where it was measured, as the waves do.
    #[serde(skip)]
    pub signs: signs::Signs,
    /// Heart rate, or why there is none.
    pub rate: Result<HeartRate, crate::recording::Phrase>,
    /// Median beat, where there are enough beats of waves quality.
    pub median_beat: Option<MedianBeat>,
    /// Intervals over the beats of the usual kind.
    pub intervals: Intervals,
    /// The same over several leads recorded at once, or why there are none.
    pub global: Result<Global, crate::recording::Phrase>,
    /// Frontal axis of the QRS complex in degrees; withheld where there are no two limb leads.
    pub axis_deg: Measured<f64>,
    /// Heights read for the size of the heart's chambers, where their leads are there.
    pub chambers: Vec<Chamber>,
}

impl Analysis {
    /// Fiducials in seconds and waves of beats of the usual kind, at most so many, evenly spread.
    #[must_use]
    pub fn usual_beats(&self, most: usize) -> Vec<(f64, &BeatWaves)> {
        let usual: Vec<&BeatWaves> = self.waves.iter().filter(|waves| waves.usual).collect();
        let stride = usual.len().div_ceil(most.max(1)).max(1);
        usual
            .into_iter()
            .step_by(stride)
            .filter_map(|waves| Some((self.beats.get(waves.beat)?.time_s, waves)))
            .collect()
    }

    /// RR intervals in seconds, each with the index of the beat that ends it; only between beats that follow each other.
    pub fn rr_s(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.beats
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[1].follows)
            .map(|(index, pair)| (index + 1, pair[1].time_s - pair[0].time_s))
    }

    /// An interval over several leads where it was measured, else over the analysed one alone.
    #[must_use]
    pub fn interval(&self, pick: fn(&Intervals) -> &Measured<f64>) -> Interval<'_> {
        let over_leads = self
            .global
            .as_ref()
            .ok()
            .map(|global| pick(&global.intervals))
            .filter(|measured| measured.value().is_some());
        Interval {
            measured: over_leads.unwrap_or(pick(&self.intervals)),
            is_global: over_leads.is_some(),
        }
    }

    /// Seconds of each grade: unusable, beats, waves.
    #[must_use]
    pub fn seconds_by_grade(&self) -> [f64; 3] {
        let mut seconds = [0.0; 3];
        for span in &self.quality {
            seconds[span.grade as usize] += span.range_s.end - span.range_s.start;
        }
        seconds
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
