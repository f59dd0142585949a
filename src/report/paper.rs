//! The report on paper: A4, lying, at 25 mm/s and 10 mm/mV. First whether it can be trusted, what it says and the trace; then
//! strips of what was found, where not all of the trace is drawn; then everything in words.

use super::marks::{beat_marks, drawn_leads, finding_bands, quality_veils, scale_line};
use super::text::{Extent, Line, lines};
use super::{
    INTERVALS, Report, Words, conclusion, plain_number, quality, rate, rhythm, small_print,
};
use crate::findings::Finding;
use crate::recording::{Phrase, Recording, Unit};
use crate::sheet::{
    Anchor, Composition, Fill, HEAD_MM, Item, Layout, MARGIN_MM, Panel, PaperPage,
    STANDARD_GAIN_MM_MV, STANDARD_SPEED_MM_S, Stretch, Trace, Tracing, Weight, compose, width_mm,
    wrap,
};

const WIDTH_MM: f64 = 297.0;
const HEIGHT_MM: f64 = 210.0;
/// Free edge: what printers leave white.
const EDGE_MM: f64 = 10.0;
/// Lowest line of what stands above the foot.
const FLOOR_MM: f64 = 197.0;
/// Sizes of letters: of most text, of the foot, and of titles; and the distance of lines.
const LETTER_MM: f64 = 3.0;
const FOOT_MM: f64 = 2.3;
const TITLE_MM: f64 = 4.2;
const PITCH_MM: f64 = 4.1;
/// Width of the column of names.
const NAMES_MM: f64 = 31.0;
/// Columns of text on a page, and the space between them.
const COLUMNS: usize = 2;
const GUTTER_MM: f64 = 9.0;
/// Most lines of one piece of text.
const PIECE: usize = 12;
/// Least height of the trace, whatever stands above it.
const LEAST_SHEET_MM: f64 = 40.0;
/// Most rows of a name, and of a heading: what a file writes there has no end of its own.
const MOST_ROWS: usize = 3;
/// Rows of one lead on a page, and their greatest height.
const ROWS: usize = 3;
const ROW_MM: f64 = 48.0;
/// Leads on a page where there are several: with more, high beats would reach into the leads above.
const LEADS: usize = 6;
/// All of the trace is drawn up to so many pages of it; of longer ones the first page, and strips of what was found.
const WHOLE_PAGES: usize = 6;
/// Most strips.
const MOST_STRIPS: usize = 12;
/// A strip begins so long before its first beat, seconds.
const BEFORE_S: f64 = 1.0;
/// Most findings that the first page names.
const MOST_NAMES: usize = 6;

/// The pages of a report and the recording that it is about.
#[must_use]
pub fn paper(report: &Report, recording: &Recording, words: &Words) -> Vec<PaperPage> {
    let press = Press::new(report, recording, words);
    let mut pages = press.sheets();
    pages.extend(press.told());
    let of = pages.len();
    for (index, page) in pages.iter_mut().enumerate() {
        page.extend(press.foot(index + 1, of));
    }
    pages
        .into_iter()
        .map(|panels| PaperPage {
            width_mm: WIDTH_MM,
            height_mm: HEIGHT_MM,
            panels,
        })
        .collect()
}

/// A lead that is drawn.
struct Drawn {
    /// Place in the recording.
    lead: usize,
    name: String,
    trace: Trace,
    /// Whether it has a unit.
    calibrated: bool,
}

struct Press<'a> {
    report: &'a Report,
    words: &'a Words,
    /// The leads that are drawn.
    leads: Vec<Drawn>,
    /// Place of the analysed lead among them.
    main: usize,
}

