//! A live session from its bytes to marks as they come, and to a recording in the end.

use super::job::InferRequest;
use crate::analysis::{self, Grade, LOOK_AHEAD_S, LiveAnalysis};
use crate::live::HostTime;
use crate::live::SampleBlock;
use crate::live::profile::{EcgStream, Profile};
use crate::live::recorder::Recorder;
use crate::live::session::{Input, Output, Session, Status};
use crate::recording::{Phrase, Recording, StartTime};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Seconds that a model sees at once.
const WINDOW_S: f64 = 10.0;
/// Seconds between two questions to the model.
const EVERY_S: f64 = 1.0;
/// Beats that the heart rate is the mean of.
const RATE_BEATS: usize = 8;
/// A provisional beat and a final one this near, in seconds, are the same beat.
const SAME_BEAT_S: f64 = 0.15;

/// A beat of a live trace.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveBeat {
    /// Sample at the nominal rate, missing samples counted.
    pub sample: u64,
    /// Confirmed by the look-ahead: will not change any more.
    pub confirmed: bool,
    /// The interval to the beat before is measured without a gap between.
    pub follows: bool,
}

/// What is new after an input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LiveUpdate {
    /// What the session wants from the link, in this order.
    pub link: Vec<Output>,
    /// Position of the first of `counts`; what is shown from there on is replaced.
    pub first: u64,
    /// New counts, gaps filled; travels between worker and page as a buffer of its own.
    #[serde(skip)]
    pub counts: Vec<i16>,
    /// Gaps that are new, in samples.
    pub gaps: Vec<(u64, u64)>,
    /// Beats that are new or newly confirmed.
    pub beats: Vec<LiveBeat>,
    /// Provisional beats that the look-ahead did not confirm.
    pub withdrawn: Vec<u64>,
    /// Mean heart rate of the last confirmed beats, per minute.
    pub rate_per_min: Option<f64>,
    /// What the last seconds of signal carry.
    pub grade: Option<Grade>,
    /// What the link is doing, in the catalogue's words.
    pub status: Option<Phrase>,
    /// Something to tell.
    pub events: Vec<Phrase>,
    /// A question for the model.
    pub infer: Option<Box<InferRequest>>,
}

impl LiveUpdate {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self
            == Self {
                first: self.first,
                rate_per_min: self.rate_per_min,
                grade: self.grade,
                ..Self::default()
            }
    }
}

/// A live session with its recording and its analysis.
pub struct LiveJob {
    session: Session,
    stream: EcgStream,
    recorder: Recorder,
    analysis: LiveAnalysis,
    /// Millivolts of the last window without a gap.
    window: VecDeque<f32>,
    /// Samples so far, missing ones counted.
    received: u64,
    provisional: Vec<u64>,
    confirmed: VecDeque<(f64, bool)>,
    grade: Option<Grade>,
    asked_at: u64,
    status: Option<Status>,
}

impl LiveJob {
    /// A session with a device of this profile; `None` when the profile streams no ECG.
    #[must_use]
    pub fn new(profile: &'static Profile, device: &str, start: Option<StartTime>) -> Option<Self> {
        let stream = profile.ecg?;
        Some(Self {
            session: Session::new(profile),
            stream,
            recorder: Recorder::new(stream, device, start),
            analysis: LiveAnalysis::new(stream.nominal_rate_hz, true),
            window: VecDeque::new(),
            received: 0,
            provisional: Vec::new(),
            confirmed: VecDeque::new(),
            grade: None,
            asked_at: 0,
            status: None,
        })
    }

    /// Samples per second of the trace.
    #[must_use]
    pub fn rate_hz(&self) -> f64 {
        self.stream.nominal_rate_hz
    }

    /// Counts per millivolt of the trace.
    #[must_use]
    pub fn gain_per_mv(&self) -> f64 {
        self.stream.gain_per_mv
    }

    /// Takes what happened, and says what came of it.
    pub fn handle(&mut self, at_s: HostTime, input: Input) -> LiveUpdate {
        self.session.handle(at_s, input);
        let mut update = LiveUpdate {
            first: self.received,
            ..LiveUpdate::default()
        };
        while let Some(output) = self.session.poll() {
            match output {
                Output::Connect
                | Output::Subscribe(_)
                | Output::Read(_)
                | Output::Write(..)
                | Output::Disconnect
                | Output::WakeAt(_) => update.link.push(output),
                Output::Samples(block) => self.take(&block, &mut update),
                Output::HeartRate(measured) => self.recorder.take_heart_rate(&measured, at_s),
                Output::Battery(_) => {}
                Output::Status(status) => self.status = Some(status),
                Output::Event { phrase, .. } => update.events.push(phrase),
            }
        }
        // Some states tell how long they last: their words change with time.
        update.status = self.status.map(|status| status.phrase(at_s));
        update.rate_per_min = self.rate_per_min();
        update.grade = self.grade;
        update
    }

