//! The worker that reads and analyses recordings.

use wasm_bindgen::prelude::*;

fn main() {
    let scope: web_sys::DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let build = option_env!("EINTHOVEN_BUILD").unwrap_or("dev");
    let formats = einthoven::formats::FORMATS.len();
    let _ = scope.post_message(&format!("worker {build}: {formats} formats").into());
}
