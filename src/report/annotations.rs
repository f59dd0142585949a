//! Beats as an annotation file of WFDB.

use super::Report;
use crate::formats::wfdb::write_annotations;
use crate::recording::Annotation;

/// One annotation a beat, at its fiducial's sample, with its class as code (`N S V F Q`); no beats without an analysis.
///
/// Samples count at the analysed lead's rate; where the record's leads differ in rate, the file says which it is.
#[must_use]
pub fn beats(report: &Report) -> Vec<u8> {
    let marks: Vec<Annotation> = report
        .analysis
        .as_ref()
        .map(|analysis| {
            analysis
                .beats
                .iter()
                .map(|beat| Annotation {
                    time_s: beat.time_s,
                    sample: beat.sample as u64,
                    code: beat.class.letter().to_owned(),
                    subtype: 0,
                    channel: u8::try_from(analysis.lead).unwrap_or(0),
                    number: 0,
                    text: String::new(),
                })
                .collect()
        })
        .unwrap_or_default();
    let own_hz = report.analysed_lead().map(|lead| lead.rate_hz);
    let leads = &report.recording.leads;
    let differ = leads.iter().any(|lead| Some(lead.rate_hz) != own_hz);
    write_annotations(&marks, own_hz.filter(|_| differ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::report;
    use super::*;
    use crate::formats::wfdb::read_annotations;
    use crate::recording::{BeatCode, Phrase};

    #[test]
    fn what_is_written_is_read_again_with_its_classes() {
        let mut report = report();
        if let Ok(analysis) = &mut report.analysis {
            analysis.beats[3].class = BeatCode::V;
            analysis.beats[7].class = BeatCode::S;
            analysis.beats[8].class = BeatCode::Q;
        }
        let read = read_annotations(&beats(&report)).unwrap();
        let codes: String = read.iter().map(|mark| mark.code.as_str()).collect();
        assert_eq!(codes, format!("NNNVNNNSQ{}", "N".repeat(27)));
        assert_eq!(read[3].sample, 725);
        report.analysis = Err(Phrase::new("withheld-not-analysed"));
        assert_eq!(beats(&report), [0, 0]);
    }
}
