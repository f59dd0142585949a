//! Sections 4 to 6: where the beats are, the reference beat, and the rhythm.

use super::super::view::View;
use super::super::{Context, ReadError};
use super::huffman::{Coding, decode};
use super::{LeadList, clamp};
use crate::recording::{Lead, Samples, Scale};

/// Section 5 or 6: how its samples are coded, and each lead's bytes.
pub struct Block<'a> {
    /// Nanovolts a count.
    pub nanovolts: u32,
    /// Microseconds between samples.
    pub interval_us: u32,
    /// 0 amplitudes, 1 first differences, 2 second differences.
    differences: u8,
    /// Of section 6: what lies outside the protected zones is decimated.
    pub bimodal: bool,
    leads: Vec<&'a [u8]>,
}

impl<'a> Block<'a> {
    /// `None` where the section is too short for its head.
    pub fn read(body: &'a [u8], leads: usize) -> Option<Self> {
        let view = View::little(body);
        let mut at = 6 + 2 * leads;
        let bytes = (0..leads).map(|place| {
            let length = view.u16(6 + 2 * place).map_or(0, usize::from);
            let end = at.saturating_add(length).min(body.len());
            let bytes = body.get(at..end).unwrap_or_default();
            at = at.saturating_add(length);
            bytes
        });
        Some(Self {
            nanovolts: u32::from(view.u16(0)?),
            interval_us: u32::from(view.u16(2)?),
            differences: view.u8(4)?,
            bimodal: view.u8(5)? == 1,
            leads: bytes.collect(),
        })
    }

    /// The stored values of a lead, with the differences undone.
    fn stored(&self, place: usize, most: usize, coding: &Coding) -> Vec<i32> {
        let bytes = self.leads.get(place).copied().unwrap_or_default();
        let mut values = match coding {
            Coding::Tables(tables) => decode(tables, bytes, most),
            Coding::Plain => {
                let (pairs, _) = bytes.as_chunks::<2>();
                let values = pairs
                    .iter()
                    .map(|&pair| i32::from(i16::from_le_bytes(pair)));
                values.take(most).collect()
            }
        };
        let (mut older, mut old) = (0_i32, 0_i32);
        for (at, value) in values.iter_mut().enumerate() {
            let predicted = match (self.differences, at) {
                (1, 1..) => old,
                (2, 2..) => old.wrapping_mul(2).wrapping_sub(older),
                _ => 0,
            };
            // Recorders compute in 16 bits, and so do their overflows.
            *value = i32::from(value.wrapping_add(predicted) as i16);
            (older, old) = (old, *value);
        }
        values
    }

    /// A lead of `length` samples; rebuilt from its decimated stretches if there are such.
    pub fn lead(
        &self,
        place: usize,
        length: usize,
        decimated: Option<Decimated<'_>>,
        coding: &Coding,
        context: &Context,
    ) -> Result<Vec<i32>, ReadError> {
        let stored = self.stored(place, length, coding);
        let Some(decimated) = decimated else {
            return Ok(stored);
        };
        // What was decimated grows by at most the ratio.
        let length = length.min(stored.len().saturating_mul(decimated.ratio));
        context.check_samples(length as u64)?;
        Ok(decimated.rebuild(&stored, length))
    }

    /// Every lead as the reference beat, whose length stands in section 4.
    pub fn decode_whole(
        &self,
        length_ms: Option<u16>,
        coding: &Coding,
        context: &Context,
    ) -> Result<Beat, ReadError> {
        let told = length_ms
            .filter(|length| *length > 0)
            .and_then(|length| (u32::from(length) * 1000).checked_div(self.interval_us));
        let most = told.map_or(usize::from(u16::MAX), |told| told as usize);
        let mut leads = Vec::new();
        let mut total = 0;
        for place in 0..self.leads.len() {
            let counts = self.stored(place, most, coding);
            total += counts.len() as u64;
            context.check_samples(total)?;
            leads.push(counts);
        }
        Ok(Beat {
            nanovolts: self.nanovolts,
            interval_us: self.interval_us,
            leads,
        })
    }
}

