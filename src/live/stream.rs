//! Frames in the order they came to samples in the order they were taken: duplicates dropped, swaps undone,
//! losses counted and given their place, the device's clock measured.

use super::HostTime;
use super::h10::EcgFrame;
use crate::recording::GapReason;
use serde::{Deserialize, Serialize};

/// Samples that follow each other, with what is missing before them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleBlock {
    /// Position of the first sample in the recording, missing samples counted.
    pub first: u64,
    /// Samples that are missing between the block before and this one.
    pub missing_before: u64,
    /// Why they are missing.
    pub gap_reason: GapReason,
    /// The samples in the stream's counts (microvolts for the H10), oldest first.
    pub samples: Vec<i32>,
    /// Device time of the last sample, nanoseconds on the device's own clock.
    pub last_sample_ns: u64,
    /// When it arrived, on the host's clock.
    pub arrived_at_s: HostTime,
    /// Whether the device's clock goes on from the block before; not after a new link with a reset clock.
    pub clock_continues: bool,
}

/// What happened to the frames so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameCounts {
    /// Frames whose samples were put out.
    pub taken: u64,
    /// Frames that came again under a stamp already seen.
    pub repeated: u64,
    /// Frames that came too late to be put in their place.
    pub late: u64,
    /// Samples missing while the link stood.
    pub samples_lost: u64,
    /// Gaps.
    pub gaps: u64,
}

/// A gap between stamps counts as a loss when it exceeds the frame by this share (public captures jitter by 0.014 %).
const GAP_SHARE: f64 = 0.10;
/// Frames that may wait for one that is missing.
const HELD_FRAMES: usize = 3;
/// Seconds that a frame waits at most for one that is missing.
const HELD_S: f64 = 2.0;
/// Old stamps in a row, each later than the one before, after which the device's clock must have been set back.
const CLOCK_STEP_FRAMES: usize = 6;
/// Seconds by which stamps may run ahead of the host's clock before they are not believed.
const AHEAD_S: f64 = 10.0;
/// Seconds of frames from which on the measured rate is better than the nominal one.
const MEASURED_AFTER_S: f64 = 10.0;

/// The last frame that was put out.
#[derive(Clone, Copy, Debug)]
struct Last {
    stamp_ns: u64,
    arrived_at_s: HostTime,
    /// Samples of that frame.
    length: usize,
}

/// First and last stamp of an undisturbed run of the device's clock, with the samples between.
#[derive(Clone, Copy, Debug, Default)]
struct ClockRun {
    first_ns: u64,
    last_ns: u64,
    samples: u64,
}

impl ClockRun {
    fn seconds(self) -> f64 {
        self.last_ns.saturating_sub(self.first_ns) as f64 * 1e-9
    }

    fn rate_hz(self) -> Option<f64> {
        (self.samples > 0 && self.last_ns > self.first_ns)
            .then(|| self.samples as f64 / self.seconds())
    }
}

/// Orders the frames of one ECG stream.
#[derive(Clone, Debug)]
pub struct FrameOrder {
    nominal_rate_hz: f64,
    rate_tolerance: f64,
    held: Vec<(EcgFrame, HostTime)>,
    last: Option<Last>,
    position: u64,
    link_was_lost: bool,
    contact_was_lost: bool,
    late_run: Vec<u64>,
    run: ClockRun,
    best_run: ClockRun,
    counts: FrameCounts,
}

