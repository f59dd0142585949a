//! The cases of the analysis: `tests/cases/analysis/<case>/case.toml` holds the recipe of a recording of our own, the rows
//! of the list of public bug reports that it covers, and what must come of it.

// A test that cannot go on fails at that line.
#![allow(clippy::unwrap_used)]

use einthoven::analysis::edits::{Edit, Edits};
use einthoven::analysis::hrv::{Hrv, Overruling, measure};
use einthoven::analysis::{Analysis, Grade, analyse, analyse_edited};
use einthoven::findings::{Finding, find};
use einthoven::recording::{Lead, LeadName, Recording, Samples, Scale};
use einthoven::signal::median;
use einthoven::simulator::{
    Ectopic, EctopicOrigin, Random, Rhythm, SimulatorOptions, Truth, simulate,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::Path;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/analysis");

/// Rows of the list (sections 10 to 12 and 17) that are about the analysis; 12.1 and 12.7 are about files and stand beside
/// those, 17.5 is about the page and stands in the tests of the browser.
const ROWS: [&str; 15] = [
    "10.1", "10.2", "10.4", "10.7", "10.9", "10.11", "11.1", "11.3", "11.5", "11.7", "11.10",
    "12.3", "12.5", "17.1", "17.3",
];

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// One sentence: what this case shows.
    says: String,
    rows: Vec<String>,
    recipe: Recipe,
    expect: Expectation,
}

/// How the recording is made; what is not said is as the simulator has it.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Recipe {
    rhythm: Option<String>,
    rate_per_min: Option<f64>,
    duration_s: Option<f64>,
    rate_hz: Option<f64>,
    t_scale: Option<f64>,
    /// Size of f and F waves; 1 is the simulator's.
    f_scale: Option<f64>,
    rr_variability: Option<f64>,
    lead: Option<String>,
    seed: Option<u64>,
    /// Times at which an early atrial beat comes.
    early_s: Vec<f64>,
    /// The trace upside down.
    upside_down: bool,
    /// Seconds of noise before it, of this standard deviation in millivolts.
    noise_before: Option<(f64, f64)>,
    /// What a reader overrules, a line each, in order; as many as `undo` are taken back in the end.
    edits: Vec<String>,
    undo: usize,
    /// Instead of a heart: zeros, or the hum of the mains.
    instead: Option<Instead>,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Instead {
    Zeros,
    Mains,
}

/// What must come of it.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expectation {
    beats: Option<(usize, usize)>,
    /// All of the simulator's beats are found within so many milliseconds, and no others.
    true_beats_within_ms: Option<f64>,
    /// The same as of the trace the right way up.
    upright_beats_within_ms: Option<f64>,
    upside_down: Option<bool>,
    rate_per_min: Option<(f64, f64)>,
    no_rate: bool,
    /// There is no beat within 0.1 s of these times.
    no_beat_at_s: Vec<f64>,
    /// Everything is as if nothing had been overruled.
    as_without_edits: bool,
    /// Intervals between beats.
    intervals: Option<usize>,
    all_unusable: bool,
    findings: Vec<String>,
    without: Vec<String>,
    /// QT within so many milliseconds of the simulator's.
    qt_within_ms: Option<f64>,
    /// Onset, peak and end of P, QRS and T stand in order in every beat, and this share of beats has a T.
    order: Option<f64>,
    hrv_withheld: Vec<String>,
    hrv_given: Vec<String>,
    /// Figures whose value differs before and after correction.
    hrv_changed: Vec<String>,
    /// Corrected beats.
    hrv_corrections: Option<(usize, usize)>,
}

/// A recording with what is known of it.
struct Made {
    recording: Recording,
    truth: Truth,
    /// Seconds of noise before the simulated part.
    offset_s: f64,
}

fn make(recipe: &Recipe) -> Made {
    let usual = SimulatorOptions::default();
    let options = SimulatorOptions {
        rhythm: recipe
            .rhythm
            .as_deref()
            .map_or(usual.rhythm, |name| Rhythm::from_name(name).unwrap()),
        rate_per_min: recipe.rate_per_min,
        rr_variability: recipe.rr_variability,
        duration_s: recipe.duration_s.unwrap_or(usual.duration_s),
        sample_rate_hz: recipe.rate_hz.unwrap_or(usual.sample_rate_hz),
        t_scale: recipe.t_scale.unwrap_or(usual.t_scale),
        f_scale: recipe.f_scale.unwrap_or(usual.f_scale),
        leads: match recipe.lead.as_deref() {
            Some(name) => vec![LeadName::recognise(name).unwrap()],
            None => usual.leads.clone(),
        },
        ectopics: recipe
            .early_s
            .iter()
            .map(|&at_s| Ectopic {
                at_s,
                origin: EctopicOrigin::Atrial,
            })
            .collect(),
        seed: recipe.seed.unwrap_or(usual.seed),
        ..usual
    };
    let simulation = simulate(&options);
    let mut recording = simulation.recording;
    let lead = &mut recording.leads[0];
    let mut values = lead.samples.all_values();
    let rate_hz = lead.rate_hz;
    match recipe.instead {
        Some(Instead::Zeros) => values.fill(0.0),
        Some(Instead::Mains) => {
            for (index, value) in values.iter_mut().enumerate() {
                let time_s = index as f64 / rate_hz;
                *value = (0.3 * (std::f64::consts::TAU * 50.0 * time_s).sin()) as f32;
            }
        }
        None => {}
    }
    if recipe.upside_down {
        values.iter_mut().for_each(|value| *value = -*value);
    }
    let mut offset_s = 0.0;
    if let Some((seconds, sd_mv)) = recipe.noise_before {
        let mut random = Random::stream(7, "noise before");
        let n = (seconds * rate_hz) as usize;
        let noise = (0..n).map(|_| (sd_mv * random.normal()) as f32);
        values = noise.chain(values).collect();
        offset_s = n as f64 / rate_hz;
    }
    *lead = with_values(lead, &values);
    Made {
        recording,
        truth: simulation.truth,
        offset_s,
    }
}

