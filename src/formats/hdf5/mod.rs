//! HDF5: recordings of OpenSignals, and any file whose data sets of numbers are signals (also MATLAB 7.3).
//!
//! HDF5 knows no ECG: what a file does not say (rate, unit) is asked for.

mod file;

use super::bare::{Track, Tracks};
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Offer, ReadError, Reading, Score,
    Support,
};
use crate::recording::{SampleData, Scale, Source, StartTime, Unit};
use file::{Attribute, Contents, DataSet, File, Kind};

const ID: &str = "hdf5";
/// Leads in one data set, at most.
const MOST_LEADS: usize = 32;
/// Samples below which a data set is no recording.
const FEWEST_SAMPLES: usize = 16;
/// Recordings of a stack that are offered.
const MOST_OFFERS: usize = 1000;
/// Supply of biosignalsplux in volts, and gain of its ECG sensor (its data sheet); BITalino's likewise.
const PLUX: (f64, f64) = (3.0, 1019.0);
const BITALINO: (f64, f64) = (3.3, 1100.0);

/// The reader.
pub struct Hdf5;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "HDF5 (OpenSignals and others)",
    extensions: &["h5", "hdf5", "mat"],
    signatures: &[],
    recognised_by: "the HDF5 signature at the beginning, or after 512 bytes and their doubles; OpenSignals by its \
                    groups raw and their sampling rate",
    support: Support::Common,
    tested_on: "1 public OpenSignals file, compared with an independent reader; files built from the specification",
    certainty: Certainty::Equal,
};

impl Format for Hdf5 {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        match file::superblock(head.bytes) {
            Some(_) => Score::CERTAIN,
            None => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let length = entry.source.len();
        context.check_bytes(length)?;
        let bytes = entry.source.read(0, length as usize)?;
        let damaged =
            || ReadError::damaged_at(ID, 0, "a superblock with a root group", "something else");
        let (file, contents) = File::open(bytes).ok_or_else(damaged)?;
        let signals: Vec<&DataSet> = contents.sets.iter().filter(|set| is_signal(set)).collect();
        if signals.is_empty() {
            return Err(match contents.unread {
                Some(feature) => ReadError::Unsupported {
                    format: ID.to_owned(),
                    feature,
                },
                None => ReadError::NoSignal {
                    format: ID.to_owned(),
                    holds: "holds-no-samples".to_owned(),
                },
            });
        }
        let mut source = Source {
            format: ID.to_owned(),
            recognised_by: "recognised-hdf5".to_owned(),
            name: entry.file_name().to_owned(),
            ..Source::default()
        };
        if let Some(group) = opensignals(&contents) {
            return open_signals(&file, &contents, &group, source, context);
        }
        let (tracks, path) = match general(&file, &signals, context)? {
            General::Tracks(tracks, path) => (tracks, path),
            General::Choice(offers) => return Ok(Reading::Choice(offers)),
        };
        source.remarks.push(path.clone());
        Tracks {
            format: ID,
            tracks,
            rate_hz: rate(&file, &contents, &path, context),
            unit: nearest(&contents, &path, &["unit", "units"])
                .and_then(|a| a.text().map(str::to_owned)),
            start: None,
            source,
        }
        .reading(context)
    }
}

/// Whether a data set may be a signal: numbers, long enough, with few leads.
fn is_signal(set: &DataSet) -> bool {
    let numbers = matches!(set.kind.kind, Kind::Integer { .. } | Kind::Float);
    let known = matches!(set.kind.size, 1 | 2 | 4 | 8);
    let long = set.sizes.iter().copied().max().unwrap_or(0) >= FEWEST_SAMPLES;
    let shape = match set.sizes.as_slice() {
        [_] => true,
        [rows, columns] => (*rows).min(*columns) <= MOST_LEADS,
        [_, rows, columns] => (*rows).min(*columns) <= MOST_LEADS && *rows >= 1 && *columns >= 1,
        _ => false,
    };
    numbers && known && long && shape
}

/// The numbers of elements `from`, `from + step`, ... in the narrowest width.
fn track_data(bytes: &[u8], set: &DataSet, from: usize, step: usize, count: usize) -> SampleData {
    let size = set.kind.size;
    let picked = |index: usize| {
        let at = (from + index * step) * size;
        bytes.get(at..at + size)
    };
    let available = (0..count).map_while(picked);
    let one = |chunk: &[u8]| file::element(chunk, set.kind);
    match (set.kind.kind, size) {
        (Kind::Integer { signed: true }, 1 | 2) | (Kind::Integer { signed: false }, 1) => {
            SampleData::I16(available.map(|chunk| one(chunk) as i16).collect())
        }
        (Kind::Integer { signed: true }, 4) | (Kind::Integer { signed: false }, 2) => {
            SampleData::I32(available.map(|chunk| one(chunk) as i32).collect())
        }
        _ => SampleData::F32(available.map(|chunk| one(chunk) as f32).collect()),
    }
}

