"""How a review may move, whose it is, and what is left of what was typed."""

from __future__ import annotations

import hashlib
import re

from app.reviews.models import Buyer, Draft, Review, ReviewId, ReviewState
from app.shared.ids import AccountId
from app.shared.texts import Text

LONGEST_TITLE, LONGEST_TEXT, LONGEST_NAME = 100, 2000, 60  # characters, as the schema says

TRANSITIONS: dict[ReviewState, frozenset[ReviewState]] = {
    ReviewState.WAITING: frozenset({ReviewState.PUBLISHED, ReviewState.REFUSED}),
    ReviewState.PUBLISHED: frozenset({ReviewState.REFUSED, ReviewState.WAITING}),
    ReviewState.REFUSED: frozenset({ReviewState.PUBLISHED, ReviewState.WAITING}),
}
STATE_LABELS: dict[ReviewState, str] = {
    ReviewState.WAITING: Text("Being read"),
    ReviewState.PUBLISHED: Text("Published"),
    ReviewState.REFUSED: Text("Not published"),
}


def buyer_of_account(account_id: AccountId) -> Buyer:
    """The buyer that an account is."""
    return Buyer(f"account:{account_id}")


def buyer_of_guest(email: str) -> Buyer:
    """The buyer that a guest is, whose address need not be kept a second time."""
    return Buyer(f"guest:{hashlib.sha256(email.strip().casefold().encode()).hexdigest()}")


def clean_line(text: str | None) -> str:
    """One line, without space around it and without what cannot be seen."""
    return " ".join(_visible(text or "").split())


def clean_text(text: str | None) -> str:
    """Paragraphs with at most one empty line between them."""
    lines = [" ".join(line.split()) for line in _visible(text or "").splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _visible(text: str) -> str:
    """The text without letters that only change how others are shown (as U+202E does)."""
    return "".join(
        letter for letter in text if letter.isprintable() or letter.isspace() or letter == "\u200d"
    )


def counted(before: Review | None, after: Review | None) -> dict[int, int]:
    """What a step changes about the number of published reviews, by stars."""
    steps: dict[int, int] = {}
    for review, step in ((before, -1), (after, 1)):
        if review is not None and review.state is ReviewState.PUBLISHED:
            stars = review.draft.stars
            steps[stars] = steps.get(stars, 0) + step
    return {stars: step for stars, step in steps.items() if step}


def says_the_same(review: Review, draft: Draft) -> bool:
    """Whether sending this draft would change nothing."""
    return review.draft == draft


def parse_handle(text: str) -> tuple[ReviewId, int]:
    """Id and version of a handle. Raises ``ValueError`` for what is none."""
    name, _, version = text.strip().partition(":")
    return ReviewId(name), int(version)
