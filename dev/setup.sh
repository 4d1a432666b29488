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

install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends fonts-dejavu-core "$1"
}
if ! "$venv/bin/python" -c 'import sys; from dev.browsers import find_chromium; sys.exit(not find_chromium())'; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing Chromium for the browser tests …"
        log="$venv/chromium.log"
        if ! { apt-get update && { install chromium-headless-shell || install chromium; }; } \
            >"$log" 2>&1 </dev/null; then
            echo "Chromium could not be installed (see $log); browser tests will be skipped." >&2
        fi
    fi
fi
touch "$venv/.ready"
