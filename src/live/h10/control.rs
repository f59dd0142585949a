//! The control point: commands written, replies indicated.

use crate::live::DecodeError;
use crate::recording::Phrase;
use serde::{Deserialize, Serialize};

/// What can be measured; only the ECG is used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MeasurementKind {
    /// Type 0.
    Ecg,
    /// Another type by its number (1 PPG, 2 acceleration, …).
    Other(u8),
}

impl MeasurementKind {
    /// From the low six bits of a type byte; the upper ones say online or offline.
    #[must_use]
    pub fn from_byte(byte: u8) -> Self {
        match byte & 0x3f {
            0 => Self::Ecg,
            other => Self::Other(other),
        }
    }

    /// The type byte of an online measurement.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Ecg => 0,
            Self::Other(kind) => kind,
        }
    }
}

/// One setting with its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setting {
    /// Samples per second.
    SampleRateHz(Vec<u16>),
    /// Bits per sample.
    ResolutionBits(Vec<u16>),
    /// Another setting: id and the raw bytes of its values.
    Other(u8, Vec<u8>),
}

impl Setting {
    /// Reads settings (id, count, values) until the bytes end.
    ///
    /// # Errors
    /// [`DecodeError::Unknown`] for an id whose size is not known, [`DecodeError::Short`] when values are missing.
    pub fn decode_all(bytes: &[u8]) -> Result<Vec<Self>, DecodeError> {
        let mut settings = Vec::new();
        let mut rest = bytes;
        while let [id, count, values @ ..] = rest {
            let size = match id {
                0..=2 => 2,
                3 | 5 => 4,
                4 => 1,
                6 => 16,
                _ => {
                    return Err(DecodeError::Unknown {
                        what: "setting",
                        value: *id,
                    });
                }
            };
            let length = size * usize::from(*count);
            let Some((values, after)) = values.split_at_checked(length) else {
                return Err(DecodeError::Short {
                    needed: length + 2,
                    found: rest.len(),
                });
            };
            let words = || values.chunks_exact(2).map(little_endian_word).collect();
            settings.push(match id {
                0 => Self::SampleRateHz(words()),
                1 => Self::ResolutionBits(words()),
                other => Self::Other(*other, values.to_vec()),
            });
            rest = after;
        }
        Ok(settings)
    }

    /// Writes a setting as commands and replies hold it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (id, count, values): (u8, usize, Vec<u8>) = match self {
            Self::SampleRateHz(values) => (0, values.len(), word_bytes(values)),
            Self::ResolutionBits(values) => (1, values.len(), word_bytes(values)),
            Self::Other(id, values) => {
                let size = match id {
                    3 | 5 => 4,
                    4 => 1,
                    6 => 16,
                    _ => 2,
                };
                (*id, values.len() / size, values.clone())
            }
        };
        let mut bytes = vec![id, count.min(255) as u8];
        bytes.extend(values);
        bytes
    }
}

fn little_endian_word(pair: &[u8]) -> u16 {
    pair.iter()
        .rev()
        .fold(0, |word, &byte| word << 8 | u16::from(byte))
}

fn word_bytes(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A command to the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Ask for the settings of a measurement (`01`).
    GetSettings(MeasurementKind),
    /// Start a measurement with settings (`02`); settings are mandatory.
    Start(MeasurementKind, Vec<Setting>),
    /// Stop a measurement (`03`).
    Stop(MeasurementKind),
}

impl Command {
    /// Start of the ECG at 130 Hz and 14 bit: `02 00 00 01 82 00 01 01 0E 00`.
    #[must_use]
    pub fn start_ecg() -> Self {
        Self::Start(
            MeasurementKind::Ecg,
            vec![
                Setting::SampleRateHz(vec![130]),
                Setting::ResolutionBits(vec![14]),
            ],
        )
    }

    /// The operation's number, which the reply repeats.
    #[must_use]
    pub fn operation(&self) -> u8 {
        match self {
            Self::GetSettings(_) => 1,
            Self::Start(..) => 2,
            Self::Stop(_) => 3,
        }
    }

    /// The measurement it is about.
    #[must_use]
    pub fn measurement(&self) -> MeasurementKind {
        match self {
            Self::GetSettings(kind) | Self::Start(kind, _) | Self::Stop(kind) => *kind,
        }
    }

