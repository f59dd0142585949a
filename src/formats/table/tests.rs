use super::super::csv::CsvWriter;
use super::super::{Writer, gaps::in_gap};
use super::*;
use crate::recording::GapReason;
use proptest::prelude::*;

fn read_with(text: &str, answers: Answers) -> Result<Reading, ReadError> {
    let bundle = Bundle::from_bytes("t.csv", text.as_bytes());
    let head = Head {
        name: "t.csv",
        bytes: text.as_bytes(),
        tail: &[],
        len: text.len() as u64,
    };
    assert_eq!(Table.score(&head), Score::POSSIBLE, "{text}");
    let mut context = Context::with_answers(answers);
    Table.read(&bundle, &bundle.entries[0], &mut context)
}

fn read(text: &str) -> Recording {
    match read_with(text, Answers::default()).unwrap() {
        Reading::Recording(recording) => *recording,
        other => panic!("{other:?}"),
    }
}

fn ask(text: &str) -> Question {
    match read_with(text, Answers::default()).unwrap() {
        Reading::Question(question) => *question,
        other => panic!("{other:?}"),
    }
}

fn codes(recording: &Recording) -> Vec<&str> {
    recording.notes.iter().map(|n| n.code.as_str()).collect()
}

/// `header`, then 40 rows made by `row`.
fn table(header: &str, row: impl Fn(usize) -> String) -> String {
    let rows: Vec<String> = (0..40).map(row).collect();
    format!("{header}{}\n", rows.join("\n"))
}

#[test]
fn semicolons_with_decimal_commas_and_a_marker() {
    let recording = read(&table("time;ECG (mV);Marker\n", |i| {
        format!("{:.3};{:.4};0", i as f64 / 250.0, i as f64 / 8.0).replace('.', ",")
    }));
    assert_eq!(recording.leads.len(), 1);
    let lead = &recording.leads[0];
    assert_eq!((lead.rate_hz, lead.name.as_str()), (250.0, "ECG"));
    assert_eq!(lead.samples.value(3), Some(0.375));
    assert_eq!(codes(&recording), ["time-unit-assumed", "columns-left-out"]);
}

#[test]
fn a_column_called_sample_is_the_signal_where_it_falls_and_a_counter_where_it_counts() {
    let wave = |i: usize| [0.0, 0.1, 0.9, -0.2, 0.05][i % 5];
    let signal = read(&table(
        "                ECG         25.01.25\nTimestamp,Sample [mV]\n",
        |i| format!("{:.3},{}", i as f64 / 200.0, wave(i)),
    ));
    assert_eq!(signal.leads.len(), 1);
    assert_eq!(signal.leads[0].rate_hz, 200.0);
    let counter = read(&table("sample,time (s),ECG (mV)\n", |i| {
        format!("{},{:.3},{}", i % 25, i as f64 / 200.0, wave(i))
    }));
    assert_eq!(counter.leads.len(), 1);
    assert_eq!(counter.leads[0].name, "ECG");
}

#[test]
fn a_time_has_its_unit_in_the_middle_of_its_name_too() {
    let recording = read(&table("t_us_board,ECG (mV)\n", |i| {
        format!("{},{}", 186 + 4000 * i, [0.0, 0.9, -0.2][i % 3])
    }));
    assert_eq!(recording.leads.len(), 1);
    assert_eq!(recording.leads[0].rate_hz, 250.0);
}

#[test]
fn every_delimiter_and_unit_of_time_is_read() {
    for (delimiter, unit, per_s) in [
        (",", "ms", 1e3),
        ("\t", "s", 1.0),
        (";", "us", 1e6),
        ("|", "ns", 1e9),
        (" ", "ms", 1e3),
        (", ", "s", 1.0),
    ] {
        let head = format!("time[{unit}]{delimiter}I[uV]{delimiter}V1[uV]\n");
        let recording = read(&table(&head, |i| {
            let time = i as f64 / 500.0 * per_s;
            format!("{time}{delimiter}{}{delimiter}-{i}.5", i * 1000)
        }));
        let [first, second] = &recording.leads[..] else {
            panic!("{delimiter}")
        };
        assert_eq!(first.rate_hz, 500.0, "{delimiter} {unit}");
        assert_eq!(first.samples.value(2), Some(2.0));
        assert!(matches!(first.samples.data, SampleData::I32(_)));
        assert_eq!(second.samples.value(2), Some(-0.0025));
        assert_eq!(second.standard, Some(LeadName::V1));
        assert!(recording.notes.is_empty(), "{:?}", recording.notes);
    }
}

