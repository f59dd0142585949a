//! The only place that knows the order: open, analyse, infer, find, report.
//!
//! A [`Job`] advances in steps; between them its caller may yield, read messages, or drop the job to cancel it. The
//! command line runs the same job in a loop with [`run`]. There are no threads, no clock and no browser here.

mod fingerprint;
mod job;
mod live;

pub use fingerprint::fingerprint;
pub use job::{InferAnswer, InferRequest, Job, Options, Outcome, Stage, Step, run};
pub use live::{LiveBeat, LiveJob, LiveUpdate};
