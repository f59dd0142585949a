use super::*;
use crate::recording::{GapReason, SampleData, SignalKind};
use proptest::prelude::*;

fn bundle(files: &[(&str, &[u8])]) -> Bundle {
    Bundle {
        entries: files
            .iter()
            .map(|(name, bytes)| Entry::from_bytes(name, *bytes))
            .collect(),
    }
}

fn read_with(files: &[(&str, &[u8])], context: &mut Context) -> Result<Reading, ReadError> {
    let bundle = bundle(files);
    Wfdb.read(&bundle, &bundle.entries[0], context)
}

fn read(files: &[(&str, &[u8])]) -> Recording {
    match read_with(files, &mut Context::default()).unwrap() {
        Reading::Recording(recording) => *recording,
        other => panic!("{other:?}"),
    }
}

fn codes(recording: &Recording) -> Vec<&str> {
    recording.notes.iter().map(|n| n.code.as_str()).collect()
}

fn i16_bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|s| s.to_le_bytes()).collect()
}

fn counts(lead: &Lead) -> Vec<i32> {
    (0..lead.samples.len())
        .map(|i| lead.samples.stored(i).unwrap() as i32)
        .collect()
}

#[test]
fn a_record_of_two_leads_is_read_in_millivolts() {
    let recording = read(&[
        ("r.hea", b"r 2 250 3 10:00:00 01/02/2003\nr.dat 16 100(10)/mV 16 0 10 0 0 MLII\nr.dat 16 1(0)/uV 16 0 0 0 0 V5\n# note\n"),
        ("r.dat", &i16_bytes(&[10, 1000, 110, 2000, -90, 3000])),
    ]);
    let [first, second] = &recording.leads[..] else {
        panic!()
    };
    assert_eq!(first.samples.all_values(), [0.0, 1.0, -1.0]);
    assert_eq!(second.samples.all_values(), [1.0, 2.0, 3.0]);
    assert_eq!(first.standard, Some(LeadName::II));
    assert_eq!((second.rate_hz, &second.unit), (250.0, &Unit::Millivolt));
    assert_eq!(recording.start.unwrap().iso(), "2003-02-01T10:00:00");
    assert_eq!(recording.source.remarks, ["note"]);
    assert!(recording.notes.is_empty());
}

#[test]
fn missing_parts_are_asked_for_by_name() {
    for (files, wanted) in [
        (vec![("r.hea", &b"r 1 250 3\nx.dat 16\n"[..])], "x.dat"),
        (vec![("r.dat", &[1_u8, 0, 2, 0][..])], "r.hea"),
        (vec![("m.hea", &b"m/1 1 250 3\ns1 3\n"[..])], "s1.hea"),
    ] {
        let error = read_with(&files, &mut Context::default()).unwrap_err();
        assert_eq!(error, needs_file(wanted));
    }
}

#[test]
fn invalid_samples_are_gaps_and_short_files_are_read_as_far_as_they_go() {
    let recording = read(&[
        ("r.hea", b"r 1 100 9\nr.dat 16 100/mV\n"),
        ("r.dat", &i16_bytes(&[5, -32768, -32768, 7])),
    ]);
    let lead = &recording.leads[0];
    assert_eq!(counts(lead), [5, 5, 5, 7]);
    assert_eq!(lead.gaps[0].range, 1..3);
    assert_eq!(lead.gaps[0].reason, GapReason::Missing);
    assert_eq!(codes(&recording), ["short-file"]);
}

#[test]
fn the_length_comes_from_the_file_where_the_header_has_none() {
    for line in ["d5 1 250 0", "d5 1 250"] {
        let header = format!("{line}\nd.dat 16 200/mV\n");
        let recording = read(&[("d5.hea", header.as_bytes()), ("d.dat", &[1; 8])]);
        assert_eq!(recording.leads[0].samples.len(), 4);
        assert!(recording.notes.is_empty());
    }
}

#[test]
fn differences_start_from_the_initial_value() {
    let recording = read(&[
        ("d.hea", b"d 1 100 5\nd.dat 8 100/mV 12 0 0 15\n"),
        ("d.dat", &[1, 1, 1, 1, 1]),
    ]);
    assert_eq!(counts(&recording.leads[0]), [1, 2, 3, 4, 5]);
    assert!(recording.notes.is_empty(), "{:?}", recording.notes);
}

#[test]
fn a_wrong_checksum_is_noted_and_zero_means_not_computed() {
    let data = i16_bytes(&[-22131, 0, 0]);
    for (sum, noted) in [
        ("-22131", false),
        ("43405", false),
        ("55201", true),
        ("0", false),
    ] {
        let header = format!("d 1 100 3\nd.dat 16 100/mV 16 0 -22131 {sum} 0 I\n");
        let recording = read(&[("d.hea", header.as_bytes()), ("d.dat", &data)]);
        assert_eq!(codes(&recording) == ["checksum"], noted, "{sum}");
    }
}

