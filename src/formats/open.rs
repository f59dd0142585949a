//! From what was dropped to a recording: recognition by content, then the format's reader.

use super::export;
use super::zip;
use super::{
    Bundle, Context, Entry, FORMATS, Format, Head, Offer, ReadError, Readers, Reading, Score, infos,
};
use crate::recording::Note;

/// Bytes that are looked at to recognise a format.
const HEAD_BYTES: usize = 64 * 1024;
/// Bytes at the end that are looked at.
const TAIL_BYTES: usize = 64;
/// Size up to which a member is inflated to look at its end.
const FAR_END_BYTES: u64 = 1 << 20;
/// Archives within archives that are opened.
const ARCHIVE_DEPTH: usize = 3;
/// Entries that are looked at; a folder with more is not a recording.
const MOST_ENTRIES: usize = 4096;
/// Extensions that never hold an ECG and are many in exports.
const NEVER: [&str; 12] = [
    "gpx", "png", "jpg", "jpeg", "heic", "gif", "mov", "mp4", "html", "css", "js", "md",
];

/// The format that claims `entry` with the highest score, with that score.
///
/// # Errors
/// [`ReadError::Empty`], [`ReadError::Medium`].
pub fn sniff(entry: &Entry) -> Result<Option<(&'static dyn Format, Score)>, ReadError> {
    sniff_among(FORMATS, entry)
}

