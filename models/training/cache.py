"""What is computed once from the database: recordings at 100 Hz for training, prepared windows for testing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import cinc2017
from . import preprocessing as pre


@dataclass(frozen=True)
class Ragged:
    """Recordings of unequal length in one array; recording i is rows offsets[i] to offsets[i + 1]."""

    rows: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray
    names: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> np.ndarray:
        return self.rows[self.offsets[i] : self.offsets[i + 1]]

    @classmethod
    def of(cls, parts: list[np.ndarray], entries: list[cinc2017.Entry]) -> "Ragged":
        offsets = np.cumsum([0] + [len(part) for part in parts])
        rows = np.concatenate(parts).astype(np.float32)
        return cls(rows, offsets, np.array([e.label for e in entries]), np.array([e.name for e in entries]))

    def save(self, path: Path) -> None:
        np.savez(path, rows=self.rows, offsets=self.offsets, labels=self.labels, names=self.names)

    @classmethod
    def load(cls, path: Path) -> "Ragged":
        with np.load(path) as stored:
            return cls(**stored)


def at_100_hz(units: np.ndarray) -> np.ndarray:
    """A whole recording at 100 Hz, millivolts [n / 3]."""
    return pre.resample(units / cinc2017.GAIN_PER_MV, cinc2017.RATE_HZ, (len(units) - 1) // 3 + 1)


def training_recordings(database: Path, entries: list[cinc2017.Entry], path: Path) -> Ragged:
    """The training folds' recordings at 100 Hz, from `path` if already there."""
    if not path.exists():
        chosen = cinc2017.in_folds(entries, *cinc2017.TRAINING_FOLDS)
        Ragged.of([at_100_hz(cinc2017.read_units(database, e.name)) for e in chosen], chosen).save(path)
    return Ragged.load(path)


def prepared_windows(database: Path, entries: list[cinc2017.Entry], fold: int, path: Path) -> Ragged:
    """A fold's windows exactly as in use: 10 s every 5 s, prepared one by one; rows [windows, 1000]."""
    if not path.exists():
        chosen = cinc2017.in_folds(entries, fold)
        cuts = (pre.cut(cinc2017.read_millivolts(database, e.name), cinc2017.RATE_HZ) for e in chosen)
        Ragged.of([pre.prepare(cut, cinc2017.RATE_HZ) for cut in cuts], chosen).save(path)
    return Ragged.load(path)
