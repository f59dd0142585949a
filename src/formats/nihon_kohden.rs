//! Nihon Kohden EEG recordings (`.EEG` with `.21E`, `.PNT`, `.LOG`), which carry an ECG among their channels.

use super::parts::{self, Part, mark};
use super::segments::{self, Joined, Segment};
use super::view::{View, whole};
use super::voltage::signal_kind;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, instant,
};
use crate::recording::{
    Annotation, Lead, Note, Samples, Scale, SignalKind, Source, StartTime, Unit,
};

const ID: &str = "nihon-kohden";
/// Device models at the beginning of every file.
const MODELS: [&str; 8] = [
    "EEG-1100", "EEG-2100", "EEG-1200", "DAE-2100", "QI-403A", "QI-407A", "EEG-2110", "EEG-9100",
];
/// Where the model is repeated.
const REPEATED: usize = 0x81;
/// Number and addresses of the control blocks.
const BLOCKS: usize = 0x91;
const ADDRESSES: usize = 0x92;
/// Step of the addresses in a block.
const STEP: usize = 20;
/// Rate is in the lower bits.
const RATE: u16 = 0x3fff;
/// Microvolts a count of the electrodes: 6400 µV over 16 bits.
const ELECTRODE_UV: f64 = 6400.0 / 65_536.0;
/// Millivolts a count of the direct inputs: −12002.9 to 12002.56 mV.
const DIRECT_MV: f64 = (12_002.56 + 12_002.9) / 65_535.0;
/// Bytes of an event in a `.LOG`.
const EVENT: usize = 45;

/// The reader.
pub struct NihonKohden;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Nihon Kohden EEG (with ECG channel)",
    extensions: &["eeg", "pnt"],
    signatures: &[],
    recognised_by: "the device's model at the beginning and again at byte 129",
    support: Support::Common,
    tested_on: "1 public recording of 25 channels",
    certainty: Certainty::Real,
};

impl Format for NihonKohden {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        match model(head.bytes) {
            Some(_) if !accompanies(head.bytes) => Score::CERTAIN,
            Some(_) => Score(230),
            None => Score::NONE,
        }
    }

    fn companions(&self, bundle: &Bundle, entry: &Entry) -> Vec<String> {
        let head = entry.source.read(0, 256).unwrap_or_default();
        if model(&head).is_none() || accompanies(&head) {
            return Vec::new();
        }
        ["PNT", "21E", "LOG", "CMT", "CN2", "11D", "CNT", "BFT"]
            .iter()
            .filter_map(|extension| beside(bundle, entry, extension))
            .map(|found| found.name.clone())
            .collect()
    }

    fn read(
        &self,
        bundle: &Bundle,
        entry: &Entry,
        context: &mut Context,
    ) -> Result<Reading, ReadError> {
        let head = entry.source.read(0, 256)?;
        if accompanies(&head) {
            let Some(recording) = beside(bundle, entry, "EEG") else {
                let stem = stem(entry);
                return Err(ReadError::NeedsFile {
                    format: ID.to_owned(),
                    name: format!("{stem}.EEG"),
                });
            };
            return read_recording(bundle, recording, context);
        }
        read_recording(bundle, entry, context)
    }
}

/// The model, where both places hold it.
fn model(bytes: &[u8]) -> Option<String> {
    let view = View::little(bytes);
    let name = view.text(0, 16);
    let known = MODELS.iter().any(|model| name.starts_with(model));
    (known && view.text(REPEATED, 16) == name).then_some(name)
}

/// Whether this is one of the files beside a recording: they name another file behind the model, a recording does not.
fn accompanies(bytes: &[u8]) -> bool {
    !View::little(bytes).text(0x10, 16).is_empty()
}

fn stem(entry: &Entry) -> &str {
    let name = entry.file_name();
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn beside<'a>(bundle: &'a Bundle, entry: &Entry, extension: &str) -> Option<&'a Entry> {
    bundle.companion(entry, &format!("{}.{extension}", stem(entry)))
}

