//! Correcting by hand: taps on the sheet become edits, which the worker measures with.

use super::store::{Hand, Store};
use super::words::{t, ta};
use super::{links, remembered};
use crate::analysis::edits::{Edit, REACH_S};
use crate::analysis::{Analysis, Grade};
use crate::report::clock_text;
use leptos::prelude::*;

/// How near to a marked beat a tap means that beat, CSS pixels.
const NEAR_PX: f64 = 12.0;

/// FNV-1a over words of samples (Fowler, Noll, Vo 1991).
const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;
/// Of a long recording this many evenly spread chunks of so many samples are hashed.
const HASHED_CHUNKS: usize = 100;
const CHUNK: usize = 1000;

/// The strip of controls while a reader corrects.
#[component]
pub fn Editing() -> impl IntoView {
    let store = Store::use_store();
    move || {
        store.hand.get().map(|hand| {
            let choice = |label: &'static str, this: Hand, on: bool| view! {
                <button class="btn quiet" aria-pressed=on.to_string() on:click=move |_| store.hand.set(Some(this))>{t(label)}</button>
            };
            let hint = match hand {
                Hand::Beats => t("page-edit-beats-hint"),
                Hand::Stretch(None) => t("page-edit-stretch-hint"),
                Hand::Stretch(Some(from_s)) => ta("page-edit-stretch-end", &[("from", clock_text(from_s).into())]),
            };
            view! {
                <div class="tools" role="toolbar" aria-label=t("page-edit") data-testid="editing">
                    {choice("page-edit-beats", Hand::Beats, hand == Hand::Beats)}
                    {choice("page-edit-stretch", Hand::Stretch(None), hand != Hand::Beats)}
                    <span class="rule"></span>
                    {step("page-undo", store, |store| store.edits.with(|edits| edits.done().is_empty()), undo)}
                    {step("page-redo", store, |store| !store.edits.with(|edits| edits.has_undone()), redo)}
                    {step("page-edit-discard", store, |store| store.edits.with(|edits| edits.done().is_empty()), discard)}
                    <span class="small" aria-live="polite">{hint}</span>
                </div>
            }
        })
    }
}

/// A button that says why it cannot act when it cannot.
fn step(
    label: &'static str,
    store: Store,
    idle: fn(Store) -> bool,
    act: fn(Store),
) -> impl IntoView {
    let why = move || idle(store).then(|| t("page-edit-nothing"));
    view! { <button class="btn quiet" disabled=move || idle(store) title=why on:click=move |_| act(store)>{t(label)}</button> }
}

/// The analysis on the screen, if there is one to correct.
pub fn correctable(store: Store) -> bool {
    store.report.with(|report| {
        report
            .as_ref()
            .is_some_and(|report| report.analysis.is_ok())
    })
}

/// A tap on the sheet at a time, while a reader corrects.
pub fn tapped(store: Store, time_s: f64, seconds_per_px: f64) {
    let Some(hand) = store.hand.get_untracked() else {
        return;
    };
    let duration_s = store.duration_s();
    if !(0.0..=duration_s).contains(&time_s) && hand == Hand::Beats {
        return;
    }
    let time_s = time_s.clamp(0.0, duration_s);
    let Some(report) = store.report.get_untracked() else {
        return;
    };
    let Ok(analysis) = &report.analysis else {
        return;
    };
    match hand {
        Hand::Beats if in_gap(store, analysis.lead, time_s) => {}
        Hand::Beats => make(
            store,
            of_beat(analysis, time_s, REACH_S.max(NEAR_PX * seconds_per_px)),
        ),
        Hand::Stretch(None) => store.hand.set(Some(Hand::Stretch(Some(time_s)))),
        Hand::Stretch(Some(from_s)) => {
            store.hand.set(Some(Hand::Stretch(None)));
            if from_s != time_s {
                make(
                    store,
                    of_stretch(analysis, from_s.min(time_s), from_s.max(time_s)),
                );
            }
        }
    }
}

