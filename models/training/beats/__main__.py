"""From the databases to `src/analysis/classes/weights.rs` and the card, in one command:
`python -m training.beats --mitdb DS1 --svdb SVDB --cinc2017 training2017 --labels REFERENCE-v3.csv --program einthoven`; once the program has been built anew,
`--check` compares what it says with what the networks say here."""

import argparse
import json
import pickle
from pathlib import Path

import numpy as np

from .. import cinc2017
from . import card, export
from .network import Network, combine, decide, matrix, train
from .records import Record, read_all, read_unmarked

ROOT = Path(__file__).resolve().parents[3]
FOLDS = 11
# Strips as people record them.
STRIP_S = 30.0
# Another record of the same person (202) belongs to DS2: left out of the shipped training and of every fold's.
NOT_TRAINED_ON = "201"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.beats", description=__doc__)
    parser.add_argument("--mitdb", type=Path, required=True, help="folder with the 22 records of DS1")
    parser.add_argument("--svdb", type=Path, required=True, help="folder with the 78 records of SVDB")
    parser.add_argument("--cinc2017", type=Path, required=True, help="folder with A00001.mat …")
    parser.add_argument("--labels", type=Path, required=True, help="REFERENCE-v3.csv")
    parser.add_argument("--program", type=Path, required=True, help="einthoven's command line")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--table", type=Path, help="file that keeps what the program measured from run to run")
    parser.add_argument("--check", action="store_true", help="compare the program's answers with these networks'")
    return parser.parse_args()


def measured(args: argparse.Namespace) -> dict[str, list[Record]]:
    """Records as the program measures them, from the file where there is one."""
    if args.table and args.table.exists():
        return pickle.loads(args.table.read_bytes())
    entries = cinc2017.read_labels(args.labels)

    def handheld(label: str, *folds: int) -> list[Record]:
        chosen = [e for e in cinc2017.in_folds(entries, *folds) if cinc2017.LABELS[e.label] == label]
        return read_unmarked(args.program, [args.cinc2017 / f"{e.name}.hea" for e in chosen], "cinc2017")

    tables = {
        "normal": handheld("normal", *cinc2017.TRAINING_FOLDS),
        "normal held apart": handheld("normal", cinc2017.HELD_APART_FOLD),
        "other held apart": handheld("other", cinc2017.HELD_APART_FOLD),
        "first": read_all(args.program, args.mitdb, "mitdb", 0),
        "second": read_all(args.program, args.mitdb, "mitdb", 1),
        "strips": read_all(args.program, args.mitdb, "mitdb", 0, STRIP_S),
        "svdb": read_all(args.program, args.svdb, "svdb", 0) + read_all(args.program, args.svdb, "svdb", 1),
        "svdb strips": read_all(args.program, args.svdb, "svdb", 0, STRIP_S),
    }
    if args.table:
        args.table.write_bytes(pickle.dumps(tables))
    return tables


def folds(records: list[Record], seed: int) -> list[list[str]]:
    """Names of records, each in one fold."""
    names = np.random.default_rng(seed).permutation([record.name for record in records])
    return [sorted(names[k::FOLDS].tolist()) for k in range(FOLDS)]


def pool(tables: dict[str, list[Record]], without: list[str]) -> list[Record]:
    """What is trained on when these records are held apart."""
    mitdb = tables["first"] + tables["second"] + tables["strips"]
    kept = [record for record in mitdb if record.name not in [*without, NOT_TRAINED_ON]]
    # The handheld recordings are short: without strips of the others, the networks would learn that short is normal.
    return kept + tables["svdb"] + tables["svdb strips"] + tables["normal"]


def cross_validate(tables: dict[str, list[Record]], names: list[str], seed: int) -> dict:
    """Matrices by record of whole records and of strips, each from networks that have not seen the record."""
    found = {"folds": folds(tables["first"], seed), "whole": {}, "strips": {}}
    for held_apart in found["folds"]:
        networks = train(pool(tables, held_apart), names, seed)
        for kind, records in (("whole", tables["first"]), ("strips", tables["strips"])):
            for record in records:
                if record.name in held_apart:
                    called = decide(combine(networks, record), record.readable)
                    found[kind][record.name] = matrix(record, called).tolist()
        print("held apart:", *held_apart, flush=True)
    return found


def check(tables: dict[str, list[Record]], networks: list[Network]) -> None:
    """The program's probabilities are those of the networks here, but for rounding."""
    worst = max(
        float(np.abs(combine(networks, record) - record.program).max())
        for record in tables["first"] + tables["strips"]
        if len(record.time_s)
    )
    print(f"largest difference of a probability: {worst:.5f}")
    if worst > 0.01:
        raise SystemExit("the program and the networks disagree: is the program built with these weights?")


def main() -> None:
    args = arguments()
    names = export.feature_names(ROOT)
    tables = measured(args)
    networks = train(pool(tables, []), names, args.seed)
    if args.check:
        check(tables, networks)
        return
    export.write(ROOT, networks, tables["first"])
    found = cross_validate(tables, names, args.seed)
    facts = card.facts(tables, found, args.seed, len(names))
    facts["handheld"] = {
        kind: card.early_beats([decide(combine(networks, r), r.readable) for r in tables[f"{kind} held apart"]])
        for kind in ("normal", "other")
    }
    folder = Path(__file__).resolve().parent
    (folder / "card.json").write_text(json.dumps(facts, indent=1) + "\n")
    (folder / "card.md").write_text(card.text(facts))
    print(card.text(facts))


if __name__ == "__main__":
    main()
