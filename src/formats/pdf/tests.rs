//! Reports drawn by a generator of our own, and the public samples.

use super::*;
use crate::formats::testing::{entry, read_first, recording, samples};
use crate::recording::{Lead, LeadName};
use std::fmt::Write as _;
use std::io::Write as _;

const MM: f64 = 72.0 / 25.4;
/// The usual order of twelve leads on a sheet of three rows.
const THREE_BY_FOUR: [[&str; 4]; 3] = [
    ["I", "aVR", "V1", "V4"],
    ["II", "aVL", "V2", "V5"],
    ["III", "aVF", "V3", "V6"],
];

/// A beat a second: P, QRS and T as bumps, in millivolts.
fn beat(time_s: f64, size: f64) -> f64 {
    let phase = time_s.rem_euclid(0.83);
    let bump = |at: f64, width: f64, height: f64| height * (-((phase - at) / width).powi(2)).exp();
    size * (bump(0.2, 0.025, 0.12) + bump(0.36, 0.009, 1.1) - bump(0.38, 0.01, 0.25)
        + bump(0.62, 0.05, 0.3))
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// How the objects are written.
#[derive(Clone, Copy, PartialEq)]
enum Writing {
    Table,
    /// Everything but streams in an object stream, found by a cross-reference stream.
    Packed,
    /// A table that leads nowhere.
    Broken,
}

/// A document of pages: content and rotation each. The objects are 1 catalogue, 2 page tree, 3 font, then two a page.
fn document(pages: &[(String, u16)], size: [f64; 2], writing: Writing) -> Vec<u8> {
    let mut objects: Vec<(u32, String, Option<Vec<u8>>)> =
        vec![(1, "<</Type/Catalog/Pages 2 0 R>>".into(), None)];
    let kids: Vec<String> = (0..pages.len())
        .map(|at| format!("{} 0 R", 4 + 2 * at))
        .collect();
    objects.push((
        2,
        format!(
            "<</Type/Pages/Count {}/Kids[{}]>>",
            pages.len(),
            kids.join(" ")
        ),
        None,
    ));
    objects.push((
        3,
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".into(),
        None,
    ));
    for (at, (content, rotate)) in pages.iter().enumerate() {
        let number = 4 + 2 * at as u32;
        objects.push((
            number,
            format!(
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {} {}]/Rotate {rotate}/Contents {} 0 R/Resources<</Font<</F 3 0 R>>>>>>",
                size[0], size[1], number + 1
            ),
            None,
        ));
        let data = deflate(content.as_bytes());
        objects.push((
            number + 1,
            format!("<</Length {}/Filter/FlateDecode>>", data.len()),
            Some(data),
        ));
    }
    let mut bytes = b"%PDF-1.5\n".to_vec();
    let mut places = std::collections::BTreeMap::new();
    let write = |bytes: &mut Vec<u8>,
                 places: &mut std::collections::BTreeMap<u32, usize>,
                 number: u32,
                 dict: &str,
                 data: Option<&[u8]>| {
        places.insert(number, bytes.len());
        bytes.extend(format!("{number} 0 obj\n{dict}\n").bytes());
        if let Some(data) = data {
            bytes.extend(b"stream\n");
            bytes.extend(data);
            bytes.extend(b"\nendstream\n");
        }
        bytes.extend(b"endobj\n");
    };
    let count = objects.len() as u32 + 1;
    if writing == Writing::Packed {
        let plain: Vec<_> = objects
            .iter()
            .filter(|(_, _, data)| data.is_none())
            .collect();
        let (mut index, mut body) = (String::new(), String::new());
        for (number, dict, _) in &plain {
            let _ = write!(index, "{number} {} ", body.len());
            let _ = write!(body, "{dict} ");
        }
        let packed = deflate(format!("{index}{body}").as_bytes());
        let dict = format!(
            "<</Type/ObjStm/N {}/First {}/Length {}/Filter/FlateDecode>>",
            plain.len(),
            index.len(),
            packed.len()
        );
        write(&mut bytes, &mut places, count, &dict, Some(&packed));
        for (number, dict, data) in objects.iter().filter(|(_, _, data)| data.is_some()) {
            write(&mut bytes, &mut places, *number, dict, data.as_deref());
        }
        let mut rows = Vec::new();
        for number in 0..=count {
            let row = match plain.iter().position(|(n, ..)| *n == number) {
                Some(at) => [2, count, at as u32],
                None => [1, places.get(&number).copied().unwrap_or(0) as u32, 0],
            };
            rows.push(row[0] as u8);
            rows.extend(row[1].to_be_bytes());
            rows.push(row[2] as u8);
        }
        // The predictor "up" of PNG, as most writers use it.
        let mut predicted = Vec::new();
        let mut above = [0_u8; 6];
        for row in rows.chunks(6) {
            predicted.push(2);
            predicted.extend(row.iter().zip(above).map(|(a, b)| a.wrapping_sub(b)));
            above.copy_from_slice(row);
        }
        let packed = deflate(&predicted);
        let at = bytes.len();
        let dict = format!(
            "<</Type/XRef/Size {}/W[1 4 1]/Root 1 0 R/Length {}/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 6>>>>",
            count + 1,
            packed.len()
        );
        write(&mut bytes, &mut places, count + 1, &dict, Some(&packed));
        bytes.extend(format!("startxref\n{at}\n%%EOF\n").bytes());
        return bytes;
    }
    for (number, dict, data) in &objects {
        write(&mut bytes, &mut places, *number, dict, data.as_deref());
    }
    let at = bytes.len();
    bytes.extend(format!("xref\n0 {count}\n0000000000 65535 f \n").bytes());
    for number in 1..count {
        bytes.extend(format!("{:010} 00000 n \n", places[&number]).bytes());
    }
    let shift = if writing == Writing::Broken { 77 } else { 0 };
    bytes.extend(
        format!(
            "trailer\n<</Size {count}/Root 1 0 R>>\nstartxref\n{}\n%%EOF\n",
            at + shift
        )
        .bytes(),
    );
    bytes
}

