//! Files, folders and standard input as bundles.

use crate::formats::{Bundle, ByteSource, Entry, ReadError, SourceError};
use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Folders within folders that are looked into.
const DEPTH: usize = 8;
/// Most files of a folder that are looked at.
const MOST_FILES: usize = 100_000;
/// Most bytes taken from standard input.
const STANDARD_INPUT_BYTES: u64 = 1 << 30;

/// A file, opened when it is first read.
struct FileSource {
    path: PathBuf,
    len: u64,
    file: RefCell<Option<File>>,
}

impl FileSource {
    fn read_some(&self, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
        let available = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = length.min(available);
        let mut file = self.file.borrow_mut();
        let open = match file.as_mut() {
            Some(open) => open,
            None => file.insert(File::open(&self.path)?),
        };
        open.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::with_capacity(length);
        open.take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl ByteSource for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, SourceError> {
        self.read_some(offset, length).map_err(|error| SourceError {
            offset,
            length,
            reason: error.to_string(),
        })
    }
}

/// What a path of the command line stands for.
pub struct Given {
    /// The path as it was typed.
    pub name: String,
    /// Its entries.
    pub bundle: Bundle,
    /// The entry that was named itself, `None` for a folder.
    pub named: Option<String>,
}

/// The bundle of a path: `-` is standard input; a folder is all its files; a file comes with those beside it that
/// share its stem, so that readers find companions.
///
/// # Errors
/// [`ReadError::Medium`] when there is no such path, or it cannot be read.
pub fn given(path: &Path) -> Result<Given, ReadError> {
    let name = path.to_string_lossy().into_owned();
    if name == "-" {
        return standard_input();
    }
    let metadata = std::fs::metadata(path).map_err(medium)?;
    let mut bundle = Bundle::default();
    if metadata.is_dir() {
        add_folder(path, "", 0, &mut bundle)?;
        return Ok(Given {
            name,
            bundle,
            named: None,
        });
    }
    let file_name = file_name(path);
    bundle
        .entries
        .push(entry(path, file_name.clone(), metadata.len()));
    for sibling in siblings(path) {
        if let Ok(metadata) = std::fs::metadata(&sibling) {
            let name = self::file_name(&sibling);
            bundle.entries.push(entry(&sibling, name, metadata.len()));
        }
    }
    Ok(Given {
        name,
        bundle,
        named: Some(file_name),
    })
}

/// Adds a file that lies in the same folder as `path`; false when there is none.
pub fn add_companion(given: &mut Given, path: &Path, file_name: &str) -> bool {
    // A companion's name comes from the file: it may not lead out of the folder.
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let known = given.bundle.entries.iter().any(|entry| entry.name == base);
    if known || base.is_empty() || base == ".." {
        return false;
    }
    let companion = path.with_file_name(base);
    match std::fs::metadata(&companion) {
        Ok(metadata) if metadata.is_file() => {
            let companion = entry(&companion, base.to_owned(), metadata.len());
            given.bundle.entries.push(companion);
            true
        }
        _ => false,
    }
}

fn standard_input() -> Result<Given, ReadError> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(STANDARD_INPUT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(medium)?;
    if bytes.len() as u64 > STANDARD_INPUT_BYTES {
        return Err(ReadError::TooLarge {
            what: "bytes",
            found: bytes.len() as u64,
            limit: STANDARD_INPUT_BYTES,
        });
    }
    Ok(Given {
        name: "-".to_owned(),
        bundle: Bundle::from_bytes("-", bytes),
        named: Some("-".to_owned()),
    })
}

fn add_folder(
    folder: &Path,
    prefix: &str,
    depth: usize,
    bundle: &mut Bundle,
) -> Result<(), ReadError> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(medium)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    paths.sort();
    for path in paths {
        let name = file_name(&path);
        if name.starts_with('.') || bundle.entries.len() >= MOST_FILES {
            continue;
        }
        let Ok(metadata) = std::fs::metadata(&path) else {
            continue;
        };
        if metadata.is_dir() && depth < DEPTH {
            // A folder inside that may not be read is left out; the one that was named is an error.
            let _ = add_folder(&path, &format!("{prefix}{name}/"), depth + 1, bundle);
        } else if metadata.is_file() {
            bundle
                .entries
                .push(entry(&path, format!("{prefix}{name}"), metadata.len()));
        }
    }
    Ok(())
}

/// Files beside `path` with the same stem.
fn siblings(path: &Path) -> Vec<PathBuf> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Ok(listing) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = listing
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|other| other.file_name() != path.file_name())
        .filter(|other| other.file_stem() == path.file_stem() && other.is_file())
        .collect();
    found.sort();
    found
}

fn entry(path: &Path, name: String, len: u64) -> Entry {
    Entry {
        name,
        source: Rc::new(FileSource {
            path: path.to_owned(),
            len,
            file: RefCell::new(None),
        }),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn medium(error: std::io::Error) -> ReadError {
    ReadError::Medium {
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own that goes away with the value.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("einthoven-{}-{name}", std::process::id()));
            std::fs::create_dir_all(path.join("inner")).unwrap();
            Self(path)
        }
        fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
            let path = self.0.join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_brings_its_stem_and_a_folder_all_its_files() {
        let folder = Folder::new("bundle");
        let path = folder.write("a.hea", b"0123456789");
        folder.write("a.dat", b"x");
        folder.write("b.dat", b"y");
        folder.write("inner/c.csv", b"z");
        folder.write(".hidden", b"h");
        let mut given = given(&path).unwrap();
        let names = |given: &Given| -> Vec<String> {
            given
                .bundle
                .entries
                .iter()
                .map(|entry| entry.name.clone())
                .collect()
        };
        assert_eq!(names(&given), ["a.hea", "a.dat"]);
        assert_eq!(given.bundle.entries[0].source.read(7, 99).unwrap(), b"789");
        assert!(
            given.bundle.entries[0]
                .source
                .read(99, 5)
                .unwrap()
                .is_empty()
        );
        assert!(add_companion(&mut given, &path, "b.dat"));
        assert!(!add_companion(&mut given, &path, "b.dat"));
        assert!(!add_companion(&mut given, &path, "../../etc/passwd"));
        let whole = super::given(&folder.0).unwrap();
        assert_eq!(names(&whole), ["a.dat", "a.hea", "b.dat", "inner/c.csv"]);
    }

    #[test]
    fn no_such_path_is_an_error() {
        assert!(matches!(
            given(Path::new("/no/such/file")),
            Err(ReadError::Medium { .. })
        ));
    }
}
