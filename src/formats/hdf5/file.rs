//! The parts of HDF5 that recordings use: groups of either kind, attributes, and data sets of numbers, whole or in
//! chunks, packed or not ("HDF5 File Format Specification", version 3.0, The HDF Group).

use crate::formats::{Context, ReadError};
use flate2::read::ZlibDecoder;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// Signature of the superblock.
pub const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
/// Objects that are walked.
const OBJECTS: usize = 8192;
/// An address that is none.
const UNDEFINED: u64 = u64::MAX;

/// How an element is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Two's complement or not.
    Integer { signed: bool },
    /// IEEE.
    Float,
    /// Letters of a fixed number.
    Text,
    /// Letters in the global heap.
    LongText,
    /// Anything else.
    Other,
}

/// A type of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    /// What it is.
    pub kind: Kind,
    /// Bytes of an element.
    pub size: usize,
    /// Most significant byte first.
    pub big: bool,
}

/// The value of an attribute or of a single element.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// Numbers.
    Numbers(Vec<f64>),
    /// Letters.
    Text(String),
}

impl Attribute {
    /// The first number, also where it is written in letters.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Numbers(numbers) => numbers.first().copied(),
            Self::Text(text) => crate::formats::text::number(text, true),
        }
    }

    /// The letters.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Numbers(_) => None,
        }
    }
}

/// Where a data set's bytes are.
#[derive(Clone, Debug)]
enum Layout {
    Here(Vec<u8>),
    Whole(u64),
    /// Address of the tree of chunks, and the size of a chunk in elements.
    Chunks(u64, Vec<usize>),
    /// One chunk, with its packed size.
    OneChunk(u64, Option<u64>),
    Unknown,
}

/// A data set of numbers.
#[derive(Clone, Debug)]
pub struct DataSet {
    /// Path from the root.
    pub path: String,
    /// Its extent.
    pub sizes: Vec<usize>,
    /// Its elements.
    pub kind: Type,
    layout: Layout,
    filters: Vec<(u16, Vec<u32>)>,
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Contents {
    /// Data sets of numbers.
    pub sets: Vec<DataSet>,
    /// Attributes by the path of their object.
    pub attributes: BTreeMap<String, BTreeMap<String, Attribute>>,
    /// Something that is not read stood in the way.
    pub unread: Option<String>,
}

/// An open file.
pub struct File {
    bytes: Vec<u8>,
    base: u64,
    offset_size: usize,
    length_size: usize,
    /// Bytes and entries that may still be walked: a small multiple of the file's size.
    work: Cell<usize>,
}

/// Where the superblock begins: at 0, or at 512 and its doubles.
pub fn superblock(bytes: &[u8]) -> Option<usize> {
    std::iter::once(0)
        .chain((9..24).map(|power| 1_usize << power))
        .find(|&at| {
            bytes
                .get(at..)
                .is_some_and(|rest| rest.starts_with(SIGNATURE))
        })
}

impl File {
    /// Opens a file and walks it.
    pub fn open(bytes: Vec<u8>) -> Option<(Self, Contents)> {
        let at = superblock(&bytes)?;
        let version = *bytes.get(at + 8)?;
        let sizes_at = at + if version < 2 { 13 } else { 9 };
        let file = Self {
            base: at as u64,
            offset_size: usize::from(*bytes.get(sizes_at)?),
            length_size: usize::from(*bytes.get(sizes_at + 1)?),
            work: Cell::new(bytes.len().saturating_mul(16).saturating_add(1 << 20)),
            bytes,
        };
        let fits = |size: usize| [2, 4, 8].contains(&size);
        if !fits(file.offset_size) || !fits(file.length_size) || version > 3 {
            return None;
        }
        let wide = file.offset_size;
        let root = match version {
            0 | 1 => at + 24 + if version == 1 { 4 } else { 0 } + 4 * wide + wide,
            _ => at + 12 + 3 * wide,
        };
        let root = file.uint(root, wide)?;
        let mut contents = Contents::default();
        let mut seen = BTreeSet::new();
        file.object(root, "", 0, &mut seen, &mut contents);
        Some((file, contents))
    }

