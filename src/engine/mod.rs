//! The only place that knows the order: open, analyse, infer, find, report.
