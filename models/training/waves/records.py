"""The databases: LUDB (Kalyakulina et al., IEEE Access 2020, 8:186181) and QTDB (Laguna et al., Computers in Cardiology 1997)."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..augmentation import read_format_212
from . import marks
from .score import WINDOW_S, without_gaps

LEADS = ("i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6")
FOLDS = 5
# Excerpts of QTDB from records of MIT-BIH's DS2: trained on never, so that DS2 stays unheard by every network, tested
# within sums only, not listed by themselves.
OF_DS2 = tuple(f"sel{number}" for number in (100, 103, 117, 123, 213, 221, 231, 232, 233))
# Excerpts of QTDB whose headers do not tell their persons apart (age, sex and diagnoses the same, numbers near each
# other: the European ST-T Database has 90 records of 79 persons) are in the fold of the first.
PERHAPS_OF = {
    "sele0122": "sele0121",
    "sele0126": "sele0124",
    "sele0133": "sele0129",
    "sele0116": "sele0110",
    "sele0136": "sele0110",
}


@dataclass(frozen=True)
class Lead:
    """One lead of a record: millivolts [n], their rate, and what the annotator says of it."""

    record: str
    name: str
    rate_hz: float
    millivolts: np.ndarray
    marks: marks.Marks

    @property
    def fold(self) -> int:
        return fold(PERHAPS_OF.get(self.record, self.record))


def fold(record: str) -> int:
    """Fold 0 to 4: the first 8 hexadecimal digits of SHA-256 of the record's name, modulo 5."""
    return int(hashlib.sha256(record.encode()).hexdigest()[:8], 16) % FOLDS


@dataclass(frozen=True)
class Header:
    """What the lines of a WFDB header say: names, units per millivolt and baselines of the signals."""

    rate_hz: float
    format: str
    names: list[str]
    gains: np.ndarray
    baselines: np.ndarray

    @classmethod
    def read(cls, path: Path) -> "Header":
        lines = [line.split() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
        first, signals = lines[0], lines[1 : int(lines[0][1]) + 1]
        gains, baselines = zip(*(gain_and_baseline(fields) for fields in signals))
        names = [fields[8].lower() if len(fields) > 8 else "" for fields in signals]
        rate_hz = float(first[2].split("/")[0])
        return cls(rate_hz, signals[0][1], names, np.array(gains), np.array(baselines))


def gain_and_baseline(fields: list[str]) -> tuple[float, float]:
    """Of a signal's line: `gain(baseline)/mV`, 200 for 0; without a baseline the converter's zero is it."""
    gain, _, baseline = fields[2].split("/")[0].partition("(")
    zero = float(fields[4]) if len(fields) > 4 else 0.0
    return float(gain) or 200.0, float(baseline.rstrip(")")) if baseline else zero


def millivolts(header: Header, path: Path) -> np.ndarray:
    """All signals of a record [signals, n]."""
    if header.format == "212":
        units = read_format_212(path)
    else:
        units = np.fromfile(path, "<i2").reshape(-1, len(header.gains)).T
    return (units - header.baselines[:, None]) / header.gains[:, None]


def names(folder: Path) -> list[str]:
    """The records of a folder, numbers in their order."""
    found = [path.stem for path in folder.glob("*.hea")]
    return sorted(found, key=lambda name: (len(name), name))


def ludb(folder: Path, leads: tuple[str, ...] = LEADS) -> list[Lead]:
    """The asked leads of all records, each with its own marks."""
    found = []
    for name in names(folder):
        header = Header.read(folder / f"{name}.hea")
        signals = millivolts(header, folder / f"{name}.dat")
        for lead in leads:
            said = marks.read(folder / f"{name}.{lead}", header.rate_hz)
            found.append(Lead(name, lead, header.rate_hz, signals[header.names.index(lead)], said))
    return found


def qtdb(folder: Path, lead: int = 0) -> list[Lead]:
    """One lead of all records, with the first reader's marks (`.q1c`), made of both leads together, and the stretches
    in which he passed no beat over."""
    found = []
    for name in names(folder):
        header = Header.read(folder / f"{name}.hea")
        signals = millivolts(header, folder / f"{name}.dat")
        said = marks.read(folder / f"{name}.q1c", header.rate_hz)
        said = with_stretches(said, marks.read(folder / f"{name}.pu0", header.rate_hz))
        found.append(Lead(name, header.names[lead], header.rate_hz, signals[lead], said))
    return found


def with_stretches(said: marks.Marks, automatic: marks.Marks) -> marks.Marks:
    """Some beats are passed over: a stretch ends at a gap between marks, and at an automatic beat that has no mark."""
    own = np.array([wave.peak_s for wave in said.of("QRS")])
    passed_over = (w.peak_s for w in automatic.of("QRS") if np.abs(own - w.peak_s).min() > WINDOW_S)
    return replace(said, stretches_s=tuple(without_gaps(said, tuple(passed_over))))


def digest(leads: list[Lead]) -> str:
    """SHA-256 over the records' names, leads, samples (nanovolts) and marks: tells whether the data is the same."""
    total = hashlib.sha256()
    for lead in leads:
        total.update(f"{lead.record} {lead.name} {lead.rate_hz:g}\n".encode())
        total.update(np.round(lead.millivolts * 1e6).astype("<i8").tobytes())
        total.update(repr(lead.marks.waves).encode())
    return total.hexdigest()
