//! One session with a device: a state machine without I/O.
//!
//! Tell it what happened with [`Session::handle`], then ask [`Session::poll`] until it gives nothing more and do what
//! it says. It asks for one link operation at a time (a browser refuses two at once) and says when it wants to be
//! woken by [`Input::Tick`]. Whoever carries the bytes answers each [`Output::Connect`] with [`Input::Services`]
//! (connected, characteristics found) or [`Input::ConnectFailed`], and each operation with its outcome.

use super::h10::{Command, ControlMessage, EcgFrame, FrameType, MeasurementKind, PmdStatus, Reply};
use super::heart_rate::{Contact, HeartRateMeasurement};
use super::profile::Profile;
use super::stream::{FrameCounts, FrameOrder, SampleBlock};
use super::{Characteristic, HostTime};
use crate::recording::Phrase;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Seconds within which a command is answered (real exchanges take well under one).
pub const REPLY_S: f64 = 2.0;
/// Seconds without data after which the trace is said to stand still.
pub const WATCHDOG_S: f64 = 3.0;
/// Seconds without data after which the link is made anew: no disconnect event may ever come.
pub const STALLED_S: f64 = 20.0;
/// Seconds that the first frame may take; up to 30 were seen (fsmeraldi/bleakheart #1).
pub const FIRST_DATA_S: f64 = 35.0;
/// Seconds that a connection, a subscription or a read may take.
const OPERATION_S: f64 = 20.0;
/// Times a command is written before the link is made anew.
const TRIES: u32 = 3;
/// First and longest wait before connecting again, seconds; it doubles in between.
const BACK_OFF_S: (f64, f64) = (0.5, 60.0);

/// Why the link refused something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkError {
    /// The device wants to be paired (ATT errors 0x05, 0x0F; "GATT operation not permitted").
    Authentication,
    /// The device is not in reach or does not answer.
    Unreachable,
    /// Another operation is under way.
    Busy,
    /// Anything else, in the platform's words.
    Other(String),
}

impl LinkError {
    /// What it means for the person at the page.
    #[must_use]
    pub fn phrase(&self) -> Phrase {
        match self {
            Self::Authentication => Phrase::new("live-link-authentication"),
            Self::Unreachable => Phrase::new("live-link-unreachable"),
            Self::Busy => Phrase::new("live-link-busy"),
            Self::Other(words) => Phrase::new("live-link-other").with("words", words.as_str()),
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// The person chose the device: begin.
    Start,
    /// Connected, and these characteristics were found.
    Services(Vec<Characteristic>),
    /// No connection came about.
    ConnectFailed(LinkError),
    /// Notifications (or indications) of a characteristic are on.
    Subscribed(Characteristic),
    /// They could not be turned on.
    SubscribeFailed(Characteristic, LinkError),
    /// A read gave these bytes.
    Read(Characteristic, Vec<u8>),
    /// A read failed.
    ReadFailed(Characteristic, LinkError),
    /// A write was taken by the link.
    Written(Characteristic),
    /// A write was refused.
    WriteFailed(Characteristic, LinkError),
    /// A notification or indication came.
    Notification(Characteristic, Vec<u8>),
    /// The link ended.
    Lost,
    /// Time passed.
    Tick,
    /// The person wants to end.
    Stop,
}

/// What to do or to show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// Connect and look for the profile's characteristics.
    // What is no wish to the link stays in the worker: skipped below, the page need not know how to read it.
    Connect,
    /// Turn notifications on.
    Subscribe(Characteristic),
    /// Read.
    Read(Characteristic),
    /// Write, with response.
    Write(Characteristic, Vec<u8>),
    /// End the link, or the attempt to make one.
    Disconnect,
    /// Send [`Input::Tick`] at this time.
    WakeAt(HostTime),
    /// Samples in order, with the gap before them.
    #[serde(skip)]
    Samples(SampleBlock),
    /// The device's own heart rate and RR intervals.
    #[serde(skip)]
    HeartRate(HeartRateMeasurement),
    /// Battery in percent.
    #[serde(skip)]
    Battery(u8),
    /// The session's state changed.
    #[serde(skip)]
    Status(Status),
    /// Something to tell.
    #[serde(skip)]
    Event {
        /// When.
        at_s: HostTime,
        /// What.
        phrase: Phrase,
    },
}

/// What the session is doing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not begun.
    Idle,
    /// Connecting.
    Connecting,
    /// Connected; notifications are turned on and the stream is started.
    Preparing,
    /// Started; no data yet.
    WaitingForData,
    /// Data come.
    Streaming,
    /// The link stands but no data come: neither a flat line nor a heart rate of 0.
    NoData {
        /// Since when.
        since_s: HostTime,
    },
    /// The link is down; it is made anew at this time.
    Reconnecting {
        /// Number of the attempt, from 1.
        attempt: u32,
        /// When.
        at_s: HostTime,
    },
    /// Ended by the person, or because the device has nothing to read.
    Stopped,
}

