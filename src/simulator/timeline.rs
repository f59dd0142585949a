//! When the heart beats, and from where.

use super::options::{EctopicOrigin, Rhythm, SimulatorOptions};
use super::random::Random;
use super::shape::BeatShape;
use std::f64::consts::TAU;

/// Breaths per second; the high-frequency peak of the RR spectrum lies there (McSharry et al. 2003).
pub const RESPIRATION_HZ: f64 = 0.25;
/// Slow pressure waves (Mayer); the low-frequency peak of the RR spectrum (McSharry et al. 2003).
const MAYER_HZ: f64 = 0.1;
/// Flutter waves per second (300/min).
pub const FLUTTER_HZ: f64 = 5.0;
/// Interval of the sinus node whose P waves no beat answers, seconds (86/min).
const UNANSWERED_S: f64 = 0.7;
/// Shortest RR interval that the AV node lets through in atrial fibrillation, seconds.
const AV_REFRACTORY_S: f64 = 0.33;
/// Beats planned before the first sample, so that the first second begins in the middle of things.
const LEAD_IN_S: f64 = 4.0;

/// One beat to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlannedBeat {
    /// Middle of the QRS complex, seconds from the first sample; may lie outside the recording.
    pub time_s: f64,
    /// Where it comes from.
    pub shape: BeatShape,
    /// RR interval that the beat's P and T waves are adapted to, seconds.
    pub rr_s: f64,
    /// Size relative to the usual, about 1.
    pub size: f64,
    /// Seconds by which its PR interval is longer than usual.
    pub pr_more_s: f64,
    /// The rhythm it belongs to.
    pub rhythm: Rhythm,
}

/// All beats that reach into the recording, ordered by time. `options` are within their limits.
#[must_use]
pub fn plan(options: &SimulatorOptions) -> Vec<PlannedBeat> {
    let mut planner = Planner::new(options);
    while planner.time_s < options.duration_s + 2.0 {
        planner.step();
    }
    planner.beats.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    planner.beats
}

/// What drives the heart at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Driver {
    /// The rhythm.
    pub rhythm: Rhythm,
    /// Its mean RR interval, seconds.
    pub mean_rr_s: f64,
    /// Standard deviation of RR over its mean, where the options give one for this rhythm.
    pub rr_variability: Option<f64>,
}

/// The rhythm in force at a time.
#[must_use]
pub fn driver_at(options: &SimulatorOptions, time_s: f64) -> Driver {
    let change = options
        .changes
        .iter()
        .rev()
        .find(|change| change.at_s <= time_s);
    let (rhythm, rate, rr_variability) = match change {
        Some(change) => (change.rhythm, change.rate_per_min, None),
        None => (options.rhythm, options.rate_per_min, options.rr_variability),
    };
    Driver {
        rhythm,
        mean_rr_s: 60.0 / rate.unwrap_or(rhythm.usual_rate_per_min()),
        rr_variability,
    }
}

/// The state of the plan: the last beat of the underlying rhythm.
struct Planner<'a> {
    options: &'a SimulatorOptions,
    random: Random,
    beats: Vec<PlannedBeat>,
    /// Time of the next beat of the underlying rhythm.
    time_s: f64,
    /// Interval that led to it.
    rr_s: f64,
    /// Beats of the underlying rhythm since the last ectopic beat or pause.
    since_event: usize,
    next_ectopic: usize,
    /// Where the next P wave of atria that beat by themselves comes.
    atrial_s: f64,
    phases: [f64; 2],
}

impl<'a> Planner<'a> {
    fn new(options: &'a SimulatorOptions) -> Self {
        let mut random = Random::stream(options.seed, "beats");
        let rr_s = driver_at(options, 0.0).mean_rr_s;
        let phases = [random.between(0.0, TAU), random.between(0.0, TAU)];
        // The first beat inside the recording falls a little after its start.
        let before = (LEAD_IN_S / rr_s).ceil() * rr_s;
        let time_s = random.between(0.35, 0.6) - before;
        Self {
            options,
            random,
            beats: Vec::new(),
            time_s,
            rr_s,
            since_event: 0,
            next_ectopic: 0,
            atrial_s: time_s,
            phases,
        }
    }

