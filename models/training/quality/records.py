"""Seconds as the program describes them (`einthoven quality-features`), with what is wrong in them."""

import csv
import hashlib
import io
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

FOLDS = 5
# Noise records and levels in decibels that are heard in training.
NOISES = (("em", 12), ("em", 6), ("em", 0), ("ma", 6), ("ma", 0), ("bw", -6))
# `nst` adds noise from here on for so long, and as long again not; training takes it from so much later.
FIRST_S = 300
OFFSET_S = 120
# Records of the noise, and their leads.
ALONE = ("em", "ma", "bw")
LEADS = ("noise1", "noise2")
# Columns before the inputs.
COLUMNS = 9


@dataclass
class Seconds:
    """The seconds of one set of records: a row each."""

    names: list[str]
    record: np.ndarray
    # Which of the record's seconds.
    second: np.ndarray
    # Whether noise was added.
    noisy: np.ndarray
    # As the program has it so far: 0 is unusable.
    grade: np.ndarray
    # Beats found, those too many, those too few.
    beats: np.ndarray
    extra: np.ndarray
    missed: np.ndarray
    # Annotated beats of class S or V.
    ectopic: np.ndarray
    # 1 where a second lead does not see one of the beats, 0 where it sees all, -1 where there is none to judge by.
    unseen: np.ndarray
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

    def where(self, kept: np.ndarray) -> "Seconds":
        """Some of the seconds."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "names"}
        return Seconds(self.names, **{name: column[kept] for name, column in values.items()})


def fold_of(name: str) -> int:
    """First 8 hexadecimal digits of the name's SHA-256, modulo the number of folds."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % FOLDS


def read(program: Path, folder: Path, *options: str) -> Seconds:
    """What the program says of every second of a folder's records."""
    command = [str(program), "quality-features", "--quiet", *options, str(folder)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    head, *rows = csv.reader(io.StringIO(text))
    columns = list(zip(*rows, strict=True))
    whole = [np.array(column, dtype=int) for column in columns[1:COLUMNS]]
    features = np.array([row[COLUMNS:] for row in rows], dtype=float)
    return Seconds(head[COLUMNS:], np.array(columns[0]), *whole, np.nan_to_num(features, posinf=8.0, neginf=-8.0))


def noisy(program: Path, mitdb: Path, nstdb: Path, offset_s: int) -> dict[str, Seconds]:
    """DS1 with each noise, the noisy seconds."""
    return {f"{kind} {level}": mixed(program, mitdb, nstdb, kind, level, offset_s) for kind, level in NOISES}


def mixed(program: Path, mitdb: Path, nstdb: Path, kind: str, level: int, offset_s: int) -> Seconds:
    """DS1 with one noise, the noisy seconds."""
    added = ("--noise", str(nstdb / f"{kind}.hea"), "--snr", str(level), "--noise-offset", str(offset_s))
    seconds = read(program, mitdb, *added)
    return seconds.where(seconds.noisy == 1)


def alone(program: Path, nstdb: Path) -> tuple[Seconds, Seconds]:
    """The noise without a heart: every beat in it is wrong. First what training hears of it, then what `nst` adds."""
    leads = [read(program, nstdb, "--lead", lead) for lead in LEADS]
    every = {field.name: np.concatenate([getattr(lead, field.name) for lead in leads]) for field in fields(Seconds)}
    seconds = Seconds(**{**every, "names": leads[0].names, "extra": every["beats"], "missed": 0 * every["beats"]})
    added = (seconds.second >= FIRST_S) & ((seconds.second - FIRST_S) // OFFSET_S % 2 == 0)
    heard = (seconds.second >= FIRST_S + OFFSET_S) & ~added
    return seconds.where(heard), seconds.where(added)
