//! ECG texts of Polar Sensor Logger and of apps with the same header: `… timestamp [ns];…;ecg [uV]`.
//!
//! After public files. The sensor's stamps tell the true rate (it is not exactly 130 Hz), breaks and repeated packets;
//! they exceed what a 64-bit float holds and are read as integers.

use super::course::{Packet, Stamped};
use super::input;
use super::polar_pmd::{EPOCH_S, clock_is_set, course};
use super::series::Series;
use super::text::{bare, decode, lines, number};
use super::voltage::units_per_millivolt;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, instant,
};
use crate::recording::{GapReason, Note, Recording, Scale, StartTime};

const ID: &str = "polar-text";
/// Rows below which it is no recording.
const FEWEST_ROWS: usize = 8;

/// The reader.
pub struct PolarText;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Polar Sensor Logger ECG (text)",
    extensions: &["txt", "csv"],
    signatures: &[],
    recognised_by: "a first line with a timestamp column and the column ecg [uV], separated by semicolons",
    support: Support::Complete,
    tested_on: "1 public recording, compared with an independent reader",
    certainty: Certainty::Equal,
};

/// Places of the columns.
#[derive(Clone, Copy, Debug)]
struct Columns {
    ecg: usize,
    per_millivolt: f64,
    /// Nanoseconds of the sensor.
    sensor: Option<usize>,
    /// Milliseconds from the beginning.
    elapsed: Option<usize>,
    phone: Option<usize>,
}

impl Columns {
    fn of(line: &str) -> Option<Self> {
        let names: Vec<String> = line
            .split(';')
            .map(|name| bare(name).to_lowercase())
            .collect();
        let ecg = names.iter().position(|name| name.starts_with("ecg ["))?;
        let unit = names.get(ecg)?.split(['[', ']']).nth(1)?;
        let place = |wanted: &[&str]| {
            names
                .iter()
                .position(|name| wanted.iter().all(|word| name.contains(word)))
        };
        let columns = Self {
            ecg,
            per_millivolt: units_per_millivolt(unit)?,
            sensor: place(&["timestamp", "[ns]"]),
            elapsed: place(&["timestamp", "[ms]"]),
            phone: place(&["phone timestamp"]),
        };
        (columns.sensor.is_some() || columns.elapsed.is_some()).then_some(columns)
    }
}

impl Format for PolarText {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(text) = decode(head.bytes) else {
            return Score::NONE;
        };
        match lines(&text).next().and_then(Columns::of) {
            Some(_) => Score(235),
            None => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let text = text.trim_start_matches('\u{feff}');
        let columns = lines(text)
            .next()
            .and_then(Columns::of)
            .ok_or(ReadError::NotThisFormat)?;
        let rows = Rows::read(text, columns, context)?;
        if rows.samples.len() < FEWEST_ROWS {
            return Err(input::no_signal(ID, "holds-no-samples"));
        }
        rows.recording(columns, entry, context)
    }
}

/// The rows: nanoseconds and sample.
struct Rows {
    samples: Vec<(i64, Option<f64>)>,
    first_phone: Option<StartTime>,
}

impl Rows {
    fn read(text: &str, columns: Columns, context: &mut Context) -> Result<Self, ReadError> {
        let mut rows = Self {
            samples: Vec::new(),
            first_phone: None,
        };
        let (mut bad, mut first_bad) = (0_usize, 0);
        for (at, line) in lines(text).enumerate().skip(1) {
            if bare(line).is_empty() {
                continue;
            }
            let field = |place: usize| line.split(';').nth(place).map(bare);
            let sensor = columns.sensor.and_then(|place| field(place)?.parse().ok());
            let elapsed = || {
                let milliseconds = number(field(columns.elapsed?)?, true)?;
                Some((milliseconds * 1e6).round() as i64)
            };
            let Some(stamp) = sensor.or_else(elapsed) else {
                bad += 1;
                first_bad = if bad == 1 { at + 1 } else { first_bad };
                continue;
            };
            if rows.samples.is_empty() {
                rows.first_phone = columns
                    .phone
                    .and_then(|place| instant::parse(field(place)?));
            }
            let value = field(columns.ecg).and_then(|text| number(text, true));
            rows.samples.push((stamp, value));
            if rows.samples.len() & 0xffff == 0 {
                context.check_samples(rows.samples.len() as u64)?;
            }
        }
        context.check_samples(rows.samples.len() as u64)?;
        if bad > 0 {
            context.note(
                Note::new("unreadable-lines")
                    .with("count", bad)
                    .with("line", first_bad),
            );
        }
        Ok(rows)
    }

