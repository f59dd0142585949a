//! The page.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(hello);
    if let Ok(event) = web_sys::Event::new("einthoven-landing-usable") {
        let _ = leptos::prelude::window().dispatch_event(&event);
    }
}

fn hello() -> impl IntoView {
    let build = option_env!("EINTHOVEN_BUILD").unwrap_or("dev");
    view! {
        <main data-build=build>
            <h1>"einthoven"</h1>
            <p id="worker">{answer_of("worker")}</p>
            <p id="infer">{answer_of("infer")}</p>
        </main>
    }
}

/// The first message of one worker, empty until it comes.
fn answer_of(name: &str) -> ReadSignal<String> {
    let (answer, set_answer) = signal(String::new());
    let options = web_sys::WorkerOptions::new();
    options.set_type(web_sys::WorkerType::Module);
    match web_sys::Worker::new_with_options(&format!("./{name}_loader.js"), &options) {
        Ok(worker) => {
            let heard = Closure::<dyn Fn(web_sys::MessageEvent)>::new(
                move |event: web_sys::MessageEvent| {
                    set_answer.set(event.data().as_string().unwrap_or_default());
                },
            );
            worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
            heard.forget();
        }
        Err(error) => set_answer.set(format!("{error:?}")),
    }
    answer
}
