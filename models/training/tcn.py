"""The network `tcn`: plain residual convolutions, the later ones dilated, and class maps averaged over time.

After the residual nets of Hannun et al. (Nature Medicine 2019, 25:65) and the dilated ones of Bai et al. (2018,
arXiv:1803.01271), made small. The first layer's answers enter by their size alone, so a recording and its negative
get the same logits: |a + b| and |a - b| still tell whether two shapes side by side point the same way.
"""

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    """Two convolutions with a residual path, [B, c_in, t] to [B, c_out, ceil(t / stride)]."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int = 1, dilation: int = 1):
        super().__init__()
        padding = dilation * (kernel // 2)
        self.body = nn.Sequential(
            nn.Conv1d(c_in, c_out, kernel, stride=stride, padding=padding, dilation=dilation, bias=False),
            nn.BatchNorm1d(c_out),
            nn.ReLU(),
            nn.Conv1d(c_out, c_out, kernel, padding=padding, dilation=dilation, bias=False),
            nn.BatchNorm1d(c_out),
        )
        same = c_in == c_out and stride == 1
        self.past = nn.Identity() if same else nn.Conv1d(c_in, c_out, 1, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.past(x) + self.body(x))


class TCN(nn.Module):
    """Logits [B, 4] and class maps [B, 4, 63] of windows [B, 1, 1000] (10 s, 100 Hz, scaled)."""

    def __init__(self, classes: int = 4):
        super().__init__()
        self.stem = nn.Conv1d(1, 32, 21, stride=4, padding=10, bias=False)
        self.norm = nn.BatchNorm1d(32)
        self.blocks = nn.Sequential(
            Residual(32, 48, 7, stride=2),
            Residual(48, 64, 7, stride=2),
            Residual(64, 96, 5),
            *(Residual(96, 96, 3, dilation=dilation) for dilation in (2, 4, 8)),
        )
        self.drop = nn.Dropout(0.25)
        self.maps = nn.Conv1d(96, classes, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        cam = self.maps(self.drop(self.blocks(self.norm(self.stem(x).abs()))))
        return cam.mean(dim=2), cam