/// A block of samples that follow each other.
struct Block {
    start: Option<StartTime>,
    rate_hz: u16,
    /// Index of each channel's electrode.
    electrodes: Vec<u8>,
    /// Where the samples begin, and how many of each channel there are.
    at: usize,
    samples: usize,
}

fn read_recording(
    bundle: &Bundle,
    entry: &Entry,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    let bytes = whole(entry, context)?;
    let view = View::little(&bytes);
    let blocks = blocks(view, entry, context)?;
    if blocks.is_empty() {
        let model = model(&bytes).unwrap_or_default();
        return Err(ReadError::Unsupported {
            format: ID.to_owned(),
            feature: format!("the block layout of {model}"),
        });
    }
    let names =
        beside(bundle, entry, "21E").map_or_else(Vec::new, |names| electrode_names(names, context));
    let mut total = 0_u64;
    for block in &blocks {
        let samples = block.samples as u64 * block.electrodes.len() as u64;
        total = total.saturating_add(samples);
    }
    context.check_samples(total)?;
    if total.saturating_mul(2) > bytes.len() as u64 {
        return Err(ReadError::damaged_at(
            ID,
            BLOCKS as u64,
            "blocks that do not overlap",
            "blocks longer than the file in all",
        ));
    }
    let start = blocks.first().and_then(|block| block.start);
    let mut pieces = Vec::new();
    let mut end_s = 0.0;
    for block in &blocks {
        let rate_hz = f64::from(block.rate_hz);
        let offset_s = match (&block.start, &start) {
            // Times are whole seconds; what lies less than one apart is the same stretch.
            (Some(time), Some(first)) => {
                let told = instant::seconds(time) - instant::seconds(first);
                if (told - end_s).abs() < 1.0 {
                    end_s
                } else {
                    told
                }
            }
            _ => end_s,
        };
        end_s = offset_s + block.samples as f64 / rate_hz;
        pieces.push(Segment {
            offset_s,
            leads: leads(view, block, &names),
        });
    }
    let leads = match segments::join(pieces, context)? {
        Joined::Whole(leads) => vec![leads],
        Joined::Apart(pieces) => pieces.into_iter().map(|piece| piece.leads).collect(),
    };
    let marks = match (beside(bundle, entry, "LOG"), &start) {
        (Some(log), Some(start)) => events(
            log,
            start,
            f64::from(blocks.first().map_or(1, |block| block.rate_hz)),
            context,
        )?,
        _ => Vec::new(),
    };
    let parts = leads
        .into_iter()
        .enumerate()
        .map(|(place, leads)| Part {
            id: format!("block-{}", place + 1),
            name: format!("block {}", place + 1),
            beat: false,
            start: if place == 0 { start } else { None },
            leads,
            annotations: if place == 0 {
                marks.clone()
            } else {
                Vec::new()
            },
        })
        .collect();
    let source = Source {
        format: ID.to_owned(),
        recognised_by: "recognised-signature".to_owned(),
        name: entry.file_name().to_owned(),
        device: model(&bytes),
        ..Source::default()
    };
    parts::settle(parts, source, context)
}

/// The blocks of samples that the control blocks point at.
fn blocks(view: View<'_>, entry: &Entry, context: &mut Context) -> Result<Vec<Block>, ReadError> {
    let controls = usize::from(view.u8(BLOCKS).unwrap_or(0));
    let mut blocks = Vec::new();
    for control in 0..controls {
        let Some(address) = view.u32(ADDRESSES + STEP * control).map(|at| at as usize) else {
            break;
        };
        let count = address
            .checked_add(17)
            .and_then(|at| view.u8(at))
            .unwrap_or(0);
        for place in 0..usize::from(count) {
            let at = address + 18 + STEP * place;
            if let Some(address) = view.u32(at)
                && let Some(block) = block(view, address as usize, entry, context)?
            {
                blocks.push(block);
            }
        }
    }
    Ok(blocks)
}

