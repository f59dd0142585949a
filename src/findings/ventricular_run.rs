//! Three and more beats from the ventricles in a row.

use super::ectopy::{Ectopy, Origin, runs};
use super::{Finding, FindingRule};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::Phrase;

/// Beats per minute above which a run is a tachycardia (2017 AHA/ACC/HRS guideline on ventricular
/// arrhythmias, Al-Khatib et al., Circulation 138:e272, 2018).
const FAST_FROM_PER_MIN: f64 = 100.0;
/// Seconds from which a tachycardia is a sustained one (the same guideline).
const SUSTAINED_FROM_S: f64 = 30.0;

/// Rows of three and more beats of class V, each with its rate and length.
pub struct VentricularRun;

impl FindingRule for VentricularRun {
    fn id(&self) -> &'static str {
        "ventricular-run"
    }

    fn find(&self, analysis: &Analysis, calls: &[Call]) -> Vec<Finding> {
        let ectopy = Ectopy::new(analysis, calls, Origin::Ventricular);
        runs(&ectopy, self.id(), |rate_per_min, length_s| {
            Phrase::new(if rate_per_min <= FAST_FROM_PER_MIN {
                "finding-ventricular-run-slow"
            } else if length_s >= SUSTAINED_FROM_S {
                "finding-ventricular-run-sustained"
            } else {
                "finding-ventricular-run"
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{classed, early};
    use super::*;
    use crate::recording::Arg;

    #[test]
    fn a_run_has_its_rate_and_length() {
        let found = VentricularRun.find(&early("NNNNVVVVNNNVVNN"), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats, [4, 5, 6, 7]);
        assert_eq!(found[0].text.id, "finding-ventricular-run");
        let args = &found[0].text.args;
        let number = |name: &str| match args.iter().find(|(key, _)| key == name) {
            Some((_, Arg::Number(number))) => *number,
            _ => f64::NAN,
        };
        assert!((number("rate") - 120.0).abs() < 1e-9);
        assert!((number("length") - 1.5).abs() < 1e-9);
    }

    #[test]
    fn slow_and_sustained_runs_are_told_apart() {
        let slow = classed("NNVVVVNN", &[0.8, 0.9, 0.7, 0.7, 0.7, 0.9, 0.8]);
        let found = VentricularRun.find(&slow, &[]);
        assert_eq!(found[0].text.id, "finding-ventricular-run-slow");
        let long = early(&format!("NNN{}NNN", "V".repeat(61)));
        let found = VentricularRun.find(&long, &[]);
        assert_eq!(found[0].text.id, "finding-ventricular-run-sustained");
        let short = early(&format!("NNN{}NNN", "V".repeat(60)));
        let found = VentricularRun.find(&short, &[]);
        assert_eq!(found[0].text.id, "finding-ventricular-run");
    }

    #[test]
    fn a_gap_parts_a_run() {
        let mut analysis = early("NNNNVVVVNNN");
        analysis.beats[6].follows = false;
        assert!(VentricularRun.find(&analysis, &[]).is_empty());
    }
}
