"""From the classes' probabilities to waves: runs of one class, an onset, a peak and an end each.

An edge lies where the class ceases to be the likeliest, between samples by a straight line: the median of what the
annotator may have meant, if the probabilities are right.
"""

from dataclasses import dataclass

import numpy as np

from . import network
from .marks import KINDS, Wave
from .network import RATE_HZ

CLASS_OF = dict(zip(KINDS, (network.P, network.QRS, network.T)))
# Shorter runs are no waves; shorter breaks are none. Fixed before anything was measured.
SHORTEST_S = {"P": 0.04, "QRS": 0.04, "T": 0.08}
BREAK_S = 0.03
# Two QRS do not follow each other faster.
REFRACTORY_S = 0.2


@dataclass(frozen=True)
class Found:
    """A wave with its weight: the sum of its class's probability."""

    wave: Wave
    weight: float


def runs(is_class: np.ndarray) -> list[tuple[int, int]]:
    """First sample and the one behind the last of each run of true, breaks under BREAK_S closed."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_class.astype(int), [0]])))
    found: list[tuple[int, int]] = []
    for first, behind in zip(edges[::2].tolist(), edges[1::2].tolist()):
        if found and first - found[-1][1] < BREAK_S * RATE_HZ:
            found[-1] = (found[-1][0], behind)
        else:
            found.append((first, behind))
    return found


def crossing(lead: np.ndarray, inside: int, outside: int) -> float:
    """Where the class's lead over the others is zero, between two neighbouring samples."""
    if not 0 <= outside < len(lead):
        return float(inside)
    a, b = lead[inside], lead[outside]
    return inside + (outside - inside) * float(np.clip(a / (a - b), 0.0, 1.0)) if a > 0 >= b else float(inside)


def peak(x: np.ndarray, first: int, behind: int) -> int:
    """The sample farthest from the straight line between the wave's ends."""
    line = np.linspace(x[first], x[behind - 1], behind - first)
    return first + int(np.abs(x[first:behind] - line).argmax())


def waves_of(kind: str, p: np.ndarray, x: np.ndarray) -> list[Found]:
    """Waves of one kind from probabilities [4, n] and the signal [n] at 250 Hz."""
    own = p[CLASS_OF[kind]]
    lead = own - np.delete(p, CLASS_OF[kind], axis=0).max(axis=0)
    found = []
    for first, behind in runs(lead > 0):
        if behind - first < SHORTEST_S[kind] * RATE_HZ:
            continue
        onset, end = crossing(lead, first, first - 1), crossing(lead, behind - 1, behind)
        at = peak(x, first, behind)
        wave = Wave(kind, onset / RATE_HZ, at / RATE_HZ, end / RATE_HZ)
        found.append(Found(wave, float(own[first:behind].sum())))
    return found


def heaviest(found: list[Found]) -> list[Found]:
    return [max(found, key=lambda one: one.weight)] if found else []


def decode(p: np.ndarray, x: np.ndarray) -> list[Wave]:
    """All waves in the order of their onsets: any number of P, QRS apart from each other, one T from a QRS to the next."""
    beats: list[Found] = []
    for one in waves_of("QRS", p, x):
        if beats and one.wave.peak_s - beats[-1].wave.peak_s < REFRACTORY_S:
            beats[-1] = max(beats[-1], one, key=lambda two: two.weight)
        else:
            beats.append(one)
    peaks = np.array([one.wave.peak_s for one in beats])
    after: dict[int, list[Found]] = {}
    for one in waves_of("T", p, x):
        after.setdefault(int(np.searchsorted(peaks, one.wave.peak_s)), []).append(one)
    found = beats + waves_of("P", p, x) + [one for several in after.values() for one in heaviest(several)]
    return sorted((one.wave for one in found), key=lambda wave: wave.onset_s)
