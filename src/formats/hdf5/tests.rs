use super::super::Answers;
use super::super::testing::{entry, extremes, near, read_first, recording, samples};
use super::*;

#[test]
fn the_sample_of_opensignals_reads_as_the_index_says() {
    let Some(root) = samples() else { return };
    let bundle = Bundle {
        entries: vec![entry(&root.join("opensignals/ecg_sample.h5"))],
    };
    let read = recording(read_first(&bundle, Answers::default()), "h5");
    let lead = &read.leads[0];
    assert_eq!((lead.rate_hz, lead.samples.len()), (200.0, 2370));
    let (low, high) = extremes(lead);
    assert!(near(low, -0.128) && near(high, 0.5), "{low} {high}");
    assert!(lead.name.contains("ECG"), "{}", lead.name);
    assert!(read.start.is_some());
}

#[test]
fn cut_and_changed_samples_end() {
    let Some(root) = samples() else { return };
    let bytes = std::fs::read(root.join("opensignals/ecg_sample.h5")).unwrap();
    let mut context = Context::default();
    context.limits.samples = 1_000_000;
    context.limits.bytes = 1 << 24;
    for step in 0..400 {
        let mut changed = bytes.clone();
        let at = (step * 7919) % 4096;
        changed[at] = changed[at].wrapping_add(step as u8 | 1);
        let bundle = Bundle::from_bytes("x", changed);
        let _ = Hdf5.read(&bundle, &bundle.entries[0], &mut context);
        let cut = bytes[..(step * 173) % bytes.len()].to_vec();
        let bundle = Bundle::from_bytes("x", cut);
        let _ = Hdf5.read(&bundle, &bundle.entries[0], &mut context);
    }
}
