//! The hash by which a report names the file that it speaks of.

use crate::formats::{Bundle, Entry};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Bytes that are hashed at once.
const CHUNK_BYTES: usize = 1 << 20;
/// Larger files are not hashed: reading them whole would cost more than opening them.
const MOST_BYTES: u64 = 256 << 20;

/// SHA-256 in hexadecimal of the entry that was opened: the only one, or the one that `choice` names.
///
/// `None` for several files without a choice, for files over 256 MiB, and when the medium fails.
#[must_use]
pub fn fingerprint(bundle: &Bundle, choice: Option<&str>) -> Option<String> {
    let entry = opened(bundle, choice)?;
    if entry.source.len() > MOST_BYTES {
        return None;
    }
    let mut hasher = Sha256::new();
    let mut offset = 0;
    while offset < entry.source.len() {
        let bytes = entry
            .source
            .read(offset, CHUNK_BYTES)
            .ok()
            .filter(|bytes| !bytes.is_empty())?;
        hasher.update(&bytes);
        offset += bytes.len() as u64;
    }
    let mut text = String::new();
    for byte in hasher.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

/// A choice within an archive begins with the archive's own name.
fn opened<'a>(bundle: &'a Bundle, choice: Option<&str>) -> Option<&'a Entry> {
    if let [only] = bundle.entries.as_slice() {
        return Some(only);
    }
    let choice = choice?;
    bundle
        .entries
        .iter()
        .filter(|entry| choice.starts_with(entry.name.as_str()))
        .max_by_key(|entry| entry.name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_bytes() {
        let bundle = Bundle::from_bytes("a", b"abc".to_vec());
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(fingerprint(&bundle, None).as_deref(), Some(abc));
    }

    #[test]
    fn of_several_files_the_chosen_one_is_hashed() {
        let mut bundle = Bundle::from_bytes("a", b"xyz".to_vec());
        bundle.entries.push(Entry::from_bytes("b", b"abc".to_vec()));
        assert_eq!(fingerprint(&bundle, None), None);
        assert!(fingerprint(&bundle, Some("b")).is_some_and(|hash| hash.starts_with("ba7816bf")));
    }
}
