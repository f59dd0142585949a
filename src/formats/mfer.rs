//! MFER (ISO 22077-1, Medical waveform Format Encoding Rules): tags with lengths, frames of channel blocks.
//!
//! Lengths are big-endian always; values follow the byte order that tag 01 sets, big-endian until then.

use super::input;
use super::lead_codes::lead_name;
use super::parts::{self, Part};
use super::segments::{self, Joined, Segment};
use super::view::{View, whole};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support, Unknown,
};
use crate::recording::{
    Gap, GapReason, Lead, Note, Patient, Phrase, SampleData, Samples, Scale, SignalKind, Source,
    StartTime, Unit,
};

const ID: &str = "mfer";
/// Rate of a file that gives none, by the rules.
const DEFAULT_RATE_HZ: f64 = 1000.0;
/// Nanovolts a count of a file that gives none, by the rules.
const DEFAULT_NANOVOLTS: f64 = 1000.0;
/// Most channels of frames, over all frames.
const MOST_PIECES: u64 = 200_000;
/// Most tags that are looked at.
const MOST_TAGS: usize = 4_000_000;

/// The reader.
pub struct Mfer;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "MFER",
    extensions: &["mwf", "mfr"],
    signatures: &[],
    recognised_by: "a chain of MFER tags whose lengths fit each other, up to the waveform",
    support: Support::Common,
    tested_on: "2 public files in either order of bytes",
    certainty: Certainty::Real,
};

impl Format for Mfer {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let preamble = head.bytes.first() == Some(&0x40)
            && head
                .bytes
                .get(2..32.min(head.bytes.len()))
                .is_some_and(|text| text.windows(3).any(|word| word == b"MFR" || word == b"MFE"));
        let whole = head.len == head.bytes.len() as u64;
        let chain = chain_of(head.bytes, whole);
        match (preamble, chain) {
            (true, true) => Score::CERTAIN,
            (true, false) => Score::LIKELY,
            (false, true) => Score(200),
            (false, false) => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let bytes = whole(entry, context)?;
        let mut reader = Reader {
            file: entry.file_name(),
            tags: 0,
            order: View {
                bytes: &bytes,
                big: true,
            },
            frame: Frame::default(),
            frames: Vec::new(),
            cursor: None,
            total: 0,
            made: 0,
            source: Source {
                format: ID.to_owned(),
                recognised_by: "recognised-mfer".to_owned(),
                name: entry.file_name().to_owned(),
                ..Source::default()
            },
            patient_name: None,
            start: None,
            filters: Vec::new(),
        };
        reader.walk(0, bytes.len(), context, 0)?;
        reader.finish(context)
    }
}

/// One tag: its number, the channel it is for, and where its value lies.
struct Tag {
    number: u8,
    channel: Option<u32>,
    from: usize,
    to: usize,
    /// Where the next tag begins.
    next: usize,
    /// The value is longer than the file.
    cut: bool,
}

/// Reads the tag at `at`, within `end`.
fn tag_at(bytes: &[u8], at: usize, end: usize) -> Option<Tag> {
    let byte = |at: usize| bytes.get(at).copied().filter(|_| at < end);
    let number = byte(at)?;
    let mut at = at + 1;
    let mut channel = None;
    if number == 0x3f {
        let mut value = 0_u32;
        for _ in 0..4 {
            let next = byte(at)?;
            at += 1;
            value = value << 7 | u32::from(next & 0x7f);
            if next & 0x80 == 0 {
                channel = Some(value);
                break;
            }
        }
        channel?;
    }
    if number == 0 {
        // Padding has no length.
        return Some(Tag {
            number,
            channel,
            from: at,
            to: at,
            next: at,
            cut: false,
        });
    }
    let first = byte(at)?;
    at += 1;
    let length = match first {
        0..=0x7f => usize::from(first),
        0x80 => {
            // Indefinite: up to two zeros.
            let rest = bytes.get(at..end)?;
            let length = rest.windows(2).position(|two| two == [0, 0]);
            let (to, next) = match length {
                Some(length) => (at + length, at + length + 2),
                None => (end, end),
            };
            return Some(Tag {
                number,
                channel,
                from: at,
                to,
                next,
                cut: length.is_none(),
            });
        }
        _ => {
            let octets = usize::from(first & 0x7f);
            if octets > 4 {
                return None;
            }
            let mut length = 0_usize;
            for _ in 0..octets {
                length = length << 8 | usize::from(byte(at)?);
                at += 1;
            }
            length
        }
    };
    let to = at.saturating_add(length);
    let cut = to > end;
    let to = to.min(end);
    Some(Tag {
        number,
        channel,
        from: at,
        to,
        next: to,
        cut,
    })
}

