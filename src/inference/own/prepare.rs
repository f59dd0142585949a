//! From the leads of a request to the model's input, window by window.

use super::super::InferenceError;
use super::super::preprocess::{Preprocessor, Target, samples_of};
use super::gather::{OwnLead, OwnRequest};
use super::manifest::{Layout, Normalisation, OwnManifest};

/// Share of a window by which a recording may be shorter: files of "10 s" may lack a sample or two.
const SHORTER_BY: f64 = 0.01;

/// Least divisor of a normalisation, in the model's unit: what varies less is all 0.
const LEAST_DIVISOR: f64 = 1e-9;

/// Prepares the windows of one request.
pub struct Preparer<'a> {
    manifest: &'a OwnManifest,
    request: &'a OwnRequest,
    /// One a rate: leads may have different ones.
    preprocessors: Vec<Preprocessor>,
    /// Starts of the windows in seconds from the request's start.
    starts_s: Vec<f64>,
    left_out: usize,
}

impl<'a> Preparer<'a> {
    /// Plans the windows of a request: one every hop and a last one at the end; without those that lack samples of a lead.
    ///
    /// # Errors
    /// [`InferenceError::TooShort`] without a whole window, [`InferenceError::Rate`] for a rate the model cannot be given.
    pub fn new(manifest: &'a OwnManifest, request: &'a OwnRequest) -> Result<Self, InferenceError> {
        let window_s = manifest.input.window_s;
        let steps = manifest.steps();
        let target = Target {
            rate_hz: manifest.input.rate_hz,
            window_s,
            samples: manifest.samples(),
            steps: &steps,
        };
        let mut preprocessors: Vec<Preprocessor> = Vec::new();
        for lead in &request.leads {
            if preprocessors
                .iter()
                .all(|one| one.rate_hz() != lead.rate_hz)
            {
                preprocessors.push(Preprocessor::of(&target, lead.rate_hz)?);
            }
        }
        let planned = starts_s(
            request.to_s - request.from_s,
            window_s,
            manifest.input.hop_s,
        );
        let count = planned.len();
        let whole = |start_s: &f64| {
            let leads = request.leads.iter();
            leads.clone().all(|lead| is_whole(lead, *start_s, window_s))
        };
        let starts_s: Vec<f64> = planned.into_iter().filter(whole).collect();
        if starts_s.is_empty() {
            return Err(InferenceError::TooShort {
                duration_s: request.to_s - request.from_s,
                window_s,
            });
        }
        Ok(Self {
            manifest,
            request,
            preprocessors,
            left_out: count - starts_s.len(),
            starts_s,
        })
    }

    /// Starts of the windows in seconds from the request's start.
    #[must_use]
    pub fn starts_s(&self) -> &[f64] {
        &self.starts_s
    }

    /// Windows left out because samples are missing in them.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The model's input for the window from `start_s` on, in the order of the manifest's layout.
    #[must_use]
    pub fn window(&self, start_s: f64) -> Vec<f32> {
        let per_mv = self.manifest.input.unit.per_millivolt();
        let mut leads: Vec<Vec<f32>> = (self.request.leads.iter())
            .filter_map(|lead| {
                let mut preprocessors = self.preprocessors.iter();
                let preprocessor = preprocessors.find(|one| one.rate_hz() == lead.rate_hz)?;
                let first = samples_of(start_s, lead.rate_hz).min(lead.values_mv.len());
                let end = (first + preprocessor.length()).min(lead.values_mv.len());
                let mut values = preprocessor.window(&lead.values_mv[first..end]);
                values.iter_mut().for_each(|value| *value *= per_mv);
                Some(values)
            })
            .collect();
        normalise(self.manifest.normalisation, &mut leads);
        laid_out(self.manifest.input.layout, &leads)
    }
}

fn starts_s(duration_s: f64, window_s: f64, hop_s: f64) -> Vec<f64> {
    let last_s = duration_s - window_s;
    if last_s < -SHORTER_BY * window_s {
        return Vec::new();
    }
    if last_s <= 0.0 {
        return vec![0.0];
    }
    let steps = (last_s / hop_s + 1e-9).floor() as usize;
    let mut starts: Vec<f64> = (0..=steps).map(|k| k as f64 * hop_s).collect();
    if starts.last().is_some_and(|start| last_s - start > 1e-6) {
        starts.push(last_s);
    }
    starts
}

fn is_whole(lead: &OwnLead, start_s: f64, window_s: f64) -> bool {
    let first = samples_of(start_s, lead.rate_hz).min(lead.values_mv.len());
    let end = samples_of(start_s + window_s, lead.rate_hz).min(lead.values_mv.len());
    let broken = lead
        .gaps
        .iter()
        .any(|gap| gap.start < end && gap.end > first);
    !broken
        && lead.values_mv[first..end]
            .iter()
            .all(|value| value.is_finite())
}

fn normalise(normalisation: Normalisation, leads: &mut [Vec<f32>]) {
    match normalisation {
        Normalisation::None => {}
        Normalisation::ZScoreLead => leads.iter_mut().for_each(|lead| {
            let (mean, divisor) = mean_and_deviation(lead);
            shift_and_divide(lead, mean, divisor);
        }),
        Normalisation::ZScoreAll => {
            let (mean, divisor) = mean_and_deviation(&leads.concat());
            leads
                .iter_mut()
                .for_each(|lead| shift_and_divide(lead, mean, divisor));
        }
        Normalisation::MaxAbsLead => leads.iter_mut().for_each(|lead| {
            let most = lead
                .iter()
                .fold(0.0_f32, |most, value| most.max(value.abs()));
            shift_and_divide(lead, 0.0, f64::from(most));
        }),
    }
}

