//! Polar's measurement service (PMD) as the H10 speaks it: commands, replies and ECG frames.
//!
//! Written from the byte tables in public documents and from recorded exchanges; no code of the maker's SDK.

mod control;
mod frame;

pub use control::{Command, ControlMessage, MeasurementKind, PmdStatus, Reply, Setting};
pub use frame::{EcgFrame, FrameType, HEADER_BYTES};
