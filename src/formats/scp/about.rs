//! Sections 1, 7 and 8: who, when, with what, and what the device found.

use super::super::view::{View, text};
use super::super::{Context, Entry, instant};
use super::{ID, Section};
use crate::recording::{Note, Patient, Source, SourceMeasurement, StartTime};

/// Value that stands for "not computed".
const NOT_COMPUTED: u16 = 29_999;
/// Most tags that are looked at.
const MOST_TAGS: usize = 10_000;

/// The tags of section 1. They repeat and have no order; empty ones say nothing.
fn tags(body: &[u8]) -> Vec<(u8, &[u8])> {
    let view = View::little(body);
    let mut tags = Vec::new();
    let mut at = 0;
    while let (Some(tag), Some(length)) = (view.u8(at), view.u16(at + 1)) {
        if tag == 255 || tags.len() == MOST_TAGS {
            break;
        }
        let Some(value) = view.slice(at + 3, usize::from(length)) else {
            break;
        };
        if !value.is_empty() {
            tags.push((tag, value));
        }
        at += 3 + usize::from(length);
    }
    tags
}

/// Start and source of a record.
pub fn about(
    sections: &[Section<'_>],
    entry: &Entry,
    context: &mut Context,
) -> (Option<StartTime>, Source) {
    let body = |id: u16| {
        let section = sections.iter().find(|section| section.id == id);
        section.map_or(&[][..], |section| section.body)
    };
    let tags = tags(body(1));
    let first = |wanted: u8| {
        tags.iter()
            .find(|(tag, _)| *tag == wanted)
            .map(|(_, value)| *value)
    };
    let spoken = |wanted: u8| first(wanted).map(text).filter(|text| !text.is_empty());
    let names: Vec<String> = [spoken(1), spoken(0)].into_iter().flatten().collect();
    let sex = match first(8).and_then(|value| value.first().copied()) {
        Some(1) => Some("M"),
        Some(2) => Some("F"),
        _ => None,
    };
    let mut source = Source {
        format: ID.to_owned(),
        recognised_by: "recognised-scp".to_owned(),
        name: entry.file_name().to_owned(),
        device: first(14).and_then(device),
        filters: filters(first(27), first(28), first(29)),
        classification: statements(body(8)),
        measurements: measurements(body(7)),
        patient: Patient {
            name: (!names.is_empty()).then(|| names.join(" ")),
            id: spoken(2),
            birth_date: first(5)
                .and_then(date)
                .map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}")),
            sex: sex.map(str::to_owned),
        },
        remarks: Vec::new(),
    };
    for (tag, value) in &tags {
        if matches!(tag, 13 | 30 | 35) {
            let text = text(value);
            if !text.is_empty() {
                source.remarks.push(text);
            }
        }
    }
    (start(first(25), first(26), first(34), context), source)
}

/// Year, month and day.
fn date(value: &[u8]) -> Option<(u16, u16, u16)> {
    let view = View::little(value);
    let date = (view.u16(0)?, u16::from(view.u8(2)?), u16::from(view.u8(3)?));
    (date.0 > 0).then_some(date)
}

fn start(
    day: Option<&[u8]>,
    time: Option<&[u8]>,
    zone: Option<&[u8]>,
    context: &mut Context,
) -> Option<StartTime> {
    let &[hour, minute, second, ..] = time? else {
        return None;
    };
    let clock = format!("{hour}:{minute}:{second}");
    let day = day.and_then(date);
    let start = instant::date_and_time(day, &clock);
    let Some(mut start) = start else {
        let text = format!("{day:?} {clock}");
        context.note(Note::new("bad-date").with("text", text));
        return None;
    };
    let minutes = zone.and_then(|zone| View::little(zone).i16(0));
    start.offset_minutes = minutes.filter(|minutes| (-840..=840).contains(minutes));
    Some(start)
}

