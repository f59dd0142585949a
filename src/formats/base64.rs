//! Base64 (RFC 4648), as XML and JSON carry samples: spaces and line ends within, padding or none.

/// Decodes what stands between spaces and line ends. The second value is how many characters were none of the alphabet
/// and were passed over.
#[must_use]
pub fn decode(text: &str) -> (Vec<u8>, usize) {
    decode_bytes(text.as_bytes())
}

/// The same from bytes.
#[must_use]
pub fn decode_bytes(text: &[u8]) -> (Vec<u8>, usize) {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut group, mut held, mut strange) = (0_u32, 0, 0);
    for &byte in text {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => {
                strange += usize::from(!byte.is_ascii_whitespace());
                continue;
            }
        };
        group = group << 6 | u32::from(six);
        held += 1;
        if held == 4 {
            out.extend([(group >> 16) as u8, (group >> 8) as u8, group as u8]);
            (group, held) = (0, 0);
        }
    }
    match held {
        2 => out.push((group >> 4) as u8),
        3 => out.extend([(group >> 10) as u8, (group >> 2) as u8]),
        _ => {}
    }
    (out, strange)
}

/// Whether `bytes` begin with the base64 of an XML document: `<?xml` in UTF-8, with its byte order mark, or UTF-16.
#[must_use]
pub fn begins_with_xml(bytes: &[u8]) -> bool {
    let skip = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    let rest = bytes.get(skip..).unwrap_or_default();
    ["PD94bW", "77u/PD", "//48AD", "PAA/AH", "/v8APA"]
        .iter()
        .any(|start| rest.starts_with(start.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_standard_and_cut_groups() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9v\n YmE", "fooba"),
            ("Zm9vYg", "foob"),
            ("Zm9vY", "foo"),
        ] {
            assert_eq!(decode(text), (bytes.as_bytes().to_vec(), 0), "{text}");
        }
        assert_eq!(decode("Zm*9v"), (b"foo".to_vec(), 1));
        assert!(begins_with_xml(b"\n//48AD8AeABtAGwA"));
    }
}
