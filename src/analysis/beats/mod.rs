//! Beats: a streaming QRS detector that depends neither on polarity nor on gain nor on offset, at 50 to 1000 Hz.
//!
//! [`BeatDetector`] takes samples in any chunks. A beat is first said provisionally, about 0.25 s after its QRS, or as soon
//! as its QRS has come where [`BeatDetector::early`] is asked for; what the look-ahead has confirmed is final, and the final
//! beats are the same for any chunks.

mod envelope;
mod fiducial;
mod select;

use super::{Beat, LOOK_AHEAD_S};
use crate::recording::{BeatCode, Lead, SampleIndex};
use envelope::{Candidate, Envelope};
use fiducial::{BASELINE_S, SEARCH_S, Surroundings, fiducial};
pub use select::Weights;
use select::{Chosen, Selector};

/// Seconds behind the envelope at which a candidate is decided, and how often that is done; together with the
/// envelope's delay of less than 0.3 s they stay below [`LOOK_AHEAD_S`].
const HORIZON_S: f64 = 2.2;
const TICK_S: f64 = 0.4;

/// Samples that are taken together where only final beats are said.
const TOGETHER: usize = 1024;

/// A beat that is said early has at least so many seconds of samples after it.
const EARLY_AFTER_S: f64 = 0.04;
/// A beat is not said again this near to one that was said, in seconds: what comes after moves its candidate a little.
const SAID_S: f64 = 0.15;

/// What the detector says.
#[derive(Clone, Debug, PartialEq)]
pub enum BeatEvent {
    /// A beat as it looks now; may be taken back silently, never appears among the final ones by itself.
    Provisional(Beat),
    /// A beat that will not change any more. Final beats come in order of time.
    Final(Beat),
}

/// The streaming detector.
#[derive(Clone, Debug)]
pub struct BeatDetector {
    rate_hz: f64,
    envelope: Envelope,
    selector: Selector,
    provisional: bool,
    /// Index of the running stretch's first sample.
    origin: i64,
    /// Newest samples; the first has index `first` within the stretch.
    recent: Vec<f32>,
    first: i64,
    received: i64,
    next_tick: i64,
    announced: i64,
    last_fiducial: i64,
    follows: bool,
}

impl BeatDetector {
    /// A detector for samples at `rate_hz`, which says provisional beats too.
    #[must_use]
    pub fn new(rate_hz: f64) -> Self {
        Self::with_weights(rate_hz, Weights::default(), true)
    }

    /// A detector that says only final beats: the same ones, at less cost.
    #[must_use]
    pub fn finals_only(rate_hz: f64) -> Self {
        Self::with_weights(rate_hz, Weights::default(), false)
    }

    /// A detector with other weights, for their tuning.
    #[must_use]
    pub fn with_weights(rate_hz: f64, weights: Weights, provisional: bool) -> Self {
        // A rate of nonsense must not turn into an endless loop or a huge buffer.
        let rate_hz = if rate_hz.is_finite() {
            rate_hz.clamp(1.0, 100_000.0)
        } else {
            1.0
        };
        let envelope = Envelope::new(rate_hz);
        Self {
            rate_hz,
            selector: Selector::new(rate_hz, envelope.shift(), weights),
            envelope,
            provisional,
            origin: 0,
            recent: Vec::new(),
            first: 0,
            received: 0,
            next_tick: 0,
            announced: i64::MIN,
            last_fiducial: i64::MIN,
            follows: false,
        }
    }

    /// Takes the next samples, in the lead's unit.
    pub fn push(&mut self, samples: &[f32]) -> Vec<BeatEvent> {
        // What is said early depends on the samples that have come, so that then each is taken by itself.
        let together = if self.provisional { 1 } else { TOGETHER };
        let mut events = Vec::new();
        for part in samples.chunks(together) {
            self.take(part, &mut events);
        }
        events
    }

