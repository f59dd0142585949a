//! What to simulate.

use crate::recording::LeadName;
use std::ops::Range;

/// The heart's rhythm over a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rhythm {
    /// Sinus rhythm with respiratory variation.
    Sinus,
    /// Sinus rhythm at 45/min unless a rate is given.
    Bradycardia,
    /// Sinus rhythm at 130/min unless a rate is given.
    Tachycardia,
    /// Sinus rhythm with single premature ventricular beats.
    PrematureVentricular,
    /// Every second beat is a premature ventricular one.
    Bigeminy,
    /// Every third beat is a premature ventricular one.
    Trigeminy,
    /// Sinus rhythm with single premature atrial beats.
    PrematureAtrial,
    /// Sinus rhythm with pauses of 2.6 to 3.4 s.
    Pause,
    /// Atrial fibrillation: irregular, f waves instead of P waves.
    AtrialFibrillation,
    /// Atrial flutter: F waves at 300/min with regular conduction.
    AtrialFlutter,
    /// Regular narrow tachycardia without visible P waves, 180/min unless a rate is given.
    SupraventricularTachycardia,
    /// Regular wide tachycardia, 165/min unless a rate is given.
    VentricularTachycardia,
    /// Second-degree AV block, type I: PR grows over three beats, the fourth P wave is not conducted. The rate is that of
    /// the sinus node.
    Wenckebach,
    /// Second-degree AV block, type II: PR is constant, every fourth P wave is not conducted.
    MobitzTwo,
    /// Second-degree AV block in which every second P wave is not conducted.
    TwoToOne,
    /// Third-degree AV block: no P wave is conducted, a narrow escape rhythm at 40/min unless a rate is given, P waves at
    /// 86/min beside it.
    CompleteBlock,
    /// Paced from the right ventricle, 70/min, a spike before each wide beat.
    Paced,
}

impl Rhythm {
    /// All rhythms with the names that the command line takes.
    pub const NAMED: [(&'static str, Self); 17] = [
        ("sinus", Self::Sinus),
        ("bradycardia", Self::Bradycardia),
        ("tachycardia", Self::Tachycardia),
        ("pvc", Self::PrematureVentricular),
        ("bigeminy", Self::Bigeminy),
        ("trigeminy", Self::Trigeminy),
        ("pac", Self::PrematureAtrial),
        ("pause", Self::Pause),
        ("af", Self::AtrialFibrillation),
        ("flutter", Self::AtrialFlutter),
        ("svt", Self::SupraventricularTachycardia),
        ("vt", Self::VentricularTachycardia),
        ("wenckebach", Self::Wenckebach),
        ("mobitz-2", Self::MobitzTwo),
        ("two-to-one", Self::TwoToOne),
        ("complete-block", Self::CompleteBlock),
        ("paced", Self::Paced),
    ];

    /// The rhythm of a name of the command line, `None` for a name that is not in [`Rhythm::NAMED`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name.trim()))
            .map(|(_, rhythm)| rhythm)
    }

    /// Ventricular rate in beats per minute when none is given.
    #[must_use]
    pub fn usual_rate_per_min(self) -> f64 {
        match self {
            Self::Bradycardia => 45.0,
            Self::Tachycardia => 130.0,
            Self::AtrialFibrillation => 82.0,
            Self::AtrialFlutter => 75.0,
            Self::SupraventricularTachycardia => 180.0,
            Self::VentricularTachycardia => 165.0,
            Self::Paced => 70.0,
            Self::TwoToOne => 84.0,
            Self::CompleteBlock => 40.0,
            Self::Sinus
            | Self::PrematureVentricular
            | Self::Bigeminy
            | Self::Trigeminy
            | Self::PrematureAtrial
            | Self::Pause
            | Self::Wenckebach
            | Self::MobitzTwo => 68.0,
        }
    }