/// A sheet that is drawn in true millimetres, then made smaller.
struct Drawing {
    text: String,
    scale: f64,
}

impl Drawing {
    /// A sheet of this scale, with a grid of small squares over `width` by `height`.
    fn new(scale: f64, width: f64, height: f64) -> Self {
        let mut drawing = Self {
            text: format!(
                "q {} 0 0 {} 20 20 cm 0.1 w 1 0.8 0.8 RG\n",
                MM * scale,
                MM * scale
            ),
            scale,
        };
        for x in 0..=width as u32 {
            let _ = writeln!(drawing.text, "{x} 0 m {x} {height} l S");
        }
        for y in 0..=height as u32 {
            let _ = writeln!(drawing.text, "0 {y} m {width} {y} l S");
        }
        drawing.text.push_str("0 G 0.2 w\n");
        drawing
    }

    fn pulse(&mut self, x: f64, y: f64, gain: f64) {
        let top = y + gain;
        let _ = writeln!(
            self.text,
            "{x} {y} m {} {y} l {} {top} l {} {top} l {} {y} l {} {y} l S",
            x + 1.0,
            x + 1.0,
            x + 6.0,
            x + 6.0,
            x + 7.0
        );
    }

    /// A trace from `x`, its zero at `y`, in millimetres.
    fn trace(&mut self, x: f64, y: f64, step: f64, gain: f64, values: impl Iterator<Item = f64>) {
        for (at, value) in values.enumerate() {
            let operator = if at == 0 { "m" } else { "l" };
            let _ = writeln!(
                self.text,
                "{:.4} {:.4} {operator}",
                x + at as f64 * step,
                y + gain * value
            );
        }
        self.text.push_str("S\n");
    }

    fn words(&mut self, x: f64, y: f64, words: &str) {
        let _ = writeln!(self.text, "BT /F 3 Tf {x} {y} Td ({words}) Tj ET");
    }

    fn finish(mut self) -> String {
        assert!(self.scale > 0.0);
        self.text.push('Q');
        self.text
    }
}

fn open(bytes: Vec<u8>) -> Result<Reading, ReadError> {
    read_first(&Bundle::from_bytes("x", bytes), Answers::default())
}

