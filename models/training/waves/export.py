"""The final network as `waves.onnx`, one window a call."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch

from ..export import OPSET, TOLERANCE, folded, plain, session
from .network import SAMPLES, Waves


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
