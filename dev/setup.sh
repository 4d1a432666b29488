#!/usr/bin/env bash
# Make the virtual environment, and install Chromium for the browser tests where that is possible.
set -euo pipefail
venv="$1"
python="${PYTHON:-python3}"

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "MossX needs Python 3.11 or newer; $("$python" --version) was found. Set PYTHON=/path/to/python3." >&2
    exit 1
fi
if [ ! -x "$venv/bin/python" ]; then
    "$python" -m venv "$venv"
fi
echo "Installing the pinned requirements into $venv …"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt

# The shell is Chromium without a window: half the work, and the same engine.
install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends fonts-dejavu-core "$1"
}
if ! command -v chromium-headless-shell >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests …"
    log="$venv/chromium.log"
    if ! { timeout 120 apt-get update && { install chromium-headless-shell || install chromium; }; } \
        >"$log" 2>&1 </dev/null; then
        echo "Chromium could not be installed (see $log); without one, browser tests are skipped." >&2
    fi
fi
touch "$venv/.ready"
