//! Zip archives by their central directory, through ranged reads: a 10 GB export costs its directory and the member
//! wanted. Also gzip, as an archive of one.
//!
//! After PKWARE's APPNOTE 6.3.10 (zip64 included) and RFC 1952.

use super::view::View;
use super::{ByteSource, Context, Entry, ReadError, SourceError};
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use std::cell::RefCell;
use std::io::Read;
use std::rc::Rc;

/// End of central directory: its own length and the longest comment.
const END_BYTES: u64 = 22 + 65_535;
/// Largest central directory that is read.
const DIRECTORY_BYTES: u64 = 64 << 20;
/// Most members that are listed.
const MEMBERS: usize = 100_000;
/// Compressed bytes read at a time.
const CHUNK_BYTES: usize = 1 << 18;
/// A member that grows more than this is a bomb, once it is larger than [`SMALL_BYTES`].
const RATIO: u64 = 200;
/// Size up to which any ratio is fine.
const SMALL_BYTES: u64 = 16 << 20;
/// What is inflated for a look at the beginning without keeping the whole.
const HEAD_BYTES: usize = 128 << 10;

/// How a member is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Stored,
    Deflated,
}

/// A member as the central directory lists it.
#[derive(Clone, Debug)]
struct Member {
    name: String,
    method: Option<Method>,
    crc: u32,
    packed: u64,
    size: u64,
    header_at: u64,
}

/// Whether bytes begin a zip archive (a first member, or the end of an empty one).
#[must_use]
pub fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Whether bytes begin a gzip stream.
#[must_use]
pub fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b, 8])
}

/// The members of a zip as entries named `ARCHIVE/PATH`, each inflated only when it is read.
///
/// Members that are encrypted, compressed by another method than deflate, or larger than the budget are left out.
///
/// # Errors
/// [`ReadError::Damaged`] when there is no readable directory, [`ReadError::TooLarge`] for a directory beyond the
/// budget, [`ReadError::Unsupported`] when every member is encrypted or compressed by an unknown method,
/// [`ReadError::Medium`].
pub fn members(archive: &Entry, context: &mut Context) -> Result<Vec<Entry>, ReadError> {
    let source = &archive.source;
    let listed = directory(&**source)?;
    let files = listed.iter().filter(|member| !member.name.ends_with('/'));
    let mut entries = Vec::new();
    let mut refused = None;
    for member in files {
        let Some(method) = member.method else {
            refused = Some(ReadError::Unsupported {
                format: "zip".to_owned(),
                feature: format!("the encryption or compression of {}", member.name),
            });
            continue;
        };
        let bomb = member.size > SMALL_BYTES && member.size / RATIO > member.packed;
        if bomb || member.size > context.limits.bytes {
            refused = Some(ReadError::TooLarge {
                what: "bytes",
                found: member.size,
                limit: if bomb {
                    member.packed.saturating_mul(RATIO)
                } else {
                    context.limits.bytes
                },
            });
            continue;
        }
        entries.push(Entry {
            name: format!("{}/{}", archive.name, member.name),
            source: Rc::new(MemberSource {
                archive: Rc::clone(source),
                member: member.clone(),
                method,
                inflated: RefCell::new(None),
            }),
        });
    }
    match refused {
        Some(error) if entries.is_empty() => Err(error),
        _ => Ok(entries),
    }
}

/// The content of a gzip file as an entry without the `.gz`.
///
/// # Errors
/// [`ReadError::Damaged`], [`ReadError::TooLarge`] when it inflates beyond the budget, [`ReadError::Medium`].
pub fn gunzip(entry: &Entry, context: &Context) -> Result<Entry, ReadError> {
    let packed = entry.source.len();
    context.check_bytes(packed)?;
    let bytes = entry.source.read(0, packed as usize)?;
    let limit = context
        .limits
        .bytes
        .min(packed.saturating_mul(RATIO).max(SMALL_BYTES));
    let mut inflated = Vec::new();
    MultiGzDecoder::new(bytes.as_slice())
        .take(limit.saturating_add(1))
        .read_to_end(&mut inflated)
        .map_err(|error| {
            ReadError::damaged_at("gzip", 0, "a complete gzip stream", error.to_string())
        })?;
    if inflated.len() as u64 > limit {
        return Err(ReadError::TooLarge {
            what: "bytes",
            found: inflated.len() as u64,
            limit,
        });
    }
    let name = entry.name.strip_suffix(".gz").unwrap_or(&entry.name);
    Ok(Entry::from_bytes(name, inflated))
}

