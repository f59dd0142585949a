//! The page's state: one place, many readers.

use crate::analysis::edits::Edits;
use crate::engine::{LiveBeat, LiveUpdate, Stage};
use crate::formats::{Answers, Offer, Question};
use crate::protocol::JobId;
use crate::recording::Phrase;
use crate::report::{RecordingSummary, Report};
use crate::sheet::{STANDARD_GAIN_MM_MV, STANDARD_SPEED_MM_S, Trace};
use leptos::prelude::*;
use std::sync::Arc;

/// A recording as the page holds it.
#[derive(Debug)]
pub struct OpenRecording {
    /// What it is.
    pub summary: RecordingSummary,
    /// Its leads, ready to be drawn.
    pub traces: Vec<Trace>,
}

impl OpenRecording {
    /// Length in seconds.
    pub fn duration_s(&self) -> f64 {
        self.summary.duration_s
    }
}

/// What went wrong, and with which file.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// File or record.
    pub file: String,
    /// What is said.
    pub text: Phrase,
}

/// A live trace in progress.
#[derive(Clone, Debug, Default)]
pub struct LiveTrace {
    /// The device's name.
    pub device: String,
    /// Counts so far.
    pub counts: Vec<i16>,
    /// Samples per second, 0 until the first samples came.
    pub rate_hz: f64,
    /// Counts per millivolt.
    pub gain: f64,
    /// Gaps in samples.
    pub gaps: Vec<(u64, u64)>,
    /// Beats, ordered.
    pub beats: Vec<LiveBeat>,
    /// Heart rate of the last beats.
    pub rate_per_min: Option<f64>,
    /// Quality of the last judged second.
    pub grade: Option<crate::analysis::Grade>,
    /// What the link is doing.
    pub status: Option<Phrase>,
    /// What the session last told.
    pub words: Option<Phrase>,
    /// The model's last call on 10 s.
    pub call: Option<crate::inference::Call>,
}

impl LiveTrace {
    /// Takes what is new.
    pub fn take(&mut self, update: LiveUpdate, counts: &[i16], rate_hz: f64, gain: f64) {
        self.rate_hz = rate_hz;
        self.gain = gain;
        self.counts.truncate(update.first as usize);
        self.counts.extend_from_slice(counts);
        self.gaps.extend(update.gaps);
        let replaced = |sample: u64| {
            update.withdrawn.contains(&sample)
                || update.beats.iter().any(|beat| beat.sample == sample)
        };
        self.beats.retain(|beat| !replaced(beat.sample));
        self.beats.extend(update.beats.iter().copied());
        self.beats.sort_unstable_by_key(|beat| beat.sample);
        self.rate_per_min = update.rate_per_min;
        self.grade = update.grade;
        // A new state of the link outdates what was told before it.
        let words = self.words.take().filter(|_| update.status.is_none());
        self.words = update.events.into_iter().next_back().or(words);
        self.status = update.status.or(self.status.take());
    }
}

/// What a tap on the sheet corrects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hand {
    /// A beat: one that is marked goes, elsewhere one is put in.
    Beats,
    /// A stretch, from its first end, once that is known, to its second.
    Stretch(Option<f64>),
}

/// All state of the page. Cheap to copy; every component takes it from the context.
#[derive(Clone, Copy)]
pub struct Store {
    /// The open recording.
    pub open: RwSignal<Option<Arc<OpenRecording>>>,
    /// Names of the formats that the worker reads.
    pub formats: RwSignal<Vec<String>>,
    /// Id and name of the formats that the worker writes.
    pub writers: RwSignal<Vec<(String, String)>>,
    /// What is said of it.
    pub report: RwSignal<Option<Arc<Report>>>,
    /// Whether models have answered too.
    pub complete: RwSignal<bool>,
    /// Ids of the models that are there, the default first; empty until one has answered.
    pub models: RwSignal<Vec<String>>,
    /// Milliseconds that the last answer of a model took on this device.
    pub took_ms: RwSignal<f64>,
    /// Work in progress.
    pub progress: RwSignal<Option<Stage>>,
    /// What went wrong last.
    pub notice: RwSignal<Option<Notice>>,
    /// Recordings to choose from.
    pub offers: RwSignal<Vec<Offer>>,
    /// A question of the file.
    pub question: RwSignal<Option<Box<Question>>>,
    /// The answers given so far for what is being opened.
    pub answers: RwSignal<Answers>,
    /// Number of the current job.
    pub job: RwSignal<JobId>,
    /// How often the slot for a user's own model has changed.
    pub own_turn: RwSignal<u32>,
    /// The live trace, while one runs.
    pub live: RwSignal<Option<LiveTrace>>,
    /// The card for choosing a device is open.
    pub connecting: RwSignal<bool>,
    /// The list of shortcuts is open.
    pub shortcuts: RwSignal<bool>,
    /// Something is dragged over the window.
    pub dragging: RwSignal<bool>,
    /// Time at the left edge of the sheet, seconds.
    pub from_s: RwSignal<f64>,
    /// Seconds that the sheet shows in all; set by the sheet.
    pub shown_s: RwSignal<f64>,
    /// Paper speed.
    pub speed_mm_s: RwSignal<f64>,
    /// Gain.
    pub gain_mm_mv: RwSignal<f64>,
    /// CSS pixels of one millimetre.
    pub px_per_mm: RwSignal<f64>,
    /// Beats are marked.
    pub show_beats: RwSignal<bool>,
    /// Waves are marked.
    pub show_waves: RwSignal<bool>,
    /// Quality is marked.
    pub show_quality: RwSignal<bool>,
    /// The model's evidence is drawn.
    pub show_evidence: RwSignal<bool>,
    /// Index of the finding that the reader chose.
    pub chosen: RwSignal<Option<usize>>,
    /// What the reader overrules in the open recording.
    pub edits: RwSignal<Edits>,
    /// What a tap corrects; `None` when it corrects nothing.
    pub hand: RwSignal<Option<Hand>>,
    /// All leads instead of the analysed one alone.
    pub all_leads: RwSignal<bool>,
    /// Clinical words instead of plain ones.
    pub clinical: RwSignal<bool>,
    /// Dark theme.
    pub dark: RwSignal<bool>,
    /// Requests made since the page was loaded, page and workers together; `None` where it cannot be measured.
    pub requests: RwSignal<Option<u32>>,
    /// Everything that is needed without a network is stored.
    pub offline_ready: RwSignal<bool>,
}

