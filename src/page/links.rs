//! The page's end of the two workers: starts them, speaks to them, starts them anew after a panic.

use super::store::{LiveTrace, Notice, OpenRecording, Store};
use super::words::t;
use super::{own, transport};
use crate::engine::Stage;
use crate::formats::Answers;
use crate::live::session::Input;
use crate::protocol::{BUILD, FromWorker, JobId, OwnAsk, ReportKind, Ticket, ToWorker};
use crate::recording::{Phrase, StartTime};
use crate::report::RecordingSummary;
use crate::sheet::Trace;
use crate::worker::{pack, pack_text, panic_of, read_samples, text_of, unpack};
use js_sys::{Array, ArrayBuffer, Int16Array};
use leptos::prelude::*;
use serde::Serialize;
use std::cell::RefCell;
use std::sync::Arc;
use wasm_bindgen::{JsCast, prelude::*};
use web_sys::{File, MessageEvent, Worker, WorkerOptions, WorkerType};

/// Panics in a row after which a worker is not started again by itself.
const MOST_RESTARTS: u32 = 3;

/// One worker, and the messages that wait until it is up: what is sent before would be lost.
#[derive(Default)]
struct Line {
    worker: Option<Worker>,
    up: bool,
    waiting: Vec<(JsValue, Array)>,
}

impl Line {
    fn send(&mut self, value: JsValue, transfer: Array) {
        match &self.worker {
            Some(worker) if self.up => {
                let _ = worker.post_message_with_transfer(&value, &transfer);
            }
            _ => self.waiting.push((value, transfer)),
        }
    }

    /// The worker said that it is up.
    fn ready(&mut self) {
        self.up = true;
        for (value, transfer) in std::mem::take(&mut self.waiting) {
            self.send(value, transfer);
        }
    }

    /// Ends the worker, with what waited for it.
    fn end(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.terminate();
        }
        self.up = false;
        self.waiting.clear();
    }
}

struct Links {
    store: Store,
    worker: Line,
    /// Stands in for the worker on a first visit, until that is up.
    reader: Line,
    /// The job whose recording the reader has put on paper.
    read: Option<JobId>,
    /// Whether it was looked up what this device keeps of the open recording.
    looked_up: bool,
    /// Another recording was asked for and is not shown yet.
    shows_another: bool,
    infer: Line,
    /// The worker is the one with all readers, which is twice as large and starts with the first file that needs it.
    all_readers: bool,
    /// What is open, to open it again after a panic.
    files: Vec<(String, File)>,
    restarts: u32,
    /// The model that the user has chosen.
    model: Option<String>,
    /// Requests of the `infer` worker.
    infer_requests: u32,
    /// The live session was asked to end, or has ended: the next press of Stop waits for nothing.
    live_ending: bool,
}

thread_local! {
    static LINKS: RefCell<Option<Links>> = const { RefCell::new(None) };
}

fn with_links<T>(work: impl FnOnce(&mut Links) -> T) -> Option<T> {
    LINKS.with(|links| links.borrow_mut().as_mut().map(work))
}

/// Starts the `worker`; `infer` starts when a model is first wanted.
pub fn start(store: Store) {
    LINKS.with(|links| {
        *links.borrow_mut() = Some(Links {
            store,
            worker: Line::default(),
            reader: Line::default(),
            read: None,
            looked_up: false,
            shows_another: false,
            infer: Line::default(),
            all_readers: false,
            files: Vec::new(),
            restarts: 0,
            model: None,
            infer_requests: 0,
            live_ending: false,
        });
    });
    start_worker();
}

/// Opens files that were dropped, picked or pasted.
pub fn open_files(files: Vec<(String, File)>) {
    if files.is_empty() {
        return;
    }
    with_links(|links| {
        links.files = files;
        links.restarts = 0;
        links.store.answers.set(Answers::default());
    });
    open_again(None);
}

/// Opens the same files with what was answered.
pub fn answer(answers: Answers) {
    with_links(|links| links.store.answers.set(answers));
    open_again(None);
}

