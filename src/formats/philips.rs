//! Philips Sierra / PageWriter XML (`restingecgdata`, 1.03 and 1.04): base64, mostly XLI-compressed.
//!
//! XLI: for each lead a size, a start value and an LZW stream of 10-bit codes; what it holds are the high bytes, then the
//! low bytes of second differences. Four limb leads are stored as what is left of their prediction from I and II.

use super::base64;
use super::digit_list;
use super::input;
use super::instant;
use super::parts::{self, Part};
use super::text::number;
use super::view::View;
use super::xml::{self, Document, Element};
use super::{
    Answers, Bundle, Certainty, Context, Entry, Format, FormatInfo, Head, Question, ReadError,
    Reading, Score, Support,
};
use crate::recording::{
    Lead, LeadName, Note, Patient, Phrase, SampleData, Samples, Scale, Source, SourceMeasurement,
    StartTime,
};

const ID: &str = "philips";
/// Resolution of every file seen, microvolts a count; only ever proposed.
const USUAL_MICROVOLTS: f64 = 5.0;
/// Code that ends an LZW stream of 10 bits.
const END: usize = 1023;
/// Leads where the file names none.
const STANDARD: &str = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6";
/// Shortest calibration pulse, in seconds, and its height in millivolts.
const PULSE: (f64, f64) = (0.15, 1.0);

/// The reader.
pub struct Philips;

static INFO: FormatInfo = FormatInfo {
    id: ID,
    name: "Philips Sierra / PageWriter (XML)",
    extensions: &["xml"],
    signatures: &[],
    recognised_by: "the root element restingecgdata, as text or as base64",
    support: Support::Complete,
    tested_on: "2 public files of versions 1.03 and 1.04",
    certainty: Certainty::Real,
};

impl Format for Philips {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &Head<'_>) -> Score {
        xml::score_of_root(head, "restingecgdata")
    }

    fn read(&self, _: &Bundle, entry: &Entry, context: &mut Context) -> Result<Reading, ReadError> {
        let text = xml::read(ID, entry, context)?;
        let document = Document::open(ID, &text, entry, context)?;
        let root = document.root();
        let start = start_of(root, context);
        let mut parts = Vec::new();
        if let Some(waves) = root.find("parsedwaveforms") {
            match rhythm(root, waves, context)? {
                Ok(leads) => parts.push(part("rhythm", false, start, leads)),
                Err(question) => return Ok(Reading::Question(question)),
            }
        }
        if let Some(beats) = root.find("repbeats") {
            let leads = beat_leads(beats, context)?;
            parts.push(part("representative beat", true, start, leads));
        }
        let source = about(root, entry);
        parts::settle(parts, source, context)
    }
}

fn part(name: &str, beat: bool, start: Option<StartTime>, leads: Vec<Lead>) -> Part {
    Part {
        id: name.split(' ').next_back().unwrap_or(name).to_owned(),
        name: name.to_owned(),
        beat,
        start,
        leads,
        annotations: Vec::new(),
    }
}

/// A number that stands as an attribute of the waveforms or as an element of the signal's characteristics.
fn setting(root: Element<'_, '_>, waves: Element<'_, '_>, names: &[&str]) -> Option<f64> {
    let signal = root.find("signalcharacteristics");
    names
        .iter()
        .find_map(|name| {
            waves
                .word(name)
                .or_else(|| signal.and_then(|signal| signal.value(name)))
        })
        .and_then(|text| number(&text, true))
        .filter(|value| *value > 0.0)
}

