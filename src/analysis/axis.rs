//! The frontal axis of the QRS complex, from the net heights of the limb leads.
//!
//! The net height of a complex in a lead is its highest over plus its lowest under the line before it, as it is read by
//! hand (Surawicz et al., AHA/ACCF/HRS 2009, part III, J Am Coll Cardiol 53:976). A net height is the projection of the
//! heart's vector on the lead's direction; any two limb leads make all six (Einthoven, Goldberger), and the axis is the
//! vector that fits the six best, which single notches move less than they move two leads' heights. Augmented leads are
//! smaller than limb leads of the same direction by √3/2 and are brought to their size (Novosel et al., Croat Med J
//! 40:77, 1999).

use super::Analysis;
use crate::recording::{Lead, LeadName, Measured, Phrase, Recording, Unit};
use crate::signal::{median, standard_deviation};

/// Fewest beats, and most.
const FEWEST: usize = 3;
const MOST: usize = 60;
/// The line under a complex is the mean of this long before it, seconds.
const LINE_S: f64 = 0.012;
/// One lead shows the complex shorter than it is by about this much at either end, seconds (LUDB, leads I and II).
pub(super) const UNSEEN_S: f64 = 0.01;
/// A vector shorter than this share of the leads' mean height, peak to peak, has no direction.
const LEAST_NET: f64 = 0.1;
/// Limb leads of one scale differ from what two others make of them by less than this share of their own movement.
const MOST_APART: f64 = 0.1;

/// A limb lead: the weights of leads I and II in it, its direction in degrees, and its size beside a limb lead's.
struct Limb {
    name: LeadName,
    weights: (f64, f64),
    direction_deg: f64,
    size: f64,
}

const AUGMENTED: f64 = 0.866_025_403_784_438_6;
const LIMBS: [Limb; 6] = [
    limb(LeadName::I, (1.0, 0.0), 0.0, 1.0),
    limb(LeadName::II, (0.0, 1.0), 60.0, 1.0),
    limb(LeadName::III, (-1.0, 1.0), 120.0, 1.0),
    limb(LeadName::AVF, (-0.5, 1.0), 90.0, AUGMENTED),
    limb(LeadName::AVL, (1.0, -0.5), -30.0, AUGMENTED),
    limb(LeadName::AVR, (-0.5, -0.5), -150.0, AUGMENTED),
];

const fn limb(name: LeadName, weights: (f64, f64), direction_deg: f64, size: f64) -> Limb {
    Limb {
        name,
        weights,
        direction_deg,
        size,
    }
}

/// QRS axis in degrees, -180 to 180 (0 to the left arm, 90 to the feet), over the usual beats of the analysed lead; withheld
/// where electrodes of the limbs look swapped, which has been looked at before.
pub fn axis_deg(recording: &Recording, analysis: &Analysis) -> Measured<f64> {
    let present = present(recording, analysis.lead);
    let [first, second, ..] = present.as_slice() else {
        return Measured::withheld("withheld-one-lead");
    };
    let Some(pair) = Pair::of(first, second) else {
        return Measured::withheld("withheld-one-lead");
    };
    if analysis.signs.reversal.is_some() {
        return Measured::withheld("analysis-electrodes-swapped");
    }
    let beats: Vec<Complex> = analysis
        .usual_beats(MOST)
        .into_iter()
        .filter_map(|(time_s, waves)| {
            let from_s = time_s + f64::from(waves.qrs.onset_s) - UNSEEN_S;
            let to_s = time_s + f64::from(waves.qrs.end_s) + UNSEEN_S;
            Complex::of(&pair, present.get(2..)?, from_s, to_s)
        })
        .collect();
    if beats.len() < FEWEST {
        return Measured::withheld("analysis-no-clear-qrs");
    }
    over_beats(&beats)
}

/// The limb leads there are, recorded with the analysed one and in millivolts.
fn present(recording: &Recording, analysed: usize) -> Vec<(&'static Limb, &Lead)> {
    LIMBS
        .iter()
        .filter_map(|limb| Some((limb, recorded_beside(recording, analysed, limb.name)?)))
        .collect()
}

