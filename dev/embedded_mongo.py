"""``python -m dev.embedded_mongo``: SecantusDB, as fast in its second hour as in its first.

It remembers the replies to the last 10 000 retryable writes for half an hour, and goes through all
of them at every write: by then a write takes ten times as long. A driver that lost an answer asks
again within seconds, so a few hundred are enough. And it gives up a transaction from which nothing
is heard for five seconds, not for a minute: its process was killed, what it was writing is locked.

``dev/embedded_speed.py`` spares it work that it does over and over.
"""

from __future__ import annotations

import sys
from typing import Any

from secantus import server, transactions
from secantus.cli import main

from dev import embedded_speed

_REMEMBERED = 500
_SILENCE = 5.0  # seconds


def _registry(**options: Any) -> transactions.TransactionRegistry:
    return embedded_speed.QuickRegistry(**{**options, "lifetime_seconds": _SILENCE})


if __name__ == "__main__":
    if not hasattr(transactions, "_RETRYABLE_RECORD_MAX"):
        raise SystemExit("This version of SecantusDB remembers retryable writes in another way.")
    if not hasattr(server, "TransactionRegistry"):
        raise SystemExit("This version of SecantusDB keeps transactions in another way.")
    transactions._RETRYABLE_RECORD_MAX = _REMEMBERED
    embedded_speed.apply()
    server.TransactionRegistry = _registry
    sys.exit(main())