#[test]
fn a_lead_without_gain_has_the_default_and_a_note() {
    let recording = read(&[("d.hea", b"d 1 100\nd.dat 16 0\n"), ("d.dat", &[200, 0])]);
    assert_eq!(recording.leads[0].samples.all_values(), [1.0]);
    assert_eq!(codes(&recording), ["uncalibrated"]);
}

#[test]
fn frames_skew_and_offset_place_each_sample() {
    // Frame: one sample of a, two of b; a is late by one frame.
    let header = b"d 2 100 3\nd.dat 16:1+2 1/mV 16 0 0 0 0 I\nd.dat 16x2+2 1/mmHg 16 0 0 0 0 ABP\n";
    let mut data = vec![9, 9];
    data.extend(i16_bytes(&[1, 10, 11, 2, 20, 21, 3, 30, 31]));
    let recording = read(&[("d.hea", header), ("d.dat", &data)]);
    assert_eq!(counts(&recording.leads[0]), [2, 3, 3]);
    assert_eq!(recording.leads[0].gaps[0].range, 2..3);
    assert_eq!(counts(&recording.leads[1]), [10, 11, 20, 21, 30, 31]);
    assert_eq!(recording.leads[1].rate_hz, 200.0);
    assert_eq!(recording.leads[1].unit, Unit::Other("mmHg".into()));
    assert!(matches!(recording.leads[1].kind, SignalKind::Other(_)));
}

#[test]
fn annotations_come_along_and_those_beyond_the_end_are_counted() {
    let mark = |sample, code: &str| Annotation {
        time_s: 0.0,
        sample,
        code: code.to_owned(),
        subtype: 0,
        channel: 0,
        number: 0,
        text: String::new(),
    };
    let marks = write_annotations(&[mark(1, "N"), mark(2, "V"), mark(60_000, "N")], None);
    let files: [(&str, &[u8]); 4] = [
        ("d.hea", b"d 1 100 4\nd.dat 16 100/mV\n"),
        ("d.dat", &[0; 8]),
        ("d.qrs", &marks),
        ("d.atr", &marks),
    ];
    let recording = read(&files);
    let found: Vec<_> = recording
        .annotations
        .iter()
        .map(|a| (a.code.as_str(), a.time_s))
        .collect();
    assert_eq!(found, [("N", 0.01), ("V", 0.02)]);
    assert_eq!(
        codes(&recording),
        ["annotations-beyond-end", "annotator-not-used"]
    );
    // Any other annotator's file does when there is no .atr.
    assert_eq!(read(&files[..3]).annotations.len(), 2);
}

#[test]
fn segments_are_joined_with_gaps_where_nothing_was_recorded() {
    let recording = read(&[
        ("m.hea", b"m/4 2 100 8\nlay 0\na 2\n~ 3\nb 3\n"),
        (
            "lay.hea",
            b"lay 2 100 0\n~ 0 100/mV 16 0 0 0 0 I\n~ 0 50/mV 16 0 0 0 0 V1\n",
        ),
        ("a.hea", b"a 1 100 2\na.dat 16 100/mV 16 0 0 0 0 I\n"),
        ("a.dat", &i16_bytes(&[1, 2])),
        (
            "b.hea",
            b"b 2 100 3\nb.dat 16 50/mV 16 0 0 0 0 V1\nb.dat 16 100/mV 16 0 0 0 0 I\n",
        ),
        ("b.dat", &i16_bytes(&[50, 7, 51, 8, 52, 9])),
    ]);
    let [first, second] = &recording.leads[..] else {
        panic!()
    };
    assert_eq!(counts(first), [1, 2, 2, 2, 2, 7, 8, 9]);
    assert_eq!(first.gaps[0].range, 2..5);
    assert_eq!(counts(second), [0, 0, 0, 0, 0, 50, 51, 52]);
    assert_eq!(second.gaps[0].range, 0..5);
    assert!(matches!(first.samples.data, SampleData::I16(_)));
}

#[test]
fn segments_of_different_gain_keep_their_own_millivolts() {
    let recording = read(&[
        ("m.hea", b"m/2 1 100 4\na 2\nb 2\n"),
        ("a.hea", b"a 1 100 2\na.dat 16 100/mV 16 0 0 0 0 I\n"),
        ("a.dat", &i16_bytes(&[100, 200])),
        ("b.hea", b"b 1 100 2\nb.dat 16 50/mV 16 0 0 0 0 I\n"),
        ("b.dat", &i16_bytes(&[50, 100])),
    ]);
    assert_eq!(
        recording.leads[0].samples.all_values(),
        [1.0, 2.0, 1.0, 2.0]
    );
}