/// As [`sniff`], with `readers` alone.
///
/// # Errors
/// [`ReadError::Empty`], [`ReadError::Medium`].
pub fn sniff_among(
    readers: Readers,
    entry: &Entry,
) -> Result<Option<(&'static dyn Format, Score)>, ReadError> {
    let len = entry.source.len();
    if len == 0 {
        return Err(ReadError::Empty);
    }
    let bytes = entry.source.read(0, HEAD_BYTES)?;
    let tail = if entry.source.end_is_far() && len > FAR_END_BYTES {
        Vec::new()
    } else {
        let at = len.saturating_sub(TAIL_BYTES as u64);
        entry.source.read(at, TAIL_BYTES)?
    };
    let head = Head {
        name: entry.file_name(),
        bytes: &bytes,
        tail: &tail,
        len,
    };
    let mut best: Option<(&'static dyn Format, Score, bool)> = None;
    for &format in readers {
        let info = format.info();
        let signed = info.signatures.iter().any(|signature| {
            bytes
                .get(signature.offset..)
                .is_some_and(|rest| rest.starts_with(signature.bytes))
        });
        let score = if signed {
            Score::CERTAIN.max(format.score(&head))
        } else {
            format.score(&head)
        };
        if score == Score::NONE {
            continue;
        }
        let named = info
            .extensions
            .iter()
            .any(|extension| head.has_extension(extension));
        let better = best.as_ref().is_none_or(|(_, top, top_named)| {
            score > *top || (score == *top && named && !top_named)
        });
        if better {
            best = Some((format, score, named));
        }
    }
    Ok(best.map(|(format, score, _)| (format, score)))
}

/// An entry that a format claims, by its place in the bundle.
struct Candidate {
    entry: usize,
    format: &'static dyn Format,
    score: Score,
}

/// Opens what was dropped.
///
/// One recording comes back as such; several as a choice, which `context.answers.choice` settles.
///
/// # Errors
/// [`ReadError`] of the only entry, or of the one chosen.
pub fn open(bundle: &Bundle, context: &mut Context) -> Result<Reading, ReadError> {
    open_among(FORMATS, bundle, context)?.ok_or(ReadError::NotThisFormat)
}

/// As [`open`], with `readers` alone; `None` when there is something among the files that they do not know but that
/// the formats left out may.
///
/// # Errors
/// [`ReadError`] of the only entry, or of the one chosen.
pub fn open_among(
    readers: Readers,
    bundle: &Bundle,
    context: &mut Context,
) -> Result<Option<Reading>, ReadError> {
    let mut failure = Failure::default();
    let mut whole = Bundle::default();
    let mut apple_export = false;
    for entry in &bundle.entries {
        if is_hidden(&entry.name) {
            continue;
        }
        match unpack(readers, entry, context, 0) {
            Ok(entries) => {
                apple_export |= entries.iter().any(|e| export::is_apple_health(&e.name));
                whole.entries.extend(entries);
            }
            Err(error) => failure.take(error),
        }
    }
    if whole.entries.len() > MOST_ENTRIES {
        context.note(Note::new("too-many-entries").with("limit", MOST_ENTRIES));
        whole.entries.truncate(MOST_ENTRIES);
    }
    let (candidates, unknown) = survey(readers, &whole, &mut failure);
    if unknown && readers.len() < infos().len() {
        return Ok(None);
    }
    if candidates.is_empty() {
        if apple_export && failure.0.is_none() {
            return Err(ReadError::NoSignal {
                format: "apple-health".to_owned(),
                holds: "holds-no-electrocardiograms".to_owned(),
            });
        }
        return Err(failure.0.unwrap_or_else(|| {
            if whole.entries.is_empty() {
                ReadError::Empty
            } else {
                unknown_xml(&whole).unwrap_or(ReadError::NotThisFormat)
            }
        }));
    }
    if let [only] = candidates.as_slice() {
        return read(&whole, only, context).map(Some);
    }
    choose(&whole, &candidates, context).map(Some)
}

/// The first XML document that no format knows, by its root element.
fn unknown_xml(bundle: &Bundle) -> Option<ReadError> {
    bundle.entries.iter().find_map(|entry| {
        let head = entry.source.read(0, HEAD_BYTES).ok()?;
        let root = super::xml::root_of(&head)?;
        let namespace = match root.namespace.as_str() {
            "" => String::new(),
            namespace => format!(" of {namespace}"),
        };
        Some(ReadError::Unsupported {
            format: "xml".to_owned(),
            feature: format!("the root element {}{namespace}", root.name),
        })
    })
}

/// Reads the candidate that the answer names, or offers all of them.
///
/// The answer is the entry's name, with `#` and the reader's own choice behind it where an entry holds several.
fn choose(
    bundle: &Bundle,
    candidates: &[Candidate],
    context: &mut Context,
) -> Result<Reading, ReadError> {
    let choice = context.answers.choice.clone().unwrap_or_default();
    let chosen = candidates.iter().find_map(|candidate| {
        let name = &bundle.entries.get(candidate.entry)?.name;
        let rest = choice.strip_prefix(name.as_str())?;
        let within = rest.strip_prefix('#').map(str::to_owned);
        (rest.is_empty() || within.is_some()).then_some((candidate, within))
    });
    let Some((candidate, within)) = chosen else {
        let offers = candidates
            .iter()
            .filter_map(|candidate| bundle.entries.get(candidate.entry))
            .map(offer)
            .collect();
        return Ok(Reading::Choice(offers));
    };
    context.answers.choice = within;
    let reading = read(bundle, candidate, context);
    context.answers.choice = Some(choice);
    let name = bundle
        .entries
        .get(candidate.entry)
        .map_or("", |entry| entry.name.as_str());
    Ok(match reading? {
        Reading::Choice(mut offers) => {
            for offer in &mut offers {
                offer.id = format!("{name}#{}", offer.id);
            }
            Reading::Choice(offers)
        }
        other => other,
    })
}

fn read(
    bundle: &Bundle,
    candidate: &Candidate,
    context: &mut Context,
) -> Result<Reading, ReadError> {
    let entry = bundle
        .entries
        .get(candidate.entry)
        .ok_or(ReadError::NotThisFormat)?;
    let mut reading = candidate.format.read(bundle, entry, context)?;
    if let Reading::Recording(recording) = &mut reading {
        super::plausible::doubt_impossible_sizes(recording);
    }
    // A recording without a single sample must not take the place of what is on the screen.
    if let Reading::Recording(recording) = &reading
        && !recording.leads.is_empty()
        && recording.leads.iter().all(|lead| lead.samples.is_empty())
    {
        return Err(ReadError::NoSignal {
            format: candidate.format.info().id.to_owned(),
            holds: "holds-no-samples".to_owned(),
        });
    }
    Ok(reading)
}

/// The entry in the words of a choice.
fn offer(entry: &Entry) -> Offer {
    Offer {
        id: entry.name.clone(),
        name: entry.file_name().to_owned(),
        start: date_in(entry.file_name()),
        bytes: entry.source.len(),
    }
}

/// A date written as `2024-05-01` in a name.
fn date_in(name: &str) -> Option<String> {
    name.as_bytes()
        .windows(10)
        .find(|window| {
            window.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            })
        })
        .map(|window| String::from_utf8_lossy(window).into_owned())
}

