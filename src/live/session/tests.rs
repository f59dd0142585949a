//! Whole sessions with the simulated strap: hours of them run in milliseconds, because time is an input.

use super::super::profile::{HEART_RATE_STRAP, POLAR_H10};
use super::super::recorder::Recorder;
use super::super::simulated::{
    FRAME_SAMPLES, Faults, MEASURED_RATE_HZ, SimulatedH10, SimulatedLink,
};
use super::*;
use crate::recording::{GapReason, Recording, SampleData};
use crate::simulator::{Noise, NoiseKind, Simulation, SimulatorOptions, simulate};
use proptest::prelude::*;
use std::ops::Range;

const TRUE_RATE_HZ: f64 = MEASURED_RATE_HZ;

fn simulation() -> Simulation {
    simulate(&SimulatorOptions {
        sample_rate_hz: 130.0,
        duration_s: 120.0,
        noise: vec![Noise::throughout(NoiseKind::Muscle, 30.0)],
        ..SimulatorOptions::default()
    })
}

/// A session's whole run: what it put out, and the strap as it was left.
struct Run {
    outputs: Vec<(HostTime, Output)>,
    session: Session,
    link: SimulatedLink,
}

fn run_profile(profile: &'static Profile, faults: Faults, seconds: f64) -> Run {
    let strap = SimulatedH10::new(&simulation(), TRUE_RATE_HZ, faults, 5);
    let mut link = SimulatedLink::new(strap);
    let mut session = Session::new(profile);
    session.handle(0.0, Input::Start);
    let outputs = link.run(&mut session, 0.0, seconds);
    Run {
        outputs,
        session,
        link,
    }
}

fn run(faults: Faults, seconds: f64) -> Run {
    run_profile(&POLAR_H10, faults, seconds)
}

impl Run {
    fn blocks(&self) -> impl Iterator<Item = &SampleBlock> {
        self.outputs.iter().filter_map(|(_, output)| match output {
            Output::Samples(block) => Some(block),
            _ => None,
        })
    }

    fn events(&self) -> Vec<(f64, &str)> {
        self.outputs
            .iter()
            .filter_map(|(_, output)| match output {
                Output::Event { at_s, phrase } => Some((*at_s, phrase.id.as_str())),
                _ => None,
            })
            .collect()
    }

    fn statuses(&self) -> Vec<Status> {
        self.outputs
            .iter()
            .filter_map(|(_, output)| match output {
                Output::Status(status) => Some(*status),
                _ => None,
            })
            .collect()
    }

    fn recording(&self) -> Recording {
        let mut recorder = Recorder::new(POLAR_H10.ecg.unwrap(), "Polar H10 SIMULATE", None);
        for block in self.blocks() {
            recorder.take(block);
        }
        recorder.set_measured_rate_hz(self.session.measured_rate_hz());
        recorder.recording()
    }

    /// The recording's samples outside gaps are the strap's own, each at its place.
    fn assert_samples_are_the_straps(&self, recording: &Recording) {
        let lead = &recording.leads[0];
        let SampleData::I16(counts) = &lead.samples.data else {
            panic!("16-bit counts");
        };
        let first = self.link.device.first_streamed().unwrap();
        for stretch in lead.stretches() {
            for index in stretch {
                assert_eq!(
                    i32::from(counts[index]),
                    self.link.device.sample(first + index as u64),
                    "at {index}"
                );
            }
        }
    }

    /// The first sample of the strap in the recording: frames lost before the first one that came are no gap.
    fn gaps(&self, recording: &Recording) -> Vec<Range<u64>> {
        let first = self.link.device.first_streamed().unwrap();
        let gaps = &recording.leads[0].gaps;
        gaps.iter()
            .map(|gap| first + gap.range.start as u64..first + gap.range.end as u64)
            .collect()
    }
}

