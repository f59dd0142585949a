//! Pieces of a recording that begin at their own times, put on one line of time.

use super::gaps::push_gap;
use super::{Context, ReadError};
use crate::recording::{GapReason, Lead, SampleData, Samples, Scale};

/// Leads that begin together.
#[derive(Clone, Debug)]
pub struct Segment {
    /// When, on any line of time that the pieces share.
    pub offset_s: f64,
    /// The leads.
    pub leads: Vec<Lead>,
}

/// What came of joining.
#[derive(Debug)]
pub enum Joined {
    /// The leads on one line of time.
    Whole(Vec<Lead>),
    /// The pieces as they were: two of a lead overlap, differ in rate or unit, or lie too far apart.
    Apart(Vec<Segment>),
}

/// Joins pieces: the same lead (by its name) of several becomes one with gaps between, and what begins later than the
/// first begins with a gap.
///
/// # Errors
/// [`ReadError::TooLarge`].
pub fn join(mut segments: Vec<Segment>, context: &Context) -> Result<Joined, ReadError> {
    if segments.len() < 2 {
        let leads = segments.pop().map(|segment| segment.leads);
        return Ok(Joined::Whole(leads.unwrap_or_default()));
    }
    segments.sort_by(|a, b| a.offset_s.total_cmp(&b.offset_s));
    let first_s = segments.first().map_or(0.0, |segment| segment.offset_s);
    if !(alike(&segments, first_s) && fits(&segments, first_s, context)?) {
        return Ok(Joined::Apart(segments));
    }
    let mut joined: Vec<Lead> = Vec::new();
    for segment in segments {
        let after_s = segment.offset_s - first_s;
        for lead in segment.leads {
            let start = place(after_s, lead.rate_hz);
            let known = joined.iter().position(|known| known.name == lead.name);
            match known.and_then(|place| joined.get_mut(place)) {
                Some(known) => {
                    let length = known.samples.len();
                    let start = if start <= length + 1 { length } else { start };
                    append(known, lead, start);
                }
                None if start == 0 => joined.push(lead),
                None => {
                    let mut new = Lead {
                        samples: empty_like(&lead.samples),
                        gaps: Vec::new(),
                        name: lead.name.clone(),
                        kind: lead.kind.clone(),
                        unit: lead.unit.clone(),
                        ..lead
                    };
                    append(&mut new, lead, start);
                    joined.push(new);
                }
            }
        }
    }
    Ok(Joined::Whole(joined))
}

fn place(after_s: f64, rate_hz: f64) -> usize {
    (after_s * rate_hz).round() as usize
}

/// Whether the pieces of each lead agree in rate and unit and follow each other. A sample more or less is the rounding
/// of the written times.
fn alike(segments: &[Segment], first_s: f64) -> bool {
    let mut ends: std::collections::BTreeMap<&str, (&Lead, usize)> =
        std::collections::BTreeMap::new();
    for segment in segments {
        for lead in &segment.leads {
            let start = place(segment.offset_s - first_s, lead.rate_hz);
            let end = start.saturating_add(lead.samples.len());
            if let Some((known, length)) = ends.get(lead.name.as_str()) {
                let same = known.rate_hz == lead.rate_hz && known.unit == lead.unit;
                if !same || start.saturating_add(1) < *length {
                    return false;
                }
            }
            ends.insert(&lead.name, (lead, end));
        }
    }
    true
}

/// Whether the joined leads stay in a sound proportion to what is there: a few bytes cannot ask for gigabytes of gap.
fn fits(segments: &[Segment], first_s: f64, context: &Context) -> Result<bool, ReadError> {
    let (mut real, mut longest) = (0_u64, 0_u64);
    let mut names: Vec<&str> = Vec::new();
    for segment in segments {
        for lead in &segment.leads {
            let length = lead.samples.len() as u64;
            let start = ((segment.offset_s - first_s) * lead.rate_hz).round() as u64;
            real = real.saturating_add(length);
            longest = longest.max(start.saturating_add(length));
            names.push(&lead.name);
        }
    }
    names.sort_unstable();
    names.dedup();
    let whole = longest.saturating_mul(names.len() as u64);
    let most = real
        .saturating_mul(4)
        .max(real.saturating_add(1_000_000))
        .min(real.saturating_mul(100));
    if whole > most {
        return Ok(false);
    }
    context.check_samples(whole)?;
    Ok(true)
}

