//! The columns of a table, with what stands before them.

use super::super::gaps::push_gap;
use super::super::text::{bare, is_missing, lines, number, rate_with_unit};
use super::super::voltage::units_per_millivolt;
use super::super::{Context, ReadError};
use super::shape::{Delimiter, Kind, Shape};
use super::timeline::clock;
use crate::recording::{Gap, GapReason, Note, SampleData};

/// Most lines of a preamble that are kept as remarks.
const REMARKS: usize = 50;
/// A transposed table: at most so many rows, each of at least so many fields.
const TRANSPOSED: (usize, usize) = (16, 200);

/// A column of numbers.
#[derive(Clone, Debug)]
pub struct Column {
    /// Name in the header without its unit; empty without header.
    pub name: String,
    /// Unit in the header.
    pub unit: Option<String>,
    /// Place among all columns of the file, from 0.
    pub place: usize,
    data: SampleData,
    gaps: Vec<Gap>,
}

/// A column that may be the time: as numbers, or as seconds of a clock.
#[derive(Clone, Debug)]
pub struct TimeColumn {
    /// Name in the header.
    pub name: String,
    /// Unit in the header.
    pub unit: Option<String>,
    /// Place among the columns.
    pub place: usize,
    /// Numbers, or seconds since midnight or 1970 for a clock; NaN where there is none.
    pub times: Vec<f64>,
    /// Whether it is a clock.
    pub clock: bool,
    /// Smallest step that its writing can tell (10 to the power of minus its decimals).
    pub quantum: f64,
    /// First entry as it stands.
    pub first: String,
}

/// A table as read.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// Columns of numbers.
    pub columns: Vec<Column>,
    /// Columns that may be the time.
    pub times: Vec<TimeColumn>,
    /// Number of rows.
    pub rows: usize,
    /// Rate stated before the table.
    pub rate_hz: Option<f64>,
    /// Unit stated before the table.
    pub unit: Option<String>,
    /// Lead stated before the table.
    pub lead: Option<String>,
    /// Lines before the table.
    pub preamble: Vec<String>,
}

impl Column {
    fn new(name: String, unit: Option<String>, place: usize) -> Self {
        Self {
            name,
            unit,
            place,
            data: SampleData::I32(Vec::new()),
            gaps: Vec::new(),
        }
    }

    /// Appends a number; integers stay integers until the first that is none.
    fn push(&mut self, value: Option<f64>) {
        let length = self.len();
        if value.is_none() {
            push_gap(&mut self.gaps, length..length + 1, GapReason::Missing);
        }
        match (&mut self.data, value) {
            (SampleData::I32(data), None) => data.push(data.last().copied().unwrap_or(0)),
            (SampleData::I32(data), Some(value)) => {
                let whole = value as i32;
                if f64::from(whole) == value {
                    data.push(whole);
                    return;
                }
                let mut values: Vec<f32> = data.iter().map(|&count| count as f32).collect();
                values.push(value as f32);
                self.data = SampleData::F32(values);
            }
            (SampleData::F32(data), None) => data.push(data.last().copied().unwrap_or(0.0)),
            (SampleData::F32(data), Some(value)) => data.push(value as f32),
            (SampleData::I16(_), _) => {}
        }
    }

    fn len(&self) -> usize {
        match &self.data {
            SampleData::I16(data) => data.len(),
            SampleData::I32(data) => data.len(),
            SampleData::F32(data) => data.len(),
        }
    }

    /// Whether every number is an integer.
    pub fn is_integer(&self) -> bool {
        matches!(self.data, SampleData::I32(_))
    }

    /// The first numbers.
    pub fn head(&self, most: usize) -> Vec<f32> {
        match &self.data {
            SampleData::I16(data) => data.iter().take(most).map(|&c| f32::from(c)).collect(),
            SampleData::I32(data) => data.iter().take(most).map(|&c| c as f32).collect(),
            SampleData::F32(data) => data.iter().take(most).copied().collect(),
        }
    }

    /// Whether the name says that it is neither signal nor time.
    pub fn is_auxiliary(&self) -> bool {
        const NAMES: [&str; 30] = [
            "index",
            "idx",
            "sampleno",
            "samplenumber",
            "n",
            "no",
            "nr",
            "row",
            "nseq",
            "seq",
            "sequence",
            "di",
            "marker",
            "markers",
            "mark",
            "event",
            "events",
            "label",
            "labels",
            "annotation",
            "annotations",
            "trigger",
            "flag",
            "hr",
            "heartrate",
            "rr",
            "bpm",
            "quality",
            "counter",
            "id",
        ];
        let key = key_of(&self.name);
        // `Sample` is a counter in some files and the signal in others.
        if ["sample", "samples"].contains(&key.as_str()) {
            return self.counts();
        }
        NAMES.contains(&key.as_str()) || self.name.trim() == "#"
    }

