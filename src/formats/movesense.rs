//! Logs of Movesense sensors as JSON: the logbook (`{"Samples": [{"MeasECG": …}]}`) and the older shape
//! (`{"Meas": {"ECG": [ … ]}}`).
//!
//! Streams whose name ends in `mV` hold millivolts, the plain one counts of the analog front end. The rate comes from
//! the packets' stamps; a step in them that is too long is a pause.

use super::course::{Course, Packet, Stamped};
use super::input::{self, Asking, Proposal};
use super::json::{Json, looks_like};
use super::series::Series;
use super::text::decode;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, instant,
};
use crate::recording::{GapReason, Note, Phrase, Recording, Scale, StartTime};

const ID: &str = "movesense-json";
/// Millivolts of a count: 1000 mV / (2^17 · 20), the MAX30003 at a gain of 20 (public decoders use the same number).
pub const MILLIVOLTS_A_COUNT: f64 = 1000.0 / (131_072.0 * 20.0);
/// Rates that the sensor offers.
pub const RATES_HZ: [f64; 7] = [125.0, 128.0, 200.0, 250.0, 256.0, 500.0, 512.0];

/// The reader.
pub struct MovesenseJson;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Movesense log (JSON)",
    extensions: &["json"],
    signatures: &[],
    recognised_by: "JSON with Samples whose elements are named Meas… or TimeDetailed, or with Meas.ECG",
    support: Support::Complete,
    tested_on: "1 public fixture and 1 built log with a pause",
    certainty: Certainty::Real,
};

/// Packets of one stream.
#[derive(Default)]
pub struct Stream {
    /// Stamp in milliseconds (of the first sample) and samples of each packet, NaN where one is missing.
    pub packets: Vec<(f64, Vec<f32>)>,
    /// Units in a millivolt, where the stream tells.
    pub gain: Option<f64>,
    /// Milliseconds of the sensor's clock and microseconds since 1970 at one moment.
    pub clocks: Option<(f64, f64)>,
}

impl Format for MovesenseJson {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let Some(text) = decode(head.bytes).filter(|text| looks_like(text)) else {
            return Score::NONE;
        };
        let Some(root) = Json::root(&text) else {
            return Score::NONE;
        };
        let named = |element: Json<'_>| {
            element
                .members()
                .next()
                .is_some_and(|(name, _)| name.starts_with("Meas") || name == "TimeDetailed")
        };
        let logbook = root
            .get("Samples")
            .is_some_and(|samples| samples.elements().take(3).any(named));
        let old = root
            .get("Meas")
            .is_some_and(|meas| meas.members().next().is_some());
        if logbook || old {
            Score(230)
        } else {
            Score::NONE
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = input::text(entry, context)?;
        let root = Json::root(&text).ok_or(ReadError::NotThisFormat)?;
        let stream = gather(root, context)?;
        reading(ID, "recognised-json", stream, entry, context)
    }
}

/// The packets of the ECG stream; other streams are passed over.
fn gather(root: Json<'_>, context: &Context) -> Result<Stream, ReadError> {
    let mut stream = Stream::default();
    let mut total = 0_u64;
    let mut in_millivolts = None;
    let mut take = |name: &str, packet: Json<'_>| -> Result<(), ReadError> {
        // Some writers repeat the name inside.
        let inner = packet.get(name);
        let stamp = packet
            .get("Timestamp")
            .or(inner.and_then(|inner| inner.get("Timestamp")))
            .and_then(Json::number);
        let samples = packet
            .get("Samples")
            .or(inner.and_then(|inner| inner.get("Samples")));
        let values: Vec<f32> = samples.map_or(Vec::new(), |samples| {
            samples
                .elements()
                .map(|value| value.number().map_or(f32::NAN, |value| value as f32))
                .collect()
        });
        total += values.len() as u64;
        context.check_samples(total)?;
        if let (Some(stamp), false) = (stamp, values.is_empty()) {
            stream.packets.push((stamp, values));
        }
        Ok(())
    };
    if let Some(list) = root.at(&["Meas", "ECG"]) {
        for packet in list.elements() {
            take("ECG", packet)?;
        }
        in_millivolts = Some(false);
    }
    let mut clocks = None;
    for element in root.get("Samples").into_iter().flat_map(Json::elements) {
        let Some((name, value)) = element.members().next() else {
            continue;
        };
        let key = name.to_ascii_lowercase();
        if key.starts_with("measecg") {
            let own = key.ends_with("mv");
            // Both streams of one sensor hold the same signal: the first is taken.
            if *in_millivolts.get_or_insert(own) == own {
                take(&name, value)?;
            }
        } else if key == "timedetailed" {
            let inner = value.get(&name).unwrap_or(value);
            let field = |key: &str| inner.get(key).or(value.get(key)).and_then(Json::number);
            clocks = clocks.or(field("relativeTime").zip(field("utcTime")));
        }
    }
    stream.clocks = clocks;
    stream.gain = in_millivolts.map(|millivolts| {
        if millivolts {
            1.0
        } else {
            1.0 / MILLIVOLTS_A_COUNT
        }
    });
    Ok(stream)
}

