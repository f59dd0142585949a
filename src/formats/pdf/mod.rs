//! ECG reports as PDF whose traces are drawn as paths: read point by point, calibrated by the page's own grid, pulse and
//! words (ISO 32000-1). Reports whose traces are pictures are refused by saying so.
//!
//! A small reader of our own: what is needed of PDF is the object tables, the filters of drawings, and the operators of
//! paths and texts.

mod crypt;
mod document;
mod filter;
mod font;
mod header;
mod object;
mod paint;
mod sheet;
mod trace;

use super::input;
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support, Unknown,
};
use crate::recording::{Note, Phrase, Recording};
use document::Document;
use paint::{Budget, paint};
use sheet::{Measure, lay};
use trace::Drawn;

const ID: &str = "pdf";
/// The signature may stand this far into the file (ISO 32000-1, annex H, note 13).
const SIGNATURE_BYTES: usize = 1024;
/// Part of a page that pictures must fill to be taken for the trace.
const PICTURE_PART: f64 = 0.15;
/// Largest difference between what pulse and words say of the gain.
const TOLERANCE: f64 = 0.03;
/// What printed sheets usually have (AHA/ACC/HRS 2007): only ever proposed.
const USUAL_SPEED: f64 = 25.0;
const USUAL_GAIN: f64 = 10.0;

/// The reader of reports.
pub struct Pdf;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "ECG report with drawn traces (PDF)",
    extensions: &["pdf"],
    signatures: &[],
    recognised_by: "the PDF signature; the traces by long open paths that never run backwards",
    support: Support::Common,
    tested_on: "3 public PDFs: Kardia with 1 and 6 leads (Einthoven's sums in every sample), MUSE (leads drawn twice agree)",
    certainty: Certainty::Equal,
};

impl Format for Pdf {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let start = head
            .bytes
            .get(..head.bytes.len().min(SIGNATURE_BYTES))
            .unwrap_or_default();
        if start.starts_with(b"%PDF-") {
            return Score::CERTAIN;
        }
        // Text that speaks of PDF is no PDF: something binary stands before a signature that is not at the beginning.
        let within = start.windows(5).any(|window| window == b"%PDF-");
        if within && super::text::decode(head.bytes).is_none() {
            return Score::CERTAIN;
        }
        Score::NONE
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let length = entry.source.len();
        context.check_bytes(length)?;
        let document = Document::open(entry.source.read(0, length as usize)?);
        if document.is_locked() {
            return Err(unsupported(
                "encryption with a password (save a copy without one)",
            ));
        }
        let pages = document.pages();
        if pages.is_empty() {
            return Err(ReadError::damaged_at(ID, 0, "the pages of a PDF", "none"));
        }
        let mut budget = Budget::new(context.limits.samples.min(length.saturating_mul(64)));
        let mut drawn = Vec::new();
        let mut pictures = 0.0_f64;
        let mut texts = Vec::new();
        for page in &pages {
            let page = paint(&document, page, &mut budget);
            pictures = pictures.max(page.pictures);
            let mut read = trace::read(&page);
            texts.push(std::mem::take(&mut read.labels));
            if !read.traces.is_empty() {
                drawn.push(read);
            }
        }
        if drawn.is_empty() {
            return Err(if pictures > PICTURE_PART {
                unsupported("traces that are pictures (a scan or a photograph)")
            } else {
                ReadError::NoSignal {
                    format: ID.to_owned(),
                    holds: "holds-no-drawn-trace".to_owned(),
                }
            });
        }
        let header = header::Header::find(&document, &texts);
        read_drawn(drawn, header, entry, context)
    }
}

fn unsupported(feature: &str) -> ReadError {
    ReadError::Unsupported {
        format: ID.to_owned(),
        feature: feature.to_owned(),
    }
}