#[test]
fn rounded_stamps_give_the_true_rate() {
    let recording = read(&table("t_ms,ecg_uv\n", |i| {
        format!("{},{}", (i as f64 * 1000.0 / 300.0).round(), i % 7)
    }));
    assert!((recording.leads[0].rate_hz - 300.0).abs() < 3.0);
    assert!(recording.leads[0].gaps.is_empty());
}

#[test]
fn missing_rows_and_cells_are_gaps() {
    let recording = read(&table("time_ms,I [mV]\n", |i| {
        let time = if i < 20 { i * 4 } else { i * 4 + 40 };
        let value = if i == 5 {
            "NaN".to_owned()
        } else {
            i.to_string()
        };
        format!("{time},{value}")
    }));
    let lead = &recording.leads[0];
    assert_eq!((lead.rate_hz, lead.samples.len()), (250.0, 50));
    let gaps: Vec<_> = lead
        .gaps
        .iter()
        .map(|g| (g.range.clone(), g.reason))
        .collect();
    assert_eq!(
        gaps,
        [(5..6, GapReason::Missing), (20..30, GapReason::Paused)]
    );
    assert_eq!(lead.samples.value(30), Some(20.0));
}

#[test]
fn clocks_tell_rate_and_start() {
    let recording = read(&table("Phone timestamp;ecg [uV]\n", |i| {
        format!("2021-05-16T23:59:59.{:03};{i}", 200 + i * 8)
    }));
    assert_eq!(recording.leads[0].rate_hz, 125.0);
    assert_eq!(recording.start.unwrap().iso(), "2021-05-16T23:59:59.200");
    let recording = read(&table(
        "'Elapsed time','MLII'\n'hh:mm:ss.mmm','mV'\n",
        |i| format!("'0:00.{:03}',{}", i * 4, i),
    ));
    assert_eq!(recording.leads[0].rate_hz, 250.0);
    assert_eq!(recording.leads[0].standard, Some(LeadName::II));
    assert_eq!(recording.start, None);
}

#[test]
fn a_preamble_tells_rate_unit_and_lead() {
    let recording = read(&table(
        "Name,A B\nAverage heart rate,70\nSampling rate,500.000 Hz\n\nLead,Lead II\nUnit,mV\n\n",
        |i| format!("{}.25", i),
    ));
    let lead = &recording.leads[0];
    assert_eq!((lead.rate_hz, &lead.unit), (500.0, &Unit::Millivolt));
    assert_eq!(lead.standard, Some(LeadName::II));
    assert_eq!(lead.samples.value(1), Some(1.25));
    assert!(
        recording
            .source
            .remarks
            .contains(&"Lead,Lead II".to_owned())
    );
}

#[test]
fn bare_numbers_are_asked_for_and_answered_in_one_step() {
    // A spike every 300 samples; at 360 Hz that is 72 a minute.
    let text: String = (0..6000)
        .map(|i| match i % 300 {
            10..17 => format!("{}.5\n", (i % 300 - 9) * 200),
            17..24 => format!("{}.5\n", (24 - i % 300) * 200),
            _ => format!("{}.25\n", i % 3),
        })
        .collect();
    let question = ask(&text);
    assert_eq!(question.unknowns, [Unknown::Rate, Unknown::Unit]);
    assert_eq!(question.proposal.rate_hz, Some(360.0));
    assert_eq!(question.proposal.unit.as_deref(), Some("uV"));
    assert_eq!(question.evidence.len(), 2);
    assert_eq!(question.preview.len(), 4000);
    let Ok(Reading::Recording(recording)) = read_with(&text, question.proposal) else {
        panic!()
    };
    assert_eq!(recording.leads[0].rate_hz, 360.0);
    assert_eq!(recording.leads[0].samples.value(14), Some(1.0005));
}

#[test]
fn counts_ask_for_their_gain() {
    let text = table("fs=250\n", |i| format!("{}", 2048 + (i % 9) * 20));
    let question = ask(&text);
    assert_eq!(question.unknowns, [Unknown::Gain]);
    assert_eq!(question.proposal.unit, None);
    for (answers, unit) in [
        (
            Answers {
                gain: Some(20.0),
                ..Answers::default()
            },
            Unit::Millivolt,
        ),
        (
            Answers {
                unit: Some("counts".into()),
                ..Answers::default()
            },
            Unit::Counts,
        ),
    ] {
        let Ok(Reading::Recording(recording)) = read_with(&text, answers) else {
            panic!()
        };
        assert_eq!(recording.leads[0].unit, unit);
    }
}