    /// Places the beat at `time_s`, what is provoked by it, and moves on to the next.
    fn step(&mut self) {
        let driver = driver_at(self.options, self.time_s);
        let (rhythm, mean_rr_s) = (driver.rhythm, driver.mean_rr_s);
        let shape = match rhythm {
            Rhythm::AtrialFibrillation
            | Rhythm::AtrialFlutter
            | Rhythm::CompleteBlock
            | Rhythm::SupraventricularTachycardia => BeatShape::Conducted,
            Rhythm::VentricularTachycardia | Rhythm::Paced => BeatShape::Ventricular,
            Rhythm::Wenckebach | Rhythm::MobitzTwo | Rhythm::TwoToOne => {
                self.conduct(driver);
                return;
            }
            Rhythm::Sinus
            | Rhythm::Bradycardia
            | Rhythm::Tachycardia
            | Rhythm::PrematureVentricular
            | Rhythm::Bigeminy
            | Rhythm::Trigeminy
            | Rhythm::PrematureAtrial
            | Rhythm::Pause => BeatShape::Sinus,
        };
        // Recovery follows the recent mean rate more than the last interval.
        let adapted_rr_s = 0.7 * mean_rr_s + 0.3 * self.rr_s.min(1.5 * mean_rr_s);
        self.place(self.time_s, shape, adapted_rr_s, rhythm);
        self.since_event += 1;
        let (next_s, rr_s) = match shape {
            BeatShape::Sinus | BeatShape::Atrial => self.after_sinus(driver),
            BeatShape::Conducted | BeatShape::Ventricular | BeatShape::Blocked => {
                let rr_s = self.driven_interval(driver);
                if rhythm == Rhythm::CompleteBlock {
                    self.beat_unanswered(driver, self.time_s + rr_s);
                }
                (self.time_s + rr_s, rr_s)
            }
        };
        (self.time_s, self.rr_s) = (next_s, rr_s);
    }

    fn place(&mut self, time_s: f64, shape: BeatShape, rr_s: f64, rhythm: Rhythm) {
        let breath = 0.025 * (TAU * RESPIRATION_HZ * time_s + self.phases[1]).sin();
        let smaller = if self.beats.len() % 2 == 1 {
            self.options.alternans
        } else {
            0.0
        };
        let size = 1.0 + breath + 0.012 * self.random.normal().clamp(-3.0, 3.0) - smaller;
        self.beats.push(PlannedBeat {
            time_s,
            shape,
            rr_s,
            size,
            pr_more_s: 0.0,
            rhythm,
        });
    }

    /// A beat of the sinus node that the AV node conducts late or not at all; `time_s` is where its QRS complex would lie
    /// with the usual PR interval.
    fn conduct(&mut self, driver: Driver) {
        let (every, more_s): (usize, &[f64]) = match driver.rhythm {
            Rhythm::Wenckebach => (4, &[0.0, 0.09, 0.14]),
            Rhythm::MobitzTwo => (4, &[0.0]),
            _ => (2, &[0.0]),
        };
        self.since_event += 1;
        let place = (self.since_event - 1) % every;
        let more_s = more_s.get(place).or(more_s.last()).copied().unwrap_or(0.0);
        let (shape, more_s) = if place + 1 == every {
            (BeatShape::Blocked, 0.0)
        } else {
            (BeatShape::Sinus, more_s)
        };
        self.place(self.time_s + more_s, shape, driver.mean_rr_s, driver.rhythm);
        if let Some(beat) = self.beats.last_mut() {
            beat.pr_more_s = more_s;
        }
        let rr_s = self.sinus_interval(driver);
        (self.time_s, self.rr_s) = (self.time_s + rr_s, rr_s);
    }

    /// The atria beat on by themselves up to a time.
    fn beat_unanswered(&mut self, driver: Driver, to_s: f64) {
        let mut at_s = self.atrial_s.max(self.time_s);
        while at_s < to_s {
            self.place(at_s, BeatShape::Blocked, UNANSWERED_S, driver.rhythm);
            at_s += self.sinus_interval(Driver {
                mean_rr_s: UNANSWERED_S,
                ..driver
            });
        }
        self.atrial_s = at_s;
    }

    /// Time of the next sinus beat and the interval before it, with an ectopic beat or a pause between where one is due.
    fn after_sinus(&mut self, driver: Driver) -> (f64, f64) {
        let (rhythm, mean_rr_s) = (driver.rhythm, driver.mean_rr_s);
        let now_s = self.time_s;
        let rr_s = self.sinus_interval(driver);
        if rhythm == Rhythm::Pause && self.is_due(4, 0.3, 8) {
            self.since_event = 0;
            let pause_s = self.random.between(2.6, 3.4).max(2.0 * rr_s);
            return (now_s + pause_s, rr_s);
        }
        match self.due_ectopic(rhythm, now_s, rr_s) {
            Some(EctopicOrigin::Ventricular) => {
                self.since_event = 0;
                let at_s = now_s + rr_s * self.random.between(0.55, 0.6);
                self.place(at_s, BeatShape::Ventricular, mean_rr_s, rhythm);
                // The sinus node goes on undisturbed, its next beat finds the ventricles refractory:
                // a full compensatory pause.
                (now_s + rr_s + self.sinus_interval(driver), rr_s)
            }
            Some(EctopicOrigin::Atrial) => {
                self.since_event = 0;
                let at_s = now_s + rr_s * self.random.between(0.64, 0.7);
                self.place(at_s, BeatShape::Atrial, mean_rr_s, rhythm);
                (at_s + 1.08 * rr_s, rr_s)
            }
            None => (now_s + rr_s, rr_s),
        }
    }

