"""``python -m dev.embedded_mongo``: SecantusDB, as fast in its second hour as in its first.

It remembers the replies to the last 10 000 retryable writes for half an hour, and goes through all
of them at every write: by then a write takes ten times as long. A driver that lost an answer asks
again within seconds, so a few hundred are enough.
"""

from __future__ import annotations

import sys

from secantus import transactions
from secantus.cli import main

_REMEMBERED = 500

if __name__ == "__main__":
    if not hasattr(transactions, "_RETRYABLE_RECORD_MAX"):
        raise SystemExit("This version of SecantusDB remembers retryable writes in another way.")
    transactions._RETRYABLE_RECORD_MAX = _REMEMBERED
    sys.exit(main())
