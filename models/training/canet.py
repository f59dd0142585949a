"""The network: convolutions, a bidirectional LSTM, self-attention, and class maps averaged over time.

After CardioAttentionNet (He et al., Front Cardiovasc Med 2025, 11:1473482), made small. The class maps
stand before the average over time, so each logit is exactly the mean of its map (class activation map).
"""

import torch
from torch import Tensor, nn

SAMPLES = 1000
STEPS = 63
"""Steps of the class maps: one every 16 samples, 0.16 s."""


class SeparableBlock(nn.Module):
    """Depthwise then pointwise convolution with a residual path, [B, c_in, t] to [B, c_out, ceil(t / 2)]."""

    def __init__(self, c_in: int, c_out: int, kernel: int):
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv1d(c_in, c_in, kernel, stride=2, padding=kernel // 2, groups=c_in, bias=False),
            nn.Conv1d(c_in, c_out, 1, bias=False),
            nn.BatchNorm1d(c_out),
            nn.ReLU(),
        )
        self.refine = nn.Sequential(
            nn.Conv1d(c_out, c_out, kernel, padding=kernel // 2, groups=c_out, bias=False),
            nn.Conv1d(c_out, c_out, 1, bias=False),
            nn.BatchNorm1d(c_out),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        return torch.relu(x + self.refine(x))


class SelfAttention(nn.Module):
    """Multi-head self-attention of a window's steps, [B, 63, width] to the same, in plain matrix products."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.size = width // heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        """[B, 63, width] to [B, heads, 63, size]."""
        return x.reshape(-1, STEPS, self.heads, self.size).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        weights = torch.softmax(query @ key.transpose(2, 3) * self.size**-0.5, dim=-1)
        mixed = (weights @ value).transpose(1, 2).reshape(-1, STEPS, self.heads * self.size)
        return self.out(mixed)


class CANet(nn.Module):
    """Logits [B, 4] and class maps [B, 4, 63] of windows [B, 1, 1000] (10 s, 100 Hz, scaled)."""

    def __init__(self, classes: int = 4, stem: int = 32, widths: tuple[int, ...] = (64, 96), heads: int = 4):
        super().__init__()
        width = widths[-1]
        self.stem = nn.Sequential(
            nn.Conv1d(1, stem, 21, stride=4, padding=10, bias=False), nn.BatchNorm1d(stem), nn.ReLU()
        )
        pairs = zip((stem, *widths[:-1]), widths)
        self.blocks = nn.Sequential(*(SeparableBlock(c_in, c_out, 9) for c_in, c_out in pairs))
        self.lstm = nn.LSTM(width, width // 2, bidirectional=True, batch_first=True)
        self.attention = SelfAttention(width, heads)
        self.norm = nn.BatchNorm1d(width)
        self.drop = nn.Dropout(0.25)
        self.maps = nn.Conv1d(width, classes, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        steps = self.blocks(self.stem(x)).transpose(1, 2)
        steps = steps + self.lstm(self.drop(steps))[0]
        steps = steps + self.attention(steps)
        cam = self.maps(self.drop(torch.relu(self.norm(steps.transpose(1, 2)))))
        return cam.mean(dim=2), cam
