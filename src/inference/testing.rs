//! A manifest for tests, with the numbers of no trained model.

use super::Manifest;
use serde_json::{Value, json};

/// A valid manifest: four labels, 10 s at 100 Hz.
pub fn manifest_json() -> Value {
    json!({
        "schema": "einthoven-model/1",
        "id": "tried",
        "version": "0.0.1",
        "question": "rhythm",
        "file": "model.onnx",
        "sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "bytes": 10,
        "input": {
            "name": "ecg", "leads": 1, "preferred_leads": ["I", "II", "MLII"], "unit": "mV",
            "rate_hz": 100, "window_s": 10, "samples": 1000, "hop_s": 5, "short": "reflect"
        },
        "preprocessing": [
            {"step": "resample", "rate_hz": 100, "half_zero_crossings": 12, "beta": 8.0, "rolloff": 0.95},
            {"step": "sos_filtfilt", "pad": 200, "sections": [[
                0.978030479206, -1.956060958413, 0.978030479206, 1.0, -1.955578240315, 0.956543676511
            ]]},
            {"step": "scale", "low_pct": 2.5, "high_pct": 97.5, "floor": 0.02, "clip": 8.0}
        ],
        "outputs": {
            "logits": "logits", "cam": "cam", "cam_marks_influence": true, "cam_step_s": 0.16,
            "labels": ["normal", "af", "other", "noisy"]
        },
        "aggregation": {"kind": "log_mean_exp", "sharpness": [1.0, 2.0, 1.0, 0.5]},
        "calibration": {
            "record": {"temperature": 0.5, "bias": [0.1, 0.0, -0.1, 0.0]},
            "window": {"temperature": 2.0, "bias": [0.0, 0.0, 0.0, 0.0]}
        },
        "abstain": {"min_probability": 0.6, "min_probability_window": 0.5, "min_duration_s": 9.0}
    })
}

/// The same, read.
pub fn manifest() -> Manifest {
    Manifest::parse(manifest_json().to_string().as_bytes()).unwrap()
}
