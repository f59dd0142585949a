//! Beats as a table: one line a beat.

use super::Report;

/// Beats as CSV with a header: `beat,sample,time_s,rr_ms,class,confidence,lead,class_confidence`. `rr_ms` is empty where the
/// beat does not follow the one before in usable signal. Lines end in CRLF, as RFC 4180 says.
#[must_use]
pub fn beats(report: &Report) -> String {
    let mut table =
        String::from("beat,sample,time_s,rr_ms,class,confidence,lead,class_confidence\r\n");
    let Ok(analysis) = &report.analysis else {
        return table;
    };
    let lead = report
        .analysed_lead()
        .map_or_else(String::new, |lead| field(&lead.name));
    let mut before: Option<f64> = None;
    for (index, beat) in analysis.beats.iter().enumerate() {
        let rr = before
            .filter(|_| beat.follows)
            .map(|time_s| format!("{:.1}", (beat.time_s - time_s) * 1000.0))
            .unwrap_or_default();
        before = Some(beat.time_s);
        table.push_str(&format!(
            "{index},{},{:.4},{rr},{},{:.2},{lead},{:.2}\r\n",
            beat.sample,
            beat.time_s,
            beat.class.letter(),
            beat.confidence,
            beat.class_confidence,
        ));
    }
    table
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
        assert_eq!(lines[1], "0,125,0.5000,,N,0.98,MLI,0.97");
        assert_eq!(lines[2], "1,325,1.3000,800.0,N,0.98,MLI,0.97");
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