/// Opens one of the offered recordings.
pub fn choose(id: String) {
    with_links(|links| {
        links
            .store
            .answers
            .update(|answers| answers.choice = Some(id))
    });
    open_again(None);
}

/// Offers all that the open file holds beside its recording.
pub fn offer_parts() {
    if let Some(store) = with_links(|links| links.store) {
        choose(store.answers.get_untracked().all_parts());
    }
}

fn open_again(lead: Option<usize>) {
    let Some((store, files)) = with_links(|links| (links.store, links.files.clone())) else {
        return;
    };
    let job = begin(store);
    let (names, files): (Vec<_>, Vec<_>) = files.into_iter().unzip();
    let message = ToWorker::Open {
        job,
        names,
        answers: store.answers.get_untracked(),
        lead,
    };
    to_worker(&message, &[], &files);
    if let Some((value, transfer)) = pack(&message, &[], &files) {
        with_links(|links| {
            if links.reader.worker.is_some() {
                links.reader.send(value, transfer);
            }
        });
    }
}

/// Opens the built-in example.
pub fn open_example() {
    let Some(store) = with_links(|links| {
        links.files.clear();
        links.store
    }) else {
        return;
    };
    let job = begin(store);
    to_worker(&ToWorker::Example { job }, &[], &[]);
}

/// Analyses the open recording anew: another lead, or the same with what the reader overrules by now.
pub fn analyse(lead: Option<usize>) {
    let Some(store) = with_links(|links| links.store) else {
        return;
    };
    let same = store.report.with_untracked(|report| {
        let analysis = report.as_ref()?.analysis.as_ref();
        analysis.ok().map(|analysis| analysis.lead)
    });
    let job = store.next_job();
    store.chosen.set(None);
    store.progress.set(Some(Stage::Measuring));
    let message = ToWorker::Analyse {
        job,
        lead: lead.or(same),
        edits: store.edits.with_untracked(|edits| edits.done().to_vec()),
    };
    to_worker(&message, &[], &[]);
}

/// Asks another model about the open recording, and about what is opened after it.
pub fn ask(model: String) {
    with_links(|links| links.model = Some(model));
    tell_model();
    analyse(None);
}

/// Tells the worker which model the user has chosen, if any: each new one has to be told.
fn tell_model() {
    if let Some(id) = with_links(|links| links.model.clone()).flatten() {
        to_worker(&ToWorker::Model { id }, &[], &[]);
    }
}

/// Writes the open recording in a format and hands the files to the browser's downloads.
pub fn export(format: &str) {
    let Some(store) = with_links(|links| links.store) else {
        return;
    };
    let job = store.job.get_untracked();
    to_worker(
        &ToWorker::Export {
            job,
            format: format.to_owned(),
        },
        &[],
        &[],
    );
}

/// Writes what is said of the open recording and hands it to the browser's downloads.
pub fn save_report(kind: ReportKind) {
    let Some(store) = with_links(|links| links.store) else {
        return;
    };
    let job = store.job.get_untracked();
    to_worker(&ToWorker::SaveReport { job, kind }, &[], &[]);
}

/// Gives up what is going on: the workers are ended and started anew; what is on the screen stays.
pub fn cancel() {
    let Some(store) = with_links(|links| {
        links.worker.end();
        links.reader.end();
        links.infer.end();
        links.store
    }) else {
        return;
    };
    own::lost(store);
    store.next_job();
    store.progress.set(None);
    live_gone(store);
    start_worker();
}

/// Begins a live session.
pub fn live_start(profile: &str, device: &str, simulated_loss: Option<f64>) -> Option<JobId> {
    let store = with_links(|links| {
        links.files.clear();
        links.live_ending = false;
        links.store
    })?;
    let job = store.next_job();
    store.open.set(None);
    store.report.set(None);
    store.from_s.set(0.0);
    store.live.set(Some(LiveTrace {
        device: device.to_owned(),
        ..LiveTrace::default()
    }));
    let message = ToWorker::LiveStart {
        job,
        profile: profile.to_owned(),
        device: device.to_owned(),
        simulated_loss,
        start: local_time(),
        at_s: now_ms() / 1000.0,
    };
    to_worker(&message, &[], &[]);
    Some(job)
}

