//! Numbers out of the programs' reports, and out of ours.

use std::collections::BTreeMap;
use std::path::Path;

/// A report by its name.
pub fn read(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()))
}

pub fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// The numbers of a line, `-` for an undefined one; a fraction in brackets is two numbers.
fn numbers(text: &str) -> Vec<String> {
    let is_inner = |c: char| !(c.is_ascii_digit() || c == '.' || c == ':' || c == '-');
    text.split(is_inner)
        .map(|word| word.trim_end_matches(':'))
        .filter(|word| *word == "-" || word.contains(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

/// Matrix rows and fractions of a report, as numbers; headings hold none that count.
pub fn report_numbers(report: &str) -> Vec<String> {
    let of_line = |line: &str| match line.split_once('|') {
        Some((_, row)) => numbers(row),
        None => match line.rsplit_once(": ") {
            Some((name, rest)) if !name.contains("annotator") => numbers(rest),
            _ => Vec::new(),
        },
    };
    report.lines().flat_map(of_line).collect()
}

/// The same of our own report.
pub fn our_numbers(report: &str) -> Vec<String> {
    let of_line = |line: &str| match line.split_once('|') {
        Some((_, row)) => numbers(row),
        None if line.starts_with(char::is_alphabetic) => numbers(line),
        None => Vec::new(),
    };
    report.lines().flat_map(of_line).collect()
}

/// Lines of a table by their first word, as they are.
pub fn lines(text: &str) -> BTreeMap<String, String> {
    let of_line = |line: &str| Some((words(line).first()?.clone(), line.to_owned()));
    text.lines().filter_map(of_line).collect()
}

/// The records' parts of a file of matrices.
pub fn parts(report: &str) -> BTreeMap<&str, &str> {
    report
        .split("== ")
        .filter_map(|part| part.split_once('\n'))
        .collect()
}