#[test]
fn an_undisturbed_session_gives_the_straps_samples_and_its_true_rate() {
    let run = run(Faults::default(), 60.0);
    let recording = run.recording();
    assert!(recording.leads[0].gaps.is_empty());
    assert!(recording.leads[0].samples.len() > 59 * 130 - 200);
    run.assert_samples_are_the_straps(&recording);
    let rate = run.session.measured_rate_hz().unwrap();
    assert!((rate - TRUE_RATE_HZ).abs() < 1e-4, "{rate}");
    assert_eq!(recording.leads[0].rate_hz, 130.0);
    assert_eq!(recording.source.measurements[0].value, "130.168 Hz");
    assert_eq!(run.events(), vec![]);
    assert_eq!(
        run.statuses(),
        [
            Status::Connecting,
            Status::Preparing,
            Status::WaitingForData,
            Status::Streaming
        ]
    );
    assert!(
        run.outputs
            .iter()
            .any(|(_, output)| *output == Output::Battery(87))
    );
}

#[test]
fn heart_rate_and_intervals_come_beside_the_ecg() {
    let run = run(Faults::default(), 60.0);
    let rates: Vec<&HeartRateMeasurement> = run
        .outputs
        .iter()
        .filter_map(|(_, output)| match output {
            Output::HeartRate(measured) => Some(measured),
            _ => None,
        })
        .collect();
    assert!(rates.len() >= 57, "{}", rates.len());
    let intervals_s: Vec<f64> = rates
        .iter()
        .flat_map(|measured| measured.rr_ms())
        .map(|ms| ms / 1000.0)
        .collect();
    let total_s: f64 = intervals_s.iter().sum();
    assert!((total_s - 58.0).abs() < 2.5, "{total_s}");
    let truth: Vec<f64> = simulation()
        .truth
        .beats
        .windows(2)
        .map(|pair| (pair[1].time_s - pair[0].time_s) * 130.0 / TRUE_RATE_HZ)
        .collect();
    // The intervals are a run of the simulation's own, to the resolution of 1/1024 s.
    let fits = truth.windows(intervals_s.len()).any(|run| {
        run.iter()
            .zip(&intervals_s)
            .all(|(a, b)| (a - b).abs() <= 0.5 / 1024.0 + 1e-9)
    });
    assert!(fits, "{intervals_s:?}");
}

#[test]
fn one_percent_loss_leaves_gaps_at_the_right_places() {
    let faults = Faults {
        frame_loss: 0.01,
        ..Faults::default()
    };
    let run = run(faults, 600.0);
    let recording = run.recording();
    let lost = run.link.device.lost();
    assert!(lost.len() >= 3, "{lost:?}");
    let merged = lost
        .iter()
        .fold(Vec::<Range<u64>>::new(), |mut merged, next| {
            match merged.last_mut() {
                Some(last) if last.end == next.start => last.end = next.end,
                _ => merged.push(next.clone()),
            }
            merged
        });
    assert_eq!(run.gaps(&recording), merged);
    assert!(
        recording.leads[0]
            .gaps
            .iter()
            .all(|gap| gap.reason == GapReason::LostPackets)
    );
    run.assert_samples_are_the_straps(&recording);
}

#[test]
fn a_minute_with_one_percent_loss_keeps_its_length() {
    let faults = Faults {
        frame_loss: 0.01,
        ..Faults::default()
    };
    let run = run(faults, 60.0);
    let recording = run.recording();
    run.assert_samples_are_the_straps(&recording);
    let lost: u64 = run
        .link
        .device
        .lost()
        .iter()
        .map(|range| range.end - range.start)
        .sum();
    let taken: usize = run.blocks().map(|block| block.samples.len()).sum();
    assert_eq!(recording.leads[0].samples.len() as u64, taken as u64 + lost);
}

#[test]
fn repeated_and_swapped_frames_change_nothing() {
    let faults = Faults {
        repeated: 0.2,
        swapped: 0.2,
        ..Faults::default()
    };
    let run = run(faults, 120.0);
    let recording = run.recording();
    assert!(
        recording.leads[0].gaps.is_empty(),
        "{:?}",
        recording.leads[0].gaps
    );
    assert!(run.session.frame_counts().repeated > 10);
    run.assert_samples_are_the_straps(&recording);
}

