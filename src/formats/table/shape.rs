//! How a table is written: its delimiter, its decimal mark, where its numbers begin.

use super::super::text::{bare, is_missing, lines, number};
use super::FEWEST_ROWS;
use super::timeline::clock;

/// Lines that are looked at.
const PROBE_LINES: usize = 400;
/// Rows in a row that begin the data.
const RUN: usize = 10;

/// What separates the fields of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// One column.
    None,
    /// This character.
    Char(char),
    /// Any run of spaces.
    Spaces,
}

/// How a table is written.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Separator of fields.
    pub delimiter: Delimiter,
    /// Whether the decimal mark is a comma.
    pub comma: bool,
    /// What each column holds.
    pub columns: Vec<Kind>,
    /// Number of lines before the first row of data.
    pub first_row: usize,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers.
    Number,
    /// Times of day or dates.
    Clock,
    /// Something else, which is not read.
    Words,
}

impl Delimiter {
    /// Splits a line into its fields; a delimiter in quotes is none, and empty fields at the end are none either.
    pub fn split<'a>(self, line: &'a str, fields: &mut Vec<&'a str>) {
        fields.clear();
        match self {
            Self::None => fields.push(line),
            Self::Spaces => fields.extend(line.split_whitespace()),
            Self::Char(mark) if !line.contains('"') => fields.extend(line.split(mark)),
            Self::Char(mark) => {
                let mut quoted = false;
                fields.extend(line.split(|c: char| {
                    quoted ^= c == '"';
                    c == mark && !quoted
                }));
            }
        }
        while fields.last().is_some_and(|field| bare(field).is_empty()) {
            fields.pop();
        }
    }
}

impl Shape {
    /// The shape of a text, `None` when it is no table of numbers.
    pub fn find(text: &str) -> Option<Self> {
        // Markup and JSON have readers of their own.
        if text.trim_start().starts_with(['{', '<', '[', '%']) {
            return None;
        }
        let probe: Vec<&str> = lines(text).take(PROBE_LINES).collect();
        let filled: Vec<&str> = probe
            .iter()
            .copied()
            .filter(|line| !bare(line).is_empty())
            .collect();
        // The second half is past any preamble.
        let body = filled.get(filled.len() / 2..)?;
        if filled.len() < FEWEST_ROWS {
            return None;
        }
        let (delimiter, fields) = vote(&filled);
        let mut shape = Self {
            delimiter,
            comma: false,
            columns: vec![Kind::Words; fields],
            first_row: 0,
        };
        shape.settle_decimal_mark(body, &filled);
        shape.settle_columns(body, &filled);
        if !shape.columns.contains(&Kind::Number) {
            return None;
        }
        shape.first_row = shape.first_run(&probe)?;
        let rows = probe.iter().skip(shape.first_row);
        let rows = rows.filter(|line| shape.fits(line)).count();
        (rows >= FEWEST_ROWS).then_some(shape)
    }

    /// A comma is the decimal mark where it stands in numbers and is no delimiter; with one comma in each line, where
    /// the part behind it reads like decimals.
    fn settle_decimal_mark(&mut self, body: &[&str], filled: &[&str]) {
        if self.delimiter == Delimiter::Char(',') {
            if self.columns.len() == 2 && pairs_are_decimals(body, filled) {
                self.delimiter = Delimiter::None;
                self.columns.truncate(1);
                self.comma = true;
            }
            return;
        }
        let mut fields = Vec::new();
        self.comma = body.iter().any(|line| {
            self.delimiter.split(line, &mut fields);
            fields.iter().any(|field| {
                let field = bare(field);
                field.contains(',')
                    && number(field, true).is_some()
                    && number(field, false).is_none()
            })
        });
    }

    /// What each column holds, by the second half of the lines; by all of them where the column ends earlier.
    fn settle_columns(&mut self, body: &[&str], filled: &[&str]) {
        let late = self.kinds(body);
        let all = self.kinds(filled);
        for ((kind, late), all) in self.columns.iter_mut().zip(late).zip(all) {
            *kind = late.or(all).unwrap_or(Kind::Words);
        }
    }

