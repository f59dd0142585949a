//! From the paths of the command line to recordings, one after the other.

use super::arguments::{Common, Open};
use super::crop::crop;
use super::native::{Given, add_companion, given};
use super::output::{Kept, Output, Stop};
use super::{Exit, Tally};
use crate::engine::fingerprint;
use crate::formats::{Answers, Context, ReadError, Reading, open, sniff};
use crate::recording::{LeadName, Phrase, Recording};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Files that a header may name beyond its own stem.
const MOST_COMPANIONS: usize = 4096;
/// Choices within choices.
const CHOICE_DEPTH: usize = 3;

/// A recording that is open.
pub struct Opened {
    /// Name for people: the path, and what was chosen within it.
    pub file: String,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: Option<String>,
    /// The recording, cut to `--from` and `--to`.
    pub recording: Recording,
}

/// Which part of each recording is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Cut<'a> {
    /// The part between `--from` and `--to`.
    Asked(&'a Common),
    /// All of it.
    Nothing,
}

/// Work done on each recording; `Ok(false)` counts it as failed.
pub type Work<'a> = dyn FnMut(Opened, &mut Output) -> Result<bool, Stop> + 'a;

/// Opens what each path holds and does the work on every recording; failures are said and counted, none stops the rest.
/// How it went is the exit status.
///
/// # Errors
/// [`Stop`] from writing.
pub fn each_recording(
    paths: &[PathBuf],
    answers: &Open,
    cut: Cut<'_>,
    output: &mut Output,
    work: &mut Work<'_>,
) -> Result<Exit, Stop> {
    let mut tally = Tally::default();
    for (index, path) in paths.iter().enumerate() {
        say_progress(index, paths, output);
        each_of(path, answers, cut, output, work, &mut tally)?;
    }
    Ok(tally.exit())
}

