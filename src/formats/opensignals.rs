//! Text files of OpenSignals (biosignalsplux, BITalino): a line of JSON that describes the columns, then counts.
//!
//! After public files and the makers' data sheets (transfer function of the ECG sensor). A jump of the sequence number
//! is lost frames.

use super::input::{self, Asking, Proposal};
use super::json::Json;
use super::series::Series;
use super::text::{decode, lines, number};
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, instant,
};
use crate::recording::{
    GapReason, Lead, LeadName, Note, Phrase, Recording, Scale, SignalKind, Unit,
};

const ID: &str = "opensignals-text";
const FIRST_LINE: &str = "# OpenSignals Text File Format";
/// Devices in one file.
const MOST_DEVICES: usize = 16;

/// The reader.
pub struct OpenSignalsText;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "OpenSignals text (biosignalsplux, BITalino)",
    extensions: &["txt"],
    signatures: &[],
    recognised_by: "the first line # OpenSignals Text File Format",
    support: Support::Complete,
    tested_on: "1 public file, compared with an independent reader",
    certainty: Certainty::Equal,
};

/// A column of samples.
struct Channel {
    /// Place among all columns of a row.
    place: usize,
    label: String,
    sensor: String,
    bits: i32,
    device: String,
}

impl Channel {
    fn is_ecg(&self) -> bool {
        self.sensor.to_uppercase().contains("ECG") || self.sensor.to_uppercase().contains("EKG")
    }

    /// A sensor of which the file does not say what it measures.
    fn is_unnamed(&self) -> bool {
        ["", "RAW", "CUSTOM", "OTHER"].contains(&self.sensor.to_uppercase().as_str())
    }

    /// Counts per millivolt and the count of 0: half of the range, supply voltage divided by the sensor's gain.
    fn transfer(&self) -> Option<(f64, f64)> {
        let device = self.device.to_lowercase();
        let millivolts = if device.contains("bitalino") {
            3300.0 / 1100.0
        } else if device.contains("biosignals") || device.contains("plux") {
            3000.0 / 1019.0
        } else {
            return None;
        };
        let range = 2_f64.powi(self.bits);
        Some((range / millivolts, range / 2.0))
    }
}

/// What the description says.
#[derive(Default)]
struct Header {
    channels: Vec<Channel>,
    sequence: Option<usize>,
    rate_hz: Option<f64>,
    start: Option<crate::recording::StartTime>,
    devices: Vec<String>,
    remarks: Vec<String>,
    columns: usize,
}

impl Header {
    fn of(text: &str) -> Option<Self> {
        let line = lines(text).take(10).find_map(|line| {
            let line = line.trim_start_matches(['#', ' ']);
            line.starts_with('{').then_some(line)
        })?;
        let mut header = Self::default();
        for (address, device) in Json::root(line)?.members().take(MOST_DEVICES) {
            header.device(&address, device);
        }
        Some(header)
    }

    fn device(&mut self, address: &str, device: Json<'_>) {
        let word = |key: &str| device.get(key).and_then(Json::word);
        let list = |key: &str| -> Vec<String> {
            device
                .get(key)
                .into_iter()
                .flat_map(Json::elements)
                .take(256)
                .map(|element| element.word().unwrap_or_default())
                .collect()
        };
        let columns = list("column");
        let sensors = list("sensor");
        let labels = list("label");
        let resolutions = list("resolution");
        let kind = word("device").unwrap_or_default();
        if let Some(place) = columns
            .iter()
            .position(|name| name.eq_ignore_ascii_case("nSeq"))
        {
            self.sequence.get_or_insert(self.columns + place);
        }
        // The channels are the last columns of their device.
        let first = columns.len().saturating_sub(sensors.len());
        // Some versions state the width of every column, others of the channels alone.
        let widths_from = if resolutions.len() == columns.len() {
            first
        } else {
            0
        };
        for (at, sensor) in sensors.iter().enumerate() {
            let label = labels.get(at).filter(|label| !label.is_empty());
            let column = columns.get(first + at).cloned().unwrap_or_default();
            self.channels.push(Channel {
                place: self.columns + first + at,
                label: label.cloned().unwrap_or(column),
                sensor: sensor.clone(),
                bits: resolutions
                    .get(widths_from + at)
                    .and_then(|bits| bits.parse().ok())
                    .filter(|bits| (1..=24).contains(bits))
                    .unwrap_or(16),
                device: kind.clone(),
            });
        }
        self.columns += columns.len();
        let rate = device.get("sampling rate").and_then(Json::number);
        self.rate_hz = self.rate_hz.or(rate);
        let moment = word("date").zip(word("time"));
        let start = moment.and_then(|(date, time)| instant::parse(&format!("{date} {time}")));
        self.start = self.start.or(start);
        self.devices.push(if kind.is_empty() {
            address.to_owned()
        } else {
            kind
        });
        self.remarks.extend(word("comments"));
    }
}