/// The same lead with other samples, in microvolts.
fn with_values(lead: &Lead, values_mv: &[f32]) -> Lead {
    let counts = values_mv
        .iter()
        .map(|mv| (mv * 1000.0).round() as i32)
        .collect();
    let scale = Scale {
        gain: 1000.0,
        baseline: 0.0,
    };
    Lead::ecg(&lead.name, lead.rate_hz, Samples::from_i32(counts, scale))
}

/// The reader's corrections; they are saved as lines and read again, as the page does.
fn edits(recipe: &Recipe) -> Edits {
    let mut edits = Edits::default();
    for line in &recipe.edits {
        edits.make(Edit::from_line(line).unwrap());
    }
    for _ in 0..recipe.undo {
        edits.undo().unwrap();
    }
    let saved = edits.done().iter().map(Edit::line);
    Edits::of(saved.map(|line| Edit::from_line(&line).unwrap()).collect())
}

/// What is wrong with one case; empty when nothing is.
fn faults(case: &Case) -> Vec<String> {
    let made = make(&case.recipe);
    let edits = edits(&case.recipe);
    let analysis = analyse_edited(&made.recording, None, edits.done()).unwrap();
    let findings = find(&analysis, &[]);
    let mut faults = Vec::new();
    let mut check = |holds: bool, what: String| {
        if !holds {
            faults.push(what);
        }
    };
    let expect = &case.expect;
    let n = analysis.beats.len();
    if let Some((least, most)) = expect.beats {
        check((least..=most).contains(&n), format!("{n} beats"));
    }
    for no_beat_s in &expect.no_beat_at_s {
        let there = times(&analysis)
            .iter()
            .any(|time_s| (time_s - no_beat_s).abs() < 0.1);
        check(!there, format!("a beat at {no_beat_s} s"));
    }
    if expect.as_without_edits {
        let first = analyse(&made.recording, None).unwrap();
        check(analysis == first, "not the first values".to_owned());
    }
    if let Some(intervals) = expect.intervals {
        let found = analysis.rr_s().count();
        check(found == intervals, format!("{found} intervals"));
    }
    if let Some(within_ms) = expect.true_beats_within_ms {
        let truth: Vec<f64> = made
            .truth
            .beats
            .iter()
            .map(|beat| beat.time_s + made.offset_s)
            .collect();
        let found: Vec<f64> = times(&analysis)
            .into_iter()
            .filter(|time| *time >= made.offset_s)
            .collect();
        check(
            alike(&truth, &found, within_ms),
            format!("{truth:.3?}\n  found {found:.3?}"),
        );
    }
    if let Some(within_ms) = expect.upright_beats_within_ms {
        let upright = Recipe {
            upside_down: false,
            ..recipe_again(&case.recipe)
        };
        let upright = times(&analyse(&make(&upright).recording, None).unwrap());
        check(
            alike(&upright, &times(&analysis), within_ms),
            "other beats than upright".to_owned(),
        );
    }
    if let Some(upside_down) = expect.upside_down {
        check(
            analysis.inverted == upside_down,
            format!("upside down: {}", analysis.inverted),
        );
    }
    match (&analysis.rate, expect.rate_per_min) {
        (Ok(rate), Some((least, most))) => {
            check(
                (least..=most).contains(&rate.mean),
                format!("rate {}", rate.mean),
            );
        }
        (Err(reason), Some(_)) => check(false, format!("no rate: {}", reason.id)),
        (Ok(rate), None) => check(!expect.no_rate, format!("rate {}", rate.mean)),
        (Err(_), None) => {}
    }
    if expect.all_unusable {
        let usable = analysis
            .quality
            .iter()
            .any(|span| span.grade != Grade::Unusable);
        check(!usable, format!("{:?}", analysis.quality));
    }
    check_findings(expect, &findings, &mut check);
    if let Some(within_ms) = expect.qt_within_ms {
        let truth: Vec<f64> = made
            .truth
            .beats
            .iter()
            .filter_map(|beat| Some(1000.0 * (beat.t?.end_s - beat.qrs.onset_s)))
            .collect();
        let (truth, found) = (median(&truth).unwrap(), analysis.intervals.qt_ms.value());
        let near = found.is_some_and(|found| (found - truth).abs() <= within_ms);
        check(near, format!("QT {found:?}, made with {truth}"));
    }
    if let Some(share) = expect.order {
        let with_t = analysis
            .waves
            .iter()
            .filter(|waves| waves.t.is_ok())
            .count();
        check(
            with_t as f64 >= share * n as f64,
            format!("{with_t} of {n} beats have a T"),
        );
        check(in_order(&analysis), "fiducials out of order".to_owned());
    }
    let hrv = measure(
        &analysis,
        made.recording.leads[0].rate_hz,
        &Overruling::default(),
        &[],
    );
    check_hrv(expect, &hrv, &mut check);
    faults
}

