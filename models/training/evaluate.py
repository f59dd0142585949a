"""Figures of the final model: calibration and limits from fold 1, everything reported from fold 0, used once."""

from dataclasses import dataclass

import numpy as np
from scipy import signal

from . import cinc2017, metrics
from . import preprocessing as pre
from .cache import Ragged
from .calibration import Scaling, fit, threshold_for
from .train import Model, recording_logits, window_logits

COVERAGE = 0.9
DRAWS = 2000
BOOTSTRAP_SEED = 2017
COVERAGES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True)
class Answers:
    """What the model says of a set of cases: calibrated probabilities [n, 4], labels [n], and the
    recording [n] each case belongs to (itself, for recordings), by which intervals are drawn."""

    labels: np.ndarray
    probabilities: np.ndarray
    recording: np.ndarray

    @property
    def predictions(self) -> np.ndarray:
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> np.ndarray:
        return self.probabilities.max(axis=1)

    def where(self, chosen: np.ndarray) -> "Answers":
        return Answers(self.labels[chosen], self.probabilities[chosen], self.recording[chosen])

    def counts(self) -> np.ndarray:
        return metrics.confusion(self.labels, self.predictions)


def bootstrap_counts(answers: Answers, draws: int = DRAWS) -> np.ndarray:
    """Confusion matrices [draws, 4, 4] of recordings drawn with replacement."""
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    _, place = np.unique(answers.recording, return_inverse=True)
    n = place.max() + 1
    each = np.zeros((n, 16))
    np.add.at(each, (place, answers.labels * 4 + answers.predictions), 1)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=draws)
    return (weights @ each).reshape(draws, 4, 4)


def interval(values: np.ndarray) -> list[float]:
    """The central 95 % of bootstrap values."""
    return [round(float(v), 4) for v in np.percentile(values, [2.5, 97.5])]


def figure(value: float, values: np.ndarray) -> dict:
    return {"value": round(float(value), 4), "ci95": interval(values)}


def by_class(answers: Answers) -> dict:
    """Counts, confusion matrix, score and ratios by class, with intervals."""
    counts, drawn = answers.counts(), bootstrap_counts(answers)
    ratios = metrics.ratios_by_class(counts)
    drawn_ratios = [metrics.ratios_by_class(one) for one in drawn]
    classes = {
        label: {"n": int(counts[c].sum()), "called": int(counts[:, c].sum())}
        | {name: figure(ratios[name][c], np.array([one[name][c] for one in drawn_ratios])) for name in ratios}
        for c, label in enumerate(cinc2017.LABELS)
    }
    return {
        "n": len(answers.labels),
        "recordings": len(np.unique(answers.recording)),
        "score_f1_normal_af_other": figure(metrics.score(counts), np.array([metrics.score(one) for one in drawn])),
        "accuracy": figure(np.trace(counts) / counts.sum(), np.trace(drawn, axis1=1, axis2=2) / drawn.sum(axis=(1, 2))),
        "confusion_true_by_called": counts.tolist(),
        "classes": classes,
    }


def auroc_by_class(answers: Answers) -> dict:
    """Area under the ROC curve of each class against the rest."""
    return {
        label: round(metrics.auroc(answers.labels == c, answers.probabilities[:, c]), 4)
        for c, label in enumerate(cinc2017.LABELS)
    }


def calibration_figures(answers: Answers, uncalibrated: np.ndarray) -> dict:
    """ECE and Brier score before and after calibration, and the reliability table."""
    return {
        "ece": round(metrics.ece(answers.labels, answers.probabilities), 4),
        "brier": round(metrics.brier(answers.labels, answers.probabilities), 4),
        "ece_uncalibrated": round(metrics.ece(answers.labels, uncalibrated), 4),
        "brier_uncalibrated": round(metrics.brier(answers.labels, uncalibrated), 4),
        "reliability": [
            {key: value if key == "n" else round(value, 3) for key, value in row.items()}
            for row in metrics.reliability(answers.labels, answers.probabilities)
        ],
    }


def abstention_figures(answers: Answers, limit: float) -> dict:
    """What is answered at the limit, how well, and sensitivity with every abstention counted as a miss."""
    answered = answers.confidence >= limit
    kept = by_class(answers.where(answered))
    counts = answers.where(answered).counts()
    totals = np.bincount(answers.labels, minlength=4)
    return {
        "min_probability": limit,
        "coverage": round(float(answered.mean()), 4),
        "coverage_by_class": {
            label: round(float(answered[answers.labels == c].mean()), 4) for c, label in enumerate(cinc2017.LABELS)
        },
        "answered": kept,
        "accuracy_abstention_as_error": round(float(np.trace(counts) / len(answers.labels)), 4),
        "sensitivity_abstention_as_error": {
            label: round(float(counts[c, c] / totals[c]), 4) for c, label in enumerate(cinc2017.LABELS)
        },
    }


