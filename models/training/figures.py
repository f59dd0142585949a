"""Everything a card says of how well its model does: of one just trained, and of a released one when it is checked."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import attribution, cache, cinc2017, robustness
from .cache import Ragged
from .evaluate import Evaluation, brief


@dataclass(frozen=True)
class Sets:
    """The windows that the figures rest on; they are the same for every family."""

    calibration: Ragged
    held_apart: Ragged
    seconds: np.ndarray
    """Length of each held-apart recording."""
    disturbed: dict[str, Ragged]


def sets(database: Path, noise: Path, entries: list[cinc2017.Entry], work: Path) -> Sets:
    """Prepared from the database, or from `work` if already there."""

    def windows(fold: int) -> Ragged:
        return cache.prepared_windows(database, entries, fold, work / f"fold{fold}.npz")

    chosen = cinc2017.in_folds(entries, cinc2017.HELD_APART_FOLD)
    samples = [len(cinc2017.read_units(database, e.name)) for e in chosen]
    return Sets(
        windows(cinc2017.CALIBRATION_FOLD),
        windows(cinc2017.HELD_APART_FOLD),
        np.array(samples) / cinc2017.RATE_HZ,
        robustness.disturbed(database, noise, chosen),
    )


def measured(evaluation: Evaluation, sets: Sets) -> dict:
    """By the names of the card."""
    return {
        "calibration_fold": brief(evaluation.ask(sets.calibration)[0]),
        "held_apart": evaluation.figures(sets.held_apart, sets.seconds),
        "robustness": robustness.table(evaluation, sets.disturbed),
        "attribution_sanity": attribution.sanity(evaluation.model, sets.held_apart),
    }