    /// The recording of what was streamed; `None` when nothing was.
    #[must_use]
    pub fn finish(mut self) -> Option<Recording> {
        self.recorder
            .set_measured_rate_hz(self.session.measured_rate_hz());
        (!self.recorder.is_empty()).then(|| self.recorder.recording())
    }

    fn take(&mut self, block: &SampleBlock, update: &mut LiveUpdate) {
        self.recorder.take(block);
        if block.missing_before > 0 && self.received > 0 {
            let found = self
                .analysis
                .skip(usize::try_from(block.missing_before).unwrap_or(usize::MAX));
            self.mark(found, update);
            update.gaps.push((self.received, block.first));
            update.counts.resize(
                update.counts.len() + (block.first - self.received) as usize,
                0,
            );
            self.window.clear();
        }
        let values: Vec<f32> = block
            .samples
            .iter()
            .map(|&count| (f64::from(count) / self.stream.gain_per_mv) as f32)
            .collect();
        let clamp = |count: i32| count.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
        update
            .counts
            .extend(block.samples.iter().map(|&count| clamp(count)));
        self.received = block.first + block.samples.len() as u64;
        self.window.extend(&values);
        let kept = (WINDOW_S * self.stream.nominal_rate_hz).round() as usize;
        self.window.drain(..self.window.len().saturating_sub(kept));
        let found = self.analysis.push(&values);
        self.mark(found, update);
        self.withdraw(update);
        self.ask(kept, update);
    }

    fn mark(&mut self, found: analysis::LiveUpdate, update: &mut LiveUpdate) {
        let rate = self.stream.nominal_rate_hz;
        for beat in found.provisional {
            self.provisional.push(beat.sample as u64);
            update.beats.push(LiveBeat {
                sample: beat.sample as u64,
                confirmed: false,
                follows: beat.follows,
            });
        }
        for beat in found.beats {
            let sample = beat.sample as u64;
            let same = |other: u64| (other.abs_diff(sample) as f64) < SAME_BEAT_S * rate;
            update.withdrawn.extend(
                self.provisional
                    .iter()
                    .copied()
                    .filter(|&other| same(other) && other != sample),
            );
            self.provisional.retain(|&other| !same(other));
            // The last word on a beat replaces what was said of it within the same update.
            update.beats.retain(|other| !same(other.sample));
            update.beats.push(LiveBeat {
                sample,
                confirmed: true,
                follows: beat.follows,
            });
            self.confirmed.push_back((beat.time_s, beat.follows));
            if self.confirmed.len() > RATE_BEATS {
                self.confirmed.pop_front();
            }
        }
        if let Some(last) = found.quality.last() {
            self.grade = Some(last.grade);
        }
    }

    /// Provisional beats that the look-ahead has passed by are none.
    fn withdraw(&mut self, update: &mut LiveUpdate) {
        let horizon = (LOOK_AHEAD_S * self.stream.nominal_rate_hz) as u64;
        let settled = self.received.saturating_sub(horizon);
        update.withdrawn.extend(
            self.provisional
                .iter()
                .copied()
                .filter(|&sample| sample < settled),
        );
        self.provisional.retain(|&sample| sample >= settled);
    }

    /// Every second, once the last window is whole: a question to the model.
    fn ask(&mut self, kept: usize, update: &mut LiveUpdate) {
        let every = (EVERY_S * self.stream.nominal_rate_hz) as u64;
        if self.received < self.asked_at + every
            || self.window.len() < kept
            || self.grade == Some(Grade::Unusable)
        {
            return;
        }
        self.asked_at = self.received;
        update.infer = Some(Box::new(InferRequest {
            question: "rhythm".to_owned(),
            lead: 0,
            rate_hz: self.stream.nominal_rate_hz,
            values_mv: self.window.iter().copied().collect(),
            gaps: Vec::new(),
            quality: Vec::new(),
            beats: self.confirmed.len(),
        }));
    }

    fn rate_per_min(&self) -> Option<f64> {
        let pairs = self.confirmed.iter().zip(self.confirmed.iter().skip(1));
        let intervals: Vec<f64> = pairs
            .filter(|(_, second)| second.1)
            .map(|(first, second)| second.0 - first.0)
            .collect();
        let sum: f64 = intervals.iter().sum();
        (!intervals.is_empty() && sum > 0.0).then(|| 60.0 * intervals.len() as f64 / sum)
    }
}
