"""Write model.onnx, manifest.json and reference.json."""

import hashlib
import json
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import numpy_helper
from scipy.special import softmax

from . import cinc2017, rounding
from . import preprocessing as pre
from .evaluate import Evaluation
from .train import Model

OPSET = 17
IR_VERSION = 8
TOLERANCE = 1e-5
"""Greatest difference allowed between logits of the trained and of the exported network."""
MIN_DURATION_S = 9.0
LICENCE = "MIT OR Apache-2.0 for the weights; training data ODC-By 1.0"
ATTRIBUTION = (
    "Trained on the PhysioNet/Computing in Cardiology Challenge 2017 training set (Clifford et al., Computing in "
    "Cardiology 2017) with noise from the MIT-BIH Noise Stress Test Database (Moody, Muldrow, Mark, Computers in "
    "Cardiology 1984), both from PhysioNet (Goldberger et al., Circulation 2000) under the Open Data Commons "
    "Attribution License v1.0."
)


def session(path: Path) -> ort.InferenceSession:
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def infer(run: ort.InferenceSession, prepared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits [n, 4] and class maps [n, 4, 63] of prepared windows [n, 1000], one window at a time."""
    outputs = [run.run(["logits", "cam"], {"ecg": row[None, None].astype(np.float32)}) for row in prepared]
    return tuple(np.concatenate(part) for part in zip(*outputs))


def folded(path: Path) -> onnx.ModelProto:
    """The graph with constants folded and BatchNorm merged, in standard operators only."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path.with_suffix(".folded.onnx"))
    ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return onnx.load(options.optimized_model_filepath)


def plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """Drop what a reader need not know: zero initial LSTM states, unused outputs, foreign operator sets."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "LSTM":
            assert not any(values[name].any() for name in node.input[5:7])
            del node.input[4:], node.output[1:]
    used = {name for node in model.graph.node for name in node.input}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    graph = onnx.helper.make_graph(model.graph.node, "rhythm", model.graph.input, model.graph.output, kept)
    rounding.stored_small(graph)
    tidy = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)])
    tidy.ir_version = IR_VERSION
    tidy.producer_name = "einthoven"
    onnx.checker.check_model(tidy, full_check=True)
    return tidy


def write_onnx(model: Model, path: Path) -> None:
    """Export the network for one window [1, 1, 1000]."""
    example = torch.zeros(1, 1, pre.SAMPLES)
    names = {"input_names": ["ecg"], "output_names": ["logits", "cam"]}
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.onnx"
        torch.onnx.export(model.net.eval(), (example,), str(raw), opset_version=OPSET, dynamo=False, **names)
        onnx.save(plain(folded(raw)), path)


@torch.no_grad()
def parity(model: Model, path: Path, prepared: np.ndarray) -> dict:
    """Largest difference between the trained network and the exported one, of logits and of class maps."""
    trained = model.net.eval()(torch.from_numpy(prepared.astype(np.float32)).unsqueeze(1))
    exported = infer(session(path), prepared)
    worst = [float(np.abs(a.numpy() - b).max()) for a, b in zip(trained, exported)]
    if worst[0] > TOLERANCE:
        raise ValueError(f"logits of the exported network differ by {worst[0]:.2e}")
    return {"windows": len(prepared), "logits": worst[0], "cam": worst[1]}


def manifest(path: Path, calibrated: Evaluation, marks: bool, version: str) -> dict:
    """All that is needed to run the model. `marks`: its class maps may be shown as what influenced a call."""
    model, limits = calibrated.model, calibrated.limits
    content = path.read_bytes()
    return {
        "schema": "einthoven-model/1",
        "id": model.family.id,
        "version": version,
        "date": date.today().isoformat(),
        "trained": True,
        "question": "rhythm",
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "input": {
            "name": "ecg",
            "leads": 1,
            "preferred_leads": ["I", "II", "MLII", "V5"],
            "unit": "mV",
            "rate_hz": pre.RATE_HZ,
            "window_s": pre.WINDOW_S,
            "samples": pre.SAMPLES,
            "hop_s": pre.HOP_S,
            "last_window": "ends with the recording",
            "short": "reflect",
        },
        "preprocessing": [
            {
                "step": "resample",
                "rate_hz": pre.RATE_HZ,
                "half_zero_crossings": pre.HALF_ZERO_CROSSINGS,
                "beta": pre.KAISER_BETA,
                "rolloff": pre.ROLLOFF,
                "edge_samples": pre.EDGE_SAMPLES,
            },
            {"step": "sos_filtfilt", "sections": pre.highpass_sections().tolist(), "pad": pre.HIGHPASS_PAD},
            {
                "step": "scale",
                "low_pct": pre.LOW_PERCENTILE,
                "high_pct": pre.HIGH_PERCENTILE,
                "floor": pre.SCALE_FLOOR_MV,
                "clip": pre.CLIP,
            },
        ],
        "outputs": {
            "logits": "logits",
            "cam": "cam",
            # By the deletion test of the card, on the calibration fold.
            "cam_marks_influence": marks,
            "cam_step_s": 0.16,
            "labels": list(cinc2017.LABELS),
        },
        "aggregation": {
            "kind": "log_mean_exp",
            "sharpness": [round(s, 6) for s in model.pool.sharpness().tolist()],
        },
        "calibration": {"record": calibrated.record.rounded(), "window": calibrated.window.rounded()},
        "abstain": {
            "min_probability": limits["record"],
            "min_probability_window": limits["window"],
            "min_duration_s": MIN_DURATION_S,
        },
        "licence": LICENCE,
        "attribution": ATTRIBUTION,
    }


def synthetic(rate_hz: float, duration_s: float, period_s: float) -> np.ndarray:
    """A regular trace in millivolts [n]: P, R and T as Gaussians of the phase f = frac(t / period), and wander."""
    t = np.arange(round(rate_hz * duration_s)) / rate_hz
    f = (t / period_s) % 1.0
    waves = ((0.15, 0.22, 0.030), (1.1, 0.40, 0.012), (-0.2, 0.44, 0.012), (0.3, 0.70, 0.060))
    return sum(a * np.exp(-(((f - at) / width) ** 2)) for a, at, width in waves) + 0.1 * np.sin(0.4 * np.pi * t)


def pooled(logits: np.ndarray, sharpness: np.ndarray) -> np.ndarray:
    """Recording logits [4] of window logits [windows, 4]: (1 / s) log(mean(exp(s z)))."""
    return np.log(np.exp(sharpness * logits).mean(axis=0)) / sharpness


class Reference:
    """Builds reference.json from the written model and manifest alone, as any other reader would."""

    def __init__(self, folder: Path):
        self.manifest = json.loads((folder / "manifest.json").read_text())
        self.run = session(folder / self.manifest["file"])

    def scaled(self, level: str, logits: np.ndarray) -> list[float]:
        numbers = self.manifest["calibration"][level]
        return softmax(logits / numbers["temperature"] + np.array(numbers["bias"])).round(6).tolist()

    def window(self, name: str, samples: np.ndarray, rate_hz: float, gain: float) -> dict:
        """One 10 s window: what goes in, what the network sees, what comes out."""
        prepared = pre.prepare(samples / gain, rate_hz)
        logits, cam = infer(self.run, prepared[None])
        return {
            "name": name,
            "rate_hz": rate_hz,
            "gain_per_mv": gain,
            "samples": samples.tolist(),
            "prepared": prepared.round(6).tolist(),
            "logits": logits[0].astype(float).round(6).tolist(),
            "softmax": softmax(logits[0].astype(float)).round(6).tolist(),
            "probabilities": self.scaled("window", logits[0].astype(float)),
            "cam_first_row": cam[0, 0].astype(float).round(5).tolist(),
        }

    def recording(self, name: str, samples: np.ndarray, rate_hz: float, gain: float) -> dict:
        """A whole recording: windows, pooling, calibrated probabilities."""
        logits = infer(self.run, pre.prepare(pre.cut(samples / gain, rate_hz), rate_hz))[0].astype(float)
        whole = pooled(logits, np.array(self.manifest["aggregation"]["sharpness"]))
        return {
            "name": name,
            "rate_hz": rate_hz,
            "gain_per_mv": gain,
            "samples": samples.tolist(),
            "window_logits": logits.round(6).tolist(),
            "logits": whole.round(6).tolist(),
            "probabilities": self.scaled("record", whole),
        }

    def build(self, database: Path, entries: list[cinc2017.Entry]) -> dict:
        """Four real windows (one a class), two synthetic ones, one real recording, one shorter than a window."""
        calibration = cinc2017.in_folds(entries, cinc2017.CALIBRATION_FOLD)
        units = {e.name: cinc2017.read_units(database, e.name) for e in calibration[:200]}
        usual = [e for e in calibration[:200] if len(units[e.name]) == 30 * cinc2017.RATE_HZ]
        chosen = [next(e.name for e in usual if e.label == label) for label in range(4)]
        real = (cinc2017.RATE_HZ, cinc2017.GAIN_PER_MV)
        begin, length = 3000, pre.WINDOW_S * cinc2017.RATE_HZ
        return {
            "attribution": f"Excerpts of recordings {', '.join(chosen)} of the PhysioNet/Computing in Cardiology "
            "Challenge 2017 training set (Clifford et al., Computing in Cardiology 2017; Goldberger et al., "
            "Circulation 2000), Open Data Commons Attribution License v1.0.",
            "model_sha256": self.manifest["sha256"],
            "labels": self.manifest["outputs"]["labels"],
            "windows": [
                *(self.window(f"{name} from 10 s", units[name][begin : begin + length], *real) for name in chosen),
                self.window("synthetic 512 Hz", synthetic(512, 10, 0.8).round(4), 512, 1.0),
                self.window("synthetic 130 Hz", synthetic(130, 10, 0.57).round(4), 130, 1.0),
            ],
            "recordings": [
                self.recording(chosen[1], units[chosen[1]], *real),
                self.recording("synthetic 130 Hz, 7 s", synthetic(130, 7, 0.57).round(4), 130, 1.0),
            ],
        }


def write_json(path: Path, content: dict, **layout) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, **layout) + "\n")


def write_model(folder: Path, calibrated: Evaluation, marks: bool, version: str) -> None:
    """model.onnx and manifest.json."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    write_onnx(calibrated.model, path)
    write_json(folder / "manifest.json", manifest(path, calibrated, marks, version), indent=2)
