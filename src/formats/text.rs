//! Text from bytes of unknown encoding, and numbers in the writing of any region.

use std::borrow::Cow;

/// Decodes text: byte order marks, UTF-8, UTF-16 by its zeros, then Shift_JIS where it holds kana, else Windows-1252.
/// `None` when the bytes are no text.
///
/// A character that is cut at the end (of a file's first part) does no harm.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    use encoding_rs::{SHIFT_JIS, UTF_16BE, UTF_16LE, WINDOWS_1252};
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return as_utf8(rest).or_else(|| Some(String::from_utf8_lossy(rest)));
    }
    if bytes.starts_with(&[0xff, 0xfe]) {
        return Some(UTF_16LE.decode_with_bom_removal(bytes).0);
    }
    if bytes.starts_with(&[0xfe, 0xff]) {
        return Some(UTF_16BE.decode_with_bom_removal(bytes).0);
    }
    let head = bytes.get(..bytes.len().min(512)).unwrap_or_default();
    if head.contains(&0) {
        let zeros = |parity: usize| {
            let half = head.iter().skip(parity).step_by(2);
            half.filter(|&&byte| byte == 0).count()
        };
        let (even, odd, half) = (zeros(0), zeros(1), head.len() / 2);
        if even == 0 && odd * 10 >= half * 9 && half > 4 {
            return Some(UTF_16LE.decode_without_bom_handling(bytes).0);
        }
        if odd == 0 && even * 10 >= half * 9 && half > 4 {
            return Some(UTF_16BE.decode_without_bom_handling(bytes).0);
        }
        return None;
    }
    if bytes.iter().any(|&byte| is_binary(byte)) {
        return None;
    }
    if let Some(text) = as_utf8(bytes) {
        return Some(text);
    }
    let (text, damaged) = SHIFT_JIS.decode_without_bom_handling(bytes);
    if !damaged && reads_japanese(&text) {
        return Some(text);
    }
    Some(WINDOWS_1252.decode_without_bom_handling(bytes).0)
}

/// Whether text decoded as Shift_JIS is Japanese: words of it, not the lone characters that Latin letters turn into.
fn reads_japanese(text: &str) -> bool {
    let japanese = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    let runs = text.split(|c| !japanese(c)).map(|run| run.chars().count());
    let (words, lone) = runs.fold((0, 0), |(words, lone), length| match length {
        0 => (words, lone),
        1 => (words, lone + 1),
        _ => (words + 1, lone),
    });
    words > lone
}

/// Bytes that stand in no text file.
fn is_binary(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1a)
}

/// UTF-8, with a last character that may be cut.
fn as_utf8(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(Cow::Borrowed(text)),
        Err(error) if error.error_len().is_none() => {
            let valid = bytes.get(..error.valid_up_to())?;
            std::str::from_utf8(valid).ok().map(Cow::Borrowed)
        }
        Err(_) => None,
    }
}

/// Lines ended by LF, CRLF or a lone CR (where there is no LF at all).
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mark = if text.contains('\n') { '\n' } else { '\r' };
    text.split(mark).map(|line| line.trim_end_matches('\r'))
}

/// Trims spaces of every kind (no-break ones included), quotes and byte order marks.
#[must_use]
pub fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\u{feff}'))
}

/// A finite number with a decimal point, or with a decimal comma if `comma`. Where both marks stand, the last is the
/// decimal one. `None` for words, and for `inf` and `nan`.
#[must_use]
pub fn number(text: &str, comma: bool) -> Option<f64> {
    let text = bare(text);
    if !text
        .as_bytes()
        .last()
        .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.')
    {
        return None;
    }
    let plain = !text.contains([',', '\u{2212}']);
    if plain && !comma {
        return finite(text);
    }
    let text = text.replace('\u{2212}', "-");
    match (text.rfind(','), text.rfind('.')) {
        (None, _) => finite(&text),
        (Some(_), None) if comma => finite(&text.replace(',', ".")),
        (Some(_), None) => None,
        (Some(mark), Some(point)) if mark > point => {
            finite(&text.replace('.', "").replace(',', "."))
        }
        (Some(_), Some(_)) => finite(&text.replace(',', "")),
    }
}

fn finite(text: &str) -> Option<f64> {
    // `f64::from_str` takes "inf" and "nan", which end in letters and are refused above.
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Whether a cell says that there is no value.
#[must_use]
pub fn is_missing(text: &str) -> bool {
    let text = bare(text);
    text.is_empty()
        || [
            "nan", "null", "na", "n/a", "-", "--", "#n/a", "none", "inf", "-inf",
        ]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// A rate in a text like `513.625 hertz`, `512ヘルツ`, `500 Hz`: one number of 1 to 100000 followed by letters only.
#[must_use]
pub fn rate_with_unit(text: &str) -> Option<f64> {
    let text = bare(text);
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')))
        .filter(|&end| end > 0)?;
    let unit = bare(text.get(end..)?);
    let letters = !unit.is_empty() && unit.chars().all(char::is_alphabetic);
    let rate = number(text.get(..end)?, true)?;
    (letters && (1.0..=100_000.0).contains(&rate)).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_seen_is_read_and_binary_is_none() {
        let text = "単位,µV\r\n1,5";
        let utf16: Vec<u8> = "ab,1\n-2.5"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(decode(&utf16).unwrap(), "ab,1\n-2.5");
        let mut marked = vec![0xfe, 0xff];
        marked.extend("é1".encode_utf16().flat_map(u16::to_be_bytes));
        assert_eq!(decode(&marked).unwrap(), "é1");
        assert_eq!(decode(text.as_bytes()).unwrap(), text);
        let (japanese, _, _) = encoding_rs::SHIFT_JIS.encode("リード,I");
        assert_eq!(decode(&japanese).unwrap(), "リード,I");
        assert_eq!(decode(b"Ger\xe4t,\xb5V").unwrap(), "Gerät,µV");
        assert_eq!(decode(b"\xef\xbb\xbfa").unwrap(), "a");
        assert_eq!(decode(&[0, 1, 2, 3, 0, 0]), None);
        assert_eq!(decode(&text.as_bytes()[..2]).unwrap(), "");
    }

    #[test]
    fn numbers_of_any_region() {
        for (text, comma, value) in [
            (" -1.5", false, Some(-1.5)),
            ("-6.5000000e-02", false, Some(-0.065)),
            ("1,5", true, Some(1.5)),
            ("1.234,5", true, Some(1234.5)),
            ("1,234.5", false, Some(1234.5)),
            ("\u{2212}2", false, Some(-2.0)),
            ("\"3\"", false, Some(3.0)),
            ("1,5", false, None),
            ("nan", false, None),
            ("inf", false, None),
            ("", false, None),
            ("V1", false, None),
        ] {
            assert_eq!(number(text, comma), value, "{text}");
        }
    }

    #[test]
    fn rates_are_numbers_with_a_word() {
        assert_eq!(rate_with_unit("513,625\u{a0}Hertz"), Some(513.625));
        assert_eq!(rate_with_unit("512ヘルツ"), Some(512.0));
        assert_eq!(rate_with_unit("2021-12-17"), None);
        assert_eq!(rate_with_unit("1.90"), None);
        assert_eq!(rate_with_unit("Watch5,1"), None);
    }
}
