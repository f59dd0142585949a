"""Seconds as the program describes them (`einthoven quality-features`), with what is wrong in them."""

import csv
import hashlib
import io
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDS = 5
# Noise records and levels in decibels that are heard in training.
NOISES = (("em", 12), ("em", 6), ("em", 0), ("ma", 6), ("ma", 0), ("bw", -6))
# Training takes the noise from two minutes later: that part is never added by `nst`.
OFFSET_S = 120


@dataclass
class Seconds:
    """The seconds of one set of records: a row each."""

    names: list[str]
    record: np.ndarray
    # As the program has it so far: 0 is unusable.
    grade: np.ndarray
    # Beats found, those too many, those too few.
    beats: np.ndarray
    extra: np.ndarray
    missed: np.ndarray
    features: np.ndarray

    @property
    def wrong(self) -> np.ndarray:
        """Whether a beat is too many or too few."""
        return (self.extra + self.missed) > 0

    @property
    def fold(self) -> np.ndarray:
        """Fold of each second: that of its record."""
        folds = {name: fold_of(name) for name in set(self.record)}
        return np.array([folds[name] for name in self.record])


def fold_of(name: str) -> int:
    """First 8 hexadecimal digits of the name's SHA-256, modulo the number of folds."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % FOLDS


def read(program: Path, folder: Path, *options: str) -> Seconds:
    """What the program says of every second of a folder's records."""
    command = [str(program), "quality-features", "--quiet", *options, str(folder)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    head, *rows = csv.reader(io.StringIO(text))
    columns = list(zip(*rows, strict=True))
    whole = [np.array(column, dtype=int) for column in columns[2:6]]
    features = np.array([row[6:] for row in rows], dtype=float)
    return Seconds(head[6:], np.array(columns[0]), *whole, np.nan_to_num(features, posinf=8.0, neginf=-8.0))


def noisy(program: Path, mitdb: Path, nstdb: Path, offset_s: int) -> dict[str, Seconds]:
    """DS1 with each noise, the noisy seconds."""
    return {
        f"{kind} {level}": read(
            program, mitdb, "--noise", str(nstdb / f"{kind}.hea"), "--snr", str(level), "--noise-offset", str(offset_s)
        )
        for kind, level in NOISES
    }