#[test]
fn notifications_are_on_for_both_characteristics_before_any_command_is_written() {
    let run = run(Faults::default(), 5.0);
    let order: Vec<&Output> = run
        .outputs
        .iter()
        .map(|(_, output)| output)
        .filter(|output| matches!(output, Output::Subscribe(_) | Output::Write(..)))
        .collect();
    let first_write = order
        .iter()
        .position(|output| matches!(output, Output::Write(..)))
        .unwrap();
    for role in [Characteristic::PmdControl, Characteristic::PmdData] {
        let at = order
            .iter()
            .position(|output| **output == Output::Subscribe(role))
            .unwrap();
        assert!(at < first_write);
    }
    assert!(order.contains(&&Output::Write(
        Characteristic::PmdControl,
        vec![0x02, 0x00, 0x00, 0x01, 0x82, 0x00, 0x01, 0x01, 0x0e, 0x00]
    )));
}

#[test]
fn a_strap_that_is_written_to_before_notifications_are_on_does_not_answer() {
    let mut strap = SimulatedH10::new(&simulation(), TRUE_RATE_HZ, Faults::default(), 1);
    let start = Command::start_ecg().encode();
    assert!(strap.connect(0.0));
    assert_eq!(strap.write(0.1, &start), None);
    assert!(strap.subscribe(Characteristic::PmdControl));
    assert_eq!(strap.write(0.2, &start), None);
    assert!(strap.subscribe(Characteristic::PmdData));
    let reply = strap.write(0.3, &start).unwrap();
    assert_eq!(reply[..4], [0xf0, 0x02, 0x00, 0x00]);
}

