//! Intervals over several leads, and those of one lead where there are none.

use super::Report;
use crate::analysis::{Analysis, Global, Intervals};
use crate::recording::{Measured, Phrase};

/// Why one lead has no axis.
const ONE_LEAD: &str = "withheld-one-lead";

/// Reads one of the intervals.
pub type Read = fn(&Intervals) -> &Measured<f64>;

/// The intervals in the order in which they are told: the id of their name, and where they are.
pub const INTERVALS: [(&str, Read); 10] = [
    ("label-p", |all| &all.p_ms),
    ("label-pr", |all| &all.pr_ms),
    ("label-qrs", |all| &all.qrs_ms),
    ("label-qt", |all| &all.qt_ms),
    ("label-jt", |all| &all.jt_ms),
    ("label-qtc-bazett", |all| &all.qtc_bazett_ms),
    ("label-qtc-fridericia", |all| &all.qtc_fridericia_ms),
    ("label-qtc-framingham", |all| &all.qtc_framingham_ms),
    ("label-qtc-hodges", |all| &all.qtc_hodges_ms),
    ("label-qtc-rautaharju", |all| &all.qtc_rautaharju_ms),
];

/// Whether the QRS axis is told of: one lead has none, which nobody needs to be told.
#[must_use]
pub fn shows_axis(analysis: &Analysis) -> bool {
    !matches!(&analysis.axis_deg, Measured::Withheld(reason) if reason.id == ONE_LEAD)
}

/// Which leads the global intervals rest on.
#[must_use]
pub fn global_basis(report: &Report, global: &Global) -> Phrase {
    Phrase::new("global-basis")
        .with("n", global.leads.len())
        .with("leads", lead_names(report, global).join(", "))
        .with("from", global.range_s.start)
        .with("to", global.range_s.end)
}

/// Names of the leads that vote.
pub fn lead_names<'a>(report: &'a Report, global: &Global) -> Vec<&'a str> {
    global
        .leads
        .iter()
        .filter_map(|marks| report.recording.leads.get(marks.lead))
        .map(|lead| lead.name.as_str())
        .collect()
}
