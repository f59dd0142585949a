//! The worker that runs models.

use std::io::Cursor;
use tract_onnx::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

fn main() {
    spawn_local(async {
        let scope: web_sys::DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
        let build = option_env!("EINTHOVEN_BUILD").unwrap_or("dev");
        let text = match hello(&scope).await {
            Ok(text) => text,
            Err(error) => format!("failed: {error:?}"),
        };
        let _ = scope.post_message(&format!("infer {build}: {text}").into());
    });
}

async fn hello(scope: &web_sys::DedicatedWorkerGlobalScope) -> Result<String, JsValue> {
    let response: web_sys::Response =
        JsFuture::from(scope.fetch_with_str("./models/hello/model.onnx"))
            .await?
            .dyn_into()?;
    let buffer = JsFuture::from(response.array_buffer()?).await?;
    let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
    let outputs = run(&bytes).map_err(|error| JsValue::from_str(&format!("{error:#}")))?;
    Ok(format!("probabilities {outputs:.4?}"))
}

fn run(bytes: &[u8]) -> TractResult<Vec<f32>> {
    let model = tract_onnx::onnx()
        .model_for_read(&mut Cursor::new(bytes))?
        .with_input_fact(0, f32::fact([1, 1, 3000]).into())?
        .into_optimized()?
        .into_runnable()?;
    let window: Vec<f32> = (0..3000).map(|i| (i as f32 / 20.0).sin()).collect();
    let input = Tensor::from_shape(&[1, 1, 3000], &window)?;
    let outputs = model.run(tvec!(input.into_tvalue()))?;
    let first = outputs
        .first()
        .ok_or_else(|| TractError::msg("the model has no output"))?;
    Ok(first
        .to_plain_array_view::<f32>()?
        .iter()
        .copied()
        .collect())
}
