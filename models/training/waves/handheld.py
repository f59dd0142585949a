"""P waves where there are none: recordings of PhysioNet/CinC Challenge 2017 labelled atrial fibrillation, beside normal ones.

Nobody has marked waves in them; but in fibrillation no beat has a P wave, and nearly every beat of a normal recording has.
Fold 1, which trained neither this network nor is held apart for the rhythm models.
"""

from pathlib import Path

import numpy as np

from .. import cinc2017
from . import rules
from .combine import COMBINATIONS, Seen, added_over
from .marks import Marks
from .records import Lead
from .rules import Beat
from .score import DRAWS

EVERY = {"af": 1, "normal": 5}
ASKED = (
    "P vetoed",
    "P vetoed when sure",
    "P added",
    "P added when sure",
    "P added where regular",
    "P vetoed when sure, added where regular",
    "P judged",
    "P vetoed and added",
    "P vetoed and added when sure",
)


def leads(database: Path, entries: list[cinc2017.Entry], label: str) -> list[Lead]:
    """Recordings of fold 1 with this label; of the normal ones each fifth."""
    chosen = [e for e in cinc2017.in_folds(entries, cinc2017.CALIBRATION_FOLD) if cinc2017.LABELS[e.label] == label]
    nothing = Marks((), (0.0, 0.0))
    return [
        Lead(e.name, "i", cinc2017.RATE_HZ, cinc2017.read_millivolts(database, e.name), nothing)
        for e in chosen[:: EVERY[label]]
    ]


def network_beats(seen: Seen) -> list[Beat]:
    """The network's own QRS, each with the P wave before it, if there is one."""
    beats = [Beat(None, wave, None) for wave in seen.waves if wave.kind == "QRS"]
    return added_over(0.0)(beats, seen)


def share(recordings: list[list[Beat]]) -> dict:
    """Beats with a P wave among all, with a 95 % interval over draws of recordings."""
    counts = np.array([[sum(beat.p is not None for beat in beats), len(beats)] for beats in recordings])
    rng = np.random.default_rng(1)
    drawn = counts[rng.integers(0, len(counts), (DRAWS, len(counts)))].sum(axis=1)
    low, high = np.percentile(drawn[:, 0] / np.maximum(drawn[:, 1], 1), [2.5, 97.5])
    value = counts[:, 0].sum() / counts[:, 1].sum()
    return {
        "recordings": len(counts),
        "beats": int(counts[:, 1].sum()),
        "with_p": [round(100 * float(v), 2) for v in (value, low, high)],
    }


def figures(of_label: dict[str, list[Lead]], seen: dict[str, list[Seen]], program: Path, database: Path) -> dict:
    """By label and method."""
    found = {}
    for label, several in of_label.items():
        headers = [database / f"{lead.record}.hea" for lead in several]
        said = rules.measure(program, headers, None)
        beats = [said.get(lead.record, []) for lead in several]
        found[label] = {"rules": share(beats), "network": share([network_beats(s) for s in seen[label]])}
        for name in ASKED:
            found[label][name] = share([COMBINATIONS[name](b, s) for b, s in zip(beats, seen[label])])
    return found
