//! One lead: its name, what it measures, its rate, its samples and its gaps.

use super::Samples;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The standard leads; what is not one of them keeps only the source's own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum LeadName {
    I,
    II,
    III,
    AVR,
    AVL,
    AVF,
    V1,
    V2,
    V3,
    V4,
    V5,
    V6,
}

impl LeadName {
    /// The twelve leads in the order of a printed sheet.
    pub const ALL: [Self; 12] = [
        Self::I,
        Self::II,
        Self::III,
        Self::AVR,
        Self::AVL,
        Self::AVF,
        Self::V1,
        Self::V2,
        Self::V3,
        Self::V4,
        Self::V5,
        Self::V6,
    ];

    /// The lead's printed name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::I => "I",
            Self::II => "II",
            Self::III => "III",
            Self::AVR => "aVR",
            Self::AVL => "aVL",
            Self::AVF => "aVF",
            Self::V1 => "V1",
            Self::V2 => "V2",
            Self::V3 => "V3",
            Self::V4 => "V4",
            Self::V5 => "V5",
            Self::V6 => "V6",
        }
    }

    /// Recognises a source's own spelling: `Lead I`, `EKG II`, `MLII`, `avr`, `V1`.
    ///
    /// Modified leads (`MLII`) count as the lead they stand for, as annotated databases use them.
    #[must_use]
    pub fn recognise(name: &str) -> Option<Self> {
        let mut key: String = name
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .collect::<String>()
            .to_ascii_uppercase();
        for prefix in ["LEAD", "ECG", "EKG", "ABLEITUNG"] {
            if key.len() > prefix.len() && key.starts_with(prefix) {
                key = key.split_off(prefix.len());
            }
        }
        let key = key.strip_prefix("ML").unwrap_or(&key);
        Self::ALL
            .into_iter()
            .find(|lead| lead.label().eq_ignore_ascii_case(key))
    }
}

/// What a signal is. Only ECG is analysed; the rest is listed and can be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignalKind {
    /// An electrocardiogram.
    Ecg,
    /// Anything else, in the source's own words (pressure, respiration, accelerometer).
    Other(String),
}

/// Unit of a lead's physical values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Millivolts; every calibrated ECG lead.
    Millivolt,
    /// Raw counts of unknown size: shown, never measured in voltage.
    Counts,
    /// Another unit, as the source spells it.
    Other(String),
}

/// Why samples are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    /// The source marks the samples as invalid or lost.
    Missing,
    /// The electrode had no contact.
    LeadOff,
    /// The source stopped and went on later.
    Paused,
    /// Packets were lost on the way from the device.
    LostPackets,
    /// The link to the device was down.
    LostLink,
}

/// A stretch of one lead without samples; the stored filler there means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Sample indices at the lead's own rate, end exclusive.
    pub range: Range<usize>,
    /// Why.
    pub reason: GapReason,
}

/// One signal of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    /// The source's own name, trimmed; unique names are not promised.
    pub name: String,
    /// The standard lead this is, where the name tells.
    pub standard: Option<LeadName>,
    /// What it measures.
    pub kind: SignalKind,
    /// Unit of the physical values.
    pub unit: Unit,
    /// Samples per second, greater than 0.
    pub rate_hz: f64,
    /// The samples.
    pub samples: Samples,
    /// Stretches without samples, ordered, not overlapping.
    pub gaps: Vec<Gap>,
    /// Computed from other leads (III, aVR, aVL, aVF), not stored in the source.
    pub derived: bool,
}

impl Lead {
    /// An ECG lead in millivolts without gaps.
    #[must_use]
    pub fn ecg(name: &str, rate_hz: f64, samples: Samples) -> Self {
        Self {
            name: name.trim().to_owned(),
            standard: LeadName::recognise(name),
            kind: SignalKind::Ecg,
            unit: Unit::Millivolt,
            rate_hz,
            samples,
            gaps: Vec::new(),
            derived: false,
        }
    }

