"""The cards' figures again, without training: `python -m training.check --database … --labels … --noise … --work …`.

Each released model.onnx is asked about the public data as its training asked the network, with the calibration and the
limits of its manifest, and what comes of it is laid beside card.json. Exit status 1 if a figure differs beyond rounding.
"""

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import torch
from torch import Tensor, nn

from . import cinc2017, figures
from .calibration import Scaling
from .evaluate import Evaluation
from .export import infer, session
from .families import FAMILIES, Family
from .pooling import LogMeanExp
from .train import Model

HERE = Path(__file__).resolve().parent
COARSE = ("reliability", "mean_logit_drop", "median_abs_correlation_with_random_weights")
"""Parts of the card with three decimals; the others have four."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.check", description=__doc__)
    parser.add_argument("--family", choices=list(FAMILIES), help="one of them; all if not given")
    parser.add_argument("--database", type=Path, required=True, help="folder with A00001.mat …")
    parser.add_argument("--labels", type=Path, required=True, help="REFERENCE-v3.csv")
    parser.add_argument("--noise", type=Path, required=True, help="folder with em.dat, ma.dat, bw.dat")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is computed once")
    return parser.parse_args()


class Exported(nn.Module):
    """model.onnx in the place of the trained network: windows [n, 1, 1000] to logits [n, 4] and class maps [n, 4, 63]."""

    def __init__(self, path: Path):
        super().__init__()
        self.session = session(path)

    def forward(self, windows: Tensor) -> tuple[Tensor, ...]:
        return tuple(torch.from_numpy(part) for part in infer(self.session, windows[:, 0].numpy()))


class StatedPool(LogMeanExp):
    """Pooling with the sharpness [4] that a manifest states."""

    def __init__(self, sharpness: list[float]):
        super().__init__()
        self.register_buffer("stated", torch.tensor(sharpness, dtype=torch.float64))

    def sharpness(self) -> Tensor:
        return self.stated


def released(family: Family, folder: Path, manifest: dict) -> Evaluation:
    """The released model with its manifest's numbers."""
    path = folder / manifest["file"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != manifest["sha256"]:
        raise ValueError(f"{path} is not the file that its manifest names")
    model = Model(family)
    model.net, model.pool = Exported(path), StatedPool(manifest["aggregation"]["sharpness"])
    record, window = (Scaling(**manifest["calibration"][level]) for level in ("record", "window"))
    abstain = manifest["abstain"]
    return Evaluation(model, record, window, {"record": abstain["min_probability"], "window": abstain["min_probability_window"]})


@dataclass(frozen=True)
class Pair:
    """One figure of the card and what was found; `place` is where it stands in card.json."""

    place: tuple[str, ...]
    stated: object
    found: object

    @property
    def same(self) -> bool:
        return self.stated == self.found

    @property
    def rounding(self) -> bool:
        """Whether they are apart by no more than one in the last decimal; counts and names must be the same."""
        if not (isinstance(self.stated, float) and isinstance(self.found, float)):
            return self.same
        last = 1e-3 if any(part in COARSE for part in self.place) else 1e-4
        return abs(self.stated - self.found) < 1.01 * last

    def __str__(self) -> str:
        return f"{'.'.join(self.place)}: card {self.stated}, here {self.found}"


def pairs(stated: object, found: object, place: tuple[str, ...] = ()) -> Iterator[Pair]:
    """All figures of a part of the card beside what was found; what only one of them has is beside None."""
    if isinstance(stated, dict) and isinstance(found, dict):
        for key in stated | found:
            yield from pairs(stated.get(key), found.get(key), (*place, key))
    elif isinstance(stated, list) and isinstance(found, list) and len(stated) == len(found):
        for index, both in enumerate(zip(stated, found)):
            yield from pairs(*both, (*place, str(index)))
    else:
        yield Pair(place, stated, found)


def check(family: Family, sets: figures.Sets) -> bool:
    """Lay one family's card beside its model; say what differs; whether all is the same but for rounding."""
    folder = HERE.parent / family.id
    manifest, card = (json.loads((folder / name).read_text()) for name in ("manifest.json", "card.json"))
    found = json.loads(json.dumps(figures.measured(released(family, folder, manifest), sets)))
    stated = {part: card[part] for part in found} | {"sha256": card["sha256"]}
    all_pairs = list(pairs(stated, found | {"sha256": manifest["sha256"]}))
    rounding = [pair for pair in all_pairs if pair.rounding and not pair.same]
    beyond = [pair for pair in all_pairs if not pair.rounding]
    same = len(all_pairs) - len(rounding) - len(beyond)
    print(f"{family.id}: {len(all_pairs)} figures, {same} the same, {len(rounding)} differ in the last decimal, {len(beyond)} differ")
    for pair in [*rounding, *beyond]:
        print(f"  {pair}", flush=True)
    return not beyond


def main() -> None:
    args = arguments()
    args.work.mkdir(parents=True, exist_ok=True)
    entries = cinc2017.read_labels(args.labels)
    sets = figures.sets(args.database, args.noise, entries, args.work)
    families = [FAMILIES[args.family]] if args.family else FAMILIES.values()
    right = [check(family, sets) for family in families]
    sys.exit(0 if all(right) else 1)


if __name__ == "__main__":
    main()
