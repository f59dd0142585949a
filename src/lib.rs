//! einthoven: an ECG analyzer that runs where the recording is.
//!
//! Data flows one way through the rooms below, each of which may use only what stands above it:
//! bytes become a [`recording::Recording`], a recording becomes an analysis, calls and findings,
//! and these become a report. `tests/architecture.rs` holds that direction.

pub mod analysis;
#[cfg(feature = "terminal")]
pub mod cli;
pub mod engine;
pub mod evaluation;
pub mod findings;
pub mod formats;
pub mod inference;
pub mod live;
#[cfg(feature = "browser")]
pub mod page;
pub mod protocol;
pub mod recording;
pub mod report;
pub mod sheet;
pub mod signal;
pub mod simulator;
#[cfg(feature = "browser")]
pub mod worker;