/// Whether the beginning is a chain of known tags that reaches a waveform, a channel's or the frame's own description.
fn chain_of(bytes: &[u8], whole: bool) -> bool {
    let mut at = 0;
    let mut seen = [false; 128];
    for count in 0..2000 {
        let Some(tag) = tag_at(bytes, at, bytes.len()) else {
            return false;
        };
        let length = tag.to - tag.from;
        let fits = match tag.number {
            0x01 => length <= 1 && bytes.get(tag.from).is_none_or(|&order| order <= 1),
            0x04..=0x06 => (1..=4).contains(&length),
            0x08 => (1..=2).contains(&length),
            0x09 => (1..=100).contains(&length),
            0x0a => length == 1,
            0x0b => (3..=6).contains(&length) && bytes.get(tag.from).is_some_and(|&unit| unit <= 2),
            0x0c => {
                (3..=6).contains(&length) && bytes.get(tag.from).is_some_and(|&unit| unit <= 15)
            }
            0x1e => {
                let described = [0x04, 0x05, 0x0b, 0x0c]
                    .iter()
                    .filter(|&&tag| seen.get(usize::from(tag as u8)) == Some(&true));
                return count >= 3 && length > 0 && described.count() >= 2;
            }
            0x00 => true,
            0x02..=0x88 => length <= 4096,
            _ => false,
        };
        if !fits || (tag.cut && whole) {
            return false;
        }
        if let Some(seen) = seen.get_mut(usize::from(tag.number)) {
            *seen = true;
        }
        at = tag.next;
    }
    false
}

/// What a channel says of itself beside what its frame says.
#[derive(Clone, Default)]
struct Channel {
    block: Option<u32>,
    kind: Option<u8>,
    interval: Option<Interval>,
    step: Option<Step>,
    offset: Option<f64>,
    lead: Option<u64>,
    name: Option<String>,
    null: Option<Vec<u8>>,
}

/// Samples a second, or seconds, or metres a sample.
#[derive(Clone, Copy)]
struct Interval {
    unit: u8,
    value: f64,
}

/// Size of a count.
#[derive(Clone, Copy)]
struct Step {
    unit: u8,
    value: f64,
}

/// What holds for the frames that follow.
#[derive(Clone, Default)]
struct Frame {
    channels: Option<u32>,
    sequences: Option<u32>,
    /// Sample at which the next waveform begins.
    pointer: Option<u64>,
    wave: u16,
    all: Channel,
    own: Vec<Channel>,
}

/// A waveform as leads.
struct Read {
    beat: bool,
    segment: Segment,
}

struct Reader<'a> {
    file: &'a str,
    tags: usize,
    order: View<'a>,
    frame: Frame,
    frames: Vec<Result<Read, Box<Question>>>,
    /// Second at which the last waveform ended.
    cursor: Option<f64>,
    total: u64,
    /// Channels of frames so far.
    made: u64,
    source: Source,
    patient_name: Option<String>,
    start: Option<StartTime>,
    filters: Vec<String>,
}

