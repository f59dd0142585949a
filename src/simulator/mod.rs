//! Recordings with known truth: beats, waves, rhythm and noise, all from a seed.
//!
//! [`simulate`] takes [`SimulatorOptions`] and returns a [`Simulation`]: a [`Recording`] with WFDB marks,
//! and the [`Truth`] it was made from. The model is described in [`shape`] (waves and leads) and
//! [`timeline`] (rhythms).

mod noise;
mod options;
mod presets;
mod random;
pub mod shape;
pub mod timeline;
mod truth;

pub use options::{
    Ectopic, EctopicOrigin, Noise, NoiseKind, Rhythm, RhythmChange, SimulatorOptions,
};
pub use presets::{example, example_options, named, twelve_leads};
pub use random::Random;
pub use truth::{TrueBeat, TrueNoise, TrueRhythm, TrueWave, Truth};

use crate::recording::{Annotation, BeatCode, Lead, LeadName, Recording, Samples, Scale, Source};
use shape::{BeatShape, Complex, Dipole, QrsBorders, Wave, projection, seen};
use std::f64::consts::TAU;
use std::ops::Range;
use timeline::PlannedBeat;

/// A simulated recording and what it was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// The recording; counts of 16 bit, marks in WFDB's codes.
    pub recording: Recording,
    /// What is known of it.
    pub truth: Truth,
}

/// Simulates a recording. Options beyond their ranges are brought into them.
#[must_use]
pub fn simulate(options: &SimulatorOptions) -> Simulation {
    let options = options.within_limits();
    let beats = timeline::plan(&options);
    let drawing = Drawing::new(&options);
    let truth = Truth {
        beats: drawing.true_beats(&beats),
        lone_p: drawing.lone_p(&beats),
        rhythms: true_rhythms(&options),
        noise: true_noise(&options),
    };
    let leads = drawing.leads(&beats, &truth);
    let recording = Recording {
        leads,
        start: None,
        source: Source {
            format: "simulator".to_owned(),
            recognised_by: "recognised-simulator".to_owned(),
            name: "simulation".to_owned(),
            device: Some("einthoven simulator".to_owned()),
            ..Source::default()
        },
        annotations: annotations(&truth, options.sample_rate_hz),
        notes: Vec::new(),
    };
    Simulation { recording, truth }
}

/// What all beats share: scale, borders of the QRS complex by shape, and the leads.
struct Drawing<'a> {
    options: &'a SimulatorOptions,
    samples: usize,
    /// Millivolts per unit of the model, negative when the electrodes are swapped.
    scale: f64,
    normal: QrsBorders,
    ventricular: QrsBorders,
}

impl<'a> Drawing<'a> {
    fn new(options: &'a SimulatorOptions) -> Self {
        let views: Vec<Dipole> = options.leads.iter().map(|&lead| projection(lead)).collect();
        let normal = shape::qrs_borders(BeatShape::Sinus, &views);
        let ventricular = shape::qrs_borders(BeatShape::Ventricular, &views);
        let sign = if options.inverted { -1.0 } else { 1.0 };
        Self {
            options,
            samples: (options.duration_s * options.sample_rate_hz).round() as usize,
            scale: sign * options.amplitude_mv / normal.peak.abs(),
            normal,
            ventricular,
        }
    }

    fn borders(&self, shape: BeatShape) -> &QrsBorders {
        match shape {
            BeatShape::Ventricular => &self.ventricular,
            BeatShape::Sinus | BeatShape::Atrial | BeatShape::Conducted | BeatShape::Blocked => {
                &self.normal
            }
        }
    }

    fn complex(&self, beat: &PlannedBeat) -> Complex {
        Complex::new(
            beat.shape,
            beat.rr_s,
            self.options.p_scale,
            self.options.t_scale,
        )
        .with_p_earlier_by(beat.pr_more_s)
    }

    /// The beats whose peak lies within the recording.
    fn true_beats(&self, beats: &[PlannedBeat]) -> Vec<TrueBeat> {
        beats
            .iter()
            .filter(|beat| beat.shape != BeatShape::Blocked)
            .map(|beat| self.true_beat(beat))
            .filter(|beat| beat.time_s >= 0.0 && beat.sample < self.samples)
            .collect()
    }

