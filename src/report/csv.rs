//! Beats as a table: one line a beat.

use super::Report;
use crate::analysis::waves::{BeatWaves, Wave};

/// Names of the columns. Times are seconds from the first sample.
const HEADER: &str = "beat,sample,time_s,rr_ms,class,confidence,lead,\
                      p_onset_s,p_peak_s,p_end_s,qrs_onset_s,qrs_end_s,t_onset_s,t_peak_s,t_end_s\r\n";

/// Beats as CSV with a header. `rr_ms` is empty where the beat does not follow the one before in usable signal, the
/// times of a wave where it is absent. Lines end in CRLF, as RFC 4180 says.
#[must_use]
pub fn beats(report: &Report) -> String {
    let mut table = String::from(HEADER);
    let Ok(analysis) = &report.analysis else {
        return table;
    };
    let lead = report
        .analysed_lead()
        .map_or_else(String::new, |lead| field(&lead.name));
    let mut before: Option<f64> = None;
    let mut waves = analysis.waves.iter().peekable();
    for (index, beat) in analysis.beats.iter().enumerate() {
        let rr = before
            .filter(|_| beat.follows)
            .map(|time_s| format!("{:.1}", (beat.time_s - time_s) * 1000.0))
            .unwrap_or_default();
        before = Some(beat.time_s);
        table.push_str(&format!(
            "{index},{},{:.4},{rr},{},{:.2},{lead},{}\r\n",
            beat.sample,
            beat.time_s,
            beat.class.letter(),
            beat.confidence,
            wave_fields(waves.next_if(|waves| waves.beat == index), beat.time_s),
        ));
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
    use super::super::testing::report;
    use super::*;
    use crate::recording::Phrase;

    #[test]
    fn one_line_a_beat() {
        let table = beats(&report());
        let lines: Vec<&str> = table.split("\r\n").collect();
        assert_eq!(lines.len(), 38);
        assert_eq!(lines[1], "0,125,0.5000,,N,0.98,MLI,,,,,,,,");
        assert_eq!(
            lines[2],
            "1,325,1.3000,800.0,N,0.98,MLI,,,,1.2600,1.3600,1.5000,1.5800,1.6600"
        );
        let mut none = report();
        none.analysis = Err(Phrase::new("withheld-not-analysed"));
        assert_eq!(beats(&none).lines().count(), 1);
    }

    #[test]
    fn names_cannot_break_the_table_or_become_formulas() {
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(field("=1+1"), "'=1+1");
        assert_eq!(field("V1"), "V1");
    }
}