impl Reader<'_> {
    fn walk(
        &mut self,
        from: usize,
        to: usize,
        context: &mut Context,
        depth: usize,
    ) -> Result<(), ReadError> {
        if depth > context.limits.depth {
            return Err(ReadError::TooLarge {
                what: "nested groups",
                found: depth as u64,
                limit: context.limits.depth as u64,
            });
        }
        let mut at = from;
        while at < to {
            let Some(tag) = tag_at(self.order.bytes, at, to) else {
                context.note(
                    Note::new("short-file")
                        .with("file", self.file)
                        .with("expected", to)
                        .with("found", at),
                );
                break;
            };
            self.tags += 1;
            if self.tags > MOST_TAGS {
                return Err(ReadError::TooLarge {
                    what: "tags",
                    found: self.tags as u64,
                    limit: MOST_TAGS as u64,
                });
            }
            if tag.cut {
                context.note(
                    Note::new("short-file")
                        .with("file", self.file)
                        .with("expected", u64::from(u32::MAX).min(tag.from as u64))
                        .with("found", tag.to),
                );
            }
            at = tag.next.max(at + 1);
            match tag.number {
                0x80 => break,
                0x1e => self.waveform(&tag, context)?,
                0x67 => self.walk(tag.from, tag.to, context, depth + 1)?,
                0x3f => self.channel(&tag, context)?,
                _ => self.tag(&tag, context),
            }
        }
        Ok(())
    }

    /// An integer value in the order of bytes.
    fn integer(&self, tag: &Tag) -> Option<u64> {
        self.order.unsigned(tag.from, tag.to - tag.from)
    }

    fn text(&self, tag: &Tag) -> String {
        let bytes = self.order.bytes.get(tag.from..tag.to).unwrap_or_default();
        let text = super::text::decode(bytes).unwrap_or_default();
        text.trim_matches(|c: char| c == '\0' || c.is_whitespace())
            .to_owned()
    }

    /// A unit, a power of ten and a mantissa.
    fn scaled(&self, tag: &Tag) -> Option<(u8, f64)> {
        let unit = self.order.u8(tag.from)?;
        let exponent = self.order.u8(tag.from + 1)? as i8;
        let length = (tag.to - tag.from).checked_sub(2)?;
        let mantissa = self.order.unsigned(tag.from + 2, length)?;
        // A division is exact where the power of ten is.
        let power = 10_f64.powi(i32::from(exponent).abs());
        let mantissa = mantissa as f64;
        let value = if exponent < 0 {
            mantissa / power
        } else {
            mantissa * power
        };
        (value.is_finite() && value > 0.0).then_some((unit, value))
    }

    fn tag(&mut self, tag: &Tag, context: &mut Context) {
        let number = self.integer(tag);
        match tag.number {
            0x01 => self.order.big = number != Some(1),
            0x05 => self.frame.channels = number.map(|n| n.min(u64::from(u32::MAX)) as u32),
            0x06 => self.frame.sequences = number.map(|n| n.min(u64::from(u32::MAX)) as u32),
            0x07 => self.frame.pointer = number,
            0x08 => self.frame.wave = number.unwrap_or(0).min(u64::from(u16::MAX)) as u16,
            0x11 => {
                let text = self.text(tag);
                if !text.is_empty() && !self.filters.contains(&text) && self.filters.len() < 32 {
                    self.filters.push(text);
                }
            }
            0x15 | 0x16 => {
                let text = self.text(tag);
                if !text.is_empty() && self.source.remarks.len() < 100 {
                    self.source.remarks.push(text);
                }
            }
            0x17 => {
                let text = self.text(tag).replace('^', " ");
                self.source.device = (!text.is_empty()).then_some(text);
            }
            0x81 => self.patient_name = Some(self.text(tag)),
            0x82 => self.source.patient.id = Some(self.text(tag)),
            0x83 => self.birth(tag),
            0x84 => {
                let sex = match number {
                    Some(1) => Some("M"),
                    Some(2) => Some("F"),
                    _ => None,
                };
                self.source.patient.sex = sex.map(str::to_owned);
            }
            0x85 => self.time(tag, context),
            _ => {
                let mut all = std::mem::take(&mut self.frame.all);
                self.describe(tag, &mut all);
                self.frame.all = all;
            }
        }
    }

    /// What a tag says of a channel, or of all. A tag without a value takes back what was said.
    fn describe(&self, tag: &Tag, channel: &mut Channel) {
        let number = self.integer(tag);
        match tag.number {
            0x04 => channel.block = number.map(|n| n.min(u64::from(u32::MAX)) as u32),
            0x09 => {
                // The code may be followed by a name of the lead.
                let length = tag.to - tag.from;
                channel.lead = match length {
                    1 | 2 => number,
                    _ => self.order.unsigned(tag.from, 2.min(length)),
                };
                let name = self.order.text(tag.from + 2, length.saturating_sub(2));
                channel.name = (!name.is_empty()).then_some(name);
            }
            0x0a => channel.kind = self.order.u8(tag.from).filter(|_| tag.to > tag.from),
            0x0b => {
                channel.interval = self
                    .scaled(tag)
                    .map(|(unit, value)| Interval { unit, value });
            }
            0x0c => channel.step = self.scaled(tag).map(|(unit, value)| Step { unit, value }),
            0x0d => {
                let kind = channel.kind.or(self.frame.all.kind).unwrap_or(0);
                channel.offset = number_of(self.order, tag.from, tag.to - tag.from, kind);
            }
            0x12 => {
                let bytes = self.order.bytes.get(tag.from..tag.to);
                channel.null = bytes.filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec);
            }
            _ => {}
        }
    }

    /// The tags within a channel's own description.
    fn channel(&mut self, outer: &Tag, context: &Context) -> Result<(), ReadError> {
        let place = outer.channel.unwrap_or(0) as usize;
        if place >= context.limits.signals {
            return Err(ReadError::TooLarge {
                what: "signals",
                found: place as u64 + 1,
                limit: context.limits.signals as u64,
            });
        }
        if self.frame.own.len() <= place {
            self.frame.own.resize(place + 1, Channel::default());
        }
        let mut own = self
            .frame
            .own
            .get_mut(place)
            .map(std::mem::take)
            .unwrap_or_default();
        let mut at = outer.from;
        while at < outer.to {
            let Some(tag) = tag_at(self.order.bytes, at, outer.to) else {
                break;
            };
            self.describe(&tag, &mut own);
            at = tag.next.max(at + 1);
        }
        if let Some(slot) = self.frame.own.get_mut(place) {
            *slot = own;
        }
        Ok(())
    }

    fn birth(&mut self, tag: &Tag) {
        // Years, days, then the date of birth.
        let at = tag.from + 3;
        let date = (
            self.order.u16(at),
            self.order.u8(at + 2),
            self.order.u8(at + 3),
        );
        if let (Some(year), Some(month), Some(day)) = date
            && tag.to >= at + 4
            && year > 1800
        {
            let text = format!("{year:04}-{month:02}-{day:02}");
            self.source.patient.birth_date = Some(text);
        }
    }

    fn time(&mut self, tag: &Tag, context: &mut Context) {
        let order = self.order;
        let within = |length: usize| tag.to - tag.from >= length;
        let byte = |at: usize| {
            order
                .u8(tag.from + at)
                .filter(|_| within(at + 1))
                .unwrap_or(0)
        };
        let half = |at: usize| {
            order
                .u16(tag.from + at)
                .filter(|_| within(at + 2))
                .unwrap_or(0)
        };
        let date = (i32::from(half(0)), byte(2), byte(3));
        let second = f64::from(byte(6)) + f64::from(half(7)) / 1e3 + f64::from(half(9)) / 1e6;
        let start = StartTime::new(Some(date), byte(4), byte(5), second, None);
        if start.is_none() && date.0 != 0 {
            context.note(Note::new("bad-date").with("text", format!("{date:?}")));
        }
        self.start = self.start.or(start);
    }

    /// One waveform: for each sequence, a block of each channel.
    fn waveform(&mut self, tag: &Tag, context: &mut Context) -> Result<(), ReadError> {
        let channels = self.frame.channels.unwrap_or(1).max(1) as usize;
        if channels > context.limits.signals {
            return Err(ReadError::TooLarge {
                what: "signals",
                found: channels as u64,
                limit: context.limits.signals as u64,
            });
        }
        let bytes = self.order.bytes.get(tag.from..tag.to).unwrap_or_default();
        if bytes.len() < channels {
            return Ok(());
        }
        // Each frame of each channel costs more than its few samples.
        self.made = self.made.saturating_add(channels as u64);
        if self.made > MOST_PIECES {
            return Err(ReadError::TooLarge {
                what: "frames",
                found: self.made,
                limit: MOST_PIECES,
            });
        }
        let layout: Vec<Layout> = (0..channels).map(|place| self.layout(place)).collect();
        let mut sequence = 0_usize;
        for layout in &layout {
            let width = width_of(layout.kind).ok_or_else(|| ReadError::Unsupported {
                format: ID.to_owned(),
                feature: format!("samples of type {}", layout.kind),
            })?;
            sequence = sequence.saturating_add(width.saturating_mul(layout.block));
        }
        if sequence == 0 {
            return Ok(());
        }
        let told = self.frame.sequences.unwrap_or(0) as usize;
        let whole = bytes.len().div_ceil(sequence);
        let sequences = if told == 0 { whole } else { told.min(whole) };
        if told > bytes.len() / sequence {
            context.note(
                Note::new("short-file")
                    .with("file", self.file)
                    .with("expected", told.saturating_mul(sequence))
                    .with("found", bytes.len()),
            );
        }
        self.total = self.total.saturating_add(bytes.len() as u64);
        context.check_samples(self.total)?;
        let mut leads: Vec<Channels> = layout
            .iter()
            .map(|layout| Channels::new(layout, sequences, bytes.len()))
            .collect();
        let mut rest = View {
            bytes,
            big: self.order.big,
        };
        for _ in 0..sequences {
            for (layout, lead) in layout.iter().zip(&mut leads) {
                let width = width_of(layout.kind).unwrap_or(1);
                let length = width.saturating_mul(layout.block).min(rest.bytes.len());
                let (own, after) = rest.bytes.split_at(length);
                lead.take(
                    View {
                        bytes: own,
                        big: rest.big,
                    },
                    layout,
                    width,
                );
                rest.bytes = after;
            }
        }
        let mut made = Vec::new();
        for (place, (layout, lead)) in layout.iter().zip(leads).enumerate() {
            match layout.lead(place, lead, context) {
                Ok(lead) => made.push(lead),
                Err(question) => {
                    self.frames.push(Err(question));
                    return Ok(());
                }
            }
        }
        let rate_hz = made.first().map_or(1.0, |lead| lead.rate_hz);
        let length_s = made.iter().map(Lead::duration_s).fold(0.0, f64::max);
        let offset_s = match self.frame.pointer.take() {
            Some(sample) => sample as f64 / rate_hz,
            None => self.cursor.unwrap_or(0.0),
        };
        self.cursor = Some(offset_s + length_s);
        self.frames.push(Ok(Read {
            // 9 is a dominant beat.
            beat: self.frame.wave == 9,
            segment: Segment {
                offset_s,
                leads: made,
            },
        }));
        Ok(())
    }

    fn layout(&self, place: usize) -> Layout {
        let none = Channel::default();
        let own = self.frame.own.get(place).unwrap_or(&none);
        let all = &self.frame.all;
        Layout {
            block: own.block.or(all.block).unwrap_or(1) as usize,
            kind: own.kind.or(all.kind).unwrap_or(0),
            interval: own.interval.or(all.interval),
            step: own.step.or(all.step),
            offset: own.offset.or(all.offset).unwrap_or(0.0),
            lead: own.lead.or(all.lead),
            name: own.name.clone().or_else(|| all.name.clone()),
            null: own.null.clone().or_else(|| all.null.clone()),
            wave: self.frame.wave,
        }
    }

    fn finish(mut self, context: &mut Context) -> Result<Reading, ReadError> {
        let mut recordings = Vec::new();
        let mut beats = Vec::new();
        for frame in self.frames {
            match frame {
                Ok(read) if read.beat => beats.push(read.segment),
                Ok(read) => recordings.push(read.segment),
                Err(question) => return Ok(Reading::Question(question)),
            }
        }
        self.source.filters = (!self.filters.is_empty()).then(|| self.filters.join(", "));
        self.source.patient = Patient {
            name: self.patient_name.filter(|name| !name.is_empty()),
            ..self.source.patient
        };
        let mut parts = Vec::new();
        for (name, segments) in [("rhythm", recordings), ("dominant beat", beats)] {
            let leads = match segments::join(segments, context)? {
                Joined::Whole(leads) => vec![leads],
                Joined::Apart(pieces) => pieces.into_iter().map(|piece| piece.leads).collect(),
            };
            for (place, leads) in leads.into_iter().enumerate() {
                let suffix = if place == 0 {
                    String::new()
                } else {
                    format!("-{}", place + 1)
                };
                parts.push(Part {
                    id: name.replace(' ', "-") + &suffix,
                    name: name.to_owned(),
                    beat: name != "rhythm",
                    start: self.start,
                    leads,
                    annotations: Vec::new(),
                });
            }
        }
        parts::settle(parts, self.source, context)
    }
}