impl Status {
    /// What it is called.
    #[must_use]
    pub fn phrase(self, now_s: HostTime) -> Phrase {
        match self {
            Self::Idle => Phrase::new("live-idle"),
            Self::Connecting => Phrase::new("live-connecting"),
            Self::Preparing => Phrase::new("live-preparing"),
            Self::WaitingForData => Phrase::new("live-waiting-for-data"),
            Self::Streaming => Phrase::new("live-streaming"),
            Self::NoData { since_s } => {
                Phrase::new("live-no-data").with("seconds", (now_s - since_s).max(0.0).round())
            }
            Self::Reconnecting { attempt, at_s } => Phrase::new("live-reconnecting")
                .with("attempt", f64::from(attempt))
                .with("seconds", (at_s - now_s).max(0.0).ceil()),
            Self::Stopped => Phrase::new("live-stopped"),
        }
    }
}

/// A link operation, one at a time.
#[derive(Clone, Debug, PartialEq)]
enum Operation {
    Subscribe(Characteristic),
    Read(Characteristic),
    Command(Command),
}

/// The operation under way.
#[derive(Clone, Debug)]
struct Pending {
    operation: Operation,
    since_s: HostTime,
    tries: u32,
    written: bool,
    reply: Option<Reply>,
    /// A late reply was already told.
    named: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum LinkState {
    Idle,
    Connecting { since_s: HostTime },
    Linked,
    Waiting { until_s: HostTime },
    Stopped,
}

/// One session with one device.
#[derive(Clone, Debug)]
pub struct Session {
    profile: &'static Profile,
    now_s: HostTime,
    link: LinkState,
    plan: VecDeque<Operation>,
    pending: Option<Pending>,
    stopping: bool,
    ecg_wanted: bool,
    /// When the stream was started over this link, or subscriptions were done for a heart rate strap.
    started_at_s: Option<HostTime>,
    /// When the last data came over this link.
    data_at_s: Option<HostTime>,
    attempt: u32,
    frames: Option<FrameOrder>,
    broken_frames: u64,
    status: Status,
    told_wake_s: Option<HostTime>,
    outputs: VecDeque<Output>,
}

impl Session {
    /// A session that has not begun, for a device of this profile.
    #[must_use]
    pub fn new(profile: &'static Profile) -> Self {
        Self {
            profile,
            now_s: 0.0,
            link: LinkState::Idle,
            plan: VecDeque::new(),
            pending: None,
            stopping: false,
            ecg_wanted: profile.ecg.is_some(),
            started_at_s: None,
            data_at_s: None,
            attempt: 0,
            frames: profile
                .ecg
                .map(|ecg| FrameOrder::new(ecg.nominal_rate_hz, ecg.rate_tolerance)),
            broken_frames: 0,
            status: Status::Idle,
            told_wake_s: None,
            outputs: VecDeque::new(),
        }
    }

    /// The profile.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// What the session is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// True rate of the ECG by the device's clock, hertz.
    #[must_use]
    pub fn measured_rate_hz(&self) -> Option<f64> {
        self.frames.as_ref().and_then(FrameOrder::measured_rate_hz)
    }

    /// What happened to the frames so far.
    #[must_use]
    pub fn frame_counts(&self) -> FrameCounts {
        self.frames
            .as_ref()
            .map(FrameOrder::counts)
            .unwrap_or_default()
    }

    /// Notifications that could not be read.
    #[must_use]
    pub fn broken_frames(&self) -> u64 {
        self.broken_frames
    }

