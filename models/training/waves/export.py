"""The final network as `waves.onnx`, one window a call, and from that what the program holds of it: its weights and a
reference to test its own inference against (`python -m training.waves.export`, run in `models/`).
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import numpy_helper
from scipy.special import softmax

from ..export import OPSET, TOLERANCE, folded, plain, session, synthetic
from .decode import decode
from .network import SAMPLES, Waves
from .preparation import at_250_hz, cut, joined, prepare

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parents[2] / "src/analysis/waves/network"
# What the program would hold of each fold's network, for `in_program.py`.
FOLD_WEIGHTS = HERE / "folds"
# The reference's signal: a rate that is resampled, long enough for two windows.
REFERENCE_HZ, REFERENCE_S, BEAT_S = 360, 13, 0.83
# Of each row of time so many-eth value is kept.
KEPT = 20


def write_onnx(net: Waves, path: Path) -> None:
    """Input `ecg` [1, 1, 2500], prepared; output `logits` [1, 4, 2500]."""
    names = {"input_names": ["ecg"], "output_names": ["logits"]}
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.onnx"
        example = torch.zeros(1, 1, SAMPLES)
        torch.onnx.export(net.eval(), (example,), str(raw), opset_version=OPSET, dynamo=False, **names)
        model = plain(folded(raw))
    model.graph.name = "waves"
    onnx.save(model, path)


@torch.no_grad()
def parity(net: Waves, path: Path, rows: np.ndarray) -> float:
    """Largest difference between the trained network's logits and the exported one's, of prepared windows [n, 2500]."""
    run = session(path)
    exported = np.concatenate([run.run(["logits"], {"ecg": row[None, None].astype(np.float32)})[0] for row in rows])
    worst = float(np.abs(net(torch.from_numpy(rows).unsqueeze(1)).numpy() - exported).max())
    if worst > 10 * TOLERANCE:
        raise ValueError(f"logits of the exported network differ by {worst:.2e}")
    return worst


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with its weights rounded to 16-bit floats, as the program has them."""
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16).astype(np.float32), tensor.name))
    return model


def in_order(model: onnx.ModelProto) -> np.ndarray:
    """Weights and biases of all convolutions in the order in which they run, as 16-bit floats, little end first."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    names = [name for node in model.graph.node if node.op_type == "Conv" for name in node.input[1:]]
    return np.concatenate([values[name].ravel() for name in names]).astype("<f2")


def stored(net: Waves) -> bytes:
    """What the program holds of a trained network."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "waves.onnx"
        write_onnx(net, path)
        return in_order(halved(onnx.load(path))).tobytes()


def reference(model: onnx.ModelProto) -> dict:
    """A synthetic trace, what the network is given of it, and what onnxruntime makes of that."""
    microvolts = np.rint(1000 * synthetic(REFERENCE_HZ, REFERENCE_S, BEAT_S)).astype(int)
    x = at_250_hz(microvolts / 1000, REFERENCE_HZ)
    windows, starts = cut(x)
    rows, run = prepare(windows), ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    logits = np.concatenate([run.run(["logits"], {"ecg": row[None, None]})[0] for row in rows]).astype(float)
    p = joined(softmax(logits, axis=1), starts, len(x))
    return {
        "rate_hz": REFERENCE_HZ,
        "microvolts": microvolts.tolist(),
        "kept": KEPT,
        "at_250_hz_mv": x[::KEPT].round(5).tolist(),
        "prepared": rows[:, ::KEPT].astype(float).round(5).tolist(),
        "logits": logits[:, :, ::KEPT].round(4).tolist(),
        "probabilities": p[:, ::KEPT].round(5).tolist(),
        "waves": [[w.kind, *(round(s, 5) for s in (w.onset_s, w.peak_s, w.end_s))] for w in decode(p, x)],
    }


def write_program(path: Path, folder: Path) -> None:
    """`weights.f16` and `reference.json` of the program, its references from the rounded weights."""
    model = halved(onnx.load(path))
    (folder / "weights.f16").write_bytes(in_order(model).tobytes())
    (folder / "reference.json").write_text(json.dumps(reference(model), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    write_program(HERE / "waves.onnx", PROGRAM)
