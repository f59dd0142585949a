"""How the held-apart figures change when the recordings are disturbed as other devices would."""

from pathlib import Path

import numpy as np
from scipy import signal

from . import cinc2017
from . import preprocessing as pre
from .augmentation import NOISE_RATE_HZ, NOISE_UNITS_PER_MV, read_format_212
from .cache import Ragged
from .evaluate import Evaluation, brief

MIXED_S = ((300, 420), (540, 660), (780, 900), (1020, 1140), (1260, 1380), (1500, 1620))
"""Stretches of the noise records used by their standard mixes; training never hears them."""

RECORDINGS = 800
"""How many of the held-apart recordings are disturbed, the first ones by name; every line has the same ones."""


def test_noise(folder: Path, kind: str) -> np.ndarray:
    """The first channel's test stretches, joined, at 300 Hz in millivolts."""
    channel = read_format_212(folder / f"{kind}.dat")[0] / NOISE_UNITS_PER_MV
    joined = np.concatenate([channel[a * NOISE_RATE_HZ : b * NOISE_RATE_HZ] for a, b in MIXED_S])
    return signal.resample_poly(joined, 5, 6)


def with_noise(x: np.ndarray, noise: np.ndarray, decibels: float, rng: np.random.Generator) -> np.ndarray:
    """x [n] with a random stretch of noise; signal power is (99th - 1st percentile)² / 8, as in training."""
    start = rng.integers(0, len(noise) - len(x))
    part = noise[start : start + len(x)] - noise[start : start + len(x)].mean()
    height = np.subtract(*np.percentile(x, [99, 1]))
    return x + part * (height / np.sqrt(8) / max(part.std(), 1e-6) * 10 ** (-decibels / 20))


def disturbed(database: Path, noise: Path, entries: list[cinc2017.Entry]) -> dict[str, Ragged]:
    """Prepared windows of the first recordings of `entries`, by disturbance."""
    entries = entries[:RECORDINGS]
    rng = np.random.default_rng(300)
    em, ma = test_noise(noise, "em"), test_noise(noise, "ma")
    rate = cinc2017.RATE_HZ
    cases = {
        "as recorded": (lambda x: x, rate),
        "upside down": (lambda x: -x, rate),
        "at 130 Hz": (lambda x: signal.resample_poly(x, 13, 30), 130),
        "electrode motion, 12 dB": (lambda x: with_noise(x, em, 12, rng), rate),
        "electrode motion, 6 dB": (lambda x: with_noise(x, em, 6, rng), rate),
        "muscle noise, 12 dB": (lambda x: with_noise(x, ma, 12, rng), rate),
        "muscle noise, 6 dB": (lambda x: with_noise(x, ma, 6, rng), rate),
    }
    sets = {}
    for name, (change, rate_hz) in cases.items():
        signals = (change(cinc2017.read_millivolts(database, e.name)) for e in entries)
        sets[name] = Ragged.of([pre.prepare(pre.cut(x, rate_hz), rate_hz) for x in signals], entries)
    return sets


def table(evaluation: Evaluation, sets: dict[str, Ragged]) -> list[dict]:
    """One line a disturbance, all recordings answered; `coverage`: not abstained."""
    lines = []
    for name, windows in sets.items():
        answers = evaluation.ask(windows)[0]
        answered = float((answers.confidence >= evaluation.limits["record"]).mean())
        lines.append({"disturbance": name, "coverage": round(answered, 4)} | brief(answers))
    return lines
