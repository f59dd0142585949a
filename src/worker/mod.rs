//! The two workers: [`analyst`] (formats, analysis, findings, live sessions) and [`infer`] (models); and [`reader`], which
//! stands in for the first until it has come over the line.
//!
//! Each runs off the page's thread, answers messages of [`crate::protocol`], and yields a macrotask between the steps
//! of a job, so that messages get in. A panic is told to the page, which starts the worker anew.

mod analyst;
mod channel;
mod files;
#[cfg(feature = "inference")]
mod infer;
mod live;
#[cfg(feature = "inference")]
mod own;
mod reader;
mod slot;
mod transfer;

pub use analyst::start as start_analyst;
pub use channel::{Parcel, pack, pack_text, panic_of, text_of, unpack};
#[cfg(feature = "inference")]
pub use infer::start as start_infer;
pub use reader::start as start_reader;
pub use transfer::{read_samples, view_samples};
