//! What a file or device says of itself. Shown as it stands, never taken for a measurement of ours.

use serde::{Deserialize, Serialize};

/// Fields about the person as the source has them. Shown, never stored without asking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patient {
    /// Name.
    pub name: Option<String>,
    /// The source's identifier.
    pub id: Option<String>,
    /// Date of birth in the source's own writing.
    pub birth_date: Option<String>,
    /// Sex in the source's own writing.
    pub sex: Option<String>,
}

/// A value that the source states (its heart rate, its QT), with its unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceMeasurement {
    /// What it is, in the source's words.
    pub name: String,
    /// The value as written.
    pub value: String,
}

/// What the source says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Id of the format that was read (`wfdb`, `edf`), or `simulator`, `live`.
    pub format: String,
    /// Why it was taken for that format, a catalogue id.
    pub recognised_by: String,
    /// Name of the file or record.
    pub name: String,
    /// Recording device.
    pub device: Option<String>,
    /// Filters that the device says it applied.
    pub filters: Option<String>,
    /// The device's own verdict, verbatim.
    pub classification: Option<String>,
    /// The device's own numbers.
    pub measurements: Vec<SourceMeasurement>,
    /// The person.
    pub patient: Patient,
    /// Remarks and comment lines.
    pub remarks: Vec<String>,
}
