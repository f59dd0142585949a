"""Annotated records: what the program measures of each beat, beside what the annotators say of it."""

import csv
import io
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Classes of EC57 in the papers' reading (de Chazal, O'Dwyer, Reilly 2004: e and j are N).
N, S, V, F, Q, NO_BEAT, NOT_SCORED = range(7)
CLASS_OF = {
    **dict.fromkeys("NLRBej", N),
    **dict.fromkeys("AaJSn", S),
    **dict.fromkeys("VEr", V),
    "F": F,
    **dict.fromkeys("Q/f?", Q),
}
# Largest distance of a pair (EC57).
WINDOW_S = 0.15
# Records that one call of the program measures.
TOGETHER = 50
# WFDB's annotation codes (wfdb/ecgcodes.h) that are beats.
SYMBOLS = {
    1: "N", 2: "L", 3: "R", 4: "a", 5: "V", 6: "F", 7: "J", 8: "A", 9: "S", 10: "E", 11: "j", 12: "/", 13: "Q",
    25: "B", 30: "?", 32: "[", 33: "]", 34: "e", 35: "n", 38: "f", 41: "r",
}  # fmt: skip


@dataclass
class Record:
    """One lead of a record: a row a detected beat."""

    name: str
    database: str
    lead: int
    time_s: np.ndarray
    features: np.ndarray
    # Numbers of shapes; whether the beat has the usual one, stands in fibrillation, can be read.
    shape: np.ndarray
    usual: np.ndarray
    fibrillation: np.ndarray
    readable: np.ndarray
    # What the program itself says: columns N, S, V.
    program: np.ndarray
    # Class of the annotation paired with the beat, NO_BEAT where there is none, NOT_SCORED within ventricular flutter.
    label: np.ndarray
    # Annotated beats of each class, and those among them without a detected beat.
    annotated: np.ndarray
    missed: np.ndarray


def annotations(path: Path) -> tuple[np.ndarray, list[str]]:
    """Sample indices and symbols of the beats in a file of MIT's annotation format, and of the borders of flutter."""
    words = np.fromfile(path, dtype="<u2").tolist()
    samples, symbols, sample, at = [], [], 0, 0
    while at < len(words) and words[at] != 0:
        code, value = words[at] >> 10, words[at] & 1023
        at += 1
        if code == 59:  # SKIP: four bytes, the high half first
            skip = (words[at] << 16) + words[at + 1]
            sample += skip - (1 << 32 if skip >> 31 else 0)
            at += 2
        elif code == 63:  # AUX: so many bytes, padded to an even number
            at += (value + 1) // 2
        elif code < 60:
            sample += value
            if code in SYMBOLS:
                samples.append(sample)
                symbols.append(SYMBOLS[code])
    return np.array(samples), symbols


def rate_hz(header: Path) -> float:
    """Samples per second, from the first line of a header."""
    first = next(line for line in header.read_text().splitlines() if line.strip() and not line.startswith("#"))
    return float(first.split()[2].split("/")[0])


def pair(reference_s: np.ndarray, test_s: np.ndarray) -> np.ndarray:
    """For each tested beat the index of its reference beat, -1 for none: nearest within the window, each only once."""
    partner = np.full(len(test_s), -1)
    if not len(reference_s) or not len(test_s):
        return partner
    after = np.clip(np.searchsorted(reference_s, test_s), 1, max(1, len(reference_s) - 1))
    candidates = np.stack([after - 1, np.minimum(after, len(reference_s) - 1)])
    distance = np.abs(reference_s[candidates] - test_s)
    choice = distance.argmin(0)
    nearest, distance = candidates[choice, np.arange(len(test_s))], distance.min(0)
    taken: set[int] = set()
    for test in np.argsort(distance, kind="stable"):
        if distance[test] <= WINDOW_S and nearest[test] not in taken:
            taken.add(int(nearest[test]))
            partner[test] = nearest[test]
    return partner


def measure(program: Path, headers: list[Path], lead: int, strip_s: float | None) -> dict[str, np.ndarray]:
    """The program's table of one lead of some records, by column; the features under "features", the records' names
    under "record"."""
    command = [program, "beat-features", *headers, "--lead", f"#{lead + 1}", "--quiet"]
    if strip_s:
        command += ["--strip", f"{strip_s:g}"]
    # A record that cannot be analysed has no lines; the others' count.
    text = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=len(headers) == 1).stdout
    names, *rows = csv.reader(io.StringIO(text))
    values = np.array([[float(v) for v in row[1:]] for row in rows], dtype=np.float64).reshape(-1, len(names) - 1)
    table = {name: values[:, k] for k, name in enumerate(names[1:]) if name not in ("n", "s", "v")}
    first = names.index("v")
    table |= {"program": values[:, first - 3 : first], "features": values[:, first:].astype(np.float32)}
    return table | {"record": np.array([row[0] for row in rows])}


def read(program: Path, header: Path, database: str, lead: int, strip_s: float | None = None) -> Record:
    """A record with its annotations (`.atr` beside the header)."""
    table = measure(program, [header], lead, strip_s)
    samples, symbols = annotations(header.with_suffix(".atr"))
    marks_s, border = samples / rate_hz(header), np.array([s in "[]" for s in symbols])
    classes = np.array([CLASS_OF[s] for s in symbols if s not in "[]"])
    partner = pair(marks_s[~border], table["time_s"])
    label = np.where(partner >= 0, classes[np.maximum(partner, 0)], NO_BEAT)
    # EC57 scores no beats within ventricular flutter: between an odd mark and the next.
    inside = np.searchsorted(marks_s[border], table["time_s"]) % 2 == 1
    label[inside & (partner < 0)] = NOT_SCORED
    annotated = np.bincount(classes, minlength=5)
    found = np.bincount(classes[partner[partner >= 0]], minlength=5)
    return record(header.stem, database, lead, table, label, annotated, annotated - found)


def record(
    name: str, database: str, lead: int, table: dict[str, np.ndarray], label: np.ndarray, annotated: np.ndarray, missed: np.ndarray
) -> Record:
    """A record from the program's table of it."""
    # Strips count their beats apart: shapes of different strips are different.
    shape = (table["strip"] * 10_000 + table["shape"]).astype(int)
    return Record(
        name=name,
        database=database,
        lead=lead,
        time_s=table["time_s"],
        features=table["features"],
        shape=np.unique(shape, return_inverse=True)[1].ravel(),
        usual=table["usual"] > 0,
        fibrillation=table["fibrillation"] > 0,
        readable=table["readable"] > 0,
        program=table["program"],
        label=label,
        annotated=annotated,
        missed=missed,
    )


def read_all(program: Path, folder: Path, database: str, lead: int, strip_s: float | None = None) -> list[Record]:
    """All records of a folder that have annotations, by name."""
    headers = sorted(h for h in folder.glob("*.hea") if h.with_suffix(".atr").exists())
    return [read(program, header, database, lead, strip_s) for header in headers]


def read_unmarked(program: Path, headers: list[Path], database: str) -> list[Record]:
    """Records whose beats are all taken as N: a reader has called them normal as a whole. What is detected in their noise
    is N too: it is no early beat."""
    found = []
    for at in range(0, len(headers), TOGETHER):
        table = measure(program, headers[at : at + TOGETHER], 0, None)
        for name in dict.fromkeys(table["record"].tolist()):
            mine = {key: values[table["record"] == name] for key, values in table.items()}
            beats = len(mine["time_s"])
            counts = np.array([beats, 0, 0, 0, 0])
            found.append(record(name, database, 0, mine, np.full(beats, N), counts, np.zeros(5, dtype=int)))
    return found