/// The standard lead that was recorded with the analysed one, sample by sample, in millivolts.
pub(super) fn recorded_beside(
    recording: &Recording,
    analysed: usize,
    name: LeadName,
) -> Option<&Lead> {
    let chosen = recording.leads.get(analysed)?;
    recording.leads.iter().find(|lead| {
        lead.standard == Some(name)
            && lead.unit == Unit::Millivolt
            && lead.rate_hz == chosen.rate_hz
            && lead.samples.len() == chosen.samples.len()
    })
}

fn over_beats(beats: &[Complex]) -> Measured<f64> {
    let middle = |of: &dyn Fn(&Complex) -> f64| {
        median(&beats.iter().map(of).collect::<Vec<_>>()).unwrap_or(0.0)
    };
    if middle(&|beat| beat.apart) > MOST_APART {
        return Measured::withheld("analysis-leads-not-of-one-scale");
    }
    let mut vector = (0.0, 0.0);
    for (place, limb) in LIMBS.iter().enumerate() {
        let net = middle(&|beat| beat.net[place]) / limb.size;
        let (sin, cos) = limb.direction_deg.to_radians().sin_cos();
        // Least squares over six directions 30 degrees apart: their squared cosines sum to 3.
        vector = (vector.0 + net * cos / 3.0, vector.1 + net * sin / 3.0);
    }
    let height = middle(&|beat| beat.height);
    if vector.0.hypot(vector.1) < LEAST_NET * height || height <= 0.0 {
        return Measured::Withheld(Phrase::new("analysis-axis-indeterminate"));
    }
    let value = vector.1.atan2(vector.0).to_degrees();
    // Differences to the value, so that a scatter about ±180 is not one of 360.
    let apart: Vec<f64> = beats
        .iter()
        .map(|beat| (beat.direction_deg() - value + 540.0).rem_euclid(360.0) - 180.0)
        .collect();
    Measured::Value {
        value,
        sd: standard_deviation(&apart),
        n: beats.len(),
        method: "method-axis-net".to_owned(),
    }
}

/// Two limb leads, and how leads I and II follow from them.
struct Pair<'a> {
    leads: (&'a Lead, &'a Lead),
    /// Weights of the two in lead I, and in lead II.
    one: (f64, f64),
    two: (f64, f64),
}

impl<'a> Pair<'a> {
    fn of(first: &(&Limb, &'a Lead), second: &(&Limb, &'a Lead)) -> Option<Self> {
        let ((a, b), (c, d)) = (first.0.weights, second.0.weights);
        let determinant = a * d - b * c;
        (determinant != 0.0).then(|| Self {
            leads: (first.1, second.1),
            one: (d / determinant, -b / determinant),
            two: (-c / determinant, a / determinant),
        })
    }
}

/// One QRS complex in the six limb leads.
struct Complex {
    /// Net heights in the order of [`LIMBS`], millivolts.
    net: [f64; LIMBS.len()],
    /// Mean height, peak to peak.
    height: f64,
    /// Largest difference of a further lead from what the pair makes of it, over its own movement.
    apart: f64,
}

impl Complex {
    fn of(pair: &Pair<'_>, others: &[(&Limb, &Lead)], from_s: f64, to_s: f64) -> Option<Self> {
        let (a, b) = (
            over_line(pair.leads.0, from_s, to_s)?,
            over_line(pair.leads.1, from_s, to_s)?,
        );
        let made = |limb: &Limb| -> Vec<f64> {
            let (one, two) = limb.weights;
            let (wa, wb) = (
                one * pair.one.0 + two * pair.two.0,
                one * pair.one.1 + two * pair.two.1,
            );
            a.iter().zip(&b).map(|(a, b)| wa * a + wb * b).collect()
        };
        let mut net = [0.0; LIMBS.len()];
        let mut height = 0.0;
        for (net, limb) in net.iter_mut().zip(&LIMBS) {
            let values = made(limb);
            let (low, high) = values.iter().fold((0.0_f64, 0.0_f64), |(low, high), v| {
                (low.min(*v), high.max(*v))
            });
            *net = high + low;
            height += (high - low) / limb.size / LIMBS.len() as f64;
        }
        let mut apart = 0.0_f64;
        for (limb, lead) in others {
            let own = over_line(lead, from_s, to_s)?;
            let off: f64 = own
                .iter()
                .zip(made(limb))
                .map(|(own, made)| (own - made).powi(2))
                .sum();
            let moves: f64 = own.iter().map(|own| own.powi(2)).sum();
            // A lead across the axis hardly moves: then it is the noise that differs.
            let least = (0.1 * height).powi(2) * own.len() as f64;
            apart = apart.max((off / moves.max(least).max(f64::MIN_POSITIVE)).sqrt());
        }
        Some(Self { net, height, apart })
    }