impl<'a> Press<'a> {
    fn new(report: &'a Report, recording: &Recording, words: &'a Words) -> Self {
        let drawn: Vec<usize> = drawn_leads(&report.recording.leads)
            .into_iter()
            .filter(|&lead| recording.leads.get(lead).is_some_and(|l| l.rate_hz > 0.0))
            .collect();
        let analysed = report.analysis.as_ref().map_or(0, |analysis| analysis.lead);
        let ready = |&place: &usize| {
            let lead = recording.leads.get(place)?;
            let gaps = lead.gaps.iter().map(|gap| gap.range.clone()).collect();
            Some(Drawn {
                lead: place,
                name: lead.name.clone(),
                trace: Trace::new(lead.samples.clone(), lead.rate_hz, gaps),
                calibrated: lead.unit == Unit::Millivolt,
            })
        };
        Self {
            report,
            words,
            leads: drawn.iter().filter_map(ready).collect(),
            main: drawn.iter().position(|&lead| lead == analysed).unwrap_or(0),
        }
    }

    fn say(&self, id: &str) -> String {
        self.words.message(id, &[])
    }

    fn total_s(&self) -> f64 {
        self.report.recording.duration_s
    }

    /// The pages with the trace: at least one, which has the head.
    fn sheets(&self) -> Vec<Vec<Panel>> {
        let (head, below_mm) = self.head();
        let mut pages = Vec::new();
        let mut top = Some((head, below_mm));
        let windows = self.windows();
        let drawn_s = windows.last().map_or(0.0, |last| last.1);
        for &(from_s, to_s) in &windows {
            for leads in self.groups() {
                let (mut panels, y) = top.take().unwrap_or_else(|| self.short_head());
                panels.push(self.sheet(leads, (from_s, to_s), y));
                pages.push(panels);
            }
        }
        if let Some((head, _)) = top {
            pages.push(head);
        }
        let strips: Vec<&Finding> = self
            .report
            .findings
            .iter()
            .filter(|finding| self.strip_from_s(finding) + row_s() > drawn_s)
            .take(MOST_STRIPS)
            .collect();
        if drawn_s < self.total_s() && !self.leads.is_empty() {
            for strips in strips.chunks(ROWS) {
                pages.push(self.strips(strips));
            }
        }
        pages
    }

    /// The leads in groups that fit a page.
    fn groups(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let count = self.leads.len();
        (0..count)
            .step_by(LEADS)
            .map(move |from| from..(from + LEADS).min(count))
    }

    /// Seconds that one page shows, page after page.
    fn windows(&self) -> Vec<(f64, f64)> {
        let rows = if self.leads.len() > 1 { 1 } else { ROWS };
        let page_s = row_s() * rows as f64;
        let count = (self.total_s() / page_s - 1e-6).ceil().max(1.0) as usize;
        let groups = self.leads.len().div_ceil(LEADS).max(1);
        let count = if count * groups <= WHOLE_PAGES {
            count
        } else {
            1
        };
        (0..count)
            .map(|index| {
                let from_s = index as f64 * page_s;
                (from_s, (from_s + page_s).min(self.total_s()))
            })
            .collect()
    }

    fn sheet(&self, leads: std::ops::Range<usize>, (from_s, to_s): (f64, f64), y: f64) -> Panel {
        let room_mm = (FLOOR_MM - y).max(LEAST_SHEET_MM);
        let is_single = self.leads.len() == 1;
        let (rows, height) = if is_single {
            let rows = ((to_s - from_s) / row_s() - 1e-6).ceil().max(1.0) as usize;
            (rows, room_mm.min(ROW_MM * rows as f64))
        } else {
            let high = HEAD_MM + ROW_MM * leads.len() as f64;
            (leads.len(), room_mm.min(high))
        };
        let row_mm = if is_single {
            height / rows as f64
        } else {
            (height - HEAD_MM) / rows as f64
        };
        self.tracings(leads, from_s, y, height, row_mm)
    }

