//! Live devices without I/O: bytes in, samples and events out. Time is an input.
