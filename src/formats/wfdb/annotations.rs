//! Annotation files (`.atr`, `.qrs`, ...): marks with WFDB's codes, read and written.
//!
//! Layout after annot(5) of the WFDB Applications Guide; codes after its `ecgcodes.h`.

use crate::formats::ReadError;
use crate::recording::Annotation;
use std::collections::BTreeMap;

/// Mnemonics of the annotation codes 0 to 41 (`ecgcodes.h`); an empty one has no meaning of its own.
const SYMBOLS: [&str; 42] = [
    "", "N", "L", "R", "a", "V", "F", "J", "A", "S", "E", "j", "/", "Q", "~", "", "|", "", "s",
    "T", "*", "D", "\"", "=", "p", "B", "^", "t", "+", "u", "?", "!", "[", "]", "e", "n", "@", "x",
    "f", "(", ")", "r",
];

/// Highest code of an annotation.
const LAST_CODE: u16 = 49;
/// Time difference in the next four bytes.
const SKIP: u16 = 59;
/// Sets the number field from here on.
const NUM: u16 = 60;
/// Sets the subtype of one annotation.
const SUB: u16 = 61;
/// Sets the channel from here on.
const CHN: u16 = 62;
/// Text of one annotation.
const AUX: u16 = 63;
/// Comment annotation, which also carries the file's own definitions.
const NOTE: u16 = 22;
/// Longest auxiliary text.
const LONGEST_AUX: usize = 255;

/// What an annotation file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnnotationFile {
    /// The marks in order of time; `time_s` is 0 until [`AnnotationFile::at_rate`] sets it.
    pub annotations: Vec<Annotation>,
    /// Samples per second of the marks where the file tells (`## time resolution:`).
    pub rate_hz: Option<f64>,
    /// Whether the file ends without its end mark.
    pub cut: bool,
}

impl AnnotationFile {
    /// The marks with their times at the file's own rate, else at `rate_hz`.
    #[must_use]
    pub fn at_rate(self, rate_hz: f64) -> Vec<Annotation> {
        let rate_hz = self.rate_hz.unwrap_or(rate_hz);
        let mut annotations = self.annotations;
        for annotation in &mut annotations {
            annotation.time_s = annotation.sample as f64 / rate_hz;
        }
        annotations
    }

    /// Reads an annotation file.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] at the byte where a word has no meaning; [`ReadError::Empty`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.is_empty() {
            return Err(ReadError::Empty);
        }
        if let Some(marks) = aha_marks(bytes) {
            return Ok(Self::from_marks(marks, false));
        }
        let mut parser = Parser {
            bytes,
            at: 0,
            time: 0,
            number: 0,
            channel: 0,
            marks: Vec::new(),
        };
        let ended = parser.walk()?;
        Ok(Self::from_marks(parser.marks, !ended))
    }

    /// Takes the file's definitions out of the marks and names the codes.
    fn from_marks(marks: Vec<Mark>, cut: bool) -> Self {
        let mut rate_hz = None;
        let mut defining = false;
        let mut custom: BTreeMap<u16, String> = BTreeMap::new();
        let mut kept = Vec::with_capacity(marks.len());
        for mark in marks {
            let definition = mark.code == NOTE && mark.time == 0;
            if definition && let Some(text) = mark.text.strip_prefix("## ") {
                if let Some(rate) = text.strip_prefix("time resolution:") {
                    rate_hz = rate
                        .trim()
                        .parse::<f64>()
                        .ok()
                        .filter(|rate| rate.is_finite() && *rate > 0.0);
                }
                defining = text.starts_with("annotation type definitions");
                continue;
            }
            if definition && defining {
                let mut words = mark.text.split_whitespace();
                if let (Some(code), Some(symbol)) = (words.next(), words.next())
                    && let Ok(code) = code.parse()
                {
                    custom.insert(code, symbol.to_owned());
                    continue;
                }
            }
            kept.push(mark);
        }
        let mut annotations: Vec<Annotation> = kept
            .into_iter()
            .filter_map(|mark| {
                Some(Annotation {
                    time_s: 0.0,
                    sample: u64::try_from(mark.time).ok()?,
                    code: custom
                        .get(&mark.code)
                        .cloned()
                        .unwrap_or_else(|| symbol(mark.code)),
                    subtype: mark.subtype,
                    channel: mark.channel,
                    number: mark.number,
                    text: mark.text,
                })
            })
            .collect();
        annotations.sort_by_key(|annotation| annotation.sample);
        Self {
            annotations,
            rate_hz,
            cut,
        }
    }
}

