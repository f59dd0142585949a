"""What stands between a lead in millivolts and the network: 250 Hz, windows of 10 s, without wander, scaled.

Each window is prepared from its own samples alone, so that a live stream and a file give the same input.
"""

from fractions import Fraction

import numpy as np
from scipy import signal

from ..preprocessing import CLIP, HIGH_PERCENTILE, HIGHPASS_HZ, HIGHPASS_ORDER, LOW_PERCENTILE, SCALE_FLOOR_MV
from .network import RATE_HZ, SAMPLES

PAD = 2 * RATE_HZ
HOP = SAMPLES // 2
SECTIONS = signal.butter(HIGHPASS_ORDER, HIGHPASS_HZ, "highpass", fs=RATE_HZ, output="sos")


def at_250_hz(millivolts: np.ndarray, rate_hz: float) -> np.ndarray:
    """A signal at 250 Hz, sample m at m / 250 s."""
    ratio = Fraction(RATE_HZ) / Fraction(rate_hz).limit_denominator(1000)
    if ratio == 1:
        return millivolts
    return signal.resample_poly(millivolts, ratio.numerator, ratio.denominator, padtype="line")


def prepare(windows: np.ndarray) -> np.ndarray:
    """Windows [B, 2500] in millivolts to the network's input: zero-phase high-pass of 0.5 Hz, median subtracted, divided
    by the span of the central 95 % (at least 0.02 mV), clipped to ±8."""
    x = signal.sosfiltfilt(SECTIONS, windows, axis=-1, padtype="odd", padlen=PAD)
    low, middle, high = np.percentile(x, (LOW_PERCENTILE, 50, HIGH_PERCENTILE), axis=-1, keepdims=True)
    return np.clip((x - middle) / np.maximum(high - low, SCALE_FLOOR_MV), -CLIP, CLIP).astype(np.float32)


def cut(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Windows [W, 2500] of a signal at 250 Hz, hopping 5 s, the last one ending with it, and where they start. A
    shorter signal is continued by its mirror image."""
    if len(x) < SAMPLES:
        x = np.pad(x, (0, SAMPLES - len(x)), mode="reflect")
    starts = np.unique(np.append(np.arange(0, len(x) - SAMPLES + 1, HOP), len(x) - SAMPLES))
    return np.stack([x[start : start + SAMPLES] for start in starts]), starts


def joined(values: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Overlapping windows' values [W, C, 2500] as one row of time [C, length], each weighed by its distance from the
    window's nearer end."""
    ramp = np.minimum(np.arange(SAMPLES) + 1, SAMPLES - np.arange(SAMPLES)).astype(float)
    total = np.zeros((values.shape[1], max(length, SAMPLES)))
    weight = np.zeros(total.shape[1])
    for value, start in zip(values, starts):
        total[:, start : start + SAMPLES] += value * ramp
        weight[start : start + SAMPLES] += ramp
    return (total / weight)[:, :length]
