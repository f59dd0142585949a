//! Filters, resampling and robust statistics: slices in, slices out, no word of ECG.
//! Every filter states its delay and what it does at the edges.

mod kernels;
mod resample;
mod sections;
mod spectrum;
mod statistics;

pub use kernels::{MexicanHat, gaussian, slope};
pub use resample::{ResamplingTable, SincShape, resample_window};
pub use sections::{Band, SectionFilter, butterworth, sos_filter, sos_filtfilt};
pub use spectrum::{Autoregression, Density, burg, lomb_scargle, without_line};
pub use statistics::{
    concentration, correlation, mean, median, median_of_mut, percentile, percentile_of_sorted,
    standard_deviation,
};
