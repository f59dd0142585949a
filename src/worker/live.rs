//! The live session's place in the worker: what the page reports goes in, what is new goes out.

use super::channel::{ask_model, post};
use crate::engine::LiveJob;
use crate::live::profile::Profile;
use crate::live::session::Input;
use crate::live::simulated::{SimulatedH10, SimulatedLink};
use crate::protocol::{FromWorker, JobId};
use crate::recording::{Recording, StartTime};
use crate::simulator::Rhythm;
use js_sys::Int16Array;

/// Seed of the simulated person.
const SEED: u64 = 1;

/// A running session.
pub struct LiveDesk {
    id: JobId,
    job: LiveJob,
    strap: Option<Strap>,
    /// The model that the user has chosen.
    model: Option<String>,
}

/// A simulated device in the place of a real one.
struct Strap {
    link: SimulatedLink,
    /// The page's time at which it woke: its own time starts there.
    woke_at_s: f64,
}

impl Strap {
    fn new(loss: f64, at_s: f64) -> Self {
        let device = SimulatedH10::wearing(Rhythm::Sinus, loss.clamp(0.0, 1.0), SEED);
        Self {
            link: SimulatedLink::new(device),
            woke_at_s: at_s,
        }
    }

    /// What it says until `at_s`, with the page's time of each.
    fn advance(&mut self, at_s: f64) -> Vec<(f64, Input)> {
        let woke_at_s = self.woke_at_s;
        let said = self.link.advance(at_s - woke_at_s);
        said.into_iter()
            .map(|(own_s, input)| (own_s + woke_at_s, input))
            .collect()
    }
}

impl LiveDesk {
    /// Begins a session with a device of this profile; `None` when there is no such profile, or it streams no ECG.
    pub fn start(
        id: JobId,
        profile: &str,
        device: &str,
        simulated_loss: Option<f64>,
        start: Option<StartTime>,
        at_s: f64,
    ) -> Option<Self> {
        let job = LiveJob::new(Profile::by_id(profile)?, device, start)?;
        let strap = simulated_loss.map(|loss| Strap::new(loss, at_s));
        let mut desk = Self {
            id,
            job,
            strap,
            model: None,
        };
        desk.handle(id, Input::Start, at_s);
        Some(desk)
    }

    /// The same, asking this model.
    pub fn asking(self, model: Option<String>) -> Self {
        Self { model, ..self }
    }

    /// Takes what happened on the link and tells the page what is new.
    pub fn handle(&mut self, id: JobId, input: Input, at_s: f64) {
        if id != self.id {
            return;
        }
        let said = self.strap.as_mut().map(|strap| strap.advance(at_s));
        for (said_at_s, said) in said.unwrap_or_default() {
            self.take(said, said_at_s);
        }
        self.take(input, at_s);
    }

    fn take(&mut self, input: Input, at_s: f64) {
        let id = self.id;
        let mut update = self.job.handle(at_s, input);
        if let Some(strap) = self.strap.as_mut() {
            for wish in std::mem::take(&mut update.link) {
                strap.link.perform(at_s - strap.woke_at_s, &wish);
            }
        }
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
        if let Some(mut request) = request {
            request.model.clone_from(&self.model);
            ask_model(id, request, true);
        }
    }

    /// Ends the session.
    pub fn finish(self) -> Option<Recording> {
        self.job.finish()
    }
}