    /// Length in seconds.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.samples.len() as f64 / self.rate_hz
    }

    /// Time of a sample in seconds from the recording's start.
    #[must_use]
    pub fn time_s(&self, index: usize) -> f64 {
        index as f64 / self.rate_hz
    }

    /// The sample nearest to a time, within the lead.
    #[must_use]
    pub fn index_at(&self, time_s: f64) -> usize {
        let last = self.samples.len().saturating_sub(1);
        ((time_s * self.rate_hz).round().max(0.0) as usize).min(last)
    }

    /// The gaps that reach into a range of samples, in order.
    pub fn gaps_within(&self, range: Range<usize>) -> impl Iterator<Item = &Gap> {
        let from = self
            .gaps
            .partition_point(|gap| gap.range.end <= range.start);
        self.gaps
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(move |gap| gap.range.start < range.end)
    }

    /// The samples of a range (cut to what there is) as a lead of its own, whose first sample is that of the range.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.samples.len());
        let start = range.start.min(end);
        let within = |at: usize| at.clamp(start, end) - start;
        Self {
            name: self.name.clone(),
            standard: self.standard,
            kind: self.kind.clone(),
            unit: self.unit.clone(),
            rate_hz: self.rate_hz,
            samples: self.samples.part(start..end),
            gaps: self
                .gaps_within(start..end)
                .map(|gap| Gap {
                    range: within(gap.range.start)..within(gap.range.end),
                    reason: gap.reason,
                })
                .collect(),
            derived: self.derived,
        }
    }

    /// Stretches that hold samples: the complement of the gaps, none empty.
    #[must_use]
    pub fn stretches(&self) -> Vec<Range<usize>> {
        let mut stretches = Vec::with_capacity(self.gaps.len() + 1);
        let mut from = 0;
        for gap in &self.gaps {
            let start = gap.range.start.min(self.samples.len());
            if start > from {
                stretches.push(from..start);
            }
            from = from.max(gap.range.end);
        }
        if from < self.samples.len() {
            stretches.push(from..self.samples.len());
        }
        stretches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_recognised_in_the_spellings_seen() {
        for (name, lead) in [
            ("Lead I", LeadName::I),
            ("MLII", LeadName::II),
            ("ECG II", LeadName::II),
            ("avr", LeadName::AVR),
            ("aVF", LeadName::AVF),
            (" V5 ", LeadName::V5),
            ("Ableitung I", LeadName::I),
        ] {
            assert_eq!(LeadName::recognise(name), Some(lead), "{name}");
        }
        for name in ["ECG", "ABP", "V7", "", "ECG 1", "V"] {
            assert_eq!(LeadName::recognise(name), None, "{name}");
        }
    }

    #[test]
    fn stretches_are_what_the_gaps_leave() {
        let mut lead = Lead::ecg("I", 100.0, Samples::from_values(vec![0.0; 10]));
        assert_eq!(lead.stretches(), vec![0..10]);
        lead.gaps = vec![
            Gap {
                range: 0..2,
                reason: GapReason::Missing,
            },
            Gap {
                range: 5..6,
                reason: GapReason::LeadOff,
            },
            Gap {
                range: 9..12,
                reason: GapReason::Missing,
            },
        ];
        assert_eq!(lead.stretches(), vec![2..5, 6..9]);
        let starts =
            |range| -> Vec<usize> { lead.gaps_within(range).map(|gap| gap.range.start).collect() };
        assert_eq!(starts(1..6), [0, 5]);
        assert!(starts(2..5).is_empty());
        assert_eq!(starts(5..20), [5, 9]);
        let part = lead.part(1..8);
        assert_eq!(part.samples.len(), 7);
        assert_eq!(part.stretches(), vec![1..4, 5..7]);
        assert!(lead.part(20..30).samples.is_empty());
    }
}