    /// WFDB's rhythm text (`(N`, `(AFIB`, …) as it stands in the auxiliary field of a `+` mark.
    #[must_use]
    pub fn wfdb_text(self) -> &'static str {
        match self {
            Self::Sinus
            | Self::Tachycardia
            | Self::PrematureVentricular
            | Self::PrematureAtrial
            | Self::Pause => "(N",
            Self::Bradycardia => "(SBR",
            Self::Bigeminy => "(B",
            Self::Trigeminy => "(T",
            Self::AtrialFibrillation => "(AFIB",
            Self::AtrialFlutter => "(AFL",
            Self::SupraventricularTachycardia => "(SVTA",
            Self::VentricularTachycardia => "(VT",
            Self::Wenckebach | Self::MobitzTwo | Self::TwoToOne => "(BII",
            // WFDB has no word for the block; the escape rhythm below it is nodal.
            Self::CompleteBlock => "(NOD",
            Self::Paced => "(P",
        }
    }
}

/// A change of rhythm at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RhythmChange {
    /// Seconds from the first sample; the first beat after it belongs to the new rhythm.
    pub at_s: f64,
    /// The new rhythm.
    pub rhythm: Rhythm,
    /// Its mean ventricular rate; `None` for the rhythm's usual one.
    pub rate_per_min: Option<f64>,
}

/// Origin of a premature beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EctopicOrigin {
    /// Wide, without P wave, followed by a full compensatory pause.
    Ventricular,
    /// Narrow, with an early P wave of another shape; the sinus node is reset.
    Atrial,
}

/// A premature beat asked for at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ectopic {
    /// The first moment that fits the coupling interval at or after this time (s) is taken.
    pub at_s: f64,
    /// Where it starts.
    pub origin: EctopicOrigin,
}

/// Kinds of disturbance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoiseKind {
    /// Baseline wander, 0.05 to 0.5 Hz.
    Wander,
    /// Mains hum at this frequency (50 or 60 Hz) with a little third harmonic.
    Mains {
        /// Frequency in hertz.
        hz: f64,
    },
    /// Muscle noise, broad band from 20 Hz up.
    Muscle,
    /// Motion artefact: bursts of slow, large deflections.
    Motion,
}

impl NoiseKind {
    /// Name in kebab-case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wander => "wander",
            Self::Mains { .. } => "mains",
            Self::Muscle => "muscle",
            Self::Motion => "motion",
        }
    }
}

/// One disturbance over a stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// What it is.
    pub kind: NoiseKind,
    /// Signal-to-noise ratio in decibels as the Noise Stress Test defines it (Moody, Muldrow and Mark,
    /// Computers in Cardiology 11:381, 1984): signal power is the squared peak-to-peak QRS amplitude over 8,
    /// noise power is the mean square within the stretch.
    pub snr_db: f64,
    /// Seconds from the first sample; `None` for the whole recording.
    pub span_s: Option<Range<f64>>,
}

impl Noise {
    /// A disturbance over the whole recording.
    #[must_use]
    pub fn throughout(kind: NoiseKind, snr_db: f64) -> Self {
        Self {
            kind,
            snr_db,
            span_s: None,
        }
    }

    /// A disturbance from `from_s` to `to_s`.
    #[must_use]
    pub fn during(kind: NoiseKind, snr_db: f64, from_s: f64, to_s: f64) -> Self {
        Self {
            kind,
            snr_db,
            span_s: Some(from_s..to_s),
        }
    }
}

