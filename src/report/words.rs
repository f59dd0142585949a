//! The message catalogue (Fluent): phrases, which are ids with arguments, become sentences here and nowhere else.
//!
//! `locales/<code>/<room>.ftl` holds one room's messages. Beside its plain sentence a message may carry attributes:
//! `.exact` is the clinical wording of the same statement, `.name` its short name for labels and lists.

use crate::recording::{Arg, Note, Phrase};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentMessage, FluentResource, FluentValue};
use std::borrow::Cow;
use unic_langid::LanguageIdentifier;

/// One language of the catalogue.
pub struct Language {
    /// BCP 47 code, which is also the folder under `locales/`.
    pub code: &'static str,
    /// Its own name for itself.
    pub name: &'static str,
    /// The texts of its files, one a room.
    files: &'static [&'static str],
}

/// The files of one language: a room's file is one line here.
macro_rules! language {
    ($code:literal, $name:literal) => {
        Language {
            code: $code,
            name: $name,
            files: &[
                include_str!(concat!("../../locales/", $code, "/formats.ftl")),
                include_str!(concat!("../../locales/", $code, "/simulator.ftl")),
                include_str!(concat!("../../locales/", $code, "/live.ftl")),
                include_str!(concat!("../../locales/", $code, "/report.ftl")),
                include_str!(concat!("../../locales/", $code, "/findings.ftl")),
                include_str!(concat!("../../locales/", $code, "/inference.ftl")),
                #[cfg(any(feature = "terminal", test))]
                include_str!(concat!("../../locales/", $code, "/cli.ftl")),
                include_str!(concat!("../../locales/", $code, "/page.ftl")),
                include_str!(concat!("../../locales/", $code, "/analysis.ftl")),
            ],
        }
    };
}

/// Every language: its folder, and its line here. The first is complete and stands in for what others lack.
pub static LANGUAGES: &[Language] = &[language!("en", "English")];

/// How far an argument that is itself a message is followed.
const NESTING: usize = 2;

/// The catalogue in one language.
pub struct Words {
    code: &'static str,
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    /// The catalogue in English.
    #[must_use]
    pub fn english() -> Self {
        Self::of(&LANGUAGES[0])
    }

    /// The catalogue in the language of that code (`en`; `en-GB` finds `en`), `None` when there is none.
    #[must_use]
    pub fn in_language(code: &str) -> Option<Self> {
        let primary = code.split(['-', '_']).next().unwrap_or(code);
        let exact = LANGUAGES
            .iter()
            .find(|language| language.code.eq_ignore_ascii_case(code));
        exact
            .or_else(|| {
                LANGUAGES
                    .iter()
                    .find(|language| language.code.eq_ignore_ascii_case(primary))
            })
            .map(Self::of)
    }

    fn of(language: &'static Language) -> Self {
        let locale: LanguageIdentifier = language.code.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        // Isolation marks are invisible characters around arguments: they break copying, JSON and PDF text.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _| match value {
            FluentValue::Number(number) => {
                let digits = number.options.minimum_fraction_digits;
                Some(digits.map_or_else(
                    || plain_number(number.value),
                    |digits| fixed_number(number.value, digits),
                ))
            }
            _ => None,
        }));
        // Adding fails only for a name that is taken; the names are these three.
        let _ = bundle.add_function("NUM", num);
        let _ = bundle.add_function("NUMBER", num);
        let _ = bundle.add_function("CLOCK", clock);
        // English first, so that what a translation lacks is still said.
        for text in LANGUAGES[0].files.iter().chain(language.files) {
            let resource = match FluentResource::try_new((*text).to_owned()) {
                Ok(resource) | Err((resource, _)) => resource,
            };
            bundle.add_resource_overriding(resource);
        }
        Self {
            code: language.code,
            bundle,
        }
    }

    /// Code of the language.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Whether the catalogue has a message of that id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.bundle
            .get_message(id)
            .is_some_and(|message| message.value().is_some())
    }

    /// A phrase in words: plain, for everyone. A missing message shows as its id.
    #[must_use]
    pub fn say(&self, phrase: &Phrase) -> String {
        self.format(&phrase.id, None, &phrase.args, NESTING)
            .unwrap_or_else(|| phrase.id.clone())
    }

    /// The exact, clinical wording of the same phrase, where it has one of its own.
    #[must_use]
    pub fn exact(&self, phrase: &Phrase) -> Option<String> {
        self.format(&phrase.id, Some("exact"), &phrase.args, NESTING)
    }

    /// The short name of a phrase for labels and lists, where it has one.
    #[must_use]
    pub fn name(&self, phrase: &Phrase) -> Option<String> {
        self.format(&phrase.id, Some("name"), &phrase.args, NESTING)
    }

    /// A reader's note in words.
    #[must_use]
    pub fn note(&self, note: &Note) -> String {
        self.say(&note.phrase())
    }

    /// A message by id with arguments.
    #[must_use]
    pub fn message(&self, id: &str, args: &[(&str, Arg)]) -> String {
        let args: Vec<(String, Arg)> = args
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        self.format(id, None, &args, NESTING)
            .unwrap_or_else(|| id.to_owned())
    }

    fn format(
        &self,
        id: &str,
        attribute: Option<&str>,
        args: &[(String, Arg)],
        depth: usize,
    ) -> Option<String> {
        let message: FluentMessage<'_> = self.bundle.get_message(id)?;
        let pattern = match attribute {
            Some(name) => message.get_attribute(name)?.value(),
            None => message.value()?,
        };
        let mut values = FluentArgs::new();
        for (name, value) in args {
            match value {
                Arg::Number(number) => values.set(name.clone(), *number),
                Arg::Text(text) => values.set(name.clone(), self.text(text, depth)),
            }
        }
        let mut errors = Vec::new();
        let text = self
            .bundle
            .format_pattern(pattern, Some(&values), &mut errors);
        Some(text.into_owned())
    }

    /// An argument that is itself the id of a message (kebab-case, so with a hyphen) is said in words.
    fn text<'a>(&self, text: &'a str, depth: usize) -> Cow<'a, str> {
        let is_id = depth > 0 && text.contains('-') && self.has(text);
        if !is_id {
            return Cow::Borrowed(text);
        }
        self.format(text, None, &[], depth - 1)
            .map_or(Cow::Borrowed(text), Cow::Owned)
    }
}

