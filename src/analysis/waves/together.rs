//! Rules and network together: the rules say which waves there are, both where they begin and end.
//!
//! Of the combinations in `models/training/waves/card.md` it is "P judged, P and QRS mean, T averaged": on records of LUDB
//! (leads I and II) and QTDB that the network had not heard no border scatters more with it than by the rules alone for
//! certain, the QRS's borders scatter less on all three, the ends of P and T on two.
//!
//! Whether a beat has a P wave the rules say, as the network invents some in atrial fibrillation, but for three cases that
//! are judged over all beats of the recording: where the network sees hardly any of the rules' P waves these are dropped;
//! where it sees most of them, those that touch a T wave and that it does not see are dropped; and where nearly every beat has one
//! by either of the two the missing ones are added, in an irregular rhythm only if both see most of them.

use super::network::{Found, Seen};
use super::{Absent, Beat, BeatWaves, LEAST_FLANK_S, Wave};
use crate::signal::{median, percentile};

/// Waves of both whose peaks (for the QRS the fiducial) are at most this far apart are the same, seconds.
const SAME_WAVE_S: f64 = 0.15;
/// A T wave's peak may lie this much before the end of the QRS, seconds.
const WITHIN_QRS_S: f64 = 0.02;
/// Confidence in a wave that only one of the two sees is at most this.
const ALONE: f64 = 0.5;

/// A P wave's peak lies at most this long before the QRS, seconds.
const LONGEST_PR_S: f64 = 0.35;
/// The rules' P waves are dropped where the network sees under this share of them,
const HARDLY_ANY: f64 = 0.1;
/// but not where the median RR interval is shorter than this, seconds: P waves run into the T waves there, and the network
/// has hardly heard any such.
const SHORTEST_RR_S: f64 = 0.5;
/// P waves are borne out where both see the same one before more than this share of the beats: then this is no
/// fibrillation, and a wave that touches the T before it, which may be that one's shoulder, must be seen by the network too.
const MOST: f64 = 0.5;
/// A P wave that begins less than this after the end of the T wave touches it, seconds.
const TOUCHES_S: f64 = 0.02;
/// P waves are added where the rules or the network see one before more than this share of the beats,
const NEARLY_ALL: f64 = 0.8;
/// but not, unless they are borne out, where a quarter of the RR intervals differ from the one before by over this share
/// of the median one, as in fibrillation, whose waves the network takes for P waves now and then.
const IRREGULAR: f64 = 0.2;

/// Drops the rules' P waves if the network sees hardly any of them, or those that touch a T wave if it sees most of the
/// others; adds the missing ones if nearly all beats have one by either.
pub fn judge_p(waves: &mut [BeatWaves], beats: &[Beat], seen: &Seen) {
    let peaks_s: Vec<Option<f64>> = waves
        .iter()
        .map(|own| Some(beats[own.beat].time_s + f64::from(own.p.ok()?.peak_s)))
        .collect();
    let both = partners(&peaks_s, &seen.p);
    let by_rules = peaks_s.iter().flatten().count() as f64;
    let by_both = both.iter().flatten().count() as f64;
    if by_both < HARDLY_ANY * by_rules && !is_fast(waves, beats) {
        unseen(waves.iter_mut());
    }
    let are_borne_out = by_both > MOST * waves.len() as f64;
    if are_borne_out {
        let touch: Vec<bool> = (0..waves.len())
            .map(|at| both[at].is_none() && touches_t(waves, at, beats))
            .collect();
        let pairs = waves.iter_mut().zip(touch);
        unseen(pairs.filter_map(|(own, drop)| drop.then_some(own)));
    }
    let offered = p_before(waves, beats, seen);
    let by_either = waves.iter().zip(&offered);
    let by_either = by_either.filter(|(own, other)| own.p.is_ok() || other.is_some());
    let are_nearly_all = by_either.count() as f64 > NEARLY_ALL * waves.len() as f64;
    if !are_nearly_all || (is_irregular(waves, beats) && !are_borne_out) {
        return;
    }
    for (own, other) in waves.iter_mut().zip(offered) {
        let is_measurable = !matches!(
            own.p,
            Err(Absent::CutOff | Absent::Quality | Absent::Merged)
        );
        if let (Err(_), true, Some(other)) = (own.p, is_measurable, other) {
            own.p = Ok(alone(other, beats[own.beat].time_s));
        }
    }
}

