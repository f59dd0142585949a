"""What a leak looks like: `python -m training.leak --database … --labels … --work …`.

The network `tcn` twice, as many windows and epochs each: once trained on a random share of all windows, so that windows
of one recording stand on both sides, as in many papers; once on other recordings than those tested. Both are asked
about the same windows. Fold 0 is not touched.
"""

import json
from pathlib import Path

import numpy as np
import torch

from . import card, cinc2017
from .tcn import TCN
from .windowed import Windows, arguments, ask, difference, figures, fit, windows_of

HERE = Path(__file__).resolve().parent
TESTED_SHARE = 0.25


def trained(windows: Windows, epochs: int, seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    return fit(TCN(), windows, epochs, seed)


def compare(windows: Windows, tested_fold: np.ndarray, epochs: int, seed: int) -> dict:
    """Both trainings and their figures; `tested_fold` tells which windows are of the fold held apart."""
    rng = np.random.default_rng(seed)
    drawn = rng.random(len(windows)) < TESTED_SHARE
    both_sides, others = np.flatnonzero(~drawn), np.flatnonzero(~tested_fold)
    n = min(len(both_sides), len(others))
    sets = {
        "leaking": windows.where(rng.permutation(both_sides)[:n]),
        "held apart": windows.where(rng.permutation(others)[:n]),
    }
    nets = {name: trained(part, epochs, seed) for name, part in sets.items()}
    same = windows.where(tested_fold & drawn)
    answers = {name: ask(net, same) for name, net in nets.items()}
    seen = np.isin(same.recording, np.unique(sets["leaking"].recording)).mean()
    own = {"leaking": windows.where(drawn), "held apart": windows.where(tested_fold)}
    return {
        "trained_on": {name: part.counts() for name, part in sets.items()},
        "same_windows": {
            **same.counts(),
            "share_with_windows_of_their_recording_in_the_leaking_training": round(float(seen), 4),
            **{name: figures(answer) for name, answer in answers.items()},
            "leaking minus held apart": difference(answers["held apart"], answers["leaking"]),
        },
        "as_each_split_would_report": {
            name: {**part.counts(), **figures(ask(nets[name], part))} for name, part in own.items()
        },
        "on_windows_trained_on": {name: figures(ask(nets[name], part)) for name, part in sets.items()},
    }


def main() -> None:
    args = arguments("leak", __doc__, epochs=10)
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    entries = cinc2017.read_labels(args.labels)
    fold_of = {entry.name: entry.fold for entry in entries}
    folds = (cinc2017.CALIBRATION_FOLD, *cinc2017.TRAINING_FOLDS)
    windows = windows_of(args.database, entries, folds, args.every, args.work)
    tested = np.array([fold_of[name] == cinc2017.CALIBRATION_FOLD for name in windows.recording])
    found = {
        "network": "tcn",
        "every": args.every,
        "epochs": args.epochs,
        "tested_share_of_windows": TESTED_SHARE,
        "by_seed": {str(seed): compare(windows, tested, args.epochs, seed) for seed in args.seeds},
    }
    (HERE / "leak.json").write_text(json.dumps(found, indent=1) + "\n")
    card.refresh_all()


if __name__ == "__main__":
    main()
