//! One line a record, then sums, gross figures, averages and totals.

use super::{Form, number};
use crate::evaluation::Comparison;
use std::fmt::Write;

/// What one line holds.
pub struct Line {
    /// Counts, which are summed.
    pub counts: Vec<u64>,
    /// Percentages and other numbers, which are averaged.
    pub numbers: Vec<Option<f64>>,
    /// What stands behind them, in its own columns.
    pub tail: String,
}

/// The table of a form.
///
/// "Gross" is the figure of all records' counts together, "Average" the plain mean of the records' figures that exist,
/// both before any rounding.
pub fn table(form: &Form, records: &[(&str, &Comparison)], gross: &Comparison) -> String {
    let mut text = String::new();
    for head in form.header {
        let _ = writeln!(text, "{head}");
    }
    for (name, comparison) in records {
        let line = (form.line)(comparison);
        let name = format!("{name:>width$}", width = form.name_width);
        let cells = counts(form, &line) + &numbers(form, &line.numbers) + &line.tail;
        let _ = writeln!(text, "{name}{cells}");
    }
    let width = form.header.iter().map(|head| head.len()).max().unwrap_or(0);
    let _ = writeln!(text, "{}", "_".repeat(width));
    text + &sums(form, records, gross)
}

fn sums(form: &Form, records: &[(&str, &Comparison)], gross: &Comparison) -> String {
    let line = (form.line)(gross);
    let width = form.name_width + form.counts.iter().sum::<usize>();
    let skipped: usize = form.numbers.iter().map(|&(width, _)| width).sum();
    let sum = format!(
        "{:<name$}{}{:skipped$}{}",
        "Sum",
        counts(form, &line),
        "",
        line.tail,
        name = form.name_width
    );
    let mut text = format!("{}\n", sum.trim_end());
    let averages = average(form, records);
    for (name, values) in [("Gross", &line.numbers), ("Average", &averages)] {
        let _ = writeln!(text, "{name:<width$}{}", numbers(form, values));
    }
    text + &(form.totals)(gross)
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

/// Each cell has a space before it, however wide its number: sums outgrow their columns.
fn cell(word: &str, width: usize) -> String {
    format!(" {word:>width$}", width = width.saturating_sub(1))
}

fn counts(form: &Form, line: &Line) -> String {
    let cells = line.counts.iter().zip(form.counts);
    cells
        .map(|(count, &width)| cell(&count.to_string(), width))
        .collect()
}

fn numbers(form: &Form, numbers: &[Option<f64>]) -> String {
    let cells = numbers.iter().zip(form.numbers);
    cells
        .map(|(value, &(width, decimals))| cell(&number(*value, decimals), width))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{BEATS, RunScore, VENTRICULAR_RUNS};

    #[test]
    fn sums_that_outgrow_their_columns_stay_apart() {
        let mut comparison = Comparison::default();
        comparison.beats.matrix[0][0] = 12_345_678;
        comparison.beats.matrix[1][0] = 98_765;
        let text = table(&BEATS, &[], &comparison);
        assert!(text.contains("\nSum  12345678 98765   0"), "{text}");
        let totals = "\nTotal QRS complexes: 12444443  Total VEBs: 0  Total SVEBs: 98765\n";
        assert!(text.ends_with(totals), "{text}");
    }

    #[test]
    fn an_average_is_the_mean_of_the_records_that_have_the_figure() {
        let of = |found, missed| {
            let mut runs = RunScore::default();
            runs.sensitivity[2][2] = found;
            runs.sensitivity[2][0] = missed;
            Comparison {
                ventricular_runs: runs,
                ..Comparison::default()
            }
        };
        let (one, other, none) = (of(1, 0), of(1, 3), of(0, 0));
        let mut gross = of(2, 3);
        gross.ventricular_runs.predictivity[3][4] = 7;
        let records = [("1", &one), ("2", &other), ("3", &none)];
        let text = table(&VENTRICULAR_RUNS, &records, &gross);
        let row = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.unwrap().split_whitespace().nth(1).unwrap().to_owned()
        };
        assert_eq!(
            (row("Gross"), row("Average")),
            ("40".to_owned(), "63".to_owned())
        );
        assert!(text.contains("\n   2   1   3   0   0   0   0"), "{text}");
        let totals = "\nTotal couplets: 5  Total short runs: 0  Total long runs: 0\n";
        assert!(text.ends_with(totals), "{text}");
    }
}
