//! The page: Leptos components by place on the screen, one store, and the browser's own transports.
//!
//! No signal processing, no parsing and no arithmetic of units here: the page shows what the workers say.

mod app;
mod bar;
mod bluetooth;
mod canvas;
mod cards;
mod charts;
mod editing;
mod files;
mod keyboard;
mod landing;
mod links;
mod live_bar;
mod overview;
mod own;
mod panel;
mod remembered;
mod sheet_view;
mod store;
mod tools;
mod transport;
mod verdict;
mod words;

/// Starts the page.
pub fn start() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
