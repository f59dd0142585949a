//! The worker that opens, measures, finds and writes.

use super::channel::{self, Parcel, later, post};
use super::files::BrowserFile;
use super::live::LiveDesk;
use super::slot;
use super::transfer::view_samples;
use crate::engine::{InferAnswer, Job, Options, Outcome, Step};
use crate::formats::{self, Bundle, Entry, Readers, WRITERS};
use crate::protocol::{BUILD, FromInfer, FromWorker, JobId, ReportKind, ToWorker};
use crate::recording::{Phrase, Recording};
use crate::report::{RecordingSummary, Report, Words, document, file_stem, paper};
use crate::sheet::pdf;
use crate::simulator;
use js_sys::Uint8Array;
use std::cell::RefCell;
use std::rc::Rc;

/// What the worker is busy with. One job at a time: a newer one replaces the older.
struct Desk {
    readers: Readers,
    job: Option<(JobId, Job)>,
    recording: Option<Recording>,
    report: Option<Report>,
    /// The model that the user has chosen.
    model: Option<String>,
    live: Option<LiveDesk>,
}

impl Desk {
    /// The recording that the page shows: what the running job has opened, else what the last one left.
    fn shown(&self) -> Option<&Recording> {
        let opened = self.job.as_ref().and_then(|(_, job)| job.recording());
        opened.or(self.recording.as_ref())
    }
}

type SharedDesk = Rc<RefCell<Desk>>;

/// Starts the worker with these readers: answers messages for as long as it lives.
pub fn start(readers: Readers) {
    channel::report_panics();
    let desk: SharedDesk = Rc::new(RefCell::new(Desk {
        readers,
        job: None,
        recording: None,
        report: None,
        model: None,
        live: None,
    }));
    channel::listen(move |parcel| handle(&desk, parcel));
    post(&ready(), &[]);
}

/// What a worker says first.
pub(super) fn ready() -> FromWorker {
    FromWorker::Ready {
        build: BUILD.to_owned(),
        formats: formats::infos()
            .into_iter()
            .map(|info| info.name.to_owned())
            .collect(),
        writers: WRITERS
            .iter()
            .map(|writer| (writer.id().to_owned(), writer.name().to_owned()))
            .collect(),
    }
}

/// The files of a message under their names.
pub(super) fn bundle_of(names: Vec<String>, files: Vec<web_sys::File>) -> Bundle {
    let entry = |(name, file)| Entry {
        name,
        source: Rc::new(BrowserFile::new(file)) as Rc<_>,
    };
    Bundle {
        entries: names.into_iter().zip(files).map(entry).collect(),
    }
}

