"""A tiny model for the slot of own models: are the arm electrodes exchanged? Learned from simulated leads alone.

It is no model for people. It shows what `einthoven-own-model/1` wants and gives tests something to run. Both classes come
from the same simulated traces: exchanging the arm electrodes turns lead I over and exchanges II with III and aVR with aVL
(the chest leads stay), so the one class is calculated from the other.

    python -m training.own_example.train --program ../target/release/einthoven --out ../tests/own

Run in `models/`, as the other trainings.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from scipy.signal import butter, resample_poly, sosfiltfilt

LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
RATE_HZ = 100
WINDOW_S = 10
RHYTHMS = ["sinus", "bradycardia", "tachycardia", "pvc", "pac", "af"]
FILTER_HZ = (0.5, 40.0)


def simulated(program: str, count: int, first_seed: int) -> np.ndarray:
    """`[count, 12, 1000]` millivolts at 100 Hz, filtered as the manifest says."""
    windows = []
    sections = butter(2, FILTER_HZ, btype="band", fs=RATE_HZ, output="sos")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.csv"
        for index in range(count):
            seed = first_seed + index
            command = [program, "simulate", "--quiet", "--force", "--output", str(path), "--lead", ",".join(LEADS)]
            command += ["--duration", str(WINDOW_S), "--seed", str(seed), "--rhythm", RHYTHMS[index % len(RHYTHMS)]]
            if index % 2:
                command += ["--noise-db", str(8 + seed % 20)]
            subprocess.run(command, check=True)
            table = np.loadtxt(path, delimiter=",", skiprows=1)[:, 1:].T
            low_rate = resample_poly(table, 1, 5, axis=1)[:, : RATE_HZ * WINDOW_S]
            windows.append(sosfiltfilt(sections, low_rate, axis=1, padtype="odd", padlen=RATE_HZ))
    return np.stack(windows).astype(np.float32)


def exchanged(windows: np.ndarray) -> np.ndarray:
    """The same with the arm electrodes exchanged."""
    turned = windows.copy()
    turned[:, 0] = -windows[:, 0]
    turned[:, [1, 2]] = windows[:, [2, 1]]
    turned[:, [3, 4]] = windows[:, [4, 3]]
    return turned


class Arms(torch.nn.Module):
    """Two convolutions, mean over time, one linear layer: about a thousand weights."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv1d(12, 8, 7, stride=2)
        self.second = torch.nn.Conv1d(8, 8, 5, stride=2)
        self.last = torch.nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.second(torch.relu(self.first(x))))
        return self.last(x.mean(dim=2))


def trained(plain: np.ndarray) -> Arms:
    """Trained on plain and exchanged windows of varied size."""
    torch.manual_seed(7)
    generator = np.random.default_rng(7)
    model = Arms()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    windows = np.concatenate([plain, exchanged(plain)])
    labels = torch.tensor([0] * len(plain) + [1] * len(plain))
    for _ in range(150):
        size = generator.uniform(0.4, 2.0, (len(windows), 1, 1)).astype(np.float32)
        loss = torch.nn.functional.cross_entropy(model(torch.tensor(windows * size)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"loss {loss.item():.4f}")
    return model.eval()


def graph_of(model: Arms) -> onnx.ModelProto:
    """The model as ONNX with fixed shapes, built by hand so that nothing else is in it."""
    weights = [numpy_helper.from_array(value.detach().numpy(), name) for name, value in model.named_parameters()]
    nodes = [
        helper.make_node("Conv", ["ecg", "first.weight", "first.bias"], ["a"], strides=[2], kernel_shape=[7]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second.weight", "second.bias"], ["c"], strides=[2], kernel_shape=[5]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("ReduceMean", ["d"], ["e"], axes=[2], keepdims=0),
        helper.make_node("Gemm", ["e", "last.weight", "last.bias"], ["scores"], transB=1),
    ]
    shape = [1, len(LEADS), RATE_HZ * WINDOW_S]
    graph = helper.make_graph(
        nodes,
        "arms",
        [helper.make_tensor_value_info("ecg", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 2])],
        weights,
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="einthoven own example")
    proto.ir_version = 8
    onnx.checker.check_model(proto)
    return proto


MANIFEST = {
    "schema": "einthoven-own-model/1",
    "name": "Arm electrodes (example)",
    "version": "1",
    "citation": "models/training/own_example of einthoven; learned from simulated leads alone, tried on no person",
    "licence": "MIT OR Apache-2.0",
    "input": {"leads": LEADS, "layout": "leads-samples", "unit": "mV", "rate_hz": RATE_HZ, "window_s": WINDOW_S, "hop_s": 5},
    "filter": {"high_pass_hz": FILTER_HZ[0], "low_pass_hz": FILTER_HZ[1]},
    "normalisation": "none",
    "output": {"tensor": "scores", "labels": ["arms as they should be", "arms exchanged"], "activation": "softmax", "thresholds": [0.5, 0.5]},
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="../target/release/einthoven")
    parser.add_argument("--out", type=Path, default=Path("../tests/own"))
    arguments = parser.parse_args()
    model = trained(simulated(arguments.program, 240, 1000))
    held_apart = simulated(arguments.program, 60, 5000)
    proto = graph_of(model)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    score = lambda window: session.run(None, {"ecg": window[None]})[0][0]  # noqa: E731
    right = sum(int(np.argmax(score(window)) == 0) for window in held_apart)
    right += sum(int(np.argmax(score(window)) == 1) for window in exchanged(held_apart))
    print(f"held apart: {right} of {2 * len(held_apart)} right (simulated)")
    # A window that anyone can write down again, and what onnxruntime makes of it.
    lead, sample = np.mgrid[0:12, 0 : RATE_HZ * WINDOW_S]
    window = (0.5 * np.sin(0.07 * sample + lead)).astype(np.float32)
    arguments.out.mkdir(parents=True, exist_ok=True)
    onnx.save(proto, arguments.out / "arms.onnx")
    (arguments.out / "arms.json").write_text(json.dumps(MANIFEST, indent=2) + "\n")
    reference = {"window": "0.5 sin(0.07 sample + lead)", "scores": [float(value) for value in score(window)]}
    (arguments.out / "arms.reference.json").write_text(json.dumps(reference, indent=2) + "\n")


if __name__ == "__main__":
    main()
