//! Multiplex groups: interleaved samples, each channel with its own sensitivity, baseline and skew.

use super::super::gaps::push_gap;
use super::super::input;
use super::super::lead_codes::lead_name;
use super::super::view::View;
use super::super::voltage::{signal_kind, units_per_millivolt};
use super::super::{Answers, Context, Question, ReadError, Unknown};
use super::ID;
use super::dataset::{Dataset, File};
use crate::recording::{
    Gap, GapReason, Lead, LeadName, Note, Phrase, Samples, Scale, SignalKind, Unit,
};

/// Shortest run of zeros in all channels that counts as padding where 0 is the padding value.
const ZEROS_S: f64 = 0.2;
/// Longest derived group that is taken for a beat, in seconds.
const BEAT_S: f64 = 3.0;
const SENSITIVITY: u32 = 0x003a_0210;

/// A multiplex group.
pub struct Group<'a> {
    set: &'a Dataset,
    label: String,
    original: String,
    channels: usize,
    samples: usize,
    rate_hz: Option<f64>,
    offset_s: f64,
}

/// The groups of the waveform sequence.
pub fn groups<'a>(file: &File, set: &'a Dataset) -> Vec<Group<'a>> {
    set.items(0x5400_0100)
        .iter()
        .map(|set| Group {
            label: file.text(set, 0x003a_0020),
            original: file.text(set, 0x003a_0004),
            channels: file.integer(set, 0x003a_0005).unwrap_or(0) as usize,
            samples: file.integer(set, 0x003a_0010).unwrap_or(0) as usize,
            rate_hz: file
                .decimal(set, 0x003a_001a)
                .filter(|rate| rate.is_finite() && *rate > 0.0),
            offset_s: file.decimal(set, 0x0018_1068).unwrap_or(0.0) / 1000.0,
            set,
        })
        .collect()
}

/// How samples are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Signed,
    Unsigned,
    MuLaw,
    ALaw,
}