    /// Pays for a walk; `None` when nothing is left.
    fn pay(&self, amount: usize) -> Option<()> {
        let left = self.work.get().checked_sub(amount.saturating_add(1));
        self.work.set(left.unwrap_or(0));
        left.map(|_| ())
    }

    fn slice(&self, at: usize, length: usize) -> Option<&[u8]> {
        self.bytes.get(at..at.checked_add(length)?)
    }

    fn uint(&self, at: usize, size: usize) -> Option<u64> {
        number(self.slice(at, size)?)
    }

    /// The place in the file of an address.
    fn place(&self, address: u64) -> Option<usize> {
        if address == UNDEFINED {
            return None;
        }
        let at = usize::try_from(address.checked_add(self.base)?).ok()?;
        (at < self.bytes.len()).then_some(at)
    }

    /// Reads one object: a group is walked, a data set is listed, attributes are kept.
    fn object(
        &self,
        address: u64,
        path: &str,
        depth: usize,
        seen: &mut BTreeSet<u64>,
        contents: &mut Contents,
    ) {
        if depth > 16 || seen.len() >= OBJECTS || !seen.insert(address) {
            return;
        }
        let Some(messages) = self.messages(address) else {
            return;
        };
        let mut sizes = None;
        let mut kind = None;
        let mut layout = None;
        let mut filters = Vec::new();
        let mut links: Vec<(String, u64)> = Vec::new();
        for (message, data) in &messages {
            match message {
                0x01 => sizes = self.extent(data),
                0x03 => kind = element_type(data),
                0x06 => links.extend(self.link(data)),
                0x08 => layout = self.layout(data),
                0x0b => filters = pipeline(data).unwrap_or_default(),
                0x0c => {
                    if let Some((name, value)) = self.attribute(data) {
                        let of = contents.attributes.entry(path.to_owned()).or_default();
                        of.insert(name, value);
                    }
                }
                0x11 => {
                    if let (Some(tree), Some(heap)) = (
                        number(data.get(..self.offset_size).unwrap_or_default()),
                        number(
                            data.get(self.offset_size..2 * self.offset_size)
                                .unwrap_or_default(),
                        ),
                    ) {
                        self.old_group(tree, heap, &mut links);
                    }
                }
                // Links or attributes in a heap of their own, as the newest writers keep many of them.
                0x02 | 0x15 => {
                    let heap_at = 2 + if data.get(1).is_some_and(|flags| flags & 1 != 0) {
                        if *message == 0x02 { 8 } else { 2 }
                    } else {
                        0
                    };
                    let heap = data
                        .get(heap_at..heap_at + self.offset_size)
                        .and_then(number);
                    if heap.is_some_and(|heap| self.place(heap).is_some()) && *message == 0x02 {
                        contents.unread = Some("groups with their links in a heap".to_owned());
                    }
                }
                _ => {}
            }
        }
        for (name, address) in links {
            self.object(
                address,
                &format!("{path}/{name}"),
                depth + 1,
                seen,
                contents,
            );
        }
        if let (Some(sizes), Some(kind), Some(layout)) = (sizes, kind, layout) {
            contents.sets.push(DataSet {
                path: path.to_owned(),
                sizes,
                kind,
                layout,
                filters,
            });
        }
    }

