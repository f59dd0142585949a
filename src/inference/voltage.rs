//! Whether a lead can be in the unit that it says.

use crate::recording::{Lead, Phrase, Unit};

/// Largest swing of a heart's trace within a second, in millivolts. The tallest QRS complexes of hypertrophy have 5 to 10
/// from peak to peak; microvolts or a converter's counts taken for millivolts have hundreds.
const LARGEST_SWING_MV: f32 = 20.0;

/// Why a model is not asked of a lead whose unit must be wrong: it scales what it is given, and would answer all the same.
#[must_use]
pub fn no_heart_has_such_voltage(lead: &Lead) -> Option<Phrase> {
    if lead.unit != Unit::Millivolt {
        return None;
    }
    let second = (lead.rate_hz.round() as usize).max(1);
    let mut swings_mv: Vec<f32> = lead
        .samples
        .all_values()
        .chunks(second)
        .filter_map(swing)
        .collect();
    let middle = swings_mv.len() / 2;
    swings_mv.sort_by(f32::total_cmp);
    let typical_mv = *swings_mv.get(middle)?;
    (typical_mv > LARGEST_SWING_MV).then(|| {
        Phrase::new("model-refuses-voltage")
            .with("typical", f64::from(typical_mv))
            .with("most", f64::from(LARGEST_SWING_MV))
    })
}

/// Greatest less least of the values that are numbers.
fn swing(values: &[f32]) -> Option<f32> {
    let known = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = known.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    (low <= high).then_some(high - low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Samples;

    /// Ten seconds with a beat of this height a second.
    fn trace(height_mv: f32) -> Lead {
        let beat = |n: u32| if n % 250 < 20 { height_mv } else { 0.0 };
        let values = (0..2500).map(beat).collect();
        Lead::ecg("I", 250.0, Samples::from_values(values))
    }

    #[test]
    fn microvolts_taken_for_millivolts_are_refused() {
        for height_mv in [0.001, 1.0, 8.0] {
            assert_eq!(no_heart_has_such_voltage(&trace(height_mv)), None);
        }
        let reason = no_heart_has_such_voltage(&trace(1000.0)).unwrap();
        assert_eq!(reason.id, "model-refuses-voltage");
    }

    #[test]
    fn counts_of_unknown_size_are_not_judged_by_voltage() {
        let lead = Lead {
            unit: Unit::Counts,
            ..trace(1000.0)
        };
        assert_eq!(no_heart_has_such_voltage(&lead), None);
    }

    #[test]
    fn what_is_missing_is_no_voltage() {
        let missing = Samples::from_values(vec![f32::NAN; 1000]);
        assert_eq!(
            no_heart_has_such_voltage(&Lead::ecg("I", 250.0, missing)),
            None
        );
    }
}
