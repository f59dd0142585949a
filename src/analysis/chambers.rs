//! Heights of twelve leads that are read for the size of the heart's chambers.
//!
//! They are measurements beside their published limits, not findings: a limit that is met is met by many healthy people and
//! missed by most who have a thick heart. Each complex is read over the line before it, as the axis is; each figure is the
//! median over the usual beats of the analysed lead.

use super::axis::{UNSEEN_S, over_line, recorded_beside};
use super::reversal::Swapped;
use super::waves::BeatWaves;
use super::{Analysis, LeadMarks};
use crate::recording::{Lead, LeadName, Measured, Phrase, Recording};
use crate::signal::{median, standard_deviation};
use serde::{Deserialize, Serialize};

/// Fewest beats, and most.
const FEWEST: usize = 3;
const MOST: usize = 60;
/// An S wave lower than this, millivolts, is the line's own unrest: no ratio rests on it.
const LEAST_S_MV: f64 = 0.05;
/// A terminal part of the P wave less deep than this, millivolts, or shorter, seconds, is the line's.
const LEAST_DEEP_MV: f64 = 0.02;
const LEAST_LONG_S: f64 = 0.01;

/// A measure of twelve leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChamberMeasure {
    /// S in V1 plus the higher R of V5 and V6, millivolts (Sokolow and Lyon, Am Heart J 37:161, 1949).
    SokolowLyonMv,
    /// R in aVL plus S in V3, millivolts (Casale et al., J Am Coll Cardiol 6:572, 1985; limits by sex: Circulation 75:565,
    /// 1987).
    CornellMv,
    /// Largest R plus S of one lead among V2, V3 and V4, millivolts (Katz and Wachtel, Am Heart J 13:202, 1937).
    KatzWachtelMv,
    /// Depth times length of the last, negative part of P in V1, millivolts times milliseconds (Morris et al., Circulation
    /// 29:242, 1964).
    PTerminalMvMs,
    /// R over S in V1.
    RToSV1,
}

impl ChamberMeasure {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 5] = [
        Self::SokolowLyonMv,
        Self::CornellMv,
        Self::KatzWachtelMv,
        Self::PTerminalMvMs,
        Self::RToSV1,
    ];

    /// Name in documents, with its unit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SokolowLyonMv => "sokolow_lyon_mv",
            Self::CornellMv => "cornell_mv",
            Self::KatzWachtelMv => "katz_wachtel_mv",
            Self::PTerminalMvMs => "p_terminal_mv_ms",
            Self::RToSV1 => "r_to_s_v1",
        }
    }

    /// Catalogue id of its name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::SokolowLyonMv => "label-sokolow-lyon",
            Self::CornellMv => "label-cornell",
            Self::KatzWachtelMv => "label-katz-wachtel",
            Self::PTerminalMvMs => "label-p-terminal",
            Self::RToSV1 => "label-r-to-s-v1",
        }
    }

    /// Catalogue id of the sentence with its limit and what that is worth.
    #[must_use]
    pub fn limit(self) -> &'static str {
        match self {
            Self::SokolowLyonMv => "limit-sokolow-lyon",
            Self::CornellMv => "limit-cornell",
            Self::KatzWachtelMv => "limit-katz-wachtel",
            Self::PTerminalMvMs => "limit-p-terminal",
            Self::RToSV1 => "limit-r-to-s-v1",
        }
    }

    /// Its unit as it is written.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::SokolowLyonMv | Self::CornellMv | Self::KatzWachtelMv => "mV",
            Self::PTerminalMvMs => "mV·ms",
            Self::RToSV1 => "",
        }
    }
}

/// One measure, measured or withheld with its reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chamber {
    /// Which one.
    pub measure: ChamberMeasure,
    /// In the unit of its name.
    pub measured: Measured<f64>,
}

/// The measures whose leads are there, recorded with the analysed one in millivolts; swapped electrodes and the axis have
/// been looked at before.
pub fn chambers(recording: &Recording, analysis: &Analysis) -> Vec<Chamber> {
    let leads = Leads {
        recording,
        analysis,
        beats: analysis.usual_beats(MOST),
    };
    ChamberMeasure::ALL
        .into_iter()
        .filter_map(|measure| {
            let measured = leads.measure(measure)?;
            let measured = match leads.unread(measure) {
                Some(reason) => Measured::Withheld(reason),
                None => measured,
            };
            Some(Chamber { measure, measured })
        })
        .collect()
}

struct Leads<'a> {
    recording: &'a Recording,
    analysis: &'a Analysis,
    /// Fiducials in seconds with the waves of the analysed lead.
    beats: Vec<(f64, &'a BeatWaves)>,
}

/// Highest and lowest of a complex over the line before it, millivolts, both at least 0.
#[derive(Clone, Copy)]
struct Heights {
    r_mv: f64,
    s_mv: f64,
}

