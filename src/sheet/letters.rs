//! Widths of letters on printed paper, where no browser measures them: Helvetica, which every PDF reader has.

use super::Weight;

/// Advance widths of Helvetica's letters from space to tilde, thousandths of their size (Adobe's metrics of the 14 standard
/// fonts, which PDF readers keep to).
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// Of any other letter: the width of most small ones.
const OTHER: u16 = 556;
/// Bold letters are wider than regular ones by about this much.
const BOLD: f64 = 1.06;

/// Width of a text in millimetres, for letters of `size_mm`.
#[must_use]
pub fn width_mm(text: &str, size_mm: f64, weight: Weight) -> f64 {
    let thousandths: f64 = text.chars().map(|letter| f64::from(width(letter))).sum();
    let wider = match weight {
        Weight::Regular => 1.0,
        Weight::Bold => BOLD,
    };
    thousandths / 1000.0 * size_mm * wider
}

fn width(letter: char) -> u16 {
    let place = (letter as usize).checked_sub(0x20);
    place
        .and_then(|place| HELVETICA.get(place))
        .copied()
        .unwrap_or(OTHER)
}

/// Text broken at spaces into rows at most `room_mm` wide; a word that is longer stands alone and is broken where it must be.
#[must_use]
pub fn wrap(text: &str, size_mm: f64, room_mm: f64) -> Vec<String> {
    let measure = |text: &str| width_mm(text, size_mm, Weight::Regular);
    let mut rows = vec![String::new()];
    for word in text.split_whitespace() {
        let row = rows.last_mut().map(std::mem::take).unwrap_or_default();
        let joined = if row.is_empty() {
            word.to_owned()
        } else {
            format!("{row} {word}")
        };
        if measure(&joined) <= room_mm {
            *rows.last_mut().unwrap_or(&mut String::new()) = joined;
            continue;
        }
        *rows.last_mut().unwrap_or(&mut String::new()) = row.clone();
        if !row.is_empty() {
            rows.push(String::new());
        }
        for letter in word.chars() {
            let row = rows.last().map_or("", String::as_str);
            if !row.is_empty() && measure(row) + measure(&letter.to_string()) > room_mm {
                rows.push(String::new());
            }
            if let Some(row) = rows.last_mut() {
                row.push(letter);
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn widths_are_those_of_helvetica() {
        // 0 to 9 are 556 each, a space 278, M 833.
        assert!((width_mm("0123456789", 1.0, Weight::Regular) - 5.56).abs() < 1e-9);
        assert!((width_mm("M M", 2.0, Weight::Regular) - 2.0 * 1.944).abs() < 1e-9);
        assert!(width_mm("M", 1.0, Weight::Bold) > width_mm("M", 1.0, Weight::Regular));
    }

    proptest! {
        #[test]
        fn wrapped_rows_fit_and_hold_every_letter(text in ".{0,200}", room in 4.0f64..80.0) {
            let rows = wrap(&text, 3.0, room);
            for row in &rows {
                prop_assert!(width_mm(row, 3.0, Weight::Regular) <= room + 1e-9);
            }
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&rows.concat()), letters(&text));
        }
    }
}
