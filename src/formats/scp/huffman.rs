//! Huffman codes of section 2.

use super::super::ReadError;
use super::super::view::View;
use super::damaged;
use std::collections::BTreeMap;

/// Number that stands for the standard's own table.
const STANDARD: u16 = 19_999;
/// Bytes of a code in a table.
const CODE: usize = 9;

/// How samples are coded.
pub enum Coding {
    /// As 16-bit integers.
    Plain,
    /// By these tables; each lead begins with the first.
    Tables(Vec<Table>),
}

/// Prefixes of up to this many bits are looked up at once; the standard's own have no more.
const SHORT: u8 = 10;
/// Most tables.
const MOST_TABLES: u16 = 64;

/// A table: what each prefix means.
pub struct Table {
    /// By the next bits: length and meaning of the prefix that they begin with.
    short: Vec<Option<(u8, Meaning)>>,
    /// Longer prefixes, by length and bits.
    long: BTreeMap<(u8, u32), Meaning>,
}

impl Table {
    fn new() -> Self {
        Self {
            short: vec![None; 1 << SHORT],
            long: BTreeMap::new(),
        }
    }

    /// Adds a prefix. Where two fit the same bits, the shorter is meant.
    fn insert(&mut self, (length, bits): (u8, u32), meaning: Meaning) {
        if length > SHORT {
            self.long.insert((length, bits), meaning);
            return;
        }
        let rest = SHORT - length;
        let first = (bits as usize) << rest;
        for slot in self.short.iter_mut().skip(first).take(1 << rest) {
            if slot.is_none_or(|(known, _)| known > length) {
                *slot = Some((length, meaning));
            }
        }
    }
}

/// What a prefix means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This value.
    Value(i32),
    /// The next bits are the value, with sign.
    Bits(u8),
    /// Go on with this table.
    Switch(usize),
}

impl Coding {
    /// Reads section 2. Without tables the samples are plain.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let view = View::little(body);
        match view.u16(0) {
            None | Some(0) => Ok(Self::Plain),
            Some(STANDARD) => Ok(Self::Tables(vec![standard()])),
            Some(count) if count > MOST_TABLES => Err(damaged(
                0,
                "up to 64 Huffman tables in section 2",
                count.to_string(),
            )),
            Some(count) => {
                let mut tables = Vec::new();
                let mut at = 2;
                for _ in 0..count {
                    let Some(codes) = view.u16(at) else {
                        break;
                    };
                    at += 2;
                    let mut table = Table::new();
                    for _ in 0..codes {
                        let (prefix, meaning) = code(view, at)
                            .ok_or_else(|| damaged(at, "a Huffman code of section 2", "another"))?;
                        table.insert(prefix, meaning);
                        at += CODE;
                    }
                    tables.push(table);
                }
                Ok(Self::Tables(tables))
            }
        }
    }
}

/// One code of a table; its prefix is written with the first bit last.
fn code(view: View<'_>, at: usize) -> Option<((u8, u32), Meaning)> {
    let (prefix, total, mode) = (view.u8(at)?, view.u8(at + 1)?, view.u8(at + 2)?);
    let base = view.i16(at + 3)?;
    let written = view.u32(at + 5)?;
    let data = total.checked_sub(prefix)?;
    // A code without bits would give samples without end.
    if prefix == 0 || prefix > 32 || data > 32 {
        return None;
    }
    let bits = written.reverse_bits() >> (32 - u32::from(prefix));
    let meaning = match (mode, data) {
        (0, _) => Meaning::Switch(usize::try_from(base).ok()?.checked_sub(1)?),
        (_, 0) => Meaning::Value(i32::from(base)),
        (_, data) => Meaning::Bits(data),
    };
    Some(((prefix, bits), meaning))
}

/// The standard's table: n ones, a zero and a sign for ±n up to 8, then 8 or 16 bits as they are.
pub fn standard() -> Table {
    let mut table = Table::new();
    table.insert((1, 0), Meaning::Value(0));
    for size in 1..=8_u8 {
        // `100` and `101` for ±1: size ones, a zero, the sign.
        let prefix = ((1_u32 << size) - 1) << 2;
        table.insert((size + 2, prefix), Meaning::Value(i32::from(size)));
        table.insert((size + 2, prefix | 1), Meaning::Value(-i32::from(size)));
    }
    table.insert((10, 0b11_1111_1110), Meaning::Bits(8));
    table.insert((10, 0b11_1111_1111), Meaning::Bits(16));
    table
}

/// Up to `most` values of a lead.
pub fn decode(tables: &[Table], bytes: &[u8], most: usize) -> Vec<i32> {
    let end = bytes.len().saturating_mul(8);
    // The `count` bits from `at`, zeros beyond the end.
    let bits = |at: usize, count: usize| {
        let window = (0..5).fold(0_u64, |sum, place| {
            sum << 8 | u64::from(bytes.get(at / 8 + place).copied().unwrap_or(0))
        });
        (window >> (40 - at % 8 - count)) & ((1 << count) - 1)
    };
    let mut values = Vec::with_capacity(most.min(end));
    let mut current = 0;
    let mut at = 0_usize;
    while at < end && values.len() < most {
        let Some(table) = tables.get(current) else {
            break;
        };
        let next = bits(at, usize::from(SHORT)) as usize;
        let short = table.short.get(next).copied().flatten();
        let found = short.or_else(|| {
            (SHORT + 1..=32).find_map(|length| {
                let prefix = bits(at, usize::from(length)) as u32;
                Some((length, *table.long.get(&(length, prefix))?))
            })
        });
        let Some((length, meaning)) = found else {
            break;
        };
        at += usize::from(length);
        if at > end {
            break;
        }
        match meaning {
            Meaning::Value(value) => values.push(value),
            Meaning::Switch(table) => current = table,
            Meaning::Bits(data) => {
                if at + usize::from(data) > end {
                    break;
                }
                let raw = bits(at, usize::from(data)) as u32;
                let shift = 32 - u32::from(data);
                values.push(((raw << shift) as i32) >> shift);
                at += usize::from(data);
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_longer_than_the_lookup_are_found() {
        let mut table = Table::new();
        table.insert((1, 0), Meaning::Value(0));
        table.insert((12, 0b1111_0000_0001), Meaning::Value(9));
        table.insert((11, 0b111_1111_1111), Meaning::Bits(32));
        // 0 | 1111 0000 0001 | eleven ones | 32 bits
        let bytes = [
            0b0111_1000,
            0b0000_1111,
            0b1111_1111,
            0xff,
            0xff,
            0xff,
            0xfe,
        ];
        assert_eq!(decode(&[table], &bytes, 9), [0, 9, -2]);
    }
}
