"""`python -m training.quality --program einthoven --mitdb DS1 --nstdb nstdb --ludb LUDB` writes
`src/analysis/quality/weights.rs` and `training/quality/card.json` and `card.md`."""

import argparse
import datetime
import json
from pathlib import Path

import numpy as np
import torch

from . import records
from .network import HIDDEN, Network, train
from .records import FOLDS, Seconds

SEED = 17
# Weight of a second with noise, of one of noise alone, of one of LUDB and of a sound one with ectopic beats, beside a
# usual one.
NOISY_WEIGHT = 0.5
ALONE_WEIGHT = 1.0
LUDB_WEIGHT = 2.0
ECTOPIC_WEIGHT = 3.0
# This share of DS1's seconds without added noise may be lost; out of fold, the limit follows from it.
LOST = 0.0075
# The same where a second lead bears witness: it takes most of the wrong ones, so that fewer of the others need go.
SECOND_LOST = 0.005
DRAWS = 1000
LUDB_LEADS = ("i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6")
ROOT = Path(__file__).resolve().parents[3]


def main() -> None:
    """Reads, trains fold by fold and on all, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("program", "mitdb", "nstdb", "ludb"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    heard = records.noisy(args.program, args.mitdb, args.nstdb, records.OFFSET_S)
    asked = records.noisy(args.program, args.mitdb, args.nstdb, 0)
    clean = records.read(args.program, args.mitdb)
    sound = {lead: records.read(args.program, args.ludb, "--lead", lead) for lead in LUDB_LEADS}
    for seconds in sound.values():
        # Every second of LUDB was found fit to be marked by its readers; its beats are not annotated to the edges.
        seconds.extra[:] = 0
        seconds.missed[:] = 0
    alone, alone_asked = records.alone(args.program, args.nstdb)
    training = [(seconds, NOISY_WEIGHT) for seconds in heard.values()] + [(alone, ALONE_WEIGHT)]
    training += [(clean, 1.0)] + [(seconds, LUDB_WEIGHT) for seconds in sound.values()]
    folds = [fitted(training, fold) for fold in range(FOLDS)]
    limit = float(np.quantile(odds(folds, clean), 1 - LOST))
    ectopic = clean.where(clean.ectopic > 0)
    tested = {"none": clean, "none, seconds with beats of S or V": ectopic, **asked}
    tested |= {f"{kind} alone": alone_asked.where(alone_asked.record == kind) for kind in records.ALONE}
    tested |= {f"LUDB {lead.upper()}": seconds for lead, seconds in sound.items()}
    lines = [line(name, seconds, odds(folds, seconds) <= limit) for name, seconds in tested.items()]
    added = unseen_adds(folds, [*heard.values(), clean])
    second_limit = float(np.quantile(with_second_lead(folds, clean, added), 1 - SECOND_LOST))
    two = {"none": clean, "none, seconds with beats of S or V": ectopic, **asked}
    second_lines = [line(name, seconds, with_second_lead(folds, seconds, added) <= second_limit) for name, seconds in two.items()]
    final = fitted(training, None)
    write(final, (limit, added, second_limit), clean)
    card(lines, second_lines, (limit, added, second_limit), clean.names)
    print(rows(lines + second_lines))


def fitted(training: list[tuple[Seconds, float]], left_out: int | None) -> Network:
    """A network that heard no record of a fold."""
    # The noise alone is of no record: all hear the same stretches of it.
    rows = [(seconds.fold != left_out) | np.isin(seconds.record, records.ALONE) for seconds, _ in training]
    features = np.concatenate([s.features[keep] for (s, _), keep in zip(training, rows, strict=True)])
    wrong = np.concatenate([s.wrong[keep] for (s, _), keep in zip(training, rows, strict=True)])
    weights = np.concatenate([weighed(s, w)[keep] for (s, w), keep in zip(training, rows, strict=True)])
    return train(features, wrong.astype(float), weights, SEED)


def weighed(seconds: Seconds, weight: float) -> np.ndarray:
    """Weights of seconds: a sound one with ectopic beats is rare, and must not be taken for a disturbed one."""
    return np.where((seconds.ectopic > 0) & ~seconds.wrong, ECTOPIC_WEIGHT, 1.0) * weight


def odds(folds: list[Network], seconds: Seconds) -> np.ndarray:
    """Log odds out of fold."""
    fold = seconds.fold
    said = np.zeros(len(fold))
    for index, network in enumerate(folds):
        said[fold == index] = network.odds(seconds.features[fold == index])
    return said


def unseen_adds(folds: list[Network], some: list[Seconds]) -> float:
    """What a beat that the second lead does not see adds to the log odds: a logistic regression of wrong seconds on the log
    odds out of fold and on that, by Newton's method, in units of the former. Seconds without a second lead say nothing."""
    rows = [(odds(folds, seconds), seconds) for seconds in some]
    x = np.concatenate([np.stack([np.ones(len(o)), o, s.unseen], axis=1)[s.unseen >= 0] for o, s in rows])
    y = np.concatenate([s.wrong[s.unseen >= 0] for _, s in rows]).astype(float)
    weights = np.concatenate([np.where(s.noisy, NOISY_WEIGHT, 1.0)[s.unseen >= 0] for _, s in rows])
    found = np.zeros(3)
    for _ in range(20):
        p = 1 / (1 + np.exp(-x @ found))
        curvature = (x * (weights * p * (1 - p))[:, None]).T @ x
        found += np.linalg.solve(curvature, x.T @ (weights * (y - p)))
    return float(found[2] / found[1])


