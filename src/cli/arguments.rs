//! Options that mean the same everywhere.

use crate::formats::Answers;
use clap::Args;

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Print JSON, one document a recording (JSON lines for many)
    #[arg(long, global = true)]
    pub json: bool,
    /// Leads by name or place: I,II or '#1'
    #[arg(long, global = true, value_delimiter = ',', value_name = "NAMES")]
    pub lead: Vec<String>,
    /// Start within the recording: seconds, M:SS or H:MM:SS
    #[arg(long, global = true, value_parser = seconds, value_name = "TIME")]
    pub from: Option<f64>,
    /// End within the recording: seconds, M:SS or H:MM:SS; for `convert` also the format to write
    #[arg(long, global = true, value_parser = until, value_name = "TIME")]
    pub to: Option<Until>,
    /// Models to ask: none, or their ids (the default one, if not given)
    #[arg(long, global = true, value_delimiter = ',', value_name = "none|NAMES")]
    pub models: Vec<String>,
    /// Folder of the models
    #[arg(
        long,
        global = true,
        env = "EINTHOVEN_MODELS",
        default_value = "models",
        value_name = "DIR"
    )]
    pub models_dir: std::path::PathBuf,
    /// Analyse so many files at a time; what is printed keeps the order of the files
    #[arg(long, global = true, default_value = "1", value_name = "N")]
    pub threads: std::num::NonZeroUsize,
    /// Print no progress
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Language of the texts
    #[arg(long, global = true, default_value = "en", value_name = "CODE")]
    pub lang: String,
}

/// What `--to` may mean: a time, or for `convert` a format.
#[derive(Clone, Debug, PartialEq)]
pub enum Until {
    /// Seconds from the recording's start.
    Time(f64),
    /// A format's id.
    Format(String),
}

fn until(text: &str) -> Result<Until, String> {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_word && text != "nan" && text != "inf" {
        return Ok(Until::Format(text.to_owned()));
    }
    seconds(text).map(Until::Time)
}

impl Common {
    /// The end asked for by `--to`, in seconds.
    #[must_use]
    pub fn to_s(&self) -> Option<f64> {
        match self.to {
            Some(Until::Time(to_s)) => Some(to_s),
            Some(Until::Format(_)) | None => None,
        }
    }

    /// The format asked for by `--to`.
    #[must_use]
    pub fn to_format(&self) -> Option<&str> {
        match &self.to {
            Some(Until::Format(format)) => Some(format),
            Some(Until::Time(_)) | None => None,
        }
    }

    /// Whether models are to be asked at all.
    #[must_use]
    pub fn asks_models(&self) -> bool {
        !self.models.iter().any(|name| name == "none")
    }
}

/// Answers to what a file leaves open.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What a file leaves open")]
pub struct Open {
    /// Samples per second
    #[arg(long, value_parser = positive, value_name = "HZ")]
    rate: Option<f64>,
    /// Unit of the file's numbers
    #[arg(long, value_parser = ["mV", "uV", "V", "nV"])]
    unit: Option<String>,
    /// Counts per millivolt of bare integers
    #[arg(long, value_parser = positive, value_name = "COUNTS_PER_MV")]
    gain: Option<f64>,
    /// One of several recordings in a file, as `inspect` names them
    #[arg(long, value_name = "ID")]
    choose: Option<String>,
}

impl Open {
    /// The answers as the readers take them.
    #[must_use]
    pub fn answers(&self) -> Answers {
        Answers {
            rate_hz: self.rate,
            unit: self.unit.clone(),
            gain: self.gain,
            lead: None,
            choice: self.choose.clone(),
        }
    }
}

/// A number above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("expected a number above 0".to_owned()),
    }
}

/// A time within a recording: `300`, `5:00`, `1:02:03.5`.
pub fn seconds(text: &str) -> Result<f64, String> {
    let wrong = || "expected seconds, M:SS or H:MM:SS".to_owned();
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 {
        return Err(wrong());
    }
    let mut total = 0.0;
    for (place, part) in parts.iter().enumerate() {
        let value: f64 = part.parse().map_err(|_| wrong())?;
        let is_last = place + 1 == parts.len();
        let fits = value.is_finite()
            && value >= 0.0
            && (place == 0 || value < 60.0)
            && (is_last || value.fract() == 0.0);
        if !fits {
            return Err(wrong());
        }
        total = total * 60.0 + value;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, expected) in [
            ("300", 300.0),
            ("5:00", 300.0),
            ("1:02:03.5", 3723.5),
            ("0.25", 0.25),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["", "5:", "5:60", "-1", "1:2:3:4", "1.5:00", "nan", "five"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn to_is_a_time_or_a_format() {
        assert_eq!(until("5:00"), Ok(Until::Time(300.0)));
        assert_eq!(until("edf"), Ok(Until::Format("edf".to_owned())));
        for text in ["5:", "nan", "-3", ""] {
            assert!(until(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_numbers_above_zero_are_positive() {
        assert_eq!(positive("250"), Ok(250.0));
        for text in ["0", "-5", "inf", "x"] {
            assert!(positive(text).is_err(), "{text}");
        }
    }
}