/// What to simulate; [`Default`] is 30 s of clean sinus rhythm in lead I at 500 Hz.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatorOptions {
    /// Rhythm at the start.
    pub rhythm: Rhythm,
    /// Mean ventricular rate of that rhythm, 20 to 300/min; `None` for its usual one.
    pub rate_per_min: Option<f64>,
    /// Standard deviation of the RR intervals of that rhythm over their mean; `None` for its usual one.
    /// Later rhythms keep their own.
    pub rr_variability: Option<f64>,
    /// Later changes of rhythm, ordered by time.
    pub changes: Vec<RhythmChange>,
    /// Premature beats at given times, ordered by time; they need a sinus rhythm around them.
    pub ectopics: Vec<Ectopic>,
    /// Length in seconds, up to 24 h.
    pub duration_s: f64,
    /// Samples per second, 50 to 1000.
    pub sample_rate_hz: f64,
    /// Leads, the first being the one that amplitudes and R times refer to.
    pub leads: Vec<LeadName>,
    /// Height of the normal QRS complex in the first lead, millivolts.
    pub amplitude_mv: f64,
    /// Height of the P wave as a multiple of the usual one (0 = none).
    pub p_scale: f64,
    /// Height of the T wave as a multiple of the usual one (negative = inverted).
    pub t_scale: f64,
    /// Height of f and F waves as a multiple of the usual one.
    pub f_scale: f64,
    /// Every second beat is smaller by this share of the usual height, 0 to 1.
    pub alternans: f64,
    /// Electrodes swapped: everything upside down.
    pub inverted: bool,
    /// Disturbances.
    pub noise: Vec<Noise>,
    /// Counts per millivolt of the simulated converter, which holds 16 bit.
    pub gain_per_mv: f64,
    /// Same seed, same recording.
    pub seed: u64,
}

impl Default for SimulatorOptions {
    fn default() -> Self {
        Self {
            rhythm: Rhythm::Sinus,
            rate_per_min: None,
            rr_variability: None,
            changes: Vec::new(),
            ectopics: Vec::new(),
            duration_s: 30.0,
            sample_rate_hz: 500.0,
            leads: vec![LeadName::I],
            amplitude_mv: 1.0,
            p_scale: 1.0,
            t_scale: 1.0,
            f_scale: 1.0,
            alternans: 0.0,
            inverted: false,
            noise: Vec::new(),
            gain_per_mv: 1000.0,
            seed: 1,
        }
    }
}

impl SimulatorOptions {
    /// The same options with every number brought into its range, so that nothing asked for can hang or overflow.
    #[must_use]
    pub fn within_limits(&self) -> Self {
        let mut options = self.clone();
        options.duration_s = bounded(options.duration_s, 0.0, 86_400.0, 30.0);
        options.sample_rate_hz = bounded(options.sample_rate_hz, 50.0, 1000.0, 500.0);
        options.amplitude_mv = bounded(options.amplitude_mv, 0.0, 20.0, 1.0);
        options.gain_per_mv = bounded(options.gain_per_mv, 1.0, 100_000.0, 1000.0);
        options.p_scale = bounded(options.p_scale, -10.0, 10.0, 1.0);
        options.t_scale = bounded(options.t_scale, -10.0, 10.0, 1.0);
        options.f_scale = bounded(options.f_scale, 0.0, 10.0, 1.0);
        options.alternans = bounded(options.alternans, 0.0, 1.0, 0.0);
        options.rate_per_min = options
            .rate_per_min
            .map(|rate| bounded(rate, 20.0, 300.0, 70.0));
        options.rr_variability = options.rr_variability.map(|sd| bounded(sd, 0.0, 0.6, 0.03));
        for change in &mut options.changes {
            change.at_s = bounded(change.at_s, 0.0, f64::MAX, 0.0);
            change.rate_per_min = change
                .rate_per_min
                .map(|rate| bounded(rate, 20.0, 300.0, 70.0));
        }
        options.changes.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        options.ectopics.retain(|ectopic| ectopic.at_s.is_finite());
        options.ectopics.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        for noise in &mut options.noise {
            noise.snr_db = bounded(noise.snr_db, -40.0, 120.0, 20.0);
        }
        if options.leads.is_empty() {
            options.leads.push(LeadName::I);
        }
        options
    }
}

/// `value` within `low..=high`; `fallback` for what is no number.
fn bounded(value: f64, low: f64, high: f64, fallback: f64) -> f64 {
    if value.is_nan() {
        return fallback;
    }
    value.clamp(low, high)
}
