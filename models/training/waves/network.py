"""The network `waves`: a small U-Net of separable convolutions on one lead at 250 Hz, a class a sample.

After Ronneberger et al. (2015, arXiv:1505.04597) and Moskalenko et al. (2020, U-Net on LUDB, arXiv:2001.04689),
made as small as a phone's browser wants it.
"""

import torch
from torch import Tensor, nn

RATE_HZ = 250
SAMPLES = 10 * RATE_HZ
CLASSES = ("none", "P", "QRS", "T")
NONE, P, QRS, T = range(len(CLASSES))
WIDTHS = (8, 12, 20, 28, 40)
KERNEL = 7
DILATIONS = (1, 2, 4)


def separable(c_in: int, c_out: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Depthwise then pointwise convolution with BatchNorm, [B, c_in, t] to [B, c_out, ceil(t / stride)]."""
    padding = dilation * (KERNEL // 2)
    return nn.Sequential(
        nn.Conv1d(c_in, c_in, KERNEL, stride, padding, dilation, groups=c_in, bias=False),
        nn.Conv1d(c_in, c_out, 1, bias=False),
        nn.BatchNorm1d(c_out),
    )


class Residual(nn.Module):
    """A separable convolution with a residual path; the shape stays."""

    def __init__(self, width: int, dilation: int = 1):
        super().__init__()
        self.body = separable(width, width, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.body(x))


def doubled(x: Tensor, length: int) -> Tensor:
    """Each step twice, [B, c, t] to [B, c, length], length being 2 t or 2 t - 1."""
    return torch.stack((x, x), dim=3).reshape(x.shape[0], x.shape[1], 2 * x.shape[2])[:, :, :length]


class Waves(nn.Module):
    """Logits [B, 4, 2500] of windows [B, 1, 2500] (10 s, 250 Hz, filtered and scaled)."""

    def __init__(self) -> None:
        super().__init__()
        first, last = WIDTHS[0], WIDTHS[-1]
        self.stem = nn.Sequential(
            nn.Conv1d(1, first, KERNEL, padding=KERNEL // 2, bias=False), nn.BatchNorm1d(first), nn.ReLU()
        )
        self.down = nn.ModuleList(separable(a, b, stride=2) for a, b in zip(WIDTHS, WIDTHS[1:]))
        self.before = nn.ModuleList(Residual(width) for width in WIDTHS[1:-1])
        self.middle = nn.Sequential(*(Residual(last, dilation) for dilation in DILATIONS))
        self.up = nn.ModuleList(nn.Conv1d(b, a, 1) for a, b in zip(WIDTHS, WIDTHS[1:]))
        self.after = nn.ModuleList(Residual(width) for width in WIDTHS[:-1])
        self.head = nn.Conv1d(first, len(CLASSES), 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        kept = []
        for level, down in enumerate(self.down):
            kept.append(x)
            x = torch.relu(down(x))
            x = self.before[level](x) if level < len(self.before) else self.middle(x)
        for level in reversed(range(len(self.up))):
            past = kept[level]
            x = self.after[level](past + doubled(self.up[level](x), past.shape[2]))
        return self.head(x)


def multiply_adds(net: nn.Module) -> int:
    """Multiplications of all convolutions for one window of 10 s."""
    total = 0

    def count(layer: nn.Conv1d, _: tuple, out: Tensor) -> None:
        nonlocal total
        total += layer.weight[0].numel() * out[0].numel()

    hooks = [layer.register_forward_hook(count) for layer in net.modules() if isinstance(layer, nn.Conv1d)]
    with torch.no_grad():
        net.eval()(torch.zeros(1, 1, SAMPLES))
    for hook in hooks:
        hook.remove()
    return total