fn damaged(at: u64, expected: &str, found: &str) -> ReadError {
    ReadError::damaged_at("zip", at, expected, found)
}

/// Where the central directory is: offset and length, with the shift of archives that have something before them.
fn directory_place(source: &dyn ByteSource) -> Result<(u64, u64, u64), ReadError> {
    let length = source.len();
    let tail_at = length.saturating_sub(END_BYTES);
    let tail = source.read(tail_at, END_BYTES as usize)?;
    let missing = || damaged(length, "the end of a zip directory", "the end of the file");
    let at = tail
        .windows(4)
        .rposition(|window| window == b"PK\x05\x06")
        .ok_or_else(missing)?;
    let end_at = tail_at + at as u64;
    let size = View::little(&tail).u32(at + 12).ok_or_else(missing)?;
    let offset = View::little(&tail).u32(at + 16).ok_or_else(missing)?;
    let entries = View::little(&tail).u16(at + 10).ok_or_else(missing)?;
    let zip64 = size == u32::MAX || offset == u32::MAX || entries == u16::MAX;
    if zip64 && let Some(place) = zip64_place(source, end_at)? {
        return Ok(place);
    }
    let (size, offset) = (u64::from(size), u64::from(offset));
    let shift = end_at
        .checked_sub(size)
        .and_then(|start| start.checked_sub(offset))
        .ok_or_else(|| damaged(end_at, "a directory before its end", "a length beyond it"))?;
    Ok((offset + shift, size, shift))
}

/// The zip64 end record, found by the locator in front of the end record.
fn zip64_place(source: &dyn ByteSource, end_at: u64) -> Result<Option<(u64, u64, u64)>, ReadError> {
    let Some(locator_at) = end_at.checked_sub(20) else {
        return Ok(None);
    };
    let locator = source.read(locator_at, 20)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    let Some(record_at) = View::little(&locator).unsigned(8, 8) else {
        return Ok(None);
    };
    let record = source.read(record_at, 56)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(damaged(
            record_at,
            "a zip64 directory record",
            "something else",
        ));
    }
    match (
        View::little(&record).unsigned(48, 8),
        View::little(&record).unsigned(40, 8),
    ) {
        (Some(offset), Some(size)) => Ok(Some((offset, size, 0))),
        _ => Err(damaged(
            record_at,
            "a zip64 directory record",
            "its first bytes only",
        )),
    }
}

/// Reads the central directory.
fn directory(source: &dyn ByteSource) -> Result<Vec<Member>, ReadError> {
    let (offset, size, shift) = directory_place(source)?;
    if size > DIRECTORY_BYTES {
        return Err(ReadError::TooLarge {
            what: "bytes",
            found: size,
            limit: DIRECTORY_BYTES,
        });
    }
    let bytes = source.read(offset, size as usize)?;
    let mut members = Vec::new();
    let mut at = 0;
    while bytes
        .get(at..)
        .is_some_and(|rest| rest.starts_with(b"PK\x01\x02"))
    {
        if members.len() == MEMBERS {
            return Err(ReadError::TooLarge {
                what: "members",
                found: MEMBERS as u64 + 1,
                limit: MEMBERS as u64,
            });
        }
        let cut = || damaged(offset + at as u64, "a whole directory entry", "the end");
        let (member, next) = directory_entry(&bytes, at, shift).ok_or_else(cut)?;
        members.push(member);
        at = next;
    }
    if members.is_empty() && size > 0 {
        return Err(damaged(offset, "a directory entry", "something else"));
    }
    Ok(members)
}

/// One entry of the central directory at `at`, and where the next begins.
fn directory_entry(bytes: &[u8], at: usize, shift: u64) -> Option<(Member, usize)> {
    let flags = View::little(bytes).u16(at + 8)?;
    let method = View::little(bytes).u16(at + 10)?;
    let crc = View::little(bytes).u32(at + 16)?;
    let mut packed = u64::from(View::little(bytes).u32(at + 20)?);
    let mut size = u64::from(View::little(bytes).u32(at + 24)?);
    let name_length = usize::from(View::little(bytes).u16(at + 28)?);
    let extra_length = usize::from(View::little(bytes).u16(at + 30)?);
    let comment_length = usize::from(View::little(bytes).u16(at + 32)?);
    let mut header_at = u64::from(View::little(bytes).u32(at + 42)?);
    let name = bytes.get(at + 46..at + 46 + name_length)?;
    let extra_at = at + 46 + name_length;
    let extra = bytes.get(extra_at..extra_at + extra_length)?;
    if let Some(wide) = extra_field(extra, 1) {
        // Only the fields that did not fit 32 bit are there, in this order.
        let mut place = 0;
        for field in [&mut size, &mut packed, &mut header_at] {
            if *field == u64::from(u32::MAX) {
                *field = View::little(wide).unsigned(place, 8)?;
                place += 8;
            }
        }
    }
    let method = match method {
        _ if flags & 1 != 0 => None,
        0 => Some(Method::Stored),
        8 => Some(Method::Deflated),
        _ => None,
    };
    let member = Member {
        name: String::from_utf8(name.to_vec())
            .unwrap_or_else(|_| name.iter().map(|&b| char::from(b)).collect()),
        method,
        crc,
        packed,
        size,
        header_at: header_at.saturating_add(shift),
    };
    Some((member, extra_at + extra_length + comment_length))
}

