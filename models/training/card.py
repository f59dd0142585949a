"""card.json from the manifest and the figures; card.md from card.json alone."""

import json
from pathlib import Path

import numpy as np

from . import cinc2017
from .families import FAMILIES, Family
from .train import BATCH, EMA_DECAY, MIXUP_ALPHA, PEAK_RATE, SMOOTHING, WEIGHT_DECAY

INTENDED = (
    "Research and education. A second look at single-lead recordings of about 9 to 60 s from adults, read by "
    "someone trained to read an ECG. Not a medical device; not cleared or approved."
)
EXCLUDED = [
    "under 18 years (ages in the training data are not known)",
    "paced rhythm",
    "heart rate under 40 or over 180 per minute",
    "monitoring where a missed or late answer does harm",
    "any use as the only ground for a decision; myocardial infarction and other findings it has no class for",
]
HERE = Path(__file__).resolve().parent
COMPARISONS = {"leak": tuple(FAMILIES), "ablation": ("canet",)}
"""What `leak.py` and `ablation.py` leave beside this file, and the cards that show it."""
CLASSES = {
    "normal": "sinus rhythm without other findings",
    "af": "atrial fibrillation",
    "other": "another rhythm or conduction finding",
    "noisy": "too noisy to say",
}


def known_failures(figures: dict, marks: bool) -> list[str]:
    """What it cannot do, with the shares of the held-apart recordings where there are any."""
    counts = np.array(figures["held_apart"]["recordings"]["all"]["confusion_true_by_called"])
    normal, other, noisy = (cinc2017.LABELS.index(label) for label in ("normal", "other", "noisy"))
    share = counts / counts.sum(axis=1, keepdims=True)
    lines = {line["disturbance"]: line["score_f1_normal_af_other"]["value"] for line in figures["robustness"]}
    lost = 100 * (lines["as recorded"] - lines["electrode motion, 6 dB"])
    return [
        "Other is a mixed class (ectopic beats, blocks, tachycardia, flutter): "
        f"{100 * share[other, normal]:.0f} % of the held-apart ones are called normal. A normal answer does not exclude a finding.",
        "Regular atrial flutter has no class of its own.",
        "Readers disagree about many recordings of this set, about other and noisy above all; part of the error is in the labels.",
        f"Noisy rests on few recordings, {100 * (1 - share[noisy, noisy]):.0f} % of them are missed, and by single window the class "
        f"is next to useless. Strong electrode motion (6 dB) costs {lost:.0f} points of the score. Grade signal quality apart from "
        "this model.",
        "A single 10 s window is judged much less well than a whole recording: see the figures by window.",
        "Slow and fast hearts are judged less well than others, and few of the recordings are such: see the subgroups.",
        "Continuing a recording under 10 s by its mirror image breaks a regular rhythm where it turns. Hence the least duration.",
        "One device, one lead position: other devices and leads are covered by augmentation; of external sets only atrial "
        "fibrillation was tested, on few people who have it.",
        *([] if marks else ["The class maps do not show reliably where a finding is."]),
        "The set names no persons: the same person may stand in training and held-apart recordings, so the figures may flatter.",
    ]


def class_map_verdict(family: Family, marks: bool) -> str:
    """What the deletion test says of the maps."""
    if marks:
        return (
            f"{family.mixes}; the deletion test bears them out: removing the heights lowers the logit more than removing "
            "as much elsewhere. Shown as segments that most influenced the score, never as the place of a finding."
        )
    return (
        f"{family.mixes}, and the deletion test does not bear them out as places: removing the heights does not reliably "
        "lower the logit more than removing as much elsewhere. Do not show them as the ground of an answer."
    )


