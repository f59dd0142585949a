//! Lists of beat intervals and of heart rates, recognised for what they are: there is no trace in them.
//!
//! By the words of their header, by columns in which one runs as the sum of the other, or by numbers that can only be
//! intervals or rates; a trace of counts repeats with the beats, a list of intervals does not.

use super::input::no_signal;
use super::json::{Json, looks_like};
use super::text::{bare, decode, is_missing, lines, number};
use super::voltage::{names_ecg, units_per_millivolt};
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, instant,
};

const ID: &str = "beat-list";
/// Lines that are looked at.
const PROBE_LINES: usize = 4000;
/// Numbers below which nothing is said without a header.
const FEWEST: usize = 20;

/// The reader that tells what they are.
pub struct BeatList;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "List of RR intervals or heart rates (recognised, holds no trace)",
    extensions: &["csv", "txt", "hrm", "rr", "ibi", "json"],
    signatures: &[],
    recognised_by: "columns named RR, NN, IBI or heart rate and no signal, or numbers that can only be intervals",
    support: Support::Common,
    tested_on: "lists built in the shapes that apps write; no public trace is taken for one",
    certainty: Certainty::Built,
};

/// What a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Intervals,
    Rates,
}

/// What a text lists, with how sure that is.
fn list(text: &str) -> Option<(List, Score)> {
    if text.starts_with("[Params]") {
        return Some((List::Rates, Score(200)));
    }
    if looks_like(text) {
        return Some((of_json(Json::root(text)?)?, Score(200)));
    }
    let lines: Vec<&str> = lines(text)
        .map(|line| line.trim_start_matches('\u{feff}'))
        .filter(|line| !bare(line).is_empty())
        .take(PROBE_LINES)
        .collect();
    if let Some(list) = by_header(&lines) {
        return Some((list, Score(200)));
    }
    by_numbers(&lines).map(|list| (list, Score(100)))
}

/// Intervals or rates as JSON: elements with a rate (`bpm`) or an interval and no samples.
fn of_json(root: Json<'_>) -> Option<List> {
    let list = if root.is_array() {
        root
    } else {
        root.any(&[
            "dataPoints",
            "rr",
            "rrs",
            "heartRate",
            "heart_rate",
            "heartRates",
            "intervals",
        ])?
    };
    let first = list.elements().next()?;
    let keys = |value: Json<'_>| -> Vec<String> {
        let mut keys = Vec::new();
        for (name, member) in value.members().take(40) {
            keys.push(name.to_lowercase());
            keys.extend(
                member
                    .members()
                    .take(20)
                    .map(|(name, _)| name.to_lowercase()),
            );
        }
        keys
    };
    let keys = keys(first);
    let has = |words: &[&str]| keys.iter().any(|key| words.contains(&key.as_str()));
    if has(&[
        "electrocardiogram",
        "waveformsamples",
        "voltagemeasurements",
        "samples",
        "ecg",
    ]) {
        return None;
    }
    if has(&["bpm", "heartrate", "heart_rate", "beatsperminute"]) {
        return Some(List::Rates);
    }
    let intervals = has(&["rr", "rrinterval", "rr_interval", "ibi", "nn"])
        || (!root.is_array() && root.any(&["rr", "rrs", "intervals"]).is_some());
    intervals.then_some(List::Intervals)
}

fn fields(line: &str) -> Vec<&str> {
    let mark = [';', '\t', ',']
        .into_iter()
        .find(|mark| line.contains(*mark));
    match mark {
        Some(mark) => line.split(mark).map(bare).collect(),
        None => vec![bare(line)],
    }
}

