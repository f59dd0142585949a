//! A live session from its bytes to marks as they come, and to a recording in the end.

use super::job::InferRequest;
use crate::analysis::{self, Grade, LOOK_AHEAD_S, LiveAnalysis, QualitySpan};
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
    /// Confirmed by the look-ahead: will not move any more. Only a second that proves unusable takes its beats away, as
    /// in a file.
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
    /// Provisional beats that the look-ahead did not confirm, and confirmed ones of seconds that proved unusable.
    pub withdrawn: Vec<u64>,
    /// Mean heart rate of the last confirmed beats, per minute.
    pub rate_per_min: Option<f64>,
    /// What the last seconds of signal carry.
    pub grade: Option<Grade>,
    /// What the link is doing, in the catalogue's words, when that changed.
    pub status: Option<Phrase>,
    /// Something to tell.
    pub events: Vec<Phrase>,
    /// The session has ended: nothing more will come.
    pub ended: bool,
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
    /// Time and `follows` of the last confirmed beats.
    confirmed: VecDeque<(f64, bool)>,
    /// Confirmed beats of seconds that are not graded yet, with their times.
    ungraded: VecDeque<(f64, LiveBeat)>,
    /// An unusable second lies after the last graded beat: no interval leads across.
    broken: bool,
    grade: Option<Grade>,
    asked_at: u64,
    status: Option<Status>,
    /// What was last told of it.
    told: Option<Phrase>,
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
            ungraded: VecDeque::new(),
            broken: false,
            grade: None,
            asked_at: 0,
            status: None,
            told: None,
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
                Output::Status(status) => {
                    self.status = Some(status);
                    update.ended = status == Status::Stopped;
                }
                Output::Event { phrase, .. } => update.events.push(phrase),
            }
        }
        // Some states tell how long they last: their words change with time.
        let status = self.status.map(|status| status.phrase(at_s));
        if status != self.told {
            self.told.clone_from(&status);
            update.status = status;
        }
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
            let confirmed = LiveBeat {
                sample,
                confirmed: true,
                follows: beat.follows,
            };
            update.beats.push(confirmed);
            self.ungraded.push_back((beat.time_s, confirmed));
            self.confirmed.push_back((beat.time_s, beat.follows));
            if self.confirmed.len() > RATE_BEATS {
                self.confirmed.pop_front();
            }
        }
        for span in found.quality {
            self.judge(&span, update);
            self.grade = Some(span.grade);
        }
    }

    /// Beats of an unusable second are not said, and no interval leads across one: the same as in a file.
    fn judge(&mut self, span: &QualitySpan, update: &mut LiveUpdate) {
        let unusable = span.grade == Grade::Unusable;
        while let Some((time_s, mut beat)) = self
            .ungraded
            .pop_front_if(|(time_s, _)| *time_s < span.range_s.end)
        {
            let broken = std::mem::take(&mut self.broken);
            if !(unusable || broken && beat.follows) {
                continue;
            }
            update.beats.retain(|other| other.sample != beat.sample);
            if unusable {
                update.withdrawn.push(beat.sample);
                self.confirmed.retain(|(other, _)| *other != time_s);
                continue;
            }
            beat.follows = false;
            update.beats.push(beat);
            for (_, follows) in self
                .confirmed
                .iter_mut()
                .filter(|(other, _)| *other == time_s)
            {
                *follows = false;
            }
        }
        self.broken |= unusable;
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
            model: None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::profile::POLAR_H10;
    use crate::live::simulated::{Faults, MEASURED_RATE_HZ, SimulatedH10, SimulatedLink};
    use crate::simulator::{Noise, NoiseKind, SimulatorOptions, simulate};
    use std::collections::BTreeMap;

    /// A strap streamed for a while: its confirmed beats by sample, the recording, and the updates.
    struct Streamed {
        beats: BTreeMap<u64, bool>,
        recording: Recording,
        updates: Vec<LiveUpdate>,
    }

    fn stream(noise: Vec<Noise>, faults: Faults, seed: u64, seconds: f64) -> Streamed {
        let simulation = simulate(&SimulatorOptions {
            duration_s: seconds + 10.0,
            sample_rate_hz: 130.0,
            noise,
            seed,
            ..SimulatorOptions::default()
        });
        let strap = SimulatedH10::new(&simulation, MEASURED_RATE_HZ, faults, seed);
        let mut link = SimulatedLink::new(strap);
        let mut job = LiveJob::new(&POLAR_H10, "strap", None).unwrap();
        let mut updates = vec![job.handle(0.0, Input::Start)];
        let mut now_s = 0.0;
        let mut stop = Some(seconds);
        loop {
            for wish in &updates.last().unwrap().link.clone() {
                link.perform(now_s, wish);
            }
            if updates.last().unwrap().ended {
                break;
            }
            now_s += 0.05;
            assert!(now_s < seconds + 5.0, "it does not end");
            let mut inputs = link.advance(now_s);
            if stop.is_some_and(|stop_s| now_s >= stop_s) {
                stop = None;
                inputs.push((now_s, Input::Stop));
            }
            inputs.push((now_s, Input::Tick));
            for (at_s, input) in inputs {
                let update = job.handle(at_s, input);
                for wish in &update.link {
                    link.perform(now_s, wish);
                }
                let ended = update.ended;
                updates.push(LiveUpdate {
                    link: Vec::new(),
                    ..update
                });
                if ended {
                    break;
                }
            }
        }
        let mut beats = BTreeMap::new();
        for update in &updates {
            for sample in &update.withdrawn {
                beats.remove(sample);
            }
            for beat in update.beats.iter().filter(|beat| beat.confirmed) {
                beats.insert(beat.sample, beat.follows);
            }
        }
        Streamed {
            beats,
            recording: job.finish().unwrap(),
            updates,
        }
    }

    /// Beats up to where the stream had come are those of the recording, opened like any other.
    fn assert_same_as_file(streamed: &Streamed) -> usize {
        let file = analysis::analyse(&streamed.recording, None).unwrap();
        let all: Vec<(u64, bool)> = file
            .beats
            .iter()
            .map(|beat| (beat.sample as u64, beat.follows))
            .collect();
        let graded_s = streamed.recording.leads[0].duration_s() - 2.0 * LOOK_AHEAD_S;
        let settled = (graded_s * 130.0) as u64;
        let until = |beats: Vec<(u64, bool)>| -> Vec<(u64, bool)> {
            beats.into_iter().filter(|beat| beat.0 < settled).collect()
        };
        let live = until(streamed.beats.iter().map(|(a, b)| (*a, *b)).collect());
        assert_eq!(live, until(all));
        live.len()
    }

    #[test]
    fn final_beats_are_those_of_the_file_whatever_gets_lost() {
        for seed in 1..=6 {
            let faults = Faults {
                frame_loss: 0.03,
                ..Faults::default()
            };
            let muscle = Noise::throughout(NoiseKind::Muscle, 30.0);
            let streamed = stream(vec![muscle], faults, seed, 120.0);
            assert!(
                streamed.updates.iter().any(|u| !u.gaps.is_empty()),
                "{seed}"
            );
            assert!(assert_same_as_file(&streamed) > 80, "{seed}");
        }
    }

    #[test]
    fn a_beat_is_marked_with_the_samples_that_complete_its_qrs() {
        const QRS_REST: u64 = 8; // 60 ms at 130 Hz
        for seed in 1..=4 {
            let muscle = Noise::throughout(NoiseKind::Muscle, 25.0);
            let streamed = stream(vec![muscle], Faults::default(), seed, 60.0);
            let (mut received, mut marked, mut false_marks) = (0, 0, 0);
            let mut open: Vec<u64> = streamed.beats.keys().copied().skip(2).collect();
            let beats = open.len();
            for update in &streamed.updates {
                received = received.max(update.first + update.counts.len() as u64);
                for beat in update.beats.iter().filter(|beat| !beat.confirmed) {
                    let near = |other: &u64| other.abs_diff(beat.sample) <= 20;
                    let known = streamed.beats.keys().any(near);
                    // The last seconds are never confirmed.
                    false_marks += usize::from(!known && beat.sample + 600 < 60 * 130);
                    if let Some(place) = open.iter().position(near) {
                        marked += 1;
                        open.remove(place);
                    }
                }
                open.retain(|beat| beat + QRS_REST > received);
            }
            assert!(100 * marked >= 97 * beats, "{seed}: {marked} of {beats}");
            assert!(false_marks <= 2, "{seed}: {false_marks}");
        }
    }

    #[test]
    fn beats_of_unusable_seconds_are_taken_away_as_in_a_file() {
        let noise = Noise {
            span_s: Some(20.0..35.0),
            ..Noise::throughout(NoiseKind::Motion, -12.0)
        };
        let streamed = stream(vec![noise], Faults::default(), 3, 60.0);
        assert!(assert_same_as_file(&streamed) > 20);
    }

    #[test]
    fn stopping_stops_the_stream_before_the_link_and_says_when_it_is_over() {
        let streamed = stream(Vec::new(), Faults::default(), 1, 20.0);
        assert!(streamed.updates.last().unwrap().ended);
        assert_eq!(streamed.updates.iter().filter(|u| u.ended).count(), 1);
        let quiet = streamed.updates.iter().filter(|u| u.is_empty()).count();
        assert!(
            quiet > streamed.updates.len() / 2,
            "ticks have nothing to tell"
        );
    }

    #[test]
    fn a_strap_that_never_answers_is_ended_all_the_same() {
        let faults = Faults {
            silences_s: vec![8.0..100.0],
            ..Faults::default()
        };
        let streamed = stream(Vec::new(), faults, 1, 20.0);
        assert!(streamed.recording.leads[0].duration_s() > 5.0);
    }
}
