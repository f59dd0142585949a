//! Rules and network together: the rules say which waves there are, both where they begin and end.
//!
//! Of the combinations in `models/training/waves/card.md` it is "P and QRS mean, T averaged": with it all borders and the T
//! peak scatter less than by the rules alone on LUDB's leads I and II (records that the network had not heard) and on QTDB.
//! Whether a beat has a P wave stays with the rules, as the network invents some in atrial fibrillation.

use super::network::{Found, Seen};
use super::{Beat, BeatWaves, LEAST_FLANK_S, Wave};

/// Waves of both whose peaks (for the QRS the fiducial) are at most this far apart are the same, seconds.
const SAME_WAVE_S: f64 = 0.15;
/// A T wave's peak may lie this much before the end of the QRS, seconds.
const WITHIN_QRS_S: f64 = 0.02;
/// Confidence in a wave that only one of the two sees is at most this.
const ALONE: f64 = 0.5;

/// Moves the rules' waves halfway to those of the network; where the two see different T waves, or only the network sees
/// one, its T wave counts and the end of T is not clear. The order of fiducials is not looked at.
pub fn move_halfway(waves: &mut [BeatWaves], beats: &[Beat], seen: &Seen) {
    let times_s: Vec<f64> = waves.iter().map(|own| beats[own.beat].time_s).collect();
    let partners = |found: &[Found], wave: &dyn Fn(&BeatWaves) -> Option<Wave>| {
        let peaks_s: Vec<Option<f64>> = waves
            .iter()
            .zip(&times_s)
            .map(|(own, time_s)| Some(time_s + f64::from(wave(own)?.peak_s)))
            .collect();
        partners(&peaks_s, found)
    };
    let p = partners(&seen.p, &|own| own.p.ok());
    let qrs = partners(&seen.qrs, &|own| Some(own.qrs));
    let t = partners(&seen.t, &|own| own.t.ok());
    for (k, own) in waves.iter_mut().enumerate() {
        let time_s = times_s[k];
        if let (Ok(wave), Some(other)) = (&mut own.p, p[k]) {
            *wave = halfway(*wave, other, time_s);
        }
        if let Some(other) = qrs[k] {
            own.qrs = qrs_halfway(own.qrs, other, time_s);
        }
        if let (Ok(wave), Some(other)) = (&mut own.t, t[k]) {
            *wave = halfway(*wave, other, time_s);
        } else if let Some(other) = t_after(own, beats, seen) {
            own.t = Ok(alone(other, time_s));
            own.t_end_is_clear = false;
        }
    }
}

/// For each of the rules' peaks the network's wave that is the same: one to one, in seconds from the lead's start.
fn partners(peaks_s: &[Option<f64>], found: &[Found]) -> Vec<Option<Found>> {
    let nearest: Vec<Option<(usize, f64)>> = peaks_s
        .iter()
        .map(|peak_s| nearest(found, (*peak_s)?))
        .collect();
    let mut taken_by: Vec<Option<(usize, f64)>> = vec![None; found.len()];
    for (own, (other, apart_s)) in nearest
        .iter()
        .enumerate()
        .filter_map(|(own, other)| Some((own, (*other)?)))
    {
        if taken_by[other].is_none_or(|(_, before_s)| apart_s < before_s) {
            taken_by[other] = Some((own, apart_s));
        }
    }
    let is_taken_by =
        |own: usize, other: usize| taken_by[other].is_some_and(|(taker, _)| taker == own);
    nearest
        .into_iter()
        .enumerate()
        .map(|(own, other)| {
            other
                .filter(|(other, _)| is_taken_by(own, *other))
                .map(|(other, _)| found[other])
        })
        .collect()
}

/// The wave whose peak is nearest to a time, with its distance, if it may be the same.
fn nearest(found: &[Found], peak_s: f64) -> Option<(usize, f64)> {
    let after = found.partition_point(|wave| wave.peak_s < peak_s);
    [after.checked_sub(1), Some(after)]
        .into_iter()
        .filter_map(|index| Some((index?, (found.get(index?)?.peak_s - peak_s).abs())))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, apart_s)| *apart_s <= SAME_WAVE_S)
}

/// Halfway between a wave of the beat at `time_s` and the network's.
fn halfway(own: Wave, other: Found, time_s: f64) -> Wave {
    let between = |own_s: f32, other_s: f64| f32::midpoint(own_s, (other_s - time_s) as f32);
    Wave {
        onset_s: between(own.onset_s, other.onset_s),
        peak_s: between(own.peak_s, other.peak_s),
        end_s: between(own.end_s, other.end_s),
        confidence: own.confidence,
    }
}

/// The same for the QRS, whose peak is the fiducial.
fn qrs_halfway(own: Wave, other: Found, time_s: f64) -> Wave {
    let moved = halfway(own, other, time_s);
    Wave {
        onset_s: moved.onset_s.min(-LEAST_FLANK_S),
        peak_s: own.peak_s,
        end_s: moved.end_s.max(LEAST_FLANK_S),
        ..own
    }
}

/// The network's wave as one of the beat at `time_s`.
fn alone(other: Found, time_s: f64) -> Wave {
    Wave {
        onset_s: (other.onset_s - time_s) as f32,
        peak_s: (other.peak_s - time_s) as f32,
        end_s: (other.end_s - time_s) as f32,
        confidence: other.confidence.min(ALONE) as f32,
    }
}

/// The network's first T wave between a beat and the next one.
fn t_after(own: &BeatWaves, beats: &[Beat], seen: &Seen) -> Option<Found> {
    let time_s = beats[own.beat].time_s;
    let from_s = time_s + f64::from(own.qrs.end_s) - WITHIN_QRS_S;
    let until_s = beats
        .get(own.beat + 1)
        .map_or(f64::INFINITY, |next| next.time_s);
    let first = seen.t.partition_point(|wave| wave.peak_s <= from_s);
    let found = seen.t.get(first)?;
    (found.peak_s < until_s).then_some(*found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peak_s: f64) -> Found {
        Found::at(peak_s - 0.04, peak_s, peak_s + 0.05)
    }

    #[test]
    fn a_wave_is_shared_by_no_two_beats() {
        let seen = [found(1.0), found(2.0)];
        let own = [Some(0.9), Some(1.05), None, Some(2.4), Some(2.1)];
        let partners = partners(&own, &seen);
        let peaks: Vec<Option<f64>> = partners.iter().map(|p| p.map(|p| p.peak_s)).collect();
        assert_eq!(peaks, [None, Some(1.0), None, None, Some(2.0)]);
    }

    #[test]
    fn halfway_keeps_the_fiducial() {
        let own = Wave {
            onset_s: -0.05,
            peak_s: 0.0,
            end_s: 0.05,
            confidence: 0.9,
        };
        let moved = qrs_halfway(own, found(10.02), 10.0);
        assert!((moved.onset_s + 0.035).abs() < 1e-6 && moved.peak_s == 0.0);
        assert!((moved.end_s - 0.06).abs() < 1e-6);
        // The network's complex may lie wholly beside the fiducial.
        let beside = qrs_halfway(own, found(10.14), 10.0);
        assert_eq!(beside.onset_s, -LEAST_FLANK_S);
    }
}
