"""A line on loopback between the shop and one of its servers, which can be slow, dead or silent."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from multiprocessing.sharedctypes import Synchronized

from dev.ports import accepts, find_free

_BLOCK = 65_536
_LOOK_EVERY = 0.02


class Proxy:
    """Passes everything on to ``target``, from a process of its own: what it adds is not hidden by
    a busy load. Everything that crosses from the server waits for ``delay`` seconds."""

    def __init__(self, target: int) -> None:
        self.port = find_free()
        context = multiprocessing.get_context("spawn")
        self._delay: Synchronized[float] = context.Value("d", 0.0)
        self._silent: Synchronized[int] = context.Value("i", 0)
        self._process = context.Process(
            target=_serve, args=(self.port, target, self._delay, self._silent), daemon=True
        )

    def start(self) -> None:
        """Begin to listen."""
        self._process.start()
        until = time.monotonic() + 30
        while not accepts(self.port):
            assert time.monotonic() < until, "the proxy did not start"
            time.sleep(0.05)

    def delay(self, seconds: float) -> None:
        """Let every answer come so much later."""
        self._delay.value = seconds

    def silence(self, silent: bool) -> None:
        """Take connections, and let nothing through in either direction."""
        self._silent.value = int(silent)

    def stop(self) -> None:
        """End the process."""
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(port: int, target: int, delay: Synchronized[float], silent: Synchronized[int]) -> None:
    async def pump(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_answer: bool
    ) -> None:
        try:
            while block := await reader.read(_BLOCK):
                if is_answer and delay.value:
                    await asyncio.sleep(delay.value)
                while silent.value:
                    await asyncio.sleep(_LOOK_EVERY)
                writer.write(block)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, back, False), pump(there, writer, True))

    async def run() -> None:
        server = await asyncio.start_server(connect, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(run())
