//! Multi-segment records: segments laid end to end, gaps where a segment lacks a signal.

use super::header::{Header, SignalLine};
use super::{Signal, lead_of, needs_file, read_header, read_signals, unit_and_scale};
use crate::formats::gaps::push_gap;
use crate::formats::{Bundle, Context, Entry, ReadError};
use crate::recording::{Gap, GapReason, Lead, Note, SampleData, Samples, Scale};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A lead that grows segment by segment.
struct Joined {
    line: SignalLine,
    data: SampleData,
    scale: Option<Scale>,
    gaps: Vec<Gap>,
}

impl Joined {
    fn new(line: SignalLine) -> Self {
        Self {
            line,
            data: SampleData::I16(Vec::new()),
            scale: None,
            gaps: Vec::new(),
        }
    }

    fn len(&self) -> usize {
        match &self.data {
            SampleData::I16(data) => data.len(),
            SampleData::I32(data) => data.len(),
            SampleData::F32(data) => data.len(),
        }
    }

    /// Extends to `length` samples with a gap that holds the last sample.
    fn gap_until(&mut self, length: usize) {
        fn hold<T: Copy + Default>(data: &mut Vec<T>, length: usize) {
            let filler = data.last().copied().unwrap_or_default();
            if length > data.len() {
                data.resize(length, filler);
            }
        }
        let from = self.len();
        match &mut self.data {
            SampleData::I16(data) => hold(data, length),
            SampleData::I32(data) => hold(data, length),
            SampleData::F32(data) => hold(data, length),
        }
        push_gap(&mut self.gaps, from..length.max(from), GapReason::Missing);
    }

    /// Appends a segment's samples. Integers stay integers as long as all segments share one scale.
    fn append(&mut self, lead: Lead) {
        let from = self.len();
        for gap in lead.gaps {
            let range = gap.range.start + from..gap.range.end + from;
            push_gap(&mut self.gaps, range, gap.reason);
        }
        let scale = *self.scale.get_or_insert(lead.samples.scale);
        if scale != lead.samples.scale {
            let values = std::mem::replace(&mut self.data, SampleData::I16(Vec::new()));
            let values = Samples {
                data: values,
                scale,
            };
            self.data = SampleData::F32(values.all_values());
            self.scale = Some(Scale::IDENTITY);
        }
        let data = std::mem::replace(&mut self.data, SampleData::I16(Vec::new()));
        self.data = match (data, lead.samples.data) {
            (SampleData::F32(mut all), data) => {
                let samples = Samples {
                    data,
                    scale: lead.samples.scale,
                };
                all.extend(samples.all_values());
                SampleData::F32(all)
            }
            (SampleData::I16(mut all), SampleData::I16(more)) => {
                all.extend(more);
                SampleData::I16(all)
            }
            (SampleData::I16(all), SampleData::I32(more)) => {
                let mut all: Vec<i32> = all.into_iter().map(i32::from).collect();
                all.extend(more);
                SampleData::I32(all)
            }
            (SampleData::I32(mut all), SampleData::I16(more)) => {
                all.extend(more.into_iter().map(i32::from));
                SampleData::I32(all)
            }
            (SampleData::I32(mut all), SampleData::I32(more)) => {
                all.extend(more);
                SampleData::I32(all)
            }
            // Signal files hold integers only.
            (all, SampleData::F32(_)) => all,
        };
    }

    fn finish(self) -> Signal {
        let (unit, scale) = unit_and_scale(&self.line);
        let samples = Samples {
            data: self.data,
            scale: self.scale.unwrap_or(scale),
        };
        let mut lead = lead_of(&self.line, unit, samples);
        lead.gaps = self.gaps;
        Signal {
            lead,
            samples_per_frame: self.line.samples_per_frame,
        }
    }
}

/// Headers of the segments, each read once however often the segment is used.
struct Headers<'a> {
    bundle: &'a Bundle,
    beside: &'a Entry,
    read: BTreeMap<String, (Rc<Header>, &'a Entry)>,
}

