"""The network `mobilenetv2`: MobileNetV2's inverted residuals in one dimension on one lead, at a quarter of their width.

After Sandler et al. (CVPR 2018, arXiv:1801.04381): a narrow block widens six times, filters each channel by itself and
narrows again without a nonlinearity. The nine taps of the paper's 3 x 3 filters lie in a row. The first layer has 21
samples at stride 4, and its answers enter by their size alone, so a recording and its negative get the same logits (as
in `tcn`). The last two halvings are dilations instead, so that the class maps keep their 63 steps.
"""

import torch
from torch import Tensor, nn

STEM = 16
BLOCKS = ((1, 4, 1, 1, 1), (6, 8, 2, 2, 1), (6, 8, 3, 2, 1), (6, 16, 4, 1, 2), (6, 24, 3, 1, 2), (6, 40, 3, 1, 4), (6, 80, 1, 1, 4))
"""Widening, width, repetitions, stride of the first, dilation; the paper's widths are 16, 24, 32, 64, 96, 160 and 320."""
LAST = 160
TAPS = 9


class Inverted(nn.Module):
    """One inverted residual, [B, c_in, t] to [B, c_out, ceil(t / stride)]."""

    def __init__(self, c_in: int, c_out: int, widening: int, stride: int, dilation: int):
        super().__init__()
        wide = c_in * widening
        widen = [nn.Conv1d(c_in, wide, 1, bias=False), nn.BatchNorm1d(wide), nn.ReLU6()] if widening > 1 else []
        padding = dilation * (TAPS // 2)
        self.body = nn.Sequential(
            *widen,
            nn.Conv1d(wide, wide, TAPS, stride=stride, padding=padding, dilation=dilation, groups=wide, bias=False),
            nn.BatchNorm1d(wide),
            nn.ReLU6(),
            nn.Conv1d(wide, c_out, 1, bias=False),
            nn.BatchNorm1d(c_out),
        )
        self.same = c_in == c_out and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.same else self.body(x)


def blocks() -> nn.Sequential:
    """All inverted residuals, [B, 16, 250] to [B, 80, 63]."""
    layers: list[nn.Module] = []
    width = STEM
    for widening, c_out, count, stride, dilation in BLOCKS:
        for index in range(count):
            layers.append(Inverted(width, c_out, widening, stride if index == 0 else 1, dilation))
            width = c_out
    return nn.Sequential(*layers)


class MobileNetV2(nn.Module):
    """Logits [B, 4] and class maps [B, 4, 63] of windows [B, 1, 1000] (10 s, 100 Hz, scaled)."""

    def __init__(self, classes: int = 4):
        super().__init__()
        self.stem = nn.Conv1d(1, STEM, 21, stride=4, padding=10, bias=False)
        self.norm = nn.BatchNorm1d(STEM)
        self.blocks = blocks()
        self.last = nn.Sequential(nn.Conv1d(BLOCKS[-1][1], LAST, 1, bias=False), nn.BatchNorm1d(LAST), nn.ReLU6())
        self.drop = nn.Dropout(0.25)
        self.maps = nn.Conv1d(LAST, classes, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        steps = self.blocks(torch.clamp(self.norm(self.stem(x).abs()), 0, 6))
        cam = self.maps(self.drop(self.last(steps)))
        return cam.mean(dim=2), cam
