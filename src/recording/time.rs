//! Wall-clock start of a recording, with its zone or without.

use serde::{Deserialize, Serialize};

/// Date and time of the first sample as the source writes it; no zone is ever assumed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartTime {
    /// Year, where the source has a date at all.
    pub date: Option<(i32, u8, u8)>,
    /// Hour 0-23, minute 0-59.
    pub hour: u8,
    /// Minute 0-59.
    pub minute: u8,
    /// Second with fraction, 0 up to 60.
    pub second: f64,
    /// Minutes east of UTC, where the source tells.
    pub offset_minutes: Option<i16>,
}

impl StartTime {
    /// A date and time of day, `None` when any part is out of range.
    #[must_use]
    pub fn new(
        date: Option<(i32, u8, u8)>,
        hour: u8,
        minute: u8,
        second: f64,
        offset_minutes: Option<i16>,
    ) -> Option<Self> {
        let date_fits = date.is_none_or(|(year, month, day)| {
            (1..=9999).contains(&year)
                && (1..=12).contains(&month)
                && day >= 1
                && day <= days_in_month(year, month)
        });
        let time_fits = hour < 24 && minute < 60 && (0.0..60.0).contains(&second);
        let offset_fits = offset_minutes.is_none_or(|minutes| minutes.abs() <= 14 * 60);
        (date_fits && time_fits && offset_fits).then_some(Self {
            date,
            hour,
            minute,
            second,
            offset_minutes,
        })
    }

    /// ISO 8601 text: `2024-05-01T08:15:00+02:00`; without a date only the time, without a zone none is written.
    #[must_use]
    pub fn iso(&self) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        if let Some((year, month, day)) = self.date {
            let _ = write!(text, "{year:04}-{month:02}-{day:02}T");
        }
        let whole = self.second.floor();
        let _ = write!(text, "{:02}:{:02}:{:02}", self.hour, self.minute, whole);
        let millis = ((self.second - whole) * 1000.0).round() as u32;
        if millis > 0 && millis < 1000 {
            let _ = write!(text, ".{millis:03}");
        }
        if let Some(offset) = self.offset_minutes {
            let sign = if offset < 0 { '-' } else { '+' };
            let _ = write!(
                text,
                "{sign}{:02}:{:02}",
                offset.abs() / 60,
                offset.abs() % 60
            );
        }
        text
    }
}

/// Days of a month in the Gregorian calendar.
fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_text_carries_only_what_is_known() {
        let full = StartTime::new(Some((2024, 5, 1)), 8, 15, 0.5, Some(120)).unwrap();
        assert_eq!(full.iso(), "2024-05-01T08:15:00.500+02:00");
        let west = StartTime::new(Some((2021, 12, 17)), 12, 58, 58.0, Some(-210)).unwrap();
        assert_eq!(west.iso(), "2021-12-17T12:58:58-03:30");
        assert_eq!(
            StartTime::new(None, 1, 2, 3.0, None).unwrap().iso(),
            "01:02:03"
        );
    }

    #[test]
    fn impossible_dates_are_no_dates() {
        assert!(StartTime::new(Some((2023, 2, 29)), 0, 0, 0.0, None).is_none());
        assert!(StartTime::new(None, 10, 0, 61.0, None).is_none());
    }
}
