"""From logits to probabilities one may believe, and when to abstain. All fitted on the calibration fold."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax


@dataclass(frozen=True)
class Scaling:
    """Vector scaling: probabilities = softmax(logits / temperature + bias), biases summing to 0."""

    temperature: float = 1.0
    bias: list[float] = field(default_factory=lambda: [0.0] * 4)

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        return softmax(logits / self.temperature + np.array(self.bias), axis=1)

    def rounded(self) -> dict:
        """As in the manifest."""
        return {"temperature": round(self.temperature, 6), "bias": [round(b, 6) for b in self.bias]}



def fit(logits: np.ndarray, labels: np.ndarray) -> Scaling:
    """The scaling of least negative log likelihood for logits [n, 4] and labels [n]."""

    def parts(theta: np.ndarray) -> Scaling:
        return Scaling(float(np.exp(theta[0])), (theta[1:] - theta[1:].mean()).tolist())

    def loss(theta: np.ndarray) -> float:
        scaling = parts(theta)
        scaled = logits / scaling.temperature + np.array(scaling.bias)
        return -log_softmax(scaled, axis=1)[np.arange(len(labels)), labels].mean()

    return parts(minimize(loss, np.zeros(1 + logits.shape[1]), method="L-BFGS-B").x)


def threshold_for(probabilities: np.ndarray, coverage: float) -> float:
    """The least winning probability that still leaves `coverage` of the cases answered; two decimals."""
    return round(float(np.quantile(probabilities.max(axis=1), 1 - coverage)), 2)
