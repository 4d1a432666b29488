"""What the front says to the shop about a request, in its WSGI environment, and what it hears."""

from __future__ import annotations

ONLY_KEPT = "mossx.only_kept"  # answer with a page that is there, or with one of these at once
# Told from other answers by being these very lists.
NOT_KEPT: list[bytes] = []
TO_KEEP: list[bytes] = []  # it is not there, and will be kept once it is made
TOO_MANY = "mossx.too_many"  # its turn did not come: say so, and make nothing
