//! What page and workers say to each other: a closed enum each way, beside transferred buffers.
//!
//! Page and `worker` speak binary (postcard), for reading JSON would be a fifth of the page's code. `worker` and `infer`
//! speak JSON, which the page passes on unread. A panic comes as a bare text beside all that: `worker::panic_of`.
//!
//! Each side says its build first; a page and a worker of different builds refuse each other, because a cached file of
//! an older build may be beside a newer one.

use crate::analysis::edits::Edit;
use crate::engine::{InferAnswer, InferRequest, LiveUpdate, Stage};
use crate::formats::{Answers, Offer, Question};
use crate::inference::own::{self, Inspection, OwnRequest, OwnResult};
use crate::inference::{Call, InferenceError};
use crate::live::session::Input;
use crate::recording::{Phrase, StartTime};
use crate::report::{RecordingSummary, Report};
use serde::{Deserialize, Serialize};

/// Id of this build, the same in page and workers.
pub const BUILD: &str = match option_env!("EINTHOVEN_BUILD") {
    Some(build) => build,
    None => "development",
};

/// Number of a job, given by the page; answers carry it back, so that a late one is recognised.
pub type JobId = u32;

/// What a report is saved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportKind {
    /// The public document.
    Json,
    /// Pages to print or send.
    Pdf,
}

/// Page to `worker`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToWorker {
    /// Open the files that come beside the message (`File` objects), under these names.
    Open {
        /// Job.
        job: JobId,
        /// Path of each file within what was dropped.
        names: Vec<String>,
        /// What is already answered.
        answers: Answers,
        /// Lead to analyse.
        lead: Option<usize>,
    },
    /// Open the built-in example.
    Example {
        /// Job.
        job: JobId,
    },
    /// Analyse the open recording anew: another lead, or with what the reader overrules.
    Analyse {
        /// Job.
        job: JobId,
        /// Index of the lead; chosen by quality when `None`.
        lead: Option<usize>,
        /// What the reader overrules.
        edits: Vec<Edit>,
    },
    /// Ask this model from now on, by id.
    Model {
        /// One of those of [`FromWorker::Inferred`].
        id: String,
    },
    /// What `infer` said ([`FromInfer`] as JSON).
    InferSaid {
        /// The text.
        text: String,
    },
    /// `infer` ended without an answer.
    InferDied {
        /// Job that may wait for it.
        job: JobId,
        /// Why, in the catalogue's words.
        reason: Phrase,
    },
    /// Write the open recording in a format.
    Export {
        /// Job.
        job: JobId,
        /// Writer's id.
        format: String,
    },
    /// Write the last report.
    SaveReport {
        /// Job.
        job: JobId,
        /// As what.
        kind: ReportKind,
    },
    /// Something is wanted of the slot for a user's own model; its files come beside the message, where the page has
    /// them.
    Own {
        /// Ticket.
        ticket: Ticket,
        /// What.
        ask: OwnAsk,
    },
    /// A live session begins; bytes will follow.
    LiveStart {
        /// Job.
        job: JobId,
        /// Device profile id.
        profile: String,
        /// Name of the device for people.
        device: String,
        /// The worker plays the device itself and loses this share of its packets; the page only passes time on.
        simulated_loss: Option<f64>,
        /// Wall clock of the page.
        start: Option<StartTime>,
        /// The page's steady clock, seconds.
        at_s: f64,
    },
    /// Something happened on the link.
    LiveInput {
        /// Job.
        job: JobId,
        /// What.
        input: Input,
        /// When, on the page's steady clock, seconds.
        at_s: f64,
    },
    /// The session ends; its recording is opened like any other.
    LiveStop {
        /// Job.
        job: JobId,
    },
}

/// `worker` to page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromWorker {
    /// The worker is up. It tells what it reads and writes, so that the page need not link all that.
    Ready {
        /// Its build.
        build: String,
        /// Names of the formats that are read.
        formats: Vec<String>,
        /// Id and name of the formats that are written.
        writers: Vec<(String, String)>,
    },
    /// Work is going on.
    Progress {
        /// Job.
        job: JobId,
        /// What is being done.
        stage: Stage,
    },
    /// A recording is open; the samples of its leads come beside the message, one buffer a lead.
    Opened {
        /// Job.
        job: JobId,
        /// What it is.
        summary: Box<RecordingSummary>,
        /// Type and scale of each buffer.
        buffers: Vec<SampleBuffer>,
    },
    /// A report, first of the rules alone, then with the models.
    Report {
        /// Job.
        job: JobId,
        /// The report.
        report: Box<Report>,
        /// Nothing more will come.
        complete: bool,
    },
    /// A model is wanted; the lead's samples come beside the message, to be passed on with the text.
    Infer {
        /// Job.
        job: JobId,
        /// [`ToInfer`] as JSON.
        text: String,
    },
    /// A task for a user's own model; model and samples come beside the message, to be passed on with the text.
    OwnTask {
        /// Ticket.
        ticket: Ticket,
        /// [`ToInfer`] as JSON.
        text: String,
    },
    /// What came of it.
    Own {
        /// Ticket.
        ticket: Ticket,
        /// What is said.
        said: Box<OwnSaid>,
    },
    /// `infer` is of another build than `worker`.
    InferOfOtherBuild,
    /// `infer` has answered.
    Inferred {
        /// Requests that it has made so far.
        requests: u32,
        /// Milliseconds that the model took.
        took_ms: f64,
        /// Ids of the models that are there, the default first.
        models: Vec<String>,
    },
    /// The model's call on the last 10 s of a live trace, if it gave one.
    LiveCall {
        /// Job.
        job: JobId,
        /// The call.
        call: Option<Box<Call>>,
    },
    /// Several recordings to choose from.
    Choice {
        /// Job.
        job: JobId,
        /// The offers.
        offers: Vec<Offer>,
    },
    /// Something must be answered.
    Question {
        /// Job.
        job: JobId,
        /// What.
        question: Box<Question>,
    },
    /// Nothing could be opened.
    Failed {
        /// Job.
        job: JobId,
        /// Why, in the catalogue's words.
        reason: Phrase,
    },
    /// Files are written; their bytes come beside the message in this order.
    Exported {
        /// Job.
        job: JobId,
        /// File names.
        names: Vec<String>,
    },
    /// What is new of the live session; its i16 counts come beside the message.
    Live {
        /// Job.
        job: JobId,
        /// What is new.
        update: Box<LiveUpdate>,
        /// Samples per second of the trace.
        rate_hz: f64,
        /// Counts per millivolt of the trace.
        gain: f64,
    },
    /// This worker's readers do not know the files; the worker with all readers may.
    Unknown {
        /// Job.
        job: JobId,
    },
}

