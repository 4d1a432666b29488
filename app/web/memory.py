"""What the shop remembers of a visitor for a while: messages for the next page, things looked at.

Kept in Redis under the visitor's anonymous name; nothing in it is essential, and without Redis
there simply is nothing.
"""

from __future__ import annotations

from flask import Flask, g

from app.db.cache import Cache
from app.web.registry import service
from app.web.visitor import ensure_visitor, known_visitor

_VIEWED_LIFE = 30 * 24 * 3600  # seconds
_MOST_VIEWED = 12
_MESSAGE_LIFE = 600
_MOST_MESSAGES = 30


def remember_viewed(item: str) -> None:
    """Note that the visitor looked at this; only of a visitor who has a name already."""
    visitor = known_visitor()
    if visitor:
        remember_viewed_by(visitor, item)


def remember_viewed_by(visitor: str, item: str) -> None:
    """Note that this visitor looked at this."""
    service(Cache).push(f"viewed:{visitor}", item.encode(), _VIEWED_LIFE, _MOST_VIEWED)


def recently_viewed() -> list[str]:
    """What the visitor looked at, the latest first."""
    visitor = known_visitor()
    items = service(Cache).items(f"viewed:{visitor}") if visitor else []
    return [item.decode() for item in items]


def leave_message(text: str) -> None:
    """Say this on the next personal page the visitor sees."""
    key = f"messages:{ensure_visitor()}"
    service(Cache).push(key, str(text).encode(), _MESSAGE_LIFE, _MOST_MESSAGES)


def take_messages() -> list[str]:
    """The messages that wait for this visitor, in their order; each is given once."""
    if "messages" not in g:
        visitor = known_visitor()
        waiting = service(Cache).take(f"messages:{visitor}") if visitor else []
        g.messages = [text.decode() for text in reversed(waiting)]
    messages: list[str] = g.messages
    return messages


def init_app(app: Flask) -> None:
    """Offer ``take_messages()`` to templates."""
    app.jinja_env.globals["take_messages"] = take_messages
