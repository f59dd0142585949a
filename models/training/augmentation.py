"""Training crops: 30 s of a recording at 100 Hz, disturbed as real signals are, cut into prepared windows.

Noise comes from the MIT-BIH Noise Stress Test Database (Moody, Muldrow, Mark 1984), only from the
stretches its standard mixes never use, so that noise tests stay honest.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import preprocessing as pre

CROP = 30 * pre.RATE_HZ
WINDOWS = 3
NOISE_KINDS = ("em", "ma", "bw")
NOISE_RATE_HZ = 360
NOISE_UNITS_PER_MV = 200.0
UNMIXED_S = ((0, 300), (420, 540), (660, 780), (900, 1020), (1140, 1260), (1380, 1500), (1620, 1740))


def read_format_212(path: Path) -> np.ndarray:
    """Two interleaved 12-bit signals (WFDB format 212) to integers [2, n]."""
    raw = np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, 3).astype(np.int32)
    first = raw[:, 0] | ((raw[:, 1] & 0x0F) << 8)
    second = raw[:, 2] | ((raw[:, 1] >> 4) << 8)
    return np.where((pair := np.stack([first, second])) > 2047, pair - 4096, pair)


def read_noise(folder: Path) -> list[np.ndarray]:
    """Unmixed stretches of em, ma and bw, each channel by itself: millivolts [n] at 100 Hz."""
    stretches = []
    for kind in NOISE_KINDS:
        for channel in read_format_212(folder / f"{kind}.dat") / NOISE_UNITS_PER_MV:
            for begin, end in UNMIXED_S:
                source = channel[begin * NOISE_RATE_HZ : end * NOISE_RATE_HZ]
                stretches.append(pre.resample(source, NOISE_RATE_HZ, (end - begin) * pre.RATE_HZ))
    return stretches


def interpolate(x: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Cubic (Catmull-Rom) values of x [n] at fractional positions, mirrored past the end."""
    period = 2 * (len(x) - 1)
    whole = np.floor(position).astype(int)
    f = position - whole

    def at(k: np.ndarray) -> np.ndarray:
        k = np.abs(k) % period
        return x[np.where(k >= len(x), period - k, k)]

    before, here, after, beyond = at(whole - 1), at(whole), at(whole + 1), at(whole + 2)
    slope = 2 * before - 5 * here + 4 * after - beyond
    return here + 0.5 * f * (after - before + f * (slope + f * (3 * (here - after) + beyond - before)))


@dataclass
class Augmenter:
    """Draws disturbed crops; all randomness comes from `rng`."""

    noise: list[np.ndarray]
    rng: np.random.Generator

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def crop(self, x: np.ndarray) -> tuple[np.ndarray, int]:
        """A crop [3000] from anywhere in the recording, half of them played up to 10 % faster or
        slower, and how many of its samples come before the recording's end."""
        speed = np.exp(self.rng.uniform(-0.1, 0.1)) if self.chance(0.5) else 1.0
        own = min(CROP, int((len(x) - 1) / speed) + 1)
        start = self.rng.integers(0, max(len(x) - int(np.ceil(own * speed)), 0) + 1)
        return interpolate(x, start + np.arange(CROP) * speed), own

    def add_noise(self, x: np.ndarray, height: float) -> np.ndarray:
        """Add recorded noise at 0 to 24 dB (more often little): SNR as in the WFDB program nst,
        signal power taken as height² / 8."""
        stretch = self.noise[self.rng.integers(len(self.noise))]
        start = self.rng.integers(0, len(stretch) - CROP + 1)
        noise = stretch[start : start + CROP]
        rms = noise.reshape(-1, pre.RATE_HZ).std(axis=1).mean()
        decibels = 24.0 * np.sqrt(self.rng.random())
        return x + noise * (height / np.sqrt(8.0) / max(rms, 1e-6) * 10 ** (-decibels / 20))

    def add_tone(self, x: np.ndarray, low_hz: float, high_hz: float, amplitude: float) -> np.ndarray:
        """Add a sine of random frequency and phase and up to `amplitude` mV."""
        phase = 2 * np.pi * (self.rng.uniform(low_hz, high_hz) * np.arange(CROP) / pre.RATE_HZ + self.rng.random())
        return x + self.rng.uniform(0, amplitude) * np.sin(phase)

    def tilt(self, x: np.ndarray) -> np.ndarray:
        """Sharpen or soften slightly, as other devices' filters do."""
        side = self.rng.uniform(-0.08, 0.25)
        return (1 - 2 * side) * x + side * (np.roll(x, 1) + np.roll(x, -1))

    def flatten(self, x: np.ndarray) -> np.ndarray:
        """Hold the trace for up to 2 s, as a lost contact does."""
        length = self.rng.integers(20, 2 * pre.RATE_HZ)
        start = self.rng.integers(0, CROP - length)
        x[start : start + length] = x[start]
        return x

    def disturb(self, x: np.ndarray) -> np.ndarray:
        """Polarity, gain, device, wander, mains, recorded noise and lost contact, each by chance."""
        height = float(np.subtract(*np.percentile(x, [99, 1])))
        if self.chance(0.3):
            x = self.tilt(x)
        if self.chance(0.3):
            x = self.add_tone(x, 0.05, 0.5, height / 2)
        if self.chance(0.2):
            x = self.add_tone(x, 38.0, 50.0, height / 20)
        if self.chance(0.4):
            x = self.add_noise(x, height)
        if self.chance(0.15):
            x = self.flatten(x)
        return x * (np.exp(self.rng.uniform(np.log(0.3), np.log(3.0))) * (-1.0 if self.chance(0.5) else 1.0))

    def windows(self, x: np.ndarray) -> np.ndarray:
        """Three windows [3, 1000] of a disturbed crop of recording x [n], in millivolts.

        They are spread evenly over the crop's own samples and moved by up to 1 s.
        """
        crop, own = self.crop(x)
        crop = self.disturb(crop)
        room = max(own - pre.SAMPLES, 0)
        starts = np.linspace(0, room, WINDOWS) + self.rng.uniform(-pre.RATE_HZ, pre.RATE_HZ, WINDOWS)
        starts = np.clip(starts, 0, room).astype(int)
        return np.stack([crop[start : start + pre.SAMPLES] for start in starts])

    def batch(self, recordings: list[np.ndarray]) -> np.ndarray:
        """Prepared windows [B, 3, 1000], float32, of recordings at 100 Hz in millivolts."""
        raw = np.stack([self.windows(x) for x in recordings]).astype(np.float32)
        raw -= raw.mean(axis=-1, keepdims=True)
        return pre.scale(raw @ pre.highpass_matrix().astype(np.float32)).astype(np.float32)


def mixup(x: np.ndarray, target: np.ndarray, alpha: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Blend a batch [B, ...] and its targets [B, 4] with themselves in another order (Zhang et al., 2018)."""
    share = rng.beta(alpha, alpha, len(x)).astype(np.float32)
    other = rng.permutation(len(x))
    wide = share.reshape(-1, *[1] * (x.ndim - 1))
    return wide * x + (1 - wide) * x[other], share[:, None] * target + (1 - share[:, None]) * target[other]
