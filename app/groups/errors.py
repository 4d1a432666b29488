"""Why a group cannot be made or changed."""

from __future__ import annotations

from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.texts import Text


class NoGroup(NotFound):
    """There is no group of this code."""

    def __init__(self) -> None:
        super().__init__(Text("There is no such group (any more)."))


class GroupCodeTaken(Invalid):
    """Another group has this code."""

    def __init__(self, code: str) -> None:
        message = Text("There is a group with the code %(code)s already.", code=code)
        super().__init__(message, {"code": message})


class GroupMovedOn(Conflict):
    """Somebody else has changed the group since it was read."""

    def __init__(self) -> None:
        super().__init__(Text("Somebody else has changed this group. Please look again."))
