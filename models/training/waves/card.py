"""The card: what the network was trained on, and how well it marks records that it has not heard, beside the rules."""

import argparse
import datetime
import hashlib
import json
import re
from pathlib import Path

import numpy as np

from . import network
from .combine import WORDS
from .records import FOLDS, OF_DS2, Lead, digest
from .score import FIDUCIALS, Errors
from .train import BATCH, EMA_DECAY, PEAK_RATE, SECOND_EPOCHS, SECOND_RATE, WEIGHT_DECAY, WINDOWS_OF_QTDB

SPREADS = ("P onset", "P end", "QRS onset", "QRS end", "T end")
FOUND = ("P", "QRS", "T")
HARDEST = 8


def short(lines: dict) -> str:
    """For the terminal."""
    found = " ".join(f"{k} {lines[k]['f1'][0]:.2f}" for k in FOUND)
    return found + " | " + " ".join(f"{k} {lines[k]['sd_ms'][0]:.1f}" for k in SPREADS)


def p_errors(record: dict[str, Errors]) -> int:
    return record["P"].missed + record["P"].extra


def distances(scores: list[dict[str, Errors]], fiducial: str) -> list[float | None]:
    """By record the mean absolute error in milliseconds, after the one median offset of the method."""
    offset = np.median(np.concatenate([record[fiducial].errors_ms for record in scores]))
    return [
        round(float(np.abs(record[fiducial].errors_ms - offset).mean()), 1) if len(record[fiducial].errors_ms) else None
        for record in scores
    ]


def by_record(leads: list[Lead], first: list[dict[str, Errors]], second: list[dict[str, Errors]]) -> dict:
    """Record by record, the rules and the network."""
    pairs = {fiducial: list(zip(distances(first, fiducial), distances(second, fiducial))) for fiducial in SPREADS}
    wrong = [(p_errors(a), p_errors(b)) for a, b in zip(first, second)]
    counts = {
        fiducial: {
            "nearer by over 4 ms": sum(None not in pair and pair[1] < pair[0] - 4 for pair in every),
            "farther by over 4 ms": sum(None not in pair and pair[1] > pair[0] + 4 for pair in every),
            "records": sum(None not in pair for pair in every),
        }
        for fiducial, every in pairs.items()
    }
    return {
        "p_errors": {
            "fewer": sum(b < a for a, b in wrong),
            "more": sum(b > a for a, b in wrong),
            "records": len(wrong),
        },
        "mean_absolute_error": counts,
        "table": {
            lead.record: {"p_errors": wrong[k], **{f"{name} ms": every[k] for name, every in pairs.items()}}
            for k, lead in enumerate(leads)
            if lead.record not in OF_DS2
        },
    }


def folds(leads: list[Lead]) -> dict[str, list[str]]:
    """The records of each fold."""
    return {str(k): list(dict.fromkeys(lead.record for lead in leads if lead.fold == k)) for k in range(FOLDS)}


def facts(
    args: argparse.Namespace,
    leads: list[Lead],
    excerpts: list[Lead],
    sets: dict,
    every_lead: dict,
    p_in_handheld: dict,
    noisy: dict,
    path: Path,
    parity: float,
    multiply_adds: int,
    net: network.Waves,
) -> dict:
    content = path.read_bytes()
    return {
        "what": "einthoven waves: P, QRS and T of one lead; the program asks it beside its rules",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seed": args.seed,
        "epochs": args.epochs,
        "parameters": sum(p.numel() for p in net.parameters()),
        "multiply_adds_10_s": multiply_adds,
        "onnx": {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "max_logit_difference": parity},
        "ludb": {
            "records": len({lead.record for lead in leads}),
            "leads": len(leads),
            "waves": {kind: sum(len(lead.marks.of(kind)) for lead in leads) for kind in FOUND},
            "sha256": digest(leads),
            "folds": folds(leads),
        },
        "qtdb": {
            "records": [lead.record for lead in excerpts],
            "sha256": digest(excerpts),
            "folds": folds([lead for lead in excerpts if lead.record not in OF_DS2]),
            "marked_s": round(sum(b - a for lead in excerpts for a, b in lead.marks.stretches_s)),
        },
        "out_of_fold_all_leads": every_lead,
        "p_in_handheld": p_in_handheld,
        "ludb_lead_ii_with_noise": noisy,
        "sets": sets,
    }