    /// The bytes to write.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.operation(), self.measurement().byte()];
        if let Self::Start(_, settings) = self {
            bytes.extend(settings.iter().flat_map(Setting::encode));
        }
        bytes
    }

    /// Reads a command as the device would; used by the simulated one.
    ///
    /// # Errors
    /// [`DecodeError`] for operations that are not known here and for settings that are cut off.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let [operation, kind, settings @ ..] = bytes else {
            return Err(DecodeError::Short {
                needed: 2,
                found: bytes.len(),
            });
        };
        let kind = MeasurementKind::from_byte(*kind);
        match operation {
            1 => Ok(Self::GetSettings(kind)),
            2 => Ok(Self::Start(kind, Setting::decode_all(settings)?)),
            3 => Ok(Self::Stop(kind)),
            other => Err(DecodeError::Unknown {
                what: "operation",
                value: *other,
            }),
        }
    }
}

/// Status of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum PmdStatus {
    Success,
    InvalidOperation,
    InvalidMeasurement,
    NotSupported,
    InvalidLength,
    InvalidParameter,
    AlreadyInState,
    InvalidResolution,
    InvalidSampleRate,
    InvalidRange,
    InvalidMtu,
    InvalidChannels,
    InvalidState,
    InCharger,
    DiskFull,
    /// A number that is not documented.
    Undocumented(u8),
}

impl PmdStatus {
    const DOCUMENTED: [(Self, &'static str); 15] = [
        (Self::Success, "live-status-success"),
        (Self::InvalidOperation, "live-status-invalid-operation"),
        (Self::InvalidMeasurement, "live-status-invalid-measurement"),
        (Self::NotSupported, "live-status-not-supported"),
        (Self::InvalidLength, "live-status-invalid-length"),
        (Self::InvalidParameter, "live-status-invalid-parameter"),
        (Self::AlreadyInState, "live-status-already-in-state"),
        (Self::InvalidResolution, "live-status-invalid-resolution"),
        (Self::InvalidSampleRate, "live-status-invalid-sample-rate"),
        (Self::InvalidRange, "live-status-invalid-range"),
        (Self::InvalidMtu, "live-status-invalid-mtu"),
        (Self::InvalidChannels, "live-status-invalid-channels"),
        (Self::InvalidState, "live-status-invalid-state"),
        (Self::InCharger, "live-status-in-charger"),
        (Self::DiskFull, "live-status-disk-full"),
    ];

    /// From a reply's status byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Self {
        Self::DOCUMENTED
            .get(usize::from(byte))
            .map_or(Self::Undocumented(byte), |(status, _)| *status)
    }

    /// The status byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Undocumented(byte) => byte,
            documented => Self::DOCUMENTED
                .iter()
                .position(|(status, _)| *status == documented)
                .unwrap_or(0) as u8,
        }
    }

    /// Whether the measurement runs (or stands) as asked.
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Success | Self::AlreadyInState)
    }

    /// What it means for the person at the page.
    #[must_use]
    pub fn phrase(self) -> Phrase {
        match self {
            Self::Undocumented(byte) => {
                Phrase::new("live-status-undocumented").with("code", f64::from(byte))
            }
            documented => {
                let id = Self::DOCUMENTED
                    .iter()
                    .find(|(status, _)| *status == documented)
                    .map_or("live-status-undocumented", |(_, id)| *id);
                Phrase::new(id)
            }
        }
    }
}

/// A reply to a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Number of the operation it answers.
    pub operation: u8,
    /// The measurement it is about.
    pub measurement: MeasurementKind,
    /// How it went.
    pub status: PmdStatus,
    /// Whether more of the parameters follow in another reply.
    pub more: bool,
    /// Parameters as they stand.
    pub parameters: Vec<u8>,
}

impl Reply {
    /// The bytes the device sends.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![
            0xf0,
            self.operation,
            self.measurement.byte(),
            self.status.byte(),
            u8::from(self.more),
        ];
        bytes.extend(&self.parameters);
        bytes
    }

    /// Whether it answers this command.
    #[must_use]
    pub fn answers(&self, command: &Command) -> bool {
        self.operation == command.operation() && self.measurement == command.measurement()
    }
}

/// What comes from the control point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ControlMessage {
    /// A reply (`F0 …`).
    Reply(Reply),
    /// The feature mask that READING the control point gives (`0F …`); it is no reply to a command.
    Features {
        /// Whether the device can send an ECG.
        ecg: bool,
    },
    /// The device stopped these measurements by itself (`01 …`).
    Stopped(Vec<MeasurementKind>),
}

