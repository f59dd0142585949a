"""What the program's rules say of a record: the waves of `einthoven analyze`.

The card's figures are of a program that did not ask the network itself yet (commit 9d21431); a later one answers with both
together.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .marks import Wave


@dataclass(frozen=True)
class Beat:
    """The waves of one beat; P and T may be absent."""

    p: Wave | None
    qrs: Wave
    t: Wave | None

    def waves(self) -> list[Wave]:
        return [wave for wave in (self.p, self.qrs, self.t) if wave]


def wave(kind: str, said: dict) -> Wave | None:
    """A wave of a report; None where the report says why there is none."""
    return Wave(kind, said["onset_s"], said["peak_s"], said["end_s"]) if "onset_s" in said else None


def beats(document: dict) -> list[Beat]:
    """The beats of one recording's report."""
    found = []
    for waves in document["waves"]:
        qrs = wave("QRS", waves["qrs"])
        if qrs:
            found.append(Beat(wave("P", waves["p"]), qrs, wave("T", waves["t"])))
    return found


def measure(program: Path, paths: list[Path], lead: str | None) -> dict[str, list[Beat]]:
    """Beats by record, of one lead (the first where none is named)."""
    command = [program, "analyze", "--json", "--quiet", "--models", "none", "--lead", lead or "#1", *paths]
    # A record that cannot be analysed has no line; the others' count.
    text = subprocess.run(list(map(str, command)), capture_output=True, text=True).stdout
    documents = [json.loads(line) for line in text.splitlines()]
    if not documents:
        raise SystemExit(f"{program} says nothing of {paths[0]}")
    return {Path(document["file"]).stem: beats(document) for document in documents}


def all_waves(beats: list[Beat]) -> list[Wave]:
    return sorted((wave for beat in beats for wave in beat.waves()), key=lambda wave: wave.onset_s)
