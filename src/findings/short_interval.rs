//! What the findings of short intervals share.
//!
//! One lead shows less of an interval than there is, so that "short" is said of global intervals only.

use super::Finding;
use crate::analysis::{Analysis, Intervals};
use crate::recording::{Measured, Phrase};

/// A global interval and the length below which it is short.
pub struct ShortInterval {
    pub id: &'static str,
    pub message: &'static str,
    pub pick: fn(&Intervals) -> &Measured<f64>,
    /// Milliseconds; the limit itself is not short.
    pub below_ms: f64,
    /// About two standard deviations of the measurement's error on LUDB: that far below the limit the confidence is 1,
    /// at the limit 0.5.
    pub error_ms: f64,
}

impl ShortInterval {
    /// The finding, where the global interval is below the limit.
    pub fn find(&self, analysis: &Analysis) -> Vec<Finding> {
        let Ok(global) = &analysis.global else {
            return Vec::new();
        };
        let Measured::Value { value, n, .. } = (self.pick)(&global.intervals) else {
            return Vec::new();
        };
        if *value >= self.below_ms {
            return Vec::new();
        }
        let beats: Vec<usize> = analysis
            .waves
            .iter()
            .filter(|waves| waves.usual)
            .map(|waves| waves.beat)
            .filter(|beat| {
                let beat = analysis.beats.get(*beat);
                beat.is_some_and(|beat| global.range_s.contains(&beat.time_s))
            })
            .collect();
        vec![Finding {
            id: self.id.to_owned(),
            range_s: global.range_s.clone(),
            confidence: (0.5 + 0.5 * ((self.below_ms - value) / self.error_ms).min(1.0)) as f32,
            text: Phrase::new(self.message)
                .with("value", *value)
                .with("n", *n)
                .with("limit", self.below_ms),
            beats,
        }]
    }
}

#[cfg(test)]
pub mod testing {
    use super::super::testing::analysis;
    use crate::analysis::{Analysis, Global, Intervals};
    use crate::recording::{Measured, Phrase};

    /// Ten beats a second apart whose global intervals are withheld but for what `set` sets.
    pub fn with_global(set: impl Fn(&mut Intervals)) -> Analysis {
        let mut analysis = analysis(&[1.0; 9]);
        let mut intervals = Intervals::withheld(&Phrase::new("analysis-global-no-p"));
        set(&mut intervals);
        analysis.global = Ok(Global {
            range_s: 0.0..10.5,
            leads: Vec::new(),
            intervals,
        });
        analysis
    }

    /// A global interval over eight leads.
    pub fn over_leads(value: f64) -> Measured<f64> {
        Measured::Value {
            value,
            sd: Some(8.0),
            n: 8,
            method: "method-global".to_owned(),
        }
    }
}
