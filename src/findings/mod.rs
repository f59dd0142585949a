//! What is said of a stretch or of beats, with its evidence. One file a finding.
//!
//! A rule speaks only where the quality carries it: RR intervals count only between beats that follow each other in
//! usable signal ([`Analysis::rr_s`]).

mod amplitude_alternans;
mod atrial_fibrillation;
mod atrial_flutter;
mod bradycardia;
mod ectopy;
mod fibrillation;
mod hrv_limits;
mod inverted_trace;
mod irregular_rhythm;
mod irregularity;
mod lead_reversal;
mod long_interval;
mod long_pr;
mod long_qtc;
mod no_beats;
mod paced_rhythm;
mod pause;
mod premature_supraventricular_beats;
mod premature_ventricular_beats;
mod rate_episodes;
mod second_degree_block;
mod short_interval;
mod short_pr;
mod short_qtc;
mod supraventricular_bigeminy;
mod supraventricular_couplet;
mod supraventricular_run;
mod tachycardia;
mod third_degree_block;
mod ventricular_bigeminy;
mod ventricular_couplet;
mod ventricular_run;
mod ventricular_trigeminy;
mod wide_qrs;

pub use amplitude_alternans::AmplitudeAlternans;
pub use atrial_fibrillation::{AtrialFibrillation, hold_against_beats};
pub use atrial_flutter::AtrialFlutter;
pub use bradycardia::Bradycardia;
pub use fibrillation::fibrillation_stretches;
pub use hrv_limits::hrv_limits;
pub use inverted_trace::InvertedTrace;
pub use irregular_rhythm::IrregularRhythm;
pub use irregularity::{IRREGULAR_FROM, Irregularity, contradicts_fibrillation, irregularity};
pub use lead_reversal::LeadReversal;
pub use long_pr::LongPr;
pub use long_qtc::LongQtc;
pub use no_beats::NoBeats;
pub use paced_rhythm::PacedRhythm;
pub use pause::Pause;
pub use premature_supraventricular_beats::PrematureSupraventricularBeats;
pub use premature_ventricular_beats::PrematureVentricularBeats;
pub use second_degree_block::SecondDegreeBlock;
pub use short_pr::ShortPr;
pub use short_qtc::ShortQtc;
pub use supraventricular_bigeminy::SupraventricularBigeminy;
pub use supraventricular_couplet::SupraventricularCouplet;
pub use supraventricular_run::SupraventricularRun;
pub use tachycardia::Tachycardia;
pub use third_degree_block::ThirdDegreeBlock;
pub use ventricular_bigeminy::VentricularBigeminy;
pub use ventricular_couplet::VentricularCouplet;
pub use ventricular_run::VentricularRun;
pub use ventricular_trigeminy::VentricularTrigeminy;
pub use wide_qrs::WideQrs;

use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// One statement with its address on the trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable id (`bradycardia`); an id never changes its meaning.
    pub id: String,
    /// Where it applies, seconds.
    pub range_s: Range<f64>,
    /// Indices of the beats it rests on.
    pub beats: Vec<usize>,
    /// 0 to 1.
    pub confidence: f32,
    /// What is said, in the catalogue's words; the message's attributes `exact` and `name` are the clinical wording
    /// and the short name.
    pub text: Phrase,
}

/// One kind of finding.
pub trait FindingRule: Sync {
    /// Stable id of what it finds.
    fn id(&self) -> &'static str;
    /// All findings of its kind in one lead's analysis, in order of time.
    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding>;
}

/// Every rule, in the order in which findings are told.
pub static RULES: &[&dyn FindingRule] = &[
    &NoBeats,
    &VentricularRun,
    &ThirdDegreeBlock,
    &SecondDegreeBlock,
    &Pause,
    &AtrialFlutter,
    &AtrialFibrillation,
    &IrregularRhythm,
    &Tachycardia,
    &Bradycardia,
    &PacedRhythm,
    &WideQrs,
    &LongPr,
    &ShortPr,
    &LongQtc,
    &ShortQtc,
    &AmplitudeAlternans,
    &LeadReversal,
    &InvertedTrace,
    &SupraventricularRun,
    &VentricularCouplet,
    &VentricularBigeminy,
    &VentricularTrigeminy,
    &PrematureVentricularBeats,
    &SupraventricularCouplet,
    &SupraventricularBigeminy,
    &PrematureSupraventricularBeats,
];

/// All findings, by rule and then by time.
#[must_use]
pub fn find(analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
    RULES
        .iter()
        .flat_map(|rule| rule.find(analysis, calls))
        .collect()
}

/// Runs of beats that follow each other in usable signal, as ranges of beat indices; each has at least two beats.
fn chains(analysis: &Analysis) -> Vec<Range<usize>> {
    let mut chains = Vec::new();
    let mut from = 0;
    for (index, beat) in analysis.beats.iter().enumerate() {
        if !beat.follows {
            if index > from + 1 {
                chains.push(from..index);
            }
            from = index;
        }
    }
    if analysis.beats.len() > from + 1 {
        chains.push(from..analysis.beats.len());
    }
    chains
}

/// Whether stretches that do not overlap fill more than half of another, all in seconds.
#[must_use]
pub fn fill(stretches: &[Range<f64>], range_s: &Range<f64>) -> bool {
    let shared_s =
        |other: &Range<f64>| (other.end.min(range_s.end) - other.start.max(range_s.start)).max(0.0);
    2.0 * stretches.iter().map(shared_s).sum::<f64>() > range_s.end - range_s.start
}