fn handle(desk: &SharedDesk, parcel: Parcel<ToWorker>) {
    match parcel.message {
        ToWorker::Open {
            job,
            names,
            answers,
            lead,
        } => {
            let options = Options {
                answers,
                lead,
                models: true,
                model: desk.borrow().model.clone(),
                ..Options::default()
            };
            let readers = desk.borrow().readers;
            let bundle = bundle_of(names, parcel.files);
            begin(desk, job, Job::with_readers(readers, bundle, options));
        }
        ToWorker::Example { job } => {
            let recording = simulator::example().recording;
            open_recording(desk, job, recording, None);
        }
        ToWorker::Analyse { job, lead, edits } => {
            let held = desk.borrow();
            let recording = held.shown().cloned();
            let sha256 = held
                .report
                .as_ref()
                .and_then(|report| report.sha256.clone());
            let model = held.model.clone();
            drop(held);
            if let Some(recording) = recording {
                let options = Options {
                    lead,
                    models: true,
                    model,
                    edits,
                    ..Options::default()
                };
                begin(
                    desk,
                    job,
                    Job::of_recording(recording, options).of_file(sha256),
                );
            } else {
                // Started anew after a panic or a given up job: the page shows what this worker never had.
                let reason = Phrase::new("page-open-again");
                post(&FromWorker::Failed { job, reason }, &[]);
            }
        }
        ToWorker::Own { ticket, ask } => {
            slot::ask(desk.borrow().shown(), ticket, ask, &parcel.files);
        }
        ToWorker::Model { id } => desk.borrow_mut().model = Some(id),
        ToWorker::InferSaid { text } => {
            if let Ok(said) = serde_json::from_str(&text) {
                infer_said(desk, said);
            }
        }
        ToWorker::InferDied { job, reason } => answered(desk, job, Err(reason)),
        ToWorker::Export { job, format } => export(&desk.borrow(), job, &format),
        ToWorker::SaveReport { job, kind } => save_report(&desk.borrow(), job, kind),
        ToWorker::LiveStart {
            job,
            profile,
            device,
            simulated_loss,
            start,
            at_s,
        } => {
            let live = LiveDesk::start(job, &profile, &device, simulated_loss, start, at_s);
            let mut held = desk.borrow_mut();
            let model = held.model.clone();
            held.job = None;
            held.live = live.map(|live| live.asking(model));
        }
        ToWorker::LiveInput { job, input, at_s } => {
            if let Some(live) = desk.borrow_mut().live.as_mut() {
                live.handle(job, input, at_s);
            }
        }
        ToWorker::LiveStop { job } => {
            let live = desk.borrow_mut().live.take();
            if let Some(recording) = live.and_then(LiveDesk::finish) {
                open_recording(desk, job, recording, None);
            }
        }
    }
}

fn infer_said(desk: &SharedDesk, said: FromInfer) {
    match said {
        FromInfer::Ready { build } if build == BUILD => {}
        FromInfer::Ready { .. } => post(&FromWorker::InferOfOtherBuild, &[]),
        FromInfer::Own { ticket, said } => slot::tell(ticket, said),
        FromInfer::Answer {
            job,
            answer,
            live,
            took_ms,
            requests,
            models,
        } => {
            let inferred = FromWorker::Inferred {
                requests,
                took_ms,
                models,
            };
            post(&inferred, &[]);
            if live {
                let call = answer.ok().and_then(|mut calls| calls.pop()).map(Box::new);
                post(&FromWorker::LiveCall { job, call }, &[]);
            } else {
                answered(desk, job, answer);
            }
        }
    }
}

/// The model's answer takes its job up again, if that is still the one that runs.
fn answered(desk: &SharedDesk, job: JobId, answer: InferAnswer) {
    let mut held = desk.borrow_mut();
    if let Some((current, work)) = held.job.as_mut()
        && *current == job
    {
        work.answer(answer);
        drop(held);
        go_on(desk.clone(), job);
    }
}

/// Shows and analyses a recording that is there already.
fn open_recording(desk: &SharedDesk, job: JobId, recording: Recording, lead: Option<usize>) {
    desk.borrow_mut().report = None;
    let model = desk.borrow().model.clone();
    send_opened(job, &recording);
    begin(
        desk,
        job,
        Job::of_recording(
            recording,
            Options {
                lead,
                models: true,
                model,
                ..Options::default()
            },
        ),
    );
}

fn begin(desk: &SharedDesk, id: JobId, job: Job) {
    desk.borrow_mut().job = Some((id, job));
    go_on(desk.clone(), id);
}