    fn direction_deg(&self) -> f64 {
        let (mut x, mut y) = (0.0, 0.0);
        for (net, limb) in self.net.iter().zip(&LIMBS) {
            let (sin, cos) = limb.direction_deg.to_radians().sin_cos();
            x += net / limb.size * cos;
            y += net / limb.size * sin;
        }
        y.atan2(x).to_degrees()
    }
}

/// The samples of a stretch over the line before it; `None` where they are not all there.
pub(super) fn over_line(lead: &Lead, from_s: f64, to_s: f64) -> Option<Vec<f64>> {
    let at = |time_s: f64| (time_s * lead.rate_hz).round().max(0.0) as usize;
    let before = at(LINE_S).max(1);
    let (start, end) = (at(from_s).checked_sub(before)?, at(to_s));
    if end > lead.samples.len()
        || end <= start + before
        || lead.gaps_within(start..end).next().is_some()
    {
        return None;
    }
    let values = lead.samples.values(start..end);
    let (line, complex) = values.split_at_checked(before)?;
    let level = line.iter().map(|v| f64::from(*v)).sum::<f64>() / line.len() as f64;
    Some(complex.iter().map(|v| f64::from(*v) - level).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::analysis::testing::scaled_leads;

    /// The axis of a recording whose leads are the simulated lead I times these factors.
    fn turned(leads: &[(LeadName, f64)]) -> Measured<f64> {
        let named: Vec<_> = leads
            .iter()
            .map(|(name, factor)| (name.label(), *factor))
            .collect();
        analyse(&scaled_leads(&named), None).unwrap().axis_deg
    }

    /// What a vector of the direction shows in a lead.
    fn shown(degrees: f64, limb: &Limb) -> (LeadName, f64) {
        let apart = (degrees - limb.direction_deg).to_radians();
        (limb.name, apart.cos() * limb.size)
    }

    #[test]
    fn known_directions_are_found_from_any_two_leads() {
        // 140, not 150: there lead II is flat, as it is with the right leg's electrode on the right arm.
        for degrees in [-75.0_f64, -35.0, 5.0, 45.0, 100.0, 140.0, -160.0] {
            for (a, b) in [(0, 1), (0, 3), (1, 2), (4, 3)] {
                let pair = [shown(degrees, &LIMBS[a]), shown(degrees, &LIMBS[b])];
                let found = turned(&pair).value().unwrap();
                assert!((found - degrees).abs() < 2.0, "{degrees} {a} {b}: {found}");
            }
            let all: Vec<_> = LIMBS.iter().map(|limb| shown(degrees, limb)).collect();
            let found = turned(&all).value().unwrap();
            assert!((found - degrees).abs() < 2.0, "{degrees}: {found}");
        }
    }

    #[test]
    fn leads_of_different_scales_have_no_axis() {
        let (one, two) = (shown(40.0, &LIMBS[0]), shown(40.0, &LIMBS[1]));
        let three = shown(40.0, &LIMBS[2]);
        let found = turned(&[one, two, (three.0, three.1 * 1.7)]);
        assert_eq!(found, Measured::withheld("analysis-leads-not-of-one-scale"));
    }

    #[test]
    fn one_lead_has_no_axis() {
        let found = turned(&[(LeadName::II, 1.0)]);
        assert_eq!(found, Measured::withheld("withheld-one-lead"));
        let found = turned(&[(LeadName::II, 1.0), (LeadName::V1, 1.0)]);
        assert_eq!(found, Measured::withheld("withheld-one-lead"));
    }
}
