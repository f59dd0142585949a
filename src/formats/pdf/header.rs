//! What a report says of itself, in the layouts of the makers that are known; everything else is kept as remarks.

use super::document::Document;
use super::paint::Label;
use super::trace::lines_of;
use crate::formats::wfdb::month_number;
use crate::recording::{LeadName, Patient, Source, SourceMeasurement, StartTime};

/// Lines kept as remarks.
const REMARKS: usize = 60;
/// Longest remark.
const REMARK_CHARS: usize = 300;

/// Words by which the reports of watches tell themselves; all of them record lead I from wrist to finger.
const WATCHES: [&str; 4] = ["Garmin ECG App", "Galaxy Watch", "Fitbit", "ScanWatch"];

/// The maker of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    Kardia,
    Apple,
    Muse,
    /// A watch that records one lead.
    Watch,
    Other,
}

/// What is told beside the traces.
#[derive(Debug)]
pub struct Header {
    /// The one lead that the rows show, where the report is of one lead.
    pub lead: Option<String>,
    /// When it was recorded.
    pub start: Option<StartTime>,
    source: Source,
}

impl Header {
    /// Gathers it from the texts of all pages.
    pub fn find(document: &Document, pages: &[Vec<Label>]) -> Self {
        let lines: Vec<Vec<&Label>> = pages.iter().flat_map(|labels| lines_of(labels)).collect();
        let texts: Vec<String> = lines.iter().map(|line| joined(line)).collect();
        let says = |word: &str| texts.iter().any(|text| text.contains(word));
        let program = ["Creator", "Producer"]
            .iter()
            .filter_map(|key| document.information(key))
            .collect::<Vec<_>>()
            .join(", ");
        let maker = if says("Kardia") || says("AliveCor") {
            Maker::Kardia
        } else if says("watchOS") || texts.iter().any(|text| watch(text).is_some()) {
            Maker::Apple
        } else if WATCHES.iter().any(|watch| says(watch)) {
            Maker::Watch
        } else if program.contains("MUSE") {
            Maker::Muse
        } else {
            Maker::Other
        };
        let mut header = Self {
            lead: None,
            start: None,
            source: Source::default(),
        };
        match maker {
            Maker::Kardia => header.kardia(&lines),
            Maker::Apple => header.apple(&texts),
            Maker::Muse => header.muse(&lines),
            Maker::Watch => {
                let device = WATCHES.iter().find(|watch| says(watch));
                header.source.device = device.map(|device| (*device).to_owned());
            }
            Maker::Other => {}
        }
        if header.start.is_none() {
            header.start = texts.iter().find_map(|text| date_and_time(text));
        }
        let single = texts.iter().find_map(|text| single_lead(text));
        header.lead = match maker {
            Maker::Kardia => single.or(Some(LeadName::I)),
            Maker::Apple | Maker::Watch => Some(single.unwrap_or(LeadName::I)),
            _ => single,
        }
        .map(|lead| lead.label().to_owned());
        if header.source.device.is_none() && !program.is_empty() {
            header.source.device = Some(program);
        }
        let mut remarks: Vec<String> = Vec::new();
        for text in texts {
            let text: String = text.chars().take(REMARK_CHARS).collect();
            let lead = LeadName::recognise(text.trim()).is_some();
            if remarks.len() < REMARKS && !lead && !remarks.contains(&text) {
                remarks.push(text);
            }
        }
        header.source.remarks = remarks;
        header
    }

    /// The source's entry in the recording.
    pub fn source(self, name: &str) -> Source {
        Source {
            format: super::ID.to_owned(),
            recognised_by: "recognised-pdf".to_owned(),
            name: name.to_owned(),
            ..self.source
        }
    }