def build(family: Family, manifest: dict, figures: dict, training: dict) -> dict:
    """The card: what the model is, where it comes from, what it can and cannot do."""
    verdict = class_map_verdict(family, manifest["outputs"]["cam_marks_influence"])
    content = {
        "schema": "einthoven-card/1",
        "id": manifest["id"],
        "name": family.name,
        "version": manifest["version"],
        "date": manifest["date"],
        "sha256": manifest["sha256"],
        "bytes": manifest["bytes"],
        "parameters": training["parameters"],
        "licence": manifest["licence"],
        "attribution": manifest["attribution"],
        "intended": INTENDED,
        "excluded": EXCLUDED,
        "input": {
            "leads": ", ".join(manifest["input"]["preferred_leads"]),
            "duration": f"{manifest['abstain']['min_duration_s']:g} to 61 s",
            "rate": "any; resampled to 100 Hz",
            "unit": "millivolts; size matters little, each window is scaled by itself",
            "filter": "0.5 Hz high-pass, zero phase, within each 10 s window",
        },
        "outputs": {
            "classes": CLASSES,
            "abstains": {
                "unsure": f"greatest calibrated probability under {manifest['abstain']['min_probability']} "
                f"(single window: {manifest['abstain']['min_probability_window']})",
                "too_short": f"under {manifest['abstain']['min_duration_s']:g} s",
            },
            "class_map": "one value a class every 0.16 s; the logit is their mean. " + verdict,
        },
        "data": {
            "name": "PhysioNet/CinC Challenge 2017, training set, labels version 3",
            "licence": "ODC-By 1.0",
            "device": "AliveCor handheld, lead I (left to right arm, some upside down), 300 Hz",
            "recordings": training["recordings"],
            "persons": "not known",
            "countries_age_sex_ethnicity": "not published with the set",
            "noise": "MIT-BIH Noise Stress Test Database: em, ma, bw, outside the stretches of its standard mixes",
        },
        "split": "fold = first 8 hexadecimal digits of SHA-256 of the recording's name, modulo 5; folds 2 to 4 train, "
        "fold 1 chooses the epoch and fits calibration and limits, fold 0 is held apart and was evaluated once. "
        "By recording; the set does not name persons",
        "training": training,
        "intervals": "95 %, bootstrap over recordings, 2000 draws; they do not cover the choice of the data set",
        "held_apart": figures["held_apart"],
        "calibration_fold": figures["calibration_fold"],
        "robustness": figures["robustness"],
        "external": external(family.id),
        "attribution_sanity": figures["attribution_sanity"],
        "class_map_verdict": verdict,
        "export_parity_max_difference": figures["parity"],
        "known_failures": known_failures(figures, manifest["outputs"]["cam_marks_influence"]),
        "changes": list(family.changes),
        "contact": "the project's issue tracker",
    }
    return with_comparisons(content)


def external(model: str) -> dict:
    """What `tools/af-external.mjs` found for a model on sets that it never saw."""
    return json.loads((HERE / "external.json").read_text())[model]


def with_comparisons(content: dict) -> dict:
    """The card with the comparisons that belong to it, after the external sets."""
    found = {}
    for key, value in content.items():
        if key not in COMPARISONS:
            found[key] = value
        if key == "external":
            for name, ids in COMPARISONS.items():
                path = HERE / f"{name}.json"
                if content["id"] in ids and path.exists():
                    found[name] = json.loads(path.read_text())
    return found


