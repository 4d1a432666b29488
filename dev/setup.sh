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

if ! command -v chromium chromium-browser google-chrome >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing Chromium for the browser tests …"
        log="$venv/chromium.log"
        if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
            chromium fonts-dejavu-core; } >"$log" 2>&1 </dev/null; then
            echo "Chromium could not be installed (see $log); browser tests will be skipped." >&2
        fi
    fi
fi
touch "$venv/.ready"