/// Mean and standard deviation with divisor n.
fn mean_and_deviation(values: &[f32]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
    let squares = values
        .iter()
        .map(|&value| (f64::from(value) - mean).powi(2));
    (mean, (squares.sum::<f64>() / n).sqrt())
}

fn shift_and_divide(values: &mut [f32], shift: f64, divisor: f64) {
    let divisor = if divisor < LEAST_DIVISOR {
        f64::INFINITY
    } else {
        divisor
    };
    for value in values {
        *value = ((f64::from(*value) - shift) / divisor) as f32;
    }
}

fn laid_out(layout: Layout, leads: &[Vec<f32>]) -> Vec<f32> {
    match layout {
        Layout::LeadsSamples | Layout::OneLeadsSamples => leads.concat(),
        Layout::SamplesLeads => {
            let samples = leads.first().map_or(0, Vec::len);
            (0..samples)
                .flat_map(|at| leads.iter().map(move |lead| lead[at]))
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::{OwnFilter, SignalUnit};
    use super::super::testing::own_manifest;
    use super::*;
    use std::f32::consts::PI;

    /// Two leads at 200 and 100 samples per second: a sine of 5 Hz of 1 mV, and one of half that.
    fn request(duration_s: f64) -> OwnRequest {
        let lead = |name: &str, rate_hz: f64, height: f32| OwnLead {
            name: name.to_owned(),
            rate_hz,
            values_mv: (0..(duration_s * rate_hz) as usize)
                .map(|k| height * (2.0 * PI * 5.0 * k as f32 / rate_hz as f32).sin())
                .collect(),
            gaps: Vec::new(),
        };
        OwnRequest {
            leads: vec![lead("I", 200.0, 1.0), lead("V1", 100.0, 0.5)],
            from_s: 0.0,
            to_s: duration_s,
        }
    }

    fn largest(values: &[f32]) -> f32 {
        values.iter().fold(0.0, |most, value| most.max(value.abs()))
    }

    #[test]
    fn windows_step_by_the_hop_and_the_last_ends_with_the_recording() {
        assert_eq!(starts_s(4.5, 2.0, 1.0), [0.0, 1.0, 2.0, 2.5]);
        assert_eq!(starts_s(4.0, 2.0, 1.0), [0.0, 1.0, 2.0]);
        assert_eq!(starts_s(1.99, 2.0, 1.0), [0.0]);
        assert!(starts_s(1.9, 2.0, 1.0).is_empty());
        let manifest = own_manifest();
        let short = request(1.5);
        assert!(matches!(
            Preparer::new(&manifest, &short),
            Err(InferenceError::TooShort { .. })
        ));
    }

    #[test]
    fn no_window_lacks_samples_of_any_lead() {
        let manifest = own_manifest();
        let mut request = request(6.0);
        request.leads[1].gaps.push(250..260);
        request.leads[0].values_mv[1190] = f32::NAN;
        let preparer = Preparer::new(&manifest, &request).unwrap();
        assert_eq!(preparer.starts_s(), [0.0, 3.0]);
        assert_eq!(preparer.left_out(), 3);
    }

    #[test]
    fn the_unit_is_converted_once() {
        let request = request(4.0);
        // Without a filter, whose start in so short a window would move the height.
        let plain = OwnManifest {
            filter: OwnFilter::default(),
            ..own_manifest()
        };
        let mut micro = plain.clone();
        micro.input.unit = SignalUnit::Microvolt;
        let of = |manifest: &OwnManifest| Preparer::new(manifest, &request).unwrap().window(1.0);
        let (mv, uv) = (of(&plain), of(&micro));
        // Away from the edges, where resampling has less to go by.
        let height = largest(&mv[50..150]);
        assert!((height - 1.0).abs() < 0.03, "{height}");
        for (a, b) in mv.iter().zip(&uv) {
            assert!((a * 1000.0 - b).abs() < 1e-2);
        }
    }

    #[test]
    fn layouts_hold_the_same_numbers() {
        let request = request(4.0);
        let rows = own_manifest();
        let mut columns = own_manifest();
        columns.input.layout = Layout::SamplesLeads;
        let of = |manifest: &OwnManifest| Preparer::new(manifest, &request).unwrap().window(0.0);
        let (rows, columns) = (of(&rows), of(&columns));
        for at in 0..200 {
            assert_eq!(
                (rows[at], rows[200 + at]),
                (columns[2 * at], columns[2 * at + 1])
            );
        }
    }

    #[test]
    fn normalisations_follow_their_definition() {
        let plain = vec![vec![1.0, 3.0], vec![-4.0, 4.0], vec![2.0, 2.0]];
        let of = |normalisation| {
            let mut leads = plain.clone();
            normalise(normalisation, &mut leads);
            leads
        };
        assert_eq!(of(Normalisation::None), plain);
        let lead = of(Normalisation::ZScoreLead);
        assert_eq!(lead, [vec![-1.0, 1.0], vec![-1.0, 1.0], vec![0.0, 0.0]]);
        let most = of(Normalisation::MaxAbsLead);
        assert_eq!(most[1], [-1.0, 1.0]);
        let all = of(Normalisation::ZScoreAll).concat();
        let (mean, deviation) = mean_and_deviation(&all);
        assert!(mean.abs() < 1e-6 && (deviation - 1.0).abs() < 1e-6);
    }
}
