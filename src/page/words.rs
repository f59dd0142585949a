//! The catalogue as the page uses it.

use crate::recording::{Arg, Phrase};
use crate::report::Words;

thread_local! {
    static WORDS: Words = language();
}

/// The browser's language where the catalogue has it, else English.
fn language() -> Words {
    web_sys::window()
        .and_then(|window| window.navigator().language())
        .and_then(|code| Words::in_language(&code))
        .unwrap_or_else(Words::english)
}

/// The words of a message.
pub fn t(id: &str) -> String {
    ta(id, &[])
}

/// The words of a message with arguments.
pub fn ta(id: &str, args: &[(&str, Arg)]) -> String {
    WORDS.with(|words| words.message(id, args))
}

/// What a phrase says.
pub fn say(phrase: &Phrase) -> String {
    WORDS.with(|words| words.say(phrase))
}

/// The exact second line of a phrase, where it has one.
pub fn exact(phrase: &Phrase) -> Option<String> {
    WORDS.with(|words| words.exact(phrase))
}

/// The short name of a phrase, where it has one.
pub fn name(phrase: &Phrase) -> Option<String> {
    WORDS.with(|words| words.name(phrase))
}