fn empty_like(samples: &Samples) -> Samples {
    Samples {
        data: match samples.data {
            SampleData::I16(_) => SampleData::I16(Vec::new()),
            SampleData::I32(_) => SampleData::I32(Vec::new()),
            SampleData::F32(_) => SampleData::F32(Vec::new()),
        },
        scale: samples.scale,
    }
}

/// Appends `lead` to `known` at sample `start`, which is not before its end.
fn append(known: &mut Lead, lead: Lead, start: usize) {
    let length = known.samples.len();
    if start > length {
        let reason = if length == 0 {
            GapReason::Missing
        } else {
            GapReason::Paused
        };
        push_gap(&mut known.gaps, length..start, reason);
    }
    for gap in lead.gaps {
        let range = gap.range.start + start..gap.range.end + start;
        push_gap(&mut known.gaps, range, gap.reason);
    }
    let same_scale = known.samples.scale == lead.samples.scale;
    let same_type =
        std::mem::discriminant(&known.samples.data) == std::mem::discriminant(&lead.samples.data);
    if !(same_scale && same_type) {
        let values = known.samples.all_values();
        known.samples = Samples::from_values(values);
    }
    match (&mut known.samples.data, lead.samples.data) {
        (SampleData::I16(into), SampleData::I16(data)) if same_scale => {
            into.resize(start, into.last().copied().unwrap_or(0));
            into.extend(data);
        }
        (SampleData::I32(into), SampleData::I32(data)) if same_scale => {
            into.resize(start, into.last().copied().unwrap_or(0));
            into.extend(data);
        }
        (SampleData::F32(into), data) => {
            into.resize(start, into.last().copied().unwrap_or(0.0));
            // Where the scale is one of both, the stored numbers are; else all are values already.
            let scale = if same_scale && same_type {
                Scale::IDENTITY
            } else {
                lead.samples.scale
            };
            into.extend(Samples { data, scale }.all_values());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(name: &str, counts: &[i16]) -> Lead {
        let scale = Scale {
            gain: 100.0,
            baseline: 0.0,
        };
        Lead::ecg(name, 10.0, Samples::from_i16(counts.to_vec(), scale))
    }

    fn whole(joined: Result<Joined, ReadError>) -> Vec<Lead> {
        match joined {
            Ok(Joined::Whole(leads)) => leads,
            other => panic!("{other:?}"),
        }
    }

    fn segment(offset_s: f64, leads: Vec<Lead>) -> Segment {
        Segment { offset_s, leads }
    }

    #[test]
    fn pieces_are_put_at_their_times_with_gaps_between() {
        let pieces = vec![
            segment(101.0, vec![lead("I", &[3, 4]), lead("II", &[9])]),
            segment(100.0, vec![lead("I", &[1, 2])]),
        ];
        let leads = whole(join(pieces, &Context::default()));
        assert_eq!(leads[0].samples.len(), 12);
        assert_eq!(leads[0].samples.stored(11), Some(4.0));
        assert_eq!(leads[0].gaps[0].range, 2..10);
        assert_eq!(leads[0].gaps[0].reason, GapReason::Paused);
        assert_eq!(
            (leads[1].samples.len(), leads[1].gaps[0].range.clone()),
            (11, 0..10)
        );
    }

    #[test]
    fn touching_pieces_leave_no_gap_and_overlapping_ones_are_not_joined() {
        let pieces = vec![
            segment(0.0, vec![lead("I", &[1, 2])]),
            segment(0.2001, vec![lead("I", &[3])]),
        ];
        let leads = whole(join(pieces, &Context::default()));
        assert!(leads[0].gaps.is_empty());
        assert_eq!(leads[0].samples.len(), 3);
        for offset_s in [0.0, 1e9, f64::INFINITY] {
            let pieces = vec![
                segment(0.0, vec![lead("I", &[1, 2, 3])]),
                segment(offset_s, vec![lead("I", &[1])]),
            ];
            let joined = join(pieces, &Context::default());
            assert!(matches!(joined, Ok(Joined::Apart(pieces)) if pieces.len() == 2));
        }
    }

    #[test]
    fn pieces_of_other_scales_are_joined_by_their_values() {
        let mut other = lead("I", &[10]);
        other.samples.scale.gain = 10.0;
        let pieces = vec![
            segment(0.0, vec![lead("I", &[50])]),
            segment(0.1, vec![other]),
        ];
        let leads = whole(join(pieces, &Context::default()));
        assert_eq!(leads[0].samples.all_values(), [0.5, 1.0]);
    }
}