    /// Samples are missing here: `missing` of them. Beats before are settled, no interval spans the gap, and the
    /// filters start anew; what was learned of beats is kept.
    pub fn interrupt(&mut self, missing: usize) -> Vec<BeatEvent> {
        let events = self.finish();
        self.origin += self.received + i64::try_from(missing).unwrap_or(0);
        self.envelope = Envelope::new(self.rate_hz);
        self.selector.forget_last();
        self.recent.clear();
        self.first = 0;
        self.received = 0;
        self.next_tick = 0;
        self.announced = i64::MIN;
        self.last_fiducial = i64::MIN;
        self.follows = false;
        events
    }

    /// The end of the samples: settles what is left.
    pub fn finish(&mut self) -> Vec<BeatEvent> {
        let mut events = Vec::new();
        let Some(&last) = self.recent.last() else {
            return events;
        };
        // Beyond the last sample the signal is taken to stay constant.
        let received = self.received;
        for candidate in self.held(last) {
            if candidate.sample < received {
                self.selector.push(candidate);
            }
        }
        let chosen = self.selector.settle(self.received, i64::MAX);
        self.make_final(chosen, &mut events);
        events
    }

    /// Beats at the end of what has come, not said yet: as if the signal stayed where it is. A frame of a device may end
    /// just after a QRS complex, and the next comes half a second later.
    pub fn early(&mut self) -> Vec<BeatEvent> {
        let mut events = Vec::new();
        let Some(&last) = self.recent.last() else {
            return events;
        };
        let mut selector = self.selector.clone();
        let complete = self.received - (EARLY_AFTER_S * self.rate_hz) as i64;
        for candidate in self.held(last) {
            if candidate.sample <= complete {
                selector.push(candidate);
            }
        }
        self.announce(selector.best(self.received), &mut events);
        events
    }

    /// The candidates that are not complete yet, as if the signal stayed at `last`.
    fn held(&self, last: f32) -> Vec<Candidate> {
        let mut envelope = self.envelope.clone();
        envelope.extend(&vec![last; envelope.tail()]);
        std::iter::from_fn(|| envelope.next(i64::MAX)).collect()
    }

    fn take(&mut self, samples: &[f32], events: &mut Vec<BeatEvent>) {
        self.keep(samples);
        let new = self.recent.len() - samples.len();
        self.envelope.extend(&self.recent[new..]);
        loop {
            let found = self.envelope.next(self.next_tick);
            let complete = self.envelope.complete_to();
            let is_more = found.is_some() || complete >= self.next_tick;
            if let Some(candidate) = found {
                self.selector.push(candidate);
                if self.provisional {
                    let best = self.selector.best(complete);
                    self.announce(best, events);
                }
            }
            if complete >= self.next_tick {
                self.next_tick = complete + (TICK_S * self.rate_hz) as i64;
                let horizon = complete - (HORIZON_S * self.rate_hz) as i64;
                let chosen = self.selector.settle(complete, horizon);
                self.make_final(chosen, events);
            }
            if !is_more {
                break;
            }
        }
    }

    /// Adds samples to the newest ones, each that is not a number as the one before it, and drops what no beat needs.
    fn keep(&mut self, samples: &[f32]) {
        let needed = ((LOOK_AHEAD_S + SEARCH_S + BASELINE_S) * self.rate_hz) as usize + 2;
        if self.recent.len() >= 2 * needed + TOGETHER {
            let done = self.recent.len() - needed;
            self.recent.drain(..done);
            self.first += done as i64;
        }
        let mut held = self.recent.last().copied().unwrap_or(0.0);
        self.recent.extend(samples.iter().map(|&sample| {
            if sample.is_finite() {
                held = sample;
            }
            held
        }));
        self.received += samples.len() as i64;
    }

