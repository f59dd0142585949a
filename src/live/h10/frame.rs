//! ECG frames: a header with the time of the last sample, then samples of three or seven bytes.

use super::MeasurementKind;
use crate::live::DecodeError;
use serde::{Deserialize, Serialize};

/// Bytes before the samples: type, time stamp, frame type.
pub const HEADER_BYTES: usize = 10;

/// How the samples of a frame are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameType {
    /// 24-bit signed microvolts (the H10).
    Microvolts24,
    /// 14-bit unsigned with status bits in the third byte.
    Bits14,
    /// 18-bit unsigned with tags in the upper bits.
    Bits18,
    /// Two 24-bit signed values and a status byte (watches); the first is taken.
    TwoChannels,
}

impl FrameType {
    fn from_byte(byte: u8) -> Result<Self, DecodeError> {
        match byte {
            0 => Ok(Self::Microvolts24),
            1 => Ok(Self::Bits14),
            2 => Ok(Self::Bits18),
            3 => Ok(Self::TwoChannels),
            other => Err(DecodeError::Unknown {
                what: "frame type",
                value: other,
            }),
        }
    }

    fn sample_bytes(self) -> usize {
        match self {
            Self::Microvolts24 | Self::Bits14 | Self::Bits18 => 3,
            Self::TwoChannels => 7,
        }
    }

    fn sample(self, bytes: &[u8]) -> i32 {
        let word = bytes
            .iter()
            .take(3)
            .rev()
            .fold(0_i32, |word, &byte| word << 8 | i32::from(byte));
        match self {
            // Sign extension of the 24th bit.
            Self::Microvolts24 | Self::TwoChannels => (word << 8) >> 8,
            Self::Bits14 => word & 0x3fff,
            Self::Bits18 => word & 0x3_ffff,
        }
    }
}

/// One notification of ECG data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EcgFrame {
    /// Device time of the LAST sample: nanoseconds since 2000-01-01, on a clock that may have been reset.
    pub last_sample_ns: u64,
    /// Layout of the samples.
    pub frame_type: FrameType,
    /// Samples, oldest first; microvolts for [`FrameType::Microvolts24`], else counts.
    pub samples: Vec<i32>,
}

impl EcgFrame {
    /// Reads one notification of the data characteristic.
    ///
    /// # Errors
    /// [`DecodeError::Short`] below a header and one sample, [`DecodeError::Unknown`] for another measurement,
    /// frame type or a compressed frame (not defined for ECG), [`DecodeError::Ragged`] for a broken last sample.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some((header, body)) = bytes.split_at_checked(HEADER_BYTES) else {
            return Err(DecodeError::Short {
                needed: HEADER_BYTES,
                found: bytes.len(),
            });
        };
        let (kind, layout) = (header[0], header[HEADER_BYTES - 1]);
        if MeasurementKind::from_byte(kind) != MeasurementKind::Ecg {
            return Err(DecodeError::Unknown {
                what: "measurement",
                value: kind,
            });
        }
        let frame_type = FrameType::from_byte(layout)?;
        let size = frame_type.sample_bytes();
        if body.is_empty() {
            return Err(DecodeError::Short {
                needed: HEADER_BYTES + size,
                found: bytes.len(),
            });
        }
        if body.len() % size != 0 {
            return Err(DecodeError::Ragged {
                found: body.len(),
                size,
            });
        }
        let last_sample_ns = header[1..HEADER_BYTES - 1]
            .iter()
            .rev()
            .fold(0, |stamp, &byte| stamp << 8 | u64::from(byte));
        Ok(Self {
            last_sample_ns,
            frame_type,
            samples: body
                .chunks_exact(size)
                .map(|bytes| frame_type.sample(bytes))
                .collect(),
        })
    }

    /// Writes an H10's frame of 24-bit microvolts; values beyond 24 bit are cut to them.
    #[must_use]
    pub fn encode_microvolts(last_sample_ns: u64, samples: &[i32]) -> Vec<u8> {
        let mut bytes = vec![MeasurementKind::Ecg.byte()];
        bytes.extend(last_sample_ns.to_le_bytes());
        bytes.push(0);
        for &sample in samples {
            bytes.extend_from_slice(&sample.to_le_bytes()[..3]);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn microvolts_are_signed_24_bit_and_the_stamp_is_nanoseconds() {
        let bytes = [
            0x00, 0x00, 0x94, 0x35, 0x77, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x80, 0xff, 0x02,
            0x80, 0x00,
        ];
        let frame = EcgFrame::decode(&bytes).unwrap();
        assert_eq!(frame.last_sample_ns, 2_000_000_000);
        assert_eq!(frame.samples, vec![-32_766, 32_770]);
    }

    #[test]
    fn other_layouts_mask_their_status_bits() {
        let mut bytes = EcgFrame::encode_microvolts(5, &[0]);
        bytes[9] = 1;
        bytes[10..].copy_from_slice(&[0xff, 0xff, 0x1f]);
        assert_eq!(EcgFrame::decode(&bytes).unwrap().samples, vec![0x3fff]);
        bytes[9] = 2;
        assert_eq!(EcgFrame::decode(&bytes).unwrap().samples, vec![0x3_ffff]);
        bytes[9] = 3;
        bytes.extend([1, 2, 3, 4]);
        bytes[10..13].copy_from_slice(&[0xfe, 0xff, 0xff]);
        assert_eq!(EcgFrame::decode(&bytes).unwrap().samples, vec![-2]);
    }

    #[test]
    fn broken_frames_are_named() {
        let frame = EcgFrame::encode_microvolts(5, &[1, 2, 3]);
        for length in 0..frame.len() {
            let whole = length > HEADER_BYTES && (length - HEADER_BYTES).is_multiple_of(3);
            assert_eq!(
                EcgFrame::decode(&frame[..length]).is_ok(),
                whole,
                "{length}"
            );
        }
        let mut other = frame.clone();
        other[0] = 2;
        assert!(EcgFrame::decode(&other).is_err());
        other[0] = 0;
        other[9] = 0x80;
        assert!(EcgFrame::decode(&other).is_err());
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = EcgFrame::decode(&bytes);
        }

        #[test]
        fn what_is_written_is_read(
            stamp in any::<u64>(),
            samples in proptest::collection::vec(-8_388_608_i32..8_388_608, 1..80),
        ) {
            let frame = EcgFrame::decode(&EcgFrame::encode_microvolts(stamp, &samples)).unwrap();
            prop_assert_eq!((frame.last_sample_ns, frame.samples), (stamp, samples));
        }
    }
}