/// Root mean square of the differences, in microvolts.
fn rms_uv(lead: &Lead, truth: impl Fn(f64) -> f64) -> f64 {
    let values = lead.samples.all_values();
    let sum: f64 = values
        .iter()
        .enumerate()
        .map(|(at, value)| (f64::from(*value) - truth(at as f64 / lead.rate_hz)).powi(2))
        .sum();
    (sum / values.len() as f64).sqrt() * 1000.0
}

/// Three rows of ten seconds of one lead at 512 Hz, made smaller so that they fit the page.
fn three_rows(scale: f64, speed: f64, gain: f64, scale_words: &str) -> String {
    let mut drawing = Drawing::new(scale, 10.0 * speed, 130.0);
    drawing.words(2.0, 126.0, scale_words);
    for row in 0..3 {
        let y = 105.0 - 40.0 * f64::from(row);
        let values = (0..5120).map(|i| beat(f64::from(row) * 10.0 + f64::from(i) / 512.0, 1.0));
        drawing.trace(0.0, y, speed / 512.0, gain, values);
    }
    drawing.finish()
}

#[test]
fn rows_of_one_lead_are_read_within_ten_microvolts_at_any_scale() {
    for (scale, speed, gain) in [(0.8, 25.0, 10.0), (1.0, 12.5, 5.0), (0.55, 50.0, 10.0)] {
        let words = format!("{speed} mm/s, {gain} mm/mV, Lead I, 512Hz");
        let page = three_rows(scale, speed, gain, &words);
        for writing in [Writing::Table, Writing::Packed, Writing::Broken] {
            let bytes = document(&[(page.clone(), 0)], [612.0, 792.0], writing);
            let read = recording(open(bytes), "rows");
            let [lead] = read.leads.as_slice() else {
                panic!("{}", read.leads.len())
            };
            assert_eq!(
                (lead.samples.len(), lead.standard),
                (15_360, Some(LeadName::I))
            );
            assert_eq!(lead.rate_hz, 512.0);
            // The rows' middle stands for zero where no pulse tells: between the beats that is where the drawing has it.
            let error = rms_uv(lead, |time| beat(time, 1.0));
            assert!(error < 10.0, "{scale} {speed} {gain}: {error} uV");
        }
    }
}

/// Three rows of four leads and a rhythm strip, with pulses; the page is turned.
fn twelve_leads(gain: f64, names: bool, words: &str) -> String {
    let mut drawing = Drawing::new(1.0, 260.0, 160.0);
    drawing.words(5.0, 155.0, words);
    for (row, leads) in THREE_BY_FOUR.iter().enumerate() {
        let y = 130.0 - 35.0 * row as f64;
        drawing.pulse(0.0, y, gain);
        for (column, name) in leads.iter().enumerate() {
            let x = 8.0 + 62.5 * column as f64;
            if names {
                drawing.words(x, y + 8.0, name);
            }
            let size = 0.3 + 0.1 * (row * 4 + column) as f64;
            let from = 2.5 * column as f64;
            drawing.trace(
                x,
                y,
                0.05,
                gain,
                (0..1238).map(|i| beat(from + f64::from(i) / 500.0, size)),
            );
        }
    }
    drawing.pulse(0.0, 25.0, gain);
    if names {
        drawing.words(8.0, 33.0, "II");
    }
    drawing.trace(
        8.0,
        25.0,
        0.05,
        gain,
        (0..5000).map(|i| beat(f64::from(i) / 500.0, 0.7)),
    );
    drawing.finish()
}