impl FrameOrder {
    /// For a stream of this nominal rate (Hz) whose true rate is within `rate_tolerance` (a share) of it.
    #[must_use]
    pub fn new(nominal_rate_hz: f64, rate_tolerance: f64) -> Self {
        Self {
            nominal_rate_hz,
            rate_tolerance,
            held: Vec::new(),
            last: None,
            position: 0,
            link_was_lost: false,
            contact_was_lost: false,
            late_run: Vec::new(),
            run: ClockRun::default(),
            best_run: ClockRun::default(),
            counts: FrameCounts::default(),
        }
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> FrameCounts {
        self.counts
    }

    /// True samples per second by the device's clock over the longest undisturbed run; `None` before two frames
    /// or when it lies outside the device's tolerance.
    #[must_use]
    pub fn measured_rate_hz(&self) -> Option<f64> {
        let run = if self.run.samples >= self.best_run.samples {
            self.run
        } else {
            self.best_run
        };
        run.rate_hz()
            .filter(|rate| (rate / self.nominal_rate_hz - 1.0).abs() <= self.rate_tolerance)
    }

    /// The link ended: what is held is put out, the next frame begins after a gap.
    pub fn link_lost(&mut self) -> Vec<SampleBlock> {
        let blocks = self.release_all();
        self.link_was_lost = self.last.is_some();
        blocks
    }

    /// The sensor says that it has no contact: a gap before the next frame is for that reason.
    pub fn contact_lost(&mut self) {
        self.contact_was_lost = true;
    }

    /// When held frames are put out at the latest.
    #[must_use]
    pub fn due_at_s(&self) -> Option<HostTime> {
        self.held
            .iter()
            .map(|(_, arrived)| arrived + HELD_S)
            .reduce(f64::min)
    }

    /// Puts out held frames whose missing neighbour did not come in time.
    pub fn tick(&mut self, now_s: HostTime) -> Vec<SampleBlock> {
        if self.due_at_s().is_some_and(|due| now_s >= due) {
            return self.release_all();
        }
        Vec::new()
    }

    /// Takes a frame as it came; returns what is in order now.
    pub fn push(&mut self, frame: EcgFrame, arrived_at_s: HostTime) -> Vec<SampleBlock> {
        if frame.samples.is_empty() {
            return Vec::new();
        }
        let Some(last) = self.last else {
            return vec![self.release(frame, arrived_at_s, 0, false)];
        };
        if self.link_was_lost {
            return vec![self.release_after_link(frame, arrived_at_s, last)];
        }
        if frame.last_sample_ns <= last.stamp_ns {
            return self.old_stamp(frame, arrived_at_s, last);
        }
        self.late_run.clear();
        let place = self
            .held
            .partition_point(|(held, _)| held.last_sample_ns < frame.last_sample_ns);
        if self
            .held
            .get(place)
            .is_some_and(|(held, _)| held.last_sample_ns == frame.last_sample_ns)
        {
            self.counts.repeated += 1;
            return Vec::new();
        }
        self.held.insert(place, (frame, arrived_at_s));
        self.release_ready()
    }

    /// A stamp that is not later than what was put out: a repetition, a straggler, or a clock that was set back.
    fn old_stamp(
        &mut self,
        frame: EcgFrame,
        arrived_at_s: HostTime,
        last: Last,
    ) -> Vec<SampleBlock> {
        if frame.last_sample_ns == last.stamp_ns {
            self.counts.repeated += 1;
            return Vec::new();
        }
        let goes_on = self
            .late_run
            .last()
            .is_none_or(|&stamp| stamp < frame.last_sample_ns);
        if !goes_on {
            self.late_run.clear();
        }
        self.late_run.push(frame.last_sample_ns);
        if self.late_run.len() < CLOCK_STEP_FRAMES {
            self.counts.late += 1;
            return Vec::new();
        }
        let mut blocks = self.release_all();
        let missing = self.missing_by_host(&frame, arrived_at_s, last);
        blocks.push(self.release(frame, arrived_at_s, missing, false));
        blocks
    }

    fn release_ready(&mut self) -> Vec<SampleBlock> {
        let mut blocks = Vec::new();
        while let (Some((frame, _)), Some(last)) = (self.held.first(), self.last) {
            let follows = self.missing_by_stamp(frame, last) == 0;
            if !follows && self.held.len() <= HELD_FRAMES {
                break;
            }
            blocks.extend(self.release_first());
        }
        blocks
    }

    fn release_all(&mut self) -> Vec<SampleBlock> {
        let mut blocks = Vec::new();
        while !self.held.is_empty() {
            blocks.extend(self.release_first());
        }
        blocks
    }

    /// Puts out the earliest held frame, with the gap before it.
    fn release_first(&mut self) -> Option<SampleBlock> {
        if self.held.is_empty() {
            return None;
        }
        let (frame, arrived_at_s) = self.held.remove(0);
        let last = self.last?;
        let by_stamp_s = seconds_between(last.stamp_ns, frame.last_sample_ns);
        let by_host_s = arrived_at_s - last.arrived_at_s;
        // A clock that jumps ahead of the host's is not believed: that gap never was.
        let believed = by_stamp_s <= by_host_s + AHEAD_S;
        let missing = if believed {
            self.missing_by_stamp(&frame, last)
        } else {
            self.missing_by_host(&frame, arrived_at_s, last)
        };
        Some(self.release(frame, arrived_at_s, missing, believed))
    }

    fn release_after_link(
        &mut self,
        frame: EcgFrame,
        arrived_at_s: HostTime,
        last: Last,
    ) -> SampleBlock {
        let by_stamp_s = seconds_between(last.stamp_ns, frame.last_sample_ns);
        let by_host_s = arrived_at_s - last.arrived_at_s;
        let believed =
            frame.last_sample_ns > last.stamp_ns && (by_stamp_s - by_host_s).abs() < AHEAD_S;
        let missing = if believed {
            let between = by_stamp_s * self.rate_hz();
            (between - frame.samples.len() as f64).round().max(0.0) as u64
        } else {
            self.missing_by_host(&frame, arrived_at_s, last)
        };
        self.release(frame, arrived_at_s, missing, believed)
    }

    /// The rate to count with: measured once there is enough, else nominal.
    fn rate_hz(&self) -> f64 {
        let enough = self.run.seconds().max(self.best_run.seconds()) >= MEASURED_AFTER_S;
        self.measured_rate_hz()
            .filter(|_| enough)
            .unwrap_or(self.nominal_rate_hz)
    }

    /// Samples missing before a frame by the stamps; whole frames where it is close to whole frames.
    fn missing_by_stamp(&self, frame: &EcgFrame, last: Last) -> u64 {
        let length = frame.samples.len() as f64;
        let between = seconds_between(last.stamp_ns, frame.last_sample_ns) * self.rate_hz();
        let missing = between - length;
        if missing <= (GAP_SHARE * length).max(3.0) {
            return 0;
        }
        let frames = (missing / length).round();
        if last.length == frame.samples.len()
            && frames >= 1.0
            && (missing - frames * length).abs() < 0.25 * length
        {
            return (frames * length) as u64;
        }
        missing.round() as u64
    }

    /// Samples missing before a frame by the host's clock, where the device's cannot tell.
    fn missing_by_host(&self, frame: &EcgFrame, arrived_at_s: HostTime, last: Last) -> u64 {
        let between = (arrived_at_s - last.arrived_at_s) * self.rate_hz();
        let missing = between - frame.samples.len() as f64;
        // Bluetooth delivers in bursts: less than a frame is no gap.
        if missing < frame.samples.len() as f64 {
            return 0;
        }
        missing.round() as u64
    }

    fn release(
        &mut self,
        frame: EcgFrame,
        arrived_at_s: HostTime,
        missing_before: u64,
        clock_continues: bool,
    ) -> SampleBlock {
        let length = frame.samples.len() as u64;
        let gap_reason = if self.link_was_lost {
            GapReason::LostLink
        } else if self.contact_was_lost {
            GapReason::LeadOff
        } else {
            GapReason::LostPackets
        };
        if missing_before > 0 {
            self.counts.gaps += 1;
            if gap_reason == GapReason::LostPackets {
                self.counts.samples_lost += missing_before;
            }
        }
        if clock_continues && !self.link_was_lost {
            self.run.last_ns = frame.last_sample_ns;
            self.run.samples += missing_before + length;
        } else {
            if self.run.samples > self.best_run.samples {
                self.best_run = self.run;
            }
            self.run = ClockRun {
                first_ns: frame.last_sample_ns,
                last_ns: frame.last_sample_ns,
                samples: 0,
            };
        }
        let first = self.position + missing_before;
        self.position = first + length;
        self.last = Some(Last {
            stamp_ns: frame.last_sample_ns,
            arrived_at_s,
            length: frame.samples.len(),
        });
        self.counts.taken += 1;
        self.link_was_lost = false;
        self.contact_was_lost = false;
        self.late_run.clear();
        SampleBlock {
            first,
            missing_before,
            gap_reason,
            samples: frame.samples,
            last_sample_ns: frame.last_sample_ns,
            arrived_at_s,
            clock_continues,
        }
    }
}

fn seconds_between(earlier_ns: u64, later_ns: u64) -> f64 {
    later_ns.saturating_sub(earlier_ns) as f64 * 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::h10::FrameType;
    use proptest::prelude::*;

    fn frame(number: u64) -> EcgFrame {
        EcgFrame {
            last_sample_ns: 599_616_000_000_000_000 + number * 561_500_000,
            frame_type: FrameType::Microvolts24,
            samples: vec![number as i32; 73],
        }
    }

    fn order(numbers: &[u64]) -> (Vec<SampleBlock>, FrameOrder) {
        let mut order = FrameOrder::new(130.0, 0.05);
        let mut blocks = Vec::new();
        for (arrival, &number) in numbers.iter().enumerate() {
            blocks.extend(order.push(frame(number), arrival as f64 * 0.5615));
        }
        blocks.extend(order.tick(1e6));
        (blocks, order)
    }

    fn numbers(blocks: &[SampleBlock]) -> Vec<i32> {
        blocks.iter().map(|block| block.samples[0]).collect()
    }

    #[test]
    fn the_second_of_three_frames_repeated_is_taken_once() {
        let (blocks, order) = order(&[1, 2, 2, 3]);
        assert_eq!(numbers(&blocks), [1, 2, 3]);
        assert_eq!(order.counts().repeated, 1);
        assert!(blocks.iter().all(|block| block.missing_before == 0));
        assert_eq!(blocks[2].first, 146);
    }

    #[test]
    fn frames_that_come_in_the_wrong_order_are_put_right() {
        let (blocks, order) = order(&[1, 3, 2, 4, 6, 7, 5, 8]);
        assert_eq!(numbers(&blocks), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(order.counts().gaps, 0);
    }

    #[test]
    fn a_lost_frame_becomes_a_gap_of_its_length_at_its_place() {
        let (blocks, order) = order(&[1, 2, 4, 5, 6, 7, 10, 11]);
        assert_eq!(numbers(&blocks), [1, 2, 4, 5, 6, 7, 10, 11]);
        assert_eq!((blocks[2].first, blocks[2].missing_before), (219, 73));
        assert_eq!(blocks[6].missing_before, 146);
        assert_eq!((order.counts().gaps, order.counts().samples_lost), (2, 219));
    }

    #[test]
    fn stamps_that_jump_back_and_forth_do_not_double_the_data() {
        let (blocks, order) = order(&[10, 3, 11, 4, 12, 5, 13, 6, 14]);
        assert_eq!(numbers(&blocks), [10, 11, 12, 13, 14]);
        assert_eq!(order.counts().late, 4);
    }

    #[test]
    fn a_clock_that_was_set_back_starts_a_new_run() {
        let (blocks, order) = order(&[1000, 1001, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(numbers(&blocks), [1000, 1001, 6, 7, 8]);
        assert!(!blocks[2].clock_continues && blocks[3].clock_continues);
        // Five frames were left out while it was not clear; the host's clock gives their length.
        assert_eq!(blocks[2].missing_before, 365);
        assert!(order.measured_rate_hz().is_some());
    }

    #[test]
    fn a_clock_that_jumps_ahead_by_years_makes_no_gap_of_years() {
        let mut order = FrameOrder::new(130.0, 0.05);
        let _ = order.push(frame(1), 0.0);
        let mut far = frame(2);
        far.last_sample_ns = u64::MAX;
        let mut blocks = order.push(far, 0.56);
        blocks.extend(order.tick(10.0));
        assert_eq!(blocks[0].missing_before, 0);
    }

    #[test]
    fn a_lost_link_leaves_a_gap_of_the_devices_own_time() {
        let mut order = FrameOrder::new(130.0, 0.05);
        for number in 0..40 {
            let _ = order.push(frame(number), number as f64 * 0.5615);
        }
        assert!(order.link_lost().is_empty());
        let blocks = order.push(frame(60), 61.0 * 0.5615);
        assert_eq!(blocks[0].gap_reason, GapReason::LostLink);
        assert_eq!(blocks[0].missing_before, 20 * 73);
    }

    #[test]
    fn the_true_rate_is_measured_by_the_stamps() {
        let (_, order) = order(&(0..100).collect::<Vec<_>>());
        let rate = order.measured_rate_hz().unwrap();
        assert!((rate - 73.0 / 0.5615).abs() < 1e-6, "{rate}");
    }

    proptest! {
        #[test]
        fn hostile_stamps_never_panic_and_positions_only_grow(
            frames in proptest::collection::vec((any::<u64>(), 0_usize..80, 0.0..2.0_f64, any::<bool>()), 0..60),
        ) {
            let mut order = FrameOrder::new(130.0, 0.05);
            let mut now = 0.0;
            let mut next = 0;
            for (last_sample_ns, length, wait, lost) in frames {
                now += wait;
                let mut blocks = if lost { order.link_lost() } else { Vec::new() };
                blocks.extend(order.push(
                    EcgFrame { last_sample_ns, frame_type: FrameType::Microvolts24, samples: vec![1; length] },
                    now,
                ));
                for block in blocks {
                    prop_assert_eq!(block.first, next + block.missing_before);
                    // Never more than the host saw pass, with what the stamps may run ahead.
                    prop_assert!(block.missing_before < (140.0 * (now + AHEAD_S)) as u64);
                    next = block.first + block.samples.len() as u64;
                }
            }
        }
    }
}
