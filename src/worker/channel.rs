//! Messages between page and workers: one JSON text with buffers (and files) beside it.

use js_sys::{Array, ArrayBuffer, Object, Reflect};
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
    let text = serde_json::to_string(message).ok()?;
    let list: Array = buffers.iter().collect();
    let object = Object::new();
    Reflect::set(&object, &"h".into(), &text.into()).ok()?;
    Reflect::set(&object, &"b".into(), &list).ok()?;
    if !files.is_empty() {
        let files: Array = files.iter().collect();
        Reflect::set(&object, &"f".into(), &files).ok()?;
    }
    Some((object.into(), list))
}

/// The message of an event; `None` when it is not one of ours.
pub fn unpack<M: DeserializeOwned>(event: &MessageEvent) -> Option<Parcel<M>> {
    let data = event.data();
    let text = Reflect::get(&data, &"h".into()).ok()?.as_string()?;
    let message = serde_json::from_str(&text).ok()?;
    let list = |key: &str| {
        Reflect::get(&data, &key.into())
            .ok()
            .and_then(|value| value.dyn_into::<Array>().ok())
    };
    let buffers = list("b").map(|array| {
        array
            .iter()
            .filter_map(|item| item.dyn_into().ok())
            .collect()
    });
    let files = list("f").map(|array| {
        array
            .iter()
            .filter_map(|item| item.dyn_into().ok())
            .collect()
    });
    Some(Parcel {
        message,
        buffers: buffers.unwrap_or_default(),
        files: files.unwrap_or_default(),
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

/// Calls `handle` for each message from the page, for as long as the worker lives.
pub(super) fn listen<M: DeserializeOwned + 'static>(mut handle: impl FnMut(Parcel<M>) + 'static) {
    let Some(scope) = scope() else { return };
    let callback = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(parcel) = unpack(&event) {
            handle(parcel);
        }
    });
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
pub(super) fn report_panics(message: impl Fn(String) -> JsValue + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info| {
        if let Some(scope) = scope() {
            let _ = scope.post_message(&message(info.to_string()));
        }
    }));
}
