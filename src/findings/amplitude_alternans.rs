//! Every second beat is smaller.

use super::{Finding, FindingRule, chains};
use crate::analysis::Analysis;
use crate::inference::Call;
use crate::recording::{BeatCode, Phrase};
use crate::signal::median;
use std::ops::Range;

/// Fewest beats in a row over which heights must alternate: breathing, which makes beats higher and lower in turn, keeps
/// step with the heart for 17 of them here and there in a half hour (108 and 124 of MIT-BIH).
const FEWEST: usize = 24;
/// Least difference of neighbours relative to the height. Breathing changes the height by about as much, but over several
/// beats.
const LEAST_SHARE: f64 = 0.1;

/// Heights that alternate from beat to beat over 24 beats and more of the usual class (electrical alternans: McGregor and
/// Baskind, Circulation 11:837, 1955).
pub struct AmplitudeAlternans;

impl FindingRule for AmplitudeAlternans {
    fn id(&self) -> &'static str {
        "amplitude-alternans"
    }

    fn find(&self, analysis: &Analysis, _calls: &[Call]) -> Vec<Finding> {
        chains(analysis)
            .into_iter()
            .flat_map(|chain| alternating(analysis, &chain))
            .filter(|run| run.len() >= FEWEST)
            .filter_map(|run| self.finding(analysis, run))
            .collect()
    }
}

/// Runs of usual beats of which each is higher, or each lower, than both its neighbours.
fn alternating(analysis: &Analysis, chain: &Range<usize>) -> Vec<Range<usize>> {
    let usual = |index: usize| {
        let is_usual = analysis.beats.get(index)?.class == BeatCode::N;
        let height = f64::from(*analysis.signs.heights_mv.get(index)?);
        (is_usual && height.is_finite()).then_some(height)
    };
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut rises = None;
    for index in chain.start + 1..chain.end {
        let step = match (usual(index - 1), usual(index)) {
            (Some(before), Some(own)) => Some(own > before),
            _ => None,
        };
        match runs.last_mut() {
            Some(run)
                if step.is_some() && run.end == index && rises.is_some_and(|r| step != Some(r)) =>
            {
                run.end = index + 1;
            }
            _ if step.is_some() => runs.push(index - 1..index + 1),
            _ => {}
        }
        rises = step;
    }
    runs
}

impl AmplitudeAlternans {
    fn finding(&self, analysis: &Analysis, run: Range<usize>) -> Option<Finding> {
        let heights: Vec<f64> = analysis
            .signs
            .heights_mv
            .get(run.clone())?
            .iter()
            .map(|height| f64::from(height.abs()))
            .collect();
        let steps: Vec<f64> = heights
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .collect();
        let share = median(&steps)? / median(&heights).filter(|height| *height > 0.0)?;
        if share < LEAST_SHARE {
            return None;
        }
        let (first, last) = (
            analysis.beats.get(run.start)?,
            analysis.beats.get(run.end - 1)?,
        );
        Some(Finding {
            id: self.id().to_owned(),
            range_s: first.time_s..last.time_s,
            confidence: super::mean_confidence(analysis, &run.clone().collect::<Vec<_>>()),
            text: Phrase::new("finding-amplitude-alternans")
                .with("n", run.len())
                .with("percent", 100.0 * share)
                .with("from", first.time_s)
                .with("to", last.time_s),
            beats: run.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::analysis;
    use super::*;

    fn with_heights(heights: impl Fn(usize) -> f32) -> Analysis {
        let mut found = analysis(&[0.8; 40]);
        found.signs.heights_mv = (0..found.beats.len()).map(heights).collect();
        found
    }

    #[test]
    fn heights_that_alternate_are_told_and_breathing_is_not() {
        let alternating = with_heights(|beat| if beat % 2 == 0 { 1.0 } else { 0.8 });
        let found = AmplitudeAlternans.find(&alternating, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].beats.len(), 41);
        // Four beats a breath, and a breath of two and a half beats.
        for beats in [4.0, 2.5] {
            let breathing = with_heights(|beat| {
                1.0 + 0.15 * (std::f32::consts::TAU * beat as f32 / beats).sin()
            });
            assert!(
                AmplitudeAlternans.find(&breathing, &[]).is_empty(),
                "{beats}"
            );
        }
        let small = with_heights(|beat| if beat % 2 == 0 { 1.0 } else { 0.96 });
        assert!(AmplitudeAlternans.find(&small, &[]).is_empty());
        let short = with_heights(|beat| match beat {
            10..20 if beat % 2 == 0 => 0.8,
            _ => 1.0,
        });
        assert!(AmplitudeAlternans.find(&short, &[]).is_empty());
    }

    #[test]
    fn bigeminy_is_something_else() {
        let mut bigeminy = with_heights(|beat| if beat % 2 == 0 { 1.0 } else { 1.6 });
        for beat in bigeminy.beats.iter_mut().skip(1).step_by(2) {
            beat.class = BeatCode::V;
        }
        assert!(AmplitudeAlternans.find(&bigeminy, &[]).is_empty());
    }
}
