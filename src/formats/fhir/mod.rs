//! FHIR Observations with SampledData, of release 4 (`period`) and 5 (`interval`), alone, in a Bundle or contained.
//!
//! value = data × factor + origin; `E` is a missing value, `L` and `U` are clipped ones; components of one code are
//! consecutive pieces of one lead (hl7.org/fhir, SampledData).

mod read;
mod write;

pub use read::Fhir;
pub use write::FhirWriter;

use crate::recording::LeadName;

/// Codes of IEEE 11073-10101 for the electric potential of a lead (`MDC_ECG_ELEC_POTL_…`).
const CODES: [(LeadName, u32); 12] = [
    (LeadName::I, 131_329),
    (LeadName::II, 131_330),
    (LeadName::V1, 131_331),
    (LeadName::V2, 131_332),
    (LeadName::V3, 131_333),
    (LeadName::V4, 131_334),
    (LeadName::V5, 131_335),
    (LeadName::V6, 131_336),
    (LeadName::III, 131_389),
    (LeadName::AVR, 131_390),
    (LeadName::AVL, 131_391),
    (LeadName::AVF, 131_392),
];
/// The code of an ECG potential of an unspecified lead.
const ECG_CODE: u32 = 131_328;
/// Where a start of unknown zone is kept: FHIR has no time of day without one.
const LOCAL_START: &str = "urn:einthoven:local-start";

/// The shortest decimal that is the rate of so many milliseconds a sample.
fn rate_of_period(milliseconds: f64) -> Option<f64> {
    let rate_hz = 1000.0 / milliseconds;
    if !(rate_hz.is_finite() && rate_hz > 0.0 && milliseconds > 0.0) {
        return None;
    }
    let plain = (0..=9).map(|digits| {
        let power = 10_f64.powi(digits);
        (rate_hz * power).round() / power
    });
    let mut plain = plain.filter(|plain| (plain / rate_hz - 1.0).abs() < 5e-16);
    Some(plain.next().unwrap_or(rate_hz))
}

#[cfg(test)]
mod tests;
