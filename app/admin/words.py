"""What is noted of actions and of stock, as those who work here read it."""

from __future__ import annotations

from flask import Flask

from app.audit_log.models import Outcome
from app.identity.models import Role
from app.inventory.models import Cause
from app.shared.texts import Text

OUTCOMES = {
    Outcome.BEGUN: Text("Begun"),
    Outcome.DONE: Text("Done"),
    Outcome.DENIED: Text("Not allowed"),
    Outcome.FAILED: Text("Failed"),
}
CAUSES = {
    Cause.COUNT: Text("Counted"),
    Cause.HOLD: Text("Reserved for an order"),
    Cause.RELEASE: Text("Set free again"),
    Cause.SALE: Text("Sold"),
    Cause.RETURN: Text("Returned"),
    Cause.TRANSFER: Text("Transferred"),
    Cause.CORRECTION: Text("Corrected"),
    Cause.DAMAGE: Text("Damaged"),
}


def action_words(endpoint: str) -> str:
    """An endpoint as words: ``admin_orders.add_note`` is "Orders: add note"."""
    where, _, what = endpoint.removeprefix("admin_").partition(".")
    return f"{where.replace('_', ' ').capitalize()}: {what.replace('_', ' ')}"


def role_words(role: str) -> str:
    """A role as it was noted; one that there is no more is as it was."""
    return next((str(each.label) for each in Role if each.value == role), role)


def init_app(app: Flask) -> None:
    """Offer the words to templates."""
    app.jinja_env.filters["action_words"] = action_words
    app.jinja_env.filters["role_words"] = role_words
    app.jinja_env.filters["outcome_words"] = OUTCOMES.__getitem__
    app.jinja_env.filters["cause_words"] = CAUSES.__getitem__
