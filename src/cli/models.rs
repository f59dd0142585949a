//! `models`: the models that are there, with their hashes; and asking them.

use super::Exit;
use super::arguments::Common;
use super::output::{Output, Stop};
use super::reading::hexadecimal;
use crate::engine::{InferAnswer, InferRequest};
#[cfg(feature = "inference")]
use crate::inference::{LeadView, Manifest, Session, own, record_calls};
use crate::recording::Phrase;
use clap::{Args, Subcommand};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check a model of your own as the page does before it runs it
    Check(CheckArguments),
}

#[derive(Debug, Args)]
struct CheckArguments {
    /// The model (ONNX)
    file: PathBuf,
    /// Its manifest (einthoven-own-model/1); without it only what the file alone shows is checked
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

/// One model's folder.
#[derive(Debug, Serialize)]
struct Listed {
    id: String,
    version: String,
    /// SHA-256 of the model's file in hexadecimal.
    sha256: String,
    /// Whether the manifest states the same hash.
    matches_manifest: bool,
}

pub fn run(arguments: &Arguments, common: &Common, output: &mut Output) -> Result<Exit, Stop> {
    if let Some(Action::Check(arguments)) = &arguments.action {
        return check(arguments, output);
    }
    let mut listed = Vec::new();
    let mut failed = 0;
    for folder in folders(&common.models_dir) {
        match list(&folder) {
            Ok(model) => listed.push(model),
            Err(phrase) => {
                output.complain(&folder.to_string_lossy(), &phrase);
                failed += 1;
            }
        }
    }
    if common.json {
        output.json(&listed)?;
    } else {
        let page = text(&listed, common, output);
        output.put(&page)?;
    }
    Ok(if failed == 0 {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}

/// Says what a user's model is, or why it is refused.
fn check(arguments: &CheckArguments, output: &mut Output) -> Result<Exit, Stop> {
    match checked(arguments) {
        Ok(lines) => {
            let words = &output.words;
            let lines: Vec<String> = lines.iter().map(|line| words.say(line)).collect();
            output.put(&format!("{}\n", lines.join("\n")))?;
            Ok(Exit::Done)
        }
        Err(reason) => {
            output.complain(&arguments.file.to_string_lossy(), &reason);
            Ok(Exit::NothingRead)
        }
    }
}

#[cfg(not(feature = "inference"))]
fn checked(_: &CheckArguments) -> Result<Vec<Phrase>, Phrase> {
    Err(Phrase::new("rhythm-no-model-runtime"))
}

#[cfg(feature = "inference")]
fn checked(arguments: &CheckArguments) -> Result<Vec<Phrase>, Phrase> {
    let read = |path: &Path| {
        std::fs::read(path)
            .map_err(|error| Phrase::new("cli-model-unreadable").with("reason", error.to_string()))
    };
    let model = read(&arguments.file)?;
    let Some(manifest) = &arguments.manifest else {
        let found = own::inspect(&model).map_err(|error| error.phrase())?;
        return Ok(found.facts);
    };
    let manifest = own::OwnManifest::parse(&read(manifest)?).map_err(|error| error.phrase())?;
    let session = own::OwnSession::load(manifest, &model).map_err(|error| error.phrase())?;
    let passed = Phrase::new("cli-model-passed");
    let card = session.card().iter().cloned();
    Ok(std::iter::once(passed).chain(card).collect())
}

fn text(listed: &[Listed], common: &Common, output: &Output) -> String {
    let words = &output.words;
    if listed.is_empty() {
        let folder = common.models_dir.to_string_lossy().into_owned();
        return format!(
            "{}\n",
            words.message("cli-no-models", &[("folder", folder.into())])
        );
    }
    let width = listed.iter().map(|model| model.id.len()).max().unwrap_or(0);
    let mut page = String::new();
    for model in listed {
        let state = if model.matches_manifest {
            words.message("cli-hash-matches", &[])
        } else {
            words.message("cli-hash-differs", &[])
        };
        page.push_str(&format!(
            "{:width$}  {}  {}  {state}\n",
            model.id, model.version, model.sha256
        ));
    }
    page
}

/// Folders that hold a manifest, by name.
fn folders(root: &Path) -> Vec<PathBuf> {
    let Ok(listing) = std::fs::read_dir(root) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = listing
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("manifest.json").is_file())
        .collect();
    folders.sort();
    folders
}

fn list(folder: &Path) -> Result<Listed, Phrase> {
    let unreadable = |reason: String| Phrase::new("cli-model-unreadable").with("reason", reason);
    let manifest = std::fs::read(folder.join("manifest.json"))
        .map_err(|error| unreadable(error.to_string()))?;
    let manifest: serde_json::Value =
        serde_json::from_slice(&manifest).map_err(|error| unreadable(error.to_string()))?;
    let field = |name: &str| match manifest.get(name) {
        Some(serde_json::Value::String(text)) => Some(text.clone()),
        Some(serde_json::Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let file = field("file").unwrap_or_else(|| "model.onnx".to_owned());
    // The manifest names a file of its own folder, not one elsewhere.
    let file = file
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or("model.onnx")
        .to_owned();
    let bytes = std::fs::read(folder.join(&file)).map_err(|error| unreadable(error.to_string()))?;
    let sha256 = hexadecimal(&Sha256::digest(&bytes));
    Ok(Listed {
        id: field("id").unwrap_or_else(|| {
            folder
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default()
        }),
        version: field("version").unwrap_or_default(),
        matches_manifest: field("sha256")
            .or_else(|| field("hash"))
            .is_some_and(|stated| {
                // Short hashes are the first digits.
                stated.len() >= 16 && sha256.starts_with(&stated.to_ascii_lowercase())
            }),
        sha256,
    })
}

/// The models of one run, loaded when the first question comes.
#[derive(Default)]
pub struct Shelf {
    #[cfg(feature = "inference")]
    loaded: Option<Result<Vec<(Manifest, Session)>, Phrase>>,
}

#[cfg(not(feature = "inference"))]
impl Shelf {
    /// The answer to one question.
    ///
    /// # Errors
    /// That this build has no runtime for models.
    pub fn answer(&mut self, _: &InferRequest, _: &Common) -> InferAnswer {
        Err(Phrase::new("rhythm-no-model-runtime"))
    }
}

#[cfg(feature = "inference")]
impl Shelf {
    /// The answers of all models asked for to one question.
    ///
    /// # Errors
    /// Why a model that was asked gave no call.
    pub fn answer(&mut self, request: &InferRequest, common: &Common) -> InferAnswer {
        let loaded = self.loaded.get_or_insert_with(|| load(common));
        let view = LeadView {
            rate_hz: request.rate_hz,
            values_mv: &request.values_mv,
            gaps: &request.gaps,
            quality: &request.quality,
            beats: Some(request.beats),
        };
        let mut calls = Vec::new();
        for (manifest, session) in loaded.as_ref().map_err(Clone::clone)? {
            if manifest.question == request.question {
                calls.extend(
                    record_calls(manifest, session, &view).map_err(|error| error.phrase())?,
                );
            }
        }
        Ok(calls)
    }
}

/// Loads the models named by `--models`; without names, the default one.
#[cfg(feature = "inference")]
fn load(common: &Common) -> Result<Vec<(Manifest, Session)>, Phrase> {
    let root = &common.models_dir;
    let names = if common.models.is_empty() {
        default_model(root).into_iter().collect()
    } else {
        common.models.clone()
    };
    if names.is_empty() {
        let folder = root.to_string_lossy().into_owned();
        return Err(Phrase::new("cli-no-models").with("folder", folder));
    }
    names
        .iter()
        .map(|name| load_one(&root.join(name)))
        .collect()
}

/// The first of the folder's `list.json`; without a list, the first folder whose manifest is one.
#[cfg(feature = "inference")]
fn default_model(root: &Path) -> Option<String> {
    let listed = std::fs::read(root.join("list.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Vec<String>>(&bytes).ok())
        .and_then(|names| names.into_iter().next());
    let usable = |folder: &PathBuf| {
        std::fs::read(folder.join("manifest.json"))
            .is_ok_and(|bytes| Manifest::parse(&bytes).is_ok())
    };
    listed.or_else(|| {
        let folder = folders(root).into_iter().find(usable)?;
        Some(folder.file_name()?.to_string_lossy().into_owned())
    })
}

#[cfg(feature = "inference")]
fn load_one(folder: &Path) -> Result<(Manifest, Session), Phrase> {
    let read = |name: &str| {
        std::fs::read(folder.join(name))
            .map_err(|error| Phrase::new("cli-model-unreadable").with("reason", error.to_string()))
    };
    let manifest = Manifest::parse(&read("manifest.json")?).map_err(|error| error.phrase())?;
    let file = manifest.file.rsplit(['/', '\\']).next().unwrap_or_default();
    let session = Session::load(&manifest, &read(file)?).map_err(|error| error.phrase())?;
    Ok((manifest, session))
}