/// Reads an annotation file: the marks with WFDB's code symbols, in order of time.
///
/// `time_s` is set only where the file states its time resolution and is 0 elsewhere: only the record knows the rate
/// then ([`read_annotations_at`]).
///
/// # Errors
/// [`ReadError::Damaged`] at the byte where a word has no meaning; [`ReadError::Empty`].
pub fn read_annotations(bytes: &[u8]) -> Result<Vec<Annotation>, ReadError> {
    let file = AnnotationFile::parse(bytes)?;
    Ok(if file.rate_hz.is_some() {
        file.at_rate(1.0)
    } else {
        file.annotations
    })
}

/// Reads an annotation file of a record with `rate_hz` frames per second; a time resolution in the file goes first.
///
/// # Errors
/// As [`read_annotations`].
pub fn read_annotations_at(bytes: &[u8], rate_hz: f64) -> Result<Vec<Annotation>, ReadError> {
    Ok(AnnotationFile::parse(bytes)?.at_rate(rate_hz))
}

/// Mnemonic of a code; codes without one are written as their number in brackets (`[42]`).
#[must_use]
pub fn symbol(code: u16) -> String {
    match SYMBOLS.get(usize::from(code)) {
        Some(symbol) if !symbol.is_empty() => (*symbol).to_owned(),
        _ => format!("[{code}]"),
    }
}

/// Code of a mnemonic.
#[must_use]
pub fn code_of(symbol: &str) -> Option<u16> {
    if symbol.is_empty() {
        return None;
    }
    if let Some(index) = SYMBOLS.iter().position(|known| *known == symbol) {
        return Some(index as u16);
    }
    let number = symbol.strip_prefix('[')?.strip_suffix(']')?;
    number
        .parse()
        .ok()
        .filter(|code| (1..=LAST_CODE).contains(code))
}

/// Whether bytes walk like annotations: known codes, an end mark, and at least one mark.
#[must_use]
pub fn looks_like_annotations(head: &[u8], whole: bool) -> bool {
    match AnnotationFile::parse(head) {
        Ok(file) => !file.annotations.is_empty() && (!whole || !file.cut),
        Err(_) => false,
    }
}

/// A mark as stored.
struct Mark {
    time: i64,
    code: u16,
    subtype: i8,
    channel: u8,
    number: i8,
    text: String,
}

/// Marks of the tape format of the AHA database (annot(5)): 16 bytes each, a zero, a letter, the time as two words, the
/// mark's own number from 1 on, subtype, WFDB's code and six bytes of text. `None` when the bytes are not that.
fn aha_marks(bytes: &[u8]) -> Option<Vec<Mark>> {
    const RECORD: usize = 16;
    /// First byte of the record that ends the file.
    const END: u8 = 0xff;
    let mut marks = Vec::new();
    for (at, record) in bytes.chunks_exact(RECORD).enumerate() {
        if record[0] == END {
            break;
        }
        let letter = record[1];
        let code = match letter {
            b'N' => 1,
            b'V' => 5,
            b'F' => 6,
            b'E' => 10,
            b'P' => 12,
            b'Q' => 13,
            // Unreadable: the analysis is shut down from here on.
            b'U' => 14,
            b'[' => 32,
            b']' => 33,
            b'R' => 41,
            b'O' | b'A' => NOTE,
            _ => return None,
        };
        let serial = usize::from(u16::from_le_bytes([record[6], record[7]]));
        if record[0] != 0 || (serial != (at + 1) & 0xffff) {
            return None;
        }
        let high = u32::from(u16::from_le_bytes([record[2], record[3]]));
        let low = u32::from(u16::from_le_bytes([record[4], record[5]]));
        let subtype = match (letter, record[8] as i8) {
            (b'U', 0) => -1,
            (_, subtype) => subtype,
        };
        let own = u16::from(record[9]);
        let text = record.get(10..).unwrap_or_default();
        let end = text
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(text.len());
        marks.push(Mark {
            time: i64::from((high << 16 | low) as i32),
            // WFDB's own code says more than the letter (a bundle branch block is an N).
            code: if (1..=LAST_CODE).contains(&own) {
                own
            } else {
                code
            },
            subtype,
            channel: 0,
            number: 0,
            text: String::from_utf8_lossy(&text[..end]).into_owned(),
        });
    }
    (!marks.is_empty()).then_some(marks)
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    time: i64,
    number: i8,
    channel: u8,
    marks: Vec<Mark>,
}

