//! Beats as a table, one line a beat, and heart rate variability, one line a figure.

use super::{Report, Words};
use crate::analysis::hrv::{Correction, Figure};
use crate::analysis::waves::{BeatWaves, Wave};
use crate::recording::Measured;
use std::collections::HashMap;
use std::ops::Range;

/// Names of the columns. Times are seconds from the first sample.
const HEADER: &str = "beat,sample,time_s,rr_ms,class,confidence,lead,class_confidence,correction,\
                      p_onset_s,p_peak_s,p_end_s,qrs_onset_s,qrs_end_s,t_onset_s,t_peak_s,t_end_s\r\n";

/// Beats as CSV with a header. `rr_ms` is empty where the beat does not follow the one before in usable signal, the
/// times of a wave where it is absent; `correction` says what heart rate variability put right at the beat. Lines end
/// in CRLF, as RFC 4180 says.
#[must_use]
pub fn beats(report: &Report) -> String {
    let mut table = String::from(HEADER);
    let Ok(analysis) = &report.analysis else {
        return table;
    };
    let lead = report
        .analysed_lead()
        .map_or_else(String::new, |lead| field(&lead.name));
    let corrections: HashMap<usize, &Correction> = report
        .hrv
        .corrections
        .iter()
        .map(|correction| (correction.beat, correction))
        .collect();
    let mut before: Option<f64> = None;
    let mut waves = analysis.waves.iter().peekable();
    for (index, beat) in analysis.beats.iter().enumerate() {
        let rr = before
            .filter(|_| beat.follows)
            .map(|time_s| format!("{:.1}", (beat.time_s - time_s) * 1000.0))
            .unwrap_or_default();
        before = Some(beat.time_s);
        let correction = corrections
            .get(&index)
            .map_or("", |correction| correction.kind.name());
        table.push_str(&format!(
            "{index},{},{:.4},{rr},{},{:.2},{lead},{:.2},{correction},{}\r\n",
            beat.sample,
            beat.time_s,
            beat.class.letter(),
            beat.confidence,
            beat.class_confidence,
            wave_fields(waves.next_if(|waves| waves.beat == index), beat.time_s),
        ));
    }
    table
}

/// Heart rate variability as CSV with a header: `from_s,to_s,figure,unit,raw,corrected,withheld`, first over the whole
/// recording, then by window. `withheld` says why there is no corrected value.
#[must_use]
pub fn hrv(report: &Report, words: &Words) -> String {
    let mut table = String::from("from_s,to_s,figure,unit,raw,corrected,withheld\r\n");
    let hrv = &report.hrv;
    let whole = 0.0..report.recording.duration_s;
    if let Some(reason) = &hrv.withheld {
        let reason = field(&words.say(reason));
        table.push_str(&format!("0,{:.1},,,,,{reason}\r\n", whole.end));
    }
    let mut add = |range: &Range<f64>, figure: &Figure| {
        let number = |measured: &Measured<f64>| {
            measured
                .value()
                .map(|value| format!("{value:.4}"))
                .unwrap_or_default()
        };
        let withheld = match &figure.corrected {
            Measured::Value { .. } => String::new(),
            Measured::Withheld(reason) => field(&words.say(reason)),
        };
        table.push_str(&format!(
            "{:.1},{:.1},{},{},{},{},{withheld}\r\n",
            range.start,
            range.end,
            figure.name,
            figure.unit(),
            number(&figure.raw),
            number(&figure.corrected),
        ));
    };
    hrv.figures.iter().for_each(|figure| add(&whole, figure));
    for window in &hrv.windows {
        window
            .figures
            .iter()
            .for_each(|figure| add(&window.range_s, figure));
    }
    table
}

/// The last eight fields of a line.
fn wave_fields(waves: Option<&BeatWaves>, time_s: f64) -> String {
    let p = waves.and_then(|waves| waves.p.ok());
    let qrs = waves.map(|waves| waves.qrs);
    let t = waves.and_then(|waves| waves.t.ok());
    let at = |wave: Option<Wave>, pick: fn(&Wave) -> f32| {
        wave.map(|wave| format!("{:.4}", time_s + f64::from(pick(&wave))))
            .unwrap_or_default()
    };
    [
        at(p, |p| p.onset_s),
        at(p, |p| p.peak_s),
        at(p, |p| p.end_s),
        at(qrs, |qrs| qrs.onset_s),
        at(qrs, |qrs| qrs.end_s),
        at(t, |t| t.onset_s),
        at(t, |t| t.peak_s),
        at(t, |t| t.end_s),
    ]
    .join(",")
}

/// A field in quotes where its content needs them; spreadsheet formulas are made text.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{report, varied};
    use super::*;
    use crate::recording::Phrase;

    #[test]
    fn one_line_a_beat() {
        let table = beats(&report());
        let lines: Vec<&str> = table.split("\r\n").collect();
        assert_eq!(lines.len(), 38);
        assert_eq!(lines[1], "0,125,0.5000,,N,0.98,MLI,0.97,,,,,,,,,");
        assert_eq!(
            lines[2],
            "1,325,1.3000,800.0,N,0.98,MLI,0.97,,,,,1.2600,1.3600,1.5000,1.5800,1.6600"
        );
        let mut none = report();
        none.analysis = Err(Phrase::new("withheld-not-analysed"));
        assert_eq!(beats(&none).lines().count(), 1);
    }

    #[test]
    fn one_line_a_figure() {
        let report = varied();
        let table = hrv(&report, &Words::english());
        let figures = report.hrv.figures.len();
        let windows: usize = report
            .hrv
            .windows
            .iter()
            .map(|window| window.figures.len())
            .sum();
        assert_eq!(table.lines().count(), 1 + figures + windows);
        let low = table
            .lines()
            .find(|line| line.contains("lf_ms2,ms²,"))
            .unwrap();
        assert_eq!(low.split(',').count(), 7);
        assert!(table.contains("300.0,600.0,hf_ms2,"));
        assert!(beats(&report).contains(",0.97,missed,"));
        // One line of header, one that says why.
        assert_eq!(
            hrv(&super::super::testing::report(), &Words::english())
                .lines()
                .count(),
            2
        );
    }

    #[test]
    fn names_cannot_break_the_table_or_become_formulas() {
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(field("=1+1"), "'=1+1");
        assert_eq!(field("V1"), "V1");
    }
}