def risk_coverage(answers: Answers) -> list[dict]:
    """Error rate and score among the most confident share of the cases."""
    order = np.argsort(-answers.confidence, kind="stable")
    table = []
    for coverage in COVERAGES:
        kept = answers.where(order[: round(coverage * len(order))])
        table.append(
            {
                "coverage": coverage,
                "n": len(kept.labels),
                "least_probability": round(float(kept.confidence.min()), 4),
                "error_rate": round(float((kept.predictions != kept.labels).mean()), 4),
                "score_f1_normal_af_other": round(metrics.score(kept.counts()), 4),
            }
        )
    return table


def rough_rate(windows: np.ndarray) -> float:
    """Beats per minute over a recording's prepared windows [W, 1000]: peaks of the smoothed squared slope.

    For grouping only; it is not the product's beat detector.
    """
    energy = np.diff(windows, axis=1) ** 2
    smooth = signal.convolve(energy, np.full((1, 12), 1 / 12), mode="same")
    beats = [len(signal.find_peaks(row, height=0.3 * np.percentile(row, 98), distance=25)[0]) for row in smooth]
    return float(np.median(beats)) * 60 / pre.WINDOW_S


def subgroups(answers: Answers, windows: Ragged, seconds: np.ndarray) -> list[dict]:
    """Score by length of the recording and by rough heart rate."""
    rate = np.array([rough_rate(windows[i]) for i in range(len(windows))])
    groups = {
        "length under 30 s": seconds < 30,
        "length 30 s": seconds == 30,
        "length over 30 s": seconds > 30,
        "rough rate under 60 /min": rate < 60,
        "rough rate 60 to 100 /min": (rate >= 60) & (rate <= 100),
        "rough rate over 100 /min": rate > 100,
    }
    return [{"group": name} | brief(answers.where(chosen)) for name, chosen in groups.items()]


def brief(answers: Answers) -> dict:
    """A one-line summary: n, score with interval, F1 by class."""
    counts = answers.counts()
    drawn = np.array([metrics.score(one) for one in bootstrap_counts(answers)])
    f1 = metrics.f1_by_class(counts)
    return {
        "n": len(answers.labels),
        "n_by_class": counts.sum(axis=1).tolist(),
        "score_f1_normal_af_other": figure(metrics.score(counts), drawn),
        "f1": {label: round(float(f1[c]), 4) for c, label in enumerate(cinc2017.LABELS)},
    }


@dataclass(frozen=True)
class Evaluation:
    """A model with its calibration and limits, of recordings and of single windows; asked about any prepared windows."""

    model: Model
    record: Scaling
    window: Scaling
    limits: dict[str, float]

    @classmethod
    def fitted(cls, model: Model, calibration: Ragged) -> "Evaluation":
        """With what is fitted on the calibration fold."""
        logits = window_logits(model, calibration.rows)
        pooled = recording_logits(model, calibration, logits)
        record = fit(pooled, calibration.labels)
        window = fit(logits, cls.window_labels(calibration))
        limits = {"record": threshold_for(record(pooled), COVERAGE), "window": threshold_for(window(logits), COVERAGE)}
        return cls(model, record, window, limits)

    @staticmethod
    def window_labels(windows: Ragged) -> np.ndarray:
        """The recording's label for each of its windows."""
        return np.repeat(windows.labels, np.diff(windows.offsets))

    def ask(self, windows: Ragged) -> tuple[Answers, Answers, np.ndarray, np.ndarray]:
        """Answers for recordings and for windows, and the logits of both."""
        logits = window_logits(self.model, windows.rows)
        pooled = recording_logits(self.model, windows, logits)
        index = np.arange(len(windows))
        of_windows = Answers(self.window_labels(windows), self.window(logits), np.repeat(index, np.diff(windows.offsets)))
        return Answers(windows.labels, self.record(pooled), index), of_windows, pooled, logits

    def level(self, answers: Answers, logits: np.ndarray, limit: float) -> dict:
        """All figures for one level, recordings or windows."""
        return {
            "all": by_class(answers),
            "auroc": auroc_by_class(answers),
            "calibration": calibration_figures(answers, Scaling()(logits)),
            "abstention": abstention_figures(answers, limit),
            "risk_coverage": risk_coverage(answers),
        }

    def figures(self, windows: Ragged, seconds: np.ndarray) -> dict:
        """Figures by recording and by single window, and by subgroup."""
        recordings, single, pooled, logits = self.ask(windows)
        return {
            "recordings": self.level(recordings, pooled, self.limits["record"]),
            "windows": self.level(single, logits, self.limits["window"]),
            "subgroups": subgroups(recordings, windows, seconds),
        }
