//! A lead that is upside down.

use super::wide_qrs::ABOVE_MS;
use super::{Finding, FindingRule};
use crate::analysis::{Analysis, MedianBeat};
use crate::inference::Call;
use crate::recording::{LeadName, Phrase};

/// P, QRS and T of the median beat all point down in lead I or II: the electrodes are swapped, or the watch is on the other
/// wrist. It may also be a heart on the right side. A wide QRS may point down by itself. Where other leads tell which
/// electrodes are swapped, that is told instead.
pub struct InvertedTrace;

impl FindingRule for InvertedTrace {
    fn id(&self) -> &'static str {
        "inverted-trace"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        let lead = match analysis.signs.lead {
            Some(lead @ (LeadName::I | LeadName::II)) => lead,
            _ => return Vec::new(),
        };
        let (Some(beat), Some(first), Some(last)) = (
            &analysis.median_beat,
            analysis.beats.first(),
            analysis.beats.last(),
        ) else {
            return Vec::new();
        };
        let wide = analysis.intervals.qrs_ms.value();
        if wide.is_some_and(|qrs_ms| qrs_ms > ABOVE_MS)
            || analysis.signs.reversal.is_some()
            || !(analysis.inverted && points_down(beat) == Some(true))
        {
            return Vec::new();
        }
        vec![Finding {
            id: self.id().to_owned(),
            range_s: first.time_s..last.time_s,
            beats: (0..analysis.beats.len()).collect(),
            confidence: 1.0,
            text: Phrase::new("finding-inverted-trace")
                .with("lead", lead.label())
                .with("n", beat.n),
        }]
    }
}

/// Whether P and T point down; `None` where one of them is not there.
fn points_down(beat: &MedianBeat) -> Option<bool> {
    let height = |peak: Option<f64>, beside: Option<f64>| {
        let at = |index: f64| beat.values_mv.get(index.round().max(0.0) as usize).copied();
        Some(at(peak?)? - at(beside?)?)
    };
    let waves = &beat.waves;
    let p = height(waves.p_peak, waves.p_onset)?;
    let t = height(waves.t_peak, waves.t_end)?;
    Some(p < 0.0 && t < 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::simulator::{SimulatorOptions, simulate};

    fn found(options: &SimulatorOptions) -> usize {
        let analysis = analyse(&simulate(options).recording, None).unwrap();
        InvertedTrace.find(&analysis, &[]).len()
    }

    #[test]
    fn a_swapped_lead_one_is_told_and_others_are_not() {
        let swapped = SimulatorOptions {
            inverted: true,
            ..SimulatorOptions::default()
        };
        assert_eq!(found(&swapped), 1);
        assert_eq!(found(&SimulatorOptions::default()), 0);
        // Lead aVR points down in everybody, and a T wave alone tells nothing of electrodes.
        let avr = SimulatorOptions {
            leads: vec![LeadName::AVR],
            ..SimulatorOptions::default()
        };
        assert_eq!(found(&avr), 0);
        let t_down = SimulatorOptions {
            t_scale: -1.0,
            ..SimulatorOptions::default()
        };
        assert_eq!(found(&t_down), 0);
    }
}
