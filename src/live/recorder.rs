//! A live session as a recording like any other.

use super::HostTime;
use super::heart_rate::HeartRateMeasurement;
use super::profile::EcgStream;
use super::stream::SampleBlock;
use crate::recording::{
    Gap, GapReason, Lead, Note, Recording, SampleData, Samples, Scale, Source, SourceMeasurement,
    StartTime,
};

/// Longest recording kept, seconds; 48 h at 130 Hz are 45 MB.
pub const LIMIT_S: f64 = 48.0 * 3600.0;
/// Seconds between two anchors of the time axis.
const ANCHOR_EVERY_S: f64 = 10.0;

/// Ties a sample to the device's clock and to the host's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockAnchor {
    /// Position in the recording.
    pub sample: u64,
    /// Device time of that sample, nanoseconds.
    pub device_ns: u64,
    /// When the block that holds it arrived.
    pub arrived_at_s: HostTime,
}

/// An RR interval as the device sent it; a strap's heart rate service says nothing of its place in the ECG.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviceInterval {
    /// When it arrived.
    pub arrived_at_s: HostTime,
    /// Interval in 1/1024 s.
    pub rr_1024ths: u16,
}

/// Gathers a session's samples.
#[derive(Clone, Debug)]
pub struct Recorder {
    stream: EcgStream,
    device: String,
    start: Option<StartTime>,
    data: SampleData,
    gaps: Vec<Gap>,
    anchors: Vec<ClockAnchor>,
    intervals: Vec<DeviceInterval>,
    measured_rate_hz: Option<f64>,
    full: bool,
}

impl Recorder {
    /// An empty recording of a device's stream; `start` is the wall-clock time of the first sample, where known.
    #[must_use]
    pub fn new(stream: EcgStream, device: &str, start: Option<StartTime>) -> Self {
        Self {
            stream,
            device: device.to_owned(),
            start,
            data: SampleData::I16(Vec::new()),
            gaps: Vec::new(),
            anchors: Vec::new(),
            intervals: Vec::new(),
            measured_rate_hz: None,
            full: false,
        }
    }

    /// Sets the wall-clock time of the first sample.
    pub fn set_start(&mut self, start: StartTime) {
        self.start = Some(start);
    }

