//! Writing WFDB: `.hea`, `.dat` (format 16, or 32 where 16 bit do not hold the counts), `.atr`.

use super::annotations::write_annotations;
use crate::formats::gaps::in_gap;
use crate::formats::{WriteError, Writer, WrittenFile};
use crate::recording::{Annotation, Lead, Recording, SampleData, Scale, Unit};
use std::fmt::Write as _;

/// Most samples of one lead in a frame: rates that need more have nothing in common.
const MOST_SAMPLES_PER_FRAME: f64 = 10_000.0;

/// Writes WFDB records.
pub struct WfdbWriter;

impl Writer for WfdbWriter {
    fn id(&self) -> &'static str {
        "wfdb"
    }
    fn name(&self) -> &'static str {
        "WFDB (PhysioNet)"
    }
    fn write(&self, recording: &Recording, stem: &str) -> Result<Vec<WrittenFile>, WriteError> {
        write_record(recording, stem)
    }
}

/// Counts of one lead as they are stored.
struct Stored {
    counts: Vec<i32>,
    scale: Scale,
    samples_per_frame: usize,
}

/// Writes a recording as `STEM.hea`, `STEM.dat` and, where it has annotations, `STEM.atr`.
///
/// Integer counts, gain and baseline are written as they are. Floating point samples are stored as the decimals that
/// they are, or as 31 bit counts where they are none. The person and remarks are not written.
///
/// # Errors
/// [`WriteError::CannotHold`] without leads, or when the rates have no common frame.
pub fn write_record(recording: &Recording, stem: &str) -> Result<Vec<WrittenFile>, WriteError> {
    let cannot = |what: &str| WriteError::CannotHold {
        format: "wfdb",
        what: what.to_owned(),
    };
    if recording.leads.is_empty() {
        return Err(cannot("a recording without leads"));
    }
    let frame_rate_hz =
        frame_rate(&recording.leads).ok_or_else(|| cannot("leads whose rates share no frame"))?;
    let stem = record_name(stem);
    let stored: Vec<Stored> = recording
        .leads
        .iter()
        .map(|lead| store(lead, frame_rate_hz))
        .collect();
    let frames = stored
        .iter()
        .map(|lead| lead.counts.len().div_ceil(lead.samples_per_frame))
        .max()
        .unwrap_or(0);
    // −32768 marks a lost sample in format 16, so a lead that holds it as a value needs format 32.
    let narrow =
        stored.iter().zip(&recording.leads).all(|(stored, lead)| {
            stored.counts.iter().enumerate().all(|(index, &count)| {
                (-32_767..=32_767).contains(&count) || in_gap(&lead.gaps, index)
            })
        });
    let (signal_bytes, checksums) = signal_file(recording, &stored, frames, narrow);
    let mut files = vec![
        WrittenFile {
            name: format!("{stem}.hea"),
            bytes: header_text(
                recording,
                &stem,
                frame_rate_hz,
                &stored,
                frames,
                narrow,
                &checksums,
            )
            .into_bytes(),
        },
        WrittenFile {
            name: format!("{stem}.dat"),
            bytes: signal_bytes,
        },
    ];
    if !recording.annotations.is_empty() {
        let marks: Vec<Annotation> = recording
            .annotations
            .iter()
            .map(|mark| Annotation {
                sample: (mark.time_s * frame_rate_hz).round().max(0.0) as u64,
                ..mark.clone()
            })
            .collect();
        files.push(WrittenFile {
            name: format!("{stem}.atr"),
            bytes: write_annotations(&marks, None),
        });
    }
    Ok(files)
}

/// A record name: letters, digits and `_` (header(5)).
fn record_name(stem: &str) -> String {
    let name: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if name.is_empty() {
        "record".to_owned()
    } else {
        name
    }
}

/// Frames per second such that every lead has a whole number of samples in a frame.
fn frame_rate(leads: &[Lead]) -> Option<f64> {
    let fits = |base: f64| {
        base > 0.0
            && leads.iter().all(|lead| {
                let ratio = lead.rate_hz / base;
                (1.0 - 1e-9..=MOST_SAMPLES_PER_FRAME).contains(&ratio)
                    && (ratio - ratio.round()).abs() < 1e-9 * ratio
            })
    };
    let lowest = leads.iter().map(|lead| lead.rate_hz).reduce(f64::min)?;
    if fits(lowest) {
        return Some(lowest);
    }
    // The greatest common divisor of the rates in thousandths of a hertz.
    let divisor = leads.iter().fold(0_u64, |divisor, lead| {
        let (mut a, mut b) = (divisor, (lead.rate_hz * 1000.0).round() as u64);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    });
    let base = divisor as f64 / 1000.0;
    fits(base).then_some(base)
}

/// Counts, scale and place in a frame of one lead.
fn store(lead: &Lead, frame_rate_hz: f64) -> Stored {
    let samples_per_frame = (lead.rate_hz / frame_rate_hz).round().max(1.0) as usize;
    let (counts, scale) = counts_of(lead);
    Stored {
        counts,
        scale,
        samples_per_frame,
    }
}

