//! Filters, resampling and robust statistics: slices in, slices out, no word of ECG.
//! Every filter states its delay and what it does at the edges.
