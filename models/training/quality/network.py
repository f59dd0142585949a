"""The network: features, one hidden layer, the log odds of a wrong beat."""

from dataclasses import dataclass

import numpy as np
import torch

HIDDEN = 12
EPOCHS = 30
BATCH = 1024
PEAK_RATE = 1e-2
WEIGHT_DECAY = 3e-3


@dataclass
class Network:
    """Weights; the features' mean and spread are in the first layer."""

    input: np.ndarray
    input_bias: np.ndarray
    output: np.ndarray
    output_bias: float

    def odds(self, features: np.ndarray) -> np.ndarray:
        """Log odds of a wrong beat in each row's second."""
        return np.tanh(features @ self.input.T + self.input_bias) @ self.output + self.output_bias


def train(features: np.ndarray, wrong: np.ndarray, weights: np.ndarray, seed: int) -> Network:
    """A network for these seconds."""
    torch.manual_seed(seed)
    mean, spread = features.mean(0), features.std(0) + 1e-9
    x = torch.tensor((features - mean) / spread, dtype=torch.float32)
    y, w = (torch.tensor(values, dtype=torch.float32) for values in (wrong, weights))
    model = torch.nn.Sequential(torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, 1))
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=steps, cycle_momentum=False)
    for _ in range(EPOCHS):
        for part in torch.randperm(len(x)).split(BATCH):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(model(x[part])[:, 0], y[part], w[part])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    first, _, last = model
    scaled = first.weight.detach().numpy().astype(float) / spread
    return Network(
        scaled,
        first.bias.detach().numpy().astype(float) - scaled @ mean,
        last.weight.detach().numpy().astype(float)[0],
        float(last.bias.detach().numpy()[0]),
    )