/// `NUM($value, digits: 1)`: a number with exactly so many decimals; without `digits`, no needless ones. Fluent's own
/// `NUMBER($value, maximumFractionDigits: 1)` is understood in the same way.
fn num<'a>(positional: &[FluentValue<'a>], named: &FluentArgs<'_>) -> FluentValue<'a> {
    match positional.first() {
        Some(FluentValue::Number(number)) => {
            let mut number = number.clone();
            let digits = named
                .get("digits")
                .or_else(|| named.get("maximumFractionDigits"));
            if let Some(FluentValue::Number(digits)) = digits {
                number.options.minimum_fraction_digits =
                    Some(digits.value.clamp(0.0, 9.0) as usize);
            }
            FluentValue::Number(number)
        }
        Some(other) => other.clone(),
        None => FluentValue::Error,
    }
}

/// `CLOCK($seconds)`: a time on the trace as `0:04`, `12:30` or `1:02:03`; whole seconds, rounded down.
fn clock<'a>(positional: &[FluentValue<'a>], _named: &FluentArgs<'_>) -> FluentValue<'a> {
    match positional.first() {
        Some(FluentValue::Number(number)) => clock_text(number.value).into(),
        Some(other) => other.clone(),
        None => FluentValue::Error,
    }
}

/// Seconds from the start of a recording as a clock shows them: `0:04`, `12:30`, `1:02:03`.
#[must_use]
pub fn clock_text(seconds: f64) -> String {
    // A hair is added so that 4.0 that arithmetic made 3.9999999 is still 0:04.
    let whole = (seconds.max(0.0) + 1e-6).floor() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A number without needless decimals: whole from 100 on, one decimal from 10, else two; never a trailing zero.
#[must_use]
pub fn plain_number(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = fixed_number(value, digits);
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn fixed_number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    // Rounding may leave a minus before nothing.
    let is_zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    match text.strip_prefix('-') {
        Some(rest) if is_zero => rest.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluent_bundle::FluentError;

    fn of_text(text: &str) -> Words {
        let mut words = Words::english();
        let resource = FluentResource::try_new(text.to_owned()).expect("a valid text");
        words.bundle.add_resource_overriding(resource);
        words
    }

    #[test]
    fn numbers_have_no_needless_decimals() {
        for (value, text) in [
            (72.0, "72"),
            (72.56, "72.6"),
            (128.4, "128"),
            (0.93, "0.93"),
            (0.004, "0"),
            (-0.001, "0"),
            (1.5, "1.5"),
            (400_000_000.0, "400000000"),
            (10.04, "10"),
        ] {
            assert_eq!(plain_number(value), text);
        }
    }

    #[test]
    fn clocks_read_like_clocks() {
        for (seconds, text) in [
            (0.0, "0:00"),
            (4.9, "0:04"),
            (3.999_999_9, "0:04"),
            (750.0, "12:30"),
            (3723.0, "1:02:03"),
            (-1.0, "0:00"),
        ] {
            assert_eq!(clock_text(seconds), text);
        }
    }

    #[test]
    fn arguments_functions_and_plurals() {
        let words = of_text(
            "try-a = { $n ->\n    [one] one beat\n   *[other] { $n } beats\n } at { CLOCK($at) }, p { NUM($p, digits: 2) }\n    .exact = exactly { $n }\n",
        );
        let phrase = Phrase::new("try-a")
            .with("n", 3_usize)
            .with("at", 64.0)
            .with("p", 0.9);
        assert_eq!(words.say(&phrase), "3 beats at 1:04, p 0.90");
        assert_eq!(words.exact(&phrase).as_deref(), Some("exactly 3"));
        assert_eq!(words.name(&phrase), None);
        let one = words.message(
            "try-a",
            &[
                ("n", Arg::Number(1.0)),
                ("at", Arg::Number(0.0)),
                ("p", Arg::Number(1.0)),
            ],
        );
        assert_eq!(one, "one beat at 0:00, p 1.00");
    }

    #[test]
    fn a_missing_message_shows_its_id_and_an_id_as_argument_is_said() {
        let words = of_text("try-outer = It holds { $what }.\ntry-inner = a list\n");
        assert_eq!(words.say(&Phrase::new("try-missing")), "try-missing");
        let said = |what: &str| words.say(&Phrase::new("try-outer").with("what", what));
        assert_eq!(said("try-inner"), "It holds a list.");
        assert_eq!(said("a-b.csv"), "It holds a-b.csv.");
    }

    #[test]
    fn languages_are_found_by_code_and_by_its_first_part() {
        assert_eq!(
            Words::in_language("en-GB").map(|words| words.code()),
            Some("en")
        );
        assert!(Words::in_language("xx").is_none());
    }

    /// Every file parses, no id stands twice, and no message refers to what is not there.
    #[test]
    fn the_catalogue_is_sound() {
        for language in LANGUAGES {
            let mut bundle: FluentBundle<FluentResource> =
                FluentBundle::new_concurrent(vec![language.code.parse().unwrap()]);
            bundle.add_function("NUM", num).unwrap();
            bundle.add_function("NUMBER", num).unwrap();
            bundle.add_function("CLOCK", clock).unwrap();
            for text in language.files {
                let resource = FluentResource::try_new((*text).to_owned())
                    .map_err(|(_, errors)| errors)
                    .unwrap();
                let twice = bundle.add_resource(resource).err().unwrap_or_default();
                assert!(twice.is_empty(), "{twice:?}");
            }
            for id in ids_of(language) {
                let message = bundle.get_message(&id).unwrap();
                let mut errors = Vec::new();
                let patterns = message
                    .value()
                    .into_iter()
                    .chain(message.attributes().map(|attribute| attribute.value()));
                for pattern in patterns {
                    bundle.format_pattern(pattern, Some(&FluentArgs::new()), &mut errors);
                }
                // A missing variable is expected here, since none is given.
                errors.retain(|error| !matches!(error, FluentError::ResolverError(inner) if inner.to_string().contains("variable")));
                assert!(errors.is_empty(), "{id}: {errors:?}");
            }
        }
    }

    fn ids_of(language: &Language) -> Vec<String> {
        let starts_id = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
        let lines = language.files.iter().flat_map(|text| text.lines());
        lines
            .filter(starts_id)
            .filter_map(|line| line.split_once(" ="))
            .map(|(id, _)| id.to_owned())
            .collect()
    }

    /// Ids that the sources say, by the calls that take an id as literal.
    fn said_ids(source: &str) -> Vec<String> {
        const CALLS: [(&str, &str); 7] = [
            ("Phrase::new(", ""),
            ("Note::new(", "note-"),
            (".message(", ""),
            ("Measured::withheld(", ""),
            ("method: ", ""),
            ("tr!(", ""),
            ("recognised_by = ", ""),
        ];
        let body = source.split("#[cfg(test)]\nmod ").next().unwrap_or("");
        let mut ids = Vec::new();
        for (call, prefix) in CALLS {
            for (at, _) in body.match_indices(call) {
                let rest = body[at + call.len()..].trim_start();
                let Some(literal) = rest.strip_prefix('"') else {
                    continue;
                };
                let id = literal.split('"').next().unwrap_or("");
                ids.push(format!("{prefix}{id}"));
            }
        }
        ids
    }

    #[test]
    fn ids_are_found_in_sources() {
        let source = "Phrase::new(\n  \"a-b\").with(\"c\", 1); Note::new(\"short-file\"); words.message(\"d-e\", &[]) Phrase::new(id)\n#[cfg(test)]\nmod tests { Phrase::new(\"x-y\") }";
        assert_eq!(said_ids(source), ["a-b", "note-short-file", "d-e"]);
    }

    #[test]
    fn every_id_said_in_the_sources_is_in_the_catalogue() {
        let words = Words::english();
        let mut missing = Vec::new();
        let mut folders = vec![std::path::PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src"
        ))];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs")
                    && !path.ends_with("testing.rs")
                    && !path.ends_with("tests.rs")
                {
                    for id in said_ids(&std::fs::read_to_string(&path).unwrap()) {
                        seen += 1;
                        if !words.has(&id) {
                            missing.push(format!("{id} ({})", path.display()));
                        }
                    }
                }
            }
        }
        assert!(seen > 8, "the scan found only {seen} ids");
        assert!(
            missing.is_empty(),
            "not in locales/en: {}",
            missing.join(", ")
        );
    }
}
