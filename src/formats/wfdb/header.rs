//! The header file (`.hea`): record line, signal lines, segment lines, comments.
//!
//! Layout after header(5) of the WFDB Applications Guide (G. B. Moody, PhysioNet).

use crate::formats::ReadError;
use crate::recording::{Note, StartTime};

/// Frames per second when the record line has none (header(5): `DEFREQ`).
pub const DEFAULT_RATE_HZ: f64 = 250.0;
/// Counts per physical unit when a signal line has none (header(5): `WFDB_DEFGAIN`).
pub const DEFAULT_GAIN: f64 = 200.0;

/// The first line.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordLine {
    /// Record name without the segment count.
    pub name: String,
    /// Number of segments, where the record is made of segments.
    pub segments: Option<usize>,
    /// Number of signals.
    pub signals: usize,
    /// Frames per second; `None` when what stands there is no rate.
    pub rate_hz: Option<f64>,
    /// Number of frames; `None` when it is not told (then the file's size tells).
    pub frames: Option<u64>,
    /// Base time and date.
    pub start: Option<StartTime>,
}

/// One signal.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalLine {
    /// Signal file; `~` for none.
    pub file: String,
    /// Storage format (16, 212, ...), 0 for a null signal.
    pub format: u16,
    /// Samples in a frame.
    pub samples_per_frame: usize,
    /// Frames of this signal that precede the record's first.
    pub skew: u64,
    /// Bytes before the samples.
    pub offset: u64,
    /// Counts per physical unit; `None` when the header gives none (or 0): not calibrated.
    pub gain: Option<f64>,
    /// Count that stands for 0 physical units.
    pub baseline: f64,
    /// Physical unit.
    pub unit: String,
    /// Value before the first difference (format 8), else the first sample.
    pub initial: i32,
    /// Low 16 bits of the sum of the samples.
    pub checksum: Option<u16>,
    /// Name of the lead.
    pub description: String,
}

/// One segment of a multi-segment record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentLine {
    /// Record name of the segment; `~` when nothing was recorded.
    pub name: String,
    /// Length in frames.
    pub frames: u64,
}

/// A header.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// First line.
    pub record: RecordLine,
    /// Signals of a single-segment record.
    pub signals: Vec<SignalLine>,
    /// Segments of a multi-segment record.
    pub segments: Vec<SegmentLine>,
    /// Comment lines without `#`.
    pub comments: Vec<String>,
}

impl Header {
    /// Parses a header.
    ///
    /// Lines that are missing are noted; what is left is read.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] with the line when the record line or a signal line has no meaning.
    pub fn parse(text: &str, notes: &mut Vec<Note>) -> Result<Self, ReadError> {
        let mut lines = Vec::new();
        let mut comments = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim().trim_start_matches('\u{feff}');
            match line.strip_prefix('#') {
                Some(comment) if !comment.trim().is_empty() => {
                    comments.push(comment.trim().to_owned());
                }
                Some(_) => {}
                None if line.is_empty() => {}
                None => lines.push((index + 1, line)),
            }
        }
        let mut lines = lines.into_iter();
        let (number, first) = lines
            .next()
            .ok_or_else(|| ReadError::damaged_line("wfdb", 1, "a record line", "no line at all"))?;
        let record = record_line(number, first, notes)?;
        let mut signals = Vec::new();
        let mut segments = Vec::new();
        if let Some(announced) = record.segments {
            for (number, line) in lines.take(announced) {
                segments.push(segment_line(number, line)?);
            }
            note_missing(announced, segments.len(), "segments-missing", notes);
        } else {
            for (number, line) in lines.take(record.signals) {
                signals.push(signal_line(number, line, signals.len())?);
            }
            note_missing(record.signals, signals.len(), "signal-lines-missing", notes);
        }
        Ok(Self {
            record,
            signals,
            segments,
            comments,
        })
    }
}

/// Notes that fewer lines stand there than are announced.
fn note_missing(announced: usize, found: usize, code: &str, notes: &mut Vec<Note>) {
    if found < announced {
        notes.push(
            Note::new(code)
                .with("announced", announced)
                .with("found", found),
        );
    }
}