/// Files that systems leave behind and nobody means.
fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| {
        (part.starts_with('.') && part.len() > 1)
            || part == "__MACOSX"
            || part.eq_ignore_ascii_case("thumbs.db")
            || part.eq_ignore_ascii_case("desktop.ini")
    })
}

/// The entry itself, or what it holds if it is an archive that no format claims.
fn unpack(
    readers: Readers,
    entry: &Entry,
    context: &mut Context,
    depth: usize,
) -> Result<Vec<Entry>, ReadError> {
    let head = entry.source.read(0, 4)?;
    let packed = zip::is_zip(&head) || zip::is_gzip(&head);
    if !packed || sniff_among(readers, entry)?.is_some_and(|(_, score)| score >= Score::LIKELY) {
        return Ok(vec![entry.clone()]);
    }
    if depth == ARCHIVE_DEPTH.min(context.limits.depth) {
        return Err(ReadError::TooLarge {
            what: "archives",
            found: depth as u64 + 1,
            limit: depth as u64,
        });
    }
    if zip::is_gzip(&head) {
        return unpack(readers, &zip::gunzip(entry, context)?, context, depth + 1);
    }
    let mut members = zip::members(entry, context)?;
    members.retain(|member| {
        let path = member.name.strip_prefix(&entry.name).unwrap_or_default();
        !is_hidden(path) && !never(path)
    });
    export::keep_wanted(&mut members, &entry.name);
    if members.len() > MOST_ENTRIES {
        context.note(Note::new("too-many-entries").with("limit", MOST_ENTRIES));
        members.truncate(MOST_ENTRIES);
    }
    let mut entries = Vec::with_capacity(members.len());
    let mut failure = Failure::default();
    for member in members {
        match unpack(readers, &member, context, depth + 1) {
            Ok(inner) => entries.extend(inner),
            Err(error) => failure.take(error),
        }
    }
    match failure.0 {
        Some(error) if entries.is_empty() => Err(error),
        _ => Ok(entries),
    }
}

fn never(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| {
        NEVER
            .iter()
            .any(|never| extension.eq_ignore_ascii_case(never))
    })
}

/// Every entry that a format claims, without the companions of others; and whether there is an entry that is neither.
fn survey(readers: Readers, bundle: &Bundle, failure: &mut Failure) -> (Vec<Candidate>, bool) {
    let mut candidates = Vec::new();
    let mut known = vec![false; bundle.entries.len()];
    for (place, entry) in bundle.entries.iter().enumerate() {
        let sniffed = sniff_among(readers, entry);
        // A weak claim (any bytes may be a signal file without its header) gives way to whoever knows better.
        let claimed = match &sniffed {
            Ok(found) => found
                .as_ref()
                .is_some_and(|(_, score)| *score >= Score::POSSIBLE),
            Err(_) => true,
        };
        if let Some(known) = known.get_mut(place) {
            *known = claimed;
        }
        match sniffed {
            Ok(Some((format, score))) => candidates.push(Candidate {
                entry: place,
                format,
                score,
            }),
            Ok(None) => {}
            Err(error) => failure.take(error),
        }
    }
    let mut companions = vec![false; bundle.entries.len()];
    for candidate in &candidates {
        let Some(entry) = bundle.entries.get(candidate.entry) else {
            continue;
        };
        for name in candidate.format.companions(bundle, entry) {
            let place = bundle.entries.iter().position(|e| e.name == name);
            if let Some(flag) = place
                .filter(|&place| place != candidate.entry)
                .and_then(|place| companions.get_mut(place))
            {
                *flag = true;
            }
        }
    }
    let unknown = known
        .iter()
        .zip(&companions)
        .any(|(&known, &companion)| !known && !companion);
    // Should two name each other, all of them stay.
    let free = |candidate: &Candidate| companions.get(candidate.entry) != Some(&true);
    if candidates.iter().any(free) {
        candidates.retain(free);
    }
    let sure = candidates
        .iter()
        .any(|candidate| candidate.score >= Score::POSSIBLE);
    if sure {
        candidates.retain(|candidate| candidate.score >= Score::POSSIBLE);
    }
    if candidates
        .iter()
        .any(|candidate| candidate.format.holds_signal())
    {
        candidates.retain(|candidate| candidate.format.holds_signal());
    } else {
        // Of lists without a trace the first tells what all of them are.
        candidates.truncate(1);
    }
    (candidates, unknown)
}