impl Leads<'_> {
    /// `None` where the leads are not there.
    fn measure(&self, measure: ChamberMeasure) -> Option<Measured<f64>> {
        use LeadName::{AVL, V1, V2, V3, V4, V5, V6};
        match measure {
            ChamberMeasure::SokolowLyonMv => {
                let (v1, v5, v6) = (self.lead(V1)?, self.lead(V5), self.lead(V6));
                let left: Vec<&Lead> = [v5, v6].into_iter().flatten().collect();
                self.over_beats(&[v1], &left, |v1, left| {
                    Some(v1[0].s_mv + left.iter().map(|h| h.r_mv).reduce(f64::max)?)
                })
            }
            ChamberMeasure::CornellMv => {
                let (avl, v3) = (self.lead(AVL)?, self.lead(V3)?);
                self.over_beats(&[avl], &[v3], |avl, v3| Some(avl[0].r_mv + v3[0].s_mv))
            }
            ChamberMeasure::KatzWachtelMv => {
                let middle = [self.lead(V2)?, self.lead(V3)?, self.lead(V4)?];
                self.over_beats(&middle, &middle, |middle, _| {
                    middle.iter().map(|h| h.r_mv + h.s_mv).reduce(f64::max)
                })
            }
            ChamberMeasure::PTerminalMvMs => Some(self.p_terminal(self.lead(V1)?)),
            ChamberMeasure::RToSV1 => {
                let v1 = [self.lead(V1)?];
                self.over_beats(&v1, &v1, |v1, _| {
                    (v1[0].s_mv >= LEAST_S_MV).then(|| v1[0].r_mv / v1[0].s_mv)
                })
            }
        }
    }

    /// Why a measure is not to be read in this recording. Swapped arms leave the chest leads as they are; with a leg's electrode
    /// on an arm their common reference has moved too. A ratio within one lead needs no scale.
    fn unread(&self, measure: ChamberMeasure) -> Option<Phrase> {
        let is_of_limbs = measure == ChamberMeasure::CornellMv;
        match self.analysis.signs.reversal.map(|found| found.swapped) {
            Some(Swapped::Arms) if !is_of_limbs => {}
            Some(_) => return Some(Phrase::new("analysis-electrodes-swapped")),
            None => {}
        }
        match &self.analysis.axis_deg {
            Measured::Withheld(reason)
                if reason.id == "analysis-leads-not-of-one-scale"
                    && measure != ChamberMeasure::RToSV1 =>
            {
                Some(reason.clone())
            }
            Measured::Withheld(_) | Measured::Value { .. } => None,
        }
    }

    fn lead(&self, name: LeadName) -> Option<&Lead> {
        recorded_beside(self.recording, self.analysis.lead, name)
    }

    /// Median of what `of` makes of each beat's heights in two groups of leads; `None` where a group is empty.
    fn over_beats(
        &self,
        first: &[&Lead],
        second: &[&Lead],
        of: impl Fn(&[Heights], &[Heights]) -> Option<f64>,
    ) -> Option<Measured<f64>> {
        if first.is_empty() || second.is_empty() {
            return None;
        }
        let values: Vec<f64> = self
            .beats
            .iter()
            .filter_map(|(time_s, waves)| {
                let of_leads = |leads: &[&Lead]| -> Option<Vec<Heights>> {
                    leads
                        .iter()
                        .map(|lead| heights(lead, *time_s, waves))
                        .collect()
                };
                of(&of_leads(first)?, &of_leads(second)?)
            })
            .collect();
        Some(over_beats(&values, "analysis-no-clear-qrs"))
    }

    fn p_terminal(&self, v1: &Lead) -> Measured<f64> {
        let Some(window) = self.p_window_s(v1) else {
            return Measured::withheld("analysis-no-clear-p");
        };
        let values: Vec<f64> = self
            .beats
            .iter()
            .filter(|(_, waves)| waves.p.is_ok())
            .filter_map(|(time_s, _)| {
                let part = over_line(v1, time_s + window.0, time_s + window.1)?;
                Some(terminal_mv_ms(&part, v1.rate_hz))
            })
            .collect();
        over_beats(&values, "analysis-no-clear-p")
    }

    /// Where V1's own P wave lies about the fiducial, seconds.
    fn p_window_s(&self, v1: &Lead) -> Option<(f64, f64)> {
        let is_v1 = |marks: &&LeadMarks| {
            let lead = self.recording.leads.get(marks.lead);
            lead.is_some_and(|lead| std::ptr::eq(lead, v1))
        };
        let marks = self.analysis.global.as_ref().ok()?;
        let marks = marks.leads.iter().find(is_v1)?;
        Some((marks.p_onset_s?, marks.p_end_s?))
    }
}

fn heights(lead: &Lead, time_s: f64, waves: &BeatWaves) -> Option<Heights> {
    let from_s = time_s + f64::from(waves.qrs.onset_s) - UNSEEN_S;
    let to_s = time_s + f64::from(waves.qrs.end_s) + UNSEEN_S;
    let complex = over_line(lead, from_s, to_s)?;
    Some(Heights {
        r_mv: complex.iter().copied().fold(0.0, f64::max),
        s_mv: -complex.iter().copied().fold(0.0, f64::min),
    })
}

