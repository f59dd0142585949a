//! ECGs of Withings: `signal.csv` of the data export, and the answer of the API's heart service.
//!
//! The export's README gives microvolts for watches and millivolts for blood-pressure monitors, and no column says
//! which: the size of the trace decides, and is noted.

mod csv;
mod json;

pub use csv::WithingsCsv;
pub use json::WithingsJson;

use super::input::{self, Asking, Proposal};
use super::series::Series;
use super::{Context, Entry, Reading};
use crate::recording::{Note, Phrase, Recording, Scale, Source, StartTime};

/// Rate of the watches (vendor's API text); only ever proposed.
const USUAL_RATE_HZ: f64 = 300.0;

/// Samples with what stands beside them.
struct Strip {
    series: Series,
    rate_hz: Option<f64>,
    wear_position: Option<String>,
    start: Option<StartTime>,
    source: Source,
}

/// The recording of a strip, or what must be asked.
fn reading(id: &str, strip: Strip, _: &Entry, context: &mut Context) -> Reading {
    let mut asking = Asking::default();
    let rate_hz = asking.rate(strip.rate_hz, &context.answers, Some(USUAL_RATE_HZ), || {
        Some(Phrase::new("evidence-device-rate").with("rate", USUAL_RATE_HZ))
    });
    let span = strip.series.span();
    // An ECG spans 0.2 to 10 mV; between the two sizes there is a factor of ten that is neither.
    let by_size = match span {
        0.1..=20.0 => Some((1.0, "mV")),
        100.0..=20_000.0 => Some((1000.0, "µV")),
        _ => None,
    };
    let answered = context.answers.per_millivolt();
    let stated = answered.or(by_size.map(|(gain, _)| gain));
    let (gain, unit) = asking.scale(stated, &context.answers, Proposal::Unit(Some("uV")), || {
        Some(Phrase::new("evidence-span-unusual").with("span", span))
    });
    if let Some(question) = asking.question(id, || strip.series.head(input::PREVIEW)) {
        return question;
    }
    if let (None, Some((_, name))) = (answered, by_size) {
        context.note(Note::new("unit-by-size").with("unit", name));
    }
    let scale = Scale {
        gain,
        baseline: 0.0,
    };
    // Lead I lies between the wrists or arms.
    let name = match strip.wear_position.as_deref() {
        Some("0" | "1" | "2" | "3") | None => "I",
        Some(_) => "ECG",
    };
    let mut lead = strip.series.lead(name, rate_hz, scale);
    lead.unit = unit;
    let mut source = strip.source;
    let worn = strip
        .wear_position
        .as_deref()
        .and_then(|place| match place {
            "0" => Some("right wrist"),
            "1" => Some("left wrist"),
            "2" => Some("right arm"),
            "3" => Some("left arm"),
            _ => None,
        });
    source
        .remarks
        .extend(worn.map(|worn| format!("worn: {worn}")));
    let recording = Recording {
        leads: vec![lead],
        start: strip.start,
        source,
        ..Recording::default()
    };
    input::recording(recording, context)
}
