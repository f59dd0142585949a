//! One recording from its bytes to its report.

use super::fingerprint::fingerprint;
use crate::analysis::edits::Edit;
use crate::analysis::hrv::{self, Barred, Hrv, Overruling};
use crate::analysis::{self, Analysis, QualitySpan};
use crate::findings::{self, Finding};
use crate::formats::{
    self, Answers, Bundle, Context, FORMATS, Offer, Question, ReadError, Readers, Reading,
};
use crate::inference::{Call, no_heart_has_such_voltage};
use crate::recording::{Phrase, Recording};
use crate::report::Report;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What the caller wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Answers to what a file leaves open.
    pub answers: Answers,
    /// The lead to analyse, by index; chosen by quality when `None`.
    pub lead: Option<usize>,
    /// Whether models are asked.
    pub models: bool,
    /// The model to ask, by id; the default one when `None`.
    pub model: Option<String>,
    /// What the reader overrules.
    pub edits: Vec<Edit>,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Recognising and decoding the file.
    Opening,
    /// Quality, beats, waves, intervals.
    Measuring,
    /// Models.
    Inferring,
}

/// What a model is asked: one lead with what the analysis says of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InferRequest {
    /// The question (`rhythm`).
    pub question: String,
    /// The model that is asked, by id; the default one when `None`.
    pub model: Option<String>,
    /// Index of the lead in the recording.
    pub lead: usize,
    /// Samples per second of `values_mv`.
    pub rate_hz: f64,
    /// The lead in millivolts; travels between workers as a buffer of its own.
    #[serde(skip)]
    pub values_mv: Vec<f32>,
    /// Stretches without samples, in sample indices.
    pub gaps: Vec<Range<usize>>,
    /// Quality over time.
    pub quality: Vec<QualitySpan>,
    /// Number of beats found: a trace without beats carries no rhythm.
    pub beats: usize,
}

/// The models' answer: calls, or why there are none.
pub type InferAnswer = Result<Vec<Call>, Phrase>;

/// How a job ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A report, with the recording it speaks of.
    Report(Box<(Report, Recording)>),
    /// Several recordings to choose from.
    Choice(Vec<Offer>),
    /// Something must be answered first.
    Question(Box<Question>),
    /// There is no recording.
    Failed(ReadError),
    /// None of this job's readers knows the file; a program that links all of them may.
    Unknown,
}

/// What came of one step.
#[derive(Debug)]
pub enum Step {
    /// The next step will do this.
    Next(Stage),
    /// The recording is open: it can be shown while it is measured.
    Opened,
    /// What the rules say, before any model has answered.
    Measured(Box<Report>),
    /// A model is wanted: give its answer to [`Job::answer`].
    Infer(Box<InferRequest>),
    /// The end.
    Done(Box<Outcome>),
}

enum State {
    Open,
    Analyse,
    Ask,
    Waiting,
    Finish,
    Over,
}

/// One recording on its way from bytes to report.
pub struct Job {
    readers: Readers,
    bundle: Bundle,
    options: Options,
    state: State,
    sha256: Option<String>,
    recording: Option<Recording>,
    analysis: Option<Result<Analysis, Phrase>>,
    answer: Option<InferAnswer>,
    /// Heart rate variability, with the stretches that were barred from it.
    hrv: Option<(Vec<Barred>, Hrv)>,
}

impl Job {
    /// A job over what was dropped, with every reader.
    #[must_use]
    pub fn new(bundle: Bundle, options: Options) -> Self {
        Self::with_readers(FORMATS, bundle, options)
    }

    /// A job over what was dropped, with these readers; [`Outcome::Unknown`] says that another may know the file.
    #[must_use]
    pub fn with_readers(readers: Readers, bundle: Bundle, options: Options) -> Self {
        Self {
            readers,
            bundle,
            options,
            state: State::Open,
            sha256: None,
            recording: None,
            analysis: None,
            answer: None,
            hrv: None,
        }
    }

    /// The same for the recording of a file whose hash is known.
    #[must_use]
    pub fn of_file(self, sha256: Option<String>) -> Self {
        Self { sha256, ..self }
    }