/// How a lead's samples travel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleBuffer {
    /// Bits and kind of a number.
    pub kind: SampleKind,
    /// Counts per unit.
    pub gain: f64,
    /// Count of 0.
    pub baseline: f64,
}

/// Kinds of numbers in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum SampleKind {
    I16,
    I32,
    F32,
}

/// `worker` to `infer`, by way of the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum ToInfer {
    /// Answer a request; the lead's samples (f32 millivolts) come beside the message.
    Run {
        /// Job.
        job: JobId,
        /// What is asked.
        request: Box<InferRequest>,
        /// A single window of a live trace rather than a recording.
        live: bool,
    },
    /// A task for a user's own model. Beside the message come its file, if there is one, and the samples of each lead
    /// (f32 millivolts).
    Own {
        /// Ticket.
        ticket: Ticket,
        /// The first buffer is the model's file.
        has_model: bool,
        /// What is to be done.
        task: OwnTask,
    },
}

/// `infer` to `worker`, by way of the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "kebab-case")]
pub enum FromInfer {
    /// The worker is up.
    Ready {
        /// Its build.
        build: String,
    },
    /// The answer.
    Answer {
        /// Job.
        job: JobId,
        /// Calls, or why there are none.
        answer: InferAnswer,
        /// The single window of a live trace.
        live: bool,
        /// Milliseconds that the models took.
        took_ms: f64,
        /// Requests that this worker has made so far.
        requests: u32,
        /// Ids of the models that are there, the default first.
        models: Vec<String>,
    },
    /// Of a user's own model.
    Own {
        /// Ticket.
        ticket: Ticket,
        /// What is said.
        said: OwnSaid,
    },
}

/// Number of something wanted of the slot, given by the page; what is said carries it back.
pub type Ticket = u32;

/// What the page wants of the slot for a user's own model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnAsk {
    /// Say what the chosen file is; a manifest may be beside it.
    Inspect,
    /// Check the chosen file against the form's answers, and try it.
    Check {
        /// Answers of the form.
        answers: own::Answers,
    },
    /// Run it on the open recording; without a file the kept one.
    Run {
        /// Manifest as JSON, from [`OwnSaid::Ready`].
        manifest: String,
        /// Of a long recording, where to begin, in seconds.
        from_s: f64,
    },
    /// Keep it no longer.
    Forget,
}

/// The same, as `infer` is given it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnTask {
    /// Say what the file is.
    Inspect {
        /// Text of the manifest that was beside it.
        manifest: Option<String>,
    },
    /// Check it against the answers, and try it.
    Check {
        /// Answers of the form.
        answers: own::Answers,
    },
    /// Run it.
    Run {
        /// Manifest as JSON.
        manifest: String,
        /// Leads, without their samples.
        request: Box<OwnRequest>,
    },
    /// Keep it no longer.
    Forget,
}

/// What comes of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnSaid {
    /// The task is begun: the time that it may take runs from here.
    Began,
    /// What the file is.
    Inspected(Inspection),
    /// It passed its checks.
    Ready {
        /// Its card.
        card: Vec<Phrase>,
        /// Its manifest as JSON.
        manifest: String,
        /// The file is kept on this device.
        is_kept: bool,
    },
    /// What it says of the recording.
    Answer {
        /// Its card.
        card: Vec<Phrase>,
        /// Its values.
        result: OwnResult,
    },
    /// Nothing is kept any more.
    Forgotten,
    /// It is refused.
    Refused {
        /// Field of the form that it is about.
        field: Option<String>,
        /// Why, and what helps.
        reason: Phrase,
    },
}

impl OwnSaid {
    /// A refusal that is about no field.
    #[must_use]
    pub fn refused(reason: Phrase) -> Self {
        Self::Refused {
            field: None,
            reason,
        }
    }
}

impl From<InferenceError> for OwnSaid {
    fn from(error: InferenceError) -> Self {
        let reason = error.phrase();
        let field = match error {
            InferenceError::Manifest { field, .. } => Some(field),
            _ => None,
        };
        Self::Refused { field, reason }
    }
}
