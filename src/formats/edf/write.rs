//! Writing EDF+C with annotations.

use super::super::gaps::in_gap;
use super::super::text::number;
use super::super::voltage::names_ecg;
use super::super::{WriteError, Writer, WrittenFile};
use super::{ANNOTATIONS, BLOCK, END_TEXT, GAP_TEXT, ID, WIDTHS};
use crate::recording::{
    Lead, LeadName, Recording, SampleData, Samples, Scale, SignalKind, StartTime, Unit,
};

/// Recommended largest record (edfplus.info).
const RECORD_BYTES: f64 = 61_440.0;
/// Month names of the start date.
const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

/// Writes EDF+.
pub struct EdfWriter;

impl Writer for EdfWriter {
    fn id(&self) -> &'static str {
        ID
    }
    fn name(&self) -> &'static str {
        "EDF+"
    }

    /// Integers of 16 bit are written as they are; others are rounded to the finest 1-2-5 step that 16 bit hold. What
    /// is missing is held and marked `Recording gap`; the person is not written.
    fn write(&self, recording: &Recording, stem: &str) -> Result<Vec<WrittenFile>, WriteError> {
        let cannot = |what: &str| WriteError::CannotHold {
            format: ID,
            what: what.to_owned(),
        };
        if recording.leads.is_empty() {
            return Err(cannot("a recording without leads"));
        }
        let layout = Layout::of(&recording.leads)
            .ok_or_else(|| cannot("leads whose rates share no record"))?;
        let signals: Vec<Signal> = recording
            .leads
            .iter()
            .zip(&layout.samples)
            .map(|(lead, &samples)| Signal::of(lead, samples))
            .collect();
        let records = signals
            .iter()
            .map(|signal| signal.counts.len().div_ceil(signal.samples))
            .max()
            .unwrap_or(0);
        let lists = annotation_lists(recording, &layout, records);
        let list_bytes = lists.iter().map(Vec::len).max().unwrap_or(2).div_ceil(2) * 2;
        let mut bytes = header(recording, &layout, &signals, records, list_bytes);
        for (record, list) in lists.iter().enumerate() {
            for signal in &signals {
                let from = record * signal.samples;
                let last = signal.counts.last().copied().unwrap_or(0);
                for index in from..from + signal.samples {
                    let count = signal.counts.get(index).copied().unwrap_or(last);
                    bytes.extend(count.to_le_bytes());
                }
            }
            bytes.extend(list);
            bytes.resize(bytes.len() + list_bytes - list.len(), 0);
        }
        Ok(vec![WrittenFile {
            name: format!("{stem}.edf"),
            bytes,
        }])
    }
}

/// Duration of a record and the samples of each lead in it.
struct Layout {
    duration: String,
    duration_s: f64,
    samples: Vec<usize>,
}

impl Layout {
    /// The shortest of the plain durations that fits every rate; else the one, of those that fit the first rate, which
    /// its eight characters tell best.
    fn of(leads: &[Lead]) -> Option<Self> {
        let plain = (1..=60).chain([120, 250, 500, 1000]).map(f64::from);
        let parts = [0.5, 0.2, 0.1, 0.25, 0.125, 0.05, 0.04, 0.02, 0.01];
        let rate_hz = leads.first()?.rate_hz;
        let odd = (1..=512).map(|samples| f64::from(samples) * (rate_hz / 256.0).ceil() / rate_hz);
        plain
            .chain(parts)
            .filter_map(|duration_s| Self::with(leads, duration_s, 1e-9))
            .find(Self::is_small)
            .or_else(|| {
                odd.filter_map(|duration_s| Self::with(leads, duration_s, 1e-5))
                    .filter(Self::is_small)
                    .min_by(|a, b| a.error(leads).total_cmp(&b.error(leads)))
            })
    }

