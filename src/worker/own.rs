//! A user's own model in `infer`: checked, run, and kept on this device where its user wants that. The page ends this
//! worker when a task takes too long.

use super::channel;
use crate::inference::InferenceError;
use crate::inference::own::{
    Answers, OwnManifest, OwnRequest, OwnSession, answers_of, inspect, is_to_be_kept, manifest_of,
};
use crate::protocol::{OwnSaid, OwnTask};
use crate::recording::Phrase;
use js_sys::{ArrayBuffer, Float32Array, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, Response};

/// Where the browser keeps the file; beside the site's own stores, which are emptied with each version.
const STORE: &str = "einthoven-own-model";
const KEPT_AS: &str = "own-model/model.onnx";

/// Milliseconds that a run may take by the time of its first windows; less than what the page waits.
const RUN_MS: f64 = 10_000.0;

/// The model that was checked last, with the milliseconds that a window took.
struct Checked {
    session: OwnSession,
    window_ms: f64,
}

impl Checked {
    /// The model's card, and where it is kept.
    async fn card(&self) -> Vec<Phrase> {
        let mut card = self.session.card().to_vec();
        card.push(if is_kept().await {
            Phrase::new("own-kept")
        } else {
            Phrase::new("own-session")
        });
        card
    }
}

/// The slot: one model at a time.
#[derive(Clone, Default)]
pub(super) struct Slot(Rc<RefCell<Option<Rc<Checked>>>>);

impl Slot {
    /// Does one task; the model's file and the leads' samples come beside it.
    pub(super) async fn perform(
        &self,
        task: OwnTask,
        has_model: bool,
        mut buffers: Vec<ArrayBuffer>,
    ) -> OwnSaid {
        let model = (has_model && !buffers.is_empty()).then(|| buffers.remove(0));
        let said = match task {
            OwnTask::Inspect { manifest } => inspected(model.as_ref(), manifest.as_deref()),
            OwnTask::Check { answers } => self.check(model, &answers).await,
            OwnTask::Run { manifest, request } => {
                self.run(model, &manifest, *request, &buffers).await
            }
            OwnTask::Forget => {
                *self.0.borrow_mut() = None;
                forget().await;
                Ok(OwnSaid::Forgotten)
            }
        };
        said.unwrap_or_else(OwnSaid::from)
    }

    async fn check(
        &self,
        model: Option<ArrayBuffer>,
        answers: &Answers,
    ) -> Result<OwnSaid, OwnSaid> {
        let manifest = manifest_of(answers)?;
        let buffer = model.ok_or_else(gone)?;
        let checked = self.load(manifest, &Uint8Array::new(&buffer).to_vec())?;
        let is_wanted = is_to_be_kept(answers);
        let is_kept = if is_wanted {
            store(&buffer).await.is_some()
        } else {
            forget().await;
            false
        };
        let mut card = checked.card().await;
        card.extend((is_wanted && !is_kept).then(|| Phrase::new("own-not-kept")));
        let manifest = serde_json::to_string_pretty(checked.session.manifest());
        Ok(OwnSaid::Ready {
            card,
            manifest: manifest.unwrap_or_default(),
            is_kept,
        })
    }

    async fn run(
        &self,
        model: Option<ArrayBuffer>,
        manifest: &str,
        mut request: OwnRequest,
        leads: &[ArrayBuffer],
    ) -> Result<OwnSaid, OwnSaid> {
        for (lead, buffer) in request.leads.iter_mut().zip(leads) {
            lead.values_mv = Float32Array::new(buffer).to_vec();
        }
        let manifest = OwnManifest::parse(manifest.as_bytes())?;
        let ready = self.0.borrow().clone();
        let ready = ready.filter(|checked| *checked.session.manifest() == manifest);
        let checked = match (ready, model) {
            (Some(checked), _) => checked,
            (None, Some(buffer)) => self.load(manifest, &Uint8Array::new(&buffer).to_vec())?,
            (None, None) => self.load(manifest, &kept().await.ok_or_else(gone)?)?,
        };
        let most_windows = (RUN_MS / checked.window_ms.max(0.01)) as usize;
        Ok(OwnSaid::Answer {
            card: checked.card().await,
            result: checked.session.run(&request, most_windows)?,
        })
    }

    fn load(&self, manifest: OwnManifest, bytes: &[u8]) -> Result<Rc<Checked>, InferenceError> {
        *self.0.borrow_mut() = None;
        let session = OwnSession::load(manifest, bytes)?;
        let count = session.manifest().input_shape().iter().product();
        let started = js_sys::Date::now();
        session.outputs(&vec![0.0; count])?;
        let checked = Rc::new(Checked {
            session,
            window_ms: js_sys::Date::now() - started,
        });
        *self.0.borrow_mut() = Some(checked.clone());
        Ok(checked)
    }
}

fn gone() -> OwnSaid {
    OwnSaid::refused(Phrase::new("own-gone"))
}

fn inspected(model: Option<&ArrayBuffer>, manifest: Option<&str>) -> Result<OwnSaid, OwnSaid> {
    let buffer = model.ok_or_else(gone)?;
    let mut inspection = inspect(&Uint8Array::new(buffer).to_vec())?;
    if let Some(manifest) = manifest {
        inspection.answers = answers_of(&OwnManifest::parse(manifest.as_bytes())?);
    }
    Ok(OwnSaid::Inspected(inspection))
}

async fn shelf() -> Option<Cache> {
    let caches = channel::scope()?.caches().ok()?;
    JsFuture::from(caches.open(STORE))
        .await
        .ok()?
        .dyn_into()
        .ok()
}

async fn store(buffer: &ArrayBuffer) -> Option<()> {
    let response = Response::new_with_opt_buffer_source(Some(buffer)).ok()?;
    let put = shelf().await?.put_with_str(KEPT_AS, &response);
    JsFuture::from(put).await.ok().map(|_| ())
}

async fn kept() -> Option<Vec<u8>> {
    let found: JsValue = JsFuture::from(shelf().await?.match_with_str(KEPT_AS))
        .await
        .ok()?;
    let response: Response = found.dyn_into().ok()?;
    let buffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

async fn is_kept() -> bool {
    let Some(Ok(caches)) = channel::scope().map(|scope| scope.caches()) else {
        return false;
    };
    let found = JsFuture::from(caches.has(STORE)).await;
    found.is_ok_and(|found| found.is_truthy())
}

async fn forget() {
    // Nothing is kept where there is no store.
    if let Some(Ok(caches)) = channel::scope().map(|scope| scope.caches()) {
        let _ = JsFuture::from(caches.delete(STORE)).await;
    }
}