#[test]
fn columns_follow_each_other_and_the_rhythm_strip_is_the_whole_lead() {
    let page = twelve_leads(10.0, true, "25mm/s 10mm/mV 40Hz");
    // The same drawing on its side, shown upright by the page's rotation.
    let turned = format!("q 0 1 -1 0 612 0 cm\n{page}\nQ");
    for (content, rotate, size) in [(page, 0, [792.0, 612.0]), (turned, 90, [612.0, 792.0])] {
        let read = recording(
            open(document(&[(content, rotate)], size, Writing::Table)),
            "twelve",
        );
        assert_eq!(read.leads.len(), 12);
        for (lead, name) in read.leads.iter().zip(LeadName::ALL) {
            assert_eq!(
                (lead.standard, lead.rate_hz, lead.samples.len()),
                (Some(name), 500.0, 5000)
            );
        }
        let second = &read.leads[1];
        assert!(second.gaps.is_empty());
        assert!(rms_uv(second, |time| beat(time, 0.7)) < 10.0);
        let v6 = &read.leads[11];
        assert_eq!(v6.gaps.len(), 2);
        assert_eq!(v6.gaps[0].range, 0..3750);
        let at = 3750 + 180;
        let truth = beat(at as f64 / 500.0, 1.4);
        assert!((f64::from(v6.samples.value(at).unwrap()) - truth).abs() < 0.01);
        let codes: Vec<&str> = read.notes.iter().map(|note| note.code.as_str()).collect();
        assert_eq!(codes, ["pdf-columns-in-time"]);
    }
}

/// Three rows, each drawn in one stroke that changes its lead three times, and a rhythm strip; `shift_mm` moves the names of
/// the second column.
fn rows_in_one_stroke(shift_mm: f64) -> String {
    let mut drawing = Drawing::new(1.0, 260.0, 160.0);
    drawing.words(5.0, 155.0, "25mm/s 10mm/mV");
    for (row, leads) in THREE_BY_FOUR.iter().enumerate() {
        let y = 130.0 - 35.0 * row as f64;
        for (column, name) in leads.iter().enumerate() {
            let shift = if column == 1 { shift_mm } else { 0.0 };
            drawing.words(2.0 + 62.5 * column as f64 + shift, y + 14.0, name);
        }
        let value = |i: usize| {
            let size = 0.3 + 0.1 * (row * 4 + i / 1250) as f64;
            beat(i as f64 / 500.0, size)
        };
        drawing.trace(0.0, y, 0.05, 10.0, (0..5000).map(value));
    }
    drawing.words(2.0, 39.0, "II");
    let strip = (0..5000).map(|i| beat(f64::from(i) / 500.0, 0.7));
    drawing.trace(0.0, 25.0, 0.05, 10.0, strip);
    drawing.finish()
}

#[test]
fn a_row_in_one_stroke_is_cut_at_the_names_of_its_leads() {
    let page = document(
        &[(rows_in_one_stroke(0.0), 0)],
        [792.0, 612.0],
        Writing::Table,
    );
    let read = recording(open(page), "one stroke");
    let names: Vec<Option<LeadName>> = read.leads.iter().map(|lead| lead.standard).collect();
    assert_eq!(
        names,
        LeadName::ALL[..12]
            .iter()
            .copied()
            .map(Some)
            .collect::<Vec<_>>()
    );
    for (name, size, from) in [
        (LeadName::I, 0.3, 0),
        (LeadName::AVR, 0.4, 1250),
        (LeadName::V6, 1.4, 3750),
    ] {
        let lead = read
            .leads
            .iter()
            .find(|lead| lead.standard == Some(name))
            .unwrap();
        // The row is drawn to the 100th of a point; 180 samples in, the R wave of the first beat has come.
        for at in from + 150..from + 250 {
            let truth = beat(at as f64 / 500.0, size);
            let found = f64::from(lead.samples.value(at).unwrap());
            assert!(
                (found - truth).abs() < 0.03,
                "{name:?} {at}: {found} {truth}"
            );
        }
    }
}

#[test]
fn a_row_whose_names_do_not_share_it_evenly_is_not_read_as_its_first_lead() {
    let page = document(
        &[(rows_in_one_stroke(14.0), 0)],
        [792.0, 612.0],
        Writing::Table,
    );
    let read = recording(open(page), "uneven names");
    let names: Vec<Option<LeadName>> = read.leads.iter().map(|lead| lead.standard).collect();
    assert_eq!(names, [Some(LeadName::II)]);
    let note = read
        .notes
        .iter()
        .find(|note| note.code == "pdf-rows-left-out");
    assert_eq!(
        note.unwrap().args[0].1,
        crate::recording::Arg::from(3_usize)
    );
}

