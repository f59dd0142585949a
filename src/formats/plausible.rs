//! Voltages that no heart has on the skin: the file states a wrong unit or gain, and its numbers are not told as millivolts.

use super::gaps::in_gap;
use crate::recording::{Lead, Note, Recording, SignalKind, Unit};

/// Largest usual swing of one second, millivolts. The skin shows a few; electrodes within the heart up to about 20.
const MOST_MV: f64 = 25.0;
/// Seconds that are looked at, spread over the recording.
const LOOKED_AT: usize = 60;

/// Takes the unit from ECG leads whose usual swing is impossible, so that they are drawn to fit and no height is told.
pub fn doubt_impossible_sizes(recording: &mut Recording) {
    for lead in &mut recording.leads {
        if lead.kind != SignalKind::Ecg || lead.unit != Unit::Millivolt {
            continue;
        }
        let Some(swing_mv) = usual_swing(lead).filter(|swing| *swing > MOST_MV) else {
            continue;
        };
        lead.unit = Unit::Counts;
        let note = Note::new("size-impossible")
            .with("signal", lead.name.as_str())
            .with("swing", swing_mv.round());
        recording.notes.push(note);
    }
}

/// Median over whole seconds of highest less lowest; `None` for less than one.
fn usual_swing(lead: &Lead) -> Option<f64> {
    let second = lead.rate_hz.ceil().max(1.0) as usize;
    let seconds = lead.samples.len() / second;
    let step = seconds.div_ceil(LOOKED_AT).max(1);
    let swings: Vec<f64> = (0..seconds)
        .step_by(step)
        .filter_map(|at| {
            let range = at * second..((at + 1) * second).min(lead.samples.len());
            let values = lead.samples.values(range.clone());
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for (index, value) in range.zip(values) {
                if value.is_finite() && !in_gap(&lead.gaps, index) {
                    low = low.min(f64::from(value));
                    high = high.max(f64::from(value));
                }
            }
            (high >= low).then_some(high - low)
        })
        .collect();
    crate::signal::median(&swings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Samples;

    /// Ten seconds at 200 Hz with a spike of 1 mV each second, as many times as high.
    fn spikes(times: f32) -> Vec<f32> {
        (0..2000)
            .map(|k| if k % 200 == 50 { times } else { 0.0 })
            .collect()
    }

    fn doubted(values: Vec<f32>) -> Recording {
        let mut recording = Recording {
            leads: vec![Lead::ecg("I", 200.0, Samples::from_values(values))],
            ..Recording::default()
        };
        doubt_impossible_sizes(&mut recording);
        recording
    }

    #[test]
    fn microvolts_that_are_called_millivolts_are_not_told_as_millivolts() {
        for (times, unit) in [
            (0.001, Unit::Millivolt),
            (1.0, Unit::Millivolt),
            (20.0, Unit::Millivolt),
            (1000.0, Unit::Counts),
        ] {
            let found = doubted(spikes(times));
            assert_eq!(found.leads[0].unit, unit, "{times}");
            assert_eq!(found.notes.len(), usize::from(unit == Unit::Counts));
        }
    }

    #[test]
    fn a_burst_or_an_offset_does_not_take_the_unit_from_a_sound_lead() {
        let mut values = spikes(1.0);
        for value in &mut values {
            *value += 300.0;
        }
        values[100] = -300.0;
        values[800] = 900.0;
        assert_eq!(doubted(values).leads[0].unit, Unit::Millivolt);
    }
}
