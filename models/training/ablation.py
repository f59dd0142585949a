"""What each part of `canet` is worth: `python -m training.ablation --database … --labels … --work …`.

The whole network and the network without one of its three parts, trained alike on the same windows and asked about the
same windows of fold 1. Fold 0 is not touched.
"""

import json
from pathlib import Path

import torch
from torch import Tensor, nn

from . import card, cinc2017
from .canet import CANet
from .windowed import Windows, arguments, ask, difference, figures, fit, windows_of

HERE = Path(__file__).resolve().parent


class NoRecurrence(nn.Module):
    """Stands for the LSTM and adds nothing."""

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        return torch.zeros_like(x), None


class NoAttention(nn.Module):
    """Stands for the attention and adds nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


def without_convolutions() -> CANet:
    """The separable blocks are a mean over four steps and a product with a matrix, which the width after them asks for."""
    net = CANet()
    stem, width = net.stem[0].out_channels, net.norm.num_features
    net.blocks = nn.Sequential(nn.AvgPool1d(4, ceil_mode=True), nn.Conv1d(stem, width, 1))
    return net


def without_recurrence() -> CANet:
    net = CANet()
    net.lstm = NoRecurrence()
    return net


def without_attention() -> CANet:
    net = CANet()
    net.attention = NoAttention()
    return net


VARIANTS = {
    "whole": CANet,
    "without separable convolutions": without_convolutions,
    "without BiLSTM": without_recurrence,
    "without attention": without_attention,
}


def compare(train: Windows, test: Windows, epochs: int, seed: int) -> dict:
    """Figures of each variant, and its difference from the whole."""
    answers, found = {}, {}
    for name, build in VARIANTS.items():
        torch.manual_seed(seed)
        net = fit(build(), train, epochs, seed)
        answers[name] = ask(net, test)
        found[name] = {
            "parameters": sum(p.numel() for p in net.parameters()),
            **figures(answers[name]),
            "minus whole": difference(answers["whole"], answers[name]),
        }
        print(name, found[name], flush=True)
    return found


def main() -> None:
    args = arguments("ablation", __doc__, epochs=8)
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    entries = cinc2017.read_labels(args.labels)
    train = windows_of(args.database, entries, cinc2017.TRAINING_FOLDS, args.every, args.work)
    test = windows_of(args.database, entries, (cinc2017.CALIBRATION_FOLD,), 1, args.work)
    found = {
        "network": "canet",
        "every": args.every,
        "epochs": args.epochs,
        "trained_on": train.counts(),
        "tested_on": test.counts(),
        "by_seed": {str(seed): compare(train, test, args.epochs, seed) for seed in args.seeds},
    }
    (HERE / "ablation.json").write_text(json.dumps(found, indent=1) + "\n")
    card.refresh_all()


if __name__ == "__main__":
    main()