/// The recording over time.
fn rhythm(
    root: Element<'_, '_>,
    waves: Element<'_, '_>,
    context: &mut Context,
) -> Result<Result<Vec<Lead>, Box<Question>>, ReadError> {
    let mut names: Vec<String> = waves
        .word("leadlabels")
        .unwrap_or_else(|| STANDARD.to_owned())
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let valid = setting(root, waves, &["numberofleads", "numberchannelsvalid"]);
    if let Some(valid) = valid {
        let standard = STANDARD.split(' ').map(str::to_owned);
        if waves.word("leadlabels").is_none() && valid as usize > names.len() {
            names = standard.collect();
        }
        names.truncate(valid as usize);
    }
    parts::check_leads(names.len().saturating_sub(1), context)?;
    let compressed = ["compression", "compressmethod"]
        .iter()
        .filter_map(|name| waves.word(name))
        .find(|method| !method.eq_ignore_ascii_case("uncompressed"));
    let unpacked = waves
        .word("compressflag")
        .is_some_and(|flag| flag.eq_ignore_ascii_case("false"));
    let text = waves.text();
    let plain = waves
        .word("dataencoding")
        .is_some_and(|encoding| encoding.eq_ignore_ascii_case("plain"));
    let mut counts = match compressed.filter(|_| !unpacked) {
        Some(method) if method.eq_ignore_ascii_case("xli") => {
            let mut counts = unpack(&base64::decode(&text).0, context)?;
            counts.truncate(names.len());
            restore_limb_leads(&names, &mut counts);
            counts
        }
        Some(method) => {
            return Err(ReadError::Unsupported {
                format: ID.to_owned(),
                feature: format!("the compression {method}"),
            });
        }
        None => uncompressed(&text, plain, names.len(), context)?,
    };
    if counts.is_empty() || counts.iter().all(Vec::is_empty) {
        return Ok(Ok(Vec::new()));
    }
    let rate = setting(root, waves, &["samplespersecond", "samplingrate"]);
    let microvolts = setting(root, waves, &["resolution", "signalresolution"]);
    let gain = microvolts
        .map(|microvolts| 1000.0 / microvolts)
        .or(context.answers.per_millivolt());
    let (Some(rate_hz), Some(gain)) = (rate.or(context.answers.rate_hz), gain) else {
        let first = counts.first().map_or(&[][..], Vec::as_slice);
        return Ok(Err(question(rate.is_none(), microvolts.is_none(), first)));
    };
    let end = without_pulse(&counts, rate_hz, gain);
    let length = counts.iter().map(Vec::len).max().unwrap_or(0);
    if end < length {
        context.note(Note::new("calibration-cut").with("count", length - end));
        for lead in &mut counts {
            lead.truncate(end);
        }
    }
    let scale = Scale {
        gain,
        baseline: 0.0,
    };
    let leads = names
        .iter()
        .zip(counts)
        .map(|(name, counts)| Lead::ecg(name, rate_hz, Samples::from_i32(counts, scale)));
    Ok(Ok(leads.collect()))
}

/// Every chunk of an XLI blob as counts; the chunks beyond the named leads hold nothing.
fn unpack(bytes: &[u8], context: &mut Context) -> Result<Vec<Vec<i32>>, ReadError> {
    let view = View::little(bytes);
    let mut leads = Vec::new();
    let (mut at, mut total) = (0_usize, 0_u64);
    while let (Some(size), Some(start)) = (view.u32(at), view.i16(at + 6)) {
        if leads.len() >= context.limits.signals {
            break;
        }
        let from = at + 8;
        let to = from.saturating_add(size as usize);
        let body = bytes.get(from..to.min(bytes.len())).unwrap_or_default();
        if to > bytes.len() {
            context.note(
                Note::new("short-file")
                    .with("file", "XLI")
                    .with("expected", u64::from(size))
                    .with("found", body.len()),
            );
        }
        let last = to >= bytes.len();
        let limit = context
            .limits
            .samples
            .saturating_sub(total)
            .saturating_mul(2);
        let unpacked = lzw(body, limit)?;
        total += unpacked.len() as u64 / 2;
        leads.push(undifferenced(&unpacked, start));
        if last {
            break;
        }
        at = to;
    }
    Ok(leads)
}

