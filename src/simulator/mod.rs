//! Recordings with known truth: beats, waves, rhythm and noise, all from a seed.