    /// A job over a recording that is there already (simulated, or recorded live).
    #[must_use]
    pub fn of_recording(recording: Recording, options: Options) -> Self {
        Self {
            recording: Some(recording),
            state: State::Analyse,
            ..Self::with_readers(&[], Bundle::default(), options)
        }
    }

    /// The recording, once it is open.
    #[must_use]
    pub fn recording(&self) -> Option<&Recording> {
        self.recording.as_ref()
    }

    /// Does the next piece of work.
    pub fn step(&mut self) -> Step {
        match self.state {
            State::Open => self.open(),
            State::Analyse => self.analyse(),
            State::Ask => self.ask(),
            State::Waiting => Step::Next(Stage::Inferring),
            State::Finish => self.finish(),
            State::Over => Step::Done(Box::new(Outcome::Failed(ReadError::Empty))),
        }
    }

    /// Takes the models' answer to [`Step::Infer`].
    pub fn answer(&mut self, mut answer: InferAnswer) {
        if matches!(self.state, State::Waiting) {
            if let (Ok(calls), Some(Ok(analysis))) = (&mut answer, &self.analysis) {
                findings::hold_against_beats(analysis, calls);
            }
            self.answer = Some(answer);
            self.state = State::Finish;
        }
    }

    fn open(&mut self) -> Step {
        let mut context = Context::with_answers(self.options.answers.clone());
        self.state = State::Over;
        match formats::open_among(self.readers, &self.bundle, &mut context) {
            Ok(None) => Step::Done(Box::new(Outcome::Unknown)),
            Ok(Some(Reading::Recording(recording))) => {
                self.sha256 = fingerprint(&self.bundle, self.options.answers.choice.as_deref());
                self.recording = Some(*recording);
                self.state = State::Analyse;
                Step::Opened
            }
            Ok(Some(Reading::Choice(offers))) => Step::Done(Box::new(Outcome::Choice(offers))),
            Ok(Some(Reading::Question(question))) => {
                Step::Done(Box::new(Outcome::Question(question)))
            }
            Err(error) => Step::Done(Box::new(Outcome::Failed(error))),
        }
    }

    fn analyse(&mut self) -> Step {
        let Some(recording) = &self.recording else {
            return self.finish();
        };
        let analysis = analysis::analyse_edited(recording, self.options.lead, &self.options.edits);
        self.state = if self.options.models && analysis.is_ok() {
            State::Ask
        } else {
            State::Finish
        };
        self.analysis = Some(analysis);
        match self.report() {
            Some(report) => Step::Measured(Box::new(report)),
            None => self.finish(),
        }
    }

    fn ask(&mut self) -> Step {
        let (Some(recording), Some(Ok(analysis))) = (&self.recording, &self.analysis) else {
            return self.finish();
        };
        let Some(lead) = recording.leads.get(analysis.lead) else {
            return self.finish();
        };
        if let Some(reason) = no_heart_has_such_voltage(lead) {
            self.answer = Some(Err(reason));
            return self.finish();
        }
        self.state = State::Waiting;
        Step::Infer(Box::new(InferRequest {
            question: "rhythm".to_owned(),
            model: self.options.model.clone(),
            lead: analysis.lead,
            rate_hz: lead.rate_hz,
            values_mv: lead.samples.all_values(),
            gaps: lead.gaps.iter().map(|gap| gap.range.clone()).collect(),
            quality: analysis.quality.clone(),
            beats: analysis.beats.len(),
        }))
    }

    fn finish(&mut self) -> Step {
        self.state = State::Over;
        let report = self.report();
        match (report, self.recording.take()) {
            (Some(report), Some(recording)) => {
                Step::Done(Box::new(Outcome::Report(Box::new((report, recording)))))
            }
            _ => Step::Done(Box::new(Outcome::Failed(ReadError::Empty))),
        }
    }

    /// Measures heart rate variability, unless the rhythm says no more of it than before.
    fn vary(&mut self, found: &[Finding], calls: &[Call]) -> Option<Hrv> {
        let analysis = self.analysis.as_ref()?.as_ref().ok()?;
        let rate_hz = self.recording.as_ref()?.leads.get(analysis.lead)?.rate_hz;
        let barred = findings::hrv_limits(found, calls);
        if self.hrv.as_ref().is_none_or(|(known, _)| *known != barred) {
            let hrv = hrv::measure(analysis, rate_hz, &Overruling::default(), &barred);
            self.hrv = Some((barred, hrv));
        }
        self.hrv.as_ref().map(|(_, hrv)| hrv.clone())
    }