impl Parser<'_> {
    fn word(&mut self) -> Option<u16> {
        let pair = self.bytes.get(self.at..self.at + 2)?;
        self.at += 2;
        Some(u16::from_le_bytes([pair[0], pair[1]]))
    }

    /// Walks the words; `true` when the end mark was met.
    fn walk(&mut self) -> Result<bool, ReadError> {
        loop {
            let at = self.at;
            let Some(word) = self.word() else {
                return Ok(false);
            };
            let (code, value) = (word >> 10, word & 0x3ff);
            match code {
                0 if value == 0 => return Ok(true),
                // A mark without meaning, kept by writers as a place holder.
                0 => self.time = self.time.saturating_add(i64::from(value)),
                1..=LAST_CODE => {
                    self.time = self.time.saturating_add(i64::from(value));
                    self.marks.push(Mark {
                        time: self.time,
                        code,
                        subtype: 0,
                        channel: self.channel,
                        number: self.number,
                        text: String::new(),
                    });
                }
                SKIP => {
                    // Order of the PDP-11: high word first, each little endian.
                    let (Some(high), Some(low)) = (self.word(), self.word()) else {
                        return Ok(false);
                    };
                    let skip = (u32::from(high) << 16 | u32::from(low)) as i32;
                    self.time = self.time.saturating_add(i64::from(skip));
                }
                NUM | SUB | CHN => self.modify(code, value),
                AUX => {
                    let length = usize::from(value);
                    let Some(text) = self.bytes.get(self.at..self.at + length) else {
                        return Ok(false);
                    };
                    if let Some(mark) = self.marks.last_mut() {
                        let end = text.iter().position(|&b| b == 0).unwrap_or(length);
                        mark.text = String::from_utf8_lossy(&text[..end]).into_owned();
                    }
                    self.at += length + length % 2;
                }
                _ => {
                    return Err(ReadError::damaged_at(
                        "wfdb",
                        at as u64,
                        "an annotation code of 0 to 49 or 59 to 63",
                        code.to_string(),
                    ));
                }
            }
        }
    }

    /// Number and channel hold from this mark on, the subtype is this mark's own.
    fn modify(&mut self, code: u16, value: u16) {
        let byte = value as u8;
        let Some(mark) = self.marks.last_mut() else {
            return;
        };
        match code {
            NUM => {
                self.number = byte as i8;
                mark.number = self.number;
            }
            SUB => mark.subtype = byte as i8,
            _ => {
                self.channel = byte;
                mark.channel = byte;
            }
        }
    }
}

/// Writes marks as an annotation file; `sample` of each is written as it stands, and `rate_hz` is written as the time
/// resolution where it is given (needed only when it is not the record's frame rate).
///
/// Codes that WFDB does not know are written as comments (`"`) with the code before the text.
#[must_use]
pub fn write_annotations(annotations: &[Annotation], rate_hz: Option<f64>) -> Vec<u8> {
    let mut writer = AnnotationWriter::default();
    if let Some(rate_hz) = rate_hz {
        writer.mark(0, NOTE, &format!("## time resolution: {rate_hz}"), 0, 0, 0);
    }
    let mut ordered: Vec<&Annotation> = annotations.iter().collect();
    ordered.sort_by_key(|annotation| annotation.sample);
    for annotation in ordered {
        let time = i64::try_from(annotation.sample).unwrap_or(i64::MAX);
        let &Annotation {
            subtype,
            channel,
            number,
            ..
        } = annotation;
        match code_of(&annotation.code) {
            Some(code) => {
                writer.mark(time, code, &annotation.text, subtype, channel, number);
            }
            None => {
                let text = format!("{} {}", annotation.code, annotation.text);
                writer.mark(time, NOTE, text.trim(), subtype, channel, number);
            }
        }
    }
    writer.bytes.extend([0, 0]);
    writer.bytes
}

#[derive(Default)]
struct AnnotationWriter {
    bytes: Vec<u8>,
    time: i64,
    number: i8,
    channel: u8,
}

impl AnnotationWriter {
    fn word(&mut self, code: u16, value: u16) {
        self.bytes
            .extend((code << 10 | (value & 0x3ff)).to_le_bytes());
    }