    fn announce(&mut self, best: Vec<Chosen>, events: &mut Vec<BeatEvent>) {
        let apart = (SAID_S * self.rate_hz) as i64;
        for chosen in best {
            if chosen.candidate.sample > self.announced.saturating_add(apart) {
                self.announced = chosen.candidate.sample;
                if let Some(beat) = self.beat(&chosen, i64::MIN) {
                    events.push(BeatEvent::Provisional(Beat {
                        follows: self.follows,
                        ..beat
                    }));
                }
            }
        }
    }

    fn make_final(&mut self, chosen: Vec<Chosen>, events: &mut Vec<BeatEvent>) {
        for chosen in chosen {
            // Two beats never share a fiducial.
            let after = self
                .last_fiducial
                .saturating_add((SEARCH_S * self.rate_hz) as i64);
            if let Some(beat) = self.beat(&chosen, after) {
                self.last_fiducial = beat.sample as i64 - self.origin;
                events.push(BeatEvent::Final(Beat {
                    follows: self.follows,
                    ..beat
                }));
                self.follows = true;
            }
        }
    }

    fn beat(&self, chosen: &Chosen, from: i64) -> Option<Beat> {
        let around = Surroundings {
            values: &self.recent,
            first: self.first,
        };
        let point = fiducial(&around, chosen.candidate.sample, from, self.rate_hz)?;
        let position = (point.position + self.origin as f64).max(0.0);
        Some(Beat {
            sample: position.round() as SampleIndex,
            time_s: position / self.rate_hz,
            // Only the whole recording tells the usual beat.
            class: BeatCode::Q,
            class_confidence: 0.0,
            confidence: (1.0 / (1.0 + (-chosen.score).exp())) as f32,
            follows: false,
        })
    }
}

/// Sample and time of the main deflection nearest to `time_s`, at most `reach_s` away and on the same side of every gap.
#[must_use]
pub fn nearest_fiducial(lead: &Lead, time_s: f64, reach_s: f64) -> Option<(SampleIndex, f64)> {
    let at = (time_s * lead.rate_hz).round();
    let stretch = lead
        .stretches()
        .into_iter()
        .find(|stretch| at >= stretch.start as f64 && at < stretch.end as f64)?;
    let wide = ((reach_s + SEARCH_S + BASELINE_S) * lead.rate_hz) as usize + 1;
    let centre = at as usize;
    let range = centre.saturating_sub(wide).max(stretch.start)..(centre + wide).min(stretch.end);
    let values = lead.samples.values(range.clone());
    let around = Surroundings {
        values: &values,
        first: range.start as i64,
    };
    let mut position = at;
    // A hand that was near the edge of the deflection is led to its peak.
    for _ in 0..2 {
        let point = fiducial(&around, position.round() as i64, i64::MIN, lead.rate_hz)?;
        position = point.position.max(0.0);
    }
    let found_s = position / lead.rate_hz;
    ((found_s - time_s).abs() <= reach_s).then_some((position.round() as SampleIndex, found_s))
}

/// The final beats of a lead; gaps restart the detection, and no interval spans one.
#[must_use]
pub fn detect_beats(lead: &Lead) -> Vec<Beat> {
    const CHUNK: usize = 1 << 16;
    let mut detector = BeatDetector::finals_only(lead.rate_hz);
    let mut beats = Vec::new();
    let mut at = 0;
    let finals = |events: Vec<BeatEvent>, beats: &mut Vec<Beat>| {
        beats.extend(events.into_iter().filter_map(|event| match event {
            BeatEvent::Final(beat) => Some(beat),
            BeatEvent::Provisional(_) => None,
        }));
    };
    for stretch in lead.stretches() {
        if stretch.start > at {
            finals(detector.interrupt(stretch.start - at), &mut beats);
        }
        let mut from = stretch.start;
        while from < stretch.end {
            let to = (from + CHUNK).min(stretch.end);
            finals(detector.push(&lead.samples.values(from..to)), &mut beats);
            from = to;
        }
        at = stretch.end;
    }
    finals(detector.finish(), &mut beats);
    beats
}

#[cfg(test)]
pub(crate) mod tests;
