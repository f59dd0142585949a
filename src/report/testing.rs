//! A small report to test outputs with.

use super::Report;
use crate::analysis::hrv::{Overruling, measure};
use crate::analysis::waves::{Absent, BeatWaves, Wave};
use crate::analysis::{
    Analysis, Beat, Global, Grade, HeartRate, Intervals, LeadMarks, MedianBeat, QualitySpan,
    WaveMarks,
};
use crate::inference::{Call, EvidenceSpan};
use crate::recording::{
    Annotation, BeatCode, Gap, GapReason, Lead, Measured, Note, Phrase, Recording, Samples, Scale,
    Source, StartTime,
};

/// 30 s of lead I at 250 Hz with a beat each 0.8 s, good quality, one gap, one annotation and one note.
pub fn recording() -> Recording {
    let counts = (0..7500).map(|k| (k % 200) as i16 - 50).collect();
    let scale = Scale {
        gain: 200.0,
        baseline: 0.0,
    };
    let mut lead = Lead::ecg("MLI", 250.0, Samples::from_i16(counts, scale));
    lead.gaps = vec![Gap {
        range: 7000..7100,
        reason: GapReason::LeadOff,
    }];
    Recording {
        leads: vec![lead],
        start: StartTime::new(Some((2024, 5, 1)), 8, 15, 0.0, Some(120)),
        source: Source {
            format: "wfdb".to_owned(),
            name: "a".to_owned(),
            device: Some("A device".to_owned()),
            classification: Some("Sinus Rhythm".to_owned()),
            ..Source::default()
        },
        annotations: vec![Annotation {
            time_s: 0.308,
            sample: 77,
            code: "N".to_owned(),
            subtype: 0,
            channel: 0,
            number: 0,
            text: String::new(),
        }],
        notes: vec![Note::new("test-only")],
    }
}

/// The analysis that goes with [`recording`].
pub fn analysis() -> Analysis {
    let beats: Vec<Beat> = (0..36)
        .map(|k| Beat {
            sample: 125 + k * 200,
            time_s: 0.5 + 0.8 * k as f64,
            class: BeatCode::N,
            class_confidence: 0.97,
            confidence: 0.98,
            follows: k > 0,
        })
        .collect();
    let value = |value: f64| Measured::Value {
        value,
        sd: Some(6.0),
        n: 31,
        method: "method-median-beat".to_owned(),
    };
    Analysis {
        lead: 0,
        quality: vec![QualitySpan {
            range_s: 0.0..30.0,
            grade: Grade::Waves,
            reasons: Vec::new(),
        }],
        beats,
        waves: vec![waves()],
        waves_by: crate::analysis::waves::MarkedBy::Rules,
        signs: crate::analysis::signs::Signs::default(),
        inverted: false,
        rate: Ok(HeartRate {
            mean: 75.0,
            min: 74.0,
            max: 76.0,
            n: 35,
        }),
        median_beat: Some(MedianBeat {
            rate_hz: 250.0,
            values_mv: vec![0.0; 200],
            fiducial: 75,
            n: 31,
            waves: WaveMarks {
                p_onset: Some(30.0),
                p_peak: Some(40.0),
                p_end: Some(50.0),
                qrs_onset: Some(65.0),
                qrs_end: Some(90.0),
                t_onset: None,
                t_peak: Some(140.0),
                t_end: Some(165.0),
            },
        }),
        intervals: Intervals {
            p_ms: Measured::Withheld(Phrase::new("withheld-not-measured")),
            pr_ms: value(140.0),
            qrs_ms: value(100.0),
            qt_ms: value(400.0),
            jt_ms: value(300.0),
            qtc_bazett_ms: value(447.0),
            qtc_fridericia_ms: value(431.0),
            qtc_framingham_ms: value(431.0),
            qtc_hodges_ms: value(f64::NAN),
            qtc_rautaharju_ms: Measured::Withheld(Phrase::new("analysis-qtc-sex-unknown")),
        },
        global: Err(Phrase::new("analysis-global-few-leads")),
        axis_deg: Measured::withheld("withheld-one-lead"),
        chambers: Vec::new(),
    }
}

/// Waves of the second beat, which has no P.
fn waves() -> BeatWaves {
    let wave = |onset_s, peak_s, end_s| Wave {
        onset_s,
        peak_s,
        end_s,
        confidence: 0.75,
    };
    BeatWaves {
        beat: 1,
        usual: true,
        p: Err(Absent::NoRepeat),
        qrs: wave(-0.04, 0.0, 0.06),
        t: Ok(wave(0.2, 0.28, 0.36)),
        qrs_is_clear: true,
        t_end_is_clear: true,
    }
}

/// The report of both, without calls and findings.
pub fn report() -> Report {
    let mut report = Report::new(&recording(), Ok(analysis()), Vec::new(), Vec::new());
    report.file = "a.hea".to_owned();
    report.sha256 = Some("00ff".to_owned());
    report
}

/// A rhythm call over a stretch.
pub fn call(label: &str, probability: f32, from_s: f64, to_s: f64) -> Call {
    Call {
        evidence: vec![EvidenceSpan {
            from_s,
            to_s: from_s + 4.0,
            weight: 0.8,
        }],
        ..crate::findings::testing::call(label, probability, from_s, to_s)
    }
}

/// The report of [`recording`] with heart rate variability of 11 minutes, in which the beat at 2 minutes is missing.
pub fn varied() -> Report {
    let mut analysis = analysis();
    let time_s = |k: usize| k as f64 * 0.8 + 0.02 * (k as f64 * 0.9).sin();
    analysis.quality[0].range_s.end = 660.0;
    analysis.beats = (1..824)
        .filter(|k| *k != 149)
        .map(|k| Beat {
            sample: (time_s(k) * 250.0) as usize,
            time_s: time_s(k),
            class: BeatCode::N,
            class_confidence: 0.97,
            confidence: 0.98,
            follows: k > 1,
        })
        .collect();
    let mut report = report();
    report.hrv = measure(&analysis, 250.0, &Overruling::default(), &[]);
    report.analysis = Ok(analysis);
    report
}

/// The same report with leads V1 and V5, and global QRS and QT over all three.
pub fn with_global() -> Report {
    let mut report = report();
    for name in ["V1", "V5"] {
        let mut lead = report.recording.leads[0].clone();
        name.clone_into(&mut lead.name);
        report.recording.leads.push(lead);
    }
    let value = |value: f64| Measured::Value {
        value,
        sd: Some(14.0),
        n: 3,
        method: "method-global".to_owned(),
    };
    if let Ok(analysis) = &mut report.analysis {
        analysis.global = Ok(Global {
            range_s: 0.0..30.0,
            leads: (0..3)
                .map(|lead| LeadMarks {
                    lead,
                    ..LeadMarks::default()
                })
                .collect(),
            intervals: Intervals {
                qrs_ms: value(118.0),
                qt_ms: value(430.0),
                ..Intervals::withheld(&Phrase::new("analysis-global-no-p"))
            },
        });
    }
    report
}