impl Format for OpenSignalsText {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        match decode(head.bytes) {
            Some(text) if text.trim_start_matches('\u{feff}').starts_with(FIRST_LINE) => {
                Score::CERTAIN
            }
            _ => Score::NONE,
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let Some(header) = Header::of(&text) else {
            return Err(ReadError::damaged_line(
                ID,
                2,
                "a description of the columns in braces",
                "none",
            ));
        };
        if header.channels.is_empty() {
            return Err(input::no_signal(ID, "holds-no-signal-column"));
        }
        let series = rows(&text, &header, context)?;
        if !series.iter().any(Series::has_values) {
            return Err(input::no_signal(ID, "holds-no-samples"));
        }
        leads(header, series, entry, context)
    }
}

/// The samples of each channel; frames that the sequence number misses are gaps.
fn rows(text: &str, header: &Header, context: &mut Context) -> Result<Vec<Series>, ReadError> {
    let mut series = vec![Series::default(); header.channels.len()];
    let wrap = sequence_wrap(text, header);
    let mut last: Option<i64> = None;
    let mut fields: Vec<&str> = Vec::new();
    let (mut bad, mut first_bad) = (0_usize, 0);
    let most = context.limits.samples / series.len().max(1) as u64;
    for (at, line) in lines(text).enumerate() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        fields.clear();
        fields.extend(line.split_whitespace());
        if let (Some(wrap), Some(place)) = (wrap, header.sequence)
            && let Some(Ok(now)) = fields.get(place).map(|field| field.parse::<i64>())
        {
            if let Some(before) = last {
                let lost = now.wrapping_sub(before).wrapping_sub(1).rem_euclid(wrap) as usize;
                let length = series.first().map_or(0, Series::len) + lost;
                if length as u64 > most {
                    return Err(too_many(context));
                }
                for series in series.iter_mut().filter(|_| lost > 0) {
                    series.skip(lost, GapReason::LostPackets);
                }
            }
            last = Some(now);
        }
        let mut known = true;
        for (channel, series) in header.channels.iter().zip(&mut series) {
            let value = fields
                .get(channel.place)
                .and_then(|field| number(field, false));
            known &= value.is_some();
            series.push(value);
        }
        if !known {
            bad += 1;
            first_bad = if bad == 1 { at + 1 } else { first_bad };
        }
        if series.first().map_or(0, Series::len) as u64 > most {
            return Err(too_many(context));
        }
    }
    if bad > 0 {
        context.note(
            Note::new("unreadable-lines")
                .with("count", bad)
                .with("line", first_bad),
        );
    }
    Ok(series)
}

fn too_many(context: &Context) -> ReadError {
    ReadError::TooLarge {
        what: "samples",
        found: context.limits.samples.saturating_add(1),
        limit: context.limits.samples,
    }
}

/// Where the sequence number starts anew: 16 on BITalino, 65 536 on biosignalsplux; `None` where it does not count by
/// one.
fn sequence_wrap(text: &str, header: &Header) -> Option<i64> {
    let place = header.sequence?;
    let numbers: Vec<i64> = lines(text)
        .filter(|line| !line.starts_with('#'))
        .take(2000)
        .filter_map(|line| line.split_whitespace().nth(place)?.parse().ok())
        .collect();
    let highest = *numbers.iter().max()?;
    let wrap = [16, 256, 65_536].into_iter().find(|wrap| highest < *wrap)?;
    let by_one = numbers
        .windows(2)
        .filter(|pair| pair[1].wrapping_sub(pair[0]).rem_euclid(wrap) == 1)
        .count();
    (by_one * 10 >= numbers.len().saturating_sub(1) * 9).then_some(wrap)
}

