//! From what was dropped to a recording: recognition by content, then the format's reader.

use super::{Bundle, Context, Entry, FORMATS, Format, Head, ReadError, Reading, Score};

/// Bytes that are looked at to recognise a format.
const HEAD_BYTES: usize = 64 * 1024;
/// Bytes at the end that are looked at.
const TAIL_BYTES: usize = 64;

/// The format that claims `entry` with the highest score, with that score.
///
/// # Errors
/// [`ReadError::Empty`], [`ReadError::Medium`].
pub fn sniff(entry: &Entry) -> Result<Option<(&'static dyn Format, Score)>, ReadError> {
    let len = entry.source.len();
    if len == 0 {
        return Err(ReadError::Empty);
    }
    let bytes = entry.source.read(0, HEAD_BYTES)?;
    let tail = entry
        .source
        .read(len.saturating_sub(TAIL_BYTES as u64), TAIL_BYTES)?;
    let head = Head {
        name: entry.file_name(),
        bytes: &bytes,
        tail: &tail,
        len,
    };
    let mut best: Option<(&'static dyn Format, Score, bool)> = None;
    for &format in FORMATS {
        let info = format.info();
        let signed = info.signatures.iter().any(|signature| {
            bytes
                .get(signature.offset..)
                .is_some_and(|rest| rest.starts_with(signature.bytes))
        });
        let score = if signed {
            Score::CERTAIN.max(format.score(&head))
        } else {
            format.score(&head)
        };
        if score == Score::NONE {
            continue;
        }
        let named = info
            .extensions
            .iter()
            .any(|extension| head.has_extension(extension));
        let better = best.as_ref().is_none_or(|(_, top, top_named)| {
            score > *top || (score == *top && named && !top_named)
        });
        if better {
            best = Some((format, score, named));
        }
    }
    Ok(best.map(|(format, score, _)| (format, score)))
}

/// Opens what was dropped.
///
/// One recording comes back as such; several as a choice, which `context.answers.choice` settles.
///
/// # Errors
/// [`ReadError`] of the only entry, or of the one chosen.
pub fn open(bundle: &Bundle, context: &mut Context) -> Result<Reading, ReadError> {
    let _ = (bundle, context);
    Err(ReadError::NotThisFormat)
}
