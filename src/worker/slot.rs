//! The slot of a user's own model, in the worker that holds the recording: files and leads go on to `infer`.

use super::channel::{ask_own, post};
use crate::inference::InferenceError;
use crate::inference::MAX_MODEL_BYTES;
use crate::inference::own::{OwnManifest, OwnRequest, gather};
use crate::protocol::{FromWorker, OwnAsk, OwnSaid, OwnTask, Ticket};
use crate::recording::{Phrase, Recording};
use js_sys::{ArrayBuffer, Float32Array, Uint8Array};
use web_sys::{File, FileReaderSync};

/// Passes on what is wanted of the slot, or says why that cannot be.
pub(super) fn ask(recording: Option<&Recording>, ticket: Ticket, ask: OwnAsk, files: &[File]) {
    match passed_on(recording, ask, files) {
        Ok(parcel) => ask_own(ticket, parcel.task, parcel.model, parcel.leads),
        Err(said) => tell(ticket, said),
    }
}

/// Tells the page what came of it.
pub(super) fn tell(ticket: Ticket, said: OwnSaid) {
    let said = Box::new(said);
    post(&FromWorker::Own { ticket, said }, &[]);
}

struct ForInfer {
    task: OwnTask,
    model: Option<ArrayBuffer>,
    leads: Vec<ArrayBuffer>,
}

fn passed_on(
    recording: Option<&Recording>,
    ask: OwnAsk,
    files: &[File],
) -> Result<ForInfer, OwnSaid> {
    let is_manifest = |file: &&File| file.name().to_lowercase().ends_with(".json");
    let model = files.iter().find(|file| !is_manifest(file));
    let model = model.map(model_bytes).transpose()?;
    if model.is_none() && matches!(ask, OwnAsk::Inspect | OwnAsk::Check { .. }) {
        return Err(OwnSaid::refused(Phrase::new("own-no-file")));
    }
    let (task, leads) = match ask {
        OwnAsk::Inspect => {
            let manifest = files.iter().find(is_manifest).and_then(read);
            let manifest = manifest.map(|buffer| {
                let bytes = Uint8Array::new(&buffer).to_vec();
                String::from_utf8_lossy(&bytes).into_owned()
            });
            (OwnTask::Inspect { manifest }, Vec::new())
        }
        OwnAsk::Check { answers } => (OwnTask::Check { answers }, Vec::new()),
        OwnAsk::Run { manifest, from_s } => {
            let request = Box::new(request(recording, &manifest, from_s)?);
            let leads = (request.leads.iter())
                .map(|lead| Float32Array::from(lead.values_mv.as_slice()).buffer())
                .collect();
            (OwnTask::Run { manifest, request }, leads)
        }
        OwnAsk::Forget => (OwnTask::Forget, Vec::new()),
    };
    Ok(ForInfer { task, model, leads })
}

/// The file's bytes, without a copy in this program's memory, which never shrinks.
fn model_bytes(file: &File) -> Result<ArrayBuffer, OwnSaid> {
    let found = file.size() as u64;
    if found > MAX_MODEL_BYTES {
        let error = InferenceError::TooLarge {
            what: "bytes of model",
            found,
            limit: MAX_MODEL_BYTES,
        };
        return Err(error.into());
    }
    read(file).ok_or_else(|| OwnSaid::refused(Phrase::new("own-gone")))
}

fn read(file: &File) -> Option<ArrayBuffer> {
    let reader = FileReaderSync::new().ok()?;
    reader.read_as_array_buffer(file).ok()
}

fn request(
    recording: Option<&Recording>,
    manifest: &str,
    from_s: f64,
) -> Result<OwnRequest, OwnSaid> {
    let manifest = OwnManifest::parse(manifest.as_bytes())?;
    let recording = recording.ok_or_else(|| OwnSaid::refused(Phrase::new("own-no-recording")))?;
    Ok(gather(recording, &manifest.input.leads, from_s)?)
}