def with_second_lead(folds: list[Network], seconds: Seconds, added: float) -> np.ndarray:
    """Log odds out of fold with what the second lead says of them; where there is none, as they are."""
    return odds(folds, seconds) + added * (seconds.unseen == 1)


def line(name: str, seconds: Seconds, kept: np.ndarray) -> dict:
    """One line of the card: seconds, share kept, positive predictivity before and on what is kept, in percent; no predictivity
    where nobody marked beats."""
    draw = np.random.default_rng(SEED)
    groups = [np.flatnonzero(seconds.record == record) for record in sorted(set(seconds.record))]
    before, after, share = figures(seconds, kept, np.arange(len(kept)))
    draws = [figures(seconds, kept, np.concatenate([groups[i] for i in draw.integers(len(groups), size=len(groups))])) for _ in range(DRAWS)]
    of_kept, of_share = (np.quantile([d[k] for d in draws], [0.025, 0.975]) for k in (1, 2))
    found = {"noise": name, "records": len(groups), "seconds": len(kept), "kept": valued(share, of_share)}
    if seconds.wrong.any():
        found |= {"predictivity_before": round(before, 1), "predictivity_of_kept": valued(after, of_kept)}
    return found


def valued(value: float, interval: np.ndarray) -> dict:
    """A figure in percent with its interval."""
    return {"value": round(float(value), 1), "ci95": [round(float(bound), 1) for bound in interval]}


def in_words(figure: dict) -> str:
    """The same in the card."""
    low, high = figure["ci95"]
    return f"{figure['value']:.1f} ({low:.1f} to {high:.1f})"


def rows(lines: list[dict]) -> str:
    """Lines as a table of the card."""
    text = "| noise | records | seconds | kept | +P before | +P of what is kept |\n| --- | --- | --- | --- | --- | --- |\n"
    for found in lines:
        marked = "predictivity_of_kept" in found
        predictivity = f"{found['predictivity_before']:.1f} | {in_words(found['predictivity_of_kept'])}" if marked else "- | -"
        text += f"| {found['noise']} | {found['records']} | {found['seconds']} | {in_words(found['kept'])} | {predictivity} |\n"
    return text


def figures(seconds: Seconds, kept: np.ndarray, rows: np.ndarray) -> tuple[float, float, float]:
    """+P of all and of what is kept, and the share kept, in percent."""
    stays = rows[kept[rows]]
    predictivity = [100 * (1 - seconds.extra[r].sum() / max(1, seconds.beats[r].sum())) for r in (rows, stays)]
    return predictivity[0], predictivity[1], 100 * len(stays) / len(rows)