#[test]
fn a_missing_reply_is_named_after_two_seconds_and_the_feature_mask_is_not_taken_for_one() {
    let mut session = Session::new(&POLAR_H10);
    session.handle(0.0, Input::Start);
    let found = POLAR_H10
        .addresses
        .iter()
        .map(|address| address.role)
        .collect();
    session.handle(1.0, Input::Services(found));
    for address in POLAR_H10.addresses {
        session.handle(1.0, Input::Subscribed(address.role));
    }
    session.handle(1.0, Input::Read(Characteristic::Battery, vec![50]));
    session.handle(1.1, Input::Written(Characteristic::PmdControl));
    // What a program sees that reads the control point instead of waiting for the indication.
    let mask = vec![0x0f, 0x05, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    session.handle(1.2, Input::Read(Characteristic::PmdControl, mask.clone()));
    session.handle(1.2, Input::Notification(Characteristic::PmdControl, mask));
    let events = |session: &mut Session| {
        std::iter::from_fn(|| session.poll())
            .filter_map(|output| match output {
                Output::Event { phrase, .. } => Some(phrase.id),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    session.handle(2.9, Input::Tick);
    assert_eq!(events(&mut session), Vec::<String>::new());
    session.handle(3.0, Input::Tick);
    assert_eq!(events(&mut session), ["live-no-reply"]);
}

#[test]
fn a_deaf_strap_is_named_tried_again_and_connected_anew() {
    let faults = Faults {
        deaf: true,
        ..Faults::default()
    };
    let run = run(faults, 30.0);
    let (at_s, first) = run.events()[0];
    assert_eq!(first, "live-no-reply");
    assert!(at_s < REPLY_S + 0.5, "{at_s}");
    assert!(matches!(
        run.statuses().as_slice(),
        [.., Status::Preparing | Status::Reconnecting { .. }]
    ));
    assert!(
        run.outputs
            .iter()
            .filter(|(_, output)| *output == Output::Connect)
            .count()
            >= 3
    );
}

#[test]
fn too_small_packets_are_named_and_the_link_is_made_anew() {
    let faults = Faults {
        small_packets: true,
        ..Faults::default()
    };
    let run = run(faults, 10.0);
    assert_eq!(run.events()[0].1, "live-status-invalid-mtu");
    assert!(
        run.outputs
            .iter()
            .any(|(_, output)| *output == Output::Disconnect)
    );
}

#[test]
fn a_strap_that_falls_silent_without_an_event_is_noticed_within_three_seconds() {
    let faults = Faults {
        silences_s: vec![30.0..42.0],
        ..Faults::default()
    };
    let run = run(faults, 60.0);
    let no_data = run
        .outputs
        .iter()
        .find_map(|(at_s, output)| match output {
            Output::Status(Status::NoData { since_s }) => Some((*at_s, *since_s)),
            _ => None,
        })
        .unwrap();
    assert!(no_data.0 - no_data.1 < WATCHDOG_S + 0.1);
    let recording = run.recording();
    assert_eq!(recording.leads[0].gaps.len(), 1);
    let missing = recording.leads[0].gaps[0].range.len() as u64;
    assert_eq!(missing % FRAME_SAMPLES, 0);
    assert!((missing as f64 / 130.0 - 12.0).abs() < 0.7);
    run.assert_samples_are_the_straps(&recording);
    assert_eq!(run.session.status(), Status::Streaming);
}

#[test]
fn a_stalled_strap_is_connected_anew_with_back_off_and_the_gap_is_written() {
    let faults = Faults {
        link_losses_s: vec![20.0..48.0],
        ..Faults::default()
    };
    let run = run(faults, 90.0);
    let waits: Vec<f64> = run
        .outputs
        .iter()
        .filter_map(|(now_s, output)| match output {
            Output::Status(Status::Reconnecting { at_s, .. }) => Some((at_s - now_s).round()),
            _ => None,
        })
        .collect();
    assert!(waits.len() >= 4, "{waits:?}");
    assert!(waits.windows(2).all(|pair| pair[1] >= pair[0]), "{waits:?}");
    let recording = run.recording();
    let gap = &recording.leads[0].gaps[0];
    assert_eq!(recording.leads[0].gaps.len(), 1);
    assert_eq!(gap.reason, GapReason::LostLink);
    // The strap's clock went on: the gap is right to the sample.
    run.assert_samples_are_the_straps(&recording);
    assert_eq!(run.session.status(), Status::Streaming);
}

#[test]
fn a_strap_taken_off_for_fifty_seconds_and_disconnected_resumes_into_the_same_recording() {
    let faults = Faults {
        silences_s: vec![20.0..70.0],
        link_losses_s: vec![70.0..75.0],
        ..Faults::default()
    };
    let run = run(faults, 150.0);
    let ids: Vec<&str> = run.events().iter().map(|(_, id)| *id).collect();
    assert!(ids.contains(&"live-no-data"), "{ids:?}");
    for (at_s, output) in &run.outputs {
        if let Output::HeartRate(measured) = output {
            assert!(
                !(21.0..69.0).contains(at_s),
                "a rate out of silence at {at_s}"
            );
            assert!(measured.rate_per_min().is_none_or(|rate| rate > 30));
        }
        if let Output::Samples(block) = output {
            assert!(!(21.0..69.0).contains(&block.arrived_at_s));
        }
    }
    let recording = run.recording();
    assert_eq!(recording.leads.len(), 1);
    assert_eq!(recording.leads[0].gaps.len(), 1);
    assert!(recording.leads[0].gaps[0].range.len() > 50 * 130);
    run.assert_samples_are_the_straps(&recording);
    assert_eq!(run.session.status(), Status::Streaming);
}

#[test]
fn a_clock_that_restarts_with_the_link_leaves_a_gap_of_the_hosts_time() {
    let faults = Faults {
        link_losses_s: vec![30.0..40.0],
        clock_resets: true,
        ..Faults::default()
    };
    let run = run(faults, 80.0);
    let recording = run.recording();
    let gap = &recording.leads[0].gaps[0];
    let missing_s = gap.range.len() as f64 / TRUE_RATE_HZ;
    let resumed = run.blocks().find(|block| block.missing_before > 0).unwrap();
    assert!(!resumed.clock_continues);
    let before = run
        .blocks()
        .take_while(|block| block.missing_before == 0)
        .last()
        .unwrap();
    let passed_s = resumed.arrived_at_s - before.arrived_at_s - 73.0 / TRUE_RATE_HZ;
    assert!(
        (missing_s - passed_s).abs() < 0.05,
        "{missing_s} {passed_s}"
    );
    assert!((run.session.measured_rate_hz().unwrap() - TRUE_RATE_HZ).abs() < 1e-3);
}

#[test]
fn a_strap_without_the_ecg_service_still_gives_its_heart_rate() {
    let faults = Faults {
        without_ecg: true,
        ..Faults::default()
    };
    let run = run(faults, 20.0);
    assert_eq!(run.events()[0].1, "live-no-ecg-service");
    assert!(run.blocks().next().is_none());
    assert!(
        run.outputs
            .iter()
            .any(|(_, output)| matches!(output, Output::HeartRate(_)))
    );
    assert_eq!(run.session.status(), Status::Streaming);
}

#[test]
fn the_pages_strap_plays_on_beyond_its_ten_minutes_without_a_break_in_the_rhythm() {
    let strap = SimulatedH10::wearing(crate::simulator::Rhythm::Sinus, 1.0 / 300.0, 3);
    let mut link = SimulatedLink::new(strap);
    let mut session = Session::new(&POLAR_H10);
    session.handle(0.0, Input::Start);
    let outputs = link.run(&mut session, 0.0, 1300.0);
    let intervals: Vec<f64> = outputs
        .iter()
        .filter_map(|(_, output)| match output {
            Output::HeartRate(measured) => Some(measured.rr_ms()),
            _ => None,
        })
        .flatten()
        .collect();
    assert!(intervals.len() > 1300, "{}", intervals.len());
    assert!(intervals.iter().all(|ms| (600.0..1150.0).contains(ms)));
    let total_s = intervals.iter().sum::<f64>() / 1000.0;
    assert!((total_s - 1298.0).abs() < 3.0, "{total_s}");
    let largest_step = outputs
        .iter()
        .filter_map(|(_, output)| match output {
            Output::Samples(block) => Some(block),
            _ => None,
        })
        .flat_map(|block| {
            block
                .samples
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).abs())
        })
        .max();
    // Within a beat the trace moves at most about 0.6 mV from one sample to the next.
    assert!(
        largest_step.is_some_and(|step| step < 900),
        "{largest_step:?}"
    );
}

#[test]
fn any_heart_rate_strap_can_be_listened_to() {
    let run = run_profile(&HEART_RATE_STRAP, Faults::default(), 20.0);
    assert!(
        run.outputs
            .iter()
            .any(|(_, output)| matches!(output, Output::HeartRate(_)))
    );
    assert!(
        !run.outputs
            .iter()
            .any(|(_, output)| matches!(output, Output::Write(..)))
    );
}

#[test]
fn the_stream_is_stopped_before_the_link_ends() {
    let mut run = run(Faults::default(), 20.0);
    run.session.handle(20.0, Input::Stop);
    let outputs = run.link.run(&mut run.session, 20.0, 25.0);
    let wanted: Vec<&Output> = outputs
        .iter()
        .map(|(_, output)| output)
        .filter(|output| matches!(output, Output::Write(..) | Output::Disconnect))
        .collect();
    assert_eq!(
        wanted,
        [
            &Output::Write(Characteristic::PmdControl, vec![3, 0]),
            &Output::Disconnect
        ]
    );
    assert_eq!(run.session.status(), Status::Stopped);
}

#[test]
fn a_device_that_wants_pairing_is_said_to() {
    let mut session = Session::new(&POLAR_H10);
    session.handle(0.0, Input::Start);
    session.handle(1.0, Input::ConnectFailed(LinkError::Authentication));
    let told = std::iter::from_fn(|| session.poll()).any(|output| {
        matches!(output, Output::Event { phrase, .. } if phrase.id == "live-link-authentication")
    });
    assert!(told);
}

#[test]
fn three_hours_run_in_the_blink_of_an_eye_and_no_sample_moves() {
    let faults = Faults {
        frame_loss: 0.01,
        repeated: 0.01,
        swapped: 0.01,
        silences_s: vec![4000.0..4030.0],
        link_losses_s: vec![7000.0..7100.0],
        ..Faults::default()
    };
    let run = run(faults, 3.0 * 3600.0);
    let recording = run.recording();
    let lead = &recording.leads[0];
    assert!((lead.samples.len() as f64 / TRUE_RATE_HZ - 10_800.0).abs() < 3.0);
    run.assert_samples_are_the_straps(&recording);
}

#[test]
fn every_phrase_of_a_session_is_in_the_catalogue() {
    let catalogue = include_str!("../../../locales/en/live.ftl");
    let known = |id: &str| {
        catalogue.lines().any(|line| {
            line.strip_prefix(id)
                .is_some_and(|rest| rest.starts_with(" ="))
        })
    };
    let source = concat!(
        include_str!("../session.rs"),
        include_str!("../h10/control.rs")
    );
    let ids: Vec<&str> = source
        .split('"')
        .filter(|text| text.starts_with("live-") && !text.contains(char::is_whitespace))
        .collect();
    assert!(ids.len() > 30);
    for id in ids {
        assert!(known(id), "{id}");
    }
    for note in [
        "note-live-gaps",
        "note-live-full",
        "note-live-store-cut",
        "recognised-live",
    ] {
        assert!(known(note), "{note}");
    }
}

/// A recorded exchange with a real H10: lines of an ATT log.
#[test]
fn a_recorded_session_of_a_real_strap_is_read() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/samples/polar-pmd/session.txt"
    );
    let Ok(log) = std::fs::read_to_string(path) else {
        println!("skipped: no data");
        return;
    };
    let mut session = Session::new(&POLAR_H10);
    session.handle(0.0, Input::Start);
    let found = POLAR_H10
        .addresses
        .iter()
        .map(|address| address.role)
        .collect();
    session.handle(0.0, Input::Services(found));
    let mut arrival_s = 0.0;
    for line in log.lines() {
        let Some((head, value)) = line.split_once("value: ") else {
            continue;
        };
        let bytes: Vec<u8> = value
            .split_whitespace()
            .map_while(|byte| u8::from_str_radix(byte, 16).ok())
            .collect();
        let characteristic = if head.contains("0x004a") {
            Characteristic::PmdData
        } else {
            Characteristic::PmdControl
        };
        arrival_s += 0.56;
        session.handle(arrival_s, Input::Notification(characteristic, bytes));
    }
    let blocks: Vec<SampleBlock> = std::iter::from_fn(|| session.poll())
        .filter_map(|output| match output {
            Output::Samples(block) => Some(block),
            _ => None,
        })
        .collect();
    assert_eq!(blocks[0].samples[..3], [122, 103, 131]);
    assert_eq!(blocks[0].samples.len(), 73);
    assert_eq!(blocks[0].last_sample_ns, 599_622_173_760_485_265);
    assert!(blocks.iter().all(|block| block.missing_before == 0));
    let rate = session.measured_rate_hz().unwrap();
    assert!(
        (rate - 130.168).abs() < 0.0005,
        "{rate} over {} frames",
        blocks.len()
    );
    assert_eq!(session.broken_frames(), 0);
}

