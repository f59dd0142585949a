//! A simulated Polar H10 that plays a simulation byte by byte as the real one does. Time is an input.
//!
//! [`SimulatedH10`] is the device: notifications, control point, clock, battery, and faults at will.
//! [`SimulatedLink`] is the carrier between it and a [`Session`], as Bluetooth is for a real one.

use super::h10::{Command, EcgFrame, MeasurementKind, PmdStatus, Reply, Setting};
use super::heart_rate::{Contact, HeartRateMeasurement};
use super::session::{Input, LinkError, Output, Session};
use super::{Characteristic, HostTime};
use crate::simulator::{Noise, NoiseKind, Random, Rhythm, Simulation, SimulatorOptions, simulate};
use std::collections::VecDeque;
use std::ops::Range;

/// Samples of one frame: what fits a notification after the H10 has settled at a packet of 232 bytes.
pub const FRAME_SAMPLES: u64 = 73;
/// The device's clock when it wakes without knowing the time: 2019-01-01, in nanoseconds since 2000-01-01.
pub const CLOCK_RESET_NS: u64 = 599_616_000_000_000_000;
/// True rate of one real H10, measured on the stamps of a public capture, hertz.
pub const MEASURED_RATE_HZ: f64 = 130.168;
/// Seconds between a sample and its arrival.
const LATENCY_S: f64 = 0.06;
/// Seconds that a link operation takes.
const OPERATION_S: f64 = 0.03;

/// What goes wrong. [`Default`] is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Share of frames that never arrive, 0 to 1.
    pub frame_loss: f64,
    /// Share of frames that arrive twice.
    pub repeated: f64,
    /// Share of frames that arrive after the one that follows.
    pub swapped: f64,
    /// Stretches without any notification while the link stands (strap off the body), seconds since the device woke.
    pub silences_s: Vec<Range<f64>>,
    /// Stretches without a link.
    pub link_losses_s: Vec<Range<f64>>,
    /// The clock starts anew with every link.
    pub clock_resets: bool,
    /// Commands are taken and never answered.
    pub deaf: bool,
    /// The link's packets are too small: every command is answered with status 10.
    pub small_packets: bool,
    /// The firmware has no measurement service.
    pub without_ecg: bool,
}

/// What comes from the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// When it arrives.
    pub at_s: HostTime,
    /// The characteristic and its bytes; `None` when the link ends.
    pub notification: Option<(Characteristic, Vec<u8>)>,
}

/// A simulated strap. It wakes at host time 0 and takes samples from then on, whether anyone listens or not.
#[derive(Clone, Debug)]
pub struct SimulatedH10 {
    microvolts: Vec<i32>,
    /// R times in samples, fractional.
    beats: Vec<f64>,
    /// Samples after which it plays from the beginning.
    period: u64,
    true_rate_hz: f64,
    faults: Faults,
    random: Random,
    now_s: HostTime,
    linked_since_s: Option<HostTime>,
    subscribed: Vec<Characteristic>,
    /// First sample of the next frame, while the ECG runs.
    next_sample: Option<u64>,
    next_rate_at_s: HostTime,
    held: Option<Delivery>,
    lost: Vec<Range<u64>>,
    first_streamed: Option<u64>,
    battery_percent: u8,
}