/// Content of an extra field.
fn extra_field(extra: &[u8], id: u16) -> Option<&[u8]> {
    let mut at = 0;
    loop {
        let found = View::little(extra).u16(at)?;
        let length = usize::from(View::little(extra).u16(at + 2)?);
        let content = extra.get(at + 4..at + 4 + length)?;
        if found == id {
            return Some(content);
        }
        at += 4 + length;
    }
}

/// A member of a zip. A look at the beginning inflates only that; anything else inflates the member once.
struct MemberSource {
    archive: Rc<dyn ByteSource>,
    member: Member,
    method: Method,
    inflated: RefCell<Option<Rc<[u8]>>>,
}

/// Reads a stretch of a source as a stream.
struct Stretch<'a> {
    source: &'a dyn ByteSource,
    at: u64,
    left: u64,
    buffer: Vec<u8>,
    used: usize,
}

impl Read for Stretch<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.used == self.buffer.len() {
            let length = self.left.min(CHUNK_BYTES as u64) as usize;
            self.buffer = self
                .source
                .read(self.at, length)
                .map_err(std::io::Error::other)?;
            self.used = 0;
            self.at += self.buffer.len() as u64;
            self.left -= (self.buffer.len() as u64).min(self.left);
        }
        let rest = self.buffer.get(self.used..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.used += count;
        Ok(count)
    }
}

impl MemberSource {
    fn error(&self, offset: u64, length: usize, reason: impl Into<String>) -> SourceError {
        SourceError {
            offset,
            length,
            reason: reason.into(),
        }
    }

    /// Where the member's data begin: after its local header, whose lengths may differ from the directory's.
    fn data_at(&self) -> Result<u64, SourceError> {
        let at = self.member.header_at;
        let header = self.archive.read(at, 30)?;
        let lengths = View::little(&header)
            .u16(26)
            .zip(View::little(&header).u16(28));
        match lengths {
            Some((name, extra)) if header.starts_with(b"PK\x03\x04") => {
                Ok(at + 30 + u64::from(name) + u64::from(extra))
            }
            _ => Err(self.error(at, 30, "no zip member begins here")),
        }
    }

    /// Inflates up to `limit` bytes.
    fn inflate(&self, limit: usize) -> Result<Vec<u8>, SourceError> {
        let stretch = Stretch {
            source: &*self.archive,
            at: self.data_at()?,
            left: self.member.packed,
            buffer: Vec::new(),
            used: 0,
        };
        let mut bytes = Vec::new();
        DeflateDecoder::new(stretch)
            .take(limit as u64)
            .read_to_end(&mut bytes)
            .map_err(|error| self.error(0, limit, error.to_string()))?;
        Ok(bytes)
    }

    /// The whole member, inflated and checked once.
    fn whole(&self) -> Result<Rc<[u8]>, SourceError> {
        if let Some(bytes) = &*self.inflated.borrow() {
            return Ok(Rc::clone(bytes));
        }
        let size = self.member.size as usize;
        let bytes = self.inflate(size.saturating_add(1))?;
        let mut crc = flate2::Crc::new();
        crc.update(&bytes);
        if bytes.len() != size || crc.sum() != self.member.crc {
            return Err(self.error(0, size, "the zip member is damaged: its checksum differs"));
        }
        let bytes: Rc<[u8]> = bytes.into();
        *self.inflated.borrow_mut() = Some(Rc::clone(&bytes));
        Ok(bytes)
    }
}

impl ByteSource for MemberSource {
    fn len(&self) -> u64 {
        self.member.size
    }

    fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, SourceError> {
        let left = self.member.size.saturating_sub(offset);
        let length = (length as u64).min(left) as usize;
        if self.method == Method::Stored {
            return self
                .archive
                .read(self.data_at()?.saturating_add(offset), length);
        }
        let kept = self.inflated.borrow().is_some();
        if !kept && offset == 0 && length <= HEAD_BYTES {
            return self.inflate(length);
        }
        let whole = self.whole()?;
        let start = (offset as usize).min(whole.len());
        Ok(whole[start..start + length.min(whole.len() - start)].to_vec())
    }

    fn end_is_far(&self) -> bool {
        self.method == Method::Deflated
    }
}

/// A zip of `files` for tests: deflated, without zip64.
#[cfg(test)]
pub fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut packer =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(content).unwrap();
        let packed = packer.finish().unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut fields = vec![20, 0, 0, 8, 8, 0, 0, 0, 0, 0];
        fields.extend(crc.sum().to_le_bytes());
        fields.extend((packed.len() as u32).to_le_bytes());
        fields.extend((content.len() as u32).to_le_bytes());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&fields);
        bytes.extend(name.as_bytes());
        bytes.extend(packed);
    }
    let at = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(
        [
            (files.len() as u16).to_le_bytes(),
            (files.len() as u16).to_le_bytes(),
        ]
        .concat(),
    );
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(bytes: Vec<u8>) -> Result<Vec<Entry>, ReadError> {
        members(&Entry::from_bytes("a.zip", bytes), &mut Context::default())
    }

    #[test]
    fn members_are_listed_and_inflated() {
        let long = vec![b'x'; 300_000];
        let entries = open(zip_of(&[("d/", b""), ("d/a.csv", b"1,2\n"), ("b", &long)])).unwrap();
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["a.zip/d/a.csv", "a.zip/b"]);
        assert_eq!(entries[0].source.read(0, 99).unwrap(), b"1,2\n");
        assert_eq!(entries[0].source.read(2, 1).unwrap(), b"2");
        assert_eq!(entries[1].source.len(), 300_000);
        assert_eq!(entries[1].source.read(299_998, 9).unwrap(), b"xx");
    }

    #[test]
    fn something_before_the_archive_does_no_harm() {
        let mut bytes = b"#!/bin/sh\n".to_vec();
        bytes.extend(zip_of(&[("a", b"hello")]));
        assert_eq!(open(bytes).unwrap()[0].source.read(0, 9).unwrap(), b"hello");
    }

    #[test]
    fn zip64_sizes_are_read() {
        let mut extra = vec![1, 0, 24, 0];
        for value in [5_u64, 6, 7] {
            extra.extend(value.to_le_bytes());
        }
        let mut entry = b"PK\x01\x02".to_vec();
        entry.resize(46, 0);
        entry[20..28].fill(0xff);
        entry[28] = 1;
        entry[30] = extra.len() as u8;
        entry[42..46].fill(0xff);
        entry.push(b'n');
        entry.extend(extra);
        let (member, next) = directory_entry(&entry, 0, 0).unwrap();
        assert_eq!((member.size, member.packed, member.header_at), (5, 6, 7));
        assert_eq!(next, entry.len());
    }

    #[test]
    fn bombs_are_refused_before_they_are_inflated() {
        let bomb = zip_of(&[("bomb", &vec![0; 32 << 20])]);
        assert!(matches!(open(bomb), Err(ReadError::TooLarge { .. })));
        // A size that lies is found out while inflating.
        let mut liar = zip_of(&[("a", &[7; 1000])]);
        let at = liar.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        liar[at + 24..at + 28].copy_from_slice(&10_u32.to_le_bytes());
        let entries = open(liar).unwrap();
        assert!(entries[0].source.read(1, 9).is_err());
    }

    #[test]
    fn cut_and_changed_archives_give_errors() {
        let bytes = zip_of(&[("a", b"hello hello hello"), ("b", b"1")]);
        for length in 0..bytes.len() {
            for entry in open(bytes[..length].to_vec()).unwrap_or_default() {
                let _ = entry.source.read(1, 100);
            }
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0xff;
            for entry in open(changed).unwrap_or_default() {
                let _ = entry.source.read(1, 100);
            }
        }
    }

    #[test]
    fn gzip_is_an_archive_of_one() {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(b"1\n2\n").unwrap();
        let bytes = packer.finish().unwrap();
        assert!(is_gzip(&bytes));
        let entry = Entry::from_bytes("a.csv.gz", bytes.clone());
        let inner = gunzip(&entry, &Context::default()).unwrap();
        assert_eq!((inner.name.as_str(), inner.source.len()), ("a.csv", 4));
        let cut = Entry::from_bytes("a.gz", &bytes[..bytes.len() - 3]);
        assert!(gunzip(&cut, &Context::default()).is_err());
    }
}