/// Mean confidence that the beats of a range are beats; 0 for an empty one.
fn mean_confidence(analysis: &Analysis, beats: &[usize]) -> f32 {
    let sum: f32 = beats
        .iter()
        .filter_map(|&index| analysis.beats.get(index))
        .map(|beat| beat.confidence)
        .sum();
    if beats.is_empty() {
        0.0
    } else {
        sum / beats.len() as f32
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) mod testing {
    //! Analyses built from RR intervals.

    use crate::analysis::waves::{Absent, BeatWaves, Wave};
    use crate::analysis::{Analysis, Beat, Grade, HeartRate, Intervals, QualitySpan};
    use crate::inference::{Call, EvidenceSpan};
    use crate::recording::{BeatCode, Phrase};

    /// One lead at 250 Hz of good quality whose beats have these RR intervals, the first beat at 0.5 s.
    pub fn analysis(rr_s: &[f64]) -> Analysis {
        let mut time_s = 0.5;
        let mut beats = vec![beat(time_s)];
        beats[0].follows = false;
        for rr in rr_s {
            time_s += rr;
            beats.push(beat(time_s));
        }
        let mean = rr_s.iter().sum::<f64>() / rr_s.len() as f64;
        Analysis {
            lead: 0,
            quality: vec![QualitySpan {
                range_s: 0.0..time_s + 0.5,
                grade: Grade::Waves,
                reasons: Vec::new(),
            }],
            beats,
            waves: Vec::new(),
            waves_by: crate::analysis::waves::MarkedBy::Rules,
            signs: crate::analysis::signs::Signs::default(),
            inverted: false,
            rate: Ok(HeartRate {
                mean: 60.0 / mean,
                min: 60.0 / rr_s.iter().copied().fold(f64::MIN, f64::max),
                max: 60.0 / rr_s.iter().copied().fold(f64::MAX, f64::min),
                n: rr_s.len(),
            }),
            median_beat: None,
            intervals: Intervals::withheld(&Phrase::new("withheld-not-measured")),
            global: Err(Phrase::new("analysis-global-few-leads")),
            axis_deg: crate::recording::Measured::withheld("withheld-one-lead"),
            chambers: Vec::new(),
        }
    }

    /// Beats with these classes (`N`, `S`, `V`, `Q`) and RR intervals: the first letter's beat is at 0.5 s, and each
    /// interval leads to the next letter.
    pub fn classed(classes: &str, rr_s: &[f64]) -> Analysis {
        let mut analysis = analysis(rr_s);
        assert_eq!(classes.len(), analysis.beats.len());
        for (beat, letter) in analysis.beats.iter_mut().zip(classes.chars()) {
            beat.class = match letter {
                'S' => BeatCode::S,
                'V' => BeatCode::V,
                'Q' => BeatCode::Q,
                _ => BeatCode::N,
            };
        }
        analysis
    }

    /// Intervals of 0.8 s before usual beats; early beats come after 0.5 s, and 1.1 s pass after a row of them.
    pub fn early(classes: &str) -> Analysis {
        let letters: Vec<char> = classes.chars().collect();
        let rr_s: Vec<f64> = letters
            .windows(2)
            .map(|pair| match (pair[0], pair[1]) {
                (_, 'S' | 'V') => 0.5,
                ('S' | 'V', _) => 1.1,
                _ => 0.8,
            })
            .collect();
        classed(classes, &rr_s)
    }

    /// The same with waves: a P wave before those beats that `has_p`.
    pub fn with_p_waves(mut analysis: Analysis, has_p: impl Fn(usize) -> bool) -> Analysis {
        let wave = |onset_s: f32, end_s: f32| Wave {
            onset_s,
            peak_s: (onset_s + end_s) / 2.0,
            end_s,
            confidence: 0.9,
        };
        analysis.waves = (0..analysis.beats.len())
            .map(|beat| BeatWaves {
                beat,
                usual: true,
                p: if has_p(beat) {
                    Ok(wave(-0.18, -0.08))
                } else {
                    Err(Absent::Irregular)
                },
                qrs: wave(-0.04, 0.05),
                t: Ok(wave(0.2, 0.36)),
                qrs_is_clear: true,
                t_end_is_clear: true,
            })
            .collect();
        analysis
    }

    fn beat(time_s: f64) -> Beat {
        Beat {
            sample: (time_s * 250.0).round() as usize,
            time_s,
            class: BeatCode::N,
            class_confidence: 0.9,
            confidence: 0.9,
            follows: true,
        }
    }

    /// A rhythm call over a stretch.
    pub fn call(label: &str, probability: f32, from_s: f64, to_s: f64) -> Call {
        Call {
            model: "canet".to_owned(),
            version: "1".to_owned(),
            hash: "0123456789abcdef".to_owned(),
            question: "rhythm".to_owned(),
            from_s,
            to_s,
            label: label.to_owned(),
            probability,
            distribution: vec![(label.to_owned(), probability)],
            abstained: None,
            evidence: vec![EvidenceSpan {
                from_s: from_s + 2.0,
                to_s: from_s + 6.0,
                weight: 1.0,
            }],
        }
    }

    /// RR intervals without pattern, mean about 0.75 s, spread about 0.15 s: a fixed table, so that nothing is random.
    pub const SCATTERED: [f64; 40] = [
        0.71, 0.93, 0.62, 0.58, 0.88, 0.97, 0.66, 0.79, 0.54, 0.83, 1.02, 0.61, 0.69, 0.91, 0.57,
        0.75, 0.99, 0.64, 0.86, 0.52, 0.60, 0.95, 0.78, 0.67, 1.05, 0.59, 0.72, 0.90, 0.55, 0.81,
        0.63, 0.98, 0.70, 0.56, 0.87, 0.92, 0.65, 0.77, 0.53, 0.94,
    ];
}
