"""What draft orders can say."""

from __future__ import annotations

from app.shared.errors import Conflict, Invalid
from app.shared.texts import Text


class DraftOver(Invalid):
    """The link is paid, cancelled, or expired."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "This offer is not open any more. Please ask us for a new one. Nothing was charged."
            )
        )


class DraftMoved(Conflict):
    """The draft is not where this step begins."""

    def __init__(self, state: str) -> None:
        super().__init__(Text("This draft order is %(state)s by now.", state=state))
