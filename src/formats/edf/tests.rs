use super::*;
use crate::formats::gaps::{in_gap, push_gap};
use crate::formats::{
    Answers, Bundle, Context, Format, Head, ReadError, Reading, Score, Unknown, Writer,
};
use crate::recording::{
    Annotation, GapReason, Lead, LeadName, Recording, Samples, Scale, SignalKind, StartTime, Unit,
};
use proptest::prelude::*;

/// A signal of a file made by hand: label, unit, physical range, samples a record.
struct Channel(&'static str, &'static str, [&'static str; 2], usize);

/// A file made by hand, field by field; `record(k)` gives the bytes of record k.
fn file(
    fixed: &[(usize, &str)],
    records: usize,
    channels: &[Channel],
    record: impl Fn(usize) -> Vec<u8>,
) -> Vec<u8> {
    let mut header = vec![b' '; 256];
    let mut set =
        |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    set(0, "0");
    set(168, "02.03.04");
    set(176, "10.20.30");
    set(184, &(256 * (channels.len() + 1)).to_string());
    set(236, &records.to_string());
    set(244, "1");
    set(252, &channels.len().to_string());
    for (at, text) in fixed {
        let width = if *at == 252 { 4 } else { 8 };
        set(*at, &format!("{text:width$}"));
    }
    for (field, width) in WIDTHS.iter().enumerate() {
        for Channel(label, unit, physical, samples) in channels {
            let text = match field {
                0 => (*label).to_owned(),
                2 => (*unit).to_owned(),
                3 => physical[0].to_owned(),
                4 => physical[1].to_owned(),
                5 => "-1000".to_owned(),
                6 => "1000".to_owned(),
                8 => samples.to_string(),
                _ => String::new(),
            };
            header.extend(format!("{text:width$}").bytes());
        }
    }
    (0..records).for_each(|at| header.extend(record(at)));
    header
}

fn words(counts: &[i16]) -> Vec<u8> {
    counts
        .iter()
        .flat_map(|count| count.to_le_bytes())
        .collect()
}

fn read_with(bytes: &[u8], answers: Answers) -> Result<Reading, ReadError> {
    let bundle = Bundle::from_bytes("a.edf", bytes);
    let mut context = Context::with_answers(answers);
    Edf.read(&bundle, &bundle.entries[0], &mut context)
}

fn read(bytes: &[u8]) -> Recording {
    match read_with(bytes, Answers::default()).unwrap() {
        Reading::Recording(recording) => *recording,
        other => panic!("{other:?}"),
    }
}

fn codes(recording: &Recording) -> Vec<&str> {
    recording.notes.iter().map(|n| n.code.as_str()).collect()
}

const UV: [&str; 2] = ["-1000", "1000"];

#[test]
fn every_channel_has_its_own_rate_and_unit() {
    let bytes = file(
        &[(244, "0.5")],
        3,
        &[
            Channel("ECG I", "uV", UV, 2),
            Channel("Resp", "l/s", ["1000", "-1000"], 1),
            Channel("EEG Fpz-Cz", "\u{b5}V", UV, 1),
        ],
        |k| words(&[500, k as i16, 7, 8]),
    );
    // The micro sign is one byte in Latin-1, two in UTF-8: the field is still eight bytes wide.
    let bytes: Vec<u8> = bytes
        .windows(2)
        .position(|pair| pair == "\u{b5}".as_bytes())
        .map(|at| {
            [
                &bytes[..at],
                &[0xb5],
                &bytes[at + 2..at + 9],
                &bytes[at + 9..],
            ]
            .concat()
        })
        .unwrap();
    let recording = read(&bytes);
    let [ecg, resp, eeg] = &recording.leads[..] else {
        panic!()
    };
    assert_eq!((ecg.rate_hz, resp.rate_hz), (4.0, 2.0));
    assert_eq!(ecg.samples.all_values(), [0.5, 0.0, 0.5, 0.001, 0.5, 0.002]);
    assert_eq!(ecg.standard, Some(LeadName::I));
    assert_eq!(resp.unit, Unit::Other("l/s".into()));
    assert_eq!(resp.samples.value(0), Some(-7.0));
    assert_eq!(eeg.unit, Unit::Millivolt);
    assert!(matches!(eeg.kind, SignalKind::Other(_)));
    assert_eq!(recording.start.unwrap().iso(), "2004-03-02T10:20:30");
    assert!(recording.notes.is_empty(), "{:?}", recording.notes);
}

#[test]
fn headers_with_faults_open_with_a_note() {
    let channels = [Channel("ECG", "mV", UV, 4)];
    let record = |_| words(&[1, 2, 3, 4]);
    let bad_time = file(&[(176, "10.00.61")], 2, &channels, record);
    let recording = read(&bad_time);
    assert_eq!(
        (recording.start, codes(&recording)),
        (None, vec!["bad-date"])
    );

    let mut tail = file(&[], 2, &channels, record);
    tail.extend([9; 7]);
    let recording = read(&tail);
    assert_eq!(recording.leads[0].samples.len(), 8);
    assert_eq!(codes(&recording), ["bytes-after-end"]);

    let short = file(&[(236, "9")], 2, &channels, record);
    let recording = read(&short[..short.len() - 3]);
    assert_eq!(recording.leads[0].samples.len(), 4);
    assert_eq!(codes(&recording), ["short-file"]);

    let unfinished = file(&[(236, "-1")], 2, &channels, record);
    let recording = read(&unfinished);
    assert_eq!(recording.leads[0].samples.len(), 8);
    assert_eq!(codes(&recording), ["unfinished-file"]);

    let mut version = file(&[], 2, &channels, record);
    version[1] = 0xa0;
    let head = Head {
        name: "x.bin",
        bytes: &version,
        tail: &[],
        len: version.len() as u64,
    };
    assert_eq!(Edf.score(&head), Score::CERTAIN);
    assert!(codes(&read(&version)).is_empty());
}

#[test]
fn a_channel_without_calibration_leaves_the_others_alone() {
    let bytes = file(
        &[],
        1,
        &[
            Channel("ECG", "uV", UV, 2),
            Channel("-", "uV", ["0", "0"], 1),
            Channel("x", "uV", ["?", "5"], 1),
        ],
        |_| words(&[1000, -1000, 77, 78]),
    );
    let recording = read(&bytes);
    assert_eq!(recording.leads[0].samples.all_values(), [1.0, -1.0]);
    assert_eq!(recording.leads[1].unit, Unit::Counts);
    assert_eq!(recording.leads[1].samples.all_values(), [77.0]);
    assert_eq!(recording.leads[2].unit, Unit::Counts);
    assert_eq!(
        codes(&recording),
        ["uncalibrated-counts", "uncalibrated-counts"]
    );
}

#[test]
fn an_unknown_unit_of_an_ecg_is_asked_for() {
    let bytes = file(&[], 1, &[Channel("ECG", ".V", UV, 2)], |_| words(&[500, 0]));
    let Ok(Reading::Question(question)) = read_with(&bytes, Answers::default()) else {
        panic!()
    };
    assert_eq!(question.unknowns, [Unknown::Unit]);
    assert_eq!(question.preview, [500.0, 0.0]);
    // The size of the trace speaks for microvolts, which is proposed and not assumed.
    assert_eq!(question.proposal.unit.as_deref(), Some("uV"));
    let answers = Answers {
        unit: Some("uV".to_owned()),
        ..Answers::default()
    };
    let Ok(Reading::Recording(recording)) = read_with(&bytes, answers) else {
        panic!()
    };
    assert_eq!(recording.leads[0].samples.all_values(), [0.5, 0.0]);
}

/// A file of one signal of two samples a record, whose records start at `starts`.
fn plus(kind: &str, starts: &[&str], more: &str) -> Vec<u8> {
    let starts: Vec<String> = starts.iter().map(|&start| start.to_owned()).collect();
    let more = more.to_owned();
    file(
        &[(192, kind)],
        starts.len(),
        &[
            Channel("ECG", "uV", UV, 2),
            Channel("EDF Annotations", "", ["-1", "1"], 30),
        ],
        |k| {
            let mut record = words(&[10 * k as i16, 10 * k as i16 + 1]);
            let mut list = format!("{}\u{14}\u{14}\0", starts[k]).into_bytes();
            if k == 0 {
                list.extend(more.bytes());
            }
            list.resize(60, 0);
            record.extend(list);
            record
        },
    )
}

#[test]
fn lost_time_between_records_is_a_gap() {
    for kind in ["EDF+D", "EDF+C"] {
        let recording = read(&plus(
            kind,
            &["+0.25", "+3.25", "+4.25"],
            "+1.25\u{15}2.5\u{14}仰卧\u{14}\0",
        ));
        let lead = &recording.leads[0];
        assert_eq!(lead.samples.len(), 10);
        assert_eq!(lead.gaps.len(), 1);
        assert_eq!(lead.gaps[0].range, 2..6);
        assert_eq!(lead.gaps[0].reason, GapReason::Paused);
        assert_eq!(recording.start.unwrap().iso(), "2004-03-02T10:20:30.250");
        // Onsets count from the header's time, ours from the first sample.
        let mark = &recording.annotations[0];
        assert_eq!((mark.time_s, mark.text.as_str()), (1.0, "仰卧 (2.5 s)"));
        assert!(recording.notes.is_empty());
    }
}

#[test]
fn marks_outside_and_lists_without_meaning_are_counted() {
    let recording = read(&plus(
        "EDF+C",
        &["+0", "+1"],
        "+99\u{14}late\u{14}\0oops\u{14}x\u{14}\0",
    ));
    assert!(recording.annotations.is_empty());
    assert_eq!(
        codes(&recording),
        ["unreadable-annotations", "annotations-beyond-end"]
    );
}

#[test]
fn a_file_of_events_has_no_signal() {
    let bytes = file(
        &[(192, "EDF+C"), (244, "0")],
        1,
        &[Channel("EDF Annotations", "", ["-1", "1"], 8)],
        |_| b"+0\x14\x14\0+5\x14apnea\x14".to_vec(),
    );
    assert!(matches!(
        read_with(&bytes, Answers::default()),
        Err(ReadError::NoSignal { .. })
    ));
}

#[test]
fn a_record_without_duration_asks_for_the_rate() {
    let bytes = file(&[(244, "0")], 1, &[Channel("ECG", "mV", UV, 2)], |_| {
        words(&[1, 2])
    });
    let Ok(Reading::Question(question)) = read_with(&bytes, Answers::default()) else {
        panic!()
    };
    assert_eq!(question.unknowns, [Unknown::Rate]);
    let answers = Answers {
        rate_hz: Some(250.0),
        ..Answers::default()
    };
    assert!(matches!(
        read_with(&bytes, answers),
        Ok(Reading::Recording(_))
    ));
}

#[test]
fn claims_beyond_the_file_or_the_budget_are_errors() {
    for (at, text) in [(252, "9999"), (252, "x"), (244, "one"), (236, "99999999")] {
        let bytes = file(&[(at, text)], 1, &[Channel("ECG", "mV", UV, 2)], |_| {
            words(&[1, 2])
        });
        let _ = read_with(&bytes, Answers::default());
    }
    let bytes = file(&[], 0, &[Channel("ECG", "mV", UV, 99_999_999)], |_| {
        Vec::new()
    });
    assert!(read_with(&bytes, Answers::default()).is_err());
    // A gap of a million years.
    assert!(matches!(
        read_with(
            &plus("EDF+D", &["+0", "+31557600000000"], ""),
            Answers::default()
        ),
        Err(ReadError::TooLarge { .. })
    ));
}

fn read_back(recording: &Recording) -> Recording {
    let files = EdfWriter.write(recording, "a").unwrap();
    let read = read(&files[0].bytes);
    assert!(read.notes.is_empty(), "{:?}", read.notes);
    read
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn counts_rates_gaps_and_marks_survive_writing(
        data in prop::collection::vec(any::<i16>(), 5..900),
        rate_hz in prop_oneof![Just(250.0), Just(513.625), Just(12.8), Just(62.4725), 20.0_f64..1000.0],
        gain in prop_oneof![Just(200.0), Just(1000.0), Just(1.0 / 0.00244), 0.5_f64..100_000.0],
        baseline in -1000_i32..1000,
        gap in 0_usize..4,
        second in prop_oneof![Just(7.0), 0.0_f64..59.0],
    ) {
        let scale = Scale { gain, baseline: f64::from(baseline) };
        let length = data.len();
        let mut lead = Lead::ecg("V3", rate_hz, Samples::from_i16(data, scale));
        push_gap(&mut lead.gaps, 1..1 + gap, GapReason::Missing);
        let second = (second * 1000.0).round() / 1000.0;
        let mark = Annotation {
            time_s: 0.0, sample: 0, code: "\"".to_owned(), subtype: 0, channel: 0, number: 0,
            text: "pressed µ".to_owned(),
        };
        let recording = Recording {
            leads: vec![lead],
            start: StartTime::new(Some((2024, 2, 29)), 1, 2, second, None),
            annotations: vec![mark],
            ..Recording::default()
        };
        let again = read_back(&recording);
        let (before, after) = (&recording.leads[0], &again.leads[0]);
        prop_assert_eq!(after.samples.len(), length);
        prop_assert_eq!(&before.gaps, &after.gaps);
        prop_assert_eq!(after.standard, Some(LeadName::V3));
        prop_assert!((after.rate_hz / rate_hz - 1.0).abs() < 1e-6);
        prop_assert_eq!(&again.annotations[0].text, "pressed µ");
        let (start, told) = (recording.start.unwrap(), again.start.unwrap());
        prop_assert!((start.second - told.second).abs() < 1e-6 && start.date == told.date);
        let span = 65_536.0 / gain;
        for index in 0..length {
            prop_assert_eq!(before.samples.stored(index), after.samples.stored(index));
            let (a, b) = (before.samples.value(index).unwrap(), after.samples.value(index).unwrap());
            // Eight characters hold the ends of the range to about a millionth.
            prop_assert!((f64::from(a) - f64::from(b)).abs() <= span * 3e-6 + 1e-9);
        }
    }

    #[test]
    fn values_are_rounded_to_a_step_of_the_span(
        data in prop::collection::vec(-3.0_f32..3.0, 3..300),
    ) {
        let lead = Lead::ecg("ECG", 250.0, Samples::from_values(data.clone()));
        let recording = Recording { leads: vec![lead], ..Recording::default() };
        let again = read_back(&recording);
        for (index, value) in data.iter().enumerate() {
            prop_assert!(!in_gap(&again.leads[0].gaps, index));
            let read = again.leads[0].samples.value(index).unwrap();
            prop_assert!((value - read).abs() <= 1.1e-4, "{value} {read}");
        }
    }
}

#[test]
fn the_sample_of_24_bits_reads_as_the_index_says() {
    use crate::formats::testing::{entry, extremes, near, read_first, recording, samples};
    let Some(root) = samples() else { return };
    let bundle = Bundle {
        entries: vec![entry(&root.join("bdf/test_generator_datarec_2.bdf"))],
    };
    let read = recording(read_first(&bundle, Answers::default()), "bdf");
    // Rate, length and range in microvolts.
    let told = [
        (500.0, 15_000, -1000.0, 1000.0),
        (400.0, 12_000, -1000.0, 1000.0),
        (250.0, 7500, -1000.0, 1000.0),
        (487.5, 14_625, -1034.72, 921.731),
        (499.5, 14_985, -999.89, 999.65),
    ];
    assert_eq!(read.leads.len(), told.len());
    for (lead, (rate_hz, count, low, high)) in read.leads.iter().zip(told) {
        assert_eq!(
            (lead.rate_hz, lead.samples.len()),
            (rate_hz, count),
            "{}",
            lead.name
        );
        let found = extremes(lead);
        assert!(
            near(found.0 * 1000.0, low) && near(found.1 * 1000.0, high),
            "{} {found:?}",
            lead.name
        );
    }
    assert_eq!(read.source.format, "bdf");
}