fn leads(
    header: Header,
    series: Vec<Series>,
    entry: &Entry,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    let named = header.channels.iter().any(Channel::is_ecg);
    let wanted = |channel: &Channel| channel.is_ecg() || (!named && channel.is_unnamed());
    if !header.channels.iter().any(wanted) {
        context.note(Note::new("no-ecg-channel"));
    }
    let mut asking = Asking::default();
    let rate_hz = asking.rate(header.rate_hz, &context.answers, None, || {
        Some(Phrase::new("evidence-header-without-rate"))
    });
    let mut leads = Vec::new();
    let mut preview = Vec::new();
    for (channel, series) in header.channels.iter().zip(series) {
        if !wanted(channel) {
            let scale = Scale::IDENTITY;
            let mut lead = series.lead(&channel.label, rate_hz, scale);
            lead.kind = SignalKind::Other(channel.sensor.clone());
            lead.standard = None;
            lead.unit = Unit::Counts;
            leads.push(lead);
            continue;
        }
        let transfer = channel.transfer();
        // An export that was converted holds millivolts already.
        let counts = series.is_integer();
        let stated = transfer
            .filter(|_| counts && channel.is_ecg())
            .map(|(gain, _)| gain);
        let proposal = match (counts, transfer) {
            (true, Some((gain, _))) => Proposal::Gain(Some(gain)),
            (true, None) => Proposal::Gain(None),
            (false, _) => Proposal::Unit(Some("mV")),
        };
        if preview.is_empty() {
            preview = series.head(input::PREVIEW);
        }
        // One question for all channels: the first that is open asks it.
        let span = series.span();
        let asks = stated.is_none() && leads.iter().all(|lead: &Lead| lead.kind != SignalKind::Ecg);
        let (gain, unit) = if asks || stated.is_some() {
            asking.scale(stated, &context.answers, proposal, || {
                Some(Phrase::new("evidence-counts").with("span", span))
            })
        } else {
            let answered = context.answers.per_millivolt();
            (answered.unwrap_or(1.0), context.answers.unit())
        };
        let baseline = if counts && unit == Unit::Millivolt {
            transfer.map_or(2_f64.powi(channel.bits) / 2.0, |(_, zero)| zero)
        } else {
            0.0
        };
        let mut lead = series.lead(&channel.label, rate_hz, Scale { gain, baseline });
        lead.standard = LeadName::recognise(&channel.label);
        lead.unit = unit;
        leads.push(lead);
    }
    if let Some(question) = asking.question(ID, || preview) {
        return Ok(question);
    }
    let mut source = input::source(ID, "recognised-signature", entry);
    source.device = Some(header.devices.join(", "));
    source.remarks = header.remarks;
    let recording = Recording {
        leads,
        start: header.start,
        source,
        ..Recording::default()
    };
    Ok(input::recording(recording, context))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{extremes, near, open_text, sample_file};
    use super::super::{Answers, Unknown};
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn the_sample_reads_as_the_index_says() {
        let Some(read) = sample_file("opensignals/ecg_sample.txt") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (200.0, 2370));
        let (low, high) = extremes(lead);
        assert!(near(low, -0.128) && near(high, 0.5), "{low} {high}");
        assert!(lead.gaps.is_empty() && read.notes.is_empty());
        assert_eq!(read.start.unwrap().iso(), "2017-01-17T14:50:32.316");
    }

    fn bitalino(sensor: &str) -> String {
        let mut text = format!(
            "# OpenSignals Text File Format\n# {{\"20:16\": {{\"sensor\": [\"{sensor}\", \"EDA\"], \"column\": \
             [\"nSeq\", \"I1\", \"A1\", \"A2\"], \"sampling rate\": 100, \"resolution\": [10, 6], \
             \"label\": [\"A1\", \"A2\"], \"device\": \"bitalino_rev\"}}}}\n# EndOfHeader\n"
        );
        for i in (0..40).filter(|i| !(20..23).contains(i)) {
            writeln!(text, "{}\t0\t{}\t7\t", i % 16, 512 + i).unwrap();
        }
        text
    }

    #[test]
    fn widths_of_every_column_are_those_of_the_channels_too() {
        let channels = bitalino("ECGBIT");
        let columns = channels.replace("[10, 6]", "[4, 1, 10, 6]");
        assert_ne!(channels, columns);
        let lead = |text: &str| {
            let Ok(Reading::Recording(read)) = open_text("x", text, Answers::default()) else {
                panic!()
            };
            read.leads[0].samples.all_values()
        };
        assert_eq!(lead(&channels), lead(&columns));
    }

    #[test]
    fn lost_frames_are_gaps_and_other_sensors_are_listed() {
        let text = bitalino("ECGBIT");
        let Ok(Reading::Recording(read)) = open_text("x", &text, Answers::default()) else {
            panic!()
        };
        let [ecg, other] = &read.leads[..] else {
            panic!()
        };
        assert_eq!((ecg.samples.len(), ecg.gaps[0].range.clone()), (40, 20..23));
        assert_eq!(ecg.samples.value(0), Some(0.0));
        assert!((ecg.samples.value(1).unwrap() - 3.0 / 1024.0).abs() < 1e-6);
        assert_eq!(other.kind, SignalKind::Other("EDA".to_owned()));
    }

    #[test]
    fn a_sensor_without_a_name_is_asked_about() {
        let text = bitalino("RAW");
        let Ok(Reading::Question(question)) = open_text("x", &text, Answers::default()) else {
            panic!()
        };
        assert_eq!(question.unknowns, [Unknown::Gain]);
        let read = open_text("x", &text, question.proposal);
        assert!(matches!(read, Ok(Reading::Recording(_))), "{read:?}");
    }
}