    /// The P waves within the recording that no QRS complex answers.
    fn lone_p(&self, beats: &[PlannedBeat]) -> Vec<TrueWave> {
        beats
            .iter()
            .filter(|beat| beat.shape == BeatShape::Blocked)
            .filter_map(|beat| self.true_beat(beat).p)
            .filter(|p| p.onset_s >= 0.0 && p.end_s <= self.options.duration_s)
            .collect()
    }

    fn true_beat(&self, beat: &PlannedBeat) -> TrueBeat {
        let complex = self.complex(beat);
        let borders = self.borders(beat.shape);
        let marked = |wave: &Wave| {
            let (onset_s, end_s) = shape::borders(wave);
            TrueWave {
                onset_s: beat.time_s + onset_s,
                peak_s: beat.time_s + wave.centre_s,
                end_s: beat.time_s + end_s,
            }
        };
        let (class, symbol) = class_of(beat);
        let time_s = beat.time_s + borders.peak_s;
        TrueBeat {
            time_s,
            sample: (time_s * self.options.sample_rate_hz).round().max(0.0) as usize,
            class,
            symbol,
            p: complex.p.as_ref().map(marked),
            qrs: TrueWave {
                onset_s: beat.time_s + borders.onset_s,
                peak_s: time_s,
                end_s: beat.time_s + borders.end_s,
            },
            t: (self.options.t_scale != 0.0).then(|| marked(&complex.t)),
        }
    }

    /// The leads in the order asked for. Derived limb leads are computed from the counts of I and II, so that
    /// III = II - I holds exactly and the augmented leads hold to rounding.
    fn leads(&self, beats: &[PlannedBeat], truth: &Truth) -> Vec<Lead> {
        let derives = self
            .options
            .leads
            .iter()
            .any(|lead| limb_weights(*lead).is_some());
        let limb = derives.then(|| {
            (
                self.counts(LeadName::I, beats, truth),
                self.counts(LeadName::II, beats, truth),
            )
        });
        self.options
            .leads
            .iter()
            .map(|&lead| {
                let counts = match (limb_weights(lead), &limb) {
                    (Some((of_i, of_ii)), Some((i, ii))) => i
                        .iter()
                        .zip(ii)
                        .map(|(&i, &ii)| to_count(of_i * f64::from(i) + of_ii * f64::from(ii)))
                        .collect(),
                    _ => self.counts(lead, beats, truth),
                };
                let scale = Scale {
                    gain: self.options.gain_per_mv,
                    baseline: 0.0,
                };
                Lead::ecg(
                    lead.label(),
                    self.options.sample_rate_hz,
                    Samples::from_i16(counts, scale),
                )
            })
            .collect()
    }

    fn counts(&self, lead: LeadName, beats: &[PlannedBeat], truth: &Truth) -> Vec<i16> {
        let mut trace_mv = vec![0.0; self.samples];
        let view = projection(lead);
        for beat in beats {
            self.draw_beat(beat, view, &mut trace_mv);
        }
        self.draw_atria(truth, view, &mut trace_mv);
        self.disturb(lead, truth, &mut trace_mv);
        let gain = self.options.gain_per_mv;
        trace_mv.into_iter().map(|mv| to_count(mv * gain)).collect()
    }

    fn draw_beat(&self, beat: &PlannedBeat, view: Dipole, trace_mv: &mut [f64]) {
        let complex = self.complex(beat);
        let waves = complex.qrs.iter().chain(&complex.p).chain([&complex.t]);
        let rate_hz = self.options.sample_rate_hz;
        if beat.rhythm == Rhythm::Paced {
            self.draw_spike(beat, view, trace_mv);
        }
        for wave in waves {
            let peak_mv = self.scale * beat.size * seen(wave.dipole, view);
            // Beyond 5 standard deviations a Gaussian is below 4 millionths of its peak.
            let from_s = beat.time_s + wave.centre_s - 5.0 * wave.rise_s;
            let to_s = beat.time_s + wave.centre_s + 5.0 * wave.fall_s;
            let range = self.samples_between(from_s, to_s);
            let first = range.start;
            for (offset, value) in trace_mv[range].iter_mut().enumerate() {
                let time_s = (first + offset) as f64 / rate_hz - beat.time_s;
                *value += peak_mv * wave.share(time_s);
            }
        }
    }