impl SimulatedH10 {
    /// A strap that plays the first lead of a simulation at `true_rate_hz` (a real one: 130.168 Hz) without end:
    /// the recording is repeated from its last beat on its first.
    #[must_use]
    pub fn new(simulation: &Simulation, true_rate_hz: f64, faults: Faults, seed: u64) -> Self {
        let lead = simulation.recording.leads.first();
        let microvolts: Vec<i32> = lead
            .map(|lead| {
                let values = lead.samples.all_values();
                values
                    .iter()
                    .map(|mv| (mv * 1000.0).round() as i32)
                    .collect()
            })
            .unwrap_or_default();
        let lead_rate_hz = lead.map_or(true_rate_hz, |lead| lead.rate_hz);
        let beats: Vec<f64> = simulation
            .truth
            .beats
            .iter()
            .map(|beat| beat.time_s * lead_rate_hz)
            .collect();
        let whole = microvolts.len().max(1) as u64;
        let period = match (beats.first(), beats.last()) {
            (Some(first), Some(last)) if last - first >= 1.0 => (last - first).round() as u64,
            _ => whole,
        };
        Self {
            microvolts,
            beats,
            period: period.min(whole),
            true_rate_hz: true_rate_hz.clamp(1.0, 1000.0),
            faults,
            random: Random::stream(seed, "simulated strap"),
            now_s: 0.0,
            linked_since_s: None,
            subscribed: Vec::new(),
            next_sample: None,
            next_rate_at_s: 0.0,
            held: None,
            lost: Vec::new(),
            first_streamed: None,
            battery_percent: 87,
        }
    }

    /// The strap that the page offers without a device: ten minutes of a rhythm at the rate a real H10 was measured at,
    /// with a little wander and muscle noise, and this share of the frames lost.
    #[must_use]
    pub fn wearing(rhythm: Rhythm, frame_loss: f64, seed: u64) -> Self {
        let simulation = simulate(&SimulatorOptions {
            rhythm,
            duration_s: 600.0,
            sample_rate_hz: 130.0,
            noise: vec![
                Noise::throughout(NoiseKind::Wander, 26.0),
                Noise::throughout(NoiseKind::Muscle, 34.0),
            ],
            seed,
            ..SimulatorOptions::default()
        });
        let faults = Faults {
            frame_loss,
            ..Faults::default()
        };
        Self::new(&simulation, MEASURED_RATE_HZ, faults, seed)
    }

    /// The sample at a position of the endless trace, microvolts.
    #[must_use]
    pub fn sample(&self, position: u64) -> i32 {
        let index = (position % self.period) as usize;
        self.microvolts.get(index).copied().unwrap_or(0)
    }

    /// Position of the first sample that was ever put into a frame.
    #[must_use]
    pub fn first_streamed(&self) -> Option<u64> {
        self.first_streamed
    }

    /// Positions of the samples of lost frames, in order.
    #[must_use]
    pub fn lost(&self) -> &[Range<u64>] {
        &self.lost
    }

    /// The characteristics it has.
    #[must_use]
    pub fn characteristics(&self) -> Vec<Characteristic> {
        let mut found = vec![Characteristic::HeartRate, Characteristic::Battery];
        if !self.faults.without_ecg {
            found.extend([Characteristic::PmdControl, Characteristic::PmdData]);
        }
        found
    }

    /// Makes a link; `false` while the device is out of reach.
    pub fn connect(&mut self, now_s: HostTime) -> bool {
        self.now_s = now_s;
        if within(&self.faults.link_losses_s, now_s) {
            return false;
        }
        self.linked_since_s = Some(now_s);
        self.next_rate_at_s = now_s + 1.0;
        true
    }

    /// Ends the link: subscriptions and the stream are forgotten.
    pub fn disconnect(&mut self) {
        self.linked_since_s = None;
        self.subscribed.clear();
        self.next_sample = None;
        self.held = None;
    }

    /// Turns notifications on; `false` without a link or such a characteristic.
    pub fn subscribe(&mut self, characteristic: Characteristic) -> bool {
        let can = self.linked_since_s.is_some() && self.characteristics().contains(&characteristic);
        if can && !self.subscribed.contains(&characteristic) {
            self.subscribed.push(characteristic);
        }
        can
    }

    /// What reading gives; `None` where it cannot be read.
    #[must_use]
    pub fn read(&self, characteristic: Characteristic) -> Option<Vec<u8>> {
        self.linked_since_s?;
        match characteristic {
            Characteristic::Battery => Some(vec![self.battery_percent]),
            Characteristic::PmdControl if !self.faults.without_ecg => {
                let mut features = vec![0x0f, 0x05];
                features.resize(17, 0);
                Some(features)
            }
            Characteristic::PmdControl | Characteristic::PmdData | Characteristic::HeartRate => {
                None
            }
        }
    }

