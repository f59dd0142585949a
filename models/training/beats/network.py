"""The networks: training, and how their answers become classes. `combine` and `decide` are what
`src/analysis/classes/mod.rs` does; `--check` compares the two."""

import numpy as np
import torch

from .records import F, N, Q, S, V, Record

HIDDEN = 32
NETWORKS = 3
EPOCHS = 7
BATCH = 1024
PEAK_RATE = 6e-3
WEIGHT_DECAY = 1e-2
# Standard deviation of the noise added to the features, in their own standard deviations.
NOISE = 0.15
CLASS_WEIGHTS = (1.0, 2.0, 1.0)
# Weight of a beat of these databases beside one of MIT-BIH, and of a second lead beside the first.
DATABASE_WEIGHT = {"mitdb": 1.0, "svdb": 0.2, "cinc2017": 0.3}
SECOND_LEAD_WEIGHT = 0.5
# Usual beats of the usual shape at the usual time: so many are kept, at as much more weight.
DULL_KEPT = {"mitdb": 0.25, "svdb": 0.125, "cinc2017": 0.125}
# What a weight of one stands for in the program (`src/analysis/classes/network.rs`).
STEP = 1 / 2048
# The numbers of `src/analysis/classes/mod.rs`.
DECIDED_FROM = 0.5
CLEAR_FROM = 0.9
FEWEST_KIN = 4
LEAST = 1e-4
# Features that tell of intervals, P waves, and the intervals of a shape: see `as_in_fibrillation`.
RHYTHM_FEATURES = (
    "before second-before second-after after both before-usual after-usual local local-irregularity irregularity "
    "concentration curvature earliness before-unknown after-unknown swing before-long local-long context "
    "p-unlike p-change p-size usual-p-size usual-p-likeness late-p-unlike p-shifted-unlike "
    "kin-before kin-before-spread kin-both"
).split()


class Set:
    """Rows to train on."""

    def __init__(self, records: list[Record], names: list[str], seed: int):
        draw = np.random.default_rng(seed)
        features, labels, weights, fibrillation = [], [], [], []
        before, unlike = names.index("before"), names.index("unlike")
        for record in records:
            x, y = record.features, record.label
            dull = (y == N) & (np.abs(x[:, before]) < 0.3) & (x[:, unlike] < 0.15)
            kept = DULL_KEPT[record.database]
            keep = (y <= V) & (draw.random(len(y)) < np.where(dull, kept, 1.0))
            weight = np.where(dull, 1 / kept, 1.0)
            weight *= DATABASE_WEIGHT[record.database]
            weight *= SECOND_LEAD_WEIGHT if record.lead else 1.0
            features.append(x[keep])
            labels.append(y[keep])
            weights.append(weight[keep])
            fibrillation.append(record.fibrillation[keep])
        self.features = np.concatenate(features)
        self.labels = np.concatenate(labels)
        self.weights = np.concatenate(weights)
        self._as_in_fibrillation(np.concatenate(fibrillation), names, draw)

    def _as_in_fibrillation(self, fibrillation: np.ndarray, names: list[str], draw: np.random.Generator) -> None:
        """Few records fibrillate. Some N and V beats of the others are added once more with the rhythm of a beat that
        does, so that there the shape alone decides."""
        donors = np.flatnonzero(fibrillation & (self.labels == N))
        if not len(donors):
            return
        odd = self.features[:, names.index("unlike")] > 0.2
        share = np.select([self.labels == V, (self.labels == N) & odd, self.labels == N], [0.35, 0.5, 0.12], 0.0)
        chosen = np.flatnonzero(draw.random(len(share)) < share)
        columns = [names.index(name) for name in RHYTHM_FEATURES]
        added = self.features[chosen].copy()
        added[:, columns] = self.features[draw.choice(donors, len(chosen))][:, columns]
        self.features = np.concatenate([self.features, added])
        self.labels = np.concatenate([self.labels, self.labels[chosen]])
        self.weights = np.concatenate([self.weights, 0.5 * self.weights[chosen]])


def in_steps(weights: np.ndarray) -> np.ndarray:
    """Rounded to whole STEPs, of which the program holds 16 bits."""
    steps = np.round(weights / STEP)
    if np.abs(steps).max() > np.iinfo(np.int16).max:
        raise ValueError(f"a weight of {np.abs(weights).max():.2f} does not fit")
    return steps * STEP