    /// Whether an event that needs `rest` beats between, comes by chance and at the latest after `limit` beats, is due.
    fn is_due(&mut self, rest: usize, probability: f64, limit: usize) -> bool {
        let by_chance = self.random.chance(probability);
        self.since_event >= limit || (self.since_event >= rest && by_chance)
    }

    fn due_ectopic(&mut self, rhythm: Rhythm, now_s: f64, rr_s: f64) -> Option<EctopicOrigin> {
        if let Some(ectopic) = self.options.ectopics.get(self.next_ectopic).copied()
            && ectopic.at_s <= now_s + 0.6 * rr_s
        {
            self.next_ectopic += 1;
            return Some(ectopic.origin);
        }
        let due = match rhythm {
            Rhythm::PrematureVentricular | Rhythm::PrematureAtrial => self.is_due(4, 0.25, 9),
            Rhythm::Bigeminy => true,
            Rhythm::Trigeminy => self.since_event >= 2,
            Rhythm::Sinus
            | Rhythm::Bradycardia
            | Rhythm::Tachycardia
            | Rhythm::Pause
            | Rhythm::AtrialFibrillation
            | Rhythm::AtrialFlutter
            | Rhythm::SupraventricularTachycardia
            | Rhythm::VentricularTachycardia
            | Rhythm::Wenckebach
            | Rhythm::MobitzTwo
            | Rhythm::TwoToOne
            | Rhythm::CompleteBlock
            | Rhythm::Paced => false,
        };
        due.then_some(match rhythm {
            Rhythm::PrematureAtrial => EctopicOrigin::Atrial,
            _ => EctopicOrigin::Ventricular,
        })
    }

    /// An interval of the sinus node: two slow waves (RR spectrum of McSharry et al. 2003) and a little chance.
    fn sinus_interval(&mut self, driver: Driver) -> f64 {
        let mean_rr_s = driver.mean_rr_s;
        // Faster hearts vary less; 3.5 % at 60/min.
        let usual = 0.035 * mean_rr_s.clamp(0.2, 1.0);
        let sd = driver.rr_variability.unwrap_or(usual);
        let slow = (TAU * MAYER_HZ * self.time_s + self.phases[0]).sin();
        let breath = (TAU * RESPIRATION_HZ * self.time_s + self.phases[1]).sin();
        let chance = self.random.normal().clamp(-3.0, 3.0);
        // Variances 0.45 + 0.45 + 0.1: a sine of amplitude a has variance a²/2.
        let deviation = 0.9_f64.sqrt() * (slow + breath) + 0.1_f64.sqrt() * chance;
        mean_rr_s * (1.0 + sd * deviation).clamp(0.4, 1.8)
    }

    /// An interval of a rhythm that the sinus node does not drive.
    fn driven_interval(&mut self, driver: Driver) -> f64 {
        let mean_rr_s = driver.mean_rr_s;
        match driver.rhythm {
            Rhythm::AtrialFibrillation => self.fibrillation_interval(driver),
            Rhythm::AtrialFlutter => {
                // The AV node conducts whole waves: every so-manieth, or as chance has it where RR is to vary.
                let ratio = mean_rr_s * FLUTTER_HZ;
                let drawn = match driver.rr_variability {
                    Some(sd) if sd > 0.0 => {
                        let chance = self.random.normal().clamp(-2.0, 2.0);
                        (ratio * (1.0 + sd * chance)).max(2.0_f64.min(ratio))
                    }
                    _ => ratio,
                };
                drawn.round().max(1.0) / FLUTTER_HZ
            }
            _ => {
                let sd = driver.rr_variability.unwrap_or(0.006);
                mean_rr_s * (1.0 + sd * self.random.normal().clamp(-3.0, 3.0))
            }
        }
    }

