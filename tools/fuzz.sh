#!/usr/bin/env bash
# Fuzzes every reader for TIME seconds each (or those named): tools/fuzz.sh TIME [FORMAT…]
#
# libFuzzer with the compiler's coverage counters, on the stable toolchain. The corpus of a format begins with its cases
# and is carried on in fuzz/corpus/<format>, kept small by merging. What is found stays in fuzz/found/<format>.
set -euo pipefail

cd "$(dirname "$0")/.."
TIME=${1:-120}
shift || true
HOST=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing"
cargo build --release --quiet --manifest-path fuzz/Cargo.toml --target-dir fuzz/target --target "$HOST"
READER=fuzz/target/$HOST/release/reader

# The formats are those that have a case: the native tests see to it that all have.
formats=("$@")
if [ ${#formats[@]} -eq 0 ]; then
    mapfile -t formats < <(sed -n 's/^format = "\(..*\)"$/\1/p' tests/cases/*/*/case.toml | sort -u)
fi
failed=()
for format in "${formats[@]}"; do
    corpus=fuzz/corpus/$format
    found=fuzz/found/$format
    mkdir -p "$corpus" "$found"
    while read -r toml; do
        folder=$(dirname "$toml")
        for file in "$folder"/*; do
            name=$(basename "$file")
            case $name in
            case.toml | expected.txt) ;;
            *.hex) sed 's/#.*//' "$file" | tr -d ' \n\r\t' | xxd -r -p >"$corpus/case-$(basename "$folder")-${name%.hex}" ;;
            *) if [ -f "$file" ]; then cp "$file" "$corpus/case-$(basename "$folder")-$name"; fi ;;
            esac
        done
    done < <(grep -l "^format = \"$format\"\$" tests/cases/*/*/case.toml)
    echo "$format: $TIME s"
    if EINTHOVEN_FUZZ_FORMAT=$format "$READER" "$corpus" -max_total_time="$TIME" -max_len=65536 -timeout=10 \
        -rss_limit_mb=2048 -artifact_prefix="$found/" -print_final_stats=1 -verbosity=0 >"$found/log.txt" 2>&1; then
        sed -n 's/^stat::number_of_executed_units: */  runs /p' "$found/log.txt"
    else
        failed+=("$format")
        tail -5 "$found/log.txt"
    fi
    smaller=$(mktemp -d)
    if EINTHOVEN_FUZZ_FORMAT=$format "$READER" -merge=1 "$smaller" "$corpus" >/dev/null 2>&1; then
        rm -rf "$corpus"
        mv "$smaller" "$corpus"
    fi
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "make fuzz: these failed, see fuzz/found: ${failed[*]}"
    exit 1
fi
echo "make fuzz: ${#formats[@]} readers, nothing found"