impl Group<'_> {
    pub fn label(&self) -> &str {
        &self.label
    }

    pub fn offset_s(&self) -> f64 {
        self.offset_s
    }

    /// Whether this is a representative beat: by its label, else by being derived and short.
    pub fn is_beat(&self) -> bool {
        let label = self.label.to_uppercase();
        let told = ["MEDIAN", "BEAT", "AVERAGE", "TEMPLATE", "REPRESENT"];
        if told.iter().any(|word| label.contains(word)) {
            return true;
        }
        let short = self
            .rate_hz
            .is_some_and(|rate| self.samples as f64 / rate <= BEAT_S);
        self.original == "DERIVED" && short && !label.contains("RHYTHM")
    }

    /// The filters of the first channel.
    pub fn filters(&self, file: &File) -> Option<String> {
        let channel = self.set.items(0x003a_0200).first()?;
        let words: Vec<String> = [
            (0x003a_0220, "high pass"),
            (0x003a_0221, "low pass"),
            (0x003a_0222, "notch"),
        ]
        .into_iter()
        .filter_map(|(tag, name)| {
            // 0 Hz is written where there is no such filter.
            let edge_hz = file
                .decimal(channel, tag)
                .filter(|&edge_hz| edge_hz > 0.0)?;
            Some(format!("{name} {edge_hz} Hz"))
        })
        .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// The leads, or what must be asked first.
    pub fn leads(
        &self,
        file: &File,
        context: &mut Context,
        total: &mut u64,
    ) -> Result<Result<Vec<Lead>, Box<Question>>, ReadError> {
        let definitions = self.set.items(0x003a_0200);
        let place = self.set.range(0x5400_1010);
        let Some((range, words)) = place else {
            return Ok(Ok(Vec::new()));
        };
        if self.channels == 0 || self.channels > context.limits.signals {
            return Err(ReadError::Damaged {
                format: ID.to_owned(),
                place: "(003a,0005)".to_owned(),
                expected: "the number of channels".to_owned(),
                found: self.channels.to_string(),
            });
        }
        let (width, kind) = self.kind(file)?;
        let frames = range.len() / width / self.channels;
        let used = frames.min(self.samples);
        if used < self.samples {
            context.note(
                Note::new("short-file")
                    .with("file", self.label.as_str())
                    .with("expected", self.samples)
                    .with("found", frames),
            );
        }
        if used == 0 {
            return Ok(Ok(Vec::new()));
        }
        *total = total.saturating_add((used * self.channels) as u64);
        context.check_samples(*total)?;
        let view = View {
            bytes: file.slice(range),
            big: file.big,
        };
        if matches!(kind, Kind::MuLaw | Kind::ALaw) {
            context.note(Note::new("companded"));
        }
        let mut counts: Vec<Vec<i32>> = Vec::with_capacity(self.channels);
        for channel in 0..self.channels {
            let bits = definitions
                .get(channel)
                .and_then(|set| file.integer(set, 0x003a_021a))
                .unwrap_or(8 * width as u64);
            let swapped = file.big && words && width == 1;
            let sample = |frame: usize| {
                let at = (frame * self.channels + channel) * width;
                // Words that hold two bytes each were turned as words.
                let at = if swapped { at ^ 1 } else { at };
                let stored = match width {
                    2 => view.u16(at).map(u64::from),
                    _ => view.unsigned(at, width),
                };
                let stored = stored.unwrap_or(0);
                stored_value(stored, kind, width, bits)
            };
            counts.push((0..used).map(sample).collect());
        }
        let gaps = self.padding(file, width, kind, &mut counts, context);
        let mut leads = Vec::new();
        for (channel, (counts, gaps)) in counts.into_iter().zip(gaps).enumerate() {
            let nothing = Dataset::default();
            let definition = definitions.get(channel).unwrap_or(&nothing);
            let rate_hz = self.rate_hz.or(context.answers.rate_hz);
            let Some(rate_hz) = rate_hz else {
                let evidence = Phrase::new("evidence-no-rate");
                return Ok(Err(question(Unknown::Rate, evidence, &counts)));
            };
            match lead(file, definition, channel, rate_hz, counts, gaps, context) {
                Ok(lead) => leads.push(lead),
                Err(question) => return Ok(Err(question)),
            }
        }
        Ok(Ok(leads))
    }

    /// Bytes of a sample and how they are to be taken.
    fn kind(&self, file: &File) -> Result<(usize, Kind), ReadError> {
        let bits = file.integer(self.set, 0x5400_1004);
        let written = file.text(self.set, 0x5400_1006);
        let (by_name, kind) = match written.as_str() {
            "SB" => (8, Kind::Signed),
            "UB" => (8, Kind::Unsigned),
            "MB" => (8, Kind::MuLaw),
            "AB" => (8, Kind::ALaw),
            "SS" | "" => (16, Kind::Signed),
            "US" => (16, Kind::Unsigned),
            "SL" => (32, Kind::Signed),
            "UL" => (32, Kind::Unsigned),
            _ => {
                return Err(ReadError::Unsupported {
                    format: ID.to_owned(),
                    feature: format!("samples written as {written}"),
                });
            }
        };
        let bits = bits.unwrap_or(by_name);
        if bits != by_name && !written.is_empty() {
            return Err(ReadError::Damaged {
                format: ID.to_owned(),
                place: "(5400,1004)".to_owned(),
                expected: format!("{by_name} bits for samples written as {written}"),
                found: bits.to_string(),
            });
        }
        match bits {
            8 | 16 | 32 => Ok((bits as usize / 8, kind)),
            _ => Err(ReadError::Unsupported {
                format: ID.to_owned(),
                feature: format!("samples of {bits} bits"),
            }),
        }
    }

    /// Gaps where samples are padding, by the padding value; where all channels hold the smallest number, without it.
    ///
    /// Writers give 0 as padding value that only mean nothing by it: there, only long runs in all channels count.
    fn padding(
        &self,
        file: &File,
        width: usize,
        kind: Kind,
        counts: &mut [Vec<i32>],
        context: &mut Context,
    ) -> Vec<Vec<Gap>> {
        let mut gaps = vec![Vec::new(); counts.len()];
        let told = self
            .set
            .range(0x5400_100a)
            .filter(|(range, _)| range.len() >= width)
            .and_then(|(range, _)| {
                let view = View {
                    bytes: &file.bytes,
                    big: file.big,
                };
                view.unsigned(range.start, width)
            })
            .map(|stored| stored_value(stored, kind, width, 8 * width as u64));
        if let Some(padding) = told.filter(|padding| *padding != 0) {
            for (counts, gaps) in counts.iter_mut().zip(&mut gaps) {
                *gaps = super::super::gaps::take_invalid(counts, padding, 0);
            }
        }
        let smallest = match (kind, width) {
            (Kind::Signed, 2) => Some(i32::from(i16::MIN)),
            (Kind::Signed, 4) => Some(i32::MIN),
            _ => None,
        };
        if let Some(smallest) = smallest.filter(|smallest| told != Some(*smallest)) {
            let runs = common_runs(counts, smallest, 1);
            if !runs.is_empty() {
                context.note(Note::new("undeclared-padding"));
            }
            take_runs(counts, &mut gaps, &runs);
        }
        if told == Some(0) && counts.len() > 1 {
            let least = self
                .rate_hz
                .map_or(usize::MAX, |rate| (rate * ZEROS_S) as usize);
            let runs = common_runs(counts, 0, least.max(2));
            take_runs(counts, &mut gaps, &runs);
        }
        gaps
    }
}

