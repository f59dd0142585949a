//! Dates and times as files write them. No zone is ever assumed.

use crate::recording::StartTime;

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// `2022-09-28T17:12:30.222`, `2024-02-06 14:30:00 -0800`, `2017-1-17 14:50:32.3`, with `Z`, `+02:00`, `-7:00`, `+0200`,
/// `UTC+0200` or no zone. Needs a date (year first) and a time.
#[must_use]
pub fn parse(text: &str) -> Option<StartTime> {
    let text = super::text::bare(text);
    let (date, rest) = text.split_once(['T', ' '])?;
    let mut date = date.split(['-', '/']);
    let (year, month, day) = (date.next()?, date.next()?, date.next()?);
    if year.len() != 4 || date.next().is_some() {
        return None;
    }
    let zone_at = rest.find(['+', '-', 'Z', 'U']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at_checked(zone_at)?;
    let mut time = time.trim().split(':');
    let (hour, minute) = (time.next()?, time.next()?);
    let second = time.next().unwrap_or("0").replace(',', ".");
    if time.next().is_some() {
        return None;
    }
    StartTime::new(
        Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)),
        hour.parse().ok()?,
        minute.parse().ok()?,
        second.parse().ok()?,
        zone_minutes(zone)?,
    )
}

/// Minutes east of UTC in `Z`, `+02:00`, `-7:00`, `+0200`, `UTC+0200`; `Some(None)` for no zone at all.
#[must_use]
pub fn zone_minutes(zone: &str) -> Option<Option<i16>> {
    let zone = zone.trim();
    if zone.is_empty() {
        return Some(None);
    }
    let zone = zone
        .trim_start_matches("UTC")
        .trim_start_matches(['Z', ' ']);
    let Some(sign) = zone.chars().next() else {
        return Some(Some(0));
    };
    let digits = zone.strip_prefix(['+', '-'])?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() <= 2 => (digits, "0"),
        None => digits.split_at_checked(digits.len() - 2)?,
    };
    let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let offset = hours.checked_mul(60)?.checked_add(minutes)?;
    Some(Some(if sign == '-' { -offset } else { offset }))
}

/// The moment that is so many seconds after the beginning of 1970, shown at `offset_minutes` east of UTC; with `None`
/// the seconds are those of a local clock.
#[must_use]
pub fn from_unix(seconds: f64, offset_minutes: Option<i16>) -> Option<StartTime> {
    // Years 1971 to 9999: anything else is a clock that was never set.
    if !(3e7..2.5e11).contains(&seconds) {
        return None;
    }
    let local = seconds + 60.0 * f64::from(offset_minutes.unwrap_or(0));
    let local = (local * 1000.0).round() / 1000.0;
    let of_day = local.rem_euclid(DAY_S);
    let second = (of_day % 60.0 * 1000.0).round() / 1000.0;
    StartTime::new(
        Some(civil((local / DAY_S).floor() as i64)?),
        (of_day / 3600.0) as u8,
        (of_day / 60.0 % 60.0) as u8,
        second,
        offset_minutes,
    )
}

/// The same moment as a clock `offset_minutes` east of UTC shows it; `None` when the moment itself is not known.
#[must_use]
pub fn at_offset(start: &StartTime, offset_minutes: i16) -> Option<StartTime> {
    let seconds = unix(start)? - 60.0 * f64::from(start.offset_minutes?);
    from_unix(seconds, Some(offset_minutes))
}

/// Seconds from the beginning of 1970 to a date and time, as its own clock shows them (the inverse of [`civil`]).
fn unix(start: &StartTime) -> Option<f64> {
    let (year, month, day) = start.date?;
    let (year, month) = (i64::from(year) - i64::from(month <= 2), i64::from(month));
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let of_day = f64::from(start.hour) * 3600.0 + f64::from(start.minute) * 60.0 + start.second;
    Some(days as f64 * DAY_S + of_day)
}

/// The date so many days after 1 January 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms", 2014).
fn civil(days: i64) -> Option<(i32, u8, u8)> {
    let days = days.checked_add(719_468)?;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some((year.try_into().ok()?, month as u8, day as u8))
}

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
    StartTime::new(
        Some(date),
        hour,
        minute,
        second,
        zone_minutes(zone).flatten(),
    )
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
    let of_day = f64::from(time.hour) * 3600.0 + f64::from(time.minute) * 60.0 + time.second;
    unix(time).unwrap_or(of_day) - 60.0 * f64::from(time.offset_minutes.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_every_writing_seen() {
        for (text, iso) in [
            ("2022-09-28T17:12:30.222", "2022-09-28T17:12:30.222"),
            ("2024-02-06 14:30:00 -0800", "2024-02-06T14:30:00-08:00"),
            ("2012-04-03T14:17:43-7:00", "2012-04-03T14:17:43-07:00"),
            ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00+00:00"),
            ("2015-02-19T09:30:35+01:00", "2015-02-19T09:30:35+01:00"),
            ("2015-02-19 09:30:35 UTC+0200", "2015-02-19T09:30:35+02:00"),
            ("2017-1-17 14:50:32.316", "2017-01-17T14:50:32.316"),
            ("2017/01/17 4:50", "2017-01-17T04:50:00"),
        ] {
            assert_eq!(parse(text).unwrap().iso(), iso, "{text}");
        }
        for text in [
            "",
            "yesterday",
            "1980-01-01",
            "28.09.2022 17:12",
            "2022-13-01 1:1:1",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn seconds_since_1970_are_dates() {
        let iso = |seconds, offset| from_unix(seconds, offset).unwrap().iso();
        assert_eq!(iso(1_700_000_000.5, None), "2023-11-14T22:13:20.500");
        assert_eq!(iso(951_782_400.0, Some(0)), "2000-02-29T00:00:00+00:00");
        assert_eq!(iso(1_712_240_400.0, Some(120)), "2024-04-04T16:20:00+02:00");
        let start = parse("2023-12-31T23:30:00Z").unwrap();
        assert_eq!(
            at_offset(&start, 60).unwrap().iso(),
            "2024-01-01T00:30:00+01:00"
        );
        for never in [0.0, -5.0, f64::NAN, f64::INFINITY, 1e18] {
            assert!(from_unix(never, None).is_none());
        }
    }

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