impl ControlMessage {
    /// Reads what the control point indicated, or what reading it gave.
    ///
    /// # Errors
    /// [`DecodeError::Unknown`] for another first byte, [`DecodeError::Short`] when it is cut off.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        match bytes {
            // An error reply may end after the status.
            [0xf0, operation, kind, status, rest @ ..] => {
                let (more, parameters) = match rest {
                    [more, parameters @ ..] => (*more != 0, parameters.to_vec()),
                    [] => (false, Vec::new()),
                };
                Ok(Self::Reply(Reply {
                    operation: *operation,
                    measurement: MeasurementKind::from_byte(*kind),
                    status: PmdStatus::from_byte(*status),
                    more,
                    parameters,
                }))
            }
            [0xf0, ..] => Err(DecodeError::Short {
                needed: 4,
                found: bytes.len(),
            }),
            [0x0f, mask, ..] => Ok(Self::Features {
                ecg: mask & 0x01 != 0,
            }),
            [0x01, kinds @ ..] => Ok(Self::Stopped(
                kinds
                    .iter()
                    .map(|&kind| MeasurementKind::from_byte(kind))
                    .collect(),
            )),
            [other, ..] => Err(DecodeError::Unknown {
                what: "control message",
                value: *other,
            }),
            [] => Err(DecodeError::Short {
                needed: 1,
                found: 0,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reply(bytes: &[u8]) -> Reply {
        match ControlMessage::decode(bytes).unwrap() {
            ControlMessage::Reply(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn commands_are_the_documented_bytes() {
        assert_eq!(
            Command::start_ecg().encode(),
            [0x02, 0x00, 0x00, 0x01, 0x82, 0x00, 0x01, 0x01, 0x0e, 0x00]
        );
        assert_eq!(Command::GetSettings(MeasurementKind::Ecg).encode(), [1, 0]);
        assert_eq!(Command::Stop(MeasurementKind::Ecg).encode(), [3, 0]);
        assert_eq!(
            Command::decode(&Command::start_ecg().encode()),
            Ok(Command::start_ecg())
        );
    }

    #[test]
    fn settings_are_read_from_a_reply() {
        let settings = reply(&[
            0xf0, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x82, 0x00, 0x01, 0x01, 0x0e, 0x00,
        ]);
        assert!(settings.status.is_success() && !settings.more);
        assert_eq!(
            Setting::decode_all(&settings.parameters),
            Ok(vec![
                Setting::SampleRateHz(vec![130]),
                Setting::ResolutionBits(vec![14])
            ])
        );
    }

    #[test]
    fn errors_are_named_even_without_the_more_byte() {
        assert_eq!(
            reply(&[0xf0, 0x00, 0x01, 0x0a]).status,
            PmdStatus::InvalidMtu
        );
        assert_eq!(
            reply(&[0xf0, 0x02, 0x00, 0x05, 0x00]).status,
            PmdStatus::InvalidParameter
        );
        assert!(reply(&[0xf0, 0x02, 0x00, 0x06]).status.is_success());
        let odd = reply(&[0xf0, 0x02, 0x00, 0x63]);
        assert_eq!(odd.status.phrase().id, "live-status-undocumented");
    }

    #[test]
    fn the_feature_mask_is_not_a_reply() {
        assert_eq!(
            ControlMessage::decode(&[0x0f, 0x05, 0, 0]),
            Ok(ControlMessage::Features { ecg: true })
        );
    }

    #[test]
    fn the_device_may_stop_by_itself() {
        assert_eq!(
            ControlMessage::decode(&[0x01, 0x00]),
            Ok(ControlMessage::Stopped(vec![MeasurementKind::Ecg]))
        );
    }

    #[test]
    fn every_status_byte_survives() {
        for byte in 0..=255 {
            assert_eq!(PmdStatus::from_byte(byte).byte(), byte);
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = ControlMessage::decode(&bytes);
            let _ = Command::decode(&bytes);
            if let Ok(settings) = Setting::decode_all(&bytes) {
                let written: Vec<u8> = settings.iter().flat_map(Setting::encode).collect();
                prop_assert!(bytes.starts_with(&written));
            }
        }
    }
}