/// Bytes of a sample of a type.
fn width_of(kind: u8) -> Option<usize> {
    Some(match kind {
        0 | 1 | 4 => 2,
        2 | 6 | 7 => 4,
        3 | 5 => 1,
        8 => 8,
        _ => return None,
    })
}

/// A number of a type.
fn number_of(view: View<'_>, at: usize, length: usize, kind: u8) -> Option<f64> {
    match kind {
        0 | 2 | 5 => view.signed(at, length).map(|value| value as f64),
        1 | 3 | 4 | 6 => view.unsigned(at, length).map(|value| value as f64),
        7 => Some(f64::from(f32::from_bits(view.u32(at)?))),
        8 => Some(f64::from_bits(view.unsigned(at, 8)?)),
        _ => None,
    }
}

/// How a channel of a waveform is to be taken.
struct Layout {
    block: usize,
    kind: u8,
    interval: Option<Interval>,
    step: Option<Step>,
    offset: f64,
    lead: Option<u64>,
    name: Option<String>,
    null: Option<Vec<u8>>,
    wave: u16,
}

/// The samples of a channel as they come in.
struct Channels {
    integers: Vec<i32>,
    reals: Vec<f32>,
    gaps: Vec<Gap>,
    real: bool,
}

impl Channels {
    /// Room for `sequences` blocks, but not for more samples than `bytes` hold.
    fn new(layout: &Layout, sequences: usize, bytes: usize) -> Self {
        let width = width_of(layout.kind).unwrap_or(1);
        let room = layout.block.saturating_mul(sequences).min(bytes / width);
        let real = layout.kind >= 6;
        Self {
            integers: Vec::with_capacity(if real { 0 } else { room }),
            reals: Vec::with_capacity(if real { room } else { 0 }),
            gaps: Vec::new(),
            real,
        }
    }