/// By the header in front of the rows: a column of intervals or rates, and no column that could be a trace.
fn by_header(lines: &[&str]) -> Option<List> {
    let at = lines
        .iter()
        .take(40)
        .rposition(|line| fields(line).iter().all(|f| number(f, true).is_none()))?;
    let header = lines.get(at)?;
    let below = lines.get(at + 1)?;
    let numeric = fields(below)
        .iter()
        .any(|field| number(field, true).is_some());
    if !numeric {
        return None;
    }
    let mut found = None;
    for (name, cell) in fields(header).into_iter().zip(fields(below)) {
        let key: String = name
            .split(['[', '(', '{'])
            .next()?
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        let unit = name
            .split(['[', '(', '{'])
            .nth(1)
            .map(|u| u.trim_end_matches([']', ')', '}']));
        let is = |words: &[&str]| words.contains(&key.as_str());
        let has = |words: &[&str]| words.iter().any(|word| key.contains(word));
        if is(&["rr", "nn", "ibi", "rri", "rrms", "rrs", "ibims", "nnms"])
            || has(&[
                "rrinterval",
                "nninterval",
                "interbeat",
                "rrint",
                "beatinterval",
            ])
        {
            found = Some(List::Intervals);
        } else if is(&["hr", "bpm", "hrbpm", "pulse", "puls", "heart", "fc"])
            || has(&["heartrate", "herzfrequenz", "pulserate", "beatsperminute"])
        {
            found = found.or(Some(List::Rates));
        } else if names_ecg(name) || unit.is_some_and(|unit| units_per_millivolt(unit).is_some()) {
            return None;
        } else {
            let aside = has(&[
                "time", "date", "stamp", "zeit", "hrv", "breath", "confid", "quality", "source",
                "device", "unit", "activity", "index", "second", "start", "end", "duration",
                "note", "user", "rmssd", "artifact", "battery", "speed", "step", "calorie",
                "distance", "status", "contact", "energy",
            ]) || is(&[
                "t", "s", "ms", "n", "nr", "no", "id", "tag", "beat", "i", "",
            ]);
            // A column of words can be no trace.
            if !aside && number(cell, true).is_some() {
                return None;
            }
        }
    }
    found
}

/// By the numbers alone: one column, or a time with it.
fn by_numbers(lines: &[&str]) -> Option<List> {
    let rows: Vec<Vec<&str>> = lines.iter().map(|line| fields(line)).collect();
    let width = rows.last()?.len();
    let first = rows
        .iter()
        .position(|row| row.len() == width && is_row(row))?;
    let rows = rows.get(first..)?;
    if rows.len() < FEWEST || first > 5 || width > 2 {
        return None;
    }
    let column = |place: usize| -> Option<Vec<f64>> {
        let values: Vec<f64> = rows
            .iter()
            .filter_map(|row| number(row.get(place)?, true))
            .collect();
        (values.len() * 20 >= rows.len() * 19).then_some(values)
    };
    if width == 1 {
        return of_values(&column(0)?);
    }
    let values = column(1)?;
    if let Some(times) = column(0) {
        // The interval of a row ends at its time, or begins there.
        let sums = |intervals: &[f64], times: &[f64]| {
            let pairs = times.windows(2).zip(intervals);
            let fitting = pairs
                .filter(|(time, interval)| {
                    let step = time[1] - time[0];
                    let near = |step: f64| step > 0.0 && (step / *interval - 1.0).abs() < 0.02;
                    near(step) || near(step * 1000.0) || near(step / 1000.0)
                })
                .count();
            fitting * 10 >= times.len().saturating_sub(1) * 9
        };
        let plausible = intervals_plausible(&values) && times.windows(2).all(|t| t[1] > t[0]);
        // A column that grows by what stands in the other is the time of beats.
        return (plausible && (sums(values.get(1..)?, &times) || sums(&values, &times)))
            .then_some(List::Intervals);
    }
    // Clock times that are a second or more apart leave no room for a trace.
    let clocks: Vec<f64> = rows
        .iter()
        .filter_map(|row| instant::parse(row.first()?))
        .map(|start| {
            let day = start.date.map_or(0.0, |(_, _, day)| f64::from(day));
            ((day * 24.0 + f64::from(start.hour)) * 60.0 + f64::from(start.minute)) * 60.0
                + start.second
        })
        .collect();
    let slow = clocks.len() == rows.len()
        && clocks
            .windows(2)
            .filter(|pair| pair[1] - pair[0] >= 0.25)
            .count()
            * 10
            >= (clocks.len() - 1) * 8;
    if !slow {
        return None;
    }
    if intervals_plausible(&values) {
        return Some(List::Intervals);
    }
    values
        .iter()
        .all(|rate| (25.0..=250.0).contains(rate))
        .then_some(List::Rates)
}