    /// Whether nearly every number is the one before plus the same step.
    fn counts(&self) -> bool {
        let head = self.head(4096);
        let steps: Vec<f64> = head
            .windows(2)
            .map(|pair| f64::from(pair[1]) - f64::from(pair[0]))
            .collect();
        let Some(usual) = crate::signal::median(&steps).filter(|step| *step > 0.0) else {
            return false;
        };
        let same = steps.iter().filter(|step| **step == usual).count();
        same * 20 >= steps.len() * 19
    }

    /// Numbers that devices write for a lost sample (±32767, −32768) become gaps where everything else is far smaller.
    pub fn take_sentinels(&mut self) {
        let SampleData::I32(data) = &mut self.data else {
            return;
        };
        let sentinel = |count: i32| matches!(count, 32_767 | -32_768 | -32_767);
        let largest = data
            .iter()
            .filter(|&&count| !sentinel(count))
            .map(|count| count.unsigned_abs())
            .max()
            .unwrap_or(u32::MAX);
        if largest > 20_000 || !data.iter().any(|&count| sentinel(count)) {
            return;
        }
        let old = std::mem::take(&mut self.gaps);
        let mut missing = vec![false; data.len()];
        for gap in old {
            for flag in missing.iter_mut().take(gap.range.end).skip(gap.range.start) {
                *flag = true;
            }
        }
        let mut last = 0;
        for (index, (count, missing)) in data.iter_mut().zip(missing).enumerate() {
            if missing || sentinel(*count) {
                push_gap(&mut self.gaps, index..index + 1, GapReason::Missing);
                *count = last;
            } else {
                last = *count;
            }
        }
    }

    /// The samples and gaps, with `rows` missing rows inserted before each of the rows of `breaks`.
    pub fn finish(self, breaks: &[(usize, u64)]) -> (SampleData, Vec<Gap>) {
        if breaks.is_empty() {
            return (self.data, self.gaps);
        }
        let mut gaps = Vec::new();
        let mut shift = 0_usize;
        let mut old = self.gaps.into_iter().peekable();
        for &(row, rows) in breaks {
            while let Some(gap) = old.next_if(|gap| gap.range.start < row) {
                let range = gap.range.start + shift..gap.range.end.min(row) + shift;
                push_gap(&mut gaps, range, gap.reason);
            }
            let rows = rows as usize;
            push_gap(
                &mut gaps,
                row + shift..row + shift + rows,
                GapReason::Paused,
            );
            shift += rows;
        }
        for gap in old {
            push_gap(
                &mut gaps,
                gap.range.start + shift..gap.range.end + shift,
                gap.reason,
            );
        }
        let data = match self.data {
            SampleData::I32(data) => SampleData::I32(spread(&data, breaks)),
            SampleData::F32(data) => SampleData::F32(spread(&data, breaks)),
            SampleData::I16(data) => SampleData::I16(spread(&data, breaks)),
        };
        (data, gaps)
    }
}

/// Inserts held samples before the rows of `breaks`.
fn spread<T: Copy + Default>(data: &[T], breaks: &[(usize, u64)]) -> Vec<T> {
    let mut all = Vec::with_capacity(data.len());
    let mut from = 0;
    for &(row, rows) in breaks {
        let to = row.clamp(from, data.len());
        all.extend(&data[from..to]);
        all.resize(
            all.len() + rows as usize,
            all.last().copied().unwrap_or_default(),
        );
        from = to;
    }
    all.extend(&data[from..]);
    all
}

