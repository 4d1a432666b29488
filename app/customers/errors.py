"""What can be wrong about a customer."""

from __future__ import annotations

from app.shared.errors import Conflict, NotFound
from app.shared.texts import Text


class NoCustomer(NotFound):
    """There is no such customer (any more)."""

    def __init__(self) -> None:
        super().__init__(Text("There is no such customer (any more)."))


class NoteMovedOn(Conflict):
    """Somebody else has changed the note since it was read."""

    def __init__(self) -> None:
        super().__init__(Text("Somebody else has changed this note since you read it."))