    fn take(&mut self, view: View<'_>, layout: &Layout, width: usize) {
        if layout.kind == 0 && layout.null.is_none() {
            let (pairs, _) = view.bytes.as_chunks::<2>();
            let order = if view.big {
                i16::from_be_bytes
            } else {
                i16::from_le_bytes
            };
            let counts = pairs.iter().map(|&pair| i32::from(order(pair)));
            self.integers.extend(counts);
            return;
        }
        let count = view.bytes.len() / width;
        for place in 0..count {
            let at = place * width;
            let length = self.integers.len().max(self.reals.len());
            let missing = layout.null.as_deref() == view.slice(at, width);
            let value = number_of(view, at, width, layout.kind).filter(|value| value.is_finite());
            if missing || value.is_none() {
                super::gaps::push_gap(&mut self.gaps, length..length + 1, GapReason::Missing);
            }
            let value = value.filter(|_| !missing);
            if self.real {
                let held = self.reals.last().copied().unwrap_or(0.0);
                self.reals.push(value.map_or(held, |value| value as f32));
            } else {
                let held = self.integers.last().copied().unwrap_or(0);
                self.integers.push(value.map_or(held, |value| value as i32));
            }
        }
    }
}

impl Layout {
    /// The lead, or the question that it leaves open.
    fn lead(
        &self,
        place: usize,
        channels: Channels,
        context: &mut Context,
    ) -> Result<Lead, Box<Question>> {
        let name = self
            .lead
            .and_then(lead_name)
            .map(str::to_owned)
            .or_else(|| self.name.clone())
            .unwrap_or_else(|| format!("channel {}", place + 1));
        let data = if channels.real {
            SampleData::F32(channels.reals)
        } else {
            Samples::from_i32(channels.integers, Scale::IDENTITY).data
        };
        let rate = match self.interval {
            None => {
                context.note(Note::new("rate-default").with("rate", DEFAULT_RATE_HZ));
                Some(DEFAULT_RATE_HZ)
            }
            Some(Interval { unit: 0, value }) => Some(value),
            Some(Interval { unit: 1, value }) => Some(1.0 / value),
            Some(_) => context.answers.rate_hz,
        };
        let Some(rate_hz) = rate.filter(|rate| rate.is_finite() && *rate > 0.0) else {
            return Err(Box::new(Question {
                format: ID.to_owned(),
                unknowns: vec![Unknown::Rate],
                evidence: vec![Phrase::new("evidence-no-rate")],
                proposal: Answers::default(),
                preview: Samples {
                    data,
                    scale: Scale::IDENTITY,
                }
                .values(0..input::PREVIEW),
            }));
        };
        let rate_hz = if (rate_hz - rate_hz.round()).abs() < 1e-9 * rate_hz {
            rate_hz.round()
        } else {
            rate_hz
        };
        let (unit, gain) = match self.step {
            None => {
                context.note(
                    Note::new("gain-default")
                        .with("signal", name.as_str())
                        .with("microvolts", DEFAULT_NANOVOLTS / 1000.0),
                );
                (Unit::Millivolt, 1e6 / DEFAULT_NANOVOLTS)
            }
            Some(Step { unit: 0, value }) => (Unit::Millivolt, 0.001 / value),
            Some(Step { unit, value }) => (Unit::Other(unit_name(unit).to_owned()), 1.0 / value),
        };
        let scale = Scale {
            gain,
            // The offset is added to the counts.
            baseline: -self.offset,
        };
        let mut lead = Lead::ecg(&name, rate_hz, Samples { data, scale });
        lead.gaps = channels.gaps;
        // Types 1 to 9 and the monitor's 20 and 21 are ECGs of some kind; sounds, pulses, EEG and more follow.
        let ecg = matches!(self.wave, 0..=9 | 20 | 21);
        if unit != Unit::Millivolt || !ecg {
            lead.kind = SignalKind::Other(name);
        }
        lead.unit = unit;
        Ok(lead)
    }
}

