//! Samples as buffers that change hands without a copy on the way.

use crate::protocol::{SampleBuffer, SampleKind};
use crate::recording::{SampleData, Samples, Scale};
use js_sys::{ArrayBuffer, Float32Array, Int16Array, Int32Array};

/// A lead's samples as a buffer to give away, with what it holds.
#[must_use]
pub fn view_samples(samples: &Samples) -> (SampleBuffer, ArrayBuffer) {
    let (kind, buffer) = match &samples.data {
        SampleData::I16(data) => (SampleKind::I16, Int16Array::from(data.as_slice()).buffer()),
        SampleData::I32(data) => (SampleKind::I32, Int32Array::from(data.as_slice()).buffer()),
        SampleData::F32(data) => (
            SampleKind::F32,
            Float32Array::from(data.as_slice()).buffer(),
        ),
    };
    (
        SampleBuffer {
            kind,
            gain: samples.scale.gain,
            baseline: samples.scale.baseline,
        },
        buffer,
    )
}

/// The samples of a received buffer.
#[must_use]
pub fn read_samples(what: SampleBuffer, buffer: &ArrayBuffer) -> Samples {
    let data = match what.kind {
        SampleKind::I16 => SampleData::I16(Int16Array::new(buffer).to_vec()),
        SampleKind::I32 => SampleData::I32(Int32Array::new(buffer).to_vec()),
        SampleKind::F32 => SampleData::F32(Float32Array::new(buffer).to_vec()),
    };
    Samples {
        data,
        scale: Scale {
            gain: what.gain,
            baseline: what.baseline,
        },
    }
}
