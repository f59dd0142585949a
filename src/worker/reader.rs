//! The worker that only opens: a third of the size of the one that measures, for the first visit over a slow line.
//!
//! It says [`FromWorker::Opened`] where a file can be put on paper, and nothing otherwise: all else is said by the worker
//! that measures, which gets the same files once it is up.

use super::analyst::{bundle_of, ready, send_opened};
use super::channel;
use crate::formats::{Context, Readers, Reading, open_among};
use crate::protocol::ToWorker;

/// Starts the worker with these readers: answers messages for as long as it lives.
pub fn start(readers: Readers) {
    channel::report_panics();
    channel::listen(move |parcel| {
        let ToWorker::Open {
            job,
            names,
            answers,
            ..
        } = parcel.message
        else {
            return;
        };
        let bundle = bundle_of(names, parcel.files);
        let read = open_among(readers, &bundle, &mut Context::with_answers(answers));
        if let Ok(Some(Reading::Recording(recording))) = read {
            send_opened(job, &recording);
        }
    });
    channel::post(&ready(), &[]);
}