    /// Takes a command; returns the reply that is indicated, if any.
    /// Nothing is answered before notifications are on for both characteristics (polar-ble-sdk #287, #360).
    pub fn write(&mut self, now_s: HostTime, bytes: &[u8]) -> Option<Vec<u8>> {
        let listening = self.subscribed.contains(&Characteristic::PmdControl)
            && self.subscribed.contains(&Characteristic::PmdData);
        if self.linked_since_s.is_none() || !listening || self.faults.deaf {
            return None;
        }
        let operation = bytes.first().copied().unwrap_or(0);
        let reply = |status, parameters| {
            let reply = Reply {
                operation,
                measurement: MeasurementKind::Ecg,
                status,
                more: false,
                parameters,
            };
            Some(reply.encode())
        };
        if self.faults.small_packets {
            return reply(PmdStatus::InvalidMtu, Vec::new());
        }
        match Command::decode(bytes) {
            Ok(Command::GetSettings(MeasurementKind::Ecg)) => {
                let rate = Setting::SampleRateHz(vec![130]).encode();
                let bits = Setting::ResolutionBits(vec![14]).encode();
                reply(PmdStatus::Success, [rate, bits].concat())
            }
            Ok(Command::Start(MeasurementKind::Ecg, settings)) => {
                reply(self.start(now_s, &settings), vec![0])
            }
            Ok(Command::Stop(MeasurementKind::Ecg)) => {
                self.next_sample = None;
                reply(PmdStatus::Success, Vec::new())
            }
            Ok(_) => reply(PmdStatus::InvalidMeasurement, Vec::new()),
            Err(_) => reply(PmdStatus::InvalidOperation, Vec::new()),
        }
    }

    fn start(&mut self, now_s: HostTime, settings: &[Setting]) -> PmdStatus {
        if self.next_sample.is_some() {
            return PmdStatus::AlreadyInState;
        }
        if !settings.contains(&Setting::SampleRateHz(vec![130]))
            || !settings.contains(&Setting::ResolutionBits(vec![14]))
        {
            return PmdStatus::InvalidParameter;
        }
        let first = (now_s * self.true_rate_hz).ceil().max(0.0) as u64;
        self.next_sample = Some(first);
        self.first_streamed.get_or_insert(first);
        PmdStatus::Success
    }

    /// All that arrives until `now_s`, in order.
    pub fn advance(&mut self, now_s: HostTime) -> Vec<Delivery> {
        let from_s = self.now_s;
        self.now_s = self.now_s.max(now_s);
        let Some(linked_since_s) = self.linked_since_s else {
            return Vec::new();
        };
        let loss_s = self
            .faults
            .link_losses_s
            .iter()
            .map(|loss| loss.start)
            .find(|&start| start >= linked_since_s.max(from_s) && start <= self.now_s);
        let until_s = loss_s.unwrap_or(self.now_s);
        let mut deliveries = self.frames(until_s);
        deliveries.extend(self.rates(until_s));
        deliveries.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        if let Some(at_s) = loss_s {
            self.disconnect();
            deliveries.push(Delivery {
                at_s,
                notification: None,
            });
        }
        deliveries
    }