/// Does one step of the job and comes back for the next, unless another job has taken its place.
fn go_on(desk: SharedDesk, id: JobId) {
    later(move || {
        let step = {
            let mut held = desk.borrow_mut();
            match held.job.as_mut() {
                Some((current, job)) if *current == id => job.step(),
                _ => return,
            }
        };
        match step {
            Step::Next(stage) => post(&FromWorker::Progress { job: id, stage }, &[]),
            Step::Opened => {
                desk.borrow_mut().report = None;
                if let Some((_, job)) = &desk.borrow().job
                    && let Some(recording) = job.recording()
                {
                    send_opened(id, recording);
                }
                post(
                    &FromWorker::Progress {
                        job: id,
                        stage: crate::engine::Stage::Measuring,
                    },
                    &[],
                );
            }
            Step::Measured(report) => {
                desk.borrow_mut().report = Some((*report).clone());
                post(
                    &FromWorker::Report {
                        job: id,
                        report,
                        complete: false,
                    },
                    &[],
                );
            }
            Step::Infer(request) => {
                channel::ask_model(id, request, false);
                // The answer comes as a message and takes the job up again.
                return;
            }
            Step::Done(outcome) => {
                done(&desk, id, *outcome);
                return;
            }
        }
        go_on(desk, id);
    });
}

fn done(desk: &SharedDesk, id: JobId, outcome: Outcome) {
    let mut held = desk.borrow_mut();
    held.job = None;
    match outcome {
        Outcome::Report(parts) => {
            let (report, recording) = *parts;
            held.recording = Some(recording);
            held.report = Some(report.clone());
            post(
                &FromWorker::Report {
                    job: id,
                    report: Box::new(report),
                    complete: true,
                },
                &[],
            );
        }
        Outcome::Choice(offers) => post(&FromWorker::Choice { job: id, offers }, &[]),
        Outcome::Question(question) => post(&FromWorker::Question { job: id, question }, &[]),
        Outcome::Failed(error) => {
            let reason = error.phrase();
            post(&FromWorker::Failed { job: id, reason }, &[]);
        }
        Outcome::Unknown => post(&FromWorker::Unknown { job: id }, &[]),
    }
}

pub(super) fn send_opened(job: JobId, recording: &Recording) {
    let (kinds, buffers): (Vec<_>, Vec<_>) = recording
        .leads
        .iter()
        .map(|lead| view_samples(&lead.samples))
        .unzip();
    let summary = Box::new(RecordingSummary::of(recording));
    post(
        &FromWorker::Opened {
            job,
            summary,
            buffers: kinds,
        },
        &buffers,
    );
}

fn export(desk: &Desk, job: JobId, format: &str) {
    let Some(recording) = desk.shown() else {
        return;
    };
    let Some(writer) = WRITERS.iter().find(|writer| writer.id() == format) else {
        return;
    };
    let stem = file_stem(&recording.source.name);
    match writer.write(recording, &stem) {
        Ok(files) => {
            let buffers: Vec<_> = files
                .iter()
                .map(|file| Uint8Array::from(file.bytes.as_slice()).buffer())
                .collect();
            let names = files.into_iter().map(|file| file.name).collect();
            post(&FromWorker::Exported { job, names }, &buffers);
        }
        Err(error) => {
            let error = crate::formats::ReadError::Unsupported {
                format: format.to_owned(),
                feature: error.to_string(),
            };
            let reason = error.phrase();
            post(&FromWorker::Failed { job, reason }, &[]);
        }
    }
}

fn save_report(desk: &Desk, job: JobId, kind: ReportKind) {
    let Some(report) = &desk.report else { return };
    let words = Words::english();
    let (ending, bytes) = match kind {
        ReportKind::Json => {
            let Ok(text) = document(report, &words).pretty() else {
                return;
            };
            ("json", text.into_bytes())
        }
        ReportKind::Pdf => {
            // While another file is being opened the desk's recording may be another than the report's.
            let recording = desk.shown();
            let own = recording.filter(|shown| RecordingSummary::of(shown) == report.recording);
            let Some(recording) = own else {
                let reason = Phrase::new("report-of-another-recording");
                post(&FromWorker::Failed { job, reason }, &[]);
                return;
            };
            ("pdf", pdf(&paper(report, recording, &words), &report.file))
        }
    };
    let names = vec![format!("{}-report.{ending}", file_stem(&report.file))];
    let bytes = Uint8Array::from(bytes.as_slice()).buffer();
    post(&FromWorker::Exported { job, names }, &[bytes]);
}
