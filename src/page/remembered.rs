//! What this device was told about files that do not say everything: proposed for the next file of the same kind.
//!
//! Only rate, unit, gain and lead's name are kept, never a recording; and they are proposed, never taken in silence. And
//! what a reader corrected by hand, under a hash of the recording.

use crate::analysis::edits::Edit;
use crate::formats::{Answers, Question};
use gloo::storage::{LocalStorage, Storage};

/// Files of a kind: of one format, and of one name but for what counts them.
fn key(question: &Question, file: &str) -> String {
    let name: String = file.chars().filter(|c| c.is_alphabetic()).collect();
    format!("einthoven-answer {} {name}", question.format)
}

/// Keeps an answer on this device.
pub fn keep(question: &Question, file: &str, answers: &Answers) {
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let kept = [
        number(answers.rate_hz),
        text(&answers.unit),
        number(answers.gain),
        text(&answers.lead),
    ];
    // Storage may be switched off or full: then nothing is kept, and the question is asked as before.
    let _ = LocalStorage::set(key(question, file), kept.join("\n"));
}

/// What was answered before for files of this kind.
pub fn recall(question: &Question, file: &str) -> Option<Answers> {
    let kept: String = LocalStorage::get(key(question, file)).ok()?;
    let mut fields = kept
        .split('\n')
        .map(|text| Some(text).filter(|text| !text.is_empty()));
    let mut next = || fields.next().flatten();
    Some(Answers {
        rate_hz: next().and_then(|text| text.parse().ok()),
        unit: next().map(str::to_owned),
        gain: next().and_then(|text| text.parse().ok()),
        lead: next().map(str::to_owned),
        choice: None,
    })
}

/// Keeps what was corrected by hand; nothing is kept of a recording without corrections.
pub fn keep_edits(key: &str, edits: &[Edit]) {
    if edits.is_empty() {
        LocalStorage::delete(key);
        return;
    }
    let lines: Vec<String> = edits.iter().map(Edit::line).collect();
    let _ = LocalStorage::set(key, lines.join("\n"));
}

/// What was corrected by hand before.
pub fn edits(key: &str) -> Vec<Edit> {
    let kept: String = LocalStorage::get(key).unwrap_or_default();
    kept.lines().filter_map(Edit::from_line).collect()
}
