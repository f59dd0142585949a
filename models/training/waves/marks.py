"""Waves as annotators mark them: `(` peak `)`, read from and written to files of MIT's annotation format."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

KINDS = ("P", "QRS", "T")
SYMBOL_OF = {"P": "p", "QRS": "N", "T": "t"}
# WFDB's annotation codes (wfdb/ecgcodes.h).
BEATS = {*range(1, 14), 25, 30, 34, 35, 38, 41}
PEAKS = {**dict.fromkeys(BEATS, "QRS"), 24: "P", 27: "T"}
CODE_OF = {"(": 39, ")": 40, "p": 24, "N": 1, "t": 27}
ONSET, END = CODE_OF["("], CODE_OF[")"]
SKIP, AUX, LAST_OF_TIME = 59, 63, 1023


@dataclass(frozen=True)
class Wave:
    """One wave, in seconds; onset and end are NaN where the annotator gives none."""

    kind: str
    onset_s: float
    peak_s: float
    end_s: float


@dataclass(frozen=True)
class Marks:
    """The waves of a record in the order of their peaks, its first and last mark, and the stretches in which every wave is
    marked, in seconds; none named: from the first to the last mark."""

    waves: tuple[Wave, ...]
    scope_s: tuple[float, float]
    stretches_s: tuple[tuple[float, float], ...] = ()

    def of(self, kind: str) -> list[Wave]:
        return [wave for wave in self.waves if wave.kind == kind]

    def is_said(self, times_s: np.ndarray) -> np.ndarray:
        """Whether every wave is marked at these times."""
        inside = np.zeros(len(times_s), dtype=bool)
        for first_s, last_s in self.stretches_s or (self.scope_s,):
            inside |= (times_s >= first_s) & (times_s <= last_s)
        return inside


def annotations(path: Path) -> list[tuple[int, int]]:
    """Sample index and code of each annotation of a file."""
    words = np.frombuffer(path.read_bytes(), dtype="<u2").tolist()
    found, sample, at = [], 0, 0
    while at < len(words) and words[at] != 0:
        code, value = words[at] >> 10, words[at] & 1023
        at += 1
        if code == SKIP:  # four bytes, the high half first
            skip = (words[at] << 16) + words[at + 1]
            sample += skip - (1 << 32 if skip >> 31 else 0)
            at += 2
        elif code == AUX:  # so many bytes, padded to an even number
            at += (value + 1) // 2
        elif code < SKIP:
            sample += value
            found.append((sample, code))
    return found


def read(path: Path, rate_hz: float) -> Marks:
    """A bracket belongs to the peak directly beside it; others (LUDB and QTDB have some) are left out."""
    found = annotations(path)
    waves = []
    for k, (sample, code) in enumerate(found):
        if code not in PEAKS:
            continue
        onset = found[k - 1][0] / rate_hz if k and found[k - 1][1] == ONSET else np.nan
        end = found[k + 1][0] / rate_hz if k + 1 < len(found) and found[k + 1][1] == END else np.nan
        waves.append(Wave(PEAKS[code], onset, sample / rate_hz, end))
    return Marks(tuple(waves), (found[0][0] / rate_hz, found[-1][0] / rate_hz))


def write(path: Path, waves: list[Wave], rate_hz: float) -> None:
    """Complete waves, `(` peak `)` each, as LUDB has them."""
    content, before = b"", 0
    for wave in sorted(waves, key=lambda wave: wave.onset_s):
        three = (("(", wave.onset_s), (SYMBOL_OF[wave.kind], wave.peak_s), (")", wave.end_s))
        for symbol, time_s in three:
            sample = round(time_s * rate_hz)
            step = sample - before
            if not 0 <= step <= LAST_OF_TIME:
                content += struct.pack("<HHH", SKIP << 10, (step >> 16) & 0xFFFF, step & 0xFFFF)
                step = 0
            content += struct.pack("<H", CODE_OF[symbol] << 10 | step)
            before = sample
    path.write_bytes(content + struct.pack("<H", 0))