    /// A record of this duration, where every lead has a whole number of samples in it within `tolerance`.
    fn with(leads: &[Lead], duration_s: f64, tolerance: f64) -> Option<Self> {
        let duration = fit(duration_s)?;
        let duration_s = number(&duration, false).filter(|&s| s > 0.0)?;
        let samples = leads
            .iter()
            .map(|lead| {
                let samples = lead.rate_hz * duration_s;
                let whole = samples.round();
                (whole >= 1.0 && (samples - whole).abs() <= tolerance * whole)
                    .then_some(whole as usize)
            })
            .collect::<Option<Vec<usize>>>()?;
        Some(Self {
            duration,
            duration_s,
            samples,
        })
    }

    fn is_small(&self) -> bool {
        self.samples.iter().sum::<usize>() as f64 * 2.0 <= RECORD_BYTES
    }

    /// Largest relative error of a rate.
    fn error(&self, leads: &[Lead]) -> f64 {
        leads
            .iter()
            .zip(&self.samples)
            .map(|(lead, &samples)| (samples as f64 / self.duration_s / lead.rate_hz - 1.0).abs())
            .fold(0.0, f64::max)
    }
}

/// A number in at most eight characters, as near as they tell it.
fn fit(value: f64) -> Option<String> {
    let plain = format!("{value}");
    if plain.len() <= 8 {
        return Some(plain);
    }
    (0..8)
        .rev()
        .map(|digits| format!("{value:.digits$}"))
        .map(|text| {
            if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                text
            }
        })
        .find(|text| text.len() <= 8)
}

/// A lead as it is stored.
struct Signal {
    label: String,
    unit: String,
    physical: [String; 2],
    digital: [i16; 2],
    counts: Vec<i16>,
    samples: usize,
}

impl Signal {
    fn of(lead: &Lead, samples: usize) -> Self {
        let (counts, scale) = counts_of(lead);
        let (unit, physical, digital) = ranges(lead, scale, &counts);
        Self {
            label: label(lead),
            unit,
            physical,
            digital,
            counts,
            samples,
        }
    }
}

/// Label by the convention of EDF+: kind of signal, then lead.
fn label(lead: &Lead) -> String {
    let name = ascii(&lead.name);
    let convention = lead.kind == SignalKind::Ecg
        && (LeadName::recognise(&name).is_some() || !names_ecg(&name))
        && !name.to_ascii_uppercase().starts_with("ECG")
        && name.len() <= 12;
    let label = if convention {
        format!("ECG {name}")
    } else {
        name
    };
    label.chars().take(16).collect::<String>().trim().to_owned()
}

fn ascii(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{b5}' | '\u{3bc}' => 'u',
            ' '..='~' => c,
            _ => '?',
        })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Counts of 16 bit: the source's own where they fit, else rounded to a 1-2-5 step.
fn counts_of(lead: &Lead) -> (Vec<i16>, Scale) {
    if let SampleData::I16(data) = &lead.samples.data {
        return (data.clone(), lead.samples.scale);
    }
    let Samples { scale, .. } = lead.samples;
    let length = lead.samples.len();
    let values: Vec<f64> = (0..length)
        .map(|index| lead.samples.stored(index).map_or(0.0, |c| scale.value(c)))
        .collect();
    let valid = values
        .iter()
        .enumerate()
        .filter(|(index, _)| !in_gap(&lead.gaps, *index))
        .map(|(_, &value)| value);
    let (low, high) = valid.fold((f64::MAX, f64::MIN), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let (low, high) = if low <= high { (low, high) } else { (0.0, 0.0) };
    let step = step_for(high - low);
    let middle = ((low + high) / 2.0 / step).round();
    let counts = values
        .iter()
        .map(|value| (value / step - middle).round().clamp(-32_768.0, 32_767.0) as i16)
        .collect();
    let scale = Scale {
        gain: 1.0 / step,
        baseline: -middle,
    };
    (counts, scale)
}

/// The finest step of 1, 2 or 5 times a power of ten of which 60000 cover `span`, not below a millionth.
fn step_for(span: f64) -> f64 {
    let wanted = (span / 60_000.0).max(1e-6);
    let power = wanted.log10().floor();
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|mantissa| mantissa * 10_f64.powf(power))
        .find(|step| *step >= wanted * (1.0 - 1e-9))
        .unwrap_or(wanted)
}

