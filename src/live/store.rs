//! A live recording on disk while it is made: records are only ever appended, so that a crash costs the last one.
//!
//! Layout, all little-endian: the magic `EINLIVE1`, then records of `tag u8, length u32, CRC-32 u32, payload`.
//! The first record is the header (JSON). What follows a damaged or cut record is not read.

use super::HostTime;
use super::heart_rate::HeartRateMeasurement;
use super::profile::Profile;
use super::recorder::Recorder;
use super::stream::SampleBlock;
use crate::recording::{GapReason, Note, StartTime};
use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 8] = b"EINLIVE1";
/// Tag, length and check sum.
const RECORD_HEAD: usize = 9;
/// Longest payload; a frame of the H10 takes about 200 bytes.
const PAYLOAD_LIMIT: usize = 1 << 20;

const HEADER: u8 = 1;
const SAMPLES: u8 = 2;
const HEART_RATE: u8 = 3;
const RATE: u8 = 4;

/// What a store says of its recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoreHeader {
    /// Id of the device's profile.
    pub profile: String,
    /// The device's advertised name.
    pub device: String,
    /// Wall-clock time of the first sample.
    pub start: Option<StartTime>,
}

/// Why a store cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It does not begin like a store.
    #[error("this is no live recording")]
    NotAStore,
    /// Its header is cut off or damaged.
    #[error("the header of the live recording is damaged")]
    Header,
    /// The device's profile is not known, or has no ECG.
    #[error("the device of the live recording is not known")]
    UnknownDevice,
}

/// A store as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its header.
    pub header: StoreHeader,
    /// The recording so far; goes on where the store ended.
    pub recorder: Recorder,
    /// Bytes that were read; what is appended goes here.
    pub length: usize,
    /// What to tell: whether the end was damaged.
    pub notes: Vec<Note>,
}

/// The beginning of a store.
#[must_use]
pub fn begin(header: &StoreHeader) -> Vec<u8> {
    let json = serde_json::to_vec(header).unwrap_or_default();
    let mut bytes = MAGIC.to_vec();
    bytes.extend(record(HEADER, &json));
    bytes
}

/// A block of samples as a record.
#[must_use]
pub fn samples(block: &SampleBlock) -> Vec<u8> {
    let narrow = block
        .samples
        .iter()
        .all(|&sample| i16::try_from(sample).is_ok());
    let mut payload = Vec::with_capacity(34 + 4 * block.samples.len());
    payload.extend(block.first.to_le_bytes());
    payload.extend(block.missing_before.to_le_bytes());
    payload.extend(block.last_sample_ns.to_le_bytes());
    payload.extend(block.arrived_at_s.to_le_bytes());
    payload.push(u8::from(block.clock_continues) | u8::from(narrow) << 1);
    payload.push(reason_byte(block.gap_reason));
    for &sample in &block.samples {
        if narrow {
            payload.extend((sample as i16).to_le_bytes());
        } else {
            payload.extend(sample.to_le_bytes());
        }
    }
    record(SAMPLES, &payload)
}

/// A heart rate notification as a record.
#[must_use]
pub fn heart_rate(measured: &HeartRateMeasurement, arrived_at_s: HostTime) -> Vec<u8> {
    let mut payload = arrived_at_s.to_le_bytes().to_vec();
    payload.extend(measured.encode());
    record(HEART_RATE, &payload)
}

/// The measured rate in hertz as a record; the last one counts.
#[must_use]
pub fn measured_rate(rate_hz: f64) -> Vec<u8> {
    record(RATE, &rate_hz.to_le_bytes())
}

