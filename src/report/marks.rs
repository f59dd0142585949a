//! From a report to what is drawn over the trace: beats, waves, quality. Screen and paper show the same.

use super::{LeadSummary, Report, plain_number, reason_id};
use crate::analysis::{Analysis, Grade};
use crate::recording::{BeatCode, Phrase, SignalKind, Unit};
use crate::sheet::{BeatMark, Fill, Layout, Stretch, WaveBracket};

/// The leads that are drawn: the ECG's, or whatever there is when there is none.
#[must_use]
pub fn drawn_leads(leads: &[LeadSummary]) -> Vec<usize> {
    let ecg: Vec<usize> = (0..leads.len())
        .filter(|&lead| leads[lead].kind == SignalKind::Ecg)
        .collect();
    if ecg.is_empty() {
        (0..leads.len()).collect()
    } else {
        ecg
    }
}

/// Speed, gain, filter and rate of a drawn lead, as they stand on printed sheets.
#[must_use]
pub fn scale_line(layout: &Layout, filters: Option<&str>, lead: &LeadSummary) -> Phrase {
    let gain = if lead.unit == Unit::Millivolt {
        format!("{} mm/mV", plain_number(layout.gain_mm_mv))
    } else {
        "page-uncalibrated".to_owned()
    };
    Phrase::new("page-scale")
        .with("speed", plain_number(layout.speed_mm_s))
        .with("gain", gain)
        .with("filter", filters.unwrap_or("page-no-filter"))
        .with("rate", plain_number(lead.rate_hz))
}

/// Bands of what was found, under their short names; the `chosen` one is outlined.
#[must_use]
pub fn finding_bands(
    report: &Report,
    chosen: Option<usize>,
    name: &dyn Fn(&Phrase) -> Option<String>,
) -> Vec<Stretch> {
    let band = |(index, finding): (usize, &crate::findings::Finding)| {
        let chosen = chosen == Some(index);
        Stretch {
            range_s: finding.range_s.clone(),
            label: name(&finding.text).unwrap_or_default(),
            fill: Fill::Caution,
            opacity: if chosen { 0.14 } else { 0.07 },
            chosen,
        }
    };
    report.findings.iter().enumerate().map(band).collect()
}

/// Ticks, letters and intervals of the beats.
#[must_use]
pub fn beat_marks(analysis: &Analysis) -> Vec<BeatMark> {
    let mut before: Option<f64> = None;
    analysis
        .beats
        .iter()
        .map(|beat| {
            let rr_ms = before
                .filter(|_| beat.follows)
                .map(|before| (beat.time_s - before) * 1000.0);
            before = Some(beat.time_s);
            let fill = match beat.class {
                BeatCode::N | BeatCode::Q => Fill::TextSecondary,
                BeatCode::S | BeatCode::V | BeatCode::F => Fill::Caution,
            };
            // An undecided beat is a beat: a dot says so, a letter would claim a class.
            let letter = if beat.class == BeatCode::Q {
                "·"
            } else {
                beat.class.letter()
            };
            BeatMark {
                time_s: beat.time_s,
                letter,
                rr_ms,
                fill,
                provisional: false,
            }
        })
        .collect()
}

/// The median beat's waves, laid under each beat that it stands for.
#[must_use]
pub fn wave_brackets(analysis: &Analysis) -> Vec<WaveBracket> {
    let Some(median) = &analysis.median_beat else {
        return Vec::new();
    };
    let waves = &median.waves;
    let spans = [
        ("P", waves.p_onset, waves.p_end),
        ("QRS", waves.qrs_onset, waves.qrs_end),
        ("T", waves.t_onset.or(waves.t_peak), waves.t_end),
    ];
    let at = |mark: f64| (mark - median.fiducial as f64) / median.rate_hz;
    let readable = |time_s: f64| {
        analysis
            .quality
            .iter()
            .any(|span| span.range_s.contains(&time_s) && span.grade == Grade::Waves)
    };
    let mut brackets = Vec::new();
    for beat in analysis
        .beats
        .iter()
        .filter(|beat| beat.class == BeatCode::N && readable(beat.time_s))
    {
        for (label, onset, end) in spans {
            if let (Some(onset), Some(end)) = (onset, end) {
                brackets.push(WaveBracket {
                    range_s: beat.time_s + at(onset)..beat.time_s + at(end),
                    label,
                });
            }
        }
    }
    brackets
}

/// What is not fully readable is veiled, with the reason in words.
#[must_use]
pub fn quality_veils(analysis: &Analysis, say: &dyn Fn(&Phrase) -> String) -> Vec<Stretch> {
    analysis
        .quality
        .iter()
        .filter(|span| span.grade != Grade::Waves)
        .map(|span| {
            let reasons = span
                .reasons
                .iter()
                .map(|&reason| say(&Phrase::new(&format!("{}-name", reason_id(reason)))))
                .collect::<Vec<_>>()
                .join(", ");
            let (id, opacity) = match span.grade {
                Grade::Beats => ("page-veil-beats", 0.07),
                Grade::Unusable | Grade::Waves => ("page-veil-unusable", 0.16),
            };
            let label = say(&Phrase::new(id).with("reasons", reasons));
            Stretch {
                range_s: span.range_s.clone(),
                label,
                fill: Fill::Unknown,
                opacity,
                chosen: false,
            }
        })
        .collect()
}