    /// What each column holds in nine of ten lines; `None` where there is nothing.
    fn kinds(&self, lines: &[&str]) -> Vec<Option<Kind>> {
        let mut fields = Vec::new();
        let mut counts = vec![(0_usize, 0_usize, 0_usize); self.columns.len()];
        for line in lines {
            self.delimiter.split(line, &mut fields);
            for (field, (present, numbers, clocks)) in fields.iter().zip(&mut counts) {
                if !is_missing(field) {
                    *present += 1;
                    *numbers += usize::from(number(field, self.comma).is_some());
                    *clocks += usize::from(clock(field).is_some());
                }
            }
        }
        let kind = |(present, numbers, clocks)| {
            let most = |count: usize| count * 10 >= present * 9;
            match present {
                0 => None,
                _ if most(numbers) => Some(Kind::Number),
                _ if most(clocks) => Some(Kind::Clock),
                _ => Some(Kind::Words),
            }
        };
        counts.into_iter().map(kind).collect()
    }

    /// Whether a line is a row: no more fields than columns, numbers or nothing in every column of numbers.
    pub fn fits(&self, line: &str) -> bool {
        let mut fields = Vec::new();
        self.delimiter.split(line, &mut fields);
        if fields.len() > self.columns.len() {
            return false;
        }
        let mut any = false;
        for (field, kind) in fields.iter().zip(&self.columns) {
            let known = match kind {
                Kind::Number => number(field, self.comma).is_some(),
                Kind::Clock => clock(field).is_some(),
                Kind::Words => continue,
            };
            if !known && !is_missing(field) {
                return false;
            }
            any |= known;
        }
        any
    }

    /// The line at which a run of rows begins.
    fn first_run(&self, probe: &[&str]) -> Option<usize> {
        let mut run = 0;
        let mut from = 0;
        for (at, line) in probe.iter().enumerate() {
            if bare(line).is_empty() {
                continue;
            }
            if self.fits(line) {
                from = if run == 0 { at } else { from };
                run += 1;
                if run == RUN {
                    return Some(from);
                }
            } else {
                run = 0;
            }
        }
        None
    }
}

/// The delimiter that gives most lines more than one field, and the most fields that a tenth of the lines have; else one
/// column.
fn vote(filled: &[&str]) -> (Delimiter, usize) {
    let mut fields = Vec::new();
    for delimiter in [
        Delimiter::Char('\t'),
        Delimiter::Char(';'),
        Delimiter::Char('|'),
        Delimiter::Char(','),
        Delimiter::Spaces,
    ] {
        let mut counts: Vec<usize> = filled
            .iter()
            .map(|line| {
                delimiter.split(line, &mut fields);
                fields.len()
            })
            .collect();
        counts.sort_unstable();
        // Rows that lack their last values have fewer fields; lines with more than a tenth have are no rows.
        let shared = counts
            .chunk_by(|a, b| a == b)
            .filter(|run| run.len() * 10 >= filled.len());
        let most = shared
            .filter_map(|run| run.first().copied())
            .max()
            .unwrap_or(0);
        let fitting = counts
            .iter()
            .filter(|&&count| (2..=most).contains(&count))
            .count();
        if most > 1 && fitting * 2 > filled.len() {
            return (delimiter, most);
        }
    }
    (Delimiter::None, 1)
}

/// Whether `1,5` in every line is one number with a decimal comma and not two columns.
fn pairs_are_decimals(body: &[&str], filled: &[&str]) -> bool {
    let parts = |line: &&str| {
        let (whole, part) = bare(line).split_once(',')?;
        Some((bare(whole).to_owned(), bare(part).to_owned()))
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let pairs: Vec<(String, String)> = body.iter().filter_map(parts).collect();
    let plain = pairs
        .iter()
        .all(|(whole, part)| digits(whole.trim_start_matches(['-', '+'])) && digits(part));
    if !plain || pairs.is_empty() {
        return false;
    }
    // Decimals begin with a zero in one of ten, numbers never do; and a header of one field tells as well.
    let pairs: Vec<(String, String)> = filled.iter().filter_map(parts).collect();
    let zeros = pairs
        .iter()
        .any(|(_, part)| part.len() > 1 && part.starts_with('0') && digits(part));
    let negative_zero = pairs.iter().any(|(whole, _)| whole == "-0");
    let one_name = filled
        .iter()
        .rfind(|line| number(line, true).is_none())
        .is_some_and(|line| !line.contains(','));
    zeros || negative_zero || one_name
}
