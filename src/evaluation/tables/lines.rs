//! One line a record, then sums, gross figures and averages.

use super::{Form, number};
use crate::evaluation::Comparison;
use std::fmt::Write;

/// What one line holds.
pub struct Line {
    /// Counts, which are summed.
    pub counts: Vec<u64>,
    /// Percentages and other numbers, which are averaged.
    pub numbers: Vec<Option<f64>>,
    /// What stands behind them.
    pub tail: Vec<String>,
}

/// The table of a form.
pub fn table(form: &Form, records: &[(&str, &Comparison)], gross: &Comparison) -> String {
    let mut text = String::new();
    for head in form.header {
        let _ = writeln!(text, "{head}");
    }
    for (name, comparison) in records {
        let line = (form.line)(comparison);
        let name = format!("{name:>width$}", width = form.name_width);
        let cells = counts(form, &line) + &numbers(form, &line.numbers) + &tail(form, &line);
        let _ = writeln!(text, "{name}{cells}");
    }
    text.push_str(&"_".repeat(form.header.first().map_or(0, |head| head.len())));
    text.push('\n');
    text + &sums(form, records, gross)
}

fn sums(form: &Form, records: &[(&str, &Comparison)], gross: &Comparison) -> String {
    let gross = (form.line)(gross);
    let width = form.name_width + form.counts.iter().sum::<usize>();
    let skipped: usize = form.numbers.iter().map(|&(width, _)| width).sum();
    let mut text = format!(
        "{:<name$}{}{:skipped$}{}\n",
        "Sum",
        counts(form, &gross),
        "",
        tail(form, &gross),
        name = form.name_width
    );
    let averages = average(form, records);
    for (name, values) in [("Gross", &gross.numbers), ("Average", &averages)] {
        let _ = writeln!(text, "{name:<width$}{}", numbers(form, values));
    }
    text
}

/// The plain mean of the records' numbers that exist.
fn average(form: &Form, records: &[(&str, &Comparison)]) -> Vec<Option<f64>> {
    let lines: Vec<Line> = records.iter().map(|(_, c)| (form.line)(c)).collect();
    let mean = |column: usize| {
        let values = lines.iter().filter_map(|line| line.numbers[column]);
        let values: Vec<f64> = values.collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    (0..form.numbers.len()).map(mean).collect()
}

fn counts(form: &Form, line: &Line) -> String {
    let cells = line.counts.iter().zip(form.counts);
    cells
        .map(|(count, width)| format!("{count:>width$}"))
        .collect()
}

fn numbers(form: &Form, numbers: &[Option<f64>]) -> String {
    let cells = numbers.iter().zip(form.numbers);
    cells
        .map(|(value, &(width, decimals))| format!("{:>width$}", number(*value, decimals)))
        .collect()
}

fn tail(form: &Form, line: &Line) -> String {
    let cells = line.tail.iter().zip(form.tail);
    cells
        .map(|(word, width)| format!("{word:>width$}"))
        .collect()
}