/// Whether a text begins like a header: a record line, then as many signal or segment lines as it announces.
#[must_use]
pub fn looks_like_header(text: &str) -> bool {
    let Some(first) = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
    else {
        return false;
    };
    let mut fields = first.split_whitespace();
    let name_fits = fields.next().is_some_and(|name| {
        name.len() < 256
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || "_-/.".contains(c))
    });
    let signals = fields.next().and_then(|count| count.parse::<usize>().ok());
    if !name_fits || signals.is_none() {
        return false;
    }
    Header::parse(text, &mut Vec::new()).is_ok_and(|header| {
        let signals_fit = header
            .signals
            .iter()
            .any(|signal| signal.file.chars().any(|c| !c.is_ascii_digit() && c != '.'));
        let segments_fit = header
            .segments
            .iter()
            .any(|segment| segment.name.chars().any(|c| !c.is_ascii_digit()));
        signals_fit || segments_fit
    })
}

/// Parses `name[/segments] signals [rate[/counter[(base)]]] [frames] [time] [date]`.
fn record_line(number: usize, line: &str, notes: &mut Vec<Note>) -> Result<RecordLine, ReadError> {
    let mut fields = line.split_whitespace().peekable();
    let name = fields.next().unwrap_or_default();
    let (name, segments) = match name.rsplit_once('/') {
        Some((name, count)) => {
            let count = count.parse::<usize>().map_err(|_| {
                ReadError::damaged_line("wfdb", number, "a number of segments after /", count)
            })?;
            (name, Some(count))
        }
        None => (name, None),
    };
    let count = fields.next().unwrap_or_default();
    let signals = count.parse::<usize>().map_err(|_| {
        ReadError::damaged_line(
            "wfdb",
            number,
            "the number of signals as second field",
            count,
        )
    })?;
    let rate_hz = match fields.peek() {
        None => {
            notes.push(Note::new("rate-default").with("rate", DEFAULT_RATE_HZ));
            Some(DEFAULT_RATE_HZ)
        }
        Some(field) => {
            let text = field.split(['/', '(']).next().unwrap_or_default();
            let rate = text.parse::<f64>().ok();
            fields.next();
            rate.filter(|rate| rate.is_finite() && *rate > 0.0)
        }
    };
    // The number of frames is often left out; a time of day may stand in its place.
    let frames = match fields.peek() {
        Some(field) if !field.contains([':', '/', '-']) => {
            let frames = field.parse::<u64>().ok().or_else(|| {
                let value = field.parse::<f64>().ok()?;
                (value.is_finite() && value >= 0.0).then_some(value as u64)
            });
            fields.next();
            frames.filter(|&frames| frames > 0)
        }
        _ => None,
    };
    let rest: Vec<&str> = fields.collect();
    Ok(RecordLine {
        name: name.to_owned(),
        segments,
        signals,
        rate_hz,
        frames,
        start: start_time(&rest, notes),
    })
}

/// Time and date in the order that the standard names and the one that is seen; what has no meaning is noted.
fn start_time(fields: &[&str], notes: &mut Vec<Note>) -> Option<StartTime> {
    if fields.is_empty() {
        return None;
    }
    let mut time = None;
    let mut date = None;
    let mut bad = false;
    for field in fields {
        if field.contains(':') {
            time = time_of_day(field);
            bad |= time.is_none();
        } else if date.is_none() {
            date = calendar_date(field);
            bad |= date.is_none();
        }
    }
    if bad {
        notes.push(Note::new("bad-date").with("text", fields.join(" ")));
    }
    match (time, date) {
        (None, None) => None,
        (time, date) => {
            let (hour, minute, second) = time.unwrap_or((0, 0, 0.0));
            StartTime::new(date, hour, minute, second, None)
        }
    }
}

/// `H:M:S[.f]`, `M:S` or `S` (strtim(3)).
fn time_of_day(text: &str) -> Option<(u8, u8, f64)> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute, second] => (hour.parse().ok()?, minute.parse().ok()?, *second),
        [minute, second] => (0, minute.parse().ok()?, *second),
        _ => return None,
    };
    let second = second.parse::<f64>().ok()?;
    StartTime::new(None, hour, minute, second, None).map(|_| (hour, minute, second))
}