def refresh_all() -> None:
    """Write the external sets and the comparisons into the cards of all families."""
    for family in FAMILIES.values():
        folder = HERE.parent / family.id
        content = json.loads((folder / "card.json").read_text())
        manifest = json.loads((folder / "manifest.json").read_text())
        content["external"] = external(family.id)
        content["known_failures"] = known_failures(content, manifest["outputs"]["cam_marks_influence"])
        content.setdefault("class_map_verdict", class_map_verdict(family, manifest["outputs"]["cam_marks_influence"]))
        content = with_comparisons(content)
        (folder / "card.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
        (folder / "card.md").write_text(markdown(content))


def training_facts(counts: dict, history: list[dict], best: dict, parameters: int, seed: int) -> dict:
    """What the training was: recipe, length and outcome. `counts`: recordings by part of the split and class."""
    return {
        "recordings": counts,
        "parameters": parameters,
        "epochs": len(history),
        "chosen_epoch": best["epoch"],
        "seed": seed,
        "recipe": f"AdamW {PEAK_RATE} one-cycle, weight decay {WEIGHT_DECAY}, batch {BATCH} recordings of three 10 s "
        f"windows, label smoothing {SMOOTHING}, class weights n^-0.5, mixup {MIXUP_ALPHA}, weight average {EMA_DECAY}",
    }


def ratio(entry: dict) -> str:
    """A figure with its interval, in per cent."""
    low, high = entry["ci95"]
    return f"{100 * entry['value']:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def table(head: list[str], rows: list[list]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines] + [""]


def class_table(block: dict) -> list[str]:
    head = ["class", "n", "called", "sensitivity %", "specificity %", "PPV %", "F1 %"]
    names = ("sensitivity", "specificity", "ppv", "f1")
    rows = [[c, e["n"], e["called"], *(ratio(e[name]) for name in names)] for c, e in block["classes"].items()]
    return table(head, rows)


def confusion_table(counts: list[list[int]]) -> list[str]:
    head = ["true \\ called", *cinc2017.LABELS]
    return table(head, [[label, *row] for label, row in zip(cinc2017.LABELS, counts)])


def level_text(title: str, level: dict) -> list[str]:
    """The figures of one level, recordings or single windows."""
    block, calibration, abstention = level["all"], level["calibration"], level["abstention"]
    answered = abstention["answered"]
    areas = ", ".join(f"{label} {value:.3f}" for label, value in level["auroc"].items())
    return [
        f"### {title}",
        "",
        f"{block['n']} cases from {block['recordings']} recordings, all answered. Mean F1 of normal, af and other: "
        f"**{ratio(block['score_f1_normal_af_other'])} %**. Accuracy {ratio(block['accuracy'])} %. AUROC: {areas}.",
        "",
        *class_table(block),
        *confusion_table(block["confusion_true_by_called"]),
        f"Calibration: ECE {calibration['ece']:.3f} (before {calibration['ece_uncalibrated']:.3f}), Brier "
        f"{calibration['brier']:.3f} (before {calibration['brier_uncalibrated']:.3f}).",
        "",
        f"With abstention under probability {abstention['min_probability']}: {100 * abstention['coverage']:.1f} % "
        f"answered, mean F1 {ratio(answered['score_f1_normal_af_other'])} %, accuracy {ratio(answered['accuracy'])} %; "
        f"with every abstention counted as an error, accuracy {100 * abstention['accuracy_abstention_as_error']:.1f} % "
        f"and sensitivity for af {100 * abstention['sensitivity_abstention_as_error']['af']:.1f} %.",
        "",
        *table(
            ["coverage", "n", "least probability", "error rate %", "mean F1 %"],
            [
                [
                    r["coverage"],
                    r["n"],
                    f"{r['least_probability']:.2f}",
                    f"{100 * r['error_rate']:.1f}",
                    f"{100 * r['score_f1_normal_af_other']:.1f}",
                ]
                for r in level["risk_coverage"]
            ],
        ),
    ]


def brief_rows(lines: list[dict], name: str) -> list[list]:
    return [
        [line[name], line["n"], *line["n_by_class"], ratio(line["score_f1_normal_af_other"])]
        + [f"{100 * line['f1'][label]:.1f}" for label in cinc2017.LABELS]
        for line in lines
    ]


def external_text(found: dict) -> list[str]:
    """Atrial fibrillation on sets that the model never saw."""
    time, (first, *_) = found["by_time"], found["by_recording"]
    rates = ("se", "predictivity", "sp", "af_covered", "other_covered")
    by_time = [
        [line["teller"], *(ratio(line[name]) if line[name] else "none" for name in rates), f"{line['told_over_30_s']} of {line['records_without_af']}"]
        for line in time["tellers"]
    ]
    kinds = [name for name in first["tellers"][0] if name != "teller"]
    by_recording = [
        [part["lead"], line["teller"], *(f"{line[kind]['hits']} of {line[kind]['n']}" for kind in kinds)]
        for part in found["by_recording"]
        for line in part["tellers"]
    ]
    return [
        "## External sets",
        "",
        "Atrial fibrillation on two sets that no rhythm model was trained, chosen or calibrated on. The program's rules and its "
        "networks for beats, waves and quality have seen both, so that what rules and model say together is external for the model alone. Covered is where "
        "a rhythm is named at all; the rules alone name fibrillation or nothing.",
        "",
        f"{time['set']} by time: {time['records']} records, {time['with_af']} of them with {time['af_min']} minutes of it beside "
        f"{time['other_min']} minutes without; flutter left out. Percent, 95 % intervals over draws of records, which say little over so few.",
        "",
        *table(
            ["who tells", "Se", "+P", "Sp", "of AF covered", "of the rest covered", "records without AF told AF for over 30 s"],
            by_time,
        ),
        f"{first['set']} by recording of 10 s ({first['records']}):",
        "",
        *table(["lead", "who tells", *kinds], by_recording),
    ]


def points(entry: dict) -> str:
    """A difference with its interval, in points."""
    low, high = entry["ci95"]
    return f"{100 * entry['value']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def leak_rows(seed: str, found: dict) -> list[list]:
    """One draw of windows: what each split says, on which windows."""
    same, own, heard = found["same_windows"], found["as_each_split_would_report"], found["on_windows_trained_on"]
    asked = [("the same windows of fold 1", split, same, same[split]) for split in own]
    asked += [("as each split would report", split, part, part) for split, part in own.items()]
    asked += [("windows trained on", split, found["trained_on"][split], heard[split]) for split in own]
    names = ("score_f1_normal_af_other", "accuracy")
    return [
        [seed, what, split, n["windows"], n["recordings"], *(ratio(figures[name]) for name in names)]
        for what, split, n, figures in asked
    ]


def leak_text(leak: dict) -> list[str]:
    """The same network with leaking splits, beside the one on recordings held apart."""
    seeds = leak["by_seed"]
    trained = " and ".join(str(found["trained_on"]["leaking"]["windows"]) for found in seeds.values())
    changes = [
        f"seed {seed}: {points(change['score_f1_normal_af_other'])} points of mean F1, {points(change['accuracy'])} of accuracy"
        for seed, found in seeds.items()
        for change in [found["same_windows"]["leaking minus held apart"]]
    ]
    head = ["seed", "asked about", "split", "windows", "recordings", "mean F1 of normal, af, other %", "accuracy %"]
    return [
        "## What a leak looks like",
        "",
        f"`{leak['network']}` trained twice a seed for {leak['epochs']} epochs on {trained} windows of each "
        f"{leak['every']}th recording, window by window and without augmentation but turned windows: leaking, on a random "
        f"{100 * (1 - leak['tested_share_of_windows']):.0f} % of all windows (10 s every 5 s) of folds 1 to 4, so that windows of one "
        "recording stand on both sides, and held apart, on as many of folds 2 to 4. These are no figures of a shipped model; "
        "fold 0 was not touched.",
        "",
        *table(head, [row for seed, found in seeds.items() for row in leak_rows(seed, found)]),
        f"Leaking minus held apart on the same windows: {'; '.join(changes)}.",
        "",
    ]


def ablation_text(ablation: dict) -> list[str]:
    """The network without one of its parts."""
    rows = [
        [name, seed, line["parameters"], ratio(line["score_f1_normal_af_other"]), ratio(line["accuracy"])]
        + [points(line["minus whole"]["score_f1_normal_af_other"]) if name != "whole" else ""]
        for seed, lines in ablation["by_seed"].items()
        for name, line in lines.items()
    ]
    trained, tested = ablation["trained_on"], ablation["tested_on"]
    return [
        "## Without its parts",
        "",
        f"The whole network and without one of its parts, each trained for {ablation['epochs']} epochs on the same "
        f"{trained['windows']} windows of {trained['recordings']} recordings of folds 2 to 4, window by window and without augmentation but "
        f"turned windows; asked about {tested['windows']} windows of {tested['recordings']} recordings of fold 1. Without the "
        "separable convolutions a mean over four steps and a product with a matrix stand in their place. Short trainings "
        "on a part of the data, no figures of the shipped model; the intervals are over recordings, not over seeds.",
        "",
        *table(["network", "seed", "parameters", "mean F1 of normal, af, other %", "accuracy %", "mean F1 minus whole"], rows),
    ]


def markdown(card: dict) -> str:
    """card.md."""
    numbers = [f"n {label}" for label in cinc2017.LABELS]
    scores = ["mean F1 of three %", *(f"F1 {label} %" for label in cinc2017.LABELS)]
    recordings, training, sanity = card["data"]["recordings"], card["training"], card["attribution_sanity"]
    parity = card["export_parity_max_difference"]
    lines = [
        f"# {card['name']} {card['version']}",
        "",
        f"{card['date']} · {card['parameters']} parameters · {card['bytes']} bytes · SHA-256 `{card['sha256']}`",
        "",
        card["intended"],
        "",
        "Not for: " + "; ".join(card["excluded"]) + ".",
        "",
        "## In and out",
        "",
        *(f"- {key}: {value}" for key, value in card["input"].items()),
        *(f"- class `{key}`: {value}" for key, value in card["outputs"]["classes"].items()),
        *(f"- abstains `{key}`: {value}" for key, value in card["outputs"]["abstains"].items()),
        f"- class map: {card['outputs']['class_map']}",
        "",
        "## Data",
        "",
        *(f"- {key}: {value}" for key, value in card["data"].items() if key != "recordings"),
        f"- split: {card['split']}.",
        "",
        *table(["part", *cinc2017.LABELS, "all"], [[p, *n, sum(n)] for p, n in recordings.items()]),
        f"Training: {training['epochs']} epochs, epoch {training['chosen_epoch']} chosen (counted from 0), seed "
        f"{training['seed']}. {training['recipe']}.",
        "",
        "## Held-apart recordings (fold 0)",
        "",
        f"Intervals: {card['intervals']}.",
        "",
        *level_text("Whole recordings", card["held_apart"]["recordings"]),
        *level_text("Single 10 s windows, labelled as their recording", card["held_apart"]["windows"]),
        "### Subgroups",
        "",
        *table(["group", "n", *numbers, *scores], brief_rows(card["held_apart"]["subgroups"], "group")),
        "### Disturbed",
        "",
        f"The first {card['robustness'][0]['n']} held-apart recordings, all answered; noise from stretches not used in "
        "training.",
        "",
        *table(["disturbance", "n", *numbers, *scores], brief_rows(card["robustness"], "disturbance")),
        *external_text(card["external"]),
        *(leak_text(card["leak"]) if "leak" in card else []),
        *(ablation_text(card["ablation"]) if "ablation" in card else []),
        "## Calibration fold (fold 1)",
        "",
        "The epoch, the calibration and the limits were chosen here, so these figures flatter: mean F1 "
        f"{ratio(card['calibration_fold']['score_f1_normal_af_other'])} %, n = {card['calibration_fold']['n']}.",
        "",
        "## Class maps",
        "",
        "Mean fall of the called class's logit when parts of a window are removed (set to the median): the tenth with the "
        "greatest map values, the same pattern moved elsewhere, and about 1 s where the map is greatest, anywhere, or least.",
        "",
        *table(
            ["called", "windows", "top tenth", "moved", "top second", "random second", "lowest second"],
            [[label, *row.values()] for label, row in sanity["mean_logit_drop"].items()],
        ),
        card["class_map_verdict"],
        "",
        f"Median absolute correlation with the maps of untrained weights: "
        f"{sanity['median_abs_correlation_with_random_weights']}.",
        "",
        "## Known failures",
        "",
        *(f"- {failure}" for failure in card["known_failures"]),
        "",
        f"Exported and trained network, {parity['windows']} windows: logits differ by at most {parity['logits']:.0e}, "
        f"class maps by {parity['cam']:.0e}.",
        "",
        "## Changes",
        "",
        *(f"- {change['version']}, {change['date']}: {change['change']}" for change in card["changes"]),
        "",
        f"Licence: {card['licence']}. {card['attribution']} Contact: {card['contact']}.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    refresh_all()
