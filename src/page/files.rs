//! Drop, pick, paste and save: the ways files come and go.

use super::links;
use super::store::Store;
use js_sys::{Array, ArrayBuffer, Uint8Array};
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    Blob, DataTransfer, DragEvent, File, FileList, FileSystemDirectoryEntry, FileSystemEntry,
    FileSystemFileEntry, HtmlAnchorElement, HtmlInputElement, Url,
};

/// Files taken from one dropped folder at most.
const MOST_FILES: usize = 5000;

/// Opens the browser's file picker for recordings.
pub fn pick() {
    pick_for(links::open_files);
}

/// Takes what was chosen: names and files.
type Taking = Box<dyn FnOnce(Vec<(String, File)>)>;

/// Opens the browser's file picker, and hands on what was chosen.
pub fn pick_for(take: impl FnOnce(Vec<(String, File)>) + 'static) {
    pick_boxed(Box::new(take));
}

fn pick_boxed(take: Taking) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else {
        return;
    };
    let Some(input) = document
        .create_element("input")
        .ok()
        .and_then(|node| node.dyn_into::<HtmlInputElement>().ok())
    else {
        return;
    };
    input.set_type("file");
    input.set_multiple(true);
    input.set_id("file-picker");
    input.set_hidden(true);
    let taken = input.clone();
    let change = Closure::once_into_js(move |_: JsValue| {
        take(listed(taken.files()));
        taken.remove();
    });
    input.set_onchange(Some(change.unchecked_ref()));
    if let Some(body) = document.body() {
        let _ = body.append_child(&input);
    }
    input.click();
}

fn listed(files: Option<FileList>) -> Vec<(String, File)> {
    let Some(files) = files else {
        return Vec::new();
    };
    (0..files.length())
        .filter_map(|index| files.get(index))
        .map(|file| (file.name(), file))
        .collect()
}

/// Makes the whole window a place to drop on and to paste into.
pub fn listen(store: Store) {
    let over = window_event_listener(leptos::ev::dragover, move |event: DragEvent| {
        event.prevent_default();
        store.dragging.set(true);
    });
    let leave = window_event_listener(leptos::ev::dragleave, move |event: DragEvent| {
        if event.related_target().is_none() {
            store.dragging.set(false);
        }
    });
    let drop = window_event_listener(leptos::ev::drop, move |event: DragEvent| {
        event.prevent_default();
        store.dragging.set(false);
        if let Some(data) = event.data_transfer() {
            take(&data);
        }
    });
    let paste = window_event_listener(leptos::ev::paste, move |event: web_sys::ClipboardEvent| {
        if let Some(data) = event.clipboard_data() {
            take_pasted(&data);
        }
    });
    on_cleanup(move || {
        over.remove();
        leave.remove();
        drop.remove();
        paste.remove();
    });
}

/// Files and folders of a drop.
fn take(data: &DataTransfer) {
    let items = data.items();
    let entries: Vec<FileSystemEntry> = (0..items.length())
        .filter_map(|index| items.get(index))
        .filter_map(|item| item.webkit_get_as_entry().ok().flatten())
        .collect();
    if entries.iter().any(FileSystemEntry::is_directory) {
        spawn_local(async move {
            let mut files = Vec::new();
            for entry in entries {
                walk(entry, &mut files).await;
            }
            links::open_files(files);
        });
        return;
    }
    links::open_files(listed(data.files()));
}

/// All files below an entry, breadth first.
async fn walk(entry: FileSystemEntry, files: &mut Vec<(String, File)>) {
    let mut waiting = std::collections::VecDeque::from([entry]);
    while let Some(entry) = waiting.pop_front() {
        if files.len() >= MOST_FILES {
            return;
        }
        let path = entry.full_path().trim_start_matches('/').to_owned();
        if let Some(file) = entry.dyn_ref::<FileSystemFileEntry>() {
            if let Some(file) = file_of(file).await {
                files.push((path, file));
            }
        } else if let Ok(folder) = entry.dyn_into::<FileSystemDirectoryEntry>() {
            waiting.extend(members(&folder).await);
        }
    }
}

async fn file_of(entry: &FileSystemFileEntry) -> Option<File> {
    let found: Rc<RefCell<Option<File>>> = Rc::default();
    let promise = js_sys::Promise::new(&mut |resolve, reject| {
        let (found, done) = (found.clone(), resolve);
        let success = Closure::once_into_js(move |file: File| {
            *found.borrow_mut() = Some(file);
            let _ = done.call0(&JsValue::NULL);
        });
        entry.file_with_callback_and_callback(success.unchecked_ref(), &reject);
    });
    wasm_bindgen_futures::JsFuture::from(promise).await.ok()?;
    found.borrow_mut().take()
}

/// A reader gives a folder's members in portions, an empty one at the end.
async fn members(folder: &FileSystemDirectoryEntry) -> Vec<FileSystemEntry> {
    let reader = folder.create_reader();
    let mut all = Vec::new();
    loop {
        let promise = js_sys::Promise::new(&mut |resolve, reject| {
            if reader
                .read_entries_with_callback_and_callback(&resolve, &reject)
                .is_err()
            {
                let _ = reject.call0(&JsValue::NULL);
            }
        });
        let portion = wasm_bindgen_futures::JsFuture::from(promise)
            .await
            .ok()
            .and_then(|list| list.dyn_into::<Array>().ok());
        match portion {
            Some(portion) if portion.length() > 0 && all.len() < MOST_FILES => {
                all.extend(
                    portion
                        .iter()
                        .filter_map(|entry| entry.dyn_into::<FileSystemEntry>().ok()),
                );
            }
            _ => return all,
        }
    }
}

/// Pasted files, or pasted text as a file of its own.
fn take_pasted(data: &DataTransfer) {
    let files = listed(data.files());
    if !files.is_empty() {
        links::open_files(files);
        return;
    }
    let Ok(text) = data.get_data("text/plain") else {
        return;
    };
    // A few words are no recording; a table of numbers is longer.
    if text.len() < 200 {
        return;
    }
    let parts = Array::of1(&JsValue::from_str(&text));
    if let Ok(file) = File::new_with_str_sequence(&parts, "pasted.csv") {
        links::open_files(vec![(file.name(), file)]);
    }
}

/// Hands bytes to the browser's downloads.
pub fn save(name: &str, buffer: &ArrayBuffer) {
    let parts = Array::of1(&Uint8Array::new(buffer));
    let Ok(blob) = Blob::new_with_u8_array_sequence(&parts) else {
        return;
    };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else {
        return;
    };
    let anchor = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.create_element("a").ok())
        .and_then(|node| node.dyn_into::<HtmlAnchorElement>().ok());
    if let Some(anchor) = anchor {
        anchor.set_href(&url);
        anchor.set_download(name);
        anchor.click();
    }
    let _ = Url::revoke_object_url(&url);
}
