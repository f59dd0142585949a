//! The two workers: `worker` (formats, analysis, findings) and `infer` (models).