/// The recording of a stream: in the order of its stamps, each packet once, pauses as gaps.
///
/// # Errors
/// [`ReadError::NoSignal`], [`ReadError::TooLarge`].
pub fn reading(
    id: &str,
    recognised_by: &str,
    mut stream: Stream,
    entry: &Entry,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    if stream.packets.is_empty() {
        return Err(input::no_signal(id, "holds-other-sensors"));
    }
    let before = stream.packets.len();
    stream.packets.sort_by(|a, b| a.0.total_cmp(&b.0));
    stream.packets.dedup_by(|a, b| a.0 == b.0);
    if stream.packets.len() < before {
        context.note(Note::new("packets-repeated").with("count", before - stream.packets.len()));
    }
    let packets: Vec<Packet> = stream
        .packets
        .iter()
        .map(|(stamp, values)| Packet {
            at_s: stamp / 1000.0,
            count: values.len(),
        })
        .collect();
    let course = Course::of(&packets, Stamped::First, 1e-3, &RATES_HZ);
    let stored: u64 = packets.iter().map(|packet| packet.count as u64).sum();
    let missing = course.as_ref().map_or(0, Course::missing);
    context.check_samples(stored.saturating_add(missing))?;
    let mut series = Series::default();
    let first = stream.packets.first().map_or(0.0, |(stamp, _)| *stamp);
    for (at, (_, values)) in stream.packets.into_iter().enumerate() {
        let lost = course
            .as_ref()
            .map_or(0, |course| course.missing_before(at));
        if lost > 0 {
            series.skip(lost, GapReason::LostPackets);
        }
        for value in values {
            series.push(value.is_finite().then_some(f64::from(value)));
        }
    }
    let mut asking = Asking::default();
    let rate_hz = asking.rate(
        course.map(|course| course.rate_hz),
        &context.answers,
        None,
        || Some(Phrase::new("evidence-one-packet")),
    );
    // Whole numbers of hundreds cannot be millivolts, whatever the stream is called.
    let odd = stream.gain == Some(1.0) && series.is_integer() && series.span() > 50.0;
    let stated = stream.gain.filter(|_| !odd);
    let (gain, unit) = asking.scale(stated, &context.answers, Proposal::Unit(Some("uV")), || {
        Some(Phrase::new("evidence-span-unusual").with("span", series.span()))
    });
    if let Some(question) = asking.question(id, || series.head(input::PREVIEW)) {
        return Ok(question);
    }
    let scale = Scale {
        gain,
        baseline: 0.0,
    };
    let mut lead = series.lead("ECG", rate_hz, scale);
    lead.unit = unit;
    let mut source = input::source(id, recognised_by, entry);
    source.device = Some("Movesense".to_owned());
    let recording = Recording {
        leads: vec![lead],
        start: stream.clocks.and_then(|clocks| start(clocks, first)),
        source,
        ..Recording::default()
    };
    Ok(input::recording(recording, context))
}

/// When the first sample was taken, by the moment at which both clocks are known.
fn start((relative_ms, utc_us): (f64, f64), first_ms: f64) -> Option<StartTime> {
    instant::from_unix((utc_us / 1000.0 - relative_ms + first_ms) / 1000.0, Some(0))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{extremes, near, open_text, sample_file, sample_reading};
    use super::super::{Answers, Unknown};
    use super::*;

    #[test]
    fn the_samples_read_as_the_index_says() {
        let Some(read) = sample_file("movesense/constructed_counts_with_gap.json") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (200.0, 2320 + 80));
        assert_eq!(lead.gaps.len(), 1);
        assert_eq!(lead.gaps[0].range.len(), 80);
        let (low, high) = extremes(lead);
        assert!(near(low, -0.344) && near(high, 0.593), "{low} {high}");
        assert_eq!(read.start.unwrap().iso(), "2024-04-04T14:20:00+00:00");
        let Some(read) = sample_file("movesense/session_0.json") else {
            return;
        };
        let lead = &read.leads[0];
        assert_eq!((lead.rate_hz, lead.samples.len()), (250.0, 32));
        assert!(near(extremes(lead).0, -0.1) && near(extremes(lead).1, 0.3));
    }

    #[test]
    fn whole_numbers_in_a_stream_of_millivolts_are_asked_about() {
        let file = "movesense/movesense_ecg_flash_log.expected.json";
        let Some(Ok(Reading::Question(question))) = sample_reading(file, Answers::default()) else {
            return;
        };
        assert_eq!(question.unknowns, [Unknown::Unit]);
        assert_eq!(question.proposal.unit.as_deref(), Some("uV"));
    }

    #[test]
    fn a_log_of_other_sensors_holds_no_ecg() {
        let text = r#"{"Meas": {"IMU9": [{"Timestamp": 1, "ArrayAcc": []}]}}"#;
        let read = open_text("x.json", text, Answers::default());
        assert!(matches!(read, Err(ReadError::NoSignal { .. })), "{read:?}");
        let packet = |at: u32| {
            format!(r#"{{"MeasECG": {{"Timestamp": {at}, "Samples": [1, 2, null, 4]}}}}"#)
        };
        let text = format!(
            r#"{{"Samples": [{}, {}, {}, {}]}}"#,
            packet(16),
            packet(0),
            packet(16),
            packet(32)
        );
        let Ok(Reading::Recording(read)) = open_text("x.json", &text, Answers::default()) else {
            panic!()
        };
        assert_eq!(read.leads[0].samples.len(), 12);
        assert_eq!(read.notes[0].code, "packets-repeated");
        assert_eq!(read.leads[0].gaps[0].range, 2..3);
    }
}
