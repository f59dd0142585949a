//! The browser's `File` as a byte source: reads cost what they read.

use crate::formats::{ByteSource, SourceError};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::{File, FileReaderSync};

/// A file that was dropped or picked. Nothing of it is held.
pub struct BrowserFile {
    file: File,
}

impl BrowserFile {
    /// Wraps a file.
    #[must_use]
    pub fn new(file: File) -> Self {
        Self { file }
    }
}

impl ByteSource for BrowserFile {
    fn len(&self) -> u64 {
        self.file.size() as u64
    }

    fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, SourceError> {
        let failed = |error: JsValue| SourceError {
            offset,
            length,
            reason: js_sys::Reflect::get(&error, &"name".into())
                .ok()
                .and_then(|name| name.as_string())
                .unwrap_or_default(),
        };
        let end = (offset + length as u64).min(self.len());
        if offset >= end {
            return Ok(Vec::new());
        }
        let slice = self
            .file
            .slice_with_f64_and_f64(offset as f64, end as f64)
            .map_err(failed)?;
        let buffer = FileReaderSync::new()
            .and_then(|reader| reader.read_as_array_buffer(&slice))
            .map_err(failed)?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }
}