/// LZW with codes of 10 bits, most significant bit first: 256 literals, then entries up to 1022, frozen when full.
fn lzw(body: &[u8], limit: u64) -> Result<Vec<u8>, ReadError> {
    // Each entry is a run of what was put out already: where it begins, and how long it is.
    let mut entries: Vec<(usize, usize)> = Vec::new();
    let mut out: Vec<u8> = Vec::new();
    let mut before: Option<(usize, usize)> = None;
    let codes = body.len() * 8 / 10;
    for index in 0..codes {
        let bit = index * 10;
        let pair = |at: usize| u32::from(body.get(at).copied().unwrap_or(0));
        let window = pair(bit / 8) << 8 | pair(bit / 8 + 1);
        let code = (window >> (6 - bit % 8)) as usize & 0x3ff;
        if code == END {
            break;
        }
        let start = out.len();
        if let Ok(literal) = u8::try_from(code) {
            out.push(literal);
        } else {
            let (from, length) = match (entries.get(code - 256), before) {
                (Some(&entry), _) => entry,
                // The entry that is just being made: the last run and its own first byte.
                (None, Some((from, length))) if code - 256 == entries.len() => (from, length + 1),
                _ => {
                    return Err(ReadError::damaged_at(
                        ID,
                        (bit / 8) as u64,
                        "a code of the XLI dictionary",
                        code.to_string(),
                    ));
                }
            };
            if (out.len() + length) as u64 > limit {
                return Err(ReadError::TooLarge {
                    what: "samples",
                    found: (out.len() + length) as u64 / 2,
                    limit: limit / 2,
                });
            }
            for at in from..from + length {
                out.push(out.get(at).copied().unwrap_or(0));
            }
        }
        if let Some((from, length)) = before
            && entries.len() < END - 256
        {
            entries.push((from, length + 1));
        }
        before = Some((start, out.len() - start));
    }
    Ok(out)
}

/// High bytes then low bytes of second differences, with a fading start value.
fn undifferenced(bytes: &[u8], start: i16) -> Vec<i32> {
    let half = bytes.len() / 2;
    let (high, low) = bytes.split_at(half);
    let mut counts: Vec<i32> = high
        .iter()
        .zip(low)
        .map(|(&high, &low)| i32::from(i16::from_be_bytes([high, low])))
        .collect();
    let (mut older, mut old) = (0_i32, 0_i32);
    let mut last = i32::from(start);
    for (at, count) in counts.iter_mut().enumerate() {
        let difference = *count;
        if at >= 2 {
            *count = old.wrapping_mul(2).wrapping_sub(older).wrapping_sub(last);
            last = difference - 64;
        }
        (older, old) = (old, *count);
    }
    counts
}

/// III, aVR, aVL and aVF are stored as residuals of what I and II give.
fn restore_limb_leads(names: &[String], counts: &mut [Vec<i32>]) {
    let place = |name: LeadName| {
        names
            .iter()
            .position(|own| LeadName::recognise(own) == Some(name))
    };
    let (Some(one), Some(two)) = (place(LeadName::I), place(LeadName::II)) else {
        return;
    };
    let (Some(one), Some(two)) = (counts.get(one).cloned(), counts.get(two).cloned()) else {
        return;
    };
    let mut third: Vec<i32> = Vec::new();
    for name in [LeadName::III, LeadName::AVR, LeadName::AVL, LeadName::AVF] {
        let Some(lead) = place(name).and_then(|place| counts.get_mut(place)) else {
            continue;
        };
        for (at, count) in lead.iter_mut().enumerate() {
            let value = |lead: &[i32]| i64::from(lead.get(at).copied().unwrap_or(0));
            let (a, b, c) = (value(&one), value(&two), value(&third));
            let residual = i64::from(*count);
            let restored = match name {
                LeadName::III => b - a - residual,
                LeadName::AVR => -residual - (a + b).div_euclid(2),
                LeadName::AVL => (a - c).div_euclid(2) - residual,
                _ => (b + c).div_euclid(2) - residual,
            };
            *count = restored.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        }
        if name == LeadName::III {
            third.clone_from(lead);
        }
    }
}

/// Samples that are not compressed: base64 of 16 bits, or digits; lead after lead.
fn uncompressed(
    text: &str,
    plain: bool,
    leads: usize,
    context: &Context,
) -> Result<Vec<Vec<i32>>, ReadError> {
    let all: Vec<i32> = if plain {
        match digit_list::parse(text, context)?.data {
            SampleData::I16(data) => data.into_iter().map(i32::from).collect(),
            SampleData::I32(data) => data,
            SampleData::F32(data) => data.into_iter().map(|value| value.round() as i32).collect(),
        }
    } else {
        let bytes = base64::decode(text).0;
        let (pairs, _) = bytes.as_chunks::<2>();
        pairs
            .iter()
            .map(|&pair| i32::from(i16::from_le_bytes(pair)))
            .collect()
    };
    context.check_samples(all.len() as u64)?;
    let each = all.len() / leads.max(1);
    if each == 0 {
        return Ok(Vec::new());
    }
    Ok(all
        .chunks_exact(each)
        .take(leads)
        .map(<[i32]>::to_vec)
        .collect())
}