/// Reads a store. A damaged or cut end costs only what follows it, and is noted.
///
/// # Errors
/// [`StoreError`] when there is no header to begin from.
pub fn read(bytes: &[u8]) -> Result<Stored, StoreError> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(StoreError::NotAStore)?;
    let (tag, payload, after) = next_record(rest).ok_or(StoreError::Header)?;
    if tag != HEADER {
        return Err(StoreError::Header);
    }
    let header: StoreHeader = serde_json::from_slice(payload).map_err(|_| StoreError::Header)?;
    let stream = Profile::by_id(&header.profile)
        .and_then(|profile| profile.ecg)
        .ok_or(StoreError::UnknownDevice)?;
    let mut recorder = Recorder::new(stream, &header.device, header.start);
    rest = after;
    while let Some((tag, payload, after)) = next_record(rest) {
        if !take(&mut recorder, tag, payload) {
            break;
        }
        rest = after;
    }
    let mut notes = Vec::new();
    if !rest.is_empty() {
        notes.push(Note::new("live-store-cut").with("bytes", rest.len()));
    }
    Ok(Stored {
        header,
        recorder,
        length: bytes.len() - rest.len(),
        notes,
    })
}

/// Gives a record's payload to the recorder; `false` when it makes no sense. Tags of later versions are passed over.
fn take(recorder: &mut Recorder, tag: u8, payload: &[u8]) -> bool {
    match tag {
        SAMPLES => match block_of(payload) {
            Some(block) if block.first == recorder.len() as u64 + block.missing_before => {
                recorder.take(&block);
                true
            }
            // A full recorder takes nothing more, which is no damage.
            Some(_) => recorder.is_full(),
            None => false,
        },
        HEART_RATE => {
            let Some((at, bytes)) = payload.split_first_chunk::<8>() else {
                return false;
            };
            let Ok(measured) = HeartRateMeasurement::decode(bytes) else {
                return false;
            };
            recorder.take_heart_rate(&measured, f64::from_le_bytes(*at));
            true
        }
        RATE => {
            let Some((rate, _)) = payload.split_first_chunk::<8>() else {
                return false;
            };
            let rate_hz = f64::from_le_bytes(*rate);
            recorder.set_measured_rate_hz(Some(rate_hz).filter(|rate| rate.is_finite()));
            true
        }
        _ => true,
    }
}

fn block_of(payload: &[u8]) -> Option<SampleBlock> {
    let (first, rest) = payload.split_first_chunk::<8>()?;
    let (missing, rest) = rest.split_first_chunk::<8>()?;
    let (stamp, rest) = rest.split_first_chunk::<8>()?;
    let (arrived, rest) = rest.split_first_chunk::<8>()?;
    let [flags, reason, body @ ..] = rest else {
        return None;
    };
    let samples: Vec<i32> = if flags & 2 != 0 {
        let (pairs, tail) = body.as_chunks::<2>();
        tail.is_empty()
            .then(|| {
                pairs
                    .iter()
                    .map(|pair| i32::from(i16::from_le_bytes(*pair)))
            })?
            .collect()
    } else {
        let (words, tail) = body.as_chunks::<4>();
        tail.is_empty()
            .then(|| words.iter().map(|word| i32::from_le_bytes(*word)))?
            .collect()
    };
    let (first, missing_before) = (u64::from_le_bytes(*first), u64::from_le_bytes(*missing));
    first.checked_sub(missing_before)?;
    Some(SampleBlock {
        first,
        missing_before,
        gap_reason: reason_of(*reason)?,
        samples,
        last_sample_ns: u64::from_le_bytes(*stamp),
        arrived_at_s: f64::from_le_bytes(*arrived),
        clock_continues: flags & 1 != 0,
    })
}

const REASONS: [GapReason; 5] = [
    GapReason::Missing,
    GapReason::LeadOff,
    GapReason::Paused,
    GapReason::LostPackets,
    GapReason::LostLink,
];

fn reason_byte(reason: GapReason) -> u8 {
    REASONS
        .iter()
        .position(|known| *known == reason)
        .unwrap_or(0) as u8
}

fn reason_of(byte: u8) -> Option<GapReason> {
    REASONS.get(usize::from(byte)).copied()
}