fn any_characteristic() -> impl Strategy<Value = Characteristic> {
    (0_usize..4).prop_map(|which| POLAR_H10.addresses[which].role)
}

fn any_input() -> impl Strategy<Value = Input> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        Just(Input::Start),
        Just(Input::Tick),
        Just(Input::Stop),
        Just(Input::Lost),
        proptest::collection::vec(any_characteristic(), 0..5).prop_map(Input::Services),
        Just(Input::ConnectFailed(LinkError::Busy)),
        any_characteristic().prop_map(Input::Subscribed),
        any_characteristic()
            .prop_map(|role| Input::SubscribeFailed(role, LinkError::Authentication)),
        any_characteristic().prop_map(Input::Written),
        any_characteristic().prop_map(|role| Input::WriteFailed(role, LinkError::Unreachable)),
        (any_characteristic(), bytes()).prop_map(|(role, bytes)| Input::Read(role, bytes)),
        (any_characteristic(), bytes()).prop_map(|(role, bytes)| Input::Notification(role, bytes)),
        (any::<u8>(), bytes()).prop_map(|(status, mut bytes)| {
            bytes.splice(0..0, [0xf0, 2, 0, status % 16]);
            Input::Notification(Characteristic::PmdControl, bytes)
        }),
    ]
}

proptest! {
    #[test]
    fn no_order_of_inputs_panics_or_asks_for_two_operations_at_once(
        inputs in proptest::collection::vec((any_input(), prop_oneof![0.0..5.0_f64, Just(f64::NAN)]), 0..80),
    ) {
        let mut session = Session::new(&POLAR_H10);
        let mut now = 0.0;
        for (input, wait) in inputs {
            now += if wait.is_nan() { 0.0 } else { wait };
            session.handle(if wait.is_nan() { f64::NAN } else { now }, input);
            let mut operations = 0;
            while let Some(output) = session.poll() {
                match output {
                    Output::Subscribe(_) | Output::Read(_) | Output::Write(..) => operations += 1,
                    Output::WakeAt(at_s) => prop_assert!(at_s.is_finite()),
                    _ => {}
                }
            }
            prop_assert!(operations <= 1);
        }
    }
}