/// The most telling of several errors: what says most about a file wins.
#[derive(Default)]
struct Failure(Option<ReadError>);

impl Failure {
    fn take(&mut self, error: ReadError) {
        let weight = |error: &ReadError| match error {
            ReadError::NotThisFormat => 0,
            ReadError::Empty => 1,
            ReadError::Medium { .. } => 2,
            ReadError::TooLarge { .. } | ReadError::Unsupported { .. } => 3,
            ReadError::NoSignal { .. } => 4,
            ReadError::NeedsFile { .. } => 5,
            ReadError::Damaged { .. } => 6,
        };
        if self
            .0
            .as_ref()
            .is_none_or(|kept| weight(&error) > weight(kept))
        {
            self.0 = Some(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Answers;
    use super::super::zip::zip_of;
    use super::*;

    const HEADER: &[u8] = b"a 1 100 2\na.dat 16 100/mV\n";
    const DATA: &[u8] = &[100, 0, 200, 0];

    fn bundle(files: &[(&str, &[u8])]) -> Bundle {
        Bundle {
            entries: files
                .iter()
                .map(|(name, bytes)| Entry::from_bytes(name, *bytes))
                .collect(),
        }
    }

    fn open_files(files: &[(&str, &[u8])], choice: Option<&str>) -> Result<Reading, ReadError> {
        let mut context = Context::with_answers(Answers {
            choice: choice.map(str::to_owned),
            ..Answers::default()
        });
        open(&bundle(files), &mut context)
    }

    #[test]
    fn companions_and_system_files_are_no_candidates() {
        let reading = open_files(
            &[
                (".DS_Store", b"\0\0\0\x01"),
                ("d/a.dat", DATA),
                ("d/a.hea", HEADER),
                ("d/a.atr", &[1, 4, 0, 0]),
                ("__MACOSX/d/._a.hea", HEADER),
            ],
            None,
        );
        let Ok(Reading::Recording(recording)) = reading else {
            panic!("{reading:?}")
        };
        assert_eq!(recording.annotations.len(), 1);
    }

    #[test]
    fn several_recordings_are_offered_and_one_is_chosen() {
        let other = b"b 1 100 2\na.dat 16 50/mV\n";
        let files: [(&str, &[u8]); 3] = [
            ("a.hea", HEADER),
            ("b_2024-05-01.hea", other),
            ("a.dat", DATA),
        ];
        let Ok(Reading::Choice(offers)) = open_files(&files, None) else {
            panic!()
        };
        assert_eq!(offers.len(), 2);
        assert_eq!(offers[1].start.as_deref(), Some("2024-05-01"));
        let Ok(Reading::Recording(recording)) = open_files(&files, Some(&offers[1].id)) else {
            panic!()
        };
        assert_eq!(recording.leads[0].samples.all_values(), [2.0, 4.0]);
    }

    #[test]
    fn a_record_in_a_zip_in_a_zip_is_found() {
        let inner = zip_of(&[("x/a.hea", HEADER), ("x/a.dat", DATA)]);
        let outer = zip_of(&[("inner.zip", &inner), ("readme.md", b"hello")]);
        let reading = open_files(&[("o.zip", &outer)], None);
        assert!(matches!(reading, Ok(Reading::Recording(_))), "{reading:?}");
        let mut deep = inner;
        for _ in 0..4 {
            deep = zip_of(&[("z.zip", &deep)]);
        }
        assert!(matches!(
            open_files(&[("z.zip", &deep)], None),
            Err(ReadError::TooLarge { .. })
        ));
    }

    /// An archive of five gigabytes of which only the beginning and the end are there; counts what is read.
    struct Huge {
        end_at: u64,
        end: Vec<u8>,
        read: std::cell::Cell<u64>,
    }

    impl super::super::ByteSource for Huge {
        fn len(&self) -> u64 {
            self.end_at + self.end.len() as u64
        }
        fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, super::super::SourceError> {
            let length = (length as u64).min(self.len().saturating_sub(offset));
            self.read.set(self.read.get() + length);
            let byte = |at: u64| match at.checked_sub(self.end_at) {
                Some(place) => self.end[place as usize],
                None => b"PK\x03\x04".get(at as usize).copied().unwrap_or(0),
            };
            Ok((offset..offset + length).map(byte).collect())
        }
    }

    /// An Apple export of 5 GB: the records stored, two ECGs behind them, a directory of zip64.
    fn huge() -> Huge {
        const BIG: u64 = 5 << 30;
        let ecg = b"Name,A\nRecorded Date,2024-05-01 08:15:00 +0200\nSample Rate,512 hertz\nLead,Lead I\nUnit,mV\n\n1\n2\n";
        let members = [
            ("apple_health_export/export.xml", BIG - 1000, 0),
            (
                "apple_health_export/electrocardiograms/ecg_2024-05-01.csv",
                ecg.len() as u64,
                BIG,
            ),
            (
                "apple_health_export/electrocardiograms/ecg_2024-05-02.csv",
                ecg.len() as u64,
                BIG + 1000,
            ),
        ];
        let mut end = vec![0; 2000];
        for (name, _, at) in &members[1..] {
            let at = (at - BIG) as usize;
            let mut local = b"PK\x03\x04".to_vec();
            local.resize(26, 0);
            local.extend((name.len() as u16).to_le_bytes());
            local.extend([0, 0]);
            local.extend(name.as_bytes());
            local.extend(ecg);
            end[at..at + local.len()].copy_from_slice(&local);
        }
        let directory_at = BIG + end.len() as u64;
        let mut directory = Vec::new();
        for (name, size, at) in members {
            let mut entry = b"PK\x01\x02".to_vec();
            entry.resize(46, 0);
            entry[20..28].fill(0xff);
            entry[28..30].copy_from_slice(&(name.len() as u16).to_le_bytes());
            entry[30] = 28;
            entry[42..46].fill(0xff);
            entry.extend(name.as_bytes());
            entry.extend([1, 0, 24, 0]);
            for field in [size, size, at] {
                entry.extend(field.to_le_bytes());
            }
            directory.extend(entry);
        }
        let mut record = b"PK\x06\x06".to_vec();
        record.resize(40, 0);
        record.extend((directory.len() as u64).to_le_bytes());
        record.extend(directory_at.to_le_bytes());
        let record_at = directory_at + directory.len() as u64;
        end.extend(directory);
        end.extend(record);
        end.extend(b"PK\x06\x07\0\0\0\0");
        end.extend(record_at.to_le_bytes());
        end.extend([1, 0, 0, 0]);
        end.extend(b"PK\x05\x06\0\0\0\0");
        end.extend([0xff; 12]);
        end.extend([0, 0]);
        Huge {
            end_at: BIG,
            end,
            read: std::cell::Cell::new(0),
        }
    }

    #[test]
    fn an_export_of_five_gigabytes_costs_its_directory_and_its_ecgs() {
        let source = std::rc::Rc::new(huge());
        let bundle = Bundle {
            entries: vec![Entry {
                name: "export.zip".to_owned(),
                source: source.clone(),
            }],
        };
        let Ok(Reading::Choice(offers)) = open(&bundle, &mut Context::default()) else {
            panic!()
        };
        assert_eq!(offers.len(), 2);
        let answers = Answers {
            choice: Some(offers[1].id.clone()),
            ..Answers::default()
        };
        let read = open(&bundle, &mut Context::with_answers(answers));
        let Ok(Reading::Recording(recording)) = read else {
            panic!("{read:?}")
        };
        assert_eq!(recording.leads[0].samples.all_values(), [1.0, 2.0]);
        assert!(source.read.get() < 1 << 20, "{}", source.read.get());
    }

    #[test]
    fn the_error_tells_most_about_the_file() {
        assert_eq!(open_files(&[], None).unwrap_err(), ReadError::Empty);
        assert_eq!(
            open_files(&[("a.csv", b"")], None).unwrap_err(),
            ReadError::Empty
        );
        assert_eq!(
            open_files(&[("a.bin", &[0, 1, 2, 3])], None).unwrap_err(),
            ReadError::NotThisFormat
        );
        assert!(matches!(
            open_files(&[("a.dat", &[0, 1, 2, 3])], None).unwrap_err(),
            ReadError::NeedsFile { name, .. } if name == "a.hea"
        ));
        let export = zip_of(&[("apple_health_export/export.xml", b"<a/>")]);
        assert!(matches!(
            open_files(&[("export.zip", &export)], None).unwrap_err(),
            ReadError::NoSignal { .. }
        ));
        assert!(matches!(
            open_files(&[("a.zip", b"PK\x03\x04 cut")], None).unwrap_err(),
            ReadError::Damaged { .. }
        ));
    }
}
