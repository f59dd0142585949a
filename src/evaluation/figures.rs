//! The figures that are given with an interval.

use super::Comparison;
use crate::recording::BeatCode;

/// A share from 0 to 1 that a comparison gives.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name in JSON.
    pub id: &'static str,
    /// Its name in tables.
    pub name: &'static str,
    /// Its value, `None` where it is undefined.
    pub of: fn(&Comparison) -> Option<f64>,
}

const fn figure(
    id: &'static str,
    name: &'static str,
    of: fn(&Comparison) -> Option<f64>,
) -> Figure {
    Figure { id, name, of }
}

/// All of them: beats, V, S, then atrial fibrillation and ventricular flutter by episode and by duration.
pub const FIGURES: [Figure; 15] = [
    figure("se", "Q Se", |c| c.beats.sensitivity()),
    figure("ppv", "Q +P", |c| c.beats.positive_predictivity()),
    figure("f1", "Q F1", |c| c.beats.f1()),
    figure("v_se", "V Se", |c| c.beats.class_sensitivity(BeatCode::V)),
    figure("v_ppv", "V +P", |c| {
        c.beats.class_positive_predictivity(BeatCode::V)
    }),
    figure("s_se", "S Se", |c| c.beats.class_sensitivity(BeatCode::S)),
    figure("s_ppv", "S +P", |c| {
        c.beats.class_positive_predictivity(BeatCode::S)
    }),
    figure("af_episode_se", "AF ESe", |c| {
        c.atrial_fibrillation.episode_sensitivity()
    }),
    figure("af_episode_ppv", "AF E+P", |c| {
        c.atrial_fibrillation.episode_predictivity()
    }),
    figure("af_duration_se", "AF DSe", |c| {
        c.atrial_fibrillation.duration_sensitivity()
    }),
    figure("af_duration_ppv", "AF D+P", |c| {
        c.atrial_fibrillation.duration_predictivity()
    }),
    figure("vf_episode_se", "VF ESe", |c| {
        c.ventricular_flutter.episode_sensitivity()
    }),
    figure("vf_episode_ppv", "VF E+P", |c| {
        c.ventricular_flutter.episode_predictivity()
    }),
    figure("vf_duration_se", "VF DSe", |c| {
        c.ventricular_flutter.duration_sensitivity()
    }),
    figure("vf_duration_ppv", "VF D+P", |c| {
        c.ventricular_flutter.duration_predictivity()
    }),
];