#[test]
fn time_comes_from_grid_and_speed_and_voltage_from_the_pulse() {
    // Pulse and grid of a gain of 5: without a word of the gain, the pulse alone tells.
    let page = twelve_leads(5.0, true, "25mm/s");
    let read = recording(
        open(document(&[(page, 0)], [792.0, 612.0], Writing::Table)),
        "pulse",
    );
    assert!(rms_uv(&read.leads[1], |time| beat(time, 0.7)) < 10.0);
    // Words that contradict the pulse are asked about.
    let page = twelve_leads(5.0, true, "25mm/s 10mm/mV");
    let asked = open(document(&[(page, 0)], [792.0, 612.0], Writing::Table));
    let Ok(Reading::Question(question)) = asked else {
        panic!("{asked:?}")
    };
    assert_eq!(question.unknowns, [Unknown::Gain]);
    // Neither speed nor names.
    let page = twelve_leads(10.0, false, "10mm/mV");
    let asked = open(document(&[(page, 0)], [792.0, 612.0], Writing::Table));
    let Ok(Reading::Question(question)) = asked else {
        panic!("{asked:?}")
    };
    assert_eq!(question.unknowns, [Unknown::Rate, Unknown::Lead]);
    assert_eq!(question.proposal.rate_hz, Some(500.0));
}

#[test]
fn pictures_and_passwords_are_refused_by_name() {
    let picture = "q 600 0 0 700 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q".to_owned();
    let refused = open(document(&[(picture, 0)], [612.0, 792.0], Writing::Table)).unwrap_err();
    assert!(refused.to_string().contains("pictures"), "{refused}");
    let empty = open(document(
        &[("BT ET".to_owned(), 0)],
        [612.0, 792.0],
        Writing::Table,
    ))
    .unwrap_err();
    assert!(matches!(empty, ReadError::NoSignal { .. }), "{empty}");
    let words = "25 mm/s, 10 mm/mV, Lead I, 512Hz";
    let content = three_rows(0.8, 25.0, 10.0, words);
    let locked = open(encrypted(&content, false)).unwrap_err();
    assert!(locked.to_string().contains("password"), "{locked}");
    // An empty password is no password.
    let read = recording(open(encrypted(&content, true)), "encrypted");
    assert_eq!(read.leads[0].samples.len(), 15_360);
    assert_eq!(read.source.device.as_deref(), Some("by hand"));
}

/// A page in a file encrypted with RC4 of 40 bits, without tables: with the empty password, or with another one.
fn encrypted(content: &str, empty: bool) -> Vec<u8> {
    let (mut user, key) = super::crypt::settings_for_test(&[b'o'; 32], b"id");
    if !empty {
        user[0] ^= 1;
    }
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    let data = key.decrypt(&deflate(content.as_bytes()), 5, 0);
    let producer = hex(&key.decrypt(b"by hand", 6, 0));
    let mut bytes = format!(
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[4 0 R]>>endobj\n\
         4 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R>>endobj\n\
         6 0 obj<</Producer<{producer}>>>endobj\n\
         9 0 obj<</Filter/Standard/V 1/R 2/P -4/O<{}>/U<{}>>>endobj\n\
         5 0 obj<</Length {}/Filter/FlateDecode>>stream\n",
        hex(&[b'o'; 32]),
        hex(&user),
        data.len()
    )
    .into_bytes();
    bytes.extend(data);
    bytes.extend(
        b"\nendstream endobj\ntrailer<</Root 1 0 R/Info 6 0 R/Encrypt 9 0 R/ID[(id)(id)]>>",
    );
    bytes
}

#[test]
fn drawings_that_draw_themselves_end() {
    let page = "<</Type/Page/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</A 4 0 R>>>>/Parent 2 0 R>>";
    let body = "/A Do /A Do /A Do /A Do /A Do /A Do /A Do /A Do";
    let text = format!(
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R 2 0 R]>>endobj\n\
         3 0 obj{page}endobj\n4 0 obj<</Subtype/Form/Length {}>>stream\n{body}\nendstream endobj\n\
         trailer<</Root 1 0 R>>",
        body.len()
    );
    assert!(open(text.into_bytes()).is_err());
}