/// Passes on what happened on the link.
pub fn live_input(job: JobId, input: Input, at_s: f64) {
    to_worker(&ToWorker::LiveInput { job, input, at_s }, &[], &[]);
}

/// Asks the live session to end: it stops the stream before the link. Asked again, it ends at once.
pub fn live_stop() {
    let Some((store, again)) = with_links(|links| {
        let again = std::mem::replace(&mut links.live_ending, true);
        (links.store, again)
    }) else {
        return;
    };
    if again {
        live_end(store);
    } else {
        let job = store.job.get_untracked();
        live_input(job, Input::Stop, now_ms() / 1000.0);
    }
}

/// The live session is over; its recording opens like any other.
fn live_end(store: Store) {
    transport::close();
    if store
        .live
        .with_untracked(|live| live.as_ref().is_none_or(|live| live.counts.is_empty()))
    {
        // Nothing came: there is nothing to open.
        store.live.set(None);
        return;
    }
    let job = begin(store);
    to_worker(&ToWorker::LiveStop { job }, &[], &[]);
}

/// The live session went with its worker.
fn live_gone(store: Store) {
    transport::close();
    store.live.set(None);
}

fn begin(store: Store) -> JobId {
    // What streams is given up, or it would stream on unseen; Stop then keeps what came.
    transport::close();
    with_links(|links| {
        links.live_ending = true;
        links.shows_another = true;
    });
    let job = store.next_job();
    store.notice.set(None);
    store.offers.set(Vec::new());
    store.question.set(None);
    store.progress.set(Some(Stage::Opening));
    job
}

/// Monotonic milliseconds of the page.
pub fn now_ms() -> f64 {
    web_sys::window()
        .and_then(|window| window.performance())
        .map_or(0.0, |performance| performance.now())
}

/// The wall clock with the zone's offset.
fn local_time() -> Option<StartTime> {
    let now = js_sys::Date::new_0();
    let date = (
        i32::try_from(now.get_full_year()).ok()?,
        now.get_month() as u8 + 1,
        now.get_date() as u8,
    );
    let second = f64::from(now.get_seconds()) + f64::from(now.get_milliseconds()) / 1000.0;
    let east = -now.get_timezone_offset() as i16;
    StartTime::new(
        Some(date),
        now.get_hours() as u8,
        now.get_minutes() as u8,
        second,
        Some(east),
    )
}

fn to_worker<M: Serialize>(message: &M, buffers: &[ArrayBuffer], files: &[File]) {
    if let Some((value, transfer)) = pack(message, buffers, files) {
        with_links(|links| links.worker.send(value, transfer));
    }
}

/// Says what is wanted of the slot for a user's own model.
pub fn ask_slot(ticket: Ticket, ask: OwnAsk, files: &[File]) {
    to_worker(&ToWorker::Own { ticket, ask }, &[], files);
}

/// Ends the models' worker, which starts anew when it is next needed. What our model was still asked is asked again.
pub fn restart_infer() {
    let Some(store) = with_links(|links| {
        links.infer.end();
        links.store
    }) else {
        return;
    };
    if store.open.with_untracked(Option::is_some) && !store.complete.get_untracked() {
        analyse(None);
    }
}

/// Passes a question on to the models' worker, which starts with the first.
fn to_infer(text: &str, buffers: &[ArrayBuffer]) {
    if with_links(|links| links.infer.worker.is_none()) == Some(true) {
        start_infer();
    }
    if let Some((value, transfer)) = pack_text(text, buffers) {
        with_links(|links| links.infer.send(value, transfer));
    }
}

fn spawn(
    script: &str,
    on_message: impl FnMut(MessageEvent) + 'static,
    on_error: impl FnMut(web_sys::Event) + 'static,
) -> Option<Worker> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(script, &options).ok()?;
    listen(&worker, on_message, on_error);
    Some(worker)
}

/// A worker that `boot.js` started while this program was being compiled, with what it has said.
struct Early {
    is_reader: bool,
    worker: Worker,
    said: Vec<MessageEvent>,
}

