//! Dates and times in the writings of clinical files.

use crate::recording::StartTime;

/// `20021122091000.000+0100` (HL7, DICOM): a date, then as much of the time as is known, then perhaps a zone.
/// A date alone gives none: it would read as midnight.
#[must_use]
pub fn compact(text: &str) -> Option<StartTime> {
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|&(at, c)| at >= 8 && matches!(c, '+' | '-'))
        .map_or(text.len(), |(at, _)| at);
    let (time, zone) = text.split_at_checked(end)?;
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<u16>().ok();
    let date = (
        i32::from(number(0, 4)?),
        u8::try_from(number(4, 6)?).ok()?,
        u8::try_from(number(6, 8)?).ok()?,
    );
    let hour = u8::try_from(number(8, 10)?).ok()?;
    let minute = number(10, 12).unwrap_or(0);
    let second = time.get(12..).unwrap_or_default();
    let second = if second.is_empty() {
        0.0
    } else {
        second.parse().ok()?
    };
    let minute = u8::try_from(minute).ok()?;
    StartTime::new(Some(date), hour, minute, second, zone_minutes(zone))
}

/// `+0100`, `-03:30`, `Z`: minutes east of UTC.
#[must_use]
pub fn zone_minutes(text: &str) -> Option<i16> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let hours: i16 = digits.get(..2)?.parse().ok()?;
    let minutes: i16 = digits.get(2..4).unwrap_or("0").parse().ok()?;
    let east = hours * 60 + minutes;
    match text.chars().next()? {
        '+' => Some(east),
        '-' => Some(-east),
        _ => None,
    }
}

/// Three numbers in the writing's order.
#[must_use]
pub fn three(text: &str) -> Option<[u16; 3]> {
    let mut numbers = text
        .trim()
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok());
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    Some(three)
}

/// A date of year, month and day with a time of day as `HH:MM:SS` (or `HHMMSS`), which may have a fraction.
#[must_use]
pub fn date_and_time(date: Option<(u16, u16, u16)>, time: &str) -> Option<StartTime> {
    let time = time.trim();
    let mut parts = time.split(':');
    let (hour, minute, second) = if time.contains(':') {
        (parts.next()?, parts.next()?, parts.next().unwrap_or("0"))
    } else {
        (
            time.get(..2)?,
            time.get(2..4)?,
            time.get(4..).unwrap_or("0"),
        )
    };
    let second = second.trim();
    let second: f64 = if second.is_empty() {
        0.0
    } else {
        second.parse().ok()?
    };
    let date = match date {
        Some((year, month, day)) => Some((
            i32::from(year),
            u8::try_from(month).ok()?,
            u8::try_from(day).ok()?,
        )),
        None => None,
    };
    let (hour, minute) = (hour.trim().parse().ok()?, minute.trim().parse().ok()?);
    StartTime::new(date, hour, minute, second, None)
}

/// Seconds of a time on one line of time, for differences of two times of the same file.
#[must_use]
pub fn seconds(time: &StartTime) -> f64 {
    // Days before a year in the Gregorian calendar, with March as the first month (H. Zeller's way of counting).
    let days = time.date.map_or(0, |(year, month, day)| {
        let (year, month) = (i64::from(year), i64::from(month));
        let (year, month) = if month < 3 {
            (year - 1, month + 9)
        } else {
            (year, month - 3)
        };
        year * 365 + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (month * 306 + 5) / 10
            + i64::from(day)
    });
    let clock = f64::from(time.hour) * 3600.0 + f64::from(time.minute) * 60.0 + time.second;
    days as f64 * 86_400.0 + clock - f64::from(time.offset_minutes.unwrap_or(0)) * 60.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_times_of_every_length() {
        let iso = |text: &str| compact(text).map(|time| time.iso());
        assert_eq!(iso("20021122091000.000").unwrap(), "2002-11-22T09:10:00");
        // Four decimals before the zone, as one writer has them.
        assert_eq!(
            iso("20230211140114.0000+0800").unwrap(),
            "2023-02-11T14:01:14+08:00"
        );
        assert_eq!(iso("200211220737").unwrap(), "2002-11-22T07:37:00");
        for wrong in ["20021122", "2002", "", "x0021122091000", "20021322091000"] {
            assert_eq!(iso(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn differences_span_days_and_months() {
        let at = |text: &str| seconds(&compact(text).unwrap());
        assert_eq!(at("20240301000000") - at("20240228235959"), 86_401.0);
        assert!((at("20230101000000.5") - at("20221231235959.25") - 1.25).abs() < 1e-4);
        assert_eq!(at("20240101000000+0100"), at("20231231230000+0000"));
    }

    #[test]
    fn dates_and_times_apart() {
        let [month, day, year] = three("11-22-2002").unwrap();
        let time = date_and_time(Some((year, month, day)), "09:10:00").unwrap();
        assert_eq!(time.iso(), "2002-11-22T09:10:00");
        assert_eq!(date_and_time(None, "0910").unwrap().iso(), "09:10:00");
        assert!(date_and_time(None, "25:00:00").is_none());
    }
}
