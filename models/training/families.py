"""The networks that one pipeline trains: a family is its network and the words of its card."""

from dataclasses import dataclass

from torch import nn

from .canet import CANet
from .mobilenetv2 import MobileNetV2
from .tcn import TCN
from .vgg16 import VGG16


@dataclass(frozen=True)
class Family:
    """`network()` gives logits [B, 4] and class maps [B, 4, 63] of windows [B, 1, 1000]; `mixes`: why its maps may be no places."""

    id: str
    name: str
    network: type[nn.Module]
    mixes: str
    changes: tuple[dict, ...]
    eight_bits: bool = False
    """Weights are rounded to eight bits before anything is measured."""


FAMILIES = {
    family.id: family
    for family in (
        Family(
            "canet",
            "CANet rhythm model",
            CANet,
            "The LSTM and the attention mix the window's time before the maps",
            (
                {
                    "version": "1.0.0",
                    "date": "2026-11-25",
                    "change": "first trained model; begun as 28 epochs, shortened to 17 after 8 and to 15 after 12 by resuming",
                },
            ),
        ),
        Family(
            "tcn",
            "TCN rhythm model",
            TCN,
            "Each value of a map sees the seconds about it",
            (
                {
                    "version": "1.0.0",
                    "date": "2026-11-26",
                    "change": "first trained model; fold 0 was asked once before the weights were rounded to eight bits (mean F1 "
                    "83.0 %) and once after, with nothing chosen by it",
                },
            ),
            eight_bits=True,
        ),
        *(
            Family(
                id,
                f"{name} rhythm model",
                network,
                "Each value of a map sees the seconds about it",
                ({"version": "1.0.0", "date": "2026-11-26", "change": "first trained model"},),
                eight_bits=True,
            )
            for id, name, network in (("vgg16", "VGG16", VGG16), ("mobilenetv2", "MobileNetV2", MobileNetV2))
        ),
    )
}