fn is_row(row: &[&str]) -> bool {
    row.last()
        .is_some_and(|field| number(field, true).is_some())
        && row.iter().all(|field| {
            number(field, true).is_some() || is_missing(field) || instant::parse(field).is_some()
        })
}

/// Whether numbers have the size of beat intervals, in milliseconds or seconds, nearly all of them.
fn intervals_plausible(values: &[f64]) -> bool {
    let within = |low: f64, high: f64| {
        let count = values
            .iter()
            .filter(|value| (low..=high).contains(*value))
            .count();
        count * 100 >= values.len() * 97 && values.iter().all(|value| *value > 0.0)
    };
    within(250.0, 2200.0) || within(0.25, 2.2)
}

/// Bare numbers: intervals, or rates second by second; a trace is told by what repeats in it.
fn of_values(values: &[f64]) -> Option<List> {
    if values.len() < FEWEST {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |part: f64| {
        sorted
            .get((part * (sorted.len() - 1) as f64) as usize)
            .copied()
    };
    let (low, median, high) = (at(0.01)?, at(0.5)?, at(0.99)?);
    let mut steps: Vec<f64> = values
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .collect();
    steps.sort_by(f64::total_cmp);
    let step = steps.get(steps.len() / 2).copied()?;
    let largest = steps.last().copied()?;
    // The steps of a trace are few large ones, each followed by one of its own sign, and they come again with the beats.
    let power: f64 = steps.iter().map(|step| step * step).sum();
    let largest_tenth: f64 = steps
        .iter()
        .rev()
        .take(steps.len() / 10)
        .map(|step| step * step)
        .sum();
    let sparse = largest_tenth / power.max(f64::MIN_POSITIVE);
    let follows = values
        .windows(3)
        .map(|three| (three[1] - three[0]) * (three[2] - three[1]))
        .sum::<f64>()
        / power.max(f64::MIN_POSITIVE);
    let no_trace = (sparse < 0.5 && follows < 0.45) || follows < -0.1;
    if !no_trace || (sparse > 0.45 && repeats(values) > 0.3) {
        return None;
    }
    let resting = (0.33..=1.7).contains(&median) || (330.0..=1700.0).contains(&median);
    if intervals_plausible(values) && resting && high - low < 1.5 * median && step > 0.002 * median
    {
        return Some(List::Intervals);
    }
    let whole = values.iter().all(|value| value.fract() == 0.0);
    let calm = step <= 3.0 && largest <= 40.0 && low >= 30.0 && high <= 220.0 && high > low;
    (whole && calm).then_some(List::Rates)
}

/// How well the steepness of a trace repeats at the best lag of 30 to 1400 samples (autocorrelation); 0 where too short.
fn repeats(values: &[f64]) -> f64 {
    let steep: Vec<f64> = values
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .collect();
    let mean = steep.iter().sum::<f64>() / steep.len().max(1) as f64;
    let steep: Vec<f64> = steep.iter().map(|s| s.min(8.0 * mean) - mean).collect();
    let power: f64 = steep.iter().map(|s| s * s).sum();
    let last = 1400.min(steep.len() / 3);
    if power <= 0.0 || last <= 30 {
        return 0.0;
    }
    (30..last)
        .map(|lag| {
            let shared = steep.get(lag..).unwrap_or_default();
            let sum: f64 = shared.iter().zip(&steep).map(|(a, b)| a * b).sum();
            sum / shared.len() as f64 * steep.len() as f64 / power
        })
        .fold(0.0, f64::max)
}

impl Format for BeatList {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        decode(head.bytes)
            .and_then(|text| list(&text))
            .map_or(Score::NONE, |(_, score)| score)
    }

    fn holds_signal(&self) -> bool {
        false
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        context.check_bytes(entry.source.len())?;
        // The beginning tells all there is to tell.
        let head = entry.source.read(0, 64 * 1024)?;
        let text = decode(&head).ok_or(ReadError::NotThisFormat)?;
        Err(match list(&text) {
            Some((List::Intervals, _)) => no_signal(ID, "holds-rr-intervals"),
            Some((List::Rates, _)) => no_signal(ID, "holds-heart-rates"),
            None => ReadError::NotThisFormat,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::samples;
    use super::*;

    fn what(text: &str) -> Option<List> {
        list(text).map(|(list, _)| list)
    }

    /// Intervals with breathing and noise, in milliseconds.
    fn intervals(count: usize) -> Vec<f64> {
        let mut noise = 7_u64;
        (0..count)
            .map(|i| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                (830.0 + 40.0 * (i as f64 * 1.3).sin() + (noise % 31) as f64).round()
            })
            .collect()
    }

    fn joined(values: impl IntoIterator<Item = String>) -> String {
        values.into_iter().collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn lists_are_known_by_header_by_sums_and_by_numbers() {
        let list = intervals(300);
        let plain = joined(list.iter().map(f64::to_string));
        assert_eq!(what(&plain), Some(List::Intervals));
        let seconds = joined(list.iter().map(|v| format!("{:.3}", v / 1000.0)));
        assert_eq!(what(&seconds), Some(List::Intervals));
        let mut time = 0.0;
        let sums = joined(list.iter().map(|v| {
            time += v / 1000.0;
            format!("{time:.3}\t{v}")
        }));
        assert_eq!(what(&sums), Some(List::Intervals));
        let mut time = 0.0;
        let begins = joined(list.iter().map(|v| {
            let line = format!("{time:.3},{:.3}", v / 1000.0);
            time += v / 1000.0;
            line
        }));
        assert_eq!(what(&begins), Some(List::Intervals));
        for (text, told) in [
            (
                "Phone timestamp;RR-interval [ms]\n2021-05-16T08:08:48.322;812\n",
                List::Intervals,
            ),
            (
                "Phone timestamp;sensor timestamp [ns];HR [bpm];HRV [ms];Breathing interval [rpm];\n\
              2021-05-16T08:08:48.322;674467726216804212;72;;;\n",
                List::Rates,
            ),
            ("[Params]\nVersion=106\n[HRData]\n", List::Rates),
            (
                "[{\"dateTime\": \"09/28/22 07:00:05\", \"value\": {\"bpm\": 62, \"confidence\": 2}}]",
                List::Rates,
            ),
            ("{\"rr\": [812, 815]}", List::Intervals),
        ] {
            assert_eq!(what(text), Some(told), "{text}");
        }
        let rates = joined((0..60).map(|i| (70 + i % 4).to_string()));
        assert_eq!(what(&rates), Some(List::Rates));
        let clocked = joined((0..30).map(|i| format!("2024-05-01 10:00:{i:02},7{}", i % 9)));
        assert_eq!(what(&clocked), Some(List::Rates));
    }

    #[test]
    fn a_trace_is_never_taken_for_a_list() {
        // Counts around 512 with a beat of a few samples, as a converter of ten bits gives them.
        let trace = joined((0..3000_u32).map(|i| {
            let beat = match i % 150 {
                60 => 60,
                61 => 180,
                62 => 40,
                _ => 0,
            };
            (512 + beat + (i * 7919) % 5).to_string()
        }));
        assert_eq!(what(&trace), None);
        for text in [
            "time,ECG,HR\n0,1,70\n",
            "time [s],I [mV],RR\n0,1,800\n",
            "timestamp [ms];ecg [uV]\n0;1\n",
            "1\n2\n3\n",
        ] {
            assert_eq!(what(text), None, "{text}");
        }
    }

    #[test]
    fn no_public_sample_of_a_trace_is_called_a_list() {
        let Some(root) = samples() else { return };
        for folder in [
            "generic",
            "apple-csv",
            "biosppy",
            "polar",
            "opensignals",
            "viatom-txt",
            "samsung-csv",
        ] {
            for path in std::fs::read_dir(root.join(folder)).unwrap() {
                let bytes = std::fs::read(path.unwrap().path()).unwrap();
                if let Some(text) = decode(&bytes[..bytes.len().min(65_536)]) {
                    assert_eq!(what(&text), None, "{folder}");
                }
            }
        }
    }
}