/// `DD/MM/YYYY`, also with `-` or `.`, with the year first, or with an English month name.
fn calendar_date(text: &str) -> Option<(i32, u8, u8)> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    let month = second.parse::<u8>().ok().or_else(|| month_number(second))?;
    let (year, day) = if first.len() == 4 {
        (first.parse().ok()?, third.parse().ok()?)
    } else {
        (third.parse().ok()?, first.parse().ok()?)
    };
    // A year of fewer than four digits is a slip of the pen, not the first century.
    let date = (year >= 1000).then_some((year, month, day))?;
    StartTime::new(Some(date), 0, 0, 0.0, None).map(|_| date)
}

/// Month by its English name or the first three letters of it.
pub fn month_number(name: &str) -> Option<u8> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let key = name.get(..3)?.to_ascii_lowercase();
    MONTHS
        .iter()
        .position(|month| *month == key)
        .map(|index| index as u8 + 1)
}

/// Parses `name frames`.
fn segment_line(number: usize, line: &str) -> Result<SegmentLine, ReadError> {
    let mut fields = line.split_whitespace();
    let name = fields.next().unwrap_or_default().to_owned();
    let count = fields.next().unwrap_or_default();
    let frames = count.parse::<u64>().map_err(|_| {
        ReadError::damaged_line("wfdb", number, "the segment's length in samples", count)
    })?;
    Ok(SegmentLine { name, frames })
}

/// Parses `file format[xSPF][:skew][+offset] [gain[(baseline)][/units]] [res] [zero] [init] [sum] [block] [name]`.
fn signal_line(number: usize, line: &str, index: usize) -> Result<SignalLine, ReadError> {
    let mut rest = line;
    let mut next = || {
        rest = rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (field, tail) = rest.split_at(end);
        rest = tail;
        field
    };
    let file = next().to_owned();
    let storage = next();
    let damaged = || {
        ReadError::damaged_line(
            "wfdb",
            number,
            "a signal line: file, format[xN][:skew][+offset]",
            line,
        )
    };
    let storage = Storage::parse(storage).ok_or_else(damaged)?;
    let (gain, baseline, unit) = gain_field(next());
    let _resolution = next();
    let adc_zero = next().parse::<i32>().unwrap_or(0);
    let initial = next().parse::<i32>().unwrap_or(adc_zero);
    let checksum = next().parse::<i64>().ok().map(|sum| sum as u16);
    let _block = next();
    let description = rest.trim();
    let description = if description.is_empty() {
        format!("signal {}", index + 1)
    } else {
        description.to_owned()
    };
    Ok(SignalLine {
        file,
        format: storage.format,
        samples_per_frame: storage.samples_per_frame,
        skew: storage.skew,
        offset: storage.offset,
        gain,
        baseline: baseline.unwrap_or(f64::from(adc_zero)),
        unit: unit.unwrap_or("mV").to_owned(),
        initial,
        checksum,
        description,
    })
}

/// The second field of a signal line.
struct Storage {
    format: u16,
    samples_per_frame: usize,
    skew: u64,
    offset: u64,
}

impl Storage {
    fn parse(field: &str) -> Option<Self> {
        let digits = field
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(field.len());
        let mut storage = Self {
            format: field.get(..digits)?.parse().ok()?,
            samples_per_frame: 1,
            skew: 0,
            offset: 0,
        };
        let mut rest = field.get(digits..)?;
        while let Some(mark) = rest.chars().next() {
            let tail = rest.get(mark.len_utf8()..)?;
            let end = tail
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(tail.len());
            let value = tail.get(..end)?.parse::<u64>().ok()?;
            match mark {
                // 0 samples a frame is written by some and means 1.
                'x' => storage.samples_per_frame = usize::try_from(value.max(1)).ok()?,
                ':' => storage.skew = value,
                '+' => storage.offset = value,
                _ => return None,
            }
            rest = tail.get(end..)?;
        }
        Some(storage)
    }
}

