//! Live devices without I/O: bytes in, samples and events out. Time is an input.
//!
//! A [`session::Session`] is told what happened ([`session::Input`]) and asked what to do next
//! ([`session::Output`]); a [`recorder::Recorder`] turns what it puts out into a recording like any other.
//! Who carries the bytes (the page's Bluetooth, or a [`simulated::SimulatedLink`]) is not known here.

pub mod h10;
pub mod heart_rate;
pub mod profile;
pub mod recorder;
pub mod session;
pub mod simulated;
pub mod store;
pub mod stream;

pub use stream::SampleBlock;

use serde::{Deserialize, Serialize};

/// Seconds of the host's steady clock (a browser's `performance.now() / 1000`); only differences matter.
pub type HostTime = f64;

/// The characteristics that the decoders know, whatever their addresses on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Characteristic {
    /// Polar's measurement control point: commands are written, replies are indicated.
    PmdControl,
    /// Polar's measurement data: frames are notified.
    PmdData,
    /// Heart Rate Measurement (0x2A37).
    HeartRate,
    /// Battery Level (0x2A19).
    Battery,
}

/// Bytes that are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Fewer bytes than the layout needs.
    #[error("{needed} bytes are needed, {found} came")]
    Short {
        /// Bytes needed.
        needed: usize,
        /// Bytes that came.
        found: usize,
    },
    /// A layout that is not known, named by the byte that tells it apart.
    #[error("{what} {value} is not known")]
    Unknown {
        /// What the byte says.
        what: &'static str,
        /// Its value.
        value: u8,
    },
    /// A length that does not fit whole samples.
    #[error("{found} bytes are no whole number of samples of {size} bytes")]
    Ragged {
        /// Bytes after the header.
        found: usize,
        /// Bytes of one sample.
        size: usize,
    },
}
