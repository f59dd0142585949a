"""From LUDB and QTDB to a network that marks P, QRS and T in one lead, its figures beside the rules', and the card:
`python -m training.waves --ludb LUDB/data --qtdb qtdb-q1c --noise nstdb --cinc2017 training2017
--labels REFERENCE-v3.csv --program einthoven --work waves-work`."""

import argparse
from pathlib import Path

import torch

from .. import cinc2017
from . import augmentation, card, disturbed, export, handheld, marks, records, rules
from .combine import COMBINATIONS, Seen
from .decode import decode
from .network import Waves, multiply_adds
from .preparation import at_250_hz, cut, prepare
from .records import FOLDS, OF_DS2, Lead
from .score import Errors, difference, merged, score, table
from .train import PEAK_RATE, Course, in_two_courses, probabilities

HERE = Path(__file__).resolve().parent
COMPARED = ("i", "ii")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.waves", description=__doc__)
    parser.add_argument("--ludb", type=Path, required=True, help="folder with 1.hea, 1.dat, 1.i … of LUDB 1.0.1, twelve leads")
    parser.add_argument("--qtdb", type=Path, required=True, help="folder with the excerpts of QTDB and .q1c")
    parser.add_argument("--noise", type=Path, required=True, help="folder with em.dat, ma.dat, bw.dat")
    parser.add_argument("--cinc2017", type=Path, required=True, help="folder with A00001.mat …")
    parser.add_argument("--labels", type=Path, required=True, help="REFERENCE-v3.csv")
    parser.add_argument("--program", type=Path, required=True, help="einthoven's command line of commit 9d21431: later ones ask the network themselves")
    parser.add_argument("--work", type=Path, required=True, help="folder for weights and the marks out of fold")
    parser.add_argument("--epochs", type=int, default=24, help="of the first course, on LUDB alone")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def trained(args: argparse.Namespace, ludb: list[Lead], qtdb: list[Lead]) -> tuple[list[Waves], Waves]:
    """The networks that have not heard one fold each, and the one that has heard all; none has heard people of DS2."""
    noise = augmentation.read_noise(args.noise)
    course = Course(args.epochs, PEAK_RATE, args.seed)
    allowed = [lead for lead in qtdb if lead.record not in OF_DS2]

    def hear(left_out: int | None, name: str) -> Waves:
        both = ([lead for lead in leads if lead.fold != left_out] for leads in (ludb, allowed))
        return in_two_courses(*both, noise, course, args.work / f"{name}.pt")

    return [hear(fold, f"without-fold{fold}") for fold in range(FOLDS)], hear(None, "all")


def see(net: Waves, lead: Lead) -> Seen:
    """The network's waves of a lead."""
    p, x = probabilities(net, lead.millivolts, lead.rate_hz)
    return Seen(decode(p, x), p)


def out_of_fold(nets: list[Waves], leads: list[Lead], folder: Path) -> list[Seen]:
    """Each lead seen by the network that has not heard its record; the waves are left as annotation files."""
    folder.mkdir(exist_ok=True)
    found = []
    for lead in leads:
        seen = see(nets[lead.fold], lead)
        marks.write(folder / f"{lead.record}.{lead.name}", seen.waves, lead.rate_hz)
        found.append(seen)
    return found


def methods(leads: list[Lead], seen: list[Seen], said: dict[str, list[rules.Beat]]) -> dict[str, list[list[marks.Wave]]]:
    """Waves by method, one list a lead."""
    beats = [said.get(lead.record, []) for lead in leads]
    found = {"rules": [rules.all_waves(b) for b in beats], "network": [s.waves for s in seen]}
    for name, combine in COMBINATIONS.items():
        found[name] = [rules.all_waves(combine(b, s)) for b, s in zip(beats, seen)]
    return found


def without_p(scores: list[dict[str, Errors]], with_p: list[bool]) -> dict:
    """P marks in the records that have none in the reference."""
    extra = [record["P"].extra for record, has in zip(scores, with_p) if not has]
    return {"records": len(extra), "marks": sum(extra), "records_with_marks": sum(e > 0 for e in extra)}


def compared(leads: list[Lead], seen: list[Seen], said: dict[str, list[rules.Beat]], split_at_gaps: bool) -> dict:
    """Figures of all methods, and the differences from the rules."""
    with_p = [bool(lead.marks.of("P")) for lead in leads]
    found, own = {}, None
    for name, waves in methods(leads, seen, said).items():
        scores = [score(lead.marks, w, split_at_gaps) for lead, w in zip(leads, waves)]
        own = own or scores
        among_p = [record for record, has in zip(scores, with_p) if has]
        own_p = [record for record, has in zip(own, with_p) if has]
        found[name] = {
            "all": table(scores),
            "minus_rules": difference(own, scores),
            "p_in_records_with_p": {"records": len(among_p), **table(among_p)["P"], "minus_rules": difference(own_p, among_p)["P"]},
            "p_in_records_without_p": without_p(scores, with_p),
        }
        if name == "network":
            found[name]["by_record"] = card.by_record(leads, own, scores)
        print(name, card.short(found[name]["all"]), flush=True)
    return {"records": len(leads), "methods": found}


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    leads, excerpts = records.ludb(args.ludb), records.qtdb(args.qtdb)
    nets, final = trained(args, leads, excerpts)

    seen = out_of_fold(nets, leads, args.work / "out-of-fold")
    sets = {}
    for name in COMPARED:
        chosen = [k for k, lead in enumerate(leads) if lead.name == name]
        said = rules.measure(args.program, [args.ludb], name)
        sets[f"LUDB lead {name}"] = compared([leads[k] for k in chosen], [seen[k] for k in chosen], said, False)
    in_excerpts = out_of_fold(nets, excerpts, args.work / "out-of-fold")
    said = rules.measure(args.program, [args.qtdb], None)
    for name, split_at_gaps in (("QTDB lead 0", False), ("QTDB lead 0, marked stretches", True)):
        sets[name] = compared(excerpts, in_excerpts, said, split_at_gaps)

    entries = cinc2017.read_labels(args.labels)
    of_label = {label: handheld.leads(args.cinc2017, entries, label) for label in handheld.EVERY}
    heard = {label: [see(final, lead) for lead in several] for label, several in of_label.items()}
    p_in_handheld = handheld.figures(of_label, heard, args.program, args.cinc2017)

    second = [lead for lead in leads if lead.name == "ii"]
    noisy = disturbed.figures(second, lambda lead: see(nets[lead.fold], lead), args.noise, args.program, args.work / "noisy")

    path = HERE / "waves.onnx"
    export.write_onnx(final, path)
    for fold, net in enumerate(nets):
        (export.FOLD_WEIGHTS / f"without-fold{fold}.f16").write_bytes(export.stored(net))
    rows = prepare(cut(at_250_hz(leads[0].millivolts, leads[0].rate_hz))[0])
    parity = export.parity(final, path, rows)
    by_record: dict[str, list] = {}
    for lead, s in zip(leads, seen):
        by_record.setdefault(lead.record, []).append(score(lead.marks, s.waves))
    every_lead = table([merged(parts) for parts in by_record.values()])
    facts = card.facts(args, leads, excerpts, sets, every_lead, p_in_handheld, noisy, path, parity, multiply_adds(final), final)
    (HERE / "card.json").write_text(card.json_text(facts))
    (HERE / "card.md").write_text(card.text(facts))


if __name__ == "__main__":
    main()
