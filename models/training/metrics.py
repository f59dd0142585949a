"""Figures of a classifier from labels [n] and probabilities [n, 4]."""

import numpy as np

SCORED = (0, 1, 2)
"""Classes in the official score of CinC 2017: normal, af, other; not noisy."""


def confusion(labels: np.ndarray, predictions: np.ndarray, classes: int = 4) -> np.ndarray:
    """Counts [true, predicted]."""
    return np.bincount(labels * classes + predictions, minlength=classes**2).reshape(classes, classes)


def f1_by_class(counts: np.ndarray) -> np.ndarray:
    """F1 by class [4] of a confusion matrix: 2 n_cc / (row sum + column sum)."""
    return 2 * np.diag(counts) / np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)


def score(counts: np.ndarray) -> float:
    """The official score: mean F1 of normal, af and other."""
    return float(f1_by_class(counts)[list(SCORED)].mean())


def ratios_by_class(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Sensitivity, specificity, positive predictive value and F1 by class, each [4]."""
    hit, total = np.diag(counts), counts.sum()
    true, called = counts.sum(axis=1), counts.sum(axis=0)
    return {
        "sensitivity": hit / np.maximum(true, 1),
        "specificity": (total - true - called + hit) / np.maximum(total - true, 1),
        "ppv": hit / np.maximum(called, 1),
        "f1": f1_by_class(counts),
    }


def auroc(positive: np.ndarray, value: np.ndarray) -> float:
    """Area under the ROC curve by ranks (ties shared), of booleans [n] and values [n]."""
    _, place, counts = np.unique(value, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n_positive = positive.sum()
    n_negative = len(positive) - n_positive
    return float((rank[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def reliability(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> list[dict]:
    """Reliability table of the winning class: count, mean confidence and accuracy by bin of confidence."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    where = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        {
            "low": b / bins,
            "n": int(inside.sum()),
            "confidence": float(confidence[inside].mean()),
            "accuracy": float(right[inside].mean()),
        }
        for b in range(bins)
        if (inside := where == b).any()
    ]


def ece(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Expected calibration error over 15 equal bins of confidence."""
    table = reliability(labels, probabilities)
    return sum(row["n"] * abs(row["confidence"] - row["accuracy"]) for row in table) / len(labels)


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Multiclass Brier score, 0 to 2."""
    return float(((probabilities - np.eye(probabilities.shape[1])[labels]) ** 2).sum(axis=1).mean())
