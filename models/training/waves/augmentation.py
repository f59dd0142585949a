"""Training windows: a stretch of a lead with its classes, disturbed as real signals are.

Noise comes from the MIT-BIH Noise Stress Test Database (Moody, Muldrow, Mark 1984), only from the
stretches its standard mixes never use.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import signal

from ..augmentation import NOISE_KINDS, NOISE_RATE_HZ, NOISE_UNITS_PER_MV, UNMIXED_S, interpolate, read_format_212
from . import network
from .marks import Marks
from .network import RATE_HZ, SAMPLES
from .preparation import prepare

NOT_SAID = -1
CLASS_OF = {"P": network.P, "QRS": network.QRS, "T": network.T}
# A wave without onset or end may reach this far from its peak.
REACH_S = {"P": 0.15, "QRS": 0.15, "T": 0.35}
# So long after the marked end of T it may still go on in the other lead.
AFTER_T_S = 0.1
# So far from a QRS border of QTDB nothing is said: its reader sets onsets earlier and ends later than LUDB's.
ABOUT_QRS_BORDER_S = 0.03
FASTEST = 1.25


def target(marks: Marks, times_s: np.ndarray) -> np.ndarray:
    """Class of each time; NOT_SAID outside the stretches in which every wave is marked, about waves whose onset or end is
    missing, about T waves where the reader had two leads in view (QTDB, marked in stretches), and about its QRS borders."""
    classes = np.zeros(len(times_s), dtype=np.int64)
    with_t = not marks.stretches_s
    for wave in (wave for wave in marks.waves if with_t or wave.kind != "T"):
        reach = REACH_S[wave.kind]
        whole = not np.isnan(wave.onset_s + wave.end_s)
        onset_s = wave.peak_s - reach if np.isnan(wave.onset_s) else wave.onset_s
        end_s = wave.peak_s + reach if np.isnan(wave.end_s) else wave.end_s
        inside = (times_s >= onset_s) & (times_s <= end_s)
        classes[inside] = CLASS_OF[wave.kind] if whole else NOT_SAID
    if not with_t:
        classes[about_t(marks, times_s) & (classes != network.P) & (classes != network.QRS)] = NOT_SAID
        classes[about_qrs_borders(marks, times_s) & (classes != network.P)] = NOT_SAID
    classes[~marks.is_said(times_s)] = NOT_SAID
    return classes


def about_t(marks: Marks, times_s: np.ndarray) -> np.ndarray:
    """Whether a T wave of either lead may reach these times."""
    near = np.zeros(len(times_s), dtype=bool)
    for wave in marks.of("T"):
        end_s = wave.peak_s if np.isnan(wave.end_s) else wave.end_s
        near |= (times_s >= wave.peak_s - REACH_S["T"]) & (times_s <= end_s + AFTER_T_S)
    return near


def about_qrs_borders(marks: Marks, times_s: np.ndarray) -> np.ndarray:
    """Whether a QRS border lies near these times."""
    near = np.zeros(len(times_s), dtype=bool)
    for wave in marks.of("QRS"):
        for border_s in (wave.onset_s, wave.end_s):
            near |= np.abs(times_s - border_s) <= ABOUT_QRS_BORDER_S
    return near


def read_noise(folder: Path) -> list[np.ndarray]:
    """Unmixed stretches of em, ma and bw, each channel by itself: millivolts [n] at 250 Hz."""
    stretches = []
    for kind in NOISE_KINDS:
        for channel in read_format_212(folder / f"{kind}.dat") / NOISE_UNITS_PER_MV:
            for begin, end in UNMIXED_S:
                source = channel[begin * NOISE_RATE_HZ : end * NOISE_RATE_HZ]
                stretches.append(signal.resample_poly(source - source.mean(), RATE_HZ, NOISE_RATE_HZ))
    return stretches


@dataclass
class Augmenter:
    """Draws disturbed windows; all randomness comes from `rng`."""

    noise: list[np.ndarray]
    rng: np.random.Generator

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def stretch(self, x: np.ndarray, marks: Marks) -> tuple[np.ndarray, np.ndarray]:
        """A window [2500] of a lead at 250 Hz with its classes, up to a quarter faster or slower, moved by up to 2 s; of a
        lead that is marked in stretches only, one about any of its waves."""
        speed = np.exp(self.rng.uniform(-1, 1) * np.log(FASTEST)) if self.chance(0.7) else 1.0
        room = len(x) - 1 - speed * (SAMPLES - 1)
        if marks.stretches_s:
            about = marks.waves[self.rng.integers(len(marks.waves))].peak_s * RATE_HZ
            start = np.clip(about - self.rng.random() * speed * SAMPLES, min(0, room), max(0, room))
        else:
            start = self.rng.uniform(min(0, room), max(0, room)) + self.rng.uniform(-2, 2) * RATE_HZ * self.chance(0.5)
        position = start + np.arange(SAMPLES) * speed
        return interpolate(x, position), target(marks, position / RATE_HZ)

    def without_p(self, x: np.ndarray, classes: np.ndarray, height: float) -> tuple[np.ndarray, np.ndarray]:
        """P waves replaced by straight lines, half of the time with fibrillatory waves over all: as in fibrillation."""
        x, classes = x.copy(), classes.copy()
        edges = np.flatnonzero(np.diff(np.concatenate([[0], classes == network.P, [0]]).astype(int)))
        for first, behind in zip(edges[::2], edges[1::2]):
            a, b = max(first - 1, 0), min(behind, len(x) - 1)
            x[a : b + 1] = np.linspace(x[a], x[b], b - a + 1)
        classes[classes == network.P] = network.NONE
        if self.chance(0.5):
            hertz = self.rng.uniform(4, 9) * (1 + 0.1 * np.cumsum(self.rng.normal(size=SAMPLES)) / np.sqrt(SAMPLES))
            phase = np.cumsum(hertz) / RATE_HZ
            shape = np.sin(2 * np.pi * phase) + 0.4 * np.sin(4 * np.pi * phase + self.rng.uniform(0, 6))
            x += self.rng.uniform(0.01, 0.06) * height * shape
        return x, classes

    def add_noise(self, x: np.ndarray, height: float) -> np.ndarray:
        """Add recorded noise at 3 to 27 dB (more often little): SNR as in the WFDB program nst, signal power taken as
        height² / 8."""
        stretch = self.noise[self.rng.integers(len(self.noise))]
        start = self.rng.integers(0, len(stretch) - SAMPLES + 1)
        noise = stretch[start : start + SAMPLES]
        rms = noise.reshape(-1, RATE_HZ).std(axis=1).mean()
        decibels = 3.0 + 24.0 * np.sqrt(self.rng.random())
        return x + noise * (height / np.sqrt(8.0) / max(rms, 1e-6) * 10 ** (-decibels / 20))

    def add_tone(self, x: np.ndarray, low_hz: float, high_hz: float, amplitude: float) -> np.ndarray:
        """Add a sine of random frequency and phase and up to `amplitude` mV."""
        phase = 2 * np.pi * (self.rng.uniform(low_hz, high_hz) * np.arange(SAMPLES) / RATE_HZ + self.rng.random())
        return x + self.rng.uniform(0, amplitude) * np.sin(phase)

    def soften(self, x: np.ndarray) -> np.ndarray:
        """A low-pass of 25 to 60 Hz without shift in time, as other devices have."""
        sections = signal.butter(2, self.rng.uniform(25, 60), fs=RATE_HZ, output="sos")
        return signal.sosfiltfilt(sections, x)

    def lose_contact(self, x: np.ndarray, classes: np.ndarray) -> None:
        """Hold the trace for up to 2 s; there is no wave in it, and its edges say nothing."""
        length = self.rng.integers(RATE_HZ // 5, 2 * RATE_HZ)
        start = self.rng.integers(0, SAMPLES - length)
        x[start : start + length] = x[start]
        edge = RATE_HZ // 5
        classes[max(0, start - edge) : start + length + edge] = NOT_SAID
        classes[start + edge : start + length - edge] = network.NONE

    def draw(self, lead: np.ndarray, marks: Marks) -> tuple[np.ndarray, np.ndarray]:
        """One disturbed window in millivolts with its classes."""
        x, classes = self.stretch(lead, marks)
        height = float(np.subtract(*np.percentile(x, [99, 1])))
        if self.chance(0.15):
            x, classes = self.without_p(x, classes, height)
        if self.chance(0.3):
            x = self.soften(x)
        if self.chance(0.3):
            x = self.add_tone(x, 0.05, 0.5, height / 2)
        if self.chance(0.25):
            x = self.add_tone(x, 45.0, 65.0, height / 20)
        if self.chance(0.25):
            x = self.add_noise(x, height)
        if self.chance(0.1):
            self.lose_contact(x, classes)
        return x * (-1.0 if self.chance(0.5) else 1.0), classes

    def batch(self, leads: list[tuple[np.ndarray, Marks]]) -> tuple[np.ndarray, np.ndarray]:
        """Prepared windows [B, 1, 2500], float32, with their classes [B, 2500]; the scale varies by chance."""
        x, classes = map(np.stack, zip(*(self.draw(lead, marks) for lead, marks in leads)))
        gain = np.exp(self.rng.uniform(np.log(0.6), np.log(1.6), (len(x), 1, 1)))
        return (prepare(x)[:, None, :] * gain).astype(np.float32), classes