fn record(tag: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(RECORD_HEAD + payload.len());
    bytes.push(tag);
    bytes.extend((payload.len() as u32).to_le_bytes());
    bytes.extend(check_sum(tag, payload).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Tag, payload and what follows the next whole and sound record.
fn next_record(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > PAYLOAD_LIMIT {
        return None;
    }
    let (payload, after) = rest.split_at_checked(length)?;
    (check_sum(tag, payload) == u32::from_le_bytes(*sum)).then_some((tag, payload, after))
}

fn check_sum(tag: u8, payload: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(&[tag]);
    crc.update(payload);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::heart_rate::Contact;
    use proptest::prelude::*;

    fn header() -> StoreHeader {
        StoreHeader {
            profile: "polar-h10".to_owned(),
            device: "Polar H10 1234ABCD".to_owned(),
            start: StartTime::new(Some((2026, 5, 1)), 8, 15, 0.0, Some(120)),
        }
    }

    fn blocks() -> Vec<SampleBlock> {
        let block = |first, missing_before, samples| SampleBlock {
            first,
            missing_before,
            gap_reason: GapReason::LostLink,
            samples,
            last_sample_ns: 599_616_000_000_000_000 + first,
            arrived_at_s: first as f64,
            clock_continues: missing_before == 0,
        };
        vec![
            block(0, 0, vec![1, -2, 3]),
            block(3, 0, vec![40_000, -40_000]),
            block(15, 10, vec![7; 73]),
        ]
    }

    fn whole() -> Vec<u8> {
        let mut bytes = begin(&header());
        for block in blocks() {
            bytes.extend(samples(&block));
        }
        let measured = HeartRateMeasurement {
            raw_rate_per_min: 61,
            contact: Contact::Yes,
            energy_kj: None,
            rr_1024ths: vec![1000, 1010],
        };
        bytes.extend(heart_rate(&measured, 2.5));
        bytes.extend(measured_rate(130.05));
        bytes
    }

    #[test]
    fn what_is_stored_is_the_recording() {
        let stored = read(&whole()).unwrap();
        let mut recorder = Recorder::new(
            Profile::by_id("polar-h10").unwrap().ecg.unwrap(),
            &header().device,
            header().start,
        );
        for block in blocks() {
            recorder.take(&block);
        }
        recorder.set_measured_rate_hz(Some(130.05));
        assert_eq!(stored.recorder.recording(), recorder.recording());
        assert_eq!(stored.recorder.anchors(), recorder.anchors());
        assert_eq!(stored.recorder.intervals().len(), 2);
        assert_eq!(stored.header, header());
        assert_eq!(stored.length, whole().len());
        assert!(stored.notes.is_empty());
    }

    #[test]
    fn a_store_cut_anywhere_keeps_what_was_whole() {
        let bytes = whole();
        let header_length = begin(&header()).len();
        for length in header_length..bytes.len() {
            let stored = read(&bytes[..length]).unwrap();
            assert!(stored.length <= length);
            assert_eq!(stored.notes.is_empty(), stored.length == length);
            // What is appended after the sound part is read again.
            let mut mended = bytes[..stored.length].to_vec();
            mended.extend(measured_rate(130.1));
            assert_eq!(read(&mended).unwrap().length, mended.len());
        }
        for length in 0..header_length {
            assert!(read(&bytes[..length]).is_err());
        }
    }

    proptest! {
        #[test]
        fn flipped_bytes_never_panic(at in 0_usize..400, flip in 1_u8..=255) {
            let mut bytes = whole();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            if let Ok(stored) = read(&bytes) {
                prop_assert!(stored.length <= bytes.len());
                prop_assert!(!stored.notes.is_empty());
            }
        }

        #[test]
        fn hostile_bytes_never_panic(
            tag in any::<u8>(),
            payload in proptest::collection::vec(any::<u8>(), 0..120),
        ) {
            let mut bytes = begin(&header());
            bytes.extend(record(tag, &payload));
            let _ = read(&bytes);
        }
    }
}
