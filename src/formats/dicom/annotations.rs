//! Waveform annotations: marks at samples, measurements and statements.

use super::super::parts::mark;
use super::dataset::{Dataset, File};
use crate::recording::{Annotation, Lead, SourceMeasurement};

/// Most annotations kept.
const MOST: usize = 100_000;
const ANNOTATIONS: u32 = 0x0040_b020;

/// What an annotation says, with its unit.
struct Said {
    concept: String,
    value: String,
}

fn said(file: &File, set: &Dataset) -> Said {
    let meaning = |tag| {
        set.items(tag)
            .first()
            .map(|code| file.text(code, 0x0008_0104))
            .unwrap_or_default()
    };
    let unit = set
        .items(0x0040_08ea)
        .first()
        .map(|unit| file.text(unit, 0x0008_0100))
        .unwrap_or_default();
    let number = file.text(set, 0x0040_a30a);
    let coded = meaning(0x0040_a168);
    let value = if number.is_empty() { coded } else { number };
    Said {
        concept: meaning(0x0040_a043),
        value: format!("{value} {unit}").trim().to_owned(),
    }
}

/// Sample positions, counted from 1.
fn positions(file: &File, set: &Dataset) -> Vec<u64> {
    file.integers(set, 0x0040_a132, 4)
}

/// The marks of the group with the number `group`.
pub fn marks(file: &File, set: &Dataset, group: usize, leads: &[Lead]) -> Vec<Annotation> {
    let Some(rate_hz) = leads.first().map(|lead| lead.rate_hz) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for annotation in set.items(ANNOTATIONS).iter().take(MOST) {
        let places = positions(file, annotation);
        let channels = file.integers(annotation, 0x0040_a0b0, 2);
        let of_group = channels
            .first()
            .is_none_or(|&number| number == group as u64);
        let Some(&first) = places.first().filter(|_| of_group) else {
            continue;
        };
        let said = said(file, annotation);
        let text = [file.text(annotation, 0x0070_0006), said.concept, said.value];
        let text: Vec<String> = text.into_iter().filter(|text| !text.is_empty()).collect();
        let time_s = (first.saturating_sub(1)) as f64 / rate_hz;
        let mut mark = mark(time_s, rate_hz, "\"", &text.join(" "));
        // Channels are counted from 1; 0 means all.
        let channel = channels.get(1).copied().unwrap_or(0).saturating_sub(1);
        mark.channel = u8::try_from(channel).unwrap_or(0);
        found.push(mark);
    }
    found
}

/// What stands at no sample: measurements, and statements as lines of text.
pub fn findings(file: &File, set: &Dataset) -> (Vec<SourceMeasurement>, Vec<String>) {
    let (mut measurements, mut statements) = (Vec::new(), Vec::new());
    for annotation in set.items(ANNOTATIONS).iter().take(MOST) {
        if !positions(file, annotation).is_empty() {
            continue;
        }
        let text = file.text(annotation, 0x0070_0006);
        let said = said(file, annotation);
        if !text.is_empty() {
            statements.push(text);
        } else if !said.value.is_empty() {
            measurements.push(SourceMeasurement {
                name: said.concept,
                value: said.value,
            });
        }
    }
    (measurements, statements)
}
