//! Messages between page and workers: one binary message (or JSON text) with buffers and files beside it.

use crate::engine::InferRequest;
use crate::protocol::{FromWorker, JobId, OwnTask, Ticket, ToInfer};
use js_sys::{Array, ArrayBuffer, Float32Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use web_sys::{DedicatedWorkerGlobalScope, File, MessageEvent};

/// A received message.
pub struct Parcel<M> {
    /// The message.
    pub message: M,
    /// Buffers in the sender's order.
    pub buffers: Vec<ArrayBuffer>,
    /// Files in the sender's order.
    pub files: Vec<File>,
}

/// A message as a value for `postMessage`, with its transfer list.
pub fn pack<M: Serialize>(
    message: &M,
    buffers: &[ArrayBuffer],
    files: &[File],
) -> Option<(JsValue, Array)> {
    let bytes = postcard::to_allocvec(message).ok()?;
    let (object, list) = wrap("m", &Uint8Array::from(bytes.as_slice()), buffers)?;
    if !files.is_empty() {
        let files: Array = files.iter().collect();
        Reflect::set(&object, &"f".into(), &files).ok()?;
    }
    Some((object.into(), list))
}

/// A JSON text as a value for `postMessage`, with its transfer list.
pub fn pack_text(text: &str, buffers: &[ArrayBuffer]) -> Option<(JsValue, Array)> {
    let (object, list) = wrap("h", &text.into(), buffers)?;
    Some((object.into(), list))
}

fn wrap(key: &str, value: &JsValue, buffers: &[ArrayBuffer]) -> Option<(Object, Array)> {
    let list: Array = buffers.iter().collect();
    let object = Object::new();
    Reflect::set(&object, &key.into(), value).ok()?;
    Reflect::set(&object, &"b".into(), &list).ok()?;
    Some((object, list))
}

/// The message of an event; `None` when it is not one of ours.
pub fn unpack<M: DeserializeOwned>(event: &MessageEvent) -> Option<Parcel<M>> {
    let bytes: Uint8Array = field(event, "m")?.dyn_into().ok()?;
    let message = postcard::from_bytes(&bytes.to_vec()).ok()?;
    Some(Parcel {
        message,
        buffers: list(event, "b"),
        files: list(event, "f"),
    })
}

/// The JSON text of an event.
pub fn text_of(event: &MessageEvent) -> Option<String> {
    field(event, "h")?.as_string()
}

/// What a worker said as it panicked.
pub fn panic_of(event: &MessageEvent) -> Option<String> {
    field(event, "p")?.as_string()
}

fn field(event: &MessageEvent, key: &str) -> Option<JsValue> {
    Reflect::get(&event.data(), &key.into()).ok()
}

fn list<T: JsCast>(event: &MessageEvent, key: &str) -> Vec<T> {
    let array = field(event, key).and_then(|value| value.dyn_into::<Array>().ok());
    array.map_or_else(Vec::new, |array| {
        array
            .iter()
            .filter_map(|item| item.dyn_into().ok())
            .collect()
    })
}

/// The scope of the worker this runs in.
pub(super) fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// Sends a message to the page, giving the buffers away.
pub(super) fn post<M: Serialize>(message: &M, buffers: &[ArrayBuffer]) {
    if let (Some(scope), Some((value, transfer))) = (scope(), pack(message, buffers, &[])) {
        // The page may be gone; there is nobody left to tell.
        let _ = scope.post_message_with_transfer(&value, &transfer);
    }
}

/// Asks `infer`, by way of the page; the lead's samples go beside the text.
pub(super) fn ask_model(job: JobId, request: Box<InferRequest>, live: bool) {
    let samples = Float32Array::from(request.values_mv.as_slice()).buffer();
    if let Ok(text) = serde_json::to_string(&ToInfer::Run { job, request, live }) {
        post(&FromWorker::Infer { job, text }, &[samples]);
    }
}

/// Gives `infer` a task for a user's own model, by way of the page; its file and the leads' samples go beside the text.
pub(super) fn ask_own(
    ticket: Ticket,
    task: OwnTask,
    model: Option<ArrayBuffer>,
    leads: Vec<ArrayBuffer>,
) {
    let message = ToInfer::Own {
        ticket,
        has_model: model.is_some(),
        task,
    };
    let buffers: Vec<ArrayBuffer> = model.into_iter().chain(leads).collect();
    if let Ok(text) = serde_json::to_string(&message) {
        post(&FromWorker::OwnTask { ticket, text }, &buffers);
    }
}

/// Calls `handle` for each message from the page, for as long as the worker lives.
pub(super) fn listen<M: DeserializeOwned + 'static>(mut handle: impl FnMut(Parcel<M>) + 'static) {
    hear(move |event| {
        if let Some(parcel) = unpack(&event) {
            handle(parcel);
        }
    });
}

/// Sends a JSON text to the page, to be passed on.
#[cfg(feature = "inference")]
pub(super) fn post_text<M: Serialize>(message: &M) {
    let text = serde_json::to_string(message).ok();
    let packed = text.and_then(|text| pack_text(&text, &[]));
    if let (Some(scope), Some((value, _))) = (scope(), packed) {
        // The page may be gone; there is nobody left to tell.
        let _ = scope.post_message(&value);
    }
}

/// Calls `handle` for each JSON text and its buffers, for as long as the worker lives.
#[cfg(feature = "inference")]
pub(super) fn listen_to_text<M: DeserializeOwned + 'static>(
    mut handle: impl FnMut(M, Vec<ArrayBuffer>) + 'static,
) {
    hear(move |event| {
        let message = text_of(&event).and_then(|text| serde_json::from_str(&text).ok());
        if let Some(message) = message {
            handle(message, list(&event, "b"));
        }
    });
}

fn hear(handle: impl FnMut(MessageEvent) + 'static) {
    let Some(scope) = scope() else { return };
    let callback = Closure::<dyn FnMut(MessageEvent)>::new(handle);
    scope.set_onmessage(Some(callback.as_ref().unchecked_ref()));
    callback.forget();
}

/// Runs `work` in a macrotask of its own, after the messages that are waiting.
///
/// A resolved promise would not let messages in, and a timer waits at least 4 ms.
pub(super) fn later(work: impl FnOnce() + 'static) {
    let Ok(channel) = web_sys::MessageChannel::new() else {
        return;
    };
    let port = channel.port1();
    let callback = Closure::once_into_js(move |_: MessageEvent| work());
    port.set_onmessage(Some(callback.unchecked_ref()));
    let _ = channel.port2().post_message(&JsValue::NULL);
}

/// Tells the page of a panic before the worker dies of it.
pub(super) fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let told = wrap("p", &info.to_string().into(), &[]);
        if let (Some(scope), Some((object, _))) = (scope(), told) {
            let _ = scope.post_message(&object);
        }
    }));
}
