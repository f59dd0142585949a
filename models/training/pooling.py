"""From windows to a recording."""

import math

import torch
from torch import Tensor, nn


class LogMeanExp(nn.Module):
    """Pool the logits of a recording's windows, [B, windows, 4] to [B, 4], with one sharpness a class.

    (1 / s) log(mean(exp(s z))): near 0 the mean, growing towards the maximum over the windows.
    """

    def __init__(self, classes: int = 4):
        super().__init__()
        self.raw = nn.Parameter(torch.zeros(classes))

    def sharpness(self) -> Tensor:
        """Sharpness by class, within 0.1 to 4; starts at about 1."""
        return 0.1 + 3.9 * torch.sigmoid(self.raw - 1.2)

    def forward(self, logits: Tensor) -> Tensor:
        s = self.sharpness()
        return (torch.logsumexp(logits * s, dim=1) - math.log(logits.shape[1])) / s
