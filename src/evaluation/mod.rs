//! Scoring by the field's own rules (ANSI/AAMI EC57), with intervals. Nothing in the analysis depends on it.
