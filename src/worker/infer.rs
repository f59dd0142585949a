//! The worker that runs models. It fetches a model from its own origin when one is first needed, and keeps it.

use super::channel::{self, post_text};
use super::own::Slot;
use crate::engine::{InferAnswer, InferRequest};
use crate::inference::{LeadView, Manifest, Session, live_call, record_calls};
use crate::protocol::{BUILD, FromInfer, JobId, OwnSaid, ToInfer};
use crate::recording::Phrase;
use js_sys::{ArrayBuffer, Float32Array, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Response;

/// The list of models, the default first.
const MODEL_LIST: &str = "models/list.json";

/// A model that is ready to run.
struct Loaded {
    manifest: Manifest,
    session: Session,
}

/// The models that there are, and those that are loaded.
#[derive(Default)]
struct Models {
    ids: Vec<String>,
    loaded: Vec<Rc<Loaded>>,
}

type Shelf = Rc<RefCell<Models>>;

/// Starts the worker.
pub fn start() {
    channel::report_panics();
    let shelf = Shelf::default();
    let slot = Slot::default();
    channel::listen_to_text(move |message: ToInfer, buffers| match message {
        ToInfer::Run { job, request, live } => run(&shelf, job, request, live, &buffers),
        ToInfer::Own {
            ticket,
            has_model,
            task,
        } => {
            let slot = slot.clone();
            let said = OwnSaid::Began;
            post_text(&FromInfer::Own { ticket, said });
            spawn_local(async move {
                let said = slot.perform(task, has_model, buffers).await;
                post_text(&FromInfer::Own { ticket, said });
            });
        }
    });
    post_text(&FromInfer::Ready {
        build: BUILD.to_owned(),
    });
}

fn run(
    shelf: &Shelf,
    job: JobId,
    mut request: Box<InferRequest>,
    live: bool,
    buffers: &[ArrayBuffer],
) {
    if let Some(buffer) = buffers.first() {
        request.values_mv = Float32Array::new(buffer).to_vec();
    }
    let shelf = shelf.clone();
    spawn_local(async move {
        let (answer, took_ms) = answer(&shelf, &request, live).await;
        let requests = requests();
        let models = shelf.borrow().ids.clone();
        post_text(&FromInfer::Answer {
            job,
            answer,
            live,
            took_ms,
            requests,
            models,
        });
    });
}

async fn answer(shelf: &Shelf, request: &InferRequest, live: bool) -> (InferAnswer, f64) {
    let loaded = match loaded(shelf, request.model.as_deref()).await {
        Ok(loaded) => loaded,
        Err(reason) => return (Err(reason), 0.0),
    };
    let started = js_sys::Date::now();
    let answer = if live {
        live_call(
            &loaded.manifest,
            &loaded.session,
            request.rate_hz,
            &request.values_mv,
        )
        .map(|call| vec![call])
    } else {
        let lead = LeadView {
            rate_hz: request.rate_hz,
            values_mv: &request.values_mv,
            gaps: &request.gaps,
            quality: &request.quality,
            beats: Some(request.beats),
        };
        record_calls(&loaded.manifest, &loaded.session, &lead)
    };
    let answer = answer.map_err(|error| error.phrase());
    (answer, js_sys::Date::now() - started)
}

/// A model, the default one when none is named: fetched and optimised on first use.
async fn loaded(shelf: &Shelf, wanted: Option<&str>) -> Result<Rc<Loaded>, Phrase> {
    let unreachable = || Phrase::new("model-not-reachable");
    if shelf.borrow().ids.is_empty() {
        let list = fetch(MODEL_LIST).await.ok_or_else(unreachable)?;
        let ids = serde_json::from_slice(&list).map_err(|_| unreachable())?;
        shelf.borrow_mut().ids = ids;
    }
    let (id, ready) = {
        let shelf = shelf.borrow();
        let known = wanted.and_then(|wanted| shelf.ids.iter().find(|id| *id == wanted));
        let id = known.or(shelf.ids.first()).ok_or_else(unreachable)?.clone();
        let ready = shelf.loaded.iter().find(|one| one.manifest.id == id);
        (id, ready.cloned())
    };
    if let Some(ready) = ready {
        return Ok(ready);
    }
    let manifest = fetch(&format!("models/{id}/manifest.json"))
        .await
        .ok_or_else(unreachable)?;
    let manifest = Manifest::parse(&manifest).map_err(|error| error.phrase())?;
    let model = fetch(&format!("models/{id}/{}", manifest.file))
        .await
        .ok_or_else(unreachable)?;
    let session = Session::load(&manifest, &model).map_err(|error| error.phrase())?;
    let loaded = Rc::new(Loaded { manifest, session });
    shelf.borrow_mut().loaded.push(loaded.clone());
    Ok(loaded)
}

/// Bytes of a static file of our own origin, beside the worker's script.
async fn fetch(path: &str) -> Option<Vec<u8>> {
    let scope = channel::scope()?;
    let url = web_sys::Url::new_with_base(path, &scope.location().href())
        .ok()?
        .href();
    let response: Response = JsFuture::from(scope.fetch_with_str(&url))
        .await
        .ok()?
        .dyn_into()
        .ok()?;
    if !response.ok() {
        return None;
    }
    let buffer: JsValue = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// Requests that this worker has made, by the browser's own record.
fn requests() -> u32 {
    let performance = channel::scope().and_then(|scope| scope.performance());
    performance.map_or(0, |performance| {
        performance.get_entries_by_type("resource").length()
    })
}
