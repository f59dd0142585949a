"""Sanity of the class maps: does what they point at matter, and do they come from the training?"""

import numpy as np
import torch

from .cache import Ragged
from .canet import STEPS, CANet
from .train import Model

SHARE = 0.1
WINDOWS = 300


@torch.no_grad()
def maps(net: CANet, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def sanity(model: Model, windows: Ragged, seed: int = 7) -> dict:
    """Deletion test and weight randomisation, on windows called af or other, spread over the set."""
    rng = np.random.default_rng(seed)
    sample = windows.rows[rng.permutation(len(windows.rows))[: 4 * WINDOWS]]
    logits, cam = maps(model.net, sample)
    chosen = np.flatnonzero(np.isin(logits.argmax(axis=1), (1, 2)))[:WINDOWS]
    rows, logits, cam = sample[chosen], logits[chosen], cam[chosen]
    called = logits.argmax(axis=1)
    index = np.arange(len(called))
    drop_top = logits[index, called] - maps(model.net, without(rows, top(cam[index, called])))[0][index, called]
    at_random = without(rows, top(rng.random((len(called), STEPS))))
    drop_random = logits[index, called] - maps(model.net, at_random)[0][index, called]
    torch.manual_seed(seed)
    other = maps(CANet(), rows)[1]
    alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(cam[index, called], other[index, called])]
    return {
        "windows": len(called),
        "mean_logit_drop_top_10_percent_removed": round(float(drop_top.mean()), 3),
        "mean_logit_drop_random_10_percent_removed": round(float(drop_random.mean()), 3),
        "median_abs_correlation_with_random_weights": round(float(np.median(np.abs(alike))), 3),
    }
