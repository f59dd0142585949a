//! The one-line text of Lepu's analysis: `F-0-01,125,II,405,32,45,…` with rate, lead and counts per millivolt.
//!
//! After three public files; the first field may be absent.

use super::input;
use super::series::Series;
use super::text::{bare, decode, number};
use super::viatom_dat::date_in_name;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score, Support,
};
use crate::recording::{LeadName, Note, Recording, Scale};

const ID: &str = "lepu-text";

/// The reader.
pub struct LepuText;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Viatom / Lepu analysis text (.txt)",
    extensions: &["txt"],
    signatures: &[],
    recognised_by: "one line that begins with a rate, a lead and a gain, then only integers",
    support: Support::Complete,
    tested_on: "1 public file, compared with an independent reader",
    certainty: Certainty::Equal,
};

/// What stands before the samples.
struct Header<'a> {
    rate_hz: f64,
    lead: &'a str,
    gain: f64,
    filter: Option<&'a str>,
    /// Where the samples begin.
    at: usize,
}

impl<'a> Header<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text_start = text.len() - text.trim_start_matches('\u{feff}').len();
        let mut at = text_start;
        let mut fields = text.get(at..)?.splitn(6, ',');
        let mut next = || {
            let field = fields.next()?;
            at += field.len() + 1;
            Some(field)
        };
        let mut field = next()?;
        let mut filter = None;
        if !field.trim().bytes().all(|byte| byte.is_ascii_digit()) {
            // `F-0-01`
            let tag = field.trim();
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if !(tag.contains('-') && tag.len() <= 12 && tag.chars().all(plain)) {
                return None;
            }
            filter = Some(tag);
            field = next()?;
        }
        let rate_hz = number(field, false).filter(|rate| (50.0..=2000.0).contains(rate))?;
        let lead = bare(next()?);
        LeadName::recognise(lead)?;
        let gain = number(next()?, false).filter(|gain| (1.0..=1e6).contains(gain))?;
        Some(Self {
            rate_hz,
            lead,
            gain,
            filter,
            at,
        })
    }
}

impl Format for LepuText {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(text) = decode(head.bytes) else {
            return Score::NONE;
        };
        match Header::of(&text) {
            Some(header) => {
                let rest = text.get(header.at..).unwrap_or_default();
                let fields: Vec<&str> = rest.split(',').take(8).collect();
                let numbers = fields.iter().filter(|f| number(f, false).is_some()).count();
                if numbers * 2 > fields.len() {
                    Score(230)
                } else {
                    Score::NONE
                }
            }
            None => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let header = Header::of(&text).ok_or(ReadError::NotThisFormat)?;
        let mut series = Series::default();
        let mut bad = 0_usize;
        let rest = text
            .get(header.at..)
            .unwrap_or_default()
            .trim_end_matches([',', '\r', '\n', ' ']);
        context.check_samples(rest.len() as u64 / 2)?;
        for field in rest.split([',', '\n']).filter(|_| !rest.is_empty()) {
            let value = number(field, false);
            bad += usize::from(value.is_none() && !bare(field).is_empty());
            series.push(value);
        }
        if !series.has_values() {
            return Err(input::no_signal(ID, "holds-no-samples"));
        }
        if bad > 0 {
            context.note(
                Note::new("unreadable-numbers")
                    .with("count", bad)
                    .with("signal", header.lead),
            );
        }
        let scale = Scale {
            gain: header.gain,
            baseline: 0.0,
        };
        let lead = series.lead(header.lead, header.rate_hz, scale);
        let mut source = input::source(ID, "recognised-columns", entry);
        source.filters = header.filter.map(str::to_owned);
        let recording = Recording {
            leads: vec![lead],
            start: date_in_name(entry.file_name()),
            source,
            ..Recording::default()
        };
        Ok(input::recording(recording, context))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Answers;
    use super::super::testing::{extremes, near, open_text, sample_file};
    use super::*;

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(read) = sample_file("viatom-txt/R20211119105847.txt") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (125.0, 3750));
        assert_eq!(lead.standard, Some(LeadName::II));
        let (low, high) = extremes(lead);
        assert!(near(low, -3.306) && near(high, 1.143), "{low} {high}");
        assert_eq!(read.start.unwrap().iso(), "2021-11-19T10:58:47");
    }

    #[test]
    fn the_tag_may_be_absent_and_the_gain_has_decimals() {
        let read = open_text("x", "250,I,322.79,10,-20,x,30,", Answers::default());
        let Ok(Reading::Recording(read)) = read else {
            panic!("{read:?}")
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (250.0, 4));
        assert_eq!(lead.gaps[0].range, 2..3);
        assert!((lead.samples.scale.gain - 322.79).abs() < 1e-9);
        assert!(Header::of("1,2,3,4,5,6").is_none());
    }
}
