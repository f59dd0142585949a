//! Stretches in which the heart rate stays beyond a limit.

use super::{Finding, chains, mean_confidence};
use crate::analysis::Analysis;
use crate::recording::Phrase;

/// RR intervals that the rate is averaged over, so that a single early or late beat makes no episode.
const WINDOW: usize = 8;
/// Fewest RR intervals of an episode (a ten-second strip at 40 per minute has six).
const FEWEST: usize = 5;

/// Episodes whose rate (60 divided by the mean RR interval of eight successive ones) is `beyond` the limit.
///
/// The finding's text has the arguments `rate` (per minute), `from`, `to` (seconds) and `n` (RR intervals).
pub fn episodes(
    analysis: &Analysis,
    id: &str,
    text: &Phrase,
    beyond: impl Fn(f64) -> bool,
) -> Vec<Finding> {
    let time = |index: usize| analysis.beats.get(index).map(|beat| beat.time_s);
    let rate = |first: usize, last: usize| {
        let span_s = time(last)? - time(first)?;
        // To a tenth: the last bits of a sum of times decide nothing.
        (span_s > 0.0).then(|| (600.0 * (last - first) as f64 / span_s).round() / 10.0)
    };
    let mut findings = Vec::new();
    for chain in chains(analysis) {
        let intervals = chain.len() - 1;
        if intervals < FEWEST {
            continue;
        }
        let window = WINDOW.min(intervals);
        let mut stretches: Vec<(usize, usize)> = Vec::new();
        for first in chain.start..chain.end - window {
            let last = first + window;
            if !rate(first, last).is_some_and(&beyond) {
                continue;
            }
            match stretches.last_mut() {
                Some(open) if open.1 >= first => open.1 = last,
                _ => stretches.push((first, last)),
            }
        }
        for (first, last) in stretches {
            let (Some(from_s), Some(to_s), Some(rate)) =
                (time(first), time(last), rate(first, last))
            else {
                continue;
            };
            if !beyond(rate) {
                continue;
            }
            let beats: Vec<usize> = (first..=last).collect();
            findings.push(Finding {
                id: id.to_owned(),
                range_s: from_s..to_s,
                confidence: mean_confidence(analysis, &beats),
                beats,
                text: text
                    .clone()
                    .with("rate", rate)
                    .with("from", from_s)
                    .with("to", to_s)
                    .with("n", last - first),
            });
        }
    }
    findings
}
