"""What stands between a recording in millivolts and the network: per window, in float64.

The steps are those of `preprocessing` in manifest.json, with the same numbers. Each window is
prepared from its own samples alone, so that a live stream and a file give the same input.
"""

from functools import lru_cache

import numpy as np
from scipy import signal, sparse

RATE_HZ = 100
WINDOW_S = 10
HOP_S = 5
SAMPLES = RATE_HZ * WINDOW_S

HALF_ZERO_CROSSINGS = 12
KAISER_BETA = 8.0
ROLLOFF = 0.95
EDGE_SAMPLES = 1e-9
"""The kernel ends this much before its half width, so that rounding never decides whether a sample counts."""

HIGHPASS_HZ = 0.5
HIGHPASS_ORDER = 2
HIGHPASS_PAD = 200

LOW_PERCENTILE = 2.5
HIGH_PERCENTILE = 97.5
SCALE_FLOOR_MV = 0.02
CLIP = 8.0


@lru_cache(maxsize=8)
def resampling_matrix(n_in: int, rate_in_hz: float, n_out: int) -> sparse.csr_array:
    """Windowed-sinc interpolation as a matrix [n_out, n_in], from n_in samples to n_out samples at 100 Hz.

    Output sample m lies at m / 100 s from the first input sample. The weights of a row sum to one, which
    settles the ends.
    """
    narrowing = min(1.0, RATE_HZ / rate_in_hz)
    half_width = HALF_ZERO_CROSSINGS / narrowing
    cutoff = ROLLOFF * narrowing
    position = np.arange(n_out) * (rate_in_hz / RATE_HZ)
    reach = int(np.ceil(half_width))
    index = np.floor(position).astype(int)[:, None] + np.arange(-reach, reach + 2)[None, :]
    offset = position[:, None] - index
    inside = (np.abs(offset) < half_width - EDGE_SAMPLES) & (index >= 0) & (index < n_in)
    taper = np.i0(KAISER_BETA * np.sqrt(np.clip(1.0 - (offset / half_width) ** 2, 0.0, 1.0)))
    weights = np.where(inside, np.sinc(cutoff * offset) * taper / np.i0(KAISER_BETA), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    row = np.broadcast_to(np.arange(n_out)[:, None], index.shape)
    return sparse.csr_array((weights[inside], (row[inside], index[inside])), shape=(n_out, n_in))


def resample(millivolts: np.ndarray, rate_in_hz: float, n_out: int = SAMPLES) -> np.ndarray:
    """Resample one or several signals, [n_in] or [count, n_in], to n_out samples at 100 Hz."""
    return (resampling_matrix(millivolts.shape[-1], float(rate_in_hz), n_out) @ millivolts.T).T


def highpass_sections() -> np.ndarray:
    """Second-order sections [1, 6] (b0 b1 b2 a0 a1 a2) of the 0.5 Hz Butterworth high-pass."""
    return signal.butter(HIGHPASS_ORDER, HIGHPASS_HZ, "highpass", fs=RATE_HZ, output="sos")


def highpass(x: np.ndarray) -> np.ndarray:
    """Zero-phase high-pass along the last axis, ends extended by odd reflection of 200 samples."""
    return signal.sosfiltfilt(highpass_sections(), x, axis=-1, padtype="odd", padlen=HIGHPASS_PAD)


@lru_cache(maxsize=1)
def highpass_matrix() -> np.ndarray:
    """`highpass` of one window as a matrix [1000, 1000]: y = x @ matrix, the filter being linear."""
    return np.ascontiguousarray(highpass(np.eye(SAMPLES)))


def scale(x: np.ndarray) -> np.ndarray:
    """Subtract the median, divide by the span of the central 95 % (at least 0.02 mV), clip to ±8.

    Along the last axis; percentiles with linear interpolation between order statistics.
    """
    low, median, high = np.percentile(x, [LOW_PERCENTILE, 50.0, HIGH_PERCENTILE], axis=-1, keepdims=True)
    return np.clip((x - median) / np.maximum(high - low, SCALE_FLOOR_MV), -CLIP, CLIP)


def prepare(window_mv: np.ndarray, rate_hz: float) -> np.ndarray:
    """Network input of one or several 10 s windows, [n] or [count, n] in millivolts, to 1000 samples each."""
    return scale(highpass(resample(window_mv, rate_hz)))


def window_starts(n: int, rate_hz: float) -> tuple[list[int], int]:
    """First samples of a recording's windows, and the window's length in samples.

    Start k is round(5 k rate), halves up; the last window ends with the recording.
    """
    length = int(np.floor(WINDOW_S * rate_hz + 0.5))
    starts, k = [0], 1
    while (start := int(np.floor(k * HOP_S * rate_hz + 0.5))) + length <= n:
        starts.append(start)
        k += 1
    if n > starts[-1] + length:
        starts.append(n - length)
    return starts, length


def cut(millivolts: np.ndarray, rate_hz: float) -> np.ndarray:
    """Windows [count, length] of a recording; a shorter one is continued by its mirror image.

    The mirror image (last sample not repeated, reflected again as often as needed) stands after the end.
    """
    starts, length = window_starts(len(millivolts), rate_hz)
    if len(millivolts) < length:
        millivolts = np.pad(millivolts, (0, length - len(millivolts)), mode="reflect")
    return np.stack([millivolts[start : start + length] for start in starts])
