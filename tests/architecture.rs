//! The direction of the house: each room may use only what stands above it (and itself).

// A test that cannot go on fails at that line.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

/// The rooms from top to bottom, as ARCHITECTURE.md draws them.
const ROOMS: [&str; 16] = [
    "recording",
    "signal",
    "formats",
    "simulator",
    "analysis",
    "inference",
    "findings",
    "live",
    "evaluation",
    "sheet",
    "report",
    "engine",
    "protocol",
    "cli",
    "worker",
    "page",
];

/// Uses that the order alone would allow: programs' rooms beside each other.
const FORBIDDEN: [(&str, &str, &str); 2] = [
    ("worker", "cli", "the browser has no command line"),
    ("page", "cli", "the browser has no command line"),
];

/// What is wrong with one source file of `room` (`bin` for the programs), as sentences. `depth` is the number of
/// modules between the file and its room: 0 for the room's own `mod.rs`.
fn faults(room: &str, depth: usize, source: &str) -> Vec<String> {
    let code = without_comments_and_strings(source);
    let mut faults = Vec::new();
    for used in rooms_used(&code, "crate::")
        .into_iter()
        .chain(rooms_used(&code, "einthoven::"))
    {
        if room == "bin" || used == room || room == "lib" {
            continue;
        }
        let Some(place) = position(&used) else {
            faults.push(format!("uses the unknown room `{used}`"));
            continue;
        };
        match position(room) {
            None => faults.push(format!("the room `{room}` stands in no table")),
            Some(own) if place > own => {
                faults.push(format!("`{room}` uses `{used}`, which stands below it"));
            }
            Some(_) => {}
        }
        for (from, to, why) in FORBIDDEN {
            if from == room && to == used {
                faults.push(format!("`{room}` uses `{used}`: {why}"));
            }
        }
    }
    faults.extend(escapes(&code, depth));
    faults
}

fn position(room: &str) -> Option<usize> {
    ROOMS.iter().position(|&name| name == room)
}

/// First names after every `root` path of the code, with `{a, b::c}` lists taken apart; what begins with a capital
/// (an item of the crate's root) or is a macro's `$crate` counts too.
fn rooms_used(code: &str, root: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices(root) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = code[at + root.len()..].trim_start();
        match rest.strip_prefix('{') {
            Some(list) => used.extend(list_heads(list)),
            None => used.extend(name(rest)),
        }
    }
    used
}

/// The first names of the entries of a use list, up to its closing brace.
fn list_heads(list: &str) -> Vec<String> {
    let (mut depth, mut entry, mut heads) = (0, String::new(), Vec::new());
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.extend(name(entry.trim_start()));
                entry.clear();
                continue;
            }
            _ => {}
        }
        entry.push(c);
    }
    heads.extend(name(entry.trim_start()));
    heads
}

fn name(text: &str) -> Option<String> {
    let name: String = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!name.is_empty()).then_some(name)
}

