//! A recording without its samples.

use crate::recording::{
    Annotation, Gap, Lead, LeadName, Note, Recording, SignalKind, Source, StartTime, Unit,
};
use serde::{Deserialize, Serialize};

/// Most annotations that a report carries; a Holter's hundred thousand stay with the recording.
pub const ANNOTATIONS_CARRIED: usize = 20_000;

/// What a report says of one lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeadSummary {
    /// The source's own name.
    pub name: String,
    /// The standard lead it is, where the name tells.
    pub standard: Option<LeadName>,
    /// What it measures.
    pub kind: SignalKind,
    /// Unit of `min`, `max` and `lsb`.
    pub unit: Unit,
    /// Samples per second.
    pub rate_hz: f64,
    /// Number of samples, gaps included.
    pub samples: usize,
    /// Smallest value outside gaps, `None` when there is no sample.
    pub min: Option<f64>,
    /// Largest value outside gaps.
    pub max: Option<f64>,
    /// Size of one count, `None` for sources in floating point.
    pub lsb: Option<f64>,
    /// Computed from other leads.
    pub derived: bool,
    /// Stretches without samples.
    pub gaps: Vec<Gap>,
}

impl LeadSummary {
    fn of(lead: &Lead) -> Self {
        let (min, max) = extremes(lead);
        Self {
            name: lead.name.clone(),
            standard: lead.standard,
            kind: lead.kind.clone(),
            unit: lead.unit.clone(),
            rate_hz: lead.rate_hz,
            samples: lead.samples.len(),
            min,
            max,
            lsb: lead.samples.resolution().filter(|lsb| lsb.is_finite()),
            derived: lead.derived,
            gaps: lead.gaps.clone(),
        }
    }

    /// The name without the word for "lead" that some sources put before it: `I` for `Lead I`.
    #[must_use]
    pub fn short_name(&self) -> &str {
        match self.standard {
            Some(_) => self
                .name
                .rsplit(char::is_whitespace)
                .next()
                .unwrap_or(&self.name),
            None => &self.name,
        }
    }

    /// Length in seconds.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.samples as f64 / self.rate_hz
    }
}

/// Smallest and largest physical value outside gaps, from the stored numbers so that no copy is made.
fn extremes(lead: &Lead) -> (Option<f64>, Option<f64>) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for stretch in lead.stretches() {
        for index in stretch {
            if let Some(stored) = lead
                .samples
                .stored(index)
                .filter(|stored| stored.is_finite())
            {
                low = low.min(stored);
                high = high.max(stored);
            }
        }
    }
    if low > high {
        return (None, None);
    }
    let (a, b) = (
        lead.samples.scale.value(low),
        lead.samples.scale.value(high),
    );
    // A negative gain turns the order round.
    (Some(a.min(b)), Some(a.max(b)))
}

/// What a report says of the recording itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingSummary {
    /// Length of the longest lead in seconds.
    pub duration_s: f64,
    /// Wall-clock start, where the source tells.
    pub start: Option<StartTime>,
    /// What the file or device says of itself.
    pub source: Source,
    /// The leads in the source's order.
    pub leads: Vec<LeadSummary>,
    /// The first [`ANNOTATIONS_CARRIED`] annotations.
    pub annotations: Vec<Annotation>,
    /// How many annotations the recording has.
    pub annotation_count: usize,
    /// What the reader noticed or repaired.
    pub notes: Vec<Note>,
}

impl RecordingSummary {
    /// The summary of a recording.
    #[must_use]
    pub fn of(recording: &Recording) -> Self {
        Self {
            duration_s: recording.duration_s(),
            start: recording.start,
            source: recording.source.clone(),
            leads: recording.leads.iter().map(LeadSummary::of).collect(),
            annotations: recording
                .annotations
                .iter()
                .take(ANNOTATIONS_CARRIED)
                .cloned()
                .collect(),
            annotation_count: recording.annotations.len(),
            notes: recording.notes.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{GapReason, Samples, Scale};

    #[test]
    fn extremes_leave_gaps_out_and_bear_a_negative_gain() {
        let scale = Scale {
            gain: -200.0,
            baseline: 0.0,
        };
        let mut lead = Lead::ecg(
            "I",
            100.0,
            Samples::from_i16(vec![-32768, 100, -60, 0], scale),
        );
        lead.gaps = vec![Gap {
            range: 0..1,
            reason: GapReason::Missing,
        }];
        let summary = LeadSummary::of(&lead);
        assert_eq!((summary.min, summary.max), (Some(-0.5), Some(0.3)));
        assert_eq!(summary.lsb, Some(0.005));
        assert_eq!(summary.samples, 4);
    }

    #[test]
    fn a_leads_short_name_leaves_the_word_for_lead_out() {
        let short = |name: &str| {
            let lead = Lead::ecg(name, 100.0, Samples::from_values(vec![0.0]));
            LeadSummary::of(&lead).short_name().to_owned()
        };
        assert_eq!(short("Lead I"), "I");
        assert_eq!(short("EKG II"), "II");
        assert_eq!(short("MLII"), "MLII");
        assert_eq!(short("chest strap"), "chest strap");
    }

    #[test]
    fn a_lead_without_samples_has_no_extremes() {
        let lead = Lead::ecg("I", 100.0, Samples::from_values(Vec::new()));
        let summary = LeadSummary::of(&lead);
        assert_eq!((summary.min, summary.max, summary.lsb), (None, None, None));
    }
}