/// Model, and the texts behind the fixed part: revision of the program, serial number, software, maker.
fn device(value: &[u8]) -> Option<String> {
    let mut words = vec![text(value.get(8..14).unwrap_or_default())];
    let texts = value.get(36..).unwrap_or_default();
    words.extend(texts.split(|&byte| byte == 0).map(text));
    words.retain(|word| {
        let printable = word.chars().all(|c| !c.is_control());
        !word.is_empty() && printable && !word.eq_ignore_ascii_case("unknown")
    });
    words.dedup();
    (!words.is_empty()).then(|| words.join(" "))
}

fn filters(high: Option<&[u8]>, low: Option<&[u8]>, bits: Option<&[u8]>) -> Option<String> {
    let number = |value: Option<&[u8]>| View::little(value?).u16(0).filter(|value| *value > 0);
    let mut words = Vec::new();
    if let Some(hundredths) = number(high) {
        words.push(format!("high pass {} Hz", f64::from(hundredths) / 100.0));
    }
    if let Some(hertz) = number(low) {
        words.push(format!("low pass {hertz} Hz"));
    }
    let bits = bits.and_then(|bits| bits.first().copied()).unwrap_or(0);
    for (bit, name) in [
        (1, "notch 60 Hz"),
        (2, "notch 50 Hz"),
        (4, "artifact filter"),
        (8, "baseline filter"),
    ] {
        if bits & bit != 0 {
            words.push(name.to_owned());
        }
    }
    (!words.is_empty()).then(|| words.join(", "))
}

/// The statements of section 8.
fn statements(body: &[u8]) -> Option<String> {
    let view = View::little(body);
    let count = view.u8(8)?;
    let mut at = 9;
    let mut lines = Vec::new();
    for _ in 0..count {
        let Some(length) = view.u16(at + 1).map(usize::from) else {
            break;
        };
        let line = text(view.slice(at + 3, length).unwrap_or_default());
        if !line.is_empty() {
            lines.push(line);
        }
        at += 3 + length;
    }
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// The global measurements of section 7: those of the first block, which is the reference beat's, and those of the
/// rhythm. The end of the section is garbage in old files, so that only sound values are taken.
fn measurements(body: &[u8]) -> Vec<SourceMeasurement> {
    let view = View::little(body);
    let mut found = Vec::new();
    let mut push = |name: &str, value: String| {
        found.push(SourceMeasurement {
            name: name.to_owned(),
            value,
        });
    };
    let time = |at: usize| view.u16(at).filter(|value| *value < NOT_COMPUTED);
    for (name, at) in [("RR", 2), ("PP", 4)] {
        if let Some(value) = time(at).filter(|value| (100..=10_000).contains(value)) {
            push(name, format!("{value} ms"));
        }
    }
    if view.u8(0).is_none_or(|blocks| blocks == 0) {
        return found;
    }
    let [p_on, p_off, qrs_on, qrs_off, t_off] = [6, 8, 10, 12, 14].map(time);
    let mut span = |name: &str, from: Option<u16>, to: Option<u16>| {
        if let (Some(from), Some(to)) = (from, to)
            && to > from
            && to - from < 2000
        {
            push(name, format!("{} ms", to - from));
        }
    };
    span("P", p_on, p_off);
    span("PR", p_on, qrs_on);
    span("QRS", qrs_on, qrs_off);
    span("QT", qrs_on, t_off);
    for (name, at) in [("P axis", 16), ("QRS axis", 18), ("T axis", 20)] {
        // 999 stands for an axis that is not defined.
        if let Some(axis) = view.i16(at).filter(|axis| (-360..=360).contains(axis)) {
            push(name, format!("{axis}°"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_numbers_are_no_zone_and_no_axis() {
        let mut block = vec![1, 0, 0x20, 3, 0x2f, 0x75];
        block.extend([0x2f, 0x75].repeat(5));
        block.extend([0, 0x80].repeat(3));
        let found = measurements(&block);
        assert_eq!((found.len(), found[0].value.as_str()), (1, "800 ms"));
        let zone = i16::MIN.to_le_bytes();
        let day = [0xe8, 7, 5, 1];
        let start = start(
            Some(&day),
            Some(&[8, 15, 30]),
            Some(&zone),
            &mut Context::default(),
        );
        assert_eq!(start.unwrap().iso(), "2024-05-01T08:15:30");
    }
}
