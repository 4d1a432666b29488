"""``python -m sandbox --port 8400 --data var/sandbox``."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.server import Keys, create_sandbox


class _QuietHandler(WSGIRequestHandler):
    """Logs nothing: request lines may hold secrets of a shop under test."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("SANDBOX_PORT", "8400")))
    parser.add_argument("--data", type=Path, default=Path("var/sandbox"))
    parser.add_argument("--stripe-webhook-url", default="")
    parser.add_argument("--razorpay-webhook-url", default="")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    options.data.mkdir(parents=True, exist_ok=True)
    base = f"http://127.0.0.1:{options.port}"
    keys = Keys.from_environment(os.environ)
    hooks = {"stripe": options.stripe_webhook_url, "razorpay": options.razorpay_webhook_url}
    sandbox = create_sandbox(options.data / "ledger.sqlite", base, keys, hooks)
    server = make_server(
        "127.0.0.1", options.port, sandbox.app, threaded=True, request_handler=_QuietHandler
    )
    server.daemon_threads = True

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sandbox.start()
    server.serve_forever()
    sandbox.stop()


if __name__ == "__main__":
    main()
