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

/// A table: prefix length and prefix to what it means.
pub type Table = BTreeMap<(u8, u32), Meaning>;

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
    let bit = |at: usize| {
        let byte = bytes.get(at / 8).copied().unwrap_or(0);
        u32::from(byte >> (7 - at % 8)) & 1
    };
    let mut values = Vec::with_capacity(most.min(end));
    let mut current = 0;
    let (mut at, mut prefix, mut length) = (0_usize, 0_u32, 0_u8);
    while at < end && values.len() < most {
        let Some(table) = tables.get(current) else {
            break;
        };
        prefix = prefix << 1 | bit(at);
        length += 1;
        at += 1;
        let meaning = table.get(&(length, prefix)).copied();
        match meaning {
            None if length < 32 => continue,
            None => break,
            Some(Meaning::Value(value)) => values.push(value),
            Some(Meaning::Switch(table)) => current = table,
            Some(Meaning::Bits(data)) => {
                let data = usize::from(data);
                if at + data > end {
                    break;
                }
                let raw = (at..at + data).fold(0_u32, |sum, at| sum << 1 | bit(at));
                let shift = 32 - data as u32;
                values.push(((raw << shift) as i32) >> shift);
                at += data;
            }
        }
        (prefix, length) = (0, 0);
    }
    values
}
