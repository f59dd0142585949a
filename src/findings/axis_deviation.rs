//! The heart's electrical axis points further to the left or to the right than usual.

use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::{Measured, Phrase};

/// Degrees beyond which the QRS axis of an adult is deviated to the left and to the right (Surawicz et al., AHA/ACCF/HRS
/// 2009 part III).
pub const LEFT_BEYOND_DEG: f64 = -30.0;
pub const RIGHT_BEYOND_DEG: f64 = 90.0;

/// A QRS axis outside -30° to 90°, by more than its own scatter.
pub struct AxisDeviation;

impl FindingRule for AxisDeviation {
    fn id(&self) -> &'static str {
        "axis-deviation"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        let Measured::Value { value, sd, n, .. } = analysis.axis_deg else {
            return Vec::new();
        };
        let error = sd.unwrap_or(0.0) / (n.max(1) as f64).sqrt();
        let (text, limit) = if value + error < LEFT_BEYOND_DEG && value >= -90.0 {
            ("finding-axis-deviation-left", LEFT_BEYOND_DEG)
        } else if value - error > RIGHT_BEYOND_DEG {
            ("finding-axis-deviation-right", RIGHT_BEYOND_DEG)
        } else if value < -90.0 {
            ("finding-axis-deviation-extreme", -90.0)
        } else {
            return Vec::new();
        };
        let (Some(first), Some(last)) = (analysis.beats.first(), analysis.beats.last()) else {
            return Vec::new();
        };
        vec![Finding {
            id: self.id().to_owned(),
            range_s: first.time_s..last.time_s,
            beats: analysis
                .waves
                .iter()
                .filter(|waves| waves.usual)
                .map(|waves| waves.beat)
                .collect(),
            confidence: 1.0,
            text: Phrase::new(text)
                .with("axis", value)
                .with("limit", limit)
                .with("n", n),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::analysis;
    use super::*;

    #[test]
    fn the_limits_are_those_of_adults() {
        let text = |axis: f64| {
            let mut found = analysis(&[0.8; 9]);
            found.axis_deg = Measured::Value {
                value: axis,
                sd: Some(3.0),
                n: 9,
                method: "method-axis-area".to_owned(),
            };
            let findings = AxisDeviation.find(&found, &[]);
            findings.first().map(|finding| finding.text.id.clone())
        };
        assert_eq!(text(60.0), None);
        assert_eq!(text(-29.0), None);
        assert_eq!(text(90.5), None);
        assert_eq!(text(-45.0).unwrap(), "finding-axis-deviation-left");
        assert_eq!(text(120.0).unwrap(), "finding-axis-deviation-right");
        assert_eq!(text(-120.0).unwrap(), "finding-axis-deviation-extreme");
    }
}
