"""PhysioNet/CinC Challenge 2017 training set: reader, labels and folds.

Clifford et al., Computing in Cardiology 2017. 8 528 recordings of one lead
(AliveCor), 300 Hz, 1000 units per millivolt, 9 to 61 s. The set has no person
identifiers, so folds are by recording.
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE_HZ = 300
GAIN_PER_MV = 1000
MAT4_HEADER_BYTES = 24
LABELS = ("normal", "af", "other", "noisy")
CODES = {"N": 0, "A": 1, "O": 2, "~": 3}

HELD_APART_FOLD = 0
CALIBRATION_FOLD = 1
TRAINING_FOLDS = (2, 3, 4)


@dataclass(frozen=True)
class Entry:
    """One recording of the set: its name and the index of its class in LABELS."""

    name: str
    label: int

    @property
    def fold(self) -> int:
        """Fold 0 to 4: the first 8 hexadecimal digits of SHA-256 of the name, modulo 5."""
        return int(hashlib.sha256(self.name.encode()).hexdigest()[:8], 16) % 5


def read_labels(path: Path) -> list[Entry]:
    """Read REFERENCE-v3.csv (lines `A00001,N`), the third and last set of labels."""
    with open(path, newline="") as lines:
        return [Entry(row[0], CODES[row[1]]) for row in csv.reader(lines) if row and row[1] in CODES]


def read_units(database: Path, name: str) -> np.ndarray:
    """Samples of a recording, int16 [n], 1000 units per millivolt, baseline 0.

    The .mat files are MATLAB level 4: a 24-byte header, then little-endian int16.
    """
    return np.frombuffer((database / f"{name}.mat").read_bytes()[MAT4_HEADER_BYTES:], dtype="<i2")


def read_millivolts(database: Path, name: str) -> np.ndarray:
    """Samples of a recording in millivolts, float64 [n] at 300 Hz."""
    return read_units(database, name) / GAIN_PER_MV


def in_folds(entries: list[Entry], *folds: int) -> list[Entry]:
    """The recordings whose fold is one of `folds`, in the order of the label file."""
    return [entry for entry in entries if entry.fold in folds]