def json_text(facts: dict) -> str:
    """card.json; lists of numbers and names stand on one line each."""
    text = json.dumps(facts, indent=1)
    return re.sub(r"\[[^][{}]*\]", lambda found: re.sub(r"\s*\n\s*", " ", found[0]), text) + "\n"


def cell(values: list[float], digits: int = 1) -> str:
    return f"{values[0]:.{digits}f} ({values[1]:.{digits}f} to {values[2]:.{digits}f})"


def change(values: list[float], digits: int = 1) -> str:
    return f"{values[0]:+.{digits}f} ({values[1]:+.{digits}f} to {values[2]:+.{digits}f})"


def table(head: list[str], rows: list[list]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines) + "\n"


def clearly(values: list[float], greater_is_better: bool) -> str:
    """Whether an interval of a difference leaves zero out."""
    sign = 1 if greater_is_better else -1
    low, high = sorted((sign * values[1], sign * values[2]))
    return " **better**" if low > 0 else " **worse**" if high < 0 else ""


def fiducial_rows(own: dict, net: dict) -> list[list]:
    """Rules and network by fiducial."""
    rows = []
    for fiducial in FIDUCIALS:
        a, b, d = own["all"][fiducial], net["all"][fiducial], net["minus_rules"][fiducial]
        marks = [f"{one['missed']} / {one['extra']}" for one in (a, b)]
        f1 = [cell(a["f1"]), cell(b["f1"]), change(d["f1"]) + clearly(d["f1"], True)]
        sd = [cell(a["sd_ms"]), cell(b["sd_ms"]), change(d["sd_ms"]) + clearly(d["sd_ms"], False)]
        rows.append([fiducial, a["n"], *marks, *f1, a["offset_ms"], b["offset_ms"], *sd])
    return rows


def method_row(name: str, method: dict) -> list:
    """One combination."""
    lines, changes = method["all"], method["minus_rules"]
    none = method["p_in_records_without_p"]
    found = [cell(lines["P"]["f1"], 2), cell(method["p_in_records_with_p"]["f1"], 2)]
    false = f"{none['marks']} in {none['records_with_marks']} of {none['records']}"
    spreads = []
    for fiducial in SPREADS:
        d = changes[fiducial]["sd_ms"]
        spreads.append(f"{lines[fiducial]['sd_ms'][0]:.1f} [{change(d)}]{clearly(d, False)}" if any(d) else "as the rules")
    return [name, *found, false, cell(lines["T"]["f1"], 2), *spreads]


def set_text(name: str, found: dict) -> str:
    """One database and lead: rules and network by fiducial, then the combinations."""
    own, net = found["methods"]["rules"], found["methods"]["network"]
    with_p, each = own["p_in_records_with_p"]["records"], net["by_record"]
    head = ["fiducial", "n", "rules missed / extra", "network missed / extra", "rules F1 %", "network F1 %", "change"]
    head += ["rules offset ms", "network offset ms", "rules SD ms", "network SD ms", "change"]
    page = f"### {name}, {found['records']} records\n\n" + table(head, fiducial_rows(own, net))
    head = ["method", "P F1 %", f"P F1 % in the {with_p} records with P", "P marks in the records without"]
    head += ["T F1 %", *(f"{k} SD ms [change]" for k in SPREADS)]
    page += table(head, [method_row(*item) for item in found["methods"].items()])
    distances = ", ".join(
        f"{k} {c['nearer by over 4 ms']} / {c['farther by over 4 ms']} of {c['records']}"
        for k, c in each["mean_absolute_error"].items()
    )
    return page + (
        f"Record by record the network has fewer errors of P (missed and extra) than the rules in {each['p_errors']['fewer']} "
        f"records, more in {each['p_errors']['more']}. Its mean distance from the annotator, after one offset a method, is "
        f"shorter / longer by over 4 ms: {distances}.\n\n"
    )


