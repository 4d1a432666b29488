"""A server that takes connections and never answers."""

from __future__ import annotations

import socket
import threading


class Silence:
    """Listens on loopback; ``taken`` is how many connections it took."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    @property
    def taken(self) -> int:
        """How many that were."""
        return len(self._held)

    def _take(self) -> None:
        while True:
            try:
                self._held.append(self._socket.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        """Let go of everybody."""
        self._socket.close()
        for each in self._held:
            each.close()