    /// The pulse of a pacemaker, 1 ms or one sample long, before the QRS complex it brings about.
    fn draw_spike(&self, beat: &PlannedBeat, view: Dipole, trace_mv: &mut [f64]) {
        const SPIKE: Dipole = [0.5, -1.6, -0.4];
        const LENGTH_S: f64 = 0.001;
        let from_s = beat.time_s + self.ventricular.onset_s - 0.004;
        let rate_hz = self.options.sample_rate_hz;
        let range = self.samples_between(from_s, from_s + LENGTH_S.max(1.0 / rate_hz));
        for value in &mut trace_mv[range] {
            *value += self.scale * seen(SPIKE, view);
        }
    }

    /// Adds f and F waves where the atria fibrillate or flutter.
    fn draw_atria(&self, truth: &Truth, view: Dipole, trace_mv: &mut [f64]) {
        let mut random = Random::stream(self.options.seed, "atria");
        let fibrillation = Fibrillation::new(&mut random);
        let strength = self.scale * self.options.f_scale;
        for span in &truth.rhythms {
            let dipole_at: &dyn Fn(f64) -> Dipole = match span.rhythm {
                Rhythm::AtrialFibrillation => &|time_s| fibrillation.dipole(time_s),
                Rhythm::AtrialFlutter => &flutter_dipole,
                _ => continue,
            };
            let range = self.samples_between(span.from_s, span.to_s);
            let first = range.start;
            for (offset, value) in trace_mv[range].iter_mut().enumerate() {
                let time_s = (first + offset) as f64 / self.options.sample_rate_hz;
                // Fades in over 0.2 s: a step would be a wave of its own.
                let fade = if span.from_s > 0.0 {
                    ((time_s - span.from_s) / 0.2).clamp(0.0, 1.0)
                } else {
                    1.0
                };
                *value += strength * fade * seen(dipole_at(time_s), view);
            }
        }
    }

    fn disturb(&self, lead: LeadName, truth: &Truth, trace_mv: &mut [f64]) {
        let signal_power = (self.scale * self.normal.span).powi(2) / 8.0;
        for (number, noise) in truth.noise.iter().enumerate() {
            let label = format!("{} {number} {}", noise.kind.name(), lead.label());
            let mut random = Random::stream(self.options.seed, &label);
            let range = self.samples_between(noise.from_s, noise.to_s);
            let rms_mv = (signal_power / 10_f64.powf(noise.snr_db / 10.0)).sqrt();
            let added = noise::disturbance(
                noise.kind,
                range.len(),
                self.options.sample_rate_hz,
                &mut random,
            );
            for (value, disturbance) in trace_mv[range].iter_mut().zip(added) {
                *value += rms_mv * disturbance;
            }
        }
    }

    /// Samples from the first at or after `from_s` to before `to_s`, cut to the recording.
    fn samples_between(&self, from_s: f64, to_s: f64) -> Range<usize> {
        let rate_hz = self.options.sample_rate_hz;
        let start = ((from_s * rate_hz).ceil().max(0.0) as usize).min(self.samples);
        let end = ((to_s * rate_hz).ceil().max(0.0) as usize).clamp(start, self.samples);
        start..end
    }
}

/// Weights of I and II in a derived limb lead (Einthoven 1913, Goldberger 1942).
fn limb_weights(lead: LeadName) -> Option<(f64, f64)> {
    match lead {
        LeadName::III => Some((-1.0, 1.0)),
        LeadName::AVR => Some((-0.5, -0.5)),
        LeadName::AVL => Some((1.0, -0.5)),
        LeadName::AVF => Some((-0.5, 1.0)),
        LeadName::I
        | LeadName::II
        | LeadName::V1
        | LeadName::V2
        | LeadName::V3
        | LeadName::V4
        | LeadName::V5
        | LeadName::V6 => None,
    }
}