    /// What to do next; `None` when there is nothing more until the next input.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Takes what happened at `at_s`. Time that runs backwards counts as standing still.
    pub fn handle(&mut self, at_s: HostTime, input: Input) {
        if at_s.is_finite() {
            self.now_s = self.now_s.max(at_s);
        }
        match input {
            Input::Start => self.start(),
            Input::Services(found) => self.plan_subscriptions(&found),
            Input::ConnectFailed(error) => self.connect_failed(&error),
            Input::Subscribed(characteristic) => {
                self.finish(&Operation::Subscribe(characteristic));
            }
            Input::SubscribeFailed(characteristic, error) => {
                self.subscribe_failed(characteristic, &error);
            }
            Input::Read(characteristic, bytes) => {
                if characteristic == Characteristic::Battery {
                    self.battery(&bytes);
                }
                self.finish(&Operation::Read(characteristic));
            }
            Input::ReadFailed(characteristic, _) => {
                self.finish(&Operation::Read(characteristic));
            }
            Input::Written(Characteristic::PmdControl) => self.written(),
            Input::Written(_) | Input::Tick => {}
            Input::WriteFailed(_, error) => self.write_failed(&error),
            Input::Notification(characteristic, bytes) => self.notified(characteristic, &bytes),
            Input::Lost => self.lost(),
            Input::Stop => self.stop(),
        }
        self.on_time();
        self.next_operation();
        self.tell_wake();
    }

    fn start(&mut self) {
        if matches!(self.link, LinkState::Idle | LinkState::Stopped) {
            self.stopping = false;
            self.attempt = 0;
            self.connect();
        }
    }

    fn connect(&mut self) {
        self.link = LinkState::Connecting {
            since_s: self.now_s,
        };
        self.plan.clear();
        self.pending = None;
        self.started_at_s = None;
        self.data_at_s = None;
        self.outputs.push_back(Output::Connect);
        self.set_status(Status::Connecting);
    }

    fn connect_failed(&mut self, error: &LinkError) {
        if !matches!(self.link, LinkState::Connecting { .. }) {
            return;
        }
        if self.attempt == 0 || *error == LinkError::Authentication {
            self.event(error.phrase());
        }
        self.reconnect_later();
    }

    /// Notifications first, on every characteristic; only then may commands be written.
    fn plan_subscriptions(&mut self, found: &[Characteristic]) {
        if !matches!(self.link, LinkState::Connecting { .. }) {
            return;
        }
        self.link = LinkState::Linked;
        self.set_status(Status::Preparing);
        let has = |role| found.contains(&role);
        let has_ecg = has(Characteristic::PmdControl) && has(Characteristic::PmdData);
        self.ecg_wanted = self.profile.ecg.is_some() && has_ecg;
        if self.profile.ecg.is_some() && !has_ecg {
            self.event(Phrase::new("live-no-ecg-service"));
        }
        let is_pmd = |role| matches!(role, Characteristic::PmdControl | Characteristic::PmdData);
        for address in self.profile.addresses {
            let role = address.role;
            if has(role) && (self.ecg_wanted || !is_pmd(role)) {
                self.plan.push_back(Operation::Subscribe(role));
            }
        }
        if self.plan.is_empty() {
            self.event(Phrase::new("live-nothing-to-read"));
            self.end();
            return;
        }
        if has(Characteristic::Battery) {
            self.plan
                .push_back(Operation::Read(Characteristic::Battery));
        }
        if self.ecg_wanted {
            let ask = Command::GetSettings(MeasurementKind::Ecg);
            self.plan.push_back(Operation::Command(ask));
            self.plan
                .push_back(Operation::Command(Command::start_ecg()));
        }
    }

    fn subscribe_failed(&mut self, characteristic: Characteristic, error: &LinkError) {
        if !self.is_pending(&Operation::Subscribe(characteristic)) {
            return;
        }
        let needed = match characteristic {
            Characteristic::PmdControl | Characteristic::PmdData => true,
            Characteristic::HeartRate => !self.ecg_wanted,
            Characteristic::Battery => false,
        };
        if needed {
            self.event(error.phrase());
            self.make_anew();
            return;
        }
        self.finish(&Operation::Subscribe(characteristic));
    }

    fn is_pending(&self, operation: &Operation) -> bool {
        self.pending
            .as_ref()
            .is_some_and(|pending| pending.operation == *operation)
    }

    fn finish(&mut self, operation: &Operation) {
        if self.is_pending(operation) {
            self.pending = None;
        }
    }

    /// Puts out the next operation when none is under way.
    fn next_operation(&mut self) {
        if self.link != LinkState::Linked || self.pending.is_some() {
            return;
        }
        let Some(operation) = self.plan.pop_front() else {
            if self.stopping {
                self.end();
            } else if self.started_at_s.is_none() {
                self.started_at_s = Some(self.now_s);
                if self.data_at_s.is_none() {
                    self.set_status(Status::WaitingForData);
                }
            }
            return;
        };
        self.issue(operation, 1);
    }