class Network:
    """Features, a hidden layer of hyperbolic tangents, a logit a class; the features' mean and spread folded in."""

    def __init__(self, rows: Set, seed: int):
        torch.manual_seed(seed)
        mean, spread = rows.features.mean(0), rows.features.std(0) + 1e-3
        x = torch.tensor((rows.features - mean) / spread, dtype=torch.float32)
        y = torch.tensor(rows.labels, dtype=torch.int64)
        w = torch.tensor(rows.weights, dtype=torch.float32) * torch.tensor(CLASS_WEIGHTS)[y]
        net = torch.nn.Sequential(
            torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, len(CLASS_WEIGHTS))
        )
        steps = EPOCHS * -(-len(x) // BATCH)
        optimiser = torch.optim.AdamW(net.parameters(), PEAK_RATE, weight_decay=WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=steps)
        for _ in range(EPOCHS):
            for rows_now in torch.randperm(len(x)).split(BATCH):
                noisy = x[rows_now] + NOISE * torch.randn(len(rows_now), x.shape[1])
                loss = torch.nn.functional.cross_entropy(net(noisy), y[rows_now], reduction="none")
                optimiser.zero_grad()
                (loss * w[rows_now]).mean().backward()
                optimiser.step()
                schedule.step()
        weights = [p.detach().numpy().astype(np.float64) for p in net.parameters()]
        self.input = in_steps(weights[0] / spread)
        self.input_bias = in_steps(weights[1] - (weights[0] / spread) @ mean)
        self.output = in_steps(weights[2])
        self.output_bias = in_steps(weights[3])

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        hidden = np.tanh(features @ self.input.T + self.input_bias)
        return softmax(hidden @ self.output.T + self.output_bias)


def softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def train(records: list[Record], names: list[str], seed: int) -> list[Network]:
    """The networks of one training; they differ in their seed alone."""
    rows = Set(records, names, seed)
    return [Network(rows, seed + k) for k in range(NETWORKS)]


def combine(networks: list[Network], record: Record) -> np.ndarray:
    """Probabilities of N, S, V: the networks' mean, beats of one shape weighed together, no S in fibrillation."""
    own = np.mean([network.probabilities(record.features) for network in networks], 0)
    logarithms = np.log(own + LEAST)
    count = np.bincount(record.shape)
    kin = np.stack([np.bincount(record.shape, weights=logarithms[:, c]) for c in range(3)], 1) / count[:, None]
    weighed = ~record.usual & (count[record.shape] >= FEWEST_KIN)
    p = softmax(logarithms + np.where(weighed[:, None], kin[record.shape], 0.0))
    silent = np.stack([p[:, 0] + p[:, 1], np.zeros(len(p)), p[:, 2]], 1)
    return np.where(record.fibrillation[:, None], silent, p)


def decide(p: np.ndarray, readable: np.ndarray) -> np.ndarray:
    """Classes, Q where none is decided."""
    best, greatest = p.argmax(1), p.max(1)
    clear = ~readable & (best != S) & (greatest >= CLEAR_FROM)
    return np.where(readable & (greatest >= DECIDED_FROM) | clear, best, Q)


def matrix(record: Record, called: np.ndarray) -> np.ndarray:
    """Counts, rows the annotation (N S V F Q, none), columns the call (N S V F Q, none)."""
    counts = np.zeros((7, 6), dtype=np.int64)
    np.add.at(counts, (record.label, called), 1)
    counts = counts[:6]
    counts[:5, 5] = record.missed
    assert (counts[:5].sum(1) == record.annotated).all() and F == 3
    return counts


def figures(counts: np.ndarray, of: int) -> tuple[float, float, float]:
    """Sensitivity, positive predictivity and F1 of V or S by EC57: fusion and unclassifiable beats called V are no
    errors, nor are unclassifiable ones called S."""
    right = counts[of, of]
    errors = counts[[N, S, 5] if of == V else [N, V, F, 5], of].sum()
    sensitivity = right / max(1, counts[of].sum())
    predictivity = right / max(1, right + errors)
    return sensitivity, predictivity, 2 * sensitivity * predictivity / max(1e-12, sensitivity + predictivity)
