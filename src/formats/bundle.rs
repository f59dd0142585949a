//! What was dropped: named byte sources with a length and ranged reads, so that a 10 GB export costs its directory
//! and the entry wanted.

use std::rc::Rc;

/// Reading from a source failed (a file vanished, a device was unplugged).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {length} bytes at {offset}: {reason}")]
pub struct SourceError {
    /// Where it was read.
    pub offset: u64,
    /// How much was wanted.
    pub length: usize,
    /// What the system says.
    pub reason: String,
}

/// A place to read bytes from: a browser `File`, a native file, a zip member, memory.
pub trait ByteSource {
    /// Total length in bytes.
    fn len(&self) -> u64;
    /// Whether there is nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Up to `length` bytes from `offset`; fewer at the end.
    ///
    /// # Errors
    /// [`SourceError`] when the medium fails; reading beyond the end is not an error.
    fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, SourceError>;
    /// Whether reading at the end costs reading all before it (a compressed member of an archive).
    fn end_is_far(&self) -> bool {
        false
    }
}

/// Bytes in memory.
#[derive(Clone, Debug)]
pub struct MemorySource(pub Rc<[u8]>);

impl ByteSource for MemorySource {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, SourceError> {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.0.len());
        let end = start.saturating_add(length).min(self.0.len());
        Ok(self.0[start..end].to_vec())
    }
}

/// One named source.
#[derive(Clone)]
pub struct Entry {
    /// Path within what was dropped, with `/`.
    pub name: String,
    /// Its bytes.
    pub source: Rc<dyn ByteSource>,
}

impl Entry {
    /// Bytes in memory under a name.
    #[must_use]
    pub fn from_bytes(name: &str, bytes: impl Into<Rc<[u8]>>) -> Self {
        Self {
            name: name.to_owned(),
            source: Rc::new(MemorySource(bytes.into())),
        }
    }

    /// The name without its folder.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// A set of entries that belong together: dropped files, a folder, the members of a zip.
#[derive(Clone, Default)]
pub struct Bundle {
    /// The entries in the order given.
    pub entries: Vec<Entry>,
}

impl Bundle {
    /// A bundle of one file in memory.
    #[must_use]
    pub fn from_bytes(name: &str, bytes: impl Into<Rc<[u8]>>) -> Self {
        Self {
            entries: vec![Entry::from_bytes(name, bytes)],
        }
    }

    /// A companion of `beside`: the entry of that file name in the same folder, else anywhere; case is a last resort.
    #[must_use]
    pub fn companion(&self, beside: &Entry, file_name: &str) -> Option<&Entry> {
        let folder = beside
            .name
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        let full = if folder.is_empty() {
            file_name.to_owned()
        } else {
            format!("{folder}/{file_name}")
        };
        let base = file_name.rsplit('/').next().unwrap_or(file_name);
        self.entries
            .iter()
            .find(|entry| entry.name == full)
            .or_else(|| self.entries.iter().find(|entry| entry.file_name() == base))
            .or_else(|| {
                self.entries
                    .iter()
                    .find(|entry| entry.file_name().eq_ignore_ascii_case(base))
            })
    }
}
