"""From the database to models/<family>: `python -m training --family … --database … --labels … --noise … --work …`."""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from . import attribution, augmentation, cache, card, cinc2017, export, figures, rounding
from .evaluate import Evaluation
from .families import FAMILIES, Family
from .train import Model, Trainer, load_best

HERE = Path(__file__).resolve().parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--family", choices=list(FAMILIES), default="canet")
    parser.add_argument("--database", type=Path, required=True, help="folder with A00001.mat …")
    parser.add_argument("--labels", type=Path, required=True, help="REFERENCE-v3.csv")
    parser.add_argument("--noise", type=Path, required=True, help="folder with em.dat, ma.dat, bw.dat")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches; checkpoints in <family>/ in it")
    parser.add_argument("--out", type=Path, help="models/<family> if not given")
    parser.add_argument("--epochs", type=int, default=28)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--version", default="1.0.0", help="version written to the manifest")
    return parser.parse_args()


def split_counts(entries: list[cinc2017.Entry]) -> dict:
    """Recordings by class in each part of the split."""
    parts = {
        "train (folds 2 to 4)": cinc2017.TRAINING_FOLDS,
        "calibrate (fold 1)": (cinc2017.CALIBRATION_FOLD,),
        "held apart (fold 0)": (cinc2017.HELD_APART_FOLD,),
    }
    labels = {part: [e.label for e in cinc2017.in_folds(entries, *folds)] for part, folds in parts.items()}
    return {part: np.bincount(values, minlength=4).tolist() for part, values in labels.items()}


def train(args: argparse.Namespace, family: Family, entries: list[cinc2017.Entry], calibration: cache.Ragged) -> tuple[Model, dict]:
    """Train, or go on training; the chosen model and what the card says of the training."""
    recordings = cache.training_recordings(args.database, entries, args.work / "training.npz")
    noise = augmentation.read_noise(args.noise)
    folder = args.work / family.id
    folder.mkdir(exist_ok=True)
    trainer = Trainer(family, recordings, calibration, noise, args.epochs, args.seed, folder)
    best = trainer.run()
    model = load_best(family, folder)
    if family.eight_bits:
        model.net = rounding.rounded(model.net)
    parameters = sum(p.numel() for p in model.net.parameters())
    return model, card.training_facts(split_counts(entries), trainer.history, best, parameters, args.seed)


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    entries = cinc2017.read_labels(args.labels)
    fold = cinc2017.CALIBRATION_FOLD
    calibration = cache.prepared_windows(args.database, entries, fold, args.work / f"fold{fold}.npz")
    family = FAMILIES[args.family]
    out = args.out or HERE.parent / family.id
    model, facts = train(args, family, entries, calibration)

    evaluation = Evaluation.fitted(model, calibration)
    marks = attribution.holds(attribution.sanity(model, calibration))
    export.write_model(out, evaluation, marks, args.version)
    reference = export.Reference(out).build(args.database, entries)
    export.write_json(out / "reference.json", reference, separators=(",", ":"))

    sets = figures.sets(args.database, args.noise, entries, args.work)
    found = {"parity": export.parity(model, out / "model.onnx", calibration.rows[:200]), **figures.measured(evaluation, sets)}
    manifest = json.loads((out / "manifest.json").read_text())
    content = card.build(family, manifest, found, facts)
    export.write_json(out / "card.json", content, indent=1)
    (out / "card.md").write_text(card.markdown(content))


if __name__ == "__main__":
    main()