def noisy_text(noisy: dict) -> str:
    """Rules, network and combinations on disturbed records."""
    page = "LUDB lead II with noise of the MIT-BIH Noise Stress Test Database that no training heard (signal power as the height between the\n"
    page += "1st and 99th percentile squared over 8), out of fold; F1 in percent, SD in ms with the change from the rules:\n\n"
    rows = []
    for name, of_method in noisy.items():
        for method, m in of_method.items():
            f1 = [cell(m["all"][k]["f1"]) for k in FOUND]
            sd = [f"{m['all'][k]['sd_ms'][0]:.1f} [{change(m['minus_rules'][k]['sd_ms'])}]" for k in SPREADS]
            rows.append([name, method, *f1, *sd])
    return page + table(["noise", "method", *(f"{k} F1" for k in FOUND), *(f"{k} SD [change]" for k in SPREADS)], rows)


def hardest(found: dict) -> str:
    """The records in which the network errs most about P, and where its T end lies farthest off."""
    every = found["methods"]["network"]["by_record"]["table"]
    p = sorted(every, key=lambda r: -every[r]["p_errors"][1])[:HARDEST]
    t = sorted(every, key=lambda r: -(every[r]["T end ms"][1] or 0))[:HARDEST]
    page = "P missed or extra, network (rules): " + ", ".join(f"{r} {every[r]['p_errors'][1]} ({every[r]['p_errors'][0]})" for r in p)
    page += ". T end, mean distance in ms, network (rules): "
    return page + ", ".join(f"{r} {every[r]['T end ms'][1]} ({every[r]['T end ms'][0]})" for r in t) + ".\n"