/// Unit and ranges whose printed texts give the scale again, exactly where any pair of eight characters does.
fn ranges(lead: &Lead, scale: Scale, counts: &[i16]) -> (String, [String; 2], [i16; 2]) {
    let units: &[(&str, f64)] = match &lead.unit {
        Unit::Millivolt => &[("uV", 1000.0), ("mV", 1.0), ("nV", 1e6)],
        Unit::Counts => &[("counts", 1.0)],
        Unit::Other(_) => &[("", 1.0)],
    };
    let name = |unit: &str| match &lead.unit {
        Unit::Other(own) => ascii(own).chars().take(8).collect(),
        _ => unit.to_owned(),
    };
    let low = counts.iter().copied().min().unwrap_or(0);
    let high = counts.iter().copied().max().unwrap_or(0);
    let pairs = [
        [-32_768, 32_767],
        [-32_767, 32_767],
        [-32_000, 32_000],
        [-30_000, 30_000],
        [-25_000, 25_000],
        [-20_000, 20_000],
        [-16_384, 16_384],
        [-10_000, 10_000],
        [-8192, 8192],
        [-5000, 5000],
        [-4096, 4096],
        [-2048, 2048],
        [-2000, 2000],
        [-1000, 1000],
        [0, 32_767],
        [0, 4096],
        [0, 2000],
    ];
    let mut best: Option<(f64, String, [String; 2], [i16; 2])> = None;
    for &(unit, per_own) in units {
        for digital in pairs {
            if digital[0] > low || digital[1] < high {
                continue;
            }
            let ends = digital.map(|count: i16| scale.value(f64::from(count)) * per_own);
            let [Some(first), Some(last)] = ends.map(fit) else {
                continue;
            };
            let told = [&first, &last].map(|text| number(text, false).unwrap_or(0.0));
            let span = ends[1] - ends[0];
            let error = ((told[0] - ends[0]).abs() + (told[1] - ends[1]).abs()) / span.abs();
            if told[0] != told[1]
                && best
                    .as_ref()
                    .is_none_or(|(least, ..)| error < least * 0.999)
            {
                best = Some((error, name(unit), [first, last], digital));
            }
        }
    }
    best.map_or_else(
        || {
            let ends = ["-32768".to_owned(), "32767".to_owned()];
            ("counts".to_owned(), ends, [-32_768, 32_767])
        },
        |(_, unit, physical, digital)| (unit, physical, digital),
    )
}

