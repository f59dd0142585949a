//! Reading and writing FHIR.

use super::super::gaps::in_gap;
use super::super::testing::{extremes, near, open_text, sample_file, sample_reading};
use super::super::{Answers, ReadError, Reading, Unknown, Writer};
use super::FhirWriter;
use crate::recording::{Gap, GapReason, Lead, LeadName, Recording, Samples, Scale, StartTime};
use proptest::prelude::*;

fn read(text: &str) -> Recording {
    match open_text("x.json", text, Answers::default()) {
        Ok(Reading::Recording(read)) => *read,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_sample_of_release_5_reads_as_the_index_says() {
    let Some(read) = sample_file("fhir/constructed_r5_interval_EUL.json") else {
        return;
    };
    let lead = &read.leads[0];
    assert_eq!((lead.rate_hz, lead.samples.len()), (250.0, 1500));
    let missing: usize = lead.gaps.iter().map(|gap| gap.range.len()).sum();
    assert_eq!(missing, 2);
    // The two clipped samples stand at the limits of ±5 mV.
    let (low, high) = extremes(lead);
    assert!(near(low, -5.0) && near(high, 5.0), "{low} {high}");
    assert_eq!(read.notes[0].code, "clipped-samples");
}

#[test]
fn the_example_of_release_4_asks_for_its_unit_and_is_taken_around_its_origin() {
    let file = "fhir/observation-example-sample-data_r4.json";
    let Some(Ok(Reading::Question(question))) = sample_reading(file, Answers::default()) else {
        return;
    };
    assert_eq!(question.unknowns, [Unknown::Unit]);
    assert_eq!(question.proposal.unit.as_deref(), Some("uV"));
    let Some(Ok(Reading::Recording(read))) = sample_reading(file, question.proposal) else {
        panic!()
    };
    let [one, two, three, ..] = &read.leads[..] else {
        panic!()
    };
    assert_eq!(three.standard, Some(LeadName::III));
    assert_eq!((one.rate_hz, two.samples.len()), (100.0, 116));
    let (low, high) = extremes(one);
    assert!(near(low, -0.264) && near(high, 0.19), "{low} {high}");
}

#[test]
fn pieces_of_one_code_are_one_lead() {
    let piece = |code: u32, data: &str| {
        format!(
            r#"{{"code": {{"coding": [{{"code": "{code}"}}]}}, "valueSampledData": {{"origin": {{"value": 0, "unit": "mV"}},
            "period": 1.953125, "dimensions": 1, "data": "{data}"}}}}"#
        )
    };
    let text = format!(
        r#"{{"resourceType": "Bundle", "entry": [{{"resource": {{"resourceType": "Observation",
        "effectiveDateTime": "2024-05-01T08:00:00Z", "component": [{}, {}, {}]}}}}]}}"#,
        piece(131_329, "0.1 0.2"),
        piece(131_330, "1 1"),
        piece(131_329, "0.3 E")
    );
    let read = read(&text);
    assert_eq!(read.leads[0].rate_hz, 512.0);
    assert_eq!(read.leads[0].samples.len(), 4);
    assert_eq!(read.leads[0].gaps[0].range, 3..4);
    assert_eq!(read.leads[1].samples.len(), 2);
}

#[test]
fn an_observation_without_samples_is_called_so() {
    let text = r#"{"resourceType": "Observation", "valueQuantity": {"value": 70}}"#;
    let read = open_text("x.json", text, Answers::default());
    assert!(matches!(read, Err(ReadError::NoSignal { .. })));
}

#[test]
fn the_written_document_has_the_codes_of_the_guide_and_ten_seconds_a_piece() {
    let mut lead = Lead::ecg(
        "I",
        512.0,
        Samples::from_i16(
            (0..11_000).map(|i| (i % 100) as i16).collect(),
            Scale {
                gain: 200.0,
                baseline: 0.0,
            },
        ),
    );
    lead.gaps = vec![Gap {
        range: 5..8,
        reason: GapReason::LeadOff,
    }];
    let recording = Recording {
        leads: vec![lead],
        start: StartTime::new(Some((2024, 5, 1)), 8, 15, 0.0, None),
        ..Recording::default()
    };
    let files = FhirWriter.write(&recording, "a").unwrap();
    let value: serde_json::Value = serde_json::from_slice(&files[0].bytes).unwrap();
    assert_eq!(value["category"][0]["coding"][0]["code"], "procedure");
    assert_eq!(value["code"]["coding"][0]["code"], "131328");
    let pieces = value["component"].as_array().unwrap();
    assert_eq!(pieces.len(), 3);
    let data = &pieces[0]["valueSampledData"];
    assert_eq!(data["period"], 1.953_125);
    assert_eq!(data["factor"], 5.0);
    assert_eq!(data["data"].as_str().unwrap().split(' ').count(), 5120);
    let again = read(std::str::from_utf8(&files[0].bytes).unwrap());
    assert_eq!(again.start, recording.start);
    let (before, after) = (&recording.leads[0].samples, &again.leads[0].samples);
    assert_eq!(before.scale, after.scale);
    assert!((8..11_000).all(|at| before.stored(at) == after.stored(at)));
    assert_eq!(again.leads[0].gaps[0].range, 5..8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_written_is_read_again_to_the_last_bit(
        data in prop::collection::vec(any::<i16>(), 24..200),
        floats in prop::collection::vec(-10.0_f32..10.0, 24..200),
        rate_hz in prop_oneof![Just(250.0), Just(513.625), Just(512.508), Just(300.0), 50.0_f64..2000.0],
        gain in prop_oneof![Just(204.8), Just(405.31), Just(2621.44), 0.5_f64..20_000.0],
        baseline in prop_oneof![Just(0.0), Just(2048.0), -100.0_f64..3000.0],
        gap in 0_usize..4,
    ) {
        let mut first = Lead::ecg("I", rate_hz, Samples::from_i16(data, Scale { gain, baseline }));
        first.gaps = if gap == 0 { Vec::new() } else {
            vec![Gap { range: 2..2 + gap, reason: GapReason::Missing }]
        };
        let second = Lead::ecg("chest, \"left\"", rate_hz, Samples::from_values(floats.clone()));
        let third = Lead::ecg("chest, \"left\"", 130.0, Samples {
            data: crate::recording::SampleData::F32(floats),
            scale: Scale { gain: 1000.0, baseline: 0.0 },
        });
        let recording = Recording { leads: vec![first, second, third], ..Recording::default() };
        let files = FhirWriter.write(&recording, "a").unwrap();
        let again = read(std::str::from_utf8(&files[0].bytes).unwrap());
        prop_assert_eq!(again.leads.len(), 3);
        // Random numbers swing as no heart does, for which the unit is taken from them.
        let mut recording = recording;
        crate::formats::plausible::doubt_impossible_sizes(&mut recording);
        for (before, after) in recording.leads.iter().zip(&again.leads) {
            // One unit in the last place: not every rate is 1000 divided by a number of 64 bit.
            prop_assert!((after.rate_hz / before.rate_hz - 1.0).abs() < 1e-15);
            prop_assert_eq!(after.standard, before.standard);
            prop_assert_eq!(&after.unit, &before.unit);
            prop_assert_eq!(after.samples.len(), before.samples.len());
            for index in 0..before.samples.len() {
                prop_assert_eq!(in_gap(&before.gaps, index), in_gap(&after.gaps, index));
                if !in_gap(&before.gaps, index) {
                    prop_assert_eq!(before.samples.value(index), after.samples.value(index));
                }
            }
        }
    }
}