/// Gain (`None` when absent, 0 or no number), baseline and unit of `gain(baseline)/unit`.
fn gain_field(field: &str) -> (Option<f64>, Option<f64>, Option<&str>) {
    let (scale, unit) = match field.split_once('/') {
        Some((scale, unit)) => (scale, Some(unit)),
        None => (field, None),
    };
    let (gain, baseline) = match scale.split_once('(') {
        Some((gain, rest)) => (gain, rest.trim_end_matches(')').parse::<f64>().ok()),
        None => (scale, None),
    };
    let gain = gain
        .parse::<f64>()
        .ok()
        .filter(|gain| gain.is_finite() && *gain != 0.0);
    let baseline = baseline.filter(|baseline| baseline.is_finite());
    (gain, baseline, unit.filter(|unit| !unit.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Header, Vec<String>) {
        let mut notes = Vec::new();
        let header = Header::parse(text, &mut notes).unwrap();
        (header, notes.into_iter().map(|note| note.code).collect())
    }

    #[test]
    fn every_field_of_the_lines_is_read() {
        let (header, notes) = parse(
            "# before\r\nrec 2 62.4725/999.56(10) 14400 8:26:04.5 26/10/1994\r\n\
             rec.dat 212x4:3+24 16(800)/mmHg 12 2048 7 49347 0 ABP of the arm\r\n\
             rec.dat 16 200\r\n# Age: 78\r\n",
        );
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(header.record.rate_hz, Some(62.4725));
        assert_eq!(header.record.frames, Some(14400));
        let start = header.record.start.unwrap();
        assert_eq!(start.iso(), "1994-10-26T08:26:04.500");
        let signal = &header.signals[0];
        assert_eq!((signal.format, signal.samples_per_frame), (212, 4));
        assert_eq!((signal.skew, signal.offset), (3, 24));
        assert_eq!((signal.gain, signal.baseline), (Some(16.0), 800.0));
        assert_eq!((signal.unit.as_str(), signal.initial), ("mmHg", 7));
        assert_eq!(signal.checksum, Some(49347));
        assert_eq!(signal.description, "ABP of the arm");
        assert_eq!(header.signals[1].description, "signal 2");
        assert_eq!(header.comments, ["before", "Age: 78"]);
    }

    #[test]
    fn a_date_without_meaning_is_noted_and_the_rest_read() {
        for (line, iso) in [
            ("d1 1 250 4 0:0:0 2006", Some("00:00:00")),
            ("d1 1 250 4 01/01/199", None),
            (
                "d1 1 250 4 27:10:00 01/02/2003",
                Some("2003-02-01T00:00:00"),
            ),
        ] {
            let (header, notes) = parse(&format!("{line}\nd.dat 16\n"));
            assert_eq!(
                header.record.start.map(|s| s.iso()).as_deref(),
                iso,
                "{line}"
            );
            assert_eq!(notes, ["bad-date"], "{line}");
            assert_eq!(header.record.frames, Some(4));
        }
        let (header, notes) = parse("d 1 500 7500 12-May-2020 12:33:59\nd.dat 16\n");
        assert_eq!(header.record.start.unwrap().iso(), "2020-05-12T12:33:59");
        assert!(notes.is_empty());
    }

    #[test]
    fn missing_fields_have_the_defaults_of_the_standard() {
        let (header, notes) = parse("d 1\nd.dat 16\n");
        assert_eq!(header.record.rate_hz, Some(250.0));
        assert_eq!(header.record.frames, None);
        assert_eq!(notes, ["rate-default"]);
        assert_eq!(header.signals[0].gain, None);
        let (header, _) = parse("d 1 100 0 12:00:00\nd.dat 16 0 12 1024\n");
        assert_eq!(header.record.frames, None);
        assert_eq!(header.signals[0].baseline, 1024.0);
        let (header, _) = parse("d 1 100 12:00:00\nd.dat 16 -50(3)/uV\n");
        assert_eq!(header.record.start.unwrap().hour, 12);
        assert_eq!(header.signals[0].gain, Some(-50.0));
    }

    #[test]
    fn segments_and_missing_lines() {
        let (header, notes) = parse("m/3 2 360 45000\na 21600\n~ 1800\n");
        assert_eq!(header.segments.len(), 2);
        assert_eq!(notes, ["segments-missing"]);
    }

    #[test]
    fn only_headers_look_like_headers() {
        assert!(looks_like_header(
            "100 2 360 10\n100.dat 212 200\n100.dat 212 200\n"
        ));
        assert!(!looks_like_header("1 2 3\n4 5 6\n"));
        assert!(!looks_like_header("time;ecg\n1;2\n"));
        assert!(!looks_like_header(""));
    }
}