#[test]
fn decimal_commas_in_one_column_are_no_second_column() {
    let text = table("", |i| format!("-{},{:03}", i, i * 7));
    let answers = Answers {
        rate_hz: Some(250.0),
        unit: Some("uV".into()),
        ..Answers::default()
    };
    let Ok(Reading::Recording(recording)) = read_with(&text, answers.clone()) else {
        panic!()
    };
    assert_eq!(recording.leads.len(), 1);
    assert_eq!(recording.leads[0].samples.value(1), Some(-0.001_007));
    // Two columns of integers stay two.
    let Ok(Reading::Recording(recording)) =
        read_with(&table("", |i| format!("{},-{}", 7 * i % 5, i)), answers)
    else {
        panic!()
    };
    assert_eq!(recording.leads.len(), 2);
}

#[test]
fn twelve_columns_without_names_have_the_usual_order_and_a_note() {
    let recording = read(&table("unit: mV\nrate: 500 Hz\n", |i| {
        (0..12)
            .map(|c| ((i * 7 + c) % 11).to_string())
            .collect::<Vec<_>>()
            .join(",")
    }));
    assert_eq!(recording.leads[3].standard, Some(LeadName::AVR));
    assert_eq!(codes(&recording), ["lead-order-assumed"]);
}

#[test]
fn few_long_rows_are_columns() {
    let row = |f: &dyn Fn(usize) -> f64| {
        (0..300)
            .map(|i| f(i).to_string())
            .collect::<Vec<_>>()
            .join(",")
    };
    let text = format!(
        "{}\n{}\n",
        row(&|i| i as f64 / 250.0),
        row(&|i| (i % 8) as f64 / 4.0)
    );
    let question = ask(&text);
    assert_eq!(question.unknowns, [Unknown::Unit]);
    let Ok(Reading::Recording(recording)) = read_with(&text, question.proposal) else {
        panic!()
    };
    assert_eq!(
        (recording.leads[0].rate_hz, recording.leads[0].samples.len()),
        (250.0, 300)
    );
}

#[test]
fn sentinels_are_gaps_and_a_flat_end_stays_what_it_is() {
    let recording = read(&table("ecg [uV],rate: 1\n", |_| "1,2".to_owned()).replace(
        "ecg [uV],rate: 1\n",
        "sampling rate: 250 Hz\necg [uV],V2 [uV]\n",
    ));
    assert_eq!(recording.leads.len(), 2);
    let recording = read(&table("fs: 250\nunit: uV\n", |i| {
        if i == 7 {
            "-32768".to_owned()
        } else {
            "12".to_owned()
        }
    }));
    assert_eq!(recording.leads[0].gaps[0].range, 7..8);
}

#[test]
fn what_is_no_table_is_not_taken() {
    for bytes in [
        &b"{\"a\": [1,2,3]}"[..],
        b"<?xml version=\"1.0\"?><a/>",
        b"hello world\nthis is a text\n",
        b"\x89HDF\r\n\x1a\n",
        b"1\n2\n3\n",
    ] {
        let head = Head {
            name: "a.csv",
            bytes,
            tail: &[],
            len: bytes.len() as u64,
        };
        assert_eq!(Table.score(&head), Score::NONE);
        let bundle = Bundle::from_bytes("a.csv", bytes);
        let read = Table.read(&bundle, &bundle.entries[0], &mut Context::default());
        assert_eq!(read.unwrap_err(), ReadError::NotThisFormat);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_written_as_csv_is_read_again_to_the_last_bit(
        data in prop::collection::vec(any::<i16>(), 24..200),
        floats in prop::collection::vec(-10.0_f32..10.0, 24..200),
        rate_hz in prop_oneof![Just(250.0), Just(513.625), Just(512.508), Just(300.0)],
        gap in 0_usize..4,
    ) {
        let scale = Scale { gain: 204.8, baseline: 17.0 };
        let mut first = Lead::ecg("I", rate_hz, Samples::from_i16(data, scale));
        first.gaps = if gap == 0 { Vec::new() } else {
            vec![crate::recording::Gap { range: 2..2 + gap, reason: GapReason::Missing }]
        };
        let second = Lead::ecg("chest, \"left\"", rate_hz, Samples::from_values(floats));
        let recording = Recording { leads: vec![first, second], ..Recording::default() };
        let files = CsvWriter.write(&recording, "a").unwrap();
        let again = read(std::str::from_utf8(&files[0].bytes).unwrap());
        prop_assert!(again.notes.is_empty(), "{:?}", again.notes);
        for (before, after) in recording.leads.iter().zip(&again.leads) {
            prop_assert_eq!(after.rate_hz, rate_hz);
            prop_assert_eq!(after.standard, before.standard);
            for index in 0..before.samples.len() {
                prop_assert_eq!(in_gap(&before.gaps, index), in_gap(&after.gaps, index));
                if !in_gap(&before.gaps, index) {
                    prop_assert_eq!(before.samples.value(index), after.samples.value(index));
                }
            }
        }
    }
}
