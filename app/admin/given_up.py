"""What nobody took, such as a refused mail: having it tried once more."""

from __future__ import annotations

from app.admin.guard import changed, only_looked
from app.db.outbox import Outbox
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service

MOST = 10  # shown at once


def try_again(event_id: str, *, subject: str, label: str, **about: str) -> None:
    """Try once more what was given up of an event that has ``about`` in its payload, and say so, in
    the log at ``subject``; pressed twice it is tried once."""
    given_up = service(Outbox).try_again(event_id, **about)
    if given_up is None:
        only_looked()
        leave_message(Text("Nothing is left to be sent again there: it went out, or is about to."))
        return
    changed(subject, label, {"given up": given_up.reason}, {"tried again": given_up.topic})
    leave_message(Text("It is tried once more. If it is refused again, it is listed again."))
