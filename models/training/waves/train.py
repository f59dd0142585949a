"""Train one network: cross entropy a sample, where the annotator says something; an average of the weights is kept."""

import copy
import time
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


def train(leads: list[Lead], noise: list[np.ndarray], epochs: int, seed: int, path: Path) -> Waves:
    """A network that has heard these leads, from `path` if it is already there; the last average, no epoch is chosen."""
    torch.manual_seed(seed)
    net = Waves()
    if path.exists():
        net.load_state_dict(torch.load(path, map_location="cpu"))
        return net.eval()
    average = copy.deepcopy(net)
    signals = [(at_250_hz(lead.millivolts, lead.rate_hz), lead.marks) for lead in leads]
    optimiser = torch.optim.AdamW(net.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
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
                group["lr"] = PEAK_RATE * one_cycle(step / (epochs * steps))
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