#[test]
fn kardia_samples_are_read_to_the_last_count() {
    let Some(root) = samples() else { return };
    let open = |file: &str| {
        let bundle = Bundle {
            entries: vec![entry(&root.join(file))],
        };
        recording(read_first(&bundle, Answers::default()), file)
    };
    let one = open("kardia-pdf/kardia_1lead_ios.pdf");
    let lead = &one.leads[0];
    assert_eq!(
        (lead.samples.len(), lead.rate_hz, lead.standard),
        (9000, 300.0, Some(LeadName::I))
    );
    assert_eq!(lead.samples.scale.gain, 2000.0);
    let counts = |lead: &Lead| -> Vec<i32> {
        (0..lead.samples.len())
            .map(|i| lead.samples.stored(i).unwrap() as i32)
            .collect()
    };
    let found = counts(lead);
    assert_eq!(
        (found.iter().min(), found.iter().max()),
        (Some(&-689), Some(&705))
    );
    assert_eq!(
        one.source.classification.as_deref(),
        Some("Normal Sinus Rhythm")
    );
    assert_eq!(one.start.unwrap().iso(), "2026-02-13T22:42:00");
    assert!(one.notes.is_empty(), "{:?}", one.notes);
    let six = open("kardia-pdf/kardia_6lead_ios_first3pages.pdf");
    assert_eq!(six.leads.len(), 6);
    let leads: Vec<Vec<i32>> = six.leads.iter().map(counts).collect();
    let at_once = |at: usize| leads.iter().map(move |counts| counts[at]);
    for at in 0..4650 {
        let six: Vec<i32> = at_once(at).collect();
        let [one, two, three, right, left, foot] = six[..] else {
            panic!()
        };
        assert_eq!(three, two - one, "{at}");
        // Halves of counts are rounded.
        assert!((2 * right + one + two).abs() <= 1, "{at}");
        assert!((2 * left - one + three).abs() <= 1, "{at}");
        assert!((2 * foot - two - three).abs() <= 1, "{at}");
    }
    let low = leads
        .iter()
        .flatten()
        .min()
        .copied()
        .map(f64::from)
        .unwrap()
        / 2000.0;
    let high = leads
        .iter()
        .flatten()
        .max()
        .copied()
        .map(f64::from)
        .unwrap()
        / 2000.0;
    assert_eq!((leads[0].len(), low, high), (4650, -1.1, 1.4115));
    assert!(six.notes.is_empty(), "{:?}", six.notes);
}

#[test]
fn a_muse_sample_agrees_with_itself() {
    let Some(root) = samples() else { return };
    let file = root.join("pdf/introecg_muse_fictitious.pdf");
    let read = recording(
        read_first(
            &Bundle {
                entries: vec![entry(&file)],
            },
            Answers::default(),
        ),
        "muse",
    );
    assert_eq!(read.leads.len(), 12);
    for (lead, name) in read.leads.iter().zip(LeadName::ALL) {
        assert_eq!(
            (lead.standard, lead.rate_hz, lead.samples.len()),
            (Some(name), 500.0, 5000)
        );
        let whole = [LeadName::V1, LeadName::II, LeadName::V5].contains(&name);
        assert_eq!(lead.gaps.is_empty(), whole, "{name:?}");
    }
    // V1, II and V5 are drawn twice: the two agree within two counts of 4.88 microvolts.
    assert!(
        read.notes
            .iter()
            .all(|note| note.code == "pdf-columns-in-time"),
        "{:?}",
        read.notes
    );
    for (lead, span) in [(6, 1.025), (1, 0.552), (10, 1.132)] {
        let (low, high) = crate::formats::testing::extremes(&read.leads[lead]);
        assert!((high - low - span).abs() < 0.0015, "{lead} {low} {high}");
    }
    let told: Vec<(&str, &str)> = read
        .source
        .measurements
        .iter()
        .map(|m| (m.name.as_str(), m.value.as_str()))
        .collect();
    assert!(told.contains(&("PR interval", "166 ms")), "{told:?}");
    assert!(told.contains(&("QT/QTc", "454/513 ms")), "{told:?}");
}