    /// Frames that are complete and have arrived by `until_s`.
    fn frames(&mut self, until_s: HostTime) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        while let Some(first) = self.next_sample {
            let end = first + FRAME_SAMPLES;
            let taken_s = end as f64 / self.true_rate_hz;
            let at_s = taken_s + LATENCY_S;
            if at_s > until_s {
                break;
            }
            self.next_sample = Some(end);
            if within(&self.faults.silences_s, at_s) {
                continue;
            }
            let samples: Vec<i32> = (first..end).map(|position| self.sample(position)).collect();
            let bytes = EcgFrame::encode_microvolts(self.stamp_ns(taken_s), &samples);
            self.deliver(first..end, at_s, bytes, &mut deliveries);
        }
        deliveries
    }

    /// Delivers a frame, or loses it, or delivers it twice, or after the next one.
    fn deliver(
        &mut self,
        samples: Range<u64>,
        at_s: HostTime,
        bytes: Vec<u8>,
        deliveries: &mut Vec<Delivery>,
    ) {
        let delivery = Delivery {
            at_s,
            notification: Some((Characteristic::PmdData, bytes)),
        };
        if self.random.chance(self.faults.frame_loss) {
            self.lost.push(samples);
            return;
        }
        if self.held.is_none() && self.random.chance(self.faults.swapped) {
            self.held = Some(delivery);
            return;
        }
        if self.random.chance(self.faults.repeated) {
            deliveries.push(delivery.clone());
        }
        deliveries.push(delivery);
        if let Some(held) = self.held.take() {
            deliveries.push(Delivery {
                at_s: at_s + 0.001,
                ..held
            });
        }
    }

    fn stamp_ns(&self, taken_s: f64) -> u64 {
        let origin_s = match self.linked_since_s {
            Some(since_s) if self.faults.clock_resets => since_s,
            _ => 0.0,
        };
        CLOCK_RESET_NS + ((taken_s - origin_s) * 1e9).round().max(0.0) as u64
    }

    /// Heart rate once a second with the intervals that ended in it.
    fn rates(&mut self, until_s: HostTime) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        while self.next_rate_at_s <= until_s {
            let at_s = self.next_rate_at_s;
            self.next_rate_at_s += 1.0;
            let listening = self.subscribed.contains(&Characteristic::HeartRate);
            if !listening || within(&self.faults.silences_s, at_s) {
                continue;
            }
            let intervals = self.intervals_ending(at_s - 1.0, at_s);
            let recent = self.intervals_ending(at_s - 6.0, at_s);
            let mean_s = recent.iter().sum::<f64>() / recent.len().max(1) as f64;
            let rate = if mean_s > 0.0 { 60.0 / mean_s } else { 0.0 };
            let measured = HeartRateMeasurement {
                raw_rate_per_min: rate.round() as u16,
                contact: Contact::Unknown,
                energy_kj: None,
                rr_1024ths: intervals
                    .iter()
                    .take(9)
                    .map(|rr_s| (rr_s * 1024.0).round() as u16)
                    .collect(),
            };
            deliveries.push(Delivery {
                at_s,
                notification: Some((Characteristic::HeartRate, measured.encode())),
            });
        }
        deliveries
    }

    /// RR intervals in seconds whose second beat lies after `from_s` and at or before `to_s`.
    fn intervals_ending(&self, from_s: f64, to_s: f64) -> Vec<f64> {
        let (Some(&first), Some(&last)) = (self.beats.first(), self.beats.last()) else {
            return Vec::new();
        };
        // Within one period the last beat is the first one of the next.
        let period = self.period as f64;
        let (from, to) = (from_s * self.true_rate_hz, to_s * self.true_rate_hz);
        let mut intervals = Vec::new();
        let mut round = ((from / period).floor() - 1.0).max(0.0);
        while round * period + first <= to && last > first {
            for pair in self.beats.windows(2) {
                let ends = round * period + pair[1];
                if ends > from && ends <= to {
                    intervals.push((pair[1] - pair[0]) / self.true_rate_hz);
                }
            }
            round += 1.0;
        }
        intervals
    }
}

fn within(stretches_s: &[Range<f64>], time_s: f64) -> bool {
    stretches_s.iter().any(|stretch| stretch.contains(&time_s))
}

/// Carries bytes between a session and a simulated strap.
#[derive(Clone, Debug)]
pub struct SimulatedLink {
    /// The strap.
    pub device: SimulatedH10,
    answers: VecDeque<(HostTime, Input)>,
    wake_at_s: Option<HostTime>,
}

