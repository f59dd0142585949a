"""Waves against an annotator's: the rules of `src/evaluation/waves.rs`.

Each fiducial by itself: pairs at most 150 ms apart, one to one, the nearest first; marks without a pair count as extra
between the first and the last reference mark of any kind.
"""

from dataclasses import dataclass

import numpy as np

from .marks import KINDS, Marks, Wave

WINDOW_S = 0.15
FIDUCIALS = tuple(f"{kind}{point}" for kind in KINDS for point in (" onset", "", " end"))
DRAWS = 2000
# Between reference marks farther apart than this the reader of QTDB passed beats over.
GAP_S = 1.0


@dataclass(frozen=True)
class Errors:
    """One fiducial of one record: test minus reference of the pairs in milliseconds, marks without a pair."""

    errors_ms: np.ndarray
    missed: int
    extra: int

    def sums(self) -> np.ndarray:
        """Pairs, missed, extra, sum and sum of squares of the errors."""
        e = self.errors_ms
        return np.array([len(e), self.missed, self.extra, e.sum(), (e**2).sum()])


def times(waves: tuple[Wave, ...] | list[Wave], fiducial: str) -> np.ndarray:
    """Times of one fiducial, ascending, in seconds."""
    kind, _, point = fiducial.partition(" ")
    name = {"onset": "onset_s", "": "peak_s", "end": "end_s"}[point]
    found = np.array([getattr(wave, name) for wave in waves if wave.kind == kind])
    return np.sort(found[~np.isnan(found)])


def nearest_pairs(reference: np.ndarray, test: np.ndarray) -> list[tuple[int, int]]:
    """Index pairs within the window, the nearest first, each index once."""
    distance = np.abs(reference[:, None] - test[None, :])
    r, t = np.nonzero(distance <= WINDOW_S)
    order = np.argsort(distance[r, t], kind="stable")
    used_r: set[int] = set()
    used_t: set[int] = set()
    pairs = []
    for a, b in zip(r[order].tolist(), t[order].tolist()):
        if a not in used_r and b not in used_t:
            used_r.add(a)
            used_t.add(b)
            pairs.append((a, b))
    return pairs


def without_gaps(reference: Marks, passed_over_s: tuple[float, ...] = ()) -> list[tuple[float, float]]:
    """The stretches without gaps of marks, seconds; a beat that is known to be passed over (seconds) ends one too."""
    every = np.unique([t for w in reference.waves for t in (w.onset_s, w.peak_s, w.end_s) if not np.isnan(t)])
    before = np.searchsorted(np.sort(passed_over_s), every)
    parts = np.split(every, np.flatnonzero((np.diff(every) > GAP_S) | (np.diff(before) > 0)) + 1)
    return [(part[0], part[-1]) for part in parts]


def stretches(reference: Marks, split_at_gaps: bool) -> list[tuple[float, float]]:
    """Where marks without a pair count: from the first to the last mark, or the stretches without gaps of them."""
    return without_gaps(reference) if split_at_gaps else [reference.scope_s]


def score(reference: Marks, test: list[Wave], split_at_gaps: bool = False) -> dict[str, Errors]:
    """By fiducial."""
    counted = stretches(reference, split_at_gaps)
    found = {}
    for fiducial in FIDUCIALS:
        r, t = times(reference.waves, fiducial), times(test, fiducial)
        pairs = nearest_pairs(r, t)
        alone = np.delete(t, [b for _, b in pairs])
        extra = sum(any(a <= one <= b for a, b in counted) for one in alone)
        errors = np.array([t[b] - r[a] for a, b in pairs]) * 1000
        found[fiducial] = Errors(errors, len(r) - len(pairs), extra)
    return found


def f1(sums: np.ndarray) -> np.ndarray:
    """Percent, of sums [..., 5]."""
    pairs, missed, extra = sums[..., 0], sums[..., 1], sums[..., 2]
    return 200 * pairs / np.maximum(2 * pairs + missed + extra, 1)


def sensitivity(sums: np.ndarray) -> np.ndarray:
    """Percent, of sums [..., 5]."""
    return 100 * sums[..., 0] / np.maximum(sums[..., 0] + sums[..., 1], 1)


def spread_ms(sums: np.ndarray) -> np.ndarray:
    """Standard deviation of all pairs' errors about their mean, of sums [..., 5]."""
    pairs = np.maximum(sums[..., 0], 2)
    about = np.maximum(sums[..., 4] - sums[..., 3] ** 2 / pairs, 0)
    return np.sqrt(about / (pairs - 1))


def merged(parts: list[dict[str, Errors]]) -> dict[str, Errors]:
    """Several leads of one record as one."""
    return {
        fiducial: Errors(
            np.concatenate([part[fiducial].errors_ms for part in parts]),
            sum(part[fiducial].missed for part in parts),
            sum(part[fiducial].extra for part in parts),
        )
        for fiducial in FIDUCIALS
    }


FIGURES = {"f1": f1, "sensitivity": sensitivity, "sd_ms": spread_ms}


def drawn(n: int) -> np.ndarray:
    """How often each of n records stands in each draw with replacement [DRAWS, n]; the same for every figure."""
    rng = np.random.default_rng(1)
    return np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(DRAWS)])


def table(records: list[dict[str, Errors]]) -> dict[str, dict]:
    """By fiducial: n, missed, extra, median offset, and each figure with its 95 % interval over draws of records."""
    draws = drawn(len(records))
    lines = {}
    for fiducial in FIDUCIALS:
        sums = np.stack([record[fiducial].sums() for record in records])
        gross, resampled = sums.sum(axis=0), draws @ sums
        errors = np.concatenate([record[fiducial].errors_ms for record in records])
        lines[fiducial] = {
            "n": int(gross[0] + gross[1]),
            "missed": int(gross[1]),
            "extra": int(gross[2]),
            "offset_ms": round(float(np.median(errors)), 2) if len(errors) else None,
        }
        for name, figure in FIGURES.items():
            low, high = np.percentile(figure(resampled), [2.5, 97.5])
            lines[fiducial][name] = [round(float(v), 2) for v in (figure(gross), low, high)]
    return lines


def difference(first: list[dict[str, Errors]], second: list[dict[str, Errors]]) -> dict[str, dict]:
    """By fiducial: second minus first of each figure, with its 95 % interval over the same draws of records."""
    draws = drawn(len(first))
    lines = {}
    for fiducial in FIDUCIALS:
        a, b = (np.stack([record[fiducial].sums() for record in part]) for part in (first, second))
        lines[fiducial] = {}
        for name, figure in FIGURES.items():
            change = figure(draws @ b) - figure(draws @ a)
            now = figure(b.sum(axis=0)) - figure(a.sum(axis=0))
            low, high = np.percentile(change, [2.5, 97.5])
            lines[fiducial][name] = [round(float(v), 2) for v in (now, low, high)]
    return lines