    /// All that is said by now.
    fn report(&mut self) -> Option<Report> {
        let analysis = self.analysis.as_ref()?;
        let (calls, no_calls) = match &self.answer {
            Some(Ok(calls)) => (calls.clone(), None),
            Some(Err(reason)) => (Vec::new(), Some(reason.clone())),
            None => (Vec::new(), None),
        };
        let found = match analysis {
            Ok(analysis) => findings::find(analysis, &calls),
            Err(_) => Vec::new(),
        };
        let hrv = self.vary(&found, &calls);
        let (recording, analysis) = (self.recording.as_ref()?, self.analysis.as_ref()?);
        let mut report = Report::new(recording, analysis.clone(), calls, found);
        if let Some(hrv) = hrv {
            report.hrv = hrv;
        }
        report.sha256.clone_from(&self.sha256);
        report.no_calls = no_calls;
        report.edits.clone_from(&self.options.edits);
        Some(report)
    }
}

/// Runs a job to its end, asking `infer` where a model is wanted.
pub fn run(mut job: Job, infer: &mut dyn FnMut(&InferRequest) -> InferAnswer) -> Outcome {
    loop {
        match job.step() {
            Step::Next(_) | Step::Opened | Step::Measured(_) => {}
            Step::Infer(request) => job.answer(infer(&request)),
            Step::Done(outcome) => return *outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::{Rhythm, SimulatorOptions, simulate};

    fn report(rhythm: Rhythm, calls: Option<Vec<Call>>) -> Report {
        let options = SimulatorOptions {
            rhythm,
            duration_s: 120.0,
            ..SimulatorOptions::default()
        };
        let wanted = Options {
            models: calls.is_some(),
            ..Options::default()
        };
        let job = Job::of_recording(simulate(&options).recording, wanted);
        match run(job, &mut |_| Ok(calls.clone().unwrap_or_default())) {
            Outcome::Report(both) => both.0,
            other => panic!("{other:?}"),
        }
    }

    fn call(label: &str) -> Call {
        Call {
            model: "any".to_owned(),
            version: "1".to_owned(),
            hash: "0".to_owned(),
            question: "rhythm".to_owned(),
            from_s: 0.0,
            to_s: 120.0,
            label: label.to_owned(),
            probability: 0.9,
            distribution: vec![(label.to_owned(), 0.9)],
            abstained: None,
            evidence: Vec::new(),
        }
    }

    #[test]
    fn fibrillation_carries_no_heart_rate_variability_with_and_without_a_model() {
        for (calls, reason) in [
            (Some(vec![call("af")]), "hrv-withheld-fibrillation"),
            (None, "hrv-withheld-fibrillation"),
        ] {
            let report = report(Rhythm::AtrialFibrillation, calls);
            assert_eq!(report.hrv.withheld.unwrap().id, reason);
            assert!(report.hrv.figures.is_empty());
        }
    }

    #[test]
    fn a_call_that_the_beats_contradict_is_unsure() {
        let report = report(Rhythm::AtrialFibrillation, Some(vec![call("normal")]));
        let rhythm = crate::report::rhythm(&report);
        assert_eq!(rhythm.abstained.unwrap().id, "rhythm-contradicted-by-beats");
        assert!(
            report
                .findings
                .iter()
                .all(|found| found.id != "atrial-fibrillation")
        );
        assert!(
            report
                .findings
                .iter()
                .any(|found| found.id == "irregular-rhythm")
        );
    }

    #[test]
    fn sinus_rhythm_carries_it() {
        let report = report(Rhythm::Sinus, None);
        assert_eq!(report.hrv.withheld, None);
        let rmssd = report.hrv.figure("rmssd_ms").unwrap();
        assert!(rmssd.corrected.value().is_some_and(|rmssd| rmssd > 5.0));
    }
}