    /// Samples so far, missing ones counted.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.data {
            SampleData::I16(data) => data.len(),
            SampleData::I32(data) => data.len(),
            SampleData::F32(data) => data.len(),
        }
    }

    /// Whether nothing came yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether [`LIMIT_S`] is reached and nothing more is taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Where samples of the recording lie on the clocks, about every 10 s and at every new start of the device's clock.
    #[must_use]
    pub fn anchors(&self) -> &[ClockAnchor] {
        &self.anchors
    }

    /// RR intervals that the device itself sent.
    #[must_use]
    pub fn intervals(&self) -> &[DeviceInterval] {
        &self.intervals
    }

    /// The true rate, as the session measures it.
    pub fn set_measured_rate_hz(&mut self, rate_hz: Option<f64>) {
        self.measured_rate_hz = rate_hz.or(self.measured_rate_hz);
    }

    /// Takes the device's own heart rate.
    pub fn take_heart_rate(&mut self, measured: &HeartRateMeasurement, arrived_at_s: HostTime) {
        let intervals = measured
            .rr_1024ths
            .iter()
            .map(|&rr_1024ths| DeviceInterval {
                arrived_at_s,
                rr_1024ths,
            });
        self.intervals.extend(intervals);
    }

    /// Takes a block; what is missing before it becomes a gap.
    pub fn take(&mut self, block: &SampleBlock) {
        if block.samples.is_empty() {
            return;
        }
        let limit = (LIMIT_S * self.stream.nominal_rate_hz) as u64;
        let room = limit.saturating_sub(self.len() as u64);
        let wanted = block
            .missing_before
            .saturating_add(block.samples.len() as u64);
        if self.full || wanted > room {
            self.full = true;
            return;
        }
        self.leave_gap(block.missing_before as usize, block.gap_reason);
        let first = self.len();
        self.append(&block.samples);
        self.anchor(block, first as u64);
    }

    /// Filler repeats the last sample; what it is, the gap says.
    fn leave_gap(&mut self, missing: usize, reason: GapReason) {
        if missing == 0 {
            return;
        }
        let from = self.len();
        let to = from + missing;
        match &mut self.data {
            SampleData::I16(data) => data.resize(to, data.last().copied().unwrap_or(0)),
            SampleData::I32(data) => data.resize(to, data.last().copied().unwrap_or(0)),
            SampleData::F32(data) => data.resize(to, data.last().copied().unwrap_or(0.0)),
        }
        self.gaps.push(Gap {
            range: from..to,
            reason,
        });
    }

    /// Appends samples; the store widens to 32 bit when one does not fit 16.
    fn append(&mut self, samples: &[i32]) {
        let fits = samples.iter().all(|&sample| i16::try_from(sample).is_ok());
        if !fits && let SampleData::I16(narrow) = &self.data {
            self.data = SampleData::I32(narrow.iter().map(|&count| i32::from(count)).collect());
        }
        match &mut self.data {
            SampleData::I16(data) => data.extend(samples.iter().map(|&sample| sample as i16)),
            SampleData::I32(data) => data.extend_from_slice(samples),
            SampleData::F32(data) => data.extend(samples.iter().map(|&sample| sample as f32)),
        }
    }

    fn anchor(&mut self, block: &SampleBlock, first: u64) {
        let sample = first + (block.samples.len() as u64).saturating_sub(1);
        let due = self.anchors.last().is_none_or(|last| {
            (sample - last.sample) as f64 >= ANCHOR_EVERY_S * self.stream.nominal_rate_hz
        });
        if due || !block.clock_continues {
            self.anchors.push(ClockAnchor {
                sample,
                device_ns: block.last_sample_ns,
                arrived_at_s: block.arrived_at_s,
            });
        }
    }

    /// The recording so far. Its lead runs at the nominal rate; the measured one stands among the source's numbers.
    #[must_use]
    pub fn recording(&self) -> Recording {
        let stream = &self.stream;
        let scale = Scale {
            gain: stream.gain_per_mv,
            baseline: 0.0,
        };
        let samples = Samples {
            data: self.data.clone(),
            scale,
        };
        let mut lead = Lead::ecg(stream.lead, stream.nominal_rate_hz, samples);
        lead.gaps.clone_from(&self.gaps);
        let measurements = self
            .measured_rate_hz
            .map(|rate_hz| SourceMeasurement {
                name: "sample rate by the device's clock".to_owned(),
                value: format!("{rate_hz:.3} Hz"),
            })
            .into_iter()
            .collect();
        let mut notes = Vec::new();
        if !self.gaps.is_empty() {
            let missing: usize = self.gaps.iter().map(|gap| gap.range.len()).sum();
            notes.push(
                Note::new("live-gaps")
                    .with("gaps", self.gaps.len())
                    .with("seconds", missing as f64 / stream.nominal_rate_hz),
            );
        }
        if self.full {
            notes.push(Note::new("live-full").with("hours", LIMIT_S / 3600.0));
        }
        Recording {
            leads: vec![lead],
            start: self.start,
            source: Source {
                format: "live".to_owned(),
                recognised_by: "recognised-live".to_owned(),
                name: self.device.clone(),
                device: Some(self.device.clone()),
                filters: Some(format!("{}-{} Hz", stream.band_hz.0, stream.band_hz.1)),
                measurements,
                ..Source::default()
            },
            annotations: Vec::new(),
            notes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::profile::POLAR_H10;

    fn block(first: u64, missing_before: u64, samples: Vec<i32>) -> SampleBlock {
        SampleBlock {
            first,
            missing_before,
            gap_reason: GapReason::LostPackets,
            samples,
            last_sample_ns: 0,
            arrived_at_s: 0.0,
            clock_continues: true,
        }
    }

    #[test]
    fn microvolts_become_millivolts_and_gaps_stay_gaps() {
        let mut recorder = Recorder::new(POLAR_H10.ecg.unwrap(), "Polar H10 1234ABCD", None);
        recorder.take(&block(0, 0, vec![1000, -500]));
        recorder.take(&block(5, 3, vec![250]));
        let recording = recorder.recording();
        let lead = &recording.leads[0];
        assert_eq!(lead.samples.value(0), Some(1.0));
        assert_eq!(lead.samples.value(5), Some(0.25));
        assert_eq!(lead.stretches(), vec![0..2, 5..6]);
        assert_eq!(lead.gaps[0].reason, GapReason::LostPackets);
        assert_eq!(recording.source.format, "live");
        assert_eq!(recording.notes[0].code, "live-gaps");
    }

    #[test]
    fn values_beyond_16_bit_widen_the_store() {
        let mut recorder = Recorder::new(POLAR_H10.ecg.unwrap(), "strap", None);
        recorder.take(&block(0, 0, vec![-7]));
        recorder.take(&block(1, 0, vec![40_000]));
        let lead = recorder.recording().leads.remove(0);
        assert_eq!(lead.samples.all_values(), vec![-0.007, 40.0]);
    }

    #[test]
    fn a_gap_beyond_the_limit_fills_no_memory() {
        let mut recorder = Recorder::new(POLAR_H10.ecg.unwrap(), "strap", None);
        recorder.take(&block(0, 0, vec![1]));
        recorder.take(&block(0, u64::MAX, vec![1]));
        assert!(recorder.is_full());
        assert_eq!(recorder.len(), 1);
    }
}