    fn mark(&mut self, time: i64, code: u16, text: &str, subtype: i8, channel: u8, number: i8) {
        let mut delta = time.saturating_sub(self.time).max(0);
        self.time = self.time.max(time);
        while delta > 0x3ff {
            let skip = delta.min(i64::from(i32::MAX)) as i32;
            delta -= i64::from(skip);
            self.word(SKIP, 0);
            let skip = skip as u32;
            self.bytes.extend(((skip >> 16) as u16).to_le_bytes());
            self.bytes.extend((skip as u16).to_le_bytes());
        }
        self.word(code, delta as u16);
        if subtype != 0 {
            self.word(SUB, u16::from(subtype as u8));
        }
        if channel != self.channel {
            self.channel = channel;
            self.word(CHN, u16::from(channel));
        }
        if number != self.number {
            self.number = number;
            self.word(NUM, u16::from(number as u8));
        }
        if !text.is_empty() {
            let mut end = text.len().min(LONGEST_AUX);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            self.word(AUX, end as u16);
            self.bytes.extend(&text.as_bytes()[..end]);
            if end % 2 == 1 {
                self.bytes.push(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn word(code: u16, value: u16) -> [u8; 2] {
        (code << 10 | value).to_le_bytes()
    }

    #[test]
    fn modifiers_text_and_long_times_are_read() {
        let mut bytes = Vec::new();
        bytes.extend(word(28, 18));
        bytes.extend(word(AUX, 3));
        bytes.extend(b"(N\0\0");
        bytes.extend(word(1, 59));
        bytes.extend(word(SUB, 255));
        bytes.extend(word(CHN, 1023));
        bytes.extend(word(NUM, 2));
        bytes.extend(word(SKIP, 0));
        bytes.extend([1, 0, 0, 0]);
        bytes.extend(word(0, 1));
        bytes.extend(word(8, 5));
        bytes.extend([0, 0]);
        let marks = read_annotations(&bytes).unwrap();
        let codes: Vec<_> = marks.iter().map(|m| (m.sample, m.code.as_str())).collect();
        assert_eq!(codes, [(18, "+"), (77, "N"), (77 + 65_536 + 1 + 5, "A")]);
        assert_eq!(marks[0].text, "(N");
        assert_eq!(
            (marks[1].subtype, marks[1].channel, marks[1].number),
            (-1, 255, 2)
        );
        // Channel and number hold, the subtype does not.
        assert_eq!(
            (marks[2].subtype, marks[2].channel, marks[2].number),
            (0, 255, 2)
        );
    }

    #[test]
    fn the_files_own_rate_and_codes_are_used() {
        let mut writer = AnnotationWriter::default();
        writer.mark(0, NOTE, "## time resolution: 500", 0, 0, 0);
        writer.mark(0, NOTE, "## annotation type definitions", 0, 0, 0);
        writer.mark(0, NOTE, "15 c calibration pulse", 0, 0, 0);
        writer.mark(0, NOTE, "## end of definitions", 0, 0, 0);
        writer.mark(250, 15, "", 0, 0, 0);
        writer.mark(300, 16, "", 0, 0, 0);
        writer.bytes.extend([0, 0]);
        let marks = read_annotations(&writer.bytes).unwrap();
        assert_eq!(marks.len(), 2);
        assert_eq!((marks[0].code.as_str(), marks[0].time_s), ("c", 0.5));
        assert_eq!(marks[1].code, "|");
    }

    #[test]
    fn marks_of_the_aha_tapes_and_their_shut_downs_are_read() {
        let mut bytes = Vec::new();
        for (at, (letter, time, own)) in [
            (b'N', 70_000_u32, 2_u8),
            (b'U', 70_100, 0),
            (b'V', 70_200, 0),
        ]
        .into_iter()
        .enumerate()
        {
            bytes.extend([0, letter]);
            bytes.extend(((time >> 16) as u16).to_le_bytes());
            bytes.extend((time as u16).to_le_bytes());
            bytes.extend((at as u16 + 1).to_le_bytes());
            bytes.extend([0, own, b'x', 0, 0, 0, 0, 0]);
        }
        bytes.extend([0xff; 16]);
        let marks = read_annotations(&bytes).unwrap();
        let told: Vec<_> = marks
            .iter()
            .map(|m| (m.sample, m.code.as_str(), m.subtype))
            .collect();
        assert_eq!(
            told,
            [(70_000, "L", 0), (70_100, "~", -1), (70_200, "V", 0)]
        );
        assert_eq!(marks[0].text, "x");
    }

    #[test]
    fn words_without_meaning_and_cut_files_are_told_apart() {
        assert!(matches!(
            read_annotations(&word(55, 3)),
            Err(ReadError::Damaged { .. })
        ));
        let cut = AnnotationFile::parse(&word(1, 10)).unwrap();
        assert!(cut.cut && cut.annotations.len() == 1);
    }

    prop_compose! {
        fn any_annotation()(
            sample in prop_oneof![0_u64..5000, 0_u64..20_000_000_000],
            code in 1_u16..=LAST_CODE,
            subtype in any::<i8>(), channel in any::<u8>(), number in any::<i8>(),
            text in "[a-z (]{0,40}",
        ) -> Annotation {
            Annotation { time_s: 0.0, sample, code: symbol(code), subtype, channel, number, text }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(mut marks in prop::collection::vec(any_annotation(), 0..40)) {
            marks.sort_by_key(|mark| mark.sample);
            // A comment at time 0 that begins with ## would be the file's own definition.
            let read = read_annotations(&write_annotations(&marks, None)).unwrap();
            prop_assert_eq!(read, marks);
        }

        #[test]
        fn any_bytes_are_walked_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read_annotations(&bytes);
        }
    }
}