    fn tracings(
        &self,
        leads: std::ops::Range<usize>,
        from_s: f64,
        y: f64,
        height: f64,
        row_mm: f64,
    ) -> Panel {
        let layout = Layout {
            width_mm: WIDTH_MM - 2.0 * EDGE_MM,
            height_mm: height,
            speed_mm_s: STANDARD_SPEED_MM_S,
            gain_mm_mv: STANDARD_GAIN_MM_MV,
            from_s,
            // A hair less, so that the rows that fit are counted as fitting.
            row_mm: row_mm - 1e-6,
            text_mm: 2.5,
            ink_mm: 0.28,
        };
        let is_marked = leads.contains(&self.main);
        let tracings: Vec<Tracing<'_>> = self.leads[leads.clone()]
            .iter()
            .map(|drawn| Tracing {
                name: &drawn.name,
                trace: &drawn.trace,
                calibrated: drawn.calibrated,
            })
            .collect();
        let recording = &self.report.recording;
        let told = if is_marked { self.main } else { leads.start };
        let scale = self
            .leads
            .get(told)
            .and_then(|drawn| recording.leads.get(drawn.lead))
            .map(|lead| scale_line(&layout, recording.source.filters.as_deref(), lead));
        let mut composition = Composition {
            tracings,
            marked: self.main.saturating_sub(leads.start),
            scale_text: scale.map_or_else(String::new, |scale| self.words.say(&scale)),
            duration_s: self.total_s(),
            gap_label: Some(|seconds| format!("{} s", plain_number(seconds))),
            ..Composition::default()
        };
        if let Ok(analysis) = &self.report.analysis {
            composition.beats = beat_marks(analysis);
        }
        if is_marked && let Ok(analysis) = &self.report.analysis {
            let say = |phrase: &Phrase| self.words.say(phrase);
            composition.stretches = quality_veils(analysis, &say);
            let name = |phrase: &Phrase| self.words.name(phrase);
            // A band over most of the trace would only make it darker.
            let most_s = self.total_s() / 2.0;
            let bands = finding_bands(self.report, None, &name);
            let short = |band: &Stretch| band.range_s.end - band.range_s.start < most_s;
            composition
                .stretches
                .extend(bands.into_iter().filter(short));
        }
        Panel {
            x: EDGE_MM,
            y,
            width: layout.width_mm,
            height,
            items: compose(&layout, &composition),
        }
    }

    /// Where the strip of a finding begins, seconds.
    fn strip_from_s(&self, finding: &Finding) -> f64 {
        let first = finding.beats.first().copied();
        let beats = self.report.analysis.as_ref().ok().map(|found| &found.beats);
        let first = first.and_then(|first| beats?.get(first));
        let at_s = first.map_or(finding.range_s.start, |beat| beat.time_s);
        (at_s - BEFORE_S).min(self.total_s() - row_s()).max(0.0)
    }

    fn strips(&self, findings: &[&Finding]) -> Vec<Panel> {
        let (mut panels, mut y) = self.short_head();
        for finding in findings {
            let name = self.words.name(&finding.text);
            let title = Phrase::new("paper-strip")
                .with("from", finding.range_s.start)
                .with("name", name.unwrap_or_else(|| finding.id.clone()));
            let mut block = Block::new(y + 1.0);
            block.line(&self.words.say(&title), LETTER_MM, Weight::Bold, Fill::Text);
            y = block.y;
            panels.push(block.panel());
            let from_s = self.strip_from_s(finding);
            panels.push(self.tracings(self.main..self.main + 1, from_s, y, ROW_MM, ROW_MM));
            y += ROW_MM + 4.5;
        }
        panels
    }

    /// What stands above the trace of the first page, and where the trace begins.
    fn head(&self) -> (Vec<Panel>, f64) {
        let (report, recording) = (self.report, &self.report.recording);
        let mut block = Block::new(EDGE_MM + TITLE_MM);
        block.right(&self.start());
        block.line(self.file_name(), TITLE_MM, Weight::Bold, Fill::Text);
        let length = Phrase::new("duration-line").with("seconds", recording.duration_s);
        let about: Vec<String> = self
            .person()
            .into_iter()
            .chain(recording.source.device.clone())
            .chain([recording.source.format.clone(), self.words.say(&length)])
            .collect();
        block.line(
            &about.join(" · "),
            LETTER_MM,
            Weight::Regular,
            Fill::TextSecondary,
        );
        block.y += 1.0;
        let rhythm = rhythm(report);
        let mut rhythm_said = self.words.say(&rhythm.line);
        if let Some(reason) = &rhythm.abstained {
            rhythm_said = format!("{rhythm_said} {}", self.words.say(reason));
        }
        block.row(
            &self.say("label-quality"),
            &self.words.say(&quality(report)),
        );
        block.row(&self.say("label-rhythm"), &rhythm_said);
        block.row(&self.say("label-rate"), &self.words.say(&rate(report)));
        let intervals = self.intervals();
        if !intervals.is_empty() {
            block.row(&self.say("label-intervals"), &intervals);
        }
        block.row(&self.say("label-findings"), &self.found());
        let drawn_s = self.windows().last().map_or(0.0, |last| last.1);
        if drawn_s < self.total_s() {
            let part = Phrase::new("paper-part")
                .with("seconds", drawn_s)
                .with("total", self.total_s());
            block.row("", &self.words.say(&part));
        }
        let y = block.y;
        (vec![block.panel()], y)
    }

