"""Weights in eight bits: a quarter of the bytes on a weak network.

Done once, after training and before everything that is measured: calibration, limits and every figure of the card are
those of the rounded network. Each output channel of a convolution has its own step (after Jacob et al., CVPR 2018).
"""

import copy

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

LEVELS = 127
STEP_BITS = 16
"""Bits of a step: with seven of the weight they fit a float's 24, so that the product is exact everywhere."""


def steps(weights: np.ndarray) -> np.ndarray:
    """The step of each output channel of weights [out, in, k]: [out, 1, 1]."""
    largest = np.maximum(np.abs(weights).max(axis=(1, 2), keepdims=True).astype(np.float64), 1e-12)
    mantissa, exponent = np.frexp(largest / LEVELS)
    return np.ldexp(np.ceil(mantissa * 2**STEP_BITS) / 2**STEP_BITS, exponent).astype(np.float32)


def whole(weights: np.ndarray) -> np.ndarray:
    """Weights as whole numbers of steps, int8."""
    return np.rint(weights / steps(weights)).astype(np.int8)


def merge_norms(net: nn.Module) -> None:
    """Merge each BatchNorm into the convolution right before it."""
    for part in net.modules():
        if isinstance(part, nn.Sequential):
            for at in range(len(part) - 1):
                if isinstance(part[at], nn.Conv1d) and isinstance(part[at + 1], nn.BatchNorm1d):
                    part[at], part[at + 1] = fuse_conv_bn_eval(part[at], part[at + 1]), nn.Identity()


@torch.no_grad()
def rounded(net: nn.Module) -> nn.Module:
    """The same network with every convolution's weights rounded."""
    net = copy.deepcopy(net).eval()
    merge_norms(net)
    for part in net.modules():
        if isinstance(part, nn.Conv1d):
            weights = part.weight.numpy()
            part.weight.copy_(torch.from_numpy(whole(weights).astype(np.float32) * steps(weights)))
    return net


def stored_small(graph: onnx.GraphProto) -> None:
    """Keep the convolutions' rounded weights as int8 with their steps; weights that are not rounded stay as they are."""
    weights = {node.input[1] for node in graph.node if node.op_type == "Conv"}
    before = []
    for tensor in list(graph.initializer):
        if tensor.name not in weights:
            continue
        values = numpy_helper.to_array(tensor)
        small, step = whole(values), steps(values)
        if not np.array_equal(small.astype(np.float32) * step, values):
            continue
        name = tensor.name
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(small, f"{name}_int8"))
        graph.initializer.append(numpy_helper.from_array(step, f"{name}_step"))
        before.append(helper.make_node("Cast", [f"{name}_int8"], [f"{name}_whole"], to=TensorProto.FLOAT))
        before.append(helper.make_node("Mul", [f"{name}_whole", f"{name}_step"], [name]))
    nodes = [*before, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
