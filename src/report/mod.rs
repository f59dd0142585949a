//! All that is said of one recording, and one file an output of it.
pub mod words;
pub use words::Words;