/// Units of the sensitivity beside volts.
fn unit_name(unit: u8) -> &'static str {
    match unit {
        1 => "mmHg",
        2 => "Pa",
        3 => "cmH2O",
        4 => "mmHg/s",
        5 => "dyn",
        6 => "N",
        7 => "%",
        8 => "°C",
        9 => "1/min",
        10 => "1/s",
        11 => "Ohm",
        12 => "A",
        13 => "rpm",
        14 => "W",
        15 => "dB",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{entry, extremes, near, read_first, recording, samples};
    use super::*;

    #[test]
    fn both_byte_orders_read_as_the_index_says() {
        let Some(root) = samples() else { return };
        let told: [(&str, [(f64, f64); 8]); 2] = [
            (
                "mfer/ECG01.mwf",
                [
                    (-0.7888, 0.3463),
                    (-0.6162, 0.5787),
                    (-1.016, 2.109),
                    (-1.683, 2.732),
                    (-1.645, 3.035),
                    (-1.135, 3.26),
                    (-0.7538, 1.116),
                    (-0.5388, 0.5713),
                ],
            ),
            (
                "mfer/ECG03.mwf",
                [
                    (-0.1318, 0.7906),
                    (-0.2294, 1.264),
                    (-1.396, 0.4587),
                    (-1.898, 0.5368),
                    (-1.342, 0.4246),
                    (-0.6637, 1.01),
                    (-0.3318, 1.776),
                    (-0.3318, 1.576),
                ],
            ),
        ];
        for (file, told) in told {
            let bundle = Bundle {
                entries: vec![entry(&root.join(file))],
            };
            let read = recording(read_first(&bundle, Answers::default()), file);
            let names: Vec<&str> = read.leads.iter().map(|lead| lead.name.as_str()).collect();
            assert_eq!(names.join(" "), "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6");
            let stored = read.leads.iter().filter(|lead| !lead.derived);
            for (lead, (low, high)) in stored.zip(told) {
                assert_eq!((lead.rate_hz, lead.samples.len()), (500.0, 5000));
                let found = extremes(lead);
                assert!(
                    near(found.0, low) && near(found.1, high),
                    "{file} {found:?}"
                );
            }
            assert!(read.notes.is_empty(), "{:?}", read.notes);
        }
    }
}
