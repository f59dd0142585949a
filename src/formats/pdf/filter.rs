//! The filters of streams that hold drawings and objects (ISO 32000-1, 7.4); those of pictures are not undone.

use super::object::{Value, is_space};
use flate2::read::{DeflateDecoder, ZlibDecoder};
use std::io::Read;

/// What a stream's predictor needs (ISO 32000-1, 7.4.4.4).
#[derive(Clone, Copy, Debug)]
pub struct Predictor {
    /// 1 none, 2 TIFF, 10 and above PNG.
    pub kind: usize,
    /// Bytes of a pixel, at least 1.
    pub pixel: usize,
    /// Bytes of a row.
    pub row: usize,
}

/// Undoes one filter; at most `limit` bytes come out. `None` for a filter that is not known.
pub fn undo(
    name: &str,
    bytes: &[u8],
    predictor: Option<Predictor>,
    limit: usize,
) -> Option<Vec<u8>> {
    let plain = match name {
        "FlateDecode" | "Fl" => inflate(bytes, limit),
        "LZWDecode" | "LZW" => lzw(bytes, limit),
        "ASCIIHexDecode" | "AHx" => ascii_hex(bytes),
        "ASCII85Decode" | "A85" => ascii_85(bytes),
        "RunLengthDecode" | "RL" => run_length(bytes, limit),
        "Crypt" => bytes.to_vec(),
        _ => return None,
    };
    Some(match predictor {
        Some(predictor) if predictor.kind > 1 => unpredict(plain, predictor),
        _ => plain,
    })
}

/// The predictor that decode parameters ask for.
pub fn predictor(number: impl Fn(&str) -> Option<Value>) -> Option<Predictor> {
    let count = |key: &str, default: usize| {
        number(key)
            .and_then(|value| value.place())
            .unwrap_or(default)
            .min(1 << 20)
    };
    let kind = count("Predictor", 1);
    let bits = count("Colors", 1).saturating_mul(count("BitsPerComponent", 8));
    let row = bits.saturating_mul(count("Columns", 1)).div_ceil(8);
    (kind > 1 && row > 0).then_some(Predictor {
        kind,
        pixel: bits.div_ceil(8).max(1),
        row,
    })
}

/// Inflates as far as the data go; a damaged end costs only the end.
fn inflate(bytes: &[u8], limit: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let _ = ZlibDecoder::new(bytes)
        .take(limit as u64)
        .read_to_end(&mut out);
    if out.is_empty() {
        // Without the two bytes of the zlib header, which some writers get wrong.
        let raw = bytes.get(2..).unwrap_or_default();
        let _ = DeflateDecoder::new(raw)
            .take(limit as u64)
            .read_to_end(&mut out);
    }
    out
}

fn ascii_hex(bytes: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = bytes
        .iter()
        .take_while(|&&byte| byte != b'>')
        .filter_map(|&byte| char::from(byte).to_digit(16).map(|digit| digit as u8))
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
        .collect()
}

fn ascii_85(bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.strip_prefix(b"<~").unwrap_or(bytes);
    let mut out = Vec::with_capacity(bytes.len() / 5 * 4);
    let (mut group, mut count) = (0_u32, 0);
    for &byte in bytes {
        match byte {
            b'~' => break,
            b'z' if count == 0 => out.extend([0; 4]),
            b'!'..=b'u' => {
                group = group.wrapping_mul(85).wrapping_add(u32::from(byte - b'!'));
                count += 1;
                if count == 5 {
                    out.extend(group.to_be_bytes());
                    (group, count) = (0, 0);
                }
            }
            byte if is_space(byte) => {}
            _ => break,
        }
    }
    if count > 1 {
        for _ in count..5 {
            group = group.wrapping_mul(85).wrapping_add(84);
        }
        out.extend(group.to_be_bytes().iter().take(count - 1));
    }
    out
}

fn run_length(bytes: &[u8], limit: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&length) = bytes.get(at) {
        let count = usize::from(length);
        match length {
            128 => break,
            0..128 => {
                let end = (at + 2 + count).min(bytes.len());
                out.extend_from_slice(bytes.get(at + 1..end).unwrap_or_default());
                at += 2 + count;
            }
            _ => {
                let byte = bytes.get(at + 1).copied().unwrap_or(0);
                out.resize(out.len() + 257 - count, byte);
                at += 2;
            }
        }
        if out.len() > limit {
            out.truncate(limit);
            break;
        }
    }
    out
}