    /// What stands above the other pages.
    fn short_head(&self) -> (Vec<Panel>, f64) {
        let mut block = Block::new(EDGE_MM + LETTER_MM);
        block.right(&self.start());
        let about: Vec<String> = std::iter::once(self.file_name().to_owned())
            .chain(self.person())
            .collect();
        block.line(
            &about.join(" · "),
            LETTER_MM,
            Weight::Regular,
            Fill::TextSecondary,
        );
        let y = block.y;
        (vec![block.panel()], y)
    }

    /// The file's name without the folders that it lay in.
    fn file_name(&self) -> &str {
        let file = self.report.file.as_str();
        file.rsplit(['/', '\\']).next().unwrap_or(file)
    }

    /// When it was recorded, or nothing.
    fn start(&self) -> String {
        let start = self.report.recording.start;
        start.map(|start| start.iso()).unwrap_or_default()
    }

    fn person(&self) -> Vec<String> {
        let patient = &self.report.recording.source.patient;
        [
            &patient.name,
            &patient.id,
            &patient.birth_date,
            &patient.sex,
        ]
        .into_iter()
        .flatten()
        .cloned()
        .collect()
    }

    /// The intervals that were measured, in one line.
    fn intervals(&self) -> String {
        let Ok(analysis) = &self.report.analysis else {
            return String::new();
        };
        let mut said: Vec<String> = INTERVALS
            .into_iter()
            .filter_map(|(label, pick)| {
                let value = analysis.interval(pick).measured.value();
                let value = value.filter(|value| value.is_finite())?;
                Some(format!("{} {value:.0} ms", self.say(label)))
            })
            .collect();
        if let Some(axis) = analysis.axis_deg.value() {
            said.push(format!("{} {axis:.0}°", self.say("label-axis")));
        }
        said.join(" · ")
    }