/// Integer counts of a lead with their scale; the baseline is whole, as the header demands.
fn counts_of(lead: &Lead) -> (Vec<i32>, Scale) {
    let scale = lead.samples.scale;
    let whole = scale.baseline.fract() == 0.0 && scale.baseline.abs() < 2e9;
    match &lead.samples.data {
        SampleData::I16(data) if whole => (data.iter().map(|&c| i32::from(c)).collect(), scale),
        SampleData::I32(data) if whole => (data.clone(), scale),
        SampleData::I16(data) if scale.baseline.abs() < 32_000.0 => {
            // A baseline between two counts: 16 more bits below the count hold it to 1/131072 of a count.
            let finer = Scale {
                gain: scale.gain * 65_536.0,
                baseline: (scale.baseline * 65_536.0).round(),
            };
            (data.iter().map(|&c| i32::from(c) << 16).collect(), finer)
        }
        SampleData::I16(_) | SampleData::I32(_) | SampleData::F32(_) => {
            quantise(&lead.samples.all_values())
        }
    }
}

/// Values as counts: as decimals where every value is one, else in steps of a power of two that use 31 bit.
fn quantise(values: &[f32]) -> (Vec<i32>, Scale) {
    let largest = values
        .iter()
        .filter(|value| value.is_finite())
        .fold(0.0_f64, |largest, &value| {
            largest.max(f64::from(value.abs()))
        });
    let scale = |gain| Scale {
        gain,
        baseline: 0.0,
    };
    let count = |value: f32, gain: f64| (f64::from(value) * gain).round() as i32;
    for digits in 0..=7 {
        let gain = 10_f64.powi(digits);
        let exact = largest * gain < 2e9
            && values
                .iter()
                .all(|&value| (f64::from(count(value, gain)) / gain) as f32 == value);
        if exact {
            let counts = values.iter().map(|&value| count(value, gain)).collect();
            return (counts, scale(gain));
        }
    }
    let gain = (f64::from(1 << 30) / largest.max(f64::MIN_POSITIVE))
        .log2()
        .floor()
        .clamp(-300.0, 300.0)
        .exp2();
    let counts = values.iter().map(|&value| count(value, gain)).collect();
    (counts, scale(gain))
}

/// The interleaved samples, with the checksum of each signal (sum of all its samples, low 16 bits).
fn signal_file(
    recording: &Recording,
    stored: &[Stored],
    frames: usize,
    narrow: bool,
) -> (Vec<u8>, Vec<i16>) {
    let frame: usize = stored.iter().map(|lead| lead.samples_per_frame).sum();
    let mut bytes = Vec::with_capacity(frames * frame * if narrow { 2 } else { 4 });
    let mut checksums = vec![0_i16; stored.len()];
    let invalid = if narrow { -32_768 } else { i32::MIN };
    for at in 0..frames {
        for ((lead, stored), sum) in recording.leads.iter().zip(stored).zip(&mut checksums) {
            let from = at * stored.samples_per_frame;
            for index in from..from + stored.samples_per_frame {
                let count = match stored.counts.get(index) {
                    Some(&count) if !in_gap(&lead.gaps, index) => count,
                    _ => invalid,
                };
                *sum = sum.wrapping_add(count as i16);
                if narrow {
                    bytes.extend((count as i16).to_le_bytes());
                } else {
                    bytes.extend(count.to_le_bytes());
                }
            }
        }
    }
    (bytes, checksums)
}

fn header_text(
    recording: &Recording,
    stem: &str,
    frame_rate_hz: f64,
    stored: &[Stored],
    frames: usize,
    narrow: bool,
    checksums: &[i16],
) -> String {
    let mut text = format!("{stem} {} {frame_rate_hz} {frames}", stored.len());
    if let Some(start) = recording.start {
        let _ = write!(
            text,
            " {:02}:{:02}:{:06.3}",
            start.hour,
            start.minute,
            // Rounding must not make a minute of 60 seconds.
            start.second.min(59.999)
        );
        if let Some((year, month, day)) = start.date {
            let _ = write!(text, " {day:02}/{month:02}/{year:04}");
        }
    }
    text.push('\n');
    let format = if narrow { 16 } else { 32 };
    for ((lead, stored), checksum) in recording.leads.iter().zip(stored).zip(checksums) {
        let _ = write!(text, "{stem}.dat {format}");
        if stored.samples_per_frame > 1 {
            let _ = write!(text, "x{}", stored.samples_per_frame);
        }
        let unit = match &lead.unit {
            Unit::Millivolt => "mV".to_owned(),
            Unit::Counts => "counts".to_owned(),
            Unit::Other(unit) => unit.split_whitespace().collect::<Vec<_>>().join("_"),
        };
        let initial = stored.counts.first().copied().unwrap_or(0);
        let name: Vec<&str> = lead.name.split_whitespace().collect();
        let Scale { gain, baseline } = stored.scale;
        let _ = writeln!(
            text,
            " {gain}({baseline})/{unit} {format} 0 {initial} {checksum} 0 {}",
            name.join(" ")
        );
    }
    text
}
