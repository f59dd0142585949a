#!/usr/bin/env bash
# Times every model of the built site in Chromium beside onnxruntime-web: tools/bench_models.sh SITE
set -euo pipefail

cd "$(dirname "$0")/.."
[ -e "$1/index.html" ] || { echo "$1 holds no site: run make build first" >&2; exit 1; }
PEER="${EINTHOVEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/einthoven}/onnxruntime-web-1.30.0"
if [ ! -d "$PEER/node_modules/onnxruntime-web/dist" ]; then
    echo "Installing onnxruntime-web 1.30.0 to compare with"
    npm install --silent --no-save --ignore-scripts --prefix "$PEER" onnxruntime-web@1.30.0
fi
EINTHOVEN_SITE="$1" node tools/bench_models.mjs "$PEER/node_modules/onnxruntime-web"