impl SimulatedLink {
    /// A carrier to this strap.
    #[must_use]
    pub fn new(device: SimulatedH10) -> Self {
        Self {
            device,
            answers: VecDeque::new(),
            wake_at_s: None,
        }
    }

    /// Does what a session says; what is only to be shown is left alone.
    pub fn perform(&mut self, now_s: HostTime, output: &Output) {
        let later_s = now_s + OPERATION_S;
        match output {
            Output::Connect => {
                let answer = if self.device.connect(now_s) {
                    Input::Services(self.device.characteristics())
                } else {
                    Input::ConnectFailed(LinkError::Unreachable)
                };
                self.answers.push_back((later_s, answer));
            }
            Output::Subscribe(characteristic) => {
                let answer = if self.device.subscribe(*characteristic) {
                    Input::Subscribed(*characteristic)
                } else {
                    Input::SubscribeFailed(*characteristic, LinkError::Unreachable)
                };
                self.answers.push_back((later_s, answer));
            }
            Output::Read(characteristic) => {
                let answer = match self.device.read(*characteristic) {
                    Some(bytes) => Input::Read(*characteristic, bytes),
                    None => Input::ReadFailed(*characteristic, LinkError::Unreachable),
                };
                self.answers.push_back((later_s, answer));
            }
            Output::Write(characteristic, bytes) => {
                // As some devices do: the reply comes before the write is said to be done.
                if let Some(reply) = self.device.write(now_s, bytes) {
                    let reply = Input::Notification(*characteristic, reply);
                    self.answers.push_back((later_s, reply));
                }
                self.answers
                    .push_back((later_s, Input::Written(*characteristic)));
            }
            Output::Disconnect => {
                self.device.disconnect();
                self.answers.clear();
            }
            Output::WakeAt(at_s) => self.wake_at_s = Some(*at_s),
            Output::Samples(_)
            | Output::HeartRate(_)
            | Output::Battery(_)
            | Output::Status(_)
            | Output::Event { .. } => {}
        }
    }

    /// What has happened until `now_s`, in order.
    pub fn advance(&mut self, now_s: HostTime) -> Vec<(HostTime, Input)> {
        let mut inputs = Vec::new();
        while let Some((at_s, _)) = self.answers.front()
            && *at_s <= now_s
        {
            inputs.extend(self.answers.pop_front());
        }
        for delivery in self.device.advance(now_s) {
            inputs.push((
                delivery.at_s,
                match delivery.notification {
                    Some((characteristic, bytes)) => Input::Notification(characteristic, bytes),
                    None => Input::Lost,
                },
            ));
        }
        if self.wake_at_s.is_some_and(|at_s| at_s <= now_s) {
            self.wake_at_s = None;
            inputs.push((now_s, Input::Tick));
        }
        inputs.sort_by(|a, b| a.0.total_cmp(&b.0));
        inputs
    }

    /// Runs a session from `from_s` to `to_s` in steps of 50 ms and returns all it put out, each with its time.
    pub fn run(
        &mut self,
        session: &mut Session,
        from_s: HostTime,
        to_s: HostTime,
    ) -> Vec<(HostTime, Output)> {
        const STEP_S: f64 = 0.05;
        let mut outputs = Vec::new();
        let steps = ((to_s - from_s) / STEP_S).ceil().max(0.0) as u64;
        for step in 0..=steps {
            let now_s = from_s + step as f64 * STEP_S;
            for (at_s, input) in self.advance(now_s) {
                session.handle(at_s, input);
                self.carry_out(session, now_s, &mut outputs);
            }
            self.carry_out(session, now_s, &mut outputs);
        }
        outputs
    }

    fn carry_out(
        &mut self,
        session: &mut Session,
        now_s: HostTime,
        outputs: &mut Vec<(HostTime, Output)>,
    ) {
        while let Some(output) = session.poll() {
            self.perform(now_s, &output);
            outputs.push((now_s, output));
        }
    }
}
