//! A manifest of a user's model for tests.

use super::{
    Activation, Layout, Normalisation, OWN_SCHEMA, OwnFilter, OwnInput, OwnManifest, OwnOutput,
    SignalUnit,
};

/// Two leads, 2 s at 100 Hz, two labels.
pub fn own_manifest() -> OwnManifest {
    OwnManifest {
        schema: OWN_SCHEMA.to_owned(),
        name: "Tried".to_owned(),
        version: "1".to_owned(),
        citation: "nobody".to_owned(),
        licence: String::new(),
        sha256: None,
        input: OwnInput {
            leads: vec!["I".to_owned(), "V1".to_owned()],
            layout: Layout::LeadsSamples,
            unit: SignalUnit::Millivolt,
            rate_hz: 100.0,
            window_s: 2.0,
            hop_s: 1.0,
        },
        filter: OwnFilter {
            high_pass_hz: Some(0.5),
            low_pass_hz: Some(40.0),
        },
        normalisation: Normalisation::None,
        output: OwnOutput {
            tensor: "scores".to_owned(),
            labels: vec!["one".to_owned(), "other".to_owned()],
            activation: Activation::Softmax,
            thresholds: vec![0.5, 0.25],
        },
    }
}
