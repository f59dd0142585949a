"""The networks as a table in the source, with a few beats on which every build must say the same."""

import re
from pathlib import Path

import numpy as np

from .network import STEP, Network
from .records import Record

HEAD = """//! Weights of the networks. Written by `python -m training.beats`; do not edit.

use super::network::Network;

/// The networks; their answers are averaged.
#[rustfmt::skip]
pub static NETWORKS: [Network; {n}] = [
"""
REFERENCE = """
#[cfg(test)]
#[rustfmt::skip]
#[allow(clippy::approx_constant)]
pub static REFERENCE: [(super::features::Features, [f32; 3]); {n}] = [
"""


def feature_names(root: Path) -> list[str]:
    """The features in their order, from the source that makes them."""
    source = (root / "src/analysis/classes/features.rs").read_text()
    table = source[source.index("features![") : source.index("];", source.index("features!["))]
    return re.findall(r'"([a-z-]+)"', table)


def row(values: np.ndarray) -> str:
    return "[" + ", ".join(number(float(v)) for v in values) + "]"


def number(value: float) -> str:
    text = f"{value:.5f}".rstrip("0")
    text = text + "0" if text.endswith(".") else text
    return "0.0" if text == "-0.0" else text


def steps(weights: np.ndarray) -> str:
    return "[" + ", ".join(str(round(weight / STEP)) for weight in weights.tolist()) + "]"


def table(weights: np.ndarray) -> str:
    return "[\n" + "".join(f"            {steps(line)},\n" for line in weights) + "        ]"


def write(root: Path, networks: list[Network], records: list[Record]) -> None:
    text = HEAD.format(n=len(networks))
    for network in networks:
        text += "    Network {\n"
        text += f"        input: {table(network.input)},\n"
        text += f"        input_bias: {steps(network.input_bias)},\n"
        text += f"        output: {table(network.output)},\n"
        text += f"        output_bias: {steps(network.output_bias)},\n"
        text += "    },\n"
    text += "];\n"
    chosen = [r.features[len(r.features) // 2] for r in records[::6]]
    expected = np.mean([network.probabilities(np.array(chosen)) for network in networks], 0)
    text += REFERENCE.format(n=len(chosen))
    for features, probabilities in zip(chosen, expected, strict=True):
        text += f"    ({row(features)}, {row(probabilities)}),\n"
    text += "];\n"
    (root / "src/analysis/classes/weights.rs").write_text(text)
