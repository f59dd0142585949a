#!/usr/bin/env bash
# Installs what the build needs into a cache that all clones of one user share. Runs as often as one likes.
#
#   tools/install.sh build   wasm target, wasm-bindgen, trunk, wasm-opt, crates
#   tools/install.sh test    the same and a Chromium
#
# EINTHOVEN_CACHE names another cache folder; EINTHOVEN_CHROMIUM names a browser to use for the tests.
set -euo pipefail

WASM_BINDGEN=0.2.129
TRUNK=0.21.14

cd "$(dirname "$0")/.."
CACHE="${EINTHOVEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/einthoven}"
TOOLS="$CACHE/tools"
export PATH="$TOOLS/bin:$PATH"

say() { printf '  %s\n' "$*"; }
fail() {
    printf '\neinthoven: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}
need() { command -v "$1" >/dev/null || fail "$1 is needed and was not found." "$2"; }

# Names of what was installed for; equal to the stamp: nothing to do.
wanted() {
    printf '%s\n' "$1 $WASM_BINDGEN $TRUNK $PWD"
    cat package-lock.json Cargo.lock rust-toolchain.toml tools/install.sh | sha256sum
}

check_programs() {
    need rustup "Install Rust from https://rustup.rs"
    need cargo "Install Rust from https://rustup.rs"
    need cc "apt-get install build-essential"
    need node "Install Node 20 or newer: https://nodejs.org"
    need npm "Install npm: apt-get install npm"
    need flock "apt-get install util-linux"
    local major
    major=$(node -p 'process.versions.node.split(".")[0]')
    [ "$major" -ge 20 ] || fail "Node $major is too old; 20 or newer is needed." "https://nodejs.org"
}

install_toolchain() {
    local channel
    channel=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
    if ! rustup toolchain list | grep -q "^$channel"; then
        say "Rust $channel"
        rustup toolchain install "$channel" --profile minimal -c rustfmt -c clippy -t wasm32-unknown-unknown ||
            fail "Rust $channel could not be installed." "Is https://static.rust-lang.org reachable?"
    fi
    if ! rustup target list --installed --toolchain "$channel" | grep -qx wasm32-unknown-unknown; then
        say "Rust's wasm target"
        rustup target add wasm32-unknown-unknown --toolchain "$channel" ||
            fail "Rust's wasm target could not be installed." "Is https://static.rust-lang.org reachable?"
    fi
    local component
    for component in rustfmt clippy; do
        rustup component list --installed --toolchain "$channel" | grep -q "^$component" ||
            rustup component add "$component" --toolchain "$channel"
    done
}

# NAME VERSION SECONDS ARGS…: a program from crates.io, built cheaply. Trunk's own release profile takes an hour.
install_crate() {
    local name=$1 version=$2 program=$3 minutes=$4
    shift 4
    if [ "$("$TOOLS/bin/$program" --version 2>/dev/null | awk '{print $2}')" = "$version" ]; then return; fi
    say "$name $version (about $minutes minutes on two cores)"
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_TARGET_DIR="$CACHE/install" \
        cargo install "$name@$version" --locked --quiet --root "$TOOLS" "$@" ||
        fail "$name $version could not be installed." "Is crates.io reachable? The lines above say what went wrong."
    rm -rf "$CACHE/install"
}

# The packages of package-lock.json, once per content of that file.
install_node_packages() {
    local key folder
    key=$(sha256sum package-lock.json | cut -c1-16)
    folder="$CACHE/node/$key"
    if [ ! -e "$folder/complete" ]; then
        say "Node packages (binaryen, marked, playwright-core)"
        mkdir -p "$folder"
        cp package.json package-lock.json "$folder/"
        [ ! -e .npmrc ] || cp .npmrc "$folder/"
        (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
            fail "The Node packages could not be installed." "Is the npm registry reachable (npm config get registry)?"
        touch "$folder/complete"
    fi
    [ ! -d node_modules ] || [ -L node_modules ] || rm -rf node_modules
    ln -sfn "$folder/node_modules" node_modules
    mkdir -p "$TOOLS/bin"
    printf '#!/bin/sh\nexec node "%s/node_modules/binaryen/bin/wasm-opt" "$@"\n' "$folder" >"$TOOLS/bin/wasm-opt.$$"
    chmod +x "$TOOLS/bin/wasm-opt.$$"
    mv "$TOOLS/bin/wasm-opt.$$" "$TOOLS/bin/wasm-opt"
}

fetch_crates() {
    say "crates of Cargo.lock"
    cargo fetch --locked --quiet --target wasm32-unknown-unknown --target "$(rustc -vV | sed -n 's/^host: //p')" ||
        fail "The crates could not be fetched." "Is crates.io reachable? Is Cargo.lock up to date (cargo update --workspace)?"
}

find_chromium() {
    local name
    for name in "${EINTHOVEN_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        if [ -n "$name" ] && command -v "$name" >/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

install_chromium() {
    if find_chromium >/dev/null; then return; fi
    local root=()
    if [ "$(id -u)" != 0 ]; then root=(sudo -n); fi
    if ! command -v apt-get >/dev/null || ! "${root[@]}" true 2>/dev/null; then
        fail "The browser tests need Chromium, and it cannot be installed from here." \
            "Run: sudo apt-get install -y chromium fonts-dejavu-core" \
            "or name one that is there: EINTHOVEN_CHROMIUM=/path/to/chromium make test"
    fi
    say "Chromium (Debian package, about a minute)"
    export DEBIAN_FRONTEND=noninteractive
    "${root[@]}" apt-get update -qq || say "apt-get update failed; trying with the lists that are there"
    "${root[@]}" apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null ||
        fail "Chromium could not be installed." "On Ubuntu its package is a snap; name another browser:" \
            "EINTHOVEN_CHROMIUM=/path/to/chrome make test"
    find_chromium >/dev/null || fail "apt-get installed Chromium, but no program of that name was found."
}

main() {
    local purpose=${1:-build} stamp
    stamp="target/.installed-$purpose"
    if [ -e "$stamp" ] && [ -x "$TOOLS/bin/trunk" ] && [ -x "$TOOLS/bin/wasm-bindgen" ] && [ -e node_modules/binaryen ] &&
        { [ "$purpose" = build ] || find_chromium >/dev/null; } && [ "$(wanted "$purpose")" = "$(cat "$stamp")" ]; then
        return
    fi
    echo "Installing what is missing (cache: $CACHE)"
    check_programs
    mkdir -p "$CACHE" target
    # Two clones must not build the same tool at once.
    exec 9>"$CACHE/lock"
    flock 9
    install_toolchain
    install_node_packages
    install_crate wasm-bindgen-cli "$WASM_BINDGEN" wasm-bindgen 5
    install_crate trunk "$TRUNK" trunk 8 --no-default-features --features rustls
    fetch_crates
    if [ "$purpose" = test ]; then install_chromium; fi
    wanted "$purpose" >"$stamp"
    echo "Everything is there."
}

main "$@"
