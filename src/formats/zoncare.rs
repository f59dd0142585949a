//! Zoncare XML (`zqecg`): base64 of thirteen interleaved 16-bit channels, the last of them empty.

use super::base64;
use super::input;
use super::parts::{self, Part};
use super::text::number;
use super::xml::{self, Document};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading,
    Score, Support,
};
use crate::recording::{Lead, LeadName, Note, Phrase, Samples, Scale, Source};

const ID: &str = "zoncare";
/// Counts a millivolt by the one reader that is known. The file does not say, so that it is only proposed.
const USUAL_GAIN: f64 = 1000.0;
/// Channels beside the named leads.
const EMPTY_CHANNELS: usize = 1;

/// The reader.
pub struct Zoncare;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Zoncare (XML)",
    extensions: &["xml"],
    signatures: &[],
    recognised_by: "an element zqecg near the beginning",
    support: Support::Common,
    tested_on: "files built from the only public description",
    certainty: Certainty::Built,
};

impl Format for Zoncare {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        match xml::root_of(head.bytes) {
            Some(root) if root.name.eq_ignore_ascii_case("zqecg") => Score::CERTAIN,
            Some(root) if root.text.to_ascii_lowercase().contains("zqecg") => Score::LIKELY,
            _ => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = xml::read(ID, entry, context)?;
        let document = Document::open(ID, &text, entry, context)?;
        let root = document.root();
        let setting = |name: &str| {
            let element = root.find(name)?;
            number(element.text().trim(), true).filter(|value| *value > 0.0)
        };
        let leads = setting("lead").unwrap_or(12.0);
        if leads != 12.0 {
            // The order of any other number of leads is not known.
            return Err(ReadError::Unsupported {
                format: ID.to_owned(),
                feature: format!("{leads} leads"),
            });
        }
        let data = root
            .within()
            .filter(|element| element.name() == "data")
            .map(|element| element.text())
            .max_by_key(|text| text.len())
            .unwrap_or_default();
        let (bytes, strange) = base64::decode(&data);
        if strange > 0 {
            context.note(Note::new("checksum").with("signal", "data"));
        }
        let (pairs, _) = bytes.as_chunks::<2>();
        context.check_samples(pairs.len() as u64)?;
        let width = LeadName::ALL.len() + EMPTY_CHANNELS;
        let mut counts: Vec<Vec<i16>> = LeadName::ALL
            .iter()
            .map(|_| Vec::with_capacity(pairs.len() / width))
            .collect();
        for frame in pairs.chunks_exact(width) {
            for (lead, &pair) in counts.iter_mut().zip(frame) {
                lead.push(i16::from_le_bytes(pair));
            }
        }
        let rate = setting("sample").or(context.answers.rate_hz);
        let gain = context.answers.per_millivolt();
        let found = counts.first().map_or(0, Vec::len);
        let (Some(rate_hz), Some(gain)) = (rate, gain) else {
            if found == 0 {
                return Err(ReadError::NoSignal {
                    format: ID.to_owned(),
                    holds: "holds-no-samples".to_owned(),
                });
            }
            return Ok(question(rate.is_none(), gain.is_none(), &counts));
        };
        let expected = setting("second").map(|seconds| (seconds * rate_hz) as usize);
        if let Some(expected) = expected.filter(|&expected| expected > found) {
            context.note(
                Note::new("short-file")
                    .with("file", entry.file_name())
                    .with("expected", expected)
                    .with("found", found),
            );
        }
        let scale = Scale {
            gain,
            baseline: 0.0,
        };
        let leads = LeadName::ALL.iter().zip(counts).map(|(name, counts)| {
            Lead::ecg(name.label(), rate_hz, Samples::from_i16(counts, scale))
        });
        let part = Part {
            id: "rhythm".to_owned(),
            name: "rhythm".to_owned(),
            beat: false,
            start: None,
            leads: leads.collect(),
            annotations: Vec::new(),
        };
        let source = Source {
            format: ID.to_owned(),
            recognised_by: "recognised-xml-root".to_owned(),
            name: entry.file_name().to_owned(),
            ..Source::default()
        };
        parts::settle(vec![part], source, context)
    }
}

fn question(rate: bool, gain: bool, counts: &[Vec<i16>]) -> Reading {
    let evidence = gain.then(|| Phrase::new("evidence-zoncare-gain").with("gain", USUAL_GAIN));
    let proposal = Answers {
        gain: gain.then_some(USUAL_GAIN),
        ..Answers::default()
    };
    let second = counts.get(1).map_or(&[][..], Vec::as_slice);
    let preview = second.iter().map(|&count| f32::from(count));
    Reading::Question(input::ask(
        ID,
        input::rate_and_gain(rate, evidence),
        proposal,
        preview,
    ))
}