/// Whether the P wave of the beat at this place begins where the T wave before it ends.
fn touches_t(waves: &[BeatWaves], at: usize, beats: &[Beat]) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|before| waves.get(before)) else {
        return false;
    };
    let time_s = |own: &BeatWaves, offset_s: f32| beats[own.beat].time_s + f64::from(offset_s);
    match (before.t, waves[at].p) {
        (Ok(t), Ok(p)) => time_s(&waves[at], p.onset_s) - time_s(before, t.end_s) < TOUCHES_S,
        _ => false,
    }
}

/// Takes these beats' P waves away.
fn unseen<'a>(waves: impl Iterator<Item = &'a mut BeatWaves>) {
    for own in waves.filter(|own| own.p.is_ok()) {
        own.p = Err(Absent::Unseen);
    }
}

/// From one measured beat to the next, seconds.
fn intervals_s(waves: &[BeatWaves], beats: &[Beat]) -> Vec<f64> {
    waves
        .windows(2)
        .map(|pair| beats[pair[1].beat].time_s - beats[pair[0].beat].time_s)
        .collect()
}

/// Whether the beats follow each other so fast that the network may miss P waves.
fn is_fast(waves: &[BeatWaves], beats: &[Beat]) -> bool {
    median(&intervals_s(waves, beats)).is_some_and(|rr_s| rr_s < SHORTEST_RR_S)
}

/// Whether a quarter of the intervals differ much from the one before; of fewer than two it cannot be told.
fn is_irregular(waves: &[BeatWaves], beats: &[Beat]) -> bool {
    let intervals_s = intervals_s(waves, beats);
    let changes_s: Vec<f64> = intervals_s
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .collect();
    match (percentile(&changes_s, 75.0), median(&intervals_s)) {
        (Some(change_s), Some(rr_s)) => change_s > IRREGULAR * rr_s,
        _ => false,
    }
}

