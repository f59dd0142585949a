//! Units of voltage in the spellings that files use, and what a signal is by its name and unit.

use crate::recording::{LeadName, SignalKind, Unit};

/// Units of `unit` in one millivolt (`mV` 1, `uV` 1000), `None` when it is not a voltage.
///
/// Case is folded for voltages only; both code points of micro, `mcV` and the spreadsheet-damaged `ÂµV` are known.
#[must_use]
pub fn units_per_millivolt(unit: &str) -> Option<f64> {
    let key: String = unit
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '\u{c2}')
        .map(|c| match c {
            '\u{b5}' | '\u{3bc}' => 'u',
            other => other.to_ascii_lowercase(),
        })
        .collect();
    match key.as_str() {
        "mv" | "millivolt" | "millivolts" => Some(1.0),
        "uv" | "mcv" | "microvolt" | "microvolts" => Some(1000.0),
        "nv" | "nanovolt" | "nanovolts" => Some(1_000_000.0),
        "v" | "volt" | "volts" => Some(0.001),
        _ => None,
    }
}

/// Names of signals that are measured in volts and are no ECG. Compared with the words of a label.
const OTHER_WORDS: &[&str] = &[
    "EEG",
    "EMG",
    "EOG",
    "ECOG",
    "RESP",
    "RESPIRATION",
    "PLETH",
    "PPG",
    "SPO2",
    "SAO2",
    "ABP",
    "ART",
    "BP",
    "CVP",
    "PAP",
    "ICP",
    "CO2",
    "ACC",
    "TEMP",
    "FLOW",
    "SNORE",
    "SOUND",
    "MIC",
    "MARKER",
    "STATUS",
    "EVENT",
    "TRIGGER",
    "GSR",
    "EDA",
    "NIRS",
    "LIGHT",
    "PULSE",
    "PCG",
    "SCG",
    // Electrodes of the 10-20 system, where EEG files name nothing else.
    "FP1",
    "FP2",
    "FPZ",
    "F3",
    "F4",
    "F7",
    "F8",
    "FZ",
    "C3",
    "C4",
    "CZ",
    "T3",
    "T4",
    "T5",
    "T6",
    "T7",
    "T8",
    "P3",
    "P4",
    "P7",
    "P8",
    "PZ",
    "O1",
    "O2",
    "OZ",
    "A1",
    "A2",
    "M1",
    "M2",
];

/// Whether a name says that the signal is an ECG.
#[must_use]
pub fn names_ecg(name: &str) -> bool {
    let upper = name.to_uppercase();
    LeadName::recognise(name).is_some()
        || ["ECG", "EKG", "MLI", "MV1", "CM5", "CARDIO"]
            .iter()
            .any(|word| upper.contains(word))
}

/// What a signal of this name and unit is: voltages count as ECG unless the name says otherwise.
#[must_use]
pub fn signal_kind(name: &str, unit: &Unit) -> SignalKind {
    let other = || SignalKind::Other(name.trim().to_owned());
    if matches!(unit, Unit::Other(_)) {
        return other();
    }
    if names_ecg(name) {
        return SignalKind::Ecg;
    }
    let upper = name.to_uppercase();
    let mut words = upper.split(|c: char| !c.is_alphanumeric());
    if words.any(|word| OTHER_WORDS.contains(&word)) {
        return other();
    }
    SignalKind::Ecg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voltages_are_known_in_every_spelling_and_nothing_else_is() {
        for unit in ["uV", "µV", "μV", " UV ", "mcV", "ÂµV"] {
            assert_eq!(units_per_millivolt(unit), Some(1000.0), "{unit}");
        }
        assert_eq!(units_per_millivolt("mv"), Some(1.0));
        assert_eq!(units_per_millivolt("V"), Some(0.001));
        for unit in [".V", "", "mmHg", "NU", "mVx"] {
            assert_eq!(units_per_millivolt(unit), None, "{unit}");
        }
    }

    #[test]
    fn a_voltage_is_an_ecg_unless_its_name_says_otherwise() {
        assert_eq!(signal_kind("MLII", &Unit::Millivolt), SignalKind::Ecg);
        assert_eq!(signal_kind("channel 3", &Unit::Millivolt), SignalKind::Ecg);
        assert!(matches!(
            signal_kind("EEG C3-A2", &Unit::Millivolt),
            SignalKind::Other(_)
        ));
        assert!(matches!(
            signal_kind("ABP", &Unit::Other("mmHg".into())),
            SignalKind::Other(_)
        ));
    }
}