    /// The names of what was found, or that nothing was.
    fn found(&self) -> String {
        let mut names: Vec<(String, usize)> = Vec::new();
        for finding in &self.report.findings {
            let name = self.words.name(&finding.text);
            let name = name.unwrap_or_else(|| finding.id.clone());
            match names.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => names.push((name, 1)),
            }
        }
        if names.is_empty() {
            let nothing = conclusion(self.report);
            let nothing = nothing.iter().map(|phrase| self.words.say(phrase));
            return nothing.collect::<Vec<_>>().join(" ");
        }
        let more = names.len().saturating_sub(MOST_NAMES);
        let mut said: Vec<String> = names
            .into_iter()
            .take(MOST_NAMES)
            .map(|(name, count)| match count {
                1 => name,
                count => format!("{name} ({count})"),
            })
            .collect();
        if more > 0 {
            said.push(self.words.say(&Phrase::new("and-more").with("n", more)));
        }
        said.join(" · ")
    }

    /// Everything in words, in columns.
    fn told(&self) -> Vec<Vec<Panel>> {
        let room_mm =
            (WIDTH_MM - 2.0 * EDGE_MM - GUTTER_MM * (COLUMNS - 1) as f64) / COLUMNS as f64;
        let (_, top_mm) = self.short_head();
        let mut columns = vec![Block::column(0, top_mm, room_mm)];
        let lines = lines(self.report, self.words, Extent::Everything);
        for line in lines.into_iter().flat_map(|line| pieces(line, room_mm)) {
            let Some(last) = columns.last_mut() else {
                break;
            };
            let needs_mm = last.height_of(&line);
            if last.y + needs_mm > FLOOR_MM {
                let next = columns.len() % COLUMNS;
                columns.push(Block::column(next, top_mm, room_mm));
            }
            if let Some(last) = columns.last_mut() {
                last.set(&line, top_mm);
            }
        }
        let mut pages = Vec::new();
        for columns in columns.chunks_mut(COLUMNS) {
            let (mut panels, _) = self.short_head();
            panels.extend(columns.iter_mut().map(Block::panel));
            pages.push(panels);
        }
        pages
    }

    fn foot(&self, page: usize, of: usize) -> Vec<Panel> {
        let mut block = Block::new(FLOOR_MM + 4.0);
        let number = Phrase::new("paper-page").with("n", page).with("of", of);
        let hash = self.report.sha256.as_deref().unwrap_or_default();
        let hash = hash.get(..16).unwrap_or_default();
        let own = format!("{}  {hash}", self.report.build);
        let number = format!("{}  {}", own.trim(), self.words.say(&number));
        let room_mm = block.room_mm - width_mm(&number, FOOT_MM, Weight::Regular) - 6.0;
        block.right_of(&number, FOOT_MM);
        for row in wrap(&self.words.say(&small_print()), FOOT_MM, room_mm) {
            block.put(0.0, &row, FOOT_MM, Weight::Regular, Fill::TextSecondary);
            block.y += FOOT_MM * 1.3;
        }
        vec![block.panel()]
    }
}

/// A line whose text would fill a page is set in pieces.
fn pieces(line: Line, room_mm: f64) -> Vec<Line> {
    let Line::Row { mut name, text } = line else {
        return vec![line];
    };
    wrap(&text, LETTER_MM, room_mm - NAMES_MM)
        .chunks(PIECE)
        .map(|rows| Line::Row {
            name: std::mem::take(&mut name),
            text: rows.join(" "),
        })
        .collect()
}

/// The beginning of a text that a file wrote, long enough for any heading.
fn start_of(text: &str) -> String {
    text.chars().take(600).collect()
}

/// Seconds of one row.
fn row_s() -> f64 {
    (WIDTH_MM - 2.0 * EDGE_MM - MARGIN_MM) / STANDARD_SPEED_MM_S
}

/// Lines of text under each other on a page.
struct Block {
    items: Vec<Item>,
    x: f64,
    /// Baseline of the next line.
    y: f64,
    room_mm: f64,
    names_mm: f64,
}

impl Block {
    fn new(y: f64) -> Self {
        Self {
            items: Vec::new(),
            x: EDGE_MM,
            y,
            room_mm: WIDTH_MM - 2.0 * EDGE_MM,
            names_mm: 20.0,
        }
    }

    fn column(index: usize, top_mm: f64, room_mm: f64) -> Self {
        Self {
            items: Vec::new(),
            x: EDGE_MM + index as f64 * (room_mm + GUTTER_MM),
            y: top_mm + PITCH_MM,
            room_mm,
            names_mm: NAMES_MM,
        }
    }

    fn put(&mut self, at_mm: f64, text: &str, size_mm: f64, weight: Weight, fill: Fill) {
        self.items.push(Item::Text {
            x: self.x + at_mm,
            y: self.y,
            text: text.to_owned(),
            size_mm,
            anchor: Anchor::Start,
            weight,
            fill,
        });
    }

    /// A text at the right end of the next line.
    fn right(&mut self, text: &str) {
        self.right_of(text, LETTER_MM);
    }

    fn right_of(&mut self, text: &str, size_mm: f64) {
        self.items.push(Item::Text {
            x: self.x + self.room_mm,
            y: self.y,
            text: text.to_owned(),
            size_mm,
            anchor: Anchor::End,
            weight: Weight::Regular,
            fill: Fill::TextSecondary,
        });
    }