    fn recording(
        mut self,
        columns: Columns,
        entry: &Entry,
        context: &mut Context,
    ) -> Result<Reading, ReadError> {
        if !self.samples.is_sorted_by_key(|(stamp, _)| *stamp) {
            self.samples.sort_by_key(|(stamp, _)| *stamp);
            context.note(Note::new("packets-out-of-order"));
        }
        let distinct = 1 + self
            .samples
            .windows(2)
            .filter(|pair| pair[0].0 != pair[1].0)
            .count();
        // Old versions wrote one stamp for a whole packet; else a stamp that stands twice is a packet that came twice.
        let in_packets = distinct * 2 < self.samples.len();
        if !in_packets && distinct < self.samples.len() {
            let before = self.samples.len();
            self.samples.dedup_by_key(|(stamp, _)| *stamp);
            let count = before - self.samples.len();
            context.note(Note::new("packets-repeated").with("count", count));
        }
        let first = self.samples.first().map_or(0, |(stamp, _)| *stamp);
        let packets: Vec<Packet> = self
            .samples
            .chunk_by(|a, b| a.0 == b.0)
            .map(|rows| Packet {
                at_s: rows
                    .first()
                    .map_or(0.0, |(stamp, _)| stamp.saturating_sub(first) as f64 * 1e-9),
                count: rows.len(),
            })
            .collect();
        let stamped = if in_packets {
            Stamped::Last
        } else {
            Stamped::First
        };
        let course = match course(&packets, stamped, &context.answers) {
            Ok(course) => course,
            Err(asking) => {
                let values = self.samples.iter().filter_map(|(_, value)| *value);
                let preview = || values.take(input::PREVIEW).map(|v| v as f32).collect();
                return asking.question(ID, preview).ok_or(ReadError::NotThisFormat);
            }
        };
        context.check_samples(course.missing().saturating_add(self.samples.len() as u64))?;
        let mut series = Series::default();
        for (at, rows) in self.samples.chunk_by(|a, b| a.0 == b.0).enumerate() {
            let missing = course.missing_before(at);
            if missing > 0 {
                series.skip(missing, GapReason::LostPackets);
            }
            for (_, value) in rows {
                series.push(*value);
            }
        }
        let scale = Scale {
            gain: columns.per_millivolt,
            baseline: 0.0,
        };
        let lead = series.lead("ECG", course.rate_hz, scale);
        let mut source = input::source(ID, "recognised-columns", entry);
        source.device = Some(device(entry.file_name()));
        let sensor = columns
            .sensor
            .and_then(|_| instant::from_unix(first as f64 * 1e-9 + EPOCH_S, None))
            .filter(clock_is_set);
        let recording = Recording {
            leads: vec![lead],
            start: sensor.or(self.first_phone),
            source,
            ..Recording::default()
        };
        Ok(input::recording(recording, context))
    }
}

/// `Polar_H10_00000001_20210516_080846_ECG.txt`: model and number stand in the name only.
fn device(name: &str) -> String {
    let mut parts = name.split('_');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("Polar"), Some(model), Some(number)) => format!("Polar {model} {number}"),
        _ => "Polar".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Answers;
    use super::super::testing::{extremes, near, open_text, sample_file};
    use super::*;
    use std::fmt::Write as _;

    fn read(text: &str) -> Recording {
        match open_text("x", text, Answers::default()) {
            Ok(Reading::Recording(read)) => *read,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(read) = sample_file("polar/Polar_H10_00000001_20210516_080846_ECG.txt") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!(lead.samples.len(), 2600);
        assert!((lead.rate_hz - 130.628).abs() < 2e-3, "{}", lead.rate_hz);
        let (low, high) = extremes(lead);
        assert!(near(low, -0.708) && near(high, 1.247), "{low} {high}");
        assert_eq!(read.source.device.as_deref(), Some("Polar H10 00000001"));
        assert!(read.start.unwrap().iso().starts_with("2021-05-16T08:08:46"));
    }

    #[test]
    fn breaks_and_repeated_rows_are_told_from_jitter() {
        let mut text = "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]\n".to_owned();
        let mut row = |i: i64| {
            let stamp = 674_467_726_216_804_212 + i * 7_692_308 + (i % 3) * 400;
            writeln!(text, "2021-05-16T08:08:48.322;{stamp};0.0;{}", i % 50).unwrap();
        };
        (0..40).for_each(&mut row);
        (38..40).for_each(&mut row);
        (53..80).for_each(&mut row);
        let read = read(&text);
        let lead = &read.leads[0];
        assert_eq!(lead.samples.len(), 80);
        assert_eq!(lead.gaps[0].range, 40..53);
        assert!((lead.rate_hz - 130.0).abs() < 0.01, "{}", lead.rate_hz);
        let codes: Vec<_> = read.notes.iter().map(|note| note.code.as_str()).collect();
        assert_eq!(codes, ["packets-out-of-order", "packets-repeated"]);
    }

    #[test]
    fn one_stamp_a_packet_and_two_columns_are_read() {
        let mut text = "Phone timestamp;sensor timestamp [ns];ecg [uV]\n".to_owned();
        for i in 0..73 * 4_i64 {
            let stamp = 599_622_173_760_485_265 + i / 73 * 560_800_000;
            writeln!(text, "2021-05-16T08:08:48.322;{stamp};{}", i % 50).unwrap();
        }
        let packets = read(&text);
        assert!((packets.leads[0].rate_hz - 73.0 / 0.5608).abs() < 0.01);
        // The sensor's clock was never set: the phone's stands.
        assert_eq!(packets.start.unwrap().iso(), "2021-05-16T08:08:48.322");
        let mut text = "timestamp [ms];ecg [uV]\n".to_owned();
        for i in 0..40 {
            writeln!(text, "{};{}", f64::from(i) * 7.6925, i % 9).unwrap();
        }
        assert!((read(&text).leads[0].rate_hz - 129.9967).abs() < 0.01);
    }
}