/// Runs of at least `least` frames in which all channels hold `value`.
fn common_runs(counts: &[Vec<i32>], value: i32, least: usize) -> Vec<std::ops::Range<usize>> {
    let length = counts.first().map_or(0, Vec::len);
    let mut runs = Vec::new();
    let mut start = None;
    for at in 0..=length {
        let all = at < length && counts.iter().all(|lead| lead.get(at) == Some(&value));
        match (all, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                if at - from >= least {
                    runs.push(from..at);
                }
                start = None;
            }
            _ => {}
        }
    }
    runs
}

fn take_runs(counts: &mut [Vec<i32>], gaps: &mut [Vec<Gap>], runs: &[std::ops::Range<usize>]) {
    if runs.is_empty() {
        return;
    }
    for (counts, gaps) in counts.iter_mut().zip(gaps) {
        let mut all: Vec<std::ops::Range<usize>> =
            gaps.drain(..).map(|gap: Gap| gap.range).collect();
        all.extend(runs.iter().cloned());
        all.sort_by_key(|range| range.start);
        for range in all {
            let held = range
                .start
                .checked_sub(1)
                .and_then(|at| counts.get(at).copied());
            if let Some(stretch) = counts.get_mut(range.clone()) {
                stretch.fill(held.unwrap_or(0));
            }
            push_gap(gaps, range, GapReason::Missing);
        }
    }
}

/// The number that stored bits stand for.
fn stored_value(stored: u64, kind: Kind, width: usize, bits: u64) -> i32 {
    let bits = bits.clamp(1, 8 * width as u64) as u32;
    match kind {
        Kind::Signed => {
            let shift = 64 - bits;
            (((stored << shift) as i64) >> shift) as i32
        }
        Kind::Unsigned => {
            let mask = u64::MAX >> (64 - bits);
            (stored & mask).min(i32::MAX as u64) as i32
        }
        Kind::MuLaw => mu_law(stored as u8),
        Kind::ALaw => a_law(stored as u8),
    }
}

/// Expansion of 8 bits by the µ-law of ITU-T G.711, to 14 bits.
fn mu_law(byte: u8) -> i32 {
    let byte = !byte;
    let (exponent, mantissa) = (u32::from(byte >> 4 & 7), i32::from(byte & 0x0f));
    let size = ((mantissa * 2 + 33) << exponent) - 33;
    if byte & 0x80 == 0 { size } else { -size }
}

/// Expansion of 8 bits by the A-law of ITU-T G.711, to 13 bits.
fn a_law(byte: u8) -> i32 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = (u32::from(byte >> 4 & 7), i32::from(byte & 0x0f));
    let size = match exponent {
        0 => mantissa * 2 + 1,
        _ => (mantissa * 2 + 33) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -size } else { size }
}

/// One channel as a lead.
fn lead(
    file: &File,
    set: &Dataset,
    channel: usize,
    rate_hz: f64,
    counts: Vec<i32>,
    gaps: Vec<Gap>,
    context: &mut Context,
) -> Result<Lead, Box<Question>> {
    let (name, standard) = identity(file, set, channel);
    let sensitivity = file.decimal(set, SENSITIVITY).filter(|value| *value != 0.0);
    let correction = file.decimal(set, 0x003a_0212).filter(|value| *value != 0.0);
    let baseline = file.decimal(set, 0x003a_0213).unwrap_or(0.0);
    let written = set
        .items(0x003a_0211)
        .first()
        .map(|unit| file.text(unit, 0x0008_0100))
        .unwrap_or_default();
    let per_millivolt = units_per_millivolt(&written);
    let answered = context.answers.per_millivolt();
    let (unit, gain, zero) = match (sensitivity, per_millivolt) {
        (Some(step), Some(per_millivolt)) => {
            let step = step * correction.unwrap_or(1.0);
            // The baseline is added after scaling, in the channel's own unit.
            (Unit::Millivolt, per_millivolt / step, -baseline / step)
        }
        (Some(step), None) if !written.is_empty() => {
            let step = step * correction.unwrap_or(1.0);
            (Unit::Other(written), 1.0 / step, -baseline / step)
        }
        (step, _) => match answered {
            Some(per_millivolt) => {
                let step = step.unwrap_or(1.0) * correction.unwrap_or(1.0);
                (Unit::Millivolt, per_millivolt / step, -baseline / step)
            }
            None => {
                let evidence = Phrase::new("evidence-dicom-scale").with("lead", name.as_str());
                let unknown = if step.is_some() {
                    Unknown::Unit
                } else {
                    Unknown::Gain
                };
                return Err(question(unknown, evidence, &counts));
            }
        },
    };
    let scale = Scale {
        gain,
        baseline: zero,
    };
    let kind = match standard {
        Some(_) if unit == Unit::Millivolt => SignalKind::Ecg,
        _ => signal_kind(&name, &unit),
    };
    let mut lead = Lead::ecg(&name, rate_hz, Samples::from_i32(counts, scale));
    lead.standard = standard.filter(|_| kind == SignalKind::Ecg);
    lead.kind = kind;
    lead.unit = unit;
    lead.gaps = gaps;
    let skew = file
        .decimal(set, 0x003a_0215)
        .or_else(|| Some(file.decimal(set, 0x003a_0214)? * rate_hz))
        .unwrap_or(0.0)
        .round();
    if skew != 0.0 {
        skewed(&mut lead, skew, context);
    }
    Ok(lead)
}