    /// `Patient: A B    Heart Rate: 76 BPM`, each key a text of its own.
    fn kardia(&mut self, lines: &[Vec<&Label>]) {
        self.source.device = Some("AliveCor Kardia".to_owned());
        for line in lines {
            let mut key = String::new();
            let mut value = String::new();
            for label in line.iter().chain(&[&END]) {
                let text = label.text.trim();
                if text.ends_with(':') || std::ptr::eq(*label, &raw const END) {
                    self.kardia_pair(&key, value.trim());
                    key = text.trim_end_matches(':').to_owned();
                    value.clear();
                } else {
                    value.push(' ');
                    value.push_str(text);
                }
            }
            for label in line {
                if let Some((filter, _)) = label.text.split_once("Scale:") {
                    self.source.filters.get_or_insert(filter.trim().to_owned());
                }
            }
        }
        // On the cover, values stand below their keys.
        for pair in lines.windows(2) {
            for key in &pair[0] {
                let below = pair[1]
                    .iter()
                    .find(|value| (value.at[0] - key.at[0]).abs() < 0.5);
                let Some(value) = below.map(|value| value.text.trim().to_owned()) else {
                    continue;
                };
                match key.text.trim() {
                    "Sex" => self.source.patient.sex = Some(value),
                    "Date of Birth" => self.source.patient.birth_date = Some(value),
                    _ => {}
                }
            }
        }
    }

    fn kardia_pair(&mut self, key: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let value = value.to_owned();
        match key {
            "Patient" => self.source.patient.name = Some(value),
            "Recorded" | "Recorded on" => {
                self.start = self.start.or_else(|| date_and_time(&value));
            }
            "Kardia Determination" => self.source.classification = Some(value),
            "Heart Rate" => {
                let name = key.to_owned();
                let measurement = SourceMeasurement { name, value };
                if !self.source.measurements.contains(&measurement) {
                    self.source.measurements.push(measurement);
                }
            }
            _ => {}
        }
    }

    /// By place: name, birth date, when, verdict; the watch by its shape.
    fn apple(&mut self, texts: &[String]) {
        self.source.device = texts.iter().find_map(|text| watch(text));
        let at = texts.iter().position(|text| date_and_time(text).is_some());
        if let Some(at) = at {
            self.start = date_and_time(&texts[at]);
            self.source.classification = texts.get(at + 1).cloned();
        }
        let person = |place: usize| {
            at.filter(|&at| place < at)
                .and_then(|_| texts.get(place).cloned())
        };
        self.source.patient = Patient {
            name: person(0),
            birth_date: person(1),
            ..Patient::default()
        };
    }

    fn muse(&mut self, lines: &[Vec<&Label>]) {
        const MEASURED: [&str; 6] = [
            "Vent. rate",
            "PR interval",
            "QRS duration",
            "QT/QTc",
            "QT/QTcB",
            "P-R-T axes",
        ];
        for line in lines {
            for (at, label) in line.iter().enumerate() {
                let text = label.text.trim();
                if MEASURED.contains(&text) {
                    let rest = line
                        .iter()
                        .skip(at + 1)
                        .filter(|other| other.at[0] - label.at[0] < 60.0)
                        .flat_map(|other| other.text.split_whitespace());
                    // The unit may be drawn before its number.
                    let (mut value, units): (Vec<&str>, Vec<&str>) =
                        rest.partition(|word| word.contains(|c: char| c.is_ascii_digit()));
                    value.extend(units);
                    self.source.measurements.push(SourceMeasurement {
                        name: text.to_owned(),
                        value: value.join(" "),
                    });
                }
                if let Some(id) = text.strip_prefix("ID:") {
                    self.source.patient.id = Some(id.trim().to_owned());
                    let name = line.first().filter(|first| first.text.contains(','));
                    self.source.patient.name = name.map(|label| label.text.trim().to_owned());
                }
            }
        }
    }
}

/// The end of a line.
static END: Label = Label {
    at: [0.0; 2],
    direction: [0.0; 2],
    text: String::new(),
};

fn joined(line: &[&Label]) -> String {
    let words: Vec<&str> = line.iter().map(|label| label.text.trim()).collect();
    words.join(" ")
}

/// `Watch6,2`
fn watch(text: &str) -> Option<String> {
    let at = text.find("Watch")?;
    let rest = text.get(at..)?;
    let end = rest
        .find(|c: char| !(c.is_alphanumeric() || c == ','))
        .unwrap_or(rest.len());
    let word = rest.get(..end)?.trim_end_matches(',');
    let (major, minor) = word.strip_prefix("Watch")?.split_once(',')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits(major) && digits(minor)).then(|| word.to_owned())
}

