"""Why a review cannot be written or decided upon."""

from __future__ import annotations

from app.shared.errors import Conflict, Forbidden, NotFound


class NotBought(Forbidden):
    """Only buyers review."""

    def __init__(self) -> None:
        super().__init__("Only somebody who bought this can review it.")


class NoReview(NotFound):
    """There is no review of this name."""

    def __init__(self) -> None:
        super().__init__("There is no such review.")


class ReviewMovedOn(Conflict):
    """It was written anew since somebody read it, or is being changed just now."""

    def __init__(self) -> None:
        super().__init__("This review has changed since. Please read it again.", retry_after=1)