/// A lead whose first sample was taken `skew` samples after (or before) that of the group.
fn skewed(lead: &mut Lead, skew: f64, context: &mut Context) {
    use crate::recording::SampleData;
    let length = lead.samples.len();
    if skew.abs() >= length as f64 {
        context.note(Note::new("skew-ignored").with("signal", lead.name.as_str()));
        return;
    }
    let by = skew.abs() as usize;
    fn rotate<T: Copy + Default>(data: &mut [T], by: usize, later: bool) {
        if later {
            data.rotate_right(by);
            if let Some(front) = data.get_mut(..by) {
                front.fill(T::default());
            }
        } else {
            data.rotate_left(by);
            let from = data.len() - by;
            if let Some(back) = data.get_mut(from..) {
                back.fill(T::default());
            }
        }
    }
    let later = skew > 0.0;
    match &mut lead.samples.data {
        SampleData::I16(data) => rotate(data, by, later),
        SampleData::I32(data) => rotate(data, by, later),
        SampleData::F32(data) => rotate(data, by, later),
    }
    let moved = |at: usize| {
        if later {
            (at + by).min(length)
        } else {
            at.saturating_sub(by)
        }
    };
    let mut gaps = Vec::new();
    if later {
        push_gap(&mut gaps, 0..by, GapReason::Missing);
    }
    for gap in lead.gaps.drain(..) {
        push_gap(
            &mut gaps,
            moved(gap.range.start)..moved(gap.range.end),
            gap.reason,
        );
    }
    if !later {
        push_gap(&mut gaps, length - by..length, GapReason::Missing);
    }
    lead.gaps = gaps;
}

/// Name and lead of a channel: by its code, else by the code's meaning, else by its label.
fn identity(file: &File, set: &Dataset, channel: usize) -> (String, Option<LeadName>) {
    let source = set.items(0x003a_0208).first();
    let text = |tag| {
        source
            .map(|source| file.text(source, tag))
            .unwrap_or_default()
    };
    let (value, meaning) = (text(0x0008_0100), text(0x0008_0104));
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let code = value
        .strip_prefix("5.6.3-9-")
        .or_else(|| value.strip_prefix("2:"))
        .and_then(number)
        // The same numbers as codes of their nomenclature's part 2.
        .or_else(|| number(&value)?.checked_sub(131_328));
    if let Some(name) = code.and_then(lead_name) {
        return (name.to_owned(), LeadName::recognise(name));
    }
    let label = file.text(set, 0x003a_0203);
    for text in [&meaning, &label] {
        let short = text.split('(').next().unwrap_or(text).trim();
        if let Some(lead) = LeadName::recognise(short) {
            return (lead.label().to_owned(), Some(lead));
        }
    }
    let name = [meaning, label, value]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_else(|| format!("channel {}", channel + 1));
    (name, None)
}

fn question(unknown: Unknown, evidence: Phrase, counts: &[i32]) -> Box<Question> {
    let preview = counts.iter().map(|&count| count as f32);
    input::ask(ID, vec![(unknown, evidence)], Answers::default(), preview)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companded_bytes_expand_as_the_recommendation_says() {
        // End points of the two laws.
        assert_eq!((mu_law(0xff), mu_law(0x7f)), (0, 0));
        assert_eq!((mu_law(0x80), mu_law(0x00)), (8031, -8031));
        assert_eq!((a_law(0xd5), a_law(0x55)), (1, -1));
        assert_eq!((a_law(0xaa), a_law(0x2a)), (4032, -4032));
    }

    #[test]
    fn fewer_bits_than_allocated_are_signed_from_there() {
        assert_eq!(stored_value(0x0fff, Kind::Signed, 2, 12), -1);
        assert_eq!(stored_value(0xffff, Kind::Unsigned, 2, 16), 65_535);
        assert_eq!(stored_value(0x8000, Kind::Signed, 2, 16), -32_768);
    }
}
