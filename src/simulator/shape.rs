//! The shape of one beat: Gaussian waves of a moving dipole, seen from the leads.
//!
//! McSharry, Clifford, Tarassenko and Smith ("A dynamical model for generating synthetic electrocardiogram
//! signals", IEEE Trans Biomed Eng 50:289, 2003) let a point run round a circle once a beat and be pulled up
//! and down by one Gaussian of the angle for each of P, Q, R, S and T. Without their slow pull back to the baseline
//! the equation of the height integrates in closed form to a sum of Gaussians, which is what is used here:
//! exact at any sampling rate, with wave borders that are known rather than searched for.
//! As in their published program (ECGSYN), P and T move with the heart rate; the QRS complex does not.
//! Each wave has a direction in space (Sameni, Clifford, Jutten and Shamsollahi, EURASIP J Adv Signal Process
//! 2007:43407, extend the model that way), and the leads are projections by Dower's matrix
//! (Dower, Machado and Osborne, Clin Cardiol 3:87, 1980).
//! Widths, times and directions are our own, chosen for an adult with PR 160, QRS 90 and QT 400 ms at 60/min.

use crate::recording::LeadName;

/// A direction with size: x to the left, y to the feet, z to the back.
pub type Dipole = [f64; 3];

/// What one lead sees of a dipole. Derived limb leads follow from I and II (Einthoven 1913, Goldberger 1942).
#[must_use]
pub fn projection(lead: LeadName) -> Dipole {
    const I: Dipole = [0.632, -0.235, 0.059];
    const II: Dipole = [0.235, 1.066, -0.132];
    let limb = |a: f64, b: f64| std::array::from_fn(|k| a * I[k] + b * II[k]);
    match lead {
        LeadName::I => I,
        LeadName::II => II,
        LeadName::III => limb(-1.0, 1.0),
        LeadName::AVR => limb(-0.5, -0.5),
        LeadName::AVL => limb(1.0, -0.5),
        LeadName::AVF => limb(-0.5, 1.0),
        LeadName::V1 => [-0.515, 0.157, -0.917],
        LeadName::V2 => [0.044, 0.164, -1.387],
        LeadName::V3 => [0.882, 0.098, -1.277],
        LeadName::V4 => [1.213, 0.127, -0.601],
        LeadName::V5 => [1.125, 0.127, -0.086],
        LeadName::V6 => [0.831, 0.076, 0.230],
    }
}

/// Scalar product.
#[must_use]
pub fn seen(dipole: Dipole, lead: Dipole) -> f64 {
    dipole.iter().zip(lead).map(|(a, b)| a * b).sum()
}

/// One Gaussian wave with its own width on either side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wave {
    /// Centre in seconds from the middle of the QRS complex.
    pub centre_s: f64,
    /// Standard deviation of the rising side, seconds.
    pub rise_s: f64,
    /// Standard deviation of the falling side, seconds.
    pub fall_s: f64,
    /// Size and direction at the centre, millivolts before scaling.
    pub dipole: Dipole,
}

impl Wave {
    /// Share of the peak at `time_s`, 0 to 1.
    #[must_use]
    pub fn share(&self, time_s: f64) -> f64 {
        let distance = time_s - self.centre_s;
        let sd = if distance < 0.0 {
            self.rise_s
        } else {
            self.fall_s
        };
        (-0.5 * (distance / sd).powi(2)).exp()
    }
}

/// What a beat looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BeatShape {
    /// From the sinus node: P, narrow QRS, T.
    Sinus,
    /// From elsewhere in the atria: another P, narrow QRS, T.
    Atrial,
    /// Conducted without a P wave of its own (fibrillation, flutter, re-entry).
    Conducted,
    /// From a ventricle: wide QRS, T the other way.
    Ventricular,
    /// A P wave that no ventricle answers.
    Blocked,
}

/// The waves of one beat.
#[derive(Clone, Debug, PartialEq)]
pub struct Complex {
    /// Atrial wave.
    pub p: Option<Wave>,
    /// Ventricular activation.
    pub qrs: [Wave; 3],
    /// Recovery.
    pub t: Wave,
}

/// PR interval at an RR of 1 s, seconds.
const PR_S: f64 = 0.160;
/// QT interval at an RR of 1 s, seconds; it follows Fridericia's cube root (Acta Med Scand 53:469, 1920).
const QT_S: f64 = 0.400;
/// Seconds from the QRS onset to the middle of the normal complex.
const ONSET_TO_R_S: f64 = 0.038;

impl Complex {
    /// The waves of a beat of this shape when the heart beats every `rr_s` seconds.
    #[must_use]
    pub fn new(shape: BeatShape, rr_s: f64, p_scale: f64, t_scale: f64) -> Self {
        let rr_s = rr_s.clamp(0.25, 2.0);
        let t_scale = if shape == BeatShape::Blocked {
            0.0
        } else {
            t_scale
        };
        Self {
            p: atrial_wave(shape, rr_s, p_scale),
            qrs: ventricular_waves(shape),
            t: recovery_wave(shape, rr_s, t_scale),
        }
    }

    /// The same with a longer PR interval: the P wave comes earlier by these seconds.
    #[must_use]
    pub fn with_p_earlier_by(mut self, seconds: f64) -> Self {
        if let Some(p) = &mut self.p {
            p.centre_s -= seconds;
        }
        self
    }
}