#[test]
fn a_rate_without_meaning_is_asked_for_and_the_answer_settles_it() {
    let files: [(&str, &[u8]); 2] = [
        ("d.hea", b"d 1 -5 2\nd.dat 16 100/mV\n"),
        ("d.dat", &[100, 0, 200, 0]),
    ];
    let Ok(Reading::Question(question)) = read_with(&files, &mut Context::default()) else {
        panic!()
    };
    assert_eq!(question.unknowns, [Unknown::Rate]);
    assert_eq!(question.preview, [1.0, 2.0]);
    let mut context = Context::with_answers(crate::formats::Answers {
        rate_hz: Some(500.0),
        ..Default::default()
    });
    let Ok(Reading::Recording(recording)) = read_with(&files, &mut context) else {
        panic!()
    };
    assert_eq!(recording.leads[0].rate_hz, 500.0);
}

#[test]
fn budgets_hold_whatever_the_header_claims() {
    for header in [
        "d 1 100 99999999999999\nd.dat 16x99999999999999999 100/mV\n",
        "d/1 1 100 9\nd2 18446744073709551615\n",
        "d 1 100\nd.dat 16+18446744073709551615 100/mV\n",
        "d 1 100 5\nd.dat 16:18446744073709551615 100/mV\n",
        "d 99999999999 100\n",
    ] {
        let _ = read_with(
            &[
                ("d.hea", header.as_bytes()),
                ("d.dat", &[0; 10]),
                ("d2.hea", b"d2 1 100\nd.dat 16\n"),
            ],
            &mut Context::default(),
        );
    }
    let unsupported = read_with(
        &[("d.hea", b"d 1 100\nd.dat 517\n"), ("d.dat", &[0; 10])],
        &mut Context::default(),
    );
    assert!(matches!(unsupported, Err(ReadError::Unsupported { .. })));
}

#[test]
fn two_rates_without_a_common_frame_cannot_be_written() {
    let lead = |rate_hz| Lead::ecg("I", rate_hz, Samples::from_values(vec![0.0; 4]));
    let recording = Recording {
        leads: vec![lead(513.62511), lead(130.1307)],
        ..Recording::default()
    };
    assert!(write_record(&recording, "x").is_err());
}

fn read_back(recording: &Recording) -> Recording {
    let files = write_record(recording, "rec 1").unwrap();
    assert_eq!(files[0].name, "rec_1.hea");
    let entries: Vec<(&str, &[u8])> = files
        .iter()
        .map(|file| (file.name.as_str(), file.bytes.as_slice()))
        .collect();
    let read = read(&entries);
    assert!(read.notes.is_empty(), "{:?}", read.notes);
    read
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn integers_survive_writing_to_the_last_bit(
        wide in any::<bool>(),
        data in prop::collection::vec(-32768_i32..32768, 4..60),
        gain in 0.001_f64..100_000.0,
        baseline in -3000_i32..3000,
        gap in 0_usize..4,
    ) {
        let data: Vec<i32> = data.iter().map(|&c| if wide { c * 1000 } else { c }).collect();
        let scale = Scale { gain, baseline: f64::from(baseline) };
        let mut lead = Lead::ecg("V2", 360.0, Samples::from_i32(data, scale));
        push(&mut lead, 1..1 + gap);
        let length = lead.samples.len();
        let fast = Lead::ecg("I", 720.0, Samples::from_i32(vec![1; 2 * length], scale));
        let recording = Recording {
            leads: vec![lead, fast],
            start: crate::recording::StartTime::new(Some((2024, 2, 29)), 23, 59, 5.25, None),
            ..Recording::default()
        };
        let again = read_back(&recording);
        prop_assert_eq!(again.start, recording.start);
        for (before, after) in recording.leads.iter().zip(&again.leads) {
            prop_assert_eq!(before.samples.scale, after.samples.scale);
            prop_assert_eq!(&before.gaps, &after.gaps);
            prop_assert_eq!(before.rate_hz, after.rate_hz);
            for index in 0..length {
                if !crate::formats::gaps::in_gap(&before.gaps, index) {
                    prop_assert_eq!(before.samples.stored(index), after.samples.stored(index));
                }
            }
        }
    }

    #[test]
    fn decimals_survive_writing_and_other_floats_come_within_a_billionth(
        data in prop::collection::vec(-5000_i32..5000, 4..60),
        factor in prop_oneof![Just(1.0_f32), Just(0.001), Just(1.234_5e-3)],
    ) {
        let values: Vec<f32> = data.iter().map(|&c| c as f32 * factor).collect();
        let largest = values.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        let decimals: Vec<f32> = data.iter().map(|&c| (f64::from(c) / 1000.0) as f32).collect();
        for (values, exact) in [(values, false), (decimals, true)] {
            let recording = Recording {
                leads: vec![Lead::ecg("I", 250.0, Samples::from_values(values.clone()))],
                ..Recording::default()
            };
            let again = read_back(&recording).leads[0].samples.all_values();
            for (before, after) in values.iter().zip(again) {
                if exact {
                    prop_assert!((before - after).abs() <= before.abs() * f32::EPSILON);
                } else {
                    prop_assert!((before - after).abs() <= largest * 1e-7);
                }
            }
        }
    }
}

fn push(lead: &mut Lead, range: std::ops::Range<usize>) {
    crate::formats::gaps::push_gap(&mut lead.gaps, range, GapReason::Missing);
}