/// An attribute of an object or of the groups it stands in, the nearest first; names are compared in lower case.
fn nearest<'a>(contents: &'a Contents, path: &str, names: &[&str]) -> Option<&'a Attribute> {
    let mut path = path;
    loop {
        if let Some(attributes) = contents.attributes.get(path) {
            let found = attributes.iter().find(|(name, _)| {
                let key = name.to_lowercase().replace([' ', '_', '-'], "");
                names.contains(&key.as_str())
            });
            if let Some((_, value)) = found {
                return Some(value);
            }
        }
        path = path.rsplit_once('/')?.0;
    }
}

const RATE_NAMES: [&str; 9] = [
    "samplingrate",
    "samplingfrequency",
    "samplerate",
    "samplefrequency",
    "fs",
    "sfreq",
    "freq",
    "rate",
    "frequency",
];

/// The rate: an attribute near the data, or a data set of one number with such a name.
fn rate(file: &File, contents: &Contents, path: &str, context: &Context) -> Option<f64> {
    let plausible = |rate: &f64| (1.0..=1e6).contains(rate);
    if let Some(rate) = nearest(contents, path, &RATE_NAMES)
        .and_then(Attribute::number)
        .filter(plausible)
    {
        return Some(rate);
    }
    contents
        .sets
        .iter()
        .filter(|set| set.sizes.iter().product::<usize>() == 1)
        .find_map(|set| {
            let name = set
                .path
                .rsplit('/')
                .next()?
                .to_lowercase()
                .replace([' ', '_', '-'], "");
            if !RATE_NAMES.contains(&name.as_str()) {
                return None;
            }
            let bytes = file.data(set, context).ok()?;
            file::numbers(&bytes, set.kind)
                .first()
                .copied()
                .filter(plausible)
        })
}

enum General {
    Tracks(Vec<Track>, String),
    Choice(Vec<Offer>),
}

/// The signal of a file without a known layout: what is named like one, else the largest; vectors of one length that
/// stand together are leads; of a stack of recordings one is chosen.
fn general(file: &File, signals: &[&DataSet], context: &Context) -> Result<General, ReadError> {
    let named = |set: &DataSet| {
        let name = set.path.to_lowercase();
        ["ecg", "ekg", "lead", "tracing", "channel", "signal"]
            .iter()
            .any(|word| name.contains(word))
    };
    let count = |set: &DataSet| {
        set.sizes
            .iter()
            .fold(1_usize, |all, &size| all.saturating_mul(size))
    };
    let choice = context.answers.choice.clone().unwrap_or_default();
    let (wanted, within) = choice.rsplit_once('@').unwrap_or((&choice, ""));
    let Some(set) = signals
        .iter()
        .find(|set| !wanted.is_empty() && set.path == wanted)
        .or_else(|| signals.iter().max_by_key(|set| (named(set), count(set))))
    else {
        return Ok(General::Choice(Vec::new()));
    };
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let folder = set.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    match set.sizes.as_slice() {
        [length] => {
            let siblings = signals.iter().filter(|other| {
                other.sizes == [*length]
                    && other.path.rsplit_once('/').map_or("", |(f, _)| f) == folder
            });
            let mut tracks = Vec::new();
            for sibling in siblings.take(MOST_LEADS) {
                let bytes = file.data(sibling, context)?;
                tracks.push(Track {
                    name: name(&sibling.path),
                    data: track_data(&bytes, sibling, 0, 1, *length),
                    unit: None,
                    rate_hz: None,
                });
            }
            Ok(General::Tracks(tracks, folder.to_owned()))
        }
        [rows, columns] => {
            let bytes = file.data(set, context)?;
            Ok(General::Tracks(
                table(&bytes, set, 0, *rows, *columns),
                set.path.clone(),
            ))
        }
        [stack, rows, columns] => {
            let chosen = within.parse::<usize>().ok().filter(|at| at < stack);
            let Some(at) = chosen.or((*stack == 1).then_some(0)) else {
                let offers = (0..(*stack).min(MOST_OFFERS)).map(|at| Offer {
                    id: format!("{}@{at}", set.path),
                    name: format!("{} {}", name(&set.path), at + 1),
                    start: None,
                    bytes: (rows.saturating_mul(*columns)).saturating_mul(set.kind.size) as u64,
                });
                return Ok(General::Choice(offers.collect()));
            };
            let bytes = file.data(set, context)?;
            let from = at.saturating_mul(rows.saturating_mul(*columns));
            Ok(General::Tracks(
                table(&bytes, set, from, *rows, *columns),
                set.path.clone(),
            ))
        }
        _ => Ok(General::Choice(Vec::new())),
    }
}

