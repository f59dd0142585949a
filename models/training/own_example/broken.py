"""Models that the slot of own models must refuse, end or bear, for its tests.

    python -m training.own_example.broken --out ../tests/own

Run in `models/`, as the trainings.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LEADS, SAMPLES = 12, 1000


def model(nodes, weights, shape=(1, LEADS, SAMPLES), output=(1, 2), opset=17) -> onnx.ModelProto:
    """A model from `ecg` to `scores`."""
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(
        nodes,
        "tried",
        [helper.make_tensor_value_info("ecg", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, output)],
        tensors,
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    proto.ir_version = 8
    return proto


def mean_of_leads(weights=None, **more) -> onnx.ModelProto:
    """Mean of each lead, and two sums of these."""
    nodes = [
        helper.make_node("ReduceMean", ["ecg"], ["means"], axes=[2], keepdims=0),
        helper.make_node("MatMul", ["means", "sums"], ["scores"]),
    ]
    weights = np.ones((LEADS, 2), np.float32) if weights is None else weights
    return model(nodes, {"sums": weights}, **more)


def never_ending() -> onnx.ModelProto:
    """Small on disk and within every limit that can be told beforehand, but it takes minutes."""
    nodes = [helper.make_node("Tile", ["ecg", "repeats"], ["x0"])]
    count = 1000
    nodes += [helper.make_node("Sin", [f"x{index}"], [f"x{index + 1}"]) for index in range(count)]
    nodes += [
        helper.make_node("ReduceMean", [f"x{count}"], ["means"], axes=[2], keepdims=0),
        helper.make_node("MatMul", ["means", "sums"], ["scores"]),
    ]
    return model(nodes, {"repeats": np.array([1, 1, 1000], np.int64), "sums": np.ones((LEADS, 2), np.float32)})


def too_much_memory() -> onnx.ModelProto:
    """Each tensor is within its limit, but twenty-four of 48 MB are needed at once: summed up, and again backwards."""
    count = 24
    weights = {"repeats": np.array([1, 1, 1000], np.int64), "sums": np.ones((LEADS, 2), np.float32)}
    nodes = []
    for index in range(count):
        weights[f"w{index}"] = np.array([1.0 + index], np.float32)
        nodes.append(helper.make_node("Mul", ["ecg", f"w{index}"], [f"m{index}"]))
        nodes.append(helper.make_node("Tile", [f"m{index}", "repeats"], [f"t{index}"]))
    for name, order in [("up", list(range(count))), ("down", list(range(count))[::-1])]:
        total = f"t{order[0]}"
        for index in order[1:]:
            nodes.append(helper.make_node("Add", [total, f"t{index}"], [f"{name}{index}"]))
            total = f"{name}{index}"
        nodes.append(helper.make_node("ReduceMean", [total], [name], axes=[2], keepdims=0))
    nodes.append(helper.make_node("Add", ["up", "down"], ["means"]))
    nodes.append(helper.make_node("MatMul", ["means", "sums"], ["scores"]))
    return model(nodes, weights)


def open_within() -> onnx.ModelProto:
    """A size that depends on the values: how many of them are not 0."""
    nodes = [
        helper.make_node("NonZero", ["ecg"], ["where"]),
        helper.make_node("Cast", ["where"], ["places"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["places"], ["means"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["means", "sums"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["scores"]),
    ]
    return model(nodes, {"sums": np.ones((3, 2), np.float32), "shape": np.array([1, 2], np.int64)})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("../tests/own"))
    out = parser.parse_args().out
    not_a_number = np.ones((LEADS, 2), np.float32)
    not_a_number[3, 1] = np.nan
    unknown = model([helper.make_node("Det", ["ecg"], ["scores"])], {})
    models = {
        "not-a-number": mean_of_leads(not_a_number),
        "never-ending": never_ending(),
        "too-much-memory": too_much_memory(),
        "open-batch": mean_of_leads(shape=("batch", LEADS, SAMPLES), output=("batch", 2)),
        "open-within": open_within(),
        "one-rank-less": mean_of_leads(shape=(LEADS, SAMPLES)),
        "operator-set": mean_of_leads(opset=99),
        "operator": unknown,
    }
    for name, proto in models.items():
        onnx.save(proto, out / f"{name}.onnx")


if __name__ == "__main__":
    main()