    /// A line over the whole width, wrapped; the first leaves room for a time at its right end.
    fn line(&mut self, text: &str, size_mm: f64, weight: Weight, fill: Fill) {
        let rows = wrap(&start_of(text), size_mm * 1.06, self.room_mm - 50.0);
        for row in rows.into_iter().take(MOST_ROWS) {
            self.put(0.0, &row, size_mm, weight, fill);
            self.y += size_mm * 1.35;
        }
    }

    /// A name and its text, which wraps in its own column.
    fn row(&mut self, name: &str, text: &str) {
        let names = self.names(name);
        let texts = wrap(text, LETTER_MM, self.room_mm - self.names_mm);
        for index in 0..names.len().max(texts.len()) {
            if let Some(name) = names.get(index) {
                self.put(0.0, name, LETTER_MM, Weight::Regular, Fill::TextSecondary);
            }
            if let Some(text) = texts.get(index) {
                let at_mm = self.names_mm;
                self.put(at_mm, text, LETTER_MM, Weight::Regular, Fill::Text);
            }
            self.y += PITCH_MM;
        }
    }

    fn names(&self, name: &str) -> Vec<String> {
        let mut rows = wrap(&start_of(name), LETTER_MM, self.names_mm - 1.0);
        rows.truncate(MOST_ROWS);
        rows
    }

    /// Height that a line of the report takes; a title also that of a line under it.
    fn height_of(&self, line: &Line) -> f64 {
        match line {
            Line::File(_) => 0.0,
            Line::Blank => PITCH_MM / 2.0,
            Line::Title(_) => 3.5 * PITCH_MM,
            Line::Row { name, text } => {
                let names = self.names(name).len();
                let texts = wrap(text, LETTER_MM, self.room_mm - self.names_mm).len();
                names.max(texts) as f64 * PITCH_MM - PITCH_MM
            }
        }
    }

    fn set(&mut self, line: &Line, top_mm: f64) {
        let is_first = self.y < top_mm + 1.5 * PITCH_MM;
        match line {
            // The head has it.
            Line::File(_) => {}
            Line::Blank if is_first => {}
            Line::Blank => self.y += PITCH_MM / 2.0,
            Line::Title(title) => {
                if !is_first {
                    self.y += PITCH_MM * 0.8;
                }
                self.put(0.0, title, LETTER_MM * 1.1, Weight::Bold, Fill::Text);
                self.y += PITCH_MM * 1.1;
            }
            Line::Row { name, text } => self.row(name, text),
        }
    }