/// Takes the early worker, once.
fn early_worker() -> Option<Early> {
    const KEY: &str = "einthovenWorker";
    let window = web_sys::window()?;
    let early = js_sys::Reflect::get(&window, &KEY.into()).ok()?;
    let of = |key: &str| js_sys::Reflect::get(&early, &key.into()).ok();
    let worker = of("worker")?.dyn_into::<Worker>().ok()?;
    let _ = js_sys::Reflect::delete_property(&window, &KEY.into());
    if of("failed")?.is_truthy() {
        worker.terminate();
        return None;
    }
    let said: Array = of("said")?.dyn_into().ok()?;
    Some(Early {
        is_reader: of("name")?.as_string()? == "reader",
        worker,
        said: said
            .iter()
            .filter_map(|event| event.dyn_into().ok())
            .collect(),
    })
}

fn listen(
    worker: &Worker,
    on_message: impl FnMut(MessageEvent) + 'static,
    on_error: impl FnMut(web_sys::Event) + 'static,
) {
    let message = Closure::<dyn FnMut(MessageEvent)>::new(on_message);
    worker.set_onmessage(Some(message.as_ref().unchecked_ref()));
    message.forget();
    let error = Closure::<dyn FnMut(web_sys::Event)>::new(on_error);
    worker.set_onerror(Some(error.as_ref().unchecked_ref()));
    error.forget();
}

fn start_worker() {
    if let Some(early) = early_worker() {
        if early.is_reader {
            listen(&early.worker, reader_said, |_| reader_died());
            with_links(|links| links.reader.worker = Some(early.worker));
            early.said.into_iter().for_each(reader_said);
        } else {
            listen(&early.worker, worker_said, |_| worker_died());
            with_links(|links| links.worker.worker = Some(early.worker));
            early.said.into_iter().for_each(worker_said);
        }
        return;
    }
    let all_readers = with_links(|links| links.all_readers) == Some(true);
    let script = if all_readers {
        "./worker-all_loader.js"
    } else {
        "./worker_loader.js"
    };
    let worker = spawn(script, worker_said, |_| worker_died());
    with_links(|links| links.worker.worker = worker);
    // Waits in line before all that is sent from here on.
    tell_model();
}

fn worker_said(event: MessageEvent) {
    if let Some(message) = panic_of(&event) {
        leptos::logging::error!("{message}");
        worker_died();
    } else if let Some(parcel) = unpack::<FromWorker>(&event) {
        from_worker(parcel.message, &parcel.buffers);
    }
}

/// What the reader says: that it is up, so that the worker may follow over the line, and what it could open.
fn reader_said(event: MessageEvent) {
    if panic_of(&event).is_some() {
        reader_died();
        return;
    }
    let Some(parcel) = unpack::<FromWorker>(&event) else {
        return;
    };
    match parcel.message {
        FromWorker::Ready { .. } => {
            with_links(|links| links.reader.ready());
            start_worker();
        }
        FromWorker::Opened {
            job,
            summary,
            buffers: kinds,
        } => {
            let store = with_links(|links| links.store);
            if let Some(store) = store.filter(|store| store.job.get_untracked() == job) {
                with_links(|links| links.read = Some(job));
                opened(store, *summary, &kinds, &parcel.buffers);
            }
        }
        // The reader says nothing else.
        _ => {}
    }
}

/// The reader can be done without; the worker says what there is to say.
fn reader_died() {
    let waits = with_links(|links| {
        links.reader.end();
        links.worker.worker.is_none()
    });
    if waits == Some(true) {
        start_worker();
    }
}

fn start_infer() {
    let infer = spawn(
        "./infer_loader.js",
        |event| {
            if let Some(message) = panic_of(&event) {
                leptos::logging::error!("{message}");
                infer_died();
            } else if let Some(text) = text_of(&event) {
                // Its first words say that it is up.
                with_links(|links| links.infer.ready());
                to_worker(&ToWorker::InferSaid { text }, &[], &[]);
            }
        },
        |_| infer_died(),
    );
    with_links(|links| links.infer.worker = infer);
}