/// The leads of a table, which are its shorter side.
fn table(bytes: &[u8], set: &DataSet, from: usize, rows: usize, columns: usize) -> Vec<Track> {
    let leads = rows.min(columns);
    let count = rows.max(columns);
    (0..leads)
        .map(|lead| Track {
            name: String::new(),
            data: if columns == leads {
                track_data(bytes, set, from + lead, columns, count)
            } else {
                track_data(bytes, set, from + lead * columns, 1, count)
            },
            unit: None,
            rate_hz: None,
        })
        .collect()
}

/// The group of a device in a recording of OpenSignals: it has a sampling rate, and channels in `raw`.
fn opensignals(contents: &Contents) -> Option<String> {
    contents.attributes.iter().find_map(|(path, attributes)| {
        let channel = format!("{path}/raw/channel_");
        let raw = contents
            .sets
            .iter()
            .any(|set| set.path.starts_with(&channel));
        (raw && attributes.contains_key("sampling rate")).then(|| path.clone())
    })
}

/// The channels of a device of OpenSignals, ECG sensors in millivolts by their data sheet.
fn open_signals(
    file: &File,
    contents: &Contents,
    group: &str,
    mut source: Source,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    let attribute =
        |path: &str, name: &str| contents.attributes.get(path).and_then(|all| all.get(name));
    let of_group = |name: &str| attribute(group, name);
    let device = of_group("device")
        .and_then(Attribute::text)
        .unwrap_or_default()
        .to_owned();
    let (supply, gain) = if device.to_lowercase().contains("bitalino") {
        BITALINO
    } else {
        PLUX
    };
    let resolutions = match of_group("resolution") {
        Some(Attribute::Numbers(numbers)) => numbers.clone(),
        _ => Vec::new(),
    };
    let folder = format!("{group}/raw/channel_");
    let mut channels: Vec<&DataSet> = contents
        .sets
        .iter()
        .filter(|set| set.path.starts_with(&folder) && is_signal(set))
        .collect();
    channels.sort_by_key(|set| (set.path.len(), set.path.clone()));
    let mut tracks = Vec::new();
    for (at, set) in channels.into_iter().enumerate() {
        let bytes = file.data(set, context)?;
        let count = set.sizes.iter().product();
        let data = track_data(&bytes, set, 0, 1, count);
        let sensor = attribute(&set.path, "sensor")
            .and_then(Attribute::text)
            .unwrap_or_default();
        let bits = resolutions
            .get(at)
            .or(resolutions.first())
            .copied()
            .filter(|bits| (4.0..=32.0).contains(bits));
        let name = set.path.rsplit('/').next().unwrap_or_default();
        let ecg = sensor.to_uppercase().contains("ECG");
        let unit = match bits {
            Some(bits) if ecg => {
                // mV = (count / 2^bits - 1/2) * supply / gain * 1000.
                let full = bits.exp2();
                Some((
                    Unit::Millivolt,
                    Scale {
                        gain: full * gain / (supply * 1000.0),
                        baseline: full / 2.0,
                    },
                ))
            }
            _ if sensor.is_empty() || ecg => None,
            _ => Some((Unit::Other(String::new()), Scale::IDENTITY)),
        };
        tracks.push(Track {
            name: if sensor.is_empty() {
                name.to_owned()
            } else {
                format!("{name} {sensor}")
            },
            data,
            unit,
            rate_hz: None,
        });
    }
    let text = |name: &str| of_group(name).and_then(Attribute::text);
    let start = text("date")
        .zip(text("time"))
        .and_then(|(date, time)| start(date, time));
    source.device = Some(device).filter(|device| !device.is_empty());
    Tracks {
        format: ID,
        tracks,
        rate_hz: of_group("sampling rate").and_then(Attribute::number),
        unit: None,
        start,
        source,
    }
    .reading(context)
}

/// `2018-9-28` and `13:20:12.4`.
fn start(date: &str, time: &str) -> Option<StartTime> {
    let mut date = date.trim().split('-').map(str::parse::<u16>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let mut time = time.trim().split(':');
    StartTime::new(
        Some((
            i32::from(year),
            u8::try_from(month).ok()?,
            u8::try_from(day).ok()?,
        )),
        time.next()?.parse().ok()?,
        time.next()?.parse().ok()?,
        time.next()?.parse().ok()?,
        None,
    )
}

#[cfg(test)]
mod tests;
