"""What the program reaches on records that its network has not heard: for each fold of records a copy of the program
with the weights of that fold's network (`folds`, left by `python -m training.waves`) in the place of its own. Run in
`models/`: `python -m training.waves.in_program --ludb LUDB/data --qtdb qtdb-q1c --program einthoven`."""

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from . import records, rules
from .export import FOLD_WEIGHTS, PROGRAM
from .marks import Wave
from .records import FOLDS, Lead
from .score import Errors, score, table

# Fiducials whose scatter is asked.
BORDERS = ("P onset", "P end", "QRS onset", "QRS end", "T end")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.waves.in_program", description=__doc__)
    parser.add_argument("--ludb", type=Path, required=True, help="folder with 1.hea, 1.dat, 1.i … of LUDB 1.0.1")
    parser.add_argument("--qtdb", type=Path, required=True, help="folder with the excerpts of QTDB and .q1c")
    parser.add_argument("--program", type=Path, required=True, help="einthoven's command line, built from this commit")
    parser.add_argument("--list", action="store_true", help="name the records in which P waves are missed or extra")
    return parser.parse_args()


def with_weights(program: bytes, other: bytes) -> bytes:
    """The program with other weights; it holds its own once, as they lie in the repository."""
    own = (PROGRAM / "weights.f16").read_bytes()
    if program.count(own) != 1 or len(other) != len(own):
        raise SystemExit("the program does not hold the weights of this commit once: build it anew")
    return program.replace(own, other)


def copies(program: Path) -> Iterator[tuple[int, Path]]:
    """A program for each fold that has not heard it."""
    content = program.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        for fold in range(FOLDS):
            copy = Path(folder) / f"fold{fold}"
            copy.write_bytes(with_weights(content, (FOLD_WEIGHTS / f"without-fold{fold}.f16").read_bytes()))
            os.chmod(copy, 0o755)
            yield fold, copy


def said(program: Path, folder: Path, leads: list[Lead], name: str | None) -> dict[str, list[Wave]]:
    """The program's waves by record."""
    headers = [folder / f"{lead.record}.hea" for lead in leads]
    found = rules.measure(program, headers, name)
    return {record: rules.all_waves(beats) for record, beats in found.items()}


def show(title: str, leads: list[Lead], waves: dict[str, list[Wave]], split_at_gaps: bool, names: bool) -> None:
    """Prints the figures of a set."""
    scores = [score(lead.marks, waves.get(lead.record, []), split_at_gaps) for lead in leads]
    with_p = [record for lead, record in zip(leads, scores) if lead.marks.of("P")]
    all_records, some = table(scores), table(with_p)["P"]
    percent = ", ".join(f"{kind} {'{:.2f} ({:.2f} to {:.2f})'.format(*all_records[kind]['f1'])}" for kind in ("P", "QRS", "T"))
    spread = ", ".join(f"{'{:.1f} ({:.1f} to {:.1f})'.format(*all_records[border]['sd_ms'])}" for border in BORDERS)
    print(f"{title}, {len(leads)} records\n  F1 {percent} %\n  SD of {', '.join(BORDERS)}: {spread} ms")
    print(f"  P in the {len(with_p)} records with P waves: F1 {'{:.2f} ({:.2f} to {:.2f})'.format(*some['f1'])} %, "
          f"{some['n']} marked, {some['missed']} missed, {some['extra']} extra", flush=True)
    if names:
        for lead, record in zip(leads, scores):
            listed(lead, record["P"])


def listed(lead: Lead, p: Errors) -> None:
    """A line on a record whose P waves are not all as marked."""
    if p.missed or p.extra:
        print(f"    {lead.record}: {p.missed} missed, {p.extra} extra of {len(lead.marks.of('P'))}")


def main() -> None:
    args = arguments()
    ludb, qtdb = records.ludb(args.ludb, ("i", "ii")), records.qtdb(args.qtdb)
    sets = {
        "LUDB lead ii": (args.ludb, [lead for lead in ludb if lead.name == "ii"], "ii", False),
        "LUDB lead i": (args.ludb, [lead for lead in ludb if lead.name == "i"], "i", False),
        "QTDB first lead, marked stretches": (args.qtdb, qtdb, None, True),
    }
    waves: dict[str, dict[str, list[Wave]]] = {title: {} for title in sets}
    for fold, program in copies(args.program):
        for title, (folder, leads, name, _) in sets.items():
            waves[title] |= said(program, folder, [lead for lead in leads if lead.fold == fold], name)
    for title, (_, leads, _, split_at_gaps) in sets.items():
        show(title, leads, waves[title], split_at_gaps, args.list)


if __name__ == "__main__":
    main()