def write(network: Network, limits: tuple[float, float, float], clean: Seconds) -> None:
    """The weights as source, with a few seconds on which every build must say the same."""
    limit, added, second_limit = limits
    row = lambda values: "[" + ", ".join(f"{float(v):.5f}" for v in values) + "]"  # noqa: E731
    chosen = clean.features[:: len(clean.features) // 4][:4]
    text = "//! Weights of the doubt. Written by `python -m training.quality`; do not edit.\n\nuse super::doubt::Network;\n\n"
    text += "/// The network.\n#[rustfmt::skip]\n#[allow(clippy::approx_constant)]\npub static NETWORK: Network = Network {\n    input: [\n"
    text += "".join(f"        {row(unit)},\n" for unit in network.input)
    text += f"    ],\n    input_bias: {row(network.input_bias)},\n    output: {row(network.output)},\n"
    text += f"    output_bias: {network.output_bias:.5f},\n}};\n\n"
    text += f"/// Log odds of a wrong beat beyond which nothing is said of a second.\npub const DOUBT_MOST: f64 = {limit:.3f};\n\n"
    text += f"/// What a beat that the second lead does not see adds to the log odds.\npub const UNSEEN: f64 = {added:.3f};\n\n"
    text += f"/// The limit where a second lead can be judged.\npub const SECOND_LEAD_MOST: f64 = {second_limit:.3f};\n\n"
    text += f"#[cfg(test)]\n#[rustfmt::skip]\n#[allow(clippy::approx_constant)]\npub static REFERENCE: [([f64; super::INPUTS], f64); {len(chosen)}] = [\n"
    text += "".join(f"    ({row(x)}, {float(o):.5f}),\n" for x, o in zip(chosen, network.odds(chosen), strict=True))
    (ROOT / "src/analysis/quality/weights.rs").write_text(text + "];\n")


def card(lines: list[dict], second_lines: list[dict], limits: tuple[float, float, float], names: list[str]) -> None:
    """card.json, and card.md from it."""
    limit, added, second_limit = (round(value, 3) for value in limits)
    content = {
        "what": "einthoven doubt of a second's beats: of which seconds nothing is said",
        "date": str(datetime.date.today()),
        "seed": SEED,
        "inputs": names[: len(names) // 3],
        "inputs_of": ["the second", "the five seconds before (means)", "the next second"],
        "hidden": HIDDEN,
        "weight_of_sound_seconds_with_s_or_v": ECTOPIC_WEIGHT,
        "folds": FOLDS,
        "limit": {"log_odds": limit, "clean_seconds_lost": LOST},
        "with_second_lead": {"added_where_unseen": added, "log_odds": second_limit, "clean_seconds_lost": SECOND_LOST},
        "figures_in_percent": {"first_lead_alone": lines, "with_second_lead": second_lines},
    }
    folder = Path(__file__).parent
    (folder / "card.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    (folder / "card.md").write_text(markdown(content))


def markdown(content: dict) -> str:
    """card.md."""
    names, limit = content["inputs"], content["limit"]["log_odds"]
    added, second_limit = (content["with_second_lead"][key] for key in ("added_where_unseen", "log_odds"))
    lines, second_lines = content["figures_in_percent"].values()
    second = f"""
## With a second lead

Where the recording has another lead that can be judged in that second, {added:.2f} is added if it does not see one of the second's
beats (within 80 ms, after the usual distance of the two leads' fiducials), and the limit is {second_limit:.3f}, where
{100 * SECOND_LOST:g} % are lost (`src/analysis/quality/second_lead.rs`). Of the same folds, the first signal with the second as witness; the noise of the two
is that of the two leads of the noise record.

"""
    text = f"""# Doubt of a second's beats

{content["date"]} · one network of {len(names) * len(content["inputs_of"])} inputs, {HIDDEN} hidden units and the log odds of a wrong beat · seed {SEED}

Research and education; not a medical device. It decides, beside fixed limits, of which seconds nothing is said.
Inputs: {", ".join(names)} of the second, their means over the five seconds before, and those of the
next second (`src/analysis/quality/doubt.rs`).

Trained on MIT-BIH DS1 (22 records, first signal) as it is and with noise of its Noise Stress Test Database added as `nst` does, from
the stretches that `nst` leaves out, on such stretches without a heart, and on LUDB's twelve leads (200 records), whose seconds all
count as sound. Sound seconds with beats of S or V weigh {ECTOPIC_WEIGHT:g} times as much as others. A second is wrong
with a beat too many or too few by bxb's pairing. DS2 was not looked at. ODC-By 1.0: Moody, Mark 2001; Moody, Muldrow, Mark 1984;
Kalyakulina et al. 2020; Goldberger et al., Circulation 101:e215, 2000.

## On records that the network has not heard

{FOLDS} folds by record; the noise is that of `nst`, which no network heard. The limit ({limit:.3f}) is where {100 * LOST:g} % of DS1's
seconds without added noise are lost. Percent, 95 % intervals over draws of records; only seconds that no fixed limit takes first
(flat, saturated, no beats).

"""
    return text + rows(lines) + second + rows(second_lines)


if __name__ == "__main__":
    main()
