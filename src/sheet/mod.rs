//! The ECG sheet as a display list in millimetres: one drawing code for screen, print and export.
