"""Small comparisons window by window: each 10 s window bears its recording's label, trains and is tested by itself.

Plainer than `train.py` and much shorter, no augmentation but turned windows: for figures beside each other, not for use.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import cinc2017
from .cache import prepared_windows
from .evaluate import Answers, bootstrap_counts, figure
from .metrics import score
from .train import BATCH, PEAK_RATE, WEIGHT_DECAY, class_weights, one_cycle, soft_cross_entropy


def arguments(command: str, description: str, epochs: int) -> argparse.Namespace:
    """What both comparisons are told."""
    parser = argparse.ArgumentParser(prog=f"python -m training.{command}", description=description)
    parser.add_argument("--database", type=Path, required=True, help="folder with A00001.mat …")
    parser.add_argument("--labels", type=Path, required=True, help="REFERENCE-v3.csv")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches")
    parser.add_argument("--every", type=int, default=5, help="use each n-th recording of a fold")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--seeds", type=int, nargs="+", default=[17, 18], help="each draws its own windows and start")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


@dataclass(frozen=True)
class Windows:
    """Prepared windows [n, 1000], their labels [n], and the name of the recording of each."""

    rows: np.ndarray
    labels: np.ndarray
    recording: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, chosen: np.ndarray) -> "Windows":
        return Windows(self.rows[chosen], self.labels[chosen], self.recording[chosen])

    def counts(self) -> dict:
        """What a reader of the figures needs to know of the set."""
        return {
            "windows": len(self),
            "recordings": len(np.unique(self.recording)),
            "windows_by_class": np.bincount(self.labels, minlength=4).tolist(),
        }


def windows_of(database: Path, entries: list[cinc2017.Entry], folds: tuple[int, ...], every: int, work: Path) -> Windows:
    """Windows of 10 s every 5 s of each `every`-th recording of the folds."""
    rows, labels, names = [], [], []
    for fold in folds:
        ragged = prepared_windows(database, entries, fold, work / f"fold{fold}.npz")
        for i in range(0, len(ragged), every):
            rows.append(ragged[i])
            labels += [ragged.labels[i]] * len(ragged[i])
            names += [ragged.names[i]] * len(ragged[i])
    return Windows(np.concatenate(rows), np.array(labels), np.array(names))


def fit(net: nn.Module, windows: Windows, epochs: int, seed: int) -> nn.Module:
    """Train on windows; the last weights count, no epoch is chosen."""
    rng = np.random.default_rng(seed)
    weights = class_weights(windows.labels)
    optimiser = torch.optim.AdamW(net.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    steps = len(windows) // BATCH
    net.train()
    for epoch in range(epochs):
        total = 0.0
        order = rng.permutation(len(windows))[: steps * BATCH].reshape(steps, BATCH)
        for step, chosen in enumerate(order, start=epoch * steps):
            sign = rng.choice((-1.0, 1.0), (BATCH, 1, 1))
            x = torch.from_numpy((windows.rows[chosen][:, None] * sign).astype(np.float32))
            target = torch.from_numpy(np.eye(4, dtype=np.float32)[windows.labels[chosen]])
            loss = soft_cross_entropy(net(x)[0], target, weights)
            for group in optimiser.param_groups:
                group["lr"] = PEAK_RATE * one_cycle(step / (epochs * steps))
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            total += loss.item()
        print(f"epoch {epoch} loss {total / steps:.4f}", flush=True)
    return net.eval()


@torch.no_grad()
def ask(net: nn.Module, windows: Windows) -> Answers:
    """The network's probabilities of each window."""
    parts = torch.from_numpy(windows.rows).unsqueeze(1).split(256)
    p = torch.cat([net(part)[0].softmax(dim=1) for part in parts]).double().numpy()
    return Answers(windows.labels, p, windows.recording)


def accuracy(counts: np.ndarray) -> float:
    return float(np.trace(counts) / counts.sum())


FIGURES = {"score_f1_normal_af_other": score, "accuracy": accuracy}


def figures(answers: Answers) -> dict:
    """Mean F1 of normal, af and other, and accuracy, with intervals over draws of recordings."""
    drawn = bootstrap_counts(answers)
    return {name: figure(of(answers.counts()), np.array([of(one) for one in drawn])) for name, of in FIGURES.items()}


def difference(first: Answers, second: Answers) -> dict:
    """Second minus first on the same windows, with intervals over the same draws of recordings."""
    a, b = bootstrap_counts(first), bootstrap_counts(second)
    return {
        name: figure(of(second.counts()) - of(first.counts()), np.array([of(y) - of(x) for x, y in zip(a, b)]))
        for name, of in FIGURES.items()
    }
