"""Why a review cannot be written or decided upon."""

from __future__ import annotations

from app.shared.errors import Conflict, Forbidden, NotFound
from app.shared.texts import Text


class NotBought(Forbidden):
    """Only buyers review."""

    def __init__(self) -> None:
        super().__init__(Text("Only somebody who bought this can review it."))


class NoReview(NotFound):
    """There is no review of this name."""

    def __init__(self) -> None:
        super().__init__(Text("There is no such review."))


class ReviewMovedOn(Conflict):
    """It was written anew since somebody read it, or is being changed just now."""

    def __init__(self) -> None:
        super().__init__(
            Text("This review has changed since. Please read it again."), retry_after=1
        )