/// Where the recording ends and the calibration pulse that the device appends begins: the longest end in which all
/// leads are equal, if there is a plateau of one millivolt in it. The whole length if there is none.
fn without_pulse(counts: &[Vec<i32>], rate_hz: f64, gain: f64) -> usize {
    let Some((first, others)) = counts.split_first() else {
        return 0;
    };
    let length = first.len();
    if others.is_empty() || others.iter().any(|lead| lead.len() != length) {
        return counts.iter().map(Vec::len).max().unwrap_or(0);
    }
    let equal = (0..length)
        .rev()
        .take_while(|&at| others.iter().all(|lead| lead.get(at) == first.get(at)))
        .count();
    let start = length - equal;
    let (mut run, mut longest) = (0_usize, 0);
    for &count in first.get(start..).unwrap_or_default() {
        let high = (f64::from(count) / gain - PULSE.1).abs() < 1e-3;
        run = if high { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    if longest as f64 >= PULSE.0 * rate_hz {
        start
    } else {
        length
    }
}

/// The representative beat of each lead.
fn beat_leads(beats: Element<'_, '_>, context: &mut Context) -> Result<Vec<Lead>, ReadError> {
    let value = |name: &str| {
        let number = number(&beats.word(name)?, true)?;
        (number > 0.0).then_some(number)
    };
    let (Some(rate_hz), Some(microvolts)) = (value("samplespersec"), value("resolution")) else {
        return Ok(Vec::new());
    };
    let mut leads = Vec::new();
    let mut total = 0;
    for beat in beats.all("repbeat") {
        parts::check_leads(leads.len(), context)?;
        let text = beat.child("waveform").unwrap_or(beat).text();
        let bytes = base64::decode(&text).0;
        total += bytes.len() as u64 / 2;
        context.check_samples(total)?;
        let (pairs, _) = bytes.as_chunks::<2>();
        let counts = pairs.iter().map(|&pair| i16::from_le_bytes(pair)).collect();
        let scale = Scale {
            gain: 1000.0 / microvolts,
            baseline: 0.0,
        };
        let name = beat.word("leadname").unwrap_or_else(|| "ECG".to_owned());
        leads.push(Lead::ecg(&name, rate_hz, Samples::from_i16(counts, scale)));
    }
    Ok(leads)
}

fn question(rate: bool, gain: bool, counts: &[i32]) -> Box<Question> {
    let evidence =
        gain.then(|| Phrase::new("evidence-usual-step").with("microvolts", USUAL_MICROVOLTS));
    let proposal = Answers {
        gain: gain.then_some(1000.0 / USUAL_MICROVOLTS),
        rate_hz: rate.then_some(500.0),
        ..Answers::default()
    };
    let preview = counts.iter().map(|&count| count as f32);
    input::ask(ID, input::rate_and_gain(rate, evidence), proposal, preview)
}

fn start_of(root: Element<'_, '_>, context: &mut Context) -> Option<StartTime> {
    let acquired = root.child("dataacquisition")?;
    let date = acquired.word("date")?;
    let time = acquired.word("time").unwrap_or_default();
    let parsed = instant::three(&date)
        .and_then(|[year, month, day]| instant::date_and_time(Some((year, month, day)), &time));
    if parsed.is_none() {
        context.note(Note::new("bad-date").with("text", format!("{date} {time}")));
    }
    parsed
}

/// What the file says of person, device, filters, measurements and verdict.
fn about(root: Element<'_, '_>, entry: &Entry) -> Source {
    let person = root.path(&["patient", "generalpatientdata"]);
    let field = |name: &str| person.and_then(|person| person.value(name));
    let names: Vec<String> = person
        .and_then(|person| person.child("name"))
        .into_iter()
        .flat_map(|name| {
            ["firstname", "middlename", "lastname"]
                .into_iter()
                .filter_map(move |part| name.value(part))
        })
        .collect();
    let device = root
        .path(&["dataacquisition", "machine"])
        .map(|machine| machine.text().trim().to_owned())
        .filter(|name| !name.is_empty());
    let signal = root.find("signalcharacteristics");
    let bands: Vec<String> = ["signalbandwidth", "hipass", "lowpass", "acsetting"]
        .iter()
        .filter_map(|name| Some(format!("{name} {}", signal?.value(name)?)))
        .collect();
    let measured = root
        .find("interpretationmeasurements")
        .or_else(|| root.find("globalmeasurements"))
        .or_else(|| root.find("crossleadmeasurements"));
    let measurements = measured
        .into_iter()
        .flat_map(Element::children)
        .filter_map(|element| {
            let value = element.text().trim().to_owned();
            let name = element.name().to_owned();
            (!value.is_empty()).then_some(SourceMeasurement { name, value })
        })
        .take(100)
        .collect();
    Source {
        format: ID.to_owned(),
        recognised_by: "recognised-xml-root".to_owned(),
        name: entry.file_name().to_owned(),
        device,
        filters: (!bands.is_empty()).then(|| bands.join(", ")),
        classification: verdict(root),
        measurements,
        patient: Patient {
            name: (!names.is_empty()).then(|| names.join(" ")),
            id: field("patientid"),
            birth_date: person
                .and_then(|person| person.find("dateofbirth"))
                .map(|date| date.text().trim().to_owned())
                .filter(|date| !date.is_empty()),
            sex: field("sex"),
        },
        remarks: root
            .find("mdsignatureline")
            .map(|line| line.text().trim().to_owned())
            .filter(|line| !line.is_empty())
            .into_iter()
            .collect(),
    }
}

/// The severity and the statements of the first interpretation, with their reasons.
fn verdict(root: Element<'_, '_>) -> Option<String> {
    let interpretation = root.find("interpretation")?;
    let mut lines: Vec<String> = interpretation.value("severity").into_iter().collect();
    for statement in interpretation.all("statement") {
        let words = ["leftstatement", "rightstatement"];
        let words: Vec<String> = words
            .iter()
            .filter_map(|name| statement.value(name))
            .collect();
        if !words.is_empty() {
            lines.push(words.join(", "));
        }
    }
    (!lines.is_empty()).then(|| lines.join("; "))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{leads_agree, read_first, read_sample, recording, samples};
    use super::*;

    #[test]
    fn both_versions_read_as_the_index_says() {
        let Some(old) = read_sample("philips/129DYPRG_1.03.xml", None) else {
            return;
        };
        let told = "I -0.17…0.87; II -0.465…0.625; III -0.975…0.37; aVR -0.475…0.28; aVL -0.175…0.905; \
            aVF -0.6…0.47; V1 -0.765…0.24; V2 -0.605…0.26; V3 -0.36…0.31; V4 -0.305…0.35; V5 -0.175…0.6; \
            V6 -0.11…0.8";
        leads_agree(&old, told, 500.0, 5264);
        let told = "I -0.215…0.23; II -0.92…1.4; III -0.75…1.225; aVR -0.805…0.555; aVL -0.545…0.29; \
            aVF -0.835…1.305; V1 -1.72…0.245; V2 -3.1…0.735; V3 -4.015…1.25; V4 -2.16…0.82; V5 -1.415…1.175; \
            V6 -0.76…1.595";
        let new = read_sample("philips/zzdemo_1.04_utf8.xml", None).unwrap();
        leads_agree(&new, told, 500.0, 5300);
        assert_eq!(new.leads.len(), 12);
        assert!(new.source.classification.unwrap().contains("SINUS RHYTHM"));
        // Einthoven's sums hold after the residuals are undone.
        assert!(old.notes.iter().all(|note| note.code != "limb-sums"));
        let beat = read_sample("philips/zzdemo_1.04_utf8.xml", Some("beat")).unwrap();
        assert_eq!((beat.leads.len(), beat.leads[0].samples.len()), (12, 1200));
    }

    #[test]
    fn the_whole_file_may_be_base64() {
        let Some(root) = samples() else { return };
        let xml = std::fs::read(root.join("philips/129DYPRG_1.03.xml")).unwrap();
        let packed: String = xml.chunks(3).map(of_three).collect();
        let bundle = Bundle::from_bytes("x", packed.into_bytes());
        let read = recording(read_first(&bundle, Answers::default()), "base64");
        assert_eq!(read.leads[0].samples.len(), 5264);
    }

    /// Base64 of up to three bytes.
    fn of_three(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let byte = |at: usize| u32::from(bytes.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        let letter = |at: usize| {
            if at > bytes.len() {
                '='
            } else {
                char::from(LETTERS[(group >> (18 - 6 * at)) as usize & 63])
            }
        };
        (0..4).map(letter).collect()
    }
}