/// The P wave; its onset lies one PR interval before the QRS onset.
fn atrial_wave(shape: BeatShape, rr_s: f64, scale: f64) -> Option<Wave> {
    let (dipole, pr_s): (Dipole, f64) = match shape {
        BeatShape::Sinus | BeatShape::Blocked => ([0.11, 0.09, -0.06], PR_S),
        BeatShape::Atrial => ([0.10, -0.06, -0.03], PR_S + 0.015),
        BeatShape::Conducted | BeatShape::Ventricular => return None,
    };
    if scale == 0.0 {
        return None;
    }
    // The AV node conducts faster at faster rates; a fourth root as in ECGSYN.
    let factor = rr_s.powf(0.25);
    let sd_s = 0.024 * factor;
    Some(Wave {
        centre_s: -ONSET_TO_R_S - pr_s * factor + 2.0 * sd_s,
        rise_s: sd_s,
        fall_s: sd_s,
        dipole: dipole.map(|x| x * scale),
    })
}

/// Septum, free wall and base of a normal beat; slow spread from the right ventricle of a ventricular one.
fn ventricular_waves(shape: BeatShape) -> [Wave; 3] {
    let wave = |centre_s, sd_s, dipole| Wave {
        centre_s,
        rise_s: sd_s,
        fall_s: sd_s,
        dipole,
    };
    match shape {
        BeatShape::Sinus | BeatShape::Atrial | BeatShape::Conducted => [
            wave(-0.022, 0.0075, [-0.15, -0.05, -0.25]),
            wave(0.0, 0.0105, [1.0, 0.75, 0.4]),
            wave(0.025, 0.0095, [-0.35, -0.2, 0.3]),
        ],
        BeatShape::Ventricular => [
            wave(-0.030, 0.016, [0.35, 0.2, -0.15]),
            wave(0.0, 0.026, [1.0, 0.05, 0.6]),
            wave(0.056, 0.022, [-0.45, -0.3, 0.15]),
        ],
        BeatShape::Blocked => [wave(0.0, 0.01, [0.0; 3]); 3],
    }
}

/// The T wave; its end (two standard deviations, see [`borders`]) lies one QT interval after the QRS onset.
fn recovery_wave(shape: BeatShape, rr_s: f64, scale: f64) -> Wave {
    let factor = rr_s.cbrt();
    let (onset_s, qt_s, rise_s, fall_s, dipole): (f64, f64, f64, f64, Dipole) = match shape {
        BeatShape::Sinus | BeatShape::Atrial | BeatShape::Conducted | BeatShape::Blocked => {
            (-ONSET_TO_R_S, QT_S, 0.056, 0.036, [0.38, 0.27, -0.15])
        }
        BeatShape::Ventricular => (-0.075, QT_S + 0.05, 0.060, 0.045, [-0.45, -0.1, -0.25]),
    };
    Wave {
        centre_s: onset_s + (qt_s - 2.0 * fall_s) * factor,
        rise_s: rise_s * factor,
        fall_s: fall_s * factor,
        dipole: dipole.map(|x| x * scale),
    }
}

/// Onset and end of a P or T wave in seconds from the middle of the QRS complex: two standard deviations from the
/// centre, which is where the tangent through a Gaussian's steepest point meets the baseline
/// (the tangent method of Lepeschkin and Surawicz, Circulation 6:378, 1952).
#[must_use]
pub fn borders(wave: &Wave) -> (f64, f64) {
    (
        wave.centre_s - 2.0 * wave.rise_s,
        wave.centre_s + 2.0 * wave.fall_s,
    )
}

/// Where the QRS complex begins, peaks and ends, seconds from its middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QrsBorders {
    /// First moment at which any lead leaves the baseline by 2 % of that lead's largest deflection
    /// (20 µV for 1 mV, the smallest deflection that counts as a wave: CSE, Eur Heart J 6:815, 1985).
    pub onset_s: f64,
    /// Largest deflection of the first lead.
    pub peak_s: f64,
    /// Last moment of 2 % in any lead.
    pub end_s: f64,
    /// The largest deflection of the first lead with its sign, millivolts before scaling.
    pub peak: f64,
    /// Difference between the highest and lowest point in the first lead, millivolts before scaling.
    pub span: f64,
}

/// Step of the search for the borders, seconds.
const STEP_S: f64 = 0.000_1;

/// Borders of a QRS complex over the leads (projections, the first being the reference).
#[must_use]
pub fn qrs_borders(shape: BeatShape, leads: &[Dipole]) -> QrsBorders {
    let waves = ventricular_waves(shape);
    let mut result = QrsBorders {
        onset_s: 0.0,
        peak_s: 0.0,
        end_s: 0.0,
        peak: 0.0,
        span: 0.0,
    };
    for (index, &lead) in leads.iter().enumerate() {
        let curve: Vec<(f64, f64)> = (-2000..=2000)
            .map(|step| {
                let time_s = f64::from(step) * STEP_S;
                let value = waves
                    .iter()
                    .map(|wave| seen(wave.dipole, lead) * wave.share(time_s))
                    .sum();
                (time_s, value)
            })
            .collect();
        let largest = curve.iter().copied().fold((0.0, 0.0_f64), |best, point| {
            if point.1.abs() > best.1.abs() {
                point
            } else {
                best
            }
        });
        if index == 0 {
            let low = curve.iter().map(|point| point.1).fold(0.0, f64::min);
            let high = curve.iter().map(|point| point.1).fold(0.0, f64::max);
            (result.peak_s, result.peak, result.span) = (largest.0, largest.1, high - low);
        }
        let above = |point: &&(f64, f64)| point.1.abs() >= 0.02 * largest.1.abs();
        if let Some(first) = curve.iter().find(above) {
            result.onset_s = result.onset_s.min(first.0);
        }
        if let Some(last) = curve.iter().rev().find(above) {
            result.end_s = result.end_s.max(last.0);
        }
    }
    result
}
