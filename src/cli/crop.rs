//! `--from` and `--to`: a part of a recording as a recording of its own.

use crate::recording::{Lead, Phrase, Recording, StartTime};

/// The part of a recording between two times in seconds; its times count from its own first sample. Without either
/// time the recording comes back as it is.
///
/// # Errors
/// A phrase when nothing lies between the two times.
pub fn crop(
    mut recording: Recording,
    from_s: Option<f64>,
    to_s: Option<f64>,
) -> Result<Recording, Phrase> {
    if from_s.is_none() && to_s.is_none() {
        return Ok(recording);
    }
    let duration_s = recording.duration_s();
    let from_s = from_s.unwrap_or(0.0);
    let to_s = to_s.unwrap_or(duration_s).min(duration_s);
    if from_s >= to_s {
        return Err(Phrase::new("cli-empty-range")
            .with("from", from_s)
            .with("to", to_s)
            .with("duration", duration_s));
    }
    for lead in &mut recording.leads {
        *lead = cropped(lead, from_s, to_s);
    }
    recording
        .annotations
        .retain(|mark| (from_s..to_s).contains(&mark.time_s));
    for mark in &mut recording.annotations {
        // The mark's own rate is what its index and its time say.
        let rate_hz = if mark.time_s > 0.0 {
            mark.sample as f64 / mark.time_s
        } else {
            0.0
        };
        mark.time_s -= from_s;
        mark.sample = (mark.time_s * rate_hz).round().max(0.0) as u64;
    }
    recording.start = recording.start.and_then(|start| later(start, from_s));
    Ok(recording)
}

fn cropped(lead: &Lead, from_s: f64, to_s: f64) -> Lead {
    let index = |time_s: f64| (time_s * lead.rate_hz).round().max(0.0) as usize;
    lead.part(index(from_s)..index(to_s))
}

/// A start time some seconds later; over midnight the date moves on, where there is one.
fn later(start: StartTime, seconds: f64) -> Option<StartTime> {
    const DAY_S: f64 = 86_400.0;
    let total =
        f64::from(start.hour) * 3600.0 + f64::from(start.minute) * 60.0 + start.second + seconds;
    let mut date = start.date;
    for _ in 0..(total / DAY_S).floor() as u32 {
        date = date.map(next_day);
    }
    let in_day = total.rem_euclid(DAY_S);
    let minutes = (in_day / 60.0).floor();
    StartTime::new(
        date,
        (minutes / 60.0).floor() as u8,
        (minutes % 60.0) as u8,
        in_day - minutes * 60.0,
        start.offset_minutes,
    )
}

fn next_day((year, month, day): (i32, u8, u8)) -> (i32, u8, u8) {
    let exists = |date| StartTime::new(Some(date), 0, 0, 0.0, None).is_some();
    if exists((year, month, day + 1)) {
        (year, month, day + 1)
    } else if month < 12 {
        (year, month + 1, 1)
    } else {
        (year + 1, 1, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Annotation, Gap, GapReason, Samples, Scale};

    fn recording() -> Recording {
        let counts = (0..1000).collect();
        let mut lead = Lead::ecg("I", 100.0, Samples::from_i16(counts, Scale::IDENTITY));
        lead.gaps = vec![Gap {
            range: 150..250,
            reason: GapReason::Missing,
        }];
        Recording {
            leads: vec![lead],
            start: StartTime::new(Some((2024, 2, 28)), 23, 59, 59.0, None),
            annotations: vec![mark(1.0), mark(3.0)],
            ..Recording::default()
        }
    }

    fn mark(time_s: f64) -> Annotation {
        Annotation {
            time_s,
            sample: (time_s * 100.0) as u64,
            code: "N".to_owned(),
            subtype: 0,
            channel: 0,
            number: 0,
            text: String::new(),
        }
    }

    #[test]
    fn a_part_is_a_recording_of_its_own() {
        let part = crop(recording(), Some(2.0), Some(5.0)).unwrap();
        assert_eq!(part.leads[0].samples.len(), 300);
        assert_eq!(part.leads[0].samples.stored(0), Some(200.0));
        assert_eq!(part.leads[0].gaps[0].range, 0..50);
        assert_eq!(part.annotations.len(), 1);
        assert_eq!(
            (part.annotations[0].time_s, part.annotations[0].sample),
            (1.0, 100)
        );
        assert_eq!(part.start.unwrap().iso(), "2024-02-29T00:00:01");
    }

    #[test]
    fn the_whole_stays_as_it_is_and_nothing_is_an_error() {
        assert_eq!(crop(recording(), None, None), Ok(recording()));
        assert!(crop(recording(), Some(5.0), Some(5.0)).is_err());
        assert!(crop(recording(), Some(50.0), None).is_err());
        assert_eq!(
            crop(recording(), None, Some(99.0)).unwrap().duration_s(),
            10.0
        );
    }

    #[test]
    fn years_end() {
        assert_eq!(next_day((2023, 12, 31)), (2024, 1, 1));
        assert_eq!(next_day((2023, 2, 28)), (2023, 3, 1));
    }
}