    /// The messages of an object header of either version.
    fn messages(&self, address: u64) -> Option<Vec<(u16, Vec<u8>)>> {
        let at = self.place(address)?;
        let mut blocks = Vec::new();
        let newer = self.slice(at, 4)? == b"OHDR";
        let mut tracked = false;
        if newer {
            let flags = *self.bytes.get(at + 5)?;
            tracked = flags & 4 != 0;
            let size_at = at
                + 6
                + if flags & 0x20 != 0 { 16 } else { 0 }
                + if flags & 0x10 != 0 { 4 } else { 0 };
            let width = 1 << (flags & 3);
            let size = self.uint(size_at, width)? as usize;
            blocks.push((size_at + width, size));
        } else {
            let size = self.uint(at + 8, 4)? as usize;
            blocks.push((at + 16, size));
        }
        let mut messages = Vec::new();
        let mut next = 0;
        while let Some(&(from, size)) = blocks.get(next) {
            next += 1;
            if next > 256 {
                break;
            }
            self.pay(size.min(self.bytes.len()))?;
            let end = from.checked_add(size)?.min(self.bytes.len());
            let mut at = from;
            let head = if newer {
                4 + if tracked { 2 } else { 0 }
            } else {
                8
            };
            while at + head <= end && messages.len() < 4096 {
                let (kind, size) = if newer {
                    (
                        u16::from(*self.bytes.get(at)?),
                        self.uint(at + 1, 2)? as usize,
                    )
                } else {
                    (self.uint(at, 2)? as u16, self.uint(at + 2, 2)? as usize)
                };
                let Some(data) = self.slice(at + head, size.min(end.saturating_sub(at + head)))
                else {
                    break;
                };
                if kind == 0x10 {
                    let place = number(data.get(..self.offset_size)?)?;
                    let length =
                        number(data.get(self.offset_size..self.offset_size + self.length_size)?)?
                            as usize;
                    if let Some(place) = self.place(place) {
                        // A block of the newer kind has a signature in front and a checksum behind.
                        blocks.push(if newer {
                            (place + 4, length.saturating_sub(8))
                        } else {
                            (place, length)
                        });
                    }
                } else {
                    messages.push((kind, data.to_vec()));
                }
                at += head + size;
            }
        }
        Some(messages)
    }

    fn extent(&self, data: &[u8]) -> Option<Vec<usize>> {
        let (version, rank) = (*data.first()?, usize::from(*data.get(1)?));
        let from = if version == 1 { 8 } else { 4 };
        (0..rank.min(8))
            .map(|at| {
                let at = from + at * self.length_size;
                number(data.get(at..at + self.length_size)?).map(|size| size as usize)
            })
            .collect()
    }

    /// A link of the newer kind: name and address of the object, where it is a hard one.
    fn link(&self, data: &[u8]) -> Option<(String, u64)> {
        let flags = *data.get(1)?;
        let mut at = 2;
        if flags & 8 != 0 {
            if *data.get(at)? != 0 {
                return None;
            }
            at += 1;
        }
        at += if flags & 4 != 0 { 8 } else { 0 } + if flags & 0x10 != 0 { 1 } else { 0 };
        let width = 1 << (flags & 3);
        let length = number(data.get(at..at + width)?)? as usize;
        at += width;
        let name = data.get(at..at.checked_add(length)?)?;
        at += length;
        let address = number(data.get(at..at + self.offset_size)?)?;
        Some((String::from_utf8_lossy(name).into_owned(), address))
    }