def text(facts: dict) -> str:
    f, ludb, qtdb = facts, facts["ludb"], facts["qtdb"]
    waves = ", ".join(f"{n} {kind}" for kind, n in ludb["waves"].items())
    folds = ", ".join(f"{k}: {len(names)} and {len(qtdb['folds'][k])}" for k, names in ludb["folds"].items())
    verdict = (Path(__file__).resolve().parent / "verdict.md").read_text()
    page = f"""# Waves: P, QRS and T of one lead

{f["date"]} · {f["parameters"]} parameters · {f["multiply_adds_10_s"] / 1e6:.2f} million multiply-adds for 10 s ·
{f["epochs"]} epochs on LUDB, then {SECOND_EPOCHS} on LUDB and QTDB · seed {f["seed"]} · `waves.onnx` {f["onnx"]["bytes"]} bytes, SHA-256 `{f["onnx"]["sha256"]}`

Research and education; not a medical device. The program asks it beside its rules, as "In the program" below says.

{verdict}
## Network and training

A U-Net of separable convolutions on one lead at 250 Hz, 10 s at a time (any rate is resampled), after a zero-phase
high-pass of 0.5 Hz; classes none, P, QRS, T a sample. Cross entropy where the annotator says something: not outside the
first and last mark, nor about waves whose onset or end is missing. QTDB's reader passed beats over: there only stretches count
that have no gap of more than 1 s between marks and no automatic beat (`.pu0`) without a mark, and nothing near T waves, whose
borders he set with two leads in view. Two courses, each AdamW one-cycle with weight decay {WEIGHT_DECAY}, batch {BATCH}, weight average
{EMA_DECAY}: {PEAK_RATE} on LUDB, then {SECOND_RATE} on LUDB and {WINDOWS_OF_QTDB} windows of each excerpt of QTDB an epoch. The last average
counts: no epoch and no threshold was chosen by a figure.
Windows are turned, stretched in time up to a quarter, softened, with wander, mains and noise of the MIT-BIH Noise Stress
Test Database, lost contact, and in 15 % with their P waves erased. Waves are runs of the likeliest class (P and QRS at
least 40 ms, T at least 80 ms).

## Data

- LUDB 1.0.1: {ludb["records"]} records of as many persons, {ludb["leads"]} leads, each with its own marks ({waves}).
  ODC-By 1.0, Kalyakulina et al., IEEE Access 8:186181, 2020. SHA-256 of signals and marks `{ludb["sha256"]}`.
- QTDB, first reader (`.q1c`), {len(qtdb["records"])} excerpts, first lead, {qtdb["marked_s"]} s of them marked. ODC-By 1.0, Laguna et al., Computers in
  Cardiology 1997. SHA-256 `{qtdb["sha256"]}`. {len(OF_DS2)} excerpts are of persons of MIT-BIH's DS2: no network has heard them, they
  count in the sums as in those of the rules, and are not listed by themselves.
- PhysioNet/CinC Challenge 2017: only tested, see below. ODC-By 1.0, Clifford et al., Computing in Cardiology 2017.
- Noise: MIT-BIH Noise Stress Test Database, the stretches its standard mixes leave out. ODC-By 1.0.
- All from PhysioNet, Goldberger et al., Circulation 101:e215, 2000.

Split by record, which is by person: fold = first 8 hexadecimal digits of SHA-256 of the record's name, modulo 5
(records of LUDB and of QTDB that train, in folds {folds}); excerpts of QTDB whose headers do not tell their persons apart
are in one fold. All figures are out of fold: each record is marked by a network that heard none of its leads. The rules were
made with these databases in view, and their figures are not held apart; the network's are.

## Figures

Pairs within 150 ms, nearest first, one to one; extra marks count between a record's first and last mark. SD: of all
pairs' differences about their mean, so that one offset a fiducial is free. Intervals: 95 %, over 2000 draws of records;
changes from the rules over the same draws. **better** and **worse**: the interval leaves 0 out, without correction for
the number of figures.

"""
    for name, found in f["sets"].items():
        page += set_text(name, found)
        if name == "QTDB lead 0":
            page += (
                "QTDB's reader marked some beats only, and no T onset in half of the records: F1 over whole records means "
                "little. Below, extra marks count only in stretches without a gap of more than 1 s between marks.\n\n"
            )
    page += (
        "The network and its decoding were fixed before any figure, and so were the single steps of the combinations (vetoed, added, "
        "mean, network, retaken). Those \"when sure\", \"averaged\" and the longer ones came after a look at fold 0 and QTDB, those "
        "\"where regular\" after all figures, and \"hardly any\", \"nearly all\" and \"judged\" after those of the network that had heard LUDB alone "
        "and of one that had heard QTDB's T waves too: they need records that nobody has looked at. All begin with the rules' waves:\n\n"
    )
    page += "".join(f"- {name}: {words}\n" for name, words in WORDS.items())
    page += "\nAll twelve leads of LUDB, out of fold, the network alone:\n\n"
    rows = [
        [k, v["n"], f"{v['missed']} / {v['extra']}", cell(v["f1"], 2), v["offset_ms"], cell(v["sd_ms"])]
        for k, v in f["out_of_fold_all_leads"].items()
    ]
    page += table(["fiducial", "n", "missed / extra", "F1 %", "offset ms", "SD ms"], rows)
    page += "P waves in handheld recordings (PhysioNet/CinC Challenge 2017, fold 1, labels version 3) labelled fibrillation, where none is, "
    page += "and normal (each fifth), where nearly every beat has one; share of beats with a P wave in percent:\n\n"
    rows = [
        [label, method, s["recordings"], s["beats"], cell(s["with_p"])]
        for label, of_method in f["p_in_handheld"].items()
        for method, s in of_method.items()
    ]
    page += table(["label", "method", "recordings", "beats", "with P %"], rows)
    page += noisy_text(f["ludb_lead_ii_with_noise"])
    page += "## Where it fails\n\n"
    for name in ("LUDB lead i", "LUDB lead ii", "QTDB lead 0, marked stretches"):
        page += f"- {name}: {hardest(f['sets'][name])}"
    return page + """- Adults, at rest in LUDB: one hospital's readers; in QTDB another reader's marks with two leads in view.
- Few records with fibrillation (15), flutter (3) and pacemakers (12): what it says of P waves there rests on them.
- Not tested: other devices, exercise, children.
"""