/// LZW with codes of 9 to 12 bits, most significant bit first, early change.
fn lzw(bytes: &[u8], limit: usize) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    // Each code stands for a stretch of what was already written.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let (mut bits, mut held, mut width) = (0_u32, 0_u32, 9_u32);
    let mut last: Option<(usize, usize)> = None;
    for &byte in bytes {
        bits = bits << 8 | u32::from(byte);
        held += 8;
        if held < width {
            continue;
        }
        held -= width;
        let code = (bits >> held & ((1 << width) - 1)) as usize;
        bits &= (1 << held) - 1;
        match code {
            256 => {
                table.clear();
                width = 9;
                last = None;
                continue;
            }
            257 => break,
            _ => {}
        }
        let from = out.len();
        if code < 256 {
            out.push(code as u8);
        } else if let Some(&(start, length)) = table.get(code - 258) {
            (0..length).for_each(|i| out.push(out[start + i]));
        } else if let Some((start, length)) = last {
            (0..length).for_each(|i| out.push(out[start + i]));
            out.push(out[start]);
        } else {
            break;
        }
        if out.len() > limit {
            out.truncate(limit);
            break;
        }
        if let Some((start, length)) = last {
            // The previous stretch and the first byte after it stand one after the other.
            table.push((start, length + 1));
        }
        last = Some((from, out.len() - from));
        width = match table.len() + 258 + 1 {
            0..511 => 9,
            511..1023 => 10,
            1023..2047 => 11,
            _ => 12,
        };
        if table.len() > 4096 {
            break;
        }
    }
    out
}

fn unpredict(bytes: Vec<u8>, predictor: Predictor) -> Vec<u8> {
    let Predictor { kind, pixel, row } = predictor;
    if kind == 2 {
        let mut bytes = bytes;
        for line in bytes.chunks_mut(row) {
            for at in pixel..line.len() {
                line[at] = line[at].wrapping_add(line[at - pixel]);
            }
        }
        return bytes;
    }
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut above = vec![0_u8; row];
    for line in bytes.chunks(row + 1) {
        let Some((&how, data)) = line.split_first() else {
            break;
        };
        let mut current = data.to_vec();
        for at in 0..current.len() {
            let left = at.checked_sub(pixel).map_or(0, |from| current[from]);
            let up = above[at];
            let corner = at.checked_sub(pixel).map_or(0, |from| above[from]);
            let guess = match how {
                1 => left,
                2 => up,
                3 => ((u16::from(left) + u16::from(up)) / 2) as u8,
                4 => paeth(left, up, corner),
                _ => 0,
            };
            current[at] = current[at].wrapping_add(guess);
        }
        out.extend_from_slice(&current);
        current.resize(row, 0);
        above = current;
    }
    out
}

/// The neighbour nearest to left + up − corner (PNG, 9.4).
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |value: u8| (estimate - i16::from(value)).abs();
    if distance(left) <= distance(up) && distance(left) <= distance(corner) {
        left
    } else if distance(up) <= distance(corner) {
        up
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_filters_give_the_bytes_worked_out_by_hand() {
        assert_eq!(ascii_hex(b"48 656C6c6F7>x"), b"Hellop");
        assert_eq!(ascii_85(b"87cURD]i,\"Ebo80~>"), b"Hello World!");
        assert_eq!(ascii_85(b"z!!~>"), [0, 0, 0, 0, 0]);
        assert_eq!(
            run_length(&[2, b'a', b'b', b'c', 254, b'x', 128], 99),
            b"abcxxx"
        );
        // The example of ISO 32000-1, 7.4.4.2.
        let coded = [0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01];
        assert_eq!(lzw(&coded, 99), [45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
    }

    #[test]
    fn predictors_are_undone() {
        let png = Predictor {
            kind: 12,
            pixel: 1,
            row: 3,
        };
        assert_eq!(
            unpredict(vec![2, 1, 2, 3, 2, 1, 1, 1], png),
            [1, 2, 3, 2, 3, 4]
        );
        assert_eq!(unpredict(vec![1, 1, 2, 3], png), [1, 3, 6]);
        assert_eq!(
            unpredict(vec![4, 1, 1, 1, 3, 2, 2, 2], png),
            [1, 2, 3, 2, 4, 5]
        );
        let tiff = Predictor {
            kind: 2,
            pixel: 1,
            row: 2,
        };
        assert_eq!(unpredict(vec![1, 1, 5, 1], tiff), [1, 2, 5, 6]);
    }

    #[test]
    fn what_comes_out_is_bounded() {
        use std::io::Write;
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![0; 1 << 20]).unwrap();
        let bomb = packer.finish().unwrap();
        assert_eq!(inflate(&bomb, 1000).len(), 1000);
        assert_eq!(run_length(&[129, 1, 129, 1], 100).len(), 100);
    }
}