/// From drawn traces to leads, or to what must be asked.
fn read_drawn(
    drawn: Vec<Drawn>,
    header: header::Header,
    entry: &Entry,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    let points = drawn
        .iter()
        .flat_map(|page| &page.traces)
        .map(|t| t.points.len() as u64);
    context.check_samples(points.sum())?;
    let only = |values: Vec<f64>| {
        let mut values = values;
        values.sort_by(f64::total_cmp);
        values.dedup();
        (values.len() == 1).then(|| values[0])
    };
    let speed = only(drawn.iter().flat_map(|page| page.speeds.clone()).collect());
    let gain = only(drawn.iter().flat_map(|page| page.gains.clone()).collect());
    let pulses = drawn
        .iter()
        .flat_map(|page| &page.traces)
        .all(|trace| trace.pulse.is_some());
    let (measures, known_gain) = measures(&drawn, speed, gain, pulses, context);
    let nameless = drawn
        .iter()
        .flat_map(|page| &page.traces)
        .all(|t| t.lead.is_none());
    let strips: usize = drawn.iter().map(|page| page.traces.len()).sum();
    let one_lead = header
        .lead
        .clone()
        .or_else(|| context.answers.lead.clone())
        .or_else(|| (strips == 1).then(|| "ECG".to_owned()));
    let mut unknowns = Vec::new();
    if speed.is_none() && context.answers.rate_hz.is_none() {
        unknowns.push(Unknown::Rate);
    }
    if !known_gain && context.answers.gain.is_none() {
        unknowns.push(Unknown::Gain);
    }
    if nameless && one_lead.is_none() {
        unknowns.push(Unknown::Lead);
    }
    if !unknowns.is_empty() {
        return Ok(question(&drawn, &measures, unknowns, strips));
    }
    let damaged = || {
        ReadError::damaged_at(
            ID,
            0,
            "traces beside and below each other",
            "places far apart",
        )
    };
    let (sheet, mut rate_hz) = lay(&drawn, &measures, one_lead.as_deref()).ok_or_else(damaged)?;
    let samples: u64 = sheet
        .leads
        .iter()
        .map(|lead| lead.samples.len() as u64)
        .sum();
    context.check_samples(samples)?;
    let mut leads = sheet.leads;
    if speed.is_none()
        && let Some(answer) = context.answers.rate_hz
    {
        rate_hz = answer;
        leads.iter_mut().for_each(|lead| lead.rate_hz = rate_hz);
    }
    if leads.is_empty() {
        return Err(ReadError::NoSignal {
            format: ID.to_owned(),
            holds: "holds-no-drawn-trace".to_owned(),
        });
    }
    let left_out: usize = drawn.iter().map(|page| page.left_out).sum();
    if left_out > 0 {
        context.note(Note::new("pdf-rows-left-out").with("count", left_out));
    }
    if sheet.uneven {
        context.note(Note::new("pdf-uneven").with("rate", rate_hz));
    }
    if sheet.without_zero {
        context.note(Note::new("pdf-zero-by-middle"));
    }
    if sheet.columns {
        context.note(Note::new("pdf-columns-in-time"));
    }
    for (lead, difference) in sheet.differs {
        let difference = (difference * 1000.0).round();
        context.note(
            Note::new("pdf-drawn-twice-differs")
                .with("lead", lead.label())
                .with("difference", difference),
        );
    }
    if drawn.iter().any(|page| page.scale[0].is_none()) {
        context.note(Note::new("pdf-true-size-assumed"));
    }
    let recording = Recording {
        leads,
        start: header.start,
        source: header.source(entry.file_name()),
        annotations: Vec::new(),
        notes: std::mem::take(&mut context.notes),
    };
    Ok(Reading::Recording(Box::new(recording)))
}

/// How each page is measured: time by its grid and the paper speed, voltage by its pulse, else by grid and gain. Also
/// whether the voltage is known: pulse and words must not contradict each other.
fn measures(
    drawn: &[Drawn],
    speed: Option<f64>,
    gain: Option<f64>,
    pulses: bool,
    context: &Context,
) -> (Vec<Measure>, bool) {
    let mut known = true;
    let measures = drawn
        .iter()
        .map(|page| {
            let pulse = page.traces.iter().find_map(|trace| trace.pulse);
            // Where one direction has no grid, the other's scale stands for it; without any, the pulse against the words.
            let by_pulse = pulse.zip(gain).map(|(height, gain)| height / gain);
            let [along, across] = page.scale;
            let along = along.or(across).or(by_pulse).unwrap_or(1.0);
            let across = across.unwrap_or(along);
            let by_words = context.answers.gain.or(gain).map(|gain| gain * across);
            let pulse_says = pulses.then_some(pulse).flatten();
            if let (Some(pulse), Some(words), true) = (
                pulse_says,
                gain.map(|g| g * across),
                page.scale[1].is_some(),
            ) && (pulse / words - 1.0).abs() > TOLERANCE
            {
                known = false;
            }
            known &= pulse_says.is_some() || gain.is_some();
            Measure {
                per_second: speed.unwrap_or(USUAL_SPEED) * along,
                per_millivolt: by_words,
                pulses: pulses && known,
            }
        })
        .collect();
    (measures, known)
}

fn question(
    drawn: &[Drawn],
    measures: &[Measure],
    unknowns: Vec<Unknown>,
    strips: usize,
) -> Reading {
    let mut evidence = Vec::new();
    let mut proposal = Answers::default();
    if unknowns.contains(&Unknown::Rate) {
        proposal.rate_hz = sheet::rate_of(drawn, measures);
        evidence.push(Phrase::new("evidence-pdf-speed").with("speed", USUAL_SPEED));
    }
    if unknowns.contains(&Unknown::Gain) {
        proposal.gain = Some(USUAL_GAIN);
        evidence.push(Phrase::new("evidence-pdf-gain").with("gain", USUAL_GAIN));
    }
    if unknowns.contains(&Unknown::Lead) {
        proposal.lead = Some("I".to_owned());
        evidence.push(Phrase::new("evidence-pdf-lead").with("count", strips));
    }
    let preview = drawn
        .first()
        .and_then(|page| page.traces.first())
        .map_or_else(Vec::new, |trace| {
            let middle = trace.median();
            let points = trace.points.iter().take(input::PREVIEW);
            points.map(|point| (point[1] - middle) as f32).collect()
        });
    Reading::Question(Box::new(Question {
        format: ID.to_owned(),
        unknowns,
        evidence,
        proposal,
        preview,
    }))
}

#[cfg(test)]
mod tests;
