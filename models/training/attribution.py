"""Sanity of the class maps: does what they point at matter, and do they come from the training?"""

import numpy as np
import torch
from torch import nn

from .cache import Ragged
from .cinc2017 import LABELS
from .canet import STEPS
from .train import Model

SHARE = 0.1
BLOCK = 6
WINDOWS = 2000
FLAT = 1e-6
"""Of a map's mean height; single floats are rounded to 1e-7 of theirs."""
SHOWN = (1, 2)
"""Classes whose maps are tested: af and other."""


@torch.no_grad()
def maps(net: nn.Module, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits [n, 4] and maps [n, 4, 63] of prepared windows."""
    logits, cam = net.eval()(torch.from_numpy(rows).unsqueeze(1))
    return logits.numpy(), cam.numpy()


def without(rows: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Windows with the samples of the chosen steps [n, 63] set to the median, which is 0."""
    return np.where(np.repeat(steps, 16, axis=1)[:, : rows.shape[1]], 0.0, rows).astype(np.float32)


def top(values: np.ndarray, share: float = SHARE) -> np.ndarray:
    """Mask [n, 63] of the greatest `share` of each row."""
    count = round(share * STEPS)
    return values >= np.partition(values, -count, axis=1)[:, -count, None]


def blocks(starts: np.ndarray) -> np.ndarray:
    """Mask [n, 63] of one stretch of 6 steps (about 1 s) a row."""
    step = np.arange(STEPS)[None, :]
    return (step >= starts[:, None]) & (step < starts[:, None] + BLOCK)


def mean_drop(net: nn.Module, rows: np.ndarray, called: int, steps: np.ndarray) -> float:
    """How far the called class's logit falls, on average, when the chosen steps are removed."""
    before, after = maps(net, rows)[0], maps(net, without(rows, steps))[0]
    return round(float((before - after)[:, called].mean()), 3)


def deletion(net: nn.Module, rows: np.ndarray, called: int, rng: np.random.Generator) -> dict:
    """What removing the map's heights does to the logit, and what removing as much elsewhere does."""
    cam = maps(net, rows)[1][:, called]
    tenth = top(cam)
    shifted = np.stack([np.roll(row, rng.integers(BLOCK, STEPS - BLOCK)) for row in tenth])
    height = np.apply_along_axis(np.convolve, 1, cam, np.ones(BLOCK), "valid")
    anywhere = rng.integers(0, height.shape[1], len(rows))
    masks = {
        "top_tenth": tenth,
        "same_mask_moved": shifted,
        "top_second": blocks(height.argmax(axis=1)),
        "random_second": blocks(anywhere),
        "lowest_second": blocks(height.argmin(axis=1)),
    }
    return {"windows": len(rows)} | {name: mean_drop(net, rows, called, mask) for name, mask in masks.items()}


def is_flat(values: np.ndarray) -> bool:
    """Whether a map varies by no more than the rounding of its floats, which differs from processor to processor."""
    return bool(values.std() <= FLAT * np.abs(values).mean())


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two maps; 0 where one is flat (untrained weights may answer with the same everywhere)."""
    return 0.0 if is_flat(a) or is_flat(b) else float(np.corrcoef(a, b)[0, 1])


def sanity(model: Model, windows: Ragged, seed: int = 7) -> dict:
    """Deletion test by class, and likeness of the maps to those of untrained weights; windows called af or other."""
    rng = np.random.default_rng(seed)
    sample = windows.rows[rng.permutation(len(windows.rows))[:WINDOWS]]
    logits, cam = maps(model.net, sample)
    called = logits.argmax(axis=1)
    torch.manual_seed(seed)
    untrained = maps(model.family.network(), sample)[1]
    chosen = np.flatnonzero(np.isin(called, SHOWN))
    alike = [likeness(cam[i, called[i]], untrained[i, called[i]]) for i in chosen]
    return {
        "mean_logit_drop": {LABELS[c]: deletion(model.net, sample[called == c], c, rng) for c in SHOWN},
        "median_abs_correlation_with_random_weights": round(float(np.median(np.abs(alike))), 3),
    }


def holds(found: dict) -> bool:
    """Whether the maps may be shown as what influenced a call: for both classes, removing their heights lowers the logit at
    least half as much again as removing as much elsewhere, and they are not those of untrained weights."""
    drops = found["mean_logit_drop"].values()
    more = all(
        one["top_tenth"] > 1.5 * max(one["same_mask_moved"], 0.0) and one["top_second"] > 1.5 * max(one["random_second"], 0.0)
        for one in drops
    )
    return more and found["median_abs_correlation_with_random_weights"] < 0.5
