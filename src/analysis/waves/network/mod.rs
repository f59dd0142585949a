//! P, QRS and T as a small network sees them in one lead: trained on LUDB and QTDB, described in `models/training/waves/card.md`.
//!
//! It is asked beside the rules, see [`super::together`].

mod layers;
mod runs;
mod windows;

pub use runs::{Found, Seen};

use crate::recording::Lead;
use std::ops::Range;
use windows::Windows;

/// Shortest stretch that is looked at, seconds: an interval and the waves around it.
const SHORTEST_S: f64 = 2.0;

/// The waves that the network sees in the given stretches of a lead, in seconds from the lead's start.
pub fn see(lead: &Lead, stretches: &[Range<usize>]) -> Seen {
    let mut all = Seen::default();
    let Some(windows) = Windows::new(lead.rate_hz) else {
        return all;
    };
    for stretch in stretches {
        let values_mv = lead.samples.values(stretch.clone());
        let is_long = values_mv.len() as f64 >= SHORTEST_S * lead.rate_hz;
        if !is_long || values_mv.iter().any(|value| !value.is_finite()) {
            continue;
        }
        let seen = runs::waves(&windows.see(&values_mv));
        let start_s = lead.time_s(stretch.start);
        let moved = |found: Vec<Found>| found.into_iter().map(move |wave| wave.moved(start_s));
        all.p.extend(moved(seen.p));
        all.qrs.extend(moved(seen.qrs));
        all.t.extend(moved(seen.t));
    }
    all
}

#[cfg(test)]
mod tests;