impl Store {
    /// The state of a page that was just opened.
    pub fn new(dark: bool, clinical: bool) -> Self {
        Self {
            open: RwSignal::new(None),
            formats: RwSignal::new(Vec::new()),
            writers: RwSignal::new(Vec::new()),
            report: RwSignal::new(None),
            complete: RwSignal::new(false),
            models: RwSignal::new(Vec::new()),
            took_ms: RwSignal::new(0.0),
            progress: RwSignal::new(None),
            notice: RwSignal::new(None),
            offers: RwSignal::new(Vec::new()),
            question: RwSignal::new(None),
            answers: RwSignal::new(Answers::default()),
            job: RwSignal::new(0),
            own_turn: RwSignal::new(0),
            live: RwSignal::new(None),
            connecting: RwSignal::new(false),
            shortcuts: RwSignal::new(false),
            dragging: RwSignal::new(false),
            from_s: RwSignal::new(0.0),
            shown_s: RwSignal::new(10.0),
            speed_mm_s: RwSignal::new(STANDARD_SPEED_MM_S),
            gain_mm_mv: RwSignal::new(STANDARD_GAIN_MM_MV),
            px_per_mm: RwSignal::new(even_px_per_mm()),
            show_beats: RwSignal::new(true),
            show_waves: RwSignal::new(false),
            show_quality: RwSignal::new(true),
            show_evidence: RwSignal::new(true),
            chosen: RwSignal::new(None),
            edits: RwSignal::new(Edits::default()),
            hand: RwSignal::new(None),
            all_leads: RwSignal::new(false),
            clinical: RwSignal::new(clinical),
            dark: RwSignal::new(dark),
            requests: RwSignal::new(None),
            offline_ready: RwSignal::new(false),
        }
    }

    /// The store of the running page.
    pub fn use_store() -> Self {
        expect_context()
    }

    /// Takes the next job's number: answers to older ones are late from now on.
    pub fn next_job(&self) -> JobId {
        let job = self.job.get_untracked() + 1;
        self.job.set(job);
        job
    }

    /// Puts a newly opened recording in place of the last one.
    pub fn show(&self, recording: OpenRecording) {
        self.notice.set(None);
        self.offers.set(Vec::new());
        self.question.set(None);
        self.report.set(None);
        self.complete.set(false);
        self.chosen.set(None);
        self.edits.set(Edits::default());
        self.hand.set(None);
        self.from_s.set(0.0);
        self.speed_mm_s.set(STANDARD_SPEED_MM_S);
        self.gain_mm_mv.set(STANDARD_GAIN_MM_MV);
        self.live.set(None);
        self.all_leads
            .set(recording.traces.len() > 1 && recording.duration_s() <= 60.0);
        self.open.set(Some(Arc::new(recording)));
    }

    /// Back to the landing.
    pub fn close(&self) {
        self.open.set(None);
        self.report.set(None);
        self.notice.set(None);
    }

    /// Length of the open recording, or of the live trace.
    pub fn duration_s(&self) -> f64 {
        self.open
            .with_untracked(|open| open.as_ref().map_or(0.0, |open| open.duration_s()))
    }

    /// Moves the sheet so that `time_s` is its first second, within the recording.
    pub fn go_to(&self, time_s: f64) {
        let last = (self.duration_s() - self.shown_s.get_untracked()).max(0.0);
        self.from_s.set(time_s.clamp(0.0, last));
    }

    /// Moves the sheet so that a stretch is in view, a third of a row after its left edge.
    pub fn reveal(&self, from_s: f64, to_s: f64) {
        let (left, shown) = (self.from_s.get_untracked(), self.shown_s.get_untracked());
        if from_s < left || to_s > left + shown {
            self.go_to(from_s - (shown * 0.1).min(2.0));
        }
    }

    /// Changes the speed by a factor, holding `anchor_s` in place; never wider than the recording, never beyond 200 mm/s.
    pub fn zoom(&self, factor: f64, anchor_s: f64) {
        let speed = self.speed_mm_s.get_untracked();
        let shown = self.shown_s.get_untracked();
        let widest =
            (speed * shown / self.duration_s().max(shown.min(1.0))).min(STANDARD_SPEED_MM_S);
        let next = (speed * factor).clamp(widest, 200.0);
        let ratio = speed / next;
        let from = anchor_s - (anchor_s - self.from_s.get_untracked()) * ratio;
        self.speed_mm_s.set(next);
        self.shown_s.set(shown * ratio);
        self.go_to(from);
    }
}

/// CSS pixels of one millimetre: the CSS millimetre, rounded to whole pixels of the device so that the grid is even.
fn even_px_per_mm() -> f64 {
    let ratio = web_sys::window()
        .map_or(1.0, |window| window.device_pixel_ratio())
        .clamp(0.5, 8.0);
    (96.0 / 25.4 * ratio).round().max(1.0) / ratio
}