/// Whether the lead has no samples at a time: there is no beat to put in.
fn in_gap(store: Store, lead: usize, time_s: f64) -> bool {
    store.open.with_untracked(|open| {
        let trace = open.as_ref().and_then(|open| open.traces.get(lead));
        trace.is_none_or(|trace| {
            let at = (time_s * trace.rate_hz) as usize;
            trace.gaps.iter().any(|gap| gap.contains(&at))
        })
    })
}

/// The beat at a time goes; where there is none, one is put in.
fn of_beat(analysis: &Analysis, time_s: f64, reach_s: f64) -> Edit {
    let away = |beat_s: f64| (beat_s - time_s).abs();
    let nearest = analysis
        .beats
        .iter()
        .map(|beat| beat.time_s)
        .min_by(|a, b| away(*a).total_cmp(&away(*b)));
    match nearest.filter(|&beat_s| away(beat_s) <= reach_s) {
        Some(time_s) => Edit::RemoveBeat { time_s },
        None => Edit::AddBeat { time_s },
    }
}

/// A stretch whose middle is unusable becomes usable, any other unusable.
fn of_stretch(analysis: &Analysis, from_s: f64, to_s: f64) -> Edit {
    let middle_s = (from_s + to_s) / 2.0;
    let unusable = analysis
        .quality
        .iter()
        .any(|span| span.grade == Grade::Unusable && span.range_s.contains(&middle_s));
    let range_s = from_s..to_s;
    if unusable {
        Edit::MarkUsable { range_s }
    } else {
        Edit::MarkUnusable { range_s }
    }
}

fn make(store: Store, edit: Edit) {
    store.edits.update(|edits| edits.make(edit));
    changed(store);
}

/// Takes back the last edit, whatever kind is chosen now, and shows where it was.
pub fn undo(store: Store) {
    let mut last = None;
    store.edits.update(|edits| last = edits.undo());
    shown(store, last);
}

/// Makes again what was taken back last, and shows where it is.
pub fn redo(store: Store) {
    let mut last = None;
    store.edits.update(|edits| last = edits.redo());
    shown(store, last);
}

/// Takes back all; each can be brought back.
fn discard(store: Store) {
    store.edits.update(|edits| while edits.undo().is_some() {});
    changed(store);
}

fn shown(store: Store, edit: Option<Edit>) {
    if let Some(edit) = edit {
        let range_s = edit.range_s();
        store.reveal(range_s.start, range_s.end);
        changed(store);
    }
}

/// Keeps the edits on this device and measures with them.
fn changed(store: Store) {
    if let Some(key) = key(store) {
        store
            .edits
            .with_untracked(|edits| remembered::keep_edits(&key, edits.done()));
    }
    links::analyse(None);
}

/// Edits that this device keeps for the open recording are taken up; whether there are any.
pub fn take_up(store: Store) -> bool {
    let kept = key(store).map_or_else(Vec::new, |key| remembered::edits(&key));
    let any = !kept.is_empty();
    if any {
        store.edits.set(crate::analysis::edits::Edits::of(kept));
    }
    any
}

/// What names the open recording on this device: a hash, which tells nothing of whom it is. Where the worker gives none of
/// the file (several files, live), it is one of the samples: recordings of one name and length are not one.
fn key(store: Store) -> Option<String> {
    let report = store.report.get_untracked()?;
    if let Some(sha256) = &report.sha256 {
        return Some(format!("einthoven-edits {}", sha256.get(..16)?));
    }
    let open = store.open.get_untracked()?;
    let samples = &open.traces.first()?.samples;
    let mut hash = FNV_BASIS ^ samples.len() as u64;
    let step = (samples.len() / HASHED_CHUNKS).max(CHUNK);
    for from in (0..samples.len()).step_by(step) {
        for value in samples.values(from..from + CHUNK) {
            hash = (hash ^ u64::from(value.to_bits())).wrapping_mul(FNV_PRIME);
        }
    }
    Some(format!("einthoven-edits {hash:016x}"))
}
