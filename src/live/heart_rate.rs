//! The Heart Rate Measurement characteristic 0x2A37 (Bluetooth SIG, Heart Rate Service 1.0, 2011).

use super::DecodeError;
use serde::{Deserialize, Serialize};

/// Whether the sensor touches the skin, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contact {
    /// The sensor cannot tell.
    Unknown,
    /// It can tell, and has no contact.
    No,
    /// It has contact.
    Yes,
}

/// One notification of a heart rate sensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartRateMeasurement {
    /// Beats per minute as sent; sensors send 0 when they know none.
    pub raw_rate_per_min: u16,
    /// Skin contact.
    pub contact: Contact,
    /// Energy spent in kilojoules, where sent.
    pub energy_kj: Option<u16>,
    /// RR intervals in 1/1024 s, oldest first; none to nine.
    pub rr_1024ths: Vec<u16>,
}

impl HeartRateMeasurement {
    /// Reads one notification. A trailing odd byte is left out.
    ///
    /// # Errors
    /// [`DecodeError::Short`] when the bytes end before the fields that the flags announce.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut rest = Cursor { bytes, at: 0 };
        let flags = rest.byte()?;
        let raw_rate_per_min = if flags & 0x01 == 0 {
            u16::from(rest.byte()?)
        } else {
            rest.word()?
        };
        let contact = match (flags >> 1) & 0x03 {
            0b10 => Contact::No,
            0b11 => Contact::Yes,
            _ => Contact::Unknown,
        };
        let energy_kj = if flags & 0x08 == 0 {
            None
        } else {
            Some(rest.word()?)
        };
        let mut rr_1024ths = Vec::new();
        if flags & 0x10 != 0 {
            while let Ok(interval) = rest.word() {
                rr_1024ths.push(interval);
            }
        }
        Ok(Self {
            raw_rate_per_min,
            contact,
            energy_kj,
            rr_1024ths,
        })
    }

    /// Writes the notification a sensor would send.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let wide = self.raw_rate_per_min > 255;
        let contact = match self.contact {
            Contact::Unknown => 0,
            Contact::No => 0b100,
            Contact::Yes => 0b110,
        };
        let flags = u8::from(wide)
            | contact
            | u8::from(self.energy_kj.is_some()) << 3
            | u8::from(!self.rr_1024ths.is_empty()) << 4;
        let mut bytes = vec![flags];
        let rate = self.raw_rate_per_min.to_le_bytes();
        bytes.extend_from_slice(if wide { &rate } else { &rate[..1] });
        let words = self.energy_kj.iter().chain(&self.rr_1024ths);
        bytes.extend(words.flat_map(|word| word.to_le_bytes()));
        bytes
    }

    /// The rate in beats per minute; `None` where the sensor knows none, which is not a heart that stands still.
    #[must_use]
    pub fn rate_per_min(&self) -> Option<u16> {
        (self.raw_rate_per_min > 0 && self.contact != Contact::No).then_some(self.raw_rate_per_min)
    }

    /// RR intervals in milliseconds, oldest first.
    #[must_use]
    pub fn rr_ms(&self) -> Vec<f64> {
        self.rr_1024ths
            .iter()
            .map(|&interval| f64::from(interval) * 1000.0 / 1024.0)
            .collect()
    }
}

/// Little-endian fields, each checked against what is left.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn byte(&mut self) -> Result<u8, DecodeError> {
        let byte = self.bytes.get(self.at).copied().ok_or(DecodeError::Short {
            needed: self.at + 1,
            found: self.bytes.len(),
        })?;
        self.at += 1;
        Ok(byte)
    }

    fn word(&mut self) -> Result<u16, DecodeError> {
        let short = DecodeError::Short {
            needed: self.at + 2,
            found: self.bytes.len(),
        };
        let pair = self.bytes.get(self.at..self.at + 2).ok_or(short)?;
        let word = pair
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u16::from(byte));
        self.at += 2;
        Ok(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(bytes: &[u8]) -> HeartRateMeasurement {
        HeartRateMeasurement::decode(bytes).unwrap()
    }

    #[test]
    fn sixty_per_minute_with_contact_and_no_interval() {
        let measured = decode(&[0x06, 0x3c]);
        assert_eq!(measured.rate_per_min(), Some(60));
        assert_eq!(measured.contact, Contact::Yes);
        assert!(measured.rr_1024ths.is_empty());
    }

    #[test]
    fn intervals_are_1024ths_of_a_second() {
        let first = decode(&[0x16, 0x3c, 0x11, 0x04]);
        assert_eq!(first.rr_1024ths, vec![1041]);
        assert!((first.rr_ms()[0] - 1016.6).abs() < 0.05);
        let second = decode(&[0x16, 0x3c, 0xf5, 0x03]);
        assert!((second.rr_ms()[0] - 989.3).abs() < 0.05);
    }

    #[test]
    fn an_interval_of_two_bytes_is_not_read_as_its_low_byte_and_an_odd_tail_is_left_out() {
        for bytes in [
            &[0x10, 0x3e, 0xb1, 0x03][..],
            &[0x10, 0x3e, 0xb1, 0x03, 0x07],
        ] {
            let measured = decode(bytes);
            assert_eq!(measured.rate_per_min(), Some(62));
            assert_eq!(measured.rr_1024ths, vec![945]);
            assert!((measured.rr_ms()[0] - 922.9).abs() < 0.05);
        }
    }

    #[test]
    fn a_packet_holds_none_to_nine_intervals() {
        assert_eq!(decode(&[0x16, 0x46, 0x00, 0x04]).rr_ms(), vec![1000.0]);
        assert_eq!(
            decode(&[0x16, 0x46, 0x00, 0x04, 0x10, 0x04]).rr_1024ths,
            vec![1024, 1040]
        );
        assert!(decode(&[0x16, 0x46]).rr_1024ths.is_empty());
        let mut nine = vec![0x10, 0x46];
        nine.extend([0x00, 0x04].repeat(9));
        assert_eq!(decode(&nine).rr_1024ths.len(), 9);
    }

    #[test]
    fn wide_rates_energy_and_long_intervals_are_read() {
        let wide = decode(&[0x11, 0x00, 0x00, 0xff, 0xff, 0x7f, 0x80]);
        assert_eq!(wide.raw_rate_per_min, 0);
        assert_eq!(wide.rr_1024ths, vec![65_535, 32_895]);
        assert_eq!(
            decode(&[0x09, 0x00, 0x00, 0xff, 0xff]).energy_kj,
            Some(65_535)
        );
    }

    #[test]
    fn zero_and_no_contact_are_no_rate() {
        assert_eq!(decode(&[0x06, 0x00]).rate_per_min(), None);
        assert_eq!(decode(&[0x04, 0x48]).rate_per_min(), None);
        assert_eq!(decode(&[0x04, 0x48]).contact, Contact::No);
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(measured) = HeartRateMeasurement::decode(&bytes) {
                prop_assert!(measured.rr_1024ths.len() * 2 <= bytes.len());
            }
        }

        #[test]
        fn what_is_written_is_read(
            raw_rate_per_min in 0_u16..400,
            energy_kj in proptest::option::of(any::<u16>()),
            rr_1024ths in proptest::collection::vec(any::<u16>(), 0..10),
            contact in 0_u8..3,
        ) {
            let contact = [Contact::Unknown, Contact::No, Contact::Yes][usize::from(contact)];
            let sent = HeartRateMeasurement { raw_rate_per_min, contact, energy_kj, rr_1024ths };
            prop_assert_eq!(HeartRateMeasurement::decode(&sent.encode()), Ok(sent));
        }
    }
}
