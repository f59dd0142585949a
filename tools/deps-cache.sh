#!/usr/bin/env bash
# Compiled dependencies, shared by all clones of one user.
#
#   tools/deps-cache.sh give          fills folders of target/ that do not exist yet
#   tools/deps-cache.sh take KIND…    keeps what this clone has compiled there, if dependencies or profiles changed
#
# Why copies and not one build folder for all: cargo tells the sources of two clones apart by time stamps only, and
# two builds would wait for each other. So only the dependencies travel, never the package's own crates.
set -euo pipefail

cd "$(dirname "$0")/.."
CACHE="${EINTHOVEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/einthoven}"
STORE="$CACHE/deps"
KINDS=(debug release wasm32-unknown-unknown/debug wasm32-unknown-unknown/release wasm32-unknown-unknown/page)

# What decides whether a compiled dependency can be used again.
key() {
    { rustc -vV && cat Cargo.lock .cargo/config.toml && sed -n '/^\[profile/,$p;/^\[features\]/,/^\[/p;/^\[.*dependencies/,/^\[/p' Cargo.toml; } | sha256sum | cut -c1-16
}

give() {
    local kind
    for kind in "${KINDS[@]}"; do
        if [ -e "target/$kind/deps" ] || [ ! -e "$STORE/$kind/key" ]; then continue; fi
        if [ "$(rustc -vV | sha256sum)" != "$(cat "$STORE/$kind/rustc")" ]; then continue; fi
        echo "  compiled dependencies from the cache: $kind"
        mkdir -p "target/$kind"
        cp -a --reflink=auto "$STORE/$kind/files/." "target/$kind/"
    done
}

take() {
    local kind wanted fresh
    wanted=$(key)
    for kind in "$@"; do
        if [ ! -e "target/$kind/deps" ] || [ "$(cat "$STORE/$kind/key" 2>/dev/null)" = "$wanted" ]; then continue; fi
        fresh=$(mktemp -d "$CACHE/deps-new.XXXXXX")
        mkdir "$fresh/files"
        tar -C "target/$kind" --exclude-from=<(own_files) -cf - .fingerprint build deps | tar -C "$fresh/files" -xf -
        echo "$wanted" >"$fresh/key"
        rustc -vV | sha256sum >"$fresh/rustc"
        mkdir -p "$(dirname "$STORE/$kind")"
        rm -rf "$STORE/$kind"
        mv -T "$fresh" "$STORE/$kind"
    done
}

# Patterns of files that belong to this package: its library, programs, tests, build script.
own_files() {
    printf '%s\n' '.fingerprint/einthoven-*' 'build/einthoven-*'
    cargo metadata --format-version 1 --no-deps --offline |
        node -e 'const all = JSON.parse(require("fs").readFileSync(0)).packages.flatMap((p) => p.targets.map((t) => t.name.replaceAll("-", "_")));
                 for (const name of new Set(all)) console.log(`deps/${name}-*\ndeps/lib${name}-*`)'
}

mkdir -p "$CACHE"
exec 9>"$CACHE/deps.lock"
flock 9
case "${1:-}" in
    give) give ;;
    take) take "${@:2}" ;;
    *)
        echo "usage: tools/deps-cache.sh give | take KIND…" >&2
        exit 2
        ;;
esac