/// `25 mm/s, 10 mm/mV, Lead I, 512Hz`: the lead among the scale's words.
fn single_lead(text: &str) -> Option<LeadName> {
    if !text.contains("mm/") {
        return None;
    }
    text.split(',')
        .filter(|part| part.trim().chars().count() >= 4)
        .find_map(LeadName::recognise)
}

/// A date with an English month name or as numbers with the year first, and a time of day.
fn date_and_time(text: &str) -> Option<StartTime> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '\u{202f}' | '-' | '/' | '.' | 'T'))
        .filter(|word| !word.is_empty())
        .collect();
    let number = |word: &&str| word.parse::<u16>().ok();
    let mut date = None;
    for (at, word) in words.iter().enumerate() {
        let near = |offset: isize| words.get(at.checked_add_signed(offset)?).and_then(number);
        if let Some(month) = month_number(word).filter(|_| word.chars().all(char::is_alphabetic)) {
            // `13 February 2026`, `13-FEB-2026` or `February 13, 2026`.
            let (day, year) = match (near(-1), near(1), near(2)) {
                (Some(day), Some(year), _) if year > 31 => (day, year),
                (_, Some(day), Some(year)) => (day, year),
                _ => continue,
            };
            date = Some((i32::from(year), month, u8::try_from(day).ok()?));
        } else if let (Some(year), Some(month), Some(day)) = (near(0), near(1), near(2))
            && word.len() == 4
            && (1..=12).contains(&month)
        {
            date = Some((i32::from(year), month as u8, u8::try_from(day).ok()?));
        }
        if date.is_some() {
            break;
        }
    }
    let date = date?;
    let mut time = (0_u8, 0_u8, 0_u8);
    if let Some(clock) = words
        .iter()
        .position(|word| word.contains(':') && word.starts_with(|c: char| c.is_ascii_digit()))
    {
        let mut parts = words[clock].split(':').map(str::parse::<u8>);
        time = (
            parts.next()?.ok()?,
            parts.next()?.ok()?,
            parts.next().and_then(Result::ok).unwrap_or(0),
        );
        let half = words
            .get(clock + 1)
            .copied()
            .unwrap_or_default()
            .trim_start_matches('!');
        match half.to_ascii_uppercase().as_str() {
            "PM" if time.0 < 12 => time.0 += 12,
            "AM" if time.0 == 12 => time.0 = 0,
            _ => {}
        }
    } else if !text.contains("Recorded") {
        // A lone date may be a birth date.
        return None;
    }
    StartTime::new(Some(date), time.0, time.1, f64::from(time.2), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_writings_seen() {
        let iso = |text: &str| date_and_time(text).map(|start| start.iso());
        assert_eq!(
            iso("Friday, February 13, 2026 at 10:42:00 PM").as_deref(),
            Some("2026-02-13T22:42:00")
        );
        assert_eq!(
            iso("12 June 2024 @ 9:17 AM").as_deref(),
            Some("2024-06-12T09:17:00")
        );
        assert_eq!(
            iso("12-JUN-2024 09:17:05").as_deref(),
            Some("2024-06-12T09:17:05")
        );
        assert_eq!(
            iso("2021-05-16 08:08:48").as_deref(),
            Some("2021-05-16T08:08:48")
        );
        assert_eq!(iso("Jan 1, 1980"), None);
        assert_eq!(iso("no date at 10:00"), None);
    }

    #[test]
    fn watches_and_leads_are_told_by_shape() {
        assert_eq!(
            watch("iOS 17, watchOS 10, Watch6,2 x").as_deref(),
            Some("Watch6,2")
        );
        assert_eq!(watch("Watch this"), None);
        assert_eq!(
            single_lead("25 mm/s, 10 mm/mV, Lead I, 512Hz"),
            Some(LeadName::I)
        );
        assert_eq!(single_lead("I, Claudius"), None);
    }
}
