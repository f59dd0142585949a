//! One fuzz target a reader: the format named by `EINTHOVEN_FUZZ_FORMAT` reads the bytes, alone and within what
//! recognition makes of them. `make fuzz TIME=120` runs every format of the list in turn.

#![no_main]

use einthoven::formats::{Bundle, Context, Entry, FORMATS, Format, Reading, open};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// The format under test; `None` fuzzes recognition and whatever it leads to.
static FORMAT: LazyLock<Option<&'static dyn Format>> = LazyLock::new(|| {
    let wanted = std::env::var("EINTHOVEN_FUZZ_FORMAT").ok()?;
    let found = FORMATS.iter().copied().find(|format| format.info().id == wanted);
    Some(found.unwrap_or_else(|| panic!("there is no format {wanted}")))
});

fuzz_target!(|bytes: &[u8]| {
    let bundle = Bundle {
        entries: vec![Entry::from_bytes("x", bytes.to_vec())],
    };
    let mut context = Context::default();
    context.limits.samples = 2_000_000;
    context.limits.bytes = 1 << 24;
    let reading = match *FORMAT {
        Some(format) => format.read(&bundle, &bundle.entries[0], &mut context),
        None => open(&bundle, &mut context),
    };
    let Ok(Reading::Recording(recording)) = reading else { return };
    let samples: usize = recording.leads.iter().map(|lead| lead.samples.len()).sum();
    assert!(samples <= 2_000_000);
    for lead in &recording.leads {
        assert!(lead.rate_hz > 0.0 && lead.rate_hz.is_finite());
        assert!(lead.samples.scale.gain != 0.0);
        assert!(lead.gaps.windows(2).all(|g| g[0].range.end <= g[1].range.start));
        assert!(lead.gaps.iter().all(|g| g.range.end <= lead.samples.len()));
    }
});