impl<'a> Headers<'a> {
    fn get(
        &mut self,
        name: &str,
        context: &mut Context,
    ) -> Result<(Rc<Header>, &'a Entry), ReadError> {
        if let Some((header, entry)) = self.read.get(name) {
            return Ok((Rc::clone(header), entry));
        }
        let file = format!("{name}.hea");
        let entry = self
            .bundle
            .companion(self.beside, &file)
            .ok_or_else(|| needs_file(&file))?;
        let header = read_header(entry, context)?;
        if header.record.segments.is_some() {
            return Err(ReadError::Unsupported {
                format: "wfdb".to_owned(),
                feature: format!("the segment {name} that is made of segments itself"),
            });
        }
        let header = Rc::new(header);
        self.read
            .insert(name.to_owned(), (Rc::clone(&header), entry));
        Ok((header, entry))
    }
}

/// Reads a multi-segment record of fixed or variable layout.
///
/// # Errors
/// [`ReadError`] when a segment's file is missing or damaged, or the record exceeds the budget.
pub(super) fn read_segments(
    header: &Header,
    bundle: &Bundle,
    beside: &Entry,
    context: &mut Context,
) -> Result<Vec<Signal>, ReadError> {
    let mut headers = Headers {
        bundle,
        beside,
        read: BTreeMap::new(),
    };
    let total: u64 = header
        .segments
        .iter()
        .fold(0, |sum, segment| sum.saturating_add(segment.frames));
    if let Some(frames) = header.record.frames
        && frames != total
    {
        context.note(
            Note::new("segment-lengths")
                .with("expected", frames)
                .with("found", total),
        );
    }
    // Variable layout: the first segment has no length and lists every signal that may come.
    let variable = header.segments.first().is_some_and(|s| s.frames == 0);
    let Some(layout) = header.segments.iter().find(|s| s.name != "~") else {
        return Ok(Vec::new());
    };
    let (layout, _) = headers.get(&layout.name, context)?;
    let frame: usize = layout.signals.iter().fold(0, |sum, signal| {
        sum.saturating_add(signal.samples_per_frame)
    });
    context.check_samples(total.saturating_mul(frame as u64))?;
    let mut joined: Vec<Joined> = layout.signals.iter().cloned().map(Joined::new).collect();
    let mut end = 0_usize;
    for segment in header.segments.iter().skip(usize::from(variable)) {
        let frames = segment.frames as usize;
        if segment.name != "~" {
            let (segment_header, entry) = headers.get(&segment.name, context)?;
            append_segment(
                &mut joined,
                &segment_header,
                variable,
                bundle,
                entry,
                segment.frames,
                context,
            )?;
        }
        end += frames;
        for lead in &mut joined {
            let length = end * lead.line.samples_per_frame;
            lead.gap_until(length);
        }
    }
    // Signals that the layout lists and no segment holds would be one long gap.
    let never: Vec<bool> = joined.iter().map(|lead| lead.scale.is_none()).collect();
    let absent = never.iter().filter(|&&never| never).count();
    if absent > 0 {
        context.note(Note::new("null-signals").with("count", absent));
    }
    Ok(joined
        .into_iter()
        .filter(|lead| lead.scale.is_some())
        .map(Joined::finish)
        .collect())
}

/// Appends one segment's signals to the leads that they belong to.
fn append_segment(
    joined: &mut [Joined],
    header: &Header,
    variable: bool,
    bundle: &Bundle,
    entry: &Entry,
    frames: u64,
    context: &mut Context,
) -> Result<(), ReadError> {
    let signals = read_signals(header, bundle, entry, Some(frames), context)?;
    let mut taken = vec![false; joined.len()];
    for (place, signal) in signals.into_iter().enumerate() {
        let by_name = joined
            .iter()
            .zip(&taken)
            .position(|(lead, taken)| !taken && lead.line.description.trim() == signal.lead.name);
        let target = if variable {
            by_name
        } else {
            by_name.or((place < joined.len()).then_some(place))
        };
        let Some((lead, taken)) =
            target.and_then(|at| Some((joined.get_mut(at)?, taken.get_mut(at)?)))
        else {
            context.note(Note::new("segment-signal").with("signal", signal.lead.name.as_str()));
            continue;
        };
        if *taken || lead.line.samples_per_frame != signal.samples_per_frame {
            context.note(Note::new("segment-signal").with("signal", signal.lead.name.as_str()));
            continue;
        }
        *taken = true;
        lead.append(signal.lead);
    }
    Ok(())
}