/// The worker panicked: said, and started anew. The recording on the screen stays.
fn worker_died() {
    let Some((store, again)) = with_links(|links| {
        links.worker.end();
        links.restarts += 1;
        (links.store, links.restarts <= MOST_RESTARTS)
    }) else {
        return;
    };
    own::lost(store);
    store.next_job();
    store.progress.set(None);
    live_gone(store);
    notice(store, Phrase::new("page-worker-died"));
    if again {
        start_worker();
    }
}

/// The files are of a rarer kind: the worker with all readers takes over.
fn take_all_readers() {
    with_links(|links| {
        links.worker.end();
        links.all_readers = true;
    });
    start_worker();
    open_again(None);
}

/// The model's worker ended: the rules' result stands, and says that the model gave none.
fn infer_died() {
    let Some(store) = with_links(|links| {
        links.infer.end();
        links.store
    }) else {
        return;
    };
    own::worker_gone(store);
    let job = store.job.get_untracked();
    to_worker(
        &ToWorker::InferDied {
            job,
            reason: Phrase::new("page-model-died"),
        },
        &[],
        &[],
    );
}

/// Name of the first file that was dropped; empty when none was.
pub fn first_file() -> String {
    with_links(|links| links.files.first().map(|(name, _)| name.clone()))
        .flatten()
        .unwrap_or_default()
}

fn notice(store: Store, text: Phrase) {
    let file = first_file();
    store.notice.set(Some(Notice { file, text }));
}

fn from_worker(message: FromWorker, buffers: &[ArrayBuffer]) {
    let Some(store) = with_links(|links| links.store) else {
        return;
    };
    let current = store.job.get_untracked();
    match message {
        FromWorker::Ready {
            build,
            formats,
            writers,
        } => {
            with_links(|links| {
                links.worker.ready();
                links.reader.end();
            });
            store.formats.set(formats);
            store.writers.set(writers);
            if build != BUILD {
                notice(store, Phrase::new("page-other-build"));
            }
        }
        FromWorker::Own { ticket, said } => own::said(store, ticket, *said),
        FromWorker::OwnTask { ticket, text } => {
            if own::is_wanted(ticket) {
                to_infer(&text, buffers);
            }
        }
        FromWorker::InferOfOtherBuild => notice(store, Phrase::new("page-other-build")),
        FromWorker::Inferred {
            requests,
            took_ms,
            models,
        } => {
            with_links(|links| links.infer_requests = requests);
            store.took_ms.set(took_ms);
            if !models.is_empty() {
                store.models.set(models);
            }
            count_requests();
        }
        FromWorker::LiveCall { job, call } if job == current => {
            store.live.update(|live| {
                if let Some(live) = live {
                    live.call = call.map(|call| *call);
                }
            });
        }
        FromWorker::Progress { job, stage } if job == current => store.progress.set(Some(stage)),
        FromWorker::Opened {
            job,
            summary,
            buffers: kinds,
        } if job == current => {
            // What the reader has put on paper already stays as the user has moved it.
            if with_links(|links| links.read) != Some(Some(job)) {
                opened(store, *summary, &kinds, buffers);
            }
        }
        FromWorker::Report {
            job,
            report,
            complete,
        } if job == current => {
            store.report.set(Some(Arc::new(*report)));
            store.complete.set(complete);
            let first = with_links(|links| !std::mem::replace(&mut links.looked_up, true));
            if first == Some(true) && super::editing::take_up(store) {
                analyse(None);
                return;
            }
            store.progress.set(if complete {
                None
            } else {
                Some(Stage::Inferring)
            });
            if complete {
                own::run(store);
            }
        }
        FromWorker::Infer { job, text } if job == current => to_infer(&text, buffers),
        FromWorker::Choice { job, offers } if job == current => {
            store.progress.set(None);
            store.offers.set(offers);
        }
        FromWorker::Question { job, question } if job == current => {
            store.progress.set(None);
            store.question.set(Some(question));
        }
        FromWorker::Failed { job, reason } if job == current => {
            store.progress.set(None);
            notice(store, reason);
        }
        FromWorker::Unknown { job } if job == current => take_all_readers(),
        FromWorker::Exported { job, names } if job == current => {
            for (name, buffer) in names.iter().zip(buffers) {
                super::files::save(name, buffer);
            }
        }
        FromWorker::Live {
            job,
            update,
            rate_hz,
            gain,
        } if job == current => {
            let counts = buffers
                .first()
                .map(|buffer| Int16Array::new(buffer).to_vec())
                .unwrap_or_default();
            transport::fulfil(job, &update.link);
            let ended = update.ended;
            store.live.update(|live| {
                if let Some(live) = live {
                    live.take(*update, &counts, rate_hz, gain);
                }
            });
            // One that ended by itself without a sample stays, to say why.
            if ended
                && with_links(|links| std::mem::replace(&mut links.live_ending, true)) == Some(true)
            {
                live_end(store);
            }
        }
        // What is left answers a job that another has replaced.
        FromWorker::Progress { .. }
        | FromWorker::Opened { .. }
        | FromWorker::Report { .. }
        | FromWorker::Infer { .. }
        | FromWorker::LiveCall { .. }
        | FromWorker::Choice { .. }
        | FromWorker::Question { .. }
        | FromWorker::Failed { .. }
        | FromWorker::Exported { .. }
        | FromWorker::Unknown { .. }
        | FromWorker::Live { .. } => {}
    }
}

