"""Rules and network together: the rules' waves, with the network asked for single things."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .marks import Wave
from .network import RATE_HZ, P
from .rules import Beat, all_waves
from .score import nearest_pairs

# A P wave's peak lies at most so long before its QRS.
LONGEST_PR_S = 0.35
POINTS = ("onset_s", "peak_s", "end_s")
# Mean probability of P over a wave under which the network is sure that it is none, and over which that it is one.
SURELY_NOT, SURELY = 0.1, 0.9
# Median change from one RR interval to the next, as a share of the median interval, from which a rhythm counts as irregular.
IRREGULAR = 0.1
# Over a recording: the rules' P waves are dropped where the network sees under this share of them, and P waves are added
# where it sees one before more than this share of the beats. None are dropped where the median RR interval is shorter than
# this: P waves run into the T waves there, and the network has hardly heard any such.
HARDLY_ANY, NEARLY_ALL = 0.1, 0.8
# None are added where a quarter of the RR intervals differ from the one before by over this share of the median one.
OFTEN_IRREGULAR = 0.2
SHORTEST_RR_S = 0.5


@dataclass(frozen=True)
class Seen:
    """What the network says of a lead: its waves, and the classes' probabilities [4, n] at 250 Hz."""

    waves: list[Wave]
    p: np.ndarray

    def mean_p(self, wave: Wave) -> float:
        """Mean probability of P between a wave's onset and end."""
        first = max(0, round(wave.onset_s * RATE_HZ))
        part = self.p[P, first : max(first, round(wave.end_s * RATE_HZ)) + 1]
        return float(part.mean()) if len(part) else 0.0


Combination = Callable[[list[Beat], Seen], list[Beat]]


def partners(waves: list[Wave], others: list[Wave], kind: str) -> dict[Wave, Wave]:
    """For waves of a kind, the other's wave of that kind whose peak is within 150 ms: one to one, nearest first."""
    a = [wave for wave in waves if wave.kind == kind]
    b = [wave for wave in others if wave.kind == kind]
    pairs = nearest_pairs(np.array([w.peak_s for w in a]), np.array([w.peak_s for w in b]))
    return {a[i]: b[j] for i, j in pairs}


def vetoed(beats: list[Beat], seen: Seen) -> list[Beat]:
    """The rules' P waves only where the network has one too."""
    both = partners(all_waves(beats), seen.waves, "P")
    return [replace(beat, p=beat.p if beat.p in both else None) for beat in beats]


def vetoed_when_sure(beats: list[Beat], seen: Seen) -> list[Beat]:
    """The rules' P waves but those that the network is sure are none."""
    return [replace(b, p=None) if b.p and seen.mean_p(b.p) < SURELY_NOT else b for b in beats]


def added_over(least: float) -> Combination:
    """Where the rules find no P wave, the network's last one between the QRS before and this one, if it is near and its
    mean probability over `least`."""

    def add(beats: list[Beat], seen: Seen) -> list[Beat]:
        near = p_before(beats, seen, least)
        return [replace(beat, p=wave) if beat.p is None and wave else beat for beat, wave in zip(beats, near)]

    return add


def p_before(beats: list[Beat], seen: Seen, least: float) -> list[Wave | None]:
    """For each beat the network's last P wave between the QRS before and its own, if its mean probability is over `least`."""
    offered = [wave for wave in seen.waves if wave.kind == "P" and seen.mean_p(wave) > least]
    found, before_s = [], -np.inf
    for beat in beats:
        start_s = max(before_s, beat.qrs.onset_s - LONGEST_PR_S)
        near = [wave for wave in offered if start_s < wave.peak_s < beat.qrs.onset_s]
        found.append(near[-1] if near else None)
        before_s = beat.qrs.end_s
    return found


def dropped_where_hardly_any(beats: list[Beat], seen: Seen) -> list[Beat]:
    """No P waves where the network sees hardly any of the rules' and the rhythm is not fast."""
    own = [beat for beat in beats if beat.p]
    both = partners(all_waves(beats), seen.waves, "P")
    intervals = np.diff([beat.qrs.peak_s for beat in beats])
    is_fast = len(intervals) > 0 and np.median(intervals) < SHORTEST_RR_S
    return [replace(beat, p=None) for beat in beats] if len(both) < HARDLY_ANY * len(own) and not is_fast else beats


def added_where_nearly_all(beats: list[Beat], seen: Seen) -> list[Beat]:
    """The missing P waves where the network sees one before nearly every beat and the rhythm is not irregular."""
    seen_before = sum(wave is not None for wave in p_before(beats, seen, 0.0))
    fits = seen_before > NEARLY_ALL * len(beats) and not often_irregular(beats)
    return added_over(0.0)(beats, seen) if fits else beats


def often_irregular(beats: list[Beat]) -> bool:
    """Whether a quarter of the intervals differ much from the one before; of fewer than two it cannot be told."""
    intervals = np.diff([beat.qrs.peak_s for beat in beats])
    changes = np.abs(np.diff(intervals))
    return len(changes) > 0 and np.percentile(changes, 75) > OFTEN_IRREGULAR * np.median(intervals)


def irregular(beats: list[Beat]) -> bool:
    """Whether most intervals differ from the one before, as in fibrillation; too few beats count as irregular."""
    intervals = np.diff([beat.qrs.peak_s for beat in beats])
    return len(intervals) < 3 or float(np.median(np.abs(np.diff(intervals))) / np.median(intervals)) > IRREGULAR