/// `super::` chains that leave the room. Modules inside the file (tests) give one more step each.
fn escapes(code: &str, depth: usize) -> Vec<String> {
    let mut faults = Vec::new();
    let mut inner: Vec<usize> = Vec::new();
    let mut braces = 0;
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        let fresh = !code[..at]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        if fresh && rest.starts_with("super::") {
            let mut steps = 0;
            let mut tail = rest;
            while let Some(next) = tail.strip_prefix("super::") {
                steps += 1;
                tail = next;
            }
            if steps > depth + inner.len() {
                faults.push(format!("`{}` leaves the room", "super::".repeat(steps)));
            }
            at += steps * "super::".len();
            continue;
        }
        if fresh && rest.starts_with("mod ") {
            let header = rest.split(['{', ';']).next().unwrap_or("");
            if rest[header.len()..].starts_with('{') {
                inner.push(braces);
            }
            at += header.len();
            continue;
        }
        match rest.chars().next() {
            Some('{') => braces += 1,
            Some('}') => {
                braces -= 1;
                if inner.last() == Some(&braces) {
                    inner.pop();
                }
            }
            _ => {}
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    faults
}

/// The code with comments and the contents of strings left out.
fn without_comments_and_strings(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if let Some(hashes) = raw_string_hashes(rest, &code) {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = rest.find('"').map_or(rest.len(), |quote| quote + 1);
            let body = &rest[open..];
            rest = body
                .find(&close)
                .map_or("", |end| &body[end + close.len()..]);
            code.push_str("\"\"");
        } else if c == '"' {
            rest = &rest[string_length(rest)..];
            code.push_str("\"\"");
        } else if let Some(length) = char_literal_length(rest) {
            rest = &rest[length..];
            code.push_str("' '");
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    code
}

/// Number of hashes of a raw string that begins here.
fn raw_string_hashes(rest: &str, before: &str) -> Option<usize> {
    if before
        .chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() && c != 'b' || c == '_')
    {
        return None;
    }
    let tail = rest.strip_prefix('r')?;
    let hashes = tail.len() - tail.trim_start_matches('#').len();
    tail[hashes..].starts_with('"').then_some(hashes)
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Length of a character literal, `None` for lifetimes.
fn char_literal_length(rest: &str) -> Option<usize> {
    let tail = rest.strip_prefix('\'')?;
    let mut chars = tail.char_indices();
    let (_, first) = chars.next()?;
    if first == '\\' {
        let end = tail[2.min(tail.len())..].find('\'')?;
        return Some(1 + 2 + end + 1);
    }
    let (at, second) = chars.next()?;
    (second == '\'').then_some(1 + at + 1)
}

/// Room and depth of a file under `src/`.
fn place(path: &Path) -> (String, usize) {
    let mut parts: Vec<String> = path
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    let room = parts.first().cloned().unwrap_or_default();
    (room, parts.len().saturating_sub(1))
}

fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_room_uses_only_what_stands_above_it() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let mut files = Vec::new();
    sources(root, &mut files);
    assert!(files.len() > 20);
    let mut all = Vec::new();
    for file in files {
        let (room, depth) = place(file.strip_prefix(root).unwrap());
        if room != "bin" && room != "lib" && position(&room).is_none() {
            all.push(format!(
                "{}: the room `{room}` stands in no table",
                file.display()
            ));
        }
        let source = std::fs::read_to_string(&file).unwrap();
        all.extend(
            faults(&room, depth, &source)
                .into_iter()
                .map(|fault| format!("{}: {fault}", file.display())),
        );
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

#[test]
fn the_check_finds_what_it_is_for() {
    for (room, depth, source, wrong) in [
        ("recording", 1, "use crate::formats::open;", true),
        ("formats", 1, "use crate::recording::Lead;", false),
        (
            "formats",
            1,
            "fn f() { let x = crate::analysis::analyse(); }",
            true,
        ),
        (
            "formats",
            1,
            "use crate::{recording::Lead, report::{Report, words}};",
            true,
        ),
        (
            "report",
            1,
            "use crate::{recording::Lead, findings::Finding};",
            false,
        ),
        (
            "formats",
            1,
            "// use crate::report::Report;\nconst A: &str = \"crate::report::X\";",
            false,
        ),
        (
            "formats",
            1,
            "const A: &str = r#\"a \" crate::report::X\"#; const B: char = '\"'; use crate::page::X;",
            true,
        ),
        ("formats", 1, "use crate::cellar::X;", true),
        ("cellar", 1, "use crate::recording::X;", true),
        ("formats", 1, "use super::Format;", false),
        ("formats", 1, "use super::super::report::Report;", true),
        ("formats", 0, "use super::report::Report;", true),
        ("formats", 2, "use super::super::Format;", false),
        (
            "formats",
            1,
            "mod tests { use super::super::Format; }",
            false,
        ),
        (
            "formats",
            1,
            "mod tests { } use super::super::Format;",
            true,
        ),
        (
            "formats",
            1,
            "fn f<'a>(x: &'a str) -> char { 'x' } use crate::worker::X;",
            true,
        ),
        ("page", 1, "use crate::cli::main;", true),
        ("bin", 1, "use einthoven::cli::main;", false),
    ] {
        assert_eq!(
            !faults(room, depth, source).is_empty(),
            wrong,
            "{room}: {source}"
        );
    }
}

#[test]
fn places_are_read_from_paths() {
    assert_eq!(
        place(Path::new("formats/mod.rs")),
        ("formats".to_owned(), 0)
    );
    assert_eq!(place(Path::new("protocol.rs")), ("protocol".to_owned(), 0));
    assert_eq!(
        place(Path::new("formats/wfdb/header.rs")),
        ("formats".to_owned(), 2)
    );
    assert_eq!(
        place(Path::new("formats/wfdb/mod.rs")),
        ("formats".to_owned(), 1)
    );
}

#[test]
fn the_list_of_models_names_those_that_are_there() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let list = std::fs::read_to_string(models.join("list.json")).unwrap();
    let mut listed: Vec<String> = serde_json::from_str(&list).unwrap();
    let mut there: Vec<String> = std::fs::read_dir(&models)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("model.onnx").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    listed.sort();
    there.sort();
    assert_eq!(listed, there);
}