fn over_beats(values: &[f64], reason: &str) -> Measured<f64> {
    match median(values) {
        Some(value) if values.len() >= FEWEST => Measured::Value {
            value,
            sd: standard_deviation(values),
            n: values.len(),
            method: "method-heights".to_owned(),
        },
        _ => Measured::Withheld(Phrase::new(reason)),
    }
}

/// Depth times length of the last negative part of a P wave, which starts at its line and ends at its end; 0 where the last
/// part is not negative.
fn terminal_mv_ms(p: &[f64], rate_hz: f64) -> f64 {
    // The line may slope from before the P wave to after it.
    let rise = p.last().copied().unwrap_or(0.0) / p.len().max(1) as f64;
    let level: Vec<f64> = p
        .iter()
        .enumerate()
        .map(|(k, v)| v - rise * (k + 1) as f64)
        .collect();
    let end = level.iter().rposition(|v| *v < -LEAST_DEEP_MV);
    let Some(end) = end else { return 0.0 };
    let start = level[..end]
        .iter()
        .rposition(|v| *v >= 0.0)
        .map_or(0, |k| k + 1);
    let stop = level[end..]
        .iter()
        .position(|v| *v >= 0.0)
        .map_or(level.len(), |k| end + k);
    // A positive part after the negative one is the last then.
    let highest_after = level[stop..].iter().copied().fold(0.0, f64::max);
    let seconds = (stop - start) as f64 / rate_hz;
    if seconds < LEAST_LONG_S || highest_after > LEAST_DEEP_MV {
        return 0.0;
    }
    let depth = -level[start..stop].iter().copied().fold(0.0, f64::min);
    depth * seconds * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::analysis::testing::scaled_leads;

    fn of(leads: &[(&str, f64)]) -> Vec<Chamber> {
        analyse(&scaled_leads(leads), None).unwrap().chambers
    }

    fn value(chambers: &[Chamber], measure: ChamberMeasure) -> Option<f64> {
        let found = chambers.iter().find(|chamber| chamber.measure == measure)?;
        found.measured.value()
    }

    #[test]
    fn heights_add_up_as_their_authors_say() {
        // One shape in all leads, so many times as high: R and S of each are those of one complex.
        let one = of(&[
            ("I", 1.0),
            ("V1", 1.0),
            ("V2", 1.0),
            ("V3", 1.0),
            ("V4", 1.0),
        ]);
        let both = value(&one, ChamberMeasure::KatzWachtelMv).unwrap();
        let ratio = value(&one, ChamberMeasure::RToSV1).unwrap();
        let (r, s) = (both * ratio / (1.0 + ratio), both / (1.0 + ratio));
        let all = of(&[
            ("I", 1.0),
            ("aVL", 0.5),
            ("V1", 2.0),
            ("V2", 1.0),
            ("V3", 3.0),
            ("V4", 1.0),
            ("V5", 1.5),
            ("V6", 1.2),
        ]);
        let close = |measure, expected: f64| {
            let found = value(&all, measure).unwrap();
            assert!(
                (found - expected).abs() < 0.02 * expected + 0.01,
                "{measure:?} {found} {expected}"
            );
        };
        close(ChamberMeasure::SokolowLyonMv, 2.0 * s + 1.5 * r);
        close(ChamberMeasure::CornellMv, 0.5 * r + 3.0 * s);
        close(ChamberMeasure::KatzWachtelMv, 3.0 * both);
        close(ChamberMeasure::RToSV1, ratio);
    }

    #[test]
    fn without_their_leads_there_are_none() {
        assert!(of(&[("I", 1.0), ("II", 1.0)]).is_empty());
        let names = |chambers: Vec<Chamber>| -> Vec<ChamberMeasure> {
            chambers.iter().map(|chamber| chamber.measure).collect()
        };
        assert_eq!(
            names(of(&[("I", 1.0), ("V1", 1.0)])),
            [ChamberMeasure::PTerminalMvMs, ChamberMeasure::RToSV1]
        );
    }

    #[test]
    fn the_last_negative_part_of_p_is_depth_times_length() {
        // 40 ms up to 0.1 mV, then 40 ms down to -0.1 mV, at 1000 Hz: 4 mV·ms, Morris's limit.
        let square: Vec<f64> = [vec![0.0], vec![0.1; 40], vec![-0.1; 40], vec![0.0]].concat();
        assert!((terminal_mv_ms(&square, 1000.0) - 4.0).abs() < 0.2);
        let upright: Vec<f64> = [vec![0.0], vec![0.1; 80], vec![0.0]].concat();
        assert_eq!(terminal_mv_ms(&upright, 1000.0), 0.0);
        let first_negative: Vec<f64> =
            [vec![0.0], vec![-0.1; 40], vec![0.1; 40], vec![0.0]].concat();
        assert_eq!(terminal_mv_ms(&first_negative, 1000.0), 0.0);
    }
}
