//! Limb leads that a format leaves to the reader.

use crate::recording::{Lead, LeadName, Samples};

/// III, aVR, aVL and aVF from I and II, marked as derived, in millivolts: III = II − I, aVR = −(I + II)/2,
/// aVL = I − II/2, aVF = II − I/2 (W. Einthoven 1913; E. Goldberger 1942). A gap of either lead is a gap of all four.
///
/// `None` when the leads differ in rate or length.
#[must_use]
pub fn limb_leads(first: &Lead, second: &Lead) -> Option<[Lead; 4]> {
    if first.rate_hz != second.rate_hz || first.samples.len() != second.samples.len() {
        return None;
    }
    let (one, two) = (first.samples.all_values(), second.samples.all_values());
    let mut gaps: Vec<_> = first.gaps.iter().chain(&second.gaps).cloned().collect();
    gaps.sort_by_key(|gap| gap.range.start);
    let mut merged = Vec::with_capacity(gaps.len());
    for gap in gaps {
        let end = merged
            .last()
            .map_or(0, |last: &crate::recording::Gap| last.range.end);
        let range = gap.range.start.max(end)..gap.range.end.max(end);
        super::gaps::push_gap(&mut merged, range, gap.reason);
    }
    let weights = [
        (LeadName::III, -1.0, 1.0),
        (LeadName::AVR, -0.5, -0.5),
        (LeadName::AVL, 1.0, -0.5),
        (LeadName::AVF, -0.5, 1.0),
    ];
    Some(weights.map(|(name, of_one, of_two)| {
        let values = one.iter().zip(&two);
        let values = values.map(|(a, b)| of_one * a + of_two * b).collect();
        let mut lead = Lead::ecg(name.label(), first.rate_hz, Samples::from_values(values));
        lead.gaps.clone_from(&merged);
        lead.derived = true;
        lead
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Gap, GapReason};

    #[test]
    fn the_derived_leads_obey_einthoven_and_goldberger() {
        let mut one = Lead::ecg("I", 500.0, Samples::from_values(vec![1.0, 0.5, -0.25]));
        let two = Lead::ecg("II", 500.0, Samples::from_values(vec![0.5, 2.0, 0.75]));
        one.gaps = vec![Gap {
            range: 1..2,
            reason: GapReason::LeadOff,
        }];
        let [third, right, left, foot] = limb_leads(&one, &two).unwrap();
        assert_eq!(third.samples.all_values(), [-0.5, 1.5, 1.0]);
        assert_eq!(foot.samples.all_values(), [0.0, 1.75, 0.875]);
        for at in 0..3 {
            let sum = |leads: [&Lead; 3]| {
                leads
                    .iter()
                    .filter_map(|l| l.samples.value(at))
                    .sum::<f32>()
            };
            assert!(sum([&right, &left, &foot]).abs() < 1e-6);
        }
        assert!(third.derived && third.standard == Some(LeadName::III));
        assert_eq!(left.gaps, one.gaps);
        let slow = Lead::ecg("II", 250.0, Samples::from_values(vec![0.0; 3]));
        assert!(limb_leads(&one, &slow).is_none());
    }
}