/// The reference beat.
pub struct Beat {
    /// Nanovolts a count.
    pub nanovolts: u32,
    /// Microseconds between samples.
    pub interval_us: u32,
    leads: Vec<Vec<i32>>,
}

impl Beat {
    /// As leads of its own; none without a scale.
    pub fn leads(&self, list: &LeadList) -> Vec<Lead> {
        if self.nanovolts == 0 || self.interval_us == 0 {
            return Vec::new();
        }
        let scale = Scale {
            gain: 1e6 / f64::from(self.nanovolts),
            baseline: 0.0,
        };
        let rate_hz = 1e6 / f64::from(self.interval_us);
        let leads = list.leads.iter().zip(&self.leads);
        leads
            .filter(|(_, counts)| !counts.is_empty())
            .map(|(span, counts)| {
                Lead::ecg(
                    &span.name,
                    rate_hz,
                    Samples::from_i32(counts.clone(), scale),
                )
            })
            .collect()
    }
}

/// Section 4: where beats of the reference type lie, and which stretches are kept at full rate.
pub struct Zone {
    /// Sample of the reference beat, counted from 1, that lies on a beat's fiducial point.
    fiducial: i64,
    /// First, fiducial and last sample of each beat of the reference type, counted from 1.
    beats: Vec<[i64; 3]>,
    /// First and last sample of each protected stretch, in order.
    protected: Vec<[i64; 2]>,
}

/// Type and fiducial sample, counted from 1, of every beat of section 4 that has one.
pub fn fiducials(body: &[u8]) -> Vec<(u16, u32)> {
    let view = View::little(body);
    let count = view.u16(4).map_or(0, usize::from);
    (0..count)
        .map_while(|place| {
            let at = 6 + place * 14;
            Some((view.u16(at)?, view.u32(at + 6)?))
        })
        // Beats that were not located have 1 in all three places.
        .filter(|(_, fiducial)| *fiducial > 1)
        .collect()
}

impl Zone {
    pub fn read(body: &[u8]) -> Self {
        let view = View::little(body);
        let count = view.u16(4).map_or(0, usize::from);
        let number = |at: usize| view.u32(at).map(i64::from);
        let mut beats: Vec<[i64; 3]> = (0..count)
            .map_while(|place| {
                let at = 6 + place * 14;
                let kind = view.u16(at)?;
                Some((kind, [number(at + 2)?, number(at + 6)?, number(at + 10)?]))
            })
            .filter(|(kind, _)| *kind == 0)
            .map(|(_, beat)| beat)
            .collect();
        // Zones do not overlap; where a file says so, each sample counts for the first.
        beats.sort_unstable();
        let mut end = 0;
        for beat in &mut beats {
            let [from, _, to] = beat;
            *from = (*from).max(end + 1);
            end = end.max(*to);
        }
        let mut protected: Vec<[i64; 2]> = (0..count)
            .map_while(|place| {
                let at = 6 + count * 14 + place * 8;
                Some([number(at)?, number(at + 4)?])
            })
            .filter(|[first, last]| first <= last && *first > 0)
            .collect();
        protected.sort_unstable();
        Self {
            fiducial: view.u16(2).map_or(0, i64::from),
            beats,
            protected,
        }
    }