    fn issue(&mut self, operation: Operation, tries: u32) {
        self.outputs.push_back(match &operation {
            Operation::Subscribe(characteristic) => Output::Subscribe(*characteristic),
            Operation::Read(characteristic) => Output::Read(*characteristic),
            Operation::Command(command) => {
                Output::Write(Characteristic::PmdControl, command.encode())
            }
        });
        self.pending = Some(Pending {
            operation,
            since_s: self.now_s,
            tries,
            written: false,
            reply: None,
            named: false,
        });
    }

    /// A write is done; its reply may already be here.
    fn written(&mut self) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        if matches!(pending.operation, Operation::Command(_)) {
            pending.written = true;
            self.settle_command();
        }
    }

    fn write_failed(&mut self, error: &LinkError) {
        let waiting = self
            .pending
            .as_ref()
            .is_some_and(|pending| matches!(pending.operation, Operation::Command(_)));
        if !waiting {
            return;
        }
        if self.stopping {
            self.end();
            return;
        }
        self.event(error.phrase());
        self.make_anew();
    }

    fn notified(&mut self, characteristic: Characteristic, bytes: &[u8]) {
        if self.link != LinkState::Linked {
            return;
        }
        match characteristic {
            Characteristic::PmdControl => self.control(bytes),
            Characteristic::PmdData => self.ecg(bytes),
            Characteristic::HeartRate => self.heart_rate(bytes),
            Characteristic::Battery => self.battery(bytes),
        }
    }

    fn control(&mut self, bytes: &[u8]) {
        match ControlMessage::decode(bytes) {
            Ok(ControlMessage::Reply(reply)) => self.replied(reply),
            // What reading the control point gives is no reply: go on waiting for one.
            Ok(ControlMessage::Features { .. }) => {}
            Ok(ControlMessage::Stopped(kinds)) => self.stopped_by_device(&kinds),
            Err(_) => self.broken(),
        }
    }