/// For each beat the network's last P wave between the QRS before and its own.
fn p_before(waves: &[BeatWaves], beats: &[Beat], seen: &Seen) -> Vec<Option<Found>> {
    let mut before_s = f64::NEG_INFINITY;
    waves
        .iter()
        .map(|own| {
            let time_s = beats[own.beat].time_s;
            let until_s = time_s + f64::from(own.qrs.onset_s);
            let from_s = before_s.max(until_s - LONGEST_PR_S);
            before_s = time_s + f64::from(own.qrs.end_s);
            let behind = seen.p.partition_point(|wave| wave.peak_s < until_s);
            let last = *seen.p.get(behind.checked_sub(1)?)?;
            (last.peak_s > from_s).then_some(last)
        })
        .collect()
}

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
    use crate::recording::BeatCode;

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

    /// Which of ten beats a second apart have a P wave in the end, of those before which the rules and the network see one.
    fn judged(by_rules: &[usize], by_network: &[usize]) -> Vec<usize> {
        judged_at(1.0, by_rules, by_network)
    }

    /// The same of beats so many seconds apart.
    fn judged_at(rr_s: f64, by_rules: &[usize], by_network: &[usize]) -> Vec<usize> {
        judged_among(|k| k as f64 * rr_s, by_rules, by_network)
    }

    /// The same of beats at these times in seconds.
    fn judged_among(
        time_s: impl Fn(usize) -> f64,
        by_rules: &[usize],
        by_network: &[usize],
    ) -> Vec<usize> {
        judged_with(&[], time_s, by_rules, by_network)
    }

    /// The same where the T waves before these beats' P waves reach up to them.
    fn judged_with(
        touched: &[usize],
        time_s: impl Fn(usize) -> f64,
        by_rules: &[usize],
        by_network: &[usize],
    ) -> Vec<usize> {
        let beats: Vec<Beat> = (0..10)
            .map(|k| Beat {
                sample: 250 * k,
                time_s: time_s(k),
                class: BeatCode::N,
                class_confidence: 1.0,
                confidence: 1.0,
                follows: k > 0,
            })
            .collect();
        let wave = |onset_s: f32, end_s: f32| Wave {
            onset_s,
            peak_s: f32::midpoint(onset_s, end_s),
            end_s,
            confidence: 0.9,
        };
        let mut waves: Vec<BeatWaves> = (0..10)
            .map(|beat| BeatWaves {
                beat,
                usual: true,
                p: if by_rules.contains(&beat) {
                    Ok(wave(-0.2, -0.1))
                } else {
                    Err(Absent::NoRepeat)
                },
                qrs: wave(-0.05, 0.05),
                t: if touched.contains(&(beat + 1)) {
                    Ok(wave(0.5, 0.79))
                } else {
                    Ok(wave(0.3, 0.6))
                },
                qrs_is_clear: true,
                t_end_is_clear: false,
            })
            .collect();
        let p = by_network
            .iter()
            .map(|k| found(time_s(*k) - 0.15))
            .collect();
        let seen = Seen {
            p,
            ..Seen::default()
        };
        judge_p(&mut waves, &beats, &seen);
        (0..10).filter(|k| waves[*k].p.is_ok()).collect()
    }

    #[test]
    fn p_waves_are_added_where_nearly_every_beat_has_one() {
        assert_eq!(judged(&[], &[0, 1, 2, 3, 4, 5, 6, 7, 8]).len(), 9);
        assert_eq!(judged(&[1, 9], &[0, 1, 2, 3, 4, 5, 6, 7, 8]).len(), 10);
        assert!(judged(&[], &[0, 1, 2, 3, 4, 5, 6, 7]).is_empty());
    }

    #[test]
    fn p_waves_are_not_added_in_an_irregular_rhythm() {
        let every = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        let uneven = |k: usize| k as f64 + if k.is_multiple_of(2) { 0.0 } else { 0.25 };
        assert!(judged_among(uneven, &[], &every).is_empty());
        assert_eq!(judged_among(uneven, &[3], &every), [3]);
        let borne_out = judged_among(uneven, &[0, 1, 2, 3, 4, 5], &every);
        assert_eq!(borne_out, every, "both see most");
        assert_eq!(
            judged_among(uneven, &[0, 1, 2, 3, 4], &every),
            [0, 1, 2, 3, 4],
            "both see half"
        );
        let breathing = |k: usize| k as f64 + 0.08 * (k as f64).sin();
        assert_eq!(judged_among(breathing, &[], &every), every);
    }

    #[test]
    fn what_either_sees_counts_towards_nearly_every_beat() {
        assert_eq!(judged(&[0, 1, 2, 3], &[3, 4, 5, 6, 7, 8]).len(), 9);
        assert_eq!(judged(&[0, 1, 2, 3], &[3, 4, 5, 6, 7]), [0, 1, 2, 3]);
    }

    #[test]
    fn p_waves_that_touch_a_t_are_dropped_where_the_network_sees_most_but_not_these() {
        let every = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        let but_two = [0, 1, 2, 3, 4, 5, 6, 7];
        let even = |k: usize| k as f64;
        assert_eq!(
            judged_with(&[2, 9], even, &every, &but_two),
            [0, 1, 2, 3, 4, 5, 6, 7, 8]
        );
        let half = [0, 1, 2, 3, 4];
        assert_eq!(judged_with(&[2, 9], even, &every, &half), every);
    }

    #[test]
    fn p_waves_are_dropped_where_the_network_sees_hardly_any() {
        assert!(judged(&[0, 1, 2, 3], &[7]).is_empty());
        assert_eq!(judged(&[0, 1, 2, 3], &[1]), [0, 1, 2, 3]);
        assert!(judged(&[], &[]).is_empty());
        assert_eq!(judged_at(0.45, &[0, 1, 2, 3], &[]), [0, 1, 2, 3]);
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
