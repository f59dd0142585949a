//! Limb leads that a format leaves to the reader.

use super::Context;
use crate::recording::{Lead, LeadName, Note, Samples, SignalKind, Unit};

/// Longest lead that is derived from or checked over its whole length: an hour at 1000 Hz. Holters are left as they are.
const MOST_SAMPLES: usize = 3_600_000;
/// Deviation of Einthoven's sum (root of the mean square) that rounding and each lead's own filter do not explain, mV.
const SUM_TOLERANCE_MV: f64 = 0.02;

/// Adds those of III, aVR, aVL and aVF that are missing, in the order of a sheet, where I and II are there in millivolts.
pub fn complete(leads: &mut Vec<Lead>) {
    let (Some(first), Some(second)) = (place(leads, LeadName::I), place(leads, LeadName::II))
    else {
        return;
    };
    let missing = |name: Option<LeadName>| name.is_some_and(|name| !has(leads, name));
    let wanted = [LeadName::III, LeadName::AVR, LeadName::AVL, LeadName::AVF];
    if !wanted.iter().any(|&name| missing(Some(name))) {
        return;
    }
    let (Some(one), Some(two)) = (leads.get(first), leads.get(second)) else {
        return;
    };
    if one.samples.len() > MOST_SAMPLES {
        return;
    }
    let Some(four) = limb_leads(one, two) else {
        return;
    };
    let added: Vec<Lead> = four
        .into_iter()
        .filter(|lead| missing(lead.standard))
        .collect();
    for lead in added {
        // Behind the last lead that comes before it on a sheet.
        let before = leads
            .iter()
            .rposition(|known| known.standard.is_some() && known.standard < lead.standard);
        leads.insert(before.map_or(0, |before| before + 1), lead);
    }
}

fn place(leads: &[Lead], name: LeadName) -> Option<usize> {
    leads.iter().position(|lead| {
        lead.standard == Some(name)
            && lead.kind == SignalKind::Ecg
            && lead.unit == Unit::Millivolt
            && !lead.samples.is_empty()
    })
}

fn has(leads: &[Lead], name: LeadName) -> bool {
    leads.iter().any(|lead| lead.standard == Some(name))
}

/// Notes it where I, II and III of a file do not obey I + III = II: one of them is not what it is called.
pub fn check_sums(leads: &[Lead], context: &mut Context) {
    let lead = |name| leads.get(place(leads, name)?);
    let (Some(one), Some(two), Some(three)) =
        (lead(LeadName::I), lead(LeadName::II), lead(LeadName::III))
    else {
        return;
    };
    let length = one.samples.len().min(MOST_SAMPLES);
    let alike = [two, three]
        .iter()
        .all(|lead| lead.rate_hz == one.rate_hz && lead.samples.len() == one.samples.len());
    if !alike || three.derived || length == 0 {
        return;
    }
    let (mut sum, mut count) = (0.0_f64, 0_usize);
    for at in 0..length {
        let gap = [one, two, three]
            .iter()
            .any(|lead| super::gaps::in_gap(&lead.gaps, at));
        let values = (
            one.samples.value(at),
            two.samples.value(at),
            three.samples.value(at),
        );
        if let ((Some(a), Some(b), Some(c)), false) = (values, gap) {
            sum += f64::from(a + c - b).powi(2);
            count += 1;
        }
    }
    let deviation_mv = (sum / count.max(1) as f64).sqrt();
    let step = one.samples.resolution().unwrap_or(0.0);
    if deviation_mv > SUM_TOLERANCE_MV.max(4.0 * step) {
        let microvolts = (deviation_mv * 1000.0).round();
        context.note(Note::new("limb-sums").with("microvolts", microvolts));
    }
}

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
    fn only_what_is_missing_is_added_and_wrong_sums_are_noted() {
        let lead = |name: &str, value: f32| {
            Lead::ecg(name, 500.0, Samples::from_values(vec![value, 2.0 * value]))
        };
        let mut leads = vec![
            lead("I", 1.0),
            lead("II", 1.5),
            lead("aVR", 9.0),
            lead("V1", 0.0),
        ];
        complete(&mut leads);
        let names: Vec<&str> = leads.iter().map(|lead| lead.name.as_str()).collect();
        assert_eq!(names, ["I", "II", "III", "aVR", "aVL", "aVF", "V1"]);
        let mut context = Context::default();
        check_sums(&leads, &mut context);
        assert!(context.notes.is_empty());
        check_sums(
            &[lead("I", 1.0), lead("II", 1.5), lead("III", 0.6)],
            &mut context,
        );
        assert_eq!(context.notes[0].code, "limb-sums");
    }

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