    fn replied(&mut self, reply: Reply) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        let Operation::Command(command) = &pending.operation else {
            return;
        };
        // A reply to a command that was refused outright may name no operation (`F0 00 01 0A`).
        let refused = !reply.status.is_success() && reply.operation == 0;
        if !reply.answers(command) && !refused {
            return;
        }
        let more = reply.more;
        match &mut pending.reply {
            // 512 bytes are the longest attribute value (Bluetooth Core, Vol 3 Part F 3.2.9); no reply is longer in whole.
            Some(earlier) if earlier.parameters.len() < 512 => {
                earlier.parameters.extend(reply.parameters);
                earlier.more = more;
            }
            Some(earlier) => earlier.more = false,
            empty => *empty = Some(reply),
        }
        self.settle_command();
    }

    /// Ends the command once it is both written and answered, in whichever order.
    fn settle_command(&mut self) {
        let Some(pending) = &self.pending else {
            return;
        };
        let (Operation::Command(command), Some(reply)) = (&pending.operation, &pending.reply)
        else {
            return;
        };
        if !pending.written || reply.more {
            return;
        }
        let (status, starts) = (reply.status, matches!(command, Command::Start(..)));
        self.pending = None;
        if status.is_success() || self.stopping {
            return;
        }
        self.event(status.phrase());
        match status {
            PmdStatus::NotSupported | PmdStatus::InvalidMeasurement => self.go_on_without_ecg(),
            _ if starts || status == PmdStatus::InvalidMtu => self.make_anew(),
            // Settings are only asked for; the start command says them anyway.
            _ => {}
        }
    }

    fn go_on_without_ecg(&mut self) {
        self.ecg_wanted = false;
        self.plan
            .retain(|operation| !matches!(operation, Operation::Command(_)));
        self.event(Phrase::new("live-no-ecg-service"));
    }

    fn stopped_by_device(&mut self, kinds: &[MeasurementKind]) {
        if self.stopping || !kinds.contains(&MeasurementKind::Ecg) {
            return;
        }
        self.event(Phrase::new("live-stopped-by-device"));
        self.started_at_s = None;
        self.data_at_s = None;
        self.plan
            .push_back(Operation::Command(Command::start_ecg()));
    }

    fn ecg(&mut self, bytes: &[u8]) {
        let frame = match EcgFrame::decode(bytes) {
            // Only microvolts have a known scale; other layouts are never guessed.
            Ok(frame) if frame.frame_type == FrameType::Microvolts24 => frame,
            Ok(_) | Err(_) => {
                self.broken();
                return;
            }
        };
        self.data_came();
        let now_s = self.now_s;
        let Some(frames) = &mut self.frames else {
            return;
        };
        let blocks = frames.push(frame, now_s);
        self.put_out(blocks);
    }

    fn data_came(&mut self) {
        self.data_at_s = Some(self.now_s);
        self.attempt = 0;
        if !self.stopping {
            self.set_status(Status::Streaming);
        }
    }

    fn put_out(&mut self, blocks: Vec<SampleBlock>) {
        for block in blocks {
            if block.missing_before > 0 {
                let rate_hz = self.profile.ecg.map_or(1.0, |ecg| ecg.nominal_rate_hz);
                let seconds = block.missing_before as f64 / rate_hz;
                self.event(
                    Phrase::new("live-gap").with("seconds", (seconds * 10.0).round() / 10.0),
                );
            }
            self.outputs.push_back(Output::Samples(block));
        }
    }

    fn heart_rate(&mut self, bytes: &[u8]) {
        let Ok(measured) = HeartRateMeasurement::decode(bytes) else {
            self.broken();
            return;
        };
        if measured.contact == Contact::No
            && let Some(frames) = &mut self.frames
        {
            frames.contact_lost();
        }
        if !self.ecg_wanted {
            self.data_came();
        }
        self.outputs.push_back(Output::HeartRate(measured));
    }

    fn battery(&mut self, bytes: &[u8]) {
        match bytes.first() {
            Some(&percent) if percent <= 100 => self.outputs.push_back(Output::Battery(percent)),
            _ => self.broken(),
        }
    }

    /// Counts what could not be read; told once, or a broken device would fill the page.
    fn broken(&mut self) {
        self.broken_frames += 1;
        if self.broken_frames == 1 {
            self.event(Phrase::new("live-unreadable"));
        }
    }

    fn lost(&mut self) {
        match self.link {
            LinkState::Linked if self.stopping => self.end(),
            LinkState::Linked => {
                self.event(Phrase::new("live-link-lost"));
                self.reconnect_later();
            }
            LinkState::Connecting { .. } => self.reconnect_later(),
            LinkState::Idle | LinkState::Waiting { .. } | LinkState::Stopped => {}
        }
    }

    /// Ends a link that is of no use and makes it anew.
    fn make_anew(&mut self) {
        self.outputs.push_back(Output::Disconnect);
        self.reconnect_later();
    }

    /// Back-off 0.5, 1, 2, 4 … up to 60 s.
    fn reconnect_later(&mut self) {
        if let Some(frames) = &mut self.frames {
            let blocks = frames.link_lost();
            self.put_out(blocks);
        }
        if self.stopping {
            self.end();
            return;
        }
        let wait_s = (BACK_OFF_S.0 * 2_f64.powi(self.attempt.min(30) as i32)).min(BACK_OFF_S.1);
        self.attempt = self.attempt.saturating_add(1);
        self.plan.clear();
        self.pending = None;
        self.started_at_s = None;
        self.data_at_s = None;
        let until_s = self.now_s + wait_s;
        self.link = LinkState::Waiting { until_s };
        self.set_status(Status::Reconnecting {
            attempt: self.attempt,
            at_s: until_s,
        });
    }

    /// Stops the stream before the link ends: left streaming, the strap stays awake until its battery is empty.
    fn stop(&mut self) {
        if matches!(self.link, LinkState::Idle | LinkState::Stopped) {
            return;
        }
        self.stopping = true;
        // A start that is not answered yet may have been heard.
        let starting = self.is_pending(&Operation::Command(Command::start_ecg()));
        let was_started = self.started_at_s.is_some() || starting;
        self.plan.clear();
        if self.link == LinkState::Linked && self.ecg_wanted && was_started {
            self.pending = None;
            let stop = Command::Stop(MeasurementKind::Ecg);
            self.plan.push_back(Operation::Command(stop));
            return;
        }
        self.end();
    }

    fn end(&mut self) {
        if let Some(frames) = &mut self.frames {
            let blocks = frames.link_lost();
            self.put_out(blocks);
        }
        if matches!(self.link, LinkState::Linked | LinkState::Connecting { .. }) {
            self.outputs.push_back(Output::Disconnect);
        }
        self.link = LinkState::Stopped;
        self.plan.clear();
        self.pending = None;
        self.set_status(Status::Stopped);
    }

    /// All that happens because time has passed.
    fn on_time(&mut self) {
        let now_s = self.now_s;
        if let Some(frames) = &mut self.frames {
            let blocks = frames.tick(now_s);
            self.put_out(blocks);
        }
        match self.link {
            LinkState::Waiting { until_s } if now_s >= until_s => self.connect(),
            LinkState::Connecting { since_s } if now_s >= since_s + OPERATION_S => {
                self.make_anew();
            }
            LinkState::Linked => {
                self.watch_operation();
                self.watch_data();
            }
            _ => {}
        }
    }

    /// An operation that is not answered is named, tried again, and ends the link at last.
    fn watch_operation(&mut self) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        let waited_s = self.now_s - pending.since_s;
        let Operation::Command(command) = pending.operation.clone() else {
            if waited_s >= OPERATION_S {
                self.event(Phrase::new("live-link-unreachable"));
                self.make_anew();
            }
            return;
        };
        if waited_s < REPLY_S {
            return;
        }
        let (written, tries) = (pending.written, pending.tries);
        let first_time = !pending.named && tries == 1;
        pending.named = true;
        if first_time {
            self.no_reply(&command);
        }
        if self.stopping {
            self.end();
        } else if written && tries < TRIES {
            self.issue(Operation::Command(command), tries + 1);
        } else if written || waited_s >= OPERATION_S {
            self.make_anew();
        }
    }

    fn no_reply(&mut self, command: &Command) {
        let name = match command {
            Command::GetSettings(_) => "settings",
            Command::Start(..) => "start",
            Command::Stop(_) => "stop",
        };
        self.event(
            Phrase::new("live-no-reply")
                .with("command", name)
                .with("seconds", REPLY_S),
        );
    }

    /// Silence is told after 3 s and ends the link after 20 s; it is never a flat line.
    fn watch_data(&mut self) {
        let Some(started_s) = self.started_at_s else {
            return;
        };
        if self.stopping {
            return;
        }
        let Some(data_s) = self.data_at_s else {
            if self.ecg_wanted && self.now_s >= started_s + FIRST_DATA_S {
                self.event(Phrase::new("live-no-first-data").with("seconds", FIRST_DATA_S));
                self.make_anew();
            }
            return;
        };
        let age_s = self.now_s - data_s;
        if age_s >= WATCHDOG_S && self.status == Status::Streaming {
            self.set_status(Status::NoData { since_s: data_s });
            self.event(Phrase::new("live-no-data").with("seconds", age_s.round()));
        }
        if self.ecg_wanted && age_s >= STALLED_S {
            self.event(Phrase::new("live-stalled").with("seconds", STALLED_S));
            self.make_anew();
        }
    }

    /// When the session wants to be woken next.
    fn due_at_s(&self) -> Option<HostTime> {
        let operation_s = self.pending.as_ref().map(|pending| {
            let patience_s = match pending.operation {
                Operation::Command(_) if !pending.named => REPLY_S,
                _ => OPERATION_S,
            };
            pending.since_s + patience_s
        });
        let link_s = match self.link {
            LinkState::Waiting { until_s } => Some(until_s),
            LinkState::Connecting { since_s } => Some(since_s + OPERATION_S),
            LinkState::Linked => self.data_due_at_s(),
            LinkState::Idle | LinkState::Stopped => None,
        };
        let frames_s = self.frames.as_ref().and_then(FrameOrder::due_at_s);
        [operation_s, link_s, frames_s]
            .into_iter()
            .flatten()
            .reduce(f64::min)
    }

    fn data_due_at_s(&self) -> Option<HostTime> {
        let started_s = self.started_at_s?;
        match self.data_at_s {
            None => self.ecg_wanted.then_some(started_s + FIRST_DATA_S),
            Some(data_s) if self.status == Status::Streaming => Some(data_s + WATCHDOG_S),
            Some(data_s) => self.ecg_wanted.then_some(data_s + STALLED_S),
        }
    }

    fn tell_wake(&mut self) {
        let due = self.due_at_s();
        if due == self.told_wake_s {
            return;
        }
        self.told_wake_s = due;
        if let Some(at_s) = due {
            self.outputs.push_back(Output::WakeAt(at_s));
        }
    }

    fn set_status(&mut self, status: Status) {
        if self.status != status {
            self.status = status;
            self.outputs.push_back(Output::Status(status));
        }
    }

    fn event(&mut self, phrase: Phrase) {
        self.outputs.push_back(Output::Event {
            at_s: self.now_s,
            phrase,
        });
    }
}

#[cfg(test)]
mod tests;
