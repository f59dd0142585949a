"""The network `vgg16`: the thirteen convolutions of VGG16 in one dimension on one lead, at a quarter of their width.

After Simonyan and Zisserman (2015, arXiv:1409.1556): groups of 2, 2, 3, 3 and 3 convolutions of size 3. The first layer
has 21 samples at stride 4 instead, for windows of 10 s, and its answers enter by their size alone, so a recording and
its negative get the same logits (as in `tcn`). The halvings after the third and the fourth group are dilations instead
(as in Chen et al., 2015, arXiv:1412.7062), so that the class maps keep their 63 steps; BatchNorm is added, and the
average over time stands where the paper has three dense layers.
"""

import torch
from torch import Tensor, nn

GROUPS = ((16, 2, 1), (32, 2, 1), (64, 3, 1), (128, 3, 2), (128, 3, 4))
"""Width, convolutions and dilation of each group; the paper's widths are 64, 128, 256, 512 and 512."""
HALVED = 2
"""The first groups end with a halving: 250 steps become 63."""


def convolution(c_in: int, c_out: int, dilation: int) -> nn.Sequential:
    conv = nn.Conv1d(c_in, c_out, 3, padding=dilation, dilation=dilation, bias=False)
    return nn.Sequential(conv, nn.BatchNorm1d(c_out), nn.ReLU())


def groups() -> nn.Sequential:
    """All but the first convolution, [B, 16, 250] to [B, 128, 63]."""
    layers: list[nn.Module] = []
    width = GROUPS[0][0]
    for index, (c_out, count, dilation) in enumerate(GROUPS):
        for _ in range(count - 1 if index == 0 else count):
            layers.append(convolution(width, c_out, dilation))
            width = c_out
        if index < HALVED:
            layers.append(nn.MaxPool1d(2, ceil_mode=True))
    return nn.Sequential(*layers)


class VGG16(nn.Module):
    """Logits [B, 4] and class maps [B, 4, 63] of windows [B, 1, 1000] (10 s, 100 Hz, scaled)."""

    def __init__(self, classes: int = 4):
        super().__init__()
        self.stem = nn.Conv1d(1, GROUPS[0][0], 21, stride=4, padding=10, bias=False)
        self.norm = nn.BatchNorm1d(GROUPS[0][0])
        self.groups = groups()
        self.drop = nn.Dropout(0.25)
        self.maps = nn.Conv1d(GROUPS[-1][0], classes, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        cam = self.maps(self.drop(self.groups(self.norm(self.stem(x).abs()))))
        return cam.mean(dim=2), cam
