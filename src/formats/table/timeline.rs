//! From a column of times to a rate, and to the places where rows are missing.

use super::super::text::bare;
use super::columns::{Grid, TimeColumn, key_of};
use crate::recording::StartTime;

/// A time as a clock shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// Seconds since midnight, or since 1970 where there is a date.
    pub seconds: f64,
    /// Date where there is one.
    pub date: Option<(i32, u8, u8)>,
    /// Zone in minutes east where there is one.
    pub offset_minutes: Option<i16>,
}

/// What the times say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Rows in a second; `None` for a mere count of rows.
    pub rate_hz: Option<f64>,
    /// Rows before which others are missing, and how many.
    pub breaks: Vec<(usize, u64)>,
    /// The unit that the size of the steps suggests, where the header names none.
    pub assumed_unit: Option<&'static str>,
    /// When the first row was taken.
    pub start: Option<StartTime>,
}

impl Timeline {
    /// Takes the time columns out of a grid: the first that runs evenly is used, numbers before clocks. Columns that
    /// only might have been times and are none go back to the signals.
    pub fn take(grid: &mut Grid) -> Option<Self> {
        let mut times = std::mem::take(&mut grid.times);
        times.sort_by_key(|time| time.clock);
        let start = times
            .iter()
            .find(|time| time.clock)
            .and_then(|time| clock_start(&time.first));
        let mut found: Option<Self> = None;
        for time in times {
            let timeline = Self::of(&time);
            if timeline.is_none() && time.name.is_empty() && !time.clock {
                grid.give_back(time);
                continue;
            }
            let has_rate = |timeline: &Option<Self>| {
                timeline
                    .as_ref()
                    .is_some_and(|timeline| timeline.rate_hz.is_some())
            };
            if !has_rate(&found) && timeline.is_some() && (found.is_none() || has_rate(&timeline)) {
                found = timeline;
            }
        }
        found.map(|timeline| Self { start, ..timeline })
    }

    /// Rate and breaks of a column, `None` when it does not run evenly forwards.
    fn of(time: &TimeColumn) -> Option<Self> {
        let mut times = time.times.clone();
        if time.clock {
            unwrap_midnight(&mut times);
        }
        let known: Vec<(usize, f64)> = times
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, time)| !time.is_nan())
            .collect();
        let (first, last) = (known.first()?, known.last()?);
        if known.len() < 8 || known.windows(2).any(|pair| pair[1].1 < pair[0].1) {
            return None;
        }
        let mut steps: Vec<f64> = known
            .windows(2)
            .map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0) as f64)
            .filter(|step| *step > 0.0)
            .collect();
        if steps.is_empty() {
            return None;
        }
        // Many equal stamps: rows came in packets, and only their mean rate is known.
        let packets = steps.len() * 20 < (known.len() - 1) * 19;
        let middle = steps.len() / 2;
        let (_, &mut median, _) = steps.select_nth_unstable_by(middle, f64::total_cmp);
        if packets {
            let tail = known
                .iter()
                .rev()
                .take_while(|(_, time)| *time == last.1)
                .count();
            let rows = known.len() - tail;
            let step = (last.1 - first.1) / rows as f64;
            return Self::with_step(time, step, rows as f64, last.1 - first.1, Vec::new());
        }
        let even = steps
            .iter()
            .filter(|&&step| {
                (0.4..=1.6).contains(&(step / median))
                    || (step - median).abs() <= time.quantum * 1.01
            })
            .count();
        if even * 10 < steps.len() * 8 {
            return None;
        }
        // The mean of the steps between which nothing is missing.
        let most = 1.5 * median + time.quantum;
        let regular = steps.iter().filter(|&&step| step <= most);
        let (sum, count) = regular.fold((0.0, 0.0), |(sum, count), step| (sum + step, count + 1.0));
        let mean = sum / count;
        let most = 1.5 * mean + time.quantum;
        let breaks = known
            .windows(2)
            .filter(|pair| pair[1].0 == pair[0].0 + 1 && pair[1].1 - pair[0].1 > most)
            .filter_map(|pair| {
                let rows = ((pair[1].1 - pair[0].1) / mean).round() - 1.0;
                (rows >= 1.0).then_some((pair[1].0, rows as u64))
            })
            .collect();
        Self::with_step(time, mean, count, sum, breaks)
    }

    /// The timeline of an even step, in the unit of the header or the one that the step's size suggests.
    fn with_step(
        time: &TimeColumn,
        step: f64,
        count: f64,
        span: f64,
        breaks: Vec<(usize, u64)>,
    ) -> Option<Self> {
        let (unit_s, assumed_unit) = match seconds_in(time) {
            Some(unit_s) => (unit_s, None),
            // Counted in ones without a unit: the number of the row.
            None if (step - 1.0).abs() < 1e-9 => {
                return Some(Self {
                    breaks,
                    ..Self::default()
                });
            }
            None => {
                let (unit_s, name) = unit_by_size(step)?;
                (unit_s, Some(name))
            }
        };
        let rate_hz = plain_rate(count / span / unit_s, time.quantum / span);
        (rate_hz.is_finite() && rate_hz > 0.0).then_some(Self {
            rate_hz: Some(rate_hz),
            breaks,
            assumed_unit,
            start: None,
        })
    }
}

