//! The two XML files of an Apple Health export, recognised for what they are: gigabytes of records without a trace.
//! The ECGs are files of their own beside them.
//!
//! Nothing of them is parsed: their document type is known to be broken, and control bytes stand in them.

use super::input::no_signal;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score, Support,
};

const ID: &str = "apple-xml";
/// Where the root must begin; the document type in front of it has 10 kB.
const ROOT_WITHIN: usize = 32 * 1024;

/// The reader that tells what they are.
pub struct AppleXml;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Apple Health records (XML; recognised, holds no trace)",
    extensions: &["xml"],
    signatures: &[],
    recognised_by: "XML with the root or document type HealthData, or a clinical document",
    support: Support::Common,
    tested_on: "a built export.xml with the known faults",
    certainty: Certainty::Built,
};

impl Format for AppleXml {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let bytes = head.bytes.trim_ascii_start();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let start = bytes
            .get(..bytes.len().min(ROOT_WITHIN))
            .unwrap_or_default();
        let holds = |word: &[u8]| start.windows(word.len()).any(|window| window == word);
        let known = start.starts_with(b"<")
            && (holds(b"<!DOCTYPE HealthData")
                || holds(b"<HealthData")
                || holds(b"<ClinicalDocument"));
        if known { Score(200) } else { Score::NONE }
    }

    fn holds_signal(&self) -> bool {
        false
    }

    fn read(&self, _: &Bundle, _: &Entry, _: &mut Context) -> Result<Reading, ReadError> {
        Err(no_signal(ID, "holds-health-records"))
    }
}
