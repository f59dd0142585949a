//! Disturbances of the trace at a chosen strength.

use super::options::NoiseKind;
use super::random::Random;
use std::f64::consts::TAU;

/// `samples` of a disturbance with a root mean square of 1.
#[must_use]
pub fn disturbance(kind: NoiseKind, samples: usize, rate_hz: f64, random: &mut Random) -> Vec<f64> {
    let mut noise = match kind {
        NoiseKind::Wander => wander(samples, rate_hz, random),
        NoiseKind::Mains { hz } => mains(samples, rate_hz, hz, random),
        NoiseKind::Muscle => muscle(samples, rate_hz, random),
        NoiseKind::Motion => motion(samples, rate_hz, random),
    };
    let power = noise.iter().map(|x| x * x).sum::<f64>() / samples.max(1) as f64;
    if power > 0.0 {
        let factor = 1.0 / power.sqrt();
        noise.iter_mut().for_each(|x| *x *= factor);
    }
    noise
}

/// Six sines from 0.05 to 0.5 Hz, the slower the larger.
fn wander(samples: usize, rate_hz: f64, random: &mut Random) -> Vec<f64> {
    let sines: Vec<(f64, f64, f64)> = (0..6)
        .map(|k| {
            let hz = 0.05 + 0.08 * f64::from(k) + random.between(0.0, 0.05);
            (hz, 0.15 / (0.1 + hz), random.between(0.0, TAU))
        })
        .collect();
    (0..samples)
        .map(|index| {
            let time_s = index as f64 / rate_hz;
            sines
                .iter()
                .map(|(hz, size, phase)| size * (TAU * hz * time_s + phase).sin())
                .sum()
        })
        .collect()
}

/// A sine with a tenth of its third harmonic, where the sampling rate can hold them.
fn mains(samples: usize, rate_hz: f64, hz: f64, random: &mut Random) -> Vec<f64> {
    let phase = random.between(0.0, TAU);
    let third = if 3.0 * hz < 0.5 * rate_hz { 0.1 } else { 0.0 };
    (0..samples)
        .map(|index| {
            let angle = TAU * hz * index as f64 / rate_hz + phase;
            angle.sin() + third * (3.0 * angle).sin()
        })
        .collect()
}

/// White noise through a first-order high pass at 20 Hz, with a strength that swells and fades as muscles do
/// and takes 0.2 s to come and go.
fn muscle(samples: usize, rate_hz: f64, random: &mut Random) -> Vec<f64> {
    let keep = 1.0 / (1.0 + TAU * 20.0 / rate_hz);
    let (mut last_in, mut last_out) = (0.0, 0.0);
    let phase = random.between(0.0, TAU);
    (0..samples)
        .map(|index| {
            let input = random.normal();
            last_out = keep * (last_out + input - last_in);
            last_in = input;
            let swell = 1.0 + 0.35 * (TAU * 0.7 * index as f64 / rate_hz + phase).sin();
            let from_edge_s = index.min(samples - index) as f64 / rate_hz;
            last_out * swell * (from_edge_s / 0.2).min(1.0)
        })
        .collect()
}

/// Bursts of 0.3 to 1.2 s about every two seconds: a jerk that decays while it swings.
fn motion(samples: usize, rate_hz: f64, random: &mut Random) -> Vec<f64> {
    let mut noise = vec![0.0; samples];
    let mut start_s = random.between(0.0, 0.5);
    let end_s = samples as f64 / rate_hz;
    while start_s < end_s {
        let length_s = random.between(0.3, 1.2);
        let size = random.between(0.5, 1.5) * if random.chance(0.5) { 1.0 } else { -1.0 };
        let swing_hz = random.between(0.8, 3.0);
        let first = (start_s * rate_hz) as usize;
        let last = (((start_s + length_s) * rate_hz) as usize).min(samples);
        for (offset, value) in noise.iter_mut().enumerate().take(last).skip(first) {
            let time_s = (offset - first) as f64 / rate_hz;
            let envelope = (std::f64::consts::PI * time_s / length_s)
                .sin()
                .max(0.0)
                .sqrt();
            *value += size * envelope * (TAU * swing_hz * time_s).cos();
        }
        start_s += length_s + random.between(0.4, 2.2);
    }
    noise
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disturbance_has_unit_power() {
        for kind in [
            NoiseKind::Wander,
            NoiseKind::Mains { hz: 50.0 },
            NoiseKind::Muscle,
            NoiseKind::Motion,
        ] {
            let noise = disturbance(kind, 5000, 250.0, &mut Random::stream(3, "noise"));
            let power = noise.iter().map(|x| x * x).sum::<f64>() / 5000.0;
            assert!((power - 1.0).abs() < 1e-9, "{kind:?} {power}");
            assert!(disturbance(kind, 0, 250.0, &mut Random::stream(3, "noise")).is_empty());
        }
    }

    #[test]
    fn muscle_noise_has_little_below_5_hz() {
        let noise = disturbance(
            NoiseKind::Muscle,
            4000,
            500.0,
            &mut Random::stream(3, "noise"),
        );
        // A mean over 0.1 s lets pass what is slower than about 5 Hz.
        let slow: f64 = noise
            .chunks(50)
            .map(|chunk| (chunk.iter().sum::<f64>() / chunk.len() as f64).powi(2))
            .sum::<f64>()
            / 80.0;
        assert!(slow < 0.01, "{slow}");
    }
}