    /// What was set, as a panel over the whole page.
    fn panel(&mut self) -> Panel {
        Panel {
            x: 0.0,
            y: 0.0,
            width: WIDTH_MM,
            height: HEIGHT_MM,
            items: std::mem::take(&mut self.items),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{recording, report};
    use super::*;
    use crate::sheet::{pdf, svg};

    fn texts(page: &PaperPage) -> Vec<&str> {
        let items = page.panels.iter().flat_map(|panel| &panel.items);
        items
            .filter_map(|item| match item {
                Item::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    fn ink(page: &PaperPage) -> Vec<(f64, f64)> {
        let mut points = Vec::new();
        for item in page.panels.iter().flat_map(|panel| &panel.items) {
            if let Item::Polyline {
                points: own,
                stroke,
            } = item
                && stroke.colour == Fill::Ink
                && own.len() > 10
            {
                points.extend(own);
            }
        }
        points
    }

    #[test]
    fn a_strip_of_thirty_seconds_is_drawn_once_whole_and_told_in_words() {
        let mut report = report();
        report.file = "/home/nurse/ecg/a.hea".to_owned();
        let pages = paper(&report, &recording(), &Words::english());
        assert!(pages.len() >= 2, "{}", pages.len());
        let first = texts(&pages[0]);
        for wanted in [
            "a.hea",
            "Quality",
            "Rhythm",
            "Rate",
            "Intervals",
            "Findings",
        ] {
            assert!(first.contains(&wanted), "{wanted} in {first:?}");
        }
        assert!(first.iter().any(|text| text.starts_with("page 1 of")
            || text.ends_with(&format!("page 1 of {}", pages.len()))));
        // 29.6 s of ink (a gap has 0.4 s), two extremes for each 10 ms.
        let drawn = ink(&pages[0]).len();
        assert!((5900..5960).contains(&drawn), "{drawn}");
        let words: String = pages[1..]
            .iter()
            .flat_map(texts)
            .collect::<Vec<_>>()
            .join(" ");
        assert!(words.contains("do not wait for software"), "{words}");
        assert!(words.contains("Sinus Rhythm"), "{words}");
    }

    #[test]
    fn every_text_lies_on_the_page_and_one_millivolt_is_ten_millimetres() {
        for page in paper(&report(), &recording(), &Words::english()) {
            for item in page.panels.iter().flat_map(|panel| &panel.items) {
                if let Item::Text { x, y, .. } = item {
                    assert!((0.0..=WIDTH_MM).contains(x) && (0.0..=HEIGHT_MM).contains(y));
                }
            }
            // Counts run from -50 to 149 at 200 to the millivolt.
            let points = ink(&page);
            let Some(first) = points.first() else {
                continue;
            };
            let row: Vec<f64> = points.iter().take(2000).map(|point| point.1).collect();
            let high = row.iter().copied().fold(f64::INFINITY, f64::min);
            let low = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert!((low - high - 9.95).abs() < 0.01, "{low} {high}");
            // A row goes on for 10.6 s: 265 mm.
            let width = points.iter().map(|point| point.0).fold(0.0, f64::max) - first.0;
            assert!((width - 265.0).abs() < 0.5, "{width}");
        }
    }

    #[test]
    fn of_an_hour_the_first_page_and_what_was_found_is_drawn() {
        let mut recording = recording();
        let counts: Vec<i16> = (0..900_000).map(|k| (k % 200) as i16).collect();
        let scale = recording.leads[0].samples.scale;
        recording.leads[0].samples = crate::recording::Samples::from_i16(counts, scale);
        let mut report = report();
        report.recording.duration_s = 3600.0;
        report.findings = vec![Finding {
            id: "bradycardia".to_owned(),
            range_s: 1800.0..1830.0,
            beats: Vec::new(),
            confidence: 0.9,
            text: Phrase::new("finding-bradycardia")
                .with("rate", 44.0)
                .with("n", 9_usize),
        }];
        let pages = paper(&report, &recording, &Words::english());
        let strip = pages
            .iter()
            .position(|page| texts(page).iter().any(|text| text.starts_with("30:00")));
        assert_eq!(strip, Some(1));
        assert!(pages.len() < 8, "{}", pages.len());
    }

    #[test]
    fn a_recording_of_nothing_and_a_text_without_end_make_pages() {
        let mut empty = report();
        empty.recording.leads.clear();
        empty.recording.duration_s = 0.0;
        empty.recording.source.remarks = vec!["word ".repeat(5000), "x".repeat(3000)];
        empty.recording.source.device = Some("device ".repeat(3000));
        empty.file = "y".repeat(9000);
        empty.recording.source.measurements = vec![crate::recording::SourceMeasurement {
            name: "name ".repeat(2000),
            value: "1".to_owned(),
        }];
        let mut bare = recording();
        bare.leads.clear();
        let pages = paper(&empty, &bare, &Words::english());
        for page in &pages {
            for item in page.panels.iter().flat_map(|panel| &panel.items) {
                if let Item::Text { y, .. } = item {
                    assert!(*y <= HEIGHT_MM);
                }
            }
        }
        assert!(pages.len() < 40, "{}", pages.len());
        assert!(pdf(&pages, "a").starts_with(b"%PDF-1.4"));
        assert!(svg(&pages[0]).contains("</svg>"));
        // The same head over a trace; and a flat lead without a unit.
        let mut flat = recording();
        flat.leads[0].unit = Unit::Counts;
        flat.leads[0].samples = crate::recording::Samples::from_values(vec![7.0; 7500]);
        empty.recording.leads = report().recording.leads;
        empty.recording.duration_s = 30.0;
        for page in paper(&empty, &flat, &Words::english()) {
            assert!(!svg(&page).contains("NaN"));
        }
    }
}