/// The same, `threads` paths at a time, each thread with work of its own; what is written keeps the order of the paths.
///
/// # Errors
/// [`Stop`] from writing.
pub fn each_recording_at_once<'a>(
    paths: &[PathBuf],
    answers: &Open,
    common: &Common,
    output: &mut Output,
    make_work: &(dyn Fn() -> Box<Work<'a>> + Sync),
) -> Result<Exit, Stop> {
    let next = AtomicUsize::new(0);
    let (give, given) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..common.threads.get().min(paths.len()) {
            let (give, next) = (give.clone(), &next);
            scope.spawn(move || {
                let mut work = make_work();
                let mut kept = Output::keeping(&common.lang);
                while let Some((index, path)) = next_of(paths, next) {
                    let mut tally = Tally::default();
                    let cut = Cut::Asked(common);
                    let ended = each_of(path, answers, cut, &mut kept, &mut *work, &mut tally);
                    if give.send((index, kept.take_kept(), tally, ended)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(give);
        let ended = in_order(given, paths, output);
        // Nobody reads any more: the threads end after the file they are at.
        next.store(paths.len(), Ordering::Relaxed);
        ended.map(Tally::exit)
    })
}

fn next_of<'a>(paths: &'a [PathBuf], next: &AtomicUsize) -> Option<(usize, &'a Path)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((index, paths.get(index)?))
}

/// Place of a path, what was written of it, how it went.
type Ready = (usize, Kept, Tally, Result<(), Stop>);

/// Writes what comes in whatever order in the order of the paths.
fn in_order(
    given: std::sync::mpsc::Receiver<Ready>,
    paths: &[PathBuf],
    output: &mut Output,
) -> Result<Tally, Stop> {
    let mut tally = Tally::default();
    let mut waiting = BTreeMap::new();
    let mut at = 0;
    for (index, kept, of, ended) in given {
        waiting.insert(index, (kept, of, ended));
        while let Some((kept, of, ended)) = waiting.remove(&at) {
            say_progress(at, paths, output);
            output.write_kept(kept)?;
            ended?;
            tally.add(of);
            at += 1;
        }
    }
    Ok(tally)
}

fn say_progress(index: usize, paths: &[PathBuf], output: &mut Output) {
    let Some(path) = paths.get(index) else {
        return;
    };
    output.progress(
        &Phrase::new("cli-progress")
            .with("name", path.to_string_lossy().into_owned())
            .with("at", index + 1)
            .with("of", paths.len()),
    );
}

/// Opens what one path holds and does the work on every recording in it.
fn each_of(
    path: &Path,
    answers: &Open,
    cut: Cut<'_>,
    output: &mut Output,
    work: &mut Work<'_>,
    tally: &mut Tally,
) -> Result<(), Stop> {
    match given(path) {
        Ok(mut given) => {
            narrow(&mut given);
            let mut walk = Walk {
                path,
                cut,
                output,
                work,
                tally,
            };
            walk.open(&mut given, &answers.answers(), 0)
        }
        Err(error) => {
            output.read_error(&path.to_string_lossy(), &error);
            tally.failed += 1;
            Ok(())
        }
    }
}

/// Leaves a file alone when no format claims it, so that the one beside it is not read in its stead.
fn narrow(given: &mut Given) {
    let claimed = given
        .bundle
        .entries
        .first()
        .is_some_and(|entry| matches!(sniff(entry), Ok(Some(_))));
    if given.named.is_some() && !claimed {
        given.bundle.entries.truncate(1);
    }
}

struct Walk<'a, 'b> {
    path: &'a Path,
    cut: Cut<'a>,
    output: &'a mut Output,
    work: &'a mut Work<'b>,
    tally: &'a mut Tally,
}

impl Walk<'_, '_> {
    fn open(&mut self, given: &mut Given, answers: &Answers, depth: usize) -> Result<(), Stop> {
        let file = match (&answers.choice, &given.named) {
            (Some(choice), Some(named)) if choice != named => format!("{}#{choice}", given.name),
            (Some(choice), None) => format!("{}/{choice}", given.name.trim_end_matches('/')),
            _ => given.name.clone(),
        };
        match read(given, self.path, answers) {
            Ok(Reading::Recording(recording)) => self.recording(given, file, answers, *recording),
            Ok(Reading::Question(question)) => {
                self.output.question(&file, &question);
                self.tally.questions += 1;
                Ok(())
            }
            Ok(Reading::Choice(offers)) => {
                let chosen = |id: &str| Answers {
                    choice: Some(id.to_owned()),
                    ..answers.clone()
                };
                let named = given
                    .named
                    .clone()
                    .filter(|name| offers.iter().any(|offer| offer.id == *name));
                if depth == CHOICE_DEPTH || (answers.choice.is_some() && depth == 0) {
                    let ids: Vec<&str> = offers.iter().map(|offer| offer.id.as_str()).collect();
                    let phrase = Phrase::new("cli-choose").with("ids", ids.join(", "));
                    self.output.complain(&file, &phrase);
                    self.tally.failed += 1;
                    return Ok(());
                }
                if let Some(name) = named {
                    return self.open(given, &chosen(&name), depth + 1);
                }
                for offer in &offers {
                    self.open(given, &chosen(&offer.id), depth + 1)?;
                }
                Ok(())
            }
            Err(error) => {
                self.output.read_error(&file, &error);
                self.tally.failed += 1;
                Ok(())
            }
        }
    }

    fn recording(
        &mut self,
        given: &Given,
        file: String,
        answers: &Answers,
        recording: Recording,
    ) -> Result<(), Stop> {
        let (from, to) = match self.cut {
            Cut::Asked(common) => (common.from, common.to_s()),
            Cut::Nothing => (None, None),
        };
        let recording = match crop(recording, from, to) {
            Ok(recording) => recording,
            Err(phrase) => {
                self.output.complain(&file, &phrase);
                self.tally.failed += 1;
                return Ok(());
            }
        };
        let opened = Opened {
            sha256: hash(given, answers),
            file,
            recording,
        };
        if (self.work)(opened, self.output)? {
            self.tally.done += 1;
        } else {
            self.tally.failed += 1;
        }
        Ok(())
    }
}

/// Reads with the companions that the file asks for.
fn read(given: &mut Given, path: &Path, answers: &Answers) -> Result<Reading, ReadError> {
    for _ in 0..MOST_COMPANIONS {
        let mut context = Context::with_answers(answers.clone());
        match open(&given.bundle, &mut context) {
            Err(ReadError::NeedsFile { name, format }) if given.named.is_some() => {
                if !add_companion(given, path, &name) {
                    return Err(ReadError::NeedsFile { format, name });
                }
            }
            other => return other,
        }
    }
    open(&given.bundle, &mut Context::with_answers(answers.clone()))
}

/// Hash of the file named, or of the entry chosen.
fn hash(given: &Given, answers: &Answers) -> Option<String> {
    let choice = given.named.as_deref().or(answers.choice.as_deref());
    fingerprint(&given.bundle, choice)
}

/// Bytes as lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The leads asked for by name or place (`#1`), `[None]` when none was asked for: the analysis then chooses.
///
/// # Errors
/// A phrase that names the leads there are.
pub fn leads(recording: &Recording, asked: &[String]) -> Result<Vec<Option<usize>>, Phrase> {
    if asked.is_empty() {
        return Ok(vec![None]);
    }
    asked
        .iter()
        .map(|name| lead(recording, name).map(Some))
        .collect()
}

fn lead(recording: &Recording, asked: &str) -> Result<usize, Phrase> {
    let asked = asked.trim();
    let by_place = asked
        .strip_prefix('#')
        .and_then(|place| place.parse::<usize>().ok())
        .and_then(|place| place.checked_sub(1))
        .filter(|&index| index < recording.leads.len());
    let by_name = || {
        recording
            .leads
            .iter()
            .position(|lead| lead.name.eq_ignore_ascii_case(asked))
    };
    let by_standard = || {
        let standard = LeadName::recognise(asked)?;
        recording
            .leads
            .iter()
            .position(|lead| lead.standard == Some(standard))
    };
    by_place
        .or_else(by_name)
        .or_else(by_standard)
        .ok_or_else(|| {
            let names: Vec<&str> = recording
                .leads
                .iter()
                .map(|lead| lead.name.as_str())
                .collect();
            Phrase::new("cli-no-lead")
                .with("name", asked)
                .with("names", names.join(", "))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Lead, Samples};

    #[test]
    fn leads_are_found_by_place_name_and_standard() {
        let lead = |name: &str| Lead::ecg(name, 250.0, Samples::from_values(vec![0.0]));
        let recording = Recording {
            leads: vec![lead("MLII"), lead("V5")],
            ..Recording::default()
        };
        let found = |asked: &str| leads(&recording, &[asked.to_owned()]).ok();
        assert_eq!(leads(&recording, &[]), Ok(vec![None]));
        assert_eq!(found("#2"), Some(vec![Some(1)]));
        assert_eq!(found("v5"), Some(vec![Some(1)]));
        assert_eq!(found("II"), Some(vec![Some(0)]));
        for wrong in ["#0", "#3", "V1", ""] {
            assert_eq!(found(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn digits_are_lower_case() {
        assert_eq!(hexadecimal(&[0, 255, 16]), "00ff10");
    }
}
