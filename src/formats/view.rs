//! Numbers and texts at places of a byte slice, in either byte order; nothing is there beyond the end.

use super::{Context, Entry, ReadError};
use std::borrow::Cow;

/// All bytes of an entry, within the budget.
///
/// # Errors
/// [`ReadError::TooLarge`], [`ReadError::Medium`].
pub fn whole(entry: &Entry, context: &Context) -> Result<Vec<u8>, ReadError> {
    let length = entry.source.len();
    context.check_bytes(length)?;
    Ok(entry.source.read(0, length as usize)?)
}

/// A byte slice with the order of its numbers.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Most significant byte first.
    pub big: bool,
}

impl<'a> View<'a> {
    /// Least significant byte first.
    #[must_use]
    pub fn little(bytes: &'a [u8]) -> Self {
        Self { bytes, big: false }
    }

    /// `length` bytes from `at`, all of them or none.
    #[must_use]
    pub fn slice(self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(length)?)
    }

    fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        let mut bytes: [u8; N] = self.slice(at, N)?.try_into().ok()?;
        if self.big {
            bytes.reverse();
        }
        Some(bytes)
    }

    /// One byte.
    #[must_use]
    pub fn u8(self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// 16 bits without sign.
    #[must_use]
    pub fn u16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    /// 16 bits with sign.
    #[must_use]
    pub fn i16(self, at: usize) -> Option<i16> {
        self.array(at).map(i16::from_le_bytes)
    }

    /// 32 bits without sign.
    #[must_use]
    pub fn u32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    /// 32 bits with sign.
    #[must_use]
    pub fn i32(self, at: usize) -> Option<i32> {
        self.array(at).map(i32::from_le_bytes)
    }

    /// An integer of 1 to 8 bytes without sign.
    #[must_use]
    pub fn unsigned(self, at: usize, length: usize) -> Option<u64> {
        let bytes = self
            .slice(at, length)
            .filter(|b| (1..=8).contains(&b.len()))?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if self.big {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        })
    }

    /// An integer of 1 to 8 bytes with sign.
    #[must_use]
    pub fn signed(self, at: usize, length: usize) -> Option<i64> {
        let value = self.unsigned(at, length)?;
        let shift = 64 - 8 * length as u32;
        Some(((value << shift) as i64) >> shift)
    }

    /// Text of a field: up to its first zero, as UTF-8 where it is that, else Windows-1252; trimmed.
    #[must_use]
    pub fn text(self, at: usize, length: usize) -> String {
        let end = at.saturating_add(length).min(self.bytes.len());
        text(self.bytes.get(at..end).unwrap_or_default())
    }
}

/// Text up to the first zero, as UTF-8 where it is that, else Windows-1252; trimmed.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    let text = std::str::from_utf8(bytes).map_or_else(
        |_| {
            encoding_rs::WINDOWS_1252
                .decode_without_bom_handling(bytes)
                .0
        },
        Cow::Borrowed,
    );
    text.trim().to_owned()
}

/// CRC-CCITT as SCP-ECG and ISHNE prescribe it: polynomial 0x1021, start 0xFFFF, most significant bit first.
#[must_use]
pub fn crc_ccitt(bytes: &[u8]) -> u16 {
    const TABLE: [u16; 256] = {
        let mut table = [0_u16; 256];
        let mut at = 0;
        while at < 256 {
            let mut value = (at as u16) << 8;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 0x8000 == 0 {
                    value << 1
                } else {
                    value << 1 ^ 0x1021
                };
                bit += 1;
            }
            table[at] = value;
            at += 1;
        }
        table
    };
    bytes.iter().fold(0xffff, |crc, &byte| {
        let index = usize::from((crc >> 8) as u8 ^ byte);
        crc << 8 ^ TABLE.get(index).copied().unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_both_orders_and_nothing_beyond_the_end() {
        let bytes = [0x01, 0x02, 0xff, 0xfe];
        let (little, big) = (
            View::little(&bytes),
            View {
                bytes: &bytes,
                big: true,
            },
        );
        assert_eq!((little.u16(0), big.u16(0)), (Some(0x0201), Some(0x0102)));
        assert_eq!((little.i16(2), big.i16(2)), (Some(-257), Some(-2)));
        assert_eq!(
            (little.u32(0), big.u32(0)),
            (Some(0xfeff_0201), Some(0x0102_fffe))
        );
        assert_eq!(
            (big.signed(1, 3), big.unsigned(1, 3)),
            (Some(0x02_fffe), Some(0x02_fffe))
        );
        assert_eq!(
            (big.signed(2, 2), big.i32(1), little.u8(4)),
            (Some(-2), None, None)
        );
        assert_eq!((big.signed(0, 0), big.signed(0, 9)), (None, None));
        assert_eq!(text(b" M\xfcller \0rest"), "Müller");
    }

    #[test]
    fn the_checksum_is_that_of_the_catalogue_of_crcs() {
        // CRC-16/CCITT-FALSE of "123456789", as every catalogue gives it.
        assert_eq!(crc_ccitt(b"123456789"), 0x29b1);
    }
}