/// The shortest decimal number within the relative tolerance that the writing of the times leaves.
fn plain_rate(rate_hz: f64, tolerance: f64) -> f64 {
    let tolerance = tolerance.clamp(1e-12, 1e-3);
    (0..=6)
        .map(|digits| {
            let power = 10_f64.powi(digits);
            (rate_hz * power).round() / power
        })
        .find(|plain| (plain / rate_hz - 1.0).abs() <= tolerance)
        .unwrap_or(rate_hz)
}

/// Seconds in the unit that the header names.
fn seconds_in(time: &TimeColumn) -> Option<f64> {
    if time.clock {
        return Some(1.0);
    }
    let named = |text: &str| match key_of(text).as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" | "sekunden" => Some(1.0),
        "ms" | "msec" | "millis" | "milliseconds" | "millisecond" => Some(1e-3),
        "us" | "µs" | "μs" | "usec" | "micros" | "microseconds" => Some(1e-6),
        "ns" | "nsec" | "nanos" | "nanoseconds" => Some(1e-9),
        _ => None,
    };
    time.unit.as_deref().and_then(named).or_else(|| {
        let words = time.name.split(|c: char| !c.is_alphanumeric());
        words.filter(|word| !word.is_empty()).find_map(named)
    })
}

/// The unit in which a step is one of an ECG (20 to 2000 Hz), with its name.
fn unit_by_size(step: f64) -> Option<(f64, &'static str)> {
    [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")]
        .into_iter()
        .find(|(unit_s, _)| (0.0005..=0.05).contains(&(step * unit_s)))
}

/// Adds a day whenever a clock without date starts anew.
fn unwrap_midnight(times: &mut [f64]) {
    let mut days = 0.0;
    let mut last = f64::NEG_INFINITY;
    for time in times.iter_mut().filter(|time| !time.is_nan()) {
        if *time + days < last - 43_200.0 && *time < 86_400.0 {
            days += 86_400.0;
        }
        *time += days;
        last = *time;
    }
}

/// Days since 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms", 2014).
fn days_since_1970((year, month, day): (i32, u8, u8)) -> f64 {
    let (month, day) = (i64::from(month), i64::from(day));
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    (era * 146_097 + days - 719_468) as f64
}

/// `2021-05-16T08:08:48.322+02:00`, `10:00:00.004`, `0:01.5`, `[10:00:00.000 01/02/2003]`.
pub fn clock(text: &str) -> Option<Clock> {
    let text = bare(text).trim_matches(['[', ']']);
    if !text.contains(':') || text.len() > 40 {
        return None;
    }
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) if date.contains('-') || date.contains('/') => {
            (Some(calendar(date)?), time.trim())
        }
        Some((time, date)) => (Some(calendar(date.trim())?), time),
        None => (None, text),
    };
    let zone_at = time.find(['+', '-', 'Z']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone_at);
    let offset_minutes = match zone.chars().next() {
        None => None,
        Some('Z') => Some(0),
        Some(sign) => {
            let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
            let (hours, minutes) = (digits.get(..2)?, digits.get(2..4).unwrap_or("00"));
            let minutes = hours.parse::<i16>().ok()? * 60 + minutes.parse::<i16>().ok()?;
            Some(if sign == '-' { -minutes } else { minutes })
        }
    };
    let parts: Vec<&str> = time.trim().split(':').collect();
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute, second] => (
            hour.parse::<u32>().ok()?,
            minute.parse::<u32>().ok()?,
            *second,
        ),
        [minute, second] => (0, minute.parse::<u32>().ok()?, *second),
        _ => return None,
    };
    let second = super::super::text::number(second, true).filter(|s| (0.0..60.0).contains(s))?;
    let days = date.map_or(0.0, days_since_1970);
    Some(Clock {
        seconds: days * 86_400.0 + f64::from(hour) * 3600.0 + f64::from(minute) * 60.0 + second,
        date,
        offset_minutes,
    })
}

/// `2021-05-16` or `16/05/2021`.
fn calendar(text: &str) -> Option<(i32, u8, u8)> {
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let [first, month, last] = parts.as_slice() else {
        return None;
    };
    let (year, day) = if first.len() == 4 {
        (first, last)
    } else {
        (last, first)
    };
    let date = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    StartTime::new(Some(date), 0, 0, 0.0, None)?.date
}

/// The first entry of a clock column as a start time; a clock without date that begins at 0 is an elapsed time.
fn clock_start(text: &str) -> Option<StartTime> {
    let clock = clock(text)?;
    if clock.date.is_none() && clock.seconds == 0.0 {
        return None;
    }
    let of_day = clock.seconds.rem_euclid(86_400.0);
    let second = (of_day % 60.0 * 1e6).round() / 1e6;
    StartTime::new(
        clock.date,
        (of_day / 3600.0) as u8,
        (of_day / 60.0 % 60.0) as u8,
        second,
        clock.offset_minutes,
    )
}