    /// Adds the reference beat back to the residuals of a lead, wherever it was subtracted.
    pub fn add(&self, beat: &Beat, place: usize, first: u32, factor: i64, counts: &mut [i32]) {
        let Some(reference) = beat.leads.get(place) else {
            return;
        };
        for &[from, fiducial, to] in &self.beats {
            // Beyond the reference beat there is nothing to add.
            let begin = fiducial - self.fiducial + 1;
            let from = from.max(begin).max(i64::from(first));
            let to = to.min(begin + reference.len() as i64 - 1);
            for sample in from..=to {
                let (Ok(at), Ok(of)) = (
                    usize::try_from(sample - i64::from(first)),
                    usize::try_from(sample - begin),
                ) else {
                    continue;
                };
                let Some(count) = counts.get_mut(at) else {
                    break;
                };
                let added = i64::from(reference.get(of).copied().unwrap_or(0)) * factor;
                *count = clamp(i64::from(*count) + added);
            }
        }
    }
}

/// Bimodal compression of a lead.
#[derive(Clone, Copy)]
pub struct Decimated<'a> {
    /// Samples of the full rate that one stored sample stands for outside the protected stretches.
    pub ratio: usize,
    /// Number of the lead's first sample.
    pub first: u32,
    /// Where the protected stretches are.
    pub zones: &'a Zone,
}

impl Decimated<'_> {
    /// The stretches of a lead in turn: protected or not, with their lengths.
    fn stretches(self, length: usize) -> Vec<(bool, usize)> {
        let mut stretches = Vec::new();
        let mut at = 0;
        for &[from, to] in &self.zones.protected {
            let from = usize::try_from(from - i64::from(self.first))
                .unwrap_or(0)
                .clamp(at, length);
            let to = usize::try_from(to - i64::from(self.first) + 1)
                .unwrap_or(0)
                .clamp(from, length);
            stretches.push((false, from - at));
            stretches.push((true, to - from));
            at = to;
        }
        stretches.push((false, length - at));
        stretches.retain(|(_, length)| *length > 0);
        stretches
    }

    /// Full rate from stored values that are decimated outside the protected stretches: the first values are held for
    /// half the ratio, then straight lines join the stored ones, and the last is held.
    fn rebuild(self, stored: &[i32], length: usize) -> Vec<i32> {
        let ratio = self.ratio;
        let stretches = self.stretches(length);
        let needed = |round_up: bool| -> usize {
            let each = stretches
                .iter()
                .map(|&(protected, length)| match (protected, round_up) {
                    (true, _) => length,
                    (false, true) => length.div_ceil(ratio),
                    (false, false) => length / ratio,
                });
            each.sum()
        };
        // Writers differ in what they do with a rest; the number of stored values tells.
        let round_up = stored.len() != needed(false);
        let mut out = Vec::with_capacity(length);
        let mut rest = stored;
        for (protected, length) in stretches {
            let count = match (protected, round_up) {
                (true, _) => length,
                (false, true) => length.div_ceil(ratio),
                (false, false) => length / ratio,
            };
            let (own, after) = rest.split_at(count.min(rest.len()));
            rest = after;
            if protected {
                out.extend_from_slice(own);
                if own.len() < length {
                    break;
                }
                continue;
            }
            for at in 0..length {
                let Some(&last) = own.last() else {
                    // A stretch shorter than the ratio, of which nothing was stored.
                    out.push(out.last().copied().unwrap_or(0));
                    continue;
                };
                let after = at.saturating_sub(ratio / 2);
                let (left, part) = (after / ratio, (after % ratio) as i32);
                let value = match (own.get(left), own.get(left + 1)) {
                    (Some(&a), Some(&b)) => a + (b - a) * part / ratio as i32,
                    (Some(&a), None) => a,
                    _ => last,
                };
                out.push(value);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimated_stretches_are_joined_by_lines_and_protected_ones_kept() {
        let zone = Zone {
            fiducial: 1,
            beats: Vec::new(),
            protected: vec![[5, 6]],
        };
        let stored = [0, 8, 100, 101, 20, 24];
        assert_eq!(
            Decimated {
                ratio: 2,
                first: 1,
                zones: &zone
            }
            .rebuild(&stored, 10),
            [0, 0, 4, 8, 100, 101, 20, 20, 22, 24]
        );
    }
}