fn block(
    view: View<'_>,
    at: usize,
    entry: &Entry,
    context: &mut Context,
) -> Result<Option<Block>, ReadError> {
    let Some(head) = view.slice(at, 0x27).map(View::little) else {
        return Ok(None);
    };
    let (Some(rate), Some(tenths), Some(count)) = (head.u16(0x1a), head.u32(0x1c), head.u8(0x26))
    else {
        return Ok(None);
    };
    let rate_hz = rate & RATE;
    if count == 0 {
        return Ok(None);
    }
    if rate_hz == 0 {
        return Err(ReadError::damaged_at(
            ID,
            at as u64 + 0x1a,
            "a sampling rate above 0",
            "0",
        ));
    }
    let count = usize::from(count);
    let electrodes: Vec<u8> = (0..count)
        .map_while(|place| view.u8(at + 0x27 + 10 * place))
        .collect();
    let data = at + 0x27 + 10 * count;
    // One channel more holds events.
    let frame = 2 * (count + 1);
    let there = view.bytes.len().saturating_sub(data) / frame;
    let told = (u64::from(tenths) * u64::from(rate_hz) / 10) as usize;
    if told > there {
        context.note(
            Note::new("short-file")
                .with("file", entry.file_name())
                .with("expected", told)
                .with("found", there),
        );
    }
    let bcd = |at: usize| {
        let byte = head.u8(0x14 + at).unwrap_or(0);
        (byte >> 4) * 10 + (byte & 0x0f)
    };
    let year = i32::from(bcd(0));
    // Digital machines of this maker begin in the nineties.
    let year = year + if year > 80 { 1900 } else { 2000 };
    let start = StartTime::new(
        Some((year, bcd(1), bcd(2))),
        bcd(3),
        bcd(4),
        f64::from(bcd(5)),
        None,
    );
    if start.is_none() {
        context.note(Note::new("bad-date").with("text", format!("{year} {} {}", bcd(1), bcd(2))));
    }
    Ok(Some(Block {
        start,
        rate_hz,
        electrodes,
        at: data,
        samples: told.min(there),
    }))
}

/// The channels of a block. Their scale goes by the electrode's index, not by its name.
fn leads(view: View<'_>, block: &Block, names: &[(u16, String)]) -> Vec<Lead> {
    let frame = 2 * (block.electrodes.len() + 1);
    let mut leads = Vec::new();
    for (place, &electrode) in block.electrodes.iter().enumerate() {
        let counts = (0..block.samples).map(|sample| {
            let stored = view.u16(block.at + sample * frame + 2 * place).unwrap_or(0);
            (i32::from(stored) - 0x8000) as i16
        });
        let direct = matches!(electrode, 42..=73 | 76 | 77);
        let gain = if direct {
            1.0 / DIRECT_MV
        } else {
            1000.0 / ELECTRODE_UV
        };
        let scale = Scale {
            gain,
            baseline: 0.0,
        };
        let name = names
            .iter()
            .find(|(index, _)| *index == u16::from(electrode))
            .map_or_else(|| usual_name(electrode), |(_, name)| name.clone());
        let samples = Samples::from_i16(counts.collect(), scale);
        let mut lead = Lead::ecg(&name, f64::from(block.rate_hz), samples);
        lead.kind = if direct || !super::voltage::names_ecg(&name) {
            SignalKind::Other(name)
        } else {
            signal_kind(&name, &Unit::Millivolt)
        };
        if lead.kind != SignalKind::Ecg {
            lead.standard = None;
        }
        leads.push(lead);
    }
    leads
}

/// Names that the devices give electrodes where no file says otherwise.
fn usual_name(electrode: u8) -> String {
    const HEAD: [&str; 26] = [
        "FP1", "FP2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "F7", "F8", "T3", "T4", "T5",
        "T6", "FZ", "CZ", "PZ", "E", "PG1", "PG2", "A1", "A2", "T1", "T2",
    ];
    match electrode {
        26..=36 => format!("X{}", electrode - 25),
        42..=73 => format!("DC{:02}", electrode - 41),
        76 | 77 => format!("Mark{}", electrode - 75),
        _ => HEAD.get(usize::from(electrode)).map_or_else(
            || format!("electrode {electrode}"),
            |name| (*name).to_owned(),
        ),
    }
}