fn opened(
    store: Store,
    summary: RecordingSummary,
    kinds: &[crate::protocol::SampleBuffer],
    buffers: &[ArrayBuffer],
) {
    let traces = summary
        .leads
        .iter()
        .zip(kinds.iter().zip(buffers))
        .map(|(lead, (kind, buffer))| {
            let gaps = lead.gaps.iter().map(|gap| gap.range.clone()).collect();
            Trace::new(read_samples(*kind, buffer), lead.rate_hz, gaps)
        })
        .collect();
    with_links(|links| {
        links.restarts = 0;
        links.looked_up = false;
    });
    own::another_recording(store);
    let progress = store.progress.get_untracked();
    store.show(OpenRecording { summary, traces });
    store.progress.set(progress);
    if with_links(|links| std::mem::take(&mut links.shows_another)) == Some(true) {
        to_top();
    }
}

/// Another recording is read from its top: on a phone the page was scrolled, else the panel.
fn to_top() {
    let Some(window) = web_sys::window() else {
        return;
    };
    window.scroll_to_with_x_and_y(0.0, 0.0);
    let panel = window
        .document()
        .and_then(|document| document.query_selector(".side").ok().flatten());
    if let Some(panel) = panel {
        panel.set_scroll_top(0);
    }
}

/// Counts what page and workers asked for since the page was loaded.
pub fn count_requests() {
    let own = web_sys::window()
        .and_then(|window| window.performance())
        .map(|performance| {
            performance
                .get_entries_by_type("resource")
                .iter()
                .filter(after_load)
                .count() as u32
        });
    with_links(|links| {
        let total = own.map(|own| own + links.infer_requests);
        links.store.requests.set(total);
    });
}

/// Whether a resource was asked for after the page and its first worker had loaded.
fn after_load(entry: &JsValue) -> bool {
    let read = |key: &str| js_sys::Reflect::get(entry, &key.into()).ok();
    let name = read("name")
        .and_then(|name| name.as_string())
        .unwrap_or_default();
    let started = read("startTime")
        .and_then(|time| time.as_f64())
        .unwrap_or(0.0);
    started > LOADED_MS.with(std::cell::Cell::get) && !name.contains("worker")
}

thread_local! {
    static LOADED_MS: std::cell::Cell<f64> = const { std::cell::Cell::new(f64::INFINITY) };
}

/// From here on requests are counted.
pub fn mark_loaded() {
    LOADED_MS.with(|loaded| loaded.set(now_ms()));
    count_requests();
}

/// Title of the browser's tab.
pub fn set_title(name: Option<&str>) {
    if let Some(document) = web_sys::window().and_then(|window| window.document()) {
        let title = t("page-title");
        document.set_title(&name.map_or(title.clone(), |name| format!("{name} · {title}")));
    }
}
