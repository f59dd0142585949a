//! A long corrected QT interval.

use super::long_interval::LongInterval;
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;

/// Milliseconds above which a corrected QT is long in adults of either sex (AHA/ACCF/HRS 2009, part IV: 460 for women,
/// 450 for men, of which the higher is taken since the sex is not always known).
pub const ABOVE_MS: f64 = 460.0;

/// QT corrected by Fridericia's formula above 460 ms. Not said of wide QRS complexes, which lengthen QT by themselves.
pub struct LongQtc;

impl FindingRule for LongQtc {
    fn id(&self) -> &'static str {
        "long-qtc"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        let intervals = &analysis.intervals;
        let (Some(qt), Some(qtc)) = (intervals.qt_ms.value(), intervals.qtc_fridericia_ms.value())
        else {
            return Vec::new();
        };
        let is_wide = |qrs: f64| qrs > super::wide_qrs::ABOVE_MS;
        if qt <= 0.0 || intervals.qrs_ms.value().is_none_or(is_wide) {
            return Vec::new();
        }
        LongInterval {
            id: self.id(),
            message: "finding-long-qtc",
            measured: &intervals.qtc_fridericia_ms,
            above_ms: ABOVE_MS,
            of_beat_ms: &|waves| {
                let t = waves.t.ok().filter(|_| waves.t_end_is_clear)?;
                let single = f64::from(t.end_s - waves.qrs.onset_s) * 1000.0;
                Some(single * qtc / qt)
            },
        }
        .find(analysis)
    }
}

#[cfg(test)]
mod tests {
    use super::super::long_interval::testing::{measured, with_waves};
    use super::*;

    #[test]
    fn longer_than_the_limit_is_long_but_not_of_wide_complexes() {
        let mut long = with_waves(None, (-40.0, 50.0), Some(450.0));
        long.intervals.qt_ms = measured(490.0);
        long.intervals.qtc_fridericia_ms = measured(490.0);
        long.intervals.qrs_ms = measured(90.0);
        assert_eq!(LongQtc.find(&long, &[])[0].confidence, 1.0);
        long.intervals.qrs_ms = measured(130.0);
        assert!(LongQtc.find(&long, &[]).is_empty());
        long.intervals.qrs_ms = measured(90.0);
        long.intervals.qtc_fridericia_ms = measured(455.0);
        assert!(LongQtc.find(&long, &[]).is_empty());
    }
}