/// Index and name of the `[ELECTRODE]` part of a `.21E`.
fn electrode_names(entry: &Entry, context: &Context) -> Vec<(u16, String)> {
    let Ok(bytes) = whole(entry, context) else {
        return Vec::new();
    };
    let Some(text) = super::text::decode(&bytes) else {
        return Vec::new();
    };
    super::text::lines(&text)
        .skip_while(|line| !line.trim().eq_ignore_ascii_case("[ELECTRODE]"))
        .skip(1)
        .take_while(|line| !line.trim_start().starts_with('['))
        .filter_map(|line| {
            let (index, name) = line.split_once('=')?;
            let name = name.trim();
            let index = index.trim().parse().ok()?;
            (!name.is_empty()).then(|| (index, name.to_owned()))
        })
        .collect()
}

/// The events of a `.LOG`: a text and a time of day.
fn events(
    log: &Entry,
    start: &StartTime,
    rate_hz: f64,
    context: &Context,
) -> Result<Vec<Annotation>, ReadError> {
    let bytes = whole(log, context)?;
    let view = View::little(&bytes);
    let begin_s = f64::from(start.hour) * 3600.0 + f64::from(start.minute) * 60.0 + start.second;
    let mut found = Vec::new();
    for block in 0..usize::from(view.u8(BLOCKS).unwrap_or(0)) {
        let Some(address) = view.u32(ADDRESSES + STEP * block).map(|at| at as usize) else {
            break;
        };
        let count = address
            .checked_add(0x12)
            .and_then(|at| view.u8(at))
            .unwrap_or(0);
        for place in 0..usize::from(count) {
            let at = address + 0x14 + EVENT * place;
            let text = view.text(at, 20);
            let time = view.text(at + 20, 6);
            let Some(time) = instant::date_and_time(None, &time) else {
                continue;
            };
            let time_s =
                f64::from(time.hour) * 3600.0 + f64::from(time.minute) * 60.0 + time.second;
            // Past midnight the time of day begins anew.
            let after_s = (time_s - begin_s).rem_euclid(86_400.0);
            found.push(mark(after_s, rate_hz, "\"", &text));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::Answers;
    use super::super::testing::{extremes, folder_bundle, near, read_first, recording, samples};
    use super::*;

    #[test]
    fn the_eeg_sample_reads_as_the_index_says() {
        let Some(root) = samples() else { return };
        let bundle = folder_bundle(&root.join("nihonkohden/MB0400FU.EEG"));
        let read = recording(read_first(&bundle, Answers::default()), "MB0400FU");
        assert_eq!(read.leads.len(), 25);
        assert_eq!(read.start.unwrap().iso(), "2019-04-03T16:00:16");
        for (name, low, high) in [("Fp2", -1.19141, 1.17275), ("Fp1", -0.82441, 0.63711)] {
            let lead = read.leads.iter().find(|lead| lead.name == name).unwrap();
            assert_eq!((lead.rate_hz, lead.samples.len()), (200.0, 5800));
            let found = extremes(lead);
            assert!(
                near(found.0, low) && near(found.1, high),
                "{name} {found:?}"
            );
            assert_ne!(lead.kind, SignalKind::Ecg);
        }
        let mut context = Context::default();
        let opened = super::super::open(&bundle, &mut context);
        assert!(matches!(opened, Ok(Reading::Recording(_))), "{opened:?}");
        let patient = Bundle {
            entries: vec![
                bundle
                    .entries
                    .iter()
                    .find(|entry| entry.name.ends_with(".PNT"))
                    .unwrap()
                    .clone(),
            ],
        };
        assert!(matches!(
            read_first(&patient, Answers::default()),
            Err(ReadError::NeedsFile { name, .. }) if name == "MB0400FU.EEG"
        ));
    }
}
