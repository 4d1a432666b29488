"""What can be wrong with a page."""

from __future__ import annotations

from app.shared.errors import Conflict
from app.shared.texts import Text


class PageTaken(Conflict):
    """There is another page at this address."""

    def __init__(self, slug: str) -> None:
        super().__init__(Text("There is a page at /pages/%(slug)s already.", slug=slug))