/// Letters and digits of a name, in lower case.
pub fn key_of(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Name and unit of a header cell: `ECG (mV)`, `ecg [uV]`, `I/mV`, `ecg_uv`.
fn name_and_unit(cell: &str) -> (String, Option<String>) {
    let cell = bare(cell);
    for (open, close) in [('[', ']'), ('(', ')')] {
        if let Some((name, rest)) = cell.rsplit_once(open)
            && let Some((unit, _)) = rest.split_once(close)
            && !bare(unit).is_empty()
        {
            return (bare(name).to_owned(), Some(bare(unit).to_owned()));
        }
    }
    for mark in ['/', '_', ' '] {
        if let Some((name, unit)) = cell.rsplit_once(mark)
            && !bare(name).is_empty()
            // `ECG V` may be the lead V.
            && (units_per_millivolt(unit).is_some() && (mark == '/' || unit.chars().count() > 1)
                || ["s", "ms", "us", "ns"].contains(&unit) && is_time_name(name))
        {
            return (bare(name).to_owned(), Some(bare(unit).to_owned()));
        }
    }
    // `t_us_pico`: a time whose unit stands in the middle.
    let mut words = cell.split('_');
    if let (Some(name), Some(unit), Some(_)) = (words.next(), words.next(), words.next())
        && is_time_name(name)
        && ["ms", "us", "ns"].contains(&unit)
    {
        return (name.to_owned(), Some(unit.to_owned()));
    }
    (cell.to_owned(), None)
}

/// A cell of a row of units: a unit, or how a time is written.
fn is_unit(cell: &str) -> bool {
    let cell = bare(cell).trim_matches(['[', ']', '(', ')']);
    units_per_millivolt(cell).is_some()
        || [
            "s", "sec", "ms", "us", "µs", "ns", "samples", "mmhg", "bpm", "%",
        ]
        .iter()
        .any(|unit| cell.eq_ignore_ascii_case(unit))
        || (cell.contains("ss") && cell.contains("mm"))
}

impl Grid {
    /// Reads a table of the given shape.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`].
    pub fn read(text: &str, shape: &Shape, context: &mut Context) -> Result<Self, ReadError> {
        if shape.columns.len() > context.limits.signals {
            return Err(ReadError::TooLarge {
                what: "signals",
                found: shape.columns.len() as u64,
                limit: context.limits.signals as u64,
            });
        }
        let mut grid = Self::default();
        let before: Vec<&str> = lines(text)
            .take(shape.first_row)
            .filter(|line| !bare(line).is_empty())
            .collect();
        let header = grid.header(&before, shape);
        let mut targets = grid.targets(shape, &header);
        let (bad, first_bad) = grid.rows(text, shape, &mut targets, context)?;
        if bad > 0 {
            context.note(
                Note::new("unreadable-lines")
                    .with("count", bad)
                    .with("line", first_bad),
            );
        }
        for target in targets {
            match target {
                Target::Column(column) => grid.columns.push(column),
                Target::Time(time) => grid.times.push(time),
                Target::None => {}
            }
        }
        Ok(grid)
    }

    /// Names and units of the columns from the lines before the data; other lines are the preamble.
    fn header(&mut self, before: &[&str], shape: &Shape) -> Vec<(String, Option<String>)> {
        let split = |line: &str| -> Vec<String> {
            let mut fields = Vec::new();
            let line = line.trim_start_matches(['#', '%', ' ', '\u{feff}']);
            shape.delimiter.split(line, &mut fields);
            fields.iter().map(|field| bare(field).to_owned()).collect()
        };
        let fits = |cells: &[String]| {
            let one_name = cells.len() == 1 && cells.iter().all(|c| !c.contains([':', '=', ',']));
            cells.len() <= shape.columns.len()
                && (cells.len() * 2 > shape.columns.len())
                && (shape.columns.len() > 1 || one_name)
                && cells.iter().any(|cell| number(cell, shape.comma).is_none())
        };
        let mut rest = before;
        let mut units = Vec::new();
        if let [head @ .., last] = rest
            && !head.is_empty()
            && split(last).iter().all(|cell| is_unit(cell))
            && fits(&split(last))
            && shape.columns.len() > 1
        {
            units = split(last);
            rest = head;
        }
        let mut names = Vec::new();
        if let [head @ .., last] = rest
            && fits(&split(last))
            && !self.tells(last)
        {
            names = split(last);
            rest = head;
        }
        for line in rest {
            self.tells(line);
            if self.preamble.len() < REMARKS {
                self.preamble.push(bare(line).to_owned());
            }
        }
        (0..shape.columns.len())
            .map(|at| {
                let (name, unit) = names
                    .get(at)
                    .map_or((String::new(), None), |c| name_and_unit(c));
                let unit_row = units
                    .get(at)
                    .map(|unit| unit.trim_matches(['[', ']', '(', ')']));
                (name, unit.or(unit_row.map(str::to_owned)))
            })
            .collect()
    }

    /// Takes rate, unit and lead from a line like `Sampling rate: 250 Hz`; whether it told any of them.
    fn tells(&mut self, line: &str) -> bool {
        let line = line.trim_start_matches(['#', '%', ' ', '\u{feff}']);
        let Some((key, value)) = line.split_once([':', '=', ',', ';', '\t']) else {
            if let Some(rate) = rate_with_unit(line) {
                self.rate_hz.get_or_insert(rate);
                return true;
            }
            return false;
        };
        let key = key_of(key);
        let value = bare(value.trim_start_matches(['=', ' ', ':']));
        let value = value.trim_end_matches([',', ';', '\t']);
        const RATES: [&str; 14] = [
            "hz",
            "hertz",
            "sampl",
            "rate",
            "fs",
            "frequency",
            "abtast",
            "messrate",
            "fréquence",
            "frecuencia",
            "campion",
            "サンプ",
            "采样",
            "取樣",
        ];
        let heart = key.contains("heart") || key.contains("puls") || key == "hr";
        let stated = rate_with_unit(value).or_else(|| {
            let named = RATES.iter().any(|word| key.contains(word));
            number(value, true).filter(|rate| named && (1.0..=100_000.0).contains(rate))
        });
        if let Some(rate) = stated.filter(|_| !heart) {
            self.rate_hz.get_or_insert(rate);
            return true;
        }
        if units_per_millivolt(value).is_some() {
            self.unit.get_or_insert(value.to_owned());
            return true;
        }
        if ["lead", "ableitung", "channel", "labels"].contains(&key.as_str())
            && !value.is_empty()
            && !value.contains([',', ';', '\t'])
        {
            self.lead.get_or_insert(value.to_owned());
            return true;
        }
        false
    }

    /// Where each column goes: to the signals, to the times, or nowhere.
    fn targets(&self, shape: &Shape, header: &[(String, Option<String>)]) -> Vec<Target> {
        let mut named_time = false;
        let mut targets = Vec::new();
        for (place, kind) in shape.columns.iter().enumerate() {
            let (name, unit) = header.get(place).cloned().unwrap_or_default();
            let time = || {
                Target::Time(TimeColumn {
                    name: name.clone(),
                    unit: unit.clone(),
                    place,
                    times: Vec::new(),
                    clock: *kind == Kind::Clock,
                    quantum: 0.0,
                    first: String::new(),
                })
            };
            let names_time = is_time_name(&name);
            targets.push(match kind {
                Kind::Words => Target::None,
                Kind::Clock => time(),
                Kind::Number if names_time => {
                    named_time = true;
                    time()
                }
                // The first of several columns without a name may be the time; its numbers tell.
                Kind::Number
                    if name.is_empty() && place == 0 && shape.columns.len() > 1 && !named_time =>
                {
                    time()
                }
                Kind::Number => Target::Column(Column::new(name, unit, place)),
            });
        }
        targets
    }

    /// Reads the rows; how many lines were no rows, and the first of them.
    fn rows(
        &mut self,
        text: &str,
        shape: &Shape,
        targets: &mut [Target],
        context: &Context,
    ) -> Result<(usize, usize), ReadError> {
        let mut fields = Vec::new();
        let (mut bad, mut first_bad) = (0, 0);
        let most = context.limits.samples / shape.columns.len().max(1) as u64;
        for (at, line) in lines(text).enumerate().skip(shape.first_row) {
            shape.delimiter.split(line, &mut fields);
            if fields.is_empty() {
                continue;
            }
            if self.rows as u64 == most {
                return Err(ReadError::TooLarge {
                    what: "samples",
                    found: context.limits.samples.saturating_add(1),
                    limit: context.limits.samples,
                });
            }
            let mut unknown = fields.len() > shape.columns.len();
            for (place, target) in targets.iter_mut().enumerate() {
                let field = fields.get(place).copied().unwrap_or_default();
                unknown |= !target.push(field, shape.comma);
            }
            if unknown {
                bad += 1;
                first_bad = if bad == 1 { at + 1 } else { first_bad };
            }
            self.rows += 1;
        }
        Ok((bad, first_bad))
    }

    /// Whether a text is few long rows of numbers.
    pub fn is_transposed(text: &str) -> bool {
        let mut fields = Vec::new();
        let mut rows = 0;
        for line in lines(text).filter(|line| !bare(line).is_empty()) {
            rows += 1;
            let Some(delimiter) = row_delimiter(line) else {
                return false;
            };
            delimiter.split(line, &mut fields);
            let numbers = fields
                .iter()
                .skip(1)
                .all(|f| number(f, false).is_some() || is_missing(f));
            if rows > TRANSPOSED.0 || fields.len() < TRANSPOSED.1 || !numbers {
                return false;
            }
        }
        rows > 0
    }

    /// Reads few long rows as columns; a first field that is no number is the row's name.
    ///
    /// # Errors
    /// [`ReadError::NotThisFormat`], [`ReadError::TooLarge`].
    pub fn transposed(text: &str, context: &Context) -> Result<Self, ReadError> {
        if !Self::is_transposed(text) {
            return Err(ReadError::NotThisFormat);
        }
        let mut grid = Self::default();
        let mut fields = Vec::new();
        let mut total = 0_u64;
        for (place, line) in lines(text)
            .filter(|line| !bare(line).is_empty())
            .enumerate()
        {
            let delimiter = row_delimiter(line).ok_or(ReadError::NotThisFormat)?;
            delimiter.split(line, &mut fields);
            total += fields.len() as u64;
            context.check_samples(total)?;
            let named = fields
                .first()
                .is_some_and(|f| number(f, false).is_none() && !is_missing(f));
            let (name, unit) = match fields.first() {
                Some(cell) if named => name_and_unit(cell),
                _ => (String::new(), None),
            };
            let numbers = fields.iter().skip(usize::from(named));
            let rising = || {
                let values: Vec<f64> = numbers.clone().filter_map(|f| number(f, false)).collect();
                values.windows(2).all(|pair| pair[1] > pair[0])
            };
            let mut target = if is_time_name(&name) || (place == 0 && rising()) {
                Target::Time(TimeColumn {
                    name,
                    unit,
                    place,
                    times: Vec::new(),
                    clock: false,
                    quantum: 0.0,
                    first: String::new(),
                })
            } else {
                Target::Column(Column::new(name, unit, place))
            };
            let mut rows = 0;
            for field in numbers {
                target.push(field, false);
                rows += 1;
            }
            grid.rows = grid.rows.max(rows);
            match target {
                Target::Time(time) => grid.times.push(time),
                Target::Column(column) => grid.columns.push(column),
                Target::None => {}
            }
        }
        Ok(grid)
    }

    /// Gives back to the signals a column that turned out not to be the time.
    pub fn give_back(&mut self, time: TimeColumn) {
        let mut column = Column::new(time.name, time.unit, time.place);
        for value in time.times {
            column.push((!value.is_nan()).then_some(value));
        }
        let at = self
            .columns
            .partition_point(|other| other.place < column.place);
        self.columns.insert(at, column);
    }
}

/// What separates the numbers of a long row.
fn row_delimiter(line: &str) -> Option<Delimiter> {
    ['\t', ';', ',']
        .into_iter()
        .find(|mark| line.contains(*mark))
        .map(Delimiter::Char)
        .or_else(|| line.trim().contains(' ').then_some(Delimiter::Spaces))
}

/// Whether a header calls its column a time.
fn is_time_name(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "time", "zeit", "elapsed", "seconds", "date", "temps", "tiempo", "tempo", "时间", "時間",
        "시간", "stamp",
    ];
    let key = key_of(name);
    ["t", "s", "sec", "ms"].contains(&key.as_str()) || WORDS.iter().any(|word| key.contains(word))
}

/// Where a field goes.
enum Target {
    Column(Column),
    Time(TimeColumn),
    None,
}

impl Target {
    /// Takes a field; `false` when it is neither a value nor a word for none.
    fn push(&mut self, field: &str, comma: bool) -> bool {
        match self {
            Self::None => true,
            Self::Column(column) => {
                let value = number(field, comma);
                column.push(value);
                value.is_some() || is_missing(field)
            }
            Self::Time(time) => {
                let value = if time.clock {
                    clock(field).map(|clock| clock.seconds)
                } else {
                    number(field, comma)
                };
                if time.times.is_empty() {
                    time.first = bare(field).to_owned();
                }
                if time.times.len() < 1000 {
                    let digits = bare(field)
                        .rsplit_once(['.', ','])
                        .map_or(0, |(_, digits)| {
                            digits.bytes().take_while(u8::is_ascii_digit).count()
                        });
                    let quantum = 10_f64.powi(-(digits.min(18) as i32));
                    time.quantum = if time.quantum == 0.0 {
                        quantum
                    } else {
                        time.quantum.min(quantum)
                    };
                }
                time.times.push(value.unwrap_or(f64::NAN));
                value.is_some() || is_missing(field)
            }
        }
    }
}
