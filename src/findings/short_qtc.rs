//! A short corrected QT interval.

use super::short_interval::ShortInterval;
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;

/// Milliseconds below which a corrected QT is short in adults of either sex (ESC 2015, Priori et al., Eur Heart J 36:2793:
/// short QT syndrome at 340 ms and less; single statements put the limit between 320 and 390).
pub const BELOW_MS: f64 = 340.0;

/// The global QT corrected by Fridericia's formula is shorter than 340 ms.
pub struct ShortQtc;

impl FindingRule for ShortQtc {
    fn id(&self) -> &'static str {
        "short-qtc"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        ShortInterval {
            id: self.id(),
            message: "finding-short-qtc",
            pick: |all| &all.qtc_fridericia_ms,
            below_ms: BELOW_MS,
            error_ms: 40.0,
        }
        .find(analysis)
    }
}

#[cfg(test)]
mod tests {
    use super::super::short_interval::testing::{over_leads, with_global};
    use super::*;

    #[test]
    fn shorter_than_the_limit_is_short() {
        let short = with_global(|all| all.qtc_fridericia_ms = over_leads(320.0));
        assert_eq!(ShortQtc.find(&short, &[])[0].confidence, 0.75);
        let usual = with_global(|all| all.qtc_fridericia_ms = over_leads(340.0));
        assert!(ShortQtc.find(&usual, &[]).is_empty());
    }
}
