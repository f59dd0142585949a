//! Comparisons as text that can be laid beside the WFDB programs' reports: a line a record with sums, or matrices.
//!
//! Header lines and the lines of records are those of `bxb`, `rxr` and `epicmp`, byte for byte; the rows below are those
//! of `sumstats`. Where these programs compute a percentage wrongly, the right one is given: `bxb` leaves S beats out of
//! "beats missed" in a shutdown; `sumstats` halves the gross shares of shutdown, leaves fusion beats called S out of the
//! gross and average S +P, and averages figures that are rounded already. The test `oracle::corrections` holds both.

mod forms;
pub(super) mod lines;
pub(super) mod matrices;

pub use forms::{
    ATRIAL_FIBRILLATION, BEATS, BEATS_WITHOUT_S, FORMS, Form, SHUTDOWN, SHUTDOWN_WITHOUT_S,
    SUPRAVENTRICULAR_RUNS, VENTRICULAR_FLUTTER, VENTRICULAR_RUNS,
};

/// A share as a percentage. Rounding to 14 digits keeps a half a half.
fn percent(share: Option<f64>) -> Option<f64> {
    share.map(|share| (share * 1e14).round() / 1e12)
}

/// A number with so many decimals; whole ones are rounded half up. `-` where there is none.
fn number(value: Option<f64>, decimals: usize) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if decimals == 0 => format!("{:.0}", (value + 0.5).floor()),
        Some(value) => format!("{value:.decimals$}"),
    }
}

/// Milliseconds as `[h:]m:s.mmm`.
fn clock(ms: u64) -> String {
    let (seconds, rest) = (ms / 1000, ms % 1000);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) if rest == 0 => "0.000".to_owned(),
        (0, m, s) => format!("{m}:{s:02}.{rest:03}"),
        (h, m, s) => format!("{h}:{m:02}:{s:02}.{rest:03}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_half_up() {
        assert_eq!(number(percent(Some(29.0 / 200.0)), 0), "15");
        assert_eq!(number(percent(Some(1.0)), 2), "100.00");
        assert_eq!(number(None, 2), "-");
    }

    #[test]
    fn durations_are_read_as_clock_times() {
        assert_eq!(clock(0), "0.000");
        assert_eq!(clock(7_000), "0:07.000");
        assert_eq!(clock(3_723_045), "1:02:03.045");
    }
}
