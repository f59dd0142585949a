//! The live session's place in the worker: what the page reports goes in, what is new goes out.

use super::channel::post;
use crate::engine::LiveJob;
use crate::live::profile::Profile;
use crate::live::session::Input;
use crate::protocol::{FromWorker, JobId};
use crate::recording::{Recording, StartTime};
use js_sys::{Float32Array, Int16Array};

/// A running session.
pub struct LiveDesk {
    id: JobId,
    job: LiveJob,
}

impl LiveDesk {
    /// Begins a session with a device of this profile; `None` when there is no such profile, or it streams no ECG.
    pub fn start(
        id: JobId,
        profile: &str,
        device: &str,
        start: Option<StartTime>,
        at_s: f64,
    ) -> Option<Self> {
        let job = LiveJob::new(Profile::by_id(profile)?, device, start)?;
        let mut desk = Self { id, job };
        desk.handle(id, Input::Start, at_s);
        Some(desk)
    }

    /// Takes what happened on the link and tells the page what is new.
    pub fn handle(&mut self, id: JobId, input: Input, at_s: f64) {
        if id != self.id {
            return;
        }
        let mut update = self.job.handle(at_s, input);
        let request = update.infer.take();
        let counts = Int16Array::from(update.counts.as_slice()).buffer();
        let (rate_hz, gain) = (self.job.rate_hz(), self.job.gain_per_mv());
        if !update.is_empty() {
            post(
                &FromWorker::Live {
                    job: id,
                    update: Box::new(update),
                    rate_hz,
                    gain,
                },
                &[counts],
            );
        }
        if let Some(request) = request {
            let buffer = Float32Array::from(request.values_mv.as_slice()).buffer();
            post(&FromWorker::LiveInfer { job: id, request }, &[buffer]);
        }
    }

    /// Ends the session.
    pub fn finish(self) -> Option<Recording> {
        self.job.finish()
    }
}