fn recipe_again(recipe: &Recipe) -> Recipe {
    Recipe {
        rhythm: recipe.rhythm.clone(),
        lead: recipe.lead.clone(),
        early_s: recipe.early_s.clone(),
        edits: recipe.edits.clone(),
        ..*recipe
    }
}

fn times(analysis: &Analysis) -> Vec<f64> {
    analysis.beats.iter().map(|beat| beat.time_s).collect()
}

fn alike(a: &[f64], b: &[f64], within_ms: f64) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| (a - b).abs() * 1000.0 <= within_ms)
}

fn check_findings(
    expect: &Expectation,
    findings: &[Finding],
    check: &mut impl FnMut(bool, String),
) {
    let ids: BTreeSet<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
    for id in &expect.findings {
        check(ids.contains(id.as_str()), format!("no {id} among {ids:?}"));
    }
    for id in &expect.without {
        check(!ids.contains(id.as_str()), format!("{id} is told"));
    }
}

/// Onset < peak < end of each wave, P before QRS before T, and each beat before the next.
fn in_order(analysis: &Analysis) -> bool {
    let mut last_s = f64::NEG_INFINITY;
    analysis.waves.iter().all(|waves| {
        let at = |offset_s: f32| analysis.beats[waves.beat].time_s + f64::from(offset_s);
        let spans = [waves.p.ok(), Some(waves.qrs), waves.t.ok()];
        spans.into_iter().flatten().all(|wave| {
            let ordered = last_s <= at(wave.onset_s)
                && wave.onset_s < wave.peak_s
                && wave.peak_s < wave.end_s;
            last_s = at(wave.end_s);
            ordered
        })
    })
}

fn check_hrv(expect: &Expectation, hrv: &Hrv, check: &mut impl FnMut(bool, String)) {
    let value = |name: &str| {
        hrv.figure(name)
            .map(|figure| (figure.raw.value(), figure.corrected.value()))
    };
    for name in &expect.hrv_withheld {
        let given =
            value(name).is_some_and(|(raw, corrected)| raw.is_some() || corrected.is_some());
        check(!given, format!("{name} is given: {:?}", value(name)));
    }
    for name in expect.hrv_given.iter().chain(&expect.hrv_changed) {
        let both = value(name).is_some_and(|(raw, corrected)| raw.is_some() && corrected.is_some());
        check(
            both,
            format!(
                "{name} is not given, before and after: {:?}",
                hrv.figure(name)
            ),
        );
    }
    for name in &expect.hrv_changed {
        let changed = value(name).is_some_and(|(raw, corrected)| raw != corrected);
        check(changed, format!("{name} is the same: {:?}", value(name)));
    }
    if let Some((least, most)) = expect.hrv_corrections {
        let wanted: RangeInclusive<usize> = least..=most;
        check(
            wanted.contains(&hrv.corrections.len()),
            format!("{:?}", hrv.corrections),
        );
    }
}

fn cases() -> BTreeMap<String, Case> {
    std::fs::read_dir(Path::new(CASES))
        .unwrap()
        .map(|entry| {
            let folder = entry.unwrap().path();
            let text = std::fs::read_to_string(folder.join("case.toml")).unwrap();
            let case = toml::from_str(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            (
                folder.file_name().unwrap().to_string_lossy().into_owned(),
                case,
            )
        })
        .collect()
}

#[test]
fn every_case_gives_what_it_must() {
    let mut wrong = Vec::new();
    for (name, case) in cases() {
        let faults = faults(&case);
        if !faults.is_empty() {
            wrong.push(format!(
                "{name} ({}):\n  {}",
                case.says,
                faults.join("\n  ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_has_a_case() {
    let cases = cases();
    let covered: BTreeSet<&str> = cases
        .values()
        .flat_map(|case| &case.rows)
        .map(String::as_str)
        .collect();
    let missing: Vec<&str> = ROWS
        .into_iter()
        .filter(|row| !covered.contains(row))
        .collect();
    println!(
        "{} rows of the bug reports about the analysis are covered by {} cases",
        covered.len(),
        cases.len()
    );
    assert!(missing.is_empty(), "no case for {missing:?}");
}