    /// Independent intervals, log-normal above the AV node's refractory time: no serial order, longer tail to the right,
    /// as RR histograms of atrial fibrillation show (coefficient of variation about 0.2;
    /// Bootsma et al., Circulation 41:783, 1970).
    fn fibrillation_interval(&mut self, driver: Driver) -> f64 {
        let mean_rr_s = driver.mean_rr_s;
        let sd = driver.rr_variability.unwrap_or(0.22) * mean_rr_s;
        let floor_s = AV_REFRACTORY_S.min(0.6 * mean_rr_s);
        let above_s = mean_rr_s - floor_s;
        let log_variance = (1.0 + (sd / above_s).powi(2)).ln();
        let normal = self.random.normal().clamp(-2.5, 2.5);
        floor_s + above_s * (log_variance.sqrt() * normal - 0.5 * log_variance).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intervals(options: &SimulatorOptions) -> Vec<f64> {
        plan(options)
            .windows(2)
            .map(|pair| pair[1].time_s - pair[0].time_s)
            .collect()
    }

    fn mean_and_variation(values: &[f64]) -> (f64, f64) {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64;
        (mean, variance.sqrt() / mean)
    }

    #[test]
    fn sinus_intervals_keep_the_rate_and_vary_as_asked() {
        let options = SimulatorOptions {
            rate_per_min: Some(60.0),
            rr_variability: Some(0.05),
            duration_s: 1200.0,
            ..SimulatorOptions::default()
        };
        let (mean, variation) = mean_and_variation(&intervals(&options));
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!((variation - 0.05).abs() < 0.008, "{variation}");
    }

    #[test]
    fn fibrillation_is_irregular_without_serial_order() {
        let options = SimulatorOptions {
            rhythm: Rhythm::AtrialFibrillation,
            rate_per_min: Some(80.0),
            duration_s: 3000.0,
            ..SimulatorOptions::default()
        };
        let intervals = intervals(&options);
        let (mean, variation) = mean_and_variation(&intervals);
        assert!((mean - 0.75).abs() < 0.02, "{mean}");
        assert!((0.17..0.27).contains(&variation), "{variation}");
        let serial = intervals
            .windows(2)
            .map(|pair| (pair[0] - mean) * (pair[1] - mean))
            .sum::<f64>()
            / (intervals.len() as f64 * (variation * mean).powi(2));
        assert!(serial.abs() < 0.06, "{serial}");
        assert!(intervals.iter().all(|&rr| rr > 0.32));
    }

    #[test]
    fn a_ventricular_beat_is_followed_by_a_full_compensatory_pause() {
        let options = SimulatorOptions {
            ectopics: vec![super::super::options::Ectopic {
                at_s: 5.0,
                origin: EctopicOrigin::Ventricular,
            }],
            rr_variability: Some(0.0),
            rate_per_min: Some(75.0),
            ..SimulatorOptions::default()
        };
        let beats = plan(&options);
        let at = beats
            .iter()
            .position(|beat| beat.shape == BeatShape::Ventricular)
            .unwrap();
        assert!(beats[at].time_s > 4.5 && beats[at].time_s < 6.5);
        let around = beats[at + 1].time_s - beats[at - 1].time_s;
        assert!((around - 1.6).abs() < 1e-9, "{around}");
        assert_eq!(
            beats
                .iter()
                .filter(|beat| beat.shape == BeatShape::Ventricular)
                .count(),
            1
        );
    }

    #[test]
    fn flutter_conducts_at_a_whole_ratio() {
        let options = SimulatorOptions {
            rhythm: Rhythm::AtrialFlutter,
            ..SimulatorOptions::default()
        };
        assert!(intervals(&options).iter().all(|rr| (rr - 0.8).abs() < 1e-9));
        let varying = intervals(&SimulatorOptions {
            rr_variability: Some(0.25),
            ..options
        });
        let ratios: Vec<f64> = varying.iter().map(|rr| rr * FLUTTER_HZ).collect();
        assert!(
            ratios
                .iter()
                .all(|r| (r - r.round()).abs() < 1e-6 && *r > 1.9)
        );
        let counted = |ratio: f64| ratios.iter().filter(|r| (*r - ratio).abs() < 0.1).count();
        assert!(
            counted(3.0) > 3 && counted(4.0) > 3 && counted(5.0) > 3,
            "{ratios:?}"
        );
    }

    #[test]
    fn pauses_are_longer_than_two_and_a_half_seconds() {
        let options = SimulatorOptions {
            rhythm: Rhythm::Pause,
            duration_s: 60.0,
            ..SimulatorOptions::default()
        };
        let pauses = intervals(&options)
            .into_iter()
            .filter(|&rr| rr > 2.5)
            .count();
        assert!(pauses >= 4, "{pauses}");
    }
}
