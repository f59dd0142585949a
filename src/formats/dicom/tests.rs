use super::super::Answers;
use super::super::testing::{entry, extremes, near, read_first, recording, samples};
use super::*;

/// Leads of an index row's group: name and extremes in microvolts.
fn told(row: &str) -> Vec<(f64, f64)> {
    let rhythm = row.split(" | ").next().unwrap();
    let leads = rhythm.split("uV: ").nth(1).unwrap();
    leads
        .split("; ")
        .map(|lead| {
            let (low, high) = lead.rsplit(' ').next().unwrap().split_once('…').unwrap();
            (low.parse().unwrap(), high.parse().unwrap())
        })
        .collect()
}

#[test]
fn implicit_and_explicit_files_read_as_the_index_says() {
    let Some(root) = samples() else { return };
    let index = std::fs::read_to_string(root.join("INDEX.tsv")).unwrap();
    for (file, rate_hz, length, beat) in [
        ("dicom/ecgtoolkit_Example.dcm", 500.0, 5000, 600),
        ("dicom/waveform_ecg.dcm", 1000.0, 10_000, 1200),
    ] {
        let row = index.lines().find(|line| line.starts_with(file)).unwrap();
        let row = row.split('\t').nth(4).unwrap();
        let bundle = Bundle {
            entries: vec![entry(&root.join(file))],
        };
        let read = recording(read_first(&bundle, Answers::default()), file);
        let names: Vec<&str> = read.leads.iter().map(|lead| lead.name.as_str()).collect();
        assert_eq!(
            names.join(" "),
            "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6",
            "{file}"
        );
        for (lead, (low, high)) in read.leads.iter().zip(told(row)) {
            assert_eq!((lead.rate_hz, lead.samples.len()), (rate_hz, length));
            assert!(lead.standard.is_some() && !lead.derived);
            let found = extremes(lead);
            assert!(
                near(found.0, low / 1000.0) && near(found.1, high / 1000.0),
                "{file} {} {found:?} {low} {high}",
                lead.name
            );
        }
        let answers = Answers {
            choice: Some("group-2".to_owned()),
            ..Answers::default()
        };
        let median = recording(read_first(&bundle, answers), file);
        assert_eq!(median.leads[0].samples.len(), beat, "{file}");
        let low = median
            .leads
            .iter()
            .map(|lead| extremes(lead).0)
            .fold(0.0, f64::min);
        assert!(low > -5.0, "{file} padding is drawn: {low}");
    }
}
