"""Train one network: cross entropy a sample, where the annotator says something; an average of the weights is kept.

In two courses: LUDB alone, then LUDB and QTDB together at half the rate.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..train import one_cycle
from .augmentation import NOT_SAID, Augmenter
from .network import Waves
from .preparation import at_250_hz, cut, joined, prepare
from .records import Lead

BATCH = 32
PEAK_RATE = 6e-3
SECOND_RATE = 3e-3
SECOND_EPOCHS = 6
# Windows of each excerpt of QTDB an epoch; of a record of LUDB it is one of each of twelve leads.
WINDOWS_OF_QTDB = 8
WEIGHT_DECAY = 1e-2
EMA_DECAY = 0.99


def update_average(average: Waves, net: Waves, step: int) -> None:
    """Exponential moving average of all weights and of BatchNorm's statistics."""
    decay = min(EMA_DECAY, (1 + step) / (10 + step))
    with torch.no_grad():
        for mean, value in zip(average.state_dict().values(), net.state_dict().values()):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)


@dataclass(frozen=True)
class Course:
    """Epochs, the highest rate of learning, and the seed of a training."""

    epochs: int
    peak_rate: float
    seed: int


def in_two_courses(ludb: list[Lead], qtdb: list[Lead], noise: list[np.ndarray], first: Course, path: Path) -> Waves:
    """A network that has heard LUDB's leads, then these and QTDB's; both are kept, at `path` and beside it."""
    before = train(Waves, ludb, noise, first, path)
    second = Course(SECOND_EPOCHS, SECOND_RATE, first.seed + 1)
    both = ludb + WINDOWS_OF_QTDB * qtdb
    return train(lambda: copy.deepcopy(before), both, noise, second, path.with_stem(f"{path.stem}-qtdb"))


def train(begin: Callable[[], Waves], leads: list[Lead], noise: list[np.ndarray], course: Course, path: Path) -> Waves:
    """A network that has heard these leads, from `path` if it is already there; the last average, no epoch is chosen."""
    epochs, seed = course.epochs, course.seed
    torch.manual_seed(seed)
    net = begin()
    if path.exists():
        net.load_state_dict(torch.load(path, map_location="cpu"))
        return net.eval()
    average = copy.deepcopy(net)
    signals = [(at_250_hz(lead.millivolts, lead.rate_hz), lead.marks) for lead in leads]
    optimiser = torch.optim.AdamW(net.parameters(), lr=course.peak_rate, weight_decay=WEIGHT_DECAY)
    steps = len(signals) // BATCH
    rng = np.random.default_rng(seed)
    augmenter = Augmenter(noise, rng)
    net.train()
    for epoch in range(epochs):
        began, total = time.monotonic(), 0.0
        order = rng.permutation(len(signals))[: steps * BATCH].reshape(steps, BATCH)
        for step, chosen in enumerate(order, start=epoch * steps):
            x, classes = augmenter.batch([signals[i] for i in chosen])
            logits = net(torch.from_numpy(x))
            loss = nn.functional.cross_entropy(logits, torch.from_numpy(classes), ignore_index=NOT_SAID)
            for group in optimiser.param_groups:
                group["lr"] = course.peak_rate * one_cycle(step / (epochs * steps))
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            update_average(average, net, step)
            total += loss.item()
        print(f"{path.stem} epoch {epoch} loss {total / steps:.4f} {time.monotonic() - began:.0f} s", flush=True)
    torch.save(average.state_dict(), path)
    return average.eval()


@torch.no_grad()
def probabilities(net: Waves, millivolts: np.ndarray, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Of a lead of any rate: the classes' probabilities [4, n] at 250 Hz, and the signal there [n]."""
    x = at_250_hz(millivolts, rate_hz)
    windows, starts = cut(x)
    rows = torch.from_numpy(prepare(windows)).unsqueeze(1)
    values = torch.cat([net(part).softmax(dim=1) for part in rows.split(16)]).double().numpy()
    return joined(values, starts, len(x)), x