/// The converter: nearest count, saturating at 16 bit as a real one does.
fn to_count(value: f64) -> i16 {
    value
        .round()
        .clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

/// Fibrillating atria: a wave of three harmonics whose rate and size drift (the form of Stridh and Sörnmo, IEEE Trans
/// Biomed Eng 48:105, 2001, with our own sizes), with another phase in each direction of space.
struct Fibrillation {
    rate_hz: f64,
    phases: [f64; 4],
}

impl Fibrillation {
    fn new(random: &mut Random) -> Self {
        Self {
            rate_hz: random.between(5.2, 7.2),
            phases: std::array::from_fn(|_| random.between(0.0, TAU)),
        }
    }

    fn dipole(&self, time_s: f64) -> Dipole {
        const SIZE: Dipole = [0.055, 0.04, -0.08];
        // The instantaneous rate swings by 0.4 Hz every 7 s; the phase is its integral.
        let drift = 0.4 / 0.14 * (TAU * 0.14 * time_s + self.phases[3]).sin();
        let swell = 1.0 + 0.3 * (TAU * 0.37 * time_s + self.phases[3]).sin();
        std::array::from_fn(|axis| {
            let angle = TAU * self.rate_hz * time_s + drift + self.phases[axis];
            let wave = angle.sin() + 0.3 * (2.0 * angle).sin() + 0.08 * (3.0 * angle).sin();
            SIZE[axis] * swell * wave
        })
    }
}

/// Fluttering atria: one large re-entry wave, steep one way and slow the other, negative in the inferior leads.
fn flutter_dipole(time_s: f64) -> Dipole {
    const SIZE: Dipole = [0.06, -0.22, -0.18];
    let angle = TAU * timeline::FLUTTER_HZ * time_s;
    let sawtooth: f64 = (1..=4)
        .map(|harmonic| {
            let order = f64::from(harmonic);
            2.0 / (order * std::f64::consts::PI) * (order * angle).sin()
        })
        .sum();
    SIZE.map(|size| size * sawtooth)
}

fn class_of(beat: &PlannedBeat) -> (BeatCode, &'static str) {
    match beat.shape {
        BeatShape::Ventricular if beat.rhythm == Rhythm::Paced => (BeatCode::Q, "/"),
        BeatShape::Ventricular => (BeatCode::V, "V"),
        BeatShape::Atrial => (BeatCode::S, "A"),
        BeatShape::Conducted if beat.rhythm == Rhythm::SupraventricularTachycardia => {
            (BeatCode::S, "A")
        }
        BeatShape::Conducted | BeatShape::Sinus | BeatShape::Blocked => (BeatCode::N, "N"),
    }
}

fn true_rhythms(options: &SimulatorOptions) -> Vec<TrueRhythm> {
    let first = timeline::driver_at(options, 0.0).rhythm;
    let mut rhythms = vec![TrueRhythm {
        from_s: 0.0,
        to_s: options.duration_s,
        rhythm: first,
    }];
    for change in &options.changes {
        if change.at_s <= 0.0 || change.at_s >= options.duration_s {
            continue;
        }
        if let Some(last) = rhythms.last_mut() {
            last.to_s = change.at_s;
        }
        rhythms.push(TrueRhythm {
            from_s: change.at_s,
            to_s: options.duration_s,
            rhythm: change.rhythm,
        });
    }
    rhythms
}

fn true_noise(options: &SimulatorOptions) -> Vec<TrueNoise> {
    let whole = 0.0..options.duration_s;
    options
        .noise
        .iter()
        .map(|noise| {
            let span = noise.span_s.as_ref().unwrap_or(&whole);
            TrueNoise {
                from_s: span.start.max(0.0),
                to_s: span.end.min(options.duration_s),
                kind: noise.kind,
                snr_db: noise.snr_db,
            }
        })
        .collect()
}

/// A disturbance this strong or stronger is marked in the recording, decibels.
const MARKED_NOISE_DB: f64 = 18.0;

/// The truth as marks of a WFDB annotator: beats, `+` for rhythms, `~` where noise begins (subtype 1) and ends (0).
fn annotations(truth: &Truth, rate_hz: f64) -> Vec<Annotation> {
    let mark = |time_s: f64, code: &str, subtype: i8, text: &str| Annotation {
        time_s,
        sample: (time_s * rate_hz).round() as u64,
        code: code.to_owned(),
        subtype,
        channel: 0,
        number: 0,
        text: text.to_owned(),
    };
    let beats = truth
        .beats
        .iter()
        .map(|beat| mark(beat.time_s, beat.symbol, 0, ""));
    let rhythms = truth
        .rhythms
        .iter()
        .map(|span| mark(span.from_s, "+", 0, span.rhythm.wfdb_text()));
    let noise = truth
        .noise
        .iter()
        .filter(|noise| noise.snr_db <= MARKED_NOISE_DB && noise.to_s > noise.from_s)
        .flat_map(|noise| [mark(noise.from_s, "~", 1, ""), mark(noise.to_s, "~", 0, "")]);
    let mut marks: Vec<Annotation> = rhythms.chain(noise).chain(beats).collect();
    marks.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    marks
}

#[cfg(test)]
mod tests;
