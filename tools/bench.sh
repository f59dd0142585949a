#!/usr/bin/env bash
# Times each stage natively, then QRS detection on a day of one lead beside sleepecg (PyPI, C core), turn by turn.
set -euo pipefail

cd "$(dirname "$0")/.."
CACHE="${EINTHOVEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/einthoven}"
cargo build --locked --quiet --profile native --no-default-features --features terminal --bin einthoven
PROGRAM=target/native/einthoven
"$PROGRAM" bench

PEER="$CACHE/sleepecg-0.6.0"
if [ ! -x "$PEER/bin/python" ] || ! "$PEER/bin/python" -c 'import sleepecg' 2>/dev/null; then
    echo "Installing sleepecg 0.6.0 to compare with"
    python3 -m venv "$PEER"
    "$PEER/bin/pip" install --quiet sleepecg==0.6.0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$PROGRAM" simulate --quiet --output "$folder/day.hea" --duration 86400 --sampling 250 --lead I
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$PEER/bin/python" tools/bench_peer.py "$PROGRAM" "$folder/day"