/// Seconds without exponent and without digits beyond a tenth of a microsecond.
fn seconds(value: f64) -> String {
    let text = format!("{value:.7}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// The annotation list of each record: its start, then the marks that begin in it.
fn annotation_lists(recording: &Recording, layout: &Layout, records: usize) -> Vec<Vec<u8>> {
    // Onsets count from the header's whole second.
    let first_s = recording.start.map_or(0.0, |start| start.second.fract());
    let mut lists: Vec<Vec<u8>> = (0..records)
        .map(|record| {
            let start_s = first_s + record as f64 * layout.duration_s;
            format!("+{}\u{14}\u{14}\0", seconds(start_s)).into_bytes()
        })
        .collect();
    let mut mark = |time_s: f64, duration_s: Option<f64>, text: &str| {
        let record = (time_s / layout.duration_s).max(0.0) as usize;
        let last = records.saturating_sub(1);
        let Some(list) = lists.get_mut(record.min(last)) else {
            return;
        };
        let text: String = text.chars().filter(|c| *c >= ' ').collect();
        let sign = if first_s + time_s < 0.0 { "" } else { "+" };
        let onset = seconds(first_s + time_s);
        let duration = duration_s.map_or_else(String::new, |s| format!("\u{15}{}", seconds(s)));
        list.extend(format!("{sign}{onset}{duration}\u{14}{text}\u{14}\0").bytes());
    };
    for annotation in &recording.annotations {
        let text = match (annotation.code.as_str(), annotation.text.as_str()) {
            ("\"", text) => text.to_owned(),
            (code, "") => code.to_owned(),
            (code, text) => format!("{code} {text}"),
        };
        mark(annotation.time_s, None, &text);
    }
    for lead in &recording.leads {
        for gap in &lead.gaps {
            let from_s = lead.time_s(gap.range.start);
            let length_s = gap.range.len() as f64 / lead.rate_hz;
            mark(
                from_s,
                Some(length_s),
                &format!("{GAP_TEXT}@@{}", label(lead)),
            );
        }
    }
    let end_s = recording.duration_s();
    if end_s < records as f64 * layout.duration_s - 1e-6 {
        mark(end_s, None, END_TEXT);
    }
    lists
}

/// Appends `text` in a field of `width`, cut or padded with spaces.
fn put(bytes: &mut Vec<u8>, text: &str, width: usize) {
    let text = text.as_bytes();
    let end = text.len().min(width);
    bytes.extend(&text[..end]);
    bytes.resize(bytes.len() + width - end, b' ');
}

fn header(
    recording: &Recording,
    layout: &Layout,
    signals: &[Signal],
    records: usize,
    list_bytes: usize,
) -> Vec<u8> {
    let count = signals.len() + 1;
    let mut bytes = Vec::new();
    let (start_date, date, time) = start_texts(recording.start);
    let device = recording
        .source
        .device
        .as_deref()
        .map_or_else(|| "X".to_owned(), |device| ascii(device).replace(' ', "_"));
    put(&mut bytes, "0", 8);
    put(&mut bytes, "X X X X", 80);
    put(
        &mut bytes,
        &format!("Startdate {start_date} X X {device}"),
        80,
    );
    put(&mut bytes, &date, 8);
    put(&mut bytes, &time, 8);
    put(&mut bytes, &(BLOCK * (count + 1)).to_string(), 8);
    put(&mut bytes, "EDF+C", 44);
    put(&mut bytes, &records.to_string(), 8);
    put(&mut bytes, &layout.duration, 8);
    put(&mut bytes, &count.to_string(), 4);
    let annotation = Signal {
        label: ANNOTATIONS.to_owned(),
        unit: String::new(),
        physical: ["-1".to_owned(), "1".to_owned()],
        digital: [-32_768, 32_767],
        counts: Vec::new(),
        samples: list_bytes / 2,
    };
    for (field, &width) in WIDTHS.iter().enumerate() {
        for signal in signals.iter().chain([&annotation]) {
            let text = match field {
                0 => signal.label.clone(),
                2 => signal.unit.clone(),
                3 => signal.physical[0].clone(),
                4 => signal.physical[1].clone(),
                5 => signal.digital[0].to_string(),
                6 => signal.digital[1].to_string(),
                8 => signal.samples.to_string(),
                _ => String::new(),
            };
            put(&mut bytes, &text, width);
        }
    }
    bytes
}

/// Start date in words, date and time of the header; the standard's own texts where there is none.
fn start_texts(start: Option<StartTime>) -> (String, String, String) {
    let time = start.map_or_else(
        || "00.00.00".to_owned(),
        |start| {
            let second = start.second.floor() as u32;
            format!("{:02}.{:02}.{second:02}", start.hour, start.minute)
        },
    );
    match start.and_then(|start| start.date) {
        Some((year, month, day)) => {
            let name = MONTHS
                .get(usize::from(month).saturating_sub(1))
                .unwrap_or(&"JAN");
            // After 2084 the two digits are `yy` by the standard.
            let short = if (1985..=2084).contains(&year) {
                format!("{:02}", year % 100)
            } else {
                "yy".to_owned()
            };
            (
                format!("{day:02}-{name}-{year:04}"),
                format!("{day:02}.{month:02}.{short}"),
                time,
            )
        }
        None => ("X".to_owned(), "01.01.85".to_owned(), time),
    }
}