    /// The members of a group of the older kind, by its tree and its heap of names.
    fn old_group(&self, tree: u64, heap: u64, links: &mut Vec<(String, u64)>) {
        let names = self.place(heap).and_then(|at| {
            let address = self.uint(at + 8 + 2 * self.length_size, self.offset_size)?;
            self.place(address)
        });
        let Some(names) = names else { return };
        let mut nodes = vec![tree];
        let mut seen = BTreeSet::new();
        while let Some(node) = nodes.pop() {
            if !seen.insert(node) {
                continue;
            }
            let Some(at) = self.place(node) else { continue };
            let (wide, long) = (self.offset_size, self.length_size);
            match self.slice(at, 4) {
                Some(b"TREE") => {
                    let count = self.uint(at + 6, 2).unwrap_or(0) as usize;
                    if self.pay(count).is_none() {
                        return;
                    }
                    for entry in 0..count {
                        let child = at + 8 + 2 * wide + long + entry * (wide + long);
                        nodes.extend(self.uint(child, wide));
                    }
                }
                Some(b"SNOD") => {
                    let count = self.uint(at + 6, 2).unwrap_or(0) as usize;
                    if self.pay(count * 64).is_none() {
                        return;
                    }
                    for entry in 0..count {
                        let entry = at + 8 + entry * (2 * wide + 24);
                        let name = self
                            .uint(entry, wide)
                            .and_then(|name| self.zero_ended(names, name));
                        let address = self.uint(entry + wide, wide);
                        if let (Some(name), Some(address)) = (name, address)
                            && links.len() < OBJECTS
                        {
                            links.push((name, address));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn zero_ended(&self, heap: usize, offset: u64) -> Option<String> {
        let from = heap.checked_add(usize::try_from(offset).ok()?)?;
        let rest = self.bytes.get(from..)?;
        let rest = rest.get(..rest.len().min(1024))?;
        let end = rest.iter().position(|&byte| byte == 0)?;
        Some(String::from_utf8_lossy(&rest[..end]).into_owned())
    }

    fn layout(&self, data: &[u8]) -> Option<Layout> {
        let (wide, long) = (self.offset_size, self.length_size);
        let version = *data.first()?;
        let uint = |at: usize, size: usize| number(data.get(at..at.checked_add(size)?)?);
        Some(match version {
            1 | 2 => {
                let rank = usize::from(*data.get(1)?);
                let class = *data.get(2)?;
                let at = 8 + if class == 0 { 0 } else { wide };
                match class {
                    0 => {
                        let sizes_end = at + 4 * rank;
                        let size = uint(sizes_end, 4)? as usize;
                        Layout::Here(data.get(sizes_end + 4..sizes_end + 4 + size)?.to_vec())
                    }
                    1 => Layout::Whole(uint(8, wide)?),
                    2 => {
                        let chunk = (0..rank.saturating_sub(1))
                            .map(|d| uint(at + 4 * d, 4).map(|s| s as usize));
                        Layout::Chunks(uint(8, wide)?, chunk.collect::<Option<_>>()?)
                    }
                    _ => Layout::Unknown,
                }
            }
            3 | 4 => match *data.get(1)? {
                0 => {
                    let size = uint(2, 2)? as usize;
                    Layout::Here(data.get(4..4 + size)?.to_vec())
                }
                1 => Layout::Whole(uint(2, wide)?),
                2 if version == 3 => {
                    let rank = usize::from(*data.get(2)?);
                    let at = 3 + wide;
                    let chunk = (0..rank.saturating_sub(1))
                        .map(|d| uint(at + 4 * d, 4).map(|s| s as usize));
                    Layout::Chunks(uint(3, wide)?, chunk.collect::<Option<_>>()?)
                }
                2 => {
                    let flags = *data.get(2)?;
                    let rank = usize::from(*data.get(3)?);
                    let width = usize::from(*data.get(4)?);
                    let at = 5 + rank.checked_mul(width)?;
                    // One chunk holds all; other indices are those of the newest writers.
                    if *data.get(at)? != 1 {
                        return Some(Layout::Unknown);
                    }
                    let packed = flags & 2 != 0;
                    let size = if packed {
                        Some(uint(at + 1, long)?)
                    } else {
                        None
                    };
                    let address_at = at + 1 + if packed { long + 4 } else { 0 };
                    Layout::OneChunk(uint(address_at, wide)?, size)
                }
                _ => Layout::Unknown,
            },
            _ => Layout::Unknown,
        })
    }

    /// Name and value of an attribute.
    fn attribute(&self, data: &[u8]) -> Option<(String, Attribute)> {
        let version = *data.first()?;
        let size = |at: usize| number(data.get(at..at + 2)?).map(|size| size as usize);
        let (name_size, type_size, space_size) = (size(2)?, size(4)?, size(6)?);
        let padded = |size: usize| {
            if version == 1 {
                size.next_multiple_of(8)
            } else {
                size
            }
        };
        let mut at = if version >= 3 { 9 } else { 8 };
        let name = data.get(at..at + name_size)?;
        let end = name
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(name.len());
        let name = String::from_utf8_lossy(&name[..end]).into_owned();
        at += padded(name_size);
        let kind = element_type(data.get(at..at + type_size)?)?;
        at += padded(type_size);
        let sizes = self.extent(data.get(at..at + space_size)?)?;
        at += padded(space_size);
        let count = sizes
            .iter()
            .try_fold(1_usize, |all, &size| all.checked_mul(size))?;
        let count = count.min(4096);
        let bytes = data.get(at..at.checked_add(count.checked_mul(kind.size)?)?)?;
        let value = match kind.kind {
            Kind::Text => Attribute::Text(text(bytes)),
            Kind::LongText => Attribute::Text(self.long_text(bytes)?),
            Kind::Other => return None,
            _ => Attribute::Numbers(numbers(bytes, kind)),
        };
        Some((name, value))
    }

    /// Letters in the global heap: length, address of a collection, number of the object in it.
    fn long_text(&self, bytes: &[u8]) -> Option<String> {
        let length = number(bytes.get(..4)?)? as usize;
        let address = number(bytes.get(4..4 + self.offset_size)?)?;
        let wanted = number(bytes.get(4 + self.offset_size..8 + self.offset_size)?)?;
        let start = self.place(address)?;
        if self.slice(start, 4)? != b"GCOL" {
            return None;
        }
        let end = start.checked_add(self.uint(start + 8, self.length_size)? as usize)?;
        let mut at = start + 8 + self.length_size;
        while at < end {
            self.pay(16)?;
            let index = self.uint(at, 2)?;
            let size = self.uint(at + 8, self.length_size)? as usize;
            let data_at = at + 8 + self.length_size;
            if index == wanted {
                return Some(text(self.slice(data_at, length.min(size))?));
            }
            if index == 0 {
                return None;
            }
            at = data_at.checked_add(size)?.next_multiple_of(8);
        }
        None
    }

    /// The elements of a data set, one after the other.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`], [`ReadError::Unsupported`].
    pub fn data(&self, set: &DataSet, context: &Context) -> Result<Vec<u8>, ReadError> {
        let unsupported = |feature: &str| ReadError::Unsupported {
            format: super::ID.to_owned(),
            feature: feature.to_owned(),
        };
        let count = set
            .sizes
            .iter()
            .fold(1_u64, |all, &size| all.saturating_mul(size as u64));
        context.check_samples(count)?;
        let bytes = count.saturating_mul(set.kind.size as u64);
        context.check_bytes(bytes)?;
        match &set.layout {
            Layout::Here(data) => Ok(data.clone()),
            Layout::Whole(address) => {
                let at = self.place(*address).unwrap_or(self.bytes.len());
                let end = at.saturating_add(bytes as usize).min(self.bytes.len());
                Ok(self.bytes.get(at..end).unwrap_or_default().to_vec())
            }
            Layout::OneChunk(address, size) => {
                let at = self.place(*address).unwrap_or(self.bytes.len());
                let size = size.unwrap_or(bytes) as usize;
                let end = at.saturating_add(size).min(self.bytes.len());
                let raw = self.bytes.get(at..end).unwrap_or_default();
                unpack(raw, &set.filters, 0, set.kind.size, bytes as usize).ok_or_else(|| {
                    unsupported("a filter that is not deflate, shuffle or a checksum")
                })
            }
            Layout::Chunks(tree, chunk) => {
                if chunk.len() != set.sizes.len() || chunk.contains(&0) {
                    return Err(unsupported("chunks of another rank than the data"));
                }
                let mut out = vec![0_u8; bytes as usize];
                self.chunks(*tree, set, chunk, &mut out).ok_or_else(|| {
                    unsupported("a filter that is not deflate, shuffle or a checksum")
                })?;
                Ok(out)
            }
            Layout::Unknown => Err(unsupported("an index of chunks of the newest kind")),
        }
    }

    /// Walks the tree of chunks and puts each in its place.
    fn chunks(&self, tree: u64, set: &DataSet, chunk: &[usize], out: &mut [u8]) -> Option<()> {
        let element = set.kind.size;
        let elements = chunk
            .iter()
            .try_fold(1_usize, |all, &size| all.checked_mul(size))?;
        let size = elements.checked_mul(element)?;
        let mut nodes = vec![tree];
        let mut seen = BTreeSet::new();
        // What all chunks together may unpack to: the data, and the edges that stand over.
        let mut left = out.len().saturating_mul(4).saturating_add(1 << 20);
        while let Some(node) = nodes.pop() {
            if !seen.insert(node) {
                continue;
            }
            let Some(at) = self.place(node) else { continue };
            if self.slice(at, 4) != Some(b"TREE") {
                continue;
            }
            let level = *self.bytes.get(at + 5)?;
            let count = self.uint(at + 6, 2)? as usize;
            let key = 8 + 8 * (chunk.len() + 1);
            self.pay(count)?;
            for entry in 0..count {
                let key_at = at + 8 + 2 * self.offset_size + entry * (key + self.offset_size);
                let Some(child) = self.uint(key_at + key, self.offset_size) else {
                    break;
                };
                if level > 0 {
                    nodes.push(child);
                    continue;
                }
                let packed = self.uint(key_at, 4)? as usize;
                let mask = self.uint(key_at + 4, 4)? as u32;
                let mut corner = Vec::with_capacity(chunk.len());
                for dimension in 0..chunk.len() {
                    corner.push(self.uint(key_at + 8 + 8 * dimension, 8)? as usize);
                }
                let Some(raw_at) = self.place(child) else {
                    continue;
                };
                let end = raw_at.saturating_add(packed).min(self.bytes.len());
                let raw = self.bytes.get(raw_at..end).unwrap_or_default();
                left = left.checked_sub(size.min(left.saturating_add(1)))?;
                let data = unpack(raw, &set.filters, mask, element, size)?;
                put(&data, chunk, &corner, &set.sizes, element, out);
            }
        }
        Some(())
    }
}

/// Copies a chunk to its corner, row by row of the last dimension; what stands over the edge is left out.
fn put(
    data: &[u8],
    chunk: &[usize],
    corner: &[usize],
    sizes: &[usize],
    element: usize,
    out: &mut [u8],
) {
    let Some((&row, outer)) = chunk.split_last() else {
        return;
    };
    let (Some(&last_corner), Some(&last_size)) = (corner.last(), sizes.last()) else {
        return;
    };
    let wanted = row.min(last_size.saturating_sub(last_corner));
    if wanted == 0 {
        return;
    }
    for (line, source) in data.chunks_exact(row * element).enumerate() {
        // The place of this row among the outer dimensions.
        let mut rest = line;
        let mut place = 0_usize;
        let mut step = 1_usize;
        let mut inside = true;
        for dimension in (0..outer.len()).rev() {
            let index = corner[dimension].saturating_add(rest % outer[dimension]);
            rest /= outer[dimension];
            inside &= index < sizes[dimension];
            place = place.saturating_add(index.saturating_mul(step));
            step = step.saturating_mul(sizes[dimension]);
        }
        let at = place
            .saturating_mul(last_size)
            .saturating_add(last_corner)
            .saturating_mul(element);
        let target = out.get_mut(at..at.saturating_add(wanted * element));
        if let (true, Some(target), Some(source)) = (inside, target, source.get(..wanted * element))
        {
            target.copy_from_slice(source);
        }
    }
}

/// Undoes the filters from the last to the first. `None` for one that is not known.
fn unpack(
    raw: &[u8],
    filters: &[(u16, Vec<u32>)],
    mask: u32,
    element: usize,
    size: usize,
) -> Option<Vec<u8>> {
    let mut data = raw.to_vec();
    for (place, (id, _)) in filters.iter().enumerate().rev() {
        if place < 32 && mask >> place & 1 != 0 {
            continue;
        }
        data = match id {
            1 => {
                let mut out = Vec::new();
                // Four more bytes where a checksum follows.
                let limit = size.saturating_add(4) as u64;
                let _ = ZlibDecoder::new(data.as_slice())
                    .take(limit)
                    .read_to_end(&mut out);
                out
            }
            2 => unshuffle(&data, element),
            // Fletcher's checksum stands behind the data.
            3 => {
                data.truncate(data.len().saturating_sub(4));
                data
            }
            _ => return None,
        };
    }
    Some(data)
}

/// All first bytes, then all second bytes, and so on: back to elements.
fn unshuffle(data: &[u8], element: usize) -> Vec<u8> {
    if element < 2 {
        return data.to_vec();
    }
    let count = data.len() / element;
    let mut out = vec![0; data.len()];
    for byte in 0..element {
        for at in 0..count {
            out[at * element + byte] = data[byte * count + at];
        }
    }
    let rest = count * element;
    out[rest..].copy_from_slice(&data[rest..]);
    out
}

/// Little-endian number of up to eight bytes; all bits set is an address that is none.
fn number(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > 8 {
        return None;
    }
    if bytes.len() > 3 && bytes.iter().all(|&byte| byte == 0xff) {
        return Some(UNDEFINED);
    }
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
    )
}

fn text(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
}

fn element_type(data: &[u8]) -> Option<Type> {
    let class = data.first()? & 0x0f;
    let bits = *data.get(1)?;
    let size = number(data.get(4..8)?)? as usize;
    let kind = match class {
        0 => Kind::Integer {
            signed: bits & 8 != 0,
        },
        1 => Kind::Float,
        3 => Kind::Text,
        9 if bits & 0x0f == 1 => Kind::LongText,
        _ => Kind::Other,
    };
    Some(Type {
        kind,
        size,
        big: bits & 1 != 0 && class < 2,
    })
}

fn pipeline(data: &[u8]) -> Option<Vec<(u16, Vec<u32>)>> {
    let (version, count) = (*data.first()?, *data.get(1)?);
    let mut at = if version == 1 { 8 } else { 2 };
    let mut filters = Vec::new();
    for _ in 0..count.min(32) {
        let short = |at: usize| number(data.get(at..at + 2)?).map(|value| value as usize);
        let id = short(at)?;
        at += 2;
        let name = if version == 1 || id >= 256 {
            at += 2;
            short(at - 2)?
        } else {
            0
        };
        let values = short(at + 2)?;
        at += 4 + if version == 1 {
            name.next_multiple_of(8)
        } else {
            name
        };
        let values = (0..values.min(64))
            .map(|place| number(data.get(at + 4 * place..at + 4 * place + 4)?).map(|v| v as u32));
        let values: Vec<u32> = values.collect::<Option<_>>()?;
        at += 4 * values.len();
        if version == 1 && values.len() % 2 == 1 {
            at += 4;
        }
        filters.push((id as u16, values));
    }
    Some(filters)
}

/// The number of an element; not a number where it is none.
pub fn element(bytes: &[u8], kind: Type) -> f64 {
    let mut word = [0_u8; 8];
    let Some(target) = word.get_mut(..bytes.len()) else {
        return f64::NAN;
    };
    target.copy_from_slice(bytes);
    if kind.big {
        target.reverse();
    }
    let unsigned = u64::from_le_bytes(word);
    match (kind.kind, bytes.len()) {
        (Kind::Float, 4) => f64::from(f32::from_bits(unsigned as u32)),
        (Kind::Float, 8) => f64::from_bits(unsigned),
        (Kind::Integer { signed: true }, size @ 1..=8) => {
            let shift = 64 - 8 * size as u32;
            ((unsigned << shift) as i64 >> shift) as f64
        }
        (Kind::Integer { signed: false }, _) => unsigned as f64,
        _ => f64::NAN,
    }
}

/// The numbers of elements.
pub fn numbers(bytes: &[u8], kind: Type) -> Vec<f64> {
    if kind.size == 0 {
        return Vec::new();
    }
    let chunks = bytes.chunks_exact(kind.size);
    chunks.map(|chunk| element(chunk, kind)).collect()
}
