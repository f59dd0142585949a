"""QRS detection of one record by einthoven and by sleepecg, turn by turn: bench_peer.py PROGRAM RECORD

The record is WFDB format 16 with one signal. Both read the samples beforehand; only the detection is timed.
"""

import json
import statistics
import subprocess
import sys
import time

import numpy as np
import sleepecg

TURNS = 5


def signal(record: str) -> tuple[np.ndarray, float]:
    """Samples in millivolts, and their rate."""
    with open(f"{record}.hea") as header:
        first, second = header.readline().split(), header.readline().split()
    if second[1] != "16":
        sys.exit(f"expected format 16, found {second[1]}")
    gain = float(second[2].split("/")[0].split("(")[0])
    return np.fromfile(f"{record}.dat", dtype="<i2") / gain, float(first[2])


def main() -> None:
    program, record = sys.argv[1:]
    ecg, rate_hz = signal(record)
    command = [program, "bench", "--json", "--quiet", "--repeat=1", "--stage=beats", f"{record}.hea"]
    own, peer = [], []
    beats = sleepecg.detect_heartbeats(ecg, rate_hz)  # once unmeasured: imports, caches
    for _ in range(TURNS):
        own.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["ms"])
        started = time.process_time()
        beats = sleepecg.detect_heartbeats(ecg, rate_hz)
        peer.append((time.process_time() - started) * 1000)
    ratio = statistics.median(a / b for a, b in zip(own, peer))
    print(f"\nQRS detection, {len(ecg) / rate_hz / 3600:.0f} h at {rate_hz:.0f} Hz, medians of {TURNS} turns:")
    print(f"  einthoven {statistics.median(own):8.0f} ms")
    print(f"  sleepecg  {statistics.median(peer):8.0f} ms ({sleepecg.__version__}, {len(beats)} beats)")
    print(f"  einthoven takes {ratio:.2f} times as long")


if __name__ == "__main__":
    main()
