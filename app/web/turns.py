"""What the front says to the shop about a request, in its WSGI environment, and what it hears."""

from __future__ import annotations

ONLY_KEPT = "mossx.only_kept"  # answer with a page that is there, or with ``NOT_KEPT`` at once
NOT_KEPT: list[bytes] = []  # told from other answers by being this very list
TOO_MANY = "mossx.too_many"  # its turn did not come: say so, and make nothing
