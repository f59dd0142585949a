"""LUDB with recorded noise: rules and network on the same disturbed records."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import signal

from ..augmentation import NOISE_RATE_HZ, NOISE_UNITS_PER_MV, read_format_212
from ..robustness import MIXED_S, with_noise
from . import rules
from .combine import COMBINATIONS, Seen
from .records import Lead
from .score import difference, score, table

RATE_HZ = 500
UNITS_PER_MV = 2000
LINES = {
    "electrode motion, 12 dB": ("em", 12),
    "electrode motion, 6 dB": ("em", 6),
    "muscle noise, 12 dB": ("ma", 12),
    "muscle noise, 6 dB": ("ma", 6),
}
ASKED = ("P and QRS mean, T averaged", "P judged, P and QRS mean, T averaged")


def test_noise(folder: Path, kind: str) -> np.ndarray:
    """The first channel's stretches that no training hears, joined, at 500 Hz in millivolts."""
    channel = read_format_212(folder / f"{kind}.dat")[0] / NOISE_UNITS_PER_MV
    joined = np.concatenate([channel[a * NOISE_RATE_HZ : b * NOISE_RATE_HZ] for a, b in MIXED_S])
    return signal.resample_poly(joined, 25, 18)


def write(folder: Path, lead: Lead) -> Lead:
    """The lead as a record of its own, as the program reads it; the lead as written."""
    units = np.clip(np.round(lead.millivolts * UNITS_PER_MV), -32767, 32767).astype("<i2")
    units.tofile(folder / f"{lead.record}.dat")
    checksum = int(units.astype(np.int64).sum().astype(np.int16))
    header = f"{lead.record} 1 {RATE_HZ} {len(units)}\n{lead.record}.dat 16 {UNITS_PER_MV}(0)/mV 16 0 {units[0]} {checksum} 0 {lead.name}\n"
    (folder / f"{lead.record}.hea").write_text(header)
    return replace(lead, millivolts=units / UNITS_PER_MV)


def figures(leads: list[Lead], see: Callable[[Lead], Seen], noise: Path, program: Path, work: Path) -> dict:
    """By disturbance and method, with differences from the rules."""
    found = {}
    for name, (kind, decibels) in LINES.items():
        rng, stretches = np.random.default_rng(300), test_noise(noise, kind)
        folder = work / f"{kind}{decibels}"
        folder.mkdir(parents=True, exist_ok=True)
        noisy = [replace(lead, millivolts=with_noise(lead.millivolts, stretches, decibels, rng)) for lead in leads]
        noisy = [write(folder, lead) for lead in noisy]
        said = rules.measure(program, [folder], None)
        beats = [said.get(lead.record, []) for lead in noisy]
        seen = [see(lead) for lead in noisy]
        waves = {"rules": [rules.all_waves(b) for b in beats], "network": [s.waves for s in seen]}
        waves |= {m: [rules.all_waves(COMBINATIONS[m](b, s)) for b, s in zip(beats, seen)] for m in ASKED}
        scores = {m: [score(lead.marks, w) for lead, w in zip(noisy, several)] for m, several in waves.items()}
        found[name] = {
            m: {"all": table(several), "minus_rules": difference(scores["rules"], several)} for m, several in scores.items()
        }
    return found
