//! ECG logs that a HealthyPi Move keeps on itself: bare 32-bit integers at 128 Hz and nothing else.
//!
//! After the firmware's source. A file without any mark is only offered for one, never taken in silence: both the rate
//! and the scale are asked for.

use super::input::{self, Asking, Proposal};
use super::series::Series;
use super::{
    Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, ReadError, Reading, Score,
    Support, instant,
};
use crate::recording::{Phrase, Recording, Scale};

const ID: &str = "healthypi";
/// Samples per second of the front end in this device.
const RATE_HZ: f64 = 128.0;
/// Samples of one log (30 s); a second log of the same second is appended.
const LOG_SAMPLES: u64 = 3840;
/// Counts per millivolt of the front end: 2^17 · 40 / 1000 (MAX30001 at a gain of 40).
const CODES_PER_MILLIVOLT: f64 = 131_072.0 * 40.0 / 1000.0;
/// Fewest samples that show whether they are a smooth trace.
const FEWEST: usize = 64;

/// The reader.
pub struct HealthyPi;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "HealthyPi Move log (bare integers)",
    extensions: &["bin"],
    signatures: &[],
    recognised_by: "nothing but a smooth run of at most four times 3840 integers of 32 bit; offered, never assumed",
    support: Support::Common,
    tested_on: "1 file built from the firmware's source",
    certainty: Certainty::Built,
};

fn values(bytes: &[u8]) -> impl Iterator<Item = i32> + '_ {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|four| i32::from_le_bytes(*four))
}

/// Whether integers run like a trace: steps far smaller than their range, of either sign, and no text or counter.
fn is_smooth(bytes: &[u8]) -> bool {
    let all: Vec<f64> = values(bytes).map(f64::from).collect();
    // The front end's codes have 18 bits, signed; or they are shifted by at least 6.
    let codes = values(bytes).all(|value| value.unsigned_abs() < 1 << 18);
    if all.len() < FEWEST || !(codes || values(bytes).all(|value| value % 64 == 0)) {
        return false;
    }
    let low = all.iter().copied().fold(f64::MAX, f64::min);
    let high = all.iter().copied().fold(f64::MIN, f64::max);
    let mut steps: Vec<f64> = all
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .collect();
    let rising = all.windows(2).filter(|pair| pair[1] > pair[0]).count();
    let falling = all.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let middle = steps.len() / 2;
    let (_, &mut median, _) = steps.select_nth_unstable_by(middle, f64::total_cmp);
    let both = rising * 5 > all.len() && falling * 5 > all.len();
    high - low > 50.0 && median * 5.0 < high - low && both
}

impl Format for HealthyPi {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        let fits = head.len.is_multiple_of(4) && head.len <= 4 * LOG_SAMPLES * 4;
        if fits && head.bytes.len() as u64 == head.len && is_smooth(head.bytes) {
            // Above the annotation files of WFDB, whose words are never that small.
            Score(70)
        } else {
            Score::NONE
        }
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let bytes = input::bytes(entry, context)?;
        context.check_samples(bytes.len() as u64 / 4)?;
        if !is_smooth(&bytes) {
            return Err(ReadError::NotThisFormat);
        }
        let series: Series = values(&bytes).map(|value| Some(f64::from(value))).collect();
        // Firmware shifts the codes of the front end by 8, by 6 or not at all.
        let shared = values(&bytes).fold(0_u32, |all, value| all | value.unsigned_abs());
        let shift = f64::from(
            1_u32
                << [8, 6, 0]
                    .into_iter()
                    .find(|bits| shared.trailing_zeros() >= *bits)
                    .unwrap_or(0),
        );
        let proposed = CODES_PER_MILLIVOLT * shift;
        let mut asking = Asking::default();
        let rate_hz = asking.rate(None, &context.answers, Some(RATE_HZ), || {
            Some(Phrase::new("evidence-bare-integers").with("rate", RATE_HZ))
        });
        let (gain, unit) = asking.scale(
            None,
            &context.answers,
            Proposal::Gain(Some(proposed)),
            || Some(Phrase::new("evidence-front-end").with("gain", proposed)),
        );
        if let Some(question) = asking.question(ID, || series.head(input::PREVIEW)) {
            return Ok(question);
        }
        let scale = Scale {
            gain,
            baseline: 0.0,
        };
        let mut lead = series.lead("ECG", rate_hz, scale);
        lead.unit = unit;
        let recording = Recording {
            leads: vec![lead],
            start: start_in_name(entry.file_name()),
            source: input::source(ID, "recognised-integers", entry),
            ..Recording::default()
        };
        Ok(input::recording(recording, context))
    }
}

/// The log's name is its second since 1970.
fn start_in_name(name: &str) -> Option<crate::recording::StartTime> {
    let stem = name.split('.').next()?;
    let digits = stem.rsplit(|c: char| !c.is_ascii_digit()).next()?;
    let seconds = digits.parse::<f64>().ok().filter(|_| digits.len() == 10)?;
    instant::from_unix(seconds, Some(0))
}

#[cfg(test)]
mod tests {
    use super::super::testing::sample_reading;
    use super::super::{Answers, Unknown};
    use super::*;

    #[test]
    fn the_sample_asks_for_rate_and_scale() {
        let file = "healthypi/constructed_move_1700000000.bin";
        let Some(reading) = sample_reading(file, Answers::default()) else {
            return;
        };
        let Ok(Reading::Question(question)) = reading else {
            panic!("{reading:?}")
        };
        assert_eq!(question.unknowns, [Unknown::Rate, Unknown::Gain]);
        assert_eq!(question.proposal.rate_hz, Some(128.0));
        let Some(Ok(Reading::Recording(read))) = sample_reading(file, question.proposal) else {
            panic!()
        };
        assert_eq!(read.leads[0].samples.len(), 3712);
        assert_eq!(read.start.unwrap().iso(), "2023-11-14T22:13:20+00:00");
    }

    #[test]
    fn text_counters_and_noise_are_not_taken() {
        let text = b"this is a text of some length that is no log of a heart, repeated ".repeat(8);
        let counter: Vec<u8> = (0..400_i32).flat_map(i32::to_le_bytes).collect();
        let noise: Vec<u8> = (0..400_i32)
            .flat_map(|i| i.wrapping_mul(-1_640_531_527).to_le_bytes())
            .collect();
        for bytes in [&text[..text.len() / 4 * 4], &counter, &noise] {
            assert!(!is_smooth(bytes));
        }
    }
}
