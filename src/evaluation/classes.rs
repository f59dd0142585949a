//! Beat codes of the MIT-BIH database as EC57 classes. There are two readings in use, which differ in the escape beats.

use crate::recording::BeatCode;
use serde::{Deserialize, Serialize};

/// Which reading of the beat codes a score is made with. It belongs beside every figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassMap {
    /// As the WFDB program `bxb` reads them: escape beats `e j n` are supraventricular.
    #[default]
    Bxb,
    /// As the papers read them (de Chazal, O'Dwyer, Reilly, IEEE TBME 51:1196, 2004): `e j` are class N.
    Papers,
}

/// The class of a WFDB beat code, `None` for everything that is no beat (rhythm marks, noise, flutter waves `!`).
#[must_use]
pub fn beat_class(code: &str, map: ClassMap) -> Option<BeatCode> {
    match (code, map) {
        ("N" | "L" | "R" | "B", _) => Some(BeatCode::N),
        ("e" | "j", ClassMap::Papers) => Some(BeatCode::N),
        ("A" | "a" | "J" | "S" | "j" | "n" | "e", _) => Some(BeatCode::S),
        ("V" | "r" | "E", _) => Some(BeatCode::V),
        ("F", _) => Some(BeatCode::F),
        ("Q" | "/" | "f" | "?", _) => Some(BeatCode::Q),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_readings_differ_in_escape_beats_only() {
        for code in "NLRBAaJSjneVrEFQ/f?+~!\"[]|x".chars() {
            let code = code.to_string();
            let (bxb, papers) = (
                beat_class(&code, ClassMap::Bxb),
                beat_class(&code, ClassMap::Papers),
            );
            if code == "e" || code == "j" {
                assert_eq!((bxb, papers), (Some(BeatCode::S), Some(BeatCode::N)));
            } else {
                assert_eq!(bxb, papers);
            }
        }
        assert_eq!(beat_class("!", ClassMap::Bxb), None);
        assert_eq!(beat_class("+", ClassMap::Bxb), None);
    }
}