def added_where_regular(beats: list[Beat], seen: Seen) -> list[Beat]:
    return beats if irregular(beats) else added_over(0.0)(beats, seen)


def moved(kind: str, share: float) -> Combination:
    """Onset, peak and end of paired waves moved this share of the way from the rules' to the network's."""
    name = {"P": "p", "QRS": "qrs", "T": "t"}[kind]

    def move(beats: list[Beat], seen: Seen) -> list[Beat]:
        pairs = partners(all_waves(beats), seen.waves, kind)
        found = []
        for beat in beats:
            own = getattr(beat, name)
            if own in pairs:
                other = pairs[own]
                new = {p: (1 - share) * getattr(own, p) + share * getattr(other, p) for p in POINTS}
                beat = replace(beat, **{name: replace(own, **new)})
            found.append(beat)
        return found

    return move


def retaken(beats: list[Beat], seen: Seen) -> list[Beat]:
    """Each beat's T wave is the network's, where it has one between this QRS and the next."""
    offered = [wave for wave in seen.waves if wave.kind == "T"]
    next_s = [beat.qrs.onset_s for beat in beats[1:]] + [np.inf]
    found = []
    for beat, until_s in zip(beats, next_s):
        here = [wave for wave in offered if beat.qrs.end_s - 0.02 < wave.peak_s < until_s]
        found.append(replace(beat, t=here[0]) if here else beat)
    return found


def averaged_t(beats: list[Beat], seen: Seen) -> list[Beat]:
    """As `retaken`, but halfway where the rules' T wave is near the network's."""
    pairs = partners(all_waves(beats), seen.waves, "T")
    near = moved("T", 0.5)(beats, seen)
    return [a if b.t in pairs else c for a, b, c in zip(near, beats, retaken(beats, seen))]


def one_after_the_other(*steps: Combination) -> Combination:
    def all_steps(beats: list[Beat], seen: Seen) -> list[Beat]:
        for step in steps:
            beats = step(beats, seen)
        return beats

    return all_steps


judged = one_after_the_other(dropped_where_hardly_any, added_where_nearly_all)
COMBINATIONS: dict[str, Combination] = {
    "P vetoed": vetoed,
    "P vetoed when sure": vetoed_when_sure,
    "P added": added_over(0.0),
    "P added when sure": added_over(SURELY),
    "P added where regular": added_where_regular,
    "P vetoed when sure, added where regular": one_after_the_other(vetoed_when_sure, added_where_regular),
    "P vetoed and added": one_after_the_other(vetoed, added_over(0.0)),
    "P vetoed and added when sure": one_after_the_other(vetoed_when_sure, added_over(SURELY)),
    "P dropped where hardly any": dropped_where_hardly_any,
    "P added where nearly all": added_where_nearly_all,
    "P judged": judged,
    "P mean": moved("P", 0.5),
    "P network": moved("P", 1.0),
    "QRS mean": moved("QRS", 0.5),
    "QRS network": moved("QRS", 1.0),
    "T mean": moved("T", 0.5),
    "T network": moved("T", 1.0),
    "T retaken": retaken,
    "P, QRS and T mean": one_after_the_other(moved("P", 0.5), moved("QRS", 0.5), moved("T", 0.5)),
    "P and QRS mean, T retaken": one_after_the_other(moved("P", 0.5), moved("QRS", 0.5), retaken),
    "P and QRS mean, T averaged": one_after_the_other(moved("P", 0.5), moved("QRS", 0.5), averaged_t),
    "P judged, P and QRS mean, T averaged": one_after_the_other(judged, moved("P", 0.5), moved("QRS", 0.5), averaged_t),
    "P mean, vetoed when sure, added where regular, QRS mean, T retaken": one_after_the_other(
        vetoed_when_sure, moved("P", 0.5), added_where_regular, moved("QRS", 0.5), retaken
    ),
    "P vetoed and added when sure, P and QRS mean, T retaken": one_after_the_other(
        vetoed_when_sure, moved("P", 0.5), added_over(SURELY), moved("QRS", 0.5), retaken
    ),
}
"""No number in them was chosen by its result. The single steps (vetoed, added, mean, network, retaken) stood before any
figure; "when sure", "averaged" and the longer ones came after a look at fold 0 and QTDB, "where regular" after all figures,
"hardly any", "nearly all" and "judged" after those of the network that had heard LUDB alone and of one that had heard QTDB too."""

WORDS = {
    "P vetoed": "the rules' P waves, without those that have no P wave of the network within 150 ms",
    "P vetoed when sure": "the rules' P waves, without those over which the network's mean probability of P is under 0.1",
    "P added": "where the rules find no P wave, the network's, at most 350 ms before the QRS",
    "P added when sure": "the same, if its mean probability is over 0.9",
    "P added where regular": "as P added, in records whose median change from one RR interval to the next is at most a tenth",
    "P dropped where hardly any": "none in records in which the network has a P wave within 150 ms of under a tenth of the rules', "
    "and the median RR interval is at least 0.5 s",
    "P added where nearly all": "as P added, in records in which the network has a P wave before over eight tenths of the beats",
    "P judged": "dropped where hardly any, then added where nearly all",
    "P mean": "onset, peak and end of P halfway between the rules' and the network's wave, where both have one within 150 ms",
    "P network": "the same, all of the network's",
    "T averaged": "halfway where both have a T wave within 150 ms, else as T retaken",
    "T retaken": "each beat's T wave is the network's, where it has one between this QRS and the next",
}
