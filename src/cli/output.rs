//! Standard output and error: quiet on a broken pipe, progress only on a terminal.

use crate::formats::{Question, ReadError, Unknown};
use crate::recording::{Arg, Phrase};
use crate::report::{Words, plain_number};
use serde::Serialize;
use std::io::{ErrorKind, IsTerminal, Write};

/// Why a command stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nobody reads what is written.
    BrokenPipe,
    /// Output cannot be written; it has been said.
    Failed,
    /// The command cannot be understood; it has been said.
    Usage,
}

/// Something that was written, to be written again in its turn.
enum Piece {
    Bytes(Vec<u8>),
    Page(String),
    ErrorLine(String),
}

/// What was written while others were at work.
#[derive(Default)]
pub struct Kept(Vec<Piece>);

/// Where a command writes.
pub struct Output {
    /// The catalogue in the language asked for.
    pub words: Words,
    /// Holds what is written back instead of writing it.
    kept: Option<Kept>,
    progress: bool,
    progress_shown: bool,
    /// A page of text was written: an empty line stands before the next.
    paged: bool,
}

impl Output {
    /// Output in a language; progress on a terminal unless `quiet`.
    #[must_use]
    pub fn new(words: Words, quiet: bool) -> Self {
        Self {
            words,
            kept: None,
            progress: !quiet && std::io::stderr().is_terminal(),
            progress_shown: false,
            paged: false,
        }
    }

    /// Output in the same language that keeps what is written until [`Output::write_kept`].
    #[must_use]
    pub fn keeping(code: &str) -> Self {
        Self {
            kept: Some(Kept::default()),
            ..Self::new(
                Words::in_language(code).unwrap_or_else(Words::english),
                true,
            )
        }
    }

    /// What was kept since the last time.
    pub fn take_kept(&mut self) -> Kept {
        self.kept.replace(Kept::default()).unwrap_or_default()
    }

    /// Writes what another output has kept.
    ///
    /// # Errors
    /// As [`Output::put`].
    pub fn write_kept(&mut self, kept: Kept) -> Result<(), Stop> {
        for piece in kept.0 {
            match piece {
                Piece::Bytes(bytes) => self.put_bytes(&bytes)?,
                Piece::Page(text) => self.page(&text)?,
                Piece::ErrorLine(line) => self.error_line(&line),
            }
        }
        Ok(())
    }

    /// Writes to standard output as it stands.
    ///
    /// # Errors
    /// [`Stop`] when nobody reads it, or it cannot be written.
    pub fn put(&mut self, text: &str) -> Result<(), Stop> {
        self.put_bytes(text.as_bytes())
    }

    /// Writes a page of text, an empty line after the one before.
    ///
    /// # Errors
    /// As [`Output::put`].
    pub fn page(&mut self, text: &str) -> Result<(), Stop> {
        if let Some(kept) = &mut self.kept {
            kept.0.push(Piece::Page(text.to_owned()));
            return Ok(());
        }
        let separator = if std::mem::replace(&mut self.paged, true) {
            "\n"
        } else {
            ""
        };
        self.put(&format!("{separator}{text}"))
    }

    /// Writes bytes to standard output.
    ///
    /// # Errors
    /// [`Stop`] when nobody reads them, or they cannot be written.
    pub fn put_bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        if let Some(kept) = &mut self.kept {
            kept.0.push(Piece::Bytes(bytes.to_owned()));
            return Ok(());
        }
        self.clear_progress();
        let mut out = std::io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Stop::BrokenPipe),
            Err(error) => {
                drop(out);
                self.complain(
                    "-",
                    &Phrase::new("cli-not-written").with("reason", error.to_string()),
                );
                Err(Stop::Failed)
            }
        }
    }

    /// Writes a value as one line of JSON.
    ///
    /// # Errors
    /// As [`Output::put`].
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Stop> {
        match serde_json::to_string(value) {
            Ok(line) => self.put(&format!("{line}\n")),
            Err(error) => {
                self.complain(
                    "-",
                    &Phrase::new("cli-not-written").with("reason", error.to_string()),
                );
                Err(Stop::Failed)
            }
        }
    }

    /// One line on standard error about a file.
    pub fn complain(&mut self, file: &str, phrase: &Phrase) {
        let said = self.words.say(phrase);
        self.error_line(&format!("{file}: {said}"));
    }

    /// Why a file was not read, in one line: file, format, place, what was expected, and what to do.
    pub fn read_error(&mut self, file: &str, error: &ReadError) {
        let mut phrase = error.phrase();
        let short = format!("cli-{}", phrase.id);
        if self.words.has(&short) {
            phrase.id = short;
        }
        self.complain(file, &phrase);
    }

    /// Wrong usage that the parser could not see.
    pub fn usage(&mut self, phrase: &Phrase) -> Stop {
        let said = self.words.say(phrase);
        self.error_line(&said);
        Stop::Usage
    }

    /// A question with its evidence and its proposal, ready to be typed.
    pub fn question(&mut self, file: &str, question: &Question) {
        for unknown in &question.unknowns {
            let proposal = &question.proposal;
            let (id, proposed) = match unknown {
                Unknown::Rate => ("cli-question-rate", proposal.rate_hz.map(plain_number)),
                Unknown::Unit => ("cli-question-unit", proposal.unit.clone()),
                Unknown::Gain => ("cli-question-gain", proposal.gain.map(plain_number)),
                Unknown::Lead => ("cli-question-lead", proposal.lead.clone()),
            };
            let asked = self.words.message(id, &[]);
            let line = match proposed {
                Some(value) => self.words.message(
                    "cli-question-proposed",
                    &[("question", Arg::Text(asked)), ("value", Arg::Text(value))],
                ),
                None => asked,
            };
            self.error_line(&format!("{file}: {line}"));
        }
        for evidence in &question.evidence {
            let said = self.words.say(evidence);
            self.error_line(&format!("  {said}"));
        }
    }

    /// What is being done, on a terminal only.
    pub fn progress(&mut self, phrase: &Phrase) {
        if !self.progress {
            return;
        }
        let said = self.words.say(phrase);
        let mut error = std::io::stderr().lock();
        // Progress that cannot be shown is no reason to stop.
        let _ = write!(error, "\r\x1b[K{said}").and_then(|()| error.flush());
        self.progress_shown = true;
    }

    /// Leaves the terminal clean.
    pub fn finish(&mut self) {
        self.clear_progress();
    }

    fn clear_progress(&mut self) {
        if !self.progress_shown {
            return;
        }
        let mut error = std::io::stderr().lock();
        let _ = write!(error, "\r\x1b[K").and_then(|()| error.flush());
        self.progress_shown = false;
    }

    fn error_line(&mut self, line: &str) {
        if let Some(kept) = &mut self.kept {
            kept.0.push(Piece::ErrorLine(line.to_owned()));
            return;
        }
        self.clear_progress();
        // Control characters from a file's name or content do not reach the terminal.
        let clean: String = line
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let _ = writeln!(std::io::stderr().lock(), "{clean}");
    }
}
