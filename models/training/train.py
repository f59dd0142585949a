"""Train the network on whole-recording labels; choose the epoch on the calibration fold.

Each recording gives three 10 s windows; their logits are pooled and the loss is on the pooled logits, so
windows learn from the recording's label without each having to show the finding.
"""

import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from . import metrics
from .augmentation import Augmenter, mixup
from .cache import Ragged
from .families import Family
from .pooling import LogMeanExp

BATCH = 64
PEAK_RATE = 3e-3
WARM_UP = 0.2
WEIGHT_DECAY = 0.03
SMOOTHING = 0.05
MIXUP_ALPHA = 0.2
EMA_DECAY = 0.995


class Model(nn.Module):
    """Network and pooling together: windows [B, W, 1000] to recording logits [B, 4]."""

    def __init__(self, family: Family):
        super().__init__()
        self.family = family
        self.net = family.network()
        self.pool = LogMeanExp()

    def forward(self, windows: Tensor) -> Tensor:
        logits, _ = self.net(windows.reshape(-1, 1, windows.shape[-1]))
        return self.pool(logits.reshape(*windows.shape[:2], -1))


@torch.no_grad()
def window_logits(model: Model, rows: np.ndarray, device: str = "cpu") -> np.ndarray:
    """Logits [n, 4] of prepared windows [n, 1000]."""
    model.eval()
    parts = torch.from_numpy(rows).unsqueeze(1).split(256)
    return torch.cat([model.net(part.to(device))[0].cpu() for part in parts]).double().numpy()


@torch.no_grad()
def recording_logits(model: Model, windows: Ragged, logits: np.ndarray) -> np.ndarray:
    """Pool the window logits [n, 4] of each recording of `windows`: [recordings, 4]."""
    pool = copy.deepcopy(model.pool).cpu().double()
    spans = zip(windows.offsets[:-1], windows.offsets[1:])
    return torch.cat([pool(torch.from_numpy(logits[a:b]).unsqueeze(0)) for a, b in spans]).numpy()


def class_weights(labels: np.ndarray) -> Tensor:
    """Weights [4] proportional to n^-0.5, 1 on average over the recordings."""
    counts = np.bincount(labels, minlength=4)
    weights = counts**-0.5
    return torch.tensor(weights * counts.sum() / (weights * counts).sum(), dtype=torch.float32)


def soft_cross_entropy(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Weighted cross entropy of logits [B, 4] against smoothed, possibly blended targets [B, 4]."""
    target = target * (1 - SMOOTHING) + SMOOTHING / target.shape[1]
    weighted = target * weights
    return -(weighted * logits.log_softmax(dim=1)).sum() / weighted.sum()


def one_cycle(progress: float) -> float:
    """Share of the peak learning rate: up over the first fifth of the training, then down, both as a cosine."""
    if progress < WARM_UP:
        return 0.04 + 0.96 * (1 - math.cos(math.pi * progress / WARM_UP)) / 2
    return (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))) / 2


def update_average(average: Model, model: Model, step: int) -> None:
    """Exponential moving average of all weights and of BatchNorm's statistics."""
    decay = min(EMA_DECAY, (1 + step) / (10 + step))
    with torch.no_grad():
        for mean, value in zip(average.state_dict().values(), model.state_dict().values()):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)


class Trainer:
    """State of a run: model, its average, optimiser, schedule; saved whole at the end of every epoch."""

    def __init__(self, family: Family, recordings: Ragged, validation: Ragged, noise: list[np.ndarray], epochs: int, seed: int, folder: Path):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(seed)
        self.recordings, self.validation, self.noise = recordings, validation, noise
        self.epochs, self.seed, self.folder = epochs, seed, folder
        self.model = Model(family).to(self.device)
        self.average = copy.deepcopy(self.model)
        self.weights = class_weights(recordings.labels).to(self.device)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
        self.steps = len(recordings) // BATCH
        self.history: list[dict] = []

    def state(self) -> dict:
        parts = ("model", "average", "optimiser")
        return {part: getattr(self, part).state_dict() for part in parts} | {"history": self.history}

    def resume(self) -> None:
        """Go on from the last epoch saved in the folder, if any; `epochs` may have changed."""
        path = self.folder / "last.pt"
        if path.exists():
            saved = torch.load(path, map_location=self.device)
            self.history = saved.pop("history")
            for part, state in saved.items():
                getattr(self, part).load_state_dict(state)

    def set_rate(self, step: int) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = PEAK_RATE * one_cycle(step / (self.epochs * self.steps))

    def train_epoch(self, epoch: int) -> float:
        """One pass over the recordings; its randomness depends on seed and epoch only."""
        rng = np.random.default_rng([self.seed, epoch])
        torch.manual_seed(self.seed * 1000 + epoch)
        augmenter = Augmenter(self.noise, rng)
        order = rng.permutation(len(self.recordings))[: self.steps * BATCH].reshape(self.steps, BATCH)
        self.model.train()
        total = 0.0
        for step, chosen in enumerate(order):
            target = np.eye(4, dtype=np.float32)[self.recordings.labels[chosen]]
            x, target = mixup(augmenter.batch([self.recordings[i] for i in chosen]), target, MIXUP_ALPHA, rng)
            logits = self.model(torch.from_numpy(x).to(self.device))
            loss = soft_cross_entropy(logits, torch.from_numpy(target).to(self.device), self.weights)
            self.set_rate(epoch * self.steps + step)
            self.optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimiser.step()
            update_average(self.average, self.model, epoch * self.steps + step)
            total += loss.item()
        return total / self.steps

    def validate(self) -> dict:
        """Figures of the averaged model on the calibration fold."""
        logits = window_logits(self.average, self.validation.rows, self.device)
        pooled = recording_logits(self.average, self.validation, logits)
        counts = metrics.confusion(self.validation.labels, pooled.argmax(axis=1))
        log_probability = pooled - np.logaddexp.reduce(pooled, axis=1, keepdims=True)
        loss = -log_probability[np.arange(len(pooled)), self.validation.labels].mean()
        return {"score": metrics.score(counts), "f1": metrics.f1_by_class(counts).tolist(), "loss": float(loss)}

    def run(self) -> dict:
        """Train to the end; the averaged model of the best epoch is left in best.pt."""
        self.resume()
        for epoch in range(len(self.history), self.epochs):
            began = time.monotonic()
            loss = self.train_epoch(epoch)
            entry = {"epoch": epoch, "train_loss": loss, **self.validate()}
            entry["seconds"] = round(time.monotonic() - began, 1)
            print(entry, flush=True)
            if all(entry["score"] > earlier["score"] for earlier in self.history):
                torch.save(self.average.state_dict(), self.folder / "best.pt")
            self.history.append(entry)
            torch.save(self.state(), self.folder / "last.pt")
        return max(self.history, key=lambda entry: entry["score"])


def load_best(family: Family, folder: Path) -> Model:
    """The chosen model, ready for use on the CPU."""
    model = Model(family)
    model.load_state_dict(torch.load(folder / "best.pt", map_location="cpu"))
    return model.eval()
