"""Free loopback ports that stay the same from run to run."""

from __future__ import annotations

import json
import socket
from pathlib import Path


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def accepts(port: int) -> bool:
    """Whether something listens on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def find_free() -> int:
    """A port nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Ports:
    """Ports by service name, remembered in a file and kept while they are free."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, name: str) -> int:
        """The service's port."""
        known = self._read()
        port = known.get(name, 0)
        if not port or not is_free(port):
            known[name] = port = find_free()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(known, indent=1))
        return port

    def _read(self) -> dict[str, int]:
        try:
            return {
                str(name): int(port) for name, port in json.loads(self._path.read_text()).items()
            }
        except (OSError, ValueError, AttributeError):
            return {}
