use super::super::testing::{entry, extremes, near, read_first, recording, samples};
use super::*;
use crate::recording::LeadName;

fn read(file: &str, choice: Option<&str>) -> Option<crate::recording::Recording> {
    let root = samples()?;
    let bundle = Bundle {
        entries: vec![entry(&root.join(file))],
    };
    let answers = Answers {
        choice: choice.map(str::to_owned),
        ..Answers::default()
    };
    Some(recording(read_first(&bundle, answers), file))
}

#[test]
fn second_differences_with_the_standard_table_read_as_the_index_says() {
    let Some(read_in) = read("scp/example.scp", None) else {
        return;
    };
    assert_eq!(read_in.start.unwrap().iso(), "2002-11-22T09:10:00");
    let told = [
        (-0.305, 0.415),
        (-0.6675, 0.335),
        (-0.9075, 0.4525),
        (-0.255, 0.34),
        (-0.315, 0.6325),
        (-0.775, 0.3625),
        (-1.465, 0.1725),
        (-1.9275, 0.405),
        (-1.63, 0.4025),
        (-0.8875, 0.28),
        (-0.4675, 0.5875),
        (-0.31, 0.9725),
    ];
    assert_eq!(read_in.leads.len(), 12);
    for name in LeadName::ALL {
        let lead = read_in
            .leads
            .iter()
            .find(|lead| lead.standard == Some(name))
            .unwrap();
        assert_eq!((lead.rate_hz, lead.samples.len()), (500.0, 5000));
        let (low, high) = told[name as usize];
        let found = extremes(lead);
        assert!(
            near(found.0, low) && near(found.1, high),
            "{} {found:?}",
            lead.name
        );
    }
    assert!(
        read_in.notes.iter().all(|note| note.code == "other-parts"),
        "{:?}",
        read_in.notes
    );
    let beat = read("scp/example.scp", Some("reference-beat")).unwrap();
    assert_eq!(beat.leads[0].samples.len(), 599);
}

#[test]
fn a_subtracted_reference_beat_is_added_again() {
    let Some(read) = read("scp/wfdb_checkpkg_test.scp", None) else {
        return;
    };
    // The oracle smooths its residual; its extremes are told in steps of 20 µV.
    let told = [
        ("I", -0.62, 1.2),
        ("II", -0.68, 0.4),
        ("V1", -1.28, 0.46),
        ("V2", -2.5, 1.02),
        ("V3", -2.48, 1.06),
        ("V4", -2.08, 0.92),
        ("V5", -1.5, 0.7),
        ("V6", -0.74, 0.82),
    ];
    assert_eq!(read.leads.len(), 12);
    for (name, low, high) in told {
        let lead = read.leads.iter().find(|lead| lead.name == name).unwrap();
        assert_eq!((lead.rate_hz, lead.samples.len()), (500.0, 5000));
        let found = extremes(lead);
        let close = |a: f64, b: f64| (a - b).abs() < 0.0401;
        assert!(
            close(found.0, low) && close(found.1, high),
            "{name} {found:?}"
        );
    }
    assert!(
        read.source
            .classification
            .unwrap()
            .contains("Ectopic atrial")
    );
}

#[test]
fn a_custom_table_may_switch_to_another() {
    // Table 1: `0` is 1, `1` switches to table 2; there `0` is -1 and `1` is followed by four bits.
    let mut body = vec![2, 0, 2, 0];
    body.extend([1, 1, 1, 1, 0, 0, 0, 0, 0]);
    body.extend([1, 1, 0, 2, 0, 1, 0, 0, 0]);
    body.extend([2, 0]);
    body.extend([1, 1, 1, 0xff, 0xff, 0, 0, 0, 0]);
    body.extend([1, 5, 1, 0, 0, 1, 0, 0, 0]);
    let Coding::Tables(tables) = Coding::read(&body).unwrap() else {
        panic!()
    };
    // 0 | 1 0 | 1 1010 …
    let values = huffman::decode(&tables, &[0b0101_1010], 4);
    assert_eq!(values, [1, -1, -6]);
    assert!(Coding::read(&[1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]).is_err());
}
