//! BioSPPy's simple text: four lines that begin with `#`, then one row of numbers a sample.
//!
//! After the library's documentation and a public file. Labels and rate are in the file, the unit is not.

use super::input::{self, Asking, Proposal};
use super::series::Series;
use super::text::{bare, decode, lines, number};
use super::voltage::signal_kind;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score, Support,
};
use crate::recording::{Lead, Note, Phrase, Recording, Scale, SignalKind, Unit};

const ID: &str = "biosppy-text";
const FIRST_LINE: &str = "# Simple Text Format";

/// The reader.
pub struct BioSppy;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "BioSPPy simple text",
    extensions: &["txt"],
    signatures: &[],
    recognised_by: "the first line # Simple Text Format",
    support: Support::Complete,
    tested_on: "1 public file",
    certainty: Certainty::Real,
};

impl Format for BioSppy {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        match decode(head.bytes) {
            Some(text) if text.trim_start_matches('\u{feff}').starts_with(FIRST_LINE) => {
                Score::CERTAIN
            }
            _ => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let header: Vec<(&str, &str)> = lines(&text)
            .take(50)
            .filter_map(|line| {
                line.trim_start_matches(['#', ' ', '\u{feff}'])
                    .split_once(":=")
            })
            .map(|(key, value)| (key.trim(), value.trim()))
            .collect();
        let value = |word: &str| {
            let pair = header.iter().find(|(key, _)| key.starts_with(word));
            pair.map(|(_, value)| *value)
        };
        let labels: Vec<&str> = value("Labels").map_or(Vec::new(), |labels| {
            labels.split(['\t', ',']).map(bare).collect()
        });
        let (series, bad, first_bad) = rows(&text, context)?;
        if !series.iter().any(Series::has_values) {
            return Err(input::no_signal(ID, "holds-no-samples"));
        }
        if bad > 0 {
            context.note(
                Note::new("unreadable-lines")
                    .with("count", bad)
                    .with("line", first_bad),
            );
        }
        let rate = value("Sampling Rate").and_then(|text| number(text, false));
        let mut asking = Asking::default();
        let rate_hz = asking.rate(rate, &context.answers, None, || {
            Some(Phrase::new("evidence-header-without-rate"))
        });
        let label = |at: usize| labels.get(at).copied().filter(|label| !label.is_empty());
        let is_ecg =
            |at: usize| signal_kind(label(at).unwrap_or("ECG"), &Unit::Counts) == SignalKind::Ecg;
        let first = (0..series.len()).find(|at| is_ecg(*at));
        let shown = first.and_then(|at| series.get(at)).or(series.first());
        let span = shown.map_or(0.0, Series::span);
        let (gain, unit) = match first {
            // A resolution says that the numbers are counts of a converter, not how large a count is.
            Some(_) if value("Resolution").is_some() => {
                asking.scale(None, &context.answers, Proposal::Gain(None), || {
                    Some(Phrase::new("evidence-counts").with("span", span))
                })
            }
            Some(_) => asking.scale(None, &context.answers, Proposal::Unit(None), || {
                Some(Phrase::new("evidence-span-unusual").with("span", span))
            }),
            None => (1.0, Unit::Counts),
        };
        let preview = || shown.map_or(Vec::new(), |series| series.head(input::PREVIEW));
        if let Some(question) = asking.question(ID, preview) {
            return Ok(question);
        }
        let leads: Vec<Lead> = series
            .into_iter()
            .enumerate()
            .map(|(at, series)| {
                let name = match label(at) {
                    Some(label) => label.to_owned(),
                    None if at == 0 => "ECG".to_owned(),
                    None => format!("column {}", at + 1),
                };
                let gain = if is_ecg(at) { gain } else { 1.0 };
                let mut lead = series.lead(
                    &name,
                    rate_hz,
                    Scale {
                        gain,
                        baseline: 0.0,
                    },
                );
                if is_ecg(at) {
                    lead.unit = unit.clone();
                } else {
                    lead.kind = SignalKind::Other(name);
                    lead.unit = Unit::Counts;
                }
                lead
            })
            .collect();
        let mut source = input::source(ID, "recognised-signature", entry);
        source
            .remarks
            .extend(value("Resolution").map(|bits| format!("resolution: {bits} bits")));
        let recording = Recording {
            leads,
            source,
            ..Recording::default()
        };
        Ok(input::recording(recording, context))
    }
}

/// The columns, and how many lines were no rows, with the first of them.
fn rows(text: &str, context: &Context) -> Result<(Vec<Series>, usize, usize), ReadError> {
    let mut series: Vec<Series> = Vec::new();
    let (mut bad, mut first_bad) = (0, 0);
    for (at, line) in lines(text).enumerate() {
        if line.starts_with(['#', '\u{feff}']) || line.trim().is_empty() {
            continue;
        }
        let fields: Vec<&str> = line
            .split(['\t', ' ', ','])
            .filter(|f| !f.is_empty())
            .collect();
        if series.is_empty() {
            if fields.len() > context.limits.signals {
                return Err(ReadError::TooLarge {
                    what: "signals",
                    found: fields.len() as u64,
                    limit: context.limits.signals as u64,
                });
            }
            series.resize(fields.len(), Series::default());
        }
        let mut known = true;
        for (place, series) in series.iter_mut().enumerate() {
            let value = fields.get(place).and_then(|field| number(field, false));
            known &= value.is_some();
            series.push(value);
        }
        if !known {
            bad += 1;
            first_bad = if bad == 1 { at + 1 } else { first_bad };
        }
        let rows = series.first().map_or(0, Series::len) as u64;
        context.check_samples(rows.saturating_mul(series.len() as u64))?;
    }
    Ok((series, bad, first_bad))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{open_text, sample_reading};
    use super::super::{Answers, Unknown};
    use super::*;

    #[test]
    fn the_sample_asks_for_its_gain_alone() {
        let file = "biosppy/biosppy_ecg.txt";
        let Some(reading) = sample_reading(file, Answers::default()) else {
            return;
        };
        let Ok(Reading::Question(question)) = reading else {
            panic!("{reading:?}")
        };
        assert_eq!(question.unknowns, [Unknown::Gain]);
        let answers = Answers {
            unit: Some("counts".to_owned()),
            ..Answers::default()
        };
        let Some(Ok(Reading::Recording(read))) = sample_reading(file, answers) else {
            panic!()
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (1000.0, 15_000));
        let stored = (0..15_000).filter_map(|at| lead.samples.stored(at));
        let (low, high) = stored.fold((9e9_f64, 0.0_f64), |a, b| (a.0.min(b), a.1.max(b)));
        assert_eq!((low, high), (1987.0, 2506.0));
        assert_eq!(lead.unit, Unit::Counts);
    }

    #[test]
    fn columns_have_their_labels() {
        let text = "# Simple Text Format\n# Sampling Rate (Hz):= 500.00\n# Resolution:= 12\n# Labels:= ECG\tRESP\n1.0\t2\n3\tx\n";
        let answers = Answers {
            gain: Some(200.0),
            ..Answers::default()
        };
        let Ok(Reading::Recording(read)) = open_text("x", text, answers) else {
            panic!()
        };
        assert_eq!(read.leads[0].samples.value(1), Some(0.015));
        assert!(matches!(read.leads[1].kind, SignalKind::Other(_)));
        assert_eq!(read.notes[0].code, "unreadable-lines");
    }
}
